//! What a page of the web says of itself in its head: a title, a description, where a picture of it is.
//!
//! Only its words are read, by a tokenizer: no script runs, no style is applied, nothing is fetched. What is not UTF-8 is read as far as
//! it is.

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

/// What a page says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// What it is called: one line, not empty, at most [`TITLE_CHARS_MAX`] characters.
    pub title: String,
    /// What it is about: one line of at most [`DESCRIPTION_CHARS_MAX`] characters; may be empty.
    pub description: String,
    /// Where a picture of it is, as the page writes it: perhaps relative to where the page is, at most [`PICTURE_BYTES_MAX`] bytes.
    pub picture: Option<String>,
}

/// Reads the head of a page; nothing where it has no title. What was cut off is read as far as it goes, and nothing beyond
/// [`PAGE_BYTES_MAX`] is.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Page> {
    let text = String::from_utf8_lossy(bytes.get(..PAGE_BYTES_MAX).unwrap_or(bytes));
    let mut head = Head::default();
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| head.event(&event));
    // So that what stands in scripts and styles is text, and a title has no tags in it.
    emitter.naively_switch_states(true);
    let mut over = Tokenizer::new_with_emitter(&*text, emitter);
    // The one token says that the head is over.
    let _over = over.next();
    drop(over);
    head.page()
}

/// Whether a page that has come so far has said all that is read of it. `from` is how much of it was looked at before.
#[must_use]
pub fn is_head_over(bytes: &[u8], from: usize) -> bool {
    let from = from.saturating_sub(HEAD_ENDS.iter().map(|end| end.len()).max().unwrap_or(0));
    let rest = bytes.get(from..).unwrap_or_default();
    HEAD_ENDS.iter().any(|end| rest.windows(end.len()).any(|window| window.eq_ignore_ascii_case(end)))
}

/// What was read so far.
#[derive(Default)]
struct Head {
    title: Vec<u8>,
    /// Within the first `<title>`.
    in_title: bool,
    titled: bool,
    /// The `<meta>` being read.
    meta: Option<Meta>,
    /// The attribute being read.
    attribute: Vec<u8>,
    og_title: String,
    og_description: String,
    description: String,
    picture: Option<String>,
}

#[derive(Default)]
struct Meta {
    name: String,
    content: String,
}

/// The head is over: nothing more is read.
struct Over;

impl Head {
    fn event(&mut self, event: &CallbackEvent<'_>) -> Option<Over> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.meta = (*name == b"meta").then(Meta::default);
                self.in_title = *name == b"title" && !self.titled;
                self.titled |= self.in_title;
                if *name == b"body" {
                    return Some(Over);
                }
            }
            CallbackEvent::AttributeName { name } => {
                self.attribute.clear();
                self.attribute.extend_from_slice(name.get(..ATTRIBUTE_BYTES_MAX).unwrap_or(name));
            }
            CallbackEvent::AttributeValue { value } => self.attribute_is(value),
            CallbackEvent::CloseStartTag { .. } => self.meta_is_read(),
            CallbackEvent::EndTag { name } => {
                self.in_title &= *name != b"title";
                if *name == b"head" {
                    return Some(Over);
                }
            }
            CallbackEvent::String { value } if self.in_title => {
                let room = VALUE_BYTES_MAX.saturating_sub(self.title.len());
                self.title.extend_from_slice(value.get(..room).unwrap_or(value));
            }
            _ => {}
        }
        None
    }

    fn attribute_is(&mut self, value: &[u8]) {
        let Some(meta) = &mut self.meta else { return };
        let value = String::from_utf8_lossy(value.get(..VALUE_BYTES_MAX).unwrap_or(value));
        match self.attribute.as_slice() {
            // Of two the first counts, as in browsers.
            b"name" | b"property" if meta.name.is_empty() => meta.name = value.trim().to_ascii_lowercase(),
            b"content" if meta.content.is_empty() => meta.content = value.into_owned(),
            _ => {}
        }
    }

    fn meta_is_read(&mut self) {
        let Some(Meta { name, content }) = self.meta.take() else { return };
        let place = match name.as_str() {
            "og:title" => &mut self.og_title,
            "og:description" => &mut self.og_description,
            "description" => &mut self.description,
            "og:image" | "og:image:url" | "og:image:secure_url" => {
                let address = content.trim();
                if self.picture.is_none() && (1..=PICTURE_BYTES_MAX).contains(&address.len()) {
                    self.picture = Some(address.to_owned());
                }
                return;
            }
            _ => return,
        };
        if place.is_empty() {
            *place = content;
        }
    }

    fn page(self) -> Option<Page> {
        let first = |lines: [&str; 2], most: usize| {
            lines.into_iter().map(|line| one_line(line, most)).find(|line| !line.is_empty())
        };
        let typed = String::from_utf8_lossy(&self.title);
        Some(Page {
            title: first([&self.og_title, &typed], TITLE_CHARS_MAX)?,
            description: first([&self.og_description, &self.description], DESCRIPTION_CHARS_MAX)
                .unwrap_or_default(),
            picture: self.picture,
        })
    }
}

/// Words in one line, without signs that are not seen or that turn around what stands behind them.
fn one_line(text: &str, chars_max: usize) -> String {
    let seen: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !hides(*c)).collect();
    let line = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(chars_max) {
        None => line,
        Some(_) => {
            let kept: String = line.chars().take(chars_max - 1).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

/// Signs that say in which direction others are read, and those that mark nothing.
fn hides(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Bytes of a page that are read: more than the heads of large sites have.
pub const PAGE_BYTES_MAX: usize = 512 * 1024;
/// Characters of a title.
pub const TITLE_CHARS_MAX: usize = 120;
/// Characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 240;
/// Longest address of a picture, bytes.
pub const PICTURE_BYTES_MAX: usize = 2_048;
/// Bytes of a title or of an attribute that are looked at.
const VALUE_BYTES_MAX: usize = 8 * 1024;
/// Longest name of an attribute that means anything here, bytes.
const ATTRIBUTE_BYTES_MAX: usize = 16;
/// Behind these nothing is read.
const HEAD_ENDS: [&[u8]; 2] = [b"</head", b"<body"];

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Option<(String, String, Option<String>)> {
        read(html.as_bytes()).map(|page| (page.title, page.description, page.picture))
    }

    #[test]
    fn what_a_page_says_in_its_head_is_read() {
        let html =
            "<!doctype html><HTML><head><meta charset=utf-8><title>\n Night &amp; day\n trains </title>
            <META NAME=Description content='By &#x72;ail'>
            <meta property=\"og:image\" content=\" /img/forest.jpg?a=1&amp;b=2 \"></head><body>";
        let picture = Some("/img/forest.jpg?a=1&b=2".to_owned());
        assert_eq!(page(html), Some(("Night & day trains".into(), "By rail".into(), picture)));
        let og =
            "<title>plain</title><meta content=Told property=og:title><meta name=og:description content=So>
            <meta name=description content=other>";
        assert_eq!(page(og), Some(("Told".into(), "So".into(), None)));
    }

    #[test]
    fn what_has_no_title_is_no_page() {
        for html in [
            "",
            "hello",
            "<title></title>",
            "<title> \n\u{202e}</title>",
            "<meta name=description content=x>",
            "{}",
        ] {
            assert_eq!(page(html), None, "{html}");
        }
    }

    #[test]
    fn nothing_of_a_script_a_comment_or_the_body_is_taken_for_the_head() {
        let title = |html: &str| page(html).map(|(title, ..)| title);
        for html in [
            "<script>document.write('<title>evil</title>')</script><title>good</title>",
            "<style><title>evil</title></style><title>good</title>",
            "<!-- <title>evil</title> --><title>good</title>",
            "<title>good</title></head><title>evil</title><meta property=og:title content=evil>",
            "<title>good</title><body><meta property=og:title content=evil>",
            "<title>good</title><title>evil</title>",
            "<meta property=og:title content=good content=evil><title>evil</title>",
        ] {
            assert_eq!(title(html).as_deref(), Some("good"), "{html}");
        }
        assert_eq!(title("<title>a<b>c</title>").as_deref(), Some("a<b>c"));
        assert_eq!(title("<title>cut of").as_deref(), Some("cut of"));
    }

    #[test]
    fn long_and_strange_signs_are_made_short_and_plain() {
        let html = format!("<title>{}\u{202e}\u{7}é</title>", "ab ".repeat(200));
        let (title, ..) = page(&html).unwrap();
        assert_eq!(title.chars().count(), TITLE_CHARS_MAX);
        assert!(title.ends_with('…') && !title.contains(['\u{202e}', '\u{7}']));
        let long =
            format!("<title>x</title><meta property=og:image content={}>", "a".repeat(PICTURE_BYTES_MAX + 1));
        assert_eq!(page(&long), Some(("x".into(), String::new(), None)));
        let (title, ..) = read(b"<title>caf\xe9</title>").map(|it| (it.title,)).unwrap();
        assert_eq!(title, "caf\u{fffd}");
        let huge = [
            b"<title>begun</title>".as_slice(),
            &vec![b' '; PAGE_BYTES_MAX],
            b"<meta property=og:title content=late>",
        ];
        assert_eq!(read(&huge.concat()).unwrap().title, "begun");
    }

    #[test]
    fn the_end_of_a_head_is_found_wherever_a_piece_ends() {
        let html = b"<title>x</title></HEAD><p>";
        for cut in 0..html.len() {
            let over = is_head_over(&html[..cut], 0) || is_head_over(html, cut);
            assert!(over, "{cut}");
        }
        assert!(!is_head_over(b"<title>x</title>", 0) && is_head_over(b"<BODY", 0));
    }

    #[test]
    fn no_bytes_make_it_panic_or_say_more_than_it_may() {
        let pieces: [&[u8]; 24] = [
            b"<",
            b">",
            b"</",
            b"<title",
            b"</title>",
            b"<meta ",
            b"property=",
            b"og:title",
            b"og:image",
            b"content=",
            b"'",
            b"\"",
            b"<!--",
            b"-->",
            b"<script>",
            b"</script",
            b"&amp",
            b"&#x1F600;",
            b"&#0;",
            b"\0",
            b"\xff",
            b"\xe2\x80\xae",
            b" ",
            b"a\n",
        ];
        let mut seed = 7_u64;
        let mut below = |most: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap_or(0) % most
        };
        for round in 0..4_000 {
            let mut bytes = Vec::new();
            for _ in 0..below(60) {
                if round % 2 == 0 {
                    bytes.extend_from_slice(pieces[below(pieces.len())]);
                } else {
                    bytes.push(u8::try_from(below(256)).unwrap());
                }
            }
            bytes.extend_from_slice(b"<title>");
            is_bounded(&bytes);
        }
        is_bounded(&b"<a ".repeat(200_000));
        is_bounded(&b"<title>".repeat(100_000));
    }

    fn is_bounded(bytes: &[u8]) {
        let Some(page) = read(bytes) else { return };
        assert!((1..=TITLE_CHARS_MAX).contains(&page.title.chars().count()));
        assert!(page.description.chars().count() <= DESCRIPTION_CHARS_MAX);
        assert!(page.picture.is_none_or(|it| it.len() <= PICTURE_BYTES_MAX));
    }
}
