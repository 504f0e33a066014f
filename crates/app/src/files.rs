//! Files: what is said of them, and how a host sends some.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{
    AttachmentState, AttachmentView, Command, ConversationId, Hold, MediaInfo, NewAttachment, OutgoingView,
    Refused, Stored,
};
use screens::{
    Answer, AttachmentAct, AttachmentShown, MediaKind, MediaRuleRow, MessageId, Outcome, OutgoingAct,
    OutgoingShown, Picture, StoragePage, StorageRow, Transfer,
};
use vocab::time::DAY_MS;

use crate::app::{App, Kind};
use crate::file_words;
use crate::moment::Clock;
use crate::paint::{self, Authors};
use crate::words::{self, About, No};

/// Where files go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilesTarget {
    conversation: ConversationId,
    reply_to: Option<vocab::MessageId>,
}

/// A file that was looked at.
#[derive(Default)]
pub struct Prepared {
    /// What is said of it.
    pub about: MediaInfo,
    /// JPEG; may be empty.
    pub thumbnail: Vec<u8>,
    /// Bytes.
    pub size: u64,
}

/// Files on their way into the core: says what is to be done next, so that hosts only read and pass on.
pub struct Filing {
    target: FilesTarget,
    text: String,
    files: Vec<Prepared>,
    filed: Vec<client::AttachmentId>,
    /// Bytes of a full piece of the file that is being read.
    piece: usize,
    /// Bytes of it that the core has.
    done: u64,
    begun: bool,
    ended: Option<Result<client::OutgoingId, Refused>>,
}

/// What a host does next for [`Filing`].
pub enum FilingStep {
    /// Give the core this as an errand, then tell [`Filing::replied`].
    Command(Command),
    /// Read these bytes, then tell [`Filing::read`].
    Read {
        /// Which file.
        file: usize,
        /// From here on.
        offset: u64,
        /// Exactly so many.
        bytes: usize,
    },
    /// It is over.
    Ended(Result<client::OutgoingId, Refused>),
}

impl Filing {
    /// Sends these files there, with words or without.
    #[must_use]
    pub fn new(target: FilesTarget, text: String, files: Vec<Prepared>) -> Self {
        Self { target, text, files, filed: Vec::new(), piece: 0, done: 0, begun: false, ended: None }
    }

    /// What comes next.
    pub fn step(&mut self) -> FilingStep {
        if let Some(ended) = &self.ended {
            return FilingStep::Ended(ended.clone());
        }
        let Some(file) = self.files.get(self.filed.len().saturating_sub(usize::from(self.begun))) else {
            let all = self.filed.iter().zip(&self.files);
            let attachments = all
                .map(|(id, file)| NewAttachment {
                    id: *id,
                    about: file.about.clone(),
                    thumbnail: file.thumbnail.clone(),
                })
                .collect();
            return FilingStep::Command(Command::SendAttachments {
                conversation: self.target.conversation,
                to: self.target.reply_to,
                text: self.text.clone(),
                attachments,
            });
        };
        if !self.begun {
            return FilingStep::Command(Command::NewAttachment { size: file.size });
        }
        let left = file.size - self.done;
        let bytes = usize::try_from(left).unwrap_or(usize::MAX).min(self.piece);
        FilingStep::Read { file: self.filed.len() - 1, offset: self.done, bytes }
    }

    /// Bytes were read: what the core is given. A file that gave fewer is refused by it.
    pub fn read(&self, bytes: Vec<u8>) -> Command {
        let id = self.filed.last().copied().unwrap_or(client::AttachmentId(0));
        Command::FillAttachment { id, bytes }
    }

    /// The core answered.
    pub fn replied(&mut self, reply: Result<client::Reply, Refused>) {
        match reply {
            Ok(client::Reply::Attachment { id, piece }) => {
                self.filed.push(id);
                (self.piece, self.done, self.begun) = (piece as usize, 0, true);
            }
            Ok(client::Reply::Filled { bytes }) => {
                self.done = bytes;
                let size =
                    self.filed.len().checked_sub(1).and_then(|at| self.files.get(at)).map(|it| it.size);
                self.begun = size.is_some_and(|size| bytes < size);
            }
            Ok(client::Reply::Outgoing(id)) => self.ended = Some(Ok(id)),
            Ok(_) => self.ended = Some(Err(Refused::BadAttachment)),
            Err(refused) => self.ended = Some(Err(refused)),
        }
    }

    /// A file cannot be read any more.
    pub fn failed(&mut self) {
        self.ended = Some(Err(Refused::FileChanged));
    }

    /// Bytes that the core has, and all of them.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let whole = self.filed.len().saturating_sub(usize::from(self.begun));
        let before: u64 = self.files.iter().take(whole).map(|file| file.size).sum();
        let all = self.files.iter().map(|file| file.size).sum();
        (before + if self.begun { self.done } else { 0 }, all)
    }

    /// What was filed and is not sent, to be dropped when it ended badly.
    #[must_use]
    pub fn leftovers(&self) -> Vec<client::AttachmentId> {
        if matches!(self.ended, Some(Ok(_))) { Vec::new() } else { self.filed.clone() }
    }
}

impl App {
    /// Where files are to go, and the words that go with them, with those who are mentioned.
    ///
    /// # Errors
    /// What the front end is told.
    pub fn files_target(
        &self,
        to: &str,
        reply_to: Option<&str>,
        text: String,
    ) -> Result<(FilesTarget, String), Outcome> {
        let target = || -> Result<FilesTarget, No> {
            match reply_to {
                Some(message) => {
                    let (message, _, kind) = self.about_message(message)?;
                    let Kind::Send(conversation) = kind else { return Err(words::unknown_message()) };
                    Ok(FilesTarget { conversation, reply_to: Some(message) })
                }
                None => Ok(FilesTarget { conversation: self.writable(to)?.0, reply_to: None }),
            }
        };
        let addressed = |target: FilesTarget| Ok((target, self.addressed(target.conversation, text)?));
        target().and_then(addressed).map_err(No::outcome)
    }

    /// What the front end is told when [`Filing`] ended.
    #[must_use]
    pub fn filed(&self, target: FilesTarget, ended: Result<client::OutgoingId, Refused>) -> Outcome {
        match ended {
            Ok(id) => Outcome::Sending { chat: paint::chat_id(target.conversation), id: outgoing_id(id) },
            // Files need no words, so that bad ones are too long.
            Err(refused) => {
                words::refused(&refused, &About { text_too_long: true, ..About::default() }).outcome()
            }
        }
    }

    /// An attachment that is to be written into a file: its name, and how many bytes it has.
    ///
    /// # Errors
    /// What the front end is told: it is not here, or there is none.
    pub fn to_save(
        &self,
        id: &screens::AttachmentId,
    ) -> Result<(client::AttachmentId, String, u64), Outcome> {
        let view = || -> Result<AttachmentView, No> {
            self.client.attachment(attachment_number(id)?)?.ok_or_else(file_words::no_attachment)
        };
        let view = view().map_err(No::outcome)?;
        if !matches!(view.state, AttachmentState::Here | AttachmentState::Leaving { .. }) {
            return Err(file_words::not_here().outcome());
        }
        Ok((view.id, file_words::file_name(&view.about), view.size))
    }

    /// An attachment that is to be played, whole or not: how many bytes it has. Each chunk is genuine by itself, so what is here may be
    /// played before the rest has come.
    ///
    /// # Errors
    /// What the front end is told: there is none, or nobody loads it.
    pub fn to_play(&self, id: &screens::AttachmentId) -> Result<(client::AttachmentId, u64), Outcome> {
        let view = || -> Result<AttachmentView, No> {
            self.client.attachment(attachment_number(id)?)?.ok_or_else(file_words::no_attachment)
        };
        let view = view().map_err(No::outcome)?;
        match view.state {
            AttachmentState::Here | AttachmentState::Leaving { .. } | AttachmentState::Coming { .. } => {
                Ok((view.id, view.size))
            }
            _ => Err(file_words::not_here().outcome()),
        }
    }

    /// Bytes of an attachment, see [`client::Client::read_attachment`].
    ///
    /// # Errors
    /// [`client::Fault`].
    pub fn read_attachment(
        &self,
        id: client::AttachmentId,
        offset: u64,
    ) -> Result<Option<Vec<u8>>, client::Fault> {
        self.client.read_attachment(id, offset)
    }

    pub(crate) fn fetch_attachment(
        &self,
        id: &screens::AttachmentId,
        on: bool,
    ) -> Result<(Command, Kind, About), No> {
        let id = attachment_number(id)?;
        Ok((Command::FetchAttachment { id, on }, Kind::Plain, About::default()))
    }

    pub(crate) fn hold_outgoing(
        &self,
        id: &screens::OutgoingId,
        paused: bool,
    ) -> Result<(Command, Kind, About), No> {
        Ok((Command::PauseOutgoing { id: outgoing(id)?, paused }, Kind::Plain, About::default()))
    }

    pub(crate) fn cancel_outgoing(&self, id: &screens::OutgoingId) -> Result<(Command, Kind, About), No> {
        Ok((Command::CancelOutgoing(outgoing(id)?), Kind::Plain, About::default()))
    }

    pub(crate) fn free_storage(
        &self,
        chat: Option<&str>,
        older_days: u32,
        larger_than: u64,
        clock: &Clock,
    ) -> Result<(Command, Kind, About), No> {
        let conversation = chat.map(|chat| self.chat(chat).map(|(id, _)| id)).transpose()?;
        let before = vocab::Timestamp(clock.now.0.saturating_sub(u64::from(older_days) * DAY_MS));
        let older_than = (older_days > 0).then_some(before);
        let which = Stored { conversation, older_than, larger_than };
        Ok((Command::FreeStorage(which), Kind::Plain, About::default()))
    }

    pub(crate) fn set_media_rule(
        &self,
        kind: MediaKind,
        metered: bool,
        bytes: u64,
    ) -> Result<(Command, Kind, About), No> {
        let mut rules = self.client.media_rules()?;
        let list = if metered { &mut rules.metered } else { &mut rules.free };
        list[of_screen(kind) as usize] = bytes;
        Ok((Command::SetMediaRules(rules), Kind::Plain, About::default()))
    }

    /// What is on its way out of a chat.
    pub(crate) fn outgoing_of(
        &self,
        id: ConversationId,
        authors: &Authors,
        clock: &Clock,
    ) -> Result<Vec<OutgoingShown>, No> {
        let views = self.client.outgoing(id)?;
        Ok(views.iter().map(|view| outgoing_shown(view, authors, clock)).collect())
    }

    pub(crate) fn outgoing_rows(&self, chat: &str, clock: &Clock) -> Result<Answer, No> {
        let (id, with) = self.chat(chat)?;
        let authors = self.authors(id, &with)?;
        Ok(Answer::Outgoing(self.outgoing_of(id, &authors, clock)?))
    }

    pub(crate) fn thumbnail(&self, id: &screens::AttachmentId) -> Result<Answer, No> {
        let bytes = self.client.thumbnail(attachment_number(id)?)?.ok_or_else(file_words::no_attachment)?;
        Ok(Answer::Picture(Picture {
            id: id.0.clone(),
            media_type: "image/jpeg".to_owned(),
            base64: STANDARD.encode(bytes),
        }))
    }

    pub(crate) fn attachment_answer(&self, id: &screens::AttachmentId) -> Result<Answer, No> {
        let view = self.client.attachment(attachment_number(id)?)?.ok_or_else(file_words::no_attachment)?;
        Ok(Answer::Attachment(shown(&view)))
    }

    pub(crate) fn media(
        &self,
        chat: &str,
        kinds: &[MediaKind],
        before: Option<u64>,
        clock: &Clock,
    ) -> Result<Answer, No> {
        let (id, with) = self.chat(chat)?;
        let kinds: Vec<client::MediaKind> = if kinds.is_empty() {
            client::MediaKind::ALL.to_vec()
        } else {
            kinds.iter().copied().map(of_screen).collect()
        };
        let ids = self.client.messages_with_media(id, &kinds, before, MEDIA_AT_ONCE + 1)?;
        let authors = self.authors(id, &with)?;
        let mut views = Vec::new();
        for message in ids.iter().take(MEDIA_AT_ONCE as usize) {
            views.extend(self.client.message(*message)?);
        }
        let more = ids.len() > MEDIA_AT_ONCE as usize;
        let earlier = views.last().map(|view| view.position).filter(|_| more);
        let bubbles = views.iter().map(|view| paint::bubble(view, &authors, clock)).collect();
        Ok(Answer::Media { bubbles, earlier })
    }

    pub(crate) fn storage(&self) -> Result<StoragePage, No> {
        let mut rows = Vec::new();
        let (mut all, mut count) = (0, 0);
        for (id, bytes, files) in self.client.storage()? {
            (all, count) = (all + bytes, count + files);
            let line = file_words::room(bytes, files);
            rows.push(StorageRow { chat: paint::chat_id(id), name: self.name_in(id), bytes, files, line });
        }
        let rules = self.client.media_rules()?;
        let rule = |kind: client::MediaKind| {
            let (free, metered) = (rules.free[kind as usize], rules.metered[kind as usize]);
            let line = file_words::media_rule(free, metered);
            MediaRuleRow {
                kind: to_screen(kind),
                name: file_words::media_kinds(kind).to_owned(),
                free,
                metered,
                line,
            }
        };
        Ok(StoragePage {
            line: file_words::room(all, count),
            bytes: all,
            rows,
            rules: client::MediaKind::ALL.into_iter().map(rule).collect(),
        })
    }
}

/// An attachment as a message shows it.
pub(crate) fn shown(view: &AttachmentView) -> AttachmentShown {
    let about = &view.about;
    let (state, done) = match view.state {
        AttachmentState::Known => (Transfer::Known, 0),
        AttachmentState::Coming { done, hold: Hold::Person } => (Transfer::ComingHeld, done),
        AttachmentState::Coming { done, .. } => (Transfer::Coming, done),
        AttachmentState::Here => (Transfer::Here, view.size),
        AttachmentState::Leaving { done, hold: Hold::Person } => (Transfer::LeavingHeld, done),
        AttachmentState::Leaving { done, .. } => (Transfer::Leaving, done),
        AttachmentState::Gone => (Transfer::Gone, 0),
        AttachmentState::Damaged => (Transfer::Damaged, 0),
    };
    let name = file_words::file_name(about);
    let line = file_words::waits(held_by(view))
        .map_or_else(|| file_words::transfer(state, done, view.size), str::to_owned);
    let duration = (about.duration_ms > 0).then(|| file_words::duration(about.duration_ms));
    let spoken = [Some(file_words::media_kind(about.kind).to_owned()), duration.clone(), Some(line.clone())];
    let acts: &[AttachmentAct] = match state {
        Transfer::Known | Transfer::ComingHeld | Transfer::Gone | Transfer::Damaged => {
            &[AttachmentAct::Fetch]
        }
        Transfer::Coming => &[AttachmentAct::Hold],
        Transfer::Here | Transfer::Leaving | Transfer::LeavingHeld => {
            &[AttachmentAct::Open, AttachmentAct::Save]
        }
    };
    AttachmentShown {
        id: screens::AttachmentId(view.id.0.to_string()),
        kind: to_screen(about.kind),
        spoken: spoken.into_iter().flatten().collect::<Vec<_>>().join(", "),
        name,
        media_type: about.content_type.clone(),
        size: view.size,
        size_text: file_words::bytes(view.size),
        width: about.width,
        height: about.height,
        duration_ms: about.duration_ms,
        duration,
        pages: file_words::pages(about.pages),
        placeholder: STANDARD.encode(&about.placeholder),
        waveform: about.waveform.clone(),
        thumbnail: view.has_thumbnail,
        state,
        line,
        percent: percent(done, view.size),
        acts: acts.to_vec(),
    }
}

fn held_by(view: &AttachmentView) -> Hold {
    match view.state {
        AttachmentState::Coming { hold, .. } | AttachmentState::Leaving { hold, .. } => hold,
        _ => Hold::None,
    }
}

fn outgoing_shown(view: &OutgoingView, authors: &Authors, clock: &Clock) -> OutgoingShown {
    let attachments: Vec<AttachmentShown> = view.attachments.iter().map(shown).collect();
    let all: u64 = view.attachments.iter().map(|it| it.size).sum();
    let done = |it: &AttachmentView| match it.state {
        AttachmentState::Leaving { done, .. } => done,
        AttachmentState::Here => it.size,
        _ => 0,
    };
    let left: u64 = view.attachments.iter().map(done).sum();
    let held = attachments.iter().any(|it| it.state == Transfer::LeavingHeld);
    let waits = view.attachments.iter().find_map(|it| file_words::waits(held_by(it)));
    let line = match waits.filter(|_| !view.failed && !held) {
        Some(waits) => waits.to_owned(),
        None => file_words::outgoing(left, all, held, view.failed),
    };
    let acts = match (view.failed, held) {
        (true, _) => vec![OutgoingAct::TryAgain, OutgoingAct::Cancel],
        (false, true) => vec![OutgoingAct::GoOn, OutgoingAct::Cancel],
        (false, false) => vec![OutgoingAct::Hold, OutgoingAct::Cancel],
    };
    let names = attachments.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
    OutgoingShown {
        id: outgoing_id(view.id),
        chat: paint::chat_id(view.conversation),
        text: view.text.clone(),
        reply_to: view.reply_to.and_then(|id| authors.quote(id)),
        made: clock.in_chat(view.made_at),
        percent: percent(left, all),
        failed: view.failed,
        spoken: format!("{names}, {line}"),
        attachments,
        line,
        acts,
    }
}

/// Of nothing, all is done.
fn percent(done: u64, of: u64) -> u8 {
    let share = done.min(of).saturating_mul(100).checked_div(of);
    share.and_then(|share| u8::try_from(share).ok()).unwrap_or(100)
}

pub(crate) fn outgoing_id(id: client::OutgoingId) -> screens::OutgoingId {
    screens::OutgoingId(hex::encode(id.0))
}

pub(crate) fn notice_of_outgoing(
    conversation: ConversationId,
    id: client::OutgoingId,
    message: Option<vocab::MessageId>,
) -> screens::Notice {
    let message: Option<MessageId> = message.map(paint::message_id);
    screens::Notice::Outgoing { chat: paint::chat_id(conversation), id: outgoing_id(id), message }
}

fn outgoing(id: &screens::OutgoingId) -> Result<client::OutgoingId, No> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(&id.0, &mut bytes).map_err(|_| file_words::no_attachment())?;
    Ok(client::OutgoingId(bytes))
}

fn attachment_number(id: &screens::AttachmentId) -> Result<client::AttachmentId, No> {
    id.0.parse().map(client::AttachmentId).map_err(|_| file_words::no_attachment())
}

pub(crate) fn to_screen(kind: client::MediaKind) -> MediaKind {
    match kind {
        client::MediaKind::File => MediaKind::File,
        client::MediaKind::Picture => MediaKind::Picture,
        client::MediaKind::Video => MediaKind::Video,
        client::MediaKind::Voice => MediaKind::Voice,
        client::MediaKind::Audio => MediaKind::Audio,
        client::MediaKind::Sticker => MediaKind::Sticker,
        client::MediaKind::Animation => MediaKind::Animation,
    }
}

fn of_screen(kind: MediaKind) -> client::MediaKind {
    match kind {
        MediaKind::File => client::MediaKind::File,
        MediaKind::Picture => client::MediaKind::Picture,
        MediaKind::Video => client::MediaKind::Video,
        MediaKind::Voice => client::MediaKind::Voice,
        MediaKind::Audio => client::MediaKind::Audio,
        MediaKind::Sticker => client::MediaKind::Sticker,
        MediaKind::Animation => client::MediaKind::Animation,
    }
}

/// Messages with media in one answer.
const MEDIA_AT_ONCE: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn file(size: u64) -> Prepared {
        Prepared { about: MediaInfo::default(), thumbnail: vec![], size }
    }

    /// What a core of pieces of 10 bytes is asked, one letter a step.
    fn steps(sizes: &[u64]) -> String {
        let target = FilesTarget { conversation: ConversationId([0; 16]), reply_to: None };
        let mut filing = Filing::new(target, String::new(), sizes.iter().copied().map(file).collect());
        let (mut seen, mut next, mut filled) = (String::new(), 0, 0);
        loop {
            match filing.step() {
                FilingStep::Command(Command::NewAttachment { size }) => {
                    seen += &format!("n{size}");
                    (next, filled) = (next + 1, 0);
                    filing
                        .replied(Ok(client::Reply::Attachment { id: client::AttachmentId(next), piece: 10 }));
                }
                FilingStep::Read { file, offset, bytes } => {
                    assert_eq!((file as i64 + 1, offset), (next, filled));
                    let Command::FillAttachment { id, bytes } = filing.read(vec![0; bytes]) else {
                        panic!("fills")
                    };
                    assert_eq!(id.0, next);
                    seen += &format!("f{}", bytes.len());
                    filled += bytes.len() as u64;
                    filing.replied(Ok(client::Reply::Filled { bytes: filled }));
                }
                FilingStep::Command(Command::SendAttachments { attachments, .. }) => {
                    seen += &format!("s{}", attachments.len());
                    filing.replied(Ok(client::Reply::Outgoing(client::OutgoingId([7; 16]))));
                }
                FilingStep::Command(_) => panic!("something else"),
                FilingStep::Ended(ended) => {
                    assert!(ended.is_ok() && filing.leftovers().is_empty());
                    let (done, all) = filing.progress();
                    assert_eq!((done, all), (sizes.iter().sum(), sizes.iter().sum()));
                    return seen;
                }
            }
        }
    }

    #[test]
    fn files_are_filled_piece_by_piece_and_sent_together() {
        assert_eq!(steps(&[25]), "n25f10f10f5s1");
        assert_eq!(steps(&[0, 20]), "n0f0n20f10f10s2");
    }

    #[test]
    fn what_is_refused_ends_it_and_what_was_filed_is_named() {
        let target = FilesTarget { conversation: ConversationId([0; 16]), reply_to: None };
        let mut filing = Filing::new(target, String::new(), vec![file(5)]);
        filing.replied(Ok(client::Reply::Attachment { id: client::AttachmentId(3), piece: 10 }));
        filing.replied(Err(Refused::FileChanged));
        assert!(matches!(filing.step(), FilingStep::Ended(Err(Refused::FileChanged))));
        assert_eq!(filing.leftovers(), [client::AttachmentId(3)]);
    }
}
