//! The server's address.

use std::net::IpAddr;

use app::{Door, ServiceAddress};

use crate::trouble::OpenTrouble;

/// A server's address, checked: `https://host[:port]`, or `http://` on this computer only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress(ServiceAddress);

impl ServerAddress {
    /// Reads what a person typed: with or without `https://`.
    ///
    /// # Errors
    /// [`OpenTrouble::Address`], [`OpenTrouble::PlainElsewhere`].
    pub fn parse(typed: &str) -> Result<Self, OpenTrouble> {
        let typed = typed.trim();
        let lower = typed.to_lowercase();
        let (scheme, rest) = lower.split_once("://").unwrap_or(("https", &lower));
        // `ws` and `wss` are what the doors use; a person may know the server by either.
        let (scheme, usual_port) = match scheme {
            "http" | "ws" => ("http", ":80"),
            "https" | "wss" => ("https", ":443"),
            _ => return Err(OpenTrouble::Address(typed.to_owned())),
        };
        let rest = rest.trim_end_matches('/');
        let rest = rest.strip_suffix(usual_port).unwrap_or(rest);
        match ServiceAddress::parse(&format!("{scheme}://{rest}")) {
            Ok(address) => Ok(Self(address)),
            Err(client::LinkError::NotSecure) => {
                Err(OpenTrouble::PlainElsewhere(format!("{scheme}://{rest}")))
            }
            Err(_) => Err(OpenTrouble::Address(typed.to_owned())),
        }
    }

    /// As it stands in links.
    pub(crate) fn service(&self) -> &ServiceAddress {
        &self.0
    }

    /// Whether the connection is encrypted.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.is_secure()
    }

    /// Host and port to connect to; an IPv6 address without its brackets.
    pub(crate) fn endpoint(&self) -> (&str, u16) {
        (self.0.host().trim_start_matches('[').trim_end_matches(']'), self.0.port())
    }

    /// Address of a door's WebSocket.
    pub(crate) fn socket(&self, door: Door) -> String {
        let scheme = if self.is_secure() { "wss" } else { "ws" };
        format!("{scheme}://{}:{}{}", self.0.host(), self.0.port(), door.path())
    }

    /// Whether an address found for the host may be used: a plain connection stays on this computer.
    pub(crate) fn allows(&self, ip: IpAddr) -> bool {
        self.is_secure() || ip.is_loopback()
    }
}

/// As it stands in links and on file: `https://lindenhof.example`.
impl std::fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form_however_it_was_typed() {
        for (typed, address, socket) in [
            ("lindenhof.example", "https://lindenhof.example", "wss://lindenhof.example:443/v1/mailbox"),
            (
                "HTTPS://Lindenhof.example:443/",
                "https://lindenhof.example",
                "wss://lindenhof.example:443/v1/mailbox",
            ),
            ("wss://a.example:8443", "https://a.example:8443", "wss://a.example:8443/v1/mailbox"),
            (" http://127.0.0.1:8080 ", "http://127.0.0.1:8080", "ws://127.0.0.1:8080/v1/mailbox"),
            ("http://[::1]:8080", "http://[::1]:8080", "ws://[::1]:8080/v1/mailbox"),
            ("ws://localhost", "http://localhost", "ws://localhost:80/v1/mailbox"),
        ] {
            let parsed = ServerAddress::parse(typed).unwrap();
            assert_eq!(parsed.to_string(), address, "{typed}");
            assert_eq!(parsed.socket(Door::Mailbox), socket, "{typed}");
            assert_eq!(ServerAddress::parse(address).unwrap(), parsed);
        }
        assert_eq!(ServerAddress::parse("http://[::1]:9").unwrap().endpoint(), ("::1", 9));
    }

    #[test]
    fn what_is_no_address_or_not_safe_is_refused() {
        for bad in
            ["", "https://", "ftp://a.example", "https://a.example/path", "https://u:p@a.example", "a b"]
        {
            assert!(matches!(ServerAddress::parse(bad), Err(OpenTrouble::Address(_))), "{bad}");
        }
        for plain in ["http://a.example", "ws://192.168.1.5:8080", "http://localhost.a.example"] {
            assert!(matches!(ServerAddress::parse(plain), Err(OpenTrouble::PlainElsewhere(_))), "{plain}");
        }
    }

    #[test]
    fn a_plain_connection_stays_here_even_if_a_name_leads_elsewhere() {
        let plain = ServerAddress::parse("http://localhost").unwrap();
        assert!(plain.allows([127, 0, 0, 1].into()));
        assert!(!plain.allows([192, 0, 2, 1].into()));
        assert!(ServerAddress::parse("https://a.example").unwrap().allows([192, 0, 2, 1].into()));
    }
}
