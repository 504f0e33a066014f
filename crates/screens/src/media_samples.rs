//! Samples of what is said of pictures, voice notes and files, for tests and for pictures of pages.

use crate::{
    AttachmentAct, AttachmentId, AttachmentShown, Bubble, Listing, MediaKind, MediaRuleRow, OutgoingAct,
    OutgoingId, OutgoingShown, StoragePage, StorageRow, Timeline, Transfer, samples,
};

/// One attachment.
#[must_use]
pub fn attachment(id: &str, kind: MediaKind, name: &str, state: Transfer) -> AttachmentShown {
    let line = match state {
        Transfer::Known => "2.4 MB, not loaded",
        Transfer::Coming => "Loading 1.2 MB of 2.4 MB",
        Transfer::ComingHeld => "Held at 1.2 MB of 2.4 MB",
        Transfer::Here => "2.4 MB",
        Transfer::Leaving => "Sending 1.2 MB of 2.4 MB",
        Transfer::LeavingHeld => "Held at 1.2 MB of 2.4 MB",
        Transfer::Gone => "No longer on the server. Ask who sent it to send it again.",
        Transfer::Damaged => "What came is not what was sent. Load it again.",
    };
    let acts = match state {
        Transfer::Coming => vec![AttachmentAct::Hold],
        Transfer::Here | Transfer::Leaving | Transfer::LeavingHeld => {
            vec![AttachmentAct::Open, AttachmentAct::Save]
        }
        _ => vec![AttachmentAct::Fetch],
    };
    let seen = matches!(kind, MediaKind::Picture | MediaKind::Video | MediaKind::Animation);
    let heard = matches!(kind, MediaKind::Video | MediaKind::Voice | MediaKind::Audio);
    AttachmentShown {
        id: AttachmentId(id.to_owned()),
        kind,
        name: name.to_owned(),
        media_type: "application/octet-stream".to_owned(),
        size: 2_400_000,
        size_text: "2.4 MB".to_owned(),
        width: if seen { 1_600 } else { 0 },
        height: if seen { 1_200 } else { 0 },
        duration_ms: if heard { 68_000 } else { 0 },
        duration: heard.then(|| "1:08".to_owned()),
        pages: (kind == MediaKind::File).then(|| "6 pages".to_owned()),
        // Blue above, sand below.
        placeholder: if seen { "1QcSHQRnh493V4dIh4eXh1h4kJUI".to_owned() } else { String::new() },
        waveform: if kind == MediaKind::Voice {
            (0..64_u8).map(|bar| 4 + bar.wrapping_mul(37) % 27).collect()
        } else {
            Vec::new()
        },
        thumbnail: false,
        state,
        line: line.to_owned(),
        percent: if matches!(state, Transfer::Here) { 100 } else { 50 },
        acts,
        spoken: format!("{name}, {line}"),
    }
}

/// A chat with every kind in every state, and something on its way out.
#[must_use]
pub fn timeline() -> Timeline {
    let mut timeline = samples::timeline_full();
    let Listing::Rows(rows) = &timeline.bubbles else { return timeline };
    let Some(like) = rows.iter().find(|row| row.notice.is_none() && row.poll.is_none()).cloned() else {
        return timeline;
    };
    let bubble = |number: usize, text: &str, own: bool, attachments: Vec<AttachmentShown>| Bubble {
        id: crate::MessageId(format!("media-{number}")),
        own,
        from: if own { person_of_me() } else { like.from.clone() },
        text: text.to_owned(),
        blocks: vec![],
        attachments,
        reactions: vec![],
        reply_to: None,
        day: None,
        unread_line: None,
        turn: crate::Turn::Single,
        mark: if own { like.mark.clone() } else { None },
        ..like.clone()
    };
    let picture = |id: &str, state| attachment(id, MediaKind::Picture, "lake.jpg", state);
    let album = ["11", "12", "13", "14", "15"].map(|id| picture(id, Transfer::Here)).to_vec();
    timeline.bubbles = Listing::Rows(vec![
        bubble(1, "", false, vec![picture("1", Transfer::Here)]),
        bubble(2, "The house by the lake", false, album),
        bubble(
            3,
            "Rooftop, just before the rain",
            true,
            vec![attachment("2", MediaKind::Video, "roof.mp4", Transfer::Here)],
        ),
        bubble(4, "", false, vec![attachment("3", MediaKind::Voice, "voice.ogg", Transfer::Here)]),
        bubble(5, "", true, vec![attachment("4", MediaKind::Voice, "voice.ogg", Transfer::Here)]),
        bubble(
            6,
            "",
            false,
            vec![attachment("5", MediaKind::File, "Rental agreement Rua da Rosa.pdf", Transfer::Known)],
        ),
        bubble(7, "", false, vec![picture("6", Transfer::Coming)]),
        bubble(8, "", false, vec![attachment("7", MediaKind::Audio, "choir.mp3", Transfer::Damaged)]),
        bubble(9, "", false, vec![picture("8", Transfer::Gone)]),
    ]);
    timeline.outgoing = vec![outgoing()];
    timeline
}

/// Something on its way out.
#[must_use]
pub fn outgoing() -> OutgoingShown {
    let timeline = samples::timeline_full();
    let made = match &timeline.bubbles {
        Listing::Rows(rows) => rows.first().map(|row| row.sent.clone()),
        _ => None,
    };
    OutgoingShown {
        id: OutgoingId("07".repeat(16)),
        chat: timeline.head.id,
        text: "For the lawyer".to_owned(),
        reply_to: None,
        attachments: vec![attachment("9", MediaKind::File, "scans.zip", Transfer::Leaving)],
        made: made.unwrap_or_else(|| crate::Moment { ms: 0, text: String::new(), full: String::new() }),
        line: "Sending 1.2 MB of 2.4 MB".to_owned(),
        percent: 50,
        failed: false,
        acts: vec![OutgoingAct::Hold, OutgoingAct::Cancel],
        spoken: "scans.zip, Sending 1.2 MB of 2.4 MB".to_owned(),
    }
}

/// Room that media take.
#[must_use]
pub fn storage() -> StoragePage {
    let chat = samples::timeline_full().head;
    let rule = |kind, name: &str, line: &str| MediaRuleRow {
        kind,
        name: name.to_owned(),
        free: 16_000_000,
        metered: 1_000_000,
        line: line.to_owned(),
    };
    StoragePage {
        line: "24 MB in 12 files".to_owned(),
        bytes: 24_000_000,
        rows: vec![StorageRow {
            chat: chat.id,
            name: chat.person.name,
            bytes: 24_000_000,
            files: 12,
            line: "24 MB in 12 files".to_owned(),
        }],
        rules: vec![
            rule(MediaKind::Picture, "Photos", "Up to 16 MB, up to 1.0 MB where it costs"),
            rule(MediaKind::File, "Files", "Only when you ask"),
        ],
    }
}

fn person_of_me() -> crate::Person {
    let me = samples::me();
    crate::Person {
        id: me.id,
        name: me.name,
        initials: me.initials,
        tint: me.tint,
        ..samples::timeline_full().head.person
    }
}
