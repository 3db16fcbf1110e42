//! Numbers and times as people read them: short for cells, with units for pages. Knows no scene and no role.

use humansize::{BINARY, DECIMAL, FormatSizeOptions, format_size};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Unit letters of short forms.
const LETTERS: [&str; 6] = ["", "k", "M", "G", "T", "P"];

fn short(value: f64, base: f64) -> String {
    if !value.is_finite() || value < 0.0 {
        return "?".to_owned();
    }
    let mut value = value;
    let mut letter = 0;
    while value >= base - 0.5 && letter + 1 < LETTERS.len() {
        value /= base;
        letter += 1;
    }
    let digits = usize::from(letter > 0 && value < 99.95);
    format!("{value:.digits$}{}", LETTERS[letter])
}

/// Memory for a cell, in powers of 1024 as `docker stats` counts it: `12.3M`.
pub fn short_memory(bytes: f64) -> String {
    short(bytes, 1024.0)
}

/// Traffic for a cell, in powers of 1000 as `docker stats` counts it: `340k`. Also rates per second.
pub fn short_traffic(bytes: f64) -> String {
    short(bytes, 1000.0)
}

/// Memory with its unit: `12.3 MiB`.
pub fn memory(bytes: u64) -> String {
    format_size(bytes, FormatSizeOptions::from(BINARY).decimal_places(1))
}

/// Transferred bytes with their unit: `340 kB`.
pub fn traffic(bytes: u64) -> String {
    format_size(bytes, FormatSizeOptions::from(DECIMAL).decimal_places(1))
}

/// Bytes per second with the unit: `1.2 MB/s`.
pub fn rate(bytes_per_second: f64) -> String {
    if !bytes_per_second.is_finite() || bytes_per_second < 0.0 {
        return "?".to_owned();
    }
    format!("{}/s", traffic(bytes_per_second.round() as u64))
}

/// A share in percent with one decimal: `12.3%`.
pub fn percent(value: f64) -> String {
    if value.is_finite() { format!("{value:.1}%") } else { "?".to_owned() }
}

/// A count with a space every three digits: `12 345`.
pub fn count(value: u128) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A length of time in its two largest units: `3d 4h`, `12m 5s`, `45s`.
pub fn duration(seconds: i64) -> String {
    let s = seconds.max(0);
    match s {
        0..=59 => format!("{s}s"),
        60..=3599 => format!("{}m {}s", s / 60, s % 60),
        3600..=86_399 => format!("{}h {}m", s / 3600, s / 60 % 60),
        _ => format!("{}d {}h", s / 86_400, s / 3600 % 24),
    }
}

/// A length of time in its largest unit, for cells: `3d`, `12m`.
pub fn short_duration(seconds: i64) -> String {
    let s = seconds.max(0);
    match s {
        0..=59 => format!("{s}s"),
        60..=3599 => format!("{}m", s / 60),
        3600..=172_799 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

/// Seconds from `then` to `now`; 0 when `then` lies ahead (clocks of two reporters may differ).
pub fn age_seconds(now: Timestamp, then: Timestamp) -> i64 {
    now.as_second().saturating_sub(then.as_second()).max(0)
}

/// Nanoseconds as a length of time with a fitting unit: `850ms`, `12.3s`, `3m 2s`.
pub fn cpu_time(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds / 1_000_000;
    match milliseconds {
        0..=999 => format!("{milliseconds}ms"),
        1000..=59_999 => format!("{:.1}s", milliseconds as f64 / 1000.0),
        _ => duration(i64::try_from(milliseconds / 1000).unwrap_or(i64::MAX)),
    }
}

fn zone(utc: bool) -> TimeZone {
    if utc { TimeZone::UTC } else { TimeZone::system() }
}

/// Date and time, with a `Z` when it is in UTC: `2024-05-01 12:33:05`.
pub fn date_time(at: Timestamp, utc: bool) -> String {
    let text = at.to_zoned(zone(utc)).strftime("%Y-%m-%d %H:%M:%S").to_string();
    if utc { text + "Z" } else { text }
}

/// Time of day: `12:33:05`.
pub fn clock(at: Timestamp, utc: bool) -> String {
    at.to_zoned(zone(utc)).strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_stay_within_five_columns() {
        for n in 0..62 {
            for off in [-1.0, 0.0, 1.0] {
                let value = ((1u64 << n) as f64 + off).max(0.0);
                assert!(short_memory(value).len() <= 5, "{value} {}", short_memory(value));
                assert!(short_traffic(value).len() <= 5, "{value} {}", short_traffic(value));
            }
        }
        assert_eq!(short_memory(1_572_864.0), "1.5M");
        assert_eq!(short_traffic(340_000.0), "340k");
        assert_eq!(short_traffic(999_600.0), "1.0M");
        assert_eq!(short_traffic(f64::NAN), "?");
    }

    #[test]
    fn times_name_their_two_largest_units() {
        assert_eq!(duration(59), "59s");
        assert_eq!(duration(3_725), "1h 2m");
        assert_eq!(duration(90_000), "1d 1h");
        assert_eq!(duration(-5), "0s");
        assert_eq!(count(12_345), "12 345");
        assert_eq!(count(5), "5");
        assert_eq!(date_time(Timestamp::UNIX_EPOCH, true), "1970-01-01 00:00:00Z");
    }
}
