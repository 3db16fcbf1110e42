//! Captured answers in, facts out. The captures are of engines 20.10 (API 1.41) and 26.1 (1.45); what
//! newer versions write differently is written here.

use super::*;
use crate::model::{Fact, NetworkMode, Pid, Proto, State};
use proptest::prelude::*;

macro_rules! captured {
    (26, $name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../../tests/captured/engine-1.45/", $name, ".json")))
            .expect("the capture is JSON")
    };
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../../tests/captured/engine-1.41/", $name, ".json")))
            .expect("the capture is JSON")
    };
}

#[test]
fn a_row_tells_name_state_health_and_addresses_and_no_more() {
    let list = captured!("list");
    let rows: Vec<_> = list.as_array().expect("a list").iter().filter_map(container_row).collect();
    let row = |name: &str| rows.iter().find(|row| row.name == name).expect("a row");
    assert_eq!(row("sick").health.as_ref().expect("health").status, "unhealthy");
    assert_eq!(row("done3").exit_code, Some(3));
    assert_eq!(row("crashloop").state, State::Restarting);
    assert_eq!(row("agent").network_mode, NetworkMode::Host);
    let api = row("api");
    assert_eq!(api.compose.as_ref().expect("compose").project, "shop");
    assert_eq!(api.endpoints.len(), 2);
    assert_eq!(api.endpoints[1].ipv4.expect("address").to_string(), "172.18.0.2/16");
    assert_eq!(api.ports[0].host_ip.expect("bound").to_string(), "192.0.2.10");
    assert!(api.config.known().is_none() && api.restart_count.known().is_none() && api.pid.is_none());
}

#[test]
fn an_inspect_tells_the_whole() {
    let api = container(&captured!("api")).expect("a container");
    assert_eq!((api.name.raw(), &api.state, api.pid), ("api", &State::Running, Some(Pid(26675))));
    assert_eq!(api.finished_at, None, "the year 1 is never");
    assert_eq!(api.restart_count, Fact::Known(0));
    assert_eq!(api.status, "Up");
    let config = api.config.known().expect("config");
    assert_eq!(config.network_mode, "front");
    assert!(config.masked_paths.as_ref().is_some_and(|paths| paths.contains(&"/proc/kcore".to_owned())));
    assert_eq!(config.port_bindings.len(), 1);
    assert!(config.sandbox_key.is_some());
    assert_eq!(config.log_driver, "json-file");
    assert!(config.exposed_ports.is_empty() || config.exposed_ports[0].1 == Proto::Tcp);
}

#[test]
fn both_families_are_published_and_a_wildcard_is_an_address() {
    let six = container(&captured!("six-node")).expect("a container");
    let ips: Vec<String> = six.ports.iter().filter_map(|port| port.host_ip).map(|ip| ip.to_string()).collect();
    assert_eq!(ips, ["0.0.0.0", "::"]);
    let asked = &six.config.known().expect("config").port_bindings;
    assert_eq!(asked[0].host_ip.expect("wildcard").to_string(), "0.0.0.0");
}

#[test]
fn a_start_that_failed_says_why() {
    let conflict = container(&captured!("conflict")).expect("a container");
    assert_eq!((&conflict.state, conflict.exit_code), (&State::Created, Some(128)));
    assert!(conflict.error.raw().contains("address already in use"));
    assert_eq!((conflict.started_at, conflict.pid), (None, None));
    assert!(conflict.ports.is_empty());
    assert_eq!(conflict.config.known().expect("config").port_bindings[0].host_port, Some(8081));
    let looping = container(&captured!("crashloop")).expect("a container");
    assert_eq!((&looping.state, looping.pid, looping.exit_code), (&State::Restarting, None, Some(1)));
    assert_eq!(looping.config.known().expect("config").sandbox_key, None, "an old path leads elsewhere");
}

#[test]
fn health_keeps_the_last_probe() {
    let sick = container(&captured!("sick")).expect("a container");
    let health = sick.health.expect("health");
    assert_eq!(health.status, "unhealthy");
    assert!(health.failing_streak.expect("a streak") >= 2 && health.last_at.is_some());
    let check = sick.config.known().expect("config").healthcheck.clone().expect("a check");
    assert_eq!((check.test[1].raw(), check.interval_ns, check.retries), ("false", 2_000_000_000, 2));
    assert_eq!(health_word("Up 5 minutes (healthy)"), Some("healthy"));
    assert_eq!(health_word("Up 5 minutes (unhealthy)"), Some("unhealthy"));
    assert_eq!(health_word("Up 2 seconds (health: starting)"), Some("starting"));
    assert_eq!(health_word("Up 5 minutes (Paused)"), None);
}

#[test]
fn networks_have_members_only_when_inspected() {
    let list = captured!("networks");
    let front = list.as_array().expect("a list").iter().filter_map(network_row).find(|n| n.name == "front");
    assert!(front.expect("front").members.known().is_none());
    let front = network(&captured!("front")).expect("a network");
    let members = front.members.known().expect("members");
    assert_eq!((members[0].name.raw(), members[0].ipv4.expect("address").prefix), ("api", 16));
    assert_eq!(front.pools[0].gateway.expect("gateway").to_string(), "172.18.0.1");
    assert_eq!(front.device().as_deref(), Some("br-7683b211e52d"));
}

#[test]
fn the_engine_is_described() {
    let engine = engine(&captured!("version"), &captured!("info"));
    assert_eq!((engine.product.as_str(), engine.api_version.as_str()), ("Docker", "1.41"));
    assert!(engine.version.starts_with("20.10") && !engine.id.is_empty());
    assert!(engine.security_options.iter().any(|option| option.starts_with("name=seccomp")));
    let podman = host::engine(
        &json!({"Components": [{"Name": "Podman Engine", "Version": "5.2.0"}], "ApiVersion": "1.41"}),
        &json!({"ID": "made up anew at every answer"}),
    );
    assert_eq!((podman.product.as_str(), podman.id.as_str()), ("Podman", ""));
}

#[test]
fn an_exec_is_read_with_its_container() {
    let (container, exec) = exec(&captured!("exec")).expect("an exec");
    assert_eq!(container.short(), "2edfe4656ff5");
    assert_eq!((exec.command.raw(), exec.user.raw(), exec.running, exec.pid), ("sleep 3", "0", true, Some(Pid(8096))));
}

#[test]
fn api_1_45_tells_names_and_privilege() {
    let web = container(&captured!(26, "web")).expect("a container");
    let dns: Vec<&str> = web.endpoints[0].dns_names.iter().map(|name| name.raw()).collect();
    assert_eq!(dns, ["web", web.id.short()]);
    assert!(web.endpoints[0].ipv6.is_some_and(|cidr| cidr.prefix == 64));
    assert_eq!((web.health.as_ref().expect("health").status.as_str(), web.status.raw()), ("healthy", "Up (healthy)"));
    let config = web.config.known().expect("config");
    assert_eq!((config.cgroupns_mode.as_str(), config.apparmor_profile.as_str()), ("private", "docker-default"));
    let privileged = container(&captured!(26, "priv")).expect("a container");
    let config = privileged.config.known().expect("config");
    assert!(config.privileged && config.masked_paths.is_none() && config.readonly_paths.is_none());
    let network = network(&captured!(26, "n6")).expect("a network");
    assert!(network.ipv6 && network.pools.len() == 2);
    let engine = engine(&captured!(26, "version"), &captured!(26, "info"));
    assert_eq!((engine.cgroup_version.as_str(), engine.cgroup_driver.as_str()), ("2", "systemd"));
}

#[test]
fn newer_versions_name_what_dns_answers_and_drop_old_fields() {
    let inspect = json!({"Id": "a", "Name": "/web", "State": {"Status": "running", "Pid": 5}, "HostConfig": {
        "NetworkMode": "container:b", "DeviceRequests": [{"Driver": "nvidia", "Count": -1, "Capabilities": [["gpu"]]}]},
        "NetworkSettings": {"Networks": {"front": {"IPAMConfig": {"IPv4Address": "172.18.0.9"}, "Aliases": null,
        "DNSNames": ["web", "a"], "IPAddress": "172.18.0.9", "IPPrefixLen": 16, "GwPriority": 1}}}});
    let web = container(&inspect).expect("a container");
    assert_eq!(web.endpoints[0].dns_names.len(), 2);
    assert_eq!(web.endpoints[0].requested.as_deref(), Some("172.18.0.9"));
    assert_eq!(web.network_mode, NetworkMode::Container("b".into()));
    assert_eq!(web.config.known().expect("config").device_requests[0], "driver=nvidia all capabilities=gpu");
    assert!(web.restart_count.known().is_none(), "not said is not zero");
}

#[test]
fn e11_an_unknown_state_is_its_own_word_and_never_running() {
    let row = container_row(&json!({"Id": "a", "State": "hibernating", "Names": null})).expect("a row");
    assert_eq!((&row.state, row.name.raw()), (&State::Other("hibernating".into()), "a"));
    assert!(!container(&json!({"Id": "a", "State": {}})).expect("a container").state.has_processes());
}

#[test]
fn e07_wrong_types_cost_their_field_only() {
    let odd = json!({"Id": "a", "Name": 7, "State": {"Status": "running", "Pid": 1e300, "ExitCode": "x", "Health": []},
        "Config": {"Env": "A=b", "Labels": ["x"], "Cmd": "sh", "Healthcheck": 1},
        "HostConfig": {"Memory": -5, "NanoCpus": 1e30, "PidsLimit": null, "PortBindings": {"x/y": 1, "80/tcp": null, "99999/tcp": []}},
        "NetworkSettings": {"Networks": {"n": {"IPAddress": "1.2.3.4", "IPPrefixLen": 99}}, "Ports": []}, "Mounts": {}});
    let odd = container(&odd).expect("a container");
    assert_eq!((odd.name.raw(), &odd.state, odd.pid), ("a", &State::Running, None));
    let config = odd.config.known().expect("config");
    assert_eq!((config.memory_bytes, config.nano_cpus, config.cmd[0].raw()), (-5, i64::MAX, "sh"));
    assert_eq!(odd.endpoints[0].ipv4, None);
    assert_eq!(config.port_bindings.len(), 1);
}

#[test]
fn e13_a_row_too_large_keeps_its_name() {
    let head = br#"{"Id":"abc","Names":["/big"],"Image":"bb:1","Labels":{"x":"yyyy"#;
    let row = container_row(&stub_of(head).expect("a stub")).expect("a row");
    assert_eq!((row.id.as_str(), row.name.raw()), ("abc", "big"));
    assert!(!row.state.has_processes());
    assert_eq!(stub_of(b"{\"x\":1"), None);
}

fn any_json() -> impl Strategy<Value = Value> {
    let keys = prop_oneof![
        Just("Id"),
        Just("Name"),
        Just("State"),
        Just("Status"),
        Just("Config"),
        Just("HostConfig"),
        Just("Ports"),
        Just("NetworkSettings"),
        Just("Networks"),
        Just("Health"),
        Just("Log"),
        Just("PortBindings"),
        Just("80/tcp"),
        Just("IPAM"),
        Just("Labels"),
        Just("Names"),
        Just("Containers"),
        Just("Mounts"),
        Just("Pid"),
        Just("StartedAt"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(Value::from("0001-01-01T00:00:00Z")),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((keys.clone(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_is_a_panic(value in any_json(), head in proptest::collection::vec(any::<u8>(), 0..80)) {
        let mut value = value;
        if let Some(object) = value.as_object_mut() {
            object.insert("Id".to_owned(), Value::from("abc"));
        }
        let _ = (container(&value), container_row(&value), network(&value), exec(&value));
        let _ = (engine(&value, &value), stub_of(&head));
    }
}
