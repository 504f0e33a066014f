//! The full-screen program on a pseudo-terminal, with the real server and somebody to talk to.

use e2e::programs::{Server, Terminal};
use e2e::screen::{Screen, resident_kib};

#[test]
fn somebody_new_registers_writes_and_is_answered() {
    let mut server = Server::start();
    let boris = Terminal::registered(&server, "Boris");
    let link = boris.invitation();
    let mut following = boris.follow();

    let home = tempfile::tempdir().unwrap();
    let home = home.path().join("new");
    let mut anna = Screen::start(&home, 80, 24);
    anna.waits_for("Which server?");
    anna.enters(&server.url());
    anna.waits_for("How may people find you?");
    anna.types("3");
    anna.waits_for("Your name");
    anna.enters("Anna");
    anna.waits_for("No chats yet");
    anna.waits_for("● Up to date");

    anna.types("n");
    anna.waits_for("Add somebody");
    anna.pastes(&link);
    anna.types("\r");
    anna.waits_until("the chat with Boris", |picture| {
        picture.lines().next().is_some_and(|head| head.contains("Chats") && head.contains("Boris"))
    });
    anna.types("Hello, Boris 👨‍👩‍👧‍👦\r");
    following.text("Hello, Boris 👨‍👩‍👧‍👦");
    anna.waits_for("Read");
    boris.ok(["send", "Anna", "שלום, Anna"]);
    anna.waits_for("Anna");
    following.wait_for("the mark", |line| line["event"] == "receipt" && line["mark"] == "read");

    // This terminal does not join the family to one sign, and yet everything stands where it should.
    for row in 0..23 {
        assert_eq!(anna.cell(24, row), "│", "row {row}:\n{}", anna.picture());
    }

    // A second program on the same home, beside it.
    let beside = Terminal::at(&server, &home);
    assert_eq!(beside.ok(["chats"]).len(), 1);
    beside.ok(["send", "Boris", "from beside"]);
    anna.waits_for("from beside");

    // A group: its name, its page, somebody to be in it.
    anna.types("\tg");
    anna.waits_for("Make a group");
    anna.enters("Trams");
    anna.waits_for("made the group");
    anna.types("\x1bOR");
    anna.waits_for("1 Add somebody");
    anna.types("1");
    anna.waits_for("1 Boris");
    anna.types("1");
    anna.waits_for("added Boris");
    anna.enters("the 28 is packed");
    following.text("the 28 is packed");
    boris.ok(["send", "Trams", "then we walk"]);
    // The list shows it, too, and may be first.
    anna.waits_until("it is in both", |shown| shown.matches("then we walk").count() == 2);
    // Up chooses it; it is answered and reacted to.
    anna.types("\x1b[Ar");
    anna.waits_for("Answering Boris: then we walk");
    anna.enters("gladly");
    following.wait_for("the answer", |line| line["text"] == "gladly" && line["reply_to"].is_string());
    anna.waits_for("↪ Boris: then we walk");
    anna.types("\x1b[A\x1b[A+");
    anna.waits_for("1 👍");
    anna.types("1");
    following.wait_for("the reaction", |line| line["event"] == "reaction" && line["emoji"] == "👍");
    anna.types("\x1b[B\x1b[B");
    anna.waits_for("› Message");

    server.kill();
    anna.waits_for("○");
    anna.enters("kept here");
    anna.waits_for("Sending");
    server.run();
    following.text("kept here");
    anna.waits_for("● Up to date");

    anna.types("\x11");
    assert!(anna.ends().success());
}

#[test]
fn on_a_keypad_screen_number_and_arrow_keys_are_enough() {
    let server = Server::start();
    let boris = Terminal::registered(&server, "Boris");
    let anna = Terminal::registered(&server, "Anna");
    boris.ok(["add", &anna.invitation()]);
    boris.ok(["send", "Anna", "tea?"]);
    let mut following = boris.follow();
    let mut phone = Screen::start(anna.home(), 30, 20);
    phone.waits_for("1 Boris");
    phone.waits_for("(1)");
    phone.types("1");
    phone.waits_for("tea?");
    following.wait_for("the mark", |line| line["event"] == "receipt" && line["mark"] == "read");
    // y: 999, e: 33, s: 7777.
    phone.types("999");
    phone.waits_for("› y");
    phone.types("33");
    phone.types("7777");
    phone.waits_for("› yes");
    phone.types("\r");
    following.text("yes");
    phone.waits_for("Read");
    assert!(phone.picture().lines().all(|row| row.chars().count() <= 30));
    let resident = resident_kib(phone.process());
    assert!(resident <= RESIDENT_KIB_MAX, "{resident} KiB resident");
    // Back to the list, to the menu, and out by its last line.
    phone.types("\x1b[D");
    phone.waits_for("OPEN");
    phone.types("0");
    phone.waits_for("1 Add somebody");
    // Up from the first line is the last.
    phone.types("\x1b[A");
    phone.types("\r");
    assert!(phone.ends().success());
}

/// What a keypad device has for it.
const RESIDENT_KIB_MAX: u64 = 64 * 1024;
