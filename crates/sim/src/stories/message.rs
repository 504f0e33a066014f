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
