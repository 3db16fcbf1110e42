//! What filters find, what can be copied, and where a container leads.

use super::cells;
use crate::app::Scene;
use crate::model::{Container, Owner, Subject};
use crate::views::parts::{mark, names};
use crate::views::view::Copyable;
use std::fmt::Write as _;

/// Fields beside the columns.
pub const FIELDS: &[&str] =
    &["ip", "mac", "network", "port", "label", "owner", "finding", "pid", "veth", "bridge", "netns", "volume"];

/// The text of a field.
pub fn field(scene: &Scene, container: &Container, field: &str) -> Option<String> {
    Some(match field {
        "name" => container.name.raw().to_owned(),
        "image" => container.image.raw().to_owned(),
        "state" => container.state.as_str().to_owned(),
        "health" => container.health.as_ref().map_or(String::new(), |h| h.status.clone()),
        "project" => container.compose.as_ref().map_or(String::new(), |c| c.project.raw().to_owned()),
        "service" => {
            container.compose.as_ref().and_then(|c| c.service.as_ref()).map_or(String::new(), |s| s.raw().to_owned())
        }
        "network" | "networks" => network_names(container),
        "ip" => addresses(scene, container).join(" "),
        "mac" => macs(scene, container).join(" "),
        "port" | "ports" => ports(container),
        "label" => labels(container),
        "id" => container.id.as_str().to_owned(),
        "owner" => match &container.owner {
            Owner::Engine => "engine".to_owned(),
            Owner::Unowned { looks_like } => format!("unowned {looks_like}"),
            Owner::Unknown => "unknown".to_owned(),
        },
        "finding" => mark::words(scene, &Subject::Container { id: container.id.clone() }),
        "pid" => container.pid.map_or(String::new(), |pid| pid.to_string()),
        "veth" => devices(scene, container, |a| a.outer),
        "bridge" => devices(scene, container, |a| a.bridge),
        "netns" => scene.snapshot.netns_of(&container.id).map_or(String::new(), |inode| inode.to_string()),
        "volume" => volumes(container),
        column => {
            let number = super::figures::number(scene, container, column)?;
            format!("{number}")
        }
    })
}

fn volumes(container: &Container) -> String {
    let Some(config) = container.config.known() else { return String::new() };
    let names = config.mounts.iter().flat_map(|m| m.name.iter().chain(m.source.iter()));
    names.map(|name| name.raw()).collect::<Vec<_>>().join(" ")
}

fn network_names(container: &Container) -> String {
    let mut out = String::new();
    for endpoint in &container.endpoints {
        let _ = write!(out, "{} ", endpoint.network.raw());
    }
    out
}

fn ports(container: &Container) -> String {
    let mut out = String::new();
    for port in &container.ports {
        let _ = write!(out, "{}/{} ", port.container_port, port.proto);
        if let Some(host) = port.host_port {
            let _ = write!(out, "{host} ");
        }
    }
    out
}

fn labels(container: &Container) -> String {
    let mut out = String::new();
    for (name, value) in &container.labels {
        let _ = writeln!(out, "{name}={}", value.raw());
    }
    out
}

fn devices(
    scene: &Scene,
    container: &Container,
    end: impl Fn(&crate::analysis::Attachment) -> Option<crate::analysis::wiring::LinkKey>,
) -> String {
    let mut out = String::new();
    for name in
        scene.report.wiring.attachments_of(&container.id).filter_map(&end).filter_map(|key| names::link(scene, key))
    {
        let _ = write!(out, "{} ", name.raw());
    }
    out
}

/// Addresses of a container, the engine's and the kernel's, each once.
pub fn addresses(scene: &Scene, container: &Container) -> Vec<String> {
    let engine = container.endpoints.iter().flat_map(|e| [e.ipv4, e.ipv6]).flatten().map(|c| c.addr.to_string());
    let kernel = scene
        .report
        .wiring
        .attachments_of(&container.id)
        .filter_map(|a| scene.snapshot.link(a.link.0, a.link.1))
        .flat_map(|l| l.addresses.iter().map(|a| a.cidr.addr.to_string()));
    unique(engine.chain(kernel))
}

fn macs(scene: &Scene, container: &Container) -> Vec<String> {
    let engine = container.endpoints.iter().filter_map(|e| e.mac.as_ref()).map(ToString::to_string);
    let kernel = scene
        .report
        .wiring
        .attachments_of(&container.id)
        .filter_map(|a| scene.snapshot.link(a.link.0, a.link.1))
        .map(|l| l.mac.to_string());
    unique(engine.chain(kernel))
}

fn unique(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in texts.filter(|t| !t.is_empty()) {
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out
}

/// What a plain filter word searches in.
pub fn haystack(scene: &Scene, container: &Container) -> String {
    let mut out = String::with_capacity(256);
    for field_name in
        ["name", "id", "image", "project", "service", "network", "ip", "mac", "port", "veth", "bridge", "state"]
    {
        if let Some(text) = field(scene, container, field_name) {
            out.push_str(&text);
            out.push('\n');
        }
    }
    for endpoint in &container.endpoints {
        for alias in endpoint.aliases.iter().chain(&endpoint.dns_names) {
            let _ = writeln!(out, "{}", alias.raw());
        }
    }
    out
}

/// Where a container leads.
pub fn relations(scene: &Scene, container: &Container) -> Vec<(String, Subject)> {
    let mut out = Vec::new();
    if let Some(compose) = &container.compose {
        out.push((format!("project {}", compose.project.shown()), Subject::Project { name: compose.project.clone() }));
    }
    for endpoint in &container.endpoints {
        if let Some(id) = &endpoint.network_id {
            out.push((format!("network {}", endpoint.network.shown()), Subject::Network { id: id.clone() }));
        }
    }
    for attachment in scene.report.wiring.attachments_of(&container.id) {
        for (what, key) in
            [("interface", Some(attachment.link)), ("host end", attachment.outer), ("bridge", attachment.bridge)]
        {
            if let Some((key, name)) = key.and_then(|key| names::link(scene, key).map(|name| (key, name))) {
                out.push((format!("{what} {}", name.shown()), names::link_subject(key)));
            }
        }
    }
    if let Some(inode) = scene.snapshot.netns_of(&container.id) {
        out.push((format!("network namespace {inode}"), Subject::Netns { inode }));
        for other in scene.report.wiring.by_netns.get(&inode).into_iter().flatten().filter(|id| **id != container.id) {
            let name = names::container(scene, other).text;
            out.push((format!("container {name}, same network namespace"), Subject::Container { id: other.clone() }));
        }
    }
    for port in scene.report.ports.iter().filter(|p| p.container.as_ref() == Some(&container.id)) {
        let bound = crate::views::ports::bind(port);
        out.push((format!("port {bound}/{}", port.proto), Subject::Port { key: port.key.clone() }));
    }
    out.extend(mark::findings_of(scene, &Subject::Container { id: container.id.clone() }));
    out
}

/// What can be copied of a container.
pub fn copyables(scene: &Scene, container: &Container) -> Vec<Copyable> {
    let mut out = vec![
        Copyable { what: "name", text: container.name.raw().to_owned() },
        Copyable { what: "id", text: container.id.as_str().to_owned() },
        Copyable { what: "image", text: container.image.raw().to_owned() },
    ];
    for address in addresses(scene, container) {
        out.push(Copyable { what: "address", text: address });
    }
    for mac in macs(scene, container) {
        out.push(Copyable { what: "mac", text: mac });
    }
    for name in
        scene.report.wiring.attachments_of(&container.id).filter_map(|a| a.outer).filter_map(|k| names::link(scene, k))
    {
        out.push(Copyable { what: "veth", text: name.raw().to_owned() });
    }
    for port in cells::published(scene, container) {
        out.push(Copyable { what: "port", text: port });
    }
    // Commands name the container by its id: a name from outside has no place in a line that is pasted into a shell.
    if container.owner == Owner::Engine {
        let id = container.id.short();
        out.push(Copyable { what: "docker inspect", text: format!("docker inspect {id}") });
        out.push(Copyable { what: "docker logs", text: format!("docker logs --tail 100 {id}") });
        out.push(Copyable { what: "docker exec", text: format!("docker exec -it {id} sh") });
    }
    if let Some(pid) = container.pid {
        out.push(Copyable { what: "pid", text: pid.to_string() });
        out.push(Copyable { what: "nsenter (network)", text: format!("nsenter --target {pid} --net") });
    }
    out
}
