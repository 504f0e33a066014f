//! Polls.

use client::{Command, PollView, Refused, Weakness};
use vocab::MessageId;
use vocab::time::MINUTE_MS;

use super::friends;
use crate::{Device, World};

fn asks(world: &mut World, by: Device, to: Device, options: &[&str], multiple: bool) -> MessageId {
    let conversation = by.conversation(world, to).unwrap();
    let options = options.iter().map(|option| (*option).to_owned()).collect();
    let question = "Which tram?".to_owned();
    by.queues(world, Command::CreatePoll { conversation, question, options, multiple })
}

fn votes(world: &mut World, by: Device, poll: MessageId, options: &[u32]) {
    by.queues(world, Command::Vote { poll, options: options.to_vec() });
}

fn stands(world: &World, on: Device, poll: MessageId) -> PollView {
    on.client(world).message(poll).unwrap().unwrap().poll.unwrap()
}

fn counts(world: &World, on: Device, poll: MessageId) -> Vec<usize> {
    stands(world, on, poll).options.iter().map(|option| option.votes.len()).collect()
}

#[test]
fn the_newest_vote_of_each_person_counts_on_all_devices() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let laptop = boris.links(&mut world, "Boris's laptop");
    world.settle();
    let poll = asks(&mut world, anna, boris, &["The 12", "The 28"], false);
    world.settle();
    votes(&mut world, anna, poll, &[0]);
    votes(&mut world, boris, poll, &[0]);
    world.settle();
    votes(&mut world, laptop, poll, &[1]);
    world.settle();
    for device in [anna, boris, laptop] {
        assert_eq!(counts(&world, device, poll), [1, 1], "{}", device.name(&world));
    }
    votes(&mut world, boris, poll, &[]);
    world.settle();
    assert_eq!((counts(&world, anna, poll), stands(&world, anna, poll).voters), (vec![1, 0], 1));
    assert_eq!(boris.timeline(&world, anna), ["Anna: Which tram?"]);
    assert_eq!(boris.finds(&world, "28"), ["Which tram?"], "options are found too");
    let two = boris.is_refused(&mut world, Command::Vote { poll, options: vec![0, 1] });
    let none = boris.is_refused(&mut world, Command::Vote { poll, options: vec![2] });
    assert_eq!((two, none), (Refused::BadPoll, Refused::BadPoll));
    let several = asks(&mut world, anna, boris, &["Bread", "Wine", "Song"], true);
    world.settle();
    votes(&mut world, boris, several, &[0, 2]);
    world.settle();
    assert_eq!(counts(&world, anna, several), [1, 0, 1]);
}

#[test]
fn a_vote_after_the_end_is_dropped_and_only_whoever_asked_ends() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    let poll = asks(&mut world, anna, boris, &["The 12", "The 28"], false);
    world.settle();
    votes(&mut world, boris, poll, &[1]);
    world.settle();
    assert_eq!(boris.is_refused(&mut world, Command::EndPoll { poll }), Refused::NotYours);
    anna.queues(&mut world, Command::EndPoll { poll });
    world.settle();
    assert_eq!(boris.is_refused(&mut world, Command::Vote { poll, options: vec![0] }), Refused::PollEnded);
    // One that votes all the same.
    boris.restarts_with(&mut world, |config| config.broken = Some(Weakness::VotesLate));
    votes(&mut world, boris, poll, &[0]);
    world.settle();
    for device in [anna, boris] {
        assert_eq!(counts(&world, device, poll), [0, 1], "{}", device.name(&world));
        assert!(stands(&world, device, poll).ended);
    }
}

#[test]
fn a_vote_that_crosses_the_end_counts_everywhere_or_nowhere() {
    for seed in 0..6 {
        let mut world = World::new(seed);
        let (anna, boris) = friends(&mut world);
        let laptop = anna.links(&mut world, "Anna's laptop");
        world.settle();
        let poll = asks(&mut world, anna, boris, &["The 12", "The 28"], false);
        world.settle();
        anna.goes_offline(&mut world);
        anna.queues(&mut world, Command::EndPoll { poll });
        votes(&mut world, boris, poll, &[0]);
        world.pass(MINUTE_MS);
        anna.comes_back(&mut world);
        world.pass(MINUTE_MS);
        world.settle();
        let all: Vec<_> = [anna, laptop, boris].map(|device| stands(&world, device, poll)).to_vec();
        assert!(all.iter().all(|view| *view == all[0] && view.ended), "seed {seed}: {all:?}");
    }
}

#[test]
fn a_poll_is_not_edited_and_is_gone_when_it_is_deleted() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    let poll = asks(&mut world, anna, boris, &["The 12", "The 28"], false);
    world.settle();
    let edit = Command::Edit { message: poll, text: "Which bus?".into() };
    assert_eq!(anna.is_refused(&mut world, edit), Refused::NotYours);
    anna.deletes(&mut world, poll);
    world.settle();
    assert_eq!(boris.sees(&world, anna), ["(deleted)"]);
    assert_eq!(boris.is_refused(&mut world, Command::Vote { poll, options: vec![0] }), Refused::Unknown);
    let conversation = anna.conversation(&world, boris).unwrap();
    let long = "x".repeat(client::POLL_OPTION_BYTES_MAX + 1);
    for options in [vec!["one"], vec!["one", " "], vec!["one", long.as_str()], vec!["x"; 13]] {
        let options = options.into_iter().map(str::to_owned).collect();
        let question = "?".to_owned();
        let poll = Command::CreatePoll { conversation, question, options, multiple: false };
        assert_eq!(anna.is_refused(&mut world, poll), Refused::BadPoll);
    }
}
