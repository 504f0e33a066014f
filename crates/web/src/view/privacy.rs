//! What others are told of oneself, and reports with proof.

use dioxus::prelude::*;
use screens::{PrivacyPage, ReportSheet};

use super::{Desk, dialogs, parts::Icon};
use crate::dom;

/// What others are told, each part with its switch.
#[component]
pub fn Window(page: Option<PrivacyPage>, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .icon-button");
    });
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "What others are told" }
                    dialogs::Close {}
                }
                if let Some(refused) = refused {
                    p { class: "field__help field__help--error", role: "alert", "{refused}" }
                }
                match page {
                    None => rsx! { div { class: "bone bone--name", aria_hidden: "true" } },
                    Some(page) => rsx! {
                        for row in page.rows {
                            label { key: "{row.title}", class: "switch",
                                input {
                                    r#type: "checkbox",
                                    role: "switch",
                                    checked: row.on,
                                    onchange: move |event| {
                                        let on = event.checked();
                                        desk.change(|model| model.switch_privacy(row.what, on));
                                    },
                                }
                                span { class: "switch__words",
                                    b { "{row.title}" }
                                    span { class: "field__help", "{row.sentence}" }
                                }
                            }
                        }
                        p { class: "field__help", "It holds on all your devices." }
                    },
                }
            }
        }
    }
}

/// Everything that a report would tell, and the button that writes it into a file.
#[component]
pub fn Report(sheet: Option<ReportSheet>, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog .icon-button");
    });
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "Report with proof" }
                    dialogs::Close {}
                }
                if let Some(refused) = refused {
                    p { class: "field__help field__help--error", role: "alert", "{refused}" }
                }
                if let Some(sheet) = sheet {
                    p { class: "lead", "{sheet.sentence}" }
                    dl { class: "told", aria_label: "{sheet.title}", tabindex: "0",
                        for (index , row) in sheet.rows.iter().enumerate() {
                            div { key: "{index}",
                                dt { "{row.what}" if !row.proved { " (not proved)" } }
                                dd { dir: "auto", "{row.value}" }
                            }
                        }
                    }
                    button {
                        class: "button button--primary button--l button--block",
                        onclick: {
                            let (name, file) = (sheet.file_name.clone(), sheet.file.clone());
                            move |_| dom::save(&name, "application/json", &file)
                        },
                        Icon { name: "down", class: "i--18" }
                        "Save the file"
                    }
                }
            }
        }
    }
}
