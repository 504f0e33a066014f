//! One example of everything that is sent, good and bad, by chapter. The files in `vectors/` are made of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tls_codec::Serialize;
use vocab::{
    AccountId, AddressKey, AddressSecret, Day, DeviceId, IdempotencyId, MailboxId, MessageId, PieceId,
    SlotId, Timestamp,
};

use crate::account::{
    Authenticate, HandleProof, Register, Registered, RequestCode, RequestPermit, UpdateDeviceList, Visited,
};
use crate::address::{CreateAddress, DeleteAddress};
use crate::blob::{AskBlobs, Blob, BlobsThere, DeleteBlob, FetchBlob, PutBlob};
use crate::content::{
    Chain, Disposition, Expiration, ExtensionKey, ExtensionValue, ExternalPart, LinkPreview, MessageStatus,
    MimiContent, NestedPart, Part, PartSemantics, Profile, StatusReport, TYPE_MARKDOWN, TYPE_TEXT,
};
use crate::directory::{
    DirectoryRow, Evaluate, Evaluated, EvaluatedElement, FetchDirectoryRow, PutDirectoryRow,
};
use crate::key_package::{FetchKeyPackages, KeyPackageSet, KeyPackages, PutKeyPackages};
use crate::mailbox::{Challenge, CreateMailbox, Envelope, Envelopes, OpenMailbox, Opened};
use crate::slot::{
    Commit, CreateSlot, EpochState, FetchPieces, FetchRejoin, Piece, Pieces, Rejoin, Send, Stored, WelcomeFor,
};
use crate::token::{EarnTokens, Token, TokensEarned};
use crate::{
    AccountAnswer, AccountRequest, BlobAnswer, BlobRequest, Bytes, Delivery, DeliveryKind, Encode, Extension,
    InvitationLink, MailboxFromDevice, MailboxFromService, Refusal, Reply, Request, Secret32, ServiceAddress,
    UnnamedAnswer, UnnamedRequest,
};

/// An example of a chapter.
pub struct Sample {
    pub chapter: &'static str,
    pub name: String,
    /// See `decoders::ALL`.
    pub decoder: &'static str,
    /// None when it is good, else what is wrong with it.
    pub wrong: Option<&'static str>,
    pub bytes: Vec<u8>,
}

/// All of them, in the order of the files.
pub fn all() -> Vec<Sample> {
    [
        account(),
        address(),
        blob(),
        directory(),
        envelope(),
        key_package(),
        mailbox(),
        slot(),
        token(),
        refusals(),
        message(),
        receipt(),
        link(),
        group_link(),
        device_link(),
        handle(),
        bad_frames(),
        bad_content(),
        bad_links(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn good(chapter: &'static str, name: &str, decoder: &'static str, bytes: Vec<u8>) -> Sample {
    Sample { chapter, name: name.to_owned(), decoder, wrong: None, bytes }
}

fn bad(
    chapter: &'static str,
    name: &str,
    decoder: &'static str,
    wrong: &'static str,
    bytes: impl Into<Vec<u8>>,
) -> Sample {
    Sample { chapter, name: name.to_owned(), decoder, wrong: Some(wrong), bytes: bytes.into() }
}

fn account_request(name: &str, op: AccountRequest) -> Sample {
    good(chapter_of(name), name, "account request", encode(&Request { id: 7, op }))
}

fn account_answer(name: &str, answer: AccountAnswer) -> Sample {
    good(chapter_of(name), name, "account reply", encode(&Reply::Done { id: 7, answer }))
}

fn unnamed_request(name: &str, op: UnnamedRequest) -> Sample {
    good(chapter_of(name), name, "unnamed request", encode(&Request { id: 7, op }))
}

fn unnamed_answer(name: &str, answer: UnnamedAnswer) -> Sample {
    good(chapter_of(name), name, "unnamed reply", encode(&Reply::Done { id: 7, answer }))
}

fn blob_request(name: &str, op: BlobRequest) -> Sample {
    good(chapter_of(name), name, "blob request", encode(&Request { id: 7, op }))
}

fn blob_answer(name: &str, answer: BlobAnswer) -> Sample {
    good(chapter_of(name), name, "blob reply", encode(&Reply::Done { id: 7, answer }))
}

/// Names begin with their chapter: `slot: send`.
fn chapter_of(name: &str) -> &'static str {
    const CHAPTERS: [&str; 8] =
        ["account", "address", "blob", "directory", "key-package", "mailbox", "slot", "token"];
    let chapter = name.split(':').next().unwrap_or_default();
    CHAPTERS.into_iter().find(|known| *known == chapter).expect("the name begins with a chapter")
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    value.encode().expect("samples are within the frame limit")
}

fn bytes(text: &str) -> Bytes {
    text.as_bytes().to_vec().into()
}

fn sealed(fill: u8, length: usize) -> Bytes {
    vec![fill; length].into()
}

fn account() -> Vec<Sample> {
    let proof =
        HandleProof { handle: bytes("+32470123456"), requester: Secret32([0x11; 32]), code: bytes("012345") };
    let register = |proof| Register {
        proof,
        device_list: sealed(0xDE, 200),
        fetch_proof_hash: [0xF1; 32],
        extensions: vec![],
    };
    vec![
        account_request(
            "account: request code",
            AccountRequest::RequestCode(RequestCode {
                handle: bytes("anna@example.org"),
                requester: [0x12; 32],
                extensions: vec![],
            }),
        ),
        account_answer("account: code sent", AccountAnswer::CodeSent),
        account_request("account: register with a handle", AccountRequest::Register(register(Some(proof)))),
        account_request("account: register without a handle", AccountRequest::Register(register(None))),
        account_answer(
            "account: registered",
            AccountAnswer::Registered(Registered {
                account: AccountId([0xAC; 32]),
                permit: sealed(0x9E, 48),
            }),
        ),
        account_request(
            "account: authenticate",
            AccountRequest::Authenticate(Authenticate {
                account: AccountId([0xAC; 32]),
                device: DeviceId([0xD1; 16]),
                signature: sealed(0x51, 64),
                extensions: vec![],
            }),
        ),
        account_answer(
            "account: visited",
            AccountAnswer::Visited(Visited { key_packages: 20, device_chain: sealed(0xDC, 200) }),
        ),
        account_request(
            "account: update device list",
            AccountRequest::UpdateDeviceList(UpdateDeviceList {
                device_list: sealed(0xDE, 250),
                extensions: vec![],
            }),
        ),
        account_answer("account: done", AccountAnswer::Done),
        account_request(
            "account: request permit",
            AccountRequest::RequestPermit(RequestPermit {
                handle: bytes("+32470123456"),
                extensions: vec![],
            }),
        ),
        account_answer("account: permit", AccountAnswer::Permit(sealed(0x9E, 48))),
    ]
}

fn address() -> Vec<Sample> {
    vec![
        unnamed_request(
            "address: create",
            UnnamedRequest::CreateAddress(CreateAddress {
                key: AddressKey([0xA1; 16]),
                sealed: sealed(0xA2, 137),
                owner: [0xA3; 32],
                token: sealed(0, 0),
                extensions: vec![],
            }),
        ),
        unnamed_request(
            "address: delete",
            UnnamedRequest::DeleteAddress(DeleteAddress {
                key: AddressKey([0xA1; 16]),
                proof: Secret32([0xA4; 32]),
                extensions: vec![],
            }),
        ),
        unnamed_answer("address: done", UnnamedAnswer::Done),
    ]
}

fn blob() -> Vec<Sample> {
    let capability = Secret32([0xB1; 32]);
    let put = |token| {
        BlobRequest::PutBlob(PutBlob {
            capability,
            days: 7,
            sealed: sealed(0xB2, 512),
            token,
            extensions: vec![],
        })
    };
    let token = Token { day: Day(20_454), nonce: [0x70; 32], value: Secret32([0x71; 32]) };
    vec![
        blob_request("blob: put with a token", put(Some(token))),
        blob_request("blob: put without", put(None)),
        blob_answer("blob: done", BlobAnswer::Done),
        blob_request("blob: fetch", BlobRequest::FetchBlob(FetchBlob { capability, extensions: vec![] })),
        blob_answer("blob: fetched", BlobAnswer::Blob(Blob { sealed: sealed(0xB2, 512) })),
        blob_request("blob: delete", BlobRequest::DeleteBlob(DeleteBlob { capability, extensions: vec![] })),
        blob_request(
            "blob: ask",
            BlobRequest::AskBlobs(AskBlobs {
                capabilities: vec![capability, Secret32([0xB3; 32])],
                extensions: vec![],
            }),
        ),
        blob_answer(
            "blob: one of two is there",
            BlobAnswer::BlobsThere(BlobsThere { there: vec![1, 0].into() }),
        ),
    ]
}

fn token() -> Vec<Sample> {
    vec![
        account_request(
            "token: earn",
            AccountRequest::EarnTokens(EarnTokens {
                blinded: vec![sealed(0x72, 32), sealed(0x73, 32)],
                extensions: vec![],
            }),
        ),
        account_answer(
            "token: earned",
            AccountAnswer::TokensEarned(TokensEarned {
                day: Day(20_454),
                evaluated: vec![sealed(0x74, 32), sealed(0x75, 32)],
                proof: sealed(0x76, 64),
                public_key: sealed(0x77, 32),
            }),
        ),
    ]
}

fn directory() -> Vec<Sample> {
    vec![
        account_request(
            "directory: evaluate",
            AccountRequest::Evaluate(Evaluate {
                blinded: vec![sealed(0xB1, 32), sealed(0xB2, 32)],
                extensions: vec![],
            }),
        ),
        account_answer(
            "directory: evaluated",
            AccountAnswer::Evaluated(Evaluated {
                elements: vec![
                    EvaluatedElement { element: sealed(0xB3, 32), proof: sealed(0xB4, 64) },
                    EvaluatedElement { element: sealed(0xB5, 32), proof: sealed(0xB6, 64) },
                ],
                quota_left: 1_998,
            }),
        ),
        unnamed_request(
            "directory: put row",
            UnnamedRequest::PutDirectoryRow(PutDirectoryRow {
                tag: [0xD7; 32],
                row: sealed(0xD8, 104),
                permit: sealed(0x9E, 48),
                extensions: vec![],
            }),
        ),
        unnamed_request(
            "directory: fetch row",
            UnnamedRequest::FetchDirectoryRow(FetchDirectoryRow {
                tag: [0xD7; 32],
                token: sealed(0x70, 32),
                extensions: vec![],
            }),
        ),
        unnamed_answer(
            "directory: row",
            UnnamedAnswer::DirectoryRow(DirectoryRow { row: sealed(0xD8, 104) }),
        ),
    ]
}

fn envelope() -> Vec<Sample> {
    let delivery = |kind, sequence, epoch| {
        encode(&Delivery { slot: SlotId([0x51; 16]), sequence, epoch, kind, payload: sealed(0xE0, 64) })
    };
    let sample = |name, bytes| good("envelope", name, "delivery", bytes);
    vec![
        sample("envelope: a Welcome", delivery(DeliveryKind::Welcome, 1, 1)),
        sample("envelope: a commit", delivery(DeliveryKind::Commit, 3, 1)),
        sample("envelope: a message", delivery(DeliveryKind::Message, 4, 2)),
        sample("envelope: the last sequence there is", delivery(DeliveryKind::Message, u64::MAX, u64::MAX)),
    ]
}

fn key_package() -> Vec<Sample> {
    let set = KeyPackageSet {
        device_chain: sealed(0xDC, 200),
        packages: vec![sealed(0xC1, 100), sealed(0xC2, 100)],
    };
    let set = encode(&set);
    let length = u32::try_from(set.len()).expect("a short example").to_be_bytes();
    let mut padded = [&length, set.as_slice()].concat();
    padded.resize(1_024, 0);
    vec![
        account_request(
            "key-package: put",
            AccountRequest::PutKeyPackages(PutKeyPackages {
                packages: vec![sealed(0xC1, 100), sealed(0xC2, 100)],
                last_resort: sealed(0xC3, 100),
                extensions: vec![],
            }),
        ),
        unnamed_request(
            "key-package: fetch",
            UnnamedRequest::FetchKeyPackages(FetchKeyPackages {
                account: AccountId([0xAC; 32]),
                proof: Secret32([0xF2; 32]),
                token: sealed(0x70, 32),
                extensions: vec![],
            }),
        ),
        good("key-package", "key-package: what the answer holds", "key package set", set),
        unnamed_answer(
            "key-package: answer (padded to 1,024 bytes only, to keep this file short)",
            UnnamedAnswer::KeyPackages(KeyPackages { padded: padded.into() }),
        ),
    ]
}

fn mailbox() -> Vec<Sample> {
    let challenge = || Challenge {
        nonce: [0x40; 32],
        now: Timestamp(1_767_225_600_000),
        directory_key: sealed(0x41, 32),
        extensions: vec![],
    };
    let from_device = |name, value: &_| good("mailbox", name, "mailbox from device", encode(value));
    let from_service = |name, value: &_| good("mailbox", name, "mailbox from service", encode(value));
    vec![
        unnamed_request(
            "mailbox: create",
            UnnamedRequest::CreateMailbox(CreateMailbox {
                mailbox: MailboxId([0x3B; 16]),
                public_key: [0x3C; 32],
                token: sealed(0x70, 32),
                extensions: vec![],
            }),
        ),
        from_service("mailbox: challenge", &MailboxFromService::Challenge(challenge())),
        good(
            "mailbox",
            "mailbox: the same challenge at the account door",
            "account reply",
            encode(&Reply::Done { id: 0, answer: AccountAnswer::Challenge(challenge()) }),
        ),
        from_device(
            "mailbox: open",
            &MailboxFromDevice::Open(OpenMailbox {
                mailbox: MailboxId([0x3B; 16]),
                signature: sealed(0x51, 64),
                extensions: vec![Extension { kind: 0xF001, data: bytes("an experiment") }],
            }),
        ),
        from_service("mailbox: opened", &MailboxFromService::Opened(Opened { waiting: 65, dropped: 0 })),
        from_service(
            "mailbox: envelopes",
            &MailboxFromService::Envelopes(Envelopes {
                after: 40,
                envelopes: vec![
                    Envelope { sequence: 41, sealed: sealed(0xE1, 64) },
                    Envelope { sequence: 42, sealed: sealed(0xE2, 64) },
                ],
            }),
        ),
        from_device("mailbox: acknowledge", &MailboxFromDevice::Acknowledge(42)),
        from_service("mailbox: refused", &MailboxFromService::Refused(Refusal::NotAllowed)),
    ]
}

fn slot() -> Vec<Sample> {
    let state = |fill| EpochState {
        posting_key_hash: [fill; 32],
        roster: sealed(fill, 172),
        rejoin: sealed(fill, 100),
        tree: vec![PieceId([fill; 32]), PieceId([0x6A; 32])],
        pieces: vec![Piece { id: PieceId([0x6A; 32]), sealed: sealed(0x6B, 64) }],
    };
    let welcome = |fill| WelcomeFor {
        address: AddressSecret([fill; 32]),
        token: sealed(0x70, 32),
        payload: sealed(fill, 64),
    };
    vec![
        unnamed_request(
            "slot: create",
            UnnamedRequest::CreateSlot(CreateSlot {
                slot: SlotId([0x51; 16]),
                posting_key: Secret32([0x61; 32]),
                state: state(0x62),
                welcomes: vec![welcome(0x63), welcome(0x64)],
                message: sealed(0x65, 64),
                idempotency: IdempotencyId([0x1D; 16]),
                token: sealed(0x70, 32),
                extensions: vec![],
            }),
        ),
        unnamed_request(
            "slot: send",
            UnnamedRequest::Send(Send {
                slot: SlotId([0x51; 16]),
                posting_key: Secret32([0x61; 32]),
                payload: sealed(0x65, 64),
                idempotency: IdempotencyId([0x1E; 16]),
                extensions: vec![],
            }),
        ),
        unnamed_request(
            "slot: commit",
            UnnamedRequest::Commit(Commit {
                slot: SlotId([0x51; 16]),
                posting_key: Secret32([0x61; 32]),
                next_posting_key: Secret32([0x66; 32]),
                next: state(0x67),
                commit: sealed(0x68, 64),
                welcomes: vec![welcome(0x69)],
                message: sealed(0, 0),
                idempotency: IdempotencyId([0x1F; 16]),
                extensions: vec![],
            }),
        ),
        unnamed_answer("slot: stored", UnnamedAnswer::Stored(Stored { sequence: 3, epoch: 2 })),
        unnamed_request(
            "slot: fetch rejoin",
            UnnamedRequest::FetchRejoin(FetchRejoin { slot: SlotId([0x51; 16]), extensions: vec![] }),
        ),
        unnamed_answer("slot: rejoin", UnnamedAnswer::Rejoin(Rejoin { blob: sealed(0x67, 100), epoch: 2 })),
        unnamed_request(
            "slot: fetch pieces",
            UnnamedRequest::FetchPieces(FetchPieces {
                slot: SlotId([0x51; 16]),
                ids: vec![PieceId([0x67; 32]), PieceId([0x6A; 32])],
                extensions: vec![],
            }),
        ),
        unnamed_answer(
            "slot: pieces",
            UnnamedAnswer::Pieces(Pieces { sealed: vec![sealed(0, 0), sealed(0x6B, 64)] }),
        ),
    ]
}

fn refusals() -> Vec<Sample> {
    let all = [
        ("malformed", Refusal::Malformed),
        ("too large", Refusal::TooLarge),
        ("not allowed", Refusal::NotAllowed),
        ("busy", Refusal::Busy { retry_after_ms: 5_000 }),
        ("unavailable", Refusal::Unavailable),
        ("token needed", Refusal::TokenNeeded),
        ("stale epoch", Refusal::StaleEpoch),
        ("unknown slot", Refusal::UnknownSlot),
        ("pieces unknown", Refusal::PiecesUnknown),
        ("exists", Refusal::Exists),
        ("wrong code", Refusal::WrongCode { tries_left: 2 }),
        ("no open code", Refusal::NoOpenCode),
        ("too many codes", Refusal::TooManyCodes),
        ("handle held", Refusal::HandleHeld { from: Day(20_461) }),
        ("bad handle", Refusal::BadHandle),
        ("code not sent", Refusal::CodeNotSent),
        ("quota used", Refusal::QuotaUsed { until: Day(20_455) }),
    ];
    let reply = |(name, refusal)| {
        let bytes = encode(&Reply::<UnnamedAnswer>::Refused { id: 7, refusal });
        good("refusal", &format!("refusal: {name}"), "unnamed reply", bytes)
    };
    all.into_iter().map(reply).collect()
}

const SALT: [u8; 16] = [0x5A; 16];

fn id(fill: u8) -> MessageId {
    let mut id = [fill; 32];
    id[0] = 1;
    MessageId(id)
}

fn content(name: &str, content: &MimiContent) -> Sample {
    good("message", name, "content", content.encode().expect("a good example"))
}

fn text_part(content_type: &str, text: &str) -> NestedPart {
    NestedPart::single(Disposition::RENDER, content_type, text)
}

fn message() -> Vec<Sample> {
    let text = |text| MimiContent::text(SALT, text);
    let several = |semantics, parts| NestedPart {
        disposition: Disposition::RENDER,
        language: "en,nl".into(),
        part: Part::Multi { semantics, parts },
    };
    let chained = |sequence, previous| {
        text("see you at 5").with_chain(Chain { sequence, previous }).expect("one extension has room")
    };
    let sent =
        text("see you at 5").with_sent_at(Timestamp(1_767_225_600_000)).expect("one extension has room");
    let mut extended = chained(3, None);
    for (key, value) in [
        (ExtensionKey::Integer(-7), ExtensionValue::from_cbor(&[0x82, 0xA1, 0x01, 0xF6, 0xF9, 0x3C, 0x00])),
        (ExtensionKey::Text("org.example".into()), ExtensionValue::text("kept")),
    ] {
        extended.extensions.insert(&key, value.expect("a good value")).expect("a good key");
    }
    let external = ExternalPart {
        content_type: "image/jpeg".into(),
        url: "https://example.org/b/x".into(),
        expires: 1_800_000_000,
        size: 5_000_000_000,
        encryption: 1,
        key: vec![1; 16],
        nonce: vec![2; 12],
        additional_data: vec![],
        hash: 1,
        content_hash: vec![3; 32],
        description: "a picture".into(),
        filename: "picture.jpg".into(),
    };
    let attachment = NestedPart {
        disposition: Disposition::ATTACHMENT,
        language: String::new(),
        part: Part::External(Box::new(external)),
    };
    let profile = Profile {
        name: "Anna".into(),
        handle: Some("+32470123456".into()),
        introduction_key: Some(Secret32([0x1C; 32])),
        about: None,
        picture: None,
    };
    let nameless = Profile::named(String::new());
    let preview = LinkPreview {
        link: "https://a.example/".into(),
        title: "A page".into(),
        description: "of a site".into(),
        picture: vec![0xff, 0xd8, 0xff],
    };
    let deep = (1..4).fold(text_part(TYPE_TEXT, "x"), |inner, _| {
        several(PartSemantics::ProcessAll, vec![inner, NestedPart::null()])
    });
    vec![
        content("message: a text", &text("see you at 5")),
        content("message: no text at all", &text("")),
        content(
            "message: from right to left, with a joined emoji",
            &text("שלום \u{202B}عالم\u{202C} 👩\u{200D}👩\u{200D}👧"),
        ),
        content("message: Markdown", &MimiContent::new(SALT, text_part(TYPE_MARKDOWN, "_see you_ at **5**"))),
        content("message: the first of its sender", &chained(1, None)),
        content("message: the second of its sender", &chained(2, Some([0xCA; 16]))),
        content("message: with the time it was sent", &sent),
        content(
            "message: with its sender's signature",
            &sent.clone().with_proof(&[0x5E; 64]).expect("one extension has room"),
        ),
        content("message: with extensions nobody here knows", &extended),
        content("message: a reply", &MimiContent { in_reply_to: Some(id(0x21)), ..text("yes") }),
        content("message: an edit", &MimiContent { replaces: Some(id(0x22)), ..text("see you at 6") }),
        content(
            "message: a deletion",
            &MimiContent { replaces: Some(id(0x22)), ..MimiContent::new(SALT, NestedPart::null()) },
        ),
        content(
            "message: a reaction",
            &MimiContent {
                in_reply_to: Some(id(0x21)),
                ..MimiContent::new(SALT, NestedPart::single(Disposition::REACTION, TYPE_TEXT, "❤"))
            },
        ),
        content(
            "message: expires an hour after it was read",
            &MimiContent { expires: Some(Expiration::AfterReading(3_600)), ..text("soon gone") },
        ),
        content(
            "message: expires at a time, within a topic",
            &MimiContent {
                expires: Some(Expiration::At(u32::MAX)),
                topic_id: b"Foo 118".to_vec(),
                ..text("soon gone")
            },
        ),
        content("message: an attachment", &MimiContent::new(SALT, attachment)),
        content(
            "message: one of two to choose",
            &MimiContent::new(
                SALT,
                several(
                    PartSemantics::ChooseOne,
                    vec![text_part(TYPE_MARKDOWN, "_x_"), text_part(TYPE_TEXT, "x")],
                ),
            ),
        ),
        content(
            "message: a text with a preview of a link in it",
            &MimiContent::new(
                SALT,
                NestedPart::with_preview(text_part(TYPE_TEXT, "https://a.example/"), &preview)
                    .expect("a good example"),
            ),
        ),
        content("message: parts four levels deep", &MimiContent::new(SALT, deep)),
        content(
            "message: a disposition of a later version",
            &MimiContent::new(SALT, NestedPart::single(Disposition(255), TYPE_TEXT, "x")),
        ),
        content("message: a profile", &MimiContent::profile(SALT, &profile).expect("a good example")),
        good("message", "message: the profile alone", "profile", profile.encode().expect("a good example")),
        good(
            "message",
            "message: a profile without a name",
            "profile",
            nameless.encode().expect("a good example"),
        ),
    ]
}

fn receipt() -> Vec<Sample> {
    let states = [
        MessageStatus::Unread,
        MessageStatus::Delivered,
        MessageStatus::Read,
        MessageStatus::Expired,
        MessageStatus::Deleted,
        MessageStatus::Hidden,
        MessageStatus::Error,
        MessageStatus::Unknown(7),
    ];
    let entries = (0x30..).map(id).zip(states).collect();
    let report = StatusReport { entries };
    let none = StatusReport { entries: vec![] };
    let alone = |name, report: &StatusReport| {
        good("receipt", name, "status report", report.encode().expect("a good example"))
    };
    let carried = MimiContent::status(SALT, &report).expect("a good example");
    vec![
        alone("receipt: one message in each state", &report),
        alone("receipt: of nothing", &none),
        good("receipt", "receipt: as a message", "content", carried.encode().expect("a good example")),
    ]
}

fn link() -> Vec<Sample> {
    let sample = |service: &str| {
        let link = InvitationLink {
            service: ServiceAddress::parse(service).expect("a good example"),
            account: AccountId([0xAC; 32]),
            introduction_key: [0x1C; 32],
            invitation_secret: [0x15; 16],
            name: "Anna".to_owned(),
        };
        good("link", &format!("link: to {service}"), "link", link.to_string().into_bytes())
    };
    vec![sample("https://example.org"), sample("https://[2001:db8::1]:8443"), sample("http://localhost:8080")]
}

fn device_link() -> Vec<Sample> {
    let link = crate::DeviceLink {
        service: ServiceAddress::parse("https://example.org").expect("an address"),
        secret: [0x5E; 32],
        hello: [0x4E; 32],
    }
    .to_string();
    vec![
        bad(
            "linking",
            "linking: a link of an invitation's path",
            "device link",
            "the path is /i",
            link.replace("/d#", "/i#"),
        ),
        bad(
            "linking",
            "linking: a cut link",
            "device link",
            "the last character is missing",
            &link[..link.len() - 1],
        ),
        bad("linking", "linking: a link without TLS", "device link", "http", link.replace("https", "http")),
        good("linking", "linking: a device link", "device link", link.into_bytes()),
    ]
}

fn group_link() -> Vec<Sample> {
    let door = |n: u8| crate::GroupDoor { account: AccountId([n; 32]), introduction_key: [n + 1; 32] };
    let link = |doors: Vec<crate::GroupDoor>, approval| {
        crate::GroupInvitationLink {
            service: ServiceAddress::parse("https://example.org").expect("an address"),
            conversation: [0xC0; 16],
            secret: [0x5E; 16],
            approval,
            doors,
            name: "Lake house".to_owned(),
        }
        .to_string()
    };
    let (one, three) = (link(vec![door(0xA0)], false), link([0xA0, 0xB0, 0xD0].map(door).into(), true));
    let person = String::from_utf8(link_of_a_person()).expect("links are text");
    vec![
        bad("link", "link: into a group, without a door", "group link", "no door", link(vec![], false)),
        bad(
            "link",
            "link: into a group, a door twice",
            "group link",
            "one account twice",
            link([0xA0, 0xA0].map(door).into(), true),
        ),
        bad(
            "link",
            "link: into a group, cut",
            "group link",
            "the last character is missing",
            &one[..one.len() - 1],
        ),
        bad("link", "link: to a person", "group link", "version 1", person),
        good("link", "link: into a group", "group link", one.into_bytes()),
        good("link", "link: into a group, with approval and three doors", "group link", three.into_bytes()),
    ]
}

fn link_of_a_person() -> Vec<u8> {
    link().into_iter().next().expect("there are some").bytes
}

fn handle() -> Vec<Sample> {
    let sample = |name: &str, text: &str| good("handle", name, "handle", text.as_bytes().to_vec());
    vec![
        sample("handle: a number", "+32470123456"),
        sample("handle: a number as people type it", "0032 470 12.34.56"),
        sample("handle: an address", "Anna.B+x@example.org"),
        bad("handle", "handle: a national number", "handle", "no country code", "0470 12 34 56"),
        bad(
            "handle",
            "handle: zeros where no number has them",
            "handle",
            "shortened each time",
            "0032 0003 2070",
        ),
        bad("handle", "handle: two at signs", "handle", "no such address", "a@b@example.org"),
    ]
}

/// A good example, changed.
fn changed(
    from: &[Sample],
    of: &str,
    name: &str,
    wrong: &'static str,
    change: impl FnOnce(&mut Vec<u8>),
) -> Sample {
    let sample = from.iter().find(|sample| sample.name == of).expect("there is an example of that name");
    let mut bytes = sample.bytes.clone();
    change(&mut bytes);
    bad(sample.chapter, name, sample.decoder, wrong, bytes)
}

fn bad_frames() -> Vec<Sample> {
    let (slot, mailbox, account, envelope, blob) = (slot(), mailbox(), account(), envelope(), blob());
    let send = |name, wrong, change: fn(&mut Vec<u8>)| changed(&slot, "slot: send", name, wrong, change);
    vec![
        send("slot: send, nothing at all", "empty", Vec::clear),
        send("slot: send, cut", "the last byte is missing", |bytes| {
            bytes.pop();
        }),
        send("slot: send, followed by something", "a byte too many", |bytes| bytes.push(0)),
        send("slot: an operation of no door", "code 0x0100", |bytes| bytes[5] = 0x00),
        send("slot: an operation of the account door", "code 0x0201 at the unnamed door", |bytes| {
            bytes[4..6].copy_from_slice(&[0x02, 0x01]);
        }),
        send("slot: send, a length in two bytes that fits one", "length 0x4000 for 0x00", |bytes| {
            let last = bytes.len() - 1;
            bytes.splice(last.., [0x40, 0x00]);
        }),
        send("slot: send, a length of a form that does not exist", "prefix 0xC0", |bytes| {
            let last = bytes.len() - 1;
            bytes[last] = 0xC0;
        }),
        send("slot: send, a length beyond the end", "1 GiB of extensions", |bytes| {
            let last = bytes.len() - 1;
            bytes.splice(last.., [0xBF, 0xFF, 0xFF, 0xFF]);
        }),
        changed(
            &account,
            "account: register without a handle",
            "account: register, neither with nor without a proof",
            "an optional field marked 2",
            |bytes| bytes[6] = 2,
        ),
        changed(
            &mailbox,
            "mailbox: acknowledge",
            "mailbox: an unknown word of the device",
            "code 3",
            |bytes| bytes[0] = 3,
        ),
        changed(&mailbox, "mailbox: refused", "mailbox: an unknown refusal", "refusal 9", |bytes| {
            bytes[2] = 9
        }),
        changed(
            &mailbox,
            "mailbox: open",
            "mailbox: open, with an extension twice",
            "kinds that do not ascend",
            |bytes| {
                let extension = bytes[bytes.len() - 16..].to_vec();
                let length = bytes.len() - 17;
                bytes[length] = 32;
                bytes.extend_from_slice(&extension);
            },
        ),
        changed(
            &blob,
            "blob: fetch",
            "blob: fetch, as it once stood at the unnamed door",
            "code 0x010C",
            |bytes| {
                bytes[4..6].copy_from_slice(&[0x01, 0x0C]);
            },
        ),
        changed(&envelope, "envelope: a message", "envelope: an unknown kind", "kind 4", |bytes| {
            bytes[32] = 4
        }),
    ]
}

fn bad_content() -> Vec<Sample> {
    let (message, receipt) = (message(), receipt());
    let text =
        |name, wrong, change: fn(&mut Vec<u8>)| changed(&message, "message: a text", name, wrong, change);
    let first = |name, wrong, change: fn(&mut Vec<u8>)| {
        changed(&message, "message: the first of its sender", name, wrong, change)
    };
    vec![
        text("message: cut", "the last byte is missing", |bytes| {
            bytes.pop();
        }),
        text("message: followed by something", "a byte too many", |bytes| bytes.push(0)),
        text("message: of eight fields", "an array of 8", |bytes| {
            bytes[0] = 0x88;
            bytes.push(0xF6);
        }),
        text("message: of indefinite length", "not deterministic", |bytes| {
            bytes[0] = 0x9F;
            bytes.push(0xFF);
        }),
        text("message: a length in two bytes that fits one", "not deterministic", |bytes| {
            bytes.splice(1..2, [0x58, 0x10]);
        }),
        text("message: a salt of 15 bytes", "salt too short", |bytes| {
            bytes[1] = 0x4F;
            bytes.remove(2);
        }),
        text("message: text that is not UTF-8", "byte 0xFF in UTF-8", |bytes| {
            let last = bytes.len() - 1;
            bytes[last] = 0xFF;
        }),
        text("message: a disposition above 255", "disposition 256", |bytes| {
            bytes.splice(24..25, [0x19, 0x01, 0x00]);
        }),
        text("message: a cardinality of no kind", "cardinality 4", |bytes| bytes[26] = 4),
        text("message: undefined in place of null", "no message id", |bytes| bytes[18] = 0xF7),
        first("message: extensions out of order", "keys -0x7601, 1", |bytes| {
            bytes[22] = 0xA2;
            bytes.splice(29..29, [0x01, 0x61, 0x61]);
        }),
        first("message: a sender's row that is no pair", "an array of 3", |bytes| {
            bytes[26] = 0x83;
            bytes.insert(29, 0xF6);
        }),
        changed(&message, "message: a reply", "message: an id made with another hash", "hash 2", |bytes| {
            bytes[23] = 2;
        }),
        changed(
            &message,
            "message: parts four levels deep",
            "message: parts five levels deep",
            "too deep",
            |bytes| {
                bytes.splice(23..23, [0x85, 0x01, 0x60, 0x03, 0x00, 0x82]);
                bytes.extend_from_slice(&[0x83, 0x00, 0x60, 0x00]);
            },
        ),
        bad(
            "message",
            "message: a profile without the key 1",
            "profile",
            "no name",
            [0xA1, 0x02, 0x61, 0x61],
        ),
        bad(
            "message",
            "message: a profile with a name of 65 characters",
            "profile",
            "name too long",
            [&[0xA1, 0x01, 0x78, 0x41][..], &[b'a'; 65]].concat(),
        ),
        bad(
            "message",
            "message: a profile with a short introduction key",
            "profile",
            "31 bytes",
            [&[0xA2, 0x01, 0x60, 0x03, 0x58, 0x1F][..], &[0x1C; 31]].concat(),
        ),
        changed(
            &receipt,
            "receipt: of nothing",
            "receipt: a message without a state",
            "not a pair",
            |bytes| {
                *bytes = [&[0x81, 0x81, 0x58, 0x20][..], &id(0x30).0].concat();
            },
        ),
        changed(
            &receipt,
            "receipt: one message in each state",
            "receipt: a state above 255",
            "state 256",
            |bytes| {
                let last = bytes.len() - 1;
                bytes.splice(last.., [0x19, 0x01, 0x00]);
            },
        ),
        bad(
            "receipt",
            "receipt: of 257 messages",
            "status report",
            "too many",
            [&[0x99, 0x01, 0x01][..], &[&[0x82, 0x58, 0x20][..], &id(0x30).0, &[0x01]].concat().repeat(257)]
                .concat(),
        ),
    ]
}

fn bad_links() -> Vec<Sample> {
    let good = link();
    let first = String::from_utf8(good[0].bytes.clone()).expect("links are text");
    let sample = |name, wrong, text: String| bad("link", name, "link", wrong, text);
    let later = URL_SAFE_NO_PAD.encode([2; 85]);
    vec![
        sample("link: not secure", "http to another machine", first.replace("https", "http")),
        sample("link: the secret in the query", "no fragment", first.replace('#', "?")),
        sample("link: another path", "not /i", first.replace("/i#", "/x#")),
        sample("link: with a user", "no host name", first.replace("example.org", "anna@example.org")),
        sample("link: cut", "the last character is missing", first[..first.len() - 1].to_owned()),
        sample("link: changed", "the checksum does not fit", first.replace("HBwc", "HBwd")),
        sample("link: padded", "a padding sign", format!("{first}==")),
        sample("link: of a later version", "version 2", format!("https://example.org/i#{later}")),
    ]
}
