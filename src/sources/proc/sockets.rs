//! Listening sockets of one network namespace: by sock_diag from within it where it may be entered, else from
//! `/proc/PID/net/{tcp,tcp6,udp,udp6}` (format: proc_pid_net(5)), which any user can read and which cost far more.
//!
//! The files are read row by row, and all rows but listeners are dropped at once: a namespace may hold 100 000
//! connections. Must not know containers; owners are another reading.

use super::files::process_gap;
use super::namespaces::namespace;
use super::{ProcRoot, diag, inside};
use crate::model::{Fact, Gap, GapKind, Listener, NsInode, NsKind, Pid, Proto, SocketScan};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// `TCP_LISTEN` and `TCP_CLOSE`; the latter is what an unconnected UDP socket shows.
const LISTEN: &[u8] = b"0A";
const UNCONNECTED: &[u8] = b"07";

/// Through which process a namespace is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The namespace bridgewatch runs in.
    Ourselves,
    /// That of a process.
    Process(Pid),
}

/// Reads the listeners of a namespace. Their owners are not looked for yet, see [`super::assign_owners`].
pub fn scan_listeners(root: &ProcRoot, netns: NsInode, via: Via) -> SocketScan {
    let (directory, pid) = match via {
        Via::Ourselves => (root.proc.join("self"), None),
        Via::Process(pid) => (root.proc.join(pid.0.to_string()), Some(pid)),
    };
    let listeners = inside::within(root, pid, netns, || diag::listeners(netns)).or_else(|_| read(&directory, netns));
    SocketScan { netns, listeners: listeners.map_or_else(Fact::gap, Fact::Known) }
}

fn read(directory: &Path, netns: NsInode) -> Result<Vec<Listener>, Gap> {
    let mut listeners = Vec::new();
    for (file, proto) in [("tcp", Proto::Tcp), ("tcp6", Proto::Tcp), ("udp", Proto::Udp), ("udp6", Proto::Udp)] {
        let path = directory.join("net").join(file);
        match read_table(&path, proto, netns, &mut listeners) {
            Ok(()) => {}
            // Without IPv6 in the kernel the second file of each kind is missing.
            Err(error) if file.ends_with('6') && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(process_gap(&path, &error)),
        }
    }
    // The process may have died or moved while its files were opened one by one.
    match namespace(directory, NsKind::Net) {
        Fact::Known(now) if now != netns => {
            Err(Gap::new(GapKind::Gone, format!("{} is in network namespace {now} by now", directory.display())))
        }
        _ => Ok(listeners),
    }
}

fn read_table(path: &Path, proto: Proto, netns: NsInode, out: &mut Vec<Listener>) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(64 * 1024, File::open(path)?);
    let mut row = Vec::with_capacity(256);
    while reader.read_until(b'\n', &mut row)? > 0 {
        out.extend(parse_row(&row, proto, netns));
        row.clear();
    }
    Ok(())
}

/// A row that is a listener; none for the heading, for other states and for what is not understood.
fn parse_row(row: &[u8], proto: Proto, netns: NsInode) -> Option<Listener> {
    let mut fields = row.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let local = fields.nth(1)?;
    let remote = fields.next()?;
    let state = fields.next()?;
    let listens = match proto {
        Proto::Udp => state == UNCONNECTED && remote.iter().all(|b| matches!(b, b'0' | b':')),
        _ => state == LISTEN,
    };
    if !listens {
        return None;
    }
    let (addr, port) = endpoint(std::str::from_utf8(local).ok()?)?;
    let number = |field: &[u8]| std::str::from_utf8(field).ok()?.parse::<u64>().ok();
    let uid = fields.nth(3).and_then(number)?;
    let inode = fields.nth(1).and_then(number)?;
    let owner = Fact::default();
    Some(Listener { netns, proto, addr, port, v6_only: None, inode, uid: u32::try_from(uid).ok()?, owner })
}

/// `0100007F:0050`: each group of four bytes is printed as a number in the machine's order, the port as it is.
fn endpoint(text: &str) -> Option<(IpAddr, u16)> {
    let (addr, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| u32::from_str_radix(addr.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    match addr.len() {
        8 => Some((IpAddr::V4(Ipv4Addr::from(word(0)?)), port)),
        32 => {
            let mut bytes = [0; 16];
            for n in 0..4 {
                bytes[n * 4..n * 4 + 4].copy_from_slice(&word(n * 8)?);
            }
            let addr = Ipv6Addr::from(bytes);
            // A socket of family IPv6 bound to a mapped address takes that IPv4 address only.
            Some((addr.to_ipv4_mapped().map_or(IpAddr::V6(addr), IpAddr::V4), port))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;
    use proptest::prelude::*;

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    const TCP: &str = "   0: 0B00007F:9A3B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5011 1 x\n   \
        1: 020012AC:0050 030012AC:C350 01 00000000:00000000 00:00000000 00000000     0        0 5012 1 x\n";
    const TCP6: &str = "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A \
        00000000:00000000 00:00000000 00000000   101        0 5013 1 x\n   \
        1: 0000000000000000FFFF0000020012AC:1F90 00000000000000000000000000000000:0000 0A \
        00000000:00000000 00:00000000 00000000     0        0 5014 1 x\n   \
        2: 000080FE00000000FF005450B6AA84FE:0016 00000000000000000000000000000000:0000 0A \
        00000000:00000000 00:00000000 00000000     0        0 5017 1 x\n";
    const UDP: &str = "  9: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5015 2 x 0\n \
        10: 020012AC:8000 08080808:0035 01 00000000:00000000 00:00000000 00000000     0        0 5016 2 x 0\n";

    #[test]
    fn k18_every_address_form() {
        let host = Fixture::new();
        host.file("proc/7/net/tcp", format!("{HEAD}{TCP}"))
            .file("proc/7/net/tcp6", format!("{HEAD}{TCP6}"))
            .file("proc/7/net/udp", format!("{HEAD}{UDP}"))
            .link("proc/7/ns/net", "net:[5]");
        let scan = scan_listeners(&host.root(), NsInode(5), Via::Process(Pid(7)));
        let rows: Vec<String> = scan
            .listeners
            .known()
            .expect("listeners")
            .iter()
            .map(|l| format!("{} {} {} {} {}", l.proto, l.addr, l.port, l.inode, l.uid))
            .collect();
        assert_eq!(
            rows,
            [
                "tcp 127.0.0.11 39483 5011 0",
                "tcp :: 80 5013 101",
                "tcp 172.18.0.2 8080 5014 0",
                "tcp fe80::5054:ff:fe84:aab6 22 5017 0",
                "udp 0.0.0.0 53 5015 0"
            ]
        );
    }

    #[test]
    fn k06_a_process_in_another_namespace_by_now_tells_nothing() {
        let host = Fixture::new();
        host.file("proc/7/net/tcp", HEAD).file("proc/7/net/udp", HEAD).link("proc/7/ns/net", "net:[6]");
        let scan = scan_listeners(&host.root(), NsInode(5), Via::Process(Pid(7)));
        assert_eq!(scan.listeners.why().map(|gap| gap.kind), Some(GapKind::Gone));
        let scan = scan_listeners(&host.root(), NsInode(5), Via::Process(Pid(8)));
        assert_eq!(scan.listeners.why().map(|gap| gap.kind), Some(GapKind::Gone));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..256), text in "[0-9A-F:é]{0,48}") {
            let _ = parse_row(&bytes, Proto::Tcp, NsInode(1));
            let _ = endpoint(&text);
        }
    }
}
