//! Takes out of a film what is not seen or heard: where and when it was made, and with what. Nothing changes its place, so that
//! the index stays right; what is taken out becomes empty space.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::bytes::{be32, be64};
use crate::error::VideoError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::video::boxes::{first, head_bytes, inner, path};
use crate::video::mp4::{self, Film, Track};
use crate::video::rewrite::{Edits, Piece, Rewrite, part};
use crate::video::{Prepared, Video};

/// What is sent of an MP4 or QuickTime film.
pub fn prepare<R: Read + Seek>(source: &mut R, kind: Kind, limits: &Limits) -> Result<Prepared, VideoError> {
    let film = mp4::read(source, kind, limits)?;
    let mut moov = film.moov.clone();
    let mut edits = Edits::default();
    clean_index(&mut moov, &film, &mut edits);
    for top in &film.tops {
        // A second index is read by nobody.
        if !KEPT_TOPS.contains(&&top.name) || (&top.name == b"moov" && top.at != film.index.at) {
            edits.put(top.at + 4, Piece::Given(b"free".to_vec()));
            edits.put(top.at + top.head, Piece::Zeros(top.bytes - top.head));
        }
    }
    let moved = if film.video.is_streamable { None } else { in_front(&moov, &film) };
    let is_streamable = film.video.is_streamable || moved.is_some();
    let pieces = match moved {
        None => {
            edits.put(film.index.at, Piece::Given(moov));
            edits.pieces(film.length)
        }
        Some((at, moov)) => {
            let pieces = edits.pieces(film.length);
            let mut out = part(&pieces, 0, at);
            out.push(Piece::Given(moov));
            out.extend(part(&pieces, at, film.index.at));
            out.extend(part(&pieces, film.index.end(), film.length));
            out
        }
    };
    let rewrite = Rewrite::new(pieces);
    Ok(Prepared { video: Video { is_streamable, ..film.video }, rewrite })
}

/// Cleans the index, and the samples of tracks that go.
fn clean_index(moov: &mut [u8], film: &Film, edits: &mut Edits) {
    let Some(body) = inner(&film.moov, 0..film.moov.len()).next().map(|inner| inner.body) else { return };
    if let Some(at) = path(&film.moov, body.clone(), &[b"mvhd"]) {
        forget_times(moov, &at);
    }
    blank_all(moov, &film.moov, body, &[b"udta", b"meta", b"uuid", b"free", b"skip"]);
    let gone = film.tracks.iter().filter(|track| !KEPT_TRACKS.contains(&&track.handler)).count();
    for track in &film.tracks {
        if KEPT_TRACKS.contains(&&track.handler) {
            clean_track(moov, film, track, gone > 0);
        } else {
            for (at, bytes) in chunks(&film.moov, track) {
                edits.put(at, Piece::Zeros(bytes));
            }
            blank(moov, &track.whole);
        }
    }
}

fn clean_track(moov: &mut [u8], film: &Film, track: &Track, has_lost_others: bool) {
    let from = &film.moov;
    let Some(body) = inner(from, track.whole.clone()).next().map(|inner| inner.body) else { return };
    blank_all(moov, from, body.clone(), &[b"udta", b"meta", b"uuid", b"free", b"skip"]);
    if has_lost_others {
        // It may point at a track that is gone.
        blank_all(moov, from, body.clone(), &[b"tref"]);
    }
    for names in [&[b"tkhd"][..], &[b"mdia", b"mdhd"]] {
        if let Some(at) = path(from, body.clone(), names) {
            forget_times(moov, &at);
        }
    }
    // Names of what handles it and of what compressed it tell the maker of a camera.
    if let Some(at) = path(from, body.clone(), &[b"mdia", b"hdlr"]) {
        zero(moov, at.start + 24..at.end);
    }
    if let Some(at) = path(from, track.samples.clone(), &[b"stsd"]).filter(|_| &track.handler == b"vide") {
        zero(moov, at.start + 8 + 50..(at.start + 8 + 82).min(at.end));
    }
}

/// Sets the times when it was made and changed to none.
fn forget_times(moov: &mut [u8], at: &Range<usize>) {
    let long = moov.get(at.start).is_some_and(|version| *version != 0);
    zero(moov, at.start + 4..at.start + 4 + if long { 16 } else { 8 });
}

fn blank_all(moov: &mut [u8], from: &[u8], within: Range<usize>, names: &[&[u8; 4]]) {
    for found in inner(from, within).filter(|inner| names.contains(&&inner.name)) {
        blank(moov, &found.whole);
    }
}

/// Makes a box empty space of its size.
fn blank(moov: &mut [u8], whole: &Range<usize>) {
    let head = moov.get(whole.clone()).map_or(8, head_bytes);
    if let Some(name) = moov.get_mut(whole.start + 4..whole.start + 8) {
        name.copy_from_slice(b"free");
    }
    zero(moov, whole.start + head..whole.end);
}

fn zero(bytes: &mut [u8], range: Range<usize>) {
    if let Some(bytes) = bytes.get_mut(range) {
        bytes.fill(0);
    }
}

/// Where the samples of a track lie in the file: each chunk with how long it is.
pub(super) fn chunks(moov: &[u8], track: &Track) -> Vec<(u64, u64)> {
    let table = |name: &[u8; 4]| path(moov, track.samples.clone(), &[name]);
    let (Some(runs), Some(sizes)) = (table(b"stsc"), table(b"stsz")) else { return Vec::new() };
    let runs: Vec<(u32, u32)> = moov
        .get(runs.start + 8..runs.end)
        .unwrap_or_default()
        .chunks_exact(12)
        .map(|run| (be32(run, 0).unwrap_or_default(), be32(run, 4).unwrap_or_default()))
        .collect();
    let each = be32(moov, sizes.start + 4).unwrap_or_default();
    let mut sizes = moov.get(sizes.start + 12..sizes.end).unwrap_or_default().chunks_exact(4);
    let mut run = 0;
    let mut out = Vec::new();
    for (place, at) in offsets(moov, track).into_iter().enumerate() {
        // A run holds from its first chunk, counted from one, until the next begins.
        while runs.get(run + 1).is_some_and(|(first, _)| *first as usize <= place + 1) {
            run += 1;
        }
        let count = runs.get(run).map_or(0, |(_, count)| *count);
        let bytes = if each > 0 {
            u64::from(each) * u64::from(count)
        } else {
            sizes.by_ref().take(count as usize).map(|size| u64::from(be32(size, 0).unwrap_or_default())).sum()
        };
        out.push((at, bytes));
    }
    out
}

/// Where the chunks of a track begin.
fn offsets(moov: &[u8], track: &Track) -> Vec<u64> {
    let entries = |name: &[u8; 4], size: usize| {
        let at = path(moov, track.samples.clone(), &[name])?;
        Some(moov.get(at.start + 8..at.end)?.chunks_exact(size))
    };
    let short = entries(b"stco", 4)
        .map(|entries| entries.filter_map(|entry| be32(entry, 0)).map(u64::from).collect());
    short
        .or_else(|| entries(b"co64", 8).map(|entries| entries.filter_map(|entry| be64(entry, 0)).collect()))
        .unwrap_or_default()
}

/// The index as it must be to stand in front, and where: behind the box that says what the file is. None if that cannot be.
pub(super) fn in_front(moov: &[u8], film: &Film) -> Option<(u64, Vec<u8>)> {
    // What is told in fragments counts from where the fragments are.
    let is_plain = !film.is_fragmented && film.index.bytes == moov.len() as u64;
    let at = film.tops.first().filter(|top| &top.name == b"ftyp").map_or(0, |top| top.bytes);
    is_plain.then_some(())?;
    let mut out = moov.to_vec();
    for track in &film.tracks {
        if track.samples.is_empty() || first(&film.moov, track.samples.clone(), b"saio").is_some() {
            return None;
        }
        let shifted = |offset: u64| {
            if (at..film.index.at).contains(&offset) {
                offset.checked_add(film.index.bytes)
            } else {
                Some(offset)
            }
        };
        if let Some(table) = path(moov, track.samples.clone(), &[b"stco"]) {
            for entry in out.get_mut(table.start + 8..table.end)?.chunks_exact_mut(4) {
                let moved = u32::try_from(shifted(be32(entry, 0)?.into())?).ok()?;
                entry.copy_from_slice(&moved.to_be_bytes());
            }
        }
        if let Some(table) = path(moov, track.samples.clone(), &[b"co64"]) {
            for entry in out.get_mut(table.start + 8..table.end)?.chunks_exact_mut(8) {
                let moved = shifted(be64(entry, 0)?)?;
                entry.copy_from_slice(&moved.to_be_bytes());
            }
        }
    }
    Some((at, out))
}

/// Pictures, sound and words. Timecodes are times of day; other tracks hold places, sensors and faces.
const KEPT_TRACKS: [&[u8; 4]; 6] = [b"vide", b"soun", b"text", b"sbtl", b"subt", b"clcp"];
/// What a film is played from. All else, empty space included, may hold anything.
const KEPT_TOPS: [&[u8; 4]; 9] =
    [b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"ssix", b"wide"];
