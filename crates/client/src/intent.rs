//! Intents: what must reach the service, as rows that survive any crash.
//!
//! An intent is staged, then sealed (its bytes are final and may have been sent), then gone. Repeating a sealed one changes
//! nothing more on the service (idempotency ids); one that is stale is sealed anew in the next epoch under the same
//! message id. A kind this build does not know is left untouched for the build that does.

use std::collections::{BTreeMap, BTreeSet};

use client_db::params;
use vocab::time::{MINUTE_MS, SECOND_MS};
use vocab::{AccountId, SlotId, Timestamp};
use wire::{AccountAnswer, BlobAnswer, Door, Refusal, UnnamedAnswer};

use crate::api::ConversationId;
use crate::lines::Purpose;
use crate::step::{Halt, Halting, Step, number, sql_number, sql_time};

/// What an intent is for. The numbers are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    CreateMailbox = 1,
    CreateAddress = 2,
    DeleteAddress = 3,
    PutDirectoryRow = 4,
    /// Account door: key packages, after the addresses in them stand.
    PublishKeyPackages = 5,
    /// Blob door: leaves a blob at the service, or takes it away; subject: what for.
    PutBlob = 6,
    /// Look-ups that nobody waits for: one's own row, somebody's claimed handle (subject: account).
    PublishHandle = 7,
    VerifyHandle = 8,
    /// Blob door: asks for a blob until it is there; subject: what for.
    FetchBlob = 9,
    /// Account door: tokens, which pay for blobs.
    EarnTokens = 21,
    /// Asks for pieces of a slot; subject: slot.
    FetchPieces = 20,
    /// A letter that knocks at a group; subject: conversation.
    Knock = 19,
    /// Conversation kinds; subject: conversation. In the order in which they go first.
    StartConversation = 10,
    CreateSlot = 11,
    Rejoin = 12,
    SelfUpdate = 13,
    /// A change to a group that a person wants.
    ChangeGroup = 16,
    /// A renewed leaf, or a removal, that lost a race and is left to whoever commits next.
    Propose = 17,
    SendContent = 14,
    /// What leaves now or not at all.
    Fleeting = 18,
    /// Asks for what is missing; goes when nothing else waits.
    AskAgain = 15,
}

impl Kind {
    const ALL: [Self; 21] = [
        Self::CreateMailbox,
        Self::CreateAddress,
        Self::DeleteAddress,
        Self::PutDirectoryRow,
        Self::PublishKeyPackages,
        Self::EarnTokens,
        Self::PutBlob,
        Self::FetchBlob,
        Self::FetchPieces,
        Self::PublishHandle,
        Self::VerifyHandle,
        Self::Knock,
        Self::StartConversation,
        Self::CreateSlot,
        Self::Rejoin,
        Self::SelfUpdate,
        Self::ChangeGroup,
        Self::Propose,
        Self::SendContent,
        Self::Fleeting,
        Self::AskAgain,
    ];

    fn from_sql(kind: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|known| *known as i64 == kind)
    }

    /// The door its next step goes through.
    pub fn door(self) -> Door {
        match self {
            Self::PublishKeyPackages | Self::PublishHandle | Self::VerifyHandle | Self::EarnTokens => {
                Door::Account
            }
            Self::PutBlob | Self::FetchBlob => Door::Blob,
            _ => Door::Unnamed,
        }
    }

    /// One at a time in a conversation, in the order of kinds.
    fn is_of_conversation(self) -> bool {
        self.rank() >= Self::StartConversation.rank()
    }

    /// What goes first; the stored numbers say nothing about it.
    fn rank(self) -> usize {
        Self::ALL.into_iter().position(|kind| kind == self).unwrap_or(usize::MAX)
    }
}

/// How far it is. The numbers are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Staged = 0,
    Sealed = 1,
    /// The slot has moved on; waits until this device has too.
    Stale = 2,
    /// On the service's disk; only its echo is awaited, which tells its place. Holds up nothing.
    Stored = 3,
}

/// A row.
pub(crate) struct Intent {
    pub id: i64,
    pub kind: Kind,
    pub subject: Vec<u8>,
    pub message: Vec<u8>,
    pub payload: Vec<u8>,
    pub state: State,
    pub slot: Vec<u8>,
    pub epoch: u64,
    pub operation: Vec<u8>,
    pub attempts: u32,
}

impl Intent {
    /// The conversation it belongs to.
    pub fn conversation(&self) -> Halting<ConversationId> {
        self.subject
            .as_slice()
            .try_into()
            .map(ConversationId)
            .map_err(|_| Halt::Unusable("not a conversation"))
    }

    /// The slot it was sealed for.
    pub fn slot(&self) -> Halting<SlotId> {
        SlotId::from_slice(&self.slot).map_err(|_| Halt::Unusable("not a slot"))
    }
}

/// Puts an intent on file; it leaves when its door allows.
pub(crate) fn queue(
    step: &mut Step<'_>,
    kind: Kind,
    subject: &[u8],
    message: &[u8],
    payload: &[u8],
) -> Halting<i64> {
    step.lines.settled = false;
    Ok(step.tx.insert(
        "insert into intent (kind, subject, message, payload) values (?1, ?2, ?3, ?4)",
        params![kind as i64, subject, message, payload],
    )?)
}

/// The same, unless one of this kind and subject is on file already.
pub(crate) fn queue_once(step: &mut Step<'_>, kind: Kind, subject: &[u8], payload: &[u8]) -> Halting<()> {
    if !is_queued(step, kind, subject)? {
        queue(step, kind, subject, &[], payload)?;
    }
    Ok(())
}

pub(crate) fn is_queued(step: &Step<'_>, kind: Kind, subject: &[u8]) -> Halting<bool> {
    let found = step.tx.row(
        "select id from intent where kind = ?1 and subject = ?2 limit 1",
        params![kind as i64, subject],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_some())
}

/// The same, of those that the service does not have yet.
pub(crate) fn is_queued_unstored(step: &Step<'_>, kind: Kind, subject: &[u8]) -> Halting<bool> {
    let found = step.tx.row(
        "select id from intent where kind = ?1 and subject = ?2 and state != 3 limit 1",
        params![kind as i64, subject],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_some())
}

pub(crate) fn load(step: &Step<'_>, id: i64) -> Halting<Option<Intent>> {
    let row = step.tx.row(
        "select id, kind, subject, message, payload, state, slot, epoch, operation, attempts
         from intent where id = ?1",
        params![id],
        |row| {
            Ok((
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(5)?,
                Intent {
                    id: row.get(0)?,
                    kind: Kind::CreateMailbox,
                    subject: row.get(2)?,
                    message: row.get(3)?,
                    payload: row.get(4)?,
                    state: State::Staged,
                    slot: row.get(6)?,
                    epoch: number(row.get(7)?),
                    operation: row.get(8)?,
                    attempts: row.get(9)?,
                },
            ))
        },
    )?;
    Ok(row.and_then(|(kind, state, intent)| {
        let state = [State::Staged, State::Sealed, State::Stale, State::Stored]
            .into_iter()
            .find(|s| *s as i64 == state)?;
        Some(Intent { kind: Kind::from_sql(kind)?, state, ..intent })
    }))
}

/// The intent whose echo this is: `hash` of the payload as the slot delivers it.
pub(crate) fn of_echo(step: &Step<'_>, slot: SlotId, hash: &[u8; 32]) -> Halting<Option<Intent>> {
    let id = step.tx.row(
        "select id from intent where slot != x'' and slot = ?1 and echo_hash = ?2",
        params![slot.as_bytes(), hash],
        |row| row.get::<_, i64>(0),
    )?;
    id.map_or(Ok(None), |id| load(step, id))
}

/// It is done.
pub(crate) fn finish(step: &mut Step<'_>, id: i64) -> Halting<()> {
    step.lines.stale_since.remove(&id);
    step.lines.fleeting.forget(id);
    step.tx.execute("delete from intent where id = ?1", params![id])?;
    for door in [Door::Unnamed, Door::Account, Door::Blob] {
        step.lines.line(door).in_flight.retain(|_, (purpose, _)| *purpose != Purpose::Intent(id));
    }
    Ok(())
}

/// Takes back what has become needless.
pub(crate) fn drop_kind(step: &mut Step<'_>, kind: Kind, subject: &[u8]) -> Halting<()> {
    of_kind(step, kind, subject)?.into_iter().try_for_each(|id| finish(step, id))
}

/// Those of a kind and subject that are on file.
pub(crate) fn of_kind(step: &Step<'_>, kind: Kind, subject: &[u8]) -> Halting<Vec<i64>> {
    Ok(step.tx.rows(
        "select id from intent where kind = ?1 and subject = ?2",
        params![kind as i64, subject],
        |row| row.get(0),
    )?)
}

/// Takes back key packages that were sent on an earlier connection and may have arrived: repeated, one of them could be in
/// stock twice. True when there were any.
pub(crate) fn drop_sent_packages(step: &Step<'_>) -> Halting<bool> {
    let dropped = step.tx.execute(
        "delete from intent where kind = ?1 and state = 1",
        params![Kind::PublishKeyPackages as i64],
    )?;
    Ok(dropped > 0)
}

/// Fixes the bytes of an intent: from here on it is repeated as it is.
pub(crate) fn seal(
    step: &Step<'_>,
    id: i64,
    slot: SlotId,
    echo_hash: &[u8; 32],
    epoch: u64,
    operation: &[u8],
) -> Halting<()> {
    step.tx.execute(
        "update intent set state = 1, slot = ?2, echo_hash = ?3, epoch = ?4, operation = ?5 where id = ?1",
        params![id, slot.as_bytes(), echo_hash, sql_number(epoch), operation],
    )?;
    Ok(())
}

/// What was sealed in an epoch that has ended without its echo was refused, or will be: it is sealed anew. A slot that moves
/// on was made, whether or not the answer to that came.
pub(crate) fn unseal_all(step: &mut Step<'_>, slot: SlotId) -> Halting<()> {
    let made: Option<i64> = step.tx.row(
        "select id from intent where slot != x'' and slot = ?1 and kind = ?2",
        params![slot.as_bytes(), Kind::CreateSlot as i64],
        |row| row.get(0),
    )?;
    if let Some(id) = made {
        finish(step, id)?;
    }
    let ids: Vec<i64> = step.tx.rows(
        "select id from intent where slot != x'' and slot = ?1 and state != 3 order by id",
        params![slot.as_bytes()],
        |row| row.get(0),
    )?;
    for id in ids {
        unseal(step, id)?;
    }
    Ok(())
}

pub(crate) fn unseal(step: &mut Step<'_>, id: i64) -> Halting<()> {
    step.lines.stale_since.remove(&id);
    step.tx.execute(
        "update intent set state = 0, slot = x'', echo_hash = x'', operation = x'', not_before = 0 where id = ?1",
        params![id],
    )?;
    step.lines.unnamed.in_flight.retain(|_, (purpose, _)| *purpose != Purpose::Intent(id));
    Ok(())
}

/// Another commit is made in a slot: what was sealed there before it is not known by its echo any more.
pub(crate) fn unseal_commits(step: &mut Step<'_>, slot: SlotId) -> Halting<()> {
    let ids: Vec<i64> = step.tx.rows(
        "select id from intent where slot != x'' and slot = ?1 and kind in (12, 13, 16) and state in (1, 2) order by id",
        params![slot.as_bytes()],
        |row| row.get(0),
    )?;
    ids.into_iter().try_for_each(|id| unseal(step, id))
}

pub(crate) fn stale(step: &mut Step<'_>, id: i64) -> Halting<()> {
    step.lines.stale_since.insert(id, step.lines.mailbox_opened);
    let give_up = step.now.plus_ms(STALE_MS_MAX);
    step.tx.execute(
        "update intent set state = 2, not_before = ?2 where id = ?1",
        params![id, sql_time(give_up)],
    )?;
    Ok(())
}

/// The service has it.
pub(crate) fn stored(step: &mut Step<'_>, id: i64) -> Halting<()> {
    step.tx
        .execute("update intent set state = 3, payload = x'', operation = x'' where id = ?1", params![id])?;
    Ok(())
}

/// What was stored before the intent in its slot and never came back: its echo is among what is missing.
pub(crate) fn overtaken(step: &Step<'_>, intent: &Intent) -> Halting<Vec<(i64, Vec<u8>)>> {
    Ok(step.tx.rows(
        "select id, message from intent where slot != x'' and slot = ?1 and kind = 14 and state = 3 and id < ?2 order by id",
        params![intent.slot, intent.id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// What was stored in a slot and has not come back.
pub(crate) fn stored_in(step: &Step<'_>, slot: SlotId) -> Halting<Vec<(i64, Vec<u8>)>> {
    Ok(step.tx.rows(
        "select id, message from intent where slot != x'' and slot = ?1 and kind = 14 and state = 3 order by id",
        params![slot.as_bytes()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// What waited for a slot of its conversation may go now.
pub(crate) fn wake(step: &Step<'_>, conversation: ConversationId) -> Halting<()> {
    step.tx.execute(
        "update intent set not_before = 0, attempts = 0 where subject = ?1 and kind = ?2 and state = 0",
        params![conversation.0, Kind::SendContent as i64],
    )?;
    Ok(())
}

/// What waited for a token may go now.
pub(crate) fn wake_unpaid(step: &Step<'_>) -> Halting<()> {
    step.tx.execute(
        "update intent set not_before = 0 where kind = ?1 and operation = x''",
        params![Kind::PutBlob as i64],
    )?;
    Ok(())
}

/// Later.
pub(crate) fn postpone(step: &mut Step<'_>, id: i64, ms: u64) -> Halting<()> {
    let when = step.now.plus_ms(ms);
    step.tx.execute(
        "update intent set not_before = ?2, attempts = attempts + 1 where id = ?1",
        params![id, sql_time(when)],
    )?;
    Ok(())
}

/// Later, without counting it as a try.
pub(crate) fn put_off(step: &mut Step<'_>, id: i64, ms: u64) -> Halting<()> {
    let when = step.now.plus_ms(ms);
    step.tx.execute("update intent set not_before = ?2 where id = ?1", params![id, sql_time(when)])?;
    Ok(())
}

/// The same of what has not been sealed, of a kind and a subject.
pub(crate) fn put_off_kind(step: &mut Step<'_>, kind: Kind, subject: &[u8], ms: u64) -> Halting<()> {
    let when = step.now.plus_ms(ms);
    step.tx.execute(
        "update intent set not_before = ?3 where kind = ?1 and subject = ?2 and state = 0",
        params![kind as i64, subject, sql_time(when)],
    )?;
    Ok(())
}

/// How many wait for the service. What others were asked for waits for them; what is for the account door, where the service says
/// that there is no such device, for a visit. Nobody waits for tokens, only what they pay for does.
pub(crate) fn count(reader: &client_db::Reader<'_>) -> Result<u32, client_db::Error> {
    let count = reader.row(
        "select count(*) from intent where state != 3 and kind not in (18, 21) and not (kind in (9, 15) and attempts > 1)
         and not (kind in (5, 7, 8) and exists (select 1 from setting where name = 'refused_at_door'))",
        [],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// What the outbox comes to now.
pub(crate) struct Due {
    /// The intents that may go, one a conversation.
    pub ready: Vec<Intent>,
    /// When the next that waits is due.
    pub next: Option<Timestamp>,
    /// This device's mailbox is not made yet.
    pub makes_mailbox: bool,
}

/// The first of its kind and subject, without what it carries.
struct Head {
    id: i64,
    kind: Kind,
    subject: Vec<u8>,
    staged: bool,
    not_before: Timestamp,
}

/// The intents that may go now, and when the next that waits is due.
pub(crate) fn due(step: &Step<'_>) -> Halting<Due> {
    let mut heads = heads(step)?;
    heads.sort_by_key(|head| (head.kind.rank(), head.id));
    let waits_for = |kind: Kind| heads.iter().any(|head| head.kind == kind);
    let makes_mailbox = waits_for(Kind::CreateMailbox);
    let addresses_wait = makes_mailbox || waits_for(Kind::CreateAddress);
    let under_way = commits_under_way(step, &heads)?;
    let mut busy = BTreeSet::new();
    let (mut ready, mut next) = (Vec::new(), None::<Timestamp>);
    for Head { id, kind, subject, staged, not_before } in heads {
        let first = under_way.get(&subject);
        if kind.is_of_conversation() && first.is_some_and(|first| *first != id) {
            continue;
        }
        let waits = not_before > step.now;
        // A leaf may be renewed later, and somebody added later, unless the service may have the commit already; everything else
        // keeps its place.
        let may_wait = waits
            && staged
            && match kind {
                Kind::SelfUpdate => true,
                Kind::ChangeGroup | Kind::Propose => {
                    load(step, id)?.is_some_and(|intent| !intent.message.is_empty())
                }
                _ => false,
            };
        let blocks = kind.is_of_conversation() && !may_wait;
        if blocks && !busy.insert(subject) {
            continue;
        }
        // What a key package or a leaf leads to must stand before others learn of it.
        let names_address = matches!(kind, Kind::PublishKeyPackages | Kind::CreateSlot | Kind::Rejoin);
        if addresses_wait && names_address {
            continue;
        }
        if waits {
            next = Some(next.map_or(not_before, |next| next.min(not_before)));
        } else if !step.lines.line_ref(kind.door()).has(Purpose::Intent(id)) {
            ready.extend(load(step, id)?);
        }
    }
    Ok(Due { ready, next, makes_mailbox })
}

fn heads(step: &Step<'_>) -> Halting<Vec<Head>> {
    // Beside `min`, the other columns are those of the same row.
    let heads: Vec<Option<Head>> = step.tx.rows(
        "select min(id), kind, subject, state, not_before from intent where state != 3 group by kind, subject",
        [],
        |row| {
            let (id, subject, state) = (row.get(0)?, row.get(2)?, row.get::<_, i64>(3)?);
            let not_before = Timestamp(number(row.get(4)?));
            let head = |kind| Head { id, kind, subject, staged: state == State::Staged as i64, not_before };
            Ok(Kind::from_sql(row.get(1)?).map(head))
        },
    )?;
    Ok(heads.into_iter().flatten().collect())
}

/// A commit that the service may have goes before everything else in its conversation: of two commits made in one epoch only the
/// keys of the second would be kept.
fn commits_under_way(step: &Step<'_>, heads: &[Head]) -> Halting<BTreeMap<Vec<u8>, i64>> {
    let commits = [Kind::Rejoin, Kind::SelfUpdate, Kind::ChangeGroup];
    if !heads.iter().any(|head| commits.contains(&head.kind)) {
        return Ok(BTreeMap::new());
    }
    let under_way = step.tx.rows(
        "select subject, id from intent where state != 3 and kind in (12, 13, 16) and state in (1, 2)
         order by id desc",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(under_way.into_iter().collect())
}

/// Sends an intent, sealing it first where it is still staged. Nothing is sent when it must wait for something else.
pub(crate) fn dispatch(step: &mut Step<'_>, intent: &Intent) -> Halting<()> {
    match (intent.kind, intent.state) {
        (Kind::CreateMailbox | Kind::CreateAddress | Kind::DeleteAddress | Kind::PutDirectoryRow, _) => {
            step.request_unnamed(Purpose::Intent(intent.id), &intent.payload);
            Ok(())
        }
        (Kind::PutBlob, _) => step.send_blob(intent),
        (Kind::FetchBlob, _) => {
            step.request_blob(Purpose::Intent(intent.id), &intent.payload);
            Ok(())
        }
        (Kind::EarnTokens, _) => step.send_earning(intent),
        (Kind::PublishKeyPackages, _) => {
            // See `drop_sent`.
            step.tx.execute("update intent set state = 1 where id = ?1", params![intent.id])?;
            step.request_account(Purpose::Intent(intent.id), &intent.payload)
        }
        (Kind::PublishHandle, _) => step.publish_handle(intent.id),
        (Kind::VerifyHandle, _) => step.verify_handle(intent),
        (Kind::StartConversation, _) => step.fetch_key_packages(intent),
        (Kind::SendContent, State::Sealed) if step.config.has(crate::machine::Weakness::ShowsTwice) => {
            step.seal_content(intent)
        }
        // Repeated, it would be late.
        (Kind::Fleeting, State::Sealed | State::Stale | State::Stored) => step.end_fleeting(intent.id),
        (Kind::Fleeting, State::Staged) => step.seal_fleeting(intent),
        (Kind::CreateSlot, _) | (_, State::Sealed) => {
            step.request_unnamed(Purpose::Intent(intent.id), &intent.operation);
            Ok(())
        }
        (_, State::Stored) => Ok(()),
        (_, State::Stale) => still_stale(step, intent),
        (Kind::FetchPieces, State::Staged) => step.fetch_pieces(intent),
        (Kind::Knock, State::Staged) => step.prepare_knock(intent),
        (Kind::Rejoin, State::Staged) => step.fetch_rejoin(intent),
        (Kind::SelfUpdate, State::Staged) => step.seal_update(intent),
        (Kind::Propose, State::Staged) => step.seal_proposal(intent),
        (Kind::ChangeGroup, State::Staged) => step.seal_change(intent),
        (Kind::SendContent, State::Staged) => step.seal_content(intent),
        (Kind::AskAgain, State::Staged) => step.send_missed(intent),
    }
}

/// The slot moved on and this device has not heard how. Only a mailbox that was opened since and read to its end shows that
/// it never will: coming back in from outside gives up whatever is still on its way.
fn still_stale(step: &mut Step<'_>, intent: &Intent) -> Halting<()> {
    if step.holds(intent.slot()?)? {
        // It has come, and is being fetched.
        return put_off(step, intent.id, STALE_CHECK_MS);
    }
    if step.lines.caught_up_since_stale(intent.id) {
        let conversation = intent.conversation()?;
        unseal(step, intent.id)?;
        return step.fall_out(conversation);
    }
    if step.lines.is_caught_up() {
        step.lines.mailbox.closed();
        step.out.push(crate::api::Output::Disconnect(Door::Mailbox));
    }
    let later = step.now.plus_ms(STALE_CHECK_MS);
    step.tx
        .execute("update intent set not_before = ?2 where id = ?1", params![intent.id, sql_time(later)])?;
    Ok(())
}

/// The service did it.
pub(crate) fn done_at_unnamed(step: &mut Step<'_>, id: i64, answer: UnnamedAnswer) -> Halting<()> {
    let Some(intent) = load(step, id)? else { return Ok(()) };
    match (intent.kind, answer) {
        (Kind::StartConversation, UnnamedAnswer::KeyPackages(packages)) => {
            match step.attempt(|step| step.take_key_packages(&intent, &packages))? {
                Some(()) => Ok(()),
                // Packages that do not hold: a service at fault, or a device that will replace them.
                None => postpone(step, id, RETRY_MS_MIN << intent.attempts.min(8)),
            }
        }
        (Kind::ChangeGroup, UnnamedAnswer::KeyPackages(packages)) => step.take_drawn(&intent, &packages),
        (Kind::Knock, UnnamedAnswer::KeyPackages(packages)) => {
            step.take_packages_for_knock(&intent, Some(&packages))
        }
        (Kind::Knock, UnnamedAnswer::Stored(_)) => step.knock_left(&intent),
        (Kind::Rejoin, UnnamedAnswer::Rejoin(rejoin)) => step.seal_rejoin(&intent, &rejoin),
        (Kind::CreateSlot, UnnamedAnswer::Stored(stored)) => step.slot_created(&intent, &stored),
        (Kind::Rejoin | Kind::SelfUpdate | Kind::ChangeGroup, UnnamedAnswer::Stored(stored)) => {
            step.commit_stored(&intent, &stored)
        }
        (Kind::SendContent, UnnamedAnswer::Stored(_)) => step.content_stored(&intent),
        (Kind::Fleeting, UnnamedAnswer::Stored(_)) => step.end_fleeting(id),
        // Whether a commit carries it is seen in the next epoch.
        (Kind::Propose, UnnamedAnswer::Stored(_)) => step.proposal_stored(&intent),
        (
            Kind::CreateMailbox | Kind::CreateAddress | Kind::DeleteAddress | Kind::PutDirectoryRow,
            UnnamedAnswer::Done,
        ) => finish(step, id),
        (Kind::FetchPieces, UnnamedAnswer::Pieces(pieces)) => step.pieces_fetched(&intent, &pieces),
        _ => Err(Halt::Unusable("an answer to something else")),
    }
}

/// The same at the account door.
pub(crate) fn done_at_account(step: &mut Step<'_>, id: i64, answer: AccountAnswer) -> Halting<()> {
    match answer {
        AccountAnswer::Done => finish(step, id),
        AccountAnswer::TokensEarned(earned) => match load(step, id)? {
            Some(intent) if intent.kind == Kind::EarnTokens => step.tokens_earned(&intent, &earned),
            _ => Ok(()),
        },
        _ => Err(Halt::Unusable("an answer to something else")),
    }
}

/// The same at the blob door.
pub(crate) fn done_at_blob(step: &mut Step<'_>, id: i64, answer: BlobAnswer) -> Halting<()> {
    let Some(intent) = load(step, id)? else { return Ok(()) };
    match (intent.kind, answer) {
        (Kind::PutBlob, BlobAnswer::Done) => step.blob_put(&intent),
        (Kind::FetchBlob, BlobAnswer::Blob(blob)) => step.blob_fetched(&intent, blob.sealed.as_slice()),
        _ => Err(Halt::Unusable("an answer to something else")),
    }
}

/// The service did not do it.
pub(crate) fn refused(step: &mut Step<'_>, id: i64, refusal: &Refusal) -> Halting<()> {
    let Some(intent) = load(step, id)? else { return Ok(()) };
    step.lines.note(format!("{:?} refused: {refusal:?}", intent.kind));
    match (intent.kind, refusal) {
        (Kind::Fleeting, _) => step.end_fleeting(id),
        // What the service has no room for just now says nothing against the intent: it counts as no try.
        (kind, Refusal::Busy { retry_after_ms }) => {
            let jitter = step.random_ms(BUSY_JITTER_MS);
            if matches!(kind, Kind::SelfUpdate | Kind::ChangeGroup) && intent.state == State::Sealed {
                unseal(step, id)?;
            }
            put_off(step, id, u64::from(*retry_after_ms) + jitter)
        }
        (_, Refusal::Unavailable) => put_off(step, id, UNAVAILABLE_MS),
        (kind, Refusal::QuotaUsed { .. }) => {
            if kind == Kind::EarnTokens {
                step.allowance_used()?;
            }
            postpone(step, id, QUOTA_MS)
        }
        (Kind::CreateMailbox | Kind::CreateAddress, Refusal::Exists) => finish(step, id),
        (Kind::DeleteAddress, _) => finish(step, id),
        (Kind::PutBlob, Refusal::TokenNeeded) => step.blob_not_paid(&intent),
        (Kind::PutBlob, refusal) => step.blob_refused(&intent, refusal),
        (Kind::FetchBlob, _) => step.blob_missing(&intent),
        (Kind::FetchPieces, _) => step.pieces_missing(&intent),
        (Kind::SelfUpdate | Kind::ChangeGroup, Refusal::PiecesUnknown) => step.pieces_unknown(&intent),
        (Kind::SendContent | Kind::SelfUpdate | Kind::ChangeGroup | Kind::Propose, Refusal::StaleEpoch) => {
            step.stale_epoch(&intent)
        }
        (Kind::Rejoin, Refusal::StaleEpoch) => step.rejoin_lost(&intent),
        (Kind::SendContent | Kind::SelfUpdate | Kind::ChangeGroup | Kind::Rejoin, Refusal::UnknownSlot) => {
            step.slot_gone(&intent)
        }
        (Kind::StartConversation | Kind::ChangeGroup, Refusal::NotAllowed) => step.cannot_reach(&intent),
        (Kind::ChangeGroup, _) => step.abandon_change(&intent),
        (Kind::SelfUpdate, _) => step.abandon_update(&intent),
        (Kind::Propose, _) => step.proposal_refused(&intent),
        (Kind::SendContent, _) => step.content_refused(&intent),
        (Kind::Knock, Refusal::NotAllowed) => step.take_packages_for_knock(&intent, None),
        (Kind::VerifyHandle, _) => finish(step, id),
        _ => {
            let wait = RETRY_MS_MIN << intent.attempts.min(10);
            postpone(step, id, wait.min(RETRY_MS_MAX))
        }
    }
}

/// The account a contact kind is about.
pub(crate) fn account_of(subject: &[u8]) -> Halting<AccountId> {
    AccountId::from_slice(subject).map_err(|_| Halt::Unusable("not an account"))
}

/// No intent is put off for longer.
pub(crate) const WAIT_MS_MAX: u64 = 2 * QUOTA_MS;
/// Added to what a busy service asks for, so that its clients do not come back together.
const BUSY_JITTER_MS: u64 = 500;
/// A service that cannot write is asked again after so long.
const UNAVAILABLE_MS: u64 = 5 * SECOND_MS;
/// A used-up quota is looked at again after so long.
const QUOTA_MS: u64 = 60 * MINUTE_MS;
/// A stale intent whose commit has not arrived by then: the mailbox is opened anew, to see whether it is there.
const STALE_MS_MAX: u64 = 10 * SECOND_MS;
/// And looked at again after so long.
const STALE_CHECK_MS: u64 = 2 * SECOND_MS;
/// Refusals that mend by themselves (a peer without key packages yet) are tried again between these.
const RETRY_MS_MIN: u64 = 2 * SECOND_MS;
const RETRY_MS_MAX: u64 = 30 * MINUTE_MS;
