//! How a command ends.

use std::io::Write;
use std::process::ExitCode;

use host_native::OpenTrouble;
use screens::{Answer, Next, Outcome, RefusedKind};

use crate::say;

/// Why a command did not do what it was asked for, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Stop {
    code: Code,
    /// Nothing when there is nobody to tell.
    sentence: Option<String>,
    /// Commands that help.
    hint: Option<String>,
}

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Code {
    /// Ended early because nobody reads any more.
    Quiet = 0,
    Refused = 1,
    Usage = 2,
    Input = 3,
    Network = 4,
}

impl Stop {
    /// It cannot be.
    pub fn refused(sentence: impl Into<String>) -> Self {
        Self::with(Code::Refused, sentence)
    }

    /// The command was not written right.
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self::with(Code::Usage, sentence)
    }

    /// Something has to be given.
    pub fn input(sentence: impl Into<String>) -> Self {
        Self::with(Code::Input, sentence)
    }

    /// The server was not reached; what was to be sent is kept.
    pub fn network(sentence: impl Into<String>) -> Self {
        Self::with(Code::Network, sentence)
    }

    /// Whoever read our output is gone.
    pub fn quiet() -> Self {
        Self { code: Code::Quiet, sentence: None, hint: None }
    }

    /// What the core did not expect to be answered: a defect, said as well as it can be.
    pub fn unexpected() -> Self {
        Self::refused(
            "The program that has the account open answered something else. End it, then try again.",
        )
    }

    fn with(code: Code, sentence: impl Into<String>) -> Self {
        Self { code, sentence: Some(sentence.into()), hint: None }
    }

    fn of(kind: RefusedKind, sentence: String, next: Option<&Next>) -> Self {
        let code = match kind {
            RefusedKind::Usage => Code::Usage,
            RefusedKind::Refused => Code::Refused,
            RefusedKind::Network => Code::Network,
        };
        Self { hint: next.map(hint), ..Self::with(code, sentence) }
    }

    /// The same can be given once more, differently.
    pub fn may_try_again(&self) -> bool {
        matches!(self.code, Code::Usage | Code::Refused) && self.hint.is_none()
    }

    /// Says it on stderr.
    pub fn tell(self, json: bool) -> ExitCode {
        if let Some(sentence) = self.sentence {
            let hint = self.hint.map(|hint| if json { format!(" {hint}") } else { format!("\n{hint}") });
            // When nobody reads stderr either, the code still tells.
            let _ = writeln!(std::io::stderr(), "{}{}", say::lines(&sentence), hint.unwrap_or_default());
        }
        ExitCode::from(self.code as u8)
    }
}

impl From<OpenTrouble> for Stop {
    fn from(trouble: OpenTrouble) -> Self {
        let sentence = trouble.to_string();
        match trouble {
            OpenTrouble::AccountName(_)
            | OpenTrouble::Address(_)
            | OpenTrouble::PlainElsewhere(_)
            | OpenTrouble::Authority { .. } => Self::usage(sentence),
            OpenTrouble::PassphraseNeeded => Self::input(sentence),
            _ => Self::refused(sentence),
        }
    }
}

/// What was refused becomes the end of the command; everything else is handed on.
pub fn done(outcome: Outcome) -> Result<Outcome, Stop> {
    match outcome {
        Outcome::Refused { kind, sentence, next } => Err(Stop::of(kind, sentence, next.as_ref())),
        outcome => Ok(outcome),
    }
}

/// The same for answers.
pub fn answered(answer: Answer) -> Result<Answer, Stop> {
    match answer {
        Answer::Refused { kind, sentence, next } => Err(Stop::of(kind, sentence, next.as_ref())),
        answer => Ok(answer),
    }
}

/// The step that helps, as a command.
fn hint(next: &Next) -> String {
    match next {
        Next::Register => "Try: valise register --help".to_owned(),
        Next::Add { who } => format!("Try: valise add {}", quoted(who)),
        Next::Accept { id } => format!("Try: valise accept {id}"),
        Next::NewCode => "Try: the same command without --code".to_owned(),
    }
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    let text = say::one_line(text);
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-_.@:/=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_refusal_has_its_code() {
        let code = |kind| Stop::of(kind, String::new(), None).code as u8;
        assert_eq!(code(RefusedKind::Refused), 1);
        assert_eq!(code(RefusedKind::Usage), 2);
        assert_eq!(Stop::input("").code as u8, 3);
        assert_eq!(code(RefusedKind::Network), 4);
        assert_eq!(Stop::quiet().code as u8, 0);
    }

    #[test]
    fn whoever_is_no_contact_yet_is_to_be_added_with_this_command() {
        let no = |who: &str| {
            let next = Some(Next::Add { who: who.into() });
            let refused =
                Outcome::Refused { kind: RefusedKind::Refused, sentence: "Not a contact.".into(), next };
            done(refused).unwrap_err().hint.unwrap()
        };
        assert_eq!(no("+32470123456"), "Try: valise add +32470123456");
        assert_eq!(no("https://a.example/i#AbC"), "Try: valise add 'https://a.example/i#AbC'");
        assert_eq!(no("it's"), r"Try: valise add 'it'\''s'");
    }
}
