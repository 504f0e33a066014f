//! A picture or a video on the whole screen, and the media of a chat.

use dioxus::prelude::*;
use screens::{AttachmentAct, AttachmentShown, MediaKind, Transfer};

use super::{
    Desk, dialogs,
    media::{self, Drawn, File, Tile, act_of},
    parts::Icon,
};
use crate::{
    dom,
    model::{Gallery as Shown, Model, Shelf, Viewer as Viewed},
};

/// One of several, with a way to the others.
#[component]
pub fn Viewer(shown: Viewed) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".viewer__close");
    });
    let Some(item) = shown.items.get(shown.at).cloned() else { return rsx! {} };
    let count = shown.items.len();
    let place = if count > 1 { format!("{} of {count}", shown.at + 1) } else { String::new() };
    let (saved, held) = (item.clone(), item.clone());
    let has_bytes = act_of(&item) == AttachmentAct::Open;
    rsx! {
        dialog {
            class: "dialog viewer",
            aria_label: "{item.name}",
            onkeydown: move |event| {
                let by = match event.key() {
                    Key::ArrowLeft => -1,
                    Key::ArrowRight => 1,
                    _ => return dialogs::escape(&event, desk),
                };
                event.stop_propagation();
                desk.change(|model| model.view_next(by));
            },
            header { class: "viewer__head",
                span { class: "viewer__words",
                    b { class: "clip", bdi { "{item.name}" } }
                    small { role: "status", aria_label: "{item.line} {place}", "{item.line}" if count > 1 { " · {place}" } }
                }
                if item.kind == MediaKind::Video && matches!(act_of(&item), AttachmentAct::Hold) {
                    button {
                        class: "icon-button",
                        aria_label: "Hold {item.name}",
                        title: "Hold",
                        onclick: move |_| desk.change(|model| model.fetch(&held.id, false)),
                        Icon { name: "pause" }
                    }
                }
                if has_bytes {
                    button {
                        class: "icon-button",
                        aria_label: "Save {item.name}",
                        title: "Save",
                        onclick: move |_| desk.change(|model| model.save(&saved)),
                        Icon { name: "download" }
                    }
                }
                button { class: "icon-button viewer__close", aria_label: "Close", title: "Close", onclick: move |_| dialogs::close(desk),
                    Icon { name: "close" }
                }
            }
            div { class: "viewer__body", Whole { key: "{item.id.0}", item: item.clone() } }
            if shown.at > 0 {
                button {
                    class: "icon-button viewer__before",
                    aria_label: "The one before",
                    onclick: move |_| desk.change(|model| model.view_next(-1)),
                    Icon { name: "back", class: "i--flip" }
                }
            }
            if shown.at + 1 < count {
                button {
                    class: "icon-button viewer__after",
                    aria_label: "The next one",
                    onclick: move |_| desk.change(|model| model.view_next(1)),
                    Icon { name: "back", class: "i--turned" }
                }
            }
        }
    }
}

/// As large as there is room for.
#[component]
fn Whole(item: AttachmentShown) -> Element {
    let desk = use_context::<Desk>();
    let address = desk.model.read().media.addresses.get(&item.id).cloned();
    let poster = desk.model.read().media.thumbnails.get(&item.id).cloned();
    let id = item.id.clone();
    let whole = item.clone();
    use_effect(move || {
        // Where no service worker serves it piece by piece, all of it is put together first.
        if whole.kind == MediaKind::Video && !dom::plays_pieces() {
            desk.change(|model| model.want_bytes(&whole));
        }
    });
    let comes =
        matches!(item.state, Transfer::Coming | Transfer::Here | Transfer::Leaving | Transfer::LeavingHeld);
    if item.kind == MediaKind::Video && comes && dom::plays_pieces() {
        return rsx! {
            video { src: "/played/{item.id.0}", poster, controls: true, autoplay: true, aria_label: "{item.spoken}" }
        };
    }
    match (act_of(&item), item.kind, address) {
        (AttachmentAct::Open, MediaKind::Video, Some(address)) => rsx! {
            video { src: "{address}", poster, controls: true, autoplay: true, aria_label: "{item.spoken}" }
        },
        (AttachmentAct::Open, _, Some(address)) => rsx! { img { src: "{address}", alt: "{item.spoken}" } },
        (AttachmentAct::Open, ..) => {
            rsx! { div { class: "viewer__small", aria_busy: "true", Drawn { attachment: item } } }
        }
        (act, ..) => rsx! {
            div { class: "viewer__small",
                Drawn { attachment: item.clone() }
                p { "{item.line}" }
                button {
                    class: "button button--primary",
                    onclick: move |_| desk.change(|model| model.fetch(&id, act == AttachmentAct::Fetch)),
                    if act == AttachmentAct::Fetch {
                        "Load"
                    } else {
                        "Hold"
                    }
                }
            }
        },
    }
}

/// The media of a chat, by kind.
#[component]
pub fn Gallery(gallery: Shown) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .chip");
    });
    let shelf = gallery.shelf;
    let all: Option<Vec<AttachmentShown>> = gallery.bubbles.as_ref().map(|bubbles| {
        let of = bubbles.iter().flat_map(|bubble| bubble.attachments.iter().rev());
        of.filter(|one| shelf.holds(one.kind)).cloned().collect()
    });
    rsx! {
        dialog { class: "dialog dialog--wide", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Photos, videos and files" }
                    dialogs::Close {}
                }
                div { class: "chips", role: "group", aria_label: "Which",
                    for one in Shelf::ALL {
                        button {
                            key: "{shelf_word(one)}",
                            class: "chip",
                            "aria-pressed": if one == shelf { "true" } else { "false" },
                            onclick: {
                                let chat = gallery.chat.clone();
                                move |_| desk.change(|model| model.show_gallery(&chat, one))
                            },
                            {shelf_word(one)}
                        }
                    }
                }
                if let Some(refused) = gallery.refused {
                    p { class: "field__help field__help--error", role: "alert", "{refused}" }
                }
                match all {
                    None => rsx! { div { class: "bone bone--name", aria_hidden: "true" } },
                    Some(all) if all.is_empty() => rsx! { p { class: "lead", "Nothing of this kind in this chat yet." } },
                    Some(all) => rsx! {
                        ul { class: if shelf == Shelf::Seen { "shelf" } else { "shelf shelf--rows" }, aria_label: "{shelf_word(shelf)}",
                            for one in all {
                                li { key: "{one.id.0}",
                                    match shelf {
                                        Shelf::Seen => rsx! { Tile { attachment: one } },
                                        Shelf::Heard => rsx! { media::Attachments { attachments: vec![one] } },
                                        Shelf::Files => rsx! { File { attachment: one } },
                                    }
                                }
                            }
                        }
                    },
                }
                if gallery.earlier.is_some() {
                    button { class: "button button--plain", onclick: move |_| desk.change(Model::gallery_earlier), "Show earlier" }
                }
            }
        }
    }
}

fn shelf_word(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Seen => "Photos and videos",
        Shelf::Heard => "Sound",
        Shelf::Files => "Files",
    }
}
