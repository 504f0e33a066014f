//! What a message costs on a device: two real cores with their databases on disk talk through the real service, and the
//! time inside the core is counted.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use client::{
    AddWhom, Client, Command, Config, ConversationId, Db, Event, Input, Key, LinkEvent, Mark, Output, Reply,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use vocab::Timestamp;
use wire::Door;
use wire::content::MimiContent;

use crate::Trouble;
use crate::door;
use crate::report::{quantiles, round};
use crate::server::Server;

/// Texts that are measured.
const MESSAGES: usize = 300;
/// Nothing takes longer; then the run is given up.
const PATIENCE: Duration = Duration::from_secs(120);
/// Events of all doors that wait for the two cores.
const EVENTS_MAX: usize = 1_024;

/// What happened at a door of one of the two; `u64` tells connections of one door apart.
type Happened = (usize, Door, u64, LinkEvent);

/// A core with the connections it asked for.
struct Device {
    core: Client,
    doors: HashMap<Door, (u64, mpsc::Sender<Vec<u8>>)>,
    generation: u64,
    replies: HashMap<u64, Result<Reply, client::Refused>>,
    events: Vec<Event>,
    /// Frames given to the unnamed door: their lengths.
    sent_bytes: Vec<usize>,
    /// Frames that came through the mailbox door: their lengths.
    received_bytes: Vec<usize>,
    /// Milliseconds inside the core, by what it was given.
    sending_ms: Vec<f64>,
    receiving_ms: Vec<f64>,
}

/// Two devices and the service between them.
struct Two {
    server: Server,
    devices: Vec<Device>,
    happened: mpsc::Receiver<Happened>,
    happen: mpsc::Sender<Happened>,
    _folder: tempfile::TempDir,
}

/// Encrypt and decrypt with storage, as the device feels it.
pub(crate) async fn run(scenario: &str) -> Result<Value, Trouble> {
    tokio::time::timeout(PATIENCE, measure(scenario)).await?
}

async fn measure(scenario: &str) -> Result<Value, Trouble> {
    let mut two = Two::start().await?;
    let conversation = two.befriend().await?;
    two.forget_figures();
    for number in 0..MESSAGES {
        two.say(conversation, &format!("{number:0>256}")).await?;
    }
    let receiver = &two.devices[1];
    let sender = &two.devices[0];
    Ok(json!({
        "scenario": scenario, "tls": true, "n": MESSAGES, "platform": "native",
        "send_core_ms": quantiles(sender.sending_ms.clone()),
        "receive_core_ms": quantiles(receiver.receiving_ms.clone()),
        "receive_core_ms_mean": round(mean(&receiver.receiving_ms)),
        "send_core_ms_mean": round(mean(&sender.sending_ms)),
    }))
}

/// What a text of 20 characters weighs, layer by layer.
pub(crate) async fn run_bytes(scenario: &str) -> Result<Value, Trouble> {
    tokio::time::timeout(PATIENCE, measure_bytes(scenario)).await?
}

async fn measure_bytes(scenario: &str) -> Result<Value, Trouble> {
    let mut two = Two::start().await?;
    let conversation = two.befriend().await?;
    two.forget_figures();
    let text = "See you at 5, at 10?";
    two.say(conversation, text).await?;
    let content = MimiContent::text([7; 16], text).encode()?;
    let request = two.devices[0].sent_bytes.first().copied().ok_or("nothing was sent")?;
    let delivery = two.devices[1].received_bytes.first().copied().ok_or("nothing arrived")?;
    Ok(json!({
        "scenario": scenario, "text": text.len(), "content": content.len(), "payload": 512,
        "request_frame": request, "request_on_the_wire": request + WEBSOCKET_FROM_CLIENT + TLS_RECORD,
        "delivery_frame": delivery, "delivery_on_the_wire": delivery + WEBSOCKET_FROM_SERVER + TLS_RECORD,
    }))
}

/// RFC 6455: header with a two-byte length, and the client's mask.
const WEBSOCKET_FROM_CLIENT: usize = 8;
/// The same without a mask.
const WEBSOCKET_FROM_SERVER: usize = 4;
/// RFC 8446: record header, inner content type, tag of AES-GCM.
const TLS_RECORD: usize = 5 + 1 + 16;

impl Two {
    async fn start() -> Result<Self, Trouble> {
        let server = Server::start().await?;
        let folder = tempfile::tempdir()?;
        let (happen, happened) = mpsc::channel(EVENTS_MAX);
        let mut devices = Vec::new();
        for name in ["a", "b"] {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed)?;
            let db = Db::open(folder.path().join(name), &Key::new(seed))?;
            getrandom::fill(&mut seed)?;
            // Marks would be bundled into the measurement; they are a message like any other.
            let config = Config { receipt_delay_ms: 600_000, ..Config::default() };
            devices.push(Device::new(Client::open(db, seed, config)?));
        }
        Ok(Self { server, devices, happened, happen, _folder: folder })
    }

    /// Both register, and one follows the other's invitation.
    async fn befriend(&mut self) -> Result<ConversationId, Trouble> {
        for device in 0..2 {
            let name = ["Anna", "Boris"][device].to_owned();
            self.ask(device, Command::Register { name, proof: None }).await?;
        }
        for device in 0..2 {
            self.until(|two| two.devices[device].events.contains(&Event::Settled)).await?;
        }
        let Reply::Invitation(invitation) = self.ask(0, Command::Invite).await? else {
            return Err("no invitation".into());
        };
        let Reply::Added(_, conversation) =
            self.ask(1, Command::Add(AddWhom::Invitation(invitation))).await?
        else {
            return Err("not added".into());
        };
        self.devices.iter_mut().for_each(|device| device.events.clear());
        self.until(|two| two.devices.iter().all(|device| device.events.contains(&Event::Settled))).await?;
        self.say(conversation, "first").await?;
        Ok(conversation)
    }

    fn forget_figures(&mut self) {
        for device in &mut self.devices {
            device.sending_ms.clear();
            device.receiving_ms.clear();
            device.sent_bytes.clear();
            device.received_bytes.clear();
        }
    }

    /// One text from the first to the second, and nothing else until it is there and its echo back.
    async fn say(&mut self, conversation: ConversationId, text: &str) -> Result<(), Trouble> {
        let before = self.devices[1].events.len();
        let command = Command::Send { conversation, text: text.to_owned() };
        let Reply::Queued(id) = self.ask(0, command).await? else { return Err("not queued".into()) };
        let arrived = |two: &Self| {
            let new = &two.devices[1].events[before..];
            new.contains(&Event::Message(conversation, id))
        };
        let sent = |two: &Self| two.devices[0].events.contains(&Event::Marked(conversation, id, Mark::Sent));
        self.until(|two| arrived(two) && sent(two)).await
    }

    async fn ask(&mut self, device: usize, command: Command) -> Result<Reply, Trouble> {
        let id = self.devices[device].generation + 1_000_000;
        self.devices[device].generation += 1;
        self.devices[device].replies.remove(&id);
        self.give(device, Input::Command(id, command))?;
        self.until(|two| two.devices[device].replies.contains_key(&id)).await?;
        let reply = self.devices[device].replies.remove(&id).ok_or("no reply")?;
        reply.map_err(|refused| format!("refused: {refused:?}").into())
    }

    async fn until(&mut self, reached: impl Fn(&Self) -> bool) -> Result<(), Trouble> {
        while !reached(self) {
            let now = now();
            let due = self.devices.iter().filter_map(|device| device.core.next_deadline()).min();
            let wait = Duration::from_millis(due.map_or(1_000, |due| due.ms_since(now)).min(1_000));
            match tokio::time::timeout(wait, self.happened.recv()).await {
                Ok(Some((device, door, generation, event))) => {
                    let current = self.devices[device].doors.get(&door).map(|(known, _)| *known);
                    if current == Some(generation) {
                        self.give(device, Input::Link(door, event))?;
                    }
                }
                _ => {
                    for device in 0..self.devices.len() {
                        self.give(device, Input::Tick)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// One input, timed, and what comes of it performed.
    fn give(&mut self, device: usize, input: Input) -> Result<(), Trouble> {
        let kind = match &input {
            Input::Command(_, Command::Send { .. }) => Some(true),
            Input::Link(Door::Mailbox, LinkEvent::Frame(frame)) => {
                self.devices[device].received_bytes.push(frame.len());
                Some(false)
            }
            _ => None,
        };
        let started = Instant::now();
        self.devices[device].core.handle(now(), input)?;
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        match kind {
            Some(true) => self.devices[device].sending_ms.push(took),
            Some(false) => self.devices[device].receiving_ms.push(took),
            None => {}
        }
        while let Some(output) = self.devices[device].core.poll_output() {
            self.perform(device, output);
        }
        Ok(())
    }

    fn perform(&mut self, device: usize, output: Output) {
        let known = &mut self.devices[device];
        match output {
            Output::Reply(id, reply) => drop(known.replies.insert(id, reply)),
            Output::Event(event) => known.events.push(event),
            Output::Disconnect(door) => drop(known.doors.remove(&door)),
            Output::Frame(door, frame) => {
                if door == Door::Unnamed {
                    known.sent_bytes.push(frame.len());
                }
                if let Some((_, sender)) = known.doors.get(&door) {
                    // A full queue is a connection that is gone; the core hears of that by itself.
                    let _ = sender.try_send(frame);
                }
            }
            Output::Connect(door) => {
                known.generation += 1;
                let (frames, waiting) = mpsc::channel(EVENTS_MAX);
                known.doors.insert(door, (known.generation, frames));
                let (generation, happen) = (known.generation, self.happen.clone());
                let port = self.server.port;
                let tls = self.server.tls.clone();
                tokio::spawn(async move {
                    let say = |event| happen.send((device, door, generation, event));
                    let _ = carry(port, tls, door, waiting, &say).await;
                    let _ = say(LinkEvent::Down).await;
                });
            }
        }
    }
}

impl Device {
    fn new(core: Client) -> Self {
        Self {
            core,
            doors: HashMap::new(),
            generation: 0,
            replies: HashMap::new(),
            events: Vec::new(),
            sent_bytes: Vec::new(),
            received_bytes: Vec::new(),
            sending_ms: Vec::new(),
            receiving_ms: Vec::new(),
        }
    }
}

/// Moves frames both ways until one side ends.
async fn carry<Said>(
    port: u16,
    tls: tokio_rustls::TlsConnector,
    door: Door,
    mut waiting: mpsc::Receiver<Vec<u8>>,
    say: &impl Fn(LinkEvent) -> Said,
) -> Result<(), Trouble>
where
    Said: Future<Output = Result<(), mpsc::error::SendError<Happened>>>,
{
    let (mut sender, mut receiver) = door::open_at(port, &tls, door).await?;
    say(LinkEvent::Up).await?;
    loop {
        tokio::select! {
            frame = waiting.recv() => sender.frame(frame.ok_or("hung up")?).await?,
            frame = receiver.frame() => say(LinkEvent::Frame(frame?)).await?,
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
