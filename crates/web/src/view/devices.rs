//! Devices of one's own: the window with the list, linking another one, and the page of one that is being linked.

use dioxus::prelude::*;
use screens::{DeviceList, DeviceRow, LinkScreen, LinkStep};

use super::{Desk, dialogs, parts::Icon};
use crate::{
    dom,
    model::{Devices, Model, NewDevice},
};

/// The window with the devices of the account.
#[component]
pub fn Window(devices: Devices) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| dom::show_dialog(".dialog"));
    let title = devices.list.as_ref().map_or_else(|| "Your devices".to_owned(), |list| list.title.clone());
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| dialogs::escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", if devices.entering || devices.link.is_some() { "Link a device" } else { "{title}" } }
                    dialogs::Close {}
                }
                if let Some(screen) = devices.link.clone() {
                    Linking { screen, busy: devices.busy, refused: devices.refused.clone() }
                } else if devices.entering {
                    Enter { busy: devices.busy, refused: devices.refused.clone() }
                } else if let Some(device) = devices.removing.clone() {
                    Remove { device, busy: devices.busy }
                } else if let Some(list) = devices.list.clone() {
                    All { list, refused: devices.refused.clone() }
                } else {
                    p { class: "lead", role: "status", aria_label: "Your devices", "Looking for your devices" }
                }
            }
        }
    }
}

#[component]
fn All(list: DeviceList, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        p { class: "lead", "{list.sentence}" }
        for sentence in [list.gives.clone(), list.history.clone()].into_iter().flatten() {
            p { key: "{sentence}", class: "fine", role: "status", aria_label: "History", "{sentence}" }
        }
        ul { class: "devices", aria_label: "Your devices",
            for device in list.devices.clone() {
                Row { key: "{device.id}", device }
            }
        }
        Refused { refused: refused.clone() }
        if let Some(label) = list.link.clone() {
            button {
                class: "button button--primary button--l button--block",
                onclick: move |_| desk.change(Model::enter_link),
                Icon { name: "new", class: "i--18" }
                "{label}"
            }
        }
    }
}

#[component]
fn Row(device: DeviceRow) -> Element {
    let desk = use_context::<Desk>();
    let asked = device.clone();
    rsx! {
        li { class: "server",
            Icon { name: "device" }
            span { b { dir: "auto", "{device.name}" } small { "{device.line}" } }
            if !device.this && !device.leaving {
                button {
                    class: "button button--small",
                    aria_label: "Remove {device.name}",
                    onclick: move |_| desk.change(|model| model.ask_to_remove(asked.clone())),
                    "Remove"
                }
            }
        }
    }
}

#[component]
fn Remove(device: DeviceRow, busy: bool) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| dom::focus(".dialog .button--primary"));
    rsx! {
        p { class: "lead", "“{device.name}” reads nothing that is sent from now on, and can send nothing. What it has, it keeps." }
        div { class: "stack",
            button {
                class: "button button--primary button--l button--block",
                disabled: busy,
                onclick: move |_| desk.change(Model::remove_device),
                if busy {
                    span { class: "busy", aria_hidden: "true" }
                }
                "Remove this device"
            }
            button {
                class: "button button--outline button--l button--block",
                onclick: move |_| desk.change(Model::back_to_devices),
                "Keep it"
            }
        }
    }
}

#[component]
fn Enter(busy: bool, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let mut text = use_signal(String::new);
    use_effect(|| dom::focus(".dialog input"));
    rsx! {
        form {
            class: "dialog__in",
            onsubmit: move |event| {
                event.prevent_default();
                desk.change(|model| model.link_device(&text.peek()));
            },
            p { class: "lead",
                "On the new device choose “Link to an account I have”, or in a terminal: valise device new. Paste the link \
                 it shows. Only link a device that you hold in your hand: it will read all your chats."
            }
            label { class: "field",
                span { class: "field__label", "Link of the new device" }
                span { class: if refused.is_some() { "field__box is-error" } else { "field__box" },
                    input {
                        aria_label: "Link of the new device",
                        "aria-invalid": refused.is_some().then_some("true"),
                        autocomplete: "off",
                        autocapitalize: "none",
                        spellcheck: "false",
                        value: "{text}",
                        oninput: move |event| text.set(event.value()),
                    }
                }
                Refused { refused: refused.clone() }
            }
            Go { busy, label: "Link" }
        }
    }
}

#[component]
fn Linking(screen: LinkScreen, busy: bool, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let mut text = use_signal(String::new);
    let needed = screen.step == LinkStep::NumberNeeded;
    use_effect(use_reactive!(|needed| {
        if needed {
            dom::focus(".dialog input");
        }
    }));
    rsx! {
        p { class: "lead", role: "status", aria_label: "Linking", "{screen.sentence}" }
        if needed {
            form {
                class: "dialog__in",
                onsubmit: move |event| {
                    event.prevent_default();
                    desk.change(|model| model.give_number(&text.peek()));
                    text.set(String::new());
                },
                label { class: "field",
                    span { class: "field__label", "Number" }
                    span { class: if refused.is_some() { "field__box is-error" } else { "field__box" },
                        input {
                            aria_label: "Number",
                            "aria-invalid": refused.is_some().then_some("true"),
                            autocomplete: "off",
                            inputmode: "numeric",
                            value: "{text}",
                            oninput: move |event| text.set(event.value()),
                        }
                    }
                    Refused { refused: refused.clone() }
                }
                Go { busy, label: "Link" }
            }
        } else {
            Refused { refused: refused.clone() }
        }
        if matches!(screen.step, LinkStep::Linked | LinkStep::Failed | LinkStep::Nothing) {
            button {
                class: "button button--outline button--l button--block",
                onclick: move |_| desk.change(Model::back_to_devices),
                "Your devices"
            }
        } else {
            button {
                class: "button button--outline button--l button--block",
                onclick: move |_| desk.change(Model::cancel_link),
                "Cancel"
            }
        }
    }
}

/// The page of a device that is being linked: its name, then link and number.
#[component]
pub fn Newcomer(device: NewDevice) -> Element {
    match device.screen.clone() {
        Some(screen) if screen.step != LinkStep::Failed => rsx! { Offered { screen } },
        failed => rsx! { Named { failed: failed.map(|screen| screen.sentence), device } },
    }
}

#[component]
fn Named(device: NewDevice, failed: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let mut text = use_signal(|| "Browser".to_owned());
    let refused = device.refused.clone().or(failed);
    use_effect(|| dom::focus_for_keyboard(".welcome input"));
    rsx! {
        form {
            class: "welcome__form",
            novalidate: true,
            onsubmit: move |event| {
                event.prevent_default();
                desk.change(|model| model.offer_link(&text.peek()));
            },
            div {
                h1 { class: "display display--s", "Link this device" }
                p { class: "lead", "Keep a device that has your account beside you. Your chats come to this one, whole." }
            }
            label { class: "field",
                span { class: "field__label", "Name of this device" }
                span { class: if refused.is_some() { "field__box is-error" } else { "field__box" },
                    input {
                        aria_label: "Name of this device",
                        "aria-invalid": refused.is_some().then_some("true"),
                        autocomplete: "off",
                        dir: "auto",
                        value: "{text}",
                        oninput: move |event| text.set(event.value()),
                    }
                }
                if refused.is_some() {
                    Refused { refused: refused.clone() }
                } else {
                    span { class: "field__help", "Only your own devices learn it." }
                }
            }
            Go { busy: device.busy, label: "Show the link" }
        }
    }
}

#[component]
fn Offered(screen: LinkScreen) -> Element {
    rsx! {
        div { class: "welcome__form",
            div {
                h1 { class: "display display--s", if screen.number.is_some() { "Type this number" } else { "Link this device" } }
                p { class: "lead", role: "status", aria_label: "Linking", "{screen.sentence}" }
            }
            if let Some(number) = screen.number.clone() {
                p { class: "display", aria_label: "Number", "{number}" }
            } else if let Some(link) = screen.link.clone() {
                dialogs::Code { link: link.clone() }
                dialogs::Copy { link }
            }
        }
    }
}

#[component]
fn Refused(refused: Option<String>) -> Element {
    rsx! {
        if let Some(refused) = refused {
            span { class: "field__help field__help--error", role: "alert",
                Icon { name: "alert", class: "i--16" }
                "{refused}"
            }
        }
    }
}

#[component]
fn Go(busy: bool, label: String) -> Element {
    rsx! {
        button { class: "button button--primary button--l button--block", disabled: busy,
            if busy {
                span { class: "busy", aria_hidden: "true" }
            }
            "{label}"
        }
    }
}
