//! Key packages: keeping enough of them at the service, each with an address of its own.

use client_db::params;
use crypto::key_package::KEY_PACKAGE_DAYS;
use crypto::seal::address::{self, AddressValue, Bound};
use crypto::seal::aead::sha256;
use crypto::{LeafData, forget_key_package, generate_key_package};
use vocab::limits::{ENVELOPE_DAYS, KEY_PACKAGE_REFILL_AT, KEY_PACKAGE_STOCK};
use vocab::time::DAY_MS;
use vocab::{AddressSecret, SlotId, Timestamp};
use wire::address::CreateAddress;
use wire::key_package::PutKeyPackages;
use wire::{AccountRequest, Encode, UnnamedRequest};

use crate::account::LAST_RESORT_MS_MAX;
use crate::intent::{self, Kind};
use crate::step::{Halting, Step, sql_time};

/// An address of one's own that stands, or will before it is handed out.
pub(crate) struct OwnAddress {
    pub secret: AddressSecret,
    pub owner_proof: [u8; 32],
}

impl Step<'_> {
    /// Fills the stock when it runs low, and renews the last-resort package daily.
    pub fn refill(&mut self, left: u32) -> Halting<()> {
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let wanted = if left <= KEY_PACKAGE_REFILL_AT { KEY_PACKAGE_STOCK - left } else { 0 };
        let last_resort_at = self.setting_number("last_resort_at")?;
        let renew = self.now.0.saturating_sub(last_resort_at) >= LAST_RESORT_MS_MAX;
        if (wanted == 0 && !renew) || intent::is_queued(self, Kind::PublishKeyPackages, &[])? {
            return Ok(());
        }
        let packages =
            (0..wanted).map(|_| self.new_package(false).map(Into::into)).collect::<Halting<Vec<_>>>()?;
        let last_resort = if renew {
            self.put_setting_number("last_resort_at", self.now.0)?;
            self.new_package(true)?
        } else {
            vec![]
        };
        let request = AccountRequest::PutKeyPackages(PutKeyPackages {
            packages,
            last_resort: last_resort.into(),
            extensions: vec![],
        });
        intent::queue(self, Kind::PublishKeyPackages, &[], &[], &request.encode()?)?;
        Ok(())
    }

    fn new_package(&mut self, last_resort: bool) -> Halting<Vec<u8>> {
        let bound = if last_resort { Bound::last_resort() } else { Bound::free() };
        let address = self.new_address(bound)?;
        let leaf = self.leaf(address.secret)?;
        let (session, now) = (self.session, self.now);
        let package = generate_key_package(session, &self.me()?.identity(), &leaf, now, last_resort)?;
        self.tx.execute(
            "insert into spare_address (address, owner_proof, last_resort, made_at, package)
             values (?1, ?2, ?3, ?4, ?5)",
            params![address.secret.0, address.owner_proof, last_resort, sql_time(now), package.reference],
        )?;
        let introduction = self.me()?.introduction.clone();
        Ok(introduction.seal_key_package(&package.bytes, self.rng))
    }

    /// Deletes the private keys of packages that nobody can use any more, and their addresses with them.
    pub fn forget_old_packages(&mut self) -> Halting<()> {
        let oldest = |days: u64| sql_time(Timestamp(self.now.0.saturating_sub(days * DAY_MS)));
        let old: Vec<([u8; 32], [u8; 32], Vec<u8>)> = self.tx.rows(
            "select address, owner_proof, package from spare_address
             where made_at < case when last_resort then ?1 else ?2 end order by address",
            params![oldest(LAST_RESORT_KEPT_DAYS), oldest(PACKAGE_KEPT_DAYS)],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        for (address, proof, package) in old {
            forget_key_package(self.session, &package)?;
            // A last-resort address may be in use in a slot still: that is left as it is.
            let used: Option<i64> = self.tx.row(
                "select 1 from slot where address = ?1 and state != 3 limit 1",
                params![address],
                |row| row.get(0),
            )?;
            if used.is_none() {
                self.delete_address(AddressSecret(address), proof)?;
            }
            self.tx.execute("delete from spare_address where address = ?1", params![address])?;
        }
        Ok(())
    }

    /// Makes an address of this device and queues its filing.
    pub fn new_address(&mut self, bound: Bound) -> Halting<OwnAddress> {
        let own = OwnAddress { secret: AddressSecret(self.random()), owner_proof: self.random() };
        let me = self.me()?;
        let value = AddressValue { mailbox: me.mailbox, wrap_key: *me.wrap_key, push_key: [0; 32], bound };
        let request = UnnamedRequest::CreateAddress(CreateAddress {
            key: address::key_of(&own.secret),
            sealed: address::seal(&own.secret, &value, self.rng).into(),
            owner: sha256(&[&own.owner_proof]),
            token: vec![].into(),
            extensions: vec![],
        });
        let key = address::key_of(&own.secret);
        intent::queue(self, Kind::CreateAddress, key.as_bytes(), &[], &request.encode()?)?;
        Ok(own)
    }

    /// What this device writes into its leaf of a group.
    pub fn leaf(&self, address: AddressSecret) -> Halting<LeafData> {
        Ok(LeafData { address, device_chain: self.me()?.chain.to_bytes() })
    }

    /// A Welcome used one of the spare addresses: whose proof it is, and whether it was the last resort.
    pub fn take_spare_address(&self, address: AddressSecret) -> Halting<Option<([u8; 32], bool)>> {
        let found = self.tx.row(
            "select owner_proof, last_resort from spare_address where address = ?1",
            params![address.0],
            |row| Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, bool>(1)?)),
        )?;
        if let Some((_, false)) = found {
            self.tx.execute("delete from spare_address where address = ?1", params![address.0])?;
        }
        Ok(found)
    }

    /// Deletes one's own address in a slot: nothing is delivered by it any more.
    pub fn delete_address(&mut self, address: AddressSecret, owner_proof: [u8; 32]) -> Halting<()> {
        let key = address::key_of(&address);
        let request = UnnamedRequest::DeleteAddress(wire::address::DeleteAddress {
            key,
            proof: wire::Secret32(owner_proof),
            extensions: vec![],
        });
        intent::queue(self, Kind::DeleteAddress, key.as_bytes(), &[], &request.encode()?)?;
        Ok(())
    }

    /// For a slot one makes or enters from outside.
    pub fn new_bound_address(&mut self, slot: SlotId) -> Halting<OwnAddress> {
        self.new_address(Bound::to(slot))
    }
}

/// A package is of use for so long, and a letter may wait for as long as an envelope does.
const PACKAGE_KEPT_DAYS: u64 = KEY_PACKAGE_DAYS + ENVELOPE_DAYS as u64;
/// A last-resort package is handed out for two days at most.
const LAST_RESORT_KEPT_DAYS: u64 = 2 + ENVELOPE_DAYS as u64;
