//! People at the web app with the real server, as a new user would try it: by role and name, in Chromium.

mod chat;
mod media;
mod people;
mod place;
mod soak;

use std::{env, path::PathBuf};

use e2e::{
    browser::{Browser, Failure, Line, Page},
    programs::{Server, Terminal},
};

type Outcome = Result<(), Failure>;

#[tokio::test]
async fn by_number_and_address_two_people_meet_and_talk() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let (anna, boris) = (browser.person().await?, browser.person().await?);
    let (anna, boris) = (anna.open(&server.url()).await?, boris.open(&server.url()).await?);
    register(&server, &anna, "+32470123456", "Anna").await?;
    register(&server, &boris, "boris@example.org", "Boris").await?;
    start_chat(&boris, "+32 470 12 34 56").await?;
    say(&boris, "It is me 👋").await?;

    // Nothing of a stranger is shown.
    anna.button("Requests 1").click().await?;
    anna.list("Requests")
        .item("Someone new")
        .find("button", "Someone new Wants to write to you")
        .click()
        .await?;
    anna.heading("Someone knocks").appears().await?;
    let shown = anna.evaluate("document.body.innerText").await?.to_string();
    assert!(!shown.contains("Boris") && !shown.contains("It is me"), "{shown}");
    picture(&anna, "request").await?;
    anna.button("Accept").click().await?;

    anna.log("Messages").shows("It is me 👋").await?;
    anna.list("Chats").item("Boris").shows("It is me 👋").await?;
    shows_mark(&boris, "It is me 👋", "Read").await?;
    anna.textbox("Message").fill("Come in").await?;
    names_stand_apart(&anna).await?;
    say(&anna, "Come in").await?;
    boris.log("Messages").shows("Come in").await?;
    boris.list("Chats").item("Anna").shows("Come in").await?;
    shows_mark(&anna, "Come in", "Read").await?;
    anna.status("Connection").shows("Up to date").await?;
    assert_eq!(messages(&anna).await?, ["It is me 👋", "Come in"]);
    assert_eq!(messages(&boris).await?, ["It is me 👋", "Come in"]);
    picture(&boris, "talk").await?;
    browser.close().await
}

#[tokio::test]
async fn a_link_opened_in_a_browser_leads_to_a_terminal() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let terminal = Terminal::registered(&server, "Anna");
    let boris = browser.person().await?.open(&terminal.invitation()).await?;
    boris.button("Go on without either").click().await?;
    boris.textbox("Your name").fill("Boris").await?;
    boris.button("Continue").click().await?;
    boris.dialog("An invitation").appears().await?;
    boris.button("Start chat").click().await?;
    say(&boris, "From a browser").await?;
    shows_mark(&boris, "From a browser", "Sent").await?;
    let lines = terminal.receive();
    assert_eq!(e2e::programs::texts(&lines), ["From a browser"]);
    terminal.ok(["send", "Boris", "From a terminal"]);
    boris.log("Messages").shows("From a terminal").await?;
    let address = boris.evaluate("location.href").await?.to_string();
    assert!(!address.contains('#'), "the invitation has left the address bar: {address}");
    browser.close().await
}

#[tokio::test]
async fn an_invitation_is_shown_as_link_and_code() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let (anna, boris) = (browser.person().await?, browser.person().await?);
    let anna = anna.open(&server.url()).await?;
    register_without_handle(&anna, "Anna").await?;
    let link = invitation(&anna).await?;
    anna.find("image", "The same link as a code for a camera").appears().await?;
    picture(&anna, "invitation").await?;
    anna.press("Escape").await?;
    anna.dialog("Invite someone").goes().await?;
    let boris = boris.open(&server.url()).await?;
    register_without_handle(&boris, "Boris").await?;
    start_chat(&boris, &link).await?;
    say(&boris, "Found you").await?;
    anna.list("Chats").item("Boris").shows("Found you").await?;
    browser.close().await
}

#[tokio::test]
async fn a_chat_survives_reloading_and_the_end_of_the_browser() -> Outcome {
    let (server, profile) = (Server::start(), tempfile::tempdir().expect("a temporary folder"));
    let anna = Terminal::registered(&server, "Anna");
    let link = anna.invitation();
    let browser = Browser::start_in(profile.path(), &[]).await?;
    let boris = browser.owner().open(&server.url()).await?;
    register_without_handle(&boris, "Boris").await?;
    start_chat(&boris, &link).await?;
    say(&boris, "Before").await?;
    shows_mark(&boris, "Before", "Sent").await?;
    boris.reload().await?;
    boris.list("Chats").item("Anna").shows("Before").await?;
    boris.status("Connection").shows("Up to date").await?;
    browser.kill().await;

    let browser = Browser::start_in(profile.path(), &[]).await?;
    let boris = browser.owner().open(&server.url()).await?;
    open_chat(&boris, "Anna").await?;
    say(&boris, "After").await?;
    shows_mark(&boris, "After", "Sent").await?;
    assert_eq!(messages(&boris).await?, ["Before", "After"]);
    assert_eq!(e2e::programs::texts(&anna.receive()), ["Before", "After"]);
    browser.close().await
}

#[tokio::test]
async fn a_browser_that_is_killed_while_it_sends_has_all_that_it_showed() -> Outcome {
    let (server, profile) = (Server::start(), tempfile::tempdir().expect("a temporary folder"));
    let anna = Terminal::registered(&server, "Anna");
    let link = anna.invitation();
    let browser = Browser::start_in(profile.path(), &[]).await?;
    let boris = browser.owner().open(&server.url()).await?;
    register_without_handle(&boris, "Boris").await?;
    start_chat(&boris, &link).await?;
    say(&boris, "The first").await?;
    shows_mark(&boris, "The first", "Sent").await?;
    browser.kill().await;

    let mut said = vec!["The first".to_owned()];
    for round in 0..KILLS {
        let browser = Browser::start_in(profile.path(), &[]).await?;
        let boris = browser.owner().open(&server.url()).await?;
        open_chat(&boris, "Anna").await?;
        for number in 0..=round {
            let text = format!("Text {number} of round {round}");
            // Shown means: it is safe on this device. What becomes of it on the way is cut off somewhere.
            say(&boris, &text).await?;
            said.push(text);
        }
        browser.kill().await;
    }

    let browser = Browser::start_in(profile.path(), &[]).await?;
    let boris = browser.owner().open(&server.url()).await?;
    open_chat(&boris, "Anna").await?;
    shows_mark(&boris, said.last().expect("some"), "Sent").await?;
    assert_eq!(messages(&boris).await?, said);
    assert_eq!(e2e::programs::texts(&anna.receive()), said);
    browser.close().await
}

#[tokio::test]
async fn a_group_of_a_browser_and_two_terminals() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let (boris, carla) = (Terminal::registered(&server, "Boris"), Terminal::registered(&server, "Carla"));
    let anna = browser.person().await?.open(&server.url()).await?;
    register_without_handle(&anna, "Anna").await?;
    let links = [boris.invitation(), carla.invitation()];
    for link in &links {
        start_chat(&anna, link).await?;
        say(&anna, "Hello").await?;
        shows_mark(&anna, "Hello", "Sent").await?;
    }
    assert_eq!(e2e::programs::texts(&boris.receive()), ["Hello"]);
    assert_eq!(e2e::programs::texts(&carla.receive()), ["Hello"]);
    anna.button("New group").click().await?;
    anna.textbox("Group name").fill("Lake house").await?;
    anna.find("checkbox", "Boris").click().await?;
    anna.find("checkbox", "Carla").click().await?;
    picture(&anna, "new-group").await?;
    anna.button("Make the group").click().await?;
    say(&anna, "Who brings what?").await?;
    shows_mark(&anna, "Who brings what?", "Sent").await?;
    assert_eq!(e2e::programs::texts(&boris.receive()), ["Who brings what?"]);
    boris.ok(["send", "Lake house", "Bread"]);
    anna.log("Messages").shows("Bread").await?;
    anna.list("Chats").item("Lake house").shows("Bread").await?;
    anna.button("About this group").click().await?;
    anna.list("Members").item("Carla").shows("Member").await?;
    picture(&anna, "group").await?;
    anna.button("Remove Carla").click().await?;
    anna.list("Members").item("Carla").goes().await?;
    anna.press("Escape").await?;
    anna.log("Messages").shows("You removed Carla").await?;
    assert_eq!(e2e::programs::texts(&carla.receive()), ["Who brings what?", "Bread"]);
    picture(&anna, "group-talk").await?;
    browser.close().await
}

#[tokio::test]
async fn a_link_into_a_group_is_made_in_a_browser_and_somebody_asks_to_come_in() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let boris = Terminal::registered(&server, "Boris");
    let anna = browser.person().await?.open(&server.url()).await?;
    register_without_handle(&anna, "Anna").await?;
    anna.button("New group").click().await?;
    anna.textbox("Group name").fill("Lake house").await?;
    anna.button("Make the group").click().await?;
    anna.button("About this group").click().await?;
    anna.button("Make a link").click().await?;
    anna.find("image", "The same link as a code for a camera").appears().await?;
    picture(&anna, "group-link").await?;
    let link = anna.textbox("Link").value().await?;
    anna.press("Escape").await?;
    boris.ok(["group", "join", &link]);
    anna.button("About this group").click().await?;
    anna.list("Asking to come in").item("Someone new").shows("asks to come in").await?;
    picture(&anna, "group-knock").await?;
    anna.button("Let Someone new in").click().await?;
    // Nobody knows a name before his device has come in and told it.
    anna.list("Members").item("Someone new").shows("Member").await?;
    boris.receive();
    anna.list("Members").item("Boris").shows("Member").await?;
    anna.press("Escape").await?;
    boris.ok(["send", "Lake house", "Here I am"]);
    anna.log("Messages").shows("Here I am").await?;
    browser.close().await
}

#[tokio::test]
async fn the_groups_one_asks_to_come_into_are_listed_among_the_requests() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let anna = Terminal::registered(&server, "Anna");
    let mut links = Vec::new();
    for name in ["Lake house", "Choir"] {
        anna.ok(["group", "create", name]);
        let made = anna.ok(["group", "link", name, "--approval"]);
        links.push(made[0]["link"].as_str().expect("a link").to_owned());
    }
    let mut following = anna.follow();
    let boris = browser.person().await?.open(&server.url()).await?;
    register_without_handle(&boris, "Boris").await?;
    for link in &links {
        boris.button("New chat").click().await?;
        boris.textbox("Number, e-mail or link").fill(link).await?;
        boris.button("Start chat").click().await?;
        boris.status("Notice").appears().await?;
    }
    boris.button("Requests").click().await?;
    let asked = boris.list("Groups you asked to come into");
    asked.item("Lake house").shows("Lake house").await?;
    asked.item("Choir").shows("Choir").await?;
    picture(&boris, "requests-asked").await?;
    for _ in &links {
        following.wait_for("a knock", |line| line["event"] == "knock");
    }
    following.kill();
    // To one the answer is yes, to the other no.
    let requests = anna.ok(["group", "requests"]);
    let who = requests[0]["knock"]["id"].as_str().expect("an id").to_owned();
    anna.ok(["group", "refuse", "Choir", &who]);
    asked.item("Choir").shows("the answer was no").await?;
    anna.ok(["group", "accept", "Lake house", &who]);
    asked.item("Lake house").goes().await?;
    boris.button("All").click().await?;
    boris.list("Chats").item("Lake house").appears().await?;
    browser.close().await
}

#[tokio::test]
async fn tabs_share_one_core_and_hand_it_over() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let anna = Terminal::registered(&server, "Anna");
    let person = browser.person().await?;
    let first = person.open(&server.url()).await?;
    register_without_handle(&first, "Boris").await?;
    start_chat(&first, &anna.invitation()).await?;
    say(&first, "One").await?;

    let second = person.new_tab(&server.url()).await?;
    open_chat(&second, "Anna").await?;
    second.log("Messages").shows("One").await?;
    say(&second, "Two").await?;
    first.log("Messages").shows("Two").await?;
    shows_mark(&second, "Two", "Sent").await?;

    first.close().await?;
    say(&second, "Three").await?;
    shows_mark(&second, "Three", "Sent").await?;
    second.status("Connection").shows("Up to date").await?;
    assert_eq!(messages(&second).await?, ["One", "Two", "Three"]);
    let third = person.new_tab(&server.url()).await?;
    third.list("Chats").item("Anna").shows("Three").await?;
    assert_eq!(e2e::programs::texts(&anna.receive()), ["One", "Two", "Three"]);
    browser.close().await
}

#[tokio::test]
async fn what_is_written_without_a_line_leaves_by_itself_once() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let line = Line::to(server.address()).await?;
    let anna = browser.person().await?.open(&server.url()).await?;
    register(&server, &anna, "+32470123456", "Anna").await?;
    let boris = browser.person().await?.open(&format!("http://{}", line.address())).await?;
    register_without_handle(&boris, "Boris").await?;
    start_chat(&boris, "+32470123456").await?;
    say(&boris, "Hello").await?;
    anna.button("Requests 1").click().await?;
    anna.list("Requests")
        .item("Someone new")
        .find("button", "Someone new Wants to write to you")
        .click()
        .await?;
    anna.button("Accept").click().await?;
    shows_mark(&boris, "Hello", "Read").await?;
    // The shell is kept for starting without a line.
    boris
        .until("navigator.serviceWorker.ready.then(() => caches.keys()).then((keys) => keys.length >= 2)")
        .await?;

    line.cut();
    say(&boris, "In the tunnel").await?;
    shows_mark(&boris, "In the tunnel", "Sending").await?;
    boris.status("Connection").hides("Up to date").await?;
    picture(&boris, "without-a-line").await?;
    boris.reload().await?;
    open_chat(&boris, "Anna").await?;
    shows_mark(&boris, "In the tunnel", "Sending").await?;

    line.mend();
    anna.log("Messages").shows("In the tunnel").await?;
    shows_mark(&boris, "In the tunnel", "Read").await?;
    boris.status("Connection").shows("Up to date").await?;
    assert_eq!(messages(&boris).await?, ["Hello", "In the tunnel"]);
    assert_eq!(messages(&anna).await?, ["Hello", "In the tunnel"]);
    browser.close().await
}

#[tokio::test]
async fn everything_is_done_with_the_keyboard() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let anna = Terminal::registered(&server, "Anna");
    let boris = browser.person().await?.open(&server.url()).await?;
    boris.textbox("Phone number or e-mail").appears().await?;
    focus_comes_to(&boris, "button \"Go on without either\"").await?;
    boris.press("Enter").await?;
    boris.textbox("Your name").appears().await?;
    boris.insert("Boris").await?;
    boris.press("Enter").await?;
    boris.button("New chat").appears().await?;
    focus_comes_to(&boris, "button \"New chat\"").await?;
    boris.press("Enter").await?;
    boris.textbox("Number, e-mail or link").appears().await?;
    boris.insert(&anna.invitation()).await?;
    boris.press("Enter").await?;
    boris.textbox("Message").appears().await?;
    focus_comes_to(&boris, "textbox \"Message\"").await?;
    boris.insert("First line\nsecond line").await?;
    boris.press("Enter").await?;
    boris.log("Messages").shows("First line second line").await?;
    boris.press("Escape").await?;
    boris.log("Messages").goes().await?;
    let focused = boris.focused().await?;
    assert!(
        focused.starts_with("button") && focused.contains("Anna"),
        "the row it came from has the focus: {focused}"
    );
    boris.press("Enter").await?;
    boris.log("Messages").appears().await?;
    boris.press("Escape").await?;
    boris.log("Messages").goes().await?;
    // A chat and a window, by their names.
    boris.press_control("k").await?;
    boris.find("searchbox", "Search in all chats").appears().await?;
    picture(&boris, "palette").await?;
    boris.insert("ann").await?;
    boris.list("Chats found").item("Anna").appears().await?;
    boris.press("Enter").await?;
    boris.log("Messages").shows("First line second line").await?;
    boris.press_control("k").await?;
    boris.insert("where stor").await?;
    boris.list("What you can do").goes().await?;
    boris.press("Escape").await?;
    boris.press_control("k").await?;
    boris.insert("stor").await?;
    boris.list("What you can do").item("Storage").appears().await?;
    boris.press("Enter").await?;
    boris.dialog("Storage").appears().await?;
    browser.close().await
}

#[tokio::test]
async fn on_a_phone_there_is_one_pane_and_a_way_back() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let anna = Terminal::registered(&server, "Anna");
    let boris = browser.person().await?.open(&server.url()).await?;
    boris.size(390, 844).await?;
    register_without_handle(&boris, "Boris").await?;
    start_chat(&boris, &anna.invitation()).await?;
    say(&boris, "On the way").await?;
    boris.list("Chats").goes().await?;
    picture(&boris, "narrow").await?;
    boris.button("Back").click().await?;
    boris.list("Chats").item("Anna").shows("On the way").await?;
    boris.log("Messages").goes().await?;
    browser.close().await
}

#[tokio::test]
async fn a_request_can_be_refused() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let anna = browser.person().await?.open(&server.url()).await?;
    register(&server, &anna, "anna@example.org", "Anna").await?;
    let stranger = Terminal::registered(&server, "Stranger");
    stranger.ok(["add", "anna@example.org"]);
    stranger.ok(["send", "anna@example.org", "Buy this"]);
    anna.button("Requests 1").click().await?;
    anna.list("Requests")
        .item("Someone new")
        .find("button", "Someone new Wants to write to you")
        .click()
        .await?;
    anna.button("Block").click().await?;
    anna.button("Requests 1").goes().await?;
    assert!(!anna.evaluate("document.body.innerText").await?.to_string().contains("Buy this"));
    browser.close().await
}

#[tokio::test]
async fn a_wrong_code_is_said_and_can_be_corrected() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let page = browser.person().await?.open(&server.url()).await?;
    page.textbox("Phone number or e-mail").fill("anna@example.org").await?;
    page.button("Continue").click().await?;
    page.textbox("Code").appears().await?;
    let code = server.code_for("anna@example.org");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    page.textbox("Code").fill(wrong).await?;
    page.button("Continue").click().await?;
    page.textbox("Your name").fill("Anna").await?;
    page.button("Continue").click().await?;
    page.find("alert", "").appears().await?;
    page.textbox("Code").fill(&code).await?;
    page.button("Continue").click().await?;
    page.button("New chat").appears().await?;
    browser.close().await
}

async fn register(server: &Server, page: &Page, handle: &str, name: &str) -> Outcome {
    page.textbox("Phone number or e-mail").fill(handle).await?;
    page.button("Continue").click().await?;
    page.textbox("Code").appears().await?;
    page.textbox("Code").fill(&server.code_for(handle)).await?;
    page.button("Continue").click().await?;
    page.textbox("Your name").fill(name).await?;
    page.button("Continue").click().await?;
    page.button("New chat").appears().await
}

async fn register_without_handle(page: &Page, name: &str) -> Outcome {
    page.button("Go on without either").click().await?;
    page.textbox("Your name").fill(name).await?;
    page.button("Continue").click().await?;
    page.button("New chat").appears().await
}

async fn start_chat(page: &Page, who: &str) -> Outcome {
    page.button("New chat").click().await?;
    page.textbox("Number, e-mail or link").fill(who).await?;
    page.button("Start chat").click().await?;
    page.textbox("Message").appears().await
}

async fn open_chat(page: &Page, name: &str) -> Outcome {
    page.list("Chats").item(name).click().await?;
    page.textbox("Message").appears().await
}

async fn say(page: &Page, text: &str) -> Outcome {
    page.textbox("Message").fill(text).await?;
    page.button("Send").click().await?;
    page.log("Messages").shows(text).await
}

async fn shows_mark(page: &Page, text: &str, mark: &str) -> Outcome {
    page.log("Messages").item(text).shows(mark).await
}

/// The link that the invitation's window shows; the window stays open.
async fn invitation(page: &Page) -> Result<String, Failure> {
    page.button("Invite someone").click().await?;
    page.textbox("Link").appears().await?;
    page.textbox("Link").value().await
}

/// Tests of other people look for parts of a name as well, as their tools do: each name that they rely on is in one name only.
async fn names_stand_apart(page: &Page) -> Outcome {
    for (elements, name) in [
        ("button, [role=button]", "send"),
        ("button, [role=button]", "new chat"),
        ("textarea, input, [role=textbox]", "message"),
        ("ul, [role=list]", "chats"),
        ("[role=log]", "messages"),
        ("[role=status], output", "connection"),
    ] {
        let named = page
            .evaluate(&format!(
                "[...document.querySelectorAll('{elements}')]
                    .filter((one) => one.offsetParent !== null)
                    .map((one) => one.getAttribute('aria-label') ?? one.innerText)
                    .filter((named) => named.toLowerCase().includes('{name}'))"
            ))
            .await?;
        assert_eq!(named.as_array().map(Vec::len), Some(1), "{name}: {named}");
    }
    Ok(())
}

/// What the messages say, in order, without who, when and state.
async fn messages(page: &Page) -> Result<Vec<String>, Failure> {
    let texts = page
        .evaluate("[...document.querySelectorAll('[role=log] .bubble__text')].map((text) => text.innerText)")
        .await?;
    let texts = texts.as_array().cloned().unwrap_or_default();
    Ok(texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
}

/// Presses Tab until the focus is there.
async fn focus_comes_to(page: &Page, wanted: &str) -> Outcome {
    for _ in 0..TABS_MAX {
        if page.focused().await? == wanted {
            return Ok(());
        }
        page.press("Tab").await?;
    }
    Err(Failure::new(format!("the focus comes to {wanted}"), format!("it is at {}", page.focused().await?)))
}

/// A picture for whoever looks: in the folder that `VALISE_PICTURES` names, or nowhere.
async fn picture(page: &Page, name: &str) -> Outcome {
    match env::var_os("VALISE_PICTURES") {
        Some(folder) => page.screenshot(PathBuf::from(folder).join(format!("{name}.png"))).await,
        None => Ok(()),
    }
}

/// Times that the browser is killed, each time after one text more.
const KILLS: u32 = 4;
/// More than a page of this app has stops.
const TABS_MAX: usize = 30;
