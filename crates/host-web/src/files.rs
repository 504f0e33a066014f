//! Files that a page handed over, on their way into the core, and attachments on their way out to a page.
//!
//! Both go in small steps with a turn of the worker between any two, so that the doors, the clock and the other tabs wait for none of
//! it, and with one piece in memory at a time: a file is read where it lies, and what goes out is given to the browser piece by piece.

use std::io::{self, Read, Seek, SeekFrom};

use app::{
    App, FilesTarget, Filing, FilingStep, FrontId,
    prepare::{self, Looked, Manner},
};
use client::{AttachmentId, Command};
use js_sys::{Array, Uint8Array};
use media::{Class, Kind, Limits, picture};
use screens::{FileChoice, FileSource, Outcome, RefusedKind};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, File, FileReaderSync, ImageData};

use crate::words;

/// Something with files that is under way, for the front end that waits for it.
pub struct Job {
    /// Who waits.
    pub front: FrontId,
    /// For the reply to this.
    pub id: u64,
    work: Work,
}

enum Work {
    /// What is made of each file is found out, one a turn.
    Looking { target: FilesTarget, text: String, left: Vec<(Manner, Handed)>, looked: Vec<Looked<Source>> },
    /// Their bytes go into the core.
    Filing { target: FilesTarget, filing: Filing, looked: Vec<Looked<Source>> },
    /// A piece of an attachment goes out, from a byte on.
    Playing { attachment: AttachmentId, size: u64, at: u64 },
    /// An attachment's bytes go out.
    Giving { attachment: AttachmentId, name: String, size: u64, at: u64, kind: Kind, parts: Array },
}

/// What comes next.
pub enum Step {
    /// Take a turn, then go on.
    Again,
    /// Give the core this; its answer goes to [`Job::replied`], then go on.
    Errand(Command),
    /// It is over: what the front end is told, with an attachment's bytes where it asked for them, and what is to be forgotten.
    Over(Outcome, Option<Blob>, Vec<AttachmentId>),
}

impl Job {
    /// Files are to be sent. `beside` is what the page handed over with it.
    pub fn sending(
        front: FrontId,
        id: u64,
        target: FilesTarget,
        text: String,
        choices: Vec<FileChoice>,
        beside: &JsValue,
    ) -> Result<Self, Outcome> {
        let handed = Handed::read(beside);
        let mut left = Vec::new();
        // The last one first: they are taken from the end.
        for choice in choices.into_iter().rev() {
            let FileSource::Handed(number) = choice.source else { return Err(refused(words::NO_FILE)) };
            let file = handed.iter().find(|file| file.number == number).cloned();
            let manner = Manner { quality: choice.quality, send_as: choice.send_as };
            left.push((manner, file.ok_or_else(|| refused(words::NO_FILE))?));
        }
        Ok(Self { front, id, work: Work::Looking { target, text, left, looked: Vec::new() } })
    }

    /// A page wants the bytes of an attachment.
    pub fn giving(front: FrontId, id: u64, attachment: AttachmentId, name: String, size: u64) -> Self {
        let work = Work::Giving { attachment, name, size, at: 0, kind: Kind::Other, parts: Array::new() };
        Self { front, id, work }
    }

    /// A page plays an attachment and wants a piece of it.
    pub fn playing(front: FrontId, id: u64, attachment: AttachmentId, size: u64, at: u64) -> Self {
        Self { front, id, work: Work::Playing { attachment, size, at } }
    }

    /// One step.
    pub fn step(&mut self, app: &App) -> Step {
        match &mut self.work {
            Work::Looking { target, text, left, looked } => {
                if let Some((manner, handed)) = left.pop() {
                    return match look(manner, &handed) {
                        Ok(one) => {
                            looked.push(one);
                            Step::Again
                        }
                        Err(sentence) => Step::Over(refused(&sentence), None, Vec::new()),
                    };
                }
                let (target, text, mut looked) = (*target, std::mem::take(text), std::mem::take(looked));
                let prepared = looked.iter_mut().map(|file| std::mem::take(&mut file.prepared)).collect();
                self.work = Work::Filing { target, filing: Filing::new(target, text, prepared), looked };
                Step::Again
            }
            Work::Filing { target, filing, looked } => match filing.step() {
                FilingStep::Command(command) => Step::Errand(command),
                FilingStep::Read { file, offset, bytes } => {
                    match looked.get_mut(file).map(|file| file.read_at(offset, bytes)) {
                        Some(Ok(read)) => Step::Errand(filing.read(read)),
                        _ => {
                            filing.failed();
                            Step::Again
                        }
                    }
                }
                FilingStep::Ended(ended) => Step::Over(app.filed(*target, ended), None, filing.leftovers()),
            },
            Work::Playing { attachment, size, at } => match piece(app, *attachment, *at) {
                Ok((kind, blob)) => {
                    let media_type = kind.media_type().to_owned();
                    Step::Over(Outcome::Piece { size: *size, media_type }, Some(blob), Vec::new())
                }
                Err(words::NOT_COME) => {
                    let (kind, sentence) = (RefusedKind::Network, words::NOT_COME.to_owned());
                    Step::Over(Outcome::Refused { kind, sentence, next: None }, None, Vec::new())
                }
                Err(sentence) => Step::Over(refused(sentence), None, Vec::new()),
            },
            Work::Giving { attachment, name, size, at, kind, parts } => {
                if *at >= *size {
                    let blob = whole(parts, *kind);
                    let done = Outcome::Saved { path: name.clone(), sentence: String::new() };
                    return match blob {
                        Ok(blob) => Step::Over(done, Some(blob), Vec::new()),
                        Err(_) => Step::Over(refused(words::NOT_READ), None, Vec::new()),
                    };
                }
                let Ok(Some(piece)) = app.read_attachment(*attachment, *at) else {
                    return Step::Over(refused(words::NOT_READ), None, Vec::new());
                };
                if *at == 0 {
                    *kind = Kind::of(piece.get(..media::KIND_BYTES).unwrap_or(&piece));
                }
                *at += piece.len() as u64;
                match (piece.is_empty(), part(&piece)) {
                    (false, Ok(part)) => {
                        parts.push(&part);
                        Step::Again
                    }
                    _ => Step::Over(refused(words::NOT_READ), None, Vec::new()),
                }
            }
        }
    }

    /// The core answered an errand.
    pub fn replied(&mut self, reply: Result<client::Reply, client::Refused>) {
        if let Work::Filing { filing, .. } = &mut self.work {
            filing.replied(reply);
        }
    }
}

/// A file of the page's, under its number, with a frame of it if it is a video.
#[derive(Clone)]
struct Handed {
    number: u64,
    file: File,
    poster: Option<ImageData>,
}

impl Handed {
    /// What a page sends along: `[number, file, frame or null]`, as many as there are. What is anything else is left out.
    fn read(beside: &JsValue) -> Vec<Self> {
        let all = beside.dyn_ref::<Array>().cloned().unwrap_or_default();
        all.iter()
            .filter_map(|one| {
                let one = one.dyn_into::<Array>().ok()?;
                let file = one.get(1).dyn_into().ok()?;
                Some(Self { number: whole_number(&one.get(0))?, file, poster: one.get(2).dyn_into().ok() })
            })
            .collect()
    }
}

/// Numbers of a page are small.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "looked at just before")]
fn whole_number(value: &JsValue) -> Option<u64> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..1e15).contains(number))?;
    Some(number as u64)
}

fn look(manner: Manner, handed: &Handed) -> Result<Looked<Source>, String> {
    let name = handed.file.name();
    let source = Source::of(&handed.file).map_err(|_| words::NO_FILE.to_owned())?;
    let mut looked = prepare::look(source, &name, manner, &Limits::small())?;
    if looked.prepared.about.kind == client::MediaKind::Video
        && let Some(poster) = &handed.poster
    {
        let pixels =
            picture::Pixels { width: poster.width(), height: poster.height(), rgba: poster.data().0 };
        // A video without a frame is shown by its length and size.
        if let Ok((thumbnail, placeholder)) = picture::thumbnail(&pixels) {
            looked.prepared.thumbnail = thumbnail.jpeg;
            looked.prepared.about.placeholder = placeholder.as_bytes().to_vec();
        }
    }
    Ok(looked)
}

/// What is here of an attachment from a byte on, to the end of its chunk. Only of what its own first bytes say that it is a film or a
/// sound: nothing else that comes from somebody is ever served under this origin.
fn piece(app: &App, attachment: AttachmentId, at: u64) -> Result<(Kind, Blob), &'static str> {
    let read = |at| match app.read_attachment(attachment, at) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(words::NOT_COME),
        Err(_) => Err(words::NOT_READ),
    };
    let mut bytes = read(0)?;
    let kind = Kind::of(bytes.get(..media::KIND_BYTES).unwrap_or(&bytes));
    if !matches!(kind.class(), Class::Video | Class::Audio) {
        return Err(words::NOT_PLAYED);
    }
    if at > 0 {
        bytes = read(at)?;
    }
    part(&bytes).map(|blob| (kind, blob)).map_err(|_| words::NOT_READ)
}

/// A piece in the browser's keeping, which may lay it on a disk.
fn part(piece: &[u8]) -> Result<Blob, JsValue> {
    Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(piece)))
}

/// All pieces as one. Its type is what its bytes are, never what its sender calls it, and only of what a page plays or shows: nothing
/// that comes from somebody is ever a document of this origin.
fn whole(parts: &Array, kind: Kind) -> Result<Blob, JsValue> {
    let shown = matches!(kind.class(), Class::Picture | Class::Video | Class::Audio);
    let options = BlobPropertyBag::new();
    options.set_type(if shown { kind.media_type() } else { "application/octet-stream" });
    Blob::new_with_blob_sequence_and_options(parts, &options)
}

fn refused(sentence: &str) -> Outcome {
    Outcome::Refused { kind: RefusedKind::Refused, sentence: sentence.to_owned(), next: None }
}

/// A file of the page, read where it lies.
struct Source {
    file: File,
    reader: FileReaderSync,
    size: u64,
    at: u64,
    /// What was read from `ahead_at` on: those who look into files read a few bytes at a time.
    ahead: Vec<u8>,
    ahead_at: u64,
}

impl Source {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sizes are whole and positive"
    )]
    fn of(file: &File) -> Result<Self, JsValue> {
        let size = file.size() as u64;
        let reader = FileReaderSync::new()?;
        Ok(Self { file: file.clone(), reader, size, at: 0, ahead: Vec::new(), ahead_at: 0 })
    }

    #[expect(clippy::cast_precision_loss, reason = "files are below 2^53 bytes")]
    fn read_from(&self, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
        let end = at.saturating_add(bytes).min(self.size);
        let read = self
            .file
            .slice_with_f64_and_f64(at as f64, end as f64)
            .and_then(|slice| self.reader.read_as_array_buffer(&slice));
        // Gone, moved, changed, or forbidden: the browser does not say more.
        let buffer = read.map_err(|_| io::Error::other("the browser does not give its bytes any more"))?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }
}

impl Read for Source {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || into.is_empty() {
            return Ok(0);
        }
        let held = self.ahead_at..self.ahead_at + self.ahead.len() as u64;
        if !held.contains(&self.at) {
            self.ahead = self.read_from(self.at, (into.len() as u64).max(AHEAD_BYTES))?;
            self.ahead_at = self.at;
        }
        let from = usize::try_from(self.at - self.ahead_at).unwrap_or(usize::MAX);
        let rest = self.ahead.get(from..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Read at one time, at least: a call into the browser costs more than some bytes.
const AHEAD_BYTES: u64 = 64 * 1024;
