//! The specification against the code: every structure, code, label and limit of the sources stands in the chapters of
//! `docs/protocol/`, field by field. Whoever changes one of them is told here to change the other.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Door;

/// Sources (from `crates/`) and the chapter that describes their structures.
const CHAPTERS: [(&str, &str); 34] = [
    ("wire/src/account.rs", "account.md"),
    ("wire/src/address.rs", "address.md"),
    ("wire/src/blob.rs", "blob.md"),
    ("wire/src/directory.rs", "directory.md"),
    ("wire/src/door.rs", "README.md"),
    ("wire/src/envelope.rs", "envelope.md"),
    ("wire/src/frame.rs", "README.md"),
    ("wire/src/key_package.rs", "key-package.md"),
    ("wire/src/mailbox.rs", "mailbox.md"),
    ("wire/src/refusal.rs", "README.md"),
    ("wire/src/slot.rs", "slot.md"),
    ("wire/src/token.rs", "token.md"),
    ("seal/src/address.rs", "address.md"),
    ("seal/src/device_list.rs", "device.md"),
    ("seal/src/piece.rs", "slot.md"),
    ("crypto/src/charter.rs", "group.md"),
    ("crypto/src/group/tree.rs", "slot.md"),
    ("crypto/src/leaf.rs", "device.md"),
    ("crypto/src/key_package.rs", "key-package.md"),
    ("client/src/conversation.rs", "letter.md"),
    ("client/src/group.rs", "slot.md"),
    ("client/src/history.rs", "history.md"),
    ("client/src/knock.rs", "knock.md"),
    ("client/src/link.rs", "linking.md"),
    ("client/src/newcomer.rs", "newcomer.md"),
    ("client/src/picture.rs", "picture.md"),
    ("client/src/pieces.rs", "slot.md"),
    ("client/src/poll.rs", "message.md"),
    ("client/src/presence.rs", "message.md"),
    ("client/src/report.rs", "report.md"),
    ("client/src/way_back.rs", "slot.md"),
    ("client/src/choice.rs", "device.md"),
    ("client/src/missing.rs", "message.md"),
    ("client/src/shared.rs", "device.md"),
];

/// Folders whose sources derive keys and sign.
const LABELLED: [&str; 4] = ["seal/src", "crypto/src", "crypto/src/group", "client/src"];

/// Sources without structures of the presentation language: their chapter is written by hand.
const BY_HAND: [(&str, &str); 5] = [
    ("bytes.rs", "README.md"),
    ("device_link.rs", "linking.md"),
    ("group_link.rs", "link.md"),
    ("lib.rs", "README.md"),
    ("link.rs", "link.md"),
];

#[test]
fn every_structure_and_code_stands_in_its_chapter_field_by_field() {
    let mut missing = String::new();
    for (source, chapter) in CHAPTERS {
        let text = one_space(&read(&docs().join(chapter)));
        for block in blocks(&read(&crates().join(source))) {
            if !text.contains(&one_space(&block)) {
                writeln!(missing, "docs/protocol/{chapter}, from crates/{source}:\n\n{block}").unwrap();
            }
        }
    }
    assert!(missing.is_empty(), "the specification lacks, or says otherwise:\n\n{missing}");
}

#[test]
fn every_source_of_this_crate_has_a_chapter() {
    for entry in fs::read_dir(crates().join("wire/src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let described = CHAPTERS.iter().any(|(source, _)| *source == format!("wire/src/{name}"));
        let by_hand = BY_HAND.iter().any(|(source, _)| *source == name);
        assert!(described || by_hand || !name.ends_with(".rs"), "{name} has no chapter in this test's lists");
    }
    for (_, chapter) in CHAPTERS.into_iter().chain(BY_HAND) {
        assert!(docs().join(chapter).exists(), "docs/protocol/{chapter} is gone");
    }
}

#[test]
fn every_structure_that_the_chapters_show_exists() {
    let sources: Vec<_> =
        CHAPTERS.iter().flat_map(|(source, _)| blocks(&read(&crates().join(source)))).collect();
    let known: Vec<_> = sources.iter().flat_map(|block| names_of(block)).collect();
    for (chapter, text) in chapters() {
        for name in names_of(&text) {
            assert!(known.contains(&name), "docs/protocol/{chapter} shows {name}, which is in no source");
        }
    }
}

#[test]
fn every_id_has_the_length_the_specification_says() {
    let text = read(&docs().join("README.md"));
    let ids = read(&crates().join("vocab/src/ids.rs"));
    let pairs = ids.lines().filter_map(|line| line.trim().split_once(", "));
    let mut found = 0;
    for (name, bytes) in pairs.filter(|(name, bytes)| is_name(name) && bytes.parse::<u8>().is_ok()) {
        let line = format!("opaque {name}[{bytes}];");
        assert!(text.contains(&line), "docs/protocol/README.md lacks: {line}");
        found += 1;
    }
    assert!(found >= 7, "the ids of vocab are written in another way than this test reads");
}

#[test]
fn every_limit_stands_in_the_table_with_its_value() {
    let limits = [("vocab/src/limits.rs", "README.md"), ("wire/src/content/mod.rs", "message.md")];
    for (source, chapter) in limits {
        let text = read(&docs().join(chapter));
        for (name, value) in constants(&read(&crates().join(source))) {
            let row = format!("| `{name}` | `{value}` |");
            assert!(text.contains(&row), "docs/protocol/{chapter} lacks a row that begins: {row}");
        }
    }
}

#[test]
fn every_label_that_keys_are_derived_with_stands_in_a_chapter() {
    let all: String = chapters().into_iter().map(|(_, text)| text).collect();
    let mut found = 0;
    let files = LABELLED.iter().flat_map(|folder| fs::read_dir(crates().join(folder)).unwrap());
    for path in files.map(|entry| entry.unwrap().path()) {
        for label in labels(&read(&path)) {
            assert!(
                all.contains(&format!("\"{label}\"")),
                "no chapter names the label \"{label}\" of {path:?}"
            );
            found += 1;
        }
    }
    assert!(found >= 10, "labels are written in another way than this test reads");
}

#[test]
fn every_door_and_every_chapter_stands_in_the_readme() {
    let text = read(&docs().join("README.md"));
    for door in Door::ALL {
        assert!(
            text.contains(&format!("`{}`", door.path())),
            "docs/protocol/README.md lacks {}",
            door.path()
        );
    }
    for (chapter, _) in chapters() {
        assert!(chapter == "README.md" || text.contains(&format!("({chapter})")), "no link to {chapter}");
    }
}

#[test]
fn no_operation_exists_at_two_doors() {
    let door = read(&crates().join("wire/src/door.rs"));
    let mut codes = Vec::new();
    for name in ["UnnamedRequest", "AccountRequest", "BlobRequest"] {
        let block =
            blocks(&door).into_iter().find(|block| block.contains(&format!("}} {name}Code;"))).unwrap();
        codes.extend(block.lines().filter_map(|line| line.trim().strip_suffix("),")).map(str::to_owned));
    }
    let (names, numbers): (Vec<_>, Vec<_>) = codes.iter().filter_map(|code| code.split_once('(')).unzip();
    assert!(names.len() >= 17);
    for list in [&names, &numbers] {
        let distinct: std::collections::BTreeSet<_> = list.iter().collect();
        assert_eq!(distinct.len(), list.len(), "one name or number twice: {list:?}");
    }
}

/// What a source says, in the presentation language: one block per structure, enumeration or name.
fn blocks(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines: Vec<&str> = source.lines().collect();
    let mut blocks = Vec::new();
    let mut on_the_wire = false;
    for (place, line) in lines.iter().enumerate() {
        // A derive may stand on several lines; only what can be written goes over the wire.
        on_the_wire |=
            line.contains("TlsSerialize") && !line.starts_with("use ") && !line.starts_with("    ")
                || line.trim() == "TlsSerialize,";
        let body = || lines[place + 1..].iter().take_while(|line| **line != "}").copied();
        if let Some(rest) = public(line).strip_prefix("struct ") {
            let name = leading_name(rest);
            match rest.strip_prefix(name) {
                Some(tuple) if tuple.starts_with("(pub [u8; ") => {
                    let length = tuple.trim_start_matches("(pub [u8; ").trim_end_matches("]);");
                    blocks.push(format!("opaque {name}[{length}];\n"));
                }
                _ if on_the_wire => blocks.push(structure(name, body())),
                _ => {}
            }
            on_the_wire = false;
        } else if let Some(rest) = line.strip_prefix("pub enum ") {
            if on_the_wire {
                let width = if lines[..place].iter().rev().take(4).any(|line| line.contains("repr(u16)")) {
                    4
                } else {
                    2
                };
                blocks.push(enumeration(leading_name(rest), width, body()));
            }
            on_the_wire = false;
        } else if let Some((name, kind)) =
            line.strip_prefix("pub type ").and_then(|rest| rest.split_once(" = "))
        {
            blocks.push(format!("{};\n", field(name, kind.trim_end_matches(';'))));
        }
    }
    blocks
}

/// A line without the word that says who may use it.
fn public(line: &str) -> &str {
    ["pub(crate) ", "pub "].into_iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line)
}

fn structure<'a>(name: &str, body: impl Iterator<Item = &'a str>) -> String {
    let mut block = "struct {\n".to_owned();
    let fields = body.filter_map(|line| public(line.strip_prefix("    ")?).split_once(": "));
    for (name, kind) in fields.filter(|(name, _)| is_field(name)) {
        writeln!(block, "    {};", field(name, kind.trim_end_matches(','))).unwrap();
    }
    writeln!(block, "}} {name};").unwrap();
    block
}

/// The codes, and what follows each where anything does.
fn enumeration<'a>(name: &str, width: usize, body: impl Iterator<Item = &'a str>) -> String {
    let mut variants: Vec<(String, u16, String)> = Vec::new();
    let mut code = 0;
    for line in body {
        let text = line.trim();
        if let Some(number) = text.strip_prefix("#[tls_codec(discriminant = ") {
            code = number_of(number.trim_end_matches(")]"));
        } else if line.starts_with("        ") {
            let (variant_field, kind) = text.split_once(": ").unwrap_or_default();
            if is_field(variant_field) {
                let payload = &mut variants.last_mut().expect("a field stands within a variant").2;
                write!(payload, " {};", field(variant_field, kind.trim_end_matches(','))).unwrap();
            }
        } else if is_name(leading_name(text)) {
            let variant = leading_name(text);
            let rest = &text[variant.len()..];
            if let Some(number) = rest.strip_prefix(" = ") {
                code = number_of(number.trim_end_matches(','));
            }
            let payload = rest.strip_prefix('(').map(|inner| inner.trim_end_matches("),"));
            let payload = payload.map(|kind| format!(" {};", payload_field(variant, kind)));
            variants.push((variant.to_owned(), code, payload.unwrap_or_default()));
        }
    }
    let plain = variants.iter().all(|(_, _, payload)| payload.is_empty());
    let code_name = if plain { name.to_owned() } else { format!("{name}Code") };
    let mut block = "enum {\n".to_owned();
    for (variant, code, _) in &variants {
        writeln!(block, "    {variant}(0x{code:0width$X}),").unwrap();
    }
    writeln!(block, "    (0x{})\n}} {code_name};", "F".repeat(width)).unwrap();
    if !plain {
        write!(block, "\nstruct {{\n    {code_name} code;\n    select ({name}.code) {{\n").unwrap();
        for (variant, _, payload) in &variants {
            let payload = if payload.is_empty() { " struct {};" } else { payload };
            writeln!(block, "        case {variant}:{payload}").unwrap();
        }
        writeln!(block, "    }};\n}} {name};").unwrap();
    }
    block
}

/// `T` stands for itself; lists and bytes need a name, which is the variant's in small letters.
fn payload_field(variant: &str, kind: &str) -> String {
    let named = kind.contains('<') || kind.contains('[') || kind == "Bytes" || kind.starts_with('u');
    if named { field(&variant.to_lowercase(), kind) } else { kind.to_owned() }
}

/// A Rust field in the presentation language.
fn field(name: &str, kind: &str) -> String {
    if let Some(inner) = kind.strip_prefix("Vec<").and_then(|kind| kind.strip_suffix('>')) {
        return match inner {
            "u8" => format!("opaque {name}<V>"),
            inner => format!("{inner} {name}<V>"),
        };
    }
    if let Some(inner) = kind.strip_prefix("Option<").and_then(|kind| kind.strip_suffix('>')) {
        return format!("optional<{inner}> {name}");
    }
    if let Some(length) = kind.strip_prefix("[u8; ").and_then(|kind| kind.strip_suffix(']')) {
        return format!("opaque {name}[{length}]");
    }
    match kind {
        "Bytes" => format!("opaque {name}<V>"),
        "u8" | "u16" | "u32" | "u64" => format!("uint{} {name}", &kind[1..]),
        kind => format!("{kind} {name}"),
    }
}

/// The names that structures and enumerations in a text are given: what follows a closing bracket.
fn names_of(text: &str) -> Vec<String> {
    let ends = text.lines().filter_map(|line| line.strip_prefix("} ")?.strip_suffix(';'));
    ends.map(str::to_owned).collect()
}

/// Names and values of a source's public constants, the value as it is written.
fn constants(source: &str) -> Vec<(String, String)> {
    let one_line = source.replace(" =\n    ", " = ");
    let all = one_line.lines().filter_map(|line| line.strip_prefix("pub const ")?.strip_suffix(';'));
    let split = all.filter_map(|line| {
        let (name, rest) = line.split_once(": ")?;
        let (kind, value) = rest.split_once(" = ")?;
        (!kind.contains("str")).then(|| (name.to_owned(), value.to_owned()))
    });
    split.collect()
}

/// Texts in quotation marks that begin with the product's name, and the short ones of derivations.
fn labels(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let in_code = code.flat_map(|line| line.split('"').skip(1).step_by(2).map(move |text| (line, text)));
    let label = |(line, text): &(&str, &str)| {
        let derives = line.contains("derive(&") || line.contains("sha256(&[b\"");
        text.starts_with("valise ") || derives && !text.is_empty()
    };
    in_code.filter(label).map(|(_, text)| text.to_owned()).collect()
}

fn number_of(text: &str) -> u16 {
    text.strip_prefix("0x").map_or_else(|| text.parse(), |hex| u16::from_str_radix(hex, 16)).expect("a code")
}

fn leading_name(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && leading_name(text) == text
}

fn is_field(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase()) && leading_name(text) == text
}

fn one_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn chapters() -> Vec<(String, String)> {
    let files = fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path))).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn crates() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn docs() -> PathBuf {
    crates().join("../docs/protocol")
}
