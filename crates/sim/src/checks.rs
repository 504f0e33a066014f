//! What must hold once the weather has cleared. Each check is a function of its own, and each is shown to fail with a
//! broken build (`stories::weather`).

use std::collections::BTreeMap;

use client::Mark;

use crate::{Device, World};

/// A text that was written: it is in the store of the device that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// On which device.
    pub by: Device,
    /// To whom (any device of theirs).
    pub to: Device,
    /// What. No two are equal.
    pub text: String,
}

/// What a check finds wrong.
pub type Finding = Result<(), String>;

/// A check, by name.
pub type Check = (&'static str, fn(&World, &[Said]) -> Finding);

/// All of them.
pub const ALL: [Check; 6] = [
    ("nothing is lost", nothing_is_lost),
    ("nothing is shown twice", nothing_is_shown_twice),
    ("there is one order", there_is_one_order),
    ("nothing stays unreadable", nothing_stays_unreadable),
    ("nothing is left to send", nothing_is_left_to_send),
    ("all are in one epoch", all_are_in_one_epoch),
];

/// The names of the checks that find something, with what they found.
pub fn findings(world: &World, said: &[Said]) -> Vec<(&'static str, String)> {
    let found = |(name, check): &Check| check(world, said).err().map(|why| (*name, why));
    ALL.iter().filter_map(found).collect()
}

/// Every text is on every device of both people.
///
/// # Errors
/// What is missing where.
pub fn nothing_is_lost(world: &World, said: &[Said]) -> Finding {
    for (pair, texts) in by_pair(world, said) {
        for (device, other) in pair.seats(world) {
            let shown = texts_of(world, device, other);
            for text in &texts {
                if !shown.contains(text) {
                    return Err(format!("{} does not have {text:?}", device.name(world)));
                }
            }
        }
    }
    Ok(())
}

/// No device shows a text twice, or one that nobody wrote.
///
/// # Errors
/// What is shown where.
pub fn nothing_is_shown_twice(world: &World, said: &[Said]) -> Finding {
    for (pair, texts) in by_pair(world, said) {
        for (device, other) in pair.seats(world) {
            let mut shown = texts_of(world, device, other);
            shown.sort();
            if let Some(twice) = shown.windows(2).find(|two| two[0] == two[1]) {
                return Err(format!("{} shows {:?} twice", device.name(world), twice[0]));
            }
            if let Some(strange) = shown.iter().find(|text| !texts.contains(text)) {
                return Err(format!("{} shows {strange:?}, which nobody wrote", device.name(world)));
            }
        }
    }
    Ok(())
}

/// All devices of two people show their texts in the same order.
///
/// # Errors
/// Two orders.
pub fn there_is_one_order(world: &World, said: &[Said]) -> Finding {
    for (pair, texts) in by_pair(world, said) {
        let seats = pair.seats(world);
        let everywhere = |text: &String| {
            seats.iter().all(|(device, other)| texts_of(world, *device, *other).contains(text))
        };
        let common: Vec<String> = texts.into_iter().filter(everywhere).collect();
        let order = |(device, other): &(Device, Device)| -> Vec<String> {
            let mut shown = texts_of(world, *device, *other);
            shown.retain(|text| common.contains(text));
            shown.dedup();
            shown
        };
        let first = order(&seats[0]);
        for seat in &seats[1..] {
            let this = order(seat);
            if let Some(at) = first.iter().zip(&this).position(|(a, b)| a != b) {
                return Err(format!(
                    "{} shows {:?} where {} shows {:?}",
                    seat.0.name(world),
                    this[at],
                    seats[0].0.name(world),
                    first[at]
                ));
            }
        }
    }
    Ok(())
}

/// No device misses anything it knows of, or has a text it cannot show.
///
/// # Errors
/// What is missing where.
pub fn nothing_stays_unreadable(world: &World, said: &[Said]) -> Finding {
    for (pair, _) in by_pair(world, said) {
        for (device, other) in pair.seats(world) {
            let Some(conversation) = device.conversation(world, other) else { continue };
            let missing = device.client(world).missing(conversation).map_err(|fault| fault.to_string())?;
            if missing > 0 {
                return Err(format!("{} misses {missing}", device.name(world)));
            }
            if let Some(unknown) = device.messages(world, other).into_iter().find_map(|it| it.unknown) {
                return Err(format!("{} cannot show {unknown}", device.name(world)));
            }
        }
    }
    Ok(())
}

/// No device has anything in its outbox, nothing failed, and every text of one's own reached somebody.
///
/// # Errors
/// What is left where.
pub fn nothing_is_left_to_send(world: &World, said: &[Said]) -> Finding {
    for (pair, _) in by_pair(world, said) {
        for (device, other) in pair.seats(world) {
            let status = device.client(world).status().map_err(|fault| fault.to_string())?;
            if status.outbox > 0 {
                return Err(format!("{} has {} in its outbox", device.name(world), status.outbox));
            }
            for message in device.messages(world, other).into_iter().filter(|message| message.own) {
                let waits = message.position == u64::MAX || message.mark < Mark::Delivered;
                if waits || message.failed {
                    let (text, mark) = (message.text, message.mark);
                    return Err(format!("{}: {text:?} is {mark:?}", device.name(world)));
                }
            }
        }
    }
    Ok(())
}

/// All devices of two people write to the same slot in the same epoch.
///
/// # Errors
/// Two epochs.
pub fn all_are_in_one_epoch(world: &World, said: &[Said]) -> Finding {
    for (pair, _) in by_pair(world, said) {
        let seats = pair.seats(world);
        let place = |(device, other): &(Device, Device)| {
            let conversation = device.conversation(world, *other)?;
            device.client(world).place(conversation).ok().flatten()
        };
        let first = place(&seats[0]);
        for seat in &seats {
            let this = place(seat);
            if this != first || this.is_none_or(|(_, _, reads)| !reads) {
                let (a, b) = (seats[0].0.name(world), seat.0.name(world));
                return Err(format!("{a} is in {first:?}, {b} in {this:?}"));
            }
        }
    }
    Ok(())
}

/// Two people, by a device of each; the lower first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pair(Device, Device);

impl Pair {
    /// Every device of the two, each with a device of the other.
    fn seats(self, world: &World) -> Vec<(Device, Device)> {
        let of = |device: Device, other| {
            world.devices_of(device).into_iter().map(move |device: Device| (device, other))
        };
        of(self.0, self.1).chain(of(self.1, self.0)).collect()
    }
}

fn by_pair(world: &World, said: &[Said]) -> BTreeMap<Pair, Vec<String>> {
    let mut pairs = BTreeMap::<Pair, Vec<String>>::new();
    for Said { by, to, text } in said {
        let first_of = |device: Device| world.devices_of(device).into_iter().next().unwrap_or(device);
        let (by, to) = (first_of(*by), first_of(*to));
        let pair = if by < to { Pair(by, to) } else { Pair(to, by) };
        pairs.entry(pair).or_default().push(text.clone());
    }
    pairs
}

fn texts_of(world: &World, device: Device, other: Device) -> Vec<String> {
    device.messages(world, other).into_iter().map(|message| message.text).collect()
}
