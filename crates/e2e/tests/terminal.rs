//! Two people with terminals and the real server, as a new user would try it.

use std::collections::BTreeMap;

use e2e::programs::{Server, Terminal, texts};
use serde_json::Value;

#[test]
fn by_invitation_two_people_talk_and_see_what_became_of_it() {
    let server = Server::start_with_tls();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    let link = anna.invitation();
    let added = boris.ok(["add", &link]);
    assert_eq!(added[0]["contact"]["name"], "Anna");
    boris.ok(["send", "Anna", "Hello, Anna"]);

    let lines = anna.receive();
    assert_eq!(texts(&lines), ["Hello, Anna"]);
    assert_eq!(lines.iter().find(|l| l["event"] == "message").unwrap()["from"]["name"], "Boris");
    assert!(!lines.iter().any(|l| l["event"] == "request"), "an invited person does not knock");
    anna.ok(["send", "Boris", "Hello, Boris"]);

    let lines = boris.receive();
    assert_eq!(texts(&lines), ["Hello, Boris"]);
    let marks: Vec<&Value> = lines.iter().filter(|l| l["event"] == "receipt").collect();
    assert!(marks.iter().any(|mark| mark["mark"] == "read"), "{lines:?}");
    assert_eq!(texts(&boris.receive()), [""; 0], "each message is printed once");
}

#[test]
fn send_waits_for_the_marks_it_is_asked_for() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    let mut reading = anna.follow();
    boris.ok(["send", "Anna", "arrived?", "--wait", "delivered"]);
    boris.ok(["send", "Anna", "read?", "--wait", "read"]);
    reading.text("read?");
}

#[test]
fn a_number_is_found_knocks_and_shows_nothing_before_it_is_let_in() {
    let server = Server::start();
    let anna = Terminal::registered_as(&server, "Anna", "+32470123456");
    let boris = Terminal::registered_as(&server, "Boris", "boris@example.org");
    boris.ok(["add", "+32 470 12 34 56"]);
    boris.ok(["send", "+32470123456", "it is me"]);

    let before = anna.receive();
    assert_eq!(texts(&before), [""; 0]);
    let request = before.iter().find(|l| l["event"] == "request").expect("a request");
    assert!(!request.to_string().contains("Boris") && !request.to_string().contains("it is me"));
    let who = request["from"].as_str().expect("an id").to_owned();
    anna.ok(["accept", &who]);
    let after = anna.receive();
    assert_eq!(texts(&after), ["it is me"]);
    anna.ok(["send", &who, "come in"]);
    assert_eq!(texts(&boris.receive()), ["come in"]);
}

#[test]
fn a_blocked_person_is_not_heard_any_more() {
    let server = Server::start();
    let anna = Terminal::registered_as(&server, "Anna", "+32470123457");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", "+32470123457"]);
    boris.ok(["send", "+32470123457", "let me in"]);
    let requests = anna.ok(["receive"]);
    let who = requests.iter().find(|l| l["event"] == "request").expect("a request")["from"].clone();
    anna.ok(["block", who.as_str().unwrap()]);
    boris.ok(["send", "+32470123457", "still here"]);
    assert_eq!(anna.receive().iter().filter(|l| l["event"] != "receipt").count(), 0);
    assert_eq!(anna.ok(["requests"]).len(), 0);
}

#[test]
fn every_text_arrives_byte_for_byte_in_order_also_while_asleep() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    let sent = [
        "plain".to_owned(),
        "שלום, مرحبا \u{202e}right to left\u{202c}".to_owned(),
        "👩‍👩‍👧‍👦🏳️‍🌈👍🏽 e\u{301}".to_owned(),
        "line one\nline two\n".to_owned(),
        "x".repeat(64 * 1024),
        "ü".repeat(32 * 1024),
    ];
    for text in &sent {
        boris.send_bytes("Anna", text);
    }
    assert_eq!(texts(&anna.receive()), sent);
    let (code, words) = {
        let path = boris.home().join("long");
        std::fs::write(&path, "x".repeat(64 * 1024 + 1)).unwrap();
        boris.refused(["send", "Anna", &std::fs::read_to_string(path).unwrap()])
    };
    assert_eq!(code, 2, "{words}");
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let server = Server::start();
    let anna = Terminal::new(&server);
    let number = "+32470123458";
    let register = |code: &str| {
        anna.refused(["register", number, "--server", anna.url(), "--name", "Anna", "--code", code])
    };
    let (code, _) = anna.refused(["send", "nobody", "hi"]);
    assert_eq!(code, 1, "not registered yet");
    let (code, _) = anna.refused(["register", "0470", "--server", anna.url(), "--name", "Anna"]);
    assert_eq!(code, 2, "a number without a country");
    let (code, _) = anna.refused(["register"]);
    assert_eq!(code, 2, "wrong usage");
    let (code, _) = anna.refused(["register", number, "--server", anna.url(), "--name", "Anna"]);
    assert_eq!(code, 3, "a code is needed");
    let right = server.code_for(number);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..3 {
        let (code, words) = register(wrong);
        assert_eq!(code, 1, "{words}");
    }
    let (code, words) = register(&right);
    assert_eq!(code, 1, "three wrong tries use a code up: {words}");
    assert!(words.contains("code"), "{words}");

    let boris = Terminal::registered(&server, "Boris");
    let (code, words) = boris.refused(["add", "+32470999999"]);
    assert_eq!(code, 1, "{words}");
    let (code, words) = boris.refused(["add", "https://example.org/i#nonsense"]);
    assert_eq!(code, 2, "{words}");
    assert!(!words.contains("panic"), "{words}");
}

#[test]
fn without_the_server_nothing_is_lost_and_it_leaves_later() {
    let mut server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    boris.ok(["send", "Anna", "before"]);
    server.kill();
    let (code, words) = boris.refused(["send", "Anna", "kept here", "--timeout", "2"]);
    assert_eq!(code, 4, "{words}");
    server.run();
    boris.ok(["send", "Anna", "after"]);
    assert_eq!(texts(&anna.receive()), ["before", "kept here", "after"]);
}

#[test]
fn one_handle_leads_to_one_account_and_codes_are_bound_to_who_asked() {
    let server = Server::start();
    let number = "+32470123459";
    let _anna = Terminal::registered_as(&server, "Anna", number);
    let thief = Terminal::new(&server);
    let asked = thief.run(["register", number, "--server", &server.url(), "--name", "Thief"]);
    assert_eq!(asked.status.code(), Some(3));
    let code = server.code_for(number);
    // The code of one terminal is of no use to another.
    let other = Terminal::new(&server);
    other.refused(["register", number, "--server", &server.url(), "--name", "Other", "--code", &code]);
    // The right code does not take the number from who has it, at once (T-03).
    let (exit, words) =
        thief.refused(["register", number, "--server", &server.url(), "--name", "Thief", "--code", &code]);
    assert_eq!(exit, 1, "{words}");
}

#[test]
fn two_terminals_share_one_home() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    let mut following = anna.follow();
    boris.ok(["send", "Anna", "one"]);
    following.text("one");
    // The same home, while the other still runs.
    anna.ok(["send", "Boris", "two"]);
    assert_eq!(texts(&boris.receive()), ["two"]);
    let chats = anna.ok(["chats"]);
    assert_eq!(chats.len(), 1);
    following.kill();
    // The first is gone; the home goes on.
    anna.ok(["send", "Boris", "three"]);
    assert_eq!(texts(&boris.receive()), ["three"]);
}

#[test]
fn a_damaged_or_foreign_home_is_not_touched() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let before = fingerprint(anna.home());
    let database = anna.home().join("valise.db");
    let good = std::fs::read(&database).expect("a database");
    let mut bad = good.clone();
    bad.iter_mut().take(4_096).for_each(|byte| *byte ^= 0x5a);
    std::fs::write(&database, &bad).expect("written");
    let (code, words) = anna.refused(["status"]);
    assert_eq!(code, 1, "{words}");
    assert!(!words.contains("panicked"), "{words}");
    assert_eq!(std::fs::read(&database).expect("a database"), bad, "nothing is deleted");
    std::fs::write(&database, &good).expect("written");
    assert_eq!(anna.ok(["status"]).len(), 1);
    let key = anna.home().join("key");
    let saved = std::fs::read(&key).expect("a key");
    std::fs::write(&key, [7; 32]).expect("written");
    let (code, words) = anna.refused(["status"]);
    assert_eq!(code, 1, "{words}");
    std::fs::write(&key, saved).expect("written");
    assert!(fingerprint(anna.home()).keys().eq(before.keys()), "files came or went");
    assert_eq!(anna.ok(["status"]).len(), 1);
}

fn fingerprint(folder: &std::path::Path) -> BTreeMap<String, u64> {
    let entries = std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok);
    let files = entries.filter(|entry| entry.path().is_file());
    let lasting =
        |name: &String| !name.ends_with("-wal") && !name.ends_with("-shm") && !name.ends_with(".sock");
    files
        .map(|file| (file.file_name().to_string_lossy().into_owned(), file.metadata().map_or(0, |m| m.len())))
        .filter(|(name, _)| lasting(name))
        .collect()
}

#[test]
fn three_people_make_a_group_write_in_it_and_change_it() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    let carla = Terminal::registered(&server, "Carla");
    boris.ok(["add", &anna.invitation()]);
    carla.ok(["add", &anna.invitation()]);
    anna.receive();
    let made = anna.ok(["group", "create", "Lake house", "Boris"]);
    let id = made[0]["group"]["id"].as_str().expect("an id").to_owned();
    anna.ok(["send", "Lake house", "who brings what?"]);
    assert_eq!(texts(&boris.receive()), ["who brings what?"]);
    boris.ok(["send", &id, "bread"]);

    // Carla comes later: she reads what is written from then on.
    anna.ok(["group", "add", "Lake house", "Carla"]);
    anna.ok(["send", "Lake house", "Carla is here"]);
    assert_eq!(texts(&carla.receive()), ["Carla is here"]);
    carla.ok(["send", "Lake house", "hello all"]);
    assert_eq!(texts(&boris.receive()), ["Carla is here", "hello all"]);
    let info = boris.ok(["group", "info", "Lake house"]);
    let members = info[0]["group"]["members"].as_array().expect("members");
    let names: Vec<_> = members.iter().map(|it| (it["name"].as_str(), it["role"].as_str())).collect();
    assert_eq!(
        names,
        [(Some("Anna"), Some("owner")), (Some("Boris"), Some("member")), (Some("Carla"), Some("member"))]
    );

    // A member does not decide.
    let (code, why) = boris.refused(["group", "rename", "Lake house", "Mine"]);
    assert!(code == 1 && why.contains("for its admins"), "{code}: {why}");
    anna.ok(["group", "role", "Lake house", "Boris", "admin"]);
    boris.receive();
    boris.ok(["group", "rename", "Lake house", "Sea house"]);
    boris.ok(["group", "remove", "Sea house", "Carla"]);
    boris.ok(["send", "Sea house", "without Carla"]);
    assert_eq!(texts(&carla.receive()), [""; 0]);
    let (code, why) = carla.refused(["send", id.as_str(), "still there?"]);
    assert!(code == 1 && why.contains("not in"), "{code}: {why}");
    assert_eq!(texts(&anna.receive()).last().map(String::as_str), Some("without Carla"));
    let history = anna.ok(["history", "Sea house"]);
    let notices: Vec<_> = history.iter().filter_map(|line| line["message"]["notice"].as_str()).collect();
    assert!(notices.contains(&"Boris named the group “Sea house”"), "{notices:?}");
    assert!(notices.contains(&"Boris removed Carla"), "{notices:?}");
    boris.ok(["group", "role", "Sea house", "Boris", "member"]);
    boris.ok(["group", "leave", "Sea house"]);
    anna.receive();
    let info = anna.ok(["group", "info", "Sea house"]);
    assert_eq!(info[0]["group"]["members"].as_array().map(Vec::len), Some(1), "{info:?}");
}

/// Above eight devices the tree lies apart, in pieces that the real server keeps.
#[test]
fn ten_people_make_a_group_write_in_it_and_one_is_taken_out() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let names: Vec<String> = (1..10).map(|number| format!("Guest {number}")).collect();
    let guests: Vec<Terminal> = names.iter().map(|name| Terminal::registered(&server, name)).collect();
    let link = anna.invitation();
    for guest in &guests {
        guest.ok(["add", &link]);
    }
    anna.receive();
    let mut hears_anna = anna.follow();
    let mut hear: Vec<_> = guests.iter().map(Terminal::follow).collect();
    let mut make = vec!["group", "create", "Party"];
    make.extend(names.iter().map(String::as_str));
    anna.ok(make);
    anna.ok(["send", "Party", "Welcome, all of you"]);
    for guest in &mut hear {
        guest.text("Welcome, all of you");
    }
    for (number, guest) in guests.iter().enumerate().step_by(4) {
        let text = format!("Thanks, says {}", names[number]);
        guest.ok(["send", "Party", &text]);
        hears_anna.text(&text);
        hear.iter_mut().enumerate().filter(|(other, _)| *other != number).for_each(|(_, guest)| {
            guest.text(&text);
        });
    }
    anna.ok(["group", "remove", "Party", &names[7]]);
    anna.ok(["send", "Party", "Without one"]);
    hear.iter_mut().enumerate().filter(|(other, _)| *other != 7).for_each(|(_, guest)| {
        guest.text("Without one");
    });
    let heard = texts(&hear.remove(7).kill());
    assert!(!heard.iter().any(|text| text == "Without one"), "{heard:?}");
    let told = guests[8].ok(["history", "Party"]);
    let told: Vec<&str> = told.iter().filter_map(|line| line["message"]["text"].as_str()).collect();
    let said = told.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
    let thanks = [0, 4, 8].map(|number| format!("Thanks, says {}", names[number]));
    assert_eq!(said, ["Welcome, all of you", &thanks[0], &thanks[1], &thanks[2], "Without one"]);
}

#[test]
fn by_a_link_people_come_into_a_group_at_once_or_when_somebody_says_yes() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    let carla = Terminal::registered(&server, "Carla");
    let group = anna.ok(["group", "create", "Lake house"])[0]["group"]["id"].clone();
    let made = |options: &[&str]| {
        let lines = anna.ok([&["group", "link", "Lake house"][..], options].concat());
        lines[0]["link"].as_str().expect("a link").to_owned()
    };
    let (open, asking) = (made(&[]), made(&["--approval"]));
    let listed = anna.ok(["group", "link", "Lake house", "--list"]);
    assert_eq!(listed.len(), 2, "{listed:?}");

    // Boris comes in at once; a second time changes nothing.
    let asked = boris.ok(["group", "join", &open]);
    assert_eq!(asked[0]["group"]["name"], "Lake house");
    boris.ok(["add", &open]);
    anna.receive();
    boris.receive();
    boris.ok(["send", "Lake house", "hello"]);
    assert_eq!(texts(&anna.receive()), ["hello"]);
    assert_eq!(anna.ok(["contacts"]).len(), 0, "a link makes nobody a contact");

    // Carla asks; nothing of hers is shown before somebody says yes.
    let mut following = anna.follow();
    carla.ok(["add", &asking]);
    let knock = following.wait_for("a knock", |line| line["event"] == "knock");
    following.kill();
    assert_eq!((&knock["chat"], &knock["count"]), (&group, &Value::from(1)));
    let requests = anna.ok(["group", "requests"]);
    let who = requests[0]["knock"]["id"].as_str().expect("an id").to_owned();
    assert!(!requests[0].to_string().contains("Carla"), "{requests:?}");
    let waiting = carla.ok(["group", "requests"]);
    assert_eq!(waiting[0]["joining"]["state"], "waiting");

    // She takes it back, and asks once more.
    let withdrawn = carla.ok(["group", "withdraw", "Lake house"]);
    assert_eq!(
        (&withdrawn[0]["group"]["id"], &withdrawn[0]["group"]["name"]),
        (&group, &"Lake house".into())
    );
    assert_eq!(carla.ok(["group", "requests"]).len(), 0);
    anna.receive();
    assert_eq!(anna.ok(["group", "requests"]).len(), 0);
    carla.refused(["group", "withdraw", "Lake house"]);
    carla.ok(["add", &asking]);
    anna.receive();
    let requests = anna.ok(["group", "requests"]);
    assert_eq!(requests[0]["knock"]["id"].as_str(), Some(who.as_str()), "{requests:?}");
    anna.ok(["group", "accept", "Lake house", &who]);
    carla.receive();
    carla.ok(["send", "Lake house", "me too"]);
    assert_eq!(texts(&boris.receive()), ["me too"]);

    // A closed link leads nowhere, and says so.
    for link in &listed {
        let id = link["group_link"]["id"].as_str().expect("an id");
        anna.ok(["group", "link", "Lake house", "--revoke", id]);
    }
    let dora = Terminal::registered(&server, "Dora");
    dora.ok(["group", "join", &open]);
    anna.receive();
    let mut waiting = dora.start(["receive", "--for", "60"]);
    let closed = waiting.wait_for("the answer", |line| line["event"] == "joining");
    assert!(closed["sentence"].as_str().is_some_and(|it| it.contains("was closed")), "{closed}");
    waiting.kill();
    assert_eq!(dora.ok(["group", "requests"])[0]["joining"]["state"], "link_closed");
    let (code, _) = boris.refused(["group", "link", "Lake house"]);
    assert_eq!(code, 1, "a member makes no links");
}

#[test]
fn a_newcomer_is_given_what_was_said_before_and_sees_the_groups_picture() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    let carla = Terminal::registered(&server, "Carla");
    boris.ok(["add", &anna.invitation()]);
    carla.ok(["add", &anna.invitation()]);
    anna.receive();
    anna.ok(["group", "create", "Lake house", "Boris"]);
    let (code, _) = anna.refused(["group", "history", "Lake house", "soon"]);
    assert_eq!(code, 2);
    anna.ok(["group", "history", "Lake house", "7d"]);
    let file = anna.home().join("house.png");
    let picture = [b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 9_000]].concat();
    std::fs::write(&file, &picture).expect("written");
    anna.ok(["group", "picture", "Lake house", file.to_str().expect("a path")]);
    let (code, words) = anna.refused(["group", "picture", "Lake house", "/dev/null"]);
    assert!(code == 2 && words.contains("32 KiB"), "{code}: {words}");
    boris.receive();
    boris.ok(["send", "Lake house", "who brings what?"]);
    anna.receive();
    let info = boris.ok(["group", "info", "Lake house"]);
    assert_eq!(info[0]["group"]["history"], "7d");

    anna.ok(["group", "add", "Lake house", "Carla"]);
    assert_eq!(texts(&carla.receive()), [""; 0], "it calls nobody");
    let shown = carla.ok(["history", "Lake house"]);
    let told = shown.iter().find(|line| line["message"]["text"] == "who brings what?").expect("told");
    assert_eq!(
        (&told["message"]["told"], &told["message"]["from"]["name"]),
        (&"Told by Anna".into(), &"Boris".into())
    );
    let saved = carla.home().join("saved.png");
    carla.ok(["group", "picture", "Lake house", "--save", saved.to_str().expect("a path")]);
    assert!(std::fs::read(saved).expect("saved") == picture);
    anna.ok(["group", "picture", "Lake house", "--remove"]);
    carla.receive();
    assert!(carla.ok(["group", "info", "Lake house"])[0]["group"]["picture"].is_null());
}

#[test]
fn formatting_and_mentions_are_told_to_scripts_and_a_plain_text_stays_plain() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    boris.ok(["send", "Anna", "**five**, @anna?"]);
    boris.ok(["send", "Anna", "--plain", "**five**, @anna?"]);
    let lines = anna.receive();
    let said: Vec<&Value> = lines.iter().filter(|line| line["event"] == "message").collect();
    assert_eq!((&said[0]["markdown"], &said[0]["mentions"][0]["you"]), (&true.into(), &true.into()));
    let text = said[0]["text"].as_str().unwrap();
    assert!(text.starts_with("**five**, [@anna](valise:account/") && text.ends_with(")?"), "{text}");
    assert_eq!((&said[1]["markdown"], &said[1]["text"]), (&false.into(), &"**five**, @anna?".into()));
    assert_eq!(said[1]["mentions"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_text_leaves_at_its_time_and_chats_are_kept_in_folders() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    let waiting = boris.ok(["send", "Anna", "--at", "1 hour", "later"]);
    let id = waiting[0]["scheduled"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(boris.ok(["scheduled"])[0]["scheduled"]["text"], "later");
    let (code, words) = boris.refused(["send", "Anna", "--at", "yesterday", "never"]);
    assert_eq!(code, 2, "{words}");
    let mut reading = anna.follow();
    boris.ok(["scheduled", "edit", &id, "right on time", "--at", "1 second"]);
    let _running = boris.follow();
    reading.text("right on time");
    assert_eq!(boris.ok(["scheduled"]).len(), 0);

    boris.ok(["folder", "create", "Family"]);
    assert_eq!(boris.ok(["chats", "--folder", "family"]).len(), 0);
    boris.ok(["folder", "add", "Family", "Anna"]);
    boris.ok(["unread", "Anna"]);
    let chats = boris.ok(["chats", "--folder", "family"]);
    assert_eq!(chats[0]["chat"]["folders"], serde_json::json!(["Family"]));
    assert_eq!(chats[0]["chat"]["marked_unread"], true);
    boris.ok(["unread", "Anna", "--undo"]);
    assert_eq!(boris.ok(["chats"])[0]["chat"]["marked_unread"], false);
}

#[test]
fn places_are_told_once_and_live_with_the_way_to_them() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    let dock = ["place", "share", "Anna", "--at", "59.3293,18.0686", "--label", "The dock"];
    boris.ok(dock.into_iter().chain(["--precision", "1km"]));
    let lines = anna.receive();
    let told = lines.iter().find(|line| line["event"] == "message").expect("a place");
    assert!(
        told["text"].as_str().is_some_and(|text| text.starts_with("Place\nThe dock\n59.325,18.07,")),
        "{told}"
    );
    let id = told["id"].as_str().expect("an id");
    let shown = anna.ok(["place", "show", id, "--from", "59.325,17.9"])[0].to_string();
    assert!(shown.contains("9.6 km east"), "{shown}");
    assert!(anna.refused(["history", "Boris", "--from", "91,0"]).1.contains("not a place"));
    anna.ok(["place", "share", "Boris", "--at", "-33.9,151.2"]);
    assert!(texts(&boris.receive())[0].contains("-33.9,151.2"), "and the other way");

    let mut follower = anna.follow();
    let live = boris.start(["place", "live", "Anna", "--at", "59.1,18.1", "--for", "10s", "--every", "15"]);
    let begun = follower.wait_for("its beginning", |line| line["event"] == "message");
    let of_it = |line: &Value, said: &str| {
        line["event"] == "edit"
            && line["id"] == begun["id"]
            && line["text"].as_str().is_some_and(|text| text.contains(said))
    };
    follower.wait_for("its position", |line| of_it(line, "59.1,18.1"));
    follower.wait_for("its end", |line| of_it(line, "Live place ended"));
    live.ends_well();
    boris.ok(["send", "Anna", "over"]);
    follower.text("over");
    let ended = follower.kill().iter().filter(|line| of_it(line, "Live place ended")).count();
    assert_eq!(ended, 1, "it is said once");
}
