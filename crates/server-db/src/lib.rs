//! server-db
