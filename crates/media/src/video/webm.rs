//! WebM and Matroska.

use std::io::{Read, Seek};

use crate::bytes::{length, read_up_to};
use crate::ebml::{self, Element, Walk};
use crate::error::VideoError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::video::rewrite::{Edits, Piece, Rewrite};
use crate::video::{Prepared, Rotation, Video};

/// What the film is.
pub fn inspect<R: Read + Seek>(source: &mut R, kind: Kind, limits: &Limits) -> Result<Video, VideoError> {
    read(source, kind, limits).map(|film| film.video)
}

/// What is sent of the film: its tags, attachments and the time it was made become empty space.
pub fn prepare<R: Read + Seek>(source: &mut R, kind: Kind, limits: &Limits) -> Result<Prepared, VideoError> {
    let film = read(source, kind, limits)?;
    let length = length(source)?;
    let mut edits = Edits::default();
    for (from, to) in film.blanks {
        for (at, piece) in void(from, to) {
            edits.put(at, piece);
        }
    }
    Ok(Prepared { video: film.video, rewrite: Rewrite::new(edits.pieces(length)) })
}

struct Film {
    video: Video,
    /// Elements that go, from their first byte to behind their last.
    blanks: Vec<(u64, u64)>,
}

/// A track while it is read.
#[derive(Default)]
struct Track {
    kind: u64,
    codec: Option<String>,
    width: u32,
    height: u32,
    rotation: Rotation,
}

fn read<R: Read + Seek>(source: &mut R, kind: Kind, limits: &Limits) -> Result<Film, VideoError> {
    let length = length(source)?;
    let mut tracks: Vec<Track> = Vec::new();
    let (mut scale, mut duration, mut first_cluster, mut blanks) = (1_000_000, None, None, Vec::new());
    let mut walk = Walk::new(source, 0);
    let mut at = 0;
    for _ in 0..ELEMENTS_MAX {
        let Some(element) = walk.next()? else { break };
        let start = std::mem::replace(&mut at, walk.place());
        match element.id {
            ebml::TIMESTAMP_SCALE => scale = walk.uint(element)?.unwrap_or(scale),
            ebml::DURATION => duration = walk.float(element)?,
            ebml::TRACK_ENTRY if tracks.len() < TRACKS_MAX => tracks.push(Track::default()),
            ebml::CLUSTER => {
                first_cluster = first_cluster.or(Some(element));
                // One of unknown size, as recorders write them, is walked through.
                walk.skip(element);
                at = walk.place();
            }
            TAGS | ATTACHMENTS | DATE | TITLE | CRC if at <= length => blanks.push((start, at)),
            _ => {
                if let Some(track) = tracks.last_mut() {
                    add(track, element, &mut walk)?;
                }
            }
        }
    }
    let first_cluster = first_cluster.ok_or(VideoError::Damaged)?;
    if tracks.is_empty() {
        return Err(VideoError::Damaged);
    }
    let scale = scale.clamp(1, SCALE_MAX);
    let ms = |ticks: f64| (ticks * scale as f64 / 1e6).clamp(0.0, MS_MAX) as u64;
    let announced = duration.filter(|ticks| ticks.is_finite()).map(ms);
    // The last block tells how long it lasts; what was announced may lie, or was not known yet.
    let last = last_block(source, first_cluster.at, length)?.map(|ticks| ms(ticks as f64));
    let duration_ms = match (announced, last) {
        // Behind the last block's beginning is the rest of it.
        (Some(announced), Some(last)) if announced >= last && announced - last <= BLOCK_MS_MAX => announced,
        (_, Some(last)) => last,
        (announced, None) => announced.unwrap_or_default(),
    };
    if duration_ms > limits.duration_ms {
        return Err(VideoError::TooLong);
    }
    Ok(Film { video: describe(kind, &tracks, duration_ms)?, blanks })
}

fn add<R: Read + Seek>(
    track: &mut Track,
    element: Element,
    walk: &mut Walk<'_, R>,
) -> Result<(), VideoError> {
    let size = |value: Option<u64>| value.and_then(|value| u32::try_from(value).ok()).unwrap_or_default();
    match element.id {
        ebml::TRACK_TYPE => track.kind = walk.uint(element)?.unwrap_or_default(),
        ebml::CODEC_ID => track.codec = walk.text(element)?,
        ebml::PIXEL_WIDTH => track.width = size(walk.uint(element)?),
        ebml::PIXEL_HEIGHT => track.height = size(walk.uint(element)?),
        ebml::POSE_ROLL => {
            // Degrees against the clock.
            track.rotation = match walk.float(element)?.unwrap_or_default().rem_euclid(360.0) as u32 {
                90 => Rotation::ThreeQuarters,
                180 => Rotation::Half,
                270 => Rotation::Quarter,
                _ => Rotation::None,
            }
        }
        _ => {}
    }
    Ok(())
}

fn describe(kind: Kind, tracks: &[Track], duration_ms: u64) -> Result<Video, VideoError> {
    let seen = tracks.iter().find(|track| track.kind == 1);
    let heard = tracks.iter().find(|track| track.kind == 2);
    if seen.or(heard).is_none() {
        return Err(VideoError::NotAVideo);
    }
    let rotation = seen.map(|track| track.rotation).unwrap_or_default();
    let (width, height) = seen.map_or((0, 0), |track| rotation.turned(track.width, track.height));
    let codec = |track: Option<&Track>| track.and_then(|track| track.codec.clone());
    Ok(Video {
        kind,
        duration_ms,
        width,
        height,
        rotation,
        video_codec: codec(seen),
        audio_codec: codec(heard),
        // Clusters follow each other as they are played.
        is_streamable: true,
    })
}

/// The time of the last block, in ticks: in the last cluster that begins in the last part of the file.
fn last_block<R: Read + Seek>(source: &mut R, first: u64, length: u64) -> Result<Option<i64>, VideoError> {
    for tail in [TAIL_BYTES, TAIL_BYTES_MAX] {
        let from = length.saturating_sub(tail).max(first.saturating_sub(CLUSTER_HEAD_BYTES_MAX));
        let most = usize::try_from(length.saturating_sub(from)).unwrap_or_default();
        let bytes = read_up_to(source, from, most)?;
        let starts =
            bytes.windows(4).enumerate().rev().filter(|(_, window)| **window == ebml::CLUSTER.to_be_bytes());
        // Compressed data may look like a cluster's beginning; it does not go on like one.
        for (start, _) in starts.take(CANDIDATES_MAX) {
            let mut rest = std::io::Cursor::new(bytes.get(start..).unwrap_or_default());
            if let Some(time) = last_in_cluster(&mut Walk::new(&mut rest, 0))? {
                return Ok(Some(time));
            }
        }
    }
    Ok(None)
}

/// The latest time in the cluster that begins here.
fn last_in_cluster<R: Read + Seek>(walk: &mut Walk<'_, R>) -> Result<Option<i64>, VideoError> {
    let _cluster = walk.next()?;
    let (mut start, mut last) = (None, None);
    for _ in 0..ELEMENTS_MAX {
        let Some(element) = walk.next()? else { break };
        match element.id {
            ebml::CLUSTER => break,
            ebml::CLUSTER_TIMESTAMP => {
                start = walk
                    .uint(element)?
                    .and_then(|start| i64::try_from(start).ok())
                    .filter(|start| *start < TICKS_MAX);
            }
            ebml::SIMPLE_BLOCK | ebml::BLOCK => {
                let head = walk.beginning(element, 12)?;
                let time = ebml::number(&head, true).and_then(|(_, bytes)| crate::bytes::be16(&head, bytes));
                if let (Some(start), Some(time)) = (start, time) {
                    last = last.max(Some(start + i64::from(time as i16)));
                }
            }
            _ => {}
        }
    }
    Ok(last)
}

/// Empty space instead of the bytes from here to there.
fn void(from: u64, to: u64) -> Vec<(u64, Piece)> {
    let bytes = to.saturating_sub(from);
    if bytes < 2 {
        return Vec::new();
    }
    let (head, rest) = if bytes < 10 {
        (vec![VOID, 0x80 | (bytes - 2) as u8], bytes - 2)
    } else {
        let rest = bytes - 9;
        // A size of eight bytes: a one, and 56 bits.
        (([&[VOID][..], &(rest | 1 << 56).to_be_bytes()]).concat(), rest)
    };
    let behind = from + head.len() as u64;
    vec![(from, Piece::Given(head)), (behind, Piece::Zeros(rest))]
}

const TAGS: u32 = 0x1254_c367;
const ATTACHMENTS: u32 = 0x1941_a469;
const DATE: u32 = 0x4461;
const TITLE: u32 = 0x7ba9;
/// A check sum over a part from which something is taken out.
const CRC: u32 = 0xbf;
const VOID: u8 = 0xec;
const TRACKS_MAX: usize = 64;
/// Clusters of a day, or blocks of half an hour in a recording whose clusters have no size.
const ELEMENTS_MAX: usize = 400_000;
/// Ticks of a second.
const SCALE_MAX: u64 = 1_000_000_000;
const TICKS_MAX: i64 = 1 << 48;
const MS_MAX: f64 = 1e15;
/// A picture that stands longer is none of a film.
const BLOCK_MS_MAX: u64 = 10_000;
/// Where the last cluster is sought first, and where if it was not there.
const TAIL_BYTES: u64 = 256 * 1024;
const TAIL_BYTES_MAX: u64 = 8 * 1024 * 1024;
const CANDIDATES_MAX: usize = 64;
/// Identifier and size.
const CLUSTER_HEAD_BYTES_MAX: u64 = 12;
