//! What the engine says after a change, held against what the change was to bring about.

use super::hand::resolve;
use crate::actions::{Difference, Made};
use crate::model::{Config, Container, ContainerId, Endpoint, Network, NetworkId, State};
use crate::plan::{ContainerRef, EndpointSpec, EngineOp, LimitsUpdate, NetworkRef, NetworkSpec};
use crate::sources::engine::{EngineError, EngineReader, RawSubject};
use crate::text::clean_line;
use std::time::{Duration, Instant};

/// How long what the engine does after its answer may take: the end of a killed process, a removal.
const SETTLING: Duration = Duration::from_secs(10);
/// Between two looks.
const BEAT: Duration = Duration::from_millis(50);

type Found = Result<(), Difference>;

/// Reads back one operation.
pub(super) async fn read_back(reader: &EngineReader, op: &EngineOp, made: &Made) -> Found {
    match op {
        EngineOp::Start { container, .. } | EngineOp::Restart { container, .. } => {
            let now = inspect(reader, container).await?;
            let is_up = matches!(now.state, State::Running | State::Paused | State::Restarting);
            state(&now, is_up, "running")
        }
        EngineOp::Stop { container, .. } => ended(reader, container).await,
        EngineOp::Kill { container, signal } if signal == "KILL" => ended(reader, container).await,
        EngineOp::Kill { container, .. } | EngineOp::Checkpoint { container, leave_running: true, .. } => {
            inspect(reader, container).await.map(drop)
        }
        EngineOp::Pause { container } => {
            let now = inspect(reader, container).await?;
            state(&now, now.state == State::Paused, "paused")
        }
        EngineOp::Unpause { container } => {
            let now = inspect(reader, container).await?;
            state(&now, now.state == State::Running, "running")
        }
        EngineOp::Rename { container, to } => {
            let now = inspect(reader, container).await?;
            holds(now.name == to.as_str(), format!("name {}", clean_line(to)), || now.name.shown().into_owned())
        }
        EngineOp::Remove { container, .. } => {
            until_gone(&format!("container {}", container.name.shown()), async || {
                reader.container(&container.id).await.map(drop)
            })
            .await
        }
        EngineOp::SetRestartPolicy { container, policy } => {
            let config = config(reader, container).await?;
            let (now, want) = (&config.restart_policy, policy);
            let is_so = now.name == want.name && now.maximum_retries == want.maximum_retries;
            holds(is_so, format!("policy {}", clean_line(&want.name)), || {
                format!("{} ({})", clean_line(&now.name), now.maximum_retries)
            })
        }
        EngineOp::SetLimits { container, limits } => {
            let now = config(reader, container).await?;
            compare_limits(&now, limits)
        }
        EngineOp::Commit { reference, .. } => {
            let what = format!("image {}", clean_line(reference));
            let found = reader.inspect_raw(&RawSubject::Image(reference.clone())).await;
            found.map(drop).map_err(|error| missing(&what, &error))
        }
        EngineOp::RemoveImage { reference } => {
            until_gone(&format!("image {}", clean_line(reference)), async || {
                reader.inspect_raw(&RawSubject::Image(reference.clone())).await.map(drop)
            })
            .await
        }
        EngineOp::RemoveVolume { name } => {
            until_gone(&format!("volume {}", clean_line(name)), async || reader.volume(name).await.map(drop)).await
        }
        EngineOp::Checkpoint { container, name, .. } => {
            checkpoint(reader, container, name, true).await?;
            ended(reader, container).await
        }
        EngineOp::RemoveCheckpoint { container, name } => checkpoint(reader, container, name, false).await,
        EngineOp::CreateNetwork { spec } => created(reader, spec, made).await,
        EngineOp::RemoveNetwork { network } => {
            let what = format!("network {}", network.name.shown());
            match &network.id {
                Some(id) => until_gone(&what, async || reader.network(id).await.map(drop)).await,
                None => {
                    let found = resolve(reader, network).await.map_err(|error| unread(&what, &error))?;
                    holds(found.is_none(), format!("no {what}"), || "it is there".to_owned())
                }
            }
        }
        EngineOp::Connect { network, container, endpoint } => {
            connected(reader, network, container, endpoint, made).await
        }
        EngineOp::Disconnect { network, container, .. } => disconnected(reader, network, container).await,
    }
}

async fn inspect(reader: &EngineReader, container: &ContainerRef) -> Result<Container, Difference> {
    let what = format!("container {}", container.name.shown());
    reader.container(&container.id).await.map_err(|error| missing(&what, &error))
}

async fn config(reader: &EngineReader, container: &ContainerRef) -> Result<std::sync::Arc<Config>, Difference> {
    let now = inspect(reader, container).await?;
    let what = format!("container {}", container.name.shown());
    let config = now.config.known().cloned();
    config.ok_or_else(|| Difference { wanted: what, found: "its configuration can't be read".into(), is_unknown: true })
}

/// It has ended, or ends within the time that an engine needs to notice.
async fn ended(reader: &EngineReader, container: &ContainerRef) -> Found {
    let until = Instant::now() + SETTLING;
    loop {
        let now = match reader.container(&container.id).await {
            // Started with --rm.
            Err(EngineError::Gone { .. }) => return Ok(()),
            Err(error) => return Err(unread(&format!("container {}", container.name.shown()), &error)),
            Ok(now) => now,
        };
        let is_over = matches!(now.state, State::Exited | State::Created | State::Dead | State::Removing);
        if is_over || Instant::now() >= until {
            return state(&now, is_over, "not running");
        }
        tokio::time::sleep(BEAT).await;
    }
}

async fn until_gone(what: &str, look: impl AsyncFn() -> Result<(), EngineError>) -> Found {
    let until = Instant::now() + SETTLING;
    loop {
        match look().await {
            Err(EngineError::Gone { .. }) => return Ok(()),
            Err(error) => return Err(unread(what, &error)),
            Ok(()) if Instant::now() >= until => {
                return holds(false, format!("no {what}"), || "it is there".to_owned());
            }
            Ok(()) => tokio::time::sleep(BEAT).await,
        }
    }
}

fn state(now: &Container, is_so: bool, wanted: &str) -> Found {
    holds(is_so, format!("{} {wanted}", now.name.shown()), || {
        let code = now.exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default();
        let error = if now.error.is_empty() { String::new() } else { format!(", {}", now.error.shown()) };
        format!("{}{code}{error}", clean_line(now.state.as_str()))
    })
}

fn compare_limits(now: &Config, want: &LimitsUpdate) -> Found {
    // None, 0 and -1 are all no limit.
    let pids = |limit: i64| limit.max(0);
    let numbers = [
        ("nano-cpus", want.nano_cpus, now.nano_cpus),
        ("cpu-quota", want.cpu_quota_us, now.cpu_quota_us),
        ("cpu-period", want.cpu_period_us, now.cpu_period_us),
        ("cpu-shares", want.cpu_shares, now.cpu_shares),
        ("memory", want.memory_bytes, now.memory_bytes),
        ("memory-swap", want.memory_swap_bytes, now.memory_swap_bytes),
        ("pids-limit", want.pids_limit.map(pids), pids(now.pids_limit.unwrap_or(0))),
        ("blkio-weight", want.blkio_weight.map(i64::from), i64::from(now.blkio_weight)),
    ];
    for (name, want, now) in numbers {
        if let Some(want) = want {
            holds(want == now, format!("{name} {want}"), || now.to_string())?;
        }
    }
    match &want.cpuset_cpus {
        Some(want) => holds(*want == now.cpuset_cpus, format!("cpuset {}", clean_line(want)), || {
            clean_line(&now.cpuset_cpus).into_owned()
        }),
        None => Ok(()),
    }
}

async fn checkpoint(reader: &EngineReader, container: &ContainerRef, name: &str, wanted: bool) -> Found {
    let what = format!("checkpoint {}", clean_line(name));
    let all = reader.checkpoints(&container.id).await.map_err(|error| unread(&what, &error))?;
    holds(all.iter().any(|known| known == name) == wanted, what, || format!("{} checkpoints", all.len()))
}

async fn created(reader: &EngineReader, spec: &NetworkSpec, made: &Made) -> Found {
    let what = format!("network {}", clean_line(&spec.name));
    let by_name = NetworkRef { id: made.network.clone(), name: spec.name.as_str().into() };
    let id = resolve(reader, &by_name).await.map_err(|error| unread(&what, &error))?;
    let Some(id) = id else { return holds(false, what, || "there is none".to_owned()) };
    let now = reader.network(&id).await.map_err(|error| missing(&what, &error))?;
    same_network(&now, spec)
}

fn same_network(now: &Network, spec: &NetworkSpec) -> Found {
    let word = |wanted: &str, found: &str, is_so| {
        holds(is_so, format!("{} {wanted}", clean_line(&spec.name)), || clean_line(found).into_owned())
    };
    let plain = |driver: &str| driver.strip_suffix(":latest").unwrap_or(driver).to_owned();
    word(&spec.driver, &now.driver, plain(&now.driver) == plain(&spec.driver))?;
    for (name, want, found) in [
        ("internal", spec.internal, now.internal),
        ("attachable", spec.attachable, now.attachable),
        ("ipv6", spec.ipv6, now.ipv6),
    ] {
        holds(want == found, format!("{name} {want}"), || found.to_string())?;
    }
    for want in &spec.pools {
        let Some(found) = now.pools.iter().find(|pool| pool.subnet == want.subnet) else {
            let all: Vec<String> = now.pools.iter().map(|pool| pool.subnet.to_string()).collect();
            return holds(false, format!("subnet {}", want.subnet), || all.join(", "));
        };
        if let Some(gateway) = want.gateway {
            holds(found.gateway == Some(gateway), format!("gateway {gateway}"), || format!("{:?}", found.gateway))?;
        }
        if let Some(range) = want.range {
            holds(found.range == Some(range), format!("range {range}"), || format!("{:?}", found.range))?;
        }
    }
    for (key, want) in spec.options.iter().chain(&spec.labels) {
        let found = now.options.get(key).or(now.labels.get(key));
        holds(
            found.is_some_and(|found| found.raw() == want),
            clean_line(&format!("{key}={want}")).into_owned(),
            || found.map_or("it is not there".to_owned(), |found| found.shown().into_owned()),
        )?;
    }
    Ok(())
}

fn is_on(endpoint: &Endpoint, id: &NetworkId, network: &NetworkRef) -> bool {
    match &endpoint.network_id {
        Some(known) => known == id,
        None => endpoint.network == network.name,
    }
}

async fn connected(
    reader: &EngineReader,
    network: &NetworkRef,
    container: &ContainerRef,
    want: &EndpointSpec,
    made: &Made,
) -> Found {
    let what = format!("{} on {}", container.name.shown(), network.name.shown());
    let id = resolve(reader, network).await.map_err(|error| unread(&what, &error))?;
    let Some(id) = id else { return holds(false, what, || "the network is not there".to_owned()) };
    let now = inspect(reader, container).await?;
    let Some(found) = now.endpoints.iter().find(|endpoint| is_on(endpoint, &id, network)) else {
        return holds(false, what, || "it is not on it".to_owned());
    };
    let asked: Vec<&str> = found.requested.iter().flat_map(|text| text.split(", ")).collect();
    for (want, now_has) in [(want.ipv4, found.ipv4), (want.ipv6, found.ipv6)] {
        let Some(want) = want.filter(|_| made.words.is_empty()) else { continue };
        let is_so = match now_has {
            Some(cidr) => cidr.addr == want,
            None => asked.contains(&want.to_string().as_str()),
        };
        holds(is_so, format!("{what} as {want}"), || match now_has {
            Some(cidr) => cidr.addr.to_string(),
            None => "no address".to_owned(),
        })?;
    }
    // One that does not run has none yet.
    if let (Some(want), Some(has)) = (&want.mac, &found.mac) {
        holds(want == has, format!("{what} as {want}"), || has.to_string())?;
    }
    for alias in &want.aliases {
        let is_so = found.aliases.iter().chain(&found.dns_names).any(|known| known.raw() == alias);
        holds(is_so, format!("alias {}", clean_line(alias)), || "it is not there".to_owned())?;
    }
    Ok(())
}

async fn disconnected(reader: &EngineReader, network: &NetworkRef, container: &ContainerRef) -> Found {
    let what = format!("{} off {}", container.name.shown(), network.name.shown());
    let id = resolve(reader, network).await.map_err(|error| unread(&what, &error))?;
    let Some(id) = id else { return Ok(()) };
    match reader.container(&container.id).await {
        Ok(now) => {
            let is_off = !now.endpoints.iter().any(|endpoint| is_on(endpoint, &id, network));
            holds(is_off, what, || "it is on it still".to_owned())
        }
        Err(EngineError::Gone { .. }) => stale_endpoint(reader, &id, &container.id, what).await,
        Err(error) => Err(unread(&what, &error)),
    }
}

async fn stale_endpoint(reader: &EngineReader, network: &NetworkId, container: &ContainerId, what: String) -> Found {
    match reader.network(network).await {
        Ok(now) => {
            let is_off = now.members.known().is_some_and(|all| all.iter().all(|member| member.container != *container));
            holds(is_off, what, || "the endpoint is there still".to_owned())
        }
        Err(EngineError::Gone { .. }) => Ok(()),
        Err(error) => Err(unread(&what, &error)),
    }
}

fn holds(is_so: bool, wanted: String, found: impl FnOnce() -> String) -> Found {
    if is_so { Ok(()) } else { Err(Difference { wanted, found: found(), is_unknown: false }) }
}

/// It should be there.
fn missing(what: &str, error: &EngineError) -> Difference {
    match error {
        EngineError::Gone { .. } => {
            Difference { wanted: what.to_owned(), found: "it is not there".into(), is_unknown: false }
        }
        error => unread(what, error),
    }
}

fn unread(what: &str, error: &EngineError) -> Difference {
    Difference { wanted: what.to_owned(), found: error.to_string(), is_unknown: true }
}
