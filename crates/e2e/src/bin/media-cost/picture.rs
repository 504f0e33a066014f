//! A photo over slow lines: from the moment its sender lets go to the moment the other one sees something, and all of it.

use std::{
    cell::RefCell,
    fs,
    num::NonZero,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use e2e::{
    browser::{Browser, Line, Pace, Page},
    programs::{Daemon, Server},
};
use serde_json::{Value, json};

use crate::{PATIENCE, Trouble, cut::meet_over, files, round};

/// As phones have it: EDGE, 60 kbit/s up and 120 down, 400 ms there and back; UMTS on the move, 128 and 384 kbit/s, 150 ms, one segment
/// of fifty lost.
const PACES: [(&str, Pace); 2] = [
    ("2G", Pace { up: 7_500, down: 15_000, delay: Duration::from_millis(200), lost_of: None }),
    (
        "3G, lossy",
        Pace { up: 16_000, down: 48_000, delay: Duration::from_millis(75), lost_of: NonZero::new(50) },
    ),
];

/// As people choose it, the smaller one first.
const QUALITIES: [&str; 2] = ["data-saver", "standard"];

/// Each quality over each line.
pub async fn measure(folder: &Path) -> Result<Value, Trouble> {
    let photo = drawn(folder).await?;
    let mut seen = Vec::new();
    for (name, pace) in PACES {
        for quality in QUALITIES {
            seen.push(over(name, pace, quality, &photo).await?);
        }
    }
    Ok(json!({ "photo_bytes": fs::metadata(photo)?.len(), "lines": seen }))
}

/// Both are at the far end of one such line, and there before.
async fn over(name: &str, pace: Pace, quality: &str, photo: &Path) -> Result<Value, Trouble> {
    let server = Server::start();
    let line = Line::at_pace(server.address(), Some(pace)).await?;
    let [anna, boris] = meet_over(&server, &line);
    tokio::task::block_in_place(|| -> Result<Value, Trouble> {
        let (_sends, _loads) = (Daemon::start(&anna, &[]), Daemon::start(&boris, &[]));
        let mut hears = boris.follow();
        let timeout = PATIENCE.as_secs().to_string();
        let begun = Instant::now();
        let sending = anna.start([
            "send",
            "Boris",
            "look",
            "--attach",
            files::text(photo)?,
            "--quality",
            quality,
            "--timeout",
            &timeout,
        ]);
        let id = RefCell::new(String::new());
        let came = hears.hears(PATIENCE, |line| {
            id.replace(line["id"].as_str().unwrap_or_default().to_owned());
            line["event"] == "message" && line["text"] == "look"
        });
        let preview_s = begun.elapsed().as_secs_f64();
        if !came {
            return Err("the photo's message did not come".into());
        }
        let folder = tempfile::tempdir()?;
        // It is being fetched already, as pictures of contacts are.
        let saved = boris.ok(["save", &id.take(), files::text(folder.path())?]);
        let whole_s = begun.elapsed().as_secs_f64();
        sending.ends_well();
        let path = saved.iter().find_map(|line| line["saved"]["path"].as_str()).ok_or("it was not saved")?;
        Ok(json!({
            "line": name, "up_bytes_s": pace.up, "down_bytes_s": pace.down,
            "delay_ms": u64::try_from(pace.delay.as_millis())?, "lost_of": pace.lost_of, "quality": quality,
            "sent_bytes": fs::metadata(path)?.len(),
            "preview_seen_s": round(preview_s), "whole_seen_s": round(whole_s),
        }))
    })
}

/// A photo of twelve megapixels, with as much in it as a photo has.
async fn drawn(folder: &Path) -> Result<PathBuf, Trouble> {
    let browser = Browser::start().await?;
    let page = browser.person().await?.open("about:blank").await?;
    let bytes = jpeg(&page).await?;
    browser.close().await?;
    let photo = folder.join("photo.jpg");
    fs::write(&photo, bytes)?;
    Ok(photo)
}

async fn jpeg(page: &Page) -> Result<Vec<u8>, Trouble> {
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
