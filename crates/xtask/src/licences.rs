//! The rules of `deny.toml` for licences and origins, for machines without cargo-deny.
//!
//! The same file is the only list: where cargo-deny is installed, it is asked instead.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;
use toml::Table;

use crate::shell::{self, Done, cargo, installed, run, say};

/// Checks every package that is compiled for this machine or for the browser.
pub fn check() -> Done {
    if installed("cargo-deny") {
        return run(&mut cargo(&["deny", "check", "bans", "licenses", "sources"]));
    }
    let text =
        fs::read_to_string(shell::root().join("deny.toml")).map_err(|error| format!("deny.toml: {error}"))?;
    let rules = Rules::read(&text)?;
    let packages = packages()?;
    let problems: Vec<String> = packages.iter().filter_map(|package| rules.problem(package)).collect();
    say(&format!("{} packages, read with deny.toml's rules; {}", packages.len(), duplicates(&packages)));
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// `None` for a folder.
    source: Option<String>,
}

/// What is allowed.
struct Rules {
    licences: Vec<String>,
    exceptions: BTreeMap<String, Vec<String>>,
    registries: Vec<String>,
}

impl Rules {
    fn read(text: &str) -> Done<Self> {
        let file: Table = text.parse().map_err(|error| format!("deny.toml: {error}"))?;
        let section = |name: &str| {
            file.get(name).and_then(toml::Value::as_table).ok_or(format!("deny.toml has no [{name}]"))
        };
        let exceptions = section("licenses")?
            .get("exceptions")
            .and_then(toml::Value::as_array)
            .cloned()
            .unwrap_or_default();
        let exceptions = exceptions.iter().filter_map(toml::Value::as_table);
        let named = |table: &Table| Some((table.get("crate")?.as_str()?.to_owned(), words(table, "allow")));
        Ok(Self {
            licences: words(section("licenses")?, "allow"),
            exceptions: exceptions.filter_map(named).collect(),
            registries: words(section("sources")?, "allow-registry"),
        })
    }

    fn problem(&self, package: &Package) -> Option<String> {
        let Package { name, version, licence, source } = package;
        if let Some(source) = source.as_ref().filter(|source| !self.is_known(source)) {
            return Some(format!("{name} {version} comes from {source}, which deny.toml does not allow"));
        }
        let Some(licence) = licence else { return Some(format!("{name} {version} names no licence")) };
        let allowed = |id: &str| {
            let exception = self.exceptions.get(name).is_some_and(|ids| ids.iter().any(|known| known == id));
            exception || self.licences.iter().any(|known| known == id)
        };
        let fine = Expression::satisfied(licence, &allowed);
        (!fine).then(|| format!("{name} {version} is under {licence}, which deny.toml does not allow"))
    }

    fn is_known(&self, source: &str) -> bool {
        self.registries
            .iter()
            .any(|known| source.split_once('+').is_some_and(|(kind, url)| kind != "git" && url == known))
    }
}

fn words(table: &Table, key: &str) -> Vec<String> {
    let list = table.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    list.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect()
}

/// What is compiled for one of the two targets. The metadata alone lists more: what optional features would bring.
fn packages() -> Done<Vec<Package>> {
    let mut found = BTreeMap::new();
    for target in ["x86_64-unknown-linux-gnu", crate::setup::TARGET] {
        let compiled = compiled(target)?;
        let mut metadata =
            cargo(&["metadata", "--quiet", "--format-version", "1", "--filter-platform", target]);
        let metadata: Value =
            serde_json::from_str(&shell::output(&mut metadata)?).map_err(|error| error.to_string())?;
        for package in metadata.get("packages").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
            let (name, version) = (text("name").unwrap_or_default(), text("version").unwrap_or_default());
            let key = (name.clone(), version.clone());
            if compiled.contains(&key) {
                let package = Package { licence: text("license"), source: text("source"), name, version };
                found.insert(key, package);
            }
        }
    }
    if found.is_empty() {
        Err("cargo lists no packages".to_owned())
    } else {
        Ok(found.into_values().collect())
    }
}

/// Names and versions, read from lines such as `serde v1.0.0 (proc-macro)`.
fn compiled(target: &str) -> Done<BTreeSet<(String, String)>> {
    let tree = ["tree", "--quiet", "--workspace", "--edges", "normal,build,dev", "--prefix", "none"];
    let lines = shell::output(cargo(&tree).args(["--format", "{p}", "--target", target]))?;
    let pair = |line: &str| {
        let (name, rest) = line.split_once(" v")?;
        Some((name.to_owned(), rest.split(' ').next()?.to_owned()))
    };
    Ok(lines.lines().filter_map(pair).collect())
}

fn duplicates(packages: &[Package]) -> String {
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for package in packages {
        *versions.entry(&package.name).or_default() += 1;
    }
    versions.retain(|_, count| *count > 1);
    let names: Vec<&str> = versions.into_keys().collect();
    if names.is_empty() {
        "none twice".to_owned()
    } else {
        format!("in more than one version: {}", names.join(", "))
    }
}

/// An SPDX expression, read from left to right.
struct Expression<'t> {
    words: Vec<&'t str>,
    allowed: &'t dyn Fn(&str) -> bool,
}

impl Expression<'_> {
    /// Whether the licences allowed are enough to use what stands under `text`. The slash is an old form of `OR`.
    fn satisfied(text: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
        let spaced = text.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let mut words: Vec<&str> = spaced.split_whitespace().collect();
        words.reverse();
        let mut expression = Expression { words, allowed };
        expression.either() && expression.words.is_empty()
    }

    fn either(&mut self) -> bool {
        let mut fine = self.both();
        while self.words.pop_if(|word| *word == "OR").is_some() {
            fine |= self.both();
        }
        fine
    }

    fn both(&mut self) -> bool {
        let mut fine = self.one();
        while self.words.pop_if(|word| *word == "AND").is_some() {
            fine &= self.one();
        }
        fine
    }

    fn one(&mut self) -> bool {
        match self.words.pop() {
            Some("(") => {
                let fine = self.either();
                self.words.pop_if(|word| *word == ")").is_some() && fine
            }
            Some(id) if self.words.pop_if(|word| *word == "WITH").is_some() => {
                self.words.pop().is_some_and(|exception| (self.allowed)(&format!("{id} WITH {exception}")))
            }
            Some(id) => (self.allowed)(id),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn satisfied(text: &str) -> bool {
        Expression::satisfied(text, &|id| {
            ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].contains(&id)
        })
    }

    #[test]
    fn expressions_mean_what_they_say() {
        for fine in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "MIT AND (GPL-3.0 OR Apache-2.0)",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(satisfied(fine), "{fine}");
        }
        for not in
            ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "OR MIT", "GPL-3.0 WITH LLVM-exception", "MIT GPL-3.0"]
        {
            assert!(!satisfied(not), "{not}");
        }
    }

    fn rules() -> Rules {
        let text = "[licenses]\nallow = ['MIT']\nexceptions = [{ crate = 'odd', allow = ['NCSA'] }]\n\
                    [sources]\nallow-registry = ['https://example.org/index']";
        Rules::read(text).expect("both sections are there")
    }

    fn package(name: &str, licence: &str, source: &str) -> Package {
        let source = Some(source.to_owned());
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: Some(licence.to_owned()),
            source,
        }
    }

    #[test]
    fn an_unknown_licence_or_origin_is_a_problem() {
        let known = "registry+https://example.org/index";
        assert_eq!(rules().problem(&package("plain", "MIT", known)), None);
        assert_eq!(rules().problem(&package("odd", "NCSA", known)), None);
        assert!(rules().problem(&package("plain", "NCSA", known)).is_some());
        assert!(rules().problem(&package("plain", "MIT", "git+https://example.org/index")).is_some());
        assert!(rules().problem(&package("plain", "MIT", "registry+https://example.com/index")).is_some());
    }

    #[test]
    fn the_projects_own_list_can_be_read() {
        let text = fs::read_to_string(shell::root().join("deny.toml")).expect("deny.toml is there");
        let rules = Rules::read(&text).expect("deny.toml has both sections");
        assert!(rules.licences.iter().any(|id| id == "MIT") && !rules.registries.is_empty());
    }
}
