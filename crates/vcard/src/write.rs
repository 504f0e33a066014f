//! Writing, as RFC 6350 has it: 4.0, lines that end with CRLF, folded at 75 octets.

use std::fmt;

use crate::Card;

/// Longest line, octets without its end (RFC 6350, 3.2).
const LINE_BYTES_MAX: usize = 75;

/// As the text of a file; several cards stand one behind the other.
impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BEGIN:VCARD\r\nVERSION:4.0\r\n")?;
        for line in &self.lines {
            let parameters: String = line.parameters.iter().map(|it| format!(";{it}")).collect();
            fold(f, &format!("{}{}{parameters}:{}", line.group, line.name, line.value))?;
        }
        f.write_str("END:VCARD\r\n")
    }
}

/// No sign is torn apart.
fn fold(f: &mut fmt::Formatter<'_>, line: &str) -> fmt::Result {
    let mut used = 0;
    for sign in line.chars() {
        if used + sign.len_utf8() > LINE_BYTES_MAX {
            f.write_str("\r\n ")?;
            used = 1;
        }
        used += sign.len_utf8();
        fmt::Write::write_char(f, sign)?;
    }
    f.write_str("\r\n")
}

/// A text as a value (RFC 6350, 3.4).
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\\' => out.push_str("\\\\"),
            ',' => out.push_str("\\,"),
            ';' => out.push_str("\\;"),
            '\n' => out.push_str("\\n"),
            sign if sign.is_control() => {}
            sign => out.push(sign),
        }
    }
    out
}

/// A value as a text.
#[must_use]
pub fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut signs = value.chars();
    while let Some(sign) = signs.next() {
        match (sign == '\\').then(|| signs.next()).flatten() {
            Some('n' | 'N') => out.push('\n'),
            Some(other) => out.push(other),
            None => out.push(sign),
        }
    }
    out
}
