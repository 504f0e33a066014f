//! The arrows that are missing on purpose: which crate may know which, and what a crate must not even mention.
//!
//! The rules are data, in [`rules`]; the manifests and the sources are read here and compared with them. The tests run over
//! this workspace, and over made-up crates that break each rule, so that a rule which has stopped working is noticed.

mod paths;
mod rules;
#[cfg(test)]
mod tests;
mod workspace;

use std::collections::BTreeSet;

use paths::{Mention, mentions};
use rules::{ARROWS, Arrow, PLATFORM_WORDS, PURE, PURE_PATHS};
use workspace::Source;
pub use workspace::{Crate, read};

use crate::shell::{self, Done};

/// Fails with all breaches in this workspace.
pub fn check() -> Done {
    let found = breaches(&read(&shell::root().join("crates"))?);
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

/// Every breach, as a sentence that names the place and the reason; empty when all is well.
fn breaches(crates: &[Crate]) -> Vec<String> {
    let names: BTreeSet<&str> = crates.iter().map(|one| one.name.as_str()).collect();
    let mut found: Vec<String> = crates.iter().flat_map(|one| breaches_of(one, &names)).collect();
    found.sort();
    found.dedup();
    found
}

fn breaches_of(one: &Crate, names: &BTreeSet<&str>) -> Vec<String> {
    let Some(arrow) = ARROWS.iter().find(|arrow| arrow.from == one.name) else {
        return vec![format!(
            "{}: has no row in the table of arrows; say there what it may know and why",
            one.name
        )];
    };
    let mut found = forbidden_dependencies(one, arrow, names);
    for source in &one.sources {
        found.extend(forbidden_mentions(one, arrow, names, source));
    }
    if PURE.contains(&one.name.as_str()) {
        found.extend(impurities(one));
    }
    if one.name == "server" {
        found.extend(crossed_slices(one));
    }
    found
}

fn forbidden_dependencies(one: &Crate, arrow: &Arrow, names: &BTreeSet<&str>) -> Vec<String> {
    let ours = one.dependencies().into_iter().filter(|name| names.contains(name.as_str()));
    ours.filter(|name| !arrow.allows(name))
        .map(|name| format!("{}/Cargo.toml: an arrow to `{name}`; {}", one.name, arrow.guards))
        .collect()
}

/// Without a line in the manifest a mention does not compile; this catches what comes in by another crate's name.
fn forbidden_mentions(one: &Crate, arrow: &Arrow, names: &BTreeSet<&str>, source: &Source) -> Vec<String> {
    let own = one.modules();
    let forbidden = |root: &str| {
        let name = root.replace('_', "-");
        names.contains(name.as_str()) && name != one.name && !arrow.allows(&name) && !own.contains(root)
    };
    mentions(&source.text)
        .into_iter()
        .filter(|mention| mention.path.first().is_some_and(|root| forbidden(root)))
        .map(|mention| {
            format!(
                "{}: mentions `{}`; {}",
                place(one, source, &mention),
                mention.path.join("::"),
                arrow.guards
            )
        })
        .collect()
}

/// What would tie the core to a machine: its clock, sockets, threads, files and target.
fn impurities(one: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    if one.has_target_tables() && !rules::TARGET_TABLES.iter().any(|(name, _)| *name == one.name) {
        found.push(format!("{}/Cargo.toml: a dependency for one target only; {PURE_REASON}", one.name));
    }
    if one.shipped_dependencies().iter().any(|name| name == "tokio") {
        found.push(format!("{}/Cargo.toml: depends on tokio; {PURE_REASON}", one.name));
    }
    let tests = one.test_modules();
    for source in one.sources.iter().filter(|source| source.is_shipped(&tests)) {
        let shipped = paths::without_tests(&source.text);
        for mention in mentions(&shipped) {
            let rule = PURE_PATHS.iter().find(|(forbidden, _)| starts_with(&mention.path, forbidden));
            if let Some((_, instead)) = rule {
                let path = mention.path.join("::");
                found.push(format!("{}: uses `{path}`; {instead}", place(one, source, &mention)));
            }
        }
        for (line, word) in paths::words(&shipped, &PLATFORM_WORDS) {
            found.push(format!("{}/{}:{line}: asks for `{word}`; {PURE_REASON}", one.name, source.path));
        }
    }
    found
}

/// A slice is a folder with an `api.rs`; only `app.rs` may know two of them.
fn crossed_slices(one: &Crate) -> Vec<String> {
    let slices: BTreeSet<&str> = one
        .sources
        .iter()
        .filter_map(|source| source.path.strip_prefix("src/")?.strip_suffix("/api.rs"))
        .collect();
    let mut found = Vec::new();
    for source in &one.sources {
        let module = source.module();
        let Some(own) = module.first().filter(|first| slices.contains(first.as_str())) else { continue };
        for mention in mentions(&source.text) {
            let other = absolute(&module, &mention.path).and_then(|path| path.into_iter().next());
            if let Some(other) = other.filter(|other| other != own && slices.contains(other.as_str())) {
                let place = place(one, source, &mention);
                found.push(format!("{place}: the slice `{own}` uses the slice `{other}`; {SLICE_REASON}"));
            }
        }
    }
    found
}

/// From the crate's root: resolves `crate`, `self` and any number of `super`; `None` for other crates' paths.
fn absolute(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut here = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "self" | "super" => module.to_vec(),
        _ => return None,
    };
    for part in path {
        match part.as_str() {
            "crate" | "self" => {}
            "super" => drop(here.pop()),
            name => here.push(name.to_owned()),
        }
    }
    Some(here)
}

fn starts_with(path: &[String], prefix: &[&str]) -> bool {
    path.len() >= prefix.len() && path.iter().zip(prefix).all(|(part, wanted)| part == wanted)
}

fn place(one: &Crate, source: &Source, mention: &Mention) -> String {
    format!("{}/{}:{}", one.name, source.path, mention.line)
}

const PURE_REASON: &str =
    "the core runs the same on every machine, and in tests: time, randomness and bytes come in from the host";

const SLICE_REASON: &str = "a feature can be read, tested and removed alone; `app.rs` wires the ports";
