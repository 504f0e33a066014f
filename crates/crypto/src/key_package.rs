//! Key packages: what lets somebody else put a device into a group.

use openmls::prelude::{
    Extension, Extensions, KeyPackage as MlsKeyPackage, KeyPackageIn, ProtocolVersion, UnknownExtension,
};
use openmls_traits::OpenMlsProvider as _;
use openmls_traits::storage::StorageProvider as _;
use tls_codec::{DeserializeBytes as _, Serialize as _, TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::Timestamp;
use vocab::time::{DAY_MS, HOUR_MS};

use crate::device::Identity;
use crate::error::Error;
use crate::group::WelcomeMessage;
use crate::leaf::{LeafData, Member};
use crate::mls_storage::{Label, decode, encode};
use crate::session::Session;
use crate::suite::{SUITE, WINDOW, capabilities, open_lifetime};
use crate::validator::{Refusal, check_leaf};

/// How long a key package may be used. Longer than the service keeps an unclaimed one in stock, shorter than an
/// unused private key should lie around.
pub const KEY_PACKAGE_DAYS: u64 = 90;

/// How far two clocks may be apart (T-43): each a day wrong, in opposite directions, and an hour of daylight saving.
pub const CLOCK_SLACK_HOURS: u64 = 49;

/// When a key package may be used, in milliseconds since 1970, slack included; signed with the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Window {
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Window {
    fn from(now: Timestamp) -> Self {
        let slack_ms = CLOCK_SLACK_HOURS * HOUR_MS;
        Self {
            not_before: Timestamp(now.0.saturating_sub(slack_ms)),
            not_after: now.plus_ms(KEY_PACKAGE_DAYS * DAY_MS + slack_ms),
        }
    }

    fn holds(&self, now: Timestamp) -> bool {
        let slack_ms = CLOCK_SLACK_HOURS * HOUR_MS;
        let longest_ms = KEY_PACKAGE_DAYS * DAY_MS + 2 * slack_ms;
        self.not_before <= now
            && now < self.not_after
            && self.not_after.ms_since(self.not_before) <= longest_ms
    }
}

/// A key package of this device, fresh.
pub struct NewKeyPackage {
    /// The package, to be uploaded.
    pub bytes: Vec<u8>,
    /// Its name in the store, for [`forget_key_package`].
    pub reference: Vec<u8>,
}

/// Makes a key package of this device and stores its private keys.
///
/// A `last_resort` package survives its use; every other is deleted by the Welcome that uses it.
///
/// # Errors
/// [`Error::Refused`] when the leaf would not pass our own checks; [`Error::Store`].
pub fn generate_key_package(
    session: &Session<'_>,
    identity: &Identity<'_>,
    leaf: &LeafData,
    now: Timestamp,
    last_resort: bool,
) -> Result<NewKeyPackage, Error> {
    let package = build(session, identity, leaf, now, last_resort)?;
    check_leaf(0, package.leaf_node())?;
    let reference = package
        .hash_ref(session.crypto())
        .map_err(|error| Error::library(session, "key package reference", &error))?;
    Ok(NewKeyPackage {
        bytes: package.tls_serialize_detached()?,
        reference: encode(Label::KeyPackage, &reference).map_err(|error| Error::Bug(error.to_string()))?,
    })
}

/// Makes and stores a package without asking our own rules.
pub(crate) fn build(
    session: &Session<'_>,
    identity: &Identity<'_>,
    leaf: &LeafData,
    now: Timestamp,
    last_resort: bool,
) -> Result<MlsKeyPackage, Error> {
    let window = UnknownExtension(Window::from(now).tls_serialize_detached()?);
    let extensions = Extensions::single(Extension::Unknown(WINDOW, window))
        .map_err(|error| Error::Bug(format!("key package extension: {error:?}")))?;
    let mut builder = MlsKeyPackage::builder()
        .key_package_lifetime(open_lifetime())
        .key_package_extensions(extensions)
        .leaf_node_capabilities(capabilities())
        .leaf_node_extensions(leaf.extensions()?);
    if last_resort {
        builder = builder.mark_as_last_resort();
    }
    let bundle = builder
        .build(SUITE, session, identity.keys, identity.credential()?)
        .map_err(|error| Error::library(session, "key package", &error))?;
    Ok(bundle.into_key_package())
}

/// Deletes the private keys of a package that will not be used any more (expired, or replaced).
///
/// # Errors
/// [`Error::Malformed`] when `reference` is none of ours; [`Error::Store`].
pub fn forget_key_package(session: &Session<'_>, reference: &[u8]) -> Result<(), Error> {
    let reference: openmls::prelude::KeyPackageRef =
        decode(reference).map_err(|_| Error::Malformed("key package reference"))?;
    session.cache.delete_key_package(&reference).map_err(|error| Error::library(session, "forget", &error))
}

/// The packages that a Welcome is for, by their names in the store. Whether one of them is ours is not looked at.
///
/// # Errors
/// [`Error::Malformed`].
pub fn packages_of(welcome: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let message =
        WelcomeMessage::tls_deserialize_exact_bytes(welcome).map_err(|_| Error::Malformed("Welcome"))?;
    let references = message.secrets.iter().map(|secret| encode(Label::KeyPackage, &secret.new_member()));
    references.collect::<Result<_, _>>().map_err(|_| Error::Malformed("Welcome"))
}

/// Somebody's key package, verified: signatures, chain, time window, suite.
pub struct KeyPackage {
    pub(crate) inner: MlsKeyPackage,
    /// The device it brings in; its leaf number means nothing yet.
    pub member: Member,
    /// It may have been handed out before: the leaf is to be renewed at once.
    pub last_resort: bool,
}

impl KeyPackage {
    /// Reads and verifies a key package, as fetched or received.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unreadable`] for a wrong signature, [`Error::Refused`] for anything our rules
    /// forbid.
    pub fn read(session: &Session<'_>, bytes: &[u8], now: Timestamp) -> Result<Self, Error> {
        let package =
            KeyPackageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| Error::Malformed("key package"))?;
        let inner = package
            .validate(session.crypto(), ProtocolVersion::Mls10)
            .map_err(|_| Error::Unreadable(crate::Unreadable::Forged))?;
        if inner.ciphersuite() != SUITE {
            return Err(Refusal::Suite.into());
        }
        let window = inner.extensions().unknown(WINDOW).ok_or(Refusal::Expired)?;
        let window = Window::tls_deserialize_exact_bytes(&window.0).map_err(|_| Refusal::Expired)?;
        if !window.holds(now) {
            return Err(Refusal::Expired.into());
        }
        let member = check_leaf(0, inner.leaf_node())?;
        Ok(Self { last_resort: inner.last_resort(), inner, member })
    }
}
