//! What is no request, or stands at the wrong door.

use vocab::PieceId;
use wire::account::{RequestPermit, UpdateDeviceList};
use wire::directory::{Evaluate, FetchDirectoryRow, PutDirectoryRow};
use wire::slot::{FetchPieces, FetchRejoin};

use super::*;

/// One of every request of the unnamed door; a new one does not compile until it is here.
fn unnamed(world: &mut World) -> Vec<Vec<u8>> {
    let device = Device { secret: [8; 32], mailbox: MailboxId([8; 16]), wrap_key: [8; 32], session: None };
    let a = AddressSecret([8; 32]);
    let chat = Conversation { slot: SlotId([8; 16]), posting_key: [8; 32], members: vec![a] };
    let person = Person::new(8);
    let all = vec![
        device.create(),
        world.create_address(&device, a, Bound::free()),
        device.delete(&a),
        world.create_slot(&chat, vec![welcome(a, 512)], &[1; 512]),
        world.send_request(&chat, 512),
        world.commit_request(&chat, &chat, vec![welcome(a, 512)], &[1; 512]),
        UnnamedRequest::FetchRejoin(FetchRejoin { slot: chat.slot, extensions: Vec::new() }),
        super::key_package::fetch(&person, [1; 32]),
        UnnamedRequest::PutDirectoryRow(PutDirectoryRow {
            tag: [1; 32],
            row: vec![1; 104].into(),
            permit: vec![1; 40].into(),
            extensions: Vec::new(),
        }),
        UnnamedRequest::FetchDirectoryRow(FetchDirectoryRow {
            tag: [1; 32],
            token: Vec::new().into(),
            extensions: Vec::new(),
        }),
        UnnamedRequest::FetchPieces(FetchPieces {
            slot: chat.slot,
            ids: vec![PieceId([1; 32])],
            extensions: Vec::new(),
        }),
    ];
    let mut kinds: Vec<u8> = all
        .iter()
        .map(|op| match op {
            UnnamedRequest::CreateMailbox(_) => 1,
            UnnamedRequest::CreateAddress(_) => 2,
            UnnamedRequest::DeleteAddress(_) => 3,
            UnnamedRequest::CreateSlot(_) => 4,
            UnnamedRequest::Send(_) => 5,
            UnnamedRequest::Commit(_) => 6,
            UnnamedRequest::FetchRejoin(_) => 7,
            UnnamedRequest::FetchKeyPackages(_) => 8,
            UnnamedRequest::PutDirectoryRow(_) => 9,
            UnnamedRequest::FetchDirectoryRow(_) => 10,
            UnnamedRequest::FetchPieces(_) => 11,
        })
        .collect();
    kinds.dedup();
    assert_eq!(kinds, (1..=11).collect::<Vec<_>>());
    all.into_iter().map(|op| Request { id: 5, op }.encode().unwrap()).collect()
}

/// One of every request of the account door; a new one does not compile until it is here.
fn account() -> Vec<Vec<u8>> {
    let person = Person::new(8);
    let all = vec![
        request_code(ANNA, [8; 32]),
        person.register(Some(proof(ANNA, [8; 32], "123456"))),
        person.authenticate(8, &[1; 32]),
        AccountRequest::UpdateDeviceList(UpdateDeviceList {
            device_list: person.chain.newest_bytes().into(),
            extensions: Vec::new(),
        }),
        super::key_package::put(2, true),
        AccountRequest::Evaluate(Evaluate { blinded: vec![vec![1; 32].into()], extensions: Vec::new() }),
        AccountRequest::RequestPermit(RequestPermit {
            handle: ANNA.as_bytes().into(),
            extensions: Vec::new(),
        }),
        super::token::earn_request(&[vec![1; 32]]),
    ];
    let mut kinds: Vec<u8> = all
        .iter()
        .map(|op| match op {
            AccountRequest::RequestCode(_) => 1,
            AccountRequest::Register(_) => 2,
            AccountRequest::Authenticate(_) => 3,
            AccountRequest::UpdateDeviceList(_) => 4,
            AccountRequest::PutKeyPackages(_) => 5,
            AccountRequest::Evaluate(_) => 6,
            AccountRequest::RequestPermit(_) => 7,
            AccountRequest::EarnTokens(_) => 8,
        })
        .collect();
    kinds.dedup();
    assert_eq!(kinds, (1..=8).collect::<Vec<_>>());
    all.into_iter().map(|op| Request { id: 5, op }.encode().unwrap()).collect()
}

/// One of every request of the blob door; a new one does not compile until it is here.
fn blob() -> Vec<Vec<u8>> {
    let all = [
        super::blob::put(1, 512, 7),
        super::blob::fetch_request(1),
        super::blob::delete(1),
        super::blob::ask_request(&[1, 2]),
    ];
    let kinds = all.iter().map(|op| match op {
        BlobRequest::PutBlob(_) => 1,
        BlobRequest::FetchBlob(_) => 2,
        BlobRequest::DeleteBlob(_) => 3,
        BlobRequest::AskBlobs(_) => 4,
    });
    assert!(kinds.eq(1..=4));
    all.into_iter().map(|op| Request { id: 5, op }.encode().unwrap()).collect()
}

/// One of every frame of the mailbox door.
fn mailbox() -> Vec<Vec<u8>> {
    let device = Device { secret: [8; 32], mailbox: MailboxId([8; 16]), wrap_key: [8; 32], session: None };
    let all = [device.open(&[1; 32]), MailboxFromDevice::Acknowledge(7)];
    let known = |frame: &MailboxFromDevice| {
        matches!(frame, MailboxFromDevice::Open(_) | MailboxFromDevice::Acknowledge(_))
    };
    assert!(all.iter().all(known));
    all.iter().map(|frame| frame.encode().unwrap()).collect()
}

/// What a fresh connection at the door says to the frame.
fn refusal(world: &mut World, door: Door, frame: &[u8]) -> Option<Refusal> {
    let session = world.connect(door);
    world.inbox.remove(&session);
    world.put(session, frame);
    world.flush();
    match door {
        Door::Mailbox => match world.next_frame(session) {
            MailboxFromService::Refused(refusal) => Some(refusal),
            _ => None,
        },
        Door::Unnamed => match world.next_frame::<Reply<UnnamedAnswer>>(session) {
            Reply::Refused { refusal, .. } => Some(refusal),
            Reply::Done { .. } => None,
        },
        Door::Account => match world.next_frame::<Reply<AccountAnswer>>(session) {
            Reply::Refused { refusal, .. } => Some(refusal),
            Reply::Done { .. } => None,
        },
        Door::Blob => match world.next_frame::<Reply<BlobAnswer>>(session) {
            Reply::Refused { refusal, .. } => Some(refusal),
            Reply::Done { .. } => None,
        },
    }
}

fn frames(world: &mut World, door: Door) -> Vec<Vec<u8>> {
    match door {
        Door::Mailbox => mailbox(),
        Door::Unnamed => unnamed(world),
        Door::Account => account(),
        Door::Blob => blob(),
    }
}

#[test]
fn an_operation_stands_at_one_door_only() {
    let mut world = World::new();
    for own in Door::ALL {
        for frame in frames(&mut world, own) {
            for other in Door::ALL.into_iter().filter(|door| *door != own) {
                let refused = refusal(&mut world, other, &frame);
                assert_eq!(refused, Some(Refusal::Malformed), "{own:?} at {other:?}: {:02x?}", &frame[..6]);
            }
        }
    }
}

#[test]
fn a_request_cut_anywhere_or_followed_by_something_is_malformed() {
    let mut world = World::new();
    for door in Door::ALL {
        for frame in frames(&mut world, door) {
            let session = world.connect(door);
            for cut in (0..frame.len()).filter(|cut| *cut < 200 || cut % 37 == 0 || frame.len() - cut < 8) {
                let (session, cut) = match door {
                    // The mailbox door ends the connection.
                    Door::Mailbox => (world.connect(door), &frame[..cut]),
                    _ => (session, &frame[..cut]),
                };
                world.inbox.remove(&session);
                world.put(session, cut);
                world.flush();
                let said = world.next(session);
                let malformed = match door {
                    Door::Mailbox => MailboxFromService::Refused(Refusal::Malformed).encode(),
                    Door::Unnamed => {
                        Reply::<UnnamedAnswer>::Refused { id: request_id(cut), refusal: Refusal::Malformed }
                            .encode()
                    }
                    Door::Blob => {
                        Reply::<BlobAnswer>::Refused { id: request_id(cut), refusal: Refusal::Malformed }
                            .encode()
                    }
                    Door::Account => {
                        Reply::<AccountAnswer>::Refused { id: request_id(cut), refusal: Refusal::Malformed }
                            .encode()
                    }
                };
                assert_eq!(said, malformed.ok().map(Out::Frame), "{door:?}, {} bytes", cut.len());
            }
            let longer = [&frame[..], b"x"].concat();
            assert_eq!(refusal(&mut world, door, &longer), Some(Refusal::Malformed));
        }
    }
}

#[test]
fn garbage_and_changed_bytes_are_answered_and_never_more() {
    let mut world = World::new();
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    for door in Door::ALL {
        let frames = frames(&mut world, door);
        for round in 0..600 {
            let mut frame = frames[round % frames.len()].clone();
            for _ in 0..1 + rng.next_u32() % 3 {
                let place = rng.next_u32() as usize % frame.len();
                frame[place] ^= 1 << (rng.next_u32() % 8);
            }
            let session = world.connect(door);
            world.inbox.remove(&session);
            world.put(session, &frame);
            world.flush();
            assert!(matches!(world.next(session), Some(Out::Frame(_))), "an answer, whichever");
            let mut noise = vec![0; rng.next_u32() as usize % 300];
            rng.fill_bytes(&mut noise);
            assert!(refusal(&mut world, door, &noise).is_some());
        }
    }
}

#[test]
fn a_frame_above_the_limit_is_too_large() {
    let mut world = World::new();
    let frame = vec![0; FRAME_BYTES_MAX + 1];
    for door in Door::ALL {
        assert_eq!(refusal(&mut world, door, &frame), Some(Refusal::TooLarge));
    }
}

#[test]
fn a_connection_that_has_ended_says_and_gets_nothing() {
    let mut world = World::new();
    let alice = world.open_device(1);
    let chat = world.conversation(5, &[&alice]);
    let session = alice.session.unwrap();
    world.service().disconnect(session);
    world.send(&chat).unwrap();
    world.put(session, &[1, 2, 3]);
    world.flush();
    assert_eq!(world.next(session), None);
}

#[test]
fn an_account_connection_that_asks_too_fast_waits() {
    let mut world = World::new();
    let (session, _) = world.visit();
    let busy = (0..100).filter(|_| {
        let request = super::key_package::put(1, false);
        matches!(world.visit_ask(session, request), Err(Refusal::Busy { .. }))
    });
    assert_eq!(busy.count(), 100 - ACCOUNT_REQUESTS_BURST as usize);
}
