//! Previews of links: what the sender of a text says of a page that it leads to.

use serde::{Deserialize, Serialize};

/// A preview under a text. Nothing of it is proved but the host, which is of the link itself, and nothing is fetched to show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewShown {
    /// Where it leads: to be opened after the person was asked.
    pub url: String,
    /// The host of that, with its port where it has one, to be shown in plain sight.
    pub host: String,
    /// What the sender says the page is called: one line.
    pub title: String,
    /// What the sender says the page says of itself: one line, may be empty.
    pub description: String,
    /// There is a small picture: [`crate::Ask::PreviewPicture`].
    pub picture: bool,
    /// For a screen reader: `Preview of harbourrail.example: Night trains`.
    pub spoken: String,
}

/// Which preview a text brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewWish {
    /// One that the host makes of the first link in it, whatever is chosen for the chat. Where none can be made the text leaves
    /// without.
    Make,
    /// None, whatever is chosen for the chat.
    Leave,
    /// This one: nothing is fetched.
    Given(GivenPreview),
    /// This one, which the host has made. Where the text came out otherwise than it was looked at, it leaves without.
    Made(GivenPreview),
}

/// A preview as whoever writes gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenPreview {
    /// A link that is in the text.
    pub url: String,
    /// What the page is called; not empty.
    pub title: String,
    /// What it says of itself; may be empty.
    pub description: String,
    /// A picture of it.
    pub picture: Option<PreviewPicture>,
}

/// The picture of a preview that is given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewPicture {
    /// A file on the machine that the core runs on; a small picture is made of it.
    Path(String),
    /// A small JPEG of at most 16 KiB.
    Jpeg {
        /// Its bytes.
        base64: String,
    },
}

/// Shows nobody's picture.
impl std::fmt::Debug for PreviewPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PreviewPicture")
    }
}
