//! The formats of cgroup files: bytes in, numbers out. Nothing here allocates, and any bytes are taken.

use crate::model::Pressure;

/// `key value` lines, as in `memory.stat`, `cpu.stat` and `memory.events`.
#[derive(Debug, Clone, Copy)]
pub struct FlatKeyed<'a>(pub &'a [u8]);

impl<'a> FlatKeyed<'a> {
    /// Every line whose value is a number.
    pub fn entries(self) -> impl Iterator<Item = (&'a [u8], u64)> {
        lines(self.0).filter_map(|line| {
            let split = line.iter().position(|b| *b == b' ')?;
            Some((&line[..split], number(&line[split + 1..])?))
        })
    }

    /// The value of one key.
    pub fn get(self, key: &str) -> Option<u64> {
        self.entries().find(|(k, _)| *k == key.as_bytes()).map(|(_, v)| v)
    }
}

/// Bytes moved to and from block devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Io {
    /// Read.
    pub read_bytes: u64,
    /// Written.
    pub write_bytes: u64,
}

/// `blkio.throttle.io_service_bytes_recursive`: `8:0 Read 4096` a line and a total. Absent devices count nothing.
pub fn parse_blkio(bytes: &[u8]) -> Io {
    let mut io = Io::default();
    for line in lines(bytes) {
        let mut words = line.split(|b| *b == b' ').filter(|w| !w.is_empty());
        let (Some(_), Some(operation), Some(value)) = (words.next(), words.next(), words.next()) else { continue };
        let Some(value) = number(value) else { continue };
        match operation {
            b"Read" => io.read_bytes = io.read_bytes.saturating_add(value),
            b"Write" => io.write_bytes = io.write_bytes.saturating_add(value),
            _ => {}
        }
    }
    io
}

/// `io.stat`: `8:0 rbytes=4096 wbytes=0 rios=1 …` a line. Operations (`rios`, `wios`) are not bytes.
pub fn parse_io_stat(bytes: &[u8]) -> Io {
    let mut io = Io::default();
    for word in bytes.split(|b| *b == b' ' || *b == b'\n') {
        if let Some(value) = word.strip_prefix(b"rbytes=").and_then(number) {
            io.read_bytes = io.read_bytes.saturating_add(value);
        } else if let Some(value) = word.strip_prefix(b"wbytes=").and_then(number) {
            io.write_bytes = io.write_bytes.saturating_add(value);
        }
    }
    io
}

/// Smallest value that means "no limit" in `memory.limit_in_bytes`: the largest multiple of the page size that fits
/// a signed 64-bit number, for pages of up to 64 KiB.
const V1_NO_LIMIT: u64 = 0x7fff_ffff_ffff_0000;

/// A limit file: `max`, `-1` or a huge number is no limit, which is 0 here.
pub fn parse_limit(bytes: &[u8]) -> Option<u64> {
    let word = bytes.trim_ascii();
    if word == b"max" || word == b"-1" {
        return Some(0);
    }
    number(word).map(|limit| if limit >= V1_NO_LIMIT { 0 } else { limit })
}

/// The `some` line of a pressure file: `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`.
pub fn parse_pressure(bytes: &[u8]) -> Option<Pressure> {
    let line = lines(bytes).find(|l| l.starts_with(b"some "))?;
    let mut pressure = Pressure::default();
    for word in line.split(|b| *b == b' ') {
        let text = std::str::from_utf8(word).ok()?;
        match text.split_once('=') {
            Some(("avg10", v)) => pressure.avg10 = v.parse().ok()?,
            Some(("avg60", v)) => pressure.avg60 = v.parse().ok()?,
            Some(("total", v)) => pressure.total_us = v.parse().ok()?,
            _ => {}
        }
    }
    Some(pressure)
}

/// A decimal number with blanks around it; none for anything else or when it does not fit.
pub fn number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.trim_ascii();
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |sum, b| {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 { None } else { sum.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn limits_of_both_versions() {
        assert_eq!(parse_limit(b"max\n"), Some(0));
        assert_eq!(parse_limit(b"9223372036854771712\n"), Some(0));
        assert_eq!(parse_limit(b"67108864\n"), Some(67_108_864));
        assert_eq!(parse_limit(b"garbage"), None);
    }

    #[test]
    fn block_io_counts_bytes_and_not_operations() {
        let v2 = parse_io_stat(b"8:0 rbytes=4096 wbytes=512 rios=7 wios=9 dbytes=0 dios=0\n252:1 rbytes=1 wbytes=2\n");
        assert_eq!(v2, Io { read_bytes: 4097, write_bytes: 514 });
        let v1 = parse_blkio(b"8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 1\n8:0 Total 12288\nTotal 12288\n");
        assert_eq!(v1, Io { read_bytes: 4096, write_bytes: 8192 });
        assert_eq!(parse_blkio(b"Total 0\n"), Io::default());
    }

    #[test]
    fn pressure_and_flat_files() {
        let psi = parse_pressure(b"some avg10=1.50 avg60=0.25 avg300=0.00 total=12345\nfull avg10=0.00 total=0\n");
        assert_eq!(psi, Some(Pressure { avg10: 1.5, avg60: 0.25, total_us: 12345 }));
        assert_eq!(FlatKeyed(b"nr_periods 7\nnr_throttled 3\n").get("nr_throttled"), Some(3));
        assert_eq!(FlatKeyed(b"nr_periods 7\n").get("nr"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (parse_blkio(&bytes), parse_io_stat(&bytes), parse_limit(&bytes), parse_pressure(&bytes));
            let _ = FlatKeyed(&bytes).entries().count();
        }
    }
}
