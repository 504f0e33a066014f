//! `cargo xtask TASK`: everything that is done to this workspace, in one place.
//!
//! Each task says what it is doing and what to do next, installs what it needs or says what to install, and explains
//! itself with `--help`.

mod arrows;
mod fuzz;
mod licences;
mod map;
mod programs;
mod setup;
mod shell;
mod suite;
mod web;

use std::{env, process::ExitCode};

use shell::{Done, Options};

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let Some(name) = args.next() else {
        println!("{}", overview());
        return ExitCode::SUCCESS;
    };
    match run(&name, args.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask {name}: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, args: Vec<String>) -> Done {
    if ["--help", "-h", "help"].contains(&name) {
        println!("{}", overview());
        return Ok(());
    }
    let task = TASKS.iter().find(|task| task.name == name);
    let task = task.ok_or_else(|| format!("there is no such task\n\n{}", overview()))?;
    if args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--help" || arg == "-h") {
        println!("{}\n\n{}", task.summary, task.help);
        return Ok(());
    }
    (task.run)(Options::new(args))
}

fn overview() -> String {
    let lines: Vec<String> = TASKS.iter().map(|task| format!("  {:8} {}", task.name, task.summary)).collect();
    format!("usage: cargo xtask TASK [OPTIONS]   (cargo xtask TASK --help says more)\n\n{}", lines.join("\n"))
}

struct Task {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(Options) -> Done,
}

const TASKS: [Task; 10] = [
    Task {
        name: "run",
        summary: "Build everything and start the service with its web app on this machine.",
        help: "usage: cargo xtask run [--port N] [--data DIR] [--release]

  --port N     listen on this port of 127.0.0.1; without it 8080, or a free one when that is taken
  --data DIR   keep the service's data here; without it ./data
  --release    build as for shipping: slower to build, faster to run

Codes that would go out by e-mail or SMS are printed in this terminal. Ctrl-C ends the service.

  cargo xtask run
  cargo xtask run --port 9000 --data /tmp/valise",
        run: programs::run,
    },
    Task {
        name: "check",
        summary: "The inner loop: format, lints, unit tests, architecture. Under two minutes when warm.",
        help: "usage: cargo xtask check

  cargo xtask check && git commit",
        run: suite::check,
    },
    Task {
        name: "test",
        summary: "Everything that must hold before a change lands, from lints to a real browser.",
        help: "usage: cargo xtask test [--long]

  --long   also what takes long: more seeds, more crashes, longer stories, half an hour of three people (sets VALISE_LONG=1),
           and every fuzz target for half a minute, where a nightly compiler and cargo-fuzz are there

Goes on after a failure; the last line is `N passed, N failed`.

  cargo xtask test
  cargo xtask test --long",
        run: suite::test,
    },
    Task {
        name: "build",
        summary: "Build the programs `valise` and `valise-server` for shipping, with the web app inside.",
        help: "usage: cargo xtask build

The programs are in target/release afterwards.

  cargo xtask build && target/release/valise-server --help",
        run: programs::build,
    },
    Task {
        name: "web",
        summary: "Build the web app into target/web-dist, if anything it is made of has changed.",
        help: "usage: cargo xtask web [--release]

  --release   compress as well as possible

Builds with the Rust target wasm32-unknown-unknown where rustup has it or can fetch it, otherwise with Debian's
rustc-web; VALISE_WASM=debian forces the latter. A clang that knows wasm32 compiles SQLite.

  cargo xtask web",
        run: web::web,
    },
    Task {
        name: "bench",
        summary: "Measure the real programs under load.",
        help: "usage: cargo xtask bench [SCENARIO...] [--mib N] [--parts LIST]

  --mib N        of the file that the scenario media sends, in MiB: 1 to 2048; without it 256
  --parts LIST   what of the scenario media: native, cut, browser, picture, with commas between; without it all

Compiles everything as for shipping first. Each scenario prints one JSON object; the list of them:

  cargo xtask bench -- --help

  cargo xtask bench
  cargo xtask bench media --mib 2048 --parts native",
        run: programs::bench,
    },
    Task {
        name: "fuzz",
        summary: "Show random bytes to every decoder, and tell which of them breaks.",
        help: "usage: cargo xtask fuzz [TARGET...] [--seconds N]

  --seconds N   for each target; without it 60

Needs a nightly compiler and cargo-fuzz. fuzz/README.md lists the targets.

  cargo xtask fuzz
  cargo xtask fuzz content link --seconds 600",
        run: fuzz::fuzz,
    },
    Task {
        name: "vectors",
        summary: "Write the examples of the wire format anew, after a change that was meant.",
        help: "usage: cargo xtask vectors

Old examples must still be read: look at the difference before you commit it.

  cargo xtask vectors && git diff",
        run: programs::vectors,
    },
    Task {
        name: "map",
        summary: "Make the map of the world that the app ships with anew.",
        help: "usage: cargo xtask map COUNTRIES.json CITIES.shp

Writes crates/web/static/world.map. Both files are of Natural Earth (public domain):

  npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
  pip download --no-deps geopandas==0.14.4 && unzip geopandas-*.whl 'geopandas/datasets/*'
  cargo xtask map package/countries-50m.json geopandas/datasets/naturalearth_cities/naturalearth_cities.shp",
        run: map::map,
    },
    Task {
        name: "setup",
        summary: "Install what building and testing need, or say what to install.",
        help: "usage: cargo xtask setup

Installs with apt-get when run as root on Debian or its relatives; elsewhere prints one line to run. All other tasks
call it as needed.

  cargo xtask setup",
        run: setup::setup,
    },
];
