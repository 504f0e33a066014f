//! Two people talk.

use client::Mark;

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
