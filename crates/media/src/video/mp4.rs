//! MP4 and QuickTime: what their index says, and what of it holds.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::bytes::{array, be16, be32, be64, length, read_exact};
use crate::error::VideoError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::video::boxes::{self, Top, first, inner, path};
use crate::video::{Rotation, Video};

/// A film as it lies there.
pub struct Film {
    pub length: u64,
    pub tops: Vec<Top>,
    /// Where the index stands.
    pub index: Top,
    /// The index, as a whole.
    pub moov: Vec<u8>,
    pub tracks: Vec<Track>,
    pub video: Video,
    pub is_fragmented: bool,
}

/// A track of a film.
#[derive(Debug, Clone)]
pub struct Track {
    pub id: u32,
    pub handler: [u8; 4],
    /// All of the track in the index.
    pub whole: Range<usize>,
    /// Its table of samples.
    pub samples: Range<usize>,
    codec: Option<[u8; 4]>,
    rotation: Rotation,
    width: u32,
    height: u32,
    /// Ticks a second.
    timescale: u32,
    ticks: u64,
    /// What a sample of a fragment lasts if nothing else is said.
    default_ticks: u32,
    /// How much of it is shown, in milliseconds; none if all is.
    shown_ms: Option<u64>,
}

impl Track {
    fn duration_ms(&self) -> u64 {
        let all = ms(self.ticks, self.timescale);
        self.shown_ms.map_or(all, |shown| shown.min(all))
    }

    /// Whether it is seen or heard.
    fn is_film(&self) -> bool {
        [*b"vide", *b"soun"].contains(&self.handler)
    }
}

/// Reads the index.
pub fn read<R: Read + Seek>(source: &mut R, kind: Kind, limits: &Limits) -> Result<Film, VideoError> {
    let length = length(source)?;
    let tops = boxes::tops(source, length)?;
    let index = *tops.iter().find(|top| &top.name == b"moov").ok_or(VideoError::Damaged)?;
    if index.bytes > limits.video_head_bytes {
        return Err(VideoError::TooMuchMemory);
    }
    let size = usize::try_from(index.bytes).map_err(|_| VideoError::TooMuchMemory)?;
    let moov = read_exact(source, index.at, size)?;
    let body = inner(&moov, 0..moov.len()).next().ok_or(VideoError::Damaged)?.body;
    let timescale =
        path(&moov, body.clone(), &[b"mvhd"]).and_then(|at| be32(&moov, at.start + times(&moov, &at)?));
    let timescale = timescale.filter(|timescale| *timescale > 0).ok_or(VideoError::Damaged)?;
    let mut tracks = Vec::new();
    for trak in inner(&moov, body.clone()).filter(|inner| &inner.name == b"trak").take(TRACKS_MAX) {
        tracks.push(track(&moov, trak.body, trak.whole, timescale, length)?);
    }
    let is_fragmented = first(&moov, body.clone(), b"mvex").is_some();
    if is_fragmented {
        add_fragments(source, &tops, &moov, body, &mut tracks, limits)?;
    }
    let data = tops.iter().find(|top| [b"mdat", b"moof"].contains(&&top.name));
    let is_streamable = data.is_none_or(|data| index.at < data.at);
    let video = describe(kind, &tracks, is_streamable)?;
    if video.duration_ms > limits.duration_ms {
        return Err(VideoError::TooLong);
    }
    Ok(Film { length, tops, index, moov, tracks, video, is_fragmented })
}

fn describe(kind: Kind, tracks: &[Track], is_streamable: bool) -> Result<Video, VideoError> {
    let seen = tracks.iter().find(|track| &track.handler == b"vide");
    let heard = tracks.iter().find(|track| &track.handler == b"soun");
    if seen.or(heard).is_none() {
        return Err(VideoError::NotAVideo);
    }
    let rotation = seen.map(|track| track.rotation).unwrap_or_default();
    let (width, height) = seen.map_or((0, 0), |track| rotation.turned(track.width, track.height));
    let codec = |track: Option<&Track>| {
        track.and_then(|track| track.codec).map(|codec| codec.escape_ascii().to_string())
    };
    Ok(Video {
        kind,
        duration_ms: tracks
            .iter()
            .filter(|track| track.is_film())
            .map(Track::duration_ms)
            .max()
            .unwrap_or_default(),
        width,
        height,
        rotation,
        video_codec: codec(seen),
        audio_codec: codec(heard),
        is_streamable,
    })
}

fn track(
    moov: &[u8],
    body: Range<usize>,
    whole: Range<usize>,
    movie_timescale: u32,
    length: u64,
) -> Result<Track, VideoError> {
    let find = |names: &[&[u8; 4]]| path(moov, body.clone(), names);
    let media = find(&[b"mdia", b"mdhd"]).ok_or(VideoError::Damaged)?;
    let timescale = times(moov, &media).and_then(|skip| be32(moov, media.start + skip));
    let timescale = timescale.filter(|timescale| *timescale > 0).ok_or(VideoError::Damaged)?;
    let handler =
        find(&[b"mdia", b"hdlr"]).and_then(|at| array(moov, at.start + 8)).ok_or(VideoError::Damaged)?;
    let samples = find(&[b"mdia", b"minf", b"stbl"]).ok_or(VideoError::Damaged)?;
    let entry = path(moov, samples.clone(), &[b"stsd"]).map(|at| at.start + 8);
    let head = find(&[b"tkhd"]).ok_or(VideoError::Damaged)?;
    let skip = times(moov, &head).ok_or(VideoError::Damaged)?;
    // Behind the times: number, a gap, the duration in four or eight bytes, 16 bytes, the matrix, the size as shown.
    let matrix = head.start + skip + 8 + (skip - 4) / 2 + 16;
    let size = |at: usize| be32(moov, at).map_or(0, |size| size >> 16);
    let (mut width, mut height) = (size(matrix + 36), size(matrix + 40));
    if (width == 0 || height == 0)
        && let Some(entry) = entry
    {
        width = be16(moov, entry + 32).unwrap_or_default().into();
        height = be16(moov, entry + 34).unwrap_or_default().into();
    }
    Ok(Track {
        id: be32(moov, head.start + skip).ok_or(VideoError::Damaged)?,
        handler,
        whole,
        ticks: counted(moov, &samples, length)?,
        samples,
        codec: entry.and_then(|entry| array(moov, entry + 4)),
        rotation: rotation(moov, matrix),
        width,
        height,
        timescale,
        default_ticks: 0,
        shown_ms: find(&[b"edts", b"elst"]).and_then(|at| shown(moov, at, movie_timescale)),
    })
}

/// Where the two times of a head end: behind version, flags, and twice four or eight bytes.
fn times(moov: &[u8], at: &Range<usize>) -> Option<usize> {
    Some(if *moov.get(at.start)? == 0 { 12 } else { 20 })
}

/// How long the samples last, by counting them; their sizes must be for as many, and be in the file.
fn counted(moov: &[u8], samples: &Range<usize>, length: u64) -> Result<u64, VideoError> {
    let table = |name: &[u8; 4]| path(moov, samples.clone(), &[name]);
    let (Some(times), Some(sizes)) = (table(b"stts"), table(b"stsz").or_else(|| table(b"stz2"))) else {
        return Err(VideoError::Damaged);
    };
    let entries = moov.get(times.start + 8..times.end).unwrap_or_default().chunks_exact(8);
    let announced = be32(moov, times.start + 4).unwrap_or_default() as usize;
    let (mut count, mut ticks) = (0_u64, 0_u64);
    for entry in entries.take(announced) {
        let (many, each) = (be32(entry, 0).unwrap_or_default(), be32(entry, 4).unwrap_or_default());
        count = count.saturating_add(many.into());
        ticks = ticks.saturating_add(u64::from(many) * u64::from(each));
    }
    let announced = u64::from(be32(moov, sizes.start + 8).unwrap_or_default());
    let all = match table(b"stsz").and_then(|_| be32(moov, sizes.start + 4)) {
        Some(0) => {
            let sizes = moov.get(sizes.start + 12..sizes.end).unwrap_or_default().chunks_exact(4);
            if (sizes.len() as u64) < announced {
                return Err(VideoError::Damaged);
            }
            sizes.map(|size| u64::from(be32(size, 0).unwrap_or_default())).sum()
        }
        Some(each) => u64::from(each) * announced,
        None => 0,
    };
    // Sound that is not compressed counts each moment, and its table of sizes may say so in another unit.
    if count != announced || all > length {
        return Err(VideoError::Damaged);
    }
    Ok(ticks)
}

/// How much of the track its edits show.
fn shown(moov: &[u8], at: Range<usize>, timescale: u32) -> Option<u64> {
    let is_long = *moov.get(at.start)? == 1;
    let count = be32(moov, at.start + 4)? as usize;
    let entries = moov.get(at.start + 8..at.end)?.chunks_exact(if is_long { 20 } else { 12 });
    let lasts = |entry: &[u8]| if is_long { be64(entry, 0) } else { be32(entry, 0).map(u64::from) };
    let ticks = entries.take(count).filter_map(lasts).fold(0_u64, u64::saturating_add);
    // An edit of nothing stands for all, as recorders that write fragments do.
    (ticks > 0).then(|| ms(ticks, timescale))
}

fn rotation(moov: &[u8], matrix: usize) -> Rotation {
    let number = |place: usize| be32(moov, matrix + 4 * place).map(|number| (number as i32).signum());
    match (number(0), number(1), number(3), number(4)) {
        (Some(0), Some(1), Some(-1), Some(0)) => Rotation::Quarter,
        (Some(-1), Some(0), Some(0), Some(-1)) => Rotation::Half,
        (Some(0), Some(-1), Some(1), Some(0)) => Rotation::ThreeQuarters,
        _ => Rotation::None,
    }
}

/// Adds what the fragments say of how long they last.
fn add_fragments<R: Read + Seek>(
    source: &mut R,
    tops: &[Top],
    moov: &[u8],
    body: Range<usize>,
    tracks: &mut [Track],
    limits: &Limits,
) -> Result<(), VideoError> {
    let extends = path(moov, body, &[b"mvex"]).unwrap_or_default();
    for trex in inner(moov, extends).filter(|inner| &inner.name == b"trex") {
        let (id, ticks) = (be32(moov, trex.body.start + 4), be32(moov, trex.body.start + 12));
        if let Some(track) = tracks.iter_mut().find(|track| Some(track.id) == id) {
            track.default_ticks = ticks.unwrap_or_default();
        }
    }
    let mut read = 0;
    for top in tops.iter().filter(|top| &top.name == b"moof") {
        read += top.bytes;
        if read > limits.video_head_bytes {
            return Err(VideoError::TooMuchMemory);
        }
        let moof =
            read_exact(source, top.at, usize::try_from(top.bytes).map_err(|_| VideoError::TooMuchMemory)?)?;
        let within = inner(&moof, 0..moof.len()).next().map(|inner| inner.body).unwrap_or_default();
        for traf in inner(&moof, within).filter(|inner| &inner.name == b"traf") {
            add_fragment(&moof, traf.body, tracks);
        }
    }
    Ok(())
}

fn add_fragment(moof: &[u8], traf: Range<usize>, tracks: &mut [Track]) {
    let Some(head) = path(moof, traf.clone(), &[b"tfhd"]) else { return };
    let id = be32(moof, head.start + 4);
    let Some(track) = tracks.iter_mut().find(|track| Some(track.id) == id) else { return };
    let flags = be32(moof, head.start).unwrap_or_default();
    // Before the duration: an offset and the number of a description, each if its flag says so.
    let skip = 8 + if flags & 1 == 0 { 0 } else { 8 } + if flags & 2 == 0 { 0 } else { 4 };
    let each =
        if flags & 8 == 0 { track.default_ticks } else { be32(moof, head.start + skip).unwrap_or_default() };
    let start = path(moof, traf.clone(), &[b"tfdt"]).and_then(|at| match moof.get(at.start)? {
        0 => be32(moof, at.start + 4).map(u64::from),
        _ => be64(moof, at.start + 4),
    });
    let runs = inner(moof, traf).filter(|inner| &inner.name == b"trun");
    let lasts = runs.map(|run| run_ticks(moof, run.body, each)).fold(0, u64::saturating_add);
    track.ticks = start.map_or(track.ticks, |start| start.max(track.ticks)).saturating_add(lasts);
    // What edits say was said before the fragments were there.
    track.shown_ms = None;
}

/// How long a run of samples lasts.
fn run_ticks(moof: &[u8], run: Range<usize>, each: u32) -> u64 {
    let flags = be32(moof, run.start).unwrap_or_default();
    let count = be32(moof, run.start + 4).unwrap_or_default();
    if flags & 0x100 == 0 {
        return u64::from(count) * u64::from(each);
    }
    let skip = 8 + if flags & 1 == 0 { 0 } else { 4 } + if flags & 4 == 0 { 0 } else { 4 };
    let size = 4 * [0x100, 0x200, 0x400, 0x800].iter().filter(|flag| flags & **flag != 0).count();
    let samples = moof.get(run.start + skip..run.end).unwrap_or_default().chunks_exact(size);
    samples.take(count as usize).map(|sample| u64::from(be32(sample, 0).unwrap_or_default())).sum()
}

fn ms(ticks: u64, timescale: u32) -> u64 {
    u64::try_from(u128::from(ticks) * 1_000 / u128::from(timescale.max(1))).unwrap_or(u64::MAX)
}

/// Cameras write up to six.
const TRACKS_MAX: usize = 64;
