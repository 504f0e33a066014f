//! Where this device is, as the browser tells it. Asked only when the person has pressed something that says so.

use vocab::Fix;

#[cfg(target_arch = "wasm32")]
pub use browser::{follow, once, stop};

/// Why there is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPosition {
    /// The person, or the browser for them, said no.
    Refused,
    /// It was looked for and not found, or not in time.
    NotFound,
    /// This browser has no way to find it, or not over this line.
    NoWay,
}

/// What comes of asking.
pub type Located = Result<Fix, NoPosition>;

/// There is no such thing outside a browser.
#[cfg(not(target_arch = "wasm32"))]
pub fn once(_: bool, _: impl FnOnce(Located) + 'static) {}

/// There is no such thing outside a browser.
#[cfg(not(target_arch = "wasm32"))]
pub fn follow(_: bool, _: impl FnMut(Located) + 'static) {}

/// There is no such thing outside a browser.
#[cfg(not(target_arch = "wasm32"))]
pub fn stop() {}

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    use js_sys::{Array, Function};
    use vocab::{Fix, Position, Timestamp, place::whole_metres};
    use wasm_bindgen::prelude::*;
    use web_sys::{Geolocation, PositionOptions};

    use super::{Located, NoPosition};

    thread_local! {
        static FOLLOWED: Cell<Option<i32>> = const { Cell::new(None) };
    }

    /// Asks once. `exactly` lets the device take longer and use more of its battery.
    pub fn once(exactly: bool, done: impl FnOnce(Located) + 'static) {
        let Some(geolocation) = geolocation() else { return done(Err(NoPosition::NoWay)) };
        let done = Rc::new(RefCell::new(Some(done)));
        let failed = done.clone();
        let found = Closure::once_into_js(move |position: JsValue| {
            if let Some(done) = done.take() {
                done(read(&position));
            }
        });
        let failed = Closure::once_into_js(move |error: JsValue| {
            if let Some(done) = failed.take() {
                done(Err(why(&error)));
            }
        });
        ask(&geolocation, "getCurrentPosition", &found, &failed, exactly);
    }

    /// Tells every position from now on, until [`stop`].
    pub fn follow(exactly: bool, told: impl FnMut(Located) + 'static) {
        stop();
        let told = Rc::new(RefCell::new(told));
        let Some(geolocation) = geolocation() else { return told.borrow_mut()(Err(NoPosition::NoWay)) };
        let failed = told.clone();
        let found = Closure::<dyn FnMut(JsValue)>::new(move |position: JsValue| {
            told.borrow_mut()(read(&position));
        });
        let failed = Closure::<dyn FnMut(JsValue)>::new(move |error: JsValue| {
            failed.borrow_mut()(Err(why(&error)));
        });
        let number = ask(&geolocation, "watchPosition", found.as_ref(), failed.as_ref(), exactly);
        #[expect(clippy::cast_possible_truncation, reason = "the browser counts its watches from 1")]
        FOLLOWED.set(number.as_f64().map(|number| number as i32));
        // The browser may still call them once it was told to stop.
        found.forget();
        failed.forget();
    }

    /// Tells no more.
    pub fn stop() {
        if let (Some(number), Some(geolocation)) = (FOLLOWED.take(), geolocation()) {
            geolocation.clear_watch(number);
        }
    }

    fn geolocation() -> Option<Geolocation> {
        web_sys::window()?.navigator().geolocation().ok()
    }

    /// By name, because what these take is typed otherwise where unstable interfaces are switched on, as web locks need it. They
    /// fail for no arguments of these kinds; what is wrong with the position comes through `failed`.
    fn ask(
        geolocation: &Geolocation,
        method: &str,
        found: &JsValue,
        failed: &JsValue,
        exactly: bool,
    ) -> JsValue {
        let function: Function = field(geolocation, method).unchecked_into();
        let arguments = Array::of3(found, failed, &options(exactly));
        function.apply(geolocation, &arguments).unwrap_or(JsValue::UNDEFINED)
    }

    fn options(exactly: bool) -> PositionOptions {
        let options = PositionOptions::new();
        options.set_enable_high_accuracy(exactly);
        options.set_timeout(WAIT_MS);
        options.set_maximum_age(AGE_MS_MAX);
        options
    }

    /// Read by name: in all browsers it has this form, under names of types that changed.
    fn read(position: &JsValue) -> Located {
        let coordinates = field(position, "coords");
        let number = |of: &JsValue, name: &str| field(of, name).as_f64().ok_or(NoPosition::NotFound);
        let (latitude, longitude) = (number(&coordinates, "latitude")?, number(&coordinates, "longitude")?);
        let position_found = Position::from_degrees(latitude, longitude).map_err(|_| NoPosition::NotFound)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time, in milliseconds"
        )]
        let at = Timestamp(number(position, "timestamp")?.max(0.0) as u64);
        let accuracy = whole_metres(number(&coordinates, "accuracy").unwrap_or_default());
        Ok(Fix { position: position_found, accuracy, at })
    }

    /// 1 is a refusal; 2 and 3 are that it was not found, and not in time.
    fn why(error: &JsValue) -> NoPosition {
        if field(error, "code").as_f64() == Some(1.0) { NoPosition::Refused } else { NoPosition::NotFound }
    }

    fn field(of: &JsValue, name: &str) -> JsValue {
        js_sys::Reflect::get(of, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
    }

    /// A receiver that was asleep finds its position within this or not, milliseconds.
    const WAIT_MS: u32 = 30_000;
    /// A position that is no older will do, milliseconds.
    const AGE_MS_MAX: u32 = 10_000;
}
