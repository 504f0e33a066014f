//! One's own profile, what a contact tells of themselves, and contact cards.

use std::collections::BTreeSet;

use dioxus::prelude::*;
use screens::{Bubble, CardShown, ContactRow, Listing, Person, PictureEdit, ProfilePage};

use super::{
    Desk, dialogs, group,
    parts::{Avatar, Face, Icon},
};
use crate::{
    dom,
    model::{Model, Square},
};

/// The cards of a message.
#[component]
pub fn Cards(bubble: Bubble) -> Element {
    let (last, several) = (bubble.cards.len().saturating_sub(1), bubble.cards.len() > 1);
    rsx! {
        ul { class: "cards", aria_label: if several { "Contact cards" } else { "Contact card" },
            for (index , card) in bubble.cards.iter().cloned().enumerate() {
                Card { key: "{index}", card, bubble: (index == last).then(|| bubble.clone()) }
            }
        }
    }
}

/// One of them; under the last stands what is done with all.
#[component]
fn Card(card: CardShown, bubble: Option<Bubble>) -> Element {
    let desk = use_context::<Desk>();
    let (chat, add) = (card.chat.clone(), card.add.clone());
    let name = card.name.clone();
    rsx! {
        li { class: "card",
            Avatar { initials: card.initials.clone(), tint: card.tint, class: "avatar--m" }
            span { class: "card__who",
                b { dir: "auto", "{card.name}" }
                for (index , line) in card.lines.iter().enumerate() {
                    span { key: "{index}", class: "card__line", dir: "auto", "{line}" }
                }
                span { class: "card__line", "{card.line}" }
            }
            div { class: "card__acts",
                if let Some(chat) = chat {
                    button {
                        class: "button button--small",
                        aria_label: "Write to {name}",
                        onclick: move |_| desk.change(|model| model.open_chat(&chat)),
                        "Write"
                    }
                } else if let Some(who) = add {
                    button {
                        class: "button button--small",
                        aria_label: "Ask {name} to be a contact",
                        onclick: move |_| desk.change(|model| model.new_chat(who.clone())),
                        "Ask as contact"
                    }
                }
                if let Some(bubble) = bubble {
                    button {
                        class: "button button--small",
                        aria_label: "Save as a file for address books",
                        onclick: move |_| desk.change(|model| model.save_cards(&bubble)),
                        Icon { name: "down", class: "i--16" }
                        "Save .vcf"
                    }
                }
            }
        }
    }
}

/// Whose cards are sent.
#[component]
pub fn Choose(people: Listing<ContactRow>, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let mut chosen = use_signal(BTreeSet::<String>::new);
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .icon-button");
    });
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            form {
                class: "dialog__in",
                onsubmit: move |event| {
                    event.prevent_default();
                    desk.change(|model| model.send_cards(&chosen.peek()));
                },
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Send contact cards" }
                    dialogs::Close {}
                }
                p { class: "lead", "A card tells the name, and the number or address that people are found by. Nothing else is passed on." }
                if let Some(refused) = refused {
                    p { class: "field__help field__help--error", role: "alert", "{refused}" }
                }
                label { class: "rule",
                    input {
                        r#type: "checkbox",
                        onchange: move |event| {
                            let mut chosen = chosen.write();
                            if event.checked() {
                                chosen.insert(OWN.to_owned());
                            } else {
                                chosen.remove(OWN);
                            }
                        },
                    }
                    span { "Your own" }
                }
                group::Choice { people, chosen, label: "Contacts" }
                button { class: "button button--primary button--l button--block", "Send" }
            }
        }
    }
}

/// What a contact tells of themselves.
#[component]
pub fn Contact(person: Person) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .icon-button");
    });
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", class: "clip", bdi { "{person.name}" } }
                    dialogs::Close {}
                }
                div { class: "profile",
                    Face { picture: person.picture.clone(), initials: person.initials.clone(), tint: person.tint, class: "avatar--l" }
                    if let Some(about) = &person.about {
                        p { dir: "auto", aria_label: "What they say about themselves", "{about}" }
                    }
                    if let Some(handle) = &person.handle {
                        p { class: "lead", "{handle}" }
                    }
                }
            }
        }
    }
}

/// One's own profile.
#[component]
pub fn Profile(page: Option<ProfilePage>, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .icon-button");
    });
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Your profile" }
                    dialogs::Close {}
                }
                if let Some(refused) = refused {
                    p { class: "field__help field__help--error", role: "alert", "{refused}" }
                }
                match page {
                    None => rsx! { div { class: "bone bone--name", aria_hidden: "true" } },
                    Some(page) => rsx! {
                        p { class: "lead", "{page.sentence}" }
                        Picture { page: page.clone() }
                        // What was typed begins anew when the profile is another.
                        for page in [page] {
                            Words { key: "{page.name} {page.about}", page }
                        }
                    },
                }
            }
        }
    }
}

/// Name and text.
#[component]
fn Words(page: ProfilePage) -> Element {
    let desk = use_context::<Desk>();
    let (name_now, about_now) = (page.name.clone(), page.about.clone());
    let mut name = use_signal({
        let name = name_now.clone();
        move || name
    });
    let mut about = use_signal({
        let about = about_now.clone();
        move || about
    });
    let changed = *name.read() != name_now || *about.read() != about_now;
    rsx! {
        form {
            class: "looks",
            onsubmit: move |event| {
                event.prevent_default();
                let of = |typed: &Signal<String>, now: &String| Some(typed.peek().clone()).filter(|it| it != now);
                let (name, about) = (of(&name, &name_now), of(&about, &about_now));
                desk.change(|model| model.set_profile(name, about));
            },
            label { class: "field",
                span { class: "field__label", "Your name" }
                span { class: "field__box",
                    input { aria_label: "Your name", autocomplete: "off", value: "{name}", oninput: move |event| name.set(event.value()) }
                }
            }
            label { class: "field",
                span { class: "field__label", "About you" }
                span { class: "field__box",
                    input {
                        aria_label: "About you",
                        autocomplete: "off",
                        maxlength: "{page.about_chars_max}",
                        value: "{about}",
                        oninput: move |event| about.set(event.value()),
                    }
                }
                span { class: "field__help", "At most {page.about_chars_max} characters" }
            }
            if changed {
                button { class: "button button--primary", "Save" }
            }
        }
    }
}

/// The picture: a file is chosen, and the part of it that is shown.
#[component]
fn Picture(page: ProfilePage) -> Element {
    let desk = use_context::<Desk>();
    let mut failed = use_signal(|| false);
    let mut open = use_signal(|| None::<(String, Square)>);
    use_drop(move || {
        if let Some((source, _)) = open.peek().as_ref() {
            dom::let_go(source);
        }
    });
    let initials: String =
        page.name.chars().next().map(|sign| sign.to_uppercase().collect()).unwrap_or_default();
    let cropping = open.read().clone();
    rsx! {
        if let Some((source, square)) = cropping {
            Crop { source, square, open, failed }
        } else {
            div { class: "profile",
                Face { picture: page.picture.clone(), initials, tint: 1, class: "avatar--l" }
            }
        }
        label { class: "field",
            span { class: "field__label", "Picture" }
            input {
                id: "profile-picture",
                r#type: "file",
                accept: "image/jpeg,image/png,image/webp",
                aria_label: "Your picture",
                onchange: move |_| {
                    dom::picture_to_crop("#profile-picture", move |chosen| {
                        failed.set(chosen.is_none());
                        let chosen = chosen.map(|(source, width, height)| (source, Square::middle(width, height)));
                        if let Some((before, _)) = std::mem::replace(&mut *open.write(), chosen) {
                            dom::let_go(&before);
                        }
                    });
                },
            }
            if failed() {
                span { class: "field__help field__help--error", role: "alert",
                    Icon { name: "alert", class: "i--16" }
                    "This file is no picture that this browser can draw. Choose another one."
                }
            }
        }
        if page.picture.is_some() {
            button {
                class: "button button--outline",
                r#type: "button",
                onclick: move |_| desk.change(|model| model.set_face(PictureEdit::Remove)),
                "Remove the picture"
            }
        }
    }
}

/// Which square of a picture is shown: moved with the pointer or the arrow keys, made larger and smaller with the slider, + and -.
#[component]
fn Crop(
    source: String,
    square: Square,
    open: Signal<Option<(String, Square)>>,
    failed: Signal<bool>,
) -> Element {
    let desk = use_context::<Desk>();
    let (mut open, mut failed) = (open, failed);
    let mut held = use_signal(|| None::<(f64, f64)>);
    let mut change = move |change: &dyn Fn(&mut Square)| {
        if let Some((_, square)) = open.write().as_mut() {
            change(square);
        }
    };
    use_effect(|| dom::focus(".crop"));
    let taken = source.clone();
    rsx! {
        div {
            class: "crop",
            tabindex: "0",
            role: "application",
            aria_label: "The part of the picture that is shown. Arrow keys move it, plus and minus change its size.",
            onkeydown: move |event| {
                let by = match event.key() {
                    Key::ArrowLeft => (-1.0, 0.0),
                    Key::ArrowRight => (1.0, 0.0),
                    Key::ArrowUp => (0.0, -1.0),
                    Key::ArrowDown => (0.0, 1.0),
                    Key::Character(sign) if sign == "+" || sign == "=" => {
                        return change(&|square| square.resize(square.share() * 0.9));
                    }
                    Key::Character(sign) if sign == "-" => return change(&|square| square.resize(square.share() / 0.9)),
                    _ => return,
                };
                event.prevent_default();
                change(&|square| square.shift(by.0 * STEP, by.1 * STEP));
            },
            onpointerdown: move |event| {
                let at = event.client_coordinates();
                held.set(Some((at.x, at.y)));
            },
            onpointermove: move |event| {
                let Some((x, y)) = *held.peek() else { return };
                let at = event.client_coordinates();
                held.set(Some((at.x, at.y)));
                // The picture follows the pointer, so the square goes the other way.
                change(&|square| square.shift((x - at.x) / SHOWN, (y - at.y) / SHOWN));
            },
            onpointerup: move |_| held.set(None),
            onpointerleave: move |_| held.set(None),
            svg { view_box: "{square.view_box()}", "aria-hidden": "true",
                image { href: "{source}", width: "{square.width}", height: "{square.height}" }
            }
        }
        label { class: "field",
            span { class: "field__label", "Size of the part" }
            input {
                r#type: "range",
                min: "20",
                max: "100",
                aria_label: "Size of the part, per cent",
                value: "{square.percent()}",
                oninput: move |event| {
                    if let Ok(percent) = event.value().parse::<f64>() {
                        change(&|square| square.resize(percent / 100.0));
                    }
                },
            }
        }
        button {
            class: "button button--primary button--block",
            r#type: "button",
            onclick: move |_| {
                let source = taken.clone();
                let (x, y, side) = square.part();
                dom::cropped(&source.clone(), (x, y, side), move |picture| {
                    failed.set(picture.is_none());
                    if let Some(base64) = picture {
                        desk.change(|model: &mut Model| model.set_face(PictureEdit::Set { base64 }));
                        open.set(None);
                        dom::let_go(&source);
                    }
                });
            },
            "Use this part"
        }
    }
}

/// Names oneself among those whose card is sent.
const OWN: &str = "me";
/// Pixels that the square is shown with, as the style sheet has it.
const SHOWN: f64 = 240.0;
/// So much of the square a key moves it by.
const STEP: f64 = 0.05;
