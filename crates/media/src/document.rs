//! Documents: what can be told of them without opening them.

use std::io::{Read, Seek};

use crate::bytes::{find, length, read_up_to};
use crate::error::DocumentError;
use crate::limits::Limits;

/// How many pages a PDF has; none if that cannot be told within the limits (encrypted, or written in some rare way). It is a hint, found
/// by looking for the root of the tree of pages; nothing in the file is followed, run or shown.
pub fn pdf_pages<R: Read + Seek>(source: &mut R, limits: &Limits) -> Result<Option<u32>, DocumentError> {
    let bytes = length(source)?;
    // The root stands near the beginning or near the end, unless it is in one of the streams there.
    let half = usize::try_from(limits.document_bytes / 2).unwrap_or(usize::MAX);
    let first = read_up_to(source, 0, half)?;
    if find(first.get(..HEADER_BYTES).unwrap_or(&first), b"%PDF-").is_none() {
        return Err(DocumentError::NotADocument);
    }
    if let Some(pages) = linearized(&first) {
        return Ok(Some(pages));
    }
    let behind = (first.len() as u64).max(bytes.saturating_sub(half as u64));
    let last = read_up_to(source, behind, half)?;
    let mut work = Work { steps: STEPS_MAX, inflated: half };
    // What was written later counts.
    let plain = work.root(&last).or_else(|| work.root(&first));
    Ok(plain.or_else(|| work.root_in_streams(&last)).or_else(|| work.root_in_streams(&first)))
}

/// A file made to be shown while it is loaded says so in its first object (ISO 32000-1, annex F).
fn linearized(first: &[u8]) -> Option<u32> {
    let first = first.get(..HEADER_BYTES).unwrap_or(first);
    let start = find(first, b"/Linearized")?;
    let dictionary = first.get(start..)?;
    let end = find(dictionary, b">>")?;
    number_of(dictionary.get(..end)?, b"/N")
}

/// What may still be done for one file.
struct Work {
    /// Bytes to look at.
    steps: usize,
    /// Bytes to inflate.
    inflated: usize,
}

impl Work {
    /// The count of the last root in these bytes: a node of pages that has no parent.
    fn root(&mut self, bytes: &[u8]) -> Option<u32> {
        let mut root = None;
        for at in places(bytes, b"/Pages") {
            // `/Type /Pages`; a catalog has `/Pages` as a key.
            let before = bytes.get(..at)?.trim_ascii_end();
            if !before.ends_with(b"/Type") {
                continue;
            }
            let Some(node) = self.dictionary(bytes, at) else { continue };
            if find(node, b"/Parent").is_none()
                && let Some(count) = number_of(node, b"/Count")
            {
                root = Some(count);
            }
        }
        root
    }

    /// The same in the streams that hold objects (ISO 32000-1, 7.5.7).
    fn root_in_streams(&mut self, bytes: &[u8]) -> Option<u32> {
        let mut root = None;
        for at in places(bytes, b"/ObjStm") {
            let Some(dictionary) = self.dictionary(bytes, at) else { continue };
            let is_deflated =
                find(dictionary, b"/FlateDecode").is_some() && find(dictionary, b"/DecodeParms").is_none();
            let Some(start) =
                find(bytes.get(at..at + DICTIONARY_BYTES_MAX).unwrap_or(bytes.get(at..)?), b"stream")
            else {
                continue;
            };
            let data = bytes.get(at + start + 6..)?.trim_ascii_start();
            if is_deflated && self.inflated > 0 {
                let inflated = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(data, self.inflated);
                let inflated = inflated.unwrap_or_else(|error| error.output);
                self.inflated -= inflated.len().min(self.inflated);
                root = self.root(&inflated).or(root);
            }
        }
        root
    }

    /// The dictionary around this place, without its brackets.
    fn dictionary<'a>(&mut self, bytes: &'a [u8], at: usize) -> Option<&'a [u8]> {
        let least = at.saturating_sub(DICTIONARY_BYTES_MAX);
        let mut open = 0_usize;
        let mut start = None;
        for place in (least..at).rev() {
            self.steps = self.steps.checked_sub(1)?;
            match bytes.get(place..place + 2)? {
                b"<<" if open == 0 => {
                    start = Some(place + 2);
                    break;
                }
                b"<<" => open -= 1,
                b">>" => open += 1,
                _ => {}
            }
        }
        let (start, most) = (start?, at.saturating_add(DICTIONARY_BYTES_MAX).min(bytes.len()));
        let (mut open, mut place) = (0_usize, at);
        while place < most {
            self.steps = self.steps.checked_sub(1)?;
            match bytes.get(place..place + 2)? {
                b">>" if open == 0 => return bytes.get(start..place),
                b">>" => {
                    open -= 1;
                    place += 1;
                }
                b"<<" => {
                    open += 1;
                    place += 1;
                }
                _ => {}
            }
            place += 1;
        }
        None
    }
}

/// Where these bytes stand.
fn places<'a>(bytes: &'a [u8], what: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    starts.filter(move |at| bytes.get(*at..).is_some_and(|rest| rest.starts_with(what)))
}

/// The number behind a key of a dictionary.
fn number_of(dictionary: &[u8], key: &[u8]) -> Option<u32> {
    places(dictionary, key).find_map(|at| {
        let rest = dictionary.get(at + key.len()..)?.trim_ascii_start();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number: u32 = std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()?;
        // A reference to another object begins like a number; such a count is not sought.
        let is_reference = rest.get(digits..)?.trim_ascii_start().starts_with(b"0 R");
        (number <= PAGES_MAX && !is_reference).then_some(number)
    })
}

/// Where the header may stand.
const HEADER_BYTES: usize = 2_048;
/// A node with fifty thousand children on one level.
const DICTIONARY_BYTES_MAX: usize = 512 * 1024;
const STEPS_MAX: usize = 64 << 20;
/// Longer documents are lies or not for a messenger.
const PAGES_MAX: u32 = 1_000_000;

#[cfg(test)]
mod tests;
