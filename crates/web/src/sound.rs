//! Playing and recording sound.

#[cfg(target_arch = "wasm32")]
pub use browser::*;
#[cfg(not(target_arch = "wasm32"))]
pub use nowhere::*;

/// What the player does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is at so many milliseconds, and goes on or not.
    At(u64, bool),
    /// It came to the end.
    Ended,
    /// This browser cannot play it.
    Failed,
}

/// How recording stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recording {
    /// The browser asks whether it may.
    Asking,
    /// It goes on since so many milliseconds.
    Running(u64),
    /// It stopped for a while.
    Paused(u64),
    /// It is done: the file's number, where its bytes are, and how long it is.
    Ready {
        /// See [`crate::files`].
        number: u64,
        /// To listen to it.
        address: String,
        /// Milliseconds.
        ms: u64,
    },
    /// There is none: why, what now.
    Refused(&'static str),
}

/// `1:08`.
#[must_use]
pub fn clock(ms: u64) -> String {
    let seconds = ms / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The browser or the person said no.
pub const NOT_ALLOWED: &str =
    "This browser does not let Valise use the microphone. Allow it beside the address, then record again.";
/// There is nothing to record with.
pub const NO_MICROPHONE: &str = "No microphone was found. Connect one, then record again.";
/// Another reason.
pub const NOT_RECORDED: &str = "This browser could not record. Send a sound file instead.";

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::cell::RefCell;

    use js_sys::Array;
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::{JsFuture, spawn_local};
    use web_sys::{
        BlobEvent, DomException, File, FilePropertyBag, HtmlAudioElement, MediaRecorder,
        MediaRecorderOptions, MediaStream, MediaStreamConstraints, MediaStreamTrack, RecordingState, Url,
    };

    use super::{Heard, NO_MICROPHONE, NOT_ALLOWED, NOT_RECORDED, Recording};
    use crate::{dom, files};

    thread_local! {
        static PLAYER: RefCell<Option<HtmlAudioElement>> = const { RefCell::new(None) };
        static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
    }

    /// Plays what is at an address from a place on; what was played before stops.
    pub fn play(address: &str, from_ms: u64, percent: u16, heard: impl FnMut(Heard) + Clone + 'static) {
        stop();
        let Ok(player) = HtmlAudioElement::new_with_src(address) else { return };
        set_on(&player, from_ms, percent);
        let said = |player: &HtmlAudioElement| Heard::At(ms(player.current_time()), !player.paused());
        for name in ["timeupdate", "play", "pause", "seeked"] {
            let (mut heard, of) = (heard.clone(), player.clone());
            listen(&player, name, move || heard(said(&of)));
        }
        for (name, event) in [("ended", Heard::Ended), ("error", Heard::Failed)] {
            let mut heard = heard.clone();
            listen(&player, name, move || heard(event));
        }
        run(&player);
        PLAYER.set(Some(player));
    }

    /// Stops, and forgets what was played.
    pub fn stop() {
        if let Some(player) = PLAYER.take() {
            let _ = player.pause();
        }
    }

    /// Pauses, or goes on.
    pub fn set_running(on: bool) {
        PLAYER.with_borrow(|player| match player {
            Some(player) if on => run(player),
            Some(player) => {
                let _ = player.pause();
            }
            None => {}
        });
    }

    /// Goes to a place.
    #[expect(clippy::cast_precision_loss, reason = "an hour in milliseconds is far below 2^53")]
    pub fn seek(to_ms: u64) {
        PLAYER.with_borrow(|player| {
            if let Some(player) = player {
                player.set_current_time(to_ms as f64 / 1_000.0);
            }
        });
    }

    /// Plays so many percent as fast.
    pub fn set_rate(percent: u16) {
        PLAYER.with_borrow(|player| {
            if let Some(player) = player {
                player.set_playback_rate(f64::from(percent) / 100.0);
            }
        });
    }

    #[expect(clippy::cast_precision_loss, reason = "an hour in milliseconds is far below 2^53")]
    fn set_on(player: &HtmlAudioElement, from_ms: u64, percent: u16) {
        player.set_default_playback_rate(f64::from(percent) / 100.0);
        player.set_playback_rate(f64::from(percent) / 100.0);
        player.set_current_time(from_ms as f64 / 1_000.0);
    }

    fn run(player: &HtmlAudioElement) {
        if let Ok(playing) = player.play() {
            // An error is an event of the player, too.
            spawn_local(async move { drop(JsFuture::from(playing).await) });
        }
    }

    fn listen(player: &HtmlAudioElement, name: &str, happened: impl FnMut() + 'static) {
        let closure = Closure::<dyn FnMut()>::new(happened);
        // Lives as long as the player.
        let _ = player.add_event_listener_with_callback(name, closure.into_js_value().unchecked_ref());
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times are positive and small"
    )]
    fn ms(seconds: f64) -> u64 {
        (seconds.max(0.0) * 1_000.0) as u64
    }

    struct Recorder {
        recorder: MediaRecorder,
        parts: Array,
        /// When it went on last, and how long it had gone on before.
        since: f64,
        before: f64,
        keeps: bool,
    }

    impl Recorder {
        fn ms(&self) -> u64 {
            let runs = self.recorder.state() == RecordingState::Recording;
            ms((self.before + if runs { dom::now_ms() - self.since } else { 0.0 }) / 1_000.0)
        }
    }

    /// Records, once the browser lets us.
    pub fn record(mut changed: impl FnMut(Recording) + Clone + 'static) {
        cancel();
        changed(Recording::Asking);
        spawn_local(async move {
            match microphone().await {
                Ok(stream) => {
                    if begin(&stream, changed.clone()).is_err() {
                        release(&stream);
                        changed(Recording::Refused(NOT_RECORDED));
                    }
                }
                Err(error) => {
                    let name = error.dyn_into::<DomException>().map(|error| error.name()).unwrap_or_default();
                    changed(Recording::Refused(match name.as_str() {
                        "NotAllowedError" | "SecurityError" => NOT_ALLOWED,
                        "NotFoundError" => NO_MICROPHONE,
                        _ => NOT_RECORDED,
                    }));
                }
            }
        });
    }

    async fn microphone() -> Result<MediaStream, JsValue> {
        let devices = web_sys::window().ok_or("no window")?.navigator().media_devices()?;
        if devices.is_undefined() {
            return Err("an address that is not secure".into());
        }
        let wanted = MediaStreamConstraints::new();
        wanted.set_audio(&JsValue::TRUE);
        Ok(JsFuture::from(devices.get_user_media_with_constraints(&wanted)?).await?.unchecked_into())
    }

    fn begin(stream: &MediaStream, changed: impl FnMut(Recording) + Clone + 'static) -> Result<(), JsValue> {
        let options = MediaRecorderOptions::new();
        options.set_audio_bits_per_second(VOICE_BITS);
        if MediaRecorder::is_type_supported(VOICE_TYPE) {
            options.set_mime_type(VOICE_TYPE);
        }
        let recorder = MediaRecorder::new_with_media_stream_and_media_recorder_options(stream, &options)?;
        let parts = Array::new();
        let (mut tells, kept) = (changed.clone(), parts.clone());
        let came = Closure::<dyn FnMut(BlobEvent)>::new(move |event: BlobEvent| {
            if let Some(blob) = event.data() {
                kept.push(&blob);
            }
            let runs = RECORDER.with_borrow(|held| {
                let held = held.as_ref().filter(|held| held.recorder.state() == RecordingState::Recording);
                held.map(Recorder::ms)
            });
            if let Some(ms) = runs {
                tells(Recording::Running(ms));
            }
        });
        // Both live as long as the recorder.
        recorder.set_ondataavailable(Some(came.into_js_value().unchecked_ref()));
        let (stream, mut tells) = (stream.clone(), changed.clone());
        let stopped = Closure::<dyn FnMut()>::new(move || {
            release(&stream);
            if let Some(held) = RECORDER.take().filter(|held| held.keeps) {
                tells(ready(&held).unwrap_or(Recording::Refused(NOT_RECORDED)));
            }
        });
        recorder.set_onstop(Some(stopped.into_js_value().unchecked_ref()));
        recorder.start_with_time_slice(SLICE_MS)?;
        let held = Recorder { recorder, parts, since: dom::now_ms(), before: 0.0, keeps: false };
        RECORDER.set(Some(held));
        let mut tells = changed;
        tells(Recording::Running(0));
        Ok(())
    }

    fn ready(held: &Recorder) -> Option<Recording> {
        let options = FilePropertyBag::new();
        options.set_type(&held.recorder.mime_type());
        let file = File::new_with_blob_sequence_and_options(&held.parts, "voice.webm", &options).ok()?;
        let address = Url::create_object_url_with_blob(&file).ok()?;
        let number = files::keep(file, Some(address.clone()));
        Some(Recording::Ready { number, address, ms: held.ms() })
    }

    fn release(stream: &MediaStream) {
        for track in stream.get_tracks() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
    }

    /// Stops for a while, or goes on.
    pub fn pause_recording(paused: bool) -> Option<Recording> {
        RECORDER.with_borrow_mut(|held| {
            let held = held.as_mut()?;
            if paused {
                held.before += dom::now_ms() - held.since;
                held.recorder.pause().ok()?;
                Some(Recording::Paused(held.ms()))
            } else {
                held.since = dom::now_ms();
                held.recorder.resume().ok()?;
                Some(Recording::Running(held.ms()))
            }
        })
    }

    /// It is enough: [`Recording::Ready`] follows.
    pub fn finish() {
        end(true);
    }

    /// Throws away what was recorded.
    pub fn cancel() {
        end(false);
    }

    fn end(keeps: bool) {
        // What the recorder says while it stops finds it unheld.
        let recorder = RECORDER.with_borrow_mut(|held| {
            let held = held.as_mut()?;
            if held.recorder.state() == RecordingState::Recording {
                held.before += dom::now_ms() - held.since;
            }
            held.keeps = keeps;
            Some(held.recorder.clone())
        });
        if let Some(recorder) = recorder {
            let _ = recorder.stop();
        }
    }

    /// Speech is clear with so many.
    const VOICE_BITS: u32 = 32_000;
    /// What the core makes a voice note of.
    const VOICE_TYPE: &str = "audio/webm;codecs=opus";
    /// How often the recorder gives what it has, and the clock goes on.
    const SLICE_MS: i32 = 250;
}

#[cfg(not(target_arch = "wasm32"))]
mod nowhere {
    #![expect(missing_docs, reason = "the same functions as in a browser, where they are described")]

    use super::{Heard, Recording};

    pub fn play(_: &str, _: u64, _: u16, _: impl FnMut(Heard) + Clone + 'static) {}
    pub fn stop() {}
    pub fn set_running(_: bool) {}
    pub fn seek(_: u64) {}
    pub fn set_rate(_: u16) {}
    pub fn record(_: impl FnMut(Recording) + Clone + 'static) {}
    #[must_use]
    pub fn pause_recording(_: bool) -> Option<Recording> {
        None
    }
    pub fn finish() {}
    pub fn cancel() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_minutes_and_seconds() {
        for (ms, words) in [(0, "0:00"), (999, "0:00"), (68_000, "1:08"), (3_600_000, "60:00")] {
            assert_eq!(clock(ms), words);
        }
    }
}
