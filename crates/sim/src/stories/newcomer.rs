//! What newcomers of a group are given of what was said before.

use client::{Command, ConversationId, GroupChange, HISTORY_ALL, MessageView, Permissions, Reply};
use vocab::MessageId;
use vocab::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

use super::on_disk;
use crate::{Device, World};

impl Device {
    /// Lets newcomers of a group see so many days.
    fn gives(self, world: &mut World, group: ConversationId, history_days: u16) {
        let permissions = Permissions { history_days, ..Permissions::default() };
        self.changes(world, group, GroupChange::Permissions(permissions)).unwrap();
        world.settle();
    }

    fn said_in(self, world: &mut World, group: ConversationId, text: &str) -> MessageId {
        match self.says_in(world, group, text) {
            Ok(Reply::Queued(id)) => id,
            other => panic!("{} says {text:?}: {other:?}", self.name(world)),
        }
    }

    /// The messages of a group.
    fn views_in(self, world: &World, group: ConversationId) -> Vec<MessageView> {
        let all = self.client(world).timeline(group, None, u32::MAX).unwrap();
        all.into_iter().filter(|message| message.notice.is_none()).collect()
    }
}

/// Anna's group with Boris; Carla is known to Anna.
fn house(world: &mut World) -> (ConversationId, [Device; 3]) {
    let all @ [anna, boris, carla] = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    anna.befriends(world, boris);
    anna.befriends(world, carla);
    let group = anna.makes_group(world, "Lake house", &[boris]);
    world.settle();
    (group, all)
}

#[test]
fn a_newcomer_reads_what_was_said_as_it_stands_now_and_sees_whose_word_it_is() {
    let mut world = World::new(1);
    let (group, [anna, boris, carla]) = house(&mut world);
    anna.gives(&mut world, group, 7);
    assert!(boris.shows_in(&world, group).contains(&"* Anna gives newcomers 7 days".to_owned()));
    let first = anna.said_in(&mut world, group, "who brigns what?");
    world.settle();
    let gone = boris.said_in(&mut world, group, "not me");
    boris.said_in(&mut world, group, "bread");
    world.settle();
    anna.asks(&mut world, Command::Edit { message: first, text: "who brings what?".to_owned() }).unwrap();
    boris.asks(&mut world, Command::Delete { message: gone, everyone: true }).unwrap();
    boris.asks(&mut world, Command::React { to: first, emoji: "👍".to_owned() }).unwrap();
    world.settle();
    boris.goes_offline(&mut world);
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(MINUTE_MS);
    // Who wrote has a name, also while they sleep.
    assert_eq!(carla.client(&world).name_in_groups(boris.account(&world)).unwrap(), "Boris");
    boris.comes_back(&mut world);
    world.pass(MINUTE_MS);
    boris.said_in(&mut world, group, "and you, Carla?");
    world.settle();
    assert_eq!(
        carla.shows_in(&world, group),
        [
            "Anna: who brings what?",
            "Boris: bread",
            "* Anna let one into Lake house",
            "Boris: and you, Carla?"
        ]
    );
    let shown = carla.views_in(&world, group);
    let told: Vec<_> = shown.iter().map(|message| message.told_by).collect();
    let by = Some(anna.account(&world));
    assert_eq!(told, [by, by, None]);
    assert!(shown[0].edited_at.is_some());
    assert_eq!(shown[0].reactions[0].from, [boris.account(&world)]);
    // It calls nobody and nothing is missed; it is found like everything else.
    let unread: Vec<_> =
        carla.client(&world).unread(10).unwrap().into_iter().map(|message| message.text).collect();
    assert_eq!(unread, ["and you, Carla?"]);
    assert_eq!(carla.client(&world).missing(group).unwrap(), 0);
    assert_eq!(carla.finds(&world, "bread"), ["bread"]);
    // What is said about it later takes effect.
    anna.asks(&mut world, Command::Edit { message: first, text: "who brings cheese?".to_owned() }).unwrap();
    carla.asks(&mut world, Command::React { to: first, emoji: "🧀".to_owned() }).unwrap();
    world.settle();
    assert_eq!(carla.texts_in(&world, group)[0], "Anna: who brings cheese?");
    let views = boris.views_in(&world, group);
    assert!(views[0].reactions.iter().any(|it| it.from == [carla.account(&world)]));
    assert!(boris.views_in(&world, group).iter().all(|message| message.told_by.is_none()));
}

#[test]
fn nothing_is_given_where_the_group_says_so_and_only_the_days_it_says() {
    let mut world = World::new(2);
    let (group, [anna, boris, carla]) = house(&mut world);
    boris.said_in(&mut world, group, "long ago");
    world.settle();
    world.pass(DAY_MS + HOUR_MS);
    boris.said_in(&mut world, group, "lately");
    world.settle();
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(MINUTE_MS);
    assert!(carla.texts_in(&world, group).is_empty());
    anna.takes_out(&mut world, group, carla).unwrap();
    world.settle();
    anna.gives(&mut world, group, 1);
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(carla.texts_in(&world, group), ["Boris: lately"]);
}

#[test]
fn whoever_comes_back_has_everything_once_and_in_order() {
    let mut world = World::new(3);
    let (group, [anna, boris, carla]) = house(&mut world);
    anna.gives(&mut world, group, HISTORY_ALL);
    boris.said_in(&mut world, group, "one");
    world.settle();
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(MINUTE_MS);
    carla.said_in(&mut world, group, "two");
    boris.said_in(&mut world, group, "three");
    world.settle();
    anna.takes_out(&mut world, group, carla).unwrap();
    world.settle();
    boris.said_in(&mut world, group, "without Carla");
    world.settle();
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(MINUTE_MS);
    carla.said_in(&mut world, group, "back");
    world.settle();
    let all = anna.texts_in(&world, group);
    assert_eq!(all.len(), 5);
    assert_eq!(carla.texts_in(&world, group), all);
    let told: Vec<_> =
        carla.views_in(&world, group).iter().map(|message| message.told_by.is_some()).collect();
    assert_eq!(told, [true, false, false, true, false]);
    assert_eq!(carla.client(&world).missing(group).unwrap(), 0);
}

#[test]
fn a_message_that_disappears_does_so_at_a_newcomers_no_later() {
    let mut world = World::new(4);
    let (group, [anna, boris, carla]) = house(&mut world);
    anna.gives(&mut world, group, HISTORY_ALL);
    anna.asks(&mut world, Command::SetTimer { conversation: group, seconds: 600 }).unwrap();
    world.settle();
    boris.said_in(&mut world, group, "for ten minutes");
    world.settle();
    for device in [anna, boris] {
        let last = device.views_in(&world, group).pop().unwrap();
        device.asks(&mut world, Command::MarkRead { conversation: group, through: last.id }).unwrap();
    }
    world.pass(5 * MINUTE_MS);
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(carla.texts_in(&world, group), ["Boris: for ten minutes"]);
    world.pass(6 * MINUTE_MS);
    for device in [anna, boris, carla] {
        assert!(device.texts_in(&world, group).is_empty(), "{}", device.name(&world));
    }
}

#[test]
fn many_parts_come_to_every_device_of_somebody_whom_a_link_brought_through_crashes() {
    let mut world = World::new(5);
    let (group, [anna, boris, _]) = house(&mut world);
    let dora = world.registers("Dora");
    let laptop = dora.links(&mut world, "Dora's laptop");
    world.settle();
    anna.gives(&mut world, group, 30);
    for n in 0..24 {
        boris.said_in(&mut world, group, &format!("{n} {}", "x".repeat(40_000)));
        world.pass(SECOND_MS);
    }
    world.settle();
    let link = match anna.asks(&mut world, Command::OpenLink { conversation: group, approval: false }) {
        Ok(Reply::GroupInvitation(link)) => link,
        other => panic!("{other:?}"),
    };
    world.settle();
    dora.asks(&mut world, Command::Join(link)).unwrap();
    for _ in 0..6 {
        world.pass(2_500);
        for device in [anna, dora, laptop] {
            device.crashes(&mut world);
            device.restarts(&mut world);
        }
    }
    world.pass(5 * MINUTE_MS);
    let all = boris.texts_in(&world, group);
    assert_eq!(all.len(), 24);
    for device in [dora, laptop] {
        assert!(device.texts_in(&world, group) == all, "{}", device.name(&world));
    }
}

#[test]
fn a_history_that_is_lost_or_damaged_at_the_service_harms_nothing_else() {
    for sql in ["DELETE FROM blob", "UPDATE blob SET sealed = zeroblob(length(sealed))"] {
        let mut world = World::new(6);
        let (group, [anna, boris, carla]) = house(&mut world);
        anna.gives(&mut world, group, HISTORY_ALL);
        boris.said_in(&mut world, group, "before");
        world.settle();
        carla.goes_offline(&mut world);
        anna.brings(&mut world, group, carla).unwrap();
        world.pass(MINUTE_MS);
        assert!(on_disk(&world, sql) > 0);
        carla.comes_back(&mut world);
        world.pass(MINUTE_MS);
        carla.said_in(&mut world, group, "here");
        world.settle();
        assert_eq!(carla.texts_in(&world, group), ["Carla: here"], "{sql}");
        assert_eq!(boris.texts_in(&world, group).len(), 2);
    }
}
