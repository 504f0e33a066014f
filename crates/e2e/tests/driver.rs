//! The driver itself, proved on a page made for it.

mod support {
    pub mod site;
}

use std::{path::PathBuf, time::Duration};

use e2e::browser::{Browser, Failure, Line};
use support::site::Site;

type Outcome = Result<(), Failure>;

#[tokio::test]
async fn a_person_reads_types_clicks_and_reloads() -> Outcome {
    let (site, browser) = (Site::start(), Browser::start().await?);
    let page = browser.person().await?.open(&site.address).await?;
    page.status("Connection").shows("Up to date").await?;
    assert_eq!(page.list("Chats").items().await?, ["Alice 2 unread", "Bob Open"]);
    page.textbox("Message").fill("draft").await?;
    page.textbox("Message").fill("Grüße 👋").await?;
    assert_eq!(page.textbox("Message").value().await?, "Grüße 👋");
    assert_eq!(page.focused().await?, "textbox \"Message\"");
    page.button("Send").click().await?;
    page.log("Messages").shows("Grüße 👋").await?;
    assert!(!page.log("Messages").text().await?.contains("draft"));
    page.textbox("Message").fill("by key").await?;
    page.press("Enter").await?;
    page.log("Messages").shows("by key").await?;
    page.find("switch", "Read receipts").click().await?;
    assert_eq!(page.find("switch", "Read receipts").value().await?, "true");
    page.list("Chats").item("Bob").find("button", "Open").click().await?;
    page.dialog("Bob").appears().await?;
    page.press("Escape").await?;
    page.dialog("Bob").goes().await?;
    page.reload().await?;
    page.log("Messages").hides("by key").await?;
    browser.close().await
}

#[tokio::test]
async fn what_is_missing_is_said_with_what_was_there() -> Outcome {
    let (site, browser) = (Site::start(), Browser::start().await?);
    let page = browser.person().await?.open(&site.address).await?.with_patience(Duration::from_millis(300));
    let failure = page.button("Sned").click().await.expect_err("there is no such button");
    assert_eq!(
        failure.to_string(),
        r#"button "Sned" is clicked: not within 300ms; there is: button "Open", "Send""#
    );
    let failure = page.list("Chats").has_items(&["Alice"]).await.expect_err("there are two");
    assert!(failure.to_string().ends_with(r#"it has ["Alice 2 unread", "Bob Open"]"#), "{failure}");
    browser.close().await
}

#[tokio::test]
async fn people_share_nothing_and_tabs_share_everything() -> Outcome {
    let (site, browser) = (Site::start(), Browser::start().await?);
    let (alice, bob) = (browser.person().await?, browser.person().await?);
    let first = alice.open(&site.address).await?;
    first.evaluate("localStorage.setItem('name', 'alice')").await?;
    let second = alice.new_tab(&site.address).await?;
    assert_eq!(second.evaluate("localStorage.getItem('name')").await?, "alice");
    let stranger = bob.open(&site.address).await?;
    assert!(stranger.evaluate("localStorage.getItem('name')").await?.is_null());
    // A tab behind another can be used like one in front.
    first.textbox("Message").fill("from behind").await?;
    first.button("Send").click().await?;
    first.log("Messages").shows("from behind").await?;
    browser.close().await
}

#[tokio::test]
async fn offline_reaches_the_page_and_its_worker() -> Outcome {
    let (site, browser) = (Site::start(), Browser::start().await?);
    let page = browser.person().await?.open(&site.address).await?;
    page.status("Page socket").shows("open").await?;
    page.reload().await?;
    page.status("Worker socket").shows("open").await?;
    page.offline(true).await?;
    page.until("!navigator.onLine").await?;
    page.until("fetch('/', { cache: 'no-store' }).then(() => false, () => true)").await?;
    page.until("askWorker('fetch').then((answer) => answer === 'failed')").await?;
    page.until("connects().then((answer) => answer === 'closed')").await?;
    page.until("askWorker('connect').then((answer) => answer === 'closed')").await?;
    page.evaluate("startAnotherWorker(); 0").await?;
    page.until("askWorker('fetch').then((answer) => answer === 'failed')").await?;
    page.offline(false).await?;
    page.until("askWorker('fetch').then((answer) => answer === 'fetched')").await?;
    browser.close().await
}

#[tokio::test]
async fn a_cut_line_breaks_open_sockets_and_a_stalled_one_keeps_them() -> Outcome {
    let (site, browser) = (Site::start(), Browser::start().await?);
    let line = Line::to(site.at).await?;
    let page = browser.person().await?.open(&format!("http://{}/", line.address())).await?;
    page.status("Worker socket").shows("open").await?;
    line.stall();
    let answer =
        "globalThis.asked = false; askWorker('fetch').then((answer) => { globalThis.asked = answer }); 0";
    page.evaluate(answer).await?;
    page.status("Worker socket").shows("open").await?;
    assert_eq!(page.evaluate("globalThis.asked").await?, false);
    line.mend();
    page.until("globalThis.asked === 'fetched'").await?;
    line.cut();
    page.status("Page socket").shows("closed").await?;
    page.status("Worker socket").shows("closed").await?;
    page.until("askWorker('fetch').then((answer) => answer === 'failed')").await?;
    line.mend();
    page.until("askWorker('fetch').then((answer) => answer === 'fetched')").await?;
    browser.close().await
}

#[tokio::test]
async fn a_profile_survives_the_browser() -> Outcome {
    let site = Site::start();
    let profile = tempfile::tempdir().map_err(|error| Failure::new("a folder", error))?;
    let browser = Browser::start_in(profile.path(), &[]).await?;
    browser.owner().open(&site.address).await?.evaluate("localStorage.setItem('name', 'alice')").await?;
    browser.close().await?;
    let browser = Browser::start_in(profile.path(), &[]).await?;
    let page = browser.owner().open(&site.address).await?;
    assert_eq!(page.evaluate("localStorage.getItem('name')").await?, "alice");
    let picture: PathBuf = profile.path().join("page.png");
    page.size(240, 320).await?;
    page.screenshot(&picture).await?;
    assert!(std::fs::metadata(&picture).is_ok_and(|file| file.len() > 0));
    browser.close().await
}
