//! Previews of links: what the sender of a text says of a page that it links to.
//!
//! The core fetches nothing, neither to make one nor to show one: a host gives it what was made. A preview belongs to the content of
//! its text and stands, changes and goes with it. One whose link is not in the text it came with is dropped, on both sides.

use client_db::params;
use vocab::MessageId;
use wire::content::{LinkPreview, MimiContent, NestedPart};

use crate::api::{Command, CommandId, PreviewView, Refused};
use crate::machine::{Client, Fault, Weakness};
use crate::markup;
use crate::step::{Halt, Halting, Step};

/// Columns of this room.
pub(crate) const TABLES: &str = "
-- What goes with the text of a message or of an edit: what its sender says of a link in it, and a small picture; empty without.
alter table message add column preview blob not null default x'';
alter table message add column preview_picture blob not null default x'';
";

/// The preview that a content brings by the rules.
pub(crate) fn preview_of(content: &MimiContent) -> Option<LinkPreview> {
    let preview = content.nested_part.as_preview()?;
    let text = content.as_text()?;
    markup::links(text, content.is_markdown()).contains(&preview.link).then_some(preview)
}

impl Step<'_> {
    /// Says a text with a preview of a link in it.
    pub fn say_with_preview(
        &mut self,
        command: CommandId,
        of: Command,
        preview: &LinkPreview,
    ) -> Halting<()> {
        let preview = Some(preview);
        match of {
            Command::Send { conversation, text } => self.send_text(command, conversation, &text, preview),
            Command::SendPlain { conversation, text } => {
                self.send_plain(command, conversation, &text, preview)
            }
            Command::Reply { to, text } => self.reply_to(command, to, &text, preview),
            Command::Edit { message, text } => self.edit(command, message, &text, preview),
            _ => self.refuse(command, Refused::BadPreview),
        }
    }

    /// The content of a text with the preview that was made for it, if one was; nothing where its link is not in the text, or it
    /// breaks a limit.
    pub fn previewed(&self, content: MimiContent, preview: Option<&LinkPreview>) -> Option<MimiContent> {
        let Some(preview) = preview else { return Some(content) };
        let nested_part = NestedPart::with_preview(content.nested_part, preview).ok()?;
        let content = MimiContent { nested_part, ..content };
        let fits = preview_of(&content).is_some() || self.config.has(Weakness::PreviewsElsewhere);
        fits.then_some(content)
    }

    /// Notes what a message or an edit brings, in its own row.
    pub fn note_preview(&self, message: MessageId, content: &MimiContent) -> Halting<()> {
        let Some(preview) = preview_of(content) else { return Ok(()) };
        let bytes = preview.encode().map_err(|_| Halt::Unusable("a preview that was read breaks a rule"))?;
        self.tx.execute(
            "update message set preview = ?2, preview_picture = ?3 where id = ?1",
            params![message.as_bytes(), bytes, preview.picture],
        )?;
        Ok(())
    }
}

impl Client {
    /// The small picture of a preview, JPEG.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn preview_picture(&self, message: MessageId) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.db.reader().row(
            "select preview_picture from message where id = ?1 and role = 0 and preview_picture != x''",
            params![message.as_bytes()],
            |row| row.get(0),
        )?)
    }
}

/// What is shown of the bytes of a row.
pub(crate) fn view(bytes: &[u8], has_picture: bool) -> Option<PreviewView> {
    let LinkPreview { link, title, description, .. } = LinkPreview::decode(bytes).ok()?;
    Some(PreviewView { link, title, description, has_picture })
}
