//! `valise register`

use std::io::{self, IsTerminal, Write};

use host_native::Core;
use screens::{Action, Outcome};

use crate::args::Register;
use crate::end::{Stop, done};
use crate::object::Object;
use crate::say::{self, Say};
use crate::settle::{SETTLE_WAIT, settled, status};

/// Makes the account.
pub async fn run(core: &Core, say: Say, register: Register) -> Result<(), Stop> {
    let mut notices = core.notices();
    let Register { handle, name, code, .. } = register;
    let outcome = match (handle.as_str(), code) {
        ("none", None) => done(core.act(Action::Register { handle: None, name }).await)?,
        ("none", Some(_)) => {
            return Err(Stop::usage("Without a number or address there is no code. Leave out --code."));
        }
        (_, Some(code)) => done(core.act(Action::GiveCode { handle, name, code }).await)?,
        (_, None) => {
            let sent =
                done(core.act(Action::Register { handle: Some(handle.clone()), name: name.clone() }).await)?;
            let Outcome::CodeNeeded { sentence } = sent else { return Err(Stop::unexpected()) };
            ask_for_code(core, say, handle, name, &sentence).await?
        }
    };
    let Outcome::Registered { id, sentence } = outcome else { return Err(Stop::unexpected()) };
    let complete = settled(core, &mut notices, SETTLE_WAIT).await?;
    let me = status(core).await?.me.ok_or_else(Stop::unexpected)?;
    let object = Object::Registered { id: &id, name: &me.name, handle: me.handle.as_deref() };
    say.result(&object, || say::lines(&sentence))?;
    if !complete {
        return Err(Stop::network(
            "The account stands, but the server was not reached for the rest. It goes on at the next start: valise \
             receive",
        ));
    }
    say.advice("Next: valise invite makes a link for somebody; valise add adds somebody; valise receive shows what arrives.")
}

/// On a terminal the person types it; from a pipe it is read; where neither can be, the same command finishes it.
async fn ask_for_code(
    core: &Core,
    say: Say,
    handle: String,
    name: String,
    sent: &str,
) -> Result<Outcome, Stop> {
    let person = io::stdin().is_terminal();
    if say.json && !person {
        say.object(&Object::CodeNeeded { handle: &handle })?;
        return Err(Stop::input(format!("{sent} Give it with the same command and --code.")));
    }
    loop {
        let question = sent.to_owned();
        let line = tokio::task::spawn_blocking(move || read_code(&question, person));
        let code = match line.await {
            Ok(Ok(code)) if !code.trim().is_empty() => code,
            _ => return Err(Stop::input(format!("{sent} Give it with the same command and --code."))),
        };
        let given = Action::GiveCode { handle: handle.clone(), name: name.clone(), code };
        match done(core.act(given).await) {
            // Only a wrong or mistyped code can be typed again; the server counts the tries.
            Err(stop) if person && stop.may_try_again() => {
                stop.tell(say.json);
            }
            other => return other,
        }
    }
}

fn read_code(question: &str, person: bool) -> io::Result<String> {
    if person {
        let mut stderr = io::stderr().lock();
        write!(stderr, "{}\nCode: ", say::lines(question))?;
        stderr.flush()?;
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}
