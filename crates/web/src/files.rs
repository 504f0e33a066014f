//! Files that the person chose, dropped, pasted or recorded: the page keeps them under numbers, and the model knows only those.
//!
//! A file goes to the worker as what the browser calls a `File`, a name of bytes and not the bytes. What is drawn of it here, in the tray,
//! is the person's own.

use screens::MediaKind;

#[cfg(target_arch = "wasm32")]
pub use browser::*;
#[cfg(not(target_arch = "wasm32"))]
pub use nowhere::*;

/// `2.4 MB`: thousands, as people count bytes.
#[must_use]
pub fn size_in_words(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];
    let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| bytes >= *unit) else {
        return format!("{bytes} B");
    };
    match bytes / (unit / 10) {
        tenths if tenths >= 100 => format!("{} {name}", tenths / 10),
        tenths => format!("{}.{} {name}", tenths / 10, tenths % 10),
    }
}

/// What a file seems to be, by the type that the browser tells.
#[must_use]
pub fn kind_of(media_type: &str) -> MediaKind {
    match media_type.split('/').next() {
        Some("image") => MediaKind::Picture,
        Some("video") => MediaKind::Video,
        Some("audio") => MediaKind::Audio,
        _ => MediaKind::File,
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

    use js_sys::{Array, Promise};
    use screens::{MediaKind, Quality, SendAs};
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::{JsFuture, spawn_local};
    use web_sys::{
        AddEventListenerOptions, CanvasRenderingContext2d, ClipboardEvent, DataTransfer, DragEvent, Element,
        Event, File, FileList, HtmlCanvasElement, HtmlInputElement, HtmlVideoElement, ImageData, Url,
    };

    use crate::model::Picked;

    thread_local! {
        static FILES: RefCell<Kept> = RefCell::default();
    }

    #[derive(Default)]
    struct Kept {
        last: u64,
        files: BTreeMap<u64, One>,
    }

    struct One {
        file: File,
        /// Where its bytes are, for the tray.
        address: Option<String>,
        /// A frame of a video.
        poster: Option<ImageData>,
    }

    /// Keeps a file.
    pub fn keep(file: File, address: Option<String>) -> u64 {
        FILES.with_borrow_mut(|kept| {
            kept.last += 1;
            kept.files.insert(kept.last, One { file, address, poster: None });
            kept.last
        })
    }

    /// Lets go of a file and of what is drawn of it.
    pub fn forget(number: u64) {
        let one = FILES.with_borrow_mut(|kept| kept.files.remove(&number));
        if let Some(address) = one.and_then(|one| one.address) {
            revoke(&address);
        }
    }

    /// Gives an address back.
    pub fn revoke(address: &str) {
        // Fails for nothing that is an address.
        let _ = Url::revoke_object_url(address);
    }

    /// What goes to the worker beside a line that names these files: `[number, file, frame or null]` of each.
    pub fn handed(numbers: impl Iterator<Item = u64>) -> Array {
        FILES.with_borrow(|kept| {
            numbers
                .filter_map(|number| {
                    let one = kept.files.get(&number)?;
                    let poster = one.poster.as_ref().map_or(JsValue::NULL, |poster| poster.clone().into());
                    #[expect(clippy::cast_precision_loss, reason = "numbers are counted from one")]
                    let number = JsValue::from_f64(number as f64);
                    Some(Array::of3(&number, &one.file, &poster))
                })
                .collect()
        })
    }

    /// Lets the person choose, as if they had clicked the field.
    pub fn choose(field: &str) {
        if let Some(input) = input(field) {
            input.click();
        }
    }

    /// The files that were chosen in a field, which is empty afterwards. `made` hears of small pictures that take a while.
    pub fn chosen(field: &str, made: impl FnMut(u64, String) + Clone + 'static) -> Vec<Picked> {
        let Some(input) = input(field) else { return Vec::new() };
        let picked = input.files().map(|files| picked(&files, made)).unwrap_or_default();
        input.set_value("");
        picked
    }

    /// Calls with the files that are dropped on the open chat or pasted into it, and with whether some are held over it.
    pub fn on_files(
        heard: impl FnMut(Vec<Picked>) + 'static,
        over: impl FnMut(bool) + 'static,
        made: impl FnMut(u64, String) + Clone + 'static,
    ) {
        let Some(window) = web_sys::window() else { return };
        let (heard, over) = (Rc::new(RefCell::new(heard)), Rc::new(RefCell::new(over)));
        let listen = |name: &str, act: Box<dyn FnMut(Event)>| {
            let closure = Closure::wrap(act);
            let options = AddEventListenerOptions::new();
            options.set_capture(true);
            let _ = window.add_event_listener_with_callback_and_add_event_listener_options(
                name,
                closure.as_ref().unchecked_ref(),
                &options,
            );
            closure.forget();
        };
        let moved = over.clone();
        listen(
            "dragover",
            Box::new(move |event| {
                if drag(&event).is_some_and(|data| carries_files(&data)) {
                    // Else the browser leaves the page and opens the file.
                    event.prevent_default();
                    (moved.borrow_mut())(is_on_chat(&event));
                }
            }),
        );
        let left = over.clone();
        listen(
            "dragleave",
            Box::new(move |event| {
                let gone = event.dyn_ref::<DragEvent>().is_some_and(|drag| drag.related_target().is_none());
                if gone {
                    (left.borrow_mut())(false);
                }
            }),
        );
        let (dropped, made_of_dropped) = (heard.clone(), made.clone());
        listen(
            "drop",
            Box::new(move |event| {
                let Some(data) = drag(&event).filter(carries_files) else { return };
                event.prevent_default();
                (over.borrow_mut())(false);
                if let Some(files) = data.files().filter(|_| is_on_chat(&event)) {
                    (dropped.borrow_mut())(picked(&files, made_of_dropped.clone()));
                }
            }),
        );
        listen(
            "paste",
            Box::new(move |event| {
                let data = event.dyn_ref::<ClipboardEvent>().and_then(ClipboardEvent::clipboard_data);
                let Some(files) = data.and_then(|data| data.files()).filter(|files| files.length() > 0)
                else {
                    return;
                };
                if is_on_chat(&event) {
                    event.prevent_default();
                    (heard.borrow_mut())(picked(&files, made.clone()));
                }
            }),
        );
    }

    fn drag(event: &Event) -> Option<DataTransfer> {
        event.dyn_ref::<DragEvent>()?.data_transfer()
    }

    fn carries_files(data: &DataTransfer) -> bool {
        data.types().iter().any(|kind| kind == "Files")
    }

    fn is_on_chat(event: &Event) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let on_it = target.and_then(|target| target.closest(".conversation").ok().flatten());
        on_it.is_some_and(|chat| chat.query_selector(".composer textarea").ok().flatten().is_some())
    }

    fn input(field: &str) -> Option<HtmlInputElement> {
        web_sys::window()?.document()?.query_selector(field).ok().flatten()?.dyn_into().ok()
    }

    fn picked(files: &FileList, made: impl FnMut(u64, String) + Clone + 'static) -> Vec<Picked> {
        let all = (0..files.length()).filter_map(|index| files.get(index));
        all.map(|file| pick(file, made.clone())).collect()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sizes are whole and positive"
    )]
    fn pick(file: File, made: impl FnMut(u64, String) + 'static) -> Picked {
        let (name, kind) = (file.name(), super::kind_of(&file.type_()));
        let size = super::size_in_words(file.size() as u64);
        let drawn = matches!(kind, MediaKind::Picture | MediaKind::Video);
        let address = drawn.then(|| Url::create_object_url_with_blob(&file).ok()).flatten();
        let number = keep(file, address.clone());
        let preview = address.clone().filter(|_| kind == MediaKind::Picture);
        if let (MediaKind::Video, Some(address)) = (kind, address) {
            spawn_local(make_poster(number, address, made));
        }
        Picked { number, name, size, kind, preview, quality: Quality::Standard, send_as: SendAs::Itself }
    }

    /// A frame of a video of one's own; a video that this browser does not play has none.
    async fn make_poster(number: u64, address: String, mut made: impl FnMut(u64, String)) {
        if let Ok((pixels, preview)) = frame(&address).await {
            let kept = FILES.with_borrow_mut(|kept| {
                kept.files.get_mut(&number).map(|one| one.poster = Some(pixels)).is_some()
            });
            if kept {
                made(number, preview);
            }
        }
    }

    async fn frame(address: &str) -> Result<(ImageData, String), JsValue> {
        let document = web_sys::window().and_then(|window| window.document()).ok_or("no page")?;
        let video: HtmlVideoElement = document.create_element("video")?.dyn_into()?;
        video.set_muted(true);
        video.set_preload("auto");
        let loaded = event(&video, "loadeddata");
        video.set_src(address);
        JsFuture::from(loaded).await?;
        let length = video.duration();
        let sought = event(&video, "seeked");
        video.set_current_time(if length.is_finite() { (length * 0.1).min(1.0) } else { 0.0 });
        JsFuture::from(sought).await?;
        let (width, height) = (f64::from(video.video_width()), f64::from(video.video_height()));
        let scale = (POSTER_EDGE / width.max(height).max(1.0)).min(1.0);
        let (width, height) = ((width * scale).round().max(1.0), (height * scale).round().max(1.0));
        let canvas: HtmlCanvasElement = document.create_element("canvas")?.dyn_into()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the edge")]
        let (columns, rows) = (width as u32, height as u32);
        canvas.set_width(columns);
        canvas.set_height(rows);
        let context: CanvasRenderingContext2d = canvas.get_context("2d")?.ok_or("no canvas")?.dyn_into()?;
        context.draw_image_with_html_video_element_and_dw_and_dh(&video, 0.0, 0.0, width, height)?;
        let pixels = context.get_image_data(0, 0, columns.cast_signed(), rows.cast_signed())?;
        let preview = canvas.to_data_url_with_type("image/jpeg")?;
        video.set_src("");
        Ok((pixels, preview))
    }

    /// Resolves with the event, and fails with an error of the player.
    fn event(video: &HtmlVideoElement, name: &str) -> Promise {
        Promise::new(&mut |resolve, reject| {
            let _ = video.add_event_listener_with_callback(name, &resolve);
            let _ = video.add_event_listener_with_callback("error", &reject);
        })
    }

    /// Offers the bytes at an address as a file.
    pub fn save(name: &str, address: &str) {
        let anchor = web_sys::window()
            .and_then(|window| window.document())
            .and_then(|document| document.create_element("a").ok())
            .and_then(|element| element.dyn_into::<web_sys::HtmlAnchorElement>().ok());
        if let Some(anchor) = anchor {
            anchor.set_href(address);
            anchor.set_download(name);
            anchor.click();
        }
    }

    /// Longest edge of a frame that is handed along: the core makes it smaller.
    const POSTER_EDGE: f64 = 512.0;
}

#[cfg(not(target_arch = "wasm32"))]
mod nowhere {
    #![expect(missing_docs, reason = "the same functions as in a browser, where they are described")]

    use crate::model::Picked;

    pub fn forget(_: u64) {}
    pub fn revoke(_: &str) {}
    pub fn choose(_: &str) {}
    #[must_use]
    pub fn chosen(_: &str, _: impl FnMut(u64, String) + Clone + 'static) -> Vec<Picked> {
        Vec::new()
    }
    pub fn on_files(
        _: impl FnMut(Vec<Picked>) + 'static,
        _: impl FnMut(bool) + 'static,
        _: impl FnMut(u64, String) + Clone + 'static,
    ) {
    }
    pub fn save(_: &str, _: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_the_core_says_them() {
        for (bytes, words) in
            [(0, "0 B"), (999, "999 B"), (1_000, "1.0 KB"), (2_449_000, "2.4 MB"), (12_900_000, "12 MB")]
        {
            assert_eq!(size_in_words(bytes), words);
        }
    }

    #[test]
    fn what_a_file_seems_to_be_is_its_type() {
        assert_eq!(kind_of("image/jpeg"), MediaKind::Picture);
        assert_eq!(kind_of("application/pdf"), MediaKind::File);
        assert_eq!(kind_of(""), MediaKind::File);
    }
}
