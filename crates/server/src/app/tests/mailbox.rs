//! Delivery: in order, in windows, once acknowledged gone.

use vocab::limits::{DELIVERY_WINDOW, ENVELOPE_DAYS, MAILBOX_DAYS, MAILBOX_ENVELOPES_MAX};

use super::*;

const ENVELOPES: server_db::Sql = "SELECT COUNT(*) FROM envelope";
const PARCELS: server_db::Sql = "SELECT COUNT(*) FROM parcel";

#[test]
fn what_was_sent_while_a_device_slept_comes_in_order_and_goes_when_acknowledged() {
    let mut world = World::on_disk();
    let (alice, mut bob) = (world.open_device(1), world.device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    for _ in 0..5 {
        world.send(&chat).unwrap();
    }
    assert_eq!(world.read(&alice), [2, 3, 4, 5, 6], "the sender's echo");
    world.crash_and_restart();
    assert_eq!(world.open(&mut bob), (5, 0));
    let got = world.received(&bob);
    assert_eq!(got.iter().map(|(_, it)| it.sequence).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    assert!(
        got.iter()
            .all(|(_, it)| it.kind == wire::DeliveryKind::Message && it.epoch == 1 && it.slot == chat.slot)
    );
    world.acknowledge(&bob, got[2].0);
    assert_eq!(world.rows(ENVELOPES), 2);
    world.open(&mut bob);
    assert_eq!(world.read(&bob), [5, 6], "what was not acknowledged comes again");
    assert_eq!(world.rows(ENVELOPES), 0);
}

#[test]
fn what_goes_out_at_once_lies_in_a_parcel_until_the_last_acknowledged() {
    let mut world = World::new();
    let (alice, bob, carol) = (world.open_device(1), world.open_device(2), world.device(3));
    let chat = world.conversation(5, &[&alice, &bob, &carol]);
    world.send(&chat).unwrap();
    assert_eq!((world.rows(ENVELOPES), world.rows(PARCELS)), (1, 1), "a row for Carol, who is away");
    assert_eq!(world.read(&bob), [2]);
    assert_eq!(world.rows(PARCELS), 1, "Alice's echo lies there");
    assert_eq!(world.read(&alice), [2]);
    assert_eq!((world.rows(ENVELOPES), world.rows(PARCELS)), (1, 0));
}

#[test]
fn what_is_not_acknowledged_soon_moves_to_its_mailbox() {
    let mut world = World::new();
    let (alice, bob) = (world.open_device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    world.send(&chat).unwrap();
    assert_eq!(world.read(&alice), [2]);
    world.pass(9_999);
    sweep(&mut world);
    assert_eq!((world.rows(ENVELOPES), world.rows(PARCELS)), (0, 1));
    world.pass(1);
    sweep(&mut world);
    assert_eq!((world.rows(ENVELOPES), world.rows(PARCELS)), (1, 0), "Bob's only");
    assert_eq!(world.read(&bob), [2]);
    assert_eq!(world.rows(ENVELOPES), 0);
}

#[test]
fn what_a_connection_leaves_behind_waits_for_the_next() {
    for replaced in [false, true] {
        let mut world = World::new();
        let (alice, mut bob) = (world.open_device(1), world.open_device(2));
        let chat = world.conversation(5, &[&alice, &bob]);
        for _ in 0..3 {
            world.send(&chat).unwrap();
        }
        let got = world.received(&bob);
        world.acknowledge(&bob, got[0].0);
        if !replaced {
            world.service().disconnect(bob.session.unwrap());
        }
        world.send(&chat).unwrap();
        assert_eq!(world.open(&mut bob), (3, 0));
        assert_eq!(world.read(&bob), [3, 4, 5]);
        assert_eq!(world.read(&alice), [2, 3, 4, 5]);
        assert_eq!((world.rows(ENVELOPES), world.rows(PARCELS)), (0, 0));
    }
}

#[test]
fn a_parcel_survives_a_crash_and_its_mailbox_does_not_come_back() {
    let mut world = World::on_disk();
    let (mut alice, mut bob) = (world.open_device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    for _ in 0..3 {
        world.send(&chat).unwrap();
    }
    assert_eq!(world.rows(PARCELS), 3);
    world.crash_and_restart();
    assert_eq!(world.open(&mut bob), (3, 0));
    assert_eq!(world.rows(PARCELS), 0);
    assert_eq!(world.read(&bob), [2, 3, 4]);
    assert_eq!(world.open(&mut alice), (3, 0));
    assert_eq!(world.read(&alice), [2, 3, 4]);
    world.send(&chat).unwrap();
    world.service().db().begin().unwrap();
    let gone = [(&bob.mailbox.0).into()];
    world.service().db().write().execute("DELETE FROM mailbox WHERE id = $1", &gone).unwrap();
    world.service().db().commit().unwrap();
    world.crash_and_restart();
    assert_eq!(world.open(&mut alice), (1, 0));
    assert_eq!((world.rows(ENVELOPES), world.rows(PARCELS)), (1, 0), "nothing of a mailbox that is gone");
}

#[test]
fn a_window_of_sixty_four_stays_ahead_until_acknowledged() {
    let mut world = World::new();
    let (alice, bob) = (world.device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    for n in 0..150 {
        world.pass(if n % 50 == 0 { 1_000 } else { 0 });
        world.send(&chat).unwrap();
    }
    let mut got = world.received(&bob);
    assert_eq!(got.len(), DELIVERY_WINDOW);
    world.acknowledge(&bob, got[9].0);
    got.extend(world.received(&bob));
    assert_eq!(got.len(), DELIVERY_WINDOW + 10, "room for ten more, from disk");
    while let Some((last, _)) = got.last().filter(|_| got.len() < 150) {
        let last = *last;
        world.acknowledge(&bob, last);
        got.extend(world.received(&bob));
    }
    assert_eq!(got.iter().map(|(_, it)| it.sequence).collect::<Vec<_>>(), (2..152).collect::<Vec<_>>());
    let last = got[149].0;
    world.acknowledge(&bob, last);
    world.pass(1_000);
    world.send(&chat).unwrap();
    assert_eq!(world.read(&bob), [152], "caught up again: straight from memory");
}

#[test]
fn a_window_is_bound_in_bytes_too() {
    let mut world = World::new();
    let (alice, bob) = (world.device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    for size in [4_194_304, 1_048_576, 1_048_576] {
        let request = world.send_request(&chat, size);
        world.stored(request).unwrap();
    }
    let mut sizes = Vec::new();
    for _ in 0..2 {
        let got = world.received(&bob);
        sizes.push(got.len());
        let last = got.last().unwrap().0;
        world.acknowledge(&bob, last);
    }
    assert_eq!(sizes, [1, 2], "the largest envelope travels alone");
}

#[test]
fn numbers_are_never_used_again_after_emptying_and_restarting() {
    let mut world = World::on_disk();
    let (alice, mut bob) = (world.device(1), world.device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    let mut last = 0;
    for _ in 0..3 {
        world.send(&chat).unwrap();
        world.open(&mut bob);
        let got = world.received(&bob);
        assert!(got.iter().all(|(sequence, _)| *sequence > last), "{last}");
        last = got.last().unwrap().0;
        world.acknowledge(&bob, last);
        world.crash_and_restart();
    }
}

#[test]
fn a_newer_connection_replaces_the_older() {
    let mut world = World::new();
    let (alice, mut bob) = (world.device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    let old = bob.session.unwrap();
    world.open(&mut bob);
    assert!(matches!(world.next_frame(old), MailboxFromService::Refused(Refusal::Exists)));
    assert_eq!(world.next(old), Some(Out::Close));
    world.send(&chat).unwrap();
    assert_eq!(world.read(&bob), [2]);
    assert_eq!(world.next(old), None);
}

#[test]
fn an_acknowledgement_that_crosses_a_newer_connection_counts_once() {
    let mut world = World::new();
    let (alice, mut bob) = (world.device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    world.send(&chat).unwrap();
    world.send(&chat).unwrap();
    let first = world.received(&bob)[0].0;
    let session = world.connect(Door::Mailbox);
    let MailboxFromService::Challenge(challenge) = world.next_frame(session) else { panic!() };
    world.tell(session, &bob.open(&challenge.nonce));
    world.tell(bob.session.unwrap(), &MailboxFromDevice::Acknowledge(first));
    world.flush();
    assert_eq!(world.rows(ENVELOPES), 3, "two of Alice's, one of Bob's");
    assert_eq!(world.open(&mut bob), (1, 0));
    assert_eq!(world.read(&bob), [3]);
}

#[test]
fn only_what_was_delivered_can_be_acknowledged() {
    let mut world = World::new();
    let (alice, mut bob) = (world.device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    world.send(&chat).unwrap();
    let delivered = world.received(&bob)[0].0;
    world.acknowledge(&bob, delivered + 1);
    let session = bob.session.unwrap();
    assert!(matches!(world.next_frame(session), MailboxFromService::Refused(Refusal::Malformed)));
    assert_eq!(world.next(session), Some(Out::Close));
    world.open(&mut bob);
    assert_eq!(world.read(&bob), [2], "nothing was deleted");
}

#[test]
fn only_the_mailboxs_own_key_opens_it_over_its_own_challenge() {
    let mut world = World::new();
    let (bob, mut mallory) = (world.device(2), world.device(3));
    mallory.mailbox = bob.mailbox;
    for (device, nonce) in [(&mallory, None), (&bob, Some([0; 32]))] {
        let session = world.connect(Door::Mailbox);
        let MailboxFromService::Challenge(challenge) = world.next_frame(session) else { panic!() };
        world.tell(session, &device.open(&nonce.unwrap_or(challenge.nonce)));
        world.flush();
        assert!(matches!(world.next_frame(session), MailboxFromService::Refused(Refusal::NotAllowed)));
        assert_eq!(world.next(session), Some(Out::Close));
    }
    let other = CreateMailbox {
        mailbox: bob.mailbox,
        public_key: [1; 32],
        token: Vec::new().into(),
        extensions: Vec::new(),
    };
    assert_eq!(world.ask(UnnamedRequest::CreateMailbox(other)).err(), Some(Refusal::Exists));
    assert!(world.ask(bob.create()).is_ok(), "repeating it renews it");
}

#[test]
fn a_full_mailbox_drops_and_counts_and_the_sender_learns_nothing() {
    let mut world = World::new();
    let (alice, mut bob) = (world.open_device(1), world.device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    let mut filled = 0;
    while filled < MAILBOX_ENVELOPES_MAX {
        world.pass(1_000);
        let session = world.connect(Door::Unnamed);
        for _ in 0..50 {
            let op = world.send_request(&chat, 512);
            world.tell(session, &Request { id: 1, op });
            filled += 1;
        }
        world.flush();
        world.read(&alice);
    }
    world.pass(1_000);
    assert!(world.send(&chat).is_ok() && world.send(&chat).is_ok());
    assert_eq!(world.open(&mut bob), (MAILBOX_ENVELOPES_MAX, 2));
}

#[test]
fn a_gone_mailbox_changes_no_answer() {
    let mut world = World::new();
    let alice = world.open_device(1);
    let ghost = Device { secret: [9; 32], mailbox: MailboxId([9; 16]), wrap_key: [9; 32], session: None };
    let chat = world.conversation(5, &[&alice, &ghost]);
    assert_eq!(world.send(&chat), Ok(Stored { sequence: 2, epoch: 1 }));
    assert_eq!(world.read(&alice), [2]);
}

#[test]
fn envelopes_expire_after_thirty_days_and_mailboxes_after_sixty() {
    let mut world = World::new();
    let (alice, mut bob) = (world.device(1), world.device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    world.send(&chat).unwrap();
    world.pass(u64::from(ENVELOPE_DAYS) * DAY_MS);
    sweep(&mut world);
    assert_eq!(world.rows(ENVELOPES), 2, "on the thirtieth day it still waits");
    world.open(&mut bob);
    world.pass(DAY_MS);
    sweep(&mut world);
    assert_eq!(world.rows(ENVELOPES), 0);
    world.pass(u64::from(MAILBOX_DAYS - ENVELOPE_DAYS) * DAY_MS);
    sweep(&mut world);
    assert_eq!(world.rows("SELECT COUNT(*) FROM mailbox"), 1, "opening renewed one of them");
}

#[test]
fn a_mailbox_connection_that_never_opens_is_ended() {
    let mut world = World::new();
    let session = world.connect(Door::Mailbox);
    let _challenge: MailboxFromService = world.next_frame(session);
    world.pass(29_000);
    sweep(&mut world);
    assert_eq!(world.next(session), None);
    world.pass(1_000);
    sweep(&mut world);
    assert_eq!(world.next(session), Some(Out::Close));
}

#[test]
fn a_clock_a_day_off_loses_nothing() {
    let mut world = World::new();
    let (alice, bob) = (world.device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    let mut expected = Vec::new();
    for (round, now) in [20_001, 19_999, 20_000].into_iter().enumerate() {
        world.now = Timestamp(now * DAY_MS);
        sweep(&mut world);
        world.send(&chat).unwrap();
        expected.push(round as u64 + 2);
    }
    assert_eq!(world.read(&bob), expected);
}

pub(super) fn sweep(world: &mut World) {
    for _ in 0..8 {
        let now = world.now;
        world.service().tick(now);
        world.flush();
    }
}
