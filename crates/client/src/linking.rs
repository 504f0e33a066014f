//! Linking a device: the new one shows a link, an old one reads it, the person carries a number across, and the account is
//! handed over (T-07). Every state is stored: either side may stop dead anywhere and goes on.
//!
//! A link that is opened somewhere does nothing: only [`crate::Command::Link`], given by a person at a device of the
//! account, reads one.

use crypto::DeviceKeys;
use crypto::handover::{HandoverKey, seal_to};
use crypto::seal::aead::{same, sha256};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::limits::{DEVICES_MAX, NAME_CHARS_MAX};
use vocab::time::{MINUTE_MS, SECOND_MS};
use vocab::{DeviceId, Timestamp};
use wire::{Bytes, Decode, Encode, Refusal};

use crate::api::{CommandId, Event, LinkEnd, LinkState, Refused, Reply};
use crate::device::{DeviceGrant, DeviceOffer, offer_signature};
use crate::link::{
    Grant, Granted, Hello, Knock, LinkSecrets, Place, Reveal, commitment, number, open_knock, seal_knock,
    transcript,
};
use crate::step::{Halt, Halting, Step};

/// On the new device.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Newcomer {
    secret: [u8; 32],
    /// Of the handover key.
    seed: [u8; 32],
    nonce: [u8; 32],
    device: DeviceId,
    device_secret: [u8; 32],
    hello: [u8; 32],
    /// As the other side said it; empty until then.
    knock: Bytes,
    expires_at: u64,
}

/// On the old one.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Approver {
    secret: [u8; 32],
    hello: [u8; 32],
    /// As the other side said it; empty until then.
    heard: Bytes,
    knock: Bytes,
    /// The other's random part; empty until then.
    reveal: Bytes,
    tries_left: u8,
    /// When the right number was given, and the person can still change their mind; 0 before.
    approve_at: u64,
    begun_at: u64,
    expires_at: u64,
}

/// One attempt, as it is stored.
enum Attempt {
    Newcomer(Newcomer),
    Approver(Approver),
    Ended(LinkEnd),
}

impl Step<'_> {
    /// On a device without an account: makes what is to be shown.
    pub fn offer_link(&mut self, command: CommandId, name: &str) -> Halting<()> {
        if self.me.as_ref().is_some_and(|me| me.registered) {
            self.reply(command, Err(Refused::AlreadyRegistered));
            return Ok(());
        }
        if !crate::account::name_fits(name) {
            self.reply(command, Err(Refused::BadName));
            return Ok(());
        }
        self.clear_attempt()?;
        let keys = DeviceKeys::generate(self.rng);
        let (device, secret, seed, nonce) =
            (DeviceId(self.random()), self.random(), self.random(), self.random());
        let hello = Hello {
            handover_key: HandoverKey::from_seed(&seed).public()?.into(),
            device,
            key: keys.public(),
            signature: offer_signature(&keys, device).into(),
            commitment: commitment(&nonce),
            name: name.trim().as_bytes().into(),
        };
        let hash = sha256(&[&hello.encode()?]);
        self.say_at(Place::Hello, &secret, &hello)?;
        self.listen_at(Place::Knock, &secret)?;
        self.put_attempt(&Attempt::Newcomer(Newcomer {
            secret,
            seed,
            nonce,
            device,
            device_secret: *keys.secret(),
            hello: hash,
            knock: vec![].into(),
            expires_at: self.now.plus_ms(LINK_MS_MAX).0,
        }))?;
        self.reply(command, Ok(Reply::LinkOffered(LinkSecrets { secret, hello: hash })));
        self.event(Event::Linking(LinkState::Shown));
        Ok(())
    }

    /// On a device of the account: somebody holds a new one beside it.
    pub fn take_link(&mut self, command: CommandId, link: &LinkSecrets) -> Halting<()> {
        if self.me()?.chain.devices.len() >= DEVICES_MAX {
            self.reply(command, Err(Refused::BadDevice));
            return Ok(());
        }
        if self.used_links()?.chunks_exact(32).any(|used| used == link.hello) {
            self.reply(command, Err(Refused::LinkUsed));
            return Ok(());
        }
        self.clear_attempt()?;
        self.listen_at(Place::Hello, &link.secret)?;
        self.put_attempt(&Attempt::Approver(Approver {
            secret: link.secret,
            hello: link.hello,
            heard: vec![].into(),
            knock: vec![].into(),
            reveal: vec![].into(),
            tries_left: NUMBER_TRIES_MAX,
            approve_at: 0,
            begun_at: self.now.0,
            expires_at: self.now.plus_ms(LINK_MS_MAX).0,
        }))?;
        self.reply(command, Ok(Reply::Done));
        self.event(Event::Linking(LinkState::Meeting));
        Ok(())
    }

    /// The number that the new device shows, as the person typed it.
    pub fn take_number(&mut self, command: CommandId, typed: &str) -> Halting<()> {
        let Some(Attempt::Approver(mut attempt)) = self.attempt_under_way()? else {
            self.reply(command, Err(Refused::Unknown));
            return Ok(());
        };
        let (Ok(reveal), 0) = (fixed(&attempt.reveal), attempt.approve_at) else {
            self.reply(command, Err(Refused::Unknown));
            return Ok(());
        };
        let expected = number(&attempt.hello, &sha256(&[attempt.knock.as_slice()]), &reveal);
        let typed: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if !same(typed.as_bytes(), expected.as_bytes()) {
            attempt.tries_left = attempt.tries_left.saturating_sub(1);
            let tries_left = attempt.tries_left;
            self.reply(command, Err(Refused::WrongNumber { tries_left: u32::from(tries_left) }));
            if tries_left == 0 {
                return self.turn_down(&attempt, LinkEnd::WrongNumber);
            }
            return self.put_attempt(&Attempt::Approver(attempt));
        }
        attempt.approve_at = self.now.plus_ms(CONFIRM_MS).0;
        self.put_attempt(&Attempt::Approver(attempt))?;
        self.reply(command, Ok(Reply::Done));
        self.event(Event::Linking(LinkState::Confirmed));
        Ok(())
    }

    /// Changed their mind, on either device.
    pub fn cancel_link(&mut self, command: CommandId) -> Halting<()> {
        match self.attempt_under_way()? {
            Some(Attempt::Approver(attempt)) => self.turn_down(&attempt, LinkEnd::Cancelled)?,
            Some(Attempt::Newcomer(_)) => self.end_attempt(LinkEnd::Cancelled)?,
            _ => {}
        }
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// A message of the other side is here.
    pub fn link_blob_fetched(&mut self, subject: &[u8], sealed: &[u8]) -> Halting<()> {
        let Some(place) = Place::of_subject(subject) else { return Ok(()) };
        let Some(attempt) = self.attempt_under_way()? else { return Ok(()) };
        // Whatever lies there under the secret and does not hold is somebody else's work.
        let heard = self.attempt(|step| match (place, attempt) {
            (Place::Hello, Attempt::Approver(attempt)) => step.hear_hello(attempt, sealed),
            (Place::Knock, Attempt::Newcomer(attempt)) => step.hear_knock(attempt, sealed),
            (Place::Reveal, Attempt::Approver(attempt)) => step.hear_reveal(attempt, sealed),
            (Place::Grant, Attempt::Newcomer(attempt)) => step.hear_grant(&attempt, sealed),
            _ => Ok(()),
        })?;
        if heard.is_none() { self.end_attempt(LinkEnd::NotGenuine) } else { Ok(()) }
    }

    /// Another device has knocked at this link before.
    pub fn link_blob_refused(&mut self, subject: &[u8], refusal: &Refusal) -> Halting<()> {
        let knocked = Place::of_subject(subject) == Some(Place::Knock) && *refusal == Refusal::Exists;
        if knocked { self.end_attempt(LinkEnd::Used) } else { Ok(()) }
    }

    fn hear_hello(&mut self, mut attempt: Approver, sealed: &[u8]) -> Halting<()> {
        let (hello, plain) = Place::Hello.open::<Hello>(&attempt.secret, sealed)?;
        if sha256(&[&plain]) != attempt.hello || text_of(&hello.name).is_none() {
            return Err(Halt::Unusable("another device than the link's"));
        }
        offer_of(&hello).check()?;
        let nonce = self.random();
        let me = self.me()?;
        let knock = Knock {
            account: me.account,
            device: me.device,
            key: me.keys.public(),
            nonce,
            name: me.name.as_bytes().into(),
        }
        .encode()?;
        let sealed = seal_knock(&attempt.hello, hello.handover_key.as_slice(), &knock)?;
        self.say_at(Place::Knock, &attempt.secret, &sealed)?;
        self.listen_at(Place::Reveal, &attempt.secret)?;
        (attempt.heard, attempt.knock) = (plain.into(), knock.into());
        self.put_attempt(&Attempt::Approver(attempt))
    }

    fn hear_knock(&mut self, mut attempt: Newcomer, sealed: &[u8]) -> Halting<()> {
        let (granted, _) = Place::Knock.open::<Granted>(&attempt.secret, sealed)?;
        let plain = open_knock(&attempt.hello, &HandoverKey::from_seed(&attempt.seed), &granted)?;
        let knock = Knock::decode(&plain)?;
        let name = text_of(&knock.name).ok_or(Halt::Unusable("not a name"))?;
        let reveal = Reveal { nonce: attempt.nonce, knock: sha256(&[&plain]) };
        self.say_at(Place::Reveal, &attempt.secret, &reveal)?;
        self.listen_at(Place::Grant, &attempt.secret)?;
        let number = number(&attempt.hello, &reveal.knock, &attempt.nonce);
        attempt.knock = plain.into();
        self.put_attempt(&Attempt::Newcomer(attempt))?;
        self.event(Event::Linking(LinkState::Number { number, name }));
        Ok(())
    }

    fn hear_reveal(&mut self, mut attempt: Approver, sealed: &[u8]) -> Halting<()> {
        let (reveal, _) = Place::Reveal.open::<Reveal>(&attempt.secret, sealed)?;
        let hello = Hello::decode(attempt.heard.as_slice())?;
        let heard_us = reveal.knock == sha256(&[attempt.knock.as_slice()]);
        if commitment(&reveal.nonce) != hello.commitment || !heard_us {
            return Err(Halt::Unusable("another number than the one committed to"));
        }
        attempt.reveal = (&reveal.nonce).into();
        self.put_attempt(&Attempt::Approver(attempt))?;
        let name = text_of(&hello.name).unwrap_or_default();
        self.event(Event::Linking(LinkState::NumberNeeded { name, tries_left: u32::from(NUMBER_TRIES_MAX) }));
        Ok(())
    }

    fn hear_grant(&mut self, attempt: &Newcomer, sealed: &[u8]) -> Halting<()> {
        let (granted, _) = Place::Grant.open::<Granted>(&attempt.secret, sealed)?;
        if granted.sealed.is_empty() {
            return self.end_attempt(LinkEnd::TurnedDown);
        }
        let info = transcript(&attempt.hello, &sha256(&[attempt.knock.as_slice()]), &attempt.nonce);
        let plain = HandoverKey::from_seed(&attempt.seed).open(&info, granted.sealed.as_slice())?;
        let grant = Grant::decode(&plain)?;
        let knock = Knock::decode(attempt.knock.as_slice())?;
        let grant = DeviceGrant { grant, device: attempt.device, secret: attempt.device_secret };
        if grant.account()? != knock.account {
            return Err(Halt::Unusable("another account than the one that knocked"));
        }
        let adopted = self.adopt(&grant)?;
        if adopted.is_err() {
            return Err(Halt::Unusable("a grant that cannot be used"));
        }
        self.end_attempt(LinkEnd::Linked)
    }

    /// What time does: an attempt ends after ten minutes; the approval goes out when the person had time to stop it.
    pub fn mind_the_link(&mut self) -> Halting<()> {
        let Some(attempt) = self.attempt_under_way()? else { return Ok(()) };
        match attempt {
            Attempt::Newcomer(attempt) if self.is_over(attempt.expires_at) => {
                self.end_attempt(LinkEnd::Expired)
            }
            Attempt::Approver(attempt) if self.is_over(attempt.expires_at) => {
                self.turn_down(&attempt, LinkEnd::Expired)
            }
            // The new device says hello before it shows anything: who is not there by now has gone.
            Attempt::Approver(attempt)
                if attempt.heard.is_empty()
                    && attempt.begun_at.saturating_add(HELLO_MS_MAX) <= self.now.0 =>
            {
                self.end_attempt(LinkEnd::Expired)
            }
            Attempt::Approver(attempt) if (1..=self.now.0).contains(&attempt.approve_at) => {
                let hello = Hello::decode(attempt.heard.as_slice())?;
                // Known before it is in the list: the notice says its name.
                self.name_device(hello.device, &text_of(&hello.name).unwrap_or_default())?;
                self.approve(None, &offer_of(&hello))
            }
            _ => Ok(()),
        }
    }

    /// Its time is over, or the clock was set back so far that nobody knows (T-43).
    fn is_over(&self, expires_at: u64) -> bool {
        let latest = self.now.plus_ms(LINK_MS_MAX + CLOCK_SLACK_MS).0;
        expires_at <= self.now.0 || expires_at > latest
    }

    /// When it does that next. Nothing waits longer than an attempt lives, whatever a clock said meanwhile.
    pub fn link_due(&self) -> Halting<Option<Timestamp>> {
        let latest = self.now.plus_ms(LINK_MS_MAX).0;
        Ok(self.attempt_under_way()?.and_then(|attempt| match attempt {
            Attempt::Newcomer(attempt) => Some(Timestamp(attempt.expires_at.min(latest))),
            Attempt::Approver(attempt) => {
                let hello = attempt.heard.is_empty().then(|| attempt.begun_at + HELLO_MS_MAX);
                let approve = (attempt.approve_at > self.now.0).then_some(attempt.approve_at);
                let retry = (attempt.approve_at > 0).then_some(self.now.0 + APPROVE_AGAIN_MS);
                let next = [Some(attempt.expires_at), hello, approve, retry];
                next.into_iter().flatten().min().map(|at| Timestamp(at.min(latest)))
            }
            Attempt::Ended(_) => None,
        }))
    }

    /// The list names the new device: the account is handed over to it.
    pub fn hand_over(&mut self, device: DeviceId) -> Halting<()> {
        let Some(Attempt::Approver(attempt)) = self.attempt_under_way()? else { return Ok(()) };
        let hello = Hello::decode(attempt.heard.as_slice())?;
        if hello.device != device || attempt.approve_at == 0 {
            return Ok(());
        }
        let history = self.begin_history(device)?;
        let grant = self.grant_content(history)?.encode()?;
        let reveal = fixed(&attempt.reveal)?;
        let info = transcript(&attempt.hello, &sha256(&[attempt.knock.as_slice()]), &reveal);
        let granted = Granted { sealed: seal_to(hello.handover_key.as_slice(), &info, &grant)?.into() };
        self.say_at(Place::Grant, &attempt.secret, &granted)?;
        let mut used = self.used_links()?;
        used.extend_from_slice(&attempt.hello);
        let surplus = used.len().saturating_sub(USED_LINKS_MAX * 32);
        self.put_setting("links_used", &used[surplus..])?;
        self.share_device_names()?;
        self.end_attempt(LinkEnd::Linked)
    }

    /// The service will not take the longer list: the attempt ends, unless it was only late.
    pub fn approval_refused(&mut self) -> Halting<()> {
        match self.attempt_under_way()? {
            Some(Attempt::Approver(attempt)) if attempt.approve_at > 0 => {
                self.turn_down(&attempt, LinkEnd::TurnedDown)
            }
            _ => Ok(()),
        }
    }

    /// Tells the new device that nothing comes.
    fn turn_down(&mut self, attempt: &Approver, why: LinkEnd) -> Halting<()> {
        if !attempt.heard.is_empty() {
            self.say_at(Place::Grant, &attempt.secret, &Granted { sealed: vec![].into() })?;
        }
        self.end_attempt(why)
    }

    fn end_attempt(&mut self, why: LinkEnd) -> Halting<()> {
        let attempt = self.attempt_under_way()?;
        for place in Place::ALL {
            let said_last = place == Place::Grant && matches!(attempt, Some(Attempt::Approver(_)));
            if !said_last {
                self.drop_blobs(place.subject())?;
            }
        }
        if let Some(Attempt::Newcomer(Newcomer { secret, .. })) = attempt {
            // One use: nothing of it stays where the link leads.
            for place in Place::ALL {
                self.delete_blob(place.capability(&secret))?;
            }
        }
        self.put_attempt(&Attempt::Ended(why))?;
        self.event(Event::Linking(LinkState::Ended(why)));
        Ok(())
    }

    /// A new attempt takes the place of what was before it.
    fn clear_attempt(&mut self) -> Halting<()> {
        match self.attempt_under_way()? {
            Some(Attempt::Approver(attempt)) => self.turn_down(&attempt, LinkEnd::Cancelled)?,
            Some(_) => self.end_attempt(LinkEnd::Cancelled)?,
            None => {}
        }
        Ok(())
    }

    fn attempt_under_way(&self) -> Halting<Option<Attempt>> {
        let attempt = load(self.setting(SETTING)?)?;
        Ok(attempt.filter(|attempt| !matches!(attempt, Attempt::Ended(_))))
    }

    fn put_attempt(&mut self, attempt: &Attempt) -> Halting<()> {
        let bytes = match attempt {
            Attempt::Newcomer(newcomer) => [vec![1], newcomer.encode()?].concat(),
            Attempt::Approver(approver) => [vec![2], approver.encode()?].concat(),
            Attempt::Ended(why) => vec![3, *why as u8],
        };
        self.put_setting(SETTING, &bytes)
    }

    fn used_links(&self) -> Halting<Vec<u8>> {
        Ok(self.setting("links_used")?.unwrap_or_default())
    }
}

/// How the attempt under way stands, or how the last one ended.
pub(crate) fn state(stored: Option<Vec<u8>>) -> Halting<Option<LinkState>> {
    Ok(load(stored)?.map(|attempt| match attempt {
        Attempt::Newcomer(attempt) if attempt.knock.is_empty() => LinkState::Shown,
        Attempt::Newcomer(attempt) => LinkState::Number {
            number: number(&attempt.hello, &sha256(&[attempt.knock.as_slice()]), &attempt.nonce),
            name: Knock::decode(attempt.knock.as_slice())
                .ok()
                .and_then(|knock| text_of(&knock.name))
                .unwrap_or_default(),
        },
        Attempt::Approver(attempt) if attempt.approve_at > 0 => LinkState::Confirmed,
        Attempt::Approver(attempt) if attempt.reveal.is_empty() => LinkState::Meeting,
        Attempt::Approver(attempt) => LinkState::NumberNeeded {
            name: Hello::decode(attempt.heard.as_slice())
                .ok()
                .and_then(|hello| text_of(&hello.name))
                .unwrap_or_default(),
            tries_left: u32::from(attempt.tries_left),
        },
        Attempt::Ended(why) => LinkState::Ended(why),
    }))
}

/// What the new device shows, as long as it does.
pub(crate) fn shown(stored: Option<Vec<u8>>) -> Halting<Option<LinkSecrets>> {
    Ok(load(stored)?.and_then(|attempt| match attempt {
        Attempt::Newcomer(Newcomer { secret, hello, .. }) => Some(LinkSecrets { secret, hello }),
        _ => None,
    }))
}

fn load(stored: Option<Vec<u8>>) -> Halting<Option<Attempt>> {
    let Some(bytes) = stored else { return Ok(None) };
    Ok(match bytes.split_first() {
        Some((1, rest)) => Some(Attempt::Newcomer(Newcomer::decode(rest)?)),
        Some((2, rest)) => Some(Attempt::Approver(Approver::decode(rest)?)),
        Some((3, [why])) => LinkEnd::ALL.into_iter().find(|end| *end as u8 == *why).map(Attempt::Ended),
        _ => None,
    })
}

fn offer_of(hello: &Hello) -> DeviceOffer {
    DeviceOffer { device: hello.device, key: hello.key, signature: hello.signature.as_slice().to_vec() }
}

/// A name that can be shown.
fn text_of(name: &Bytes) -> Option<String> {
    let text = std::str::from_utf8(name.as_slice()).ok()?;
    let fits = text.chars().count() <= NAME_CHARS_MAX && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

fn fixed(bytes: &Bytes) -> Halting<[u8; 32]> {
    bytes.as_slice().try_into().map_err(|_| Halt::Unusable("not said yet"))
}

/// What the intents of an attempt begin with.
pub(crate) const SUBJECT: &[u8] = b"link: ";
/// Where the attempt is stored.
pub(crate) const SETTING: &str = "linking";
/// An attempt lives so long.
pub(crate) const LINK_MS_MAX: u64 = 10 * MINUTE_MS;
/// A clock may be corrected by so much meanwhile.
const CLOCK_SLACK_MS: u64 = MINUTE_MS;
/// The new device's first message is looked for so long.
const HELLO_MS_MAX: u64 = 20 * SECOND_MS;
/// Between the right number and the approval, so that it can be stopped (T-07).
const CONFIRM_MS: u64 = 3 * SECOND_MS;
/// An approval whose answer was lost is asked for again after so long.
const APPROVE_AGAIN_MS: u64 = 5 * SECOND_MS;
/// Wrong numbers end the attempt.
const NUMBER_TRIES_MAX: u8 = 3;
/// Links remembered as used.
const USED_LINKS_MAX: usize = 64;
