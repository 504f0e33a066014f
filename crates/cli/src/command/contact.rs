//! `valise contact`: contact cards out of files and into files, and what a contact tells of themselves.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use host_native::Core;
use screens::{Action, Answer, Ask, CardFate, CardFile, CardTaken, Outcome};

use super::show::rows;
use super::{chat, report};
use crate::args::CONTACT;
use crate::end::{Stop, answered, done};
use crate::object::Object;
use crate::say::{self, Say};
use crate::settle;

/// `valise contact`
#[derive(Subcommand)]
pub enum Contact {
    /// Show a contact: name, handle, what they say about themselves
    #[command(after_help = CONTACT)]
    Show {
        /// Number, e-mail address, name or id
        who: String,
    },
    /// Write all contacts, groups and kept cards as vCard 4.0
    #[command(after_help = CONTACT)]
    Export {
        /// Where to; nothing writes them to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Keep the cards of a file (vCard 4.0, 3.0, 2.1), on all your devices; nobody is told or asked
    #[command(after_help = CONTACT)]
    Import {
        /// The file; - reads it from standard input
        file: PathBuf,
        /// Ask those who can be asked to be contacts, as valise add does
        #[arg(long)]
        ask: bool,
    },
    /// List the cards that are kept
    #[command(after_help = CONTACT)]
    Cards,
    /// Keep a card no more
    #[command(after_help = CONTACT)]
    Forget {
        /// Its id
        id: String,
    },
}

/// Does one of them.
pub async fn run(core: &Core, say: Say, what: Contact) -> Result<(), Stop> {
    match what {
        Contact::Show { who } => show(core, say, who).await,
        Contact::Export { out } => export(core, say, out).await,
        Contact::Import { file, ask } => import(core, say, &file, ask).await,
        Contact::Cards => cards(core, say).await,
        Contact::Forget { id } => chat::choose(core, say, Action::ForgetCard { id }).await,
    }
}

async fn show(core: &Core, say: Say, who: String) -> Result<(), Stop> {
    settle::fresh(core).await?;
    let Answer::Contact(person) = answered(core.ask(Ask::Contact { who }).await)? else {
        return Err(Stop::unexpected());
    };
    say.result(&Object::person(&person), || {
        let handle = person.handle.as_ref().map_or_else(String::new, |handle| format!(", {handle}"));
        let about =
            person.about.as_ref().map_or_else(String::new, |about| format!("\n{}", say::lines(about)));
        let picture = if person.picture.is_some() { "\nWith a picture." } else { "" };
        format!("{}{handle}\n{}{about}{picture}", say::one_line(&person.name), person.id)
    })
}

async fn export(core: &Core, say: Say, out: Option<PathBuf>) -> Result<(), Stop> {
    settle::fresh(core).await?;
    let (mut text, mut count, mut after) = (String::new(), 0u32, None);
    loop {
        let Answer::Cards(part) = answered(core.ask(Ask::ExportCards { after }).await)? else {
            return Err(Stop::unexpected());
        };
        count = count.saturating_add(part.count);
        match &out {
            None if say.json => say.object(&Object::cards(None, part.count, Some(&part.text)))?,
            None => plain(&part.text)?,
            Some(_) => text.push_str(&part.text),
        }
        after = part.more;
        if after.is_none() {
            break;
        }
    }
    let Some(out) = out else { return Ok(()) };
    report::write(&out, &text)?;
    let file = out.display().to_string();
    say.result(&Object::cards(Some(&file), count, None), || format!("{count} cards written to {file}."))?;
    say.advice(
        "It holds names, numbers and pictures as anybody can read them. Valise has no key of anybody in it.",
    )
}

/// Byte for byte: a file for other programs.
fn plain(text: &str) -> Result<(), Stop> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Stop::refused(format!("The output cannot be written: {error}.")))
}

async fn import(core: &Core, say: Say, file: &Path, ask: bool) -> Result<(), Stop> {
    let read = vcard::read(&bytes_of(file, IMPORT_BYTES_MAX)?);
    if read.is_empty() {
        return Err(Stop::usage(format!("There is no contact card in {}.", file.display())));
    }
    if read.len() >= vcard::CARDS_MAX {
        return Err(Stop::usage(format!(
            "{} holds {} cards or more. Import it in several files.",
            file.display(),
            vcard::CARDS_MAX
        )));
    }
    let mut notices = core.notices();
    let (mut part, mut inside) = (String::new(), 0usize);
    let mut can_be_asked = Vec::new();
    let mut not_read = 0u32;
    let mut cards = read.into_iter().peekable();
    while let Some(card) = cards.next() {
        match card {
            Ok(card) => {
                part.push_str(&card.to_string());
                inside += 1;
            }
            Err(error) => {
                not_read += 1;
                let sentence = format!("{error}, and was left out");
                let taken = CardTaken { name: String::new(), fate: CardFate::NotRead, sentence, add: None };
                told(say, &taken)?;
            }
        }
        let last = cards.peek().is_none();
        if inside > 0 && (last || inside >= PART_CARDS || part.len() >= PART_BYTES) {
            let file = std::mem::take(&mut part);
            inside = 0;
            let Outcome::Cards { cards } = done(core.act(Action::KeepCards { file }).await)? else {
                return Err(Stop::unexpected());
            };
            for taken in cards {
                told(say, &taken)?;
                can_be_asked.extend(taken.add);
            }
        }
    }
    if ask {
        for who in &can_be_asked {
            asked(core, say, who).await?;
        }
    } else if !can_be_asked.is_empty() {
        say.advice(&format!("{} of them can be asked to write with you: --ask", can_be_asked.len()))?;
    }
    if !settle::settled(core, &mut notices, settle::SETTLE_WAIT).await? {
        return Err(Stop::network(
            "It is kept on this device. Your other devices learn of it when the server is reached: valise receive",
        ));
    }
    match not_read {
        0 => Ok(()),
        count => Err(Stop::refused(format!("{count} cards could not be read; all others are kept."))),
    }
}

fn told(say: Say, taken: &CardTaken) -> Result<(), Stop> {
    say.result(&Object::card_taken(taken), || {
        let name = if taken.name.is_empty() { "?".to_owned() } else { say::one_line(&taken.name) };
        format!("{name}: {}", taken.sentence)
    })
}

/// One who cannot be asked keeps no other from being asked.
async fn asked(core: &Core, say: Say, who: &str) -> Result<(), Stop> {
    match core.act(Action::Add { who: who.to_owned() }).await {
        Outcome::Contact { id, name, sentence, .. } => {
            let contact = crate::object::Contact { id: &id, name: &name, more: None };
            say.result(&Object::Contact(contact), || say::lines(&sentence))
        }
        Outcome::Refused { sentence, .. } => {
            let object = Object::NotAsked { who, sentence: &sentence };
            say.result(&object, || format!("{}: {}", say::one_line(who), say::lines(&sentence)))
        }
        _ => Err(Stop::unexpected()),
    }
}

async fn cards(core: &Core, say: Say) -> Result<(), Stop> {
    settle::fresh(core).await?;
    let Answer::KeptCards(kept) = answered(core.ask(Ask::KeptCards).await)? else {
        return Err(Stop::unexpected());
    };
    rows(say, kept, |say, row| {
        say.result(&Object::kept_card(row), || {
            let lines: String = row.card.lines.iter().map(|it| format!(", {}", say::one_line(it))).collect();
            format!("{}  {}{lines}. {}.", row.id, say::one_line(&row.card.name), row.card.line)
        })
    })
}

/// What `valise send --card` names: files of cards by their ends, and contacts.
pub fn to_send(cards: Vec<String>) -> Result<(Vec<String>, Option<String>), Stop> {
    let is_file = |card: &String| card.to_ascii_lowercase().ends_with(".vcf");
    let (files, contacts): (Vec<String>, Vec<String>) = cards.into_iter().partition(is_file);
    let mut text = String::new();
    for file in &files {
        for card in vcard::read(&bytes_of(Path::new(file), SENT_BYTES_MAX)?) {
            let card = card.map_err(|error| Stop::usage(format!("{file} cannot be sent: {error}.")))?;
            text.push_str(&card.to_string());
        }
    }
    if !files.is_empty() && text.is_empty() {
        return Err(Stop::usage(format!("There is no contact card in {}.", files.join(", "))));
    }
    Ok((contacts, (!text.is_empty()).then_some(text)))
}

/// Writes the cards of a message into a folder, under a name that is free.
pub async fn save(core: &Core, say: Say, message: String, folder: &Path) -> Result<(), Stop> {
    let Answer::Cards(CardFile { name, text, .. }) = answered(core.ask(Ask::CardsOf { message }).await)?
    else {
        return Err(Stop::unexpected());
    };
    let stem = name.strip_suffix(".vcf").unwrap_or(&name);
    let names =
        std::iter::once(name.clone()).chain((2..=NAMES_TRIED_MAX).map(|at| format!("{stem} ({at}).vcf")));
    let path = names.map(|name| folder.join(name)).find(|path| !path.exists());
    let path =
        path.ok_or_else(|| Stop::refused(format!("{} is full of cards of this name.", folder.display())))?;
    report::write(&path, &text)?;
    let (path, bytes) = (path.display().to_string(), text.len() as u64);
    say.result(&Object::Saved { path: &path, name: &name, bytes }, || path.clone())
}

fn bytes_of(path: &Path, most: u64) -> Result<Vec<u8>, Stop> {
    let unread = |error: io::Error| Stop::usage(format!("{} cannot be read: {error}.", path.display()));
    let reader: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(unread)?)
    };
    let mut bytes = Vec::new();
    reader.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() as u64 > most {
        let most = most / 1_024;
        return Err(Stop::usage(format!("{} is larger than {most} KB. Take a part of it.", path.display())));
    }
    Ok(bytes)
}

/// Largest file that is imported, bytes: thousands of cards with pictures.
const IMPORT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Largest file of cards for a message, bytes; what the cards may have together is for the core to say.
const SENT_BYTES_MAX: u64 = 1024 * 1024;
/// Cards handed on at once, and when their bytes are enough before that.
const PART_CARDS: usize = 250;
/// See [`PART_CARDS`].
const PART_BYTES: usize = 256 * 1024;
/// Names that are tried for a saved file.
const NAMES_TRIED_MAX: u32 = 1_000;
