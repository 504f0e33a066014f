//! What time alone will change, table by table, asked in one query: most inputs find that nothing is due, and do no more than that.

use client_db::params;
use vocab::Timestamp;

use crate::knock::KNOCK_MS_MAX;
use crate::newcomer::ENTRANCE_MS_MAX;
use crate::picture::PLACE_MS_MAX;
use crate::step::{Halting, Step, number, sql_number};

/// The indices that keep these queries from growing with what is stored. Those of the outbox are written to with every message:
/// one is for all that looks for intents by kind, and holds what tells whether they are due; the others hold only what is sealed,
/// and what carries a message.
pub(crate) const TABLES: &str = "
-- Messages whose time begins to count when they are seen or have left.
create index message_timer on message (expires_at) where expires_after > 0;
drop index intent_order;
drop index intent_slot;
drop index intent_message;
create index intent_order on intent (kind, subject, id, state, not_before, attempts);
create index intent_slot on intent (slot, echo_hash) where slot != x'';
create index intent_message on intent (message) where message != x'';
";

/// When something is due, `None` where nothing waits.
#[derive(Default)]
pub(crate) struct Dues {
    pub receipts: Option<Timestamp>,
    /// Messages that disappear.
    pub expiry: Option<Timestamp>,
    /// Messages whose time begins to count now.
    pub timers_begin: bool,
    pub scheduled: Option<Timestamp>,
    /// Positions that are told, live places that end.
    pub places: Option<Timestamp>,
    pub devices: Option<Timestamp>,
    /// The history that is awaited.
    pub history: Option<Timestamp>,
    /// A history is given, or can be asked for as soon as this device is in every conversation.
    pub history_moves: bool,
    pub presence: Option<Timestamp>,
    /// Whoever knocks, own knocks, what newcomers were promised, places of pictures.
    pub knocks: Option<Timestamp>,
    /// Whoever was brought into a group and was not heard there.
    pub brought: Option<Timestamp>,
    /// A device is being linked.
    pub linking: bool,
    /// The next visit at the account door.
    pub visit: Timestamp,
}

impl Dues {
    /// Of each kind, when it is next.
    pub fn times(&self) -> impl Iterator<Item = Timestamp> {
        let all = [
            self.receipts,
            self.expiry,
            self.scheduled,
            self.devices,
            self.history,
            self.presence,
            self.knocks,
            self.brought,
            self.places,
        ];
        all.into_iter().flatten()
    }
}

impl Step<'_> {
    /// Asks all tables at once.
    pub fn dues(&self) -> Halting<Dues> {
        let dues = self.tx.row(
            DUES,
            params![
                sql_number(KNOCK_MS_MAX),
                // What is older than that is over.
                sql_number(ENTRANCE_MS_MAX + 1),
                sql_number(PLACE_MS_MAX + 1)
            ],
            |row| {
                let at = |column: usize| {
                    row.get::<_, Option<i64>>(column).map(|at| at.map(|at| Timestamp(number(at))))
                };
                let visit: Option<Vec<u8>> = row.get(13)?;
                let visit = visit.and_then(|at| at.try_into().ok()).map_or(0, u64::from_be_bytes);
                Ok(Dues {
                    receipts: at(0)?,
                    expiry: at(1)?,
                    timers_begin: row.get(2)?,
                    scheduled: at(3)?,
                    devices: [at(4)?, at(5)?].into_iter().flatten().min(),
                    history: at(6)?,
                    history_moves: row.get(7)?,
                    presence: at(8)?,
                    knocks: [at(9)?, at(10)?, at(11)?, at(12)?].into_iter().flatten().min(),
                    linking: row.get(14)?,
                    brought: at(15)?,
                    places: [at(16)?, at(17)?].into_iter().flatten().min(),
                    visit: Timestamp(visit),
                })
            },
        )?;
        Ok(dues.unwrap_or_default())
    }
}

/// An attempt to link begins with 3 when it has ended (`linking`); a history is not asked for yet in state 0, and complete or given
/// up from 2 on (`history`).
const DUES: &str = "
select
 (select min(due) from receipt_due),
 (select min(expires_at) from message where expires_at > 0),
 exists (select 1 from message where expires_after > 0 and expires_at = 0 and role = 0
         and ((own = 0 and mark = 3) or (own = 1 and mark > 0))),
 (select min(due) from scheduled where held = 0),
 (select min(due) from device where due > 0),
 (select min(removing) from device where removing > 0),
 (select ask_at from history_in where state < 2),
 exists (select 1 from history_in where state = 0) or exists (select 1 from history_out),
 (select min(due) from presence where due > 0),
 (select min(due) from knock where due > 0),
 (select min(asked_at + case state when 0 then ?1 else 2 * ?1 end) from asking),
 (select min(entered_at) + ?2 from entrance where state < 2),
 (select min(told_at) + ?3 from (select told_at from picture_place
  union all select told_at from contact_profile where length(secret) > 0)),
 (select value from setting where name = 'next_visit'),
 exists (select 1 from setting where name = 'linking' and substr(value, 1, 1) != x'03'),
 (select min(due) from brought),
 (select min(due) from live_share where due > 0),
 (select min(until) from live_place)";
