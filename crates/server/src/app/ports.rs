//! The ports of the slices, connected to each other.

use server_db::{DbError, Read, Write};
use vocab::{AccountId, AddressSecret, DeviceId, Handle, SlotId};

use crate::call::Call;
use crate::directory::Directory;
use crate::mailbox::Mailboxes;
use crate::slot::ports::Target;
use crate::token::Tokens;
use crate::{account, address, blob, directory, key_package, slot};

/// Slots reach addresses and mailboxes.
pub(super) struct Slots<'a> {
    pub(super) mailboxes: &'a mut Mailboxes,
}

impl slot::ports::Ports for Slots<'_> {
    fn resolve(
        &mut self,
        call: &mut Call<'_>,
        slot: SlotId,
        a: &AddressSecret,
    ) -> Result<Option<Target>, DbError> {
        Ok(address::api::resolve(call, slot, a)?.map(target))
    }

    fn bind(
        &mut self,
        call: &mut Call<'_>,
        slot: SlotId,
        a: &AddressSecret,
    ) -> Result<Option<Target>, DbError> {
        Ok(address::api::bind(call, slot, a)?.map(target))
    }

    fn append(&mut self, call: &mut Call<'_>, target: &Target, delivery: &[u8]) -> Result<(), DbError> {
        self.mailboxes.append(call, target.mailbox, &target.wrap_key, delivery)
    }
}

fn target(value: seal::address::AddressValue) -> Target {
    Target { mailbox: value.mailbox, wrap_key: value.wrap_key }
}

/// Accounts reach the directory and the stock of key packages.
pub(super) struct Accounts<'a> {
    pub(super) directory: &'a Directory,
}

impl account::ports::Ports for Accounts<'_> {
    fn permit(&self, call: &Call<'_>, handle: &Handle, generation: u32) -> Vec<u8> {
        self.directory.permit(call, handle, generation)
    }

    fn handle_left(&self, write: Write<'_>, handle: &Handle) -> Result<(), DbError> {
        self.directory.remove(write, handle)
    }

    fn quota_follows(&self, write: Write<'_>, from: AccountId, to: AccountId) -> Result<(), DbError> {
        directory::api::quota_follows(write, from, to)
    }

    fn stock(&self, read: Read<'_>, account: AccountId, device: DeviceId) -> Result<u32, DbError> {
        key_package::api::stock(read, account, device)
    }

    fn device_left(&self, write: Write<'_>, account: AccountId, device: DeviceId) -> Result<(), DbError> {
        key_package::api::remove_device(write, account, device)
    }
}

/// Key packages reach accounts.
pub(super) struct KeyPackages;

impl key_package::ports::Ports for KeyPackages {
    fn introduced(
        &self,
        read: Read<'_>,
        account: AccountId,
        proof: &[u8; 32],
    ) -> Result<Option<key_package::ports::Introduced>, DbError> {
        let found = account::api::introduced(read, account, proof)?;
        Ok(found
            .map(|it| key_package::ports::Introduced { device_chain: it.device_chain, devices: it.devices }))
    }
}

/// Blobs reach tokens.
pub(super) struct Blobs<'a> {
    pub(super) tokens: &'a mut Tokens,
}

impl blob::ports::Ports for Blobs<'_> {
    fn pay(&mut self, call: &Call<'_>, token: &wire::token::Token, bytes: u64) -> Result<bool, DbError> {
        self.tokens.pay(call, token, bytes)
    }
}
