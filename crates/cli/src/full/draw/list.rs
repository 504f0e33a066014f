//! The list of chats.

use ratatui::layout::Rect;
use ratatui::style::Style;
use screens::{BannerKind, ChatRow, Listing};

use super::{Canvas, below, style};
use crate::full::model::{Main, Place, Size};
use crate::full::panes::{CHAT_ROWS, Panes};
use crate::full::text::{fit, width};

pub fn draw(canvas: &mut Canvas<'_>, panes: &Panes, main: &Main, size: Size) {
    head(canvas, panes.list_head, main);
    let mut area = panes.list;
    let grave = main.list.banner.as_ref().is_some_and(|banner| banner.kind == BannerKind::Danger);
    for row in main.list_banner(area.width) {
        let shown = if grave { style::BAD } else { style::WARN };
        canvas.put(area, area.x, area.y, &row, shown);
        area = below(area, 1);
    }
    match &main.list.chats {
        _ if !main.merged.is_empty() => rows(canvas, area, main, size),
        Listing::Loading => canvas.middle(area, "Opening your chats…", style::DIM),
        Listing::Failing(trouble) => {
            canvas.paragraph(area, &trouble.sentence, style::BAD);
        }
        Listing::Empty(place) => {
            let rest = canvas.paragraph(below(area, 1), &place.title, style::STRONG);
            let rest = canvas.paragraph(rest, &place.sentence, style::PLAIN);
            canvas.paragraph(below(rest, 1), "n Add · i Invite · 0 Menu", style::DIM);
        }
        Listing::Rows(_) if main.rows().is_empty() => {
            canvas.paragraph(below(area, 1), "Nothing in this folder.", style::DIM);
        }
        Listing::Rows(_) => rows(canvas, area, main, size),
    }
}

fn rows(canvas: &mut Canvas<'_>, area: Rect, main: &Main, size: Size) {
    let per_page = main.chats_per_page(size);
    let page = main.picked_row() / per_page;
    for (at, row) in main.rows().iter().skip(page * per_page).take(per_page).enumerate() {
        let y = area.y + u16::try_from(at).unwrap_or(0) * CHAT_ROWS;
        let place = Rect { y, height: CHAT_ROWS, ..area };
        let picked = page * per_page + at == main.picked_row();
        let typing = main.typing.get(&row.id).map(String::as_str);
        chat(canvas, place, at + 1, row, typing, row_style(picked, main.place));
    }
}

fn row_style(picked: bool, place: Place) -> Style {
    match (picked, place) {
        (true, Place::List) => style::PICKED,
        (true, _) => style::PICKED_AWAY,
        (false, _) => style::PLAIN,
    }
}

fn head(canvas: &mut Canvas<'_>, area: Rect, main: &Main) {
    canvas.fill(area, style::HEAD);
    let new = if main.list.unread == 0 { String::new() } else { format!("{} new ", main.list.unread) };
    let room = usize::from(area.width).saturating_sub(width(&new) + 10);
    let title = main.folder_row().map_or("Chats", |folder| folder.name.as_str());
    let title = fit(title, room.max(8));
    let room = room.saturating_sub(width(&title).saturating_sub(5));
    let used = canvas.put(area, area.x + 1, area.y, &title, style::HEAD.patch(style::STRONG));
    canvas.put(area, area.x + used + 3, area.y, &fit(&main.me.name, room), style::HEAD);
    canvas.right(area, &new, style::HEAD.patch(style::STRONG));
}

/// Number, name and time; below them the last message and how many are new.
fn chat(
    canvas: &mut Canvas<'_>,
    area: Rect,
    number: usize,
    row: &ChatRow,
    typing: Option<&str>,
    shown: Style,
) {
    canvas.fill(area, shown);
    let number = if number <= 9 { number.to_string() } else { String::new() };
    canvas.put(area, area.x + 1, area.y, &number, shown.patch(style::DIM));
    let text = Rect { x: area.x + 3, width: area.width.saturating_sub(4), ..area };
    let room = usize::from(text.width);
    let time = fit(&row.time.text, room);
    canvas.right(text, &time, shown);
    let name = fit(&row.person.name, room.saturating_sub(width(&time) + 1));
    canvas.put(text, text.x, text.y, &name, shown.patch(style::STRONG));
    let second = below(text, 1);
    let count = match (row.unread, row.mentions) {
        (0, _) if row.marked_unread => "(•)".to_owned(),
        (0, _) => mark(row),
        (unread, 0) => format!("({unread})"),
        (unread, _) => format!("@ ({unread})"),
    };
    canvas.right(second, &count, shown.patch(style::STRONG));
    let preview = typing.unwrap_or(&row.preview);
    let preview = fit(preview, room.saturating_sub(width(&count) + usize::from(!count.is_empty())));
    canvas.put(second, second.x, second.y, &preview, shown);
}

/// How far one's own last message came, in a word.
fn mark(row: &ChatRow) -> String {
    match (&row.mark, row.failed) {
        (_, true) => "! Not sent".to_owned(),
        (Some(mark), false) => mark.word.clone(),
        (None, false) => String::new(),
    }
}
