//! Writes the good vectors of `crates/wire/vectors/`, and the files of `crates/media/testdata/`, as the corpus each target starts from.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(here.join("../crates/wire/vectors"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
        for (place, vector) in file["vectors"].as_array().into_iter().flatten().enumerate() {
            if vector["valid"] == true {
                let target = vector["decoder"].as_str().unwrap_or_default().replace(' ', "_");
                let folder = here.join("corpus").join(target);
                fs::create_dir_all(&folder)?;
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                fs::write(folder.join(format!("{name}-{place}")), bytes_of(vector)?)?;
            }
        }
    }
    for entry in fs::read_dir(here.join("../crates/media/testdata"))? {
        let path = entry?.path();
        for target in MEDIA_TARGETS {
            let folder = here.join("corpus").join(target);
            fs::create_dir_all(&folder)?;
            fs::copy(&path, folder.join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// Each of them looks at any file first.
const MEDIA_TARGETS: [&str; 6] =
    ["media_kind", "media_picture", "media_video", "media_audio", "media_voice", "media_document"];

fn bytes_of(vector: &Value) -> Result<Vec<u8>, hex::FromHexError> {
    match vector["text"].as_str() {
        Some(text) => Ok(text.as_bytes().to_vec()),
        None => hex::decode(vector["hex"].as_str().unwrap_or_default()),
    }
}
