//! Contact cards: said to others, and kept on all devices.

use client::{
    CARDS_AT_ONCE_MAX, CARDS_BYTES_MAX, Command, KEPT_CARD_BYTES_MAX, KeptCard, Refused, Reply, card_id,
};
use vocab::MessageId;
use vocab::time::{DAY_MS, MINUTE_MS};

use super::friends;
use crate::{Device, World};

const CARD: &str =
    "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:1\r\nFN:Carla\r\nTEL:+32470000009\r\nEND:VCARD\r\n";

fn says(world: &mut World, by: Device, to: Device, cards: &str) -> MessageId {
    let conversation = by.conversation(world, to).unwrap();
    by.queues(world, Command::SendCards { conversation, cards: cards.to_owned() })
}

fn cards(world: &World, on: Device, message: MessageId) -> String {
    on.client(world).message(message).unwrap().unwrap().cards
}

fn card(number: u32) -> KeptCard {
    KeptCard { id: card_id(&number.to_be_bytes()), text: format!("{CARD}{number}") }
}

fn kept(world: &World, on: Device) -> Vec<KeptCard> {
    on.client(world).kept_cards(None, u32::MAX).unwrap()
}

#[test]
fn cards_go_both_ways_to_all_devices_and_on_to_others_as_they_came() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let laptop = boris.links(&mut world, "Boris's laptop");
    let carla = world.registers("Carla");
    world.settle();
    boris.befriends(&mut world, carla);
    let sent = says(&mut world, anna, boris, CARD);
    let back = says(&mut world, boris, anna, &CARD.repeat(3));
    world.settle();
    for device in [anna, boris, laptop] {
        assert_eq!(cards(&world, device, sent), CARD, "{}", device.name(&world));
        assert_eq!(cards(&world, device, back), CARD.repeat(3), "{}", device.name(&world));
        let view = device.client(&world).message(sent).unwrap().unwrap();
        assert_eq!((view.text.as_str(), view.unknown), ("", None));
    }
    assert!(boris.finds(&world, "Carla").is_empty(), "the core reads no card");
    let to = boris.conversation(&world, carla).unwrap();
    let on = boris.queues(&mut world, Command::Forward { message: sent, to });
    world.settle();
    assert_eq!(cards(&world, carla, on), CARD);
    assert!(carla.client(&world).message(on).unwrap().unwrap().forwarded);
    let edit = Command::Edit { message: sent, text: "no card".into() };
    assert_eq!(anna.is_refused(&mut world, edit), Refused::NotYours, "a card is not written anew");
    anna.asks(&mut world, Command::Delete { message: sent, everyone: true }).unwrap();
    world.settle();
    for device in [anna, boris, laptop] {
        assert_eq!(cards(&world, device, sent), "", "{}", device.name(&world));
    }
}

#[test]
fn what_is_no_card_of_a_size_that_fits_is_refused_and_what_nobody_can_read_is_kept_as_it_is() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    let conversation = anna.conversation(&world, boris).unwrap();
    for cards in [String::new(), "x".repeat(CARDS_BYTES_MAX + 1)] {
        let command = Command::SendCards { conversation, cards };
        assert_eq!(anna.is_refused(&mut world, command), Refused::BadCards);
    }
    let odd = says(&mut world, anna, boris, "BEGIN:VCARD and no more");
    let large = says(&mut world, anna, boris, &"x".repeat(CARDS_BYTES_MAX));
    anna.says(&mut world, boris, "after");
    world.settle();
    assert_eq!(cards(&world, boris, odd), "BEGIN:VCARD and no more");
    assert_eq!(cards(&world, boris, large).len(), CARDS_BYTES_MAX);
    assert_eq!(boris.misses(&world, anna), 0);
    anna.blocks(&mut world, boris);
    let command = Command::SendCards { conversation, cards: CARD.to_owned() };
    assert_eq!(anna.is_refused(&mut world, command), Refused::NotAccepted);
}

#[test]
fn a_card_in_a_request_is_not_here_before_it_is_let_in() {
    let mut world = World::new(3);
    let anna = world.registers_number("Anna", "+32470000001");
    let boris = world.registers("Boris");
    world.settle();
    boris.adds_handle(&mut world, "+32470000001");
    let sent = says(&mut world, boris, anna, CARD);
    world.settle();
    assert!(anna.client(&world).message(sent).unwrap().is_none());
    anna.accepts(&mut world, boris);
    world.settle();
    assert_eq!(cards(&world, anna, sent), CARD);
}

#[test]
fn a_card_disappears_as_a_text_does() {
    let mut world = World::new(4);
    let (anna, boris) = friends(&mut world);
    let conversation = anna.conversation(&world, boris).unwrap();
    anna.queues(&mut world, Command::SetTimer { conversation, seconds: 60 });
    world.settle();
    let sent = says(&mut world, anna, boris, CARD);
    world.settle();
    boris.reads(&mut world, anna);
    world.pass(5 * MINUTE_MS);
    for device in [anna, boris] {
        let gone = device.client(&world).message(sent).unwrap().is_none_or(|view| view.cards.is_empty());
        assert!(gone, "{}", device.name(&world));
    }
}

#[test]
fn kept_cards_are_on_all_devices_also_later_ones_and_nobody_else_hears_of_them() {
    let mut world = World::new(5);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let frames = world.frames_to(boris);
    let all: Vec<KeptCard> = (0..40).map(card).collect();
    assert_eq!(anna.asks(&mut world, Command::KeepCards(all.clone())), Ok(Reply::Done));
    assert_eq!(anna.asks(&mut world, Command::KeepCards(all.clone())), Ok(Reply::Done), "nothing changes");
    world.settle();
    assert_eq!((kept(&world, anna).len(), kept(&world, laptop)), (40, kept(&world, anna)));
    assert_eq!(world.frames_to(boris), frames, "he hears nothing");
    let other = KeptCard { text: "another".into(), ..all[7].clone() };
    let gone = KeptCard { text: String::new(), ..all[8].clone() };
    laptop.asks(&mut world, Command::KeepCards(vec![other.clone(), gone.clone()])).unwrap();
    world.pass(DAY_MS / 24);
    assert_eq!(kept(&world, anna).len(), 39);
    assert_eq!(anna.client(&world).kept_card(other.id).unwrap(), Some(other));
    assert_eq!(anna.client(&world).kept_card(gone.id).unwrap(), None);
    let tablet = anna.links(&mut world, "Anna's tablet");
    world.pass(MINUTE_MS);
    assert_eq!(kept(&world, tablet), kept(&world, anna));
    let page = anna.client(&world).kept_cards(Some(kept(&world, anna)[9].id), 5).unwrap();
    assert_eq!(page, kept(&world, anna)[10..15]);
}

#[test]
fn more_cards_than_can_be_kept_are_refused_whole() {
    let mut world = World::new(6);
    let anna = world.registers("Anna");
    world.settle();
    let large = KeptCard { text: "x".repeat(KEPT_CARD_BYTES_MAX + 1), ..card(1) };
    let nameless = KeptCard { id: [0; 16], ..card(1) };
    let many = (0..u32::try_from(CARDS_AT_ONCE_MAX).unwrap() + 1).map(card).collect();
    for cards in [vec![card(2), large], vec![nameless], many] {
        assert_eq!(anna.is_refused(&mut world, Command::KeepCards(cards)), Refused::BadCards);
    }
    assert!(kept(&world, anna).is_empty());
    let heavy = |from: u32| -> Vec<KeptCard> {
        let text = "x".repeat(KEPT_CARD_BYTES_MAX);
        (from..from + 200).map(|number| KeptCard { text: text.clone(), ..card(number) }).collect()
    };
    anna.asks(&mut world, Command::KeepCards(heavy(0))).unwrap();
    assert_eq!(anna.is_refused(&mut world, Command::KeepCards(heavy(200))), Refused::TooManyCards);
    assert_eq!(kept(&world, anna).len(), 200);
}
