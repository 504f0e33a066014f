//! Opened rosters, remembered for a minute.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use vocab::time::MINUTE_MS;
use vocab::{AddressKey, SlotId, Timestamp};

use super::ports::Target;

/// The targets of a roster that was opened.
pub type Targets = Arc<[Target]>;

/// Opened rosters by slot and hash of the posting key. In memory only.
#[derive(Default)]
pub struct Rosters {
    opened: HashMap<RosterKey, Opened>,
    by_address: HashMap<AddressKey, Vec<RosterKey>>,
    order: VecDeque<(Timestamp, RosterKey)>,
    entries: usize,
}

/// The slot, and the hash of the key that opened its roster: another slot may not use it.
pub type RosterKey = (SlotId, [u8; 32]);

struct Opened {
    at: Timestamp,
    addresses: Vec<AddressKey>,
    targets: Targets,
}

impl Rosters {
    /// The targets, if the roster was opened within the last minute and no address of it changed since.
    pub fn find(&self, key: &RosterKey, now: Timestamp) -> Option<Targets> {
        let opened = self.opened.get(key)?;
        // Written so that a clock that went back lets nothing live longer.
        let fresh = now >= opened.at && now.ms_since(opened.at) < OPENED_MS;
        fresh.then(|| Arc::clone(&opened.targets))
    }

    /// Remembers a roster.
    pub fn remember(&mut self, key: RosterKey, addresses: Vec<AddressKey>, targets: Targets, now: Timestamp) {
        self.forget(&key);
        self.entries += addresses.len() + 1;
        for address in &addresses {
            self.by_address.entry(*address).or_default().push(key);
        }
        self.order.push_back((now, key));
        self.opened.insert(key, Opened { at: now, addresses, targets });
        while self.entries > ENTRIES_MAX {
            let Some((_, oldest)) = self.order.pop_front() else { break };
            self.forget(&oldest);
        }
    }

    /// The address was deleted, filed or bound: every roster that names it is opened anew.
    pub fn forget_address(&mut self, address: AddressKey) {
        for key in self.by_address.get(&address).cloned().unwrap_or_default() {
            self.forget(&key);
        }
    }

    /// Forgets what is older than a minute.
    pub fn expire(&mut self, now: Timestamp) {
        while let Some((at, key)) = self.order.front().copied() {
            let old = now < at || now.ms_since(at) >= OPENED_MS;
            if !old {
                break;
            }
            self.order.pop_front();
            if self.opened.get(&key).is_some_and(|opened| opened.at == at) {
                self.forget(&key);
            }
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn forget(&mut self, key: &RosterKey) {
        let Some(opened) = self.opened.remove(key) else { return };
        self.entries = self.entries.saturating_sub(opened.addresses.len() + 1);
        for address in &opened.addresses {
            if let Some(keys) = self.by_address.get_mut(address) {
                keys.retain(|other| other != key);
                if keys.is_empty() {
                    self.by_address.remove(address);
                }
            }
        }
    }
}

/// An opened roster lives so long, milliseconds.
pub const OPENED_MS: u64 = MINUTE_MS;
/// Members of all remembered rosters together, some 150 bytes each.
const ENTRIES_MAX: usize = 200_000;
