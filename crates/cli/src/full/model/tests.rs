//! The screen's rules, without a screen.

use screens::{samples, *};

use super::*;
use crate::full::taps::Case;

const WIDE: Size = Size { columns: 80, rows: 24 };
const SMALL: Size = Size { columns: 30, rows: 20 };

fn tells(model: &mut Model) -> Vec<ToCore> {
    let told = |wish| match wish {
        Wish::Tell(to) => Some(to),
        Wish::Open(_) | Wish::Switch(..) | Wish::Write { .. } | Wish::Quit => None,
    };
    model.take_out().into_iter().filter_map(told).collect()
}

fn actions(model: &mut Model) -> Vec<Action> {
    let action = |to: ToCore| match to.what {
        What::Action(action) => Some(action),
        What::Ask(_) => None,
    };
    tells(model).into_iter().filter_map(action).collect()
}

/// The id of the question or action that is on its way and looks like this.
fn id_of(sent: &[ToCore], looks: impl Fn(&What) -> bool) -> u64 {
    sent.iter().find(|to| looks(&to.what)).unwrap_or_else(|| panic!("not among {sent:?}")).id
}

fn answer(model: &mut Model, id: u64, answer: Answer) {
    model.heard(FromCore::Reply { id, reply: Reply::Answer(Box::new(answer)) });
}

fn outcome(model: &mut Model, id: u64, outcome: Outcome) {
    model.heard(FromCore::Reply { id, reply: Reply::Outcome(outcome) });
}

fn is_start(what: &What) -> bool {
    matches!(what, What::Ask(Ask::Start { .. }))
}

fn is_chats(what: &What) -> bool {
    matches!(what, What::Ask(Ask::Chats))
}

fn is_newest(what: &What) -> bool {
    matches!(what, What::Ask(Ask::Timeline { before: None, .. }))
}

fn is_action(what: &What) -> bool {
    matches!(what, What::Action(_))
}

fn started(size: Size, start: Start) -> (Model, Vec<ToCore>) {
    let mut model = Model::new(60, size);
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_start), Answer::Start(start));
    let sent = tells(&mut model);
    (model, sent)
}

/// The chats of the samples.
fn at_list(size: Size) -> Model {
    let (mut model, sent) = started(size, Start::Main(samples::me()));
    answer(&mut model, id_of(&sent, is_chats), Answer::Chats(samples::chats_full()));
    let requests = id_of(&sent, |what| matches!(what, What::Ask(Ask::Requests)));
    answer(&mut model, requests, Answer::Requests(samples::requests_full()));
    model
}

/// Inês' chat open with these messages; the text is the id too.
fn opened(size: Size, window: Answer) -> Model {
    let mut model = at_list(size);
    model.key(Key::Enter);
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_newest), window);
    model
}

fn window(texts: &[&str], earlier: Option<u64>) -> Answer {
    let mut timeline = samples::timeline_full();
    let Listing::Rows(rows) = &timeline.bubbles else { panic!("the sample has messages") };
    let like = Bubble { day: None, unread_line: None, turn: Turn::Middle, ..rows[0].clone() };
    let bubble = |text: &&str| Bubble { id: MessageId((*text).into()), text: (*text).into(), ..like.clone() };
    timeline.bubbles = Listing::Rows(texts.iter().map(bubble).collect());
    timeline.earlier = earlier;
    Answer::Timeline(timeline)
}

fn joining(model: &Model) -> &Joining {
    let Stage::Joining(joining) = &model.stage else { panic!("{:?}", model.stage) };
    joining
}

fn main(model: &Model) -> &Main {
    let Stage::Main(main) = &model.stage else { panic!("{:?}", model.stage) };
    main
}

fn chat(model: &Model) -> &Chat {
    main(model).chat.as_deref().expect("a chat is open")
}

fn texts(model: &Model) -> Vec<String> {
    chat(model).rows().iter().map(|row| row.text.clone()).collect()
}

fn types(model: &mut Model, text: &str) {
    text.chars().for_each(|c| model.key(Key::Char(c)));
}

#[test]
fn a_new_home_is_led_from_the_server_to_the_chats() {
    let mut model = Model::without_server(0, WIDE);
    model.key(Key::Enter);
    let Stage::Server(server) = &model.stage else { panic!("{:?}", model.stage) };
    assert!(server.refused.is_some());
    types(&mut model, "lindenhof.example");
    model.key(Key::Enter);
    assert_eq!(model.take_out(), [Wish::Open("https://lindenhof.example".into())]);
    model.opened(Err("There is no such name.".into()));
    model.key(Key::Ctrl('u'));
    types(&mut model, "http://127.0.0.1:8080");
    model.key(Key::Enter);
    assert_eq!(model.take_out(), [Wish::Open("http://127.0.0.1:8080".into())]);
    model.opened(Ok(()));
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_start), Answer::Start(Start::Welcome(samples::welcome())));
    assert_eq!(joining(&model).step, Step::Choose);
    model.key(Key::Char('3'));
    assert_eq!(joining(&model).step, Step::Name);
    types(&mut model, "Anna");
    model.key(Key::Enter);
    let sent = tells(&mut model);
    assert_eq!(sent[0].what, What::Action(Action::Register { handle: None, name: "Anna".into() }));
    outcome(&mut model, sent[0].id, Outcome::Registered { id: samples::me().id, sentence: String::new() });
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_start), Answer::Start(Start::Main(samples::me())));
    assert_eq!(main(&model).me, samples::me());
}

#[test]
fn handle_code_and_name_make_an_account() {
    let (mut model, _) = started(WIDE, Start::Welcome(samples::welcome()));
    model.key(Key::Enter);
    assert_eq!(joining(&model).step, Step::Handle(HandleKind::Number));
    types(&mut model, " +38640218633 ");
    model.key(Key::Enter);
    let sent = tells(&mut model);
    let wanted = Action::Register { handle: Some("+38640218633".into()), name: String::new() };
    assert_eq!(sent[0].what, What::Action(wanted));
    outcome(&mut model, sent[0].id, Outcome::CodeNeeded { sentence: "Sent.".into() });
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_start), Answer::Start(Start::Code(samples::code())));
    types(&mut model, "123456");
    model.key(Key::Enter);
    assert_eq!(joining(&model).step, Step::Name);
    assert_eq!(model.take_out(), [], "the code goes together with the name");
    types(&mut model, "Anna");
    model.key(Key::Enter);
    let given =
        Action::GiveCode { handle: "+38640218633".into(), name: "Anna".into(), code: "123456".into() };
    assert_eq!(actions(&mut model), [given]);
}

#[test]
fn a_wrong_code_is_asked_for_again_and_the_name_is_kept() {
    let (mut model, _) = started(WIDE, Start::Code(samples::code()));
    types(&mut model, "000000");
    model.key(Key::Enter);
    types(&mut model, "Anna");
    model.key(Key::Enter);
    let id = tells(&mut model)[0].id;
    let refused = |kind| Outcome::Refused { kind, sentence: "No.".into(), next: None };
    outcome(&mut model, id, refused(RefusedKind::Refused));
    assert_eq!((joining(&model).step, joining(&model).line.text()), (Step::Code, ""));
    types(&mut model, "123456");
    model.key(Key::Enter);
    let sent = tells(&mut model);
    assert!(matches!(&sent[0].what, What::Action(Action::GiveCode { name, .. }) if name == "Anna"));
    outcome(&mut model, sent[0].id, refused(RefusedKind::Network));
    model.key(Key::Down);
    assert!(matches!(&actions(&mut model)[..], [Action::Register { handle: Some(_), .. }]), "a new code");
}

#[test]
fn one_registers_with_number_keys_alone() {
    let (mut model, _) = started(SMALL, Start::Welcome(samples::welcome()));
    model.key(Key::Char('1'));
    types(&mut model, "0038640218633");
    model.key(Key::Enter);
    assert!(
        matches!(&actions(&mut model)[..], [Action::Register { handle: Some(handle), .. }] if handle == "0038640218633")
    );
    let (mut model, _) = started(SMALL, Start::Code(samples::code()));
    types(&mut model, "123456");
    model.key(Key::Enter);
    // A, right arrow closes it; n, n, a.
    model.key(Key::Char('*'));
    types(&mut model, "2");
    model.key(Key::Char('*'));
    model.key(Key::Char('*'));
    types(&mut model, "66");
    model.key(Key::Right);
    types(&mut model, "662");
    model.key(Key::Enter);
    assert!(
        matches!(&actions(&mut model)[..], [Action::GiveCode { name, code, .. }] if name == "Anna" && code == "123456")
    );
}

#[test]
fn whoever_types_a_letter_has_numbers_that_mean_themselves() {
    let mut model = opened(SMALL, window(&["a"], None));
    types(&mut model, "44");
    assert_eq!(chat(&model).line.text(), "h");
    types(&mut model, "x44");
    assert_eq!(chat(&model).line.text(), "hx44");
    let mut wide = opened(WIDE, window(&["a"], None));
    types(&mut wide, "44");
    assert_eq!(chat(&wide).line.text(), "44");
}

#[test]
fn a_keypad_writes_sends_and_finds_its_way_back() {
    let mut model = opened(SMALL, window(&["a"], None));
    types(&mut model, "443");
    model.key(Key::Left);
    model.key(Key::Right);
    assert!(main(&model).over.is_some(), "at the end the right key opens the menu");
    model.key(Key::Left);
    types(&mut model, "444");
    model.key(Key::Enter);
    assert!(matches!(&actions(&mut model)[..], [Action::Send { text, .. }] if text == "hi"));
    model.key(Key::Left);
    assert_eq!(main(&model).place, Place::List);
    model.key(Key::Left);
    assert!(matches!(&main(&model).over, Some(Over::Choice(choice)) if choice.title == "Menu"));
    model.key(Key::Char('0'));
    assert_eq!(main(&model).over, None);
}

#[test]
fn number_keys_turn_to_themselves_from_the_menu() {
    let mut model = opened(SMALL, window(&["a"], None));
    for case in [Case::Large, Case::Digits, Case::Small] {
        model.key(Key::Right);
        let Some(Over::Choice(choice)) = &main(&model).over else { panic!("a menu") };
        let at = choice.picks.iter().position(|pick| pick.word == "Letters or numbers").unwrap();
        model.key(Key::Char(char::from_digit(u32::try_from(at).unwrap() + 1, 10).unwrap()));
        assert_eq!(model.taps.case, case);
    }
}

#[test]
fn what_is_looked_at_is_marked_once_and_what_is_not_is_not() {
    let full = || Answer::Timeline(samples::timeline_full());
    let mut model = opened(WIDE, full());
    let marks = |model: &mut Model| {
        actions(model).into_iter().filter(|action| matches!(action, Action::MarkRead { .. })).count()
    };
    assert_eq!(marks(&mut model), 1);
    model.set_attentive(false);
    model.set_attentive(true);
    assert_eq!(marks(&mut model), 0);

    let mut away = at_list(WIDE);
    away.set_attentive(false);
    away.key(Key::Enter);
    let sent = tells(&mut away);
    answer(&mut away, id_of(&sent, is_newest), full());
    assert_eq!(marks(&mut away), 0);
    away.set_attentive(true);
    assert_eq!(marks(&mut away), 1);

    // On a small screen the chat is behind the list.
    let mut small = at_list(SMALL);
    small.key(Key::Enter);
    let sent = tells(&mut small);
    small.key(Key::Left);
    answer(&mut small, id_of(&sent, is_newest), full());
    assert_eq!(marks(&mut small), 0);
    small.key(Key::Tab);
    assert_eq!(marks(&mut small), 1);
}

#[test]
fn many_notices_are_one_question_and_one_more() {
    let mut model = at_list(WIDE);
    model.key(Key::Enter);
    let id = id_of(&tells(&mut model), is_newest);
    let chat = chat(&model).id.clone();
    for _ in 0..20 {
        let (chat, id, mark) = (chat.clone(), MessageId("m".into()), Mark::Sent);
        model.heard(FromCore::Notice(Notice::Receipt { chat, id, mark }));
    }
    assert!(!tells(&mut model).iter().any(|to| is_newest(&to.what)), "one is on its way");
    answer(&mut model, id, window(&["a"], None));
    assert_eq!(tells(&mut model).iter().filter(|to| is_newest(&to.what)).count(), 1);
}

#[test]
fn earlier_messages_come_at_the_beginning_and_stay_when_new_ones_come() {
    let mut model = opened(WIDE, window(&["c", "d"], Some(7)));
    model.key(Key::PageUp);
    model.key(Key::PageUp);
    let sent = tells(&mut model);
    let earlier = |what: &What| matches!(what, What::Ask(Ask::Timeline { before: Some(7), .. }));
    assert_eq!(sent.iter().filter(|to| earlier(&to.what)).count(), 1, "asked once while it is on its way");
    answer(&mut model, id_of(&sent, earlier), window(&["a", "b"], Some(3)));
    assert_eq!(texts(&model), ["a", "b", "c", "d"]);
    model.heard(FromCore::Notice(Notice::Chats));
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_newest), window(&["d", "e"], Some(8)));
    assert_eq!(texts(&model), ["a", "b", "c", "d", "e"]);
    assert_eq!(chat(&model).earlier, Some(3));
    model.heard(FromCore::Notice(Notice::Chats));
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_newest), window(&["x", "y"], Some(90)));
    assert_eq!(texts(&model), ["x", "y"], "after a gap only what is whole is shown");
}

#[test]
fn a_day_that_goes_on_over_two_windows_is_said_once() {
    let with_day = |texts: &[&str], earlier, day: &str| {
        let Answer::Timeline(mut timeline) = window(texts, earlier) else { panic!("a window") };
        let Listing::Rows(rows) = &mut timeline.bubbles else { panic!("it has messages") };
        rows[0].day = Some(day.to_owned());
        Answer::Timeline(timeline)
    };
    let days =
        |model: &Model| chat(model).rows().iter().filter_map(|row| row.day.clone()).collect::<Vec<_>>();
    for (day, shown) in [("Today", vec!["Today"]), ("Yesterday", vec!["Yesterday", "Today"])] {
        let mut model = opened(WIDE, with_day(&["c", "d"], Some(7), "Today"));
        model.key(Key::PageUp);
        let sent = tells(&mut model);
        let earlier = |what: &What| matches!(what, What::Ask(Ask::Timeline { before: Some(7), .. }));
        answer(&mut model, id_of(&sent, earlier), with_day(&["a", "b"], None, day));
        assert_eq!(days(&model), shown);
        model.heard(FromCore::Notice(Notice::Chats));
        let sent = tells(&mut model);
        answer(&mut model, id_of(&sent, is_newest), with_day(&["d", "e"], Some(8), "Today"));
        assert_eq!(days(&model), shown, "and still when the newest come again");
    }
}

#[test]
fn what_was_scrolled_to_stays_while_new_ones_come() {
    let many: Vec<String> = (10..60).map(|n| format!("m{n}")).collect();
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut model = opened(WIDE, window(&names, None));
    let height = usize::from(main(&model).timeline_area(WIDE, false).height);
    model.key(Key::PageUp);
    let (end, below) = chat(&model).foot();
    assert_eq!((end, below), (50 - (height - 2), 0));
    let foot = chat(&model).rows()[end - 1].id.clone();
    model.heard(FromCore::Notice(Notice::Chats));
    let sent = tells(&mut model);
    let mut more = names.clone();
    more.extend(["m60", "m61"]);
    answer(&mut model, id_of(&sent, is_newest), window(&more, None));
    let (end, _) = chat(&model).foot();
    assert_eq!(chat(&model).rows()[end - 1].id, foot);
    for _ in 0..9 {
        model.key(Key::PageUp);
    }
    assert_eq!(chat(&model).foot().0, height, "the first message stays at the head");
    for _ in 0..9 {
        model.key(Key::PageDown);
    }
    assert_eq!(chat(&model).view, View::Newest);
}

#[test]
fn a_message_longer_than_the_screen_is_read_row_by_row() {
    let long = "word ".repeat(2_000);
    let mut model = opened(SMALL, window(&["first", &long, "last"], None));
    let mut seen = 0;
    while chat(&model).foot().0 > 1 && seen < 1_000 {
        let before = chat(&model).foot();
        model.key(Key::PageUp);
        seen += 1;
        if chat(&model).foot() == before {
            break;
        }
    }
    assert!(seen > 10, "{seen}");
    for _ in 0..seen {
        model.key(Key::PageDown);
    }
    assert_eq!(chat(&model).view, View::Newest);
}

#[test]
fn messages_are_chosen_with_the_arrows_and_below_the_last_is_the_line() {
    let mut model = opened(WIDE, window(&["a", "b", "c"], None));
    let chosen = |model: &Model| chat(model).chosen.as_ref().map(|id| id.0.clone());
    model.key(Key::Up);
    assert_eq!((main(&model).place, chosen(&model).as_deref()), (Place::Messages, Some("c")));
    model.key(Key::Up);
    model.key(Key::Up);
    model.key(Key::Up);
    assert_eq!(chosen(&model).as_deref(), Some("a"));
    model.key(Key::Char('i'));
    assert!(
        matches!(&main(&model).over, Some(Over::Sheet { rows, .. }) if rows.iter().any(|(_, words)| words == "a"))
    );
    model.key(Key::Esc);
    for _ in 0..3 {
        model.key(Key::Down);
    }
    assert_eq!((main(&model).place, chosen(&model)), (Place::Line, None));
}

#[test]
fn a_text_that_is_not_taken_comes_back_before_what_was_typed_since() {
    let mut model = opened(WIDE, window(&["a"], None));
    tells(&mut model);
    types(&mut model, "hello");
    model.key(Key::Enter);
    let sent = tells(&mut model);
    assert_eq!(chat(&model).line.text(), "");
    types(&mut model, "more");
    let sentence = "This device is full.".to_owned();
    let refused = Outcome::Refused { kind: RefusedKind::Refused, sentence: sentence.clone(), next: None };
    outcome(&mut model, id_of(&sent, is_action), refused);
    assert_eq!(chat(&model).line.text(), "hello\nmore");
    assert_eq!(chat(&model).refused.as_ref(), Some(&sentence));
}

#[test]
fn what_was_begun_in_a_chat_is_there_when_one_comes_back() {
    let mut model = opened(WIDE, window(&["a"], None));
    types(&mut model, "half a");
    model.key(Key::Esc);
    model.key(Key::Down);
    model.key(Key::Enter);
    assert_eq!(chat(&model).line.text(), "");
    model.key(Key::Esc);
    model.key(Key::Char('1'));
    assert_eq!(chat(&model).line.text(), "half a");
}

#[test]
fn nothing_empty_too_long_or_to_somebody_blocked_is_sent() {
    let mut model = opened(WIDE, window(&["a"], None));
    tells(&mut model);
    types(&mut model, "  ");
    model.key(Key::Enter);
    model.paste(&"x".repeat(vocab::limits::TEXT_BYTES_MAX));
    assert!(chat(&model).too_long().is_some());
    model.key(Key::Enter);
    assert_eq!(actions(&mut model), []);
    let mut blocked = opened(WIDE, Answer::Timeline(samples::timeline_blocked()));
    tells(&mut blocked);
    types(&mut blocked, "hi");
    blocked.key(Key::Enter);
    assert_eq!(actions(&mut blocked), []);
    assert_eq!(chat(&blocked).line.text(), "");
}

#[test]
fn a_pasted_text_keeps_its_lines_and_does_not_send_itself() {
    let mut model = opened(WIDE, window(&["a"], None));
    tells(&mut model);
    model.paste("one\r\ntwo\r");
    assert_eq!(actions(&mut model), []);
    assert_eq!(chat(&model).line.text(), "one\ntwo\n");
}

#[test]
fn whoever_is_added_is_written_to() {
    let mut model = at_list(WIDE);
    model.key(Key::Char('n'));
    model.key(Key::Enter);
    assert!(matches!(&main(&model).over, Some(Over::Field(Field { refused: Some(_), .. }))));
    types(&mut model, " boris@example.org ");
    model.key(Key::Enter);
    model.key(Key::Enter);
    let sent = tells(&mut model);
    assert_eq!(sent.iter().filter(|to| is_action(&to.what)).count(), 1, "once");
    let added = Outcome::Contact {
        id: ContactId("b".into()),
        name: "Boris".into(),
        chat: ChatId("boris".into()),
        sentence: "They see it once they accept.".into(),
    };
    outcome(&mut model, id_of(&sent, is_action), added);
    assert_eq!((main(&model).over.as_ref(), chat(&model).id.0.as_str()), (None, "boris"));
}

#[test]
fn a_request_is_looked_at_and_accepted_or_blocked_by_number() {
    for (key, wanted) in [('1', "accept"), ('2', "block")] {
        let mut model = at_list(SMALL);
        model.key(Key::Char('r'));
        model.key(Key::Char('1'));
        assert!(matches!(&main(&model).over, Some(Over::Choice(choice)) if choice.title == "Someone knocks"));
        model.key(Key::Char(key));
        let done = actions(&mut model);
        let said = match &done[..] {
            [Action::Accept { .. }] => "accept",
            [Action::Block { .. }] => "block",
            other => panic!("{other:?}"),
        };
        assert_eq!(said, wanted);
    }
}

#[test]
fn blocking_somebody_is_asked_first() {
    let mut model = opened(WIDE, window(&["a"], None));
    tells(&mut model);
    model.block_person();
    model.key(Key::Enter);
    assert_eq!(actions(&mut model), [], "keeping is what Enter does");
    model.block_person();
    model.key(Key::Char('2'));
    assert!(matches!(&actions(&mut model)[..], [Action::Block { .. }]));
}

#[test]
fn the_list_is_stepped_through_by_rows_and_pages_and_its_rows_have_numbers() {
    let mut model = at_list(SMALL);
    let picked = |model: &Model| main(model).picked_row();
    model.key(Key::Up);
    assert_eq!(picked(&model), 6, "it goes round");
    model.key(Key::Down);
    assert_eq!(picked(&model), 0);
    model.key(Key::PageDown);
    assert_eq!(picked(&model), 6);
    model.key(Key::Home);
    model.key(Key::Char('9'));
    assert_eq!(main(&model).chat, None, "there is no ninth");
    model.key(Key::Char('3'));
    assert_eq!(chat(&model).id, main(&model).rows()[2].id);
}

#[test]
fn the_line_and_the_device_are_shown_as_they_are_told() {
    let mut model = at_list(WIDE);
    let line = samples::chats_waiting().line;
    model.heard(FromCore::Notice(Notice::Connection(line.clone())));
    let banner = samples::chats_failing().banner;
    model.heard(FromCore::Notice(Notice::Device(banner.clone())));
    assert_eq!((&main(&model).list.line, &main(&model).list.banner), (&line, &banner));
}

#[test]
fn what_was_missed_is_asked_for() {
    let mut model = opened(WIDE, window(&["a"], None));
    tells(&mut model);
    model.missed();
    let sent = tells(&mut model);
    assert!(
        [is_start, is_chats, is_newest].iter().all(|looks| sent.iter().any(|to| looks(&to.what))),
        "{sent:?}"
    );
}

#[test]
fn a_core_that_is_away_for_a_moment_leaves_everything_where_it_is() {
    let mut model = opened(WIDE, window(&["a"], None));
    types(&mut model, "half a");
    tells(&mut model);
    model.heard(FromCore::Notice(Notice::Account));
    let sent = tells(&mut model);
    let sentence = "The program that has the account open ended. Try again.".to_owned();
    let refused = Answer::Refused { kind: RefusedKind::Refused, sentence: sentence.clone(), next: None };
    answer(&mut model, id_of(&sent, is_start), refused);
    assert_eq!((chat(&model).line.text(), main(&model).toast.as_ref()), ("half a", Some(&sentence)));
    let mut new = Model::new(0, WIDE);
    let id = id_of(&tells(&mut new), is_start);
    answer(&mut new, id, Answer::Refused { kind: RefusedKind::Refused, sentence, next: None });
    assert!(matches!(new.stage, Stage::Broken(_)));
    new.key(Key::Enter);
    assert_eq!(tells(&mut new).len(), 1, "it is tried again");
}

#[test]
fn whoever_knocks_meanwhile_is_said_wherever_one_is() {
    let mut model = opened(SMALL, window(&["a"], None));
    tells(&mut model);
    let Listing::Rows(mut rows) = samples::requests_full() else { panic!("the sample has one") };
    let new = RequestRow { id: ContactId("new".into()), ..rows[0].clone() };
    let title = new.title.clone();
    rows.push(new);
    model.heard(FromCore::Notice(Notice::Request { who: ContactId("new".into()) }));
    let sent = tells(&mut model);
    let requests = id_of(&sent, |what| matches!(what, What::Ask(Ask::Requests)));
    answer(&mut model, requests, Answer::Requests(Listing::Rows(rows)));
    assert_eq!(main(&model).toast.as_deref(), Some(format!("{title}.").as_str()));
    model.key(Key::Down);
    assert_eq!(main(&model).toast, None);
}

fn page(may_all: bool) -> GroupPage {
    let Listing::Rows(contacts) = samples::contacts_full() else { panic!("the sample is full") };
    let member = |row: &ContactRow| MemberRow {
        person: row.person.clone(),
        you: false,
        role: Role::Member,
        line: "Member".into(),
        removable: may_all,
        roles: if may_all { vec![Role::Admin] } else { vec![] },
    };
    GroupPage {
        id: ChatId("group".into()),
        name: "Lisbon in May".into(),
        picture: None,
        description: "Trams".into(),
        line: "4 people".into(),
        role: Role::Owner,
        inside: true,
        may: GroupMay {
            write: true,
            add: may_all,
            edit: may_all,
            permit: may_all,
            link: may_all,
            leave: true,
        },
        rules: vec![GroupRule {
            what: Permission::Send,
            admins_only: false,
            sentence: "Everybody writes".into(),
        }],
        members: contacts.iter().map(member).collect(),
        links: vec![],
        knocks: vec![],
        history: GroupHistory {
            days: "none".into(),
            sentence: "Nothing that was said before".into(),
            choices: vec![],
        },
    }
}

/// The group's page, open over a chat.
fn at_page(size: Size, may_all: bool) -> Model {
    let mut model = opened(size, window(&["a"], None));
    let Stage::Main(main) = &mut model.stage else { panic!("the chats") };
    main.chat.as_mut().and_then(|chat| chat.head.as_mut()).expect("a head").group = true;
    tells(&mut model);
    model.key(Key::F(3));
    let sent = tells(&mut model);
    let id = id_of(&sent, |what| matches!(what, What::Ask(Ask::Group { .. })));
    answer(&mut model, id, Answer::Group(page(may_all)));
    model
}

fn choice(model: &Model) -> &Choice {
    match &main(model).over {
        Some(Over::Choice(choice)) => choice,
        other => panic!("{other:?}"),
    }
}

/// Chooses the row with these words.
fn takes(model: &mut Model, words: &str) {
    let rows = &choice(model).picks;
    let at = rows
        .iter()
        .position(|pick| pick.word.starts_with(words))
        .unwrap_or_else(|| panic!("{words}: {rows:?}"));
    (0..at).for_each(|_| model.key(Key::Down));
    model.key(Key::Enter);
}

#[test]
fn a_group_is_made_by_name_and_opened() {
    let mut model = at_list(WIDE);
    model.key(Key::Char('g'));
    model.key(Key::Enter);
    assert!(matches!(&main(&model).over, Some(Over::Field(Field { refused: Some(_), busy: false, .. }))));
    types(&mut model, "Lisbon");
    model.key(Key::Enter);
    let sent = tells(&mut model);
    let id = id_of(
        &sent,
        |what| matches!(what, What::Action(Action::NewGroup { name, people }) if name == "Lisbon" && people.is_empty()),
    );
    let made = Outcome::Group { id: ChatId("new".into()), name: "Lisbon".into(), sentence: "Made.".into() };
    outcome(&mut model, id, made);
    assert_eq!((main(&model).over.as_ref(), chat(&model).id.0.as_str()), (None, "new"));
}

#[test]
fn a_groups_page_offers_what_one_may_and_no_more() {
    let words = |model: &Model| choice(model).picks.iter().map(|pick| pick.word.clone()).collect::<Vec<_>>();
    let member = words(&at_page(WIDE, false));
    assert!(!member.contains(&"Add somebody".to_owned()) && member.contains(&"Leave the group".to_owned()));
    let mut model = at_page(SMALL, true);
    assert_eq!(
        words(&model)[..4],
        ["Add somebody", "Another name", "Another description", "Everybody writes (change)"]
    );
    takes(&mut model, "Everybody writes");
    let permit = GroupEdit::Permit { what: Permission::Send, admins_only: true };
    assert_eq!(actions(&mut model), [Action::EditGroup { group: "group".into(), edit: permit }]);
}

#[test]
fn people_of_a_group_are_added_named_and_taken_out() {
    let mut model = at_page(WIDE, true);
    takes(&mut model, "Add somebody");
    let sent = tells(&mut model);
    let id = id_of(&sent, |what| matches!(what, What::Ask(Ask::Contacts)));
    answer(&mut model, id, Answer::Contacts(samples::contacts_full()));
    model.key(Key::Enter);
    assert!(
        matches!(&actions(&mut model)[..], [Action::EditGroup { edit: GroupEdit::Add { who }, .. }] if who.len() == 1)
    );

    for (words, role) in [("Make an admin", true), ("Take out", false)] {
        let mut model = at_page(WIDE, true);
        let name = page(true).members[1].person.name.clone();
        takes(&mut model, &name);
        takes(&mut model, words);
        let done = actions(&mut model);
        let edits = |edit: &GroupEdit| {
            matches!((edit, role), (GroupEdit::Role { .. }, true) | (GroupEdit::Remove { .. }, false))
        };
        assert!(matches!(&done[..], [Action::EditGroup { edit, .. }] if edits(edit)), "{done:?}");
    }
}

#[test]
fn nobody_leaves_or_blocks_a_group_by_one_wrong_key() {
    let mut model = at_page(WIDE, false);
    takes(&mut model, "Leave the group");
    model.key(Key::Enter);
    assert_eq!(actions(&mut model), [], "staying is what Enter does");
    let mut model = at_page(WIDE, false);
    takes(&mut model, "Leave the group");
    takes(&mut model, "Leave");
    assert_eq!(actions(&mut model), [Action::LeaveGroup { group: "group".into() }]);
    model.block_person();
    assert!(main(&model).over.is_none() && main(&model).toast.is_some());
}

#[test]
fn what_happened_to_a_group_is_told_and_what_did_not_is_said() {
    let mut model = at_page(WIDE, true);
    takes(&mut model, "Another name");
    types(&mut model, "Porto");
    model.key(Key::Enter);
    let sent = tells(&mut model);
    let id = id_of(&sent, is_action);
    let refused = Outcome::Refused { kind: RefusedKind::Refused, sentence: "No.".into(), next: None };
    outcome(&mut model, id, refused);
    assert!(matches!(&main(&model).over, Some(Over::Field(Field { refused: Some(_), busy: false, .. }))));
    let sentence = "Somebody else was first.".to_owned();
    model
        .heard(FromCore::Notice(Notice::Group { chat: chat(&model).id.clone(), sentence: sentence.clone() }));
    assert_eq!(main(&model).toast.as_ref(), Some(&sentence));
}

/// A chat whose messages allow everything, the last one chosen.
fn at_message(size: Size) -> Model {
    let Answer::Timeline(mut timeline) = window(&["a", "b"], None) else { panic!("a window") };
    let Listing::Rows(rows) = &mut timeline.bubbles else { panic!("it has messages") };
    for row in rows {
        use MessageAct::*;
        row.acts = vec![Reply, React, Edit, Editions, DeleteForMe, DeleteForEveryone];
    }
    let mut model = opened(size, Answer::Timeline(timeline));
    model.key(Key::Up);
    tells(&mut model);
    model
}

#[test]
fn the_next_text_answers_or_takes_the_place_of_the_chosen_message() {
    let mut model = at_message(WIDE);
    model.key(Key::Char('r'));
    types(&mut model, "yes");
    model.key(Key::Enter);
    assert_eq!(actions(&mut model), [Action::Reply { to: "b".into(), text: "yes".into() }]);
    types(&mut model, "next");
    model.key(Key::Enter);
    assert!(matches!(&actions(&mut model)[..], [Action::Send { .. }]), "only the next one");

    types(&mut model, "half a");
    model.key(Key::Up);
    model.key(Key::Char('e'));
    assert_eq!(chat(&model).line.text(), "b");
    types(&mut model, "!");
    model.key(Key::Enter);
    assert_eq!(actions(&mut model), [Action::Edit { message: "b".into(), text: "b!".into() }]);
    assert_eq!(chat(&model).line.text(), "half a", "what was begun before is there again");
    model.key(Key::Up);
    model.key(Key::Char('e'));
    model.key(Key::Esc);
    assert_eq!(
        (chat(&model).line.text(), chat(&model).writing.as_ref(), main(&model).place),
        ("half a", None, Place::Line)
    );
}

#[test]
fn an_answer_that_is_not_taken_stays_an_answer() {
    let mut model = at_message(WIDE);
    model.key(Key::Char('r'));
    types(&mut model, "yes");
    model.key(Key::Enter);
    let sent = tells(&mut model);
    let refused = Outcome::Refused { kind: RefusedKind::Refused, sentence: "No.".into(), next: None };
    outcome(&mut model, id_of(&sent, is_action), refused);
    assert!(chat(&model).writing.is_some() && chat(&model).line.text() == "yes");

    let mut model = at_message(WIDE);
    model.key(Key::Down);
    types(&mut model, "half a");
    model.key(Key::Up);
    model.key(Key::Char('e'));
    model.key(Key::Enter);
    let sent = tells(&mut model);
    let refused = Outcome::Refused { kind: RefusedKind::Refused, sentence: "No.".into(), next: None };
    outcome(&mut model, id_of(&sent, is_action), refused);
    assert_eq!(chat(&model).line.text(), "b");
    model.key(Key::Esc);
    assert_eq!(chat(&model).line.text(), "half a");
}

#[test]
fn one_reacts_deletes_and_looks_back_by_number() {
    let mut model = at_message(SMALL);
    model.key(Key::Enter);
    takes(&mut model, "React");
    model.key(Key::Char('2'));
    let reacted = Action::React { message: "b".into(), emoji: "❤️".into(), take_back: false };
    assert_eq!(actions(&mut model), [reacted]);
    let mut model = at_message(SMALL);
    model.key(Key::Char('d'));
    model.key(Key::Enter);
    assert_eq!(actions(&mut model), [], "keeping is what Enter does");
    model.key(Key::Char('d'));
    takes(&mut model, "Delete for everyone");
    assert_eq!(actions(&mut model), [Action::Delete { message: "b".into(), everyone: true }]);
    model.key(Key::Char('v'));
    let sent = tells(&mut model);
    let id = id_of(&sent, |what| matches!(what, What::Ask(Ask::Editions { .. })));
    let edition = Edition { text: "before".into(), sent: chat(&model).rows()[0].sent.clone() };
    answer(&mut model, id, Answer::Editions(vec![edition]));
    assert!(matches!(&main(&model).over, Some(Over::Sheet { rows, .. }) if rows[0].1 == "before"));
}

#[test]
fn stars_and_pins_are_put_on_and_taken_off() {
    for (act, key) in
        [(MessageAct::Star, 's'), (MessageAct::Unstar, 'S'), (MessageAct::Pin, 'p'), (MessageAct::Unpin, 'P')]
    {
        let mut model = opened(WIDE, window(&["a"], None));
        let Stage::Main(main) = &mut model.stage else { panic!("the chats") };
        let Some(Listing::Rows(rows)) = main.chat.as_mut().map(|chat| &mut chat.shown) else {
            panic!("messages")
        };
        rows[0].acts = vec![act];
        model.key(Key::Up);
        tells(&mut model);
        for other in "sSpP".chars().filter(|other| *other != key) {
            model.key(Key::Char(other));
        }
        assert_eq!(actions(&mut model), [], "{act:?}");
        model.key(Key::Char(key));
        let message = "a".to_owned();
        let wanted = match act {
            MessageAct::Star | MessageAct::Unstar => Action::Star { message, on: act == MessageAct::Star },
            _ => Action::Pin { message, on: act == MessageAct::Pin },
        };
        assert_eq!(actions(&mut model), [wanted]);
    }
}

#[test]
fn what_a_message_does_not_allow_is_neither_offered_nor_done() {
    let mut model = opened(WIDE, window(&["a"], None));
    let Stage::Main(main) = &mut model.stage else { panic!("the chats") };
    let Some(Listing::Rows(rows)) = main.chat.as_mut().map(|chat| &mut chat.shown) else {
        panic!("messages")
    };
    rows[0].acts = vec![MessageAct::DeleteForMe];
    model.key(Key::Up);
    tells(&mut model);
    for key in ['r', 'e', '+', 'v'] {
        model.key(Key::Char(key));
    }
    assert_eq!(actions(&mut model), []);
    model.key(Key::Enter);
    let words: Vec<&str> = choice(&model).picks.iter().map(|pick| pick.word.as_str()).collect();
    assert!(words.contains(&"Delete") && !words.contains(&"Answer"), "{words:?}");
}

#[test]
fn one_goes_to_the_message_that_was_answered_however_far_up_it_is() {
    let answering = |texts: &[&str], earlier, to: &str| {
        let Answer::Timeline(mut timeline) = window(texts, earlier) else { panic!("a window") };
        let Listing::Rows(rows) = &mut timeline.bubbles else { panic!("it has messages") };
        let quote = Quote { id: MessageId(to.into()), from: "Boris".into(), tint: 1, text: to.into() };
        rows.last_mut().expect("one").reply_to = Some(quote);
        Answer::Timeline(timeline)
    };
    let mut model = opened(WIDE, answering(&["c", "d"], Some(7), "a"));
    model.key(Key::Up);
    tells(&mut model);
    model.key(Key::Char('a'));
    let sent = tells(&mut model);
    let earlier = |what: &What| matches!(what, What::Ask(Ask::Timeline { before: Some(_), .. }));
    answer(&mut model, id_of(&sent, earlier), window(&["b"], Some(3)));
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, earlier), window(&["a"], None));
    assert_eq!(chat(&model).chosen, Some(MessageId("a".into())));
    let mut gone = opened(WIDE, answering(&["c", "d"], None, "z"));
    gone.key(Key::Up);
    gone.key(Key::Char('a'));
    assert!(main(&gone).toast.is_some());
}

#[test]
fn it_ends_from_everywhere() {
    for mut model in [Model::without_server(0, WIDE), at_list(SMALL), opened(WIDE, window(&["a"], None))] {
        model.take_out();
        model.key(Key::Ctrl('c'));
        assert_eq!(model.take_out(), [Wish::Quit]);
    }
}

fn is_ask(wanted: &'static str) -> impl Fn(&What) -> bool {
    move |what| matches!(what, What::Ask(ask) if format!("{ask:?}").starts_with(wanted))
}

#[test]
fn chats_are_muted_archived_timed_and_asked_by_key_from_everywhere() {
    for mut model in [at_list(WIDE), opened(SMALL, window(&["a"], None))] {
        tells(&mut model);
        let chat = main(&model).rows()[0].id.0.clone();
        model.key(Key::F(4));
        takes(&mut model, "8 hours");
        assert_eq!(actions(&mut model), [Action::Mute { chat: chat.clone(), time: "8h".into() }]);
        model.key(Key::F(5));
        assert_eq!(actions(&mut model), [Action::Archive { chat: chat.clone(), on: true }]);
        model.choose_previews();
        takes(&mut model, "Make them");
        assert_eq!(actions(&mut model), [Action::SetPreviews { chat: chat.clone(), on: true }]);
        model.key(Key::F(6));
        takes(&mut model, "1 day");
        assert_eq!(actions(&mut model), [Action::SetTimer { chat: chat.clone(), time: "1d".into() }]);
        model.key(Key::F(7));
        types(&mut model, "Which tram?");
        model.key(Key::Enter);
        types(&mut model, "the 12");
        model.key(Key::Enter);
        assert!(
            matches!(&main(&model).over, Some(Over::Field(field)) if field.refused.is_some()),
            "one option is none"
        );
        types(&mut model, " / the 28");
        model.key(Key::Enter);
        takes(&mut model, "Several answers");
        let poll = Action::CreatePoll {
            to: chat,
            question: "Which tram?".into(),
            options: vec!["the 12".into(), "the 28".into()],
            multiple: true,
        };
        assert_eq!(actions(&mut model), [poll]);
    }
}

#[test]
fn words_are_looked_for_in_all_chats_and_lead_to_their_message() {
    let mut model = at_list(WIDE);
    tells(&mut model);
    model.key(Key::Char('/'));
    types(&mut model, "tram");
    model.key(Key::Enter);
    let sent = tells(&mut model);
    let Answer::Timeline(timeline) = window(&["a"], None) else { panic!("a window") };
    let Listing::Rows(rows) = timeline.bubbles else { panic!("it has messages") };
    let chat_id = main(&model).rows()[0].id.clone();
    let row = screens::FoundRow {
        bubble: Bubble { chat: chat_id, ..rows[0].clone() },
        chat_name: "Inês".into(),
        pieces: vec![screens::Piece { text: "the tram".into(), found: false }],
        before: None,
        after: None,
        spoken: String::new(),
    };
    answer(&mut model, id_of(&sent, is_ask("Search")), Answer::Found(Listing::Rows(vec![row])));
    model.key(Key::Enter);
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_newest), window(&["b"], Some(7)));
    let sent = tells(&mut model);
    let earlier = |what: &What| matches!(what, What::Ask(Ask::Timeline { before: Some(_), .. }));
    answer(&mut model, id_of(&sent, earlier), window(&["a"], None));
    assert_eq!(chat(&model).chosen, Some(MessageId("a".into())), "however far up it is");
}

#[test]
fn a_message_is_forwarded_voted_on_and_reported_by_key() {
    let mut model = opened(WIDE, window(&["a"], None));
    let Stage::Main(open) = &mut model.stage else { panic!("the chats") };
    let Some(Listing::Rows(rows)) = open.chat.as_mut().map(|chat| &mut chat.shown) else {
        panic!("messages")
    };
    let option = |text: &str, own| screens::PollOption {
        text: text.into(),
        count: 0,
        percent: 0,
        own,
        spoken: String::new(),
    };
    let options = vec![option("the 12", true), option("the 28", false)];
    rows[0].acts = vec![MessageAct::Forward, MessageAct::EndPoll, MessageAct::Report];
    rows[0].poll = Some(screens::PollShown { options, multiple: false, open: true, line: String::new() });
    let to = main(&model).rows()[1].clone();
    model.key(Key::Up);
    tells(&mut model);
    model.key(Key::Char('f'));
    takes(&mut model, &to.person.name);
    assert_eq!(actions(&mut model), [Action::Forward { message: "a".into(), to: to.id.0 }]);
    model.key(Key::Char('o'));
    model.key(Key::Char('2'));
    assert_eq!(actions(&mut model), [Action::Vote { message: "a".into(), options: vec![1] }]);
    model.key(Key::Char('E'));
    assert_eq!(actions(&mut model), [Action::EndPoll { message: "a".into() }]);
    model.key(Key::Char('x'));
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_ask("Report")), Answer::Report(samples::report()));
    model.key(Key::Char('1'));
    assert_eq!(model.take_out(), [], "looking writes nothing");
    model.key(Key::Char('x'));
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_ask("Report")), Answer::Report(samples::report()));
    model.key(Key::Char('2'));
    assert!(
        matches!(&model.take_out()[..], [Wish::Write { name, .. }] if name == "report-01c471cdc5d9.json")
    );
}

#[test]
fn what_others_are_told_is_switched_and_who_types_is_shown() {
    let mut model = at_list(WIDE);
    tells(&mut model);
    model.key(Key::Char('p'));
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_ask("Privacy")), Answer::Privacy(samples::privacy()));
    model.key(Key::Char('1'));
    let off = Action::SetPrivacy { what: screens::PrivacyPart::Typing, on: false };
    assert_eq!(actions(&mut model), [off]);
    let row = main(&model).rows()[0].clone();
    let typing = |line: Option<&str>| {
        let (chat, from) = (row.id.clone(), Box::new(row.person.clone()));
        FromCore::Notice(Notice::Typing { chat, from, on: line.is_some(), line: line.map(str::to_owned) })
    };
    model.heard(typing(Some("Inês is typing…")));
    assert_eq!(main(&model).typing.get(&row.id).map(String::as_str), Some("Inês is typing…"));
    model.heard(typing(None));
    assert!(main(&model).typing.is_empty());
}

#[test]
fn a_device_is_linked_with_link_and_number_and_removed() {
    let mut model = at_list(WIDE);
    tells(&mut model);
    model.key(Key::Char('d'));
    let sent = tells(&mut model);
    let list = screens::link_samples::devices_full();
    let other = list.devices.iter().find(|row| !row.this && !row.leaving).expect("another").clone();
    answer(&mut model, id_of(&sent, is_ask("Devices")), Answer::Devices(list.clone()));
    let at = list.devices.iter().position(|row| row.id == other.id).expect("it is listed");
    (0..at).for_each(|_| model.key(Key::Down));
    model.key(Key::Enter);
    takes(&mut model, "Remove it");
    assert_eq!(actions(&mut model), [Action::RemoveDevice { device: other.id }]);
    model.key(Key::Char('d'));
    let sent = tells(&mut model);
    answer(&mut model, id_of(&sent, is_ask("Devices")), Answer::Devices(screens::link_samples::devices()));
    takes(&mut model, "Link a device");
    types(&mut model, "https://a/d#x");
    model.key(Key::Enter);
    let sent = tells(&mut model);
    outcome(&mut model, id_of(&sent, is_action), Outcome::Done);
    let sent = tells(&mut model);
    let screen = screens::link_samples::number_needed();
    answer(&mut model, id_of(&sent, is_ask("Linking")), Answer::Linking(screen));
    types(&mut model, "123456");
    model.key(Key::Enter);
    assert_eq!(actions(&mut model), [Action::LinkNumber { number: "123456".into() }]);
}

#[test]
fn several_accounts_stand_in_one_list_each_row_with_its_account() {
    let mut model = at_list(WIDE);
    tells(&mut model);
    let mut theirs = main(&model).rows()[0].clone();
    theirs.time.ms += 1;
    model.show_accounts("main", &[(1, "work".into(), vec![theirs.clone()])]);
    let names: Vec<String> = main(&model).rows().iter().map(|row| row.person.name.clone()).collect();
    assert_eq!(names[0], format!("work · {}", theirs.person.name), "the newest of all comes first");
    assert_eq!(names[1], format!("main · {}", theirs.person.name));
    model.step_list(i32::MIN);
    model.key(Key::Enter);
    assert_eq!(model.take_out(), [Wish::Switch(1, theirs.id)]);
    assert!(main(&model).chat.is_none(), "nothing of one account is opened in another");
    model.step_list(1);
    model.key(Key::F(4));
    takes(&mut model, "8 hours");
    assert_eq!(actions(&mut model).len(), 1);
    model.show_accounts("main", &[]);
    assert!(main(&model).rows().iter().all(|row| !row.person.name.contains('·')));
}

fn has_folder(model: &Model) -> Option<String> {
    main(model).folder_row().map(|folder| folder.name.clone())
}

#[test]
fn a_folder_shows_its_chats_until_it_is_gone() {
    let mut model = at_list(WIDE);
    let all = main(&model).rows().len();
    model.key(Key::Char('f'));
    model.key(Key::Char('3'));
    let id = id_of(&tells(&mut model), is_chats);
    answer(&mut model, id, Answer::Chats(samples::chats_full()));
    assert_eq!((has_folder(&model).as_deref(), main(&model).rows().len()), (Some("Work"), 2));
    model.heard(FromCore::Notice(Notice::Chats));
    let id = id_of(&tells(&mut model), is_chats);
    answer(&mut model, id, Answer::Chats(ChatList { folders: vec![], ..samples::chats_full() }));
    assert_eq!((has_folder(&model), main(&model).rows().len()), (None, all));
    // A chat is put into one, or taken out.
    let mut model = at_list(WIDE);
    model.key(Key::Char('F'));
    model.key(Key::Char('1'));
    assert!(matches!(&actions(&mut model)[..], [Action::Folder(FolderEdit::Put { on: false, .. })]));
}

#[test]
fn a_chat_is_marked_as_unread_and_reading_it_takes_the_mark_off() {
    let mut model = at_list(WIDE);
    model.key(Key::Char('u'));
    assert!(matches!(&actions(&mut model)[..], [Action::MarkUnread { on: true, .. }]));
    let mut list = samples::chats_full();
    if let Listing::Rows(rows) = &mut list.chats {
        rows[0].marked_unread = true;
    }
    model.heard(FromCore::Notice(Notice::Chats));
    let id = id_of(&tells(&mut model), is_chats);
    answer(&mut model, id, Answer::Chats(list));
    model.key(Key::Enter);
    assert!(matches!(&actions(&mut model)[..], [Action::MarkUnread { on: false, .. }]));
}

#[test]
fn what_is_written_leaves_at_a_time_and_stays_in_the_line_until_it_waits() {
    let mut model = opened(WIDE, window(&["a"], None));
    model.key(Key::F(9));
    assert!(main(&model).over.is_none(), "there is nothing to send");
    types(&mut model, "good morning");
    model.key(Key::F(9));
    types(&mut model, "noon");
    model.key(Key::Enter);
    let sent = tells(&mut model);
    let is_it = |what: &What| matches!(what, What::Action(Action::Schedule { text, at, .. }) if text == "good morning" && at == "noon");
    let refused =
        Outcome::Refused { kind: RefusedKind::Usage, sentence: "That is no time.".into(), next: None };
    outcome(&mut model, id_of(&sent, is_it), refused);
    let Some(Over::Field(field)) = &main(&model).over else { panic!("asked still") };
    assert_eq!(field.refused.as_deref(), Some("That is no time."));
    assert_eq!(chat(&model).line.text(), "good morning");
    model.key(Key::Ctrl('u'));
    types(&mut model, "9:00");
    model.key(Key::Enter);
    let id = id_of(&tells(&mut model), is_action);
    outcome(&mut model, id, Outcome::Scheduled { id: ScheduledId("5c".into()), sentence: "Leaves.".into() });
    assert!(main(&model).over.is_none() && chat(&model).line.is_empty());
    assert_eq!(main(&model).toast.as_deref(), Some("Leaves."));
    // What waits is looked at and cancelled.
    model.key(Key::Ctrl('t'));
    let id = id_of(&tells(&mut model), |what| matches!(what, What::Ask(Ask::Scheduled)));
    let row = ScheduledRow {
        id: ScheduledId("5c".into()),
        chat: chat(&model).id.clone(),
        chat_name: "Inês".into(),
        text: "good morning".into(),
        at: chat(&model).rows()[0].sent.clone(),
        at_typed: "2029-05-13 09:00".into(),
        held: None,
    };
    answer(&mut model, id, Answer::Scheduled(Listing::Rows(vec![row])));
    model.key(Key::Enter);
    model.key(Key::Char('3'));
    assert!(matches!(&actions(&mut model)[..], [Action::Unschedule { id }] if id == "5c"));
}

#[test]
fn somebody_is_mentioned_by_choosing_and_a_mention_is_edited_by_name() {
    let mut model = opened(WIDE, window(&["a"], None));
    types(&mut model, "hi ");
    model.key(Key::Ctrl('n'));
    let id = id_of(&tells(&mut model), |what| matches!(what, What::Ask(Ask::Mentionable { .. })));
    let boris = Mentionable { name: "Boris".into(), initials: "B".into(), tint: 1, typed: "@Boris".into() };
    answer(&mut model, id, Answer::Mentionable(vec![boris]));
    model.key(Key::Enter);
    assert_eq!(chat(&model).line.text(), "hi @Boris ");
}

#[test]
fn a_place_is_told_and_stopped_by_key() {
    let mut model = opened(WIDE, window(&["a"], None));
    tells(&mut model);
    let chat = main(&model).rows()[0].id.0.clone();
    model.key(Key::F(12));
    types(&mut model, "59.3293,18.0686");
    model.key(Key::Enter);
    takes(&mut model, "Live, 1 hour");
    let sent = tells(&mut model);
    let start = |what: &What| matches!(what, What::Action(Action::StartLive { to, lasts, .. }) if *to == chat && lasts == "1h");
    let id = id_of(&sent, start);
    let live = LivePlaceRow { chat: ChatId(chat.clone()), ..samples::live_place() };
    outcome(&mut model, id, Outcome::Sent { chat: live.chat.clone(), id: live.id.clone() });
    let sent = tells(&mut model);
    let fix = What::Action(Action::GiveFix { at: "59.3293,18.0686".into(), accuracy: 0 });
    assert!(sent.iter().any(|to| to.what == fix), "{sent:?}");
    let id = id_of(&sent, is_ask("Chats"));
    answer(&mut model, id, Answer::Chats(ChatList { live: vec![live.clone()], ..samples::chats_full() }));
    assert!(main(&model).chat_banner(60).concat().contains("until 14:30"));
    assert!(main(&model).list_banner(60).concat().contains("Inês Duarte"));
    model.key(Key::F(12));
    takes(&mut model, "Stop telling where you are");
    assert!(actions(&mut model).contains(&Action::StopLive { message: Some(live.id.0) }));
}
