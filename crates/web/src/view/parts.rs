//! Small parts that several places use.

use super::Desk;
use dioxus::prelude::*;
use screens::{Banner, BannerKind, Mark, MarkShown};

/// An icon by its role; it says nothing, what it stands in does.
#[component]
pub fn Icon(name: String, #[props(default)] class: String) -> Element {
    rsx! {
        svg { class: "i {class}", "aria-hidden": "true", r#use { href: "/icons.svg#{name}" } }
    }
}

/// The mark of Valise: a bag, its flap, one clasp.
#[component]
pub fn Logo() -> Element {
    rsx! {
        svg { class: "mark", view_box: "0 0 32 32", role: "img", "aria-label": "Valise", r#use { href: "/icons.svg#mark" } }
    }
}

/// The bag, for places with nothing else.
#[component]
pub fn Bag() -> Element {
    rsx! {
        svg { class: "bag", view_box: "0 0 340 260", "aria-hidden": "true", r#use { href: "/icons.svg#bag" } }
    }
}

/// Letters in place of a picture.
#[component]
pub fn Avatar(initials: String, tint: u8, #[props(default)] class: String) -> Element {
    rsx! {
        span { class: "avatar p{tint} {class}", aria_hidden: "true", "{initials}" }
    }
}

/// A chat in the list or at its head: its picture where there is one, letters else. The browser draws it, whatever it holds.
#[component]
pub fn Face(picture: Option<String>, initials: String, tint: u8, #[props(default)] class: String) -> Element {
    let desk = use_context::<Desk>();
    let source = picture.and_then(|id| desk.model.read().pictures.get(&id).cloned());
    match source {
        Some(source) => {
            rsx! { img { class: "avatar avatar--picture {class}", src: "{source}", alt: "", "aria-hidden": "true" } }
        }
        None => rsx! { Avatar { initials, tint, class } },
    }
}

/// Somebody of whom nothing is shown.
#[component]
pub fn Unknown(#[props(default)] class: String) -> Element {
    rsx! {
        span { class: "avatar avatar--unknown {class}", aria_hidden: "true", Icon { name: "person", class: "i--24" } }
    }
}

/// How far a message came: a sign, and its word for whoever does not see it.
#[component]
pub fn Marks(mark: MarkShown) -> Element {
    let (sign, class) = match mark.mark {
        Mark::Pending => ("sending", ""),
        Mark::Sent => ("sent", ""),
        Mark::Delivered => ("delivered", ""),
        Mark::Read => ("delivered", "marks--read"),
    };
    rsx! {
        svg { class: "i i--mark marks {class}", "aria-hidden": "true", r#use { href: "/icons.svg#{sign}" } title { "{mark.word}" } }
        span { class: "sr", "{mark.word}" }
    }
}

/// A condition that lasts.
#[component]
pub fn Lasting(banner: Banner) -> Element {
    let (class, icon) = match banner.kind {
        BannerKind::Note => ("banner", "info"),
        BannerKind::Warning => ("banner banner--warn", "warn"),
        BannerKind::Danger => ("banner banner--danger", "alert"),
    };
    rsx! {
        div { class, role: "status",
            Icon { name: icon }
            span { b { "{banner.title}" } "{banner.sentence}" }
        }
    }
}
