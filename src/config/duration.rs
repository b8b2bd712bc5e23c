//! Durations as they are written in the configuration: a whole number and its unit, such as `55m`.

use std::time::Duration;

/// Units, largest first, in milliseconds.
const UNITS: &[(&str, u64)] = &[("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration. A number without a unit is none.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*milliseconds).map(Duration::from_millis)
}

/// Writes a duration in the largest unit that is exact.
pub(super) fn show(duration: Duration) -> String {
    let total = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    UNITS
        .iter()
        .find(|(_, milliseconds)| total >= *milliseconds && total % milliseconds == 0)
        .map_or_else(|| "0s".to_owned(), |(name, milliseconds)| format!("{}{name}", total / milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit_and_writes_it_back() {
        for (text, milliseconds) in [("55m", 3_300_000), ("3s", 3_000), ("500ms", 500), ("1h", 3_600_000)] {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
            assert_eq!(show(Duration::from_millis(milliseconds)), text);
        }
        assert_eq!(show(Duration::from_secs(900)), "15m");
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in [
            "",
            "55",
            "m",
            "-1s",
            "+1s",
            "1.5s",
            "1 s",
            "1S",
            "1m30s",
            "1d",
            "99999999999999999999s",
            "6000000000000000h",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
