//! BW-R-021: Devices of the host are passed in.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-021",
    title: "Devices of the host are passed in",
    severity: Severity::Medium,
    why: "A raw disk or memory device is the host itself; others open drivers that expect trusted users.",
    fix: "Pass the narrowest device, with r only where that is enough.",
    cis: "5.18",
    inputs: Inputs::CONTAINER,
    need: "A",
    blind: "Device filters of cgroup v2 are programs in the kernel that can't be read back: the engine's word counts.",
    escape: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container)?;
    let sys_admin = resolve::caps::configured(config) & known::caps::SYS_ADMIN != 0;
    let judged = |hit: fn(Grade) -> Hit, severity| hit(Grade::Api).severity(severity);
    let graded = |severity: Severity| match severity {
        Severity::Info => judged(Hit::warn, severity),
        severity => judged(Hit::fail, severity),
    };
    let mut hits: Vec<Hit> = config
        .devices
        .iter()
        .map(|device| {
            let path = known::paths::normal(device.host.raw());
            graded(known::devices::severity(&path, &device.permissions, sys_admin))
                .on(path.as_str())
                .says(format!("has {path} of the host ({})", device.permissions))
                .saw("inspect", "HostConfig.Devices", format!("{path} {}", device.permissions), "no such device")
        })
        .collect();
    hits.extend(config.device_cgroup_rules.iter().map(|rule| {
        graded(known::devices::rule_severity(rule))
            .on(rule.as_str())
            .says(format!("may make devices of the rule {rule}"))
            .saw("inspect", "HostConfig.DeviceCgroupRules", rule.as_str(), "no wide rule")
    }));
    hits.extend(config.device_requests.iter().map(|request| {
        graded(Severity::Info).on(request.raw()).says("has devices by request (GPU or CDI)").saw(
            "inspect",
            "HostConfig.DeviceRequests",
            request.clone(),
            "-",
        )
    }));
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn device(path: &str, permissions: &str) -> Host {
        let device = Device { host: path.into(), container: path.into(), permissions: permissions.into() };
        one(container().config(|c| c.devices = vec![device]))
    }

    #[test]
    fn the_class_of_the_device_decides() {
        decides(
            &CHECK,
            [
                ("none", one(container()), Pass),
                ("a disk", device("/dev/sda", "r"), Fail),
                ("tun", device("/dev/net/tun", "rwm"), Fail),
                ("sound", device("/dev/snd", "rwm"), Warn),
                ("a wide rule", one(container().config(|c| c.device_cgroup_rules = vec!["b *:* rwm".into()])), Fail),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }

    #[test]
    fn a_disk_is_critical() {
        assert_eq!(device("/dev/nvme0n1p2", "rwm").severity(&CHECK), Some(Severity::Critical));
        assert_eq!(device("/dev/snd", "rwm").severity(&CHECK), Some(Severity::Info));
    }
}
