//! The pages of the web app. They draw `screens` values and send `screens` actions; the core runs in a worker
//! (`host-web`), and [`bridge`] carries lines of JSON between the two.
//!
//! - [`model`]: what the page knows and what follows from what; no browser in it.
//! - [`view`]: how that looks; Dioxus, classes of `static/style.css`, no text that a core could have said.
//! - [`map`]: a map of the world that asks nobody; no browser in it. [`locate`]: where this device is, when the person wants it told.
//! - [`files`], [`sound`]: files of the person's, sound that is played or recorded.
//! - [`dom`]: the few things that only the browser's own interfaces can do.
//!
//! Invariant: nothing here speaks the protocol or touches a key, and nothing is fetched from anywhere but the origin.

pub mod bridge;
pub mod dom;
pub mod files;
#[cfg(feature = "gallery")]
pub mod gallery;
pub mod locate;
pub mod map;
pub mod model;
pub mod sound;
pub mod view;
