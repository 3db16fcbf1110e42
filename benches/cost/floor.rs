//! The reference: what it costs to read the same counters, and nothing else. No parsing, no screen.
//!
//! The code here is not bridgewatch's on purpose: the yardstick must not change with what it measures.

use bridgewatch::model::{CgroupVersion, Pid};
use bridgewatch::sources::cgroup::{CgroupPaths, Layout, discover};
use bridgewatch::sources::proc::ProcRoot;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Reads five files of each container through kept descriptors and dumps the interfaces' counters, once a second,
/// until it is killed.
///
/// # Errors
/// A file or the socket can't be opened.
pub fn run() -> Result<(), String> {
    let mut files = Vec::new();
    let layout = Layout::read(&ProcRoot::default()).map_err(|gap| gap.reason)?;
    for found in discover(&layout).map_err(|e| e.to_string())? {
        let Some(pid) = found.pid else { continue };
        let Ok(paths) = layout.paths_of(&ProcRoot::default(), Pid(pid)) else { continue };
        for path in five(&layout, &paths) {
            files.push(File::open(&path).map_err(|e| format!("open {}: {e}", path.display()))?);
        }
    }
    let mut socket = Socket::new(NETLINK_ROUTE).map_err(|e| format!("open a netlink socket: {e}"))?;
    socket.bind_auto().map_err(|e| format!("bind a netlink socket: {e}"))?;
    let mut buffer = vec![0u8; 64 * 1024];
    let mut next = Instant::now();
    loop {
        for file in &files {
            let _ = file.read_at(&mut buffer, 0);
        }
        dump(&socket).map_err(|e| format!("dump the counters: {e}"))?;
        next += Duration::from_secs(1);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

fn five(layout: &Layout, paths: &CgroupPaths) -> Vec<PathBuf> {
    if layout.version() == CgroupVersion::V2 {
        let dir = paths.get("").and_then(|p| layout.v2_dir(p));
        return ["cpu.stat", "memory.current", "memory.stat", "io.stat", "pids.current"]
            .iter()
            .filter_map(|name| Some(dir.as_ref()?.join(name)))
            .collect();
    }
    [
        ("cpuacct", "cpuacct.usage"),
        ("memory", "memory.usage_in_bytes"),
        ("memory", "memory.stat"),
        ("blkio", "blkio.throttle.io_service_bytes_recursive"),
        ("pids", "pids.current"),
    ]
    .iter()
    .filter_map(|(controller, name)| Some(layout.v1_dir(controller, paths.get(*controller)?)?.join(name)))
    .collect()
}

/// `RTM_GETSTATS` with `IFLA_STATS_LINK_64`: a header of 16 bytes, then `struct if_stats_msg` of 12.
fn dump(socket: &Socket) -> std::io::Result<()> {
    let mut request = [0u8; 28];
    request[..4].copy_from_slice(&28u32.to_ne_bytes());
    request[4..6].copy_from_slice(&94u16.to_ne_bytes());
    request[6..8].copy_from_slice(&0x301u16.to_ne_bytes());
    request[24..].copy_from_slice(&1u32.to_ne_bytes());
    socket.send_to(&request, &SocketAddr::new(0, 0), 0)?;
    let mut buffer = Vec::with_capacity(64 * 1024);
    loop {
        buffer.clear();
        socket.recv_from(&mut buffer, 0)?;
        // The end of a dump is the last message of its datagram, alone or behind others: its type is 3.
        let mut at = 0;
        while let Some(header) = buffer.get(at..at + 8) {
            let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
            if matches!(u16::from_ne_bytes([header[4], header[5]]), 2 | 3) || length < 16 {
                return Ok(());
            }
            at += length.next_multiple_of(4);
        }
    }
}
