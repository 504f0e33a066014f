//! What can be done with a chat.

use dioxus::prelude::*;
use screens::{Action, ChatRow};

use super::{Desk, dialogs};
use crate::dom;

/// The menu of a chat.
#[component]
pub fn Acts(row: ChatRow, timer: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".menu .menu__item");
    });
    let chat = row.id.0.clone();
    let archive = if row.archived { "Put back among the chats" } else { "Archive" };
    let times = ["1h", "8h", "1w", "always"].map(|time| {
        (format!("Mute {}", in_words(time)), Action::Mute { chat: chat.clone(), time: time.to_owned() })
    });
    let timers = ["1h", "1d", "1w"].map(|time| {
        let words = format!("Messages disappear after {}", in_words(time));
        (words, Action::SetTimer { chat: chat.clone(), time: time.to_owned() })
    });
    let off = |chat: &str| Action::SetTimer { chat: chat.to_owned(), time: "off".to_owned() };
    let mut acts = vec![
        ("Mark as unread".to_owned(), Action::MarkUnread { chat: chat.clone(), on: true }),
        (archive.to_owned(), Action::Archive { chat: chat.clone(), on: !row.archived }),
    ];
    match &row.muted {
        Some(_) => {
            acts.push(("Unmute".to_owned(), Action::Mute { chat: chat.clone(), time: "off".to_owned() }))
        }
        None => acts.extend(times),
    }
    if timer.is_some() {
        acts.push(("Messages stay".to_owned(), off(&chat)));
    }
    acts.extend(timers);
    rsx! {
        dialog {
            class: "dialog menu",
            aria_label: "Chat actions",
            onclick: move |_| dialogs::close(desk),
            onkeydown: move |event| {
                dialogs::escape(&event, desk);
                let by = match event.key() {
                    Key::ArrowUp => -1,
                    Key::ArrowDown => 1,
                    _ => return,
                };
                event.prevent_default();
                dom::move_focus(".menu .menu__item", by);
            },
            div { class: "menu__in", onclick: move |event| event.stop_propagation(),
                for words in [row.muted.clone(), timer.clone()].into_iter().flatten() {
                    p { key: "{words}", class: "menu__said", "{words}" }
                }
                div { role: "menu", aria_label: "Chat actions",
                    for (word , action) in acts {
                        button {
                            key: "{word}",
                            class: "menu__item",
                            role: "menuitem",
                            onclick: {
                                let id = row.id.clone();
                                move |_| {
                                    dom::close_dialog(".dialog");
                                    desk.change(|model| model.act_on_chat(&id, action.clone()));
                                }
                            },
                            "{word}"
                        }
                    }
                }
            }
        }
    }
}

fn in_words(time: &str) -> &str {
    match time {
        "1h" => "1 hour",
        "8h" => "8 hours",
        "1d" => "1 day",
        "1w" => "1 week",
        _ => "until I unmute it",
    }
}
