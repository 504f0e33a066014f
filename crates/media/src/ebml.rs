//! EBML elements (RFC 8794), as Matroska and WebM are written (RFC 9559).
//!
//! The walk is flat: it steps into the elements that hold others and over those that are not wanted. Identifiers mean the same
//! wherever they stand, so that nothing has to remember where it is, and elements of unknown size, as recorders write them, need no care.

use std::io::{self, Read, Seek};

use crate::bytes::read_up_to;

/// An element: what it is, where its data begins, and how long it is; unknown while it was being recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element {
    pub id: u32,
    pub at: u64,
    pub size: Option<u64>,
}

/// Walks over elements.
pub struct Walk<'a, R> {
    source: &'a mut R,
    at: u64,
    /// A part of the source that was read ahead, and where it begins.
    ahead: (u64, Vec<u8>),
}

impl<'a, R: Read + Seek> Walk<'a, R> {
    pub fn new(source: &'a mut R, at: u64) -> Self {
        Self { source, at, ahead: (0, Vec::new()) }
    }

    /// The next element; none at the end, or where nothing is that can be one. One that holds others is stepped into.
    pub fn next(&mut self) -> io::Result<Option<Element>> {
        let head = self.peek(HEAD_BYTES_MAX)?;
        let Some((id, id_bytes)) = number(&head, false).filter(|(_, bytes)| *bytes <= 4) else {
            return Ok(None);
        };
        let Some((size, size_bytes)) = number(head.get(id_bytes..).unwrap_or_default(), true) else {
            return Ok(None);
        };
        let Ok(id) = u32::try_from(id) else { return Ok(None) };
        let at = self.at + (id_bytes + size_bytes) as u64;
        // All ones: not known.
        let size = (size != (1 << (7 * size_bytes)) - 1).then_some(size);
        self.at = if HOLDERS.contains(&id) {
            at
        } else {
            match size.and_then(|size| at.checked_add(size)) {
                Some(end) => end,
                None => return Ok(None),
            }
        };
        Ok(Some(Element { id, at, size }))
    }

    /// Where the next element begins.
    pub fn place(&self) -> u64 {
        self.at
    }

    /// Steps over an element that was stepped into.
    pub fn skip(&mut self, element: Element) {
        if let Some(end) = element.size.and_then(|size| element.at.checked_add(size)) {
            self.at = end;
        }
    }

    /// The data of the element, if it is whole and no longer than that.
    pub fn data(&mut self, element: Element, most: usize) -> io::Result<Option<Vec<u8>>> {
        let Some(size) =
            element.size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size <= most)
        else {
            return Ok(None);
        };
        let bytes = self.read(element.at, size)?;
        Ok((bytes.len() == size).then_some(bytes))
    }

    /// The beginning of the element's data.
    pub fn beginning(&mut self, element: Element, most: usize) -> io::Result<Vec<u8>> {
        let size = element.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(most);
        self.read(element.at, size.min(most))
    }

    /// The number that the element holds.
    pub fn uint(&mut self, element: Element) -> io::Result<Option<u64>> {
        Ok(self.data(element, 8)?.map(|data| data.iter().fold(0, |all, byte| (all << 8) | u64::from(*byte))))
    }

    /// The number with a point that the element holds.
    pub fn float(&mut self, element: Element) -> io::Result<Option<f64>> {
        Ok(self.data(element, 8)?.and_then(|data| match data.len() {
            4 => Some(f64::from(f32::from_be_bytes(data.try_into().ok()?))),
            8 => Some(f64::from_be_bytes(data.try_into().ok()?)),
            _ => None,
        }))
    }

    /// The text that the element holds.
    pub fn text(&mut self, element: Element) -> io::Result<Option<String>> {
        let data = self.data(element, TEXT_BYTES_MAX)?;
        Ok(data.map(|data| String::from_utf8_lossy(&data).trim_end_matches('\0').to_owned()))
    }

    fn peek(&mut self, count: usize) -> io::Result<Vec<u8>> {
        self.read(self.at, count)
    }

    /// Reads through the part that was read ahead: elements are small, and each call to a source may be dear.
    fn read(&mut self, at: u64, count: usize) -> io::Result<Vec<u8>> {
        if count > AHEAD_BYTES {
            return read_up_to(self.source, at, count);
        }
        let within = |ahead: &(u64, Vec<u8>)| {
            let start = usize::try_from(at.checked_sub(ahead.0)?).ok()?;
            ahead.1.get(start..start.checked_add(count)?).map(<[u8]>::to_vec)
        };
        if let Some(bytes) = within(&self.ahead) {
            return Ok(bytes);
        }
        self.ahead = (at, read_up_to(self.source, at, AHEAD_BYTES)?);
        let (_, bytes) = &self.ahead;
        Ok(bytes.get(..count.min(bytes.len())).unwrap_or_default().to_vec())
    }
}

/// A number of variable length, and how many bytes it has; with its marker as identifiers are written, or without.
pub fn number(bytes: &[u8], is_bare: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let all = bytes.get(..length).filter(|_| length <= 8)?;
    let value = all.iter().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    Some((if is_bare { value & !(1 << (7 * length)) } else { value }, length))
}

pub const SEGMENT: u32 = 0x1853_8067;
pub const CLUSTER: u32 = 0x1f43_b675;
pub const TIMESTAMP_SCALE: u32 = 0x002a_d7b1;
pub const DURATION: u32 = 0x4489;
pub const TRACK_ENTRY: u32 = 0xae;
pub const TRACK_NUMBER: u32 = 0xd7;
pub const TRACK_TYPE: u32 = 0x83;
pub const CODEC_ID: u32 = 0x86;
pub const CODEC_PRIVATE: u32 = 0x63a2;
pub const PIXEL_WIDTH: u32 = 0xb0;
pub const PIXEL_HEIGHT: u32 = 0xba;
pub const POSE_ROLL: u32 = 0x7675;
pub const CLUSTER_TIMESTAMP: u32 = 0xe7;
pub const SIMPLE_BLOCK: u32 = 0xa3;
pub const BLOCK: u32 = 0xa1;
pub const DISCARD_PADDING: u32 = 0x75a2;

/// What holds others that are wanted: segment, information, tracks, a track and its parts, clusters and groups of blocks.
const HOLDERS: [u32; 9] = [SEGMENT, 0x1549_a966, 0x1654_ae6b, TRACK_ENTRY, 0xe0, 0xe1, 0x7670, CLUSTER, 0xa0];
const HEAD_BYTES_MAX: usize = 12;
const AHEAD_BYTES: usize = 16 * 1024;
const TEXT_BYTES_MAX: usize = 256;
