//! A link as a square that a phone's camera reads.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

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

/// The margin that a reader needs, both sides.
const QUIET_COLUMNS: usize = 8;
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
}
