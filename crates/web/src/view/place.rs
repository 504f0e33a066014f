//! Places: telling one, what a bubble shows of one, the map of a chat, and that somebody sees where one is.

use dioxus::prelude::*;
use screens::{Bubble, ChatId, HowPrecisely, LivePlaceRow, PlaceShown, Spot};
use vocab::{Fix, Position, Precision, Timestamp};

use super::{
    Desk, dialogs,
    map::{Map, Pin, Still},
    parts::Icon,
};
use crate::{
    dom,
    locate::NoPosition,
    map::{View, ZOOM_NEAR},
    model::{ChatMap, Here, Lasts, Model, Sharing, place::position},
};

/// What a bubble shows of a place: a small map that opens the large one, how far it is, and a way into the person's own program.
#[component]
pub fn InBubble(bubble: Bubble, place: PlaceShown) -> Element {
    let desk = use_context::<Desk>();
    let from = desk.model.read().here.fix;
    let Some(spot) = place.spot.clone() else { return rsx! {} };
    let Some(at) = position(&spot) else { return rsx! { OnMap { spot } } };
    let name = format!("Show on the map: {}", title(&place));
    rsx! {
        button {
            class: "place__map",
            aria_label: "{name}",
            title: "Show on the map",
            onclick: move |_| desk.change(|model| model.show_map(&bubble.chat, Some(&bubble))),
            Still { position: at, accuracy: spot.accuracy }
        }
        span { class: "place__foot",
            if let Some(from) = from.filter(|_| !bubble.own) {
                span { class: "bubble__note", "{spot.way_from(from.position)} of you" }
            }
            OnMap { spot }
        }
    }
}

/// A link that opens the person's own program for maps: nothing is asked of anybody else.
#[component]
fn OnMap(spot: Spot) -> Element {
    rsx! {
        a { class: "bubble__note", href: "{spot.geo}", title: "{spot.geo}", Icon { name: "forward", class: "i--16" } "Open in a map" }
    }
}

/// Somebody sees where one is, in this chat or, without one, anywhere.
#[component]
pub fn Telling(live: Vec<LivePlaceRow>, chat: Option<ChatId>) -> Element {
    let desk = use_context::<Desk>();
    let here = desk.model.read().here.clone();
    let rows: Vec<LivePlaceRow> =
        live.into_iter().filter(|row| chat.as_ref().is_none_or(|chat| row.chat == *chat)).collect();
    let Some(first) = rows.first().cloned() else { return rsx! {} };
    let fed_here = rows.iter().any(|row| row.here);
    let goes_on = fed_here && !here.feeds;
    let names = rows.iter().map(|row| row.chat_name.as_str()).collect::<Vec<_>>().join(", ");
    let title =
        if chat.is_some() { "They see where you are".to_owned() } else { format!("Live place: {names}") };
    let line = match (&here, rows.len()) {
        _ if goes_on => "This page does not tell it since it was opened. They see the last place.".to_owned(),
        (Here { feeds: true, trouble: Some(_), .. }, _) if fed_here => {
            "Your position is not found at present. They see the last one.".to_owned()
        }
        (_, 1) => capital(&first.line),
        (_, count) => format!("{count} chats see where you are."),
    };
    let stopped = (rows.len() == 1).then(|| first.id.clone());
    rsx! {
        div { class: "banner banner--live", role: "status", aria_label: "{title}",
            Icon { name: "place" }
            span { b { "{title}" } "{line}" }
            span { class: "banner__acts",
                if goes_on {
                    button { class: "button button--plain button--small", onclick: move |_| desk.change(Model::go_on_telling), "Go on" }
                }
                button {
                    class: "button button--plain button--small",
                    aria_label: if chat.is_some() { "Stop telling where you are" } else { "Stop telling where you are, {names}" },
                    onclick: move |_| desk.change(|model| model.stop_telling(stopped.clone())),
                    if rows.len() == 1 { "Stop" } else { "Stop all" }
                }
            }
        }
    }
}

/// The window in which a place is told.
#[component]
pub fn Share(sharing: Sharing) -> Element {
    let desk = use_context::<Desk>();
    let here = desk.model.read().here.clone();
    let live = sharing.lasts.is_some();
    let at = if live { None } else { sharing.chosen }.or(here.fix.map(|fix| fix.position));
    let mut view = use_signal(|| View::of_all(&at.into_iter().collect::<Vec<_>>(), ZOOM_NEAR, WINDOW));
    let measured = here.fix.filter(|fix| Some(fix.position) == at);
    // What was found comes into view.
    use_effect(use_reactive(&here.fix, move |fix: Option<Fix>| {
        if let Some(fix) = fix {
            let shown = *view.peek();
            view.set(shown.at_zoom(shown.zoom().max(ZOOM_NEAR)).centred(fix.position));
        }
    }));
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .chip");
    });
    let shown = at.map(|position| told(sharing.precision, position, measured));
    let pins = shown.map(|shown| Pin {
        id: "at".to_owned(),
        position: shown.position,
        accuracy: shown.accuracy,
        initials: String::new(),
        tint: 0,
        chosen: true,
    });
    let pick = (!live).then(|| {
        EventHandler::new(move |position: Position| {
            desk.change(|model| model.set_sharing(|sharing| sharing.chosen = Some(position)));
        })
    });
    let busy = sharing.busy;
    let status = match (at, measured) {
        (Some(position), Some(fix)) => format!("Where you are: {position}, within {} m", fix.accuracy),
        (Some(position), None) => format!("Chosen on the map: {position}"),
        (None, _) if here.asked => "Looking for where you are".to_owned(),
        (None, _) if live => "Find where you are first. A live place is always your own.".to_owned(),
        (None, _) => {
            "Find where you are, or choose a place on the map: click, or move with the arrow keys.".to_owned()
        }
    };
    rsx! {
        dialog { class: "dialog dialog--wide", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            form {
                class: "dialog__in",
                onsubmit: move |event| {
                    event.prevent_default();
                    desk.change(Model::tell_place);
                },
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Share a place" }
                    dialogs::Close {}
                }
                div { class: "chips", role: "group", aria_label: "For how long",
                    for (lasts , word) in LASTS {
                        button {
                            key: "{word}",
                            class: "chip",
                            r#type: "button",
                            "aria-pressed": if sharing.lasts == lasts { "true" } else { "false" },
                            onclick: move |_| desk.change(|model| model.set_sharing(|sharing| sharing.lasts = lasts)),
                            "{word}"
                        }
                    }
                }
                div { class: "chips", role: "group", aria_label: "How precisely",
                    for (precision , word) in PRECISIONS {
                        button {
                            key: "{word}",
                            class: "chip",
                            r#type: "button",
                            "aria-pressed": if sharing.precision == precision { "true" } else { "false" },
                            onclick: move |_| desk.change(|model| model.set_sharing(|sharing| sharing.precision = precision)),
                            "{word}"
                        }
                    }
                }
                Map { view, pins: pins.into_iter().collect::<Vec<_>>(), here: None, name: "Map to choose a place on", chosen: at, onpick: pick }
                p { class: "lead", role: "status", aria_label: "Place", "{status}" }
                if let Some(trouble) = here.trouble {
                    p { class: "field__help field__help--error", role: "alert", Icon { name: "alert", class: "i--16" } {no_position(trouble)} }
                }
                button {
                    class: "button button--outline button--block",
                    r#type: "button",
                    disabled: here.asked,
                    onclick: move |_| desk.change(Model::locate),
                    if here.asked {
                        span { class: "busy", aria_hidden: "true" }
                    } else {
                        Icon { name: "locate", class: "i--18" }
                    }
                    "Find where I am"
                }
                p { class: "fine",
                    "Your browser asks whether this page may know where you are. Nothing of it leaves this device before you press Share."
                    if live {
                        " While it is live, they see where you are as long as this page is open; it ends by itself at the time you choose, and you can stop it at any moment."
                    }
                }
                label { class: "field",
                    span { class: "field__label", "What it is called" }
                    span { class: "field__box",
                        input {
                            aria_label: "What it is called",
                            placeholder: "It may stay empty",
                            autocomplete: "off",
                            value: "{sharing.label}",
                            oninput: move |event| desk.change(|model| model.set_sharing(|sharing| sharing.label = event.value())),
                        }
                    }
                }
                if let Some(refused) = sharing.refused {
                    p { class: "field__help field__help--error", role: "alert", Icon { name: "alert", class: "i--16" } "{refused}" }
                }
                button { class: "button button--primary button--l button--block", disabled: busy || at.is_none(),
                    if busy {
                        span { class: "busy", aria_hidden: "true" }
                    }
                    if live { "Share live" } else { "Share" }
                }
            }
        }
    }
}

/// The places of a chat on the whole screen.
#[component]
pub fn ChatPlaces(map: ChatMap) -> Element {
    let desk = use_context::<Desk>();
    let here = desk.model.read().here.clone();
    let shown: Vec<(Bubble, Spot, Position)> = map
        .shown()
        .into_iter()
        .filter_map(|bubble| {
            let spot = bubble.place.as_ref()?.spot.clone()?;
            let at = position(&spot)?;
            Some((bubble, spot, at))
        })
        .collect();
    let mut chosen = use_signal(|| map.opened.as_ref().map(|opened| opened.id.clone()));
    let all: Vec<Position> = shown.iter().map(|(_, _, at)| *at).collect();
    // The one it was opened from is in the middle; without one, all are seen.
    let first: Vec<Position> =
        if map.opened.is_some() { all.iter().take(1).copied().collect() } else { all.clone() };
    let mut view = use_signal(|| View::of_all(&first, ZOOM_NEAR, WINDOW));
    let came = map.opened.is_none() && map.live.is_some();
    use_effect(use_reactive(&came, move |came| {
        if came {
            let size = (view.peek().width, view.peek().height);
            view.set(View::of_all(&all, ZOOM_NEAR, size));
        }
    }));
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".mapview__close");
    });
    let picked = chosen();
    let pins: Vec<Pin> = shown
        .iter()
        .map(|(bubble, spot, at)| Pin {
            id: bubble.id.0.clone(),
            position: *at,
            accuracy: spot.accuracy,
            initials: if bubble.place.as_ref().is_some_and(|place| place.live) {
                bubble.from.initials.clone()
            } else {
                String::new()
            },
            tint: bubble.from.tint,
            chosen: picked.as_ref() == Some(&bubble.id),
        })
        .collect();
    let nothing = shown.is_empty();
    rsx! {
        dialog { class: "dialog mapview", aria_label: "Map", onkeydown: move |event| dialogs::escape(&event, desk),
            header { class: "mapview__head",
                span { class: "mapview__words",
                    b { "Map" }
                    small { role: "status", aria_label: "On the map",
                        if nothing && map.live.is_some() {
                            "Nobody tells a live place here now."
                        } else {
                            {count(shown.len())}
                        }
                    }
                }
                button {
                    class: "icon-button",
                    aria_label: "Find where I am",
                    title: "Find where I am. Your browser asks first; nobody is told.",
                    disabled: here.asked,
                    onclick: move |_| desk.change(Model::locate),
                    Icon { name: "locate" }
                }
                button { class: "icon-button mapview__close", aria_label: "Close", title: "Close", onclick: move |_| dialogs::close(desk),
                    Icon { name: "close" }
                }
            }
            if let Some(trouble) = here.trouble {
                p { class: "field__help field__help--error", role: "alert", Icon { name: "alert", class: "i--16" } {no_position(trouble)} }
            }
            Map { view, pins, here: here.fix, name: "Map of the places", chosen: None::<Position>, onpick: None::<EventHandler<Position>> }
            ul { class: "map__list", aria_label: "Places",
                for (bubble , spot , at) in shown {
                    li { key: "{bubble.id}",
                        button {
                            class: "map__row",
                            "aria-pressed": if picked.as_ref() == Some(&bubble.id) { "true" } else { "false" },
                            onclick: {
                                let id = bubble.id.clone();
                                move |_| {
                                    chosen.set(Some(id.clone()));
                                    let shown = *view.peek();
                                    view.set(shown.at_zoom(shown.zoom().max(ZOOM_NEAR)).centred(at));
                                }
                            },
                            b { bdi { if bubble.own { "You" } else { "{bubble.from.name}" } } }
                            span { class: "map__row-title", dir: "auto", {bubble.place.as_ref().map(title).unwrap_or_default()} }
                            small {
                                "{spot.line}"
                                if let Some(fix) = here.fix.filter(|_| !bubble.own) {
                                    " · {spot.way_from(fix.position)} of you"
                                }
                            }
                        }
                        a { class: "icon-button", href: "{spot.geo}", aria_label: "Open in a map", title: "{spot.geo}", Icon { name: "forward" } }
                    }
                }
            }
        }
    }
}

/// `Live place, until 14:30: The dock`
fn title(place: &PlaceShown) -> String {
    if place.label.is_empty() { place.title.clone() } else { format!("{}: {}", place.title, place.label) }
}

fn count(places: usize) -> String {
    match places {
        1 => "1 place".to_owned(),
        _ => format!("{places} places"),
    }
}

fn capital(line: &str) -> String {
    let mut letters = line.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What the others see of it: the core makes it so before it is stored.
fn told(precision: HowPrecisely, position: Position, measured: Option<Fix>) -> Fix {
    let fix = measured.unwrap_or(Fix { position, accuracy: 0, at: Timestamp(0) });
    fix.told(match precision {
        HowPrecisely::Exact => Precision::Exact,
        HowPrecisely::Kilometre => Precision::Kilometre,
        HowPrecisely::Town => Precision::Town,
    })
}

fn no_position(trouble: NoPosition) -> &'static str {
    match trouble {
        NoPosition::Refused => {
            "This browser may not tell where you are. Allow it in the browser's settings for this site, or choose a place on the map."
        }
        NoPosition::NotFound => {
            "Your position was not found. Try again under the open sky, or choose a place on the map."
        }
        NoPosition::NoWay => "This browser cannot find where you are. Choose a place on the map.",
    }
}

/// Once, and how long live.
const LASTS: [(Option<Lasts>, &str); 4] = [
    (None, "Once"),
    (Some(Lasts::Quarter), "Live, 15 minutes"),
    (Some(Lasts::Hour), "Live, 1 hour"),
    (Some(Lasts::Day), "Live, 8 hours"),
];
const PRECISIONS: [(HowPrecisely, &str); 3] = [
    (HowPrecisely::Exact, "Exactly"),
    (HowPrecisely::Kilometre, "About 1 km"),
    (HowPrecisely::Town, "The town"),
];
/// Pixels of a map before it is known how large it is.
const WINDOW: (f64, f64) = (560.0, 280.0);
