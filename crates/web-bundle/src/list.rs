//! The list of files: what the server embeds, what the service worker keeps for offline use.
//!
//! The folder holds every file as it is, `FILE.br` beside each file that compression makes smaller, and `files.json`:
//! ```json
//! {"version": "…", "files": [{"path": "index.html", "type": "text/html; charset=utf-8", "bytes": 432,
//!   "sha256": "…hex…", "integrity": "sha256-…base64…", "brotli_bytes": 210}]}
//! ```
//! `brotli_bytes` is absent where there is no `FILE.br`. `version` is a hash over all files and their names. In `.html`,
//! `.js` and `.webmanifest` files written by hand, `{{version}}` and `{{integrity:FILE}}` stand for those values; the list
//! is served too, so a service worker reads it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Everything in the folder, in order of path.
#[derive(Serialize)]
pub struct List {
    version: String,
    files: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    path: String,
    #[serde(rename = "type")]
    media_type: &'static str,
    bytes: usize,
    sha256: String,
    integrity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    brotli_bytes: Option<usize>,
}

impl List {
    /// One line per program and one for the rest, for a person.
    pub fn summary(&self) -> String {
        let total: usize = self.files.iter().map(Listed::sent).sum();
        let program = |path: &str| self.files.iter().find(|file| file.path == path).map_or(0, Listed::sent);
        format!(
            "{} files, {} KB as sent (worker {} KB, page {} KB), version {}",
            self.files.len(),
            total / 1000,
            program("worker/worker_bg.wasm") / 1000,
            program("page/page_bg.wasm") / 1000,
            self.version
        )
    }
}

impl Listed {
    fn sent(&self) -> usize {
        self.brotli_bytes.unwrap_or(self.bytes)
    }
}

/// Fills in the words in braces, compresses, and writes `files.json`.
pub fn write(folder: &Path, quality: u32) -> io::Result<List> {
    let mut contents = BTreeMap::new();
    read(folder, folder, &mut contents)?;
    let version = version(&contents);
    fill_in(&mut contents, &version)?;
    let mut files = Vec::with_capacity(contents.len());
    for (path, bytes) in &contents {
        fs::write(folder.join(path), bytes)?;
        files.push(listed(folder, path, bytes, quality)?);
    }
    let list = List { version, files };
    fs::write(folder.join("files.json"), serde_json::to_vec_pretty(&list)?)?;
    Ok(list)
}

fn read(root: &Path, folder: &Path, into: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(root, &path, into)?;
        } else {
            into.insert(name(root, &path), fs::read(&path)?);
        }
    }
    Ok(())
}

fn name(root: &Path, path: &Path) -> String {
    let relative: PathBuf = path.strip_prefix(root).unwrap_or(path).into();
    relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn version(contents: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    for (path, bytes) in contents {
        hash.update(path.as_bytes());
        hash.update([0]);
        hash.update(Sha256::digest(bytes));
    }
    hex::encode(hash.finalize()).chars().take(VERSION_CHARS).collect()
}

/// The version first, then files that name others: pages come last, because they carry the hashes of scripts.
fn fill_in(contents: &mut BTreeMap<String, Vec<u8>>, version: &str) -> io::Result<()> {
    let paths: Vec<String> = contents.keys().filter(|path| is_template(path)).cloned().collect();
    let (pages, scripts): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.ends_with(".html"));
    for path in scripts.into_iter().chain(pages) {
        let Some(text) = contents.get(&path).and_then(|bytes| String::from_utf8(bytes.clone()).ok()) else {
            continue;
        };
        let text = with_hashes(&text.replace("{{version}}", version), contents)
            .map_err(|problem| io::Error::other(format!("{path}: {problem}")))?;
        contents.insert(path, text.into_bytes());
    }
    Ok(())
}

/// Only what is written by hand; the generated programs are left alone.
fn is_template(path: &str) -> bool {
    let by_hand = !path.starts_with("page/") && !path.starts_with("worker/");
    by_hand && [".html", ".js", ".webmanifest"].iter().any(|end| path.ends_with(end))
}

fn with_hashes(text: &str, contents: &BTreeMap<String, Vec<u8>>) -> Result<String, String> {
    let mut parts = text.split(INTEGRITY_OPEN);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (path, rest) = part.split_once("}}").ok_or("an unclosed {{integrity:")?;
        let bytes = contents.get(path).ok_or_else(|| format!("{path} is not in the folder"))?;
        out.push_str(&integrity(bytes));
        out.push_str(rest);
    }
    Ok(out)
}

fn integrity(bytes: &[u8]) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(bytes)))
}

fn listed(folder: &Path, path: &str, bytes: &[u8], quality: u32) -> io::Result<Listed> {
    let packed = compressed(path, bytes, quality)?;
    if let Some(packed) = &packed {
        fs::write(folder.join(format!("{path}.br")), packed)?;
    }
    Ok(Listed {
        path: path.to_owned(),
        media_type: media_type(path),
        bytes: bytes.len(),
        sha256: hex::encode(Sha256::digest(bytes)),
        integrity: integrity(bytes),
        brotli_bytes: packed.map(|packed| packed.len()),
    })
}

/// `None` where compression gains nothing: pictures and fonts are compressed already.
fn compressed(path: &str, bytes: &[u8], quality: u32) -> io::Result<Option<Vec<u8>>> {
    if PACKED_ALREADY.iter().any(|end| path.ends_with(end)) {
        return Ok(None);
    }
    let quality = i32::try_from(quality.min(BROTLI_QUALITY_MAX)).unwrap_or_default();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: BROTLI_WINDOW_BITS,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &parameters)?;
    Ok((packed.len() < bytes.len()).then_some(packed))
}

fn media_type(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    MEDIA_TYPES
        .iter()
        .find(|(end, _)| *end == ending)
        .map_or("application/octet-stream", |(_, media_type)| media_type)
}

const INTEGRITY_OPEN: &str = "{{integrity:";

/// Enough of the hash that two builds never share it, and short enough to read aloud.
const VERSION_CHARS: usize = 16;

const BROTLI_QUALITY_MAX: u32 = 11;

/// Four megabytes: all of the worker is seen at once, and every browser accepts it.
const BROTLI_WINDOW_BITS: i32 = 22;

const PACKED_ALREADY: [&str; 5] = [".png", ".jpg", ".webp", ".woff2", ".avif"];

const MEDIA_TYPES: [(&str, &str); 14] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("wasm", "application/wasm"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("webp", "image/webp"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
    ("txt", "text/plain; charset=utf-8"),
    ("mp3", "audio/mpeg"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_page_carries_the_hash_of_the_script_as_it_is_served() {
        let mut files =
            contents(&[("index.html", "{{integrity:start.js}}"), ("start.js", "let v = '{{version}}';")]);
        fill_in(&mut files, "7").expect("both files are there");
        assert_eq!(files["start.js"], b"let v = '7';");
        assert_eq!(files["index.html"], integrity(b"let v = '7';").into_bytes());
    }

    #[test]
    fn a_hash_of_a_missing_file_fails_the_build() {
        let mut files = contents(&[("index.html", "{{integrity:gone.js}}")]);
        assert!(fill_in(&mut files, "7").is_err());
    }

    #[test]
    fn generated_programs_are_left_alone() {
        let mut files = contents(&[("page/page.js", "{{version}}")]);
        fill_in(&mut files, "7").expect("nothing to do");
        assert_eq!(files["page/page.js"], b"{{version}}");
    }

    #[test]
    fn what_was_packed_unpacks_to_the_same() {
        let text = "valise ".repeat(1000);
        let packed = compressed("a.css", text.as_bytes(), 9).expect("memory only").expect("it repeats");
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut &*packed, &mut back).expect("just packed");
        assert_eq!(back, text.as_bytes());
    }

    #[test]
    fn the_version_moves_with_content_and_with_names() {
        let one = version(&contents(&[("a", "x")]));
        assert_ne!(one, version(&contents(&[("b", "x")])));
        assert_ne!(one, version(&contents(&[("a", "y")])));
    }
}
