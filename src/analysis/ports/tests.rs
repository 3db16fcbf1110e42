//! Ports of small hosts.

use super::*;
use crate::analysis::testing::{HOST, Lab, docker_nat, every_mode, p};
use crate::model::{Config, NetworkMode, NsInode, PublishedPort, State};

fn publish(lab: &mut Lab, name: &str, host: &str, host_port: u16, container_port: u16) {
    let container = lab.containers.iter_mut().find(|c| c.name == name).expect("a container");
    container.ports.push(PublishedPort {
        proto: Proto::Tcp,
        container_port,
        host_ip: Some(p(host)),
        host_port: Some(host_port),
    });
}

fn built(lab: &Lab) -> Vec<PortRow> {
    let snapshot = lab.snapshot();
    build(&snapshot, &Wiring::build(&snapshot))
}

fn row<'a>(rows: &'a [PortRow], name: &str, host_ip: Option<&str>, port: u16) -> &'a PortRow {
    let ip = host_ip.map(p::<IpAddr>);
    rows.iter()
        .find(|r| r.name == name && r.host_ip == ip && (r.host_port == Some(port) || r.container_port == Some(port)))
        .unwrap_or_else(|| panic!("no row {name} {host_ip:?} {port} in {rows:#?}"))
}

#[test]
fn k18_each_binding_is_a_row_and_v6_goes_by_the_proxy_only() {
    let mut lab = every_mode();
    publish(&mut lab, "web", "0.0.0.0", 8080, 80);
    publish(&mut lab, "web", "::", 8080, 80);
    lab.proxy(51, ("0.0.0.0", 8080), ("172.17.0.2", 80));
    lab.proxy(52, ("::", 8080), ("172.17.0.2", 80));
    lab.listen(NsInode(201), "::", 80, Some((900, "httpd")));
    lab.listen(HOST, "0.0.0.0", 8080, Some((51, "docker-proxy")));
    lab.listen(HOST, "::", 8080, Some((52, "docker-proxy")));
    let rows = built(&lab);
    assert_eq!(rows.len(), 2, "{rows:#?}");
    let v4 = row(&rows, "web", Some("0.0.0.0"), 8080);
    assert_eq!((v4.dnat.get(), v4.proxy_pid.get()), (Some(true), Some(Some(Pid(51)))));
    assert_eq!(v4.exposure, Exposure::AllInterfaces);
    assert_eq!(v4.listener.known().and_then(|l| l.clone()).expect("httpd").pid, Pid(900));
    assert_eq!(v4.network.as_ref().map(|n| n.raw()), Some("bridge"));
    assert_eq!(v4.shared_with.len(), 1, "sidecar is in the same namespace");
    let v6 = row(&rows, "web", Some("::"), 8080);
    assert_eq!((v6.dnat.get(), v6.proxy_pid.get()), (Some(false), Some(Some(Pid(52)))));
    assert_eq!(v6.container_ip, Some(p("172.17.0.2")));
    assert!(v4.conflicts.is_empty() && v6.conflicts.is_empty());
}

#[test]
fn a_service_on_its_own_loopback_is_not_reached_by_what_is_published() {
    let mut lab = every_mode();
    publish(&mut lab, "db", "127.0.0.1", 5432, 5432);
    lab.listen(NsInode(202), "127.0.0.1", 5432, Some((7, "pg")));
    let rows = built(&lab);
    let db = row(&rows, "db", Some("127.0.0.1"), 5432);
    assert!(db.listens_on_loopback_only);
    assert_eq!(db.exposure, Exposure::Loopback);
    assert_eq!(db.container_ip, Some(p("172.18.0.2")), "the rule tells which of two networks");
    assert_eq!(db.network.as_ref().map(|n| n.raw()), Some("n1"));
}

#[test]
fn k17_unread_rules_and_unread_proxies_are_unknown() {
    let mut lab = every_mode();
    publish(&mut lab, "web", "0.0.0.0", 8080, 80);
    lab.firewall = Fact::default();
    lab.host.daemon = Fact::default();
    let rows = built(&lab);
    let web = row(&rows, "web", Some("0.0.0.0"), 8080);
    assert!(web.dnat.known().is_none() && web.proxy_pid.known().is_none() && web.listener.known().is_none());
}

#[test]
fn t07_a_port_that_is_taken_names_its_holder() {
    let mut lab = every_mode();
    lab.listen(HOST, "::", 8081, Some((812, "nginx")));
    lab.container("late", None);
    lab.kernel.pop();
    let wants = PublishedPort { proto: Proto::Tcp, container_port: 80, host_ip: None, host_port: Some(8081) };
    let late = lab.last();
    late.state = State::Created;
    late.error = "listen tcp4 0.0.0.0:8081: bind: address already in use".into();
    late.config = Fact::Known(Arc::new(Config { port_bindings: vec![wants], ..Config::default() }));
    let rows = built(&lab);
    let late = row(&rows, "late", None, 8081);
    assert!(late.is_wanted_only);
    assert_eq!(late.conflicts.len(), 1);
    assert_eq!(late.conflicts[0].holder.raw(), "host process nginx (pid 812)");
    assert_eq!(late.conflicts[0].pid, Some(Pid(812)));
    let nginx = row(&rows, "nginx", Some("::"), 8081);
    assert_eq!(nginx.conflicts[0].holder.raw(), "container late");
    assert_eq!(nginx.exposure, Exposure::AllInterfaces);
}

#[test]
fn a_process_beside_a_published_port_is_a_conflict_only_where_addresses_meet() {
    let mut lab = every_mode();
    publish(&mut lab, "web", "127.0.0.1", 8080, 80);
    lab.listen(HOST, "192.0.2.10", 8080, Some((812, "nginx")));
    assert!(built(&lab).iter().all(|r| r.conflicts.is_empty()));
    lab.listen(HOST, "0.0.0.0", 8080, Some((813, "apache")));
    let rows = built(&lab);
    let web = row(&rows, "web", Some("127.0.0.1"), 8080);
    assert_eq!(web.conflicts.iter().map(|c| c.pid).collect::<Vec<_>>(), [Some(Pid(813))]);
}

#[test]
fn k14_the_engines_resolver_is_not_blamed_on_the_container() {
    let mut lab = every_mode();
    lab.listen(NsInode(202), "127.0.0.11", 39000, Some((1, "dockerd")));
    lab.listen(NsInode(202), "::ffff:172.19.0.2", 6379, Some((77, "redis")));
    let rows = built(&lab);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].exposure, Exposure::Unpublished);
    assert_eq!(rows[0].listens_on, Some(p("172.19.0.2")), "a v4-mapped address is shown as what it is");
    assert_eq!(rows[0].network.as_ref().map(|n| n.raw()), Some("n2"));
}

#[test]
fn a_listener_on_the_hosts_network_is_the_containers_when_the_process_is() {
    let mut lab = every_mode();
    let pid = lab.kernel.iter().position(|k| k.id == lab.containers[3].id).expect("agent");
    lab.kernel[pid].pid = Pid(700);
    lab.listen(HOST, "::", 9100, Some((700, "httpd")));
    lab.listen(HOST, "127.0.0.1", 631, None);
    let rows = built(&lab);
    let agent = row(&rows, "agent", Some("::"), 9100);
    assert_eq!((agent.exposure, agent.network.as_ref().map(|n| n.raw())), (Exposure::AllInterfaces, Some("host")));
    let other = rows.last().expect("the host's");
    assert_eq!(other.container, None);
    assert!(other.listener.known().is_none(), "a socket without a visible holder is not nobody");
}

#[test]
fn a_port_that_the_engine_discards_is_wanted_only() {
    let mut lab = every_mode();
    let wants = PublishedPort { proto: Proto::Tcp, container_port: 80, host_ip: None, host_port: Some(80) };
    let agent = lab.containers.iter_mut().find(|c| c.network_mode == NetworkMode::Host).expect("agent");
    agent.config = Fact::Known(Arc::new(Config { port_bindings: vec![wants], ..Config::default() }));
    let rows = built(&lab);
    assert!(row(&rows, "agent", None, 80).is_wanted_only);
}

#[test]
fn rules_read_in_another_namespace_say_nothing_of_the_engines_ports() {
    let mut lab = every_mode();
    publish(&mut lab, "web", "0.0.0.0", 8080, 80);
    lab.firewall = Fact::Known(Arc::new(docker_nat()));
    if let Fact::Known(daemon) = &mut lab.host.daemon {
        daemon.net_ns = Fact::Known(NsInode(999));
    }
    assert!(built(&lab)[0].dnat.known().is_none());
}

#[test]
fn keys_are_unique() {
    let mut lab = every_mode();
    publish(&mut lab, "web", "0.0.0.0", 8080, 80);
    publish(&mut lab, "web", "::", 8080, 80);
    for addr in ["127.0.0.1", "172.19.0.2", "::1", "172.19.0.2"] {
        lab.listen(NsInode(202), addr, 53, None);
    }
    let rows = built(&lab);
    let keys: std::collections::BTreeSet<_> = rows.iter().map(|r| r.key.clone()).collect();
    assert_eq!(keys.len(), rows.len());
}
