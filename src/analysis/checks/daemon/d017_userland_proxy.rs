//! BW-D-017: The userland proxy is on.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-D-017",
    title: "The userland proxy is on",
    severity: Severity::Info,
    why: "One process per published port and family; the container sees the bridge as the client's address for what passes through it.",
    fix: "Set \"userland-proxy\": false, after a look at BW-N-025.",
    cis: "2.16/2.17",
    inputs: Inputs::HOST,
    need: "U",
    way: Check::DAEMON_JSON,
    decide: Decide::Daemon(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let daemon = evidence.daemon()?;
    // Those of this daemon: another daemon's flags and proxies are not its own.
    if let Some(proxies) = daemon.proxies.known().filter(|proxies| !proxies.is_empty()) {
        return Ok(Hit::warn(Grade::Kernel)
            .says(format!("{} proxies of this daemon run", proxies.len()))
            .saw("proc", "docker-proxy", proxies.len().to_string(), "none")
            .into());
    }
    let setting = evidence.setting("userland-proxy", "userland-proxy")?;
    if !setting.is(true) {
        need(&daemon.proxies)?;
        return Ok(Verdict::pass());
    }
    Ok(Hit::warn(Grade::Api).saw(setting.layer.as_str(), "userland-proxy", setting.shown(), "false").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn processes_before_flags() {
        decides(
            &CHECK,
            [
                ("default", Host::new(), Warn),
                ("off", Host::new().arg("--userland-proxy=false"), Pass),
                (
                    "off, and yet they run",
                    Host::new().arg("--userland-proxy=false").daemon(|d| {
                        d.proxies = Fact::Known(vec![crate::model::Proxy {
                            pid: crate::model::Pid(7),
                            ppid: crate::model::Pid(500),
                            proto: Proto::Tcp,
                            host_ip: [0, 0, 0, 0].into(),
                            host_port: 80,
                            container_ip: [172, 17, 0, 2].into(),
                            container_port: 80,
                        }])
                    }),
                    Warn,
                ),
                (
                    "off, processes unreadable",
                    Host::new().arg("--userland-proxy=false").daemon(|d| d.proxies = Fact::default()),
                    Unknown,
                ),
                ("no daemon found", Host::new().without_engine(), Unknown),
            ],
        );
    }
}
