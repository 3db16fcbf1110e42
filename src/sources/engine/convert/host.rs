//! The engine itself: `/version` and `/info`.

use super::super::json::Json;
use crate::model::Engine;
use serde_json::Value;

/// Joins the two answers. Fields that an older or another engine does not have stay empty.
pub fn engine(version: &Value, info: &Value) -> Engine {
    let (version, info) = (Json::of(version), Json::of(info));
    let components: Vec<(&str, &str)> =
        version.at("Components").list().map(|part| (part.at("Name").text(), part.at("Version").text())).collect();
    let is_podman = components.iter().any(|(name, _)| name.contains("Podman"));
    let platform = version.at("Platform").at("Name").text();
    let product = match () {
        () if is_podman => "Podman",
        () if platform.is_empty() || platform.starts_with("Docker") => "Docker",
        () => platform,
    };
    let pool = |pool: Json<'_>| {
        (pool.at("Base").string(), pool.at("Size").some_count().and_then(|n| n.try_into().ok()).unwrap_or(0))
    };
    Engine {
        product: product.to_owned(),
        version: version.at("Version").string(),
        api_version: version.at("ApiVersion").string(),
        min_api_version: version.at("MinAPIVersion").string(),
        components: components.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect(),
        // Podman makes up another id at every answer.
        id: if is_podman { String::new() } else { info.at("ID").string() },
        host_name: info.at("Name").outside(),
        operating_system: info.at("OperatingSystem").outside(),
        kernel: info.at("KernelVersion").string(),
        cgroup_driver: info.at("CgroupDriver").string(),
        // Below API 1.41 there is no such field, and version 1 only.
        cgroup_version: info.at("CgroupVersion").some_text().unwrap_or("1").to_owned(),
        storage_driver: info.at("Driver").string(),
        logging_driver: info.at("LoggingDriver").string(),
        root_dir: info.at("DockerRootDir").string(),
        security_options: info.at("SecurityOptions").strings(),
        warnings: info.at("Warnings").outsides(),
        live_restore: info.at("LiveRestoreEnabled").flag(),
        swarm_state: info.at("Swarm").at("LocalNodeState").string(),
        default_runtime: info.at("DefaultRuntime").string(),
        firewall_backend: info.at("FirewallBackend").at("Driver").string(),
        address_pools: info.at("DefaultAddressPools").list().map(pool).collect(),
        debug: info.at("Debug").flag(),
        experimental: info.at("ExperimentalBuild").flag(),
        network_drivers: info.at("Plugins").at("Network").strings(),
        cpus: info.at("NCPU").some_count().and_then(|n| n.try_into().ok()).unwrap_or(0),
        memory_bytes: info.at("MemTotal").some_count().unwrap_or(0),
    }
}
