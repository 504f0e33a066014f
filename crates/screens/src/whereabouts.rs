//! Places on earth, as they are shown and asked for.

use serde::{Deserialize, Serialize};
use vocab::Position;

use crate::{ChatId, MessageId};

/// A place in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceShown {
    /// `Place`, `Live place, until 14:30`, `Live place ended`.
    pub title: String,
    /// What its sender calls it; may be empty.
    pub label: String,
    /// Where it is; nothing before the first position of a live place and after its end.
    pub spot: Option<Spot>,
    /// It is live and has not ended.
    pub live: bool,
}

/// A position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// `59.3293,18.0686`
    pub position: String,
    /// Units of 1e-7 degrees, north positive.
    pub latitude: i32,
    /// Units of 1e-7 degrees, east positive.
    pub longitude: i32,
    /// Radius of the circle it lies in, metres, 0 when not told.
    pub accuracy: u32,
    /// Milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Opens the person's own program for maps.
    pub geo: String,
    /// `59.3293,18.0686, within 8 m, at 14:20`
    pub line: String,
}

impl Spot {
    /// `3.2 km north-east`: how far it is from a position, and in which direction.
    #[must_use]
    pub fn way_from(&self, from: Position) -> String {
        let Ok(here) = Position::new(self.latitude, self.longitude) else { return String::new() };
        let metres = from.metres_to(here);
        let far = match metres {
            ..1.0 => return "here".to_owned(),
            ..1_000.0 => format!("{metres:.0} m"),
            ..100_000.0 => format!("{:.1} km", metres / 1_000.0),
            _ => format!("{:.0} km", metres / 1_000.0),
        };
        let turn = from.bearing_to(here);
        let starts = DIRECTIONS.iter().rev().find(|(least, _)| turn >= *least);
        format!("{far} {}", starts.map_or("north", |(_, word)| word))
    }
}

/// A live place of one's own that has not ended: who sees one now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivePlaceRow {
    /// Which.
    pub id: MessageId,
    /// Where it is seen.
    pub chat: ChatId,
    /// How that is called.
    pub chat_name: String,
    /// `until 14:30, from this device`
    pub line: String,
    /// This device feeds it.
    pub here: bool,
}

/// How precisely a place is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HowPrecisely {
    /// As it was measured.
    #[default]
    Exact,
    /// About a kilometre.
    Kilometre,
    /// About ten kilometres.
    Town,
}

/// From which turn, degrees from north, a direction has its name.
const DIRECTIONS: [(f64, &str); 9] = [
    (0.0, "north"),
    (22.5, "north-east"),
    (67.5, "east"),
    (112.5, "south-east"),
    (157.5, "south"),
    (202.5, "south-west"),
    (247.5, "west"),
    (292.5, "north-west"),
    (337.5, "north"),
];
