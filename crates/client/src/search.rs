//! Looking for words in all chats: an index that stays on the device.

use client_db::params;
use vocab::MessageId;

use crate::api::{Found, MessageView};
use crate::machine::{Client, Fault};
use crate::step::{Halting, Step, sql_number};

/// Tables of this room. What is taken out of the index leaves its pages at once.
pub(crate) const TABLES: &str = "
create table indexed (row integer primary key, message blob not null unique) strict;
create virtual table message_words using fts5 (text, tokenize = \"unicode61 remove_diacritics 2\");
insert into message_words (message_words, rank) values ('secure-delete', 1);
";

impl Step<'_> {
    /// Puts a message's text into the index, in the place of the one before; an empty one leaves it.
    pub fn index(&mut self, message: MessageId, text: &str) -> Halting<()> {
        let known: Option<i64> = self.tx.row(
            "select row from indexed where message = ?1",
            params![message.as_bytes()],
            |row| row.get(0),
        )?;
        if let Some(row) = known {
            self.tx.execute("delete from message_words where rowid = ?1", params![row])?;
            if text.is_empty() {
                self.tx.execute("delete from indexed where row = ?1", params![row])?;
            }
        }
        if text.is_empty() {
            return Ok(());
        }
        let row = match known {
            Some(row) => row,
            None => {
                self.tx.insert("insert into indexed (message) values (?1)", params![message.as_bytes()])?
            }
        };
        self.tx.execute("insert into message_words (rowid, text) values (?1, ?2)", params![row, text])?;
        Ok(())
    }
}

impl Client {
    /// Messages with all of these words or beginnings of words, the newest first, each with its neighbours. Where no word begins
    /// so (in scripts that put no spaces between words, say), messages that hold the whole phrase.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn search(&self, words: &str, limit: u32) -> Result<Vec<Found>, Fault> {
        let reader = self.db.reader();
        let limit = limit.min(FOUND_MAX);
        let query = query_of(words);
        let mut found: Vec<[u8; 32]> = if query.is_empty() {
            Vec::new()
        } else {
            reader.rows(
                "select indexed.message from message_words join indexed on indexed.row = message_words.rowid
                 join message on message.id = indexed.message and message.role = 0
                 where message_words match ?1 order by message.sent_at desc, message.id limit ?2",
                params![query, limit],
                |row| row.get(0),
            )?
        };
        let phrase = words.trim();
        if found.is_empty() && !phrase.is_empty() {
            found = reader.rows(
                "select id from (select id, text, sent_at from message where role = 0 order by sent_at desc limit ?3)
                 where instr(text, ?1) > 0 order by sent_at desc, id limit ?2",
                params![phrase.chars().take(PHRASE_CHARS_MAX).collect::<String>(), limit, LOOKED_THROUGH_MAX],
                |row| row.get(0),
            )?;
        }
        let mut hits = Vec::with_capacity(found.len());
        for id in found {
            let Some(message) = self.message(MessageId(id))? else { continue };
            let before = self.timeline(message.conversation, Some(message.position), 1)?.pop();
            let after = self.next_after(&message)?;
            hits.push(Found { message, before, after });
        }
        Ok(hits)
    }

    fn next_after(&self, message: &MessageView) -> Result<Option<MessageView>, Fault> {
        let id: Option<[u8; 32]> = self.db.reader().row(
            "select id from message where conversation = ?1 and role = 0 and position > ?2
             order by position, queued limit 1",
            params![message.conversation.0, sql_number(message.position)],
            |row| row.get(0),
        )?;
        id.map_or(Ok(None), |id| self.message(MessageId(id)))
    }
}

/// Each word in quotes, so that none of it is an operator, and as a beginning.
fn query_of(words: &str) -> String {
    let words = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let quoted = words.take(WORDS_MAX).map(|word| {
        let word: String = word.chars().take(WORD_CHARS_MAX).collect();
        format!("\"{word}\"*")
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Messages found at one time.
const FOUND_MAX: u32 = 500;
/// Words looked for at one time, and characters of each.
const WORDS_MAX: usize = 16;
/// See [`WORDS_MAX`].
const WORD_CHARS_MAX: usize = 64;
/// Characters of a phrase that is looked for as it stands.
const PHRASE_CHARS_MAX: usize = 256;
/// Messages that are looked through for a phrase, the newest: a tenth of a second of work.
const LOOKED_THROUGH_MAX: u32 = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_typed_is_an_operator() {
        assert_eq!(query_of("see you"), "\"see\"* \"you\"*");
        assert_eq!(query_of("a\" OR b:c* NOT (d)"), "\"a\"* \"OR\"* \"b\"* \"c\"* \"NOT\"* \"d\"*");
        assert_eq!(query_of(" -- '"), "");
    }
}
