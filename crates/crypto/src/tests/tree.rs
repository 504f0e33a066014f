//! Stories of a group whose tree lies apart.

use std::collections::BTreeMap;

use seal::piece::PieceKey;
use vocab::PieceId;
use vocab::limits::{GROUP_PEOPLE_MAX, SLOT_LEAVES_MAX};

use super::*;
use crate::{TREE_INLINE_LEAVES, TreePieces, TreePlan};

/// What a service keeps of a slot.
#[derive(Default)]
struct Shelf(BTreeMap<PieceId, Vec<u8>>);

impl Shelf {
    /// Takes what a commit says. How many pieces came; all that the epoch needs are there then.
    fn takes(&mut self, tree: &TreePieces) -> usize {
        self.0.extend(tree.new.iter().map(|piece| (piece.id, piece.bytes.clone())));
        assert!(tree.ids.iter().all(|id| self.0.contains_key(id)), "a piece was never said");
        tree.new.len()
    }

    fn gives(&self, key: &PieceKey) -> Result<Option<Vec<u8>>, Error> {
        TreePlan::read(GROUP, key, &self.0[&key.id()])?.assemble(&self.0)
    }
}

fn apart<T>(result: Result<T, Error>) -> PieceKey {
    match result {
        Err(Error::TreeApart(key)) => key,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it needs no tree"),
    }
}

impl Phone {
    fn joins_with(&mut self, welcome: &[u8], tree: Option<&[u8]>) -> Result<(), Error> {
        self.step(|s, _, _| Group::join(s, welcome, tree).map(drop))
    }

    fn rejoins_with(&mut self, info: &[u8], tree: Option<&[u8]>, r: [u8; 32]) -> Result<Pending, Error> {
        self.step(|s, me, leaf| Group::rejoin(s, me, leaf, (info, tree), r, &known_accounts_only))
            .map(|(_, pending)| pending)
    }

    fn adds(&mut self, others: &mut [Phone]) -> (Pending, Vec<Vec<u8>>) {
        let packages: Vec<Vec<u8>> = others.iter_mut().map(Phone::package).collect();
        self.with(|group, s, me| {
            let read = packages.iter().map(|bytes| KeyPackage::read(s, bytes, NOW));
            let read = read.collect::<Result<Vec<_>, _>>()?;
            let pending = group.commit_add(s, me, &read, &|_: &Change| Verdict::Allow)?;
            let welcomes = pending.welcomes(s, &read)?;
            Ok((pending, welcomes))
        })
        .unwrap()
    }
}

/// A group of so many, all of them inside, and what the service has of it.
fn crowd(size: u8) -> (Vec<Phone>, Shelf, Pending) {
    let mut all: Vec<Phone> = (1..=size).map(Phone::new).collect();
    let packages: Vec<Vec<u8>> = all[1..].iter_mut().map(Phone::package).collect();
    let pending = all[0].create(&packages);
    let mut shelf = Shelf::default();
    shelf.takes(&pending.tree);
    let welcome = pending.welcome.clone().unwrap();
    let key = apart(all[1].joins_with(&welcome, None));
    let tree = shelf.gives(&key).unwrap().unwrap();
    for other in &mut all[1..] {
        other.joins_with(&welcome, Some(&tree)).unwrap();
    }
    (all, shelf, pending)
}

#[test]
fn a_small_group_keeps_its_tree_in_the_welcome() {
    let mut all: Vec<Phone> = (1..=TREE_INLINE_LEAVES as u8).map(Phone::new).collect();
    let packages: Vec<Vec<u8>> = all[1..].iter_mut().map(Phone::package).collect();
    let pending = all[0].create(&packages);
    assert!(pending.tree.ids.is_empty() && pending.tree.new.is_empty());
    all[1].join(&pending.welcome.unwrap()).unwrap();
    // One more, and it lies apart; one less, and it is back.
    let mut ninth = [Phone::new(9)];
    let (grown, welcomes) = all[0].adds(&mut ninth);
    assert!(grown.tree.ids.len() > 2 && grown.tree.ids.len() == grown.tree.new.len());
    all[0].merges(&grown);
    apart(ninth[0].joins_with(&welcomes[0], None));
    let shrunk = all[0]
        .with(|group, s, me| {
            let last = group.members().pop().unwrap();
            group.commit_remove(s, me, &[last], &|_: &Change| Verdict::Allow)
        })
        .unwrap();
    assert!(shrunk.tree.ids.is_empty());
}

#[test]
fn a_newcomer_joins_with_the_tree_of_its_welcome_and_with_no_other() {
    let (mut all, mut shelf, made) = crowd(12);
    let mut late = [Phone::new(40), Phone::new(41)];
    let (pending, welcomes) = all[0].adds(&mut late);
    shelf.takes(&pending.tree);
    all[0].merges(&pending);
    // Each gets its own Welcome, which does not grow with the number of those who come.
    assert!(welcomes[0].len() < 2_500, "{}", welcomes[0].len());
    assert!(matches!(late[0].joins_with(&welcomes[1], None), Err(Error::NoSuchKeyPackage)));

    let key = apart(late[0].joins_with(&welcomes[0], None));
    let tree = shelf.gives(&key).unwrap().unwrap();
    let old = apart(Phone::new(60).rejoins_with(&made.group_info, None, made.next_r));
    let old = shelf.gives(&old).unwrap().unwrap();
    assert!(old != tree);
    assert_eq!(unreadable(late[0].joins_with(&welcomes[0], Some(&old))), Unreadable::Forged);
    assert!(late[0].joins_with(&welcomes[0], Some(&tree[..tree.len() - 9])).is_err());
    // None of this has used anything up.
    late[0].joins_with(&welcomes[0], Some(&tree)).unwrap();
    let text = all[0].says("welcome");
    assert_eq!(late[0].reads(&text).unwrap(), "welcome");
}

#[test]
fn pieces_that_lack_or_were_exchanged_make_no_tree() {
    let (mut all, shelf, made) = crowd(12);
    let key = apart(all[0].rejoins_with(&made.group_info, None, made.next_r));
    let plan = TreePlan::read(GROUP, &key, &shelf.0[&key.id()]).unwrap();
    let (first, second) = (*plan.ids().first().unwrap(), *plan.ids().last().unwrap());
    assert!(plan.takes(first, &shelf.0[&first]) && !plan.takes(first, &shelf.0[&second]));

    let mut lacks = Shelf(shelf.0.clone());
    lacks.0.remove(&first);
    assert!(lacks.gives(&key).unwrap().is_none());
    let mut exchanged = Shelf(shelf.0.clone());
    exchanged.0.insert(first, shelf.0[&second].clone());
    assert!(exchanged.gives(&key).is_err());
    let mut cut = Shelf(shelf.0);
    cut.0.get_mut(&first).unwrap().truncate(512);
    assert!(cut.gives(&key).is_err());
    assert!(TreePlan::read(GROUP, &key, &cut.0[&second]).is_err());
}

#[test]
fn whatever_an_index_says_it_is_read_or_refused() {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let key = PieceKey([5; 32]);
    let mut read = 0;
    for round in 0..2_000_u32 {
        // A number of nodes, and keys: some too many, some too few, some bytes of nothing.
        let mut plain = (rng.next_u32() % (1 << (round % 20))).to_be_bytes().to_vec();
        let keys = 32 * (rng.next_u32() as usize % 9);
        plain.extend(vec![0_u8; keys].tls_serialize_detached().unwrap());
        if round % 5 == 0 {
            let at = rng.next_u32() as usize % plain.len();
            plain[at] ^= rng.next_u32() as u8;
        }
        let sealed = key.seal(vocab::SlotId(GROUP.0), &plain, &mut rng).unwrap();
        if let Ok(plan) = TreePlan::read(GROUP, &key, &sealed.bytes) {
            read += 1;
            assert!(plan.ids().len() <= 9);
            assert!(matches!(plan.assemble(&BTreeMap::new()), Ok(None)) || plan.ids().is_empty());
        }
    }
    assert!(read > 50, "{read} could be read");
}

#[test]
fn a_commit_says_the_pieces_of_one_path_and_a_device_comes_back_by_them() {
    let (mut all, mut shelf, made) = crowd(40);
    assert_eq!(made.tree.ids.len(), made.tree.new.len());
    let mut last = made;
    for turn in 0..4 {
        let pending = all[turn * 9].updates();
        // The index, eight leaves, and the levels above them.
        assert_eq!(shelf.takes(&pending.tree), 3, "of {}", pending.tree.ids.len());
        for (number, other) in all.iter_mut().enumerate() {
            if number == turn * 9 {
                other.merges(&pending);
            } else if number != 39 {
                other.follows(&pending.commit, &known_accounts_only).unwrap();
            }
        }
        last = pending;
    }
    // The last one has missed all of it.
    let key = apart(all[39].rejoins_with(&last.group_info, None, last.next_r));
    let tree = shelf.gives(&key).unwrap().unwrap();
    let pending = all[39].rejoins_with(&last.group_info, Some(&tree), last.next_r).unwrap();
    assert!(shelf.takes(&pending.tree) <= 3);
    all[39].merges(&pending);
    all[3].follows(&pending.commit, &known_accounts_only).unwrap();
    let text = all[3].says("back?");
    assert_eq!(all[39].reads(&text).unwrap(), "back?");
}

#[test]
fn a_service_that_has_lost_pieces_is_told_all_of_them() {
    let (mut all, shelf, made) = crowd(20);
    drop(shelf);
    let pending = all[0]
        .with(|group, s, me| {
            group.say_whole_tree();
            group.commit_update(s, me, None, &known_accounts_only)
        })
        .unwrap();
    assert!(pending.tree.ids.len() >= made.tree.ids.len());
    let mut empty = Shelf::default();
    assert_eq!(empty.takes(&pending.tree), pending.tree.ids.len());
}

#[test]
fn a_welcome_tells_the_way_in_without_its_tree() {
    let (mut all, _, made) = crowd(12);
    let mut late = [Phone::new(40)];
    let (pending, welcomes) = all[0].adds(&mut late);
    let told = late[0].step(|s, _, _| Group::way_in(s, &welcomes[0])).unwrap();
    assert_eq!(told, (GROUP, Some(pending.next_r)));
    assert_eq!(pending.next_r, made.next_r);
    // And nothing is used up by looking.
    assert_eq!(late[0].step(|s, _, _| Group::way_in(s, &welcomes[0])).unwrap().0, GROUP);
    let ours = late[0].step(|_, _, _| crate::packages_of(&welcomes[0])).unwrap();
    assert_eq!(ours.len(), 1);
    late[0].step(|s, _, _| forget_key_package(s, &ours[0])).unwrap();
    assert!(matches!(late[0].joins_with(&welcomes[0], None), Err(Error::NoSuchKeyPackage)));
}

#[test]
fn a_commit_that_leaves_more_than_1024_people_or_2048_devices_is_refused() {
    let mut all = chartered();
    let pending = all[0].with(|group, s, me| group.commit_update(s, me, None, &by_charter)).unwrap();
    let someone = pending.change.after[3].clone();
    let with = |people: usize, devices: usize| {
        let mut change = pending.change.clone();
        for number in change.after.len()..devices {
            let mut member = Member { leaf: number as u32, ..someone.clone() };
            if number < people {
                member.account.0[..8].copy_from_slice(&(number as u64).to_be_bytes());
            }
            change.after.push(member);
        }
        by_charter(&change)
    };
    let full = Verdict::Refuse("the group is full");
    for (people, devices, expected) in [
        (GROUP_PEOPLE_MAX, GROUP_PEOPLE_MAX, Verdict::Allow),
        (GROUP_PEOPLE_MAX, SLOT_LEAVES_MAX, Verdict::Allow),
        (GROUP_PEOPLE_MAX + 1, GROUP_PEOPLE_MAX + 1, full),
        (GROUP_PEOPLE_MAX, SLOT_LEAVES_MAX + 1, full),
    ] {
        assert_eq!(with(people, devices), expected, "{people}, {devices}");
    }
}
