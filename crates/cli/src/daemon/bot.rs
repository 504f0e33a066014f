//! The account that bots use.

use std::sync::{Arc, Mutex, PoisonError};

use host_native::{Core, Heard};
use screens::{Answer, Ask, Me, Notice, Outcome, Person, RefusedKind};

use super::rpc::{Fault, REFUSED, UNREACHABLE};
use crate::end::Stop;
use crate::settle::status;

/// The accounts that are served, each with a core, a database and connections of its own.
pub type Bots = Arc<[Arc<Bot>]>;

/// The account, and its core.
pub struct Bot {
    /// The core.
    pub core: Core,
    me: Mutex<Me>,
}

impl Bot {
    /// Of a core with an account.
    pub async fn new(core: Core) -> Result<Self, (Core, Stop)> {
        match status(&core).await {
            Ok(status) => match status.me {
                Some(me) => Ok(Self { core, me: Mutex::new(me) }),
                None => Err((core, Stop::refused(NO_ACCOUNT))),
            },
            Err(stop) => Err((core, stop)),
        }
    }

    /// Oneself.
    pub fn me(&self) -> Me {
        self.me.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The account changed, or its name.
    pub async fn ask_who_we_are(&self) {
        if let Ok(status) = status(&self.core).await
            && let Some(me) = status.me
        {
            *self.me.lock().unwrap_or_else(PoisonError::into_inner) = me;
        }
    }

    /// Asks; what was refused becomes a fault.
    pub async fn ask(&self, ask: Ask) -> Result<Answer, Fault> {
        match self.core.ask(ask).await {
            Answer::Refused { kind, sentence, .. } => Err(fault(kind, sentence)),
            answer => Ok(answer),
        }
    }

    /// Does something; what was refused becomes a fault.
    pub async fn act(&self, action: screens::Action) -> Result<Outcome, Fault> {
        match self.core.act(action).await {
            Outcome::Refused { kind, sentence, .. } => Err(fault(kind, sentence)),
            outcome => Ok(outcome),
        }
    }

    /// Sends; files become a message once they are with the server, and that is waited for.
    pub async fn send(&self, action: screens::Action) -> Result<Outcome, Fault> {
        let mut notices = self.core.notices();
        let (chat, id) = match self.act(action).await? {
            Outcome::Sending { chat, id } => (chat, id),
            outcome => return Ok(outcome),
        };
        loop {
            match notices.next().await {
                Some(Heard::Notice(Notice::Outgoing { id: whose, message: Some(message), .. }))
                    if whose == id =>
                {
                    return Ok(Outcome::Sent { chat, id: message });
                }
                Some(Heard::Notice(Notice::Outgoing { id: whose, .. })) if whose == id => {
                    let Answer::Outgoing(all) = self.ask(Ask::Outgoing { chat: chat.0.clone() }).await?
                    else {
                        return Err(unexpected());
                    };
                    if let Some(failed) = all.into_iter().find(|it| it.id == id && it.failed) {
                        return Err(Fault::new(REFUSED, failed.line));
                    }
                }
                Some(_) => {}
                None => return Err(unexpected()),
            }
        }
    }

    /// Somebody this device knows.
    pub async fn person(&self, who: &str) -> Result<Person, Fault> {
        match self.ask(Ask::Contact { who: who.to_owned() }).await? {
            Answer::Contact(person) => Ok(person),
            _ => Err(unexpected()),
        }
    }
}

fn fault(kind: RefusedKind, sentence: String) -> Fault {
    let code = match kind {
        RefusedKind::Usage | RefusedKind::Refused => REFUSED,
        RefusedKind::Network => UNREACHABLE,
    };
    Fault::new(code, sentence)
}

/// What the core did not expect to be answered: a defect, said as well as it can be.
pub fn unexpected() -> Fault {
    Fault::new(
        -32603,
        "The program that has the account open answered something else. End it, then try again.",
    )
}

const NO_ACCOUNT: &str = "There is no account on this device yet. Create one with: valise register";
