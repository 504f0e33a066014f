//! Device links (`docs/protocol/linking.md`): what a new device shows to one that the account has. Opening one anywhere starts
//! nothing (T-07): there is no page at its path, and only a device whose person asked for it reads one.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::link::{LINK_BYTES_MAX, LinkError, ServiceAddress};

/// What a new device shows. No `Debug`, wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceLink {
    /// The service both devices meet at.
    pub service: ServiceAddress,
    /// Where they meet there.
    pub secret: [u8; 32],
    /// SHA-256 of what the new device says first: nobody else can say it.
    pub hello: [u8; 32],
}

impl Drop for DeviceLink {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl DeviceLink {
    /// Reads a link. Spaces and line ends around it are fine; everything else is exact.
    ///
    /// # Errors
    /// [`LinkError`]; its texts speak of invitations, a front end has words of its own.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if text.len() > LINK_BYTES_MAX {
            return Err(LinkError::NotALink);
        }
        let (address, fragment) = text.split_once('#').ok_or(LinkError::NotALink)?;
        let service = ServiceAddress::parse(address.strip_suffix(PATH).ok_or(LinkError::NotALink)?)?;
        let payload = URL_SAFE_NO_PAD.decode(fragment).map_err(|_| LinkError::Damaged)?;
        match payload.first() {
            Some(&VERSION) => {}
            Some(_) => return Err(LinkError::OtherVersion),
            None => return Err(LinkError::Damaged),
        }
        let (said, sum) = payload.split_last_chunk::<CHECKSUM_BYTES>().ok_or(LinkError::Damaged)?;
        if *sum != checksum(said) {
            return Err(LinkError::Damaged);
        }
        let (secret, rest) = said[1..].split_first_chunk::<32>().ok_or(LinkError::Damaged)?;
        let hello = rest.try_into().map_err(|_| LinkError::Damaged)?;
        Ok(Self { service, secret: *secret, hello })
    }
}

/// The link itself, with its secret: to be shown to one's own device, and to no log.
impl fmt::Display for DeviceLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut payload = vec![VERSION];
        payload.extend_from_slice(&self.secret);
        payload.extend_from_slice(&self.hello);
        payload.extend_from_slice(&checksum(&payload));
        write!(f, "{}{PATH}#{}", self.service, URL_SAFE_NO_PAD.encode(payload))
    }
}

impl FromStr for DeviceLink {
    type Err = LinkError;
    fn from_str(text: &str) -> Result<Self, LinkError> {
        Self::parse(text)
    }
}

fn checksum(said: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&Sha256::digest(said)[..CHECKSUM_BYTES]);
    sum
}

const PATH: &str = "/d";
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InvitationLink;

    fn link() -> DeviceLink {
        DeviceLink {
            service: ServiceAddress::parse("https://example.org").unwrap(),
            secret: [2; 32],
            hello: [3; 32],
        }
    }

    #[test]
    fn a_link_reads_back_what_it_wrote_and_hides_its_secret_behind_the_fragment() {
        let text = link().to_string();
        assert!(text.starts_with("https://example.org/d#"), "{text}");
        assert!(DeviceLink::parse(&format!(" {text}\n")).ok().unwrap() == link());
    }

    #[test]
    fn an_invitation_is_no_device_link_and_the_other_way_round() {
        let text = link().to_string();
        assert_eq!(InvitationLink::parse(&text).err(), Some(LinkError::NotALink));
        assert_eq!(DeviceLink::parse(&text.replace("/d#", "/i#")).err(), Some(LinkError::NotALink));
    }

    #[test]
    fn damage_is_noticed_wherever_it_is() {
        let text = link().to_string();
        for place in text.find('#').unwrap() + 1..text.len() {
            let other = if &text[place..=place] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
            assert!(DeviceLink::parse(&changed).is_err(), "{place}");
            assert!(DeviceLink::parse(&text[..place]).is_err(), "cut at {place}");
        }
        assert_eq!(DeviceLink::parse(&text.replace("https:", "http:")).err(), Some(LinkError::NotSecure));
    }
}
