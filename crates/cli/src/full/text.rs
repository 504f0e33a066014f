//! Text in cells: how wide it is, where it breaks, and how it is put on the screen.
//!
//! Terminals do not agree on two things. A joined emoji is two cells for some and eight for others, so whatever stands
//! behind one is painted again with it. And some turn right-to-left text around over the whole row, so each text is held
//! together by marks that have no width.

use std::ops::Range;

use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::say;
use crate::set::{Look, Run, SetLine};

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(cells).sum()
}

/// Cells that one sign takes.
pub fn cells(grapheme: &str) -> usize {
    // No sign is wider than two cells, whatever it is made of.
    grapheme.width().min(2)
}

/// The text in lines of at most `columns` cells: broken after spaces, and inside words only where a word is longer.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    say::lines(text).split('\n').flat_map(|line| wrap_line(line, columns)).collect()
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    rows_of(line, columns).into_iter().map(|row| line[row].to_owned()).collect()
}

/// The rows of one line, as bytes of it.
fn rows_of(line: &str, columns: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut at, mut rest) = (0, line);
    while let Some(end) = break_of(rest, columns) {
        let (head, tail) = rest.split_at(end);
        rows.push(at..at + head.trim_end_matches(' ').len());
        rest = tail.trim_start_matches(' ');
        at = line.len() - rest.len();
    }
    rows.push(at..line.len());
    rows
}

/// A line of runs in rows of at most `columns` cells, with what stands before each.
pub fn wrap_set(line: &SetLine, columns: usize) -> Vec<Vec<Run>> {
    // What stands before leaves room for text, even on the narrowest screens.
    let before = |text: &str| fit(text, columns / 2);
    let room = columns.saturating_sub(width(&before(&line.first)).max(width(&before(&line.rest)))).max(2);
    let whole: String = line.runs.iter().map(|run| run.text.as_str()).collect();
    let row = |(at, row): (usize, Range<usize>)| {
        let prefix = before(if at == 0 { &line.first } else { &line.rest });
        let mut runs = Vec::new();
        if !prefix.is_empty() {
            runs.push(Run { text: prefix, look: Look { aside: true, ..Look::default() } });
        }
        let mut start = 0;
        for run in &line.runs {
            let end = start + run.text.len();
            let piece = whole.get(row.start.max(start)..row.end.min(end)).unwrap_or_default();
            if !piece.is_empty() {
                runs.push(Run { text: piece.to_owned(), look: run.look });
            }
            start = end;
        }
        runs
    };
    rows_of(&whole, room).into_iter().enumerate().map(row).collect()
}

/// Where a line that is too long is broken; nothing when it fits.
fn break_of(line: &str, columns: usize) -> Option<usize> {
    let (mut used, mut good, mut wide_before) = (0, None, false);
    for (at, grapheme) in line.grapheme_indices(true) {
        let cells = cells(grapheme);
        let wide = cells == 2;
        // Scripts without spaces break between any two of their signs.
        if at > 0 && (wide || wide_before) {
            good = Some(at);
        }
        if used + cells > columns && grapheme != " " {
            return Some(good.unwrap_or(at));
        }
        used += cells;
        wide_before = wide;
        if grapheme == " " || grapheme == "-" {
            good = Some(at + grapheme.len());
        }
    }
    None
}

/// The beginning that fits into `columns` cells, with an ellipsis when something was cut off. One line.
pub fn fit(text: &str, columns: usize) -> String {
    let text = say::one_line(text);
    if width(&text) <= columns {
        return text;
    }
    let mut used = 0;
    let room = columns.saturating_sub(1);
    let kept = text.graphemes(true).take_while(|grapheme| {
        used += cells(grapheme);
        used <= room
    });
    let mut cut: String = kept.collect();
    if columns > 0 {
        cut.push('…');
    }
    cut
}

/// Puts one line of text at a place inside `area` and returns the cells it took. What does not fit is left out.
pub fn put(buffer: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
    let area = area.intersection(buffer.area);
    if y < area.top() || y >= area.bottom() || x < area.left() {
        return 0;
    }
    let mut at = x;
    let (mut first_turned, mut last) = (None, None);
    for grapheme in text.graphemes(true) {
        let cells = u16::try_from(cells(grapheme)).unwrap_or(2);
        if cells == 0 {
            continue;
        }
        if at.saturating_add(cells) > area.right() {
            break;
        }
        for covered in at..at + cells {
            if let Some(cell) = buffer.cell_mut((covered, y)) {
                cell.reset();
                cell.set_style(style);
            }
        }
        if let Some(cell) = buffer.cell_mut((at, y)) {
            cell.set_symbol(short(grapheme));
        }
        if grapheme.chars().any(is_right_to_left) {
            first_turned.get_or_insert(at);
        }
        last = Some(at);
        at += cells;
    }
    if let (Some(first), Some(last)) = (first_turned, last) {
        hold(buffer, first, last, y);
    }
    at - x
}

/// Marks before the first sign that runs to the left and after the last sign of the text: what stands beside it on the
/// row stays beside it.
fn hold(buffer: &mut Buffer, first: u16, last: u16, y: u16) {
    if let Some(cell) = buffer.cell_mut((first, y)) {
        let held = format!("{LEFT_TO_RIGHT}{}", cell.symbol());
        cell.set_symbol(&held);
    }
    if let Some(cell) = buffer.cell_mut((last, y)) {
        let held = format!("{}{LEFT_TO_RIGHT}", cell.symbol());
        cell.set_symbol(&held);
    }
}

/// A sign is cut to what any writing needs: a heap of a thousand accents is no sign.
fn short(grapheme: &str) -> &str {
    grapheme.char_indices().nth(SIGN_CHARS_MAX).map_or(grapheme, |(end, _)| &grapheme[..end])
}

/// After everything was put: what stands behind a joined sign is painted whenever the screen is, because the terminal
/// may have painted the parts of the sign over it.
pub fn settle(buffer: &mut Buffer) {
    let area = buffer.area;
    for y in area.top()..area.bottom() {
        let mut covered_until = area.left();
        for x in area.left()..area.right() {
            let Some(cell) = buffer.cell_mut((x, y)) else { continue };
            if x < covered_until {
                cell.set_diff_option(CellDiffOption::AlwaysUpdate);
            }
            let symbol = cell.symbol();
            let apart: usize = symbol.chars().filter_map(UnicodeWidthChar::width).sum();
            if apart > cells(symbol) {
                covered_until = covered_until.max(x.saturating_add(u16::try_from(apart).unwrap_or(u16::MAX)));
            }
        }
    }
}

/// Hebrew, Arabic and their neighbours.
fn is_right_to_left(c: char) -> bool {
    matches!(u32::from(c), 0x0590..=0x08ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x1_0800..=0x1_0fff | 0x1_e800..=0x1_efff)
}

/// U+200E: no width, and direction of its own.
const LEFT_TO_RIGHT: char = '\u{200e}';
/// Code points of one sign on the screen: a family of four with skin colours has eleven.
const SIGN_CHARS_MAX: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: &str = "👨‍👩‍👧‍👦";

    #[test]
    fn joined_signs_are_two_cells_and_marks_are_none() {
        assert_eq!(width(FAMILY), 2);
        assert_eq!(width("🏳️‍🌈👍🏽🇧🇪"), 6);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("شكراً"), 4, "the last sign stands above the one before");
        assert_eq!(width("駅で"), 4);
        assert_eq!(width("a\u{200b}\u{2068}b"), 2);
    }

    #[test]
    fn lines_break_after_spaces_and_inside_only_what_is_longer() {
        assert_eq!(wrap("see you at five", 8), ["see you", "at five"]);
        assert_eq!(wrap("see you  at", 7), ["see you", "at"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap("駅で待ってる", 5), ["駅で", "待っ", "てる"]);
        assert_eq!(wrap("one\n\ntwo", 9), ["one", "", "two"]);
        assert_eq!(wrap("", 9), [""]);
        assert_eq!(wrap(&FAMILY.repeat(3), 4), [FAMILY.repeat(2), FAMILY.to_owned()]);
        assert_eq!(wrap("\x1b[2J", 9), ["␛[2J"]);
    }

    #[test]
    fn runs_break_like_text_and_stay_what_they_are() {
        let run = |text: &str, bold| Run { text: text.into(), look: Look { bold, ..Look::default() } };
        let line = SetLine {
            first: "3. ".into(),
            rest: "   ".into(),
            runs: vec![run("see you ", false), run("at five", true), run("!", false)],
        };
        let shown = |columns| -> Vec<String> {
            let row = |row: Vec<Run>| {
                row.into_iter()
                    .map(|run| if run.look.bold { format!("*{}*", run.text) } else { run.text })
                    .collect()
            };
            wrap_set(&line, columns).into_iter().map(row).collect()
        };
        assert_eq!(shown(30), ["3. see you *at five*!"]);
        assert_eq!(shown(11), ["3. see you", "   *at five*!"]);
        assert_eq!(shown(8), ["3. see", "   you", "   *at*", "   *five*!"]);
        for columns in 2..30 {
            for row in wrap_set(&line, columns) {
                assert!(
                    width(&row.iter().map(|run| run.text.as_str()).collect::<String>()) <= columns.max(4)
                );
            }
        }
    }

    #[test]
    fn every_line_fits_and_nothing_but_spaces_is_lost() {
        let text =
            "Der Donaudampfschifffahrtsgesellschaftskapitän  wartet, שלום 🌿 駅で待ってる e\u{301}nde - gut";
        for columns in 2..40 {
            let lines = wrap(text, columns);
            assert!(lines.iter().all(|line| width(line) <= columns), "{columns}: {lines:?}");
            let whole = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            assert_eq!(whole(&lines.concat()), whole(text), "{columns}");
        }
    }

    #[test]
    fn what_is_cut_says_so_and_is_never_cut_inside_a_sign() {
        assert_eq!(fit("Maximiliane", 6), "Maxim…");
        assert_eq!(fit("Anna", 4), "Anna");
        assert_eq!(fit(&FAMILY.repeat(3), 4), format!("{FAMILY}…"));
        assert_eq!(fit("abc", 0), "");
        assert_eq!(fit("a\nb", 9), "a␊b");
    }

    #[test]
    fn what_stands_behind_a_joined_sign_is_always_painted() {
        let area = Rect::new(0, 0, 20, 1);
        let mut buffer = Buffer::empty(area);
        let end = put(&mut buffer, area, 1, 0, FAMILY, Style::new());
        put(&mut buffer, area, 1 + end, 0, "|", Style::new());
        settle(&mut buffer);
        let always = |x: u16| buffer.cell((x, 0)).unwrap().diff_option == CellDiffOption::AlwaysUpdate;
        assert_eq!(end, 2);
        assert_eq!((3..9).map(always).collect::<Vec<_>>(), [true; 6]);
        assert!(!always(9));
        assert_eq!(buffer.cell((3, 0)).unwrap().symbol(), "|");
    }

    #[test]
    fn text_to_the_left_is_held_together_and_stays_in_its_area() {
        let area = Rect::new(0, 0, 30, 1);
        let mut buffer = Buffer::empty(area);
        let end = put(&mut buffer, area, 0, 0, "a שלום!", Style::new());
        assert_eq!(end, 7);
        let symbol = |x: u16| buffer.cell((x, 0)).unwrap().symbol().to_owned();
        assert_eq!(symbol(2), "\u{200e}ש");
        assert_eq!(symbol(6), "!\u{200e}");
        assert_eq!(cells(&symbol(2)), 1);
        let pane = Rect::new(0, 0, 4, 1);
        assert_eq!(put(&mut buffer, pane, 0, 0, "駅で待", Style::new()), 4);
        assert_eq!(put(&mut buffer, pane, 0, 3, "below", Style::new()), 0);
    }

    #[test]
    fn a_heap_of_accents_is_cut() {
        let area = Rect::new(0, 0, 5, 1);
        let mut buffer = Buffer::empty(area);
        put(&mut buffer, area, 0, 0, &format!("a{}b", "\u{301}".repeat(1_000)), Style::new());
        assert_eq!(buffer.cell((0, 0)).unwrap().symbol().chars().count(), SIGN_CHARS_MAX);
        assert_eq!(buffer.cell((1, 0)).unwrap().symbol(), "b");
    }
}
