//! What the service's database holds, opened: no marked text, name or handle, and no id of an account where envelopes go.

use client::{Command, LiveStart, Reply};
use server_db::Db;
use vocab::time::{HOUR_MS, MINUTE_MS};
use vocab::{Fix, Position, Precision, Timestamp};

use crate::{Device, World};

const TEXT: &str = "CANARYTEXT-7f3a91";
const NAME: &str = "Canaryname";
const NUMBER: &str = "+32470987651";
const PLACE: &str = "59.3293371,18.0686123";

#[test]
fn no_row_of_the_service_holds_a_text_a_name_or_a_number() {
    let mut world = World::new(77);
    let anna = world.registers_number(NAME, NUMBER);
    let boris = world.registers("Boris");
    world.settle();
    boris.adds_handle(&mut world, NUMBER);
    boris.says(&mut world, anna, TEXT);
    world.settle();
    anna.accepts(&mut world, boris);
    world.settle();
    assert!(anna.timeline(&world, boris).iter().any(|line| line.ends_with(TEXT)), "it went through");
    // One waits, so that the queue is not empty.
    anna.goes_offline(&mut world);
    boris.says(&mut world, anna, TEXT);
    let latitude = tells_places(&mut world, boris, anna);
    world.pass(60_000);

    let db = world.service_db().expect("the service runs");
    let account = anna.account(&world);
    let mut rows = 0;
    for table in tables(db) {
        for value in values(db, &table) {
            rows += 1;
            for canary in [TEXT, NAME, NUMBER, &NUMBER[1..]] {
                assert!(!contains(&value, canary.as_bytes()), "{canary} is in {table}");
            }
            assert!(!contains(&value, &latitude), "a latitude is in {table}");
            let about_delivery =
                ["mailbox", "envelope", "address", "slot"].iter().any(|t| table.starts_with(t));
            assert!(!about_delivery || !contains(&value, account.as_bytes()), "an account is in {table}");
        }
    }
    assert!(rows > 50, "the search looks at something: {rows}");
    let accounts = values(db, "account");
    assert!(
        accounts.iter().any(|value| contains(value, account.as_bytes())),
        "the search finds what is there"
    );
}

/// Once and live; the bytes of the latitude.
fn tells_places(world: &mut World, by: Device, to: Device) -> Vec<u8> {
    let conversation = by.conversation(world, to).expect("they talk");
    let position = Position::parse(PLACE).expect("a place");
    let (precision, label) = (Precision::Exact, String::new());
    let fix = Fix { position, accuracy: 8, at: Timestamp(1) };
    by.queues(world, Command::SharePlace { conversation, fix, precision, label: label.clone() });
    let start = LiveStart { lasts_ms: HOUR_MS, interval_ms: MINUTE_MS, precision, label };
    by.queues(world, Command::StartLive { conversation, start });
    assert!(matches!(by.asks(world, Command::Fix(fix)), Ok(Reply::Done)));
    position.latitude().abs_diff(-900_000_000).to_be_bytes().to_vec()
}

fn tables(db: &Db) -> Vec<String> {
    let named = "SELECT CAST(name AS BLOB) FROM sqlite_master WHERE type = 'table'";
    let names = db.read().all(named, &[], |row| row.bytes(0).map(<[u8]>::to_vec));
    let names = names.expect("the tables are listed");
    names.into_iter().map(|name| String::from_utf8(name).expect("a name")).collect()
}

/// Every column of bytes or text, of every row.
fn values(db: &Db, table: &str) -> Vec<Vec<u8>> {
    // Statements are fixed texts everywhere else; here the tables are found, not known.
    let statement: &'static str = format!("SELECT * FROM {table}").leak();
    let rows = db.read().all(statement, &[], |row| {
        Ok((0..COLUMNS_MAX).filter_map(|column| row.bytes_of_text(column).ok()).collect::<Vec<_>>())
    });
    rows.expect("the table is read").concat()
}

fn contains(value: &[u8], canary: &[u8]) -> bool {
    value.windows(canary.len()).any(|window| window == canary)
}

const COLUMNS_MAX: usize = 16;
