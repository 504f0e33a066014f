//! What the disk may not say.

use super::*;

/// Everything in a table, as bytes.
fn dump(world: &mut World, sql: server_db::Sql) -> Vec<Vec<u8>> {
    world.service().db().read().all(sql, &[], |row| row.bytes(0).map(<[u8]>::to_vec)).unwrap()
}

#[test]
fn no_two_payloads_of_one_send_are_equal() {
    let mut world = World::new();
    let devices: Vec<_> = (1..=9).map(|n| world.device(n)).collect();
    let chat = world.conversation(5, &devices.iter().collect::<Vec<_>>());
    world.send(&chat).unwrap();
    let payloads = dump(&mut world, "SELECT payload FROM envelope");
    let sizes: std::collections::BTreeSet<_> = payloads.iter().map(Vec::len).collect();
    let distinct: std::collections::BTreeSet<_> = payloads.iter().collect();
    assert_eq!((payloads.len(), distinct.len(), sizes.len()), (9, 9, 1));
}

#[test]
fn no_account_slot_or_address_secret_stands_where_it_would_link() {
    let mut world = World::new();
    let anna = Person::new(1);
    world.register(&anna, Some(ANNA)).unwrap();
    let (alice, bob) = (world.device(21), world.device(22));
    let chat = world.conversation(55, &[&alice, &bob]);
    world.send(&chat).unwrap();
    let secrets: Vec<Vec<u8>> = [
        anna.id().0.to_vec(),
        chat.posting_key.to_vec(),
        chat.members[0].0.to_vec(),
        alice.wrap_key.to_vec(),
        ANNA.as_bytes().to_vec(),
    ]
    .into();
    for table in [
        "SELECT id || public_key FROM mailbox",
        "SELECT mailbox || payload FROM envelope",
        "SELECT id || content FROM parcel",
        "SELECT id || owner || filed || sealed FROM address",
        "SELECT slot.id || posting_key_hash || roster || rejoin FROM slot JOIN slot_state ON slot.id = slot_state.id",
        "SELECT id || request FROM idempotency",
        "SELECT tag || sealed FROM directory",
    ] {
        for row in world.service().db().read().all(table, &[], concatenated).unwrap() {
            for secret in &secrets {
                assert!(!row.windows(secret.len()).any(|window| window == secret.as_slice()), "{table}");
            }
        }
    }
    // Where there is no way around a mailbox, it is not joined to a slot; and the other way round.
    let mut mailboxes = dump(&mut world, "SELECT payload FROM envelope");
    mailboxes.extend(dump(&mut world, "SELECT content FROM parcel"));
    assert!(mailboxes.iter().all(|row| !row.windows(16).any(|window| window == chat.slot.0)));
    let slots = dump(&mut world, "SELECT roster FROM slot_state");
    assert!(slots.iter().all(|row| !row.windows(16).any(|window| window == alice.mailbox.0)));
}

/// SQLite's `||` makes text of what it joins; the bytes are the same.
fn concatenated(row: &server_db::Row<'_>) -> Result<Vec<u8>, DbError> {
    row.bytes_of_text(0)
}

#[test]
fn the_file_on_disk_shows_nothing_of_what_is_in_it() {
    let mut world = World::on_disk();
    let anna = Person::new(1);
    world.register(&anna, Some(BORIS)).unwrap();
    let alice = world.device(21);
    let chat = world.conversation(55, &[&alice]);
    world.send(&chat).unwrap();
    let folder = world.file.as_ref().unwrap().path().to_owned();
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for canary in [
            &b"boris@example"[..],
            b"CREATE TABLE",
            b"SQLite format",
            &anna.id().0,
            &chat.slot.0,
            &alice.mailbox.0,
        ] {
            assert!(!bytes.windows(canary.len()).any(|window| window == canary));
        }
    }
}

#[test]
fn every_table_is_without_row_numbers() {
    let mut world = World::new();
    let tables = world.service().db().read().all(
        "SELECT CAST(sql AS BLOB) FROM sqlite_master WHERE type = 'table'",
        &[],
        |row| Ok(String::from_utf8_lossy(row.bytes(0)?).into_owned()),
    );
    let tables = tables.unwrap();
    assert!(tables.len() > 15);
    assert!(tables.iter().all(|sql| sql.ends_with("STRICT, WITHOUT ROWID")), "{tables:?}");
}
