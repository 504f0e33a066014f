//! SIGINT and SIGTERM.

use tokio::signal::unix::{SignalKind, signal};

/// Returns when somebody wants this program to end.
pub async fn wanted() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // The system ends the program by itself then.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
