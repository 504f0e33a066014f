//! Photos, files and voice notes in the web app with the real server.

use std::{path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use e2e::{
    browser::{Browser, Failure, Line, Pace, Page},
    programs::Server,
};

use crate::{Outcome, chat::newcomer, invitation, picture, start_chat};

#[tokio::test]
async fn a_photo_arrives_without_the_place_where_it_was_taken() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (anna, boris) = two(&browser, &server.url()).await?;
    let taken = photo_with_place(&anna).await?;
    assert!(contains(&taken, PLACE), "it says where it was taken");
    let file = folder.path().join("lake.jpg");
    std::fs::write(&file, &taken).expect("the photo is written");

    attach(&anna, "#pick-seen", &file).await?;
    anna.list("Attached files").item("lake.jpg").appears().await?;
    anna.button("Original").click().await?;
    picture(&anna, "tray").await?;
    anna.textbox("Message").fill("By the lake").await?;
    anna.button("Send").click().await?;
    anna.list("Attached files").goes().await?;
    boris.log("Messages").shows("By the lake").await?;
    boris.until(&drawn("blob:")).await?;
    picture(&boris, "photo").await?;
    boris.dark(true).await?;
    picture(&boris, "photo-dark").await?;
    anna.dark(true).await?;
    picture(&anna, "photo-out-dark").await?;
    boris.dark(false).await?;
    boris.size(390, 844).await?;
    picture(&boris, "photo-narrow").await?;
    boris.size(1280, 800).await?;

    // On the whole screen, and out of it as a file.
    boris.evaluate("document.querySelector('.message .tile').click()").await?;
    boris.dialog("lake.jpg").appears().await?;
    boris.until("document.querySelector('.viewer img')?.naturalWidth > 0").await?;
    picture(&boris, "viewer").await?;
    let saved =
        browser.saves(&boris, folder.path(), async || boris.button("Save lake.jpg").click().await).await?;
    let arrived = std::fs::read(saved).expect("it was saved");
    assert!(arrived.starts_with(&[0xff, 0xd8]), "a JPEG");
    assert!(!contains(&arrived, PLACE) && !contains(&arrived, b"Exif"), "without what it said of itself");
    boris.press("Escape").await?;
    boris.dialog("lake.jpg").goes().await?;

    // It is among the media of the chat, and takes room.
    boris.button("Chat actions").click().await?;
    boris.find("menuitem", "Photos, videos and files").click().await?;
    boris.until("document.querySelectorAll('.shelf .tile').length === 1").await?;
    picture(&boris, "gallery").await?;
    boris.press("Escape").await?;
    boris.button("Storage").click().await?;
    boris.list("By chat").item("Anna").shows("in 1 file").await?;
    picture(&boris, "storage").await?;
    boris.button("Free Anna").click().await?;
    boris.button("Free Anna now").click().await?;
    boris.list("By chat").goes().await?;
    boris.press("Escape").await?;
    boris.log("Messages").shows("By the lake").await?;
    // It is loaded again when it is asked for.
    boris.until("document.querySelector('.message .tile').ariaLabel.startsWith('Load ')").await?;
    boris.evaluate("document.querySelector('.message .tile').click()").await?;
    boris.until("document.querySelector('.message .tile').ariaLabel.startsWith('Open ')").await?;
    browser.close().await
}

#[tokio::test]
async fn a_file_of_some_megabytes_comes_through_a_line_that_is_cut() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let line = Line::to(server.address()).await?;
    let (anna, boris) = two(&browser, &format!("http://{}", line.address())).await?;
    let sent = noise(FILE_BYTES);
    let file = folder.path().join("scans.zip");
    std::fs::write(&file, &sent).expect("the file is written");

    // The shell is kept for starting without a line.
    anna.until("navigator.serviceWorker.ready.then(() => caches.keys()).then((keys) => keys.length >= 2)")
        .await?;
    line.stall();
    attach(&anna, "#pick-any", &file).await?;
    anna.button("Send").click().await?;
    // It is safe on this device before any of it has left.
    anna.log("Messages").shows("Sending").await?;
    picture(&anna, "outgoing").await?;
    anna.button("Hold").click().await?;
    anna.log("Messages").shows("Held at").await?;
    anna.button("Go on").click().await?;
    line.cut();
    anna.reload().await?;
    anna.list("Chats").item("Boris").click().await?;
    anna.log("Messages").shows("scans.zip").await?;
    line.mend();

    boris.log("Messages").shows("scans.zip").await?;
    boris.until(&act_of_file("Load", "Hold", "Save")).await?;
    if boris.button("Load scans.zip").is_there().await? {
        boris.button("Load scans.zip").click().await?;
    }
    boris.button("Save scans.zip").appears().await?;
    picture(&boris, "file").await?;
    let saved =
        browser.saves(&boris, folder.path(), async || boris.button("Save scans.zip").click().await).await?;
    assert!(std::fs::read(saved).expect("it was saved") == sent, "to the byte");
    browser.close().await
}

#[tokio::test]
async fn what_is_pasted_is_an_album_with_a_caption_and_an_animation_says_so() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let (anna, boris) = two(&browser, &server.url()).await?;
    let pasted = ["camera.jpg", "clear.png", "animated.gif"];
    anna.evaluate(&paste(&pasted)).await?;
    for name in pasted {
        anna.list("Attached files").item(name).appears().await?;
    }
    picture(&anna, "tray-album").await?;
    anna.textbox("Message").fill("Three of them").await?;
    anna.button("Send").click().await?;
    boris.log("Messages").shows("Three of them").await?;
    boris.until("document.querySelectorAll('.album .tile').length === 3").await?;
    boris.until("document.querySelector('.album .corner')?.innerText === 'GIF'").await?;
    boris.until("[...document.querySelectorAll('.album .tile')].every((one) => one.ariaLabel.startsWith('Open '))")
        .await?;
    picture(&boris, "album").await?;
    // One after the other on the whole screen.
    boris.evaluate("document.querySelector('.album .tile').click()").await?;
    boris.dialog("camera.jpg").appears().await?;
    boris.press("ArrowRight").await?;
    boris.press("ArrowRight").await?;
    boris.dialog("animated.gif").appears().await?;
    boris.until("document.querySelector('.viewer img')?.naturalWidth > 0").await?;
    browser.close().await
}

/// Files that other programs made, pasted into the open chat.
fn paste(names: &[&str]) -> String {
    let file = |name: &&str| {
        let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../media/testdata").join(name);
        let bytes = STANDARD.encode(std::fs::read(made).expect("a file beside the decoders"));
        let kind = if name.ends_with("jpg") { "jpeg" } else { &name[name.len() - 3..] };
        format!("['{name}', 'image/{kind}', '{bytes}']")
    };
    let files: Vec<String> = names.iter().map(file).collect();
    format!(
        "(() => {{
            const clipboardData = new DataTransfer();
            for (const [name, type, bytes] of [{}])
                clipboardData.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], name, {{ type }}));
            const event = new ClipboardEvent('paste', {{ clipboardData, bubbles: true, cancelable: true }});
            document.querySelector('.composer textarea').dispatchEvent(event);
        }})()",
        files.join(", ")
    )
}

#[tokio::test]
async fn a_film_is_played_while_the_rest_of_it_comes() -> Outcome {
    let (server, profile) = (Server::start(), tempfile::tempdir().expect("a temporary folder"));
    let browser = Browser::start_in(profile.path(), &["autoplay-policy=no-user-gesture-required"]).await?;
    let pace = Pace { up: 100_000_000, down: 1_000_000, delay: Duration::ZERO, lost_of: None };
    let line = Line::at_pace(server.address(), Some(pace)).await?;
    let (anna, boris) = two(&browser, &format!("http://{}", line.address())).await?;
    let file = profile.path().join("roof.mp4");
    std::fs::write(&file, film_of(FILM_BYTES)).expect("the film is written");
    boris.until("navigator.serviceWorker.controller !== null").await?;

    attach(&anna, "#pick-seen", &file).await?;
    anna.list("Attached files").item("roof.mp4").appears().await?;
    anna.button("Send").click().await?;
    boris.until("document.querySelector('.message .tile')?.ariaLabel.startsWith('Play ')").await?;
    boris.evaluate("document.querySelector('.message .tile').click()").await?;
    boris.dialog("roof.mp4").appears().await?;
    boris.until("document.querySelector('.viewer video')?.readyState >= 3").await?;
    // Nothing more comes, and what is here is played.
    line.stall();
    boris.until("document.querySelector('.viewer video').play().then(() => true)").await?;
    boris.until("document.querySelector('.viewer video').currentTime > 0.5").await?;
    boris.until("document.querySelector('.message progress').value < 100").await?;
    picture(&boris, "film").await?;
    line.mend();
    boris.until("document.querySelector('.viewer video').ended").await?;
    boris.button("Save roof.mp4").appears().await?;
    boris.press("Escape").await?;
    // Nobody but a player is given it under this origin.
    boris.until("fetch('/played/1').then((answer) => answer.status === 404)").await?;
    browser.close().await
}

/// A film that another program made, with so many bytes behind its last picture, as a longer one has.
fn film_of(bytes: usize) -> Vec<u8> {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../media/testdata/camera.mp4");
    let made = std::fs::read(made).expect("the film");
    let kind = made.windows(4).position(|window| window == b"mdat").expect("pictures");
    let (begin, length) =
        (kind - 4, u32::from_be_bytes(made[kind - 4..kind].try_into().expect("four bytes")));
    let end = begin + length as usize;
    let whole = length + u32::try_from(bytes).expect("a small number");
    let index_behind = made[end..].windows(4).any(|window| window == b"moov");
    assert!(index_behind, "no place in the index moves");
    [&made[..begin], &whole.to_be_bytes(), &made[kind..end], &noise(bytes), &made[end..]].concat()
}

#[tokio::test]
async fn a_voice_note_is_recorded_listened_to_sent_and_played() -> Outcome {
    let (server, profile) = (Server::start(), tempfile::tempdir().expect("a temporary folder"));
    let flags = ["use-fake-device-for-media-stream", "use-fake-ui-for-media-stream"];
    let browser = Browser::start_in(profile.path(), &flags).await?;
    let (anna, boris) = two(&browser, &server.url()).await?;
    anna.button("Record a voice note").click().await?;
    anna.find("timer", "Recording 0:01").appears().await?;
    anna.button("Pause").click().await?;
    anna.until("document.querySelector('.recorder__line').innerText.startsWith('Paused at 0:01')").await?;
    anna.button("Go on").click().await?;
    anna.find("timer", "Recording 0:02").appears().await?;
    picture(&anna, "recording").await?;
    anna.button("Done").click().await?;
    anna.button("Listen").click().await?;
    anna.button("Pause listening").appears().await?;
    anna.button("Send").click().await?;
    anna.textbox("Message").appears().await?;

    boris.log("Messages").shows("0:0").await?;
    boris.until("document.querySelector('.voice .round')?.ariaLabel.startsWith('Play ')").await?;
    assert!(
        boris.evaluate("document.querySelectorAll('.voice .wave rect').length").await?.as_u64() == Some(64),
        "its loudness is told"
    );
    picture(&boris, "voice").await?;
    boris.evaluate("document.querySelector('.voice .round').click()").await?;
    boris.until("document.querySelectorAll('.voice .wave .on').length > 4").await?;
    boris.find("slider", "Position").appears().await?;
    boris.button("Speed, 1×").click().await?;
    boris.button("Speed, 1.5×").appears().await?;
    // Heard to its end, it is as before.
    boris.find("slider", "Position").goes().await?;
    browser.close().await
}

#[tokio::test]
async fn a_microphone_that_may_not_be_used_is_said() -> Outcome {
    let (server, profile) = (Server::start(), tempfile::tempdir().expect("a temporary folder"));
    let flags = ["use-fake-device-for-media-stream", "deny-permission-prompts"];
    let browser = Browser::start_in(profile.path(), &flags).await?;
    let (anna, _boris) = two(&browser, &server.url()).await?;
    anna.button("Record a voice note").click().await?;
    anna.until("document.querySelector('.recorder [role=alert]')?.innerText.includes('Allow it')").await?;
    picture(&anna, "microphone-refused").await?;
    anna.button("Discard").click().await?;
    anna.textbox("Message").appears().await?;
    browser.close().await
}

#[tokio::test]
async fn what_is_dropped_goes_from_a_tab_that_does_not_lead() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let (anna, boris) = (browser.person().await?, newcomer(&browser, &server, "Boris").await?);
    let first = anna.open(&server.url()).await?;
    crate::register_without_handle(&first, "Anna").await?;
    let link = invitation(&boris).await?;
    boris.press("Escape").await?;
    start_chat(&first, &link).await?;
    crate::say(&first, "Hello").await?;
    boris.list("Chats").item("Anna").click().await?;

    let second = anna.new_tab(&server.url()).await?;
    crate::open_chat(&second, "Boris").await?;
    second.evaluate(&dropped("notes.txt", "Bread, milk")).await?;
    second.list("Attached files").item("notes.txt").appears().await?;
    second.button("Send").click().await?;
    boris.log("Messages").shows("notes.txt").await?;
    first.log("Messages").shows("notes.txt").await?;
    second.button("Save notes.txt").appears().await?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let saved =
        browser.saves(&second, folder.path(), async || second.button("Save notes.txt").click().await).await?;
    assert_eq!(std::fs::read(saved).expect("it was saved"), b"Bread, milk");
    browser.close().await
}

/// Anna and Boris, who have each other's chat open.
pub async fn two(browser: &Browser, address: &str) -> Result<(Page, Page), Failure> {
    let anna = browser.person().await?.open(address).await?;
    crate::register_without_handle(&anna, "Anna").await?;
    let boris = browser.person().await?.open(address).await?;
    crate::register_without_handle(&boris, "Boris").await?;
    let link = invitation(&boris).await?;
    boris.press("Escape").await?;
    start_chat(&anna, &link).await?;
    crate::say(&anna, "Hello").await?;
    boris.list("Chats").item("Anna").click().await?;
    boris.log("Messages").shows("Hello").await?;
    Ok((anna, boris))
}

/// Chooses a file in that field, as the browser's own window would.
async fn attach(page: &Page, field: &str, file: &Path) -> Outcome {
    let file = file.to_str().expect("a path of letters");
    page.choose(field, &[file]).await
}

/// A photo as a camera makes it: the browser draws it, and the place is laid into it.
async fn photo_with_place(page: &Page) -> Result<Vec<u8>, Failure> {
    let drawn = page
        .evaluate(
            "(() => {
                const canvas = document.createElement('canvas');
                [canvas.width, canvas.height] = [1600, 1200];
                const context = canvas.getContext('2d');
                const sky = context.createLinearGradient(0, 0, 0, 1200);
                sky.addColorStop(0, '#5b8fd6'); sky.addColorStop(0.55, '#f4dfb8'); sky.addColorStop(0.56, '#2f6f73');
                context.fillStyle = sky; context.fillRect(0, 0, 1600, 1200);
                context.fillStyle = '#28364a'; context.beginPath(); context.moveTo(0, 680);
                for (let x = 0; x <= 1600; x += 100) context.lineTo(x, 560 - 140 * Math.abs(Math.sin(x / 170)));
                context.lineTo(1600, 680); context.fill();
                return canvas.toDataURL('image/jpeg', 0.9);
            })()",
        )
        .await?;
    let drawn = drawn.as_str().and_then(|url| url.split_once(',')).map(|(_, bytes)| bytes.to_owned());
    let plain = STANDARD.decode(drawn.expect("a picture")).expect("base64");
    let (start, rest) = plain.split_at(2);
    Ok([start, &exif_with_place(), rest].concat())
}

/// One directory that leads to a directory of places with one entry, the datum, which is a text.
fn exif_with_place() -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend([1, 0, 0x25, 0x88, 4, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0]);
    let length = u8::try_from(PLACE.len()).expect("it is short");
    tiff.extend([1, 0, 0x12, 0, 2, 0, length, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0]);
    tiff.extend(PLACE);
    let body = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = u16::try_from(body.len() + 2).expect("it is short");
    [&[0xff, 0xe1], length.to_be_bytes().as_slice(), &body].concat()
}

/// Bytes that nothing makes smaller, the same each time.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(count).collect()
}

/// Drops a text file on the composer.
fn dropped(name: &str, text: &str) -> String {
    format!(
        "(() => {{
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(['{text}'], '{name}', {{ type: 'text/plain' }}));
            const field = document.querySelector('.composer textarea');
            for (const kind of ['dragover', 'drop'])
                field.dispatchEvent(new DragEvent(kind, {{ dataTransfer, bubbles: true, cancelable: true }}));
        }})()"
    )
}

/// Whether the picture of a message is drawn from there.
fn drawn(scheme: &str) -> String {
    format!(
        "(() => {{
            const image = document.querySelector('.message .tile img');
            return !!image && image.src.startsWith('{scheme}') && image.complete && image.naturalWidth > 0;
        }})()"
    )
}

/// Whether one of these can be done with a file.
fn act_of_file(one: &str, two: &str, three: &str) -> String {
    format!(
        "['{one}', '{two}', '{three}'].some((word) => document.querySelector('.file button')?.title === word)"
    )
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// What the photo says of the place where it was taken.
const PLACE: &[u8] = b"WGS-84 at 46.3625N 14.0938E, on the pier";
/// Several chunks, and more than the browser takes at one time.
const FILE_BYTES: usize = 5_000_000;
/// Of a film, behind its last picture: some eight seconds of its line.
const FILM_BYTES: usize = 8_000_000;
