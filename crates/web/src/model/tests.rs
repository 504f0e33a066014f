//! The page's rules, without a page.

use screens::{media_samples, samples, *};

use super::*;

fn model() -> Model {
    let mut model = Model::new(60, None);
    model.take_out();
    model
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

fn start(model: &mut Model, start: Start) -> Vec<ToCore> {
    model.ask_start();
    let sent = model.take_out();
    let id = id_of(&sent, |what| matches!(what, What::Ask(Ask::Start { .. })));
    answer(model, id, Answer::Start(start));
    model.take_out()
}

fn is_timeline(what: &What) -> bool {
    matches!(what, What::Ask(Ask::Timeline { before: None, .. }))
}

/// Main page with Inês' chat open, and the request for its messages on its way.
fn opened() -> (Model, ChatId, u64) {
    let mut model = model();
    let sent = start(&mut model, Start::Main(samples::me()));
    let id = id_of(&sent, |what| matches!(what, What::Ask(Ask::Chats)));
    answer(&mut model, id, Answer::Chats(samples::chats_full()));
    let chat = samples::timeline_full().head.id;
    model.open_chat(&chat);
    let id = id_of(&model.take_out(), is_timeline);
    (model, chat, id)
}

fn joining(model: &Model) -> &Joining {
    let Stage::Joining(joining) = &model.stage else { panic!("{:?}", model.stage) };
    joining
}

fn main(model: &Model) -> &Main {
    let Stage::Main(main) = &model.stage else { panic!("{:?}", model.stage) };
    main
}

fn texts(model: &Model) -> Vec<String> {
    let Some(chat) = main(model).chat() else { panic!("no chat is open") };
    let Listing::Rows(rows) = &chat.shown else { panic!("{:?}", chat.shown) };
    rows.iter().map(|row| row.text.clone()).collect()
}

/// A window of messages with these texts; the text is the id too.
fn window(texts: &[&str], earlier: Option<u64>) -> Answer {
    let mut timeline = samples::timeline_full();
    let Listing::Rows(rows) = &timeline.bubbles else { panic!("the sample has messages") };
    let like = rows[0].clone();
    let bubble = |text: &&str| Bubble { id: MessageId((*text).into()), text: (*text).into(), ..like.clone() };
    timeline.bubbles = Listing::Rows(texts.iter().map(bubble).collect());
    timeline.earlier = earlier;
    Answer::Timeline(timeline)
}

#[test]
fn handle_code_and_name_make_an_account() {
    let mut model = model();
    start(&mut model, Start::Welcome(samples::welcome()));
    assert_eq!(joining(&model).step, Step::Handle);

    model.give_handle(" +38640218633 ");
    let sent = model.take_out();
    let wanted = Action::Register { handle: Some("+38640218633".into()), name: String::new() };
    assert_eq!(sent[0].what, What::Action(wanted));
    outcome(&mut model, sent[0].id, Outcome::CodeNeeded { sentence: "Sent.".into() });
    let id = id_of(&model.take_out(), |what| matches!(what, What::Ask(Ask::Start { .. })));
    answer(&mut model, id, Answer::Start(Start::Code(samples::code())));
    assert_eq!((joining(&model).step, joining(&model).busy), (Step::Code, false));

    model.give_code("123456");
    assert_eq!(joining(&model).step, Step::Name);
    assert_eq!(model.take_out(), [], "the code goes together with the name");

    model.give_name("Anna");
    let sent = model.take_out();
    let wanted =
        Action::GiveCode { handle: "+38640218633".into(), name: "Anna".into(), code: "123456".into() };
    assert_eq!(sent[0].what, What::Action(wanted));
    outcome(&mut model, sent[0].id, Outcome::Registered { id: samples::me().id, sentence: "There.".into() });
    let id = id_of(&model.take_out(), |what| matches!(what, What::Ask(Ask::Start { .. })));
    answer(&mut model, id, Answer::Start(Start::Main(samples::me())));
    assert_eq!(main(&model).me, samples::me());
}

#[test]
fn a_wrong_code_is_asked_for_again_and_the_name_is_kept() {
    let mut model = model();
    start(&mut model, Start::Code(samples::code()));
    model.give_code("000000");
    model.give_name("Anna");
    let id = model.take_out()[0].id;
    let sentence = "That is not the code we sent.".to_owned();
    outcome(
        &mut model,
        id,
        Outcome::Refused { kind: RefusedKind::Refused, sentence: sentence.clone(), next: None },
    );
    assert_eq!((joining(&model).step, joining(&model).refused.as_ref()), (Step::Code, Some(&sentence)));
    model.give_code("123456");
    let [ToCore { what: What::Action(Action::GiveCode { name, code, .. }), .. }] = &model.take_out()[..]
    else {
        panic!("the name is known, so the code goes at once")
    };
    assert_eq!((name.as_str(), code.as_str()), ("Anna", "123456"));
}

#[test]
fn a_server_that_does_not_answer_leaves_everything_where_it_is() {
    let mut model = model();
    start(&mut model, Start::Code(samples::code()));
    model.give_code("123456");
    model.give_name("Anna");
    let id = model.take_out()[0].id;
    let sentence = "The server does not answer.".to_owned();
    outcome(&mut model, id, Outcome::Refused { kind: RefusedKind::Network, sentence, next: None });
    assert_eq!((joining(&model).step, joining(&model).typed.as_str()), (Step::Name, "123456"));
}

#[test]
fn without_a_handle_only_the_name_is_asked() {
    let mut model = model();
    start(&mut model, Start::Welcome(samples::welcome()));
    model.without_handle();
    assert_eq!((joining(&model).step, joining(&model).place()), (Step::Name, (2, 2)));
    model.give_name("  ");
    assert!(joining(&model).refused.is_some());
    model.give_name("Anna");
    assert_eq!(
        model.take_out()[0].what,
        What::Action(Action::Register { handle: None, name: "Anna".into() })
    );
}

#[test]
fn what_cannot_open_says_why() {
    let mut model = Model::new(0, None);
    let id = model.take_out()[0].id;
    let sentence = "This browser keeps nothing for this site.".to_owned();
    answer(
        &mut model,
        id,
        Answer::Refused { kind: RefusedKind::Refused, sentence: sentence.clone(), next: None },
    );
    assert_eq!(model.stage, Stage::Broken(Trouble { sentence, again: true }));
}

#[test]
fn an_invitation_is_offered_once_somebody_is_here() {
    let link = "https://lindenhof.example/i#abc".to_owned();
    let mut model = Model::new(0, Some(link.clone()));
    start(&mut model, Start::Welcome(samples::welcome()));
    start(&mut model, Start::Main(samples::me()));
    let offered = Dialog::New { who: link, busy: false, refused: None };
    assert_eq!(main(&model).dialog, Some(offered));
    model.close_dialog();
    start(&mut model, Start::Main(samples::me()));
    assert_eq!(main(&model).dialog, None);
}

#[test]
fn an_open_chat_that_is_looked_at_is_marked_once() {
    let (mut model, chat, id) = opened();
    answer(&mut model, id, Answer::Timeline(samples::timeline_full()));
    let marks = |sent: Vec<ToCore>| -> Vec<What> {
        sent.into_iter().map(|to| to.what).filter(|what| matches!(what, What::Action(_))).collect()
    };
    let through = MessageId(match &samples::timeline_full().bubbles {
        Listing::Rows(rows) => rows.iter().rev().find(|row| row.unread).expect("two are unread").id.0.clone(),
        other => panic!("{other:?}"),
    });
    assert_eq!(marks(model.take_out()), [What::Action(Action::MarkRead { chat, through })]);
    model.set_attentive(false);
    model.set_attentive(true);
    assert_eq!(marks(model.take_out()), []);
}

#[test]
fn a_chat_in_a_hidden_tab_is_marked_when_the_tab_is_looked_at() {
    let (mut model, _, id) = opened();
    model.set_attentive(false);
    answer(&mut model, id, Answer::Timeline(samples::timeline_full()));
    assert_eq!(model.take_out(), []);
    model.set_attentive(true);
    assert!(matches!(model.take_out()[..], [ToCore { what: What::Action(Action::MarkRead { .. }), .. }]));
}

#[test]
fn the_unread_line_stays_until_the_chat_is_left() {
    let (mut model, chat, id) = opened();
    answer(&mut model, id, Answer::Timeline(samples::timeline_full()));
    let line = main(&model).chat().and_then(|chat| chat.unread_line.clone());
    assert!(line.is_some());
    model.heard(FromCore::Notice(Notice::Chats));
    let id = id_of(&model.take_out(), is_timeline);
    answer(&mut model, id, window(&["a"], None));
    assert_eq!(main(&model).chat().and_then(|chat| chat.unread_line.clone()), line);
    model.close();
    model.open_chat(&chat);
    assert_eq!(main(&model).chat().and_then(|chat| chat.unread_line.clone()), None);
}

#[test]
fn what_comes_while_one_looks_on_is_not_set_apart() {
    let (mut model, _, id) = opened();
    answer(&mut model, id, window(&["a"], None));
    let line = |model: &Model| main(model).chat().and_then(|chat| chat.unread_line.clone());
    let again = |model: &mut Model| {
        model.heard(FromCore::Notice(Notice::Chats));
        let id = id_of(&model.take_out(), is_timeline);
        answer(model, id, Answer::Timeline(samples::timeline_full()));
    };
    again(&mut model);
    assert_eq!(line(&model), None);
    model.set_attentive(false);
    again(&mut model);
    assert!(line(&model).is_some());
}

#[test]
fn many_notices_are_one_question_and_one_more() {
    let (mut model, chat, id) = opened();
    for _ in 0..20 {
        let mark = Mark::Sent;
        model.heard(FromCore::Notice(Notice::Receipt {
            chat: chat.clone(),
            id: MessageId("m".into()),
            mark,
        }));
    }
    assert!(!model.take_out().iter().any(|to| is_timeline(&to.what)), "one is on its way");
    answer(&mut model, id, window(&["a"], None));
    assert_eq!(model.take_out().iter().filter(|to| is_timeline(&to.what)).count(), 1);
}

#[test]
fn earlier_messages_stay_when_new_ones_come() {
    let (mut model, _, id) = opened();
    answer(&mut model, id, window(&["c", "d"], Some(7)));
    model.show_earlier();
    model.show_earlier();
    let sent = model.take_out();
    let earlier = |what: &What| matches!(what, What::Ask(Ask::Timeline { before: Some(7), .. }));
    assert_eq!(sent.iter().filter(|to| earlier(&to.what)).count(), 1, "asked once while it is on its way");
    answer(&mut model, id_of(&sent, earlier), window(&["a", "b"], Some(3)));
    assert_eq!(texts(&model), ["a", "b", "c", "d"]);

    model.heard(FromCore::Notice(Notice::Chats));
    let id = id_of(&model.take_out(), is_timeline);
    answer(&mut model, id, window(&["d", "e"], Some(8)));
    assert_eq!(texts(&model), ["a", "b", "c", "d", "e"]);
    assert_eq!(main(&model).chat().and_then(|chat| chat.earlier), Some(3));
}

#[test]
fn after_a_gap_only_what_is_whole_is_shown() {
    let (mut model, _, id) = opened();
    answer(&mut model, id, window(&["a", "b"], Some(7)));
    model.heard(FromCore::Notice(Notice::Chats));
    let id = id_of(&model.take_out(), is_timeline);
    answer(&mut model, id, window(&["x", "y"], Some(90)));
    assert_eq!(texts(&model), ["x", "y"]);
    assert_eq!(main(&model).chat().and_then(|chat| chat.earlier), Some(90));
}

#[test]
fn a_text_that_is_not_taken_comes_back() {
    let (mut model, chat, _) = opened();
    model.send("hello".into());
    let sent = model.take_out();
    let id = id_of(&sent, |what| matches!(what, What::Action(Action::Send { .. })));
    let sentence = "This device is full.".to_owned();
    outcome(
        &mut model,
        id,
        Outcome::Refused { kind: RefusedKind::Refused, sentence: sentence.clone(), next: None },
    );
    assert_eq!(model.returned, [(chat, "hello".to_owned())]);
    assert_eq!(main(&model).chat().and_then(|chat| chat.refused.clone()), Some(sentence));
}

#[test]
fn whoever_is_added_is_written_to() {
    let (mut model, _, _) = opened();
    model.new_chat(String::new());
    model.add("   ");
    assert!(matches!(&main(&model).dialog, Some(Dialog::New { refused: Some(_), busy: false, .. })));
    model.add(" boris@example.org ");
    let sent = model.take_out();
    let id = id_of(&sent, |what| *what == What::Action(Action::Add { who: "boris@example.org".into() }));
    let chat = ChatId("boris".into());
    let added = Outcome::Contact {
        id: ContactId("b".into()),
        name: "Boris".into(),
        chat: chat.clone(),
        sentence: "They see it once they accept.".into(),
    };
    outcome(&mut model, id, added);
    assert_eq!(main(&model).dialog, None);
    assert_eq!(main(&model).chat().map(|chat| chat.id.clone()), Some(chat));
}

#[test]
fn a_request_shows_nothing_and_opens_the_chat_when_accepted() {
    let (mut model, chat, _) = opened();
    let Listing::Rows(rows) = samples::requests_full() else { panic!("the sample has one") };
    model.open_request(rows[0].clone());
    model.accept(&rows[0]);
    let id = id_of(&model.take_out(), |what| matches!(what, What::Action(Action::Accept { .. })));
    let accepted =
        Outcome::Contact { id: rows[0].id.clone(), name: "Kofi".into(), chat, sentence: String::new() };
    outcome(&mut model, id, accepted);
    assert!(matches!(main(&model).open, Some(Open::Chat(_))));
}

#[test]
fn the_groups_one_asks_to_come_into_are_listed_until_one_is_in() {
    let (mut model, chat, _) = opened();
    model.new_chat(String::new());
    model.add("https://lindenhof.example/g#secret");
    let id = id_of(&model.take_out(), |what| matches!(what, What::Action(Action::Add { .. })));
    let asked = Outcome::Group { id: chat.clone(), name: "Lake house".into(), sentence: "You asked.".into() };
    outcome(&mut model, id, asked);
    let asks = |model: &mut Model| id_of(&model.take_out(), |what| *what == What::Ask(Ask::Joining));
    let id = asks(&mut model);
    answer(&mut model, id, Answer::Joining(samples::joins()));
    assert_eq!(main(&model).joins, samples::joins());
    let sentence = "Choir: somebody of the group said no.".to_owned();
    model.heard(FromCore::Notice(Notice::Joining { chat, sentence }));
    let id = asks(&mut model);
    answer(&mut model, id, Answer::Joining(samples::joins()));
    // One is let in: the group is a chat like others.
    model.heard(FromCore::Notice(Notice::Chats));
    let id = asks(&mut model);
    answer(&mut model, id, Answer::Joining(vec![]));
    assert!(main(&model).joins.is_empty());
    model.heard(FromCore::Notice(Notice::Chats));
    assert!(!model.take_out().iter().any(|sent| sent.what == What::Ask(Ask::Joining)));
}

#[test]
fn what_one_asks_for_is_withdrawn_and_listed_no_more() {
    let (mut model, _, _) = opened();
    model.new_chat(String::new());
    model.add("https://lindenhof.example/g#secret");
    let id = id_of(&model.take_out(), |what| matches!(what, What::Action(Action::Add { .. })));
    let [waits, ended] = <[_; 2]>::try_from(samples::joins()).unwrap();
    let group = |sentence: &str| Outcome::Group {
        id: waits.id.clone(),
        name: waits.name.clone(),
        sentence: sentence.to_owned(),
    };
    outcome(&mut model, id, group("You asked."));
    let asks = |model: &mut Model| id_of(&model.take_out(), |what| *what == What::Ask(Ask::Joining));
    let id = asks(&mut model);
    answer(&mut model, id, Answer::Joining(samples::joins()));
    model.withdraw_join(&waits.id);
    let withdraws = What::Action(Action::WithdrawJoin { group: waits.id.0.clone() });
    let id = id_of(&model.take_out(), |what| *what == withdraws);
    outcome(&mut model, id, group("You ask no more."));
    let id = asks(&mut model);
    answer(&mut model, id, Answer::Joining(vec![ended.clone()]));
    assert_eq!(main(&model).joins, [ended]);
}

#[test]
fn the_line_and_the_device_are_shown_as_they_are_told() {
    let (mut model, _, _) = opened();
    let line = samples::chats_waiting().line;
    model.heard(FromCore::Notice(Notice::Connection(line.clone())));
    assert_eq!(main(&model).list.line, line);
    let banner = samples::chats_failing().banner;
    model.heard(FromCore::Notice(Notice::Device(banner.clone())));
    assert_eq!(main(&model).list.banner, banner);
}

/// The first message of the sample that can be edited.
fn editable() -> Bubble {
    let Listing::Rows(rows) = samples::timeline_full().bubbles else { panic!("the sample has messages") };
    rows.into_iter().find(|row| row.acts.contains(&screens::MessageAct::Edit)).expect("one is one's own")
}

#[test]
fn the_next_text_answers_or_replaces_what_it_is_about_and_only_that_one() {
    let (mut model, _, id) = opened();
    answer(&mut model, id, Answer::Timeline(samples::timeline_full()));
    model.take_out();
    let bubble = Bubble { chat: main(&model).chat().unwrap().id.clone(), ..editable() };
    let sent = |model: &mut Model, text: &str| -> Action {
        model.send(text.into());
        let mut actions = model.take_out().into_iter().filter_map(|to| match to.what {
            What::Action(action) => Some(action),
            What::Ask(_) => None,
        });
        actions.next_back().unwrap()
    };
    model.answer(&bubble);
    let (to, text) = (bubble.id.0.clone(), "yes".to_owned());
    assert_eq!(sent(&mut model, "yes"), Action::Reply { to: to.clone(), text: text.clone() });
    assert!(matches!(sent(&mut model, "yes"), Action::Send { .. }));
    model.edit(&bubble, String::new());
    assert_eq!(sent(&mut model, "yes"), Action::Edit { message: to, text });
    model.answer(&bubble);
    model.stop_writing_about();
    assert!(matches!(sent(&mut model, "yes"), Action::Send { .. }));
}

#[test]
fn a_reaction_that_is_there_is_taken_back() {
    let (mut model, _, _) = opened();
    let bubble = editable();
    let last = |model: &mut Model| model.take_out().pop().map(|to| to.what);
    let react = |emoji: &str, take_back| {
        Some(What::Action(Action::React { message: bubble.id.0.clone(), emoji: emoji.into(), take_back }))
    };
    model.react(&bubble, "🎉");
    assert_eq!(last(&mut model), react("🎉", true));
    model.react(&bubble, " ❤️ ");
    assert_eq!(last(&mut model), react("❤️", false));
}

#[test]
fn a_message_far_above_is_looked_for_until_it_is_shown() {
    let (mut model, _, id) = opened();
    answer(&mut model, id, window(&["c", "d"], Some(7)));
    let jump = |model: &Model| main(model).chat().and_then(|chat| chat.jump.clone());
    model.jump_to(&MessageId("d".into()));
    assert_eq!(jump(&model), Some(MessageId("d".into())));
    model.jumped();
    model.jump_to(&MessageId("a".into()));
    let earlier = |what: &What| matches!(what, What::Ask(Ask::Timeline { before: Some(_), .. }));
    let id = id_of(&model.take_out(), earlier);
    answer(&mut model, id, window(&["b"], Some(3)));
    let id = id_of(&model.take_out(), earlier);
    assert_eq!(jump(&model), None);
    answer(&mut model, id, window(&["a"], None));
    assert_eq!(jump(&model), Some(MessageId("a".into())));
    model.jumped();
    model.jump_to(&MessageId("nowhere".into()));
    assert_eq!((jump(&model), model.take_out().len()), (None, 0), "there are no earlier ones");
}

#[test]
fn who_types_is_shown_in_chat_and_list_until_they_do_not() {
    let (mut model, chat, id) = opened();
    answer(&mut model, id, window(&["a"], None));
    let from = Box::new(samples::timeline_full().head.person);
    let typing = |line: Option<&str>| {
        let (chat, line) = (chat.clone(), line.map(str::to_owned));
        FromCore::Notice(Notice::Typing { chat, from: from.clone(), on: line.is_some(), line })
    };
    let head = |model: &Model| main(model).chat().and_then(|chat| chat.head.clone()).and_then(|it| it.typing);
    model.heard(typing(Some("Inês is typing…")));
    assert_eq!(head(&model).as_deref(), Some("Inês is typing…"));
    assert_eq!(main(&model).typing.get(&chat), head(&model).as_ref());
    model.heard(typing(None));
    assert!(head(&model).is_none() && main(&model).typing.is_empty());
}

#[test]
fn what_others_are_told_is_asked_switched_and_asked_again() {
    let (mut model, ..) = opened();
    model.show_privacy();
    let is_privacy = |what: &What| matches!(what, What::Ask(Ask::Privacy));
    let id = id_of(&model.take_out(), is_privacy);
    answer(&mut model, id, Answer::Privacy(samples::privacy()));
    assert!(
        matches!(&main(&model).dialog, Some(Dialog::Privacy { page: Some(page), .. }) if page.rows.len() == 2)
    );
    model.switch_privacy(PrivacyPart::Presence, true);
    let wanted = Action::SetPrivacy { what: PrivacyPart::Presence, on: true };
    let id = id_of(&model.take_out(), |what| *what == What::Action(wanted.clone()));
    outcome(&mut model, id, Outcome::Done);
    id_of(&model.take_out(), is_privacy);
}

#[test]
fn a_profile_is_shown_changed_and_shown_as_it_is_then() {
    let (mut model, ..) = opened();
    model.show_profile();
    let is_profile = |what: &What| matches!(what, What::Ask(Ask::Profile));
    let id = id_of(&model.take_out(), is_profile);
    answer(&mut model, id, Answer::Profile(ProfilePage { picture: Some("f0".into()), ..samples::profile() }));
    id_of(&model.take_out(), |what| matches!(what, What::Ask(Ask::Picture { id }) if id == "f0"));
    model.set_profile(None, Some("Sails".into()));
    let wanted = Action::SetProfile { name: None, about: Some("Sails".into()), picture: None };
    let id = id_of(&model.take_out(), |what| *what == What::Action(wanted.clone()));
    let refused =
        |sentence: &str| Outcome::Refused { kind: RefusedKind::Usage, sentence: sentence.into(), next: None };
    outcome(&mut model, id, refused("Too long."));
    let said = |model: &Model| match &main(model).dialog {
        Some(Dialog::Profile { refused, .. }) => refused.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(said(&model).as_deref(), Some("Too long."));
    model.set_face(PictureEdit::Remove);
    let id = id_of(&model.take_out(), |what| matches!(what, What::Action(Action::SetProfile { .. })));
    outcome(&mut model, id, Outcome::Done);
    assert_eq!(said(&model), None);
    id_of(&model.take_out(), is_profile);
}

#[test]
fn cards_are_chosen_sent_and_saved_and_nobody_who_is_blocked_is_offered() {
    let (mut model, chat, id) = opened();
    answer(&mut model, id, Answer::Timeline(samples::timeline_cards()));
    model.take_out();
    model.choose_cards();
    let id = id_of(&model.take_out(), |what| matches!(what, What::Ask(Ask::Contacts)));
    let Listing::Rows(mut rows) = samples::contacts_full() else { panic!("the sample is full") };
    let all = rows.len();
    rows[0].person.state = ContactState::Blocked;
    for row in rows.iter_mut().skip(1) {
        row.person.state = ContactState::Accepted;
    }
    answer(&mut model, id, Answer::Contacts(Listing::Rows(rows)));
    assert!(
        matches!(&main(&model).dialog, Some(Dialog::Cards { people: Listing::Rows(rows), .. }) if rows.len() == all - 1)
    );
    model.send_cards(&std::collections::BTreeSet::new());
    assert!(matches!(&main(&model).dialog, Some(Dialog::Cards { refused: Some(_), .. })));
    model.send_cards(&["me".to_owned()].into());
    let wanted = Action::SendCards { to: chat.0.clone(), contacts: vec!["me".into()], file: None };
    let id = id_of(&model.take_out(), |what| *what == What::Action(wanted.clone()));
    outcome(&mut model, id, Outcome::Sent { chat, id: MessageId("ab".into()) });
    assert!(main(&model).dialog.is_none());
    let Some(Listing::Rows(rows)) = main(&model).chat().map(|chat| chat.shown.clone()) else {
        panic!("rows")
    };
    model.save_cards(&rows[0]);
    let is_cards = |what: &What| matches!(what, What::Ask(Ask::CardsOf { .. }));
    let id = id_of(&model.take_out(), is_cards);
    let file = CardFile { name: "Marko.vcf".into(), text: "BEGIN:VCARD".into(), count: 1, more: None };
    answer(&mut model, id, Answer::Cards(file));
    assert_eq!(model.chores, [Chore::SaveText { name: "Marko.vcf".into(), text: "BEGIN:VCARD".into() }]);
}

#[test]
fn a_report_shows_everything_it_would_tell_before_it_is_saved() {
    let (mut model, _, id) = opened();
    answer(&mut model, id, window(&["a"], None));
    let Some(Listing::Rows(rows)) = main(&model).chat().map(|chat| chat.shown.clone()) else {
        panic!("rows")
    };
    model.report(&rows[0]);
    let id =
        id_of(&model.take_out(), |what| matches!(what, What::Ask(Ask::Report { about }) if about == "a"));
    answer(&mut model, id, Answer::Report(samples::report()));
    assert!(
        matches!(&main(&model).dialog, Some(Dialog::Report { sheet: Some(sheet), .. }) if sheet.rows.len() == 3)
    );
    model.report(&rows[0]);
    let id = id_of(&model.take_out(), |what| matches!(what, What::Ask(Ask::Report { .. })));
    let refused = Answer::Refused { kind: RefusedKind::Refused, sentence: "No.".into(), next: None };
    answer(&mut model, id, refused);
    assert!(matches!(&main(&model).dialog, Some(Dialog::Report { refused: Some(why), .. }) if why == "No."));
}

fn action(model: &mut Model) -> Option<Action> {
    model.take_out().into_iter().find_map(|to| match to.what {
        What::Action(action) => Some(action),
        What::Ask(_) => None,
    })
}

#[test]
fn people_are_offered_while_a_name_is_typed_and_only_for_what_is_typed_by_then() {
    let (mut model, chat, id) = opened();
    answer(&mut model, id, window(&["a"], None));
    model.take_out();
    let person = |name: &str| Mentionable {
        name: name.into(),
        initials: "B".into(),
        tint: 1,
        typed: format!("@{name}"),
    };
    let asked = |model: &mut Model, typed: &str| {
        let is_it =
            |what: &What| matches!(what, What::Ask(Ask::Mentionable { typed: asked, .. }) if asked == typed);
        id_of(&model.take_out(), is_it)
    };
    model.writes("hi @B");
    let early = asked(&mut model, "B");
    model.writes("hi @Bo");
    let late = asked(&mut model, "Bo");
    answer(&mut model, late, Answer::Mentionable(vec![person("Boris"), person("Bo Lind")]));
    answer(&mut model, early, Answer::Mentionable(vec![]));
    model.step_mention(-1);
    let picked = main(&model).chat().unwrap().mentioning.as_ref().map(|it| (it.found.len(), it.picked));
    assert_eq!(picked, Some((2, 1)), "around the end");
    assert_eq!(model.mention(1), Some((3, "@Bo Lind ".to_owned())));
    assert_eq!(main(&model).chat().unwrap().mentioning, None);
    model.writes("hi @Bo Lind and");
    assert!(model.take_out().iter().all(|to| matches!(to.what, What::Ask(Ask::Mentionable { .. }))));
    assert!(model.minds("no name") && model.minds("@B"));
    model.writes("no name");
    assert!(!model.minds("no name"));
    assert_eq!(
        main(&model).chat().map(|chat| (chat.id.clone(), chat.mentioning.clone())),
        Some((chat, None))
    );
}

#[test]
fn a_text_that_waits_leaves_its_composer_and_one_that_may_not_stays() {
    let (mut model, chat, id) = opened();
    answer(&mut model, id, window(&["a"], None));
    model.take_out();
    model.send_at(&chat);
    model.schedule(&chat, "good morning".into(), "2029-05-13T09:00+02:00".into());
    let sent = model.take_out();
    let sentence = "That time is over.".to_owned();
    let refused = Outcome::Refused { kind: RefusedKind::Usage, sentence: sentence.clone(), next: None };
    outcome(&mut model, sent[0].id, refused);
    let asks = |model: &Model| match &main(model).dialog {
        Some(Dialog::SendAt { refused, .. }) => refused.clone(),
        _ => None,
    };
    assert_eq!((asks(&model), model.cleared.len()), (Some(sentence), 0));
    model.schedule(&chat, "good morning".into(), "2029-05-13T10:00+02:00".into());
    let sent = model.take_out();
    outcome(
        &mut model,
        sent[0].id,
        Outcome::Scheduled { id: ScheduledId("5c".into()), sentence: "Leaves.".into() },
    );
    assert_eq!(std::mem::take(&mut model.cleared), [chat]);
    assert_eq!((main(&model).dialog.is_none(), main(&model).toast.as_deref()), (true, Some("Leaves.")));
}

#[test]
fn reading_a_chat_takes_its_mark_off_and_folders_follow_the_list() {
    let (mut model, chat, _) = opened();
    let mut list = samples::chats_full();
    let Listing::Rows(rows) = &mut list.chats else { panic!("the sample has rows") };
    rows[1].marked_unread = true;
    let marked = rows[1].id.clone();
    model.heard(FromCore::Notice(Notice::Chats));
    let id = id_of(&model.take_out(), |what| matches!(what, What::Ask(Ask::Chats)));
    answer(&mut model, id, Answer::Chats(list));
    model.open_chat(&marked);
    assert_eq!(action(&mut model), Some(Action::MarkUnread { chat: marked.0, on: false }));
    model.show_folders(&chat);
    model.change_folders(FolderEdit::Make { name: "Trips".into() });
    let sent = model.take_out();
    outcome(&mut model, sent[0].id, Outcome::Done);
    let id = id_of(&model.take_out(), |what| matches!(what, What::Ask(Ask::Chats)));
    let mut list = samples::chats_full();
    if let Listing::Rows(rows) = &mut list.chats {
        rows.iter_mut().for_each(|row| row.folders.clear());
    }
    answer(&mut model, id, Answer::Chats(list));
    let Some(Dialog::Folders { row, .. }) = &main(&model).dialog else { panic!("open still") };
    assert!(row.id == chat && row.folders.is_empty());
}

fn picked(number: u64, name: &str) -> Picked {
    Picked {
        number,
        name: name.to_owned(),
        size: "2.4 MB".to_owned(),
        kind: MediaKind::Picture,
        preview: None,
        quality: Quality::Standard,
        send_as: screens::SendAs::Itself,
    }
}

/// A model whose open chat shows these attachments, a message each.
fn with_attachments(attachments: Vec<AttachmentShown>) -> (Model, ChatId) {
    let (mut model, chat, id) = opened();
    let Answer::Timeline(mut timeline) = window(&["a"], None) else { panic!("a timeline") };
    let Listing::Rows(rows) = &timeline.bubbles else { panic!("a message") };
    let like = rows[0].clone();
    let bubble = |one: AttachmentShown| Bubble {
        id: MessageId(format!("m{}", one.id.0)),
        attachments: vec![one],
        ..like.clone()
    };
    timeline.bubbles = Listing::Rows(attachments.into_iter().map(bubble).collect());
    answer(&mut model, id, Answer::Timeline(timeline));
    model.take_out();
    (model, chat)
}

fn bytes_asked(sent: &[ToCore]) -> Vec<(u64, String)> {
    let asked = |to: &ToCore| match &to.what {
        What::Action(Action::SaveAttachment { id, .. }) => Some((to.id, id.0.clone())),
        _ => None,
    };
    sent.iter().filter_map(asked).collect()
}

fn saved(id: u64) -> FromCore {
    let outcome = Outcome::Saved { path: "lake.jpg".into(), sentence: String::new() };
    FromCore::Reply { id, reply: Reply::Outcome(outcome) }
}

#[test]
fn files_go_with_the_text_and_come_back_with_it_when_they_are_refused() {
    let (mut model, chat, id) = opened();
    answer(&mut model, id, window(&["a"], None));
    model.take_out();
    model.pick(vec![picked(1, "lake.jpg"), picked(2, "house.jpg")]);
    model.set_quality(Quality::DataSaver);
    model.unpick(1);
    assert_eq!(std::mem::take(&mut model.chores), [Chore::Forget(1)]);
    model.send("By the lake".into());
    let sent = model.take_out();
    let Some(What::Action(Action::SendFiles { to, text, files, reply_to: None })) =
        sent.first().map(|to| &to.what)
    else {
        panic!("{sent:?}")
    };
    assert_eq!((to, text.as_str()), (&chat.0, "By the lake"));
    assert_eq!((files[0].source.clone(), files[0].quality), (FileSource::Handed(2), Quality::DataSaver));
    assert_eq!(
        (model.tray(&chat).len(), model.preparing(&chat)),
        (0, vec!["Preparing house.jpg".to_owned()])
    );

    let sentence = "“house.jpg” is not sent.".to_owned();
    let refused = Outcome::Refused { kind: RefusedKind::Refused, sentence: sentence.clone(), next: None };
    outcome(&mut model, sent[0].id, refused);
    assert_eq!(model.tray(&chat), [Picked { quality: Quality::DataSaver, ..picked(2, "house.jpg") }]);
    assert_eq!(std::mem::take(&mut model.returned), [(chat.clone(), "By the lake".to_owned())]);
    assert_eq!(main(&model).chat().unwrap().refused, Some(sentence));
    assert_eq!((model.preparing(&chat).len(), model.chores.len()), (0, 0), "the file is still held");

    model.send(String::new());
    let sent = model.take_out();
    let sending = Outcome::Sending { chat: chat.clone(), id: OutgoingId("07".into()) };
    outcome(&mut model, sent[0].id, sending);
    assert_eq!((model.chores.clone(), model.tray(&chat).len()), (vec![Chore::Forget(2)], 0));
}

#[test]
fn an_answer_can_be_files_and_an_edit_leaves_them_where_they_are() {
    let (mut model, chat, id) = opened();
    answer(&mut model, id, window(&["a"], None));
    model.take_out();
    let Listing::Rows(rows) = main(&model).chat().unwrap().shown.clone() else { panic!("a message") };
    model.pick(vec![picked(1, "lake.jpg")]);
    model.edit(&rows[0], String::new());
    model.send("another text".into());
    assert!(matches!(action(&mut model), Some(Action::Edit { .. })));
    assert_eq!(model.tray(&chat).len(), 1);
    model.answer(&rows[0]);
    model.send(String::new());
    let Some(Action::SendFiles { reply_to, .. }) = action(&mut model) else { panic!("files are sent") };
    assert_eq!((reply_to, &main(&model).chat().unwrap().writing), (Some(rows[0].id.0.clone()), &None));
}

#[test]
fn more_files_than_a_message_carries_are_left_out_and_that_is_said() {
    let (mut model, chat, _) = opened();
    model.pick((0..40).map(|number| picked(number, "lake.jpg")).collect());
    assert_eq!((model.tray(&chat).len(), model.chores.len()), (FILES_MAX, 40 - FILES_MAX));
    assert!(main(&model).chat().unwrap().refused.is_some());
}

#[test]
fn bytes_are_asked_for_once_seen_and_only_of_what_is_here() {
    let here = media_samples::attachment("1", MediaKind::Picture, "lake.jpg", Transfer::Here);
    let known = media_samples::attachment("2", MediaKind::Picture, "far.jpg", Transfer::Known);
    let film = media_samples::attachment("3", MediaKind::Video, "film.mp4", Transfer::Here);
    let (mut model, _) = with_attachments(vec![here.clone(), known.clone(), film.clone()]);
    for one in [&here, &here, &known, &film] {
        model.sees(one);
    }
    let asked = bytes_asked(&model.take_out());
    assert_eq!(asked.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["1"]);
    model.heard_at(saved(asked[0].0), "blob:1".into());
    assert_eq!(model.media.addresses.get(&here.id).map(String::as_str), Some("blob:1"));
    model.sees(&here);
    assert_eq!(model.take_out(), []);
    // On the whole screen a film is played piece by piece; its view asks for all of it where that cannot be.
    model.view(&film.id);
    assert_eq!(bytes_asked(&model.take_out()), []);
    model.want_bytes(&film);
    assert_eq!(bytes_asked(&model.take_out()).len(), 1);
    model.save(&here);
    let save = Chore::Save { name: "lake.jpg".into(), address: "blob:1".into() };
    assert_eq!(std::mem::take(&mut model.chores), [save]);
    // An address that nobody waits for is given back.
    model.heard_at(saved(9_999), "blob:2".into());
    assert_eq!(model.chores, [Chore::Revoke("blob:2".into())]);
}

#[test]
fn the_oldest_addresses_are_given_back() {
    let (mut model, _) = with_attachments(vec![]);
    for number in 0..97 {
        let one = media_samples::attachment(&number.to_string(), MediaKind::Picture, "a.jpg", Transfer::Here);
        model.sees(&one);
        let asked = bytes_asked(&model.take_out());
        model.heard_at(saved(asked[0].0), format!("blob:{number}"));
    }
    assert_eq!(
        (model.media.addresses.len(), model.chores.clone()),
        (96, vec![Chore::Revoke("blob:0".into())])
    );
}

#[test]
fn the_viewer_leads_through_what_is_seen_and_follows_what_comes() {
    let kinds = [MediaKind::Picture, MediaKind::File, MediaKind::Video];
    let all: Vec<_> = (1..=3)
        .zip(kinds)
        .map(|(number, kind)| media_samples::attachment(&format!("{number}"), kind, "x", Transfer::Known))
        .collect();
    let (mut model, chat) = with_attachments(all.clone());
    model.view(&all[2].id);
    let at = |model: &Model| match &main(model).dialog {
        Some(Dialog::Viewer(viewer)) => (viewer.items.len(), viewer.at, viewer.items[viewer.at].state),
        _ => panic!("it is open"),
    };
    assert_eq!(at(&model), (2, 1, Transfer::Known));
    model.view_next(1);
    model.view_next(-1);
    model.view_next(-1);
    assert_eq!(at(&model), (2, 0, Transfer::Known));
    model.heard(FromCore::Notice(Notice::Attachment { chat, id: MessageId("m1".into()) }));
    let id = id_of(&model.take_out(), is_timeline);
    let Answer::Timeline(mut timeline) = window(&["a"], None) else { panic!("a timeline") };
    let Listing::Rows(rows) = &mut timeline.bubbles else { panic!("a message") };
    rows[0].attachments = vec![AttachmentShown { state: Transfer::Here, ..all[0].clone() }];
    answer(&mut model, id, Answer::Timeline(timeline));
    assert_eq!(at(&model), (2, 0, Transfer::Here));
}

#[test]
fn a_voice_note_plays_when_it_is_here_and_the_next_one_follows() {
    let voice = |id: &str, state| media_samples::attachment(id, MediaKind::Voice, "voice.ogg", state);
    let all = vec![voice("1", Transfer::Here), voice("2", Transfer::Known), voice("3", Transfer::Here)];
    let (mut model, _) = with_attachments(all.clone());
    model.play(&all[0]);
    assert_eq!(model.chores, []);
    let asked = bytes_asked(&model.take_out());
    model.heard_at(saved(asked[0].0), "blob:1".into());
    assert_eq!(std::mem::take(&mut model.chores), [Chore::Play(Box::new(all[0].clone()))]);
    assert_eq!(model.voice_after(&all[0].id).map(|next| next.id), Some(all[2].id.clone()));
    assert_eq!(model.voice_after(&all[2].id), None);
}

#[test]
fn a_gallery_grows_backwards_and_what_is_new_comes_first() {
    let (mut model, chat) = with_attachments(vec![]);
    let bubbles = |ids: &[&str]| {
        let Answer::Timeline(timeline) = window(ids, None) else { panic!("a timeline") };
        let Listing::Rows(rows) = timeline.bubbles else { panic!("messages") };
        rows
    };
    let media = |ids: &[&str], earlier| Answer::Media { bubbles: bubbles(ids), earlier };
    let asked = |model: &mut Model| {
        let sent = model.take_out();
        id_of(&sent, |what| matches!(what, What::Ask(Ask::Media { .. })))
    };
    let shown = |model: &Model| match &main(model).dialog {
        Some(Dialog::Gallery(Gallery { bubbles: Some(bubbles), earlier, .. })) => {
            (bubbles.iter().map(|bubble| bubble.text.clone()).collect::<Vec<_>>().join(""), *earlier)
        }
        _ => panic!("it is shown"),
    };
    model.show_gallery(&chat, Shelf::Seen);
    let id = asked(&mut model);
    answer(&mut model, id, media(&["c", "b"], Some(7)));
    model.gallery_earlier();
    let id = asked(&mut model);
    answer(&mut model, id, media(&["a"], None));
    assert_eq!(shown(&model), ("cba".to_owned(), None));
    model.heard(FromCore::Notice(Notice::Attachment { chat, id: MessageId("d".into()) }));
    let id = asked(&mut model);
    answer(&mut model, id, media(&["d", "c", "b"], Some(7)));
    assert_eq!(shown(&model), ("dcba".to_owned(), None), "what was loaded stays");
}

#[test]
fn room_is_freed_and_what_is_loaded_by_itself_is_chosen() {
    let (mut model, chat) = with_attachments(vec![]);
    model.show_storage();
    let id = model.take_out()[0].id;
    answer(&mut model, id, Answer::Storage(media_samples::storage()));
    model.free(Some(chat.clone()), 30, 0);
    let sent = model.take_out();
    let wanted = Action::FreeStorage { chat: Some(chat.0), older_days: 30, larger_than: 0 };
    assert_eq!(sent[0].what, What::Action(wanted));
    outcome(&mut model, sent[0].id, Outcome::Done);
    assert!(model.take_out().iter().any(|to| matches!(to.what, What::Ask(Ask::Storage))));
    model.set_rule(MediaKind::Video, true, 0);
    assert_eq!(
        action(&mut model),
        Some(Action::SetMediaRule { kind: MediaKind::Video, metered: true, bytes: 0 })
    );
}

#[test]
fn chats_and_deeds_are_found_by_the_beginnings_of_their_words() {
    let (mut model, chat, _) = opened();
    let all = model.chats_named("");
    assert!(all.len() > 1 && all.len() <= 6, "the newest while nothing is typed");
    let name = all.iter().find(|row| row.id == chat).expect("it is new").person.name.clone();
    let typed: String = name.to_uppercase().chars().take(3).collect();
    assert!(model.chats_named(&typed).iter().any(|row| row.id == chat));
    assert!(model.chats_named("zzz").is_empty());
    assert_eq!(Deed::named("gro"), [Deed::NewGroup]);
    assert_eq!(Deed::named("start new").len(), 2, "by what else people call it, too");
    assert_eq!(Deed::named("roup"), [], "not by the middle of a word");
    model.open_search();
    model.perform(Deed::Storage);
    assert!(matches!(main(&model).dialog, Some(Dialog::Storage { .. })));
}

#[test]
fn the_core_hears_what_the_network_costs_by_and_so_does_the_next_one() {
    let (mut model, _) = with_attachments(vec![]);
    model.set_metered(false);
    assert_eq!(action(&mut model), None);
    model.set_metered(true);
    assert_eq!(action(&mut model), Some(Action::Metered { on: true }));
    model.set_metered(true);
    assert_eq!(action(&mut model), None);
    // Another tab leads from now on.
    model.heard(FromCore::Notice(Notice::Account));
    assert_eq!(action(&mut model), Some(Action::Metered { on: true }));
}

fn fix(at: &str, ms: u64) -> vocab::Fix {
    vocab::Fix { position: vocab::Position::parse(at).unwrap(), accuracy: 9, at: vocab::Timestamp(ms) }
}

fn fixes(sent: &[ToCore]) -> Vec<String> {
    let at = |to: &ToCore| match &to.what {
        What::Action(Action::GiveFix { at, .. }) => Some(at.clone()),
        _ => None,
    };
    sent.iter().filter_map(at).collect()
}

/// The list came, and these are one's own live places.
fn live_is(model: &mut Model, live: Vec<LivePlaceRow>) -> Vec<ToCore> {
    model.heard(FromCore::Notice(Notice::Chats));
    let mut sent = model.take_out();
    // While one is on its way, another is asked for after it; a test may have taken it out before.
    let asked =
        |model: &Model| model.waiting.iter().find(|(_, it)| **it == Purpose::Chats).map(|(id, _)| *id);
    while let Some(id) = asked(model) {
        answer(model, id, Answer::Chats(ChatList { live: live.clone(), ..samples::chats_full() }));
        sent = model.take_out();
    }
    sent
}

#[test]
fn a_position_is_asked_for_when_the_person_says_so_and_not_before() {
    let (mut model, chat, _) = opened();
    model.share_place(&chat);
    model.set_sharing(|sharing| sharing.lasts = Some(Lasts::Hour));
    model.tell_place();
    assert!(model.chores.is_empty() && model.take_out().is_empty(), "nothing to tell yet");
    model.locate();
    model.locate();
    assert_eq!(std::mem::take(&mut model.chores), [Chore::Locate { exactly: true }], "once");
    model.located(Err(crate::locate::NoPosition::Refused));
    assert_eq!(model.here.trouble, Some(crate::locate::NoPosition::Refused));
    model.tell_place();
    assert!(model.take_out().is_empty());

    // Refused, a place can still be chosen on the map, and told once.
    let chosen = vocab::Position::parse("46.3625,14.0938").unwrap();
    model.set_sharing(|sharing| (sharing.chosen, sharing.lasts) = (Some(chosen), None));
    model.tell_place();
    let [ToCore { what: What::Action(Action::SharePlace { at, accuracy, .. }), id }] = &model.take_out()[..]
    else {
        panic!("it is told")
    };
    assert_eq!((at.as_str(), *accuracy), ("46.3625,14.0938", 0));
    outcome(&mut model, *id, Outcome::Sent { chat, id: MessageId("07".into()) });
    assert!(main(&model).dialog.is_none() && model.chores.is_empty() && !model.here.feeds);
}

#[test]
fn a_live_place_is_fed_while_the_page_is_open_and_no_longer_than_it_lasts() {
    let (mut model, chat, _) = opened();
    model.share_place(&chat);
    model.locate();
    model.located(Ok(fix("46.05,14.5", 100_000)));
    model.set_sharing(|sharing| sharing.lasts = Some(Lasts::Quarter));
    model.chores.clear();
    model.tell_place();
    let sent = model.take_out();
    let [ToCore { what: What::Action(Action::StartLive { lasts, every, .. }), id }] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!((lasts.as_str(), every.as_str()), ("15m", "1m"));
    // A list that was asked for before knows nothing of it.
    live_is(&mut model, vec![]);
    outcome(&mut model, *id, Outcome::Sent { chat, id: samples::live_place().id });
    assert_eq!(fixes(&model.take_out()), ["46.05,14.5"], "what is known is told at once");
    assert_eq!(std::mem::take(&mut model.chores), [Chore::Follow { exactly: true }]);
    live_is(&mut model, vec![samples::live_place()]);
    assert!(model.here.feeds);
    model.moved(Ok(fix("46.06,14.5", 101_000)));
    model.moved(Ok(fix("46.07,14.5", 107_000)));
    assert_eq!(fixes(&model.take_out()), ["46.07,14.5"], "not each of them");
    model.moved(Err(crate::locate::NoPosition::NotFound));
    assert!(model.here.feeds, "the next look may find it");

    model.stop_telling(Some(samples::live_place().id));
    let [ToCore { what: What::Action(Action::StopLive { message: Some(_) }), id }] = &model.take_out()[..]
    else {
        panic!("it is stopped")
    };
    outcome(&mut model, *id, Outcome::Done);
    live_is(&mut model, vec![]);
    assert_eq!((std::mem::take(&mut model.chores), model.here.feeds), (vec![Chore::FollowNoMore], false));
    model.moved(Ok(fix("46.08,14.5", 200_000)));
    assert!(fixes(&model.take_out()).is_empty(), "what the browser still says is told to nobody");
}

#[test]
fn a_page_that_was_opened_anew_tells_nothing_until_the_person_says_so() {
    let (mut model, ..) = opened();
    live_is(&mut model, vec![samples::live_place()]);
    assert!(model.chores.is_empty() && !model.here.feeds);
    model.go_on_telling();
    assert_eq!(std::mem::take(&mut model.chores), [Chore::Follow { exactly: true }]);
    model.moved(Ok(fix("46.05,14.5", 100_000)));
    assert_eq!(fixes(&model.take_out()), ["46.05,14.5"]);
    model.moved(Err(crate::locate::NoPosition::Refused));
    assert_eq!((std::mem::take(&mut model.chores), model.here.feeds), (vec![Chore::FollowNoMore], false));
}

#[test]
fn the_map_of_a_chat_shows_what_is_live_and_the_place_it_was_opened_from() {
    let (mut model, chat, _) = opened();
    let Listing::Rows(rows) = samples::timeline_places().bubbles else { panic!("the sample has messages") };
    let live: Vec<Bubble> =
        rows.iter().filter(|row| row.place.as_ref().is_some_and(|place| place.live)).cloned().collect();
    model.show_map(&chat, Some(&rows[0]));
    let sent = model.take_out();
    let id = id_of(&sent, |what| matches!(what, What::Ask(Ask::PlacesIn { .. })));
    let shown = |model: &Model| match &main(model).dialog {
        Some(Dialog::Map(map)) => map.shown().into_iter().map(|row| row.id).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(shown(&model), [rows[0].id.clone()]);
    answer(&mut model, id, Answer::PlacesIn(live.clone()));
    assert_eq!(shown(&model).len(), 1 + live.len());
    // One that was live when the map was opened goes with its end.
    model.show_map(&chat, Some(&live[0]));
    let id = id_of(&model.take_out(), |what| matches!(what, What::Ask(Ask::PlacesIn { .. })));
    answer(&mut model, id, Answer::PlacesIn(live[1..].to_vec()));
    assert_eq!(shown(&model).len(), live.len() - 1);
    model.heard(FromCore::Notice(Notice::Edit { chat, id: live[1].id.clone() }));
    let sent = model.take_out();
    assert!(sent.iter().any(|to| matches!(&to.what, What::Ask(Ask::PlacesIn { .. }))), "it moves");
}
