//! Amounts as people type them, and back: memory as docker reads it, shares of processors.

use humansize::{BINARY, FormatSizeOptions, format_size};

/// A text that is no amount, with what would be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind}; write it like {example}")]
pub struct NotAnAmount {
    /// The text, cleaned.
    pub text: String,
    /// What it should be: `size`, `number of CPUs`.
    pub kind: &'static str,
    /// Examples.
    pub example: &'static str,
}

/// Units of memory by their letters; as docker has them, all are powers of 1024.
const UNITS: [(&str, u32); 6] = [("b", 0), ("k", 10), ("m", 20), ("g", 30), ("t", 40), ("p", 50)];

/// Bytes from `256m`, `1.5g`, `512 MiB`, `1024`. `k`, `kb` and `kib` are all 1024 bytes, as for docker.
///
/// # Errors
/// [`NotAnAmount`] for anything else, also for what does not fit.
pub fn parse_size(text: &str) -> Result<u64, NotAnAmount> {
    let fail = || NotAnAmount {
        text: crate::text::clean_line(text).into_owned(),
        kind: "size",
        example: "256m, 1.5g, 512MiB or a number of bytes",
    };
    let lower = text.trim().to_ascii_lowercase();
    let end = lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
    let (number, unit) = lower.split_at(end);
    let unit = unit.trim();
    let letter = match unit {
        "" | "b" | "bytes" => "b",
        unit => unit.strip_suffix("ib").or(unit.strip_suffix('b')).unwrap_or(unit),
    };
    let (_, shift) = UNITS.iter().find(|(name, _)| *name == letter).ok_or_else(fail)?;
    decimal(number, 1u128 << shift).and_then(|bytes| u64::try_from(bytes).ok()).ok_or_else(fail)
}

/// 10⁻⁹ CPUs from `0.5`, `2`, `50%`, `500m` (thousandths).
///
/// # Errors
/// [`NotAnAmount`] for anything else.
pub fn parse_cpus(text: &str) -> Result<i64, NotAnAmount> {
    let fail = || NotAnAmount {
        text: crate::text::clean_line(text).into_owned(),
        kind: "number of CPUs",
        example: "0.5, 2, 50% or 500m",
    };
    let lower = text.trim().to_ascii_lowercase();
    let (number, one) = match (lower.strip_suffix('%'), lower.strip_suffix('m')) {
        (Some(number), _) => (number, 10_000_000),
        (_, Some(number)) => (number, 1_000_000),
        _ => (lower.as_str(), 1_000_000_000),
    };
    decimal(number.trim(), one).and_then(|nano| i64::try_from(nano).ok()).ok_or_else(fail)
}

/// `number` times `one`, exact to the whole of the smallest unit; what is beyond it is cut.
fn decimal(number: &str, one: u128) -> Option<u128> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() || part.len() > 12 || whole.len() > 20 {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0u128) } else { text.parse().ok() };
    if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let scale = 10u128.pow(u32::try_from(part.len()).ok()?);
    digits(whole)?.checked_mul(one)?.checked_add(digits(part)? * one / scale)
}

/// Bytes in the shortest form that [`parse_size`] reads back exactly: `256m`, `1536m`, `1000b`.
pub fn size_text(bytes: u64) -> String {
    let unit = UNITS.iter().rev().find(|(_, shift)| bytes != 0 && bytes.is_multiple_of(1 << shift));
    let (letter, shift) = unit.copied().unwrap_or(("b", 0));
    format!("{}{letter}", bytes >> shift)
}

/// 10⁻⁹ CPUs in the form that [`parse_cpus`] reads back exactly: `0.5`.
pub fn cpus_text(nano: i64) -> String {
    let text = format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Bytes for sentences: `256 MiB`.
pub(in crate::plan) fn size_words(bytes: u64) -> String {
    format_size(bytes, FormatSizeOptions::from(BINARY).decimal_places(1).decimal_zeroes(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_as_docker_reads_them() {
        for (text, want) in [
            ("256m", 256 << 20),
            ("1.5g", 3 << 29),
            ("512 MiB", 512 << 20),
            ("10KB", 10_240),
            ("1024", 1024),
            (".5k", 512),
            ("7b", 7),
        ] {
            assert_eq!(parse_size(text), Ok(want), "{text}");
        }
        for text in ["", "m", "-1", "1e9", "1.2.3g", "5 x", "99999999999p", "1mm"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
        for (text, want) in [("0.5", 500_000_000), ("2", 2_000_000_000), ("50%", 500_000_000), ("250m", 250_000_000)] {
            assert_eq!(parse_cpus(text), Ok(want), "{text}");
        }
        assert!(parse_cpus("-1").is_err() && parse_cpus("x").is_err() && parse_cpus("").is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(bytes in 0u64..1 << 62, nano in 0i64..1 << 50) {
            prop_assert_eq!(parse_size(&size_text(bytes)), Ok(bytes));
            prop_assert_eq!(parse_cpus(&cpus_text(nano)), Ok(nano));
        }

        #[test]
        fn nothing_typed_breaks_it(text in ".{0,30}") {
            let _ = (parse_size(&text), parse_cpus(&text));
        }
    }
}
