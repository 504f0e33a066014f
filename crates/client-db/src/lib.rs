//! client-db
