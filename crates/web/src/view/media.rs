//! Attachments in a message, and what is on its way out.

use dioxus::prelude::*;
use screens::{AttachmentAct, AttachmentShown, ChatId, MediaKind, OutgoingAct, OutgoingShown, Transfer};

use super::{Desk, message, parts::Icon};
use crate::{
    dom,
    model::{is_seen, thumbhash},
    sound::{self, Heard, clock},
};

/// What is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playing {
    /// Which attachment, or [`RECORDED`].
    pub id: String,
    /// Where it is, in milliseconds.
    pub at_ms: u64,
    /// It goes on.
    pub runs: bool,
}

/// In the place of an attachment's id: what was just recorded.
pub const RECORDED: &str = "recorded";
/// How fast voice notes can be played, in percent.
pub const RATES: [u16; 3] = [100, 150, 200];

/// All that a message carries.
#[component]
pub fn Attachments(attachments: Vec<AttachmentShown>) -> Element {
    let (seen, rest): (Vec<_>, Vec<_>) = attachments.into_iter().partition(|one| is_seen(one.kind));
    let more = seen.len().saturating_sub(ALBUM_SHOWN);
    let album = match seen.len() {
        0 | 1 => "",
        2 => "album album--two",
        _ => "album",
    };
    rsx! {
        if seen.len() == 1 {
            for one in seen {
                Tile { key: "{one.id.0}", attachment: one, alone: true }
            }
        } else if !seen.is_empty() {
            div { class: album, role: "group", aria_label: "Album",
                for (index , one) in seen.into_iter().take(ALBUM_SHOWN).enumerate() {
                    Tile { key: "{one.id.0}", attachment: one, more: if index + 1 == ALBUM_SHOWN { more } else { 0 } }
                }
            }
        }
        for one in rest {
            match one.kind {
                MediaKind::Voice | MediaKind::Audio => rsx! { Sound { key: "{one.id.0}", attachment: one } },
                _ => rsx! { File { key: "{one.id.0}", attachment: one } },
            }
        }
    }
}

/// A picture, a video or an animation in its box: the box has its size before anything of it is here.
#[component]
pub fn Tile(
    attachment: AttachmentShown,
    #[props(default)] alone: bool,
    #[props(default)] more: usize,
) -> Element {
    let desk = use_context::<Desk>();
    let mut in_view = use_signal(|| false);
    let state = attachment.state;
    {
        let attachment = attachment.clone();
        use_effect(use_reactive!(|state, attachment| {
            // It came into view, or what is in view has come.
            let _ = state;
            if in_view() {
                desk.change(|model| model.sees(&attachment));
            }
        }));
    }
    let sticker = attachment.kind == MediaKind::Sticker;
    let class = match (alone, sticker) {
        (true, true) => "tile tile--sticker",
        (true, false) => "tile tile--alone",
        _ => "tile",
    };
    let label = label(&attachment);
    let plays = attachment.kind == MediaKind::Video
        && (attachment.state == Transfer::Here || plays_while_it_comes(&attachment));
    let trouble = matches!(attachment.state, Transfer::Gone | Transfer::Damaged);
    let percent = moves(&attachment).then_some(attachment.percent);
    let corner = match (&attachment.duration, attachment.kind) {
        (Some(duration), MediaKind::Video) => Some(format!("{duration} · {}", attachment.size_text)),
        (_, MediaKind::Animation) => Some("GIF".to_owned()),
        _ => None,
    };
    let act = act_of(&attachment);
    let icon = match act {
        _ if plays => Some("play"),
        AttachmentAct::Fetch => Some("download"),
        AttachmentAct::Hold => Some("pause"),
        _ => None,
    };
    let clicked = attachment.clone();
    rsx! {
        button {
            class,
            aria_label: "{label}",
            title: "{attachment.line}",
            onvisible: move |event| {
                if event.data().is_intersecting().unwrap_or(true) && !*in_view.peek() {
                    in_view.set(true);
                }
            },
            onclick: move |_| click(desk, &clicked),
            Drawn { attachment: attachment.clone() }
            if let Some(corner) = corner {
                span { class: "corner", aria_hidden: "true", "{corner}" }
            }
            if trouble {
                span { class: "tile__words", "{attachment.line}" }
            } else if let Some(icon) = icon {
                span { class: "playmark", aria_hidden: "true", Icon { name: icon, class: "i--24" } }
                if icon != "play" {
                    span { class: "tile__line", aria_hidden: "true", "{attachment.line}" }
                }
            }
            if let Some(percent) = percent {
                progress { class: "tile__progress", aria_label: "{attachment.line}", max: "100", value: "{percent}" }
            }
            if more > 0 {
                span { class: "album__more", aria_hidden: "true", "+{more}" }
            }
        }
    }
}

/// The best that is here of a picture.
#[component]
pub fn Drawn(attachment: AttachmentShown) -> Element {
    let desk = use_context::<Desk>();
    let model = desk.model.read();
    let whole = model.media.addresses.get(&attachment.id).filter(|_| attachment.kind != MediaKind::Video);
    let small = model.media.thumbnails.get(&attachment.id);
    let source = whole.or(small).cloned().or_else(|| thumbhash::bitmap(&attachment.placeholder));
    let (width, height) = match (attachment.width, attachment.height) {
        (0, _) | (_, 0) => (4, 3),
        sides => sides,
    };
    match source {
        Some(source) => {
            rsx! { img { src: "{source}", alt: "", width: "{width}", height: "{height}", draggable: "false" } }
        }
        None => rsx! {
            svg { class: "tile__blank", view_box: "0 0 {width} {height}", "aria-hidden": "true" }
        },
    }
}

/// A voice note or a sound: a button, how loud it is where, where it is, how fast.
#[component]
fn Sound(attachment: AttachmentShown) -> Element {
    let desk = use_context::<Desk>();
    let here = act_of(&attachment) == AttachmentAct::Open;
    let playing = desk.playing.read().clone().filter(|playing| playing.id == attachment.id.0);
    let runs = playing.as_ref().is_some_and(|playing| playing.runs);
    let at_ms = playing.as_ref().map_or(0, |playing| playing.at_ms);
    let length = attachment.duration_ms.max(1);
    let rate = (desk.rate)();
    let (clicked, saved) = (attachment.clone(), attachment.clone());
    let voice = attachment.kind == MediaKind::Voice;
    let icon = match (act_of(&attachment), runs) {
        (AttachmentAct::Fetch, _) => "download",
        (AttachmentAct::Hold, _) | (_, true) => "pause",
        _ => "play",
    };
    let name = match (here, runs) {
        (false, _) => label(&attachment),
        (true, true) => format!("Pause {}", attachment.spoken),
        (true, false) => format!("Play {}", attachment.spoken),
    };
    let told = if playing.is_some() { clock(at_ms) } else { attachment.duration.clone().unwrap_or_default() };
    rsx! {
        div { class: "voice", role: "group", aria_label: "{attachment.spoken}",
            button { class: "round", aria_label: "{name}", onclick: move |_| click(desk, &clicked), Icon { name: icon } }
            div { class: "voice__body",
                if !voice {
                    b { class: "clip", bdi { "{attachment.name}" } }
                }
                div { class: "wave__box",
                    Wave { bars: attachment.waveform.clone(), share: at_ms as f64 / length as f64 }
                    if here && playing.is_some() {
                        input {
                            class: "wave__seek",
                            r#type: "range",
                            aria_label: "Position",
                            "aria-valuetext": "{told}",
                            min: "0",
                            max: "{length}",
                            step: "1000",
                            value: "{at_ms}",
                            oninput: move |event| {
                                if let Ok(to) = event.value().parse::<f64>() {
                                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the note")]
                                    sound::seek(to.max(0.0) as u64);
                                }
                            },
                        }
                    }
                }
            }
        }
        div { class: "voice__foot",
            span {
                if here {
                    "{told}"
                } else {
                    "{told} · {attachment.line}"
                }
            }
            if here && playing.is_some() {
                button { class: "speed", aria_label: "Speed, {rate_in_words(rate)}", onclick: move |_| next_rate(desk), "{rate_in_words(rate)}" }
            }
            if here && !voice {
                button { class: "speed", aria_label: "Save {saved.name}", onclick: move |_| desk.change(|model| model.save(&saved)), "Save" }
            }
        }
    }
}

/// How loud it is where.
#[component]
pub fn Wave(bars: Vec<u8>, share: f64) -> Element {
    let count = bars.len().max(1) as f64;
    rsx! {
        svg { class: "wave", view_box: "0 0 {bars.len().max(1) * 5} 32", "preserveAspectRatio": "none", "aria-hidden": "true",
            if bars.is_empty() {
                rect { x: "0", y: "15", width: "5", height: "2" }
            }
            for (index , bar) in bars.iter().enumerate() {
                rect {
                    key: "{index}",
                    class: if (index as f64) < share * count { "on" } else { "" },
                    x: "{index * 5}",
                    y: "{16.0 - f64::from((*bar).clamp(1, 31)) / 2.0}",
                    width: "3",
                    height: "{(*bar).clamp(1, 31)}",
                    rx: "1.3",
                }
            }
        }
    }
}

/// By its name, size and pages.
#[component]
pub fn File(attachment: AttachmentShown) -> Element {
    let desk = use_context::<Desk>();
    let act = act_of(&attachment);
    let (icon, word) = match act {
        AttachmentAct::Fetch => ("download", "Load"),
        AttachmentAct::Hold => ("pause", "Hold"),
        _ => ("disk", "Save"),
    };
    let about = match &attachment.pages {
        Some(pages) => format!("{} · {pages}", attachment.line),
        None => attachment.line.clone(),
    };
    let percent = moves(&attachment).then_some(attachment.percent);
    let clicked = attachment.clone();
    rsx! {
        div { class: "file", role: "group", aria_label: "{attachment.name}, {attachment.spoken}",
            span { class: "file__tile", aria_hidden: "true", "{ending(&attachment.name)}" }
            span { class: "file__body",
                b { class: "clip", title: "{attachment.name}", bdi { "{attachment.name}" } }
                small { "{about}" }
            }
            button {
                class: "icon-button icon-button--s",
                aria_label: "{word} {attachment.name}",
                title: "{word}",
                onclick: move |_| match act {
                    AttachmentAct::Fetch => desk.change(|model| model.fetch(&clicked.id, true)),
                    AttachmentAct::Hold => desk.change(|model| model.fetch(&clicked.id, false)),
                    _ => desk.change(|model| model.save(&clicked)),
                },
                Icon { name: icon, class: "i--18" }
            }
        }
        if let Some(percent) = percent {
            progress { aria_label: "{attachment.line}", max: "100", value: "{percent}" }
        }
    }
}

/// What is on its way out and no message yet.
#[component]
pub fn Outgoing(outgoing: OutgoingShown) -> Element {
    let desk = use_context::<Desk>();
    let media = outgoing.attachments.iter().any(|one| is_seen(one.kind));
    rsx! {
        li { class: "message message--out is-first is-last", tabindex: "-1", aria_label: "{outgoing.spoken}",
            div { class: if media { "bubble bubble--media" } else { "bubble" },
                if let Some(quote) = &outgoing.reply_to {
                    message::Quoted { quote: quote.clone() }
                }
                Attachments { attachments: outgoing.attachments.clone() }
                if !outgoing.text.is_empty() {
                    div { class: "caption", span { class: "bubble__text", dir: "auto", "{outgoing.text}" } }
                }
                progress { aria_label: "{outgoing.line}", max: "100", value: "{outgoing.percent}" }
            }
            div { class: if outgoing.failed { "under under--failed" } else { "under" },
                if outgoing.failed {
                    Icon { name: "alert", class: "i--14" }
                }
                span { "{outgoing.line}" }
                for act in outgoing.acts.clone() {
                    button {
                        key: "{act:?}",
                        class: "under__act",
                        onclick: {
                            let (chat, id) = (outgoing.chat.clone(), outgoing.id.clone());
                            move |_| desk.change(|model| model.act_on_outgoing(&chat, &id, act))
                        },
                        {outgoing_word(act)}
                    }
                }
            }
        }
    }
}

/// What is looked at and read before it leaves.
#[component]
pub fn Preparing(chat: ChatId) -> Element {
    let desk = use_context::<Desk>();
    let lines = desk.model.read().preparing(&chat);
    rsx! {
        for (index , line) in lines.into_iter().enumerate() {
            li { key: "{index}", class: "message message--out is-first is-last",
                div { class: "bubble bubble--preparing", role: "status", aria_label: "{line}", "{line}…" }
            }
        }
    }
}

/// Plays it: what is paused goes on, what plays pauses.
pub fn play(desk: Desk, attachment: &AttachmentShown) {
    let model = desk.model.peek();
    let Some(address) = model.media.addresses.get(&attachment.id).cloned() else { return };
    drop(model);
    play_at(desk, attachment.id.0.clone(), &address);
}

/// Plays what is at an address under this id.
pub fn play_at(mut desk: Desk, id: String, address: &str) {
    desk.playing.set(Some(Playing { id: id.clone(), at_ms: 0, runs: true }));
    let rate = *desk.rate.peek();
    let mut playing = desk.playing;
    sound::play(address, 0, rate, move |heard| {
        // What another player still says is about another note.
        if playing.peek().as_ref().is_none_or(|now| now.id != id) {
            return;
        }
        match heard {
            Heard::At(at_ms, runs) => playing.set(Some(Playing { id: id.clone(), at_ms, runs })),
            Heard::Ended | Heard::Failed => {
                playing.set(None);
                let next = desk.model.peek().voice_after(&screens::AttachmentId(id.clone()));
                if let (Heard::Ended, Some(next)) = (heard, next) {
                    desk.change(|model| model.play(&next));
                }
            }
        }
    });
}

/// Pauses what plays, or lets it go on; true when it is this one.
pub fn toggle(desk: Desk, id: &str) -> bool {
    let runs = desk.playing.peek().as_ref().filter(|playing| playing.id == id).map(|playing| playing.runs);
    if let Some(runs) = runs {
        sound::set_running(!runs);
    }
    runs.is_some()
}

fn next_rate(mut desk: Desk) {
    let now = *desk.rate.peek();
    let at = RATES.iter().position(|rate| *rate == now).unwrap_or(0);
    let next = RATES[(at + 1) % RATES.len()];
    desk.rate.set(next);
    sound::set_rate(next);
}

fn rate_in_words(percent: u16) -> String {
    match percent % 100 {
        0 => format!("{}×", percent / 100),
        rest => format!("{}.{}×", percent / 100, rest / 10),
    }
}

fn click(desk: Desk, attachment: &AttachmentShown) {
    match (act_of(attachment), attachment.kind) {
        // A film is played while it comes.
        (act @ (AttachmentAct::Fetch | AttachmentAct::Hold), MediaKind::Video)
            if plays_while_it_comes(attachment) =>
        {
            desk.change(|model| {
                if act == AttachmentAct::Fetch {
                    model.fetch(&attachment.id, true);
                }
                model.view(&attachment.id);
            });
        }
        (AttachmentAct::Fetch, _) => desk.change(|model| model.fetch(&attachment.id, true)),
        (AttachmentAct::Hold, _) => desk.change(|model| model.fetch(&attachment.id, false)),
        (_, MediaKind::Voice | MediaKind::Audio) => {
            if !toggle(desk, &attachment.id.0) {
                desk.change(|model| model.play(attachment));
            }
        }
        _ => desk.change(|model| model.view(&attachment.id)),
    }
}

/// The likeliest.
pub fn act_of(attachment: &AttachmentShown) -> AttachmentAct {
    attachment.acts.first().copied().unwrap_or(AttachmentAct::Open)
}

/// Whether pressing it plays it at once, although not all of it is here.
pub fn plays_while_it_comes(attachment: &AttachmentShown) -> bool {
    let can_come = matches!(attachment.state, Transfer::Known | Transfer::Coming | Transfer::ComingHeld);
    attachment.kind == MediaKind::Video && can_come && dom::plays_pieces()
}

/// Whether its bytes are under way.
fn moves(attachment: &AttachmentShown) -> bool {
    matches!(attachment.state, Transfer::Coming | Transfer::ComingHeld)
}

fn label(attachment: &AttachmentShown) -> String {
    let word = match act_of(attachment) {
        _ if plays_while_it_comes(attachment) => "Play",
        AttachmentAct::Fetch => "Load",
        AttachmentAct::Hold => "Hold",
        AttachmentAct::Open | AttachmentAct::Save => "Open",
    };
    format!("{word} {}", attachment.spoken)
}

fn outgoing_word(act: OutgoingAct) -> &'static str {
    match act {
        OutgoingAct::Hold => "Hold",
        OutgoingAct::GoOn => "Go on",
        OutgoingAct::TryAgain => "Try again",
        OutgoingAct::Cancel => "Cancel",
    }
}

/// What stands on a file's tile.
fn ending(name: &str) -> String {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if ending.is_empty() || ending.chars().count() > 4 { "FILE".to_owned() } else { ending.to_uppercase() }
}

/// Of an album; how many more there are stands on the last.
const ALBUM_SHOWN: usize = 3;
