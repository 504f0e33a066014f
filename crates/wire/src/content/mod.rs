//! Content inside an envelope: MIMI content (draft-ietf-mimi-content-08).
