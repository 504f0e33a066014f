//! Tokens: earned at the account door, shown at the blob door. They are earned at visits, long before they are needed, and
//! only when something waits and none is left at once.

use client_db::{Reader, params};
use crypto::seal::token::Earning;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use vocab::limits::TOKEN_BYTES;
use vocab::time::{DAY_MS, HOUR_MS};
use vocab::{Day, Timestamp};
use wire::token::{EarnTokens, Token, TokensEarned};
use wire::{AccountRequest, Encode, Secret32};

use crate::attachment::Stand;
use crate::intent::{self, Intent, Kind};
use crate::lines::Purpose;
use crate::step::{Halt, Halting, Step, sql_number, sql_time};

/// The day is the service's; this device's clock may be another, so how long a token is of use counts from when it was earned.
pub(crate) const TABLES: &str = "
create table token (
    nonce blob primary key not null,
    day integer not null,
    value blob not null,
    -- Bytes it still pays for, as this device counts.
    bytes_left integer not null,
    earned_at integer not null
) strict, without rowid;
";

impl Step<'_> {
    /// Takes so many bytes from a token, to be shown with what they pay for. Without one that has so many left some are earned,
    /// and whoever asked asks again. Whoever repeats a put shows the same token again ([`Self::token_again`]).
    pub fn token_for(&mut self, bytes: u64) -> Halting<Option<Token>> {
        self.forget_old_tokens()?;
        let found = self.tx.row(
            // One that was begun before a whole one.
            "select nonce, day, value from token where bytes_left >= ?1 order by bytes_left, nonce limit 1",
            params![sql_number(bytes)],
            token,
        )?;
        match &found {
            Some(token) => {
                self.tx.execute(
                    "update token set bytes_left = bytes_left - ?2 where nonce = ?1",
                    params![token.nonce, sql_number(bytes)],
                )?;
            }
            None => {
                self.earn_tokens()?;
                self.tell_who_waits()?;
            }
        }
        Ok(found)
    }

    /// The token of this nonce, when it was taken before and is good still.
    pub fn token_again(&self, nonce: &[u8]) -> Halting<Option<Token>> {
        Ok(self.tx.row("select nonce, day, value from token where nonce = ?1", params![nonce], token)?)
    }

    /// The service does not take it (any more): it is not shown again.
    pub fn drop_token(&mut self, nonce: &[u8]) -> Halting<()> {
        self.tx.execute("delete from token where nonce = ?1", params![nonce])?;
        Ok(())
    }

    /// At a visit: as many as may be needed until after the next one.
    pub fn refill_tokens(&mut self) -> Halting<()> {
        self.forget_old_tokens()?;
        let latest = self.now.0.saturating_sub(TOKEN_MS - TOKEN_LEFT_MS_MIN);
        let left: Option<u32> = self.tx.row(
            "select count(*) from token where earned_at > ?1 and bytes_left >= ?2",
            params![sql_time(Timestamp(latest)), sql_number(TOKEN_BYTES / 4)],
            |row| row.get(0),
        )?;
        if left.unwrap_or(0) < TOKENS_LEFT_MIN { self.earn_tokens() } else { Ok(()) }
    }

    /// Asks for more, unless that is under way. What is blinded follows from a seed, so that an answer can be read by whatever
    /// run gets it.
    fn earn_tokens(&mut self) -> Halting<()> {
        if !self.me.as_ref().is_some_and(|me| me.registered && !me.struck_off) {
            return Ok(());
        }
        let seed = self.random::<32>();
        intent::queue_once(self, Kind::EarnTokens, &[], &seed)
    }

    pub fn send_earning(&mut self, intent: &Intent) -> Halting<()> {
        let blinded = earning(intent)?.blinded.into_iter().map(Into::into).collect();
        let request = AccountRequest::EarnTokens(EarnTokens { blinded, extensions: vec![] });
        self.request_account(Purpose::Intent(intent.id), &request.encode()?)
    }

    pub fn tokens_earned(&mut self, intent: &Intent, earned: &TokensEarned) -> Halting<()> {
        let evaluated = earned.evaluated.iter().map(wire::Bytes::as_slice);
        let (proof, key) = (earned.proof.as_slice(), earned.public_key.as_slice());
        let Ok(tokens) = earning(intent)?.finish(earned.day, evaluated, proof, key) else {
            // A service that makes tokens with another key than it says could tell whose they are.
            return intent::postpone(self, intent.id, HOUR_MS);
        };
        for token in tokens {
            self.tx.execute(
                "insert or ignore into token (nonce, day, value, bytes_left, earned_at) values (?1, ?2, ?3, ?4, ?5)",
                params![token.nonce, token.day.0, token.value, sql_number(TOKEN_BYTES), sql_time(self.now)],
            )?;
        }
        self.delete_setting(ALLOWANCE_USED)?;
        intent::wake_unpaid(self)?;
        intent::finish(self, intent.id)
    }

    /// The service grants no more today.
    pub fn allowance_used(&mut self) -> Halting<()> {
        if self.setting(ALLOWANCE_USED)?.is_some() {
            return Ok(());
        }
        self.put_setting(ALLOWANCE_USED, &[])?;
        let left: Option<i64> = self.tx.row("select 1 from token limit 1", [], |row| row.get(0))?;
        if left.is_some() { Ok(()) } else { self.tell_who_waits() }
    }

    /// Whoever looks at what waits for tokens that the service does not grant is told, once.
    fn tell_who_waits(&mut self) -> Halting<()> {
        if self.setting(ALLOWANCE_USED)?.is_none_or(|told| told == TOLD) {
            return Ok(());
        }
        self.put_setting(ALLOWANCE_USED, TOLD)?;
        let waiting: Vec<i64> = self.tx.rows(
            "select id from attachment where state = ?1 order by id limit ?2",
            params![Stand::Leaving as i64, WAITING_TOLD_MAX],
            |row| row.get(0),
        )?;
        waiting.into_iter().try_for_each(|id| self.tell_of_attachment(id))
    }

    fn forget_old_tokens(&mut self) -> Halting<()> {
        let oldest = Timestamp(self.now.0.saturating_sub(TOKEN_MS));
        // One from the future was earned before the clock was set back: nobody knows how old it is.
        self.tx.execute(
            "delete from token where earned_at <= ?1 or earned_at > ?2",
            params![sql_time(oldest), sql_time(self.now)],
        )?;
        Ok(())
    }
}

/// Whether a chunk of so many bytes, sealed, waits until the service grants more.
pub(crate) fn lacks_allowance(reader: &Reader<'_>, bytes: usize) -> Result<bool, client_db::Error> {
    let lacks = reader.row(
        "select exists (select 1 from setting where name = ?1) and not exists (select 1 from token where bytes_left >= ?2)",
        params![ALLOWANCE_USED, sql_number(bytes as u64)],
        |row| row.get(0),
    )?;
    Ok(lacks.unwrap_or(false))
}

fn token(row: &client_db::Row<'_>) -> Result<Token, client_db::RowError> {
    Ok(Token { nonce: row.get(0)?, day: Day(row.get(1)?), value: Secret32(row.get(2)?) })
}

fn earning(intent: &Intent) -> Halting<Earning> {
    let seed = intent.payload.as_slice().try_into().map_err(|_| Halt::Unusable("not a seed"))?;
    Ok(Earning::begin(TOKENS_EARNED, &mut ChaCha20Rng::from_seed(seed))?)
}

/// A token is good on its day and the next: for a day at least, whenever it was earned.
const TOKEN_MS: u64 = DAY_MS;
/// One that is good for less than that is not counted on: longer than until the next visit.
const TOKEN_LEFT_MS_MIN: u64 = 7 * HOUR_MS;
/// With fewer left, some are earned at a visit: 64 MiB of blobs.
const TOKENS_LEFT_MIN: u32 = 4;
/// Its value once whoever looks at what waits was told.
const TOLD: &[u8] = &[1];
/// The setting's name while the service grants no more.
const ALLOWANCE_USED: &str = "allowance_used";
/// Attachments on their way out of which is told that they wait; the others are read when they are looked at.
const WAITING_TOLD_MAX: u32 = 256;
/// Tokens earned at once.
const TOKENS_EARNED: usize = 16;
