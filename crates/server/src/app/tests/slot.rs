//! One order of commits and messages; the right to post; repetition.

use vocab::limits::{COMMIT_BURST, PAYLOAD_BYTES_MAX, SENDS_PER_SECOND};
use wire::DeliveryKind;
use wire::slot::FetchRejoin;

use super::*;

/// The conversation one epoch later, with these members.
fn next(of: &Conversation, members: Vec<AddressSecret>) -> Conversation {
    Conversation { slot: of.slot, posting_key: [of.posting_key[0].wrapping_add(100); 32], members }
}

#[test]
fn a_conversation_begins_with_welcomes_and_a_first_message() {
    let mut world = World::new();
    let (alice, bob) = (world.open_device(1), world.open_device(2));
    let slot = SlotId([5; 16]);
    let own = world.address(&alice, 40, Bound::to(slot));
    let fresh = world.address(&bob, 41, Bound::free());
    let chat = Conversation { slot, posting_key: [5; 32], members: vec![own, fresh] };
    let request = world.create_slot(&chat, vec![welcome(fresh, 1_024)], &[7; 512]);
    assert_eq!(world.stored(request), Ok(Stored { sequence: 1, epoch: 1 }));
    let kinds = |got: Vec<(u64, Delivery)>| -> Vec<_> {
        got.into_iter().map(|(_, it)| (it.kind, it.sequence, it.epoch)).collect()
    };
    assert_eq!(kinds(world.received(&alice)), [(DeliveryKind::Message, 2, 1)]);
    let expected = [(DeliveryKind::Welcome, 1, 1), (DeliveryKind::Message, 2, 1)];
    assert_eq!(kinds(world.received(&bob)), expected);
    assert_eq!(world.send(&chat), Ok(Stored { sequence: 3, epoch: 1 }));
}

#[test]
fn a_commit_goes_to_the_old_roster_its_message_to_the_new_and_welcomes_to_who_was_added() {
    let mut world = World::new();
    let (alice, bob, carol) = (world.open_device(1), world.open_device(2), world.open_device(3));
    let chat = world.conversation(5, &[&alice, &bob]);
    let joining = world.address(&carol, 60, Bound::free());
    let after = next(&chat, vec![chat.members[0], joining]);
    let request = world.commit_request(&chat, &after, vec![welcome(joining, 2_048)], &[8; 512]);
    assert_eq!(world.stored(request), Ok(Stored { sequence: 2, epoch: 2 }));
    let kinds = |got: Vec<(u64, Delivery)>| -> Vec<_> {
        got.into_iter().map(|(_, it)| (it.kind, it.sequence, it.epoch)).collect()
    };
    let commit = (DeliveryKind::Commit, 2, 1);
    let message = (DeliveryKind::Message, 3, 2);
    assert_eq!(kinds(world.received(&alice)), [commit, message]);
    assert_eq!(kinds(world.received(&bob)), [commit], "who was removed sees the commit that did it");
    assert_eq!(kinds(world.received(&carol)), [(DeliveryKind::Welcome, 2, 2), message]);
}

#[test]
fn a_removed_member_is_refused_at_once_and_delivers_nothing_by_knowing_addresses() {
    let mut world = World::new();
    let (alice, bob, mallory) = (world.open_device(1), world.open_device(2), world.open_device(3));
    let chat = world.conversation(5, &[&alice, &bob, &mallory]);
    let after = next(&chat, chat.members[..2].to_vec());
    let request = world.commit_request(&chat, &after, Vec::new(), b"");
    world.stored(request).unwrap();
    for device in [&alice, &bob, &mallory] {
        world.read(device);
    }
    assert_eq!(world.send(&chat), Err(Refusal::StaleEpoch));
    let back = next(&chat, chat.members.clone());
    let request = world.commit_request(&chat, &back, Vec::new(), b"");
    assert_eq!(world.stored(request), Err(Refusal::StaleEpoch));

    // He knows their addresses, and makes slots of his own with them.
    let own = SlotId([66; 16]);
    let lure = Conversation { slot: own, posting_key: [66; 32], members: chat.members.clone() };
    let welcomes = chat.members.iter().map(|a| welcome(*a, 512)).collect();
    let request = world.create_slot(&lure, welcomes, &[9; 512]);
    world.stored(request).unwrap();
    world.send(&lure).unwrap();
    let zero = Conversation { slot: SlotId([0; 16]), posting_key: [67; 32], members: chat.members.clone() };
    let request = world.create_slot(&zero, Vec::new(), &[9; 512]);
    assert_eq!(world.stored(request), Err(Refusal::Malformed), "a free address carries zeros");
    assert_eq!((world.read(&alice), world.read(&bob)), (vec![], vec![]));

    world.send(&after).unwrap();
    assert!(world.read(&mallory).is_empty(), "and reads nothing");
}

#[test]
fn of_two_commits_of_one_epoch_the_first_wins_and_the_loser_is_told() {
    let mut world = World::new();
    let (alice, bob) = (world.open_device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    let (one, two) = (
        next(&chat, chat.members.clone()),
        Conversation { posting_key: [77; 32], ..next(&chat, chat.members.clone()) },
    );
    let (first, second) = (world.connect(Door::Unnamed), world.connect(Door::Unnamed));
    let (a, b) = (
        world.commit_request(&chat, &one, Vec::new(), b""),
        world.commit_request(&chat, &two, Vec::new(), b""),
    );
    world.tell(first, &Request { id: 1, op: a });
    world.tell(second, &Request { id: 1, op: b });
    world.flush();
    assert!(matches!(world.next_frame::<Reply<UnnamedAnswer>>(first), Reply::Done { .. }));
    let lost = world.next_frame::<Reply<UnnamedAnswer>>(second);
    assert!(matches!(lost, Reply::Refused { refusal: Refusal::StaleEpoch, .. }));
    assert_eq!(world.read(&bob), [2], "one commit, once");
    assert_eq!(world.send(&two), Err(Refusal::StaleEpoch));
    assert!(world.send(&one).is_ok());
}

#[test]
fn repeating_a_request_changes_nothing_more_also_after_a_restart_and_in_a_later_epoch() {
    let mut world = World::on_disk();
    let (alice, mut bob) = (world.device(1), world.device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    let frame = |op, id| Request { id, op }.encode().unwrap();
    let send = frame(world.send_request(&chat, 512), 1);
    let after = next(&chat, chat.members.clone());
    let commit = frame(world.commit_request(&chat, &after, Vec::new(), b""), 2);
    let mut answers = Vec::new();
    for round in 0..3 {
        let session = world.connect(Door::Unnamed);
        for request in [&send, &commit] {
            // Another number on another connection is the same request.
            let mut request = request.clone();
            request[3] = round;
            world.put(session, &request);
        }
        world.flush();
        let both = [0, 1].map(|_| match world.next_frame::<Reply<UnnamedAnswer>>(session) {
            Reply::Done { answer: UnnamedAnswer::Stored(stored), .. } => stored,
            _ => panic!("expected to be stored"),
        });
        answers.push(both);
        world.crash_and_restart();
    }
    assert_eq!(answers[0], [Stored { sequence: 2, epoch: 1 }, Stored { sequence: 3, epoch: 2 }]);
    assert!(answers.iter().all(|both| *both == answers[0]));
    world.open(&mut bob);
    assert_eq!(world.read(&bob), [2, 3]);
}

#[test]
fn another_request_under_a_used_id_is_refused_and_an_id_is_forgotten_after_a_day_and_a_half() {
    let mut world = World::new();
    let alice = world.device(1);
    let chat = world.conversation(5, &[&alice]);
    world.send(&chat).unwrap();
    world.attempts -= 1;
    let other = world.send_request(&chat, 1_024);
    assert_eq!(world.stored(other), Err(Refusal::Exists));
    world.pass(23 * 3_600_000);
    world.attempts -= 1;
    assert_eq!(world.send(&chat), Ok(Stored { sequence: 2, epoch: 1 }));
    world.pass(14 * 3_600_000);
    super::mailbox::sweep(&mut world);
    assert_eq!(world.rows("SELECT COUNT(*) FROM idempotency"), 0);
}

#[test]
fn sends_are_fifty_a_second_and_commits_ten_then_one_every_five_seconds() {
    let mut world = World::new();
    let alice = world.device(1);
    let mut chat = world.conversation(5, &[&alice]);
    for _ in 0..SENDS_PER_SECOND {
        world.send(&chat).unwrap();
    }
    assert_eq!(world.send(&chat), Err(Refusal::Busy { retry_after_ms: 20 }));
    world.pass(20);
    assert!(world.send(&chat).is_ok());
    for n in 0..COMMIT_BURST {
        let after = Conversation { posting_key: [n as u8 + 100; 32], ..next(&chat, chat.members.clone()) };
        let request = world.commit_request(&chat, &after, Vec::new(), b"");
        world.stored(request).unwrap();
        chat = after;
    }
    let after = Conversation { posting_key: [99; 32], ..next(&chat, chat.members.clone()) };
    let request = world.commit_request(&chat, &after, Vec::new(), b"");
    assert_eq!(world.stored(request), Err(Refusal::Busy { retry_after_ms: 5_000 }));
    world.pass(5_000);
    let request = world.commit_request(&chat, &after, Vec::new(), b"");
    assert!(world.stored(request).is_ok());
}

#[test]
fn what_is_not_of_its_shape_is_refused_and_changes_nothing() {
    let mut world = World::new();
    let alice = world.open_device(1);
    let chat = world.conversation(5, &[&alice]);
    let odd = world.send_request(&chat, 513);
    assert_eq!(world.stored(odd), Err(Refusal::Malformed));
    let after = next(&chat, chat.members.clone());
    for spoil in 0..7 {
        let UnnamedRequest::Commit(mut commit) =
            world.commit_request(&chat, &after, vec![welcome(chat.members[0], 512)], b"")
        else {
            panic!()
        };
        let expected = match spoil {
            0 => {
                commit.next_posting_key = Secret32([1; 32]);
                Refusal::Malformed
            }
            1 => {
                commit.next.roster = vec![0; 100].into();
                Refusal::Malformed
            }
            2 => {
                commit.next.rejoin = vec![0; PAYLOAD_BYTES_MAX + 1].into();
                Refusal::TooLarge
            }
            3 => {
                commit.welcomes[0].payload = vec![0; 511].into();
                Refusal::Malformed
            }
            5 => {
                // Too much for everybody: it belongs into pieces.
                commit.commit = vec![0; 262_144].into();
                Refusal::TooLarge
            }
            4 => {
                commit.message = vec![0; 100].into();
                Refusal::Malformed
            }
            _ => {
                commit.commit = Vec::new().into();
                Refusal::Malformed
            }
        };
        assert_eq!(world.stored(UnnamedRequest::Commit(commit)), Err(expected), "{spoil}");
    }
    let ghost = Conversation { slot: SlotId([9; 16]), posting_key: [9; 32], members: vec![] };
    assert_eq!(world.send(&ghost), Err(Refusal::UnknownSlot));
    let again = world.create_slot(&chat, Vec::new(), b"");
    assert_eq!(world.stored(again), Err(Refusal::Exists));
    assert!(world.read(&alice).is_empty());
    assert_eq!(world.send(&chat), Ok(Stored { sequence: 2, epoch: 1 }), "no number was lost");
}

#[test]
fn a_rejoin_blob_is_there_for_whoever_can_open_it_and_follows_the_epoch() {
    let mut world = World::new();
    let alice = world.device(1);
    let chat = world.conversation(5, &[&alice]);
    let fetch = |slot| UnnamedRequest::FetchRejoin(FetchRejoin { slot, extensions: Vec::new() });
    let epoch = |answer| match answer {
        Ok(UnnamedAnswer::Rejoin(rejoin)) => (rejoin.blob.as_slice().to_vec(), rejoin.epoch),
        _ => panic!("expected the blob"),
    };
    assert_eq!(epoch(world.ask(fetch(chat.slot))), (b"rejoin blob".to_vec(), 1));
    let after = next(&chat, chat.members.clone());
    let request = world.commit_request(&chat, &after, Vec::new(), b"");
    world.stored(request).unwrap();
    assert_eq!(epoch(world.ask(fetch(chat.slot))).1, 2);
    assert_eq!(world.ask(fetch(SlotId([1; 16]))).err(), Some(Refusal::UnknownSlot));
}

#[test]
fn slots_addresses_and_directory_rows_expire_unless_used() {
    let mut world = World::new();
    let (alice, bob) = (world.device(1), world.device(2));
    let (used, unused) = (world.conversation(5, &[&alice]), world.conversation(6, &[&bob]));
    world.pass(300 * DAY_MS);
    world.send(&used).unwrap();
    world.pass(101 * DAY_MS);
    super::mailbox::sweep(&mut world);
    assert!(world.send(&used).is_ok());
    assert_eq!(world.send(&unused), Err(Refusal::UnknownSlot));
    assert_eq!(world.rows("SELECT COUNT(*) FROM address"), 1);
    assert_eq!(world.rows("SELECT COUNT(*) FROM slot_state"), 1);
}
