//! Pictures of the model on screens of three sizes, without a terminal.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use screens::{samples, *};

use super::*;
use crate::full::keys::Key;
use crate::full::model::Wish;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (30, 20)];

fn answer(model: &mut Model, id: u64, answer: Answer) {
    model.heard(FromCore::Reply { id, reply: Reply::Answer(Box::new(answer)) });
}

/// Answers everything that was asked, from the samples.
fn settle_with(model: &mut Model, start: &Start, list: &ChatList, timeline: &Timeline) {
    loop {
        let wishes = model.take_out();
        if wishes.is_empty() {
            return;
        }
        for wish in wishes {
            let Wish::Tell(ToCore { id, what: What::Ask(ask) }) = wish else { continue };
            match ask {
                Ask::Start { .. } => answer(model, id, Answer::Start(start.clone())),
                Ask::Chats => answer(model, id, Answer::Chats(list.clone())),
                Ask::Requests => answer(model, id, Answer::Requests(samples::requests_full())),
                Ask::Timeline { .. } => answer(model, id, Answer::Timeline(timeline.clone())),
                other => panic!("{other:?}"),
            }
        }
    }
}

fn main_model(size: (u16, u16), list: &ChatList, timeline: &Timeline) -> Model {
    let mut model = Model::new(0, Size { columns: size.0, rows: size.1 });
    settle_with(&mut model, &Start::Main(samples::me()), list, timeline);
    model
}

fn with_chat(size: (u16, u16), timeline: &Timeline) -> Model {
    let mut model = main_model(size, &samples::chats_full(), timeline);
    model.open_chat(&timeline.head.id);
    settle_with(&mut model, &Start::Main(samples::me()), &samples::chats_full(), timeline);
    model
}

/// The rows of the screen. Marks without width that hold text together are left out.
fn picture(model: &Model) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(model.size.columns, model.size.rows)).unwrap();
    terminal.draw(|frame| draw(frame, model)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    (0..model.size.rows)
        .map(|y| {
            let mut row = String::new();
            let mut x = 0;
            while x < model.size.columns {
                let symbol = buffer.cell((x, y)).unwrap().symbol();
                row.push_str(&symbol.replace('\u{200e}', ""));
                x += u16::try_from(crate::full::text::cells(symbol).max(1)).unwrap();
            }
            row.trim_end().to_owned()
        })
        .collect()
}

fn shows(picture: &[String], words: &str) -> bool {
    picture.iter().any(|row| row.contains(words))
}

/// The words, wherever the rows were broken.
fn says(picture: &[String], words: &str) -> bool {
    let whole = picture.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    whole.contains(words)
}

#[test]
fn list_and_chat_stand_side_by_side_where_there_is_room() {
    for size in [(80, 24), (120, 40)] {
        let shown = picture(&with_chat(size, &samples::timeline_full()));
        assert!(shown[0].contains("Chats") && shown[0].contains("Inês Duarte"), "{shown:#?}");
        assert!(shown.iter().take(23).all(|row| row.contains('│')), "{shown:#?}");
        for words in ["Boris", "Today", "Yes! And the flights are booked.", "08:31 Read", "● Up to date"] {
            assert!(shows(&shown, words), "{words} is missing: {shown:#?}");
        }
        if size.1 > 24 {
            assert!(shows(&shown, "Yesterday"), "{shown:#?}");
        }
    }
}

#[test]
fn the_smallest_screen_shows_one_thing_at_a_time_with_numbers() {
    let mut model = main_model((30, 20), &samples::chats_full(), &samples::timeline_full());
    let shown = picture(&model);
    assert!(shown[0].contains("Chats") && shown[0].ends_with("3 new"), "{shown:#?}");
    assert!(shown[2].starts_with(" 1 Inês Duarte"), "{shown:#?}");
    assert!(shown[19].contains("OPEN"), "{shown:#?}");
    model.key(Key::Char('1'));
    settle_with(&mut model, &Start::Main(samples::me()), &samples::chats_full(), &samples::timeline_full());
    let shown = picture(&model);
    assert!(shown[0].contains("Inês Duarte") && !shows(&shown, "Boris"), "{shown:#?}");
    assert!(shown[19].contains("SEND") && shown[17].ends_with("abc"), "{shown:#?}");
    model.key(Key::Left);
    assert!(shows(&picture(&model), "Boris"));
}

#[test]
fn every_sample_fits_every_screen() {
    for size in SIZES {
        for (name, screen) in samples::all() {
            let model = match screen {
                samples::Screen::Start(start) => {
                    let mut model = Model::new(0, Size { columns: size.0, rows: size.1 });
                    settle_with(&mut model, &start, &samples::chats_empty(), &samples::timeline_empty());
                    model
                }
                samples::Screen::Chats(list) => main_model(size, &list, &samples::timeline_empty()),
                samples::Screen::Timeline(timeline) => with_chat(size, &timeline),
                samples::Screen::Contacts(_) | samples::Screen::Requests(_) | samples::Screen::Status(_) => {
                    continue;
                }
            };
            let shown = picture(&model);
            assert!(shown.iter().any(|row| !row.is_empty()), "{name} at {size:?}");
            assert!(
                shown.iter().all(|row| crate::full::text::width(row) <= usize::from(size.0)),
                "{name}: {shown:#?}"
            );
        }
    }
}

#[test]
fn each_state_of_the_line_is_said_in_words() {
    for (list, words) in [
        (samples::chats_loading(), "Connecting to lindenhof.example."),
        (samples::chats_catching_up(), "Catching up: 412 of 1,280 messages."),
        (samples::chats_waiting(), "Waiting for the line"),
        (samples::chats_full(), "Up to date"),
    ] {
        for size in SIZES {
            let shown = picture(&main_model(size, &list, &samples::timeline_empty()));
            let status = &shown[usize::from(size.1) - if size.0 < 64 { 2 } else { 1 }];
            let (whole, short) = (&list.line.sentence, &list.line.label);
            assert!(whole.contains(words) || short.contains(words));
            assert!(status.contains(whole.as_str()) || status.contains(short.as_str()), "{words}: {status}");
        }
    }
}

#[test]
fn what_lasts_is_said_above_the_list_and_why_one_cannot_write_in_place_of_the_line() {
    for size in SIZES {
        let shown = picture(&main_model(size, &samples::chats_failing(), &samples::timeline_empty()));
        assert!(says(&shown, "This device is full") || shows(&shown, "This device is full"), "{shown:#?}");
        let blocked = samples::timeline_blocked();
        let Composer::Stopped(place) = &blocked.composer else { panic!("the sample is stopped") };
        let shown = picture(&with_chat(size, &blocked));
        assert!(says(&shown, &place.sentence) || size.0 >= 64 && shows(&shown, &place.title), "{shown:#?}");
        let missing = samples::timeline_missing();
        let title = missing.banner.clone().unwrap().title;
        assert!(shows(&picture(&with_chat(size, &missing)), &title), "{title}");
    }
}

#[test]
fn text_of_every_writing_leaves_the_border_where_it_is() {
    for size in [(80, 24), (120, 40)] {
        let mut timeline = samples::timeline_right_to_left();
        let Listing::Rows(rows) = &mut timeline.bubbles else { panic!("the sample has messages") };
        let like = rows[0].clone();
        for (at, text) in
            ["👨‍👩‍👧‍👦👨‍👩‍👧‍👦 family", "שלום, مرحبا 12:30 ok", "駅で待ってる", "a\u{200b}\u{2068}b\u{202e}c"]
                .iter()
                .enumerate()
        {
            let text = (*text).to_owned();
            rows.push(Bubble { id: MessageId(format!("n{at}")), text, ..like.clone() });
        }
        let model = with_chat(size, &timeline);
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        terminal.draw(|frame| draw(frame, &model)).unwrap();
        let buffer = terminal.backend().buffer();
        let border = model.size.columns * 3 / 10;
        let border = border.clamp(24, 40);
        for y in 0..size.1 - 1 {
            assert_eq!(buffer.cell((border, y)).unwrap().symbol(), "│", "{y}: {:#?}", picture(&model));
        }
    }
}

#[test]
fn what_is_said_once_is_said_whole_and_what_is_new_elsewhere_is_seen_from_a_chat() {
    for size in SIZES {
        let mut model = with_chat(size, &samples::timeline_full());
        let head = picture(&model)[0].clone();
        assert_eq!(head.ends_with("(3)"), size.0 < 64, "{head}");
        let Stage::Main(main) = &mut model.stage else { panic!("the chats") };
        let sentence = "Boris was added. You are let in by the link, so you can write at once.";
        main.toast = Some(sentence.into());
        let shown = picture(&model);
        let foot =
            shown[usize::from(size.1) - 6..].join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(foot.contains(sentence), "{shown:#?}");
    }
}

#[test]
fn a_window_that_is_too_small_says_so() {
    let mut model = main_model((80, 24), &samples::chats_full(), &samples::timeline_full());
    for (columns, rows) in [(1, 1), (10, 30), (80, 3), (0, 0)] {
        model.resized(Size { columns, rows });
        picture(&model);
    }
    model.resized(Size { columns: 19, rows: 24 });
    assert!(says(&picture(&model), "Make this window larger."));
}

#[test]
fn help_and_menu_come_from_the_table_of_keys() {
    let mut model = main_model((120, 40), &samples::chats_full(), &samples::timeline_full());
    model.key(Key::F(1));
    let shown = picture(&model);
    for words in ["Add somebody", "Invite with a link", "Who knocks", "New line", "Ctrl Q"] {
        assert!(shows(&shown, words), "{words}: {shown:#?}");
    }
    model.key(Key::Esc);
    model.key(Key::Char('0'));
    let shown = picture(&model);
    assert!(shows(&shown, "1 Add somebody") && shows(&shown, "2 Invite with a link"), "{shown:#?}");
}

#[test]
fn a_link_is_a_square_on_every_screen_and_the_link_is_one_key_away() {
    let link = format!("https://lindenhof.example/i#{}", "Ab9".repeat(42));
    for size in SIZES {
        let mut model = main_model(size, &samples::chats_full(), &samples::timeline_full());
        model.key(Key::Char('i'));
        let asked = model.take_out();
        let Some(Wish::Tell(ToCore { id, what: What::Action(Action::Invite) })) = asked.first() else {
            panic!("{asked:?}")
        };
        let outcome = Outcome::Link { link: link.clone(), sentence: "Give it to one person.".into() };
        model.heard(FromCore::Reply { id: *id, reply: Reply::Outcome(outcome) });
        let square = if size.0 >= 120 { crate::qr::half_blocks(&link) } else { crate::qr::sextants(&link) };
        let shown = picture(&model);
        for row in &square {
            assert!(shows(&shown, row.trim_end()), "{size:?}: {row} in {shown:#?}");
        }
        if size.0 < 64 {
            model.key(Key::Down);
        }
        let shown = picture(&model);
        assert!(says(&shown, "Give it to one person."), "{shown:#?}");
        assert!(shown.iter().map(|row| row.trim()).collect::<String>().contains(&link), "{shown:#?}");
    }
}
