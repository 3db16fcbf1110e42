//! Sizes and shares written as docker's command line writes them, digit for digit: `go-units` `HumanSizeWithPrecision`
//! and `BytesSize`, and the `%g` of Go's `fmt` beneath them. For the drop-in fields of `stats` only.

const DECIMAL: [&str; 9] = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
const BINARY: [&str; 9] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

/// Bytes in powers of 1000 with three significant digits, as in `NetIO` and `BlockIO`: `1.31kB`, `305kB`.
pub fn human_size(bytes: u64) -> String {
    scaled(bytes as f64, 1000.0, &DECIMAL, 3)
}

/// Bytes in powers of 1024 with four significant digits, as in `MemUsage`: `23.54GiB`.
pub fn bytes_size(bytes: u64) -> String {
    scaled(bytes as f64, 1024.0, &BINARY, 4)
}

/// A share as `CPUPerc` and `MemPerc` have it: `12.34%`.
pub fn percent(value: f64) -> String {
    format!("{value:.2}%")
}

fn scaled(mut size: f64, base: f64, units: &[&str; 9], digits: usize) -> String {
    let mut n = 0;
    while size >= base && n < units.len() - 1 {
        size /= base;
        n += 1;
    }
    format!("{}{}", significant(size, digits), units[n])
}

/// `%.{digits}g`: that many significant digits, trailing zeros dropped, an exponent when the value has more digits
/// before the point than that (999.9 with three digits is `1e+03`).
fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:.*e}", digits - 1, value);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs());
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_docker_writes_them() {
        for (bytes, want) in [
            (0, "0B"),
            (830, "830B"),
            (999, "999B"),
            (1000, "1kB"),
            (1310, "1.31kB"),
            (304_900, "305kB"),
            (1_200_000, "1.2MB"),
            (999_900, "1e+03kB"),
            (10_000_000_000, "10GB"),
            (u64::MAX, "18.4EB"),
        ] {
            assert_eq!(human_size(bytes), want);
        }
        for (bytes, want) in [
            (0, "0B"),
            (1023, "1023B"),
            (880 * 1024, "880KiB"),
            (33_554_432, "32MiB"),
            (4_718_592, "4.5MiB"),
            (25_275_000_000, "23.54GiB"),
            (1_073_741_823, "1024MiB"),
        ] {
            assert_eq!(bytes_size(bytes), want);
        }
    }

    #[test]
    fn shares_have_two_decimals() {
        assert_eq!(percent(0.0), "0.00%");
        assert_eq!(percent(12.3456), "12.35%");
        assert_eq!(percent(100.0), "100.00%");
    }
}
