//! Stories, one claim each.

mod canary;
mod conversation;
mod storms;
