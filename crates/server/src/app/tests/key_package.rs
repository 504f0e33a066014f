//! Stock, draws, and what a stranger learns.

use seal::padding::unpad;
use vocab::limits::{KEY_PACKAGE_BYTES_MAX, KEY_PACKAGES_ANSWER_BYTES};
use wire::key_package::{FetchKeyPackages, KeyPackageSet, PutKeyPackages};

use super::*;

#[test]
fn a_package_is_drawn_once_and_the_last_resort_stays() {
    let mut world = World::new();
    let anna = Person::new(1);
    let session = world.registered(&anna);
    assert!(world.visit_ask(session, put(2, true)).is_ok());
    let drawn: Vec<_> = (0..4).map(|_| packages(&mut world, &anna)).collect();
    assert!(drawn[0] != drawn[1] && drawn[0][0].len() == 100);
    assert_eq!((drawn[2][0].len(), &drawn[2]), (99, &drawn[3]), "the last resort, again and again");
}

#[test]
fn t17_strangers_draw_ten_a_day_and_leave_the_rest_of_the_stock() {
    let mut world = World::on_disk();
    let anna = Person::new(1);
    let session = world.registered(&anna);
    assert!(world.visit_ask(session, put(20, true)).is_ok());
    for _ in 0..30 {
        packages(&mut world, &anna);
    }
    world.crash_and_restart();
    packages(&mut world, &anna);
    assert_eq!(world.rows("SELECT COUNT(*) FROM key_package"), 10);
    world.pass(DAY_MS);
    assert_eq!(packages(&mut world, &anna)[0].len(), 100);
}

#[test]
fn t09_a_strangers_answer_has_one_length_for_one_device_and_for_five() {
    let mut world = World::new();
    let (one, mut five) = (Person::new(1), Person::new(2));
    let session = world.registered(&one);
    assert!(world.visit_ask(session, put(3, true)).is_ok());
    let session = world.registered(&five);
    five.chain = five.chain.next(&[2; 32], (2..=6).map(entry).collect()).unwrap();
    let update = AccountRequest::UpdateDeviceList(wire::account::UpdateDeviceList {
        device_list: five.chain.newest_bytes().into(),
        extensions: Vec::new(),
    });
    assert!(world.visit_ask(session, update).is_ok());
    for n in 2..=6 {
        let session = world.authenticate(&five, n).unwrap();
        assert!(world.visit_ask(session, put(3, true)).is_ok());
    }
    let lengths: Vec<_> = [&one, &five].map(|person| answer(&mut world, person).unwrap().len()).into();
    assert_eq!(lengths, [KEY_PACKAGES_ANSWER_BYTES; 2]);
    assert_eq!((packages(&mut world, &one).len(), packages(&mut world, &five).len()), (1, 5));
}

#[test]
fn a_wrong_proof_and_no_account_are_one_answer() {
    let mut world = World::new();
    let (anna, nobody) = (Person::new(1), Person::new(2));
    world.registered(&anna);
    let wrong = fetch(&anna, nobody.introduction().fetch_proof());
    let unknown = fetch(&nobody, nobody.introduction().fetch_proof());
    let answers = [wrong, unknown].map(|request| world.ask(request).err());
    assert_eq!(answers, [Some(Refusal::NotAllowed), Some(Refusal::NotAllowed)]);
    assert_eq!(packages(&mut world, &anna).len(), 0, "a device without packages is left out");
}

#[test]
fn the_stock_is_bounded() {
    let mut world = World::new();
    let anna = Person::new(1);
    let session = world.registered(&anna);
    assert!(
        world.visit_ask(session, put(20, false)).is_ok() && world.visit_ask(session, put(20, false)).is_ok()
    );
    assert_eq!(world.visit_ask(session, put(1, false)).err(), Some(Refusal::TooLarge));
    let large = AccountRequest::PutKeyPackages(PutKeyPackages {
        packages: Vec::new(),
        last_resort: vec![1; KEY_PACKAGE_BYTES_MAX + 1].into(),
        extensions: Vec::new(),
    });
    assert_eq!(world.visit_ask(session, large).err(), Some(Refusal::TooLarge));
    let (stranger, _) = world.visit();
    assert_eq!(world.visit_ask(stranger, put(1, false)).err(), Some(Refusal::NotAllowed));
}

#[test]
fn packages_that_do_not_fit_the_answer_are_neither_sent_nor_lost() {
    let mut world = World::new();
    let mut anna = Person::new(1);
    let session = world.registered(&anna);
    anna.chain = anna.chain.next(&[1; 32], (1..=10).map(entry).collect()).unwrap();
    let update = AccountRequest::UpdateDeviceList(wire::account::UpdateDeviceList {
        device_list: anna.chain.newest_bytes().into(),
        extensions: Vec::new(),
    });
    assert!(world.visit_ask(session, update).is_ok());
    for n in 1..=10 {
        let session = world.authenticate(&anna, n).unwrap();
        let request = AccountRequest::PutKeyPackages(PutKeyPackages {
            packages: vec![vec![n; KEY_PACKAGE_BYTES_MAX].into()],
            last_resort: Vec::new().into(),
            extensions: Vec::new(),
        });
        assert!(world.visit_ask(session, request).is_ok());
    }
    assert_eq!(packages(&mut world, &anna).len(), 5);
    assert_eq!(world.rows("SELECT COUNT(*) FROM key_package"), 5);
}

/// Puts so many packages of 100 bytes, and a last resort of 99.
pub(super) fn put(count: u8, last_resort: bool) -> AccountRequest {
    AccountRequest::PutKeyPackages(PutKeyPackages {
        packages: (0..count).map(|n| vec![n; 100].into()).collect(),
        last_resort: if last_resort { vec![255; 99].into() } else { Vec::new().into() },
        extensions: Vec::new(),
    })
}

pub(super) fn fetch(whose: &Person, proof: [u8; 32]) -> UnnamedRequest {
    UnnamedRequest::FetchKeyPackages(FetchKeyPackages {
        account: whose.id(),
        proof: Secret32(proof),
        token: Vec::new().into(),
        extensions: Vec::new(),
    })
}

fn answer(world: &mut World, whose: &Person) -> Result<Vec<u8>, Refusal> {
    match world.ask(fetch(whose, whose.introduction().fetch_proof()))? {
        UnnamedAnswer::KeyPackages(packages) => Ok(packages.padded.into()),
        _ => panic!("expected key packages"),
    }
}

fn packages(world: &mut World, whose: &Person) -> Vec<Vec<u8>> {
    let set = KeyPackageSet::decode(&unpad(&answer(world, whose).unwrap()).unwrap()).unwrap();
    assert_eq!(set.device_chain.as_slice(), whose.chain.to_bytes());
    set.packages.into_iter().map(Vec::from).collect()
}
