//! `valise place`: places that are told once or live.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use host_native::Core;
use screens::{Action, Answer, Ask, Bubble, HowPrecisely, LivePlaceRow, MessageId, Outcome};
use tokio::time::{Instant, sleep_until, timeout};
use vocab::Position;

use super::send;
use super::show::rows;
use crate::args::Wait;
use crate::end::{Stop, answered, done};
use crate::object::Object;
use crate::positions;
use crate::say::{self, Say};
use crate::{settle, stop};

/// `valise place`
#[derive(Subcommand)]
pub enum Place {
    /// Tell a place once
    #[command(after_help = crate::args::PLACE)]
    Share {
        /// Number, e-mail address, name or id of the person, or id of the chat
        chat: String,
        #[command(flatten)]
        from: From,
        #[command(flatten)]
        how: How,
    },
    /// Tell where you are from time to time, until the time is over or Ctrl-C
    #[command(after_help = crate::args::PLACE)]
    Live {
        /// Number, e-mail address, name or id of the person, or id of the chat
        chat: String,
        /// For how long, up to 8h
        #[arg(long = "for", value_name = "TIME", default_value = "1h")]
        lasts: String,
        /// How many seconds lie between two positions
        #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(15..=900))]
        every: u64,
        #[command(flatten)]
        from: From,
        #[command(flatten)]
        how: How,
    },
    /// End a live place of yours, on whatever device it began; without an id all of them
    #[command(after_help = crate::args::PLACE)]
    Stop {
        /// Its id, or its first 6 characters and more
        message: Option<String>,
    },
    /// List your live places: who sees where you are now
    #[command(after_help = crate::args::PLACE)]
    List,
    /// Show where a place is, and how far away
    #[command(after_help = crate::args::PLACE)]
    Show {
        /// Id of the message
        message: String,
        /// Where you are: adds distance and direction
        #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
        from: Option<String>,
    },
}

/// Where positions come from.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct From {
    /// A position, or a geo: link
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    at: Option<String>,
    /// A GPX track or lines of NMEA; live, one position after the other
    #[arg(long, value_name = "FILE")]
    gpx: Option<PathBuf>,
    /// A program of yours that prints LAT,LON or a geo: link; live, it is run for every position
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
}

/// How it is told.
#[derive(Args)]
pub struct How {
    /// How precisely; what is less precise never leaves this program otherwise
    #[arg(long, value_enum, default_value = "exact")]
    precision: Precision,
    /// Radius of the circle it lies in, metres
    #[arg(long, value_name = "METRES", default_value_t = 0)]
    accuracy: u32,
    /// What it is called
    #[arg(long, default_value = "")]
    label: String,
}

/// How precisely a place is told.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// As it was measured
    Exact,
    /// About a kilometre
    #[value(name = "1km")]
    Kilometre,
    /// About ten kilometres
    Town,
}

impl Precision {
    fn meant(self) -> HowPrecisely {
        match self {
            Self::Exact => HowPrecisely::Exact,
            Self::Kilometre => HowPrecisely::Kilometre,
            Self::Town => HowPrecisely::Town,
        }
    }
}

/// Tells, ends, lists.
pub async fn run(core: &Core, say: Say, place: Place) -> Result<(), Stop> {
    match place {
        Place::Share { chat, from, how } => {
            let mut source = Source::open(from).await?;
            let at = source.newest().await?;
            let How { precision, accuracy, label } = how;
            let action = Action::SharePlace { to: chat, at, accuracy, precision: precision.meant(), label };
            send::act(core, say, action, Wait::Stored, STORED_WAIT).await
        }
        Place::Live { chat, lasts, every, from, how } => {
            live(core, say, (chat, lasts, every), from, how).await
        }
        Place::Stop { message: None } => {
            done(core.act(Action::StopLive { message: None }).await)?;
            say.result(&Object::Done, || "Nobody sees where you are any more.".to_owned())
        }
        Place::Stop { message } => {
            send::act(core, say, Action::StopLive { message }, Wait::Stored, STORED_WAIT).await
        }
        Place::List => {
            let Answer::LivePlaces(all) = answered(core.ask(Ask::LivePlaces).await)? else {
                return Err(Stop::unexpected());
            };
            rows(say, all, |say, row: &LivePlaceRow| {
                say.result(&Object::live_place(row), || {
                    format!(
                        "{}  {}, {}",
                        super::show::short(&row.id),
                        say::one_line(&row.chat_name),
                        row.line
                    )
                })
            })
        }
        Place::Show { message, from } => show(core, say, message, from).await,
    }
}

async fn show(core: &Core, say: Say, message: String, from: Option<String>) -> Result<(), Stop> {
    let from = from.map(|from| Position::parse(&from)).transpose();
    let from = from.map_err(|error| Stop::usage(format!("This is {error}.")))?;
    settle::fresh(core).await?;
    let bubble = bubble(core, MessageId(message)).await?;
    let Some(place) = &bubble.place else { return Err(Stop::refused("This message is no place.")) };
    let way = place.spot.as_ref().zip(from).map(|(spot, from)| spot.way_from(from));
    say.result(&Object::place(&bubble, way.as_deref()), || {
        let mut lines = vec![place.title.clone()];
        lines.extend((!place.label.is_empty()).then(|| say::one_line(&place.label).to_string()));
        lines.extend(place.spot.iter().flat_map(|spot| [spot.line.clone(), spot.geo.clone()]));
        lines.extend(way.clone());
        lines.join("\n")
    })
}

/// Begins, feeds it until somebody or the time ends it, and says that it has ended.
async fn live(
    core: &Core,
    say: Say,
    (chat, lasts, every): (String, String, u64),
    from: From,
    how: How,
) -> Result<(), Stop> {
    let mut source = Source::open(from).await?;
    let How { precision, accuracy, label } = how;
    let every_typed = format!("{every}s");
    let start =
        Action::StartLive { to: chat, lasts, every: every_typed, precision: precision.meant(), label };
    let Outcome::Sent { chat, id } = done(core.act(start).await)? else { return Err(Stop::unexpected()) };
    say.object(&Object::sent(&chat, &id, None))?;
    say.aside("They see where you are. Ctrl-C ends it.");
    let fed = tokio::select! {
        fed = feed(core, say, &mut source, &id, accuracy, Duration::from_secs(every)) => fed,
        () = stop::wanted() => Ok(()),
    };
    if bubble(core, id.clone()).await?.place.is_some_and(|place| place.live) {
        let action = Action::StopLive { message: Some(id.0) };
        send::act(core, say, action, Wait::Stored, STORED_WAIT).await?;
    }
    fed?;
    say.advice("It has ended. They do not see where you are any more.")
}

/// Gives a position at every interval for as long as it is live.
async fn feed(
    core: &Core,
    say: Say,
    source: &mut Source,
    id: &MessageId,
    accuracy: u32,
    every: Duration,
) -> Result<(), Stop> {
    let mut next = Instant::now();
    loop {
        match source.next().await {
            Ok(at) => {
                done(core.act(Action::GiveFix { at, accuracy }).await)?;
            }
            // The next time may be better; the others see how old the newest is.
            Err(_) => say.aside("No position this time."),
        }
        let bubble = bubble(core, id.clone()).await?;
        if !bubble.place.as_ref().is_some_and(|place| place.live) {
            return Ok(());
        }
        say.object(&Object::place(&bubble, None))?;
        next += every;
        sleep_until(next).await;
    }
}

async fn bubble(core: &Core, id: MessageId) -> Result<Bubble, Stop> {
    match answered(core.ask(Ask::Message { id }).await)? {
        Answer::Message(bubble) => Ok(*bubble),
        _ => Err(Stop::unexpected()),
    }
}

/// See [`From`].
enum Source {
    Fixed(String),
    Points { points: Vec<Position>, next: usize },
    Program(String),
}

impl Source {
    async fn open(from: From) -> Result<Self, Stop> {
        match from {
            From { at: Some(at), .. } => Ok(Self::Fixed(at)),
            From { gpx: Some(file), .. } => {
                let points = read_file(&file).await?;
                if points.is_empty() {
                    return Err(Stop::usage(
                        "This file holds no positions: neither points of GPX nor lines of NMEA.",
                    ));
                }
                Ok(Self::Points { points, next: 0 })
            }
            From { command, .. } => Ok(Self::Program(command.unwrap_or_default())),
        }
    }

    /// The last there is.
    async fn newest(&mut self) -> Result<String, Stop> {
        if let Self::Points { points, next } = self {
            *next = points.len();
        }
        self.next().await
    }

    /// The next; of a file that has ended, the last.
    async fn next(&mut self) -> Result<String, Stop> {
        match self {
            Self::Fixed(at) => Ok(at.clone()),
            Self::Points { points, next } => {
                let point = points.get(*next).or(points.last()).ok_or_else(Stop::unexpected)?;
                *next = next.saturating_add(1);
                Ok(point.to_string())
            }
            Self::Program(program) => ask_program(program).await,
        }
    }
}

async fn read_file(file: &Path) -> Result<Vec<Position>, Stop> {
    let unreadable = || Stop::usage("This file cannot be read as text.");
    let about = tokio::fs::metadata(file).await.map_err(|_| unreadable())?;
    if about.len() > FILE_BYTES_MAX {
        return Err(Stop::usage("This file is too large: 32 MB at most."));
    }
    let text = tokio::fs::read_to_string(file).await.map_err(|_| unreadable())?;
    Ok(positions::read(&text))
}

/// What the program prints; one that takes too long is ended.
async fn ask_program(program: &str) -> Result<String, Stop> {
    let failed = || Stop::refused("The command gave no position.");
    let mut child = Command::new("sh")
        .args(["-c", program])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|_| failed())?;
    let printed = child.stdout.take().ok_or_else(failed)?;
    let read = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        printed.take(PRINTED_BYTES_MAX).read_to_string(&mut text).map(|_| text)
    });
    let text = timeout(PROGRAM_WAIT, read).await;
    // It has ended already, or is to.
    let _ = child.kill();
    let _ = child.wait();
    match text {
        Ok(Ok(Ok(text))) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => Err(failed()),
    }
}

const STORED_WAIT: Duration = Duration::from_secs(30);
/// A receiver that was asleep finds its position within this or not.
const PROGRAM_WAIT: Duration = Duration::from_secs(30);
/// What a program prints is looked at so far, bytes.
const PRINTED_BYTES_MAX: u64 = 4_096;
/// Largest file of positions, bytes.
const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;
