//! What can be done with a chat.

use dioxus::prelude::*;
use screens::{Action, ChatId, ChatRow};

use super::{Desk, dialogs, folders};
use crate::{dom, model::Shelf};

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
        (
            if row.marked_unread { "Mark as read" } else { "Mark as unread" }.to_owned(),
            Action::MarkUnread { chat: chat.clone(), on: !row.marked_unread },
        ),
        (archive.to_owned(), Action::Archive { chat: chat.clone(), on: !row.archived }),
    ];
    match &row.muted {
        Some(_) => {
            let quiet = row.muted_mentions;
            let words = if quiet { "Let mentions through the mute" } else { "Mute what mentions me, too" };
            acts.push((words.to_owned(), Action::MuteMentions { chat: chat.clone(), on: !quiet }));
            acts.push(("Unmute".to_owned(), Action::Mute { chat: chat.clone(), time: "off".to_owned() }))
        }
        None => acts.extend(times),
    }
    if timer.is_some() {
        acts.push(("Messages stay".to_owned(), off(&chat)));
    }
    // There is no switch to put it on: here it would do nothing.
    let previews = if row.previews {
        acts.push((PREVIEWS_OFF.to_owned(), Action::SetPreviews { chat: chat.clone(), on: false }));
        "Your other programs make previews of links here. A page in a browser cannot: it may not ask other sites."
    } else {
        "Previews of links are off here. Your other programs can make them; a page in a browser may not ask other sites."
    };
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
                p { class: "menu__said", "{previews}" }
                div { role: "menu", aria_label: "Chat actions",
                    button {
                        class: "menu__item",
                        role: "menuitem",
                        onclick: {
                            let id = row.id.clone();
                            move |_| {
                                dom::close_dialog(".dialog");
                                desk.change(|model| model.new_poll(&id));
                            }
                        },
                        "New poll"
                    }
                    button {
                        class: "menu__item",
                        role: "menuitem",
                        onclick: {
                            let id = row.id.clone();
                            move |_| {
                                dom::close_dialog(".dialog");
                                desk.change(|model| model.show_folders(&id));
                            }
                        },
                        "Folders"
                    }
                    button {
                        class: "menu__item",
                        role: "menuitem",
                        onclick: {
                            let id = row.id.clone();
                            move |_| {
                                dom::close_dialog(".dialog");
                                desk.change(|model| model.show_gallery(&id, Shelf::Seen));
                            }
                        },
                        "Photos, videos and files"
                    }
                    button {
                        class: "menu__item",
                        role: "menuitem",
                        onclick: {
                            let id = row.id.clone();
                            move |_| {
                                dom::close_dialog(".dialog");
                                desk.change(|model| model.show_map(&id, None));
                            }
                        },
                        "Live places on a map"
                    }
                    button { class: "menu__item", role: "menuitem", onclick: move |_| folders::show_scheduled(desk), "What waits for its time" }
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

/// For all of the person's programs.
const PREVIEWS_OFF: &str = "Make no previews of links any more";

/// A question and its options, a line each.
#[component]
pub fn NewPoll(chat: ChatId, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let mut question = use_signal(String::new);
    let mut options = use_signal(String::new);
    let mut multiple = use_signal(|| false);
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog input");
    });
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            form {
                class: "dialog__in",
                onsubmit: move |event| {
                    event.prevent_default();
                    let typed = options.peek().clone();
                    let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
                    let options = lines.map(str::to_owned).collect();
                    desk.change(|model| model.create_poll(&chat, question.peek().clone(), options, *multiple.peek()));
                },
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "New poll" }
                    dialogs::Close {}
                }
                label { class: "field",
                    span { class: "field__label", "Question" }
                    span { class: "field__box",
                        input { aria_label: "Question", value: "{question}", oninput: move |event| question.set(event.value()) }
                    }
                }
                label { class: "field",
                    span { class: "field__label", "Options, one a line" }
                    textarea {
                        class: "poll__lines",
                        aria_label: "Options, one a line",
                        rows: "4",
                        value: "{options}",
                        oninput: move |event| options.set(event.value()),
                    }
                }
                label { class: "poll__several",
                    input { r#type: "checkbox", checked: multiple(), onchange: move |event| multiple.set(event.checked()) }
                    "Let everybody choose several"
                }
                if let Some(refused) = refused {
                    p { class: "field__help field__help--error", role: "alert", "{refused}" }
                }
                button { class: "button button--primary button--l button--block", "Ask" }
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
