//! Three people with two devices each, at a line that breaks again and again: a browser with a terminal, and two pairs of
//! terminals, in a group and in pairs. Some rounds in every run; half an hour of them in the long one.

use std::time::{Duration, Instant};

use e2e::{
    browser::{Browser, Line, Page},
    programs::{Follower, Server, Terminal},
};

use crate::{Outcome, open_chat, register_without_handle, say, shows_mark, start_chat};

/// Turns in a run that is not long.
const TURNS: usize = 24;
/// And so long does a long one go on.
const LONG: Duration = Duration::from_secs(30 * 60);
/// Every so many turns somebody lets a device run on while others write to it.
const FOLLOWS_EVERY: u64 = 5;
/// What `history` shows at most.
const HISTORY: &str = "100000";

const GROUP: &str = "Lake house";
const PEOPLE: [&str; 3] = ["Anna", "Boris", "Carla"];

/// Numbers that follow from a seed alone (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }
}

/// Where something was said, and what is to stand there in the end.
#[derive(Default)]
struct Chats {
    group: Vec<String>,
    /// By the two: 0 Anna and Boris, 1 Boris and Carla, 2 Carla and Anna.
    pairs: [Vec<String>; 3],
}

impl Chats {
    /// What the chat of `own` that is named so shows; whom it is with is its name.
    fn of(&mut self, own: usize, other: Option<usize>) -> &mut Vec<String> {
        match other {
            None => &mut self.group,
            Some(other) => {
                let first = if (own + 1) % 3 == other { own } else { other };
                &mut self.pairs[first]
            }
        }
    }
}

struct Cast {
    /// Of Anna the second, of the others both.
    terminals: [Vec<Terminal>; 3],
    page: Page,
    line: Line,
}

impl Cast {
    /// The rest of a group, and how often the line was cut, are told by nobody: all that counts is what stands in the end.
    async fn turn(&self, dice: &mut Dice, number: usize, chats: &mut Chats, seen: &mut Seen) -> Outcome {
        let who = usize::try_from(dice.below(3)).unwrap_or(0);
        let other = match dice.below(5) {
            0..=2 => None,
            3 => Some((who + 1) % 3),
            _ => Some((who + 2) % 3),
        };
        let chat = other.map_or(GROUP, |other| PEOPLE[other]);
        let text = format!("{number} {} to {chat}", PEOPLE[who]);
        let how = dice.below(6);
        // The line breaks before, in the middle, or not; or nothing passes for a while and nobody is told.
        match how {
            0 => self.line.cut(),
            1 => self.line.stall(),
            _ => {}
        }
        if how < 2 {
            seen.cuts += 1;
        }
        let in_browser = who == 0 && dice.below(2) == 0;
        if in_browser {
            open_chat(&self.page, chat).await?;
            say(&self.page, &text).await?;
            self.line.mend();
            shows_mark(&self.page, &text, "Sent").await?;
        } else {
            let at = usize::try_from(dice.below(2)).unwrap_or(0) % self.terminals[who].len();
            let terminal = &self.terminals[who][at];
            let sent = if how < 2 {
                let sent = terminal.run(["send", chat, &text, "--timeout", "1"]);
                self.line.mend();
                sent
            } else if how == 2 {
                // Ended in the middle, as by a battery. What it said it kept is kept; else it is said again.
                let mut child = terminal.start(["send", chat, &text]);
                let kept =
                    child.hears(Duration::from_millis(dice.below(400)), |line| line["sent"].is_object());
                child.kill();
                seen.ended += 1;
                let there = kept || history(terminal, chat)?.contains(&text);
                if there { terminal.run(["receive"]) } else { terminal.run(["send", chat, &text]) }
            } else {
                terminal.run(["send", chat, &text])
            };
            let code = sent.status.code();
            assert!(matches!(code, Some(0 | 4)), "{code:?}: {}", String::from_utf8_lossy(&sent.stderr));
        }
        chats.of(who, other).push(text);
        Ok(())
    }

    /// All devices hear everything there is to hear.
    fn settle(&self) {
        // What waits on a device leaves in the first round, and is heard in the second; marks and roster follow.
        for _ in 0..3 {
            self.terminals.iter().flatten().for_each(|terminal| drop(terminal.receive()));
        }
    }
}

#[derive(Default)]
struct Seen {
    cuts: usize,
    ended: usize,
}

/// What a terminal shows of a chat, oldest first, without notices.
fn history(terminal: &Terminal, chat: &str) -> Result<Vec<String>, e2e::browser::Failure> {
    let lines = terminal.ok(["history", chat, "--limit", HISTORY]);
    let texts = lines.iter().filter_map(|line| line["message"]["text"].as_str());
    Ok(texts.filter(|text| !text.is_empty()).map(str::to_owned).collect())
}

/// Links a terminal: the number that one shows is told to the other by `tell`.
fn linking(new: &Terminal, url: &str, name: &str) -> (Follower, String) {
    let mut follower = new.start(["device", "new", "--server", url, "--name", name]);
    let link = follower.wait_for("a link", |line| line["link"].is_string());
    let link = link["link"].as_str().unwrap_or_default().to_owned();
    (follower, link)
}

fn number(follower: &mut Follower) -> String {
    let shown = follower.wait_for("a number", |line| line["number"]["number"].is_string());
    shown["number"]["number"].as_str().unwrap_or_default().to_owned()
}

fn linked_to(old: &Terminal, url: &str) -> Terminal {
    let new = Terminal::over(url);
    let (mut follower, link) = linking(&new, url, "Laptop");
    let asked = old.run(["device", "link", &link]);
    assert_eq!(asked.status.code(), Some(3), "the number is asked for");
    old.ok(["device", "link", "--number", &number(&mut follower)]);
    follower.wait_for("linked", |line| line["linked"].is_object());
    follower.ends_well();
    new
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_people_with_two_devices_each_at_a_line_that_breaks_again_and_again() -> Outcome {
    let (server, browser) = (Server::start(), Browser::start().await?);
    let line = Line::to(server.address()).await?;
    let url = format!("http://{}", line.address());
    let [boris, carla] = ["Boris", "Carla"].map(|name| {
        let terminal = Terminal::over(&url);
        terminal.ok(["register", "none", "--server", &url, "--name", name]);
        terminal
    });
    let page = browser.person().await?.open(&url).await?;
    register_without_handle(&page, "Anna").await?;
    for terminal in [&boris, &carla] {
        start_chat(&page, &terminal.invitation()).await?;
        say(&page, "Hello").await?;
        shows_mark(&page, "Hello", "Sent").await?;
        terminal.receive();
        terminal.ok(["send", "Anna", "Hello to you"]);
    }
    carla.ok(["add", &boris.invitation()]);
    carla.ok(["send", "Boris", "Hello"]);
    boris.receive();
    boris.ok(["send", "Carla", "Hello to you"]);
    carla.receive();
    boris.ok(["group", "create", GROUP, "Anna", "Carla"]);

    let laptop = Terminal::over(&url);
    let (mut follower, link) = linking(&laptop, &url, "Laptop");
    page.button("Your devices").click().await?;
    page.button("Link a device").click().await?;
    page.textbox("Link of the new device").fill(&link).await?;
    page.button("Link").click().await?;
    page.textbox("Number").appears().await?;
    page.textbox("Number").fill(&number(&mut follower)).await?;
    page.button("Link").click().await?;
    follower.wait_for("linked", |line| line["linked"].is_object());
    follower.ends_well();
    page.press("Escape").await?;
    let (boris2, carla2) = (linked_to(&boris, &url), linked_to(&carla, &url));
    let cast = Cast { terminals: [vec![laptop], vec![boris, boris2], vec![carla, carla2]], page, line };
    cast.settle();

    let hello = || vec!["Hello".to_owned(), "Hello to you".to_owned()];
    let mut chats = Chats { group: vec![], pairs: [hello(), hello(), hello()] };
    let seed = std::env::var("VALISE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let (mut dice, mut seen, started, mut turns) = (Dice(seed), Seen::default(), Instant::now(), 0);
    let long = std::env::var_os("VALISE_LONG").is_some();
    while if long { started.elapsed() < LONG } else { turns < TURNS } {
        cast.turn(&mut dice, turns, &mut chats, &mut seen).await?;
        if dice.below(FOLLOWS_EVERY) == 0 {
            let who = usize::try_from(dice.below(3)).unwrap_or(0);
            drop(cast.terminals[who][0].receive());
        }
        turns += 1;
    }
    cast.settle();
    println!(
        "{turns} turns with seed {seed} in {:.0} s, {} times a broken line, {} ended in the middle",
        started.elapsed().as_secs_f32(),
        seen.cuts,
        seen.ended
    );

    // One order in the group, whoever looks; and in each pair.
    let group = history(&cast.terminals[1][0], GROUP)?;
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts
    };
    assert_eq!(
        sorted(group.clone()),
        sorted(chats.group.clone()),
        "nothing is lost and nothing is there twice"
    );
    for (who, terminals) in cast.terminals.iter().enumerate() {
        for terminal in terminals {
            assert_eq!(history(terminal, GROUP)?, group, "{}", PEOPLE[who]);
            for other in (0..3).filter(|other| *other != who) {
                let shown = history(terminal, PEOPLE[other])?;
                assert_eq!(
                    sorted(shown),
                    sorted(chats.of(who, Some(other)).clone()),
                    "{} with {}",
                    PEOPLE[who],
                    PEOPLE[other]
                );
            }
        }
    }
    // The browser shows the newest of each; unread and unreadable would stand there, too.
    open_chat(&cast.page, GROUP).await?;
    let newest = group.last().map(String::as_str).unwrap_or_default();
    cast.page.log("Messages").shows(newest).await?;
    let shown = cast.page.evaluate("document.body.innerText").await?;
    let shown = shown.as_str().unwrap_or_default();
    assert!(!shown.contains("missing") && !shown.contains("cannot be read"), "{shown}");
    browser.close().await
}
