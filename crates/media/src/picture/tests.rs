use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::webp::WebPEncoder;
use image::{Delay, ExtendedColorType, Frame, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;

/// A picture whose four corners differ, with something to compress in it.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (right, low) = (x * 2 >= width, y * 2 >= height);
        let noise = u8::try_from((x * 7 + y * 13) % 32).unwrap();
        match (right, low) {
            (false, false) => Rgb([200 + noise, 20, 20]),
            (true, false) => Rgb([20, 200 + noise, 20]),
            (false, true) => Rgb([20, 20, 200 + noise]),
            (true, true) => Rgb([220, 220, noise]),
        }
    })
}

fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 7_u32;
    RgbImage::from_fn(width, height, |_, _| {
        Rgb([0; 3].map(|_: u8| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }))
    })
}

fn round(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let [r, g, b] = picture(width, height).get_pixel(x, y).0;
        Rgba([r, g, b, if x.abs_diff(width / 2) + y.abs_diff(height / 2) < width / 2 { 255 } else { 0 }])
    })
}

pub fn jpeg_of(width: u32, height: u32) -> Vec<u8> {
    decode::jpeg(&picture(width, height), 90).unwrap()
}

pub fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    image::codecs::png::PngEncoder::new(&mut out)
        .write_image(&picture(width, height), width, height, ExtendedColorType::Rgb8)
        .unwrap();
    out
}

fn clear_png_of(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    image::codecs::png::PngEncoder::new(&mut out)
        .write_image(&round(width, height), width, height, ExtendedColorType::Rgba8)
        .unwrap();
    out
}

/// 1,200 by 600, with nothing in its left half.
pub fn half_empty_png() -> Vec<u8> {
    let image = RgbaImage::from_fn(1_200, 600, |x, y| {
        Rgba([(x % 251) as u8, (y % 241) as u8, 9, if x < 600 { 0 } else { 255 }])
    });
    decode::lossless(&image).unwrap().1
}

pub fn webp_of(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    WebPEncoder::new_lossless(&mut out)
        .write_image(&picture(width, height), width, height, ExtendedColorType::Rgb8)
        .unwrap();
    out
}

pub fn gif_of_two_frames() -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new(&mut out);
    encoder.set_repeat(Repeat::Infinite).unwrap();
    for _ in 0..2 {
        encoder
            .encode_frame(Frame::from_parts(round(40, 30), 0, 0, Delay::from_numer_denom_ms(100, 1)))
            .unwrap();
    }
    drop(encoder);
    out
}

/// What cameras and editors leave; each is a text that must not come out again.
const TRACES: [&str; 11] = [
    "MAKE-TRACE",
    "MODEL-TRACE",
    "GPS-TRACE",
    "MAKERNOTE-TRACE",
    "XMP-TRACE",
    "IPTC-TRACE",
    "COMMENT-TRACE",
    "JFIF-TRACE",
    "MPF-TRACE",
    "TRAILER-TRACE",
    "EXIFTHUMB-TRACE",
];

fn is_traceless(bytes: &[u8]) -> bool {
    TRACES.iter().all(|trace| crate::bytes::find(bytes, trace.as_bytes()).is_none())
}

/// A TIFF structure as a camera writes it: maker, model, how it was held, where it was (GPS), a maker's note and a thumbnail.
fn camera_tiff(orientation: u8) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let directory = |entries: &[Vec<u8>], next: u32| {
        [&u16::try_from(entries.len()).unwrap().to_be_bytes()[..], &entries.concat(), &next.to_be_bytes()]
            .concat()
    };
    let text =
        |at: u32, value: &str, tag: u16| entry(tag, 2, u32::try_from(value.len()).unwrap(), at.to_be_bytes());
    // Directories at 8, 100, 200 and 300, what they point at from 400 on.
    let mut out = vec![0; 600];
    let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MM\0*\0\0\0\x08");
    let main = [
        text(400, "MAKE-TRACE", 0x010f),
        text(420, "MODEL-TRACE", 0x0110),
        entry(0x0112, 3, 1, [0, orientation, 0, 0]),
        entry(0x8769, 4, 1, 100_u32.to_be_bytes()),
        entry(0x8825, 4, 1, 200_u32.to_be_bytes()),
    ];
    put(8, &directory(&main, 300));
    put(100, &directory(&[entry(0x927c, 7, 15, 440_u32.to_be_bytes())], 0));
    let place = [
        entry(0x0001, 2, 2, *b"N\0\0\0"),
        entry(0x0002, 5, 3, 460_u32.to_be_bytes()),
        entry(0x001b, 7, 9, 490_u32.to_be_bytes()),
    ];
    put(200, &directory(&place, 0));
    let thumbnail = [entry(0x0201, 4, 1, 520_u32.to_be_bytes()), entry(0x0202, 4, 1, 15_u32.to_be_bytes())];
    put(300, &directory(&thumbnail, 0));
    put(400, b"MAKE-TRACE");
    put(420, b"MODEL-TRACE");
    put(440, b"MAKERNOTE-TRACE");
    put(460, &[0, 0, 0, 48, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 15, 0, 0, 0, 1]);
    put(490, b"GPS-TRACE");
    put(520, b"EXIFTHUMB-TRACE");
    out
}

/// A JPEG as it comes out of a phone.
pub fn camera_jpeg(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let plain = jpeg_of(width, height);
    let segment = |marker: u8, body: &[u8]| {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], body].concat()
    };
    let jfif = [b"JFIF\0\x01\x02\0\0\x01\0\x01\x04\x01", &b"JFIF-TRACE--"[..]].concat();
    let exif = [b"Exif\0\0", &camera_tiff(orientation)[..]].concat();
    // The encoder's own JFIF segment is replaced.
    let tables = 2 + 2 + usize::from(crate::bytes::be16(&plain, 4).unwrap());
    [
        vec![0xff, 0xd8],
        segment(0xe0, &jfif),
        segment(0xe1, &exif),
        segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>XMP-TRACE</x:xmpmeta>"),
        segment(0xe2, b"MPF\0MPF-TRACE"),
        segment(0xed, b"Photoshop 3.0\08BIM IPTC-TRACE"),
        segment(0xfe, b"COMMENT-TRACE"),
        plain[tables..].to_vec(),
        b"TRAILER-TRACE".to_vec(),
    ]
    .concat()
}

fn decoded(bytes: &[u8]) -> Pixels {
    pixels(bytes, 10_000, &Limits::default()).unwrap()
}

fn corner(pixels: &Pixels, right: bool, low: bool) -> [u8; 3] {
    let (x, y) = (if right { pixels.width - 3 } else { 2 }, if low { pixels.height - 3 } else { 2 });
    let at = (y * pixels.width + x) as usize * 4;
    pixels.rgba[at..at + 3].try_into().unwrap()
}

fn is_red([red, green, blue]: [u8; 3]) -> bool {
    red > 150 && green < 90 && blue < 90
}

#[test]
fn a_picture_of_a_camera_loses_every_trace_in_every_quality() {
    let camera = camera_jpeg(96, 64, 6);
    assert!(TRACES.iter().all(|trace| crate::bytes::find(&camera, trace.as_bytes()).is_some()));
    for quality in [Quality::DataSaver, Quality::Standard, Quality::Original] {
        let sent = prepare(&camera, quality, &Limits::default()).unwrap();
        assert!(is_traceless(&sent.bytes) && is_traceless(&sent.thumbnail.jpeg), "{quality:?}");
        // The camera was held on its side: what is shown is high, and the corner that was below on the left is above.
        assert_eq!((sent.picture.width, sent.picture.height), (64, 96));
        let shown = decoded(&sent.bytes);
        assert_eq!((shown.width, shown.height), (64, 96));
        assert!(is_red(corner(&shown, true, false)), "{quality:?}");
    }
}

#[test]
fn what_other_programs_wrote_loses_its_traces_too() {
    let jpeg = include_bytes!("../../testdata/camera.jpg");
    let png = include_bytes!("../../testdata/clear.png");
    for bytes in [&jpeg[..], png] {
        let all = [&b"TRACE"[..], b"Exif", b"xmpmeta", b"8BIM", b"2024"];
        assert!(all.iter().any(|trace| crate::bytes::find(bytes, trace).is_some()));
        for quality in [Quality::DataSaver, Quality::Standard] {
            let sent = prepare(bytes, quality, &Limits::default()).unwrap();
            assert!(all.iter().all(|trace| crate::bytes::find(&sent.bytes, trace).is_none()), "{quality:?}");
        }
        let original = prepare(bytes, Quality::Original, &Limits::default()).unwrap();
        // How it is turned is all that is left.
        let but_turned = [&b"TRACE"[..], b"xmpmeta", b"8BIM", b"2024"];
        assert!(but_turned.iter().all(|trace| crate::bytes::find(&original.bytes, trace).is_none()));
        assert_eq!(decoded(&original.bytes), decoded(bytes));
    }
}

#[test]
fn the_original_keeps_every_pixel_and_how_it_is_turned() {
    let camera = camera_jpeg(96, 64, 8);
    let sent = prepare(&camera, Quality::Original, &Limits::default()).unwrap();
    assert_eq!(decoded(&sent.bytes), decoded(&camera));
    let scan = |bytes: &[u8]| crate::bytes::find(bytes, b"\xff\xda").unwrap();
    let end = camera.len() - b"TRAILER-TRACE".len();
    assert_eq!(sent.bytes[scan(&sent.bytes)..], camera[scan(&camera)..end]);
    assert_eq!(
        Head::read(&sent.bytes, &Limits::default()).unwrap().turn,
        Head::read(&camera, &Limits::default()).unwrap().turn
    );
    // Once is enough.
    assert_eq!(strip(&sent.bytes, &Limits::default()).unwrap(), sent.bytes);
}

#[test]
fn each_turn_is_applied() {
    // Where the red corner, stored above on the left, is shown: right or not, below or not.
    let shown = [
        (false, false),
        (true, false),
        (true, true),
        (false, true),
        (false, false),
        (true, false),
        (true, true),
        (false, true),
    ];
    for (turn, (right, low)) in (1..=8).zip(shown) {
        let sent = prepare(&camera_jpeg(40, 24, turn), Quality::Standard, &Limits::default()).unwrap();
        assert!(is_red(corner(&decoded(&sent.bytes), right, low)), "{turn}");
    }
}

#[test]
fn a_png_loses_its_texts_and_keeps_its_colours() {
    let plain = png_of(30, 20);
    let chunk = |name: &[u8; 4], data: &[u8]| {
        // The sum of what is thrown away is not looked at.
        [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], name, data, &[0; 4]].concat()
    };
    let rich = [
        &plain[..33],
        &chunk(b"tEXt", b"Comment\0COMMENT-TRACE"),
        &chunk(b"eXIf", &camera_tiff(3)),
        &chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0XMP-TRACE"),
        &chunk(b"prVT", b"MAKERNOTE-TRACE"),
        &plain[33..],
        b"TRAILER-TRACE",
    ]
    .concat();
    let sent = prepare(&rich, Quality::Original, &Limits::default()).unwrap();
    assert!(is_traceless(&sent.bytes));
    let (shown, whole) = (decoded(&sent.bytes), decoded(&plain));
    assert!(is_red(corner(&whole, false, false)) && is_red(corner(&shown, true, true)), "upside down");
}

#[test]
fn a_webp_loses_its_chunks_and_keeps_its_pixels() {
    let plain = webp_of(30, 20);
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let pad: &[u8] = if data.len() % 2 == 1 { &[0] } else { &[] };
        [name, &u32::try_from(data.len()).unwrap().to_le_bytes()[..], data, pad].concat()
    };
    let body = [
        chunk(b"VP8X", &[HAS_ALL, 0, 0, 0, 29, 0, 0, 19, 0, 0]),
        plain[12..].to_vec(),
        chunk(b"EXIF", &camera_tiff(6)),
        chunk(b"XMP ", b"<x>XMP-TRACE</x>"),
        chunk(b"JUNK", b"MAKERNOTE-TRACE"),
    ]
    .concat();
    let size = u32::try_from(body.len() + 4).unwrap().to_le_bytes();
    let rich = [b"RIFF", &size[..], b"WEBP", &body, b"TRAILER-TRACE"].concat();
    let sent = prepare(&rich, Quality::Original, &Limits::default()).unwrap();
    assert!(is_traceless(&sent.bytes));
    assert_eq!((sent.picture.width, sent.picture.height), (20, 30));
    assert_eq!(decoded(&sent.bytes), decoded(&rich));
}

const HAS_ALL: u8 = 0x0c;

#[test]
fn a_gif_keeps_moving_without_its_comments() {
    let plain = gif_of_two_frames();
    // Behind head and palette, before the first extension.
    let start = crate::bytes::find(&plain, b"\x21\xff\x0bNETSCAPE2.0").unwrap();
    let rich = [
        &plain[..start],
        b"\x21\xfe\x0dCOMMENT-TRACE\0",
        b"\x21\xff\x0bXMP DataXMP\x09XMP-TRACE\0",
        &plain[start..],
        b"TRAILER-TRACE",
    ]
    .concat();
    let sent = prepare(&rich, Quality::DataSaver, &Limits::default()).unwrap();
    assert_eq!(sent.bytes, plain);
    assert!(sent.picture.is_animated() && sent.picture.frames == 2);
}

#[test]
fn what_moves_keeps_moving() {
    let bytes = include_bytes!("../../testdata/animated.webp");
    let picture = inspect(bytes, &Limits::default()).unwrap();
    assert!(picture.frames > 1);
    let sent = prepare(bytes, Quality::Standard, &Limits::default()).unwrap();
    assert_eq!((sent.picture, sent.picture.kind), (picture, Kind::WebP));
    for bytes in
        [&include_bytes!("../../testdata/animated.gif")[..], include_bytes!("../../testdata/animated.png")]
    {
        assert_eq!(prepare(bytes, Quality::DataSaver, &Limits::default()).unwrap().picture.frames, 3);
    }
}

#[test]
fn a_large_picture_is_made_small_and_a_small_one_is_left() {
    let large = decode::jpeg(&picture(3_000, 200), 95).unwrap();
    let edge = |quality| prepare(&large, quality, &Limits::default()).unwrap().picture.width;
    assert_eq!(edge(Quality::DataSaver), DATA_SAVER_EDGE);
    assert_eq!(edge(Quality::Standard), STANDARD_EDGE);
    assert_eq!(edge(Quality::Original), 3_000);
    let small = decode::jpeg(&picture(300, 200), 40).unwrap();
    assert_eq!(prepare(&small, Quality::Standard, &Limits::default()).unwrap().bytes, small);
}

#[test]
fn what_is_seen_through_stays_so() {
    let sent = prepare(&clear_png_of(1_500, 40), Quality::DataSaver, &Limits::default()).unwrap();
    assert!(matches!(sent.picture.kind, Kind::Png | Kind::WebP));
    let shown = decoded(&sent.bytes);
    assert_eq!((shown.width, shown.rgba[3]), (DATA_SAVER_EDGE, 0));
    assert!(sent.placeholder.pixels().rgba.chunks(4).any(|pixel| pixel[3] < 200));
}

#[test]
fn thumbnail_and_placeholder_keep_their_sizes() {
    for image in
        [noise(2_000, 1_500), picture(2_000, 1_500), picture(3_000, 2), picture(1, 1), noise(320, 320)]
    {
        let sent =
            prepare(&decode::jpeg(&image, 90).unwrap(), Quality::Original, &Limits::default()).unwrap();
        assert!(sent.thumbnail.jpeg.len() <= THUMBNAIL_BYTES_MAX);
        let small = inspect(&sent.thumbnail.jpeg, &Limits::default()).unwrap();
        assert_eq!((small.width, small.height), (sent.thumbnail.width, sent.thumbnail.height));
        assert!(small.width.max(small.height) <= THUMBNAIL_EDGE);
        assert!(sent.placeholder.as_bytes().len() <= PLACEHOLDER_BYTES_MAX);
        assert_eq!(Placeholder::from_bytes(sent.placeholder.as_bytes()), Some(sent.placeholder.clone()));
        let pixels = sent.placeholder.pixels();
        assert_eq!(pixels.rgba.len(), (pixels.width * pixels.height * 4) as usize);
    }
}

#[test]
fn a_placeholder_is_like_its_picture() {
    let sent = prepare(&jpeg_of(300, 200), Quality::Original, &Limits::default()).unwrap();
    let placeholder = sent.placeholder.pixels();
    assert!(placeholder.width > placeholder.height);
    let [red, green, blue] = corner(&placeholder, false, false);
    assert!(red > green && red > blue);
}

#[test]
fn a_placeholder_of_anybody_is_read_or_refused() {
    assert_eq!(Placeholder::from_bytes(&[]), None);
    assert_eq!(Placeholder::from_bytes(&[0xff; PLACEHOLDER_BYTES_MAX + 1]), None);
    for byte in 0..=u8::MAX {
        for length in 0..=PLACEHOLDER_BYTES_MAX {
            if let Some(placeholder) = Placeholder::from_bytes(&vec![byte; length]) {
                assert!(placeholder.pixels().width <= 32 && placeholder.pixels().height <= 32);
            }
        }
    }
}

#[test]
fn a_picture_that_says_it_is_huge_is_refused_before_it_is_decoded() {
    let mut png = png_of(8, 8);
    png[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&100_000_u32.to_be_bytes());
    assert_eq!(inspect(&png, &Limits::default()), Err(PictureError::TooManyPixels));
    let mut jpeg = jpeg_of(8, 8);
    let frame = crate::bytes::find(&jpeg, b"\xff\xc0").unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert_eq!(inspect(&jpeg, &Limits::default()), Err(PictureError::TooManyPixels));
    let mut gif = gif_of_two_frames();
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert_eq!(inspect(&gif, &Limits::default()), Err(PictureError::TooManyPixels));
}

#[test]
fn each_limit_has_a_word_of_its_own() {
    let jpeg = jpeg_of(100, 80);
    let with = |limits: Limits| inspect(&jpeg, &limits).unwrap_err();
    assert_eq!(with(Limits { picture_bytes: 10, ..Limits::default() }), PictureError::TooLarge);
    assert_eq!(with(Limits { edge: 99, ..Limits::default() }), PictureError::TooManyPixels);
    assert_eq!(with(Limits { pixels: 7_999, ..Limits::default() }), PictureError::TooManyPixels);
    assert_eq!(with(Limits { memory_bytes: 8_000, ..Limits::default() }), PictureError::TooMuchMemory);
    let gif = gif_of_two_frames();
    assert_eq!(inspect(&gif, &Limits { frames: 1, ..Limits::default() }), Err(PictureError::TooManyFrames));
    assert_eq!(inspect(b"%PDF-1.4", &Limits::default()), Err(PictureError::NotAPicture));
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    assert_eq!(inspect(heic, &Limits::default()), Err(PictureError::NotDecoded(Kind::Heic)));
}

#[test]
fn no_cut_and_no_flipped_byte_makes_a_panic() {
    // A flipped byte may ask for many pixels; that they are bounded is told above.
    let limits = Limits { pixels: 10_000, ..Limits::small() };
    for whole in [camera_jpeg(24, 16, 6), png_of(24, 16), webp_of(24, 16), gif_of_two_frames()] {
        for at in 0..whole.len() {
            let _ = prepare(&whole[..at], Quality::Original, &limits);
            let mut flipped = whole.clone();
            flipped[at] ^= 0xff;
            let _ = prepare(&flipped, Quality::Original, &limits);
        }
    }
}

#[test]
fn colours_of_another_space_become_those_of_screens() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let mut wide = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut wide);
    encoder.set_icc_profile(profile).unwrap();
    let green = RgbImage::from_pixel(16, 16, Rgb([60, 200, 60]));
    encoder.write_image(&green, 16, 16, ExtendedColorType::Rgb8).unwrap();
    let sent = prepare(&wide, Quality::Standard, &Limits::default()).unwrap();
    let [red, green, _] = corner(&decoded(&sent.bytes), false, false);
    assert!(red < 40 && green > 195, "more vivid in numbers: {red} {green}");
    assert_eq!(Head::read(&sent.bytes, &Limits::default()).unwrap().profile, None);
    // The original keeps the profile with the pixels it explains.
    let original = prepare(&wide, Quality::Original, &Limits::default()).unwrap();
    assert!(Head::read(&original.bytes, &Limits::default()).unwrap().profile.is_some());
}
