//! What only the browser's own interfaces can do. Outside a browser each of these does nothing, so that the views can be
//! compiled and linted everywhere.

#[cfg(target_arch = "wasm32")]
pub use browser::*;
#[cfg(not(target_arch = "wasm32"))]
pub use nowhere::*;

#[cfg(target_arch = "wasm32")]
mod browser {
    use wasm_bindgen::prelude::*;
    use web_sys::{
        CanvasRenderingContext2d, Document, Element, Event, HtmlCanvasElement, HtmlDialogElement,
        HtmlElement, HtmlImageElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent,
        KeyboardEventInit, Window,
    };

    fn window() -> Option<Window> {
        web_sys::window()
    }

    fn document() -> Option<Document> {
        window().and_then(|window| window.document())
    }

    fn first(selector: &str) -> Option<HtmlElement> {
        document()?.query_selector(selector).ok().flatten()?.dyn_into().ok()
    }

    /// Gives the focus to the first element that matches.
    pub fn focus(selector: &str) {
        if let Some(element) = first(selector) {
            // Fails only for an element that is gone.
            let _ = element.focus();
        }
    }

    /// The same, where a keyboard is likely: on a touch screen it would cover half of the page.
    pub fn focus_for_keyboard(selector: &str) {
        let coarse = window().and_then(|window| window.match_media("(pointer: coarse)").ok().flatten());
        if !coarse.is_some_and(|query| query.matches()) {
            focus(selector);
        }
    }

    /// Whether the element with the focus is one of these.
    #[must_use]
    pub fn has_focus(selector: &str) -> bool {
        let active = document().and_then(|document| document.active_element());
        active.is_some_and(|active| active.matches(selector).unwrap_or(false))
    }

    /// Moves the focus among the elements that match, by so many, from the one that has it.
    pub fn move_focus(selector: &str, by: i32) {
        let Some(document) = document() else { return };
        let Ok(all) = document.query_selector_all(selector) else { return };
        let active = document.active_element();
        let all: Vec<HtmlElement> =
            (0..all.length()).filter_map(|index| all.get(index)?.dyn_into().ok()).collect();
        let is_active =
            |one: &HtmlElement| active.as_ref().is_some_and(|active| one.is_same_node(Some(active)));
        let at = all.iter().position(is_active).and_then(|at| i32::try_from(at).ok()).unwrap_or(-1);
        let next = usize::try_from(at.saturating_add(by).max(0)).unwrap_or_default();
        if let Some(element) = all.get(next.min(all.len().saturating_sub(1))) {
            let _ = element.focus();
        }
    }

    /// Moves the focus to the next pane: the first of these after the one that has the focus, around the end.
    pub fn next_pane(panes: &[(&str, &str)]) {
        let active = document().and_then(|document| document.active_element());
        let inside = |pane: &str| -> bool {
            active.as_ref().is_some_and(|active: &Element| active.closest(pane).ok().flatten().is_some())
        };
        let at = panes.iter().position(|(pane, _)| inside(pane)).map_or(0, |at| at + 1);
        let around = panes.iter().cycle().skip(at).take(panes.len());
        if let Some((_, target)) = around.into_iter().find(|(_, target)| first(target).is_some()) {
            focus(target);
        }
    }

    /// Shows a dialogue above the page, with the focus kept inside it.
    pub fn show_dialog(selector: &str) {
        if let Some(dialog) = first(selector).and_then(|element| element.dyn_into::<HtmlDialogElement>().ok())
            && !dialog.open()
        {
            // Fails only for a dialogue that is gone.
            let _ = dialog.show_modal();
            let shown = dialog.clone();
            // With the focus on nothing in it, Escape comes as this event alone: the page hears of it as of the key.
            let cancelled = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
                event.prevent_default();
                let init = KeyboardEventInit::new();
                init.set_key("Escape");
                init.set_bubbles(true);
                if let Ok(key) = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init) {
                    // Refused only where somebody dispatches it a second time.
                    let _ = shown.dispatch_event(&key);
                }
            });
            // Lives as long as the dialogue.
            dialog.set_oncancel(Some(cancelled.into_js_value().unchecked_ref()));
        }
    }

    /// Closes it; the focus goes back to where it came from.
    pub fn close_dialog(selector: &str) {
        if let Some(dialog) = first(selector).and_then(|element| element.dyn_into::<HtmlDialogElement>().ok())
        {
            dialog.close();
        }
    }

    /// Scrolls the first element that matches to its end; its content begins at the end.
    pub fn scroll_to_end(selector: &str) {
        if let Some(element) = first(selector) {
            element.scroll_to_with_x_and_y(0.0, 0.0);
        }
    }

    /// Brings the first element that matches into view and gives it the focus.
    pub fn go_to(selector: &str) {
        if let Some(element) = first(selector) {
            element.scroll_into_view();
            let _ = element.focus();
        }
    }

    /// Puts a text where it can be pasted from; where that is not allowed, selects the field that holds it.
    pub fn copy(text: &str, field: &'static str) {
        let Some(window) = window() else { return };
        let written = window.navigator().clipboard().write_text(text);
        wasm_bindgen_futures::spawn_local(async move {
            if wasm_bindgen_futures::JsFuture::from(written).await.is_err()
                && let Some(input) = first(field).and_then(|field| field.dyn_into::<HtmlInputElement>().ok())
            {
                input.select();
            }
        });
    }

    /// Offers a text to be saved as a file.
    pub fn save(name: &str, media_type: &str, text: &str) {
        let kind = web_sys::BlobPropertyBag::new();
        kind.set_type(media_type);
        let parts = js_sys::Array::of1(&JsValue::from_str(text));
        let Ok(blob) = web_sys::Blob::new_with_str_sequence_and_options(&parts, &kind) else { return };
        let Ok(url) = web_sys::Url::create_object_url_with_blob(&blob) else { return };
        let anchor = document()
            .and_then(|document| document.create_element("a").ok())
            .and_then(|element| element.dyn_into::<web_sys::HtmlAnchorElement>().ok());
        if let Some(anchor) = anchor {
            anchor.set_href(&url);
            anchor.set_download(name);
            anchor.click();
        }
        // The browser has taken it by now.
        let _ = web_sys::Url::revoke_object_url(&url);
    }

    /// Milliseconds by the page's clock.
    #[must_use]
    pub fn now_ms() -> f64 {
        js_sys::Date::now()
    }

    /// Draws the file that was chosen in a field, small and square, and tells it in base64; nothing when it is no picture.
    pub fn chosen_picture(field: &str, done: impl FnOnce(Option<String>) + 'static) {
        let input = first(field).and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
        let image = HtmlImageElement::new().and_then(|image| {
            let source = web_sys::Url::create_object_url_with_blob(&file)?;
            Ok((image, source))
        });
        let Ok((image, source)) = image else { return done(None) };
        image.set_src(&source);
        let decoded = image.decode();
        wasm_bindgen_futures::spawn_local(async move {
            let drawn = wasm_bindgen_futures::JsFuture::from(decoded).await.is_ok();
            let picture = if drawn { small(&image, middle(&image)) } else { None };
            let _ = web_sys::Url::revoke_object_url(&source);
            done(picture);
        });
    }

    /// The file that was chosen in a field, at an address of this page, and its size in pixels; nothing when it is no picture.
    /// Whoever has it gives the address back with [`let_go`].
    pub fn picture_to_crop(field: &str, done: impl FnOnce(Option<(String, u32, u32)>) + 'static) {
        let input = first(field).and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
        let Ok(source) = web_sys::Url::create_object_url_with_blob(&file) else { return done(None) };
        drawn(source, move |image, source| match image {
            Some(image) => done(Some((source, image.natural_width(), image.natural_height()))),
            None => {
                let_go(&source);
                done(None);
            }
        });
    }

    /// A square of a picture at an address of this page: left, top and side in its pixels.
    pub fn cropped(source: &str, part: (f64, f64, f64), done: impl FnOnce(Option<String>) + 'static) {
        drawn(source.to_owned(), move |image, _| done(image.and_then(|image| small(&image, part))));
    }

    /// Gives an address back.
    pub fn let_go(source: &str) {
        // Fails for no address that was given out here.
        let _ = web_sys::Url::revoke_object_url(source);
    }

    fn drawn(source: String, done: impl FnOnce(Option<HtmlImageElement>, String) + 'static) {
        let Ok(image) = HtmlImageElement::new() else { return done(None, source) };
        image.set_src(&source);
        let decoded = image.decode();
        wasm_bindgen_futures::spawn_local(async move {
            let is_drawn = wasm_bindgen_futures::JsFuture::from(decoded).await.is_ok();
            done(is_drawn.then_some(image), source);
        });
    }

    fn middle(image: &HtmlImageElement) -> (f64, f64, f64) {
        let (width, height) = (f64::from(image.natural_width()), f64::from(image.natural_height()));
        let side = width.min(height);
        ((width - side) / 2.0, (height - side) / 2.0, side)
    }

    /// A square of an image (left, top, side), as a JPEG that is small enough.
    fn small(image: &HtmlImageElement, (left, top, side): (f64, f64, f64)) -> Option<String> {
        let canvas = document()?.create_element("canvas").ok()?.dyn_into::<HtmlCanvasElement>().ok()?;
        canvas.set_width(PICTURE_SIDE);
        canvas.set_height(PICTURE_SIDE);
        let context = canvas.get_context("2d").ok()??.dyn_into::<CanvasRenderingContext2d>().ok()?;
        let to = f64::from(PICTURE_SIDE);
        // What can be seen through would be black in a JPEG.
        context.set_fill_style_str("white");
        context.fill_rect(0.0, 0.0, to, to);
        context
            .draw_image_with_html_image_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                image, left, top, side, side, 0.0, 0.0, to, to,
            )
            .ok()?;
        [0.85, 0.7, 0.5, 0.3].into_iter().find_map(|quality| {
            let url = canvas.to_data_url_with_type_and_encoder_options("image/jpeg", &quality.into()).ok()?;
            let base64 = url.strip_prefix("data:image/jpeg;base64,")?;
            (base64.len() <= PICTURE_BASE64_MAX).then(|| base64.to_owned())
        })
    }

    /// Pixels of a picture's side: as large as it is shown anywhere, twice over.
    const PICTURE_SIDE: u32 = 256;
    /// Characters of base64 that 32 KiB take.
    const PICTURE_BASE64_MAX: usize = 32 * 1024 / 3 * 4;

    /// Names the window.
    pub fn set_title(title: &str) {
        if let Some(document) = document() {
            document.set_title(title);
        }
    }

    /// Whether the page is visible and has the focus.
    #[must_use]
    pub fn is_attentive() -> bool {
        document().is_some_and(|document| {
            document.visibility_state() == web_sys::VisibilityState::Visible
                && document.has_focus().unwrap_or(false)
        })
    }

    /// Calls when [`is_attentive`] may have changed.
    pub fn on_attention(changed: impl FnMut() + Clone + 'static) {
        for name in ["focus", "blur"] {
            on_window(name, changed.clone());
        }
        let Some(document) = document() else { return };
        let closure = Closure::<dyn FnMut()>::new(changed);
        // Fails for no event that exists.
        let _ =
            document.add_event_listener_with_callback("visibilitychange", closure.as_ref().unchecked_ref());
        closure.forget();
    }

    /// Calls on an event of the window.
    pub fn on_window(name: &str, happened: impl FnMut() + 'static) {
        let Some(window) = window() else { return };
        let closure = Closure::<dyn FnMut()>::new(happened);
        let _ = window.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        closure.forget();
    }

    /// Tells the scripts beside this program something.
    pub fn tell_window(name: &str) {
        if let (Some(window), Ok(event)) = (window(), Event::new(name)) {
            let _ = window.dispatch_event(&event);
        }
    }

    /// What stands before the cursor in the field that matches; nothing when that cannot be told.
    #[must_use]
    pub fn before_cursor(selector: &str) -> Option<String> {
        let field = first(selector)?.dyn_into::<HtmlTextAreaElement>().ok()?;
        let at = usize::try_from(field.selection_start().ok()??).ok()?;
        let units: Vec<u16> = field.value().encode_utf16().take(at).collect();
        String::from_utf16(&units).ok()
    }

    /// A local time of the browser's fields with what it is ahead of UTC at that time, which need not be what it is now.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "offsets lie between -720 and 840")]
    pub fn with_offset(local: &str) -> String {
        let offset = js_sys::Date::new(&JsValue::from_str(local)).get_timezone_offset();
        if !offset.is_finite() {
            return local.to_owned();
        }
        let ahead = -(offset as i32);
        let sign = if ahead < 0 { '-' } else { '+' };
        format!("{local}{sign}{:02}:{:02}", ahead.abs() / 60, ahead.abs() % 60)
    }

    /// Minutes that local time is ahead of UTC.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "offsets lie between -720 and 840")]
    pub fn utc_offset_minutes() -> i16 {
        -js_sys::Date::new_0().get_timezone_offset() as i16
    }

    /// The whole address, if this is an invitation (`/i#…`).
    #[must_use]
    pub fn invitation() -> Option<String> {
        let location = window()?.location();
        let is_one = location.pathname().ok()? == "/i" && location.hash().ok()?.len() > 1;
        if is_one { location.href().ok() } else { None }
    }

    /// Takes the invitation out of the address bar and the history: whoever reads them could use it.
    pub fn forget_invitation() {
        if invitation().is_none() {
            return;
        }
        if let Some(history) = window().and_then(|window| window.history().ok()) {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some("/"));
        }
    }

    /// What stands after `#`.
    #[must_use]
    pub fn fragment() -> String {
        window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
    }

    /// Reads a file that was shipped with the page; nothing when it does not come.
    pub fn fetch(path: &'static str, done: impl FnOnce(Option<Vec<u8>>) + 'static) {
        let Some(window) = window() else { return done(None) };
        wasm_bindgen_futures::spawn_local(async move { done(read(&window, path).await.ok()) });
    }

    async fn read(window: &Window, path: &str) -> Result<Vec<u8>, JsValue> {
        let response = wasm_bindgen_futures::JsFuture::from(window.fetch_with_str(path)).await?;
        let response: web_sys::Response = response.dyn_into()?;
        if !response.ok() {
            return Err(JsValue::UNDEFINED);
        }
        let bytes = wasm_bindgen_futures::JsFuture::from(response.array_buffer()?).await?;
        Ok(js_sys::Uint8Array::new(&bytes).to_vec())
    }

    /// Calls with whether the network costs by its bytes, now and when that changes: the person asked the browser to save data, or the
    /// browser knows that it is a phone's. Never where the browser says nothing of it.
    pub fn on_metered(mut changed: impl FnMut(bool) + 'static) {
        let of =
            |object: &JsValue, name: &str| js_sys::Reflect::get(object, &name.into()).unwrap_or_default();
        let Some(window) = window() else { return };
        let connection = of(&window.navigator(), "connection");
        let Ok(target) = connection.clone().dyn_into::<web_sys::EventTarget>() else { return };
        let costs = move || {
            of(&connection, "saveData").is_truthy()
                || of(&connection, "type").as_string().as_deref() == Some("cellular")
        };
        changed(costs());
        let heard = Closure::<dyn FnMut()>::new(move || changed(costs()));
        let _ = target.add_event_listener_with_callback("change", heard.as_ref().unchecked_ref());
        heard.forget();
    }

    /// Whether a film can be played while it comes: the service worker, which serves its pieces, has this page.
    pub fn plays_pieces() -> bool {
        let workers = web_sys::window().map(|window| window.navigator().service_worker());
        // Undefined where the page is not secure.
        workers.is_some_and(|workers| !workers.is_undefined() && workers.controller().is_some())
    }

    /// Loads the page again.
    pub fn reload() {
        if let Some(window) = window() {
            let _ = window.location().reload();
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod nowhere {
    #![expect(missing_docs, reason = "the same functions as in a browser, where they are described")]

    pub fn focus(_: &str) {}
    pub fn focus_for_keyboard(_: &str) {}
    #[must_use]
    pub fn has_focus(_: &str) -> bool {
        false
    }
    pub fn move_focus(_: &str, _: i32) {}
    pub fn next_pane(_: &[(&str, &str)]) {}
    pub fn show_dialog(_: &str) {}
    pub fn close_dialog(_: &str) {}
    pub fn scroll_to_end(_: &str) {}
    pub fn go_to(_: &str) {}
    pub fn copy(_: &str, _: &'static str) {}
    pub fn save(_: &str, _: &str, _: &str) {}
    #[must_use]
    pub fn now_ms() -> f64 {
        0.0
    }
    pub fn chosen_picture(_: &str, _: impl FnOnce(Option<String>) + 'static) {}
    pub fn picture_to_crop(_: &str, _: impl FnOnce(Option<(String, u32, u32)>) + 'static) {}
    pub fn cropped(_: &str, _: (f64, f64, f64), _: impl FnOnce(Option<String>) + 'static) {}
    pub fn let_go(_: &str) {}
    pub fn set_title(_: &str) {}
    #[must_use]
    pub fn is_attentive() -> bool {
        true
    }
    pub fn on_attention(_: impl FnMut() + Clone + 'static) {}
    pub fn on_window(_: &str, _: impl FnMut() + 'static) {}
    pub fn tell_window(_: &str) {}
    #[must_use]
    pub fn before_cursor(_: &str) -> Option<String> {
        None
    }
    #[must_use]
    pub fn with_offset(local: &str) -> String {
        local.to_owned()
    }
    #[must_use]
    pub fn utc_offset_minutes() -> i16 {
        0
    }
    #[must_use]
    pub fn invitation() -> Option<String> {
        None
    }
    pub fn forget_invitation() {}
    #[must_use]
    pub fn fragment() -> String {
        String::new()
    }
    pub fn fetch(_: &'static str, _: impl FnOnce(Option<Vec<u8>>) + 'static) {}
    pub fn on_metered(_: impl FnMut(bool) + 'static) {}
    #[must_use]
    pub fn plays_pieces() -> bool {
        false
    }
    pub fn reload() {}
}
