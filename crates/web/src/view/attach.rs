//! What goes with a text: the menu, the tray above the field, and recording a voice note.

use dioxus::prelude::*;
use screens::{ChatId, MediaKind, Quality};

use super::{
    Desk, dialogs,
    media::{self, RECORDED},
    parts::Icon,
};
use crate::{
    dom, files,
    model::{Model, Picked, Stage},
    sound::{self, Recording, clock},
};

/// The button that opens the menu, and the fields behind the menu.
#[component]
pub fn Attach() -> Element {
    let desk = use_context::<Desk>();
    let take = move |field: &str| {
        let made = move |number, preview| desk.change(|model| model.preview_made(number, preview));
        let picked = files::chosen(field, made);
        desk.change(|model| model.pick(picked));
        dom::focus(".composer textarea");
    };
    rsx! {
        button {
            class: "icon-button attach",
            "aria-haspopup": "menu",
            aria_label: "Attach",
            title: "Attach",
            onclick: move |_| desk.change(Model::show_attach),
            Icon { name: "attach" }
        }
        input {
            id: "pick-seen",
            class: "sr",
            r#type: "file",
            tabindex: "-1",
            aria_label: "Photos or videos to attach",
            accept: "image/*,video/*",
            multiple: true,
            onchange: move |_| take(SEEN),
        }
        input {
            id: "pick-any",
            class: "sr",
            r#type: "file",
            tabindex: "-1",
            aria_label: "Files to attach",
            multiple: true,
            onchange: move |_| take(ANY),
        }
    }
}

/// What can be attached.
#[component]
pub fn Menu() -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".menu .menu__item");
    });
    let choose = move |field: &str| {
        dialogs::close(desk);
        files::choose(field);
    };
    rsx! {
        dialog {
            class: "dialog menu",
            aria_label: "Attach",
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
                div { role: "menu", aria_label: "Attach",
                    button { class: "menu__item", role: "menuitem", onclick: move |_| choose(SEEN),
                        Icon { name: "picture" }
                        "Photo or video"
                    }
                    button { class: "menu__item", role: "menuitem", onclick: move |_| choose(ANY),
                        Icon { name: "copy" }
                        "File"
                    }
                    button { class: "menu__item", role: "menuitem", onclick: move |_| cards(desk),
                        Icon { name: "person" }
                        "Contact card"
                    }
                }
            }
        }
    }
}

/// Another window takes the place of the menu.
fn cards(desk: Desk) {
    dom::close_dialog(".dialog");
    desk.change(Model::choose_cards);
}

/// The files that go with the next text.
#[component]
pub fn Tray(chat: ChatId) -> Element {
    let desk = use_context::<Desk>();
    let picked: Vec<Picked> = desk.model.read().tray(&chat).to_vec();
    let Some(first) = picked.first() else { return rsx! {} };
    let (quality, as_file) = (first.quality, first.as_file);
    let pictures = picked.iter().any(|file| file.kind == MediaKind::Picture);
    let seen = pictures || picked.iter().any(|file| file.kind == MediaKind::Video);
    rsx! {
        div { class: "tray", role: "group", aria_label: "Attached",
            ul { class: "tray__files", aria_label: "Attached files",
                for file in picked {
                    li { key: "{file.number}", class: "tray__file",
                        match &file.preview {
                            Some(preview) => rsx! { img { class: "tray__picture", src: "{preview}", alt: "" } },
                            None => rsx! {
                                span { class: "tray__picture", aria_hidden: "true", Icon { name: icon(file.kind) } }
                            },
                        }
                        span { class: "tray__words",
                            b { class: "clip", title: "{file.name}", bdi { "{file.name}" } }
                            small { "{file.size}" }
                        }
                        button {
                            class: "icon-button icon-button--s",
                            r#type: "button",
                            aria_label: "Remove {file.name}",
                            title: "Remove",
                            onclick: move |_| {
                                desk.change(|model| model.unpick(file.number));
                                dom::focus(".composer textarea");
                            },
                            Icon { name: "close", class: "i--18" }
                        }
                    }
                }
            }
            if seen {
                div { class: "tray__how",
                    if pictures && !as_file {
                        div { class: "chips", role: "group", aria_label: "Quality of photos",
                            for (one , word) in QUALITIES {
                                button {
                                    key: "{word}",
                                    class: "chip",
                                    r#type: "button",
                                    "aria-pressed": if one == quality { "true" } else { "false" },
                                    onclick: move |_| desk.change(|model| model.set_quality(one)),
                                    "{word}"
                                }
                            }
                        }
                    }
                    label { class: "tray__as-file",
                        input {
                            r#type: "checkbox",
                            checked: as_file,
                            onchange: move |event| {
                                let on = event.checked();
                                desk.change(|model| model.set_as_file(on));
                            },
                        }
                        "As a file, with all it says of itself"
                    }
                }
            }
        }
    }
}

/// The button that begins to record.
#[component]
pub fn Microphone() -> Element {
    let mut desk = use_context::<Desk>();
    rsx! {
        button {
            class: "icon-button attach",
            r#type: "button",
            aria_label: "Record a voice note",
            title: "Record a voice note",
            onclick: move |_| {
                media_stops(desk);
                let mut recording = desk.recording;
                sound::record(move |now| recording.set(Some(now)));
                desk.recording.set(Some(Recording::Asking));
            },
            Icon { name: "mic" }
        }
    }
}

/// In the place of the field, while something is recorded.
#[component]
pub fn Recorder() -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| dom::focus(".recorder .send, .recorder button"));
    let Some(recording) = desk.recording.read().clone() else { return rsx! {} };
    let pause = move |paused| {
        if let Some(now) = sound::pause_recording(paused) {
            let mut held = desk.recording;
            held.set(Some(now));
        }
    };
    let line = match &recording {
        Recording::Asking => "Waiting for the microphone".to_owned(),
        Recording::Running(ms) => format!("Recording {}", clock(*ms)),
        Recording::Paused(ms) => format!("Paused at {}", clock(*ms)),
        Recording::Ready { ms, .. } => format!("Voice note, {}", clock(*ms)),
        Recording::Refused(sentence) => (*sentence).to_owned(),
    };
    let refused = matches!(recording, Recording::Refused(_));
    let plays = desk.playing.read().as_ref().is_some_and(|playing| playing.id == RECORDED && playing.runs);
    rsx! {
        div { class: "composer__in recorder", role: "group", aria_label: "Voice note",
            button { class: "icon-button", r#type: "button", aria_label: "Discard", title: "Discard", onclick: move |_| discard(desk),
                Icon { name: "delete" }
            }
            span {
                class: if refused { "recorder__line under--failed" } else { "recorder__line" },
                role: if refused { "alert" } else { "timer" },
                aria_label: "{line}",
                if matches!(recording, Recording::Running(_)) {
                    span { class: "recorder__dot", aria_hidden: "true" }
                }
                "{line}"
            }
            match recording {
                Recording::Running(_) => rsx! {
                    button { class: "icon-button", r#type: "button", aria_label: "Pause", title: "Pause", onclick: move |_| pause(true),
                        Icon { name: "pause" }
                    }
                    button { class: "send", r#type: "button", aria_label: "Done", title: "Done", onclick: move |_| sound::finish(),
                        Icon { name: "tick" }
                    }
                },
                Recording::Paused(_) => rsx! {
                    button { class: "icon-button", r#type: "button", aria_label: "Go on", title: "Go on", onclick: move |_| pause(false),
                        Icon { name: "mic" }
                    }
                    button { class: "send", r#type: "button", aria_label: "Done", title: "Done", onclick: move |_| sound::finish(),
                        Icon { name: "tick" }
                    }
                },
                Recording::Ready { number, address, .. } => rsx! {
                    button {
                        class: "icon-button",
                        r#type: "button",
                        aria_label: if plays { "Pause listening" } else { "Listen" },
                        title: "Listen",
                        onclick: move |_| {
                            if !media::toggle(desk, RECORDED) {
                                media::play_at(desk, RECORDED.to_owned(), &address);
                            }
                        },
                        Icon { name: if plays { "pause" } else { "play" } }
                    }
                    button {
                        class: "send",
                        r#type: "button",
                        aria_label: "Send",
                        title: "Send",
                        onclick: move |_| {
                            media_stops(desk);
                            let mut recording = desk.recording;
                            recording.set(None);
                            desk.change(|model| model.send_voice(number));
                            dom::scroll_to_end(".timeline");
                        },
                        Icon { name: "send" }
                    }
                },
                Recording::Asking | Recording::Refused(_) => rsx! {},
            }
        }
    }
}

/// What is recorded is thrown away.
pub fn discard(mut desk: Desk) {
    let recording = desk.recording.peek().clone();
    match recording {
        None => return,
        Some(Recording::Ready { number, .. }) => {
            if desk.playing.peek().as_ref().is_some_and(|playing| playing.id == RECORDED) {
                media_stops(desk);
            }
            files::forget(number);
        }
        Some(_) => sound::cancel(),
    }
    desk.recording.set(None);
}

fn media_stops(mut desk: Desk) {
    sound::stop();
    desk.playing.set(None);
}

/// Whether anything is in the tray of a chat.
pub fn has_files(desk: Desk, chat: &ChatId) -> bool {
    let model = desk.model.read();
    matches!(model.stage, Stage::Main(_)) && !model.tray(chat).is_empty()
}

fn icon(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Picture | MediaKind::Sticker | MediaKind::Animation => "picture",
        MediaKind::Video => "video",
        MediaKind::Voice | MediaKind::Audio => "mic",
        MediaKind::File => "copy",
    }
}

const QUALITIES: [(Quality, &str); 3] =
    [(Quality::DataSaver, "Data saver"), (Quality::Standard, "Standard"), (Quality::Original, "Original")];
/// The fields that the browser's own window hangs on.
const SEEN: &str = "#pick-seen";
const ANY: &str = "#pick-any";
