//! What a group costs as it grows: making it, writing in it, renewing a leaf, coming in; cryptography and keys alone, over a
//! store in memory. What of it fits into one request is said beside.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use crypto::seal::{DeviceEntry, VerifiedChain};
use crypto::{
    Changes, Charter, DeviceKeys, Error, Group, GroupId, Identity, Incoming, KeyPackage, KeyStore, LeafData,
    Pending, Session, StoreError, TreePlan, by_charter, generate_key_package,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use vocab::limits::{FRAME_BYTES_MAX, PAYLOAD_SIZES};
use vocab::{AddressSecret, DeviceId, PieceId, Timestamp};

use crate::Trouble;
use crate::report::round;

/// Members, one device each.
const SIZES: [usize; 5] = [10, 64, 100, 300, 1_000];
/// Texts that are measured.
const TEXTS: usize = 20;
/// Leaves that are renewed, one after the other and far apart, before the group counts as warm: each fills its path in the tree.
const RENEWALS: usize = 16;
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
    let ((made, welcomes), create_ms) = founder.step(|s, me, leaf| {
        let read = packages.iter().map(|package| KeyPackage::read(s, package, NOW));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        let (_, made) = Group::create(s, me, leaf, GROUP, &read, Some(&charter))?;
        let welcomes = made.welcomes(s, &read)?;
        Ok((made, welcomes))
    })?;
    let mut service = Service::default();
    let tree_bytes = service.takes(&made);
    // Those who are measured come in, from all over the tree; the others exist as leaves only.
    let inside = RENEWALS.min(others.len());
    let apart = others.len() / inside;
    let mut join_ms = Vec::new();
    for number in (0..inside).map(|turn| turn * apart) {
        join_ms.push(service.lets_in(&mut others[number], &welcomes[number])?);
    }
    let letter_bytes = padded(welcomes.first().map_or(0, Vec::len) + LETTER_BYTES);
    let mut all: Vec<&mut Member> =
        std::iter::once(&mut founder).chain(others.iter_mut().step_by(apart).take(inside)).collect();
    let cold = renew(&mut all, 0, &mut service)?;
    let mut warm = cold;
    for turn in 1..=inside {
        warm = renew(&mut all, turn, &mut service)?;
    }
    let (mut encrypt_ms, mut decrypt_ms, mut bytes) = (0.0, 0.0, 0);
    for number in 0..TEXTS {
        let text = format!("{number:0>256}");
        let (message, took) =
            all[0].step(|s, me, _| Group::load(s, GROUP)?.encrypt(s, me, text.as_bytes()))?;
        encrypt_ms += took;
        bytes = message.len();
        decrypt_ms +=
            all[1].step(|s, _, _| Group::load(s, GROUP)?.process(s, &message, &by_charter).map(drop))?.1;
    }
    // What all who come in at once add to a request: their letters, and the tree.
    let request = letter_bytes * others.len() + tree_bytes + padded(made.group_info.len());
    Ok(json!({
        "members": size,
        "create_ms": round(create_ms), "join_ms": round(mean(&join_ms)),
        "letter_bytes": letter_bytes, "rejoin_bytes": padded(made.group_info.len()),
        "tree_pieces": made.tree.ids.len(), "tree_bytes": tree_bytes,
        "newcomers_a_request": others.len().min((FRAME_BYTES_MAX - ROOM_BYTES) * others.len() / request),
        "encrypt_ms": round(encrypt_ms / TEXTS as f64), "decrypt_ms": round(decrypt_ms / TEXTS as f64),
        "message_bytes": bytes,
        "commit_cold": cold.json(), "commit_warm": warm.json(),
    }))
}

/// What a service keeps of the slot: the pieces of its trees.
#[derive(Default)]
struct Service(BTreeMap<PieceId, Vec<u8>>);

impl Service {
    /// Takes what a commit brings; how many bytes that is.
    fn takes(&mut self, made: &Pending) -> usize {
        self.0.extend(made.tree.new.iter().map(|piece| (piece.id, piece.bytes.clone())));
        made.tree.new.iter().map(|piece| piece.bytes.len()).sum()
    }

    /// Somebody joins by a Welcome, and fetches the tree where it is not in there; how many milliseconds it takes.
    fn lets_in(&self, who: &mut Member, welcome: &[u8]) -> Result<f64, Trouble> {
        let (_, took) = who.step(|s, _, _| {
            let key = match Group::join(s, welcome, None) {
                Err(Error::TreeApart(key)) => key,
                joined => return joined.map(drop),
            };
            let lost = || Error::Malformed("a piece is missing");
            let plan = TreePlan::read(GROUP, &key, self.0.get(&key.id()).ok_or_else(lost)?)?;
            let tree = plan.assemble(&self.0)?.ok_or_else(lost)?;
            Group::join(s, welcome, Some(&tree)).map(drop)
        })?;
        Ok(took)
    }
}

/// What one renewed leaf cost.
#[derive(Clone, Copy)]
struct Renewal {
    commit_bytes: usize,
    tree_bytes: usize,
    make_ms: f64,
    process_ms: f64,
}

impl Renewal {
    fn json(self) -> Value {
        json!({
            "bytes": self.commit_bytes, "tree_bytes": self.tree_bytes,
            "make_ms": round(self.make_ms), "process_ms": round(self.process_ms),
        })
    }
}

/// Member `who` renews its leaf; the others follow.
fn renew(all: &mut [&mut Member], who: usize, service: &mut Service) -> Result<Renewal, Trouble> {
    let (pending, make_ms) = all[who].step(|s, me, _| {
        let mut group = Group::load(s, GROUP)?;
        group.commit(s, me, Changes::default(), &by_charter)
    })?;
    let tree_bytes = service.takes(&pending);
    all[who].step(|s, _, _| Group::load(s, GROUP)?.merge_pending(s))?;
    let mut took = Vec::new();
    for (_, other) in all.iter_mut().enumerate().filter(|(number, _)| *number != who) {
        took.push(
            other
                .step(|s, _, _| {
                    let mut group = Group::load(s, GROUP)?;
                    match group.process(s, &pending.commit, &by_charter)? {
                        Incoming::Commit(staged) => group.merge(s, *staged).map(drop),
                        _ => Err(Error::Malformed("not a commit")),
                    }
                })?
                .1,
        );
    }
    Ok(Renewal { commit_bytes: pending.commit.len(), tree_bytes, make_ms, process_ms: mean(&took) })
}

fn padded(bytes: usize) -> usize {
    PAYLOAD_SIZES.into_iter().find(|size| *size >= bytes).unwrap_or(bytes)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Of a letter beside the Welcome: the chain of device lists, a signature, the seal.
const LETTER_BYTES: usize = 512;
/// Of a request beside letters and tree: roster, commit, first message.
const ROOM_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenario_runs_to_its_end_and_a_commit_says_a_part_of_the_tree() {
        let [small, large] = [10, 40].map(|size| measure(size).unwrap());
        let tree = large["tree_bytes"].as_u64().unwrap();
        let said = large["commit_warm"]["tree_bytes"].as_u64().unwrap();
        assert!(tree > 3 * small["tree_bytes"].as_u64().unwrap(), "{large} {small}");
        assert!(2 * said <= tree, "{large}");
        assert_eq!(large["letter_bytes"], small["letter_bytes"]);
    }
}
