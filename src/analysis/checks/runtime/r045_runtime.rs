//! BW-R-045: Another runtime, or devices by request.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-045",
    title: "Another runtime, or devices by request",
    severity: Severity::Info,
    why: "A runtime other than runc has an isolation of its own, better or worse.",
    fix: "Nothing, if it is meant.",
    inputs: Inputs::CONTAINER,
    need: "A",
    way: Check::BY_HAND,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container)?;
    let mut hits = Vec::new();
    if !matches!(config.runtime.as_str(), "" | "runc" | "io.containerd.runc.v2" | "crun" | "oci") {
        hits.push(Hit::warn(Grade::Api).on("runtime").says(format!("runs with {}", config.runtime)).saw(
            "inspect",
            "HostConfig.Runtime",
            config.runtime.as_str(),
            "runc",
        ));
    }
    if !config.device_requests.is_empty() {
        hits.push(Hit::warn(Grade::Api).on("devices").says("has devices by request (GPU or CDI)").saw(
            "inspect",
            "HostConfig.DeviceRequests",
            config.device_requests.len().to_string(),
            "0",
        ));
    }
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn other_than_usual() {
        decides(
            &CHECK,
            [
                ("runc", one(container()), Pass),
                ("gvisor", one(container().config(|c| c.runtime = "runsc".into())), Warn),
                ("a GPU", one(container().config(|c| c.device_requests = vec!["gpu".into()])), Warn),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
