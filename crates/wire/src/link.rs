//! Invitation links (`docs/protocol/link.md`). The secret stands in the fragment, which a browser sends to nobody (T-31).

use core::net::{Ipv4Addr, Ipv6Addr};
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use vocab::AccountId;
use vocab::limits::NAME_CHARS_MAX;
use zeroize::Zeroize;

/// What a link says: where an account is, and that whoever holds the link may knock. No `Debug`, wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationLink {
    /// The service the account is at.
    pub service: ServiceAddress,
    /// Whose invitation it is.
    pub account: AccountId,
    /// The account's introduction key.
    pub introduction_key: [u8; 32],
    /// Using it counts as accepted by whoever made it; they can withdraw it.
    pub invitation_secret: [u8; 16],
    /// The inviter's name as they give it, so that whoever follows the link need not wait for it; may be empty. At most
    /// [`vocab::limits::NAME_CHARS_MAX`] characters.
    pub name: String,
}

impl Drop for InvitationLink {
    fn drop(&mut self) {
        self.introduction_key.zeroize();
        self.invitation_secret.zeroize();
    }
}

/// Scheme, host and port of a service, as they stand in a link. Only [`ServiceAddress::parse`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceAddress {
    secure: bool,
    host: String,
    port: Option<u16>,
}

impl ServiceAddress {
    /// Reads `https://HOST[:PORT]`, or `http://` for this machine itself. Host names are in lower case.
    ///
    /// # Errors
    /// [`LinkError::NotALink`], [`LinkError::NotSecure`].
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let (scheme, authority) = text.split_once("://").ok_or(LinkError::NotALink)?;
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(LinkError::NotALink),
        };
        let (host, port) = split_port(authority)?;
        if !host_valid(host) {
            return Err(LinkError::NotALink);
        }
        if !secure && !is_loopback(host) {
            return Err(LinkError::NotSecure);
        }
        Ok(Self { secure, host: host.to_owned(), port })
    }

    /// Over TLS; always so except on loopback.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// As given, or the scheme's own.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 443 } else { 80 })
    }
}

impl fmt::Display for ServiceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl FromStr for ServiceAddress {
    type Err = LinkError;
    fn from_str(text: &str) -> Result<Self, LinkError> {
        Self::parse(text)
    }
}

impl InvitationLink {
    /// Reads a link. Spaces and line ends around it, as copying leaves them, are fine; everything else is exact.
    ///
    /// # Errors
    /// [`LinkError`], whose text says what to do.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let (service, said) = open(text, VERSION)?;
        Self::from_payload(service, &said).ok_or(LinkError::Damaged)
    }

    fn from_payload(service: ServiceAddress, said: &[u8]) -> Option<Self> {
        let (account, rest) = said.split_first_chunk::<32>()?;
        let (introduction_key, rest) = rest.split_first_chunk::<32>()?;
        let (invitation_secret, name) = rest.split_first_chunk::<16>()?;
        let name = std::str::from_utf8(name).ok()?;
        if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return None;
        }
        Some(Self {
            service,
            account: AccountId(*account),
            introduction_key: *introduction_key,
            invitation_secret: *invitation_secret,
            name: name.to_owned(),
        })
    }
}

/// The link itself, with its secrets: to be shown to whoever is invited, and to no log.
impl fmt::Display for InvitationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said: [&[u8]; 4] =
            [&self.account.0, &self.introduction_key, &self.invitation_secret, self.name.as_bytes()];
        f.write_str(&close(&self.service, VERSION, &said.concat()))
    }
}

impl FromStr for InvitationLink {
    type Err = LinkError;
    fn from_str(text: &str) -> Result<Self, LinkError> {
        Self::parse(text)
    }
}

/// Why a link was not taken, in words for the person who pasted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Something else, or a part of one.
    #[error(
        "This is not an invitation link. It looks like https://example.org/i#… – copy the whole link and try again."
    )]
    NotALink,
    /// Not over TLS.
    #[error("This link is not secure: it begins with http:. Ask for one that begins with https:.")]
    NotSecure,
    /// Made by another version.
    #[error("This link was made by a newer version of Valise. Update Valise and try again.")]
    OtherVersion,
    /// Cut or changed on the way.
    #[error(
        "This link is damaged, perhaps cut when it was copied. Copy the whole link again, or ask for a new one."
    )]
    Damaged,
}

/// Service and content of a link of this version at the path of invitations.
pub(crate) fn open(text: &str, version: u8) -> Result<(ServiceAddress, Vec<u8>), LinkError> {
    let text = text.trim();
    if text.len() > LINK_BYTES_MAX {
        return Err(LinkError::NotALink);
    }
    let (address, fragment) = text.split_once('#').ok_or(LinkError::NotALink)?;
    let service = ServiceAddress::parse(address.strip_suffix(PATH).ok_or(LinkError::NotALink)?)?;
    let payload = URL_SAFE_NO_PAD.decode(fragment).map_err(|_| LinkError::Damaged)?;
    match payload.first() {
        Some(first) if *first == version => {}
        Some(_) => return Err(LinkError::OtherVersion),
        None => return Err(LinkError::Damaged),
    }
    let (said, sum) = payload.split_last_chunk::<CHECKSUM_BYTES>().ok_or(LinkError::Damaged)?;
    match said.split_first() {
        Some((_, content)) if *sum == checksum(said) => Ok((service, content.to_vec())),
        _ => Err(LinkError::Damaged),
    }
}

/// The link with this content.
pub(crate) fn close(service: &ServiceAddress, version: u8, content: &[u8]) -> String {
    let mut payload = [&[version], content].concat();
    payload.extend_from_slice(&checksum(&payload));
    format!("{service}{PATH}#{}", URL_SAFE_NO_PAD.encode(payload))
}

fn checksum(said: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&Sha256::digest(said)[..CHECKSUM_BYTES]);
    sum
}

/// A port is 1 to 65535, written without leading zeros.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), LinkError> {
    let after_host = if authority.starts_with('[') { authority.find(']') } else { Some(0) };
    let after_host = after_host.ok_or(LinkError::NotALink)?;
    let Some(colon) = authority[after_host..].find(':') else { return Ok((authority, None)) };
    let (host, port) = authority.split_at(after_host + colon);
    let digits = &port[1..];
    let port = digits.parse().ok().filter(|port: &u16| *port != 0 && port.to_string() == digits);
    port.map(|port| (host, Some(port))).ok_or(LinkError::NotALink)
}

fn host_valid(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().is_ok_and(|address| address.to_string() == inner);
    }
    let label_valid = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let numeric_end = host.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    let valid = host.len() <= 253 && host.split('.').all(label_valid);
    // Browsers read a host that ends in a number as an IPv4 address, so it has to be one.
    valid && (!numeric_end || host.parse::<Ipv4Addr>().is_ok())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

const PATH: &str = "/i";
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;
/// Longest link, bytes: scheme, a name of 253, a port, the path and at most 455 characters, with room to spare.
pub const LINK_BYTES_MAX: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn link(service: &str) -> InvitationLink {
        InvitationLink {
            service: ServiceAddress::parse(service).unwrap(),
            account: AccountId([1; 32]),
            introduction_key: [2; 32],
            invitation_secret: [3; 16],
            name: "Zoë".to_owned(),
        }
    }

    fn why(text: &str) -> LinkError {
        InvitationLink::parse(text).err().expect("the link is taken")
    }

    #[test]
    fn a_link_reads_back_what_it_wrote() {
        for service in [
            "https://example.org",
            "https://a-b.example.org:8443",
            "https://192.0.2.1",
            "https://[2001:db8::1]:444",
            "http://localhost:8080",
            "http://127.0.0.1:9",
            "http://[::1]:9",
        ] {
            let text = link(service).to_string();
            assert!(text.starts_with(&format!("{service}/i#")), "{text}");
            let read = InvitationLink::parse(&format!(" {text}\n")).ok().unwrap();
            assert!(read == link(service) && read.to_string() == text);
        }
    }

    #[test]
    fn t31_the_secrets_stand_after_the_fragment_sign_only() {
        let text = link("https://example.org").to_string();
        assert_eq!(text.split_once('#').unwrap().0, "https://example.org/i");
        assert_eq!(text.split_once('#').unwrap().1.len(), 119);
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        let text = link("https://example.org").to_string();
        assert_eq!(why(&text.replace("https", "http")), LinkError::NotSecure);
        for host in ["localhost.example.org", "128.0.0.1", "[::2]", "127.0.0.1.example.org"] {
            let there = text.replace("https", "http").replace("example.org", host);
            assert_eq!(why(&there), LinkError::NotSecure, "{host}");
        }
    }

    #[test]
    fn what_is_no_link_says_so() {
        let text = link("https://example.org").to_string();
        for bad in [
            "",
            "hello",
            "https://example.org/i",
            &text.replace("/i#", "/j#"),
            &text.replace("/i#", "#"),
            &text.replace("https", "HTTPS"),
            &text.replace("https", "ftp"),
            &text.replace("example.org", "user@example.org"),
            &text.replace("example.org", "Example.org"),
            &text.replace("example.org", "example.org:0"),
            &text.replace("example.org", "example.org:080"),
            &text.replace("example.org", "example.org:65536"),
            &text.replace("example.org", ""),
            &text.replace("example.org", "-a.org"),
            &text.replace("example.org", "a..org"),
            &text.replace("example.org", "1.2.3"),
            &text.replace("example.org", "[::1"),
            &text.replace("example.org", "[::01]"),
            &text.replace("example.org", &"a.".repeat(300)),
        ] {
            assert_eq!(why(bad), LinkError::NotALink, "{bad}");
        }
    }

    #[test]
    fn a_damaged_link_is_noticed_wherever_the_damage_is() {
        let text = link("https://example.org").to_string();
        let fragment = text.find('#').unwrap() + 1;
        for place in fragment..text.len() {
            assert_eq!(why(&text[..place]), LinkError::Damaged, "cut at {place}");
            let other = if &text[place..=place] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
            assert!(matches!(why(&changed), LinkError::Damaged | LinkError::OtherVersion), "{place}");
        }
        assert_eq!(why(&format!("{text}A")), LinkError::Damaged);
        assert_eq!(why(&format!("{text}=")), LinkError::Damaged);
    }

    #[test]
    fn a_link_of_a_later_version_asks_for_an_update() {
        let later = format!("https://example.org/i#{}", URL_SAFE_NO_PAD.encode([2; 60]));
        assert_eq!(why(&later), LinkError::OtherVersion);
        assert!(LinkError::OtherVersion.to_string().contains("Update"));
    }
}
