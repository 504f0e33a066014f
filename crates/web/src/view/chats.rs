//! The rail and the list of chats.

use std::collections::BTreeMap;

use dioxus::prelude::*;
use screens::{
    ChatId, ChatList, ChatRow, EmptyPlace, FolderId, JoinRow, JoinState, LineState, Listing, Me, RequestRow,
};

use super::{
    Desk,
    parts::{Avatar, Face, Icon, Lasting, Logo, Marks, Unknown},
    place,
};
use crate::{
    dom,
    model::{Filter, Model},
};

/// The narrow column beside the list.
#[component]
pub fn Rail(me: Me, unread: u32) -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        nav { class: "rail", aria_label: "Main",
            Logo {}
            button {
                class: "rail__item",
                aria_label: if unread == 0 { "Chats".to_owned() } else { format!("Chats, {unread} unread") },
                "aria-current": "page",
                onclick: move |_| desk.change(|model| model.set_filter(Filter::All)),
                Icon { name: "chats" }
                if unread > 0 {
                    span { class: "badge", aria_hidden: "true", "{unread}" }
                }
            }
            button {
                class: "rail__item",
                aria_label: "Invite someone",
                title: "Invite someone",
                onclick: move |_| desk.change(Model::invite),
                Icon { name: "invite" }
            }
            span { class: "rail__gap" }
            button {
                class: "rail__item",
                aria_label: "Your profile",
                title: "Your profile",
                onclick: move |_| desk.change(Model::show_profile),
                Icon { name: "person" }
            }
            button {
                class: "rail__item",
                aria_label: "What others are told",
                title: "What others are told",
                onclick: move |_| desk.change(Model::show_privacy),
                Icon { name: "eye" }
            }
            button {
                class: "rail__item",
                aria_label: "Storage",
                title: "Storage",
                onclick: move |_| desk.change(Model::show_storage),
                Icon { name: "disk" }
            }
            button {
                class: "rail__item",
                aria_label: "Your devices",
                title: "Your devices",
                onclick: move |_| desk.change(Model::show_devices),
                Icon { name: "device" }
            }
            span { class: "rail__account", title: "{me.name}",
                Avatar { initials: me.initials, tint: me.tint, class: "avatar--s" }
                span { class: "sr", "Signed in as {me.name}" }
            }
        }
    }
}

/// The list pane.
#[component]
pub fn List(
    list: ChatList,
    requests: Listing<RequestRow>,
    joins: Vec<JoinRow>,
    filter: Filter,
    open: Option<String>,
    toast: Option<String>,
    typing: BTreeMap<ChatId, String>,
) -> Element {
    let desk = use_context::<Desk>();
    let knocking = match &requests {
        Listing::Rows(rows) => rows.len(),
        _ => 0,
    };
    let asked = knocking > 0 || !joins.is_empty();
    let filter = if filter == Filter::Requests && !asked { Filter::All } else { filter };
    let archived = match &list.chats {
        Listing::Rows(rows) => rows.iter().filter(|row| row.archived).count(),
        _ => 0,
    };
    let filter = if filter == Filter::Archived && archived == 0 { Filter::All } else { filter };
    let gone = |id: &FolderId| list.folders.iter().all(|folder| folder.id != *id);
    let filter = if matches!(&filter, Filter::Folder(id) if gone(id)) { Filter::All } else { filter };
    let has_rows = matches!(&list.chats, Listing::Rows(rows) if !rows.is_empty());
    let mut came_from = use_signal(|| None::<String>);
    use_effect(use_reactive!(|open| {
        // What was closed gives the focus back to its row.
        if let (None, Some(id)) = (&open, came_from.peek().as_ref()) {
            dom::focus(&format!("[data-id='{id}']"));
        }
        came_from.set(open);
    }));
    rsx! {
        section { class: "pane list", aria_label: "Chats",
            header { class: "list__head",
                div { class: "list__title",
                    h1 { "Chats" }
                    button {
                        class: "icon-button icon-button--s",
                        aria_label: "Search in all chats",
                        title: "Search in all chats (Ctrl K)",
                        onclick: move |_| desk.change(Model::open_search),
                        Icon { name: "search" }
                    }
                    button {
                        class: "icon-button icon-button--s only-narrow",
                        aria_label: "Invite someone",
                        title: "Invite someone",
                        onclick: move |_| desk.change(Model::invite),
                        Icon { name: "invite" }
                    }
                    button {
                        class: "icon-button icon-button--s only-narrow",
                        aria_label: "Your profile",
                        title: "Your profile",
                        onclick: move |_| desk.change(Model::show_profile),
                        Icon { name: "person" }
                    }
                    button {
                        class: "icon-button icon-button--s only-narrow",
                        aria_label: "What others are told",
                        title: "What others are told",
                        onclick: move |_| desk.change(Model::show_privacy),
                        Icon { name: "eye" }
                    }
                    button {
                        class: "icon-button icon-button--s only-narrow",
                        aria_label: "Storage",
                        title: "Storage",
                        onclick: move |_| desk.change(Model::show_storage),
                        Icon { name: "disk" }
                    }
                    button {
                        class: "icon-button icon-button--s only-narrow",
                        aria_label: "Your devices",
                        title: "Your devices",
                        onclick: move |_| desk.change(Model::show_devices),
                        Icon { name: "device" }
                    }
                    button {
                        class: "icon-button icon-button--s",
                        aria_label: "New group",
                        title: "New group",
                        onclick: move |_| desk.change(Model::new_group),
                        Icon { name: "people" }
                    }
                    button {
                        class: "icon-button icon-button--s",
                        aria_label: "New chat",
                        title: "New chat",
                        onclick: move |_| desk.change(|model| model.new_chat(String::new())),
                        Icon { name: "new" }
                    }
                }
                if has_rows || asked {
                    div { class: "chips", role: "group", aria_label: "Show",
                        Chip { label: "All", chosen: filter == Filter::All, filter: Filter::All }
                        Chip { label: "Unread", chosen: filter == Filter::Unread, filter: Filter::Unread }
                        for folder in list.folders.iter().cloned() {
                            Chip {
                                key: "{folder.id}",
                                chosen: filter == Filter::Folder(folder.id.clone()),
                                filter: Filter::Folder(folder.id),
                                label: folder.name,
                                count: folder.unread as usize,
                            }
                        }
                        if archived > 0 {
                            Chip { label: "Archived", chosen: filter == Filter::Archived, filter: Filter::Archived }
                        }
                        if asked {
                            Chip {
                                label: "Requests",
                                count: knocking,
                                chosen: filter == Filter::Requests,
                                filter: Filter::Requests,
                            }
                        }
                    }
                }
            }
            if (desk.newer)() {
                div { class: "banner banner--ask",
                    Icon { name: "retry" }
                    span { b { "A newer version is here" } "It takes over when you say so." }
                    button { class: "button button--small", onclick: |_| dom::tell_window("valise-use-newer"), "Use it now" }
                }
            }
            if let Some(banner) = &list.banner {
                Lasting { banner: banner.clone() }
            }
            place::Telling { live: list.live.clone(), chat: None::<ChatId> }
            if let LineState::CatchingUp { done, of } = list.line.state {
                div { class: "banner",
                    Icon { name: "retry" }
                    span {
                        "{list.line.sentence}"
                        progress { value: "{done}", max: "{of.max(1)}", aria_label: "Catching up" }
                    }
                }
            }
            Rows { list: list.clone(), requests, joins, filter, open, typing }
            if let Some(toast) = toast {
                div { class: "toast", role: "status", aria_label: "Notice",
                    span { "{toast}" }
                    button { onclick: move |_| desk.change(Model::close_toast), "Close" }
                }
            }
            div {
                class: "list__foot",
                role: "status",
                aria_label: "Connection",
                title: "{list.line.sentence}",
                Sign { state: list.line.state }
                span { class: "clip", "{list.line.label}" }
            }
        }
    }
}

/// The sign before the words of the line's state.
#[component]
pub fn Sign(state: LineState) -> Element {
    match state {
        LineState::UpToDate => rsx! { span { class: "dot", aria_hidden: "true" } },
        LineState::Waiting => rsx! { Icon { name: "offline", class: "i--16" } },
        LineState::Idle => rsx! {},
        LineState::Connecting | LineState::CatchingUp { .. } => {
            rsx! { Icon { name: "retry", class: "i--16" } }
        }
    }
}

#[component]
fn Chip(label: String, #[props(default)] count: usize, chosen: bool, filter: Filter) -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        button {
            class: "chip",
            "aria-pressed": if chosen { "true" } else { "false" },
            onclick: move |_| desk.change(|model| model.set_filter(filter.clone())),
            bdi { "{label}" }
            if count > 0 {
                b { "{count}" }
            }
        }
    }
}

#[component]
fn Rows(
    list: ChatList,
    requests: Listing<RequestRow>,
    joins: Vec<JoinRow>,
    filter: Filter,
    open: Option<String>,
    typing: BTreeMap<ChatId, String>,
) -> Element {
    let desk = use_context::<Desk>();
    if filter == Filter::Requests {
        let rows = if let Listing::Rows(rows) = requests { rows } else { Vec::new() };
        return rsx! {
            div { class: "list__rows",
                if !rows.is_empty() {
                    div { class: "list__section", "{list.requests.clone().unwrap_or_default()}" }
                    ul { aria_label: "Requests",
                        for request in rows {
                            Knock { key: "{request.id}", open: open.as_ref() == Some(&request.id.0), request }
                        }
                    }
                }
                if !joins.is_empty() {
                    div { class: "list__section", "Groups you asked to come into" }
                    ul { aria_label: "Groups you asked to come into",
                        for join in joins {
                            Asked { key: "{join.id}", join }
                        }
                    }
                }
            }
        };
    }
    match list.chats {
        Listing::Loading => rsx! { div { class: "list__rows", aria_busy: "true", Bones {} } },
        Listing::Empty(place) => rsx! { Empty { place } },
        Listing::Failing(trouble) => rsx! {
            div { class: "nothing", role: "alert",
                p { class: "lead", "{trouble.sentence}" }
                if trouble.again {
                    button { class: "button button--outline", onclick: move |_| desk.change(Model::again), "Try again" }
                }
            }
        },
        Listing::Rows(rows) => {
            let is_shown = |row: &ChatRow| match &filter {
                Filter::Archived => row.archived,
                Filter::Folder(id) => row.folders.contains(id),
                Filter::Unread => row.unread > 0 || row.marked_unread,
                Filter::All | Filter::Requests => !row.archived,
            };
            let rows: Vec<ChatRow> = rows.into_iter().filter(is_shown).collect();
            // One row can be reached with Tab, the others from it with the arrows.
            let reachable = rows.iter().position(|row| open.as_ref() == Some(&row.id.0)).unwrap_or(0);
            rsx! {
                div { class: "list__rows",
                    if rows.is_empty() {
                        p { class: "list__none",
                            match &filter {
                                Filter::Unread => "Nothing unread. Everything here has been seen.",
                                Filter::Folder(_) => "No chats in this folder. A chat's menu puts it here.",
                                _ => "All chats are archived.",
                            }
                        }
                    }
                    ul { aria_label: "Chats", onkeydown: arrows,
                        for (index , row) in rows.into_iter().enumerate() {
                            Row {
                                key: "{row.id}",
                                open: open.as_ref() == Some(&row.id.0),
                                reachable: index == reachable,
                                typing: typing.get(&row.id).cloned(),
                                row,
                            }
                        }
                    }
                }
            }
        }
    }
}

#[component]
fn Row(row: ChatRow, open: bool, reachable: bool, typing: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let id = row.id.clone();
    rsx! {
        li {
            button {
                class: if row.unread > 0 || row.marked_unread { "row row--unread" } else { "row" },
                "aria-current": open.then_some("true"),
                aria_label: "{row.spoken}",
                "data-id": "{row.id}",
                tabindex: if reachable { "0" } else { "-1" },
                onclick: move |_| desk.change(|model| model.open_chat(&id)),
                Face { picture: row.picture.clone(), initials: row.person.initials.clone(), tint: row.person.tint }
                span { class: "row__body",
                    span { class: "row__top",
                        span { class: "row__name clip", bdi { "{row.person.name}" } }
                        time { class: "row__time", title: "{row.time.full}", "{row.time.text}" }
                    }
                    span { class: "row__bottom",
                        span { class: "row__text clip",
                            if row.failed {
                                span { class: "row__failed", Icon { name: "alert", class: "i--14" } "Not sent: " }
                            } else if let Some(mark) = &row.mark {
                                Marks { mark: mark.clone() }
                            }
                            if let Some(typing) = typing {
                                i { bdi { "{typing}" } }
                            } else {
                                bdi { "{row.preview}" }
                            }
                        }
                        if let Some(words) = &row.muted {
                            span { class: "row__flags", title: "{words}", Icon { name: "muted", class: "i--16" } span { class: "sr", "{words}" } }
                        }
                        if row.unread == 0 && row.marked_unread {
                            span { class: "row__flags", span { class: "badge", span { class: "sr", "Marked as unread" } } }
                        }
                        if row.mentions > 0 {
                            span { class: "row__flags", span { class: "badge badge--called", aria_hidden: "true", "@" } }
                        }
                        if row.unread > 0 {
                            span { class: "row__flags", span { class: "badge", "{row.unread}" span { class: "sr", " unread" } } }
                        }
                    }
                }
            }
        }
    }
}

#[component]
fn Knock(request: RequestRow, open: bool) -> Element {
    let desk = use_context::<Desk>();
    let opened = request.clone();
    rsx! {
        li {
            button {
                class: "row",
                "aria-current": open.then_some("true"),
                "data-id": "{request.id}",
                onclick: move |_| desk.change(|model| model.open_request(opened.clone())),
                Unknown {}
                span { class: "row__body",
                    span { class: "row__top", span { class: "row__name clip", "{request.name}" } }
                    span { class: "row__bottom", span { class: "row__text clip", "{request.line}" } }
                }
            }
        }
    }
}

/// Where one knocks oneself: there is nothing to open before one is let in.
#[component]
fn Asked(join: JoinRow) -> Element {
    let desk = use_context::<Desk>();
    let (waits, id) = (join.state == JoinState::Waiting, join.id.clone());
    rsx! {
        li {
            div { class: "row row--still", "data-id": "{join.id}",
                span { class: "row__body",
                    span { class: "row__top", span { class: "row__name clip", bdi { "{join.name}" } } }
                    span { class: "row__text", dir: "auto", "{join.sentence}" }
                }
                if waits {
                    button {
                        class: "button button--small",
                        aria_label: "Ask no more to come into {join.name}",
                        onclick: move |_| desk.change(|model| model.withdraw_join(&id)),
                        "Ask no more"
                    }
                }
            }
        }
    }
}

#[component]
fn Empty(place: EmptyPlace) -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        div { class: "nothing",
            h2 { class: "display", "{place.title}" }
            p { class: "lead", "{place.sentence}" }
            div { class: "nothing__acts",
                button {
                    class: "button button--primary",
                    onclick: move |_| desk.change(|model| model.new_chat(String::new())),
                    Icon { name: "new", class: "i--18" }
                    "Start a chat"
                }
                button {
                    class: "button button--outline",
                    onclick: move |_| desk.change(Model::invite),
                    Icon { name: "qr", class: "i--18" }
                    "Make an invitation"
                }
            }
        }
    }
}

/// Rows that are still to come, of the size they will have.
#[component]
pub fn Bones() -> Element {
    rsx! {
        for index in 0..9 {
            div { key: "{index}", class: "row row--bone", aria_hidden: "true",
                span { class: "avatar bone" }
                span { class: "row__body",
                    span { class: "bone bone--name bone--{index % 3}" }
                    span { class: "bone bone--text bone--{index % 4}" }
                }
            }
        }
    }
}

fn arrows(event: KeyboardEvent) {
    let by = match event.key() {
        Key::ArrowDown => 1,
        Key::ArrowUp => -1,
        Key::Home => -i32::from(i16::MAX),
        Key::End => i32::from(i16::MAX),
        _ => return,
    };
    event.prevent_default();
    dom::move_focus(".list__rows .row", by);
}
