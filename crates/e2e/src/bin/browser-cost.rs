//! What a text costs in a browser: a web app and a `valise daemon` talk through the real server, and the CPU time of the
//! web app's worker, which has the whole core and its database, is counted beside that of the daemon, which has the same core
//! natively. One JSON object is printed; `cargo xtask bench browser` builds what this needs and runs it.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    process::ExitCode,
    sync::mpsc::{Receiver, channel},
};

use e2e::{
    browser::{Browser, Page},
    cost::{process_cpu_ms, worker_cpu_ms},
    programs::{Daemon, Server, Terminal},
};
use serde_json::{Value, json};

/// What goes wrong here ends the run with a sentence.
type Trouble = Box<dyn std::error::Error>;

/// Texts measured each way.
const TEXTS: u32 = 60;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match measure().await {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(trouble) => {
            eprintln!("browser-cost: {trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<Value, Trouble> {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let robot = Terminal::registered(&server, "Robot");
    let page = browser.person().await?.open(&robot.invitation()).await?;
    page.button("Go on without either").click().await?;
    page.textbox("Your name").fill("Anna").await?;
    page.button("Continue").click().await?;
    page.dialog("An invitation").appears().await?;
    page.button("Start chat").click().await?;
    say(&page, "first").await?;
    let daemon = Daemon::start(&robot, &[]);
    let mut bot = Bot::at(&robot.home().join("bot.sock"))?;
    let anna = bot.hears("first")?;

    // Through a second tab, as the daemon sends: without a draft and a typing note.
    page.evaluate(SECOND_TAB).await?;
    let before = (worker_cpu_ms()?, process_cpu_ms(daemon.process())?);
    for number in 0..TEXTS {
        let text = text("from the browser", number);
        page.evaluate(&format!("tell_robot({}, {number})", json!(text))).await?;
        page.log("Messages").shows(&text).await?;
    }
    settled(&page, &mut bot, "from the browser").await?;
    let between = (worker_cpu_ms()?, process_cpu_ms(daemon.process())?);
    for number in 0..TEXTS {
        bot.says(&anna, &text("from the daemon", number))?;
    }
    page.log("Messages").shows(&text("from the daemon", TEXTS - 1)).await?;
    let after = (worker_cpu_ms()?, process_cpu_ms(daemon.process())?);
    // As a person does: what stands in the field is kept as a draft, and Robot learns that somebody writes.
    for number in 0..TEXTS {
        say(&page, &text("typed", number)).await?;
    }
    settled(&page, &mut bot, "typed").await?;
    let typed = worker_cpu_ms()? - after.0;
    browser.close().await?;

    let each = |from: f64, to: f64| ((to - from) / f64::from(TEXTS) * 100.0).round() / 100.0;
    let (send, receive) = (each(before.0, between.0), each(between.0, after.0));
    let (native_receive, native_send) = (each(before.1, between.1), each(between.1, after.1));
    Ok(json!({
        "scenario": "browser", "tls": false, "n": TEXTS,
        "browser_send_cpu_ms": send, "browser_receive_cpu_ms": receive, "browser_typed_cpu_ms": each(0.0, typed),
        "native_send_cpu_ms": native_send, "native_receive_cpu_ms": native_receive,
        "send_ratio": ratio(send, native_send), "receive_ratio": ratio(receive, native_receive),
    }))
}

/// The last one was heard, and seen to be read.
async fn settled(page: &Page, bot: &mut Bot, whence: &str) -> Result<(), Trouble> {
    let last = text(whence, TEXTS - 1);
    bot.hears(&last)?;
    Ok(page.log("Messages").item(&last).shows("Read").await?)
}

/// Of 256 bytes, each another one.
fn text(whence: &str, number: u32) -> String {
    format!("{number:05} {whence} {}", "0123456789".repeat(26)).chars().take(256).collect()
}

async fn say(page: &Page, text: &str) -> Result<(), Trouble> {
    page.textbox("Message").fill(text).await?;
    page.button("Send").click().await?;
    page.log("Messages").shows(text).await?;
    Ok(())
}

fn ratio(browser: f64, native: f64) -> f64 {
    (browser / native * 10.0).round() / 10.0
}

/// A connection to the daemon's socket. What it says is read as it comes: a reader that does not keep up is shed.
struct Bot {
    stream: UnixStream,
    said: Receiver<String>,
}

impl Bot {
    fn at(path: &Path) -> Result<Self, Trouble> {
        let stream = UnixStream::connect(path)?;
        let lines = BufReader::new(stream.try_clone()?).lines();
        let (tell, said) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Ok(Self { stream, said })
    }

    fn next(&mut self) -> Result<Value, Trouble> {
        Ok(serde_json::from_str(&self.said.recv_timeout(e2e::browser::WAIT_MAX)?)?)
    }

    /// Waits for a text, and tells who wrote it.
    fn hears(&mut self, text: &str) -> Result<Value, Trouble> {
        loop {
            let envelope = &self.next()?["params"]["envelope"];
            if envelope["dataMessage"]["message"] == text {
                return Ok(envelope["sourceUuid"].clone());
            }
        }
    }

    /// Sends a text, and waits until it is taken.
    fn says(&mut self, to: &Value, text: &str) -> Result<(), Trouble> {
        let params = json!({ "recipient": [to], "message": text });
        let call = json!({ "jsonrpc": "2.0", "method": "send", "params": params, "id": text });
        writeln!(self.stream, "{call}")?;
        loop {
            let said = self.next()?;
            if said["id"] == text {
                return if said["error"].is_null() { Ok(()) } else { Err(said.to_string().into()) };
            }
        }
    }
}

/// Makes this page speak as a second tab, too: it finds out who leads, holds the lock that says that it is there, and sends through the
/// leader's worker. Numbers of 64 bits are kept as text; JavaScript would round them.
const SECOND_TAB: &str = r#"(async () => {
    const channel = new BroadcastChannel("valise");
    const leader = await new Promise((found) => {
        channel.onmessage = (event) => {
            const leading = /^\{"leading":(\d+)\}$/.exec(event.data);
            if (leading) found(leading[1]);
        };
        channel.postMessage('"hello"');
    });
    navigator.locks.request("valise-tab-0000000000000007", () => new Promise(() => {}));
    window.tell_robot = (text, id) => {
        const what = JSON.stringify({ action: { send: { to: "Robot", text } } });
        channel.postMessage(`{"to_core":{"leader":${leader},"tab":7,"to":{"id":${id},"what":${what}}}}`);
    };
})()"#;
