//! What lies in a mailbox.

use std::collections::BTreeSet;

use vocab::time::{DAY_MS, MINUTE_MS};
use wire::{Decode, Door, MailboxFromService};

use super::{friends, on_disk};
use crate::{Meddling, Passing, World};

#[test]
fn a_mailbox_that_expired_is_made_again_and_the_conversation_goes_on() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    anna.says(&mut world, boris, "before");
    world.settle();
    boris.goes_offline(&mut world);
    world.pass(MINUTE_MS);
    world.pass(61 * DAY_MS);
    anna.says(&mut world, boris, "lost with the mailbox");
    world.settle();
    boris.comes_back(&mut world);
    world.pass(2 * MINUTE_MS);
    world.settle();
    anna.says(&mut world, boris, "after");
    boris.says(&mut world, anna, "I am back");
    world.settle();
    let mut shown = boris.timeline(&world, anna);
    shown.sort();
    let all = ["Anna: after", "Anna: before", "Anna: lost with the mailbox", "Boris: I am back"];
    assert_eq!(shown, all, "what was lost is said again");
    assert!(anna.timeline(&world, boris).contains(&"Boris: I am back".to_owned()));
    assert_eq!(boris.misses(&world, anna), 0);
}

#[test]
fn what_was_lost_on_the_way_again_and_again_is_asked_for_until_it_comes() {
    let mut world = World::new(4);
    let (anna, boris) = friends(&mut world);
    boris.goes_offline(&mut world);
    anna.says(&mut world, boris, "all by itself");
    world.settle();
    // So often that the mailbox is taken for read.
    let mut lines = BTreeSet::new();
    world.set_crook(move |passing: &Passing<'_>| {
        let his = passing.device == boris && !passing.to_service && passing.door == Door::Mailbox;
        match his.then(|| MailboxFromService::decode(passing.frame).ok()).flatten() {
            Some(MailboxFromService::Envelopes(_)) if lines.len() < 5 || lines.contains(&passing.wire) => {
                lines.insert(passing.wire);
                Meddling::swallow()
            }
            _ => Meddling::none(passing),
        }
    });
    boris.comes_back(&mut world);
    world.pass(5 * MINUTE_MS);
    assert!(boris.timeline(&world, anna).is_empty());
    world.pass(30 * MINUTE_MS);
    assert_eq!(boris.timeline(&world, anna), ["Anna: all by itself"]);
}

#[test]
fn thousands_that_wait_come_in_windows_and_in_order() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    boris.goes_offline(&mut world);
    for number in 0..300 {
        anna.says(&mut world, boris, &number.to_string());
        world.pass(30);
    }
    world.settle();
    boris.comes_back(&mut world);
    world.pass(2 * MINUTE_MS);
    world.settle();
    let texts: Vec<String> = (0..300).map(|number| format!("Anna: {number}")).collect();
    assert_eq!(boris.timeline(&world, anna), texts);
}

#[test]
fn an_empty_stock_of_key_packages_gives_the_last_resort_and_leaf_and_address_are_renewed_at_once() {
    let mut world = World::new(3);
    let anna = world.registers("Anna");
    let strangers = [world.registers("Boris"), world.registers("Carla")];
    world.settle();
    on_disk(&world, "DELETE FROM key_package");
    let links = strangers.map(|_| anna.invites(&mut world));
    let addresses = on_disk(&world, "UPDATE address SET expiry_day = expiry_day");
    for (stranger, link) in strangers.iter().zip(&links) {
        stranger.adds(&mut world, link);
        stranger.says(&mut world, anna, "hello");
    }
    world.settle();
    for stranger in strangers {
        anna.says(&mut world, stranger, "hello back");
        world.settle();
        let name = stranger.name(&world);
        assert_eq!(
            anna.timeline(&world, stranger),
            [format!("{name}: hello"), "Anna: hello back".to_owned()]
        );
        assert_eq!(stranger.timeline(&world, anna), anna.timeline(&world, stranger));
        let conversation = anna.conversation(&world, stranger).unwrap();
        let (_, epoch, _) = anna.client(&world).place(conversation).unwrap().unwrap();
        assert!(epoch >= 2, "her leaf was renewed");
    }
    let more = on_disk(&world, "UPDATE address SET expiry_day = expiry_day") - addresses;
    assert_eq!(more, 4, "one each for the strangers, and a fresh one of hers for each");
}
