//! The table of endpoints: options, environment and files in, the chosen engine out.

use super::*;
use std::collections::BTreeMap;

#[derive(Default)]
struct World {
    env: BTreeMap<&'static str, String>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl World {
    fn new(env: &[(&'static str, &str)]) -> Self {
        let mut world = World { env: env.iter().map(|(k, v)| (*k, (*v).to_owned())).collect(), ..World::default() };
        world.env.entry("HOME").or_insert_with(|| "/home/op".to_owned());
        world
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(PathBuf::from(path), text.as_bytes().to_vec());
        self
    }

    fn context(self, dir: &str, name: &str, host: &str) -> Self {
        let path = format!("/home/op/.docker/contexts/meta/{dir}/meta.json");
        self.file(&path, &format!(r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#))
    }
}

impl Surroundings for World {
    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).filter(|value| !value.is_empty()).cloned()
    }
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found: Vec<PathBuf> = self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(path).ok()?.components().next().map(|first| path.join(first)))
            .collect();
        found.dedup();
        if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
    }
    fn exists(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }
}

fn chosen(world: &World, host: Option<&str>, context: Option<&str>) -> (String, String) {
    let target = resolve_in(world, host, context).expect("an endpoint");
    (target.endpoint.url, target.endpoint.origin)
}

fn pair(url: &str, origin: &str) -> (String, String) {
    (url.to_owned(), origin.to_owned())
}

#[test]
fn the_order_is_dockers() {
    let bare = World::new(&[]);
    assert_eq!(chosen(&bare, None, None), pair("unix:///var/run/docker.sock", "default"));
    let all = World::new(&[("DOCKER_HOST", "tcp://env:1"), ("DOCKER_CONTEXT", "b")])
        .context("1", "a", "tcp://a:1")
        .context("2", "b", "tcp://b:1")
        .file("/home/op/.docker/config.json", r#"{"currentContext":"a"}"#);
    assert_eq!(chosen(&all, Some("tcp://opt:1"), None), pair("tcp://opt:1", "--host"));
    assert_eq!(chosen(&all, None, Some("a")), pair("tcp://a:1", "--context a"));
    assert_eq!(chosen(&all, None, None), pair("tcp://env:1", "DOCKER_HOST"));
    // The context named "default" is no way around DOCKER_HOST.
    assert_eq!(chosen(&all, None, Some("default")), pair("tcp://env:1", "DOCKER_HOST"));
    let mut rest = all;
    rest.env.remove("DOCKER_HOST");
    assert_eq!(chosen(&rest, None, None), pair("tcp://b:1", "DOCKER_CONTEXT"));
    rest.env.remove("DOCKER_CONTEXT");
    assert_eq!(chosen(&rest, None, None), pair("tcp://a:1", "current context a"));
    assert_eq!(chosen(&rest, None, Some("default")), pair("unix:///var/run/docker.sock", "default"));
}

#[test]
fn an_empty_variable_is_not_set() {
    let world = World::new(&[("DOCKER_HOST", ""), ("DOCKER_CONTEXT", "")]);
    assert_eq!(chosen(&world, Some(""), None), pair("unix:///var/run/docker.sock", "default"));
}

#[test]
fn docker_config_moves_the_store() {
    let world = World::new(&[("DOCKER_CONFIG", "/etc/d")])
        .file("/etc/d/config.json", r#"{"currentContext":"x"}"#)
        .file("/etc/d/contexts/meta/9/meta.json", r#"{"Name":"x","Endpoints":{"docker":{"Host":""}}}"#);
    assert_eq!(chosen(&world, None, None), pair("unix:///var/run/docker.sock", "current context x"));
}

#[test]
fn addresses_are_read_as_dash_h_reads_them() {
    let world = World::new(&[]);
    for (text, url) in [
        ("web:1234", "tcp://web:1234"),
        ("web", "tcp://web:2375"),
        (":1234", "tcp://localhost:1234"),
        ("tcp://", "tcp://localhost:2375"),
        ("tcp://[2001:db8::1]", "tcp://[2001:db8::1]:2375"),
        ("tcp://web:1/base/", "tcp://web:1/base"),
        ("unix://", "unix:///var/run/docker.sock"),
        (" unix:///a b", ""),
        ("tcp://web:no", ""),
        ("http://web:1", ""),
        ("unix://relative", ""),
        ("\u{1b}[2J://x", ""),
    ] {
        match resolve_in(&world, Some(text), None) {
            Ok(target) => assert_eq!(target.endpoint.url, url, "{text:?}"),
            Err(error) => {
                assert_eq!(url, "", "{text:?}: {error}");
                assert!(!error.to_string().contains('\u{1b}'));
            }
        }
    }
}

#[test]
fn mistakes_are_named() {
    let world = World::new(&[]).context("1", "a", "ssh://host");
    assert_eq!(resolve_in(&world, Some("x"), Some("a")), Err(EndpointError::Conflict));
    assert!(matches!(resolve_in(&world, None, Some("a")), Err(EndpointError::Ssh { .. })));
    let missing = resolve_in(&world, None, Some("zz")).expect_err("no such context").to_string();
    assert!(missing.contains("zz") && missing.contains("--context") && missing.contains("/home/op/.docker/contexts"));
    let world = world.file("/home/op/.docker/contexts/meta/2/meta.json", r#"{"Name":"k8s","Endpoints":{}}"#);
    assert!(matches!(resolve_in(&world, None, Some("k8s")), Err(EndpointError::NoEndpoint { .. })));
}

#[test]
fn a_broken_config_file_is_passed_over_and_said() {
    let world = World::new(&[]).file("/home/op/.docker/config.json", "{");
    let target = resolve_in(&world, None, None).expect("the default");
    assert_eq!(target.endpoint.origin, "default");
    assert!(target.notes[0].contains("config.json"));
}

#[test]
fn tls_comes_from_the_environment_or_the_context() {
    let world = World::new(&[("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/certs")]);
    assert!(matches!(resolve_in(&world, Some("tcp://x"), None), Err(EndpointError::Tls { .. })));
    let world = world.file("/certs/ca.pem", "");
    let target = resolve_in(&world, Some("tcp://x"), None).expect("an endpoint");
    assert_eq!(target.endpoint.url, "tcp://x:2376");
    assert_eq!(target.tls.expect("tls").key, PathBuf::from("/certs/key.pem"));
    assert_eq!(chosen(&world, None, None).0, "tcp://localhost:2376");
    assert_eq!(resolve_in(&world, Some("unix:///s"), None).expect("an endpoint").tls, None);

    let unchecked = World::new(&[("DOCKER_TLS", "1")]);
    assert!(matches!(resolve_in(&unchecked, Some("tcp://x"), None), Err(EndpointError::Tls { .. })));

    let world =
        World::new(&[]).context("7", "far", "tcp://far:9").file("/home/op/.docker/contexts/tls/7/docker/ca.pem", "");
    let target = resolve_in(&world, None, Some("far")).expect("an endpoint");
    assert_eq!(target.tls.expect("tls").ca, PathBuf::from("/home/op/.docker/contexts/tls/7/docker/ca.pem"));
}

#[test]
fn podman_and_rootless_sockets_stand_in_for_a_missing_default() {
    let env = [("XDG_RUNTIME_DIR", "/run/user/1000")];
    let system = World::new(&env).file("/run/podman/podman.sock", "");
    assert_eq!(chosen(&system, None, None).0, "unix:///run/podman/podman.sock");
    let user = system.file("/run/user/1000/podman/podman.sock", "");
    let (url, origin) = chosen(&user, None, None);
    assert_eq!(url, "unix:///run/user/1000/podman/podman.sock");
    assert!(origin.contains("Podman") && origin.contains("/var/run/docker.sock"));
    let docker = user.file("/var/run/docker.sock", "");
    assert_eq!(chosen(&docker, None, None), pair("unix:///var/run/docker.sock", "default"));
}
