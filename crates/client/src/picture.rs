//! The picture of a group (`docs/protocol/picture.md`): the charter has its hash, the bytes travel in a blob whose place is told
//! inside the group.
//!
//! Nothing here looks into a picture but for the few bytes that say what kind it is: drawing it is for those who have a
//! sandbox for that. One whose hash is not the charter's is never shown.

use client_db::params;
use crypto::Charter;
use crypto::seal::aead::{Key, derive, sha256};
use crypto::seal::padding::{open_padded, seal_padded};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::Timestamp;
use vocab::limits::BLOB_DAYS_MAX;
use vocab::time::DAY_MS;
use wire::content::{Disposition, MimiContent, NestedPart};
use wire::{Decode, Encode};

use crate::api::{CommandId, ConversationId, Event, Refused, Reply};
use crate::charter::{PictureNamed, Standing, Wish};
use crate::intent::{self, Kind};
use crate::machine::{Client, Fault};
use crate::step::{Halting, Step, sql_time};

/// The tables of this room.
pub(crate) const TABLES: &str = "
-- Pictures of groups, by their hash.
create table picture (hash blob primary key not null, bytes blob not null) strict, without rowid;

-- Where a picture can be fetched, as somebody of the group told; the last few of each group.
create table picture_place (
    conversation blob not null, hash blob not null, secret blob not null, told_at integer not null,
    primary key (conversation, hash)
) strict, without rowid;
";

/// Tells a group where a picture is.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub(crate) struct PictureTold {
    hash: [u8; 32],
    secret: [u8; 32],
}

impl PictureTold {
    pub fn of(content: &MimiContent) -> Option<Self> {
        Self::decode(content.nested_part.content_of(TYPE_PICTURE)?).ok()
    }
}

/// What kind of picture some bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
}

impl PictureKind {
    /// By how they begin; none for anything else, and for more than [`PICTURE_BYTES_MAX`].
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > PICTURE_BYTES_MAX {
            return None;
        }
        let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            _ => webp.then_some(Self::WebP),
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }
}

impl Step<'_> {
    /// Gives a group a picture, or takes it away.
    pub fn set_picture(
        &mut self,
        command: CommandId,
        conversation: ConversationId,
        bytes: Option<&[u8]>,
    ) -> Halting<()> {
        let charter = match self.room(conversation)? {
            None => return self.refuse(command, Refused::Unknown),
            Some((charter, Standing::In)) => charter,
            Some(_) => return self.refuse(command, Refused::NotInGroup),
        };
        if !charter.permits(self.me()?.account, charter.permissions.edit) {
            return self.refuse(command, Refused::NotAllowedInGroup);
        }
        let hash = match bytes {
            None => [0; 32],
            Some(bytes) if PictureKind::of(bytes).is_none() => {
                return self.refuse(command, Refused::BadPicture);
            }
            Some(bytes) => {
                let hash = sha256(&[bytes]);
                self.keep_picture(&hash, bytes)?;
                self.tell_picture(conversation, &hash, bytes)?;
                hash
            }
        };
        let wish = Wish::Picture(PictureNamed { hash }).encode()?;
        intent::queue(self, Kind::ChangeGroup, &conversation.0, &[1], &wish)?;
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    pub fn keep_picture(&self, hash: &[u8; 32], bytes: &[u8]) -> Halting<()> {
        self.tx
            .execute("insert or ignore into picture (hash, bytes) values (?1, ?2)", params![hash, bytes])?;
        Ok(())
    }

    pub fn has_picture(&self, hash: &[u8; 32]) -> Halting<bool> {
        let found: Option<i64> =
            self.tx.row("select 1 from picture where hash = ?1", params![hash], |row| row.get(0))?;
        Ok(found.is_some())
    }

    /// Leaves the bytes in a blob, and says where.
    fn tell_picture(&mut self, conversation: ConversationId, hash: &[u8; 32], bytes: &[u8]) -> Halting<()> {
        let secret = self.random::<32>();
        let sealed = seal_padded(&key(&secret), hash, bytes, self.rng)?;
        self.put_blob(&[LEFT, hash].concat(), place(&secret), BLOB_DAYS_MAX, sealed)?;
        let told = PictureTold { hash: *hash, secret }.encode()?;
        let part = NestedPart::single(Disposition::UNSPECIFIED, TYPE_PICTURE, told);
        let content = MimiContent::new(self.random(), part);
        self.say(conversation, content).map(drop)
    }

    /// People whom this device added are told, as the blob of before may be gone.
    pub fn show_to_newcomers(&mut self, conversation: ConversationId) -> Halting<()> {
        let Some((charter, Standing::In)) = self.room(conversation)? else { return Ok(()) };
        let bytes: Option<Vec<u8>> =
            self.tx.row("select bytes from picture where hash = ?1", params![charter.picture], |row| {
                row.get(0)
            })?;
        match bytes {
            Some(bytes) => self.tell_picture(conversation, &charter.picture, &bytes),
            None => Ok(()),
        }
    }

    /// Somebody tells where a picture is. It is fetched once it is the group's.
    pub fn take_picture_told(&mut self, conversation: ConversationId, told: &PictureTold) -> Halting<()> {
        if self.has_picture(&told.hash)? {
            return Ok(());
        }
        // The place that was told last: what lay at an earlier one may be gone.
        self.tx.execute(
            "insert into picture_place (conversation, hash, secret, told_at) values (?1, ?2, ?3, ?4)
             on conflict (conversation, hash) do update set secret = excluded.secret, told_at = excluded.told_at",
            params![conversation.0, told.hash, told.secret, sql_time(self.now)],
        )?;
        self.tx.execute(
            "delete from picture_place where conversation = ?1 and hash not in
             (select hash from picture_place where conversation = ?1 order by told_at desc, hash limit ?2)",
            params![conversation.0, PLACES_MAX],
        )?;
        self.drop_blobs(&subject(conversation))?;
        self.want_picture(conversation)
    }

    /// Fetches the group's picture where it is not here and its place is known.
    pub fn want_picture(&mut self, conversation: ConversationId) -> Halting<()> {
        let Some((charter, Standing::In)) = self.room(conversation)? else { return Ok(()) };
        if charter.picture == [0; 32] || self.has_picture(&charter.picture)? {
            return self.drop_blobs(&subject(conversation));
        }
        let secret: Option<[u8; 32]> = self.tx.row(
            "select secret from picture_place where conversation = ?1 and hash = ?2",
            params![conversation.0, charter.picture],
            |row| row.get(0),
        )?;
        match secret {
            Some(secret) => self.await_blob(&subject(conversation), place(&secret)),
            None => Ok(()),
        }
    }

    /// Bytes are here: kept if they are the group's picture.
    pub fn picture_fetched(&mut self, subject: &[u8], sealed: &[u8]) -> Halting<()> {
        let Some(id) = subject.strip_prefix(SUBJECT).and_then(|id| id.try_into().ok()) else {
            return Ok(());
        };
        let conversation = ConversationId(id);
        let Some((charter, _)) = self.room(conversation)? else { return Ok(()) };
        let hash = charter.picture;
        let secret: Option<[u8; 32]> = self.tx.row(
            "select secret from picture_place where conversation = ?1 and hash = ?2",
            params![conversation.0, hash],
            |row| row.get(0),
        )?;
        let Some(secret) = secret else { return Ok(()) };
        self.tx.execute(
            "delete from picture_place where conversation = ?1 and hash = ?2",
            params![conversation.0, hash],
        )?;
        let bytes = self.attempt(|_| Ok(open_padded(&key(&secret), &hash, sealed)?))?;
        let good = bytes.filter(|bytes| sha256(&[bytes]) == hash && PictureKind::of(bytes).is_some());
        if let Some(bytes) = good {
            self.keep_picture(&hash, &bytes)?;
            self.event(Event::Conversation(conversation));
        }
        Ok(())
    }

    /// The group has another picture: it is fetched, and those that no group has are forgotten.
    pub fn picture_after_change(
        &mut self,
        conversation: ConversationId,
        before: Option<&Charter>,
        after: &Charter,
    ) -> Halting<()> {
        if before.is_some_and(|before| before.picture == after.picture) {
            return Ok(());
        }
        self.drop_blobs(&subject(conversation))?;
        self.forget_pictures()?;
        self.want_picture(conversation)
    }

    /// What is no picture of a group, a contact or oneself, and is not to become one.
    pub fn forget_pictures(&self) -> Halting<()> {
        let charters: Vec<Vec<u8>> = self.tx.rows("select charter from room", [], |row| row.get(0))?;
        let wishes: Vec<Vec<u8>> = self.tx.rows(
            "select payload from intent where kind = ?1",
            params![Kind::ChangeGroup as i64],
            |row| row.get(0),
        )?;
        let shown = charters.iter().filter_map(|bytes| Charter::from_bytes(bytes).ok()).map(|it| it.picture);
        let wished = wishes.iter().filter_map(|wish| match Wish::decode(wish) {
            Ok(Wish::Picture(named)) => Some(named.hash),
            _ => None,
        });
        let faces: Vec<[u8; 32]> =
            self.tx.rows("select picture from contact_profile where length(picture) = 32", [], |row| {
                row.get(0)
            })?;
        let own = self.own_profile()?.picture;
        let used: std::collections::BTreeSet<[u8; 32]> =
            shown.chain(wished).chain(faces).chain(own).collect();
        let here: Vec<[u8; 32]> = self.tx.rows("select hash from picture", [], |row| row.get(0))?;
        for hash in here.iter().filter(|hash| !used.contains(*hash)) {
            self.tx.execute("delete from picture where hash = ?1", params![hash])?;
        }
        Ok(())
    }

    /// What was told so long ago is gone from there.
    pub fn expire_picture_places(&mut self) -> Halting<()> {
        let oldest = Timestamp(self.now.0.saturating_sub(PLACE_MS_MAX));
        let over: Vec<[u8; 16]> = self.tx.rows(
            "select distinct conversation from picture_place where told_at < ?1 order by conversation",
            params![sql_time(oldest)],
            |row| row.get(0),
        )?;
        for conversation in over.into_iter().map(ConversationId) {
            self.tx.execute("delete from picture_place where told_at < ?1", params![sql_time(oldest)])?;
            self.drop_blobs(&subject(conversation))?;
            self.want_picture(conversation)?;
        }
        Ok(())
    }
}

impl Client {
    /// A picture that is here, by its hash.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn picture(&self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, Fault> {
        let reader = self.db.reader();
        Ok(reader.row("select bytes from picture where hash = ?1", params![hash], |row| row.get(0))?)
    }
}

pub(crate) fn place(secret: &[u8; 32]) -> [u8; 32] {
    derive(secret, "valise picture place v1")
}

pub(crate) fn key(secret: &[u8; 32]) -> Key {
    Key::derive(secret, "valise picture v1")
}

fn subject(conversation: ConversationId) -> Vec<u8> {
    [SUBJECT, &conversation.0].concat()
}

/// Media type of [`PictureTold`].
const TYPE_PICTURE: &str = "application/vnd.valise.group-picture";
/// What the intents that await a picture begin with.
pub(crate) const SUBJECT: &[u8] = b"picture: ";
/// And those that leave one.
const LEFT: &[u8] = b"left picture: ";
/// Largest picture of a group, bytes: with its seal it fills one of the padded sizes.
pub const PICTURE_BYTES_MAX: usize = 32 * 1024;
/// A place is good for so long, and a day more for whoever was asleep.
pub(crate) const PLACE_MS_MAX: u64 = (BLOB_DAYS_MAX as u64 + 1) * DAY_MS;
/// Places of pictures remembered for a group.
const PLACES_MAX: i64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_how_it_begins_and_is_not_too_large() {
        let webp = b"RIFF\x10\0\0\0WEBPVP8 ";
        let (png, jpeg) = (b"\x89PNG\r\n\x1a\n\0", b"\xff\xd8\xff\xe0");
        let kinds = [&webp[..], png, jpeg].map(PictureKind::of);
        assert_eq!(kinds, [Some(PictureKind::WebP), Some(PictureKind::Png), Some(PictureKind::Jpeg)]);
        for other in [&b""[..], b"GIF89a", b"<svg xmlns", b"RIFF\x10\0\0\0WAVE", b"\x89PNG"] {
            assert_eq!(PictureKind::of(other), None, "{other:?}");
        }
        let mut large = jpeg.to_vec();
        large.resize(PICTURE_BYTES_MAX, 0);
        assert_eq!(PictureKind::of(&large), Some(PictureKind::Jpeg));
        large.push(0);
        assert_eq!(PictureKind::of(&large), None);
    }
}
