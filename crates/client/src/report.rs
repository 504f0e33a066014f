//! Proof of what somebody said, for a place of the reader's choice (`docs/protocol/report.md`).
//!
//! Each numbered content carries a signature of its sender's device over itself and the conversation. It is checked as it
//! comes: what carries none that holds is not shown, so nothing can be shown that could not be proved. The reader keeps it with
//! the message, and the chain that names the device; both together are checked by anybody, without the service.

use client_db::params;
use crypto::Member;
use crypto::seal::aead::sha256;
use crypto::seal::{VerifiedChain, challenge};
use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};
use vocab::{AccountId, DeviceId, MessageId, SlotId, Timestamp};
use wire::Decode;
use wire::content::MimiContent;

use crate::api::ConversationId;
use crate::conversation::Letter;
use crate::machine::{Client, Fault};
use crate::message::id_of;
use crate::step::{Halt, Halting, Step};

/// Tables of this room.
pub(crate) const TABLES: &str = "
-- The chain of device lists that named a device when it was first heard.
create table witness (
    device blob primary key not null, account blob not null, device_chain blob not null
) strict, without rowid;
";

/// What proves that an account said something.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Where it was said.
    pub conversation: ConversationId,
    /// Which device of the account said it.
    pub device: DeviceId,
    /// The account's chain of device lists, encoded.
    pub device_chain: Vec<u8>,
    /// What was said, encoded, with the signature in it.
    pub content: Vec<u8>,
}

/// Tells nothing of it.
impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evidence")
    }
}

/// What [`Evidence`] proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// Who said it.
    pub account: AccountId,
    /// The message.
    pub message: MessageId,
    /// When, as the sender's device said.
    pub sent_at: Option<Timestamp>,
    /// The text, when it is one.
    pub text: Option<String>,
    /// The message that it takes the place of.
    pub replaces: Option<MessageId>,
    /// The message that it answers.
    pub in_reply_to: Option<MessageId>,
}

/// What proves that an account knocked at another.
#[derive(Clone, PartialEq, Eq)]
pub struct EvidenceOfRequest {
    /// What the letter's writer signed.
    pub signed: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// By which device.
    pub device: DeviceId,
    /// The account's chain of device lists, encoded.
    pub device_chain: Vec<u8>,
}

/// Tells nothing of it.
impl std::fmt::Debug for EvidenceOfRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EvidenceOfRequest")
    }
}

/// What [`EvidenceOfRequest`] proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedRequest {
    /// Who knocked.
    pub account: AccountId,
    /// At whom.
    pub at: AccountId,
    /// For which conversation.
    pub conversation: ConversationId,
}

/// It proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotProved {
    /// The device lists are none, or a link of their chain does not hold.
    #[error("the device lists do not hold")]
    DeviceLists,
    /// They do not name the device.
    #[error("the device lists do not name the device")]
    Device,
    /// What was said is none, or carries no signature.
    #[error("what was said is not in its form")]
    Content,
    /// The signature is of something else, or of nobody.
    #[error("the signature does not hold")]
    Signature,
}

/// What a letter's writer signs, as far as it is told.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct SignedLetter {
    reader: AccountId,
    slot: SlotId,
    conversation: [u8; 16],
    generation: u32,
    welcome_hash: [u8; 32],
}

impl Evidence {
    /// Checks it, with nothing but what is in it.
    ///
    /// # Errors
    /// [`NotProved`].
    pub fn check(&self) -> Result<Proved, NotProved> {
        let chain = VerifiedChain::verify(&self.device_chain).map_err(|_| NotProved::DeviceLists)?;
        let key = chain.key_of(self.device).ok_or(NotProved::Device)?;
        let content = MimiContent::decode(&self.content).map_err(|_| NotProved::Content)?;
        let signed = signed_bytes(chain.account, self.conversation, &content).ok_or(NotProved::Content)?;
        let signature = content.proof().ok_or(NotProved::Content)?;
        challenge::verify_bytes(&key, &signed, &signature).map_err(|_| NotProved::Signature)?;
        let message = id_of(chain.account, self.conversation, &self.content, &content.salt)
            .map_err(|_| NotProved::Content)?;
        Ok(Proved {
            account: chain.account,
            message,
            sent_at: content.sent_at(),
            text: content.as_text().map(str::to_owned),
            replaces: content.replaces,
            in_reply_to: content.in_reply_to,
        })
    }
}

impl EvidenceOfRequest {
    /// Checks it, with nothing but what is in it.
    ///
    /// # Errors
    /// [`NotProved`].
    pub fn check(&self) -> Result<ProvedRequest, NotProved> {
        let chain = VerifiedChain::verify(&self.device_chain).map_err(|_| NotProved::DeviceLists)?;
        let key = chain.key_of(self.device).ok_or(NotProved::Device)?;
        challenge::verify_bytes(&key, &self.signed, &self.signature).map_err(|_| NotProved::Signature)?;
        let letter = self.signed.strip_prefix(crate::conversation::LETTER_LABEL).ok_or(NotProved::Content)?;
        let letter = SignedLetter::decode(letter).map_err(|_| NotProved::Content)?;
        Ok(ProvedRequest {
            account: chain.account,
            at: letter.reader,
            conversation: ConversationId(letter.conversation),
        })
    }
}

impl Step<'_> {
    /// Signs a content of this device.
    pub fn sign_content(&self, conversation: ConversationId, content: MimiContent) -> Halting<MimiContent> {
        let me = self.me()?;
        let signed = signed_bytes(me.account, conversation, &content)
            .ok_or(Halt::Unusable("content breaks a rule"))?;
        content.with_proof(&me.keys.sign(&signed)).map_err(|_| Halt::Unusable("no room for an extension"))
    }

    /// Whether a content carries the signature of the device it came from. Of a device that is new here its chain is kept.
    pub fn is_proved(
        &mut self,
        conversation: ConversationId,
        sender: &Member,
        content: &MimiContent,
    ) -> Halting<bool> {
        let signed = signed_bytes(sender.account, conversation, content);
        let holds = |(signed, proof): (Vec<u8>, [u8; 64])| {
            challenge::verify_bytes(&sender.signature_key, &signed, &proof).is_ok()
        };
        if !signed.zip(content.proof()).is_some_and(holds) {
            self.lines.note("a content without a proof".to_owned());
            return Ok(false);
        }
        self.tx.execute(
            "insert or ignore into witness (device, account, device_chain) values (?1, ?2, ?3)",
            params![sender.device.as_bytes(), sender.account.as_bytes(), sender.device_chain],
        )?;
        Ok(true)
    }
}

impl Client {
    /// What proves a message: what was said first and, where that was edited, what is shown now. Nothing for what is not
    /// here any more.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn evidence(&self, message: MessageId) -> Result<Vec<Evidence>, Fault> {
        let reader = self.db.reader();
        let own = self.me.as_ref().map(|me| me.chain.to_bytes()).unwrap_or_default();
        let rows = reader.rows(
            "select conversation, message.device, coalesce(device_chain, ?2), content from message
             left join witness on witness.device = message.device
             where length(content) > 0 and notice = x'' and (message.own = 1 or device_chain is not null)
             and (id = ?1 or id = (select latest from message where id = ?1)) order by id != ?1",
            params![message.as_bytes(), own],
            |row| {
                Ok(Evidence {
                    conversation: ConversationId(row.get(0)?),
                    device: DeviceId(row.get(1)?),
                    device_chain: row.get(2)?,
                    content: row.get(3)?,
                })
            },
        )?;
        Ok(rows)
    }

    /// What proves that somebody knocks, while they do.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn evidence_of_request(&self, account: AccountId) -> Result<Option<EvidenceOfRequest>, Fault> {
        let letter: Option<Vec<u8>> = self.db.reader().row(
            "select letter from request where account = ?1 order by slot limit 1",
            params![account.as_bytes()],
            |row| row.get(0),
        )?;
        let Some((letter, me)) = letter.zip(self.me.as_ref()) else { return Ok(None) };
        let letter = Letter::decode(&letter).map_err(|_| Fault::Damaged)?;
        Ok(Some(EvidenceOfRequest {
            signed: letter.signed(me.account),
            signature: letter.signature.as_slice().to_vec(),
            device: letter.device,
            device_chain: letter.device_chain.as_slice().to_vec(),
        }))
    }
}

/// What the device signs; nothing for a content that breaks a rule.
fn signed_bytes(account: AccountId, conversation: ConversationId, content: &MimiContent) -> Option<Vec<u8>> {
    let rest = content.clone().without_proof().encode().ok()?;
    Some([b"valise proof v1".as_slice(), account.as_bytes(), &conversation.0, &sha256(&[&rest])].concat())
}
