//! A map of the world that asks nobody: a window on it, and what is seen through it as paths.
//!
//! Mercator's projection: directions are right, and what is small is not squeezed. Land, borders and names come with the app
//! ([`World`]); positions are laid on it. No browser here.

mod world;

pub use world::{Label, World};

use vocab::Position;

/// Where something is on the whole map: 0 to 1 from 180° west eastwards, and from [`LATITUDE_MAX`] north southwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Eastwards.
    pub x: f64,
    /// Southwards.
    pub y: f64,
}

impl Point {
    /// Where a position is. Beyond the map's edge it lies on it.
    #[must_use]
    pub fn of(position: Position) -> Self {
        Self::of_degrees(f64::from(position.latitude()) / 1e7, f64::from(position.longitude()) / 1e7)
    }

    fn of_degrees(latitude: f64, longitude: f64) -> Self {
        let latitude = latitude.clamp(-LATITUDE_MAX, LATITUDE_MAX).to_radians();
        let north = (latitude / 2.0 + std::f64::consts::FRAC_PI_4).tan().ln();
        Self { x: (longitude + 180.0) / 360.0, y: 0.5 - north / (2.0 * std::f64::consts::PI) }
    }

    /// The position there.
    #[must_use]
    pub fn position(self) -> Option<Position> {
        let north = (0.5 - self.y) * 2.0 * std::f64::consts::PI;
        let latitude = north.sinh().atan().to_degrees();
        Position::from_degrees(latitude, self.x.rem_euclid(1.0) * 360.0 - 180.0).ok()
    }
}

/// A window on the map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    centre: Point,
    zoom: f64,
    /// Pixels across.
    pub width: f64,
    /// Pixels from top to bottom.
    pub height: f64,
}

impl View {
    /// A window of that size around a position.
    #[must_use]
    pub fn around(position: Position, zoom: f64, (width, height): (f64, f64)) -> Self {
        Self { centre: Point::of(position), zoom: 0.0, width, height }.at_zoom(zoom)
    }

    /// A window in which all of these are seen, no nearer than `nearest`. Nothing shows the whole world.
    #[must_use]
    pub fn of_all(all: &[Position], nearest: f64, (width, height): (f64, f64)) -> Self {
        let points: Vec<Point> = all.iter().copied().map(Point::of).collect();
        let Some(first) = points.first() else {
            return Self { centre: Point { x: 0.5, y: 0.42 }, zoom: 0.0, width, height }.at_zoom(ZOOM_MIN);
        };
        // On the side of the date line where the first is.
        let near = |point: &Point| Point { x: first.x + turn(point.x - first.x), y: point.y };
        let (mut low, mut high) = (*first, *first);
        for point in points.iter().map(near) {
            low = Point { x: low.x.min(point.x), y: low.y.min(point.y) };
            high = Point { x: high.x.max(point.x), y: high.y.max(point.y) };
        }
        let centre =
            Point { x: f64::midpoint(low.x, high.x).rem_euclid(1.0), y: f64::midpoint(low.y, high.y) };
        let fits = |pixels: f64, span: f64| (pixels * FILLED / (span * TILE).max(f64::MIN_POSITIVE)).log2();
        let zoom = fits(width, high.x - low.x).min(fits(height, high.y - low.y)).min(nearest);
        Self { centre, zoom: 0.0, width, height }.at_zoom((zoom * 2.0).floor() / 2.0)
    }

    /// The same place, nearer or farther.
    #[must_use]
    pub fn at_zoom(self, zoom: f64) -> Self {
        Self { zoom: zoom.clamp(ZOOM_MIN, ZOOM_MAX), ..self }.within()
    }

    /// Nearer (positive) or farther by so many steps; what lies under that pixel stays there.
    #[must_use]
    pub fn zoomed(self, by: f64, (x, y): (f64, f64)) -> Self {
        let held = self.at(x, y);
        let zoomed = self.at_zoom(self.zoom + by);
        let now = zoomed.at(x, y);
        Self {
            centre: Point { x: zoomed.centre.x + held.x - now.x, y: zoomed.centre.y + held.y - now.y },
            ..zoomed
        }
        .within()
    }

    /// Moved so that what was at a pixel is that many pixels farther right and down.
    #[must_use]
    pub fn dragged(self, right: f64, down: f64) -> Self {
        let scale = self.scale();
        Self { centre: Point { x: self.centre.x - right / scale, y: self.centre.y - down / scale }, ..self }
            .within()
    }

    /// The same in another size.
    #[must_use]
    pub fn sized(self, (width, height): (f64, f64)) -> Self {
        Self { width, height, ..self }.within()
    }

    /// With this in the middle.
    #[must_use]
    pub fn centred(self, position: Position) -> Self {
        Self { centre: Point::of(position), ..self }.within()
    }

    /// What is in the middle.
    #[must_use]
    pub fn middle(&self) -> Option<Position> {
        self.centre.position()
    }

    /// What is at a pixel.
    #[must_use]
    pub fn position_at(&self, x: f64, y: f64) -> Option<Position> {
        self.at(x, y).position()
    }

    /// At which pixel a position is: the nearest of its places around the world.
    #[must_use]
    pub fn pixel(&self, position: Position) -> (f64, f64) {
        self.pixel_of(Point::of(position))
    }

    /// Pixels of so many metres at a position.
    #[must_use]
    pub fn metres(&self, position: Position, metres: f64) -> f64 {
        let shrinks = (f64::from(position.latitude()) / 1e7).to_radians().cos().max(0.01);
        metres / (EARTH_METRES_AROUND * shrinks) * self.scale()
    }

    /// A round number of metres, and its pixels in the middle of the window.
    #[must_use]
    pub fn ruler(&self) -> (f64, f64) {
        let Some(middle) = self.middle() else { return (0.0, 0.0) };
        let most = RULER_PIXELS / self.metres(middle, 1.0);
        let ten = 10_f64.powf(most.log10().floor());
        let metres = [5.0, 2.0, 1.0].into_iter().map(|by| by * ten).find(|it| *it <= most).unwrap_or(ten);
        (metres, self.metres(middle, metres))
    }

    /// It can come no nearer.
    #[must_use]
    pub fn is_nearest(&self) -> bool {
        self.zoom >= ZOOM_MAX
    }

    /// It can go no farther.
    #[must_use]
    pub fn is_farthest(&self) -> bool {
        self.zoom <= self.zoom_min()
    }

    /// How near it is: each step is half as wide.
    #[must_use]
    pub fn zoom(&self) -> f64 {
        self.zoom
    }

    fn pixel_of(&self, point: Point) -> (f64, f64) {
        let scale = self.scale();
        let x = turn(point.x - self.centre.x) * scale + self.width / 2.0;
        (x, (point.y - self.centre.y) * scale + self.height / 2.0)
    }

    fn at(&self, x: f64, y: f64) -> Point {
        let scale = self.scale();
        Point {
            x: self.centre.x + (x - self.width / 2.0) / scale,
            y: self.centre.y + (y - self.height / 2.0) / scale,
        }
    }

    fn scale(&self) -> f64 {
        TILE * self.zoom.exp2()
    }

    /// So far that the map is as high as the window and no wider than it is itself.
    fn zoom_min(&self) -> f64 {
        let needed = self.height.max(self.width / 1.5).max(1.0) / TILE;
        needed.log2().max(ZOOM_MIN)
    }

    /// The window shows nothing beyond the poles, and its middle is on the map.
    fn within(self) -> Self {
        let view = Self { zoom: self.zoom.max(self.zoom_min()), ..self };
        let half = (view.height / 2.0 / view.scale()).min(0.5);
        let centre = Point { x: view.centre.x.rem_euclid(1.0), y: view.centre.y.clamp(half, 1.0 - half) };
        Self { centre, ..view }
    }
}

/// The shorter way around the world, -0.5 to 0.5.
fn turn(x: f64) -> f64 {
    (x + 0.5).rem_euclid(1.0) - 0.5
}

/// Degrees at which the map is as high as it is wide.
pub const LATITUDE_MAX: f64 = 85.051_128;
/// Pixels of the whole map at zoom 0.
const TILE: f64 = 256.0;
/// The whole world.
const ZOOM_MIN: f64 = 0.0;
/// A pixel is about ten metres: nearer there is nothing to see.
pub const ZOOM_MAX: f64 = 14.0;
/// A coast that one knows again.
pub const ZOOM_STILL: f64 = 5.5;
/// A region, where there are several to look at.
pub const ZOOM_NEAR: f64 = 9.0;
/// How much of the window those take that are to be seen in it.
const FILLED: f64 = 0.7;
/// A ruler is no longer, pixels.
const RULER_PIXELS: f64 = 110.0;
/// The equator of a sphere of the earth's mean radius, metres.
const EARTH_METRES_AROUND: f64 = 40_030_230.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Position {
        Position::parse(text).unwrap()
    }

    const SIZE: (f64, f64) = (400.0, 300.0);

    #[test]
    fn a_position_comes_back_from_its_pixel() {
        for place in ["59.3293,18.0686", "-33.9,151.2", "0,0", "10,-179.99", "-84,179.99"] {
            for zoom in [2.0, 7.5, 14.0] {
                let view = View::around(at(place), zoom, SIZE);
                let (x, y) = view.pixel(at(place));
                let back = view.position_at(x, y).unwrap();
                assert!(back.metres_to(at(place)) < 1.0, "{place} at {zoom}: {back}");
            }
        }
        let poles = View::around(at("90,0"), 3.0, SIZE);
        assert!(poles.middle().is_some() && poles.pixel(at("90,0")).1 < SIZE.1 / 2.0);
    }

    #[test]
    fn what_is_under_the_pointer_stays_there_while_one_comes_nearer() {
        let view = View::around(at("59.3293,18.0686"), 6.0, SIZE);
        let held = view.position_at(100.0, 40.0).unwrap();
        let nearer = view.zoomed(2.0, (100.0, 40.0));
        assert!((nearer.zoom() - 8.0).abs() < 1e-9);
        assert!(nearer.position_at(100.0, 40.0).unwrap().metres_to(held) < 1.0);
        assert!(view.zoomed(99.0, (0.0, 0.0)).is_nearest() && view.zoomed(-99.0, (0.0, 0.0)).is_farthest());
    }

    #[test]
    fn a_drag_moves_the_map_with_the_pointer_and_never_beyond_its_edge() {
        let view = View::around(at("0,0"), 6.0, SIZE);
        let (x, y) = view.dragged(30.0, -20.0).pixel(at("0,0"));
        assert!((x - 230.0).abs() < 1e-6 && (y - 130.0).abs() < 1e-6);
        let top = view.dragged(0.0, 1e9);
        assert!(top.at(0.0, 0.0).y.abs() < 1e-9);
        assert!(view.dragged(1e9, 0.0).middle().is_some(), "around and around");
    }

    #[test]
    fn all_are_seen_also_across_the_date_line() {
        let all = [at("10,179"), at("-10,-178"), at("0,178.5")];
        let view = View::of_all(&all, ZOOM_NEAR, SIZE);
        for one in all {
            let (x, y) = view.pixel(one);
            assert!((0.0..SIZE.0).contains(&x) && (0.0..SIZE.1).contains(&y), "{one}: {x} {y}");
        }
        assert!(view.zoom() > 3.0, "the short way around: {}", view.zoom());
        assert!((View::of_all(&[at("1,1")], ZOOM_NEAR, SIZE).zoom() - ZOOM_NEAR).abs() < 1e-9);
        assert!(View::of_all(&[], ZOOM_NEAR, SIZE).is_farthest());
    }

    #[test]
    fn a_circle_is_as_large_as_it_is_told_and_the_ruler_is_round() {
        let stockholm = at("59.3293,18.0686");
        let view = View::around(stockholm, 9.0, SIZE);
        let east = at("59.3293,18.2445");
        let metres = stockholm.metres_to(east);
        let (x, _) = view.pixel(east);
        assert!((x - SIZE.0 / 2.0 - view.metres(stockholm, metres)).abs() < 0.5);
        let (metres, pixels) = view.ruler();
        assert!([1.0, 2.0, 5.0].contains(&(metres / 10_f64.powf(metres.log10().floor()))));
        assert!((30.0..=RULER_PIXELS + 1e-6).contains(&pixels), "{pixels}");
    }
}
