//! One's own profile: what goes in is made harmless, what comes out is in words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::Command;
use screens::{PictureEdit, ProfilePage};
use vocab::limits::ABOUT_CHARS_MAX;

use crate::MediaLimits;
use crate::app::App;
use crate::words::{self, No};

/// What the core is asked for. A picture loses everything it says beside its pixels, whoever chose it.
pub(crate) fn command(
    name: Option<String>,
    about: Option<String>,
    picture: Option<PictureEdit>,
) -> Result<Command, No> {
    let picture = match picture {
        None => None,
        Some(PictureEdit::Remove) => Some(Vec::new()),
        Some(PictureEdit::Set { base64 }) => {
            let bytes = STANDARD.decode(base64).map_err(|_| words::bad_picture())?;
            let bare = media::picture::strip(&bytes, &MediaLimits::small());
            Some(bare.map_err(|_| words::bad_picture())?)
        }
    };
    Ok(Command::SetProfile { name, about, picture })
}

impl App {
    pub(crate) fn profile_page(&self) -> Result<ProfilePage, No> {
        let (profile, status) = (self.client.profile()?, self.client.status()?);
        Ok(ProfilePage {
            name: profile.name,
            about: profile.about,
            handle: status.handle.as_ref().map(ToString::to_string),
            picture: profile.picture.map(hex::encode),
            about_chars_max: ABOUT_CHARS_MAX as u32,
            sentence: "Those whom you have let in see it, and nobody else. Groups see the name alone."
                .to_owned(),
        })
    }
}
