//! What a file is, by what is in it. Its name and the media type it came with are claims.

/// So many bytes from a file's beginning are enough for [`Kind::of`].
pub const KIND_BYTES: usize = 4096;

/// The kind of a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// JPEG.
    Jpeg,
    /// PNG, moving or not.
    Png,
    /// WebP, moving or not.
    WebP,
    /// GIF, moving or not.
    Gif,
    /// AVIF; known, not decoded.
    Avif,
    /// HEIC and HEIF; known, not decoded.
    Heic,
    /// MP4 with a picture.
    Mp4,
    /// Apple's elder of MP4.
    QuickTime,
    /// Matroska as browsers play it.
    WebM,
    /// Matroska.
    Matroska,
    /// Opus in Ogg.
    OggOpus,
    /// Vorbis in Ogg.
    OggVorbis,
    /// MP3.
    Mp3,
    /// AAC as it is broadcast (ADTS).
    Aac,
    /// WAV.
    Wav,
    /// FLAC.
    Flac,
    /// MP4 that says it is sound alone.
    M4a,
    /// PDF.
    Pdf,
    /// Word processing, Office Open XML.
    Docx,
    /// Spreadsheet, Office Open XML.
    Xlsx,
    /// Slides, Office Open XML.
    Pptx,
    /// Word processing, OpenDocument.
    Odt,
    /// Spreadsheet, OpenDocument.
    Ods,
    /// Slides, OpenDocument.
    Odp,
    /// Book.
    Epub,
    /// ZIP of anything else.
    Zip,
    /// Business card.
    VCard,
    /// Text in UTF-8, HTML and SVG too: never anything that is run.
    Text,
    /// Anything else.
    Other,
}

/// What one does with a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Is looked at.
    Picture,
    /// Is watched.
    Video,
    /// Is heard.
    Audio,
    /// Is read in another program.
    Document,
    /// Is taken into the address book.
    Contact,
    /// Is kept.
    File,
}

/// Whether a media type that somebody stated fits the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It does.
    Agrees,
    /// The content is something else; what is shown goes by the content.
    Differs,
    /// Neither the content nor the type is known here.
    Unknown,
}

impl Kind {
    /// The kind of the content that begins so; [`KIND_BYTES`] are enough, fewer are too if the file ends there.
    pub fn of(first: &[u8]) -> Self {
        let _ = first;
        Self::Other
    }

    /// Its media type, as IANA registers it where it does.
    pub fn media_type(self) -> &'static str {
        "application/octet-stream"
    }

    /// Its name as one says it.
    pub fn name(self) -> &'static str {
        "file"
    }

    /// The ending its files have, without the dot; none for what may have any.
    pub fn ending(self) -> Option<&'static str> {
        None
    }

    /// What one does with it.
    pub fn class(self) -> Class {
        Class::File
    }

    /// Whether this media type, as somebody stated it, fits.
    pub fn claim(self, media_type: &str) -> Claim {
        let _ = media_type;
        Claim::Unknown
    }
}
