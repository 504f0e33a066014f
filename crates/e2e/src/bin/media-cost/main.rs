//! What files cost: terminals and a web app send them through the real server and load them, beside the bare cipher and plain copying in the
//! same run. One JSON object is printed; `cargo xtask bench media` builds what this needs and runs it.

mod browser_part;
mod cut;
mod files;
mod native;
mod picture;

use std::{process::ExitCode, time::Duration};

use e2e::programs::{json_lines, program};
use serde_json::{Map, Value, json};

/// What goes wrong here ends the run with a sentence.
type Trouble = Box<dyn std::error::Error>;

/// Bytes of a MiB.
const MIB: u64 = 1 << 20;
/// Of the file that is sent, in MiB, when nobody said otherwise, and at most: larger ones are refused.
const MIB_DEFAULT: u64 = 256;
const MIB_MAX: u64 = 2_048;
/// Nothing of it takes longer.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// In this order.
const PARTS: [&str; 4] = ["native", "cut", "browser", "picture"];

const HELP: &str = "Measures what files cost; prints one JSON object.

Usage: media-cost [--mib N] [--parts LIST]

  --mib N        of the file that is sent, in MiB: 1 to 2048; without it 256. On disk it takes ten times as much meanwhile.
  --parts LIST   of these, with commas between; without it all:
                   native    a daemon sends, another one loads and saves: MiB/s, CPU, memory, disk
                   cut       64 MiB over a line that is cut eight times each way: bytes that passed again
                   browser   the web app sends, loads and saves, in Chromium
                   picture   a photo over lines as of 2G and 3G: when it is seen small, and whole

Needs valise, valise-server and bench in the folder that VALISE_PROGRAMS names, and Chromium for the last two.
`cargo xtask bench media` builds all that and runs this.";

/// What is to be measured.
struct Wanted {
    mib: u64,
    parts: Vec<String>,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let wanted = match Wanted::read(&args) {
        Ok(wanted) => wanted,
        Err(why) => {
            eprintln!("media-cost: {why}; --help says more");
            return ExitCode::from(2);
        }
    };
    let mut report = Map::new();
    let ended = measure(&wanted, &mut report).await;
    // What was measured before something went wrong is worth reading all the same.
    println!("{}", Value::Object(report));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("media-cost: {trouble}");
            ExitCode::FAILURE
        }
    }
}

impl Wanted {
    fn read(args: &[String]) -> Result<Self, String> {
        let mut wanted = Self { mib: MIB_DEFAULT, parts: PARTS.map(str::to_owned).to_vec() };
        let mut args = args.iter();
        while let Some(name) = args.next() {
            let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--mib" => {
                    let mib = value.parse().ok().filter(|mib| (1..=MIB_MAX).contains(mib));
                    wanted.mib = mib.ok_or_else(|| format!("--mib is 1 to {MIB_MAX}"))?;
                }
                "--parts" => {
                    wanted.parts = value.split(',').map(str::to_owned).collect();
                    if let Some(part) = wanted.parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
                        return Err(format!("there is no part {part}"));
                    }
                }
                _ => return Err(format!("what is {name}?")),
            }
        }
        Ok(wanted)
    }
}

async fn measure(wanted: &Wanted, report: &mut Map<String, Value>) -> Result<(), Trouble> {
    let folder = tempfile::tempdir()?;
    report.insert("scenario".into(), json!("media"));
    report.insert("mib".into(), json!(wanted.mib));
    let bare = bare()?;
    report.insert("bare".into(), json!(bare));
    for part in PARTS.into_iter().filter(|part| wanted.parts.iter().any(|wanted| wanted == part)) {
        eprintln!("media: {part}");
        let figures = match part {
            "native" => native::measure(folder.path(), wanted.mib, &bare)?,
            "cut" => cut::measure(folder.path()).await?,
            "browser" => browser_part::measure(folder.path(), wanted.mib).await?,
            _ => picture::measure(folder.path()).await?,
        };
        report.insert(part.into(), figures);
    }
    Ok(())
}

/// What `bench` says of the bare cipher and of plain copying, at this moment on this machine, by scenario. It is compiled as the programs
/// are; this program is not.
fn bare() -> Result<Value, Trouble> {
    eprintln!("media: the bare cipher and plain copying");
    let output = std::process::Command::new(program("bench")).args(["cipher", "copy"]).output()?;
    if !output.status.success() {
        return Err(format!("bench failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut found = Map::new();
    for figures in json_lines(&output.stdout) {
        let name = figures["scenario"].as_str().ok_or("figures without a name")?.to_owned();
        found.insert(name, figures);
    }
    Ok(Value::Object(found))
}

/// Two digits behind the point.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
