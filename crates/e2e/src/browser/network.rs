//! Cutting a page and its workers off.
//!
//! Chromium emulates per target, and a worker is a target of its own that the driver's library gives no handle for. So each
//! worker is attached to a second time in the older way, in which commands travel inside a message.

use std::sync::{Arc, Mutex, PoisonError};

use chromiumoxide::{
    cdp::browser_protocol::target::{AttachToTargetParams, EventAttachedToTarget, SessionId, TargetId},
    types::{Command, Method, MethodId},
};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{Failure, Result};

/// Whether a page is cut off, and its workers, known from its first moment.
pub(super) struct Network {
    state: Arc<Mutex<State>>,
    listening: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    offline: bool,
    workers: Vec<TargetId>,
}

impl Network {
    pub(super) async fn watch(tab: &chromiumoxide::Page) -> Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let mut attached = tab.event_listener::<EventAttachedToTarget>().await?;
        let (tab, known) = (tab.clone(), Arc::clone(&state));
        let listening = tokio::spawn(async move {
            while let Some(event) = attached.next().await {
                let worker = event.target_info.target_id.clone();
                if event.target_info.r#type.contains("worker") && with(&known, |state| state.add(&worker)) {
                    inform(&tab, worker, true).await;
                }
            }
        });
        Ok(Self { state, listening })
    }

    pub(super) async fn offline(&self, tab: &chromiumoxide::Page, offline: bool) -> Result<()> {
        let step = if offline { "going offline" } else { "going online" };
        for (method, params) in commands(offline) {
            tab.execute(Raw { method, params }).await.map_err(Failure::during(step))?;
        }
        for worker in with(&self.state, |state| state.set(offline)) {
            inform(tab, worker, offline).await;
        }
        Ok(())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl State {
    /// Whether this is a new worker that starts cut off; telling one of the network attaches to it once more.
    fn add(&mut self, worker: &TargetId) -> bool {
        let known = self.workers.contains(worker);
        if !known {
            self.workers.push(worker.clone());
        }
        self.offline && !known
    }

    /// The workers to tell.
    fn set(&mut self, offline: bool) -> Vec<TargetId> {
        self.offline = offline;
        self.workers.clone()
    }
}

fn with<T>(state: &Mutex<State>, act: impl FnOnce(&mut State) -> T) -> T {
    act(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A worker that has ended meanwhile cannot be told, and needs no network.
async fn inform(tab: &chromiumoxide::Page, worker: TargetId, offline: bool) {
    let mut attach = AttachToTargetParams::new(worker);
    attach.flatten = Some(false);
    if let Ok(attached) = tab.execute(attach).await
        && let Err(error) = tell(tab, &attached.result.session_id, offline).await
    {
        eprintln!("a worker ended before it could be told about the network: {error}");
    }
}

async fn tell(
    tab: &chromiumoxide::Page,
    session: &SessionId,
    offline: bool,
) -> Result<(), chromiumoxide::error::CdpError> {
    for (id, (method, params)) in (1..).zip(commands(offline)) {
        let message = json!({ "id": id, "method": method, "params": params }).to_string();
        let params = json!({ "sessionId": session, "message": message });
        tab.execute(Raw { method: "Target.sendMessageToTarget", params }).await?;
    }
    Ok(())
}

/// The library leaves out what the protocol calls deprecated, and there is no successor that reaches workers.
fn commands(offline: bool) -> [(&'static str, Value); 2] {
    let conditions =
        json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    [("Network.enable", json!({})), ("Network.emulateNetworkConditions", conditions)]
}

/// A command by its name.
struct Raw {
    method: &'static str,
    params: Value,
}

impl Serialize for Raw {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        self.params.serialize(to)
    }
}

impl Method for Raw {
    fn identifier(&self) -> MethodId {
        self.method.into()
    }
}

impl Command for Raw {
    type Response = Value;
}
