//! A real browser, driven the way people who cannot see the screen use it: by role and accessible name.
//!
//! What a test cannot find this way, a screen reader cannot find either, so every browser test is an accessibility test.
//! ```no_run
//! # async fn story(address: &str) -> Result<(), e2e::browser::Failure> {
//! use e2e::browser::Browser;
//!
//! let browser = Browser::start().await?;
//! let alice = browser.person().await?;
//! let bob = browser.person().await?; // shares nothing with Alice
//! let page = alice.open(address).await?;
//! page.textbox("Message").fill("Grüße 👋").await?;
//! page.button("Send").click().await?;
//! page.log("Messages").shows("Grüße 👋").await?;
//! page.status("Connection").shows("Up to date").await?;
//! # Ok(())
//! # }
//! ```
//! Nothing sleeps: a wait ends with the change of the page that fulfils it, or after [`WAIT_MAX`] with what was there
//! instead. Needs Chromium (`cargo xtask setup` installs it).

mod element;
mod failure;
mod line;
mod network;
mod page;

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use chromiumoxide::{
    BrowserConfig,
    cdp::browser_protocol::{
        browser::{
            BrowserContextId, DownloadProgressState, EventDownloadProgress, EventDownloadWillBegin,
            PermissionDescriptor, PermissionSetting, SetDownloadBehaviorBehavior, SetDownloadBehaviorParams,
            SetPermissionParams,
        },
        target::{CreateBrowserContextParams, CreateTargetParams},
    },
};
use futures_util::StreamExt;
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};

pub use element::Element;
pub use failure::{Failure, Result};
pub use line::{Line, Pace};
pub use page::Page;

/// A browser of its own, with an empty profile that is thrown away at the end.
pub struct Browser {
    chromium: chromiumoxide::Browser,
    events: JoinHandle<()>,
    profile: Option<TempDir>,
}

/// Somebody at the browser: cookies, storage and workers shared between their tabs and with nobody else.
pub struct Person<'b> {
    browser: &'b Browser,
    /// `None` is the browser's own profile.
    context: Option<BrowserContextId>,
}

impl Browser {
    /// Starts Chromium with an empty profile.
    pub async fn start() -> Result<Self> {
        let profile = TempDir::new().map_err(|error| Failure::new("a folder for the profile", error))?;
        let browser = Self::start_in(profile.path(), &[]).await?;
        Ok(Self { profile: Some(profile), ..browser })
    }

    /// Starts Chromium with a profile that outlives it, and with further flags (written without the leading dashes).
    /// The [`owner`](Self::owner) of the profile finds their storage again at the next start.
    pub async fn start_in(profile: &Path, flags: &[&str]) -> Result<Self> {
        let config = BrowserConfig::builder()
            .chrome_executable(executable()?)
            .user_data_dir(profile)
            .disable_default_args()
            .args(FLAGS.iter().chain(flags).copied())
            .launch_timeout(START_MAX)
            .request_timeout(WAIT_MAX)
            .viewport(None)
            .build()
            .map_err(|error| Failure::new("the browser's flags", error))?;
        let (chromium, mut handler) = chromiumoxide::Browser::launch(config)
            .await
            .map_err(|error| Failure::new("starting Chromium", error))?;
        let events = tokio::spawn(async move { while handler.next().await.is_some() {} });
        Ok(Self { chromium, events, profile: None })
    }

    /// A new person, isolated from everybody else; their storage ends with the browser.
    pub async fn person(&self) -> Result<Person<'_>> {
        let context = self.chromium.create_browser_context(CreateBrowserContextParams::default()).await?;
        Ok(Person { browser: self, context: Some(context) })
    }

    /// The person whose profile the browser was started in.
    pub fn owner(&self) -> Person<'_> {
        Person { browser: self, context: None }
    }

    /// Answers the browser's question whether a page of theirs may know where it is.
    pub async fn locates(&self, page: &Page, may: bool) -> Result<()> {
        let setting = if may { PermissionSetting::Granted } else { PermissionSetting::Denied };
        let mut answer = SetPermissionParams::new(PermissionDescriptor::new("geolocation"), setting);
        answer.browser_context_id = page.context.clone();
        self.chromium.execute(answer).await?;
        Ok(())
    }

    /// Does something on a page that saves a file, and tells where it is in that folder, whole, under a name of the browser's.
    pub async fn saves(
        &self,
        page: &Page,
        folder: &Path,
        act: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<PathBuf> {
        let mut behaviour = SetDownloadBehaviorParams::new(SetDownloadBehaviorBehavior::AllowAndName);
        behaviour.download_path = Some(folder.display().to_string());
        behaviour.events_enabled = Some(true);
        behaviour.browser_context_id = page.context.clone();
        let mut begins = self.chromium.event_listener::<EventDownloadWillBegin>().await?;
        let mut goes_on = self.chromium.event_listener::<EventDownloadProgress>().await?;
        self.chromium.execute(behaviour).await?;
        act().await?;
        let ends = async {
            let guid = begins.next().await?.guid.clone();
            while let Some(event) = goes_on.next().await {
                if event.guid == guid && event.state != DownloadProgressState::InProgress {
                    return (event.state == DownloadProgressState::Completed).then_some(guid);
                }
            }
            None
        };
        let ended = timeout(page.patience, ends).await;
        let guid = ended.ok().flatten().ok_or_else(|| Failure::new("saving a file", "none was saved"))?;
        Ok(folder.join(guid))
    }

    /// Ends the browser in good order, with everything written to the profile.
    pub async fn close(mut self) -> Result<()> {
        self.chromium.close().await?;
        self.chromium.wait().await.map_err(|error| Failure::new("the end of Chromium", error))?;
        self.events.abort();
        drop(self.profile);
        Ok(())
    }

    /// Ends the browser as a power cut would.
    pub async fn kill(mut self) {
        if let Some(Err(error)) = self.chromium.kill().await {
            eprintln!("Chromium had ended before it was killed: {error}");
        }
        self.events.abort();
    }
}

impl Person<'_> {
    /// Opens an address in a new tab and waits until it has loaded.
    pub async fn open(&self, address: &str) -> Result<Page> {
        let mut tab = CreateTargetParams::new("about:blank");
        tab.browser_context_id = self.context.clone();
        let page = Page::adopt(self.browser.chromium.new_page(tab).await?, self.context.clone()).await?;
        page.open(address).await?;
        Ok(page)
    }

    /// A further tab of the same person; the same as [`open`](Self::open), for stories that are about tabs.
    pub async fn new_tab(&self, address: &str) -> Result<Page> {
        self.open(address).await
    }
}

/// The longest that anything may take before it counts as not happening; generous, for two busy cores.
pub const WAIT_MAX: Duration = Duration::from_secs(30);

/// A cold start of Chromium from a slow disk.
const START_MAX: Duration = Duration::from_secs(60);

/// Without background traffic, and with hidden tabs as quick as visible ones.
const FLAGS: [&str; 13] = [
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "disable-dev-shm-usage",
    "disable-background-timer-throttling",
    "disable-backgrounding-occluded-windows",
    "disable-renderer-backgrounding",
    "window-size=1280,800",
];

fn executable() -> Result<PathBuf> {
    let usual = PathBuf::from("/usr/bin/chromium");
    if usual.exists() {
        return Ok(usual);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| Failure::new("Chromium", "not installed; `cargo xtask setup` installs it"))
}
