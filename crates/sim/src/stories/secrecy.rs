//! What is left of keys on a device's disk: of those that were used, nothing, in the pages and in the write-ahead log.
//!
//! The disk is not encrypted here, so that it can be searched. A key is known by having been in the store at one time and not at
//! a later one: each stretch of sixteen bytes that has gone from the store must have gone from the files. That the search finds
//! what is there is claimed beside it each time.

use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;

use client::{Command, ConversationId, PrivacyChoice, Reply};
use vocab::time::{MINUTE_MS, SECOND_MS};
use wire::slot::Stored;
use wire::{Decode, Door, Encode, Reply as Answer, Request, UnnamedAnswer, UnnamedRequest};

use crate::{Device, Meddling, Passing, World};

type Stretches = HashSet<[u8; 16]>;

/// Bytes in common by which a stretch is part of a name and no key.
const NAMED_BYTES: usize = 12;

/// Somebody whose disk can be searched.
struct Searched {
    folder: tempfile::TempDir,
    device: Device,
}

impl Searched {
    fn registers(world: &mut World, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = client_db::Db::open_plain(&folder.path().join(name)).unwrap();
        let device = world.registers_over(name, db);
        world.settle();
        Self { folder, device }
    }

    /// What the store holds of keys at this moment. The device is off meanwhile.
    fn stored(&self, world: &mut World) -> Stretches {
        self.device.crashes(world);
        let keys = self.device.stored_keys(world).iter().flat_map(|value| stretches(value)).collect();
        self.device.restarts(world);
        keys
    }

    /// What the store holds beside the keys, and may hold on.
    fn names(&self, world: &mut World) -> HashSet<Vec<u8>> {
        self.device.crashes(world);
        let names = self.device.stored_names(world);
        self.device.restarts(world);
        names.iter().flat_map(|name| name.windows(NAMED_BYTES)).map(<[u8]>::to_vec).collect()
    }

    fn on_disk(&self) -> Stretches {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let bytes: Vec<u8> =
            entries.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
        stretches(&bytes)
    }

    /// What was in the store and is not any more is nowhere on the disk; what is in the store is. Gives how much is gone.
    fn has_forgotten(&self, world: &mut World, before: &Stretches, after: &Stretches) -> usize {
        rests(world);
        let disk = self.on_disk();
        let found = after.iter().filter(|key| disk.contains(*key)).count();
        // Not all: a value that is longer than a page is not in one piece.
        assert!(found * 10 > after.len() * 9, "the search finds what is there: {found} of {}", after.len());
        let names = self.names(world);
        // What stands before or behind a name differs from place to place.
        let is_named = |key: &[u8; 16]| key.windows(NAMED_BYTES).any(|part| names.contains(part));
        let gone: Vec<_> = before.difference(after).filter(|key| !is_named(key)).collect();
        let left = gone.iter().filter(|key| disk.contains(**key)).count();
        assert_eq!(left, 0, "of {} stretches of deleted keys", gone.len());
        gone.len()
    }
}

/// Every stretch of sixteen bytes that looks like a key.
fn stretches(bytes: &[u8]) -> Stretches {
    let random = |stretch: &[u8]| {
        let mut seen = stretch.to_vec();
        seen.sort_unstable();
        seen.dedup();
        seen.len() > 10
    };
    bytes.windows(16).filter(|stretch| random(stretch)).map(|it| it.try_into().unwrap()).collect()
}

/// All comes to rest, and a few seconds later, by itself, the log is empty.
fn rests(world: &mut World) {
    world.settle();
    world.pass(10 * SECOND_MS);
}

/// Anna, Carla, and Boris whose disk is searched, in a group.
fn lake_house(world: &mut World) -> (Device, Device, Searched, ConversationId) {
    let (anna, carla) = (world.registers("Anna"), world.registers("Carla"));
    let boris = Searched::registers(world, "Boris");
    anna.befriends(world, boris.device);
    anna.befriends(world, carla);
    let group = anna.makes_group(world, "Lake house", &[boris.device, carla]);
    world.settle();
    // Newcomers renew their leaves.
    world.pass(5 * MINUTE_MS);
    rests(world);
    (anna, carla, boris, group)
}

#[test]
fn t18_the_keys_of_what_was_read_or_written_are_gone_from_the_disk_and_its_log() {
    let mut world = World::new(3);
    let anna = world.registers("Anna");
    let boris = Searched::registers(&mut world, "Boris");
    anna.befriends(&mut world, boris.device);
    let before = boris.stored(&mut world);
    rests(&mut world);
    anna.says(&mut world, boris.device, "read me");
    world.settle();
    boris.device.says(&mut world, anna, "and me");
    rests(&mut world);
    let after = boris.stored(&mut world);
    let gone = boris.has_forgotten(&mut world, &before, &after);
    assert!(gone > 50, "the ratchets moved on: {gone}");
}

#[test]
fn t18_in_a_group_the_keys_of_several_senders_are_gone() {
    let mut world = World::new(4);
    let (anna, carla, boris, group) = lake_house(&mut world);
    let all_speak = |world: &mut World| {
        for device in [anna, carla, boris.device] {
            device.says_in(world, group, "something").unwrap();
            world.settle();
        }
        rests(world);
    };
    // Each has a ratchet of their own from the first time on.
    all_speak(&mut world);
    let before = boris.stored(&mut world);
    rests(&mut world);
    all_speak(&mut world);
    all_speak(&mut world);
    assert_eq!(boris.device.texts_in(&world, group).len(), 9);
    let after = boris.stored(&mut world);
    let gone = boris.has_forgotten(&mut world, &before, &after);
    assert!(gone >= 3 * 16, "the ratchets of all three moved on: {gone}");
    // What was written after the renewal of a leaf, too: the whole epoch is gone.
    let place = |world: &World| boris.device.client(world).place(group).unwrap().unwrap().1;
    let epoch = place(&world);
    world.pass(25 * 60 * MINUTE_MS);
    carla.says_in(&mut world, group, "the next day").unwrap();
    rests(&mut world);
    assert!(place(&world) > epoch);
    let later = boris.stored(&mut world);
    let gone = boris.has_forgotten(&mut world, &after, &later);
    assert!(gone > 200, "the epoch before is gone: {gone}");
}

/// The next that a device sends stays with the service, although its sender hears that it is stored, until the answer is set;
/// then it follows the next after it.
fn withholds_one(world: &mut World, sender: Device) -> Rc<Cell<bool>> {
    let (mut withheld, mut taken) = (None::<Vec<u8>>, false);
    let released = Rc::new(Cell::new(false));
    let follows = released.clone();
    world.set_crook(move |passing: &Passing<'_>| {
        let theirs = passing.to_service && passing.device == sender && passing.door == Door::Unnamed;
        let request = theirs.then(|| Request::<UnnamedRequest>::decode(passing.frame).ok()).flatten();
        let Some(Request { id, op: UnnamedRequest::Send(_) }) = request else {
            return Meddling::none(passing);
        };
        if !taken {
            (withheld, taken) = (Some(passing.frame.to_vec()), true);
            let stored = UnnamedAnswer::Stored(Stored { sequence: 1_000, epoch: 1 });
            let answer = Answer::Done { id, answer: stored }.encode().expect("small");
            return Meddling { onward: vec![], back: vec![answer] };
        }
        let mut onward = vec![passing.frame.to_vec()];
        if follows.get() {
            onward.extend(withheld.take());
        }
        Meddling { onward, back: vec![] }
    });
    released
}

#[test]
fn t18_the_key_of_a_message_that_was_overtaken_waits_for_it_and_is_gone_when_it_came() {
    let mut world = World::new(5);
    let (anna, _, boris, group) = lake_house(&mut world);
    anna.says_in(&mut world, group, "zero").unwrap();
    rests(&mut world);
    let before = boris.stored(&mut world);
    rests(&mut world);
    let released = withholds_one(&mut world, anna);
    let says = |world: &mut World, text: &str| {
        anna.says_in(world, group, text).unwrap();
        world.pass(10 * SECOND_MS);
    };
    says(&mut world, "overtaken");
    says(&mut world, "one");
    let one = boris.stored(&mut world);
    says(&mut world, "two");
    let two = boris.stored(&mut world);
    world.pass(10 * SECOND_MS);
    // What came with the gap and stays while the ratchet moves on: the key that nobody has used.
    let unused: Stretches = one.intersection(&two).filter(|key| !before.contains(*key)).copied().collect();
    assert!(!unused.is_empty(), "{:?}", boris.device.texts_in(&world, group));
    let disk = boris.on_disk();
    assert!(unused.iter().any(|key| disk.contains(key)), "a key that was not used yet is found");
    boris.has_forgotten(&mut world, &before, &two);
    released.set(true);
    says(&mut world, "three");
    world.dismiss_crook();
    world.pass(10 * SECOND_MS);
    // Boris had asked for it meanwhile, and heard it said again; under its own key it came now.
    let mut texts = boris.device.texts_in(&world, group);
    texts.sort();
    assert_eq!(texts, ["Anna: one", "Anna: overtaken", "Anna: three", "Anna: two", "Anna: zero"]);
    let after = boris.stored(&mut world);
    let used = unused.iter().filter(|key| !after.contains(*key)).count();
    assert!(used > 0, "it was used: {used} of {}", unused.len());
    boris.has_forgotten(&mut world, &two, &after);
}

#[test]
fn t18_the_key_of_a_message_that_never_comes_is_gone_with_its_epoch() {
    let mut world = World::new(6);
    let (anna, carla, boris, group) = lake_house(&mut world);
    anna.says_in(&mut world, group, "zero").unwrap();
    rests(&mut world);
    let before = boris.stored(&mut world);
    rests(&mut world);
    let _never = withholds_one(&mut world, anna);
    for text in ["never comes", "one"] {
        anna.says_in(&mut world, group, text).unwrap();
        world.pass(10 * SECOND_MS);
    }
    let waits = boris.stored(&mut world);
    world.dismiss_crook();
    assert!(waits.difference(&before).next().is_some());
    let place = |world: &World| boris.device.client(world).place(group).unwrap().unwrap().1;
    let epoch = place(&world);
    world.pass(25 * 60 * MINUTE_MS);
    carla.says_in(&mut world, group, "the next day").unwrap();
    rests(&mut world);
    assert!(place(&world) > epoch);
    let after = boris.stored(&mut world);
    let gone = boris.has_forgotten(&mut world, &waits, &after);
    assert!(gone > 200, "{gone}");
}

#[test]
fn t18_a_group_that_was_left_leaves_no_key_behind_nor_does_one_that_one_was_taken_out_of() {
    for leaves in [true, false] {
        let mut world = World::new(7);
        let (anna, _, boris, group) = lake_house(&mut world);
        anna.says(&mut world, boris.device, "between us");
        anna.says_in(&mut world, group, "among us").unwrap();
        rests(&mut world);
        let inside = boris.stored(&mut world);
        rests(&mut world);
        if leaves {
            boris.device.leaves(&mut world, group).unwrap();
        } else {
            anna.takes_out(&mut world, group, boris.device).unwrap();
        }
        rests(&mut world);
        let outside = boris.stored(&mut world);
        let gone = boris.has_forgotten(&mut world, &inside, &outside);
        assert!(gone > 2_000, "all of the group is gone: {gone}");
        assert!(inside.intersection(&outside).count() > 200, "the chat with Anna is not");
    }
}

#[test]
fn t18_a_device_that_was_struck_off_keeps_no_key_of_any_conversation() {
    let mut world = World::new(8);
    let (anna, _, boris, group) = lake_house(&mut world);
    let laptop = boris.device.links(&mut world, "Boris's laptop");
    rests(&mut world);
    anna.says(&mut world, boris.device, "between us");
    anna.says_in(&mut world, group, "among us").unwrap();
    rests(&mut world);
    let inside = boris.stored(&mut world);
    rests(&mut world);
    let phone = boris.device.device_id(&world);
    assert_eq!(laptop.removes(&mut world, phone), Ok(Reply::Done));
    world.pass(2 * MINUTE_MS);
    assert!(boris.device.heard(&world, &client::Event::Removed));
    let outside = boris.stored(&mut world);
    let gone = boris.has_forgotten(&mut world, &inside, &outside);
    assert!(gone * 10 > inside.len() * 8, "{gone} of {}", inside.len());
    assert!(outside.len() * 10 < inside.len(), "{} are left", outside.len());
}

#[test]
fn t18_what_the_own_devices_tell_each_other_leaves_no_used_key_either() {
    let mut world = World::new(9);
    let boris = Searched::registers(&mut world, "Boris");
    let laptop = boris.device.links(&mut world, "Boris's laptop");
    world.settle();
    world.pass(5 * MINUTE_MS);
    rests(&mut world);
    let before = boris.stored(&mut world);
    rests(&mut world);
    for (device, on) in [(laptop, false), (boris.device, true), (laptop, false)] {
        let typing = Command::SetPrivacy(PrivacyChoice::Typing(on));
        assert_eq!(device.asks(&mut world, typing), Ok(Reply::Done));
        world.settle();
        assert_eq!(boris.device.client(&world).privacy().unwrap().typing, on);
    }
    rests(&mut world);
    let after = boris.stored(&mut world);
    let gone = boris.has_forgotten(&mut world, &before, &after);
    assert!(gone > 50, "{gone}");
}

#[test]
fn a_key_that_was_used_is_found_for_as_long_as_the_log_is_not_emptied() {
    let mut world = World::new(10);
    let anna = world.registers("Anna");
    let boris = Searched::registers(&mut world, "Boris");
    anna.befriends(&mut world, boris.device);
    let before = boris.stored(&mut world);
    rests(&mut world);
    anna.says(&mut world, boris.device, "read me");
    world.pass(500);
    assert_eq!(boris.device.sees(&world, anna), ["read me"]);
    let disk = boris.on_disk();
    let after = boris.stored(&mut world);
    let found = before.difference(&after).filter(|key| disk.contains(*key)).count();
    assert!(found > 0, "the search cannot fail");
}
