//! Colours. Everything is told apart without them too: by side, by reversed rows, by words.

use ratatui::style::{Color, Modifier, Style};

use crate::set::Look;

/// A run of a text that is set, on the ground of its message.
pub fn run(look: Look, ground: Style) -> Style {
    let signs = [
        (look.bold || look.mention, Modifier::BOLD),
        (look.italic, Modifier::ITALIC),
        (look.strike, Modifier::CROSSED_OUT),
        (look.link, Modifier::UNDERLINED),
        (look.you, Modifier::REVERSED),
        (look.aside, Modifier::DIM),
    ];
    let style = if look.code { ground.fg(Color::Cyan) } else { ground };
    signs.into_iter().filter(|(is, _)| *is).fold(style, |style, (_, sign)| style.add_modifier(sign))
}

/// Ordinary text.
pub const PLAIN: Style = Style::new();
/// What matters more.
pub const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
/// What matters less.
pub const DIM: Style = Style::new().fg(Color::DarkGray);
/// Heads and soft keys.
pub const HEAD: Style = Style::new().fg(Color::White).bg(Color::Blue);
/// The row that keys act on.
pub const PICKED: Style = Style::new().add_modifier(Modifier::REVERSED);
/// The same while keys go elsewhere.
pub const PICKED_AWAY: Style = Style::new().add_modifier(Modifier::UNDERLINED);
/// The row of the line to the server.
pub const BAR: Style = Style::new();
/// One's own messages.
pub const OWN: Style = Style::new().fg(Color::White).bg(Color::Blue);
/// Messages of others.
pub const OTHERS: Style = Style::new();
/// Everything is well.
pub const GOOD: Style = Style::new().fg(Color::Green);
/// Something waits.
pub const WARN: Style = Style::new().fg(Color::Yellow);
/// Something does not work.
pub const BAD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
/// A square that a camera reads: light on dark, whatever the terminal's colours are.
pub const SQUARE: Style = Style::new().fg(Color::White).bg(Color::Black);
