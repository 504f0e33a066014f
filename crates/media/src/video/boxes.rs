//! Boxes, of which MP4 and QuickTime files are made (ISO/IEC 14496-12).

use std::io::{Read, Seek};
use std::ops::Range;

use crate::bytes::{array, be32, be64, read_up_to};
use crate::error::VideoError;

/// A box at the top of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Top {
    pub name: [u8; 4],
    pub at: u64,
    /// Size with its head.
    pub bytes: u64,
    /// Size of its head.
    pub head: u64,
}

impl Top {
    pub fn end(&self) -> u64 {
        self.at + self.bytes
    }
}

/// The boxes at the top of the file. One that reaches behind the file's end makes it damaged.
pub fn tops<R: Read + Seek>(source: &mut R, length: u64) -> Result<Vec<Top>, VideoError> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < length {
        let head = read_up_to(source, at, 16)?;
        // Some writers end with a few zeros.
        if head.iter().all(|byte| *byte == 0) {
            break;
        }
        let (name, bytes) = head_of(&head, length - at).ok_or(VideoError::Damaged)?;
        let head = head_bytes(&head);
        if bytes > length - at {
            return Err(VideoError::Damaged);
        }
        if out.len() >= TOPS_MAX {
            return Err(VideoError::TooMuchMemory);
        }
        out.push(Top { name, at, bytes, head: head as u64 });
        at += bytes;
    }
    Ok(out)
}

/// A box within bytes: its name, where its body stands, and where all of it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inner {
    pub name: [u8; 4],
    pub body: Range<usize>,
    pub whole: Range<usize>,
}

/// The boxes in this part of the bytes; what does not fit ends the walk.
pub fn inner(bytes: &[u8], within: Range<usize>) -> impl Iterator<Item = Inner> + '_ {
    let mut at = within.start;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..within.end)?;
        let (name, size) = head_of(rest, rest.len() as u64)?;
        let size = usize::try_from(size).ok().filter(|size| *size <= rest.len())?;
        let head = head_bytes(rest);
        let start = at;
        at += size;
        Some(Inner { name, body: start + head..at, whole: start..at })
    })
}

/// The first box of this name there.
pub fn first(bytes: &[u8], within: Range<usize>, name: &[u8; 4]) -> Option<Inner> {
    inner(bytes, within).find(|inner| &inner.name == name)
}

/// The box at the end of a path of names.
pub fn path(bytes: &[u8], within: Range<usize>, names: &[&[u8; 4]]) -> Option<Range<usize>> {
    names.iter().try_fold(within, |within, name| first(bytes, within, name).map(|inner| inner.body))
}

/// Size of the head of the box that begins here: twice as long where its size has eight bytes.
pub fn head_bytes(bytes: &[u8]) -> usize {
    if be32(bytes, 0) == Some(1) { 16 } else { 8 }
}

/// Name and size of the box that begins here, within so many bytes.
fn head_of(head: &[u8], rest: u64) -> Option<([u8; 4], u64)> {
    let name = array(head, 4)?;
    let (size, least) = match be32(head, 0)? {
        // To the end.
        0 => (rest, 8),
        1 => (be64(head, 8)?, 16),
        size => (size.into(), 8),
    };
    (size >= least).then_some((name, size))
}

/// A recorder that writes a fragment a second makes two of them, and a day has 86,400 seconds.
const TOPS_MAX: usize = 200_000;
