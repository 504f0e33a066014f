//! Who may do what with messages in a group, beyond writing: pins and the timer are for whoever may change the group, all are
//! called by its admins.
//!
//! Every device judges alike, by the charter as it is when something comes: whoever may not is passed over, like somebody who may
//! not write.

use client_db::params;
use crypto::Role;
use vocab::AccountId;
use wire::content::MimiContent;

use crate::amendment::Meaning;
use crate::api::{ConversationId, Refused};
use crate::step::{Halting, Step};

impl Step<'_> {
    /// Whether one may pin messages and set the timer here now, and why not.
    pub fn may_arrange(&self, conversation: ConversationId) -> Halting<Option<Refused>> {
        if let Some(refused) = self.may_write(conversation)? {
            return Ok(Some(refused));
        }
        let allowed = self.is_arranger(conversation, self.me()?.account)?;
        Ok((!allowed).then_some(Refused::NotAllowedInGroup))
    }

    /// Whether a content does what its sender may not.
    pub fn oversteps(
        &self,
        conversation: ConversationId,
        sender: AccountId,
        content: &MimiContent,
    ) -> Halting<bool> {
        let arranges = matches!(Meaning::of(content), Meaning::Pin { .. } | Meaning::Timer { .. });
        Ok(arranges && !self.is_arranger(conversation, sender)?)
    }

    /// The same of a message of one's own that waits.
    pub fn message_oversteps(&self, conversation: ConversationId, message: &[u8]) -> Halting<bool> {
        let bytes: Option<Vec<u8>> =
            self.tx.row("select content from message where id = ?1", params![message], |row| row.get(0))?;
        let content = bytes.and_then(|bytes| MimiContent::decode(&bytes).ok());
        content.map_or(Ok(false), |content| self.oversteps(conversation, self.me()?.account, &content))
    }

    /// Whether somebody may call everybody in a group. Between two people there is nobody else to call.
    pub fn may_call_all(&self, conversation: ConversationId, sender: AccountId) -> Halting<bool> {
        Ok(self.room(conversation)?.is_some_and(|(charter, _)| charter.role(sender) >= Role::Admin))
    }

    fn is_arranger(&self, conversation: ConversationId, account: AccountId) -> Halting<bool> {
        let room = self.room(conversation)?;
        Ok(room.is_none_or(|(charter, _)| charter.permits(account, charter.permissions.edit)))
    }
}
