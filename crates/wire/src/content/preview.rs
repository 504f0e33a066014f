//! What the sender says of a page that a text links to (`docs/protocol/preview.md`).
//!
//! Nothing of it is proved, and a reader fetches nothing for it: it is shown as the sender's word, beside the host that the link itself
//! names.

use super::cbor::{Reader, Writer};
use super::{
    ContentError, Disposition, NestedPart, PREVIEW_DESCRIPTION_BYTES_MAX, PREVIEW_LINK_BYTES_MAX,
    PREVIEW_TITLE_BYTES_MAX, Part, PartSemantics, THUMBNAIL_BYTES_MAX,
};

/// A link of a text, and what its sender says is there.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkPreview {
    /// The link, 1 to [`PREVIEW_LINK_BYTES_MAX`] bytes of visible ASCII.
    pub link: String,
    /// What the page is called, at most [`PREVIEW_TITLE_BYTES_MAX`] bytes; not empty.
    pub title: String,
    /// What it says of itself, at most [`PREVIEW_DESCRIPTION_BYTES_MAX`] bytes; may be empty.
    pub description: String,
    /// A small picture, JPEG, at most [`THUMBNAIL_BYTES_MAX`] bytes; may be empty.
    pub picture: Vec<u8>,
}

impl LinkPreview {
    /// The bytes: a map of 1 link, 2 title, 3 description; an empty description is left out. The picture is a part of its own.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] above a limit, [`ContentError::Malformed`] without a title or with a link that is none.
    pub fn encode(&self) -> Result<Vec<u8>, ContentError> {
        let mut out = Writer::default();
        out.map(2 + usize::from(!self.description.is_empty()));
        out.uint(LINK);
        out.text(&self.link);
        out.uint(TITLE);
        out.text(&self.title);
        if !self.description.is_empty() {
            out.uint(DESCRIPTION);
            out.text(&self.description);
        }
        if self.picture.len() > THUMBNAIL_BYTES_MAX {
            return Err(ContentError::TooLarge);
        }
        Self::decode(&out.0)?;
        Ok(out.0)
    }

    /// Takes all of `bytes` or none; there is no picture then. Keys it does not know are passed over.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        if bytes.len() > PREVIEW_BYTES_MAX {
            return Err(ContentError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        let (mut link, mut title, mut description, mut last) = (None, None, String::new(), None);
        for _ in 0..reader.map(KEYS_MAX)? {
            let key = reader.map_key(last)?;
            last = Some(key);
            match Reader::new(key).uint() {
                Ok(LINK) => link = Some(reader.text(PREVIEW_LINK_BYTES_MAX)?.to_owned()),
                Ok(TITLE) => title = Some(reader.text(PREVIEW_TITLE_BYTES_MAX)?.to_owned()),
                Ok(DESCRIPTION) => {
                    reader.text(PREVIEW_DESCRIPTION_BYTES_MAX)?.clone_into(&mut description);
                }
                _ => {
                    reader.item(LEVELS_MAX)?;
                }
            }
        }
        reader.end()?;
        let link = link.filter(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_graphic()));
        let title = title.filter(|title| !title.is_empty());
        let (Some(link), Some(title)) = (link, title) else { return Err(ContentError::Malformed) };
        Ok(Self { link, title, description, picture: Vec::new() })
    }
}

impl NestedPart {
    /// A text with a preview: a choice between the two together and the text alone, which readers show that know of no previews.
    ///
    /// # Errors
    /// [`ContentError`] as [`LinkPreview::encode`].
    pub fn with_preview(text: NestedPart, preview: &LinkPreview) -> Result<Self, ContentError> {
        let mut parts =
            vec![text.clone(), NestedPart::single(Disposition::PREVIEW, TYPE_PREVIEW, preview.encode()?)];
        if !preview.picture.is_empty() {
            parts.push(NestedPart::single(Disposition::PREVIEW, TYPE_JPEG, preview.picture.clone()));
        }
        let together = several(PartSemantics::ProcessAll, parts);
        Ok(several(PartSemantics::ChooseOne, vec![together, text]))
    }

    /// The preview that goes with [`Self::as_text`]; none where the texts to choose from are not the same.
    pub fn as_preview(&self) -> Option<LinkPreview> {
        let Part::Multi { semantics, parts } = &self.part else { return None };
        match semantics {
            PartSemantics::ChooseOne if self.disposition.is_shown() => {
                let mut texts = parts.iter().filter(|part| part.as_text().is_some());
                let first = texts.next()?;
                let alike = |other: &NestedPart| {
                    other.as_text() == first.as_text() && other.is_markdown() == first.is_markdown()
                };
                if texts.all(alike) { first.as_preview() } else { None }
            }
            PartSemantics::ProcessAll => {
                let (text, said) = self.text_and_previews()?;
                text.as_text()?;
                let bytes = said.iter().find_map(|part| part.content_of(TYPE_PREVIEW))?;
                let preview = LinkPreview::decode(bytes).ok()?;
                let picture = said.iter().find_map(|part| part.content_of(TYPE_JPEG)).unwrap_or_default();
                let picture = if picture.len() > THUMBNAIL_BYTES_MAX { &[] } else { picture };
                Some(LinkPreview { picture: picture.to_vec(), ..preview })
            }
            _ => None,
        }
    }

    /// A text and nothing but previews behind it: what belongs together and is shown as one message.
    pub(super) fn text_and_previews(&self) -> Option<(&NestedPart, &[NestedPart])> {
        let Part::Multi { semantics: PartSemantics::ProcessAll, parts } = &self.part else { return None };
        let (text, previews) = parts.split_first()?;
        let is_text = matches!(text.part, Part::Single { .. }) && self.disposition.is_shown();
        let only = previews.iter().all(|part| {
            // What carries its bytes elsewhere is an attachment, whatever it calls itself.
            part.disposition == Disposition::PREVIEW && matches!(part.part, Part::Single { .. })
        });
        (is_text && only).then_some((text, previews))
    }
}

fn several(semantics: PartSemantics, parts: Vec<NestedPart>) -> NestedPart {
    NestedPart {
        disposition: Disposition::RENDER,
        language: String::new(),
        part: Part::Multi { semantics, parts },
    }
}

/// Media type of a [`LinkPreview`].
pub const TYPE_PREVIEW: &str = "application/vnd.valise.preview+cbor";
/// Longest encoded preview without its picture, bytes; leaves room for what later versions add.
const PREVIEW_BYTES_MAX: usize = 8_192;
/// Media type of the small picture.
const TYPE_JPEG: &str = "image/jpeg";
const LINK: u64 = 1;
const TITLE: u64 = 2;
const DESCRIPTION: u64 = 3;
/// Keys in a preview, known and unknown.
const KEYS_MAX: usize = 64;
/// Containers inside each other under an unknown key.
const LEVELS_MAX: usize = 4;

crate::frame::opaque_debug!(LinkPreview);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{MimiContent, TYPE_MARKDOWN, TYPE_TEXT};

    fn preview() -> LinkPreview {
        LinkPreview {
            link: "https://harbourrail.example/summer".into(),
            title: "Night trains".into(),
            description: "Sleepers from 1 June".into(),
            picture: vec![7; 300],
        }
    }

    fn text(text: &str) -> NestedPart {
        NestedPart::single(Disposition::RENDER, TYPE_TEXT, text)
    }

    #[test]
    fn a_text_comes_back_with_its_preview_byte_for_byte() {
        let said = "look:  https://harbourrail.example/summer \n";
        for markdown in [false, true] {
            let kind = if markdown { TYPE_MARKDOWN } else { TYPE_TEXT };
            let part =
                NestedPart::with_preview(NestedPart::single(Disposition::RENDER, kind, said), &preview());
            let bytes = MimiContent::new([1; 16], part.unwrap()).encode().unwrap();
            let content = MimiContent::decode(&bytes).unwrap();
            assert_eq!((content.as_text(), content.is_markdown()), (Some(said), markdown));
            assert!(content.nested_part.as_preview() == Some(preview()));
            assert!(content.nested_part.as_attachments().is_none());
        }
        let bare = LinkPreview { description: String::new(), picture: Vec::new(), ..preview() };
        let part = NestedPart::with_preview(text(said), &bare).unwrap();
        assert!(part.as_preview() == Some(bare));
    }

    #[test]
    fn a_reader_that_knows_of_no_previews_finds_the_text_among_the_choices() {
        let part = NestedPart::with_preview(text("x"), &preview()).unwrap();
        let Part::Multi { semantics: PartSemantics::ChooseOne, parts } = &part.part else {
            panic!("a choice")
        };
        assert!(parts.iter().any(|part| *part == text("x")));
    }

    #[test]
    fn other_mimi_clients_may_send_the_two_without_a_choice() {
        let part = NestedPart::with_preview(text("x"), &preview()).unwrap();
        let Part::Multi { parts, .. } = part.part else { panic!("a choice") };
        assert_eq!(parts[0].as_text(), Some("x"));
        assert!(parts[0].as_preview() == Some(preview()));
    }

    #[test]
    fn choices_that_say_different_things_have_no_preview() {
        let mut part = NestedPart::with_preview(text("x"), &preview()).unwrap();
        let Part::Multi { parts, .. } = &mut part.part else { panic!("a choice") };
        parts[1] = text("y");
        assert_eq!(part.as_text(), Some("x"));
        assert!(part.as_preview().is_none());
    }

    #[test]
    fn what_breaks_a_limit_is_not_written_and_not_read() {
        type Change = fn(&mut LinkPreview);
        let changes: [Change; 7] = [
            |it| it.title = String::new(),
            |it| it.title = "t".repeat(PREVIEW_TITLE_BYTES_MAX + 1),
            |it| it.description = "d".repeat(PREVIEW_DESCRIPTION_BYTES_MAX + 1),
            |it| it.link = String::new(),
            |it| it.link = "https://é.example/".into(),
            |it| it.link = format!("https://a.example/{}", "x".repeat(PREVIEW_LINK_BYTES_MAX)),
            |it| it.picture = vec![0; THUMBNAIL_BYTES_MAX + 1],
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut one = preview();
            change(&mut one);
            assert!(NestedPart::with_preview(text("x"), &one).is_err(), "{number}");
        }
        for (hex, why) in [
            ("a0", "nothing"),
            ("a1016178", "no title"),
            ("a10261 78", "no link"),
            ("a2016178026178 00", "something behind it"),
        ] {
            assert!(LinkPreview::decode(&hex::decode(hex.replace(' ', "")).unwrap()).is_err(), "{why}");
        }
        // Key 9 is of a later version.
        assert!(LinkPreview::decode(&hex::decode("a301617802617809617a").unwrap()).is_ok());
    }

    #[test]
    fn what_points_elsewhere_or_is_more_than_a_text_is_no_preview() {
        let made = || NestedPart::with_preview(text("x"), &preview()).unwrap();
        let together = |part: NestedPart| match part.part {
            Part::Multi { parts, .. } => parts[0].clone(),
            _ => panic!("a choice"),
        };
        let mut other = together(made());
        let Part::Multi { parts, .. } = &mut other.part else { panic!("together") };
        parts[1].disposition = Disposition::ATTACHMENT;
        assert!(other.as_preview().is_none() && other.as_text().is_none());
        let mut other = together(made());
        let Part::Multi { parts, .. } = &mut other.part else { panic!("together") };
        parts[0] = NestedPart::single(Disposition::RENDER, "text/html", "x");
        assert!(other.as_preview().is_none() && other.as_text().is_none());
    }
}
