//! Links into a group, and who comes in by them.

use client::ConversationId;
use client::{
    Command, GroupChange, GroupInvitation, JoinState, Permissions, Refused, Reply, Role, Weakness, Who,
};
use vocab::time::{DAY_MS, MINUTE_MS, SECOND_MS};
use wire::Door;

use crate::{Device, Hazards, Meddling, Passing, World};

impl Device {
    /// Opens a link into a group, and waits until it leads in.
    fn opens_link(self, world: &mut World, group: ConversationId, approval: bool) -> GroupInvitation {
        match self.asks(world, Command::OpenLink { conversation: group, approval }) {
            Ok(Reply::GroupInvitation(link)) => link,
            other => panic!("{} opens a link: {other:?}", self.name(world)),
        }
    }

    /// Asks to come in.
    fn joins(self, world: &mut World, link: &GroupInvitation) -> Result<Reply, Refused> {
        self.asks(world, Command::Join(link.clone()))
    }

    /// How its asking stands; none when it asks for nothing.
    fn asks_for(self, world: &World) -> Vec<JoinState> {
        self.client(world).joining().unwrap().into_iter().map(|it| it.state).collect()
    }

    /// Who asks to come in, by name.
    fn is_asked_by(self, world: &World, group: ConversationId, people: &[Self]) -> Vec<String> {
        let knocks = self.client(world).knocks(group).unwrap();
        let name = |account| people.iter().find(|it| it.account(world) == account).map(|it| it.name(world));
        knocks.into_iter().map(|knock| name(knock.account).unwrap_or("?").to_owned()).collect()
    }

    fn answers(
        self,
        world: &mut World,
        group: ConversationId,
        whom: Self,
        accept: bool,
    ) -> Result<Reply, Refused> {
        let account = whom.account(world);
        self.asks(world, Command::AnswerKnock { conversation: group, account, accept })
    }

    fn closes_links(self, world: &mut World, group: ConversationId) {
        for link in self.client(world).links(group).unwrap() {
            self.changes(world, group, GroupChange::CloseLink(link.hash)).unwrap();
        }
    }
}

/// Anna's group with Boris, an admin, and Carla; Dora is a stranger to all.
fn house(world: &mut World) -> (ConversationId, [Device; 4]) {
    let all @ [anna, boris, carla, _] = ["Anna", "Boris", "Carla", "Dora"].map(|name| world.registers(name));
    world.settle();
    anna.befriends(world, boris);
    anna.befriends(world, carla);
    let group = anna.makes_group(world, "Lake house", &[boris, carla]);
    world.settle();
    let b = boris.account(world);
    anna.changes(world, group, GroupChange::Role(b, Role::Admin)).unwrap();
    world.settle();
    (group, all)
}

const ALL_IN: [&str; 4] = ["Anna (Owner)", "Boris (Admin)", "Carla", "Dora"];

#[test]
fn a_link_lets_in_at_once_and_makes_nobody_a_contact() {
    let mut world = World::new(1);
    let (group, [anna, boris, carla, dora]) = house(&mut world);
    let link = anna.opens_link(&mut world, group, false);
    world.settle();
    assert!(boris.shows_in(&world, group).contains(&"* Anna opened a link".to_owned()));
    assert_eq!(dora.joins(&mut world, &link), Ok(Reply::Asked(group)));
    // Used twice by one person, it does nothing the second time.
    assert_eq!(dora.joins(&mut world, &link), Ok(Reply::Asked(group)));
    world.pass(MINUTE_MS);
    for device in [anna, boris, carla, dora] {
        assert_eq!(device.sees_in(&world, group), ALL_IN, "{}", device.name(&world));
    }
    assert_eq!(dora.joins(&mut world, &link), Ok(Reply::Group(group)));
    world.settle();
    dora.says_in(&mut world, group, "hello").unwrap();
    world.settle();
    assert_eq!(carla.texts_in(&world, group), ["Dora: hello"]);
    let added = |line: &&String| line.as_str() == "* Anna added Dora";
    assert_eq!(carla.shows_in(&world, group).iter().filter(added).count(), 1);
    assert_eq!(dora.shows_in(&world, group)[0], "* Anna let one into Lake house");
    assert!(dora.asks_for(&world).is_empty());
    assert_eq!((anna.stands_with(&world, dora), dora.stands_with(&world, anna)), (None, None));
    assert!(anna.client(&world).requests().unwrap().is_empty());
}

#[test]
fn with_approval_all_who_may_add_see_who_asks_and_one_of_them_says_yes() {
    let mut world = World::new(2);
    let (group, all @ [anna, boris, carla, dora]) = house(&mut world);
    let link = anna.opens_link(&mut world, group, true);
    world.settle();
    dora.joins(&mut world, &link).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(dora.asks_for(&world), [JoinState::Waiting]);
    assert_eq!(anna.is_asked_by(&world, group, &all), ["Dora"]);
    assert_eq!(boris.is_asked_by(&world, group, &all), ["Dora"]);
    assert!(carla.is_asked_by(&world, group, &all).is_empty());
    assert_eq!(carla.answers(&mut world, group, dora, true), Err(Refused::NotAllowedInGroup));
    // Nothing of hers is known to anybody before.
    assert_eq!(boris.client(&world).name_in_groups(dora.account(&world)).unwrap(), "");
    assert!(anna.client(&world).requests().unwrap().is_empty());
    assert_eq!(boris.answers(&mut world, group, dora, true), Ok(Reply::Done));
    world.pass(MINUTE_MS);
    for device in all {
        assert_eq!(device.sees_in(&world, group), ALL_IN, "{}", device.name(&world));
        assert!(device.is_asked_by(&world, group, &all).is_empty());
    }
    assert_eq!(boris.answers(&mut world, group, dora, true), Err(Refused::Unknown));
    assert_eq!(anna.client(&world).name_in_groups(dora.account(&world)).unwrap(), "Dora");
}

#[test]
fn whoever_is_turned_down_is_told_so_and_may_ask_again() {
    let mut world = World::new(3);
    let (group, all @ [anna, boris, _, dora]) = house(&mut world);
    let link = anna.opens_link(&mut world, group, true);
    world.settle();
    dora.joins(&mut world, &link).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(boris.answers(&mut world, group, dora, false), Ok(Reply::Done));
    world.pass(5 * MINUTE_MS);
    assert_eq!(dora.asks_for(&world), [JoinState::TurnedDown]);
    assert!(anna.is_asked_by(&world, group, &all).is_empty());
    assert_eq!(anna.sees_in(&world, group), ALL_IN[..3]);
    assert_eq!(dora.joins(&mut world, &link), Ok(Reply::Asked(group)));
    world.pass(MINUTE_MS);
    assert_eq!(anna.is_asked_by(&world, group, &all), ["Dora"]);
    anna.answers(&mut world, group, dora, true).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(dora.sees_in(&world, group), ALL_IN);
}

#[test]
fn t12_a_closed_link_lets_nobody_in_whether_they_come_after_or_wait_already() {
    let mut world = World::new(4);
    let (group, all @ [anna, boris, _, dora]) = house(&mut world);
    let emil = world.registers("Emil");
    world.settle();
    let link = anna.opens_link(&mut world, group, true);
    world.settle();
    emil.joins(&mut world, &link).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(boris.client(&world).links(group).unwrap().len(), 1);
    boris.closes_links(&mut world, group);
    world.settle();
    assert!(anna.shows_in(&world, group).contains(&"* Boris closed a link".to_owned()));
    dora.joins(&mut world, &link).unwrap();
    world.pass(5 * MINUTE_MS);
    assert_eq!(dora.asks_for(&world), [JoinState::LinkClosed]);
    assert_eq!(emil.asks_for(&world), [JoinState::LinkClosed]);
    assert!(anna.is_asked_by(&world, group, &[dora, emil]).is_empty());
    assert!(boris.is_asked_by(&world, group, &all).is_empty());
    assert_eq!(anna.sees_in(&world, group), ALL_IN[..3]);
}

#[test]
fn while_its_maker_sleeps_somebody_else_the_link_names_lets_in() {
    for approval in [false, true] {
        let mut world = World::new(5);
        let (group, all @ [anna, boris, _, dora]) = house(&mut world);
        let link = anna.opens_link(&mut world, group, approval);
        assert_eq!(link.doors.len(), 2, "the owner, and the admin");
        world.settle();
        anna.goes_offline(&mut world);
        dora.joins(&mut world, &link).unwrap();
        world.pass(MINUTE_MS);
        if approval {
            assert_eq!(boris.is_asked_by(&world, group, &all), ["Dora"]);
            boris.answers(&mut world, group, dora, true).unwrap();
            world.pass(MINUTE_MS);
        }
        assert_eq!(dora.sees_in(&world, group), ALL_IN);
        anna.comes_back(&mut world);
        world.pass(MINUTE_MS);
        assert_eq!(anna.sees_in(&world, group), ALL_IN);
        assert!(anna.is_asked_by(&world, group, &all).is_empty());
    }
}

#[test]
fn whoever_was_taken_out_is_asked_about_when_they_use_a_link() {
    let mut world = World::new(6);
    let (group, all @ [anna, _, carla, _]) = house(&mut world);
    let link = anna.opens_link(&mut world, group, false);
    world.settle();
    anna.takes_out(&mut world, group, carla).unwrap();
    world.settle();
    carla.joins(&mut world, &link).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(anna.is_asked_by(&world, group, &all), ["Carla"]);
    assert_eq!(anna.sees_in(&world, group), ALL_IN[..2]);
    anna.answers(&mut world, group, carla, true).unwrap();
    world.pass(MINUTE_MS);
    carla.says_in(&mut world, group, "back").unwrap();
    world.settle();
    assert_eq!(anna.texts_in(&world, group), ["Carla: back"]);
    // Who leaves by themselves comes back by it alone.
    carla.leaves(&mut world, group).unwrap();
    world.pass(MINUTE_MS);
    carla.joins(&mut world, &link).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(carla.sees_in(&world, group), ALL_IN[..3]);
}

#[test]
fn a_member_makes_links_where_the_group_lets_them_and_they_go_with_their_maker() {
    let mut world = World::new(7);
    let (group, all @ [anna, boris, carla, dora]) = house(&mut world);
    let open = |approval| Command::OpenLink { conversation: group, approval };
    assert_eq!(carla.asks(&mut world, open(true)), Err(Refused::NotAllowedInGroup));
    let permissions = Permissions { link: Who::Everybody, ..Permissions::default() };
    anna.changes(&mut world, group, GroupChange::Permissions(permissions)).unwrap();
    world.settle();
    assert_eq!(carla.asks(&mut world, open(false)), Err(Refused::NotAllowedInGroup));
    let link = carla.opens_link(&mut world, group, true);
    world.settle();
    dora.joins(&mut world, &link).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(boris.is_asked_by(&world, group, &all), ["Dora"]);
    boris.answers(&mut world, group, dora, true).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(carla.sees_in(&world, group), ALL_IN);
    anna.takes_out(&mut world, group, carla).unwrap();
    world.settle();
    assert!(boris.client(&world).links(group).unwrap().is_empty());
    let emil = world.registers("Emil");
    world.settle();
    emil.joins(&mut world, &link).unwrap();
    world.pass(5 * MINUTE_MS);
    assert_eq!(emil.asks_for(&world), [JoinState::LinkClosed]);
}

#[test]
fn every_device_of_both_sides_knows_and_the_person_comes_in_once_with_all_of_theirs() {
    let mut world = World::new(8);
    let (group, all @ [anna, boris, _, dora]) = house(&mut world);
    let tablet = anna.links(&mut world, "Anna's tablet");
    let laptop = dora.links(&mut world, "Dora's laptop");
    world.settle();
    let link = anna.opens_link(&mut world, group, false);
    world.settle();
    let shown = tablet.client(&world).links(group).unwrap();
    assert!(shown[0].invitation.as_ref().is_some_and(|it| it.secret == link.secret));
    dora.joins(&mut world, &link).unwrap();
    world.pass(2 * MINUTE_MS);
    world.settle();
    for device in [anna, tablet, boris, dora, laptop] {
        assert_eq!(device.sees_in(&world, group), ALL_IN, "{}", device.name(&world));
        assert!(device.is_asked_by(&world, group, &all).is_empty());
        assert!(device.asks_for(&world).is_empty());
        assert!(device.client(&world).requests().unwrap().is_empty(), "{}", device.name(&world));
    }
    let added = |line: &&String| line.contains("added Dora");
    assert_eq!(boris.shows_in(&world, group).iter().filter(added).count(), 1);
    laptop.says_in(&mut world, group, "from the laptop").unwrap();
    world.settle();
    assert_eq!(tablet.texts_in(&world, group), ["Dora: from the laptop"]);
}

#[test]
fn a_refusal_that_comes_before_the_knock_stands_in_the_end() {
    let mut world = World::new(9);
    let (group, all @ [anna, boris, carla, dora]) = house(&mut world);
    let c = carla.account(&world);
    anna.changes(&mut world, group, GroupChange::Role(c, Role::Admin)).unwrap();
    let link = anna.opens_link(&mut world, group, true);
    world.settle();
    // Carla misses commits and what is behind them, and is told later.
    carla.restarts_with(&mut world, |config| config.broken = Some(Weakness::ForgetsCommits));
    dora.joins(&mut world, &link).unwrap();
    world.pass(MINUTE_MS);
    boris.answers(&mut world, group, dora, false).unwrap();
    for n in 0..6 {
        anna.changes(&mut world, group, GroupChange::Description(format!("{n}"))).unwrap();
        world.pass(20 * SECOND_MS);
    }
    world.pass(10 * MINUTE_MS);
    for device in [anna, boris, carla] {
        assert!(device.is_asked_by(&world, group, &all).is_empty(), "{}", device.name(&world));
    }
}

#[test]
fn a_knock_gets_through_cuts_and_crashes() {
    for seed in 0..6 {
        let mut world = World::new(20 + seed);
        let (group, [anna, boris, carla, dora]) = house(&mut world);
        let link = anna.opens_link(&mut world, group, false);
        world.settle();
        world.set_hazards(Hazards {
            store_fails: 100,
            device_crashes: 100,
            flush_fails: 100,
            ..Hazards::default()
        });
        dora.joins(&mut world, &link).unwrap();
        for _ in 0..4 {
            let (pause, who) = (world.dice(3_000), world.dice(3));
            world.pass(pause);
            let who = [anna, boris, dora][usize::try_from(who).unwrap()];
            who.has_no_line_for(&mut world, 5 * SECOND_MS);
            who.crashes(&mut world);
            who.restarts(&mut world);
        }
        world.set_hazards(Hazards::default());
        world.pass(10 * MINUTE_MS);
        for device in [anna, boris, carla, dora] {
            assert_eq!(device.sees_in(&world, group), ALL_IN, "{}, seed {seed}", device.name(&world));
        }
    }
}

#[test]
fn nobody_answers_for_30_days_and_it_is_over() {
    let mut world = World::new(10);
    let (group, [anna, boris, _, dora]) = house(&mut world);
    let link = anna.opens_link(&mut world, group, true);
    world.settle();
    anna.goes_offline(&mut world);
    boris.goes_offline(&mut world);
    dora.joins(&mut world, &link).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(dora.asks_for(&world), [JoinState::Waiting]);
    dora.sets_clock_wrong(&mut world, i64::try_from(31 * DAY_MS).unwrap());
    assert_eq!(dora.asks_for(&world), [JoinState::Expired]);
}

#[test]
fn whoever_takes_a_knock_back_is_seen_asking_by_nobody_any_more() {
    let mut world = World::new(11);
    let (group, all @ [anna, boris, carla, dora]) = house(&mut world);
    let laptop = dora.links(&mut world, "Dora's laptop");
    world.settle();
    let c = carla.account(&world);
    anna.changes(&mut world, group, GroupChange::Role(c, Role::Admin)).unwrap();
    let link = anna.opens_link(&mut world, group, true);
    world.settle();
    let withdraw = || Command::WithdrawJoin(group);
    assert_eq!(dora.asks(&mut world, withdraw()), Err(Refused::Unknown));
    for (round, by) in [dora, laptop].into_iter().enumerate() {
        assert_eq!(dora.joins(&mut world, &link), Ok(Reply::Asked(group)));
        world.pass(MINUTE_MS);
        assert_eq!(laptop.asks_for(&world), [JoinState::Waiting]);
        for insider in [anna, boris, carla] {
            assert_eq!(insider.is_asked_by(&world, group, &all), ["Dora"], "round {round}");
        }
        // The device that has knocked takes it back, whichever was told to.
        assert_eq!(by.asks(&mut world, withdraw()), Ok(Reply::Done));
        world.pass(MINUTE_MS);
        for device in [anna, boris, carla] {
            assert!(device.is_asked_by(&world, group, &all).is_empty(), "{}", device.name(&world));
        }
        assert!(dora.asks_for(&world).is_empty() && laptop.asks_for(&world).is_empty());
        assert_eq!(anna.answers(&mut world, group, dora, true), Err(Refused::Unknown));
    }
    assert_eq!(dora.asks(&mut world, withdraw()), Err(Refused::Unknown));
    world.settle();
    assert_eq!(anna.sees_in(&world, group), ["Anna (Owner)", "Boris (Admin)", "Carla (Admin)"]);
}

#[test]
fn a_knock_that_has_not_left_is_dropped_and_one_may_ask_again() {
    let mut world = World::new(12);
    let (group, all @ [anna, _, _, dora]) = house(&mut world);
    let link = anna.opens_link(&mut world, group, true);
    world.settle();
    let stored = |world: &World| {
        let read = world.service_db().expect("the service has a disk").read();
        read.one("SELECT COUNT(*) FROM slot", &[], |row| row.count(0)).unwrap().unwrap()
    };
    let slots = stored(&world);
    dora.goes_offline(&mut world);
    dora.joins(&mut world, &link).unwrap();
    assert_eq!(dora.asks(&mut world, Command::WithdrawJoin(group)), Ok(Reply::Done));
    dora.comes_back(&mut world);
    world.pass(MINUTE_MS);
    assert_eq!(stored(&world), slots, "nothing was sent");
    assert!(anna.is_asked_by(&world, group, &all).is_empty());
    // The letters that take back and those that ask anew keep their order.
    dora.joins(&mut world, &link).unwrap();
    world.pass(MINUTE_MS);
    dora.goes_offline(&mut world);
    assert_eq!(dora.asks(&mut world, Command::WithdrawJoin(group)), Ok(Reply::Done));
    dora.joins(&mut world, &link).unwrap();
    dora.comes_back(&mut world);
    world.pass(MINUTE_MS);
    assert_eq!(anna.is_asked_by(&world, group, &all), ["Dora"]);
    anna.answers(&mut world, group, dora, true).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(dora.sees_in(&world, group), ALL_IN);
}

#[test]
fn a_knock_that_was_taken_back_lets_nobody_in() {
    let mut world = World::new(13);
    let (group, all @ [anna, boris, _, dora]) = house(&mut world);
    let link = anna.opens_link(&mut world, group, true);
    world.settle();
    dora.joins(&mut world, &link).unwrap();
    world.pass(MINUTE_MS);
    // Boris says yes, and hears that it was taken back before his commit leaves.
    world.set_crook(move |passing: &Passing<'_>| {
        let asks = passing.device == boris && passing.to_service && passing.door == Door::Unnamed;
        if asks { Meddling::swallow() } else { Meddling::none(passing) }
    });
    assert_eq!(boris.answers(&mut world, group, dora, true), Ok(Reply::Done));
    dora.asks(&mut world, Command::WithdrawJoin(group)).unwrap();
    world.pass(MINUTE_MS);
    assert!(anna.is_asked_by(&world, group, &all).is_empty());
    world.dismiss_crook();
    world.pass(MINUTE_MS);
    world.settle();
    assert_eq!(boris.sees_in(&world, group), ALL_IN[..3]);
    assert!(dora.client(&world).group(group).unwrap().is_none());
}
