//! Pieces of a slot: the tree of a large group, and a commit that is too large to be sent to everybody
//! (`docs/protocol/slot.md`). What needs them waits until they are here: a letter, coming back, or a slot whose next commit it
//! is; what follows in that slot is held meanwhile, in its order.
//!
//! Invariant: nothing of a piece is used before it is shown to be what its key says; whether pieces are the tree of an epoch
//! is for the tree hash to say.

use std::collections::BTreeMap;

use client_db::params;
use crypto::seal::piece::PieceKey;
use crypto::{Error as CryptoError, Group, GroupId, Joined, TreePlan, forget_key_package, packages_of};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::limits::PAYLOAD_SIZES;
use vocab::time::SECOND_MS;
use vocab::{AccountId, PieceId, SlotId};
use wire::slot::{FetchPieces, Piece, Pieces};
use wire::{Decode, Delivery, DeliveryKind, Encode, UnnamedRequest};

use crate::api::{ContactState, ConversationId};
use crate::conversation::{Letter, Slot, SlotState};
use crate::intent::{self, Intent, Kind};
use crate::lines::Purpose;
use crate::link::GrantedSlot;
use crate::step::{Halt, Halting, Step, number, sql_number};

/// The tables of this room.
pub(crate) const TABLES: &str = "
-- Pieces that have come, sealed, until what needs them has used them.
create table piece (
    slot blob not null, id blob not null, sealed blob not null, primary key (slot, id)
) strict, without rowid;

-- What waits for pieces of a slot.
create table awaited (
    slot blob primary key not null,
    -- 1 a letter, 2 coming back, 3 the next commit
    what integer not null,
    -- 1 and 2: the key of the tree's index; 3: the keys of the pieces, one after the other
    key blob not null,
    -- Of a letter: who wrote it, the letter as it came, its place.
    account blob not null default x'',
    letter blob not null default x'',
    sequence integer not null default 0
) strict, without rowid;
";

/// A commit that lies in pieces, in the place of the MLS message. No MLS message begins with a zero.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct CommitInPieces {
    zero: u16,
    keys: Vec<PieceKey>,
}

/// What waits, see [`TABLES`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Letter = 1,
    Return = 2,
    Commit = 3,
}

struct Awaited {
    what: Waiting,
    key: Vec<u8>,
    account: Vec<u8>,
    letter: Vec<u8>,
    sequence: u64,
}

/// What of the pieces is still to be fetched.
enum Missing {
    Index(PieceKey),
    OfTree(TreePlan, Vec<PieceId>),
    OfCommit(Vec<PieceKey>),
}

impl Missing {
    /// Those that are asked for next.
    fn ids(&self) -> Vec<PieceId> {
        match self {
            Self::Index(key) => vec![key.id()],
            Self::OfTree(_, ids) => ids.iter().copied().take(PIECES_AT_ONCE).collect(),
            Self::OfCommit(keys) => keys.iter().map(PieceKey::id).take(COMMIT_PIECES_AT_ONCE).collect(),
        }
    }

    /// Whether this is what was asked for.
    fn takes(&self, slot: SlotId, id: PieceId, sealed: &[u8]) -> bool {
        match self {
            Self::Index(key) => TreePlan::read(GroupId::from(slot), key, sealed).is_ok(),
            Self::OfTree(plan, _) => plan.takes(id, sealed),
            Self::OfCommit(keys) => {
                keys.iter().any(|key| key.id() == id && key.open_own(slot, sealed).is_ok())
            }
        }
    }
}

// What is too large to be said.
impl Step<'_> {
    /// What goes to everybody for a commit; a large one lies in pieces, which are added to those of the request.
    pub fn seal_commit(
        &mut self,
        e: &[u8; 32],
        slot: SlotId,
        commit: &[u8],
        pieces: &mut Vec<Piece>,
    ) -> Halting<Vec<u8>> {
        if commit.len() + SEAL_BYTES <= self.config.commit_inline_bytes {
            return self.seal_outside(e, slot, commit);
        }
        let mut keys = Vec::new();
        for part in commit.chunks(PAYLOAD_SIZES[9] - SEAL_BYTES) {
            let key = PieceKey::of(slot, part);
            let sealed = key.seal(slot, part, self.rng)?;
            pieces.push(Piece { id: sealed.id, sealed: sealed.bytes.into() });
            keys.push(key);
        }
        self.seal_outside(e, slot, &CommitInPieces { zero: 0, keys }.encode()?)
    }

    /// The MLS message behind what the slot delivered; none while its pieces are not here.
    pub fn message_behind(&mut self, slot: SlotId, message: Vec<u8>) -> Halting<Option<Vec<u8>>> {
        let Some(keys) = keys_of(&message)? else { return Ok(Some(message)) };
        let mut commit = Vec::new();
        for key in keys {
            let Some(sealed) = self.piece(slot, key.id())? else { return Ok(None) };
            commit.extend(key.open_own(slot, &sealed)?);
        }
        Ok(Some(commit))
    }

    /// A commit whose pieces are not here yet: it waits, and so does what follows. False when nothing is to be waited for.
    pub fn waits_for_commit(&mut self, slot: &Slot, delivery: &Delivery, message: &[u8]) -> Halting<bool> {
        let Some(keys) = keys_of(message)?.filter(|_| delivery.kind == DeliveryKind::Commit) else {
            return Ok(false);
        };
        let mut here = true;
        for key in &keys {
            here &= self.piece(slot.id, key.id())?.is_some();
        }
        if here {
            return Ok(false);
        }
        let keys: Vec<u8> = keys.iter().flat_map(|key| key.0).collect();
        self.tx.execute(
            "insert into awaited (slot, what, key) values (?1, ?2, ?3)
             on conflict (slot) do update set what = excluded.what, key = excluded.key",
            params![slot.id.as_bytes(), Waiting::Commit as i64, keys],
        )?;
        self.hold(slot.id, delivery.sequence, &delivery.encode()?)?;
        intent::queue_once(self, Kind::FetchPieces, slot.id.as_bytes(), &[])?;
        Ok(true)
    }
}

// What waits for a tree.
impl Step<'_> {
    /// Joins by the Welcome of a letter; none while its tree is not here, which is fetched then.
    pub fn join(&mut self, letter: &Letter, writer: AccountId, sequence: u64) -> Halting<Option<Joined>> {
        let welcome = letter.welcome.as_slice();
        let key = match Group::join(self.session, welcome, None) {
            Err(CryptoError::TreeApart(key)) => key,
            joined => return Ok(Some(joined?)),
        };
        if let Some(tree) = self.assembled_tree(letter.slot, &key)? {
            let joined = Group::join(self.session, welcome, Some(&tree))?;
            self.forget_pieces(letter.slot)?;
            return Ok(Some(joined));
        }
        self.tx.execute(
            "insert into awaited (slot, what, key, account, letter, sequence) values (?1, ?2, ?3, ?4, ?5, ?6)
             on conflict (slot) do update set what = excluded.what, key = excluded.key, account = excluded.account,
             letter = excluded.letter, sequence = excluded.sequence",
            params![
                letter.slot.as_bytes(),
                Waiting::Letter as i64,
                key.0,
                writer.as_bytes(),
                letter.encode()?,
                sql_number(sequence)
            ],
        )?;
        intent::queue_once(self, Kind::FetchPieces, letter.slot.as_bytes(), &[])?;
        Ok(None)
    }

    /// The tree under a key, from the pieces that are here; none, and fetching it, while some are missing.
    pub fn tree_to_return(&mut self, slot: SlotId, key: &PieceKey) -> Halting<Option<Vec<u8>>> {
        if let Some(tree) = self.assembled_tree(slot, key)? {
            return Ok(Some(tree));
        }
        self.tx.execute(
            "insert into awaited (slot, what, key) values (?1, ?2, ?3)
             on conflict (slot) do update set what = excluded.what, key = excluded.key",
            params![slot.as_bytes(), Waiting::Return as i64, key.0],
        )?;
        intent::queue_once(self, Kind::FetchPieces, slot.as_bytes(), &[])?;
        Ok(None)
    }

    fn assembled_tree(&self, slot: SlotId, key: &PieceKey) -> Halting<Option<Vec<u8>>> {
        let Some(index) = self.piece(slot, key.id())? else { return Ok(None) };
        let plan = TreePlan::read(GroupId::from(slot), key, &index)?;
        let mut pieces = BTreeMap::new();
        for id in plan.ids() {
            let Some(sealed) = self.piece(slot, id)? else { return Ok(None) };
            pieces.insert(id, sealed);
        }
        Ok(plan.assemble(&pieces)?)
    }

    /// Whether what comes in a slot is to be held: its letter, or its next commit, is not complete.
    pub fn holds(&self, slot: SlotId) -> Halting<bool> {
        Ok(self.awaited(slot)?.is_some_and(|awaited| awaited.what != Waiting::Return))
    }

    /// What waited for pieces of a slot is given up, with them.
    pub fn forget_awaited(&mut self, slot: SlotId) -> Halting<()> {
        intent::drop_kind(self, Kind::FetchPieces, slot.as_bytes())?;
        self.tx.execute("delete from awaited where slot = ?1", params![slot.as_bytes()])?;
        self.forget_pieces(slot)
    }

    /// Pieces that were used.
    pub fn forget_pieces(&self, slot: SlotId) -> Halting<()> {
        self.tx.execute("delete from piece where slot = ?1", params![slot.as_bytes()])?;
        Ok(())
    }

    fn piece(&self, slot: SlotId, id: PieceId) -> Halting<Option<Vec<u8>>> {
        Ok(self.tx.row(
            "select sealed from piece where slot = ?1 and id = ?2",
            params![slot.as_bytes(), id.as_bytes()],
            |row| row.get(0),
        )?)
    }

    fn awaited(&self, slot: SlotId) -> Halting<Option<Awaited>> {
        let row = self.tx.row(
            "select what, key, account, letter, sequence from awaited where slot = ?1",
            params![slot.as_bytes()],
            |row| {
                let what: i64 = row.get(0)?;
                let all = [Waiting::Letter, Waiting::Return, Waiting::Commit];
                let what = all.into_iter().find(|known| *known as i64 == what);
                let (key, account, letter) = (row.get(1)?, row.get(2)?, row.get(3)?);
                let sequence = number(row.get(4)?);
                Ok(what.map(|what| Awaited { what, key, account, letter, sequence }))
            },
        )?;
        Ok(row.flatten())
    }

    fn missing_pieces(&self, slot: SlotId, awaited: &Awaited) -> Halting<Option<Missing>> {
        if awaited.what == Waiting::Commit {
            let mut keys = Vec::new();
            for key in awaited.key.chunks_exact(32).filter_map(|key| key.try_into().ok()).map(PieceKey) {
                if self.piece(slot, key.id())?.is_none() {
                    keys.push(key);
                }
            }
            return Ok((!keys.is_empty()).then_some(Missing::OfCommit(keys)));
        }
        let key = awaited.key.as_slice().try_into().map(PieceKey);
        let key = key.map_err(|_| Halt::Unusable("a key is damaged"))?;
        let Some(index) = self.piece(slot, key.id())? else { return Ok(Some(Missing::Index(key))) };
        let plan = TreePlan::read(GroupId::from(slot), &key, &index)?;
        let mut ids = Vec::new();
        for id in plan.ids() {
            if self.piece(slot, id)?.is_none() {
                ids.push(id);
            }
        }
        Ok((!ids.is_empty()).then_some(Missing::OfTree(plan, ids)))
    }

    /// Asks for what is missing.
    pub fn fetch_pieces(&mut self, intent: &Intent) -> Halting<()> {
        let slot = slot_of(intent)?;
        let Some(awaited) = self.awaited(slot)? else { return intent::finish(self, intent.id) };
        let Some(missing) = self.missing_pieces(slot, &awaited)? else {
            return self.pieces_here(intent, slot, &awaited);
        };
        let request =
            UnnamedRequest::FetchPieces(FetchPieces { slot, ids: missing.ids(), extensions: vec![] });
        self.request_unnamed(Purpose::Intent(intent.id), &request.encode()?);
        Ok(())
    }

    /// Some are here, or the service has not got them.
    pub fn pieces_fetched(&mut self, intent: &Intent, given: &Pieces) -> Halting<()> {
        let slot = slot_of(intent)?;
        let Some(awaited) = self.awaited(slot)? else { return intent::finish(self, intent.id) };
        let Some(missing) = self.missing_pieces(slot, &awaited)? else {
            return self.pieces_here(intent, slot, &awaited);
        };
        let mut whole = !given.sealed.is_empty();
        for (id, sealed) in missing.ids().into_iter().zip(&given.sealed) {
            if !missing.takes(slot, id, sealed.as_slice()) {
                whole = false;
                continue;
            }
            self.tx.execute(
                "insert or ignore into piece (slot, id, sealed) values (?1, ?2, ?3)",
                params![slot.as_bytes(), id.as_bytes(), sealed.as_slice()],
            )?;
        }
        if !whole {
            return self.pieces_missing(intent);
        }
        match self.missing_pieces(slot, &awaited)? {
            // The rest is asked for in the next round.
            Some(_) => Ok(()),
            None => self.pieces_here(intent, slot, &awaited),
        }
    }

    fn pieces_here(&mut self, intent: &Intent, slot: SlotId, awaited: &Awaited) -> Halting<()> {
        intent::finish(self, intent.id)?;
        self.tx.execute("delete from awaited where slot = ?1", params![slot.as_bytes()])?;
        match awaited.what {
            Waiting::Letter => {
                self.open_awaited_letter(awaited)?;
                self.deliver_held(slot)
            }
            Waiting::Return => self.go_on_returning(slot),
            Waiting::Commit => {
                self.deliver_held(slot)?;
                if self.awaited(slot)?.is_none() { self.forget_pieces(slot) } else { Ok(()) }
            }
        }
    }

    fn open_awaited_letter(&mut self, awaited: &Awaited) -> Halting<()> {
        let letter = Letter::decode(&awaited.letter)?;
        let writer = AccountId::from_slice(&awaited.account).map_err(|_| Halt::Unusable("not an account"))?;
        if self.contact(writer)?.is_some_and(|it| it.state == ContactState::Blocked) {
            return self.turn_away(&letter);
        }
        self.enter_or_start(&letter, writer, awaited.sequence)
    }

    fn go_on_returning(&mut self, slot: SlotId) -> Halting<()> {
        let Some(slot) = self.slot(slot)?.filter(|slot| slot.state == SlotState::Rejoining) else {
            return self.forget_pieces(slot);
        };
        self.tx.execute(
            "update intent set not_before = 0 where kind = ?1 and subject = ?2 and state = 0",
            params![Kind::Rejoin as i64, slot.conversation.0],
        )?;
        intent::queue_once(self, Kind::Rejoin, &slot.conversation.0, &[])
    }

    fn return_later(&mut self, slot: SlotId) -> Halting<()> {
        let Some(slot) = self.slot(slot)? else { return Ok(()) };
        let returning: Vec<(i64, u32)> = self.tx.rows(
            "select id, attempts from intent where kind = ?1 and subject = ?2 and state = 0",
            params![Kind::Rejoin as i64, slot.conversation.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (id, attempts) in returning {
            intent::postpone(self, id, PIECES_AGAIN_MS << attempts.min(8))?;
        }
        Ok(())
    }

    /// What was held is read, in its order; unless it has to wait for something else.
    pub fn deliver_held(&mut self, slot: SlotId) -> Halting<()> {
        let held: Vec<(i64, Vec<u8>)> = self.tx.rows(
            "select sequence, delivery from held where slot = ?1 order by sequence",
            params![slot.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (sequence, bytes) in held {
            if self.holds(slot)? {
                // The rest stays where it is.
                return Ok(());
            }
            self.tx.execute(
                "delete from held where slot = ?1 and sequence = ?2",
                params![slot.as_bytes(), sequence],
            )?;
            self.attempt(|step| step.receive(&Delivery::decode(&bytes)?))?;
        }
        Ok(())
    }

    /// The service has not got them, or something else in their place: asked for again, and in the end done without.
    pub fn pieces_missing(&mut self, intent: &Intent) -> Halting<()> {
        if intent.attempts < PIECES_TRIES_MAX {
            return intent::postpone(self, intent.id, PIECES_AGAIN_MS << intent.attempts);
        }
        let slot = slot_of(intent)?;
        let awaited = self.awaited(slot)?;
        self.forget_awaited(slot)?;
        match awaited {
            None => Ok(()),
            Some(awaited) if awaited.what == Waiting::Letter => {
                self.tx.execute("delete from held where slot = ?1", params![slot.as_bytes()])?;
                self.come_in_from_outside(&awaited)
            }
            // By the blob as it is then: somebody's next commit says what the service has lost.
            Some(awaited) if awaited.what == Waiting::Return => self.return_later(slot),
            Some(_) => {
                self.tx.execute("delete from held where slot = ?1", params![slot.as_bytes()])?;
                match self.slot(slot)? {
                    Some(slot) => self.fall_out_of(&slot),
                    None => Ok(()),
                }
            }
        }
    }

    /// The tree of a letter's epoch cannot be had. The group has a leaf of this device in it, and so lets it come in from
    /// outside, over the tree as it is now.
    fn come_in_from_outside(&mut self, awaited: &Awaited) -> Halting<()> {
        let letter = Letter::decode(&awaited.letter)?;
        let own = self.me()?.account;
        let (group, r) = Group::way_in(self.session, letter.welcome.as_slice())?;
        if group != GroupId::from(letter.slot) {
            return Err(Halt::Unusable("not a letter of this slot"));
        }
        self.use_up_package(&letter)?;
        self.stop_asking(ConversationId(letter.conversation))?;
        let with = self.peer_of(&letter, AccountId::from_slice(&awaited.account).unwrap_or(own));
        if let Some(known) = self.slot(letter.slot)? {
            if known.state != SlotState::Closed {
                return Ok(());
            }
            self.tx.execute("delete from slot where slot = ?1", params![letter.slot.as_bytes()])?;
        }
        self.adopt_slot(&GrantedSlot {
            slot: letter.slot,
            generation: letter.generation,
            conversation: letter.conversation,
            with: with.map(|account| account.as_bytes().to_vec()).unwrap_or_default().into(),
            // Where the Welcome does not tell it, others are asked.
            r: r.unwrap_or([0; 32]),
            position: 0,
        })
    }

    /// The other one of a conversation of two; none for a group.
    fn peer_of(&self, letter: &Letter, writer: AccountId) -> Option<AccountId> {
        let own = self.me.as_ref()?.account;
        [writer, own]
            .into_iter()
            .find(|peer| crate::contact::conversation_with(own, *peer).0 == letter.conversation)
    }

    /// The key package of a letter is used up without its Welcome being opened; its address is given up.
    pub fn use_up_package(&mut self, letter: &Letter) -> Halting<()> {
        for package in packages_of(letter.welcome.as_slice())? {
            let found: Option<([u8; 32], bool)> = self.tx.row(
                "select address, last_resort from spare_address where package = ?1",
                params![package],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let Some((address, false)) = found else { continue };
            let address = vocab::AddressSecret(address);
            forget_key_package(self.session, &package)?;
            if let Some((proof, false)) = self.take_spare_address(address)? {
                self.delete_address(address, proof)?;
            }
        }
        Ok(())
    }
}

/// The keys of a commit that lies in pieces; none of an MLS message.
fn keys_of(message: &[u8]) -> Halting<Option<Vec<PieceKey>>> {
    if !message.starts_with(&[0, 0]) {
        return Ok(None);
    }
    let keys = CommitInPieces::decode(message)?.keys;
    if keys.is_empty() || keys.len() > COMMIT_PIECES_MAX {
        return Err(Halt::Unusable("not a commit in pieces"));
    }
    Ok(Some(keys))
}

fn slot_of(intent: &Intent) -> Halting<SlotId> {
    SlotId::from_slice(&intent.subject).map_err(|_| Halt::Unusable("not a slot"))
}

/// Of padding and seal.
const SEAL_BYTES: usize = 4 + crypto::seal::aead::OVERHEAD_BYTES;
/// Pieces of a tree asked for in one request: half a megabyte, which a slow line gives in time.
const PIECES_AT_ONCE: usize = 16;
/// The same of a commit, whose pieces are larger.
const COMMIT_PIECES_AT_ONCE: usize = 2;
/// Pieces of one commit: more do not fit into a request.
const COMMIT_PIECES_MAX: usize = 32;
/// Pieces that the service has not got are asked for again after so long, doubled each time.
const PIECES_AGAIN_MS: u64 = 2 * SECOND_MS;
/// So often; then it goes on without them.
const PIECES_TRIES_MAX: u32 = 4;
