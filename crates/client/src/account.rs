//! One's own account: making it, and the rare visits of a device at the account door.

use client_db::Reader;
use crypto::seal::challenge::{self, Purpose as Signed};
use crypto::seal::introduction::IntroductionKey;
use crypto::seal::{DeviceEntry, VerifiedChain, aead};
use crypto::{DeviceKeys, Identity};
use vocab::time::{DAY_MS, HOUR_MS};
use vocab::{AccountId, DeviceId, Handle, MailboxId, Timestamp};
use wire::account::{Authenticate, HandleProof, Register, Registered, RequestCode, Visited};
use wire::{AccountAnswer, AccountRequest, Bytes, Decode, Door, Encode, Refusal, Reply, Secret32};
use zeroize::Zeroizing;

use crate::api::{CommandId, Refused, Reply as Answer};
use crate::ask::AskKind;
use crate::intent::{self, Kind};
use crate::lines::{LineState, Purpose};
use crate::step::{Halt, Halting, Step};

/// Everything this device is.
pub(crate) struct Me {
    pub account: AccountId,
    pub device: DeviceId,
    pub keys: DeviceKeys,
    pub chain: VerifiedChain,
    pub introduction: IntroductionKey,
    pub mailbox: MailboxId,
    pub mailbox_secret: Zeroizing<[u8; 32]>,
    pub wrap_key: Zeroizing<[u8; 32]>,
    pub name: String,
    pub handle: Option<Handle>,
    /// The service has the account. Before that the keys wait for the end of registration.
    pub registered: bool,
    /// Another device of the account has removed this one.
    pub struck_off: bool,
}

impl Me {
    pub fn identity(&self) -> Identity<'_> {
        Identity { account: self.account, device: self.device, keys: &self.keys }
    }

    /// Reads it from the store; none before registration began.
    pub fn load(reader: &Reader<'_>) -> Halting<Option<Self>> {
        let setting = |name: &str| -> Halting<Option<Vec<u8>>> {
            Ok(reader.row("select value from setting where name = ?1", [name], |row| row.get(0))?)
        };
        let Some(chain) = setting("device_chain")? else { return Ok(None) };
        let fixed = |name: &str| -> Halting<Zeroizing<[u8; 32]>> {
            let value = Zeroizing::new(setting(name)?.ok_or(Halt::Unusable("a setting is missing"))?);
            Ok(Zeroizing::new(
                value.as_slice().try_into().map_err(|_| Halt::Unusable("a setting is damaged"))?,
            ))
        };
        let id = |name: &str| -> Halting<[u8; 16]> {
            setting(name)?.and_then(|v| v.try_into().ok()).ok_or(Halt::Unusable("a setting is damaged"))
        };
        let text = |name: &str| -> Halting<String> {
            String::from_utf8(setting(name)?.unwrap_or_default())
                .map_err(|_| Halt::Unusable("a setting is damaged"))
        };
        let chain = VerifiedChain::verify(&chain)?;
        Ok(Some(Self {
            account: chain.account,
            device: DeviceId(id("device")?),
            keys: DeviceKeys::from_secret(&*fixed("device_secret")?),
            chain,
            introduction: IntroductionKey(*fixed("introduction")?),
            mailbox: MailboxId(id("mailbox")?),
            mailbox_secret: fixed("mailbox_secret")?,
            wrap_key: fixed("wrap_key")?,
            name: text("name")?,
            handle: Handle::parse(&text("handle")?).ok(),
            registered: setting("registered")?.is_some(),
            struck_off: setting("struck_off")?.is_some(),
        }))
    }
}

impl Step<'_> {
    /// Makes what only this device may know, before the service hears of it: a lost answer can then be asked for again.
    fn begin_registration(&mut self) -> Halting<()> {
        if self.me.is_some() {
            return Ok(());
        }
        let keys = DeviceKeys::generate(self.rng);
        let device = DeviceId(self.random());
        let entry = DeviceEntry { device, key: keys.public() };
        let chain = VerifiedChain::begin(&keys.secret(), entry, self.random());
        let introduction = self.random::<32>();
        self.store_me(&keys, device, &chain, &introduction)
    }

    /// Stores the identity of this device and makes its mailbox secrets.
    pub fn store_me(
        &mut self,
        keys: &DeviceKeys,
        device: DeviceId,
        chain: &VerifiedChain,
        introduction: &[u8; 32],
    ) -> Halting<()> {
        self.put_setting("device", device.as_bytes())?;
        self.put_setting("device_secret", keys.secret().as_slice())?;
        self.put_setting("device_chain", &chain.to_bytes())?;
        self.put_setting("introduction", introduction)?;
        let (mailbox, secret, wrap) = (self.random::<16>(), self.random::<32>(), self.random::<32>());
        self.put_setting("mailbox", &mailbox)?;
        self.put_setting("mailbox_secret", &secret)?;
        self.put_setting("wrap_key", &wrap)?;
        self.reload_me()
    }

    pub fn reload_me(&mut self) -> Halting<()> {
        *self.me = Me::load(self.tx)?;
        self.me_changed = true;
        Ok(())
    }

    pub fn request_code(&mut self, command: CommandId, handle: Handle) -> Halting<()> {
        if self.me.as_ref().is_some_and(|me| me.registered) {
            self.reply(command, Err(Refused::AlreadyRegistered));
            return Ok(());
        }
        let requester = self.random::<32>();
        self.put_setting("requester", &requester)?;
        self.put_setting("code_handle", handle.as_str().as_bytes())?;
        self.ask(Some(command), AskKind::RequestCode { handle });
        Ok(())
    }

    pub fn register(
        &mut self,
        command: CommandId,
        name: &str,
        proof: Option<(Handle, String)>,
    ) -> Halting<()> {
        let refusal = if self.me.as_ref().is_some_and(|me| me.registered) {
            Some(Refused::AlreadyRegistered)
        } else if !name_fits(name) {
            Some(Refused::BadName)
        } else if let Some((handle, _)) = &proof
            && self.setting("code_handle")?.as_deref() != Some(handle.as_str().as_bytes())
        {
            Some(Refused::CodeNotRequested)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            self.reply(command, Err(refusal));
            return Ok(());
        }
        self.begin_registration()?;
        self.put_setting("name", name.trim().as_bytes())?;
        self.reload_me()?;
        self.ask(Some(command), AskKind::Register { proof });
        Ok(())
    }

    /// A frame of the service at the account door.
    pub fn account_frame(&mut self, frame: &[u8]) -> Halting<()> {
        match Reply::<AccountAnswer>::decode(frame)? {
            Reply::Done { id: 0, answer: AccountAnswer::Challenge(challenge) } => {
                self.check_directory_key(challenge.directory_key.as_slice())?;
                let since = self.now;
                self.lines.account.state =
                    LineState::Challenged { nonce: challenge.nonce, since, asked: false };
                self.authenticate()
            }
            Reply::Done { id, answer } => match self.lines.account.in_flight.remove(&id) {
                Some((Purpose::Authenticate, _)) => self.authenticated(answer),
                Some((Purpose::Ask(ask), _)) => self.ask_answered_at_account(ask, answer),
                Some((Purpose::Intent(intent), _)) => intent::done_at_account(self, intent, answer),
                None => Ok(()),
            },
            Reply::Refused { id, refusal } => match self.lines.account.in_flight.remove(&id) {
                Some((Purpose::Authenticate, _)) => self.authentication_refused(&refusal),
                Some((Purpose::Ask(ask), _)) => self.ask_refused(ask, refusal),
                Some((Purpose::Intent(intent), _)) => intent::refused(self, intent, &refusal),
                None => Ok(()),
            },
        }
    }

    /// The service must not give different keys to different people: the first one seen is kept.
    fn check_directory_key(&mut self, key: &[u8]) -> Halting<()> {
        match self.setting("directory_key")? {
            None => self.put_setting("directory_key", key)?,
            Some(known) if known != key => return Err(Halt::Unusable("another directory key")),
            Some(_) => {}
        }
        self.lines.directory_key = key.to_vec();
        Ok(())
    }

    /// Signs the challenge once there is an account to sign for.
    pub fn authenticate(&mut self) -> Halting<()> {
        let LineState::Challenged { nonce, since, asked: false } = self.lines.account.state else {
            return Ok(());
        };
        let Some(me) = self.me.as_ref() else { return Ok(()) };
        if !me.registered && self.setting("registration_sent")?.is_none() {
            return Ok(());
        }
        let me = self.me()?;
        let request = AccountRequest::Authenticate(Authenticate {
            account: me.account,
            device: me.device,
            signature: challenge::sign(&me.keys.secret(), Signed::Account, &nonce).into(),
            extensions: vec![],
        });
        self.lines.account.state = LineState::Challenged { nonce, since, asked: true };
        self.request_account(Purpose::Authenticate, &request.encode()?)
    }

    fn authenticated(&mut self, answer: AccountAnswer) -> Halting<()> {
        let AccountAnswer::Visited(visited) = answer else { return Err(Halt::Unusable("not a visit")) };
        self.lines.account.state = LineState::Ready;
        self.lines.account.attempts = 0;
        self.delete_setting("refused_at_door")?;
        if !self.me()?.registered {
            // The answer to an earlier registration was lost; the account stands.
            self.finish_registration(&Bytes::from(vec![]))?;
        }
        self.visited(&visited)
    }

    fn authentication_refused(&mut self, refusal: &Refusal) -> Halting<()> {
        let registered = self.me.as_ref().is_some_and(|me| me.registered);
        if !registered && matches!(refusal, Refusal::NotAllowed) {
            // The registration did not arrive: it is sent again, over the same challenge.
            self.delete_setting("registration_sent")?;
            if let LineState::Challenged { nonce, since, .. } = self.lines.account.state {
                self.lines.account.state = LineState::Challenged { nonce, since, asked: false };
            }
            return Ok(());
        }
        self.drop_line(Door::Account);
        if registered && matches!(refusal, Refusal::NotAllowed) {
            return self.refused_at_the_door();
        }
        Ok(())
    }

    /// A visit: last seen is refreshed by it; the stock is refilled, the last-resort package rotated.
    fn visited(&mut self, visited: &Visited) -> Halting<()> {
        self.visit_later()?;
        if let Ok(served) = VerifiedChain::verify(visited.device_chain.as_slice()) {
            self.adopt_chain(&served)?;
        }
        if intent::drop_sent_packages(self)? {
            // The last resort may have been among them.
            self.put_setting_number("last_resort_at", 0)?;
        }
        self.forget_old_packages()?;
        self.refill_tokens()?;
        self.refill(visited.key_packages)
    }

    /// Sends what the waiting command asks, as far as this door's state allows.
    pub fn send_account_ask(&mut self, ask: u64) -> Halting<()> {
        let Some(kind) = self.lines.asks.iter().find(|a| a.id == ask).map(|a| &a.kind) else { return Ok(()) };
        let ready = self.lines.account.state == LineState::Ready;
        let challenged = matches!(self.lines.account.state, LineState::Challenged { asked: false, .. });
        let request = match kind {
            AskKind::RequestCode { handle } if challenged || ready => {
                let requester = fixed32(self.setting("requester")?)?;
                AccountRequest::RequestCode(RequestCode {
                    handle: handle.as_str().as_bytes().into(),
                    requester: aead::sha256(&[&requester]),
                    extensions: vec![],
                })
            }
            AskKind::Register { proof } if challenged => {
                let proof = match proof {
                    None => None,
                    Some((handle, code)) => Some(HandleProof {
                        handle: handle.as_str().as_bytes().into(),
                        requester: Secret32(fixed32(self.setting("requester")?)?),
                        code: code.as_bytes().into(),
                    }),
                };
                let me = self.me()?;
                let request = AccountRequest::Register(Register {
                    proof,
                    device_list: me.chain.newest_bytes().into(),
                    fetch_proof_hash: me.introduction.fetch_proof_hash(),
                    extensions: vec![],
                });
                self.put_setting("registration_sent", &[1])?;
                request
            }
            AskKind::Lookup { lookup: Some(lookup), .. } if ready => {
                AccountRequest::Evaluate(wire::directory::Evaluate {
                    blinded: vec![lookup.blinded.clone().into()],
                    extensions: vec![],
                })
            }
            AskKind::ApproveDevice { chain, .. } | AskKind::RemoveDevice { chain, .. } if ready => {
                AccountRequest::UpdateDeviceList(wire::account::UpdateDeviceList {
                    device_list: chain.newest_bytes().into(),
                    extensions: vec![],
                })
            }
            AskKind::Permit { handle, .. } if ready => {
                AccountRequest::RequestPermit(wire::account::RequestPermit {
                    handle: handle.as_str().as_bytes().into(),
                    extensions: vec![],
                })
            }
            _ => return Ok(()),
        };
        self.request_account(Purpose::Ask(ask), &request.encode()?)
    }

    pub fn request_account(&mut self, purpose: Purpose, operation: &[u8]) -> Halting<()> {
        let now = self.now;
        let id = self.lines.account.request(purpose, now);
        self.out.push(crate::api::Output::Frame(Door::Account, frame(id, operation)));
        Ok(())
    }

    /// The service has the account: sets up mailbox, key packages and the directory row.
    pub fn finish_registration(&mut self, permit: &Bytes) -> Halting<()> {
        self.put_setting("registered", &[1])?;
        if let Some(handle) = self.setting("code_handle")? {
            self.put_setting("handle", &handle)?;
        }
        for name in ["requester", "code_handle", "registration_sent"] {
            self.delete_setting(name)?;
        }
        self.reload_me()?;
        self.lines.account.state = LineState::Ready;
        self.lines.account.attempts = 0;
        self.set_up_device()?;
        if self.me()?.handle.is_some() {
            if !permit.as_slice().is_empty() {
                self.put_setting("permit", permit.as_slice())?;
            }
            intent::queue(self, Kind::PublishHandle, &[], &[], &[])?;
        }
        let account = self.me()?.account;
        let waiting: Vec<u64> = self
            .lines
            .asks
            .iter()
            .filter(|ask| matches!(ask.kind, AskKind::Register { .. }))
            .map(|ask| ask.id)
            .collect();
        for ask in waiting {
            self.finish_ask(ask, Ok(Answer::Registered(account)));
        }
        Ok(())
    }

    /// Queues what a device needs to be reached: mailbox and key packages.
    pub fn set_up_device(&mut self) -> Halting<()> {
        self.visit_later()?;
        let me = self.me()?;
        let request = wire::UnnamedRequest::CreateMailbox(wire::mailbox::CreateMailbox {
            mailbox: me.mailbox,
            public_key: challenge::public_key(&me.mailbox_secret),
            token: vec![].into(),
            extensions: vec![],
        });
        intent::queue(self, Kind::CreateMailbox, &[], &[], &request.encode()?)?;
        self.refill(0)
    }

    pub fn registered(&mut self, ask: u64, registered: &Registered) -> Halting<()> {
        if registered.account != self.me()?.account {
            self.finish_ask(ask, Err(Refused::ByService(Refusal::Malformed)));
            return Ok(());
        }
        self.finish_registration(&registered.permit)
    }

    /// A device visits even when nobody asks: "last seen" and the stock depend on it.
    pub fn visit_due(&self) -> Halting<Option<Timestamp>> {
        if self.me.as_ref().is_some_and(|me| me.registered && !me.struck_off) {
            Ok(Some(Timestamp(self.setting_number("next_visit")?)))
        } else {
            Ok(None)
        }
    }
}

impl Step<'_> {
    /// The next visit comes at a random time.
    pub fn visit_later(&mut self) -> Halting<()> {
        let next = self.now.plus_ms(1 + self.random_ms(VISIT_MS_MAX));
        self.put_setting_number("next_visit", next.0)
    }

    /// The service last said that the account has no such device.
    pub fn is_refused_at_door(&self) -> Halting<bool> {
        Ok(self.setting("refused_at_door")?.is_some())
    }

    /// A visit that a wrong clock put far off comes within the ordinary time; the last-resort package likewise.
    pub fn mind_the_visit(&mut self) -> Halting<()> {
        let latest = self.now.plus_ms(VISIT_MS_MAX);
        if self.visit_due()?.is_some_and(|due| due > latest) {
            self.put_setting_number("next_visit", latest.0)?;
        }
        if self.setting_number("last_resort_at")? > self.now.0 {
            self.put_setting_number("last_resort_at", 0)?;
        }
        Ok(())
    }
}

/// Frame of a request: its number, then the encoded operation.
pub(crate) fn frame(id: wire::RequestId, operation: &[u8]) -> Vec<u8> {
    let mut frame = id.to_be_bytes().to_vec();
    frame.extend_from_slice(operation);
    frame
}

pub(crate) fn fixed32(value: Option<Vec<u8>>) -> Halting<[u8; 32]> {
    value.and_then(|v| v.try_into().ok()).ok_or(Halt::Unusable("a setting is missing"))
}

pub(crate) fn name_fits(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty()
        && name.chars().count() <= vocab::limits::NAME_CHARS_MAX
        && !name.chars().any(char::is_control)
}

/// Awake devices visit the account door at a random time within so long (`docs/protocol/account.md`).
const VISIT_MS_MAX: u64 = 6 * HOUR_MS;
/// The last-resort key package is made anew after so long.
pub(crate) const LAST_RESORT_MS_MAX: u64 = DAY_MS;
