//! What is said on stdout.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::end::Stop;

/// stdout, in the form that was asked for.
#[derive(Clone, Copy)]
pub struct Say {
    /// One object a line.
    pub json: bool,
    /// A person reads it.
    pub terminal: bool,
}

impl Say {
    /// As asked for.
    pub fn new(json: bool) -> Self {
        Self { json, terminal: !json && io::stdout().is_terminal() }
    }

    /// One object, or the same in words.
    pub fn result(self, object: &impl Serialize, words: impl FnOnce() -> String) -> Result<(), Stop> {
        if self.json { print(&json(object)?) } else { print(&words()) }
    }

    /// An object that words say nothing about.
    pub fn object(self, object: &impl Serialize) -> Result<(), Stop> {
        if self.json { print(&json(object)?) } else { Ok(()) }
    }

    /// What to do next: for a person who looks at a terminal.
    pub fn advice(self, sentence: &str) -> Result<(), Stop> {
        if self.terminal { print(sentence) } else { Ok(()) }
    }

    /// How things go, beside the results; only for a person.
    pub fn aside(self, sentence: &str) {
        if self.terminal && io::stderr().is_terminal() {
            // Not worth an end.
            let _ = writeln!(io::stderr(), "{}", lines(sentence));
        }
    }
}

/// A line of its own, at once: whoever reads it may be waiting.
fn print(line: &str) -> Result<(), Stop> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::quiet(),
        _ => {
            Stop::refused(format!("The output cannot be written: {error}. Make room, or write it elsewhere."))
        }
    })
}

/// Exact, and yet free of what a terminal would obey: some take U+0080 to U+009F as commands.
fn json(object: &impl Serialize) -> Result<String, Stop> {
    let text = serde_json::to_string(object).map_err(|_| Stop::unexpected())?;
    if !text.contains(is_late_control) {
        return Ok(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_late_control(c) {
            safe.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    Ok(safe)
}

fn is_late_control(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}')
}

/// Somebody's text for a terminal: line ends stay, everything that a terminal would obey becomes visible.
pub fn lines(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { visible(c) }).collect()
}

/// The same in one line, for names.
pub fn one_line(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// A message below its sender: later lines are set in, so that none of them looks like another sender's.
pub fn set_in(text: &str) -> String {
    lines(text).replace('\n', "\n    ")
}

fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        // Commands of eight bits, separators that some take for line ends, and signs that turn the direction of
        // everything after them.
        '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{202d}' | '\u{202e}' => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_speak_to_the_terminal() {
        let nasty = "\x1b]0;title\x07\x1b[2Jhi\r\u{9b}31m\u{202e}";
        assert_eq!(lines(nasty), "␛]0;title␇␛[2Jhi␍\u{fffd}31m\u{fffd}");
        assert!(lines(nasty).chars().all(|c| !c.is_control()));
        assert_eq!(one_line("a\nb\x7f"), "a␊b␡");
        assert_eq!(lines("two\nlines\tok"), "two\nlines ok");
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["Дякую 🌿", "وصلت الصور", "👨‍👩‍👧‍👦 ❤️", "駅で待ってる"]
        {
            assert_eq!(lines(text), text);
        }
    }

    #[test]
    fn no_line_of_a_message_looks_like_another_senders() {
        assert_eq!(set_in("hi\n[09:41] Anna: yes"), "hi\n    [09:41] Anna: yes");
    }

    #[test]
    fn json_is_exact_and_harmless() {
        let text = "\x1b[2J\u{9b}2J\u{7f}\u{2028}é";
        let line = json(&serde_json::json!({ "text": text })).unwrap();
        assert!(line.chars().all(|c| !c.is_control()));
        let back: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(back["text"], text);
    }
}
