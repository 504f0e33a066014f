//! `valise` on a terminal: chats left, messages right, a line to type in, and everything by key.
//!
//! [`model`] is the whole screen as a value: keys and the core's words go in, wishes come out. [`draw`] paints it. Only
//! [`screen`] and this file know that there is a terminal, a core and time.
//!
//! Invariant: every action is a row of [`keys::TABLE`]; keys, help and menus are read from it.

mod draw;
mod keys;
mod lay;
mod model;
mod panes;
mod screen;
mod taps;
mod text;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use host_native::{Core, Heard, OpenTrouble, Options, ServerAddress};
use screens::{Action, ChatId, FromCore, ToCore, What};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep};

use crate::end::Stop;
use crate::stop;
use model::{Model, Size, Stage, Wish};
use screen::{Screen, Seen};

/// Shows the chats until the person ends it: of one account, or of several in one list.
pub async fn run(options: Options, all: Vec<(String, Options)>, utc_offset_minutes: i16) -> Result<(), Stop> {
    let (mut screen, seen) = Screen::open().map_err(no_terminal)?;
    let size = screen.size().map_err(no_terminal)?;
    let (replies, replied) = mpsc::channel(REPLIES_WAITING_MAX);
    let (hears, heard) = mpsc::channel(HEARD_WAITING_MAX);
    // Where none was made there is one to be made.
    let named = if all.is_empty() { vec![(String::new(), options)] } else { all };
    let (opens, opening) = mpsc::channel(1);
    let mut seats = Vec::new();
    for (at, (name, options)) in named.into_iter().enumerate() {
        let model = Model::without_server(utc_offset_minutes, size);
        let (replies, hears) = (replies.clone(), hears.clone());
        let (typed, told_typing, told_active) = (None, None, None);
        let mut seat =
            Seat { name, model, core: None, options, replies, hears, typed, told_typing, told_active };
        if at == 0 {
            match Core::open(seat.options.clone()).await {
                Ok(core) => seat.has(at, core, utc_offset_minutes),
                // Nothing was begun here: the first question is for the server.
                Err(OpenTrouble::NoHome(_)) => {}
                Err(trouble) => return Err(trouble.into()),
            }
        } else {
            seat.model.set_attentive(false);
            open_later(at, seat.options.clone(), opens.clone())?;
        }
        seats.push(seat);
    }
    let mut full = Full { seats, active: 0, title: None, utc_offset_minutes };
    let result = full.go(&mut screen, seen, (replied, heard, opening)).await;
    // The terminal is the person's again before the cores take their time to close.
    drop(screen);
    for core in full.seats.into_iter().filter_map(|seat| seat.core) {
        core.close().await;
    }
    result
}

/// Every account, one of them before the person.
struct Full {
    seats: Vec<Seat>,
    active: usize,
    /// What stands in the window's title.
    title: Option<u32>,
    utc_offset_minutes: i16,
}

/// What comes of cores: replies, what they say by themselves, and those that were opened later.
type FromCores = (mpsc::Receiver<(usize, FromCore)>, mpsc::Receiver<(usize, Heard)>, mpsc::Receiver<Opened>);

/// What came of opening an account's core.
type Opened = (usize, Result<Core, OpenTrouble>);

/// An account: its own core, in its own home, with its own connections.
struct Seat {
    name: String,
    model: Model,
    core: Option<Core>,
    options: Options,
    replies: mpsc::Sender<(usize, FromCore)>,
    hears: mpsc::Sender<(usize, Heard)>,
    /// The text being written, as it was looked at last.
    typed: Option<(ChatId, String)>,
    /// When the core was last told that somebody types, and that somebody is here.
    told_typing: Option<Instant>,
    told_active: Option<Instant>,
}

impl Full {
    async fn go(
        &mut self,
        screen: &mut Screen,
        mut seen: mpsc::Receiver<Seen>,
        (mut replied, mut heard, mut opening): FromCores,
    ) -> Result<(), Stop> {
        let mut ended = std::pin::pin!(stop::wanted());
        loop {
            for at in 0..self.seats.len() {
                for wish in self.seats[at].model.take_out() {
                    match wish {
                        Wish::Quit => return Ok(()),
                        Wish::Tell(wanted) => self.seats[at].tell(at, wanted).await,
                        Wish::Switch(account, chat) => self.switch(account, &chat),
                        Wish::Write { name, text } => {
                            let said = write(&name, &text);
                            self.seats[at].model.say(said);
                        }
                        Wish::Open(server) => {
                            // It can take a moment, and the screen says so meanwhile.
                            screen.draw(&self.seats[at].model).map_err(no_terminal)?;
                            let opened = self.seats[at].open(at, &server).await;
                            self.seats[at].model.opened(opened);
                        }
                    }
                }
            }
            if self.seats.iter().any(|seat| seat.model.has_wishes()) {
                continue;
            }
            self.seats[self.active].tell_typing().await;
            self.merge();
            self.show_title(screen);
            screen.draw(&self.seats[self.active].model).map_err(no_terminal)?;
            tokio::select! {
                event = seen.recv() => match event {
                    Some(event) => self.saw(event),
                    // Nobody can type any more.
                    None => return Ok(()),
                },
                Some((at, from)) = replied.recv() => self.seats[at].model.heard(from),
                Some((at, heard)) = heard.recv() => self.seats[at].heard(heard),
                Some((at, opened)) = opening.recv() => match opened {
                    Ok(core) => self.seats[at].has(at, core, self.utc_offset_minutes),
                    Err(trouble) => self.seats[self.active].model.say(trouble.to_string()),
                },
                () = &mut ended => return Ok(()),
            }
            // Everything that is here already goes into the same picture, within reason.
            for _ in 0..EVENTS_PER_PICTURE_MAX {
                if let Ok(event) = seen.try_recv() {
                    self.saw(event);
                } else if let Ok((at, from)) = replied.try_recv() {
                    self.seats[at].model.heard(from);
                } else if let Ok((at, heard)) = heard.try_recv() {
                    self.seats[at].heard(heard);
                } else {
                    break;
                }
            }
        }
    }

    fn saw(&mut self, event: Seen) {
        let active = &mut self.seats[self.active].model;
        match event {
            Seen::Key(key) => active.key(key),
            Seen::Paste(text) => active.paste(&text),
            Seen::Size(size) => self.seats.iter_mut().for_each(|seat| seat.model.resized(size)),
            Seen::Focus(focus) => active.set_attentive(focus),
        }
    }

    /// Another account comes before the person: what is open in the one before is no longer seen.
    fn switch(&mut self, account: usize, chat: &ChatId) {
        if account >= self.seats.len() {
            return;
        }
        let attentive = self.seats[self.active].model.attentive;
        self.seats[self.active].model.set_attentive(false);
        self.active = account;
        let model = &mut self.seats[account].model;
        model.set_attentive(attentive);
        model.open_chat(chat);
    }

    /// One list of all accounts, each row with its account's name.
    fn merge(&mut self) {
        if self.seats.len() < 2 {
            return;
        }
        let rows = |(at, seat): (usize, &Seat)| match &seat.model.stage {
            Stage::Main(main) if at != self.active => {
                let rows = main.own_rows().iter().take(MERGED_ROWS_MAX).cloned().collect();
                Some((at, seat.name.clone(), rows))
            }
            _ => None,
        };
        let others: Vec<_> = self.seats.iter().enumerate().filter_map(rows).collect();
        let seat = &mut self.seats[self.active];
        seat.model.show_accounts(&seat.name, &others);
    }

    fn show_title(&mut self, screen: &mut Screen) {
        let unread = |seat: &Seat| match &seat.model.stage {
            Stage::Main(main) => main.list.unread,
            _ => 0,
        };
        let unread = self.seats.iter().map(unread).fold(0, u32::saturating_add);
        if self.title != Some(unread) {
            self.title = Some(unread);
            screen.title(&if unread == 0 { "Valise".to_owned() } else { format!("({unread}) Valise") });
        }
    }
}

impl Seat {
    /// Its core is open.
    fn has(&mut self, at: usize, core: Core, utc_offset_minutes: i16) {
        let attentive = self.model.attentive;
        self.listen(at, &core);
        self.core = Some(core);
        self.model = Model::new(utc_offset_minutes, self.model.size);
        self.model.set_attentive(attentive);
    }

    /// What the core says by itself comes with the others', until it is closed.
    fn listen(&self, at: usize, core: &Core) {
        let (mut notices, hears) = (core.notices(), self.hears.clone());
        tokio::spawn(async move {
            while let Some(heard) = notices.next().await {
                if hears.send((at, heard)).await.is_err() {
                    return;
                }
            }
        });
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Notice(notice) => self.model.heard(FromCore::Notice(notice)),
            Heard::Missed => self.model.missed(),
        }
    }

    /// Hands it over in order; the reply comes when it comes.
    async fn tell(&self, at: usize, wanted: ToCore) {
        let Some(core) = &self.core else { return };
        let ToCore { id, what } = wanted;
        let pending = core.begin(what).await;
        let replies = self.replies.clone();
        tokio::spawn(async move {
            let reply = pending.reply().await;
            let _ = replies.send((at, FromCore::Reply { id, reply })).await;
        });
    }

    /// The person writes in the open chat: said as they do, and now and then that they are here at all.
    async fn tell_typing(&mut self) {
        let long_ago = |told: Option<Instant>, wait| told.is_none_or(|told| told.elapsed() >= wait);
        let typed = match &self.model.stage {
            Stage::Main(main) => {
                main.chat.as_ref().map(|chat| (chat.id.clone(), chat.line.text().to_owned()))
            }
            _ => None,
        };
        let before = std::mem::replace(&mut self.typed, typed);
        let (Some((chat, text)), Some((other, then))) = (&self.typed, before) else { return };
        let types = *chat == other && *text != then && !text.is_empty();
        let action = if types && long_ago(self.told_typing, TYPING_AGAIN) {
            self.told_typing = Some(Instant::now());
            Action::Typing { chat: chat.clone(), on: true }
        } else if self.model.attentive && long_ago(self.told_active, ACTIVE_AGAIN) {
            self.told_active = Some(Instant::now());
            Action::Active
        } else {
            return;
        };
        if let Some(core) = &self.core {
            // Nobody waits for what comes of it.
            drop(core.begin(What::Action(action)).await);
        }
    }

    /// Opens a home in which an account is to be made at this server.
    async fn open(&mut self, at: usize, server: &str) -> Result<(), String> {
        let address = ServerAddress::parse(server).map_err(|trouble| trouble.to_string())?;
        if let Some(core) = self.core.take() {
            core.close().await;
        }
        self.options.server = Some(address);
        let core = Core::open(self.options.clone()).await.map_err(|trouble| trouble.to_string())?;
        self.listen(at, &core);
        self.core = Some(core);
        Ok(())
    }
}

/// Writes a file of its owner's into the folder one is in, never over one that is there; says what came of it.
fn write(name: &str, text: &str) -> String {
    let mut options = OpenOptions::new();
    let file = options.create_new(true).write(true).mode(0o600).open(name);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => format!("Written into {name}."),
        Err(error) => format!("{name} cannot be written: {error}."),
    }
}

/// Opens an account's core after a moment of random length: accounts that connect together could be told to be of one person.
fn open_later(at: usize, options: Options, opens: mpsc::Sender<Opened>) -> Result<(), Stop> {
    let apart = host_native::a_moment(APART_MAX)?;
    tokio::spawn(async move {
        sleep(apart).await;
        let opened = Core::open(options).await;
        if let Err(mpsc::error::SendError((_, Ok(core)))) = opens.send((at, opened)).await {
            core.close().await;
        }
    });
    Ok(())
}

fn no_terminal(error: io::Error) -> Stop {
    Stop::refused(format!("The terminal cannot be used: {error}. Use the commands instead: valise --help"))
}

impl Size {
    fn of((columns, rows): (u16, u16)) -> Self {
        Self { columns, rows }
    }
}

/// That somebody types is said again after so long.
const TYPING_AGAIN: Duration = Duration::from_secs(3);
/// That somebody is here is said again after so long.
const ACTIVE_AGAIN: Duration = Duration::from_secs(60);
/// Further accounts are opened within this, each time at another moment.
const APART_MAX: Duration = Duration::from_secs(5);
/// Rows of each other account in the list.
const MERGED_ROWS_MAX: usize = 100;
/// What cores said by themselves and the screen does not show yet; the cores keep more.
const HEARD_WAITING_MAX: usize = 256;
/// Replies that wait for the screen to be painted.
const REPLIES_WAITING_MAX: usize = 256;
/// Events that one picture shows at once: more than a person types, few enough for the screen to keep moving.
const EVENTS_PER_PICTURE_MAX: usize = 256;
