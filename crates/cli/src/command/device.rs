//! `valise device`

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use host_native::{Core, Heard, Notices};
use screens::{Action, Answer, Ask, DeviceList, LinkScreen, LinkStep, Notice, Outcome};
use tokio::time::{Instant, timeout_at};

use crate::args::Device;
use crate::end::{Stop, answered, done};
use crate::object::Object;
use crate::qr;
use crate::say::{self, Say};
use crate::settle::{SETTLE_WAIT, fresh, settled, status};

/// Does what was asked about devices.
pub async fn run(core: &Core, say: Say, device: Device) -> Result<(), Stop> {
    match device {
        Device::New { name, .. } => new(core, say, name).await,
        Device::Link { link, number } => link_one(core, say, link, number).await,
        Device::List => list(core, say).await,
        Device::Remove { device } => remove(core, say, device).await,
        Device::Name { device, name } => {
            done(core.act(Action::NameDevice { device: device.clone(), name: name.clone() }).await)?;
            say.result(&Object::Device { id: &device, name: &name, this: false, leaving: false }, || {
                say::one_line(&format!("It is called {name} now."))
            })
        }
    }
}

/// On the new device: link, number, history.
async fn new(core: &Core, say: Say, name: String) -> Result<(), Stop> {
    let mut notices = core.notices();
    let begun = linking(core).await?;
    // A link that is shown already stays good: the same command goes on with it.
    let link = match begun.link.filter(|_| matches!(begun.step, LinkStep::Shown | LinkStep::Number)) {
        Some(link) => link,
        None => match done(core.act(Action::OfferLink { name }).await)? {
            Outcome::Link { link, .. } => link,
            _ => return Err(Stop::unexpected()),
        },
    };
    if say.terminal
        && let Some(square) = qr::square(&link)
    {
        say.advice(&square)?;
    }
    say.result(&Object::Link(&link), || link.clone())?;
    say.advice(
        "On a device that has your account: valise device link, with this link. It is good for 10 minutes.",
    )?;
    let mut number_said = false;
    loop {
        let screen = linking(core).await?;
        match (screen.step, screen.number) {
            (LinkStep::Number, Some(number)) if !number_said => {
                number_said = true;
                let digits: String = number.chars().filter(char::is_ascii_digit).collect();
                say.result(&Object::Number { number: &digits }, || {
                    format!("{}\n\n    {number}\n", say::lines(&screen.sentence))
                })?;
            }
            (LinkStep::Linked, _) => break,
            (LinkStep::Failed, _) => return Err(Stop::refused(screen.sentence)),
            _ => {}
        }
        heard(&mut notices, Instant::now() + LINK_WAIT).await?;
    }
    let me = status(core).await?.me.ok_or_else(Stop::unexpected)?;
    let object = Object::Linked { id: Some(&me.id), name: Some(&me.name) };
    say.result(&object, || say::one_line(&format!("This is a device of {} now.", me.name)))?;
    history(core, say, &mut notices).await
}

/// Waits until the earlier messages are here, as long as something comes.
async fn history(core: &Core, say: Say, notices: &mut Notices) -> Result<(), Stop> {
    let until = Instant::now() + HISTORY_WAIT;
    loop {
        let Some(sentence) = devices(core).await?.history else {
            settled(core, notices, SETTLE_WAIT).await?;
            return say.advice("Your earlier messages are here. Next: valise chats");
        };
        say.aside(&sentence);
        if Instant::now() >= until {
            return Err(Stop::network(format!(
                "{sentence} It goes on at the next start: valise receive --follow"
            )));
        }
        // The other device may sleep: this one says so after a while instead of waiting for ever.
        let _ = timeout_at(until, wait_for(notices)).await;
    }
}

/// On a device of the account.
async fn link_one(core: &Core, say: Say, link: Option<String>, number: Option<String>) -> Result<(), Stop> {
    let mut notices = core.notices();
    fresh(core).await?;
    if let Some(link) = link {
        done(core.act(Action::LinkDevice { link }).await)?;
    }
    let (mut number, person) = (number, io::stdin().is_terminal());
    loop {
        let screen = linking(core).await?;
        match screen.step {
            LinkStep::NumberNeeded => {
                let given = match number.take() {
                    Some(number) => number,
                    None => ask_for_number(say, &screen, person).await?,
                };
                match done(core.act(Action::LinkNumber { number: given }).await) {
                    Err(stop) if person && stop.may_try_again() => {
                        stop.tell(say.json);
                    }
                    other => drop(other?),
                }
                continue;
            }
            LinkStep::Linked => {
                say.result(&Object::Linked { id: None, name: None }, || say::lines(&screen.sentence))?;
                return give_history(core, say, &mut notices).await;
            }
            LinkStep::Failed => return Err(Stop::refused(screen.sentence)),
            LinkStep::Nothing => {
                return Err(Stop::refused("Nothing is being linked. Give the link of the new device."));
            }
            _ => say.aside(&screen.sentence),
        }
        heard(&mut notices, Instant::now() + LINK_WAIT).await?;
    }
}

/// On a terminal the person types it; from a pipe it is read; where neither can be, a second command brings it.
async fn ask_for_number(say: Say, screen: &LinkScreen, person: bool) -> Result<String, Stop> {
    let needed = || Stop::input(format!("{} Give it with: valise device link --number", screen.sentence));
    if say.json && !person {
        say.object(&Object::NumberNeeded { sentence: &screen.sentence })?;
        return Err(needed());
    }
    let question = screen.sentence.clone();
    let line = tokio::task::spawn_blocking(move || read_number(&question, person)).await;
    match line {
        Ok(Ok(number)) if !number.trim().is_empty() => Ok(number),
        _ => Err(needed()),
    }
}

fn read_number(question: &str, person: bool) -> io::Result<String> {
    if person {
        let mut stderr = io::stderr().lock();
        write!(stderr, "{}\nNumber: ", say::lines(question))?;
        stderr.flush()?;
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// Stays until the new device has what it needs from this one.
async fn give_history(core: &Core, say: Say, notices: &mut Notices) -> Result<(), Stop> {
    let until = Instant::now() + HISTORY_WAIT;
    while let Some(sentence) = devices(core).await?.gives {
        say.aside(&sentence);
        if timeout_at(until, wait_for(notices)).await.is_err() {
            return Err(Stop::network(
                "The new device has not asked for your earlier messages. They go to it at the next start: valise receive \
                 --follow",
            ));
        }
    }
    settled(core, notices, SETTLE_WAIT).await?;
    Ok(())
}

async fn list(core: &Core, say: Say) -> Result<(), Stop> {
    fresh(core).await?;
    for row in devices(core).await?.devices {
        let object = Object::Device { id: &row.id, name: &row.name, this: row.this, leaving: row.leaving };
        say.result(&object, || say::one_line(&format!("{}  {}. {}.", row.id, row.name, row.line)))?;
    }
    Ok(())
}

async fn remove(core: &Core, say: Say, device: String) -> Result<(), Stop> {
    let mut notices = core.notices();
    fresh(core).await?;
    done(core.act(Action::RemoveDevice { device: device.clone() }).await)?;
    say.result(&Object::Removed(&device), || {
        say::one_line(&format!("{device} is removed. It reads nothing that is sent from now on."))
    })?;
    if settled(core, &mut notices, SETTLE_WAIT).await? {
        Ok(())
    } else {
        Err(Stop::network(
            "It is struck off, but the server was not reached for the rest. It goes on at the next start: valise receive",
        ))
    }
}

async fn linking(core: &Core) -> Result<LinkScreen, Stop> {
    match answered(core.ask(Ask::Linking).await)? {
        Answer::Linking(screen) => Ok(screen),
        _ => Err(Stop::unexpected()),
    }
}

async fn devices(core: &Core) -> Result<DeviceList, Stop> {
    match answered(core.ask(Ask::Devices).await)? {
        Answer::Devices(list) => Ok(list),
        _ => Err(Stop::unexpected()),
    }
}

/// Something about devices happened, or some notices were missed.
async fn heard(notices: &mut Notices, until: Instant) -> Result<(), Stop> {
    timeout_at(until, wait_for(notices)).await.unwrap_or_else(|_| {
        Err(Stop::network(
            "The server was not reached. What was begun goes on at the next start of the same command.",
        ))
    })
}

async fn wait_for(notices: &mut Notices) -> Result<(), Stop> {
    loop {
        match notices.next().await {
            None => return Err(Stop::unexpected()),
            Some(
                Heard::Missed | Heard::Notice(Notice::Linking | Notice::Devices { .. } | Notice::Account),
            ) => {
                return Ok(());
            }
            Some(Heard::Notice(_)) => {}
        }
    }
}

/// A little longer than an attempt lives: its end is always heard.
const LINK_WAIT: Duration = Duration::from_secs(11 * 60);
/// How long the command stays for the earlier messages.
const HISTORY_WAIT: Duration = Duration::from_secs(10 * 60);
