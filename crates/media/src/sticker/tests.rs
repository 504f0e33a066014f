use super::*;
use crate::picture::tests::{gif_of_two_frames, jpeg_of, png_of, webp_of};

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
