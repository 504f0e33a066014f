//! Writes the good vectors of `crates/wire/vectors/` as the corpus each target starts from.

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
    Ok(())
}

fn bytes_of(vector: &Value) -> Result<Vec<u8>, hex::FromHexError> {
    match vector["text"].as_str() {
        Some(text) => Ok(text.as_bytes().to_vec()),
        None => hex::decode(vector["hex"].as_str().unwrap_or_default()),
    }
}
