//! Several devices of one person, with the built programs.

use e2e::programs::{Server, Terminal, texts};
use serde_json::Value;

#[test]
fn a_second_terminal_is_linked_by_a_number_has_the_history_and_can_be_removed() {
    let server = Server::start();
    let anna = Terminal::registered(&server, "Anna");
    let boris = Terminal::registered(&server, "Boris");
    boris.ok(["add", &anna.invitation()]);
    boris.ok(["send", "Anna", "before"]);
    assert_eq!(texts(&anna.receive()), ["before"]);
    anna.ok(["send", "Boris", "also before"]);

    let laptop = Terminal::new(&server);
    let url = server.url();
    let mut new = laptop.start(["device", "new", "--server", &url, "--name", "Laptop"]);
    let link = new.wait_for("a link", |line| line["link"].is_string());
    let link = link["link"].as_str().unwrap().to_owned();
    let asked = anna.run(["device", "link", &link]);
    assert_eq!(asked.status.code(), Some(3), "the number is asked for");
    let number = new.wait_for("a number", |line| line["number"]["number"].is_string());
    let number = number["number"]["number"].as_str().unwrap().to_owned();
    assert_eq!(number.len(), 6);
    let wrong = format!("{}{}", if number.starts_with('0') { '1' } else { '0' }, &number[1..]);
    let (_, said) = anna.refused(["device", "link", "--number", &wrong]);
    assert!(said.contains("2 tries are left"), "{said}");
    anna.ok(["device", "link", "--number", &number]);
    new.wait_for("linked", |line| line["linked"]["name"] == "Anna");
    new.ends_well();

    assert_eq!(history(&laptop, "Boris"), history(&anna, "Boris"));
    assert_eq!(history(&laptop, "Boris"), ["before", "also before"]);
    laptop.ok(["send", "Boris", "from the laptop"]);
    assert_eq!(texts(&boris.receive()), ["also before", "from the laptop"]);

    let names: Vec<Value> =
        anna.ok(["device", "list"]).into_iter().map(|line| line["device"]["name"].clone()).collect();
    assert!(names.len() == 2 && names.contains(&"Laptop".into()), "{names:?}");
    anna.ok(["device", "remove", "Laptop"]);
    boris.ok(["send", "Anna", "not for the laptop"]);
    let (code, said) = laptop.refused(["receive"]);
    assert!(code == 1 && said.contains("removed from your account"), "{said}");
    assert!(!said.contains("not for the laptop"));
    let (code, said) = laptop.refused(["send", "Boris", "still here"]);
    assert!(code == 1 && said.contains("removed from your account"), "{said}");
    assert!(history(&anna, "Boris").contains(&"from the laptop".to_owned()));
}

fn history(terminal: &Terminal, with: &str) -> Vec<String> {
    let lines = terminal.ok(["history", with]);
    lines.iter().filter_map(|line| line["message"]["text"].as_str().map(str::to_owned)).collect()
}
