//! Identifiers. Each is a type of its own and nothing but random or hashed bytes: no id tells anything.

use std::fmt;
use std::str::FromStr;

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSerialize, TlsDeserializeBytes, TlsSize,
        )]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// Length in bytes.
            pub const BYTES: usize = $bytes;

            /// The raw bytes.
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// From exactly [`Self::BYTES`] bytes.
            ///
            /// # Errors
            /// [`IdentifierError`] when the length differs.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, IdentifierError> {
                bytes.try_into().map(Self).map_err(|_| IdentifierError { kind: stringify!($name), bytes: $bytes })
            }
        }

        impl From<[u8; $bytes]> for $name {
            fn from(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }
        }

        /// Short form, for people and logs: the first four bytes.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({}…)", stringify!($name), hex::encode(&self.0[..4]))
            }
        }

        /// The whole id in lower-case hexadecimal; parsed again by `FromStr`.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = IdentifierError;
            fn from_str(text: &str) -> Result<Self, IdentifierError> {
                let mut bytes = [0; $bytes];
                hex::decode_to_slice(text, &mut bytes)
                    .map_err(|_| IdentifierError { kind: stringify!($name), bytes: $bytes })?;
                Ok(Self(bytes))
            }
        }
    };
}

id!(
    /// A person's account: SHA-256 of the first version of its device list.
    AccountId, 32
);
id!(
    /// One device of an account, random.
    DeviceId, 16
);
id!(
    /// The queue of one device, random, joined to no account on the service.
    MailboxId, 16
);
id!(
    /// The place of one conversation on the service: one total order of commits and messages. Random.
    SlotId, 16
);
id!(
    /// A piece of what belongs to a slot: a hash of the key that opens it.
    PieceId, 32
);
id!(
    /// What the service files an address under: `SHA-256("id" ‖ a)[..16]`.
    AddressKey, 16
);
id!(
    /// A message, as MIMI content counts it: 0x01 ‖ the first 31 bytes of a SHA-256 (draft-ietf-mimi-content-08).
    MessageId, 32
);
id!(
    /// Names one attempt to change something, so that repeating it changes nothing more. Random, lives 24 hours.
    IdempotencyId, 16
);

/// The secret `a` of an address: 32 random bytes that sit in a device's MLS leaf. Whoever shows it lets the service
/// resolve the address. No `Debug`, so that it reaches no log.
#[derive(Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct AddressSecret(pub [u8; 32]);

/// Text or bytes that are not such an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}: expected {bytes} bytes, or twice as many hexadecimal digits")]
pub struct IdentifierError {
    kind: &'static str,
    bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_printed_and_refuses_the_rest() {
        let id = SlotId([7; 16]);
        assert_eq!(id.to_string().parse::<SlotId>().unwrap(), id);
        assert!("07".parse::<SlotId>().is_err());
        assert!("zz".repeat(16).parse::<SlotId>().is_err());
        assert!(SlotId::from_slice(&[1; 15]).is_err());
        assert_eq!(format!("{id:?}"), "SlotId(07070707…)");
    }
}
