//! A marked text, name and number are sent through everything; the service must hold none of them anywhere.

use std::path::{Path, PathBuf};

use e2e::programs::{Server, Terminal, texts};

const TEXT: &str = "CANARYTEXT-7f3a91";
const NAME: &str = "Canaryname Qzx";
const NUMBER: &str = "+32470987651";
const MAIL: &str = "canary.mail.qzx@example.org";

#[test]
fn no_file_of_the_service_holds_a_text_a_name_or_a_number() {
    let mut server = Server::start();
    let anna = Terminal::registered_as(&server, NAME, NUMBER);
    let boris = Terminal::registered_as(&server, "Boris", MAIL);
    boris.ok(["add", NUMBER]);
    boris.ok(["send", NUMBER, TEXT]);
    let who = anna.receive().iter().find(|l| l["event"] == "request").expect("a request")["from"].clone();
    anna.ok(["accept", who.as_str().unwrap()]);
    assert_eq!(texts(&anna.receive()), [TEXT]);
    anna.ok(["send", who.as_str().unwrap(), TEXT]);
    // A picture is large enough for the store of blobs.
    anna.ok(["group", "create", NAME, who.as_str().unwrap()]);
    let file = anna.home().join("picture.png");
    let picture = [b"\x89PNG\r\n\x1a\n".as_slice(), &TEXT.as_bytes().repeat(1_200)].concat();
    std::fs::write(&file, picture).expect("written");
    anna.ok(["group", "picture", NAME, file.to_str().expect("a path")]);
    assert!(!files_below(&server.data().join("blobs")).is_empty(), "it lies in the store");
    // One waits: it must not lie there readable either.
    boris.ok(["send", NUMBER, &format!("{TEXT} again")]);
    look(&server, "while it runs");
    server.kill();
    look(&server, "after a kill");
    // The search itself finds what is there: the key file's neighbour, the codes, hold the number in clear.
    let codes = server.data().parent().expect("a folder").join("codes");
    assert!(holds(&codes, NUMBER.as_bytes()), "the search finds nothing anywhere");
}

/// Every file of the service: data, write-ahead log, log. (The file of codes stands for the SMS that left the house.)
fn look(server: &Server, when: &str) {
    let mut files = files_below(&server.data());
    files.push(server.log());
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        for canary in [TEXT, NAME, NUMBER, &NUMBER[1..], MAIL, "canary.mail.qzx"] {
            assert!(!holds(&file, canary.as_bytes()), "{canary} is in {} {when}", file.display());
        }
    }
}

fn holds(file: &Path, canary: &[u8]) -> bool {
    std::fs::read(file).is_ok_and(|bytes| bytes.windows(canary.len()).any(|window| window == canary))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        if entry.path().is_dir() {
            files.extend(files_below(&entry.path()))
        } else {
            files.push(entry.path())
        }
    }
    files
}
