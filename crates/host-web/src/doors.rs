//! The doors as WebSockets to the origin, one connection each.

use std::collections::BTreeMap;

use client::{Door, LinkEvent};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, MessageEvent, WebSocket};

use crate::{js, worker};

/// The open doors. A door that was closed by us says nothing more.
#[derive(Default)]
pub struct Doors {
    open: BTreeMap<Door, Socket>,
}

impl Doors {
    /// Opens a door; [`LinkEvent::Up`] or [`LinkEvent::Down`] follows.
    pub fn connect(&mut self, door: Door) {
        self.open.remove(&door);
        match Socket::to(door) {
            Ok(socket) => {
                self.open.insert(door, socket);
            }
            Err(_) => worker::later(move || worker::link(door, LinkEvent::Down)),
        }
    }

    /// Closes a door.
    pub fn disconnect(&mut self, door: Door) {
        self.open.remove(&door);
    }

    /// Sends a frame; into a door that is no longer up it is lost, and the core sends it again.
    pub fn send(&self, door: Door, frame: &[u8]) {
        if let Some(socket) = self.open.get(&door) {
            let _ = socket.socket.send_with_u8_array(frame);
        }
    }
}

/// A connection, closed when dropped.
struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut()>,
}

impl Socket {
    fn to(door: Door) -> Result<Self, JsValue> {
        let socket = WebSocket::new(&address(door))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on_open = Closure::<dyn FnMut()>::new(move || worker::link(door, LinkEvent::Up));
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            // The service speaks in bytes; a text is nobody's word.
            if let Ok(bytes) = event.data().dyn_into::<ArrayBuffer>() {
                worker::link(door, LinkEvent::Frame(Uint8Array::new(&bytes).to_vec()));
            }
        });
        // Follows every error too.
        let on_close = Closure::<dyn FnMut()>::new(move || worker::link(door, LinkEvent::Down));
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Fails only for a code that is not allowed, and none is given.
        let _ = self.socket.close();
    }
}

fn address(door: Door) -> String {
    let location = js::scope().location();
    let scheme = if location.protocol() == "https:" { "wss" } else { "ws" };
    format!("{scheme}://{}{}", location.host(), door.path())
}
