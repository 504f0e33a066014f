//! How the chunks of attachments move: to the service, from it, and away (`docs/protocol/attachment.md`).
//!
//! Nothing of this is an intent: a chunk that is not there yet is a row, and the rows say what is left to do. After a cut line the
//! service is asked which of the chunks that were on their way it has, so that none is said twice. How much is on its way at a
//! time follows from how fast the line was lately.

use std::collections::{BTreeMap, BTreeSet};

use client_db::params;
use vocab::Timestamp;
use vocab::limits::{BLOB_DAYS_MAX, BLOBS_ASKED_MAX};
use vocab::time::{MINUTE_MS, SECOND_MS};
use wire::blob::{AskBlobs, DeleteBlob, FetchBlob, PutBlob};
use wire::{BlobAnswer, BlobRequest, Encode, Refusal, Secret32};

use crate::attachment::{Attachment, Stand};
use crate::lines::Purpose;
use crate::step::{Halt, Halting, Step, sql_time};

/// What is to be done with a chunk at the blob door.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Move {
    /// Put it there.
    Put,
    /// Fetch it from there.
    Fetch,
    /// Delete it there.
    Take,
    /// Ask whether it, and others, are there.
    Ask,
}

/// What is known in memory of chunks on their way; the rows know it too, but for what is on its way just now.
#[derive(Default)]
pub(crate) struct Moving {
    /// Of each attachment that moves: the chunks left to do, and of those the ones on their way.
    left: BTreeMap<i64, Left>,
    /// Bytes on their way, both directions.
    bytes: usize,
    /// Bytes a second, as the line was lately.
    rate: u64,
    /// Where somebody looks just now: fetched from there on.
    looked_at: BTreeMap<i64, u32>,
    /// When those who look at it were last told how far it is.
    told_at: BTreeMap<i64, Timestamp>,
    /// Bytes were deleted in this step.
    pub freed: bool,
    /// The device was full: nothing is fetched before.
    full_until: Option<Timestamp>,
}

#[derive(Default)]
struct Left {
    todo: BTreeSet<u32>,
    /// Put before a line was cut: perhaps there.
    unsure: BTreeSet<u32>,
    /// With the token that was shown for it.
    under_way: BTreeMap<u32, Option<[u8; 32]>>,
}

impl Moving {
    /// Something else than a chunk changed: it is read again.
    pub fn forget(&mut self, attachment: i64) {
        self.left.remove(&attachment);
        self.told_at.remove(&attachment);
    }

    /// The device is full: what is fetched would be fetched again and again, and kept never.
    pub fn full(&mut self, now: Timestamp) {
        self.full_until = Some(now.plus_ms(FULL_MS));
    }

    fn is_full(&self, now: Timestamp) -> bool {
        // A clock that went back puts nothing off for longer.
        self.full_until.is_some_and(|until| now < until && until.ms_since(now) <= FULL_MS)
    }

    /// Rows of several changed: all is read again.
    pub fn forget_all(&mut self) {
        self.left.clear();
    }

    /// The line is gone, and with it what was on its way.
    pub fn line_down(&mut self) {
        if self.bytes > 0 {
            // What was on its way was perhaps too much for it.
            self.rate = (self.rate() / 2).max(RATE_MIN);
        }
        self.left.clear();
        self.bytes = 0;
    }

    fn rate(&self) -> u64 {
        if self.rate == 0 { RATE_FIRST } else { self.rate }
    }

    /// How much longer than any other answer one may take, for all the bytes on their way.
    pub fn patience_ms(&self) -> u64 {
        let bytes = self.bytes as u64;
        (PATIENCE * bytes * SECOND_MS / self.rate()).min(PATIENCE_MS_MAX)
    }

    /// Room for another chunk: always for one.
    fn has_room(&self, bytes: usize) -> bool {
        let most = usize::try_from(self.rate().saturating_mul(AHEAD_SECONDS)).unwrap_or(usize::MAX);
        self.bytes == 0 || self.bytes + bytes <= most.min(BYTES_MAX)
    }

    fn came(&mut self, bytes: usize, ms: u64) {
        let now = (bytes as u64).saturating_mul(SECOND_MS) / ms.max(1);
        self.rate = ((self.rate() * 3 + now) / 4).clamp(RATE_MIN, RATE_MAX);
    }
}

impl Step<'_> {
    /// From when on the blob door is needed for chunks.
    pub fn chunks_wait(&self) -> Halting<Option<Timestamp>> {
        if !self.me.as_ref().is_some_and(|me| me.registered && !me.struck_off) {
            return Ok(None);
        }
        let full = self.lines.moving.full_until.filter(|_| self.lines.moving.is_full(self.now));
        let row = self.tx.row(
            "select min(case state when 3 then max(not_before, ?1) else not_before end)
             from attachment where state in (1, 3, 8) and paused = 0",
            params![full.map_or(0, sql_time)],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(row.flatten().map(|at| Timestamp(crate::step::number(at))))
    }

    /// No chunk is left to be moved, but for what is held.
    pub fn media_is_still(&self) -> Halting<bool> {
        Ok(self.chunks_wait()?.is_none() && !self.media_waits()?)
    }

    /// Whether there is something to do with chunks that needs no line.
    pub fn media_waits(&self) -> Halting<bool> {
        let found = self.tx.row("select 1 from attachment where state in (7, 9, 10) limit 1", [], |row| {
            row.get::<_, i64>(0)
        })?;
        Ok(found.is_some())
    }

    /// Removes, and copies, a few chunks. True when there is more of it.
    pub fn mind_media(&mut self) -> Halting<bool> {
        let copy: Option<i64> =
            self.tx.row("select id from attachment where state = 10 order by id limit 1", [], |row| {
                row.get(0)
            })?;
        if let Some(copy) = copy.map(|id| self.attachment(id)).transpose()?.flatten()
            && self.attempt(|step| step.copy_chunks(&copy))?.is_none()
        {
            self.outgoing_failed(copy.id)?;
        }
        self.clear_media()?;
        self.media_waits()
    }

    /// Sends what may go through the blob door, as much as the line carries.
    pub fn move_chunks(&mut self) -> Halting<()> {
        if self.lines.blob.state != crate::lines::LineState::Ready {
            return Ok(());
        }
        let mut moving = Vec::new();
        // By direction: what waits for tokens must not keep what others sent from coming.
        for stand in [Stand::Leaving, Stand::Wanted, Stand::TakenBack] {
            if stand == Stand::Wanted && self.lines.moving.is_full(self.now) {
                continue;
            }
            let ids: Vec<i64> = self.tx.rows(
                "select id from attachment where state = ?1 and paused = 0 and not_before <= ?2
                 order by size, id limit ?3",
                params![stand as i64, sql_time(self.now), AT_ONCE_MAX],
                |row| row.get(0),
            )?;
            for id in ids {
                moving.extend(self.attachment(id)?);
            }
        }
        // Each in turn, so that none waits for another to end.
        let mut moved = true;
        while moved {
            moved = false;
            for attachment in &moving {
                if !self.lines.moving.has_room(attachment.layout.sealed_bytes())
                    || self.lines.blob.in_flight.len() >= crate::lines::IN_FLIGHT_MAX
                {
                    return Ok(());
                }
                moved |= self.move_one(attachment)?;
            }
        }
        Ok(())
    }

    /// The next chunk of an attachment; false when none may go now.
    fn move_one(&mut self, attachment: &Attachment) -> Halting<bool> {
        self.load_moving(attachment)?;
        let looked_at = self.lines.moving.looked_at.get(&attachment.id).copied().unwrap_or(0);
        let Some(left) = self.lines.moving.left.get(&attachment.id) else { return Ok(false) };
        if left.todo.is_empty() && left.unsure.is_empty() && left.under_way.is_empty() {
            self.moved_all(attachment)?;
            return Ok(false);
        }
        if !left.unsure.is_empty() {
            // Asked first, and nothing more of it is said before the answer.
            return if left.under_way.is_empty() { self.ask_for_unsure(attachment) } else { Ok(false) };
        }
        let next = left.todo.range(looked_at..).chain(&left.todo).next().copied();
        let Some(chunk) = next else { return Ok(false) };
        let capability = Secret32(attachment.secret.capability(chunk));
        let mut shown = None;
        let (what, request) = match attachment.stand {
            Stand::Leaving => {
                let bytes = attachment.layout.sealed_bytes();
                let Some(token) = self.token_for(bytes as u64)? else { return Ok(false) };
                shown = Some(token.nonce);
                let Some(sealed) = self.sealed_chunk(attachment.id, chunk)? else {
                    // The second file lost it: it cannot be sent any more.
                    self.outgoing_failed(attachment.id)?;
                    return Ok(false);
                };
                self.tx.execute(
                    "update chunk set put = 2 where attachment = ?1 and number = ?2",
                    params![attachment.id, chunk],
                )?;
                let put = PutBlob {
                    capability,
                    days: BLOB_DAYS_MAX,
                    sealed: sealed.into(),
                    token: Some(token),
                    extensions: vec![],
                };
                (Move::Put, BlobRequest::PutBlob(put))
            }
            Stand::Wanted => {
                (Move::Fetch, BlobRequest::FetchBlob(FetchBlob { capability, extensions: vec![] }))
            }
            _ => (Move::Take, BlobRequest::DeleteBlob(DeleteBlob { capability, extensions: vec![] })),
        };
        let moving = &mut self.lines.moving;
        moving.bytes += if what == Move::Take { 0 } else { attachment.layout.sealed_bytes() };
        if let Some(left) = moving.left.get_mut(&attachment.id) {
            left.todo.remove(&chunk);
            left.under_way.insert(chunk, shown);
        }
        let operation = request.encode()?;
        self.request_blob(Purpose::Chunk(what, attachment.id, chunk), &operation);
        Ok(true)
    }

    fn ask_for_unsure(&mut self, attachment: &Attachment) -> Halting<bool> {
        let Some(left) = self.lines.moving.left.get_mut(&attachment.id) else { return Ok(false) };
        let asked: Vec<u32> = left.unsure.iter().copied().take(BLOBS_ASKED_MAX).collect();
        left.under_way.extend(asked.iter().map(|chunk| (*chunk, None)));
        let capabilities = asked.iter().map(|chunk| Secret32(attachment.secret.capability(*chunk))).collect();
        let request = BlobRequest::AskBlobs(AskBlobs { capabilities, extensions: vec![] }).encode()?;
        let first = asked.first().copied().unwrap_or(0);
        self.request_blob(Purpose::Chunk(Move::Ask, attachment.id, first), &request);
        Ok(true)
    }

    /// Reads what is left to do for an attachment, unless that is known.
    fn load_moving(&mut self, attachment: &Attachment) -> Halting<()> {
        if self.lines.moving.left.contains_key(&attachment.id) {
            return Ok(());
        }
        let rows: Vec<(u32, i64)> = self.tx.rows(
            "select number, put from chunk where attachment = ?1 order by number",
            params![attachment.id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut left = Left::default();
        match attachment.stand {
            Stand::Wanted => {
                let here: BTreeSet<u32> = rows.iter().map(|(chunk, _)| *chunk).collect();
                left.todo.extend((0..attachment.layout.chunks()).filter(|chunk| !here.contains(chunk)));
            }
            Stand::Leaving => {
                left.todo.extend(rows.iter().filter(|(_, put)| *put == 0).map(|(chunk, _)| *chunk));
                left.unsure.extend(rows.iter().filter(|(_, put)| *put == 2).map(|(chunk, _)| *chunk));
            }
            _ => left.todo.extend(rows.iter().filter(|(_, put)| *put != 0).map(|(chunk, _)| *chunk)),
        }
        self.lines.moving.left.insert(attachment.id, left);
        Ok(())
    }

    fn moved_all(&mut self, attachment: &Attachment) -> Halting<()> {
        match attachment.stand {
            Stand::Leaving => self.attachment_left(attachment.id),
            Stand::Wanted => self.attachment_came(attachment),
            _ => self.set_stand(attachment.id, Stand::Doomed),
        }
    }

    /// All chunks are here: are they what the message names?
    fn attachment_came(&mut self, attachment: &Attachment) -> Halting<()> {
        let bytes_here = self.tx.row(
            "select count(*) from media.chunk where id >= ?1 and id < ?2",
            params![
                crate::attachment::chunk_row(attachment.id, 0),
                crate::attachment::chunk_row(attachment.id + 1, 0)
            ],
            |row| row.get::<_, u32>(0),
        )?;
        if bytes_here.unwrap_or(0) < attachment.layout.chunks() {
            // The second file lost some: they are fetched again.
            self.tx.execute(
                "delete from chunk where attachment = ?1
                 and not exists (select 1 from media.chunk m where m.id = ((chunk.attachment << 16) | chunk.number))",
                params![attachment.id],
            )?;
            self.lines.moving.forget(attachment.id);
            return Ok(());
        }
        if self.hash_of_chunks(attachment.id)?.as_slice() == attachment.hash {
            return self.set_stand(attachment.id, Stand::Here);
        }
        self.damaged(attachment)
    }

    fn damaged(&mut self, attachment: &Attachment) -> Halting<()> {
        self.tx.execute("delete from chunk where attachment = ?1", params![attachment.id])?;
        self.tx.execute(
            "delete from media.chunk where id >= ?1 and id < ?2",
            params![
                crate::attachment::chunk_row(attachment.id, 0),
                crate::attachment::chunk_row(attachment.id + 1, 0)
            ],
        )?;
        self.lines.moving.freed = true;
        self.set_stand(attachment.id, Stand::Damaged)
    }

    /// The service answered about a chunk.
    pub fn chunk_moved(
        &mut self,
        (what, attachment, chunk): (Move, i64, u32),
        since: Timestamp,
        answer: &BlobAnswer,
    ) -> Halting<()> {
        let Some(attachment) = self.chunk_landed(what, attachment, chunk, Some(since))? else {
            return Ok(());
        };
        match (what, answer) {
            (Move::Put, BlobAnswer::Done) => self.mark_put(attachment.id, chunk, true)?,
            (Move::Take, BlobAnswer::Done) => self.mark_put(attachment.id, chunk, false)?,
            (Move::Fetch, BlobAnswer::Blob(blob)) => {
                self.chunk_fetched(&attachment, chunk, blob.sealed.as_slice())?
            }
            (Move::Ask, BlobAnswer::BlobsThere(there)) => {
                self.unsure_known(&attachment, there.there.as_slice())?
            }
            _ => return Err(Halt::Unusable("an answer to something else")),
        }
        self.go_on(&attachment)
    }

    /// Takes a chunk off the list of those on their way.
    fn chunk_landed(
        &mut self,
        what: Move,
        id: i64,
        chunk: u32,
        since: Option<Timestamp>,
    ) -> Halting<Option<Attachment>> {
        let Some(attachment) = self.attachment(id)? else { return Ok(None) };
        let moving = &mut self.lines.moving;
        let bytes =
            if matches!(what, Move::Put | Move::Fetch) { attachment.layout.sealed_bytes() } else { 0 };
        moving.bytes = moving.bytes.saturating_sub(bytes);
        if let (Some(since), true) = (since, bytes > 0) {
            moving.came(bytes, self.now.ms_since(since));
        }
        if let Some(left) = moving.left.get_mut(&id)
            && what != Move::Ask
        {
            left.under_way.remove(&chunk);
        }
        Ok(Some(attachment))
    }

    fn mark_put(&mut self, attachment: i64, chunk: u32, there: bool) -> Halting<()> {
        self.tx.execute(
            "update chunk set put = ?3 where attachment = ?1 and number = ?2",
            params![attachment, chunk, i64::from(there)],
        )?;
        self.progress(attachment)
    }

    fn chunk_fetched(&mut self, attachment: &Attachment, chunk: u32, sealed: &[u8]) -> Halting<()> {
        if attachment.stand != Stand::Wanted {
            return Ok(());
        }
        if attachment.secret.open_chunk(&attachment.layout, chunk, sealed).is_err() {
            // Nothing under this capability can ever be the chunk.
            return self.damaged(attachment);
        }
        self.put_chunk(attachment.id, chunk, sealed)?;
        self.progress(attachment.id)
    }

    /// The service said which of the chunks it has that were on their way when a line was cut.
    fn unsure_known(&mut self, attachment: &Attachment, there: &[u8]) -> Halting<()> {
        let Some(left) = self.lines.moving.left.get_mut(&attachment.id) else { return Ok(()) };
        let asked: Vec<u32> = std::mem::take(&mut left.under_way).into_keys().collect();
        if asked.len() != there.len() {
            return Err(Halt::Unusable("an answer about other blobs"));
        }
        for (chunk, there) in asked.into_iter().zip(there) {
            self.tx.execute(
                "update chunk set put = ?3 where attachment = ?1 and number = ?2",
                params![attachment.id, chunk, i64::from(*there == 1)],
            )?;
        }
        self.lines.moving.forget(attachment.id);
        self.progress(attachment.id)
    }

    fn progress(&mut self, attachment: i64) -> Halting<()> {
        self.tx.execute(
            "update attachment set attempts = 0 where id = ?1 and attempts > 0",
            params![attachment],
        )?;
        let told = self.lines.moving.told_at.get(&attachment);
        if told.is_some_and(|at| *at <= self.now && self.now.ms_since(*at) < TOLD_EVERY_MS) {
            return Ok(());
        }
        self.lines.moving.told_at.insert(attachment, self.now);
        self.tell_of_attachment(attachment)
    }

    /// Whether that was the last chunk.
    fn go_on(&mut self, attachment: &Attachment) -> Halting<()> {
        let Some(attachment) = self.attachment(attachment.id)? else { return Ok(()) };
        let done =
            self.lines.moving.left.get(&attachment.id).is_some_and(|left| {
                left.todo.is_empty() && left.unsure.is_empty() && left.under_way.is_empty()
            });
        let moves = matches!(attachment.stand, Stand::Leaving | Stand::Wanted | Stand::TakenBack);
        if done && moves { self.moved_all(&attachment) } else { Ok(()) }
    }

    /// The service did not do it.
    pub fn chunk_refused(
        &mut self,
        (what, attachment, chunk): (Move, i64, u32),
        refusal: &Refusal,
    ) -> Halting<()> {
        self.lines.note(format!("{what:?} of a chunk refused: {refusal:?}"));
        let shown = self
            .lines
            .moving
            .left
            .get(&attachment)
            .and_then(|left| left.under_way.get(&chunk).copied().flatten());
        let Some(attachment) = self.chunk_landed(what, attachment, chunk, None)? else { return Ok(()) };
        if what == Move::Put {
            // It is certain that this try left nothing.
            self.tx.execute(
                "update chunk set put = 0 where attachment = ?1 and number = ?2",
                params![attachment.id, chunk],
            )?;
        }
        self.lines.moving.forget(attachment.id);
        match (what, refusal) {
            (_, Refusal::Busy { retry_after_ms }) => {
                let jitter = self.random_ms(SECOND_MS);
                self.wait_with(&attachment, u64::from(*retry_after_ms) + jitter)
            }
            (_, Refusal::Unavailable) => {
                self.wait_with(&attachment, RETRY_MS_MIN << attachment.attempts.min(6))
            }
            (Move::Put, Refusal::TokenNeeded) => {
                // Used up, or not good any more: another is shown, at once if there is one.
                shown.map_or(Ok(()), |nonce| self.drop_token(&nonce))
            }
            (Move::Fetch, _) => self.set_stand(attachment.id, Stand::Gone),
            (Move::Take, _) => {
                self.mark_put(attachment.id, chunk, false)?;
                self.go_on(&attachment)
            }
            // Something else lies there, or it is no chunk: it never will be taken.
            (Move::Put | Move::Ask, _) => self.outgoing_failed(attachment.id),
        }
    }

    fn wait_with(&mut self, attachment: &Attachment, ms: u64) -> Halting<()> {
        let jitter = self.random_ms(RETRY_MS_MIN);
        let at = self.now.plus_ms(ms.min(RETRY_MS_MAX) + jitter);
        self.tx.execute(
            "update attachment set not_before = ?2, attempts = attempts + 1 where id = ?1",
            params![attachment.id, sql_time(at)],
        )?;
        if attachment.attempts + 1 == REFUSALS_SHOWN_MIN {
            return self.tell_of_attachment(attachment.id);
        }
        Ok(())
    }

    /// Somebody looks at an attachment at this place while it is fetched: that comes first.
    pub fn look_at_attachment(
        &mut self,
        command: crate::api::CommandId,
        id: crate::api::AttachmentId,
        offset: u64,
    ) -> Halting<()> {
        let Some(attachment) = self.attachment(id.0)? else {
            return self.refuse(command, crate::api::Refused::Unknown);
        };
        let looked_at = &mut self.lines.moving.looked_at;
        if looked_at.len() >= LOOKED_AT_MAX {
            looked_at.clear();
        }
        looked_at.insert(id.0, attachment.layout.chunk_at(offset));
        self.fetch_attachment(command, id, true)
    }

    /// The clock went back: what was to wait for a time counts from now.
    pub fn transfers_after_clock(&mut self, latest: i64) -> Halting<()> {
        self.tx.execute("update attachment set not_before = 0 where not_before > ?1", params![latest])?;
        Ok(())
    }
}

/// Attachments that move at the same time.
const AT_ONCE_MAX: u32 = 4;
/// Bytes on their way at most, both directions together.
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// So many seconds of the line's rate are on their way.
const AHEAD_SECONDS: u64 = 2;
/// Bytes a second that a line is thought to carry before it has carried anything.
const RATE_FIRST: u64 = 64 * 1024;
/// And at least, at most.
const RATE_MIN: u64 = 512;
const RATE_MAX: u64 = 1024 * 1024 * 1024;
/// So many times what the bytes on their way take at the line's rate, and at most so long.
const PATIENCE: u64 = 4;
const PATIENCE_MS_MAX: u64 = 60 * MINUTE_MS;
/// What mends by itself is tried again between these.
const RETRY_MS_MIN: u64 = 2 * SECOND_MS;
const RETRY_MS_MAX: u64 = 10 * MINUTE_MS;
/// Whoever looks is told that the service does not take it after so many refusals without a chunk between.
pub(crate) const REFUSALS_SHOWN_MIN: u32 = 3;
/// How far a transfer is is told no more often.
const TOLD_EVERY_MS: u64 = 250;
/// On a device that was full, nothing is fetched for so long: what little room there is, is for messages.
const FULL_MS: u64 = 5 * MINUTE_MS;
/// Places that are looked at.
const LOOKED_AT_MAX: usize = 64;
