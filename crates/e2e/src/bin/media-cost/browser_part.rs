//! A large file out of a web app and back into it. What its worker costs is read from the system, and what the whole browser costs beside
//! it: the browser's own processes read the picked file and keep what is saved.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use e2e::{
    browser::{Browser, Page},
    cost::{Browsers, worker_cpu_ms, worker_processes},
    programs::{Server, Terminal},
};
use serde_json::{Value, json};

use crate::{MIB, PATIENCE, Trouble, files, round};

/// Sends it, loads it, saves it.
pub async fn measure(folder: &Path, mib: u64) -> Result<Value, Trouble> {
    let file = files::random(folder, mib)?;
    let profile = tempfile::tempdir()?;
    // A profile on the disk: the storage of others lies in memory.
    let (server, browser) = (Server::start(), Browser::start_in(profile.path(), &[]).await?);
    let robot = Terminal::registered(&server, "Robot");
    let page = browser.owner().open(&robot.invitation()).await?.with_patience(PATIENCE);
    meet(&page).await?;
    tokio::task::block_in_place(|| robot.receive());

    let watched = Watched::new(mib)?;
    let uploaded = watched
        .during(async || {
            page.choose("#pick-any", &[files::text(&file)?]).await?;
            page.list("Attached files").item("random").appears().await?;
            page.textbox("Message").fill("a large one").await?;
            page.button("Send").click().await?;
            Ok(page.log("Messages").item("a large one").shows("Sent").await?)
        })
        .await?;
    let text = files::text(&file)?;
    tokio::task::block_in_place(|| {
        robot.receive();
        let timeout = PATIENCE.as_secs().to_string();
        robot.ok(["send", "Anna", "and back", "--attach", text, "--as-file", "--timeout", &timeout])
    });
    let item = page.log("Messages").item("and back");
    item.appears().await?;
    let downloaded = watched
        .during(async || {
            item.find("button", "Load random").click().await?;
            Ok(item.find("button", "Save random").appears().await?)
        })
        .await?;
    let mut path = PathBuf::new();
    let saved = watched
        .during(async || {
            let save = async || item.find("button", "Save random").click().await;
            path = browser.saves(&page, folder, save).await?;
            Ok(())
        })
        .await?;
    files::assert_same(&file, &path)?;
    browser.close().await?;
    fs::remove_file(path)?;
    fs::remove_file(&file)?;
    Ok(json!({ "tls": false, "upload": uploaded, "download": downloaded, "save": saved }))
}

/// Anna, new in the browser, and the robot that invited her.
async fn meet(page: &Page) -> Result<(), Trouble> {
    page.button("Go on without either").click().await?;
    page.textbox("Your name").fill("Anna").await?;
    page.button("Continue").click().await?;
    page.dialog("An invitation").appears().await?;
    page.button("Start chat").click().await?;
    page.textbox("Message").fill("first").await?;
    page.button("Send").click().await?;
    Ok(page.log("Messages").shows("first").await?)
}

/// The browser before anything large went through it.
struct Watched {
    mib: u64,
    idle: Browsers,
    /// The process of the page and its worker.
    worker: u32,
}

impl Watched {
    fn new(mib: u64) -> Result<Self, Trouble> {
        let worker = worker_processes()?.first().copied().ok_or("the browser has no worker")?;
        Ok(Self { mib, idle: Browsers::look()?, worker })
    }

    async fn during(&self, act: impl AsyncFnOnce() -> Result<(), Trouble>) -> Result<Value, Trouble> {
        let (before, worker) = (Browsers::look()?, worker_cpu_ms()?);
        before.forget_peaks()?;
        let begun = Instant::now();
        act().await?;
        let seconds = begun.elapsed().as_secs_f64();
        let (after, worker) = (Browsers::look()?, worker_cpu_ms()? - worker);
        let each = |ms: f64| round(ms / 1e3 / (self.mib as f64 / 1024.0));
        let above = |process: Option<u32>| round(after.most_above(&self.idle, process) as f64 / MIB as f64);
        Ok(json!({
            "mib_s": round(self.mib as f64 / seconds),
            "worker_cpu_s_per_gib": each(worker), "browser_cpu_s_per_gib": each(after.cpu_ms() - before.cpu_ms()),
            "page_and_worker_mib_above_idle": above(Some(self.worker)), "browser_mib_above_idle": above(None),
        }))
    }
}
