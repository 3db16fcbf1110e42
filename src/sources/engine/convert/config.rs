//! What a container was asked to be: `Config` and `HostConfig` of an inspect.

use super::super::json::Json;
use super::port;
use crate::model::{Config, Device, HealthCheck, Mount, RestartPolicy, Ulimit};
use crate::text::Outside;

/// Reads the configuration from a whole inspect answer.
pub(super) fn config(inspect: Json<'_>) -> Config {
    let mut config = Config::default();
    asked(&mut config, inspect.at("Config"));
    let host = inspect.at("HostConfig");
    privileges(&mut config, host);
    limits(&mut config, host);
    namespaces_and_names(&mut config, host);
    files(&mut config, inspect, host);
    config.apparmor_profile = inspect.at("AppArmorProfile").string();
    config.process_label = inspect.at("ProcessLabel").string();
    config
}

fn asked(out: &mut Config, config: Json<'_>) {
    out.user = config.at("User").outside();
    out.env = config.at("Env").outsides();
    out.entrypoint = words(config.at("Entrypoint"));
    out.cmd = words(config.at("Cmd"));
    out.working_dir = config.at("WorkingDir").outside();
    out.hostname = config.at("Hostname").outside();
    out.domainname = config.at("Domainname").outside();
    out.exposed_ports = config.at("ExposedPorts").fields().filter_map(|(key, _)| port::port_key(key)).collect();
    out.exposed_ports.sort_unstable();
    out.tty = config.at("Tty").flag();
    out.stop_signal = config.at("StopSignal").some_text().map(str::to_owned);
    let check = config.at("Healthcheck");
    let test = check.at("Test").outsides();
    if !test.is_empty() {
        let (interval_ns, retries) = (check.at("Interval").int(), check.at("Retries").int());
        out.healthcheck = Some(HealthCheck { test, interval_ns, retries });
    }
}

/// A list of words, or the single one that some services write.
fn words(place: Json<'_>) -> Vec<Outside> {
    match place.some_outside() {
        Some(word) => vec![word],
        None => place.outsides(),
    }
}

fn privileges(out: &mut Config, host: Json<'_>) {
    out.privileged = host.at("Privileged").flag();
    out.cap_add = host.at("CapAdd").strings();
    out.cap_drop = host.at("CapDrop").strings();
    out.security_opt = host.at("SecurityOpt").strings();
    let paths = |place: Json<'_>| (!place.is_absent()).then(|| place.strings());
    out.masked_paths = paths(host.at("MaskedPaths"));
    out.readonly_paths = paths(host.at("ReadonlyPaths"));
    out.group_add = host.at("GroupAdd").outsides();
    out.readonly_rootfs = host.at("ReadonlyRootfs").flag();
    let device = |item: Json<'_>| Device {
        host: item.at("PathOnHost").outside(),
        container: item.at("PathInContainer").outside(),
        permissions: item.at("CgroupPermissions").string(),
    };
    out.devices = host.at("Devices").list().map(device).collect();
    out.device_cgroup_rules = host.at("DeviceCgroupRules").strings();
    out.device_requests = host.at("DeviceRequests").list().map(device_request).collect();
}

fn device_request(item: Json<'_>) -> Outside {
    let mut words = Vec::new();
    if let Some(driver) = item.at("Driver").some_text() {
        words.push(format!("driver={driver}"));
    }
    if let Some(count) = item.at("Count").some_int().filter(|count| *count != 0) {
        words.push(if count < 0 { "all".to_owned() } else { format!("count={count}") });
    }
    let ids = item.at("DeviceIDs").strings();
    if !ids.is_empty() {
        words.push(format!("ids={}", ids.join(",")));
    }
    for set in item.at("Capabilities").list() {
        words.push(format!("capabilities={}", set.strings().join(",")));
    }
    Outside::from(words.join(" "))
}

fn limits(out: &mut Config, host: Json<'_>) {
    out.memory_bytes = host.at("Memory").int();
    out.memory_reservation_bytes = host.at("MemoryReservation").int();
    out.memory_swap_bytes = host.at("MemorySwap").int();
    out.cpu_shares = host.at("CpuShares").int();
    out.nano_cpus = host.at("NanoCpus").int();
    out.cpu_quota_us = host.at("CpuQuota").int();
    out.cpu_period_us = host.at("CpuPeriod").int();
    out.cpuset_cpus = host.at("CpusetCpus").string();
    out.blkio_weight = host.at("BlkioWeight").some_count().and_then(|weight| weight.try_into().ok()).unwrap_or(0);
    out.pids_limit = host.at("PidsLimit").some_int();
    let ulimit = |item: Json<'_>| Ulimit {
        name: item.at("Name").string(),
        soft: item.at("Soft").int(),
        hard: item.at("Hard").int(),
    };
    out.ulimits = host.at("Ulimits").list().map(ulimit).collect();
    out.oom_kill_disable = host.at("OomKillDisable").flag();
    out.oom_score_adj = host.at("OomScoreAdj").int();
    let policy = host.at("RestartPolicy");
    out.restart_policy =
        RestartPolicy { name: policy.at("Name").string(), maximum_retries: policy.at("MaximumRetryCount").int() };
}

fn namespaces_and_names(out: &mut Config, host: Json<'_>) {
    out.network_mode = host.at("NetworkMode").string();
    out.pid_mode = host.at("PidMode").string();
    out.ipc_mode = host.at("IpcMode").string();
    out.uts_mode = host.at("UTSMode").string();
    out.userns_mode = host.at("UsernsMode").string();
    out.cgroupns_mode = host.at("CgroupnsMode").string();
    out.cgroup_parent = host.at("CgroupParent").string();
    out.publish_all_ports = host.at("PublishAllPorts").flag();
    out.port_bindings = port::bindings(host.at("PortBindings"));
    out.dns = host.at("Dns").strings();
    out.dns_search = host.at("DnsSearch").strings();
    out.dns_options = host.at("DnsOptions").strings();
    out.extra_hosts = host.at("ExtraHosts").outsides();
    out.links = host.at("Links").outsides();
    out.sysctls = host.at("Sysctls").string_map();
    out.runtime = host.at("Runtime").string();
    out.auto_remove = host.at("AutoRemove").flag();
    out.init = host.at("Init").flag();
}

fn files(out: &mut Config, inspect: Json<'_>, host: Json<'_>) {
    let mount = |item: Json<'_>| Mount {
        kind: item.at("Type").string(),
        name: item.at("Name").some_outside(),
        source: item.at("Source").some_outside(),
        destination: item.at("Destination").outside(),
        driver: item.at("Driver").some_text().map(str::to_owned),
        mode: item.at("Mode").string(),
        rw: item.at("RW").flag(),
        propagation: item.at("Propagation").string(),
    };
    out.mounts = inspect.at("Mounts").list().map(mount).collect();
    // The engine gives them in the order of a hash map, another at every inspect.
    out.mounts.sort_by(|a, b| a.destination.cmp(&b.destination));
    out.binds = host.at("Binds").outsides();
    out.tmpfs = host.at("Tmpfs").string_map();
    out.volumes_from = host.at("VolumesFrom").outsides();
    out.log_driver = host.at("LogConfig").at("Type").string();
    out.log_opts = host.at("LogConfig").at("Config").outside_map();
    let path = |key: &str| inspect.at(key).some_text().map(str::to_owned);
    out.resolv_conf_path = path("ResolvConfPath");
    out.hosts_path = path("HostsPath");
    out.hostname_path = path("HostnamePath");
    out.sandbox_key = inspect.at("NetworkSettings").at("SandboxKey").some_text().map(str::to_owned);
    let driver = inspect.at("GraphDriver").at("Name").some_text().unwrap_or(inspect.at("Driver").text());
    out.storage_driver = driver.to_owned();
}
