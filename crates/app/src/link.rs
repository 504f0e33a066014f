//! Invitation links, which lead to people of one's own server.

use client::{
    ConversationId, DeviceLink, GroupDoor, GroupInvitation, GroupInvitationLink, InvitationLink,
    InvitationSecrets, LinkSecrets, ServiceAddress,
};

use crate::link_words;
use crate::words::{self, No};

/// Writes and reads the links of one server.
pub(crate) struct Links {
    server: ServiceAddress,
    name: String,
}

impl Links {
    /// Of the server with this address.
    pub fn new(server: ServiceAddress) -> Self {
        Self { name: name_of(&server), server }
    }

    /// The server's name as people say it: its address without the beginning.
    pub fn server_name(&self) -> &str {
        &self.name
    }

    /// The link that carries an invitation.
    pub fn write(&self, secrets: InvitationSecrets) -> String {
        InvitationLink {
            service: self.server.clone(),
            account: secrets.account,
            introduction_key: secrets.introduction,
            invitation_secret: secrets.secret,
            name: secrets.name,
        }
        .to_string()
    }

    /// The link that a new device shows.
    pub fn write_device(&self, secrets: &LinkSecrets) -> String {
        let LinkSecrets { secret, hello } = *secrets;
        DeviceLink { service: self.server.clone(), secret, hello }.to_string()
    }

    /// Reads one, as a person gave it.
    pub fn read_device(&self, typed: &str) -> Result<LinkSecrets, No> {
        let link = DeviceLink::parse(typed).map_err(|_| link_words::not_a_device_link())?;
        if !same(&link.service, &self.server) {
            return Err(words::link_of_another_server(&name_of(&link.service), &self.name));
        }
        Ok(LinkSecrets { secret: link.secret, hello: link.hello })
    }

    /// The link that leads into a group.
    pub fn write_group(&self, invitation: &GroupInvitation) -> String {
        let door = |(account, introduction_key): &(vocab::AccountId, [u8; 32])| GroupDoor {
            account: *account,
            introduction_key: *introduction_key,
        };
        GroupInvitationLink {
            service: self.server.clone(),
            conversation: invitation.conversation.0,
            secret: invitation.secret,
            approval: invitation.approval,
            doors: invitation.doors.iter().map(door).collect(),
            name: invitation.name.clone(),
        }
        .to_string()
    }

    /// Reads what may be a link into a group; `None` when it is something else.
    pub fn read_group(&self, typed: &str) -> Result<Option<GroupInvitation>, No> {
        let Ok(link) = GroupInvitationLink::parse(typed) else { return Ok(None) };
        if !same(&link.service, &self.server) {
            return Err(words::link_of_another_server(&name_of(&link.service), &self.name));
        }
        Ok(Some(GroupInvitation {
            conversation: ConversationId(link.conversation),
            secret: link.secret,
            approval: link.approval,
            doors: link.doors.iter().map(|door| (door.account, door.introduction_key)).collect(),
            name: link.name.clone(),
        }))
    }

    /// Reads what may be a link; `None` when it is something else.
    pub fn read(&self, typed: &str) -> Result<Option<InvitationSecrets>, No> {
        let typed = typed.trim();
        if !typed.contains("://") {
            return Ok(None);
        }
        if self.read_group(typed)?.is_some() {
            return Err(words::link_into_group());
        }
        let link = InvitationLink::parse(typed).map_err(|error| No::usage(error.to_string()))?;
        if !same(&link.service, &self.server) {
            return Err(words::link_of_another_server(&name_of(&link.service), &self.name));
        }
        Ok(Some(InvitationSecrets {
            account: link.account,
            introduction: link.introduction_key,
            secret: link.invitation_secret,
            name: link.name.clone(),
        }))
    }
}

/// A port that is the scheme's own may be written or not, and this machine has several names.
fn same(one: &ServiceAddress, other: &ServiceAddress) -> bool {
    let here = |address: &ServiceAddress| {
        let host = address.host();
        host == "localhost" || host == "[::1]" || host.starts_with("127.")
    };
    (one.host() == other.host() || (here(one) && here(other)))
        && (one.is_secure(), one.port()) == (other.is_secure(), other.port())
}

fn name_of(server: &ServiceAddress) -> String {
    let address = server.to_string();
    address.split_once("://").map_or(address.clone(), |(_, name)| name.to_owned())
}
