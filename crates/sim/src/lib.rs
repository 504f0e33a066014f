//! The world in one process: people with devices, the service, a seeded network and a virtual clock, without sockets.
//!
//! The clients are the real core and the service is the real service. One seed decides everything: latencies, cuts,
//! crashes, the people's typing. Two runs with the same seed have the same [`World::trace`]. Only the bytes inside commits
//! differ between them (the library draws part of those from the operating system); lengths, times and order do not.
//!
//! Invariant: nothing of this ships, and no constant of the product changes for it.

mod cast;
pub mod checks;
mod device;
pub mod group_checks;
mod group_storm;
mod link;
mod network;
mod saying;
mod storm;
mod trace;
mod world;

pub use cast::Device;
pub use group_storm::{GroupPlan, GroupStorm, GroupText, Person, group_storm};
pub use network::Sky;
pub use storm::{Figures, Plan, Storm, storm};
pub use world::{Crook, Hazards, Meddling, Passing, World};

#[cfg(test)]
mod stories;
