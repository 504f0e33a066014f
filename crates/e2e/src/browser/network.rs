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

/// The workers of a page, known from its first moment.
pub(super) struct Network {
    workers: Arc<Mutex<Vec<TargetId>>>,
    listening: JoinHandle<()>,
}

impl Network {
    pub(super) async fn watch(tab: &chromiumoxide::Page) -> Result<Self> {
        let workers = Arc::new(Mutex::new(Vec::new()));
        let mut attached = tab.event_listener::<EventAttachedToTarget>().await?;
        let known = Arc::clone(&workers);
        let listening = tokio::spawn(async move {
            while let Some(event) = attached.next().await {
                if event.target_info.r#type.contains("worker") {
                    known
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(event.target_info.target_id.clone());
                }
            }
        });
        Ok(Self { workers, listening })
    }

    pub(super) async fn offline(&self, tab: &chromiumoxide::Page, offline: bool) -> Result<()> {
        let step = if offline { "going offline" } else { "going online" };
        for (method, params) in commands(offline) {
            tab.execute(Raw { method, params }).await.map_err(Failure::during(step))?;
        }
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for worker in workers {
            // A worker that has ended cannot be attached to, and needs no network.
            let mut attach = AttachToTargetParams::new(worker);
            attach.flatten = Some(false);
            let attached = tab.execute(attach).await;
            if let Err(error) = &attached {
                eprintln!("attach: {error}");
            }
            if let Ok(attached) = attached {
                tell(tab, &attached.result.session_id, offline).await.map_err(Failure::during(step))?;
            }
        }
        Ok(())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.listening.abort();
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
