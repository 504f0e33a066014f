//! What is around messages, from outside: reports with proof, typing, what others are told, several accounts, files.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use e2e::programs::{Daemon, Server, Terminal};
use serde_json::{Value, json};

/// A connection to a daemon's socket.
struct Bot(BufReader<UnixStream>);

impl Bot {
    fn of(terminal: &Terminal) -> Self {
        let stream = UnixStream::connect(terminal.home().join("bot.sock")).expect("the daemon listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        Self(BufReader::new(stream))
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        let call = json!({"jsonrpc": "2.0", "method": method, "params": params, "id": method});
        self.0.get_mut().write_all(format!("{call}\n").as_bytes()).expect("it is read");
        self.hears(|said| said["id"] == method)
    }

    /// The next line that fits; others are passed over.
    fn hears(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("something is said in time");
            let said: Value = serde_json::from_str(&line).expect("JSON");
            if fits(&said) {
                return said;
            }
        }
    }
}

#[test]
fn a_report_is_written_on_demand_and_checked_by_anybody_without_a_server() {
    let mut server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let eve = Terminal::registered(&server, "Eve");
    eve.ok(["add", &anna.invitation()]);
    eve.ok(["send", "Anna", "pay me or else"]);
    let message = anna.receive().into_iter().find(|line| line["event"] == "message").expect("a message");
    let id = message["id"].as_str().expect("an id");
    let file = anna.home().join("report.json");
    let path = file.to_str().expect("text");
    let shown = anna.ok(["report", id]);
    assert!(shown[0]["report"]["file"].is_null() && !file.exists(), "looking writes nothing");
    let written = anna.ok(["report", id, "--out", path]);
    assert_eq!(written[0]["report"]["file"], path);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        anna.refused(["report", id, "--out", path]).1.contains("cannot be written"),
        "never over another"
    );
    server.kill();

    let judge = Terminal::new(&server);
    let checked = &judge.ok(["report", "--check", path])[0]["checked"];
    assert_eq!(checked["holds"], true);
    let rows = checked["rows"].as_array().expect("rows");
    let value = |what: &str| rows.iter().find(|row| row["what"] == what).map(|row| row["value"].clone());
    assert_eq!(value("Text"), Some(json!("pay me or else")));
    let report: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    for (at, forged) in [
        ("/messages/0/text", json!("have a nice day")),
        ("/messages/0/sent_at", json!(0)),
        ("/messages/0/device", json!("00".repeat(16))),
        ("/account", json!("00".repeat(32))),
        ("/chat", json!("00".repeat(16))),
        ("/messages", json!([])),
        ("/valise_report", json!(2)),
    ] {
        let mut altered = report.clone();
        *altered.pointer_mut(at).expect("it is there") = forged;
        let altered_file = anna.home().join("altered.json");
        fs::write(&altered_file, altered.to_string()).unwrap();
        let (code, words) = judge.refused(["report", "--check", altered_file.to_str().unwrap()]);
        assert!(code == 1 && words.contains("proves nothing"), "{at}: {words}");
    }
}

#[test]
fn bots_tell_and_hear_who_types_for_several_accounts_at_once() {
    let server = Server::start();
    let robot = Terminal::registered(&server, "Robot");
    let work = Terminal::at(&server, &robot.home().join("accounts/work"));
    work.ok(["register", "none", "--server", work.url(), "--name", "Work"]);
    let listed = robot.ok(["accounts"]);
    assert_eq!(
        (&listed[0]["account"]["name"], &listed[1]["account"]["name"]),
        (&Value::Null, &json!("work"))
    );
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &robot.invitation()]);
    boris.ok(["add", &work.invitation()]);
    let _both = Daemon::start(&robot, &["--accounts"]);
    let _his = Daemon::start(&boris, &[]);
    let (mut bots, mut his) = (Bot::of(&robot), Bot::of(&boris));
    let accounts = bots.call("listAccounts", &json!({}))["result"].clone();
    let id = |name: &str| {
        let all = accounts.as_array().expect("accounts");
        all.iter().find(|it| it["valise"]["name"] == name).expect("it is served")["aci"].clone()
    };
    let unnamed = bots.call("send", &json!({"recipient": "Boris", "message": "hi"}));
    assert_eq!(unnamed["error"]["code"], -32602, "which of them is to be said");
    for name in ["Robot", "Work"] {
        let hello = format!("hello from {name}");
        bots.call("send", &json!({"account": id(name), "recipient": "Boris", "message": hello}));
        his.hears(|said| said["params"]["envelope"]["dataMessage"]["message"] == hello);
        assert_eq!(his.call("sendTyping", &json!({"recipient": name}))["result"], json!({}));
        let typing = |action: &'static str| {
            let account = id(name);
            move |said: &Value| {
                said["params"]["envelope"]["typingMessage"]["action"] == action
                    && said["params"]["account"] == account
            }
        };
        bots.hears(typing("STARTED"));
        his.call("send", &json!({"recipient": name, "message": "well"}));
        bots.hears(typing("STOPPED"));
    }
    let poll = json!({"account": id("Work"), "recipient": "Boris", "question": "Which?", "option": ["a", "b"], "noMulti": true});
    let asked = bots.call("sendPollCreate", &poll)["result"]["timestamp"].clone();
    let came =
        his.hears(|said| said["params"]["envelope"]["dataMessage"]["pollCreate"]["question"] == "Which?");
    let author = &came["params"]["envelope"]["sourceUuid"];
    let vote = json!({"recipient": "Work", "pollAuthor": author, "pollTimestamp": asked, "option": [1]});
    assert!(his.call("sendPollVote", &vote)["error"].is_null());
    let pin = json!({"recipient": "Work", "targetAuthor": author, "targetTimestamp": asked});
    assert!(his.call("sendPinMessage", &pin)["error"].is_null());
    assert!(his.call("sendUnpinMessage", &pin)["error"].is_null());
    let end = json!({"account": id("Work"), "recipient": "Boris", "pollTimestamp": asked});
    assert!(bots.call("sendPollTerminate", &end)["error"].is_null());
}

#[test]
fn what_others_are_told_is_shown_and_switched() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    let told = |terminal: &Terminal| -> Vec<(String, bool)> {
        let rows = terminal.ok(["privacy"]);
        let row =
            |row: &Value| (row["privacy"]["what"].as_str().unwrap().to_owned(), row["privacy"]["on"] == true);
        rows.iter().map(row).collect()
    };
    let at_first = [("typing", true), ("delivered", true), ("read", true), ("presence", false)];
    assert_eq!(told(&anna), at_first.map(|(what, on)| (what.to_owned(), on)));
    anna.ok(["privacy", "read", "off"]);
    assert!(told(&anna).contains(&("read".to_owned(), false)));
    // Both stay: a program that ends leaves marks that do not get off in time to its next start.
    let (mut hears, mut is_told) = (anna.follow(), boris.follow());
    for text in ["read this", "and this"] {
        let sent = boris.ok(["send", "Anna", text])[0]["sent"]["id"].clone();
        hears.text(text);
        is_told.wait_for("the mark", |line| line["mark"] == "delivered" && line["id"] == sent);
    }
    // By the second mark, what was to be told of the first text was told.
    let marks: Vec<Value> = is_told.kill().into_iter().filter(|line| line["event"] == "receipt").collect();
    assert!(marks.iter().all(|mark| mark["mark"] != "read"), "{marks:?}");
    let contacts = boris.ok(["contacts"]);
    assert!(contacts[0]["contact"]["last_seen_at"].is_null());
}

/// A file that another program made, beside the decoders.
fn made(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../media/testdata").join(name)
}

/// Sends files and saves what came; the saved bytes, in order.
fn through(from: &Terminal, to: &Terminal, sent: &[&str]) -> Vec<Vec<u8>> {
    let said = from.ok(sent);
    assert!(said[0]["sending"]["id"].is_string() && said.iter().any(|line| line["sent"]["id"].is_string()));
    let came = to.receive().into_iter().find(|line| line["event"] == "message").expect("a message");
    let folder = tempfile::tempdir().expect("a folder");
    let id = came["id"].as_str().expect("an id");
    let saved = to.ok(["save", id, folder.path().to_str().expect("text")]);
    let paths = saved.iter().filter_map(|line| line["saved"]["path"].as_str());
    paths.map(|path| fs::read(path).expect("it was saved")).collect()
}

#[test]
fn pictures_films_and_files_go_both_ways_and_carry_no_place() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    anna.receive();
    let (picture, film) = (made("camera.jpg"), made("camera.mp4"));
    let (picture, film) = (picture.to_str().expect("text"), film.to_str().expect("text"));
    let marked = |bytes: &[u8], mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    assert!(marked(&fs::read(picture).unwrap(), b"TRACEMAKER"), "there is something to be found");
    for quality in ["data-saver", "standard", "original"] {
        let sent = [
            "send",
            "Boris",
            "our lake",
            "--attach",
            picture,
            film,
            "--quality",
            quality,
            "--wait",
            "stored",
        ];
        let saved = through(&anna, &boris, &sent);
        assert_eq!(saved.len(), 2);
        assert!(saved[0].starts_with(b"\xff\xd8\xff") && saved[1][4..].starts_with(b"ftyp"));
        for bytes in &saved {
            assert!(!marked(bytes, b"TRACE") && !marked(bytes, b"+48.1234"));
        }
    }
    // As a file it is the same to the byte, and so is what is no medium.
    let large: Vec<u8> = (0..3_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let file = anna.home().join("plan.bin");
    fs::write(&file, &large).unwrap();
    let sent = ["send", "Boris", "--attach", picture, file.to_str().unwrap(), "--as-file"];
    let saved = through(&anna, &boris, &sent);
    assert!(saved[0] == fs::read(picture).unwrap() && saved[1] == large);
    let empty = boris.home().join("empty");
    fs::write(&empty, b"").unwrap();
    assert_eq!(through(&boris, &anna, &["send", "Anna", "--attach", empty.to_str().unwrap()]), [b""]);
    let voice = made("sound.wav");
    let saved = through(&boris, &anna, &["send", "Anna", "--attach", voice.to_str().unwrap(), "--voice"]);
    assert!(saved[0].starts_with(b"OggS") && marked(&saved[0], b"OpusHead"));
    // What there is to look at, to free, and to be told.
    let storage = anna.ok(["storage"]);
    assert!(storage[0]["storage"]["bytes"].as_u64().is_some_and(|bytes| bytes > 3_000_000));
    assert_eq!(anna.ok(["storage", "free", "--larger", "1M"])[0]["storage"]["rules"][1]["kind"], "picture");
    assert!(anna.refused(["send", "Boris", "--attach", "/nothing/here.jpg"]).1.contains("cannot be read"));
    assert!(anna.refused(["save", "000000"]).0 != 0);
}

#[test]
fn a_killed_server_and_a_killed_sender_lose_no_file() {
    let mut server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    anna.receive();
    let large: Vec<u8> = (0..20_000_000_u32).map(|at| (at.wrapping_mul(2_246_822_519) >> 11) as u8).collect();
    let file = anna.home().join("film.bin");
    fs::write(&file, &large).unwrap();
    let path = file.to_str().unwrap();
    let mut sends = anna.start(["send", "Boris", "--attach", path]);
    sends.wait_for("that it is safe", |line| line["sending"]["id"].is_string());
    server.kill();
    sends.kill();
    // The file that was picked is not needed any more.
    fs::remove_file(&file).unwrap();
    server.run();
    let goes_on = anna.follow();
    let mut hears = boris.follow();
    let came = hears.wait_for("the message", |line| line["event"] == "message");
    goes_on.kill();
    hears.kill();
    let id = came["id"].as_str().expect("an id");
    let folder = tempfile::tempdir().expect("a folder");
    let saved = boris.ok(["save", id, folder.path().to_str().expect("text")]);
    let path = saved.iter().find_map(|line| line["saved"]["path"].as_str()).expect("it is saved");
    assert!(fs::read(path).unwrap() == large);
}
