//! A link as a square that a phone's camera reads.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// In half blocks; nothing when the text is too long for one.
pub fn square(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    // Light on dark is what most terminals are; the quiet zone makes the other ones readable too.
    let (dark, light) = (Dense1x2::Light, Dense1x2::Dark);
    Some(code.render::<Dense1x2>().dark_color(dark).light_color(light).quiet_zone(true).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_beside_nothing_else_on_a_terminal() {
        let square = square(&format!("https://lindenhof.example/i#{}", "A".repeat(200))).unwrap();
        let widest = square.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 80, "{widest} columns");
        assert!(super::square(&"A".repeat(10_000)).is_none());
    }
}
