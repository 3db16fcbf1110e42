//! Takes secrets out of snapshots before they are written: values of variables, labels and options whose names look
//! secret, arguments, passwords in URLs. What counts as a secret is decided in [`crate::text::secret`]; this file
//! knows only where in a snapshot such text can be.
//!
//! Names, addresses and images stay: a recording shows a host. Log lines and raw answers are free text that no rule
//! covers; [`Scrubber::detail`] does what it can for them.

use super::Detail;
use crate::model::{Config, Container, Daemon, Event, Fact, Host, KernelFacts, Network, Process, Snapshot, Volume};
use crate::text::Outside;
use crate::text::secret;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is taken out besides secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scrub {
    /// The name of the host, the user and the id of this boot too.
    pub host_name: bool,
}

/// A copy of a snapshot without secrets.
pub fn scrub(snapshot: &Snapshot) -> Snapshot {
    Scrubber::new(Scrub::default()).snapshot(snapshot)
}

/// Scrubs a stream of snapshots. Parts that did not change since the snapshot before keep their `Arc`, so that a
/// steady host costs next to nothing.
#[derive(Debug, Default)]
pub struct Scrubber {
    what: Scrub,
    /// The snapshot before, as it came and as it went.
    before: Option<(Snapshot, Snapshot)>,
}

impl Scrubber {
    /// A scrubber for one stream.
    pub fn new(what: Scrub) -> Self {
        Scrubber { what, before: None }
    }

    /// The next snapshot of the stream without secrets.
    pub fn snapshot(&mut self, snapshot: &Snapshot) -> Snapshot {
        let (old, done) = self.before.take().unwrap_or_default();
        let mut out = snapshot.clone();
        let what = self.what;
        out.host = part(&snapshot.host, &old.host, &done.host, |host| scrub_host(host, what));
        out.sources = part(&snapshot.sources, &old.sources, &done.sources, |all| {
            let mut all = all.clone();
            all.iter_mut().for_each(|source| source.reason = secret::mask_urls(&source.reason).into_owned());
            all
        });
        out.containers = part(&snapshot.containers, &old.containers, &done.containers, |all| {
            let one = |c: &Arc<Container>| part_of(c, old.container(&c.id), done.container(&c.id), scrub_container);
            all.iter().map(one).collect()
        });
        out.kernel = part(&snapshot.kernel, &old.kernel, &done.kernel, |all| {
            let one = |k: &Arc<KernelFacts>| part_of(k, old.kernel_of(&k.id), done.kernel_of(&k.id), scrub_kernel);
            all.iter().map(|(id, facts)| (id.clone(), one(facts))).collect()
        });
        out.networks =
            part(&snapshot.networks, &old.networks, &done.networks, |all| all.iter().map(scrub_network).collect());
        out.volumes =
            part(&snapshot.volumes, &old.volumes, &done.volumes, |all| all.iter().map(scrub_volume).collect());
        out.events = part(&snapshot.events, &old.events, &done.events, |all| {
            // Numbers rise, so the same event is found by its number; the scrubbed list has it at the same place.
            let one = |event: &Arc<Event>| {
                let at = old.events.binary_search_by_key(&event.seq, |old| old.seq).ok();
                let (old, done) = (at.and_then(|at| old.events.get(at)), at.and_then(|at| done.events.get(at)));
                part_of(event, old, done, scrub_event)
            };
            all.iter().map(one).collect()
        });
        self.before = Some((snapshot.clone(), out.clone()));
        out
    }

    /// An answer without secrets, as far as that can be told: known keys of JSON, and in free text what looks like an
    /// argument or a URL with a password.
    pub fn detail(&self, detail: &Detail) -> Detail {
        let text = detail.text.raw();
        if detail.kind == Detail::LOGS {
            let mut lines = detail.log_lines();
            for line in &mut lines {
                apply(&mut line.text, secret::scrub_command_line);
            }
            return Detail::of_log(detail.container.clone(), &lines);
        }
        let text = match serde_json::from_str::<serde_json::Value>(text) {
            Ok(mut value) if value.is_object() || value.is_array() => {
                scrub_json(&mut value);
                value.to_string()
            }
            _ => secret::scrub_command_line(text).into_owned(),
        };
        Detail { text: Outside::from(text), ..detail.clone() }
    }
}

/// A part of the snapshot: the one scrubbed before when it is the same object.
fn part<T>(now: &Arc<T>, old: &Arc<T>, done: &Arc<T>, scrub: impl FnOnce(&T) -> T) -> Arc<T> {
    if Arc::ptr_eq(now, old) { done.clone() } else { Arc::new(scrub(now)) }
}

/// One of many: the one scrubbed before when it is the same object.
fn part_of<T>(now: &Arc<T>, old: Option<&Arc<T>>, done: Option<&Arc<T>>, scrub: impl FnOnce(&T) -> T) -> Arc<T> {
    match (old, done) {
        (Some(old), Some(done)) if Arc::ptr_eq(old, now) => done.clone(),
        _ => Arc::new(scrub(now)),
    }
}

/// Changes a text in place where the rule changes it.
fn apply(text: &mut Outside, rule: impl FnOnce(&str) -> Cow<'_, str>) {
    let changed = match rule(text.raw()) {
        Cow::Owned(new) => Some(new),
        // A borrowed answer is the same text, or a constant in its place.
        Cow::Borrowed(same) => (same != text.raw()).then(|| same.to_owned()),
    };
    if let Some(new) = changed {
        *text = Outside::from(new);
    }
}

fn scrub_pairs(pairs: &mut BTreeMap<String, Outside>) {
    for (name, value) in pairs {
        apply(value, |value| secret::mask_value(name, value));
    }
}

fn scrub_arguments(arguments: &mut Vec<Outside>) {
    let shown: Vec<Outside> = {
        let shown = secret::scrub_arguments(arguments.iter().map(Outside::raw));
        shown.into_iter().map(|argument| Outside::from(&*argument)).collect()
    };
    *arguments = shown;
}

fn scrub_container(container: &Container) -> Container {
    let mut out = container.clone();
    apply(&mut out.command, secret::scrub_command_line);
    apply(&mut out.error, secret::mask_urls);
    scrub_pairs(&mut out.labels);
    if let Some(output) = out.health.as_mut().and_then(|health| health.last_output.as_mut()) {
        apply(output, secret::scrub_command_line);
    }
    for exec in &mut out.execs {
        apply(&mut exec.command, secret::scrub_command_line);
    }
    if let Fact::Known(config) = &mut out.config {
        scrub_config(Arc::make_mut(config));
    }
    out
}

fn scrub_config(config: &mut Config) {
    for entry in &mut config.env {
        apply(entry, secret::mask_assignment);
    }
    // The entrypoint names the program that decides what the first arguments mean.
    let mut line: Vec<Outside> = config.entrypoint.iter().chain(&config.cmd).cloned().collect();
    scrub_arguments(&mut line);
    config.cmd = line.split_off(config.entrypoint.len());
    config.entrypoint = line;
    if let Some(check) = &mut config.healthcheck {
        scrub_arguments(&mut check.test);
    }
    scrub_pairs(&mut config.log_opts);
}

fn scrub_kernel(facts: &KernelFacts) -> KernelFacts {
    let mut out = facts.clone();
    if let Fact::Known(processes) = &mut out.processes {
        processes.iter_mut().for_each(scrub_process);
    }
    if let Fact::Known(mounts) = &mut out.mounts {
        for mount in mounts {
            apply(&mut mount.source, secret::mask_urls);
            mount.super_options = secret::mask_options(&mount.super_options).into_owned().into();
        }
    }
    out
}

fn scrub_process(process: &mut Process) {
    apply(&mut process.cmdline, secret::scrub_command_line);
}

fn scrub_network(network: &Network) -> Network {
    let mut out = network.clone();
    scrub_pairs(&mut out.options);
    scrub_pairs(&mut out.labels);
    out
}

fn scrub_volume(volume: &Volume) -> Volume {
    let mut out = volume.clone();
    scrub_pairs(&mut out.options);
    for value in out.options.values_mut() {
        apply(value, secret::mask_options);
    }
    out
}

fn scrub_event(event: &Event) -> Event {
    let mut out = event.clone();
    // `exec_create: sh -c …` carries a command line.
    apply(&mut out.action, secret::scrub_command_line);
    apply(&mut out.text, secret::scrub_command_line);
    scrub_pairs(&mut out.attributes);
    for value in out.attributes.values_mut() {
        apply(value, secret::scrub_command_line);
    }
    out
}

fn scrub_host(host: &Host, what: Scrub) -> Host {
    let mut out = host.clone();
    out.endpoint.url = secret::mask_urls(&out.endpoint.url).into_owned();
    if let Fact::Known(daemon) = &mut out.daemon {
        scrub_daemon(daemon);
    }
    if what.host_name {
        out.name = Outside::from("host");
        out.boot_id = String::new();
        out.rights.user = Outside::from(out.rights.uid.to_string());
        if let Fact::Known(engine) = &mut out.engine {
            engine.host_name = Outside::from("host");
            engine.id = String::new();
        }
    }
    out
}

fn scrub_daemon(daemon: &mut Daemon) {
    scrub_arguments(&mut daemon.args);
    if let Fact::Known(Some((_, config))) = &mut daemon.config_file {
        scrub_json(config);
    }
}

/// Masks strings under keys that look secret, `NAME=value` strings, and passwords in URLs, at any depth.
fn scrub_json(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) => *text = secret::mask_value(key, text).into_owned(),
                    other => scrub_json(other),
                }
            }
        }
        Value::Array(list) => {
            let strings: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            if let Some(strings) = strings {
                // A list of strings is a list of variables or of arguments.
                let shown = secret::scrub_arguments(strings.iter().copied());
                let shown: Vec<_> = shown.iter().map(|text| Value::from(secret::mask_assignment(text))).collect();
                *list = shown;
            } else {
                list.iter_mut().for_each(scrub_json);
            }
        }
        Value::String(text) => *text = secret::mask_urls(text).into_owned(),
        _ => {}
    }
}
