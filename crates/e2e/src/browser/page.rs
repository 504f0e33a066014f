//! One tab: opening, reloading, finding things, waiting for changes, taking pictures.

use std::{path::Path, time::Duration};

use chromiumoxide::{
    cdp::{
        browser_protocol::{
            browser::BrowserContextId,
            dom::SetFileInputFilesParams,
            emulation::{
                MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams,
                SetFocusEmulationEnabledParams, SetGeolocationOverrideParams,
            },
            input::{DispatchKeyEventParams, DispatchKeyEventType, InsertTextParams},
            page::{AddScriptToEvaluateOnNewDocumentParams, CaptureScreenshotFormat},
            target::{FilterEntry, SetAutoAttachParams, TargetFilter},
        },
        js_protocol::runtime::EvaluateParams,
    },
    keys,
    page::ScreenshotParams,
};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{Element, Failure, Result, WAIT_MAX, network::Network};

/// A tab of a person's browser.
pub struct Page {
    pub(super) tab: chromiumoxide::Page,
    pub(super) context: Option<BrowserContextId>,
    network: Network,
    pub(super) patience: Duration,
}

impl Page {
    pub(super) async fn adopt(tab: chromiumoxide::Page, context: Option<BrowserContextId>) -> Result<Self> {
        tab.execute(AddScriptToEvaluateOnNewDocumentParams::new(COUNT_CHANGES)).await?;
        // Every tab behaves as if it were in front, so that two people can be shown at once.
        tab.execute(SetFocusEmulationEnabledParams::new(true)).await?;
        tab.execute(workers_but_no_service_workers()).await?;
        let network = Network::watch(&tab).await?;
        Ok(Self { tab, context, network, patience: WAIT_MAX })
    }

    /// Waits less than [`WAIT_MAX`], for what is expected not to come.
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Goes to an address and waits until it has loaded.
    pub async fn open(&self, address: &str) -> Result<()> {
        let step = format!("opening {address}");
        match timeout(WAIT_MAX, self.tab.goto(address)).await {
            Ok(loaded) => loaded.map(drop).map_err(Failure::during(step)),
            Err(_) => Err(Failure::new(step, "it did not finish loading")),
        }
    }

    /// Loads the page again, as F5 would.
    pub async fn reload(&self) -> Result<()> {
        match timeout(WAIT_MAX, self.tab.reload()).await {
            Ok(loaded) => loaded.map(drop).map_err(Failure::during("reloading")),
            Err(_) => Err(Failure::new("reloading", "it did not finish loading")),
        }
    }

    /// Closes the tab; the page may still say goodbye to the other tabs.
    pub async fn close(self) -> Result<()> {
        self.tab.close().await.map_err(Failure::during("closing the tab"))
    }

    /// Tells the page and its workers that there is no network, or that it is back: requests and new connections fail.
    /// Sockets that are open stay open; to break those, lead the page through a [`Line`](super::Line).
    pub async fn offline(&self, offline: bool) -> Result<()> {
        self.network.offline(&self.tab, offline).await
    }

    /// Something with a role and an accessible name, for example `("switch", "Read receipts")`.
    pub fn find(&self, role: &str, name: &str) -> Element<'_> {
        Element::new(self, role, Some(name))
    }

    /// The one element with this role, whatever its name.
    pub fn only(&self, role: &str) -> Element<'_> {
        Element::new(self, role, None)
    }

    /// Shows the page in a window of this size, in CSS pixels.
    pub async fn size(&self, width: u32, height: u32) -> Result<()> {
        let metrics = SetDeviceMetricsOverrideParams::new(i64::from(width), i64::from(height), 1.0, false);
        self.tab.execute(metrics).await?;
        Ok(())
    }

    /// Shows the page to somebody whose system is dark, or light.
    pub async fn dark(&self, on: bool) -> Result<()> {
        let scheme = MediaFeature::new("prefers-color-scheme", if on { "dark" } else { "light" });
        let media = SetEmulatedMediaParams { media: None, features: Some(vec![scheme]) };
        self.tab.execute(media).await?;
        Ok(())
    }

    /// From now on the device is there, in degrees, within so many metres.
    pub async fn is_at(&self, latitude: f64, longitude: f64, accuracy: f64) -> Result<()> {
        let mut place = SetGeolocationOverrideParams::default();
        (place.latitude, place.longitude, place.accuracy) = (Some(latitude), Some(longitude), Some(accuracy));
        self.tab.execute(place).await?;
        Ok(())
    }

    /// Presses a key by its name on a keyboard (`Enter`, `Escape`, `Tab`, `ArrowDown`, `a`), wherever the focus is.
    pub async fn press(&self, key: &str) -> Result<()> {
        self.press_with(key, 0).await
    }

    /// The same with the control key held.
    pub async fn press_control(&self, key: &str) -> Result<()> {
        self.press_with(key, CONTROL).await
    }

    async fn press_with(&self, key: &str, modifiers: i64) -> Result<()> {
        let known = keys::get_key_definition(key)
            .ok_or_else(|| Failure::new(format!("pressing {key}"), "no such key"))?;
        // A key that is held with another writes nothing.
        let text = known.text.or((known.key.len() == 1).then_some(known.key)).filter(|_| modifiers == 0);
        let down =
            if text.is_some() { DispatchKeyEventType::KeyDown } else { DispatchKeyEventType::RawKeyDown };
        for kind in [down.clone(), DispatchKeyEventType::KeyUp] {
            let mut event = DispatchKeyEventParams::new(kind.clone());
            event.modifiers = Some(modifiers);
            event.text = text.filter(|_| kind == down).map(str::to_owned);
            event.key = Some(known.key.to_owned());
            event.code = Some(known.code.to_owned());
            event.windows_virtual_key_code = Some(known.key_code);
            event.native_virtual_key_code = Some(known.key_code);
            self.tab.execute(event).await?;
        }
        Ok(())
    }

    /// Types text of any script wherever the focus is, as an input method would.
    pub async fn insert(&self, text: &str) -> Result<()> {
        self.tab.execute(InsertTextParams::new(text)).await?;
        Ok(())
    }

    /// What has the focus, as `role "name"`; empty when nothing has.
    pub async fn focused(&self) -> Result<String> {
        super::element::focused(self).await
    }

    /// Writes what the page looks like as a PNG file.
    pub async fn screenshot(&self, file: impl AsRef<Path>) -> Result<()> {
        let picture = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png).build();
        self.tab.save_screenshot(picture, file).await.map(drop).map_err(Failure::during("taking a picture"))
    }

    /// Chooses files in the field that matches, as the browser's own window would. By a selector, because the browser names such a field
    /// by its button.
    pub async fn choose(&self, field: &str, files: &[&str]) -> Result<()> {
        let step = format!("{field} is given files");
        let element = self.tab.find_element(field).await.map_err(Failure::during(step.clone()))?;
        let files = files.iter().map(|file| (*file).to_owned()).collect::<Vec<_>>();
        let mut choose = SetFileInputFilesParams::new(files);
        choose.backend_node_id = Some(element.backend_node_id);
        self.tab.execute(choose).await.map(drop).map_err(Failure::during(step))
    }

    /// The value of a JavaScript expression; a promise is awaited. For facts that no role tells, such as timings.
    pub async fn evaluate(&self, expression: &str) -> Result<Value> {
        let mut evaluate = EvaluateParams::new(expression);
        evaluate.await_promise = Some(true);
        evaluate.return_by_value = Some(true);
        let answer = timeout(WAIT_MAX, self.tab.evaluate_expression(evaluate)).await;
        let answer = answer.map_err(|_| Failure::new(expression, "no answer"))?;
        Ok(answer.map_err(Failure::during(expression))?.value().cloned().unwrap_or_default())
    }

    /// Waits until a JavaScript expression is true.
    pub async fn until(&self, expression: &str) -> Result<()> {
        self.wait(expression, async || match self.evaluate(expression).await? {
            Value::Bool(true) => Ok(Look::There(())),
            other => Ok(Look::NotYet(format!("it is {other}"))),
        })
        .await
    }

    /// Looks again after every change of the page until the thing is there, and says what was there instead if it never is.
    pub(super) async fn wait<T>(
        &self,
        step: &str,
        mut look: impl AsyncFnMut() -> Result<Look<T>>,
    ) -> Result<T> {
        let end = Instant::now() + self.patience;
        loop {
            let seen = self.changes().await;
            // A page that is just being replaced cannot be looked at; that is a change, too.
            let instead = match look().await {
                Ok(Look::There(found)) => return Ok(found),
                Ok(Look::NotYet(instead)) => instead,
                Err(error) => error.to_string(),
            };
            if Instant::now() >= end {
                return Err(Failure::new(step, format!("not within {:?}; {instead}", self.patience)));
            }
            self.change_after(seen).await;
        }
    }

    async fn changes(&self) -> u64 {
        self.evaluate("globalThis.__changes?.count ?? 0")
            .await
            .ok()
            .and_then(|count| count.as_u64())
            .unwrap_or_default()
    }

    /// Ends with the next change, or soon: focus, values and layout change without the document changing.
    async fn change_after(&self, seen: u64) {
        let wait = format!("globalThis.__changes?.after({seen}, {})", LOOK_AGAIN.as_millis());
        if self.evaluate(&wait).await.is_err() {
            // The page is being replaced, and the next look is at the new one.
            tokio::task::yield_now().await;
        }
    }
}

/// One look at the page.
pub(super) enum Look<T> {
    /// It is there.
    There(T),
    /// It is not; what was seen instead.
    NotYet(String),
}

/// The roles that every story uses, by their names.
impl Page {
    /// A field to type in.
    pub fn textbox(&self, name: &str) -> Element<'_> {
        self.find("textbox", name)
    }

    /// A button.
    pub fn button(&self, name: &str) -> Element<'_> {
        self.find("button", name)
    }

    /// A link.
    pub fn link(&self, name: &str) -> Element<'_> {
        self.find("link", name)
    }

    /// A list.
    pub fn list(&self, name: &str) -> Element<'_> {
        self.find("list", name)
    }

    /// A list that grows at its end, such as the messages of a conversation.
    pub fn log(&self, name: &str) -> Element<'_> {
        self.find("log", name)
    }

    /// A line that says how things are.
    pub fn status(&self, name: &str) -> Element<'_> {
        self.find("status", name)
    }

    /// A heading.
    pub fn heading(&self, name: &str) -> Element<'_> {
        self.find("heading", name)
    }

    /// A window within the page.
    pub fn dialog(&self, name: &str) -> Element<'_> {
        self.find("dialog", name)
    }
}

/// The library lets go of a service worker while it still waits for a debugger, and it would wait for ever.
fn workers_but_no_service_workers() -> SetAutoAttachParams {
    let service_worker = FilterEntry { exclude: Some(true), r#type: Some("service_worker".to_owned()) };
    let rest = FilterEntry { exclude: None, r#type: None };
    SetAutoAttachParams {
        auto_attach: true,
        wait_for_debugger_on_start: true,
        flatten: Some(true),
        filter: Some(TargetFilter::new(vec![service_worker, rest])),
    }
}

/// The control key, among the modifiers that the browser's protocol knows.
const CONTROL: i64 = 2;
/// How long at most between two looks when the document does not change.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Counts the changes of the document from its first moment, so that none falls between a look and the wait after it.
const COUNT_CHANGES: &str = "
globalThis.__changes = (() => {
  const state = { count: 1, waiting: new Set() };
  const changed = () => { state.count += 1; for (const go of state.waiting) go(); state.waiting.clear(); };
  new MutationObserver(changed).observe(document,
    { subtree: true, childList: true, attributes: true, characterData: true });
  for (const event of ['input', 'change', 'focusin', 'focusout', 'load', 'transitionend'])
    addEventListener(event, changed, true);
  state.after = (seen, ms) => state.count > seen ? true
    : new Promise((go) => { state.waiting.add(go); setTimeout(go, ms); });
  return state;
})();
";
