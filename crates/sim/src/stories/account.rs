//! Making an account.

use client::{Command, Refused, Reply};
use vocab::Handle;
use vocab::time::DAY_MS;
use wire::Refusal;

use crate::World;

#[test]
fn a_number_that_is_held_goes_over_after_a_week_and_to_nobody_before() {
    let mut world = World::new(1);
    let anna = world.registers_number("Anna", "+32470000001");
    world.settle();
    let thief = world.unpacks("Boris");
    let held = world.tries_number(thief, "Boris", "+32470000001");
    assert!(matches!(held, Err(Refused::ByService(Refusal::HandleHeld { .. }))), "{held:?}");
    assert_eq!(thief.client(&world).status().unwrap().account, None);
    world.pass(8 * DAY_MS);
    let taken = world.tries_number(thief, "Boris", "+32470000001");
    assert!(matches!(taken, Ok(Reply::Registered(account)) if account != anna.account(&world)), "{taken:?}");
    world.settle();
    let carla = world.registers("Carla");
    world.settle();
    carla.adds_handle(&mut world, "+32470000001");
    assert!(carla.stands_with(&world, thief).is_some() && carla.stands_with(&world, anna).is_none());
}

#[test]
fn a_wrong_code_costs_a_try_and_the_right_one_still_works() {
    let mut world = World::new(2);
    let device = world.unpacks("Anna");
    let handle = Handle::parse("anna@example.org").unwrap();
    device.proves(&mut world, &handle);
    let right = world.code_for(&handle).unwrap();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let register = |code: &str| Command::Register {
        name: "Anna".to_owned(),
        proof: Some((handle.clone(), code.to_owned())),
    };
    let refused = device.asks(&mut world, register(wrong));
    assert_eq!(refused, Err(Refused::ByService(Refusal::WrongCode { tries_left: 2 })));
    assert!(matches!(device.asks(&mut world, register(&right)), Ok(Reply::Registered(_))));
    let status = device.client(&world).status().unwrap();
    assert_eq!((status.handle, status.code_requested_for), (Some(handle), None));
}

#[test]
fn a_registration_whose_answer_was_lost_is_finished_not_repeated() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        let device = world.unpacks("Anna");
        device.tells(&mut world, Command::Register { name: "Anna".to_owned(), proof: None });
        let moment = world.dice(150);
        world.pass(moment);
        device.crashes(&mut world);
        device.restarts(&mut world);
        // The person tries again.
        let again = device.asks(&mut world, Command::Register { name: "Anna".to_owned(), proof: None });
        assert!(matches!(again, Ok(Reply::Registered(_)) | Err(Refused::AlreadyRegistered)), "{again:?}");
        let status = device.client(&world).status().unwrap();
        device.has_account(&mut world, status.account.unwrap());
        world.settle();
        let status = device.client(&world).status().unwrap();
        assert_eq!((status.name.as_str(), status.outbox), ("Anna", 0), "seed {seed}");
    }
}
