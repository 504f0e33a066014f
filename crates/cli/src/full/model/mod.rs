//! What the screen knows, without a screen: keys and what the core says come in, wishes go out.
//!
//! Invariant: no terminal here. What is to be done lies in [`Model::take_out`]; what is shown is a public field.

mod chat;
mod group;
mod join;
mod line;
mod main;
mod message;
mod more;
mod over;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use screens::{
    Action, Answer, Ask, ChatId, FromCore, MessageId, Notice, Outcome, Reply, Start, ToCore, Trouble, What,
};

pub use chat::{Chat, View};
pub use join::{Joining, Step};
pub use line::Line;
pub use main::{Main, Place, line_columns, stopped_rows, text_rows};
pub use message::Writing;
pub use over::{Choice, Field, Over};

use super::keys::Key;
use super::taps::Taps;

/// The whole screen as a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Which of the few screens is shown.
    pub stage: Stage,
    /// How much fits.
    pub size: Size,
    /// The screen is looked at: what is open counts as seen.
    pub attentive: bool,
    /// Typing with number keys.
    pub taps: Taps,
    /// A letter was typed, so there are letters on the keyboard and numbers mean themselves.
    pub has_letters: bool,
    utc_offset_minutes: i16,
    next: u64,
    waiting: BTreeMap<u64, Purpose>,
    out: Vec<Wish>,
}

/// What is to be done for the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// Open an account that is to be made at this server; then [`Model::opened`].
    Open(String),
    /// Tell the core.
    Tell(ToCore),
    /// Go to another account, and open this chat of it.
    Switch(usize, ChatId),
    /// Write a file into the folder one is in; then [`Model::say`].
    Write {
        /// Its name.
        name: String,
        /// What stands in it.
        text: String,
    },
    /// End.
    Quit,
}

/// Which screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Which server: nothing was begun in this home yet.
    Server(Server),
    /// The core has not answered yet.
    Opening,
    /// It cannot: what is, why, what now.
    Broken(Trouble),
    /// Nobody is registered here.
    Joining(Box<Joining>),
    /// The chats.
    Main(Box<Main>),
}

/// The question for the server.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Server {
    /// Its address as typed.
    pub line: Line,
    /// It is being opened.
    pub busy: bool,
    /// Why it could not be.
    pub refused: Option<String>,
}

/// How much fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Cells in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Size {
    /// List and chat side by side; otherwise one of them at a time.
    pub fn is_wide(self) -> bool {
        self.columns >= WIDE_COLUMNS
    }

    /// As small as the screens of devices that have number and arrow keys only.
    pub fn is_keypad(self) -> bool {
        self.columns <= KEYPAD_COLUMNS
    }
}

/// What a reply is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    Start,
    Chats,
    Requests,
    Newest(ChatId),
    Earlier(ChatId),
    One(ChatId),
    Register,
    GiveCode,
    Invite,
    Add,
    Accept,
    Block,
    Group,
    People(ChatId),
    NewGroup,
    EditGroup,
    About(ChatId),
    TellLive(ChatId, String),
    Editions,
    Scheduled,
    Mentionable,
    Schedule(ChatId),
    /// Folders, marks, texts that wait: everything shown is asked for anew.
    Arrange,
    Search,
    Devices,
    Linking,
    Privacy,
    Report,
    Send {
        chat: ChatId,
        text: String,
        writing: Option<Writing>,
    },
    Quiet,
}

impl Model {
    /// Of a home with an account, or with one that was begun. Local time is that far ahead of UTC.
    pub fn new(utc_offset_minutes: i16, size: Size) -> Self {
        let mut model = Self::without_server(utc_offset_minutes, size);
        model.stage = Stage::Opening;
        model.ask_start();
        model
    }

    /// Of a home in which nothing was begun.
    pub fn without_server(utc_offset_minutes: i16, size: Size) -> Self {
        Self {
            stage: Stage::Server(Server::default()),
            size,
            attentive: true,
            taps: Taps::default(),
            has_letters: false,
            utc_offset_minutes,
            next: 0,
            waiting: BTreeMap::new(),
            out: Vec::new(),
        }
    }

    /// What is to be done.
    pub fn take_out(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.out)
    }

    /// Something is to be done.
    pub fn has_wishes(&self) -> bool {
        !self.out.is_empty()
    }

    /// Something came from the core.
    pub fn heard(&mut self, from: FromCore) {
        match from {
            FromCore::Reply { id, reply } => {
                // A reply nobody waits for is one that was given up.
                let Some(purpose) = self.waiting.remove(&id) else { return };
                match reply {
                    Reply::Answer(answer) => self.answered(purpose, *answer),
                    Reply::Outcome(outcome) => self.came_of(purpose, outcome),
                }
            }
            FromCore::Notice(notice) => self.noticed(notice),
        }
        self.look();
    }

    /// Some notices were missed: everything shown is asked for anew.
    pub fn missed(&mut self) {
        self.ask_start();
        self.main_missed();
    }

    /// What came of [`Wish::Open`].
    pub fn opened(&mut self, result: Result<(), String>) {
        let Stage::Server(server) = &mut self.stage else { return };
        server.busy = false;
        match result {
            Ok(()) => self.ask_start(),
            Err(sentence) => server.refused = Some(sentence),
        }
    }

    /// Another size.
    pub fn resized(&mut self, size: Size) {
        self.size = size;
        self.look();
    }

    /// The terminal got the focus or lost it.
    pub fn set_attentive(&mut self, attentive: bool) {
        self.attentive = attentive;
        // Whoever comes back may come on another day, and days are words of the core.
        if attentive && self.main().is_some() {
            self.again();
        }
        self.look();
    }

    /// A key.
    pub fn key(&mut self, key: Key) {
        if let Key::Char(c) = key
            && c.is_alphabetic()
        {
            self.has_letters = true;
        }
        if matches!(key, Key::Ctrl('c' | 'q')) {
            self.out.push(Wish::Quit);
            return;
        }
        match &mut self.stage {
            Stage::Server(_) => self.server_key(key),
            Stage::Opening => {}
            Stage::Broken(trouble) => match key {
                Key::Enter if trouble.again => self.ask_start(),
                Key::Esc | Key::Char('q' | '0') => self.out.push(Wish::Quit),
                _ => {}
            },
            Stage::Joining(_) => self.join_key(key),
            Stage::Main(_) => self.main_key(key),
        }
        self.look();
    }

    /// Something was pasted.
    pub fn paste(&mut self, text: &str) {
        self.has_letters = true;
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        match &mut self.stage {
            Stage::Server(server) => server.line.insert(&one_line(&text)),
            Stage::Joining(joining) => joining.line.insert(&one_line(&text)),
            Stage::Main(main) => main.paste(&text),
            Stage::Opening | Stage::Broken(_) => {}
        }
    }

    /// Number keys write letters: the screen is small and nobody has typed a letter yet.
    pub fn writes_with_numbers(&self) -> bool {
        self.size.is_keypad() && !self.has_letters
    }

    fn server_key(&mut self, key: Key) {
        let numbers = self.writes_with_numbers();
        let Stage::Server(server) = &mut self.stage else { return };
        match key {
            Key::Enter if !server.busy => {
                self.taps.close();
                let address = server.line.text().trim().to_owned();
                if address.is_empty() {
                    server.refused = Some("Write the address of the server that you were given.".to_owned());
                    return;
                }
                (server.busy, server.refused) = (true, None);
                // Nobody types what is always the same; plain addresses are written out.
                let whole = if address.contains("://") { address } else { format!("https://{address}") };
                self.out.push(Wish::Open(whole));
            }
            Key::Esc => self.out.push(Wish::Quit),
            Key::Left if numbers && server.line.is_empty() => self.out.push(Wish::Quit),
            key => {
                edit(&mut server.line, &mut self.taps, numbers, key);
            }
        }
    }

    fn answered(&mut self, purpose: Purpose, answer: Answer) {
        match (purpose, answer) {
            (Purpose::Start, Answer::Start(start)) => self.started(start),
            (Purpose::Start, Answer::Refused { sentence, .. }) => match &mut self.stage {
                // What is shown, and what was being written, stays.
                Stage::Main(main) => main.toast = Some(sentence),
                stage => *stage = Stage::Broken(Trouble { sentence, again: true }),
            },
            (purpose, answer) => self.main_answered(purpose, answer),
        }
    }

    fn came_of(&mut self, purpose: Purpose, outcome: Outcome) {
        match purpose {
            Purpose::Register | Purpose::GiveCode => self.join_came_of(outcome),
            purpose => self.main_came_of(purpose, outcome),
        }
    }

    fn noticed(&mut self, notice: Notice) {
        match notice {
            Notice::Account => self.ask_start(),
            notice => self.main_noticed(notice),
        }
    }

    fn started(&mut self, start: Start) {
        match start {
            Start::Welcome(welcome) => match &mut self.stage {
                // The person is further than the core knows: they go without a handle.
                Stage::Joining(joining) if joining.welcome.is_some() => joining.welcome = Some(welcome),
                _ => self.join(Joining::welcome(welcome)),
            },
            Start::Code(code) => match &mut self.stage {
                Stage::Joining(joining) => {
                    joining.code_sent(code);
                    self.taps = Taps::digits();
                }
                _ => {
                    self.join(Joining::code(code));
                    self.taps = Taps::digits();
                }
            },
            Start::Main(me) => self.enter(me),
        }
    }

    fn join(&mut self, joining: Joining) {
        self.stage = Stage::Joining(Box::new(joining));
    }

    /// Asks the first question again: at the beginning, after a failure, when the account changed.
    fn ask_start(&mut self) {
        self.want(What::Ask(Ask::Start { utc_offset_minutes: self.utc_offset_minutes }), Purpose::Start);
    }

    fn act(&mut self, action: Action, purpose: Purpose) {
        self.want(What::Action(action), purpose);
    }

    fn want(&mut self, what: What, purpose: Purpose) {
        self.next += 1;
        self.waiting.insert(self.next, purpose);
        self.out.push(Wish::Tell(ToCore { id: self.next, what }));
    }

    /// Whether a reply for this is still to come.
    fn waits_for(&self, purpose: &Purpose) -> bool {
        self.waiting.values().any(|waiting| waiting == purpose)
    }

    /// What is open and seen is marked as read, once.
    fn look(&mut self) {
        let (attentive, size) = (self.attentive, self.size);
        let Stage::Main(main) = &mut self.stage else { return };
        if !attentive || !main.shows_chat(size) {
            return;
        }
        let Some(chat) = &mut main.chat else { return };
        let Some((chat, through)) = chat.newly_seen() else { return };
        self.mark_read(chat, through);
    }

    fn mark_read(&mut self, chat: ChatId, through: MessageId) {
        self.act(Action::MarkRead { chat, through }, Purpose::Quiet);
    }
}

/// What every line understands. Returns whether the key meant something to it.
fn edit(line: &mut Line, taps: &mut Taps, numbers: bool, key: Key) -> bool {
    use super::taps::Typed;
    match key {
        Key::Char('*') if numbers => taps.turn(),
        Key::Char('#') if numbers => {
            taps.close();
            line.insert(" ");
        }
        Key::Char(c) if numbers && c.is_ascii_digit() => match taps.tap(c) {
            Typed::New(sign) => line.insert(sign.encode_utf8(&mut [0; 4])),
            Typed::Instead(sign) => {
                line.backspace();
                line.insert(sign.encode_utf8(&mut [0; 4]));
            }
        },
        // With arrow keys alone, the left one takes back and the right one closes the letter.
        Key::Left if numbers => {
            taps.close();
            line.backspace();
        }
        Key::Right if numbers && taps.close() => {}
        key => {
            taps.close();
            match key {
                Key::Char(c) => line.insert(c.encode_utf8(&mut [0; 4])),
                Key::Backspace | Key::Ctrl('h') => line.backspace(),
                Key::Delete | Key::Ctrl('d') => line.delete(),
                Key::Ctrl('w') => line.delete_word(),
                Key::Ctrl('u') => line.delete_before(),
                Key::Left | Key::Ctrl('b') => line.left(),
                Key::Right | Key::Ctrl('f') => line.right(),
                Key::Home | Key::Ctrl('a') => line.home(),
                Key::End | Key::Ctrl('e') => line.end(),
                _ => return false,
            }
        }
    }
    true
}

/// From so many columns on, list and chat stand side by side.
const WIDE_COLUMNS: u16 = 64;
/// Up to so many columns a screen is that of a keypad device.
const KEYPAD_COLUMNS: u16 = 40;
