//! Places and positions: what is not known is left out, what is written reads back, and what is told less precisely stays so.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vocab::{Fix, Precision, Timestamp};
use wire::content::{PlacePart, Told, decode_fix, encode_fix};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = PlacePart::decode(bytes) {
        let again = value.encode().map(|again| PlacePart::decode(&again));
        assert!(again.is_ok_and(|again| again == Ok(value.clone())));
        if let Told::Once(fix) = value.told {
            for precision in Precision::ALL {
                assert_eq!(fix.told(precision).told(precision), fix.told(precision));
            }
        }
    }
    if let Ok(fix) = decode_fix(bytes) {
        assert_eq!(decode_fix(&encode_fix(&fix)), Ok(fix));
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(fix) = Fix::from_geo_uri(text, Timestamp(0))
    {
        assert_eq!(Fix::from_geo_uri(&fix.geo_uri(), Timestamp(0)), Ok(fix));
    }
});
