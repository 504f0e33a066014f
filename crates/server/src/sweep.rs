//! Walking over a table in small steps, to remove what has expired. Neither an index nor a long pause is needed.

use server_db::{DbError, Sql};
use vocab::Day;

use crate::call::Call;

/// A walk over a table in order of id. One round a day; a step looks at so many rows.
pub struct Walk<const N: usize> {
    after: [u8; N],
    round_done: Option<Day>,
}

impl<const N: usize> Default for Walk<N> {
    fn default() -> Self {
        Self { after: [0; N], round_done: None }
    }
}

impl<const N: usize> Walk<N> {
    /// The next `rows` rows: those expired before today are given to `remove`. Returns how many were looked at; none when
    /// today's round is done. `walk` selects id and expiry day after `$1`, at most `$2`.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn step(
        &mut self,
        call: &Call<'_>,
        walk: Sql,
        rows: usize,
        mut remove: impl FnMut(&[u8; N]) -> Result<(), DbError>,
    ) -> Result<usize, DbError> {
        let found = self.next(call, walk, rows)?;
        for (id, expiry) in &found {
            if *expiry < call.today() {
                remove(id)?;
            }
        }
        Ok(found.len())
    }

    /// The next `rows` rows with their expiry days.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn next(&mut self, call: &Call<'_>, walk: Sql, rows: usize) -> Result<Vec<([u8; N], Day)>, DbError> {
        if self.round_done == Some(call.today()) {
            return Ok(Vec::new());
        }
        let params = [(&self.after).into(), rows.into()];
        let found = call.db.read().all(walk, &params, |row| Ok((row.array::<N>(0)?, Day(row.small(1)?))))?;
        match found.last() {
            Some((id, _)) if found.len() == rows => self.after = *id,
            _ => {
                self.after = [0; N];
                self.round_done = Some(call.today());
            }
        }
        Ok(found)
    }
}

/// The expiry day to write for something in use that lives `days`: only when a good part of it is over, so that use is not
/// written, nor visible, every day.
pub fn renewal(until: Day, today: Day, days: u32) -> Option<Day> {
    let fresh = today.plus(days);
    (until.plus(RENEWED_EVERY_DAYS) <= fresh).then_some(fresh)
}

/// Days between two renewals of one row.
pub const RENEWED_EVERY_DAYS: u32 = 30;
