//! Places in the web app with the real server, and a device whose position the test says.

use e2e::{browser::Browser, programs::Server};

use crate::{Outcome, media::two, picture};

#[tokio::test]
async fn a_place_is_chosen_found_told_live_and_stopped() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let (anna, boris) = two(&browser, &server.url()).await?;

    // Refused, it is said so, and a place can be chosen on the map by keys alone.
    browser.locates(&anna, false).await?;
    share(&anna).await?;
    anna.button("Find where I am").click().await?;
    anna.until("document.querySelector('.dialog [role=alert]')?.innerText.includes('Allow it')").await?;
    picture(&anna, "place-refused").await?;
    let map = anna.find("application", "Map to choose a place on");
    map.press("ArrowUp").await?;
    anna.status("Place").shows("Chosen on the map").await?;
    let first = anna.status("Place").text().await?;
    for key in ["+", "+", "ArrowUp", "ArrowLeft"] {
        map.press(key).await?;
    }
    anna.status("Place").hides(&first).await?;
    anna.until("(document.querySelector('.map__land')?.getAttribute('d')?.length ?? 0) > 1000").await?;
    anna.textbox("What it is called").fill("The meadow").await?;
    picture(&anna, "place-chosen").await?;
    anna.button("Share").click().await?;
    anna.dialog("Share a place").goes().await?;
    boris.log("Messages").shows("The meadow").await?;
    boris.button("Show on the map: Place: The meadow").appears().await?;

    // Live: what the device says arrives, at once and as it moves, as precisely as was chosen.
    browser.locates(&anna, true).await?;
    anna.is_at(59.329_312, 18.068_634, 12.0).await?;
    share(&anna).await?;
    anna.button("Live, 15 minutes").click().await?;
    anna.button("Find where I am").click().await?;
    anna.status("Place").shows("Where you are: 59.329312,18.068634, within 12 m").await?;
    anna.button("About 1 km").click().await?;
    picture(&anna, "place-live").await?;
    anna.button("Share live").click().await?;
    boris.log("Messages").shows("59.325,18.07").await?;
    anna.status("They see where you are").appears().await?;
    picture(&anna, "place-telling").await?;
    boris.dark(true).await?;
    picture(&boris, "place-bubble-dark").await?;
    boris.dark(false).await?;
    boris.size(390, 844).await?;
    picture(&boris, "place-bubble-narrow").await?;
    boris.size(1280, 800).await?;
    boris.button("Chat actions").click().await?;
    boris.find("menuitem", "Live places on a map").click().await?;
    boris.list("Places").item("Anna").shows("Live place").await?;
    boris
        .until("(document.querySelector('.mapview .map__land')?.getAttribute('d')?.length ?? 0) > 100")
        .await?;
    picture(&boris, "place-map").await?;
    boris.dark(true).await?;
    picture(&boris, "place-map-dark").await?;
    boris.dark(false).await?;

    // Whoever looks with a position of their own is told the way; nobody asked for it before they did.
    browser.locates(&boris, true).await?;
    boris.is_at(59.335, 17.9, 20.0).await?;
    boris.button("Find where I am").click().await?;
    boris.list("Places").item("Anna").shows("km east of you").await?;
    boris.press("Escape").await?;
    boris.dialog("Map").goes().await?;

    anna.button("Stop telling where you are").click().await?;
    boris.log("Messages").shows("Live place ended").await?;
    anna.status("They see where you are").goes().await?;
    boris.log("Messages").hides("59.325,18.07").await?;
    browser.close().await
}

/// Opens the window in which a place is told.
async fn share(page: &e2e::browser::Page) -> Outcome {
    page.button("Attach").click().await?;
    page.find("menuitem", "Place").click().await?;
    page.dialog("Share a place").appears().await
}
