//! Bytes of any length, as every sealed or signed thing travels.

use std::fmt;
use std::io::Write;

use tls_codec::{DeserializeBytes, Error, Serialize, Size, TlsVarInt, VLByteSlice};

/// `opaque name<V>`: bytes behind their length (RFC 9420 section 2.1.2).
///
/// Our own, because `tls_codec::VLBytes` asserts in debug builds that a frame is not cut short, and input must never
/// make a program panic, and because its `Debug` shows all it holds.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    /// These bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Them again.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Bytes {
    fn from(bytes: &[u8; N]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Says only how many there are.
impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl Size for Bytes {
    fn tls_serialized_len(&self) -> usize {
        VLByteSlice(&self.0).tls_serialized_len()
    }
}

impl Serialize for Bytes {
    fn tls_serialize<W: Write>(&self, writer: &mut W) -> Result<usize, Error> {
        VLByteSlice(&self.0).tls_serialize(writer)
    }
}

impl DeserializeBytes for Bytes {
    fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (length, rest) = TlsVarInt::tls_deserialize_bytes(bytes)?;
        let length = usize::try_from(length.value()).map_err(|_| Error::InvalidVectorLength)?;
        let (taken, rest) = rest.split_at_checked(length).ok_or(Error::EndOfStream)?;
        Ok((Self(taken.to_vec()), rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_the_end_is_an_error_in_every_build() {
        for cut in [&[1][..], &[0x40], &[0x7F, 0xFF, 0], &[0xBF, 0xFF, 0xFF, 0xFF], &[0xFF; 9], &[]] {
            assert!(Bytes::tls_deserialize_exact_bytes(cut).is_err(), "{cut:?}");
        }
        for length in [0, 1, 63, 64, 16_383, 16_384] {
            let bytes = Bytes::new(vec![7; length]);
            let encoded = bytes.tls_serialize_detached().unwrap();
            assert_eq!(encoded.len(), bytes.tls_serialized_len());
            assert_eq!(Bytes::tls_deserialize_exact_bytes(&encoded).unwrap(), bytes);
        }
    }

    #[test]
    fn what_they_are_reaches_no_log() {
        assert_eq!(format!("{:?}", Bytes::from(b"secret")), "Bytes(6)");
    }
}
