//! Two people talk.

use client::Mark;

use super::friends;
use crate::World;

#[test]
fn two_people_meet_by_a_link_and_their_texts_go_both_ways() {
    let mut world = World::new(1);
    let anna = world.registers_number("Anna", "+32470000001");
    let boris = world.registers("Boris");
    world.settle();
    let link = anna.invites(&mut world);
    boris.adds(&mut world, &link);
    boris.says(&mut world, anna, "hello Anna");
    world.settle();
    anna.says(&mut world, boris, "hello Boris");
    world.settle();
    let both = ["Boris: hello Anna", "Anna: hello Boris"];
    assert_eq!(anna.timeline(&world, boris), both);
    assert_eq!(boris.timeline(&world, anna), both);
    boris.reads(&mut world, anna);
    world.settle();
    assert_eq!(anna.marks(&world, boris), [("hello Boris".to_owned(), Mark::Read)]);
    assert_eq!(boris.marks(&world, anna), [("hello Anna".to_owned(), Mark::Delivered)]);
}

#[test]
fn what_is_written_to_somebody_asleep_is_there_when_they_wake_and_the_sender_may_sleep_by_then() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    boris.goes_offline(&mut world);
    anna.says(&mut world, boris, "one");
    anna.says(&mut world, boris, "two");
    world.settle();
    assert_eq!(anna.marks(&world, boris)[1].1, Mark::Sent);
    anna.goes_offline(&mut world);
    world.pass(3 * vocab::time::DAY_MS);
    boris.comes_back(&mut world);
    world.pass(vocab::time::MINUTE_MS * 2);
    world.settle();
    assert_eq!(boris.timeline(&world, anna), ["Anna: one", "Anna: two"]);
}

#[test]
fn what_is_written_without_a_line_leaves_by_itself_and_in_order() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    anna.goes_offline(&mut world);
    for number in 1..=20 {
        anna.says(&mut world, boris, &number.to_string());
    }
    anna.crashes(&mut world);
    anna.restarts(&mut world);
    anna.comes_back(&mut world);
    world.pass(vocab::time::MINUTE_MS * 2);
    world.settle();
    let texts: Vec<String> = (1..=20).map(|number| format!("Anna: {number}")).collect();
    assert_eq!(boris.timeline(&world, anna), texts);
    assert_eq!(anna.timeline(&world, boris), texts);
}

#[test]
fn two_who_start_at_once_end_in_one_slot_and_read_what_was_said_in_both() {
    for seed in 0..8 {
        let mut world = World::new(seed);
        let (anna, boris) = (world.registers("Anna"), world.registers("Boris"));
        world.settle();
        let (hers, his) = (anna.invites(&mut world), boris.invites(&mut world));
        anna.adds(&mut world, &his);
        boris.adds(&mut world, &hers);
        anna.says(&mut world, boris, "from Anna");
        boris.says(&mut world, anna, "from Boris");
        world.settle();
        assert_eq!(anna.timeline(&world, boris), boris.timeline(&world, anna));
        assert_eq!(anna.timeline(&world, boris).len(), 2);
        let conversation = anna.conversation(&world, boris).unwrap();
        let [one, other] = [anna, boris].map(|who| who.client(&world).place(conversation).unwrap().unwrap());
        assert_eq!(one, other);
        anna.says(&mut world, boris, "and on");
        world.settle();
        assert_eq!(boris.timeline(&world, anna).last().unwrap(), "Anna: and on");
    }
}

#[test]
fn what_was_said_in_a_slot_that_is_gone_is_said_again_by_whoever_makes_the_next() {
    let mut world = World::new(20);
    let (anna, boris) = friends(&mut world);
    anna.says(&mut world, boris, "hello");
    world.settle();
    anna.goes_offline(&mut world);
    boris.says(&mut world, anna, "one");
    world.pass(vocab::time::MINUTE_MS);
    assert_eq!(boris.marks(&world, anna)[0].1, Mark::Sent);
    for lost in ["DELETE FROM envelope", "DELETE FROM slot"] {
        super::on_disk(&world, lost);
    }
    anna.comes_back(&mut world);
    // A mark, which has no number: nothing that he says later shows that something is missing.
    boris.reads(&mut world, anna);
    world.pass(10 * vocab::time::MINUTE_MS);
    world.settle();
    assert_eq!(anna.timeline(&world, boris), ["Anna: hello", "Boris: one"]);
    assert_eq!(boris.marks(&world, anna)[0].1, Mark::Delivered);
}
