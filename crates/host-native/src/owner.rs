//! The process that owns the core: one loop with the database, the doors and all front ends.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use app::{
    App, AppInput, AppOutput, AttachmentId, Client, Command, Config, ConversationId, Door, ErrandId,
    FilesTarget, FrontId, LineTrouble, LinkEvent, Refused, Settings, TextTo,
};
use client::{Db, Key};
use screens::{Action, FromCore, Outcome, RefusedKind, Reply, ToCore, What};
use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vocab::Timestamp;

use crate::address::ServerAddress;
use crate::door::{OpenDoor, Way};
use crate::files;
use crate::front::{self, Front};
use crate::home::{Home, Options, Ownership, ServerFile};
use crate::preview::{Made, Previews, Turn};
use crate::trouble::OpenTrouble;
use crate::{key, tls};

/// One thing that happens to the owner.
pub(crate) enum Event {
    FrontUp(FrontId, Front),
    FrontDown(FrontId),
    FromFront(FrontId, ToCore),
    /// A connection of this number did something.
    Door(Door, u64, LinkEvent),
    /// Why the connection of this number does not come about.
    Trouble(Door, u64, LineTrouble),
    /// A command of the host's own.
    Errand(Command, oneshot::Sender<Result<client::Reply, Refused>>),
    /// Bytes of an attachment, as far as one chunk reaches.
    ReadAttachment(AttachmentId, u64, oneshot::Sender<Option<Vec<u8>>>),
    /// Files are sent, or not.
    Filed(To, FilesTarget, Result<client::OutgoingId, Refused>),
    /// What came of something that was done beside the loop.
    Say(To, Outcome),
    /// What a text of a chat waits for under this number.
    Previewed(ConversationId, u64, Made),
}

/// Who waits for an answer: the front end, and its number for it.
pub(crate) type To = (FrontId, u64);

/// The owner's loop, running.
pub(crate) struct Running {
    /// Where events go; when the last sender but the loop's own tasks is dropped, see [`Running::stop`].
    pub events: mpsc::Sender<Event>,
    stop: mpsc::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// Ends the loop: says what is queued, closes the doors and the database, and lets go of the home.
    pub async fn stop(self) {
        let _ = self.stop.send(()).await;
        let _ = self.task.await;
    }
}

/// The front end of the owner's own process.
pub(crate) const OWN_FRONT: FrontId = 1;

/// Opens the home and begins.
pub(crate) fn start(home: &Home, options: &Options, ownership: Ownership) -> Result<Running, OpenTrouble> {
    let server = server(home, options)?;
    let address = ServerAddress::parse(&server.server)?;
    let tls = tls::connector(server.authority.as_deref())
        .map_err(|_| OpenTrouble::FileDamaged(home.path().join("server.json")))?;
    let client = open(home, options)?;
    check_server(home, &client, &server)?;
    home.keep_server(&server)?;
    let settings = Settings { server: address.service().clone() };
    let socket = Socket::bind(home)?;
    let (events, happening) = mpsc::channel(EVENTS_WAITING_MAX);
    let (stop, stopped) = mpsc::channel(1);
    let (talking, silent) = mpsc::channel(1);
    let owner = Owner {
        app: App::new(client, settings),
        way: Way { address, tls },
        doors: BTreeMap::new(),
        generation: 0,
        fronts: BTreeMap::new(),
        errands: BTreeMap::new(),
        next_errand: 1,
        previews: Previews::new(events.clone(), options.previews_of_this_machine),
        events: events.clone(),
        talking,
        socket,
        metered: options.metered,
        _ownership: ownership,
    };
    let task = tokio::spawn(owner.run(happening, stopped, silent));
    Ok(Running { events, stop, task })
}

/// The server on file, with what was given now.
fn server(home: &Home, options: &Options) -> Result<ServerFile, OpenTrouble> {
    let on_file = home.server()?;
    let authority = options.authority.as_deref().map(tls::read_authority).transpose()?;
    let kept = on_file.as_ref().and_then(|file| file.authority.clone());
    let server = match (&options.server, on_file) {
        (Some(given), _) => given.to_string(),
        (None, Some(file)) => file.server,
        (None, None) => return Err(OpenTrouble::NoHome(home.path().to_owned())),
    };
    Ok(ServerFile { server, authority: authority.or(kept) })
}

/// The owner has the account open already; all that can be wrong is where it is thought to be.
pub(crate) fn check_guest(home: &Home, options: &Options) -> Result<(), OpenTrouble> {
    match (&options.server, home.server()?) {
        (Some(given), Some(on_file)) if on_file.server != given.to_string() => {
            Err(OpenTrouble::OtherServer {
                home: home.path().to_owned(),
                has: on_file.server,
                given: given.to_string(),
            })
        }
        _ => Ok(()),
    }
}

/// An account stays where it was made; a home without one may change its mind.
fn check_server(home: &Home, client: &Client, server: &ServerFile) -> Result<(), OpenTrouble> {
    let Some(on_file) = home.server()? else { return Ok(()) };
    let registered = client.status().is_ok_and(|status| status.account.is_some());
    if registered && on_file.server != server.server {
        let (has, given) = (on_file.server, server.server.clone());
        return Err(OpenTrouble::OtherServer { home: home.path().to_owned(), has, given });
    }
    Ok(())
}

fn open(home: &Home, options: &Options) -> Result<Client, OpenTrouble> {
    let key = key::load(home, options.passphrase.as_ref().map(|passphrase| passphrase.as_str()))?;
    home.make_database()?;
    let database = |error| OpenTrouble::Database(app::open_sentence(&error));
    let db = Db::open(home.database(), &Key::new(*key)).map_err(database)?;
    Client::open(db, key::random()?, Config::default()).map_err(database)
}

/// A front end, and the number of what it wanted last.
struct Attached {
    front: Front,
    received: u64,
}

struct Owner {
    app: App,
    way: Way,
    doors: BTreeMap<Door, OpenDoor>,
    generation: u64,
    fronts: BTreeMap<FrontId, Attached>,
    /// Who waits for what the host asked the core itself.
    errands: BTreeMap<ErrandId, oneshot::Sender<Result<client::Reply, Refused>>>,
    next_errand: ErrandId,
    previews: Previews,
    events: mpsc::Sender<Event>,
    /// Held by every task that talks to a front end in another process.
    talking: mpsc::Sender<Infallible>,
    socket: Socket,
    metered: bool,
    _ownership: Ownership,
}

impl Owner {
    async fn run(
        mut self,
        mut happening: mpsc::Receiver<Event>,
        mut stopped: mpsc::Receiver<()>,
        silent: mpsc::Receiver<Infallible>,
    ) {
        let listener = self.socket.listener.take();
        let accepting = tokio::spawn(accept(listener, self.events.clone(), self.talking.clone()));
        if self.metered {
            // Nobody waits for the answer.
            self.input(AppInput::Errand(0, Command::Metered(true)));
        }
        loop {
            tokio::select! {
                event = happening.recv() => match event {
                    Some(event) => self.event(event),
                    None => break,
                },
                () = sleep_until(self.app.next_deadline()) => self.input(AppInput::Tick),
                _ = stopped.recv() => break,
            }
        }
        accepting.abort();
        while let Ok(event) = happening.try_recv() {
            self.event(event);
        }
        let waiting = self.previews.all_go();
        self.take_turns(waiting);
        self.farewell(silent).await;
        self.socket.remove();
    }

    /// Tells the other processes how far it came, so that they ask the next owner for the rest and for nothing twice.
    async fn farewell(&mut self, mut silent: mpsc::Receiver<Infallible>) {
        for attached in std::mem::take(&mut self.fronts).into_values() {
            attached.front.goodbye(attached.received);
        }
        let (talking, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.talking, talking));
        let _ = timeout(FAREWELL_WAIT, silent.recv()).await;
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::FrontUp(id, front) => {
                self.fronts.insert(id, Attached { front, received: 0 });
                self.input(AppInput::FrontUp(id));
            }
            Event::FrontDown(id) => self.shed(id),
            Event::FromFront(id, wanted) => {
                if let Some(attached) = self.fronts.get_mut(&id) {
                    attached.received = wanted.id;
                    self.wanted(id, wanted);
                }
            }
            Event::Errand(command, reply) => {
                let errand = self.next_errand;
                self.next_errand += 1;
                self.errands.insert(errand, reply);
                self.input(AppInput::Errand(errand, command));
            }
            Event::ReadAttachment(id, offset, reply) => {
                // Whoever saves it says that it cannot be read.
                let _ = reply.send(self.app.read_attachment(id, offset).ok().flatten());
            }
            Event::Filed(to, target, ended) => {
                let outcome = self.app.filed(target, ended);
                self.say(to, outcome);
            }
            Event::Say(to, outcome) => self.say(to, outcome),
            Event::Previewed(conversation, number, made) => {
                let turns = self.previews.made(conversation, number, made);
                self.take_turns(turns);
            }
            Event::Trouble(door, generation, trouble) => {
                if self.is_current(door, generation) {
                    self.input(AppInput::Trouble(trouble));
                }
            }
            Event::Door(door, generation, event) => {
                if !self.is_current(door, generation) {
                    return;
                }
                if matches!(event, LinkEvent::Down) {
                    self.doors.remove(&door);
                }
                self.input(AppInput::Link(door, event));
            }
        }
    }

    /// Files are read and written here; everything else is the app's.
    fn wanted(&mut self, front: FrontId, wanted: ToCore) {
        let to = (front, wanted.id);
        match wanted.what {
            What::Action(Action::SendFiles { to: chat, reply_to, text, files }) => {
                match self.app.files_target(&chat, reply_to.as_deref(), text) {
                    Ok((target, text)) => {
                        tokio::spawn(files::send(self.events.clone(), to, target, text, files));
                    }
                    Err(outcome) => self.say(to, outcome),
                }
            }
            What::Action(Action::SaveAttachment { id, to: place }) => match self.app.to_save(&id) {
                Ok((id, name, bytes)) => {
                    let what = files::ToSave { id, name, bytes };
                    tokio::spawn(files::save(self.events.clone(), to, what, place));
                }
                Err(outcome) => self.say(to, outcome),
            },
            What::Action(action) => {
                let turns = match self.app.text_to(&action) {
                    Some(TextTo { conversation, link }) => self.previews.text(to, action, conversation, link),
                    None => {
                        // Whoever is about to go waits for nothing more.
                        let goes = matches!(action, Action::Hurry);
                        let mut turns = if goes { self.previews.front_goes(front) } else { Vec::new() };
                        turns.push(Turn::Say(to, action));
                        turns
                    }
                };
                self.take_turns(turns);
            }
            what @ What::Ask(_) => self.input(AppInput::FromFront(front, ToCore { id: wanted.id, what })),
        }
    }

    /// Texts whose turn has come.
    fn take_turns(&mut self, turns: Vec<Turn>) {
        for turn in turns {
            match turn {
                Turn::Say((front, id), action) => {
                    self.input(AppInput::FromFront(front, ToCore { id, what: What::Action(action) }));
                }
                Turn::Refuse(to, sentence) => {
                    self.say(to, Outcome::Refused { kind: RefusedKind::Usage, sentence, next: None });
                }
            }
        }
    }

    fn say(&mut self, (front, id): To, outcome: Outcome) {
        let from = FromCore::Reply { id, reply: Reply::Outcome(outcome) };
        self.perform(AppOutput::ToFront(front, from));
    }

    fn is_current(&self, door: Door, generation: u64) -> bool {
        self.doors.get(&door).is_some_and(|open| open.generation == generation)
    }

    fn input(&mut self, input: AppInput) {
        // When the store fails the app has told the front ends; the core hung up and sets a deadline for the next try.
        let _ = self.app.handle(now(), input);
        while let Some(output) = self.app.poll_output() {
            self.perform(output);
        }
    }

    fn perform(&mut self, output: AppOutput) {
        match output {
            AppOutput::ToFront(id, from) => {
                if self.fronts.get(&id).is_some_and(|attached| !attached.front.say(from)) {
                    self.shed(id);
                }
            }
            AppOutput::Connect(door) => {
                self.generation += 1;
                let open = OpenDoor::connect(self.way.clone(), door, self.generation, self.events.clone());
                self.doors.insert(door, open);
            }
            AppOutput::Disconnect(door) => {
                self.doors.remove(&door);
            }
            AppOutput::Errand(errand, reply) => {
                if let Some(waiting) = self.errands.remove(&errand) {
                    // Whoever asked may have ended.
                    let _ = waiting.send(reply);
                }
            }
            AppOutput::Frame(door, bytes) => {
                let Some(open) = self.doors.get(&door) else { return };
                if !open.send(bytes) {
                    // Told as an event of its own, because the app is in the middle of speaking.
                    let (generation, events) = (open.generation, self.events.clone());
                    tokio::spawn(async move {
                        let _ = events.send(Event::Door(door, generation, LinkEvent::Down)).await;
                    });
                }
            }
        }
    }

    fn shed(&mut self, id: FrontId) {
        let attached = self.fronts.remove(&id);
        // What it said before it went is said all the same.
        let turns = self.previews.front_goes(id);
        self.take_turns(turns);
        if attached.is_some() {
            // Nothing can fail or be said: the app only forgets it.
            let _ = self.app.handle(now(), AppInput::FrontDown(id));
        }
    }
}

/// The socket on which other processes find the owner.
struct Socket {
    listener: Option<UnixListener>,
    path: PathBuf,
}

impl Socket {
    /// Only whoever holds the lock comes here, so what lies there is of a process that is gone.
    fn bind(home: &Home) -> Result<Self, OpenTrouble> {
        let path = home.socket();
        let failed = |why| OpenTrouble::Folder { path: home.path().to_owned(), why };
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let listener =
            crate::relay::with_short_path(&path, |path| UnixListener::bind(path)).map_err(failed)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { listener: Some(listener), path })
    }

    fn remove(&self) {
        // When it stays, the next owner removes it.
        let _ = fs::remove_file(&self.path);
    }
}

async fn accept(
    listener: Option<UnixListener>,
    events: mpsc::Sender<Event>,
    talking: mpsc::Sender<Infallible>,
) {
    let Some(listener) = listener else { return };
    let mut next = OWN_FRONT + 1;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let own = rustix::process::geteuid().as_raw();
                if stream.peer_cred().is_ok_and(|peer| peer.uid() == own) {
                    tokio::spawn(front::serve(next, stream, events.clone(), talking.clone()));
                    next += 1;
                }
            }
            // Too many files are open: others must close some first.
            Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
        }
    }
}

async fn sleep_until(deadline: Option<Timestamp>) {
    loop {
        let wait = deadline.map_or(SLEEP_MAX, |at| Duration::from_millis(at.ms_since(now())));
        if wait.is_zero() {
            return;
        }
        tokio::time::sleep(wait.min(SLEEP_MAX)).await;
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The last words to other processes are written within this.
const FAREWELL_WAIT: Duration = Duration::from_secs(1);
/// Events that wait for the loop; whoever brings more waits, and with it the socket it reads from.
const EVENTS_WAITING_MAX: usize = 1_024;
/// The clock is looked at so often, because it may be set and the computer may sleep.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// How long no other process is let in after the system could not open one more file.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);
