//! The sysctl values that views and checks read, by dotted name.
//!
//! `/proc/sys/net` shows the network namespace of the thread that reads. Must not know what a value means.

use super::ProcRoot;
use super::files::{kernel_gap, read_text};
use crate::model::Fact;
use std::collections::BTreeMap;

/// Names without an interface in them.
const NAMES: [&str; 22] = [
    "net.ipv4.ip_forward",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv6.conf.all.forwarding",
    "net.ipv6.conf.default.forwarding",
    "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.bindv6only",
    "net.bridge.bridge-nf-call-iptables",
    "net.bridge.bridge-nf-call-ip6tables",
    "net.bridge.bridge-nf-call-arptables",
    "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_acct",
    "kernel.unprivileged_bpf_disabled",
    "kernel.kexec_load_disabled",
    "kernel.dmesg_restrict",
    "kernel.kptr_restrict",
    "kernel.core_pattern",
    "kernel.perf_event_paranoid",
    "kernel.yama.ptrace_scope",
    "kernel.pid_max",
    "vm.unprivileged_userfaultfd",
    "user.max_user_namespaces",
];

/// Values below `net.ipv4.conf.INTERFACE`, read for `all`, `default` and each interface.
const PER_INTERFACE: [&str; 2] = ["route_localnet", "rp_filter"];
/// Interfaces whose values are read; beyond that the host is a router of its own kind.
const MAX_INTERFACES: usize = 512;

/// Reads them all. A value that this kernel does not have (or whose module is not loaded, as with `net.bridge`) is
/// [`crate::model::GapKind::Unsupported`].
pub fn sysctls(root: &ProcRoot) -> BTreeMap<String, Fact<String>> {
    let mut values: BTreeMap<String, Fact<String>> =
        NAMES.into_iter().map(|name| (name.to_owned(), value(root, &name.replace('.', "/")))).collect();
    let directory = root.proc.join("sys/net/ipv4/conf");
    let interfaces = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = interfaces.filter_map(|entry| entry.file_name().into_string().ok());
    // Ports of bridges and the inner ends of containers come in hundreds; a veth takes no routed traffic of its own.
    for interface in names.filter(|name| !name.starts_with("veth")).take(MAX_INTERFACES) {
        for last in PER_INTERFACE {
            // An interface's name may hold dots, so the path is not made from the dotted name.
            let path = format!("net/ipv4/conf/{interface}/{last}");
            values.insert(format!("net.ipv4.conf.{interface}.{last}"), value(root, &path));
        }
    }
    values
}

fn value(root: &ProcRoot, path: &str) -> Fact<String> {
    let path = root.proc.join("sys").join(path);
    match read_text(&path, 4096) {
        Ok(text) => Fact::Known(text.replace('\t', " ")),
        Err(error) => Fact::gap(kernel_gap(&path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GapKind;
    use crate::sources::proc::fixture::Fixture;

    #[test]
    fn a_missing_module_is_not_zero_and_interfaces_with_dots_are_read() {
        let host = Fixture::new();
        host.file("proc/sys/net/ipv4/ip_forward", "1\n")
            .file("proc/sys/net/ipv4/conf/eth0.100/route_localnet", "1\n")
            .file("proc/sys/net/ipv4/conf/all/route_localnet", "0\n");
        let seen = sysctls(&host.root());
        assert_eq!(seen["net.ipv4.ip_forward"], Fact::Known("1".to_owned()));
        assert_eq!(seen["net.ipv4.conf.eth0.100.route_localnet"], Fact::Known("1".to_owned()));
        assert_eq!(seen["net.ipv4.conf.all.route_localnet"], Fact::Known("0".to_owned()));
        let bridge = &seen["net.bridge.bridge-nf-call-iptables"];
        assert_eq!(bridge.why().map(|gap| gap.kind), Some(GapKind::Unsupported));
    }
}
