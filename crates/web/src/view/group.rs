//! Groups: the window that makes one, and a group's page.

use std::collections::BTreeSet;

use dioxus::prelude::*;
use screens::{
    ContactRow, GroupEdit, GroupHistory, GroupPage, KnockRow, LinkRow, Listing, MemberRow, Permission, Role,
};

use super::{
    Desk,
    dialogs::{Close, close, escape},
    parts::{Avatar, Icon, Unknown},
};
use crate::{dom, model::Model};

/// Makes a group.
#[component]
pub fn New(people: Listing<ContactRow>, busy: bool, refused: Option<String>) -> Element {
    let desk = use_context::<Desk>();
    let mut name = use_signal(String::new);
    let chosen = use_signal(BTreeSet::new);
    use_effect(|| {
        dom::show_dialog(".dialog");
        dom::focus(".dialog input");
    });
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| escape(&event, desk),
            form {
                class: "dialog__in",
                onsubmit: move |event| {
                    event.prevent_default();
                    let people = chosen.peek().iter().cloned().collect();
                    desk.change(|model| model.make_group(&name.peek(), people));
                },
                div { class: "dialog__head",
                    h2 { id: "dialog-title", "New group" }
                    Close {}
                }
                label { class: "field",
                    span { class: "field__label", "Group name" }
                    span { class: if refused.is_some() { "field__box is-error" } else { "field__box" },
                        input {
                            aria_label: "Group name",
                            autocomplete: "off",
                            value: "{name}",
                            oninput: move |event| name.set(event.value()),
                        }
                    }
                    Refusal { refused: refused.clone() }
                }
                Choice { people, chosen, label: "People" }
                button { class: "button button--primary button--l button--block", disabled: busy,
                    if busy {
                        span { class: "busy", aria_hidden: "true" }
                    }
                    "Make the group"
                }
            }
        }
    }
}

/// A group's page.
#[component]
pub fn Page(
    page: Option<GroupPage>,
    adding: Option<Listing<ContactRow>>,
    refused: Option<String>,
) -> Element {
    let desk = use_context::<Desk>();
    use_effect(|| dom::show_dialog(".dialog"));
    rsx! {
        dialog { class: "dialog", aria_labelledby: "dialog-title", onkeydown: move |event| escape(&event, desk),
            div { class: "dialog__in",
                div { class: "dialog__head",
                    h2 { id: "dialog-title", class: "clip",
                        if let Some(page) = &page {
                            bdi { "{page.name}" }
                        } else {
                            "Group"
                        }
                    }
                    Close {}
                }
                Refusal { refused }
                match page {
                    None => rsx! { p { class: "lead", role: "status", aria_label: "Group", "One moment" } },
                    Some(page) => rsx! {
                        if let Some(people) = adding {
                            Adding { people, page }
                        } else {
                            About { page }
                        }
                    },
                }
            }
        }
    }
}

#[component]
fn Refusal(refused: Option<String>) -> Element {
    let Some(refused) = refused else { return rsx! {} };
    rsx! {
        span { class: "field__help field__help--error", role: "alert",
            Icon { name: "alert", class: "i--16" }
            "{refused}"
        }
    }
}

#[component]
fn About(page: GroupPage) -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        p { class: "lead", "{page.line}" }
        if page.may.edit {
            ChoosePicture { has: page.picture.is_some() }
            Looks { name: page.name.clone(), description: page.description.clone() }
        } else if !page.description.is_empty() {
            p { dir: "auto", "{page.description}" }
        }
        if !page.knocks.is_empty() {
            ul { class: "people", aria_label: "Asking to come in",
                for knock in page.knocks.clone() {
                    Knock { key: "{knock.person.id}", knock }
                }
            }
        }
        ul { class: "people", aria_label: "Members",
            for member in page.members.clone() {
                Member { key: "{member.person.id}", member }
            }
        }
        if page.may.add {
            button { class: "button button--outline button--block", onclick: move |_| desk.change(Model::choose_to_add),
                Icon { name: "invite", class: "i--18" }
                "Add people"
            }
        }
        Links { links: page.links.clone(), open: page.may.link, at_once: page.may.link && page.may.add }
        Newcomers { history: page.history.clone(), open: page.may.permit }
        fieldset { class: "rules",
            legend { class: "field__label", "What all may do" }
            for rule in page.rules.clone() {
                label { key: "{rule.sentence}", class: "rule",
                    input {
                        r#type: "checkbox",
                        checked: !rule.admins_only,
                        disabled: !page.may.permit,
                        onchange: move |event| {
                            let edit = GroupEdit::Permit { what: rule.what, admins_only: !event.checked() };
                            desk.change(|model| model.edit_group(edit));
                        },
                    }
                    span {
                        match rule.what {
                            Permission::Send => "Write messages",
                            Permission::Edit => "Change name, description and picture, pin, set the timer",
                            Permission::Add => "Add people",
                            Permission::Link => "Make links into the group",
                        }
                    }
                    span { class: "sr", "{rule.sentence}" }
                }
            }
        }
        if page.inside {
            button {
                class: "button button--outline button--block",
                disabled: !page.may.leave,
                title: if page.may.leave { "" } else { "Make somebody else the owner first" },
                onclick: move |_| {
                    desk.change(Model::leave_group);
                    close(desk);
                },
                "Leave the group"
            }
        }
    }
}

/// Somebody who asks to come in.
#[component]
fn Knock(knock: KnockRow) -> Element {
    let desk = use_context::<Desk>();
    let name = knock.person.name.clone();
    let id = knock.person.id.0.clone();
    let answer = move |accept: bool| {
        let who = id.clone();
        desk.change(|model| model.edit_group(GroupEdit::Answer { who, accept }));
    };
    let refuse = answer.clone();
    rsx! {
        li { class: "person",
            Unknown { class: "avatar--s" }
            span { class: "person__who",
                span { class: "clip", bdi { "{name}" } }
                span { class: "person__line", "{knock.line}" }
            }
            button {
                class: "button button--small",
                aria_label: "Let {name} in",
                onclick: move |_| answer(true),
                "Let in"
            }
            button {
                class: "icon-button icon-button--s",
                aria_label: "Turn {name} down",
                title: "Turn {name} down",
                onclick: move |_| refuse(false),
                Icon { name: "close" }
            }
        }
    }
}

/// Links that lead in, and making one.
#[component]
fn Links(links: Vec<LinkRow>, open: bool, at_once: bool) -> Element {
    let desk = use_context::<Desk>();
    let mut asks = use_signal(|| true);
    if !open && links.is_empty() {
        return rsx! {};
    }
    rsx! {
        fieldset { class: "rules",
            legend { class: "field__label", "Links into the group" }
            ul { class: "people", aria_label: "Links into the group",
                for link in links {
                    Link { key: "{link.id}", link }
                }
            }
            if open {
                label { class: "rule",
                    input {
                        r#type: "checkbox",
                        checked: asks() || !at_once,
                        disabled: !at_once,
                        onchange: move |event| asks.set(event.checked()),
                    }
                    span { "Ask before somebody is let in by it" }
                }
                button {
                    class: "button button--outline button--block",
                    r#type: "button",
                    onclick: move |_| desk.change(|model| model.open_link(asks() || !at_once)),
                    Icon { name: "qr", class: "i--18" }
                    "Make a link"
                }
            }
        }
    }
}

#[component]
fn Link(link: LinkRow) -> Element {
    let desk = use_context::<Desk>();
    let (shown, line, id) = (link.link.clone(), link.line.clone(), link.id.clone());
    rsx! {
        li { class: "person",
            span { class: "person__who",
                span { class: "clip", "{link.line}" }
                span { class: "person__line", "{link.id}" }
            }
            if let Some(text) = shown {
                button {
                    class: "button button--small",
                    r#type: "button",
                    aria_label: "Show link {link.id}",
                    onclick: move |_| desk.change(|model| model.show_link(text.clone(), line.clone())),
                    "Show"
                }
            }
            if link.closable {
                button {
                    class: "icon-button icon-button--s",
                    r#type: "button",
                    aria_label: "Close link {link.id}",
                    title: "Close this link: it lets nobody in any more",
                    onclick: move |_| {
                        let link = id.clone();
                        desk.change(|model| model.edit_group(GroupEdit::CloseLink { link }));
                    },
                    Icon { name: "close" }
                }
            }
        }
    }
}

/// What newcomers are given of what was said before.
#[component]
fn Newcomers(history: GroupHistory, open: bool) -> Element {
    let desk = use_context::<Desk>();
    rsx! {
        label { class: "field",
            span { class: "field__label", "Newcomers see" }
            if open {
                select {
                    aria_label: "Newcomers see",
                    onchange: move |event| {
                        let days = event.value();
                        desk.change(|model| model.edit_group(GroupEdit::History { days }));
                    },
                    for (days , words) in history.choices.clone() {
                        option { key: "{days}", value: "{days}", selected: days == history.days, "{words}" }
                    }
                }
            } else {
                span { "{history.sentence}" }
            }
        }
    }
}

/// Another picture: the browser makes a chosen file small enough.
#[component]
fn ChoosePicture(has: bool) -> Element {
    let desk = use_context::<Desk>();
    let mut failed = use_signal(|| false);
    rsx! {
        label { class: "field",
            span { class: "field__label", "Picture" }
            input {
                id: "group-picture",
                r#type: "file",
                accept: "image/jpeg,image/png,image/webp",
                aria_label: "Picture of the group",
                onchange: move |_| {
                    dom::chosen_picture("#group-picture", move |picture| {
                        failed.set(picture.is_none());
                        if let Some(base64) = picture {
                            desk.change(|model| model.edit_group(GroupEdit::Picture { base64: Some(base64) }));
                        }
                    });
                },
            }
            if failed() {
                span { class: "field__help field__help--error", role: "alert",
                    Icon { name: "alert", class: "i--16" }
                    "This file is no picture that this browser can draw. Choose another one."
                }
            }
        }
        if has {
            button {
                class: "button button--outline",
                r#type: "button",
                onclick: move |_| desk.change(|model| model.edit_group(GroupEdit::Picture { base64: None })),
                "Remove the picture"
            }
        }
    }
}

/// Name and description, to be changed.
#[component]
fn Looks(name: String, description: String) -> Element {
    let desk = use_context::<Desk>();
    let (name_now, description_now) = (name.clone(), description.clone());
    let mut typed = use_signal(move || name);
    let mut about = use_signal(move || description);
    let changed = *typed.read() != name_now || *about.read() != description_now;
    rsx! {
        form {
            class: "looks",
            onsubmit: move |event| {
                event.prevent_default();
                if *typed.peek() != name_now {
                    let name = typed.peek().clone();
                    desk.change(|model| model.edit_group(GroupEdit::Name { name }));
                }
                if *about.peek() != description_now {
                    let text = about.peek().clone();
                    desk.change(|model| model.edit_group(GroupEdit::Description { text }));
                }
            },
            label { class: "field",
                span { class: "field__label", "Group name" }
                span { class: "field__box",
                    input { aria_label: "Group name", value: "{typed}", oninput: move |event| typed.set(event.value()) }
                }
            }
            label { class: "field",
                span { class: "field__label", "Description" }
                span { class: "field__box",
                    input { aria_label: "Description", value: "{about}", oninput: move |event| about.set(event.value()) }
                }
            }
            if changed {
                button { class: "button button--primary", "Save" }
            }
        }
    }
}

#[component]
fn Member(member: MemberRow) -> Element {
    let desk = use_context::<Desk>();
    let person = member.person.clone();
    let name = if member.you { format!("{} (you)", person.name) } else { person.name.clone() };
    let who = person.id.0.clone();
    let removed = who.clone();
    rsx! {
        li { class: "person",
            Avatar { initials: person.initials, tint: person.tint, class: "avatar--s" }
            span { class: "person__who",
                span { class: "clip", bdi { "{name}" } }
                span { class: "person__line", "{member.line}" }
            }
            if !member.roles.is_empty() {
                select {
                    aria_label: "Role of {person.name}",
                    onchange: move |event| {
                        if let Some(role) = role_of(&event.value()) {
                            let who = who.clone();
                            desk.change(|model| model.edit_group(GroupEdit::Role { who, role }));
                        }
                    },
                    option { value: "", selected: true, "Role" }
                    for role in member.roles.clone() {
                        option { key: "{role:?}", value: "{word(role)}", "{word(role)}" }
                    }
                }
            }
            if member.removable {
                button {
                    class: "icon-button icon-button--s",
                    aria_label: "Remove {person.name}",
                    title: "Remove {person.name}",
                    onclick: move |_| {
                        let who = removed.clone();
                        desk.change(|model| model.edit_group(GroupEdit::Remove { who }));
                    },
                    Icon { name: "close" }
                }
            }
        }
    }
}

/// Contacts who are not in the group yet.
#[component]
fn Adding(people: Listing<ContactRow>, page: GroupPage) -> Element {
    let desk = use_context::<Desk>();
    let chosen = use_signal(BTreeSet::new);
    let people = match people {
        Listing::Rows(mut rows) => {
            rows.retain(|row| !page.members.iter().any(|member| member.person.id == row.person.id));
            Listing::Rows(rows)
        }
        other => other,
    };
    rsx! {
        form {
            class: "looks",
            onsubmit: move |event| {
                event.prevent_default();
                let who: Vec<String> = chosen.peek().iter().cloned().collect();
                desk.change(|model| model.edit_group(GroupEdit::Add { who }));
            },
            Choice { people, chosen, label: "People to add" }
            button { class: "button button--primary button--l button--block", disabled: chosen.read().is_empty(), "Add" }
        }
    }
}

/// People to choose from.
#[component]
pub fn Choice(people: Listing<ContactRow>, chosen: Signal<BTreeSet<String>>, label: &'static str) -> Element {
    match people {
        Listing::Loading => rsx! { p { class: "lead", role: "status", aria_label: label, "One moment" } },
        Listing::Empty(place) => rsx! { p { class: "lead", "{place.title}. {place.sentence}" } },
        Listing::Failing(trouble) => rsx! { p { class: "lead", role: "alert", "{trouble.sentence}" } },
        Listing::Rows(rows) => rsx! {
            fieldset { class: "rules",
                legend { class: "field__label", "{label}" }
                for row in rows {
                    Choosable { key: "{row.person.id}", row, chosen }
                }
            }
        },
    }
}

#[component]
fn Choosable(row: ContactRow, chosen: Signal<BTreeSet<String>>) -> Element {
    let mut chosen = chosen;
    let id = row.person.id.0.clone();
    let is_chosen = chosen.read().contains(&id);
    rsx! {
        label { class: "rule",
            input {
                r#type: "checkbox",
                checked: is_chosen,
                onchange: move |event| {
                    let mut chosen = chosen.write();
                    if event.checked() {
                        chosen.insert(id.clone());
                    } else {
                        chosen.remove(&id);
                    }
                },
            }
            Avatar { initials: row.person.initials.clone(), tint: row.person.tint, class: "avatar--s" }
            span { class: "clip", bdi { "{row.person.name}" } }
        }
    }
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Member => "Member",
        Role::Admin => "Admin",
        Role::Owner => "Owner",
    }
}

fn role_of(text: &str) -> Option<Role> {
    [Role::Member, Role::Admin, Role::Owner].into_iter().find(|role| word(*role) == text)
}
