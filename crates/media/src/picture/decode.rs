//! From a file to pixels, and from pixels to what is sent.

use std::io::Cursor;

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{CompressionType, FilterType as RowFilter, PngDecoder, PngEncoder};
use image::codecs::webp::{WebPDecoder, WebPEncoder};
use image::error::{LimitError, LimitErrorKind};
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageResult, Rgb, RgbImage, Rgba, RgbaImage,
};

use crate::error::PictureError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::picture::head::Head;
use crate::picture::resize::{Filter, shrink};

/// Pixels as they are worked with: eight bits each, with opacity only where something is seen through.
#[derive(Clone)]
pub enum Canvas {
    /// Nothing is seen through it.
    Opaque(RgbImage),
    /// Something is.
    Clear(RgbaImage),
}

impl Canvas {
    /// The picture, or its first frame, as it is stored. `stripped` has been through this crate's own walk, so that the decoder sees
    /// little more than pixels.
    pub fn decode(stripped: &[u8], head: &Head, limits: &Limits) -> Result<Self, PictureError> {
        let source = Cursor::new(stripped);
        let decoded = match head.kind {
            Kind::Jpeg => JpegDecoder::new(source).and_then(|decoder| decode(decoder, head, limits)),
            Kind::Png => PngDecoder::with_limits(source, decoder_limits(limits))
                .and_then(|decoder| decode(decoder, head, limits)),
            Kind::WebP => WebPDecoder::new(source).and_then(|decoder| decode(decoder, head, limits)),
            Kind::Gif => GifDecoder::new(source).and_then(|decoder| decode(decoder, head, limits)),
            kind => return Err(PictureError::NotDecoded(kind)),
        };
        let decoded = decoded.map_err(|error| match error {
            image::ImageError::Limits(error) if error.kind() == LimitErrorKind::InsufficientMemory => {
                PictureError::TooMuchMemory
            }
            _ => PictureError::Damaged,
        })?;
        // A head that was read in two ways is not worth showing.
        if (decoded.width(), decoded.height()) != (head.width, head.height) {
            return Err(PictureError::Damaged);
        }
        Ok(Self::of(decoded))
    }

    fn of(decoded: DynamicImage) -> Self {
        if !decoded.color().has_alpha() {
            return Self::Opaque(decoded.into_rgb8());
        }
        let clear = decoded.into_rgba8();
        if clear.pixels().any(|pixel| pixel.0[3] != u8::MAX) {
            Self::Clear(clear)
        } else {
            Self::Opaque(DynamicImage::ImageRgba8(clear).into_rgb8())
        }
    }

    /// Pixels that something else decoded.
    pub fn of_pixels(width: u32, height: u32, rgba: &[u8]) -> Option<Self> {
        let image = RgbaImage::from_raw(width, height, rgba.to_vec())?;
        (width > 0 && height > 0).then(|| Self::of(DynamicImage::ImageRgba8(image)))
    }

    pub fn width(&self) -> u32 {
        match self {
            Self::Opaque(image) => image.width(),
            Self::Clear(image) => image.width(),
        }
    }

    pub fn height(&self) -> u32 {
        match self {
            Self::Opaque(image) => image.height(),
            Self::Clear(image) => image.height(),
        }
    }

    /// No longer than `edge`; what is shorter stays.
    pub fn within(&self, edge: u32) -> Self {
        let longest = self.width().max(self.height()).max(1);
        if longest <= edge {
            return self.clone();
        }
        let scaled = |length: u32| {
            let scaled = (u64::from(length) * u64::from(edge) + u64::from(longest) / 2) / u64::from(longest);
            u32::try_from(scaled).unwrap_or(edge).max(1)
        };
        let (width, height) = (scaled(self.width()), scaled(self.height()));
        // Averages are quick and good where many pixels become one; nearer to the size they would be soft.
        let filter = if longest / edge.max(1) >= AVERAGE_FROM { Filter::Area } else { Filter::Cubic };
        let (size, to) = ((self.width(), self.height()), (width, height));
        match self {
            Self::Opaque(image) => {
                RgbImage::from_raw(width, height, shrink::<3>(image, size, to, filter)).map(Self::Opaque)
            }
            Self::Clear(image) => {
                // What is seen through lends its colour to nothing.
                let mut weighted = image.clone();
                weighted.pixels_mut().for_each(|pixel| *pixel = Rgba(weigh(pixel.0)));
                let mut small = RgbaImage::from_raw(width, height, shrink::<4>(&weighted, size, to, filter));
                small
                    .iter_mut()
                    .flat_map(|image| image.pixels_mut())
                    .for_each(|pixel| *pixel = Rgba(unweigh(pixel.0)));
                small.map(Self::Clear)
            }
        }
        .expect("as many samples as the size says were made")
    }

    /// In the colours of screens. A profile that cannot be read changes nothing.
    pub fn in_srgb(mut self, profile: Option<&[u8]>) -> Self {
        if let Some(profile) = profile {
            let (layout, samples) = match &mut self {
                Self::Opaque(image) => (moxcms::Layout::Rgb, &mut **image),
                Self::Clear(image) => (moxcms::Layout::Rgba, &mut **image),
            };
            if let Some(transformed) = transform(profile, layout, samples) {
                samples.copy_from_slice(&transformed);
            }
        }
        self
    }

    /// As it is to be looked at.
    pub fn upright(self, head: &Head) -> Self {
        let mut image = match self {
            Self::Opaque(image) => DynamicImage::ImageRgb8(image),
            Self::Clear(image) => DynamicImage::ImageRgba8(image),
        };
        image.apply_orientation(head.turn.orientation());
        match image {
            DynamicImage::ImageRgb8(image) => Self::Opaque(image),
            other => Self::Clear(other.into_rgba8()),
        }
    }

    /// On white, where something would be seen through.
    pub fn opaque(&self) -> RgbImage {
        match self {
            Self::Opaque(image) => image.clone(),
            Self::Clear(image) => {
                let mut out = RgbImage::new(image.width(), image.height());
                for (to, from) in out.pixels_mut().zip(image.pixels()) {
                    let [red, green, blue, alpha] = from.0.map(u32::from);
                    let mixed = |colour: u32| {
                        u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
                    };
                    *to = Rgb([mixed(red), mixed(green), mixed(blue)]);
                }
                out
            }
        }
    }

    /// With opacity, row by row.
    pub fn rgba(&self) -> RgbaImage {
        match self {
            Self::Opaque(image) => DynamicImage::ImageRgb8(image.clone()).into_rgba8(),
            Self::Clear(image) => image.clone(),
        }
    }
}

/// The smaller of two ways to keep what is seen through, and which it is.
pub fn lossless(image: &RgbaImage) -> Result<(Kind, Vec<u8>), PictureError> {
    let (width, height, colour) = (image.width(), image.height(), ExtendedColorType::Rgba8);
    let (mut png, mut webp) = (Vec::new(), Vec::new());
    PngEncoder::new_with_quality(&mut png, CompressionType::Default, RowFilter::Adaptive)
        .write_image(image, width, height, colour)
        .map_err(|_| PictureError::TooMuchMemory)?;
    // WebP has no larger edges.
    if width.max(height) > WEBP_EDGE_MAX {
        return Ok((Kind::Png, png));
    }
    WebPEncoder::new_lossless(&mut webp)
        .write_image(image, width, height, colour)
        .map_err(|_| PictureError::TooMuchMemory)?;
    Ok(if webp.len() < png.len() { (Kind::WebP, webp) } else { (Kind::Png, png) })
}

/// A JPEG of this quality, without metadata.
pub fn jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, PictureError> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, quality)
        .write_image(image, image.width(), image.height(), ExtendedColorType::Rgb8)
        .map_err(|_| PictureError::TooManyPixels)?;
    Ok(out)
}

fn decode(mut decoder: impl ImageDecoder, head: &Head, limits: &Limits) -> ImageResult<DynamicImage> {
    decoder.set_limits(decoder_limits(limits))?;
    // The head was measured; the decoder must not have seen another one.
    if decoder.dimensions() != (head.width, head.height) {
        return Err(image::ImageError::Limits(LimitError::from_kind(LimitErrorKind::DimensionError)));
    }
    DynamicImage::from_decoder(decoder)
}

fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut out = image::Limits::no_limits();
    out.max_image_width = Some(limits.edge);
    out.max_image_height = Some(limits.edge);
    out.max_alloc = Some(limits.memory_bytes);
    out
}

fn transform(profile: &[u8], layout: moxcms::Layout, samples: &[u8]) -> Option<Vec<u8>> {
    let from = moxcms::ColorProfile::new_from_slice(profile).ok()?;
    // Profiles of printers and greys are for decoders that know them; ours gave red, green and blue already.
    if from.color_space != moxcms::DataColorSpace::Rgb {
        return None;
    }
    let to = moxcms::ColorProfile::new_srgb();
    let transform =
        from.create_transform_8bit(layout, &to, layout, moxcms::TransformOptions::default()).ok()?;
    let mut out = vec![0; samples.len()];
    transform.transform(samples, &mut out).ok()?;
    Some(out)
}

/// Colours by how much of them is seen.
fn weigh([red, green, blue, alpha]: [u8; 4]) -> [u8; 4] {
    let by = |colour: u8| u8::try_from((u32::from(colour) * u32::from(alpha) + 127) / 255).unwrap_or(u8::MAX);
    [by(red), by(green), by(blue), alpha]
}

/// The other way.
fn unweigh([red, green, blue, alpha]: [u8; 4]) -> [u8; 4] {
    let half = u32::from(alpha) / 2;
    let by = |colour: u8| {
        let colour = (u32::from(colour) * 255 + half).checked_div(alpha.into()).unwrap_or_default();
        u8::try_from(colour).unwrap_or(u8::MAX)
    };
    [by(red), by(green), by(blue), alpha]
}

/// From so many pixels to one on averages are taken.
const AVERAGE_FROM: u32 = 2;
const WEBP_EDGE_MAX: u32 = 16_383;
