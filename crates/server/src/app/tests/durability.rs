//! Disks that fail: nothing half done, nothing released, everything goes on.

use server_db::Fault;

use super::*;

#[test]
fn a_batch_that_cannot_be_committed_releases_nothing_and_the_service_goes_on() {
    let mut world = World::new();
    let (alice, bob) = (world.open_device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    let sessions: Vec<_> = (0..3).map(|_| world.connect(Door::Unnamed)).collect();
    for session in &sessions {
        let op = world.send_request(&chat, 512);
        world.tell(*session, &Request { id: 8, op });
    }
    world.service().db().inject(Fault::Commit(1));
    world.flush();
    for session in &sessions {
        let answer = world.next_frame::<Reply<UnnamedAnswer>>(*session);
        assert!(matches!(answer, Reply::Refused { id: 8, refusal: Refusal::Unavailable }));
    }
    assert_eq!((world.received(&bob).len(), world.rows("SELECT COUNT(*) FROM envelope")), (0, 0));
    assert_eq!(world.send(&chat), Ok(Stored { sequence: 2, epoch: 1 }));
    assert_eq!((world.read(&alice), world.read(&bob)), (vec![2], vec![2]));
}

#[test]
fn a_write_that_fails_takes_back_its_own_input_only() {
    // Every write of a send and of a commit fails in turn.
    for fault in 1..=9 {
        let mut world = World::new();
        let (alice, bob) = (world.open_device(1), world.open_device(2));
        let chat = world.conversation(5, &[&alice, &bob]);
        let session = world.connect(Door::Unnamed);
        let good = world.send_request(&chat, 512);
        world.tell(session, &Request { id: 1, op: good });
        let after = Conversation { posting_key: [70; 32], members: chat.members.clone(), ..chat };
        let bad = world.commit_request(&chat, &after, vec![welcome(chat.members[0], 512)], &[1; 512]);
        world.service().db().inject(Fault::Write(fault));
        world.tell(session, &Request { id: 2, op: bad });
        world.flush();
        let first: Reply<UnnamedAnswer> = world.next_frame(session);
        let second: Reply<UnnamedAnswer> = world.next_frame(session);
        let done = |reply: &Reply<UnnamedAnswer>| matches!(reply, Reply::Done { .. });
        let (got, refused) = (world.read(&bob).len(), !done(&second));
        match (done(&first), done(&second)) {
            (true, true) => assert_eq!(got, 3, "{fault}: message, commit, message"),
            (true, false) => assert_eq!(got, 1, "{fault}"),
            (false, false) => assert_eq!(got, 0, "{fault}: the batch failed as a whole"),
            (false, true) => panic!("{fault}: out of order"),
        }
        world.service().db().inject(Fault::Write(0));
        assert!(world.send(if refused { &chat } else { &after }).is_ok(), "{fault}");
    }
}

#[test]
fn a_lost_acknowledgement_ends_the_connection_and_the_envelope_comes_again() {
    let mut world = World::new();
    let (alice, mut bob) = (world.device(1), world.open_device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    world.send(&chat).unwrap();
    let sequence = world.received(&bob)[0].0;
    world.service().db().inject(Fault::Commit(1));
    world.acknowledge(&bob, sequence);
    let session = bob.session.unwrap();
    assert!(matches!(world.next_frame(session), MailboxFromService::Refused(Refusal::Unavailable)));
    assert_eq!(world.next(session), Some(Out::Close));
    assert_eq!(world.open(&mut bob), (1, 0));
    assert_eq!(world.read(&bob), [2]);
}

#[test]
fn a_login_in_a_lost_batch_did_not_happen_and_no_code_leaves() {
    let mut world = World::new();
    let anna = Person::new(1);
    let (session, _) = world.visit();
    world.service().db().inject(Fault::Commit(1));
    assert_eq!(world.visit_ask(session, anna.register(None)).err(), Some(Refusal::Unavailable));
    let refused = world.visit_ask(session, super::key_package::put(1, false)).err();
    assert_eq!(refused, Some(Refusal::NotAllowed));
    world.service().db().inject(Fault::Commit(1));
    assert_eq!(world.code_for(session, ANNA, [1; 32]).err(), Some(Refusal::Unavailable));
    assert!(world.sent_codes.lock().unwrap().is_empty());
    assert!(world.visit_ask(session, anna.register(None)).is_ok());
}

#[test]
fn a_full_disk_refuses_for_now_and_loses_nothing_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new();
    let options = Options { pages_max: Some(400), ..Options::default() };
    let location = Location::File(folder.path().join("db"), DbKey([3; 32]));
    let db = Db::open(location, &options, &schema()).unwrap();
    let codes = Box::new(Postbox(world.sent_codes.clone()));
    let rng = ChaCha20Rng::seed_from_u64(1);
    world.service = Some(Service::open(db, Keys::derive(&[9; 32]), codes, rng).unwrap());
    let (alice, mut bob) = (world.device(1), world.device(2));
    let chat = world.conversation(5, &[&alice, &bob]);
    let mut stored = Vec::new();
    let mut refused = 0;
    for _ in 0..60 {
        world.pass(1_000);
        let request = world.send_request(&chat, 16_384);
        match world.stored(request) {
            Ok(it) => stored.push(it.sequence),
            Err(refusal) => {
                assert_eq!(refusal, Refusal::Unavailable);
                refused += 1;
            }
        }
    }
    assert!(refused > 5 && stored.len() > 5, "{refused} refused, {} stored", stored.len());
    world.open(&mut bob);
    assert_eq!(world.received(&bob).into_iter().map(|(_, it)| it.sequence).collect::<Vec<_>>(), stored);
    // Acknowledging makes room, and it goes on.
    world.open(&mut bob);
    world.read(&bob);
    world.pass(1_000);
    assert!(world.send(&chat).is_ok());
}

#[test]
fn sweeping_goes_on_after_a_failed_write() {
    let mut world = World::new();
    let alice = world.device(1);
    let chat = world.conversation(5, &[&alice]);
    world.send(&chat).unwrap();
    world.pass(500 * DAY_MS);
    let now = world.now;
    world.service().db().inject(Fault::Write(2));
    world.service().tick(now);
    world.flush();
    super::mailbox::sweep(&mut world);
    for table in
        ["SELECT COUNT(*) FROM envelope", "SELECT COUNT(*) FROM mailbox", "SELECT COUNT(*) FROM slot"]
    {
        assert_eq!(world.rows(table), 0, "{table}");
    }
}
