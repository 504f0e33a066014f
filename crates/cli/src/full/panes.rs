//! Where everything stands on the screen: one function of the size, for the keys that move and for the painting.

use ratatui::layout::Rect;

use super::model::Size;

/// The parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panes {
    /// The head of the list.
    pub list_head: Rect,
    /// The rows of the list.
    pub list: Rect,
    /// The column between list and chat; nothing where only one of them is shown.
    pub border: Option<Rect>,
    /// The head of the chat.
    pub chat_head: Rect,
    /// The messages.
    pub timeline: Rect,
    /// Where one writes.
    pub line: Rect,
    /// How the line to the server is.
    pub status: Rect,
    /// What the keys do, on the smallest screens.
    pub soft: Option<Rect>,
}

impl Panes {
    /// For a screen of this size whose line to type in takes so many rows.
    pub fn of(size: Size, line_rows: u16) -> Self {
        let soft_rows = u16::from(!size.is_wide());
        let body = size.rows.saturating_sub(1 + soft_rows);
        let status = Rect::new(0, body, size.columns, 1);
        let soft = (soft_rows > 0).then(|| Rect::new(0, body.saturating_add(1), size.columns, 1));
        let list_columns = if size.is_wide() { (size.columns * 3 / 10).clamp(24, 40) } else { size.columns };
        let left = if size.is_wide() { list_columns + 1 } else { 0 };
        let chat_columns = size.columns - left;
        let line_rows = line_rows.clamp(1, LINE_ROWS_MAX).min(body.saturating_sub(4).max(1));
        let below_head = body.saturating_sub(1);
        Self {
            list_head: Rect::new(0, 0, list_columns, 1),
            list: Rect::new(0, 1, list_columns, below_head),
            border: size.is_wide().then(|| Rect::new(list_columns, 0, 1, body)),
            chat_head: Rect::new(left, 0, chat_columns, 1),
            timeline: Rect::new(left, 1, chat_columns, below_head.saturating_sub(line_rows)),
            line: Rect::new(left, body.saturating_sub(line_rows), chat_columns, line_rows),
            status,
            soft,
        }
    }

    /// Chats on one page of a list of which so many rows are taken by something else.
    pub fn chats_per_page(&self, taken: u16) -> usize {
        usize::from(self.list.height.saturating_sub(taken) / CHAT_ROWS).max(1)
    }
}

/// Rows of a chat in the list: name and time, last message and count.
pub const CHAT_ROWS: u16 = 2;
/// Rows of a long text while it is being written.
pub const LINE_ROWS_MAX: u16 = 6;
/// A screen smaller than this shows nothing that anybody could use.
pub const COLUMNS_MIN: u16 = 20;
/// See [`COLUMNS_MIN`].
pub const ROWS_MIN: u16 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_screen_and_do_not_cover_each_other() {
        for (columns, rows) in
            [(20, 8), (30, 20), (40, 20), (63, 20), (64, 10), (80, 24), (120, 40), (300, 100)]
        {
            for line_rows in [0, 1, 3, 100] {
                let size = Size { columns, rows };
                let panes = Panes::of(size, line_rows);
                let area = |rect: Rect| u32::from(rect.width) * u32::from(rect.height);
                let list = [panes.list_head, panes.list];
                let chat = [panes.chat_head, panes.timeline, panes.line];
                let foot = [Some(panes.status), panes.soft, panes.border];
                let sum = |parts: &[Rect]| parts.iter().map(|part| area(*part)).sum::<u32>();
                let foot = foot.iter().flatten().map(|part| area(*part)).sum::<u32>();
                let whole = u32::from(columns) * u32::from(rows);
                if size.is_wide() {
                    assert_eq!(sum(&list) + sum(&chat) + foot, whole, "{size:?}");
                } else {
                    assert_eq!(sum(&list) + foot, whole, "{size:?}");
                    assert_eq!(sum(&chat) + foot, whole, "{size:?}");
                }
                assert!(panes.timeline.height >= 1 && panes.line.height >= 1, "{size:?}");
            }
        }
    }

    #[test]
    fn the_smallest_screen_shows_eight_chats() {
        assert_eq!(Panes::of(Size { columns: 30, rows: 20 }, 1).chats_per_page(0), 8);
    }
}
