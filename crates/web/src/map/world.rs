//! What is on the map, read from the file that the app ships with.
//!
//! The file is made by `cargo xtask map`. Numbers are of seven bits a byte, the lowest first; signed ones are doubled, and negative ones
//! lie between. In order: `VALMAP`, 0, 1; four 64-bit floats, little-endian: degrees of a step of the grid eastwards and northwards,
//! and where the grid begins. Arcs: how many; for each twice the number of its points, and one more when it is a border
//! between countries; its points, each as the way from the one before. Rings of land: how many; for each how many arcs, and which,
//! `!n` backwards. Names, the more important first: how many; for each 0 for a city or the size of a country, where it is, and
//! its bytes of UTF-8.

use super::{Point, View};

/// Land, borders and names.
#[derive(Debug)]
pub struct World {
    rings: Vec<Line>,
    borders: Vec<Line>,
    names: Vec<Name>,
}

/// Points with the box they lie in.
#[derive(Debug)]
struct Line {
    points: Vec<Point>,
    low: Point,
    high: Point,
}

#[derive(Debug)]
struct Name {
    /// 0 for a city, the size of a country otherwise: the binary logarithm of its area on the grid.
    size: u8,
    at: Point,
    text: String,
}

/// A name that has its place in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Where the dot of a city is; the middle of a country's name.
    pub x: f64,
    /// The same.
    pub y: f64,
    /// It is a city.
    pub city: bool,
    /// What it says.
    pub text: String,
}

impl World {
    /// Reads the file; nothing when it is none.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader { rest: bytes.strip_prefix(MAGIC)? };
        let [east, north, west, south] = [reader.float()?, reader.float()?, reader.float()?, reader.float()?];
        let place = |x: i64, y: i64| Point::of_degrees(y as f64 * north + south, x as f64 * east + west);
        let mut arcs = Vec::new();
        let mut borders = Vec::new();
        for _ in 0..reader.count()? {
            let head = reader.number()?;
            let (mut x, mut y) = (0_i64, 0_i64);
            let mut points = Vec::new();
            for _ in 0..head >> 1 {
                (x, y) = (x.checked_add(reader.signed()?)?, y.checked_add(reader.signed()?)?);
                points.push(place(x, y));
            }
            if head & 1 == 1 {
                borders.push(Line::of(unrolled(points.clone())));
            }
            arcs.push(points);
        }
        let mut rings = Vec::new();
        for _ in 0..reader.count()? {
            let mut points: Vec<Point> = Vec::new();
            for _ in 0..reader.count()? {
                let index = reader.signed()?;
                let arc = arcs.get(usize::try_from(if index < 0 { !index } else { index }).ok()?)?;
                // An arc begins where the one before ended.
                points.pop();
                if index < 0 {
                    points.extend(arc.iter().rev())
                } else {
                    points.extend(arc)
                }
                if points.len() > RING_POINTS_MAX {
                    return None;
                }
            }
            rings.push(Line::of(around_the_pole(unrolled(points))));
        }
        let mut names = Vec::new();
        for _ in 0..reader.count()? {
            let [size, ..] = *reader.take(1)? else { return None };
            let (x, y) = (reader.signed()?, reader.signed()?);
            let length = reader.count()?;
            let text = std::str::from_utf8(reader.take(length)?).ok()?.to_owned();
            names.push(Name { size, at: place(x, y), text });
        }
        reader.rest.is_empty().then_some(Self { rings, borders, names })
    }

    /// The land in a window, as the outline of an SVG path.
    #[must_use]
    pub fn land(&self, view: &View) -> String {
        self.drawn(&self.rings, view, true)
    }

    /// The borders in a window, as lines of an SVG path.
    #[must_use]
    pub fn borders(&self, view: &View) -> String {
        self.drawn(&self.borders, view, false)
    }

    /// Names in a window that do not lie on each other, the more important first.
    #[must_use]
    pub fn labels(&self, view: &View) -> Vec<Label> {
        let mut taken: Vec<[f64; 4]> = Vec::new();
        let mut labels = Vec::new();
        // A country's name is shown while the country is about as wide as its name.
        let wide = |name: &Name| f64::from(name.size) / 2.0 + view.zoom();
        let shown = |name: &&Name| match name.size {
            0 => view.zoom() >= CITIES_FROM,
            _ => (COUNTRY_FROM..COUNTRY_TO).contains(&wide(name)),
        };
        for name in self.names.iter().filter(shown) {
            let (x, y) = view.pixel_of(name.at);
            let width = name.text.chars().count() as f64 * LETTER_PIXELS;
            let city = name.size == 0;
            let left = if city { x + DOT_PIXELS } else { x - width / 2.0 };
            let space = [left.min(x - DOT_PIXELS), y - LINE_PIXELS, left + width, y + LINE_PIXELS];
            let inside =
                space[0] >= 0.0 && space[1] >= 0.0 && space[2] <= view.width && space[3] <= view.height;
            let meets = |other: &[f64; 4]| {
                space[0] < other[2] && other[0] < space[2] && space[1] < other[3] && other[1] < space[3]
            };
            if inside && !taken.iter().any(meets) {
                taken.push(space);
                labels.push(Label { x, y, city, text: name.text.clone() });
            }
            if labels.len() == LABELS_MAX {
                break;
            }
        }
        labels
    }

    fn drawn(&self, lines: &[Line], view: &View, closed: bool) -> String {
        let mut path = String::new();
        let (left, right) = (view.at(-MARGIN, 0.0).x, view.at(view.width + MARGIN, 0.0).x);
        let (top, bottom) = (view.at(0.0, -MARGIN).y, view.at(0.0, view.height + MARGIN).y);
        // The same land once more on either side: the window may lie across the edge of the map.
        for around in [-1.0, 0.0, 1.0] {
            let window = [left - around, top, right - around, bottom];
            for line in lines {
                let apart = line.high.x < window[0]
                    || line.low.x > window[2]
                    || line.high.y < window[1]
                    || line.low.y > window[3];
                let large = (line.high.x - line.low.x).max(line.high.y - line.low.y) * view.scale();
                if apart || large < SPECK_PIXELS {
                    continue;
                }
                if closed {
                    write(&mut path, &clipped(&line.points, window), view, around, true);
                } else {
                    for piece in pieces(&line.points, window) {
                        write(&mut path, piece, view, around, false);
                    }
                }
            }
        }
        path
    }
}

impl Line {
    fn of(points: Vec<Point>) -> Self {
        let start = Point { x: f64::INFINITY, y: f64::INFINITY };
        let end = Point { x: f64::NEG_INFINITY, y: f64::NEG_INFINITY };
        let low = points.iter().fold(start, |low, it| Point { x: low.x.min(it.x), y: low.y.min(it.y) });
        let high = points.iter().fold(end, |high, it| Point { x: high.x.max(it.x), y: high.y.max(it.y) });
        Self { points, low, high }
    }
}

/// A line that crosses the edge of the map goes on beyond it instead of coming back from the other side.
fn unrolled(mut points: Vec<Point>) -> Vec<Point> {
    let (mut turns, mut before) = (0.0, None);
    for point in &mut points {
        let step = before.map_or(0.0, |before: f64| point.x - before);
        before = Some(point.x);
        if step.abs() > 0.5 {
            turns -= step.signum();
        }
        point.x += turns;
    }
    points
}

/// A ring that leads once around the world is that of Antarctica: it closes below the map.
fn around_the_pole(mut ring: Vec<Point>) -> Vec<Point> {
    if let (Some(first), Some(last)) = (ring.first().copied(), ring.last().copied())
        && (last.x - first.x).abs() > 0.5
    {
        ring.extend([last.x, first.x].map(|x| Point { x, y: 1.0 }));
    }
    ring
}

/// What of a ring lies in a window (left, top, right, bottom): cut along each of its sides (Sutherland and Hodgman).
fn clipped(ring: &[Point], window: [f64; 4]) -> Vec<Point> {
    let mut points = ring.to_vec();
    for (side, edge) in window.into_iter().enumerate() {
        let along = |point: &Point| if side % 2 == 0 { point.x } else { point.y };
        let inside = |point: &Point| if side < 2 { along(point) >= edge } else { along(point) <= edge };
        let mut kept = Vec::with_capacity(points.len());
        let Some(mut before) = points.last().copied() else { return points };
        for point in points {
            if inside(&point) != inside(&before) {
                let share = (edge - along(&before)) / (along(&point) - along(&before));
                kept.push(Point {
                    x: before.x + share * (point.x - before.x),
                    y: before.y + share * (point.y - before.y),
                });
            }
            if inside(&point) {
                kept.push(point);
            }
            before = point;
        }
        points = kept;
    }
    points
}

/// The pieces of a line near a window: from the point before it comes in to the one after it is out.
fn pieces(line: &[Point], window: [f64; 4]) -> Vec<&[Point]> {
    let apart = |pair: &[Point]| match pair {
        [one, two] => {
            one.x.max(two.x) < window[0]
                || one.x.min(two.x) > window[2]
                || one.y.max(two.y) < window[1]
                || one.y.min(two.y) > window[3]
        }
        _ => true,
    };
    let mut found = Vec::new();
    let mut from = None;
    for (index, pair) in line.windows(2).enumerate() {
        match (apart(pair), from) {
            (false, None) => from = Some(index),
            (true, Some(start)) => {
                found.extend(line.get(start..=index));
                from = None;
            }
            _ => {}
        }
    }
    found.extend(from.and_then(|start| line.get(start..)));
    found
}

/// Points that are less than a pixel from the one before add nothing.
fn write(path: &mut String, points: &[Point], view: &View, around: f64, closed: bool) {
    let scale = view.scale();
    let mut last: Option<(f64, f64)> = None;
    let count = points.len();
    for (index, point) in points.iter().enumerate() {
        let x = (point.x + around - view.centre.x) * scale + view.width / 2.0;
        let y = (point.y - view.centre.y) * scale + view.height / 2.0;
        let near = last.is_some_and(|last| (last.0 - x).abs().max((last.1 - y).abs()) < STEP_PIXELS);
        if near && index + 1 < count {
            continue;
        }
        path.push_str(&format!("{}{x:.1} {y:.1}", if last.is_none() { 'M' } else { 'L' }));
        last = Some((x, y));
    }
    if closed && last.is_some() {
        path.push('Z');
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn float(&mut self) -> Option<f64> {
        let number = f64::from_le_bytes(self.take(8)?.try_into().ok()?);
        number.is_finite().then_some(number)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..NUMBER_BITS).step_by(7) {
            let [byte, ..] = *self.take(1)? else { return None };
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// How many of something: no more than there are bytes left.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }
}

const MAGIC: &[u8] = b"VALMAP\x00\x01";
/// Nothing in the file needs more.
const NUMBER_BITS: u32 = 35;
/// Points of a ring: more than all points of the file.
const RING_POINTS_MAX: usize = 200_000;
/// Beyond the window, pixels: no stroke along a cut is seen.
const MARGIN: f64 = 4.0;
/// What is smaller is not drawn.
const SPECK_PIXELS: f64 = 0.7;
/// Points of a line are no nearer to each other.
const STEP_PIXELS: f64 = 0.8;
/// Zoom from which cities are named.
const CITIES_FROM: f64 = 3.5;
/// Zoom and half of the logarithm of a country's area, between which it is named.
const COUNTRY_FROM: f64 = 14.4;
const COUNTRY_TO: f64 = 18.5;
/// About what a letter of a name takes.
const LETTER_PIXELS: f64 = 7.0;
/// Half of a line's height.
const LINE_PIXELS: f64 = 9.0;
/// From the middle of a city's dot to its name.
const DOT_PIXELS: f64 = 7.0;
/// More are not read.
const LABELS_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use vocab::Position;

    use super::*;

    const FILE: &[u8] = include_bytes!("../../static/world.map");

    fn world() -> World {
        World::read(FILE).expect("the file that is shipped is one")
    }

    fn view(place: &str, zoom: f64) -> View {
        View::around(Position::parse(place).unwrap(), zoom, (400.0, 300.0))
    }

    /// Whether a pixel lies inside a path of straight lines, by the rule of even and odd.
    fn covers(path: &str, x: f64, y: f64) -> bool {
        let mut inside = false;
        for ring in path.split('Z').filter(|ring| !ring.is_empty()) {
            let points: Vec<(f64, f64)> = ring
                .split(['M', 'L'])
                .filter_map(|pair| pair.split_once(' '))
                .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
                .collect();
            for (one, two) in points.iter().zip(points.iter().cycle().skip(1)) {
                if (one.1 > y) != (two.1 > y) && x < (two.0 - one.0) * (y - one.1) / (two.1 - one.1) + one.0 {
                    inside = !inside;
                }
            }
        }
        inside
    }

    #[test]
    fn land_is_where_land_is() {
        let world = world();
        for (place, land) in [
            ("48.2,16.37", true),
            ("59.86,17.64", true),
            ("0,-30", false),
            ("-25,134", true),
            ("35,18", false),
            ("67,-177", true),
            ("66.5,179.5", true),
            ("-80,0", true),
            ("10,179.5", false),
        ] {
            for zoom in [4.0, 9.0, 14.0] {
                let view = view(place, zoom);
                let (x, y) = view.pixel(Position::parse(place).unwrap());
                assert_eq!(covers(&world.land(&view), x + 0.01, y + 0.01), land, "{place} at {zoom}");
            }
        }
    }

    #[test]
    fn what_is_drawn_is_little_and_has_borders_and_names() {
        let world = world();
        let near = view("48.2,16.37", 6.0);
        assert!(world.land(&near).len() < 20_000 && !world.borders(&near).is_empty());
        let names: Vec<String> = world.labels(&near).into_iter().map(|label| label.text).collect();
        assert!(names.iter().any(|name| name == "Vienna"), "{names:?}");
        assert!(world.land(&view("0,0", 0.0)).len() < 200_000, "the whole world");
        let far = view("48.2,16.37", 3.0);
        let countries = world.labels(&far);
        assert!(countries.iter().any(|label| !label.city) && countries.len() <= LABELS_MAX, "{countries:?}");
        assert!(world.land(&view("0,-30", 9.0)).is_empty());
    }

    #[test]
    fn what_is_no_map_is_read_as_none() {
        assert!(World::read(b"").is_none() && World::read(MAGIC).is_none());
        for cut in (0..FILE.len()).step_by(1_009) {
            assert!(World::read(&FILE[..cut]).is_none(), "cut at {cut}");
        }
        let mut longer = FILE.to_vec();
        longer.push(0);
        assert!(World::read(&longer).is_none());
        for at in (0..FILE.len()).step_by(997) {
            let mut broken = FILE.to_vec();
            broken[at] ^= 0xff;
            // Another map, or none; never a panic.
            let _ = World::read(&broken).map(|world| world.land(&view("50,10", 5.0)).len());
        }
    }

    #[test]
    fn the_file_is_small() {
        assert!(FILE.len() <= 200 * 1024, "{}", FILE.len());
    }
}
