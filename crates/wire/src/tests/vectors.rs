//! The files in `vectors/`. `VALISE_WRITE_VECTORS=1` writes them anew; a change of a file is a change of the protocol.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::decoders::named;
use super::samples::{Sample, all};

#[test]
fn the_vectors_on_file_are_what_this_version_writes_and_refuses() {
    for (chapter, vectors) in by_chapter() {
        let file = folder().join(format!("{chapter}.json"));
        let now =
            serde_json::to_string_pretty(&json!({ "chapter": chapter, "vectors": vectors })).unwrap() + "\n";
        if std::env::var_os("VALISE_WRITE_VECTORS").is_some() {
            fs::write(&file, &now).unwrap();
        }
        let on_file = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            on_file == now,
            "{} differs from what the code writes. If the protocol was meant to change, run this test with \
             VALISE_WRITE_VECTORS=1 and change docs/protocol/ with it.",
            file.display()
        );
    }
}

#[test]
fn every_file_of_vectors_is_made_by_this_test() {
    let chapters = by_chapter();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let chapter = path.file_stem().unwrap().to_str().unwrap();
            assert!(chapters.contains_key(chapter), "{} belongs to nothing", path.display());
        }
    }
}

#[test]
fn good_vectors_read_and_write_byte_for_byte_and_bad_ones_are_refused() {
    for sample in all() {
        let decoder = named(sample.decoder);
        let again = (decoder.again)(&sample.bytes);
        match sample.wrong {
            None if sample.decoder == "handle" => assert!(again.is_some(), "{}", sample.name),
            None => assert!(again.as_ref() == Some(&sample.bytes), "{} does not read back", sample.name),
            Some(wrong) => assert!(again.is_none(), "{} is taken, although: {wrong}", sample.name),
        }
    }
}

#[test]
fn no_two_vectors_have_one_name_and_every_decoder_has_good_ones() {
    let samples = all();
    for (place, sample) in samples.iter().enumerate() {
        assert!(
            samples[..place].iter().all(|other| other.name != sample.name),
            "{} stands twice",
            sample.name
        );
    }
    for decoder in super::decoders::ALL {
        let good = |sample: &&Sample| sample.decoder == decoder.name && sample.wrong.is_none();
        assert!(samples.iter().any(|sample| good(&sample)), "no vector for {}", decoder.name);
    }
}

fn by_chapter() -> BTreeMap<&'static str, Vec<Value>> {
    let mut chapters: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for sample in all() {
        chapters.entry(sample.chapter).or_default().push(to_json(&sample));
    }
    chapters
}

fn to_json(sample: &Sample) -> Value {
    let mut vector =
        json!({ "name": sample.name, "decoder": sample.decoder, "valid": sample.wrong.is_none() });
    if let Some(wrong) = sample.wrong {
        vector["wrong"] = wrong.into();
    }
    if named(sample.decoder).text {
        vector["text"] = String::from_utf8_lossy(&sample.bytes).into();
    } else {
        vector["hex"] = hex::encode(&sample.bytes).into();
    }
    vector
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}
