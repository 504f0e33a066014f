//! Pictures: what they are, and what is sent of them.

mod decode;
mod exif;
mod gif;
mod head;
mod jpeg;
mod placeholder;
mod png;
mod resize;
mod webp;

use crate::error::PictureError;
use crate::kind::Kind;
use crate::limits::Limits;

use decode::Canvas;
use head::Head;
pub use placeholder::Placeholder;

/// Longest edge of a thumbnail, in pixels.
pub const THUMBNAIL_EDGE: u32 = 320;
/// Most bytes of a thumbnail: it travels inside the message.
pub const THUMBNAIL_BYTES_MAX: usize = 12 * 1024;
/// Most bytes of a placeholder.
pub const PLACEHOLDER_BYTES_MAX: usize = 32;
/// Longest edge at [`Quality::DataSaver`], in pixels.
pub const DATA_SAVER_EDGE: u32 = 1_280;
/// Longest edge at [`Quality::Standard`], in pixels.
pub const STANDARD_EDGE: u32 = 2_560;

/// How much of a picture is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quality {
    /// At most [`DATA_SAVER_EDGE`], visibly compressed.
    DataSaver,
    /// At most [`STANDARD_EDGE`], compressed so that few see it.
    Standard,
    /// Every pixel as it was; only what is said about the picture is gone.
    Original,
}

/// What a picture is, read from its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Its format.
    pub kind: Kind,
    /// Width as it is shown, in pixels.
    pub width: u32,
    /// Height as it is shown, in pixels.
    pub height: u32,
    /// Frames; one if it stands still.
    pub frames: u32,
}

impl Picture {
    /// Whether it moves.
    pub fn is_animated(&self) -> bool {
        self.frames > 1
    }
}

/// A picture as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The file.
    pub bytes: Vec<u8>,
    /// What the file is.
    pub picture: Picture,
    /// What is shown while the file is fetched.
    pub thumbnail: Thumbnail,
    /// What is shown before anything is.
    pub placeholder: Placeholder,
}

/// A small JPEG of at most [`THUMBNAIL_BYTES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// The JPEG.
    pub jpeg: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Pixels, row by row, red, green, blue and opacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Four bytes for each pixel.
    pub rgba: Vec<u8>,
}

/// What the picture is, without decoding it.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Picture, PictureError> {
    Head::read(bytes, limits).map(|head| head.picture())
}

/// What is sent of the picture. What moves keeps moving, in every quality, and loses only its metadata.
pub fn prepare(bytes: &[u8], quality: Quality, limits: &Limits) -> Result<Prepared, PictureError> {
    let head = Head::read(bytes, limits)?;
    let stripped = stripped(bytes, &head)?;
    let canvas = Canvas::decode(&stripped, &head, limits)?;
    let (canvas, sent) = match quality {
        _ if head.frames > 1 => (shown(canvas, THUMBNAIL_EDGE, &head), (stripped, head.picture())),
        Quality::Original => (shown(canvas, THUMBNAIL_EDGE, &head), (stripped, head.picture())),
        Quality::DataSaver => encoded(canvas, DATA_SAVER_EDGE, DATA_SAVER_QUALITY, stripped, &head)?,
        Quality::Standard => encoded(canvas, STANDARD_EDGE, STANDARD_QUALITY, stripped, &head)?,
    };
    let (thumbnail, placeholder) = small(&canvas)?;
    Ok(Prepared { bytes: sent.0, picture: sent.1, thumbnail, placeholder })
}

/// The same picture without anything that is said about it but how it is turned and coloured.
pub fn strip(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, PictureError> {
    stripped(bytes, &Head::read(bytes, limits)?)
}

/// The pixels of a picture (its first frame), upright and no longer than `edge`: for front ends that draw without a browser.
pub fn pixels(bytes: &[u8], edge: u32, limits: &Limits) -> Result<Pixels, PictureError> {
    let head = Head::read(bytes, limits)?;
    let canvas = Canvas::decode(&stripped(bytes, &head)?, &head, limits)?;
    let image = shown(canvas, edge.max(1), &head).rgba();
    Ok(Pixels { width: image.width(), height: image.height(), rgba: image.into_raw() })
}

/// A thumbnail and a placeholder of pixels that something else decoded, as a browser does a frame of a video.
pub fn thumbnail(pixels: &Pixels) -> Result<(Thumbnail, Placeholder), PictureError> {
    let canvas = Canvas::of_pixels(pixels.width, pixels.height, &pixels.rgba).ok_or(PictureError::Damaged)?;
    small(&canvas)
}

/// A thumbnail of a file alone: what a page shows of itself is never sent as it was found.
pub fn small_jpeg(bytes: &[u8], limits: &Limits) -> Result<Thumbnail, PictureError> {
    thumbnail(&pixels(bytes, THUMBNAIL_EDGE, limits)?).map(|(thumbnail, _)| thumbnail)
}

/// A square out of the middle of a picture, small enough to stand for a person everywhere.
pub fn face(bytes: &[u8], limits: &Limits) -> Result<Thumbnail, PictureError> {
    let Pixels { width, height, rgba } = pixels(bytes, 2 * THUMBNAIL_EDGE, limits)?;
    let edge = width.min(height);
    let (left, top) = ((width - edge) / 2, (height - edge) / 2);
    let row = |row: &[u8]| {
        let begin = left as usize * 4;
        row.get(begin..begin + edge as usize * 4).map(<[u8]>::to_vec)
    };
    let rows = rgba.chunks_exact(width.max(1) as usize * 4).skip(top as usize).take(edge as usize);
    let square: Vec<u8> = rows.filter_map(row).flatten().collect();
    thumbnail(&Pixels { width: edge, height: edge, rgba: square }).map(|(thumbnail, _)| thumbnail)
}

/// What is drawn until a picture is here.
pub(crate) fn placeholder(bytes: &[u8], limits: &Limits) -> Result<Placeholder, PictureError> {
    thumbnail(&pixels(bytes, THUMBNAIL_EDGE, limits)?).map(|(_, placeholder)| placeholder)
}

/// The picture no longer than `edge`, upright, every pixel as it is and with what is seen through.
pub(crate) fn lossless_within(
    bytes: &[u8],
    edge: u32,
    limits: &Limits,
) -> Result<(Picture, Vec<u8>), PictureError> {
    let Pixels { width, height, rgba } = pixels(bytes, edge, limits)?;
    let image = image::RgbaImage::from_raw(width, height, rgba).ok_or(PictureError::Damaged)?;
    let (_, bytes) = decode::lossless(&image)?;
    Ok((inspect(&bytes, limits)?, bytes))
}

/// The file without its metadata.
fn stripped(bytes: &[u8], head: &Head) -> Result<Vec<u8>, PictureError> {
    match head.kind {
        Kind::Jpeg => jpeg::strip(bytes, head.turn),
        Kind::Png => png::strip(bytes, head.turn),
        Kind::WebP => webp::strip(bytes, head.turn),
        Kind::Gif => gif::strip(bytes),
        kind => Err(PictureError::NotDecoded(kind)),
    }
}

/// Upright, in the colours of screens, and no longer than `edge`. Made small first: the rest costs by the pixel.
fn shown(canvas: Canvas, edge: u32, head: &Head) -> Canvas {
    // Nothing is copied that keeps its size.
    let canvas = if canvas.width().max(canvas.height()) > edge { canvas.within(edge) } else { canvas };
    canvas.in_srgb(head.profile.as_deref()).upright(head)
}

/// The picture in fewer bytes, and the pixels it was made from.
fn encoded(
    canvas: Canvas,
    edge: u32,
    quality: u8,
    stripped: Vec<u8>,
    head: &Head,
) -> Result<(Canvas, (Vec<u8>, Picture)), PictureError> {
    let canvas = shown(canvas, edge, head);
    let (kind, bytes) = match &canvas {
        Canvas::Opaque(image) => (Kind::Jpeg, decode::jpeg(image, quality)?),
        Canvas::Clear(image) => decode::lossless(image)?,
    };
    let picture = Picture { kind, width: canvas.width(), height: canvas.height(), frames: 1 };
    // What is small already, and says nothing but its pixels, would only lose by being encoded once more.
    let is_bare = head.profile.is_none() && head.turn == exif::Turn::NONE && head.kind != Kind::Gif;
    if is_bare && head.width.max(head.height) <= edge && stripped.len() <= bytes.len() {
        return Ok((canvas, (stripped, head.picture())));
    }
    Ok((canvas, (bytes, picture)))
}

/// Thumbnail and placeholder: the best quality whose bytes fit, and a smaller one where none does.
fn small(canvas: &Canvas) -> Result<(Thumbnail, Placeholder), PictureError> {
    let mut edge = THUMBNAIL_EDGE;
    let small = canvas.within(edge);
    let placeholder = Placeholder::of(&small)?;
    loop {
        let image = small.within(edge).opaque();
        for quality in THUMBNAIL_QUALITIES {
            let jpeg = decode::jpeg(&image, quality)?;
            if jpeg.len() <= THUMBNAIL_BYTES_MAX {
                return Ok((Thumbnail { jpeg, width: image.width(), height: image.height() }, placeholder));
            }
        }
        edge = edge * 3 / 4;
        if edge < THUMBNAIL_EDGE_MIN {
            return Err(PictureError::TooManyPixels);
        }
    }
}

const DATA_SAVER_QUALITY: u8 = 70;
const STANDARD_QUALITY: u8 = 82;
const THUMBNAIL_QUALITIES: [u8; 4] = [75, 60, 45, 30];
/// A JPEG of this edge always fits.
const THUMBNAIL_EDGE_MIN: u32 = 32;

#[cfg(test)]
pub(crate) mod tests;
