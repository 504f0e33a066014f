//! Folders of chats.

use serde::{Deserialize, Serialize};

/// Names a folder. Opaque to a front end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FolderId(pub String);

impl std::fmt::Display for FolderId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A folder of chats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderRow {
    /// Which.
    pub id: FolderId,
    /// What the person calls it.
    pub name: String,
    /// Chats in it.
    pub chats: u32,
    /// Messages in them that were not seen yet.
    pub unread: u32,
}

/// A change to the folders. `folder` is a name, an id, or the first 6 characters of one and more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FolderEdit {
    /// A new one, behind the others.
    Make {
        /// Its name.
        name: String,
    },
    /// Another name.
    Name {
        /// Which.
        folder: String,
        /// The name.
        name: String,
    },
    /// Another place among them.
    Move {
        /// Which.
        folder: String,
        /// From 0.
        to: u32,
    },
    /// Away with it; the chats stay.
    Remove {
        /// Which.
        folder: String,
    },
    /// Puts a chat into it, or takes it out.
    Put {
        /// Which folder.
        folder: String,
        /// Contact or chat.
        chat: String,
        /// Whether it is in it from now on.
        on: bool,
    },
}
