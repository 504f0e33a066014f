//! Earning and paying.

use seal::token::{Issuer, is_good, spent_key};
use server_db::DbError;
use vocab::Day;
use vocab::limits::{TOKEN_BYTES, TOKEN_DAYS, TOKENS_AT_ONCE_MAX, TOKENS_PER_DAY};
use wire::Refusal;
use wire::token::{EarnTokens, Token, TokensEarned};

use super::sql;
use crate::call::{Call, Outcome, Visitor};
use crate::keys::Keys;
use crate::sweep::Walk;

/// What tokens remember in memory: the keys of these days, derived once.
#[derive(Default)]
pub struct Tokens {
    issuers: Vec<Issuer>,
    quota: Walk<32>,
    spent: Walk<32>,
}

impl Tokens {
    /// Evaluates blinded nonces with the key of today, all or none, within the account's quota.
    ///
    /// # Errors
    /// `Malformed` (none, or no group element), `TooLarge`, `QuotaUsed`.
    pub fn earn(
        &mut self,
        call: &mut Call<'_>,
        visitor: Visitor,
        request: &EarnTokens,
    ) -> Outcome<TokensEarned> {
        let count = request.blinded.len();
        if count == 0 {
            return Err(Refusal::Malformed.into());
        }
        if count > TOKENS_AT_ONCE_MAX {
            return Err(Refusal::TooLarge.into());
        }
        let today = call.today();
        let count = u32::try_from(count).map_err(|_| Refusal::TooLarge)?;
        let key = (&visitor.account.0).into();
        let before = call.db.read().one(sql::QUOTA, &[key], |row| Ok((Day(row.small(0)?), row.small(1)?)))?;
        // A clock that goes back grants nothing.
        let (day, earned) = before.filter(|(day, _)| *day >= today).unwrap_or((today, 0));
        let earned = earned.saturating_add(count);
        if earned > TOKENS_PER_DAY {
            return Err(Refusal::QuotaUsed { until: day.plus(1) }.into());
        }
        let params = [(&visitor.account.0).into(), day.0.into(), earned.into()];
        call.db.write().execute(sql::PUT_QUOTA, &params)?;
        let issuer = issuer(&mut self.issuers, call.keys, today).ok_or(Refusal::Unavailable)?;
        let blinded = request.blinded.iter().map(wire::Bytes::as_slice);
        let batch = issuer.evaluate(blinded, call.rng).map_err(|_| Refusal::Malformed)?;
        Ok(TokensEarned {
            day: today,
            evaluated: batch.evaluated.into_iter().map(Into::into).collect(),
            proof: batch.proof.into(),
            public_key: issuer.public_key().into(),
        })
    }

    /// Takes so many bytes from a token; false when it is not good or has not so many left.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn pay(&mut self, call: &Call<'_>, token: &Token, bytes: u64) -> Result<bool, DbError> {
        let shown = seal::token::Token { day: token.day, nonce: token.nonce, value: token.value.0 };
        let today = call.today();
        let made = is_good(shown.day, today)
            && issuer(&mut self.issuers, call.keys, shown.day).is_some_and(|issuer| issuer.made(&shown));
        if !made {
            return Ok(false);
        }
        let id = spent_key(&shown.nonce);
        let left = call.db.read().one(sql::LEFT, &[(&id).into()], |row| row.count(0))?;
        let Some(left) = left.unwrap_or(TOKEN_BYTES).checked_sub(bytes) else { return Ok(false) };
        let params = [(&id).into(), shown.day.plus(TOKEN_DAYS).0.into(), left.into()];
        call.db.write().execute(sql::PUT_LEFT, &params)?;
        Ok(true)
    }

    /// What the sweep removed came back: it begins anew.
    pub fn restart_sweep(&mut self) {
        (self.quota, self.spent) = (Walk::default(), Walk::default());
    }

    /// Removes in one small step what counted on days gone by.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn sweep(&mut self, call: &Call<'_>, rows: usize) -> Result<(), DbError> {
        let remove =
            |statement| move |id: &[u8; 32]| call.db.write().execute(statement, &[id.into()]).map(drop);
        self.quota.step(call, sql::WALK_QUOTA, rows, remove(sql::DELETE_QUOTA))?;
        self.spent.step(call, sql::WALK_SPENT, rows, remove(sql::DELETE_SPENT))?;
        Ok(())
    }
}

/// The key of a day; none if no key pair comes of the seed, which no seed is known to cause.
fn issuer<'a>(known: &'a mut Vec<Issuer>, keys: &Keys, day: Day) -> Option<&'a Issuer> {
    let place = match known.iter().position(|issuer| issuer.day() == day) {
        Some(place) => place,
        None => {
            let issuer = keys.token_issuer(day)?;
            if known.len() >= ISSUERS_MAX {
                known.remove(0);
            }
            known.push(issuer);
            known.len() - 1
        }
    };
    known.get(place)
}

/// Yesterday's, today's, and tomorrow's when the clock was set back: no others are asked for.
const ISSUERS_MAX: usize = 3;
