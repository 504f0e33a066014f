//! The web app: compiled, wrapped, compressed, and left alone when nothing has changed.

use std::{
    collections::BTreeSet,
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use crate::{
    arrows,
    setup::{self, Need, TARGET, Way},
    shell::{self, Done, Options, cargo, lint_with, run, say},
};

/// The task.
pub fn web(mut options: Options) -> Done {
    let release = options.flag("--release");
    options.nothing_left()?;
    build(&Wanted { release, ..Wanted::default() })?;
    say("`cargo xtask run` serves it; `cargo xtask build` puts it into the server's program");
    Ok(())
}

/// How the web app is wanted.
#[derive(Default)]
pub struct Wanted {
    /// Optimised and compressed as well as possible.
    pub release: bool,
    /// Linted while it is compiled, where the toolchain can.
    pub linted: bool,
    /// What wraps it, where that was compiled already.
    pub wrapper: Option<PathBuf>,
}

/// Builds if needed, and tells the folder.
pub fn build(wanted: &Wanted) -> Done<PathBuf> {
    let (target, started) = (shell::root().join("target"), Instant::now());
    let (dist, stamp) = (target.join("web-dist"), target.join("web-dist.stamp"));
    let quality = if wanted.release { QUALITY_RELEASE } else { QUALITY_QUICK };
    let inputs = fingerprint()?;
    if dist.join("files.json").exists()
        && Stamp::read(&stamp).is_some_and(|made| made.covers(&inputs, quality, wanted.linted))
    {
        say("the web app is up to date");
        return Ok(dist);
    }
    let profile = if wanted.release { PROFILE_RELEASE } else { PROFILE_QUICK };
    compile(profile, wanted.linted)?;
    say("wrapping and compressing");
    let wasm = target.join("wasm").join(TARGET).join(profile);
    let mut bundle = match &wanted.wrapper {
        Some(program) => Command::new(program),
        None => cargo(&["run", "--quiet", "--package", "web-bundle", "--"]),
    };
    let bundled = bundle
        .args([
            wasm.join("web.wasm"),
            wasm.join("host_web.wasm"),
            shell::root().join("crates/web/static"),
            dist.clone(),
        ])
        .arg(quality.to_string())
        .status();
    if !bundled.map_err(|error| error.to_string())?.success() {
        return Err("the web app could not be wrapped".to_owned());
    }
    Stamp { inputs, quality, linted: wanted.linted }.write(&stamp)?;
    say(&format!("the web app is in target/web-dist ({:.0} s)", started.elapsed().as_secs_f32()));
    Ok(dist)
}

fn compile(profile: &str, linted: bool) -> Done {
    setup::ensure(&[Need::Web])?;
    let way = setup::way()?;
    say(match way {
        Way::Target => "compiling the web app with the toolchain's target wasm32-unknown-unknown",
        Way::Debian => "compiling the web app with Debian's rustc-web, its standard library included",
    });
    let chosen = ["build", "--package", "host-web", "--package", "web", "--profile", profile];
    let mut build = for_browser(way, &chosen)?;
    match (linted, way) {
        (true, Way::Target) => lint_with(&mut build)?,
        (true, Way::Debian) => say("Debian's compiler for the browser has no clippy; its lints are left out"),
        (false, _) => {}
    }
    run(&mut build)
}

/// A cargo that compiles for the browser, in a target folder of its own: the toolchains would evict each other.
fn for_browser(way: Way, args: &[&str]) -> Done<Command> {
    let tools = setup::wasm_tools().ok_or("no clang that knows wasm32")?;
    let mut command = cargo(args);
    command
        .args(["--target", TARGET, "--target-dir", "target/wasm"])
        .env("CC_wasm32_unknown_unknown", tools.clang)
        .env("AR_wasm32_unknown_unknown", tools.ar)
        // Joins the flags in .cargo/config.toml; web locks are behind it.
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "--cfg web_sys_unstable_apis");
    if way == Way::Debian {
        command
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
            // The other toolchain's libraries, which cargo puts there for the programs it runs.
            .env_remove("LD_LIBRARY_PATH");
    }
    Ok(command)
}

/// A hash over everything the web app is made of. It need not resist an attacker: who can forge it can edit the sources.
fn fingerprint() -> Done<String> {
    let root = shell::root();
    let crates = arrows::read(&root.join("crates"))?;
    let mut files: Vec<PathBuf> =
        ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"].map(|file| root.join(file)).into();
    for name in closure(&crates) {
        list(&root.join("crates").join(name), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    (shell::quiet("rustc", &["-V"]), env::var_os("VALISE_WASM")).hash(&mut hasher);
    for file in files {
        file.strip_prefix(&root).unwrap_or(&file).hash(&mut hasher);
        fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// The crates of ours that end up in the web app, and the one that wraps it.
fn closure(crates: &[arrows::Crate]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = ["web", "host-web", "web-bundle"].map(str::to_owned).to_vec();
    while let Some(name) = open.pop() {
        if let Some(one) = crates.iter().find(|one| one.name == name)
            && found.insert(name)
        {
            open.extend(one.shipped_dependencies());
        }
    }
    found
}

/// All files that count: not the tests beside the sources.
fn list(folder: &Path, into: &mut Vec<PathBuf>) -> Done {
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?.flatten() {
        let path = entry.path();
        if !path.is_dir() {
            into.push(path);
        } else if entry.file_name() != "tests" {
            list(&path, into)?;
        }
    }
    Ok(())
}

/// What the folder was made of, and how; better compression than asked for is fine, and so are lints.
struct Stamp {
    inputs: String,
    quality: u32,
    linted: bool,
}

impl Stamp {
    fn read(file: &Path) -> Option<Self> {
        let text = fs::read_to_string(file).ok()?;
        let mut words = text.split_whitespace();
        let (inputs, quality) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
        Some(Self { inputs, quality, linted: words.next() == Some(LINTED) })
    }

    fn covers(&self, inputs: &str, quality: u32, linted: bool) -> bool {
        self.inputs == inputs && self.quality >= quality && (self.linted || !linted)
    }

    fn write(&self, file: &Path) -> Done {
        let text = format!("{} {} {}\n", self.inputs, self.quality, if self.linted { LINTED } else { "" });
        fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
    }
}

/// The stamp's word for it.
const LINTED: &str = "linted";

/// How it ships, and the same without what takes longest to compile: profiles in `Cargo.toml`.
const PROFILE_RELEASE: &str = "wasm";
const PROFILE_QUICK: &str = "wasm-quick";

/// A second of compression, and the best there is.
const QUALITY_QUICK: u32 = 9;
const QUALITY_RELEASE: u32 = 11;
