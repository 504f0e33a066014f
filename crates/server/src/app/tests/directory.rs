//! Quota, rows, permits.

use seal::directory::{Lookup, ROW_BYTES};
use vocab::limits::DIRECTORY_BATCH_MAX;
use wire::directory::{Evaluate, FetchDirectoryRow, PutDirectoryRow};

use super::*;

#[test]
fn a_row_is_found_through_an_evaluation_and_filed_with_its_permit_only() {
    let mut world = World::new();
    let (anna, boris) = (Person::new(1), Person::new(2));
    let permit = world.register(&anna, Some(ANNA)).unwrap();
    let session = world.registered(&boris);
    let place = find(&mut world, session, ANNA);
    let row = place.seal_row(anna.id(), &anna.introduction(), &mut ChaCha20Rng::seed_from_u64(1));
    let mut forged = permit.clone();
    forged[20] ^= 1;
    assert_eq!(world.ask(put(place.tag, &row, &forged)).err(), Some(Refusal::NotAllowed));
    assert_eq!(world.ask(put([1; 32], &row, &permit)).err(), Some(Refusal::NotAllowed), "another tag");
    assert_eq!(world.ask(put(place.tag, &row[1..], &permit)).err(), Some(Refusal::Malformed));
    assert!(world.ask(put(place.tag, &row, &permit)).is_ok());
    let (account, introduction) = place.open_row(&fetch(&mut world, place.tag)).unwrap();
    assert!(account == anna.id() && introduction == anna.introduction());
    world.pass(8 * DAY_MS);
    assert_eq!(
        world.ask(put(place.tag, &row, &permit)).err(),
        Some(Refusal::NotAllowed),
        "a week has passed"
    );
}

#[test]
fn nobody_looks_like_somebody_and_the_same_whenever_asked() {
    let mut world = World::new();
    let nobody = [fetch(&mut world, [1; 32]), fetch(&mut world, [1; 32]), fetch(&mut world, [2; 32])];
    assert!(nobody[0] == nobody[1] && nobody[0] != nobody[2]);
    assert!(nobody.iter().all(|row| row.len() == ROW_BYTES));
}

#[test]
fn t06_a_handle_that_changed_hands_leads_nowhere_old_and_an_old_permit_files_nothing_over_the_new() {
    let mut world = World::new();
    let (old, new) = (Person::new(1), Person::new(2));
    let first = world.register(&old, Some(ANNA)).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let session = world.registered(&Person::new(3));
    let place = find(&mut world, session, ANNA);
    let old_row = place.seal_row(old.id(), &old.introduction(), &mut rng);
    assert!(world.ask(put(place.tag, &old_row, &first)).is_ok());
    assert!(world.register(&new, Some(ANNA)).is_err());
    world.pass(7 * DAY_MS);
    let second = world.register(&new, Some(ANNA)).unwrap();
    assert!(place.open_row(&fetch(&mut world, place.tag)).is_err(), "the old row is gone");
    let new_row = place.seal_row(new.id(), &new.introduction(), &mut rng);
    assert!(world.ask(put(place.tag, &new_row, &second)).is_ok());
    assert_eq!(world.ask(put(place.tag, &old_row, &first)).err(), Some(Refusal::NotAllowed));
    assert_eq!(fetch(&mut world, place.tag), new_row);
}

#[test]
fn t01_query_2001_is_refused_also_after_a_restart_and_from_a_second_device() {
    let mut world = World::on_disk();
    let mut anna = Person::new(1);
    let session = world.registered(&anna);
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let blinded = Lookup::begin(&Handle::parse(BORIS).unwrap(), &mut rng).unwrap().blinded;
    let mut left = 2_000;
    for _ in 0..20 {
        world.pass(1_000);
        left -= 100;
        assert_eq!(quota_left(world.visit_ask(session, evaluate(&blinded, DIRECTORY_BATCH_MAX))), Ok(left));
    }
    let until = world.now.day().plus(1);
    let used = Err(Refusal::QuotaUsed { until });
    assert_eq!(quota_left(world.visit_ask(session, evaluate(&blinded, 1))), used);
    anna.chain = anna.chain.next(&[1; 32], vec![entry(1), entry(2)]).unwrap();
    let update = AccountRequest::UpdateDeviceList(wire::account::UpdateDeviceList {
        device_list: anna.chain.newest_bytes().into(),
        extensions: Vec::new(),
    });
    assert!(world.visit_ask(session, update).is_ok());
    world.crash_and_restart();
    let second = world.authenticate(&anna, 2).unwrap();
    assert_eq!(quota_left(world.visit_ask(second, evaluate(&blinded, 1))), used);
    world.pass(DAY_MS);
    assert_eq!(quota_left(world.visit_ask(second, evaluate(&blinded, 100))), Ok(100));
    assert_eq!(quota_left(world.visit_ask(second, evaluate(&blinded, 99))), Ok(1));
    let until = world.now.day().plus(1);
    let used = Err(Refusal::QuotaUsed { until });
    assert_eq!(quota_left(world.visit_ask(second, evaluate(&blinded, 2))), used, "all or nothing");
    assert_eq!(quota_left(world.visit_ask(second, evaluate(&blinded, 1))), Ok(0));
}

#[test]
fn t01_whoever_takes_over_a_handle_goes_on_with_its_quota() {
    let mut world = World::new();
    let (first, second) = (Person::new(1), Person::new(2));
    world.register(&first, Some(ANNA)).unwrap();
    let session = world.authenticate(&first, 1).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let blinded = Lookup::begin(&Handle::parse(BORIS).unwrap(), &mut rng).unwrap().blinded;
    assert_eq!(quota_left(world.visit_ask(session, evaluate(&blinded, 100))), Ok(1_900));
    assert!(world.register(&second, Some(ANNA)).is_err());
    world.pass(7 * DAY_MS);
    world.register(&second, Some(ANNA)).unwrap();
    let session = world.authenticate(&second, 2).unwrap();
    assert_eq!(quota_left(world.visit_ask(session, evaluate(&blinded, 100))), Ok(1_900 + 200 - 100));
}

#[test]
fn what_is_no_point_costs_nothing_and_a_stranger_evaluates_nothing() {
    let mut world = World::new();
    let anna = Person::new(1);
    let session = world.registered(&anna);
    assert_eq!(quota_left(world.visit_ask(session, evaluate(&[255; 32], 1))), Err(Refusal::Malformed));
    assert_eq!(quota_left(world.visit_ask(session, evaluate(&[255; 32], 0))), Err(Refusal::Malformed));
    assert_eq!(quota_left(world.visit_ask(session, evaluate(&[255; 32], 101))), Err(Refusal::TooLarge));
    assert_eq!(world.rows("SELECT COUNT(*) FROM directory_quota"), 0);
    let (stranger, _) = world.visit();
    assert_eq!(quota_left(world.visit_ask(stranger, evaluate(&[255; 32], 1))), Err(Refusal::NotAllowed));
}

fn evaluate(blinded: &[u8], count: usize) -> AccountRequest {
    AccountRequest::Evaluate(Evaluate { blinded: vec![blinded.into(); count], extensions: Vec::new() })
}

fn quota_left(answer: Result<AccountAnswer, Refusal>) -> Result<u32, Refusal> {
    match answer? {
        AccountAnswer::Evaluated(evaluated) => Ok(evaluated.quota_left),
        _ => panic!("expected to be evaluated"),
    }
}

fn find(world: &mut World, session: SessionId, handle: &str) -> seal::directory::Place {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let lookup = Lookup::begin(&Handle::parse(handle).unwrap(), &mut rng).unwrap();
    let answer = world.visit_ask(session, evaluate(&lookup.blinded, 1));
    let Ok(AccountAnswer::Evaluated(evaluated)) = answer else { panic!("expected to be evaluated") };
    let key = world.service().directory.public_key().to_vec();
    let element = &evaluated.elements[0];
    lookup.finish(element.element.as_slice(), element.proof.as_slice(), &key).ok().unwrap()
}

fn put(tag: [u8; 32], row: &[u8], permit: &[u8]) -> UnnamedRequest {
    let (row, permit) = (row.into(), permit.into());
    UnnamedRequest::PutDirectoryRow(PutDirectoryRow { tag, row, permit, extensions: Vec::new() })
}

fn fetch(world: &mut World, tag: [u8; 32]) -> Vec<u8> {
    let request = FetchDirectoryRow { tag, token: Vec::new().into(), extensions: Vec::new() };
    match world.ask(UnnamedRequest::FetchDirectoryRow(request)) {
        Ok(UnnamedAnswer::DirectoryRow(row)) => row.row.into(),
        _ => panic!("expected a row"),
    }
}
