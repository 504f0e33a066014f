//! `valise send --at`, `scheduled`: texts that leave at a time.

use clap::Subcommand;
use host_native::Core;
use screens::{Action, Answer, Ask, Outcome, ScheduledRow};

use super::send::text_of;
use super::show::rows;
use crate::end::{Stop, answered, done};
use crate::object::Object;
use crate::say::{self, Say};

/// `valise scheduled`
#[derive(Subcommand)]
pub enum Scheduled {
    /// Give it another text, another time, or both
    #[command(after_help = crate::args::SCHEDULED)]
    Edit {
        /// Its id, or its first 6 characters and more
        id: String,
        /// What it says from now on; - reads it from standard input
        text: Option<String>,
        /// When it leaves from now on
        #[arg(long, value_name = "TIME", required_unless_present = "text")]
        at: Option<String>,
    },
    /// Do not send it
    #[command(after_help = crate::args::SCHEDULED)]
    Cancel {
        /// Its id, or its first 6 characters and more
        id: String,
    },
}

/// Keeps a text until a time.
pub async fn schedule(
    core: &Core,
    say: Say,
    to: String,
    text: String,
    plain: bool,
    at: String,
) -> Result<(), Stop> {
    act(core, say, Action::Schedule { to, text, plain, at }).await
}

/// Lists what waits, or changes it.
pub async fn run(core: &Core, say: Say, what: Option<Scheduled>) -> Result<(), Stop> {
    match what {
        None => list(core, say).await,
        Some(Scheduled::Edit { id, text, at }) => {
            let text = match text {
                Some(text) => Some(text_of(text).await?),
                None => None,
            };
            act(core, say, Action::Reschedule { id, text, at }).await
        }
        Some(Scheduled::Cancel { id }) => act(core, say, Action::Unschedule { id }).await,
    }
}

async fn act(core: &Core, say: Say, action: Action) -> Result<(), Stop> {
    match done(core.act(action).await)? {
        Outcome::Scheduled { id, sentence } => {
            let object = Object::Scheduled { id: &id, sentence: Some(&sentence), more: None };
            say.result(&object, || format!("{id}  {sentence}"))
        }
        Outcome::Done => say.result(&Object::Done, || "Done.".to_owned()),
        _ => Err(Stop::unexpected()),
    }
}

async fn list(core: &Core, say: Say) -> Result<(), Stop> {
    let Answer::Scheduled(waiting) = answered(core.ask(Ask::Scheduled).await)? else {
        return Err(Stop::unexpected());
    };
    rows(say, waiting, |say, row: &ScheduledRow| {
        say.result(&Object::scheduled(row), || {
            let held = row.held.as_ref().map_or_else(String::new, |words| format!("\n    ({words})"));
            let name = say::one_line(&row.chat_name);
            format!("{}  {}  {name}: {}{held}", row.id, row.at.full, say::set_in(&row.text))
        })
    })
}
