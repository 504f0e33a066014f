//! Where connections come from, as a keyed hash of their network, and how many each network may have.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::Source;
use crate::keys::mac;

/// Counts connections by network. The key of the hash lives a day, in memory only.
pub struct Sources {
    state: Mutex<State>,
    per_source_max: usize,
    all_max: usize,
}

struct State {
    key: Zeroizing<[u8; 32]>,
    since: Instant,
    open: HashMap<Source, usize>,
    all: usize,
}

/// A counted connection; gives its place back when dropped.
pub struct Place {
    sources: Arc<Sources>,
    /// Where it comes from.
    pub source: Source,
}

impl Sources {
    /// With these limits.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new(per_source_max: usize, all_max: usize) -> Result<Arc<Self>, getrandom::Error> {
        let state = State { key: fresh_key()?, since: Instant::now(), open: HashMap::new(), all: 0 };
        Ok(Arc::new(Self { state: Mutex::new(state), per_source_max, all_max }))
    }

    /// Takes a place for a connection; none when its network, or the service, has too many.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.renew_key();
        let source = state.source(address);
        let (all, of_source) = (state.all, state.open.get(&source).copied().unwrap_or(0));
        let limited = source != Source::Local && of_source >= self.per_source_max;
        if limited || all >= self.all_max {
            return None;
        }
        state.all += 1;
        *state.open.entry(source).or_default() += 1;
        Some(Place { sources: Arc::clone(self), source })
    }

    /// Connections now.
    pub fn open(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.sources.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.all = state.all.saturating_sub(1);
        if let Some(open) = state.open.get_mut(&self.source) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                state.open.remove(&self.source);
            }
        }
    }
}

impl State {
    fn renew_key(&mut self) {
        if self.since.elapsed() >= KEY_LIFE
            && let Ok(key) = fresh_key()
        {
            self.key = key;
            self.since = Instant::now();
        }
    }

    fn source(&self, address: IpAddr) -> Source {
        if address.to_canonical().is_loopback() {
            return Source::Local;
        }
        let hash = mac(&self.key, &[&prefix(address)]);
        Source::Network(hash.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes)))
    }
}

/// The network: 24 bits of an IPv4 address, 48 of an IPv6 one.
fn prefix(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets()[..3].to_vec(),
        IpAddr::V6(address) => address.octets()[..6].to_vec(),
    }
}

fn fresh_key() -> Result<Zeroizing<[u8; 32]>, getrandom::Error> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut())?;
    Ok(key)
}

const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn neighbours_share_a_source_and_a_cap_and_places_come_back() {
        let sources = Sources::new(2, 10).unwrap();
        let first = sources.enter(address("192.0.2.1")).unwrap();
        let second = sources.enter(address("::ffff:192.0.2.200")).unwrap();
        assert!(first.source == second.source && sources.enter(address("192.0.2.3")).is_none());
        assert!(sources.enter(address("198.51.100.1")).is_some());
        drop(first);
        assert!(sources.enter(address("192.0.2.3")).is_some());
        let local: Vec<_> = (0..9).map_while(|_| sources.enter(address("127.0.0.1"))).collect();
        assert_eq!((local.len(), sources.open()), (9, 10), "this machine is limited by the whole only");
    }
}
