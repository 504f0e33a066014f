//! Files in and out: what the core is given piece by piece, and what it gives. Reading and writing happen beside the owner's loop, which
//! only passes commands on.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use app::prepare::{self, Looked, Manner};
use app::{AttachmentId, Command, FilesTarget, Filing, FilingStep, MediaLimits, Refused};
use client::Reply;
use screens::{FileChoice, FileSource, Outcome, RefusedKind};
use tokio::sync::{mpsc, oneshot};

use crate::owner::{Event, To};

/// Looks at files, fills them in and sends them; the front end hears what became of it.
pub(crate) async fn send(
    events: mpsc::Sender<Event>,
    to: To,
    target: FilesTarget,
    text: String,
    choices: Vec<FileChoice>,
) {
    let looked = tokio::task::spawn_blocking(move || choices.iter().map(look).collect::<Result<Vec<_>, _>>());
    let looked = match looked.await {
        Ok(Ok(looked)) => looked,
        Ok(Err(sentence)) => return say(&events, to, refused(sentence)).await,
        Err(_) => return say(&events, to, refused("A file could not be read.".to_owned())).await,
    };
    let (prepared, mut bodies): (Vec<_>, Vec<_>) =
        looked.into_iter().map(|mut looked| (std::mem::take(&mut looked.prepared), Some(looked))).unzip();
    let mut filing = Filing::new(target, text, prepared);
    loop {
        let command = match filing.step() {
            FilingStep::Command(command) => command,
            FilingStep::Read { file, offset, bytes } => match read(&mut bodies, file, offset, bytes).await {
                Some(bytes) => filing.read(bytes),
                None => {
                    filing.failed();
                    continue;
                }
            },
            FilingStep::Ended(ended) => {
                for id in filing.leftovers() {
                    let _dropped = ask(&events, Command::DropAttachment(id)).await;
                }
                let _ = events.send(Event::Filed(to, target, ended)).await;
                return;
            }
        };
        filing.replied(ask(&events, command).await);
    }
}

fn look(choice: &FileChoice) -> Result<Looked<File>, String> {
    let FileSource::Path(path) = &choice.source else {
        return Err("A file that was handed to a browser cannot be read here.".to_owned());
    };
    let path = Path::new(path);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let opened = File::open(path).and_then(|file| {
        let meta = file.metadata()?;
        if meta.is_file() { Ok(file) } else { Err(io::Error::other("it is no file")) }
    });
    let file = opened.map_err(|error| format!("“{}” cannot be read: {error}.", path.display()))?;
    let manner = Manner { quality: choice.quality, send_as: choice.send_as };
    prepare::look(file, &name, manner, &MediaLimits::default())
}

/// Exactly so many bytes of a file, read on a thread that may wait.
async fn read(
    bodies: &mut [Option<Looked<File>>],
    file: usize,
    offset: u64,
    bytes: usize,
) -> Option<Vec<u8>> {
    let place = bodies.get_mut(file)?;
    let mut looked = place.take()?;
    let (looked, read) = tokio::task::spawn_blocking(move || {
        let read = looked.read_at(offset, bytes);
        (looked, read)
    })
    .await
    .ok()?;
    *place = Some(looked);
    read.ok()
}

async fn ask(events: &mpsc::Sender<Event>, command: Command) -> Result<Reply, Refused> {
    let (reply, replied) = oneshot::channel();
    // When the owner ends, nobody answers.
    let _ = events.send(Event::Errand(command, reply)).await;
    replied.await.unwrap_or(Err(Refused::Store))
}

/// An attachment that is here, to be written.
pub(crate) struct ToSave {
    pub id: AttachmentId,
    pub name: String,
    pub bytes: u64,
}

/// Writes an attachment into a folder, under its name or one like it, or to a path where nothing is yet.
pub(crate) async fn save(events: mpsc::Sender<Event>, to: To, what: ToSave, place: String) {
    let outcome = match write(&events, &what, Path::new(&place)).await {
        Ok(path) => {
            let path = path.display().to_string();
            let sentence = format!("Saved as {path}");
            Outcome::Saved { path, sentence }
        }
        Err(error) => refused(format!("“{}” cannot be saved: {error}.", what.name)),
    };
    say(&events, to, outcome).await;
}

async fn write(events: &mpsc::Sender<Event>, what: &ToSave, place: &Path) -> io::Result<PathBuf> {
    let (file, path) = if place.is_dir() {
        create_in(place, &what.name)?
    } else {
        (File::create_new(place)?, place.to_owned())
    };
    let written = fill(events, what, file).await;
    if written.is_err() {
        // Half a file is worse than none.
        let _ = std::fs::remove_file(&path);
    }
    written.map(|()| path)
}

async fn fill(events: &mpsc::Sender<Event>, what: &ToSave, mut file: File) -> io::Result<()> {
    let mut offset = 0;
    while offset < what.bytes {
        let (reply, replied) = oneshot::channel();
        let _ = events.send(Event::ReadAttachment(what.id, offset, reply)).await;
        let part = replied.await.ok().flatten().filter(|part| !part.is_empty());
        let part = part.ok_or_else(|| io::Error::other("it is not all on this device"))?;
        offset += part.len() as u64;
        let (back, written) = tokio::task::spawn_blocking(move || {
            let written = file.write_all(&part);
            (file, written)
        })
        .await
        .map_err(io::Error::other)?;
        written?;
        file = back;
    }
    tokio::task::spawn_blocking(move || file.sync_all()).await.map_err(io::Error::other)?
}

/// A new file in a folder: `lake.jpg`, `lake (2).jpg` and so on.
fn create_in(folder: &Path, name: &str) -> io::Result<(File, PathBuf)> {
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    for number in 1..=NAMES_TRIED_MAX {
        let name = if number == 1 { name.to_owned() } else { format!("{stem} ({number}){ending}") };
        let path = folder.join(name);
        match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|file| (file, path)),
        }
    }
    Err(io::Error::other("there are too many files of this name"))
}

async fn say(events: &mpsc::Sender<Event>, to: To, outcome: Outcome) {
    let _ = events.send(Event::Say(to, outcome)).await;
}

fn refused(sentence: String) -> Outcome {
    Outcome::Refused { kind: RefusedKind::Refused, sentence, next: None }
}

/// Names tried for a file that is saved.
const NAMES_TRIED_MAX: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_file_takes_no_other_files_place() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..3)
            .map(|_| create_in(folder.path(), "lake.tar.gz").unwrap().1)
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["lake.tar.gz", "lake.tar (2).gz", "lake.tar (3).gz"]);
        assert!(create_in(folder.path(), ".hidden").unwrap().1.ends_with(".hidden"));
    }
}
