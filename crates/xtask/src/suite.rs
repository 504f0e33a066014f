//! All tests, in an order in which cheap failures come first; and the short version for every few minutes.

use std::{path::Path, process::Command, time::Instant};

use crate::{
    arrows, licences,
    programs::{self, PROGRAMS_VARIABLE, Profile},
    setup::{self, Need},
    shell::{self, Done, Options, cargo, listen, run, say, succeeds},
    web,
};

/// The task: what is quick.
pub fn check(options: Options) -> Done {
    options.nothing_left()?;
    setup::ensure(&[Need::Programs])?;
    let mut tally = Tally::new();
    tally.step("format", format);
    tally.step("architecture", arrows::check);
    tally.step("lints", || lints(&[]));
    tally.tests("unit tests", workspace_tests(&["--lib", "--bins"]));
    tally.close("`cargo xtask test` tests everything")
}

/// The task: what must hold before a change lands.
pub fn test(mut options: Options) -> Done {
    let long = options.flag("--long");
    options.nothing_left()?;
    let mut tally = Tally::new();
    let ready = tally.step("setup", || setup::ensure(&[Need::Programs, Need::Web, Need::Browser]));
    tally.step("format", format);
    tally.step("architecture", arrows::check);
    tally.step("licences and origins", licences::check);
    tally.step("lints", || lints(&["--locked"]));
    tally.tests("tests of the crates", long_if(long, workspace_tests(&["--locked", "--no-fail-fast"])));
    tally.step("lints for the browser", web::lint);
    // The quick profile finds what there is to find; the long run takes the programs as they ship.
    let profile = if long { Profile::Release } else { Profile::Quick };
    let mut folder = None;
    let built = tally.step("web app and programs", || {
        folder = Some(programs::compile(profile)?);
        Ok(())
    });
    tally.tests("tests of the tools", cargo(&["test", "--package", "web-bundle"]));
    if let (true, true, Some(folder)) = (ready, built, folder) {
        tally.step("tests from outside, compiled", || {
            run(&mut cargo(&["test", "--package", "e2e", "--no-run"]))
        });
        tally.tests("tests from outside", long_if(long, outside(&folder)));
    } else {
        tally.failed("tests from outside: not run, because what they test could not be built");
    }
    tally.close("a change may land when nothing failed")
}

fn format() -> Done {
    run(&mut cargo(&["fmt", "--all", "--", "--check"]))
}

fn lints(more: &[&str]) -> Done {
    let mut clippy = cargo(&["clippy", "--workspace", "--all-targets"]);
    run(clippy.args(more).args(["--", "-D", "warnings"]))
}

/// All crates but those that need the built programs, or wrap the web app.
fn workspace_tests(more: &[&str]) -> Command {
    let mut test = cargo(&["test", "--workspace", "--exclude", "e2e", "--exclude", "web-bundle"]);
    test.args(more);
    test
}

/// The programs and the browser, where it can be had in a network of their own that ends at this machine's loopback.
fn outside(folder: &Path) -> Command {
    let cargo = cargo(&["test", "--package", "e2e", "--no-fail-fast", "--offline"]);
    let enclosed =
        ["-n", "-rn"].into_iter().find(|flag| succeeds("unshare", &[flag, "sh", "-c", LOOPBACK_UP]));
    let mut command = match enclosed {
        None => {
            say("no network of their own is to be had; these tests use loopback only, all the same");
            cargo
        }
        Some(flag) => {
            let mut unshare = Command::new("unshare");
            unshare.args([flag, "sh", "-c", &format!("{LOOPBACK_UP} && exec \"$@\""), "sh"]);
            unshare.arg(cargo.get_program()).args(cargo.get_args());
            unshare
        }
    };
    command.current_dir(shell::root()).env(PROGRAMS_VARIABLE, folder);
    command
}

fn long_if(long: bool, mut command: Command) -> Command {
    if long {
        command.env("VALISE_LONG", "1");
    }
    command
}

/// What has been done so far.
struct Tally {
    started: Instant,
    passed: u32,
    failed: u32,
    failures: Vec<String>,
}

impl Tally {
    fn new() -> Self {
        Self { started: Instant::now(), passed: 0, failed: 0, failures: Vec::new() }
    }

    /// One thing that passes or fails as a whole; tells which.
    fn step(&mut self, name: &str, act: impl FnOnce() -> Done) -> bool {
        self.begin(name);
        match act() {
            Ok(()) => self.passed += 1,
            Err(problem) => {
                eprintln!("{problem}");
                self.failed(name);
                return false;
            }
        }
        true
    }

    /// Many tests, counted by what the test programs say.
    fn tests(&mut self, name: &str, mut command: Command) {
        self.begin(name);
        let before = self.failed;
        let outcome = listen(&mut command, |line| {
            if let Some((passed, failed)) = counts(line) {
                self.passed += passed;
                self.failed += failed;
            }
        });
        if self.failed > before {
            self.failures.push(name.to_owned());
        } else if outcome != Ok(true) {
            // Nothing was counted and yet it failed: it did not compile, or it crashed.
            self.failed(name);
        }
    }

    fn failed(&mut self, what: &str) {
        self.failed += 1;
        self.failures.push(what.to_owned());
    }

    fn begin(&self, name: &str) {
        let seconds = self.started.elapsed().as_secs();
        say(&format!("[{}:{:02}] {name}", seconds / 60, seconds % 60));
    }

    /// The closing line stands alone and last, for people and for machines that read it.
    fn close(self, next: &str) -> Done {
        self.begin(&format!("done; {next}"));
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 { Ok(()) } else { Err("not everything passed".to_owned()) }
    }
}

/// Reads `test result: ok. 3 passed; 1 failed; …`.
fn counts(line: &str) -> Option<(u32, u32)> {
    let rest = line.trim().strip_prefix("test result: ")?;
    let number = |word: &str| {
        rest.split(['.', ';']).find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok())
    };
    Some((number("passed")?, number("failed")?))
}

const LOOPBACK_UP: &str = "ip link set lo up";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_test_programs_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        assert_eq!(counts(line), Some((12, 3)));
        assert_eq!(counts("test a ... ok"), None);
    }

    #[test]
    fn what_fails_without_a_count_still_counts_as_a_failure() {
        let mut tally = Tally::new();
        let mut broken = Command::new("sh");
        broken.args(["-c", "exit 101"]);
        tally.tests("broken", broken);
        assert!(!tally.step("worse", || Err("no".to_owned())));
        assert_eq!((tally.passed, tally.failed), (0, 2));
        assert!(tally.close("nothing").is_err());
    }
}
