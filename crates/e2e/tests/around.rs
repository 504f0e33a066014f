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

#[test]
fn contacts_go_into_a_file_come_back_elsewhere_and_are_told_to_others_as_cards() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered_as(&server, "Boris", "+32470000002");
    let carla = Terminal::registered(&server, "Carla, the plumber");
    for other in [&boris, &carla] {
        other.ok(["add", &anna.invitation()]);
        other.ok(["profile", "set", "--about", "Sails; writes, late"]);
        other.receive();
        anna.receive();
        other.receive();
        anna.receive();
    }
    let shown = &anna.ok(["contact", "show", "Boris"])[0]["contact"];
    assert_eq!((&shown["handle"], &shown["about"]), (&json!("+32470000002"), &json!("Sails; writes, late")));
    anna.ok(["group", "create", "Lake house", "Boris"]);
    let folder = anna.home().to_owned();
    let path = |name: &str| folder.join(name).to_str().expect("text").to_owned();
    let file = path("contacts.vcf");
    let written = anna.ok(["contact", "export", "--out", &file]);
    assert_eq!((&written[0]["cards"]["count"], &written[0]["cards"]["file"]), (&json!(3), &json!(file)));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let flat = text.replace("\r\n ", "");
    for line in [
        "FN:Boris\r\n",
        "TEL;VALUE=uri:tel:+32470000002\r\n",
        "NOTE:Sails\\; writes\\, late\r\n",
        "FN:Carla\\, the plumber\r\n",
        "KIND:group\r\n",
        "MEMBER:urn:uuid:",
    ] {
        assert!(flat.contains(line), "{line} in {flat}");
    }
    let fates = |terminal: &Terminal, args: &[&str]| -> Vec<String> {
        let lines = terminal.ok(args);
        lines.iter().filter_map(|line| line["card"]["fate"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(fates(&anna, &["contact", "import", &file]), ["contact"; 3], "nothing is new to her");
    let dora = Terminal::registered(&server, "Dora");
    assert_eq!(fates(&dora, &["contact", "import", &file]), ["kept"; 3]);
    assert_eq!(fates(&dora, &["contact", "import", &file]), ["same"; 3]);
    assert!(boris.receive().iter().all(|line| line["event"] != "request"), "nobody is asked by itself");
    let again = path("again.vcf");
    dora.ok(["contact", "export", "--out", &again]);
    let sorted = |path: &str| {
        let text = fs::read_to_string(path).unwrap();
        let mut cards: Vec<String> = text.split_inclusive("END:VCARD\r\n").map(str::to_owned).collect();
        cards.sort();
        cards
    };
    assert_eq!(sorted(&again), sorted(&file), "everything comes out again");
    dora.ok(["contact", "import", &file, "--ask"]);
    assert!(boris.receive().iter().any(|line| line["event"] == "request"), "now he is asked");
    let kept = dora.ok(["contact", "cards"]);
    let id = kept.iter().find(|it| it["kept_card"]["name"] == "Lake house").expect("kept")["kept_card"]["id"]
        .clone();
    dora.ok(["contact", "forget", id.as_str().expect("an id")]);
    assert!(dora.ok(["contact", "cards"]).iter().all(|it| it["kept_card"]["name"] != "Lake house"));
    fs::write(path("odd.vcf"), "BEGIN:VCARD\nVERSION:3.0\nFN:Old\nEND:VCARD\nBEGIN:VCARD\nEND:VCARD\n")
        .unwrap();
    let (code, words) = dora.refused(["contact", "import", &path("odd.vcf")]);
    assert!(code != 0 && words.contains("1 cards could not be read"), "{words}");

    anna.ok(["send", "Boris", "--card", "Carla, the plumber", "me"]);
    let came =
        boris.receive().into_iter().find(|line| line["event"] == "message" && line["cards"][0].is_object());
    let came = came.expect("the cards");
    assert_eq!(came["cards"][0]["name"], "Carla, the plumber");
    assert_eq!((&came["cards"][0]["add"], &came["cards"][0]["chat"]), (&Value::Null, &Value::Null));
    assert!(came["cards"][1]["chat"].is_string(), "Anna is among his contacts");
    let saved = boris.ok(["save", came["id"].as_str().expect("an id"), folder.to_str().expect("text")]);
    let card = fs::read_to_string(saved[0]["saved"]["path"].as_str().expect("a path")).unwrap();
    assert!(card.contains("FN:Carla") && !card.contains("NOTE"), "what she says of herself is not passed on");
    boris.ok(["send", "Anna", "--card", &path("odd.vcf").replace("odd", "contacts")]);
    let back =
        anna.receive().into_iter().find(|line| line["event"] == "message" && line["cards"][0].is_object());
    assert_eq!(back.expect("the file")["cards"].as_array().map(Vec::len), Some(3));
    assert!(boris.refused(["send", "Anna", "--card", &path("odd.vcf")]).1.contains("cannot be sent"));
    assert!(boris.refused(["send", "Anna", "--card", "Nobody"]).0 != 0);
}
