//! A large file from one `valise daemon` to another: both go on, so that what they cost can be read from the system.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Instant,
};

use e2e::{
    cost::{forget_peak, process_cpu_ms, resident},
    programs::{Daemon, Server, Terminal},
};
use serde_json::{Value, json};

use crate::{MIB, PATIENCE, Trouble, files, round};

/// Sends it, loads it, saves it.
pub fn measure(folder: &Path, mib: u64, bare: &Value) -> Result<Value, Trouble> {
    let file = files::random(folder, mib)?;
    let server = Server::start_with_tls();
    let (anna, boris) = (Terminal::registered(&server, "Anna"), Terminal::registered(&server, "Boris"));
    boris.ok(["add", &anna.invitation()]);
    anna.receive();
    let (sends, loads) = (Daemon::start(&anna, &[]), Daemon::start(&boris, &[]));
    let watched = Watched::new([sends.process(), loads.process(), server.process()])?;

    let sent = watched.during(|| {
        let timeout = PATIENCE.as_secs().to_string();
        Ok(anna.ok(["send", "Boris", "--attach", files::text(&file)?, "--as-file", "--timeout", &timeout]))
    })?;
    let id = sent.came_of_it.iter().find_map(|line| line["sent"]["id"].as_str()).ok_or("it was not sent")?;
    drop(boris.follow().wait_for("the message", |line| line["id"] == id));
    let loaded = watched.during(|| Ok(boris.ok(["save", id, files::text(folder)?])))?;
    let path = loaded.came_of_it.iter().find_map(|line| line["saved"]["path"].as_str()).map(PathBuf::from);
    let saved = path.ok_or("it was not saved")?;
    files::assert_same(&file, &saved)?;

    let gib = mib as f64 / 1024.0;
    let cpu = |spent: &Spent<_>, who: usize| spent.cpu_s.get(who).copied().unwrap_or(f64::NAN) / gib;
    let rate = |spent: &Spent<_>| round(mib as f64 / spent.seconds);
    // What has to be done at each end: the cipher, and what copying costs that end.
    let cipher = figure(bare, &["cipher", "bare_cpu_s_per_gib"])?;
    let needed = |end: &str| Ok::<_, Trouble>(cipher + figure(bare, &["copy", "tls", end])?);
    let ratio = |cpu: f64, end: &str| Ok::<_, Trouble>(round(cpu / needed(end)?));
    let plain = figure(bare, &["copy", "tls", "mib_s"])?;
    let above = watched.most_above_idle()?;
    let on_disk = |folder: &Path| Ok::<_, Trouble>(round(files::on_disk(folder)? as f64 / MIB as f64));
    let report = json!({
        "tls": true,
        "upload": {
            "mib_s": rate(&sent), "to_plain_copy": round(rate(&sent) / plain),
            "sender_cpu_s_per_gib": round(cpu(&sent, SENDER)), "server_cpu_s_per_gib": round(cpu(&sent, SERVER)),
            "sender_cpu_to_cipher_and_copy": ratio(cpu(&sent, SENDER), "sender_cpu_s_per_gib")?,
        },
        "download": {
            "mib_s": rate(&loaded), "to_plain_copy": round(rate(&loaded) / plain),
            "receiver_cpu_s_per_gib": round(cpu(&loaded, RECEIVER)),
            "server_cpu_s_per_gib": round(cpu(&loaded, SERVER)),
            "receiver_cpu_to_cipher_and_copy": ratio(cpu(&loaded, RECEIVER), "receiver_cpu_s_per_gib")?,
        },
        "mib_above_idle": { "sender": above[SENDER], "receiver": above[RECEIVER], "server": above[SERVER] },
        "mib_on_disk": {
            "sender": on_disk(anna.home())?, "receiver": on_disk(boris.home())?, "server": on_disk(&server.data())?,
        },
    });
    fs::remove_file(&file)?;
    fs::remove_file(saved)?;
    Ok(report)
}

/// Places among those who are watched.
const SENDER: usize = 0;
const RECEIVER: usize = 1;
const SERVER: usize = 2;

/// A number somewhere in figures.
fn figure(figures: &Value, path: &[&str]) -> Result<f64, Trouble> {
    let found = path.iter().try_fold(figures, |inside, name| inside.get(name));
    found.and_then(Value::as_f64).ok_or_else(|| format!("no figure {}", path.join(".")).into())
}

/// Three processes, and what they held when nothing happened.
struct Watched {
    processes: [u32; 3],
    idle: [u64; 3],
}

/// What something took.
struct Spent<T> {
    came_of_it: T,
    seconds: f64,
    /// Of each process.
    cpu_s: Vec<f64>,
}

impl Watched {
    fn new(processes: [u32; 3]) -> io::Result<Self> {
        let mut idle = [0; 3];
        for (process, idle) in processes.into_iter().zip(&mut idle) {
            forget_peak(process)?;
            *idle = resident(process)?.0;
        }
        Ok(Self { processes, idle })
    }

    fn during<T>(&self, act: impl FnOnce() -> Result<T, Trouble>) -> Result<Spent<T>, Trouble> {
        let (begun, before) = (Instant::now(), self.cpu_s()?);
        let came_of_it = act()?;
        let (seconds, after) = (begun.elapsed().as_secs_f64(), self.cpu_s()?);
        Ok(Spent {
            came_of_it,
            seconds,
            cpu_s: after.iter().zip(before).map(|(to, from)| to - from).collect(),
        })
    }

    fn cpu_s(&self) -> io::Result<Vec<f64>> {
        self.processes.iter().map(|process| Ok(process_cpu_ms(*process)? / 1e3)).collect()
    }

    /// The most that each has held since, above what it held then, in MiB.
    fn most_above_idle(&self) -> io::Result<[f64; 3]> {
        let mut above = [0.0; 3];
        for ((process, idle), above) in self.processes.into_iter().zip(self.idle).zip(&mut above) {
            *above = round(resident(process)?.1.saturating_sub(idle) as f64 / MIB as f64);
        }
        Ok(above)
    }
}
