//! What is open beside the list: a chat, a request, or nothing.

use dioxus::prelude::*;
use screens::{
    Bubble, ChatHead, ChatId, Composer, ConnectionLine, EmptyPlace, LineState, Listing, LivePlaceRow,
    RequestRow, Script, Turn,
};

use super::{
    Desk, attach,
    chats::Sign,
    folders, media, message,
    parts::{Bag, Face, Icon, Lasting, Marks, Unknown},
    people, place, set,
};
use crate::{
    dom,
    model::{Chat, Mentioning, Model, Writing, is_seen},
};

/// An open chat.
#[component]
pub fn Conversation(chat: Chat, line: ConnectionLine, live: Vec<LivePlaceRow>) -> Element {
    let composer = chat.frame.as_ref().map(|frame| frame.composer.clone());
    let banner = chat.frame.as_ref().and_then(|frame| frame.banner.clone());
    rsx! {
        main { class: "pane conversation", aria_label: "Chat",
            Head { head: chat.head.clone() }
            if line.state != LineState::UpToDate {
                // The list's foot is out of sight when there is room for one pane only.
                div { class: "line only-narrow", role: "status", aria_label: "Connection",
                    Sign { state: line.state }
                    span { class: "clip", "{line.label}" }
                }
            }
            if let Some(banner) = banner {
                Lasting { banner }
            }
            place::Telling { live, chat: chat.id.clone() }
            Log { chat: chat.clone() }
            match composer {
                Some(Composer::Open { placeholder, draft: _, bytes_max, too_long }) => rsx! {
                    Write {
                        chat: chat.id.clone(),
                        placeholder,
                        bytes_max,
                        too_long,
                        refused: chat.refused.clone(),
                        writing: chat.writing.clone(),
                        mentioning: chat.mentioning.clone(),
                    }
                },
                Some(Composer::Stopped(place)) => rsx! { Stopped { place } },
                None => rsx! { div { class: "composer composer--none" } },
            }
        }
    }
}

/// Somebody knocks: nothing of theirs is shown.
#[component]
pub fn Request(request: RequestRow) -> Element {
    let desk = use_context::<Desk>();
    let (accepted, blocked) = (request.clone(), request.clone());
    use_effect(|| dom::focus(".ask h2"));
    rsx! {
        main { class: "pane conversation", aria_label: "Message request",
            header { class: "head",
                Back {}
                Unknown { class: "avatar--m" }
                div { class: "head__who",
                    div { class: "head__name", "{request.name}" }
                    div { class: "head__sub", "{request.line}" }
                }
            }
            div { class: "timeline timeline--middle",
                section { class: "ask",
                    Unknown { class: "avatar--l" }
                    h2 { tabindex: "-1", "{request.title}" }
                    p { class: "lead", "{request.sentence}" }
                    button {
                        class: "button button--plain",
                        onclick: {
                            let id = request.id.0.clone();
                            move |_| desk.change(|model| model.report_about(id.clone()))
                        },
                        "Report with proof"
                    }
                    div { class: "ask__acts",
                        button {
                            class: "button button--outline button--l",
                            onclick: move |_| desk.change(|model| model.block(&blocked)),
                            "{request.block}"
                        }
                        button {
                            class: "button button--primary button--l",
                            onclick: move |_| desk.change(|model| model.accept(&accepted)),
                            "{request.accept}"
                        }
                    }
                }
            }
        }
    }
}

/// Nothing is open.
#[component]
pub fn Nothing() -> Element {
    rsx! {
        main { class: "pane conversation only-wide", aria_label: "Chat",
            div { class: "nothing",
                Bag {}
                h2 { class: "display", "Whoever carries the bag cannot open it." }
                p { class: "lead",
                    "Choose a chat on the left, or start one. Your messages live on your devices and nowhere else."
                }
                dl { class: "hints",
                    dt { kbd { "Ctrl" } " " kbd { "K" } }
                    dd { "Find a chat, words, or what to do" }
                    dt { kbd { "F6" } }
                    dd { "Next pane" }
                    dt { kbd { "↑" } " " kbd { "↓" } }
                    dd { "Another chat" }
                    dt { kbd { "Esc" } }
                    dd { "Back one step" }
                }
            }
        }
    }
}

#[component]
fn Back() -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        button { class: "icon-button only-narrow", aria_label: "Back", onclick: move |_| desk.change(Model::close),
            Icon { name: "back", class: "i--flip" }
        }
    }
}

#[component]
fn Head(head: Option<ChatHead>) -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        header { class: "head",
            Back {}
            if let Some(ChatHead { id, person, line, group, picture, timer, typing, seen, pinned, scheduled }) = head {
                Face { picture, initials: person.initials.clone(), tint: person.tint, class: "avatar--m" }
                div { class: "head__who",
                    h2 { class: "head__name clip", bdi { "{person.name}" } }
                    div { class: "head__sub clip",
                        {typing.as_ref().or(timer.as_ref()).or(seen.as_ref()).unwrap_or(&line).clone()}
                    }
                }
                if let Some(words) = scheduled {
                    button {
                        class: "icon-button",
                        aria_label: "{words}",
                        title: "{words}",
                        onclick: move |_| folders::show_scheduled(desk),
                        Icon { name: "sending" }
                    }
                }
                if let Some(pin) = pinned.first() {
                    button {
                        class: "icon-button",
                        aria_label: "Pinned: {pin.from}: {pin.text}",
                        title: "Pinned: {pin.from}: {pin.text}",
                        onclick: {
                            let id = pin.id.clone();
                            move |_| desk.change(|model| model.jump_to(&id))
                        },
                        Icon { name: "pin" }
                    }
                }
                button {
                    class: "icon-button",
                    "aria-haspopup": "menu",
                    aria_label: "Chat actions",
                    title: "Chat actions",
                    onclick: move |_| desk.change(|model| model.show_chat_acts(&id)),
                    Icon { name: "more" }
                }
                if group {
                    button {
                        class: "icon-button",
                        aria_label: "About this group",
                        title: "About this group",
                        onclick: move |_| desk.change(Model::show_group),
                        Icon { name: "info" }
                    }
                } else {
                    button {
                        class: "icon-button",
                        aria_label: "About this person",
                        title: "About this person",
                        onclick: move |_| desk.change(|model| model.show_contact(&person)),
                        Icon { name: "info" }
                    }
                }
            } else {
                span { class: "avatar avatar--m bone", aria_hidden: "true" }
                div { class: "head__who", aria_hidden: "true", span { class: "bone bone--name bone--1" } }
            }
        }
    }
}

/// The messages. The scroller runs from the end, so that new ones push nothing and earlier ones move nothing.
#[component]
fn Log(chat: Chat) -> Element {
    let desk = use_context::<Desk>();
    let mut away = use_signal(|| false);
    let has_earlier = chat.earlier.is_some();
    let jump = chat.jump.clone();
    use_effect(use_reactive(&jump, move |jump| {
        if let Some(id) = jump {
            dom::go_to(&format!("#m-{id}"));
            desk.change(Model::jumped);
        }
    }));
    let group = chat.head.as_ref().is_some_and(|head| head.group);
    let outgoing = chat.frame.as_ref().map(|frame| frame.outgoing.clone()).unwrap_or_default();
    let leaves = !outgoing.is_empty() || !desk.model.read().preparing(&chat.id).is_empty();
    // What leaves a chat in which nothing was said yet stands where it will stand.
    let nothing_yet = Listing::Rows(vec![]);
    let shown = match &chat.shown {
        Listing::Empty(_) if leaves => &nothing_yet,
        shown => shown,
    };
    rsx! {
        div {
            class: "timeline",
            onkeydown: message::arrows,
            role: "log",
            aria_label: "Messages",
            aria_busy: if matches!(chat.shown, Listing::Loading) { "true" } else { "false" },
            tabindex: "0",
            onscroll: move |event| {
                let from_end = event.scroll_top().abs();
                let height = f64::from(event.client_height());
                if *away.peek() != (from_end > height) {
                    away.set(from_end > height);
                }
                if has_earlier && f64::from(event.scroll_height()) - height - from_end < height {
                    desk.change(Model::show_earlier);
                }
            },
            match shown {
                Listing::Loading => rsx! { Bones {} },
                Listing::Empty(place) => rsx! {
                    div { class: "nothing",
                        h2 { class: "display", "{place.title}" }
                        p { class: "lead", "{place.sentence}" }
                    }
                },
                Listing::Failing(trouble) => rsx! {
                    div { class: "nothing", role: "alert",
                        p { class: "lead", "{trouble.sentence}" }
                        if trouble.again {
                            button { class: "button button--outline", onclick: move |_| desk.change(Model::again), "Try again" }
                        }
                    }
                },
                Listing::Rows(bubbles) => rsx! {
                    ol { class: "column",
                        if has_earlier {
                            li { class: "earlier", role: "presentation",
                                button { class: "button button--plain", onclick: move |_| desk.change(Model::show_earlier), "Show earlier" }
                            }
                        }
                        for placed in placed(bubbles) {
                            Message {
                                key: "{placed.bubble.id}",
                                day: placed.day,
                                unread_line: match &chat.unread_line {
                                    Some((id, words)) if *id == placed.bubble.id => Some(words.clone()),
                                    _ => None,
                                },
                                bubble: placed.bubble,
                                group,
                            }
                        }
                        for outgoing in outgoing {
                            media::Outgoing { key: "{outgoing.id.0}", outgoing }
                        }
                        media::Preparing { chat: chat.id.clone() }
                    }
                },
            }
        }
        if away() {
            button { class: "jump", aria_label: "To the newest message", onclick: move |_| dom::scroll_to_end(".timeline"),
                Icon { name: "down" }
            }
        }
    }
}

/// A message and the day it begins.
struct Placed {
    bubble: Bubble,
    day: Option<String>,
}

/// A window begins with its day even when the window above has the same, so a day is said where it changes.
fn placed(bubbles: &[Bubble]) -> Vec<Placed> {
    let mut last = None;
    let day = |bubble: &Bubble| {
        let day = bubble.day.clone().filter(|day| last.as_ref() != Some(day));
        last = day.clone().or(last.take());
        Placed { bubble: bubble.clone(), day }
    };
    bubbles.iter().map(day).collect()
}

#[component]
fn Message(bubble: Bubble, day: Option<String>, unread_line: Option<String>, group: bool) -> Element {
    if let Some(notice) = &bubble.notice {
        return rsx! {
            if let Some(day) = day {
                li { class: "day", role: "separator", aria_label: "{day}", "{day}" }
            }
            li { class: "day day--notice", aria_label: "{bubble.spoken}", bdi { "{notice}" } }
        };
    }
    let named = group && !bubble.own && matches!(bubble.turn, Turn::Single | Turn::First);
    let side = if bubble.own { "message message--out" } else { "message" };
    let turn = match bubble.turn {
        Turn::Single => "is-first is-last",
        Turn::First => "is-first",
        Turn::Middle => "",
        Turn::Last => "is-last",
    };
    let failed = if bubble.failed.is_some() { "bubble--failed" } else { "" };
    let reacted = if bubble.reactions.is_empty() { "" } else { "is-reacted" };
    let called = if bubble.mentions.iter().any(|mention| mention.you) { "bubble--called" } else { "" };
    let script =
        if bubble.script == Script::Emoji && bubble.attachments.is_empty() { "bubble--emoji" } else { "" };
    let media = if bubble.attachments.iter().any(|one| is_seen(one.kind)) { "bubble--media" } else { "" };
    let wordless = (bubble.text.is_empty() && !bubble.attachments.is_empty()) || !bubble.cards.is_empty();
    rsx! {
        if let Some(day) = day {
            li { class: "day", role: "separator", aria_label: "{day}", "{day}" }
        }
        if let Some(words) = unread_line {
            li { class: "unread", role: "separator", aria_label: "{words}", span { "{words}" } }
        }
        li { id: "m-{bubble.id}", class: "{side} {turn} {reacted}", tabindex: "-1", aria_label: "{bubble.spoken}",
            div { class: "bubble {script} {media} {failed} {called}",
                if named {
                    span { class: "bubble__who p{bubble.from.tint}", aria_hidden: "true", bdi { "{bubble.from.name}" } }
                }
                if let Some(word) = &bubble.told {
                    span { class: "bubble__note", title: "That it was said so is their word", Icon { name: "info", class: "i--16" } "{word}" }
                }
                if let Some(word) = &bubble.forwarded {
                    span { class: "bubble__note", Icon { name: "forward", class: "i--16" } "{word}" }
                }
                if let Some(quote) = &bubble.reply_to {
                    message::Quoted { quote: quote.clone() }
                }
                if !bubble.attachments.is_empty() {
                    media::Attachments { attachments: bubble.attachments.clone() }
                }
                if let Some(note) = &bubble.note {
                    span { class: "bubble__note", Icon { name: "info", class: "i--16" } "{note}" }
                } else if !wordless {
                    set::Text { bubble: bubble.clone() }
                }
                if let Some(preview) = &bubble.preview {
                    message::Preview { bubble: bubble.clone(), preview: preview.clone() }
                }
                if !bubble.cards.is_empty() {
                    people::Cards { bubble: bubble.clone() }
                }
                if let Some(place) = &bubble.place {
                    place::InBubble { bubble: bubble.clone(), place: place.clone() }
                }
                if bubble.poll.is_some() {
                    message::Options { bubble: bubble.clone() }
                }
                span { class: "meta",
                    if bubble.pinned {
                        Icon { name: "pin", class: "i--14" }
                        span { class: "sr", "pinned" }
                    }
                    if bubble.starred {
                        Icon { name: "star", class: "i--14" }
                        span { class: "sr", "starred" }
                    }
                    if let Some(words) = &bubble.expires {
                        span { title: "{words}", Icon { name: "timer", class: "i--14" } }
                        span { class: "sr", "{words}" }
                    }
                    if let Some(word) = &bubble.edited {
                        span { "{word}" }
                    }
                    time { title: "{bubble.sent.full}", "{bubble.sent.text}" }
                    if let Some(mark) = &bubble.mark {
                        Marks { mark: mark.clone() }
                    }
                }
                message::More { bubble: bubble.clone() }
            }
            if !bubble.reactions.is_empty() {
                message::Reactions { bubble: bubble.clone() }
            }
            if let Some(sentence) = &bubble.failed {
                div { class: "under under--failed", Icon { name: "alert", class: "i--14" } "{sentence}" }
            }
        }
    }
}

/// The field, and the button that sends.
#[component]
fn Write(
    chat: ChatId,
    placeholder: String,
    bytes_max: u32,
    too_long: String,
    refused: Option<String>,
    writing: Option<Writing>,
    mentioning: Option<Mentioning>,
) -> Element {
    let mut desk = use_context::<Desk>();
    let mut told_typing = use_signal(|| 0.0_f64);
    let text = desk.drafts.read().get(&chat).cloned().unwrap_or_default();
    let over = text.len() > bytes_max as usize;
    let has_files = attach::has_files(desk, &chat);
    let wordless = text.trim().is_empty();
    let nothing = wordless && !has_files;
    let records = desk.recording.read().is_some();
    let writes_about = writing.is_some();
    let said = if over { Some(too_long) } else { refused };
    let (written, kept, named, timed) = (chat.clone(), chat.clone(), chat.clone(), chat.clone());
    let (filed, sent) = (chat.clone(), chat);
    let offered = mentioning.filter(|mentioning| !mentioning.found.is_empty());
    let offers = offered.is_some();
    let picked = offered.as_ref().map_or(0, |mentioning| mentioning.picked);
    let mention = move |index: usize| mention(desk, &named, index);
    let mut mention_by_key = mention.clone();
    let mut send = move || {
        let text = desk.drafts.write().remove(&sent).unwrap_or_default();
        desk.change(|model| model.send(text));
        dom::scroll_to_end(".timeline");
    };
    let mut send_by_key = send.clone();
    use_effect(|| dom::focus_for_keyboard(".composer textarea"));
    use_drop(move || attach::discard(desk));
    rsx! {
        div { class: if (desk.dragging)() { "composer composer--over" } else { "composer" },
            if let Some(offered) = offered {
                folders::Mentions { found: offered.found, picked: offered.picked, onpick: mention }
            }
            if let Some(said) = said {
                div { class: "composer__said under under--failed", role: "alert", Icon { name: "alert", class: "i--14" } "{said}" }
            }
            attach::Tray { chat: filed }
            if records {
                attach::Recorder {}
            }
            div { class: if records { "composer__in is-away" } else { "composer__in" },
                attach::Attach {}
                div { class: "composer__box",
                    if let Some(writing) = &writing {
                        message::About { writing: writing.clone() }
                    }
                    div { class: "grow", "data-text": "{text} ",
                        textarea {
                            aria_label: "Message",
                            placeholder: "{placeholder}",
                            dir: "auto",
                            rows: "1",
                            "enterkeyhint": "send",
                            value: "{text}",
                            "aria-autocomplete": "list",
                            "aria-controls": offers.then_some("mentions"),
                            "aria-activedescendant": offers.then(|| format!("mention-{picked}")),
                            oninput: move |event| {
                                let typed = event.value();
                                let before = dom::before_cursor(FIELD).unwrap_or_else(|| typed.clone());
                                let something = !typed.is_empty();
                                desk.drafts.write().insert(written.clone(), typed);
                                if desk.model.peek().minds(&before) {
                                    desk.change(|model| model.writes(&before));
                                }
                                let now = dom::now_ms();
                                if something && (now - *told_typing.peek()).abs() >= TYPING_AGAIN_MS {
                                    told_typing.set(now);
                                    desk.change(|model| model.types(&written));
                                }
                            },
                            onblur: move |_| keep_draft(desk, &kept),
                            onkeydown: move |event| {
                                if offers && offer_key(desk, &event, picked, &mut mention_by_key) {
                                    event.prevent_default();
                                    event.stop_propagation();
                                    return;
                                }
                                if event.key() == Key::Escape && writes_about {
                                    event.stop_propagation();
                                    message::stop(desk);
                                }
                                let sends = event.key() == Key::Enter && !event.modifiers().shift() && !event.is_composing();
                                if sends {
                                    event.prevent_default();
                                    if !nothing && !over {
                                        send_by_key();
                                    }
                                }
                            },
                        }
                    }
                }
                if nothing && !writes_about {
                    attach::Microphone {}
                }
                if !wordless && !has_files && !over && !writes_about {
                    button {
                        class: "icon-button send__later",
                        aria_label: "Schedule",
                        title: "Schedule",
                        onclick: move |_| desk.change(|model| model.send_at(&timed)),
                        Icon { name: "timer" }
                    }
                }
                button {
                    class: "send",
                    aria_label: "Send",
                    title: "Send",
                    disabled: nothing || over,
                    onclick: move |_| {
                        send();
                        dom::focus(".composer textarea");
                    },
                    Icon { name: "send" }
                }
            }
        }
    }
}

/// Keys that belong to the list of those who can be mentioned, while it is there.
fn offer_key(desk: Desk, event: &KeyboardEvent, picked: usize, mention: &mut impl FnMut(usize)) -> bool {
    match event.key() {
        Key::ArrowDown => desk.change(|model| model.step_mention(1)),
        Key::ArrowUp => desk.change(|model| model.step_mention(-1)),
        Key::Enter | Key::Tab if !event.is_composing() => mention(picked),
        Key::Escape => desk.change(Model::stop_mentioning),
        _ => return false,
    }
    true
}

/// The name takes the place of what was typed of it.
fn mention(mut desk: Desk, chat: &ChatId, index: usize) {
    let mut named = None;
    desk.change(|model| named = model.mention(index));
    let Some((typed, name)) = named else { return };
    let text = desk.drafts.peek().get(chat).cloned().unwrap_or_default();
    let before = dom::before_cursor(FIELD).unwrap_or_else(|| text.clone());
    let Some(kept) = before.len().checked_sub(typed).and_then(|end| before.get(..end)) else { return };
    let after = text.strip_prefix(before.as_str()).unwrap_or_default();
    desk.drafts.write().insert(chat.clone(), format!("{kept}{name}{after}"));
}

/// Where one writes.
const FIELD: &str = ".composer textarea";
/// That somebody types is said again after so long.
const TYPING_AGAIN_MS: f64 = 3_000.0;

/// What was begun follows on one's other devices.
fn keep_draft(desk: Desk, chat: &ChatId) {
    if desk.writing().is_none() {
        let text = desk.drafts.peek().get(chat).cloned().unwrap_or_default();
        desk.change(|model| model.keep_draft(chat, text));
    }
}

/// Why one cannot write here.
#[component]
fn Stopped(place: EmptyPlace) -> Element {
    rsx! {
        div { class: "composer",
            section { class: "stop",
                Icon { name: "block" }
                div {
                    h3 { "{place.title}" }
                    p { "{place.sentence}" }
                }
            }
        }
    }
}

/// Messages that are still to come.
#[component]
fn Bones() -> Element {
    rsx! {
        div { class: "column", aria_hidden: "true",
            for (index , out) in [false, false, true, false, true, true].into_iter().enumerate() {
                div { key: "{index}", class: if out { "message message--out" } else { "message" },
                    span { class: "bone bone--bubble bone--{index % 4}" }
                }
            }
        }
    }
}
