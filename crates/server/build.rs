//! Embeds the web app: the files of the folder that `VALISE_WEB_DIST` names, as the bundler listed them in `files.json`.
//! Without that variable nothing is embedded.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-env-changed=VALISE_WEB_DIST");
    let folder = env::var_os("VALISE_WEB_DIST").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let mut code =
        String::from("/// The files of the web app, in order of path.\npub static FILES: &[WebFile] = &[\n");
    if let Some(folder) = folder {
        let folder = fs::canonicalize(&folder)
            .map_err(|error| format!("VALISE_WEB_DIST names {}: {error}", folder.display()))?;
        println!("cargo::rerun-if-changed={}", folder.display());
        list(&folder, &mut code)?;
    }
    code.push_str("];\n");
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("web_files.rs"), code)?;
    Ok(())
}

fn list(folder: &Path, code: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let listed: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("files.json"))?)?;
    let files = listed["files"].as_array().ok_or("files.json has no list of files")?;
    for file in files {
        let text = |name: &str| file[name].as_str().ok_or(format!("files.json: a file without {name}"));
        let path = text("path")?;
        embed(folder, path, text("type")?, text("sha256")?, file["brotli_bytes"].is_u64(), code)?;
    }
    let version = listed["version"].as_str().ok_or("files.json has no version")?;
    embed(folder, "files.json", "application/json", version, false, code)
}

fn embed(
    folder: &Path,
    path: &str,
    media_type: &str,
    tag: &str,
    brotli: bool,
    code: &mut String,
) -> Result<(), Box<dyn std::error::Error>> {
    let plain = folder.join(path);
    let compressed = folder.join(format!("{path}.br"));
    let brotli = if brotli { format!("Some(include_bytes!({compressed:?}))") } else { "None".into() };
    writeln!(
        code,
        "WebFile {{ path: {path:?}, media_type: {media_type:?}, tag: {tag:?}, plain: include_bytes!({plain:?}), \
         brotli: {brotli} }},"
    )?;
    Ok(())
}
