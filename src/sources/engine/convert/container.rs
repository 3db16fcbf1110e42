//! A container: from the list, where it is a row, and from its inspect, where it is whole.

use super::super::json::Json;
use super::{config, port};
use crate::model::{Compose, Container, ContainerId, Endpoint, Exec, Fact, Health, NetworkId, NetworkMode, Pid, State};
use crate::text::Outside;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// Output kept of a health probe, bytes.
const PROBE_OUTPUT: usize = 4096;

/// A row of `GET /containers/json`; none without an id. Configuration, process id and counts stay unknown.
pub fn container_row(row: &Value) -> Option<Container> {
    let row = Json::of(row);
    let id = ContainerId::from(row.at("Id").some_text()?);
    let mut out = Container::named(id.clone(), row_name(row, &id));
    out.image = row.at("Image").outside();
    out.image_id = row.at("ImageID").string();
    out.command = row.at("Command").outside();
    out.status = row.at("Status").outside();
    // A row without a state word is not taken for one that was never started.
    out.state = State::parse(row.at("State").some_text().unwrap_or("unknown"));
    out.health = health_word(out.status.raw()).map(|status| Health {
        status: status.to_owned(),
        failing_streak: None,
        last_output: None,
        last_at: None,
    });
    out.created_at = row.at("Created").some_int().filter(|s| *s > 0).and_then(|s| Timestamp::from_second(s).ok());
    out.exit_code = exit_code_in(out.status.raw(), &out.state);
    labelled(&mut out, row.at("Labels"));
    out.network_mode = network_mode(row.at("HostConfig").at("NetworkMode").text());
    out.endpoints = endpoints(row.at("NetworkSettings").at("Networks"));
    out.ports = port::rows(row.at("Ports"));
    Some(out)
}

/// A whole `GET /containers/ID/json`; none without an id.
pub fn container(inspect: &Value) -> Option<Container> {
    let inspect = Json::of(inspect);
    let id = ContainerId::from(inspect.at("Id").some_text()?);
    let name = inspect.at("Name").text().trim_start_matches('/');
    let name = if name.is_empty() { id.short() } else { name };
    let mut out = Container::named(id.clone(), name);
    out.image = inspect.at("Config").at("Image").outside();
    out.image_id = inspect.at("Image").string();
    out.command = command(inspect);
    out.created_at = inspect.at("Created").time();
    out.restart_count = match inspect.at("RestartCount").some_count() {
        Some(count) => Fact::Known(count),
        None => Fact::unknown(crate::model::GapKind::Unsupported, "inspect: the answer has no RestartCount"),
    };
    stated(&mut out, inspect.at("State"));
    labelled(&mut out, inspect.at("Config").at("Labels"));
    out.network_mode = network_mode(inspect.at("HostConfig").at("NetworkMode").text());
    out.endpoints = endpoints(inspect.at("NetworkSettings").at("Networks"));
    out.ports = port::bindings(inspect.at("NetworkSettings").at("Ports"));
    let mut config = config::config(inspect);
    if !out.state.has_processes() {
        // The engine keeps the path of the last sandbox; it may lead to another container's by now.
        config.sandbox_key = None;
    }
    out.config = Fact::Known(Arc::new(config));
    out.status = sentence(&out);
    out.inspected_at = Some(Timestamp::now());
    Some(out)
}

/// `GET /exec/ID/json`: the session and the container it is in; none without ids.
pub fn exec(inspect: &Value) -> Option<(ContainerId, Exec)> {
    let inspect = Json::of(inspect);
    let process = inspect.at("ProcessConfig");
    let mut words = vec![process.at("entrypoint").string()];
    words.extend(process.at("arguments").strings());
    let running = inspect.at("Running").flag();
    let exec = Exec {
        id: inspect.at("ID").some_text()?.to_owned(),
        command: Outside::from(words.join(" ")),
        user: process.at("user").outside(),
        privileged: process.at("privileged").flag(),
        running,
        pid: pid(inspect.at("Pid")).filter(|_| running),
    };
    Some((ContainerId::from(inspect.at("ContainerID").some_text()?), exec))
}

/// The health word in the list's sentence: `Up 3 minutes (healthy)`, `(health: starting)`.
pub fn health_word(status: &str) -> Option<&'static str> {
    ["healthy", "unhealthy", "starting"]
        .into_iter()
        .find(|word| status.ends_with(&format!("({word})")) || status.ends_with(&format!("(health: {word})")))
}

/// The exit code in the list's sentence: `Exited (137) 2 minutes ago`.
fn exit_code_in(status: &str, state: &State) -> Option<i64> {
    if state.has_processes() {
        return None;
    }
    let rest = status.split_once('(')?.1;
    rest.split_once(')')?.0.parse().ok()
}

/// Names of a row: the container's own, and those of legacy links to it (`/other/alias`).
fn row_name(row: Json<'_>, id: &ContainerId) -> Outside {
    let names = row.at("Names").strings();
    let own = names.iter().map(|name| name.trim_start_matches('/')).filter(|name| !name.is_empty());
    let best = own.clone().find(|name| !name.contains('/')).or_else(|| own.clone().next());
    Outside::from(best.unwrap_or(id.short()))
}

fn labelled(out: &mut Container, labels: Json<'_>) {
    out.labels = labels.outside_map();
    out.compose = out.labels.get("com.docker.compose.project").map(|project| Compose {
        project: project.clone(),
        service: out.labels.get("com.docker.compose.service").cloned(),
    });
}

/// The program and its arguments, joined.
fn command(inspect: Json<'_>) -> Outside {
    let mut words = Vec::new();
    words.extend(inspect.at("Path").some_text().map(str::to_owned));
    words.extend(inspect.at("Args").strings());
    Outside::from(words.join(" "))
}

fn pid(place: Json<'_>) -> Option<Pid> {
    place.some_int().and_then(|pid| i32::try_from(pid).ok()).filter(|pid| *pid > 0).map(Pid)
}

/// The `State` of an inspect.
fn stated(out: &mut Container, state: Json<'_>) {
    let from_flags = || match () {
        () if state.at("Dead").flag() => "dead",
        () if state.at("Restarting").flag() => "restarting",
        () if state.at("Paused").flag() => "paused",
        () if state.at("Running").flag() => "running",
        () => "unknown",
    };
    out.state = State::parse(state.at("Status").some_text().unwrap_or_else(from_flags));
    out.pid = pid(state.at("Pid")).filter(|_| out.state.has_processes());
    out.started_at = state.at("StartedAt").time();
    out.finished_at = state.at("FinishedAt").time();
    out.oom_killed = state.at("OOMKilled").flag();
    out.error = state.at("Error").outside();
    let code = state.at("ExitCode").some_int();
    let has_ended = !out.state.has_processes() && (out.finished_at.is_some() || code.is_some_and(|code| code != 0));
    out.exit_code = code.filter(|_| has_ended);
    out.health = health(state.at("Health"));
}

fn health(health: Json<'_>) -> Option<Health> {
    // `none` is what engines write for a container without a check.
    let status = health.at("Status").some_text().filter(|status| *status != "none")?;
    let last = health.at("Log").list().last();
    Some(Health {
        status: status.to_owned(),
        failing_streak: health.at("FailingStreak").some_count(),
        last_output: last.map(|probe| bounded(probe.at("Output").text())),
        last_at: last.and_then(|probe| probe.at("End").time()),
    })
}

fn bounded(text: &str) -> Outside {
    let mut end = text.len().min(PROBE_OUTPUT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Outside::from(&text[..end])
}

/// The word for how a container gets its network. `container:NAME` (some services) is resolved by the watcher.
fn network_mode(word: &str) -> NetworkMode {
    match word {
        "host" => NetworkMode::Host,
        "none" => NetworkMode::None,
        "" => NetworkMode::Unknown,
        word => match word.strip_prefix("container:") {
            Some(id) => NetworkMode::Container(ContainerId::from(id)),
            None => NetworkMode::Networks,
        },
    }
}

fn endpoints(networks: Json<'_>) -> Vec<Endpoint> {
    networks.fields().map(|(name, place)| endpoint(name, place)).collect()
}

fn endpoint(name: &str, place: Json<'_>) -> Endpoint {
    let asked = place.at("IPAMConfig");
    let mut requested: Vec<&str> =
        ["IPv4Address", "IPv6Address"].into_iter().filter_map(|key| asked.at(key).some_text()).collect();
    requested.extend(asked.at("LinkLocalIPs").list().filter_map(Json::some_text));
    Endpoint {
        network: Outside::from(name),
        network_id: place.at("NetworkID").some_text().map(NetworkId::from),
        endpoint_id: place.at("EndpointID").some_text().map(str::to_owned),
        ipv4: port::cidr(place.at("IPAddress"), place.at("IPPrefixLen")),
        ipv6: port::cidr(place.at("GlobalIPv6Address"), place.at("GlobalIPv6PrefixLen")),
        gateway: port::address(place.at("Gateway")),
        gateway6: port::address(place.at("IPv6Gateway")),
        mac: place.at("MacAddress").some_text().and_then(|mac| mac.parse().ok()),
        aliases: place.at("Aliases").outsides(),
        dns_names: place.at("DNSNames").outsides(),
        links: place.at("Links").outsides(),
        requested: (!requested.is_empty()).then(|| requested.join(", ")),
        gateway_priority: place.at("GwPriority").some_int(),
    }
}

/// The engine's sentence without its clock: an inspect has no sentence, and a time in words would be old at once.
fn sentence(container: &Container) -> Outside {
    let code = container.exit_code.map(|code| format!(" ({code})")).unwrap_or_default();
    let text = match &container.state {
        State::Running => match container.health.as_ref().map(|health| health.status.as_str()) {
            Some("starting") => "Up (health: starting)".to_owned(),
            Some(word) => format!("Up ({word})"),
            None => "Up".to_owned(),
        },
        State::Paused => "Up (Paused)".to_owned(),
        State::Restarting => format!("Restarting{code}"),
        State::Created => "Created".to_owned(),
        State::Exited => format!("Exited{code}"),
        State::Removing => "Removal In Progress".to_owned(),
        State::Dead => "Dead".to_owned(),
        State::Other(word) => word.clone(),
    };
    Outside::from(text)
}
