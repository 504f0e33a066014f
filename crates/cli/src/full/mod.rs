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

use std::io;

use host_native::{Core, Heard, Notices, OpenTrouble, Options, ServerAddress};
use screens::{Action, ChatId, FromCore, ToCore, What};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant};

use crate::end::Stop;
use crate::stop;
use model::{Model, Size, Stage, Wish};
use screen::{Screen, Seen};

/// Shows the chats until the person ends it.
pub async fn run(options: Options, utc_offset_minutes: i16) -> Result<(), Stop> {
    let core = match Core::open(options.clone()).await {
        Ok(core) => Some(core),
        // Nothing was begun here: the first question is for the server.
        Err(OpenTrouble::NoHome(_)) => None,
        Err(trouble) => return Err(trouble.into()),
    };
    let (mut screen, seen) = Screen::open().map_err(no_terminal)?;
    let size = screen.size().map_err(no_terminal)?;
    let model = match core {
        Some(_) => Model::new(utc_offset_minutes, size),
        None => Model::without_server(utc_offset_minutes, size),
    };
    let (replies, replied) = mpsc::channel(REPLIES_WAITING_MAX);
    let notices = core.as_ref().map(Core::notices);
    let mut full = Full {
        model,
        core,
        notices,
        options,
        replies,
        title: None,
        typed: None,
        told_typing: None,
        told_active: None,
    };
    let result = full.go(&mut screen, seen, replied).await;
    // The terminal is the person's again before the core takes its time to close.
    drop(screen);
    if let Some(core) = full.core {
        core.close().await;
    }
    result
}

struct Full {
    model: Model,
    core: Option<Core>,
    notices: Option<Notices>,
    options: Options,
    replies: mpsc::Sender<FromCore>,
    /// What stands in the window's title.
    title: Option<u32>,
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
        mut replied: mpsc::Receiver<FromCore>,
    ) -> Result<(), Stop> {
        let mut ended = std::pin::pin!(stop::wanted());
        loop {
            for wish in self.model.take_out() {
                match wish {
                    Wish::Quit => return Ok(()),
                    Wish::Tell(wanted) => self.tell(wanted).await,
                    Wish::Open(server) => {
                        // It can take a moment, and the screen says so meanwhile.
                        screen.draw(&self.model).map_err(no_terminal)?;
                        let opened = self.open(&server).await;
                        self.model.opened(opened);
                    }
                }
            }
            if self.model.has_wishes() {
                continue;
            }
            self.tell_typing().await;
            self.show_title(screen);
            screen.draw(&self.model).map_err(no_terminal)?;
            tokio::select! {
                event = seen.recv() => match event {
                    Some(event) => self.saw(event),
                    // Nobody can type any more.
                    None => return Ok(()),
                },
                Some(from) = replied.recv() => self.model.heard(from),
                heard = next(&mut self.notices) => self.heard(heard),
                () = &mut ended => return Ok(()),
            }
            // Everything that is here already goes into the same picture, within reason.
            for _ in 0..EVENTS_PER_PICTURE_MAX {
                if let Ok(event) = seen.try_recv() {
                    self.saw(event);
                } else if let Ok(from) = replied.try_recv() {
                    self.model.heard(from);
                } else if let Some(heard) = self.notices.as_mut().and_then(Notices::ready) {
                    self.heard(Some(heard));
                } else {
                    break;
                }
            }
        }
    }

    fn saw(&mut self, event: Seen) {
        match event {
            Seen::Key(key) => self.model.key(key),
            Seen::Paste(text) => self.model.paste(&text),
            Seen::Size(size) => self.model.resized(size),
            Seen::Focus(focus) => self.model.set_attentive(focus),
        }
    }

    fn heard(&mut self, heard: Option<Heard>) {
        match heard {
            Some(Heard::Notice(notice)) => self.model.heard(FromCore::Notice(notice)),
            Some(Heard::Missed) => self.model.missed(),
            None => self.notices = None,
        }
    }

    /// Hands it over in order; the reply comes when it comes.
    async fn tell(&self, wanted: ToCore) {
        let Some(core) = &self.core else { return };
        let ToCore { id, what } = wanted;
        let pending = core.begin(what).await;
        let replies = self.replies.clone();
        tokio::spawn(async move {
            let reply = pending.reply().await;
            let _ = replies.send(FromCore::Reply { id, reply }).await;
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
    async fn open(&mut self, server: &str) -> Result<(), String> {
        let address = ServerAddress::parse(server).map_err(|trouble| trouble.to_string())?;
        self.notices = None;
        if let Some(core) = self.core.take() {
            core.close().await;
        }
        self.options.server = Some(address);
        let core = Core::open(self.options.clone()).await.map_err(|trouble| trouble.to_string())?;
        self.notices = Some(core.notices());
        self.core = Some(core);
        Ok(())
    }

    fn show_title(&mut self, screen: &mut Screen) {
        let unread = match &self.model.stage {
            Stage::Main(main) => main.list.unread,
            _ => 0,
        };
        if self.title != Some(unread) {
            self.title = Some(unread);
            screen.title(&if unread == 0 { "Valise".to_owned() } else { format!("({unread}) Valise") });
        }
    }
}

async fn next(notices: &mut Option<Notices>) -> Option<Heard> {
    match notices {
        Some(notices) => notices.next().await,
        None => std::future::pending().await,
    }
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
/// Replies that wait for the screen to be painted.
const REPLIES_WAITING_MAX: usize = 256;
/// Events that one picture shows at once: more than a person types, few enough for the screen to keep moving.
const EVENTS_PER_PICTURE_MAX: usize = 256;
