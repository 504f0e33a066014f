//! The key of the database: random, in a file that only its owner reads, locked with a passphrase when one was given.

use std::fs;
use std::io;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::home::{Home, write_whole};
use crate::trouble::OpenTrouble;

/// The raw key.
pub(crate) type RawKey = Zeroizing<[u8; KEY_BYTES]>;

/// Reads the key, or makes one when there is no database yet.
pub(crate) fn load(home: &Home, passphrase: Option<&str>) -> Result<RawKey, OpenTrouble> {
    let path = home.key_file();
    match fs::read(&path).map(Zeroizing::new) {
        Ok(bytes) => open(&path, &bytes, passphrase),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // An empty file is a database that was never written to.
            if fs::metadata(home.database()).is_ok_and(|found| found.len() > 0) {
                return Err(OpenTrouble::KeyMissing(path));
            }
            make(&path, passphrase)
        }
        Err(why) => Err(OpenTrouble::Folder { path, why }),
    }
}

fn make(path: &Path, passphrase: Option<&str>) -> Result<RawKey, OpenTrouble> {
    let key = Zeroizing::new(random::<KEY_BYTES>()?);
    let bytes = match passphrase {
        Some(passphrase) => lock(&key, passphrase)?,
        None => Zeroizing::new(key.to_vec()),
    };
    write_whole(path, &bytes).map_err(|why| OpenTrouble::Folder { path: path.to_owned(), why })?;
    Ok(key)
}

fn open(path: &Path, bytes: &[u8], passphrase: Option<&str>) -> Result<RawKey, OpenTrouble> {
    if let Ok(plain) = <[u8; KEY_BYTES]>::try_from(bytes) {
        return Ok(Zeroizing::new(plain));
    }
    let damaged = || OpenTrouble::KeyDamaged(path.to_owned());
    let locked: Locked = serde_json::from_slice(bytes).map_err(|_| damaged())?;
    let passphrase = passphrase.ok_or(OpenTrouble::PassphraseNeeded)?;
    let (salt, nonce, sealed) = (
        hex::decode(&locked.salt).map_err(|_| damaged())?,
        hex::decode(&locked.nonce).map_err(|_| damaged())?,
        hex::decode(&locked.sealed).map_err(|_| damaged())?,
    );
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| damaged())?;
    let stretched = stretch(passphrase, &salt, &locked.cost).ok_or_else(damaged)?;
    let opened = XChaCha20Poly1305::new((&*stretched).into())
        .decrypt(XNonce::from_slice(&nonce), sealed.as_slice())
        .map_err(|_| OpenTrouble::PassphraseWrong)?;
    let opened = Zeroizing::new(opened);
    <[u8; KEY_BYTES]>::try_from(opened.as_slice()).map(Zeroizing::new).map_err(|_| damaged())
}

fn lock(key: &[u8; KEY_BYTES], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, OpenTrouble> {
    let (salt, nonce) = (random::<SALT_BYTES>()?, random::<NONCE_BYTES>()?);
    let stretched = stretch(passphrase, &salt, &COST).ok_or(OpenTrouble::Randomness)?;
    let sealed = XChaCha20Poly1305::new((&*stretched).into())
        .encrypt(XNonce::from_slice(&nonce), key.as_slice())
        .map_err(|_| OpenTrouble::Randomness)?;
    let locked = Locked {
        cost: COST,
        salt: hex::encode(salt),
        nonce: hex::encode(nonce),
        sealed: hex::encode(sealed),
    };
    serde_json::to_vec(&locked).map(Zeroizing::new).map_err(|_| OpenTrouble::Randomness)
}

/// Nothing when the cost on file is out of bounds.
fn stretch(passphrase: &str, salt: &[u8], cost: &Cost) -> Option<RawKey> {
    let fits = cost.memory_kib <= MEMORY_KIB_MAX && cost.passes <= PASSES_MAX && cost.lanes <= LANES_MAX;
    let params =
        Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_BYTES)).ok().filter(|_| fits)?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut *key)
        .ok()?;
    Some(key)
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], OpenTrouble> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| OpenTrouble::Randomness)?;
    Ok(bytes)
}

/// A key locked with a passphrase, as on file.
#[derive(Serialize, Deserialize)]
struct Locked {
    #[serde(rename = "argon2id")]
    cost: Cost,
    salt: String,
    nonce: String,
    sealed: String,
}

/// What one guess costs.
#[derive(Serialize, Deserialize)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// RFC 9106 section 4, the second recommended choice: 64 MiB, three passes, four lanes.
const COST: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
/// A file asks for no more than this computer can give: 1 GiB, 64 passes, 16 lanes.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 16;

const KEY_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::address::ServerAddress;
    use crate::home::Options;

    fn home(folder: &tempfile::TempDir) -> Home {
        let server = ServerAddress::parse("https://a.example").unwrap();
        Home::find(&Options::new(folder.path().join("home"), server)).unwrap()
    }

    #[test]
    fn a_key_is_made_once_and_read_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(&folder);
        let made = load(&home, None).unwrap();
        assert_eq!(*load(&home, None).unwrap(), *made);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&home.key_file()), 0o600);
        assert_eq!(mode(home.path()), 0o700);
    }

    #[test]
    fn a_passphrase_locks_the_key_and_only_it_opens_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(&folder);
        let made = load(&home, Some("a long walk by the sea")).unwrap();
        let file = fs::read(home.key_file()).unwrap();
        assert!(!file.windows(32).any(|part| part == *made));
        assert_eq!(*load(&home, Some("a long walk by the sea")).unwrap(), *made);
        assert!(matches!(load(&home, Some("another")), Err(OpenTrouble::PassphraseWrong)));
        assert!(matches!(load(&home, None), Err(OpenTrouble::PassphraseNeeded)));
    }

    #[test]
    fn a_missing_or_damaged_key_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(&folder);
        fs::write(home.database(), b"something").unwrap();
        assert!(matches!(load(&home, None), Err(OpenTrouble::KeyMissing(_))));
        assert!(!home.key_file().exists());
        let greedy = r#"{"argon2id":{"memory_kib":4294967295,"passes":3,"lanes":4},"salt":"00","nonce":"","sealed":""}"#;
        for damaged in [&b"short"[..], b"{}", greedy.as_bytes()] {
            fs::write(home.key_file(), damaged).unwrap();
            assert!(matches!(load(&home, Some("x")), Err(OpenTrouble::KeyDamaged(_))));
            assert_eq!(fs::read(home.key_file()).unwrap(), damaged);
        }
    }
}
