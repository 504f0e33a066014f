//! Groups whose tree lies apart from letters and rejoin blob. The bounds are lowered, so that few people walk the way of many.

use client::{Config, ConversationId, GroupChange};
use vocab::time::{DAY_MS, MINUTE_MS};
use wire::slot::Pieces;
use wire::{Bytes, Decode, Door, Encode, Reply as Answer, UnnamedAnswer};

use super::storms::{chosen_seeds, is_long, side_by_side};
use super::{meddles_with, on_disk};
use crate::group_checks::findings;
use crate::{Device, Figures, GroupPlan, Meddling, Passing, World, group_storm};

/// Storms over groups whose trees lie apart.
const SEEDS: std::ops::Range<u64> = 1_000..1_024;

/// Every tree of more than two leaves lies apart.
fn apart() -> Config {
    Config { tree_inline_leaves: 2, ..Config::default() }
}

/// And every commit lies in pieces.
fn in_pieces() -> Config {
    Config { commit_inline_bytes: 512, ..apart() }
}

/// People whom the first one knows.
fn people<const N: usize>(world: &mut World, config: &Config) -> [Device; N] {
    let names = ["Anna", "Boris", "Carla", "Dora", "Emil", "Fadi", "Gita", "Hugo"];
    let all: [Device; N] = std::array::from_fn(|number| world.registers_with(names[number], config.clone()));
    world.settle();
    for other in &all[1..] {
        all[0].befriends(world, *other);
    }
    world.settle();
    all
}

fn changes_name(device: Device, world: &mut World, group: ConversationId, name: &str) {
    device.changes(world, group, GroupChange::Name(name.to_owned())).unwrap();
}

#[test]
fn a_group_above_the_bound_is_made_grows_shrinks_and_is_written_in() {
    for config in [apart(), in_pieces()] {
        let mut world = World::new(1);
        let all: [Device; 6] = people(&mut world, &config);
        let [anna, boris, _, dora, emil, fadi] = all;
        let group = anna.makes_group(&mut world, "Choir", &all[1..4]);
        world.settle();
        boris.says_in(&mut world, group, "three of us").unwrap();
        world.settle();
        let more = vec![emil.account(&world), fadi.account(&world)];
        anna.changes(&mut world, group, GroupChange::Add(more)).unwrap();
        world.settle();
        fadi.says_in(&mut world, group, "and two more").unwrap();
        world.settle();
        anna.takes_out(&mut world, group, dora).unwrap();
        world.settle();
        emil.says_in(&mut world, group, "without Dora").unwrap();
        world.settle();
        let texts = anna.texts_in(&world, group);
        assert_eq!(texts, ["Boris: three of us", "Fadi: and two more", "Emil: without Dora"]);
        assert_eq!(boris.texts_in(&world, group), texts);
        assert_eq!(fadi.texts_in(&world, group), texts[1..]);
        assert_eq!(dora.texts_in(&world, group), texts[..2]);
        assert!(all.iter().all(|device| device.client(&world).times_fallen_out().unwrap() == 0));
        assert!(on_disk(&world, "UPDATE slot_piece SET id = id") > 0, "the service keeps pieces");
    }
}

#[test]
fn what_is_said_while_a_newcomer_fetches_the_tree_is_read_in_its_order() {
    let mut world = World::new(2);
    let [anna, boris, carla, dora] = people(&mut world, &in_pieces());
    let group = anna.makes_group(&mut world, "Choir", &[boris, carla]);
    world.settle();
    dora.goes_offline(&mut world);
    anna.brings(&mut world, group, dora).unwrap();
    world.pass(10_000);
    for number in 0..3 {
        boris.says_in(&mut world, group, &format!("b{number}")).unwrap();
        changes_name(anna, &mut world, group, &format!("Choir {number}"));
        world.pass(8_000);
    }
    // The letter, three texts and three commits lie in one batch.
    dora.comes_back(&mut world);
    world.settle();
    assert_eq!(dora.texts_in(&world, group), ["Boris: b0", "Boris: b1", "Boris: b2"]);
    assert_eq!(dora.client(&world).group(group).unwrap().unwrap().head.name, "Choir 2");
    assert_eq!(dora.client(&world).times_fallen_out().unwrap(), 0);
    dora.says_in(&mut world, group, "here").unwrap();
    world.settle();
    assert_eq!(boris.texts_in(&world, group).last().unwrap(), "Dora: here");
}

#[test]
fn whoever_is_taken_out_and_let_in_again_behind_a_commit_in_pieces_reads_what_follows() {
    for config in [in_pieces(), Config { tree_inline_leaves: 8, ..in_pieces() }] {
        let mut world = World::new(10);
        let [anna, boris, carla] = people(&mut world, &config);
        let group = anna.makes_group(&mut world, "Choir", &[boris, carla]);
        world.settle();
        // No piece reaches her.
        world.set_crook(move |passing: &Passing<'_>| {
            let hers = passing.device == carla && !passing.to_service && passing.door == Door::Unnamed;
            let answer = hers.then(|| Answer::<UnnamedAnswer>::decode(passing.frame).ok()).flatten();
            match answer {
                Some(Answer::Done { answer: UnnamedAnswer::Pieces(_), .. }) => Meddling::swallow(),
                _ => Meddling::none(passing),
            }
        });
        changes_name(anna, &mut world, group, "Choir of three");
        world.pass(5_000);
        anna.takes_out(&mut world, group, carla).unwrap();
        world.pass(5_000);
        anna.brings(&mut world, group, carla).unwrap();
        world.pass(10_000);
        boris.says_in(&mut world, group, "there you are").unwrap();
        world.pass(5_000);
        assert!(carla.texts_in(&world, group).is_empty());
        world.dismiss_crook();
        world.pass(5 * MINUTE_MS);
        world.settle();
        assert_eq!(carla.sees_in(&world, group), ["Anna (Owner)", "Boris", "Carla"]);
        assert_eq!(carla.texts_in(&world, group), ["Boris: there you are"]);
        carla.says_in(&mut world, group, "here").unwrap();
        world.settle();
        assert_eq!(anna.texts_in(&world, group), ["Boris: there you are", "Carla: here"]);
    }
}

#[test]
fn a_newcomer_finds_the_tree_of_the_letter_weeks_later() {
    let mut world = World::new(3);
    let [anna, boris, carla, dora] = people(&mut world, &apart());
    let group = anna.makes_group(&mut world, "Choir", &[boris, carla]);
    world.settle();
    dora.goes_offline(&mut world);
    anna.brings(&mut world, group, dora).unwrap();
    world.pass(MINUTE_MS);
    for number in 0..4 {
        changes_name(anna, &mut world, group, &format!("Choir {number}"));
        world.pass(7 * DAY_MS);
    }
    dora.comes_back(&mut world);
    world.pass(MINUTE_MS);
    world.settle();
    assert_eq!(dora.client(&world).times_fallen_out().unwrap(), 0);
    dora.says_in(&mut world, group, "better late").unwrap();
    world.settle();
    assert_eq!(boris.texts_in(&world, group), ["Dora: better late"]);
}

#[test]
fn a_newcomer_whose_tree_the_service_dropped_comes_in_from_outside() {
    let mut world = World::new(4);
    let [anna, boris, carla, dora] = people(&mut world, &apart());
    let group = anna.makes_group(&mut world, "Choir", &[boris, carla]);
    world.settle();
    dora.goes_offline(&mut world);
    anna.brings(&mut world, group, dora).unwrap();
    world.pass(MINUTE_MS);
    changes_name(anna, &mut world, group, "Choir of four");
    world.pass(MINUTE_MS);
    // The tree of the present stays, that of the letter is gone.
    let dropped = on_disk(&world, "DELETE FROM slot_piece WHERE id IN (SELECT id FROM slot_old_piece)");
    assert!(dropped > 0);
    dora.comes_back(&mut world);
    world.pass(5 * MINUTE_MS);
    world.settle();
    boris.says_in(&mut world, group, "there you are").unwrap();
    world.settle();
    assert_eq!(dora.texts_in(&world, group), ["Boris: there you are"]);
    assert_eq!(dora.sees_in(&world, group), ["Anna (Owner)", "Boris", "Carla", "Dora"]);
    dora.says_in(&mut world, group, "at last").unwrap();
    world.settle();
    assert_eq!(carla.texts_in(&world, group), ["Boris: there you are", "Dora: at last"]);
}

#[test]
fn a_service_that_dropped_every_piece_is_told_them_again_by_the_next_commit() {
    let mut world = World::new(5);
    let [anna, boris, carla, dora] = people(&mut world, &apart());
    let group = anna.makes_group(&mut world, "Choir", &[boris, carla]);
    world.settle();
    dora.goes_offline(&mut world);
    anna.brings(&mut world, group, dora).unwrap();
    world.pass(MINUTE_MS);
    assert!(on_disk(&world, "DELETE FROM slot_piece") > 0);
    dora.comes_back(&mut world);
    world.pass(MINUTE_MS);
    // Nobody can give her the tree. Then somebody commits.
    changes_name(anna, &mut world, group, "Choir of four");
    world.pass(20 * MINUTE_MS);
    world.settle();
    dora.says_in(&mut world, group, "in after all").unwrap();
    world.settle();
    for device in [anna, boris, carla] {
        assert_eq!(device.texts_in(&world, group), ["Dora: in after all"]);
        assert_eq!(device.client(&world).times_fallen_out().unwrap(), 0);
    }
}

#[test]
fn pieces_that_a_lying_service_exchanges_are_not_believed() {
    let mut world = World::new(6);
    let [anna, boris, carla, dora] = people(&mut world, &apart());
    let group = anna.makes_group(&mut world, "Choir", &[boris, carla]);
    world.settle();
    // It gives a piece for another, and cuts the last.
    world.set_crook(move |passing: &Passing<'_>| {
        let theirs = passing.device == dora && !passing.to_service && passing.door == Door::Unnamed;
        let answer = theirs.then(|| Answer::<UnnamedAnswer>::decode(passing.frame).ok()).flatten();
        let Some(Answer::Done { id, answer: UnnamedAnswer::Pieces(pieces) }) = answer else {
            return Meddling::none(passing);
        };
        let mut sealed: Vec<Bytes> = pieces.sealed;
        sealed.reverse();
        if let Some(last) = sealed.last_mut() {
            *last = last.as_slice()[..last.as_slice().len() / 2].into();
        }
        let answer = UnnamedAnswer::Pieces(Pieces { sealed });
        let frame = Answer::Done { id, answer }.encode().expect("it was one before");
        Meddling { onward: vec![frame], back: vec![] }
    });
    anna.brings(&mut world, group, dora).unwrap();
    world.pass(2 * MINUTE_MS);
    assert!(dora.texts_in(&world, group).is_empty() && dora.sees_in(&world, group).is_empty());
    world.dismiss_crook();
    world.pass(30 * MINUTE_MS);
    world.settle();
    boris.says_in(&mut world, group, "no harm done").unwrap();
    world.settle();
    assert_eq!(dora.texts_in(&world, group), ["Boris: no harm done"]);
}

#[test]
fn a_device_that_was_away_while_the_group_outgrew_the_bound_comes_back_by_the_pieces() {
    let mut world = World::new(7);
    let config = Config { tree_inline_leaves: 3, ..Config::default() };
    let all: [Device; 6] = people(&mut world, &config);
    let [anna, boris, carla, dora, emil, fadi] = all;
    let group = anna.makes_group(&mut world, "Choir", &[boris, carla]);
    world.settle();
    assert_eq!(on_disk(&world, "UPDATE slot_piece SET id = id"), 0, "three have their tree in the blob");
    // Of everything as large as a commit nothing reaches her.
    meddles_with(&mut world, vec![carla], |mut envelopes| {
        envelopes.retain(|envelope| envelope.sealed.len() < 4_000);
        envelopes
    });
    let more = [dora, emil, fadi].map(|device| device.account(&world));
    anna.changes(&mut world, group, GroupChange::Add(more.to_vec())).unwrap();
    world.pass(MINUTE_MS);
    emil.says_in(&mut world, group, "many of us").unwrap();
    world.pass(MINUTE_MS);
    world.dismiss_crook();
    world.pass(5 * MINUTE_MS);
    world.settle();
    carla.says_in(&mut world, group, "back").unwrap();
    world.settle();
    assert!(carla.client(&world).times_fallen_out().unwrap() > 0);
    for device in all {
        let texts = device.texts_in(&world, group);
        assert!(texts.contains(&"Carla: back".to_owned()), "{}: {texts:?}", device.name(&world));
    }
    assert!(
        carla.texts_in(&world, group).contains(&"Emil: many of us".to_owned()),
        "she is told what she missed"
    );
}

#[test]
fn a_commit_whose_pieces_are_gone_ends_in_coming_back() {
    let mut world = World::new(8);
    let [anna, boris, carla] = people(&mut world, &in_pieces());
    let group = anna.makes_group(&mut world, "Choir", &[boris, carla]);
    world.settle();
    carla.goes_offline(&mut world);
    changes_name(anna, &mut world, group, "Choir of three");
    world.pass(MINUTE_MS);
    boris.says_in(&mut world, group, "behind a commit").unwrap();
    world.pass(MINUTE_MS);
    let dropped = on_disk(&world, "DELETE FROM slot_piece WHERE id IN (SELECT id FROM slot_old_piece)");
    assert!(dropped > 0);
    carla.comes_back(&mut world);
    world.pass(5 * MINUTE_MS);
    world.settle();
    assert_eq!(carla.client(&world).times_fallen_out().unwrap(), 1);
    // What she could not read she is told by who said it.
    assert_eq!(carla.texts_in(&world, group), ["Boris: behind a commit"]);
    carla.says_in(&mut world, group, "here").unwrap();
    world.settle();
    assert_eq!(anna.texts_in(&world, group), ["Boris: behind a commit", "Carla: here"]);
}

/// With the bounds of the product: a tree that lies apart, letters of one reader each, and a first renewed leaf whose path goes to
/// everybody, which is too much for an envelope. The long run has more devices than a group could have when each letter and
/// each blob held the tree.
#[test]
fn a_crowd_comes_in_by_one_commit_and_the_first_who_writes_is_read_by_all() {
    let size = if is_long() { 320 } else { 70 };
    let mut world = World::new(9);
    let anna = world.registers("Anna");
    let others: Vec<Device> = (1..size).map(|number| world.registers(&format!("Member {number}"))).collect();
    world.settle();
    for other in &others {
        // By their key packages: Anna's own would not last for so many.
        other.befriends(&mut world, anna);
    }
    world.settle();
    let group = anna.makes_group(&mut world, "Crowd", &others);
    world.settle();
    anna.says_in(&mut world, group, "all here?").unwrap();
    world.settle();
    let last = others[others.len() - 1];
    last.says_in(&mut world, group, "the last one is").unwrap();
    world.settle();
    for device in others.iter().chain([&anna]) {
        let texts = device.texts_in(&world, group);
        assert_eq!(texts.len(), 2, "{}: {texts:?}", device.name(&world));
        assert_eq!(texts[0], "Anna: all here?");
        assert_eq!(device.client(&world).times_fallen_out().unwrap(), 0);
    }
    assert_eq!(last.sees_in(&world, group).len(), size);
    // All at once, and a renewed leaf: no slot has seen more commits.
    assert_eq!(on_disk(&world, "UPDATE slot SET epoch = epoch WHERE epoch > 3"), 0);
    assert!(on_disk(&world, "UPDATE slot_old_piece SET day = day") > 0, "a commit in pieces");
}

#[test]
fn after_every_storm_a_group_whose_tree_lies_apart_is_one() {
    let config = Config { heal_after_messages: 12, ..in_pieces() };
    let plan = GroupPlan { config, ..GroupPlan::default() };
    let seeds: Vec<u64> = chosen_seeds().unwrap_or(SEEDS).collect();
    let (_, found): (Figures, _) = side_by_side(&seeds, |seed| {
        let mut storm = group_storm(seed, &plan);
        let mut found = findings(&storm);
        if std::env::var_os("VALISE_TRACE").is_some() {
            storm.world.trace_lines().iter().for_each(|line| println!("{line}"));
            for device in storm.people.iter().flat_map(|person| &person.devices) {
                println!("{}: {:?}", device.name(&storm.world), device.notes(&storm.world));
            }
        }
        found.extend((!storm.rested).then(|| ("it comes to rest", storm.world.unrest())));
        (std::mem::take(&mut storm.world.figures), found)
    });
    assert!(found.is_empty(), "{found:#?}");
}
