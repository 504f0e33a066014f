//! Stories, one claim each; every file is named by the word it is about.

mod account;
mod accounts;
mod amendment;
mod attachment;
mod canary;
mod card;
mod choice;
mod commit_races;
mod contact;
mod conversation;
mod device;
mod group;
mod group_storms;
mod knock;
mod leaving;
mod linking;
mod mailbox;
mod message;
mod newcomer;
mod people;
mod picture;
mod place;
mod poll;
mod presence;
mod preview;
mod profile;
mod receipt;
mod report;
mod search;
mod secrecy;
mod storms;
mod timer;
mod token;
mod tree;
mod typing;
mod words;
mod wrong_service;

use std::collections::BTreeMap;

use wire::mailbox::Envelope;
use wire::{Decode, Door, Encode, MailboxFromService};

use crate::{Device, Meddling, Passing, World};

/// Anna and Boris, who know each other.
fn friends(world: &mut World) -> (Device, Device) {
    let (anna, boris) = (world.registers("Anna"), world.registers("Boris"));
    world.settle();
    anna.befriends(world, boris);
    (anna, boris)
}

/// Changes the service's disk behind its back.
fn on_disk(world: &World, sql: &'static str) -> usize {
    let db = world.service_db().expect("the service has a disk");
    db.begin().expect("no batch is open in a world at rest");
    let changed = db.write().execute(sql, &[]).expect("a statement of the story");
    db.commit().expect("the disk of the simulation has room");
    changed
}

/// A service that does something to the envelopes it gives to some, and keeps the numbers of its frames right.
fn meddles_with(
    world: &mut World,
    victims: Vec<Device>,
    mut meddle: impl FnMut(Vec<Envelope>) -> Vec<Envelope> + 'static,
) {
    let mut given = BTreeMap::<u64, u64>::new();
    world.set_crook(move |passing: &Passing<'_>| {
        let theirs =
            victims.contains(&passing.device) && !passing.to_service && passing.door == Door::Mailbox;
        let frame = theirs.then(|| MailboxFromService::decode(passing.frame).ok()).flatten();
        let Some(MailboxFromService::Envelopes(mut frame)) = frame else { return Meddling::none(passing) };
        let after = *given.entry(passing.wire).or_insert(frame.after);
        frame.envelopes = meddle(frame.envelopes);
        let Some(last) = frame.envelopes.last().map(|envelope| envelope.sequence) else {
            return Meddling::swallow();
        };
        given.insert(passing.wire, last);
        frame.after = after;
        let frame = MailboxFromService::Envelopes(frame).encode().expect("it was one before");
        Meddling { onward: vec![frame], back: vec![] }
    });
}
