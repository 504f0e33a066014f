//! Contact cards: vCard 4.0 (RFC 6350) out, 4.0, 3.0 (RFC 2426) and 2.1 in.
//!
//! A card keeps every line it was read with, also those nobody here understands, so that what goes in comes out again: only how
//! lines travel (folds, line ends, quoted-printable, charsets, bare types) becomes that of 4.0.
//!
//! Invariant: no input makes anything here panic or reserve memory by what the input says of itself; sizes and counts are bounded.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub use write::{escaped, unescaped};

/// Largest card, bytes of its unfolded lines: a picture of 24 KiB in it fits.
pub const CARD_BYTES_MAX: usize = 48 * 1024;
/// Lines of one card.
pub const LINES_MAX: usize = 512;
/// Cards of one file; what comes behind is not read.
pub const CARDS_MAX: usize = 10_000;

/// A card. It has a name, and lines that can be written.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    lines: Vec<Line>,
}

/// Tells nobody's name.
impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Card({} lines)", self.lines.len())
    }
}

/// A line: `group.NAME;parameters:value`.
#[derive(Clone, PartialEq, Eq)]
struct Line {
    /// With its dot; empty without.
    group: String,
    /// In capitals.
    name: String,
    /// As they stand in the file, without the semicolons between them.
    parameters: Vec<String>,
    /// As it stands in the file: escaped.
    value: String,
}

/// Why a card was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardError {
    /// It does not end, or a line is none.
    Malformed,
    /// More than [`CARD_BYTES_MAX`] or [`LINES_MAX`].
    TooLarge,
    /// Neither `FN` nor `N` says a name.
    Nameless,
}

impl std::fmt::Display for CardError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Malformed => "a card is not whole",
            Self::TooLarge => "a card is too large",
            Self::Nameless => "a card has no name",
        })
    }
}

impl std::error::Error for CardError {}

impl Card {
    /// A new card of this name, with an id that is the same each time (`urn:uuid:…`).
    #[must_use]
    pub fn new(uid: &str, name: &str) -> Self {
        Self { lines: Vec::new() }.with("UID", &[], uid).with("FN", &[], &escaped(name))
    }

    /// With a line more: its value as it is written, see [`escaped`].
    #[must_use]
    pub fn with(mut self, name: &str, parameters: &[&str], value: &str) -> Self {
        self.lines.push(Line {
            group: String::new(),
            name: name.to_owned(),
            parameters: parameters.iter().map(|&it| it.to_owned()).collect(),
            value: value.to_owned(),
        });
        self
    }

    /// Whose card it is. Never empty.
    #[must_use]
    pub fn name(&self) -> String {
        unescaped(self.value("FN").unwrap_or_default())
    }

    /// What names the card in all files; not every program writes one.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        self.value("UID").map(str::trim).filter(|uid| !uid.is_empty())
    }

    /// It is a group of other cards.
    #[must_use]
    pub fn is_group(&self) -> bool {
        self.value("KIND").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("group"))
    }

    /// The ids of those in the group.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.values("MEMBER").map(str::trim)
    }

    /// Telephone numbers and e-mail addresses, in the order of the card, as they are written there.
    #[must_use]
    pub fn handles(&self) -> Vec<String> {
        let bare = |line: &Line| {
            let value = unescaped(&line.value);
            let value = value.trim();
            let scheme = value.split_once(':').filter(|(scheme, _)| {
                scheme.eq_ignore_ascii_case("tel") || scheme.eq_ignore_ascii_case("mailto")
            });
            // A `tel:` may have parameters behind a semicolon.
            scheme.map_or(value, |(_, rest)| rest.split(';').next().unwrap_or(rest)).to_owned()
        };
        let named = self.lines.iter().filter(|line| matches!(line.name.as_str(), "TEL" | "EMAIL"));
        named.map(bare).filter(|handle| !handle.is_empty()).collect()
    }

    /// The value of the first line of this name, as it is written there.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(move |line| line.name == name).map(|line| line.value.as_str())
    }
}
