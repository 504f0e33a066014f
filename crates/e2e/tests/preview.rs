//! Previews of links, against a site that counts who asks: the sender's program alone, where it was told to, and nothing that it must not ask.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use e2e::pages::Pages;
use e2e::programs::{Daemon, Server, Terminal};
use serde_json::{Value, json};

/// Anna, whose program may ask pages of this machine, and Boris, whose may too if it ever asked.
fn friends(server: &Server) -> (Terminal, Terminal) {
    let anna = Terminal::registered(server, "Anna").asking_this_machine();
    let boris = Terminal::registered(server, "Boris").asking_this_machine();
    anna.ok(["add", &boris.invitation()]);
    (anna, boris)
}

/// The preview of a message that has just been sent.
fn preview(sent: &[Value]) -> Value {
    sent.iter()
        .find_map(|line| line["sent"].is_object().then(|| line["sent"]["preview"].clone()))
        .expect("it was sent")
}

/// The last message that came.
fn last(lines: &[Value]) -> Value {
    lines.iter().rfind(|line| line["event"] == "message").expect("a message").clone()
}

#[test]
fn a_site_is_asked_by_the_sender_only_where_that_is_switched_on_and_by_no_receiver() {
    let (server, pages) = (Server::start(), Pages::start());
    let (anna, boris) = friends(&server);
    let text = format!("look:  {} , soon", pages.link("/good"));

    // Off at first.
    assert_eq!(preview(&anna.ok(["send", "Boris", &text])), Value::Null);
    assert!(pages.paths().is_empty(), "nothing is asked for before it is switched on");

    anna.ok(["previews", "Boris", "on"]);
    assert_eq!(anna.ok(["chats"])[0]["chat"]["previews"], true);
    let made = preview(&anna.ok(["send", "Boris", &text]));
    assert_eq!(made["title"], "Night trains & boats");
    assert_eq!((&made["description"], &made["picture"]), (&json!("Sleepers from 1 June"), &json!(true)));
    assert_eq!(made["host"], json!(pages.host()), "the host is the link's, whatever the site calls itself");
    let asked = pages.asked();
    let paths: Vec<&str> = asked.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["/good", "/lake.png"], "the page and its picture, nothing else of it");
    for asked in &asked {
        let has = |name: &str| asked.headers.iter().any(|line| line.starts_with(name));
        assert!(!has("cookie:") && !has("referer:") && !has("accept-language:"), "{asked:?}");
        assert!(asked.headers.contains(&"accept-encoding: identity".to_owned()), "{asked:?}");
        assert!(asked.headers.contains(&"user-agent: valise link preview (bot)".to_owned()), "{asked:?}");
    }

    // One text with, one without, whatever is chosen.
    assert_eq!(preview(&anna.ok(["send", "Boris", &text, "--no-preview"])), Value::Null);
    assert!(pages.paths().is_empty());
    anna.ok(["previews", "Boris", "off"]);
    assert_eq!(preview(&anna.ok(["send", "Boris", &text, "--preview"]))["title"], "Night trains & boats");
    assert_eq!(pages.paths(), ["/good", "/lake.png"]);

    // The receiver, whose own chat has previews on, asks for nothing.
    let lines = boris.receive();
    boris.ok(["previews", "Anna", "on"]);
    let came = last(&lines);
    assert_eq!((&came["text"], &came["preview"]["title"]), (&json!(text), &json!("Night trains & boats")));
    assert_eq!(came["preview"]["host"], json!(pages.host()));
    let history = boris.ok(["history", "Anna"]);
    let shown: Vec<bool> = history.iter().map(|line| line["message"]["preview"].is_object()).collect();
    assert_eq!(shown, [false, true, false, true]);
    assert!(pages.paths().is_empty(), "nobody who reads asks");

    // An edit has its own, or none.
    let id = history[3]["message"]["id"].as_str().unwrap();
    anna.ok(["edit", id, "no link any more"]);
    boris.receive();
    assert_eq!(boris.ok(["history", "Anna"])[3]["message"]["preview"], Value::Null);
    anna.ok(["edit", id, &pages.link("/script"), "--preview"]);
    boris.receive();
    assert_eq!(boris.ok(["history", "Anna"])[3]["message"]["preview"]["title"], "Before the script");
    assert_eq!(pages.paths(), ["/script"], "no script ran");
}

#[test]
fn no_page_makes_a_sender_wait_long_take_much_or_ask_its_own_network() {
    let (server, pages) = (Server::start(), Pages::start());
    let (anna, boris) = friends(&server);
    anna.ok(["previews", "Boris", "on"]);
    let title = |path: &str| preview(&anna.ok(["send", "Boris", &pages.link(path)]))["title"].clone();
    assert_eq!(title("/one"), "Night trains & boats", "three redirects are followed");
    assert_eq!(pages.paths(), ["/one", "/two", "/three", "/good", "/lake.png"]);
    assert_eq!(title("/zero"), Value::Null, "four are not");
    assert_eq!(pages.paths(), ["/zero", "/one", "/two", "/three"]);
    for path in ["/home", "/router", "/cloud", "/file", "/packed", "/text", "/none"] {
        assert_eq!(title(path), Value::Null, "{path}");
        assert_eq!(pages.paths(), [path]);
    }
    let inside = preview(&anna.ok(["send", "Boris", &pages.link("/inside")]));
    assert_eq!((&inside["title"], &inside["picture"]), (&json!("Inside"), &json!(false)));
    assert_eq!(title("/huge"), "Huge", "only its beginning is taken");
    let _ = pages.paths();
    let begun = Instant::now();
    assert_eq!(title("/endless"), Value::Null);
    assert!(begun.elapsed() < WAIT_MAX, "it waited {:?}", begun.elapsed());
    assert_eq!(pages.paths(), ["/endless"]);
    // All of them were sent, with a preview or without, in their order.
    let texts = e2e::programs::texts(&boris.receive());
    assert_eq!((texts.len(), texts.last()), (12, Some(&pages.link("/endless"))));
    assert!(pages.paths().is_empty());
}

#[test]
fn without_the_switch_for_tests_this_machine_is_not_asked() {
    let (server, pages) = (Server::start(), Pages::start());
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    anna.ok(["add", &boris.invitation()]);
    for link in [pages.link("/good"), pages.link("/good").replace("http:", "https:")] {
        assert_eq!(preview(&anna.ok(["send", "Boris", &link, "--preview"])), Value::Null, "{link}");
    }
    assert!(pages.paths().is_empty(), "nobody so much as connects");
    assert_eq!(e2e::programs::texts(&boris.receive()).len(), 2);
}

#[test]
fn a_bot_gives_its_own_preview_and_nothing_is_asked_for() {
    let (server, pages) = (Server::start(), Pages::start());
    let (anna, boris) = friends(&server);
    boris.receive();
    let picture = anna.home().join("lake.png");
    std::fs::write(&picture, include_bytes!("../../media/testdata/clear.png")).unwrap();
    let daemon = Daemon::start(&anna, &[]);
    let mut bot = BufReader::new(UnixStream::connect(anna.home().join("bot.sock")).unwrap());
    let mut call = |params: Value| -> Value {
        let line = json!({"jsonrpc": "2.0", "method": "send", "params": params, "id": 1});
        writeln!(bot.get_mut(), "{line}").unwrap();
        let mut said = String::new();
        bot.read_line(&mut said).unwrap();
        serde_json::from_str(&said).unwrap()
    };
    let link = pages.link("/good");
    let given = |message: &str, image: &str| {
        json!({
            "recipient": "Boris", "message": message, "previewUrl": link, "previewTitle": "By hand",
            "previewDescription": "told", "previewImage": image,
        })
    };
    let path = picture.display().to_string();
    assert!(call(given(&format!("see {link}"), &path))["error"].is_null());
    assert!(
        call(given("no link", &path))["error"]["message"].as_str().is_some_and(|why| why.contains("link"))
    );
    let missing = call(given(&format!("see {link}"), "/nowhere.png"));
    assert!(
        missing["error"]["message"].as_str().is_some_and(|why| why.contains("/nowhere.png")),
        "{missing}"
    );
    let came = last(&boris.receive());
    assert_eq!(came["preview"]["title"], "By hand");
    assert_eq!(came["preview"]["picture"], true);
    assert!(pages.paths().is_empty());
    drop(daemon);
}

/// Five seconds, and what a busy machine needs to start a program and to send.
const WAIT_MAX: Duration = Duration::from_secs(20);
