//! The model on a screen. Nothing is decided here but colours; what stands where is in `panes` and `lay`.

mod chat;
mod list;
mod over;
mod start;
mod style;

#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use screens::LineState;

use super::model::{Line, Main, Model, Place, Size, Stage, line_columns, text_rows};
use super::panes::{COLUMNS_MIN, ROWS_MIN};
use super::taps::Taps;
use super::text::{fit, put, settle, width, wrap};

/// Paints the whole screen.
pub fn draw(frame: &mut Frame, model: &Model) {
    let area = frame.area();
    let mut canvas = Canvas { buffer: frame.buffer_mut(), cursor: None };
    if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
        canvas.paragraph(area, "Make this window larger.", style::PLAIN);
    } else {
        match &model.stage {
            Stage::Server(server) => start::server(&mut canvas, area, model, server),
            Stage::Opening => canvas.middle(area, "Opening your chats…", style::DIM),
            Stage::Broken(trouble) => start::broken(&mut canvas, area, trouble),
            Stage::Joining(joining) => start::joining(&mut canvas, area, model, joining),
            Stage::Main(main) => draw_main(&mut canvas, area, model, main),
        }
    }
    let cursor = canvas.cursor;
    settle(frame.buffer_mut());
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

fn draw_main(canvas: &mut Canvas<'_>, area: Rect, model: &Model, main: &Main) {
    let size = Size { columns: area.width, rows: area.height };
    let numbers = model.writes_with_numbers();
    let panes = main.panes(size, numbers);
    if size.is_wide() || !main.shows_chat(size) {
        list::draw(canvas, &panes, main, size);
    }
    if let Some(border) = panes.border {
        for y in border.top()..border.bottom() {
            canvas.put(border, border.x, y, "│", style::DIM);
        }
    }
    match &main.chat {
        Some(chat) if main.shows_chat(size) => chat::draw(canvas, &panes, model, main, chat),
        _ if size.is_wide() => chat::nothing_open(canvas, &panes),
        _ => {}
    }
    status(canvas, panes.status, main);
    if let Some(soft) = panes.soft {
        soft_keys(canvas, soft, main, numbers);
    }
    if let Some(over) = &main.over {
        canvas.cursor = None;
        over::draw(canvas, Rect { height: area.height.saturating_sub(1), ..area }, model, over);
    }
}

/// How the line is, always in words; in its place for a moment what was just done.
fn status(canvas: &mut Canvas<'_>, area: Rect, main: &Main) {
    canvas.fill(area, style::BAR);
    let line = &main.list.line;
    let (sign, sign_style) = match line.state {
        LineState::UpToDate => ("●", style::GOOD),
        LineState::CatchingUp { .. } | LineState::Connecting => ("◌", style::WARN),
        LineState::Waiting => ("○", style::WARN),
        LineState::Idle => ("·", style::BAR),
    };
    let room = usize::from(area.width.saturating_sub(3));
    if let Some(toast) = &main.toast {
        canvas.upwards(area, toast, style::STRONG);
        return;
    }
    let help = "F1 Help · Ctrl Q End";
    let whole = width(&line.sentence) + width(help) + 4 <= room;
    let words = if whole || width(&line.sentence) <= room { &line.sentence } else { &line.label };
    canvas.put(area, area.x + 1, area.y, sign, style::BAR.patch(sign_style));
    let used = canvas.put(area, area.x + 3, area.y, &fit(words, room), style::BAR);
    if usize::from(used) + width(help) + 2 <= room {
        let x = area.right().saturating_sub(u16::try_from(width(help)).unwrap_or(0) + 1);
        canvas.put(area, x, area.y, help, style::BAR.patch(style::DIM));
    }
}

/// What left, middle and right key do, on screens of one pane.
fn soft_keys(canvas: &mut Canvas<'_>, area: Rect, main: &Main, numbers: bool) {
    let empty = main.chat.as_ref().is_none_or(|chat| chat.line.is_empty());
    let (left, middle, right) = match (&main.over, main.place) {
        (Some(super::model::Over::Field(field)), _) => {
            (if field.line.is_empty() { "← Back" } else { "← Clear" }, field.asks.words().2, "")
        }
        (Some(super::model::Over::Choice(_)), _) => ("← Back", "CHOOSE", "↑↓"),
        (Some(_), _) => ("← Back", "CLOSE", "↑↓"),
        (None, Place::List) => ("← Menu", "OPEN", "0 Menu"),
        (None, Place::Messages) => ("← Back", "MENU", "↑↓"),
        (None, Place::Line) if empty => ("← Back", "SEND", if numbers { "Menu →" } else { "F2 Menu" }),
        (None, Place::Line) => {
            (if numbers { "← Clear" } else { "Esc" }, "SEND", if numbers { "Menu →" } else { "F2 Menu" })
        }
    };
    canvas.fill(area, style::HEAD);
    canvas.put(area, area.x + 1, area.y, left, style::HEAD);
    canvas.middle(area, middle, style::HEAD.patch(style::STRONG));
    let x = area.right().saturating_sub(u16::try_from(width(right)).unwrap_or(0) + 1);
    canvas.put(area, x, area.y, right, style::HEAD);
}

/// What is painted on, and where the cursor goes.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    cursor: Option<Position>,
}

impl Canvas<'_> {
    /// One line of text; returns the cells it took.
    fn put(&mut self, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
        put(self.buffer, area, x, y, text, style)
    }

    fn fill(&mut self, area: Rect, style: Style) {
        let area = area.intersection(self.buffer.area);
        for position in area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }

    /// In the middle of the area, both ways.
    fn middle(&mut self, area: Rect, text: &str, style: Style) {
        let text = fit(text, area.width.into());
        let cells = u16::try_from(width(&text)).unwrap_or(area.width);
        let x = area.x + area.width.saturating_sub(cells) / 2;
        self.put(area, x, area.y + area.height.saturating_sub(1) / 2, &text, style);
    }

    /// At the right edge of the first row.
    fn right(&mut self, area: Rect, text: &str, style: Style) {
        let cells = u16::try_from(width(text)).unwrap_or(area.width);
        self.put(area, area.right().saturating_sub(cells), area.y, text, style);
    }

    /// Broken into rows of which the last one is this: what is said once is said whole, over what stands above.
    fn upwards(&mut self, last: Rect, text: &str, style: Style) {
        let rows = wrap(text, usize::from(last.width.saturating_sub(1)));
        let taken = u16::try_from(rows.len()).unwrap_or(u16::MAX).min(last.y + 1);
        let area = Rect { y: last.y + 1 - taken, height: taken, ..last };
        self.fill(area, Style::new());
        for (row, y) in rows.iter().zip(area.top()..area.bottom()) {
            self.put(area, area.x + 1, y, row, style);
        }
    }

    /// Broken into rows from the top; returns the area below.
    fn paragraph(&mut self, area: Rect, text: &str, style: Style) -> Rect {
        let mut rest = area;
        for row in wrap(text, area.width.into()) {
            if rest.height == 0 {
                break;
            }
            self.put(rest, rest.x, rest.y, &row, style);
            rest = below(rest, 1);
        }
        rest
    }

    /// A line to type in with its cursor; as many rows as the area has, the last ones when there are more.
    fn field(&mut self, area: Rect, line: &Line, taps: Option<Taps>, empty: &str) {
        let columns = line_columns(area.width, taps.is_some());
        self.put(area, area.x, area.y, "›", style::STRONG);
        let text = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
        if line.is_empty() {
            self.put(text, text.x, text.y, &fit(empty, columns), style::DIM);
        }
        let rows = text_rows(line.text(), columns);
        let before = text_rows(line.before(), columns);
        let (mut row, mut column) =
            (before.len().saturating_sub(1), before.last().map_or(0, |row| width(row)));
        if column >= columns && rows.len() > row + 1 {
            (row, column) = (row + 1, 0);
        }
        let height = usize::from(area.height).max(1);
        let top = (row + 1).saturating_sub(height);
        for (at, shown) in rows.iter().skip(top).take(height).enumerate() {
            self.put(text, text.x, text.y + u16::try_from(at).unwrap_or(0), shown, style::PLAIN);
        }
        if let Some(taps) = taps {
            self.right(
                Rect { y: area.bottom().saturating_sub(1), height: 1, ..area },
                taps.case.word(),
                style::DIM,
            );
        }
        let x = text.x + u16::try_from(column).unwrap_or(0).min(text.width.saturating_sub(1));
        let y = text.y + u16::try_from(row - top.min(row)).unwrap_or(0);
        self.cursor = Some(Position { x, y });
    }
}

/// The area without its first rows.
fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}
