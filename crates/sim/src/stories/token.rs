//! What pays for blobs: earned long before it is needed, shown where nobody is known.

use std::cell::RefCell;
use std::rc::Rc;

use client::{Command, ConversationId, Reply};
use vocab::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use wire::token::Token;
use wire::{AccountRequest, BlobRequest, Decode, Door, Request};

use super::{friends, on_disk};
use crate::{Device, Meddling, Passing, World};

/// What passed at the doors, in order.
#[derive(Clone, Copy, PartialEq)]
enum Saw {
    Earns(Device),
    Puts(Device, Option<Token>),
}

fn watches(world: &mut World) -> Rc<RefCell<Vec<Saw>>> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let watching = seen.clone();
    world.set_crook(move |passing: &Passing<'_>| {
        let saw = match (passing.to_service, passing.door) {
            (true, Door::Account) => match Request::<AccountRequest>::decode(passing.frame) {
                Ok(Request { op: AccountRequest::EarnTokens(_), .. }) => Some(Saw::Earns(passing.device)),
                _ => None,
            },
            (true, Door::Blob) => match Request::<BlobRequest>::decode(passing.frame) {
                Ok(Request { op: BlobRequest::PutBlob(put), .. }) => {
                    Some(Saw::Puts(passing.device, put.token))
                }
                _ => None,
            },
            _ => None,
        };
        watching.borrow_mut().extend(saw);
        Meddling::none(passing)
    });
    seen
}

/// Anna and Boris in a group.
fn group(world: &mut World) -> (Device, Device, ConversationId) {
    let (anna, boris) = friends(world);
    let group = anna.makes_group(world, "Lake house", &[boris]);
    world.settle();
    (anna, boris, group)
}

/// Gives the group a picture, and everybody sees it.
fn gives_picture(world: &mut World, who: [Device; 2], group: ConversationId, fill: u8) {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.resize(32 * 1024, fill);
    let command = Command::SetPicture { conversation: group, bytes: Some(bytes.clone()) };
    assert_eq!(who[0].asks(world, command), Ok(Reply::Done));
    world.pass(2 * MINUTE_MS);
    world.settle();
    for device in who {
        let client = device.client(world);
        let hash = client.group(group).unwrap().unwrap().head.picture.expect("the group has one");
        assert!(client.picture(&hash).unwrap().as_ref() == Some(&bytes), "{}", device.name(world));
    }
}

fn tokens_of(seen: &[Saw], device: Device) -> Vec<Token> {
    let puts = seen.iter().filter_map(|saw| match saw {
        Saw::Puts(who, token) if *who == device => Some(token.expect("it costs something")),
        _ => None,
    });
    puts.collect()
}

#[test]
fn tokens_are_earned_at_visits_and_a_picture_waits_for_none() {
    let mut world = World::new(1);
    let (anna, boris, group) = group(&mut world);
    let seen = watches(&mut world);
    world.pass(7 * HOUR_MS);
    for device in [anna, boris] {
        assert!(seen.borrow().contains(&Saw::Earns(device)), "at a visit, although nothing waits");
    }
    seen.borrow_mut().clear();
    gives_picture(&mut world, [anna, boris], group, 1);
    let saw = seen.borrow().clone();
    assert_eq!(tokens_of(&saw, anna).len(), 1);
    assert!(!saw.contains(&Saw::Earns(anna)), "what is shown was earned long before");
}

#[test]
fn whoever_has_none_left_earns_some_at_once() {
    let mut world = World::new(2);
    let (anna, boris, group) = group(&mut world);
    let seen = watches(&mut world);
    gives_picture(&mut world, [anna, boris], group, 1);
    let saw = seen.borrow().clone();
    assert!(
        matches!(saw[..], [Saw::Earns(first), Saw::Puts(second, Some(_))] if first == anna && second == anna)
    );
}

#[test]
fn a_token_that_is_used_up_or_too_old_is_not_shown_again() {
    let mut world = World::new(3);
    let (anna, boris, group) = group(&mut world);
    let seen = watches(&mut world);
    gives_picture(&mut world, [anna, boris], group, 1);
    assert_eq!(on_disk(&world, "UPDATE token_spent SET bytes_left = 0"), 1);
    gives_picture(&mut world, [anna, boris], group, 2);
    let shown = tokens_of(&seen.borrow(), anna);
    assert!(shown.len() == 3 && shown[0] == shown[1] && shown[1] != shown[2], "refused once, then another");
    world.pass(3 * DAY_MS);
    gives_picture(&mut world, [anna, boris], group, 3);
    let shown = tokens_of(&seen.borrow(), anna);
    assert!(shown.len() == 4 && !shown[..3].contains(&shown[3]), "and none of before is tried");
}

#[test]
fn a_clock_that_is_wrong_by_days_costs_no_more_tokens_than_another() {
    for days in [-3_i64, 3] {
        let mut world = World::new(4);
        let (anna, boris, group) = group(&mut world);
        anna.sets_clock_wrong(&mut world, days * i64::try_from(DAY_MS).unwrap());
        let seen = watches(&mut world);
        gives_picture(&mut world, [anna, boris], group, 1);
        gives_picture(&mut world, [anna, boris], group, 2);
        let earned = seen.borrow().iter().filter(|saw| **saw == Saw::Earns(anna)).count();
        assert!(earned <= 2, "{earned} times, {days} days off");
    }
}

#[test]
fn what_links_a_device_costs_nothing_and_what_is_given_to_it_is_paid_by_the_one_that_gives() {
    let mut world = World::new(5);
    let (anna, boris) = friends(&mut world);
    anna.says(&mut world, boris, "hello");
    world.settle();
    let seen = watches(&mut world);
    let laptop = anna.links_by_number(&mut world, "Laptop");
    assert!(laptop.has_history_within(&mut world, 10).is_some());
    let saw = seen.borrow().clone();
    let paid = |device: Device| {
        let of = move |saw: &&Saw| matches!(saw, Saw::Puts(who, _) if *who == device);
        let all: Vec<bool> = saw.iter().filter(of).map(|saw| matches!(saw, Saw::Puts(_, Some(_)))).collect();
        (all.iter().filter(|paid| !**paid).count(), all.iter().filter(|paid| **paid).count())
    };
    let ((free_of_hers, paid_by_her), (free_of_its, paid_by_it)) = (paid(anna), paid(laptop));
    assert!(
        free_of_hers > 0 && free_of_its > 0 && paid_by_her > 0,
        "{free_of_hers} {free_of_its} {paid_by_her}"
    );
    assert_eq!(paid_by_it, 0);
}
