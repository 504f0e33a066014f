//! Keeping, fetching, deleting, expiring, and who pays.

use vocab::limits::BLOBS_ASKED_MAX;
use wire::blob::{AskBlobs, DeleteBlob, FetchBlob, PutBlob};
use wire::token::Token;

use super::token::earn_one;
use super::*;

#[test]
fn who_shows_the_capability_fetches_and_deletes_and_nobody_else() {
    let mut world = World::new();
    assert!(world.ask_blob(put(1, 1_024, 1)).is_ok());
    assert_eq!(fetch(&mut world, 1), Ok(vec![1; 1_024]));
    assert_eq!(fetch(&mut world, 2), Err(Refusal::NotAllowed));
    assert_eq!(world.ask_blob(delete(2)).err(), Some(Refusal::NotAllowed));
    assert!(world.ask_blob(delete(1)).is_ok());
    assert_eq!(fetch(&mut world, 1), Err(Refusal::NotAllowed));
    assert_eq!(world.ask_blob(delete(1)).err(), Some(Refusal::NotAllowed), "there is none any more");
}

#[test]
fn the_same_again_is_done_and_other_bytes_replace_nothing() {
    let mut world = World::new();
    assert!(world.ask_blob(put(1, 512, 1)).is_ok());
    assert!(world.ask_blob(put(1, 512, 1)).is_ok(), "the answer may have been lost");
    assert_eq!(world.ask_blob(put(1, 1_024, 1)).err(), Some(Refusal::Exists));
    assert_eq!(fetch(&mut world, 1), Ok(vec![1; 512]));
}

#[test]
fn t40_sizes_and_days_are_bounded() {
    let mut world = World::new();
    let token = earn_one(&mut world);
    assert_eq!(world.ask_blob(put(1, 513, 7)).err(), Some(Refusal::Malformed));
    assert_eq!(world.ask_blob(put(1, 4_194_305, 7)).err(), Some(Refusal::TooLarge));
    assert_eq!(world.ask_blob(put(1, 512, 0)).err(), Some(Refusal::Malformed));
    assert_eq!(world.ask_blob(put(1, 512, 31)).err(), Some(Refusal::TooLarge));
    assert!(world.ask_blob(paid(1, 4_194_304, 30, token)).is_ok());
    assert_eq!(world.rows("SELECT COUNT(*) FROM stored_blob"), 1);
}

#[test]
fn t40_what_is_not_free_needs_a_token_and_a_token_pays_for_so_much() {
    let mut world = World::new();
    let (one, two) = (earn_one(&mut world), earn_one(&mut world));
    assert_eq!(world.ask_blob(put(1, 32_768, 1)).err(), Some(Refusal::TokenNeeded));
    assert_eq!(world.ask_blob(put(1, 512, 2)).err(), Some(Refusal::TokenNeeded));
    for n in 1..=4 {
        assert!(world.ask_blob(paid(n, 4_194_304, 7, one)).is_ok());
        assert!(world.ask_blob(paid(n, 4_194_304, 7, one)).is_ok(), "the same again is not charged");
    }
    assert_eq!(world.ask_blob(paid(5, 512, 7, one)).err(), Some(Refusal::TokenNeeded), "it is used up");
    assert_eq!(fetch(&mut world, 5), Err(Refusal::NotAllowed));
    assert!(world.ask_blob(paid(5, 512, 7, two)).is_ok());
    assert_eq!(
        world.rows("SELECT bytes_left FROM token_spent ORDER BY bytes_left DESC LIMIT 1"),
        16 * 1024 * 1024 - 512
    );
}

#[test]
fn what_a_token_lost_and_what_it_paid_for_are_written_together_or_not_at_all() {
    let mut world = World::on_disk();
    let token = earn_one(&mut world);
    let session = world.connect(Door::Blob);
    world.tell(session, &Request { id: 1, op: paid(1, 512, 7, token) });
    world.crash_and_restart();
    assert_eq!(
        (world.rows("SELECT COUNT(*) FROM token_spent"), world.rows("SELECT COUNT(*) FROM blob")),
        (0, 0)
    );
    assert!(world.ask_blob(paid(1, 512, 7, token)).is_ok());
    world.crash_and_restart();
    assert_eq!(
        (world.rows("SELECT COUNT(*) FROM token_spent"), world.rows("SELECT COUNT(*) FROM blob")),
        (1, 1)
    );
}

#[test]
fn who_asks_is_told_which_are_there_in_order_and_not_those_that_expired() {
    let mut world = World::new();
    let token = earn_one(&mut world);
    assert!(world.ask_blob(put(1, 512, 1)).is_ok());
    assert!(world.ask_blob(paid(3, 512, 7, token)).is_ok());
    let there = |world: &mut World, ns: &[u8]| match world.ask_blob(ask_request(ns)) {
        Ok(BlobAnswer::BlobsThere(there)) => Ok(Vec::from(there.there)),
        Ok(_) => panic!("expected which are there"),
        Err(refusal) => Err(refusal),
    };
    assert_eq!(there(&mut world, &[3, 2, 1, 3]), Ok(vec![1, 0, 1, 1]));
    world.pass(2 * DAY_MS);
    assert_eq!(there(&mut world, &[1, 3]), Ok(vec![0, 1]));
    assert_eq!(there(&mut world, &[]), Err(Refusal::Malformed));
    assert_eq!(there(&mut world, &[3; BLOBS_ASKED_MAX]).map(|it| it.len()), Ok(BLOBS_ASKED_MAX));
    assert_eq!(there(&mut world, &[3; BLOBS_ASKED_MAX + 1]), Err(Refusal::TooLarge));
}

#[test]
fn after_its_day_it_is_gone_from_the_answer_and_then_from_the_disk() {
    let mut world = World::new();
    let token = earn_one(&mut world);
    assert!(world.ask_blob(paid(1, 512, 2, token)).is_ok());
    assert!(world.ask_blob(paid(2, 512, 9, token)).is_ok());
    world.pass(2 * DAY_MS);
    assert!(fetch(&mut world, 1).is_ok());
    world.pass(DAY_MS);
    assert_eq!(fetch(&mut world, 1), Err(Refusal::NotAllowed));
    assert!(world.ask_blob(put(1, 1_024, 1)).is_ok(), "an expired one is in nobody's way");
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
    assert!(world.ask_blob(put(7, 512, 1)).is_ok());
    let ids = world.service().db().read().all("SELECT id FROM blob", &[], |row| row.array::<32>(0)).unwrap();
    assert_eq!(ids, [seal::blob::key_of(&[7; 32])]);
}

#[test]
fn t40_a_network_that_fills_the_disk_is_told_to_wait_and_another_is_not() {
    let mut world = World::new();
    let (flood, other) = (Source::Network(1), Source::Network(2));
    let token = earn_one(&mut world);
    let session = world.connect_from(Door::Blob, flood);
    // 1 GiB an hour is 256 times the largest blob; the same one counts each time.
    for _ in 0..256 {
        assert!(world.ask_blob_on(session, paid(1, 4_194_304, 7, token)).is_ok());
    }
    assert!(matches!(world.ask_blob_on(session, put(2, 512, 1)), Err(Refusal::Busy { .. })));
    let session = world.connect_from(Door::Blob, other);
    assert!(world.ask_blob_on(session, put(2, 512, 1)).is_ok());
    world.pass(vocab::time::HOUR_MS);
    let session = world.connect_from(Door::Blob, flood);
    assert!(world.ask_blob_on(session, put(3, 512, 1)).is_ok());
}

#[test]
fn what_is_stored_survives_a_crash_and_what_was_refused_was_not_stored() {
    let mut world = World::on_disk();
    assert!(world.ask_blob(put(1, 512, 1)).is_ok());
    world.crash_and_restart();
    assert_eq!(fetch(&mut world, 1), Ok(vec![1; 512]));
}

pub fn put(n: u8, bytes: usize, days: u32) -> BlobRequest {
    BlobRequest::PutBlob(PutBlob {
        capability: Secret32([n; 32]),
        days,
        sealed: vec![n; bytes].into(),
        token: None,
        extensions: Vec::new(),
    })
}

pub fn paid(n: u8, bytes: usize, days: u32, token: Token) -> BlobRequest {
    match put(n, bytes, days) {
        BlobRequest::PutBlob(put) => BlobRequest::PutBlob(PutBlob { token: Some(token), ..put }),
        other => other,
    }
}

pub fn ask_request(ns: &[u8]) -> BlobRequest {
    let capabilities = ns.iter().map(|n| Secret32([*n; 32])).collect();
    BlobRequest::AskBlobs(AskBlobs { capabilities, extensions: Vec::new() })
}

pub fn delete(n: u8) -> BlobRequest {
    BlobRequest::DeleteBlob(DeleteBlob { capability: Secret32([n; 32]), extensions: Vec::new() })
}

pub fn fetch_request(n: u8) -> BlobRequest {
    BlobRequest::FetchBlob(FetchBlob { capability: Secret32([n; 32]), extensions: Vec::new() })
}

pub fn fetch(world: &mut World, n: u8) -> Result<Vec<u8>, Refusal> {
    match world.ask_blob(fetch_request(n))? {
        BlobAnswer::Blob(blob) => Ok(blob.sealed.into()),
        _ => panic!("expected a blob"),
    }
}
