//! A text as it is set: real elements, never markup of somebody else's.

use dioxus::prelude::*;
use screens::{Block, Bubble, Mention, Side, Span};

/// A message's text.
#[component]
pub fn Text(bubble: Bubble) -> Element {
    if bubble.blocks.is_empty() {
        return rsx! { span { class: "bubble__text", dir: "auto", "{bubble.text}" } };
    }
    rsx! { div { class: "set", Blocks { blocks: bubble.blocks } } }
}

// Blocks stand in each other a few levels deep at most.
#[component]
fn Blocks(blocks: Vec<Block>) -> Element {
    rsx! {
        for (index , block) in blocks.into_iter().enumerate() {
            One { key: "{index}", block }
        }
    }
}

#[component]
fn One(block: Block) -> Element {
    match block {
        Block::Text(spans) => rsx! { p { dir: "auto", Spans { spans } } },
        Block::Heading(spans) => rsx! { p { class: "set__heading", dir: "auto", Spans { spans } } },
        Block::Code { language, text } => {
            let named = (!language.is_empty()).then_some(language);
            rsx! { pre { dir: "ltr", title: named, tabindex: "0", code { "{text}" } } }
        }
        Block::Quote(blocks) => rsx! { blockquote { Blocks { blocks } } },
        Block::List(items) => rsx! {
            ul { class: "set__list",
                for (index , item) in items.into_iter().enumerate() {
                    li { key: "{index}",
                        span { class: "set__marker", bdi { "{item.marker}" } }
                        div { Blocks { blocks: item.blocks } }
                    }
                }
            }
        },
        Block::Table { columns, rows } => rsx! { Rows { columns, rows } },
        Block::Rule => rsx! { hr {} },
    }
}

/// Wider than the bubble it is moved sideways, with the keyboard as well.
#[component]
fn Rows(columns: Vec<Side>, rows: Vec<Vec<Vec<Span>>>) -> Element {
    let side = |at: usize| match columns.get(at) {
        None | Some(Side::Start) => "",
        Some(Side::Middle) => "set__middle",
        Some(Side::End) => "set__end",
    };
    let mut rows = rows.into_iter();
    let head = rows.next().unwrap_or_default();
    rsx! {
        div { class: "set__table", tabindex: "0",
            table {
                thead {
                    tr {
                        for (at , cell) in head.into_iter().enumerate() {
                            th { key: "{at}", scope: "col", dir: "auto", class: side(at), Spans { spans: cell } }
                        }
                    }
                }
                tbody {
                    for (index , row) in rows.enumerate() {
                        tr { key: "{index}",
                            for (at , cell) in row.into_iter().enumerate() {
                                td { key: "{at}", dir: "auto", class: side(at), Spans { spans: cell } }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[component]
fn Spans(spans: Vec<Span>) -> Element {
    rsx! {
        for (index , span) in spans.into_iter().enumerate() {
            Run { key: "{index}", span }
        }
    }
}

/// One element for each way in which it looks, the innermost last.
#[component]
fn Run(span: Span) -> Element {
    let Span { text, bold, italic, strike, code, link, mention } = span;
    let inner = match (mention, code) {
        (Some(Mention { you, .. }), _) => {
            let class = if you { "mention mention--you" } else { "mention" };
            rsx! { bdi { class, "{text}" } }
        }
        (None, true) => rsx! { code { "{text}" } },
        (None, false) => rsx! { "{text}" },
    };
    let inner = if strike {
        rsx! { s { {inner} } }
    } else {
        inner
    };
    let inner = if italic {
        rsx! { em { {inner} } }
    } else {
        inner
    };
    let inner = if bold {
        rsx! { strong { {inner} } }
    } else {
        inner
    };
    let Some(link) = link.filter(|link| may_lead_there(&link.url)) else { return inner };
    rsx! {
        a {
            href: "{link.url}",
            title: "{link.url}",
            target: "_blank",
            rel: "noopener noreferrer nofollow",
            onclick: move |event| event.stop_propagation(),
            {inner}
        }
        if let Some(beside) = link.beside {
            span { class: "set__beside", " (" bdi { "{beside}" } ")" }
        }
    }
}

/// The core lets nothing else through; a page has one more lock on this door.
pub fn may_lead_there(url: &str) -> bool {
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|begin| url.get(..begin.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(begin)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_to_pages_and_addresses_only() {
        for url in ["https://a.example", "HTTP://a.example", "mailto:a@b.example"] {
            assert!(may_lead_there(url), "{url}");
        }
        for url in ["javascript:alert(1)", " https://a.example", "data:text/html,x", "//a.example", "", "h"] {
            assert!(!may_lead_there(url), "{url}");
        }
    }
}
