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
use tokio::time::timeout;

use crate::args::{Daemon, ReceiveMode};
use crate::end::{Stop, answered};
use crate::stop;
use bot::Bot;
use hub::Hub;

/// Serves bots until it is ended.
pub async fn run(options: Options, daemon: Daemon, utc_offset_minutes: i16) -> Result<(), Stop> {
    let home = options.home.clone();
    let core = Core::open(options).await?;
    let bot = match prepare(core, utc_offset_minutes).await {
        Ok(bot) => Arc::new(bot),
        Err((core, stop)) => {
            core.close().await;
            return Err(stop);
        }
    };
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
    if let Some(bot) = Arc::into_inner(bot) {
        bot.core.close().await;
    }
    result
}

async fn prepare(core: Core, utc_offset_minutes: i16) -> Result<Bot, (Core, Stop)> {
    match answered(core.ask(Ask::Start { utc_offset_minutes }).await) {
        Ok(_) => Bot::new(core).await,
        Err(stop) => Err((core, stop)),
    }
}

/// Opens the ways in; each is a task.
async fn serve(
    bot: &Arc<Bot>,
    open: mpsc::Sender<Infallible>,
    tasks: &mut JoinSet<()>,
    home: PathBuf,
    daemon: Daemon,
) -> Result<(), Stop> {
    let (hub, desk) = Hub::start(bot.clone(), bot.core.notices(), daemon.unread);
    tasks.spawn(desk);
    let place = Place {
        bot: bot.clone(),
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
    bot: Arc<Bot>,
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
/// What is just being answered ends within this.
const END_WAIT: Duration = Duration::from_secs(2);
