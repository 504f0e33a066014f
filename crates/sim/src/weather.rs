//! Storms: people typing while everything breaks.

/// What was counted in one world, or in many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Worlds.
    pub seeds: u64,
    /// Texts that were written.
    pub texts: u64,
    /// Frames sent, lost and delivered twice.
    pub frames: u64,
    /// See `frames`.
    pub frames_lost: u64,
    /// See `frames`.
    pub frames_doubled: u64,
    /// Connections that broke.
    pub cuts: u64,
    /// Devices that stopped dead.
    pub device_crashes: u64,
    /// Steps undone because the store failed.
    pub store_faults: u64,
    /// Times the service stopped dead.
    pub service_crashes: u64,
    /// Batches of the service undone because its disk failed.
    pub flush_faults: u64,
}

/// A storm.
pub struct Storm;

/// Later.
pub fn storm(_: u64) {}
