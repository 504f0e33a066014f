//! Links into a group (`docs/protocol/link.md`): at the path of invitations, of another version. Whoever holds one may knock;
//! the group's charter says whether that is enough.

use std::fmt;
use std::str::FromStr;

use vocab::AccountId;
use vocab::limits::NAME_CHARS_MAX;
use zeroize::Zeroize;

use crate::link::{LinkError, ServiceAddress, close, open};

/// What a link into a group says. No `Debug`, wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupInvitationLink {
    /// The service the group is at.
    pub service: ServiceAddress,
    /// The group.
    pub conversation: [u8; 16],
    /// Its SHA-256 stands in the group's charter as long as the link is open.
    pub secret: [u8; 16],
    /// Somebody has to say yes, as far as the link knows; the charter decides.
    pub approval: bool,
    /// Where one knocks: whoever made the link, then others who may let in. 1 to [`GROUP_DOORS_MAX`].
    pub doors: Vec<GroupDoor>,
    /// The group's name when the link was made, cut to [`vocab::limits::NAME_CHARS_MAX`] characters; may be empty.
    pub name: String,
}

/// Somebody at whom one knocks.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupDoor {
    /// Who.
    pub account: AccountId,
    /// Their introduction key.
    pub introduction_key: [u8; 32],
}

impl Drop for GroupInvitationLink {
    fn drop(&mut self) {
        self.secret.zeroize();
        self.doors.iter_mut().for_each(|door| door.introduction_key.zeroize());
    }
}

impl GroupInvitationLink {
    /// Reads a link. Spaces and line ends around it are fine; everything else is exact.
    ///
    /// # Errors
    /// [`LinkError::OtherVersion`] for an invitation of a person, else as [`crate::InvitationLink::parse`].
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let (service, said) = open(text, VERSION)?;
        Self::from_payload(service, &said).ok_or(LinkError::Damaged)
    }

    fn from_payload(service: ServiceAddress, said: &[u8]) -> Option<Self> {
        let (conversation, rest) = said.split_first_chunk::<16>()?;
        let (secret, rest) = rest.split_first_chunk::<16>()?;
        let ([approval @ (0 | 1), count], mut rest) = rest.split_first_chunk::<2>()? else { return None };
        let count = usize::from(*count);
        if !(1..=GROUP_DOORS_MAX).contains(&count) {
            return None;
        }
        let mut doors: Vec<GroupDoor> = Vec::with_capacity(count);
        for _ in 0..count {
            let (account, after) = rest.split_first_chunk::<32>()?;
            let (introduction_key, after) = after.split_first_chunk::<32>()?;
            if doors.iter().any(|door| door.account.0 == *account) {
                return None;
            }
            doors.push(GroupDoor { account: AccountId(*account), introduction_key: *introduction_key });
            rest = after;
        }
        let name = std::str::from_utf8(rest).ok()?;
        if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return None;
        }
        Some(Self {
            service,
            conversation: *conversation,
            secret: *secret,
            approval: *approval == 1,
            doors,
            name: name.to_owned(),
        })
    }
}

/// The link itself, with its secrets: to be shown to whoever is to come in, and to no log.
impl fmt::Display for GroupInvitationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = u8::try_from(self.doors.len()).unwrap_or(u8::MAX);
        let start: [&[u8]; 3] = [&self.conversation, &self.secret, &[u8::from(self.approval), count]];
        let mut said = start.concat();
        for door in &self.doors {
            said.extend_from_slice(&door.account.0);
            said.extend_from_slice(&door.introduction_key);
        }
        said.extend_from_slice(self.name.as_bytes());
        f.write_str(&close(&self.service, VERSION, &said))
    }
}

impl FromStr for GroupInvitationLink {
    type Err = LinkError;
    fn from_str(text: &str) -> Result<Self, LinkError> {
        Self::parse(text)
    }
}

const VERSION: u8 = 2;
/// People at whom one link knocks: its maker, and two who may be there while they sleep.
pub const GROUP_DOORS_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InvitationLink;

    fn link(doors: u8) -> GroupInvitationLink {
        let door = |n| GroupDoor { account: AccountId([n; 32]), introduction_key: [n; 32] };
        GroupInvitationLink {
            service: ServiceAddress::parse("https://example.org").unwrap(),
            conversation: [1; 16],
            secret: [2; 16],
            approval: doors == 2,
            doors: (1..=doors).map(door).collect(),
            name: "Lake house".to_owned(),
        }
    }

    #[test]
    fn a_link_reads_back_what_it_wrote_and_is_no_invitation_of_a_person() {
        for doors in 1..=3 {
            let text = link(doors).to_string();
            assert!(text.starts_with("https://example.org/i#"), "{text}");
            let read = GroupInvitationLink::parse(&format!("\n{text} ")).ok().unwrap();
            assert!(read == link(doors) && read.to_string() == text);
            assert_eq!(InvitationLink::parse(&text).err(), Some(LinkError::OtherVersion));
        }
    }

    #[test]
    fn a_link_without_a_door_or_with_too_many_or_one_twice_is_damaged() {
        let mut twice = link(1);
        twice.doors.push(twice.doors[0].clone());
        for bad in [link(0), link(4), twice] {
            assert_eq!(GroupInvitationLink::parse(&bad.to_string()).err(), Some(LinkError::Damaged));
        }
    }

    #[test]
    fn t31_a_damaged_link_is_noticed_and_its_secrets_stand_in_the_fragment() {
        let text = link(2).to_string();
        assert_eq!(text.split_once('#').unwrap().0, "https://example.org/i");
        for place in text.find('#').unwrap() + 1..text.len() {
            assert_eq!(GroupInvitationLink::parse(&text[..place]).err(), Some(LinkError::Damaged));
        }
    }
}
