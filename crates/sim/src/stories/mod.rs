//! Stories, one claim each.

mod conversation;
mod weather;
