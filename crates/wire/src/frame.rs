//! The frame around every request and answer, and the codec of all of them.

use tls_codec::{DeserializeBytes, Serialize, TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::{Bytes, Refusal};

/// Numbers a request on its connection; the answer carries the same number. Chosen by the client, never reused while
/// an answer is outstanding.
pub type RequestId = u32;

/// A request of a client. `Op` is the list of operations of one door.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Request<Op: tls_codec::Size + Serialize + DeserializeBytes> {
    /// See [`RequestId`].
    pub id: RequestId,
    /// What is asked.
    pub op: Op,
}

/// The answer to the request of the same number.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u8)]
pub enum Reply<Answer: tls_codec::Size + Serialize + DeserializeBytes> {
    /// It was done.
    #[tls_codec(discriminant = 1)]
    Done {
        /// See [`RequestId`].
        id: RequestId,
        /// What came of it.
        answer: Answer,
    },
    /// It was not done, and nothing was changed.
    #[tls_codec(discriminant = 2)]
    Refused {
        /// See [`RequestId`].
        id: RequestId,
        /// Why.
        refusal: Refusal,
    },
}

/// A field that a later version adds to an operation. A reader ignores kinds it does not know; kinds ascend and none
/// stands twice: other frames are refused, going out or coming in.
#[derive(Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Extension {
    /// Registered in `docs/protocol/README.md`; odd numbers from 0xF001 are for experiments.
    pub kind: u16,
    /// Its own encoding.
    pub data: Bytes,
}

/// The extensions of an operation, usually none (one zero byte).
pub type Extensions = Vec<Extension>;

/// The codec of [`Extensions`], with the rule that kinds ascend.
pub(crate) mod ascending {
    use super::{Extension, Extensions};
    use tls_codec::{DeserializeBytes as _, Error, Serialize as _, Size as _};

    pub fn tls_serialized_len(extensions: &[Extension]) -> usize {
        extensions.tls_serialized_len()
    }

    pub fn tls_serialize<W: std::io::Write>(extensions: &Extensions, writer: &mut W) -> Result<usize, Error> {
        check(extensions)?;
        extensions.tls_serialize(writer)
    }

    pub fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Extensions, &[u8]), Error> {
        let (extensions, rest) = Extensions::tls_deserialize_bytes(bytes)?;
        check(&extensions)?;
        Ok((extensions, rest))
    }

    fn check(extensions: &[Extension]) -> Result<(), Error> {
        let ascend = extensions.windows(2).all(|pair| pair[0].kind < pair[1].kind);
        if ascend { Ok(()) } else { Err(Error::InvalidInput) }
    }
}

/// Gives a type a `Debug` that shows its name only: what it carries reaches no log.
macro_rules! opaque_debug {
    ($($name:ty),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}
pub(crate) use opaque_debug;
opaque_debug!(Extension, Secret32);

/// Thirty-two bytes that are a secret or prove one. `Debug` shows the name only, so that they reach no log.
#[derive(Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Secret32(pub [u8; 32]);

/// Bytes that are no frame of this protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`vocab::limits::FRAME_BYTES_MAX`].
    #[error("the frame is longer than {} bytes", vocab::limits::FRAME_BYTES_MAX)]
    TooLarge,
    /// Cut short, followed by something, or not of this shape.
    #[error("the frame does not follow the protocol")]
    Malformed,
}

/// Writing. Infallible for every value the types allow, within the frame limit.
pub trait Encode {
    /// The bytes of the frame.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`] when it would pass the limit.
    fn encode(&self) -> Result<Vec<u8>, FrameError>;
}

/// Reading, of exactly one value.
pub trait Decode: Sized {
    /// Takes all of `bytes` or none.
    ///
    /// # Errors
    /// [`FrameError`].
    fn decode(bytes: &[u8]) -> Result<Self, FrameError>;
}

impl<T: Serialize> Encode for T {
    fn encode(&self) -> Result<Vec<u8>, FrameError> {
        let bytes = self.tls_serialize_detached().map_err(|_| FrameError::TooLarge)?;
        if bytes.len() > vocab::limits::FRAME_BYTES_MAX { Err(FrameError::TooLarge) } else { Ok(bytes) }
    }
}

impl<T: DeserializeBytes> Decode for T {
    fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.len() > vocab::limits::FRAME_BYTES_MAX {
            return Err(FrameError::TooLarge);
        }
        T::tls_deserialize_exact_bytes(bytes).map_err(|_| FrameError::Malformed)
    }
}
