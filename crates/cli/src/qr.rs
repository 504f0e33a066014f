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
    let Some(square) = Square::of(text) else { return Vec::new() };
    let block = |x: usize, y: usize| match (square.light(x, y), square.light(x, y + 1)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    (0..square.side()).step_by(2).map(|y| (0..square.side()).map(|x| block(x, y)).collect()).collect()
}

/// The same with six modules a cell, for screens on which half blocks do not fit. They are a little higher than wide, which
/// cameras put right.
pub fn sextants(text: &str) -> Vec<String> {
    let Some(square) = Square::of(text) else { return Vec::new() };
    let cell = |x: usize, y: usize| {
        let places = [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)];
        let filled = places.iter().enumerate().filter(|(_, (right, down))| square.light(x + right, y + down));
        sextant(filled.map(|(at, _)| 1 << at).sum())
    };
    let columns = || (0..square.side()).step_by(2);
    (0..square.side()).step_by(3).map(|y| columns().map(|x| cell(x, y)).collect()).collect()
}

/// The sign with these six places filled: row by row, the left one first. Those that are older than the others stand
/// elsewhere in Unicode, and are left out of the row.
fn sextant(filled: u32) -> char {
    let beyond = |at: u32| u32::from(filled > at);
    match filled {
        0 => ' ',
        LEFT_HALF => '▌',
        RIGHT_HALF => '▐',
        63 => '█',
        _ => char::from_u32(0x1_fb00 + filled - 1 - beyond(LEFT_HALF) - beyond(RIGHT_HALF)).unwrap_or(' '),
    }
}

const LEFT_HALF: u32 = 0b01_01_01;
const RIGHT_HALF: u32 = 0b10_10_10;

/// The modules of a code with a light margin.
struct Square {
    width: usize,
    colors: Vec<Color>,
}

impl Square {
    fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        Some(Self { width: code.width(), colors: code.to_colors() })
    }

    fn side(&self) -> usize {
        self.width + 2 * QUIET_MODULES
    }

    /// Outside of the code everything is light, as far as the margin goes.
    fn light(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET_MODULES).filter(|at| *at < self.width);
        let module = inside(x).zip(inside(y)).and_then(|(x, y)| self.colors.get(y * self.width + x));
        module.is_none_or(|color| *color == Color::Light)
    }
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
        assert!(half_blocks(&"A".repeat(10_000)).is_empty() && sextants(&"A".repeat(10_000)).is_empty());
    }

    #[test]
    fn sextants_are_the_same_code_in_fewer_cells() {
        let link = format!("https://lindenhof.example/i#{}", "Ab9".repeat(42));
        let (rows, square) = (sextants(&link), Square::of(&link).unwrap());
        assert!(rows.len() <= 18 && rows[0].chars().count() <= 30, "{} rows", rows.len());
        let filled = |sign: char| (0..64).find(|filled| sextant(*filled) == sign).unwrap();
        for y in 0..square.side() {
            for x in 0..square.side() {
                let sign = rows[y / 3].chars().nth(x / 2).unwrap();
                let bit = (y % 3) * 2 + x % 2;
                assert_eq!(filled(sign) >> bit & 1 == 1, square.light(x, y), "{x} {y}");
            }
        }
        assert_eq!(
            (sextant(1), sextant(20), sextant(22), sextant(62)),
            ('\u{1fb00}', '\u{1fb13}', '\u{1fb14}', '\u{1fb3b}')
        );
    }
}
