//! A message in rows of the screen, without a screen: what stands where is decided here and painted elsewhere.

use screens::{AttachmentShown, Bubble, Mark, Script};

use super::text::{fit, width, wrap, wrap_set};
use crate::set::{self, Address, Run};

/// A row of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Nothing, between two turns.
    Gap,
    /// In the middle: a day.
    Day(String),
    /// In the middle: what happened to the group.
    Notice(String),
    /// In the middle: where the unread begins.
    Unread(String),
    /// Who writes, where that is not clear.
    Name(String),
    /// Of the message itself.
    Text(Piece),
    /// Below a message: how people reacted, on its side.
    Reactions {
        /// Signs and counts.
        text: String,
        /// Of one's own message.
        own: bool,
    },
    /// Below a message that could not leave.
    Failed(String),
}

/// A row of a message: text on the left of its box, time and mark on the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What was said, or words in its place.
    pub text: String,
    /// The same in runs that look alike; none where all of it looks as usual.
    pub runs: Vec<Run>,
    /// Time and mark, on the last row.
    pub tail: Option<String>,
    /// The mark of the tail, for its colour.
    pub mark: Option<Mark>,
    /// Cells of the box, the same for all rows of a message.
    pub cells: u16,
    /// On the right, because it is one's own.
    pub own: bool,
    /// Words of ours, in place of a text.
    pub note: bool,
}

/// What stands above a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Above<'a> {
    /// A day.
    pub day: Option<&'a str>,
    /// Where the unread begins.
    pub unread: Option<&'a str>,
    /// Who writes.
    pub name: Option<&'a str>,
    /// A turn begins.
    pub gap: bool,
}

/// The rows of a message in a timeline of so many columns.
pub fn block(bubble: &Bubble, above: Above<'_>, columns: u16) -> Vec<Row> {
    let room = usize::from(columns).max(4);
    let mut rows = Vec::new();
    if let Some(day) = above.day {
        rows.push(Row::Day(fit(day, room)));
    } else if above.gap && above.unread.is_none() {
        rows.push(Row::Gap);
    }
    if let Some(unread) = above.unread {
        rows.push(Row::Unread(fit(unread, room)));
    }
    if let Some(notice) = &bubble.notice {
        rows.extend(wrap(notice, room).into_iter().map(Row::Notice));
        return rows;
    }
    if let Some(name) = above.name {
        rows.push(Row::Name(fit(name, room)));
    }
    rows.extend(pieces(bubble, bubble_cells_max(room)).into_iter().map(Row::Text));
    if !bubble.reactions.is_empty() {
        let shown = bubble.reactions.iter().map(|reaction| match reaction.count {
            0 | 1 => reaction.emoji.clone(),
            count => format!("{} {count}", reaction.emoji),
        });
        let text = fit(&shown.collect::<Vec<_>>().join("  "), room);
        rows.push(Row::Reactions { text, own: bubble.own });
    }
    if let Some(failed) = &bubble.failed {
        rows.extend(wrap(&format!("! {failed}"), room).into_iter().map(Row::Failed));
    }
    rows
}

/// A message leaves a part of the row free, so that the side it stands on is seen; on the smallest screens hardly any.
fn bubble_cells_max(room: usize) -> usize {
    (room * 4 / 5).max(room.saturating_sub(MARGIN_CELLS)).min(BUBBLE_CELLS_MAX).min(room)
}

fn pieces(bubble: &Bubble, room: usize) -> Vec<Piece> {
    let quote = bubble.reply_to.as_ref().map(|quote| fit(&format!("↪ {}: {}", quote.from, quote.text), room));
    let forwarded = bubble.forwarded.as_ref().map(|words| fit(words, room));
    let told = bubble.told.as_ref().map(|words| fit(words, room));
    let carried: Vec<String> = bubble.attachments.iter().map(|it| fit(&carried(it), room)).collect();
    let quoted = [&quote, &forwarded, &told].into_iter().flatten().count() + carried.len();
    let plain = |text: String| (text, Vec::new());
    let said: Vec<Vec<Run>> = match &bubble.note {
        None if !bubble.blocks.is_empty() => {
            let lines = set::lines(bubble, Address::Host);
            lines.iter().flat_map(|line| wrap_set(line, room)).collect()
        }
        _ => Vec::new(),
    };
    let mut texts: Vec<(String, Vec<Run>)> =
        told.into_iter().chain(forwarded).chain(quote).chain(carried).map(plain).collect();
    if said.is_empty() {
        let said = bubble.note.as_deref().unwrap_or(&bubble.text);
        // A file need not have words.
        if !said.is_empty() || quoted == 0 {
            texts.extend(wrap(said.trim_end_matches('\n'), room).into_iter().map(plain));
        }
    } else {
        let text = |row: &[Run]| row.iter().map(|run| run.text.as_str()).collect();
        texts.extend(said.into_iter().map(|row| (text(&row), row)));
    }
    let tail = tail(bubble);
    let beside = |text: &str| width(text) + TAIL_SPACE + width(&tail);
    let fits_beside = texts.last().is_some_and(|(last, _)| beside(last) <= room);
    if !fits_beside {
        texts.push(plain(String::new()));
    }
    let last = texts.len().saturating_sub(1);
    let width_of =
        |(at, (text, _)): (usize, &(String, Vec<Run>))| if at == last { beside(text) } else { width(text) };
    let cells = texts.iter().enumerate().map(width_of).max().unwrap_or(0).min(room);
    let cells = u16::try_from(cells).unwrap_or(u16::MAX);
    let piece = |(at, (text, runs)): (usize, (String, Vec<Run>))| Piece {
        text,
        runs,
        tail: (at == last).then(|| tail.clone()),
        mark: bubble.mark.as_ref().map(|shown| shown.mark),
        cells,
        own: bubble.own,
        note: at < quoted || (bubble.note.is_some() && bubble.script == Script::Plain),
    };
    texts.into_iter().enumerate().map(piece).collect()
}

/// An attachment in one line.
fn carried(it: &AttachmentShown) -> String {
    let about = [it.duration.as_deref(), it.pages.as_deref(), Some(it.line.as_str())];
    let about = about.into_iter().flatten().collect::<Vec<_>>().join(", ");
    format!("▣ {}: {about}", it.name)
}

fn tail(bubble: &Bubble) -> String {
    let edited = bubble.edited.as_ref().map_or_else(String::new, |edited| format!("{edited} "));
    let time = &bubble.sent.text;
    match (&bubble.failed, &bubble.mark) {
        (Some(_), _) => format!("{edited}{time} !"),
        (None, Some(mark)) => format!("{edited}{time} {}", mark.word),
        (None, None) => format!("{edited}{time}"),
    }
}

/// Between a text and its time.
const TAIL_SPACE: usize = 2;
/// The free part of a narrow row.
const MARGIN_CELLS: usize = 4;
/// Longer lines are hard to read.
const BUBBLE_CELLS_MAX: usize = 76;

#[cfg(test)]
mod tests {
    use screens::{Listing, samples};

    use super::*;

    fn bubble() -> Bubble {
        let Listing::Rows(rows) = samples::timeline_full().bubbles else { panic!("the sample is full") };
        let own = rows.into_iter().find(|row| row.own && row.mark.is_some()).unwrap();
        Bubble { reply_to: None, reactions: vec![], edited: None, forwarded: None, ..own }
    }

    fn plain(rows: &[Row]) -> Vec<String> {
        let text = |row: &Row| match row {
            Row::Text(piece) => match &piece.tail {
                Some(tail) => format!("{}|{tail}", piece.text),
                None => piece.text.clone(),
            },
            other => format!("{other:?}"),
        };
        rows.iter().map(text).collect()
    }

    #[test]
    fn the_time_stands_beside_the_last_line_when_it_fits() {
        let said = |text: &str| Bubble { text: text.into(), ..bubble() };
        let rows = |text: &str| plain(&block(&said(text), Above::default(), 30));
        assert_eq!(rows("Yes!"), ["Yes!|08:31 Read"]);
        assert_eq!(rows("Yes, seven o'clock"), ["Yes, seven o'clock", "|08:31 Read"]);
        assert_eq!(rows("one\n"), ["one|08:31 Read"]);
        assert_eq!(rows(""), ["|08:31 Read"]);
    }

    #[test]
    fn every_row_fits_its_box_and_every_box_its_row() {
        for columns in [4, 10, 30, 80, 200] {
            for text in ["", "a", "駅で待ってる", &"x".repeat(500), "👨‍👩‍👧‍👦 שלום\n\nb"]
            {
                let bubble = Bubble { text: text.into(), ..bubble() };
                for row in block(&bubble, Above { day: Some("Yesterday"), ..Above::default() }, columns) {
                    let Row::Text(piece) = row else { continue };
                    assert!(piece.cells <= columns && width(&piece.text) <= usize::from(piece.cells));
                }
            }
        }
    }

    #[test]
    fn days_and_the_unread_line_take_the_place_of_the_gap() {
        let above =
            Above { gap: true, day: Some("Today"), unread: Some("2 new messages"), name: Some("Boris") };
        let rows = plain(&block(&bubble(), above, 60));
        assert_eq!(rows[..3], ["Day(\"Today\")", "Unread(\"2 new messages\")", "Name(\"Boris\")"]);
        assert_eq!(block(&bubble(), Above { gap: true, ..Above::default() }, 60)[0], Row::Gap);
    }

    #[test]
    fn what_it_answers_how_people_reacted_and_that_it_was_edited_is_seen() {
        let quote = screens::Quote { id: bubble().id, from: "Boris".into(), tint: 1, text: "tea?".into() };
        let reaction = |emoji: &str, count| screens::Reaction {
            emoji: emoji.into(),
            count,
            own: false,
            spoken: String::new(),
        };
        let answer = Bubble {
            reply_to: Some(quote),
            reactions: vec![reaction("👍", 2), reaction("❤️", 1)],
            edited: Some("edited".into()),
            ..Bubble { text: "Yes!".into(), ..bubble() }
        };
        let rows = block(&answer, Above::default(), 60);
        assert_eq!(plain(&rows)[..2], ["↪ Boris: tea?", "Yes!|edited 08:31 Read"]);
        assert_eq!(rows[2], Row::Reactions { text: "👍 2  ❤️".into(), own: true });
        assert!(
            matches!((&rows[0], &rows[1]), (Row::Text(quote), Row::Text(said)) if quote.note && !said.note)
        );
    }

    #[test]
    fn what_is_set_keeps_its_runs_and_its_box() {
        let Listing::Rows(bubbles) = samples::timeline_formatted().bubbles else {
            panic!("the sample is full")
        };
        for columns in [10, 30, 80] {
            for bubble in &bubbles {
                for row in block(bubble, Above::default(), columns) {
                    let Row::Text(piece) = row else { continue };
                    let runs: String = piece.runs.iter().map(|run| run.text.as_str()).collect();
                    assert!(piece.runs.is_empty() || runs == piece.text);
                    assert!(width(&piece.text) <= usize::from(piece.cells), "{columns}: {piece:?}");
                }
            }
        }
        let rows = block(&bubbles[0], Above::default(), 200);
        let Row::Text(first) = &rows[0] else { panic!("a text: {rows:?}") };
        let bold: String =
            first.runs.iter().filter(|run| run.look.bold).map(|run| run.text.as_str()).collect();
        assert_eq!(bold, "at six");
    }

    #[test]
    fn a_line_about_the_group_is_no_message() {
        let line = Bubble { notice: Some("Anna added Boris".into()), ..bubble() };
        assert_eq!(block(&line, Above::default(), 60), [Row::Notice("Anna added Boris".into())]);
    }

    #[test]
    fn what_could_not_leave_says_why() {
        let failed = Bubble { failed: Some("Not sent: they are gone.".into()), ..bubble() };
        let rows = plain(&block(&failed, Above::default(), 60));
        assert!(rows[0].ends_with("|08:31 !"), "{rows:?}");
        assert_eq!(rows[1], "Failed(\"! Not sent: they are gone.\")");
    }
}
