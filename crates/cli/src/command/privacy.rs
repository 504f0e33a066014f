//! `valise privacy`

use host_native::Core;
use screens::{Action, Answer, Ask, PrivacyPart};

use super::chat;
use crate::args;
use crate::end::{Stop, answered};
use crate::object::Object;
use crate::say::{self, Say};
use crate::settle;

/// Shows what others are told, or switches a part of it.
pub async fn run(
    core: &Core,
    say: Say,
    what: Option<args::PrivacyPart>,
    switch: Option<args::Switch>,
) -> Result<(), Stop> {
    if let Some((what, switch)) = what.zip(switch) {
        let action = Action::SetPrivacy { what: part(what), on: switch == args::Switch::On };
        return chat::choose(core, say, action).await;
    }
    settle::fresh(core).await?;
    let Answer::Privacy(page) = answered(core.ask(Ask::Privacy).await)? else {
        return Err(Stop::unexpected());
    };
    page.rows.iter().try_for_each(|row| {
        say.result(&Object::Privacy { what: row.what, on: row.on }, || {
            let told = if row.on { "told" } else { "not told" };
            say::lines(&format!("{:9} {told:9} {}. {}", name(row.what), row.title, row.sentence))
        })
    })
}

fn part(what: args::PrivacyPart) -> PrivacyPart {
    match what {
        args::PrivacyPart::Typing => PrivacyPart::Typing,
        args::PrivacyPart::Delivered => PrivacyPart::Delivered,
        args::PrivacyPart::Read => PrivacyPart::Read,
        args::PrivacyPart::Presence => PrivacyPart::Presence,
    }
}

fn name(what: PrivacyPart) -> &'static str {
    match what {
        PrivacyPart::Typing => "typing",
        PrivacyPart::Delivered => "delivered",
        PrivacyPart::Read => "read",
        PrivacyPart::Presence => "presence",
    }
}
