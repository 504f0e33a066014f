//! Linking and removing devices, as people do it: one shows a link, the other reads it, a number is carried across.

use client::{Command, DeviceNews, Event, HistoryState, LinkEnd, LinkSecrets, LinkState, Refused, Reply};
use vocab::DeviceId;
use vocab::time::{MINUTE_MS, SECOND_MS};

use crate::{Device, World};

impl Device {
    /// A further device of the same person, linked through the service as people do.
    pub fn links_by_number(self, world: &mut World, name: &str) -> Self {
        let new = world.unpacks(name);
        let link = new.shows_link(world, name);
        self.reads_link(world, &link).expect("the link is new");
        let number = new.shows_number(world).expect("the number comes");
        self.awaits_number(world);
        assert_eq!(self.types(world, &number), Ok(Reply::Done));
        assert_eq!(new.ends_linking(world), Some(LinkEnd::Linked));
        assert_eq!(self.ends_linking(world), Some(LinkEnd::Linked));
        let account = self.account(world);
        new.has_account(world, account);
        new
    }

    /// Shows a link.
    pub fn shows_link(self, world: &mut World, name: &str) -> LinkSecrets {
        match self.asks(world, Command::OfferLink { name: name.to_owned() }) {
            Ok(Reply::LinkOffered(link)) => link,
            other => panic!("{} offers a link: {other:?}", self.name(world)),
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// What the core refused.
    pub fn reads_link(self, world: &mut World, link: &LinkSecrets) -> Result<Reply, Refused> {
        self.asks(world, Command::Link(link.clone()))
    }

    /// The number that the new device shows, when it does within a minute.
    pub fn shows_number(self, world: &mut World) -> Option<String> {
        self.waits_for(world, MINUTE_MS, |state| match state {
            LinkState::Number { number, .. } => Some(number),
            _ => None,
        })
    }

    /// The old device asks for it.
    pub fn awaits_number(self, world: &mut World) {
        let asks = self.waits_for(world, MINUTE_MS, |state| {
            matches!(state, LinkState::NumberNeeded { .. }).then_some(())
        });
        assert!(asks.is_some(), "{} asks for the number: {:?}", self.name(world), self.notes(world));
    }

    /// The person types it.
    ///
    /// # Errors
    /// What the core refused.
    pub fn types(self, world: &mut World, number: &str) -> Result<Reply, Refused> {
        self.asks(world, Command::LinkNumber(number.to_owned()))
    }

    /// How it ended, when it does within 11 minutes.
    pub fn ends_linking(self, world: &mut World) -> Option<LinkEnd> {
        self.waits_for(world, 11 * MINUTE_MS, |state| match state {
            LinkState::Ended(why) => Some(why),
            _ => None,
        })
    }

    fn waits_for<T>(self, world: &mut World, ms: u64, wanted: impl Fn(LinkState) -> Option<T>) -> Option<T> {
        let until = world.now().plus_ms(ms);
        while world.now() < until {
            let state = world.devices[self.0].client().and_then(|client| client.linking().ok().flatten());
            if let Some(found) = state.and_then(&wanted) {
                return Some(found);
            }
            world.step();
        }
        None
    }

    /// Has the whole history, within so many minutes.
    pub fn has_history_within(self, world: &mut World, minutes: u64) -> Option<u64> {
        let until = world.now().plus_ms(minutes * MINUTE_MS);
        while world.now() < until {
            if let Some(client) = world.devices[self.0].client()
                && let Ok(Some(HistoryState::Complete { messages })) = client.history()
            {
                return Some(messages);
            }
            world.pass(SECOND_MS);
        }
        None
    }

    /// Its id in the account's list.
    pub fn device_id(self, world: &World) -> DeviceId {
        let cards = self.client(world).devices().expect("the store can be read");
        cards.iter().find(|card| card.this).expect("it is in its own list").device
    }

    /// Takes another device out of the account.
    ///
    /// # Errors
    /// What the core refused.
    pub fn removes(self, world: &mut World, other: DeviceId) -> Result<Reply, Refused> {
        self.asks(world, Command::RemoveDevice(other))
    }

    /// How often it was told this of a device.
    pub fn was_told(self, world: &World, device: DeviceId, news: DeviceNews) -> usize {
        let wanted = Event::Device(device, news);
        world.devices[self.0].events.iter().filter(|event| **event == wanted).count()
    }

    /// Whether this happened on it.
    pub fn heard(self, world: &World, event: &Event) -> bool {
        world.devices[self.0].events.contains(event)
    }
}
