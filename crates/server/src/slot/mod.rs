//! Slots: the place of a conversation, one total order of commits and messages.
//!
//! Invariant: showing the posting key is the permission; nothing here knows who shows it. An opened roster stays in memory
//! for a minute at most and never reaches the disk.

pub mod api;
mod pieces;
pub mod ports;
mod roster;
mod rules;
pub mod sql;

pub use api::Slots;
