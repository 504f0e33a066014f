//! A link as a square that a phone's camera reads.

use qrcode::render::unicode::Dense1x2;
use qrcode::{Color, EcLevel, QrCode};

/// In half blocks; nothing when the text is too long for one that fits on a terminal.
pub fn square(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    // Light on dark is what most terminals are; the quiet zone makes the other ones readable too.
    let (dark, light) = (Dense1x2::Light, Dense1x2::Dark);
    if code.width() + QUIET_COLUMNS > TERMINAL_COLUMNS {
        return None;
    }
    Some(code.render::<Dense1x2>().dark_color(dark).light_color(light).quiet_zone(true).build())
}

/// In half blocks for a screen with colours of its own, light ones filled; no rows when the text is too long.
pub fn half_blocks(text: &str) -> Vec<String> {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::L) else { return Vec::new() };
    let width = code.width();
    let colors = code.to_colors();
    let side = width + 2 * QUIET_MODULES;
    // Outside of the code everything is light.
    let light = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET_MODULES).filter(|at| *at < width);
        let module = inside(x).zip(inside(y)).and_then(|(x, y)| colors.get(y * width + x));
        module.is_none_or(|color| *color == Color::Light)
    };
    let block = |x: usize, y: usize| match (light(x, y), light(x, y + 1)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    (0..side).step_by(2).map(|y| (0..side).map(|x| block(x, y)).collect()).collect()
}

/// The margin that a reader needs, both sides.
const QUIET_COLUMNS: usize = 8;
/// The margin on a screen that is light around it: cameras of today find the code with half of what the standard says.
const QUIET_MODULES: usize = 2;
/// What a terminal shows in one line if nobody made it larger.
const TERMINAL_COLUMNS: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_beside_nothing_else_on_a_terminal() {
        let square = square(&format!("https://lindenhof.example/i#{}", "a".repeat(300))).unwrap();
        let widest = square.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 80, "{widest} columns");
        assert!(super::square(&"a".repeat(600)).is_none());
        assert!(super::square(&"A".repeat(10_000)).is_none());
    }

    #[test]
    fn half_blocks_are_the_code_with_a_light_margin() {
        let rows = half_blocks("https://lindenhof.example/i#abc");
        let code =
            QrCode::with_error_correction_level("https://lindenhof.example/i#abc", EcLevel::L).unwrap();
        assert_eq!(rows[0], "█".repeat(code.width() + 4));
        let read = |x: usize, y: usize| {
            let block = rows[(y + 2) / 2].chars().nth(x + 2).unwrap();
            if y.is_multiple_of(2) { matches!(block, '█' | '▀') } else { matches!(block, '█' | '▄') }
        };
        for (at, color) in code.to_colors().into_iter().enumerate() {
            let (x, y) = (at % code.width(), at / code.width());
            assert_eq!(read(x, y), color == Color::Light, "{x} {y}");
        }
        assert!(half_blocks(&"A".repeat(10_000)).is_empty());
    }
}
