//! What must hold of a group once the weather has cleared. Each check is a function of its own, and each is shown to fail
//! with a broken build (`stories::group_storms`).

use std::collections::BTreeSet;

use client::{HistoryState, Mark, Role};
use vocab::AccountId;

use crate::checks::Finding;
use crate::group_storm::FAREWELL;
use crate::{Device, GroupStorm, Person};

/// A check, by name.
pub type Check = (&'static str, fn(&GroupStorm) -> Finding);

/// All of them.
pub const ALL: [Check; 8] = [
    ("of the group nothing is lost", nothing_is_lost),
    ("of the group nothing is shown twice", nothing_is_shown_twice),
    ("the group has one order", there_is_one_order),
    ("of the group nothing stays unreadable", nothing_stays_unreadable),
    ("for the group nothing is left to send", nothing_is_left_to_send),
    ("the group is in one epoch", the_group_is_in_one_epoch),
    ("the group has one roster", the_group_has_one_roster),
    ("whoever is out of the group reads nothing", whoever_is_out_reads_nothing),
];

/// The names of the checks that find something, with what they found.
pub fn findings(storm: &GroupStorm) -> Vec<(&'static str, String)> {
    let found = |(name, check): &Check| check(storm).err().map(|why| (*name, why));
    ALL.iter().filter_map(found).collect()
}

/// Every text that did not visibly fail is on every device of everybody who was there all the time. A device that was linked
/// later has it from the history, unless the one that gave the history was struck off meanwhile, or the service lied; what
/// waited on a device that was struck off is gone with it; as is, where the service lied, what somebody said who was taken out since.
///
/// # Errors
/// What is missing where.
pub fn nothing_is_lost(storm: &GroupStorm) -> Finding {
    let failed = failed_texts(storm);
    let stays = |person: &&Person| person.stays;
    let has_all = |device: &&Device| {
        let history = device.client(&storm.world).history().ok().flatten();
        !(storm.struck_off || storm.crooked) || matches!(history, None | Some(HistoryState::Complete { .. }))
    };
    for device in storm.people.iter().filter(stays).flat_map(|person| &person.devices).filter(has_all) {
        let shown: BTreeSet<String> = texts_of(storm, *device).into_iter().collect();
        let missing = storm.said.iter().chain([&storm.last]).find(|said| {
            // Only who said something says it again: what the service threw away of whoever was taken out since stays lost.
            let still_here = if storm.crooked {
                inside(storm).any(|device| device == said.by)
            } else {
                devices(storm).any(|device| device == said.by)
            };
            still_here && !shown.contains(&said.text) && !failed.contains(&said.text)
        });
        if let Some(said) = missing {
            return Err(format!("{} does not have {:?}", device.name(&storm.world), said.text));
        }
    }
    Ok(())
}

/// No device shows a text twice, or one that nobody wrote.
///
/// # Errors
/// What is shown where.
pub fn nothing_is_shown_twice(storm: &GroupStorm) -> Finding {
    let said: BTreeSet<&str> =
        storm.said.iter().chain([&storm.last]).map(|said| said.text.as_str()).collect();
    for device in devices(storm) {
        let mut shown = texts_of(storm, device);
        shown.sort();
        if let Some(twice) = shown.windows(2).find(|two| two[0] == two[1]) {
            return Err(format!("{} shows {:?} twice", device.name(&storm.world), twice[0]));
        }
        let strange = |text: &&String| !said.contains(text.as_str()) && !text.starts_with(FAREWELL);
        if let Some(text) = shown.iter().find(strange) {
            return Err(format!("{} shows {text:?}, which nobody wrote", device.name(&storm.world)));
        }
    }
    Ok(())
}

/// Any two devices show what both have in the same order. Not so where the service threw something away, nor on a device that
/// came in meanwhile: what is said again stands where it came.
///
/// # Errors
/// Two orders.
pub fn there_is_one_order(storm: &GroupStorm) -> Finding {
    if storm.crooked {
        return Ok(());
    }
    let founder = storm.people[0].devices[0];
    let first = texts_of(storm, founder);
    let came_later = |device: &Device| storm.people.iter().any(|person| person.linked.contains(device));
    for device in devices(storm).filter(|device| !came_later(device)) {
        let this = texts_of(storm, device);
        let here: Vec<&String> = first.iter().filter(|text| this.contains(text)).collect();
        let there: Vec<&String> = this.iter().filter(|text| first.contains(text)).collect();
        if let Some((a, b)) = here.iter().zip(&there).find(|(a, b)| a != b) {
            let (one, other) = (founder.name(&storm.world), device.name(&storm.world));
            return Err(format!("{other} shows {b:?} where {one} shows {a:?}"));
        }
    }
    Ok(())
}

/// No device that is in the group misses anything it knows of, or has a text it cannot show.
///
/// # Errors
/// What is missing where.
pub fn nothing_stays_unreadable(storm: &GroupStorm) -> Finding {
    for device in inside(storm) {
        let client = device.client(&storm.world);
        let missing = client.missing(storm.group).map_err(|fault| fault.to_string())?;
        // What a device said that was struck off meanwhile nobody says again; nor, where the service lied, what somebody said who is out.
        let somebody_is_out = storm.crooked && !devices(storm).all(|device| is_inside(storm, device));
        if missing > 0 && !storm.struck_off && !somebody_is_out {
            return Err(format!("{} misses {missing}", device.name(&storm.world)));
        }
        let messages = client.timeline(storm.group, None, u32::MAX).map_err(|fault| fault.to_string())?;
        if let Some(unknown) = messages.into_iter().find_map(|message| message.unknown) {
            return Err(format!("{} cannot show {unknown}", device.name(&storm.world)));
        }
    }
    Ok(())
}

/// No device that runs has anything in its outbox, and every text of one's own left or failed.
///
/// # Errors
/// What is left where.
pub fn nothing_is_left_to_send(storm: &GroupStorm) -> Finding {
    for device in devices(storm) {
        let client = device.client(&storm.world);
        let status = client.status().map_err(|fault| fault.to_string())?;
        if status.outbox > 0 {
            let outbox = client.outbox().unwrap_or_default();
            return Err(format!(
                "{} has {} in its outbox: {outbox:?}",
                device.name(&storm.world),
                status.outbox
            ));
        }
        let messages = client.timeline(storm.group, None, u32::MAX).map_err(|fault| fault.to_string())?;
        let own = messages.into_iter().filter(|message| message.own && message.notice.is_none());
        for message in own.filter(|message| !message.failed) {
            if message.position == u64::MAX || message.mark < Mark::Sent {
                let (text, mark) = (message.text, message.mark);
                return Err(format!("{}: {text:?} is {mark:?}", device.name(&storm.world)));
            }
        }
    }
    Ok(())
}

/// All devices that are in the group write to the same slot in the same epoch, and can read it.
///
/// # Errors
/// Two epochs.
pub fn the_group_is_in_one_epoch(storm: &GroupStorm) -> Finding {
    let place = |device: Device| device.client(&storm.world).place(storm.group).ok().flatten();
    let founder = storm.people[0].devices[0];
    let first = place(founder);
    for device in inside(storm) {
        let this = place(device);
        if this != first || this.is_none_or(|(_, _, reads)| !reads) {
            let (a, b) = (founder.name(&storm.world), device.name(&storm.world));
            return Err(format!("{a} is in {first:?}, {b} in {this:?}"));
        }
    }
    Ok(())
}

/// All who are in the group see the same people in it, with the same roles and with every device they have; and those are the
/// people who know that they are in it.
///
/// # Errors
/// Two rosters.
pub fn the_group_has_one_roster(storm: &GroupStorm) -> Finding {
    let founder = storm.people[0].devices[0];
    let first = roster(storm, founder);
    for device in inside(storm) {
        let this = roster(storm, device);
        if this != first {
            let (a, b) = (founder.name(&storm.world), device.name(&storm.world));
            return Err(format!("{a} sees {first:?}, {b} sees {this:?}"));
        }
    }
    for person in &storm.people {
        let account = person.devices[0].account(&storm.world);
        let there = first.iter().find(|(member, ..)| *member == account);
        let count = u32::try_from(person.devices.len()).unwrap_or(0);
        if there.is_some_and(|(_, _, devices)| *devices != count) {
            let name = person.devices[0].name(&storm.world);
            return Err(format!("{name} has {count} devices, and {there:?} of them in the group"));
        }
        for device in &person.devices {
            if is_inside(storm, *device) != there.is_some() {
                let (name, is) = (device.name(&storm.world), is_inside(storm, *device));
                return Err(format!("{name} is {there:?} to the others, and believes to be in it: {is}"));
            }
        }
    }
    Ok(())
}

/// What is said when all is over reaches everybody in the group, and nobody else.
///
/// # Errors
/// Who reads it, or does not.
pub fn whoever_is_out_reads_nothing(storm: &GroupStorm) -> Finding {
    let roster = roster(storm, storm.people[0].devices[0]);
    for device in devices(storm) {
        let account = device.account(&storm.world);
        let belongs = roster.iter().any(|(member, ..)| *member == account);
        let reads = texts_of(storm, device).contains(&storm.last.text);
        if belongs != reads {
            let name = device.name(&storm.world);
            return Err(format!("{name} belongs to the group: {belongs}, and reads it: {reads}"));
        }
    }
    Ok(())
}

fn devices(storm: &GroupStorm) -> impl Iterator<Item = Device> {
    storm.people.iter().flat_map(|person| person.devices.iter().copied())
}

/// The devices that believe to be in the group.
fn inside(storm: &GroupStorm) -> impl Iterator<Item = Device> {
    devices(storm).filter(|device| is_inside(storm, *device))
}

fn is_inside(storm: &GroupStorm, device: Device) -> bool {
    let view = device.client(&storm.world).group(storm.group).ok().flatten();
    view.is_some_and(|view| view.head.inside)
}

/// Who is in the group, as a device sees it: account, role, devices.
fn roster(storm: &GroupStorm, device: Device) -> Vec<(AccountId, Role, u32)> {
    let view = device.client(&storm.world).group(storm.group).ok().flatten();
    let mut members: Vec<(AccountId, Role, u32)> = view
        .map(|view| view.members.into_iter().map(|it| (it.account, it.role, it.devices)).collect())
        .unwrap_or_default();
    members.sort_by_key(|(account, ..)| *account);
    members
}

fn failed_texts(storm: &GroupStorm) -> BTreeSet<String> {
    let failed = |device: Device| {
        let messages = device.client(&storm.world).timeline(storm.group, None, u32::MAX).unwrap_or_default();
        messages.into_iter().filter(|message| message.failed).map(|message| message.text)
    };
    devices(storm).flat_map(failed).collect()
}

/// The texts that a device shows, in its order, without those that could not leave it.
fn texts_of(storm: &GroupStorm, device: Device) -> Vec<String> {
    let messages = device.client(&storm.world).timeline(storm.group, None, u32::MAX).unwrap_or_default();
    let shown = messages.into_iter().filter(|message| message.notice.is_none() && !message.failed);
    shown.map(|message| message.text).collect()
}
