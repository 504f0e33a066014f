//! Finding a chat, words in all chats, and what can be done from anywhere, by its name.

use dioxus::prelude::*;
use screens::{ChatRow, FoundRow, Listing};

use super::{
    Desk, dialogs,
    parts::{Face, Icon},
};
use crate::{
    dom,
    model::{self, Deed},
};

/// The field and what was found.
#[component]
pub fn Search(search: model::Search) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog input");
    });
    let chats = desk.model.read().chats_named(&search.words);
    let deeds = Deed::named(&search.words);
    let found = match &search.found {
        Some(Listing::Rows(rows)) => rows.clone(),
        _ => Vec::new(),
    };
    // The first that is shown is what the key takes.
    let first = (chats.first().cloned(), deeds.first().copied(), found.first().cloned());
    let nothing_else = chats.is_empty() && deeds.is_empty();
    rsx! {
        dialog {
            class: "dialog dialog--wide",
            aria_label: "Search",
            onkeydown: move |event| {
                dialogs::escape(&event, desk);
                let by = match event.key() {
                    Key::ArrowUp => -1,
                    Key::ArrowDown => 1,
                    Key::Enter if dom::has_focus(".dialog input") => {
                        event.prevent_default();
                        return match &first {
                            (Some(chat), ..) => open(desk, chat),
                            (None, Some(deed), _) => perform(desk, *deed),
                            (None, None, Some(found)) => go_to(desk, found),
                            _ => {}
                        };
                    }
                    _ => return,
                };
                event.prevent_default();
                dom::move_focus(".dialog input, .dialog .found", by);
            },
            div { class: "dialog__in",
                div { class: "dialog__head",
                    label { class: "field field__box",
                        Icon { name: "search", class: "i--18" }
                        input {
                            r#type: "search",
                            aria_label: "Search in all chats",
                            placeholder: "A chat, words, or what you want to do",
                            autocomplete: "off",
                            value: "{search.words}",
                            oninput: move |event| desk.change(|model| model.search(event.value())),
                        }
                    }
                    dialogs::Close {}
                }
                if !chats.is_empty() {
                    h3 { class: "field__label", "Chats" }
                    ul { class: "founds", aria_label: "Chats found",
                        for row in chats {
                            li { key: "{row.id}", Chat { row } }
                        }
                    }
                }
                if !deeds.is_empty() {
                    h3 { class: "field__label", "Do" }
                    ul { class: "founds", aria_label: "What you can do",
                        for deed in deeds {
                            li { key: "{deed.words().0}",
                                button { class: "found found--row", onclick: move |_| perform(desk, deed),
                                    Icon { name: deed.icon() }
                                    span { "{deed.words().0}" }
                                }
                            }
                        }
                    }
                }
                match &search.found {
                    None | Some(Listing::Loading) => rsx! {},
                    Some(Listing::Empty(_)) if !nothing_else => rsx! {},
                    Some(Listing::Empty(place)) => rsx! {
                        p { class: "lead", role: "status", b { "{place.title}. " } "{place.sentence}" }
                    },
                    Some(Listing::Failing(trouble)) => rsx! { p { class: "lead", role: "alert", "{trouble.sentence}" } },
                    Some(Listing::Rows(rows)) => rsx! {
                        h3 { class: "field__label", "Messages" }
                        ul { class: "founds", aria_label: "Found",
                            for row in rows.iter().cloned() {
                                li { key: "{row.bubble.id}", Row { row } }
                            }
                        }
                    },
                }
            }
        }
    }
}

fn open(desk: Desk, chat: &ChatRow) {
    dom::close_dialog(".dialog");
    desk.change(|model| {
        model.close_dialog();
        model.open_chat(&chat.id);
    });
}

/// What is done may have a window of its own, which takes the place of this one.
fn perform(desk: Desk, deed: Deed) {
    dom::close_dialog(".dialog");
    desk.change(|model| model.perform(deed));
}

fn go_to(desk: Desk, row: &FoundRow) {
    dom::close_dialog(".dialog");
    desk.change(|model| model.go_to_found(&row.bubble));
}

#[component]
fn Chat(row: ChatRow) -> Element {
    let desk = use_context::<Desk>();
    let chosen = row.clone();
    rsx! {
        button { class: "found found--row", aria_label: "Open {row.person.name}", onclick: move |_| open(desk, &chosen),
            Face { picture: row.picture, initials: row.person.initials.clone(), tint: row.person.tint, class: "avatar--s" }
            span { class: "clip", bdi { "{row.person.name}" } }
        }
    }
}

#[component]
fn Row(row: FoundRow) -> Element {
    let desk = use_context::<Desk>();
    let found = row.clone();
    let who = if row.bubble.own { "You" } else { &row.bubble.from.name };
    rsx! {
        button {
            class: "found",
            aria_label: "{row.spoken}",
            onclick: move |_| go_to(desk, &found),
            span { class: "found__head",
                b { bdi { "{row.chat_name}" } }
                time { title: "{row.bubble.sent.full}", "{row.bubble.sent.full}" }
            }
            if let Some(before) = &row.before {
                span { class: "found__near clip", dir: "auto", "{before}" }
            }
            span { class: "found__text", dir: "auto",
                "{who}: "
                for (index , piece) in row.pieces.iter().enumerate() {
                    if piece.found {
                        mark { key: "{index}", "{piece.text}" }
                    } else {
                        span { key: "{index}", "{piece.text}" }
                    }
                }
            }
            if let Some(after) = &row.after {
                span { class: "found__near clip", dir: "auto", "{after}" }
            }
        }
    }
}
