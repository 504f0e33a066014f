//! The terminal: taken over, painted, given back however the program ends.

use std::io::{self, Stdout, Write, stdout};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, Event, KeyCode,
    KeyEvent, KeyEventKind, KeyModifiers,
};
use ratatui::crossterm::terminal::{
    self, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, SetTitle,
};
use ratatui::crossterm::{cursor::Show, execute};
use tokio::sync::mpsc;

use super::draw::draw;
use super::keys::Key;
use super::model::{Model, Size};

/// The terminal, ours as long as the value lives.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

/// What the person does.
pub enum Seen {
    /// A key.
    Key(Key),
    /// Something was pasted.
    Paste(String),
    /// The window has another size.
    Size(Size),
    /// The window got the focus or lost it.
    Focus(bool),
}

impl Screen {
    /// Takes the terminal over.
    pub fn open() -> io::Result<(Self, mpsc::Receiver<Seen>)> {
        // Whatever goes wrong below, somebody has to be able to read it.
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        terminal::enable_raw_mode()?;
        let screen = Self::take().inspect_err(|_| give_back())?;
        let (events, seen) = mpsc::channel(EVENTS_WAITING_MAX);
        std::thread::spawn(move || listen(&events));
        Ok((screen, seen))
    }

    fn take() -> io::Result<Self> {
        // A sign that is wider than it should be must not run over into the next row.
        execute!(stdout(), EnterAlternateScreen, DisableLineWrap, EnableBracketedPaste, EnableFocusChange)?;
        Ok(Self { terminal: Terminal::new(CrosstermBackend::new(stdout()))? })
    }

    /// How much fits.
    pub fn size(&self) -> io::Result<Size> {
        let size = self.terminal.size()?;
        Ok(Size::of((size.width, size.height)))
    }

    /// Paints the model.
    pub fn draw(&mut self, model: &Model) -> io::Result<()> {
        self.terminal.draw(|frame| draw(frame, model)).map(|_| ())
    }

    /// Says something in the window's title.
    pub fn title(&mut self, title: &str) {
        // A terminal without a title is as good.
        let _ = execute!(stdout(), SetTitle(title));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    // A terminal that is gone takes nothing back.
    let _ = execute!(
        stdout(),
        DisableFocusChange,
        DisableBracketedPaste,
        EnableLineWrap,
        LeaveAlternateScreen,
        Show
    );
    let _ = terminal::disable_raw_mode();
    let _ = stdout().flush();
}

/// Reads until nobody listens or nothing can be read; the thread ends with the program.
fn listen(events: &mpsc::Sender<Seen>) {
    while let Ok(event) = event::read() {
        let Some(seen) = seen(event) else { continue };
        if events.blocking_send(seen).is_err() {
            return;
        }
    }
}

fn seen(event: Event) -> Option<Seen> {
    match event {
        Event::Key(event) if event.kind != KeyEventKind::Release => key(event).map(Seen::Key),
        Event::Paste(text) => Some(Seen::Paste(text)),
        Event::Resize(columns, rows) => Some(Seen::Size(Size::of((columns, rows)))),
        Event::FocusGained => Some(Seen::Focus(true)),
        Event::FocusLost => Some(Seen::Focus(false)),
        Event::Key(_) | Event::Mouse(_) => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let other = event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SHIFT);
    Some(match event.code {
        // A command of another program, and nothing that anybody writes.
        KeyCode::Char(_) if event.modifiers.contains(KeyModifiers::ALT) && !ctrl => return None,
        KeyCode::Char(c) if ctrl => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter if other => Key::AltEnter,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab | KeyCode::BackTab => Key::Tab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::F(number) => Key::F(number),
        _ => return None,
    })
}

/// Events that wait while the screen is painted; a thread that reads waits with more.
const EVENTS_WAITING_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_as_terminals_send_them() {
        let press = |code, modifiers| key(KeyEvent::new(code, modifiers));
        assert_eq!(
            press(KeyCode::Char('Q'), KeyModifiers::CONTROL | KeyModifiers::SHIFT),
            Some(Key::Ctrl('q'))
        );
        assert_eq!(press(KeyCode::Char('Ä'), KeyModifiers::SHIFT), Some(Key::Char('Ä')));
        assert_eq!(press(KeyCode::Enter, KeyModifiers::ALT), Some(Key::AltEnter));
        assert_eq!(press(KeyCode::BackTab, KeyModifiers::SHIFT), Some(Key::Tab));
        assert_eq!(press(KeyCode::CapsLock, KeyModifiers::NONE), None);
        assert_eq!(press(KeyCode::Char('x'), KeyModifiers::ALT), None);
        let released = KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        assert!(seen(Event::Key(released)).is_none());
    }
}
