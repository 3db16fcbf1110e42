//! Operations as requests of the engine's API.

use super::client::{Ask, Method};
use crate::model::ContainerId;
use crate::plan::{ContainerRef, EndpointSpec, EngineOp, LimitsUpdate, NetworkSpec};
use crate::sources::engine::{EngineError, segment};
use serde_json::{Map, Value, json};

/// Seconds that writing out memory or files may take.
const LONG_S: u64 = 900;

/// What has to be asked; `network` is the id of the network of the operation, for those with one.
pub(super) fn ask(op: &EngineOp, network: Option<&str>, what: &str) -> Result<Ask, EngineError> {
    let container = |c: &ContainerRef, verb: &str| path(&c.id, verb, what);
    let net =
        |verb: &str| Ok::<_, EngineError>(format!("/networks/{}{verb}", segment(network.unwrap_or_default(), what)?));
    Ok(match op {
        EngineOp::Start { container: c, checkpoint } => match checkpoint {
            Some(name) => Ask::post(container(c, "/start")?).with("checkpoint", name).patience(LONG_S),
            None => Ask::post(container(c, "/start")?),
        },
        EngineOp::Stop { container: c, timeout_s } => timed(Ask::post(container(c, "/stop")?), *timeout_s),
        EngineOp::Restart { container: c, timeout_s } => timed(Ask::post(container(c, "/restart")?), *timeout_s),
        EngineOp::Pause { container: c } => Ask::post(container(c, "/pause")?),
        EngineOp::Unpause { container: c } => Ask::post(container(c, "/unpause")?),
        EngineOp::Kill { container: c, signal } => Ask::post(container(c, "/kill")?).with("signal", signal),
        EngineOp::Rename { container: c, to } => Ask::post(container(c, "/rename")?).with("name", to),
        EngineOp::Remove { container: c, force, volumes } => {
            Ask::new(Method::DELETE, container(c, "")?).with("force", force).with("v", volumes).patience(120)
        }
        EngineOp::SetRestartPolicy { container: c, policy } => Ask::post(container(c, "/update")?)
            .body(json!({"RestartPolicy": {"Name": policy.name, "MaximumRetryCount": policy.maximum_retries}})),
        EngineOp::SetLimits { container: c, limits: l } => Ask::post(container(c, "/update")?).body(limits(l)),
        EngineOp::Commit { container: c, reference, pause } => {
            let (repo, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
            Ask::post("/commit")
                .with("container", c.id.as_str())
                .with("repo", repo)
                .with("tag", tag)
                .with("pause", pause)
                .patience(LONG_S)
        }
        EngineOp::RemoveImage { reference } => {
            Ask::new(Method::DELETE, format!("/images/{}", segment(reference, what)?)).with("noprune", true)
        }
        EngineOp::RemoveVolume { name } => Ask::new(Method::DELETE, format!("/volumes/{}", segment(name, what)?)),
        EngineOp::Checkpoint { container: c, name, leave_running } => Ask::post(container(c, "/checkpoints")?)
            .body(json!({"CheckpointID": name, "Exit": !leave_running}))
            .patience(LONG_S),
        EngineOp::RemoveCheckpoint { container: c, name } => {
            Ask::new(Method::DELETE, format!("{}/{}", container(c, "/checkpoints")?, segment(name, what)?))
        }
        EngineOp::CreateNetwork { spec } => Ask::post("/networks/create").body(create(spec)),
        EngineOp::RemoveNetwork { .. } => Ask::new(Method::DELETE, net("")?),
        EngineOp::Connect { container: c, endpoint: e, .. } => {
            Ask::post(net("/connect")?).body(json!({"Container": c.id.as_str(), "EndpointConfig": endpoint(e)}))
        }
        EngineOp::Disconnect { container: c, force, .. } => {
            Ask::post(net("/disconnect")?).body(json!({"Container": c.id.as_str(), "Force": force}))
        }
    })
}

/// Path of a container.
pub(in crate::actions) fn path(id: &ContainerId, verb: &str, what: &str) -> Result<String, EngineError> {
    Ok(format!("/containers/{}{verb}", segment(id.as_str(), what)?))
}

/// The engine answers when the container has ended.
fn timed(ask: Ask, timeout_s: Option<i64>) -> Ask {
    /// A container may have a timeout of its own; this is for that.
    const UNTOLD_S: u64 = 300;
    /// As long as a wait for ever is waited for.
    const FOR_EVER_S: u64 = 24 * 3600;
    match timeout_s {
        None => ask.patience(UNTOLD_S),
        Some(t) => ask.with("t", t).patience(u64::try_from(t).map_or(FOR_EVER_S, |t| t.saturating_add(60))),
    }
}

fn limits(limits: &LimitsUpdate) -> Value {
    let mut body = Map::new();
    let numbers = [
        ("NanoCpus", limits.nano_cpus),
        ("CpuQuota", limits.cpu_quota_us),
        ("CpuPeriod", limits.cpu_period_us),
        ("CpuShares", limits.cpu_shares),
        ("Memory", limits.memory_bytes),
        ("MemorySwap", limits.memory_swap_bytes),
        ("PidsLimit", limits.pids_limit),
        ("BlkioWeight", limits.blkio_weight.map(i64::from)),
    ];
    body.extend(numbers.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))));
    if let Some(cpuset) = &limits.cpuset_cpus {
        body.insert("CpusetCpus".into(), cpuset.as_str().into());
    }
    Value::Object(body)
}

/// As docker's command line writes it, so that a network made again is as the one before.
fn create(spec: &NetworkSpec) -> Value {
    let pools = spec.pools.iter().map(|pool| {
        let mut config = Map::new();
        config.insert("Subnet".into(), pool.subnet.to_string().into());
        if let Some(range) = pool.range {
            config.insert("IPRange".into(), range.to_string().into());
        }
        if let Some(gateway) = pool.gateway {
            config.insert("Gateway".into(), gateway.to_string().into());
        }
        if !pool.reserved.is_empty() {
            config.insert("AuxiliaryAddresses".into(), json!(pool.reserved));
        }
        Value::Object(config)
    });
    json!({
        "Name": spec.name,
        "CheckDuplicate": true,
        "Driver": spec.driver,
        "Internal": spec.internal,
        "Attachable": spec.attachable,
        "Ingress": false,
        "EnableIPv6": spec.ipv6,
        "IPAM": {"Driver": "default", "Options": {}, "Config": pools.collect::<Vec<_>>()},
        "Options": spec.options,
        "Labels": spec.labels,
    })
}

fn endpoint(spec: &EndpointSpec) -> Value {
    let mut body = Map::new();
    let mut asked = Map::new();
    for (key, address) in [("IPv4Address", spec.ipv4), ("IPv6Address", spec.ipv6)] {
        asked.extend(address.map(|address| (key.to_owned(), address.to_string().into())));
    }
    if !asked.is_empty() {
        body.insert("IPAMConfig".into(), Value::Object(asked));
    }
    for (key, list) in [("Aliases", &spec.aliases), ("Links", &spec.links)] {
        if !list.is_empty() {
            body.insert(key.into(), json!(list));
        }
    }
    if let Some(mac) = &spec.mac {
        body.insert("MacAddress".into(), mac.to_string().into());
    }
    if let Some(priority) = spec.gateway_priority {
        body.insert("GwPriority".into(), priority.into());
    }
    Value::Object(body)
}
