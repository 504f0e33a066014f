//! Waiting for the server, never longer than said.

use std::time::Duration;

use host_native::{Core, Heard, Notices};
use screens::{Answer, Ask, LineState, Notice, Status};
use tokio::time::{Instant, timeout_at};

use crate::end::{Stop, answered};

/// Waits until nothing is left to be done with the server; `false` when that did not come in time.
pub async fn settled(core: &Core, notices: &mut Notices, wait: Duration) -> Result<bool, Stop> {
    let until = Instant::now() + wait;
    loop {
        if is_settled(&status(core).await?) {
            return Ok(true);
        }
        loop {
            match timeout_at(until, notices.next()).await {
                Err(_) | Ok(None) => return Ok(false),
                Ok(Some(Heard::Missed | Heard::Notice(Notice::Settled | Notice::Connection(_)))) => break,
                Ok(Some(Heard::Notice(_))) => {}
            }
        }
    }
}

/// Gives a program that has just begun a moment to catch up, so that what it shows is not of yesterday. Without a line
/// it does not wait.
pub async fn fresh(core: &Core) -> Result<Status, Stop> {
    let mut notices = core.notices();
    let until = Instant::now() + FRESH_WAIT;
    loop {
        let status = status(core).await?;
        match status.line.state {
            LineState::Connecting | LineState::CatchingUp { .. } => {}
            LineState::Idle | LineState::Waiting | LineState::UpToDate => return Ok(status),
        }
        loop {
            match timeout_at(until, notices.next()).await {
                Err(_) | Ok(None) => return Ok(status),
                Ok(Some(Heard::Missed | Heard::Notice(Notice::Settled | Notice::Connection(_)))) => break,
                Ok(Some(Heard::Notice(_))) => {}
            }
        }
    }
}

/// Everything that waited is here, and everything that was to leave has left.
pub fn is_settled(status: &Status) -> bool {
    status.line.state == LineState::UpToDate && status.waiting == 0
}

/// How this device stands.
pub async fn status(core: &Core) -> Result<Status, Stop> {
    match answered(core.ask(Ask::Status).await)? {
        Answer::Status(status) => Ok(status),
        _ => Err(Stop::unexpected()),
    }
}

/// How long a command that only shows something waits for newer things to show.
const FRESH_WAIT: Duration = Duration::from_secs(3);
/// How long a command waits for the server to be done with what it began.
pub const SETTLE_WAIT: Duration = Duration::from_secs(30);
