//! Coming into a group by a link (`docs/protocol/knock.md`): the side of whoever asks.
//!
//! A letter at each of the people the link names, in a slot that nobody else is in. Then either the group's own letter comes,
//! from whoever let us in, or an answer at a place that only those who heard the knock know. Whoever does not want to come in any
//! more says so by letters of the same kind; the device that has knocked does, wherever the person says it.

use client_db::{Row, RowError, params};
use crypto::KeyPackage;
use crypto::seal::introduction::IntroductionKey;
use crypto::seal::roster::{self, posting_key_hash};
use vocab::{AccountId, IdempotencyId, SlotId, Timestamp};
use wire::key_package::{FetchKeyPackages, KeyPackages};
use wire::slot::{CreateSlot, EpochState, WelcomeFor};
use wire::{Encode, Secret32, UnnamedRequest};

use crate::api::{
    CommandId, ContactState, ConversationId, Event, GroupInvitation, JoinState, JoinView, KnockAnswer,
    Refused, Reply,
};
use crate::charter::Standing;
use crate::conversation::Letter;
use crate::intent::{self, Intent, Kind};
use crate::knock::{KNOCK_MS_MAX, Knock, answer_place, pass_of, read_answer};
use crate::lines::Purpose;
use crate::machine::{Client, Fault};
use crate::shared::Asked;
use crate::step::{Halt, Halting, Step, number, sql_number, sql_time};

/// A row of `asking`.
struct Asking {
    secret: Vec<u8>,
    doors: Vec<u8>,
    answer: [u8; 32],
    state: JoinState,
    asked_at: i64,
}

const COLUMNS: &str = "secret, doors, answer, state, asked_at";

fn read_asking(row: &Row<'_>) -> Result<Asking, RowError> {
    Ok(Asking {
        secret: row.get(0)?,
        doors: row.get(1)?,
        answer: row.get(2)?,
        state: state_of(row.get(3)?),
        asked_at: row.get(4)?,
    })
}

fn state_of(sql: i64) -> JoinState {
    JoinState::ALL.into_iter().find(|state| *state as i64 == sql).unwrap_or(JoinState::Expired)
}

/// What the letters of a knock say, and to whom they go.
struct Knocks {
    secret: [u8; 16],
    answer: [u8; 32],
    /// Accounts and introduction keys, one after the other.
    doors: Vec<u8>,
}

impl Knocks {
    /// The payload of an intent whose letters take a knock back; that of one that knocks is empty.
    fn withdrawal(asking: &Asking) -> Vec<u8> {
        [asking.answer.as_slice(), &asking.doors].concat()
    }

    fn of_withdrawal(payload: &[u8]) -> Option<Self> {
        let (answer, doors) = payload.split_first_chunk::<32>()?;
        Some(Self { secret: WITHDRAWN, answer: *answer, doors: doors.to_vec() })
    }

    fn doors(&self) -> Vec<(AccountId, IntroductionKey)> {
        let (doors, _) = self.doors.as_chunks::<64>();
        let door = |door: &[u8; 64]| {
            let (account, key) = door.split_first_chunk::<32>()?;
            Some((AccountId(*account), IntroductionKey(key.try_into().ok()?)))
        };
        doors.iter().filter_map(door).collect()
    }
}

impl Step<'_> {
    /// Asks to come into a group. Asking again while the first asking stands changes nothing.
    pub fn join_group(&mut self, command: CommandId, link: &GroupInvitation) -> Halting<()> {
        let conversation = link.conversation;
        if self.room(conversation)?.is_some_and(|(_, standing)| standing == Standing::In) {
            self.reply(command, Ok(Reply::Group(conversation)));
            return Ok(());
        }
        let known = self.asking(conversation)?;
        if known.is_some_and(|it| it.state == JoinState::Waiting && it.secret == link.secret) {
            self.reply(command, Ok(Reply::Asked(conversation)));
            return Ok(());
        }
        let own = self.me()?.account;
        let others = link.doors.iter().filter(|(account, _)| *account != own);
        let doors: Vec<u8> = others.flat_map(|(account, key)| [account.0, *key].concat()).collect();
        if doors.is_empty() {
            return self.refuse(command, Refused::Oneself);
        }
        self.stop_asking(conversation)?;
        let answer = self.random::<32>();
        self.tx.execute(
            "insert into asking (conversation, name, secret, approval, doors, answer, state, asked_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                conversation.0,
                link.name,
                link.secret,
                link.approval,
                doors,
                answer,
                JoinState::Waiting as i64,
                sql_time(self.now)
            ],
        )?;
        // Behind letters that take an earlier knock back.
        intent::queue(self, Kind::Knock, &conversation.0, &[], &[])?;
        self.share_asking(&Asked {
            conversation: conversation.0,
            answer,
            name: link.name.as_bytes().into(),
            approval: u8::from(link.approval),
            asked_at: self.now.0,
        })?;
        self.reply(command, Ok(Reply::Asked(conversation)));
        Ok(())
    }

    fn asking(&self, conversation: ConversationId) -> Halting<Option<Asking>> {
        Ok(self.tx.row(
            &format!("select {COLUMNS} from asking where conversation = ?1"),
            params![conversation.0],
            read_asking,
        )?)
    }

    /// What this account asks for, for a new device of it.
    pub fn all_asked(&self) -> Halting<Vec<Asked>> {
        Ok(self.tx.rows(
            "select conversation, answer, name, approval, asked_at from asking where state = 0
             order by conversation",
            [],
            |row| {
                Ok(Asked {
                    conversation: row.get(0)?,
                    answer: row.get(1)?,
                    name: row.get::<_, String>(2)?.into_bytes().into(),
                    approval: row.get(3)?,
                    asked_at: number(row.get(4)?),
                })
            },
        )?)
    }

    /// The person does not want to come in any more. Whoever was asked is told so, as far as they were.
    pub fn withdraw(&mut self, command: CommandId, conversation: ConversationId) -> Halting<()> {
        let waiting = self.asking(conversation)?.filter(|it| it.state == JoinState::Waiting);
        let Some(asking) = waiting else { return self.refuse(command, Refused::Unknown) };
        self.take_knock_back(conversation, &asking)?;
        self.share_asking(&Asked {
            conversation: conversation.0,
            answer: asking.answer,
            name: vec![].into(),
            approval: 0,
            asked_at: ASKS_NO_MORE,
        })?;
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    /// Forgets what was asked. Where this device may have knocked, letters say that it is over; a knock that has not left stays
    /// here.
    fn take_knock_back(&mut self, conversation: ConversationId, asking: &Asking) -> Halting<()> {
        let knocked = !asking.doors.is_empty() && !self.knocks_later(conversation)?;
        self.stop_asking(conversation)?;
        if knocked {
            let letters = Knocks::withdrawal(asking);
            intent::queue(self, Kind::Knock, &conversation.0, &[], &letters)?;
        }
        self.event(Event::JoinWithdrawn(conversation));
        Ok(())
    }

    /// A knock waits whose letters are not written yet.
    fn knocks_later(&self, conversation: ConversationId) -> Halting<bool> {
        let staged: Option<i64> = self.tx.row(
            "select 1 from intent where kind = ?1 and subject = ?2 and payload = x'' and state = 0",
            params![Kind::Knock as i64, conversation.0],
            |row| row.get(0),
        )?;
        Ok(staged.is_some())
    }

    /// Another device of ours asks to come into a group: its letter comes here too, or is here already. Or it asks no more.
    pub fn adopt_asking(&mut self, asked: &Asked) -> Halting<()> {
        let conversation = ConversationId(asked.conversation);
        if asked.asked_at == ASKS_NO_MORE {
            return match self.asking(conversation)?.filter(|known| known.answer == asked.answer) {
                Some(known) => self.take_knock_back(conversation, &known),
                None => Ok(()),
            };
        }
        if self.room(conversation)?.is_some_and(|(_, standing)| standing == Standing::In) {
            return Ok(());
        }
        if self.asking(conversation)?.is_some_and(|known| number(known.asked_at) >= asked.asked_at) {
            return Ok(());
        }
        self.stop_asking(conversation)?;
        self.tx.execute(
            "insert into asking (conversation, name, secret, approval, doors, answer, state, asked_at)
             values (?1, ?2, x'', ?3, x'', ?4, 0, ?5)",
            params![
                conversation.0,
                String::from_utf8_lossy(asked.name.as_slice()),
                asked.approval == 1,
                asked.answer,
                sql_number(asked.asked_at)
            ],
        )?;
        self.await_knock_answer(conversation, &asked.answer)?;
        self.event(Event::Joining(conversation, JoinState::Waiting));
        self.look_through_requests(conversation)
    }

    /// What the letters of an intent are to say; nothing when nobody asks any more.
    fn knocks_of(&self, intent: &Intent) -> Halting<Option<Knocks>> {
        if let Some(withdrawal) = Knocks::of_withdrawal(&intent.payload) {
            return Ok(Some(withdrawal));
        }
        let Some(Asking { secret, doors, answer, .. }) = self.asking(intent.conversation()?)? else {
            return Ok(None);
        };
        let secret = secret.as_slice().try_into().map_err(|_| Halt::Unusable("a link without its secret"))?;
        Ok(Some(Knocks { secret, answer, doors }))
    }

    /// The next step of a knock: key packages of each of the link's people, then the letters.
    pub fn prepare_knock(&mut self, intent: &Intent) -> Halting<()> {
        let conversation = intent.conversation()?;
        let Some(knocks) = self.knocks_of(intent)? else { return intent::finish(self, intent.id) };
        for (account, introduction) in knocks.doors() {
            if self.drawn(conversation, account)?.is_none() {
                let request = UnnamedRequest::FetchKeyPackages(FetchKeyPackages {
                    account,
                    proof: Secret32(introduction.fetch_proof()),
                    token: vec![].into(),
                    extensions: vec![],
                });
                self.request_unnamed(Purpose::Intent(intent.id), &request.encode()?);
                return Ok(());
            }
        }
        self.seal_knock_at(intent, conversation, &knocks)
    }

    /// Packages of one of them, or nothing when nobody answers for the account.
    pub fn take_packages_for_knock(
        &mut self,
        intent: &Intent,
        packages: Option<&KeyPackages>,
    ) -> Halting<()> {
        let conversation = intent.conversation()?;
        let Some(knocks) = self.knocks_of(intent)? else { return intent::finish(self, intent.id) };
        for (account, _) in knocks.doors() {
            if self.drawn(conversation, account)?.is_none() {
                let padded = packages.map_or(&[][..], |packages| packages.padded.as_slice());
                return self.note_drawn(conversation, account, padded);
            }
        }
        Ok(())
    }

    fn seal_knock_at(
        &mut self,
        intent: &Intent,
        conversation: ConversationId,
        knocks: &Knocks,
    ) -> Halting<()> {
        let slot = SlotId(self.random());
        let (mut welcomes, mut late) = (Vec::new(), false);
        for (account, introduction) in knocks.doors() {
            let padded = self.drawn(conversation, account)?.unwrap_or_default();
            if padded.is_empty() {
                continue;
            }
            let read = self.attempt(|step| step.read_packages_with(&introduction, account, &padded))?;
            let read = read.unwrap_or_default();
            late |= read.is_empty();
            for package in read {
                let letter = self.knock_letter(account, (conversation, slot), knocks, &package)?;
                let payload = introduction.seal_welcome(&letter, self.rng)?;
                welcomes.push(WelcomeFor {
                    address: package.member.address,
                    token: vec![].into(),
                    payload: payload.into(),
                });
            }
        }
        self.forget_drawn(conversation)?;
        if welcomes.is_empty() && late && intent.attempts < PACKAGE_TRIES_MAX {
            // Nothing in stock yet.
            return intent::postpone(self, intent.id, NO_PACKAGE_MS << intent.attempts.min(6));
        }
        if welcomes.is_empty() {
            intent::finish(self, intent.id)?;
            return match knocks.secret {
                WITHDRAWN => Ok(()),
                _ => self.asking_ends(conversation, JoinState::Unreachable),
            };
        }
        let k = self.random::<32>();
        // A slot of the letters alone: nobody is in its roster, and nobody ever writes in it.
        let operation = UnnamedRequest::CreateSlot(CreateSlot {
            slot,
            posting_key: Secret32(k),
            state: EpochState {
                posting_key_hash: posting_key_hash(&k),
                roster: roster::seal(&k, &[], self.rng)?.into(),
                rejoin: vec![].into(),
                tree: vec![],
                pieces: vec![],
            },
            welcomes,
            message: vec![].into(),
            idempotency: IdempotencyId(self.random()),
            token: vec![].into(),
            extensions: vec![],
        })
        .encode()?;
        intent::seal(self, intent.id, slot, &[0; 32], 0, &operation)?;
        self.request_unnamed(Purpose::Intent(intent.id), &operation);
        Ok(())
    }

    fn knock_letter(
        &self,
        reader: AccountId,
        (conversation, slot): (ConversationId, SlotId),
        knocks: &Knocks,
        package: &KeyPackage,
    ) -> Halting<Vec<u8>> {
        let knock = Knock {
            secret: knocks.secret,
            introduction: self.me()?.introduction.0,
            answer: knocks.answer,
            address: package.member.address,
        };
        self.write_letter(reader, (conversation, slot, 0), [0; 16], knock.encode()?)
    }

    /// The letters are with the service: now one waits.
    pub fn knock_left(&mut self, intent: &Intent) -> Halting<()> {
        intent::finish(self, intent.id)?;
        let conversation = intent.conversation()?;
        match self.asking(conversation)?.filter(|_| intent.payload.is_empty()) {
            Some(asking) => self.await_knock_answer(conversation, &asking.answer),
            None => Ok(()),
        }
    }

    fn await_knock_answer(&mut self, conversation: ConversationId, answer: &[u8; 32]) -> Halting<()> {
        self.await_blob(&subject(conversation), answer_place(answer))
    }

    /// Somebody has answered, and it is a no.
    pub fn knock_answered(&mut self, subject: &[u8], sealed: &[u8]) -> Halting<()> {
        let Some(conversation) = subject.strip_prefix(SUBJECT).and_then(|id| id.try_into().ok()) else {
            return Ok(());
        };
        let conversation = ConversationId(conversation);
        let Some(asking) = self.asking(conversation)?.filter(|it| it.state == JoinState::Waiting) else {
            return Ok(());
        };
        let state = match read_answer(&asking.answer, sealed)? {
            KnockAnswer::TurnedDown => JoinState::TurnedDown,
            KnockAnswer::LinkClosed => JoinState::LinkClosed,
            KnockAnswer::GroupFull => JoinState::GroupFull,
        };
        self.asking_ends(conversation, state)
    }

    fn asking_ends(&mut self, conversation: ConversationId, state: JoinState) -> Halting<()> {
        self.drop_blobs(&subject(conversation))?;
        self.tx.execute(
            "update asking set state = ?2, secret = x'', doors = x'' where conversation = ?1",
            params![conversation.0, state as i64],
        )?;
        self.event(Event::Joining(conversation, state));
        Ok(())
    }

    /// One is in the group, asks anew, or asks no more.
    pub fn stop_asking(&mut self, conversation: ConversationId) -> Halting<()> {
        self.drop_blobs(&subject(conversation))?;
        self.drop_knock(conversation)?;
        self.tx.execute("delete from asking where conversation = ?1", params![conversation.0])?;
        Ok(())
    }

    /// A knock that is on its way; what takes an earlier one back still leaves.
    fn drop_knock(&mut self, conversation: ConversationId) -> Halting<()> {
        let knocks: Vec<i64> = self.tx.rows(
            "select id from intent where kind = ?1 and subject = ?2 and payload = x'' order by id",
            params![Kind::Knock as i64, conversation.0],
            |row| row.get(0),
        )?;
        knocks.into_iter().try_for_each(|id| intent::finish(self, id))
    }

    /// What nobody answered for so long is over; what ended is forgotten after as long again.
    pub fn expire_asking(&mut self) -> Halting<()> {
        let before = |ms: u64| sql_time(Timestamp(self.now.0.saturating_sub(ms)));
        let (late, old) = (before(KNOCK_MS_MAX), before(2 * KNOCK_MS_MAX));
        self.tx.execute("delete from asking where state != 0 and asked_at <= ?1", params![old])?;
        let over: Vec<[u8; 16]> = self.tx.rows(
            "select conversation from asking where state = 0 and asked_at <= ?1 order by conversation",
            params![late],
            |row| row.get(0),
        )?;
        for conversation in over.into_iter().map(ConversationId) {
            self.drop_knock(conversation)?;
            self.asking_ends(conversation, JoinState::Expired)?;
        }
        Ok(())
    }

    /// Whether a letter is the answer to a knock of this account: of that group, and naming the knock.
    pub fn is_asked_for(&self, letter: &Letter) -> Halting<bool> {
        let asking = self.asking(ConversationId(letter.conversation))?;
        Ok(asking
            .is_some_and(|it| it.state == JoinState::Waiting && pass_of(&it.answer) == letter.invitation))
    }

    /// The letter may have come before one knew what it answers.
    fn look_through_requests(&mut self, conversation: ConversationId) -> Halting<()> {
        let letters: Vec<([u8; 32], Vec<u8>, i64)> =
            self.tx.rows("select account, letter, sequence from request order by slot", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        for (account, bytes, sequence) in letters {
            let letter = <Letter as wire::Decode>::decode(&bytes)?;
            if letter.conversation != conversation.0 || !self.is_asked_for(&letter)? {
                continue;
            }
            let account = AccountId(account);
            self.open_kept_letter(&letter, account, number(sequence))?;
            let others: Option<i64> = self.tx.row(
                "select 1 from request where account = ?1 limit 1",
                params![account.as_bytes()],
                |row| row.get(0),
            )?;
            let asks = self.contact(account)?.is_some_and(|it| it.state == ContactState::Request);
            if others.is_none() && asks {
                self.tx.execute("delete from contact where account = ?1", params![account.as_bytes()])?;
                self.event(Event::Contact(account));
            }
        }
        Ok(())
    }
}

impl Client {
    /// The groups this account asks to come into, or asked not long ago, the first first.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn joining(&self) -> Result<Vec<JoinView>, Fault> {
        Ok(self.db.reader().rows(
            "select conversation, name, approval, state, asked_at from asking order by asked_at, conversation",
            [],
            |row| {
                Ok(JoinView {
                    conversation: ConversationId(row.get(0)?),
                    name: row.get(1)?,
                    approval: row.get(2)?,
                    state: state_of(row.get(3)?),
                    asked_at: Timestamp(number(row.get(4)?)),
                })
            },
        )?)
    }
}

fn subject(conversation: ConversationId) -> Vec<u8> {
    [SUBJECT, &conversation.0].concat()
}

/// In the place of a link's secret: the knock is taken back.
pub(crate) const WITHDRAWN: [u8; 16] = [0; 16];
/// In the place of a time: the account asks no more.
const ASKS_NO_MORE: u64 = 0;
/// What the intents that await an answer begin with.
pub(crate) const SUBJECT: &[u8] = b"knock: ";
/// People whose devices have no key packages in stock are asked again after so long, doubled each time.
const NO_PACKAGE_MS: u64 = 3_000;
/// So often.
const PACKAGE_TRIES_MAX: u32 = 6;
