//! Positions in files of receivers: GPX tracks and lines of NMEA 0183.

use vocab::Position;

/// The positions of a file in their order; what is none is passed over.
pub fn read(text: &str) -> Vec<Position> {
    let found = if text.contains("<gpx") { gpx(text) } else { text.lines().filter_map(nmea).collect() };
    found.into_iter().take(POSITIONS_MAX).collect()
}

/// Points of tracks and routes, and waypoints: their attributes hold all that is needed.
fn gpx(text: &str) -> Vec<Position> {
    let tags = text.split('<').filter(|tag| POINTS.iter().any(|name| tag.starts_with(name)));
    let tags = tags.filter_map(|tag| tag.split('>').next());
    tags.filter_map(|tag| {
        Position::parse(&format!("{},{}", attribute(tag, "lat")?, attribute(tag, "lon")?)).ok()
    })
    .collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_whitespace().find_map(|word| {
        let value = word.strip_prefix(name)?.strip_prefix('=')?.trim_end_matches('/');
        value.strip_prefix(['"', '\''])?.strip_suffix(['"', '\''])
    })
}

/// `GGA` and `RMC` of any talker, when their check sum is right and the receiver says it has a position.
fn nmea(line: &str) -> Option<Position> {
    let line = line.trim().strip_prefix('$')?;
    let (said, sum) = line.split_once('*')?;
    let summed = said.bytes().fold(0, |sum, byte| sum ^ byte);
    if u8::from_str_radix(sum, 16).ok()? != summed {
        return None;
    }
    let fields: Vec<&str> = said.split(',').collect();
    let from = match fields.first()?.get(2..)? {
        "GGA" if *fields.get(6)? != "0" => 2,
        "RMC" if *fields.get(2)? == "A" => 3,
        _ => return None,
    };
    let [latitude, north, longitude, east] = fields.get(from..from + 4)? else { return None };
    let latitude = degrees(latitude, 2, north, "N", "S")?;
    let longitude = degrees(longitude, 3, east, "E", "W")?;
    Position::from_degrees(latitude, longitude).ok()
}

/// `5919.758,N`: degrees and minutes in one number.
fn degrees(text: &str, digits: usize, side: &str, positive: &str, negative: &str) -> Option<f64> {
    let (whole, minutes) = (text.get(..digits)?, text.get(digits..)?);
    let degrees = whole.parse::<f64>().ok()? + minutes.parse::<f64>().ok()? / 60.0;
    match side {
        _ if side == positive => Some(degrees),
        _ if side == negative => Some(-degrees),
        _ => None,
    }
}

const POINTS: [&str; 3] = ["trkpt ", "rtept ", "wpt "];
/// Positions of one file: a day at one a second, and more than a live place ever tells.
const POSITIONS_MAX: usize = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        read(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn tracks_and_lines_of_receivers_are_read() {
        let track = "<?xml version=\"1.0\"?><gpx><trk><trkseg><trkpt lat=\"59.3293\" lon=\"18.0686\"><ele>8</ele></trkpt>\
                     <trkpt lon='18.07' lat='59.33'/><trkpt lat=\"91\" lon=\"0\"/></trkseg></trk></gpx>";
        assert_eq!(told(track), ["59.3293,18.0686", "59.33,18.07"]);
        let lines = "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\n\
                     $GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\n\
                     $GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6B\nnoise\n$\n$*00\n";
        assert_eq!(told(lines), ["48.1173,11.5166667"; 2], "the third has another check sum");
        assert_eq!(told(""), [""; 0]);
    }
}
