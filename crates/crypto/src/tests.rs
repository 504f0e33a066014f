//! Stories of the cast: Alice and Bob, their devices, and Mallory who should not be there.

mod tree;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use openmls::group::CommitBuilder;
use openmls::prelude::{
    ExternalProposal, Initial, JoinProposal, KeyPackageIn, LeafNodeParameters, MlsGroup, MlsMessageBodyIn,
    MlsMessageIn, ProtocolVersion, SenderExtensionIndex,
};
use openmls_traits::OpenMlsProvider as _;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_core::RngCore;
use seal::{DeviceEntry, VerifiedChain};
use tls_codec::{DeserializeBytes as _, Serialize as _};
use vocab::time::DAY_MS;
use vocab::{AccountId, AddressSecret, DeviceId, Timestamp};

use crate::charter::{GROUP_DESCRIPTION_BYTES_MAX, GROUP_LINKS_MAX, GROUP_NAME_CHARS_MAX, HISTORY_ALL};
use crate::{
    Change, Changes, Charter, DeviceKeys, Error, Group, GroupId, GroupLink, Identity, Incoming, KeyPackage,
    KeyStore, LeafData, Member, Pending, Permissions, Policy, Refusal, Role, Session, StoreError, Unreadable,
    Verdict, Who, by_charter, forget_key_package, generate_key_package, known_accounts_only,
};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const GROUP: GroupId = GroupId([9; 16]);

/// A store in memory that can be rolled back and can fail at a chosen write.
#[derive(Default)]
struct Memory {
    rows: RefCell<BTreeMap<Vec<u8>, Vec<u8>>>,
    writes: Cell<u64>,
    bytes: Cell<u64>,
    fail_at: Cell<u64>,
}

impl Memory {
    fn write(&self, bytes: usize) -> Result<(), StoreError> {
        self.writes.set(self.writes.get() + 1);
        self.bytes.set(self.bytes.get() + bytes as u64);
        if self.writes.get() == self.fail_at.get() { Err(StoreError::new("disk full")) } else { Ok(()) }
    }

    fn keys_labelled(&self, label: u8) -> usize {
        self.rows.borrow().keys().filter(|key| key[0] == label).count()
    }

    fn holds(&self, secret: &[u8]) -> bool {
        self.rows.borrow().values().any(|value| value.windows(secret.len()).any(|window| window == secret))
    }
}

impl KeyStore for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.rows.borrow().get(key).cloned())
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.write(key.len() + value.len())?;
        self.rows.borrow_mut().insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn delete(&self, key: &[u8]) -> Result<(), StoreError> {
        self.write(key.len())?;
        self.rows.borrow_mut().remove(key);
        Ok(())
    }
}

/// One device with its store. Every step is one transaction: loaded, done, flushed, committed, or rolled back.
struct Phone {
    store: Memory,
    rng: ChaCha20Rng,
    keys: DeviceKeys,
    device: DeviceId,
    account: AccountId,
    chain: VerifiedChain,
    address: AddressSecret,
}

impl Phone {
    /// The first device of a new account.
    fn new(seed: u8) -> Self {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let keys = DeviceKeys::generate(&mut rng);
        let device = DeviceId([seed; 16]);
        let mut random = [0; 32];
        rng.fill_bytes(&mut random);
        let chain = VerifiedChain::begin(&keys.secret(), DeviceEntry { device, key: keys.public() }, random);
        let address = AddressSecret([seed; 32]);
        Self { store: Memory::default(), rng, keys, device, account: chain.account, chain, address }
    }

    /// Another device of the same account; both know the new list.
    fn add_device(&mut self, seed: u8) -> Self {
        let mut phone = Self::new(seed);
        let mut devices = self.chain.devices.clone();
        devices.push(DeviceEntry { device: phone.device, key: phone.keys.public() });
        self.chain = self.chain.next(&self.keys.secret(), devices).unwrap();
        (phone.account, phone.chain) = (self.account, self.chain.clone());
        phone
    }

    fn leaf(&self) -> LeafData {
        LeafData { address: self.address, device_chain: self.chain.to_bytes() }
    }

    fn step<T>(
        &mut self,
        step: impl FnOnce(&Session<'_>, &Identity<'_>, &LeafData) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let leaf = self.leaf();
        let before = self.store.rows.borrow().clone();
        let identity = Identity { account: self.account, device: self.device, keys: &self.keys };
        let session = Session::new(&self.store, &mut self.rng);
        let result = step(&session, &identity, &leaf)
            .and_then(|value| session.flush().map(|()| value).map_err(Error::from));
        if result.is_err() {
            *self.store.rows.borrow_mut() = before;
        }
        result
    }

    fn with<T>(
        &mut self,
        step: impl FnOnce(&mut Group, &Session<'_>, &Identity<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.step(|session, identity, _| step(&mut Group::load(session, GROUP)?, session, identity))
    }

    fn package(&mut self) -> Vec<u8> {
        self.step(|s, me, leaf| generate_key_package(s, me, leaf, NOW, false)).unwrap().bytes
    }

    /// A package of a device that does not ask whether it may say what it says.
    fn unchecked_package(&mut self) -> Vec<u8> {
        let chain = self.chain.to_bytes();
        self.package_with_chain(chain)
    }

    fn package_with_chain(&mut self, device_chain: Vec<u8>) -> Vec<u8> {
        self.step(|s, me, leaf| {
            let leaf = LeafData { device_chain, ..leaf.clone() };
            Ok(crate::key_package::build(s, me, &leaf, NOW, false)?.tls_serialize_detached()?)
        })
        .unwrap()
    }

    /// Commits without asking our own rules: what a hostile client would send.
    fn commits_unchecked(
        &mut self,
        fill: impl for<'b> FnOnce(
            CommitBuilder<'b, Initial, &'b mut MlsGroup>,
        ) -> CommitBuilder<'b, Initial, &'b mut MlsGroup>,
    ) -> Vec<u8> {
        self.with(|group, s, me| {
            let bundle = fill(group.mls.commit_builder().force_self_update(true))
                .load_psks(&s.cache)
                .unwrap()
                .build(s.rand(), s.crypto(), me.keys, |_| true)
                .unwrap()
                .stage_commit(s)
                .unwrap();
            let commit = bundle.commit().tls_serialize_detached()?;
            group.mls.clear_pending_commit(&s.cache).unwrap();
            Ok(commit)
        })
        .unwrap()
    }

    /// Comes in from outside without asking our own rules.
    fn enters_unchecked(&mut self, info: &[u8]) -> Vec<u8> {
        self.step(|s, me, leaf| {
            let MlsMessageBodyIn::GroupInfo(info) =
                MlsMessageIn::tls_deserialize_exact_bytes(info)?.extract()
            else {
                panic!("no group info")
            };
            let parameters = LeafNodeParameters::builder()
                .with_capabilities(crate::suite::capabilities())
                .with_extensions(leaf.extensions()?)
                .build();
            let (_, bundle) = MlsGroup::external_commit_builder()
                .with_config(crate::suite::config())
                .build_group(s, info, me.credential()?)
                .unwrap()
                .leaf_node_parameters(parameters)
                .load_psks(&s.cache)
                .unwrap()
                .build(s.rand(), s.crypto(), me.keys, |_| true)
                .unwrap()
                .finalize(s)
                .unwrap();
            Ok(bundle.commit().tls_serialize_detached()?)
        })
        .unwrap()
    }

    fn create(&mut self, packages: &[Vec<u8>]) -> Pending {
        self.step(|s, me, leaf| {
            let packages = packages
                .iter()
                .map(|bytes| KeyPackage::read(s, bytes, NOW))
                .collect::<Result<Vec<_>, _>>()?;
            Group::create(s, me, leaf, GROUP, &packages, None)
        })
        .unwrap()
        .1
    }

    fn join(&mut self, welcome: &[u8]) -> Result<(), Error> {
        self.step(|s, _, _| Group::join(s, welcome, None).map(drop))
    }

    fn says(&mut self, text: &str) -> Vec<u8> {
        self.with(|group, s, me| group.encrypt(s, me, text.as_bytes())).unwrap()
    }

    fn reads(&mut self, message: &[u8]) -> Result<String, Error> {
        self.with(|group, s, _| match group.process(s, message, &known_accounts_only)? {
            Incoming::Application { content, .. } => Ok(String::from_utf8(content).unwrap()),
            other => Ok(kind(&other).to_owned()),
        })
    }

    /// Processes a commit and merges it.
    fn follows(&mut self, commit: &[u8], policy: Policy<'_>) -> Result<Change, Error> {
        self.with(|group, s, _| match group.process(s, commit, policy)? {
            Incoming::Commit(staged) => {
                let promised = (staged.next.clone(), staged.next_r);
                let change = group.merge(s, *staged)?;
                if !change.self_removed {
                    assert!(promised.0 == Some(group.secrets(s)?) && promised.1 == group.r().ok());
                    assert_eq!(change.after, group.members());
                }
                Ok(change)
            }
            other => panic!("not a commit but {}", kind(&other)),
        })
    }

    fn updates(&mut self) -> Pending {
        self.with(|group, s, me| group.commit_update(s, me, None, &known_accounts_only)).unwrap()
    }

    fn merges(&mut self, pending: &Pending) {
        self.with(|group, s, _| {
            group.merge_pending(s)?;
            assert!(pending.next == group.secrets(s)?);
            assert!(pending.next_r == group.r()?);
            assert_eq!((pending.epoch, &pending.change.after), (group.epoch(), &group.members()));
            Ok(())
        })
        .unwrap();
    }

    fn clears(&mut self) {
        self.step(|s, _, _| Group::load(s, GROUP)?.clear_pending(s).map(drop)).unwrap();
    }

    fn rejoins(&mut self, info: &[u8], r: [u8; 32]) -> Result<Pending, Error> {
        self.step(|s, me, leaf| Group::rejoin(s, me, leaf, (info, None), r, &known_accounts_only))
            .map(|(_, pending)| pending)
    }

    fn info(&mut self) -> (Vec<u8>, [u8; 32]) {
        self.with(|group, s, me| Ok((group.group_info(s, me.keys)?, group.r()?))).unwrap()
    }

    fn names(&mut self) -> Vec<DeviceId> {
        self.with(|group, _, _| Ok(group.members().iter().map(|member| member.device).collect())).unwrap()
    }

    fn epoch(&mut self) -> u64 {
        self.with(|group, _, _| Ok(group.epoch())).unwrap()
    }
}

fn kind(incoming: &Incoming) -> &'static str {
    match incoming {
        Incoming::Application { .. } => "application",
        Incoming::OwnEcho => "own echo",
        Incoming::OwnCommit => "own commit",
        Incoming::Commit(_) => "commit",
        Incoming::Proposal { .. } => "proposal",
        Incoming::Old { .. } => "old",
        Incoming::Ahead { .. } => "ahead",
    }
}

fn agree(a: &mut Phone, b: &mut Phone) {
    let look = |phone: &mut Phone| {
        phone.with(|group, s, _| Ok((group.epoch(), group.secrets(s)?, group.r()?, group.members()))).unwrap()
    };
    let (a, b) = (look(a), look(b));
    assert!(a.1 == b.1, "K and E differ");
    assert!(a.2 == b.2, "R differs");
    assert_eq!((a.0, a.3), (b.0, b.3));
}

/// Alice and Bob in one conversation.
fn friends() -> (Phone, Phone) {
    let (mut alice, mut bob) = (Phone::new(1), Phone::new(2));
    let welcome = alice.create(&[bob.package()]).welcome.unwrap();
    bob.join(&welcome).unwrap();
    (alice, bob)
}

fn refused<T>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        Err(other) => panic!("another error: {other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

fn unreadable<T>(result: Result<T, Error>) -> Unreadable {
    match result {
        Err(Error::Unreadable(why)) => why,
        Err(other) => panic!("another error: {other:?}"),
        Ok(_) => panic!("readable"),
    }
}

const ANYTHING: Policy<'_> = &|_: &Change| Verdict::Allow;

#[test]
fn two_people_talk_both_ways_over_the_hybrid_suite() {
    let (mut alice, mut bob) = friends();
    agree(&mut alice, &mut bob);
    for turn in 0..3 {
        let message = alice.says(&format!("see you at {turn}"));
        assert_eq!(bob.reads(&message).unwrap(), format!("see you at {turn}"));
        assert_eq!(alice.reads(&message).unwrap(), "own echo");
        let answer = bob.says("fine");
        assert_eq!(alice.reads(&answer).unwrap(), "fine");
    }
    let (suite, epoch) = alice.with(|group, _, _| Ok((group.suite(), group.epoch()))).unwrap();
    assert_eq!((suite, epoch), (0x004F, 1));
    let sender = bob.with(|group, _, _| Ok(group.member(0).unwrap())).unwrap();
    assert_eq!(
        (sender.account, sender.device, sender.address.0),
        (alice.account, alice.device, alice.address.0)
    );
}

#[test]
fn sixty_four_messages_arrive_in_any_order_and_none_twice() {
    let (mut alice, mut bob) = friends();
    let mut messages: Vec<(String, Vec<u8>)> =
        (0..64).map(|n| (format!("{n}"), alice.says(&format!("{n}")))).collect();
    messages.reverse();
    messages.swap(3, 40);
    for (text, message) in &messages {
        assert_eq!(&bob.reads(message).unwrap(), text);
    }
    for (_, message) in &messages {
        assert_eq!(unreadable(bob.reads(message)), Unreadable::Duplicate);
    }
}

#[test]
fn a_batch_writes_the_message_secrets_once() {
    let (mut alice, mut bob) = friends();
    let messages: Vec<Vec<u8>> = (0..64).map(|n| alice.says(&format!("{n}"))).collect();
    bob.store.writes.set(0);
    bob.with(|group, s, _| {
        for message in &messages {
            s.attempt(|s| group.process(s, message, &known_accounts_only).map(drop))?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(bob.store.writes.get(), 1);
}

#[test]
fn a_failed_step_inside_a_batch_undoes_only_itself() {
    let (mut alice, mut bob) = friends();
    let (first, second) = (alice.says("first"), alice.says("second"));
    bob.step(|s, _, _| {
        s.attempt(|s| Group::load(s, GROUP)?.process(s, &first, &known_accounts_only).map(drop))?;
        let failed: Result<(), Error> = s.attempt(|s| {
            Group::load(s, GROUP)?.process(s, &second, &known_accounts_only)?;
            Err(Error::Malformed("the content"))
        });
        assert!(failed.is_err());
        Ok(())
    })
    .unwrap();
    assert_eq!(unreadable(bob.reads(&first)), Unreadable::Duplicate);
    assert_eq!(bob.reads(&second).unwrap(), "second");
}

#[test]
fn the_loser_of_a_race_clears_follows_and_commits_again() {
    let (mut alice, mut bob) = friends();
    let (winner, loser) = (alice.updates(), bob.updates());
    assert_ne!(winner.commit, loser.commit);
    alice.merges(&winner);
    bob.clears();
    bob.follows(&winner.commit, &known_accounts_only).unwrap();
    agree(&mut alice, &mut bob);
    let again = bob.updates();
    bob.merges(&again);
    alice.follows(&again.commit, &known_accounts_only).unwrap();
    agree(&mut alice, &mut bob);
    assert_eq!(alice.epoch(), 3);
    assert_eq!(alice.reads(&winner.commit).unwrap(), "old");
}

#[test]
fn a_commit_that_lost_without_being_told_is_forgotten_with_the_winner() {
    let (mut alice, mut bob) = friends();
    let (winner, _loser) = (alice.updates(), bob.updates());
    alice.merges(&winner);
    bob.follows(&winner.commit, &known_accounts_only).unwrap();
    agree(&mut alice, &mut bob);
    assert!(!bob.with(|group, _, _| Ok(group.has_pending())).unwrap());
}

#[test]
fn a_pending_commit_survives_a_restart_and_is_known_by_its_echo() {
    let (mut alice, mut bob) = friends();
    let pending = alice.updates();
    // Each step loads the group anew, which is what a restart does.
    assert!(alice.with(|group, _, _| Ok(group.has_pending())).unwrap());
    assert!(matches!(
        alice.with(|group, s, me| group.commit_update(s, me, None, &known_accounts_only).map(drop)),
        Err(Error::CommitPending)
    ));
    let message = alice.says("still in the old epoch");
    assert_eq!(bob.reads(&message).unwrap(), "still in the old epoch");
    assert_eq!(alice.reads(&pending.commit).unwrap(), "own commit");
    alice.merges(&pending);
    bob.follows(&pending.commit, &known_accounts_only).unwrap();
    agree(&mut alice, &mut bob);
}

#[test]
fn secrets_of_the_next_epoch_are_known_before_the_merge_on_both_sides() {
    let (mut alice, mut bob) = friends();
    let before = alice.with(|group, s, _| group.secrets(s)).unwrap();
    let pending = alice.updates();
    assert!(pending.next.k != before.k && pending.next.e != before.e && pending.next.k != pending.next.e);
    alice.merges(&pending);
    bob.follows(&pending.commit, &known_accounts_only).unwrap();
    assert!(bob.with(|group, s, _| group.secrets(s)).unwrap() == pending.next);
    // R belongs to the epoch that last removed a leaf: an update does not move it.
    assert!(bob.info().1 == pending.next_r);
}

#[test]
fn a_device_that_fell_out_rejoins_over_its_old_leaf_and_r_moves_on() {
    let (mut alice, mut bob) = friends();
    let missed = alice.updates();
    alice.merges(&missed);
    let late = alice.says("bob has not reached this epoch");
    assert_eq!(bob.reads(&late).unwrap(), "ahead");
    let (info, r) = alice.info();
    let pending = bob.rejoins(&info, r).unwrap();
    assert!(pending.next_r != r);
    assert_eq!(pending.change.removed.len(), 1);
    let change = alice.follows(&pending.commit, &known_accounts_only).unwrap();
    assert!(
        change.external && change.removed[0].device == bob.device && change.added[0].device == bob.device
    );
    assert_eq!(bob.reads(&pending.commit).unwrap(), "own commit");
    bob.merges(&pending);
    agree(&mut alice, &mut bob);
    assert_eq!(alice.names(), [alice.device, bob.device]);
    let message = bob.says("back again");
    assert_eq!(alice.reads(&message).unwrap(), "back again");
}

#[test]
fn a_rejoin_that_lost_its_race_starts_over() {
    let (mut alice, mut bob) = friends();
    let (info, r) = alice.info();
    let loser = bob.rejoins(&info, r).unwrap();
    let winner = alice.updates();
    alice.merges(&winner);
    assert_eq!(alice.reads(&loser.commit).unwrap(), "old");
    bob.clears();
    assert!(bob.store.rows.borrow().keys().all(|key| key[0] == 17), "nothing of the group is left");
    let (info, r) = alice.info();
    let pending = bob.rejoins(&info, r).unwrap();
    alice.follows(&pending.commit, &known_accounts_only).unwrap();
    bob.merges(&pending);
    agree(&mut alice, &mut bob);
}

#[test]
fn a_new_own_device_comes_in_from_outside() {
    let (mut alice, mut bob) = friends();
    let mut laptop = bob.add_device(3);
    let (info, r) = bob.info();
    let pending = laptop.rejoins(&info, r).unwrap();
    assert!(pending.next_r == r, "nothing was removed");
    alice.follows(&pending.commit, &known_accounts_only).unwrap();
    bob.follows(&pending.commit, &known_accounts_only).unwrap();
    laptop.merges(&pending);
    agree(&mut alice, &mut laptop);
    agree(&mut alice, &mut bob);
    let message = laptop.says("from the laptop");
    assert_eq!(alice.reads(&message).unwrap(), "from the laptop");
    assert_eq!(bob.reads(&message).unwrap(), "from the laptop");
}

#[test]
fn who_is_added_later_learns_r_from_the_welcome() {
    let (mut alice, mut bob) = friends();
    let mut laptop = alice.add_device(3);
    let package = laptop.package();
    let pending = alice
        .with(|group, s, me| {
            let package = KeyPackage::read(s, &package, NOW)?;
            group.commit_add(s, me, &[package], &known_accounts_only)
        })
        .unwrap();
    alice.merges(&pending);
    bob.follows(&pending.commit, &known_accounts_only).unwrap();
    laptop.join(&pending.welcome.clone().unwrap()).unwrap();
    agree(&mut alice, &mut laptop);
    agree(&mut bob, &mut laptop);

    let gone = alice
        .with(|group, s, me| {
            let laptop = group.members().into_iter().find(|member| member.device == laptop.device).unwrap();
            group.commit_remove(s, me, &[laptop], &known_accounts_only)
        })
        .unwrap();
    assert!(gone.next_r != pending.next_r);
    alice.merges(&gone);
    bob.follows(&gone.commit, &known_accounts_only).unwrap();
    agree(&mut alice, &mut bob);
    assert!(laptop.follows(&gone.commit, &known_accounts_only).unwrap().self_removed);
    let message = alice.says("without the laptop");
    assert!(matches!(laptop.reads(&message), Err(Error::Removed)));
}

#[test]
fn an_update_can_carry_new_leaf_data() {
    let (mut alice, mut bob) = friends();
    alice.address = AddressSecret([77; 32]);
    let _laptop = alice.add_device(3);
    let leaf = alice.leaf();
    let pending =
        alice.with(|group, s, me| group.commit_update(s, me, Some(&leaf), &known_accounts_only)).unwrap();
    alice.merges(&pending);
    let change = bob.follows(&pending.commit, &known_accounts_only).unwrap();
    let updated = change.updated.unwrap();
    assert_eq!((updated.address.0, updated.chain_version), ([77; 32], 2));
}

#[test]
fn t08_a_forged_chain_or_credential_gets_no_key_package_past_us() {
    let (mut alice, mut mallory) = (Phone::new(1), Phone::new(6));
    let read =
        |alice: &mut Phone, bytes: &[u8]| alice.step(|s, _, _| KeyPackage::read(s, bytes, NOW).map(drop));

    // Mallory says he is a device of Bob's, with Bob's real chain.
    let bob = Phone::new(2);
    let (own_account, own_chain) = (mallory.account, mallory.chain.clone());
    (mallory.account, mallory.chain) = (bob.account, bob.chain.clone());
    let package = mallory.unchecked_package();
    assert_eq!(refused(read(&mut alice, &package)), Refusal::DeviceNotListed);
    // Bob's account with Mallory's own chain.
    mallory.chain = own_chain;
    let package = mallory.unchecked_package();
    assert_eq!(refused(read(&mut alice, &package)), Refusal::Chain);
    // A chain with a list signed by nobody of the list before.
    mallory.account = own_account;
    let mut forged = mallory.chain.to_bytes();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let package = mallory.package_with_chain(forged);
    assert_eq!(refused(read(&mut alice, &package)), Refusal::Chain);
    // No chain at all, and bytes that are none.
    for chain in [vec![], vec![0], vec![1, 2, 3]] {
        let package = mallory.package_with_chain(chain);
        assert_eq!(refused(read(&mut alice, &package)), Refusal::Chain);
    }
    // As himself he is fine: what then follows is the policy's.
    let package = mallory.package();
    read(&mut alice, &package).unwrap();
    // A changed byte anywhere is not.
    for place in (0..package.len()).step_by(97) {
        let mut damaged = package.clone();
        damaged[place] ^= 1;
        // The library's codec asserts, in builds with debug assertions only, that a length fits.
        let reading = std::panic::AssertUnwindSafe(|| read(&mut alice, &damaged).is_err());
        assert!(std::panic::catch_unwind(reading).unwrap_or(cfg!(debug_assertions)), "byte {place}");
    }
}

#[test]
fn t43_a_key_package_is_valid_with_two_days_slack_and_not_beyond() {
    let (mut alice, mut bob) = friends();
    let package = bob.package();
    let mut read = |at: u64| alice.step(|s, _, _| KeyPackage::read(s, &package, Timestamp(at)).map(drop));
    let hour = DAY_MS / 24;
    read(NOW.0 - 49 * hour).unwrap();
    read(NOW.0 + 90 * DAY_MS + 48 * hour).unwrap();
    assert_eq!(refused(read(NOW.0 - 50 * hour)), Refusal::Expired);
    assert_eq!(refused(read(NOW.0 + 90 * DAY_MS + 50 * hour)), Refusal::Expired);
}

fn mls_package(phone: &mut Phone, bytes: &[u8]) -> openmls::prelude::KeyPackage {
    phone
        .step(|s, _, _| {
            let package = KeyPackageIn::tls_deserialize_exact_bytes(bytes)?;
            Ok(package.validate(s.crypto(), ProtocolVersion::Mls10).unwrap())
        })
        .unwrap()
}

#[test]
fn t08_a_forged_device_is_refused_when_a_member_adds_it() {
    let (mut alice, mut bob) = friends();
    let mut mallory = Phone::new(6);
    (mallory.account, mallory.chain) = (alice.account, alice.chain.clone());
    let package = mallory.unchecked_package();
    let package = mls_package(&mut bob, &package);
    let commit = bob.commits_unchecked(|builder| builder.propose_adds([package]));
    assert_eq!(refused(alice.follows(&commit, ANYTHING)), Refusal::DeviceNotListed);

    let mut mallory = Phone::new(7);
    let package = mallory.package();
    let package = mls_package(&mut bob, &package);
    let commit = bob.commits_unchecked(|builder| builder.propose_adds([package]));
    assert_eq!(refused(alice.follows(&commit, &known_accounts_only)), Refusal::Policy("a new account"));
    assert_eq!(alice.epoch(), 1);
    // A refused commit has cost nothing: the conversation goes on.
    let message = bob.says("still here");
    assert_eq!(alice.reads(&message).unwrap(), "still here");
}

#[test]
fn t12_an_update_cannot_change_who_sits_on_the_leaf() {
    let (mut alice, mut bob) = friends();
    let mallory = Phone::new(6);
    // Bob's leaf says it is Mallory's.
    let identity = Identity { account: mallory.account, device: mallory.device, keys: &bob.keys };
    let parameters =
        LeafNodeParameters::builder().with_credential_with_key(identity.credential().unwrap()).build();
    let commit = bob.commits_unchecked(|builder| builder.leaf_node_parameters(parameters));
    assert!(matches!(refused(alice.follows(&commit, ANYTHING)), Refusal::IdentityChanged));
    // Bob's leaf carries Mallory's chain.
    let chain = mallory.chain.to_bytes();
    for (chain, refusal) in [(chain, Refusal::Chain), (vec![], Refusal::Chain)] {
        let leaf = LeafData { address: bob.address, device_chain: chain };
        let parameters = LeafNodeParameters::builder()
            .with_capabilities(crate::suite::capabilities())
            .with_extensions(leaf.extensions().unwrap())
            .build();
        let commit = bob.commits_unchecked(|builder| builder.leaf_node_parameters(parameters));
        assert_eq!(refused(alice.follows(&commit, ANYTHING)), refusal);
    }
    // Our own code would not even make such a commit.
    let leaf = LeafData { address: bob.address, device_chain: mallory.chain.to_bytes() };
    let made = bob.with(|group, s, me| group.commit_update(s, me, Some(&leaf), ANYTHING).map(drop));
    assert_eq!(refused(made), Refusal::Chain);
    assert!(!bob.with(|group, _, _| Ok(group.has_pending())).unwrap());
}

#[test]
fn t08_a_group_with_a_forged_leaf_is_not_joined_and_the_key_package_stays() {
    let mut alice = Phone::new(1);
    let bob = Phone::new(2);
    let mut mallory = Phone::new(6);
    let (package, spare) = (alice.package(), alice.package());
    let mut honest = Phone::new(6);
    let package = mls_package(&mut mallory, &package);
    (mallory.account, mallory.chain) = (bob.account, bob.chain.clone());
    let welcome = mallory
        .step(|s, me, leaf| {
            let mut group = MlsGroup::builder()
                .with_group_id(openmls::group::GroupId::from_slice(&GROUP.0))
                .ciphersuite(crate::suite::SUITE)
                .use_ratchet_tree_extension(true)
                .with_capabilities(crate::suite::capabilities())
                .with_leaf_node_extensions(leaf.extensions()?)
                .unwrap()
                .build(s, me.keys, me.credential()?)
                .unwrap();
            let (_, welcome, _) = group.add_members(s, me.keys, &[package]).unwrap();
            Ok(welcome.tls_serialize_detached()?)
        })
        .unwrap();
    let rows = alice.store.rows.borrow().clone();
    assert_eq!(refused(alice.join(&welcome)), Refusal::DeviceNotListed);
    assert_eq!(*alice.store.rows.borrow(), rows);
    let welcome = honest.create(&[spare]).welcome.unwrap();
    alice.join(&welcome).unwrap();
}

#[test]
fn nobody_comes_in_from_outside_who_is_not_a_listed_device_of_a_member() {
    let (mut alice, mut bob) = friends();
    let (info, r) = alice.info();
    // As himself.
    let mut mallory = Phone::new(6);
    let commit = mallory.enters_unchecked(&info);
    assert_eq!(refused(alice.follows(&commit, &known_accounts_only)), Refusal::Policy("a new account"));
    assert_eq!(refused(Phone::new(7).rejoins(&info, r)), Refusal::Policy("a new account"));
    // As a device of Bob's.
    let mut mallory = Phone::new(8);
    (mallory.account, mallory.chain) = (bob.account, bob.chain.clone());
    let commit = mallory.enters_unchecked(&info);
    assert_eq!(refused(alice.follows(&commit, &known_accounts_only)), Refusal::DeviceNotListed);
    // As Bob's very device, under another key.
    mallory.device = bob.device;
    let commit = mallory.enters_unchecked(&info);
    assert_eq!(refused(alice.follows(&commit, &known_accounts_only)), Refusal::DeviceNotListed);
    assert_eq!(bob.names().len(), 2);
}

#[test]
fn t08_a_device_struck_off_the_list_does_not_come_back_with_the_old_list() {
    let (mut alice, mut bob) = friends();
    let mut stolen = alice.add_device(3);
    let listed = alice.chain.devices.clone();
    alice.chain = alice.chain.next(&alice.keys.secret(), vec![listed[0]]).unwrap();
    let leaf = alice.leaf();
    let pending =
        alice.with(|group, s, me| group.commit_update(s, me, Some(&leaf), &known_accounts_only)).unwrap();
    alice.merges(&pending);
    bob.follows(&pending.commit, &known_accounts_only).unwrap();
    let (info, r) = bob.info();
    assert_eq!(refused(stolen.rejoins(&info, r)), Refusal::DeviceNotListed);
    let commit = stolen.enters_unchecked(&info);
    assert_eq!(refused(bob.follows(&commit, &known_accounts_only)), Refusal::DeviceNotListed);
    // Nor with a list of its own that contradicts the one the group knows.
    let entry = DeviceEntry { device: stolen.device, key: stolen.keys.public() };
    stolen.chain = stolen.chain.next(&stolen.keys.secret(), vec![entry]).unwrap();
    let commit = stolen.enters_unchecked(&info);
    assert_eq!(refused(bob.follows(&commit, &known_accounts_only)), Refusal::ForkedChain);
}

#[test]
fn a_proposal_or_add_made_by_the_service_is_refused() {
    let (mut alice, mut bob) = friends();
    let mut service = Phone::new(6);
    (service.account, service.chain) = (bob.account, bob.chain.clone());
    let package = service.unchecked_package();
    let package = mls_package(&mut service, &package);
    let id = openmls::group::GroupId::from_slice(&GROUP.0);
    let (joining, adding) = service
        .step(|_, me, _| {
            let joining = JoinProposal::new::<crate::session::Cache<'_>>(
                package.clone(),
                id.clone(),
                1.into(),
                me.keys,
            )
            .unwrap();
            let index = SenderExtensionIndex::new(0);
            let adding = ExternalProposal::new_add::<crate::session::Session<'_>>(
                package,
                id,
                1.into(),
                me.keys,
                index,
            )
            .unwrap();
            Ok((joining.tls_serialize_detached()?, adding.tls_serialize_detached()?))
        })
        .unwrap();
    assert_eq!(refused(alice.reads(&joining)), Refusal::ChangeNotAllowed);
    assert!(alice.reads(&adding).is_err());
    // Nothing of it is left to be swept into the next commit.
    let pending = alice.updates();
    assert!(pending.change.added.is_empty() && pending.welcome.is_none());
    alice.merges(&pending);
    bob.follows(&pending.commit, &known_accounts_only).unwrap();
    agree(&mut alice, &mut bob);
}

#[test]
fn only_own_devices_may_be_removed_in_a_conversation_of_fixed_people() {
    let (mut alice, mut bob) = friends();
    let member = bob.with(|group, _, _| Ok(group.member(0).unwrap())).unwrap();
    let commit = bob.commits_unchecked(|builder| builder.propose_removals([member.index()]));
    assert!(matches!(refused(alice.follows(&commit, &known_accounts_only)), Refusal::Policy(_)));
    let own = bob.with(|group, s, me| group.commit_remove(s, me, &[member], &known_accounts_only).map(drop));
    assert!(matches!(refused(own), Refusal::Policy(_)));
}

#[test]
fn a_welcome_does_not_replace_a_living_group_nor_open_twice() {
    let (mut alice, mut bob) = friends();
    let package = bob.package();
    let mut mallory = Phone::new(6);
    let welcome = mallory.create(&[package]).welcome.unwrap();
    assert!(matches!(bob.join(&welcome), Err(Error::GroupExists)));
    let message = alice.says("still ours");
    assert_eq!(bob.reads(&message).unwrap(), "still ours");

    let (mut carol, mut dave) = (Phone::new(4), Phone::new(5));
    let welcome = carol.create(&[dave.package()]).welcome.unwrap();
    dave.join(&welcome).unwrap();
    dave.with(|_, s, _| Group::load(s, GROUP)?.delete(s)).unwrap();
    assert!(dave.store.rows.borrow().is_empty(), "a used key package leaves no key behind");
    assert!(matches!(dave.join(&welcome), Err(Error::NoSuchKeyPackage)));
}

#[test]
fn a_last_resort_package_survives_its_use_until_it_is_forgotten() {
    let mut bob = Phone::new(2);
    let package = bob.step(|s, me, leaf| generate_key_package(s, me, leaf, NOW, true)).unwrap();
    for seed in [3, 4] {
        let welcome = Phone::new(seed).create(std::slice::from_ref(&package.bytes)).welcome.unwrap();
        bob.join(&welcome).unwrap();
        bob.with(|_, s, _| Group::load(s, GROUP)?.delete(s)).unwrap();
    }
    assert!(!bob.store.rows.borrow().is_empty());
    bob.step(|s, _, _| forget_key_package(s, &package.reference)).unwrap();
    assert!(bob.store.rows.borrow().is_empty());
}

#[test]
fn t18_the_key_of_a_read_message_is_nowhere_in_the_store() {
    let (mut alice, mut bob) = friends();
    let (first, second) = (alice.says("first"), alice.says("second"));
    bob.reads(&second).unwrap();
    // Bob keeps the key of the first message for when it arrives: an option, the cipher, 16 bytes of key, 12 of nonce.
    let keys: Vec<Vec<u8>> = bob
        .store
        .rows
        .borrow()
        .iter()
        .filter(|(key, _)| key[0] == 10)
        .flat_map(|(_, row)| {
            row.windows(19).filter(|w| w[..3] == [1, 0, 16]).map(|w| w[3..].to_vec()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(keys.len(), 1, "exactly one key is waiting");
    let waiting = bob.store.rows.borrow().clone();
    assert!(bob.store.holds(&keys[0]));
    assert_eq!(bob.reads(&first).unwrap(), "first");
    assert!(!bob.store.holds(&keys[0]), "the key is gone");
    for message in [&first, &second] {
        assert_eq!(unreadable(bob.reads(message)), Unreadable::Duplicate);
    }
    // The search finds what it should: with the rows from before, the message opens.
    *bob.store.rows.borrow_mut() = waiting;
    assert_eq!(bob.reads(&first).unwrap(), "first");
}

#[test]
fn t18_an_epoch_that_was_left_leaves_no_secret_behind() {
    let (mut alice, mut bob) = friends();
    let secrets = |phone: &Phone| -> Vec<Vec<u8>> {
        // Message secrets, epoch secrets and epoch key pairs: every 32-byte string in them is one.
        let rows = phone.store.rows.borrow();
        let rows = rows.iter().filter(|(key, _)| [10, 13, 16].contains(&key[0]));
        rows.flat_map(|(_, row)| {
            row.windows(33).filter(|w| w[0] == 32).map(|w| w[1..].to_vec()).collect::<Vec<_>>()
        })
        .collect()
    };
    let message = alice.says("in the old epoch");
    bob.reads(&message).unwrap();
    let old: Vec<Vec<u8>> = secrets(&alice).into_iter().chain(secrets(&bob)).collect();
    assert!(old.len() > 20, "{} secrets found", old.len());
    // Both renew their leaves, so that no key pair of the tree is older.
    for turn in 0..2 {
        let (me, you) = if turn == 0 { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        let pending = me.updates();
        me.merges(&pending);
        you.follows(&pending.commit, &known_accounts_only).unwrap();
    }
    for phone in [&alice, &bob] {
        assert!(!old.iter().any(|secret| phone.store.holds(secret)));
    }
}

#[test]
fn a_message_writes_little() {
    let (mut alice, mut bob) = friends();
    let text = "x".repeat(256);
    let mut worst = (0, 0);
    for _ in 0..100 {
        (alice.store.bytes, bob.store.bytes) = (Cell::new(0), Cell::new(0));
        let message = alice.says(&text);
        bob.reads(&message).unwrap();
        worst = (worst.0.max(alice.store.bytes.get()), worst.1.max(bob.store.bytes.get()));
    }
    let overhead = alice.says(&text).len() - text.len();
    let heal = alice.updates();
    println!("n=2: written per message {} B sent, {} B received; overhead {overhead} B", worst.0, worst.1);
    println!("n=2: update {} B, group info {} B", heal.commit.len(), heal.group_info.len());
    println!("key package {} B", bob.package().len());
    assert!(worst.0 <= 10_000 && worst.1 <= 10_000);
    // Many messages missing at once leave keys waiting, still within the bound of the store.
    for _ in 0..900 {
        alice.says("lost");
    }
    let late = alice.says("late");
    bob.store.bytes.set(0);
    bob.reads(&late).unwrap();
    println!("n=2: written after 900 lost messages {} B", bob.store.bytes.get());
}

#[test]
fn a_step_stopped_at_any_write_leaves_a_group_that_loads_and_the_step_works_again() {
    // Runs `step` with the first write failing, then the second, until it gets through.
    fn stubborn<T>(phone: &mut Phone, mut step: impl FnMut(&mut Phone) -> Result<T, Error>) -> (T, u64) {
        for fail_at in 1.. {
            let before = phone.store.rows.borrow().clone();
            phone.store.writes.set(0);
            phone.store.fail_at.set(fail_at);
            match step(phone) {
                Ok(value) => {
                    phone.store.fail_at.set(0);
                    return (value, fail_at - 1);
                }
                Err(Error::Store(_)) => assert_eq!(*phone.store.rows.borrow(), before),
                Err(other) => panic!("not the store's failure: {other:?}"),
            }
        }
        unreachable!()
    }
    let (mut alice, mut bob) = (Phone::new(1), Phone::new(2));
    let (package, writes_package) =
        stubborn(&mut bob, |bob| bob.step(|s, me, leaf| generate_key_package(s, me, leaf, NOW, false)));
    let (created, writes_create) = stubborn(&mut alice, |alice| {
        alice.step(|s, me, leaf| {
            let package = KeyPackage::read(s, &package.bytes, NOW)?;
            Group::create(s, me, leaf, GROUP, &[package], None).map(|(_, pending)| pending)
        })
    });
    let welcome = created.welcome.clone().unwrap();
    let ((), writes_join) = stubborn(&mut bob, |bob| bob.join(&welcome));
    let (message, writes_send) =
        stubborn(&mut alice, |alice| alice.with(|group, s, me| group.encrypt(s, me, b"hello")));
    let (text, writes_read) = stubborn(&mut bob, |bob| bob.reads(&message));
    assert_eq!(text, "hello");
    let (pending, writes_commit) = stubborn(&mut alice, |alice| {
        alice.with(|group, s, me| group.commit_update(s, me, None, &known_accounts_only))
    });
    let (_, writes_clear) =
        stubborn(&mut alice, |alice| alice.step(|s, _, _| Group::load(s, GROUP)?.clear_pending(s).map(drop)));
    drop(pending);
    let pending = alice.updates();
    let (_, writes_merge) = stubborn(&mut alice, |alice| alice.with(|group, s, _| group.merge_pending(s)));
    let (_, writes_follow) = stubborn(&mut bob, |bob| bob.follows(&pending.commit, &known_accounts_only));
    agree(&mut alice, &mut bob);
    let (info, r) = alice.info();
    let (pending, writes_rejoin) = stubborn(&mut bob, |bob| bob.rejoins(&info, r));
    alice.follows(&pending.commit, &known_accounts_only).unwrap();
    bob.merges(&pending);
    agree(&mut alice, &mut bob);
    println!(
        "writes: package {writes_package}, create {writes_create}, join {writes_join}, send {writes_send}, read \
         {writes_read}, commit {writes_commit}, clear {writes_clear}, merge {writes_merge}, follow {writes_follow}, \
         rejoin {writes_rejoin}"
    );
}

#[test]
fn the_same_randomness_makes_the_same_identities_and_packages() {
    let (mut one, mut two) = (Phone::new(1), Phone::new(1));
    assert!(one.account == two.account && one.keys.public() == two.keys.public());
    assert_eq!(one.package(), two.package());
    // Leaf and path keys too, and with them the epoch's secrets.
    let members = |phone: &mut Phone| {
        phone.create(&[]);
        phone.with(|group, s, _| Ok((group.members(), group.secrets(s)?))).unwrap()
    };
    let (one, two) = (members(&mut one), members(&mut two));
    assert_eq!(one.0, two.0);
    assert!(one.1 == two.1);
}

#[test]
fn bytes_that_are_nothing_are_dropped_and_those_of_another_group_too() {
    let (mut alice, _) = friends();
    for bytes in [&[][..], &[0; 4], &[0xff; 300]] {
        assert!(matches!(alice.reads(bytes), Err(Error::Malformed(_))));
        assert!(matches!(alice.join(bytes), Err(Error::Malformed(_))));
        assert!(matches!(alice.rejoins(bytes, [0; 32]), Err(Error::Malformed(_))));
        assert!(alice.step(|s, _, _| KeyPackage::read(s, bytes, NOW).map(drop)).is_err());
        assert!(alice.step(|s, _, _| forget_key_package(s, bytes)).is_err());
    }
    let (mut carol, mut dave) = (Phone::new(4), Phone::new(5));
    let other = GroupId([8; 16]);
    carol.step(|s, me, leaf| Group::create(s, me, leaf, other, &[], None).map(drop)).unwrap();
    let foreign = carol.step(|s, me, _| Group::load(s, other)?.encrypt(s, me, b"x")).unwrap();
    assert!(matches!(alice.reads(&foreign), Err(Error::WrongGroup)));
    assert!(matches!(dave.with(|_, _, _| Ok(())), Err(Error::NoSuchGroup)));
    let mut message = alice.says("x");
    let last = message.len() - 1;
    message[last] ^= 1;
    let (_, mut bob) = (0, friends().1);
    assert!(bob.reads(&message).is_err());
}

#[test]
fn the_roster_to_come_is_the_roster_that_comes_with_leaves_freed_and_filled() {
    let mut alice = Phone::new(1);
    let mut others: Vec<Phone> = (10..16).map(Phone::new).collect();
    let packages: Vec<Vec<u8>> = others.iter_mut().map(Phone::package).collect();
    let welcome = alice.create(&packages).welcome.unwrap();
    for other in &mut others {
        other.join(&welcome).unwrap();
    }
    let mut late: Vec<Phone> = (20..23).map(Phone::new).collect();
    let packages: Vec<Vec<u8>> = late.iter_mut().map(Phone::package).collect();
    let members = alice.with(|group, _, _| Ok(group.members())).unwrap();
    let pending = alice
        .with(|group, s, me| {
            let add = packages
                .iter()
                .map(|bytes| KeyPackage::read(s, bytes, NOW))
                .collect::<Result<Vec<_>, _>>()?;
            let remove = [members[4].clone(), members[2].clone()];
            group.commit(s, me, Changes { add: &add, remove: &remove, ..Changes::default() }, ANYTHING)
        })
        .unwrap();
    alice.merges(&pending);
    let leaves: Vec<(u32, u8)> = pending.change.after.iter().map(|m| (m.leaf, m.device.0[0])).collect();
    assert_eq!(leaves, [(0, 1), (1, 10), (2, 20), (3, 12), (4, 21), (5, 14), (6, 15), (7, 22)]);
    let mut bob = others.remove(0);
    assert!(others.remove(0).follows(&pending.commit, ANYTHING).unwrap().self_removed);
    bob.follows(&pending.commit, ANYTHING).unwrap();
    for phone in &mut late {
        phone.join(pending.welcome.as_ref().unwrap()).unwrap();
        agree(&mut alice, phone);
    }
    agree(&mut alice, &mut bob);
    // A member that went, and one that is there, are told apart from defects.
    let gone =
        alice.with(|group, s, me| group.commit_remove(s, me, &[members[2].clone()], ANYTHING).map(drop));
    assert_eq!(refused(gone), Refusal::NoSuchMember);
    let myself =
        alice.with(|group, s, me| group.commit_remove(s, me, &[members[0].clone()], ANYTHING).map(drop));
    assert_eq!(refused(myself), Refusal::ChangeNotAllowed);
    let package = bob.package();
    let twice = alice.with(|group, s, me| {
        let package = KeyPackage::read(s, &package, NOW)?;
        group.commit_add(s, me, &[package], ANYTHING).map(drop)
    });
    assert_eq!(refused(twice), Refusal::DeviceTwice);
    assert!(!alice.with(|group, _, _| Ok(group.has_pending())).unwrap());
}

#[test]
fn a_thousand_messages_may_be_late_and_two_thousand_missing_but_no_more() {
    let (mut alice, mut bob) = friends();
    let messages: Vec<Vec<u8>> = alice
        .with(|group, s, me| {
            (0..2_003).map(|n: u32| group.encrypt(s, me, n.to_string().as_bytes())).collect()
        })
        .unwrap();
    assert_eq!(unreadable(bob.reads(&messages[2_002])), Unreadable::OutOfReach);
    assert_eq!(bob.reads(&messages[1_500]).unwrap(), "1500");
    assert_eq!(unreadable(bob.reads(&messages[499])), Unreadable::OutOfReach);
    assert_eq!(bob.reads(&messages[600]).unwrap(), "600");
    assert_eq!(bob.reads(&messages[2_002]).unwrap(), "2002");
}

#[test]
fn flushing_inside_an_attempt_is_refused() {
    let (mut alice, _) = friends();
    let flushed = alice.step(|s, _, _| s.attempt(|s| s.flush().map_err(Error::from)));
    assert!(matches!(flushed, Err(Error::Store(_))));
}

#[test]
fn a_commit_of_ours_that_is_refused_leaves_the_group_as_it_was() {
    let (mut alice, mut bob) = friends();
    let pending = alice
        .with(|group, s, me| {
            let bob = group.member(1).unwrap();
            let refusal = refused(group.commit_remove(s, me, &[bob], &known_accounts_only));
            assert!(matches!(refusal, Refusal::Policy(_)) && !group.has_pending());
            group.commit_update(s, me, None, &known_accounts_only)
        })
        .unwrap();
    alice.merges(&pending);
    bob.follows(&pending.commit, &known_accounts_only).unwrap();
    agree(&mut alice, &mut bob);
}

/// A group with a charter: Alice owns it, Bob is an admin, Carol and Dave are members.
fn chartered() -> [Phone; 4] {
    let mut all = [1, 2, 3, 4].map(Phone::new);
    let charter =
        Charter::new([7; 16], "Lake house", all[0].account).unwrap().with_role(all[1].account, Role::Admin);
    let [alice, others @ ..] = &mut all;
    let packages: Vec<Vec<u8>> = others.iter_mut().map(Phone::package).collect();
    let (_, pending) = alice
        .step(|s, me, leaf| {
            let packages: Result<Vec<_>, _> =
                packages.iter().map(|bytes| KeyPackage::read(s, bytes, NOW)).collect();
            Group::create(s, me, leaf, GROUP, &packages?, Some(&charter))
        })
        .unwrap();
    let welcome = pending.welcome.unwrap();
    for other in others {
        let told = other.step(|s, _, _| Ok(Group::join(s, &welcome, None)?.charter)).unwrap();
        assert_eq!(told.as_ref(), Some(&charter));
    }
    all
}

impl Phone {
    fn charter(&mut self) -> Charter {
        self.with(|group, _, _| Ok(group.charter().unwrap())).unwrap()
    }

    /// A commit that asks nobody's rules, by a client that breaks them on purpose.
    fn forces(
        &mut self,
        packages: &[Vec<u8>],
        removed: &[AccountId],
        charter: Option<&Charter>,
    ) -> Result<Pending, Error> {
        self.with(|group, s, me| {
            let add: Vec<KeyPackage> =
                packages.iter().map(|bytes| KeyPackage::read(s, bytes, NOW)).collect::<Result<_, _>>()?;
            let remove: Vec<_> =
                group.members().into_iter().filter(|member| removed.contains(&member.account)).collect();
            group.commit(s, me, Changes { add: &add, remove: &remove, leaf: None, charter }, ANYTHING)
        })
    }
}

#[test]
fn t12_a_commit_that_breaks_the_charter_is_refused_by_everybody_else() {
    let [mut alice, mut bob, mut carol, mut dave] = chartered();
    let before = alice.charter();
    let (a, b, c, d) = (alice.account, bob.account, carol.account, dave.account);
    let mut stranger = Phone::new(9);
    let package = stranger.package();
    let open = Permissions { add: Who::Everybody, ..Permissions::default() };
    let link = GroupLink { hash: [1; 32], maker: c, approval: 1 };
    /// What it is, packages to add, accounts to remove, another charter.
    type Attempt = (&'static str, Vec<Vec<u8>>, Vec<AccountId>, Option<Charter>);
    let carols: [Attempt; 9] = [
        ("adds", vec![package.clone()], vec![], None),
        ("removes a member", vec![], vec![d], None),
        ("names", vec![], vec![], Some(before.clone().named("Mine"))),
        ("describes", vec![], vec![], Some(before.clone().described("mine"))),
        ("raises herself", vec![], vec![], Some(before.clone().with_role(c, Role::Admin))),
        ("takes it over", vec![], vec![], Some(before.clone().with_role(c, Role::Owner))),
        ("dismisses", vec![], vec![], Some(before.clone().with_role(b, Role::Member))),
        ("permits herself", vec![], vec![], Some(before.clone().permitting(open))),
        ("opens a link", vec![], vec![], Some(before.clone().with_link(link))),
    ];
    for (what, add, remove, charter) in carols {
        let pending = carol.forces(&add, &remove, charter.as_ref()).unwrap();
        for other in [&mut alice, &mut bob, &mut dave] {
            let refusal = refused(other.follows(&pending.commit, &by_charter));
            assert!(matches!(refusal, Refusal::Policy(_)), "Carol {what}: {refusal:?}");
        }
        carol.clears();
    }
    let mut elsewhere = before.clone();
    elsewhere.conversation = [8; 16];
    let bobs: [(&str, Vec<AccountId>, Option<Charter>); 4] = [
        ("removes the owner", vec![a], Some(before.clone().with_role(b, Role::Owner))),
        ("takes it over", vec![], Some(before.clone().with_role(b, Role::Owner))),
        ("names another owner", vec![], Some(before.clone().with_role(d, Role::Owner))),
        ("moves it elsewhere", vec![], Some(elsewhere)),
    ];
    for (what, remove, charter) in bobs {
        let pending = bob.forces(&[], &remove, charter.as_ref()).unwrap();
        for other in [&mut carol, &mut dave] {
            let refusal = refused(other.follows(&pending.commit, &by_charter));
            assert!(matches!(refusal, Refusal::Policy(_)), "Bob {what}: {refusal:?}");
        }
        bob.clears();
    }
    // Nobody has moved.
    assert_eq!([alice.epoch(), bob.epoch(), carol.epoch(), dave.epoch()], [1; 4]);
}

#[test]
fn what_the_charter_allows_is_followed_by_everybody() {
    let [mut alice, mut bob, mut carol, mut dave] = chartered();
    let (b, c, d) = (bob.account, carol.account, dave.account);
    let before = alice.charter();
    // Bob renames, raises Carol and removes Dave, in one commit.
    let after = before.clone().named("Sea house").with_role(c, Role::Admin);
    let pending = bob
        .with(|group, s, me| {
            let remove: Vec<_> = group.members().into_iter().filter(|it| it.account == d).collect();
            let changes = Changes { remove: &remove, charter: Some(&after), ..Changes::default() };
            group.commit(s, me, changes, &by_charter)
        })
        .unwrap();
    bob.merges(&pending);
    alice.follows(&pending.commit, &by_charter).unwrap();
    carol.follows(&pending.commit, &by_charter).unwrap();
    assert!(dave.follows(&pending.commit, &by_charter).unwrap().self_removed);
    agree(&mut alice, &mut bob);
    agree(&mut alice, &mut carol);
    assert_eq!(carol.charter(), after);
    // Carol, an admin now, cannot remove Bob, who is one too; Alice hands the group over to her, and then she can.
    let refusal = refused(carol.with(|group, s, me| {
        let remove: Vec<_> = group.members().into_iter().filter(|it| it.account == b).collect();
        let charter = after.clone().with_role(b, Role::Member);
        let changes = Changes { remove: &remove, charter: Some(&charter), ..Changes::default() };
        group.commit(s, me, changes, &by_charter)
    }));
    assert!(matches!(refusal, Refusal::Policy(_)));
    let handed = after.clone().with_role(c, Role::Owner);
    assert_eq!(handed.role(alice.account), Role::Admin);
    let pending = alice
        .with(|group, s, me| {
            group.commit(s, me, Changes { charter: Some(&handed), ..Changes::default() }, &by_charter)
        })
        .unwrap();
    alice.merges(&pending);
    carol.follows(&pending.commit, &by_charter).unwrap();
    bob.follows(&pending.commit, &by_charter).unwrap();
    let pending = carol
        .with(|group, s, me| {
            let remove: Vec<_> = group.members().into_iter().filter(|it| it.account == b).collect();
            let charter = handed.clone().with_role(b, Role::Member);
            let changes = Changes { remove: &remove, charter: Some(&charter), ..Changes::default() };
            group.commit(s, me, changes, &by_charter)
        })
        .unwrap();
    carol.merges(&pending);
    alice.follows(&pending.commit, &by_charter).unwrap();
    agree(&mut alice, &mut carol);
}

#[test]
fn whoever_is_removed_and_comes_back_has_no_role_left() {
    let [mut alice, bob, mut carol, _] = chartered();
    let pending = alice.forces(&[], &[bob.account], None).unwrap();
    let refusal = refused(carol.follows(&pending.commit, &by_charter));
    assert!(matches!(refusal, Refusal::Policy("a role of somebody who is not here")), "{refusal:?}");
}

#[test]
fn a_conversation_of_two_never_gets_a_charter_and_a_group_never_loses_it() {
    let (mut alice, mut bob) = friends();
    let charter = Charter::new([7; 16], "Mine", alice.account).unwrap();
    let pending = alice.forces(&[], &[], Some(&charter)).unwrap();
    assert!(matches!(refused(bob.follows(&pending.commit, &by_charter)), Refusal::Policy(_)));
    let [mut alice, mut bob, ..] = chartered();
    let commit = alice.commits_unchecked(|builder| {
        builder.propose_group_context_extensions(openmls::prelude::Extensions::empty()).unwrap()
    });
    assert_eq!(refused(bob.follows(&commit, &by_charter)), Refusal::Charter);
}

#[test]
fn a_new_device_and_one_that_fell_out_come_into_a_group_from_outside_and_a_stranger_does_not() {
    let [mut alice, mut bob, mut carol, _] = chartered();
    let (info, r) = alice.info();
    let mut tablet = carol.add_device(30);
    let pending = tablet
        .step(|s, me, leaf| {
            Group::rejoin(s, me, leaf, (&info, None), r, &by_charter).map(|(_, pending)| pending)
        })
        .unwrap();
    tablet.merges(&pending);
    alice.follows(&pending.commit, &by_charter).unwrap();
    bob.follows(&pending.commit, &by_charter).unwrap();
    agree(&mut alice, &mut tablet);
    assert_eq!(tablet.charter(), alice.charter());
    let (info, _) = alice.info();
    let commit = Phone::new(40).enters_unchecked(&info);
    let refusal = refused(bob.follows(&commit, &by_charter));
    assert!(matches!(refusal, Refusal::Policy(_)), "{refusal:?}");
}

#[test]
fn t12_a_link_is_opened_by_who_may_in_their_own_name_and_goes_with_its_maker() {
    let [mut alice, mut bob, mut carol, mut dave] = chartered();
    let (a, c, d) = (alice.account, carol.account, dave.account);
    let linking = Permissions { link: Who::Everybody, ..Permissions::default() };
    let theirs = GroupLink { hash: [1; 32], maker: a, approval: 1 };
    let open = alice.charter().permitting(linking).with_link(theirs);
    let pending = alice.forces(&[], &[], Some(&open)).unwrap();
    alice.with(|group, s, _| group.merge_pending(s)).unwrap();
    for other in [&mut bob, &mut carol, &mut dave] {
        other.follows(&pending.commit, &by_charter).unwrap();
    }
    let link = |maker, approval| GroupLink { hash: [2; 32], maker, approval };
    let carols = [
        ("opens one that asks nobody", open.clone().with_link(link(c, 0))),
        ("opens one in another's name", open.clone().with_link(link(d, 1))),
        ("closes another's", open.clone().without_link(&[1; 32])),
        ("takes another's over", open.clone().with_link(GroupLink { maker: c, ..theirs })),
    ];
    for (what, charter) in carols {
        let pending = carol.forces(&[], &[], Some(&charter)).unwrap();
        for other in [&mut alice, &mut bob, &mut dave] {
            let refusal = refused(other.follows(&pending.commit, &by_charter));
            assert!(matches!(refusal, Refusal::Policy(_)), "Carol {what}: {refusal:?}");
        }
        carol.clears();
    }
    // She may open one that asks; Bob, an admin, may close it, and has to when he takes her out.
    let hers = open.with_link(link(c, 1));
    let pending = carol.forces(&[], &[], Some(&hers)).unwrap();
    carol.with(|group, s, _| group.merge_pending(s)).unwrap();
    for other in [&mut alice, &mut bob, &mut dave] {
        other.follows(&pending.commit, &by_charter).unwrap();
    }
    let pending = bob.forces(&[], &[c], None).unwrap();
    let refusal = refused(alice.follows(&pending.commit, &by_charter));
    assert!(matches!(refusal, Refusal::Policy(_)), "{refusal:?}");
    bob.clears();
    let without = hers.without_links_of(c);
    let pending = bob.forces(&[], &[c], Some(&without)).unwrap();
    alice.follows(&pending.commit, &by_charter).unwrap();
    assert_eq!(alice.charter().links(), [theirs]);
}

#[test]
fn a_charter_that_breaks_its_own_rules_is_none() {
    let owner = AccountId([1; 32]);
    for name in ["", "  ", "a\nb", &"x".repeat(GROUP_NAME_CHARS_MAX + 1)] {
        assert_eq!(Charter::new([7; 16], name, owner).unwrap_err(), Refusal::Charter, "{name:?}");
    }
    let good = Charter::new([7; 16], "Lake house", owner).unwrap();
    let bytes = good.to_bytes().unwrap();
    assert_eq!(Charter::from_bytes(&bytes).unwrap(), good);
    for end in 0..bytes.len() {
        assert!(Charter::from_bytes(&bytes[..end]).is_err());
    }
    let links = |count: usize| {
        (0..count).fold(good.clone(), |charter, n| {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            charter.with_link(GroupLink { hash, maker: owner, approval: 1 })
        })
    };
    assert!(Charter::from_bytes(&links(GROUP_LINKS_MAX).to_bytes().unwrap()).is_ok());
    assert!(Charter::from_bytes(&links(GROUP_LINKS_MAX + 1).to_bytes().unwrap()).is_err());
    let ownerless = good.clone().with_role(owner, Role::Member);
    assert!(Charter::from_bytes(&ownerless.to_bytes().unwrap()).is_err());
    let history = |history_days| {
        let permissions = Permissions { history_days, ..Permissions::default() };
        Charter::from_bytes(&good.clone().permitting(permissions).to_bytes().unwrap()).is_ok()
    };
    assert_eq!([3_650, 3_651, HISTORY_ALL].map(history), [true, false, true]);
    let long = good.described(&"x".repeat(GROUP_DESCRIPTION_BYTES_MAX + 1));
    assert!(Charter::from_bytes(&long.to_bytes().unwrap()).is_err());
}

// ---- proposals ----

impl Phone {
    fn proposes_update(&mut self) -> Option<Vec<u8>> {
        self.step(|s, me, leaf| Group::load(s, GROUP)?.propose_update(s, me, Some(leaf))).unwrap()
    }

    fn hears(&mut self, message: &[u8], policy: Policy<'_>) -> Result<&'static str, Error> {
        self.with(|group, s, _| Ok(kind(&group.process(s, message, policy)?)))
    }
}

#[test]
fn the_next_commit_carries_what_others_proposed_and_heals_them_too() {
    let [mut anna, mut boris, mut carla, mut dora] = chartered();
    let before: Vec<_> = anna.with(|group, _, _| Ok(group.members())).unwrap();
    let proposals = [&mut boris, &mut carla].map(|phone| phone.proposes_update().unwrap());
    assert!(boris.proposes_update().is_none(), "once in an epoch");
    for proposal in &proposals {
        for phone in [&mut anna, &mut dora] {
            assert_eq!(phone.hears(proposal, &by_charter).unwrap(), "proposal");
        }
    }
    assert_eq!(carla.hears(&proposals[0], &by_charter).unwrap(), "proposal");
    assert_eq!(boris.hears(&proposals[1], &by_charter).unwrap(), "proposal");
    // Nobody is kept from writing meanwhile.
    let text = boris.says("meanwhile");
    assert_eq!(anna.reads(&text).unwrap(), "meanwhile");
    let pending = anna.updates();
    let renewed: Vec<u32> = pending.change.renewed.iter().map(|member| member.leaf).collect();
    assert_eq!(renewed.len(), 2);
    for phone in [&mut boris, &mut carla, &mut dora] {
        phone.follows(&pending.commit, &by_charter).unwrap();
    }
    anna.merges(&pending);
    let after: Vec<_> = dora.with(|group, _, _| Ok(group.members())).unwrap();
    assert_eq!(before.len(), after.len());
    for phone in [&mut boris, &mut carla] {
        let text = phone.says("afterwards");
        assert_eq!(dora.reads(&text).unwrap(), "afterwards");
    }
    let waiting = dora.with(|group, _, _| Ok(group.waiting_proposals())).unwrap();
    assert_eq!(waiting, 0);
}

#[test]
fn a_proposal_is_judged_by_its_authors_rights_also_in_somebody_elses_commit() {
    let [mut anna, mut boris, mut carla, mut dora] = chartered();
    let gone = |phone: &mut Phone| {
        let members = phone.with(|group, _, _| Ok(group.members())).unwrap();
        members.into_iter().find(|member| member.device == DeviceId([4; 16])).unwrap()
    };
    // Whoever may not remove may not propose it, and nobody keeps it when it is proposed all the same.
    let target = gone(&mut carla);
    let refusal = refused(carla.with(|group, s, me| group.propose_removal(s, me, &target, &by_charter)));
    assert!(matches!(refusal, Refusal::Policy(_)));
    let forced = carla.with(|group, s, me| group.propose_removal(s, me, &target, ANYTHING)).unwrap().unwrap();
    assert!(matches!(refused(anna.hears(&forced, &by_charter)), Refusal::Policy(_)));
    assert_eq!(anna.with(|group, _, _| Ok(group.waiting_proposals())).unwrap(), 0);
    // An admin may.
    let target = gone(&mut boris);
    let proposal =
        boris.with(|group, s, me| group.propose_removal(s, me, &target, &by_charter)).unwrap().unwrap();
    for phone in [&mut anna, &mut carla, &mut dora] {
        phone.hears(&proposal, &by_charter).unwrap();
    }
    // Anna's commit, by which she renews her leaf only, carries it.
    let pending = anna.with(|group, s, me| group.commit_update(s, me, None, &by_charter)).unwrap();
    let removals: Vec<_> = pending.change.removals().map(|(member, by)| (member.device, by)).collect();
    assert_eq!(removals, [(target.device, boris.account)]);
    let r_before = anna.with(|group, _, _| group.r()).unwrap();
    boris.follows(&pending.commit, &by_charter).unwrap();
    anna.merges(&pending);
    let [hers, his] = [&mut anna, &mut boris].map(|phone| phone.with(|group, _, _| group.r()).unwrap());
    assert!(hers == his && hers != r_before, "a leaf was removed");
    assert!(dora.follows(&pending.commit, &by_charter).unwrap().self_removed);
}

#[test]
fn t18_a_leaf_that_was_proposed_and_never_committed_leaves_no_key_behind() {
    let [mut anna, mut boris, ..] = chartered();
    let count = |phone: &Phone| phone.store.keys_labelled(crate::mls_storage::Label::EncryptionKeyPair as u8);
    let before = count(&boris);
    boris.proposes_update().unwrap();
    assert!(count(&boris) > before);
    // Anna commits without having heard of it.
    let pending = anna.updates();
    boris.follows(&pending.commit, &by_charter).unwrap();
    assert_eq!(count(&boris), before);
}

/// A leaf by itself: what a policy is asked about.
fn member(account: usize, device: usize) -> Member {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&account.to_be_bytes());
    let mut name = [0; 16];
    name[..8].copy_from_slice(&device.to_be_bytes());
    Member {
        leaf: u32::try_from(device).unwrap(),
        account: AccountId(id),
        device: DeviceId(name),
        signature_key: [0; 32],
        address: AddressSecret([0; 32]),
        chain_version: 1,
        device_chain: vec![],
    }
}

#[test]
fn a_group_at_its_limit_takes_nobody_more_and_lets_people_go() {
    let charter = Charter::new([7; 16], "Everybody", member(0, 0).account).unwrap();
    let verdict = |before: Vec<Member>, after: Vec<Member>| {
        let gone = |member: &&Member| !after.iter().any(|other| other.device == member.device);
        let new = |member: &&Member| !before.iter().any(|other| other.device == member.device);
        let change = Change {
            epoch: 2,
            by: member(0, 0),
            external: false,
            added: after.iter().filter(new).cloned().collect(),
            removed: before.iter().filter(gone).cloned().collect(),
            removed_by: before.iter().filter(gone).map(|_| member(0, 0).account).collect(),
            updated: None,
            renewed: vec![],
            charter_before: Some(charter.clone()),
            charter: Some(charter.clone()),
            self_removed: false,
            before,
            after,
        };
        by_charter(&change)
    };
    let people = |count: usize| (0..count).map(|n| member(n, n)).collect::<Vec<_>>();
    let full = Verdict::Refuse("the group is full");
    assert_eq!(verdict(people(1_023), people(1_024)), Verdict::Allow);
    assert_eq!(verdict(people(1_024), people(1_025)), full);
    assert_eq!(verdict(people(1_024), people(1_023)), Verdict::Allow);
    // Two devices each: full as well, and one that is linked then waits until somebody goes.
    let devices = |count: usize| (0..count).map(|n| member(n / 2, n)).collect::<Vec<_>>();
    assert_eq!(verdict(devices(2_047), devices(2_048)), Verdict::Allow);
    let third = |mut all: Vec<Member>| {
        all.push(member(5, 9_999));
        all
    };
    assert_eq!(verdict(devices(2_048), third(devices(2_048))), full);
}
// ---- a captured state ----

/// Somebody has copied everything that a device stores, its signature key included.
fn thief(phone: &Phone) -> Phone {
    let store = Memory::default();
    *store.rows.borrow_mut() = phone.store.rows.borrow().clone();
    Phone {
        store,
        rng: ChaCha20Rng::from_seed([77; 32]),
        keys: DeviceKeys::from_secret(&phone.keys.secret()),
        device: phone.device,
        account: phone.account,
        chain: phone.chain.clone(),
        address: phone.address,
    }
}

/// Epoch secrets and epoch key pairs: every 32-byte string in them is one. (Beside message secrets lies the group's context,
/// which is no secret and stays.)
fn epoch_secrets(phone: &Phone) -> std::collections::BTreeSet<Vec<u8>> {
    let rows = phone.store.rows.borrow();
    let rows = rows.iter().filter(|(key, _)| [13, 16].contains(&key[0]));
    let windows = |row: &[u8]| -> Vec<Vec<u8>> {
        row.windows(33).filter(|w| w[0] == 32).map(|w| w[1..].to_vec()).collect()
    };
    rows.flat_map(|(_, row)| windows(row)).collect()
}

/// Of a conversation that is healed by `heal`, in which the last of all was captured.
fn a_captured_state_is_worth_nothing_after(
    all: &mut [Phone],
    policy: Policy<'_>,
    heal: impl FnOnce(&mut [Phone]) -> Vec<Vec<u8>>,
) {
    let last = all.len() - 1;
    let old = all[0].says("of the epoch before");
    all[1..].iter_mut().for_each(|phone| assert_eq!(phone.reads(&old).unwrap(), "of the epoch before"));
    let pending = all[0].with(|group, s, me| group.commit_update(s, me, None, policy)).unwrap();
    all[1..].iter_mut().for_each(|phone| drop(phone.follows(&pending.commit, policy).unwrap()));
    all[0].merges(&pending);
    let before = all[0].says("before");
    all[1..].iter_mut().for_each(|phone| assert_eq!(phone.reads(&before).unwrap(), "before"));

    let (mut thief, stolen) = (thief(&all[last]), epoch_secrets(&all[last]));
    assert!(stolen.len() > 10, "{} secrets found", stolen.len());
    assert_eq!(unreadable(thief.reads(&before)), Unreadable::Duplicate);
    assert_eq!(thief.hears(&old, policy).unwrap(), "old");
    // The theft is one: what is said now opens.
    let now = all[0].says("now");
    all[1..].iter_mut().for_each(|phone| assert_eq!(phone.reads(&now).unwrap(), "now"));
    assert_eq!(thief.reads(&now).unwrap(), "now");

    for message in heal(all) {
        // Whatever the thief makes of it, it leads nowhere.
        let _ = thief.with(|group, s, _| match group.process(s, &message, policy)? {
            Incoming::Commit(staged) => group.merge(s, *staged).map(drop),
            _ => Ok(()),
        });
    }
    let after = all[0].says("after");
    assert_eq!(all[1].reads(&after).unwrap(), "after");
    let heard = thief.hears(&after, policy);
    assert!(!matches!(heard, Ok("application")), "{heard:?}");
    let epoch = |phone: &mut Phone| phone.with(|group, s, _| group.secrets(s)).unwrap();
    assert!(epoch(&mut thief) != epoch(&mut all[0]), "another K, another E");
    for phone in all.iter() {
        let shared = epoch_secrets(phone).intersection(&stolen).count();
        assert_eq!(shared, 0, "what was stolen is used on");
    }
}

#[test]
fn t18_a_state_captured_of_two_opens_nothing_before_it_and_nothing_after_an_honest_renewal() {
    let (alice, bob) = friends();
    a_captured_state_is_worth_nothing_after(&mut [alice, bob], &known_accounts_only, |all| {
        let pending = all[1].updates();
        all[0].follows(&pending.commit, &known_accounts_only).unwrap();
        all[1].merges(&pending);
        vec![pending.commit]
    });
}

#[test]
fn t18_a_state_captured_in_a_group_opens_nothing_before_it_and_nothing_after_an_honest_renewal() {
    a_captured_state_is_worth_nothing_after(&mut chartered(), &by_charter, |all| {
        let pending = all[3].with(|group, s, me| group.commit_update(s, me, None, &by_charter)).unwrap();
        all[..3].iter_mut().for_each(|phone| drop(phone.follows(&pending.commit, &by_charter).unwrap()));
        all[3].merges(&pending);
        vec![pending.commit]
    });
}

#[test]
fn t18_a_renewal_that_somebody_else_committed_heals_as_well() {
    a_captured_state_is_worth_nothing_after(&mut chartered(), &by_charter, |all| {
        let proposal = all[3].proposes_update().unwrap();
        all[..3].iter_mut().for_each(|phone| {
            assert_eq!(phone.hears(&proposal, &by_charter).unwrap(), "proposal");
        });
        let pending = all[0].with(|group, s, me| group.commit_update(s, me, None, &by_charter)).unwrap();
        all[1..].iter_mut().for_each(|phone| drop(phone.follows(&pending.commit, &by_charter).unwrap()));
        all[0].merges(&pending);
        vec![proposal, pending.commit]
    });
}
