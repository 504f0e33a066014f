//! Asks a site for a page and a picture of it: little, not for long, nobody but the public internet, and without saying who asks.

use std::io::Read;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use media::{Limits, page, picture};
use screens::{GivenPreview, PreviewPicture};
use ureq::config::Config;
use ureq::http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use ureq::http::{Response, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, Error};
use url::{Position, Url};

use super::address;

/// Makes a preview of what a link leads to; nothing where that cannot be done within the bounds of this file.
pub(super) fn preview(link: &str, reach: Reach) -> Option<GivenPreview> {
    let mut visit = Visit {
        agent: agent(reach),
        reach,
        until: Instant::now() + FETCH_WAIT,
        bytes_left: FETCHED_BYTES_MAX,
    };
    let (place, response) = visit.ask(Url::parse(link).ok()?, "text/html,application/xhtml+xml")?;
    if !is_page(&response) {
        return None;
    }
    let html = visit.page(response)?;
    let page::Page { title, description, picture } = page::read(&html)?;
    // A page whose picture cannot be had is shown without.
    let picture = picture.and_then(|address| visit.picture(place.join(&address).ok()?));
    let picture = picture.map(|jpeg| PreviewPicture::Jpeg { base64: STANDARD.encode(jpeg) });
    Some(GivenPreview { url: link.to_owned(), title, description, picture })
}

/// A small picture of a picture; nothing of what is none.
pub(super) fn small(bytes: &[u8]) -> Option<Vec<u8>> {
    let limits =
        Limits { pixels: PICTURE_PIXELS_MAX, memory_bytes: PICTURE_MEMORY_BYTES_MAX, ..Limits::small() };
    picture::small_jpeg(bytes, &limits).ok().map(|small| small.jpeg)
}

/// Whom one may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The public internet, sealed.
    Public,
    /// This machine too, for tests: there without a seal.
    ThisMachine,
}

impl Reach {
    /// Whether an address may be connected to for that place. Asked for each connection, redirects and pictures included.
    fn lets(self, scheme: &str, address: IpAddr) -> bool {
        match (self, scheme) {
            (_, "https") if address::is_public(address) => true,
            (Self::ThisMachine, "http" | "https") => address.is_loopback(),
            _ => false,
        }
    }
}

/// What is asked for one preview, with what is left of its time and its bytes.
struct Visit {
    agent: Agent,
    reach: Reach,
    until: Instant,
    bytes_left: u64,
}

impl Visit {
    /// Follows a few redirects to what answers.
    fn ask(&mut self, mut place: Url, accept: &str) -> Option<(Url, Response<Body>)> {
        for _ in 0..=REDIRECTS_MAX {
            let named = place.username().is_empty() && place.password().is_none();
            if !named || !matches!((place.scheme(), self.reach), ("https", _) | ("http", Reach::ThisMachine))
            {
                return None;
            }
            let left = self.until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            // The part behind `#` is the reader's own business.
            let asked = self.agent.get(&place[..Position::AfterQuery]).header("accept", accept);
            let response = asked.config().timeout_global(Some(left)).build().call().ok()?;
            match response.status().as_u16() {
                200 => return Some((place, response)),
                301 | 302 | 303 | 307 | 308 => {
                    place = place.join(response.headers().get(LOCATION)?.to_str().ok()?).ok()?;
                }
                _ => return None,
            }
        }
        None
    }

    /// A page as far as its head goes.
    fn page(&mut self, response: Response<Body>) -> Option<Vec<u8>> {
        let mut reader = response.into_body().into_reader();
        let (mut html, mut piece) = (Vec::new(), [0; PIECE_BYTES]);
        while html.len() < page::PAGE_BYTES_MAX {
            let read = reader.read(&mut piece).ok()?;
            let seen = html.len();
            html.extend_from_slice(piece.get(..read)?);
            self.bytes_left = self.bytes_left.checked_sub(read as u64)?;
            if read == 0 || page::is_head_over(&html, seen) {
                break;
            }
        }
        Some(html)
    }

    fn picture(&mut self, place: Url) -> Option<Vec<u8>> {
        let (_, response) = self.ask(place, "image/jpeg,image/png,image/webp,image/gif")?;
        let most = self.bytes_left;
        if is_packed(&response) || response.body().content_length().is_some_and(|bytes| bytes > most) {
            return None;
        }
        let mut bytes = Vec::new();
        response.into_body().into_reader().take(most).read_to_end(&mut bytes).ok()?;
        // One that is as long as may be is perhaps cut off.
        if bytes.len() as u64 == most { None } else { small(&bytes) }
    }
}

/// A page to be read, and not packed: nothing is unpacked here, whatever it would become.
fn is_page(response: &Response<Body>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "text/html" | "application/xhtml+xml") && !is_packed(response)
}

fn is_packed(response: &Response<Body>) -> bool {
    let encoding = response.headers().get(CONTENT_ENCODING);
    encoding.is_some_and(|it| !it.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Without cookies, proxies or compression; redirects are followed here, each by the same rules.
fn agent(reach: Reach) -> Agent {
    let config = Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent(USER_AGENT)
        .accept_encoding("identity")
        .max_response_header_size(HEADER_BYTES_MAX)
        .max_idle_connections(0)
        .build();
    Agent::with_parts(config, DefaultConnector::default(), Careful { reach })
}

/// Gives only addresses that may be connected to: what is checked is what is connected to, not what another look-up says later.
#[derive(Debug)]
struct Careful {
    reach: Reach,
}

impl Resolver for Careful {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let mut let_through = self.empty();
        for place in found.iter() {
            if self.reach.lets(uri.scheme_str().unwrap_or_default(), place.ip()) {
                let_through.push(*place);
            }
        }
        if let_through.is_empty() { Err(Error::HostNotFound) } else { Ok(let_through) }
    }
}

/// All of it takes no longer: who sends waits for it.
pub(super) const PREVIEW_WAIT: Duration = Duration::from_secs(5);
/// What is asked of the site takes no longer, so that there is time for a picture to be made small.
const FETCH_WAIT: Duration = Duration::from_millis(4_500);
/// Bytes that are taken of a page and its picture together.
const FETCHED_BYTES_MAX: u64 = 1_000_000;
/// Redirects that are followed, of a page and of its picture.
const REDIRECTS_MAX: u32 = 3;
/// Bytes of the head of an answer.
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Bytes read at one time.
const PIECE_BYTES: usize = 8 * 1024;
/// Pixels of a picture that is made small.
const PICTURE_PIXELS_MAX: u64 = 25_000_000;
/// Memory that this may take, bytes.
const PICTURE_MEMORY_BYTES_MAX: u64 = 160 << 20;
/// The same for everybody and every version: it tells what asks, and of nobody who. Sites give their previews to what names itself.
const USER_AGENT: &str = "Valise link preview (bot)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sealed_line_to_the_public_internet_is_let_through() {
        let public = "1.1.1.1".parse().unwrap();
        let loopback = "127.0.0.1".parse().unwrap();
        let private = "10.0.0.1".parse().unwrap();
        for (reach, scheme, address, lets) in [
            (Reach::Public, "https", public, true),
            (Reach::Public, "http", public, false),
            (Reach::Public, "https", loopback, false),
            (Reach::Public, "https", private, false),
            (Reach::ThisMachine, "http", loopback, true),
            (Reach::ThisMachine, "http", public, false),
            (Reach::ThisMachine, "https", private, false),
            (Reach::ThisMachine, "ftp", loopback, false),
        ] {
            assert_eq!(reach.lets(scheme, address), lets, "{reach:?} {scheme} {address}");
        }
    }

    #[test]
    fn a_name_that_leads_home_is_not_asked() {
        for link in [
            "https://localhost/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://user:word@localhost/",
            "http://localhost/",
            "file:///etc/passwd",
            "no link",
        ] {
            assert!(preview(link, Reach::Public).is_none(), "{link}");
        }
    }
}
