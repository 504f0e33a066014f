//! Becoming somebody: handle, code, name.

use screens::{Action, CodeScreen, Next, Outcome, RefusedKind, WelcomeScreen};

use super::{Model, NewDevice, Purpose, Stage};

/// Registration as far as it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Joining {
    /// The first page; nothing when the device was already waiting for a code.
    pub welcome: Option<WelcomeScreen>,
    /// The code that is awaited.
    pub code: Option<CodeScreen>,
    /// Which question is asked.
    pub step: Step,
    /// The handle, when there is to be one.
    pub handle: Option<String>,
    /// The code as typed.
    pub typed: String,
    /// The name as typed.
    pub name: String,
    /// An answer is awaited.
    pub busy: bool,
    /// Why it did not go on.
    pub refused: Option<String>,
    /// The person links this device to an account they have.
    pub device: Option<NewDevice>,
}

/// The questions, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// How one may be found.
    Handle,
    /// The code that was sent there.
    Code,
    /// The name.
    Name,
}

impl Joining {
    pub(super) fn welcome(welcome: WelcomeScreen) -> Self {
        Self {
            welcome: Some(welcome),
            code: None,
            step: Step::Handle,
            handle: None,
            typed: String::new(),
            name: String::new(),
            busy: false,
            refused: None,
            device: None,
        }
    }

    pub(super) fn code(code: CodeScreen) -> Self {
        Self {
            welcome: None,
            handle: Some(code.handle.clone()),
            step: Step::Code,
            code: Some(code),
            typed: String::new(),
            name: String::new(),
            busy: false,
            refused: None,
            device: None,
        }
    }

    pub(super) fn code_sent(&mut self, code: CodeScreen) {
        self.handle = Some(code.handle.clone());
        self.code = Some(code);
        self.step = Step::Code;
        self.busy = false;
    }

    /// How many questions there are and which this is: without a handle there are two.
    #[must_use]
    pub fn place(&self) -> (u8, u8) {
        match (self.step, self.handle.is_some()) {
            (Step::Handle, _) => (1, 3),
            (Step::Code, _) => (2, 3),
            (Step::Name, true) => (3, 3),
            (Step::Name, false) => (2, 2),
        }
    }

    /// The longest name, in characters.
    #[must_use]
    pub fn name_chars_max(&self) -> u32 {
        let welcome = self.welcome.as_ref().map(|welcome| welcome.name_chars_max);
        welcome.or(self.code.as_ref().map(|code| code.name_chars_max)).unwrap_or(u32::MAX)
    }
}

impl Model {
    /// The person gave a number or an address: a code is sent there.
    pub fn give_handle(&mut self, handle: &str) {
        let handle = handle.trim().to_owned();
        let Some(joining) = self.joining() else { return };
        if handle.is_empty() {
            joining.busy = false;
            joining.refused = Some("Write a phone number or an e-mail address, or go on without.".to_owned());
            return;
        }
        joining.handle = Some(handle.clone());
        joining.typed.clear();
        let name = joining.name.clone();
        self.act(Action::Register { handle: Some(handle), name }, Purpose::Register);
    }

    /// The person goes on without number or address.
    pub fn without_handle(&mut self) {
        let Some(joining) = self.joining() else { return };
        joining.handle = None;
        joining.step = Step::Name;
        joining.busy = false;
    }

    /// The person typed the code. It is given together with the name, so that comes next unless it is known.
    pub fn give_code(&mut self, code: &str) {
        let Some(joining) = self.joining() else { return };
        joining.typed = code.to_owned();
        if joining.name.is_empty() {
            joining.step = Step::Name;
            joining.busy = false;
        } else {
            self.finish_joining();
        }
    }

    /// The person gave their name: the account is made.
    pub fn give_name(&mut self, name: &str) {
        let name = name.trim().to_owned();
        let Some(joining) = self.joining() else { return };
        if name.is_empty() {
            joining.busy = false;
            joining.refused = Some("Write the name that people you accept will see.".to_owned());
            return;
        }
        joining.name = name;
        self.finish_joining();
    }

    /// Nothing came, or the code is too old.
    pub fn new_code(&mut self) {
        let Some(joining) = self.joining() else { return };
        let (Some(handle), name) = (joining.handle.clone(), joining.name.clone()) else { return };
        joining.typed.clear();
        self.act(Action::Register { handle: Some(handle), name }, Purpose::Register);
    }

    /// One step back.
    pub fn step_back(&mut self) {
        let Stage::Joining(joining) = &mut self.stage else { return };
        joining.refused = None;
        joining.busy = false;
        joining.step = match (joining.step, joining.handle.is_some()) {
            (Step::Name, true) => Step::Code,
            _ => Step::Handle,
        };
    }

    fn joining(&mut self) -> Option<&mut Joining> {
        let Stage::Joining(joining) = &mut self.stage else { return None };
        joining.refused = None;
        joining.busy = true;
        Some(joining)
    }

    fn finish_joining(&mut self) {
        let Stage::Joining(joining) = &mut self.stage else { return };
        joining.busy = true;
        let (name, code) = (joining.name.clone(), joining.typed.clone());
        match joining.handle.clone() {
            Some(handle) => self.act(Action::GiveCode { handle, name, code }, Purpose::GiveCode),
            None => self.act(Action::Register { handle: None, name }, Purpose::Register),
        }
    }

    pub(super) fn join_came_of(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Refused { kind, sentence, next } => {
                let Stage::Joining(joining) = &mut self.stage else { return };
                joining.busy = false;
                joining.refused = Some(sentence);
                // The name was looked at before it left, so what is wrong is the code.
                let network = kind == RefusedKind::Network;
                if joining.step == Step::Name && joining.handle.is_some() && !network {
                    joining.step = Step::Code;
                    joining.typed.clear();
                }
                if next == Some(Next::Register) {
                    self.ask_start();
                }
            }
            // A code is awaited, or the account stands: the core says what comes now.
            _ => self.ask_start(),
        }
    }
}
