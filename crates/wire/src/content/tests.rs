//! The draft's own examples, and the rules that hold for every message.

use super::*;
use vocab::limits::TEXT_BYTES_MAX;
use vocab::{AccountId, MessageId, Timestamp};

const SALT: [u8; 16] = [7; 16];

/// Name, bytes, and the message id the draft gives.
const EXAMPLES: [(&str, &[u8], &str); 8] = [
    (
        "original",
        include_bytes!("../../vectors/mimi-content-08/original.cbor"),
        "017ce54837404c3696e0c747b985cb172716d0ed0a3d249ca63ace7d82a096f4",
    ),
    (
        "reply",
        include_bytes!("../../vectors/mimi-content-08/reply.cbor"),
        "015354973c2b65ca937bf1e035ae53a5ab80e947afa43d46920d4202e5cc0b27",
    ),
    (
        "reaction",
        include_bytes!("../../vectors/mimi-content-08/reaction.cbor"),
        "0158c4288911e50a8f6be3f47746b6682f10fd91bc8c05557aa589a3157aff68",
    ),
    (
        "mention",
        include_bytes!("../../vectors/mimi-content-08/mention.cbor"),
        "018d825adf9f6be00dcafc5704c4102f5022e74219d0b603e4ba7622654042af",
    ),
    (
        "edit",
        include_bytes!("../../vectors/mimi-content-08/edit.cbor"),
        "014028c0deddbdea56bec26172f6ede953d11024cb82b8192b5e2aea62d7fb47",
    ),
    (
        "expiring",
        include_bytes!("../../vectors/mimi-content-08/expiring.cbor"),
        "01e59db8173939facc2c8a4a0f0ae8d0c7a11a81239626630c9464a8d6717a03",
    ),
    (
        "attachment",
        include_bytes!("../../vectors/mimi-content-08/attachment.cbor"),
        "0176180c7d19a925021fe446d241134d05c38e0d999cdc0f39c391d2377ed9d1",
    ),
    (
        "multipart-1",
        include_bytes!("../../vectors/mimi-content-08/multipart-1.cbor"),
        "01da5a515ec5db42cc4dcc19b90c3c31245d8a1cfcce11318f24eb11dce0990e",
    ),
];

fn example(name: &str) -> (MimiContent, MessageId) {
    let (_, bytes, id) = EXAMPLES.into_iter().find(|(example, ..)| *example == name).unwrap();
    (MimiContent::decode(bytes).unwrap(), id.parse().unwrap())
}

#[test]
fn the_drafts_examples_read_and_write_byte_for_byte_and_have_the_ids_it_gives() {
    for (name, bytes, id) in EXAMPLES {
        let content = MimiContent::decode(bytes).unwrap();
        assert_eq!(content.encode().unwrap(), bytes, "{name}");
        let uri = |key| content.extensions.value(&key).unwrap().as_text().unwrap().to_owned();
        let (sender, room) = (uri(ExtensionKey::SENDER_URI), uri(ExtensionKey::ROOM_URI));
        assert_eq!(message_id(&sender, &room, bytes, &content.salt).unwrap().to_string(), id, "{name}");
    }
}

#[test]
fn the_examples_name_each_other_by_those_ids() {
    let original = example("original").1;
    for name in ["reply", "reaction", "mention", "edit"] {
        assert_eq!(example(name).0.in_reply_to, Some(original), "{name}");
    }
    assert_eq!(example("edit").0.replaces, Some(example("reply").1));
}

#[test]
fn the_examples_say_what_they_say() {
    assert!(example("original").0.as_text().unwrap().starts_with("Hi everyone"));
    assert_eq!(example("multipart-1").0.as_text(), Some("# Welcome!"));
    assert_eq!(example("reaction").0.as_text(), None);
    assert_eq!(example("expiring").0.expires, Some(Expiration::At(1_644_390_004)));
    let Part::External(video) = example("attachment").0.nested_part.part else { panic!("no external part") };
    assert_eq!((video.size, video.encryption, video.filename.as_str()), (708_234_961, 1, "bigfile.mp4"));
}

#[test]
fn text_survives_byte_for_byte() {
    let long = "ü".repeat(TEXT_BYTES_MAX / 2);
    for text in [
        "",
        "see you at 5",
        "שלום \u{202B}عالم\u{202C} abc",
        "👩\u{200D}👩\u{200D}👧\u{200D}👦 🏳\u{FE0F}\u{200D}🌈",
        "e\u{301} is not é",
        "\u{0}\u{FEFF}\r\n\t",
        &long,
    ] {
        let bytes = MimiContent::text(SALT, text).encode().unwrap();
        assert_eq!(MimiContent::decode(&bytes).unwrap().as_text(), Some(text));
    }
}

#[test]
fn what_is_too_long_is_neither_written_nor_read() {
    let text = MimiContent::text(SALT, &"x".repeat(TEXT_BYTES_MAX + 1));
    assert_eq!(text.encode(), Err(ContentError::TooLarge));
    let picture = |bytes: usize| {
        MimiContent::new(SALT, NestedPart::single(Disposition::INLINE, "image/png", vec![0; bytes])).encode()
    };
    assert!(picture(CONTENT_BYTES_MAX - 100).is_ok());
    assert_eq!(picture(CONTENT_BYTES_MAX), Err(ContentError::TooLarge));
    assert_eq!(MimiContent::decode(&vec![0; CONTENT_BYTES_MAX + 1]).err(), Some(ContentError::TooLarge));
    let topic = MimiContent { topic_id: vec![0; TOPIC_BYTES_MAX + 1], ..MimiContent::text(SALT, "") };
    assert_eq!(topic.encode(), Err(ContentError::TooLarge));
}

#[test]
fn parts_stand_four_levels_deep_and_no_deeper() {
    let nest = |levels: usize| {
        (1..levels).fold(NestedPart::single(Disposition::RENDER, TYPE_TEXT, "x"), |inner, _| NestedPart {
            disposition: Disposition::RENDER,
            language: String::new(),
            part: Part::Multi { semantics: PartSemantics::ChooseOne, parts: vec![inner, NestedPart::null()] },
        })
    };
    let four = MimiContent::new(SALT, nest(PART_LEVELS_MAX));
    let bytes = four.encode().unwrap();
    assert!(MimiContent::decode(&bytes).unwrap() == four);
    assert_eq!(four.as_text(), Some("x"));
    assert_eq!(MimiContent::new(SALT, nest(PART_LEVELS_MAX + 1)).encode(), Err(ContentError::TooDeep));
    // The same, written by hand: a decoder trusts no encoder.
    let body = bytes.len() - {
        let mut out = cbor::Writer::default();
        four.nested_part.write(&mut out).unwrap();
        out.0.len()
    };
    let mut deeper = bytes[..body].to_vec();
    deeper.extend_from_slice(&[0x85, 1, 0x60, 3, 0, 0x82]);
    deeper.extend_from_slice(&bytes[body..]);
    deeper.extend_from_slice(&[0x83, 0, 0x60, 0]);
    assert_eq!(MimiContent::decode(&deeper).err(), Some(ContentError::TooDeep));
}

#[test]
fn a_message_has_at_most_1024_parts_and_several_are_two_or_more() {
    let several = |amount: usize| {
        let parts = vec![NestedPart::null(); amount];
        let part = Part::Multi { semantics: PartSemantics::ProcessAll, parts };
        MimiContent::new(SALT, NestedPart { part, ..NestedPart::null() }).encode()
    };
    assert!(several(PARTS_MAX - 1).is_ok() && several(2).is_ok());
    assert_eq!(several(PARTS_MAX), Err(ContentError::TooLarge));
    assert_eq!(several(1), Err(ContentError::Malformed));
}

#[test]
fn text_that_is_not_utf8_is_refused_and_other_character_sets_are_not_ours_to_check() {
    let part = |content_type: &str| {
        let part = NestedPart::single(Disposition::RENDER, content_type, vec![0xE9]);
        MimiContent::new(SALT, part).encode()
    };
    for utf8 in [TYPE_TEXT, TYPE_MARKDOWN, "Text/Plain; charset=\"UTF-8\"", "text/html"] {
        assert_eq!(part(utf8).err(), Some(ContentError::NotText), "{utf8}");
    }
    assert!(part("text/plain;charset=iso-8859-1").is_ok() && part("image/png").is_ok());
}

#[test]
fn an_id_made_with_an_unknown_hash_is_refused() {
    let content = MimiContent { replaces: Some(MessageId([2; 32])), ..MimiContent::text(SALT, "x") };
    assert_eq!(content.encode(), Err(ContentError::Malformed));
}

#[test]
fn the_senders_row_is_kept_with_what_others_added() {
    let chain = Chain { sequence: 12, previous: Some(chain_hash(b"before")) };
    let mut content = MimiContent::text(SALT, "x").with_chain(chain).unwrap();
    let theirs = ExtensionKey::Text("org.example".into());
    content.extensions.insert(&theirs, ExtensionValue::from_cbor(&[0xA1, 0x01, 0xF5]).unwrap()).unwrap();
    let read = MimiContent::decode(&content.encode().unwrap()).unwrap();
    assert_eq!(read.chain(), Some(chain));
    assert_eq!(read.extensions.value(&theirs).unwrap().as_cbor(), [0xA1, 0x01, 0xF5]);
    assert!(read == content);
    assert_eq!((MimiContent::text(SALT, "x").chain(), read.sent_at()), (None, None));
    let sent = read.with_sent_at(Timestamp(5)).unwrap();
    assert_eq!(MimiContent::decode(&sent.encode().unwrap()).unwrap().sent_at(), Some(Timestamp(5)));
}

#[test]
fn a_retraction_names_what_it_takes_back() {
    let mut content = MimiContent::new(SALT, NestedPart::null());
    assert!(!content.is_retraction());
    content.replaces = Some(example("reply").1);
    assert!(MimiContent::decode(&content.encode().unwrap()).unwrap().is_retraction());
}

#[test]
fn a_report_names_many_messages_and_states_of_later_versions_do_no_harm() {
    let id = example("reply").1;
    let mut report = StatusReport {
        entries: vec![(id, MessageStatus::Read), (id, MessageStatus::Unknown(9)), (id, MessageStatus::Error)],
    };
    let content = MimiContent::status(SALT, &report).unwrap();
    let read = MimiContent::decode(&content.encode().unwrap()).unwrap();
    assert_eq!((read.as_status().unwrap(), read.as_text()), (Some(report.clone()), None));
    assert_eq!(MimiContent::text(SALT, "x").as_status().unwrap(), None);
    report.entries = vec![(id, MessageStatus::Delivered); STATUS_ENTRIES_MAX];
    assert!(report.encode().is_ok());
    report.entries.push((id, MessageStatus::Delivered));
    assert_eq!(report.encode(), Err(ContentError::TooLarge));
}

/// The example of draft-mahy-mimi-message-status-01, section 5: a bare list of pairs.
#[test]
fn a_report_is_what_its_draft_shows() {
    let states = [
        ("original", MessageStatus::Read, "02"),
        ("reply", MessageStatus::Read, "02"),
        ("mention", MessageStatus::Unread, "00"),
        ("expiring", MessageStatus::Expired, "03"),
    ];
    let entries = states.iter().map(|(name, status, _)| (example(name).1, *status)).collect();
    let shown: String =
        states.iter().map(|(name, _, number)| format!("825820{}{number}", example(name).1)).collect();
    let report = StatusReport { entries };
    let bytes = report.encode().unwrap();
    assert_eq!(hex::encode(&bytes), format!("84{shown}"));
    assert_eq!(StatusReport::decode(&bytes), Ok(report));
}

#[test]
fn a_profile_ignores_what_it_does_not_know_and_writes_only_what_it_does() {
    let profile = Profile {
        name: "Anna ü 👩\u{200D}🚀".into(),
        handle: Some("anna@example.org".into()),
        introduction_key: Some(crate::Secret32([3; 32])),
        about: Some("Reads, sails, answers late".into()),
        picture: Some(ProfilePicture::Blob { hash: [4; 32], secret: crate::Secret32([5; 32]) }),
    };
    let content = MimiContent::profile(SALT, &profile).unwrap();
    assert!(
        MimiContent::decode(&content.encode().unwrap()).unwrap().as_profile().unwrap().unwrap() == profile
    );
    // {1: "Anna", 4: [true], "x": 0}
    let later = hex::decode("a30164416e6e610481f5617800").unwrap();
    let read = Profile::decode(&later).unwrap();
    assert_eq!(read.name, "Anna");
    assert_eq!(hex::encode(read.encode().unwrap()), "a10164416e6e61");
    let named = |name: String| Profile::named(name).encode();
    assert!(named("👩".repeat(64)).is_ok());
    assert_eq!(named("a".repeat(65)), Err(ContentError::TooLarge));
    assert_eq!(Profile::decode(&[0xA0]).err(), Some(ContentError::Malformed));
    let about = |text: String| Profile { about: Some(text), ..Profile::named("Anna".into()) }.encode();
    assert!(about("ü".repeat(140)).is_ok());
    assert_eq!(about("a".repeat(141)), Err(ContentError::TooLarge));
    let none = Profile { picture: Some(ProfilePicture::Nowhere), ..Profile::named("Anna".into()) };
    let bytes = none.encode().unwrap();
    assert_eq!(hex::encode(&bytes), "a20164416e6e610640");
    assert!(Profile::decode(&bytes).unwrap() == none);
    // A hash without its secret.
    let half = [&hex::decode("a20164416e6e6106582b").unwrap()[..], &[7; 43]].concat();
    assert_eq!(Profile::decode(&half).err(), Some(ContentError::Malformed));
}

#[test]
fn uris_within_valise_are_made_of_ids() {
    assert_eq!(sender_uri(AccountId([1; 32])), format!("valise:account/{}", "01".repeat(32)));
    assert_eq!(room_uri(&[2; 16]), format!("valise:conversation/{}", "02".repeat(16)));
    assert_eq!(message_id(&"x".repeat(65_536), "", b"", &SALT), Err(ContentError::TooLarge));
}

#[test]
fn nothing_written_reaches_a_log() {
    let content = MimiContent::text(SALT, "secret");
    assert_eq!(format!("{content:?} {:?}", content.nested_part), "MimiContent NestedPart");
}
