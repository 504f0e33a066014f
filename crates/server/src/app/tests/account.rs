//! Codes, claims, device lists.

use vocab::time::MINUTE_MS;
use wire::account::{RequestPermit, UpdateDeviceList};

use super::*;

#[test]
fn a_handle_is_proven_once_by_the_code_that_was_sent() {
    let mut world = World::new();
    let anna = Person::new(1);
    let permit = world.register(&anna, Some(ANNA)).unwrap();
    assert!(!permit.is_empty());
    assert!(world.authenticate(&anna, 1).is_ok());
    let sent = world.sent_codes.lock().unwrap().clone();
    assert_eq!((sent.len(), sent[0].0.as_str(), sent[0].1.len()), (1, ANNA, 6));
}

#[test]
fn t04_the_code_of_one_session_is_of_no_use_to_another_requester() {
    let mut world = World::new();
    let (asking, _) = world.visit();
    let code = world.code_for(asking, ANNA, [1; 32]).unwrap();
    let (other, _) = world.visit();
    let stolen = Person::new(2).register(Some(proof(ANNA, [2; 32], &code)));
    assert_eq!(world.visit_ask(other, stolen).err(), Some(Refusal::NoOpenCode));
    let elsewhere = Person::new(2).register(Some(proof(BORIS, [1; 32], &code)));
    assert_eq!(world.visit_ask(other, elsewhere).err(), Some(Refusal::NoOpenCode));
    let own = Person::new(1).register(Some(proof(ANNA, [1; 32], &code)));
    assert!(world.visit_ask(asking, own).is_ok());
}

#[test]
fn t04_three_tries_a_code_and_four_codes_a_day_also_after_a_restart() {
    let mut world = World::on_disk();
    let (session, _) = world.visit();
    let code = world.code_for(session, ANNA, [1; 32]).unwrap();
    let guess = |code: &str| Person::new(1).register(Some(proof(ANNA, [1; 32], code)));
    let bad = wrong(&code);
    let refused = |world: &mut World, session| world.visit_ask(session, guess(&bad)).err();
    assert_eq!(refused(&mut world, session), Some(Refusal::WrongCode { tries_left: 2 }));
    assert_eq!(refused(&mut world, session), Some(Refusal::WrongCode { tries_left: 1 }));
    world.crash_and_restart();
    let (session, _) = world.visit();
    assert_eq!(refused(&mut world, session), Some(Refusal::WrongCode { tries_left: 0 }));
    assert_eq!(world.visit_ask(session, guess(&code)).err(), Some(Refusal::NoOpenCode), "the fourth try");
    for n in 2..=4 {
        assert!(world.code_for(session, ANNA, [n; 32]).is_ok());
    }
    world.crash_and_restart();
    let (session, _) = world.visit();
    assert_eq!(world.code_for(session, ANNA, [5; 32]).err(), Some(Refusal::TooManyCodes));
    world.pass(DAY_MS);
    let (session, _) = world.visit();
    assert!(world.code_for(session, ANNA, [5; 32]).is_ok(), "another day");
}

#[test]
fn a_code_lives_ten_minutes() {
    let mut world = World::new();
    let (session, _) = world.visit();
    let code = world.code_for(session, ANNA, [1; 32]).unwrap();
    world.pass(11 * MINUTE_MS);
    let late = Person::new(1).register(Some(proof(ANNA, [1; 32], &code)));
    assert_eq!(world.visit_ask(session, late).err(), Some(Refusal::NoOpenCode));
}

#[test]
fn a_hundred_parallel_claims_of_one_handle_have_one_winner() {
    let mut world = World::new();
    let (asking, _) = world.visit();
    let code = world.code_for(asking, ANNA, [1; 32]).unwrap();
    let claims: Vec<_> = (1..=100).map(|n| (world.visit().0, Person::new(n))).collect();
    for (session, person) in &claims {
        world.tell(*session, &Request { id: 3, op: person.register(Some(proof(ANNA, [1; 32], &code))) });
    }
    world.flush();
    let won = |world: &mut World, session| {
        matches!(world.next_frame::<Reply<AccountAnswer>>(session), Reply::Done { .. })
    };
    assert_eq!(claims.iter().filter(|(session, _)| won(&mut world, *session)).count(), 1);
    assert_eq!(world.rows("SELECT COUNT(*) FROM handle"), 1);
    assert_eq!(world.rows("SELECT COUNT(*) FROM account"), 1);
}

#[test]
fn t03_a_held_handle_waits_seven_days_and_then_leads_to_the_new_account() {
    let mut world = World::on_disk();
    let (owner, thief) = (Person::new(1), Person::new(2));
    world.register(&owner, Some(ANNA)).unwrap();
    let from = world.now.day().plus(7);
    assert_eq!(world.register(&thief, Some(ANNA)), Err(Refusal::HandleHeld { from }));
    assert!(world.authenticate(&thief, 2).is_err(), "no account was made");
    world.crash_and_restart();
    world.pass(6 * DAY_MS);
    assert_eq!(world.register(&thief, Some(ANNA)), Err(Refusal::HandleHeld { from }));
    world.pass(DAY_MS);
    assert!(world.register(&thief, Some(ANNA)).is_ok());
    let session = world.authenticate(&owner, 1).unwrap();
    let permit = AccountRequest::RequestPermit(RequestPermit {
        handle: ANNA.as_bytes().into(),
        extensions: Vec::new(),
    });
    assert_eq!(
        world.visit_ask(session, permit).err(),
        Some(Refusal::NotAllowed),
        "the old account is detached"
    );
}

#[test]
fn a_claim_that_waits_uses_up_its_code() {
    let mut world = World::new();
    world.register(&Person::new(1), Some(ANNA)).unwrap();
    let (session, _) = world.visit();
    let code = world.code_for(session, ANNA, [2; 32]).unwrap();
    let claim = || Person::new(2).register(Some(proof(ANNA, [2; 32], &code)));
    assert!(matches!(world.visit_ask(session, claim()), Err(Refusal::HandleHeld { .. })));
    assert_eq!(world.visit_ask(session, claim()).err(), Some(Refusal::NoOpenCode));
}

#[test]
fn the_answer_to_a_code_request_is_the_same_whether_the_handle_is_known_or_not() {
    let mut world = World::new();
    world.register(&Person::new(1), Some(ANNA)).unwrap();
    let mut answers = Vec::new();
    for handle in [ANNA, BORIS] {
        let (session, _) = world.visit();
        world.tell(session, &Request { id: 2, op: request_code(handle, [9; 32]) });
        world.flush();
        answers.push(world.next(session));
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn registering_twice_is_told_to_authenticate_and_a_key_belongs_to_one_account() {
    let mut world = World::new();
    let anna = Person::new(1);
    let session = world.registered(&anna);
    assert_eq!(world.visit_ask(session, anna.register(None)).err(), Some(Refusal::Exists));
    let same_key = Person { n: 1, chain: VerifiedChain::begin(&[1; 32], entry(1), [77; 32]) };
    assert_eq!(world.visit_ask(session, same_key.register(None)).err(), Some(Refusal::NotAllowed));
}

#[test]
fn a_signature_of_another_device_another_connection_or_nobody_opens_nothing() {
    let mut world = World::new();
    let anna = Person::new(1);
    world.registered(&anna);
    let (first, nonce) = world.visit();
    let (second, _) = world.visit();
    assert_eq!(world.visit_ask(second, anna.authenticate(1, &nonce)).err(), Some(Refusal::NotAllowed));
    assert_eq!(world.visit_ask(first, anna.authenticate(2, &nonce)).err(), Some(Refusal::NotAllowed));
    let nobody = Person::new(8);
    assert_eq!(world.visit_ask(first, nobody.authenticate(8, &nonce)).err(), Some(Refusal::NotAllowed));
    assert!(world.visit_ask(first, anna.authenticate(1, &nonce)).is_ok());
}

#[test]
fn a_removed_device_may_do_nothing_more_at_once() {
    let mut world = World::new();
    let mut anna = Person::new(1);
    let first = world.registered(&anna);
    anna.chain = anna.chain.next(&[1; 32], vec![entry(1), entry(2)]).unwrap();
    assert!(world.visit_ask(first, update(&anna.chain)).is_ok());
    assert!(world.visit_ask(first, update(&anna.chain)).is_ok(), "repeating changes nothing");
    let second = world.authenticate(&anna, 2).unwrap();
    assert!(world.visit_ask(second, super::key_package::put(3, true)).is_ok());
    anna.chain = anna.chain.next(&[1; 32], vec![entry(1)]).unwrap();
    assert!(world.visit_ask(first, update(&anna.chain)).is_ok());
    let refused = world.visit_ask(second, super::key_package::put(1, false)).err();
    assert_eq!(refused, Some(Refusal::NotAllowed), "its open connection, too");
    assert_eq!(world.authenticate(&anna, 2).err(), Some(Refusal::NotAllowed));
    assert_eq!(world.rows("SELECT COUNT(*) FROM key_package"), 0);
    assert_eq!(world.rows("SELECT COUNT(*) FROM last_resort"), 0);
}

#[test]
fn a_list_that_does_not_follow_is_refused_and_changes_nothing() {
    let mut world = World::new();
    let anna = Person::new(1);
    let session = world.registered(&anna);
    let forged =
        VerifiedChain::begin(&[5; 32], entry(5), [5; 32]).next(&[5; 32], vec![entry(5), entry(1)]).unwrap();
    assert_eq!(world.visit_ask(session, update(&forged)).err(), Some(Refusal::NotAllowed));
    world.registered(&Person::new(6));
    let taken = anna.chain.next(&[1; 32], vec![entry(1), entry(6)]).unwrap();
    assert_eq!(world.visit_ask(session, update(&taken)).err(), Some(Refusal::NotAllowed), "another's key");
    assert_eq!(world.rows("SELECT COUNT(*) FROM device"), 2);
}

#[test]
fn strangers_of_one_network_register_and_ask_within_limits() {
    let mut world = World::new();
    let source = Source::Network(4);
    let (mut made, mut asked) = (0, 0);
    for n in 1..=60 {
        let (session, _) = world.visit_from(source);
        made += u32::from(world.visit_ask(session, Person::new(n).register(None)).is_ok());
        let handle = format!("someone{n}@example.org");
        asked += u32::from(world.visit_ask(session, request_code(&handle, [n; 32])).is_ok());
    }
    assert_eq!(made, crate::account::api::REGISTRATIONS_PER_SOURCE_AND_HOUR);
    assert_eq!(asked, crate::account::api::CODES_PER_SOURCE_AND_HOUR);
    let (elsewhere, _) = world.visit_from(Source::Network(5));
    assert!(world.visit_ask(elsewhere, Person::new(61).register(None)).is_ok());
}

#[test]
fn what_is_no_handle_gets_no_code() {
    let mut world = World::new();
    let (session, _) = world.visit();
    for bad in ["", "0470 12 34 56", "not a handle", "\u{202e}@x"] {
        assert_eq!(
            world.visit_ask(session, request_code(bad, [1; 32])).err(),
            Some(Refusal::BadHandle),
            "{bad}"
        );
    }
}

#[test]
fn only_days_are_kept_and_a_day_seen_is_written_once() {
    let mut world = World::new();
    let anna = Person::new(1);
    world.registered(&anna);
    world.pass(3 * DAY_MS);
    world.authenticate(&anna, 1).unwrap();
    let day = u64::from(world.now.day().0);
    assert_eq!(world.rows("SELECT seen_day FROM account"), day);
    assert_eq!(world.rows("SELECT registered_day FROM account"), day - 3);
}

fn update(chain: &VerifiedChain) -> AccountRequest {
    AccountRequest::UpdateDeviceList(UpdateDeviceList {
        device_list: chain.newest_bytes().into(),
        extensions: Vec::new(),
    })
}
