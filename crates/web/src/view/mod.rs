//! How the model looks: one file for each place, small parts in `parts`.
//!
//! Styles are classes of `static/style.css`; style attributes are forbidden by the content security policy.

mod attach;
mod chat;
mod chats;
mod conversation;
mod devices;
mod dialogs;
mod folders;
mod group;
mod join;
mod map;
mod media;
mod message;
mod parts;
mod people;
mod place;
mod privacy;
mod search;
mod set;
mod storage;
mod viewer;

use std::collections::BTreeMap;

use dioxus::prelude::*;
use screens::{ChatId, Listing, Trouble};

use crate::{
    bridge, dom, files, locate,
    model::{Chore, Main, Model, Open, Stage, Writing},
    sound::Recording,
};

/// What every view can reach: the model, and the texts that are being written.
#[derive(Clone, Copy, PartialEq)]
pub struct Desk {
    /// What the page knows.
    pub model: Signal<Model>,
    /// Texts that are being written. Apart from the model, because only a composer shows them.
    pub drafts: Signal<BTreeMap<ChatId, String>>,
    /// A newer version lies ready.
    pub newer: Signal<bool>,
    /// What is played. Apart from the model, because it changes several times a second and only its player shows it.
    pub playing: Signal<Option<media::Playing>>,
    /// How fast voice notes are played, in percent.
    pub rate: Signal<u16>,
    /// What is being recorded.
    pub recording: Signal<Option<Recording>>,
    /// Files are held over the open chat.
    pub dragging: Signal<bool>,
    /// The map of the world, which is loaded when one is first shown.
    pub land: Signal<map::Land>,
}

impl Desk {
    /// What the text that is being written in the open chat is about.
    #[must_use]
    pub fn writing(self) -> Option<Writing> {
        match &self.model.peek().stage {
            Stage::Main(main) => main.chat().and_then(|chat| chat.writing.clone()),
            _ => None,
        }
    }

    /// Changes the model and sends what follows from it.
    pub fn change(mut self, change: impl FnOnce(&mut Model)) {
        let (out, returned, begun, cleared, chores) = {
            let mut model = self.model.write();
            change(&mut model);
            let (returned, begun) = (std::mem::take(&mut model.returned), std::mem::take(&mut model.drafts));
            let (cleared, chores) = (std::mem::take(&mut model.cleared), std::mem::take(&mut model.chores));
            (model.take_out(), returned, begun, cleared, chores)
        };
        for chat in cleared {
            self.drafts.write().remove(&chat);
        }
        for (chat, text) in begun {
            let mut drafts = self.drafts.write();
            let draft = drafts.entry(chat).or_default();
            if draft.is_empty() {
                *draft = text;
            }
        }
        for (chat, text) in returned {
            let mut drafts = self.drafts.write();
            let draft = drafts.entry(chat).or_default();
            *draft = if draft.is_empty() { text } else { format!("{text}\n{draft}") };
        }
        bridge::send(out);
        // After it: what is sent is forgotten only then.
        chores.into_iter().for_each(|chore| self.perform(chore));
    }

    /// What only the browser can do. Apart from [`change`](Self::change), which is compiled for each change: what comes back changes the
    /// model again.
    fn perform(self, chore: Chore) {
        match chore {
            Chore::Forget(number) => files::forget(number),
            Chore::Revoke(address) => files::revoke(&address),
            Chore::Save { name, address } => files::save(&name, &address),
            Chore::SaveText { name, text } => dom::save(&name, "text/vcard", &text),
            Chore::Play(attachment) => media::play(self, &attachment),
            Chore::Locate { exactly } => {
                locate::once(exactly, move |located| self.change(|model| model.located(located)));
            }
            Chore::Follow { exactly } => {
                locate::follow(exactly, move |located| self.change(|model| model.moved(located)));
            }
            Chore::FollowNoMore => locate::stop(),
        }
    }
}

/// The whole page.
#[component]
pub fn Page() -> Element {
    #[cfg(feature = "gallery")]
    if let Some(model) = crate::gallery::sample(&dom::fragment()) {
        return rsx! { Frame { model } };
    }
    rsx! { Live {} }
}

/// The page with a worker behind it.
#[component]
fn Live() -> Element {
    let desk = use_desk(|| Model::new(dom::utc_offset_minutes(), dom::invitation()));
    use_hook(move || {
        bridge::start(
            move |from, address| {
                desk.change(|model| match address {
                    Some(address) => model.heard_at(from, address),
                    None => model.heard(from),
                });
            },
            move || desk.change(|model| model.stage = Stage::Broken(not_started())),
        );
        desk.change(|model| model.set_attentive(dom::is_attentive()));
        dom::on_attention(move || {
            let attentive = dom::is_attentive();
            if desk.model.peek().attentive != attentive {
                desk.change(|model| {
                    model.set_attentive(attentive);
                    model.is_here();
                });
            }
        });
        let mut dragging = desk.dragging;
        files::on_files(
            move |picked| desk.change(|model| model.pick(picked)),
            move |over| {
                if *dragging.peek() != over {
                    dragging.set(over);
                }
            },
            move |number, preview| desk.change(|model| model.preview_made(number, preview)),
        );
        dom::on_metered(move |metered| desk.change(|model| model.set_metered(metered)));
        let mut newer = desk.newer;
        dom::on_window("valise-newer", move || newer.set(true));
    });
    use_effect(move || dom::set_title(&title(&desk.model.read())));
    rsx! { Stages {} }
}

/// The page with a given model and nothing behind it.
#[component]
pub fn Frame(model: Model) -> Element {
    use_desk(move || model.clone());
    rsx! { Stages {} }
}

fn use_desk(model: impl FnOnce() -> Model) -> Desk {
    let desk = Desk {
        model: use_signal(model),
        drafts: use_signal(BTreeMap::new),
        newer: use_signal(|| false),
        playing: use_signal(|| None),
        rate: use_signal(|| media::RATES[0]),
        recording: use_signal(|| None),
        dragging: use_signal(|| false),
        land: use_signal(map::Land::default),
    };
    use_context_provider(|| desk)
}

#[component]
fn Stages() -> Element {
    let desk = use_context::<Desk>();
    match &desk.model.read().stage {
        Stage::Opening => rsx! { Opening {} },
        Stage::Broken(trouble) => rsx! { Broken { trouble: trouble.clone() } },
        Stage::Joining(joining) => rsx! { join::Join { joining: (**joining).clone() } },
        Stage::Main(main) => rsx! { Panes { main: (**main).clone() } },
    }
}

/// Rail, list, and what is open; one of the two below 720 px.
#[component]
fn Panes(main: Main) -> Element {
    let desk = use_context::<Desk>();
    let class = if main.open.is_some() { "app app--open" } else { "app" };
    rsx! {
        div {
            class,
            onkeydown: move |event| match event.key() {
                Key::Escape => close(desk),
                Key::F6 => {
                    event.prevent_default();
                    dom::next_pane(&PANES);
                }
                Key::Character(key) if key == "k" && event.modifiers().ctrl() => {
                    event.prevent_default();
                    desk.change(Model::open_search);
                }
                _ => {}
            },
            // Whoever reads the page with a program sees what people see: behind a dialogue nothing can be reached.
            div { class: "app__panes", aria_hidden: main.dialog.is_some().then_some("true"),
                chats::Rail { me: main.me.clone(), unread: main.list.unread }
                chats::List {
                    list: main.list.clone(),
                    requests: main.requests.clone(),
                    joins: main.joins.clone(),
                    filter: main.filter.clone(),
                    open: match &main.open {
                        Some(Open::Chat(chat)) => Some(chat.id.0.clone()),
                        Some(Open::Request(request)) => Some(request.id.0.clone()),
                        None => None,
                    },
                    toast: main.toast.clone(),
                    typing: main.typing.clone(),
                }
                match &main.open {
                    Some(Open::Chat(chat)) => rsx! {
                        conversation::Conversation { key: "{chat.id}", chat: (**chat).clone(), line: main.list.line.clone(), live: main.list.live.clone() }
                    },
                    Some(Open::Request(request)) => rsx! { conversation::Request { request: (**request).clone() } },
                    None => rsx! { conversation::Nothing {} },
                }
            }
            if let Some(dialog) = &main.dialog {
                dialogs::Shown { dialog: dialog.clone() }
            }
        }
    }
}

/// Closes what is open beside the list.
fn close(desk: Desk) {
    let open = matches!(&desk.model.peek().stage, Stage::Main(main) if main.open.is_some());
    if open {
        desk.change(Model::close);
    }
}

/// The list and a chat as they will be, in grey.
#[component]
fn Opening() -> Element {
    rsx! {
        div { class: "app", aria_busy: "true",
            nav { class: "rail", aria_hidden: "true", parts::Logo {} }
            section { class: "pane list",
                header { class: "list__head", div { class: "list__title", h1 { "Chats" } } }
                div { class: "list__rows", chats::Bones {} }
                div { class: "list__foot", role: "status", aria_label: "Connection", "Opening your chats" }
            }
            main { class: "pane conversation" }
        }
    }
}

#[component]
fn Broken(trouble: Trouble) -> Element {
    rsx! {
        main { class: "place", role: "alert",
            parts::Bag {}
            h1 { class: "display", "Valise cannot open" }
            p { class: "lead", "{trouble.sentence}" }
            if trouble.again {
                button { class: "button button--primary button--l", onclick: |_| dom::reload(), "Try again" }
            }
        }
    }
}

fn not_started() -> Trouble {
    Trouble {
        sentence: "This browser could not load a part of Valise, or is too old for it. Your chats are where they were."
            .to_owned(),
        again: true,
    }
}

fn title(model: &Model) -> String {
    let Stage::Main(main) = &model.stage else { return "Valise".to_owned() };
    let waiting = matches!(&main.requests, Listing::Rows(rows) if !rows.is_empty());
    match (main.list.unread, waiting) {
        (0, false) => "Valise".to_owned(),
        (0, true) => "Valise: a request".to_owned(),
        (unread, _) => format!("({unread}) Valise"),
    }
}

/// Where F6 leads: a pane, and what has the focus in it.
const PANES: [(&str, &str); 3] = [
    (".list", ".list .row[tabindex='0'], .list .icon-button"),
    (".timeline", ".timeline"),
    (".composer", ".composer textarea"),
];
