//! The rules themselves. To change one is a decision about the architecture, not about a test.

/// What one crate may know of the others.
pub struct Arrow {
    /// The crate.
    pub from: &'static str,
    /// The crates it may depend on and mention.
    to: &'static [&'static str],
    /// What the missing arrows keep true.
    pub guards: &'static str,
}

impl Arrow {
    /// Whether the arrow to this crate exists.
    pub fn allows(&self, to: &str) -> bool {
        self.to.contains(&to)
    }
}

const fn arrow(from: &'static str, to: &'static [&'static str], guards: &'static str) -> Arrow {
    Arrow { from, to, guards }
}

/// One row for each crate; nothing points at `sim`, because test code never ships.
pub const ARROWS: &[Arrow] = &[
    arrow("vocab", &[], "the words belong to nobody"),
    arrow("wire", &["vocab"], "the protocol can be read without what it carries"),
    arrow("seal", &["vocab"], "cryptography can be reviewed without the protocol"),
    arrow("crypto", &["vocab", "seal"], "cryptography can be reviewed without the protocol"),
    arrow("media", &["vocab"], "what decodes files of others can be read, fuzzed and replaced alone"),
    arrow("vcard", &[], "what reads cards of others can be read, fuzzed and replaced alone"),
    arrow("client-db", &["vocab"], "storage knows bytes, not what they mean"),
    arrow(
        "client",
        &["vocab", "wire", "crypto", "client-db"],
        "no runtime, clock or socket in the core, and no host",
    ),
    arrow("screens", &["vocab"], "a front end cannot speak the protocol or touch a key"),
    arrow(
        "app",
        &["client", "media", "screens", "vcard", "vocab"],
        "wording and order are decided without protocol or keys",
    ),
    arrow("host-native", HOST, "a host moves bytes and decides nothing"),
    // The private file system is opened by the platform's part of the database, before the core is.
    arrow(
        "host-web",
        &["client", "client-db", "app", "media", "vocab", "screens"],
        "a host moves bytes and decides nothing",
    ),
    arrow("web", &["screens", "vocab"], "a front end cannot speak the protocol or touch a key"),
    arrow(
        "cli",
        &["screens", "host-native", "media", "vcard", "vocab"],
        "a front end cannot speak the protocol or touch a key",
    ),
    arrow("server-db", &["vocab"], "storage knows bytes, not what they mean"),
    arrow(
        "server",
        &["vocab", "wire", "seal", "server-db"],
        "the service has no code that could open content",
    ),
    arrow(
        "sim",
        &[
            "vocab",
            "wire",
            "seal",
            "crypto",
            "client-db",
            "client",
            "media",
            "screens",
            "app",
            "host-native",
            "server-db",
            "server",
        ],
        "the simulated world has no browser",
    ),
    arrow(
        "bench",
        &["vocab", "wire", "seal", "crypto", "client", "client-db", "app", "screens", "host-native"],
        "measurements are taken of the service's real program, not of its insides",
    ),
    arrow("e2e", &["vocab", "wire"], "what is tested is what ships: the built programs, from outside"),
    arrow("web-bundle", &[], "a tool knows nothing of what it packs"),
    arrow("xtask", &[], "the tasks work even when the product does not compile"),
];

const HOST: &[&str] = &["client", "app", "media", "vocab", "screens"];

/// The crates that run the same everywhere: no clock, socket, thread, file or target in them.
pub const PURE: [&str; 9] = ["vocab", "wire", "seal", "crypto", "client", "media", "vcard", "app", "screens"];

/// What a pure crate must not use outside its tests, and what it does instead.
pub const PURE_PATHS: [(&[&str], &str); 9] = [
    (&["std", "time", "SystemTime"], "the time comes in with each input"),
    (&["std", "time", "Instant"], "the time comes in with each input"),
    (&["std", "net"], "a host moves the bytes; addresses as plain values are in `core::net`"),
    (&["std", "thread"], "heavy work is a job for the host"),
    (&["std", "fs"], "a host reads and writes files"),
    (&["std", "process"], "a host ends the program"),
    (&["std", "env"], "a host reads the settings and hands them in"),
    (&["std", "os"], "the code is the same on every machine"),
    (&["tokio"], "a host waits; the core is called"),
];

/// What a pure crate must not ask the compiler. Platform conditions live in `client-db`.
pub const PLATFORM_WORDS: [&str; 4] = ["target_arch", "target_os", "target_family", "target_env"];

/// Pure crates that may have a dependency for one target in their manifest, and why.
pub const TARGET_TABLES: [(&str, &str); 1] = [(
    "crypto",
    "libraries take randomness from the browser only when told so by a feature; no code of ours differs",
)];
