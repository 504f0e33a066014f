//! A text as it is set, in lines of runs: for terminals, with signs where a page has shapes.

use screens::{Block, Bubble, PreviewShown, Side, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::say;

/// A line before it is broken to fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetLine {
    /// Before its first row: `3. `, `> `.
    pub first: String,
    /// Before its other rows, as wide.
    pub rest: String,
    /// What it says.
    pub runs: Vec<Run>,
}

/// A run of text that looks alike, without anything a terminal would obey.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// The text.
    pub text: String,
    /// How it looks.
    pub look: Look,
}

/// How a run looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Heavier.
    pub bold: bool,
    /// Slanted.
    pub italic: bool,
    /// Struck through.
    pub strike: bool,
    /// As code.
    pub code: bool,
    /// It leads somewhere.
    pub link: bool,
    /// It mentions somebody.
    pub mention: bool,
    /// It mentions the reader.
    pub you: bool,
    /// Words of ours.
    pub aside: bool,
}

/// How a link says where it leads, when its words do not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// The host behind it.
    Host,
    /// The whole address, to be copied.
    Whole,
}

/// The lines of a message's text.
pub fn lines(bubble: &Bubble, address: Address) -> Vec<SetLine> {
    let mut out = Vec::new();
    if bubble.blocks.is_empty() {
        let plain = |line: &str| SetLine { runs: vec![run(line, Look::default())], ..SetLine::default() };
        out.extend(say::lines(&bubble.text).split('\n').map(plain));
    } else {
        add(&bubble.blocks, "", "", address, &mut out);
    }
    out.extend(bubble.preview.iter().flat_map(preview));
    out
}

/// What the sender says of a link: beside a line, so that nobody takes it for the text.
fn preview(shown: &PreviewShown) -> Vec<SetLine> {
    let line = |runs| SetLine { first: PREVIEW.to_owned(), rest: PREVIEW.to_owned(), runs };
    let aside = Look { aside: true, ..Look::default() };
    let title = run(&say::one_line(&shown.title), Look { bold: true, ..Look::default() });
    let mut lines = vec![line(vec![title, run(&format!(" ({})", say::one_line(&shown.host)), aside)])];
    if !shown.description.is_empty() {
        lines.push(line(vec![run(&say::one_line(&shown.description), aside)]));
    }
    lines
}

/// The same as one text.
pub fn text(bubble: &Bubble) -> String {
    if bubble.blocks.is_empty() && bubble.preview.is_none() {
        return say::lines(&bubble.text);
    }
    let line = |line: SetLine| line.first + &line.runs.into_iter().map(|run| run.text).collect::<String>();
    lines(bubble, Address::Whole).into_iter().map(line).collect::<Vec<_>>().join("\n")
}

// Blocks stand in each other a few levels deep at most.
fn add(blocks: &[Block], first: &str, rest: &str, address: Address, out: &mut Vec<SetLine>) {
    let mut before = first;
    for (at, block) in blocks.iter().enumerate() {
        let is_text = |block: &Block| matches!(block, Block::Text(_) | Block::Heading(_));
        let follows = at.checked_sub(1).and_then(|at| blocks.get(at)).is_some_and(is_text);
        if follows && is_text(block) {
            out.push(SetLine { first: rest.trim_end().to_owned(), rest: rest.to_owned(), runs: vec![] });
        }
        match block {
            Block::Text(spans) => push(spans, false, before, rest, address, out),
            Block::Heading(spans) => push(spans, true, before, rest, address, out),
            Block::Code { text, .. } => {
                for (at, line) in say::lines(text).split('\n').enumerate() {
                    let inside = format!("{}{CODE}", if at == 0 { before } else { rest });
                    let look = Look { code: true, ..Look::default() };
                    out.push(SetLine {
                        first: inside,
                        rest: format!("{rest}{CODE}"),
                        runs: vec![run(line, look)],
                    });
                }
            }
            Block::Quote(blocks) => {
                add(blocks, &format!("{before}{QUOTE}"), &format!("{rest}{QUOTE}"), address, out);
            }
            Block::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    let marker = say::one_line(&item.marker);
                    let inside = format!("{rest}{}", " ".repeat(marker.chars().count() + 1));
                    let before = if at == 0 { before } else { rest };
                    let marked = format!("{before}{marker} ");
                    if item.blocks.is_empty() {
                        out.push(SetLine { first: marked, rest: inside, runs: vec![] });
                    } else {
                        add(&item.blocks, &marked, &inside, address, out);
                    }
                }
            }
            Block::Table { columns, rows } => table(columns, rows, (before, rest), address, out),
            Block::Rule => {
                let look = Look { aside: true, ..Look::default() };
                out.push(SetLine {
                    first: before.to_owned(),
                    rest: rest.to_owned(),
                    runs: vec![run("———", look)],
                });
            }
        }
        before = rest;
    }
}

fn push(spans: &[Span], heading: bool, first: &str, rest: &str, address: Address, out: &mut Vec<SetLine>) {
    let new = |first: &str| SetLine { first: first.to_owned(), rest: rest.to_owned(), runs: vec![] };
    let mut line = new(first);
    for span in spans {
        let look = Look {
            bold: span.bold || heading,
            italic: span.italic,
            strike: span.strike,
            code: span.code,
            link: span.link.is_some(),
            mention: span.mention.is_some(),
            you: span.mention.as_ref().is_some_and(|mention| mention.you),
            aside: false,
        };
        // Not every terminal has another way to show it.
        let sign = if span.code { "`" } else { "" };
        let text = format!("{sign}{}{sign}", say::lines(&span.text));
        for (at, piece) in text.split('\n').enumerate() {
            if at > 0 {
                out.push(std::mem::replace(&mut line, new(rest)));
            }
            if !piece.is_empty() {
                line.runs.push(run(piece, look));
            }
        }
        if let Some((link, beside)) = span.link.as_ref().and_then(|link| Some((link, link.beside.as_ref()?)))
        {
            let words = match address {
                Address::Host => format!(" ({})", say::one_line(beside)),
                Address::Whole => format!(" <{}>", say::one_line(&link.url)),
            };
            line.runs.push(run(&words, Look { aside: true, ..Look::default() }));
        }
    }
    out.push(line);
}

/// Columns one below the other, the head above a line.
fn table(
    columns: &[Side],
    rows: &[Vec<Vec<Span>>],
    (first, rest): (&str, &str),
    address: Address,
    out: &mut Vec<SetLine>,
) {
    let cell = |cell: &Vec<Span>, heading| {
        let mut lines = Vec::new();
        push(cell, heading, "", "", address, &mut lines);
        lines.into_iter().flat_map(|line| line.runs).collect::<Vec<Run>>()
    };
    let rows: Vec<Vec<Vec<Run>>> =
        rows.iter().enumerate().map(|(at, row)| row.iter().map(|it| cell(it, at == 0)).collect()).collect();
    let wide = |runs: &Vec<Run>| runs.iter().map(|run| run.text.width()).sum::<usize>();
    let widest = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(wide).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..columns.len()).map(|at| widest(at).clamp(1, TABLE_COLUMN_CELLS_MAX)).collect();
    let aside = Look { aside: true, ..Look::default() };
    let between = || run(COLUMN, aside);
    for (number, row) in rows.into_iter().enumerate() {
        let mut runs = Vec::new();
        for (at, (side, width)) in columns.iter().zip(&widths).enumerate() {
            let cell = row.get(at).cloned().unwrap_or_default();
            let room = width.saturating_sub(wide(&cell));
            let before = match side {
                Side::Start => 0,
                Side::Middle => room / 2,
                Side::End => room,
            };
            runs.extend((at > 0).then(between));
            runs.push(run(&" ".repeat(before), Look::default()));
            runs.extend(cell);
            // Nothing hangs over at the end of a line.
            let after = if at + 1 < columns.len() { room - before } else { 0 };
            runs.push(run(&" ".repeat(after), Look::default()));
        }
        runs.retain(|run| !run.text.is_empty());
        let before = if number == 0 { first } else { rest };
        out.push(SetLine { first: before.to_owned(), rest: rest.to_owned(), runs });
        if number == 0 {
            let line = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join(CROSSING);
            out.push(SetLine {
                first: rest.to_owned(),
                rest: rest.to_owned(),
                runs: vec![run(&line, aside)],
            });
        }
    }
}

fn run(text: &str, look: Look) -> Run {
    Run { text: text.to_owned(), look }
}

/// Before each line of a preview.
const PREVIEW: &str = "│ ";
/// Before each line of what somebody else said.
const QUOTE: &str = "> ";
/// Between the cells of a row, and below it under the head.
const COLUMN: &str = " │ ";
const CROSSING: &str = "─┼─";
/// Cells of the terminal that a column of a table is made as wide as at most; what is longer pushes what follows.
const TABLE_COLUMN_CELLS_MAX: usize = 40;
/// Before each line of code.
const CODE: &str = "  ";

#[cfg(test)]
mod tests {
    use screens::{Listing, samples};

    use super::*;

    fn shown() -> Vec<String> {
        let Listing::Rows(bubbles) = samples::timeline_formatted().bubbles else {
            panic!("the sample is full")
        };
        bubbles.iter().map(text).collect()
    }

    #[test]
    fn what_is_set_reads_well_without_shapes() {
        let me = samples::me().name;
        assert_eq!(
            shown(),
            [
                "Leave at six, not later, by car `IC 512`: the timetable <https://timetable.example/ic512>"
                    .to_owned(),
                format!("@{me}, do you bring this?\n1. bread\n2. cheese\n   • the hard one"),
                "Yes\n> do you bring this?\n  ls bag/\nwhat      │ each\n──────────┼─────\nbread     │    2\nolive oil │   11\n———"
                    .to_owned(),
            ]
        );
    }

    #[test]
    fn a_preview_stands_under_the_text_with_its_host_in_sight() {
        let Listing::Rows(bubbles) = samples::timeline_previewed().bubbles else {
            panic!("the sample is full")
        };
        let under = |bubble: &Bubble| text(bubble).split('\n').skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            under(&bubbles[0]),
            [
                "│ Night train timetable, summer (harbourrail.example)",
                "│ Sleeper and couchette cars from 1 June, bicycles by reservation."
            ]
        );
        let mut nasty = bubbles[0].clone();
        let signs = "\x1b[2J\n\u{9b}2J\u{202e}";
        nasty.preview = nasty.preview.map(|preview| PreviewShown {
            title: signs.into(),
            host: signs.into(),
            description: signs.into(),
            ..preview
        });
        let all = text(&nasty);
        assert!(all.chars().all(|c| c == '\n' || !c.is_control()) && !all.contains('\u{202e}'), "{all:?}");
        assert_eq!(under(&nasty).len(), 2);
    }

    #[test]
    fn nothing_in_a_text_that_is_set_speaks_to_the_terminal() {
        let Listing::Rows(mut bubbles) = samples::timeline_formatted().bubbles else {
            panic!("the sample is full")
        };
        let nasty = "\x1b[2J\u{9b}2J\u{202e}";
        let span = Span { text: nasty.into(), ..Span::default() };
        bubbles[0].blocks = vec![
            Block::Text(vec![span.clone()]),
            Block::Code { language: nasty.into(), text: nasty.into() },
            Block::Quote(vec![Block::Heading(vec![span])]),
        ];
        let all = text(&bubbles[0]);
        assert!(all.chars().all(|c| c == '\n' || !c.is_control()) && !all.contains('\u{202e}'), "{all:?}");
    }
}
