//! How much room media take on this device, and what is loaded by itself.

use dioxus::prelude::*;
use screens::{ChatId, MediaRuleRow, StoragePage, StorageRow};

use super::{Desk, dialogs};
use crate::{dom, files::size_in_words};

/// The page.
#[component]
pub fn Page(page: Option<StoragePage>, said: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let metered = desk.model.read().metered;
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .icon-button");
    });
    rsx! {
        dialog { class: "dialog dialog--wide", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Storage" }
                    dialogs::Close {}
                }
                if let Some(said) = said {
                    p { class: "field__help field__help--error", role: "alert", "{said}" }
                }
                match page {
                    None => rsx! { div { class: "bone bone--name", aria_hidden: "true" } },
                    Some(page) => rsx! {
                        p { class: "big", role: "status", aria_label: "{page.line}", "{page.line}" }
                        if !page.rows.is_empty() {
                            ul { class: "rows", aria_label: "By chat",
                                for row in page.rows.clone() {
                                    Row { key: "{row.chat}", row, all: page.bytes }
                                }
                            }
                            Free {}
                        }
                        fieldset { class: "stack",
                            legend { class: "field__label", "What is loaded by itself" }
                            for rule in page.rules {
                                div { key: "{rule.name}", class: "rule",
                                    span { class: "rule__name", "{rule.name}" }
                                    Rule { rule: rule.clone(), metered: false }
                                    Rule { rule, metered: true }
                                }
                            }
                            p { class: "field__help",
                                "The second choice holds where the network costs by its bytes: where you asked the browser to save data, or it is a phone's."
                                if metered {
                                    " It does now."
                                }
                            }
                        }
                    },
                }
            }
        }
    }
}

#[component]
fn Row(row: StorageRow, all: u64) -> Element {
    let desk = use_context::<Desk>();
    let mut sure = use_signal(|| false);
    let chat = row.chat.clone();
    rsx! {
        li { class: "rows__row",
            span { class: "rows__main rows__main--text",
                b { class: "clip", bdi { "{row.name}" } }
                span { "{row.line}" }
                progress { aria_hidden: "true", max: "{all.max(1)}", value: "{row.bytes}" }
            }
            button {
                class: if sure() { "button button--primary" } else { "button button--outline" },
                aria_label: if sure() { "Free {row.name} now" } else { "Free {row.name}" },
                onclick: move |_| {
                    if sure() {
                        desk.change(|model| model.free(Some(chat.clone()), 0, 0));
                    }
                    sure.toggle();
                },
                if sure() {
                    "Free {size_in_words(row.bytes)}"
                } else {
                    "Free"
                }
            }
        }
    }
}

/// By age and size, in all chats.
#[component]
fn Free() -> Element {
    let desk = use_context::<Desk>();
    let mut days = use_signal(|| AGES[0].0);
    let mut bytes = use_signal(|| SIZES[0].0);
    let all: Option<ChatId> = None;
    rsx! {
        form {
            class: "free",
            onsubmit: move |event| {
                event.prevent_default();
                desk.change(|model| model.free(all.clone(), *days.peek(), *bytes.peek()));
            },
            select { aria_label: "How old", onchange: move |event| days.set(event.value().parse().unwrap_or(AGES[0].0)),
                for (value , word) in AGES {
                    option { key: "{value}", value: "{value}", "{word}" }
                }
            }
            select { aria_label: "How large", onchange: move |event| bytes.set(event.value().parse().unwrap_or(SIZES[0].0)),
                for (value , word) in SIZES {
                    option { key: "{value}", value: "{value}", "{word}" }
                }
            }
            button { class: "button button--outline", "Free in all chats" }
        }
        p { class: "field__help", "The files go from this device. The messages stay, and so does what you starred." }
    }
}

/// What is loaded by itself, of one kind, on one kind of network.
#[component]
fn Rule(rule: MediaRuleRow, metered: bool) -> Element {
    let desk = use_context::<Desk>();
    let kind = rule.kind;
    let most = if metered { rule.metered } else { rule.free };
    let name = if metered { format!("{} where it costs", rule.name) } else { rule.name.clone() };
    let known = |bytes: u64| RULES.iter().any(|(value, _)| *value == bytes);
    let own = (!known(most)).then(|| (most, format!("Up to {}", size_in_words(most))));
    let options = RULES.iter().map(|(value, word)| (*value, (*word).to_owned())).chain(own);
    rsx! {
        select {
            aria_label: "{name}",
            value: "{most}",
            onchange: move |event| {
                if let Ok(bytes) = event.value().parse() {
                    desk.change(|model| model.set_rule(kind, metered, bytes));
                }
            },
            for (value , word) in options {
                option { key: "{value}", value: "{value}", selected: value == most, "{word}" }
            }
        }
    }
}

const AGES: [(u32, &str); 4] =
    [(30, "Older than 30 days"), (90, "Older than 90 days"), (365, "Older than a year"), (0, "Of any age")];
const SIZES: [(u64, &str); 3] =
    [(0, "of any size"), (5_000_000, "from 5 MB on"), (50_000_000, "from 50 MB on")];
/// The core counts in powers of two here; people are told round numbers.
const RULES: [(u64, &str); 6] = [
    (0, "Only when I ask"),
    (1 << 20, "Up to 1 MB"),
    (4 << 20, "Up to 4 MB"),
    (16 << 20, "Up to 16 MB"),
    (100 << 20, "Up to 100 MB"),
    (2 << 30, "Always"),
];
