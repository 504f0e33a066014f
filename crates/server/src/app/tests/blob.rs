//! Keeping, fetching, deleting, expiring.

use wire::blob::{DeleteBlob, FetchBlob, PutBlob};

use super::*;

#[test]
fn who_shows_the_capability_fetches_and_deletes_and_nobody_else() {
    let mut world = World::new();
    assert!(world.ask(put(1, 1_024, 7)).is_ok());
    assert_eq!(fetch(&mut world, 1), Ok(vec![1; 1_024]));
    assert_eq!(fetch(&mut world, 2), Err(Refusal::NotAllowed));
    assert_eq!(world.ask(delete(2)).err(), Some(Refusal::NotAllowed));
    assert!(world.ask(delete(1)).is_ok());
    assert_eq!(fetch(&mut world, 1), Err(Refusal::NotAllowed));
    assert_eq!(world.ask(delete(1)).err(), Some(Refusal::NotAllowed), "there is none any more");
}

#[test]
fn the_same_again_is_done_and_other_bytes_replace_nothing() {
    let mut world = World::new();
    assert!(world.ask(put(1, 512, 7)).is_ok());
    assert!(world.ask(put(1, 512, 7)).is_ok(), "the answer may have been lost");
    assert_eq!(world.ask(put(1, 1_024, 7)).err(), Some(Refusal::Exists));
    assert_eq!(fetch(&mut world, 1), Ok(vec![1; 512]));
}

#[test]
fn t40_sizes_and_days_are_bounded() {
    let mut world = World::new();
    assert_eq!(world.ask(put(1, 513, 7)).err(), Some(Refusal::Malformed));
    assert_eq!(world.ask(put(1, 4_194_305, 7)).err(), Some(Refusal::TooLarge));
    assert_eq!(world.ask(put(1, 512, 0)).err(), Some(Refusal::Malformed));
    assert_eq!(world.ask(put(1, 512, 31)).err(), Some(Refusal::TooLarge));
    assert!(world.ask(put(1, 4_194_304, 30)).is_ok());
    assert_eq!(world.rows("SELECT COUNT(*) FROM blob"), 1);
}

#[test]
fn after_its_day_it_is_gone_from_the_answer_and_then_from_the_disk() {
    let mut world = World::new();
    assert!(world.ask(put(1, 512, 2)).is_ok());
    assert!(world.ask(put(2, 512, 9)).is_ok());
    world.pass(2 * DAY_MS);
    assert!(fetch(&mut world, 1).is_ok());
    world.pass(DAY_MS);
    assert_eq!(fetch(&mut world, 1), Err(Refusal::NotAllowed));
    assert!(world.ask(put(1, 1_024, 2)).is_ok(), "an expired one is in nobody's way");
    world.pass(4 * DAY_MS);
    let now = world.now;
    world.service().tick(now);
    world.flush();
    assert_eq!(world.rows("SELECT COUNT(*) FROM blob"), 1);
    assert!(fetch(&mut world, 2).is_ok());
}

#[test]
fn the_disk_holds_no_capability() {
    let mut world = World::new();
    assert!(world.ask(put(7, 512, 7)).is_ok());
    let ids = world.service().db().read().all("SELECT id FROM blob", &[], |row| row.array::<32>(0)).unwrap();
    assert_eq!(ids, [seal::blob::key_of(&[7; 32])]);
}

#[test]
fn t40_a_network_that_fills_the_disk_is_told_to_wait_and_another_is_not() {
    let mut world = World::new();
    let (flood, other) = (Source::Network(1), Source::Network(2));
    let session = world.connect_from(Door::Unnamed, flood);
    // 1 GiB an hour is 256 times the largest blob; the same one counts each time.
    for _ in 0..256 {
        assert!(world.ask_on(session, put(1, 4_194_304, 7)).is_ok());
    }
    assert!(matches!(world.ask_on(session, put(2, 512, 7)), Err(Refusal::Busy { .. })));
    let session = world.connect_from(Door::Unnamed, other);
    assert!(world.ask_on(session, put(2, 512, 7)).is_ok());
    world.pass(vocab::time::HOUR_MS);
    let session = world.connect_from(Door::Unnamed, flood);
    assert!(world.ask_on(session, put(3, 512, 7)).is_ok());
}

#[test]
fn what_is_stored_survives_a_crash_and_what_was_refused_was_not_stored() {
    let mut world = World::on_disk();
    assert!(world.ask(put(1, 512, 7)).is_ok());
    world.crash_and_restart();
    assert_eq!(fetch(&mut world, 1), Ok(vec![1; 512]));
}

pub fn put(n: u8, bytes: usize, days: u32) -> UnnamedRequest {
    UnnamedRequest::PutBlob(PutBlob {
        capability: Secret32([n; 32]),
        days,
        sealed: vec![n; bytes].into(),
        token: Vec::new().into(),
        extensions: Vec::new(),
    })
}

pub fn delete(n: u8) -> UnnamedRequest {
    UnnamedRequest::DeleteBlob(DeleteBlob { capability: Secret32([n; 32]), extensions: Vec::new() })
}

pub fn fetch_request(n: u8) -> UnnamedRequest {
    UnnamedRequest::FetchBlob(FetchBlob { capability: Secret32([n; 32]), extensions: Vec::new() })
}

fn fetch(world: &mut World, n: u8) -> Result<Vec<u8>, Refusal> {
    match world.ask(fetch_request(n))? {
        UnnamedAnswer::Blob(blob) => Ok(blob.sealed.into()),
        _ => panic!("expected a blob"),
    }
}
