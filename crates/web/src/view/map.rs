//! The map: a small still one in a bubble, and one that can be moved.

use std::rc::Rc;

use dioxus::prelude::*;
use vocab::{Fix, Position};

use super::{Desk, parts::Icon};
use crate::{
    dom,
    map::{View, World, ZOOM_STILL},
};

/// What the page has of the map of the world.
#[derive(Clone, Default)]
pub enum Land {
    /// No map was shown yet.
    #[default]
    Unasked,
    /// It is being loaded.
    Coming,
    /// All of it.
    Here(Rc<World>),
    /// It did not come: positions are shown on an empty sheet.
    Failed,
}

/// A position on a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Pin {
    /// Which.
    pub id: String,
    /// Where.
    pub position: Position,
    /// Radius of the circle it lies in, metres, 0 when not told.
    pub accuracy: u32,
    /// Initials of whoever is there; empty for a place.
    pub initials: String,
    /// The colour of a person.
    pub tint: u8,
    /// The one that is looked at.
    pub chosen: bool,
}

/// A small map of one place that does not move.
#[component]
pub fn Still(position: Position, accuracy: u32) -> Element {
    let view = View::around(position, ZOOM_STILL, STILL);
    // A circle that is larger than the window is seen as a whole.
    let radius = view.metres(position, accuracy.into());
    let farther = (radius * 2.5 / STILL.1).max(1.0).log2().ceil();
    let view = view.at_zoom(ZOOM_STILL - farther);
    let pin = Pin { id: String::new(), position, accuracy, initials: String::new(), tint: 0, chosen: true };
    rsx! {
        svg { class: "map__sheet", view_box: "0 0 {STILL.0} {STILL.1}", "preserveAspectRatio": "xMidYMid slice", "aria-hidden": "true",
            Ground { view }
            Pinned { view, pin }
        }
    }
}

/// A map that is moved by pointer, wheel, buttons and keys. With `onpick` a place is chosen on it: by a click, and by the arrow keys,
/// which otherwise move the map.
#[component]
pub fn Map(
    view: Signal<View>,
    pins: Vec<Pin>,
    here: Option<Fix>,
    name: String,
    chosen: Option<Position>,
    onpick: Option<EventHandler<Position>>,
) -> Element {
    let mut view = view;
    let mut held = use_signal(|| None::<Held>);
    let now = view();
    let (far, near) = (now.is_farthest(), now.is_nearest());
    let mut zoom = move |by: f64| {
        let shown = *view.peek();
        let around = chosen.map(|position| shown.pixel(position)).filter(|at| is_inside(&shown, *at));
        view.set(shown.zoomed(by, around.unwrap_or((shown.width / 2.0, shown.height / 2.0))));
    };
    let by_key = move |event: KeyboardEvent| {
        let step = if event.modifiers().shift() { STEP_PIXELS / 8.0 } else { STEP_PIXELS };
        let (right, down) = match event.key() {
            Key::ArrowLeft => (-step, 0.0),
            Key::ArrowRight => (step, 0.0),
            Key::ArrowUp => (0.0, -step),
            Key::ArrowDown => (0.0, step),
            Key::Character(key) if key == "+" || key == "=" => {
                event.prevent_default();
                return zoom(ZOOM_STEP);
            }
            Key::Character(key) if key == "-" => {
                event.prevent_default();
                return zoom(-ZOOM_STEP);
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let shown = *view.peek();
        let Some(onpick) = onpick else { return view.set(shown.dragged(-right, -down)) };
        let Some(before) = chosen else {
            shown.middle().into_iter().for_each(|middle| onpick.call(middle));
            return;
        };
        let (x, y) = shown.pixel(before);
        if let Some(next) = shown.position_at(x + right, y + down) {
            if !is_inside(&shown, (x + right, y + down)) {
                view.set(shown.centred(next));
            }
            onpick.call(next);
        }
    };
    let moved = move |event: PointerEvent| {
        let Some(Held { from, start, .. }) = *held.peek() else { return };
        let at = event.client_coordinates();
        let (right, down) = (at.x - from.0, at.y - from.1);
        let far = right.abs().max(down.abs()) > CLICK_PIXELS;
        if far || held.peek().is_some_and(|held| held.drags) {
            held.set(Some(Held { from, start, drags: true }));
            let now = *view.peek();
            view.set(start.sized((now.width, now.height)).dragged(right, down));
        }
    };
    let let_go = move |event: PointerEvent| {
        let clicked = held.peek().is_some_and(|held| !held.drags);
        held.set(None);
        if let (true, Some(onpick)) = (clicked, onpick) {
            let at = event.element_coordinates();
            view.peek().position_at(at.x, at.y).into_iter().for_each(|position| onpick.call(position));
        }
    };
    rsx! {
        div { class: "map",
            div {
                class: "map__window",
                tabindex: "0",
                // Its keys are its own: whoever reads the page with a program passes them on.
                role: "application",
                aria_roledescription: "map",
                aria_label: "{name}",
                onresize: move |event| {
                    if let Ok(size) = event.data().get_content_box_size()
                        && size.width > 0.0
                        && (size.width, size.height) != (view.peek().width, view.peek().height)
                    {
                        let sized = view.peek().sized((size.width, size.height));
                        view.set(sized);
                    }
                },
                onkeydown: by_key,
                onwheel: move |event| {
                    event.prevent_default();
                    let at = event.element_coordinates();
                    let by = -event.delta().strip_units().y.signum() * ZOOM_STEP;
                    let zoomed = view.peek().zoomed(by, (at.x, at.y));
                    view.set(zoomed);
                },
                onpointerdown: move |event| {
                    let at = event.client_coordinates();
                    held.set(Some(Held { from: (at.x, at.y), start: *view.peek(), drags: false }));
                },
                onpointermove: moved,
                onpointerup: let_go,
                onpointercancel: move |_| held.set(None),
                onpointerleave: move |_| held.set(None),
                svg { class: "map__sheet", view_box: "0 0 {now.width} {now.height}", "aria-hidden": "true",
                    Ground { view: now }
                    if let Some(fix) = here {
                        Myself { view: now, fix }
                    }
                    for pin in pins {
                        Pinned { key: "{pin.id}", view: now, pin }
                    }
                    Ruler { view: now }
                }
            }
            div { class: "map__buttons", role: "group", aria_label: "Nearer and farther",
                button { class: "icon-button", r#type: "button", aria_label: "Nearer", title: "Nearer", disabled: near, onclick: move |_| zoom(ZOOM_STEP),
                    Icon { name: "nearer" }
                }
                button { class: "icon-button", r#type: "button", aria_label: "Farther", title: "Farther", disabled: far, onclick: move |_| zoom(-ZOOM_STEP),
                    Icon { name: "farther" }
                }
            }
        }
    }
}

/// Sea, land, borders and names.
#[component]
fn Ground(view: View) -> Element {
    let desk = use_context::<Desk>();
    use_effect(move || load(desk));
    let (width, height) = (view.width, view.height);
    let land = desk.land.read();
    let (land, borders, labels) = match &*land {
        Land::Here(world) => (world.land(&view), world.borders(&view), world.labels(&view)),
        _ => (String::new(), String::new(), Vec::new()),
    };
    rsx! {
        rect { class: "map__sea", width: "{width}", height: "{height}" }
        path { class: "map__land", "fill-rule": "evenodd", d: "{land}" }
        path { class: "map__border", d: "{borders}" }
        for label in labels {
            if label.city {
                circle { class: "map__town", cx: "{label.x:.1}", cy: "{label.y:.1}", r: "2" }
                text { class: "map__name", x: "{label.x + 6.0:.1}", y: "{label.y + 4.0:.1}", "{label.text}" }
            } else {
                text { class: "map__name map__name--country", x: "{label.x:.1}", y: "{label.y + 4.0:.1}", "{label.text}" }
            }
        }
    }
}

/// A pin with the circle it lies in.
#[component]
fn Pinned(view: View, pin: Pin) -> Element {
    let (x, y) = view.pixel(pin.position);
    let radius = view.metres(pin.position, pin.accuracy.into()).min(CIRCLE_PIXELS_MAX);
    let class = if pin.chosen { "map__pin map__pin--chosen" } else { "map__pin" };
    rsx! {
        if radius > PIN_PIXELS / 2.0 {
            circle { class: "map__circle", cx: "{x:.1}", cy: "{y:.1}", r: "{radius:.1}" }
        }
        g { class: "{class} p{pin.tint}", transform: "translate({x:.1} {y:.1})",
            if pin.initials.is_empty() {
                path { d: "M0 0C-2-6-9-10-9-17A9 9 0 0 1 9-17C9-10 2-6 0 0Z" }
                circle { class: "map__hole", cy: "-17", r: "3.2" }
            } else {
                path { d: "M0 0-5-7A13 13 0 1 1 5-7Z" }
                text { class: "map__initials", y: "-15", "{pin.initials}" }
            }
        }
    }
}

/// Where one is oneself.
#[component]
fn Myself(view: View, fix: Fix) -> Element {
    let (x, y) = view.pixel(fix.position);
    let radius = view.metres(fix.position, fix.accuracy.into()).min(CIRCLE_PIXELS_MAX);
    rsx! {
        circle { class: "map__circle", cx: "{x:.1}", cy: "{y:.1}", r: "{radius:.1}" }
        circle { class: "map__me", cx: "{x:.1}", cy: "{y:.1}", r: "6" }
    }
}

/// How long a way on the map is.
#[component]
fn Ruler(view: View) -> Element {
    let (metres, pixels) = view.ruler();
    let (x, y) = (12.0, view.height - 12.0);
    let words =
        if metres < 1_000.0 { format!("{metres:.0} m") } else { format!("{:.0} km", metres / 1_000.0) };
    rsx! {
        path { class: "map__ruler", d: "M{x} {y - 4.0}V{y}H{x + pixels:.1}V{y - 4.0}" }
        text { class: "map__name", x: "{x + 4.0}", y: "{y - 6.0}", "{words}" }
    }
}

/// Loads the map when it is first needed.
fn load(desk: Desk) {
    let mut land = desk.land;
    if matches!(*land.peek(), Land::Unasked) {
        land.set(Land::Coming);
        dom::fetch(FILE, move |bytes| {
            let world = bytes.and_then(|bytes| World::read(&bytes));
            land.set(world.map_or(Land::Failed, |world| Land::Here(Rc::new(world))));
        });
    }
}

/// A pointer that holds the map: where it took it, what was seen then, and whether it has moved.
#[derive(Clone, Copy)]
struct Held {
    from: (f64, f64),
    start: View,
    drags: bool,
}

/// Far enough from the edge to be seen well.
fn is_inside(view: &View, (x, y): (f64, f64)) -> bool {
    let edge = |size: f64| size * 0.1;
    (edge(view.width)..view.width - edge(view.width)).contains(&x)
        && (edge(view.height)..view.height - edge(view.height)).contains(&y)
}

/// Made by `cargo xtask map`; kept with the rest of the shell for use without a line.
const FILE: &str = "/world.map";
/// Pixels of the map in a bubble.
const STILL: (f64, f64) = (292.0, 146.0);
/// How far an arrow key goes.
const STEP_PIXELS: f64 = 48.0;
/// A click may tremble so much.
const CLICK_PIXELS: f64 = 4.0;
/// What a button, a key or a notch of the wheel is worth: half as wide in two.
const ZOOM_STEP: f64 = 0.5;
/// A circle that is no larger than the pin is not drawn.
const PIN_PIXELS: f64 = 18.0;
/// Browsers draw no circle that is very large.
const CIRCLE_PIXELS_MAX: f64 = 20_000.0;
