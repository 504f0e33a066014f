//! The app around a real core, without a server.

use client::{Client, Config, Db, Refusal, Refused};
use screens::*;
use vocab::{Day, Timestamp};

use crate::words::{self, About};
use crate::{
    App, AppInput, AppOutput, COMMANDS_WAITING_MAX, Door, FRONTS_MAX, LinkEvent, ServiceAddress, Settings,
};

/// Saturday 12 May 2029, 09:41 UTC.
const NOW: Timestamp = Timestamp(1_873_273_260_000);
const FRONT: u64 = 7;

struct Table {
    app: App,
    now: Timestamp,
    next: u64,
}

impl Table {
    fn new() -> Self {
        Self::on(Db::open_in_memory().unwrap())
    }

    fn on(db: Db) -> Self {
        let client = Client::open(db, [1; 32], Config::default()).unwrap();
        let server = ServiceAddress::parse("https://lindenhof.example").unwrap();
        let mut table = Self { app: App::new(client, Settings { server }), now: NOW, next: 1 };
        table.input(AppInput::FrontUp(FRONT));
        table
    }

    fn input(&mut self, input: AppInput) -> Vec<AppOutput> {
        // A fault is told to the front ends too, which is what is looked at here.
        let _ = self.app.handle(self.now, input);
        std::iter::from_fn(|| self.app.poll_output()).collect()
    }

    fn want(&mut self, what: What) -> (u64, Vec<AppOutput>) {
        let id = self.next;
        self.next += 1;
        (id, self.input(AppInput::FromFront(FRONT, ToCore { id, what })))
    }

    fn act(&mut self, action: Action) -> Outcome {
        let (id, outputs) = self.want(What::Action(action));
        match replies(outputs).as_slice() {
            [(replied, Reply::Outcome(outcome))] if *replied == id => outcome.clone(),
            other => panic!("one outcome expected: {other:?}"),
        }
    }

    fn ask(&mut self, ask: Ask) -> Answer {
        let (id, outputs) = self.want(What::Ask(ask));
        match replies(outputs).as_slice() {
            [(replied, Reply::Answer(answer))] if *replied == id => (**answer).clone(),
            other => panic!("one answer expected: {other:?}"),
        }
    }
}

fn replies(outputs: Vec<AppOutput>) -> Vec<(u64, Reply)> {
    let reply = |output| match output {
        AppOutput::ToFront(FRONT, FromCore::Reply { id, reply }) => Some((id, reply)),
        _ => None,
    };
    outputs.into_iter().filter_map(reply).collect()
}

fn notices(outputs: &[AppOutput]) -> Vec<Notice> {
    let notice = |output: &AppOutput| match output {
        AppOutput::ToFront(FRONT, FromCore::Notice(notice)) => Some(notice.clone()),
        _ => None,
    };
    outputs.iter().filter_map(notice).collect()
}

fn refusal(outcome: Outcome) -> (RefusedKind, String, Option<Next>) {
    match outcome {
        Outcome::Refused { kind, sentence, next } => (kind, sentence, next),
        other => panic!("a refusal expected: {other:?}"),
    }
}

#[test]
fn a_new_device_begins_with_the_welcome() {
    let mut table = Table::new();
    let Answer::Start(Start::Welcome(welcome)) = table.ask(Ask::Start { utc_offset_minutes: 120 }) else {
        panic!("the welcome comes first")
    };
    assert_eq!(welcome, samples::welcome());
    let Answer::Status(status) = table.ask(Ask::Status) else { panic!("a status") };
    let sample = Status { code_sent_to: None, ..samples::status_new() };
    assert_eq!(status, sample);
}

#[test]
fn the_samples_say_what_the_app_says() {
    let handle = vocab::Handle::parse("+38640218633").unwrap();
    assert_eq!(words::code_screen(&handle), samples::code());
    assert_eq!(Listing::<ContactRow>::Empty(words::no_contacts()), samples::contacts_empty());
    assert_eq!(Listing::<RequestRow>::Empty(words::no_requests()), samples::requests_empty());
    assert_eq!(Listing::Empty(words::no_chats()), samples::chats_empty().chats);
    assert_eq!(samples::chats_failing().banner, Some(words::fault_banner(&client::Fault::Full)));
    let clock = crate::moment::Clock { now: NOW, utc_offset_minutes: 0 };
    let line = |connection, since| words::line(connection, since, "lindenhof.example", &clock);
    use client::Connection::*;
    assert_eq!(line(UpToDate, None), samples::chats_full().line);
    assert_eq!(line(CatchingUp { done: 412, of: 1_280 }, None), samples::chats_catching_up().line);
    assert_eq!(line(Connecting { retry_at: None }, None), samples::chats_loading().line);
    let since = Timestamp(NOW.0 - 29 * vocab::time::MINUTE_MS);
    assert_eq!(line(Connecting { retry_at: Some(NOW) }, Some(since)), samples::chats_waiting().line);
}

#[test]
fn without_an_account_everything_says_how_to_get_one() {
    let mut table = Table::new();
    for action in [
        Action::Send { to: "Boris".into(), text: "hi".into() },
        Action::Accept { who: "Boris".into() },
        Action::Block { who: "Boris".into() },
        Action::Invite,
        Action::Add { who: "+32470123456".into() },
    ] {
        let name = format!("{action:?}");
        let (kind, sentence, next) = refusal(table.act(action));
        assert_eq!(kind, RefusedKind::Refused, "{name}");
        assert_eq!(sentence, "There is no account on this device yet. Create one first.", "{name}");
        assert_eq!(next, Some(Next::Register), "{name}");
    }
}

#[test]
fn what_is_mistyped_at_registration_never_leaves_the_device() {
    let mut table = Table::new();
    let register = |handle: Option<&str>, name: &str| Action::Register {
        handle: handle.map(Into::into),
        name: name.into(),
    };
    let code = |code: &str| Action::GiveCode {
        handle: "+32470123456".into(),
        name: "Anna".into(),
        code: code.into(),
    };
    for action in [
        register(None, "  "),
        register(None, "An\nna"),
        register(Some("+32470123456"), &"a".repeat(65)),
        register(Some("0470 12 34 56"), "Anna"),
        register(Some(""), "Anna"),
        code("12345"),
        code("12345a"),
    ] {
        let name = format!("{action:?}");
        let (_, outputs) = table.want(What::Action(action));
        assert!(!outputs.iter().any(|output| matches!(output, AppOutput::Connect(_))), "{name}");
        let [(_, Reply::Outcome(outcome))] = &replies(outputs)[..] else { panic!("{name} is answered") };
        assert_eq!(refusal(outcome.clone()).0, RefusedKind::Usage, "{name}");
    }
    // A code that is right in form but was never asked for here.
    let (kind, sentence, next) = refusal(table.act(code(" 123 456 ")));
    assert_eq!((kind, next), (RefusedKind::Refused, Some(Next::NewCode)));
    assert!(sentence.contains("+32470123456"), "{sentence}");
}

#[test]
fn a_server_that_does_not_answer_is_said_and_nothing_is_left_waiting() {
    let mut table = Table::new();
    let action = Action::Register { handle: Some("+32470123456".into()), name: "Anna".into() };
    let (id, outputs) = table.want(What::Action(action));
    assert!(outputs.iter().any(|output| matches!(output, AppOutput::Connect(Door::Account))));
    table.input(AppInput::Link(Door::Account, LinkEvent::Down));
    for _ in 0..100 {
        table.now = table.app.next_deadline().unwrap_or(table.now).max(table.now.plus_ms(1));
        let outputs = table.input(AppInput::Tick);
        let connects = outputs.iter().any(|output| matches!(output, AppOutput::Connect(Door::Account)));
        if let Some((replied, Reply::Outcome(outcome))) = replies(outputs).pop() {
            assert_eq!(replied, id);
            assert_eq!(refusal(outcome).0, RefusedKind::Network);
            return;
        }
        if connects {
            table.input(AppInput::Link(Door::Account, LinkEvent::Down));
        }
    }
    panic!("nobody was told");
}

#[test]
fn a_full_device_is_told_in_the_reply_and_as_a_condition_until_it_passed() {
    let faults = Default::default();
    let mut table = Table::on(Db::open_in_memory().unwrap().with_faults(&faults));
    faults.fail_at(1);
    let action = Action::Register { handle: Some("+32470123456".into()), name: "Anna".into() };
    let (_, outputs) = table.want(What::Action(action.clone()));
    let told = notices(&outputs);
    assert!(matches!(&told[..], [Notice::Device(Some(banner))] if banner.title == "This device is full"));
    let [(_, Reply::Outcome(outcome))] = &replies(outputs)[..] else { panic!("it is answered once") };
    assert!(refusal(outcome.clone()).1.starts_with("This device is full"));
    let Answer::Chats(list) = table.ask(Ask::Chats) else { panic!("the list is still shown") };
    assert!(list.banner.is_some());
    faults.fail_at(0);
    let (_, outputs) = table.want(What::Action(action));
    assert!(notices(&outputs).contains(&Notice::Device(None)));
}

#[test]
fn a_link_of_another_server_is_refused_with_both_names() {
    let links = crate::link::Links::new(ServiceAddress::parse("https://lindenhof.example").unwrap());
    let there = crate::link::Links::new(ServiceAddress::parse("https://other.example:8443").unwrap());
    let secrets = || client::InvitationSecrets {
        account: vocab::AccountId([1; 32]),
        introduction: [2; 32],
        secret: [3; 16],
        name: "Anna".into(),
    };
    let Err(no) = links.read(&there.write(secrets())) else { panic!("it is refused") };
    assert!(no.sentence.contains("other.example:8443") && no.sentence.contains("lindenhof.example"));
    let explicit = crate::link::Links::new(ServiceAddress::parse("https://lindenhof.example:443").unwrap());
    let read = explicit.read(&format!(" {} ", links.write(secrets()))).unwrap().unwrap();
    assert!(read == secrets());
    assert!(links.read("Anna").unwrap().is_none());
    assert_eq!(links.read("https://lindenhof.example/").err().unwrap().kind, RefusedKind::Usage);
}

#[test]
fn front_ends_are_told_apart_and_bounded() {
    let mut table = Table::new();
    for front in 100..100 + FRONTS_MAX as u64 {
        table.input(AppInput::FrontUp(front));
    }
    let ask = |id| ToCore { id, what: What::Ask(Ask::Status) };
    // One more than fits: it is told so, and the others go on.
    let last = 100 + FRONTS_MAX as u64 - 1;
    let outputs = table.input(AppInput::FromFront(last, ask(1)));
    assert!(matches!(
        &outputs[..],
        [AppOutput::ToFront(front, FromCore::Reply { id: 1, reply: Reply::Answer(answer) })]
            if *front == last && matches!(**answer, Answer::Refused { .. })
    ));
    let outputs = table.input(AppInput::FromFront(100, ask(2)));
    assert!(matches!(&outputs[..], [AppOutput::ToFront(100, FromCore::Reply { id: 2, .. })]));
}

#[test]
fn one_front_end_cannot_pile_up_work_without_end() {
    let mut table = Table::new();
    let code =
        |number: usize| Action::Register { handle: Some(format!("+3247{number:07}")), name: "A".into() };
    let mut refused = 0;
    for number in 0..COMMANDS_WAITING_MAX + 50 {
        let (_, outputs) = table.want(What::Action(code(number)));
        refused += replies(outputs).len();
    }
    assert!(refused >= 50, "{refused}");
}

#[test]
fn nothing_is_said_to_a_front_end_that_closed() {
    let mut table = Table::new();
    let action = Action::Register { handle: Some("+32470123456".into()), name: "Anna".into() };
    table.want(What::Action(action));
    table.input(AppInput::FrontDown(FRONT));
    table.now = table.now.plus_ms(60_000);
    let outputs = table.input(AppInput::Tick);
    assert!(!outputs.iter().any(|output| matches!(output, AppOutput::ToFront(..))));
}

/// Every refusal there is. The matches in `words` are exhaustive, so a new one cannot be forgotten there.
fn all_refusals() -> Vec<Refused> {
    let of_service = [
        Refusal::Malformed,
        Refusal::TooLarge,
        Refusal::NotAllowed,
        Refusal::Busy { retry_after_ms: 2_500 },
        Refusal::Unavailable,
        Refusal::TokenNeeded,
        Refusal::StaleEpoch,
        Refusal::UnknownSlot,
        Refusal::PiecesUnknown,
        Refusal::Exists,
        Refusal::WrongCode { tries_left: 0 },
        Refusal::WrongCode { tries_left: 1 },
        Refusal::WrongCode { tries_left: 2 },
        Refusal::NoOpenCode,
        Refusal::TooManyCodes,
        Refusal::HandleHeld { from: Day(21_681) },
        Refusal::BadHandle,
        Refusal::CodeNotSent,
        Refusal::QuotaUsed { until: Day(21_681) },
    ];
    let own = [
        Refused::NotRegistered,
        Refused::AlreadyRegistered,
        Refused::CodeNotRequested,
        Refused::Unreachable,
        Refused::NobodyThere,
        Refused::Oneself,
        Refused::Unknown,
        Refused::BadName,
        Refused::BadAbout,
        Refused::BadText,
        Refused::NotAccepted,
        Refused::BadDevice,
        Refused::BadCards,
        Refused::BadPreview,
        Refused::TooManyCards,
        Refused::Store,
    ];
    own.into_iter().chain(of_service.map(Refused::ByService)).collect()
}

#[test]
fn each_refusal_is_said_as_a_good_clerk_says_it() {
    let about = About { handle: Some("+32470123456".into()), name: Some("Boris".into()), ..About::default() };
    let mut seen = std::collections::BTreeSet::new();
    for refused in all_refusals() {
        let sentence = words::refused(&refused, &about).sentence;
        let lower = sentence.to_lowercase();
        for never in [
            "please",
            "sorry",
            "oops",
            "epoch",
            "key package",
            "backend",
            "fingerprint",
            "ciphertext",
            "client",
            "slot",
            "!",
            "error",
            "invalid",
            "failed",
        ] {
            assert!(!lower.contains(never), "{refused:?} says {never}: {sentence}");
        }
        assert!(sentence.ends_with('.') && !sentence.contains("  "), "{sentence}");
        assert!(seen.insert(sentence.clone()), "said twice: {sentence}");
    }
}

#[test]
fn sentences_name_numbers_and_days() {
    let say = |refusal| words::refused(&Refused::ByService(refusal), &About::default()).sentence;
    assert!(
        say(Refusal::WrongCode { tries_left: 2 }).ends_with("2 tries are left, then a new code is needed.")
    );
    assert!(say(Refusal::WrongCode { tries_left: 1 }).contains("1 try is left"));
    assert!(say(Refusal::Busy { retry_after_ms: 2_500 }).ends_with("Try again in 3 seconds."));
    assert!(say(Refusal::HandleHeld { from: Day(21_681) }).contains("from Saturday 12 May 2029 on"));
}

#[test]
fn folders_and_texts_that_wait_are_named_by_what_is_there() {
    let mut table = Table::new();
    let (_, sentence, _) = refusal(table.act(Action::Folder(FolderEdit::Remove { folder: "Family".into() })));
    assert_eq!(sentence, "There is no folder “Family”. Look at the folders again.");
    for id in ["5c5c5c", "", "zz"] {
        let (_, sentence, _) = refusal(table.act(Action::Unschedule { id: id.into() }));
        assert!(sentence.starts_with("No text waits for its time"), "{sentence}");
    }
    let Answer::Scheduled(Listing::Empty(_)) = table.ask(Ask::Scheduled) else { panic!("nothing waits") };
}

#[test]
fn taking_back_that_one_asks_names_the_group() {
    assert!(words::withdrawn("Lake house").contains("come into Lake house any more"));
    assert!(words::withdrawn(" ").contains("come into the group any more"));
}
