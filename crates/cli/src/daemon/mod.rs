//! `valise daemon`: JSON-RPC for bots, in the shapes of signal-cli, so that libraries made for it can be pointed here.
//!
//! [`rpc`], [`params`] and [`envelope`] know formats and nothing else; [`methods`] is the table of what can be asked for;
//! [`hub`] tells those who listen; [`socket`] and [`http`] are the two ways in.
//!
//! Invariant: what is not supported is said to be so by name; nothing that was asked for is silently left out.

mod amend;
mod bot;
mod envelope;
mod groups;
mod http;
mod hub;
mod methods;
mod params;
mod polls;
mod rpc;
mod socket;
mod token;

use std::convert::Infallible;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use host_native::{Core, Options};
use screens::Ask;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::args::{Daemon, ReceiveMode};
use crate::end::{Stop, answered};
use crate::stop;
use bot::{Bot, Bots};
use hub::Hub;

/// Serves bots until it is ended: of one account, or with `all` of these, each opened by itself.
pub async fn run(
    options: Options,
    all: Vec<(String, Options)>,
    daemon: Daemon,
    utc_offset_minutes: i16,
) -> Result<(), Stop> {
    let home = options.home.clone();
    let served =
        if daemon.accounts { all.into_iter().map(|(_, options)| options).collect() } else { vec![options] };
    let mut bots = Vec::new();
    for options in served {
        if !bots.is_empty() {
            // Accounts that connect together could be told to be of one person.
            sleep(host_native::a_moment(APART_MAX)?).await;
        }
        match open(options, utc_offset_minutes).await {
            Ok(bot) => bots.push(Arc::new(bot)),
            Err(stop) => {
                close(bots).await;
                return Err(stop);
            }
        }
    }
    if bots.is_empty() {
        return Err(Stop::refused("There is no account in this folder. Create one with: valise register"));
    }
    let bot: Bots = bots.into();
    let mut tasks = JoinSet::new();
    let (open, mut closed) = mpsc::channel(1);
    let result = match serve(&bot, open, &mut tasks, home, daemon).await {
        Ok(()) => tokio::select! {
            () = stop::wanted() => Ok(()),
            // A way in that closes, or a hub that ends, is the end of the whole.
            _ = tasks.join_next() => Err(Stop::unexpected()),
        },
        Err(stop) => Err(stop),
    };
    tasks.shutdown().await;
    // When the last connection let go of it, the account can be closed.
    let _ = timeout(END_WAIT, closed.recv()).await;
    let bots = bot.to_vec();
    drop(bot);
    close(bots).await;
    result
}

async fn open(options: Options, utc_offset_minutes: i16) -> Result<Bot, Stop> {
    let core = Core::open(options).await?;
    match prepare(core, utc_offset_minutes).await {
        Ok(bot) => Ok(bot),
        Err((core, stop)) => {
            core.close().await;
            Err(stop)
        }
    }
}

async fn close(bots: Vec<Arc<Bot>>) {
    for bot in bots {
        if let Some(bot) = Arc::into_inner(bot) {
            bot.core.close().await;
        }
    }
}

async fn prepare(core: Core, utc_offset_minutes: i16) -> Result<Bot, (Core, Stop)> {
    match answered(core.ask(Ask::Start { utc_offset_minutes }).await) {
        Ok(_) => Bot::new(core).await,
        Err(stop) => Err((core, stop)),
    }
}

/// Opens the ways in; each is a task.
async fn serve(
    bots: &Bots,
    open: mpsc::Sender<Infallible>,
    tasks: &mut JoinSet<()>,
    home: PathBuf,
    daemon: Daemon,
) -> Result<(), Stop> {
    let (hub, desk) = Hub::start(bots.clone(), daemon.unread);
    tasks.spawn(desk);
    let place = Place {
        bots: bots.clone(),
        hub,
        on_start: daemon.receive_mode == ReceiveMode::OnStart,
        room: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        _open: open,
    };
    if daemon.socket.is_some() || daemon.http.is_none() {
        let path = daemon.socket.flatten().unwrap_or_else(|| home.join("bot.sock"));
        let socket = socket::Socket::bind(&path)?;
        tell(&format!("Listening on {}", path.display()));
        tasks.spawn(socket.serve(place.clone()));
    }
    if let Some(address) = daemon.http {
        let token = token::load(&home)?;
        let listener = http::bind(address).await?;
        let bound = listener.local_addr().map_err(|error| no_address(address, &error))?;
        tell(&format!("Listening on http://{bound}; the token is in {}", token.path.display()));
        tasks.spawn(http::serve(listener, token, place));
    }
    Ok(())
}

/// What every connection has.
#[derive(Clone)]
struct Place {
    bots: Bots,
    hub: Hub,
    /// Every connection listens from its beginning.
    on_start: bool,
    room: Arc<Semaphore>,
    /// Held as long as somebody may use the account.
    _open: mpsc::Sender<Infallible>,
}

/// Says something to whoever started the program.
fn tell(sentence: &str) {
    // Not worth an end.
    let _ = writeln!(std::io::stderr(), "{sentence}");
}

fn no_address(address: std::net::SocketAddr, error: &std::io::Error) -> Stop {
    Stop::refused(format!("The address {address} cannot be used: {error}. Give another with --http."))
}

/// Connections at one time, over both ways in.
const CONNECTIONS_MAX: usize = 32;
/// Bytes of a line or body: a text of the largest size, every byte of it escaped, with room for the rest.
const REQUEST_BYTES_MAX: usize = 512 * 1024;
/// A reader that takes nothing for so long is stopped or stuck.
const WRITE_WAIT: Duration = Duration::from_secs(30);
/// Accounts are opened so far apart at most, each time by another time.
const APART_MAX: Duration = Duration::from_secs(4);
/// What is just being answered ends within this.
const END_WAIT: Duration = Duration::from_secs(2);
