//! Pictures, videos, voice notes and files: what is to be sent, what leaves, what is here, and the windows around them.
//!
//! The page holds no bytes. A chosen file is a number under which [`crate::files`] has it; an attachment's bytes are an address that the
//! browser gives out (`blob:`), asked for when they are to be seen and given back when many others came after them.

use std::collections::{BTreeMap, VecDeque};

use screens::{
    Action, Answer, Ask, AttachmentId, AttachmentShown, Bubble, ChatId, FileChoice, FileSource, Listing,
    MediaKind, MessageId, Outcome, OutgoingAct, OutgoingId, Quality, SendAs, StoragePage, Transfer, What,
};

use super::{Chat, Dialog, Model, Open, Purpose, Stage, Writing};

/// A file that goes with the next text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// Under which number the page has it.
    pub number: u64,
    /// Its name on the person's machine.
    pub name: String,
    /// `2.4 MB`.
    pub size: String,
    /// What it seems to be; the core looks at it.
    pub kind: MediaKind,
    /// Where a small picture of it is, if there is one.
    pub preview: Option<String>,
    /// How much of a picture is sent.
    pub quality: Quality,
    /// To the byte, whatever it is.
    pub send_as: SendAs,
}

/// What the page has of attachments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Media {
    /// Small pictures, as what an image is drawn from.
    pub thumbnails: BTreeMap<AttachmentId, String>,
    /// The small pictures of previews of links, by message.
    pub previews: BTreeMap<MessageId, String>,
    /// Where the bytes of an attachment are, for an image, a player or a file.
    pub addresses: BTreeMap<AttachmentId, String>,
    /// The same, the oldest first.
    order: VecDeque<AttachmentId>,
    /// To be saved as soon as the bytes are there, under this name.
    saving: BTreeMap<AttachmentId, String>,
}

/// What the browser is to do with files, addresses and positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chore {
    /// Forget a file that was chosen.
    Forget(u64),
    /// Give an address back.
    Revoke(String),
    /// Offer the bytes at an address as a file.
    Save {
        /// Under this name.
        name: String,
        /// Where they are.
        address: String,
    },
    /// Offer a text as a file.
    SaveText {
        /// Under this name.
        name: String,
        /// Its bytes.
        text: String,
    },
    /// A voice note was waited for: play it.
    Play(Box<AttachmentShown>),
    /// Find where this device is, once.
    Locate {
        /// As exactly as it can.
        exactly: bool,
    },
    /// Tell where this device is, again and again.
    Follow {
        /// As exactly as it can.
        exactly: bool,
    },
    /// Tell it no more.
    FollowNoMore,
}

/// A picture or a video on the whole screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Viewer {
    /// In order.
    pub items: Vec<AttachmentShown>,
    /// Which of them is shown.
    pub at: usize,
}

/// The media of a chat.
#[derive(Debug, Clone, PartialEq)]
pub struct Gallery {
    /// Of which chat.
    pub chat: ChatId,
    /// Which of them.
    pub shelf: Shelf,
    /// The messages that carry some, the newest first; nothing until they came.
    pub bubbles: Option<Vec<Bubble>>,
    /// There are earlier ones.
    pub earlier: Option<u64>,
    /// Why nothing is shown.
    pub refused: Option<String>,
}

/// A part of the media of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// What is looked at.
    Seen,
    /// Voice notes and sound.
    Heard,
    /// Everything else.
    Files,
}

impl Shelf {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Seen, Self::Heard, Self::Files];

    fn kinds(self) -> Vec<MediaKind> {
        match self {
            Self::Seen => {
                vec![MediaKind::Picture, MediaKind::Video, MediaKind::Animation, MediaKind::Sticker]
            }
            Self::Heard => vec![MediaKind::Voice, MediaKind::Audio],
            Self::Files => vec![MediaKind::File],
        }
    }

    /// Whether it holds this.
    #[must_use]
    pub fn holds(self, kind: MediaKind) -> bool {
        self.kinds().contains(&kind)
    }
}

/// Whether it is looked at, as a picture or a film.
#[must_use]
pub fn is_seen(kind: MediaKind) -> bool {
    Shelf::Seen.holds(kind)
}

/// What goes with the next text.
impl Model {
    /// The files that go with the next text of a chat.
    #[must_use]
    pub fn tray(&self, chat: &ChatId) -> &[Picked] {
        self.trays.get(chat).map_or(&[], Vec::as_slice)
    }

    /// Files were chosen for the open chat. More than one message carries are left out, and that is said.
    pub fn pick(&mut self, mut files: Vec<Picked>) {
        let Some(chat) = self.open_id() else {
            return files.iter().for_each(|file| self.chores.push(Chore::Forget(file.number)));
        };
        let tray = self.trays.entry(chat).or_default();
        let room = FILES_MAX.saturating_sub(tray.len());
        let over = files.split_off(room.min(files.len()));
        tray.append(&mut files);
        if !over.is_empty() {
            self.refuse(format!("One message carries {FILES_MAX} files. The rest was left out."));
            self.chores.extend(over.iter().map(|file| Chore::Forget(file.number)));
        }
    }

    /// A small picture of a chosen file was made.
    pub fn preview_made(&mut self, number: u64, preview: String) {
        let all = self.trays.values_mut().flatten();
        if let Some(file) = all.into_iter().find(|file| file.number == number) {
            file.preview = Some(preview);
        }
    }

    /// One file does not go with the text.
    pub fn unpick(&mut self, number: u64) {
        for tray in self.trays.values_mut() {
            tray.retain(|file| file.number != number);
        }
        self.chores.push(Chore::Forget(number));
    }

    /// How much of the pictures in the tray of the open chat is sent.
    pub fn set_quality(&mut self, quality: Quality) {
        self.each_picked(|file| file.quality = quality);
    }

    /// What the files in the tray of the open chat are sent as. Only pictures make stickers.
    pub fn set_send_as(&mut self, send_as: SendAs) {
        self.each_picked(|file| {
            let can = send_as != SendAs::Sticker || file.kind == MediaKind::Picture;
            file.send_as = if can { send_as } else { SendAs::Itself };
        });
    }

    fn each_picked(&mut self, change: impl FnMut(&mut Picked)) {
        let Some(chat) = self.open_id() else { return };
        self.trays.entry(chat).or_default().iter_mut().for_each(change);
    }

    /// Sends what is in the tray of the open chat, with this text. True when there was something to send.
    pub(super) fn send_tray(&mut self, text: &str) -> bool {
        let Some(id) = self.open_id() else { return false };
        let edits = |chat: &Chat| matches!(chat.writing, Some(Writing::Edit { .. }));
        if self.trays.get(&id).is_none_or(Vec::is_empty) || self.chat_now().is_some_and(edits) {
            return false;
        }
        let tray = self.trays.remove(&id).unwrap_or_default();
        let choices = tray.iter().map(|file| FileChoice {
            source: FileSource::Handed(file.number),
            quality: file.quality,
            send_as: file.send_as,
        });
        self.send_files(id, text.to_owned(), choices.collect(), tray);
        true
    }

    /// Sends what was recorded.
    pub fn send_voice(&mut self, number: u64) {
        let Some(id) = self.open_id() else { return self.chores.push(Chore::Forget(number)) };
        let (source, quality) = (FileSource::Handed(number), Quality::Standard);
        let choice = FileChoice { source, quality, send_as: SendAs::Voice };
        self.send_files(id, String::new(), vec![choice], Vec::new());
    }

    fn send_files(&mut self, id: ChatId, text: String, files: Vec<FileChoice>, tray: Vec<Picked>) {
        let reply_to = match self.open_chat_mut().and_then(|chat| chat.writing.take()) {
            Some(Writing::Answer(bubble)) => Some(bubble.id.0),
            _ => None,
        };
        if let Some(chat) = self.open_chat_mut() {
            chat.refused = None;
        }
        let numbers = files.iter().filter_map(|file| match file.source {
            FileSource::Handed(number) => Some(number),
            FileSource::Path(_) => None,
        });
        let purpose =
            Purpose::SendFiles { chat: id.clone(), text: text.clone(), numbers: numbers.collect(), tray };
        self.act(Action::SendFiles { to: id.0, reply_to, text, files }, purpose);
    }

    /// Lines for what is being looked at and read, before it leaves.
    #[must_use]
    pub fn preparing(&self, id: &ChatId) -> Vec<String> {
        let line = |purpose: &Purpose| match purpose {
            Purpose::SendFiles { chat, tray, numbers, .. } if chat == id => Some(match &tray[..] {
                [] => "Preparing a voice message".to_owned(),
                [one] => format!("Preparing {}", one.name),
                _ => format!("Preparing {} files", numbers.len()),
            }),
            _ => None,
        };
        self.waiting.values().filter_map(line).collect()
    }

    pub(super) fn came_of_sending_files(
        &mut self,
        chat: ChatId,
        text: String,
        numbers: Vec<u64>,
        tray: Vec<Picked>,
        outcome: Outcome,
    ) {
        if let Outcome::Refused { sentence, .. } = outcome {
            match self.main().and_then(|main| main.chat_if(&chat)) {
                Some(open) => open.refused = Some(sentence),
                None => self.say(sentence),
            }
            // They go back to where they were chosen; what was recorded cannot be recorded again, and is not thrown away by this.
            if tray.is_empty() {
                self.chores.extend(numbers.into_iter().map(Chore::Forget));
            }
            let before = self.trays.entry(chat.clone()).or_default();
            before.splice(0..0, tray);
            if !text.is_empty() {
                self.returned.push((chat, text));
            }
            return;
        }
        self.chores.extend(numbers.into_iter().map(Chore::Forget));
        self.ask_newest(chat);
    }

    /// Something is done with what is on its way out.
    pub fn act_on_outgoing(&mut self, chat: &ChatId, id: &OutgoingId, act: OutgoingAct) {
        let id = id.clone();
        let action = match act {
            OutgoingAct::Hold => Action::HoldOutgoing { id, held: true },
            OutgoingAct::GoOn | OutgoingAct::TryAgain => Action::HoldOutgoing { id, held: false },
            OutgoingAct::Cancel => Action::CancelOutgoing { id },
        };
        self.act(action, Purpose::About(chat.clone()));
    }
}

/// What is here.
impl Model {
    /// An attachment is to be loaded, or that is held.
    pub fn fetch(&mut self, id: &AttachmentId, on: bool) {
        self.act(Action::FetchAttachment { id: id.clone(), on }, Purpose::Fetch);
    }

    pub(super) fn came_of_fetching(&mut self, outcome: Outcome) {
        if let Outcome::Refused { sentence, .. } = outcome {
            self.say(sentence);
        }
        if let Some(id) = self.open_id() {
            self.ask_newest(id);
        }
        self.ask_gallery_anew();
    }

    /// An attachment has come into view: what there is to see of it is asked for.
    pub fn sees(&mut self, attachment: &AttachmentShown) {
        let id = &attachment.id;
        let small = Purpose::Thumbnail(id.clone());
        if attachment.thumbnail && !self.media.thumbnails.contains_key(id) && !self.waits_for(&small) {
            self.want(What::Ask(Ask::Thumbnail { id: id.clone() }), small);
        }
        let drawn = matches!(attachment.kind, MediaKind::Picture | MediaKind::Animation | MediaKind::Sticker);
        if drawn && attachment.size <= DRAWN_BYTES_MAX {
            self.want_bytes(attachment);
        }
    }

    /// A preview is shown: its small picture is asked for. Nothing else is, of anybody.
    pub fn sees_preview(&mut self, bubble: &Bubble) {
        let purpose = Purpose::PreviewPicture(bubble.id.clone());
        let pictured = bubble.preview.as_ref().is_some_and(|preview| preview.picture);
        if pictured && !self.media.previews.contains_key(&bubble.id) && !self.waits_for(&purpose) {
            self.want(What::Ask(Ask::PreviewPicture { id: bubble.id.clone() }), purpose);
        }
    }

    pub(super) fn preview_picture_came(&mut self, id: MessageId, answer: Answer) {
        if let Answer::Picture(picture) = answer
            && picture.media_type == "image/jpeg"
        {
            if self.media.previews.len() >= THUMBNAILS_MAX {
                self.media.previews.clear();
            }
            self.media.previews.insert(id, format!("data:image/jpeg;base64,{}", picture.base64));
        }
    }

    /// The bytes of an attachment are wanted, if all of it is on this device.
    pub fn want_bytes(&mut self, attachment: &AttachmentShown) {
        let here = matches!(attachment.state, Transfer::Here | Transfer::Leaving | Transfer::LeavingHeld);
        let purpose = Purpose::Bytes(attachment.id.clone());
        if here && !self.media.addresses.contains_key(&attachment.id) && !self.waits_for(&purpose) {
            let action = Action::SaveAttachment { id: attachment.id.clone(), to: String::new() };
            self.act(action, purpose);
        }
    }

    /// An attachment is to be saved as a file.
    pub fn save(&mut self, attachment: &AttachmentShown) {
        let name = attachment.name.clone();
        match self.media.addresses.get(&attachment.id) {
            Some(address) => self.chores.push(Chore::Save { name, address: address.clone() }),
            None => {
                self.media.saving.insert(attachment.id.clone(), name);
                self.want_bytes(attachment);
            }
        }
    }

    /// A voice note is to be played: at once, or when its bytes are there.
    pub fn play(&mut self, attachment: &AttachmentShown) {
        if self.media.addresses.contains_key(&attachment.id) {
            self.chores.push(Chore::Play(Box::new(attachment.clone())));
        } else {
            self.plays_when_here = Some(Box::new(attachment.clone()));
            self.want_bytes(attachment);
        }
    }

    /// The voice note that follows another in the open chat, if the same person goes on with one.
    #[must_use]
    pub fn voice_after(&self, id: &AttachmentId) -> Option<AttachmentShown> {
        let Listing::Rows(rows) = &self.chat_now()?.shown else { return None };
        let mut all = rows.iter().flat_map(|bubble| &bubble.attachments);
        all.find(|one| one.id == *id)?;
        all.find(|one| one.kind == MediaKind::Voice && one.state == Transfer::Here).cloned()
    }

    /// The core says something, and the bytes of an attachment are at this address.
    pub fn heard_at(&mut self, from: screens::FromCore, address: String) {
        let screens::FromCore::Reply { id, .. } = &from else {
            return self.chores.push(Chore::Revoke(address));
        };
        let Some(Purpose::Bytes(attachment)) = self.waiting.get(id).cloned() else {
            return self.chores.push(Chore::Revoke(address));
        };
        let media = &mut self.media;
        if let Some(name) = media.saving.remove(&attachment) {
            self.chores.push(Chore::Save { name, address: address.clone() });
        }
        media.order.push_back(attachment.clone());
        if let Some(before) = media.addresses.insert(attachment.clone(), address) {
            self.chores.push(Chore::Revoke(before));
        }
        while media.order.len() > ADDRESSES_MAX {
            let Some(oldest) = media.order.pop_front() else { break };
            self.chores.extend(media.addresses.remove(&oldest).map(Chore::Revoke));
        }
        if self.plays_when_here.as_ref().is_some_and(|waits| waits.id == attachment) {
            self.chores.extend(self.plays_when_here.take().map(Chore::Play));
        }
        self.heard(from);
    }

    pub(super) fn came_of_bytes(&mut self, id: &AttachmentId, outcome: Outcome) {
        if let Outcome::Refused { sentence, .. } = outcome {
            let asked = self.media.saving.remove(id).is_some();
            let plays = self.plays_when_here.take_if(|waits| waits.id == *id).is_some();
            // What was only to be seen stays a placeholder.
            if asked || plays {
                self.say(sentence);
            }
        }
    }

    pub(super) fn thumbnail_came(&mut self, id: AttachmentId, answer: Answer) {
        if let Answer::Picture(picture) = answer
            && picture.media_type == "image/jpeg"
        {
            if self.media.thumbnails.len() >= THUMBNAILS_MAX {
                self.media.thumbnails.clear();
            }
            self.media.thumbnails.insert(id, format!("data:image/jpeg;base64,{}", picture.base64));
        }
    }

    /// What the windows show of an attachment follows what is known of it.
    pub(super) fn refresh_viewer(&mut self) {
        let Stage::Main(main) = &mut self.stage else { return };
        let (Some(Dialog::Viewer(viewer)), Some(Open::Chat(chat))) = (&mut main.dialog, &main.open) else {
            return;
        };
        let Listing::Rows(rows) = &chat.shown else { return };
        for item in &mut viewer.items {
            let all = rows.iter().flat_map(|bubble| &bubble.attachments);
            if let Some(now) = all.into_iter().find(|one| one.id == item.id) {
                *item = now.clone();
            }
        }
    }
}

/// The windows.
impl Model {
    /// Opens the menu of what can go with a text.
    pub fn show_attach(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Attach);
        }
    }

    /// Shows a picture or a video of the open chat, or of its gallery, on the whole screen.
    pub fn view(&mut self, id: &AttachmentId) {
        let Some(main) = self.main() else { return };
        let all: Vec<AttachmentShown> = match (&main.dialog, &main.open) {
            (Some(Dialog::Gallery(Gallery { bubbles: Some(bubbles), .. })), _) => {
                bubbles.iter().rev().flat_map(|bubble| bubble.attachments.clone()).collect()
            }
            (_, Some(Open::Chat(chat))) => {
                let shown = match &chat.shown {
                    Listing::Rows(rows) => rows.as_slice(),
                    _ => &[],
                };
                let outgoing = chat.frame.iter().flat_map(|frame| &frame.outgoing);
                let outgoing = outgoing.flat_map(|one| one.attachments.clone());
                shown.iter().flat_map(|bubble| bubble.attachments.clone()).chain(outgoing).collect()
            }
            _ => return,
        };
        let items: Vec<AttachmentShown> =
            all.into_iter().filter(|one| is_seen(one.kind) && one.kind != MediaKind::Sticker).collect();
        let Some(at) = items.iter().position(|one| one.id == *id) else { return };
        main.dialog = Some(Dialog::Viewer(Viewer { items, at }));
        self.look_at_viewed();
    }

    /// Shows the one before or after it.
    pub fn view_next(&mut self, by: isize) {
        if let Some(Dialog::Viewer(viewer)) = self.dialog()
            && let Some(at) = viewer.at.checked_add_signed(by).filter(|at| *at < viewer.items.len())
        {
            viewer.at = at;
            self.look_at_viewed();
        }
    }

    fn look_at_viewed(&mut self) {
        let Some(Dialog::Viewer(viewer)) = self.dialog() else { return };
        if let Some(item) = viewer.items.get(viewer.at).cloned() {
            self.sees(&item);
            // A film is played piece by piece where that can be: its view asks for the whole where not.
            if item.kind != MediaKind::Video {
                self.want_bytes(&item);
            }
        }
    }

    /// Opens the media of a chat.
    pub fn show_gallery(&mut self, chat: &ChatId, shelf: Shelf) {
        let Some(main) = self.main() else { return };
        let gallery = Gallery { chat: chat.clone(), shelf, bubbles: None, earlier: None, refused: None };
        main.dialog = Some(Dialog::Gallery(gallery));
        self.ask_gallery(None);
    }

    /// Shows earlier ones.
    pub fn gallery_earlier(&mut self) {
        if let Some(Dialog::Gallery(Gallery { earlier: Some(before), .. })) = self.dialog() {
            let before = *before;
            self.ask_gallery(Some(before));
        }
    }

    /// Something in it changed.
    pub(super) fn ask_gallery_anew(&mut self) {
        if matches!(self.dialog(), Some(Dialog::Gallery(_))) {
            self.ask_gallery(None);
        }
    }

    fn ask_gallery(&mut self, before: Option<u64>) {
        let Some(Dialog::Gallery(gallery)) = self.dialog() else { return };
        let ask = Ask::Media { chat: gallery.chat.0.clone(), kinds: gallery.shelf.kinds(), before };
        let purpose = Purpose::Gallery(gallery.shelf, before);
        if !self.waits_for(&purpose) {
            self.want(What::Ask(ask), purpose);
        }
    }

    pub(super) fn gallery_came(&mut self, shelf: Shelf, before: Option<u64>, answer: Answer) {
        let Some(Dialog::Gallery(gallery)) = self.dialog() else { return };
        match answer {
            Answer::Media { bubbles, earlier } if gallery.shelf == shelf => {
                let shown = gallery.bubbles.get_or_insert_default();
                let known = |id: &MessageId| bubbles.iter().any(|bubble| bubble.id == *id);
                match before {
                    // What is new stands before what is known, and takes its place where it is the same.
                    None => {
                        let whole = shown.is_empty();
                        shown.retain(|bubble| !known(&bubble.id));
                        shown.splice(0..0, bubbles);
                        gallery.earlier = if whole { earlier } else { gallery.earlier };
                    }
                    Some(_) => {
                        shown.retain(|bubble| !known(&bubble.id));
                        shown.extend(bubbles);
                        gallery.earlier = earlier;
                    }
                }
            }
            Answer::Refused { sentence, .. } => gallery.refused = Some(sentence),
            _ => {}
        }
    }

    /// Opens the page that says how much room media take.
    pub fn show_storage(&mut self) {
        if let Some(main) = self.main() {
            main.dialog = Some(Dialog::Storage { page: None, said: None });
            self.want(What::Ask(Ask::Storage), Purpose::Storage);
        }
    }

    /// Deletes media from this device.
    pub fn free(&mut self, chat: Option<ChatId>, older_days: u32, larger_than: u64) {
        let action = Action::FreeStorage { chat: chat.map(|chat| chat.0), older_days, larger_than };
        self.act(action, Purpose::Free);
    }

    /// Says up to how many bytes of a kind are loaded by itself.
    pub fn set_rule(&mut self, kind: MediaKind, metered: bool, bytes: u64) {
        self.act(Action::SetMediaRule { kind, metered, bytes }, Purpose::Free);
    }

    pub(super) fn storage_came(&mut self, came: StoragePage) {
        if let Some(Dialog::Storage { page, .. }) = self.dialog() {
            *page = Some(came);
        }
    }

    pub(super) fn came_of_freeing(&mut self, outcome: Outcome) {
        if let (Some(Dialog::Storage { said, .. }), Outcome::Refused { sentence, .. }) =
            (self.dialog(), outcome)
        {
            *said = Some(sentence);
        }
        self.want(What::Ask(Ask::Storage), Purpose::Storage);
        if let Some(id) = self.open_id() {
            self.ask_newest(id);
        }
    }

    fn refuse(&mut self, sentence: String) {
        if let Some(chat) = self.open_chat_mut() {
            chat.refused = Some(sentence);
        }
    }

    fn open_id(&self) -> Option<ChatId> {
        self.chat_now().map(|chat| chat.id.clone())
    }

    fn chat_now(&self) -> Option<&Chat> {
        match &self.stage {
            Stage::Main(main) => main.chat(),
            _ => None,
        }
    }

    fn open_chat_mut(&mut self) -> Option<&mut Chat> {
        match &mut self.stage {
            Stage::Main(main) => match &mut main.open {
                Some(Open::Chat(chat)) => Some(chat),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Files of one message.
pub const FILES_MAX: usize = 32;
/// A picture that is larger is drawn when somebody asks for it.
const DRAWN_BYTES_MAX: u64 = 24_000_000;
/// Addresses at one time: two screens of pictures; the browser keeps the bytes of each.
const ADDRESSES_MAX: usize = 96;
/// Small pictures at one time: some kilobytes each.
const THUMBNAILS_MAX: usize = 600;
