//! Running other programs, and talking to the person who waits for them.

use std::{
    env,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

/// How a task ends: with what it was for, or with words that say what to do.
pub type Done<T = ()> = Result<T, String>;

/// What stands behind a task's name on the command line.
pub struct Options {
    args: Vec<String>,
}

impl Options {
    /// Takes the words as they were typed.
    pub fn new(args: Vec<String>) -> Self {
        Self { args }
    }

    /// Whether a flag was given; it counts as used.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.args.len();
        self.args.retain(|arg| arg != name);
        self.args.len() < before
    }

    /// The word after `name` or `name=`; both count as used.
    pub fn value(&mut self, name: &str) -> Done<Option<String>> {
        let prefix = format!("{name}=");
        let Some(at) = self.args.iter().position(|arg| arg == name || arg.starts_with(&prefix)) else {
            return Ok(None);
        };
        let found = self.args.remove(at);
        if let Some(value) = found.strip_prefix(&prefix) {
            return Ok(Some(value.to_owned()));
        }
        if at < self.args.len() {
            Ok(Some(self.args.remove(at)))
        } else {
            Err(format!("{name} needs a value"))
        }
    }

    /// What is left, for another program.
    pub fn rest(self) -> Vec<String> {
        let at = self.args.iter().position(|arg| arg == "--");
        self.args
            .into_iter()
            .enumerate()
            .filter(|(index, _)| Some(*index) != at)
            .map(|(_, arg)| arg)
            .collect()
    }

    /// An error if anything was not used.
    pub fn nothing_left(self) -> Done {
        match self.args.first() {
            Some(arg) => Err(format!("what is {arg}? --help lists the options")),
            None => Ok(()),
        }
    }
}

/// Tells the person what happens next.
pub fn say(text: &str) {
    println!("\u{25b8} {text}");
}

/// The workspace's folder.
pub fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.ancestors().nth(2).map_or_else(|| manifest.clone(), PathBuf::from)
}

/// The cargo that runs this task, in the workspace's folder.
pub fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(args);
    cargo
}

/// Has our own crates linted while they are compiled, and any finding refused.
///
/// `cargo clippy` would check every dependency in a pass of its own, whose results no build can use.
pub fn lint_with(cargo: &mut Command) -> Done {
    let sysroot = quiet("rustc", &["--print", "sysroot"]).ok_or("no rustc")?;
    let driver = PathBuf::from(sysroot.trim()).join("bin/clippy-driver");
    if !driver.exists() {
        return Err("clippy is missing; please run: rustup component add clippy".to_owned());
    }
    // What cargo-clippy itself sets: its words are put together by this mark.
    let mark = "__CLIPPY_HACKERY__";
    cargo.env("RUSTC_WORKSPACE_WRAPPER", driver).env("CLIPPY_ARGS", format!("-D{mark}warnings{mark}"));
    Ok(())
}

/// Runs to the end; what it prints goes to the terminal.
pub fn run(command: &mut Command) -> Done {
    let status = command.status().map_err(|error| format!("{}: {error}", described(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", described(command))) }
}

/// Runs to the end and hands back what it printed.
pub fn output(command: &mut Command) -> Done<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{}: {error}", described(command)))?;
    if !output.status.success() {
        return Err(format!("{} failed ({})", described(command), output.status));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| format!("{} printed something that is no text", described(command)))
}

/// Runs to the end, showing each line and handing it to `heard`; tells whether it succeeded.
pub fn listen(command: &mut Command, mut heard: impl FnMut(&str)) -> Done<bool> {
    let failed = |error| format!("{error}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line.map_err(failed)?;
            println!("{line}");
            heard(&line);
        }
    }
    Ok(child.wait().map_err(failed)?.success())
}

/// Whether a program runs and succeeds, without a word.
pub fn succeeds(program: &str, args: &[&str]) -> bool {
    quiet(program, args).is_some()
}

/// What a program prints, if there is one and it succeeds.
pub fn quiet(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program is on the path.
pub fn installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn described(command: &Command) -> String {
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
    let program = PathBuf::from(command.get_program());
    format!("`{} {}`", program.file_name().unwrap_or_default().to_string_lossy(), args.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &str) -> Options {
        Options::new(words.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_are_read_in_any_order_and_form() {
        let mut given = options("--data here --release --port=9");
        assert_eq!(given.value("--port"), Ok(Some("9".to_owned())));
        assert!(given.flag("--release"));
        assert_eq!(given.value("--data"), Ok(Some("here".to_owned())));
        assert_eq!(given.nothing_left(), Ok(()));
    }

    #[test]
    fn a_word_nobody_knows_is_an_error() {
        assert!(options("--prot 9").nothing_left().is_err());
        assert!(options("--port").value("--port").is_err());
    }

    #[test]
    fn the_double_dash_stays_behind() {
        assert_eq!(options("fan-out -- --help").rest(), ["fan-out", "--help"]);
    }
}
