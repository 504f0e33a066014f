//! The clock, the queue of what happens, and both ends of every connection.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, Mutex};

use client::{Client, Config, Input, LinkEvent, Output};
use client_db::Faults;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use server::codes::{CodeNotSent, CodeSender};
use server::store::{Done, MemoryStore, StoreError, Work, perform};
use server::{Keys, Out, Service, SessionId, Source, schema};
use server_db::{Db, Fault};
use vocab::time::{MINUTE_MS, SECOND_MS};
use vocab::{Handle, Timestamp};
use wire::Door;

use crate::device::{DeviceState, Power};
use crate::network::{Connection, Sky, Wire, below, chance};
use crate::storm::Figures;
use crate::trace::Trace;

/// Everything there is.
pub struct World {
    now: Timestamp,
    rng: ChaCha20Rng,
    queue: BinaryHeap<Reverse<Entry>>,
    inserted: u64,
    /// Things under way that will change something.
    in_flight: usize,
    pub(crate) devices: Vec<DeviceState>,
    connections: BTreeMap<Wire, Connection>,
    next_wire: u64,
    service: ServiceState,
    sessions: BTreeMap<SessionId, Wire>,
    /// Where its large blobs lie.
    store: MemoryStore,
    /// How often the service started.
    starts: u64,
    flushing: bool,
    post: Post,
    sky: Sky,
    hazards: Hazards,
    crook: Option<Crook>,
    trace: Trace,
    /// What was counted.
    pub figures: Figures,
}

/// What may break, in chances out of ten thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hazards {
    /// Of an input: a write of the device's store fails, and the whole input is undone.
    pub store_fails: u32,
    /// Of an input: the device stops dead after the transaction, before anything of it leaves.
    pub device_crashes: u32,
    /// Of a flush: the service stops before it. Nothing of the batch is on disk.
    pub service_crashes_before: u32,
    /// Of a flush: the service stops after it. All of the batch is on disk, and nobody is told.
    pub service_crashes_after: u32,
    /// Of a flush: the disk fails.
    pub flush_fails: u32,
    /// Of what the store of blobs is to do: it cannot.
    pub blob_store_fails: u32,
}

/// A service that is not what it says: sees every frame at its doors and decides what becomes of it.
pub type Crook = Box<dyn FnMut(&Passing<'_>) -> Meddling>;

/// A frame at a door.
pub struct Passing<'a> {
    /// Whose.
    pub device: crate::Device,
    /// Which connection, so that the crook can keep count.
    pub wire: u64,
    /// Which door.
    pub door: Door,
    /// From the device, or to it.
    pub to_service: bool,
    /// The frame.
    pub frame: &'a [u8],
}

/// What the crook makes of a frame.
pub struct Meddling {
    /// Goes on where the frame was going.
    pub onward: Vec<Vec<u8>>,
    /// Goes back to where it came from; only for frames of devices.
    pub back: Vec<Vec<u8>>,
}

impl Meddling {
    /// Nothing.
    pub fn none(passing: &Passing<'_>) -> Self {
        Self { onward: vec![passing.frame.to_vec()], back: vec![] }
    }

    /// The frame is gone.
    pub fn swallow() -> Self {
        Self { onward: vec![], back: vec![] }
    }
}

enum ServiceState {
    Up(Box<Service>),
    Down(Box<Db>),
    Changing,
}

struct Entry {
    at: Timestamp,
    order: u64,
    what: Happening,
}

enum Happening {
    Alarm {
        device: usize,
        alarm: u64,
    },
    Tick,
    Flush,
    Reaches(Wire),
    Up(Wire),
    ToService(Wire, Vec<u8>),
    ToDevice(Wire, Vec<u8>),
    DeviceLearnsDown(Wire),
    ServiceLearnsDown(Wire),
    DeviceRestarts(usize),
    LineComesBack(usize),
    ServiceRestarts,
    /// The store of blobs does what the service of that start asked.
    Stores(Box<Work>, u64),
}

impl Happening {
    /// Alarms and ticks come for ever; everything else is something under way.
    fn is_under_way(&self) -> bool {
        !matches!(self, Self::Alarm { .. } | Self::Tick)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// Codes that were sent, by the service's sender.
#[derive(Clone, Default)]
struct Post(Arc<Mutex<Vec<(Handle, String)>>>);

impl CodeSender for Post {
    fn send(&mut self, handle: &Handle, code: &str) -> Result<(), CodeNotSent> {
        let mut sent = self.0.lock().map_err(|_| CodeNotSent)?;
        sent.push((handle.clone(), code.to_owned()));
        Ok(())
    }
}

impl World {
    /// A calm world with a service and nobody in it.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let post = Post::default();
        let db = Db::in_memory(&schema()).expect("the service's schema is sound");
        let service = open_service(db, &post, &mut rng);
        let mut world = Self {
            now: BEGINNING,
            rng,
            queue: BinaryHeap::new(),
            inserted: 0,
            in_flight: 0,
            devices: Vec::new(),
            connections: BTreeMap::new(),
            next_wire: 1,
            service: ServiceState::Up(Box::new(service)),
            sessions: BTreeMap::new(),
            store: MemoryStore::default(),
            starts: 1,
            flushing: false,
            post,
            sky: Sky::CALM,
            hazards: Hazards::default(),
            crook: None,
            trace: Trace::new(std::env::var_os("VALISE_TRACE").is_some()),
            figures: Figures::default(),
        };
        world.later(TICK_MS, Happening::Tick);
        world
    }

    /// The true time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The hash of everything that happened, in order.
    pub fn trace(&self) -> [u8; 32] {
        self.trace.hash()
    }

    /// The lines of the trace, when `VALISE_TRACE` is set.
    pub fn trace_lines(&self) -> &[String] {
        self.trace.lines()
    }

    /// From now on the weather is this.
    pub fn set_sky(&mut self, sky: Sky) {
        self.sky = sky;
    }

    /// From now on this may break.
    pub fn set_hazards(&mut self, hazards: Hazards) {
        self.hazards = hazards;
    }

    /// From now on somebody sits at the service's doors.
    pub fn set_crook(&mut self, crook: impl FnMut(&Passing<'_>) -> Meddling + 'static) {
        self.crook = Some(Box::new(crook));
    }

    /// And is gone.
    pub fn dismiss_crook(&mut self) {
        self.crook = None;
    }

    fn meddle(&mut self, wire: Wire, to_service: bool, frame: Vec<u8>) -> Meddling {
        match (&mut self.crook, self.connections.get(&wire)) {
            (Some(crook), Some(connection)) => {
                let device = crate::Device(connection.device);
                crook(&Passing { device, wire: wire.0, door: connection.door, to_service, frame: &frame })
            }
            _ => Meddling { onward: vec![frame], back: vec![] },
        }
    }

    /// A number below `bound`, from the world's seed.
    pub fn dice(&mut self, bound: u64) -> u64 {
        below(bound, &mut self.rng)
    }

    /// The newest code sent to a handle.
    pub fn code_for(&self, handle: &Handle) -> Option<String> {
        let sent = self.post.0.lock().ok()?;
        sent.iter().rev().find(|(to, _)| to == handle).map(|(_, code)| code.clone())
    }

    /// Frames the service gave to a device so far, at its mailbox.
    pub fn frames_to(&self, device: crate::Device) -> u64 {
        self.devices[device.0].mailbox_frames
    }

    /// Large blobs that lie in the service's store.
    pub fn blobs_stored(&self) -> usize {
        self.store.count()
    }

    /// The service's database, to look at or to break.
    pub fn service_db(&self) -> Option<&Db> {
        match &self.service {
            ServiceState::Up(service) => Some(service.db()),
            ServiceState::Down(db) => Some(db),
            ServiceState::Changing => None,
        }
    }

    /// Lets time go by.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now.plus_ms(ms);
        while self.queue.peek().is_some_and(|Reverse(next)| next.at <= until) {
            self.step();
        }
        self.now = until;
    }

    /// Lets everything come to rest: nothing under way, and every device that runs and has a line says that nothing is
    /// left to be done. False when that takes longer than so many minutes.
    pub fn settles_within(&mut self, minutes: u64) -> bool {
        let until = self.now.plus_ms(minutes * MINUTE_MS);
        while !self.is_quiet() {
            if self.queue.peek().is_none_or(|Reverse(next)| next.at > until) {
                return false;
            }
            self.step();
        }
        true
    }

    /// The same, as a claim.
    pub fn settle(&mut self) {
        assert!(
            self.settles_within(SETTLE_MINUTES_MAX),
            "the world does not come to rest: {}",
            self.unrest()
        );
    }

    /// Who does not rest, and why.
    pub fn unrest(&self) -> String {
        let mut why = format!("{} things under way", self.in_flight);
        for device in &self.devices {
            let Some(client) = device.client() else {
                why += &format!("; {} is off", device.name);
                continue;
            };
            if !client.is_settled() {
                let notes: Vec<_> = client.notes().collect();
                let outbox = client.outbox().unwrap_or_default();
                why += &format!("; {}: {:?}, {outbox:?}", device.name, client.status().ok());
                why += &format!(", notes {notes:?}, calls at {:?}", client.next_deadline());
            }
        }
        let lines = self.trace.lines();
        lines[lines.len().saturating_sub(TRACE_TAIL)..].iter().fold(why, |why, line| why + "\n" + line)
    }

    fn is_quiet(&self) -> bool {
        let rests = |device: &DeviceState| {
            device
                .client()
                .is_none_or(|client| device.offline || client.is_settled() || !device.is_registered())
        };
        self.in_flight == 0 && matches!(self.service, ServiceState::Up(_)) && self.devices.iter().all(rests)
    }

    /// The next thing happens.
    pub(crate) fn step(&mut self) {
        let Some(Reverse(entry)) = self.queue.pop() else { return };
        self.now = self.now.max(entry.at);
        if entry.what.is_under_way() {
            self.in_flight -= 1;
        }
        match entry.what {
            Happening::Alarm { device, alarm } => {
                if self.devices[device].alarm == alarm {
                    self.input(device, Input::Tick);
                }
            }
            Happening::Tick => self.tick(),
            Happening::Flush => self.flush(),
            Happening::Reaches(wire) => self.reaches(wire),
            Happening::Up(wire) => self.tell_device(wire, LinkEvent::Up),
            Happening::ToService(wire, frame) => self.service_receives(wire, &frame),
            Happening::ToDevice(wire, frame) => self.tell_device(wire, LinkEvent::Frame(frame)),
            Happening::DeviceLearnsDown(wire) => self.device_learns_down(wire),
            Happening::ServiceLearnsDown(wire) => self.service_learns_down(wire),
            Happening::DeviceRestarts(device) => self.power_on(device),
            Happening::LineComesBack(device) => self.devices[device].offline = false,
            Happening::ServiceRestarts => self.start_service(),
            Happening::Stores(work, start) => self.stores(*work, start),
        }
    }

    fn later(&mut self, ms: u64, what: Happening) {
        self.at(self.now.plus_ms(ms), what);
    }

    fn at(&mut self, at: Timestamp, what: Happening) {
        self.inserted += 1;
        self.in_flight += usize::from(what.is_under_way());
        self.queue.push(Reverse(Entry { at, order: self.inserted, what }));
    }

    fn note(&mut self, line: &str) {
        self.trace.note(self.now, line);
    }

    // The devices' side.

    /// Puts a new device into the world; it has no account yet.
    pub(crate) fn add_device(&mut self, name: &str, config: Config) -> usize {
        let db = client_db::Db::open_in_memory().expect("memory is there");
        self.add_device_over(name, config, db)
    }

    /// The same over a database of the story's own.
    pub(crate) fn add_device_over(&mut self, name: &str, config: Config, db: client_db::Db) -> usize {
        let faults = Faults::default();
        let db = db.with_faults(&faults);
        let client = Client::open(db, self.seed(), config.clone()).expect("a new store opens");
        self.devices.push(DeviceState::new(name, config, client, faults));
        self.devices.len() - 1
    }

    pub(crate) fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        seed
    }

    /// Gives a device one input, as its host would. False when it is off, or when its store failed and nothing happened.
    pub(crate) fn input(&mut self, device: usize, input: Input) -> bool {
        let hazards = self.hazards;
        let fails = chance_of(hazards.store_fails, &mut self.rng);
        let crashes = chance_of(hazards.device_crashes, &mut self.rng);
        let write = 1 + below(WRITES_MAX, &mut self.rng);
        let devices = u32::try_from(self.devices.len()).unwrap_or(u32::MAX / INPUTS_A_SECOND_EACH);
        let state = &mut self.devices[device];
        if state.client().is_none() {
            return false;
        }
        // A core that runs in circles is found here, not by waiting for the test to end.
        let most = INPUTS_A_SECOND_MAX.saturating_add(INPUTS_A_SECOND_EACH * devices);
        let circles = state.count_input(self.now) > most;
        assert!(!circles, "{} runs in circles: {}", self.devices[device].name, self.unrest());
        let state = &mut self.devices[device];
        let clock = state.clock(self.now);
        state.faults.fail_at(if fails { write } else { 0 });
        let Some(client) = state.client_mut() else { return false };
        let result = client.handle(clock, input);
        state.faults.fail_at(0);
        let done = result.is_ok();
        self.tell_reader(device);
        if !done {
            self.figures.store_faults += 1;
            let name = &self.devices[device].name;
            let line = format!("{name}: the store failed");
            self.note(&line);
        }
        if crashes {
            self.figures.device_crashes += 1;
            self.power_off(device);
            let pause = 200 + below(20 * SECOND_MS, &mut self.rng);
            self.later(pause, Happening::DeviceRestarts(device));
            return done;
        }
        self.perform(device);
        self.set_alarm(device);
        done
    }

    /// For whoever reads the trace: where the device stands in each conversation, and why it gave something up, when that is new.
    fn tell_reader(&mut self, device: usize) {
        let state = &self.devices[device];
        let (true, Some(client)) = (self.trace.is_kept(), state.client()) else { return };
        let mut seen: Vec<String> = client.notes().map(str::to_owned).collect();
        for head in client.conversations().unwrap_or_default() {
            seen.push(format!("{:?} is at {:?}", head.id, client.place(head.id).ok().flatten()));
        }
        let new: Vec<&String> = seen.iter().filter(|line| !state.seen.contains(line)).collect();
        for line in new {
            self.trace.aside(self.now, &format!("{}: {line}", state.name));
        }
        self.devices[device].seen = seen;
    }

    fn perform(&mut self, device: usize) {
        while let Some(output) = self.devices[device].client_mut().and_then(Client::poll_output) {
            let name = self.devices[device].name.clone();
            match output {
                Output::Reply(id, reply) => {
                    self.note(&format!("{name} reply {id} {reply:?}"));
                    self.devices[device].replies.insert(id, reply);
                }
                Output::Event(event) => {
                    self.note(&format!("{name} {event:?}"));
                    use client::Event::{Device, DevicesChanged, Outgoing, Privacy, Removed, Typing};
                    if matches!(
                        event,
                        Device(..) | DevicesChanged(_) | Outgoing(..) | Privacy | Removed | Typing { .. }
                    ) {
                        self.devices[device].events.push(event);
                    }
                }
                Output::Connect(door) => self.connect(device, door),
                Output::Disconnect(door) => self.hang_up(device, door),
                Output::Frame(door, frame) => {
                    self.note(&format!("{name} -> {door:?} {}", frame.len()));
                    if let Some(wire) = self.devices[device].doors.get(&door).copied() {
                        self.send(wire, frame, true);
                    }
                }
            }
        }
    }

    fn set_alarm(&mut self, device: usize) {
        let state = &mut self.devices[device];
        state.alarm += 1;
        let alarm = state.alarm;
        let Some(deadline) = state.client().and_then(Client::next_deadline) else { return };
        let deadline = state.world_time(deadline);
        assert!(deadline > self.now, "{} wants to be called at once, again", state.name);
        self.at(deadline, Happening::Alarm { device, alarm });
    }

    fn connect(&mut self, device: usize, door: Door) {
        let wire = Wire(self.next_wire);
        self.next_wire += 1;
        let connection = Connection {
            device,
            door,
            session: None,
            cut: false,
            last_to_service: self.now,
            last_to_device: self.now,
        };
        self.connections.insert(wire, connection);
        self.devices[device].doors.insert(door, wire);
        let refused = self.devices[device].offline || chance(self.sky.refuses, &mut self.rng);
        let wait = 2 * self.sky.latency(&mut self.rng);
        self.later(wait, if refused { Happening::DeviceLearnsDown(wire) } else { Happening::Reaches(wire) });
    }

    fn hang_up(&mut self, device: usize, door: Door) {
        if let Some(wire) = self.devices[device].doors.remove(&door) {
            let after = self.connections.get(&wire).map_or(self.now, |it| it.last_to_service);
            self.at(after.max(self.now).plus_ms(1), Happening::ServiceLearnsDown(wire));
        }
    }

    fn tell_device(&mut self, wire: Wire, event: LinkEvent) {
        let Some(connection) = self.connections.get(&wire) else { return };
        let (device, door) = (connection.device, connection.door);
        if !connection.cut && self.devices[device].doors.get(&door) == Some(&wire) {
            let given = door == Door::Mailbox && matches!(event, LinkEvent::Frame(_));
            self.devices[device].mailbox_frames += u64::from(given);
            self.input(device, Input::Link(door, event));
        }
    }

    fn device_learns_down(&mut self, wire: Wire) {
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        connection.cut = true;
        let (device, door) = (connection.device, connection.door);
        if self.devices[device].doors.get(&door) == Some(&wire) {
            self.devices[device].doors.remove(&door);
            self.input(device, Input::Link(door, LinkEvent::Down));
        }
        self.forget(wire);
    }

    /// Stops a device dead: what it had not sent is gone, what its disk has stays.
    pub(crate) fn power_off(&mut self, device: usize) {
        let state = &mut self.devices[device];
        match std::mem::replace(&mut state.power, Power::Changing) {
            Power::On(client) => state.power = Power::Off(client.into_db()),
            other => state.power = other,
        }
        state.alarm += 1;
        for (_, wire) in std::mem::take(&mut state.doors) {
            let pause = below(10 * SECOND_MS, &mut self.rng);
            self.later(pause, Happening::ServiceLearnsDown(wire));
        }
        let line = format!("{} stops", self.devices[device].name);
        self.note(&line);
    }

    /// Starts it again over its disk.
    pub(crate) fn power_on(&mut self, device: usize) {
        let seed = self.seed();
        let state = &mut self.devices[device];
        match std::mem::replace(&mut state.power, Power::Changing) {
            Power::Off(db) => {
                let client = Client::open(db, seed, state.config.clone());
                state.power = Power::On(client.expect("a store that was open opens again"));
            }
            other => state.power = other,
        }
        let line = format!("{} starts", self.devices[device].name);
        self.note(&line);
        self.input(device, Input::Tick);
    }

    /// The device has a line again after so long.
    pub(crate) fn line_comes_back(&mut self, device: usize, ms: u64) {
        self.later(ms, Happening::LineComesBack(device));
    }

    /// All devices of the person whose device this is.
    pub fn devices_of(&self, device: crate::Device) -> Vec<crate::Device> {
        let account = self.devices[device.0].account;
        let same = |place: &usize| self.devices[*place].account == account;
        (0..self.devices.len()).filter(same).map(crate::Device).collect()
    }

    /// Minutes since the world began.
    pub fn minutes(&self) -> u64 {
        self.now.ms_since(BEGINNING) / MINUTE_MS
    }

    /// Breaks all connections of a device.
    pub(crate) fn cut_device(&mut self, device: usize) {
        let wires: Vec<Wire> = self.devices[device].doors.values().copied().collect();
        wires.into_iter().for_each(|wire| self.cut(wire));
    }

    // The wires.

    fn send(&mut self, wire: Wire, frame: Vec<u8>, to_service: bool) {
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        if connection.cut {
            return;
        }
        let last = if to_service { &mut connection.last_to_service } else { &mut connection.last_to_device };
        let passage = self.sky.frame(self.now, last, &mut self.rng);
        self.figures.frames += 1;
        self.figures.frames_lost += u64::from(passage.arrivals.is_empty());
        self.figures.frames_doubled += u64::from(passage.arrivals.len() > 1);
        for at in passage.arrivals {
            let frame = frame.clone();
            let what =
                if to_service { Happening::ToService(wire, frame) } else { Happening::ToDevice(wire, frame) };
            self.at(at, what);
        }
        if passage.cuts {
            self.cut(wire);
        }
    }

    /// Nothing passes any more, and both ends learn of it when they do.
    fn cut(&mut self, wire: Wire) {
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        connection.cut = true;
        self.figures.cuts += 1;
        let (device, service) = (below(5 * SECOND_MS, &mut self.rng), below(20 * SECOND_MS, &mut self.rng));
        self.later(1 + device, Happening::DeviceLearnsDown(wire));
        self.later(1 + service, Happening::ServiceLearnsDown(wire));
    }

    /// Both ends are done with it.
    fn forget(&mut self, wire: Wire) {
        let Some(connection) = self.connections.get(&wire) else { return };
        let believed = self.devices[connection.device].doors.get(&connection.door) == Some(&wire);
        if connection.session.is_none() && !believed {
            self.connections.remove(&wire);
        }
    }

    // The service's side.

    fn reaches(&mut self, wire: Wire) {
        let (ServiceState::Up(service), Some(connection)) =
            (&mut self.service, self.connections.get_mut(&wire))
        else {
            self.later(1, Happening::DeviceLearnsDown(wire));
            return;
        };
        if self.devices[connection.device].doors.get(&connection.door) != Some(&wire) {
            return;
        }
        let session = service.connect(self.now, connection.door, Source::Local);
        connection.session = Some(session);
        self.sessions.insert(session, wire);
        let wait = self.sky.latency(&mut self.rng);
        let at = self.now.plus_ms(wait);
        connection.last_to_device = connection.last_to_device.max(at);
        self.at(at, Happening::Up(wire));
        self.flush_soon();
    }

    fn service_receives(&mut self, wire: Wire, frame: &[u8]) {
        let live = self.connections.get(&wire).filter(|it| !it.cut).and_then(|it| it.session);
        let Some(session) = live else { return };
        let Meddling { onward, back } = self.meddle(wire, true, frame.to_vec());
        if let ServiceState::Up(service) = &mut self.service {
            onward.iter().for_each(|frame| service.receive(self.now, session, frame));
        }
        back.into_iter().for_each(|frame| self.send(wire, frame, false));
        self.flush_soon();
    }

    fn service_learns_down(&mut self, wire: Wire) {
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        if let Some(session) = connection.session.take() {
            self.sessions.remove(&session);
            if let ServiceState::Up(service) = &mut self.service {
                service.disconnect(session);
            }
        }
        self.forget(wire);
    }

    fn flush_soon(&mut self) {
        if !self.flushing {
            self.flushing = true;
            let wait = 1 + below(4, &mut self.rng);
            self.later(wait, Happening::Flush);
        }
    }

    fn flush(&mut self) {
        self.flushing = false;
        let hazards = self.hazards;
        let before = chance_of(hazards.service_crashes_before, &mut self.rng);
        let after = chance_of(hazards.service_crashes_after, &mut self.rng);
        let fails = chance_of(hazards.flush_fails, &mut self.rng);
        let write = 1 + below(6, &mut self.rng);
        let ServiceState::Up(service) = &mut self.service else { return };
        if before {
            return self.crash_service();
        }
        if fails {
            self.figures.flush_faults += 1;
            service.db().inject(if write < 4 { Fault::Write(write) } else { Fault::Commit(1) });
        }
        let outs = service.flush(self.now).unwrap_or_else(|error| error.outputs);
        service.db().inject(Fault::Write(0));
        service.db().inject(Fault::Commit(0));
        let work = service.store_work();
        for work in work {
            let wait = 1 + below(40, &mut self.rng);
            self.later(wait, Happening::Stores(Box::new(work), self.starts));
        }
        if after {
            return self.crash_service();
        }
        for (session, out) in outs {
            self.hand_out(session, out);
        }
    }

    /// What a crash of the service overtakes is done all the same, or not, and nobody hears of it.
    fn stores(&mut self, work: Work, start: u64) {
        let heard = start == self.starts && matches!(self.service, ServiceState::Up(_));
        if !heard && below(2, &mut self.rng) == 0 {
            return;
        }
        let fails = chance_of(self.hazards.blob_store_fails, &mut self.rng);
        let done = if fails { cannot(work) } else { perform(&self.store, work) };
        let ServiceState::Up(service) = &mut self.service else { return };
        if !heard {
            return;
        }
        if let Some((session, out)) = service.store_done(self.now, done) {
            self.hand_out(session, out);
        }
        self.flush_soon();
    }

    fn hand_out(&mut self, session: SessionId, out: Out) {
        let Some(wire) = self.sessions.get(&session).copied() else { return };
        match out {
            Out::Frame(frame) => {
                for frame in self.meddle(wire, false, frame).onward {
                    self.note(&format!("service -> {} {}", wire.0, frame.len()));
                    self.send(wire, frame, false);
                }
            }
            Out::Close => self.service_closes(wire),
        }
    }

    fn service_closes(&mut self, wire: Wire) {
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        if let Some(session) = connection.session.take() {
            self.sessions.remove(&session);
        }
        let after = connection.last_to_device.max(self.now).plus_ms(1);
        self.at(after, Happening::DeviceLearnsDown(wire));
    }

    fn tick(&mut self) {
        if let ServiceState::Up(service) = &mut self.service {
            service.tick(self.now);
            self.flush_soon();
        }
        self.later(TICK_MS, Happening::Tick);
    }

    /// The service stops dead: what is on its disk stays, all connections are gone. It starts again by itself.
    pub fn crash_service(&mut self) {
        let ServiceState::Up(service) = std::mem::replace(&mut self.service, ServiceState::Changing) else {
            return;
        };
        self.figures.service_crashes += 1;
        self.service = ServiceState::Down(Box::new(service.into_db()));
        self.note("the service stops");
        self.sessions.clear();
        let wires: Vec<Wire> = self.connections.keys().copied().collect();
        for wire in wires {
            if let Some(connection) = self.connections.get_mut(&wire) {
                connection.session = None;
                connection.cut = true;
                let pause = 1 + below(3 * SECOND_MS, &mut self.rng);
                self.later(pause, Happening::DeviceLearnsDown(wire));
            }
        }
        let pause = 100 + below(5 * SECOND_MS, &mut self.rng);
        self.later(pause, Happening::ServiceRestarts);
    }

    fn start_service(&mut self) {
        match std::mem::replace(&mut self.service, ServiceState::Changing) {
            ServiceState::Down(db) => {
                let service = open_service(*db, &self.post, &mut self.rng);
                self.service = ServiceState::Up(Box::new(service));
                self.starts += 1;
                self.note("the service starts");
            }
            other => self.service = other,
        }
    }
}

impl DeviceState {
    /// Has an account.
    pub fn is_registered(&self) -> bool {
        self.account.is_some()
    }

    /// One input more; how many it has had within this second.
    fn count_input(&mut self, now: Timestamp) -> u32 {
        let second = now.0 / SECOND_MS;
        self.inputs = if self.inputs.0 == second { (second, self.inputs.1 + 1) } else { (second, 1) };
        self.inputs.1
    }
}

/// True so many times in ten thousand.
fn chance_of(per_ten_thousand: u32, rng: &mut ChaCha20Rng) -> bool {
    per_ten_thousand > 0 && rng.next_u32() % 10_000 < per_ten_thousand
}

fn open_service(db: Db, post: &Post, rng: &mut ChaCha20Rng) -> Service {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let service =
        Service::open(db, Keys::derive(&[7; 32]), Box::new(post.clone()), ChaCha20Rng::from_seed(seed));
    let Ok(service) = service else { panic!("the key leads to a directory key") };
    service
}

/// New Year's Day 2026.
const BEGINNING: Timestamp = Timestamp(1_767_225_600_000);
const TICK_MS: u64 = MINUTE_MS;
/// Lines of the trace that are told when something goes wrong.
const TRACE_TAIL: usize = 200;
/// A world that has not come to rest after so long never will.
const SETTLE_MINUTES_MAX: u64 = 90;
/// Inputs of one device within one second: registering makes some fifty answers come at once.
const INPUTS_A_SECOND_MAX: u32 = 400;
/// And for each device of the world: when all lines come back at once, all of them speak.
const INPUTS_A_SECOND_EACH: u32 = 40;
/// Which write of a step fails at most: most steps have fewer, then nothing fails.
const WRITES_MAX: u64 = 40;

/// The store of blobs is away.
fn cannot(work: Work) -> Done {
    let away = || StoreError("the store of blobs is away".into());
    match work {
        Work::Write { name, .. } => Done::Written { name, result: Err(away()) },
        Work::Read { ticket, .. } => Done::Read { ticket, result: Err(away()) },
        Work::Delete { .. } => Done::Deleted { result: Err(away()) },
        Work::List { after, .. } => Done::Listed { after, result: Err(away()) },
    }
}
