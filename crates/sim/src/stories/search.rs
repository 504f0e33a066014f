//! Looking for words.

use super::friends;
use crate::World;

#[test]
fn words_are_found_in_all_chats_with_what_stands_around_them() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let carla = world.registers("Carla");
    world.settle();
    carla.befriends(&mut world, anna);
    boris.says(&mut world, anna, "Hello");
    world.settle();
    boris.says(&mut world, anna, "Which tram goes to the Café?");
    world.settle();
    anna.says(&mut world, boris, "The 12");
    world.settle();
    world.pass(1_000);
    carla.says(&mut world, anna, "no trams today");
    world.settle();
    assert_eq!(anna.finds(&world, "tram"), ["no trams today", "Which tram goes to the Café?"]);
    assert_eq!(
        anna.finds(&world, "CAFE tra"),
        ["Which tram goes to the Café?"],
        "every word, its beginning, any case"
    );
    assert!(anna.finds(&world, "bus").is_empty());
    let found = anna.client(&world).search("cafe", 10).unwrap();
    let text = |view: &Option<client::MessageView>| view.as_ref().map(|view| view.text.clone());
    assert_eq!(
        (text(&found[0].before), text(&found[0].after)),
        (Some("Hello".into()), Some("The 12".into()))
    );
    carla.says(&mut world, anna, "駅で待ってる");
    world.settle();
    assert_eq!(anna.finds(&world, "待って"), ["駅で待ってる"], "without spaces between words");
    for operator in ["\"", "a OR b", "tram NOT", "text:tram", "*", "(", "NEAR(tram 12)", "%", "_"] {
        assert!(anna.finds(&world, operator).is_empty(), "{operator}");
    }
}

#[test]
fn what_was_edited_is_found_by_its_new_words_and_what_was_deleted_by_none() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    let first = anna.says(&mut world, boris, "marzipan");
    let second = anna.says(&mut world, boris, "nougat");
    world.settle();
    anna.edits(&mut world, first, "liquorice");
    anna.deletes(&mut world, second);
    world.settle();
    for device in [anna, boris] {
        assert!(device.finds(&world, "marzipan").is_empty() && device.finds(&world, "nougat").is_empty());
        assert_eq!(device.finds(&world, "liquorice"), ["liquorice"]);
    }
}
