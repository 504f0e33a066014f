//! What files cost: terminals and a web app send them through the real server and load them, beside plain copying in the same run.
//! One JSON object a part is printed; `cargo xtask bench media` builds what this needs and runs it.
//!
//! Usage: `media-cost [MIB]`, of the file that is sent natively; 256 unless told.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use e2e::{
    browser::{Browser, Line, Pace, Page},
    cost::{forget_peak, process_cpu_ms, resident, worker_cpu_ms, worker_processes},
    programs::{Daemon, Server, Terminal},
};
use serde_json::{Value, json};

/// What goes wrong here ends the run with a sentence.
type Trouble = Box<dyn std::error::Error>;

const MIB: u64 = 1 << 20;
/// Of the file that is sent natively, in MiB.
const NATIVE_MIB: u64 = 256;
/// Of the one that a browser sends: it holds two copies more on the way.
const BROWSER_MIB: u64 = 128;
/// Of the one that is sent over a line that is cut.
const CUT_MIB: u64 = 64;
/// How often it is cut.
const CUTS: u64 = 8;
/// Nothing of it takes longer.
const PATIENCE: Duration = Duration::from_secs(1_800);

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let mib = std::env::args().nth(1).map_or(Some(NATIVE_MIB), |typed| typed.parse().ok());
    let Some(mib) = mib else {
        eprintln!("media-cost: give the size in MiB, such as 2048");
        return ExitCode::from(2);
    };
    match measure(mib).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("media-cost: {trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(mib: u64) -> Result<(), Trouble> {
    let folder = tempfile::tempdir()?;
    println!("{}", native(folder.path(), mib)?);
    println!("{}", cut(folder.path()).await?);
    let (figures, photo) = in_browser(folder.path()).await?;
    println!("{figures}");
    for (name, pace) in PACES {
        println!("{}", first_picture(name, pace, &photo).await?);
    }
    Ok(())
}

// ---- a large file ----

/// Two people whose processes go on, so that what they cost can be read from the system.
struct Two {
    server: Server,
    anna: Terminal,
    boris: Terminal,
}

impl Two {
    fn meet() -> Self {
        let server = Server::start_with_tls();
        let anna = Terminal::registered(&server, "Anna");
        let boris = Terminal::registered(&server, "Boris");
        boris.ok(["add", &anna.invitation()]);
        anna.receive();
        Self { server, anna, boris }
    }
}

fn native(folder: &Path, mib: u64) -> Result<Value, Trouble> {
    let file = random_file(folder, mib)?;
    let plain = copy_plainly(&file, folder)?;
    let two = Two::meet();
    let (sends, loads) = (Daemon::start(&two.anna, &[]), Daemon::start(&two.boris, &[]));
    let watched = [sends.process(), loads.process(), two.server.process()];
    let idle = [sends.process(), loads.process()].map(|process| resident(process).map(|(now, _)| now));
    let [idle_sending, idle_loading] = idle;
    watched.into_iter().try_for_each(forget_peak)?;

    let (begun, before) = (Instant::now(), cpu_of(&watched)?);
    let timeout = PATIENCE.as_secs().to_string();
    let sent = ["send", "Boris", "--attach", text(&file)?, "--as-file", "--timeout", &timeout];
    let said = two.anna.ok(sent);
    let (up_s, between) = (begun.elapsed().as_secs_f64(), cpu_of(&watched)?);
    let id = said.iter().find_map(|line| line["sent"]["id"].as_str()).ok_or("it was not sent")?;
    let came = two.boris.follow().wait_for("the message", |line| line["id"] == id);
    drop(came);
    let (begun, middle) = (Instant::now(), cpu_of(&watched)?);
    let saved = two.boris.ok(["save", id, text(folder)?]);
    let (down_s, after) = (begun.elapsed().as_secs_f64(), cpu_of(&watched)?);
    let saved = saved.iter().find_map(|line| line["saved"]["path"].as_str()).ok_or("it was not saved")?;
    if !same(&file, Path::new(saved))? {
        return Err("what was saved is something else".into());
    }
    fs::remove_file(saved)?;
    let rate = |seconds: f64| round(mib as f64 / seconds);
    let each = |from: f64, to: f64| round((to - from) / 1e3 / (mib as f64 / 1024.0));
    let above = |process: u32, idle: io::Result<u64>| -> io::Result<f64> {
        let (_, most) = resident(process)?;
        Ok(round(most.saturating_sub(idle?) as f64 / MIB as f64))
    };
    let (up_cpu, down_cpu) = (each(before[0], between[0]), each(middle[1], after[1]));
    let report = json!({
        "scenario": "media", "what": "native", "mib": mib, "tls": true,
        "upload_mib_s": rate(up_s), "download_mib_s": rate(down_s), "plain_copy_mib_s": plain.mib_s,
        "upload_cpu_s_per_gib": up_cpu, "download_cpu_s_per_gib": down_cpu,
        "server_upload_cpu_s_per_gib": each(before[2], between[2]),
        "server_download_cpu_s_per_gib": each(middle[2], after[2]),
        "plain_copy_cpu_s_per_gib": plain.cpu_s_per_gib,
        "upload_to_plain_copy": round(up_cpu / plain.cpu_s_per_gib),
        "download_to_plain_copy": round(down_cpu / plain.cpu_s_per_gib),
        "sender_mib_above_idle": above(sends.process(), idle_sending)?,
        "receiver_mib_above_idle": above(loads.process(), idle_loading)?,
        "server_mib_most": round(resident(two.server.process())?.1 as f64 / MIB as f64),
    });
    fs::remove_file(&file)?;
    Ok(report)
}

/// CPU time of each, milliseconds.
fn cpu_of(processes: &[u32]) -> io::Result<Vec<f64>> {
    processes.iter().map(|process| process_cpu_ms(*process)).collect()
}

struct Plain {
    mib_s: f64,
    cpu_s_per_gib: f64,
}

/// As programs that copy files do: read, through a socket of loopback, written and flushed.
fn copy_plainly(file: &Path, folder: &Path) -> Result<Plain, Trouble> {
    let mib = fs::metadata(file)?.len() as f64 / MIB as f64;
    let copy = folder.join("copy");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (begun, before) = (Instant::now(), process_cpu_ms(std::process::id())?);
    std::thread::scope(|scope| -> Result<(), Trouble> {
        let sends = scope.spawn(|| -> io::Result<()> {
            let mut to = TcpStream::connect(address)?;
            pour(&mut File::open(file)?, &mut to)
        });
        let (mut from, _) = listener.accept()?;
        let mut to = File::create(&copy)?;
        pour(&mut from, &mut to)?;
        to.sync_all()?;
        sends.join().map_err(|_| "copying stopped")??;
        Ok(())
    })?;
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), process_cpu_ms(std::process::id())? - before);
    fs::remove_file(copy)?;
    Ok(Plain { mib_s: round(mib / seconds), cpu_s_per_gib: round(cpu / 1e3 / (mib / 1024.0)) })
}

/// Through memory: the system's own shortcuts would copy nothing.
fn pour(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return to.flush(),
            length => to.write_all(buffer.get(..length).unwrap_or_default())?,
        }
    }
}

// ---- a line that is cut ----

/// The same file twice: over a whole line, and over one that breaks again and again. What passed more is the waste.
async fn cut(folder: &Path) -> Result<Value, Trouble> {
    let file = random_file(folder, CUT_MIB)?;
    let whole = sent_over(&file, 0).await?;
    let broken = sent_over(&file, CUTS).await?;
    fs::remove_file(&file)?;
    let waste = broken.saturating_sub(whole);
    Ok(json!({
        "scenario": "media", "what": "cut line", "mib": CUT_MIB, "cuts": CUTS, "bytes_whole": whole, "bytes_cut": broken,
        "waste_bytes": waste, "waste_bytes_a_cut": waste / CUTS,
    }))
}

/// Two who know each other, both at the far end of a line.
fn meet_over(server: &Server, line: &Line) -> [Terminal; 2] {
    let far = format!("http://{}", line.address());
    tokio::task::block_in_place(|| {
        let [anna, boris] = ["Anna", "Boris"].map(|name| {
            let terminal = Terminal::new(server);
            terminal.ok(["register", "none", "--server", &far, "--name", name]);
            terminal
        });
        boris.ok(["add", &anna.invitation()]);
        anna.receive();
        [anna, boris]
    })
}

/// Bytes that left for the service until all of it was there.
async fn sent_over(file: &Path, cuts: u64) -> Result<u64, Trouble> {
    let server = Server::start();
    let line = Line::to(server.address()).await?;
    // Who is on one server gives one address for it; the other one is silent while it is counted.
    let [anna, _boris] = meet_over(&server, &line);
    let (before, _) = line.passed();
    let timeout = PATIENCE.as_secs().to_string();
    let sending = anna.start(["send", "Boris", "--attach", text(file)?, "--as-file", "--timeout", &timeout]);
    let size = fs::metadata(file)?.len();
    for number in 1..=cuts {
        // In the middle of a chunk as often as not.
        let at = before + size * number / (cuts + 1);
        let begun = Instant::now();
        while line.passed().0 < at {
            if begun.elapsed() > PATIENCE {
                return Err("it does not go on over the cut line".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        line.cut();
        tokio::time::sleep(Duration::from_millis(200)).await;
        line.mend();
    }
    tokio::task::block_in_place(|| sending.ends_well());
    Ok(line.passed().0 - before)
}

// ---- in a browser ----

async fn in_browser(folder: &Path) -> Result<(Value, PathBuf), Trouble> {
    let file = random_file(folder, BROWSER_MIB)?;
    let (server, browser) = (Server::start(), Browser::start().await?);
    let robot = Terminal::registered(&server, "Robot");
    let page = browser.person().await?.open(&robot.invitation()).await?.with_patience(PATIENCE);
    page.button("Go on without either").click().await?;
    page.textbox("Your name").fill("Anna").await?;
    page.button("Continue").click().await?;
    page.dialog("An invitation").appears().await?;
    page.button("Start chat").click().await?;
    say(&page, "first").await?;
    tokio::task::block_in_place(|| robot.receive());
    let photo = folder.join("photo.jpg");
    fs::write(&photo, drawn(&page).await?)?;

    let worker = worker_processes()?.first().copied().ok_or("the browser has no worker")?;
    let (idle, _) = resident(worker)?;
    forget_peak(worker)?;
    let (begun, before) = (Instant::now(), worker_cpu_ms()?);
    page.choose("#pick-any", &[text(&file)?]).await?;
    page.list("Attached files").item("random").appears().await?;
    page.textbox("Message").fill("a large one").await?;
    page.button("Send").click().await?;
    page.log("Messages").item("a large one").shows("Sent").await?;
    let (up_s, between) = (begun.elapsed().as_secs_f64(), worker_cpu_ms()?);
    let sending = resident(worker)?.1.saturating_sub(idle);
    let back = tokio::task::block_in_place(|| {
        robot.receive();
        robot.ok(["send", "Anna", "and back", "--attach", text(&file).unwrap_or_default(), "--as-file"])
    });
    drop(back);
    page.log("Messages").item("and back").appears().await?;
    forget_peak(worker)?;
    let (begun, middle) = (Instant::now(), worker_cpu_ms()?);
    page.log("Messages").item("and back").find("button", "Load random").click().await?;
    page.log("Messages").item("and back").find("button", "Save random").appears().await?;
    let (down_s, after) = (begun.elapsed().as_secs_f64(), worker_cpu_ms()?);
    let loading = resident(worker)?.1.saturating_sub(idle);
    browser.close().await?;
    fs::remove_file(&file)?;
    let each = |from: f64, to: f64| round((to - from) / 1e3 / (BROWSER_MIB as f64 / 1024.0));
    let mib = |bytes: u64| round(bytes as f64 / MIB as f64);
    let figures = json!({
        "scenario": "media", "what": "browser", "mib": BROWSER_MIB, "tls": false,
        "upload_mib_s": round(BROWSER_MIB as f64 / up_s), "download_mib_s": round(BROWSER_MIB as f64 / down_s),
        "upload_worker_cpu_s_per_gib": each(before, between), "download_worker_cpu_s_per_gib": each(middle, after),
        "uploading_mib_above_idle": mib(sending), "loading_mib_above_idle": mib(loading),
    });
    Ok((figures, photo))
}

async fn say(page: &Page, text: &str) -> Result<(), Trouble> {
    page.textbox("Message").fill(text).await?;
    page.button("Send").click().await?;
    page.log("Messages").shows(text).await?;
    Ok(())
}

/// A photo of twelve megapixels, with as much in it as a photo has.
async fn drawn(page: &Page) -> Result<Vec<u8>, Trouble> {
    let bytes = page
        .evaluate(
            "(async () => {
                const canvas = new OffscreenCanvas(4000, 3000), context = canvas.getContext('2d');
                const sky = context.createLinearGradient(0, 0, 0, 3000);
                sky.addColorStop(0, '#5b8fd6'); sky.addColorStop(0.6, '#f4dfb8'); sky.addColorStop(1, '#2f6f73');
                context.fillStyle = sky; context.fillRect(0, 0, 4000, 3000);
                let state = 7;
                const random = () => (state = (state * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
                for (let n = 0; n < 60000; n++) {
                    context.fillStyle = `hsla(${360 * random()}, 40%, ${20 + 60 * random()}%, 0.35)`;
                    context.fillRect(4000 * random(), 3000 * random(), 60 * random(), 60 * random());
                }
                const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
                return Array.from(new Uint8Array(await blob.arrayBuffer()), byte => byte.toString(16).padStart(2, '0')).join('');
            })()",
        )
        .await?;
    let digits = bytes.as_str().ok_or("no picture")?.as_bytes();
    let byte =
        |pair: &[u8]| -> Result<u8, Trouble> { Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?) };
    digits.chunks(2).map(byte).collect()
}

// ---- the first picture on a slow line ----

/// As phones have it: EDGE in a village, and UMTS in a train.
const PACES: [(&str, Pace); 2] = [
    ("2G", Pace { up: 12_000, down: 24_000, delay: Duration::from_millis(300) }),
    ("3G", Pace { up: 48_000, down: 96_000, delay: Duration::from_millis(100) }),
];

/// From the moment the sender lets go to the moment the other sees something, and to the whole picture; over one such line.
async fn first_picture(name: &str, pace: Pace, photo: &Path) -> Result<Value, Trouble> {
    let server = Server::start();
    let service = server.address();
    let line = Line::at_pace(service, Some(pace)).await?;
    let [anna, boris] = meet_over(&server, &line);
    tokio::task::block_in_place(|| -> Result<Value, Trouble> {
        let (_sends, _loads) = (Daemon::start(&anna, &[]), Daemon::start(&boris, &[]));
        let mut hears = boris.follow();
        let begun = Instant::now();
        let timeout = PATIENCE.as_secs().to_string();
        let said = anna.ok([
            "send",
            "Boris",
            "look",
            "--attach",
            text(photo)?,
            "--quality",
            "data-saver",
            "--timeout",
            &timeout,
        ]);
        let sent_s = begun.elapsed().as_secs_f64();
        let id = said.iter().find_map(|line| line["sent"]["id"].as_str()).ok_or("it was not sent")?;
        hears.wait_for("the message", |line| line["id"] == id);
        let seen_s = begun.elapsed().as_secs_f64();
        let folder = tempfile::tempdir()?;
        let saved = boris.ok(["save", id, text(folder.path())?]);
        let whole_s = begun.elapsed().as_secs_f64();
        let path = saved.iter().find_map(|line| line["saved"]["path"].as_str()).ok_or("it was not saved")?;
        Ok(json!({
            "scenario": "media", "what": "first picture", "line": name,
            "up_bytes_s": pace.up, "down_bytes_s": pace.down, "delay_ms": pace.delay.as_millis() as u64,
            "photo_bytes": fs::metadata(photo)?.len(), "sent_bytes": fs::metadata(path)?.len(),
            "sent_s": round(sent_s), "preview_seen_s": round(seen_s), "whole_seen_s": round(whole_s),
        }))
    })
}

// ---- files ----

fn random_file(folder: &Path, mib: u64) -> Result<PathBuf, Trouble> {
    let path = folder.join("random");
    let mut from = File::open("/dev/urandom")?.take(mib * MIB);
    io::copy(&mut from, &mut File::create(&path)?)?;
    Ok(path)
}

fn same(one: &Path, other: &Path) -> Result<bool, Trouble> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (vec![0; MIB as usize], vec![0; MIB as usize]);
    loop {
        let length = one.read(&mut a)?;
        if length == 0 {
            return Ok(true);
        }
        other.read_exact(b.get_mut(..length).unwrap_or_default())?;
        if a.get(..length) != b.get(..length) {
            return Ok(false);
        }
    }
}

fn text(path: &Path) -> Result<&str, Trouble> {
    path.to_str().ok_or_else(|| "a folder whose name is no text".into())
}

/// Two digits behind the point.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
