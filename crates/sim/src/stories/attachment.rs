//! Pictures, videos, voice notes and files.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use client::{
    AttachmentId, AttachmentState, Command, ConversationId, Event, Hold, MediaInfo, MediaKind, MessageView,
    NewAttachment, OutgoingId, Refused, Reply, Stored,
};
use vocab::time::{DAY_MS, MINUTE_MS};
use wire::{AccountAnswer, AccountRequest, BlobAnswer, BlobRequest, Decode, Door, Encode, Refusal, Request};

use super::{friends, on_disk};
use crate::{Device, Meddling, Passing, World};

/// Bytes that do not repeat where chunks begin.
fn file(bytes: usize, seed: u8) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8 ^ (at / 4_096) as u8 ^ seed).collect()
}

fn about(kind: MediaKind, name: &str) -> MediaInfo {
    let content_type = match kind {
        MediaKind::Picture => "image/jpeg",
        MediaKind::Video => "video/mp4",
        _ => "application/octet-stream",
    };
    MediaInfo {
        kind,
        content_type: content_type.to_owned(),
        name: name.to_owned(),
        width: 640,
        height: 480,
        ..MediaInfo::default()
    }
}

impl Device {
    /// Fills a file in.
    fn fills(self, world: &mut World, bytes: &[u8]) -> Result<AttachmentId, Refused> {
        let begun = self.asks(world, Command::NewAttachment { size: bytes.len() as u64 })?;
        let Reply::Attachment { id, piece } = begun else { panic!("{begun:?}") };
        let mut pieces: Vec<&[u8]> = bytes.chunks(piece as usize).collect();
        if pieces.is_empty() {
            pieces.push(&[]);
        }
        for part in pieces {
            self.asks(world, Command::FillAttachment { id, bytes: part.to_vec() })?;
        }
        Ok(id)
    }

    fn attaches(
        self,
        world: &mut World,
        conversation: ConversationId,
        text: &str,
        files: &[(MediaKind, &str, &[u8])],
    ) -> OutgoingId {
        let mut attachments = Vec::new();
        for (kind, name, bytes) in files {
            let id = self.fills(world, bytes).unwrap();
            attachments.push(NewAttachment { id, about: about(*kind, name), thumbnail: vec![9; 100] });
        }
        let text = text.to_owned();
        match self.asks(world, Command::SendAttachments { conversation, to: None, text, attachments }) {
            Ok(Reply::Outgoing(id)) => id,
            other => panic!("{other:?}"),
        }
    }

    /// Sends files to a contact.
    fn sends_files(
        self,
        world: &mut World,
        to: Device,
        text: &str,
        files: &[(MediaKind, &str, &[u8])],
    ) -> OutgoingId {
        let conversation = self.conversation(world, to).unwrap();
        self.attaches(world, conversation, text, files)
    }

    /// The last message with attachments.
    fn last_with_files(self, world: &World, with: Device) -> MessageView {
        let messages = self.messages(world, with);
        messages.into_iter().rev().find(|it| !it.attachments.is_empty()).expect("a message with files")
    }

    fn states(self, world: &World, with: Device) -> Vec<AttachmentState> {
        self.last_with_files(world, with).attachments.iter().map(|it| it.state).collect()
    }

    /// All bytes of an attachment, where they are here.
    fn opens(self, world: &World, id: AttachmentId) -> Option<Vec<u8>> {
        let client = self.client(world);
        let mut all = Vec::new();
        loop {
            let part = client.read_attachment(id, all.len() as u64).unwrap()?;
            if part.is_empty() {
                return Some(all);
            }
            all.extend(part);
        }
    }

    fn opens_first(self, world: &World, with: Device) -> Option<Vec<u8>> {
        self.opens(world, self.last_with_files(world, with).attachments[0].id)
    }

    fn fetches(self, world: &mut World, with: Device) {
        let id = self.last_with_files(world, with).attachments[0].id;
        assert_eq!(self.asks(world, Command::FetchAttachment { id, on: true }), Ok(Reply::Done));
    }
}

/// Blobs at the service, small ones and those in its store.
fn blobs(world: &World) -> u32 {
    let db = world.service_db().unwrap();
    db.read()
        .one("SELECT (SELECT count(*) FROM blob) + (SELECT count(*) FROM stored_blob)", &[], |row| {
            row.small(0)
        })
        .unwrap()
        .unwrap()
}

/// Counts chunks that pass the blob door on their way to the service, by capability.
fn count_puts(world: &mut World) -> Rc<RefCell<std::collections::BTreeMap<[u8; 32], u32>>> {
    let counts = Rc::new(RefCell::new(std::collections::BTreeMap::new()));
    let counted = Rc::clone(&counts);
    world.set_crook(move |passing: &Passing<'_>| {
        if passing.to_service
            && passing.door == Door::Blob
            && let Ok(Request { op: BlobRequest::PutBlob(put), .. }) =
                Request::<BlobRequest>::decode(passing.frame)
        {
            *counted.borrow_mut().entry(put.capability.0).or_insert(0) += 1;
        }
        Meddling::none(passing)
    });
    counts
}

#[test]
fn a_picture_with_words_arrives_is_fetched_by_itself_and_is_the_same() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let lake = file(700_000, 1);
    anna.sends_files(&mut world, boris, "our lake", &[(MediaKind::Picture, "lake.jpg", &lake)]);
    let conversation = anna.conversation(&world, boris).unwrap();
    assert_eq!(anna.client(&world).outgoing(conversation).unwrap().len(), 1);
    world.settle();
    assert!(anna.client(&world).outgoing(conversation).unwrap().is_empty());
    for device in [anna, boris] {
        let other = if device == anna { boris } else { anna };
        let message = device.last_with_files(&world, other);
        let picture = &message.attachments[0];
        assert_eq!((message.text.as_str(), picture.size), ("our lake", 700_000));
        assert_eq!((picture.about.name.as_str(), picture.about.kind), ("lake.jpg", MediaKind::Picture));
        assert_eq!((picture.about.width, picture.about.height), (640, 480));
        assert_eq!(picture.state, AttachmentState::Here, "{}", device.name(&world));
        assert!(device.client(&world).thumbnail(picture.id).unwrap() == Some(vec![9; 100]));
        assert!(device.opens(&world, picture.id).as_ref() == Some(&lake));
    }
    assert_eq!(boris.finds(&world, "lake.jpg").len(), 1, "a file is found by its name");
}

#[test]
fn an_album_and_a_file_without_bytes_keep_their_order() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    let (one, two) = (file(10, 1), file(300_000, 2));
    let files: [(MediaKind, &str, &[u8]); 3] =
        [(MediaKind::Picture, "1", &one), (MediaKind::Picture, "2", &two), (MediaKind::File, "empty", &[])];
    anna.sends_files(&mut world, boris, "", &files);
    world.settle();
    let message = boris.last_with_files(&world, anna);
    let opened: Vec<_> = message.attachments.iter().map(|it| boris.opens(&world, it.id)).collect();
    assert!(opened[0] == Some(one) && opened[1] == Some(two));
    assert_eq!(message.attachments[2].size, 0);
    assert_eq!(opened[2], Some(vec![]));
    assert_eq!(message.text, "");
}

#[test]
fn what_is_large_is_fetched_on_demand_and_a_text_passes_it_on_the_way() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    let film = file(20 * 1024 * 1024, 3);
    anna.sends_files(&mut world, boris, "", &[(MediaKind::Video, "film.mp4", &film)]);
    anna.says(&mut world, boris, "it takes a while");
    world.settle();
    let said: Vec<String> = boris.messages(&world, anna).into_iter().map(|it| it.text).collect();
    assert_eq!(said, ["it takes a while", ""], "the film came behind the text");
    assert_eq!(boris.states(&world, anna), [AttachmentState::Known]);
    assert_eq!(boris.opens_first(&world, anna), None);
    boris.fetches(&mut world, anna);
    world.settle();
    assert_eq!(boris.states(&world, anna), [AttachmentState::Here]);
    assert!(boris.opens_first(&world, anna) == Some(film));
}

#[test]
fn a_cut_line_and_a_crash_cost_one_chunk_at_most() {
    for cut in 0..12 {
        let mut world = World::new(100 + cut);
        let (anna, boris) = friends(&mut world);
        let puts = count_puts(&mut world);
        let bytes = file(1_500_000, 4);
        anna.sends_files(&mut world, boris, "", &[(MediaKind::Picture, "p", &bytes)]);
        world.pass(40 * cut);
        if cut % 2 == 0 {
            anna.goes_offline(&mut world);
            world.pass(MINUTE_MS);
            anna.comes_back(&mut world);
        } else {
            anna.crashes(&mut world);
            anna.restarts(&mut world);
        }
        world.settle();
        assert!(boris.opens_first(&world, anna) == Some(bytes), "cut {cut}");
        let twice = puts.borrow().values().map(|times| times - 1).sum::<u32>();
        assert!(twice <= 1, "cut {cut}: {twice} chunks were said twice");
        assert_eq!(puts.borrow().len(), 6, "chunks");
    }
}

#[test]
fn fetching_goes_on_after_a_crash_where_it_was() {
    let mut world = World::new(5);
    let (anna, boris) = friends(&mut world);
    let bytes = file(15 * 1024 * 1024, 5);
    anna.sends_files(&mut world, boris, "", &[(MediaKind::Picture, "p", &bytes)]);
    let fetched = count_fetches(&mut world, boris);
    for _ in 0..100 {
        world.pass(500);
        let half = |state: &AttachmentState| matches!(state, AttachmentState::Coming { done, .. } if *done > 7_000_000);
        let came =
            boris.messages(&world, anna).iter().any(|it| it.attachments.iter().any(|at| half(&at.state)));
        if came {
            break;
        }
    }
    boris.crashes(&mut world);
    boris.restarts(&mut world);
    world.settle();
    assert!(boris.opens_first(&world, anna) == Some(bytes));
    // 64 chunks in all, and those that were on their way at the crash.
    assert!(*fetched.borrow() <= 64 + 32, "{}", fetched.borrow());
}

/// Counts the chunks that somebody asks for.
fn count_fetches(world: &mut World, of: Device) -> Rc<RefCell<u32>> {
    let fetched = Rc::new(RefCell::new(0));
    let count = Rc::clone(&fetched);
    world.set_crook(move |passing: &Passing<'_>| {
        let fetch = passing.to_service && passing.device == of && passing.door == Door::Blob;
        let request = fetch.then(|| Request::<BlobRequest>::decode(passing.frame).ok()).flatten();
        if let Some(Request { op: BlobRequest::FetchBlob(_), .. }) = request {
            *count.borrow_mut() += 1;
        }
        Meddling::none(passing)
    });
    fetched
}

#[test]
fn a_full_device_does_not_fetch_the_same_again_and_again_and_has_it_when_there_is_room() {
    let mut world = World::new(17);
    let (anna, boris) = friends(&mut world);
    let bytes = file(3_000_000, 17);
    boris.goes_offline(&mut world);
    anna.sends_files(&mut world, boris, "", &[(MediaKind::Picture, "p", &bytes)]);
    world.pass(MINUTE_MS);
    let fetched = count_fetches(&mut world, boris);
    boris.comes_back(&mut world);
    for _ in 0..10_000 {
        if *fetched.borrow() > 0 {
            break;
        }
        world.pass(5);
    }
    world.devices[boris.0].faults.fail_at(1);
    world.pass(30 * MINUTE_MS);
    // A dozen chunks, and a few on their way each time that it is tried.
    assert!(*fetched.borrow() < 100, "{} fetches", fetched.borrow());
    world.devices[boris.0].faults.fail_at(0);
    world.settle();
    assert!(boris.opens_first(&world, anna) == Some(bytes));
}

#[test]
fn whoever_has_no_tokens_left_still_gets_what_others_send() {
    let mut world = World::new(18);
    let used = Rc::new(Cell::new(false));
    let is_used = Rc::clone(&used);
    // The first device of the world earns none: the service is busy, and then says why.
    world.set_crook(move |passing: &Passing<'_>| {
        let hers = passing.to_service && passing.device.0 == 0 && passing.door == Door::Account;
        let request = hers.then(|| Request::<AccountRequest>::decode(passing.frame).ok()).flatten();
        let Some(Request { id, op: AccountRequest::EarnTokens(_) }) = request else {
            return Meddling::none(passing);
        };
        let refusal = match is_used.get() {
            false => Refusal::Busy { retry_after_ms: 10_000 },
            true => Refusal::QuotaUsed { until: vocab::Day(30_000) },
        };
        let answer = wire::Reply::<AccountAnswer>::Refused { id, refusal }.encode().expect("small");
        Meddling { onward: vec![], back: vec![answer] }
    });
    let (anna, boris) = friends(&mut world);
    assert_eq!(anna.0, 0);
    let conversation = anna.conversation(&world, boris).unwrap();
    let ids: [OutgoingId; 6] = std::array::from_fn(|number| {
        anna.attaches(&mut world, conversation, "", &[(MediaKind::File, "f", &file(100, number as u8))])
    });
    world.pass(MINUTE_MS);
    assert_eq!(holds(&world, anna, boris), [Hold::None; 6]);
    // What they hear before is not why it waits.
    used.set(true);
    world.devices[anna.0].events.clear();
    let bytes = file(600_000, 18);
    boris.sends_files(&mut world, anna, "", &[(MediaKind::Picture, "p", &bytes)]);
    world.pass(5 * MINUTE_MS);
    assert!(anna.opens_first(&world, boris) == Some(bytes));
    assert!(boris.messages(&world, anna).iter().all(|message| message.own), "hers wait");
    assert_eq!(holds(&world, anna, boris), [Hold::Allowance; 6], "and say why");
    let told = |id: OutgoingId| anna.heard(&world, &Event::Outgoing(conversation, id, None));
    assert!(ids.into_iter().all(told), "to whoever looks already");
}

/// Why what is on its way out stands still.
fn holds(world: &World, device: Device, with: Device) -> Vec<Hold> {
    let conversation = device.conversation(world, with).unwrap();
    let outgoing = device.client(world).outgoing(conversation).unwrap();
    let hold = |state| match state {
        AttachmentState::Leaving { hold, .. } => hold,
        other => panic!("{other:?}"),
    };
    outgoing.iter().flat_map(|it| &it.attachments).map(|it| hold(it.state)).collect()
}

#[test]
fn a_service_whose_store_is_full_is_named_and_what_waits_leaves_when_there_is_room() {
    let mut world = World::new(19);
    let (anna, boris) = friends(&mut world);
    world.set_crook(|passing: &Passing<'_>| {
        let put = passing.to_service && passing.door == Door::Blob;
        let request = put.then(|| Request::<BlobRequest>::decode(passing.frame).ok()).flatten();
        let Some(Request { id, op: BlobRequest::PutBlob(_) }) = request else {
            return Meddling::none(passing);
        };
        let refusal = Refusal::Unavailable;
        let answer = wire::Reply::<BlobAnswer>::Refused { id, refusal }.encode().expect("small");
        Meddling { onward: vec![], back: vec![answer] }
    });
    let conversation = anna.conversation(&world, boris).unwrap();
    let bytes = file(600_000, 19);
    anna.attaches(&mut world, conversation, "", &[(MediaKind::File, "f", &bytes)]);
    world.pass(5 * MINUTE_MS);
    assert_eq!(holds(&world, anna, boris), [Hold::Service]);
    world.dismiss_crook();
    world.settle();
    assert!(boris.opens_first(&world, anna) == Some(bytes));
}

/// A service that answers fetches with something else.
fn changes_blobs(world: &mut World, mut change: impl FnMut(&mut Vec<u8>) + 'static) {
    world.set_crook(move |passing: &Passing<'_>| {
        if passing.to_service || passing.door != Door::Blob {
            return Meddling::none(passing);
        }
        let Ok(wire::Reply::Done { id, answer: BlobAnswer::Blob(blob) }) =
            wire::Reply::<BlobAnswer>::decode(passing.frame)
        else {
            return Meddling::none(passing);
        };
        let mut sealed = blob.sealed.as_slice().to_vec();
        change(&mut sealed);
        let answer = BlobAnswer::Blob(wire::blob::Blob { sealed: sealed.into() });
        let frame = wire::Reply::Done { id, answer }.encode().expect("as large as before");
        Meddling { onward: vec![frame], back: vec![] }
    });
}

#[test]
fn a_changed_byte_is_never_handed_out_and_the_honest_bytes_come_later() {
    let mut world = World::new(6);
    let (anna, boris) = friends(&mut world);
    changes_blobs(&mut world, |sealed| {
        let middle = sealed.len() / 2;
        sealed[middle] ^= 1;
    });
    let bytes = file(400_000, 6);
    anna.sends_files(&mut world, boris, "", &[(MediaKind::Picture, "p", &bytes)]);
    world.settle();
    assert_eq!(boris.states(&world, anna), [AttachmentState::Damaged]);
    assert_eq!(boris.opens_first(&world, anna), None);
    world.dismiss_crook();
    boris.fetches(&mut world, anna);
    world.settle();
    assert!(boris.opens_first(&world, anna) == Some(bytes));
}

#[test]
fn what_the_service_lost_is_gone_and_says_so() {
    let mut world = World::new(7);
    let (anna, boris) = friends(&mut world);
    boris.goes_offline(&mut world);
    anna.sends_files(&mut world, boris, "see", &[(MediaKind::Picture, "p", &file(5_000, 7))]);
    world.pass(MINUTE_MS);
    assert!(on_disk(&world, "DELETE FROM blob") > 0);
    boris.comes_back(&mut world);
    world.settle();
    assert_eq!(boris.states(&world, anna), [AttachmentState::Gone]);
    assert_eq!(boris.last_with_files(&world, anna).text, "see");
}

#[test]
fn deleted_for_everyone_the_bytes_are_gone_everywhere() {
    let mut world = World::new(8);
    let (anna, boris) = friends(&mut world);
    let before = blobs(&world);
    anna.sends_files(&mut world, boris, "", &[(MediaKind::Picture, "p", &file(900_000, 8))]);
    world.settle();
    assert!(blobs(&world) > before);
    let message = anna.last_with_files(&world, boris);
    anna.deletes(&mut world, message.id);
    world.settle();
    world.pass(MINUTE_MS);
    assert_eq!(blobs(&world), before, "at the service");
    for device in [anna, boris] {
        assert_eq!(device.opens(&world, message.attachments[0].id), None, "{}", device.name(&world));
        assert!(device.client(&world).storage().unwrap().is_empty());
    }
}

#[test]
fn what_is_outgoing_can_be_held_and_taken_back() {
    let mut world = World::new(9);
    let (anna, boris) = friends(&mut world);
    let conversation = anna.conversation(&world, boris).unwrap();
    anna.goes_offline(&mut world);
    let files: [(MediaKind, &str, &[u8]); 1] = [(MediaKind::File, "f", &file(1_000_000, 9))];
    let held = anna.attaches(&mut world, conversation, "held", &files);
    let dropped = anna.attaches(&mut world, conversation, "dropped", &files);
    anna.asks(&mut world, Command::PauseOutgoing { id: held, paused: true }).unwrap();
    anna.asks(&mut world, Command::CancelOutgoing(dropped)).unwrap();
    anna.comes_back(&mut world);
    world.pass(5 * MINUTE_MS);
    assert!(boris.timeline(&world, anna).is_empty());
    anna.asks(&mut world, Command::PauseOutgoing { id: held, paused: false }).unwrap();
    world.settle();
    assert_eq!(boris.last_with_files(&world, anna).text, "held");
    assert_eq!(boris.timeline(&world, anna).len(), 1);
}

#[test]
fn forwarded_files_are_files_of_their_own() {
    let mut world = World::new(10);
    let (anna, boris) = friends(&mut world);
    let carla = world.registers("Carla");
    world.settle();
    boris.befriends(&mut world, carla);
    let bytes = file(2_000_000, 10);
    anna.sends_files(&mut world, boris, "look", &[(MediaKind::Picture, "p.jpg", &bytes)]);
    world.settle();
    let message = boris.last_with_files(&world, anna).id;
    let to = boris.conversation(&world, carla).unwrap();
    assert!(matches!(boris.asks(&mut world, Command::Forward { message, to }), Ok(Reply::Outgoing(_))));
    world.settle();
    let got = carla.last_with_files(&world, boris);
    assert_eq!((got.text.as_str(), got.forwarded), ("look", true));
    assert!(carla.opens_first(&world, boris) == Some(bytes.clone()));
    // Taken back by whoever sent it first, it is still Carla's.
    let first = anna.last_with_files(&world, boris).id;
    anna.deletes(&mut world, first);
    world.settle();
    assert!(carla.opens_first(&world, boris) == Some(bytes));
}

#[test]
fn room_is_made_the_text_stays_and_the_file_can_come_again() {
    let mut world = World::new(11);
    let (anna, boris) = friends(&mut world);
    let bytes = file(3_000_000, 11);
    anna.sends_files(&mut world, boris, "keep me", &[(MediaKind::Picture, "p", &bytes)]);
    world.settle();
    let conversation = boris.conversation(&world, anna).unwrap();
    assert_eq!(boris.client(&world).storage().unwrap(), [(conversation, 3_000_000, 1)]);
    boris
        .asks(&mut world, Command::FreeStorage(Stored { larger_than: 4_000_000, ..Stored::default() }))
        .unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(boris.states(&world, anna), [AttachmentState::Here], "it is not that large");
    boris.asks(&mut world, Command::FreeStorage(Stored::default())).unwrap();
    world.pass(MINUTE_MS);
    assert!(boris.client(&world).storage().unwrap().is_empty());
    assert_eq!(boris.states(&world, anna), [AttachmentState::Known]);
    assert_eq!(boris.last_with_files(&world, anna).text, "keep me");
    boris.fetches(&mut world, anna);
    world.settle();
    assert!(boris.opens_first(&world, anna) == Some(bytes));
}

#[test]
fn a_linked_device_has_the_files_of_the_history_and_sends_its_own() {
    let mut world = World::new(12);
    let (anna, boris) = friends(&mut world);
    let bytes = file(300_000, 12);
    anna.sends_files(&mut world, boris, "before", &[(MediaKind::Picture, "p", &bytes)]);
    world.settle();
    let laptop = boris.links_by_number(&mut world, "Boris's laptop");
    assert!(laptop.has_history_within(&mut world, 5).is_some());
    world.settle();
    assert!(laptop.opens_first(&world, anna) == Some(bytes));
    let from_laptop = file(50_000, 13);
    laptop.sends_files(&mut world, anna, "from the laptop", &[(MediaKind::Picture, "q", &from_laptop)]);
    world.settle();
    for device in [boris, anna] {
        let other = if device == anna { boris } else { anna };
        assert!(device.opens_first(&world, other) == Some(from_laptop.clone()), "{}", device.name(&world));
    }
}

#[test]
fn what_breaks_a_rule_is_refused_with_a_word() {
    let mut world = World::new(13);
    let (anna, boris) = friends(&mut world);
    let conversation = anna.conversation(&world, boris).unwrap();
    let size = client::ATTACHMENT_BYTES_MAX + 1;
    assert_eq!(anna.is_refused(&mut world, Command::NewAttachment { size }), Refused::FileTooLarge);
    let Ok(Reply::Attachment { id, .. }) = anna.asks(&mut world, Command::NewAttachment { size: 10 }) else {
        panic!("begun")
    };
    let send = |attachments: Vec<NewAttachment>| Command::SendAttachments {
        conversation,
        to: None,
        text: String::new(),
        attachments,
    };
    let one = NewAttachment { id, about: about(MediaKind::File, "f"), thumbnail: vec![] };
    assert_eq!(anna.is_refused(&mut world, send(vec![one.clone()])), Refused::BadAttachment, "not filled");
    let bytes = vec![1; 11];
    assert_eq!(anna.is_refused(&mut world, Command::FillAttachment { id, bytes }), Refused::FileChanged);
    anna.asks(&mut world, Command::FillAttachment { id, bytes: vec![1; 10] }).unwrap();
    let again = Command::FillAttachment { id, bytes: vec![2; 10] };
    assert_eq!(anna.is_refused(&mut world, again), Refused::FileChanged, "a chunk is sealed once");
    assert_eq!(anna.is_refused(&mut world, send(vec![])), Refused::BadAttachment);
    let large = NewAttachment { thumbnail: vec![0; client::THUMBNAIL_BYTES_MAX + 1], ..one.clone() };
    assert_eq!(anna.is_refused(&mut world, send(vec![large])), Refused::BadAttachment);
    assert!(matches!(anna.asks(&mut world, send(vec![one.clone()])), Ok(Reply::Outgoing(_))));
    assert_eq!(anna.is_refused(&mut world, send(vec![one])), Refused::BadAttachment, "sent already");
    world.settle();
    assert!(boris.last_with_files(&world, anna).attachments[0].size == 10);
}

#[test]
fn nothing_of_a_stranger_is_fetched_before_they_are_accepted() {
    let mut world = World::new(14);
    let anna = world.registers_number("Anna", "+32470000001");
    let boris = world.registers("Boris");
    world.settle();
    boris.adds_handle(&mut world, "+32470000001");
    boris.sends_files(&mut world, anna, "", &[(MediaKind::Picture, "p", &file(4_000, 14))]);
    let fetched = Rc::new(RefCell::new(0));
    let count = Rc::clone(&fetched);
    world.set_crook(move |passing: &Passing<'_>| {
        if passing.device == anna && passing.door == Door::Blob {
            *count.borrow_mut() += 1;
        }
        Meddling::none(passing)
    });
    world.pass(10 * MINUTE_MS);
    assert_eq!(*fetched.borrow(), 0);
    anna.accepts(&mut world, boris);
    world.settle();
    assert!(*fetched.borrow() > 0);
    assert!(anna.opens_first(&world, boris).is_some());
}

#[test]
fn a_file_that_was_being_read_when_the_device_stopped_is_forgotten() {
    let mut world = World::new(15);
    let (anna, _) = friends(&mut world);
    let Ok(Reply::Attachment { id, piece }) =
        anna.asks(&mut world, Command::NewAttachment { size: 1_000_000 })
    else {
        panic!("begun")
    };
    anna.asks(&mut world, Command::FillAttachment { id, bytes: vec![3; piece as usize] }).unwrap();
    anna.crashes(&mut world);
    anna.restarts(&mut world);
    let next = Command::FillAttachment { id, bytes: vec![3; piece as usize] };
    assert_eq!(anna.is_refused(&mut world, next), Refused::Unknown);
    world.pass(MINUTE_MS);
    assert_eq!(anna.opens(&world, id), None);
}

#[test]
fn sent_again_after_a_month_the_bytes_are_left_again() {
    let mut world = World::new(16);
    let (anna, boris) = friends(&mut world);
    let bytes = file(6_000, 16);
    anna.sends_files(&mut world, boris, "", &[(MediaKind::Picture, "p", &bytes)]);
    world.settle();
    world.pass(40 * DAY_MS);
    let message = anna.last_with_files(&world, boris).id;
    let to = anna.conversation(&world, boris).unwrap();
    anna.asks(&mut world, Command::Forward { message, to }).unwrap();
    world.settle();
    let got = boris.last_with_files(&world, anna);
    assert!(got.forwarded && boris.opens(&world, got.attachments[0].id) == Some(bytes));
}
