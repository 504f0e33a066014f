//! Reading: what other programs write, also old ones.

use crate::{CARD_BYTES_MAX, CARDS_MAX, Card, CardError, LINES_MAX, Line, escaped, unescaped};

/// The cards of a file, each for itself: one that is broken takes no other with it. What stands between cards is passed over.
#[must_use]
pub fn read(file: &[u8]) -> Vec<Result<Card, CardError>> {
    let text = text_of(file);
    let mut cards = Vec::new();
    let mut open: Option<Draft> = None;
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).peekable();
    while let Some(first) = lines.next() {
        if cards.len() >= CARDS_MAX {
            return cards;
        }
        let mut line = first.to_owned();
        while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
            // Whoever folds without end is not followed.
            if line.len() <= CARD_BYTES_MAX {
                line.push_str(more.get(1..).unwrap_or_default());
            }
        }
        let soft = |line: &str| line.ends_with('=') && is_quoted(line);
        while soft(&line) && line.len() <= CARD_BYTES_MAX {
            let Some(more) = lines.next() else { break };
            line.truncate(line.len() - 1);
            line.push_str(more);
        }
        if is_mark(&line, "BEGIN") {
            // The one before never ended, or holds another inside it.
            if open.replace(Draft::default()).is_some() {
                cards.push(Err(CardError::Malformed));
            }
        } else if is_mark(&line, "END") {
            cards.extend(open.take().map(Draft::finish));
        } else if let Some(draft) = &mut open {
            draft.take(&line);
        }
    }
    if open.is_some() && cards.len() < CARDS_MAX {
        cards.push(Err(CardError::Malformed));
    }
    cards
}

/// A card that is being read.
#[derive(Default)]
struct Draft {
    lines: Vec<Line>,
    bytes: usize,
    wrong: Option<CardError>,
}

impl Draft {
    fn take(&mut self, line: &str) {
        if line.trim().is_empty() || self.wrong.is_some() {
            return;
        }
        // It is written by whoever writes the card.
        if line.len() < CARD_BYTES_MAX && parse(line).is_some_and(|line| line.name == "VERSION") {
            return;
        }
        self.bytes = self.bytes.saturating_add(line.len());
        if self.bytes > CARD_BYTES_MAX || self.lines.len() >= LINES_MAX {
            self.wrong = Some(CardError::TooLarge);
            return;
        }
        match parse(line) {
            None => self.wrong = Some(CardError::Malformed),
            Some(line) => self.lines.push(line),
        }
    }

    fn finish(self) -> Result<Card, CardError> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let mut card = Card { lines: self.lines };
        card.lines.retain(|line| line.name != "FN" || !unescaped(&line.value).trim().is_empty());
        if card.value("FN").is_none() {
            let name = card.value("N").map(full_name).filter(|name| !name.is_empty());
            card = card.with("FN", &[], &escaped(&name.ok_or(CardError::Nameless)?));
        }
        // What was written shorter there may be longer here.
        let bytes = |line: &Line| {
            let parameters: usize = line.parameters.iter().map(|it| it.len() + 1).sum();
            line.group.len() + line.name.len() + parameters + 1 + line.value.len()
        };
        if card.lines.iter().map(bytes).sum::<usize>() > CARD_BYTES_MAX || card.lines.len() > LINES_MAX {
            return Err(CardError::TooLarge);
        }
        Ok(card)
    }
}

/// `Family;Given;Middle;Before;After` as it is said.
fn full_name(n: &str) -> String {
    let parts: Vec<String> =
        split(n, ';').into_iter().map(|part| unescaped(part).trim().to_owned()).collect();
    let part = |at: usize| parts.get(at).map(String::as_str).unwrap_or_default();
    let said = [part(3), part(1), part(2), part(0), part(4)];
    said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// At a sign that is not escaped by a backslash.
fn split(text: &str, at: char) -> Vec<&str> {
    let mut escaped = false;
    text.split(move |sign| {
        let here = sign == at && !escaped;
        escaped = sign == '\\' && !escaped;
        here
    })
    .collect()
}

fn parse(line: &str) -> Option<Line> {
    let colon = outside_quotes(line, ':').next()?;
    let (head, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let mut starts = 0;
    let mut parts = Vec::new();
    for end in outside_quotes(head, ';').chain([head.len()]) {
        parts.push(head.get(starts..end)?);
        starts = end + 1;
    }
    let mut parts = parts.into_iter();
    let named = parts.next()?.trim();
    let (group, name) = named.split_once('.').map_or(("", named), |(group, name)| (group, name));
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    if !is_word(name) || !(group.is_empty() || is_word(group)) || named.starts_with('.') {
        return None;
    }
    // Marks with something about them are none, and would be some once written.
    if ["BEGIN", "END"].iter().any(|mark| name.eq_ignore_ascii_case(mark)) {
        return None;
    }
    let mut read = Line {
        group: if group.is_empty() { String::new() } else { format!("{group}.") },
        name: name.to_ascii_uppercase(),
        parameters: Vec::new(),
        value: clean(value),
    };
    let (mut encoding, mut charset, mut kind) = (String::new(), String::new(), None);
    for parameter in parts.map(clean).filter(|it| !it.trim().is_empty()) {
        let (key, given) =
            parameter.split_once('=').map_or(("", parameter.as_str()), |(key, given)| (key, given));
        match (key.to_ascii_uppercase().as_str(), given.to_ascii_uppercase().as_str()) {
            ("ENCODING", _) => encoding = given.to_ascii_uppercase(),
            ("CHARSET", _) => charset = given.to_ascii_uppercase(),
            // 2.1 names the encoding and the kinds alone.
            ("", "QUOTED-PRINTABLE" | "BASE64" | "8BIT" | "7BIT") => encoding = given.to_ascii_uppercase(),
            ("", _) => read.parameters.push(format!("TYPE={parameter}")),
            ("TYPE", _) => {
                kind.get_or_insert_with(|| given.to_ascii_lowercase());
                read.parameters.push(parameter);
            }
            _ => read.parameters.push(parameter),
        }
    }
    match encoding.as_str() {
        "QUOTED-PRINTABLE" => read.value = clean_lines(&quoted(value, &charset)),
        "B" | "BASE64" => {
            let bare: String = read.value.chars().filter(|it| !it.is_whitespace()).collect();
            let image = matches!(read.name.as_str(), "PHOTO" | "LOGO");
            let kind = kind.or_else(|| bare_kind(&read.parameters)).unwrap_or_default();
            let media = match kind.as_str() {
                "" => "application/octet-stream".to_owned(),
                whole if whole.contains('/') => whole.to_owned(),
                part if image => format!("image/{part}"),
                part => format!("application/{part}"),
            };
            read.parameters.retain(|it| !it.to_ascii_uppercase().starts_with("TYPE="));
            read.value = clean(&format!("data:{media};base64,{bare}"));
        }
        _ => {}
    }
    Some(read)
}

fn bare_kind(parameters: &[String]) -> Option<String> {
    parameters.iter().find_map(|it| it.strip_prefix("TYPE=")).map(str::to_ascii_lowercase)
}

/// Where a sign stands that is not within quotes.
fn outside_quotes(text: &str, wanted: char) -> impl Iterator<Item = usize> {
    let mut within = false;
    text.char_indices().filter_map(move |(at, sign)| {
        within ^= sign == '"';
        (sign == wanted && !within).then_some(at)
    })
}

/// The first line of the mark, whatever its case and the spaces around it.
fn is_mark(line: &str, word: &str) -> bool {
    line.split_once(':').is_some_and(|(name, value)| {
        name.trim().eq_ignore_ascii_case(word) && value.trim().eq_ignore_ascii_case("VCARD")
    })
}

fn is_quoted(line: &str) -> bool {
    let head = line.split(':').next().unwrap_or_default();
    head.to_ascii_uppercase().contains("QUOTED-PRINTABLE")
}

/// Quoted-printable (RFC 2045, 6.7); a sign that is none stays as it is.
fn quoted(value: &str, charset: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let two = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match two.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| first == b'=') {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    if charset.starts_with("ISO-8859") || charset.starts_with("WINDOWS-125") {
        latin(&bytes)
    } else {
        text_of(&bytes)
    }
}

/// UTF-8, else what most old programs meant.
fn text_of(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_or_else(|_| latin(bytes), str::to_owned)
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// Line ends that were packed into a value, as 4.0 writes them.
fn clean_lines(value: &str) -> String {
    clean(&value.replace("\r\n", "\\n").replace(['\n', '\r'], "\\n"))
}

/// Nothing that would end a line.
fn clean(value: &str) -> String {
    value.chars().filter(|sign| !sign.is_control() || *sign == '\t').collect()
}
