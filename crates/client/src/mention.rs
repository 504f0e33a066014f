//! Texts as people write them: plain or Markdown, and whom they mention.

use client_db::params;
use vocab::{AccountId, MessageId};
use wire::content::MimiContent;

use crate::api::ConversationId;
use crate::markup::{self, Target};
use crate::step::{Halting, Step};

/// Columns of this room.
pub(crate) const TABLES: &str = "
-- The text is Markdown.
alter table message add column markdown integer not null default 0;
-- Whether the text of somebody else mentions oneself, see crate::mention.
alter table message add column mentions integer not null default 0;
create index message_mention on message (conversation, mark) where mentions > 0;
";

impl Step<'_> {
    /// A text as whoever typed it means it.
    pub fn text_content(&mut self, text: &str) -> MimiContent {
        let salt = self.random();
        if markup::is_formatted(text) {
            MimiContent::markdown(salt, text)
        } else {
            MimiContent::text(salt, text)
        }
    }

    /// Takes a text into the index, as it is read, with the names of the files it goes with.
    pub fn index_text(&mut self, message: MessageId, text: &str, markdown: bool) -> Halting<()> {
        let read = if markdown { markup::plain(text) } else { text.to_owned() };
        let names: Option<String> = self
            .tx
            .row(
                "select group_concat(name, char(10)) from attached where subject = ?1",
                [message.as_bytes()],
                |row| row.get(0),
            )?
            .flatten();
        match names {
            Some(names) => self.index(message, &[read, names].join("\n")),
            None => self.index(message, &read),
        }
    }

    /// Notes how the text of a message is set and whether it mentions oneself. What calls everybody is judged by the group's
    /// charter as it is when the text comes.
    pub fn note_text(
        &mut self,
        conversation: ConversationId,
        sender: AccountId,
        message: MessageId,
        text: &str,
        markdown: bool,
    ) -> Halting<()> {
        let mentions = if markdown { self.mentions_in(conversation, sender, text)? } else { 0 };
        self.tx.execute(
            "update message set markdown = ?2, mentions = ?3 where id = ?1",
            params![message.as_bytes(), markdown, mentions],
        )?;
        Ok(())
    }

    fn mentions_in(&self, conversation: ConversationId, sender: AccountId, text: &str) -> Halting<i64> {
        let me = self.me()?.account;
        let mut found = 0;
        for mention in markup::mentions(text) {
            match mention.target {
                Target::Account(account) if account == me && sender != me => found |= BY_NAME,
                Target::Conversation(id)
                    if id == conversation.0 && self.may_call_all(conversation, sender)? =>
                {
                    found |= WITH_ALL;
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

/// Oneself is named.
pub(crate) const BY_NAME: i64 = 1;
/// Everybody is called, by somebody who may.
pub(crate) const WITH_ALL: i64 = 2;
