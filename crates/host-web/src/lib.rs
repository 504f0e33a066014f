//! The worker's side of the web app: the whole core in a dedicated worker, its database in the browser's private file
//! system, its key in the browser's keeping.
//!
//! Every tab has a worker. One of them leads: it holds the lock `valise-core`, the database and the connections. The
//! others relay what their pages want through a broadcast channel; when the leading tab closes, the lock goes to another,
//! and what was not answered is asked again. A page notices none of this.
//!
//! - [`post`]: one tab's questions, until they are answered by whoever leads; pure.
//! - [`tabs`]: what tabs say to each other, and the leader's list of them; pure.
//! - [`words`]: why the core cannot be opened here, for a person.
//! - `files`: files that a page hands over, and attachments whose bytes it wants: beside the lines of JSON travel `File`s one way and
//!   `Blob`s the other, which are names of bytes that the browser keeps, not the bytes.
//! - `worker`, `doors`, `keys`, `js`: the browser's interfaces.
//!
//! Invariant: this crate moves bytes and decides nothing about them.

pub mod post;
pub mod tabs;
pub mod words;

#[cfg(target_arch = "wasm32")]
mod doors;
#[cfg(target_arch = "wasm32")]
mod files;
#[cfg(target_arch = "wasm32")]
mod js;
#[cfg(target_arch = "wasm32")]
mod keys;
#[cfg(target_arch = "wasm32")]
mod worker;
