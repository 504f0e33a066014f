//! One input's view of keys and randomness: a write-back cache over the caller's store.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider;
use openmls_traits::random::OpenMlsRand;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::group::TREE_INLINE_LEAVES;
use crate::store::{KeyStore, StoreError};

/// Everything a group needs during one input: the caller's store behind a write-back cache, and the caller's
/// randomness.
///
/// Writes stay in the cache until [`flush`](Session::flush), so that a batch of received messages writes each group's
/// message secrets once instead of once per message. **Flush before the transaction is committed, and commit before
/// anything leaves the device**: a ciphertext whose ratchet step was not stored would use a key twice. A session that is
/// dropped without flushing has changed nothing.
///
/// Ids, init keys, leaf keys, path secrets and reuse guards come from the randomness handed in. One thing does not: HPKE's
/// encapsulation inside the library draws from the operating system. Two runs with the same seed therefore differ in the
/// bytes of commits and Welcomes, and, after a device came in from outside (its part of the epoch is encapsulated), in that
/// epoch's secrets. Who is a member, on which leaf, with which keys, and every decision are the same.
#[must_use = "what a session holds is lost unless it is flushed"]
pub struct Session<'a> {
    pub(crate) cache: Cache<'a>,
    rng: Rng<'a>,
    crypto: RustCrypto,
    inline_leaves: usize,
}

impl<'a> Session<'a> {
    /// Begins one input over `store`, drawing from `rng`.
    pub fn new(store: &'a dyn KeyStore, rng: &'a mut dyn CryptoRngCore) -> Self {
        Self {
            cache: Cache::new(store),
            rng: Rng(RefCell::new(rng)),
            crypto: RustCrypto::default(),
            inline_leaves: TREE_INLINE_LEAVES,
        }
    }

    /// Keeps the trees of groups of up to so many leaves in their descriptions: a lower bound than
    /// [`TREE_INLINE_LEAVES`] is for tests. All members have to have the same one.
    pub fn with_trees_inline_up_to(mut self, leaves: usize) -> Self {
        self.inline_leaves = leaves;
        self
    }

    /// Whether the tree of so many leaves lies apart from the description.
    pub(crate) fn keeps_tree_apart(&self, leaves: usize) -> bool {
        leaves > self.inline_leaves
    }

    /// Lends the caller's randomness.
    pub(crate) fn with_rng<T>(&self, step: impl FnOnce(&mut &mut dyn CryptoRngCore) -> T) -> T {
        let mut rng = self.rng.0.borrow_mut();
        let mut rng: &mut dyn CryptoRngCore = &mut **rng;
        step(&mut rng)
    }

    /// Writes what changed to the store, each key once, in the order of the keys. Not inside an
    /// [`attempt`](Session::attempt).
    ///
    /// # Errors
    /// [`StoreError`] when the store refuses a write; the transaction must be rolled back.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.cache.flush()
    }

    /// Runs `step` so that it either keeps all its changes to keys or none: the cache's counterpart of a savepoint.
    ///
    /// Groups loaded before a failed step may be ahead of the store and must be loaded again.
    ///
    /// # Errors
    /// What `step` returned, after its changes were undone.
    pub fn attempt<T, E>(&self, step: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        let mark = self.cache.begin();
        let result = step(self);
        self.cache.end(mark, result.is_ok());
        result
    }

    /// Bytes this session has written to the store: keys and values of every write flushed so far.
    #[must_use]
    pub fn bytes_flushed(&self) -> u64 {
        self.cache.bytes_flushed.get()
    }
}

impl<'a> OpenMlsProvider for Session<'a> {
    type CryptoProvider = RustCrypto;
    type RandProvider = Rng<'a>;
    type StorageProvider = Cache<'a>;

    fn storage(&self) -> &Cache<'a> {
        &self.cache
    }

    fn crypto(&self) -> &RustCrypto {
        &self.crypto
    }

    fn rand(&self) -> &Rng<'a> {
        &self.rng
    }
}

/// The caller's randomness in the shape the library asks for.
pub struct Rng<'a>(RefCell<&'a mut dyn CryptoRngCore>);

impl OpenMlsRand for Rng<'_> {
    type Error = NoRandomness;

    fn random_array<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        self.0.borrow_mut().try_fill_bytes(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(bytes)
    }

    fn random_vec(&self, len: usize) -> Result<Vec<u8>, NoRandomness> {
        let mut bytes = vec![0; len];
        self.0.borrow_mut().try_fill_bytes(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(bytes)
    }
}

/// The source of randomness failed.
#[derive(Debug, thiserror::Error)]
#[error("the source of randomness failed")]
pub struct NoRandomness;

type Value = Zeroizing<Vec<u8>>;

/// What a key holds in this session.
#[derive(Clone)]
struct Entry {
    value: Option<Value>,
    /// Differs from what the store holds.
    changed: bool,
}

/// A key and what it held before a step changed it (`None`: it was not in the cache).
type Undo = (Vec<u8>, Option<Entry>);

/// Write-back cache with undo.
pub struct Cache<'a> {
    store: &'a dyn KeyStore,
    entries: RefCell<BTreeMap<Vec<u8>, Entry>>,
    journal: RefCell<Vec<Undo>>,
    /// Steps in progress, one inside the other.
    depth: Cell<usize>,
    /// The first failure of the store. The library reports storage failures in many shapes and hides some; this does not.
    fault: RefCell<Option<StoreError>>,
    bytes_flushed: Cell<u64>,
}

impl<'a> Cache<'a> {
    pub(crate) fn new(store: &'a dyn KeyStore) -> Self {
        Self {
            store,
            entries: RefCell::default(),
            journal: RefCell::default(),
            depth: Cell::new(0),
            fault: RefCell::default(),
            bytes_flushed: Cell::new(0),
        }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Value>, StoreError> {
        if let Some(entry) = self.entries.borrow().get(key) {
            return Ok(entry.value.clone());
        }
        let value = self.store.get(key)?.map(Zeroizing::new);
        let entry = Entry { value: value.clone(), changed: false };
        self.entries.borrow_mut().insert(key.to_vec(), entry);
        Ok(value)
    }

    pub(crate) fn put(&self, key: Vec<u8>, value: Vec<u8>) {
        self.set(key, Some(Zeroizing::new(value)));
    }

    pub(crate) fn delete(&self, key: Vec<u8>) {
        self.set(key, None);
    }

    fn set(&self, key: Vec<u8>, value: Option<Value>) {
        // The library writes much that has not changed.
        if self.entries.borrow().get(&key).is_some_and(|entry| entry.value == value) {
            return;
        }
        let before = self.entries.borrow_mut().insert(key.clone(), Entry { value, changed: true });
        if self.depth.get() > 0 {
            self.journal.borrow_mut().push((key, before));
        }
    }

    fn begin(&self) -> usize {
        self.depth.set(self.depth.get() + 1);
        self.journal.borrow().len()
    }

    fn end(&self, mark: usize, keep: bool) {
        let mut journal = self.journal.borrow_mut();
        self.depth.set(self.depth.get().saturating_sub(1));
        if !keep {
            let mut entries = self.entries.borrow_mut();
            for (key, before) in journal.drain(mark..).rev() {
                match before {
                    Some(entry) => entries.insert(key, entry),
                    None => entries.remove(&key),
                };
            }
        }
        if self.depth.get() == 0 {
            journal.clear();
        }
    }

    fn flush(&self) -> Result<(), StoreError> {
        if self.depth.get() > 0 {
            return Err(StoreError::new("flushed inside an attempt, which might still be undone"));
        }
        for (key, entry) in self.entries.borrow_mut().iter_mut().filter(|(_, entry)| entry.changed) {
            let value_bytes = match &entry.value {
                Some(value) => {
                    self.store.put(key, value)?;
                    value.len()
                }
                None => {
                    self.store.delete(key)?;
                    0
                }
            };
            entry.changed = false;
            self.bytes_flushed.set(self.bytes_flushed.get() + (key.len() + value_bytes) as u64);
        }
        Ok(())
    }

    pub(crate) fn note_fault(&self, fault: StoreError) {
        self.fault.borrow_mut().get_or_insert(fault);
    }

    pub(crate) fn take_fault(&self) -> Option<StoreError> {
        self.fault.borrow_mut().take()
    }
}
