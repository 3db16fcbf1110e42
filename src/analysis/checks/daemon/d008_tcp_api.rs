//! BW-D-008: The engine's API on TCP without client certificates.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-D-008",
    title: "The engine's API on TCP without client certificates",
    severity: Severity::Critical,
    why: "Whoever reaches the port is root on the host.",
    fix: "Use the unix socket or ssh; else tlsverify.",
    cis: "2.7/2.8",
    inputs: Inputs::HOST,
    need: "A+U",
    way: Check::DAEMON_JSON,
    decide: Decide::Daemon(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let engine = evidence.engine()?;
    let mut hits: Vec<Hit> = engine.warnings.iter().filter_map(|warning| by_warning(warning.raw())).collect();
    // The engine names what it warns of; its command line is the second witness.
    if let Ok(hosts) = evidence.setting("host", "hosts") {
        let tcp: Vec<&str> = hosts.values.iter().filter_map(|host| host.strip_prefix("tcp://")).collect();
        let verify = evidence.setting("tlsverify", "tlsverify").map(|setting| setting.is(false));
        let tls = evidence.setting("tls", "tls").map(|setting| setting.is(false));
        for address in tcp {
            match (&verify, &tls) {
                (Ok(true), _) => {}
                (Ok(false), Ok(tls)) => hits.push(judge(address, *tls, "args")),
                (Err(missing), _) | (_, Err(missing)) if hits.is_empty() => return Err(missing.clone()),
                _ => {}
            }
        }
    }
    hits.sort_by(|a, b| (&a.sub_key, b.severity).cmp(&(&b.sub_key, a.severity)));
    hits.dedup_by(|a, b| a.sub_key == b.sub_key);
    Ok(Verdict::of(hits))
}

/// `API is accessible on http://0.0.0.0:2375 without encryption`; `https` means without verification.
fn by_warning(warning: &str) -> Option<Hit> {
    let address = warning.split_once("accessible on ")?.1;
    let (scheme, rest) = address.split_once("://")?;
    let address = rest.split_whitespace().next()?.trim_end_matches(['.', ',']);
    Some(judge(address, scheme == "https", "info"))
}

fn judge(address: &str, tls: bool, source: &'static str) -> Hit {
    let address = address.trim_end_matches('/');
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
    let ip = host.parse::<std::net::IpAddr>();
    let is_loopback = host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
    let address = match ip {
        _ if host.is_empty() => format!("0.0.0.0{address}"),
        _ => address.to_owned(),
    };
    Hit::fail(Grade::Api)
        .severity(if is_loopback || tls { Severity::High } else { Severity::Critical })
        .says(format!("the API answers on {address} without client certificates"))
        .saw(source, "hosts", address.as_str(), "no TCP, or tlsverify")
        .on(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn warned(text: &str) -> Host {
        Host::new().engine(|e| e.warnings.push(text.into()))
    }

    #[test]
    fn the_address_decides() {
        decides(
            &CHECK,
            [
                ("unix socket", Host::new(), Pass),
                (
                    "open",
                    warned("WARNING: API is accessible on http://0.0.0.0:2375 without encryption.\n Access to"),
                    Fail,
                ),
                ("an unrelated warning", warned("WARNING: No swap limit support"), Pass),
                ("by the command line", Host::new().arg("-H").arg("tcp://0.0.0.0:2375"), Fail),
                ("verified", Host::new().arg("-H").arg("tcp://0.0.0.0:2376").arg("--tlsverify"), Pass),
                ("ssh is no listener", Host::new().arg("--host=ssh://x"), Pass),
                ("no engine", Host::new().without_engine(), Unknown),
            ],
        );
    }

    #[test]
    fn loopback_is_milder_and_said_of_both_witnesses_once() {
        let loopback = warned("API is accessible on http://127.0.0.1:2375 without encryption.");
        assert_eq!(loopback.severity(&CHECK), Some(Severity::High));
        let both = warned("API is accessible on http://0.0.0.0:2375 without encryption.").arg("-Htcp://0.0.0.0:2375");
        assert_eq!(both.ask(&CHECK).hits().len(), 1);
        assert_eq!(both.severity(&CHECK), Some(Severity::Critical));
        assert_eq!(
            warned("API is accessible on https://0.0.0.0:2376 without TLS").severity(&CHECK),
            Some(Severity::High)
        );
    }
}
