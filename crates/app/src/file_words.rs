//! Words about files.

use client::{Hold, MediaInfo, MediaKind};
use screens::Transfer;

use crate::words::No;

/// A name that is no path and never empty.
pub(crate) fn file_name(about: &MediaInfo) -> String {
    let last = about.name.rsplit(['/', '\\']).next().unwrap_or_default();
    // Signs that turn the direction of what follows could make one ending look like another.
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let name: String = last.chars().filter(|c| !hidden(*c)).collect();
    let name = name.trim().trim_matches('.').trim();
    if name.is_empty() { media_kind(about.kind).to_owned() } else { name.to_owned() }
}

pub(crate) fn media_kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::File => "File",
        MediaKind::Picture => "Photo",
        MediaKind::Video => "Video",
        MediaKind::Voice => "Voice message",
        MediaKind::Audio => "Audio",
        MediaKind::Sticker => "Sticker",
        MediaKind::Animation => "GIF",
    }
}

pub(crate) fn media_kinds(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::File => "Files",
        MediaKind::Picture => "Photos",
        MediaKind::Video => "Videos",
        MediaKind::Voice => "Voice messages",
        MediaKind::Audio => "Audio",
        MediaKind::Sticker => "Stickers",
        MediaKind::Animation => "GIFs",
    }
}

/// What stands for attachments where there is room for a line: `Photo`, `3 photos`, `lake.pdf`.
pub(crate) fn in_a_line(attachments: &[client::AttachmentView]) -> String {
    let Some(first) = attachments.first() else { return String::new() };
    let alike = attachments.iter().all(|it| it.about.kind == first.about.kind);
    match attachments.len() {
        1 if first.about.kind == MediaKind::File => file_name(&first.about),
        1 => match first.about.duration_ms {
            0 => media_kind(first.about.kind).to_owned(),
            ms => format!("{} ({})", media_kind(first.about.kind), duration(ms)),
        },
        count if alike && first.about.kind == MediaKind::Animation => format!("{count} GIFs"),
        count if alike => format!("{count} {}", media_kinds(first.about.kind).to_lowercase()),
        count => format!("{count} files"),
    }
}

/// `2.4 MB`: thousands, as people count bytes.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = (bytes / (unit / 10)).max(10);
            // From 10 on nobody counts tenths.
            if tenths >= 100 {
                format!("{} {name}", tenths / 10)
            } else {
                format!("{}.{} {name}", tenths / 10, tenths % 10)
            }
        }
        None => format!("{bytes} B"),
    }
}

/// `1:23`, `1:02:03`.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = ms.saturating_add(500) / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

pub(crate) fn pages(pages: u32) -> Option<String> {
    match pages {
        0 => None,
        1 => Some("1 page".to_owned()),
        pages => Some(format!("{pages} pages")),
    }
}

pub(crate) fn transfer(state: Transfer, done: u64, size: u64) -> String {
    let of = || format!("{} of {}", bytes(done), bytes(size));
    match state {
        Transfer::Known => format!("{}, not loaded", bytes(size)),
        Transfer::Coming => format!("Loading {}", of()),
        Transfer::ComingHeld => format!("Held at {}", of()),
        Transfer::Here => bytes(size),
        Transfer::Leaving => format!("Sending {}", of()),
        Transfer::LeavingHeld => format!("Held at {}", of()),
        Transfer::Gone => "No longer on the server. Ask who sent it to send it again.".to_owned(),
        Transfer::Damaged => "What came is not what was sent. Load it again.".to_owned(),
    }
}

/// What is said in place of how far it is, when nobody here holds it and it stands still all the same.
pub(crate) fn waits(hold: Hold) -> Option<&'static str> {
    match hold {
        Hold::None | Hold::Person => None,
        Hold::Service => Some("The server has no room or is busy. This goes on by itself."),
        Hold::Allowance => Some("Today's allowance of files is used up. This goes on by itself tomorrow."),
    }
}

pub(crate) fn outgoing(done: u64, of: u64, held: bool, failed: bool) -> String {
    let part = format!("{} of {}", bytes(done), bytes(of));
    match (failed, held) {
        (true, _) => "Not sent. Try again, or take it back.".to_owned(),
        (false, true) => format!("Held at {part}"),
        (false, false) => format!("Sending {part}"),
    }
}

pub(crate) fn room(bytes: u64, files: u32) -> String {
    match files {
        0 => "No media on this device".to_owned(),
        1 => format!("{} in 1 file", self::bytes(bytes)),
        files => format!("{} in {files} files", self::bytes(bytes)),
    }
}

pub(crate) fn media_rule(free: u64, metered: u64) -> String {
    match (free, metered) {
        (0, 0) => "Only when you ask".to_owned(),
        (0, metered) => format!("Up to {} where it costs", bytes(metered)),
        (free, 0) => format!("Up to {}, not where it costs", bytes(free)),
        (free, metered) => format!("Up to {}, up to {} where it costs", bytes(free), bytes(metered)),
    }
}

pub(crate) fn no_attachment() -> No {
    No::refused("This file is not here any more: its message was deleted, or it was sent.")
}

pub(crate) fn not_here() -> No {
    No::refused("This file is not on this device yet. Load it first.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_paths_and_hide_nothing() {
        let named = |name: &str| file_name(&MediaInfo { name: name.to_owned(), ..MediaInfo::default() });
        for (given, shown) in [
            ("lake.jpg", "lake.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\x.exe", "x.exe"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("..", "File"),
            ("", "File"),
            (" a\u{7} ", "a"),
        ] {
            assert_eq!(named(given), shown);
        }
    }

    #[test]
    fn sizes_and_lengths_read_as_people_say_them() {
        for (size, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 KB"),
            (15_400, "15 KB"),
            (2_450_000, "2.4 MB"),
            (2_147_483_648, "2.1 GB"),
        ] {
            assert_eq!(bytes(size), text);
        }
        assert_eq!([499, 61_000, 3_723_000].map(duration), ["0:00", "1:01", "1:02:03"]);
    }
}
