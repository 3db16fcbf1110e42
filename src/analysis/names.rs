//! Which names lead to a container, by which means, and who can use them: the engine's resolver answers per network,
//! hosts files only for the container they are in.

use super::scope;
use crate::model::{Container, ContainerId, Endpoint, Network, NetworkId, NetworkMode, Snapshot};
use crate::text::Outside;
use serde::Serialize;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// By which means a name is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// The engine's embedded resolver, for members of the network.
    EmbeddedDns,
    /// The engine's embedded resolver, only for the container that has the link.
    Link,
    /// A line in `/etc/hosts` of the container that can use it.
    HostsFile,
    /// A link on the default bridge: the engine writes it to `/etc/hosts` when the linking container starts.
    LegacyLink,
}

impl Means {
    /// Words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Means::EmbeddedDns => "embedded DNS",
            Means::Link => "link",
            Means::HostsFile => "hosts file",
            Means::LegacyLink => "legacy link",
        }
    }
}

/// A name that leads to a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Name {
    /// Network on which it is answered; none for hosts files.
    pub network: Option<NetworkId>,
    /// Name of that network: the name is answered as `NAME.NETWORK` as well.
    pub network_name: Option<Outside>,
    /// By which means.
    pub means: Means,
    /// The name.
    pub name: Outside,
    /// Where it leads: this container's addresses.
    pub addresses: Vec<IpAddr>,
    /// Containers that can use it.
    pub seen_by: Arc<[ContainerId]>,
    /// Others that answer to the same name on the same network: all addresses are given, in random order.
    pub also: Vec<ContainerId>,
}

/// All names that lead to a container (or, for one that joined another's namespace, to that one), sorted by network.
pub fn resolving_to(snapshot: &Snapshot, id: &ContainerId) -> Vec<Name> {
    let Some(container) = snapshot.container(id) else { return Vec::new() };
    if let NetworkMode::Container(owner) = &container.network_mode
        && owner != id
        && snapshot.container(owner).is_some_and(|o| !matches!(o.network_mode, NetworkMode::Container(_)))
    {
        return resolving_to(snapshot, owner);
    }
    let mut names = Vec::new();
    for endpoint in &container.endpoints {
        let Some(network) = scope::network_of(snapshot, endpoint) else { continue };
        if has_resolver(network) {
            on_network(snapshot, container, endpoint, network, &mut names);
        } else {
            legacy_links(snapshot, container, endpoint, network, &mut names);
        }
    }
    hosts_files(snapshot, container, &mut names);
    names.sort();
    names.dedup();
    names
}

/// Names the embedded resolver answers for an endpoint: from API 1.44 the engine lists them; before, they are the
/// container's name, its aliases, its short id and its host name.
pub fn dns_names(container: &Container, endpoint: &Endpoint) -> Vec<Outside> {
    let mut names: Vec<Outside> = endpoint.dns_names.clone();
    if names.is_empty() {
        names.push(container.name.clone());
        names.extend(endpoint.aliases.iter().cloned());
        names.push(container.id.short().into());
        let hostname = container.config.known().map(|c| c.hostname.clone());
        names.extend(hostname.filter(|h| !h.is_empty()));
    }
    let mut seen = BTreeSet::new();
    names.retain(|n| seen.insert(n.clone()));
    names
}

/// True when [`dns_names`] has the name. Asked of every member of a network for every name: nothing is copied.
fn answers_to(container: &Container, endpoint: &Endpoint, name: &Outside) -> bool {
    if !endpoint.dns_names.is_empty() {
        return endpoint.dns_names.contains(name);
    }
    container.name == *name
        || endpoint.aliases.contains(name)
        || container.id.short() == name.raw()
        || !name.is_empty() && container.config.known().is_some_and(|c| c.hostname == *name)
}

/// The default bridge, `host` and `none` have no embedded resolver; every network that was made by a user has.
fn has_resolver(network: &Network) -> bool {
    let is_default = network.flag("default_bridge") == Some(true) || network.name == "bridge";
    !is_default && !matches!(network.driver.as_str(), "host" | "null")
}

fn addresses(endpoint: &Endpoint) -> Vec<IpAddr> {
    [endpoint.ipv4, endpoint.ipv6].into_iter().flatten().map(|c| c.addr).collect()
}

/// Running containers with an endpoint on a network, and those that joined their namespaces.
fn members<'a>(snapshot: &'a Snapshot, network: &'a Network) -> Vec<&'a Container> {
    let is_on = |c: &Container| c.endpoints.iter().any(|e| scope::is_on(e, network));
    let alive = || snapshot.containers.iter().filter(|c| scope::is_alive(snapshot, c)).map(AsRef::as_ref);
    alive()
        .filter(|c: &&Container| match &c.network_mode {
            NetworkMode::Container(owner) => snapshot.container(owner).is_some_and(|o| is_on(o)),
            _ => is_on(c),
        })
        .collect()
}

fn on_network(
    snapshot: &Snapshot,
    container: &Container,
    endpoint: &Endpoint,
    network: &Network,
    names: &mut Vec<Name>,
) {
    let members = members(snapshot, network);
    let made = |name: Outside, means, seen_by: Arc<[ContainerId]>, also| Name {
        network: Some(network.id.clone()),
        network_name: Some(network.name.clone()),
        means,
        name,
        addresses: addresses(endpoint),
        seen_by,
        also,
    };
    let is_here = |e: &&Endpoint| scope::is_on(e, network);
    let everyone: Arc<[ContainerId]> = members.iter().map(|c| c.id.clone()).collect();
    let others = members.iter().filter(|c| c.id != container.id);
    let others: Vec<(&Container, &Endpoint)> =
        others.filter_map(|c| Some((*c, c.endpoints.iter().find(is_here)?))).collect();
    for name in dns_names(container, endpoint) {
        let also = others.iter().filter(|(c, e)| answers_to(c, e, &name)).map(|(c, _)| c.id.clone()).collect();
        names.push(made(name, Means::EmbeddedDns, everyone.clone(), also));
    }
    for other in &members {
        let links = other.endpoints.iter().filter(is_here);
        for link in links.flat_map(|e| &e.links) {
            let (target, alias) = link.raw().split_once(':').unwrap_or((link.raw(), link.raw()));
            if target == container.name.raw() || container.id.as_str().starts_with(target) && target.len() >= 12 {
                names.push(made(alias.into(), Means::Link, Arc::new([other.id.clone()]), Vec::new()));
            }
        }
    }
}

/// `HostConfig.Links` of others on the default bridge: `/target:/me/alias`.
fn legacy_links(
    snapshot: &Snapshot,
    container: &Container,
    endpoint: &Endpoint,
    network: &Network,
    names: &mut Vec<Name>,
) {
    for other in snapshot.containers.iter().filter(|c| scope::is_alive(snapshot, c)) {
        for link in other.config.known().into_iter().flat_map(|c| &c.links) {
            let Some((target, alias)) = link.raw().split_once(':') else { continue };
            if target.trim_start_matches('/') == container.name.raw() {
                names.push(Name {
                    network: Some(network.id.clone()),
                    network_name: Some(network.name.clone()),
                    means: Means::LegacyLink,
                    name: alias.rsplit('/').next().unwrap_or(alias).into(),
                    addresses: addresses(endpoint),
                    seen_by: Arc::new([other.id.clone()]),
                    also: Vec::new(),
                });
            }
        }
    }
}

/// Lines of hosts files, its own included, that have one of its addresses.
fn hosts_files(snapshot: &Snapshot, container: &Container, names: &mut Vec<Name>) {
    let own: BTreeSet<IpAddr> = container.endpoints.iter().flat_map(addresses).collect();
    if own.is_empty() {
        return;
    }
    // An IPv4 address has one spelling, so that most files need no closer look; an IPv6 address has many.
    let spellings: Vec<String> = own.iter().filter(|a| a.is_ipv4()).map(ToString::to_string).collect();
    let may_name = |text: &str| spellings.len() < own.len() || spellings.iter().any(|word| text.contains(&**word));
    for (id, facts) in snapshot.kernel.iter() {
        let Some(text) = facts.hosts.known().filter(|text| may_name(text.raw())) else { continue };
        for (address, words) in lines_of_hosts(text.raw()) {
            if !own.contains(&address) {
                continue;
            }
            names.extend(words.map(|name| Name {
                network: None,
                network_name: None,
                means: Means::HostsFile,
                name: name.into(),
                addresses: vec![address],
                seen_by: Arc::new([id.clone()]),
                also: Vec::new(),
            }));
        }
    }
}

/// Lines of a hosts file as hosts(5) has them; lines without a valid address are left out.
pub fn lines_of_hosts(text: &str) -> impl Iterator<Item = (IpAddr, std::str::SplitWhitespace<'_>)> {
    let lines = text.lines().map(|l| l.split('#').next().unwrap_or_default());
    lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next()?.parse().ok()?;
        Some((address, words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Lab, every_mode};
    use crate::model::{Config, Fact, NsInode};

    fn names_of(lab: &Lab, name: &str) -> Vec<(String, Means, Vec<String>, usize)> {
        let snapshot = lab.snapshot();
        let id = &snapshot.containers.iter().find(|c| c.name == name).expect("a container").id;
        let word = |id: &ContainerId| snapshot.container(id).map_or(String::new(), |c| c.name.raw().to_owned());
        let all = resolving_to(&snapshot, id);
        all.iter()
            .map(|n| (n.name.raw().to_owned(), n.means, n.seen_by.iter().map(word).collect(), n.also.len()))
            .collect()
    }

    fn container<'a>(lab: &'a mut Lab, name: &str) -> &'a mut Container {
        lab.containers.iter_mut().find(|c| c.name == name).expect("a container")
    }

    #[test]
    fn t11_names_are_answered_per_network() {
        let mut lab = every_mode();
        let n1 = lab.networks[1].id.clone();
        let app = lab.container("app", Some(NsInode(210)));
        lab.veth(&app, NsInode(210), 81, 4, &n1, "172.18.0.3/16");
        container(&mut lab, "db").endpoints[0].aliases.push("database".into());
        container(&mut lab, "app").endpoints[0].aliases.push("database".into());
        container(&mut lab, "app").endpoints[0].links.push("db:store".into());
        let names = names_of(&lab, "db");
        let on = |name: &str, means| names.iter().filter(|n| n.0 == name && n.1 == means).cloned().collect::<Vec<_>>();
        let database = on("database", Means::EmbeddedDns);
        assert_eq!(database.len(), 1, "the alias is on one network only: {names:?}");
        assert_eq!((database[0].2.clone(), database[0].3), (vec!["app".to_owned(), "db".to_owned()], 1));
        assert_eq!(on("db", Means::EmbeddedDns).len(), 2, "once per network");
        assert_eq!(on("store", Means::Link)[0].2, ["app"]);
    }

    #[test]
    fn the_default_bridge_has_links_and_hosts_files_only() {
        let mut lab = every_mode();
        assert!(names_of(&lab, "web").is_empty());
        let links = vec!["/web:/db/front".into()];
        container(&mut lab, "db").config = Fact::Known(Arc::new(Config { links, ..Config::default() }));
        let at = lab.kernel.iter().position(|k| k.id == lab.containers[2].id).expect("db");
        lab.kernel[at].hosts = Fact::Known("127.0.0.1 localhost\n172.17.0.2\tfront abc # x\nbroken line\n".into());
        let seen: Vec<_> = names_of(&lab, "web").into_iter().map(|n| (n.0, n.1, n.2)).collect();
        let by = vec!["db".to_owned()];
        assert_eq!(
            seen,
            [
                ("abc".to_owned(), Means::HostsFile, by.clone()),
                ("front".to_owned(), Means::HostsFile, by.clone()),
                ("front".to_owned(), Means::LegacyLink, by)
            ]
        );
        assert_eq!(names_of(&lab, "sidecar"), names_of(&lab, "web"), "a guest has the names of its host");
    }
}
