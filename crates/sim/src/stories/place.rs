//! Places that are told once and live.

use client::{Command, LiveStart, PlaceView, Refused, Reply};
use vocab::time::{HOUR_MS, MINUTE_MS, SECOND_MS};
use vocab::{Fix, MessageId, Position, Precision, Timestamp};

use super::commit_races::one_group;
use super::friends;
use crate::{Device, World};

/// A place whose digits are looked for where they must not be.
const DOCK: &str = "59.3293371,18.0686123";

fn fix(place: &str) -> Fix {
    Fix { position: Position::parse(place).unwrap(), accuracy: 8, at: Timestamp(1_873_273_260_000) }
}

fn shares(world: &mut World, by: Device, with: Device, precision: Precision) -> MessageId {
    let conversation = by.conversation(world, with).unwrap();
    let label = "The dock".to_owned();
    by.queues(world, Command::SharePlace { conversation, fix: fix(DOCK), precision, label })
}

fn starts(world: &mut World, by: Device, with: Device, lasts_ms: u64) -> MessageId {
    let conversation = by.conversation(world, with).unwrap();
    let (interval_ms, precision) = (MINUTE_MS, Precision::Exact);
    let start = LiveStart { lasts_ms, interval_ms, precision, label: String::new() };
    by.queues(world, Command::StartLive { conversation, start })
}

fn moves(world: &mut World, device: Device, to: &str) {
    assert!(matches!(device.asks(world, Command::Fix(fix(to))), Ok(Reply::Done)));
}

fn stands(world: &World, on: Device, message: MessageId) -> PlaceView {
    on.client(world).message(message).unwrap().unwrap().place.unwrap()
}

fn at(world: &World, on: Device, message: MessageId) -> Option<String> {
    stands(world, on, message).fix.map(|fix| fix.position.to_string())
}

/// Whether a store that was switched off holds these bytes in any value of a place.
fn holds(world: &World, device: Device, wanted: &[u8]) -> bool {
    device.stored_places(world).iter().any(|value| value.windows(wanted.len()).any(|it| it == wanted))
}

/// A latitude as it is encoded.
fn encoded(place: &str) -> Vec<u8> {
    let units = Position::parse(place).unwrap().latitude().abs_diff(-900_000_000);
    units.to_be_bytes().to_vec()
}

#[test]
fn a_place_that_is_told_once_comes_as_precisely_as_was_asked_for() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let exact = shares(&mut world, anna, boris, Precision::Exact);
    let rough = shares(&mut world, anna, boris, Precision::Kilometre);
    world.settle();
    assert_eq!(at(&world, boris, exact).as_deref(), Some(DOCK));
    assert_eq!(boris.timeline(&world, anna), ["Anna: The dock", "Anna: The dock"]);
    assert_eq!(boris.finds(&world, "dock").len(), 2);
    for device in [anna, boris] {
        let told = stands(&world, device, rough);
        assert_eq!(
            (told.fix, told.precision),
            (Some(fix(DOCK).told(Precision::Kilometre)), Precision::Kilometre)
        );
    }
}

#[test]
fn no_store_holds_more_of_a_place_than_was_told() {
    for precision in [Precision::Kilometre, Precision::Town] {
        let mut world = World::new(2);
        let (anna, boris) = friends(&mut world);
        let conversation = anna.conversation(&world, boris).unwrap();
        shares(&mut world, anna, boris, precision);
        let start = LiveStart { lasts_ms: HOUR_MS, interval_ms: MINUTE_MS, precision, label: String::new() };
        anna.queues(&mut world, Command::StartLive { conversation, start });
        moves(&mut world, anna, DOCK);
        world.settle();
        let told = fix(DOCK).told(precision).position.to_string();
        for device in [anna, boris] {
            device.crashes(&mut world);
            assert!(!holds(&world, device, &encoded(DOCK)), "{precision:?}");
            assert!(holds(&world, device, &encoded(&told)), "the search finds what is there");
            device.restarts(&mut world);
        }
    }
}

#[test]
fn a_live_place_moves_on_all_devices_and_keeps_no_trail() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let live = starts(&mut world, anna, boris, HOUR_MS);
    world.settle();
    assert_eq!(at(&world, boris, live), None, "a beginning has no position");
    moves(&mut world, anna, "59.1,18.1");
    world.settle();
    for device in [anna, laptop, boris] {
        assert_eq!(at(&world, device, live).as_deref(), Some("59.1,18.1"), "{}", device.name(&world));
    }
    moves(&mut world, anna, "59.2,18.2");
    world.pass(MINUTE_MS + SECOND_MS);
    for device in [anna, laptop, boris] {
        assert_eq!(at(&world, device, live).as_deref(), Some("59.2,18.2"), "{}", device.name(&world));
    }
    boris.crashes(&mut world);
    assert!(!holds(&world, boris, &encoded("59.1,18.1")), "the newest alone is kept");
    assert!(holds(&world, boris, &encoded("59.2,18.2")));
}

#[test]
fn an_end_is_seen_at_once_from_whatever_device_it_comes() {
    let mut world = World::new(4);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let live = starts(&mut world, anna, boris, HOUR_MS);
    moves(&mut world, anna, "59.1,18.1");
    world.settle();
    let seen = |world: &World, device: Device| device.client(world).live_places().unwrap();
    assert!(seen(&world, anna)[0].here && !seen(&world, laptop)[0].here && seen(&world, boris).is_empty());
    assert_eq!(boris.is_refused(&mut world, Command::StopLive(Some(live))), Refused::Unknown);
    laptop.queues(&mut world, Command::StopLive(Some(live)));
    world.settle();
    moves(&mut world, anna, "59.2,18.2");
    world.pass(3 * MINUTE_MS);
    for device in [anna, laptop, boris] {
        let place = stands(&world, device, live);
        assert_eq!((place.fix, place.live, place.ended), (None, None, true), "{}", device.name(&world));
    }
    assert!(seen(&world, anna).is_empty() && seen(&world, laptop).is_empty());
}

#[test]
fn a_live_place_ends_in_time_across_a_crash_and_without_its_device() {
    let mut world = World::new(5);
    let (anna, boris) = friends(&mut world);
    let live = starts(&mut world, anna, boris, 15 * MINUTE_MS);
    moves(&mut world, anna, "59.1,18.1");
    world.settle();
    anna.crashes(&mut world);
    anna.restarts(&mut world);
    moves(&mut world, anna, "59.2,18.2");
    world.pass(2 * MINUTE_MS);
    assert_eq!(at(&world, boris, live).as_deref(), Some("59.2,18.2"), "it goes on after a crash");
    anna.crashes(&mut world);
    world.pass(15 * MINUTE_MS);
    assert!(stands(&world, boris, live).ended, "nobody had to say so");
    anna.restarts(&mut world);
    world.pass(MINUTE_MS);
    assert!(stands(&world, anna, live).ended && anna.client(&world).live_places().unwrap().is_empty());
}

#[test]
fn whoever_is_blocked_sees_no_more() {
    let mut world = World::new(6);
    let (anna, boris) = friends(&mut world);
    let live = starts(&mut world, anna, boris, HOUR_MS);
    moves(&mut world, anna, "59.1,18.1");
    world.settle();
    anna.blocks(&mut world, boris);
    moves(&mut world, anna, "59.2,18.2");
    world.pass(5 * MINUTE_MS);
    assert_ne!(at(&world, boris, live).as_deref(), Some("59.2,18.2"));
    assert!(anna.client(&world).live_places().unwrap().is_empty());
}

#[test]
fn a_place_that_is_deleted_is_told_no_more() {
    let mut world = World::new(7);
    let (anna, boris) = friends(&mut world);
    for everyone in [true, false] {
        let live = starts(&mut world, anna, boris, HOUR_MS);
        moves(&mut world, anna, "59.1,18.1");
        world.settle();
        assert!(anna.asks(&mut world, Command::Delete { message: live, everyone }).is_ok());
        world.settle();
        moves(&mut world, anna, "59.2,18.2");
        world.pass(3 * MINUTE_MS);
        let seen = boris.client(&world).message(live).unwrap().unwrap().place;
        assert!(seen.is_none_or(|place| place.ended), "for everyone: {everyone}");
        assert!(anna.client(&world).live_places().unwrap().is_empty());
    }
}

#[test]
fn what_breaks_a_limit_is_refused_and_a_second_live_place_ends_the_first() {
    let mut world = World::new(8);
    let (anna, boris) = friends(&mut world);
    let conversation = anna.conversation(&world, boris).unwrap();
    let long = "x".repeat(client::PLACE_LABEL_BYTES_MAX + 1);
    let place =
        Command::SharePlace { conversation, fix: fix(DOCK), precision: Precision::Exact, label: long };
    assert_eq!(anna.is_refused(&mut world, place), Refused::BadPlace);
    for (lasts_ms, interval_ms) in
        [(0, MINUTE_MS), (9 * HOUR_MS, MINUTE_MS), (HOUR_MS, SECOND_MS), (HOUR_MS, HOUR_MS)]
    {
        let start = LiveStart { lasts_ms, interval_ms, precision: Precision::Exact, label: String::new() };
        let start = Command::StartLive { conversation, start };
        assert_eq!(anna.is_refused(&mut world, start), Refused::BadPlace, "{lasts_ms} {interval_ms}");
    }
    let first = starts(&mut world, anna, boris, HOUR_MS);
    let second = starts(&mut world, anna, boris, HOUR_MS);
    moves(&mut world, anna, "59.1,18.1");
    world.settle();
    assert!(stands(&world, boris, first).ended);
    assert_eq!(at(&world, boris, second).as_deref(), Some("59.1,18.1"));
    let edit = Command::Edit { message: second, text: "elsewhere".into() };
    assert_eq!(anna.is_refused(&mut world, edit), Refused::NotYours);
}

#[test]
fn a_position_of_somebody_else_and_an_older_one_have_no_effect() {
    let mut world = World::new(9);
    let (anna, boris) = friends(&mut world);
    let live = starts(&mut world, anna, boris, HOUR_MS);
    moves(&mut world, anna, "59.1,18.1");
    world.pass(MINUTE_MS + SECOND_MS);
    assert_eq!(at(&world, boris, live).as_deref(), Some("59.1,18.1"));
    // Boris's client says that it feeds Anna's live place.
    let conversation = boris.conversation(&world, anna).unwrap();
    boris.crashes(&mut world);
    boris.has_in_store(
        &mut world,
        "insert into live_share (message, conversation, precision, interval, version) values (?1, ?2, 0, 60000, 90)",
        &[live.as_bytes(), &conversation.0],
    );
    boris.restarts(&mut world);
    moves(&mut world, boris, "10.5,10.5");
    world.pass(MINUTE_MS);
    assert_eq!(at(&world, anna, live).as_deref(), Some("59.1,18.1"), "nobody else says where Anna is");
    // Anna's client counts from the beginning again: what it tells is older than what is known.
    anna.crashes(&mut world);
    anna.has_in_store(&mut world, "update live_share set version = 0 where message = ?1", &[live.as_bytes()]);
    anna.restarts(&mut world);
    boris.crashes(&mut world);
    boris.has_in_store(
        &mut world,
        "update live_place set version = 50 where message = ?1",
        &[live.as_bytes()],
    );
    boris.restarts(&mut world);
    moves(&mut world, anna, "59.9,18.9");
    world.pass(3 * MINUTE_MS);
    assert_ne!(at(&world, boris, live).as_deref(), Some("59.9,18.9"));
}

#[test]
fn whoever_is_taken_out_of_a_group_sees_no_more() {
    let mut world = World::new(10);
    let (anna, boris, clara) = (world.registers("Anna"), world.registers("Boris"), world.registers("Clara"));
    let group = one_group(&mut world, &[anna, boris, clara], 1);
    let start = LiveStart {
        lasts_ms: HOUR_MS,
        interval_ms: MINUTE_MS,
        precision: Precision::Exact,
        label: String::new(),
    };
    let live = anna.queues(&mut world, Command::StartLive { conversation: group, start });
    moves(&mut world, anna, "59.1,18.1");
    world.settle();
    for device in [boris, clara] {
        assert_eq!(at(&world, device, live).as_deref(), Some("59.1,18.1"));
        let seen = device.client(&world).live_places_in(group).unwrap();
        assert_eq!(seen.into_iter().map(|it| it.id).collect::<Vec<_>>(), [live]);
    }
    anna.takes_out(&mut world, group, clara).unwrap();
    world.settle();
    moves(&mut world, anna, "59.2,18.2");
    world.pass(2 * MINUTE_MS);
    assert_eq!(at(&world, boris, live).as_deref(), Some("59.2,18.2"));
    assert_ne!(at(&world, clara, live).as_deref(), Some("59.2,18.2"), "she is out");
    // Whoever is out tells nothing there either.
    anna.takes_out(&mut world, group, boris).unwrap();
    world.settle();
    assert!(boris.client(&world).live_places().unwrap().is_empty());
}

#[test]
fn a_live_place_of_somebody_who_is_taken_out_ends() {
    let mut world = World::new(11);
    let (anna, boris) = (world.registers("Anna"), world.registers("Boris"));
    let group = one_group(&mut world, &[anna, boris], 1);
    let start = LiveStart {
        lasts_ms: HOUR_MS,
        interval_ms: MINUTE_MS,
        precision: Precision::Exact,
        label: String::new(),
    };
    boris.queues(&mut world, Command::StartLive { conversation: group, start });
    moves(&mut world, boris, "59.1,18.1");
    world.settle();
    anna.takes_out(&mut world, group, boris).unwrap();
    world.settle();
    moves(&mut world, boris, "59.2,18.2");
    world.pass(2 * MINUTE_MS);
    assert!(boris.client(&world).live_places().unwrap().is_empty(), "nobody sees where he is");
}

#[test]
fn a_clock_that_jumps_makes_no_live_place_last_longer() {
    for by_ms in [-(3 * 24 * HOUR_MS.cast_signed()), 3 * 24 * HOUR_MS.cast_signed()] {
        let mut world = World::new(12);
        let (anna, boris) = friends(&mut world);
        let live = starts(&mut world, anna, boris, HOUR_MS);
        moves(&mut world, anna, "59.1,18.1");
        world.settle();
        boris.sets_clock_wrong(&mut world, by_ms);
        world.pass(MINUTE_MS);
        let gone_ahead = by_ms > 0;
        assert_eq!(stands(&world, boris, live).ended, gone_ahead, "{by_ms}");
        world.pass(2 * HOUR_MS);
        for device in [anna, boris] {
            let place = stands(&world, device, live);
            // The end is told by whoever tells it; a receiver whose clock went back waits 8 hours at most for that.
            assert!(place.ended || device == boris && by_ms < 0, "{by_ms}");
        }
        world.pass(client::LIVE_MS_MAX);
        assert!(stands(&world, boris, live).ended && stands(&world, boris, live).fix.is_none(), "{by_ms}");
        // Its own sender's clock.
        boris.sets_clock_wrong(&mut world, 0);
        let live = starts(&mut world, anna, boris, HOUR_MS);
        moves(&mut world, anna, "59.1,18.1");
        world.settle();
        anna.sets_clock_wrong(&mut world, by_ms);
        world.pass(client::LIVE_MS_MAX + MINUTE_MS);
        for device in [anna, boris] {
            assert!(stands(&world, device, live).ended, "{by_ms}: {}", device.name(&world));
        }
    }
}

#[test]
fn a_place_disappears_with_the_timer_of_its_chat_and_takes_its_position_along() {
    let mut world = World::new(13);
    let (anna, boris) = friends(&mut world);
    anna.sets_timer(&mut world, boris, 600);
    world.settle();
    let once = shares(&mut world, anna, boris, Precision::Exact);
    let live = starts(&mut world, anna, boris, HOUR_MS);
    moves(&mut world, anna, "59.1,18.1");
    world.settle();
    for device in [anna, boris] {
        device.reads(&mut world, if device == anna { boris } else { anna });
        assert_eq!(at(&world, device, live).as_deref(), Some("59.1,18.1"));
    }
    world.pass(25 * MINUTE_MS);
    moves(&mut world, anna, "59.2,18.2");
    world.pass(2 * MINUTE_MS);
    for device in [anna, boris] {
        for message in [once, live] {
            assert!(device.client(&world).message(message).unwrap().is_none_or(|view| view.place.is_none()));
        }
        assert!(device.client(&world).live_places().unwrap().is_empty());
        device.crashes(&mut world);
        for place in [DOCK, "59.1,18.1", "59.2,18.2"] {
            assert!(!holds(&world, device, &encoded(place)), "{}: {place}", device.name(&world));
        }
        device.restarts(&mut world);
    }
}

#[test]
fn a_place_that_an_earlier_build_could_not_show_is_read_after_an_update() {
    let mut world = World::new(14);
    let (anna, boris) = friends(&mut world);
    let once = shares(&mut world, anna, boris, Precision::Exact);
    let live = starts(&mut world, anna, boris, HOUR_MS);
    world.settle();
    // The earlier build kept what it did not know, and took no positions.
    boris.crashes(&mut world);
    let unknown = "update message set unknown = 'application/vnd.valise.place+cbor', place = x'', text = '' where id = ?1";
    for message in [once, live] {
        boris.has_in_store(&mut world, unknown, &[message.as_bytes()]);
    }
    boris.has_in_store(&mut world, "delete from live_place where message = ?1", &[live.as_bytes()]);
    boris.restarts(&mut world);
    assert_eq!(at(&world, boris, once).as_deref(), Some(DOCK));
    assert_eq!(boris.timeline(&world, anna)[0], "Anna: The dock");
    moves(&mut world, anna, "59.1,18.1");
    world.pass(2 * MINUTE_MS);
    assert_eq!(at(&world, boris, live).as_deref(), Some("59.1,18.1"), "it is live again");
}

#[test]
fn whoever_types_does_not_hold_back_where_they_are() {
    let mut world = World::new(15);
    let (anna, boris) = friends(&mut world);
    boris.says(&mut world, anna, "where are you?");
    world.settle();
    let conversation = anna.conversation(&world, boris).unwrap();
    let start = LiveStart {
        lasts_ms: HOUR_MS,
        interval_ms: client::LIVE_INTERVAL_MS_MAX,
        precision: Precision::Exact,
        label: String::new(),
    };
    let live = anna.queues(&mut world, Command::StartLive { conversation, start });
    world.settle();
    // In one moment, before anything can leave: a position, then typing, then no more typing.
    anna.tells(&mut world, Command::Fix(fix("59.1,18.1")));
    for on in [true, false] {
        anna.tells(&mut world, Command::Typing { conversation, on });
    }
    world.pass(10 * SECOND_MS);
    assert_eq!(at(&world, boris, live).as_deref(), Some("59.1,18.1"));
}
