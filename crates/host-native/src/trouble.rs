//! Why a core could not be opened: what is, why, what now. Nothing is ever deleted.

use std::path::PathBuf;

/// Why a home could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenTrouble {
    /// No account was begun in this folder.
    #[error("There is no account in {0} yet. Create one with: valise register")]
    NoHome(PathBuf),
    /// That cannot be the name of an account.
    #[error("“{0}” cannot be the name of an account. Use 1 to 32 small letters, digits, - and _.")]
    AccountName(String),
    /// The folder cannot be made or read.
    #[error(
        "The folder {path} cannot be used: {why}. Choose another with --home, or correct its permissions."
    )]
    Folder {
        /// Which.
        path: PathBuf,
        /// The system's word for it.
        why: std::io::Error,
    },
    /// The folder belongs to another user of this computer.
    #[error(
        "The folder {0} belongs to somebody else on this computer, and an account is used by its owner only. Choose \
         another with --home."
    )]
    SomebodyElses(PathBuf),
    /// Others may write into the folder.
    #[error(
        "Others on this computer may write into {0}, so what lies in it cannot be trusted. Take that right away with: \
         chmod go-w {0}"
    )]
    OthersWrite(PathBuf),
    /// There is a database but no key.
    #[error(
        "The key of this account is missing: {0} is not there, and without it the database stays closed. Nothing was \
         deleted. Put the file back from your copy of the folder."
    )]
    KeyMissing(PathBuf),
    /// The key file is not one.
    #[error(
        "The key of this account cannot be read: {0} is not what Valise wrote there. Nothing was deleted. Put the file \
         back from your copy of the folder."
    )]
    KeyDamaged(PathBuf),
    /// The key is locked and no passphrase was given.
    #[error(
        "This account is locked with a passphrase. Give it in the variable VALISE_PASSPHRASE, then try again."
    )]
    PassphraseNeeded,
    /// The passphrase is another one.
    #[error("That is not the passphrase of this account. Check VALISE_PASSPHRASE, then try again.")]
    PassphraseWrong,
    /// The database cannot be opened.
    #[error("{0}")]
    Database(String),
    /// What the core says at opening.
    #[error(
        "The file {0} cannot be read any more. Nothing was deleted. Put it back from your copy of the folder."
    )]
    FileDamaged(PathBuf),
    /// Not an address.
    #[error("“{0}” is not a server's address. It looks like https://lindenhof.example.")]
    Address(String),
    /// Plain connections stay on this computer.
    #[error(
        "{0} would be reached without encryption, which is done on this computer only. Use https:// and, for an \
         authority of your own, --ca FILE."
    )]
    PlainElsewhere(String),
    /// The account is at another server.
    #[error(
        "The account in {home} is at {has}, not at {given}. Use another folder with --home for another account."
    )]
    OtherServer {
        /// The folder.
        home: PathBuf,
        /// Its server.
        has: String,
        /// What was given.
        given: String,
    },
    /// The file of the private authority is not usable.
    #[error(
        "{path} holds no certificate that can be used: {why}. Give the authority's certificate as a PEM file."
    )]
    Authority {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The owner of the home does not answer.
    #[error("Another Valise uses {0} and does not answer. End it, then try again; nothing is lost.")]
    OwnerSilent(PathBuf),
    /// The owner of the home is of another version.
    #[error("Another Valise of a different version uses {0}. End it, then try again; nothing is lost.")]
    OwnerDiffers(PathBuf),
    /// The system gave no randomness.
    #[error("The system gives no random numbers, and without them no key is safe. Start the computer anew.")]
    Randomness,
}
