//! Rates, sizes and times as people type them, in the units of tc and docker.

/// Splits `1.5mbit` into its number and its unit in lower case.
fn split(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    number.is_finite().then(|| (number, text[end..].trim().to_ascii_lowercase()))
}

fn whole(value: f64) -> Option<u64> {
    (value >= 0.0 && value < 1e18).then_some(value.round() as u64)
}

/// What a rate may look like.
pub const RATE_HELP: &str = "10mbit, 1.5MB/s, 200kbit; as in tc, kbps and mbps are bytes per second";

/// A rate in bits per second. As tc reads it: `kbit` is 1,000 bits, `kbps` 1,000 bytes, `kibit` 1,024 bits; a bare
/// number is bits.
pub fn rate(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no rate; write it like {RATE_HELP}");
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let unit = unit.strip_suffix("/s").map_or_else(|| unit.clone(), |u| format!("{u}/"));
    let (prefix, bits) = if let Some(p) = unit.strip_suffix("bit/").or_else(|| unit.strip_suffix("bit")) {
        (p, 1.0)
    } else if let Some(p) = unit.strip_suffix("bps").or_else(|| unit.strip_suffix("b/")) {
        (p, 8.0)
    } else {
        (unit.as_str(), 1.0)
    };
    let factor = match prefix {
        "" => 1.0,
        "k" => 1e3,
        "m" => 1e6,
        "g" => 1e9,
        "t" => 1e12,
        "ki" => 1024.0,
        "mi" => 1024.0 * 1024.0,
        "gi" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    whole(number * factor * bits).ok_or_else(wrong)
}

/// A size in bytes, as docker reads it: `64m`, `1.5g`, `512k`, in powers of 1,024; a bare number is bytes.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size; write it like 64m, 1.5g, 512k");
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let factor = match unit.as_str() {
        "" | "b" => 1.0,
        "k" | "kb" | "kib" | "ki" => 1024.0,
        "m" | "mb" | "mib" | "mi" => 1024.0 * 1024.0,
        "g" | "gb" | "gib" | "gi" => 1024.0 * 1024.0 * 1024.0,
        "t" | "tb" | "tib" | "ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    whole(number * factor).ok_or_else(wrong)
}

/// A time in microseconds: `50ms`, `1s`, `200us`; a bare number is milliseconds.
pub fn time(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no time; write it like 50ms, 1s, 200us");
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let factor = match unit.as_str() {
        "us" | "usec" | "µs" => 1.0,
        "" | "ms" | "msec" => 1e3,
        "s" | "sec" => 1e6,
        _ => return Err(wrong()),
    };
    whole(number * factor).ok_or_else(wrong)
}

/// A share in percent: `5%`, `0.1`.
pub fn percent(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is no share; write it like 5% or 0.1%");
    let (number, unit) = split(text).ok_or_else(wrong)?;
    if matches!(unit.as_str(), "" | "%") && number <= 100.0 { Ok(number) } else { Err(wrong()) }
}

/// Bytes as docker would be told them: `64m`, `1536m`, `1000`.
pub fn bytes(value: u64) -> String {
    for (shift, unit) in [(30, 'g'), (20, 'm'), (10, 'k')] {
        if value > 0 && value % (1 << shift) == 0 {
            return format!("{}{unit}", value >> shift);
        }
    }
    value.to_string()
}

/// Bytes for people: `11.8 MiB`.
pub fn shown(value: f64) -> String {
    match value {
        v if v < 1024.0 => format!("{v:.0} B"),
        v if v < 1_048_576.0 => format!("{:.1} KiB", v / 1024.0),
        v if v < 1_073_741_824.0 => format!("{:.1} MiB", v / 1_048_576.0),
        v => format!("{:.2} GiB", v / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_mean_what_tc_means() {
        let read = |text: &str| rate(text).ok();
        assert_eq!(read("10mbit"), Some(10_000_000));
        assert_eq!(read("10 Mbit/s"), Some(10_000_000));
        assert_eq!(read("200kbps"), Some(1_600_000), "bytes, as in tc");
        assert_eq!(read("1.5MB/s"), Some(12_000_000));
        assert_eq!(read("1kibit"), Some(1024));
        assert_eq!(read("1000"), Some(1000));
        for wrong in ["", "fast", "10 parsecs", "-1mbit", "1e400", "mbit"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_and_times() {
        assert_eq!((size("64m").ok(), size("1.5g").ok()), (Some(64 << 20), Some(3 << 29)));
        assert_eq!((time("50ms").ok(), time("1s").ok()), (Some(50_000), Some(1_000_000)));
        assert_eq!((percent("5%").ok(), percent("101").ok()), (Some(5.0), None));
        assert_eq!((bytes(64 << 20), bytes(1000)), ("64m".to_owned(), "1000".to_owned()));
    }
}
