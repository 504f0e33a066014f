use super::*;
use crate::picture::tests::{gif_of_two_frames, half_empty_png, jpeg_of, png_of, webp_of};

#[test]
fn a_small_webp_or_png_is_a_sticker() {
    assert_eq!(check(&png_of(512, 60)).map(|sticker| sticker.kind), Ok(Kind::Png));
    assert_eq!(check(&webp_of(512, 100)).map(|sticker| (sticker.width, sticker.height)), Ok((512, 100)));
}

#[test]
fn everything_else_is_refused_for_what_it_is() {
    assert_eq!(check(&png_of(513, 10)), Err(StickerError::TooManyPixels));
    assert_eq!(check(&jpeg_of(100, 100)), Err(StickerError::WrongKind));
    assert_eq!(check(&gif_of_two_frames()), Err(StickerError::WrongKind));
    assert_eq!(check(b"hello"), Err(StickerError::WrongKind));
    assert_eq!(check(&vec![0; STICKER_BYTES_MAX + 1]), Err(StickerError::TooLarge));
    let png = png_of(64, 64);
    assert_eq!(check(&png[..png.len() - 20]), Err(StickerError::Damaged));
}

#[test]
fn a_sticker_is_made_of_any_picture_that_stands_still_and_keeps_what_is_seen_through() {
    let limits = Limits::default();
    for (bytes, size) in [
        (png_of(300, 200), (300, 200)),
        (png_of(2_000, 1_000), (512, 256)),
        (jpeg_of(1_024, 2_048), (256, 512)),
        (webp_of(512, 100), (512, 100)),
        (half_empty_png(), (512, 256)),
    ] {
        let made = make(&bytes, &limits).unwrap();
        assert_eq!((made.picture.width, made.picture.height), size);
        assert!(check(&made.bytes).is_ok());
        assert!(!made.placeholder.as_bytes().is_empty());
    }
    let seen_through = |bytes: &[u8]| {
        let pixels = picture::pixels(bytes, STICKER_EDGE_MAX, &limits).unwrap();
        pixels.rgba.chunks(4).filter(|pixel| pixel[3] == 0).count()
    };
    let made = make(&half_empty_png(), &limits).unwrap();
    assert!(seen_through(&made.bytes) > 512 * 256 / 3, "{}", seen_through(&made.bytes));
    assert_eq!(seen_through(&make(&jpeg_of(100, 100), &limits).unwrap().bytes), 0);
    assert!(make(&gif_of_two_frames(), &limits).is_err());
    assert!(make(b"hello", &limits).is_err());
}

#[test]
fn where_a_sticker_was_taken_is_not_in_it() {
    let made = make(&crate::picture::tests::camera_jpeg(800, 600, 6), &Limits::default()).unwrap();
    assert!(made.picture.height > made.picture.width, "it is upright");
    assert!(!made.bytes.windows(4).any(|four| four == b"Exif" || four == b"eXIf" || four == b"EXIF"));
}
