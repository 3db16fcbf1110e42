//! Answers that another tool is known to give wrong, each under the CIS id it gives them for. What is right is in the
//! tests of the checks too; here they stand as one list.

use super::testing::*;
use super::{Auditor, Status, check};
use crate::model::{Fact, Locality, NetworkMode, Pid, Proto, Proxy};

fn is(cis: &str, id: &str, host: Host, expected: Status) {
    let verdict = host.ask(check(id).expect("a check"));
    assert_eq!(verdict.status(), expected, "CIS {cis}, {id}: {verdict:?}");
}

fn mounted(source: &str, at: &str, rw: bool) -> Host {
    one(container().config(|c| c.mounts = vec![bind(source, at, rw)]))
}

fn option(text: &str) -> Host {
    one(container().stopped().config(|c| c.security_opt = vec![text.into()]))
}

#[test]
fn settings_are_those_of_this_daemon() {
    let proxy = Proxy {
        pid: Pid(7),
        ppid: Pid(500),
        proto: Proto::Tcp,
        host_ip: [0, 0, 0, 0].into(),
        host_port: 80,
        container_ip: [172, 17, 0, 2].into(),
        container_port: 80,
    };
    // 2.16 passed on another daemon's flags while this one's proxies ran.
    let host = Host::new().arg("--userland-proxy=false").daemon(|d| d.proxies = Fact::Known(vec![proxy]));
    is("2.16", "BW-D-017", host, Warn);
    let elsewhere = || Host::new().facts(|h| h.locality = Locality::Unproven { reason: "tcp".into() });
    is("2.14", "BW-D-015", elsewhere(), Unknown);
    is("2.4", "BW-D-004", elsewhere(), Unknown);
    // A key with the value null is not set.
    let null = serde_json::json!({"no-new-privileges": null});
    is("2.14", "BW-D-015", Host::new().daemon(|d| d.config_file = Fact::Known(Some(("f".into(), null)))), Warn);
}

#[test]
fn root_is_root_by_every_name() {
    for user in ["0:0", "root", "root:root", ""] {
        is("4.1", "BW-R-001", one(container().stopped().config(|c| c.user = user.into())), Fail);
    }
}

#[test]
fn a_host_without_a_security_module_is_one_finding() {
    let hosts = (0..8).fold(Host::new(), |host, n| host.and(named(&format!("c{n}"))));
    let audit = Auditor::once(&hosts.facts(|h| h.lsm = Fact::Known(vec![])).0, false);
    let of = |id: &str| audit.findings.iter().filter(|f| f.id == id).count();
    assert_eq!((of("BW-H-022"), of("BW-R-002"), of("BW-R-003")), (1, 0, 0));
}

#[test]
fn a_security_option_counts_for_what_it_says() {
    is("5.3", "BW-R-003", option("seccomp=unconfined"), Na);
    is("5.26", "BW-R-029", option("no-new-privileges=false"), Fail);
    is("5.22", "BW-R-025", one(container().process(|p| p.seccomp = Some(0))), Fail);
    is("5.22", "BW-R-025", one(container().stopped().config(|c| c.privileged = true)), Fail);
}

#[test]
fn host_paths_are_found_by_what_they_are() {
    is("5.6", "BW-R-009", mounted("/etc/ssh", "/x", true), Fail);
    is("5.6", "BW-R-009", mounted("/", "/x", false), Fail);
    is("5.6", "BW-R-009", mounted("/srv/app", "/etc", true), Pass);
    is("5.32", "BW-R-010", mounted("/var/run", "/x", true), Fail);
}

#[test]
fn sshd_is_found_in_an_image_without_ps() {
    is("5.7", "BW-R-011", one(container().also(|p| p.comm = "sshd".into())), Fail);
}

#[test]
fn ports_are_counted_as_they_are() {
    let published = |ip: &str, on| one(container().container(|c| c.ports = vec![port(ip, on, 80)]));
    is("5.8", "BW-R-012", published("0.0.0.0", 1024), Pass);
    is("5.8", "BW-R-012", published("::", 1023), Warn);
    is(
        "5.9",
        "BW-R-013",
        published("0.0.0.0", 80).snapshot(|s| {
            s.containers = one(container().config(|c| c.exposed_ports = vec![(80, Proto::Tcp)])).0.containers;
        }),
        Pass,
    );
    is("5.14", "BW-N-001", published("::", 8080), Fail);
}

#[test]
fn limits_and_policies_are_read_whole() {
    is("5.12", "BW-R-016", one(container().config(|c| c.cpu_quota_us = 1)), Pass);
    is("5.15", "BW-R-018", one(container().config(|c| c.restart_policy.name = "always".into())), Warn);
    let task = |c: &mut crate::model::Container| {
        c.labels.insert("com.docker.swarm.service.id".into(), "x".into());
    };
    is(
        "5.15",
        "BW-R-018",
        one(container().container(task).config(|c| c.restart_policy.name = "always".into())),
        Unknown,
    );
}

#[test]
fn without_remapping_nobody_passes_for_it() {
    is("5.31", "BW-R-033", one(container()), Na);
    is("2.9", "BW-D-010", Host::new(), Warn);
}

#[test]
fn the_default_bridge_is_asked_and_not_the_file() {
    let file = serde_json::json!({"icc": false});
    is("2.2", "BW-D-002", Host::new().daemon(|d| d.config_file = Fact::Known(Some(("f".into(), file)))), Warn);
}

#[test]
fn publications_in_the_host_network_are_said_to_be_discarded() {
    let host = one(container().config(|c| c.port_bindings = vec![port("0.0.0.0", 80, 80)]).container(|c| {
        c.network_mode = NetworkMode::Host;
    }));
    is("-", "BW-N-037", host, Warn);
}
