//! The charter of a group: its name, who has which role, who may do what. It stands in the MLS group context, so that every
//! member has the same one, a commit changes it or nothing does, and a commit that breaks it is refused by everybody.
//!
//! A conversation of two, or of one's own devices, has no charter: its people are fixed.

use openmls::prelude::{
    Extension, ExtensionType, Extensions, GroupContext, RequiredCapabilitiesExtension, UnknownExtension,
};
use std::collections::BTreeSet;
use tls_codec::{DeserializeBytes as _, Serialize as _, TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::AccountId;
use vocab::limits::{GROUP_PEOPLE_MAX, SLOT_LEAVES_MAX};

use crate::error::Error;
use crate::suite::CHARTER;
use crate::validator::{Change, Refusal, Verdict};

/// What the members of a group have agreed on.
#[derive(Debug, Clone, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Charter {
    /// The conversation, the same for all; never changes.
    pub conversation: [u8; 16],
    /// Its name, UTF-8.
    name: Vec<u8>,
    /// What it is about, UTF-8; may be empty.
    description: Vec<u8>,
    /// SHA-256 of its picture, which travels as a content; zeros without.
    pub picture: [u8; 32],
    /// Who may do what.
    pub permissions: Permissions,
    /// The owner and the admins, by account; everybody else is a member.
    officers: Vec<Officer>,
    /// Open invitation links.
    links: Vec<GroupLink>,
}

/// An account with more than a member's rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct Officer {
    account: AccountId,
    role: Role,
}

/// What somebody is in a group. Higher ones can do all that lower ones can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u8)]
pub enum Role {
    /// Anybody in it.
    Member = 0,
    /// Adds and removes people, changes what the group is.
    Admin = 1,
    /// The one who names and dismisses admins. There is exactly one.
    Owner = 2,
}

/// Who may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
#[repr(u8)]
pub enum Who {
    /// Every member.
    Everybody = 0,
    /// Owner and admins.
    Admins = 1,
}

/// Who may do what, and what newcomers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct Permissions {
    /// Write messages.
    pub send: Who,
    /// Change name, description and picture.
    pub edit: Who,
    /// Add people.
    pub add: Who,
    /// Make links that lead into the group.
    pub link: Who,
    /// Days of messages that a newcomer is given; 0 for none, [`HISTORY_ALL`] for all there are.
    pub history_days: u16,
}

impl Default for Permissions {
    fn default() -> Self {
        Self { send: Who::Everybody, edit: Who::Admins, add: Who::Admins, link: Who::Admins, history_days: 0 }
    }
}

/// An open link to a group: whoever shows its secret asks to come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSerialize, TlsDeserializeBytes, TlsSize)]
pub struct GroupLink {
    /// SHA-256 of the link's secret.
    pub hash: [u8; 32],
    /// Who made it.
    pub maker: AccountId,
    /// 1 when an admin has to say yes first, 0 when the link is enough.
    pub approval: u8,
}

impl Charter {
    /// A new group of an owner.
    ///
    /// # Errors
    /// [`Refusal::Charter`] when the name does not fit.
    pub fn new(conversation: [u8; 16], name: &str, owner: AccountId) -> Result<Self, Refusal> {
        let charter = Self {
            conversation,
            name: name.as_bytes().to_vec(),
            description: vec![],
            picture: [0; 32],
            permissions: Permissions::default(),
            officers: vec![Officer { account: owner, role: Role::Owner }],
            links: vec![],
        };
        charter.check()?;
        Ok(charter)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.name).unwrap_or_default()
    }

    /// What it is about.
    #[must_use]
    pub fn description(&self) -> &str {
        std::str::from_utf8(&self.description).unwrap_or_default()
    }

    /// Open links.
    #[must_use]
    pub fn links(&self) -> &[GroupLink] {
        &self.links
    }

    /// The same with another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.as_bytes().to_vec();
        self
    }

    /// The same with another description.
    #[must_use]
    pub fn described(mut self, description: &str) -> Self {
        self.description = description.as_bytes().to_vec();
        self
    }

    /// The same with other rules about who may do what.
    #[must_use]
    pub fn permitting(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// The same with a link more, or with the way it lets in changed.
    #[must_use]
    pub fn with_link(mut self, link: GroupLink) -> Self {
        self.links.retain(|known| known.hash != link.hash);
        self.links.push(link);
        self
    }

    /// The same without a link.
    #[must_use]
    pub fn without_link(mut self, hash: &[u8; 32]) -> Self {
        self.links.retain(|known| known.hash != *hash);
        self
    }

    /// The same without the links that somebody made: they go with their maker.
    #[must_use]
    pub fn without_links_of(mut self, maker: AccountId) -> Self {
        self.links.retain(|link| link.maker != maker);
        self
    }

    /// The same without somebody who is taken out: role and links go with them.
    #[must_use]
    pub fn without(self, account: AccountId) -> Self {
        self.with_role(account, Role::Member).without_links_of(account)
    }

    /// The open link whose secret has this hash.
    #[must_use]
    pub fn link(&self, hash: &[u8; 32]) -> Option<GroupLink> {
        self.links.iter().find(|link| link.hash == *hash).copied()
    }

    /// The same with another picture; zeros for none.
    #[must_use]
    pub fn pictured(mut self, hash: [u8; 32]) -> Self {
        self.picture = hash;
        self
    }

    /// What somebody is, if they are in the group at all.
    #[must_use]
    pub fn role(&self, account: AccountId) -> Role {
        let found = self.officers.iter().find(|officer| officer.account == account);
        found.map_or(Role::Member, |officer| officer.role)
    }

    /// The owner.
    #[must_use]
    pub fn owner(&self) -> Option<AccountId> {
        self.officers.iter().find(|officer| officer.role == Role::Owner).map(|officer| officer.account)
    }

    /// The same with somebody in another role. Whoever becomes owner takes the place of the one before, who stays an admin.
    #[must_use]
    pub fn with_role(mut self, account: AccountId, role: Role) -> Self {
        if role == Role::Owner {
            for officer in self.officers.iter_mut().filter(|officer| officer.role == Role::Owner) {
                officer.role = Role::Admin;
            }
        }
        self.officers.retain(|officer| officer.account != account);
        if role != Role::Member {
            self.officers.push(Officer { account, role });
            self.officers.sort_by_key(|officer| officer.account);
        }
        self
    }

    /// Whether somebody may do what `who` may.
    #[must_use]
    pub fn permits(&self, account: AccountId, who: Who) -> bool {
        who == Who::Everybody || self.role(account) >= Role::Admin
    }

    /// Whether somebody may remove somebody else.
    #[must_use]
    pub fn may_remove(&self, by: AccountId, whom: AccountId) -> bool {
        self.role(by) >= Role::Admin && self.role(by) > self.role(whom)
    }

    /// Whether somebody may make this charter the next one, in a group where `here` are then and `gone` are not any more.
    ///
    /// # Errors
    /// Why not.
    pub fn check_next(
        &self,
        next: &Self,
        by: AccountId,
        here: &BTreeSet<AccountId>,
        gone: &BTreeSet<AccountId>,
    ) -> Result<(), &'static str> {
        // Whoever is taken out and comes back one day comes as a member.
        let named = |account: &AccountId| self.role(*account) != next.role(*account);
        let mut absent = next.officers.iter().map(|officer| officer.account).filter(|it| !here.contains(it));
        if absent.any(|account| gone.contains(&account) || named(&account)) {
            return Err("a role of somebody who is not here");
        }
        if next.links.iter().any(|link| gone.contains(&link.maker)) {
            return Err("a link of somebody who is not here");
        }
        judge_links(by, self, next, here)?;
        judge_charter(by, self, next, gone)
    }

    /// As bytes.
    ///
    /// # Errors
    /// [`Error`] when a list is too long to be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(self.tls_serialize_detached()?)
    }

    /// From bytes, checked.
    ///
    /// # Errors
    /// [`Refusal::Charter`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let charter = Self::tls_deserialize_exact_bytes(bytes).map_err(|_| Refusal::Charter)?;
        charter.check()?;
        Ok(charter)
    }

    fn check(&self) -> Result<(), Refusal> {
        let name = std::str::from_utf8(&self.name).map_err(|_| Refusal::Charter)?;
        let description = std::str::from_utf8(&self.description).map_err(|_| Refusal::Charter)?;
        let named = !name.trim().is_empty()
            && name.chars().count() <= GROUP_NAME_CHARS_MAX
            && !name.chars().any(char::is_control);
        let mut officers = self.officers.iter().map(|officer| officer.account);
        let sorted = officers.clone().zip(officers.by_ref().skip(1)).all(|(a, b)| a < b);
        let owners = self.officers.iter().filter(|officer| officer.role == Role::Owner).count();
        let ranked = self.officers.iter().all(|officer| officer.role != Role::Member);
        let hashes: BTreeSet<_> = self.links.iter().map(|link| link.hash).collect();
        let linked = self.links.len() <= GROUP_LINKS_MAX
            && hashes.len() == self.links.len()
            && self.links.iter().all(|link| link.approval <= 1);
        let history = self.permissions.history_days;
        let fits = description.len() <= GROUP_DESCRIPTION_BYTES_MAX
            && self.officers.len() <= OFFICERS_MAX
            && (history <= HISTORY_DAYS_MAX || history == HISTORY_ALL);
        if named && sorted && owners == 1 && ranked && linked && fits {
            Ok(())
        } else {
            Err(Refusal::Charter)
        }
    }

    /// The group context that holds it, and demands of every leaf to understand it.
    pub(crate) fn extensions(&self) -> Result<Extensions<GroupContext>, Error> {
        self.check()?;
        let required = RequiredCapabilitiesExtension::new(&[ExtensionType::Unknown(CHARTER)], &[], &[]);
        Extensions::from_vec(vec![
            Extension::RequiredCapabilities(required),
            Extension::Unknown(CHARTER, UnknownExtension(self.to_bytes()?)),
        ])
        .map_err(|error| Error::Bug(format!("group context: {error:?}")))
    }

    /// The charter in a group context; none in one without any extension. Everything else is refused.
    pub(crate) fn of(extensions: &Extensions<GroupContext>) -> Result<Option<Self>, Refusal> {
        if extensions.iter().next().is_none() {
            return Ok(None);
        }
        let charter = extensions.unknown(CHARTER).ok_or(Refusal::Charter)?;
        let charter = Self::from_bytes(&charter.0)?;
        // Exactly what this charter is written as: nothing else rides along.
        let written = charter.extensions().map_err(|_| Refusal::Charter)?;
        if *extensions == written { Ok(Some(charter)) } else { Err(Refusal::Charter) }
    }
}

/// The policy of every conversation: a group's charter where it has one, otherwise people that are fixed.
#[must_use]
pub fn by_charter(change: &Change) -> Verdict {
    match (&change.charter_before, &change.charter) {
        (None, None) => crate::validator::known_accounts_only(change),
        (Some(before), Some(after)) => match judge(change, before, after) {
            Ok(()) => Verdict::Allow,
            Err(why) => Verdict::Refuse(why),
        },
        _ => Verdict::Refuse("a charter does not come or go"),
    }
}

fn judge(change: &Change, before: &Charter, after: &Charter) -> Result<(), &'static str> {
    let by = change.by.account;
    if change.external && !change.knows(by) {
        return Err("a new account from outside");
    }
    let added = change.added.iter().filter(|member| !change.knows(member.account));
    if added.clone().next().is_some() && !before.permits(by, before.permissions.add) {
        return Err("not allowed to add people");
    }
    let mut others = change.removals().filter(|(member, by)| member.account != *by);
    if !others.all(|(member, by)| before.may_remove(by, member.account)) {
        return Err("not allowed to remove somebody");
    }
    let here: BTreeSet<AccountId> = change.after.iter().map(|member| member.account).collect();
    if here.len() > GROUP_PEOPLE_MAX || change.after.len() > SLOT_LEAVES_MAX {
        return Err("the group is full");
    }
    let people = change.before.iter().map(|member| member.account);
    let gone = people.filter(|account| !here.contains(account)).collect();
    before.check_next(after, by, &here, &gone)
}

/// A link is opened by who may, under their own name, and lets nobody in without asking unless its maker could have done so.
/// It is closed by its maker or an admin, and goes when its maker goes.
fn judge_links(
    by: AccountId,
    before: &Charter,
    after: &Charter,
    here: &BTreeSet<AccountId>,
) -> Result<(), &'static str> {
    let officer = before.role(by) >= Role::Admin;
    let closes = |link: &GroupLink| officer || link.maker == by || !here.contains(&link.maker);
    let mut closed = before.links.iter().filter(|link| !after.links.contains(link));
    if !closed.all(closes) {
        return Err("not allowed to close a link");
    }
    let opens = |link: &GroupLink| {
        link.maker == by
            && before.permits(by, before.permissions.link)
            && (link.approval == 1 || before.permits(by, before.permissions.add))
    };
    let mut opened = after.links.iter().filter(|link| !before.links.contains(link));
    if opened.all(opens) { Ok(()) } else { Err("not allowed to open a link") }
}

fn judge_charter(
    by: AccountId,
    before: &Charter,
    after: &Charter,
    gone: &BTreeSet<AccountId>,
) -> Result<(), &'static str> {
    if before.conversation != after.conversation {
        return Err("another conversation");
    }
    let looks = |charter: &Charter| (charter.name.clone(), charter.description.clone(), charter.picture);
    if looks(before) != looks(after) && !before.permits(by, before.permissions.edit) {
        return Err("not allowed to change what the group is");
    }
    if before.permissions != after.permissions && before.role(by) < Role::Admin {
        return Err("not allowed to change who may do what");
    }
    let all: BTreeSet<AccountId> =
        before.officers.iter().chain(&after.officers).map(|officer| officer.account).collect();
    let changed =
        |account: &AccountId| before.role(*account) != after.role(*account) && !gone.contains(account);
    for account in all.into_iter().filter(changed) {
        let highest = before.role(account).max(after.role(account));
        let handed_over = before.role(by) == Role::Owner;
        // An admin lays down the role themselves, and makes others admins; everything above is the owner's.
        let lays_down = account == by && after.role(account) < before.role(account) && highest == Role::Admin;
        let promotes = before.role(by) == Role::Admin && before.role(account) == Role::Member;
        let raises = promotes && highest == Role::Admin;
        if !(handed_over || lays_down || raises) {
            return Err("not allowed to give this role");
        }
    }
    Ok(())
}

/// Longest name of a group, characters.
pub const GROUP_NAME_CHARS_MAX: usize = 100;
/// Longest description of a group, bytes: it is in every Welcome.
pub const GROUP_DESCRIPTION_BYTES_MAX: usize = 2_048;
/// Open links of a group at one time.
pub const GROUP_LINKS_MAX: usize = 32;
/// Most days of messages that newcomers can be given by number: ten years.
pub const HISTORY_DAYS_MAX: u16 = 3_650;
/// In the place of days: everything there is.
pub const HISTORY_ALL: u16 = u16::MAX;
/// Owner and admins together.
const OFFICERS_MAX: usize = 64;
