//! What is said about messages that exist.

use client::{Command, Refused};
use vocab::MessageId;
use vocab::time::MINUTE_MS;

use super::{friends, meddles_with};
use crate::{Device, World};

#[test]
fn replies_reactions_edits_and_deletions_show_alike_on_all_devices() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let tram = anna.says(&mut world, boris, "Which tram?");
    world.settle();
    let answer = boris.replies(&mut world, tram, "The 12");
    boris.reacts(&mut world, tram, "👍");
    boris.reacts(&mut world, tram, "❤️");
    world.settle();
    anna.reacts(&mut world, answer, "👍");
    laptop.reacts(&mut world, tram, "👍");
    boris.edits(&mut world, answer, "The 28");
    let slip = boris.says(&mut world, anna, "to somebody else");
    world.settle();
    boris.deletes(&mut world, slip);
    world.settle();
    let all = ["Which tram? [👍2 ❤️1]", "The 28 (to: Which tram?) (edited) [👍1]", "(deleted)"];
    for (device, other) in [(anna, boris), (laptop, boris), (boris, anna)] {
        assert_eq!(device.sees(&world, other), all, "{}", device.name(&world));
        let editions = device.client(&world).editions(answer).unwrap();
        let texts: Vec<_> = editions.into_iter().map(|edition| edition.text).collect();
        assert_eq!(texts, ["The 12", "The 28"]);
        assert!(device.client(&world).editions(slip).unwrap().is_empty(), "what was deleted is erased");
    }
    anna.takes_back(&mut world, tram, "👍");
    boris.takes_back(&mut world, tram, "❤️");
    world.settle();
    for (device, other) in [(anna, boris), (laptop, boris), (boris, anna)] {
        assert_eq!(device.sees(&world, other)[0], "Which tram? [👍1]", "{}", device.name(&world));
    }
    assert_eq!(anna.client(&world).unread(10).unwrap().len(), 1, "only texts are to be read");
}

#[test]
fn a_reply_leads_to_its_message_whichever_version_was_seen() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    let first = anna.says(&mut world, boris, "at 5");
    world.settle();
    anna.edits(&mut world, first, "at 6");
    world.settle();
    boris.replies(&mut world, first, "fine");
    anna.edits(&mut world, first, "at 7");
    world.settle();
    assert_eq!(anna.sees(&world, boris), ["at 7 (edited)", "fine (to: at 7)"]);
    assert_eq!(boris.sees(&world, anna), anna.sees(&world, boris));
}

#[test]
fn nobody_edits_or_deletes_what_another_wrote() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    let hers = anna.says(&mut world, boris, "mine");
    world.settle();
    let text = || "yours".to_owned();
    let edit = boris.is_refused(&mut world, Command::Edit { message: hers, text: text() });
    let delete = boris.is_refused(&mut world, Command::Delete { message: hers, everyone: true });
    assert_eq!((edit, delete), (Refused::NotYours, Refused::NotYours));
    let unknown = MessageId([1; 32]);
    for command in [
        Command::Edit { message: unknown, text: text() },
        Command::Reply { to: unknown, text: text() },
        Command::React { to: unknown, emoji: "👍".to_owned() },
        Command::Delete { message: unknown, everyone: false },
        Command::TakeReactionBack { to: hers, emoji: "👍".to_owned() },
    ] {
        assert_eq!(boris.is_refused(&mut world, command), Refused::Unknown);
    }
    for emoji in ["", "two words", "\n", &"x".repeat(65)] {
        let reaction = Command::React { to: hers, emoji: emoji.to_owned() };
        assert_eq!(boris.is_refused(&mut world, reaction), Refused::BadReaction);
    }
}

#[test]
fn an_edit_or_deletion_by_another_than_the_author_has_no_effect_on_whoever_gets_it() {
    let mut world = World::new(4);
    let (anna, boris) = friends(&mut world);
    let hers = anna.says(&mut world, boris, "mine");
    world.settle();
    boris.restarts_with(&mut world, |config| config.broken = Some(client::Weakness::EditsOthers));
    boris.queues(&mut world, Command::Edit { message: hers, text: "yours".to_owned() });
    boris.queues(&mut world, Command::Delete { message: hers, everyone: true });
    world.settle();
    assert_eq!(anna.sees(&world, boris), ["mine"]);
    assert_eq!(boris.sees(&world, anna), ["mine"], "not even on the forger's own device");
    anna.reacts(&mut world, hers, "👍");
    world.settle();
    boris.queues(&mut world, Command::TakeReactionBack { to: hers, emoji: "👍".to_owned() });
    world.settle();
    assert_eq!(anna.sees(&world, boris), ["mine [👍1]"]);
    assert_eq!(anna.misses(&world, boris), 0);
}

#[test]
fn an_edit_of_an_edit_of_a_deleted_message_brings_nothing_back() {
    let mut world = World::new(5);
    let (anna, boris) = friends(&mut world);
    let first = anna.says(&mut world, boris, "one");
    let edit = anna.edits(&mut world, first, "two");
    world.settle();
    anna.deletes(&mut world, first);
    world.settle();
    assert_eq!(
        anna.is_refused(&mut world, Command::Edit { message: first, text: "three".to_owned() }),
        Refused::Unknown
    );
    // One that does it all the same: of the message, and of its edit.
    anna.restarts_with(&mut world, |config| config.broken = Some(client::Weakness::EditsOthers));
    anna.queues(&mut world, Command::Edit { message: first, text: "three".to_owned() });
    anna.queues(&mut world, Command::Edit { message: edit, text: "four".to_owned() });
    world.settle();
    for (device, other) in [(anna, boris), (boris, anna)] {
        assert_eq!(device.sees(&world, other), ["(deleted)"]);
        assert_eq!(device.misses(&world, other), 0);
    }
}

/// Boris hears some of it only when it is said again, in every order.
fn in_any_order(seed: u64, tell: impl Fn(&mut World, Device, Device)) -> (World, Device, Device) {
    let mut world = World::new(seed);
    let (anna, boris) = friends(&mut world);
    anna.says(&mut world, boris, "before");
    world.settle();
    let mut number = 0_u64;
    meddles_with(&mut world, vec![boris], move |envelopes| {
        let lost = |_: &wire::mailbox::Envelope| {
            number += 1;
            (seed >> (number % 16)) & 1 == 0
        };
        envelopes.into_iter().filter(lost).collect()
    });
    tell(&mut world, anna, boris);
    world.pass(2 * MINUTE_MS);
    world.dismiss_crook();
    anna.says(&mut world, boris, "after");
    world.pass(60 * MINUTE_MS);
    world.settle();
    assert_eq!(boris.misses(&world, anna), 0, "seed {seed}");
    let mut shown = boris.sees(&world, anna);
    let mut meant = anna.sees(&world, boris);
    shown.sort();
    meant.sort();
    assert_eq!(shown, meant, "seed {seed}");
    (world, anna, boris)
}

#[test]
fn what_was_said_about_a_message_that_comes_only_later_is_right_in_the_end() {
    for pattern in [0b1, 0b10, 0b100, 0b110, 0b1010, 0b1_0101, 0b11_0110, 0b101_1001, 0xffff, 0x0ff0] {
        let (world, anna, boris) = in_any_order(pattern, |world, anna, boris| {
            let first = anna.says(world, boris, "one");
            world.pass(300);
            anna.edits(world, first, "two");
            world.pass(300);
            anna.edits(world, first, "three");
            world.pass(300);
            anna.reacts(world, first, "👍");
            world.pass(300);
            anna.replies(world, first, "an answer");
            world.pass(300);
            anna.reacts(world, first, "❤️");
            anna.takes_back(world, first, "👍");
            world.pass(300);
        });
        let shown = boris.sees(&world, anna);
        assert!(shown.contains(&"three (edited) [❤️1]".to_owned()), "pattern {pattern}: {shown:?}");
        assert!(shown.contains(&"an answer (to: three)".to_owned()), "pattern {pattern}: {shown:?}");
    }
}

#[test]
fn what_was_deleted_before_it_came_is_not_missing_and_never_shown() {
    for pattern in [0b1, 0b10, 0b100, 0b110, 0b1010, 0b1_0101, 0xffff] {
        let (world, anna, boris) = in_any_order(pattern, |world, anna, boris| {
            let first = anna.says(world, boris, "secret");
            world.pass(300);
            anna.edits(world, first, "secret too");
            world.pass(300);
            anna.deletes(world, first);
            world.pass(300);
        });
        let shown = boris.sees(&world, anna);
        assert!(shown.contains(&"(deleted)".to_owned()), "pattern {pattern}: {shown:?}");
        assert!(!shown.iter().any(|line| line.contains("secret")));
    }
}

#[test]
fn two_devices_that_edit_at_once_end_with_one_text_everywhere() {
    for seed in 0..6 {
        let mut world = World::new(seed);
        let (anna, boris) = friends(&mut world);
        let laptop = anna.links(&mut world, "Anna's laptop");
        world.settle();
        let first = anna.says(&mut world, boris, "one");
        world.settle();
        laptop.sets_clock_wrong(&mut world, -86_400_000);
        laptop.goes_offline(&mut world);
        laptop.edits(&mut world, first, "by the laptop");
        anna.edits(&mut world, first, "by the phone");
        world.pass(MINUTE_MS);
        laptop.comes_back(&mut world);
        world.pass(MINUTE_MS);
        world.settle();
        let shown = boris.sees(&world, anna);
        assert_eq!((anna.sees(&world, boris), laptop.sees(&world, boris)), (shown.clone(), shown));
        // Whoever knows of both goes on from there, however wrong its clock.
        laptop.edits(&mut world, first, "the last word");
        world.settle();
        for (device, other) in [(anna, boris), (laptop, boris), (boris, anna)] {
            assert_eq!(device.sees(&world, other), ["the last word (edited)"], "{}", device.name(&world));
        }
    }
}

#[test]
fn what_one_puts_away_others_keep() {
    let mut world = World::new(7);
    let (anna, boris) = friends(&mut world);
    let first = anna.says(&mut world, boris, "one");
    anna.says(&mut world, boris, "two");
    world.settle();
    boris.puts_away(&mut world, first);
    anna.puts_away(&mut world, first);
    world.settle();
    assert_eq!(
        (boris.sees(&world, anna), anna.sees(&world, boris)),
        (vec!["two".into()], vec!["two".into()])
    );
    assert_eq!(boris.client(&world).unread(10).unwrap().len(), 1, "what was put away is not to be read");
    anna.says(&mut world, boris, "three");
    world.settle();
    assert_eq!((boris.misses(&world, anna), anna.misses(&world, boris)), (0, 0));
    let third = anna.says(&mut world, boris, "four");
    world.settle();
    anna.puts_away(&mut world, third);
    world.settle();
    assert_eq!(boris.sees(&world, anna), ["two", "three", "four"]);
}
