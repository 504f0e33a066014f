//! One's own profile, what a contact tells, and contact cards, between the web app and a terminal.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use e2e::{
    browser::Browser,
    programs::{Server, Terminal},
};

use crate::{Outcome, chat::newcomer, picture, say, shows_mark, start_chat};

#[tokio::test]
async fn a_profile_and_contact_cards_go_both_ways() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let boris = Terminal::registered_as(&server, "Boris", "+32470000002");
    let carla = Terminal::registered_as(&server, "Carla", "+32470000003");
    boris.ok(["add", "+32470000003"]);
    boris.ok(["send", "+32470000003", "It is me"]);
    let request = carla.receive().into_iter().find(|line| line["event"] == "request").expect("a request");
    carla.ok(["accept", request["from"].as_str().expect("an id")]);
    boris.receive();
    let anna = newcomer(&browser, &server, "Anna").await?;
    start_chat(&anna, &boris.invitation()).await?;
    say(&anna, "Hello").await?;
    shows_mark(&anna, "Hello", "Sent").await?;
    boris.receive();

    // Who she is, for those she has let in.
    anna.button("Your profile").click().await?;
    anna.textbox("About you").fill("Sails, reads").await?;
    anna.button("Save").click().await?;
    let drawn = anna
        .evaluate(
            "(() => { const c = document.createElement('canvas'); c.width = 400; c.height = 300; \
             const x = c.getContext('2d'); x.fillStyle = 'teal'; x.fillRect(0, 0, 200, 300); \
             return c.toDataURL('image/png').split(',')[1]; })()",
        )
        .await?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("me.png");
    let bytes = STANDARD.decode(drawn.as_str().expect("base64")).expect("base64");
    std::fs::write(&file, bytes).expect("it is written");
    anna.choose("#profile-picture", &[file.to_str().expect("text")]).await?;
    anna.until("document.activeElement.classList.contains('crop')").await?;
    anna.press("ArrowRight").await?;
    anna.until("document.querySelector('.crop svg').getAttribute('viewBox') === '65.0 0.0 300.0 300.0'")
        .await?;
    picture(&anna, "profile-crop").await?;
    anna.button("Use this part").click().await?;
    anna.until("document.querySelector('.profile img')?.naturalWidth === 256").await?;
    picture(&anna, "profile").await?;
    anna.press("Escape").await?;
    anna.dialog("Your profile").goes().await?;
    let shown = (0..TRIES).find_map(|_| {
        boris.receive();
        let shown = boris.ok(["contact", "show", "Anna"])[0]["contact"].clone();
        (shown["picture"] == true).then_some(shown)
    });
    assert_eq!(shown.expect("the picture comes")["about"], "Sails, reads");

    // What he tells, and a card of somebody whom she can ask.
    boris.ok(["profile", "set", "--about", "Bakes bread"]);
    boris.ok(["send", "Anna", "--card", "Carla"]);
    anna.list("Contact card").shows("Carla").await?;
    anna.list("Contact card").shows("+32470000003").await?;
    picture(&anna, "card").await?;
    anna.button("About this person").click().await?;
    anna.dialog("Boris").shows("Bakes bread").await?;
    anna.press("Escape").await?;
    anna.dialog("Boris").goes().await?;
    let saved = browser
        .saves(&anna, folder.path(), async || anna.button("Save as a file for address books").click().await)
        .await?;
    let card = std::fs::read_to_string(saved).expect("it was saved");
    assert!(card.contains("FN:Carla") && card.contains("tel:+32470000003"), "{card}");
    anna.button("Ask Carla to be a contact").click().await?;
    anna.button("Start chat").click().await?;
    say(&anna, "Your card came to me").await?;
    shows_mark(&anna, "Your card came to me", "Sent").await?;
    assert!(carla.receive().iter().any(|line| line["event"] == "request"));

    // Hers, to him.
    anna.list("Chats").item("Boris").click().await?;
    anna.button("Attach").click().await?;
    anna.find("menuitem", "Contact card").click().await?;
    anna.find("checkbox", "Your own").click().await?;
    picture(&anna, "card-choose").await?;
    anna.dialog("Send contact cards").find("button", "Send").click().await?;
    anna.dialog("Send contact cards").goes().await?;
    anna.until(
        "[...document.querySelectorAll('[aria-label=\"Contact card\"]')].some((it) => it.innerText.includes('Anna'))",
    )
    .await?;
    let came = (0..TRIES).find_map(|_| boris.receive().into_iter().find(|line| line["cards"][0].is_object()));
    assert_eq!(came.expect("the card comes")["cards"][0]["name"], "Anna");
    browser.close().await
}

/// Times a terminal looks; each waits until the server has nothing more for it.
const TRIES: usize = 20;
