//! `cargo xtask bench [SCENARIO…]`: what the real programs cost, one JSON object a line.
//!
//! The generator speaks the protocol through the real doors with bytes sealed beforehand, so that the service is measured
//! and not the client's cryptography, which has a scenario of its own.

mod cipher;
mod client_cost;
mod copy;
mod door;
mod groups;
mod pair;
mod report;
mod server;
mod store_and_kill;
mod two_by_two;

use std::process::ExitCode;

/// What goes wrong here ends the run with a sentence.
pub(crate) type Trouble = Box<dyn std::error::Error + Send + Sync>;

const SCENARIOS: [(&str, &str); 7] = [
    ("S1", "online: 100 pairs, 256-byte texts, 4 outstanding a sender"),
    ("S5", "kill -9 while 10,000 messages are stored, restart, drain"),
    ("client", "encrypt and decrypt with storage, natively"),
    ("groups", "a group of 10 to 1,000: making, joining, writing, renewing a leaf"),
    ("cipher", "sealing and opening files in memory, beside the bare cipher"),
    ("copy", "a file through loopback from disk to disk, bare and in TLS: what copying alone costs"),
    ("bytes", "bytes on the wire for a 20-character text, by layer"),
];

const MEDIA: &str =
    "files natively and in a browser, beside `cipher` and `copy`; cut lines; a photo on 2G and 3G
          --mib N   the file's size, 1 to 2048; without it 256
          --parts LIST   of native, cut, browser, picture, with commas between; without it all";

const EXAMPLES: &str = "Examples:
  cargo xtask bench
  cargo xtask bench S1 S5
  cargo xtask bench media --mib 2048 --parts native,browser";

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if asked.iter().any(|word| word == "--help" || word == "-h") {
        println!("Measures the built programs; one JSON object a line.\n\nUsage: bench [SCENARIO…]\n");
        for (name, what) in SCENARIOS {
            println!("  {name:<8}{what}");
        }
        println!("  {:<8}a text in a browser, in CPU time, beside the same core natively", "browser");
        println!("  {:<8}{MEDIA}", "media");
        println!("\n{EXAMPLES}");
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = asked.iter().find(|word| !SCENARIOS.iter().any(|(name, _)| name == word)) {
        eprintln!("There is no scenario {unknown}. See --help for the list.");
        return ExitCode::from(2);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(&asked)),
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(asked: &[String]) -> Result<(), Trouble> {
    for (name, what) in SCENARIOS {
        if !asked.is_empty() && !asked.iter().any(|word| word == name) {
            continue;
        }
        eprintln!("{name}: {what}");
        let report = match name {
            "S1" => two_by_two::run().await?,
            "S5" => store_and_kill::run().await?,
            "client" => client_cost::run(name).await?,
            "groups" => groups::run(name)?,
            "cipher" => cipher::run(name)?,
            "copy" => copy::run(name)?,
            _ => client_cost::run_bytes(name).await?,
        };
        println!("{report}");
    }
    Ok(())
}
