//! A store in memory, for tests and the simulation.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use super::{BlobStore, Listing, Name, StoreError};

/// Gone with the process.
#[derive(Default)]
pub struct MemoryStore(Mutex<BTreeMap<Name, Vec<u8>>>);

impl MemoryStore {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.with(|all| all.len())
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<Name, Vec<u8>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl BlobStore for MemoryStore {
    fn write(&self, name: &Name, bytes: &[u8]) -> Result<(), StoreError> {
        self.with(|all| all.insert(*name, bytes.to_vec()));
        Ok(())
    }

    fn read(&self, name: &Name) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.with(|all| all.get(name).cloned()))
    }

    fn delete(&self, name: &Name) -> Result<(), StoreError> {
        self.with(|all| all.remove(name));
        Ok(())
    }

    fn list(&self, after: Option<&Name>, count: usize) -> Result<Listing, StoreError> {
        let from = after.map_or(Bound::Unbounded, |name| Bound::Excluded(*name));
        Ok(self.with(|all| {
            let mut names: Vec<Name> =
                all.range((from, Bound::Unbounded)).take(count + 1).map(|(name, _)| *name).collect();
            let more = names.len() > count;
            names.truncate(count);
            Listing { names, more }
        }))
    }
}
