//! `kill -9` of the server, of the client, of both, again and again under load: nothing acknowledged is lost, nothing is
//! shown twice.

use std::collections::{BTreeMap, BTreeSet};

use e2e::programs::{Server, Terminal, texts, words};

/// Kills in all; each round sends some texts and then kills in one of three ways.
const KILLS: usize = 50;
/// Texts begun in each round before the kill.
const TEXTS_A_ROUND: usize = 4;

#[test]
fn fifty_kills_lose_nothing_and_show_nothing_twice() {
    let mut server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    boris.ok(["send", "Anna", "first"]);
    let mut shown = BTreeMap::<String, u32>::new();
    let mut count =
        |lines: Vec<String>| lines.into_iter().for_each(|text| *shown.entry(text).or_default() += 1);
    let mut acknowledged = BTreeSet::from(["first".to_owned()]);
    for round in 0..KILLS {
        let following = anna.follow();
        // The texts go out while the reader and the server are killed under them.
        let sending: Vec<_> = std::thread::scope(|scope| {
            let sends = scope.spawn(|| {
                let mut done = Vec::new();
                for number in 0..TEXTS_A_ROUND {
                    let text = format!("{round}.{number}");
                    // Exit 0 is the acknowledgement; exit 4 keeps it in the outbox, where it must not be lost either.
                    let output = boris.run(["send", "Anna", &text, "--timeout", "3"]);
                    assert!(
                        matches!(output.status.code(), Some(0 | 4)),
                        "{} {}",
                        output.status,
                        words(&output)
                    );
                    done.push(text);
                }
                done
            });
            match round % 3 {
                0 => {
                    server.kill();
                    server.run();
                    count(texts(&following.kill()));
                }
                1 => count(texts(&following.kill())),
                _ => {
                    let lines = following.kill();
                    server.kill();
                    server.run();
                    count(texts(&lines));
                }
            }
            sends.join().expect("the sender ends")
        });
        acknowledged.extend(sending);
    }
    boris.ok(["send", "Anna", "last"]);
    acknowledged.insert("last".to_owned());
    count(texts(&anna.receive()));
    let history = anna.ok(["history", "Boris", "--limit", "10000"]);
    let mut kept = BTreeMap::<String, u32>::new();
    for line in &history {
        *kept.entry(line["message"]["text"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    let lost: Vec<_> = acknowledged.iter().filter(|text| !kept.contains_key(*text)).collect();
    let twice: Vec<_> = kept.iter().filter(|(_, copies)| **copies > 1).collect();
    let printed_twice: Vec<_> = shown.iter().filter(|(_, copies)| **copies > 1).collect();
    println!("kills {KILLS}, texts {}, lost {}, twice {}", acknowledged.len(), lost.len(), twice.len());
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(twice.is_empty(), "in the history twice: {twice:?}");
    // A reader that is killed between printing and noting it prints again: the history is what must be exact, and what
    // was printed again is bounded by the kills.
    assert!(printed_twice.len() <= KILLS, "{printed_twice:?}");
}
