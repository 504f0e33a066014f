//! Places that are shared once or live (`docs/protocol/place.md`).
//!
//! What begins a live place holds no position: positions follow by themselves, are not numbered, and only the newest is kept.

use vocab::place::ACCURACY_METRES_MAX;
use vocab::{Fix, Position, Precision, Timestamp};

use super::ContentError;
use super::cbor::{Reader, Writer};

/// What a message says of a place.
#[derive(Clone, PartialEq, Eq)]
pub struct PlacePart {
    /// How precisely it is told.
    pub precision: Precision,
    /// What its sender calls it, at most [`PLACE_LABEL_BYTES_MAX`] bytes; may be empty.
    pub label: String,
    /// Once or live.
    pub told: Told,
}

/// How a place is told.
#[derive(Clone, PartialEq, Eq)]
pub enum Told {
    /// Where it is.
    Once(Fix),
    /// Where its sender is, from time to time.
    Live {
        /// When that ends.
        until: Timestamp,
        /// How often positions come, milliseconds, not 0.
        interval_ms: u64,
    },
}

impl PlacePart {
    /// The bytes: a map of 1 precision, 2 latitude and 3 longitude (1e-7 degrees, counted from -90° and -180°), 4 accuracy (metres),
    /// 5 time (milliseconds), 6 label, 7 end (milliseconds), 8 interval (milliseconds). What is 0 or empty is left out but for place and
    /// precision.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] above a limit.
    pub fn encode(&self) -> Result<Vec<u8>, ContentError> {
        let mut keys = Keys { precision: Some(self.precision as u64), ..Keys::default() };
        keys.label.clone_from(&self.label);
        match &self.told {
            Told::Once(fix) => keys.put(fix),
            Told::Live { until, interval_ms } => {
                (keys.until, keys.interval_ms) = (Some(until.0), Some(*interval_ms));
            }
        }
        let bytes = keys.encode();
        Self::decode(&bytes)?;
        Ok(bytes)
    }

    /// Takes all of `bytes` or none. Keys it does not know are passed over.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        let keys = Keys::decode(bytes)?;
        let precision = keys.precision.and_then(Precision::of).ok_or(ContentError::Malformed)?;
        let told = match (keys.fix()?, keys.until, keys.interval_ms) {
            (Some(fix), None, None) => Told::Once(fix),
            (None, Some(until), Some(interval_ms)) if interval_ms > 0 => {
                Told::Live { until: Timestamp(until), interval_ms }
            }
            _ => return Err(ContentError::Malformed),
        };
        Ok(Self { precision, label: keys.label, told })
    }
}

/// The bytes of a position by itself, as a live place has it: keys 2 to 5.
#[must_use]
pub fn encode_fix(fix: &Fix) -> Vec<u8> {
    let mut keys = Keys::default();
    keys.put(fix);
    keys.encode()
}

/// Reads a position by itself.
///
/// # Errors
/// [`ContentError`].
pub fn decode_fix(bytes: &[u8]) -> Result<Fix, ContentError> {
    Keys::decode(bytes)?.fix()?.ok_or(ContentError::Malformed)
}

#[derive(Default)]
struct Keys {
    precision: Option<u64>,
    latitude: Option<u32>,
    longitude: Option<u32>,
    accuracy: u32,
    at: Option<u64>,
    label: String,
    until: Option<u64>,
    interval_ms: Option<u64>,
}

impl Keys {
    fn put(&mut self, fix: &Fix) {
        self.latitude = Some(fix.position.latitude().abs_diff(-LATITUDE_OFFSET));
        self.longitude = Some(fix.position.longitude().abs_diff(-LONGITUDE_OFFSET));
        self.accuracy = fix.accuracy.min(ACCURACY_METRES_MAX);
        self.at = Some(fix.at.0);
    }

    fn fix(&self) -> Result<Option<Fix>, ContentError> {
        match (self.latitude, self.longitude, self.at) {
            (Some(latitude), Some(longitude), Some(at)) => {
                let units = |value: u32, offset: i32| {
                    i32::try_from(i64::from(value) - i64::from(offset)).map_err(|_| ContentError::Malformed)
                };
                let (latitude, longitude) =
                    (units(latitude, LATITUDE_OFFSET)?, units(longitude, LONGITUDE_OFFSET)?);
                // 180° is -180°: one place, one encoding.
                let position = Position::new(latitude, longitude).map_err(|_| ContentError::Malformed)?;
                if position.longitude() != longitude || self.accuracy > ACCURACY_METRES_MAX {
                    return Err(ContentError::Malformed);
                }
                Ok(Some(Fix { position, accuracy: self.accuracy, at: Timestamp(at) }))
            }
            (None, None, None) if self.accuracy == 0 => Ok(None),
            _ => Err(ContentError::Malformed),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let before = [
            (PRECISION, self.precision),
            (LATITUDE, self.latitude.map(u64::from)),
            (LONGITUDE, self.longitude.map(u64::from)),
            (ACCURACY, (self.accuracy > 0).then_some(self.accuracy.into())),
            (AT, self.at),
        ];
        let after = [(UNTIL, self.until), (INTERVAL, self.interval_ms)];
        let mut out = Writer::default();
        let told = before.iter().chain(&after).filter(|(_, value)| value.is_some()).count();
        out.map(told + usize::from(!self.label.is_empty()));
        let numbers = |out: &mut Writer, all: &[(u64, Option<u64>)]| {
            for (key, value) in all.iter().filter_map(|(key, value)| Some((*key, (*value)?))) {
                out.uint(key);
                out.uint(value);
            }
        };
        numbers(&mut out, &before);
        if !self.label.is_empty() {
            out.uint(LABEL);
            out.text(&self.label);
        }
        numbers(&mut out, &after);
        out.0
    }

    fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        if bytes.len() > PLACE_BYTES_MAX {
            return Err(ContentError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        let (mut keys, mut last) = (Self::default(), None);
        for _ in 0..reader.map(KEYS_MAX)? {
            let key = reader.map_key(last)?;
            last = Some(key);
            match Reader::new(key).uint() {
                Ok(PRECISION) => keys.precision = Some(reader.uint()?),
                Ok(LATITUDE) => keys.latitude = Some(reader.small()?),
                Ok(LONGITUDE) => keys.longitude = Some(reader.small()?),
                Ok(ACCURACY) => keys.accuracy = reader.small()?,
                Ok(AT) => keys.at = Some(reader.uint()?),
                Ok(LABEL) => reader.text(PLACE_LABEL_BYTES_MAX)?.clone_into(&mut keys.label),
                Ok(UNTIL) => keys.until = Some(reader.uint()?),
                Ok(INTERVAL) => keys.interval_ms = Some(reader.uint()?),
                _ => {
                    reader.item(LEVELS_MAX)?;
                }
            }
        }
        reader.end()?;
        Ok(keys)
    }
}

/// Media type of a [`PlacePart`].
pub const TYPE_PLACE: &str = "application/vnd.valise.place+cbor";
/// Media type of a position of the live place that `inReplyTo` names.
pub const TYPE_PLACE_FIX: &str = "application/vnd.valise.place-fix+cbor";
/// Media type of a content without bytes: the live place that `inReplyTo` names has ended.
pub const TYPE_PLACE_END: &str = "application/vnd.valise.place-end";
/// Longest label, bytes.
pub const PLACE_LABEL_BYTES_MAX: usize = 256;
/// Longest encoded place, bytes; leaves room for what later versions add.
const PLACE_BYTES_MAX: usize = 4_096;
const PRECISION: u64 = 1;
const LATITUDE: u64 = 2;
const LONGITUDE: u64 = 3;
const ACCURACY: u64 = 4;
const AT: u64 = 5;
const LABEL: u64 = 6;
const UNTIL: u64 = 7;
const INTERVAL: u64 = 8;
/// 90° and 180°, so that numbers on the wire are not negative.
const LATITUDE_OFFSET: i32 = 900_000_000;
const LONGITUDE_OFFSET: i32 = 1_800_000_000;
/// Keys in a place, known and unknown.
const KEYS_MAX: usize = 64;
/// Containers inside each other under an unknown key.
const LEVELS_MAX: usize = 4;

crate::frame::opaque_debug!(PlacePart);

#[cfg(test)]
mod tests {
    use super::*;

    fn fix() -> Fix {
        Fix {
            position: Position::parse("59.3293,18.0686").unwrap(),
            accuracy: 8,
            at: Timestamp(1_700_000_000_000),
        }
    }

    #[test]
    fn places_are_read_as_they_were_written() {
        let once = PlacePart { precision: Precision::Exact, label: "Dock".into(), told: Told::Once(fix()) };
        let told = Told::Live { until: Timestamp(5), interval_ms: 60_000 };
        let live = PlacePart { precision: Precision::Town, label: String::new(), told };
        for part in [once, live] {
            assert!(PlacePart::decode(&part.encode().unwrap()).unwrap() == part);
        }
        assert_eq!(decode_fix(&encode_fix(&fix())), Ok(fix()));
        let label = "x".repeat(PLACE_LABEL_BYTES_MAX + 1);
        let long = PlacePart { precision: Precision::Exact, label, told: Told::Once(fix()) };
        assert!(long.encode().is_err());
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for (hex, why) in [
            ("a0", "nothing"),
            ("a10100", "a precision alone"),
            ("a40100021a6b49d201030005 00", "a latitude beyond the pole"),
            ("a4010002000 31ad693a4000500", "180° east, which is 180° west"),
            ("a401030200030005 00", "a precision of a later version"),
            ("a3010007050800", "no interval"),
            ("a60100020003000500070108 01", "once and live"),
            ("a401000200030005 0000", "something behind it"),
        ] {
            let bytes = hex::decode(hex.replace(' ', "")).unwrap();
            assert!(PlacePart::decode(&bytes).is_err(), "{why}");
        }
        // Key 9 is of a later version.
        assert!(PlacePart::decode(&hex::decode("a50100020003000500096178").unwrap()).is_ok());
        assert!(decode_fix(&hex::decode("a0").unwrap()).is_err());
    }
}
