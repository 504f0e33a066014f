//! Several accounts of one person: a home folder for each, with its own database, key, lock and connections. Nothing is
//! shared between them but the folder they lie in.

use std::fs;
use std::path::{Path, PathBuf};

use crate::home::{Home, Options};
use crate::trouble::OpenTrouble;

/// One of several accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountHome {
    /// What its owner calls it; nothing for the one that lies in the folder itself.
    pub name: Option<String>,
    /// Its home.
    pub home: PathBuf,
    /// Its server.
    pub server: String,
}

/// The home of the account of this name within a folder.
///
/// # Errors
/// [`OpenTrouble::AccountName`].
pub fn account_home(folder: &Path, name: &str) -> Result<PathBuf, OpenTrouble> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > ACCOUNT_NAME_BYTES_MAX || !name.chars().all(fits) {
        return Err(OpenTrouble::AccountName(name.to_owned()));
    }
    Ok(folder.join(ACCOUNTS).join(name))
}

/// The accounts that a folder holds: the one in the folder itself, then the others by name.
///
/// # Errors
/// [`OpenTrouble`] for a folder or a file that cannot be read.
pub fn accounts(folder: &Path) -> Result<Vec<AccountHome>, OpenTrouble> {
    let mut found = Vec::new();
    found.extend(account(None, folder.to_owned())?);
    let inside = folder.join(ACCOUNTS);
    let entries = match fs::read_dir(&inside) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        Err(why) => return Err(OpenTrouble::Folder { path: inside, why }),
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| account_home(folder, name).is_ok()).collect();
    names.sort_unstable();
    for name in names.into_iter().take(ACCOUNTS_MAX) {
        let home = account_home(folder, &name)?;
        found.extend(account(Some(name), home)?);
    }
    Ok(found)
}

fn account(name: Option<String>, home: PathBuf) -> Result<Option<AccountHome>, OpenTrouble> {
    let found = match Home::find(&Options::at(&home)) {
        Ok(found) => found,
        Err(OpenTrouble::NoHome(_)) => return Ok(None),
        Err(trouble) => return Err(trouble),
    };
    let server = found.server()?.map(|file| file.server).unwrap_or_default();
    Ok(Some(AccountHome { name, home, server }))
}

/// A moment of random length: accounts that connect together could be told to be of one person.
///
/// # Errors
/// [`OpenTrouble`] when the system has no randomness.
pub fn a_moment(up_to: std::time::Duration) -> Result<std::time::Duration, OpenTrouble> {
    let bytes: [u8; 4] = crate::key::random()?;
    Ok(up_to.mul_f64(f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)))
}

/// Where the further accounts lie.
const ACCOUNTS: &str = "accounts";
/// Longest name of an account.
const ACCOUNT_NAME_BYTES_MAX: usize = 32;
/// More accounts than one person has.
const ACCOUNTS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_folder_of_its_own_and_never_another_place() {
        let folder = Path::new("/home/anna/valise");
        assert_eq!(account_home(folder, "work").unwrap(), folder.join("accounts/work"));
        for bad in ["", "..", ".", "a/b", "Work", "a b", "ä", &"x".repeat(33)] {
            assert!(matches!(account_home(folder, bad), Err(OpenTrouble::AccountName(_))), "{bad}");
        }
    }

    #[test]
    fn a_folder_tells_its_accounts_and_passes_over_what_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(accounts(folder.path()).unwrap(), []);
        for name in ["work", "club", "empty"] {
            let home = account_home(folder.path(), name).unwrap();
            fs::create_dir_all(&home).unwrap();
            if name != "empty" {
                fs::write(home.join("server.json"), format!(r#"{{"server":"https://{name}.example"}}"#))
                    .unwrap();
            }
        }
        let found = accounts(folder.path()).unwrap();
        let told: Vec<_> = found.iter().map(|it| (it.name.as_deref().unwrap(), it.server.as_str())).collect();
        assert_eq!(told, [("club", "https://club.example"), ("work", "https://work.example")]);
    }
}
