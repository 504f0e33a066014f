//! Key packages: what somebody needs to start a conversation while the device sleeps.
//!
//! Invariant: an answer has one length, whoever was asked for (T-09), and a drawn package is gone for good.

pub mod api;
pub mod ports;
pub mod sql;
