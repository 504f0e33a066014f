//! Names under which a file may be stored. A name is a claim as the media type is one, and more: it is a path, and it is read by people.

use crate::kind::Kind;

/// Longest name, in bytes; every file system takes it, with room for a number behind it.
pub const NAME_BYTES_MAX: usize = 160;

/// A name for this content that is safe to store under and to show: one step of a path, without characters that hide or turn what is
/// read, without names that mean a device, with an ending that fits the content (after RFC 6266, section 4.3).
pub fn safe_name(name: &str, kind: Kind) -> String {
    let mut safe = made_safe(name, kind);
    // What is cut may end in something that reads as an ending; then it is treated as one.
    for _ in 0..CUTS_MAX {
        let again = made_safe(&safe, kind);
        if again == safe {
            break;
        }
        safe = again;
    }
    safe
}

fn made_safe(name: &str, kind: Kind) -> String {
    // Only the last step counts, whichever way the sender's system writes paths.
    let last = name.rsplit(['/', '\\']).find(|step| !step.trim().is_empty()).unwrap_or_default();
    let cleaned = cleaned(last);
    let (stem, ending) = parted(&cleaned);
    let (stem, ending) = match kind.ending() {
        Some(suggested) if !ending.is_some_and(|ending| kind.allows_ending(ending)) => {
            // Another ending stays to be read, as a part of the name.
            (cleaned.as_str(), Some(suggested))
        }
        _ => (stem, ending),
    };
    let ending = ending.map(|ending| format!(".{ending}")).unwrap_or_default();
    let stem = cut(stem, NAME_BYTES_MAX - ending.len()).trim_matches(is_edge);
    let stem = if stem.is_empty() { "file" } else { stem };
    let guard = if is_device(stem) { "_" } else { "" };
    format!("{guard}{}{ending}", cut(stem, NAME_BYTES_MAX - ending.len() - guard.len()))
}

/// Without what some system forbids or hides; runs of spaces are one.
fn cleaned(name: &str) -> String {
    let mut out = String::new();
    // What is longer than a name by far is not read to its end.
    for c in name.chars().take(NAME_CHARS_READ_MAX) {
        match c {
            _ if is_hidden(c) => {}
            _ if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            '<' | '>' | ':' | '"' | '|' | '?' | '*' => out.push('_'),
            _ => out.push(c),
        }
    }
    out.trim_matches(is_edge).to_owned()
}

/// What may not stand at the edge of a name: a dot before hides it, dots and spaces behind are dropped by some systems, `-` and `~` mean
/// something to a shell.
fn is_edge(c: char) -> bool {
    c == '.' || c == '~' || c == '-' || c.is_whitespace()
}

/// Characters that are not seen, or turn the order of those that are.
fn is_hidden(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffd}' | '\u{e0000}'..='\u{e0fff}')
}

/// The name and its ending. What is longer than endings are, or not made of letters and digits, is a part of the name.
fn parted(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('.') {
        Some((stem, ending))
            if !stem.is_empty()
                && (1..=ENDING_BYTES_MAX).contains(&ending.len())
                && ending.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            (stem, Some(ending))
        }
        _ => (name, None),
    }
}

/// The beginning of the name in so many bytes.
fn cut(name: &str, most: usize) -> &str {
    let mut end = most.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default()
}

/// Whether Windows would open a device instead; whatever follows the first dot does not matter to it.
fn is_device(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |name: &str| {
        first.strip_prefix(name).is_some_and(|rest| {
            matches!(rest, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
        })
    };
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&first.as_str())
        || numbered("COM")
        || numbered("LPT")
}

const CUTS_MAX: usize = 8;
const NAME_CHARS_READ_MAX: usize = 1_024;
const ENDING_BYTES_MAX: usize = 10;

#[cfg(test)]
mod tests;
