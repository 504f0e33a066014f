//! Folders of chats: named, in an order of one's own; a chat may be in several. They are choices (`choice.rs`), so they follow on
//! all devices of the account.
//!
//! A folder is a choice about a random id; that a chat is in it is a choice about both, so that two devices which put different
//! chats into different folders at once lose nothing of each other's.

use client_db::{Reader, params};

use crate::api::{CommandId, ConversationId, Event, FolderChange, FolderId, FolderView, Refused, Reply};
use crate::choice::Key;
use crate::machine::{Client, Fault};
use crate::step::{Halting, Step};

impl Step<'_> {
    /// Changes the folders.
    pub fn change_folders(&mut self, command: CommandId, change: FolderChange) -> Halting<()> {
        let folders = folders(self.tx)?;
        let find = |id: FolderId| folders.iter().position(|folder| folder.id == id);
        let taken = |name: &str, but: Option<FolderId>| {
            let same = |folder: &&FolderView| folder.name.to_lowercase() == name.to_lowercase();
            folders.iter().filter(|folder| Some(folder.id) != but).any(|folder| same(&folder))
        };
        let reply = match change {
            FolderChange::Make(name) => match name_of(&name).filter(|name| !taken(name, None)) {
                Some(name) if folders.len() < FOLDERS_MAX => {
                    let id = FolderId(self.random());
                    self.put_folder(id, folders.len(), &name)?;
                    Ok(Reply::Folder(id))
                }
                _ => Err(Refused::BadFolder),
            },
            FolderChange::Name(id, name) => {
                match (find(id), name_of(&name).filter(|name| !taken(name, Some(id)))) {
                    (None, _) => Err(Refused::Unknown),
                    (Some(_), None) => Err(Refused::BadFolder),
                    (Some(place), Some(name)) => {
                        self.put_folder(id, place, &name)?;
                        Ok(Reply::Folder(id))
                    }
                }
            }
            FolderChange::Move(id, to) => match find(id) {
                None => Err(Refused::Unknown),
                Some(place) => {
                    let mut folders = folders;
                    let moved = folders.remove(place);
                    folders.insert((to as usize).min(folders.len()), moved);
                    // Each says its own place: those that stay where they were say nothing.
                    for (place, folder) in folders.iter().enumerate() {
                        self.put_folder(folder.id, place, &folder.name)?;
                    }
                    Ok(Reply::Folder(id))
                }
            },
            FolderChange::Remove(id) if find(id).is_none() => Err(Refused::Unknown),
            FolderChange::Remove(id) => {
                self.choose(&id.0, Key::Folder, Vec::new())?;
                Ok(Reply::Done)
            }
            FolderChange::Put { conversation, folder, .. }
                if find(folder).is_none() || !self.is_chat(conversation)? =>
            {
                Err(Refused::Unknown)
            }
            FolderChange::Put { conversation, folder, on } => {
                self.choose(&subject_of(conversation, folder), Key::InFolder, vec![u8::from(on)])?;
                Ok(Reply::Folder(folder))
            }
        };
        self.event(Event::Folders);
        self.reply(command, reply);
        Ok(())
    }

    fn put_folder(&mut self, id: FolderId, place: usize, name: &str) -> Halting<()> {
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        let value = [&place.to_be_bytes(), name.as_bytes()].concat();
        self.choose(&id.0, Key::Folder, value)
    }

    fn is_chat(&self, conversation: ConversationId) -> Halting<bool> {
        let known =
            self.tx.row("select 1 from conversation where id = ?1", params![conversation.0], |row| {
                row.get::<_, i64>(0)
            })?;
        Ok(known.is_some() && conversation != self.among_ourselves()?)
    }
}

impl Client {
    /// The folders, in their order.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn folders(&self) -> Result<Vec<FolderView>, Fault> {
        Ok(folders(&self.db.reader())?)
    }
}

/// The folders that there are, in their order.
fn folders(reader: &Reader<'_>) -> Result<Vec<FolderView>, client_db::Error> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = reader.rows(
        "select subject, value from choice where key = ?1 and length(value) > 2
         order by substr(value, 1, 2), substr(value, 3), subject limit ?2",
        params![Key::Folder as u16, FOLDERS_MAX as i64],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let read = |(subject, value): (Vec<u8>, Vec<u8>)| {
        let name = String::from_utf8(value.get(2..)?.to_vec()).ok()?;
        Some(FolderView { id: FolderId(subject.try_into().ok()?), name: name_of(&name)? })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// The folders that a chat is in.
pub(crate) fn of_chat(
    reader: &Reader<'_>,
    conversation: ConversationId,
) -> Result<Vec<FolderId>, client_db::Error> {
    let after = [&conversation.0[..], &[0xff; 9]].concat();
    let subjects: Vec<Vec<u8>> = reader.rows(
        "select subject from choice where key = ?1 and subject > ?2 and subject < ?3 and value = x'01'",
        params![Key::InFolder as u16, conversation.0, after],
        |row| row.get(0),
    )?;
    let folder = |subject: Vec<u8>| subject.get(16..)?.try_into().ok().map(FolderId);
    Ok(subjects.into_iter().filter_map(folder).collect())
}

fn subject_of(conversation: ConversationId, folder: FolderId) -> Vec<u8> {
    [&conversation.0[..], &folder.0[..]].concat()
}

/// Without the spaces around it, if it is one.
fn name_of(typed: &str) -> Option<String> {
    let name = typed.trim();
    let fits = (1..=FOLDER_NAME_CHARS_MAX).contains(&name.chars().count());
    (fits && !name.chars().any(char::is_control)).then(|| name.to_owned())
}

/// Folders of one account: more would be a second list to look through.
pub const FOLDERS_MAX: usize = 64;
/// Longest name of a folder, characters.
pub const FOLDER_NAME_CHARS_MAX: usize = 32;
