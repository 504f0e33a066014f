//! What a file is, by what is in it. Its name and the media type it came with are claims.

use std::str;

use crate::bytes::{be16, be32, find, le16, le32, stands};

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
    /// MP4.
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
        let first = first.get(..KIND_BYTES).unwrap_or(first);
        magic(first)
            .or_else(|| iso_media(first))
            .or_else(|| matroska(first))
            .or_else(|| ogg(first))
            .or_else(|| archive(first))
            .or_else(|| text(first))
            .or_else(|| mpeg_audio(first))
            .unwrap_or(Self::Other)
    }

    /// Its media type, as IANA registers it where it does.
    pub fn media_type(self) -> &'static str {
        self.facts().0
    }

    /// Its name as one says it.
    pub fn name(self) -> &'static str {
        self.facts().2
    }

    /// The ending its files have, without the dot; none for what may have any.
    pub fn ending(self) -> Option<&'static str> {
        self.facts().1.first().copied()
    }

    /// Whether a name may end so for this content.
    pub(crate) fn allows_ending(self, ending: &str) -> bool {
        let endings = self.facts().1;
        // Text and archives have more endings than anybody could list; none of them is run because of its content.
        endings.is_empty()
            || endings.iter().any(|known| known.eq_ignore_ascii_case(ending))
            || matches!(self, Self::Text | Self::Zip)
    }

    /// What one does with it.
    pub fn class(self) -> Class {
        match self {
            Self::Jpeg | Self::Png | Self::WebP | Self::Gif | Self::Avif | Self::Heic => Class::Picture,
            Self::Mp4 | Self::QuickTime | Self::WebM | Self::Matroska => Class::Video,
            Self::OggOpus | Self::OggVorbis | Self::Mp3 | Self::Aac | Self::Wav | Self::Flac | Self::M4a => {
                Class::Audio
            }
            Self::Pdf
            | Self::Docx
            | Self::Xlsx
            | Self::Pptx
            | Self::Odt
            | Self::Ods
            | Self::Odp
            | Self::Epub
            | Self::Text => Class::Document,
            Self::VCard => Class::Contact,
            Self::Zip | Self::Other => Class::File,
        }
    }

    /// Whether this media type, as somebody stated it, fits. Parameters behind a semicolon do not count.
    pub fn claim(self, media_type: &str) -> Claim {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let by = |kind: Self| kind.media_type() == essence || kind.facts().3.contains(&essence.as_str());
        if essence.is_empty() || essence == Self::Other.media_type() {
            return Claim::Unknown;
        }
        if by(self) || (matches!(self, Self::Text | Self::VCard) && is_text(&essence)) {
            return Claim::Agrees;
        }
        // Formats of others are often ZIP inside.
        if self == Self::Zip && (essence.ends_with("+zip") || essence.starts_with("application/vnd.")) {
            return Claim::Agrees;
        }
        // A type that is known here and would have been recognised is a lie; so is any other for a content that is known.
        if self == Self::Other && !KINDS.iter().any(|kind| by(*kind)) {
            return Claim::Unknown;
        }
        Claim::Differs
    }

    /// Media type, endings (the first is suggested), name, further media types in use.
    fn facts(self) -> (&'static str, &'static [&'static str], &'static str, &'static [&'static str]) {
        match self {
            Self::Jpeg => {
                ("image/jpeg", &["jpg", "jpeg", "jpe", "jfif"], "JPEG", &["image/jpg", "image/pjpeg"])
            }
            Self::Png => ("image/png", &["png", "apng"], "PNG", &["image/apng", "image/vnd.mozilla.apng"]),
            Self::WebP => ("image/webp", &["webp"], "WebP", &[]),
            Self::Gif => ("image/gif", &["gif"], "GIF", &[]),
            Self::Avif => ("image/avif", &["avif", "avifs"], "AVIF", &["image/avif-sequence"]),
            Self::Heic => (
                "image/heic",
                &["heic", "heif", "hif", "heics"],
                "HEIC",
                &["image/heif", "image/heic-sequence", "image/heif-sequence"],
            ),
            Self::Mp4 => (
                "video/mp4",
                &["mp4", "m4v", "m4a", "3gp", "3g2"],
                "MP4",
                &["audio/mp4", "video/3gpp", "video/3gpp2", "audio/3gpp", "video/x-m4v", "application/mp4"],
            ),
            Self::QuickTime => ("video/quicktime", &["mov", "qt"], "QuickTime", &[]),
            Self::WebM => ("video/webm", &["webm", "weba"], "WebM", &["audio/webm"]),
            Self::Matroska => (
                "video/matroska",
                &["mkv", "mka", "mk3d"],
                "Matroska",
                &["video/x-matroska", "audio/matroska", "audio/x-matroska"],
            ),
            Self::OggOpus => {
                ("audio/ogg", &["opus", "ogg", "oga"], "Ogg Opus", &["audio/opus", "application/ogg"])
            }
            Self::OggVorbis => {
                ("audio/ogg", &["ogg", "oga"], "Ogg Vorbis", &["audio/vorbis", "application/ogg"])
            }
            Self::Mp3 => ("audio/mpeg", &["mp3", "mpga"], "MP3", &["audio/mp3", "audio/x-mp3"]),
            Self::Aac => ("audio/aac", &["aac", "adts"], "AAC", &["audio/aacp", "audio/x-aac"]),
            Self::Wav => {
                ("audio/wav", &["wav", "wave"], "WAV", &["audio/x-wav", "audio/wave", "audio/vnd.wave"])
            }
            Self::Flac => ("audio/flac", &["flac"], "FLAC", &["audio/x-flac"]),
            Self::M4a => {
                ("audio/mp4", &["m4a", "m4b", "mp4"], "M4A", &["audio/x-m4a", "audio/m4a", "video/mp4"])
            }
            Self::Pdf => ("application/pdf", &["pdf"], "PDF", &["application/x-pdf"]),
            Self::Docx => (
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                &["docx", "dotx", "docm"],
                "Word",
                &["application/vnd.ms-word.document.macroenabled.12"],
            ),
            Self::Xlsx => (
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                &["xlsx", "xltx", "xlsm"],
                "Excel",
                &["application/vnd.ms-excel.sheet.macroenabled.12"],
            ),
            Self::Pptx => (
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                &["pptx", "ppsx", "potx", "pptm"],
                "PowerPoint",
                &["application/vnd.ms-powerpoint.presentation.macroenabled.12"],
            ),
            Self::Odt => {
                ("application/vnd.oasis.opendocument.text", &["odt", "ott"], "OpenDocument text", &[])
            }
            Self::Ods => (
                "application/vnd.oasis.opendocument.spreadsheet",
                &["ods", "ots"],
                "OpenDocument spreadsheet",
                &[],
            ),
            Self::Odp => (
                "application/vnd.oasis.opendocument.presentation",
                &["odp", "otp"],
                "OpenDocument presentation",
                &[],
            ),
            Self::Epub => ("application/epub+zip", &["epub"], "EPUB", &[]),
            Self::Zip => ("application/zip", &["zip"], "ZIP", &["application/x-zip-compressed"]),
            Self::VCard => ("text/vcard", &["vcf", "vcard"], "vCard", &["text/x-vcard", "text/directory"]),
            Self::Text => ("text/plain", &["txt"], "text", &[]),
            Self::Other => ("application/octet-stream", &[], "file", &[]),
        }
    }
}

fn is_text(essence: &str) -> bool {
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || essence.ends_with("+json")
        || [
            "application/json",
            "application/xml",
            "application/javascript",
            "application/x-sh",
            "application/yaml",
        ]
        .contains(&essence)
}

/// Kinds with a magic number.
fn magic(first: &[u8]) -> Option<Kind> {
    let riff = |form: &[u8]| first.starts_with(b"RIFF") && stands(first, 8, form);
    // The format lets a PDF begin anywhere in its first kilobyte; what begins as something else is that.
    let kilobyte = first.get(..1024).unwrap_or(first);
    Some(match first {
        [0xff, 0xd8, 0xff, ..] => Kind::Jpeg,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Kind::Png,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Kind::Gif,
        _ if riff(b"WEBP") => Kind::WebP,
        _ if riff(b"WAVE") => Kind::Wav,
        _ if first.starts_with(b"fLaC") => Kind::Flac,
        _ if first.starts_with(b"ID3") => Kind::Mp3,
        _ if first.starts_with(b"%PDF-") => Kind::Pdf,
        _ if !first.starts_with(b"PK") && find(kilobyte, b"%PDF-1.").is_some() && text(first).is_none() => {
            Kind::Pdf
        }
        _ => return None,
    })
}

/// Boxes: the first says for whom the file was made (ISO/IEC 14496-12).
fn iso_media(first: &[u8]) -> Option<Kind> {
    let size = be32(first, 0)?;
    if !stands(first, 4, b"ftyp") {
        // Files of old cameras begin with the film itself; the name of a box alone is too little to go by.
        let next = usize::try_from(size).ok().filter(|size| *size >= 8)?;
        let is_box = |at: usize| {
            [b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"]
                .iter()
                .any(|name| stands(first, at + 4, *name))
        };
        return (is_box(0) && (stands(first, 4, b"mdat") || stands(first, 4, b"moov") || is_box(next)))
            .then_some(Kind::QuickTime);
    }
    let end = usize::try_from(size).ok().filter(|size| *size >= 16)?.min(first.len());
    let major = first.get(8..12)?;
    let brands = first.get(16..end).unwrap_or_default();
    let mut all = std::iter::once(major).chain(brands.chunks_exact(4));
    if all.clone().any(|brand| [b"avif", b"avis"].iter().any(|known| brand == *known)) {
        return Some(Kind::Avif);
    }
    Some(match major {
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => Kind::Heic,
        b"qt  " => Kind::QuickTime,
        b"M4A " | b"M4B " | b"M4P " => Kind::M4a,
        _ if all.any(|brand| KNOWN_BRANDS.iter().any(|known| brand.starts_with(known))) => Kind::Mp4,
        _ => return None,
    })
}

/// EBML, and the document type in it (RFC 8794, RFC 9559).
fn matroska(first: &[u8]) -> Option<Kind> {
    first.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]).then_some(())?;
    let head = first.get(..64).unwrap_or(first);
    if find(head, b"\x42\x82\x84webm").is_some() {
        return Some(Kind::WebM);
    }
    find(head, b"\x42\x82\x88matroska").map(|_| Kind::Matroska)
}

/// Pages, and the first packet in the first one (RFC 3533).
fn ogg(first: &[u8]) -> Option<Kind> {
    first.starts_with(b"OggS\0").then_some(())?;
    let packet = 27 + usize::from(*first.get(26)?);
    if stands(first, packet, b"OpusHead") {
        return Some(Kind::OggOpus);
    }
    stands(first, packet, b"\x01vorbis").then_some(Kind::OggVorbis)
}

/// ZIP, and what the names of its first entries say.
fn archive(first: &[u8]) -> Option<Kind> {
    // An archive of nothing begins with its end.
    if first.starts_with(b"PK\x05\x06") {
        return Some(Kind::Zip);
    }
    first.starts_with(b"PK\x03\x04").then_some(())?;
    if let Some(kind) = declared(first) {
        return Some(kind);
    }
    let entries = (0..first.len()).filter(|at| stands(first, *at, b"PK\x03\x04"));
    let mut names = entries.filter_map(|at| {
        let length = usize::from(le16(first, at + 26)?);
        first.get(at + 30..at + 30 + length)
    });
    let is_office = |name: &[u8]| name == b"[Content_Types].xml" || name.starts_with(b"_rels/");
    if !names.clone().take(ENTRIES_MAX).any(is_office) {
        return Some(Kind::Zip);
    }
    let by_folder = names.find_map(|name| match name {
        _ if name.starts_with(b"word/") => Some(Kind::Docx),
        _ if name.starts_with(b"xl/") => Some(Kind::Xlsx),
        _ if name.starts_with(b"ppt/") => Some(Kind::Pptx),
        _ => None,
    });
    Some(by_folder.unwrap_or(Kind::Zip))
}

/// OpenDocument and EPUB say what they are in their first entry, which is not compressed.
fn declared(first: &[u8]) -> Option<Kind> {
    let (method, size) = (le16(first, 8)?, usize::try_from(le32(first, 18)?).ok()?);
    let (name, extra) = (usize::from(le16(first, 26)?), usize::from(le16(first, 28)?));
    (method == 0 && first.get(30..30 + name)? == b"mimetype").then_some(())?;
    let start = 30 + name + extra;
    let declared = str::from_utf8(first.get(start..start.checked_add(size)?)?).ok()?;
    KINDS.into_iter().find(|kind| {
        matches!(kind, Kind::Odt | Kind::Ods | Kind::Odp | Kind::Epub) && kind.media_type() == declared.trim()
    })
}

/// UTF-8 without control characters; a character that the end of what was read cuts in two is none to stumble over.
fn text(first: &[u8]) -> Option<Kind> {
    let text = match str::from_utf8(first) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && first.len() == KIND_BYTES => {
            str::from_utf8(first.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}');
    if text.is_empty() || text.contains(is_odd) {
        return None;
    }
    let line = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default().trim_end();
    Some(if line.eq_ignore_ascii_case("BEGIN:VCARD") { Kind::VCard } else { Kind::Text })
}

/// MPEG audio has no magic number: two frames in a row, the second where the first says.
fn mpeg_audio(first: &[u8]) -> Option<Kind> {
    if first.first() != Some(&0xff) {
        return None;
    }
    if let Some(next) = adts_bytes(first, 0) {
        return (next >= first.len() || adts_bytes(first, next).is_some()).then_some(Kind::Aac);
    }
    let next = crate::audio::mp3::frame(be32(first, 0)?)?.bytes;
    let is_next = be32(first, next).is_none_or(|head| crate::audio::mp3::frame(head).is_some());
    is_next.then_some(Kind::Mp3)
}

/// Size of the ADTS frame at this place.
fn adts_bytes(first: &[u8], at: usize) -> Option<usize> {
    (be16(first, at)? & 0xfff6 == 0xfff0).then_some(())?;
    let size = (be32(first, at + 3)? >> 13) & 0x1fff;
    let rate = (first.get(at + 2)? >> 2) & 0xf;
    (size >= 7 && rate < 13).then_some(at + size as usize)
}

/// How many entries of an archive are looked at for the two that every Office file has near its beginning.
const ENTRIES_MAX: usize = 8;

/// Beginnings of brands that are MP4.
const KNOWN_BRANDS: [&[u8]; 13] = [
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"3g", b"M4V", b"dash",
    b"MSNV",
];

/// All kinds.
pub(crate) const KINDS: [Kind; 29] = [
    Kind::Jpeg,
    Kind::Png,
    Kind::WebP,
    Kind::Gif,
    Kind::Avif,
    Kind::Heic,
    Kind::Mp4,
    Kind::QuickTime,
    Kind::WebM,
    Kind::Matroska,
    Kind::OggOpus,
    Kind::OggVorbis,
    Kind::Mp3,
    Kind::Aac,
    Kind::Wav,
    Kind::Flac,
    Kind::M4a,
    Kind::Pdf,
    Kind::Docx,
    Kind::Xlsx,
    Kind::Pptx,
    Kind::Odt,
    Kind::Ods,
    Kind::Odp,
    Kind::Epub,
    Kind::Zip,
    Kind::VCard,
    Kind::Text,
    Kind::Other,
];

#[cfg(test)]
mod tests;
