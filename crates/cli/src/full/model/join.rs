//! Becoming somebody: handle, code, name.

use screens::{Action, CodeScreen, HandleChoice, HandleKind, Next, Outcome, RefusedKind, WelcomeScreen};

use super::{Line, Model, Purpose, Server, Stage, edit};
use crate::full::keys::Key;
use crate::full::taps::Taps;

/// Registration as far as it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Joining {
    /// The first page; nothing when the device was already waiting for a code.
    pub welcome: Option<WelcomeScreen>,
    /// The code that is awaited.
    pub code: Option<CodeScreen>,
    /// Which question is asked.
    pub step: Step,
    /// The row of [`Step::Choose`] that Enter takes.
    pub picked: usize,
    /// What is being typed.
    pub line: Line,
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
}

/// The questions, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// In which way one may be found.
    Choose,
    /// The number or the address.
    Handle(HandleKind),
    /// The code that was sent there.
    Code,
    /// The name.
    Name,
}

impl Joining {
    pub(super) fn welcome(welcome: WelcomeScreen) -> Self {
        Self { welcome: Some(welcome), ..Self::at(Step::Choose) }
    }

    pub(super) fn code(code: CodeScreen) -> Self {
        Self { handle: Some(code.handle.clone()), code: Some(code), ..Self::at(Step::Code) }
    }

    fn at(step: Step) -> Self {
        Self {
            welcome: None,
            code: None,
            step,
            picked: 0,
            line: Line::default(),
            handle: None,
            typed: String::new(),
            name: String::new(),
            busy: false,
            refused: None,
        }
    }

    pub(super) fn code_sent(&mut self, code: CodeScreen) {
        self.handle = Some(code.handle.clone());
        self.code = Some(code);
        self.go(Step::Code);
    }

    fn go(&mut self, step: Step) {
        self.step = step;
        self.busy = false;
        self.line = match step {
            Step::Name => Line::with(self.name.clone()),
            Step::Handle(_) => Line::with(self.handle.clone().unwrap_or_default()),
            Step::Choose | Step::Code => Line::default(),
        };
    }

    /// The ways to be found.
    pub fn choices(&self) -> &[HandleChoice] {
        self.welcome.as_ref().map_or(&[], |welcome| &welcome.choices)
    }

    /// The way that is being typed.
    pub fn choice(&self, kind: HandleKind) -> Option<&HandleChoice> {
        self.choices().iter().find(|choice| choice.kind == kind)
    }

    /// The label of the name's field, and what it is for.
    pub fn name_words(&self) -> (&str, &str) {
        match (&self.welcome, &self.code) {
            (Some(welcome), _) => (&welcome.name_label, &welcome.name_sentence),
            (None, Some(code)) => (&code.name_label, ""),
            (None, None) => ("", ""),
        }
    }
}

impl Model {
    pub(super) fn join_key(&mut self, key: Key) {
        let numbers = self.writes_with_numbers();
        let Stage::Joining(joining) = &mut self.stage else { return };
        let back = key == Key::Esc
            || (key == Key::Left && (joining.step == Step::Choose || (numbers && joining.line.is_empty())));
        if back {
            return self.step_back();
        }
        if joining.busy {
            return;
        }
        match (joining.step, key) {
            (Step::Choose, key) => self.choose_key(key),
            (Step::Code, Key::Down) => self.new_code(),
            (_, Key::Enter) => {
                self.taps.close();
                self.give();
            }
            (_, key) => {
                edit(&mut joining.line, &mut self.taps, numbers, key);
            }
        }
    }

    fn choose_key(&mut self, key: Key) {
        let Stage::Joining(joining) = &mut self.stage else { return };
        let rows = joining.choices().len().max(1);
        match key {
            Key::Up => joining.picked = (joining.picked + rows - 1) % rows,
            Key::Down => joining.picked = (joining.picked + 1) % rows,
            Key::Enter | Key::Right => self.take_choice(joining_picked(&self.stage)),
            Key::Char(c) => {
                if let Some(digit) = c.to_digit(10).and_then(|digit| digit.checked_sub(1)) {
                    self.take_choice(digit as usize);
                }
            }
            _ => {}
        }
    }

    fn take_choice(&mut self, at: usize) {
        let Stage::Joining(joining) = &mut self.stage else { return };
        let Some(kind) = joining.choices().get(at).map(|choice| choice.kind) else { return };
        joining.picked = at;
        joining.refused = None;
        self.taps = if kind == HandleKind::Number { Taps::digits() } else { Taps::default() };
        match kind {
            HandleKind::Number | HandleKind::Email => joining.go(Step::Handle(kind)),
            HandleKind::Neither => {
                joining.handle = None;
                joining.go(Step::Name);
            }
        }
    }

    /// Enter: what was typed is given.
    fn give(&mut self) {
        let Stage::Joining(joining) = &mut self.stage else { return };
        joining.refused = None;
        let given = joining.line.text().trim().to_owned();
        match joining.step {
            Step::Choose => {}
            Step::Handle(_) if given.is_empty() => {
                joining.refused = Some("Write a phone number or an e-mail address, or go back.".to_owned());
            }
            Step::Handle(_) => {
                joining.handle = Some(given.clone());
                joining.busy = true;
                let name = joining.name.clone();
                self.act(Action::Register { handle: Some(given), name }, Purpose::Register);
            }
            // It is given together with the name, so that comes next unless it is known.
            Step::Code => {
                joining.typed = given;
                if joining.name.is_empty() {
                    joining.go(Step::Name);
                    self.taps = Taps::default();
                } else {
                    self.finish();
                }
            }
            Step::Name if given.is_empty() => {
                joining.refused = Some("Write the name that people you accept will see.".to_owned());
            }
            Step::Name => {
                joining.name = given;
                self.finish();
            }
        }
    }

    fn finish(&mut self) {
        let Stage::Joining(joining) = &mut self.stage else { return };
        joining.busy = true;
        let (name, code) = (joining.name.clone(), joining.typed.clone());
        match joining.handle.clone() {
            Some(handle) => self.act(Action::GiveCode { handle, name, code }, Purpose::GiveCode),
            None => self.act(Action::Register { handle: None, name }, Purpose::Register),
        }
    }

    /// Nothing came, or the code is too old.
    fn new_code(&mut self) {
        let Stage::Joining(joining) = &mut self.stage else { return };
        let (Some(handle), name) = (joining.handle.clone(), joining.name.clone()) else { return };
        (joining.busy, joining.refused) = (true, None);
        self.act(Action::Register { handle: Some(handle), name }, Purpose::Register);
    }

    fn step_back(&mut self) {
        self.taps = Taps::default();
        let Stage::Joining(joining) = &mut self.stage else { return };
        joining.refused = None;
        let step = match (joining.step, &joining.handle) {
            (Step::Choose, _) => {
                self.stage = Stage::Server(Server::default());
                return;
            }
            (Step::Name, Some(_)) => Step::Code,
            (Step::Code, _) if joining.welcome.is_none() => return self.quit(),
            _ => Step::Choose,
        };
        joining.go(step);
        if step == Step::Code {
            self.taps = Taps::digits();
        }
    }

    pub(super) fn join_came_of(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Refused { kind, sentence, next } => {
                let Stage::Joining(joining) = &mut self.stage else { return };
                joining.busy = false;
                joining.refused = Some(sentence);
                // The name was looked at before it left, so what is wrong is the code.
                let code_is_wrong = joining.step == Step::Name && joining.handle.is_some();
                if code_is_wrong && kind != RefusedKind::Network {
                    joining.go(Step::Code);
                    self.taps = Taps::digits();
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

fn joining_picked(stage: &Stage) -> usize {
    match stage {
        Stage::Joining(joining) => joining.picked,
        _ => 0,
    }
}
