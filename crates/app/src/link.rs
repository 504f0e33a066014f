//! Invitation links, which lead to people of one's own server.

use client::{InvitationSecrets, Link};

use crate::words::{self, No};

/// Writes and reads the links of one server.
pub(crate) struct Links {
    server: String,
}

impl Links {
    /// Of the server with this address.
    pub fn new(server: String) -> Self {
        Self { server: server.trim_end_matches('/').to_owned() }
    }

    /// The server's name as people say it: its address without the beginning.
    pub fn server_name(&self) -> &str {
        name_of(&self.server)
    }

    /// The link that carries an invitation.
    pub fn write(&self, secrets: InvitationSecrets) -> String {
        let InvitationSecrets { account, introduction, secret, name } = secrets;
        Link { server: self.server.clone(), account, introduction, secret, name }.to_string()
    }

    /// Reads what may be a link; `None` when it is something else.
    pub fn read(&self, typed: &str) -> Result<Option<Link>, No> {
        let typed = typed.trim();
        if !typed.contains("://") {
            return Ok(None);
        }
        let link: Link = typed.parse().map_err(|error| words::bad_link(&error))?;
        let same = link.server.trim_end_matches('/').eq_ignore_ascii_case(&self.server);
        if same { Ok(Some(link)) } else { Err(words::link_of_another_server(name_of(&link.server), self.server_name())) }
    }
}

fn name_of(server: &str) -> &str {
    let name = server.split_once("://").map_or(server, |(_, name)| name);
    name.trim_end_matches('/')
}
