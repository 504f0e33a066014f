//! Proof of what somebody said.

use client::{Evidence, NotProved};

use super::friends;
use crate::{Device, World};

/// What a device can show of a message.
fn evidence(world: &World, who: Device, message: vocab::MessageId) -> Vec<Evidence> {
    who.client(world).evidence(message).unwrap()
}

#[test]
fn whoever_reads_a_message_can_prove_it_and_nothing_else() {
    let mut world = World::new(1);
    let (anna, boris) = friends(&mut world);
    let message = anna.says(&mut world, boris, "pay me or else");
    world.settle();
    let shown = evidence(&world, boris, message);
    let [evidence] = &shown[..] else { panic!("one version") };
    let proved = evidence.check().unwrap();
    assert_eq!((proved.account, proved.message), (anna.account(&world), message));
    assert_eq!(proved.text.as_deref(), Some("pay me or else"));
    // Every byte of it counts.
    for at in 0..evidence.content.len() {
        let mut forged = evidence.clone();
        forged.content[at] ^= 1;
        assert!(forged.check().is_err(), "byte {at} of the content");
    }
    for at in (0..evidence.device_chain.len()).step_by(7) {
        let mut forged = evidence.clone();
        forged.device_chain[at] ^= 1;
        assert!(forged.check().is_err(), "byte {at} of the device lists");
    }
    let mut elsewhere = evidence.clone();
    elsewhere.conversation.0[0] ^= 1;
    assert_eq!(elsewhere.check(), Err(NotProved::Signature), "said in another chat");
    let mut another = evidence.clone();
    another.device.0[0] ^= 1;
    assert_eq!(another.check(), Err(NotProved::Device));
}

#[test]
fn boris_cannot_prove_what_anna_never_said() {
    let mut world = World::new(2);
    let (anna, boris) = friends(&mut world);
    let hers = anna.says(&mut world, boris, "see you at 5");
    let his = boris.says(&mut world, anna, "pay me or else");
    world.settle();
    let (hers, his) = (evidence(&world, boris, hers).remove(0), evidence(&world, boris, his).remove(0));
    assert_eq!(his.check().unwrap().account, boris.account(&world));
    let forged = Evidence { device: hers.device, device_chain: hers.device_chain.clone(), ..his.clone() };
    assert_eq!(forged.check(), Err(NotProved::Signature));
    assert_eq!(Evidence { device: hers.device, ..his }.check(), Err(NotProved::Device));
}

#[test]
fn edits_deletions_devices_and_time_leave_what_was_proved() {
    let mut world = World::new(3);
    let (anna, boris) = friends(&mut world);
    let laptop = anna.links(&mut world, "Anna's laptop");
    world.settle();
    let message = laptop.says(&mut world, boris, "pay me or else");
    world.settle();
    laptop.edits(&mut world, message, "have a nice day");
    world.settle();
    let gone = laptop.device_id(&world);
    anna.removes(&mut world, gone).unwrap();
    world.settle();
    let new = boris.links_by_number(&mut world, "Boris's laptop");
    assert!(new.has_history_within(&mut world, 10).is_some());
    for device in [boris, new] {
        let shown = evidence(&world, device, message);
        let texts: Vec<_> = shown.iter().map(|it| it.check().unwrap().text.unwrap()).collect();
        assert_eq!(texts, ["pay me or else", "have a nice day"], "{}", device.name(&world));
        assert_eq!(shown[1].check().unwrap().replaces, Some(message));
    }
    anna.deletes(&mut world, message);
    world.settle();
    assert!(evidence(&world, boris, message).is_empty(), "what was taken back is not kept");
}

#[test]
fn a_request_is_proved_before_anything_of_it_is_shown() {
    let mut world = World::new(4);
    let (anna, boris) = (world.registers_number("Anna", "+32470000001"), world.registers("Boris"));
    world.settle();
    boris.adds_handle(&mut world, "+32470000001");
    world.settle();
    let from = boris.account(&world);
    let evidence = anna.client(&world).evidence_of_request(from).unwrap().expect("he knocks");
    let proved = evidence.check().unwrap();
    assert_eq!((proved.account, proved.at), (from, anna.account(&world)));
    let mut forged = evidence.clone();
    forged.signed[20] ^= 1;
    assert_eq!(forged.check(), Err(NotProved::Signature));
    anna.accepts(&mut world, boris);
    assert!(anna.client(&world).evidence_of_request(from).unwrap().is_none());
}
