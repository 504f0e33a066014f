//! Attachments: files that belong to messages (`docs/protocol/attachment.md`). This room makes them, files them, shows and forgets them; how
//! their chunks move is in `transfer`.
//!
//! A file that is to be sent is filled in piece by piece, sealed at once, and kept; then it leaves, and when all of it is at the
//! service the message is made. Until then it is *outgoing*. What comes is known by its message first, and fetched by rule or
//! on demand. The chunks lie in the second file of the store as they travel, their secret in the first.

use client_db::{Reader, Row, RowError, params};
use crypto::attachment::{ATTACHMENT_BYTES_MAX, AttachmentSecret, Layout, chunk_hash};
use vocab::limits::{BLOB_DAYS_MAX, TEXT_BYTES_MAX};
use vocab::time::DAY_MS;
use vocab::{MessageId, Timestamp};
use wire::Secret32;
use wire::content::{ATTACHMENTS_MAX, AttachmentPart, MediaInfo, MediaKind, MimiContent, NestedPart};

use crate::api::{
    AttachmentId, AttachmentState, AttachmentView, CommandId, ConversationId, Event, Hold, MediaRules,
    NewAttachment, OutgoingId, OutgoingView, Refused, Reply, Stored,
};
use crate::machine::{Client, Fault};
use crate::step::{Halt, Halting, Step, number, sql_number, sql_time};
use crate::token::lacks_allowance;

/// Tables of this room.
pub(crate) const TABLES: &str = "
create table attachment (
    id integer primary key,
    secret blob not null,
    size integer not null,
    -- Of the whole, as the message names it; empty while it is filled in.
    hash blob not null default x'',
    -- See crate::attachment::Stand.
    state integer not null,
    paused integer not null default 0,
    -- The last day of its blobs at the service; 0 while none is there.
    expiry integer not null default 0,
    -- What it is a copy of while it is copied; 0 else.
    copy_of integer not null default 0,
    attempts integer not null default 0,
    not_before integer not null default 0
) strict;
create unique index attachment_same on attachment (secret, size, hash) where hash != x'';
create index attachment_moves on attachment (state) where state in (0, 1, 3, 7, 8, 9, 10);
-- The chunks that are here; their bytes lie in media.chunk.
create table chunk (
    attachment integer not null, number integer not null, hash blob not null,
    -- 0 not at the service, 1 there, 2 perhaps
    put integer not null default 0,
    primary key (attachment, number)
) strict, without rowid;
-- What messages, and what is to become one, carry.
create table attached (
    -- A message, or what is outgoing.
    subject blob not null,
    part integer not null,
    attachment integer not null,
    kind integer not null,
    content_type text not null,
    name text not null,
    width integer not null,
    height integer not null,
    duration_ms integer not null,
    pages integer not null,
    placeholder blob not null,
    waveform blob not null,
    thumbnail blob not null,
    primary key (subject, part)
) strict;
create index attached_attachment on attached (attachment);
create table outgoing (
    id blob primary key not null,
    conversation blob not null,
    in_reply_to blob not null,
    text text not null,
    forwarded integer not null,
    made_at integer not null,
    failed integer not null default 0
) strict, without rowid;
";

/// Of the second file.
pub(crate) const MEDIA_TABLES: &str = "
-- id: attachment * 65,536 + number
create table if not exists media.chunk (id integer primary key, sealed blob not null) strict;
";

/// How an attachment stands on this device. The numbers are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stand {
    /// Its bytes come from a person's file.
    Filling = 0,
    /// It is all here, and its chunks go to the service.
    Leaving = 1,
    /// Known from a message, not fetched.
    Known = 2,
    /// Being fetched.
    Wanted = 3,
    /// All of it is here, and genuine.
    Here = 4,
    /// The service does not have it, or not all of it.
    Gone = 5,
    /// What came is not what the message names.
    Damaged = 6,
    /// No message has it any more: its bytes go, then it.
    Doomed = 7,
    /// Its chunks are deleted at the service, then it is doomed.
    TakenBack = 8,
    /// Its bytes go; it stays known.
    Emptied = 9,
    /// It is filled with the bytes of another one.
    Copying = 10,
}

impl Stand {
    pub const ALL: [Self; 11] = [
        Self::Filling,
        Self::Leaving,
        Self::Known,
        Self::Wanted,
        Self::Here,
        Self::Gone,
        Self::Damaged,
        Self::Doomed,
        Self::TakenBack,
        Self::Emptied,
        Self::Copying,
    ];

    pub fn of(number: i64) -> Halting<Self> {
        Self::ALL.into_iter().find(|stand| *stand as i64 == number).ok_or(Halt::Unusable("no such stand"))
    }
}

/// One attachment's row.
pub(crate) struct Attachment {
    pub id: i64,
    pub secret: AttachmentSecret,
    pub layout: Layout,
    pub hash: Vec<u8>,
    pub stand: Stand,
    pub copy_of: i64,
    pub attempts: u32,
}

/// The row of a chunk's bytes.
pub(crate) fn chunk_row(attachment: i64, number: u32) -> i64 {
    (attachment << CHUNK_BITS) | i64::from(number)
}

impl Step<'_> {
    /// Begins an attachment that is filled in.
    pub fn new_attachment(&mut self, command: CommandId, size: u64) -> Halting<()> {
        let Ok(layout) = Layout::of(size) else { return self.refuse(command, Refused::FileTooLarge) };
        let filling: i64 = self
            .tx
            .row("select count(*) from attachment where state = 0", [], |row| row.get(0))?
            .unwrap_or_default();
        if filling >= FILLING_MAX {
            return self.refuse(command, Refused::TooManyFiles);
        }
        let id = self.insert_attachment(layout, Stand::Filling, 0)?;
        let piece = u32::try_from(layout.plain_bytes()).unwrap_or(u32::MAX);
        self.reply(command, Ok(Reply::Attachment { id: AttachmentId(id), piece }));
        Ok(())
    }

    fn insert_attachment(&mut self, layout: Layout, stand: Stand, copy_of: i64) -> Halting<i64> {
        let secret = AttachmentSecret::random(self.rng);
        Ok(self.tx.insert(
            "insert into attachment (secret, size, state, copy_of) values (?1, ?2, ?3, ?4)",
            params![secret.0, sql_number(layout.size()), stand as i64, copy_of],
        )?)
    }

    /// Takes the next piece of a file: as many bytes as [`Reply::Attachment`] said, fewer in the last.
    pub fn fill_attachment(&mut self, command: CommandId, id: AttachmentId, bytes: &[u8]) -> Halting<()> {
        let Some(attachment) = self.attachment(id.0)?.filter(|it| it.stand == Stand::Filling) else {
            return self.refuse(command, Refused::Unknown);
        };
        let next = self.chunks_here(attachment.id)?;
        let wanted = attachment.layout.part(next).map(|(_, bytes)| bytes).unwrap_or(0);
        let full = next > 0 && wanted == 0;
        if full || bytes.len() != wanted {
            // Another file than was said, or it changed meanwhile.
            return self.refuse(command, Refused::FileChanged);
        }
        self.keep_chunk(&attachment, next, bytes)?;
        let mut done = attachment.layout.part(next).map(|(begin, bytes)| begin + bytes as u64).unwrap_or(0);
        if done >= attachment.layout.size() {
            self.fill_up(&attachment)?;
            done = attachment.layout.size();
        }
        self.reply(command, Ok(Reply::Filled { bytes: done }));
        Ok(())
    }

    /// The chunks that only pad, and the hash of all.
    fn fill_up(&mut self, attachment: &Attachment) -> Halting<()> {
        for number in self.chunks_here(attachment.id)?..attachment.layout.chunks() {
            self.keep_chunk(attachment, number, &[])?;
        }
        let hash = self.hash_of_chunks(attachment.id)?;
        self.tx.execute("update attachment set hash = ?2 where id = ?1", params![attachment.id, hash])?;
        Ok(())
    }

    fn keep_chunk(&mut self, attachment: &Attachment, chunk: u32, plain: &[u8]) -> Halting<()> {
        let sealed = attachment.secret.seal_chunk(&attachment.layout, chunk, plain)?;
        self.put_chunk(attachment.id, chunk, &sealed)
    }

    /// Keeps the bytes of a chunk as they travel.
    pub fn put_chunk(&mut self, attachment: i64, chunk: u32, sealed: &[u8]) -> Halting<()> {
        self.tx.execute(
            "insert or replace into media.chunk (id, sealed) values (?1, ?2)",
            params![chunk_row(attachment, chunk), sealed],
        )?;
        self.tx.execute(
            "insert or ignore into chunk (attachment, number, hash) values (?1, ?2, ?3)",
            params![attachment, chunk, chunk_hash(sealed)],
        )?;
        Ok(())
    }

    pub fn chunks_here(&self, attachment: i64) -> Halting<u32> {
        let count =
            self.tx.row("select count(*) from chunk where attachment = ?1", params![attachment], |row| {
                row.get(0)
            })?;
        Ok(count.unwrap_or(0))
    }

    pub fn hash_of_chunks(&self, attachment: i64) -> Halting<[u8; 32]> {
        let hashes: Vec<[u8; 32]> = self.tx.rows(
            "select hash from chunk where attachment = ?1 order by number",
            params![attachment],
            |row| row.get(0),
        )?;
        Ok(crypto::attachment::whole_hash(&hashes))
    }

    /// Forgets a file that was to be sent and is not.
    pub fn drop_attachment(&mut self, command: CommandId, id: AttachmentId) -> Halting<()> {
        let dropped = self.tx.execute(
            "update attachment set state = 7 where id = ?1 and state = 0
             and not exists (select 1 from attached where attachment = ?1)",
            params![id.0],
        )?;
        let reply = if dropped > 0 { Ok(Reply::Done) } else { Err(Refused::Unknown) };
        self.reply(command, reply);
        Ok(())
    }

    /// Sends files that were filled in, with words or without.
    pub fn send_attachments(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        to: Option<MessageId>,
        text: &str,
        files: &[NewAttachment],
    ) -> Halting<()> {
        if text.len() > TEXT_BYTES_MAX {
            return self.refuse(command, Refused::BadText);
        }
        if files.is_empty() || files.len() > ATTACHMENTS_MAX {
            return self.refuse(command, Refused::BadAttachment);
        }
        if let Some(refused) = self.may_write(conversation)? {
            return self.refuse(command, refused);
        }
        let mut parts = Vec::new();
        for file in files {
            let filled = self.attachment(file.id.0)?.filter(|it| it.stand == Stand::Filling);
            let fresh =
                self.tx.row("select 1 from attached where attachment = ?1", params![file.id.0], |row| {
                    row.get::<_, i64>(0)
                })?;
            let Some(filled) = filled.filter(|it| !it.hash.is_empty() && fresh.is_none()) else {
                return self.refuse(command, Refused::BadAttachment);
            };
            let part = part_of(&filled, 0, file.about.clone(), file.thumbnail.clone())?;
            if NestedPart::attachments(None, std::slice::from_ref(&part)).is_err() {
                return self.refuse(command, Refused::BadAttachment);
            }
            parts.push((filled.id, part));
        }
        self.note_activity()?;
        let outgoing = self.new_outgoing(conversation, to, text, false)?;
        for (part, (id, attachment)) in parts.iter().enumerate() {
            self.attach(&outgoing.0, part, *id, attachment)?;
            self.set_stand(*id, Stand::Leaving)?;
        }
        self.event(Event::Outgoing(conversation, outgoing, None));
        self.reply(command, Ok(Reply::Outgoing(outgoing)));
        Ok(())
    }

    fn new_outgoing(
        &mut self,
        conversation: ConversationId,
        to: Option<MessageId>,
        text: &str,
        forwarded: bool,
    ) -> Halting<OutgoingId> {
        let id = OutgoingId(self.random());
        self.tx.execute(
            "insert into outgoing (id, conversation, in_reply_to, text, forwarded, made_at) values (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                id.0,
                conversation.0,
                to.map_or(Vec::new(), |to| to.as_bytes().to_vec()),
                text,
                forwarded,
                sql_time(self.now)
            ],
        )?;
        Ok(id)
    }

    /// Sends the files of a message to another chat, as files of their own: nothing shows that they are the same.
    pub fn forward_attachments(
        &mut self,
        command: CommandId,
        message: MessageId,
        to: ConversationId,
        text: &str,
    ) -> Halting<()> {
        let files = self.tx.rows(
            &format!("select {ABOUT_COLUMNS} from attached where subject = ?1 order by part"),
            params![message.as_bytes()],
            read_about,
        )?;
        let mut copies = Vec::new();
        for (id, about, thumbnail) in files {
            let here = self.attachment(id)?.filter(|it| matches!(it.stand, Stand::Here | Stand::Leaving));
            let Some(here) = here else { return self.refuse(command, Refused::NotHere) };
            copies.push((here, about, thumbnail));
        }
        let outgoing = self.new_outgoing(to, None, text, true)?;
        for (part, (original, about, thumbnail)) in copies.into_iter().enumerate() {
            let copy = self.insert_attachment(original.layout, Stand::Copying, original.id)?;
            let copied = part_of(&original, 0, about, thumbnail)?;
            self.attach(&outgoing.0, part, copy, &copied)?;
        }
        self.event(Event::Outgoing(to, outgoing, None));
        self.reply(command, Ok(Reply::Outgoing(outgoing)));
        Ok(())
    }

    /// Copies the next chunks of an attachment under its own secret.
    pub fn copy_chunks(&mut self, copy: &Attachment) -> Halting<()> {
        let Some(original) = self.attachment(copy.copy_of)? else {
            return self.outgoing_failed(copy.id);
        };
        let from = self.chunks_here(copy.id)?;
        for chunk in from..copy.layout.chunks().min(from + COPIED_AT_ONCE) {
            let Some(sealed) = self.sealed_chunk(original.id, chunk)? else {
                return self.outgoing_failed(copy.id);
            };
            let plain = original.secret.open_chunk(&original.layout, chunk, &sealed)?;
            self.keep_chunk(copy, chunk, &plain)?;
        }
        if self.chunks_here(copy.id)? == copy.layout.chunks() {
            self.fill_up(copy)?;
            self.tx.execute("update attachment set copy_of = 0 where id = ?1", params![copy.id])?;
            self.set_stand(copy.id, Stand::Leaving)?;
        }
        Ok(())
    }

    /// Holds what is outgoing, or lets it go on.
    pub fn pause_outgoing(&mut self, command: CommandId, id: OutgoingId, paused: bool) -> Halting<()> {
        let Some(conversation) = self.conversation_of_outgoing(id)? else {
            return self.refuse(command, Refused::Unknown);
        };
        self.tx.execute(
            "update attachment set paused = ?2, not_before = 0 where id in (select attachment from attached where subject = ?1)",
            params![id.0, paused],
        )?;
        if !paused {
            // What failed is tried again.
            self.tx.execute("update outgoing set failed = 0 where id = ?1", params![id.0])?;
            self.tx.execute(
                "update attachment set state = case when hash = x'' then 10 else 1 end
                 where state = 5 and id in (select attachment from attached where subject = ?1)",
                params![id.0],
            )?;
            // What was put before may have lain there for its days: the service is asked.
            self.tx.execute(
                "update chunk set put = 2 where put = 1 and attachment in
                 (select attached.attachment from attached join attachment on attachment.id = attached.attachment
                  where subject = ?1 and state = 1)",
                params![id.0],
            )?;
            self.lines.moving.forget_all();
            self.finish_outgoing_if_left(id)?;
        }
        self.event(Event::Outgoing(conversation, id, None));
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// Sends it not at all.
    pub fn cancel_outgoing(&mut self, command: CommandId, id: OutgoingId) -> Halting<()> {
        let Some(conversation) = self.conversation_of_outgoing(id)? else {
            return self.refuse(command, Refused::Unknown);
        };
        self.take_back_attachments(&id.0)?;
        self.detach(&id.0)?;
        self.tx.execute("delete from outgoing where id = ?1", params![id.0])?;
        self.event(Event::Outgoing(conversation, id, None));
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    fn conversation_of_outgoing(&self, id: OutgoingId) -> Halting<Option<ConversationId>> {
        Ok(self.tx.row("select conversation from outgoing where id = ?1", params![id.0], |row| {
            row.get(0).map(ConversationId)
        })?)
    }

    /// An attachment that is outgoing will not leave.
    pub fn outgoing_failed(&mut self, attachment: i64) -> Halting<()> {
        self.set_stand(attachment, Stand::Gone)?;
        for id in self.outgoing_with(attachment)? {
            self.tx.execute("update outgoing set failed = 1 where id = ?1", params![id.0])?;
            if let Some(conversation) = self.conversation_of_outgoing(id)? {
                self.event(Event::Outgoing(conversation, id, None));
            }
        }
        Ok(())
    }

    fn outgoing_with(&self, attachment: i64) -> Halting<Vec<OutgoingId>> {
        Ok(self.tx.rows(
            "select id from outgoing where id in (select subject from attached where attachment = ?1)",
            params![attachment],
            |row| row.get(0).map(OutgoingId),
        )?)
    }

    /// All chunks of an attachment are at the service: what was outgoing becomes a message when all of its attachments are.
    pub fn attachment_left(&mut self, attachment: i64) -> Halting<()> {
        let expiry = self.now.day().plus(BLOB_DAYS_MAX).0;
        self.tx.execute("update attachment set expiry = ?2 where id = ?1", params![attachment, expiry])?;
        self.set_stand(attachment, Stand::Here)?;
        let outgoing = self.outgoing_with(attachment)?;
        outgoing.into_iter().try_for_each(|id| self.finish_outgoing_if_left(id))
    }

    fn finish_outgoing_if_left(&mut self, id: OutgoingId) -> Halting<()> {
        let waits = self.tx.row(
            "select 1 from attached join attachment on attachment.id = attached.attachment
             where subject = ?1 and state != 4 limit 1",
            params![id.0],
            |row| row.get::<_, i64>(0),
        )?;
        if waits.is_some() {
            return Ok(());
        }
        let row: Option<([u8; 16], Vec<u8>, String, bool)> = self.tx.row(
            "select conversation, in_reply_to, text, forwarded from outgoing where id = ?1",
            params![id.0],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        let Some((conversation, in_reply_to, text, forwarded)) = row else { return Ok(()) };
        let conversation = ConversationId(conversation);
        if self.may_write(conversation)?.is_some() {
            self.tx.execute("update outgoing set failed = 1 where id = ?1", params![id.0])?;
            self.event(Event::Outgoing(conversation, id, None));
            return Ok(());
        }
        let files = self.tx.rows(
            &format!("select {ABOUT_COLUMNS} from attached where subject = ?1 order by part"),
            params![id.0],
            read_about,
        )?;
        let expires = u32::try_from(self.now.plus_ms(u64::from(BLOB_DAYS_MAX) * DAY_MS).0 / 1_000);
        let mut parts = Vec::new();
        for (attachment, about, thumbnail) in files {
            let here = self.attachment(attachment)?.ok_or(Halt::Unusable("no such attachment"))?;
            parts.push(part_of(&here, expires.unwrap_or(0), about, thumbnail)?);
        }
        let words = (!text.is_empty()).then(|| self.text_content(&text).nested_part);
        let body = NestedPart::attachments(words, &parts).map_err(|_| Halt::Unusable("attachments"))?;
        let expires = self.expiration(conversation)?;
        let answers = crate::amendment::id_from(&in_reply_to);
        let content = MimiContent { expires, in_reply_to: answers, ..MimiContent::new(self.random(), body) };
        let content = if forwarded {
            content.as_forwarded().map_err(|_| Halt::Unusable("no room for an extension"))?
        } else {
            content
        };
        // The message files its own.
        self.tx.execute("delete from attached where subject = ?1", params![id.0])?;
        self.tx.execute("delete from outgoing where id = ?1", params![id.0])?;
        let message = self.say(conversation, content)?;
        self.event(Event::Outgoing(conversation, id, Some(message)));
        Ok(())
    }

    /// Files what a message carries; what this device has already is the same.
    pub fn file_attachments(
        &mut self,
        message: MessageId,
        attachments: &[AttachmentPart],
        fetched_by_rule: bool,
    ) -> Halting<()> {
        for (part, attachment) in attachments.iter().enumerate() {
            let Ok(layout) = Layout::of(attachment.size) else { continue };
            let known: Option<i64> = self.tx.row(
                "select id from attachment where secret = ?1 and size = ?2 and hash = ?3 and hash != x''",
                params![attachment.secret.0, sql_number(layout.size()), attachment.hash],
                |row| row.get(0),
            )?;
            let id = match known {
                Some(id) => {
                    // What was just to be forgotten is used again, as far as it is still here.
                    self.tx.execute(
                        "update attachment set state = 9 where id = ?1 and state in (7, 8)",
                        params![id],
                    )?;
                    id
                }
                None => {
                    let over = u64::from(attachment.expires) * 1_000 < self.now.0;
                    let wanted = fetched_by_rule
                        && !over
                        && self.rules()?.fetches(&attachment.about, layout.size(), self.lines.metered);
                    let stand = if wanted { Stand::Wanted } else { Stand::Known };
                    let expiry = i64::from(attachment.expires) / (DAY_MS / 1_000) as i64;
                    self.tx.insert(
                        "insert into attachment (secret, size, hash, state, expiry) values (?1, ?2, ?3, ?4, ?5)",
                        params![
                            attachment.secret.0,
                            sql_number(layout.size()),
                            attachment.hash,
                            stand as i64,
                            expiry
                        ],
                    )?
                }
            };
            self.attach(message.as_bytes(), part, id, attachment)?;
        }
        Ok(())
    }

    fn attach(&self, subject: &[u8], part: usize, id: i64, attachment: &AttachmentPart) -> Halting<()> {
        let about = &attachment.about;
        self.tx.execute(
            "insert or replace into attached (subject, part, attachment, kind, content_type, name, width, height, duration_ms,
             pages, placeholder, waveform, thumbnail) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                subject,
                i64::try_from(part).unwrap_or(i64::MAX),
                id,
                about.kind as i64,
                about.content_type,
                about.name,
                about.width,
                about.height,
                sql_number(about.duration_ms),
                about.pages,
                about.placeholder,
                about.waveform,
                attachment.thumbnail
            ],
        )?;
        Ok(())
    }

    /// After a history: what its messages carry is filed as if they had come.
    pub fn file_attachments_of_history(&mut self) -> Halting<()> {
        let mut after = Vec::new();
        loop {
            let page: Vec<([u8; 32], Vec<u8>)> = self.tx.rows(
                "select id, content from message where id > ?1 and role = 0 and deleted = 0 and length(content) > 0
                 and id not in (select subject from attached) order by id limit ?2",
                params![after, FILED_AT_ONCE],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = last.to_vec();
            for (id, content) in page {
                let content = MimiContent::decode(&content).ok();
                let files = content.as_ref().and_then(|content| content.nested_part.as_attachments());
                if let Some((_, files)) = files {
                    self.file_attachments(MessageId(id), &files, true)?;
                }
            }
        }
    }

    /// Deletes at the service what one's own message, or what never became one, has there and nothing else needs.
    pub fn take_back_attachments(&mut self, subject: &[u8]) -> Halting<()> {
        self.lines.moving.forget_all();
        self.tx.execute(
            "update attachment set state = 8, attempts = 0, not_before = 0, paused = 0 where state != 7
             and exists (select 1 from chunk where chunk.attachment = attachment.id and put != 0)
             and id in (select attachment from attached where subject = ?1)
             and id not in (select attachment from attached where subject != ?1)",
            params![subject],
        )?;
        Ok(())
    }

    /// A message has no attachments any more: their bytes go, unless another has them.
    pub fn detach(&mut self, subject: &[u8]) -> Halting<()> {
        self.lines.moving.forget_all();
        let detached = self.tx.execute(
            "update attachment set state = 7, not_before = 0, paused = 0 where state != 8
             and id in (select attachment from attached where subject = ?1)
             and id not in (select attachment from attached where subject != ?1)",
            params![subject],
        )?;
        if detached > 0 || self.has_attached(subject)? {
            self.tx.execute("delete from attached where subject = ?1", params![subject])?;
        }
        Ok(())
    }

    fn has_attached(&self, subject: &[u8]) -> Halting<bool> {
        let found =
            self.tx.row("select 1 from attached where subject = ?1 limit 1", params![subject], |row| {
                row.get::<_, i64>(0)
            })?;
        Ok(found.is_some())
    }

    /// Fetches an attachment, or holds its fetching.
    pub fn fetch_attachment(&mut self, command: CommandId, id: AttachmentId, on: bool) -> Halting<()> {
        let Some(attachment) = self.attachment(id.0)? else { return self.refuse(command, Refused::Unknown) };
        match (attachment.stand, on) {
            (Stand::Known | Stand::Gone | Stand::Damaged, true) => {
                self.tx.execute(
                    "update attachment set paused = 0, attempts = 0, not_before = 0 where id = ?1",
                    params![id.0],
                )?;
                self.set_stand(id.0, Stand::Wanted)?;
            }
            (Stand::Wanted, on) => {
                self.tx.execute(
                    "update attachment set paused = ?2, attempts = 0, not_before = 0 where id = ?1",
                    params![id.0, !on],
                )?;
                self.tell_of_attachment(id.0)?;
            }
            _ => {}
        }
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// Makes room: the bytes go, the messages stay. What has not left, or is starred, stays too.
    pub fn free_storage(&mut self, command: CommandId, which: &Stored) -> Halting<()> {
        self.lines.moving.forget_all();
        let before = which.older_than.map_or(i64::MAX, sql_time);
        self.tx.execute(
            "update attachment set state = 9 where state in (3, 4, 6) and size >= ?1
             and exists (select 1 from chunk where chunk.attachment = attachment.id)
             and id in (select attached.attachment from attached join message on message.id = attached.subject
                 where message.received_at < ?2 and (?3 = x'' or message.conversation = ?3))
             and id not in (select attachment from attached where subject in (select id from outgoing))
             and id not in (select attachment from attached join choice on choice.subject = attached.subject
                 where choice.key = 5 and choice.value = x'01')",
            params![
                sql_number(which.larger_than),
                before,
                which.conversation.map_or(Vec::new(), |conversation| conversation.0.to_vec())
            ],
        )?;
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// When attachments are fetched by themselves.
    pub fn set_media_rules(&mut self, command: CommandId, rules: &MediaRules) -> Halting<()> {
        self.put_setting(RULES, &rules.to_bytes())?;
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    fn rules(&self) -> Halting<MediaRules> {
        Ok(self.setting(RULES)?.and_then(|bytes| MediaRules::from_bytes(&bytes)).unwrap_or_default())
    }

    /// After a start: a file that was being read is read anew by whoever sends it.
    pub fn forget_half_filled(&mut self) -> Halting<()> {
        self.tx.execute(
            "update attachment set state = 7 where state = 0 and not exists (select 1 from attached where attachment = attachment.id)",
            [],
        )?;
        Ok(())
    }

    /// Removes bytes of what is doomed or emptied, a few chunks at a time; false when there is nothing.
    pub fn clear_media(&mut self) -> Halting<bool> {
        let Some((id, state)) = self.tx.row(
            "select id, state from attachment where state in (7, 9) order by id limit 1",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )?
        else {
            return Ok(false);
        };
        let numbers: Vec<u32> = self.tx.rows(
            "select number from chunk where attachment = ?1 order by number limit ?2",
            params![id, CLEARED_AT_ONCE],
            |row| row.get(0),
        )?;
        for chunk in &numbers {
            self.tx.execute("delete from media.chunk where id = ?1", params![chunk_row(id, *chunk)])?;
            self.tx.execute("delete from chunk where attachment = ?1 and number = ?2", params![id, chunk])?;
        }
        self.lines.moving.forget(id);
        self.lines.moving.freed = true;
        if numbers.is_empty() {
            if state == Stand::Doomed as i64 {
                self.tx.execute("delete from attachment where id = ?1", params![id])?;
            } else {
                self.set_stand(id, Stand::Known)?;
            }
        }
        Ok(true)
    }

    pub fn attachment(&self, id: i64) -> Halting<Option<Attachment>> {
        let row = self.tx.row(
            "select secret, size, hash, state, copy_of, attempts from attachment where id = ?1",
            params![id],
            |row| {
                Ok((
                    row.get::<_, [u8; 32]>(0)?,
                    number(row.get(1)?),
                    row.get(2)?,
                    row.get::<_, i64>(3)?,
                    row.get(4)?,
                    row.get(5)?,
                ))
            },
        )?;
        let Some((secret, size, hash, state, copy_of, attempts)) = row else { return Ok(None) };
        let layout = Layout::of(size)?;
        let (secret, stand) = (AttachmentSecret(secret), Stand::of(state)?);
        Ok(Some(Attachment { id, secret, layout, hash, stand, copy_of, attempts }))
    }

    pub fn sealed_chunk(&self, attachment: i64, chunk: u32) -> Halting<Option<Vec<u8>>> {
        Ok(self.tx.row(
            "select sealed from media.chunk where id = ?1",
            params![chunk_row(attachment, chunk)],
            |row| row.get(0),
        )?)
    }

    pub fn set_stand(&mut self, id: i64, stand: Stand) -> Halting<()> {
        self.tx.execute("update attachment set state = ?2 where id = ?1", params![id, stand as i64])?;
        self.lines.moving.forget(id);
        self.tell_of_attachment(id)
    }

    /// Whatever shows it is shown anew.
    pub fn tell_of_attachment(&mut self, id: i64) -> Halting<()> {
        let shown: Vec<([u8; 16], [u8; 32])> = self.tx.rows(
            "select conversation, id from message where id in (select subject from attached where attachment = ?1)",
            params![id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (conversation, message) in shown {
            self.event(Event::Attachment(ConversationId(conversation), MessageId(message)));
        }
        for outgoing in self.outgoing_with(id)? {
            if let Some(conversation) = self.conversation_of_outgoing(outgoing)? {
                self.event(Event::Outgoing(conversation, outgoing, None));
            }
        }
        Ok(())
    }
}

/// As a message carries it.
fn part_of(
    attachment: &Attachment,
    expires: u32,
    about: MediaInfo,
    thumbnail: Vec<u8>,
) -> Halting<AttachmentPart> {
    let hash =
        attachment.hash.as_slice().try_into().map_err(|_| Halt::Unusable("a file that is not full"))?;
    let secret = Secret32(attachment.secret.0);
    Ok(AttachmentPart { secret, size: attachment.layout.size(), hash, expires, about, thumbnail })
}

const ABOUT_COLUMNS: &str = "attachment, kind, content_type, name, width, height, duration_ms, pages, placeholder, waveform, thumbnail";

fn read_about(row: &Row<'_>) -> Result<(i64, MediaInfo, Vec<u8>), RowError> {
    let about = MediaInfo {
        kind: MediaKind::of(number(row.get(1)?)),
        content_type: row.get(2)?,
        name: row.get(3)?,
        width: row.get(4)?,
        height: row.get(5)?,
        duration_ms: number(row.get(6)?),
        pages: row.get(7)?,
        placeholder: row.get(8)?,
        waveform: row.get(9)?,
    };
    Ok((row.get(0)?, about, row.get(10)?))
}

/// How much is on its way out by itself.
pub(crate) fn count_outgoing(reader: &Reader<'_>) -> Result<u32, client_db::Error> {
    let count = reader.row(
        "select count(*) from outgoing where failed = 0 and not exists
         (select 1 from attached join attachment on attachment.id = attached.attachment
          where attached.subject = outgoing.id and attachment.paused = 1)",
        [],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// The attachments of a message, or of what is outgoing.
pub(crate) fn views(reader: &Reader<'_>, subject: &[u8]) -> Result<Vec<AttachmentView>, client_db::Error> {
    let rows = reader.rows(
        &format!("select {ABOUT_COLUMNS} from attached where subject = ?1 order by part"),
        params![subject],
        read_about,
    )?;
    let mut views = Vec::with_capacity(rows.len());
    for (id, about, thumbnail) in rows {
        let stand = reader.row(
            "select size, state, paused, (select count(*) from chunk where attachment = ?1),
             (select count(*) from chunk where attachment = ?1 and put = 1),
             attempts >= ?2 from attachment where id = ?1",
            params![id, crate::transfer::REFUSALS_SHOWN_MIN],
            |row| {
                let hold = match (row.get(2)?, row.get(5)?) {
                    (true, _) => Hold::Person,
                    (_, true) => Hold::Service,
                    _ => Hold::None,
                };
                let (here, left) = (number(row.get(3)?), number(row.get(4)?));
                Ok((number(row.get(0)?), row.get::<_, i64>(1)?, hold, here, left))
            },
        )?;
        let Some((size, state, hold, here, left)) = stand else { continue };
        let layout = Layout::of(size).ok();
        let chunks = layout.map_or(1, |layout| u64::from(layout.chunks()));
        let share = |done: u64| size.saturating_mul(done.min(chunks)) / chunks.max(1);
        let state = match Stand::of(state) {
            Ok(Stand::Leaving | Stand::Filling | Stand::Copying) => {
                let bytes = layout.map_or(0, |layout| layout.sealed_bytes());
                // What comes is free.
                let hold = match hold {
                    Hold::None if lacks_allowance(reader, bytes)? => Hold::Allowance,
                    hold => hold,
                };
                AttachmentState::Leaving { done: share(left), hold }
            }
            Ok(Stand::Wanted) => AttachmentState::Coming { done: share(here), hold },
            Ok(Stand::Here | Stand::TakenBack) => AttachmentState::Here,
            Ok(Stand::Gone) => AttachmentState::Gone,
            Ok(Stand::Damaged) => AttachmentState::Damaged,
            _ => AttachmentState::Known,
        };
        views.push(AttachmentView {
            id: AttachmentId(id),
            about,
            size,
            state,
            has_thumbnail: !thumbnail.is_empty(),
        });
    }
    Ok(views)
}

impl Client {
    /// What is on its way out of a conversation and no message yet, in the order in which it was sent.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn outgoing(&self, conversation: ConversationId) -> Result<Vec<OutgoingView>, Fault> {
        let reader = self.db.reader();
        let mut outgoing = reader.rows(
            "select id, in_reply_to, text, made_at, failed from outgoing where conversation = ?1 order by made_at, id",
            params![conversation.0],
            |row| {
                Ok(OutgoingView {
                    id: OutgoingId(row.get(0)?),
                    conversation,
                    reply_to: crate::amendment::id_from(&row.get::<_, Vec<u8>>(1)?),
                    text: row.get(2)?,
                    made_at: Timestamp(number(row.get(3)?)),
                    failed: row.get(4)?,
                    attachments: Vec::new(),
                })
            },
        )?;
        for view in &mut outgoing {
            view.attachments = views(&reader, &view.id.0)?;
        }
        Ok(outgoing)
    }

    /// The small picture of an attachment that a message, or what is outgoing, carries.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn thumbnail(&self, id: AttachmentId) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.db.reader().row(
            "select thumbnail from attached where attachment = ?1 and thumbnail != x'' order by part limit 1",
            params![id.0],
            |row| row.get(0),
        )?)
    }

    /// Bytes of an attachment from `offset` on, as far as one chunk reaches; empty at its end, nothing where that chunk is not here. Each
    /// chunk is genuine by itself; that they all are the whole that the message names is certain once it is
    /// [`AttachmentState::Here`].
    ///
    /// # Errors
    /// [`Fault`].
    pub fn read_attachment(&self, id: AttachmentId, offset: u64) -> Result<Option<Vec<u8>>, Fault> {
        let reader = self.db.reader();
        let row = reader.row("select secret, size from attachment where id = ?1", params![id.0], |row| {
            Ok((row.get::<_, [u8; 32]>(0)?, number(row.get(1)?)))
        })?;
        let Some((secret, size)) = row else { return Ok(None) };
        let layout = Layout::of(size).map_err(|_| Fault::Damaged)?;
        if offset >= size {
            return Ok(Some(Vec::new()));
        }
        let chunk = layout.chunk_at(offset);
        let sealed: Option<Vec<u8>> = reader.row(
            "select sealed from media.chunk where id = ?1",
            params![chunk_row(id.0, chunk)],
            |row| row.get(0),
        )?;
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = AttachmentSecret(secret).open_chunk(&layout, chunk, &sealed);
        let mut plain = opened.map_err(|_| Fault::Damaged)?;
        let begin = layout.part(chunk).map_err(|_| Fault::Damaged)?.0;
        let skip = usize::try_from(offset - begin).unwrap_or(usize::MAX).min(plain.len());
        plain.drain(..skip);
        Ok(Some(plain))
    }

    /// An attachment, by its number.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn attachment(&self, id: AttachmentId) -> Result<Option<AttachmentView>, Fault> {
        let reader = self.db.reader();
        let subject: Option<Vec<u8>> = reader.row(
            "select subject from attached where attachment = ?1 limit 1",
            params![id.0],
            |row| row.get(0),
        )?;
        let Some(subject) = subject else { return Ok(None) };
        Ok(views(&reader, &subject)?.into_iter().find(|view| view.id == id))
    }

    /// Messages of a conversation that carry attachments of these kinds, before a position (or the newest), the newest first.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn messages_with_media(
        &self,
        conversation: ConversationId,
        kinds: &[MediaKind],
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<MessageId>, Fault> {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind as u8).to_string()).collect();
        Ok(self.db.reader().rows(
            &format!(
                "select id from message where conversation = ?1 and role = 0 and (?2 < 0 or position < ?2)
                 and id in (select subject from attached where kind in ({})) order by position desc limit ?3",
                kinds.join(", ")
            ),
            params![conversation.0, before.map_or(-1, sql_number), limit],
            |row| row.get(0).map(MessageId),
        )?)
    }

    /// How many bytes of media each conversation keeps on this device, and in how many files; the largest first.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn storage(&self) -> Result<Vec<(ConversationId, u64, u32)>, Fault> {
        let mut rows = self.db.reader().rows(
            "select conversation, sum(bytes), count(*) from (
                 select distinct message.conversation as conversation, attachment.id,
                     (select count(*) from chunk where chunk.attachment = attachment.id) as chunks,
                     attachment.size as bytes
                 from attached join message on message.id = attached.subject
                 join attachment on attachment.id = attached.attachment where attachment.state != 9)
             where chunks > 0 group by conversation",
            [],
            |row| Ok((ConversationId(row.get(0)?), number(row.get(1)?), row.get::<_, u32>(2)?)),
        )?;
        rows.sort_by_key(|(conversation, bytes, _)| (std::cmp::Reverse(*bytes), *conversation));
        Ok(rows)
    }

    /// When attachments are fetched by themselves.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn media_rules(&self) -> Result<MediaRules, Fault> {
        let stored: Option<Vec<u8>> =
            self.db
                .reader()
                .row("select value from setting where name = ?1", params![RULES], |row| row.get(0))?;
        Ok(stored.and_then(|bytes| MediaRules::from_bytes(&bytes)).unwrap_or_default())
    }
}

const _: () = assert!(ATTACHMENT_BYTES_MAX / (1 << 20) < 1 << (CHUNK_BITS - 2));
/// Bits for the number of a chunk in its row's.
const CHUNK_BITS: u32 = 16;
/// Files being filled in at one time.
const FILLING_MAX: i64 = 64;
/// Chunks copied in one step.
const COPIED_AT_ONCE: u32 = 4;
/// Chunks removed in one step.
const CLEARED_AT_ONCE: u32 = 16;
/// Messages of a history looked at together.
const FILED_AT_ONCE: u32 = 500;
const RULES: &str = "media_rules";
