//! What is made of a file before it is sent: how it is shown, and which bytes leave.

use std::io::{self, Read, Seek, SeekFrom};

use client::{MediaInfo, MediaKind};
use media::{Class, Kind, Limits, picture, video};
use screens::{Quality, SendAs};

use crate::files::Prepared;

/// How a file is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// How much of a picture.
    pub quality: Quality,
    /// What it is sent as.
    pub send_as: SendAs,
}

/// A file that was looked at: what is said of it, and its bytes as they are sent.
pub struct Looked<R> {
    /// What is said of it.
    pub prepared: Prepared,
    body: Body<R>,
}

enum Body<R> {
    /// As it is.
    File(R),
    /// Made anew.
    Made(Vec<u8>),
    /// Read in another order.
    Rewritten(R, video::Rewrite),
}

impl<R: Read + Seek> Looked<R> {
    /// Exactly so many bytes from there on.
    ///
    /// # Errors
    /// What reading the file gave; `UnexpectedEof` when it became shorter.
    pub fn read_at(&mut self, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let mut read = vec![0; bytes];
        match &mut self.body {
            Body::File(file) => {
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(&mut read)?;
            }
            Body::Made(made) => {
                let from = usize::try_from(offset).ok().and_then(|from| made.get(from..)?.get(..bytes));
                read.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
            }
            Body::Rewritten(file, rewrite) => {
                let mut reader = rewrite.reader(file);
                reader.seek(SeekFrom::Start(offset))?;
                reader.read_exact(&mut read)?;
            }
        }
        Ok(read)
    }
}

/// Looks at a file. Nothing that tells where and with what it was taken is in what is sent, unless it is sent as a file.
///
/// # Errors
/// A sentence: what is, why, what now.
pub fn look<R: Read + Seek>(
    mut source: R,
    name: &str,
    manner: Manner,
    limits: &Limits,
) -> Result<Looked<R>, String> {
    let unreadable = |error: io::Error| format!("“{}” cannot be read: {error}.", shown(name));
    let size = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
    let mut first = Vec::new();
    source.rewind().map_err(unreadable)?;
    source.by_ref().take(media::KIND_BYTES as u64).read_to_end(&mut first).map_err(unreadable)?;
    let kind = Kind::of(&first);
    let as_file = || as_file(kind, name, size);
    if manner.send_as == SendAs::File {
        return Ok(Looked { prepared: as_file(), body: Body::File(source) });
    }
    let refused =
        |why: String| format!("“{}” is not sent: {why} It can be sent as a file, as it is.", shown(name));
    if manner.send_as == SendAs::Voice {
        let bytes = whole(&mut source, size, limits.voice_bytes).map_err(refused)?;
        let note = media::audio::voice_note(&bytes, limits).map_err(|error| refused(sentence(&error)))?;
        let about = MediaInfo {
            kind: MediaKind::Voice,
            duration_ms: note.duration_ms,
            waveform: note.waveform.bars().to_vec(),
            ..about(Kind::OggOpus, MediaKind::Voice, "voice.ogg")
        };
        return Ok(made(about, Vec::new(), note.bytes));
    }
    if manner.send_as == SendAs::Sticker {
        let bytes = whole(&mut source, size, limits.picture_bytes).map_err(refused)?;
        let sticker = media::sticker::make(&bytes, limits)
            .map_err(|error| refused(format!("it makes no sticker: {}", sentence(&error))))?;
        let about = MediaInfo {
            width: sticker.picture.width,
            height: sticker.picture.height,
            placeholder: sticker.placeholder.as_bytes().to_vec(),
            ..about(sticker.picture.kind, MediaKind::Sticker, name)
        };
        return Ok(made(about, Vec::new(), sticker.bytes));
    }
    match (kind.class(), kind) {
        (Class::Picture, Kind::Avif | Kind::Heic) => Err(refused(format!(
            "what tells where it was taken cannot be removed from a {} picture here.",
            kind.name()
        ))),
        (Class::Picture, _) => {
            let bytes = whole(&mut source, size, limits.picture_bytes).map_err(refused)?;
            let quality = match manner.quality {
                Quality::DataSaver => picture::Quality::DataSaver,
                Quality::Standard => picture::Quality::Standard,
                Quality::Original => picture::Quality::Original,
            };
            let sent =
                picture::prepare(&bytes, quality, limits).map_err(|error| refused(sentence(&error)))?;
            let moves = sent.picture.is_animated();
            let shown_as = if moves { MediaKind::Animation } else { MediaKind::Picture };
            let about = MediaInfo {
                width: sent.picture.width,
                height: sent.picture.height,
                placeholder: sent.placeholder.as_bytes().to_vec(),
                ..about(sent.picture.kind, shown_as, name)
            };
            Ok(made(about, sent.thumbnail.jpeg, sent.bytes))
        }
        (Class::Video, _) => {
            let sent = video::prepare(&mut source, limits).map_err(|error| refused(sentence(&error)))?;
            let shown_as = if sent.video.video_codec.is_some() { MediaKind::Video } else { MediaKind::Audio };
            let about = MediaInfo {
                width: sent.video.width,
                height: sent.video.height,
                duration_ms: sent.video.duration_ms,
                ..about(kind, shown_as, name)
            };
            let prepared = Prepared { about, thumbnail: Vec::new(), size: sent.rewrite.bytes() };
            Ok(Looked { prepared, body: Body::Rewritten(source, sent.rewrite) })
        }
        (Class::Audio, _) => {
            let duration = media::audio::inspect(&mut source, limits).ok().and_then(|it| it.duration_ms);
            let mut prepared = as_file();
            prepared.about.kind = MediaKind::Audio;
            prepared.about.duration_ms = duration.unwrap_or(0);
            Ok(Looked { prepared, body: Body::File(source) })
        }
        _ => {
            let mut prepared = as_file();
            if kind == Kind::Pdf {
                let pages = media::document::pdf_pages(&mut source, limits).ok().flatten();
                prepared.about.pages = pages.unwrap_or(0);
            }
            Ok(Looked { prepared, body: Body::File(source) })
        }
    }
}

fn as_file(kind: Kind, name: &str, size: u64) -> Prepared {
    Prepared { about: about(kind, MediaKind::File, name), thumbnail: Vec::new(), size }
}

fn about(kind: Kind, shown_as: MediaKind, name: &str) -> MediaInfo {
    MediaInfo {
        kind: shown_as,
        content_type: kind.media_type().to_owned(),
        name: media::safe_name(name, kind),
        ..MediaInfo::default()
    }
}

fn made<R>(about: MediaInfo, thumbnail: Vec<u8>, bytes: Vec<u8>) -> Looked<R> {
    let prepared = Prepared { about, thumbnail, size: bytes.len() as u64 };
    Looked { prepared, body: Body::Made(bytes) }
}

/// All of a file, where it is small enough to be in memory.
fn whole<R: Read + Seek>(source: &mut R, size: u64, most: u64) -> Result<Vec<u8>, String> {
    if size > most {
        return Err(format!(
            "it has {}, and {} is the most.",
            crate::file_words::bytes(size),
            crate::file_words::bytes(most)
        ));
    }
    let mut bytes = Vec::new();
    source
        .rewind()
        .and_then(|()| source.take(most).read_to_end(&mut bytes))
        .map_err(|error| format!("{error}."))?;
    Ok(bytes)
}

fn sentence(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    if text.ends_with('.') { text } else { format!("{text}.") }
}

fn shown(name: &str) -> String {
    media::safe_name(name, Kind::Other)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn looked(bytes: &[u8], name: &str, manner: Manner) -> Result<(MediaInfo, Vec<u8>), String> {
        let mut looked = look(Cursor::new(bytes.to_vec()), name, manner, &Limits::default())?;
        let size = looked.prepared.size;
        let sent = looked.read_at(0, usize::try_from(size).unwrap()).unwrap();
        assert!(looked.read_at(1, sent.len().max(1)).is_err(), "no more than there is");
        Ok((looked.prepared.about, sent))
    }

    #[test]
    fn what_is_no_medium_is_sent_as_it_is_under_a_safe_name() {
        let (about, sent) = looked(b"hello\n", "../notes.txt", Manner::default()).unwrap();
        assert_eq!((about.kind, about.name.as_str()), (MediaKind::File, "notes.txt"));
        assert_eq!(sent, b"hello\n");
        let (about, sent) = looked(b"", "empty", Manner::default()).unwrap();
        assert_eq!((about.kind, sent.len()), (MediaKind::File, 0));
    }

    #[test]
    fn a_picture_that_is_none_is_refused_and_can_go_as_a_file() {
        let broken = b"\xff\xd8\xff\xe0 not a picture";
        let why = looked(broken, "lake.jpg", Manner::default()).unwrap_err();
        assert!(why.starts_with("“lake.jpg” is not sent") && why.ends_with("as it is."), "{why}");
        let manner = Manner { send_as: SendAs::File, ..Manner::default() };
        assert!(looked(broken, "lake.jpg", manner).is_ok_and(|(_, sent)| sent == broken));
        let manner = Manner { send_as: SendAs::Voice, ..Manner::default() };
        assert!(looked(b"RIFF no", "v.wav", manner).is_err());
    }
}
