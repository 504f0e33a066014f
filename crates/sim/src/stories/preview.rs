//! Previews of links: what the sender of a text says of a page.

use client::{
    ChatChoice, Command, LinkPreview, PREVIEW_DESCRIPTION_BYTES_MAX, PREVIEW_TITLE_BYTES_MAX, PreviewView,
    Refused, THUMBNAIL_BYTES_MAX, Weakness,
};
use vocab::MessageId;
use vocab::time::MINUTE_MS;

use super::friends;
use crate::{Device, World};

const LINK: &str = "https://harbourrail.example/summer";

fn preview(title: &str) -> LinkPreview {
    LinkPreview {
        link: LINK.to_owned(),
        title: title.to_owned(),
        description: "Sleepers from 1 June".to_owned(),
        picture: vec![7; 900],
    }
}

impl Device {
    /// Says a text with a preview.
    fn says_with(self, world: &mut World, to: Self, text: &str, preview: LinkPreview) -> MessageId {
        let conversation = self.conversation(world, to).expect("they know each other");
        let of = Box::new(Command::Send { conversation, text: text.to_owned() });
        self.queues(world, Command::WithPreview { of, preview })
    }

    /// The titles that a conversation shows, with a sign where there is no preview.
    fn titles(self, world: &World, with: Self) -> Vec<String> {
        let title = |preview: Option<PreviewView>| preview.map_or("-".to_owned(), |preview| preview.title);
        self.messages(world, with).into_iter().map(|message| title(message.preview)).collect()
    }

    fn picture_of(self, world: &World, message: MessageId) -> Option<Vec<u8>> {
        self.client(world).preview_picture(message).expect("the store can be read")
    }
}

#[test]
fn previews_are_off_until_they_are_chosen_for_a_chat_and_then_on_all_devices() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    for (device, other) in [(anna, boris), (laptop, boris), (boris, anna)] {
        assert!(!device.head(&world, other).choices.previews, "{}", device.name(&world));
    }
    anna.chooses(&mut world, boris, ChatChoice::Previews(true));
    world.settle();
    assert!(anna.head(&world, boris).choices.previews && laptop.head(&world, boris).choices.previews);
    assert!(!boris.head(&world, anna).choices.previews, "it is nobody else's business");
    let tablet = anna.links(&mut world, "Anna's tablet");
    world.pass(5 * MINUTE_MS);
    world.settle();
    assert!(tablet.head(&world, boris).choices.previews);
    tablet.chooses(&mut world, boris, ChatChoice::Previews(false));
    world.settle();
    assert!(!anna.head(&world, boris).choices.previews);
}

#[test]
fn a_preview_travels_with_its_text_which_stays_as_it_was_typed() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let text = format!("  look:\n{LINK}, **soon** \n");
    let sent = anna.says_with(&mut world, boris, &text, preview("Night trains"));
    world.settle();
    let answer = boris.replies(&mut world, sent, "nice");
    world.settle();
    for (device, other) in [(anna, boris), (laptop, boris), (boris, anna)] {
        let message = device.messages(&world, other).remove(0);
        assert_eq!(message.text, text, "{}", device.name(&world));
        let shown = message.preview.expect("there is one");
        assert_eq!((shown.link.as_str(), shown.title.as_str()), (LINK, "Night trains"));
        assert_eq!(shown.description, "Sleepers from 1 June");
        assert_eq!(device.picture_of(&world, sent), Some(vec![7; 900]));
        assert_eq!(device.picture_of(&world, answer), None);
    }
    let tablet = boris.links_by_number(&mut world, "Boris's tablet");
    assert_eq!(tablet.has_history_within(&mut world, 5), Some(2));
    world.settle();
    assert_eq!(tablet.titles(&world, anna), ["Night trains", "-"], "a history brings it");
    let answered = Command::Reply { to: answer, text: format!("and {LINK}?") };
    let of = Box::new(answered);
    anna.queues(&mut world, Command::WithPreview { of, preview: preview("Again") });
    world.settle();
    assert_eq!(boris.titles(&world, anna), ["Night trains", "-", "Again"]);
    assert_eq!(boris.sees(&world, anna)[2], format!("and {LINK}? (to: nice)"));
}

#[test]
fn an_edit_takes_the_preview_away_or_brings_another_and_a_deletion_erases_it() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    let sent = anna.says_with(&mut world, boris, LINK, preview("First"));
    world.settle();
    let of = Box::new(Command::Edit { message: sent, text: format!("see {LINK}") });
    let other = LinkPreview { picture: Vec::new(), ..preview("Second") };
    anna.queues(&mut world, Command::WithPreview { of, preview: other });
    world.settle();
    for (device, with) in [(anna, boris), (boris, anna)] {
        assert_eq!(device.titles(&world, with), ["Second"]);
        assert_eq!(device.picture_of(&world, sent), None, "the picture was the first one's");
    }
    anna.edits(&mut world, sent, &format!("never mind {LINK}"));
    world.settle();
    assert_eq!(
        (anna.titles(&world, boris), boris.titles(&world, anna)),
        (vec!["-".into()], vec!["-".into()])
    );
    let of = Box::new(Command::Edit { message: sent, text: LINK.to_owned() });
    anna.queues(&mut world, Command::WithPreview { of, preview: preview("Third") });
    world.settle();
    assert_eq!(boris.titles(&world, anna), ["Third"]);
    anna.deletes(&mut world, sent);
    world.settle();
    for (device, with) in [(anna, boris), (boris, anna)] {
        assert_eq!(
            (device.titles(&world, with), device.sees(&world, with)),
            (vec!["-".into()], vec!["(deleted)".into()])
        );
        assert_eq!(device.picture_of(&world, sent), None);
    }
}

#[test]
fn a_preview_of_a_link_that_is_not_in_the_text_is_not_sent_and_not_shown() {
    let mut world = World::new(4);
    let (anna, boris) = friends(&mut world);
    let conversation = anna.conversation(&world, boris).unwrap();
    let with = |text: &str, preview| Command::WithPreview {
        of: Box::new(Command::Send { conversation, text: text.to_owned() }),
        preview,
    };
    let texts = [
        "no link",
        "https://bank.example/",
        "`https://harbourrail.example/summer`",
        "https://harbourrail.example/",
    ];
    for text in texts {
        let refused = anna.is_refused(&mut world, with(text, preview("Night trains")));
        assert_eq!(refused, Refused::BadPreview, "{text}");
    }
    // One that sends it all the same: the text comes, and nothing is said of a link that is not there.
    anna.restarts_with(&mut world, |config| config.broken = Some(Weakness::PreviewsElsewhere));
    for text in texts {
        anna.queues(&mut world, with(text, preview("Night trains")));
    }
    world.settle();
    assert_eq!(boris.titles(&world, anna), ["-"; 4]);
    assert_eq!(boris.sees(&world, anna), texts);
    assert_eq!(anna.titles(&world, boris), ["-"; 4]);
}

#[test]
fn only_texts_bring_previews_and_none_that_breaks_a_limit() {
    let mut world = World::new(5);
    let (anna, boris) = friends(&mut world);
    let conversation = anna.conversation(&world, boris).unwrap();
    let text = || Box::new(Command::SendPlain { conversation, text: LINK.to_owned() });
    type Change = fn(&mut LinkPreview);
    let changes: [Change; 4] = [
        |it| it.title = String::new(),
        |it| it.title = "t".repeat(PREVIEW_TITLE_BYTES_MAX + 1),
        |it| it.description = "d".repeat(PREVIEW_DESCRIPTION_BYTES_MAX + 1),
        |it| it.picture = vec![0; THUMBNAIL_BYTES_MAX + 1],
    ];
    for change in changes {
        let mut preview = preview("T");
        change(&mut preview);
        assert_eq!(
            anna.is_refused(&mut world, Command::WithPreview { of: text(), preview }),
            Refused::BadPreview
        );
    }
    for of in [Command::Active, Command::SetTimer { conversation, seconds: 60 }] {
        let of = Box::new(of);
        let refused = anna.is_refused(&mut world, Command::WithPreview { of, preview: preview("T") });
        assert_eq!(refused, Refused::BadPreview);
    }
    let largest = LinkPreview {
        link: LINK.to_owned(),
        title: "t".repeat(PREVIEW_TITLE_BYTES_MAX),
        description: "d".repeat(PREVIEW_DESCRIPTION_BYTES_MAX),
        picture: vec![1; THUMBNAIL_BYTES_MAX],
    };
    anna.queues(&mut world, Command::WithPreview { of: text(), preview: largest });
    world.settle();
    assert_eq!(boris.titles(&world, anna), ["t".repeat(PREVIEW_TITLE_BYTES_MAX)]);
}

#[test]
fn nothing_of_a_strangers_preview_is_here_before_they_are_let_in() {
    let mut world = World::new(6);
    let anna = world.registers_number("Anna", "+32470000001");
    let boris = world.registers("Boris");
    world.settle();
    boris.adds_handle(&mut world, "+32470000001");
    let sent = boris.says_with(&mut world, anna, LINK, preview("Do you know me?"));
    world.settle();
    assert_eq!(anna.client(&world).message(sent).unwrap(), None);
    assert_eq!(anna.picture_of(&world, sent), None);
    anna.accepts(&mut world, boris);
    world.settle();
    assert_eq!(anna.titles(&world, boris), ["Do you know me?"]);
}

#[test]
fn what_is_forwarded_or_disappears_leaves_no_preview_behind() {
    let mut world = World::new(7);
    let (anna, boris) = friends(&mut world);
    let carla = world.registers("Carla");
    world.settle();
    boris.befriends(&mut world, carla);
    anna.sets_timer(&mut world, boris, 60);
    let sent = anna.says_with(&mut world, boris, LINK, preview("Night trains"));
    world.settle();
    let to = boris.conversation(&world, carla).unwrap();
    boris.queues(&mut world, Command::Forward { message: sent, to });
    boris.reads(&mut world, anna);
    world.settle();
    assert_eq!(carla.titles(&world, boris), ["-"], "whoever forwards has not looked at the page");
    assert_eq!(carla.sees(&world, boris), [LINK]);
    world.pass(3 * MINUTE_MS);
    world.settle();
    for (device, with) in [(anna, boris), (boris, anna)] {
        assert!(device.titles(&world, with).iter().all(|title| title == "-"), "{}", device.name(&world));
        assert_eq!(device.picture_of(&world, sent), None);
    }
}
