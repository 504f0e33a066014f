//! The same file twice, over a whole line and over one that breaks again and again, each way. What passed more is the waste.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use e2e::{
    browser::Line,
    programs::{Follower, Server, Terminal},
};
use serde_json::{Value, json};

use crate::{MIB, PATIENCE, Trouble, files};

/// Of the file.
const CUT_MIB: u64 = 64;
/// How often the line is cut, each way.
const CUTS: u64 = 8;
/// Bytes of a chunk of such a file.
const CHUNK_BYTES: u64 = MIB;
/// For how long there is no line.
const AWAY: Duration = Duration::from_millis(200);

/// Up and down.
pub async fn measure(folder: &Path) -> Result<Value, Trouble> {
    let file = files::random(folder, CUT_MIB)?;
    let whole = passed(folder, &file, 0).await?;
    let broken = passed(folder, &file, CUTS).await?;
    fs::remove_file(&file)?;
    let way = |whole: u64, broken: u64| {
        let waste = broken.saturating_sub(whole);
        json!({
            "bytes_whole": whole, "bytes_cut": broken, "waste_bytes_a_cut": waste / CUTS,
            "waste_chunks_a_cut": crate::round(waste as f64 / (CUTS * CHUNK_BYTES) as f64),
        })
    };
    Ok(json!({ "mib": CUT_MIB, "cuts": CUTS, "up": way(whole.0, broken.0), "down": way(whole.1, broken.1) }))
}

/// Bytes that left the sender until all was at the service, and that came to whoever saved it.
async fn passed(folder: &Path, file: &Path, cuts: u64) -> Result<(u64, u64), Trouble> {
    let server = Server::start();
    let line = Line::to(server.address()).await?;
    let [anna, boris] = meet_over(&server, &line);
    let timeout = PATIENCE.as_secs().to_string();
    let sending = ["send", "Boris", "--attach", files::text(file)?, "--as-file", "--timeout", &timeout];
    let up = while_cut(&line, cuts, |(up, _)| up, || anna.start(sending)).await?;
    let heard = tokio::task::block_in_place(|| boris.receive());
    let id = heard.iter().filter(|line| line["event"] == "message").find_map(|line| line["id"].as_str());
    let saving = ["save", id.ok_or("the message did not come")?, files::text(folder)?];
    let down = while_cut(&line, cuts, |(_, down)| down, || boris.start(saving)).await?;
    let saved = folder.join("random (2)");
    files::assert_same(file, &saved)?;
    fs::remove_file(saved)?;
    Ok((up, down))
}

/// Two who know each other, both at the far end of a line: who is on one server gives one address for it. Whoever has nothing to do is
/// silent while the other one is counted.
pub fn meet_over(server: &Server, line: &Line) -> [Terminal; 2] {
    let far = format!("http://{}", line.address());
    tokio::task::block_in_place(|| {
        let [anna, boris] = ["Anna", "Boris"].map(|name| {
            let terminal = Terminal::new(server);
            terminal.ok(["register", "none", "--server", &far, "--name", name]);
            terminal
        });
        boris.ok(["add", &anna.invitation()]);
        anna.receive();
        [anna, boris]
    })
}

/// Bytes that pass one way until a program has ended, the line being cut so often while the file passes.
async fn while_cut(
    line: &Line,
    cuts: u64,
    way: impl Fn((u64, u64)) -> u64,
    act: impl FnOnce() -> Follower,
) -> Result<u64, Trouble> {
    let before = way(line.passed());
    let acting = act();
    for number in 1..=cuts {
        // In the middle of a chunk as often as not.
        let at = before + CUT_MIB * MIB * number / (cuts + 1);
        let begun = Instant::now();
        while way(line.passed()) < at {
            if begun.elapsed() > PATIENCE {
                return Err("it does not go on over the cut line".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        line.cut();
        tokio::time::sleep(AWAY).await;
        line.mend();
    }
    tokio::task::block_in_place(|| acting.ends_well());
    Ok(way(line.passed()) - before)
}
