//! Binding, renewing, deleting.

use super::*;

#[test]
fn filing_the_same_again_renews_it_and_does_not_undo_its_binding() {
    let mut world = World::new();
    let (alice, mut bob) = (world.open_device(1), world.device(2));
    let a = AddressSecret([40; 32]);
    let filing = world.create_address(&bob, a, Bound::free());
    let UnnamedRequest::CreateAddress(filed) = &filing else { panic!() };
    let again = UnnamedRequest::CreateAddress(CreateAddress {
        key: filed.key,
        sealed: filed.sealed.clone(),
        owner: filed.owner,
        token: Vec::new().into(),
        extensions: Vec::new(),
    });
    assert!(world.ask(filing).is_ok());
    let slot = SlotId([5; 16]);
    let own = world.address(&alice, 41, Bound::to(slot));
    let chat = Conversation { slot, posting_key: [5; 32], members: vec![own, a] };
    let request = world.create_slot(&chat, vec![welcome(a, 512)], b"");
    world.stored(request).unwrap();
    assert!(world.ask(again).is_ok());
    world.send(&chat).unwrap();
    world.open(&mut bob);
    assert_eq!(world.read(&bob), [1, 2], "Welcome and message");
}

#[test]
fn only_the_owner_changes_or_deletes_an_address() {
    let mut world = World::new();
    let (alice, mallory) = (world.device(1), world.device(2));
    let a = world.address(&alice, 40, Bound::free());
    let stolen = world.create_address(&mallory, a, Bound::free());
    assert_eq!(world.ask(stolen).err(), Some(Refusal::Exists));
    assert_eq!(world.ask(mallory.delete(&a)).err(), Some(Refusal::NotAllowed));
    assert!(world.ask(alice.delete(&a)).is_ok());
    assert_eq!(world.ask(alice.delete(&a)).err(), Some(Refusal::NotAllowed), "there is none any more");
}

#[test]
fn a_deleted_address_gets_nothing_at_once_though_the_roster_was_open() {
    let mut world = World::new();
    let (alice, bob) = (world.open_device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    world.send(&chat).unwrap();
    assert_eq!(world.read(&bob), [2]);
    let left = chat.members[1];
    assert!(world.ask(bob.delete(&left)).is_ok());
    world.send(&chat).unwrap();
    assert_eq!((world.read(&alice), world.read(&bob)), (vec![2, 3], vec![]));
}

#[test]
fn an_address_filed_after_the_roster_was_opened_counts_at_once() {
    let mut world = World::new();
    let (alice, bob) = (world.open_device(1), world.open_device(2));
    let mut chat = world.conversation(5, &[&alice]);
    let late = AddressSecret([60; 32]);
    let before =
        Conversation { slot: chat.slot, posting_key: chat.posting_key, members: chat.members.clone() };
    chat.members.push(late);
    chat.posting_key = [6; 32];
    let commit = world.commit_request(&before, &chat, Vec::new(), b"");
    world.stored(commit).unwrap();
    world.send(&chat).unwrap();
    world.address(&bob, 60, Bound::to(chat.slot));
    world.send(&chat).unwrap();
    assert_eq!(world.read(&bob), [4]);
}

#[test]
fn a_last_resort_address_serves_many_slots_and_a_single_one_its_first() {
    let mut world = World::new();
    let (alice, bob) = (world.open_device(1), world.open_device(2));
    let once = world.address(&bob, 40, Bound::free());
    let many = world.address(&bob, 41, Bound::last_resort());
    for n in 10..13_u8 {
        let slot = SlotId([n; 16]);
        let own = world.address(&alice, 100 + n, Bound::to(slot));
        let chat = Conversation { slot, posting_key: [n; 32], members: vec![own] };
        let request = world.create_slot(&chat, vec![welcome(once, 512), welcome(many, 1_024)], b"");
        world.stored(request).unwrap();
    }
    let got: Vec<_> =
        world.received(&bob).into_iter().map(|(_, it)| (it.slot.0[0], it.payload.as_slice().len())).collect();
    assert_eq!(got, [(10, 512), (10, 1_024), (11, 1_024), (12, 1_024)]);
}

#[test]
fn a_too_long_address_is_refused() {
    let mut world = World::new();
    let request = UnnamedRequest::CreateAddress(CreateAddress {
        key: key_of(&AddressSecret([1; 32])),
        sealed: vec![0; 1_281].into(),
        owner: [0; 32],
        token: Vec::new().into(),
        extensions: Vec::new(),
    });
    assert_eq!(world.ask(request).err(), Some(Refusal::TooLarge));
}
