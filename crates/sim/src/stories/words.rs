//! What people write: formatting, mentions, texts that leave at a time; and folders.

use client::markup::{ACCOUNT, CONVERSATION};
use client::{
    ChatChoice, Command, ConversationId, FolderChange, FolderId, GroupChange, MessageView, Permissions,
    Refused, Reply, Role, ScheduledId, Who,
};
use vocab::Timestamp;
use vocab::time::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::friends;
use crate::{Device, World};

/// Anna, Boris and Carla in a group of Anna's.
fn group(world: &mut World) -> ([Device; 3], ConversationId) {
    let all = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    all[0].befriends(world, all[1]);
    all[0].befriends(world, all[2]);
    let group = all[0].makes_group(world, "Lake house", &all[1..]);
    world.settle();
    (all, group)
}

fn newest(device: Device, world: &World, group: ConversationId) -> MessageView {
    device.client(world).timeline(group, None, 1).unwrap().pop().expect("something was said")
}

/// Unread messages, and those of them that mention the reader.
fn counts(device: Device, world: &World, group: ConversationId) -> (u32, u32) {
    let head = device.client(world).conversation(group).unwrap().expect("there is such a chat");
    (head.unread, head.mentions)
}

#[test]
fn what_is_formatted_arrives_byte_for_byte_and_everybody_knows_that_it_is() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let largest = format!("**{}**", "x".repeat(vocab::limits::TEXT_BYTES_MAX - 4));
    let texts = [
        ("plain *", false),
        ("**five**, at the _usual_ place  \n", true),
        ("> \u{202e}said\u{202c}\n<script>", true),
        ("- a\n- b", true),
        (largest.as_str(), true),
    ];
    for (text, _) in texts {
        anna.says(&mut world, boris, text);
    }
    let conversation = anna.conversation(&world, boris).unwrap();
    anna.queues(&mut world, Command::SendPlain { conversation, text: "2 **3** 4".into() });
    world.settle();
    for device in [(anna, boris), (boris, anna)] {
        let shown: Vec<(String, bool)> =
            device.0.messages(&world, device.1).into_iter().map(|it| (it.text, it.markdown)).collect();
        let mut expected: Vec<(String, bool)> =
            texts.iter().map(|(text, markdown)| ((*text).to_owned(), *markdown)).collect();
        expected.push(("2 **3** 4".into(), false));
        assert_eq!(shown, expected, "{}", device.0.name(&world));
    }
    // It is found by its words, not by its signs, and an edit is set by its own.
    assert_eq!(boris.finds(&world, "usual").len(), 1);
    let plain = anna.messages(&world, boris)[0].id;
    anna.edits(&mut world, plain, "~~plain~~ [here](https://a.example)");
    world.settle();
    let edited = boris.messages(&world, anna)[0].clone();
    assert_eq!((edited.text.as_str(), edited.markdown), ("~~plain~~ [here](https://a.example)", true));
    assert_eq!(boris.finds(&world, "plain here").len(), 1);
    anna.edits(&mut world, plain, "plain again");
    world.settle();
    assert!(!boris.messages(&world, anna)[0].markdown);
}

#[test]
fn a_mention_counts_for_whoever_is_meant_on_all_their_devices_until_it_is_read() {
    let mut world = World::new(2);
    let ([anna, boris, carla], group) = group(&mut world);
    let laptop = boris.links(&mut world, "Boris's laptop");
    world.settle();
    let him = boris.account(&world);
    anna.says_in(&mut world, group, "good morning").unwrap();
    anna.says_in(&mut world, group, &format!("[@Boris]({ACCOUNT}{him}): bread?")).unwrap();
    // Said about him in code: nobody is called.
    anna.says_in(&mut world, group, &format!("`[@Boris]({ACCOUNT}{him})`")).unwrap();
    world.settle();
    for device in [boris, laptop] {
        assert_eq!(counts(device, &world, group), (3, 1), "{}", device.name(&world));
    }
    assert_eq!(counts(carla, &world, group), (3, 0));
    let through = newest(laptop, &world, group).id;
    laptop.asks(&mut world, Command::MarkRead { conversation: group, through }).unwrap();
    world.pass(MINUTE_MS);
    world.settle();
    assert_eq!(counts(boris, &world, group), (0, 0));
    // An edit may bring a mention, or take it away; a device that is linked later counts alike.
    anna.says_in(&mut world, group, "who has the key?").unwrap();
    world.settle();
    let asked = newest(anna, &world, group).id;
    anna.edits(&mut world, asked, &format!("[@Boris]({ACCOUNT}{him}), who has the key?"));
    world.settle();
    assert_eq!(counts(boris, &world, group), (1, 1));
    let phone = boris.links_by_number(&mut world, "Boris's phone");
    assert!(phone.has_history_within(&mut world, 10).is_some());
    world.settle();
    let held = phone.client(&world).message(asked).unwrap().expect("the history is here");
    assert!(held.mentions_me && held.markdown);
    anna.edits(&mut world, asked, "who has the key?");
    world.settle();
    assert_eq!(counts(boris, &world, group), (1, 0));
    // Whoever writes their own name calls nobody.
    let hers = anna.account(&world);
    anna.says_in(&mut world, group, &format!("[@Anna]({ACCOUNT}{hers})")).unwrap();
    world.settle();
    assert_eq!(counts(anna, &world, group), (0, 0));
    // What is told on says no more than what was to be read.
    anna.befriends(&mut world, carla);
    let to = anna.conversation(&world, carla).unwrap();
    anna.says_in(&mut world, group, &format!("[@Boris]({ACCOUNT}{him}) **says** so")).unwrap();
    world.settle();
    let message = newest(anna, &world, group).id;
    anna.queues(&mut world, Command::Forward { message, to });
    world.settle();
    assert_eq!(carla.messages(&world, anna).last().unwrap().text, "@Boris **says** so");
}

#[test]
fn all_are_called_by_admins_only_and_a_mention_says_so_itself() {
    let mut world = World::new(3);
    let ([anna, boris, carla], group) = group(&mut world);
    let all = format!("[@all]({CONVERSATION}{group}): dinner");
    boris.says_in(&mut world, group, &all).unwrap();
    world.settle();
    for device in [anna, carla] {
        assert_eq!(counts(device, &world, group), (1, 0), "Boris is a member, {}", device.name(&world));
        assert!(!newest(device, &world, group).mentions_all);
    }
    let elsewhere = format!("[@all]({CONVERSATION}{}): dinner", "00".repeat(16));
    anna.says_in(&mut world, group, &elsewhere).unwrap();
    anna.says_in(&mut world, group, &all).unwrap();
    world.settle();
    assert_eq!(counts(carla, &world, group), (3, 1));
    assert_eq!(counts(boris, &world, group), (2, 1));
    assert!(newest(boris, &world, group).mentions_all && newest(anna, &world, group).mentions_all);
    assert!(!newest(anna, &world, group).mentions_me, "one's own");
    let him = boris.account(&world);
    anna.changes(&mut world, group, GroupChange::Role(him, Role::Admin)).unwrap();
    world.settle();
    boris.says_in(&mut world, group, &all).unwrap();
    world.settle();
    assert_eq!(counts(carla, &world, group).1, 2);
}

#[test]
fn whether_a_mute_holds_for_mentions_is_chosen_and_follows() {
    let mut world = World::new(4);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    anna.chooses(&mut world, boris, ChatChoice::MutedUntil(Some(Timestamp(u64::MAX))));
    anna.chooses(&mut world, boris, ChatChoice::MutedMentions(true));
    world.settle();
    assert!(laptop.head(&world, boris).choices.muted_mentions);
    laptop.chooses(&mut world, boris, ChatChoice::MutedMentions(false));
    world.settle();
    assert!(!anna.head(&world, boris).choices.muted_mentions);
}

fn schedules(device: Device, world: &mut World, with: Device, text: &str, in_ms: u64) -> ScheduledId {
    let conversation = device.conversation(world, with).unwrap();
    let at = world.now().plus_ms(in_ms);
    let command = Command::Schedule { conversation, text: text.into(), plain: false, at };
    match device.asks(world, command) {
        Ok(Reply::Scheduled(id)) => id,
        other => panic!("{} schedules: {other:?}", device.name(world)),
    }
}

fn waits(device: Device, world: &World) -> Vec<String> {
    let waiting = device.client(world).scheduled().unwrap();
    waiting.into_iter().map(|it| format!("{}{}", it.text, if it.held { " (held)" } else { "" })).collect()
}

#[test]
fn a_text_leaves_at_its_time_once_and_what_is_changed_or_cancelled_before_does_not() {
    let mut world = World::new(5);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    schedules(anna, &mut world, boris, "in an **hour**", HOUR_MS);
    let cancelled = schedules(anna, &mut world, boris, "never", HOUR_MS);
    let changed = schedules(anna, &mut world, boris, "typo", HOUR_MS);
    assert_eq!(anna.asks(&mut world, Command::Unschedule(cancelled)), Ok(Reply::Done));
    let at = Some(world.now().plus_ms(2 * HOUR_MS));
    let again = Command::Reschedule { id: changed, text: Some("in two hours".into()), at };
    assert_eq!(anna.asks(&mut world, again), Ok(Reply::Scheduled(changed)));
    assert!(waits(laptop, &world).is_empty(), "kept by the device that was told");
    world.pass(HOUR_MS - MINUTE_MS);
    assert!(boris.timeline(&world, anna).is_empty());
    world.pass(2 * MINUTE_MS);
    world.settle();
    assert_eq!(boris.timeline(&world, anna), ["Anna: in an **hour**"]);
    assert!(boris.messages(&world, anna)[0].markdown);
    assert_eq!(waits(anna, &world), ["in two hours"]);
    world.pass(HOUR_MS);
    world.settle();
    assert_eq!(boris.timeline(&world, anna), ["Anna: in an **hour**", "Anna: in two hours"]);
    assert_eq!(laptop.timeline(&world, boris).len(), 2);
    world.pass(DAY_MS);
    world.settle();
    assert_eq!((boris.timeline(&world, anna).len(), waits(anna, &world).len()), (2, 0));
    assert_eq!(anna.is_refused(&mut world, Command::Unschedule(changed)), Refused::Unknown);
}

#[test]
fn what_is_due_while_a_device_is_off_or_without_a_line_leaves_once_when_it_is_back() {
    for seed in 0..4 {
        let mut world = World::new(seed);
        let (anna, boris) = friends(&mut world);
        schedules(anna, &mut world, boris, "while off", HOUR_MS);
        schedules(anna, &mut world, boris, "without a line", 4 * HOUR_MS);
        anna.crashes(&mut world);
        world.pass(2 * HOUR_MS);
        anna.restarts(&mut world);
        world.settle();
        assert_eq!(boris.timeline(&world, anna), ["Anna: while off"], "seed {seed}");
        anna.goes_offline(&mut world);
        world.pass(3 * HOUR_MS);
        assert_eq!(waits(anna, &world), Vec::<String>::new(), "it is a message now, and in the outbox");
        anna.crashes(&mut world);
        anna.restarts(&mut world);
        world.pass(HOUR_MS);
        anna.comes_back(&mut world);
        world.pass(MINUTE_MS);
        world.settle();
        assert_eq!(boris.timeline(&world, anna), ["Anna: while off", "Anna: without a line"], "seed {seed}");
    }
}

#[test]
fn a_clock_that_jumps_sends_what_is_due_by_it_and_nothing_twice() {
    let day = i64::try_from(DAY_MS).unwrap();
    let mut world = World::new(6);
    let (anna, boris) = friends(&mut world);
    schedules(anna, &mut world, boris, "tomorrow", DAY_MS);
    anna.sets_clock_wrong(&mut world, -day);
    world.pass(DAY_MS + HOUR_MS);
    assert!(boris.timeline(&world, anna).is_empty(), "it is still today there");
    anna.sets_clock_wrong(&mut world, 0);
    world.settle();
    assert_eq!(boris.timeline(&world, anna), ["Anna: tomorrow"]);
    schedules(anna, &mut world, boris, "the day after", DAY_MS);
    anna.sets_clock_wrong(&mut world, 2 * day);
    world.settle();
    anna.sets_clock_wrong(&mut world, -day);
    world.pass(3 * DAY_MS);
    world.settle();
    assert_eq!(boris.timeline(&world, anna), ["Anna: tomorrow", "Anna: the day after"]);
}

#[test]
fn what_may_not_be_said_any_more_is_held_and_what_makes_no_sense_is_refused() {
    let mut world = World::new(7);
    let ([anna, boris, _], group) = group(&mut world);
    let at = world.now().plus_ms(HOUR_MS);
    let schedule =
        |text: &str, at| Command::Schedule { conversation: group, text: text.into(), plain: true, at };
    let Ok(Reply::Scheduled(id)) = boris.asks(&mut world, schedule("**too late**", at)) else {
        panic!("it waits")
    };
    assert_eq!(boris.asks(&mut world, schedule("**too late**", at)), Ok(Reply::Scheduled(id)), "asked twice");
    let (now, over) = (world.now(), world.now().plus_ms(client::SCHEDULE_MS_MAX + DAY_MS));
    for (text, at, refused) in
        [("x", now, Refused::BadTime), ("x", over, Refused::BadTime), ("", at, Refused::BadText)]
    {
        assert_eq!(boris.is_refused(&mut world, schedule(text, at)), refused);
    }
    let silent = Permissions { send: Who::Admins, ..Permissions::default() };
    anna.changes(&mut world, group, GroupChange::Permissions(silent)).unwrap();
    world.settle();
    assert_eq!(boris.is_refused(&mut world, schedule("x", at)), Refused::NotAllowedInGroup);
    world.pass(2 * HOUR_MS);
    assert_eq!(waits(boris, &world), ["**too late** (held)"]);
    assert!(anna.texts_in(&world, group).is_empty());
    anna.changes(&mut world, group, GroupChange::Permissions(Permissions::default())).unwrap();
    world.settle();
    world.pass(HOUR_MS);
    assert_eq!(waits(boris, &world).len(), 1, "it does not leave by itself at another time");
    let at = Some(world.now().plus_ms(HOUR_MS));
    boris.asks(&mut world, Command::Reschedule { id, text: None, at }).unwrap();
    world.pass(2 * HOUR_MS);
    world.settle();
    assert_eq!(anna.texts_in(&world, group), ["Boris: **too late**"]);
    assert!(!newest(anna, &world, group).markdown, "it was to be sent as it is");
}

#[test]
fn so_many_texts_wait_and_no_more() {
    let mut world = World::new(8);
    let (anna, boris) = friends(&mut world);
    for number in 0..client::SCHEDULED_MAX {
        schedules(anna, &mut world, boris, &number.to_string(), HOUR_MS);
    }
    let conversation = anna.conversation(&world, boris).unwrap();
    let at = world.now().plus_ms(HOUR_MS);
    let more = Command::Schedule { conversation, text: "one more".into(), plain: false, at };
    assert_eq!(anna.is_refused(&mut world, more), Refused::TooManyScheduled);
}

fn makes_folder(device: Device, world: &mut World, name: &str) -> FolderId {
    match device.asks(world, Command::Folder(FolderChange::Make(name.into()))) {
        Ok(Reply::Folder(id)) => id,
        other => panic!("{} makes a folder: {other:?}", device.name(world)),
    }
}

fn folders(device: Device, world: &World) -> Vec<String> {
    device.client(world).folders().unwrap().into_iter().map(|folder| folder.name).collect()
}

#[test]
fn folders_their_order_and_what_is_in_them_are_the_same_on_all_devices() {
    let mut world = World::new(9);
    let ([anna, boris, carla], group) = group(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let family = makes_folder(anna, &mut world, "Family");
    let work = makes_folder(anna, &mut world, " Work ");
    let travel = makes_folder(anna, &mut world, "Travel");
    let put = |conversation, folder, on| Command::Folder(FolderChange::Put { conversation, folder, on });
    let of_boris = anna.conversation(&world, boris).unwrap();
    anna.asks(&mut world, put(of_boris, family, true)).unwrap();
    anna.asks(&mut world, put(of_boris, work, true)).unwrap();
    anna.asks(&mut world, put(group, work, true)).unwrap();
    anna.asks(&mut world, Command::Folder(FolderChange::Move(travel, 0))).unwrap();
    world.settle();
    let inside = |device: Device, world: &World, id: ConversationId| {
        let mut folders = device.client(world).conversation(id).unwrap().unwrap().choices.folders;
        folders.sort();
        folders
    };
    let mut both = [family, work];
    both.sort();
    for device in [anna, laptop] {
        assert_eq!(folders(device, &world), ["Travel", "Family", "Work"], "{}", device.name(&world));
        assert_eq!(inside(device, &world, of_boris), both);
        assert_eq!(inside(device, &world, group), [work]);
    }
    assert!(folders(carla, &world).is_empty(), "one's own");
    // Two devices put different chats into one folder at once.
    let of_carla = anna.conversation(&world, carla).unwrap();
    anna.goes_offline(&mut world);
    laptop.goes_offline(&mut world);
    anna.asks(&mut world, put(of_carla, travel, true)).unwrap();
    laptop.asks(&mut world, put(group, travel, true)).unwrap();
    laptop.asks(&mut world, Command::Folder(FolderChange::Name(travel, "Trips".into()))).unwrap();
    laptop.asks(&mut world, put(of_boris, work, false)).unwrap();
    anna.comes_back(&mut world);
    laptop.comes_back(&mut world);
    world.pass(2 * MINUTE_MS);
    world.settle();
    for device in [anna, laptop] {
        assert!(inside(device, &world, of_carla).contains(&travel), "{}", device.name(&world));
        assert!(inside(device, &world, group).contains(&travel));
        assert_eq!(inside(device, &world, of_boris), [family]);
        assert_eq!(folders(device, &world), ["Trips", "Family", "Work"]);
    }
    laptop.asks(&mut world, Command::Folder(FolderChange::Remove(work))).unwrap();
    world.settle();
    assert_eq!(folders(anna, &world), ["Trips", "Family"]);
    let phone = anna.links(&mut world, "Anna's phone");
    world.pass(5 * MINUTE_MS);
    world.settle();
    assert_eq!(folders(phone, &world), ["Trips", "Family"]);
    assert!(inside(phone, &world, group).contains(&travel));
}

#[test]
fn a_folder_has_a_name_of_its_own() {
    let mut world = World::new(10);
    let (anna, boris) = friends(&mut world);
    let id = makes_folder(anna, &mut world, "Family");
    let long = "x".repeat(client::FOLDER_NAME_CHARS_MAX + 1);
    for name in ["", "  ", "a\nb", "FAMILY", long.as_str()] {
        let make = Command::Folder(FolderChange::Make(name.into()));
        assert_eq!(anna.is_refused(&mut world, make), Refused::BadFolder, "{name:?}");
    }
    assert_eq!(
        anna.asks(&mut world, Command::Folder(FolderChange::Name(id, "family".into()))),
        Ok(Reply::Folder(id))
    );
    let conversation = anna.conversation(&world, boris).unwrap();
    for change in [
        FolderChange::Remove(FolderId([0; 8])),
        FolderChange::Put { conversation, folder: FolderId([0; 8]), on: true },
        FolderChange::Put { conversation: ConversationId([0; 16]), folder: id, on: true },
    ] {
        assert_eq!(anna.is_refused(&mut world, Command::Folder(change)), Refused::Unknown);
    }
    for number in 1..client::FOLDERS_MAX {
        makes_folder(anna, &mut world, &number.to_string());
    }
    let more = Command::Folder(FolderChange::Make("one more".into()));
    assert_eq!(anna.is_refused(&mut world, more), Refused::BadFolder);
}

/// Whether a message is pinned, and how long messages stay.
fn arranged(device: Device, world: &World, group: ConversationId, message: vocab::MessageId) -> (bool, u32) {
    let head = device.client(world).conversation(group).unwrap().unwrap();
    (device.client(world).message(message).unwrap().unwrap().pinned, head.timer_seconds)
}

#[test]
fn pins_and_the_timer_of_a_group_are_for_those_who_may_change_it() {
    let mut world = World::new(11);
    let (all @ [anna, boris, carla], group) = group(&mut world);
    let Ok(Reply::Queued(message)) = boris.says_in(&mut world, group, "the address") else {
        panic!("it is said")
    };
    world.settle();
    let (pin, timer) =
        (|on| Command::Pin { message, on }, |seconds| Command::SetTimer { conversation: group, seconds });
    assert_eq!(boris.is_refused(&mut world, pin(true)), Refused::NotAllowedInGroup);
    assert_eq!(boris.is_refused(&mut world, timer(60)), Refused::NotAllowedInGroup);
    anna.queues(&mut world, pin(true));
    anna.queues(&mut world, timer(3_600));
    world.settle();
    for device in all {
        assert_eq!(arranged(device, &world, group, message), (true, 3_600), "{}", device.name(&world));
    }
    let open = Permissions { edit: Who::Everybody, ..Permissions::default() };
    anna.changes(&mut world, group, GroupChange::Permissions(open)).unwrap();
    world.settle();
    boris.queues(&mut world, pin(false));
    carla.queues(&mut world, timer(60));
    world.settle();
    for device in all {
        assert_eq!(arranged(device, &world, group, message), (false, 60), "{}", device.name(&world));
    }
}

#[test]
fn what_one_arranged_before_hearing_that_one_may_not_holds_nowhere_and_is_missed_by_nobody() {
    let mut world = World::new(12);
    let (all @ [anna, boris, _], group) = group(&mut world);
    let Ok(Reply::Queued(message)) = anna.says_in(&mut world, group, "the address") else {
        panic!("it is said")
    };
    let him = boris.account(&world);
    anna.changes(&mut world, group, GroupChange::Role(him, Role::Admin)).unwrap();
    world.settle();
    boris.queues(&mut world, Command::SetTimer { conversation: group, seconds: 3_600 });
    world.settle();
    boris.goes_offline(&mut world);
    boris.queues(&mut world, Command::Pin { message, on: true });
    boris.queues(&mut world, Command::SetTimer { conversation: group, seconds: 60 });
    anna.changes(&mut world, group, GroupChange::Role(him, Role::Member)).unwrap();
    world.pass(MINUTE_MS);
    boris.comes_back(&mut world);
    world.pass(2 * MINUTE_MS);
    world.settle();
    boris.says_in(&mut world, group, "back").unwrap();
    world.settle();
    for device in all {
        assert_eq!(arranged(device, &world, group, message), (false, 3_600), "{}", device.name(&world));
        assert_eq!(device.client(&world).missing(group).unwrap(), 0, "{}", device.name(&world));
        assert!(device.texts_in(&world, group).contains(&"Boris: back".to_owned()));
    }
}
