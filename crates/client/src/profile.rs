//! Who one is, for those one has let in: a name, a text about oneself, a picture.
//!
//! One's own devices have it as choices of the account. Others are told it in the conversation of two, once they are accepted and
//! again when it changes; the picture lies in a blob, as those of groups do.

use client_db::{Reader, params};
use crypto::seal::aead::sha256;
use crypto::seal::padding::{open_padded, seal_padded};
use vocab::limits::{ABOUT_CHARS_MAX, BLOB_DAYS_MAX};
use vocab::time::DAY_MS;
use vocab::{AccountId, Timestamp};
use wire::Secret32;
use wire::content::{Profile, ProfilePicture};

use crate::account::name_fits;
use crate::api::{CommandId, ContactState, ConversationId, Event, ProfileView, Refused, Reply};
use crate::charter::PROFILE_DEVICES_MAX;
use crate::choice::{self, Key};
use crate::contact::conversation_with;
use crate::machine::{Client, Fault};
use crate::picture::{PLACE_MS_MAX, PictureKind, key, place};
use crate::step::{Halting, Step, sql_time};

/// The tables of this room.
pub(crate) const TABLES: &str = "
-- What accepted contacts tell of themselves, beside the name.
create table contact_profile (
    account blob primary key not null,
    about text not null default '',
    -- Hash of the picture; empty without.
    picture blob not null default x'',
    -- Where it can be fetched, until it is here; empty without.
    secret blob not null default x'',
    told_at integer not null default 0
) strict, without rowid;
";

/// What changes of one's own profile.
pub(crate) struct ProfileWish<'a> {
    pub name: Option<&'a str>,
    pub about: Option<&'a str>,
    /// Empty to take it away.
    pub picture: Option<&'a [u8]>,
}

impl Step<'_> {
    /// Changes one's own profile, and tells everybody who may know.
    pub fn set_profile(&mut self, command: CommandId, wish: &ProfileWish<'_>) -> Halting<()> {
        let about = wish.about.map(str::trim);
        if wish.name.is_some_and(|name| !name_fits(name)) {
            return self.refuse(command, Refused::BadName);
        }
        if about.is_some_and(|text| text.chars().count() > ABOUT_CHARS_MAX) {
            return self.refuse(command, Refused::BadAbout);
        }
        if wish.picture.is_some_and(|bytes| !bytes.is_empty() && PictureKind::of(bytes).is_none()) {
            return self.refuse(command, Refused::BadPicture);
        }
        let before = self.own_profile()?;
        let subject = self.among_ourselves()?;
        let named = wish.name.map(str::trim).filter(|name| *name != before.name);
        let wished = [
            (Key::ProfileName, named.map(str::as_bytes)),
            (Key::ProfileAbout, about.map(str::as_bytes)),
            (Key::ProfilePicture, wish.picture),
        ];
        for (key, value) in wished {
            if let Some(value) = value {
                self.choose(&subject.0, key, value.to_vec())?;
            }
        }
        if self.own_profile()? != before {
            self.tell_profile(named.is_some())?;
        }
        self.reply(command, Ok(Reply::Done));
        Ok(())
    }

    pub fn own_profile(&self) -> Halting<ProfileView> {
        let me = self.me()?;
        Ok(read(self.tx, me.account, &me.name)?)
    }

    /// It was changed, here or on another device of ours.
    pub fn own_profile_changed(&mut self, key: u16, value: &[u8]) -> Halting<()> {
        if key == Key::ProfileName as u16 {
            // Another device of ours may be of a build that allows more.
            if std::str::from_utf8(value).is_ok_and(name_fits) {
                self.put_setting("name", value)?;
                self.reload_me()?;
            }
        } else if key == Key::ProfilePicture as u16 {
            if PictureKind::of(value).is_some() {
                self.keep_picture(&sha256(&[value]), value)?;
            }
            self.forget_pictures()?;
        }
        self.event(Event::Profile);
        Ok(())
    }

    /// Tells it to everybody who is accepted; another name to small groups, too.
    fn tell_profile(&mut self, renamed: bool) -> Halting<()> {
        let contacts: Vec<[u8; 16]> = self.tx.rows(
            "select conversation.id from contact join conversation on conversation.id = contact.conversation
             where contact.state = 1 order by conversation.id",
            [],
            |row| row.get(0),
        )?;
        for conversation in contacts.into_iter().map(ConversationId) {
            // Without a slot its first content will say it.
            if self.current_slot(conversation)?.is_some() {
                self.queue_profile(conversation)?;
            }
        }
        if !renamed {
            return Ok(());
        }
        let groups: Vec<[u8; 16]> = self.tx.rows(
            "select conversation from member group by conversation having sum(devices) <= ?1 order by conversation",
            params![PROFILE_DEVICES_MAX as i64],
            |row| row.get(0),
        )?;
        for conversation in groups.into_iter().map(ConversationId) {
            if self.is_inside(conversation)? {
                self.queue_profile(conversation)?;
            }
        }
        Ok(())
    }

    /// Adds to a profile what only accepted contacts may know.
    pub fn complete_profile(&mut self, conversation: ConversationId, profile: &mut Profile) -> Halting<()> {
        if self.is_group(conversation)? {
            return Ok(());
        }
        let peer = self.peer(conversation)?;
        let accepted = self.contact(peer)?.is_some_and(|it| it.state == ContactState::Accepted);
        if accepted {
            profile.about = Some(self.own_profile()?.about);
            profile.picture = Some(self.leave_picture()?);
        }
        Ok(())
    }

    /// One's own picture lies at the service for all who are told; it is left anew before it is gone there.
    fn leave_picture(&mut self) -> Halting<ProfilePicture> {
        let subject = self.among_ourselves()?;
        let Some(bytes) =
            choice::chosen(self.tx, &subject.0, Key::ProfilePicture)?.filter(|it| !it.is_empty())
        else {
            return Ok(ProfilePicture::Nowhere);
        };
        let hash = sha256(&[&bytes]);
        let left = self.setting(LEFT)?.unwrap_or_default();
        let fresh = self.now.0 < self.setting_number(LEFT_AT)?.saturating_add(LEFT_ANEW_MS);
        if let Some((known, secret)) = left.split_first_chunk()
            && *known == hash
            && fresh
            && let Ok(secret) = secret.try_into()
        {
            return Ok(ProfilePicture::Blob { hash, secret: Secret32(secret) });
        }
        let secret = self.random::<32>();
        let sealed = seal_padded(&key(&secret), &hash, &bytes, self.rng)?;
        self.put_blob(&[SUBJECT_LEFT, &hash].concat(), place(&secret), BLOB_DAYS_MAX, sealed)?;
        self.put_setting(LEFT, &[hash, secret].concat())?;
        self.put_setting_number(LEFT_AT, self.now.0)?;
        Ok(ProfilePicture::Blob { hash, secret: Secret32(secret) })
    }

    /// What an accepted contact tells of themselves, beside their name.
    pub fn take_about(&mut self, account: AccountId, profile: &Profile) -> Halting<()> {
        let accepted = self.contact(account)?.is_some_and(|it| it.state == ContactState::Accepted);
        if !accepted {
            return Ok(());
        }
        self.tx.execute(
            "insert into contact_profile (account) values (?1) on conflict (account) do nothing",
            params![account.as_bytes()],
        )?;
        if let Some(about) = &profile.about {
            self.tx.execute(
                "update contact_profile set about = ?2 where account = ?1",
                params![account.as_bytes(), about],
            )?;
        }
        match &profile.picture {
            None => Ok(()),
            Some(ProfilePicture::Nowhere) => {
                self.tx.execute(
                    "update contact_profile set picture = x'', secret = x'' where account = ?1",
                    params![account.as_bytes()],
                )?;
                self.drop_blobs(&subject_of(account))?;
                self.forget_pictures()
            }
            Some(ProfilePicture::Blob { hash, secret }) => self.take_face(account, hash, &secret.0),
        }
    }

    fn take_face(&mut self, account: AccountId, hash: &[u8; 32], secret: &[u8; 32]) -> Halting<()> {
        let here = self.has_picture(hash)?;
        self.tx.execute(
            "update contact_profile set picture = ?2, secret = ?3, told_at = ?4 where account = ?1",
            params![account.as_bytes(), hash, if here { &[][..] } else { secret }, sql_time(self.now)],
        )?;
        self.drop_blobs(&subject_of(account))?;
        self.forget_pictures()?;
        if here { Ok(()) } else { self.await_blob(&subject_of(account), place(secret)) }
    }

    /// Bytes are here: kept if they are the contact's picture.
    pub fn face_fetched(&mut self, subject: &[u8], sealed: &[u8]) -> Halting<()> {
        let Some(account) = subject.strip_prefix(SUBJECT).and_then(|id| AccountId::from_slice(id).ok())
        else {
            return Ok(());
        };
        let wanted: Option<([u8; 32], [u8; 32])> = self.tx.row(
            "select picture, secret from contact_profile where account = ?1 and length(secret) = 32",
            params![account.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some((hash, secret)) = wanted else { return Ok(()) };
        self.tx.execute(
            "update contact_profile set secret = x'' where account = ?1",
            params![account.as_bytes()],
        )?;
        let bytes = self.attempt(|_| Ok(open_padded(&key(&secret), &hash, sealed)?))?;
        let good = bytes.filter(|bytes| sha256(&[bytes]) == hash && PictureKind::of(bytes).is_some());
        if let Some(bytes) = good {
            self.keep_picture(&hash, &bytes)?;
            self.event(Event::Contact(account));
            if let Some(contact) = self.contact(account)? {
                self.event(Event::Conversation(contact.conversation));
            }
        }
        Ok(())
    }

    /// What was told so long ago is gone from there.
    pub fn expire_faces(&mut self) -> Halting<()> {
        let oldest = Timestamp(self.now.0.saturating_sub(PLACE_MS_MAX));
        let over: Vec<[u8; 32]> = self.tx.rows(
            "select account from contact_profile where length(secret) > 0 and told_at < ?1 order by account",
            params![sql_time(oldest)],
            |row| row.get(0),
        )?;
        for account in over.into_iter().map(AccountId) {
            self.tx.execute(
                "update contact_profile set secret = x'' where account = ?1",
                params![account.as_bytes()],
            )?;
            self.drop_blobs(&subject_of(account))?;
        }
        Ok(())
    }
}

impl Client {
    /// One's own profile.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn profile(&self) -> Result<ProfileView, Fault> {
        let Some(me) = &self.me else { return Ok(ProfileView::default()) };
        Ok(read(&self.db.reader(), me.account, &me.name)?)
    }
}

fn read(reader: &Reader<'_>, account: AccountId, name: &str) -> Result<ProfileView, client_db::Error> {
    let subject = conversation_with(account, account);
    let about = choice::chosen(reader, &subject.0, Key::ProfileAbout)?.unwrap_or_default();
    let picture = choice::chosen(reader, &subject.0, Key::ProfilePicture)?.unwrap_or_default();
    Ok(ProfileView {
        name: name.to_owned(),
        about: String::from_utf8(about).unwrap_or_default(),
        picture: PictureKind::of(&picture).map(|_| sha256(&[&picture])),
    })
}

fn subject_of(account: AccountId) -> Vec<u8> {
    [SUBJECT, account.as_bytes()].concat()
}

/// What the intents that await a picture begin with.
pub(crate) const SUBJECT: &[u8] = b"face: ";
/// And those that leave one.
const SUBJECT_LEFT: &[u8] = b"left face: ";
/// Setting: hash and secret of the picture that was left last.
const LEFT: &str = "profile_picture_left";
/// Setting: when.
const LEFT_AT: &str = "profile_picture_left_at";
/// After so long it is left anew: whoever is told then has ten days to fetch it.
const LEFT_ANEW_MS: u64 = 20 * DAY_MS;
