//! The one ciphersuite and the settings of every group.

use openmls::prelude::{
    Capabilities, Ciphersuite, CredentialType, ExtensionType, Lifetime, MlsGroupJoinConfig,
    PURE_CIPHERTEXT_WIRE_FORMAT_POLICY, ProtocolVersion, SenderRatchetConfiguration,
};

/// X-Wing (ML-KEM-768 with X25519), AES-128-GCM, SHA-256, Ed25519: number 0x004F.
pub(crate) const SUITE: Ciphersuite = Ciphersuite::MLS_128_MLKEM768X25519_AES128GCM_SHA256_Ed25519;

/// Leaf extension with [`LeafData`](crate::LeafData): private-use range of RFC 9420.
pub(crate) const LEAF_DATA: u16 = 0xF0A1;
/// Key-package extension with the package's own time window.
pub(crate) const WINDOW: u16 = 0xF0A2;
/// Group-info extension with `R`, for whoever joins by Welcome.
pub(crate) const REJOIN_SECRET: u16 = 0xF0A3;

/// Group-info extension with the key of the tree's index, where the tree is not in the description.
pub(crate) const TREE_KEY: u16 = 0xF0A5;

/// Group-context extension with the [`Charter`](crate::Charter) of a group.
pub(crate) const CHARTER: u16 = 0xF0A4;

/// How many messages of one sender may arrive late and still be read: retransmission, and healing from other devices.
pub(crate) const OUT_OF_ORDER_TOLERANCE: u32 = 1_000;
/// How many messages of one sender may be missing before the next: bounds the work a forged generation can cause.
pub(crate) const FORWARD_DISTANCE_MAX: u32 = 2_000;

/// Exactly what we speak. The library's default would offer more and leave out our suite.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities::new(
        Some(&[ProtocolVersion::Mls10]),
        Some(&[SUITE]),
        Some(&[
            ExtensionType::Unknown(LEAF_DATA),
            ExtensionType::Unknown(WINDOW),
            ExtensionType::Unknown(CHARTER),
            ExtensionType::LastResort,
        ]),
        Some(&[]),
        Some(&[CredentialType::Basic]),
    )
}

/// Settings of every group.
///
/// No past epochs (the slot is one total order, and each would be rewritten with every message), no resumption keys
/// (unused, and they would outlive their epoch), no padding (the envelope outside pads). Handshakes of members are
/// encrypted although the envelope already hides them, so that a mistake out there shows nobody's leaf.
pub(crate) fn config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .padding_size(0)
        .max_past_epochs(0)
        .number_of_resumption_psks(0)
        .use_ratchet_tree_extension(true)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(
            OUT_OF_ORDER_TOLERANCE,
            FORWARD_DISTANCE_MAX,
        ))
        .build()
}

/// The library compares the MLS lifetime with the system's clock, which the core must not read. It is therefore left
/// open, and the window that counts travels in an extension of ours and is compared with the time handed in.
pub(crate) fn open_lifetime() -> Lifetime {
    Lifetime::init(0, u64::MAX)
}
