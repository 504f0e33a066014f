//! `valise`: the messenger in a terminal and in scripts.
//!
//! Every command opens the core of a home folder (or reaches the process that has it open), does one thing, says what was
//! done, and closes. Results go to stdout, with `--json` one object a line; everything else goes to stderr.

mod args;
mod command;
mod daemon;
mod end;
mod full;
mod object;
mod positions;
mod qr;
mod say;
mod set;
mod settle;
mod stop;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;

/// How long what still runs may take to end.
const END_WAIT: std::time::Duration = std::time::Duration::from_secs(2);

fn main() -> ExitCode {
    // Before any thread begins: afterwards the system's time zone can no longer be read safely.
    let utc_offset = time::UtcOffset::current_local_offset().unwrap_or(time::UtcOffset::UTC);
    let args = Args::parse();
    let json = args.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return end::Stop::refused(format!(
                "Valise cannot start: {error}. Close other programs, then try again."
            ))
            .tell(json);
        }
    };
    let result = runtime.block_on(command::run(args, utc_offset.whole_minutes()));
    // The database must be closed before the process ends: the system's cryptography tidies up at exit under whoever
    // still uses it. Bounded, because somebody may still be asked for a code on a terminal nobody looks at any more.
    runtime.shutdown_timeout(END_WAIT);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.tell(json),
    }
}
