//! Commands that wait for the service's answer: a code, a registration, a look-up. They live in memory; what must survive
//! is an intent (`intent.rs`).

use crypto::seal::VerifiedChain;
use crypto::seal::directory::{Lookup, Place};
use vocab::time::SECOND_MS;
use vocab::{AccountId, DeviceId, Handle, Timestamp};
use wire::directory::{DirectoryRow, Evaluated, FetchDirectoryRow, PutDirectoryRow};
use wire::{AccountAnswer, Encode, Refusal, UnnamedAnswer, UnnamedRequest};

use crate::api::{CommandId, Event, Refused, Reply};
use crate::intent::{self, Kind};
use crate::lines::Purpose;
use crate::step::{Halt, Halting, Step};

/// How long a person waits for an answer before being told that the service cannot be reached.
pub(crate) const ASK_MS_MAX: u64 = 20 * SECOND_MS;
/// Asks at one time.
pub(crate) const ASKS_MAX: usize = 64;

/// Something asked.
pub(crate) struct Ask {
    pub id: u64,
    /// Who waits; none when an intent asked.
    pub command: Option<CommandId>,
    pub kind: AskKind,
    pub deadline: Timestamp,
}

/// What is asked, and how far it is.
pub(crate) enum AskKind {
    RequestCode {
        handle: Handle,
    },
    Register {
        proof: Option<(Handle, String)>,
    },
    /// First blinded at the account door (`lookup`), then fetched at the unnamed door (`place`).
    Lookup {
        handle: Handle,
        reason: Reason,
        lookup: Option<Box<Lookup>>,
        place: Option<Box<Place>>,
    },
    /// A longer device list, signed by this device.
    ApproveDevice {
        chain: Box<VerifiedChain>,
        device: DeviceId,
    },
    /// A list without that device, signed by this one.
    RemoveDevice {
        chain: Box<VerifiedChain>,
        device: DeviceId,
    },
    /// The permit to file one's own row.
    Permit {
        handle: Handle,
        intent: i64,
        place: Option<Box<Place>>,
    },
}

/// Why a handle is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A person adds somebody.
    Add,
    /// A profile claims it: the intent that asks.
    Verify(i64, AccountId),
    /// It is our own, to file the row: the intent that asks.
    Publish(i64),
}

/// Where an ask goes next.
#[derive(PartialEq, Eq)]
pub(crate) enum NextDoor {
    Account,
    Unnamed,
}

impl AskKind {
    /// The door it needs next.
    pub fn needs(&self) -> NextDoor {
        match self {
            Self::Lookup { lookup: None, .. } => NextDoor::Unnamed,
            _ => NextDoor::Account,
        }
    }
}

impl Step<'_> {
    pub fn ask(&mut self, command: Option<CommandId>, kind: AskKind) {
        if self.lines.asks.len() >= ASKS_MAX {
            if let Some(command) = command {
                self.reply(command, Err(Refused::Unreachable));
            }
            return;
        }
        let id = self.lines.ask_id();
        let deadline = self.now.plus_ms(ASK_MS_MAX);
        self.lines.asks.push(Ask { id, command, kind, deadline });
    }

    /// Looks up a handle.
    pub fn look_up(&mut self, command: Option<CommandId>, handle: Handle, reason: Reason) -> Halting<()> {
        let lookup = Lookup::begin(&handle, self.rng)?;
        self.ask(command, AskKind::Lookup { handle, reason, lookup: Some(Box::new(lookup)), place: None });
        Ok(())
    }

    pub fn finish_ask(&mut self, ask: u64, result: Result<Reply, Refused>) {
        let Some(at) = self.lines.asks.iter().position(|a| a.id == ask) else { return };
        let ask = self.lines.asks.remove(at);
        if let Some(command) = ask.command {
            self.reply(command, result);
        }
    }

    /// Gives up on asks that waited too long; intents ask again later.
    pub fn expire_asks(&mut self) {
        let now = self.now;
        let late: Vec<u64> = self.lines.asks.iter().filter(|a| a.deadline <= now).map(|a| a.id).collect();
        for ask in late {
            self.finish_ask(ask, Err(Refused::Unreachable));
        }
    }

    pub fn ask_answered_at_account(&mut self, ask: u64, answer: AccountAnswer) -> Halting<()> {
        match answer {
            AccountAnswer::CodeSent => {
                self.finish_ask(ask, Ok(Reply::CodeRequested));
                Ok(())
            }
            AccountAnswer::Registered(registered) => self.registered(ask, &registered),
            AccountAnswer::Done => self.device_list_updated(ask),
            AccountAnswer::Evaluated(evaluated) => self.evaluated(ask, &evaluated),
            AccountAnswer::Permit(permit) => {
                self.put_setting("permit", permit.as_slice())?;
                self.permitted(ask)
            }
            _ => Err(Halt::Unusable("an answer to something else")),
        }
    }

    pub fn ask_refused(&mut self, ask: u64, refusal: Refusal) -> Halting<()> {
        let known = self.lines.asks.iter().find(|a| a.id == ask).map(|a| (&a.kind, a.command));
        if let (Some((AskKind::Register { .. }, _)), Refusal::Exists) = (&known, &refusal) {
            // The account stands: the answer to an earlier try was lost. On the next connection this device authenticates.
            self.drop_line(wire::Door::Account);
            return Ok(());
        }
        if let Some((AskKind::Register { .. }, _)) = known {
            // Nothing was made: the next try registers, it does not authenticate.
            self.delete_setting("registration_sent")?;
        }
        if let Some((AskKind::ApproveDevice { .. } | AskKind::RemoveDevice { .. }, _)) = known {
            // Another device was quicker: the next visit, at once, brings the list as it is.
            self.put_setting_number("next_visit", 0)?;
            self.drop_line(wire::Door::Account);
        }
        let intent = self.lines.asks.iter().find(|a| a.id == ask).and_then(|a| match a.kind {
            AskKind::Lookup { reason: Reason::Verify(intent, _) | Reason::Publish(intent), .. }
            | AskKind::Permit { intent, .. } => Some(intent),
            _ => None,
        });
        if let Some(intent) = intent {
            intent::refused(self, intent, &refusal)?;
        }
        self.finish_ask(ask, Err(Refused::ByService(refusal)));
        Ok(())
    }

    fn evaluated(&mut self, ask: u64, evaluated: &Evaluated) -> Halting<()> {
        let service_key = self.lines.directory_key.clone();
        let Some(at) = self.lines.asks.iter().position(|a| a.id == ask) else { return Ok(()) };
        let AskKind::Lookup { handle, reason, lookup, place } = &mut self.lines.asks[at].kind else {
            return Err(Halt::Unusable("an answer to something else"));
        };
        let (Some(element), Some(pending)) = (evaluated.elements.first(), lookup.take()) else {
            return Err(Halt::Unusable("nothing was evaluated"));
        };
        let found = pending.finish(element.element.as_slice(), element.proof.as_slice(), &service_key);
        let Ok(found) = found else {
            // A service that evaluates under another key for some people is refused, not believed.
            self.finish_ask(ask, Err(Refused::ByService(Refusal::Malformed)));
            return Ok(());
        };
        let (handle, reason) = (handle.clone(), *reason);
        *place = Some(Box::new(found));
        if let Reason::Publish(intent) = reason {
            let AskKind::Lookup { place, .. } = &mut self.lines.asks[at].kind else { return Ok(()) };
            let place = place.take();
            self.lines.asks[at].kind = AskKind::Permit { handle, intent, place };
            return if self.setting("permit")?.is_some() { self.permitted(ask) } else { Ok(()) };
        }
        Ok(())
    }

    /// Place and permit are there: the row is filed at the unnamed door, at a random delay.
    fn permitted(&mut self, ask: u64) -> Halting<()> {
        let Some(found) = self.lines.asks.iter_mut().find(|a| a.id == ask) else { return Ok(()) };
        let AskKind::Permit { intent, place, .. } = &mut found.kind else { return Ok(()) };
        let (intent, Some(place)) = (*intent, place.take()) else { return Ok(()) };
        let permit = self.setting("permit")?.unwrap_or_default();
        self.delete_setting("permit")?;
        let (account, introduction) = (self.me()?.account, self.me()?.introduction.clone());
        let row = place.seal_row(account, &introduction, self.rng);
        let request = UnnamedRequest::PutDirectoryRow(PutDirectoryRow {
            tag: place.tag,
            row: row.into(),
            permit: permit.into(),
            extensions: vec![],
        });
        intent::finish(self, intent)?;
        intent::queue(self, Kind::PutDirectoryRow, &[], &[], &request.encode()?)?;
        self.finish_ask(ask, Ok(Reply::Done));
        Ok(())
    }

    pub fn send_unnamed_ask(&mut self, ask: u64) -> Halting<()> {
        let Some(AskKind::Lookup { place: Some(place), .. }) =
            self.lines.asks.iter().find(|a| a.id == ask).map(|a| &a.kind)
        else {
            return Ok(());
        };
        let request = UnnamedRequest::FetchDirectoryRow(FetchDirectoryRow {
            tag: place.tag,
            token: vec![].into(),
            extensions: vec![],
        });
        self.request_unnamed(Purpose::Ask(ask), &request.encode()?);
        Ok(())
    }

    pub fn ask_answered_at_unnamed(&mut self, ask: u64, answer: UnnamedAnswer) -> Halting<()> {
        let UnnamedAnswer::DirectoryRow(DirectoryRow { row }) = answer else {
            return Err(Halt::Unusable("an answer to something else"));
        };
        let Some(found) = self.lines.asks.iter().find(|a| a.id == ask) else { return Ok(()) };
        let AskKind::Lookup { handle, reason, place: Some(place), .. } = &found.kind else { return Ok(()) };
        let (handle, reason, command) = (handle.clone(), *reason, found.command);
        let person = place.open_row(row.as_slice()).ok();
        match (reason, person) {
            (Reason::Add, None) => self.finish_ask(ask, Err(Refused::NobodyThere)),
            (Reason::Add, Some((account, introduction))) => {
                self.lines.asks.retain(|a| a.id != ask);
                if let Some(command) = command {
                    self.add_found(command, account, introduction, &handle)?;
                }
            }
            (Reason::Verify(intent, account), person) => {
                if person.is_some_and(|(found, _)| found == account) {
                    self.tx.execute(
                        "update contact set handle = ?2 where account = ?1",
                        client_db::params![account.as_bytes(), handle.as_str()],
                    )?;
                    self.event(Event::Contact(account));
                }
                intent::finish(self, intent)?;
                self.finish_ask(ask, Ok(Reply::Done));
            }
            (Reason::Publish(_), _) => {}
        }
        Ok(())
    }
}
