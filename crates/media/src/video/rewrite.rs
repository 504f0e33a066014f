//! A file in another order and with other bytes, without copying it.

use std::io::{self, Read, Seek, SeekFrom};

/// Another order and other bytes for parts of a file; the file itself stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    pieces: Vec<Piece>,
    /// Where each piece ends.
    ends: Vec<u64>,
}

/// A part of what is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As the file has it.
    Source {
        /// Where it stands there.
        at: u64,
        /// How long it is.
        bytes: u64,
    },
    /// What stands here instead.
    Given(Vec<u8>),
    /// So many zeros.
    Zeros(u64),
}

impl Piece {
    fn bytes(&self) -> u64 {
        match self {
            Self::Source { bytes, .. } | Self::Zeros(bytes) => *bytes,
            Self::Given(bytes) => bytes.len() as u64,
        }
    }
}

impl Rewrite {
    pub(super) fn new(pieces: Vec<Piece>) -> Self {
        let pieces: Vec<_> = pieces.into_iter().filter(|piece| piece.bytes() > 0).collect();
        let mut end = 0;
        let ends = pieces.iter().map(|piece| {
            end += piece.bytes();
            end
        });
        let ends = ends.collect();
        Self { pieces, ends }
    }

    /// How many bytes are sent.
    pub fn bytes(&self) -> u64 {
        self.ends.last().copied().unwrap_or_default()
    }

    /// Reads the file as it is sent; `source` is the file as it was when this was made.
    pub fn reader<R: Read + Seek>(&self, source: R) -> RewriteReader<'_, R> {
        RewriteReader { rewrite: self, source, at: 0 }
    }
}

/// The file as it is sent.
pub struct RewriteReader<'a, R> {
    rewrite: &'a Rewrite,
    source: R,
    at: u64,
}

impl<R: Read + Seek> Read for RewriteReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let place = self.rewrite.ends.partition_point(|end| *end <= self.at);
        let (Some(piece), Some(end)) = (self.rewrite.pieces.get(place), self.rewrite.ends.get(place)) else {
            return Ok(0);
        };
        let left = end - self.at;
        let within = piece.bytes() - left;
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(buffer) = buffer.get_mut(..most) else { return Ok(0) };
        let count = match piece {
            Piece::Source { at, .. } => {
                self.source.seek(SeekFrom::Start(at + within))?;
                let count = self.source.read(buffer)?;
                if count == 0 && most > 0 {
                    // The file became shorter than it was.
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                count
            }
            Piece::Given(bytes) => {
                let from =
                    usize::try_from(within).ok().and_then(|within| bytes.get(within..)).unwrap_or_default();
                let count = from.len().min(most);
                buffer[..count].copy_from_slice(&from[..count]);
                count
            }
            Piece::Zeros(_) => {
                buffer.fill(0);
                most
            }
        };
        self.at += count as u64;
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for RewriteReader<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.rewrite.bytes().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Parts of a file that are replaced by as many other bytes.
#[derive(Debug, Default)]
pub struct Edits {
    edits: Vec<(u64, Piece)>,
}

impl Edits {
    pub fn put(&mut self, at: u64, piece: Piece) {
        if piece.bytes() > 0 {
            self.edits.push((at, piece));
        }
    }

    /// The file with the parts replaced. Where two overlap, the later one gives way.
    pub fn pieces(mut self, length: u64) -> Vec<Piece> {
        self.edits.sort_by_key(|(at, _)| *at);
        let (mut out, mut done) = (Vec::new(), 0);
        for (at, piece) in self.edits {
            let Some(end) = at.checked_add(piece.bytes()).filter(|end| *end <= length && *end > done) else {
                continue;
            };
            let piece = match piece {
                Piece::Zeros(_) => Piece::Zeros(end - at.max(done)),
                _ if at < done => continue,
                piece => piece,
            };
            let at = at.max(done);
            out.push(Piece::Source { at: done, bytes: at - done });
            out.push(piece);
            done = end;
        }
        out.push(Piece::Source { at: done, bytes: length - done });
        out
    }
}

/// The part of these pieces from one place of what is sent to another.
pub fn part(pieces: &[Piece], from: u64, to: u64) -> Vec<Piece> {
    let (mut out, mut at) = (Vec::new(), 0_u64);
    for piece in pieces {
        let end = at + piece.bytes();
        let (start, stop) = (from.max(at), to.min(end));
        if start < stop {
            let (skip, count) = (start - at, stop - start);
            out.push(match piece {
                Piece::Source { at, .. } => Piece::Source { at: at + skip, bytes: count },
                Piece::Zeros(_) => Piece::Zeros(count),
                Piece::Given(bytes) => {
                    let range = usize::try_from(skip).unwrap_or_default()
                        ..usize::try_from(skip + count).unwrap_or_default();
                    Piece::Given(bytes.get(range).unwrap_or_default().to_vec())
                }
            });
        }
        at = end;
    }
    out
}
