//! The history of an account, given to a new device by the one that approved it (`docs/protocol/history.md`).
//!
//! It travels in parts, each a blob under a secret of the grant, so that either side may stop anywhere and goes on. What is
//! given are rows by table, with the names of their columns: a build passes over tables and columns it does not know. Nothing
//! that was heard live is overridden, and nobody but a device of our own can give any (T-20): the parts open under the
//! grant's secret, and are asked for in the own devices' conversation.

use client_db::{Value, params, params_from_iter};
use crypto::seal::aead::{Key, sha256};
use crypto::seal::padding::{open_padded, seal_padded};
use tls_codec::{DeserializeBytes, Serialize, TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::time::{DAY_MS, MINUTE_MS};
use vocab::{AccountId, DeviceId, MessageId};
use wire::content::MimiContent;
use wire::{Bytes, Decode, Encode};

use crate::api::{ConversationId, DeviceNews, Event, HistoryState};
use crate::intent::Kind;
use crate::step::{Halt, Halting, Step, number, sql_number, sql_time};

/// Asks the device that approved us for the history; in the own devices' conversation.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct HistoryWanted {
    attempt: u32,
}

/// A part of it.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct HistoryPart {
    before: [u8; 32],
    end: Option<HistoryEnd>,
    bytes: Bytes,
}

/// In the last part: what the receiver's store must come to.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct HistoryEnd {
    count: u64,
    messages: [u8; 32],
    /// 1 as long as the giver is being given its own history: this is what it has so far.
    more: u8,
}

/// Rows of one table.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct HistoryRows {
    table: Bytes,
    columns: Vec<Bytes>,
    rows: Vec<HistoryRow>,
}

/// One of them.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct HistoryRow {
    values: Vec<HistoryValue>,
}

/// As the database holds it.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u8)]
pub enum HistoryValue {
    /// Nothing.
    #[tls_codec(discriminant = 0)]
    Null,
    /// An integer, as two's complement.
    #[tls_codec(discriminant = 1)]
    Integer(u64),
    /// A number, as IEEE 754.
    #[tls_codec(discriminant = 2)]
    Real(u64),
    /// Text, UTF-8.
    #[tls_codec(discriminant = 3)]
    Text(Bytes),
    /// Bytes.
    #[tls_codec(discriminant = 4)]
    Blob(Bytes),
}

/// Tells nothing of it.
impl std::fmt::Debug for HistoryRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HistoryRow")
    }
}

/// Tells nothing of it.
impl std::fmt::Debug for HistoryValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HistoryValue")
    }
}

/// A table that is given, in this order.
pub(crate) struct Table {
    pub name: &'static str,
    /// Which rows; the query they come from in place of the table itself where it has one.
    pub rows: &'static str,
    /// Columns that are this device's own.
    keeps: &'static [&'static str],
    merge: Merge,
}

/// What becomes of a row that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Merge {
    /// It stays.
    Keep,
    /// Its columns that hold nothing yet are filled.
    Fill,
    /// A message: it stays, its mark may rise.
    Message,
    /// How far a device's row was heard: together they reach as far as both.
    SenderRow,
}

/// Every table that a new device is given. A table of this store stands here or in [`OF_THIS_DEVICE`]; a test keeps it so.
pub(crate) const TABLES: &[Table] = &[
    // Requests stay with the devices that got them: their letters open there only.
    Table {
        name: "contact",
        rows: "(select * from contact where state != 0)",
        keeps: &[],
        merge: Merge::Fill,
    },
    Table { name: "invitation", rows: "invitation", keeps: &[], merge: Merge::Keep },
    Table {
        name: "conversation",
        rows: "conversation",
        keeps: &["sender_sequence", "sender_previous"],
        merge: Merge::Fill,
    },
    Table { name: "room", rows: "room", keeps: &[], merge: Merge::Keep },
    Table { name: "member", rows: "member", keeps: &[], merge: Merge::Keep },
    Table { name: "person", rows: "person", keeps: &[], merge: Merge::Fill },
    Table { name: "told", rows: "told", keeps: &[], merge: Merge::Keep },
    // What is still in the outbox comes by itself when it leaves.
    Table {
        name: "message",
        rows: "(select * from message where position < 9223372036854775807)",
        keeps: &["history"],
        merge: Merge::Message,
    },
    Table { name: "witness", rows: "witness", keeps: &[], merge: Merge::Keep },
    Table { name: "amendment", rows: "amendment", keeps: &[], merge: Merge::Keep },
    // Of these, what is heard live goes on from there by its version.
    Table { name: "group_link", rows: "group_link", keeps: &[], merge: Merge::Keep },
    Table {
        name: "knock",
        rows: "(select * from knock where state > 0)",
        keeps: &["due"],
        merge: Merge::Keep,
    },
    Table { name: "contact_profile", rows: "contact_profile", keeps: &[], merge: Merge::Fill },
    Table { name: "picture", rows: "picture", keeps: &[], merge: Merge::Keep },
    Table { name: "picture_place", rows: "picture_place", keeps: &[], merge: Merge::Keep },
    Table { name: "taken_out", rows: "taken_out", keeps: &[], merge: Merge::Keep },
    Table { name: "choice", rows: "choice", keeps: &[], merge: Merge::Keep },
    Table { name: "live_place", rows: "live_place", keeps: &[], merge: Merge::Keep },
    Table { name: "timer", rows: "timer", keeps: &[], merge: Merge::Keep },
    // This device's own row is in its conversations.
    Table {
        name: "sender_row",
        rows: "(select conversation, account, device, sequence, base from sender_row
                union all select id, (select value from setting where name = 'history account'),
                (select value from setting where name = 'device'), sender_sequence, 0
                from conversation where sender_sequence > 0)",
        keeps: &[],
        merge: Merge::SenderRow,
    },
];

/// Keys, outbox, and what else belongs to one device alone: never given.
/// Messages in memory at one time while the index is made.
const INDEXED_AT_ONCE: u32 = 500;

#[cfg(test)]
pub(crate) const OF_THIS_DEVICE: &[&str] = &[
    "setting",
    "mls",
    "slot",
    "request",
    "held",
    "piece",
    "awaited",
    "spare_address",
    "receipt_due",
    "intent",
    "drawn",
    "told_way",
    "device",
    "history_out",
    "history_in",
    "scheduled",
    "live_share",
    "asking",
    "entrance",
    "indexed",
    "message_words",
    "presence",
    "attachment",
    "attached",
    "chunk",
    "outgoing",
    "brought",
    "token",
];

/// A history being given.
struct Giving {
    device: [u8; 16],
    secret: [u8; 32],
    part: u32,
    place: u32,
    /// Key of the last row that was told, encoded; empty at the beginning of a table.
    after: Vec<u8>,
    rest: Vec<u8>,
    chain: [u8; 32],
    messages: [u8; 32],
    count: u64,
}

/// The history that is coming.
struct Receiving {
    /// Of the attempt.
    secret: [u8; 32],
    /// The next part.
    part: u32,
    /// Bytes that were not a whole record yet.
    rest: Vec<u8>,
    /// Hash of the part before.
    chain: [u8; 32],
}

// Giving.
impl Step<'_> {
    /// A device that is being let in will ask for it: the secret it opens with.
    pub fn begin_history(&mut self, device: DeviceId) -> Halting<[u8; 32]> {
        let secret = self.random();
        self.tx.execute(
            "insert or replace into history_out (device, secret) values (?1, ?2)",
            params![device.as_bytes(), secret],
        )?;
        Ok(secret)
    }

    /// It asks: everything up to here was heard by this device, everything after it hears itself.
    pub fn history_wanted(&mut self, device: DeviceId, bytes: &[u8]) -> Halting<()> {
        let wanted = HistoryWanted::decode(bytes)?;
        let known: Option<(i64, i64)> = self.tx.row(
            "select state, attempt from history_out where device = ?1",
            params![device.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some((state, attempt)) = known else { return Ok(()) };
        if state != 0 && i64::from(wanted.attempt) <= attempt || wanted.attempt >= ATTEMPTS_MAX {
            return Ok(());
        }
        let account = self.me()?.account;
        self.put_setting("history account", account.as_bytes())?;
        // Whoever has what there is so far is given the rest when it is here.
        let state = if state == 2 && self.is_given_history()? { 3 } else { 1 };
        self.tx.execute(
            "update history_out set state = ?3, attempt = ?2, part = 0, place = 0, after = x'', rest = x'',
             chain = zeroblob(32), messages = zeroblob(32), count = 0 where device = ?1",
            params![device.as_bytes(), wanted.attempt, state],
        )?;
        Ok(())
    }

    /// This device's own history is still to come, or coming.
    fn is_given_history(&self) -> Halting<bool> {
        let coming: Option<i64> =
            self.tx.row("select 1 from history_in where state < 2", [], |row| row.get(0))?;
        Ok(coming.is_some())
    }

    /// Whatever of this device's own history will ever come is here: those who wait for it are given it.
    fn give_the_rest(&self) -> Halting<()> {
        self.tx.execute("update history_out set state = 1 where state = 3", [])?;
        Ok(())
    }

    /// Makes the next part of what is given, as long as few wait for the service; and asks for what is to come.
    pub fn mind_history(&mut self) -> Halting<()> {
        self.ask_for_history()?;
        let given: Option<i64> = self.tx.row("select 1 from history_out limit 1", [], |row| row.get(0))?;
        if given.is_none() {
            return Ok(());
        }
        // Whoever was struck off is given nothing more.
        self.tx.execute(
            "delete from history_out where state > 0 and device not in (select device from device)",
            [],
        )?;
        if waiting_parts(self.tx)? >= PARTS_WAITING_MAX {
            return Ok(());
        }
        if let Some(giving) = self.giving()? { self.give_part(giving) } else { Ok(()) }
    }

    fn giving(&self) -> Halting<Option<Giving>> {
        Ok(self.tx.row(
            "select device, secret, attempt, part, place, after, rest, chain, messages, count from history_out
             where state = 1 order by device limit 1",
            [],
            |row| {
                Ok(Giving {
                    device: row.get(0)?,
                    secret: attempt_secret(&row.get(1)?, row.get(2)?),
                    part: row.get(3)?,
                    place: row.get(4)?,
                    after: row.get(5)?,
                    rest: row.get(6)?,
                    chain: row.get(7)?,
                    messages: row.get(8)?,
                    count: number(row.get(9)?),
                })
            },
        )?)
    }

    fn give_part(&mut self, mut giving: Giving) -> Halting<()> {
        while giving.rest.len() < PART_BYTES && table_at(giving.place).is_some() {
            self.take_page(&mut giving)?;
        }
        let last = table_at(giving.place).is_none() && giving.rest.len() <= PART_BYTES;
        let bytes: Vec<u8> = giving.rest.drain(..giving.rest.len().min(PART_BYTES)).collect();
        let end = match last {
            true => {
                let more = u8::from(self.is_given_history()?);
                Some(HistoryEnd { count: giving.count, messages: giving.messages, more })
            }
            false => None,
        };
        let plain = HistoryPart { before: giving.chain, end, bytes: bytes.into() }.encode()?;
        let sealed = seal_padded(&part_key(&giving.secret), &giving.part.to_be_bytes(), &plain, self.rng)?;
        let subject = [SUBJECT, &giving.device, &giving.part.to_be_bytes()].concat();
        self.put_blob(&subject, capability(&giving.secret, giving.part), PART_DAYS, sealed)?;
        self.tx.execute(
            "update history_out set state = ?2, part = ?3, place = ?4, after = ?5, rest = ?6, chain = ?7,
             messages = ?8, count = ?9 where device = ?1",
            params![
                giving.device,
                if last { 2 } else { 1 },
                giving.part + 1,
                giving.place,
                giving.after,
                giving.rest,
                sha256(&[&plain]),
                giving.messages,
                sql_number(giving.count)
            ],
        )?;
        Ok(())
    }

    /// A part is with the service; after the last one this device is done.
    pub fn history_part_left(&mut self, part: &[u8]) -> Halting<()> {
        let Some((device, _)) = part.split_first_chunk::<16>() else { return Ok(()) };
        let all = self.tx.row(
            "select 1 from history_out where device = ?1 and state = 2",
            params![device],
            |row| row.get::<_, i64>(0),
        )?;
        if all.is_some() && waiting_parts(self.tx)? == 0 {
            self.event(Event::Device(DeviceId(*device), DeviceNews::Supplied));
        }
        Ok(())
    }

    /// Some more rows; at the end of a table, on to the next.
    fn take_page(&mut self, giving: &mut Giving) -> Halting<()> {
        let Some(table) = table_at(giving.place) else { return Ok(()) };
        let (columns, key) = self.columns(table)?;
        let after = if giving.after.is_empty() {
            None
        } else {
            let key = HistoryRow::tls_deserialize_exact_bytes(&giving.after)?;
            Some(key.values.into_iter().map(HistoryValue::into_sql).collect::<Halting<Vec<_>>>()?)
        };
        let (rows, last) = self.page(table, &columns, &key, after)?;
        let Some(last) = last else {
            (giving.place, giving.after) = (giving.place + 1, Vec::new());
            return Ok(());
        };
        giving.after = last.tls_serialize_detached()?;
        if table.merge == Merge::Message
            && let Some(id) = columns.iter().position(|column| column == "id")
        {
            for row in &rows {
                if let Some(HistoryValue::Blob(id)) = row.values.get(id) {
                    giving.messages = sha256(&[&giving.messages, id.as_slice()]);
                    giving.count += 1;
                }
            }
        }
        let columns = columns.iter().map(|column| column.as_bytes().into()).collect();
        let record = HistoryRows { table: table.name.as_bytes().into(), columns, rows };
        let record = record.tls_serialize_detached()?;
        let length = u32::try_from(record.len()).map_err(|_| Halt::Unusable("rows above every limit"))?;
        giving.rest.extend_from_slice(&length.to_be_bytes());
        giving.rest.extend_from_slice(&record);
        Ok(())
    }

    /// Names of the columns that are given, and of those the rows are ordered by.
    fn columns(&self, table: &Table) -> Halting<(Vec<String>, Vec<String>)> {
        let all: Vec<(String, i64)> = self.tx.rows(
            "select name, pk from pragma_table_info(?1) order by cid",
            params![table.name],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut key: Vec<(String, i64)> = all.iter().filter(|(_, place)| *place > 0).cloned().collect();
        key.sort_by_key(|(_, place)| *place);
        let given =
            all.into_iter().map(|(name, _)| name).filter(|name| !table.keeps.contains(&name.as_str()));
        Ok((given.collect(), key.into_iter().map(|(name, _)| name).collect()))
    }

    fn page(
        &self,
        table: &Table,
        columns: &[String],
        key: &[String],
        after: Option<Vec<Value>>,
    ) -> Halting<(Vec<HistoryRow>, Option<HistoryRow>)> {
        let (key_names, places) =
            (key.join(", "), (1..=key.len()).map(|n| format!("?{n}")).collect::<Vec<_>>());
        let from = match after {
            Some(_) => format!(" where ({key_names}) > ({})", places.join(", ")),
            None => String::new(),
        };
        let sql = format!(
            "select {}, {key_names} from {}{from} order by {key_names} limit {PAGE_ROWS}",
            columns.join(", "),
            table.rows
        );
        let width = columns.len();
        let rows: Vec<(HistoryRow, HistoryRow)> =
            self.tx.rows(&sql, params_from_iter(after.unwrap_or_default()), |row| {
                let values = |range: std::ops::Range<usize>| {
                    range.map(|at| row.get::<_, Value>(at).map(HistoryValue::from_sql)).collect()
                };
                let values: (Result<Vec<_>, _>, Result<Vec<_>, _>) =
                    (values(0..width), values(width..width + key.len()));
                Ok((HistoryRow { values: values.0? }, HistoryRow { values: values.1? }))
            })?;
        let (mut given, mut last) = (Vec::with_capacity(rows.len()), None);
        for (row, key) in rows {
            given.push(row);
            last = Some(key);
        }
        Ok((given, last))
    }
}

// Being given.
impl Step<'_> {
    /// The grant said that there is one.
    pub fn await_history(&mut self, secret: &[u8; 32]) -> Halting<()> {
        self.tx.execute(
            "insert or replace into history_in (id, secret, chain, ask_at) values (1, ?1, zeroblob(32), ?2)",
            params![secret, sql_time(self.now.plus_ms(JOIN_MS_MAX))],
        )?;
        Ok(())
    }

    /// Once this device is in every conversation, everything that it did not hear is with the device that let it in.
    fn ask_for_history(&mut self) -> Halting<()> {
        let waiting: Option<(i64, i64, i64)> =
            self.tx.row("select state, ask_at, attempt from history_in where state < 2", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        let Some((state, ask_at, attempt)) = waiting else { return Ok(()) };
        let late = number(ask_at) <= self.now.0;
        let inside = self
            .tx
            .row("select 1 from intent where kind = ?1 limit 1", params![Kind::Rejoin as i64], |row| {
                row.get::<_, i64>(0)
            })?
            .is_none();
        if state == 0 && (inside || late) {
            return self.want_history(u32::try_from(attempt).unwrap_or(u32::MAX));
        }
        if state == 1 && late && self.wants_again()? {
            return Ok(());
        }
        if state == 1 && late {
            // The parts go after some days: who slept through them asks anew.
            return self.history_anew();
        }
        Ok(())
    }

    fn want_history(&mut self, attempt: u32) -> Halting<()> {
        self.put_setting_number(WANTED_TIMES, 0)?;
        self.tx.execute("update history_in set state = 1", [])?;
        self.say_wanted(attempt)?;
        self.event(Event::History(HistoryState::Receiving { parts: 0 }));
        self.await_part()
    }

    /// Nothing has come, and the question may be what did not arrive: it is said again, more and more rarely. False when it was
    /// said often enough, or something came.
    fn wants_again(&mut self) -> Halting<bool> {
        let begun: Option<(i64, u32)> =
            self.tx.row("select part, attempt from history_in where state = 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        match begun {
            Some((0, attempt)) if self.setting_number(WANTED_TIMES)? <= WANTED_AGAIN_MAX => {
                self.say_wanted(attempt)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn say_wanted(&mut self, attempt: u32) -> Halting<()> {
        let times = self.setting_number(WANTED_TIMES)?;
        self.put_setting_number(WANTED_TIMES, times + 1)?;
        let wait = if times < WANTED_AGAIN_MAX { WANTED_AGAIN_MS << times } else { ANEW_MS };
        self.tx.execute("update history_in set ask_at = ?1", params![sql_time(self.now.plus_ms(wait))])?;
        self.tell_ourselves(TYPE_WANTED, HistoryWanted { attempt }.encode()?)
    }

    /// From the beginning, under another secret: what is here already stays.
    fn history_anew(&mut self) -> Halting<()> {
        self.tx.execute(
            "update history_in set attempt = attempt + 1, part = 0, rest = x'', chain = zeroblob(32)",
            [],
        )?;
        let attempt: Option<u32> = self.tx.row("select attempt from history_in", [], |row| row.get(0))?;
        let attempt = attempt.unwrap_or(u32::MAX);
        let parts: Vec<Vec<u8>> = self.tx.rows(
            "select subject from intent where kind = ?1",
            params![Kind::FetchBlob as i64],
            |row| row.get(0),
        )?;
        for part in parts.iter().filter(|part| part.starts_with(SUBJECT)) {
            self.drop_blobs(part)?;
        }
        if attempt >= ATTEMPTS_MAX {
            self.tx.execute("update history_in set state = 3", [])?;
            self.event(Event::History(HistoryState::Incomplete));
            return self.give_the_rest();
        }
        self.want_history(attempt)
    }

    fn receiving(&self) -> Halting<Option<Receiving>> {
        Ok(self.tx.row(
            "select secret, attempt, part, rest, chain from history_in where state = 1",
            [],
            |row| {
                Ok(Receiving {
                    secret: attempt_secret(&row.get(0)?, row.get(1)?),
                    part: row.get(2)?,
                    rest: row.get(3)?,
                    chain: row.get(4)?,
                })
            },
        )?)
    }

    fn await_part(&mut self) -> Halting<()> {
        let Some(Receiving { secret, part, .. }) = self.receiving()? else { return Ok(()) };
        self.await_blob(&[SUBJECT, &part.to_be_bytes()].concat(), capability(&secret, part))
    }

    /// A part is here. One that does not hold changes nothing; all is asked for anew.
    pub fn history_part_fetched(&mut self, sealed: &[u8]) -> Halting<()> {
        match self.attempt(|step| step.take_part(sealed))? {
            Some(()) => Ok(()),
            None => self.history_anew(),
        }
    }

    fn take_part(&mut self, sealed: &[u8]) -> Halting<()> {
        let Some(Receiving { secret, part, mut rest, chain }) = self.receiving()? else { return Ok(()) };
        let plain = open_padded(&part_key(&secret), &part.to_be_bytes(), sealed)?;
        let HistoryPart { before, end, bytes } = HistoryPart::decode(&plain)?;
        if before != chain {
            return Err(Halt::Unusable("a part of another history"));
        }
        rest.extend_from_slice(bytes.as_slice());
        let mut records = rest.as_slice();
        while let Some((length, after)) = records.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            if length > RECORD_BYTES_MAX {
                return Err(Halt::Unusable("rows above every limit"));
            }
            let Some((record, after)) = after.split_at_checked(length) else { break };
            self.take_rows(&HistoryRows::tls_deserialize_exact_bytes(record)?)?;
            records = after;
        }
        self.tx.execute(
            "update history_in set part = part + 1, rest = ?1, chain = ?2, ask_at = ?3",
            params![records, sha256(&[&plain]), sql_time(self.now.plus_ms(ANEW_MS))],
        )?;
        self.delete_blob(capability(&secret, part))?;
        match end {
            None => {
                self.event(Event::History(HistoryState::Receiving { parts: part + 1 }));
                self.await_part()
            }
            Some(end) if records.is_empty() => self.history_ends(&end),
            Some(_) => Err(Halt::Unusable("a history that ends within a row")),
        }
    }

    /// Both stores must have come to the same: every message that was told is here, under its id.
    fn history_ends(&mut self, end: &HistoryEnd) -> Halting<()> {
        let (mut messages, mut count, mut after) = ([0; 32], 0_u64, Vec::new());
        loop {
            let page: Vec<Vec<u8>> = self.tx.rows(
                "select id from message where history in (1, 2) and id > ?1 order by id limit 1000",
                params![after],
                |row| row.get(0),
            )?;
            let Some(last) = page.last() else { break };
            after.clone_from(last);
            count += page.len() as u64;
            messages = page.iter().fold(messages, |hash, id| sha256(&[&hash, id]));
        }
        if (count, messages) != (end.count, end.messages) {
            return Err(Halt::Unusable("a history that is not what was told"));
        }
        self.amend_history()?;
        self.file_attachments_of_history()?;
        self.index_history()?;
        self.ask_for_slots()?;
        // Whoever has everything from the start misses whatever is left out from now on.
        self.tx.execute(
            "update sender_row set base = 0 where conversation in (select id from conversation where from_start = 1)",
            [],
        )?;
        if end.more == 0 {
            self.tx.execute("update history_in set state = 2, rest = x'', secret = zeroblob(32)", [])?;
            self.give_the_rest()?;
        }
        let conversations: Vec<[u8; 16]> =
            self.tx.rows("select id from conversation order by id", [], |row| row.get(0))?;
        let ourselves = self.among_ourselves()?;
        for conversation in conversations.into_iter().map(ConversationId) {
            self.event(Event::Conversation(conversation));
            // What the other device missed itself is missed here too.
            if conversation != ourselves && crate::missing::count(self.tx, conversation)? > 0 {
                self.ask_again(conversation)?;
            }
        }
        if end.more != 0 {
            // Of the device that gave this, the history is on its way itself.
            return self.history_anew();
        }
        self.event(Event::History(HistoryState::Complete { messages: count }));
        Ok(())
    }

    /// What came is found by a search, like everything else: each device makes its own index.
    fn index_history(&mut self) -> Halting<()> {
        let mut after = Vec::new();
        loop {
            let part: Vec<([u8; 32], String, bool)> = self.tx.rows(
                "select id, text, markdown from message where id > ?1 and role = 0 and deleted = 0 and (text != '' or id in (select subject from attached))
                 and id not in (select message from indexed) order by id limit ?2",
                params![after, INDEXED_AT_ONCE],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            let Some((last, ..)) = part.last() else { return Ok(()) };
            after = last.to_vec();
            for (id, text, markdown) in part {
                self.index_text(MessageId(id), &text, markdown)?;
            }
        }
    }

    fn take_rows(&mut self, told: &HistoryRows) -> Halting<()> {
        let name = text(&told.table)?;
        // A table of a build that knows more than this one is passed over.
        let Some(table) = TABLES.iter().find(|table| table.name == name) else { return Ok(()) };
        let (known, key) = self.columns(table)?;
        let names = told.columns.iter().map(text).collect::<Halting<Vec<_>>>()?;
        let used: Vec<(usize, &String)> = names
            .iter()
            .enumerate()
            .filter(|(at, name)| known.contains(name) && !names[..*at].contains(name))
            .collect();
        if !key.iter().all(|key| used.iter().any(|(_, name)| *name == key)) {
            return Err(Halt::Unusable("a row without its key"));
        }
        let columns: Vec<&str> = used.iter().map(|(_, name)| name.as_str()).collect();
        let sql = self.merge_sql(table, &columns, &key)?;
        for row in &told.rows {
            if row.values.len() != names.len() {
                return Err(Halt::Unusable("a row of another width"));
            }
            let value = |name: &str| {
                columns.iter().position(|column| *column == name).map(|at| &row.values[used[at].0])
            };
            if table.merge == Merge::Message {
                self.check_message(&value)?;
            }
            let values = used.iter().map(|(at, _)| row.values[*at].to_sql()).collect::<Halting<Vec<_>>>()?;
            self.tx.execute(&sql, params_from_iter(values))?;
        }
        Ok(())
    }

    fn merge_sql(&self, table: &Table, columns: &[&str], key: &[String]) -> Halting<String> {
        let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
        let (name, names, places) = (table.name, columns.join(", "), places.join(", "));
        let insert =
            format!("insert into {name} ({names}) values ({places}) on conflict ({})", key.join(", "));
        let others = columns.iter().filter(|column| !key.iter().any(|key| key == *column));
        Ok(match table.merge {
            Merge::Keep => format!("{insert} do nothing"),
            Merge::Fill => {
                let empty = self.empty_values(table)?;
                let set: Vec<String> = others
                    .filter_map(|column| {
                        let empty = empty.iter().find(|(name, _)| name == column).map(|(_, empty)| empty)?;
                        Some(format!("{column} = case when {name}.{column} is {empty} then excluded.{column} else {name}.{column} end"))
                    })
                    .collect();
                if set.is_empty() {
                    format!("{insert} do nothing")
                } else {
                    format!("{insert} do update set {}", set.join(", "))
                }
            }
            Merge::Message => format!(
                "insert into message ({names}, history) values ({places}, 1) on conflict (id) do update set
                 position = case history when 3 then excluded.position else position end,
                 history = case when history in (0, 3) then 2 else history end, mark = max(mark, excluded.mark)"
            ),
            Merge::SenderRow => format!(
                "{insert} do update set sequence = max(sequence, excluded.sequence), base = min(base, excluded.base)"
            ),
        })
    }

    /// What a column holds as long as nothing was put into it; only such columns are ever filled.
    fn empty_values(&self, table: &Table) -> Halting<Vec<(String, String)>> {
        let all: Vec<(String, Option<String>)> = self.tx.rows(
            "select name, dflt_value from pragma_table_info(?1) order by cid",
            params![table.name],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(all.into_iter().filter_map(|(name, empty)| Some((name, empty?))).collect())
    }

    /// The id of a message is a hash over who said what where: an item that was altered has another (T-20).
    fn check_message<'v>(&self, value: &impl Fn(&str) -> Option<&'v HistoryValue>) -> Halting<()> {
        let bytes = |name| match value(name) {
            Some(HistoryValue::Blob(bytes)) => Ok(bytes.as_slice()),
            _ => Err(Halt::Unusable("a message without its parts")),
        };
        let content = bytes("content")?;
        if content.is_empty() {
            // Deleted: nothing is left that could be altered.
            return Ok(());
        }
        let sender = AccountId::from_slice(bytes("sender")?).map_err(|_| Halt::Unusable("not an account"))?;
        let conversation =
            bytes("conversation")?.try_into().map_err(|_| Halt::Unusable("not a conversation"))?;
        let decoded = MimiContent::decode(content).map_err(|_| Halt::Unusable("not a content"))?;
        let id = crate::message::id_of(sender, ConversationId(conversation), content, &decoded.salt)?;
        let told = MessageId::from_slice(bytes("id")?).map_err(|_| Halt::Unusable("not a message"))?;
        let own = matches!(value("own"), Some(HistoryValue::Integer(1)));
        if id == told && own == (sender == self.me()?.account) {
            Ok(())
        } else {
            Err(Halt::Unusable("a message that was altered"))
        }
    }
}

impl HistoryValue {
    fn from_sql(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(value) => Self::Integer(value.cast_unsigned()),
            Value::Real(value) => Self::Real(value.to_bits()),
            Value::Text(text) => Self::Text(text.into_bytes().into()),
            Value::Blob(bytes) => Self::Blob(bytes.into()),
        }
    }

    fn to_sql(&self) -> Halting<Value> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Integer(value) => Value::Integer(value.cast_signed()),
            Self::Real(bits) => Value::Real(f64::from_bits(*bits)),
            Self::Text(bytes) => Value::Text(text(bytes)?),
            Self::Blob(bytes) => Value::Blob(bytes.as_slice().to_vec()),
        })
    }

    fn into_sql(self) -> Halting<Value> {
        self.to_sql()
    }
}

fn text(bytes: &Bytes) -> Halting<String> {
    String::from_utf8(bytes.as_slice().to_vec()).map_err(|_| Halt::Unusable("not text"))
}

fn table_at(place: u32) -> Option<&'static Table> {
    TABLES.get(usize::try_from(place).ok()?)
}

/// Parts on their way to the service.
fn waiting_parts(reader: &client_db::Reader<'_>) -> Result<i64, client_db::Error> {
    let waiting = reader.row(
        "select count(*) from intent where kind = ?1 and substr(subject, 1, ?2) = ?3",
        params![Kind::PutBlob as i64, SUBJECT.len() as i64, SUBJECT],
        |row| row.get(0),
    )?;
    Ok(waiting.unwrap_or(0))
}

/// Whether some device waits for what this one gives.
pub(crate) fn is_giving(reader: &client_db::Reader<'_>) -> Result<bool, client_db::Error> {
    let open: Option<i64> =
        reader.row("select 1 from history_out where state < 2 limit 1", [], |row| row.get(0))?;
    Ok(open.is_some() || waiting_parts(reader)? > 0)
}

/// Each attempt has places and a key of its own.
fn attempt_secret(secret: &[u8; 32], attempt: u32) -> [u8; 32] {
    sha256(&[b"valise history attempt v1", secret, &attempt.to_be_bytes()])
}

fn part_key(secret: &[u8; 32]) -> Key {
    Key::derive(secret, "valise history v1")
}

fn capability(secret: &[u8; 32], part: u32) -> [u8; 32] {
    sha256(&[b"valise history part v1", secret, &part.to_be_bytes()])
}

/// Media type of [`HistoryWanted`].
pub(crate) const TYPE_WANTED: &str = "application/vnd.valise.history-wanted";
/// What the intents of parts begin with.
pub(crate) const SUBJECT: &[u8] = b"history: ";
/// Bytes of rows in a part: with its seal it fills one of the padded sizes, small enough for a slow line.
const PART_BYTES: usize = 262_144 - 512;
/// Parts that wait for the service at one time.
const PARTS_WAITING_MAX: i64 = 2;
/// Days a part waits for the new device.
const PART_DAYS: u32 = 30;
/// Rows read at one time.
const PAGE_ROWS: usize = 16;
/// Bytes of the rows read at one time: the largest contents, twice over, with what is around them.
const RECORD_BYTES_MAX: usize = 160 * 1024 * 1024;
/// A new device asks for the history after so long even when a conversation cannot be entered.
const JOIN_MS_MAX: u64 = MINUTE_MS;
/// Nothing came for so long: it is asked for anew, before the parts that may lie there go.
const ANEW_MS: u64 = 20 * DAY_MS;
/// While no part has come, the question is said again after so long, doubled each time.
const WANTED_AGAIN_MS: u64 = MINUTE_MS;
/// So often.
const WANTED_AGAIN_MAX: u64 = 8;
/// How often it was said in this attempt.
const WANTED_TIMES: &str = "history wanted";
/// So often, then the device says that its history is not complete.
const ATTEMPTS_MAX: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_given_or_is_one_devices_own() {
        let mut db = client_db::Db::open_in_memory().unwrap();
        db.migrate(crate::schema::MIGRATIONS).unwrap();
        let tables: Vec<String> = db
            .reader()
            .rows(
                "select name from pragma_table_list where schema = 'main' and type in ('table', 'virtual')
                 and name not like 'sqlite_%' order by name",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert!(tables.len() >= 15);
        for table in tables {
            let given = TABLES.iter().filter(|known| known.name == table).count();
            let own = OF_THIS_DEVICE.iter().filter(|known| **known == table).count();
            assert_eq!(
                given + own,
                1,
                "{table}: put it into TABLES or OF_THIS_DEVICE of client/src/history.rs"
            );
        }
    }

    #[test]
    fn every_part_of_every_attempt_has_a_place_of_its_own() {
        let place = |secret, attempt, part| capability(&attempt_secret(&[secret; 32], attempt), part);
        let all: std::collections::BTreeSet<_> =
            [place(1, 0, 0), place(1, 0, 1), place(1, 1, 0), place(2, 0, 0)].into();
        assert_eq!(all.len(), 4);
    }
}
