//! Windows within the page: start a chat, give somebody a link.

use dioxus::prelude::*;
use qrcode::{Color, EcLevel, QrCode};

use screens::ChatRow;

use super::{
    Desk, attach, chat, folders, group, message, parts::Icon, people, privacy, search, storage, viewer,
};
use crate::{
    dom,
    model::{Dialog, Model},
};

/// What lies on top.
#[component]
pub fn Shown(dialog: Dialog) -> Element {
    match dialog {
        Dialog::New { who, busy, refused } => rsx! { New { who, busy, refused } },
        Dialog::Acts { bubble } => rsx! { message::Acts { bubble: (*bubble).clone() } },
        Dialog::Forward { bubble, chats } => rsx! { message::Forward { bubble: (*bubble).clone(), chats } },
        Dialog::ChatActs { row, timer } => rsx! { chat::Acts { row: (*row).clone(), timer } },
        Dialog::NewPoll { chat, refused } => rsx! { chat::NewPoll { chat, refused } },
        Dialog::Search(search) => rsx! { search::Search { search } },
        Dialog::Folders { row, refused } => rsx! { Folders { row: (*row).clone(), refused } },
        Dialog::SendAt { chat, refused } => rsx! { folders::SendAt { chat, refused } },
        Dialog::Scheduled { rows, refused } => rsx! { folders::Scheduled { rows, refused } },
        Dialog::Editions { editions } => rsx! { message::Editions { editions } },
        Dialog::NewGroup { people, busy, refused } => rsx! { group::New { people, busy, refused } },
        Dialog::Group { id, page, adding, refused } => rsx! {
            group::Page { key: "{id}", page: page.map(|page| *page), adding, refused }
        },
        Dialog::Invite { link, refused } => rsx! { Invite { link, refused } },
        Dialog::Privacy { page, refused } => rsx! { privacy::Window { page, refused } },
        Dialog::Profile { page, refused } => rsx! { people::Profile { page, refused } },
        Dialog::Contact { person } => rsx! { people::Contact { person: *person } },
        Dialog::Cards { people, refused } => rsx! { people::Choose { people, refused } },
        Dialog::Report { sheet, refused } => rsx! {
            privacy::Report { sheet: sheet.map(|sheet| *sheet), refused }
        },
        Dialog::Attach => rsx! { attach::Menu {} },
        Dialog::Viewer(shown) => rsx! { viewer::Viewer { shown } },
        Dialog::Gallery(gallery) => rsx! { viewer::Gallery { gallery } },
        Dialog::Storage { page, said } => rsx! { storage::Page { page, said } },
        Dialog::Devices(devices) => rsx! { super::devices::Window { devices: *devices } },
    }
}

#[component]
fn Folders(row: ChatRow, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let folders = desk.model.read().folders();
    rsx! { folders::Folders { row, folders, refused } }
}

#[component]
fn New(who: String, busy: bool, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let invited = !who.is_empty();
    let mut text = use_signal(move || who);
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog input");
    });
    // Offered once, taken or not.
    use_drop(dom::forget_invitation);
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| escape(&event, desk),
            form {
                class: "dialog__in",
                onsubmit: move |event| {
                    event.prevent_default();
                    desk.change(|model| model.add(&text.peek()));
                },
                div { class: "dialog__head",
                    h2 { id: "dialog-title", if invited { "An invitation" } else { "New chat" } }
                    Close {}
                }
                p { class: "lead",
                    if invited {
                        "Somebody gave you this link. Start a chat with them; they see your name once you write."
                    } else {
                        "By number or address you knock, and they decide. With a link that they gave you, the door is open."
                    }
                }
                label { class: "field",
                    span { class: "field__label", "Number, e-mail or link" }
                    span { class: if refused.is_some() { "field__box is-error" } else { "field__box" },
                        input {
                            aria_label: "Number, e-mail or link",
                            "aria-invalid": refused.is_some().then_some("true"),
                            "aria-describedby": refused.is_some().then_some("dialog-refused"),
                            autocomplete: "off",
                            autocapitalize: "none",
                            spellcheck: "false",
                            value: "{text}",
                            oninput: move |event| text.set(event.value()),
                        }
                    }
                    if let Some(refused) = &refused {
                        span { id: "dialog-refused", class: "field__help field__help--error", role: "alert",
                            Icon { name: "alert", class: "i--16" }
                            "{refused}"
                        }
                    }
                }
                button { class: "button button--primary button--l button--block", disabled: busy,
                    if busy {
                        span { class: "busy", aria_hidden: "true" }
                    }
                    "Start chat"
                }
            }
        }
    }
}

#[component]
fn Invite(link: Option<(String, String)>, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| dom::show_dialog(".dialog"));
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Invite someone" }
                    Close {}
                }
                if let Some((link, sentence)) = link {
                    p { class: "lead", "{sentence}" }
                    Code { link: link.clone() }
                    Copy { link }
                } else if let Some(refused) = refused {
                    p { class: "field__help field__help--error", role: "alert", Icon { name: "alert", class: "i--16" } "{refused}" }
                } else {
                    p { class: "lead", role: "status", aria_label: "Invitation", "Making the link" }
                    div { class: "qr bone", aria_hidden: "true" }
                }
            }
        }
    }
}

/// The link as a text, and the button that copies it.
#[component]
pub fn Copy(link: String) -> Element {
    let mut copied = use_signal(|| false);
    let text = link.clone();
    use_effect(|| dom::focus(".dialog .button--primary"));
    rsx! {
        label { class: "field",
            span { class: "field__label", "Link" }
            span { class: "field__box", input { id: "link", aria_label: "Link", readonly: true, value: "{text}" } }
        }
        button {
            class: "button button--primary button--l button--block",
            onclick: move |_| {
                dom::copy(&link, "#link");
                copied.set(true);
            },
            Icon { name: if copied() { "tick" } else { "copy" }, class: "i--18" }
            if copied() {
                "Copied"
            } else {
                "Copy the link"
            }
        }
        span { class: "sr", role: "status", aria_label: "Copied", if copied() { "Copied" } }
    }
}

/// Closes the window.
#[component]
pub fn Close() -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        button { class: "icon-button icon-button--s", r#type: "button", aria_label: "Close", onclick: move |_| close(desk),
            Icon { name: "close" }
        }
    }
}

/// The link as a picture for a phone's camera; dark on light in every theme, because cameras want it so.
#[component]
pub fn Code(link: String) -> Element {
    let Some((width, path)) = squares(&link) else { return rsx! {} };
    let side = width + 2 * QUIET;
    rsx! {
        svg {
            class: "qr",
            view_box: "0 0 {side} {side}",
            role: "img",
            "aria-label": "The same link as a code for a camera",
            "shape-rendering": "crispEdges",
            rect { class: "qr__ground", width: "{side}", height: "{side}", rx: "2" }
            path { class: "qr__squares", d: "{path}" }
        }
    }
}

/// Modules across, and a path over the dark ones, one piece for each run of them in a row.
fn squares(text: &str) -> Option<(usize, String)> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|left, right| left == right) {
            if run.first() == Some(&Color::Dark) {
                let (left, top, length) = (x + QUIET, y + QUIET, run.len());
                path.push_str(&format!("M{left} {top}h{length}v1h-{length}z"));
            }
            x += run.len();
        }
    }
    Some((width, path))
}

/// Closes the window first, so that the focus goes back to where it came from.
pub fn close(desk: Desk) {
    dom::close_dialog(".dialog");
    desk.change(Model::close_dialog);
}

/// Closes the window with Escape, and keeps what is typed in it from the page.
pub fn escape(event: &KeyboardEvent, desk: Desk) {
    event.stop_propagation();
    if event.key() == Key::Escape {
        event.prevent_default();
        close(desk);
    }
}

/// The light edge that a camera needs around the code, in modules.
const QUIET: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners() {
        let (width, path) = squares("https://lindenhof.example/i#abc").expect("it is short");
        assert_eq!(width % 4, 1);
        let right = width - 7 + QUIET;
        assert!(path.starts_with(&format!("M{QUIET} {QUIET}h7v1h-7z")));
        assert!(path.contains(&format!("M{right} {QUIET}h7v1h-7z")));
    }

    #[test]
    fn what_is_too_long_for_a_code_has_none() {
        assert!(squares(&"x".repeat(4_000)).is_none());
    }
}
