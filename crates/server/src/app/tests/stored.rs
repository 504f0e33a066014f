//! Blobs in the store: written before they are said to be there, and nothing left over whatever ends in the middle.

use server_db::Fault;
use vocab::time::HOUR_MS;
use wire::token::Token;

use super::blob::{delete, fetch, fetch_request, paid, put};
use super::token::earn_one;
use super::*;
use crate::store::tests::all;
use crate::store::{Listing, StoreError};

/// Larger than what lies in the database.
const LARGE: usize = 32_768;

/// Names in the store.
fn lie(world: &World) -> Vec<Name> {
    let Listing { names, more } = world.store.list(None, 1_000).unwrap();
    assert!(!more);
    names
}

/// Names in rows, and whether the row says that it is there.
fn stand(world: &mut World) -> Vec<(Name, bool)> {
    let rows =
        world.service().db().read().all("SELECT name, state FROM stored_blob ORDER BY name", &[], |row| {
            Ok((Name(row.array(0)?), row.count(1)? == 1))
        });
    rows.unwrap()
}

/// A round of the janitor.
fn janitor(world: &mut World) {
    world.tick();
    world.pass(HOUR_MS);
    for _ in 0..4 {
        world.tick();
    }
}

fn done(answer: Option<Out>) -> bool {
    match answer {
        Some(Out::Frame(frame)) => {
            matches!(Reply::<BlobAnswer>::decode(&frame), Ok(Reply::Done { answer: BlobAnswer::Done, .. }))
        }
        _ => false,
    }
}

fn refusal(answer: Option<Out>) -> Option<Refusal> {
    match answer {
        Some(Out::Frame(frame)) => match Reply::<BlobAnswer>::decode(&frame) {
            Ok(Reply::Refused { refusal, .. }) => Some(refusal),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn a_large_one_lies_in_the_store_under_a_name_that_tells_nothing() {
    for (kind, store, _life) in all() {
        let mut world = World::new();
        world.store = store;
        let token = earn_one(&mut world);
        assert!(world.ask_blob(paid(1, LARGE, 7, token)).is_ok(), "{kind}");
        assert_eq!(fetch(&mut world, 1), Ok(vec![1; LARGE]), "{kind}");
        assert!(world.ask_blob(paid(1, LARGE, 7, token)).is_ok(), "{kind}: the same again");
        assert_eq!(world.ask_blob(paid(1, 2 * LARGE, 7, token)).err(), Some(Refusal::Malformed), "{kind}");
        assert_eq!(world.ask_blob(paid(1, 49_152, 7, token)).err(), Some(Refusal::Exists), "{kind}");
        let names = lie(&world);
        assert_eq!(stand(&mut world), [(names[0], true)], "{kind}");
        let id = seal::blob::key_of(&[1; 32]);
        assert!(!id.windows(4).any(|piece| names[0].0.windows(4).any(|other| other == piece)));
        assert_eq!(world.rows("SELECT COUNT(*) FROM blob"), 0, "{kind}");
        assert!(world.ask_blob(delete(1)).is_ok(), "{kind}");
        assert_eq!(fetch(&mut world, 1), Err(Refusal::NotAllowed), "{kind}");
        assert_eq!((lie(&world), stand(&mut world)), (vec![], vec![]), "{kind}");
    }
}

#[test]
fn it_is_said_to_be_there_after_the_store_and_then_the_row_have_it() {
    let mut world = World::on_disk();
    let token = earn_one(&mut world);
    world.store_is_slow = true;
    let (first, second, other) =
        (world.connect(Door::Blob), world.connect(Door::Blob), world.connect(Door::Blob));
    world.tell(first, &Request { id: 1, op: paid(1, LARGE, 7, token) });
    world.flush();
    assert_eq!(world.next(first), None, "nothing is written yet");
    assert!(matches!(stand(&mut world)[..], [(_, false)]), "but its row stands");
    // Whoever puts the same waits too; whoever puts something else or fetches is told so.
    world.tell(second, &Request { id: 2, op: paid(1, LARGE, 7, token) });
    world.tell(other, &Request { id: 3, op: paid(1, 49_152, 7, token) });
    world.tell(other, &Request { id: 4, op: fetch_request(1) });
    world.flush();
    assert_eq!(world.next(second), None);
    assert_eq!(refusal(world.next(other)), Some(Refusal::Exists));
    assert_eq!(refusal(world.next(other)), Some(Refusal::NotAllowed));
    let work = world.service().store_work();
    assert_eq!(work.len(), 1, "it is written once");
    for work in work {
        let done = perform(&*world.store, work);
        world.hears(done);
    }
    assert_eq!(world.next(first), None, "the row does not say so yet");
    world.flush();
    assert!(done(world.next(first)) && done(world.next(second)));
    assert_eq!(
        world.rows("SELECT bytes_left FROM token_spent"),
        16 * 1024 * 1024 - LARGE as u64,
        "paid once"
    );
}

#[test]
fn while_the_store_is_busy_everybody_else_is_answered() {
    let mut world = World::new();
    let token = earn_one(&mut world);
    assert!(world.ask_blob(paid(1, LARGE, 7, token)).is_ok());
    world.store_is_slow = true;
    let waits = world.connect(Door::Blob);
    world.tell(waits, &Request { id: 1, op: fetch_request(1) });
    world.tell(waits, &Request { id: 2, op: paid(2, LARGE, 7, token) });
    world.flush();
    let alice = world.open_device(1);
    let chat = world.conversation(5, &[&alice]);
    world.send(&chat).unwrap();
    assert_eq!(world.read(&alice).len(), 1);
    assert!(world.ask_blob(put(3, 512, 1)).is_ok(), "a small one neither");
    assert_eq!(world.next(waits), None);
}

/// Ends the world's service after so many steps.
struct Kill {
    steps_left: usize,
}

impl Kill {
    /// None when it ends here.
    fn step(&mut self) -> Option<()> {
        self.steps_left = self.steps_left.checked_sub(1)?;
        Some(())
    }
}

/// How far somebody came who puts a blob, and then another takes it away again.
#[derive(Default)]
struct Seen {
    put_is_done: bool,
    delete_was_sent: bool,
    delete_is_done: bool,
}

fn put_and_delete(world: &mut World, token: Token, kill: &mut Kill, seen: &mut Seen) -> Option<()> {
    let session = world.connect(Door::Blob);
    for (id, op) in [(1, paid(1, LARGE, 7, token)), (2, delete(1))] {
        world.tell(session, &Request { id, op });
        kill.step()?;
        seen.delete_was_sent = id == 2;
        world.flush_once();
        kill.step()?;
        for work in world.service().store_work() {
            let done = perform(&*world.store, work);
            kill.step()?;
            world.hears(done);
            kill.step()?;
        }
        world.flush_once();
        let answered = done(world.next(session));
        assert!(answered, "nobody ended it");
        *(if id == 1 { &mut seen.put_is_done } else { &mut seen.delete_is_done }) = true;
        kill.step()?;
    }
    Some(())
}

#[test]
fn whatever_ends_between_two_steps_leaves_no_bytes_without_a_row_and_no_row_without_bytes() {
    for (kind, store, _life) in all() {
        let mut steps = 0;
        loop {
            let mut world = World::on_disk();
            world.store = store.clone();
            world.store_is_slow = true;
            let token = earn_one(&mut world);
            let (mut kill, mut seen) = (Kill { steps_left: steps }, Seen::default());
            let ended = put_and_delete(&mut world, token, &mut kill, &mut seen).is_none();
            world.crash_and_restart();
            world.store_is_slow = false;
            let at_once = fetch(&mut world, 1);
            janitor(&mut world);
            let (lie_now, stand_now) = (lie(&world), stand(&mut world));
            let rows: Vec<_> = stand_now.iter().map(|(name, _)| *name).collect();
            assert_eq!(lie_now, rows, "{kind}, after {steps} steps");
            assert!(stand_now.iter().all(|(_, there)| *there), "{kind}, after {steps} steps");
            if seen.put_is_done && !seen.delete_was_sent {
                assert_eq!(at_once, Ok(vec![1; LARGE]), "{kind}, after {steps} steps");
                assert_eq!(fetch(&mut world, 1), at_once, "{kind}, after {steps} steps");
            }
            if seen.delete_is_done {
                assert_eq!(at_once, Err(Refusal::NotAllowed), "{kind}, after {steps} steps");
            }
            // Whoever was not answered does it again.
            assert!(world.ask_blob(paid(1, LARGE, 7, token)).is_ok(), "{kind}, after {steps} steps");
            assert_eq!(fetch(&mut world, 1), Ok(vec![1; LARGE]));
            assert!(world.ask_blob(delete(1)).is_ok());
            if !ended {
                assert!(steps >= 10, "{kind}: every step was tried");
                break;
            }
            steps += 1;
        }
    }
}

#[test]
fn a_flush_that_fails_on_either_side_of_the_write_is_told_and_charged_once() {
    for failing in [1, 2] {
        let mut world = World::on_disk();
        let token = earn_one(&mut world);
        world.store_is_slow = true;
        let session = world.connect(Door::Blob);
        world.tell(session, &Request { id: 1, op: paid(1, LARGE, 7, token) });
        for flush in [1, 2] {
            if flush == failing {
                world.service().db().inject(Fault::Commit(1));
            }
            world.flush_once();
            for work in world.service().store_work() {
                let done = perform(&*world.store, work);
                world.hears(done);
            }
        }
        world.flush_once();
        assert_eq!(refusal(world.next(session)), Some(Refusal::Unavailable));
        assert_eq!(world.next(session), None);
        world.store_is_slow = false;
        assert!(world.ask_blob(paid(1, LARGE, 7, token)).is_ok());
        assert_eq!(fetch(&mut world, 1), Ok(vec![1; LARGE]));
        assert_eq!(world.rows("SELECT bytes_left FROM token_spent"), 16 * 1024 * 1024 - LARGE as u64);
        assert_eq!(lie(&world).len(), 1);
    }
}

/// A store that is away.
struct Away;

impl BlobStore for Away {
    fn write(&self, _: &Name, _: &[u8]) -> Result<(), StoreError> {
        Err(StoreError("away".into()))
    }

    fn read(&self, _: &Name) -> Result<Option<Vec<u8>>, StoreError> {
        Err(StoreError("away".into()))
    }

    fn delete(&self, _: &Name) -> Result<(), StoreError> {
        Err(StoreError("away".into()))
    }

    fn list(&self, _: Option<&Name>, _: usize) -> Result<Listing, StoreError> {
        Err(StoreError("away".into()))
    }
}

#[test]
fn while_the_store_is_away_nothing_is_said_to_be_there_and_nothing_is_given_up() {
    let mut world = World::new();
    let token = earn_one(&mut world);
    assert!(world.ask_blob(paid(1, LARGE, 7, token)).is_ok());
    let store = std::mem::replace(&mut world.store, Arc::new(Away));
    assert_eq!(world.ask_blob(paid(2, LARGE, 7, token)).err(), Some(Refusal::Unavailable));
    assert_eq!(fetch(&mut world, 1), Err(Refusal::Unavailable));
    janitor(&mut world);
    // A disk that is not mounted looks empty.
    world.store = Arc::new(MemoryStore::default());
    janitor(&mut world);
    world.store = store;
    assert_eq!(fetch(&mut world, 1), Ok(vec![1; LARGE]));
    assert!(world.ask_blob(paid(2, LARGE, 7, token)).is_ok());
    assert_eq!(world.rows("SELECT bytes_left FROM token_spent"), 16 * 1024 * 1024 - 2 * LARGE as u64);
    janitor(&mut world);
    assert_eq!(lie(&world).len(), 2);
}

#[test]
fn bytes_that_were_lost_and_bytes_that_belong_to_nobody_are_found_in_many_small_steps() {
    let mut world = World::new();
    let token = earn_one(&mut world);
    for n in 1..=3 {
        assert!(world.ask_blob(paid(n, LARGE, 7, token)).is_ok());
    }
    let lost = stand(&mut world)[1].0;
    world.store.delete(&lost).unwrap();
    // More than the janitor looks at in one step.
    for n in 0..=600_u16 {
        let mut name = Name([0x5A; 16]);
        name.0[..2].copy_from_slice(&n.wrapping_mul(109).to_be_bytes());
        world.store.write(&name, b"of nobody").unwrap();
    }
    janitor(&mut world);
    assert_eq!(lie(&world).len(), 2);
    assert_eq!(stand(&mut world).len(), 2);
    for n in 1..=3 {
        assert!(world.ask_blob(paid(n, LARGE, 7, token)).is_ok(), "what was lost can be put again");
        assert_eq!(fetch(&mut world, n), Ok(vec![n; LARGE]));
    }
}

#[test]
fn what_comes_to_be_there_while_the_janitor_looks_is_not_taken_for_lost() {
    let mut world = World::new();
    let token = earn_one(&mut world);
    assert!(world.ask_blob(paid(9, LARGE, 7, token)).is_ok());
    world.tick();
    world.pass(HOUR_MS);
    world.store_is_slow = true;
    world.tick();
    let list = world.service().store_work().remove(0);
    let listed = perform(&*world.store, list);
    world.store_is_slow = false;
    assert!(world.ask_blob(paid(1, LARGE, 7, token)).is_ok());
    world.hears(listed);
    world.flush();
    assert_eq!(fetch(&mut world, 1), Ok(vec![1; LARGE]));
}

#[test]
fn what_is_deleted_or_expires_while_it_is_written_leaves_nothing() {
    let mut world = World::new();
    let token = earn_one(&mut world);
    world.store_is_slow = true;
    let session = world.connect(Door::Blob);
    world.tell(session, &Request { id: 1, op: paid(1, LARGE, 7, token) });
    world.tell(session, &Request { id: 2, op: delete(1) });
    world.flush();
    world.store_is_slow = false;
    world.flush();
    assert!(done(world.next(session)) && done(world.next(session)));
    assert_eq!((lie(&world), stand(&mut world)), (vec![], vec![]));
}

#[test]
fn after_its_day_a_large_one_is_gone_from_the_store_and_makes_room() {
    let mut world = World::new();
    let token = earn_one(&mut world);
    world.service().set_blob_bytes_max(2 * LARGE as u64);
    assert!(world.ask_blob(paid(1, LARGE, 1, token)).is_ok());
    assert!(world.ask_blob(paid(2, LARGE, 7, token)).is_ok());
    assert_eq!(world.ask_blob(paid(3, LARGE, 7, token)).err(), Some(Refusal::Unavailable), "it is full");
    assert!(world.ask_blob(put(3, 512, 1)).is_ok(), "small ones lie elsewhere");
    world.pass(2 * DAY_MS);
    assert_eq!(fetch(&mut world, 1), Err(Refusal::NotAllowed));
    world.tick();
    assert_eq!((lie(&world).len(), stand(&mut world).len()), (1, 1));
    let token = earn_one(&mut world);
    assert!(world.ask_blob(paid(4, LARGE, 7, token)).is_ok());
    assert_eq!(world.ask_blob(paid(5, LARGE, 7, token)).err(), Some(Refusal::Unavailable));
    assert!(world.ask_blob(delete(4)).is_ok());
    assert!(world.ask_blob(paid(5, LARGE, 7, token)).is_ok());
    // The count is of what the disk has, also after a start.
    let now = world.now;
    let db = world.service.take().unwrap().into_db();
    let rng = ChaCha20Rng::seed_from_u64(1);
    let codes = Box::new(Postbox(world.sent_codes.clone()));
    let mut service = Service::open(db, Keys::derive(&[9; 32]), codes, rng).unwrap();
    service.set_blob_bytes_max(2 * LARGE as u64);
    assert!(service.some_stored().unwrap().len() == 2 && service.flush(now).is_ok());
    world.service = Some(service);
    assert_eq!(world.ask_blob(paid(6, LARGE, 7, token)).err(), Some(Refusal::Unavailable));
}

#[test]
fn too_much_on_its_way_into_the_store_waits() {
    let mut world = World::new();
    let tokens: Vec<Token> = (0..10).map(|_| earn_one(&mut world)).collect();
    world.store_is_slow = true;
    let session = world.connect(Door::Blob);
    for n in 0..33_u8 {
        let token = tokens[usize::from(n) / 4];
        world.tell(session, &Request { id: u32::from(n), op: paid(n, 4_194_304, 7, token) });
    }
    world.flush();
    assert_eq!(refusal(world.next(session)), Some(Refusal::Busy { retry_after_ms: 1_000 }));
    assert_eq!(world.next(session), None, "128 MiB are taken");
}

#[test]
fn the_disk_and_the_store_join_no_blob_to_an_account_a_token_or_another_blob() {
    let mut world = World::on_disk();
    let token = earn_one(&mut world);
    for n in 1..=2 {
        assert!(world.ask_blob(paid(n, LARGE, 7, token)).is_ok());
    }
    let spent = seal::token::spent_key(&token.nonce);
    let rows = world.service().db().read().all(
        "SELECT id || hash || name FROM stored_blob ORDER BY name",
        &[],
        |row| row.bytes_of_text(0),
    );
    let rows = rows.unwrap();
    let account = world.service().db().read().one("SELECT id FROM account", &[], |row| row.array::<32>(0));
    let secrets = [token.nonce, token.value.0, spent, account.unwrap().unwrap()];
    for row in &rows {
        assert!(
            secrets.iter().all(|secret| !row.windows(8).any(|piece| secret.windows(8).any(|it| it == piece)))
        );
    }
    assert!(!rows[0].windows(8).any(|piece| rows[1].windows(8).any(|other| other == piece)));
}
