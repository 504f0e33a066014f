//! What a file may cost before it is looked at more closely.

/// Upper bounds for everything in this crate; the default is what the product uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of a picture's file, in bytes. Read as a whole, so it is memory too.
    pub picture_bytes: u64,
    /// Pixels of one picture, or of one frame of it.
    pub pixels: u64,
    /// Longest edge of a picture, in pixels.
    pub edge: u32,
    /// Frames of a picture that moves.
    pub frames: u32,
    /// Memory that decoding one picture may take at its highest, in bytes, beside the file itself.
    pub memory_bytes: u64,
    /// What a video may say about itself (the `moov` box, the head of a Matroska segment), in bytes of memory.
    pub video_head_bytes: u64,
    /// How long a video or a sound may last, in milliseconds.
    pub duration_ms: u64,
    /// Size of a recording that is made into a voice note, in bytes.
    pub voice_bytes: u64,
    /// How long a voice note may last, in milliseconds.
    pub voice_ms: u64,
    /// What is read of a PDF to count its pages, and what may be inflated of it, in bytes.
    pub document_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            picture_bytes: 64 << 20,
            // The largest sensors of phones give 200 megapixels only on request; 108 fit.
            pixels: 120_000_000,
            edge: 30_000,
            frames: 2_000,
            memory_bytes: 768 << 20,
            // About six hours of 60 frames a second with sound.
            video_head_bytes: 32 << 20,
            duration_ms: 24 * 60 * 60 * 1_000,
            voice_bytes: 64 << 20,
            voice_ms: 60 * 60 * 1_000,
            document_bytes: 16 << 20,
        }
    }
}

impl Limits {
    /// Bounds for a browser's worker, whose memory never shrinks again, and for what came from others.
    pub fn small() -> Self {
        Self { pixels: 50_000_000, memory_bytes: 256 << 20, frames: 500, ..Self::default() }
    }
}
