//! Why the core cannot be opened in this browser: what is, why, what now.

use client::OpenError;

/// No private file system, no database for the key, no locks: a private window, an old browser, plain HTTP.
pub const NO_STORAGE: &str = "This browser keeps nothing for this site, so there is no place for your chats. Leave the private \
     window, or use a newer browser; the address must begin with https.";

/// The key cannot be read back.
pub const NO_KEY: &str = "This browser does not give back the key to your chats. Nothing was deleted. Restart the browser, then \
     try again.";

/// The tab that led is gone and its files are still held.
pub const HELD: &str = "Another window still holds your chats. Close the other windows of Valise, then try again; nothing is lost.";

/// More is wanted at once than a page ever wants.
pub const TOO_MUCH: &str = "Too much at once. Wait a moment, then try again.";

/// A file that was chosen is no longer to be had.
pub const NO_FILE: &str = "This file cannot be read any more: it was moved, changed, or this page was loaded again. Choose it again.";

/// An attachment's bytes could not be put together.
pub const NOT_READ: &str = "This file is not on this device as a whole. Load it first, then try again.";

/// A piece of a film or a sound has not come yet.
pub const NOT_COME: &str = "This part has not been loaded yet.";

/// What is asked for piece by piece is no film and no sound.
pub const NOT_PLAYED: &str = "This is nothing that a browser plays. Save it, and open it in another program.";

/// The database was there and could not be opened.
#[must_use]
pub fn open_sentence(error: &OpenError) -> &'static str {
    match error {
        OpenError::WrongKey => {
            "Your chats are in this browser, but their key is not: its data was cleared in part. Nothing was deleted. \
             Put back the browser's data from your copy, or clear all data of this site and begin anew."
        }
        OpenError::Damaged => {
            "What this browser has stored cannot be read any more: it is damaged. Nothing was deleted. Restart the \
             browser, then try again."
        }
        OpenError::Full => {
            "This browser's storage is full, so your chats cannot be opened. Free some space, then try again; nothing is lost."
        }
        OpenError::InUse => HELD,
        OpenError::NewerThanThis { .. } => {
            "A newer version of Valise has written this. Load the page again while you are online; nothing was changed."
        }
        OpenError::Other(_) => {
            "This browser's storage failed, so your chats cannot be opened. Nothing was deleted. Try again; if it stays \
             like this, restart the browser."
        }
    }
}
