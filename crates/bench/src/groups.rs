//! What a group costs as it grows: making it, writing in it, renewing a leaf, coming in; cryptography and keys alone, over a
//! store in memory. What of it fits into one request is said beside.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use crypto::seal::{DeviceEntry, VerifiedChain};
use crypto::{
    Changes, Charter, DeviceKeys, Group, GroupId, Identity, Incoming, KeyPackage, KeyStore, LeafData,
    Session, StoreError, by_charter, generate_key_package,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use vocab::limits::{FRAME_BYTES_MAX, PAYLOAD_SIZES};
use vocab::{AddressSecret, DeviceId, Timestamp};

use crate::Trouble;
use crate::report::round;

/// Members, one device each.
const SIZES: [usize; 5] = [10, 64, 100, 300, 1_000];
/// Texts that are measured.
const TEXTS: usize = 20;
/// Leaves that are renewed before the group counts as warm: each fills its path in the tree.
const RENEWALS: usize = 8;
const GROUP: GroupId = GroupId([1; 16]);
const NOW: Timestamp = Timestamp(1_767_225_600_000);

/// Keys in memory.
#[derive(Default)]
struct Memory(RefCell<BTreeMap<Vec<u8>, Vec<u8>>>);

impl KeyStore for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.borrow().get(key).cloned())
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.0.borrow_mut().insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn delete(&self, key: &[u8]) -> Result<(), StoreError> {
        self.0.borrow_mut().remove(key);
        Ok(())
    }
}

/// A member with one device.
struct Member {
    store: Memory,
    rng: ChaCha20Rng,
    keys: DeviceKeys,
    device: DeviceId,
    chain: VerifiedChain,
}

impl Member {
    fn new(number: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(number);
        let keys = DeviceKeys::generate(&mut rng);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        let device = DeviceId(id);
        let chain = VerifiedChain::begin(&keys.secret(), DeviceEntry { device, key: keys.public() }, [0; 32]);
        Self { store: Memory::default(), rng, keys, device, chain }
    }

    fn leaf(&self) -> LeafData {
        let mut address = [0; 32];
        address[..16].copy_from_slice(&self.device.0);
        LeafData { address: AddressSecret(address), device_chain: self.chain.to_bytes() }
    }

    /// One step, and how many milliseconds it took.
    fn step<T>(
        &mut self,
        step: impl FnOnce(&Session<'_>, &Identity<'_>, &LeafData) -> Result<T, crypto::Error>,
    ) -> Result<(T, f64), Trouble> {
        let leaf = self.leaf();
        let identity = Identity { account: self.chain.account, device: self.device, keys: &self.keys };
        let session = Session::new(&self.store, &mut self.rng);
        let started = Instant::now();
        let value = step(&session, &identity, &leaf)?;
        session.flush()?;
        Ok((value, started.elapsed().as_secs_f64() * 1_000.0))
    }
}

pub(crate) fn run(scenario: &str) -> Result<Value, Trouble> {
    let sizes = SIZES.into_iter().map(measure).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "scenario": scenario, "sizes": sizes }))
}

fn measure(size: usize) -> Result<Value, Trouble> {
    let mut founder = Member::new(0);
    let charter = Charter::new([1; 16], "Crowd", founder.chain.account);
    let charter = charter.map_err(|why| format!("charter: {why}"))?;
    let mut others: Vec<Member> = (1..size as u64).map(Member::new).collect();
    let mut packages = Vec::with_capacity(others.len());
    for other in &mut others {
        packages.push(other.step(|s, me, leaf| generate_key_package(s, me, leaf, NOW, false))?.0.bytes);
    }
    let ((_, made), create_ms) = founder.step(|s, me, leaf| {
        let read = packages.iter().map(|package| KeyPackage::read(s, package, NOW));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        Group::create(s, me, leaf, GROUP, &read, Some(&charter))
    })?;
    let welcome = made.welcome.as_ref().ok_or("no Welcome")?;
    // Those who are measured come in; the others exist as leaves only.
    let mut join_ms = Vec::new();
    let inside = RENEWALS.min(others.len());
    for other in &mut others[..inside] {
        join_ms.push(other.step(|s, _, _| Group::join(s, welcome).map(drop))?.1);
    }
    let cold = renew(&mut founder, &mut others[..inside], 0)?;
    let mut warm = cold;
    for turn in 1..=inside {
        warm = renew(&mut founder, &mut others[..inside], turn)?;
    }
    let (mut encrypt_ms, mut decrypt_ms, mut bytes) = (0.0, 0.0, 0);
    for number in 0..TEXTS {
        let text = format!("{number:0>256}");
        let (message, took) =
            founder.step(|s, me, _| Group::load(s, GROUP)?.encrypt(s, me, text.as_bytes()))?;
        encrypt_ms += took;
        bytes = message.len();
        let reader = others.first_mut().ok_or("nobody reads")?;
        decrypt_ms +=
            reader.step(|s, _, _| Group::load(s, GROUP)?.process(s, &message, &by_charter).map(drop))?.1;
    }
    let padded = |bytes: usize| PAYLOAD_SIZES.into_iter().find(|size| *size >= bytes);
    let letters = padded(welcome.len()).map(|letter| (FRAME_BYTES_MAX - 2 * 1024 * 1024) / letter);
    Ok(json!({
        "members": size,
        "create_ms": round(create_ms), "welcome_bytes": welcome.len(), "rejoin_bytes_cold": made.group_info.len(),
        "join_ms": round(mean(&join_ms)),
        "encrypt_ms": round(encrypt_ms / TEXTS as f64), "decrypt_ms": round(decrypt_ms / TEXTS as f64),
        "message_bytes": bytes,
        "commit_cold": cold.json(), "commit_warm": warm.json(),
        // How many can be let in by one request, and whether a device can come back by the rejoin blob.
        "letters_a_request": letters, "rejoin_fits": padded(warm.info_bytes).is_some_and(|it| it <= REJOIN_BYTES_MAX),
    }))
}

/// What one renewed leaf cost.
#[derive(Clone, Copy)]
struct Renewal {
    commit_bytes: usize,
    info_bytes: usize,
    make_ms: f64,
    process_ms: f64,
}

impl Renewal {
    fn json(self) -> Value {
        json!({
            "bytes": self.commit_bytes, "rejoin_bytes": self.info_bytes,
            "make_ms": round(self.make_ms), "process_ms": round(self.process_ms),
        })
    }
}

/// Member `who` renews its leaf; the others follow.
fn renew(founder: &mut Member, others: &mut [Member], who: usize) -> Result<Renewal, Trouble> {
    let mut all: Vec<&mut Member> = std::iter::once(founder).chain(others).collect();
    let (pending, make_ms) = all[who].step(|s, me, _| {
        let mut group = Group::load(s, GROUP)?;
        group.commit(s, me, Changes::default(), &by_charter)
    })?;
    all[who].step(|s, _, _| Group::load(s, GROUP)?.merge_pending(s))?;
    let mut took = Vec::new();
    for (_, other) in all.iter_mut().enumerate().filter(|(number, _)| *number != who) {
        took.push(
            other
                .step(|s, _, _| {
                    let mut group = Group::load(s, GROUP)?;
                    match group.process(s, &pending.commit, &by_charter)? {
                        Incoming::Commit(staged) => group.merge(s, *staged).map(drop),
                        _ => Err(crypto::Error::Malformed("not a commit")),
                    }
                })?
                .1,
        );
    }
    let (commit_bytes, info_bytes) = (pending.commit.len(), pending.group_info.len());
    Ok(Renewal { commit_bytes, info_bytes, make_ms, process_ms: mean(&took) })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// What the service takes as a rejoin blob (`docs/protocol/slot.md`).
const REJOIN_BYTES_MAX: usize = 2 * 1024 * 1024;
