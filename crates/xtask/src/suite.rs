//! All tests, in an order in which cheap failures come first; and the short version for every few minutes.

use std::{fs, path::PathBuf, process::Command, thread, time::Instant};

use crate::{
    arrows, fuzz, licences,
    programs::{self, PROGRAMS_VARIABLE, Profile, WEB_VARIABLE},
    setup::{self, Need},
    shell::{self, Done, Options, cargo, lint_with, listen, run, say, succeeds},
    web::{self, Wanted},
};

/// The task: what is quick.
pub fn check(options: Options) -> Done {
    options.nothing_left()?;
    setup::ensure(&[Need::Programs])?;
    let mut tally = Tally::new();
    tally.step("format", format);
    tally.step("architecture", arrows::check);
    let units = ["test", "--lib", "--bins"];
    if tally.step("lints and compiling", || run(&mut everything(&[&units[..], &["--no-run"]].concat())?)) {
        let mut quick = everything(&units)?;
        quick.arg("--").args(LONG_STORIES.iter().flat_map(|name| ["--skip", name]));
        tally.tests("unit tests", quick);
    }
    tally.close("`cargo xtask test` tests everything, the long stories too")
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
    tally.step("lints and compiling", || {
        run(&mut everything(&["test", "--all-targets", "--no-run", "--locked"])?)
    });
    let mut units = everything(&["test", "--no-fail-fast", "--lib", "--bins"])?;
    units.args(Place::Inside.choice()?);
    let examples = everything(&["test", "--no-fail-fast", "--doc"])?;
    let mut folder = None;
    let mut built = tally.step("programs", || run(&mut everything(&["build", "--bins"])?));
    // What is compiled for the browser lies apart, so it is compiled while the tests leave a core to it.
    thread::scope(|scope| {
        let web = built.then(|| scope.spawn(move || web_for_tests(long)));
        tally.tests("tests of the crates", long_if(long, units));
        tally.tests("examples in the documentation", examples);
        built &= tally.step("web app and programs", || {
            let dist = web.ok_or("the programs could not be built")?.join();
            folder = Some(programs_for_tests(long, dist.map_err(|_| "building the web app broke off")??)?);
            Ok(())
        });
    });
    if let (true, true, Some((folder, dist))) = (ready, built, folder) {
        let mut tests = everything(&["test", "--no-fail-fast", "--offline"])?;
        tests.args(Place::Outside.choice()?);
        tests.env(PROGRAMS_VARIABLE, folder).env(WEB_VARIABLE, dist);
        tally.tests("tests from outside", long_if(long, enclosed(tests)));
    } else {
        tally.failed("tests from outside: not run, because what they test could not be built");
    }
    if long {
        fuzzing(&mut tally);
    }
    tally.close("a change may land when nothing failed")
}

/// Every target counts as a test. A machine without the tools leaves them out and says so.
fn fuzzing(tally: &mut Tally) {
    if let Some(missing) = fuzz::missing() {
        return say(&format!("no fuzzing: {missing}"));
    }
    if tally.step("fuzz targets", fuzz::build) {
        for name in fuzz::targets().unwrap_or_default() {
            tally.step(&format!("fuzz target {name}"), || fuzz::one(&name, fuzz::SECONDS_LONG));
        }
    }
}

/// A cargo over the whole workspace, whatever part of it is to run, which lints what it compiles.
///
/// Always the whole: which features a dependency has depends on the crates that are chosen, and each choice would compile
/// half of them again.
pub fn everything(args: &[&str]) -> Done<Command> {
    let mut cargo = cargo(&[args, &["--workspace"]].concat());
    lint_with(&mut cargo)?;
    Ok(cargo)
}

/// The web app. The quick profile finds what there is to find; the long run takes what ships.
fn web_for_tests(long: bool) -> Done<PathBuf> {
    let wrapper = Some(shell::root().join("target/debug/web-bundle"));
    web::build(&Wanted { release: long, linted: true, wrapper })
}

/// The programs with the web app inside: their folder, and the web app's.
fn programs_for_tests(long: bool, dist: PathBuf) -> Done<(PathBuf, PathBuf)> {
    let folder = shell::root().join("target/debug");
    if long {
        return Ok((programs::compile(Profile::Release)?, dist));
    }
    run(everything(&["build", "--bins"])?.env(WEB_VARIABLE, &dist))?;
    Ok((folder, dist))
}

/// Where a test stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a crate of the product or the tools.
    Inside,
    /// In `e2e`: it drives the built programs.
    Outside,
}

impl Place {
    /// The names of the test programs that stand there: files and folders in the crates' `tests`.
    fn tests(self) -> Done<Vec<String>> {
        let crates = shell::root().join("crates");
        let mut found = Vec::new();
        for one in fs::read_dir(&crates).map_err(|error| format!("{}: {error}", crates.display()))?.flatten()
        {
            let outside = one.file_name() == "e2e";
            if outside != (self == Self::Outside) {
                continue;
            }
            for entry in fs::read_dir(one.path().join("tests")).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.extension().is_some_and(|ending| ending == "rs") || path.join("main.rs").exists() {
                    found.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// The choice of those, in cargo's words.
    fn choice(self) -> Done<Vec<String>> {
        Ok(self.tests()?.into_iter().flat_map(|name| ["--test".to_owned(), name]).collect())
    }
}

fn format() -> Done {
    run(&mut cargo(&["fmt", "--all", "--", "--check"]))
}

/// The same in a network of its own that ends at this machine's loopback, where that can be had.
fn enclosed(cargo: Command) -> Command {
    let flag = ["-n", "-rn"].into_iter().find(|flag| succeeds("unshare", &[flag, "sh", "-c", LOOPBACK_UP]));
    let Some(flag) = flag else {
        say("no network of their own is to be had; these tests use loopback only, all the same");
        return cargo;
    };
    let mut unshare = Command::new("unshare");
    unshare.args([flag, "sh", "-c", &format!("{LOOPBACK_UP} && exec \"$@\""), "sh"]);
    unshare.arg(cargo.get_program()).args(cargo.get_args()).current_dir(shell::root());
    for (name, value) in cargo.get_envs() {
        match value {
            Some(value) => unshare.env(name, value),
            None => unshare.env_remove(name),
        };
    }
    unshare
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
        let cpu = cpu_s().map_or_else(String::new, |cpu| format!(", {cpu} CPU s"));
        say(&format!("[{}:{:02}{cpu}] {name}", seconds / 60, seconds % 60));
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

/// Seconds of CPU that all programs started so far have used, on systems that tell: what a step costs on a busy machine, too.
fn cpu_s() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Fields 16 and 17 (cutime, cstime) are counted after the name in brackets, which may hold spaces; in hundredths.
    let fields = stat.rsplit_once(") ")?.1.split(' ').skip(13).take(2);
    Some(fields.map_while(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() / 100)
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

/// Parts of names of stories that take seconds and more: storms, races of many, large groups, months. The inner loop leaves them out.
const LONG_STORIES: [&str; 3] = ["storm", "stories::commit_races", "six_months"];

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
    fn the_test_programs_are_found_and_told_apart() {
        let (inside, outside) = (Place::Inside.tests().unwrap(), Place::Outside.tests().unwrap());
        assert!(inside.contains(&"program".to_owned()) && !inside.contains(&"browser".to_owned()));
        assert!(outside.contains(&"browser".to_owned()) && outside.contains(&"terminal".to_owned()));
        assert!(!outside.contains(&"support".to_owned()), "a folder of helpers is none");
        assert_eq!(Place::Inside.choice().unwrap().len(), 2 * inside.len());
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
