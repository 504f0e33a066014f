//! S1, online: 100 pairs write to each other with a window of 4; everything is stored durably, delivered and acknowledged.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use wire::{Door, Encode, Request, UnnamedAnswer};

use crate::Trouble;
use crate::door;
use crate::pair::{Pair, Person, Place, acknowledge};
use crate::report::{quantiles, round};
use crate::server::Server;

const PAIRS: usize = 100;
/// Messages each pair sends, one of the two being the writer.
const MESSAGES_EACH: u64 = 400;
const WINDOW: usize = 4;
/// Nothing takes longer; then the run is given up.
const PATIENCE: Duration = Duration::from_secs(180);

/// When each message left and arrived.
type Times = Arc<Mutex<HashMap<u64, (Instant, Option<Instant>, u32)>>>;

/// Runs it.
pub(crate) async fn run() -> Result<Value, Trouble> {
    let server = Server::start().await?;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (mut sender, mut receiver) = door::open(&server, Door::Unnamed).await?;
    let mut pairs = Vec::new();
    for _ in 0..PAIRS {
        pairs.push(Pair::make(&mut rng, &mut sender, &mut receiver).await?);
    }
    let (rss_before, n) = (server.rss_kib()?, PAIRS as u64 * MESSAGES_EACH);
    let times: Times = Arc::default();
    let mut readers = Vec::new();
    let mut writers = Vec::new();
    for pair in &pairs {
        for person in &pair.people {
            readers.push(person.open(&server).await?);
        }
        writers.push(door::open(&server, Door::Unnamed).await?);
    }
    let connections = (readers.len() + writers.len()) as f64;
    let rss_per_connection = (server.rss_kib()? - rss_before) / connections;
    let (cpu_before, started) = (server.cpu_s()?, Instant::now());
    let acked = tokio::time::timeout(PATIENCE, talk(pairs, readers, writers, &times)).await??;
    let (took, cpu) = (started.elapsed().as_secs_f64(), server.cpu_s()? - cpu_before);
    let times = times.lock().map_err(|_| "a task failed")?;
    let latency = times.values().filter_map(|(left, arrived, _)| Some((*arrived)? - *left));
    let latency: Vec<f64> = latency.map(|time| time.as_secs_f64() * 1_000.0).collect();
    let lost = times.values().filter(|(_, arrived, _)| arrived.is_none()).count();
    let twice = times.values().filter(|(_, _, copies)| *copies > 1).count();
    Ok(json!({
        "scenario": "S1", "tls": true, "n": n, "per_s": round(n as f64 / took),
        "server_cpu_s_per_100k": round(cpu / n as f64 * 100_000.0), "latency_ms": quantiles(latency),
        "rss_kib_per_conn": round(rss_per_connection), "acked": acked, "lost": lost, "duplicated": twice,
    }))
}

type Reader = (door::Sender, door::Receiver, u32);
type Writer = (door::Sender, door::Receiver);

async fn talk(
    pairs: Vec<Pair>,
    readers: Vec<Reader>,
    writers: Vec<Writer>,
    times: &Times,
) -> Result<u64, Trouble> {
    let mut tasks = Vec::new();
    let mut sending = Vec::new();
    let mut readers = readers.into_iter();
    for (place, (pair, writer)) in pairs.into_iter().zip(writers).enumerate() {
        let slot = pair.place();
        let [first, second] = pair.people;
        // The writer's own mailbox gets the echo: it is read and acknowledged like any other, and not counted.
        let (own, other) = (readers.next().ok_or("no reader")?, readers.next().ok_or("no reader")?);
        tasks.push(tokio::spawn(read(own, first, None)));
        tasks.push(tokio::spawn(read(other, second, Some(times.clone()))));
        let base = place as u64 * MESSAGES_EACH;
        sending.push(tokio::spawn(write(slot, writer, base, times.clone())));
    }
    let mut acked = 0;
    for task in sending {
        acked += task.await??;
    }
    for task in tasks {
        task.await??;
    }
    Ok(acked)
}

/// Reads until everything is there, acknowledging each batch.
async fn read(
    (mut sender, mut receiver, _): Reader,
    person: Person,
    times: Option<Times>,
) -> Result<(), Trouble> {
    let mut seen = 0;
    while seen < MESSAGES_EACH {
        let frame = receiver.frame().await?;
        let now = Instant::now();
        let (numbers, through) = person.read(&frame)?;
        acknowledge(&mut sender, through).await?;
        seen += numbers.len() as u64;
        if let Some(times) = &times {
            let mut times = times.lock().map_err(|_| "a task failed")?;
            for number in numbers {
                if let Some((_, arrived, copies)) = times.get_mut(&number) {
                    arrived.get_or_insert(now);
                    *copies += 1;
                }
            }
        }
    }
    Ok(())
}

/// Sends with a window; returns how many were acknowledged as stored. A busy slot is waited for, as a client does.
async fn write(
    place: Place,
    (mut sender, mut receiver): Writer,
    base: u64,
    times: Times,
) -> Result<u64, Trouble> {
    let mut rng = ChaCha20Rng::seed_from_u64(base);
    let (mut open, mut next, mut acked) = (HashMap::<u32, Vec<u8>>::new(), 0, 0);
    while acked < MESSAGES_EACH {
        while open.len() < WINDOW && next < MESSAGES_EACH {
            let id = u32::try_from(next + 1)?;
            let frame = Request { id, op: place.message(base + next, &mut rng) }.encode()?;
            times.lock().map_err(|_| "a task failed")?.insert(base + next, (Instant::now(), None, 0));
            sender.frame(frame.clone()).await?;
            open.insert(id, frame);
            next += 1;
        }
        match receiver.answer().await? {
            (id, Ok(UnnamedAnswer::Stored(_))) => {
                open.remove(&id);
                acked += 1;
            }
            (id, Err(wire::Refusal::Busy { retry_after_ms })) => {
                tokio::time::sleep(Duration::from_millis(u64::from(retry_after_ms))).await;
                let frame = open.get(&id).ok_or("an answer to nothing")?.clone();
                let number = base + u64::from(id) - 1;
                times.lock().map_err(|_| "a task failed")?.insert(number, (Instant::now(), None, 0));
                sender.frame(frame).await?;
            }
            (_, answer) => {
                return Err(format!("the service refused: {:?}", answer.err()).into());
            }
        }
    }
    Ok(acked)
}
