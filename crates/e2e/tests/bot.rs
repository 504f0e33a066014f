//! A bot on `valise daemon`, over the socket and over HTTP, with the real server and somebody to talk to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use e2e::programs::{Daemon, Server, Terminal};
use e2e::screen::resident_kib;
use serde_json::{Value, json};

/// A connection to the socket, line by line.
struct Bot {
    stream: BufReader<UnixStream>,
    heard: Vec<Value>,
}

impl Bot {
    fn at(path: &Path) -> Self {
        let stream = UnixStream::connect(path).expect("the daemon listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        Self { stream: BufReader::new(stream), heard: Vec::new() }
    }

    fn says(&mut self, line: &str) {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{line}\n").as_bytes()).expect("it is read");
    }

    fn hears(&mut self) -> Value {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("something is said in time");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}; before: {:?}", self.heard))
    }

    /// The answer to a call; notifications before it are kept.
    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.says(&json!({"jsonrpc": "2.0", "method": method, "params": params, "id": method}).to_string());
        loop {
            let said = self.hears();
            if said["id"] == method {
                return said;
            }
            self.heard.push(said);
        }
    }

    /// The next notification that fits.
    fn waits_for(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.heard.iter().position(&fits) {
            return self.heard.remove(at);
        }
        loop {
            let said = self.hears();
            if fits(&said) {
                return said;
            }
            self.heard.push(said);
        }
    }
}

fn is_text(text: &str) -> impl Fn(&Value) -> bool {
    move |said| said["params"]["envelope"]["dataMessage"]["message"] == text
}

#[test]
fn over_the_socket_a_bot_writes_hears_and_sees_how_far_it_came() {
    let server = Server::start();
    let robot = Terminal::registered(&server, "Robot");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &robot.invitation()]);
    // Said before the bot is there, and again while nobody listens.
    boris.ok(["send", "Robot", "anybody?"]);
    let daemon = Daemon::start(&robot, &[]);
    let path = robot.home().join("bot.sock");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mut following = boris.follow();

    let mut bot = Bot::at(&path);
    let first = bot.waits_for(is_text("anybody?"));
    assert_eq!(first["method"], "receive");
    let envelope = &first["params"]["envelope"];
    assert_eq!(envelope["sourceName"], "Boris");
    assert_eq!(envelope["timestamp"], envelope["dataMessage"]["timestamp"]);
    following.wait_for("the mark", |line| line["event"] == "receipt" && line["mark"] == "read");

    let sent = bot.call("send", &json!({"recipient": [envelope["sourceUuid"]], "message": "beep"}));
    let timestamp = sent["result"]["timestamp"].as_u64().expect("a timestamp");
    assert_eq!(sent["result"]["results"][0]["type"], "SUCCESS");
    following.text("beep");
    bot.waits_for(|said| {
        let receipt = &said["params"]["envelope"]["receiptMessage"];
        receipt["isRead"] == true && receipt["timestamps"] == json!([timestamp])
    });
    boris.ok(["send", "Robot", "good robot"]);
    let praised = bot.waits_for(is_text("good robot"))["params"]["envelope"]["timestamp"].clone();

    // What was said is answered, reacted to, written anew and taken back, named by author and time.
    let good = bot.call("getUserStatus", &json!({"recipient": "Boris"}))["result"][0]["uuid"].clone();
    let answer =
        json!({"recipient": good, "message": "thanks", "quoteAuthor": good, "quoteTimestamp": praised});
    let thanked = bot.call("send", &answer)["result"]["timestamp"].clone();
    following.wait_for("the answer", |line| line["text"] == "thanks" && line["reply_to"].is_string());
    let react = json!({"recipient": good, "emoji": "🤖", "targetAuthor": good, "targetTimestamp": praised});
    assert!(bot.call("sendReaction", &react)["error"].is_null());
    following.wait_for("the reaction", |line| line["event"] == "reaction" && line["emoji"] == "🤖");
    let edit = json!({"recipient": good, "message": "thank you", "editTimestamp": thanked});
    assert!(bot.call("send", &edit)["error"].is_null());
    following.wait_for("the edit", |line| line["event"] == "edit" && line["text"] == "thank you");
    let delete = json!({"recipient": good, "targetTimestamp": thanked});
    assert!(bot.call("remoteDelete", &delete)["error"].is_null());
    following.wait_for("the deletion", |line| line["event"] == "delete");

    // Everybody who listens hears it; who subscribed hears it wrapped.
    let mut other = Bot::at(&path);
    let subscription = other.call("subscribeReceive", &json!({}))["result"].clone();
    boris.ok(["send", "Robot", "both of you"]);
    bot.waits_for(is_text("both of you"));
    other.waits_for(|said| {
        let params = &said["params"];
        params["subscription"] == subscription
            && params["result"]["envelope"]["dataMessage"]["message"] == "both of you"
    });

    // A group: made, written to, answered in, listed.
    let people = json!({"name": "Machines", "member": [envelope["sourceUuid"]]});
    let group = bot.call("updateGroup", &people)["result"]["groupId"].clone();
    bot.call("send", &json!({"groupId": group, "message": "to all"}));
    following.text("to all");
    boris.ok(["send", "Machines", "from one"]);
    let said = bot.waits_for(is_text("from one"));
    assert_eq!(said["params"]["envelope"]["dataMessage"]["groupInfo"]["groupId"], group);
    let groups = bot.call("listGroups", &json!({}));
    assert_eq!((&groups["result"][0]["id"], &groups["result"][0]["name"]), (&group, &json!("Machines")));
    assert_eq!(groups["result"][0]["members"].as_array().map(Vec::len), Some(2), "{groups}");

    let contacts = bot.call("listContacts", &json!({}));
    assert_eq!(contacts["result"][0]["name"], "Boris");
    let code = |answer: Value| answer["error"]["code"].as_i64();
    assert_eq!(code(bot.call("uploadStickerPack", &json!({}))), Some(-32601));
    let refused = bot.call("send", &json!({"recipient": "Boris", "message": "x", "viewOnce": true}));
    assert_eq!(refused["error"]["message"], "Not supported here: viewOnce");
    let refused = bot.call("send", &json!({"recipient": "Boris", "attachments": ["/nothing/here.png"]}));
    assert!(
        refused["error"]["message"].as_str().is_some_and(|why| why.contains("cannot be read")),
        "{refused}"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.txt");
    std::fs::write(&plan, "to the lake\n").expect("it is written");
    let sent = bot.call("send", &json!({"recipient": "Boris", "message": "the plan", "attachments": [plan]}));
    assert!(sent["result"]["timestamp"].is_u64(), "{sent}");
    let came = following.text("the plan");
    assert_eq!(came["attachments"][0]["name"], "plan.txt");
    assert_eq!(code(bot.call("send", &json!({"recipient": "nobody", "message": "x"}))), Some(-1));
    bot.says(r#"[{"jsonrpc":"2.0","method":"version","id":1},{"jsonrpc":"2.0","method":"version"},7]"#);
    let batch = bot.waits_for(Value::is_array);
    assert_eq!(batch.as_array().map(Vec::len), Some(2), "{batch}");
    bot.says("no JSON");
    assert_eq!(code(bot.waits_for(|said| !said["error"].is_null())), Some(-32700));
    let resident = resident_kib(daemon.process());
    assert!(resident <= RESIDENT_KIB_MAX, "{resident} KiB resident");

    // A line without an end is cut off; the others go on.
    let mut endless = UnixStream::connect(&path).unwrap();
    let chunk = vec![b'x'; 64 * 1024];
    while endless.write_all(&chunk).is_ok() {}
    assert_eq!(bot.call("version", &json!({}))["result"]["version"].as_str().map(str::is_empty), Some(false));
    assert!(daemon.ends().success());
    assert!(!path.exists());
}

#[test]
fn over_http_a_bot_needs_the_token_and_hears_events() {
    let server = Server::start();
    let robot = Terminal::registered(&server, "Robot");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &robot.invitation()]);
    let daemon = Daemon::start(&robot, &["--http", "127.0.0.1:0"]);
    let address = daemon.address().to_owned();
    let token = std::fs::read_to_string(robot.home().join("bot-token")).expect("a token");
    let mut following = boris.follow();

    assert_eq!(status(&ask(&address, "GET", "/api/v1/check", None, "")), 200);
    let version = r#"{"jsonrpc":"2.0","method":"version","id":1}"#;
    assert_eq!(status(&ask(&address, "POST", "/api/v1/rpc", None, version)), 401);
    assert_eq!(status(&ask(&address, "GET", "/api/v1/events", Some("guess"), "")), 401);
    assert_eq!(status(&ask(&address, "GET", "/api/v1/rpc", Some(&token), "")), 405);
    assert_eq!(status(&ask(&address, "GET", "/", Some(&token), "")), 404);

    let mut events = open(&address, "GET", "/api/v1/events", Some(&token), "", "");
    // The first sign of life says that it listens.
    let mut last = read_until(&mut events, |line| line.starts_with(':'));
    boris.ok(["send", "Robot", "hello"]);
    last.push_str(&read_until(&mut events, |line| line.starts_with("data:")));
    let data = last.lines().find_map(|line| line.strip_prefix("data:")).expect("data");
    let data: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(data["envelope"]["dataMessage"]["message"], "hello");
    assert!(last.contains("event:receive"), "{last}");

    let send = json!({"jsonrpc": "2.0", "method": "send", "id": 2,
        "params": {"recipient": data["envelope"]["sourceUuid"], "message": "over http"}});
    let answer = ask(&address, "POST", "/api/v1/rpc", Some(&token), &send.to_string());
    assert_eq!(status(&answer), 200, "{answer}");
    following.text("over http");
    let notification = r#"{"jsonrpc":"2.0","method":"version"}"#;
    assert_eq!(status(&ask(&address, "POST", "/api/v1/rpc", Some(&token), notification)), 204);
    let long = "x".repeat(600 * 1024);
    assert_eq!(status(&ask(&address, "POST", "/api/v1/rpc", Some(&token), &long)), 413);

    // Who comes back with what was heard last hears what came in between.
    let id = last.lines().find_map(|line| line.strip_prefix("id:")).expect("an id").to_owned();
    boris.ok(["send", "Robot", "meanwhile"]);
    read_until(&mut events, |line| line.contains("meanwhile"));
    drop(events);
    let mut again =
        open(&address, "GET", "/api/v1/events", Some(&token), &format!("last-event-id: {id}\r\n"), "");
    read_until(&mut again, |line| line.contains("meanwhile"));
    let resident = resident_kib(daemon.process());
    assert!(resident <= RESIDENT_KIB_MAX, "{resident} KiB resident");
    assert!(daemon.ends().success());
}

#[test]
fn a_daemon_says_what_is_wrong_before_it_serves() {
    let server = Server::start();
    let robot = Terminal::registered(&server, "Robot");
    let (code, words) = robot.refused(["daemon", "--http", "0.0.0.0:0"]);
    assert_eq!(code, 2, "{words}");
    let file = robot.home().join("file");
    std::fs::write(&file, "mine").unwrap();
    let (code, words) = robot.refused(["daemon", "--socket", file.to_str().unwrap()]);
    assert_eq!(code, 1, "{words}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
    let _first = Daemon::start(&robot, &[]);
    let (code, words) = robot.refused(["daemon"]);
    assert_eq!(code, 1, "{words}");
}

fn open(
    address: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    more: &str,
    body: &str,
) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(address).expect("the daemon listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let token = token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n{token}{more}\r\n",
        body.len()
    );
    // Whoever refuses early does not read the rest.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    BufReader::new(stream)
}

fn ask(address: &str, method: &str, path: &str, token: Option<&str>, body: &str) -> String {
    let mut answer = Vec::new();
    // A connection that is reset after the answer has answered.
    let _ = open(address, method, path, token, "", body).read_to_end(&mut answer);
    String::from_utf8(answer).expect("text")
}

fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no answer: {answer}"))
}

/// Reads up to and including the line that is meant. Sizes of chunks stand between, on lines of their own.
fn read_until(events: &mut BufReader<TcpStream>, meant: impl Fn(&str) -> bool) -> String {
    let mut read = String::new();
    loop {
        let mut line = String::new();
        let bytes = events.read_line(&mut line).unwrap_or(0);
        assert!(bytes > 0, "it did not come: {read}");
        read.push_str(&line);
        if meant(&line) {
            return read;
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
/// What a bot's machine has for it.
const RESIDENT_KIB_MAX: u64 = 40 * 1024;
