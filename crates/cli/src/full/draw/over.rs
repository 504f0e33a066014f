//! What lies on top.

use ratatui::layout::Rect;

use super::{Canvas, below, style};
use crate::full::model::{Choice, Field, Model, Over};
use crate::full::text::{fit, width, wrap};
use crate::qr;

pub fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, over: &Over) {
    match over {
        Over::Choice(choice) => draw_choice(canvas, area, choice),
        Over::Field(Field { asks, line, busy, refused }) => {
            let words = match (busy, refused) {
                (true, _) => "One moment…",
                (false, Some(refused)) => refused,
                (false, None) => "",
            };
            let (title, question, _) = asks.words();
            let inner = paper(canvas, area, FIELD_ROWS, title);
            let rest = canvas.paragraph(inner, question, style::PLAIN);
            let field = Rect { height: rest.height.min(3), ..rest };
            let taps = model.writes_with_numbers().then_some(model.taps);
            canvas.field(field, line, taps, "");
            canvas.paragraph(below(rest, field.height), words, style::BAD);
        }
        Over::Invite { link, refused } => invite(canvas, area, link.as_ref(), refused.as_deref()),
        Over::Sheet { title, rows, top } => {
            let columns = area.width.min(PAPER_COLUMNS).saturating_sub(2);
            let inner = paper(canvas, area, sheet_rows(rows, columns), title);
            sheet(canvas, inner, rows, *top);
        }
    }
}

fn draw_choice(canvas: &mut Canvas<'_>, area: Rect, choice: &Choice) {
    let inner_width = usize::from(area.width.min(PAPER_COLUMNS).saturating_sub(2));
    let words = if choice.sentence.is_empty() { 0 } else { wrap(&choice.sentence, inner_width).len() + 1 };
    let rows = u16::try_from(choice.picks.len() + words + 2).unwrap_or(area.height);
    let mut inner = paper(canvas, area, rows, &choice.title);
    if !choice.sentence.is_empty() {
        inner = below(canvas.paragraph(inner, &choice.sentence, style::PLAIN), 1);
    }
    let room = usize::from(inner.height).max(1);
    let top = (choice.picked + 1).saturating_sub(room);
    for (at, pick) in choice.picks.iter().enumerate().skip(top).take(room) {
        let number = if at < 9 { (at + 1).to_string() } else { " ".to_owned() };
        let shown = if at == choice.picked { style::PICKED } else { style::PLAIN };
        let row = Rect { height: 1, ..inner };
        canvas.fill(row, shown);
        canvas.put(row, row.x, row.y, &fit(&format!("{number} {}", pick.word), row.width.into()), shown);
        inner = below(inner, 1);
    }
}

/// The link, and a square of it where there is room for one.
fn invite(canvas: &mut Canvas<'_>, area: Rect, link: Option<&(String, String)>, refused: Option<&str>) {
    canvas.fill(area, style::PLAIN);
    let head = Rect { height: 1, ..area };
    canvas.fill(head, style::HEAD);
    canvas.put(head, head.x + 1, head.y, "Invite", style::HEAD.patch(style::STRONG));
    let page = below(area, 1);
    let inner = Rect { x: page.x + 1, width: page.width.saturating_sub(2), ..page };
    let Some((link, sentence)) = link else {
        let (words, shown) = refused.map_or(("One moment…", style::DIM), |refused| (refused, style::BAD));
        canvas.paragraph(inner, words, shown);
        return;
    };
    let square = qr::half_blocks(link);
    let size = square.first().map_or((0, 0), |row| {
        (
            u16::try_from(row.chars().count()).unwrap_or(u16::MAX),
            u16::try_from(square.len()).unwrap_or(u16::MAX),
        )
    });
    let text_rows =
        u16::try_from(wrap(link, inner.width.into()).len() + wrap(sentence, inner.width.into()).len())
            .unwrap_or(u16::MAX)
            .saturating_add(1);
    let beside = size.0 > 0 && size.1 <= page.height && size.0.saturating_add(BESIDE_COLUMNS) <= inner.width;
    let above = size.0 > 0 && size.0 <= inner.width && size.1.saturating_add(text_rows) <= inner.height;
    let mut words = inner;
    if beside || above {
        for (row, y) in square.iter().zip(page.y..) {
            canvas.put(page, inner.x, y, row, style::SQUARE);
        }
        words = if above {
            below(inner, size.1)
        } else {
            Rect { x: inner.x + size.0 + 2, width: inner.width - size.0 - 2, ..inner }
        };
    }
    let rest = canvas.paragraph(words, link, style::STRONG);
    let rest = canvas.paragraph(below(rest, 1), sentence, style::PLAIN);
    if !(beside || above) {
        canvas.paragraph(below(rest, 1), "A larger window shows a square to photograph as well.", style::DIM);
    }
}

/// Columns of what stands on the left.
fn first_columns(rows: &[(String, String)], columns: u16) -> u16 {
    let first = rows.iter().map(|(first, _)| width(first)).max().unwrap_or(0);
    u16::try_from(first).unwrap_or(0).min(columns / 2)
}

/// Rows that a sheet needs, as far as anybody could show.
fn sheet_rows(rows: &[(String, String)], columns: u16) -> u16 {
    let second = usize::from(columns.saturating_sub(first_columns(rows, columns) + 1));
    let room = |key: &str| if key.is_empty() { usize::from(columns) } else { second };
    let all = rows.iter().map(|(key, words)| wrap(words, room(key)).len()).sum::<usize>();
    u16::try_from(all).unwrap_or(u16::MAX)
}

fn sheet(canvas: &mut Canvas<'_>, area: Rect, rows: &[(String, String)], top: usize) {
    let first = first_columns(rows, area.width);
    let mut rest = area;
    for (key, words) in rows.iter().skip(top) {
        if rest.height == 0 {
            return;
        }
        if key.is_empty() {
            rest = canvas.paragraph(rest, words, style::STRONG);
            continue;
        }
        canvas.put(rest, rest.x, rest.y, &fit(key, first.into()), style::DIM);
        let second = Rect { x: rest.x + first + 1, width: rest.width.saturating_sub(first + 1), ..rest };
        rest = Rect { x: area.x, width: area.width, ..canvas.paragraph(second, words, style::PLAIN) };
    }
}

/// A sheet of so many rows in the middle, with its title.
fn paper(canvas: &mut Canvas<'_>, area: Rect, rows: u16, title: &str) -> Rect {
    let width = area.width.min(PAPER_COLUMNS);
    let height = rows.saturating_add(1).min(area.height);
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    let place = Rect { x, y, width, height };
    canvas.fill(place, style::PLAIN);
    let head = Rect { height: 1, ..place };
    canvas.fill(head, style::HEAD);
    canvas.put(
        head,
        head.x + 1,
        head.y,
        &fit(title, usize::from(width).saturating_sub(2)),
        style::HEAD.patch(style::STRONG),
    );
    let inner = below(place, 1);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// What lies on top is no wider.
const PAPER_COLUMNS: u16 = 60;
/// Question, field and what is wrong with it.
const FIELD_ROWS: u16 = 8;
/// Columns of text beside a square.
const BESIDE_COLUMNS: u16 = 24;
