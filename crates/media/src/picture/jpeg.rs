//! JPEG as a row of segments (ITU-T T.81, annex B).

use std::ops::RangeInclusive;

use crate::bytes::{be16, stands};
use crate::error::PictureError;
use crate::kind::Kind;
use crate::picture::exif::Turn;
use crate::picture::head::{Head, PROFILE_BYTES_MAX};

/// A part of the file, in its order.
enum Part<'a> {
    /// A marker and what belongs to it, without its length.
    Segment(u8, &'a [u8]),
    /// The compressed pixels behind a start of scan.
    Scan(&'a [u8]),
}

/// What the picture says of itself.
pub fn head(bytes: &[u8]) -> Result<Head, PictureError> {
    let (mut frame, mut turn, mut profile) = (None, Turn::NONE, Profile::default());
    let mut has_scan = false;
    for part in Parts::of(bytes) {
        match part? {
            Part::Segment(marker, body) if FRAMES.contains(&marker) && !NO_FRAMES.contains(&marker) => {
                // Two frames are a hierarchy of pictures; nobody writes that but who wants decoders to differ.
                if frame.replace((marker, body)).is_some() {
                    return Err(PictureError::Damaged);
                }
            }
            Part::Segment(APP1, body) if body.starts_with(EXIF) => turn = Turn::of_tiff(&body[EXIF.len()..]),
            Part::Segment(APP2, body) => profile.add(body),
            Part::Segment(..) => {}
            Part::Scan(_) => has_scan = true,
        }
    }
    let (marker, body) = frame.ok_or(PictureError::Damaged)?;
    // Baseline, extended and progressive; lossless and arithmetic ones are in no camera.
    let bytes_per_pixel = match marker {
        0xc0 | 0xc1 => 5,
        // The coefficients of all components lie in memory until the last scan.
        0xc2 => 12,
        _ => return Err(PictureError::NotDecoded(Kind::Jpeg)),
    };
    let (height, width) = (be16(body, 1), be16(body, 3));
    let (Some(height), Some(width), true) = (height, width, has_scan) else {
        return Err(PictureError::Damaged);
    };
    Ok(Head {
        kind: Kind::Jpeg,
        width: width.into(),
        height: height.into(),
        turn,
        frames: 1,
        bytes_per_pixel,
        profile: profile.whole(),
    })
}

/// The same picture: tables, frame and scans byte for byte, the colours' profile and how the picture is turned. Comments, Exif, XMP,
/// IPTC, makers' notes, thumbnails and whatever hangs behind the picture are gone.
pub fn strip(bytes: &[u8], turn: Turn) -> Result<Vec<u8>, PictureError> {
    let mut out = vec![0xff, SOI];
    let mut has_jfif = false;
    let exif = turn.to_tiff().map(|tiff| [EXIF, &tiff].concat());
    let mut exif = exif.as_deref();
    for part in Parts::of(bytes) {
        let (marker, body) = match part? {
            Part::Scan(scan) => {
                out.extend_from_slice(scan);
                continue;
            }
            Part::Segment(marker, body) => (marker, body),
        };
        let kept = match marker {
            // JFIF may carry a thumbnail behind its density.
            APP0 if body.starts_with(b"JFIF\0") && !has_jfif => {
                has_jfif = true;
                body.get(..12).map(|body| [body, &[0, 0]].concat())
            }
            APP2 if body.starts_with(ICC) => Some(body.to_vec()),
            // How the components are to be read.
            APP14 if body.starts_with(b"Adobe") => body.get(..12).map(<[u8]>::to_vec),
            TABLES | DNL..=DRI | SOS | DAC | DHT => Some(body.to_vec()),
            _ if FRAMES.contains(&marker) => Some(body.to_vec()),
            _ => None,
        };
        let Some(kept) = kept else { continue };
        // Exif stands behind JFIF and before all else.
        if marker != APP0
            && let Some(exif) = exif.take()
        {
            segment(&mut out, APP1, exif);
        }
        segment(&mut out, marker, &kept);
    }
    out.extend([0xff, EOI]);
    Ok(out)
}

fn segment(out: &mut Vec<u8>, marker: u8, body: &[u8]) {
    // Bodies come from segments and are never longer than one.
    let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
    out.extend([0xff, marker]);
    out.extend(length.to_be_bytes());
    out.extend_from_slice(body);
}

/// Walks over the parts until the end of the picture.
struct Parts<'a> {
    bytes: &'a [u8],
    at: usize,
    in_scan: bool,
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2, in_scan: false }
    }

    fn scan(&mut self) -> Part<'a> {
        self.in_scan = false;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let is_end = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff);
        // A picture that was cut off has no end; what there is of it can be shown.
        let length = rest.windows(2).position(is_end).unwrap_or(rest.len());
        self.at += length;
        Part::Scan(&rest[..length])
    }

    fn segment(&mut self) -> Option<Result<Part<'a>, PictureError>> {
        // Before a marker there may be any number of its first byte.
        let rest = self.bytes.get(self.at..)?;
        let fill = rest.iter().take_while(|byte| **byte == 0xff).count();
        let Some(marker) = rest.get(fill).copied().filter(|_| fill > 0) else {
            return (!rest.is_empty()).then_some(Err(PictureError::Damaged));
        };
        self.at += fill + 1;
        if marker == EOI {
            return None;
        }
        if matches!(marker, 0x01 | 0xd0..=0xd7) {
            return Some(Ok(Part::Segment(marker, &[])));
        }
        let length = usize::from(be16(self.bytes, self.at).unwrap_or_default());
        let body = length.checked_sub(2).and_then(|_| self.bytes.get(self.at + 2..self.at + length));
        self.at += length;
        self.in_scan = marker == SOS;
        Some(body.map(|body| Part::Segment(marker, body)).ok_or(PictureError::Damaged))
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, PictureError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.in_scan { Some(Ok(self.scan())) } else { self.segment() }
    }
}

/// A colour profile, which may be longer than one segment.
#[derive(Default)]
struct Profile<'a> {
    parts: Vec<(u8, &'a [u8])>,
}

impl<'a> Profile<'a> {
    fn add(&mut self, body: &'a [u8]) {
        if stands(body, 0, ICC)
            && let [number, _, part @ ..] = &body[ICC.len()..]
            && self.parts.len() < usize::from(u8::MAX)
        {
            self.parts.push((*number, part));
        }
    }

    fn whole(mut self) -> Option<Vec<u8>> {
        self.parts.sort_by_key(|(number, _)| *number);
        let size: usize = self.parts.iter().map(|(_, part)| part.len()).sum();
        (1..=PROFILE_BYTES_MAX)
            .contains(&size)
            .then(|| self.parts.iter().flat_map(|(_, part)| *part).copied().collect())
    }
}

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const TABLES: u8 = 0xdb;
const DNL: u8 = 0xdc;
const DRI: u8 = 0xdd;
const DHT: u8 = 0xc4;
const DAC: u8 = 0xcc;
const FRAMES: RangeInclusive<u8> = 0xc0..=0xcf;
/// Markers among those of frames that are none.
const NO_FRAMES: [u8; 3] = [DHT, 0xc8, DAC];
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const EXIF: &[u8] = b"Exif\0\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
