//! The programs: built for shipping, started on this machine, measured; and the examples of the wire.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    setup::{self, Need},
    shell::{self, Done, Options, cargo, run as run_command, say},
    suite, web,
};

/// The task: both programs, ready to ship.
pub fn build(options: Options) -> Done {
    options.nothing_left()?;
    let folder = compile(Profile::Release)?;
    for name in PROGRAMS {
        let bytes = fs::metadata(folder.join(name)).map_err(|error| format!("{name}: {error}"))?.len();
        say(&format!("target/release/{name} ({:.1} MB)", bytes as f64 / 1e6));
    }
    say("`target/release/valise-server --help` and `target/release/valise --help` go on from here");
    Ok(())
}

/// The task: builds what has changed, then becomes the service.
pub fn run(mut options: Options) -> Done {
    let wanted = options.value("--port")?;
    let data = options.value("--data")?.unwrap_or_else(|| "data".to_owned());
    let profile = if options.flag("--release") { Profile::Release } else { Profile::Quick };
    options.nothing_left()?;
    let folder = compile(profile)?;
    let port = port(wanted)?;
    say(&format!("keeping data in {data}; codes are printed here; Ctrl-C ends the service"));
    say(&format!("open http://127.0.0.1:{port}"));
    let mut server = Command::new(folder.join("valise-server"));
    let listen = format!("127.0.0.1:{port}");
    become_program(
        server.current_dir(shell::root()).args(["--data", &data, "--listen", &listen, "--codes", "console"]),
    )
}

/// The task: measures the programs as they ship.
pub fn bench(mut options: Options) -> Done {
    let mut of_media = Vec::new();
    for name in ["--mib", "--parts"] {
        if let Some(value) = options.value(name)? {
            of_media.extend([name.to_owned(), value]);
        }
    }
    let mut asked = options.rest();
    if asked.iter().any(|word| word == "--help" || word == "-h") {
        run_command(&mut suite::everything(&["build", "--bin", "bench"])?)?;
        return run_command(Command::new(shell::root().join("target/debug/bench")).arg("--help"));
    }
    let all = asked.is_empty();
    let with_browser: Vec<_> =
        WITH_BROWSER.into_iter().filter(|(name, _)| all || asked.iter().any(|word| word == name)).collect();
    if !of_media.is_empty() && !with_browser.iter().any(|(name, _)| *name == "media") {
        return Err(format!("{} is for the scenario media", of_media.join(" ")));
    }
    asked.retain(|word| !WITH_BROWSER.iter().any(|(name, _)| word == name));
    if !with_browser.is_empty() {
        setup::ensure(&[Need::Browser])?;
    }
    let folder = compile(Profile::Release)?;
    run_command(&mut cargo(&["build", "--release", "--package", "bench"]))?;
    say("measuring");
    if all || !asked.is_empty() {
        run_command(Command::new(folder.join("bench")).args(asked).env(PROGRAMS_VARIABLE, &folder))?;
    }
    for (name, driver) in with_browser {
        // What drives the programs is not measured, so it may be the quickly compiled one that the tests use.
        run_command(&mut suite::everything(&["build", "--bin", driver])?)?;
        let mut driver = Command::new(shell::root().join("target/debug").join(driver));
        let args = if name == "media" { &of_media[..] } else { &[] };
        run_command(driver.args(args).env(PROGRAMS_VARIABLE, &folder))?;
    }
    Ok(())
}

/// The task: writes the examples of the wire anew.
pub fn vectors(options: Options) -> Done {
    options.nothing_left()?;
    say("writing the examples of the wire format");
    run_command(cargo(&["test", "--quiet", "--package", "wire"]).env("VALISE_WRITE_VECTORS", "1"))?;
    say("`git diff` shows what moved; the protocol's text moves with it");
    Ok(())
}

/// How well the programs are optimised.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Dependencies optimised, ours quickly compiled: an edit is running within seconds.
    Quick,
    /// As for shipping.
    Release,
}

/// Builds the programs with the web app inside, and tells their folder.
pub fn compile(profile: Profile) -> Done<PathBuf> {
    setup::ensure(&[Need::Programs])?;
    let release = profile == Profile::Release;
    let dist = web::build(&web::Wanted { release, ..web::Wanted::default() })?;
    say(if release { "building the programs for shipping" } else { "building the programs" });
    let mut build = cargo(&["build", "--package", "cli", "--package", "server", "--bins"]);
    if release {
        build.arg("--release");
    }
    run_command(build.env(WEB_VARIABLE, dist))?;
    Ok(shell::root().join("target").join(if release { "release" } else { "debug" }))
}

/// Tells the server's crate which web app to embed.
pub const WEB_VARIABLE: &str = "VALISE_WEB_DIST";

/// Tells the tests and measurements where the built programs are.
pub const PROGRAMS_VARIABLE: &str = "VALISE_PROGRAMS";

/// The scenarios that programs of their own measure: they need Chromium, and no code of the product.
const WITH_BROWSER: [(&str, &str); 2] = [("browser", "browser-cost"), ("media", "media-cost")];

const PROGRAMS: [&str; 2] = ["valise", "valise-server"];

const PORT_DEFAULT: u16 = 8080;

/// The one asked for; otherwise the usual one, or any that is free.
fn port(wanted: Option<String>) -> Done<u16> {
    if let Some(wanted) = wanted {
        let port = wanted.parse().map_err(|_| format!("{wanted} is no port number"))?;
        return free(port)
            .ok_or_else(|| format!("port {wanted} is taken; another --port, or none, finds a free one"));
    }
    let found = free(PORT_DEFAULT).or_else(|| free(0)).ok_or("no port of 127.0.0.1 is free")?;
    if found != PORT_DEFAULT {
        say(&format!("port {PORT_DEFAULT} is taken, so the service uses {found}"));
    }
    Ok(found)
}

fn free(port: u16) -> Option<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?.local_addr().ok().map(|address| address.port())
}

/// The service takes this task's place, so that Ctrl-C and signals reach it and nothing is left running.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Done {
    use std::os::unix::process::CommandExt;
    let program = command.get_program().to_owned();
    Err(format!("{}: {}", Path::new(&program).display(), command.exec()))
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Done {
    run_command(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_refused_when_asked_for_and_replaced_when_not() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let number = taken.local_addr().expect("it is bound").port();
        assert!(port(Some(number.to_string())).is_err());
        assert_ne!(port(None), Ok(number));
    }
}
