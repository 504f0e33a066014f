//! What people write.

use client::Weakness;

use super::friends;
use crate::World;

#[test]
fn texts_arrive_byte_for_byte_up_to_sixty_four_kibibytes() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let long = "ж".repeat(32 * 1024);
    let texts = [
        "שלום, מה שלומך?",
        "مرحبا \u{202E}reversed\u{202C} \u{200F}!",
        "👩‍👩‍👧‍👦 🏳️‍🌈 e\u{301} \u{FEFF}\u{200D}",
        " two  spaces\n\tand lines \u{0}",
        long.as_str(),
    ];
    for text in texts {
        anna.says(&mut world, boris, text);
    }
    world.settle();
    let shown: Vec<String> = boris.messages(&world, anna).into_iter().map(|message| message.text).collect();
    assert_eq!(shown, texts);
    assert_eq!(long.len(), vocab::limits::TEXT_BYTES_MAX);
    let conversation = anna.conversation(&world, boris).unwrap();
    for text in [String::new(), long + "x"] {
        let refused = anna.asks(&mut world, client::Command::Send { conversation, text });
        assert_eq!(refused, Err(client::Refused::BadText));
    }
}

#[test]
fn what_a_later_version_says_is_kept_and_shown_as_such() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    anna.restarts_with(&mut world, |config| config.broken = Some(Weakness::SpeaksOfTomorrow));
    anna.says(&mut world, boris, "hologram");
    anna.restarts_with(&mut world, |config| config.broken = None);
    anna.says(&mut world, boris, "text");
    world.settle();
    assert_eq!(boris.timeline(&world, anna), ["Anna:  [application/vnd.valise.tomorrow]", "Anna: text"]);
    assert_eq!(boris.misses(&world, anna), 0);
    // After an update it is a message like any other.
    boris.restarts_with(&mut world, |config| config.broken = Some(Weakness::ReadsTomorrow));
    world.settle();
    assert_eq!(boris.timeline(&world, anna), ["Anna: hologram", "Anna: text"]);
    assert_eq!(boris.client(&world).search("holo", 10).unwrap().len(), 1);
}

/// The bytes of all files of a folder.
fn on_files(folder: &tempfile::TempDir) -> Vec<u8> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    entries.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

/// Every stretch of sixteen bytes that looks like a key.
fn stretches(bytes: &[u8]) -> std::collections::HashSet<[u8; 16]> {
    let random = |stretch: &[u8]| {
        let mut seen = stretch.to_vec();
        seen.sort_unstable();
        seen.dedup();
        seen.len() > 10
    };
    bytes.windows(16).filter(|stretch| random(stretch)).map(|it| it.try_into().unwrap()).collect()
}

#[test]
fn t18_the_keys_of_what_was_read_or_written_are_gone_from_the_disk_and_its_log() {
    let (folder, mut world) = (tempfile::tempdir().unwrap(), World::new(3));
    let anna = world.registers("Anna");
    let db = client_db::Db::open_plain(&folder.path().join("boris")).unwrap();
    let boris = world.registers_over("Boris", db);
    world.settle();
    anna.befriends(&mut world, boris);
    let stored = |world: &mut World| {
        boris.crashes(world);
        let keys: Vec<u8> = boris.stored_keys(world).concat();
        boris.restarts(world);
        world.settle();
        stretches(&keys)
    };
    let before = stored(&mut world);
    assert!(
        before.iter().any(|key| stretches(&on_files(&folder)).contains(key)),
        "the search finds what is there"
    );
    anna.says(&mut world, boris, "read me");
    world.settle();
    boris.says(&mut world, anna, "and me");
    world.settle();
    // A few seconds later, by itself.
    world.pass(10_000);
    let after = stored(&mut world);
    let gone: Vec<_> = before.difference(&after).collect();
    assert!(gone.len() > 50, "the ratchets moved on: {}", gone.len());
    let disk = stretches(&on_files(&folder));
    let left = gone.iter().filter(|key| disk.contains(**key)).count();
    assert_eq!(left, 0, "of {} stretches of deleted keys", gone.len());
}
