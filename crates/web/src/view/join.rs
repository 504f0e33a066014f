//! Becoming somebody: how one may be found, the code, the name. One question a page.

use dioxus::prelude::*;

use super::{
    Desk,
    parts::{Bag, Icon, Logo},
};
use crate::{
    dom,
    model::{Joining, Model, Step},
};

/// The page with the question that is asked now.
#[component]
pub fn Join(joining: Joining) -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        div { class: "welcome",
            aside { class: "welcome__side",
                div { class: "brand", Logo {} "Valise" }
                div { class: "welcome__art", Bag {} }
                p { class: "welcome__words", "Whoever carries the bag cannot open it." }
                p { "Messages are sealed on your device and opened only on theirs. The server in between carries them, then forgets." }
            }
            main { class: "welcome__main",
                if joining.device.is_some() {
                    button { class: "button button--plain back", onclick: move |_| desk.change(Model::leave_linking),
                        Icon { name: "back", class: "i--18 i--flip" }
                        "Back"
                    }
                } else if joining.step != Step::Handle {
                    button { class: "button button--plain back", onclick: move |_| desk.change(Model::step_back),
                        Icon { name: "back", class: "i--18 i--flip" }
                        "Back"
                    }
                }
                match joining.step {
                    _ if joining.device.is_some() => rsx! {
                        super::devices::Newcomer { device: joining.device.clone().unwrap_or_default() }
                    },
                    Step::Handle => rsx! { Handle { joining } },
                    Step::Code => rsx! { Code { joining } },
                    Step::Name => rsx! { Name { joining } },
                }
            }
        }
    }
}

#[component]
fn Handle(joining: Joining) -> Element {
    let desk = use_context::<Desk>();
    let first = joining.handle.clone().unwrap_or_default();
    let mut text = use_signal(move || first);
    use_effect(|| dom::focus_for_keyboard(".welcome input"));
    let welcome = joining.welcome.clone();
    rsx! {
        form {
            class: "welcome__form",
            novalidate: true,
            onsubmit: move |event| {
                event.prevent_default();
                desk.change(|model| model.give_handle(&text.peek()));
            },
            div {
                if let Some(welcome) = &welcome {
                    h1 { class: "display", "{welcome.title}" }
                    p { class: "lead", "{welcome.handle_sentence}" }
                } else {
                    h1 { class: "display", "How may people find you?" }
                }
            }
            label { class: "field",
                span { class: "field__label", "Phone number or e-mail" }
                span { class: if joining.refused.is_some() { "field__box is-error" } else { "field__box" },
                    input {
                        aria_label: "Phone number or e-mail",
                        "aria-invalid": joining.refused.is_some().then_some("true"),
                        "aria-describedby": "handle-help",
                        autocomplete: "username",
                        autocapitalize: "none",
                        spellcheck: "false",
                        inputmode: "email",
                        value: "{text}",
                        oninput: move |event| text.set(event.value()),
                    }
                }
                Help { id: "handle-help", refused: joining.refused.clone(),
                    "One code is sent there. The server keeps a keyed hash of it, not the number or address."
                }
            }
            div { class: "stack",
                Continue { busy: joining.busy }
                button {
                    class: "button button--outline button--l button--block",
                    r#type: "button",
                    onclick: move |_| desk.change(Model::without_handle),
                    "Go on without either"
                }
                button {
                    class: "button button--plain button--l button--block",
                    r#type: "button",
                    onclick: move |_| desk.change(Model::begin_as_device),
                    "Link to an account I have"
                }
            }
            if let Some(welcome) = &welcome {
                div { class: "server",
                    Icon { name: "server" }
                    span { b { "{welcome.server}" } small { "Your account is with this server." } }
                }
            }
        }
    }
}

#[component]
fn Code(joining: Joining) -> Element {
    let desk = use_context::<Desk>();
    let first = joining.typed.clone();
    let mut text = use_signal(move || first);
    let mut focused = use_signal(|| true);
    use_effect(|| dom::focus(".code input"));
    let Some(code) = joining.code.clone() else { return rsx! {} };
    let digits = code.digits as usize;
    // After a refusal the model empties what was typed.
    use_effect(use_reactive!(|joining| {
        if joining.typed.is_empty() {
            text.set(String::new());
        }
    }));
    let typed: Vec<char> = text.read().chars().collect();
    rsx! {
        form {
            class: "welcome__form",
            novalidate: true,
            onsubmit: move |event| {
                event.prevent_default();
                desk.change(|model| model.give_code(&text.peek()));
            },
            div {
                Place { joining: joining.clone() }
                h1 { class: "display display--s", "{code.title}" }
                p { class: "lead", "{code.sentence}" }
            }
            div { class: "field",
                div { class: if joining.refused.is_some() { "code is-error" } else { "code" },
                    for index in 0..digits {
                        span {
                            key: "{index}",
                            aria_hidden: "true",
                            class: if focused() && index == typed.len().min(digits - 1) { "is-focused" } else { "" },
                            {typed.get(index).map(char::to_string).unwrap_or_default()}
                        }
                    }
                    input {
                        aria_label: "Code",
                        "aria-invalid": joining.refused.is_some().then_some("true"),
                        "aria-describedby": "code-help",
                        autocomplete: "one-time-code",
                        inputmode: "numeric",
                        value: "{text}",
                        onfocus: move |_| focused.set(true),
                        onblur: move |_| focused.set(false),
                        oninput: move |event| {
                            let digit = event.value().chars().filter(char::is_ascii_digit).take(digits).collect();
                            text.set(digit);
                        },
                    }
                }
                Help { id: "code-help", refused: joining.refused.clone(), "Nobody from Valise will ever ask you for it." }
            }
            Continue { busy: joining.busy, off: typed.len() < digits }
            p { class: "fine",
                "Nothing came? "
                button { class: "link", r#type: "button", onclick: move |_| desk.change(Model::new_code), "{code.again}" }
            }
        }
    }
}

#[component]
fn Name(joining: Joining) -> Element {
    let desk = use_context::<Desk>();
    let first = joining.name.clone();
    let mut text = use_signal(move || first);
    use_effect(|| dom::focus(".welcome input"));
    let about = joining.welcome.as_ref().map(|welcome| welcome.name_sentence.clone());
    let without = joining.handle.is_none();
    rsx! {
        form {
            class: "welcome__form",
            novalidate: true,
            onsubmit: move |event| {
                event.prevent_default();
                desk.change(|model| model.give_name(&text.peek()));
            },
            div {
                Place { joining: joining.clone() }
                h1 { class: "display display--s", "What are you called?" }
                if without {
                    p { class: "lead", "Without a number nobody finds you by themselves. You meet people through links." }
                }
            }
            label { class: "field",
                span { class: "field__label", "Your name" }
                span { class: if joining.refused.is_some() { "field__box is-error" } else { "field__box" },
                    input {
                        aria_label: "Your name",
                        "aria-invalid": joining.refused.is_some().then_some("true"),
                        "aria-describedby": "name-help",
                        autocomplete: "name",
                        maxlength: "{joining.name_chars_max()}",
                        dir: "auto",
                        value: "{text}",
                        oninput: move |event| text.set(event.value()),
                    }
                }
                Help { id: "name-help", refused: joining.refused.clone(),
                    {about.unwrap_or_else(|| "Shown to people you have accepted, and to nobody else.".to_owned())}
                }
            }
            Continue { busy: joining.busy }
        }
    }
}

#[component]
fn Place(joining: Joining) -> Element {
    let (this, of) = joining.place();
    rsx! { p { class: "step", "Step {this} of {of}" } }
}

/// The sentence below a field: what it is for, or what was wrong.
#[component]
fn Help(id: String, refused: Option<String>, children: Element) -> Element {
    rsx! {
        if let Some(refused) = refused {
            span { id, class: "field__help field__help--error", role: "alert",
                Icon { name: "alert", class: "i--16" }
                "{refused}"
            }
        } else {
            span { id, class: "field__help", {children} }
        }
    }
}

#[component]
fn Continue(busy: bool, #[props(default)] off: bool) -> Element {
    rsx! {
        button { class: "button button--primary button--l button--block", disabled: busy || off,
            if busy {
                span { class: "busy", aria_hidden: "true" }
            }
            "Continue"
        }
    }
}
