//! The worker itself: what comes from the page, from other tabs, from the doors and from the clock goes to the core or
//! to whoever has it, and what comes out goes back.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    future::pending,
};

use app::{App, AppInput, AppOutput, ErrandId, FrontId, Settings};
use client::{Client, Command, Config, Db, Door, LinkEvent, OpenError, ServiceAddress};
use js_sys::Array;
use screens::{Action, FromCore, Outcome, Reply, ToCore, What};
use vocab::Timestamp;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::{
    doors::Doors,
    files::{Job, Step},
    js::{self, Timer},
    keys,
    post::{Handed, Post},
    tabs::{LeaderId, OWN_FRONT, TabId, TabMessage, Tabs},
    words,
};

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

/// Runs when the worker's module is loaded.
#[wasm_bindgen(start)]
pub fn start() -> Result<(), JsValue> {
    console_error_panic_hook::set_once();
    let tab = u64::from_le_bytes(keys::random()?);
    let channel = BroadcastChannel::new(CHANNEL)?;
    listen(&channel);
    let (beside, back) = (BTreeMap::new(), BTreeMap::new());
    let worker = Worker { tab, channel, post: Post::default(), role: Role::Following, beside, back };
    worker.tell(&TabMessage::Hello);
    WORKER.set(Some(worker));
    // Whoever leads notices by this lock when the tab is gone.
    let locks = js::hold_lock(&tab_lock(tab), pending()).and_then(|()| js::hold_lock(CORE_LOCK, lead()));
    if locks.is_err() {
        broken(words::NO_STORAGE);
    }
    Ok(())
}

/// A door opened, closed or said something.
pub fn link(door: Door, event: LinkEvent) {
    with(|worker| worker.core(AppInput::Link(door, event)));
}

/// Does something after what is being done.
pub fn later(then: impl FnOnce() + 'static) {
    spawn_local(async move { then() });
}

/// One tab's worker.
struct Worker {
    tab: TabId,
    channel: BroadcastChannel,
    post: Post,
    role: Role,
    /// What the page handed over beside a line, by the line's number, until it is answered.
    beside: BTreeMap<u64, JsValue>,
    /// What goes to the page beside an answer.
    back: BTreeMap<u64, JsValue>,
}

/// What this worker is among the tabs.
enum Role {
    /// Another one leads, or nobody yet.
    Following,
    /// This one has the core.
    Leading(Box<Leading>),
    /// This one would lead, but the core cannot be opened here: why, for a person.
    Broken(&'static str),
}

/// The core with everything around it.
struct Leading {
    id: LeaderId,
    app: App,
    tabs: Tabs,
    doors: Doors,
    timer: Timer,
    jobs: BTreeMap<ErrandId, Job>,
    next_job: ErrandId,
}

impl Worker {
    fn page_says(&mut self, line: &str, beside: Option<JsValue>) {
        // The page and the worker are of one version; another one's words are left alone.
        let Ok(to) = serde_json::from_str::<ToCore>(line) else { return };
        if let Some(beside) = beside {
            self.beside.insert(to.id, beside);
        }
        let handed = self.post.wants(now().0, to);
        self.perform(handed);
    }

    fn tab_says(&mut self, line: &str, beside: Option<JsValue>) {
        let Ok(message) = serde_json::from_str::<TabMessage>(line) else { return };
        match message {
            TabMessage::Hello => {
                if let Role::Leading(leading) = &self.role {
                    self.tell(&TabMessage::Leading(leading.id));
                }
            }
            TabMessage::Leading(leader) => {
                if matches!(self.role, Role::Following) {
                    let handed = self.post.led_by(leader);
                    self.perform(handed);
                }
            }
            TabMessage::ToCore { leader, tab, to } => self.follower_says(leader, tab, to, beside),
            TabMessage::FromCore { tab, from } => {
                if tab == self.tab && matches!(self.role, Role::Following) {
                    if let (FromCore::Reply { id, .. }, Some(beside)) = (&*from, beside) {
                        self.back.insert(*id, beside);
                    }
                    let handed = self.post.heard(*from);
                    self.perform(handed);
                }
            }
        }
    }

    fn follower_says(&mut self, leader: LeaderId, tab: TabId, to: ToCore, beside: Option<JsValue>) {
        let Role::Leading(leading) = &mut self.role else { return };
        if leading.id != leader {
            return;
        }
        let (front, new) = leading.tabs.front(tab);
        if new {
            self.core(AppInput::FrontUp(front));
            // Without locks there would be no leader.
            let _ = js::when_lock_is_free(&tab_lock(tab), move || with(|worker| worker.tab_gone(tab)));
        }
        let handed = self.front_says(front, to, beside);
        self.perform(handed);
    }

    fn tab_gone(&mut self, tab: TabId) {
        let Role::Leading(leading) = &mut self.role else { return };
        if let Some(front) = leading.tabs.gone(tab) {
            self.core(AppInput::FrontDown(front));
        }
    }

    fn lead(&mut self, id: LeaderId, app: App) {
        let leading = Leading {
            id,
            app,
            tabs: Tabs::default(),
            doors: Doors::default(),
            timer: Timer::default(),
            jobs: BTreeMap::new(),
            next_job: 0,
        };
        self.role = Role::Leading(Box::new(leading));
        self.core(AppInput::FrontUp(OWN_FRONT));
        self.tell(&TabMessage::Leading(id));
        let handed = self.post.led_by(id);
        self.perform(handed);
        self.core(AppInput::Tick);
    }

    fn give_up(&mut self, sentence: &'static str) {
        self.role = Role::Broken(sentence);
        let handed = self.post.led_by(self.tab);
        self.perform(handed);
    }

    /// Gives the core an input and does what comes out. A failed store was told to every front end already.
    fn core(&mut self, input: AppInput) {
        if let Role::Leading(leading) = &mut self.role {
            let _ = leading.app.handle(now(), input);
        }
        let handed = self.drain();
        self.perform(handed);
    }

    /// Hands on, and on what comes of that, until nothing is left.
    fn perform(&mut self, handed: Vec<Handed>) {
        let mut queue = VecDeque::from(handed);
        while let Some(next) = queue.pop_front() {
            match next {
                Handed::ToPage(from) => self.say_to_page(&from),
                Handed::ToLeader(to) => queue.extend(self.tell_leader(to)),
            }
        }
    }

    fn tell_leader(&mut self, to: ToCore) -> Vec<Handed> {
        match &mut self.role {
            Role::Following => {
                if let Some(leader) = self.post.leader() {
                    let beside = self.beside.get(&to.id).cloned();
                    self.tell_beside(&TabMessage::ToCore { leader, tab: self.tab, to }, beside);
                }
                Vec::new()
            }
            Role::Leading(_) => {
                let beside = self.beside.get(&to.id).cloned();
                self.front_says(OWN_FRONT, to, beside)
            }
            Role::Broken(sentence) => self.post.heard(Post::refusal(&to, sentence)),
        }
    }

    /// A page says something to the core; what has to do with files is done here, step by step.
    fn front_says(&mut self, front: FrontId, to: ToCore, beside: Option<JsValue>) -> Vec<Handed> {
        let Role::Leading(leading) = &mut self.role else { return Vec::new() };
        let id = to.id;
        let job = match to.what {
            What::Action(Action::SendFiles { to, reply_to, text, files }) => {
                let target = leading.app.files_target(&to, reply_to.as_deref(), text);
                let beside = beside.unwrap_or_default();
                target.and_then(|(target, text)| Job::sending(front, id, target, text, files, &beside))
            }
            What::Action(Action::SaveAttachment { id: attachment, .. }) => {
                let found = leading.app.to_save(&attachment);
                found.map(|(attachment, name, size)| Job::giving(front, id, attachment, name, size))
            }
            What::Action(Action::PlayAttachment { id: attachment, at }) => {
                let found = leading.app.to_play(&attachment);
                found.map(|(attachment, size)| Job::playing(front, id, attachment, size, at))
            }
            what => {
                let _ = leading.app.handle(now(), AppInput::FromFront(front, ToCore { id, what }));
                return self.drain();
            }
        };
        match job {
            Ok(job) => {
                leading.next_job += 1;
                let number = leading.next_job;
                leading.jobs.insert(number, job);
                go_on(number);
                Vec::new()
            }
            Err(outcome) => self.answer(front, id, outcome, None),
        }
    }

    /// One step of something with files.
    fn work(&mut self, number: ErrandId) {
        let Role::Leading(leading) = &mut self.role else { return };
        let Some(job) = leading.jobs.get_mut(&number) else { return };
        match job.step(&leading.app) {
            Step::Again => go_on(number),
            Step::Errand(command) => self.core(AppInput::Errand(number, command)),
            Step::Over(outcome, blob, forgotten) => {
                let (front, id) = (job.front, job.id);
                leading.jobs.remove(&number);
                for attachment in forgotten {
                    // Nobody waits for the answer.
                    self.core(AppInput::Errand(0, Command::DropAttachment(attachment)));
                }
                let handed = self.answer(front, id, outcome, blob.map(JsValue::from));
                self.perform(handed);
            }
        }
    }

    /// Tells a page what came of something that was done here.
    fn answer(&mut self, front: FrontId, id: u64, outcome: Outcome, blob: Option<JsValue>) -> Vec<Handed> {
        let from = FromCore::Reply { id, reply: Reply::Outcome(outcome) };
        if front == OWN_FRONT {
            self.back.extend(blob.map(|blob| (id, blob)));
            return self.post.heard(from);
        }
        let Role::Leading(leading) = &self.role else { return Vec::new() };
        if let Some(tab) = leading.tabs.tab(front) {
            self.tell_beside(&TabMessage::FromCore { tab, from: Box::new(from) }, blob);
        }
        Vec::new()
    }

    /// Takes all that the core puts out: bytes to the doors, words to the tabs, and what is for this page comes back.
    fn drain(&mut self) -> Vec<Handed> {
        let Role::Leading(leading) = &mut self.role else { return Vec::new() };
        let mut handed = Vec::new();
        let mut told = Vec::new();
        while let Some(output) = leading.app.poll_output() {
            match output {
                AppOutput::ToFront(OWN_FRONT, from) => handed.extend(self.post.heard(from)),
                AppOutput::ToFront(front, from) => {
                    if let Some(tab) = leading.tabs.tab(front) {
                        told.push(TabMessage::FromCore { tab, from: Box::new(from) });
                    }
                }
                AppOutput::Connect(door) => leading.doors.connect(door),
                AppOutput::Disconnect(door) => leading.doors.disconnect(door),
                AppOutput::Frame(door, frame) => leading.doors.send(door, &frame),
                AppOutput::Errand(number, reply) => {
                    if let Some(job) = leading.jobs.get_mut(&number) {
                        job.replied(reply);
                        go_on(number);
                    }
                }
            }
        }
        match leading.app.next_deadline() {
            Some(deadline) => {
                let wait = deadline.0.saturating_sub(now().0);
                leading.timer.set(wait, || with(|worker| worker.core(AppInput::Tick)));
            }
            None => leading.timer.clear(),
        }
        told.iter().for_each(|message| self.tell(message));
        handed
    }

    fn tell(&self, message: &TabMessage) {
        self.tell_beside(message, None);
    }

    fn tell_beside(&self, message: &TabMessage, beside: Option<JsValue>) {
        let line = serde_json::to_string(message).unwrap_or_default();
        // Posting fails only on a channel that was closed, and this one never is; files can be posted as well as strings.
        let _ = self.channel.post_message(&parcel(&line, beside));
    }

    fn say_to_page(&mut self, from: &FromCore) {
        let beside = match from {
            FromCore::Reply { id, .. } => {
                self.beside.remove(id);
                self.back.remove(id)
            }
            FromCore::Notice(_) => None,
        };
        let line = serde_json::to_string(from).unwrap_or_default();
        // Posting fails only when the page is gone.
        let _ = js::scope().post_message(&parcel(&line, beside));
    }
}

/// A line, alone or with what goes beside it.
fn parcel(line: &str, beside: Option<JsValue>) -> JsValue {
    match beside {
        Some(beside) => Array::of2(&JsValue::from_str(line), &beside).into(),
        None => JsValue::from_str(line),
    }
}

/// The next step of something with files, after all that waits already.
fn go_on(number: ErrandId) {
    js::soon(move || with(|worker| worker.work(number)));
}

/// This worker has the lock: it opens the core and leads until it ends, or lets another one try.
async fn lead() {
    match open().await {
        Ok((id, app)) => {
            with(|worker| worker.lead(id, app));
            pending().await
        }
        Err(sentence) => broken(sentence),
    }
}

async fn open() -> Result<(LeaderId, App), &'static str> {
    install().await?;
    let key = keys::device_key().await.map_err(|_| words::NO_KEY)?;
    let random = |_| words::NO_STORAGE;
    let (id, seed) = (u64::from_le_bytes(keys::random().map_err(random)?), keys::random().map_err(random)?);
    let opened = Db::open(DATABASE, &key).and_then(|db| Client::open(db, seed, Config::default()));
    let client = opened.map_err(|error| words::open_sentence(&error))?;
    let server = ServiceAddress::parse(&js::scope().location().origin()).map_err(|_| words::NO_STORAGE)?;
    Ok((id, App::new(client, Settings { server })))
}

/// The lock of a tab that closed is free a moment before its files are.
async fn install() -> Result<(), &'static str> {
    for _ in 0..INSTALL_TRIES_MAX {
        match client_db::install().await {
            Ok(()) => return Ok(()),
            Err(OpenError::InUse) => js::pause(INSTALL_PAUSE_MS).await,
            Err(OpenError::Full) => return Err(words::open_sentence(&OpenError::Full)),
            Err(_) => return Err(words::NO_STORAGE),
        }
    }
    Err(words::HELD)
}

fn broken(sentence: &'static str) {
    with(|worker| worker.give_up(sentence));
}

fn listen(channel: &BroadcastChannel) {
    let tab_says = on_line(Worker::tab_says);
    channel.set_onmessage(Some(tab_says.unchecked_ref()));
    let page_says = on_line(Worker::page_says);
    js::scope().set_onmessage(Some(page_says.unchecked_ref()));
}

fn on_line(mut heard: impl FnMut(&mut Worker, &str, Option<JsValue>) + 'static) -> JsValue {
    let closure = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        let (line, beside) = match data.dyn_ref::<Array>() {
            Some(parcel) => (parcel.get(0).as_string(), Some(parcel.get(1))),
            None => (data.as_string(), None),
        };
        if let Some(line) = line {
            with(|worker| heard(worker, &line, beside));
        }
    });
    closure.into_js_value()
}

fn with(act: impl FnOnce(&mut Worker)) {
    WORKER.with_borrow_mut(|worker| worker.as_mut().map(act));
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds since 1970 are whole and positive"
)]
fn now() -> Timestamp {
    Timestamp(js_sys::Date::now() as u64)
}

fn tab_lock(tab: TabId) -> String {
    format!("valise-tab-{tab:016x}")
}

/// Whoever holds it has the database and the connections.
const CORE_LOCK: &str = "valise-core";

/// Where tabs talk.
const CHANNEL: &str = "valise";

/// A name in the pool of the private file system.
const DATABASE: &str = "valise.db";

/// Five seconds: a tab that closes lets go within one, even on a busy machine.
const INSTALL_TRIES_MAX: u32 = 50;
const INSTALL_PAUSE_MS: i32 = 100;
