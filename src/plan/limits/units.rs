//! Rates, sizes and times as people type them at tc, and back as tc would take them. `tc(8)`, PARAMETERS.
//!
//! What a word means is not ours to choose: `200kbps` is kilo*bytes* to tc, and a `k` of a size is 1024. Each reading
//! says which meaning was taken. What tc does not know but people write (`1.5MB/s`, `10Mbit/s`) has one meaning only;
//! where there are two (`10M`), it is refused with both spelled out. No float is involved, so nothing is lost.

/// A number with its unit, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// In the smallest unit: bits per second, bytes, or microseconds.
    pub value: u64,
    /// Which meaning was taken: `200kbps is 200 kilobytes per second, as tc means it: 1600kbit`.
    pub words: String,
}

/// A text that is no rate, size, time or share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` {why}; {way_out}", crate::text::clean_line(.text))]
pub struct NotAUnit {
    /// The text.
    pub text: String,
    /// Why not.
    pub why: String,
    /// What would be one.
    pub way_out: &'static str,
}

const RATES: &str = "say 10mbit or 1.5Mbit/s for bits, 200kbps or 1.5MB/s for bytes per second";
const SIZES: &str = "say 1600 or 1600b for bytes, 64k for 65536 bytes, 1m";
const TIMES: &str = "say 50ms, 1.5s or 800us";
const SHARES: &str = "say 0.5% or 10%, at most 100%";

/// Digits after the point that are read.
const DECIMALS: usize = 12;

/// A number as typed, times 10^[`DECIMALS`], and the unit behind it.
fn split<'a>(text: &'a str, way_out: &'static str) -> Result<(u128, &'a str), NotAUnit> {
    let fail = |why: &str| NotAUnit { text: text.to_owned(), why: why.to_owned(), way_out };
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(trimmed.len());
    let (number, unit) = (&trimmed[..end], trimmed[end..].trim());
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() || part.contains('.') {
        return Err(fail(if trimmed.starts_with('-') { "is below zero" } else { "does not begin with a number" }));
    }
    if whole.len() > 20 || part.len() > DECIMALS {
        return Err(fail("has too many digits"));
    }
    let digits = format!("{whole}{part:0<DECIMALS$}");
    digits.parse().map(|n| (n, unit)).map_err(|_| fail("is no number"))
}

/// The value in the smallest unit, rounded down; an error when it is too large for anything.
fn scaled(text: &str, number: u128, multiple: u128, divisor: u128, way_out: &'static str) -> Result<u64, NotAUnit> {
    let scale = 10u128.pow(DECIMALS as u32) * divisor;
    let value = number.checked_mul(multiple).map(|n| n / scale).and_then(|n| u64::try_from(n).ok());
    value.ok_or_else(|| NotAUnit { text: text.to_owned(), why: "is too large".to_owned(), way_out })
}

/// Factor of a prefix: `k` is 1000, `ki` 1024, and so on up to tera.
fn factor(prefix: &str) -> Option<u128> {
    let (letter, base) = match prefix.strip_suffix('i') {
        Some(letter) => (letter, 1024u128),
        None => (prefix, 1000),
    };
    let power = match letter {
        "" if base == 1000 => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    Some(base.pow(power))
}

/// Reads a rate, in bits per second.
///
/// # Errors
/// [`NotAUnit`] with what would be a rate.
pub fn parse_rate(text: &str) -> Result<Meant, NotAUnit> {
    let (number, unit) = split(text, RATES)?;
    let fail = |why: &str| NotAUnit { text: text.to_owned(), why: why.to_owned(), way_out: RATES };
    let lower = unit.to_ascii_lowercase();
    let per_second = ["/s", "/sec"].iter().find_map(|end| lower.strip_suffix(end));
    let (prefix, bits, by_tc) = if unit.is_empty() {
        (String::new(), 1, true)
    } else if let Some(name) = per_second {
        // Case tells bytes from bits only where people write it: MB/s against Mb/s.
        let bytes = unit.as_bytes().get(name.len().wrapping_sub(1)) == Some(&b'B') || name.ends_with("byte");
        let bits = ["bits", "bit", "bytes", "byte", "b"].iter().find_map(|end| name.strip_suffix(end));
        (
            bits.ok_or_else(|| fail("is no rate"))?.to_owned(),
            if bytes || name.ends_with("bytes") { 8 } else { 1 },
            false,
        )
    } else if let Some(prefix) = lower.strip_suffix("bit") {
        (prefix.to_owned(), 1, true)
    } else if let Some(prefix) = lower.strip_suffix("bps") {
        (prefix.to_owned(), 8, true)
    } else if factor(lower.trim_end_matches('b')).is_some() {
        return Err(fail("may be bits or bytes per second"));
    } else {
        return Err(fail("is no rate"));
    };
    let multiple = factor(&prefix).ok_or_else(|| fail("has a unit that is not known"))? * bits;
    let value = scaled(text, number, multiple, 1, RATES)?;
    let as_tc = if by_tc { ", as tc means it" } else { "" };
    let what = if bits == 8 { "bytes" } else { "bits" };
    let words =
        format!("{} is counted in {what} per second{as_tc}: {} ({})", text.trim(), rate(value), bytes_rate(value));
    Ok(Meant { value, words })
}

/// Reads a size, in bytes. Its `k`, `m` and `g` are powers of 1024, as tc has them.
///
/// # Errors
/// [`NotAUnit`] with what would be a size.
pub fn parse_size(text: &str) -> Result<Meant, NotAUnit> {
    let (number, unit) = split(text, SIZES)?;
    let (multiple, divisor) = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => (1, 1),
        "k" | "kb" | "kib" => (1 << 10, 1),
        "m" | "mb" | "mib" => (1 << 20, 1),
        "g" | "gb" | "gib" => (1 << 30, 1),
        "kbit" => (1 << 10, 8),
        "mbit" => (1 << 20, 8),
        "gbit" => (1 << 30, 8),
        _ => return Err(NotAUnit { text: text.to_owned(), why: "is no size".to_owned(), way_out: SIZES }),
    };
    let value = scaled(text, number, multiple, divisor, SIZES)?;
    Ok(Meant { value, words: format!("{} is {value} bytes, as tc means it", text.trim()) })
}

/// Reads a time, in microseconds; a bare number is microseconds, as tc has it.
///
/// # Errors
/// [`NotAUnit`] with what would be a time.
pub fn parse_time(text: &str) -> Result<Meant, NotAUnit> {
    let (number, unit) = split(text, TIMES)?;
    let multiple = match unit.to_ascii_lowercase().as_str() {
        "s" | "sec" | "secs" => 1_000_000,
        "ms" | "msec" | "msecs" => 1000,
        "" | "us" | "usec" | "usecs" => 1,
        _ => return Err(NotAUnit { text: text.to_owned(), why: "is no time".to_owned(), way_out: TIMES }),
    };
    let value = scaled(text, number, multiple, 1, TIMES)?;
    Ok(Meant { value, words: format!("{} is {}", text.trim(), time(value)) })
}

/// Reads a share, in percent; with or without its sign.
///
/// # Errors
/// [`NotAUnit`] with what would be a share.
pub fn parse_percent(text: &str) -> Result<f64, NotAUnit> {
    let number = text.trim().trim_end_matches('%').trim_end();
    let digits = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let value: Option<f64> = number.parse().ok().filter(|_| digits);
    value.filter(|share| (0.0..=100.0).contains(share)).ok_or_else(|| NotAUnit {
        text: text.to_owned(),
        why: "is no share in percent".to_owned(),
        way_out: SHARES,
    })
}

/// A rate as tc takes it, in the largest unit that holds it whole: `10mbit`, `1500kbit`, `1234567bit`.
pub fn rate(bps: u64) -> String {
    largest(bps, 1000, &["bit", "kbit", "mbit", "gbit", "tbit"])
}

/// A size as tc takes it: `64kb`, `1514b`.
pub fn size(bytes: u64) -> String {
    largest(bytes, 1024, &["b", "kb", "mb", "gb"])
}

/// A time as tc takes it: `50ms`, `1500us`, `2s`.
pub fn time(us: u64) -> String {
    largest(us, 1000, &["us", "ms", "s"])
}

/// A share as tc takes it: `0.5%`.
pub fn percent(share: f64) -> String {
    format!("{share}%")
}

fn largest(value: u64, base: u64, units: &[&str]) -> String {
    let (mut value, mut unit) = (value, 0);
    while value != 0 && value % base == 0 && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    format!("{value}{}", units[unit])
}

/// The same rate in bytes, for people: `1.25 MB/s`.
pub fn bytes_rate(bps: u64) -> String {
    let units = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"];
    let (mut scale, mut unit) = (8u128, 0);
    while u128::from(bps) >= scale * 1000 && unit + 1 < units.len() {
        scale *= 1000;
        unit += 1;
    }
    let thousandths = u128::from(bps) * 1000 / scale;
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    format!("{} {}", text.trim_end_matches('0').trim_end_matches('.'), units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bps(text: &str) -> u64 {
        parse_rate(text).unwrap_or_else(|e| panic!("{e}")).value
    }

    #[test]
    fn rates_mean_what_tc_means_by_them() {
        let cases = [
            ("10mbit", 10_000_000),
            ("10Mbit", 10_000_000),
            ("10 mbit", 10_000_000),
            ("1.5mbit", 1_500_000),
            ("1000", 1000),
            ("1bit", 1),
            ("2kibit", 2048),
            ("200kbps", 1_600_000),
            ("200KBPS", 1_600_000),
            ("1mibps", 8 << 20),
            ("1gbit", 1_000_000_000),
            ("1tbit", 1_000_000_000_000),
            ("1.5MB/s", 12_000_000),
            ("1.5Mb/s", 1_500_000),
            ("10Mbit/s", 10_000_000),
            ("10mbits/s", 10_000_000),
            ("64KiB/s", 524_288),
            ("100bytes/s", 800),
            ("3byte/sec", 24),
            ("5B/s", 40),
        ];
        for (text, value) in cases {
            assert_eq!(bps(text), value, "{text}");
        }
    }

    #[test]
    fn a_rate_says_which_meaning_was_taken() {
        let words = parse_rate("200kbps").expect("a rate").words;
        assert_eq!(words, "200kbps is counted in bytes per second, as tc means it: 1600kbit (200 kB/s)");
        let words = parse_rate("1.5MB/s").expect("a rate").words;
        assert_eq!(words, "1.5MB/s is counted in bytes per second: 12mbit (1.5 MB/s)");
    }

    #[test]
    fn what_has_two_meanings_or_none_is_refused_with_the_way_out() {
        for text in ["10M", "10MB", "10k", "5B"] {
            let error = parse_rate(text).expect_err(text).to_string();
            assert!(error.contains("bits or bytes") && error.contains("10mbit"), "{error}");
        }
        for text in ["", "mbit", "-3mbit", "ten", "1e3mbit", "1..5mbit", "3ebit", "5mbit/h", "99999999999999999999gbit"]
        {
            assert!(parse_rate(text).is_err(), "{text}");
        }
        assert!(parse_size("64q").is_err() && parse_time("5min").is_err());
        assert!(parse_percent("101%").is_err() && parse_percent("-1").is_err() && parse_percent("NaN").is_err());
        assert!(parse_rate("\u{1b}[2J").expect_err("no rate").to_string().is_ascii());
    }

    #[test]
    fn sizes_and_times_mean_what_tc_means_by_them() {
        let size = |text| parse_size(text).map(|m| m.value);
        assert_eq!((size("64k"), size("1600"), size("1mb")), (Ok(65536), Ok(1600), Ok(1 << 20)));
        assert_eq!((size("8kbit"), size("1.5k")), (Ok(1024), Ok(1536)));
        let time = |text| parse_time(text).map(|m| m.value);
        assert_eq!(
            (time("50ms"), time("1.5s"), time("800"), time("5usec")),
            (Ok(50_000), Ok(1_500_000), Ok(800), Ok(5))
        );
        assert_eq!((parse_percent("0.5%"), parse_percent("10")), (Ok(0.5), Ok(10.0)));
    }

    #[test]
    fn they_are_written_in_the_largest_unit_that_holds_them_whole() {
        assert_eq!(
            [rate(10_000_000), rate(1_500_000), rate(1_234_567), rate(0)],
            ["10mbit", "1500kbit", "1234567bit", "0bit"]
        );
        assert_eq!([size(65536), size(1514)], ["64kb", "1514b"]);
        assert_eq!([time(50_000), time(1_500), time(2_000_000)], ["50ms", "1500us", "2s"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_exactly(value: u64) {
            prop_assert_eq!(parse_rate(&rate(value)).map(|m| m.value), Ok(value));
            prop_assert_eq!(parse_size(&size(value)).map(|m| m.value), Ok(value));
            prop_assert_eq!(parse_time(&time(value)).map(|m| m.value), Ok(value));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,24}") {
            let _ = (parse_rate(&text), parse_size(&text), parse_time(&text), parse_percent(&text));
        }

        #[test]
        fn bits_and_bytes_differ_by_eight(n in 0u32..1_000_000, unit in "[kmg]?") {
            let (bits, bytes) = (format!("{n}{unit}bit"), format!("{n}{unit}bps"));
            prop_assert_eq!(bps(&bits) * 8, bps(&bytes));
        }
    }
}
