//! The words of linking, and of one's own devices.

use client::{DeviceCard, DeviceNews, HistoryState, LinkEnd, LinkState};
use screens::{DeviceList, DeviceRow, LinkScreen, LinkStep};
use vocab::limits::DEVICES_MAX;

use crate::moment::Clock;
use crate::words::No;

/// How linking stands. `link` is what a new device shows.
pub(crate) fn screen(state: Option<LinkState>, link: Option<String>) -> LinkScreen {
    let (step, sentence, number) = match state {
        None => (LinkStep::Nothing, "No device is being linked.".to_owned(), None),
        Some(LinkState::Shown) => (
            LinkStep::Shown,
            "On a device that has your account, choose “Link a device” and give it this link. It is good for 10 \
             minutes. Show it to nobody else."
                .to_owned(),
            None,
        ),
        Some(LinkState::Number { number, name }) => (
            LinkStep::Number,
            format!("Type this number on the other device of {}.", or_somebody(&name)),
            Some(spaced(&number)),
        ),
        Some(LinkState::Meeting) => {
            (LinkStep::Meeting, "Looking for the new device. Keep both devices on.".to_owned(), None)
        }
        Some(LinkState::NumberNeeded { name, tries_left }) => (
            LinkStep::NumberNeeded,
            format!(
                "Type the 6 digits that “{name}” shows. Only link a device that you hold in your hand: it will read all \
                 your chats. {}",
                tries(tries_left)
            ),
            None,
        ),
        Some(LinkState::Confirmed) => {
            (LinkStep::Confirmed, "The number is right. The device is being linked.".to_owned(), None)
        }
        Some(LinkState::Ended(why)) => (
            if why == LinkEnd::Linked { LinkStep::Linked } else { LinkStep::Failed },
            ended(why).to_owned(),
            None,
        ),
    };
    let link = link.filter(|_| matches!(step, LinkStep::Shown | LinkStep::Number));
    LinkScreen { step, sentence, link, number }
}

fn ended(why: LinkEnd) -> &'static str {
    match why {
        LinkEnd::Linked => "The device is linked. Your chats come to it by themselves.",
        LinkEnd::Expired => {
            "The link is not good any more: it was used, or 10 minutes are over. Make a new one on the new device."
        }
        LinkEnd::Used => {
            "Another device has answered this link already. If that was not you, make a new link on the new device."
        }
        LinkEnd::WrongNumber => {
            "The number was wrong three times, so nothing was linked. Make a new link on the new device."
        }
        LinkEnd::TurnedDown => "The other device ended it. Nothing was linked.",
        LinkEnd::NotGenuine => {
            "Something between the two devices changed what they said. Nothing was linked. Try again over another \
             network."
        }
        LinkEnd::Cancelled => "It was cancelled. Nothing was linked.",
    }
}

/// The list of devices, this one first.
pub(crate) fn list(
    mut cards: Vec<DeviceCard>,
    history: Option<HistoryState>,
    gives: bool,
    clock: &Clock,
) -> DeviceList {
    let room = cards.len() < DEVICES_MAX;
    cards.sort_by_key(|card| !card.this);
    DeviceList {
        title: "Your devices".to_owned(),
        sentence: "Each reads and writes all your chats, and none is more than the others. Remove one that you do not \
                   know, or have lost."
            .to_owned(),
        devices: cards.iter().map(|card| row(card, clock)).collect(),
        link: room.then(|| "Link a device".to_owned()),
        history: history.and_then(|state| match state {
            HistoryState::Complete { .. } => None,
            state => Some(self::history(state)),
        }),
        gives: gives.then(|| GIVES.to_owned()),
    }
}

fn row(card: &DeviceCard, clock: &Clock) -> DeviceRow {
    let line = match (card.this, card.leaving, card.added_at) {
        (true, ..) => "This device".to_owned(),
        (_, true, _) => "Being removed".to_owned(),
        (_, _, Some(at)) => format!("Linked {} {}", clock.day(at), clock.time(at)),
        (_, _, None) => "Linked before this device".to_owned(),
    };
    DeviceRow {
        id: card.device.to_string(),
        name: name_of(card),
        line,
        this: card.this,
        leaving: card.leaving,
    }
}

/// What a device is called.
pub(crate) fn name_of(card: &DeviceCard) -> String {
    if card.name.is_empty() { "Device without a name".to_owned() } else { card.name.clone() }
}

/// How the history stands.
pub(crate) fn history(state: HistoryState) -> String {
    match state {
        HistoryState::Receiving { parts: 0 } => {
            "Your earlier messages come from your other device. Keep it on.".to_owned()
        }
        HistoryState::Receiving { parts } => {
            format!("Your earlier messages are coming: {parts} parts are here.")
        }
        HistoryState::Complete { messages: 1 } => "Your earlier message is here.".to_owned(),
        HistoryState::Complete { messages } => format!("All your {messages} earlier messages are here."),
        HistoryState::Incomplete => {
            "Your earlier messages did not come completely. They are still on your other device.".to_owned()
        }
    }
}

/// What happened to a device.
pub(crate) fn news(news: DeviceNews, name: &str) -> String {
    match news {
        DeviceNews::Added | DeviceNews::Named => format!(
            "A new device reads your chats: {name}. If that was not you, remove it in the list of your devices."
        ),
        DeviceNews::Supplied => format!("Your earlier messages are with {name}."),
        DeviceNews::Removed => "A device was removed from your account.".to_owned(),
    }
}

/// Somebody has other devices than before.
pub(crate) fn changed(name: &str) -> String {
    format!("{name} uses other devices than before.")
}

/// A new device is given the history.
const GIVES: &str = "Your earlier messages go to your new device. Keep both devices on.";

/// Of the link itself.
pub(crate) const OFFERED: &str =
    "Give this link to a device that has your account, within 10 minutes, and to nobody else.";

/// This device is out.
pub(crate) const REMOVED: &str = "This device was removed from your account by another one of your devices. What is here \
                                  stays readable; nothing new comes and nothing leaves.";

pub(crate) fn not_a_device_link() -> No {
    No::usage(
        "This is not the link of a new device. It looks like https://example.org/d#… and is shown by the device that is \
         to be linked.",
    )
}

pub(crate) fn no_such_device() -> No {
    No::refused("There is no such device in your account. Look at the list of your devices again.")
}

pub(crate) fn wrong_number(tries_left: u32) -> No {
    if tries_left == 0 {
        No::refused(ended(LinkEnd::WrongNumber))
    } else {
        No::usage(format!("That is not the number. {}", tries(tries_left)))
    }
}

pub(crate) fn link_used() -> No {
    No::refused("This link was used already. Make a new one on the new device.")
}

pub(crate) fn not_awaited() -> No {
    No::refused("No number is awaited right now. Begin with the link that the new device shows.")
}

fn tries(left: u32) -> String {
    if left == 1 { "One try is left.".to_owned() } else { format!("{left} tries are left.") }
}

fn or_somebody(name: &str) -> String {
    if name.is_empty() { "the account".to_owned() } else { name.to_owned() }
}

fn spaced(number: &str) -> String {
    let middle = number.len() / 2;
    match (number.get(..middle), number.get(middle..)) {
        (Some(first), Some(second)) => format!("{first} {second}"),
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_aloud_in_two_groups_and_a_link_is_shown_only_by_the_new_device() {
        let number = LinkState::Number { number: "012345".into(), name: "Anna".into() };
        let shown = screen(Some(number), Some("https://a.example/d#x".into()));
        assert_eq!(shown.number.as_deref(), Some("012 345"));
        assert!(shown.link.is_some() && shown.sentence.contains("Anna"));
        let old = screen(Some(LinkState::Meeting), Some("https://a.example/d#x".into()));
        assert!(old.link.is_none());
    }
}
