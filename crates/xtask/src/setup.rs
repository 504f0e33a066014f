//! What the system must have: found, installed where that is allowed, named otherwise.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::shell::{Done, Options, installed, quiet, run, say, succeeds};

/// What something is needed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Building the programs: SQLCipher is C and uses OpenSSL.
    Programs,
    /// Building the web app: SQLite is C there, too.
    Web,
    /// Testing in a browser.
    Browser,
}

/// How Rust is compiled for the browser.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// The toolchain has the target's standard library.
    Target,
    /// Debian's compiler, with the standard library built along.
    Debian,
}

/// The C tools for the browser.
pub struct WasmTools {
    /// A clang that knows wasm32.
    pub clang: String,
    /// The archiver that goes with it.
    pub ar: String,
}

/// The task: everything for everybody.
pub fn setup(options: Options) -> Done {
    options.nothing_left()?;
    ensure(&[Need::Programs, Need::Web, Need::Browser])?;
    way()?;
    say("everything is there; `cargo xtask run` starts the service, `cargo xtask test` tests it");
    Ok(())
}

/// Makes sure that what these needs ask for is there.
pub fn ensure(needs: &[Need]) -> Done {
    let missing: Vec<&str> = PARTS
        .iter()
        .filter(|part| needs.contains(&part.need) && !(part.present)())
        .map(|part| part.debian)
        .collect();
    install(&missing)
}

/// Finds the C tools for the browser, once [`ensure`] has been called.
pub fn wasm_tools() -> Option<WasmTools> {
    VERSIONS.iter().find_map(|version| {
        let (clang, ar) = (format!("clang{version}"), format!("llvm-ar{version}"));
        let knows = quiet(&clang, &["--print-targets"]).is_some_and(|targets| targets.contains("wasm32"));
        (knows && installed(&ar)).then_some(WasmTools { clang, ar })
    })
}

/// Chooses how to compile for the browser, and makes that way possible.
pub fn way() -> Done<Way> {
    let forced = env::var("VALISE_WASM").is_ok_and(|way| way == "debian");
    if !forced && (has_target() || add_target()) {
        return Ok(Way::Target);
    }
    let missing: Vec<&str> = DEBIAN_WAY
        .iter()
        .filter(|(_, file)| !Path::new(file).exists())
        .map(|(package, _)| *package)
        .collect();
    install(&missing)?;
    Ok(Way::Debian)
}

fn has_target() -> bool {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    quiet(&rustc, &["--print", "target-libdir", "--target", TARGET])
        .and_then(|folder| Path::new(folder.trim()).read_dir().ok())
        .is_some_and(|files| {
            files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
        })
}

/// Asks rustup for the target; on a closed network that fails or hangs, so it has a time limit.
fn add_target() -> bool {
    if !installed("rustup") {
        return false;
    }
    say("asking rustup for the target wasm32-unknown-unknown");
    let mut command = Command::new("rustup");
    command.args(["target", "add", TARGET]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    let end = Instant::now() + ADD_TARGET_MAX;
    while Instant::now() < end {
        match child.try_wait() {
            Ok(Some(status)) => return status.success() && has_target(),
            Ok(None) => thread::sleep(Duration::from_millis(100)),
            Err(_) => return false,
        }
    }
    if let Err(error) = child.kill() {
        eprintln!("rustup could not be stopped: {error}");
    }
    false
}

fn install(packages: &[&str]) -> Done {
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if !installed("apt-get") {
        return Err(format!("please install what Debian calls: {list}"));
    }
    if !is_root() {
        return Err(format!(
            "please run: sudo apt-get update && sudo apt-get install -y --no-install-recommends {list}"
        ));
    }
    say(&format!("installing {list}"));
    run(&mut apt(&["update", "-q"]))?;
    let args = [&["install", "-q", "-y", "--no-install-recommends"], packages].concat();
    if run(&mut apt(&args)).is_err() {
        // dpkg stumbles now and then over the order in which it configures; it recovers when told to go on.
        run(Command::new("dpkg").args(["--configure", "-a"]))
            .or_else(|_| run(&mut apt(&["install", "-q", "-y", "-f"])))?;
        run(&mut apt(&args))?;
    }
    Ok(())
}

fn apt(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command
}

fn is_root() -> bool {
    quiet("id", &["-u"]).is_some_and(|id| id.trim() == "0")
}

struct Part {
    need: Need,
    debian: &'static str,
    present: fn() -> bool,
}

/// The target's name, which is the same for both ways.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Long enough to fetch thirty megabytes over a slow line.
const ADD_TARGET_MAX: Duration = Duration::from_secs(120);

const PARTS: [Part; 9] = [
    Part { need: Need::Programs, debian: "gcc", present: || installed("cc") },
    Part { need: Need::Programs, debian: "libc6-dev", present: has_libc_headers },
    Part { need: Need::Programs, debian: "pkg-config", present: || installed("pkg-config") },
    Part {
        need: Need::Programs,
        debian: "libssl-dev",
        present: || succeeds("pkg-config", &["--exists", "openssl"]),
    },
    Part { need: Need::Web, debian: "clang-19", present: || wasm_tools().is_some() },
    Part { need: Need::Web, debian: "llvm-19", present: || wasm_tools().is_some() },
    Part { need: Need::Browser, debian: "chromium", present: has_chromium },
    Part { need: Need::Browser, debian: "fonts-noto-color-emoji", present: has_emoji },
    Part { need: Need::Browser, debian: "iproute2", present: || installed("ip") || !installed("apt-get") },
];

/// Newest first among those the project is built with; the bare name last, because it may be anything.
const VERSIONS: [&str; 5] = ["-19", "-20", "-21", "-18", ""];

/// Package, and a file that tells whether it is there.
const DEBIAN_WAY: [(&str, &str); 4] = [
    ("rustc-web", "/usr/bin/rustc"),
    ("rust-web-src", "/usr/lib/rustlib/src/rust/library/std"),
    ("lld-19", "/usr/bin/wasm-ld-19"),
    ("libclang-rt-19-dev-wasm32", "/usr/lib/llvm-19/lib/clang/19/lib/wasi"),
];

fn has_libc_headers() -> bool {
    Path::new("/usr/include/stdio.h").exists() || !installed("apt-get")
}

fn has_chromium() -> bool {
    ["chromium", "chromium-browser", "google-chrome"].iter().any(|name| installed(name))
}

fn has_emoji() -> bool {
    Path::new("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf").exists()
        || quiet("fc-list", &[]).is_some_and(|fonts| fonts.to_lowercase().contains("emoji"))
}
