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
        Over::Invite { link: Some((link, sentence)), as_text, .. } => {
            invite(canvas, area, link, sentence, *as_text);
        }
        Over::Invite { link: None, refused, .. } => {
            let inner = whole_page(canvas, area, "Invite");
            let waiting = ("One moment…", style::DIM);
            let (words, shown) = refused.as_deref().map_or(waiting, |refused| (refused, style::BAD));
            canvas.paragraph(inner, words, shown);
        }
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

/// The link and a square of it, beside or below each other, or where that does not fit one of them after the other.
fn invite(canvas: &mut Canvas<'_>, area: Rect, link: &str, sentence: &str, as_text: bool) {
    let page = whole_page(canvas, area, "Invite");
    let text_rows = rows_of(&wrap(link, page.width.into())) + rows_of(&wrap(sentence, page.width.into())) + 1;
    let squares = [qr::half_blocks(link), qr::sextants(link)];
    let fits = |square: &&Vec<String>| columns_of(square) <= page.width && rows_of(square) <= page.height;
    let with_words = |square: &&Vec<String>| {
        columns_of(square) + BESIDE_COLUMNS <= page.width || rows_of(square) + text_rows <= page.height
    };
    let square = squares.iter().filter(fits).find(with_words).or_else(|| squares.iter().find(fits));
    let Some(square) = square.filter(|square| !square.is_empty()) else {
        return link_words(canvas, page, link, sentence);
    };
    if !with_words(&square) && as_text {
        return link_words(canvas, page, link, sentence);
    }
    for (row, y) in square.iter().zip(page.top()..page.bottom()) {
        canvas.put(page, page.x, y, row, style::SQUARE);
    }
    if rows_of(square) + text_rows <= page.height {
        link_words(canvas, below(page, rows_of(square)), link, sentence);
    } else if with_words(&square) {
        let left = columns_of(square) + 2;
        link_words(canvas, Rect { x: page.x + left, width: page.width - left, ..page }, link, sentence);
    }
}

fn link_words(canvas: &mut Canvas<'_>, area: Rect, link: &str, sentence: &str) {
    let rest = canvas.paragraph(area, link, style::STRONG);
    canvas.paragraph(below(rest, 1), sentence, style::PLAIN);
}

fn rows_of(rows: &[String]) -> u16 {
    u16::try_from(rows.len()).unwrap_or(u16::MAX / 2)
}

fn columns_of(rows: &[String]) -> u16 {
    rows.first().map_or(0, |row| u16::try_from(row.chars().count()).unwrap_or(u16::MAX / 2))
}

/// Everything but the head; returns what is below it.
fn whole_page(canvas: &mut Canvas<'_>, area: Rect, title: &str) -> Rect {
    canvas.fill(area, style::PLAIN);
    let head = Rect { height: 1, ..area };
    canvas.fill(head, style::HEAD);
    canvas.put(head, head.x + 1, head.y, title, style::HEAD.patch(style::STRONG));
    let page = below(area, 1);
    Rect { x: page.x + 1, width: page.width.saturating_sub(2), ..page }
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
