//! The open chat.

use ratatui::layout::Rect;
use screens::{BannerKind, Bubble, Composer, Listing, Mark};

use super::{Canvas, below, style};
use crate::full::lay::{self, Piece, Row};
use crate::full::model::{Chat, Main, Model, Place, Size, stopped_rows};
use crate::full::panes::Panes;
use crate::full::text::{fit, width};

pub fn draw(canvas: &mut Canvas<'_>, panes: &Panes, model: &Model, main: &Main, chat: &Chat) {
    // Where the list is not shown, what is new elsewhere is said here.
    let elsewhere = if panes.border.is_none() { main.list.unread } else { 0 };
    head(canvas, panes.chat_head, chat, elsewhere);
    let size = Size { columns: model.size.columns, rows: model.size.rows };
    let area = main.timeline_area(size, model.writes_with_numbers());
    banner(canvas, panes.timeline, area, main, chat);
    match &chat.shown {
        Listing::Loading => canvas.middle(area, "Opening…", style::DIM),
        Listing::Failing(trouble) => {
            canvas.paragraph(area, &trouble.sentence, style::BAD);
        }
        Listing::Empty(place) => {
            let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
            let rest = canvas.paragraph(below(inner, 1), &place.title, style::STRONG);
            canvas.paragraph(rest, &place.sentence, style::PLAIN);
        }
        Listing::Rows(rows) => timeline(canvas, area, rows, chat),
    }
    line(canvas, panes.line, model, main, chat);
}

/// Where a chat would be.
pub fn nothing_open(canvas: &mut Canvas<'_>, panes: &Panes) {
    canvas.fill(panes.chat_head, style::HEAD);
    canvas.middle(panes.timeline, "Choose a chat, or n to add somebody.", style::DIM);
}

fn head(canvas: &mut Canvas<'_>, area: Rect, chat: &Chat, elsewhere: u32) {
    canvas.fill(area, style::HEAD);
    let count = if elsewhere == 0 { String::new() } else { format!("({elsewhere}) ") };
    canvas.right(area, &count, style::HEAD.patch(style::STRONG));
    let Some(head) = &chat.head else { return };
    let room = usize::from(area.width).saturating_sub(2 + width(&count));
    let name = fit(&head.person.name, room);
    let used = canvas.put(area, area.x + 1, area.y, &name, style::HEAD.patch(style::STRONG));
    let left = room.saturating_sub(usize::from(used) + 2);
    if left >= LINE_COLUMNS_MIN {
        let told = head.typing.as_ref().or(head.scheduled.as_ref()).or(head.seen.as_ref());
        let line = told.unwrap_or(&head.line);
        canvas.put(area, area.x + used + 3, area.y, &fit(line, left), style::HEAD);
    }
}

fn banner(canvas: &mut Canvas<'_>, whole: Rect, rest: Rect, main: &Main, chat: &Chat) {
    let kind = chat.frame.as_ref().and_then(|frame| frame.banner.as_ref()).map(|banner| banner.kind);
    let shown = if kind == Some(BannerKind::Danger) { style::BAD } else { style::WARN };
    let rows = main.chat_banner(whole.width);
    for (row, y) in rows.iter().zip(whole.y..rest.y) {
        canvas.put(whole, whole.x, y, row, shown);
    }
}

/// From the foot upwards, as far as there is room.
fn timeline(canvas: &mut Canvas<'_>, area: Rect, rows: &[Bubble], chat: &Chat) {
    let (end, below) = chat.foot();
    let mut skip = below;
    let mut y = area.bottom();
    for bubble in rows.iter().take(end).rev() {
        let chosen = chat.chosen.as_ref() == Some(&bubble.id);
        for row in lay::block(bubble, chat.lines_above(bubble), area.width).iter().rev() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            if y == area.top() {
                return;
            }
            y -= 1;
            timeline_row(canvas, Rect { y, height: 1, ..area }, row, chosen);
        }
    }
}

fn timeline_row(canvas: &mut Canvas<'_>, area: Rect, row: &Row, chosen: bool) {
    match row {
        Row::Gap => {}
        Row::Day(words) | Row::Notice(words) => {
            canvas.middle(area, words, if chosen { style::PICKED } else { style::DIM });
        }
        Row::Unread(line) => {
            for x in area.left()..area.right() {
                canvas.put(area, x, area.y, "─", style::WARN);
            }
            canvas.middle(area, &format!(" {line} "), style::WARN);
        }
        Row::Name(name) => {
            canvas.put(area, area.x, area.y, name, style::STRONG);
        }
        Row::Reactions { text, own: true } => canvas.right(area, text, style::PLAIN),
        Row::Reactions { text, own: false } => {
            canvas.put(area, area.x, area.y, text, style::PLAIN);
        }
        Row::Failed(sentence) => {
            canvas.put(area, area.x, area.y, sentence, style::BAD);
        }
        Row::Text(piece) => piece_row(canvas, area, piece, chosen),
    }
}

fn piece_row(canvas: &mut Canvas<'_>, area: Rect, piece: &Piece, chosen: bool) {
    let x = if piece.own { area.right().saturating_sub(piece.cells) } else { area.x };
    let place = Rect { x, width: piece.cells, ..area };
    let shown = match (chosen, piece.own) {
        (true, _) => style::PICKED,
        (false, true) => style::OWN,
        (false, false) => style::OTHERS,
    };
    canvas.fill(place, shown);
    let words = if piece.note { shown.patch(style::DIM) } else { shown };
    if piece.runs.is_empty() {
        canvas.put(place, place.x, place.y, &piece.text, words);
    }
    let mut x = place.x;
    for run in &piece.runs {
        x += canvas.put(place, x, place.y, &run.text, style::run(run.look, words));
    }
    if let Some(tail) = &piece.tail {
        let read = piece.mark == Some(Mark::Read);
        let style = if read { shown.patch(style::STRONG) } else { shown };
        canvas.right(place, &fit(tail, place.width.into()), style);
    }
}

/// The line, or in its place why nothing can be written; above it why something was not sent.
fn line(canvas: &mut Canvas<'_>, area: Rect, model: &Model, main: &Main, chat: &Chat) {
    let here = main.place == Place::Line && main.over.is_none();
    match chat.composer() {
        None => {}
        Some(Composer::Stopped(place)) => {
            for (row, y) in stopped_rows(place, area.width).iter().zip(area.top()..area.bottom()) {
                canvas.put(area, area.x, y, row, style::DIM);
            }
        }
        Some(Composer::Open { placeholder, .. }) => {
            let trouble = chat.too_long().or(chat.refused.as_deref());
            if let Some(trouble) = trouble {
                let above = Rect { y: area.y.saturating_sub(1), height: 1, ..area };
                canvas.upwards(above, trouble, style::BAD);
            }
            let mut area = area;
            if let Some(writing) = &chat.writing {
                canvas.put(area, area.x, area.y, &fit(&writing.words(), area.width.into()), style::WARN);
                area = below(area, 1);
            }
            let before = canvas.cursor;
            let taps = (model.writes_with_numbers() && here).then_some(model.taps);
            canvas.field(area, &chat.line, taps, placeholder);
            if !here {
                canvas.cursor = before;
            }
        }
    }
    if main.place == Place::Messages && width(chat.line.text()) == 0 {
        let hint = "↑↓ another · Enter menu · Esc back";
        canvas.fill(area, style::PLAIN);
        canvas.put(area, area.x, area.y, &fit(hint, area.width.into()), style::DIM);
    }
}

/// A shorter second part of the head tells nothing.
const LINE_COLUMNS_MIN: usize = 8;
