//! `valise profile`

use std::io::Read;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use host_native::Core;
use screens::{Action, Answer, Ask, PictureEdit};

use super::chat;
use crate::args::Profile;
use crate::end::{Stop, answered};
use crate::object::Object;
use crate::say::{self, Say};
use crate::settle;

/// Shows one's own profile, or changes it.
pub async fn run(core: &Core, say: Say, what: Option<Profile>) -> Result<(), Stop> {
    let Some(Profile::Set { name, about, picture, no_picture }) = what else { return show(core, say).await };
    let picture = match picture {
        Some(path) => Some(PictureEdit::Set { base64: face(&path)? }),
        None => no_picture.then_some(PictureEdit::Remove),
    };
    chat::choose(core, say, Action::SetProfile { name, about, picture }).await
}

async fn show(core: &Core, say: Say) -> Result<(), Stop> {
    settle::fresh(core).await?;
    let Answer::Profile(page) = answered(core.ask(Ask::Profile).await)? else {
        return Err(Stop::unexpected());
    };
    say.result(&Object::Profile(&page), || {
        let handle = page.handle.as_ref().map_or_else(String::new, |handle| format!(", {handle}"));
        let about = if page.about.is_empty() { "Nothing about you yet." } else { &page.about };
        let picture = if page.picture.is_some() { "With a picture." } else { "Without a picture." };
        format!("{}{handle}\n{}\n{picture}", say::one_line(&page.name), say::lines(about))
    })?;
    say.advice(&page.sentence)
}

/// The middle of a picture, small and without anything but its pixels.
fn face(path: &Path) -> Result<String, Stop> {
    let unreadable = |error: std::io::Error| {
        Stop::usage(format!("{} cannot be read: {error}. Name a picture on this device.", path.display()))
    };
    let limits = media::Limits::small();
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    // One byte more than may be, so that a larger file is refused as too large and not cut.
    file.take(limits.picture_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    let face = media::picture::face(&bytes, &limits)
        .map_err(|error| Stop::usage(format!("{} cannot be used: {error}.", path.display())))?;
    Ok(STANDARD.encode(face.jpeg))
}
