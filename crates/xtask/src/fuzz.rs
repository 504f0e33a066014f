//! The fuzz targets of `fuzz/`: what each starts from is laid ready, then each runs for a while.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::shell::{self, Done, Options, quiet, run, say};

/// The task.
pub fn fuzz(mut options: Options) -> Done {
    let seconds = options.value("--seconds")?.map_or(Ok(SECONDS), |typed| typed.parse());
    let seconds: u32 = seconds.map_err(|_| "--seconds is a number")?;
    let asked = options.rest();
    let all = targets()?;
    if let Some(unknown) = asked.iter().find(|name| !all.contains(name)) {
        return Err(format!("there is no target {unknown}; there are {}", all.join(", ")));
    }
    if let Some(missing) = missing() {
        return Err(missing);
    }
    build()?;
    let chosen = if asked.is_empty() { all } else { asked };
    let failed: Vec<String> = chosen.into_iter().filter(|name| one(name, seconds).is_err()).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("something was found by {}", failed.join(", "))) }
}

/// The targets' names, in their order.
pub fn targets() -> Done<Vec<String>> {
    let entries = fs::read_dir(folder().join("fuzz_targets")).map_err(|error| error.to_string())?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".rs")?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// What fuzzing lacks on this machine, and how to get it.
pub fn missing() -> Option<String> {
    if quiet("cargo", &["+nightly", "--version"]).is_none() {
        return Some("fuzzing needs a nightly compiler: rustup toolchain install nightly".to_owned());
    }
    if quiet("cargo", &["+nightly", "fuzz", "--version"]).is_none() {
        return Some("fuzzing needs cargo-fuzz: cargo install cargo-fuzz".to_owned());
    }
    None
}

/// Compiles all targets, and lays ready what they start from.
pub fn build() -> Done {
    lay_ready(&shell::root(), &folder().join("corpus"))?;
    run(cargo_fuzz("build").arg("--release"))
}

/// Runs a target for a while, after [`build`].
pub fn one(name: &str, seconds: u32) -> Done {
    say(&format!("fuzzing {name} for {seconds} s"));
    let mut fuzz = cargo_fuzz("run");
    fuzz.args(["--release", name, "--", "-print_final_stats=1", "-verbosity=0"]);
    fuzz.args([format!("-max_total_time={seconds}"), format!("-max_len={}", bytes_max(name))]);
    run(&mut fuzz).map_err(|_| format!("fuzz target {name}: what it found lies in fuzz/artifacts/{name}"))
}

fn cargo_fuzz(act: &str) -> Command {
    let mut cargo = Command::new("cargo");
    // The cargo that runs this task is another one, and has said which.
    cargo.args(["+nightly", "fuzz", act]).current_dir(folder()).env_remove("CARGO").env_remove("RUSTC");
    cargo
}

/// Files are longer than messages.
fn bytes_max(name: &str) -> u32 {
    if name.starts_with(MEDIA) { 20_000 } else { 4_096 }
}

fn folder() -> PathBuf {
    shell::root().join("fuzz")
}

/// Writes the good vectors of the wire format, each to the target of its decoder, and the files that `media` is tested with to all of its
/// targets.
fn lay_ready(root: &Path, corpus: &Path) -> Done {
    let names = targets()?;
    let put = |target: &str, name: &str, bytes: &[u8]| -> Done {
        if !names.iter().any(|known| known == target) {
            return Err(format!("no fuzz target reads what a vector calls {target}"));
        }
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(name), bytes)).map_err(said)
    };
    for path in files(&root.join("crates/wire/vectors"))? {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let vectors: Value = serde_json::from_slice(&fs::read(&path).map_err(said)?).map_err(said)?;
        for (place, vector) in vectors["vectors"].as_array().into_iter().flatten().enumerate() {
            if vector["valid"] == true {
                let target = vector["decoder"].as_str().unwrap_or_default().replace(' ', "_");
                put(&target, &format!("{stem}-{place}"), &bytes_of(vector)?)?;
            }
        }
    }
    for path in files(&root.join("crates/media/testdata"))? {
        let (name, bytes) = (path.file_name().unwrap_or_default().to_string_lossy(), fs::read(&path));
        let bytes = bytes.map_err(said)?;
        for target in names.iter().filter(|target| target.starts_with(MEDIA)) {
            put(target, &name, &bytes)?;
        }
    }
    Ok(())
}

fn files(folder: &Path) -> Done<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect())
}

/// A vector holds its bytes as text, or as hexadecimal digits.
fn bytes_of(vector: &Value) -> Done<Vec<u8>> {
    if let Some(text) = vector["text"].as_str() {
        return Ok(text.as_bytes().to_vec());
    }
    let digits = vector["hex"].as_str().unwrap_or_default();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    bytes.ok_or_else(|| format!("a vector that is no hexadecimal: {digits}"))
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Names of the targets of `media` begin so; each of them looks at any file first.
const MEDIA: &str = "media_";
/// For each target, when nobody said otherwise.
const SECONDS: u32 = 60;
/// For each target in the long run of all tests.
pub const SECONDS_LONG: u32 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_built_and_explained_and_has_nothing_unknown_to_start_from() {
        let manifest: toml::Table =
            toml::from_str(&fs::read_to_string(folder().join("Cargo.toml")).unwrap()).unwrap();
        let built = manifest["bin"].as_array().unwrap();
        let explained = fs::read_to_string(folder().join("README.md")).unwrap();
        for name in targets().unwrap() {
            let path = format!("fuzz_targets/{name}.rs");
            assert!(built.iter().any(|bin| bin["path"].as_str() == Some(&path)), "{name} is not built");
            assert!(explained.contains(&format!("`{name}`")), "{name} is not in fuzz/README.md");
        }
        let corpus = std::env::temp_dir().join(format!("valise-corpus-{}", std::process::id()));
        lay_ready(&shell::root(), &corpus).unwrap();
        assert!(corpus.join("content").read_dir().unwrap().count() > 9);
        assert!(corpus.join("media_video/camera.mov").exists());
        fs::remove_dir_all(corpus).unwrap();
    }
}
