//! Every decoder of this crate under one shape.

use crate::content::{MimiContent, Profile, StatusReport};
use crate::door::{AccountReply, BlobReply, UnnamedReply};
use crate::key_package::KeyPackageSet;
use crate::{
    AccountRequest, BlobRequest, Decode, Delivery, Encode, InvitationLink, MailboxFromDevice,
    MailboxFromService, Request, UnnamedRequest,
};

/// A decoder and what it is called in the vectors.
#[derive(Clone, Copy)]
pub struct Decoder {
    pub name: &'static str,
    /// Decodes, and encodes again what came of it.
    pub again: fn(&[u8]) -> Option<Vec<u8>>,
    /// One value has one encoding. Not so for profiles, which leave out what they do not know.
    pub exact: bool,
    /// Its vectors are text.
    pub text: bool,
}

pub fn named(name: &str) -> Decoder {
    ALL.into_iter().find(|decoder| decoder.name == name).expect("the name stands in the list below")
}

pub const ALL: [Decoder; 17] = [
    frame::<Request<UnnamedRequest>>("unnamed request"),
    frame::<UnnamedReply>("unnamed reply"),
    frame::<Request<AccountRequest>>("account request"),
    frame::<AccountReply>("account reply"),
    frame::<Request<BlobRequest>>("blob request"),
    frame::<BlobReply>("blob reply"),
    frame::<MailboxFromDevice>("mailbox from device"),
    frame::<MailboxFromService>("mailbox from service"),
    frame::<Delivery>("delivery"),
    frame::<KeyPackageSet>("key package set"),
    Decoder {
        name: "content",
        again: |bytes| Some(MimiContent::decode(bytes).ok()?.encode().expect("what was read can be written")),
        exact: true,
        text: false,
    },
    Decoder {
        name: "status report",
        again: |bytes| {
            Some(StatusReport::decode(bytes).ok()?.encode().expect("what was read can be written"))
        },
        exact: true,
        text: false,
    },
    Decoder {
        name: "profile",
        again: |bytes| Some(Profile::decode(bytes).ok()?.encode().expect("what was read can be written")),
        exact: false,
        text: false,
    },
    Decoder {
        name: "link",
        again: |bytes| {
            let link = InvitationLink::parse(std::str::from_utf8(bytes).ok()?).ok()?;
            Some(link.to_string().into_bytes())
        },
        // Spaces around a link are passed over.
        exact: false,
        text: true,
    },
    Decoder {
        name: "device link",
        again: |bytes| {
            let link = crate::DeviceLink::parse(std::str::from_utf8(bytes).ok()?).ok()?;
            Some(link.to_string().into_bytes())
        },
        // Spaces around a link are passed over.
        exact: false,
        text: true,
    },
    Decoder {
        name: "group link",
        again: |bytes| {
            let link = crate::GroupInvitationLink::parse(std::str::from_utf8(bytes).ok()?).ok()?;
            Some(link.to_string().into_bytes())
        },
        // Spaces around a link are passed over.
        exact: false,
        text: true,
    },
    Decoder {
        name: "handle",
        again: |bytes| {
            let handle = vocab::Handle::parse(std::str::from_utf8(bytes).ok()?).ok()?;
            Some(handle.as_str().as_bytes().to_vec())
        },
        // What people type has many forms.
        exact: false,
        text: true,
    },
];

const fn frame<T: Decode + Encode>(name: &'static str) -> Decoder {
    Decoder { name, again: frame_again::<T>, exact: true, text: false }
}

fn frame_again<T: Decode + Encode>(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(T::decode(bytes).ok()?.encode().expect("what was read can be written"))
}
