//! `valise invite`, `add`, `requests`, `accept`, `block`

use host_native::Core;
use screens::{Action, Answer, Ask, Listing, Outcome};

use super::show::rows;
use crate::end::{Stop, answered, done};
use crate::object::{Contact, Object};
use crate::qr;
use crate::say::{self, Say};
use crate::settle::{SETTLE_WAIT, fresh, settled};

/// Makes a link.
pub async fn invite(core: &Core, say: Say) -> Result<(), Stop> {
    let Outcome::Link { link, sentence } = done(core.act(Action::Invite).await)? else {
        return Err(Stop::unexpected());
    };
    if say.terminal
        && let Some(square) = qr::square(&link)
    {
        say.advice(&square)?;
    }
    say.result(&Object::Link(&link), || link.clone())?;
    say.advice(&format!("{sentence} They add you with: valise add '{link}'"))
}

/// Adds somebody.
pub async fn add(core: &Core, say: Say, who: String) -> Result<(), Stop> {
    change(core, say, Action::Add { who }).await
}

/// Lets a request in.
pub async fn accept(core: &Core, say: Say, who: String) -> Result<(), Stop> {
    change(core, say, Action::Accept { who }).await
}

/// Refuses somebody.
pub async fn block(core: &Core, say: Say, who: String) -> Result<(), Stop> {
    change(core, say, Action::Block { who }).await
}

async fn change(core: &Core, say: Say, action: Action) -> Result<(), Stop> {
    let mut notices = core.notices();
    let blocks = matches!(action, Action::Block { .. });
    match done(core.act(action).await)? {
        Outcome::Contact { id, name, sentence, .. } => {
            let contact = Contact { id: &id, name: &name, more: None };
            say.result(&Object::Contact(contact), || say::lines(&sentence))?;
        }
        // A link into a group.
        Outcome::Group { id, name, sentence } => {
            say.result(&Object::Group { id: &id, name: &name }, || say::lines(&sentence))?;
        }
        _ => return Err(Stop::unexpected()),
    }
    if !settled(core, &mut notices, SETTLE_WAIT).await? {
        return Err(Stop::network(
            "It is kept on this device, but the server was not reached. It goes on at the next start: valise receive",
        ));
    }
    if blocks { Ok(()) } else { say.advice("Next: valise send, with the name and what you want to say.") }
}

/// Shows who knocks: ids and nothing else.
pub async fn requests(core: &Core, say: Say) -> Result<(), Stop> {
    fresh(core).await?;
    let Answer::Requests(requests) = answered(core.ask(Ask::Requests).await)? else {
        return Err(Stop::unexpected());
    };
    let empty = matches!(requests, Listing::Empty(_));
    rows(say, requests, |say, row| {
        say.result(&Object::Request { id: &row.id }, || format!("{}  {}. {}.", row.id, row.name, row.line))
    })?;
    if empty {
        Ok(())
    } else {
        say.advice("Next: valise accept or valise block, with the beginning of the id.")
    }
}
