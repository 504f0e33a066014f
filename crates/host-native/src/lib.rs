//! The core on a computer: files, sockets, clock and randomness, on tokio.
//!
//! [`Core`] is what a front end holds. Behind it, the first process on a home folder owns the core; every later one
//! finds the owner's socket and talks to the same core through it, and when the owner ends the next one takes over. To a
//! front end the two are the same.
//!
//! Invariant: this crate moves bytes and decides nothing; what a frame or a screen means is not its business.

mod accounts;
mod address;
mod core;
mod door;
mod files;
mod front;
mod home;
mod key;
mod line;
mod moving;
mod owner;
mod preview;
mod relay;
mod tls;
mod trouble;

pub use accounts::{AccountHome, a_moment, account_home, accounts};
pub use address::ServerAddress;
pub use app::check_report;
pub use core::{Core, Heard, Notices, Pending, Role};
pub use home::Options;
pub use trouble::OpenTrouble;

#[cfg(test)]
mod tests;
