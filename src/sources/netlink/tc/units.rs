//! Units of traffic control: the kernel's ticks, its fractions, and numbers as tc prints them.

use super::super::wire::{u32_at, u64_at};

/// Nanoseconds of one tick of the packet scheduler (`/proc/net/psched`; the same on every kernel since 2.6.31).
pub const TICK_NS: u64 = 64;

/// A bucket given as the time that it lasts at a rate, in bytes. Up to one tick of the rate less than what was asked
/// for.
pub fn ticks_to_bytes(ticks: u32, bytes_per_second: u64) -> u64 {
    let bytes = u128::from(ticks) * u128::from(TICK_NS) * u128::from(bytes_per_second) / 1_000_000_000;
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Microseconds of a time in ticks.
pub(super) fn ticks_to_us(ticks: u32) -> u64 {
    u64::from(ticks) * TICK_NS / 1000
}

/// The rate of a `struct tc_ratespec` at an offset, bytes per second; from the attribute of 64 bits when there is one.
pub(super) fn rate_at(bytes: &[u8], at: usize, wide: Option<&[u8]>) -> Option<u64> {
    let narrow = u64::from(u32_at(bytes, at.checked_add(8)?)?);
    Some(wide.and_then(|value| u64_at(value, 0)).unwrap_or(narrow))
}

/// A share of all packets, where the kernel has 2³² − 1 for all of them; in percent.
pub(super) fn percent(share: u32) -> f64 {
    // Seven decimals tell every share apart that tc can set, and hide the steps of the kernel's fraction.
    let percent = f64::from(share) / f64::from(u32::MAX) * 100.0;
    (percent * 1e7).round() / 1e7
}

/// A rate as tc prints it, from bits per second: `10Mbit`, `1500Kbit`.
pub(super) fn rate_word(bits: u64) -> String {
    let (mut rate, mut unit) = (bits, 0);
    while unit < 4 && rate >= 1000 && (rate % 1000 == 0 || rate >= 1_000_000) {
        (rate, unit) = (rate / 1000, unit + 1);
    }
    format!("{rate}{}bit", ["", "K", "M", "G", "T"][unit])
}

/// A size as tc prints it: `32Mb` and `16Kb` (of 1024) when that is close, else bytes, `1600b`.
pub(super) fn size_word(bytes: u64) -> String {
    let near = |unit: u64, slack: u64| {
        let whole = bytes.saturating_add(unit / 2) / unit;
        (bytes >= unit && whole.saturating_mul(unit).abs_diff(bytes) < slack).then_some(whole)
    };
    match (near(1 << 20, 1024), near(1 << 10, 16)) {
        (Some(megabytes), _) => format!("{megabytes}Mb"),
        (None, Some(kilobytes)) => format!("{kilobytes}Kb"),
        (None, None) => format!("{bytes}b"),
    }
}

/// A time as tc prints it, from microseconds: `5ms`, `1.5s`, `100us`.
pub(super) fn time_word(us: u64) -> String {
    let three = |value: f64, unit: &str| {
        let decimals = if value >= 100.0 {
            0
        } else if value >= 10.0 {
            1
        } else {
            2
        };
        let text = format!("{value:.decimals$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        format!("{text}{unit}")
    };
    match us {
        1_000_000.. => three(us as f64 / 1e6, "s"),
        1000.. => three(us as f64 / 1e3, "ms"),
        _ => format!("{us}us"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What iproute2 6.1 prints for these numbers.
    #[test]
    fn numbers_read_as_tc_prints_them() {
        let rates = [(10_000_000, "10Mbit"), (1_500_000, "1500Kbit"), (999, "999bit"), (1_000_000_000, "1Gbit")];
        for (bits, word) in rates {
            assert_eq!(rate_word(bits), word);
        }
        for (bytes, word) in
            [(16_384, "16Kb"), (125_000, "125000b"), (33_554_432, "32Mb"), (1600, "1600b"), (15, "15b")]
        {
            assert_eq!(size_word(bytes), word);
        }
        for (us, word) in [(4999, "5ms"), (100_000, "100ms"), (250, "250us"), (1_500_000, "1.5s"), (12_340, "12.3ms")] {
            assert_eq!(time_word(us), word);
        }
    }

    #[test]
    fn a_bucket_comes_back_within_a_tick() {
        let rate = 1_250_000u64;
        let ticks = u32::try_from(16_384u64 * 1_000_000_000 / rate / TICK_NS).expect("fits");
        assert!(16_384 - ticks_to_bytes(ticks, rate) <= 1);
        assert_eq!(percent(u32::MAX), 100.0);
        assert_eq!(percent(42_949_673), 1.0);
        assert_eq!(ticks_to_bytes(u32::MAX, u64::MAX), u64::MAX);
    }
}
