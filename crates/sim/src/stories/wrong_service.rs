//! A service that drops, repeats, reorders, replays and lies.

use vocab::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use wire::mailbox::Envelope;
use wire::slot::Stored;
use wire::{AccountAnswer, Decode, Door, Encode, Refusal, Reply, Request, UnnamedAnswer, UnnamedRequest};

use super::{friends, meddles_with, on_disk};
use crate::{Device, Meddling, Passing, World};

fn texts(device: Device, world: &World, with: Device) -> Vec<String> {
    device.messages(world, with).into_iter().map(|message| message.text).collect()
}

#[test]
fn an_envelope_that_is_dropped_is_noticed_asked_for_and_said_again() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let mut left = 1;
    meddles_with(&mut world, vec![boris], move |mut envelopes| {
        while left > 0 && envelopes.pop().is_some() {
            left -= 1;
        }
        envelopes
    });
    for text in ["one", "two", "three"] {
        anna.says(&mut world, boris, text);
        world.pass(200);
    }
    assert_eq!(texts(boris, &world, anna), ["two", "three"]);
    assert_eq!(boris.misses(&world, anna), 1);
    world.settle();
    assert_eq!(texts(boris, &world, anna), ["two", "three", "one"]);
    assert_eq!(boris.misses(&world, anna), 0);
    assert_eq!(texts(anna, &world, boris), ["one", "two", "three"]);
}

#[test]
fn a_text_the_service_says_it_stored_and_threw_away_is_noticed_although_its_numbers_have_no_hole() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    anna.says(&mut world, boris, "one");
    world.settle();
    let mut left = 1;
    world.set_crook(move |passing: &Passing<'_>| {
        let hers = passing.to_service && passing.device == anna && passing.door == Door::Unnamed;
        let request = hers.then(|| Request::<UnnamedRequest>::decode(passing.frame).ok()).flatten();
        match request {
            Some(Request { id, op: UnnamedRequest::Send(_) }) if left > 0 => {
                left -= 1;
                let stored = UnnamedAnswer::Stored(Stored { sequence: 1_000, epoch: 1 });
                let answer = Reply::Done { id, answer: stored }.encode().expect("small");
                Meddling { onward: vec![], back: vec![answer] }
            }
            _ => Meddling::none(passing),
        }
    });
    for text in ["thrown away", "two", "three"] {
        anna.says(&mut world, boris, text);
        world.pass(200);
    }
    assert_eq!(texts(boris, &world, anna), ["one", "two", "three"]);
    assert_eq!(boris.misses(&world, anna), 1);
    world.settle();
    assert_eq!(texts(boris, &world, anna), ["one", "two", "three", "thrown away"]);
    assert_eq!(boris.misses(&world, anna), 0);
}

#[test]
fn envelopes_that_come_again_or_out_of_order_are_shown_once_and_what_is_lost_by_it_is_said_again() {
    for seed in 0..10 {
        let mut world = World::new(seed);
        let (anna, boris) = friends(&mut world);
        let mut seen: Vec<Vec<u8>> = Vec::new();
        let (mut number, mut dice) = (1_000_000, seed);
        meddles_with(&mut world, vec![boris], move |envelopes| {
            let mut bodies: Vec<Vec<u8>> =
                envelopes.into_iter().map(|envelope| envelope.sealed.as_slice().to_vec()).collect();
            seen.extend(bodies.iter().cloned());
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let old = usize::try_from(dice >> 33).unwrap_or(0) % seen.len();
            bodies.push(seen[old].clone());
            let turn = usize::try_from(dice >> 40).unwrap_or(0) % bodies.len();
            bodies.rotate_left(turn);
            let renumber = |sealed: Vec<u8>| {
                number += 1;
                Envelope { sequence: number, sealed: sealed.into() }
            };
            bodies.into_iter().map(renumber).collect()
        });
        let said: Vec<String> = (0..12).map(|number| format!("text {number}")).collect();
        for text in &said {
            anna.says(&mut world, boris, text);
            let pause = world.dice(60);
            world.pass(pause);
        }
        world.pass(10 * MINUTE_MS);
        world.dismiss_crook();
        world.pass(60 * MINUTE_MS);
        world.settle();
        let mut shown = texts(boris, &world, anna);
        shown.sort();
        let mut all = said;
        all.sort();
        assert_eq!(shown, all, "seed {seed}: each once, none missing");
        assert_eq!(boris.misses(&world, anna), 0);
    }
}

#[test]
fn garbage_at_any_door_is_hung_up_on_and_afterwards_everything_goes_on() {
    for seed in 0..6 {
        let mut world = World::new(seed);
        let (anna, boris) = friends(&mut world);
        let mut count = 0_usize;
        world.set_crook(move |passing: &Passing<'_>| {
            count += 1;
            let mut frame = passing.frame.to_vec();
            if count.is_multiple_of(3) {
                let place = count % frame.len().max(1);
                frame[place] ^= 0x55;
                frame.truncate(frame.len() - count % 5);
            }
            Meddling { onward: vec![frame], back: vec![] }
        });
        anna.says(&mut world, boris, "through the noise");
        world.pass(5 * MINUTE_MS);
        world.dismiss_crook();
        world.pass(2 * MINUTE_MS);
        boris.says(&mut world, anna, "afterwards");
        world.settle();
        assert!(texts(anna, &world, boris).contains(&"afterwards".to_owned()));
        let shown = texts(boris, &world, anna);
        assert!(shown.iter().filter(|text| *text == "through the noise").count() <= 1);
        let missing = !shown.contains(&"through the noise".to_owned());
        assert!(
            !missing || boris.misses(&world, anna) > 0 || anna.messages(&world, boris)[0].failed,
            "seed {seed}"
        );
    }
}

#[test]
fn another_directory_key_than_before_is_not_believed() {
    let mut world = World::new(4);
    let anna = world.registers_number("Anna", "+32470000001");
    let boris = world.registers("Boris");
    world.settle();
    world.pass(2 * MINUTE_MS);
    world.set_crook(move |passing: &Passing<'_>| {
        let challenge = (passing.door == Door::Account && !passing.to_service)
            .then(|| Reply::<AccountAnswer>::decode(passing.frame).ok())
            .flatten();
        let Some(Reply::Done { id, answer: AccountAnswer::Challenge(mut challenge) }) = challenge else {
            return Meddling::none(passing);
        };
        let mut key: Vec<u8> = challenge.directory_key.into();
        key[0] ^= 1;
        challenge.directory_key = key.into();
        let frame =
            Reply::Done { id, answer: AccountAnswer::Challenge(challenge) }.encode().expect("as before");
        Meddling { onward: vec![frame], back: vec![] }
    });
    let handle = vocab::Handle::parse("+32470000001").unwrap();
    let add = || client::Command::Add(client::AddWhom::Handle(handle.clone()));
    assert_eq!(boris.asks(&mut world, add()), Err(client::Refused::Unreachable));
    assert!(boris.notes(&world).iter().any(|note| note.contains("directory key")));
    world.dismiss_crook();
    world.pass(2 * MINUTE_MS);
    assert!(
        matches!(boris.asks(&mut world, add()), Ok(client::Reply::Added(account, _)) if account == anna.account(&world))
    );
}

/// Something happens, and the service throws away all that comes of it to a device; then ten minutes pass.
fn hears_nothing_of<T>(world: &mut World, device: Device, happens: impl FnOnce(&mut World) -> T) -> T {
    meddles_with(world, vec![device], |_| vec![]);
    let came = happens(world);
    world.pass(MINUTE_MS);
    world.dismiss_crook();
    device.goes_offline(world);
    world.pass(MINUTE_MS / 2);
    // As the service would have it: what was thrown away is acknowledged.
    on_disk(world, "DELETE FROM envelope");
    device.comes_back(world);
    world.pass(10 * MINUTE_MS);
    came
}

#[test]
fn a_welcome_that_is_thrown_away_is_made_good_by_whoever_let_them_in() {
    let mut world = World::new(6);
    let [anna, boris, carla] = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    anna.befriends(&mut world, boris);
    anna.befriends(&mut world, carla);
    let group = anna.makes_group(&mut world, "Lake house", &[boris]);
    world.settle();
    let account = carla.account(&world);
    hears_nothing_of(&mut world, carla, |world| {
        anna.changes(world, group, client::GroupChange::Add(vec![account])).unwrap();
    });
    world.settle();
    assert_eq!(carla.sees_in(&world, group), boris.sees_in(&world, group));
    anna.says_in(&mut world, group, "there you are").unwrap();
    world.settle();
    assert_eq!(carla.shows_in(&world, group).last().unwrap(), "Anna: there you are");
}

#[test]
fn a_welcome_that_one_device_of_two_never_gets_is_made_good_by_the_other() {
    let mut world = World::new(15);
    let [anna, boris] = ["Anna", "Boris"].map(|name| world.registers(name));
    let laptop = boris.links(&mut world, "Boris's laptop");
    world.settle();
    anna.befriends(&mut world, boris);
    let group = hears_nothing_of(&mut world, laptop, |world| {
        let group = anna.makes_group(world, "Lake house", &[boris]);
        world.settle();
        anna.says_in(world, group, "there you are").unwrap();
        group
    });
    let inside = |world: &World| {
        assert_eq!(laptop.sees_in(world, group), ["Anna (Owner)", "Boris"]);
        let place =
            |device: Device| device.client(world).place(group).unwrap().map(|(slot, epoch, _)| (slot, epoch));
        assert_eq!(place(laptop), place(boris));
    };
    inside(&world);
    laptop.says_in(&mut world, group, "from the laptop").unwrap();
    world.settle();
    assert_eq!(anna.texts_in(&world, group), ["Anna: there you are", "Boris: from the laptop"]);
    // The same for an account that was taken out before, and was seen to be by all its devices.
    anna.takes_out(&mut world, group, boris).unwrap();
    world.settle();
    assert_eq!(laptop.says_in(&mut world, group, "hello?"), Err(client::Refused::NotInGroup));
    hears_nothing_of(&mut world, laptop, |world| {
        anna.brings(world, group, boris).unwrap();
        world.settle();
    });
    inside(&world);
    boris.says_in(&mut world, group, "again").unwrap();
    world.settle();
    assert_eq!(laptop.texts_in(&world, group).last().unwrap(), "Boris: again");
}

#[test]
fn a_contact_who_has_the_service_for_an_accomplice_lures_nobody_out_of_a_group_they_are_in() {
    let mut world = World::new(7);
    let [anna, boris, carla] = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    anna.befriends(&mut world, boris);
    anna.befriends(&mut world, carla);
    boris.befriends(&mut world, carla);
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    boris.restarts_with(&mut world, |config| config.broken = Some(client::Weakness::NamesAnotherGroup));
    // The letter into his own group is thrown away, so that his way is all that Carla hears of its slot.
    let trap = hears_nothing_of(&mut world, carla, |world| boris.makes_group(world, "Trap", &[carla]));
    carla.says_in(&mut world, group, "the key is under the stone").unwrap();
    world.settle();
    assert_eq!(anna.texts_in(&world, group), ["Carla: the key is under the stone"]);
    assert_eq!(boris.texts_in(&world, trap), [""; 0]);
    assert_eq!(carla.sees_in(&world, group), ["Anna (Owner)", "Boris", "Carla"]);
}

#[test]
fn an_officer_who_heard_nothing_of_changes_and_makes_the_next_slot_divides_no_group() {
    // In some of these Boris is the first to write when the slot is gone, in others somebody who knows more.
    for seed in 8..14 {
        let mut world = World::new(seed);
        let [anna, boris, carla, dora] = ["Anna", "Boris", "Carla", "Dora"].map(|name| world.registers(name));
        world.settle();
        for other in [boris, carla, dora] {
            anna.befriends(&mut world, other);
        }
        boris.befriends(&mut world, carla);
        boris.befriends(&mut world, dora);
        carla.befriends(&mut world, dora);
        let group = anna.makes_group(&mut world, "Lake house", &[boris, carla, dora]);
        world.settle();
        let officer = boris.account(&world);
        anna.changes(&mut world, group, client::GroupChange::Role(officer, client::Role::Admin)).unwrap();
        world.settle();
        hears_nothing_of(&mut world, boris, |world| {
            anna.changes(world, group, client::GroupChange::Name("Sea house".to_owned())).unwrap();
            anna.takes_out(world, group, carla).unwrap();
        });
        on_disk(&world, "DELETE FROM slot");
        let writers = if seed % 2 == 0 { [boris, dora] } else { [dora, boris] };
        for writer in writers {
            let text = format!("from {}", writer.name(&world));
            writer.says_in(&mut world, group, &text).unwrap();
            world.pass(3 * MINUTE_MS);
        }
        // Whoever is refused makes one more, and not for ever.
        world.pass(HOUR_MS);
        world.settle();
        let place = |device: Device| {
            device.client(&world).place(group).unwrap().map(|(slot, epoch, _)| (slot, epoch))
        };
        for device in [anna, boris, dora] {
            assert_eq!(
                device.sees_in(&world, group),
                ["Anna (Owner)", "Boris (Admin)", "Dora"],
                "seed {seed}"
            );
            assert_eq!(place(device), place(anna), "seed {seed}");
            let (mut texts, told) =
                (device.texts_in(&world, group), ["Boris: from Boris", "Dora: from Dora"]);
            texts.sort();
            assert_eq!(texts, told, "seed {seed}");
        }
        assert!(carla.texts_in(&world, group).iter().all(|text| text == "Boris: from Boris"), "seed {seed}");
        let read = world.service_db().expect("the service has a disk").read();
        let slots = read.one("SELECT COUNT(*) FROM slot", &[], |row| row.count(0)).unwrap().unwrap();
        assert!(slots < 20, "seed {seed}: {slots} slots");
    }
}

#[test]
fn a_shorter_or_foreign_device_list_from_the_service_is_not_believed() {
    let mut world = World::new(5);
    let (anna, carla) = (world.registers("Anna"), world.registers("Carla"));
    world.settle();
    let mut old = None;
    world.set_crook(move |passing: &Passing<'_>| {
        let visited = (passing.door == Door::Account && !passing.to_service && passing.device == anna)
            .then(|| Reply::<AccountAnswer>::decode(passing.frame).ok())
            .flatten();
        let Some(Reply::Done { id, answer: AccountAnswer::Visited(mut visited) }) = visited else {
            return Meddling::none(passing);
        };
        visited.device_chain = old.get_or_insert(visited.device_chain).clone();
        let frame = Reply::Done { id, answer: AccountAnswer::Visited(visited) }.encode().expect("as before");
        Meddling { onward: vec![frame], back: vec![] }
    });
    world.pass(DAY_MS);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.pass(DAY_MS);
    world.settle();
    for device in [anna, laptop] {
        assert_eq!(device.client(&world).status().unwrap().devices, 2, "{}", device.name(&world));
    }
    let _ = carla;
}

#[test]
fn what_was_put_off_by_a_clock_that_was_fast_leaves_soon_after_a_restart_with_the_right_time() {
    let mut world = World::new(21);
    let (anna, boris) = friends(&mut world);
    anna.sets_clock_wrong(&mut world, i64::try_from(HOUR_MS).unwrap());
    let mut left = 1;
    world.set_crook(move |passing: &Passing<'_>| {
        let hers = passing.to_service && passing.device == anna && passing.door == Door::Unnamed;
        let request = hers.then(|| Request::<UnnamedRequest>::decode(passing.frame).ok()).flatten();
        match request {
            Some(Request { id, op: UnnamedRequest::Send(_) }) if left > 0 => {
                left -= 1;
                let refused = Reply::<UnnamedAnswer>::Refused { id, refusal: Refusal::Unavailable };
                Meddling { onward: vec![], back: vec![refused.encode().expect("small")] }
            }
            _ => Meddling::none(passing),
        }
    });
    anna.says(&mut world, boris, "hello");
    world.pass(2_000);
    anna.crashes(&mut world);
    anna.sets_clock_wrong(&mut world, 0);
    anna.restarts(&mut world);
    world.pass(11 * MINUTE_MS);
    assert_eq!(texts(boris, &world, anna), ["hello"]);
}
