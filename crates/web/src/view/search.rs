//! Looking for words in all chats.

use dioxus::prelude::*;
use screens::{FoundRow, Listing};

use super::{Desk, dialogs, parts::Icon};
use crate::{dom, model};

/// The field and what was found.
#[component]
pub fn Search(search: model::Search) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog input");
    });
    rsx! {
        dialog {
            class: "dialog dialog--wide",
            aria_label: "Search",
            onkeydown: move |event| {
                dialogs::escape(&event, desk);
                let by = match event.key() {
                    Key::ArrowUp => -1,
                    Key::ArrowDown => 1,
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
                            placeholder: "Search in all chats",
                            autocomplete: "off",
                            value: "{search.words}",
                            oninput: move |event| desk.change(|model| model.search(event.value())),
                        }
                    }
                    dialogs::Close {}
                }
                match &search.found {
                    None | Some(Listing::Loading) => rsx! {},
                    Some(Listing::Empty(place)) => rsx! {
                        p { class: "lead", role: "status", b { "{place.title}. " } "{place.sentence}" }
                    },
                    Some(Listing::Failing(trouble)) => rsx! { p { class: "lead", role: "alert", "{trouble.sentence}" } },
                    Some(Listing::Rows(rows)) => rsx! {
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

#[component]
fn Row(row: FoundRow) -> Element {
    let desk = use_context::<Desk>();
    let bubble = row.bubble.clone();
    let who = if bubble.own { "You" } else { &row.bubble.from.name };
    rsx! {
        button {
            class: "found",
            aria_label: "{row.spoken}",
            onclick: move |_| {
                dom::close_dialog(".dialog");
                desk.change(|model| model.go_to_found(&bubble));
            },
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
