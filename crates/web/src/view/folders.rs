//! Folders of chats, and texts that wait for their time.

use dioxus::prelude::*;
use screens::{Action, ChatId, ChatRow, FolderEdit, FolderRow, Listing, ScheduledRow};

use super::{Desk, dialogs, parts::Icon};
use crate::{dom, model::Model};

/// In which folders a chat is, and the folders themselves.
#[component]
pub fn Folders(row: ChatRow, folders: Vec<FolderRow>, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let mut name = use_signal(String::new);
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
                    let typed = name.peek().trim().to_owned();
                    if !typed.is_empty() {
                        name.set(String::new());
                        desk.change(|model| model.change_folders(FolderEdit::Make { name: typed }));
                    }
                },
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Folders of " bdi { "{row.person.name}" } }
                    dialogs::Close {}
                }
                ul { class: "rows", aria_label: "Folders",
                    for (place , folder) in folders.iter().cloned().enumerate() {
                        Folder { key: "{folder.id}", place, inside: row.folders.contains(&folder.id), folder, chat: row.id.clone() }
                    }
                }
                label { class: "field",
                    span { class: "field__label", "New folder" }
                    span { class: "field__box",
                        input { aria_label: "New folder", autocomplete: "off", value: "{name}", oninput: move |event| name.set(event.value()) }
                    }
                }
                if let Some(refused) = refused {
                    p { class: "field__help field__help--error", role: "alert", "{refused}" }
                }
                button { class: "button button--outline button--l button--block", "Make the folder" }
            }
        }
    }
}

#[component]
fn Folder(folder: FolderRow, place: usize, inside: bool, chat: ChatId) -> Element {
    let desk = use_context::<Desk>();
    let (id, name) = (folder.id.0.clone(), folder.name.clone());
    let edit = move |edit: FolderEdit| desk.change(|model| model.change_folders(edit));
    rsx! {
        li { class: "rows__row",
            label { class: "rows__main",
                input {
                    r#type: "checkbox",
                    checked: inside,
                    onchange: {
                        let id = id.clone();
                        move |event| edit(FolderEdit::Put { folder: id.clone(), chat: chat.0.clone(), on: event.checked() })
                    },
                }
                bdi { "{name}" }
            }
            if let Some(above) = place.checked_sub(1).and_then(|above| u32::try_from(above).ok()) {
                button {
                    class: "icon-button icon-button--s",
                    r#type: "button",
                    aria_label: "Move {name} up",
                    title: "Move up",
                    onclick: {
                        let id = id.clone();
                        move |_| edit(FolderEdit::Move { folder: id.clone(), to: above })
                    },
                    Icon { name: "down", class: "i--18 i--up" }
                }
            }
            button {
                class: "icon-button icon-button--s",
                r#type: "button",
                aria_label: "Delete the folder {name}",
                title: "Delete the folder; its chats stay",
                onclick: move |_| edit(FolderEdit::Remove { folder: id.clone() }),
                Icon { name: "delete", class: "i--18" }
            }
        }
    }
}

/// When a text is to leave.
#[component]
pub fn SendAt(chat: ChatId, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let mut at = use_signal(String::new);
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
                    let text = desk.drafts.peek().get(&chat).cloned().unwrap_or_default();
                    let at = dom::with_offset(&at.peek());
                    desk.change(|model| model.schedule(&chat, text, at));
                },
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Send at a time" }
                    dialogs::Close {}
                }
                p { class: "lead",
                    "It waits on this device and leaves while Valise is open here, or when it is opened next."
                }
                When { at: at(), refused, onchange: move |typed| at.set(typed) }
                button { class: "button button--primary button--l button--block", "Send then" }
            }
        }
    }
}

#[component]
fn When(at: String, refused: Option<String>, onchange: EventHandler<String>) -> Element {
    rsx! {
        label { class: "field",
            span { class: "field__label", "When" }
            span { class: if refused.is_some() { "field__box is-error" } else { "field__box" },
                input {
                    r#type: "datetime-local",
                    aria_label: "When",
                    required: true,
                    value: "{at}",
                    oninput: move |event| onchange.call(event.value()),
                }
            }
            if let Some(refused) = &refused {
                span { class: "field__help field__help--error", role: "alert", Icon { name: "alert", class: "i--16" } "{refused}" }
            }
        }
    }
}

/// What waits for its time on this device.
#[component]
pub fn Scheduled(rows: Listing<ScheduledRow>, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let changing = use_signal(|| None::<ScheduledRow>);
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .icon-button");
    });
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Waiting for their time" }
                    dialogs::Close {}
                }
                match rows {
                    Listing::Rows(rows) => rsx! {
                        ul { class: "rows", aria_label: "Waiting for their time",
                            for row in rows {
                                Waiting { key: "{row.id}", row, changing }
                            }
                        }
                    },
                    Listing::Empty(place) => rsx! {
                        p { class: "lead", "{place.title}. {place.sentence}" }
                    },
                    Listing::Failing(trouble) => rsx! {
                        p { class: "lead", role: "alert", "{trouble.sentence}" }
                    },
                    Listing::Loading => rsx! { p { class: "lead", role: "status", "Opening" } },
                }
                if let Some(refused) = refused {
                    p { class: "field__help field__help--error", role: "alert", "{refused}" }
                }
            }
        }
    }
}

#[component]
fn Waiting(row: ScheduledRow, changing: Signal<Option<ScheduledRow>>) -> Element {
    let desk = use_context::<Desk>();
    let mut changing = changing;
    let id = row.id.0.clone();
    let is_changed = changing.read().as_ref().is_some_and(|other| other.id == row.id);
    if is_changed {
        return rsx! { li { class: "rows__row", Change { row, changing } } };
    }
    rsx! {
        li { class: "rows__row",
            div { class: "rows__main rows__main--text",
                b { bdi { "{row.chat_name}" } ", {row.at.full}" }
                span { dir: "auto", "{row.text}" }
                if let Some(held) = &row.held {
                    span { class: "under under--failed", Icon { name: "alert", class: "i--14" } "{held}" }
                }
            }
            button {
                class: "icon-button icon-button--s",
                aria_label: "Change",
                title: "Change",
                onclick: move |_| changing.set(Some(row.clone())),
                Icon { name: "edit", class: "i--18" }
            }
            button {
                class: "icon-button icon-button--s",
                aria_label: "Do not send",
                title: "Do not send",
                onclick: move |_| desk.change(|model| model.change_scheduled(Action::Unschedule { id: id.clone() })),
                Icon { name: "delete", class: "i--18" }
            }
        }
    }
}

#[component]
fn Change(row: ScheduledRow, changing: Signal<Option<ScheduledRow>>) -> Element {
    let desk = use_context::<Desk>();
    let mut changing = changing;
    let (before, typed) = (row.text.clone(), row.at_typed.replacen(' ', "T", 1));
    let was = typed.clone();
    let mut text = use_signal(move || before);
    let mut at = use_signal(move || typed);
    let id = row.id.0.clone();
    rsx! {
        form {
            class: "rows__form",
            onsubmit: move |event| {
                event.prevent_default();
                let another_time = (*at.peek() != was).then(|| dom::with_offset(&at.peek()));
                let action = Action::Reschedule { id: id.clone(), text: Some(text.peek().clone()), at: another_time };
                changing.set(None);
                desk.change(|model| model.change_scheduled(action));
            },
            textarea { class: "poll__lines", aria_label: "Text", dir: "auto", rows: "3", value: "{text}", oninput: move |event| text.set(event.value()) }
            When { at: at(), refused: None, onchange: move |typed| at.set(typed) }
            button { class: "button button--primary button--block", "Keep" }
        }
    }
}

/// Who can be mentioned with what is typed.
#[component]
pub fn Mentions(found: Vec<screens::Mentionable>, picked: usize, onpick: EventHandler<usize>) -> Element {
    rsx! {
        ul { class: "mentions", role: "listbox", id: "mentions", aria_label: "Mention",
            for (index , person) in found.into_iter().enumerate() {
                li { key: "{person.typed}", id: "mention-{index}", role: "option",
                    "aria-selected": if index == picked { "true" } else { "false" },
                    // The focus stays in the field.
                    onmousedown: move |event| {
                        event.prevent_default();
                        onpick.call(index);
                    },
                    super::parts::Avatar { initials: person.initials, tint: person.tint, class: "avatar--s" }
                    bdi { "{person.name}" }
                }
            }
        }
    }
}

/// Opens the window with what waits.
pub fn show_scheduled(desk: Desk) {
    dom::close_dialog(".dialog");
    desk.change(Model::show_scheduled);
}
