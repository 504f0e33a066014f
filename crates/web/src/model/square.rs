//! The square of a picture that is shown of it.

/// A square within a picture; it never leaves it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Square {
    /// Pixels of the picture across.
    pub width: f64,
    /// And down.
    pub height: f64,
    left: f64,
    top: f64,
    side: f64,
}

impl Square {
    /// The largest one, in the middle.
    #[must_use]
    pub fn middle(width: u32, height: u32) -> Self {
        let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
        let side = width.min(height);
        Self { width, height, left: (width - side) / 2.0, top: (height - side) / 2.0, side }
    }

    /// Moves it by so many of its sides.
    pub fn shift(&mut self, across: f64, down: f64) {
        self.left = (self.left + across * self.side).clamp(0.0, self.width - self.side);
        self.top = (self.top + down * self.side).clamp(0.0, self.height - self.side);
    }

    /// As large as this share of the largest one; its middle stays where it can.
    pub fn resize(&mut self, share: f64) {
        let side = self.width.min(self.height) * share.clamp(SHARE_MIN, 1.0);
        let (left, top) = (self.left + (self.side - side) / 2.0, self.top + (self.side - side) / 2.0);
        (self.side, self.left, self.top) = (side, left, top);
        self.shift(0.0, 0.0);
    }

    /// Its share of the largest one.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.side / self.width.min(self.height)
    }

    /// The same, out of a hundred.
    #[must_use]
    pub fn percent(&self) -> String {
        format!("{:.0}", self.share() * 100.0)
    }

    /// Left, top and side, in pixels of the picture.
    #[must_use]
    pub fn part(&self) -> (f64, f64, f64) {
        (self.left, self.top, self.side)
    }

    /// What a drawing shows of the picture.
    #[must_use]
    pub fn view_box(&self) -> String {
        format!("{:.1} {:.1} {:.1} {:.1}", self.left, self.top, self.side, self.side)
    }
}

/// Less of a picture is no face any more.
const SHARE_MIN: f64 = 0.2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_stays_inside_however_it_is_moved() {
        let mut square = Square::middle(400, 300);
        assert_eq!(square.view_box(), "50.0 0.0 300.0 300.0");
        square.shift(1.0, 1.0);
        assert_eq!(square.part(), (100.0, 0.0, 300.0));
        square.resize(0.5);
        assert_eq!((square.part(), square.percent().as_str()), ((175.0, 75.0, 150.0), "50"));
        square.shift(-9.0, 9.0);
        assert_eq!(square.part(), (0.0, 150.0, 150.0));
        square.resize(7.0);
        assert_eq!(square.part(), (0.0, 0.0, 300.0));
        square.resize(0.0);
        assert_eq!(square.percent(), "20");
    }
}
