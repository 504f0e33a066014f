//! The crates as they lie in the folder.

use std::{collections::BTreeSet, fs, io, path::Path};

use toml::{Table, Value};

use super::paths;

/// One crate: its manifest and its sources.
pub struct Crate {
    /// The name of the folder, which is the name of the crate.
    pub name: String,
    /// `Cargo.toml`.
    pub manifest: Table,
    /// Every `.rs` file.
    pub sources: Vec<Source>,
}

/// One file.
pub struct Source {
    /// From the crate's folder, such as `src/mailbox/api.rs`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Reads all crates in a folder.
pub fn read(folder: &Path) -> Result<Vec<Crate>, String> {
    let mut crates = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries.flatten().filter(|entry| entry.path().join("Cargo.toml").is_file()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let failed = |error: &dyn std::fmt::Display| format!("{name}: {error}");
        let text = fs::read_to_string(entry.path().join("Cargo.toml")).map_err(|error| failed(&error))?;
        let manifest = text.parse().map_err(|error| failed(&error))?;
        let mut sources = Vec::new();
        read_sources(&entry.path(), "", &mut sources).map_err(|error| failed(&error))?;
        crates.push(Crate { name, manifest, sources });
    }
    crates.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(crates)
}

fn read_sources(folder: &Path, prefix: &str, into: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (entry, name) =
            entry.map(|entry| (entry.path(), entry.file_name().to_string_lossy().into_owned()))?;
        let path = format!("{prefix}{name}");
        if entry.is_dir() {
            read_sources(&entry, &format!("{path}/"), into)?;
        } else if name.ends_with(".rs") {
            into.push(Source { text: fs::read_to_string(&entry)?, path });
        }
    }
    Ok(())
}

impl Crate {
    /// The packages it depends on for any purpose and target, by their real names.
    pub fn dependencies(&self) -> BTreeSet<String> {
        self.tables(&["dependencies", "dev-dependencies", "build-dependencies"])
    }

    /// Those that end up in what ships.
    pub fn shipped_dependencies(&self) -> BTreeSet<String> {
        self.tables(&["dependencies"])
    }

    fn tables(&self, kinds: &[&str]) -> BTreeSet<String> {
        let targets =
            self.manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
        let places = targets.filter_map(Value::as_table).chain([&self.manifest]);
        let tables = places.flat_map(|place| kinds.iter().filter_map(|kind| place.get(*kind)?.as_table()));
        let renamed = |(key, value): (&String, &Value)| {
            value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned()
        };
        tables.flat_map(|table| table.iter().map(renamed)).collect()
    }

    /// Whether something is asked for on one target only.
    pub fn has_target_tables(&self) -> bool {
        self.manifest.contains_key("target")
    }

    /// The names of the modules it declares; in its own paths they come before other crates of that name.
    pub fn modules(&self) -> BTreeSet<String> {
        self.sources.iter().flat_map(|source| paths::modules(&source.text)).collect()
    }

    /// The names of the modules that are compiled for tests only.
    pub fn test_modules(&self) -> BTreeSet<String> {
        self.sources.iter().flat_map(|source| paths::test_modules(&source.text)).collect()
    }
}

impl Source {
    /// Where its code stands in the crate: `src/mailbox/api.rs` is `mailbox::api`, `src/mailbox/mod.rs` is `mailbox`.
    pub fn module(&self) -> Vec<String> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        let parts = inner.split('/').map(str::to_owned);
        parts.filter(|part| !["mod", "lib", "main"].contains(&part.as_str())).collect()
    }

    /// Whether it ends up in what ships, given the names of the modules that are only for tests.
    pub fn is_shipped(&self, tests: &BTreeSet<String>) -> bool {
        self.path.starts_with("src/") && !self.module().iter().any(|part| tests.contains(part))
    }
}
