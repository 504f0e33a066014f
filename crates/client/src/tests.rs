//! Rules of the core that can be seen without a service. Whole conversations are told in `sim`.

use client_db::{Db, params};
use crypto::Session;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use vocab::time::{DAY_MS, MINUTE_MS};
use vocab::{AccountId, DeviceId, SlotId, Timestamp};
use wire::{Decode, Door, Encode};

use crate::api::{Command, ConversationId, Input, LinkEvent, Output, Refused};
use crate::conversation::Letter;
use crate::intent::{self, Kind, State};
use crate::lines::{ANSWER_MS_MAX, Line, LineState, Lines, Purpose, RETRY_MS_MAX, RETRY_MS_MIN};
use crate::machine::{Client, Config};
use crate::schema::MIGRATIONS;
use crate::step::{Halt, Halting, MlsStore, Step};

const NOW: Timestamp = Timestamp(1_767_225_600_000);
const CHAT: [u8; 16] = [1; 16];
const OTHER: [u8; 16] = [2; 16];

/// Runs a part of a step over a fresh store.
fn in_step<T>(part: impl FnOnce(&mut Step<'_>) -> Halting<T>) -> T {
    let mut db = Db::open_in_memory().unwrap();
    db.migrate(MIGRATIONS).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut keys_rng = ChaCha20Rng::seed_from_u64(2);
    let (mut me, mut lines, config) = (None, Lines::new(), Config::default());
    let done = db.transaction(|tx| {
        let store = MlsStore(tx);
        let session = Session::new(&store, &mut keys_rng);
        let mut step = Step {
            now: NOW,
            tx,
            session: &session,
            rng: &mut rng,
            me: &mut me,
            me_changed: false,
            lines: &mut lines,
            out: Vec::new(),
            config: &config,
        };
        part(&mut step).map_err(|halt| match halt {
            Halt::Store(error) => error,
            Halt::Unusable(why) => panic!("{why}"),
            Halt::Crypto(error) => panic!("{error}"),
        })
    });
    done.unwrap()
}

/// The same, as an account would.
fn in_registered_step<T>(part: impl FnOnce(&mut Step<'_>) -> Halting<T>) -> T {
    in_step(|step| {
        step.register(1, "Anna", None)?;
        part(step)
    })
}

fn due_kinds(step: &Step<'_>) -> Halting<Vec<(Kind, Vec<u8>)>> {
    let ready = intent::due(step)?.ready;
    Ok(ready.into_iter().map(|intent| (intent.kind, intent.subject)).collect())
}

#[test]
fn one_intent_a_conversation_is_due_at_a_time_in_the_order_of_kinds_then_of_queueing() {
    in_step(|step| {
        let first = intent::queue(step, Kind::SendContent, &CHAT, &[1], b"one")?;
        intent::queue(step, Kind::SendContent, &CHAT, &[2], b"two")?;
        intent::queue(step, Kind::SendContent, &OTHER, &[3], b"elsewhere")?;
        assert_eq!(
            due_kinds(step)?,
            [(Kind::SendContent, CHAT.to_vec()), (Kind::SendContent, OTHER.to_vec())]
        );
        assert_eq!(intent::due(step)?.ready[0].id, first);
        let update = intent::queue(step, Kind::SelfUpdate, &CHAT, &[], &[])?;
        assert_eq!(due_kinds(step)?[0], (Kind::SelfUpdate, CHAT.to_vec()), "the leaf goes first");
        intent::postpone(step, update, MINUTE_MS)?;
        assert_eq!(
            due_kinds(step)?[0],
            (Kind::SendContent, CHAT.to_vec()),
            "a leaf that waits holds up nobody"
        );
        intent::stale(step, update)?;
        assert_eq!(
            due_kinds(step)?,
            [(Kind::SendContent, OTHER.to_vec())],
            "one that is on its way does: nothing can be sealed before it"
        );
        assert_eq!(intent::due(step)?.next, Some(NOW.plus_ms(10_000)));
        Ok(())
    });
}

#[test]
fn an_address_stands_before_anything_that_names_it_leaves() {
    in_step(|step| {
        intent::queue(step, Kind::PublishKeyPackages, &[], &[], b"packages")?;
        intent::queue(step, Kind::CreateSlot, &CHAT, &[], &[])?;
        intent::queue(step, Kind::SendContent, &CHAT, &[1], b"text")?;
        let address = intent::queue(step, Kind::CreateAddress, &[9; 16], &[], b"address")?;
        assert_eq!(due_kinds(step)?, [(Kind::CreateAddress, vec![9; 16])], "and nothing overtakes the slot");
        intent::finish(step, address)?;
        let kinds: Vec<Kind> = due_kinds(step)?.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [Kind::PublishKeyPackages, Kind::CreateSlot]);
        Ok(())
    });
}

#[test]
fn what_is_stored_holds_up_nothing_and_a_kind_of_a_later_build_is_left_alone() {
    in_step(|step| {
        let sent = intent::queue(step, Kind::SendContent, &CHAT, &[1], b"one")?;
        intent::seal(step, sent, SlotId([3; 16]), &[4; 32], 1, b"operation")?;
        intent::stored(step, sent)?;
        let next = intent::queue(step, Kind::SendContent, &CHAT, &[2], b"two")?;
        step.tx.execute("insert into intent (kind, subject) values (99, ?1)", params![CHAT])?;
        let ready = intent::due(step)?.ready;
        assert_eq!(ready.iter().map(|intent| intent.id).collect::<Vec<_>>(), [next]);
        let found = intent::of_echo(step, SlotId([3; 16]), &[4; 32])?.unwrap();
        assert_eq!((found.id, found.state), (sent, State::Stored));
        intent::unseal_all(step, SlotId([3; 16]))?;
        assert!(intent::of_echo(step, SlotId([3; 16]), &[4; 32])?.is_some(), "its echo may still come");
        let kept: i64 =
            step.tx.row("select count(*) from intent where kind = 99", [], |row| row.get(0))?.unwrap();
        assert_eq!(kept, 1);
        Ok(())
    });
}

#[test]
fn a_slot_that_moves_on_was_made_and_what_was_sealed_in_it_is_sealed_anew() {
    in_step(|step| {
        let slot = SlotId([3; 16]);
        let create = intent::queue(step, Kind::CreateSlot, &CHAT, &[], &[])?;
        intent::seal(step, create, slot, &[0; 32], 1, b"create")?;
        let text = intent::queue(step, Kind::SendContent, &CHAT, &[1], b"text")?;
        intent::seal(step, text, slot, &[5; 32], 1, b"send")?;
        intent::unseal_all(step, slot)?;
        assert!(intent::load(step, create)?.is_none());
        let text = intent::load(step, text)?.unwrap();
        assert_eq!((text.state, text.payload.as_slice()), (State::Staged, b"text".as_slice()));
        Ok(())
    });
}

#[test]
fn a_door_is_tried_again_after_waits_that_double_up_to_a_minute_with_jitter() {
    let mut line = Line::new();
    let mut waits = Vec::new();
    for _ in 0..12 {
        line.down(NOW, |bound| bound - 1);
        waits.push(line.retry_at.ms_since(NOW));
    }
    assert_eq!(waits[..3], [RETRY_MS_MIN, 2 * RETRY_MS_MIN, 4 * RETRY_MS_MIN]);
    assert_eq!(waits[11], RETRY_MS_MAX);
    line.down(NOW, |_| 0);
    assert_eq!(line.retry_at.ms_since(NOW), RETRY_MS_MAX / 2, "at least half of it");
    line.closed();
    assert_eq!((line.retry_at, line.attempts), (Timestamp(0), 0));
}

#[test]
fn a_request_that_is_not_answered_is_overdue_and_a_clock_that_goes_back_puts_nothing_off() {
    let mut line = Line::new();
    line.state = LineState::Ready;
    assert_eq!(line.overdue_at(), None);
    line.request(Purpose::Authenticate, NOW);
    assert_eq!(line.overdue_at(), Some(NOW.plus_ms(ANSWER_MS_MAX)));
    let yesterday = Timestamp(NOW.0 - DAY_MS);
    line.retry_at = NOW.plus_ms(5);
    line.clock_went_back(yesterday);
    assert_eq!(line.overdue_at(), Some(yesterday.plus_ms(ANSWER_MS_MAX)));
    assert_eq!(line.retry_at, yesterday);
}

#[test]
fn a_letter_holds_for_its_reader_its_slot_its_generation_and_its_welcome_only() {
    in_registered_step(|step| {
        let (me, device) = (step.me()?.account, step.me()?.device);
        let reader = AccountId([7; 32]);
        let letter = || -> Letter {
            let bytes = step
                .letter_to(reader, (ConversationId(CHAT), SlotId([3; 16]), 1), b"welcome".to_vec())
                .ok()
                .unwrap();
            Letter::decode(&bytes).unwrap()
        };
        let writer = |letter: &Letter, reader| letter.writer(reader).ok();
        assert_eq!(writer(&letter(), reader), Some(me));
        assert_eq!(writer(&letter(), AccountId([8; 32])), None, "another reader");
        let changes: [fn(&mut Letter); 5] = [
            |letter| letter.slot = SlotId([4; 16]),
            |letter| letter.generation = 2,
            |letter| letter.conversation = OTHER,
            |letter| letter.welcome = b"welcome!".to_vec().into(),
            |letter| letter.device = DeviceId([5; 16]),
        ];
        for change in changes {
            let mut forged = letter();
            change(&mut forged);
            assert_eq!(writer(&forged, reader), None);
        }
        assert_eq!(letter().device, device);
        assert!(letter().encode().is_ok());
        Ok(())
    });
}

#[test]
fn frames_before_their_time_and_garbage_at_every_door_change_nothing_and_panic_nowhere() {
    let mut client = Client::open(Db::open_in_memory().unwrap(), [1; 32], Config::default()).unwrap();
    client.handle(NOW, Input::Command(1, Command::Register { name: "Anna".into(), proof: None })).unwrap();
    for door in Door::ALL {
        client.handle(NOW, Input::Link(door, LinkEvent::Frame(vec![1, 2, 3]))).unwrap();
        client.handle(NOW, Input::Link(door, LinkEvent::Up)).unwrap();
        for length in 0..64 {
            let garbage = (0..length).map(|byte: u8| byte.wrapping_mul(37)).collect();
            client.handle(NOW, Input::Link(door, LinkEvent::Frame(garbage))).unwrap();
        }
        client.handle(NOW, Input::Link(door, LinkEvent::Down)).unwrap();
    }
    let status = client.status().unwrap();
    assert_eq!((status.account, status.outbox), (None, 0));
    let mut outputs = std::iter::from_fn(|| client.poll_output());
    assert!(outputs.any(|output| matches!(output, Output::Connect(Door::Account))));
}

#[test]
fn before_there_is_an_account_nothing_but_making_one_is_done() {
    let mut client = Client::open(Db::open_in_memory().unwrap(), [1; 32], Config::default()).unwrap();
    client.handle(NOW, Input::Command(1, Command::Invite)).unwrap();
    let long = "x".repeat(65);
    for (id, name) in [(2, ""), (3, "  "), (4, "a\nb"), (5, long.as_str())] {
        client.handle(NOW, Input::Command(id, Command::Register { name: name.into(), proof: None })).unwrap();
    }
    let replies: Vec<_> = std::iter::from_fn(|| client.poll_output())
        .filter_map(|output| match output {
            Output::Reply(id, reply) => Some((id, reply)),
            _ => None,
        })
        .collect();
    let refused = |id, why| (id, Err(why));
    assert_eq!(
        replies,
        [
            refused(1, Refused::NotRegistered),
            refused(2, Refused::BadName),
            refused(3, Refused::BadName),
            refused(4, Refused::BadName),
            refused(5, Refused::BadName),
        ]
    );
}
