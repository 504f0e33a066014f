//! Blobs: what this device leaves at the service for one that has no mailbox yet, and what it waits for there. Each is an
//! intent, so that it survives any crash; its subject says what it is for.

use client_db::params;
use vocab::limits::{BLOB_FREE_BYTES_MAX, BLOB_FREE_DAYS};
use vocab::time::{DAY_MS, MINUTE_MS, SECOND_MS};
use wire::blob::{DeleteBlob, FetchBlob, PutBlob};
use wire::token::Token;
use wire::{BlobRequest, Decode, Encode, Refusal, Secret32};

use crate::intent::{self, Intent, Kind};
use crate::lines::Purpose;
use crate::step::{Halting, Step};

impl Step<'_> {
    /// Leaves sealed bytes under a capability. What pays for them is laid beside them when they are sent.
    pub fn put_blob(
        &mut self,
        subject: &[u8],
        capability: [u8; 32],
        days: u32,
        sealed: Vec<u8>,
    ) -> Halting<()> {
        let request = BlobRequest::PutBlob(PutBlob {
            capability: Secret32(capability),
            days,
            sealed: sealed.into(),
            token: None,
            extensions: vec![],
        });
        intent::queue(self, Kind::PutBlob, subject, &[], &request.encode()?)?;
        Ok(())
    }

    /// Asks for what is, or will be, under a capability, until it is there.
    pub fn await_blob(&mut self, subject: &[u8], capability: [u8; 32]) -> Halting<()> {
        let request =
            BlobRequest::FetchBlob(FetchBlob { capability: Secret32(capability), extensions: vec![] });
        intent::queue_once(self, Kind::FetchBlob, subject, &request.encode()?)
    }

    /// Takes it away from the service.
    pub fn delete_blob(&mut self, capability: [u8; 32]) -> Halting<()> {
        let request =
            BlobRequest::DeleteBlob(DeleteBlob { capability: Secret32(capability), extensions: vec![] });
        let subject = crypto::seal::blob::key_of(&capability);
        intent::queue(self, Kind::PutBlob, &subject, &[], &request.encode()?)?;
        Ok(())
    }

    /// Sends what is to be put or deleted. Which token it shows is noted with it: repeated, it shows the same, and is charged once.
    pub fn send_blob(&mut self, intent: &Intent) -> Halting<()> {
        let purpose = Purpose::Intent(intent.id);
        match BlobRequest::decode(&intent.payload)? {
            BlobRequest::PutBlob(put) if costs(&put) => {
                let Some(token) = self.token_of(intent, put.sealed.len())? else {
                    return intent::put_off(self, intent.id, TOKEN_WAIT_MS);
                };
                let paid = BlobRequest::PutBlob(PutBlob { token: Some(token), ..put });
                self.request_blob(purpose, &paid.encode()?);
            }
            _ => self.request_blob(purpose, &intent.payload),
        }
        Ok(())
    }

    fn token_of(&mut self, intent: &Intent, bytes: usize) -> Halting<Option<Token>> {
        if let Some(token) = self.token_again(&intent.operation)? {
            return Ok(Some(token));
        }
        let token = self.token_for(bytes as u64)?;
        if let Some(token) = &token {
            let noted = params![intent.id, token.nonce];
            self.tx.execute("update intent set operation = ?2 where id = ?1", noted)?;
        }
        Ok(token)
    }

    /// The token is used up or not good any more: another is shown, at once if there is one.
    pub fn blob_not_paid(&mut self, intent: &Intent) -> Halting<()> {
        self.drop_token(&intent.operation)?;
        self.tx.execute("update intent set operation = x'' where id = ?1", params![intent.id])?;
        Ok(())
    }

    /// Forgets what was to be left or awaited for this purpose.
    pub fn drop_blobs(&mut self, subject: &[u8]) -> Halting<()> {
        intent::drop_kind(self, Kind::PutBlob, subject)?;
        intent::drop_kind(self, Kind::FetchBlob, subject)
    }

    /// The service has it, or has deleted it.
    pub fn blob_put(&mut self, intent: &Intent) -> Halting<()> {
        intent::finish(self, intent.id)?;
        match intent.subject.strip_prefix(crate::history::SUBJECT) {
            Some(part) => self.history_part_left(part),
            None => Ok(()),
        }
    }

    /// The service does not take it, and never will.
    pub fn blob_refused(&mut self, intent: &Intent, refusal: &Refusal) -> Halting<()> {
        intent::finish(self, intent.id)?;
        if intent.subject.starts_with(crate::linking::SUBJECT) {
            self.link_blob_refused(&intent.subject, refusal)
        } else {
            Ok(())
        }
    }

    /// Here it is.
    pub fn blob_fetched(&mut self, intent: &Intent, sealed: &[u8]) -> Halting<()> {
        if intent.subject.starts_with(crate::linking::SUBJECT) {
            intent::finish(self, intent.id)?;
            return self.link_blob_fetched(&intent.subject, sealed);
        }
        if intent.subject.starts_with(crate::history::SUBJECT) {
            intent::finish(self, intent.id)?;
            return self.history_part_fetched(sealed);
        }
        if intent.subject.starts_with(crate::picture::SUBJECT) {
            intent::finish(self, intent.id)?;
            return self.picture_fetched(&intent.subject, sealed);
        }
        if intent.subject.starts_with(crate::profile::SUBJECT) {
            intent::finish(self, intent.id)?;
            return self.face_fetched(&intent.subject, sealed);
        }
        if intent.subject.starts_with(crate::newcomer::SUBJECT) {
            intent::finish(self, intent.id)?;
            return self.newcomer_part_fetched(&intent.subject, sealed);
        }
        if intent.subject.starts_with(crate::asking::SUBJECT) {
            intent::finish(self, intent.id)?;
            return self.knock_answered(&intent.subject, sealed);
        }
        intent::finish(self, intent.id)
    }

    /// Not there yet.
    pub fn blob_missing(&mut self, intent: &Intent) -> Halting<()> {
        let wait = if intent.subject.starts_with(crate::linking::SUBJECT) {
            LINK_POLL_MS
        } else if self.is_refused_at_door()? {
            // Nobody gives anything to a device that was removed.
            intent::WAIT_MS_MAX
        } else {
            (HISTORY_POLL_MS_MIN << intent.attempts.min(16)).min(HISTORY_POLL_MS_MAX)
        };
        intent::postpone(self, intent.id, wait)
    }
}

/// What is small and short-lived is free.
fn costs(put: &PutBlob) -> bool {
    put.sealed.len() > BLOB_FREE_BYTES_MAX || put.days > BLOB_FREE_DAYS
}

/// What waits for a token is looked at again after so long, if none is earned before ([`intent::wake_unpaid`]).
const TOKEN_WAIT_MS: u64 = MINUTE_MS;
/// While a person links a device, the other side is looked for so often.
const LINK_POLL_MS: u64 = SECOND_MS;
/// The next part of a history is looked for after so long, doubled each time: the giving device may sleep.
const HISTORY_POLL_MS_MIN: u64 = SECOND_MS;
/// And no less often than this.
const HISTORY_POLL_MS_MAX: u64 = DAY_MS / 48;
