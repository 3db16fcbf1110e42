//! `/proc/PID/mountinfo` from bytes (format: proc_pid_mountinfo(5)). Must not do I/O.

use crate::model::MountInfo;
use crate::text::{Outside, Shared};

/// Parses all rows; rows that are not understood are left out and counted.
pub fn parse_mountinfo(bytes: &[u8]) -> (Vec<MountInfo>, usize) {
    let mut bad = 0;
    let mut rows = Vec::new();
    for line in bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        match parse_row(line) {
            Some(row) => rows.push(row),
            None => bad += 1,
        }
    }
    // Kept for as long as the container runs.
    rows.shrink_to_fit();
    (rows, bad)
}

fn parse_row(line: &[u8]) -> Option<MountInfo> {
    let mut fields = line.split(|b| *b == b' ');
    let device = plain(fields.nth(2)?);
    let root = unescape(fields.next()?);
    let mount_point = unescape(fields.next()?);
    let options = plain(fields.next()?);
    let mut propagation = String::new();
    loop {
        match fields.next()? {
            b"-" => break,
            tag => {
                let glue = if propagation.is_empty() { "" } else { " " };
                propagation.push_str(glue);
                propagation.push_str(&String::from_utf8_lossy(tag));
            }
        }
    }
    let fstype = plain(fields.next()?);
    let source = unescape(fields.next()?);
    let super_options = fields.next().map(plain).unwrap_or_default();
    let propagation = propagation.into();
    Some(MountInfo { device, root, mount_point, options, propagation, fstype, source, super_options })
}

fn plain(field: &[u8]) -> Shared {
    Shared::from(&*String::from_utf8_lossy(field))
}

/// Undoes the kernel's `\ooo` for space, tab, line feed, `#` and backslash.
fn unescape(field: &[u8]) -> Outside {
    let mut out = Vec::with_capacity(field.len());
    let mut at = 0;
    while at < field.len() {
        let digits = field.get(at + 1..at + 4).filter(|_| field[at] == b'\\');
        match digits.and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 4;
            }
            None => {
                out.push(field[at]);
                at += 1;
            }
        }
    }
    Outside::shared(&String::from_utf8_lossy(&out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_with_escapes_and_propagation() {
        let text = b"36 35 98:0 /etc /data\\040dir rw,noatime shared:1 master:2 - ext4 /dev/root rw,errors=continue\n\
            37 35 0:21 / /proc ro - proc proc\ngarbage\n";
        let (rows, bad) = parse_mountinfo(text);
        assert_eq!((rows.len(), bad), (2, 1));
        assert_eq!(rows[0].root, "/etc");
        assert_eq!(rows[0].mount_point, "/data dir");
        assert_eq!(rows[0].propagation, "shared:1 master:2");
        assert_eq!((rows[0].device.as_str(), rows[0].fstype.as_str()), ("98:0", "ext4"));
        assert_eq!(rows[1].super_options, "");
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = parse_mountinfo(&bytes);
            let _ = unescape(&bytes);
        }
    }
}
