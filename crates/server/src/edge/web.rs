//! The web app's files, embedded when the program was built, and the headers of every answer.

use hyper::header::{HeaderName, HeaderValue};

/// One file of the web app.
pub struct WebFile {
    /// Path without leading slash.
    pub path: &'static str,
    /// Content type.
    pub media_type: &'static str,
    /// Changes with the content.
    pub tag: &'static str,
    /// As it is.
    pub plain: &'static [u8],
    /// Compressed, where that is smaller.
    pub brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// The file of a path; `/` is the page itself, and so is `/i`, where invitations lead. Nothing but the list is served.
pub fn find(path: &str) -> Option<&'static WebFile> {
    let name = match path.strip_prefix('/')? {
        "" | "i" => "index.html",
        name => name,
    };
    let files = if FILES.is_empty() { WITHOUT_WEB_APP } else { FILES };
    files.iter().find(|file| file.path == name)
}

/// How long a browser keeps a file: for good where the name carries a hash, else it asks again each time.
pub fn cache_control(path: &str) -> &'static str {
    let hashed =
        |part: &str| part.len() >= HASH_DIGITS_MIN && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if path.split(['/', '.', '-', '_']).any(hashed) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

/// The headers that every answer carries. `host` is the name the browser asked for: a WebSocket to it is allowed by name
/// too, for browsers that do not count it as the page's own.
pub fn security_headers(host: Option<&str>) -> Vec<(HeaderName, HeaderValue)> {
    let sockets = host
        .filter(|host| !host.is_empty() && host.len() <= HOST_BYTES_MAX && host.bytes().all(is_host_byte))
        .map(|host| format!(" ws://{host} wss://{host}"))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
         font-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'{sockets}; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut headers: Vec<_> = FIXED_HEADERS
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    headers.extend(
        HeaderValue::from_str(&policy)
            .ok()
            .map(|policy| (HeaderName::from_static("content-security-policy"), policy)),
    );
    headers
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte)
}

const FIXED_HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(self), microphone=(self), geolocation=(self), interest-cohort=()"),
    ("x-frame-options", "DENY"),
];

const WITHOUT_WEB_APP: &[WebFile] = &[WebFile {
    path: "index.html",
    media_type: "text/html; charset=utf-8",
    tag: "without-web-app",
    plain: b"<!doctype html>\n<html lang=\"en\">\n<title>Valise</title>\n<p>This Valise service was built without its \
        web app. It works with every other Valise app.</p>\n</html>\n",
    brotli: None,
}];

/// Bytes of a host name with port.
const HOST_BYTES_MAX: usize = 261;
/// Hexadecimal digits that make a part of a name a hash.
const HASH_DIGITS_MIN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strange_host_adds_nothing_to_the_policy() {
        let policy = |host| {
            let headers = security_headers(host);
            headers.into_iter().find(|(name, _)| name == "content-security-policy").unwrap().1
        };
        let with = policy(Some("chat.example.org:8443"));
        assert!(
            with.to_str()
                .unwrap()
                .contains("connect-src 'self' ws://chat.example.org:8443 wss://chat.example.org:8443;")
        );
        for strange in ["a; script-src *", "a b", "", "ä"] {
            assert!(policy(Some(strange)).to_str().unwrap().contains("connect-src 'self';"), "{strange}");
        }
    }

    #[test]
    fn t07_a_device_link_that_is_opened_leads_to_no_page() {
        assert!(find("/i").is_some() && find("/d").is_none());
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_good() {
        assert_eq!(cache_control("index.html"), "no-cache");
        assert_eq!(cache_control("page/page.js"), "no-cache");
        assert!(cache_control("page/page-0123456789abcdef.js").ends_with("immutable"));
    }
}
