//! BW-R-010: A runtime socket is within reach.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-010",
    title: "A runtime socket is within reach",
    severity: Severity::Critical,
    why: "Who can connect to the engine can start a privileged container: it is root on the host. A read-only mount does not help, connecting needs no write access to the file system.",
    fix: "Put a filtering proxy in between, or give it nothing.",
    cis: "5.32",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::VOLUMES).and(Inputs::HOST),
    need: "A(+P)",
    blind: "A socket made available under another inode, e.g. by a proxy on the host.",
    escape: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let paths = evidence.host_paths(container)?;
    let endpoint = evidence.snapshot.host.endpoint.url.strip_prefix("unix://").unwrap_or("").to_owned();
    let mut sockets: Vec<String> = known::paths::RUNTIME_SOCKETS.iter().map(|path| (*path).to_owned()).collect();
    if !endpoint.is_empty() {
        sockets.push(known::paths::normal(&endpoint));
    }
    let mut hits = Vec::new();
    for path in paths {
        let holds = |socket: &String| known::paths::within(socket, &path.path);
        let user_socket = path.path.starts_with("/run/user/")
            && (path.path.ends_with("/docker.sock") || path.path.ends_with("/podman.sock"));
        // /var holds the sockets where /var/run is a directory of its own.
        let socket = match sockets.iter().find(|socket| holds(socket)) {
            Some(socket) => socket.as_str(),
            None if user_socket => path.path.as_str(),
            None if path.path == "/var" => "/var/run/docker.sock",
            None => continue,
        };
        let grade = if path.by_kernel { Grade::Kernel } else { Grade::Api };
        hits.push(
            Hit::fail(grade)
                .on(path.path.as_str())
                .says(format!("can reach {socket} through the mount of {}", path.path))
                .saw(
                    "inspect",
                    path.how.as_str(),
                    format!("{} at {}", path.path, path.destination),
                    "no runtime socket",
                ),
        );
    }
    hits.dedup_by(|a, b| a.sub_key == b.sub_key);
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn mounts(source: &str, at: &str, rw: bool) -> Host {
        one(container().config(|c| c.mounts = vec![bind(source, at, rw)]))
    }

    #[test]
    fn any_ancestor_counts_and_read_only_does_not_help() {
        decides(
            &CHECK,
            [
                ("nothing", one(container()), Pass),
                ("the socket", mounts("/var/run/docker.sock", "/var/run/docker.sock", true), Fail),
                ("the socket, read-only", mounts("/run/docker.sock", "/s", false), Fail),
                ("/var/run", mounts("/var/run", "/x", true), Fail),
                ("/", mounts("/", "/host", false), Fail),
                ("rootless socket", mounts("/run/user/1000/docker.sock", "/s", true), Fail),
                (
                    "something else called docker.sock inside",
                    mounts("/srv/app.sock", "/var/run/docker.sock", true),
                    Pass,
                ),
                ("a neighbour of the socket", mounts("/run/docker.socket-proxy", "/x", true), Pass),
                (
                    "the endpoint in use",
                    mounts("/srv/lab", "/x", true).facts(|h| h.endpoint.url = "unix:///srv/lab/docker.sock".into()),
                    Fail,
                ),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
