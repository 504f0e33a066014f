//! One thing on a page, found by role and accessible name at the moment it is used.

use chromiumoxide::{
    cdp::{
        browser_protocol::{
            accessibility::{AxNode, GetPartialAxTreeParams, QueryAxTreeParams},
            dom::{
                BackendNodeId, FocusParams, GetContentQuadsParams, GetDocumentParams, ResolveNodeParams,
                ScrollIntoViewIfNeededParams, SetFileInputFilesParams,
            },
        },
        js_protocol::runtime::{CallFunctionOnParams, EvaluateParams, RemoteObjectId},
    },
    layout::Point,
};
use serde_json::Value;

use super::{Failure, Page, Result, page::Look};

/// Something with a role and, mostly, a name; looked up anew for every step, so that a page may redraw as it likes.
#[derive(Clone)]
pub struct Element<'p> {
    page: &'p Page,
    role: String,
    name: Option<String>,
    within: Option<Box<Element<'p>>>,
    containing: Option<String>,
}

impl<'p> Element<'p> {
    pub(super) fn new(page: &'p Page, role: &str, name: Option<&str>) -> Self {
        Self { page, role: role.to_owned(), name: name.map(str::to_owned), within: None, containing: None }
    }

    /// Something inside this.
    pub fn find(&self, role: &str, name: &str) -> Self {
        Self { within: Some(Box::new(self.clone())), ..Self::new(self.page, role, Some(name)) }
    }

    /// The entry of this list whose text contains `text`.
    pub fn item(&self, text: &str) -> Self {
        let item = Self::new(self.page, "listitem", None);
        Self { within: Some(Box::new(self.clone())), containing: Some(text.to_owned()), ..item }
    }

    /// Waits until it is there.
    pub async fn appears(&self) -> Result<()> {
        self.when_there("appears").await.map(drop)
    }

    /// Waits until it is gone.
    pub async fn goes(&self) -> Result<()> {
        let step = format!("{self} goes");
        self.page
            .wait(&step, async || match self.look().await? {
                Look::There(_) => Ok(Look::NotYet("it is still there".to_owned())),
                Look::NotYet(_) => Ok(Look::There(())),
            })
            .await
    }

    /// Whether it is there now.
    pub async fn is_there(&self) -> Result<bool> {
        Ok(matches!(self.look().await?, Look::There(_)))
    }

    /// Waits until its text contains `text`.
    pub async fn shows(&self, text: &str) -> Result<()> {
        let step = format!("{self} shows {text:?}");
        self.until(&step, |shown| shown.contains(text)).await
    }

    /// Waits until its text no longer contains `text`.
    pub async fn hides(&self, text: &str) -> Result<()> {
        let step = format!("{self} hides {text:?}");
        self.until(&step, |shown| !shown.contains(text)).await
    }

    /// Its text as a person sees it, once it is there.
    pub async fn text(&self) -> Result<String> {
        let node = self.when_there("is read").await?;
        self.text_of(&node).await
    }

    /// What stands in a field, or the state of a switch or checkbox (`true`, `false`, `mixed`).
    pub async fn value(&self) -> Result<String> {
        let node = self.when_there("is read").await?;
        Ok(checked(&node)
            .or_else(|| words(node.value.as_ref().and_then(|value| value.value.as_ref())))
            .unwrap_or_default())
    }

    /// The texts of the entries of this list, in order, each on one line.
    pub async fn items(&self) -> Result<Vec<String>> {
        let list = self.when_there("is read").await?;
        let mut texts = Vec::new();
        for node in self.page.query(backend(&list), "listitem", None).await? {
            texts.push(one_line(&self.text_of(&node).await?));
        }
        Ok(texts)
    }

    /// Waits until the list has exactly these entries.
    pub async fn has_items(&self, expected: &[&str]) -> Result<()> {
        let step = format!("{self} has the entries {expected:?}");
        self.page
            .wait(&step, async || {
                let items = self.items().await?;
                Ok(if items == expected {
                    Look::There(())
                } else {
                    Look::NotYet(format!("it has {items:?}"))
                })
            })
            .await
    }

    /// Clicks in its middle, as a mouse would, once it can be used.
    pub async fn click(&self) -> Result<()> {
        let step = format!("{self} is clicked");
        let node = self.when_usable(&step).await?;
        let point = self.middle(&node).await.map_err(|error| Failure::new(&step, error))?;
        self.page.tab.click(point).await.map(drop).map_err(Failure::during(step))
    }

    /// Replaces what stands in a field.
    pub async fn fill(&self, text: &str) -> Result<()> {
        let step = format!("{self} is filled");
        let node = self.when_usable(&step).await?;
        self.focus(&node).await?;
        self.call(
            &node,
            "function() { this.select ? this.select() : getSelection().selectAllChildren(this) }",
        )
        .await?;
        if text.is_empty() { self.page.press("Backspace").await } else { self.page.insert(text).await }
    }

    /// Gives it the focus and presses a key.
    pub async fn press(&self, key: &str) -> Result<()> {
        let node = self.when_usable(&format!("{self} gets the key {key}")).await?;
        self.focus(&node).await?;
        self.page.press(key).await
    }

    /// Chooses files in a file field.
    pub async fn choose(&self, files: &[&str]) -> Result<()> {
        let node = self.when_there("is given files").await?;
        let files = files.iter().map(|file| (*file).to_owned()).collect::<Vec<_>>();
        let mut choose = SetFileInputFilesParams::new(files);
        choose.backend_node_id = backend(&node);
        self.page
            .tab
            .execute(choose)
            .await
            .map(drop)
            .map_err(Failure::during(format!("{self} is given files")))
    }

    async fn until(&self, step: &str, fulfilled: impl Fn(&str) -> bool) -> Result<()> {
        self.page
            .wait(step, async || match self.look().await? {
                Look::NotYet(instead) => Ok(Look::NotYet(instead)),
                Look::There(node) => {
                    let text = one_line(&self.text_of(&node).await?);
                    Ok(if fulfilled(&text) {
                        Look::There(())
                    } else {
                        Look::NotYet(format!("it shows {text:?}"))
                    })
                }
            })
            .await
    }

    async fn when_there(&self, verb: &str) -> Result<AxNode> {
        self.page.wait(&format!("{self} {verb}"), async || self.look().await).await
    }

    async fn when_usable(&self, step: &str) -> Result<AxNode> {
        self.page
            .wait(step, async || match self.look().await? {
                Look::There(node) if is(&node, "disabled") => Ok(Look::NotYet("it is disabled".to_owned())),
                look => Ok(look),
            })
            .await
    }

    /// One look; two of the same role and name would leave open which is meant, and that is not what people are shown.
    async fn look(&self) -> Result<Look<AxNode>> {
        let mut root = None;
        if let Some(within) = &self.within {
            match Box::pin(within.look()).await? {
                Look::There(node) => root = backend(&node),
                instead => return Ok(instead),
            }
        }
        let mut found = self.page.query(root, &self.role, self.name.as_deref()).await?;
        if let Some(text) = &self.containing {
            found = self.with_text(found, text).await?;
        }
        match (found.pop(), found.len()) {
            (Some(node), 0) => Ok(Look::There(node)),
            (Some(_), more) => Ok(Look::NotYet(format!("there are {} of it", more + 1))),
            (None, _) => Ok(Look::NotYet(self.page.others(root, &self.role).await?)),
        }
    }

    async fn with_text(&self, nodes: Vec<AxNode>, text: &str) -> Result<Vec<AxNode>> {
        let mut kept = Vec::new();
        for node in nodes {
            if one_line(&self.text_of(&node).await?).contains(text) {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    async fn text_of(&self, node: &AxNode) -> Result<String> {
        let text = self.call(node, "function() { return this.innerText ?? this.textContent }").await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    async fn focus(&self, node: &AxNode) -> Result<()> {
        let focus = FocusParams { backend_node_id: backend(node), ..Default::default() };
        self.page
            .tab
            .execute(focus)
            .await
            .map(drop)
            .map_err(Failure::during(format!("{self} gets the focus")))
    }

    async fn middle(&self, node: &AxNode) -> Result<Point> {
        let scroll = ScrollIntoViewIfNeededParams { backend_node_id: backend(node), ..Default::default() };
        self.page.tab.execute(scroll).await?;
        let quads = GetContentQuadsParams { backend_node_id: backend(node), ..Default::default() };
        let quads = self.page.tab.execute(quads).await?.result.quads;
        let corners = quads.first().map(|quad| quad.inner().clone()).unwrap_or_default();
        let mean = |offset: usize| corners.iter().skip(offset).step_by(2).sum::<f64>() / CORNERS;
        if corners.is_empty() {
            Err(Failure::new("looking where it is", "it has no size"))
        } else {
            Ok(Point::new(mean(0), mean(1)))
        }
    }

    async fn call(&self, node: &AxNode, function: &str) -> Result<Value> {
        let resolve = ResolveNodeParams { backend_node_id: backend(node), ..Default::default() };
        let object = self.page.tab.execute(resolve).await?.result.object.object_id;
        let mut call = CallFunctionOnParams::new(function);
        call.object_id = object;
        call.return_by_value = Some(true);
        Ok(self.page.tab.execute(call).await?.result.result.value.unwrap_or_default())
    }
}

impl std::fmt::Display for Element<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}", self.role)?;
        if let Some(name) = &self.name {
            write!(to, " {name:?}")?;
        }
        if let Some(text) = &self.containing {
            write!(to, " with {text:?}")?;
        }
        self.within.as_ref().map_or(Ok(()), |within| write!(to, " in {within}"))
    }
}

impl Page {
    async fn query(
        &self,
        root: Option<BackendNodeId>,
        role: &str,
        name: Option<&str>,
    ) -> Result<Vec<AxNode>> {
        let root = match root {
            Some(root) => root,
            None => self.tab.execute(GetDocumentParams::default()).await?.result.root.backend_node_id,
        };
        let mut query = QueryAxTreeParams::builder().backend_node_id(root).role(role);
        if let Some(name) = name {
            query = query.accessible_name(name);
        }
        let found = self.tab.execute(query.build()).await?.result.nodes;
        Ok(found.into_iter().filter(|node| !node.ignored && node.backend_dom_node_id.is_some()).collect())
    }

    /// For the reader of a failed test: what else has this role.
    async fn others(&self, root: Option<BackendNodeId>, role: &str) -> Result<String> {
        let names: Vec<String> = self.query(root, role, None).await?.iter().map(name).collect();
        Ok(if names.is_empty() {
            format!("there is no {role}")
        } else {
            format!("there is: {role} {}", names.join(", "))
        })
    }
}

pub(super) async fn focused(page: &Page) -> Result<String> {
    let mut evaluate =
        EvaluateParams::new("document.activeElement === document.body ? null : document.activeElement");
    evaluate.return_by_value = Some(false);
    let object: Option<RemoteObjectId> =
        page.tab.evaluate_expression(evaluate).await?.object().object_id.clone();
    let Some(object) = object else { return Ok(String::new()) };
    let partial = GetPartialAxTreeParams {
        object_id: Some(object),
        fetch_relatives: Some(false),
        ..Default::default()
    };
    let nodes = page.tab.execute(partial).await?.result.nodes;
    let role =
        |node: &AxNode| words(node.role.as_ref().and_then(|role| role.value.as_ref())).unwrap_or_default();
    Ok(nodes.first().map(|node| format!("{} {}", role(node), name(node))).unwrap_or_default())
}

fn backend(node: &AxNode) -> Option<BackendNodeId> {
    node.backend_dom_node_id
}

fn name(node: &AxNode) -> String {
    format!("{:?}", words(node.name.as_ref().and_then(|name| name.value.as_ref())).unwrap_or_default())
}

fn is(node: &AxNode, state: &str) -> bool {
    property(node, state).is_some_and(|value| value == Value::Bool(true))
}

fn checked(node: &AxNode) -> Option<String> {
    property(node, "checked").or_else(|| property(node, "pressed")).and_then(|value| words(Some(&value)))
}

fn property(node: &AxNode, wanted: &str) -> Option<Value> {
    let properties = node.properties.as_deref().unwrap_or_default();
    let found = properties.iter().find(|property| property.name.as_ref() == wanted)?;
    found.value.value.clone()
}

fn words(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A quad has four corners, each with two coordinates.
const CORNERS: f64 = 4.0;
