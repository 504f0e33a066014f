//! What stands around a message, and what can be done with it.

use dioxus::prelude::*;
use screens::{Bubble, ChatRow, Edition, MessageAct, PreviewShown, Quote};

use super::{Desk, dialogs, parts::Icon, set};
use crate::{
    dom,
    model::{Model, Writing},
};

/// The message that another answers; it leads there.
#[component]
pub fn Quoted(quote: Quote) -> Element {
    let desk = use_context::<Desk>();
    let id = quote.id.clone();
    rsx! {
        button { class: "quote p{quote.tint}", title: "Go to this message", onclick: move |_| desk.change(|model| model.jump_to(&id)),
            b { bdi { "{quote.from}" } }
            span { dir: "auto", "{quote.text}" }
        }
    }
}

/// What the sender says of a link in the text, with the host of the link itself. It leads there when it is pressed; until then nobody is
/// asked for anything.
#[component]
pub fn Preview(bubble: Bubble, preview: PreviewShown) -> Element {
    let desk = use_context::<Desk>();
    let picture = desk.model.read().media.previews.get(&bubble.id).cloned();
    use_effect(use_reactive!(|bubble| desk.change(|model| model.sees_preview(&bubble))));
    if !set::may_lead_there(&preview.url) {
        return rsx! {};
    }
    rsx! {
        a {
            class: "preview",
            href: "{preview.url}",
            title: "{preview.url}",
            target: "_blank",
            rel: "noopener noreferrer nofollow",
            aria_label: "{preview.spoken}",
            if let Some(picture) = picture {
                img { src: "{picture}", alt: "" }
            }
            span { class: "preview__body",
                b { dir: "auto", "{preview.title}" }
                if !preview.description.is_empty() {
                    span { dir: "auto", "{preview.description}" }
                }
                small { dir: "ltr", "{preview.host}" }
            }
        }
    }
}

/// Reactions, each a button that adds one's own or takes it back.
#[component]
pub fn Reactions(bubble: Bubble) -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        span { class: "reactions", role: "group", aria_label: "Reactions",
            for reaction in bubble.reactions.clone() {
                button {
                    key: "{reaction.emoji}",
                    class: "reaction",
                    tabindex: "-1",
                    "aria-pressed": if reaction.own { "true" } else { "false" },
                    aria_label: "{reaction.spoken}",
                    title: "{reaction.spoken}",
                    onclick: {
                        let (bubble, emoji) = (bubble.clone(), reaction.emoji.clone());
                        move |_| desk.change(|model| model.react(&bubble, &emoji))
                    },
                    em { "{reaction.emoji}" }
                    if reaction.count > 1 {
                        "{reaction.count}"
                    }
                }
            }
        }
    }
}

/// The options of a poll, each a button that votes for it or takes that back.
#[component]
pub fn Options(bubble: Bubble) -> Element {
    let desk = use_context::<Desk>();
    let Some(poll) = bubble.poll.clone() else { return rsx! {} };
    rsx! {
        div { class: "poll", role: "group", aria_label: "Options",
            for (index , option) in poll.options.iter().enumerate() {
                button {
                    key: "{index}",
                    class: "poll__option",
                    disabled: !poll.open,
                    "aria-pressed": if option.own { "true" } else { "false" },
                    aria_label: "{option.spoken}",
                    onclick: {
                        let bubble = bubble.clone();
                        move |_| desk.change(|model| model.vote(&bubble, index))
                    },
                    span { dir: "auto", "{option.text}" }
                    b { "{option.count}" }
                    progress { aria_hidden: "true", max: "100", value: "{option.percent}" }
                }
            }
            span { class: "poll__line", "{poll.line}" }
        }
    }
}

/// The button that opens the menu of a message. Arrow keys lead from one to the next.
#[component]
pub fn More(bubble: Bubble) -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        button {
            class: "more",
            "aria-haspopup": "menu",
            aria_label: "Message actions",
            title: "Message actions",
            onclick: move |_| desk.change(|model| model.show_acts(&bubble)),
            Icon { name: "more", class: "i--18" }
        }
    }
}

/// From message to message, by arrow keys.
pub fn arrows(event: Event<KeyboardData>) {
    let by = match event.key() {
        Key::ArrowUp => -1,
        Key::ArrowDown => 1,
        _ => return,
    };
    if dom::has_focus(".more") {
        event.prevent_default();
        dom::move_focus(".timeline .more", by);
    }
}

/// What can be done with a message.
#[component]
pub fn Acts(bubble: Bubble) -> Element {
    let desk = use_context::<Desk>();
    let mut other = use_signal(String::new);
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".menu .menu__item, .menu button");
    });
    let reacts = bubble.acts.contains(&MessageAct::React);
    let has = |emoji: &str| bubble.reactions.iter().any(|reaction| reaction.own && reaction.emoji == emoji);
    let typed = bubble.clone();
    rsx! {
        dialog {
            class: "dialog menu",
            aria_label: "Message actions",
            onclick: move |_| dialogs::close(desk),
            onkeydown: move |event| {
                dialogs::escape(&event, desk);
                match event.key() {
                    Key::ArrowUp => move_in_menu(&event, -1),
                    Key::ArrowDown => move_in_menu(&event, 1),
                    _ => {}
                }
            },
            div { class: "menu__in", onclick: move |event| event.stop_propagation(),
                div { class: "quote p{bubble.from.tint}",
                    b { bdi { if bubble.own { "You" } else { "{bubble.from.name}" } } }
                    span { dir: "auto", "{first_line(&bubble)}" }
                }
                if reacts {
                    div { class: "quick", role: "group", aria_label: "React",
                        for emoji in QUICK {
                            button {
                                key: "{emoji}",
                                role: "menuitemcheckbox",
                                "aria-checked": if has(emoji) { "true" } else { "false" },
                                aria_label: "React with {emoji}",
                                onclick: {
                                    let bubble = bubble.clone();
                                    move |_| {
                                        dom::close_dialog(".dialog");
                                        desk.change(|model| model.react(&bubble, emoji));
                                    }
                                },
                                "{emoji}"
                            }
                        }
                        form {
                            onsubmit: move |event| {
                                event.prevent_default();
                                if !other.peek().trim().is_empty() {
                                    dom::close_dialog(".dialog");
                                    desk.change(|model| model.react(&typed, &other.peek()));
                                }
                            },
                            input {
                                aria_label: "Another emoji",
                                placeholder: "Another",
                                autocomplete: "off",
                                value: "{other}",
                                oninput: move |event| other.set(event.value()),
                            }
                        }
                    }
                    div { class: "menu__line", role: "separator" }
                }
                div { role: "menu", aria_label: "Message actions",
                    for act in bubble.acts.iter().copied().filter(|act| *act != MessageAct::React) {
                        button {
                            key: "{act:?}",
                            class: if is_grave(act) { "menu__item menu__item--danger" } else { "menu__item" },
                            role: "menuitem",
                            onclick: {
                                let bubble = bubble.clone();
                                move |_| perform(desk, &bubble, act)
                            },
                            Icon { name: icon(act), class: if act == MessageAct::Reply { "i--flip" } else { "" } }
                            {word(act)}
                        }
                    }
                }
            }
        }
    }
}

/// What a message said before.
#[component]
pub fn Editions(editions: Vec<Edition>) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .icon-button");
    });
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Edited" }
                    dialogs::Close {}
                }
                ol { class: "editions",
                    for (index , edition) in editions.iter().enumerate() {
                        li { key: "{index}",
                            time { "{edition.sent.full}" }
                            p { dir: "auto", "{edition.text}" }
                        }
                    }
                }
            }
        }
    }
}

/// Where a message is forwarded to.
#[component]
pub fn Forward(bubble: Bubble, chats: Vec<ChatRow>) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .menu__item, .dialog .icon-button");
    });
    rsx! {
        dialog {
            class: "dialog",
            aria_labelledby: "dialog-title",
            onkeydown: move |event| {
                dialogs::escape(&event, desk);
                match event.key() {
                    Key::ArrowUp => move_in_menu(&event, -1),
                    Key::ArrowDown => move_in_menu(&event, 1),
                    _ => {}
                }
            },
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Forward to" }
                    dialogs::Close {}
                }
                div { role: "group", aria_label: "Chats",
                    for row in chats {
                        button {
                            key: "{row.id}",
                            class: "menu__item",
                            onclick: {
                                let (bubble, row) = (bubble.clone(), row.clone());
                                move |_| {
                                    dom::close_dialog(".dialog");
                                    desk.change(|model| model.forward(&bubble, &row.id));
                                }
                            },
                            bdi { "{row.person.name}" }
                        }
                    }
                }
            }
        }
    }
}

/// What the text that is being written is about.
#[component]
pub fn About(writing: Writing) -> Element {
    let desk = use_context::<Desk>();
    let (title, cancel) = match &writing {
        Writing::Answer(bubble) if bubble.own => ("Reply to yourself".to_owned(), "Do not reply"),
        Writing::Answer(bubble) => (format!("Reply to {}", bubble.from.name), "Do not reply"),
        Writing::Edit { .. } => ("Edit message".to_owned(), "Do not edit"),
    };
    use_effect(|| dom::focus(".composer textarea"));
    rsx! {
        div { class: "composer__about", role: "status", aria_label: "{title}",
            span {
                b { bdi { "{title}" } }
                span { class: "clip", dir: "auto", "{first_line(writing.about())}" }
            }
            button { class: "icon-button icon-button--s", r#type: "button", aria_label: "{cancel}", title: "{cancel}", onclick: move |_| stop(desk),
                Icon { name: "close", class: "i--18" }
            }
        }
    }
}

/// The text that is being written is a message by itself again; what an edit put aside comes back.
pub fn stop(mut desk: Desk) {
    let before = match desk.writing() {
        Some(Writing::Edit { bubble, before }) => Some((bubble.chat, before)),
        _ => None,
    };
    if let Some((chat, before)) = before {
        desk.drafts.write().insert(chat, before);
    }
    desk.change(Model::stop_writing_about);
    dom::focus(".composer textarea");
}

fn perform(mut desk: Desk, bubble: &Bubble, act: MessageAct) {
    dom::close_dialog(".dialog");
    match act {
        MessageAct::Reply => desk.change(|model| model.answer(bubble)),
        MessageAct::Edit => {
            let before = desk.drafts.write().insert(bubble.chat.clone(), as_typed(bubble));
            desk.change(|model| model.edit(bubble, before.unwrap_or_default()));
        }
        MessageAct::Editions => desk.change(|model| model.show_editions(&bubble.id)),
        MessageAct::Copy => {
            dom::copy(&as_typed(bubble), ".composer textarea");
            desk.change(Model::close_dialog);
        }
        MessageAct::Forward => desk.change(|model| model.choose_where_to_forward(bubble)),
        MessageAct::Star | MessageAct::Unstar => desk.change(|model| model.star(bubble)),
        MessageAct::EndPoll => desk.change(|model| model.end_poll(bubble)),
        MessageAct::StopLive => desk.change(|model| model.stop_live(bubble)),
        MessageAct::SaveCards => desk.change(|model| model.save_cards(bubble)),
        MessageAct::Pin | MessageAct::Unpin => desk.change(|model| model.pin(bubble)),
        MessageAct::DeleteForMe => desk.change(|model| model.delete(bubble, false)),
        MessageAct::DeleteForEveryone => desk.change(|model| model.delete(bubble, true)),
        MessageAct::Report => desk.change(|model| model.report(bubble)),
        // In the row above.
        MessageAct::React => {}
    }
}

/// The text as one would type it.
fn as_typed(bubble: &Bubble) -> String {
    bubble.typed.clone().unwrap_or_else(|| bubble.text.clone())
}

fn move_in_menu(event: &KeyboardEvent, by: i32) {
    event.prevent_default();
    dom::move_focus(".menu .menu__item", by);
}

fn word(act: MessageAct) -> &'static str {
    match act {
        MessageAct::Reply => "Reply",
        MessageAct::React => "React",
        MessageAct::Edit => "Edit",
        MessageAct::Editions => "What it said before",
        MessageAct::Copy => "Copy",
        MessageAct::EndPoll => "End the poll",
        MessageAct::StopLive => "Stop the live place",
        MessageAct::SaveCards => "Save as a file",
        MessageAct::Forward => "Forward",
        MessageAct::Star => "Star",
        MessageAct::Unstar => "Take the star off",
        MessageAct::Report => "Report with proof",
        MessageAct::Pin => "Pin for everyone",
        MessageAct::Unpin => "Take the pin off",
        MessageAct::DeleteForMe => "Delete for me",
        MessageAct::DeleteForEveryone => "Delete for everyone",
    }
}

fn icon(act: MessageAct) -> &'static str {
    match act {
        MessageAct::Reply => "reply",
        MessageAct::React => "emoji",
        MessageAct::Edit => "edit",
        MessageAct::Editions => "history",
        MessageAct::Copy => "copy",
        MessageAct::EndPoll | MessageAct::StopLive => "tick",
        MessageAct::SaveCards => "down",
        MessageAct::Forward => "forward",
        MessageAct::Report => "flag",
        MessageAct::Star | MessageAct::Unstar => "star",
        MessageAct::Pin | MessageAct::Unpin => "pin",
        MessageAct::DeleteForMe | MessageAct::DeleteForEveryone => "delete",
    }
}

fn is_grave(act: MessageAct) -> bool {
    matches!(act, MessageAct::DeleteForMe | MessageAct::DeleteForEveryone)
}

/// So much of a message that one knows which it is.
fn first_line(bubble: &Bubble) -> String {
    let text = bubble.note.clone().unwrap_or_else(|| as_typed(bubble));
    text.split_whitespace()
        .flat_map(|word| [word, " "])
        .collect::<String>()
        .chars()
        .take(LINE_CHARS_MAX)
        .collect()
}

/// Emoji that are one key away.
const QUICK: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
/// Characters of a message in one line.
const LINE_CHARS_MAX: usize = 160;
