//! `valise folder`

use clap::Subcommand;
use host_native::Core;
use screens::{Action, Answer, Ask, FolderEdit, FolderRow};

use super::chat::choose;
use crate::args::FOLDER;
use crate::end::{Stop, answered};
use crate::object::Object;
use crate::say::{self, Say};
use crate::settle;

/// `valise folder`
#[derive(Subcommand)]
pub enum Folder {
    /// List the folders, in their order
    #[command(after_help = FOLDER)]
    List,
    /// Make one
    #[command(after_help = FOLDER)]
    Create {
        /// Its name
        name: String,
    },
    /// Put chats into one
    #[command(after_help = FOLDER)]
    Add {
        /// Its name or id
        folder: String,
        /// Number, e-mail address, name or id of the person, or id of the chat
        #[arg(required = true)]
        chats: Vec<String>,
    },
    /// Take chats out of one
    #[command(after_help = FOLDER)]
    Remove {
        /// Its name or id
        folder: String,
        /// Number, e-mail address, name or id of the person, or id of the chat
        #[arg(required = true)]
        chats: Vec<String>,
    },
    /// Give one another name
    #[command(after_help = FOLDER)]
    Rename {
        /// Its name or id
        folder: String,
        /// The new name
        name: String,
    },
    /// Put one at another place among them
    #[command(after_help = FOLDER)]
    Move {
        /// Its name or id
        folder: String,
        /// The first is 1
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        place: u32,
    },
    /// Delete one; its chats stay
    #[command(after_help = FOLDER)]
    Delete {
        /// Its name or id
        folder: String,
    },
}

/// Does what was typed.
pub async fn run(core: &Core, say: Say, what: Folder) -> Result<(), Stop> {
    let edit = match what {
        Folder::List => return list(core, say).await,
        Folder::Create { name } => FolderEdit::Make { name },
        Folder::Add { folder, chats } => return put(core, say, &folder, chats, true).await,
        Folder::Remove { folder, chats } => return put(core, say, &folder, chats, false).await,
        Folder::Rename { folder, name } => FolderEdit::Name { folder, name },
        Folder::Move { folder, place } => FolderEdit::Move { folder, to: place - 1 },
        Folder::Delete { folder } => FolderEdit::Remove { folder },
    };
    choose(core, say, Action::Folder(edit)).await
}

async fn put(core: &Core, say: Say, folder: &str, chats: Vec<String>, on: bool) -> Result<(), Stop> {
    for chat in chats {
        choose(core, say, Action::Folder(FolderEdit::Put { folder: folder.to_owned(), chat, on })).await?;
    }
    Ok(())
}

async fn list(core: &Core, say: Say) -> Result<(), Stop> {
    settle::fresh(core).await?;
    for row in all(core).await? {
        say.result(&Object::folder(&row), || {
            let unread = if row.unread == 0 { String::new() } else { format!(" ({})", row.unread) };
            format!("{}  {}{unread}: {} chats", row.id, say::one_line(&row.name), row.chats)
        })?;
    }
    Ok(())
}

/// The folders, in their order.
pub async fn all(core: &Core) -> Result<Vec<FolderRow>, Stop> {
    match answered(core.ask(Ask::Chats).await)? {
        Answer::Chats(list) => Ok(list.folders),
        _ => Err(Stop::unexpected()),
    }
}
