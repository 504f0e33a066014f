//! Every state that a screen can be in, as a value: for drawing pages without a core, for pictures and for tests.

use vocab::{Position, limits};

use crate::{
    Banner, BannerKind, Block, Bubble, CardShown, ChatHead, ChatId, ChatList, ChatRow, CodeScreen, Composer,
    ConnectionLine, ContactId, ContactRow, ContactState, EmptyPlace, FolderId, FolderRow, HandleChoice,
    HandleKind, Href, JoinRow, JoinState, LineState, ListItem, Listing, LivePlaceRow, Mark, MarkShown, Me,
    Mention, MessageAct, MessageId, Moment, Person, PlaceShown, PreviewShown, ProfilePage, Quote, Reaction,
    RequestRow, Script, Side, Span, Spot, Start, Status, Timeline, Trouble, Turn, WelcomeScreen,
};

/// A screen in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    /// Welcome, code, or oneself.
    Start(Start),
    /// The list pane.
    Chats(ChatList),
    /// An open chat; boxed because it is much larger than the rest.
    Timeline(Box<Timeline>),
    /// The contacts.
    Contacts(Listing<ContactRow>),
    /// The requests.
    Requests(Listing<RequestRow>),
    /// How this device stands.
    Status(Status),
}

/// All samples, each with its name: `place-state`.
#[must_use]
pub fn all() -> Vec<(&'static str, Screen)> {
    vec![
        ("welcome", Screen::Start(Start::Welcome(welcome()))),
        ("code", Screen::Start(Start::Code(code()))),
        ("main", Screen::Start(Start::Main(me()))),
        ("chats-loading", Screen::Chats(chats_loading())),
        ("chats-empty", Screen::Chats(chats_empty())),
        ("chats-full", Screen::Chats(chats_full())),
        ("chats-catching-up", Screen::Chats(chats_catching_up())),
        ("chats-waiting", Screen::Chats(chats_waiting())),
        ("chats-failing", Screen::Chats(chats_failing())),
        ("timeline-loading", Screen::Timeline(Box::new(timeline_loading()))),
        ("timeline-empty", Screen::Timeline(Box::new(timeline_empty()))),
        ("timeline-full", Screen::Timeline(Box::new(timeline_full()))),
        ("timeline-right-to-left", Screen::Timeline(Box::new(timeline_right_to_left()))),
        ("timeline-formatted", Screen::Timeline(Box::new(timeline_formatted()))),
        ("timeline-places", Screen::Timeline(Box::new(timeline_places()))),
        ("chats-live", Screen::Chats(chats_live())),
        ("timeline-missing", Screen::Timeline(Box::new(timeline_missing()))),
        ("timeline-blocked", Screen::Timeline(Box::new(timeline_blocked()))),
        ("timeline-failing", Screen::Timeline(Box::new(timeline_failing()))),
        ("timeline-cards", Screen::Timeline(Box::new(timeline_cards()))),
        ("timeline-previewed", Screen::Timeline(Box::new(timeline_previewed()))),
        ("contacts-loading", Screen::Contacts(Listing::Loading)),
        ("contacts-empty", Screen::Contacts(contacts_empty())),
        ("contacts-full", Screen::Contacts(contacts_full())),
        ("requests-empty", Screen::Requests(requests_empty())),
        ("requests-full", Screen::Requests(requests_full())),
        ("status", Screen::Status(status())),
        ("status-new", Screen::Status(status_new())),
    ]
}

/// The first screen of a new device.
#[must_use]
pub fn welcome() -> WelcomeScreen {
    WelcomeScreen {
        title: "Write to people, not to platforms.".into(),
        sentence:
            "Private messages, on a server you or someone you trust runs. They are sealed on your device and \
                   opened only on theirs; the server in between carries them, then forgets."
                .into(),
        server: "lindenhof.example".into(),
        create: "Create an account".into(),
        handle_title: "How may people find you?".into(),
        handle_sentence:
            "A number or an address lets friends find you. It never decides where your messages go.".into(),
        choices: vec![
            choice(
                HandleKind::Number,
                "Phone number",
                Some("+32 470 12 34 56"),
                "One code is sent to the number. The server keeps a keyed hash of it, not the number.",
                "Send the code",
            ),
            choice(
                HandleKind::Email,
                "E-mail",
                Some("anna@example.org"),
                "One code is sent to the address. The server keeps a keyed hash of it, not the address.",
                "Send the code",
            ),
            choice(
                HandleKind::Neither,
                "Neither",
                None,
                "Nobody finds you by themselves. You meet people through links you give them.",
                "Create the account",
            ),
        ],
        name_label: "Your name".into(),
        name_sentence: "Shown to people you have accepted, and to nobody else.".into(),
        name_chars_max: limits::NAME_CHARS_MAX as u32,
    }
}

/// A code was sent.
#[must_use]
pub fn code() -> CodeScreen {
    CodeScreen {
        title: "Enter the 6 digits".into(),
        sentence: "A code was sent to +38640218633. It is good for 10 minutes.".into(),
        handle: "+38640218633".into(),
        digits: limits::CODE_DIGITS as u32,
        go: "Create the account".into(),
        again: "Send a new code".into(),
        name_label: "Your name".into(),
        name_chars_max: limits::NAME_CHARS_MAX as u32,
    }
}

/// Oneself: Anna.
#[must_use]
pub fn me() -> Me {
    Me {
        id: ContactId("a1".repeat(32)),
        name: "Anna Kovač".into(),
        initials: "AK".into(),
        tint: 1,
        handle: Some("+38640218633".into()),
    }
}

/// Not answered yet.
#[must_use]
pub fn chats_loading() -> ChatList {
    ChatList {
        chats: Listing::Loading,
        folders: vec![],
        requests: None,
        unread: 0,
        banner: None,
        live: vec![],
        line: line(LineState::Connecting, "Connecting", "Connecting to lindenhof.example."),
    }
}

/// Registered a moment ago.
#[must_use]
pub fn chats_empty() -> ChatList {
    ChatList {
        chats: Listing::Empty(EmptyPlace {
            title: "No chats yet".into(),
            sentence: "Add someone by number or address, or give them a link.".into(),
        }),
        folders: vec![],
        requests: None,
        unread: 0,
        banner: None,
        live: vec![],
        line: up_to_date(),
    }
}

/// An ordinary morning: unread, read, sending, failed, emoji, a long German name, Arabic, Japanese.
#[must_use]
pub fn chats_full() -> ChatList {
    let rows = vec![
        ChatRow {
            mentions: 1,
            folders: vec![FolderId("f1".repeat(8))],
            ..row(&ines(), "Which tram shall we take up to the house?", None, "09:41", 2)
        },
        ChatRow {
            muted: Some("Muted until 18:00".into()),
            ..row(&boris(), "Until Thursday!", Some(Mark::Read), "09:40", 0)
        },
        ChatRow {
            folders: vec![FolderId("f2".repeat(8))],
            ..row(&layla(), "وصلت الصور، شكراً جزيلاً 🌿", None, "09:32", 1)
        },
        ChatRow {
            folders: vec![FolderId("f2".repeat(8))],
            ..row(&priya(), "Friday then, the usual place", Some(Mark::Pending), "08:30", 0)
        },
        ChatRow { failed: true, ..row(&sakura(), "駅で待ってる", None, "08:12", 0) },
        row(&long_name(), "Angekommen", Some(Mark::Delivered), "Sat", 0),
        ChatRow { archived: true, ..row(&nameless(), "No messages yet", None, "12 May", 0) },
    ];
    ChatList {
        chats: Listing::Rows(rows),
        folders: vec![folder("f1", "Family", 1, 2), folder("f2", "Work", 2, 1)],
        requests: Some("1 request".into()),
        unread: 3,
        banner: None,
        live: vec![],
        line: up_to_date(),
    }
}

/// Back after a while.
#[must_use]
pub fn chats_catching_up() -> ChatList {
    ChatList {
        line: line(
            LineState::CatchingUp { done: 412, of: 1_280 },
            "Catching up: 412 of 1,280",
            "Catching up: 412 of 1,280 messages.",
        ),
        ..chats_full()
    }
}

/// The server does not answer.
#[must_use]
pub fn chats_waiting() -> ChatList {
    ChatList {
        line: line(
            LineState::Waiting,
            "Waiting for the line",
            "The server does not answer since 09:12. Your chats are here; new messages come when it is back.",
        ),
        ..chats_full()
    }
}

/// The device is full: chats are still shown.
#[must_use]
pub fn chats_failing() -> ChatList {
    ChatList {
        banner: Some(Banner {
            kind: BannerKind::Danger,
            title: "This device is full".into(),
            sentence: "New messages wait at the server. Free some space; then they come by themselves."
                .into(),
        }),
        ..chats_full()
    }
}

/// Somebody sees where one is.
#[must_use]
pub fn chats_live() -> ChatList {
    ChatList { live: vec![live_place()], ..chats_full() }
}

/// One's own live place.
#[must_use]
pub fn live_place() -> LivePlaceRow {
    LivePlaceRow {
        id: MessageId("34".repeat(32)),
        chat: ines().chat,
        chat_name: "Inês Duarte".into(),
        line: "until 14:30, from this device".into(),
        here: true,
    }
}

/// Places: told once, exactly and as a town; live of either; ended; live before its first position.
#[must_use]
pub fn timeline_places() -> Timeline {
    let place = |bubble: Bubble, title: &str, label: &str, spot: Option<Spot>, live| {
        let line = spot.as_ref().map(|spot| spot.line.clone()).unwrap_or_default();
        let lines = [title, label, &line].into_iter().filter(|line| !line.is_empty());
        let text = lines.collect::<Vec<_>>().join("\n");
        let place = PlaceShown { title: title.into(), label: label.into(), spot, live };
        Bubble { text, place: Some(place), ..bubble }
    };
    let oneself = Person { chat: ines().chat, ..myself() };
    let (they, mine) = (
        |number, time| bubble(number, &ines(), "", time, None),
        |number, time| bubble(number, &oneself, "", time, Some(Mark::Read)),
    );
    let mut bubbles = vec![
        place(they(0x31, "13:02"), "Place", "The house", spot("46.3625,14.0938", 8, "13:02"), false),
        place(mine(0x32, "13:05"), "Place", "", spot("38.75,-9.15", 16_000, "13:05"), false),
        place(they(0x33, "13:20"), "Live place ended", "", None, false),
        place(mine(0x34, "13:30"), "Live place, until 14:30", "", spot("46.051,14.506", 25, "13:41"), true),
        place(
            they(0x35, "13:40"),
            "Live place, until 14:40",
            "On the train",
            spot("45.8,13.53", 1_600, "13:41"),
            true,
        ),
        place(they(0x36, "13:42"), "Live place, until 13:57", "", None, true),
    ];
    if let Some(first) = bubbles.first_mut() {
        first.day = Some("Saturday 12 May".into());
    }
    timeline(&ines(), Listing::Rows(bubbles))
}

/// A position as a core tells it.
fn spot(at: &str, accuracy: u32, time: &str) -> Option<Spot> {
    let position = Position::parse(at).ok()?;
    let within = match accuracy {
        ..1_000 => format!("{accuracy} m"),
        _ => format!("{}.{} km", accuracy / 1_000, accuracy % 1_000 / 100),
    };
    Some(Spot {
        position: position.to_string(),
        latitude: position.latitude(),
        longitude: position.longitude(),
        accuracy,
        at_ms: moment(time).ms,
        geo: format!("geo:{position};u={accuracy}"),
        line: format!("{position}, within {within}, at {time}"),
    })
}

/// Not answered yet.
#[must_use]
pub fn timeline_loading() -> Timeline {
    timeline(&ines(), Listing::Loading)
}

/// A new chat.
#[must_use]
pub fn timeline_empty() -> Timeline {
    timeline(
        &ines(),
        Listing::Empty(EmptyPlace {
            title: "Nothing written yet".into(),
            sentence: "What you write here is read by Inês Duarte and nobody else.".into(),
        }),
    )
}

/// Every kind of bubble: turns, marks, day, unread line, emoji, failed, a content of a later version.
#[must_use]
pub fn timeline_full() -> Timeline {
    let them = ines();
    let bubbles = vec![
        Bubble {
            day: Some("Yesterday".into()),
            turn: Turn::First,
            ..bubble(1, &them, "The house from last year. Same one again?", "08:14", None)
        },
        Bubble { turn: Turn::Last, ..bubble(2, &them, "It is free from the 14th.", "08:15", None) },
        Bubble {
            reply_to: Some(Quote {
                id: MessageId("01".repeat(32)),
                from: them.name.clone(),
                tint: them.tint,
                text: "The house from last year. Same one again?".into(),
            }),
            reactions: vec![reaction("❤️", 1, false), reaction("🎉", 2, true)],
            edited: Some("edited".into()),
            ..bubble(3, &myself(), "Yes! And the flights are booked.", "08:31", Some(Mark::Read))
        },
        Bubble {
            day: Some("Today".into()),
            script: Script::Emoji,
            ..bubble(4, &myself(), "✈️🌞", "08:32", Some(Mark::Delivered))
        },
        Bubble {
            text: String::new(),
            note: Some("This message needs a newer version of Valise. It is kept until then.".into()),
            ..bubble(5, &them, "", "08:52", None)
        },
        Bubble {
            text: String::new(),
            note: Some("This message was deleted.".into()),
            deleted: true,
            acts: vec![MessageAct::DeleteForMe],
            ..bubble(11, &them, "", "08:53", None)
        },
        Bubble {
            unread_line: Some("2 new messages".into()),
            unread: true,
            turn: Turn::First,
            pinned: true,
            starred: true,
            ..bubble(6, &them, "The 28 is lovely but packed.", "09:40", None)
        },
        Bubble {
            unread: true,
            turn: Turn::Last,
            forwarded: Some("Forwarded".into()),
            expires: Some("Disappears at 10:41".into()),
            ..bubble(7, &them, "Which tram shall we take up to the house?", "09:41", None)
        },
        Bubble { turn: Turn::First, ..bubble(8, &myself(), "The 12 is quieter.", "09:42", Some(Mark::Sent)) },
        Bubble {
            turn: Turn::Middle,
            ..bubble(9, &myself(), "It stops right at the corner.", "09:42", Some(Mark::Pending))
        },
        Bubble {
            turn: Turn::Last,
            failed: Some("Not sent: the server does not take it. Copy the text and write it again.".into()),
            ..bubble(10, &myself(), "Shall I buy tickets?", "09:43", None)
        },
    ];
    Timeline { earlier: Some(4_096), ..timeline(&them, Listing::Rows(bubbles)) }
}

/// Texts that are set: every kind of block and run, and mentions.
#[must_use]
pub fn timeline_formatted() -> Timeline {
    let them = ines();
    let plain = |text: &str| Span { text: text.into(), ..Span::default() };
    let you = Mention { id: Some(me().id), name: me().name, you: true };
    let set = |number: u8, from: &Person, text: &str, blocks: Vec<Block>| Bubble {
        markdown: true,
        blocks,
        ..bubble(number, from, text, "09:41", None)
    };
    let runs = vec![
        plain("Leave "),
        Span { bold: true, ..plain("at six") },
        plain(", "),
        Span { italic: true, ..plain("not later") },
        plain(", "),
        Span { strike: true, ..plain("by car") },
        plain(" "),
        Span { code: true, ..plain("IC 512") },
        plain(": "),
        Span {
            link: Some(Href {
                url: "https://timetable.example/ic512".into(),
                beside: Some("timetable.example".into()),
            }),
            ..plain("the timetable")
        },
    ];
    let named = vec![
        Span { mention: Some(you.clone()), ..plain(&format!("@{}", me().name)) },
        plain(", do you bring this?"),
    ];
    let item = |marker: &str, text: &str| ListItem {
        marker: marker.into(),
        blocks: vec![Block::Text(vec![plain(text)])],
    };
    let bubbles = vec![
        set(
            1,
            &them,
            "Leave **at six**, *not later*, ~~by car~~ `IC 512`: [the timetable](https://timetable.example/ic512)",
            vec![Block::Text(runs)],
        ),
        Bubble {
            mentions: vec![you],
            unread: true,
            ..set(
                2,
                &them,
                "[@You](valise:account/…), do you bring this?\n\n1. bread\n2. cheese\n   - the hard one",
                vec![
                    Block::Text(named),
                    Block::List(vec![
                        item("1.", "bread"),
                        ListItem {
                            marker: "2.".into(),
                            blocks: vec![
                                Block::Text(vec![plain("cheese")]),
                                Block::List(vec![item("•", "the hard one")]),
                            ],
                        },
                    ]),
                ],
            )
        },
        set(
            3,
            &myself(),
            "# Yes\n\n> do you bring this?\n\n```sh\nls bag/\n```\n\n|what|each|\n|-|-:|\n|bread|**2**|\n|olive oil|11|\n\n---",
            vec![
                Block::Heading(vec![plain("Yes")]),
                Block::Quote(vec![Block::Text(vec![plain("do you bring this?")])]),
                Block::Code { language: "sh".into(), text: "ls bag/".into() },
                Block::Table {
                    columns: vec![Side::Start, Side::End],
                    rows: vec![
                        vec![vec![plain("what")], vec![plain("each")]],
                        vec![vec![plain("bread")], vec![Span { bold: true, ..plain("2") }]],
                        vec![vec![plain("olive oil")], vec![plain("11")]],
                    ],
                },
                Block::Rule,
            ],
        ),
    ];
    timeline(&them, Listing::Rows(bubbles))
}

/// A chat written from right to left.
#[must_use]
pub fn timeline_right_to_left() -> Timeline {
    let them = layla();
    let bubbles = vec![
        Bubble {
            day: Some("Today".into()), ..bubble(1, &them, "صباح الخير، هل وصلت الصور؟", "09:30", None)
        },
        bubble(2, &myself(), "نعم، كلها — thank you 🌿", "09:31", Some(Mark::Read)),
        bubble(3, &them, "وصلت الصور، شكراً جزيلاً 🌿", "09:32", None),
    ];
    timeline(&them, Listing::Rows(bubbles))
}

/// Messages are missing, and asked for.
#[must_use]
pub fn timeline_missing() -> Timeline {
    Timeline {
        banner: Some(Banner {
            kind: BannerKind::Warning,
            title: "2 messages are missing".into(),
            sentence: "2 messages from Inês Duarte are missing. Asking their devices.".into(),
        }),
        ..timeline_full()
    }
}

/// Blocked by oneself: nothing can be written.
#[must_use]
pub fn timeline_blocked() -> Timeline {
    Timeline {
        composer: Composer::Stopped(EmptyPlace {
            title: "You have blocked Boris Lindqvist".into(),
            sentence: "Neither of you can write here. They were not told.".into(),
        }),
        ..timeline(
            &Person { state: ContactState::Blocked, ..boris() },
            Listing::Rows(vec![Bubble {
                day: Some("Today".into()),
                ..bubble(1, &boris(), "Until Thursday!", "09:40", None)
            }]),
        )
    }
}

/// The store cannot be read.
#[must_use]
pub fn timeline_failing() -> Timeline {
    timeline(
        &ines(),
        Listing::Failing(Trouble {
            sentence: "This chat cannot be read from the device's storage. Nothing was deleted. Try again."
                .into(),
            again: true,
        }),
    )
}

/// Contact cards: of somebody who can be asked, of a contact and a group, and one that cannot be read.
#[must_use]
pub fn timeline_cards() -> Timeline {
    let them = ines();
    let card = |name: &str, initials: &str, lines: &[&str], line: &str| CardShown {
        name: name.into(),
        initials: initials.into(),
        tint: 4,
        lines: lines.iter().map(|&line| line.to_owned()).collect(),
        chat: None,
        add: None,
        line: line.into(),
        spoken: format!("Contact card of {name}. {line}."),
    };
    let asked = CardShown {
        add: Some("+38640555111".into()),
        ..card("Marko, the plumber", "MP", &["+38640555111", "Vodovod d.o.o."], "Not among your contacts")
    };
    let known = CardShown {
        chat: Some(boris().chat),
        ..card("Boris Lindqvist", "BL", &["boris@example.org"], "Among your contacts")
    };
    let group = card("Lake house", "LH", &[], "A group of 4");
    let said = |number, from: &Person, text: &str, cards: Vec<CardShown>| Bubble {
        cards,
        acts: vec![MessageAct::Reply, MessageAct::SaveCards, MessageAct::DeleteForMe],
        ..bubble(number, from, text, "09:41", None)
    };
    timeline(
        &them,
        Listing::Rows(vec![
            said(1, &them, "Contact card: Marko, the plumber\n+38640555111\nVodovod d.o.o.", vec![asked]),
            said(
                2,
                &them,
                "Contact card: Boris Lindqvist\nboris@example.org\nContact card: Lake house",
                vec![known, group],
            ),
            Bubble { note: Some("A contact card that cannot be read".into()), ..said(3, &them, "", vec![]) },
        ]),
    )
}

/// A link with what its sender says of it: with a description and without, the second of oneself.
#[must_use]
pub fn timeline_previewed() -> Timeline {
    let them = ines();
    let preview = |url: &str, title: &str, description: &str| {
        let host = url.trim_start_matches("https://").split('/').next().unwrap_or_default().to_owned();
        PreviewShown {
            url: url.into(),
            title: title.into(),
            description: description.into(),
            picture: false,
            spoken: format!("Preview of {host}: {title}"),
            host,
        }
    };
    let said = |number, from: &Person, shown: PreviewShown| Bubble {
        blocks: vec![Block::Text(vec![Span {
            link: Some(Href { url: shown.url.clone(), beside: None }),
            text: shown.url.clone(),
            ..Span::default()
        }])],
        preview: Some(shown.clone()),
        ..bubble(number, from, &shown.url, "09:41", None)
    };
    let trains = preview(
        "https://harbourrail.example/summer",
        "Night train timetable, summer",
        "Sleeper and couchette cars from 1 June, bicycles by reservation.",
    );
    let strange = preview("https://xn--bnk-5cd.example:8443/login", "bank.example", "");
    timeline(&them, Listing::Rows(vec![said(1, &them, trains), said(2, &them, strange)]))
}

/// One's own profile.
#[must_use]
pub fn profile() -> ProfilePage {
    ProfilePage {
        name: "Anna Kovač".into(),
        about: "Sails, reads, answers late".into(),
        handle: Some("+38640218633".into()),
        picture: None,
        about_chars_max: limits::ABOUT_CHARS_MAX as u32,
        sentence: "Those whom you have let in see it, and nobody else. Groups see the name alone.".into(),
    }
}

/// Nobody yet.
#[must_use]
pub fn contacts_empty() -> Listing<ContactRow> {
    Listing::Empty(EmptyPlace {
        title: "No contacts yet".into(),
        sentence: "Add someone by number or address, or give them a link.".into(),
    })
}

/// Sorted by name.
#[must_use]
pub fn contacts_full() -> Listing<ContactRow> {
    let people = [boris(), ines(), long_name(), priya(), layla(), sakura()];
    let row = |person: Person| ContactRow {
        line: person.handle.clone().unwrap_or_else(|| "Through a link".into()),
        seen: None,
        person,
    };
    Listing::Rows(people.into_iter().map(row).collect())
}

/// Nobody knocks.
#[must_use]
pub fn requests_empty() -> Listing<RequestRow> {
    Listing::Empty(EmptyPlace {
        title: "No requests".into(),
        sentence: "When someone new wants to write to you, they wait here until you let them in.".into(),
    })
}

/// Somebody knocks.
#[must_use]
pub fn requests_full() -> Listing<RequestRow> {
    Listing::Rows(vec![request("e9")])
}

/// Groups that one asks to come into: one waits, one was a no.
#[must_use]
pub fn joins() -> Vec<JoinRow> {
    let row = |id: &str, name: &str, state: JoinState, sentence: &str| JoinRow {
        id: ChatId(id.into()),
        name: name.into(),
        state,
        sentence: sentence.into(),
    };
    vec![
        row(
            "a1",
            "Lake house",
            JoinState::Waiting,
            "You asked to come into Lake house. You are in when somebody of the group says yes.",
        ),
        row("a2", "Choir", JoinState::TurnedDown, "Choir: somebody of the group said no."),
    ]
}

/// Up to date.
#[must_use]
pub fn status() -> Status {
    Status {
        me: Some(me()),
        code_sent_to: None,
        server: "lindenhof.example".into(),
        line: up_to_date(),
        waiting: 0,
        devices: 1,
        unread: 3,
        requests: 1,
    }
}

/// Before registration.
#[must_use]
pub fn status_new() -> Status {
    Status {
        me: None,
        code_sent_to: Some("+38640218633".into()),
        server: "lindenhof.example".into(),
        line: line(LineState::Idle, "No account yet", "There is no account on this device yet."),
        waiting: 0,
        devices: 0,
        unread: 0,
        requests: 0,
    }
}

fn choice(
    kind: HandleKind,
    label: &str,
    placeholder: Option<&str>,
    sentence: &str,
    go: &str,
) -> HandleChoice {
    HandleChoice {
        kind,
        label: label.into(),
        placeholder: placeholder.map(Into::into),
        sentence: sentence.into(),
        go: go.into(),
    }
}

fn line(state: LineState, label: &str, sentence: &str) -> ConnectionLine {
    ConnectionLine { state, label: label.into(), sentence: sentence.into() }
}

fn up_to_date() -> ConnectionLine {
    line(LineState::UpToDate, "Up to date", "Up to date: everything that waited is here.")
}

fn person(id: &str, name: &str, initials: &str, tint: u8, handle: Option<&str>) -> Person {
    Person {
        id: ContactId(id.repeat(32)),
        name: name.into(),
        initials: initials.into(),
        tint,
        handle: handle.map(Into::into),
        state: ContactState::Accepted,
        chat: ChatId(id.repeat(16)),
        about: None,
        picture: None,
    }
}

fn myself() -> Person {
    let me = me();
    Person {
        id: me.id,
        name: me.name,
        initials: me.initials,
        tint: me.tint,
        handle: me.handle,
        state: ContactState::Accepted,
        chat: ChatId("a1".repeat(16)),
        about: None,
        picture: None,
    }
}

fn ines() -> Person {
    person("1e", "Inês Duarte", "ID", 5, Some("+351912345678"))
}

fn boris() -> Person {
    person("b0", "Boris Lindqvist", "BL", 2, Some("boris@example.org"))
}

fn layla() -> Person {
    person("1a", "ليلى منصور", "لم", 3, Some("+962790123456"))
}

fn priya() -> Person {
    person("97", "Priya Raman", "PR", 4, None)
}

fn sakura() -> Person {
    person("5a", "山本さくら", "山", 6, Some("sakura@example.jp"))
}

fn long_name() -> Person {
    person("d0", "Maximiliane von Hohenstein-Wolkenburg-Lehnitz", "MV", 7, None)
}

fn nameless() -> Person {
    person("90", "Someone new", "?", 8, Some("+32470123456"))
}

fn moment(text: &str) -> Moment {
    Moment { ms: 1_873_179_660_000, text: text.into(), full: format!("Saturday 12 May 2029, {text}") }
}

fn shown(mark: Mark) -> MarkShown {
    let word = match mark {
        Mark::Pending => "Sending",
        Mark::Sent => "Sent",
        Mark::Delivered => "Arrived",
        Mark::Read => "Read",
    };
    MarkShown { mark, word: word.into() }
}

fn row(person: &Person, preview: &str, mark: Option<Mark>, time: &str, unread: u32) -> ChatRow {
    ChatRow {
        group: false,
        picture: None,
        id: person.chat.clone(),
        person: person.clone(),
        preview: preview.into(),
        mark: mark.map(shown),
        failed: false,
        time: moment(time),
        unread,
        mentions: 0,
        marked_unread: false,
        archived: false,
        muted: None,
        muted_mentions: false,
        previews: false,
        folders: vec![],
        spoken: format!("{}, {time}: {preview}", person.name),
    }
}

fn folder(id: &str, name: &str, chats: u32, unread: u32) -> FolderRow {
    FolderRow { id: FolderId(id.repeat(8)), name: name.into(), chats, unread }
}

fn bubble(number: u8, from: &Person, text: &str, time: &str, mark: Option<Mark>) -> Bubble {
    Bubble {
        id: MessageId(format!("{number:02x}").repeat(32)),
        chat: from.chat.clone(),
        from: from.clone(),
        own: from.id == me().id,
        day: None,
        unread_line: None,
        turn: Turn::Single,
        text: text.into(),
        blocks: vec![],
        markdown: false,
        typed: None,
        mentions: vec![],
        attachments: vec![],
        reply_to: None,
        reactions: vec![],
        edited: None,
        poll: None,
        place: None,
        cards: vec![],
        preview: None,
        forwarded: None,
        told: None,
        pinned: false,
        starred: false,
        expires: None,
        deleted: false,
        acts: acts_of(from.id == me().id),
        script: Script::Plain,
        note: None,
        notice: None,
        sent: moment(time),
        mark: mark.map(shown),
        unread: false,
        failed: None,
        spoken: format!("{}, {time}", from.name),
    }
}

fn acts_of(own: bool) -> Vec<MessageAct> {
    use MessageAct::{Copy, DeleteForEveryone, DeleteForMe, Edit, Forward, Pin, React, Reply, Star};
    if own {
        vec![Reply, React, Copy, Forward, Star, Pin, Edit, DeleteForMe, DeleteForEveryone]
    } else {
        vec![Reply, React, Copy, Forward, Star, Pin, DeleteForMe]
    }
}

fn reaction(emoji: &str, count: u32, own: bool) -> Reaction {
    let spoken = match (own, count) {
        (true, 1) => format!("{emoji} from you"),
        (true, _) => format!("{emoji} from you and Inês Duarte"),
        (false, _) => format!("{emoji} from Inês Duarte"),
    };
    Reaction { emoji: emoji.into(), count, own, spoken }
}

fn timeline(with: &Person, bubbles: Listing<Bubble>) -> Timeline {
    Timeline {
        head: ChatHead {
            group: false,
            picture: None,
            id: with.chat.clone(),
            person: with.clone(),
            line: with.handle.clone().unwrap_or_else(|| "Through a link".into()),
            timer: None,
            typing: None,
            seen: None,
            pinned: vec![],
            scheduled: None,
        },
        bubbles,
        outgoing: vec![],
        earlier: None,
        banner: None,
        composer: Composer::Open {
            placeholder: "Message".into(),
            draft: String::new(),
            bytes_max: limits::TEXT_BYTES_MAX as u32,
            too_long: "This is longer than one message can be. Send it in parts.".into(),
        },
    }
}

fn request(id: &str) -> RequestRow {
    RequestRow {
        id: ContactId(id.repeat(32)),
        name: "Someone new".into(),
        line: "Wants to write to you".into(),
        title: "Someone knocks".into(),
        sentence:
            "You see their name and words once you accept. Until then they learn nothing, not even whether \
                   you looked."
                .into(),
        accept: "Accept".into(),
        block: "Block".into(),
    }
}

/// What others are told of oneself, as it is at first.
#[must_use]
pub fn privacy() -> crate::PrivacyPage {
    use crate::{PrivacyPart, PrivacyRow};
    let row = |what, on, title: &str, sentence: &str| PrivacyRow {
        what,
        on,
        title: title.into(),
        sentence: sentence.into(),
    };
    let rows = vec![
        row(
            PrivacyPart::Typing,
            true,
            "That you are typing",
            "Without it you do not see it of others either.",
        ),
        row(
            PrivacyPart::Presence,
            false,
            "When you were last here",
            "To five minutes, and only to those who share it too.",
        ),
    ];
    crate::PrivacyPage { rows }
}

/// A report that can be made.
#[must_use]
pub fn report() -> crate::ReportSheet {
    use crate::{ReportRow, ReportSheet};
    let row = |what: &str, value: &str, proved| ReportRow { what: what.into(), value: value.into(), proved };
    ReportSheet {
        title: "A message of Inês Duarte".into(),
        sentence: "The file tells what stands here and nothing else. It goes nowhere by itself.".into(),
        rows: vec![
            row("Text", "The house from last year. Same one again?", true),
            row("Their account", "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90", true),
            row("Their name, as you see it", "Inês Duarte", false),
        ],
        file_name: "report-01c471cdc5d9.json".into(),
        file: "{}".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_a_name_of_its_own() {
        let mut names: Vec<_> = all().into_iter().map(|(name, _)| name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn no_sample_says_what_a_good_clerk_would_not() {
        for (name, screen) in all() {
            let words = format!("{screen:?}").to_lowercase();
            for never in
                ["please", "sorry", "oops", "epoch", "key package", "backend", "fingerprint", "ciphertext"]
            {
                assert!(!words.contains(never), "{name} says {never}");
            }
        }
    }
}
