use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Db, Error, Faults, Key, params};

const TABLES: &[&str] = &["create table note(id integer primary key, body blob not null) strict"];

/// A file of its own for each test, gone with it.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("client-db-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        PathBuf::from(format!("{}{suffix}", self.0.display()))
    }

    fn open(&self) -> Db {
        let mut db = Db::open(&self.0, &key(1)).unwrap();
        db.migrate(TABLES).unwrap();
        db
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(self.beside(suffix));
        }
    }
}

fn key(n: u8) -> Key {
    Key::new([n; 32])
}

fn put(db: &mut Db, body: &[u8]) -> Result<(), Error> {
    db.transaction(|tx| tx.execute("insert into note(body) values(?1)", [body]).map(drop))
}

fn count(db: &Db) -> i64 {
    db.reader().row("select count(*) from note", [], |row| row.get(0)).unwrap().unwrap()
}

#[test]
fn what_was_committed_is_there_after_reopening_and_unreadable_without_the_key() {
    let file = File::new();
    put(&mut file.open(), b"see you at 5, in plain words").unwrap();
    assert_eq!(count(&file.open()), 1);
    assert!(matches!(Db::open(&file.0, &key(2)), Err(Error::WrongKey)));
    let bytes = std::fs::read(&file.0).unwrap();
    assert!(!contains(&bytes, b"plain words") && !contains(&bytes, b"SQLite format"));
}

#[test]
fn something_else_than_a_database_is_refused_as_a_wrong_key() {
    let file = File::new();
    std::fs::write(&file.0, [7; 8192]).unwrap();
    assert!(matches!(Db::open(&file.0, &key(1)), Err(Error::WrongKey)));
}

#[test]
fn a_damaged_page_is_reported_as_damage() {
    let file = File::new();
    let mut db = file.open();
    for _ in 0..50 {
        put(&mut db, &[3; 1000]).unwrap();
    }
    db.scrub().unwrap();
    drop(db);
    let mut bytes = std::fs::read(&file.0).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file.0, bytes).unwrap();
    let db = Db::open(&file.0, &key(1)).unwrap();
    let read = db.reader().rows("select body from note", [], |row| row.get::<_, Vec<u8>>(0));
    assert!(matches!(read, Err(Error::Damaged)), "{read:?}");
}

#[test]
fn only_one_owner_at_a_time() {
    let file = File::new();
    let first = file.open();
    assert!(matches!(Db::open(&file.0, &key(1)), Err(Error::InUse)));
    drop(first);
    file.open();
}

#[test]
fn a_database_from_a_newer_build_is_left_untouched() {
    let file = File::new();
    put(&mut file.open(), b"x").unwrap();
    let mut db = Db::open(&file.0, &key(1)).unwrap();
    assert!(matches!(db.migrate(&[]), Err(Error::NewerThanThis { found: 1, known: 0 })));
    db.migrate(&[TABLES[0], "alter table note add column seen integer not null default 0"]).unwrap();
    assert!(matches!(db.migrate(TABLES), Err(Error::NewerThanThis { found: 2, known: 1 })));
    assert_eq!(count(&db), 1);
}

#[test]
fn a_failed_migration_leaves_the_version_before() {
    let mut db = Db::open_in_memory().unwrap();
    assert!(db.migrate(&[TABLES[0], "create table other(id integer); create nonsense"]).is_err());
    db.migrate(TABLES).unwrap();
    assert!(db.reader().row("select count(*) from other", [], |_| Ok(())).is_err());
}

#[test]
fn a_failed_step_leaves_nothing_and_a_failed_savepoint_only_the_rest() {
    let mut db = Db::open_in_memory().unwrap();
    db.migrate(TABLES).unwrap();
    let failed: Result<(), Error> = db.transaction(|tx| {
        tx.execute("insert into note(body) values(?1)", params![b"a"])?;
        Err(Error::Full)
    });
    assert!(failed.is_err() && count(&db) == 0);
    let kept: Result<(), Error> = db.transaction(|tx| {
        tx.execute("insert into note(body) values(?1)", params![b"a"])?;
        let inner: Result<(), Error> = tx.savepoint(|tx| {
            tx.execute("insert into note(body) values(?1)", params![b"b"])?;
            tx.savepoint(|tx| tx.execute("insert into note(body) values(?1)", params![b"c"]).map(drop))?;
            Err(Error::Full)
        });
        assert!(inner.is_err());
        tx.savepoint(|tx| tx.execute("insert into note(body) values(?1)", params![b"d"]).map(drop))
    });
    kept.unwrap();
    let bodies =
        db.reader().rows("select body from note order by id", [], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    assert_eq!(bodies, [b"a".to_vec(), b"d".to_vec()]);
}

#[test]
fn a_panic_inside_a_step_undoes_it() {
    let mut db = Db::open_in_memory().unwrap();
    db.migrate(TABLES).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        db.transaction(|tx| -> Result<(), Error> {
            tx.execute("insert into note(body) values(?1)", params![b"a"])?;
            panic!("on purpose");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(count(&db), 0);
    put(&mut db, b"b").unwrap();
}

#[test]
fn a_reader_cannot_write() {
    let mut db = Db::open_in_memory().unwrap();
    db.migrate(TABLES).unwrap();
    assert!(db.reader().rows("insert into note(body) values(x'00') returning id", [], |_| Ok(())).is_err());
    assert_eq!(count(&db), 0);
}

#[test]
fn a_step_stopped_at_any_of_its_writes_leaves_nothing() {
    let faults = Faults::default();
    let mut db = Db::open_in_memory().unwrap().with_faults(&faults);
    db.migrate(TABLES).unwrap();
    for write in 1..=3 {
        faults.fail_at(write);
        let stopped: Result<(), Error> = db.transaction(|tx| {
            for _ in 0..3 {
                tx.execute("insert into note(body) values(x'00')", [])?;
            }
            Ok(())
        });
        assert!(matches!(stopped, Err(Error::Full)));
        assert_eq!((count(&db), faults.written()), (0, write));
    }
    faults.fail_at(0);
    put(&mut db, b"now it works").unwrap();
}

#[test]
fn t18_deleted_rows_leave_the_pages_and_the_log() {
    // Unencrypted, so that the pages can be searched; overwriting works the same below the cipher.
    let file = File::new();
    let mut db = Db::open_plain(&file.0).unwrap();
    db.migrate(TABLES).unwrap();
    put(&mut db, b"the key of message 1").unwrap();
    assert!(on_disk(&file, b"the key of message 1"));
    db.transaction(|tx| tx.execute("delete from note", []).map(drop)).unwrap();
    put(&mut db, b"something newer").unwrap();
    assert!(on_disk(&file, b"the key of message 1"), "the log still has it, or this test proves nothing");
    db.scrub().unwrap();
    assert!(!on_disk(&file, b"the key of message 1"));
    assert!(on_disk(&file, b"something newer"));
}

fn on_disk(file: &File, what: &[u8]) -> bool {
    ["", "-wal", "-journal"]
        .iter()
        .filter_map(|suffix| std::fs::read(file.beside(suffix)).ok())
        .any(|bytes| contains(&bytes, what))
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
