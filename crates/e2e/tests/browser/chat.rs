//! What a conversation holds beside texts, and one's own devices, in the web app with the real server.

use e2e::{
    browser::{Browser, Element, Failure, Page},
    pages::Pages,
    programs::{Server, Terminal, texts},
};
use serde_json::Value;

use crate::{Outcome, picture, register_without_handle, say, shows_mark, start_chat};

#[tokio::test]
async fn answers_reactions_edits_deletions_and_forwards() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let boris = Terminal::registered(&server, "Boris");
    let anna = newcomer(&browser, &server, "Anna").await?;
    start_chat(&anna, &boris.invitation()).await?;
    say(&anna, "Shall we swim?").await?;
    shows_mark(&anna, "Shall we swim?", "Sent").await?;
    assert_eq!(texts(&boris.receive()), ["Shall we swim?"]);
    let mut hears = boris.follow();
    boris.ok(["send", "Anna", "At nine, at the lake"]);

    message(&anna, "At nine").find("button", "Message actions").click().await?;
    anna.find("menuitemcheckbox", "React with 👍").click().await?;
    hears.wait_for("the reaction", |line| line["event"] == "reaction" && line["emoji"] == "👍");
    message(&anna, "At nine").find("group", "Reactions").shows("👍").await?;

    act_on(&anna, "At nine", "Reply").await?;
    anna.status("Reply to Boris").shows("At nine, at the lake").await?;
    say(&anna, "I bring breakfast").await?;
    let answer = hears.wait_for("the answer", |line| line["text"] == "I bring breakfast");
    assert!(answer["reply_to"].is_string(), "{answer}");

    act_on(&anna, "I bring breakfast", "Edit").await?;
    anna.status("Edit message").appears().await?;
    say(&anna, "I bring lunch").await?;
    hears.wait_for("the edit", |line| line["event"] == "edit" && line["text"] == "I bring lunch");
    act_on(&anna, "I bring lunch", "What it said before").await?;
    anna.dialog("Edited").shows("I bring breakfast").await?;
    anna.press("Escape").await?;
    anna.dialog("Edited").goes().await?;

    say(&anna, "Wrong chat").await?;
    hears.text("Wrong chat");
    act_on(&anna, "Wrong chat", "Delete for everyone").await?;
    hears.wait_for("the deletion", |line| line["event"] == "delete");
    anna.log("Messages").hides("Wrong chat").await?;

    // What is forwarded says so, and goes where it is led.
    boris.ok(["send", "Anna", "Towels are in the car"]);
    act_on(&anna, "Towels", "Forward").await?;
    anna.dialog("Forward to").find("button", "Boris").click().await?;
    hears.text("Towels are in the car");
    browser.close().await
}

#[tokio::test]
async fn a_poll_a_search_and_what_is_done_with_a_chat() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let boris = Terminal::registered(&server, "Boris");
    let anna = newcomer(&browser, &server, "Anna").await?;
    start_chat(&anna, &boris.invitation()).await?;
    say(&anna, "The boat is red").await?;
    let mut hears = boris.follow();
    hears.text("The boat is red");

    anna.button("Chat actions").click().await?;
    anna.find("menuitem", "New poll").click().await?;
    anna.textbox("Question").fill("Which lake?").await?;
    anna.textbox("Options, one a line").fill("Near\nFar").await?;
    anna.button("Ask").click().await?;
    anna.log("Messages").shows("Which lake?").await?;
    anna.button("Near, 0 votes").click().await?;
    anna.button("Near, 1 vote, yours").appears().await?;
    let poll = hears.text("Which lake?");
    let id = poll["id"].as_str().expect("an id").to_owned();
    boris.ok(["poll", "vote", &id, "2"]);
    anna.button("Far, 1 vote").appears().await?;
    act_on(&anna, "Which lake?", "End the poll").await?;
    message(&anna, "Which lake?").shows("ended").await?;

    anna.button("Search in all chats").click().await?;
    anna.find("searchbox", "Search in all chats").fill("boat").await?;
    anna.list("Found").item("The boat is red").click().await?;
    anna.dialog("Search").goes().await?;
    message(&anna, "The boat is red").appears().await?;

    chat_act(&anna, "Mute 1 hour").await?;
    anna.list("Chats").item("Boris").shows("Muted").await?;
    anna.button("Chat actions").click().await?;
    anna.find("menuitem", "Unmute").click().await?;
    chat_act(&anna, "Messages disappear after 1 day").await?;
    anna.until("document.querySelector('.head__sub').innerText.includes('disappear')").await?;
    chat_act(&anna, "Archive").await?;
    anna.list("Chats").item("Boris").goes().await?;
    browser.close().await
}

#[tokio::test]
async fn a_preview_is_shown_with_its_host_in_sight_and_nobody_is_asked_for_it() -> Outcome {
    let (server, browser, pages) = (Server::start(), Browser::start().await?, Pages::start());
    let boris = Terminal::registered(&server, "Boris").asking_this_machine();
    let anna = newcomer(&browser, &server, "Anna").await?;
    start_chat(&anna, &boris.invitation()).await?;
    say(&anna, "Which train?").await?;
    shows_mark(&anna, "Which train?", "Sent").await?;
    boris.receive();
    let link = pages.link("/good");
    boris.ok(["send", "Anna", &link, "--preview"]);
    assert_eq!(pages.paths(), ["/good", "/lake.png"]);

    let card = anna.link(&format!("Preview of {}: Night trains & boats", pages.host()));
    card.shows("Night trains & boats").await?;
    card.shows("Sleepers from 1 June").await?;
    card.shows(&pages.host()).await?;
    anna.until("document.querySelector('.preview img')?.naturalWidth > 0").await?;
    picture(&anna, "preview").await?;
    let leads = anna.evaluate("document.querySelector('.preview').href").await?;
    assert_eq!(leads.as_str(), Some(link.as_str()));

    // A page makes none, and says so where one would look for the switch.
    say(&anna, &format!("thanks: {link}")).await?;
    shows_mark(&anna, "thanks:", "Sent").await?;
    anna.button("Chat actions").click().await?;
    anna.until("document.querySelector('.menu').innerText.includes('Your other programs can make them')")
        .await?;
    assert!(pages.paths().is_empty(), "whoever reads asks nobody, and neither does the page that sends");
    browser.close().await
}

#[tokio::test]
async fn a_browser_and_a_terminal_are_devices_of_one_person() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let boris = Terminal::registered(&server, "Boris");
    let anna = newcomer(&browser, &server, "Anna").await?;
    start_chat(&anna, &boris.invitation()).await?;
    say(&anna, "Before the laptop").await?;
    shows_mark(&anna, "Before the laptop", "Sent").await?;
    assert_eq!(texts(&boris.receive()), ["Before the laptop"]);

    // A terminal is linked at the browser.
    let laptop = Terminal::new(&server);
    let url = server.url();
    let mut new = laptop.start(["device", "new", "--server", &url, "--name", "Laptop"]);
    let link = text(&new.wait_for("a link", |line| line["link"].is_string())["link"]);
    anna.button("Your devices").click().await?;
    anna.button("Link a device").click().await?;
    anna.textbox("Link of the new device").fill(&link).await?;
    anna.button("Link").click().await?;
    anna.textbox("Number").appears().await?;
    let shown = new.wait_for("a number", |line| line["number"]["number"].is_string());
    anna.textbox("Number").fill(&text(&shown["number"]["number"])).await?;
    anna.button("Link").click().await?;
    new.wait_for("linked", |line| line["linked"]["name"] == "Anna");
    new.ends_well();
    assert_eq!(history(&laptop, "Boris"), ["Before the laptop"]);
    laptop.ok(["send", "Boris", "From the laptop"]);
    anna.button("Your devices").click().await?;
    anna.list("Your devices").item("Laptop").appears().await?;
    anna.press("Escape").await?;
    anna.log("Messages").shows("From the laptop").await?;

    // Another browser is linked at the terminal.
    let second = browser.person().await?.open(&server.url()).await?;
    second.button("Link to an account I have").click().await?;
    second.textbox("Name of this device").fill("Library").await?;
    second.button("Show the link").click().await?;
    second.textbox("Link").appears().await?;
    let link = second.textbox("Link").value().await?;
    let asked = laptop.run(["device", "link", &link]);
    assert_eq!(asked.status.code(), Some(3), "the number is asked for");
    second.heading("Type this number").appears().await?;
    let number = second.evaluate("document.querySelector('[aria-label=Number]').innerText").await?;
    laptop.ok(["device", "link", "--number", number.as_str().expect("a number")]);
    second.list("Chats").item("Boris").shows("From the laptop").await?;
    second.list("Chats").item("Boris").click().await?;
    say(&second, "From the library").await?;
    anna.log("Messages").shows("From the library").await?;

    // Its end is at once.
    anna.button("Your devices").click().await?;
    crate::picture(&anna, "devices").await?;
    anna.button("Remove Library").click().await?;
    anna.button("Remove this device").click().await?;
    anna.list("Your devices").item("Library").goes().await?;
    anna.press("Escape").await?;
    // Once this has left, the epoch is one without the library.
    say(&anna, "Who sits in the library?").await?;
    shows_mark(&anna, "Who sits in the library?", "Sent").await?;
    boris.ok(["send", "Anna", "Not for the library"]);
    anna.log("Messages").shows("Not for the library").await?;
    assert!(!second.evaluate("document.body.innerText").await?.to_string().contains("Not for the library"));
    browser.close().await
}

pub async fn newcomer(browser: &Browser, server: &Server, name: &str) -> Result<Page, Failure> {
    let page = browser.person().await?.open(&server.url()).await?;
    register_without_handle(&page, name).await?;
    Ok(page)
}

fn message<'p>(page: &'p Page, text: &str) -> Element<'p> {
    page.log("Messages").item(text)
}

/// Opens the menu of the message with that text and chooses.
async fn act_on(page: &Page, text: &str, act: &str) -> Outcome {
    message(page, text).find("button", "Message actions").click().await?;
    page.find("menuitem", act).click().await
}

async fn chat_act(page: &Page, act: &str) -> Outcome {
    page.button("Chat actions").click().await?;
    page.find("menuitem", act).click().await?;
    page.dialog("Chat actions").goes().await
}

fn history(terminal: &Terminal, with: &str) -> Vec<String> {
    let lines = terminal.ok(["history", with]);
    lines.iter().filter_map(|line| line["message"]["text"].as_str().map(str::to_owned)).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
