//! Processes that carry a published port in user space: `docker-proxy`, one for each port and address family.
//!
//! What they serve is read from their command lines. Must not know the engine's own list of ports.

use super::ProcRoot;
use super::files::read_head;
use super::process::{all_pids, arguments, read_stat, require_whole};
use super::status::parse_status;
use crate::model::{Gap, GapKind, Pid, Proto, Proxy};
use std::net::IpAddr;

/// All proxies that `daemon` started, or all of this pid namespace when the daemon is not known. Names and command
/// lines can be forged; the parent can't.
///
/// # Errors
/// When procfs hides processes, or a proxy's command line can't be read.
pub fn proxies(root: &ProcRoot, daemon: Option<Pid>) -> Result<Vec<Proxy>, Gap> {
    require_whole(root)?;
    let mut found = Vec::new();
    for pid in all_pids(root)? {
        let Ok(stat) = read_stat(root, pid) else { continue };
        let ppid = Pid(stat.ppid);
        if stat.comm != b"docker-proxy" || daemon.is_some_and(|daemon| daemon != ppid) {
            continue;
        }
        if daemon.is_none() && !is_in_our_pid_namespace(root, pid) {
            continue;
        }
        match arguments(root, pid) {
            Ok(args) => {
                let args: Vec<&str> = args.iter().map(|arg| arg.raw()).collect();
                found.extend(parse_proxy(&args, pid, ppid));
            }
            Err(gap) if gap.kind == GapKind::Gone => {}
            Err(gap) => return Err(gap),
        }
    }
    Ok(found)
}

fn is_in_our_pid_namespace(root: &ProcRoot, pid: Pid) -> bool {
    let status = read_head(&root.of(pid, "status"), 16 * 1024).ok().and_then(|bytes| parse_status(&bytes));
    status.is_some_and(|status| status.ns_pids.len() <= 1)
}

/// Reads a proxy's command line, e.g. `docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip
/// 172.17.0.2 -container-port 80`; also with two dashes, with `=`, and with options this version does not know.
/// None when one of the six is missing or not understood.
pub fn parse_proxy(args: &[&str], pid: Pid, ppid: Pid) -> Option<Proxy> {
    let value = |name: &str| {
        let mut args = args.iter().skip(1);
        while let Some(arg) = args.next() {
            let Some(option) = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')) else { continue };
            match option.split_once('=') {
                Some((key, value)) if key == name => return Some(value),
                None if option == name => return args.next().copied(),
                _ => {}
            }
        }
        None
    };
    let ip = |name| value(name)?.parse::<IpAddr>().ok();
    let port = |name| value(name)?.parse::<u16>().ok();
    Some(Proxy {
        pid,
        ppid,
        proto: Proto::parse(value("proto")?)?,
        host_ip: ip("host-ip")?,
        host_port: port("host-port")?,
        container_ip: ip("container-ip")?,
        container_port: port("container-port")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;

    const ARGS: [&str; 11] = [
        "/usr/bin/docker-proxy",
        "-proto",
        "tcp",
        "-host-ip",
        "::",
        "-host-port",
        "8080",
        "-container-ip",
        "172.17.0.2",
        "-container-port",
        "80",
    ];

    #[test]
    fn both_styles_of_options() {
        let proxy = parse_proxy(&ARGS, Pid(7), Pid(1)).expect("a proxy");
        assert_eq!((proxy.host_ip.to_string().as_str(), proxy.host_port, proxy.container_port), ("::", 8080, 80));
        let new = "docker-proxy --proto=udp -use-listen-fd -host-ip=127.0.0.1 -host-port 53 -container-ip fd00::2 \
            -container-port=5353";
        let new: Vec<&str> = new.split_ascii_whitespace().collect();
        let proxy = parse_proxy(&new, Pid(7), Pid(1)).expect("a proxy");
        assert_eq!((proxy.proto, proxy.container_ip.to_string().as_str()), (Proto::Udp, "fd00::2"));
        assert_eq!(parse_proxy(&ARGS[..9], Pid(7), Pid(1)), None);
    }

    #[test]
    fn a_forged_proxy_in_a_container_is_not_the_daemons() {
        let host = Fixture::new();
        host.process(1, 0, b"init", &[])
            .process(20, 10, b"docker-proxy", &ARGS)
            .process(21, 15, b"docker-proxy", &ARGS)
            .file("proc/21/status", "Name:\tx\nUid:\t0\t0\t0\t0\nNSpid:\t21\t4\n");
        let pids = |daemon| proxies(&host.root(), daemon).expect("proxies").iter().map(|p| p.pid).collect::<Vec<_>>();
        assert_eq!(pids(Some(Pid(10))), [Pid(20)]);
        assert_eq!(pids(None), [Pid(20)]);
    }

    #[test]
    fn k01_a_procfs_that_hides_processes_is_not_one_without_proxies() {
        assert_eq!(proxies(&Fixture::new().root(), None).expect_err("hidden").kind, GapKind::Permission);
    }
}
