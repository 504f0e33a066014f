//! CBOR as RFC 8949 section 4.2.1 wants it, and nothing else: one value has one encoding.
//!
//! The reader borrows from its input, so a length that lies costs nothing; its only recursion is into the containers of
//! an extension value, and those are counted.

use super::ContentError;

/// Reads one item after the other.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Everything was read.
    pub(super) fn end(self) -> Result<(), ContentError> {
        if self.rest.is_empty() { Ok(()) } else { Err(ContentError::Malformed) }
    }

    pub(super) fn uint(&mut self) -> Result<u64, ContentError> {
        self.expect(UINT)
    }

    /// An unsigned integer that fits a smaller type.
    pub(super) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, ContentError> {
        T::try_from(self.uint()?).map_err(|_| ContentError::Malformed)
    }

    pub(super) fn bytes(&mut self, max: usize) -> Result<&'a [u8], ContentError> {
        let length = self.expect(BYTES)?;
        self.take_at_most(length, max)
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], ContentError> {
        self.bytes(N)?.try_into().map_err(|_| ContentError::Malformed)
    }

    pub(super) fn text(&mut self, max: usize) -> Result<&'a str, ContentError> {
        let length = self.expect(TEXT)?;
        utf8(self.take_at_most(length, max)?)
    }

    /// The head of an array; its items follow.
    pub(super) fn array(&mut self, max: usize) -> Result<usize, ContentError> {
        let items = self.expect(ARRAY)?;
        at_most(items, max)
    }

    /// The head of an array of exactly so many items.
    pub(super) fn array_of(&mut self, items: usize) -> Result<(), ContentError> {
        if self.array(usize::MAX)? == items { Ok(()) } else { Err(ContentError::Malformed) }
    }

    /// The head of a map; its entries follow, see [`Self::map_key`].
    pub(super) fn map(&mut self, max: usize) -> Result<usize, ContentError> {
        let entries = self.expect(MAP)?;
        at_most(entries, max)
    }

    /// The next key of a map, encoded: after `last` in the order of the encoded bytes, so none stands twice.
    pub(super) fn map_key(&mut self, last: Option<&'a [u8]>) -> Result<&'a [u8], ContentError> {
        let from = self.rest;
        let (major, value) = self.head()?;
        match major {
            UINT if value <= KEY_MAX => {}
            NEGATIVE if value < KEY_MAX => {}
            BYTES => {
                self.take(value)?;
            }
            TEXT => {
                utf8(self.take(value)?)?;
            }
            _ => return Err(ContentError::Malformed),
        }
        let key = self.since(from);
        match last {
            Some(last) if last >= key => Err(ContentError::NotDeterministic),
            _ => Ok(key),
        }
    }

    pub(super) fn boolean(&mut self) -> Result<bool, ContentError> {
        match self.byte()? {
            FALSE => Ok(false),
            TRUE => Ok(true),
            _ => Err(ContentError::Malformed),
        }
    }

    /// Takes a null if one comes next.
    pub(super) fn null(&mut self) -> bool {
        match self.rest.split_first() {
            Some((&NULL, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Steps over one item of any kind and gives its bytes. `levels` is how many arrays, maps and tags may still stand
    /// inside each other.
    pub(super) fn item(&mut self, levels: usize) -> Result<&'a [u8], ContentError> {
        let from = self.rest;
        if from.first().is_some_and(|first| first >> 5 == OTHER) {
            self.other()?;
            return Ok(self.since(from));
        }
        let (major, value) = self.head()?;
        match major {
            BYTES => {
                self.take(value)?;
            }
            TEXT => {
                utf8(self.take(value)?)?;
            }
            ARRAY => {
                let inner = deeper(levels)?;
                // Each item takes a byte at least: a false count ends with the input.
                for _ in 0..value {
                    self.item(inner)?;
                }
            }
            MAP => {
                let inner = deeper(levels)?;
                let mut last = None;
                for _ in 0..value {
                    last = Some(self.map_key(last)?);
                    self.item(inner)?;
                }
            }
            TAG => {
                let inner = deeper(levels)?;
                let tagged = self.item(inner)?;
                if matches!(value, TAG_BIG | TAG_BIG_NEGATIVE) {
                    big_integer(tagged)?;
                }
            }
            _ => {}
        }
        Ok(self.since(from))
    }

    /// Simple values and floating point numbers, these in the shortest form that keeps them.
    fn other(&mut self) -> Result<(), ContentError> {
        let shortest = match self.byte()? {
            FALSE | TRUE | NULL | UNDEFINED => true,
            HALF => {
                let bits = u16::from_be_bytes(self.array_bytes()?);
                let nan = bits & 0x7C00 == 0x7C00 && bits & 0x03FF != 0;
                !nan || bits == QUIET_NAN
            }
            SINGLE => {
                let value = f32::from_bits(u32::from_be_bytes(self.array_bytes()?));
                !value.is_nan() && !fits_half(value)
            }
            DOUBLE => {
                let value = f64::from_bits(u64::from_be_bytes(self.array_bytes()?));
                #[expect(clippy::cast_possible_truncation, reason = "whether it truncates is the question")]
                let single = value as f32;
                !value.is_nan() && f64::from(single).to_bits() != value.to_bits()
            }
            _ => return Err(ContentError::Malformed),
        };
        if shortest { Ok(()) } else { Err(ContentError::NotDeterministic) }
    }

    fn expect(&mut self, wanted: u8) -> Result<u64, ContentError> {
        match self.head()? {
            (major, value) if major == wanted => Ok(value),
            _ => Err(ContentError::Malformed),
        }
    }

    /// Major type and argument, the argument in its shortest form.
    fn head(&mut self) -> Result<(u8, u64), ContentError> {
        let first = self.byte()?;
        let (value, least) = match first & 0x1F {
            small @ 0..24 => (u64::from(small), 0),
            24 => (u64::from(self.byte()?), 24),
            25 => (u64::from(u16::from_be_bytes(self.array_bytes()?)), 1 << 8),
            26 => (u64::from(u32::from_be_bytes(self.array_bytes()?)), 1 << 16),
            27 => (u64::from_be_bytes(self.array_bytes()?), 1 << 32),
            31 => return Err(ContentError::NotDeterministic),
            _ => return Err(ContentError::Malformed),
        };
        if value < least { Err(ContentError::NotDeterministic) } else { Ok((first >> 5, value)) }
    }

    fn byte(&mut self) -> Result<u8, ContentError> {
        let (first, rest) = self.rest.split_first().ok_or(ContentError::Malformed)?;
        self.rest = rest;
        Ok(*first)
    }

    fn array_bytes<const N: usize>(&mut self) -> Result<[u8; N], ContentError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(ContentError::Malformed)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], ContentError> {
        let length = usize::try_from(length).map_err(|_| ContentError::Malformed)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(ContentError::Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_at_most(&mut self, length: u64, max: usize) -> Result<&'a [u8], ContentError> {
        let taken = self.take(length)?;
        if taken.len() > max { Err(ContentError::TooLarge) } else { Ok(taken) }
    }

    fn since(&self, from: &'a [u8]) -> &'a [u8] {
        &from[..from.len() - self.rest.len()]
    }
}

/// Writes one item after the other, each in its shortest form.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn uint(&mut self, value: u64) {
        self.head(UINT, value);
    }

    /// Any integer.
    pub(super) fn integer(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.head(UINT, value),
            // CBOR writes -1 - n, which is the complement of n.
            Err(_) => self.head(NEGATIVE, !value.cast_unsigned()),
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn array(&mut self, items: usize) {
        self.head(ARRAY, items as u64);
    }

    /// The head of a map; the caller writes its entries in the order of the encoded keys.
    pub(super) fn map(&mut self, entries: usize) {
        self.head(MAP, entries as u64);
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.0.push(if value { TRUE } else { FALSE });
    }

    pub(super) fn null(&mut self) {
        self.0.push(NULL);
    }

    /// An item that is encoded already.
    pub(super) fn encoded(&mut self, item: &[u8]) {
        self.0.extend_from_slice(item);
    }

    fn head(&mut self, major: u8, value: u64) {
        let major = major << 5;
        let bytes = value.to_be_bytes();
        match value {
            0..24 => self.0.push(major | bytes[7]),
            24..0x100 => self.0.extend_from_slice(&[major | 24, bytes[7]]),
            0x100..0x1_0000 => {
                self.0.push(major | 25);
                self.0.extend_from_slice(&bytes[6..]);
            }
            0x1_0000..0x1_0000_0000 => {
                self.0.push(major | 26);
                self.0.extend_from_slice(&bytes[4..]);
            }
            _ => {
                self.0.push(major | 27);
                self.0.extend_from_slice(&bytes);
            }
        }
    }
}

fn at_most(count: u64, max: usize) -> Result<usize, ContentError> {
    usize::try_from(count).ok().filter(|count| *count <= max).ok_or(ContentError::TooLarge)
}

fn deeper(levels: usize) -> Result<usize, ContentError> {
    levels.checked_sub(1).ok_or(ContentError::TooDeep)
}

fn utf8(bytes: &[u8]) -> Result<&str, ContentError> {
    std::str::from_utf8(bytes).map_err(|_| ContentError::NotText)
}

/// A number that an ordinary integer could have carried, or one with leading zeros, has a shorter form.
fn big_integer(encoded: &[u8]) -> Result<(), ContentError> {
    let magnitude = Reader::new(encoded).bytes(usize::MAX)?;
    match magnitude.first() {
        Some(first) if *first != 0 && magnitude.len() > 8 => Ok(()),
        _ => Err(ContentError::NotDeterministic),
    }
}

/// Whether half precision keeps the value: its numbers are the multiples of 2^-24 with 11 significant bits, up to 65504.
fn fits_half(value: f32) -> bool {
    if value.is_infinite() {
        return true;
    }
    let steps = f64::from(value.abs()) * 16_777_216.0;
    if steps.fract() != 0.0 || steps > 65_504.0 * 16_777_216.0 {
        return false;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number from 0 to 2^41, by the lines above"
    )]
    let steps = steps as u64;
    steps == 0 || steps >> steps.trailing_zeros() < 1 << 11
}

const UINT: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const OTHER: u8 = 7;

const FALSE: u8 = 0xF4;
const TRUE: u8 = 0xF5;
const NULL: u8 = 0xF6;
const UNDEFINED: u8 = 0xF7;
const HALF: u8 = 0xF9;
const SINGLE: u8 = 0xFA;
const DOUBLE: u8 = 0xFB;
const QUIET_NAN: u16 = 0x7E00;

const TAG_BIG: u64 = 2;
const TAG_BIG_NEGATIVE: u64 = 3;

/// The draft, section 6.2: integer keys are exact as a double, -(2^53 - 1) to 2^53 - 1.
pub(super) const KEY_MAX: u64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn item(hex: &str, levels: usize) -> Result<usize, ContentError> {
        let bytes = hex::decode(hex).unwrap();
        let mut reader = Reader::new(&bytes);
        let length = reader.item(levels)?.len();
        reader.end().map(|()| length)
    }

    #[test]
    fn every_value_has_one_encoding() {
        for (hex, why) in [
            ("1817", "23 in two bytes"),
            ("190017", "23 in three bytes"),
            ("5f4101ff", "bytes of indefinite length"),
            ("9f01ff", "an array of indefinite length"),
            ("a202010102", "keys out of order"),
            ("a201010102", "a key twice"),
            ("fa3f800000", "1.0 in four bytes"),
            ("fb3ff0000000000000", "1.0 in eight bytes"),
            ("fb7ff8000000000000", "a long NaN"),
            ("f97e01", "another NaN"),
            ("fa7f800000", "a long infinity"),
            ("c2480102030405060708", "a big integer that fits an ordinary one"),
            ("c249000102030405060708", "a big integer with a leading zero"),
        ] {
            assert_eq!(item(hex, 4), Err(ContentError::NotDeterministic), "{why}");
        }
        for hex in [
            "17",
            "1818",
            "3818",
            "f97e00",
            "f90001",
            "f97bff",
            "fa3f800001",
            "fa47800000",
            "fb3ff0000000000001",
            "c249010203040506070809",
            "a3010220034161f5",
            "a0",
            "f7",
        ] {
            assert!(item(hex, 4).is_ok(), "{hex}");
        }
    }

    #[test]
    fn containers_and_tags_are_counted() {
        assert!(item("818181", 3).is_err());
        assert_eq!(item("81c18180", 3), Err(ContentError::TooDeep));
        assert_eq!(item("81c180", 3), Ok(3));
        let deep = format!("{}00", "81".repeat(100_000));
        assert_eq!(item(&deep, 4), Err(ContentError::TooDeep));
    }

    #[test]
    fn a_length_that_lies_costs_nothing() {
        for hex in ["5bffffffffffffffff", "9bffffffffffffffff", "bbffffffffffffffff", "7b00000001ffffffff61"]
        {
            assert_eq!(item(hex, 4), Err(ContentError::Malformed), "{hex}");
        }
    }

    #[test]
    fn keys_are_exact_as_doubles() {
        let one_entry = |head: &str, key: u64| item(&format!("a1{head}{key:016x}00"), 1);
        assert!(one_entry("1b", KEY_MAX).is_ok() && one_entry("1b", KEY_MAX + 1).is_err());
        assert!(one_entry("3b", KEY_MAX - 1).is_ok() && one_entry("3b", KEY_MAX).is_err());
    }

    #[test]
    fn a_second_reader_agrees_about_what_was_taken() {
        for hex in ["a3010220034161f5", "fa47800000", "82c11a514b67b0f6", "3903e7", "63e2998e"] {
            let bytes = hex::decode(hex).unwrap();
            let value: ciborium::Value = ciborium::from_reader(bytes.as_slice()).unwrap();
            let mut again = Vec::new();
            ciborium::into_writer(&value, &mut again).unwrap();
            assert_eq!((item(hex, 4).is_ok(), hex::encode(again)), (true, hex.to_owned()));
        }
    }
}
