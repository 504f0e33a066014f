//! Core events to screens, actions to commands: every word, order and date that a person sees is decided here, once for
//! all front ends.
//!
//! [`App`] is a machine like the core that it wraps: it reads no clock and opens no socket. A host feeds it
//! [`AppInput`]s and performs its [`AppOutput`]s; any number of front ends (tabs, processes, windows) talk to it at once.
//!
//! Invariant: nothing here opens an envelope or holds a key.

mod app;
mod cards;
mod file_words;
mod files;
mod folders;
mod groups;
mod link;
mod link_words;
mod markup;
mod moment;
mod paint;
pub mod prepare;
mod previews;
mod privacy;
mod profile;
mod query;
mod report;
mod resolve;
mod span;
mod whereabouts;
mod words;

#[cfg(test)]
mod tests;

pub use app::{
    App, AppInput, AppOutput, COMMANDS_WAITING_MAX, ErrandId, FRONTS_MAX, FrontId, LineTrouble, Settings,
};
pub use client::{
    AttachmentId, Client, Command, Config, ConversationId, Door, Fault, LinkEvent, MediaInfo, MediaKind,
    OpenError, Refused, ServiceAddress,
};
pub use files::{FilesTarget, Filing, FilingStep, Prepared};
pub use media::Limits as MediaLimits;
pub use previews::TextTo;
pub use report::check as check_report;
pub use words::{fault_sentence, open_sentence};
