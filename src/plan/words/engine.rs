//! Calls to the engine as lines of docker.

use super::quote;
use crate::model::RestartPolicy;
use crate::plan::containers::amounts::cpus_text;
use crate::plan::op::{ContainerRef, EngineOp, LimitsUpdate, NetworkRef};
use crate::plan::wish::{EndpointSpec, NetworkSpec};
use crate::text::{Outside, is_clean};

/// The line for `op`.
pub(super) fn words(op: &EngineOp) -> String {
    let mut line = Line::new();
    match op {
        EngineOp::Start { container, checkpoint } => {
            line.word("start").flag("--checkpoint", checkpoint.as_deref()).container(container)
        }
        EngineOp::Stop { container, timeout_s } => line.word("stop").number("--time", *timeout_s).container(container),
        EngineOp::Restart { container, timeout_s } => {
            line.word("restart").number("--time", *timeout_s).container(container)
        }
        EngineOp::Pause { container } => line.word("pause").container(container),
        EngineOp::Unpause { container } => line.word("unpause").container(container),
        EngineOp::Kill { container, signal } => line.word("kill").flag("--signal", Some(signal)).container(container),
        EngineOp::Rename { container, to } => line.word("rename").container(container).text(to),
        EngineOp::Remove { container, force, volumes } => {
            line.word("rm").switch("--force", *force).switch("--volumes", *volumes).container(container)
        }
        EngineOp::SetRestartPolicy { container, policy } => {
            line.word("update").flag("--restart", Some(&policy_word(policy))).container(container)
        }
        EngineOp::SetLimits { container, limits } => limits_line(&mut line, limits).container(container),
        EngineOp::Commit { container, reference, pause } => {
            line.word("commit").switch("--pause=false", !pause).container(container).text(reference)
        }
        EngineOp::RemoveImage { reference } => line.word("rmi --no-prune").text(reference),
        EngineOp::Checkpoint { container, name, leave_running } => {
            line.word("checkpoint create").switch("--leave-running", *leave_running).container(container).text(name)
        }
        EngineOp::RemoveCheckpoint { container, name } => line.word("checkpoint rm").container(container).text(name),
        EngineOp::CreateNetwork { spec } => network(&mut line, spec),
        EngineOp::RemoveNetwork { network } => line.word("network rm").network(network),
        EngineOp::Connect { network, container, endpoint } => connect(&mut line, network, container, endpoint),
        EngineOp::Disconnect { network, container, force } => {
            line.word("network disconnect").switch("--force", *force).network(network).container(container)
        }
        EngineOp::RemoveVolume { name } => line.word("volume rm").text(name),
    };
    line.0
}

/// `on-failure:3`, as docker writes it.
pub(in crate::plan) fn policy_word(policy: &RestartPolicy) -> String {
    match (policy.name.as_str(), policy.maximum_retries) {
        ("", _) => "no".to_owned(),
        ("on-failure", retries) if retries > 0 => format!("on-failure:{retries}"),
        (name, _) => name.to_owned(),
    }
}

fn limits_line<'a>(line: &'a mut Line, limits: &LimitsUpdate) -> &'a mut Line {
    line.word("update")
        .flag("--cpus", limits.nano_cpus.map(cpus_text).as_deref())
        .number("--cpu-quota", limits.cpu_quota_us)
        .number("--cpu-period", limits.cpu_period_us)
        .number("--cpu-shares", limits.cpu_shares)
        .flag("--cpuset-cpus", limits.cpuset_cpus.as_deref())
        .number("--memory", limits.memory_bytes)
        .number("--memory-swap", limits.memory_swap_bytes)
        .number("--pids-limit", limits.pids_limit)
        .number("--blkio-weight", limits.blkio_weight)
}

fn network<'a>(line: &'a mut Line, spec: &NetworkSpec) -> &'a mut Line {
    line.word("network create").flag("--driver", Some(spec.driver.as_str()).filter(|driver| !driver.is_empty()));
    for pool in &spec.pools {
        line.flag("--subnet", Some(&pool.subnet.to_string()))
            .flag("--ip-range", pool.range.map(|range| range.to_string()).as_deref())
            .flag("--gateway", pool.gateway.map(|gateway| gateway.to_string()).as_deref());
        for (name, address) in &pool.reserved {
            line.flag("--aux-address", Some(&format!("{name}={address}")));
        }
    }
    line.switch("--internal", spec.internal)
        .switch("--attachable", spec.attachable)
        .switch("--ipv6", spec.ipv6)
        .pairs("--opt", &spec.options)
        .pairs("--label", &spec.labels)
        .text(&spec.name)
}

fn connect<'a>(
    line: &'a mut Line,
    network: &NetworkRef,
    container: &ContainerRef,
    endpoint: &EndpointSpec,
) -> &'a mut Line {
    line.word("network connect")
        .flag("--ip", endpoint.ipv4.map(|address| address.to_string()).as_deref())
        .flag("--ip6", endpoint.ipv6.map(|address| address.to_string()).as_deref());
    for alias in &endpoint.aliases {
        line.flag("--alias", Some(alias));
    }
    for link in &endpoint.links {
        line.flag("--link", Some(link));
    }
    line.number("--gw-priority", endpoint.gateway_priority).network(network).container(container);
    match &endpoint.mac {
        Some(mac) => line.word(&format!("# MacAddress {mac}: docker has no flag for it, the engine's API has")),
        None => line,
    }
}

/// A line of docker in the making.
struct Line(String);

impl Line {
    fn new() -> Self {
        Line("docker".to_owned())
    }

    fn word(&mut self, word: &str) -> &mut Self {
        self.0.push(' ');
        self.0.push_str(word);
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.word(&quote(text))
    }

    fn switch(&mut self, flag: &str, is_on: bool) -> &mut Self {
        if is_on { self.word(flag) } else { self }
    }

    fn flag(&mut self, flag: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.word(flag).text(value),
            None => self,
        }
    }

    fn number(&mut self, flag: &str, value: Option<impl ToString>) -> &mut Self {
        self.flag(flag, value.map(|value| value.to_string()).as_deref())
    }

    fn pairs(&mut self, flag: &str, pairs: &std::collections::BTreeMap<String, String>) -> &mut Self {
        for (key, value) in pairs {
            self.flag(flag, Some(&format!("{key}={value}")));
        }
        self
    }

    fn container(&mut self, container: &ContainerRef) -> &mut Self {
        self.named(&container.name, Some(container.id.as_str()))
    }

    fn network(&mut self, network: &NetworkRef) -> &mut Self {
        self.named(&network.name, network.id.as_ref().map(|id| id.as_str()))
    }

    /// By name where a person can read it, else by id.
    fn named(&mut self, name: &Outside, id: Option<&str>) -> &mut Self {
        match id {
            Some(id) if name.is_empty() || !is_clean(name.raw()) || name.raw().starts_with('-') => self.text(id),
            _ => self.text(name.raw()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Op;
    use crate::plan::wish::PoolSpec;

    fn web() -> ContainerRef {
        ContainerRef { id: "ab".repeat(32).into(), name: "web".into() }
    }

    fn back() -> NetworkRef {
        NetworkRef { id: Some("cd".repeat(32).into()), name: "my net".into() }
    }

    fn says(op: EngineOp) -> String {
        Op::Engine(op).words()
    }

    #[test]
    fn lines_are_those_an_operator_would_type() {
        assert_eq!(says(EngineOp::Stop { container: web(), timeout_s: Some(3) }), "docker stop --time 3 web");
        let limits =
            LimitsUpdate { nano_cpus: Some(500_000_000), memory_bytes: Some(268_435_456), ..LimitsUpdate::default() };
        let line = says(EngineOp::SetLimits { container: web(), limits });
        assert_eq!(line, "docker update --cpus 0.5 --memory 268435456 web");
        let policy = RestartPolicy { name: "on-failure".into(), maximum_retries: 3 };
        let line = says(EngineOp::SetRestartPolicy { container: web(), policy });
        assert_eq!(line, "docker update --restart on-failure:3 web");
        let endpoint = EndpointSpec {
            ipv4: Some("172.30.0.5".parse().expect("an address")),
            aliases: vec!["db".into()],
            ..EndpointSpec::default()
        };
        let line = says(EngineOp::Connect { network: back(), container: web(), endpoint });
        assert_eq!(line, "docker network connect --ip 172.30.0.5 --alias db 'my net' web");
    }

    #[test]
    fn a_network_is_told_with_all_its_options() {
        let pool = PoolSpec {
            subnet: "10.9.0.0/24".parse().expect("a subnet"),
            gateway: Some("10.9.0.1".parse().expect("an address")),
            range: None,
            reserved: [("printer".to_owned(), "10.9.0.9".parse().expect("an address"))].into(),
        };
        let spec = NetworkSpec {
            name: "back".into(),
            driver: "bridge".into(),
            pools: vec![pool],
            internal: true,
            options: [("com.docker.network.driver.mtu".to_owned(), "1400".to_owned())].into(),
            labels: [("team".to_owned(), "a b".to_owned())].into(),
            ..NetworkSpec::default()
        };
        assert_eq!(
            says(EngineOp::CreateNetwork { spec }),
            "docker network create --driver bridge --subnet 10.9.0.0/24 --gateway 10.9.0.1 --aux-address \
             printer=10.9.0.9 --internal --opt com.docker.network.driver.mtu=1400 --label 'team=a b' back"
        );
    }

    #[test]
    fn a_name_that_no_terminal_bears_is_told_by_id() {
        let hostile = ContainerRef { id: "ab".repeat(32).into(), name: "\u{1b}[2J".into() };
        assert_eq!(says(EngineOp::Pause { container: hostile }), format!("docker pause {}", "ab".repeat(32)));
    }
}
