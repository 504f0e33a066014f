//! A line to type in, over several lines when need be.

use unicode_segmentation::UnicodeSegmentation;

/// What was typed, and where the next sign goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    text: String,
    /// A byte, always between two signs.
    at: usize,
}

impl Line {
    /// With a text in it, to be gone on with.
    pub fn with(text: String) -> Self {
        let at = text.len();
        Self { text, at }
    }

    /// What stands there.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands there before the next sign.
    pub fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or(&self.text)
    }

    /// Nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The next sign goes to the end.
    pub fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// Takes the text out.
    pub fn take(&mut self) -> String {
        self.at = 0;
        std::mem::take(&mut self.text)
    }

    /// A text that was not taken stands before what was typed since.
    pub fn give_back(&mut self, text: &str) {
        let typed = self.take();
        let between = if typed.is_empty() { "" } else { "\n" };
        *self = Self::with(format!("{text}{between}{typed}"));
    }

    /// Types something. What is longer than any message is cut: only an accident is.
    pub fn insert(&mut self, typed: &str) {
        let room = LINE_BYTES_MAX.saturating_sub(self.text.len());
        let fits = typed.grapheme_indices(true).map(|(at, sign)| at + sign.len());
        let end = fits.take_while(|end| *end <= room).last().unwrap_or(0);
        if let Some(typed) = typed.get(..end) {
            self.text.insert_str(self.at, typed);
            self.at += typed.len();
        }
    }

    /// Takes the sign before away.
    pub fn backspace(&mut self) {
        let from = self.sign_before();
        self.text.replace_range(from..self.at, "");
        self.at = from;
    }

    /// Takes the sign after away.
    pub fn delete(&mut self) {
        let to = self.sign_after();
        self.text.replace_range(self.at..to, "");
    }

    /// Takes the word before away, with the spaces after it.
    pub fn delete_word(&mut self) {
        let before = self.before().trim_end();
        let from = before
            .rfind(char::is_whitespace)
            .map_or(0, |space| space + before[space..].chars().next().map_or(1, char::len_utf8));
        self.text.replace_range(from..self.at, "");
        self.at = from;
    }

    /// Takes everything before away.
    pub fn delete_before(&mut self) {
        self.text.replace_range(..self.at, "");
        self.at = 0;
    }

    /// One sign back.
    pub fn left(&mut self) {
        self.at = self.sign_before();
    }

    /// One sign on.
    pub fn right(&mut self) {
        self.at = self.sign_after();
    }

    /// To the beginning.
    pub fn home(&mut self) {
        self.at = 0;
    }

    /// To the end.
    pub fn end(&mut self) {
        self.at = self.text.len();
    }

    /// One line up, where the text has several; `false` in the first.
    pub fn up(&mut self) -> bool {
        let before = self.before();
        let Some(break_at) = before.rfind('\n') else { return false };
        let column = before[break_at + 1..].graphemes(true).count();
        let start = before[..break_at].rfind('\n').map_or(0, |at| at + 1);
        self.at = start + signs_until(&before[start..break_at], column);
        true
    }

    /// One line down, where the text has several; `false` in the last.
    pub fn down(&mut self) -> bool {
        let before = self.before();
        let column = before[before.rfind('\n').map_or(0, |at| at + 1)..].graphemes(true).count();
        let Some(break_at) = self.text[self.at..].find('\n').map(|at| self.at + at) else { return false };
        let rest = &self.text[break_at + 1..];
        let line = rest.split('\n').next().unwrap_or_default();
        self.at = break_at + 1 + signs_until(line, column);
        true
    }

    fn sign_before(&self) -> usize {
        let before = self.before();
        before.grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn sign_after(&self) -> usize {
        let after = self.text.get(self.at..).unwrap_or_default();
        after.graphemes(true).next().map_or(self.at, |sign| self.at + sign.len())
    }
}

/// Bytes of the first so many signs.
fn signs_until(line: &str, column: usize) -> usize {
    line.grapheme_indices(true).nth(column).map_or(line.len(), |(at, _)| at)
}

/// Four of the longest messages: more is never meant.
const LINE_BYTES_MAX: usize = 4 * vocab::limits::TEXT_BYTES_MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_whole_whatever_they_are_made_of() {
        let mut line = Line::default();
        for typed in ["a", "👨‍👩‍👧‍👦", "e\u{301}", "ש"] {
            line.insert(typed);
        }
        line.backspace();
        line.backspace();
        assert_eq!(line.text(), "a👨‍👩‍👧‍👦");
        line.left();
        line.insert("b");
        assert_eq!((line.text(), line.before()), ("ab👨‍👩‍👧‍👦", "ab"));
        line.delete();
        assert_eq!(line.text(), "ab");
        line.delete();
        line.right();
        line.home();
        line.left();
        line.backspace();
        assert_eq!((line.text(), line.before()), ("ab", ""));
        line.end();
        assert!(line.is_at_end());
    }

    #[test]
    fn words_and_lines_go_at_once() {
        let mut line = Line::with("see you  at five ".into());
        line.delete_word();
        assert_eq!(line.text(), "see you  at ");
        line.delete_word();
        line.delete_word();
        assert_eq!(line.text(), "see ");
        line.insert("駅\u{3000}で");
        line.delete_word();
        assert_eq!(line.text(), "see 駅\u{3000}");
        line.left();
        line.delete_before();
        assert_eq!(line.take(), "\u{3000}");
        assert!(line.is_empty());
        line.delete_word();
    }

    #[test]
    fn lines_are_stepped_through_in_their_column() {
        let mut line = Line::with("one\n駅\nthree".into());
        assert!(line.up());
        assert_eq!(line.before(), "one\n駅");
        assert!(line.up());
        assert_eq!(line.before(), "o");
        assert!(!line.up());
        assert!(line.down() && line.down());
        assert_eq!(line.before(), "one\n駅\nt");
        assert!(!line.down());
    }

    #[test]
    fn what_is_pasted_has_an_end() {
        let mut line = Line::default();
        line.insert(&"ü".repeat(LINE_BYTES_MAX));
        assert_eq!(line.text().len(), LINE_BYTES_MAX);
        line.insert("x");
        assert_eq!(line.text().len(), LINE_BYTES_MAX);
    }
}
