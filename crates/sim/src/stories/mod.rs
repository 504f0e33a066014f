//! Stories, one claim each.

mod conversation;
