//! Stories, one claim each.

mod conversation;
mod storms;
