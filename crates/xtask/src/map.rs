//! The map of the world that the app ships with: land, borders, names of countries and cities, in one small file.
//!
//! Made of Natural Earth, which is in the public domain: countries at 1:50m as TopoJSON (npm `world-atlas`, 2.0.2) and the
//! populated places at 1:110m as a shapefile (PyPI `geopandas`, 0.14.4). The layout is described where it is read,
//! in `crates/web/src/map/world.rs`.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::shell::{self, Done, Options, say};

/// The task.
pub fn map(options: Options) -> Done {
    let files = options.rest();
    let [countries, cities] = files.as_slice() else {
        return Err("name the countries (a .json) and the cities (a .shp with its .dbf)".to_owned());
    };
    let read = |file: &str| fs::read(file).map_err(|error| format!("{file}: {error}"));
    let topology: Value = serde_json::from_slice(&read(countries)?).map_err(|error| error.to_string())?;
    let names =
        cities.strip_suffix(".shp").map(|stem| format!("{stem}.dbf")).ok_or("cities end with .shp")?;
    let world = World::of(&topology, &read(cities)?, &read(&names)?)
        .ok_or("the files are not laid out as those of Natural Earth are")?;
    let out = shell::root().join("crates/web/static/world.map");
    let bytes = world.written();
    fs::write(&out, &bytes).map_err(|error| format!("{}: {error}", out.display()))?;
    say(&format!(
        "{} arcs, {} rings of land, {} names, {} bytes in {}",
        world.arcs.len(),
        world.rings.len(),
        world.names.len(),
        bytes.len(),
        out.display()
    ));
    Ok(())
}

/// What is on the map, on the grid of the topology.
struct World {
    scale: [f64; 2],
    translate: [f64; 2],
    arcs: Vec<Arc>,
    rings: Vec<Vec<i64>>,
    names: Vec<Name>,
}

/// A line between two points where others meet.
struct Arc {
    /// The first point, and how far each is from the one before.
    steps: Vec<[i64; 2]>,
    /// It lies between two countries.
    border: bool,
}

struct Name {
    /// 0 for a city; for a country how large it is, in powers of two of the grid's cells.
    size: u8,
    at: [i64; 2],
    text: String,
}

impl World {
    fn of(topology: &Value, places: &[u8], names: &[u8]) -> Option<Self> {
        let pair = |value: &Value| Some([value.get(0)?.as_f64()?, value.get(1)?.as_f64()?]);
        let transform = &topology["transform"];
        let (scale, translate) = (pair(&transform["scale"])?, pair(&transform["translate"])?);
        let countries = topology["objects"]["countries"]["geometries"].as_array()?;
        let mut used: BTreeMap<usize, u32> = BTreeMap::new();
        for country in countries {
            for index in rings_of(country)?.into_iter().flatten() {
                *used.entry(forwards(index)).or_default() += 1;
            }
        }
        let mut arcs = Vec::new();
        for (index, arc) in topology["arcs"].as_array()?.iter().enumerate() {
            let step = |step: &Value| Some([step.get(0)?.as_i64()?, step.get(1)?.as_i64()?]);
            let steps = arc.as_array()?.iter().map(step).collect::<Option<_>>()?;
            arcs.push(Arc { steps, border: used.get(&index).is_some_and(|count| *count > 1) });
        }
        let land = topology["objects"]["land"]["geometries"].as_array()?;
        let rings = land.iter().map(rings_of).collect::<Option<Vec<_>>>()?.concat();
        let mut world = Self { scale, translate, arcs, rings, names: Vec::new() };
        for country in countries {
            let text = country["properties"]["name"].as_str()?.to_owned();
            let middles = rings_of(country)?.into_iter().filter_map(|ring| world.middle(&ring));
            if let Some((area, at)) = middles.max_by(|one, two| one.0.total_cmp(&two.0)) {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 33")]
                let size = area.max(2.0).log2() as u8;
                world.names.push(Name { size, at, text });
            }
        }
        world.names.sort_by_key(|name| u8::MAX - name.size);
        let cities = cities(places, names)?.into_iter().map(|(degrees, text)| {
            #[expect(clippy::cast_possible_truncation, reason = "on the grid")]
            let grid = |axis: usize| ((degrees[axis] - translate[axis]) / scale[axis]).round() as i64;
            Name { size: 0, at: [grid(0), grid(1)], text }
        });
        // Natural Earth has the less known ones first.
        let cities: Vec<_> = cities.rev().collect();
        world.names.extend(cities);
        Some(world)
    }

    /// Area and centre of a ring, on the grid.
    fn middle(&self, ring: &[i64]) -> Option<(f64, [i64; 2])> {
        let mut points: Vec<[f64; 2]> = Vec::new();
        for index in ring {
            let mut at = [0; 2];
            let arc = self.arcs.get(forwards(*index))?;
            let mut line: Vec<[f64; 2]> = Vec::new();
            for step in &arc.steps {
                at = [at[0] + step[0], at[1] + step[1]];
                #[expect(clippy::cast_precision_loss, reason = "the grid has 100,000 lines")]
                line.push([at[0] as f64, at[1] as f64]);
            }
            if *index < 0 {
                line.reverse();
            }
            points.extend(line);
        }
        let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
        for (one, two) in points.iter().zip(points.iter().cycle().skip(1)) {
            let cross = one[0] * two[1] - two[0] * one[1];
            area += cross / 2.0;
            x += (one[0] + two[0]) * cross / 6.0;
            y += (one[1] + two[1]) * cross / 6.0;
        }
        #[expect(clippy::cast_possible_truncation, reason = "within the ring")]
        let at = [(x / area).round() as i64, (y / area).round() as i64];
        (area != 0.0).then_some((area.abs(), at))
    }

    fn written(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for number in [self.scale, self.translate].concat() {
            out.extend(number.to_le_bytes());
        }
        number(&mut out, self.arcs.len() as u64);
        for arc in &self.arcs {
            number(&mut out, (arc.steps.len() as u64) << 1 | u64::from(arc.border));
            for step in &arc.steps {
                step.iter().for_each(|by| signed(&mut out, *by));
            }
        }
        number(&mut out, self.rings.len() as u64);
        for ring in &self.rings {
            number(&mut out, ring.len() as u64);
            ring.iter().for_each(|index| signed(&mut out, *index));
        }
        number(&mut out, self.names.len() as u64);
        for name in &self.names {
            out.push(name.size);
            name.at.iter().for_each(|at| signed(&mut out, *at));
            number(&mut out, name.text.len() as u64);
            out.extend(name.text.as_bytes());
        }
        out
    }
}

/// The rings of a polygon or of several, as numbers of arcs; `!n` is arc `n` backwards.
fn rings_of(geometry: &Value) -> Option<Vec<Vec<i64>>> {
    let ring = |ring: &Value| ring.as_array()?.iter().map(Value::as_i64).collect::<Option<Vec<_>>>();
    let rings = |polygon: &Value| polygon.as_array()?.iter().map(ring).collect::<Option<Vec<_>>>();
    match geometry["type"].as_str()? {
        "Polygon" => rings(&geometry["arcs"]),
        "MultiPolygon" => {
            Some(geometry["arcs"].as_array()?.iter().map(rings).collect::<Option<Vec<_>>>()?.concat())
        }
        "GeometryCollection" => {
            let inner = geometry["geometries"].as_array()?;
            Some(inner.iter().map(rings_of).collect::<Option<Vec<_>>>()?.concat())
        }
        _ => None,
    }
}

fn forwards(index: i64) -> usize {
    let index = if index < 0 { !index } else { index };
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The points of a shapefile with the first column of its table: longitude, latitude, name.
fn cities(points: &[u8], table: &[u8]) -> Option<Vec<([f64; 2], String)>> {
    let word = |at: usize| Some(usize::from(u16::from_le_bytes(table.get(at..at + 2)?.try_into().ok()?)));
    let (head, row) = (word(8)?, word(10)?);
    let width = usize::from(*table.get(32 + 16)?);
    let mut found = Vec::new();
    // A file head of 100 bytes; then for each point a head of 8, the kind in 4, and two numbers of 8.
    for (index, record) in points.get(100..)?.chunks_exact(28).enumerate() {
        let number = |at: usize| Some(f64::from_le_bytes(record.get(at..at + 8)?.try_into().ok()?));
        // A byte before each row says whether it was deleted.
        let from = head + index * row + 1;
        // ISO 8859-1, as the file beside it says.
        let text: String = table.get(from..from + width)?.iter().map(|byte| char::from(*byte)).collect();
        found.push(([number(12)?, number(20)?], text.trim().to_owned()));
    }
    Some(found)
}

/// Seven bits a byte, the lowest first.
fn number(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small ones of either sign stay small.
fn signed(out: &mut Vec<u8>, value: i64) {
    number(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

const MAGIC: &[u8; 8] = b"VALMAP\x00\x01";
