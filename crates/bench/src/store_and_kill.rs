//! S5: the service is killed while 10,000 messages are being stored, started again, and drained. What it acknowledged must
//! be there, once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use wire::{Door, Encode, UnnamedAnswer};

use crate::Trouble;
use crate::door;
use crate::pair::{Pair, acknowledge};
use crate::report::round;
use crate::server::Server;

const MESSAGES: u64 = 10_000;
/// The service dies when so many are acknowledged, each time, and is started again.
const KILLS_AT: [u64; 4] = [1_000, 3_500, 6_000, 8_500];
/// Messages on the way at one time.
const WINDOW: u64 = 64;
/// Nothing takes longer; then the run is given up.
const PATIENCE: Duration = Duration::from_secs(180);
/// Nothing more comes after so long.
const QUIET: Duration = Duration::from_secs(3);

/// Runs it.
pub(crate) async fn run() -> Result<Value, Trouble> {
    tokio::time::timeout(PATIENCE, measure()).await?
}

async fn measure() -> Result<Value, Trouble> {
    let mut server = Server::start().await?;
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let (mut sender, mut receiver) = door::open(&server, Door::Unnamed).await?;
    let mut pair = Pair::make(&mut rng, &mut sender, &mut receiver).await?;
    let mut slots = vec![pair.place()];
    // Several slots, so that no slot's own limit of sends a second is what is measured.
    let mut pairs = Vec::new();
    for _ in 1..SLOTS {
        pairs.push(std::mem::replace(&mut pair, Pair::make(&mut rng, &mut sender, &mut receiver).await?));
        slots.push(pair.place());
    }
    pairs.push(pair);
    let operations: Vec<Vec<u8>> = (0..MESSAGES)
        .map(|number| slots[number as usize % slots.len()].message(number, &mut rng).encode())
        .collect::<Result<_, _>>()?;
    let started = Instant::now();
    let (mut acked, mut cpu_s) = (vec![false; operations.len()], 0.0);
    let mut kills = KILLS_AT.into_iter().peekable();
    loop {
        let stop_at = kills.next().unwrap_or(MESSAGES);
        store(&server, &operations, &mut acked, stop_at).await?;
        cpu_s += server.cpu_s()?;
        if stop_at == MESSAGES {
            break;
        }
        server.kill()?;
        server.restart().await?;
    }
    let stored_s = started.elapsed().as_secs_f64();
    let mut copies = BTreeMap::<u64, u32>::new();
    for pair in &pairs {
        drain(&server, pair, &mut copies).await?;
    }
    let acknowledged = acked.iter().filter(|acked| **acked).count();
    let lost = (0..MESSAGES).filter(|n| acked[*n as usize] && !copies.contains_key(n)).count();
    let twice = copies.values().filter(|count| **count > 1).count();
    Ok(json!({
        "scenario": "S5", "tls": true, "n": MESSAGES, "per_s": round(MESSAGES as f64 / stored_s),
        "server_cpu_s_per_100k": round(cpu_s / MESSAGES as f64 * 100_000.0), "kills": KILLS_AT.len(),
        "acked": acknowledged, "lost": lost, "duplicated": twice,
    }))
}

const SLOTS: usize = 50;

/// Sends what is not acknowledged yet, until `stop_at` are; what is on the way then is cut off.
async fn store(
    server: &Server,
    operations: &[Vec<u8>],
    acked: &mut [bool],
    stop_at: u64,
) -> Result<(), Trouble> {
    let (mut sender, mut receiver) = door::open(server, Door::Unnamed).await?;
    let waiting: Vec<usize> = (0..operations.len()).filter(|n| !acked[*n]).collect();
    let mut waiting = waiting.into_iter();
    let (mut on_the_way, mut done) = (0, acked.iter().filter(|acked| **acked).count() as u64);
    loop {
        while on_the_way < WINDOW {
            let Some(next) = waiting.next() else { break };
            let id = u32::try_from(next + 1)?;
            sender.frame([id.to_be_bytes().as_slice(), &operations[next]].concat()).await?;
            on_the_way += 1;
        }
        if done >= stop_at {
            return Ok(());
        }
        let (id, answer) = receiver.answer().await?;
        on_the_way -= 1;
        match answer {
            Ok(UnnamedAnswer::Stored(_)) => {
                acked[id as usize - 1] = true;
                done += 1;
            }
            Err(wire::Refusal::Busy { retry_after_ms }) => {
                tokio::time::sleep(Duration::from_millis(u64::from(retry_after_ms))).await;
                sender.frame([id.to_be_bytes().as_slice(), &operations[id as usize - 1]].concat()).await?;
                on_the_way += 1;
            }
            _ => return Err("the service refused a message".into()),
        }
    }
}

/// Reads the second person's mailbox until nothing comes any more.
async fn drain(server: &Server, pair: &Pair, copies: &mut BTreeMap<u64, u32>) -> Result<(), Trouble> {
    let person = &pair.people[1];
    let (mut sender, mut receiver, waiting) = person.open(server).await?;
    let mut seen = 0;
    while seen < waiting {
        let frame = tokio::time::timeout(QUIET, receiver.frame()).await;
        let Ok(frame) = frame else { break };
        let (numbers, through) = person.read(&frame?)?;
        seen += u32::try_from(numbers.len())?;
        for number in numbers {
            *copies.entry(number).or_default() += 1;
        }
        acknowledge(&mut sender, through).await?;
    }
    Ok(())
}
