//! Before there are chats: the server, the handle, the code, the name; and what cannot be opened.

use ratatui::layout::Rect;
use screens::Trouble;

use super::{Canvas, below, style};
use crate::full::model::{Joining, Line, Model, Server, Step};
use crate::full::text::fit;

/// The question for the server.
pub fn server(canvas: &mut Canvas<'_>, area: Rect, model: &Model, server: &Server) {
    let page = page(canvas, area);
    let rest = canvas.paragraph(page, "Which server?", style::STRONG);
    let sentence = "Valise runs on servers that people you trust run. Write the address of yours; a new account is made there.";
    let rest = canvas.paragraph(rest, sentence, style::PLAIN);
    let rest = typing(canvas, rest, model, &server.line, "lindenhof.example");
    let rest = trouble(canvas, rest, server.refused.as_deref(), server.busy);
    hint(canvas, rest, "Enter go on · Esc end");
}

/// It cannot be opened.
pub fn broken(canvas: &mut Canvas<'_>, area: Rect, trouble: &Trouble) {
    let page = page(canvas, area);
    let rest = canvas.paragraph(page, &trouble.sentence, style::BAD);
    hint(canvas, rest, if trouble.again { "Enter try again · Esc end" } else { "Esc end" });
}

/// A question of the registration.
pub fn joining(canvas: &mut Canvas<'_>, area: Rect, model: &Model, joining: &Joining) {
    let page = page(canvas, area);
    match joining.step {
        Step::Choose => choose(canvas, page, joining),
        Step::Handle(kind) => {
            let Some(choice) = joining.choice(kind) else { return };
            let rest = canvas.paragraph(page, &choice.label, style::STRONG);
            let rest = canvas.paragraph(rest, &choice.sentence, style::PLAIN);
            let empty = choice.placeholder.as_deref().unwrap_or_default();
            let rest = typing(canvas, rest, model, &joining.line, empty);
            let rest = trouble(canvas, rest, joining.refused.as_deref(), joining.busy);
            hint(canvas, rest, &format!("Enter {} · {}", choice.go, back(model)));
        }
        Step::Code => {
            let Some(code) = &joining.code else { return };
            let rest = canvas.paragraph(page, &code.title, style::STRONG);
            let rest = canvas.paragraph(rest, &code.sentence, style::PLAIN);
            let rest = typing(canvas, rest, model, &joining.line, "");
            let rest = trouble(canvas, rest, joining.refused.as_deref(), joining.busy);
            hint(canvas, rest, &format!("Enter go on · ↓ {} · {}", code.again, back(model)));
        }
        Step::Name => {
            let (label, sentence) = joining.name_words();
            let rest = canvas.paragraph(page, label, style::STRONG);
            let rest = canvas.paragraph(rest, sentence, style::PLAIN);
            let rest = typing(canvas, rest, model, &joining.line, "");
            let rest = trouble(canvas, rest, joining.refused.as_deref(), joining.busy);
            hint(canvas, rest, &format!("Enter create the account · {}", back(model)));
        }
    }
}

fn choose(canvas: &mut Canvas<'_>, page: Rect, joining: &Joining) {
    let Some(welcome) = &joining.welcome else { return };
    let mut rest = canvas.paragraph(page, &welcome.title, style::STRONG);
    // On the smallest screens the question is worth more than the introduction.
    if page.height > INTRODUCTION_ROWS_MIN {
        rest = canvas.paragraph(rest, &welcome.sentence, style::PLAIN);
    }
    rest = canvas.paragraph(rest, &format!("Server: {}", welcome.server), style::DIM);
    rest = canvas.paragraph(below(rest, 1), &welcome.handle_title, style::STRONG);
    for (at, choice) in welcome.choices.iter().enumerate() {
        let shown = if at == joining.picked { style::PICKED } else { style::PLAIN };
        rest = canvas.paragraph(rest, &format!("{} {}", at + 1, choice.label), shown);
    }
    if let Some(choice) = joining.choices().get(joining.picked) {
        rest = canvas.paragraph(below(rest, 1), &choice.sentence, style::DIM);
    }
    let rest = trouble(canvas, rest, joining.refused.as_deref(), joining.busy);
    hint(canvas, rest, "Enter or number choose · ← other server");
}

/// A column in the middle, under the name of the program.
fn page(canvas: &mut Canvas<'_>, area: Rect) -> Rect {
    let head = Rect { height: 1, ..area };
    canvas.fill(head, style::HEAD);
    canvas.put(head, head.x + 1, head.y, "Valise", style::HEAD.patch(style::STRONG));
    let width = area.width.saturating_sub(2).min(PAGE_COLUMNS);
    let top = if area.height > INTRODUCTION_ROWS_MIN + 2 { 3 } else { 1 };
    let inner = below(area, top);
    Rect { x: area.x + (area.width - width) / 2, width, ..inner }
}

fn typing(canvas: &mut Canvas<'_>, area: Rect, model: &Model, line: &Line, empty: &str) -> Rect {
    let area = below(area, 1);
    let rows = area.height.min(2);
    let taps = model.writes_with_numbers().then_some(model.taps);
    canvas.field(Rect { height: rows, ..area }, line, taps, empty);
    below(area, rows)
}

fn trouble(canvas: &mut Canvas<'_>, area: Rect, refused: Option<&str>, busy: bool) -> Rect {
    match (busy, refused) {
        (true, _) => canvas.paragraph(area, "One moment…", style::DIM),
        (false, Some(refused)) => canvas.paragraph(area, refused, style::BAD),
        (false, None) => area,
    }
}

fn hint(canvas: &mut Canvas<'_>, area: Rect, words: &str) {
    let area = below(area, 1);
    if area.height == 1 {
        canvas.put(area, area.x, area.y, &fit(words, area.width.into()), style::DIM);
    } else {
        canvas.paragraph(area, words, style::DIM);
    }
}

fn back(model: &Model) -> &'static str {
    if model.writes_with_numbers() { "← back" } else { "Esc back" }
}

/// Longer lines are hard to read.
const PAGE_COLUMNS: u16 = 64;
/// With fewer rows there is no room for an introduction.
const INTRODUCTION_ROWS_MIN: u16 = 19;
