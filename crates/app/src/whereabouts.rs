//! Places: from what is typed to commands, from what is known to what is shown.

use client::{Command, LiveStart, PlaceView};
use screens::{HowPrecisely, Listing, LivePlaceRow, PlaceShown, Spot};
use vocab::{Fix, Position, Precision};

use crate::App;
use crate::app::Kind;
use crate::moment::Clock;
use crate::words::{self, About, No};
use crate::{paint, span};

type Made = Result<(Command, Kind, About), No>;

impl App {
    /// Tells a place once.
    pub(crate) fn share_place(
        &self,
        to: &str,
        given: (&str, u32),
        precision: HowPrecisely,
        label: String,
        clock: &Clock,
    ) -> Made {
        let (conversation, about) = self.writable(to)?;
        let fix = read(given, clock)?;
        let command = Command::SharePlace { conversation, fix, precision: precise(precision), label };
        Ok((command, Kind::Send(conversation), about))
    }

    /// Begins to tell where one is.
    pub(crate) fn start_live(
        &self,
        to: &str,
        (lasts, every): (&str, &str),
        precision: HowPrecisely,
        label: String,
    ) -> Made {
        let (conversation, about) = self.writable(to)?;
        let ms = |typed: &str| span::parse_ms(typed).ok_or_else(words::bad_place);
        let (lasts_ms, interval_ms) = (ms(lasts)?, ms(every)?);
        let start = LiveStart { lasts_ms, interval_ms, precision: precise(precision), label };
        Ok((Command::StartLive { conversation, start }, Kind::Send(conversation), about))
    }

    /// Where one is.
    pub(crate) fn give_fix(given: (&str, u32), clock: &Clock) -> Made {
        Ok((Command::Fix(read(given, clock)?), Kind::Plain, About::default()))
    }

    /// Ends a live place of one's own, or all of them.
    pub(crate) fn stop_live(&self, message: Option<&str>) -> Made {
        let Some(message) = message else {
            return Ok((Command::StopLive(None), Kind::Plain, About::default()));
        };
        let (message, about, kind) = self.about_message(message)?;
        Ok((Command::StopLive(Some(message)), kind, about))
    }

    /// Who sees one now.
    pub(crate) fn live_places(&self, clock: &Clock) -> Result<Listing<LivePlaceRow>, No> {
        Ok(crate::query::listing(self.live_rows(clock)?, words::no_live_places))
    }

    /// The same, where nothing needs no words.
    pub(crate) fn live_rows(&self, clock: &Clock) -> Result<Vec<LivePlaceRow>, No> {
        let mut rows = Vec::new();
        for place in self.client.live_places()? {
            let Some(head) = self.client.conversation(place.conversation)? else { continue };
            rows.push(LivePlaceRow {
                id: paint::message_id(place.message),
                chat: paint::chat_id(place.conversation),
                chat_name: paint::whom(head.id, &head.with).name,
                line: words::live_line(&clock.in_list(place.until).text, place.here),
                here: place.here,
            });
        }
        Ok(rows)
    }
}

/// A position as it is typed, or a `geo:` link, which brings its own accuracy.
fn read((typed, accuracy): (&str, u32), clock: &Clock) -> Result<Fix, No> {
    let typed = typed.trim();
    let fix = match Position::parse(typed) {
        Ok(position) => Ok(Fix { position, accuracy, at: clock.now }),
        Err(_) => Fix::from_geo_uri(typed, clock.now),
    };
    fix.map_err(|error| No::usage(format!("This is {error}. Write it as 59.3293,18.0686.")))
}

fn precise(how: HowPrecisely) -> Precision {
    match how {
        HowPrecisely::Exact => Precision::Exact,
        HowPrecisely::Kilometre => Precision::Kilometre,
        HowPrecisely::Town => Precision::Town,
    }
}

/// `Place`, `Live place, until 14:30`, `Live place ended`
pub(crate) fn title(place: &PlaceView, clock: &Clock) -> String {
    match (place.live, place.ended) {
        (Some(until), _) => words::live_until(&clock.in_list(until).text),
        (None, true) => words::LIVE_ENDED.to_owned(),
        (None, false) => words::PLACE.to_owned(),
    }
}

pub(crate) fn shown(place: &PlaceView, clock: &Clock) -> PlaceShown {
    let spot = place.fix.map(|fix| Spot {
        position: fix.position.to_string(),
        latitude: fix.position.latitude(),
        longitude: fix.position.longitude(),
        accuracy: fix.accuracy,
        at_ms: fix.at.0,
        geo: fix.geo_uri(),
        line: words::spot(&fix.position.to_string(), fix.accuracy, &clock.in_list(fix.at).text),
    });
    PlaceShown { title: title(place, clock), label: place.label.clone(), spot, live: place.live.is_some() }
}

/// What a bubble says of it: title, what it is called, where it is.
pub(crate) fn text(place: &PlaceShown) -> String {
    let spot = place.spot.as_ref().map(|spot| spot.line.as_str()).unwrap_or_default();
    let lines = [place.title.as_str(), place.label.as_str(), spot];
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
