//! Places on earth: positions in WGS 84, how precisely they are told, and `geo:` links (RFC 5870).

use crate::Timestamp;

/// A point in WGS 84, in units of 1e-7 degrees (about a centimetre). One point has one value: the 180° meridian is -180°.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    latitude: i32,
    longitude: i32,
}

/// What a receiver of positions said at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fix {
    /// Where.
    pub position: Position,
    /// Radius of the circle it lies in, metres, 0 when not told; at most [`ACCURACY_METRES_MAX`] is kept.
    pub accuracy: u32,
    /// When.
    pub at: Timestamp,
}

/// How precisely a place is told. The numbers go over the wire and are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// As it was measured.
    Exact = 0,
    /// The cell of a grid of about a kilometre.
    Kilometre = 1,
    /// The cell of a grid of about ten kilometres: a town.
    Town = 2,
}

/// Not a place on earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place: a latitude of -90 to 90 and a longitude of -180 to 180 degrees are needed")]
pub struct NotAPlace;

impl Position {
    /// From units of 1e-7 degrees.
    ///
    /// # Errors
    /// [`NotAPlace`] beyond the poles or the 180° meridian.
    pub const fn new(latitude: i32, longitude: i32) -> Result<Self, NotAPlace> {
        if latitude < -QUARTER || latitude > QUARTER || longitude < -HALF || longitude > HALF {
            return Err(NotAPlace);
        }
        let longitude = if longitude == HALF { -HALF } else { longitude };
        Ok(Self { latitude, longitude })
    }

    /// From degrees.
    ///
    /// # Errors
    /// [`NotAPlace`].
    pub fn from_degrees(latitude: f64, longitude: f64) -> Result<Self, NotAPlace> {
        let units = |degrees: f64, most: f64| {
            // Whole numbers within the range of the type.
            #[expect(clippy::cast_possible_truncation, reason = "checked against the largest value before")]
            (degrees.abs() <= most).then(|| (degrees * UNITS).round() as i32).ok_or(NotAPlace)
        };
        Self::new(units(latitude, 90.0)?, units(longitude, 180.0)?)
    }

    /// Reads `59.3293,18.0686`.
    ///
    /// # Errors
    /// [`NotAPlace`].
    pub fn parse(text: &str) -> Result<Self, NotAPlace> {
        let (latitude, longitude) = text.split_once(',').ok_or(NotAPlace)?;
        let degrees = |text: &str| text.trim().parse::<f64>().map_err(|_| NotAPlace);
        Self::from_degrees(degrees(latitude)?, degrees(longitude)?)
    }

    /// Units of 1e-7 degrees, north positive.
    #[must_use]
    pub const fn latitude(self) -> i32 {
        self.latitude
    }

    /// Units of 1e-7 degrees, east positive; never 180°.
    #[must_use]
    pub const fn longitude(self) -> i32 {
        self.longitude
    }

    /// Along a great circle of a sphere of the earth's mean radius, metres.
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        let (from, to) = (self.radians(), other.radians());
        let (half_latitude, half_longitude) = ((to.0 - from.0) / 2.0, (to.1 - from.1) / 2.0);
        let h = half_latitude.sin().powi(2) + from.0.cos() * to.0.cos() * half_longitude.sin().powi(2);
        2.0 * EARTH_METRES * h.sqrt().min(1.0).asin()
    }

    /// The compass direction in which one sets out, degrees clockwise from north.
    #[must_use]
    pub fn bearing_to(self, other: Self) -> f64 {
        let (from, to) = (self.radians(), other.radians());
        let turn = to.1 - from.1;
        let east = turn.sin() * to.0.cos();
        let north = from.0.cos() * to.0.sin() - from.0.sin() * to.0.cos() * turn.cos();
        east.atan2(north).to_degrees().rem_euclid(360.0)
    }

    fn radians(self) -> (f64, f64) {
        let radians = |units: i32| (f64::from(units) / UNITS).to_radians();
        (radians(self.latitude), radians(self.longitude))
    }

    /// The middle of the cell it lies in. All points of a cell give the same, so places that are told again and again cannot be
    /// averaged back. Cells are as high as `unit`, and wider in degrees the nearer the pole, so that they hold no less ground.
    fn middle_of_cell(self, unit: i32) -> Self {
        let rows = 2 * QUARTER / unit;
        let row = ((self.latitude + QUARTER) / unit).min(rows - 1);
        let latitude = row * unit - QUARTER + unit / 2;
        let shrinks = (f64::from(latitude) / UNITS).to_radians().cos();
        let turn = 2 * i64::from(HALF);
        let fits = |units: &i64| turn % (units * i64::from(unit)) == 0;
        let wide = |units: &i64| f64::from(i32::try_from(*units).unwrap_or(i32::MAX)) * shrinks >= 1.0;
        let width = WIDTHS.iter().filter(|units| fits(units)).find(|units| wide(units));
        let width = width.map_or(turn, |units| units * i64::from(unit));
        let east = i64::from(self.longitude) + i64::from(HALF);
        let longitude = east - east % width + width / 2 - i64::from(HALF);
        let longitude = i32::try_from(longitude).unwrap_or(0);
        Self { latitude, longitude }
    }
}

/// `59.3293,18.0686`: degrees, as in a `geo:` link.
impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{}", degrees(self.latitude), degrees(self.longitude))
    }
}

impl Fix {
    /// What is told of it. Whatever is less precise than the circle that was measured keeps that circle.
    #[must_use]
    pub fn told(self, precision: Precision) -> Self {
        let accuracy = self.accuracy.min(ACCURACY_METRES_MAX);
        match precision.cell() {
            None => Self { accuracy, ..self },
            Some((unit, radius)) => {
                Self { position: self.position.middle_of_cell(unit), accuracy: accuracy.max(radius), ..self }
            }
        }
    }

    /// A link that opens a program for maps.
    #[must_use]
    pub fn geo_uri(&self) -> String {
        match self.accuracy {
            0 => format!("geo:{}", self.position),
            metres => format!("geo:{};u={metres}", self.position),
        }
    }

    /// Reads a `geo:` link. Height and unknown parameters are passed over.
    ///
    /// # Errors
    /// [`NotAPlace`], also in another system of coordinates than WGS 84.
    pub fn from_geo_uri(text: &str, at: Timestamp) -> Result<Self, NotAPlace> {
        let scheme = text.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("geo:"));
        let rest = scheme.and_then(|_| text.get(4..)).ok_or(NotAPlace)?;
        let mut parts = rest.split([';', '?']);
        let numbers: Vec<&str> = parts.next().unwrap_or_default().splitn(4, ',').collect();
        let ([latitude, longitude] | [latitude, longitude, _]) = numbers.as_slice() else {
            return Err(NotAPlace);
        };
        let position = Position::parse(&format!("{latitude},{longitude}"))?;
        let mut accuracy = 0;
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            if name.eq_ignore_ascii_case("crs") && !value.eq_ignore_ascii_case("wgs84") {
                return Err(NotAPlace);
            }
            if name.eq_ignore_ascii_case("u") {
                let metres = value.parse::<f64>().map_err(|_| NotAPlace)?;
                accuracy = whole_metres(metres);
            }
        }
        Ok(Self { position, accuracy, at })
    }
}

/// Metres as they are told: whole, rounded up, within the limit.
#[must_use]
pub fn whole_metres(metres: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the limit; what is no number becomes 0"
    )]
    let whole = metres.ceil().clamp(0.0, f64::from(ACCURACY_METRES_MAX)) as u32;
    whole
}

impl Precision {
    /// All of them, by number.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Kilometre, Self::Town];

    /// The precision of that number.
    #[must_use]
    pub fn of(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|precision| *precision as u64 == number)
    }

    /// Height of a cell in units of 1e-7 degrees, and the radius of the circle around the largest cell, metres.
    const fn cell(self) -> Option<(i32, u32)> {
        match self {
            Self::Exact => None,
            Self::Kilometre => Some((100_000, 1_600)),
            Self::Town => Some((1_000_000, 16_000)),
        }
    }
}

fn degrees(units: i32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let units = units.unsigned_abs();
    let text = format!("{sign}{}.{:07}", units / 10_000_000, units % 10_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

const UNITS: f64 = 1e7;
/// 90°.
const QUARTER: i32 = 900_000_000;
/// 180°.
const HALF: i32 = 1_800_000_000;
/// Mean radius of the earth, metres (IUGG).
const EARTH_METRES: f64 = 6_371_008.8;
/// Half the way around the earth: a circle that is no wider tells nothing.
pub const ACCURACY_METRES_MAX: u32 = 20_037_509;
/// Widths of cells, in their heights, of which one divides the circle.
const WIDTHS: [i64; 15] = [1, 2, 4, 8, 16, 25, 50, 100, 200, 400, 900, 1_800, 3_600, 9_000, 18_000];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Position {
        Position::parse(text).unwrap()
    }

    fn fix(text: &str) -> Fix {
        Fix { position: at(text), accuracy: 8, at: Timestamp(1) }
    }

    #[test]
    fn a_place_is_on_earth_and_has_one_value() {
        for bad in ["", "1", "90.1,0", "0,180.1", "NaN,0", "inf,0", "-91,0", "1,2,3"] {
            assert_eq!(Position::parse(bad), Err(NotAPlace), "{bad}");
        }
        assert_eq!(at("10,180"), at("10,-180"));
        assert_eq!(at("59.3293, 18.0686").to_string(), "59.3293,18.0686");
        assert_eq!(at("-0.0000001,100").to_string(), "-0.0000001,100");
    }

    #[test]
    fn distance_and_direction() {
        let (stockholm, oslo) = (at("59.3293,18.0686"), at("59.9139,10.7522"));
        assert!((stockholm.metres_to(oslo) - 416_000.0).abs() < 2_000.0);
        assert!((stockholm.bearing_to(oslo) - 282.0).abs() < 2.0);
        assert!((at("0,179.9").metres_to(at("0,-179.9")) - 22_239.0).abs() < 5.0, "across 180°");
        assert!((at("0,179.9").bearing_to(at("0,-179.9")) - 90.0).abs() < 0.1);
    }

    #[test]
    fn the_true_place_is_in_the_circle_and_every_point_of_a_cell_is_told_alike() {
        let places = [
            "59.3293,18.0686",
            "0,0",
            "90,12",
            "-90,-180",
            "89.9999999,179.9999999",
            "-45.5,179.999",
            "66.5,-179.999",
            "-0.0000001,-0.0000001",
            "80.123,33.3",
        ];
        for place in places {
            for precision in [Precision::Kilometre, Precision::Town] {
                let exact = fix(place);
                let told = exact.told(precision);
                let away = exact.position.metres_to(told.position);
                assert!(away <= f64::from(told.accuracy), "{place} {precision:?}: {away}");
                assert_ne!(told.position, exact.position);
                assert_eq!(told.told(precision), told, "{place}: told again it is the same");
            }
        }
        let near = ["59.3293,18.0686", "59.3299,18.0699", "59.3201,18.0601"].map(fix);
        assert!(near.iter().all(|it| it.told(Precision::Kilometre) == near[0].told(Precision::Kilometre)));
        assert_eq!(fix("1.5,2.5").told(Precision::Exact), fix("1.5,2.5"));
    }

    #[test]
    fn geo_links_are_made_and_read() {
        let here = fix("59.3293,18.0686");
        assert_eq!(here.geo_uri(), "geo:59.3293,18.0686;u=8");
        assert_eq!(Fix::from_geo_uri(&here.geo_uri(), here.at), Ok(here));
        let read = |text| Fix::from_geo_uri(text, Timestamp(1));
        assert_eq!(read("GEO:59.3293,18.0686,20;crs=WGS84;u=7.2;x=y"), Ok(here));
        for bad in
            ["geo:", "geo:1", "geo:1,2;crs=moon", "geo:1,2,3,4", "http:1,2", "geo:91,0", "ge\u{e9}:1,2"]
        {
            assert_eq!(read(bad), Err(NotAPlace), "{bad}");
        }
    }
}
