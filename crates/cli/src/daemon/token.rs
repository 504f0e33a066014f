//! The secret with which programs of this machine show that they may use the account over HTTP.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::end::Stop;

/// A token, and where it lies.
pub struct Token {
    /// For whoever needs it.
    pub path: PathBuf,
    secret: Zeroizing<String>,
}

/// The token of a home; made at the first time, readable by its owner only.
pub fn load(home: &Path) -> Result<Token, Stop> {
    let path = home.join("bot-token");
    let secret = match read(&path) {
        Ok(secret) => secret,
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path)?,
        Err(error) => return Err(unusable(&path, &error.to_string())),
    };
    if secret.len() < SECRET_CHARS_MIN {
        return Err(unusable(&path, "it is too short to be a secret"));
    }
    Ok(Token { path, secret })
}

fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let others = fs::metadata(path)?.mode() & OTHERS;
    if others != 0 {
        return Err(io::Error::other("others on this computer may read or write it"));
    }
    Ok(Zeroizing::new(fs::read_to_string(path)?.trim().to_owned()))
}

fn make(path: &Path) -> Result<Zeroizing<String>, Stop> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    getrandom::fill(bytes.as_mut()).map_err(|error| unusable(path, &error.to_string()))?;
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
    let written = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| unusable(path, &error.to_string()))?;
    Ok(secret)
}

fn unusable(path: &Path, why: &str) -> Stop {
    Stop::refused(format!(
        "The token {} cannot be used: {why}. Delete the file, then a new one is made at the next start.",
        path.display()
    ))
}

impl Token {
    /// Whether a header of the form `Bearer …` carries it.
    pub fn is_in(&self, header: &[u8]) -> bool {
        let Some((kind, given)) = header.split_at_checked(SCHEME.len()) else { return false };
        kind.eq_ignore_ascii_case(SCHEME) && bool::from(given.trim_ascii().ct_eq(self.secret.as_bytes()))
    }
}

const SCHEME: &[u8] = b"Bearer ";
const SECRET_BYTES: usize = 32;
/// Shorter ones were not made here, and can be tried out.
const SECRET_CHARS_MIN: usize = 32;
const OTHERS: u32 = 0o077;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("valise-token-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn it_is_made_once_and_for_its_owner_only() {
        let home = folder("once");
        let token = load(&home).ok().unwrap();
        assert_eq!(fs::metadata(&token.path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = load(&home).ok().unwrap();
        assert_eq!(*token.secret, *again.secret);
        let header = format!("bearer {}", *token.secret);
        assert!(token.is_in(header.as_bytes()));
        for wrong in
            ["", "Bearer", "Bearer ", &format!("Basic {}", *token.secret), &header[..header.len() - 1]]
        {
            assert!(!token.is_in(wrong.as_bytes()), "{wrong}");
        }
        fs::remove_dir_all(home).unwrap();
    }

    #[test]
    fn one_that_others_read_or_that_is_short_is_refused() {
        let home = folder("weak");
        let path = load(&home).ok().unwrap().path;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(load(&home).is_err());
        fs::write(&path, "short").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(load(&home).is_err());
        fs::remove_dir_all(home).unwrap();
    }
}
