//! Turns the compiled worker and page into the folder that the server embeds.
//!
//! A program of its own, so that the other tasks of `cargo xtask` need not compile wasm-bindgen's library. The folder's
//! layout is described in [`list`].

mod bindings;
mod list;
mod statics;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    match Options::read(env::args().skip(1)).and_then(|options| bundle(&options)) {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("web-bundle: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// What to bundle, and where to.
struct Options {
    page: PathBuf,
    worker: PathBuf,
    statics: PathBuf,
    out: PathBuf,
    quality: u32,
}

impl Options {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut next = |name: &str| args.next().ok_or_else(|| format!("{name} is missing\n{USAGE}"));
        Ok(Self {
            page: next("PAGE.wasm")?.into(),
            worker: next("WORKER.wasm")?.into(),
            statics: next("STATIC")?.into(),
            out: next("OUT")?.into(),
            quality: next("QUALITY")?
                .parse()
                .map_err(|_| format!("QUALITY is a number from 0 to 11\n{USAGE}"))?,
        })
    }
}

/// Builds in a folder beside `out` and swaps at the end, so that a reader never sees half of it.
fn bundle(options: &Options) -> Result<String, String> {
    let fresh = options.out.with_extension("new");
    remove(&fresh)?;
    bindings::generate(&options.page, &fresh.join("page"), "page")?;
    bindings::generate(&options.worker, &fresh.join("worker"), "worker")?;
    statics::copy(&options.statics, &fresh).map_err(|error| format!("static files: {error}"))?;
    let list = list::write(&fresh, options.quality).map_err(|error| format!("compressing: {error}"))?;
    remove(&options.out)?;
    fs::rename(&fresh, &options.out).map_err(|error| format!("{}: {error}", options.out.display()))?;
    Ok(list.summary())
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

const USAGE: &str =
    "usage: web-bundle PAGE.wasm WORKER.wasm STATIC OUT QUALITY   (called by `cargo xtask web`)";
