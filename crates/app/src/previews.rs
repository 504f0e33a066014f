//! Previews of links: when a host is to make one, and how one is shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{
    Command, ConversationId, LinkPreview, PREVIEW_LINK_BYTES_MAX, PreviewView, THUMBNAIL_BYTES_MAX, Whom,
    markup,
};
use media::{Kind as FileKind, Limits, picture};
use screens::{Action, Answer, GivenPreview, Picture, PreviewPicture, PreviewShown, PreviewWish};
use vocab::limits::TEXT_BYTES_MAX;

use crate::app::{App, Kind};
use crate::moment::Clock;
use crate::words::{self, About, No};
use crate::{markup as set, paint};

/// A text on its way into the core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTo {
    /// Where it goes: texts of one chat leave in the order in which they were said.
    pub conversation: ConversationId,
    /// The link of which a preview is to be made first.
    pub link: Option<String>,
}

impl App {
    /// Where a text goes, and whether a preview is to be made for it; nothing for what is no text, or could not be said. Only of what
    /// may be written there anything is asked for outside.
    #[must_use]
    pub fn text_to(&self, action: &Action) -> Option<TextTo> {
        let (wish, action) = match action {
            Action::WithPreview { wish, of } => (Some(wish), of.as_ref()),
            other => (None, other),
        };
        let (conversation, text, plain) = match action {
            Action::Send { to, text } => (self.writable(to).ok()?.0, text, false),
            Action::SendPlain { to, text } => (self.writable(to).ok()?.0, text, true),
            Action::Reply { to: message, text } | Action::Edit { message, text } => {
                match self.about_message(message).ok()?.2 {
                    Kind::Send(conversation) => (conversation, text, false),
                    _ => return None,
                }
            }
            _ => return None,
        };
        let head = self.client.conversation(conversation).ok()??;
        let open = match &head.with {
            Whom::Group(group) => group.may_write,
            Whom::Person(card) => card.state == client::ContactState::Accepted,
        };
        let wanted = match wish {
            None => head.choices.previews,
            Some(PreviewWish::Make) => true,
            Some(PreviewWish::Leave | PreviewWish::Given(_) | PreviewWish::Made(_)) => false,
        };
        if !open || !wanted || text.len() > TEXT_BYTES_MAX {
            return Some(TextTo { conversation, link: None });
        }
        let said = if plain { text.clone() } else { self.addressed(conversation, text.clone()).ok()? };
        Some(TextTo { conversation, link: first_link(&said, plain) })
    }

    /// A text with a preview, or without one.
    pub(crate) fn with_preview(
        &self,
        wish: PreviewWish,
        of: Action,
        clock: &Clock,
    ) -> Result<(Command, Kind, About), No> {
        let text = matches!(
            of,
            Action::Send { .. } | Action::SendPlain { .. } | Action::Reply { .. } | Action::Edit { .. }
        );
        if !text {
            return Err(words::preview_of_no_text());
        }
        let (command, kind, about) = self.command(clock, of)?;
        let preview = match wish {
            // A host that can make one has done so and gives it.
            PreviewWish::Make | PreviewWish::Leave => return Ok((command, kind, about)),
            PreviewWish::Given(given) => read(given)?,
            PreviewWish::Made(made) => match read(made) {
                Ok(preview) if leads_to(&command, &preview.link) => preview,
                _ => return Ok((command, kind, about)),
            },
        };
        Ok((Command::WithPreview { of: Box::new(command), preview }, kind, about))
    }

    /// The small picture of a preview.
    pub(crate) fn preview_picture(&self, id: &screens::MessageId) -> Result<Answer, No> {
        let message = id.0.parse().map_err(|_| words::unknown_message())?;
        let view = self.client.message(message)?.ok_or_else(words::unknown_message)?;
        let head = self.client.conversation(view.conversation)?.ok_or_else(words::unknown_message)?;
        if crate::query::is_request(&head.with) {
            return Err(words::to_request());
        }
        let bytes = self.client.preview_picture(message)?.ok_or_else(words::no_picture)?;
        Ok(Answer::Picture(Picture {
            id: id.0.clone(),
            media_type: "image/jpeg".to_owned(),
            base64: STANDARD.encode(bytes),
        }))
    }
}

/// The first link of a text. A host asks for it only where nobody on the way can read or change what comes.
fn first_link(text: &str, plain: bool) -> Option<String> {
    let links = markup::links(text, !plain && markup::is_formatted(text));
    links.into_iter().find(|link| link.len() <= PREVIEW_LINK_BYTES_MAX)
}

/// Whether the text of a command leads there, as the core reads it.
fn leads_to(command: &Command, link: &str) -> bool {
    let (text, plain) = match command {
        Command::Send { text, .. } | Command::Reply { text, .. } | Command::Edit { text, .. } => {
            (text, false)
        }
        Command::SendPlain { text, .. } => (text, true),
        _ => return false,
    };
    markup::links(text, !plain && markup::is_formatted(text)).iter().any(|known| known == link)
}

/// What was given, as the core takes it.
fn read(given: GivenPreview) -> Result<LinkPreview, No> {
    let GivenPreview { url, title, description, picture } = given;
    let picture = match picture {
        None => Vec::new(),
        Some(PreviewPicture::Jpeg { base64 }) => {
            let bytes = STANDARD.decode(base64).map_err(|_| words::bad_preview())?;
            let jpeg = picture::inspect(&bytes, &Limits::small()).is_ok_and(|it| it.kind == FileKind::Jpeg);
            if !jpeg || bytes.len() > THUMBNAIL_BYTES_MAX {
                return Err(words::bad_preview());
            }
            bytes
        }
        Some(PreviewPicture::Path(_)) => return Err(words::no_files()),
    };
    Ok(LinkPreview { link: url, title, description, picture })
}

/// How a preview is shown. The sender's words are put into one line each and cannot turn around what stands beside them; the host is
/// the link's own.
pub(crate) fn shown(view: &PreviewView) -> PreviewShown {
    let host = set::host(&view.link).to_ascii_lowercase();
    let title = paint::one_line(&without_direction(&view.title));
    PreviewShown {
        spoken: words::preview_spoken(&host, &title),
        url: view.link.clone(),
        description: paint::one_line(&without_direction(&view.description)),
        picture: view.has_picture,
        host,
        title,
    }
}

/// Without the signs that say in which direction others are read, and without controls.
fn without_direction(text: &str) -> String {
    let seen = |c: &char| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(seen).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Bytes that a preview may take in an answer.
pub(crate) fn size(view: &PreviewView) -> usize {
    2 * (view.link.len() + view.title.len() + view.description.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(link: &str, title: &str) -> PreviewView {
        PreviewView { link: link.into(), title: title.into(), description: String::new(), has_picture: false }
    }

    #[test]
    fn the_host_is_the_links_own_whatever_the_preview_says() {
        let shown = shown(&view("https://XN--BNK-5CD.example:8443/bank.example", "bank.example"));
        assert_eq!(shown.host, "xn--bnk-5cd.example:8443");
        assert_eq!(shown.spoken, "Preview of xn--bnk-5cd.example:8443: bank.example");
    }

    #[test]
    fn words_of_a_preview_stay_in_their_line() {
        let shown = shown(&view("https://a.example/", "a\u{202e}b\n\n\u{7}c \u{2067}"));
        assert_eq!(shown.title, "ab c");
    }

    #[test]
    fn the_first_page_that_a_reader_sees_is_looked_at() {
        let found = |text: &str, plain| first_link(text, plain);
        assert_eq!(found("no link", false), None);
        assert_eq!(
            found("`https://a.example` https://b.example.", false).as_deref(),
            Some("https://b.example")
        );
        assert_eq!(found("x (https://a.example/), y", true).as_deref(), Some("https://a.example/"));
    }

    #[test]
    fn a_picture_that_is_given_is_a_small_jpeg() {
        let given = |picture| GivenPreview {
            url: "https://a.example/".into(),
            title: "A".into(),
            description: String::new(),
            picture,
        };
        let jpeg = |bytes: &[u8]| Some(PreviewPicture::Jpeg { base64: STANDARD.encode(bytes) });
        assert!(read(given(None)).is_ok_and(|it| it.picture.is_empty()));
        let pixels = media::picture::Pixels { width: 8, height: 8, rgba: vec![200; 256] };
        let small = picture::thumbnail(&pixels).unwrap().0.jpeg;
        assert!(read(given(jpeg(&small))).is_ok_and(|it| it.picture == small));
        assert!(read(given(jpeg(b"<svg/>"))).is_err());
        assert!(read(given(jpeg(&[small, vec![0; THUMBNAIL_BYTES_MAX]].concat()))).is_err());
        assert!(read(given(Some(PreviewPicture::Path("/x".into())))).is_err());
        assert!(read(given(Some(PreviewPicture::Jpeg { base64: "?".into() }))).is_err());
    }
}
