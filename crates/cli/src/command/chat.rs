//! `valise mute`, `archive`, `unread`: what one chooses for a chat.

use host_native::Core;
use screens::{Action, Outcome};

use crate::end::{Stop, done};
use crate::object::Object;
use crate::say::Say;
use crate::settle::{SETTLE_WAIT, settled};

/// Chooses, and tells one's other devices if there are any.
pub async fn choose(core: &Core, say: Say, action: Action) -> Result<(), Stop> {
    let mut notices = core.notices();
    let Outcome::Done = done(core.act(action).await)? else { return Err(Stop::unexpected()) };
    say.result(&Object::Done, || "Done.".to_owned())?;
    if settled(core, &mut notices, SETTLE_WAIT).await? {
        return Ok(());
    }
    Err(Stop::network(
        "It is kept on this device. Your other devices learn of it when the server is reached: valise receive",
    ))
}
