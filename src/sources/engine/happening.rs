//! One line of the engine's event stream, as an entry of the timeline and as a hint what to read again. Pure.
//!
//! An event never changes a picture by itself: events come late, doubled, out of order and not at all. What it says is
//! "look there again".

use super::json::Json;
use crate::model::{ContainerId, Event, NetworkId, Origin, Subject, Weight};
use crate::text::Outside;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// Attributes kept of an event: containers choose them (labels), and there may be thousands.
const ATTRIBUTES: usize = 64;

/// What to read again after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touch {
    /// The container with this id.
    Container(ContainerId),
    /// A network, and the container that joined or left it.
    Network(NetworkId, Option<ContainerId>),
    /// The volume with this name.
    Volume(String),
    /// An exec session was made or started: its command line is in the action.
    Exec {
        /// The container it is in.
        container: ContainerId,
        /// Its id.
        exec: String,
        /// The command as the event words it; empty when it does not.
        command: String,
    },
    /// An exec session ended.
    ExecEnded {
        /// The container it was in.
        container: ContainerId,
        /// Its id.
        exec: String,
    },
    /// Several things may be gone: the lists.
    Lists,
    /// The daemon read its configuration again.
    Daemon,
    /// Nothing that is held.
    Nothing,
}

/// A parsed event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// Class: `container`, `network`, `image`, `volume`, `daemon`, `plugin`, … or an unknown word.
    pub class: String,
    /// What happened, without the command that exec events append.
    pub action: String,
    /// Id of what it happened to.
    pub id: String,
    /// The engine's clock, nanoseconds since 1970; none when it does not say.
    pub at_ns: Option<i64>,
    /// What to read again.
    pub touch: Touch,
    attributes: BTreeMap<String, Outside>,
    detail: String,
}

impl Happening {
    /// Reads one line; none for what is no event.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(line).ok()?;
        let event = Json::of(&value);
        // Engines before API 1.22 had `status` and `id` only; some services still write no `Action`.
        let class = event.at("Type").some_text().unwrap_or("container").to_owned();
        let whole = event.at("Action").some_text().or_else(|| event.at("status").some_text())?;
        let (action, detail) = whole.split_once(": ").unwrap_or((whole, ""));
        let actor = event.at("Actor");
        let id = actor.at("ID").some_text().or_else(|| event.at("id").some_text()).unwrap_or_default().to_owned();
        let attributes = actor.at("Attributes").fields().take(ATTRIBUTES);
        let attributes: BTreeMap<_, _> = attributes.map(|(key, value)| (key.to_owned(), value.outside())).collect();
        let seconds = event.at("time").some_int().filter(|s| *s > 0).and_then(|s| s.checked_mul(1_000_000_000));
        let at_ns = event.at("timeNano").some_int().filter(|ns| *ns > 0).or(seconds);
        let mut out = Happening {
            class,
            action: action.to_owned(),
            id,
            at_ns,
            touch: Touch::Nothing,
            attributes,
            detail: detail.to_owned(),
        };
        out.touch = out.touched();
        Some(out)
    }

    /// An attribute; empty when it is not there.
    pub fn attribute(&self, key: &str) -> &str {
        self.attributes.get(key).map(Outside::raw).unwrap_or_default()
    }

    fn touched(&self) -> Touch {
        if self.action == "prune" {
            return Touch::Lists;
        }
        let container = || Some(self.attribute("container")).filter(|id| !id.is_empty()).map(ContainerId::from);
        match self.class.as_str() {
            "container" if self.id.is_empty() => Touch::Nothing,
            "container" => self.container_touched(),
            "network" if self.id.is_empty() => Touch::Lists,
            "network" => Touch::Network(NetworkId::from(self.id.as_str()), container()),
            "volume" if matches!(self.action.as_str(), "create" | "destroy") => Touch::Volume(self.id.clone()),
            "daemon" => Touch::Daemon,
            _ => Touch::Nothing,
        }
    }

    fn container_touched(&self) -> Touch {
        let id = ContainerId::from(self.id.as_str());
        let exec = self.attribute("execID").to_owned();
        match self.action.as_str() {
            // Nothing that is held changes by these.
            "attach" | "detach" | "top" | "resize" | "copy" | "export" | "commit" | "archive-path"
            | "extract-to-dir" | "exec_detach" | "kill" | "checkpoint" => Touch::Nothing,
            "exec_create" | "exec_start" | "exec_die" if exec.is_empty() => Touch::Nothing,
            "exec_create" | "exec_start" => Touch::Exec { container: id, exec, command: self.detail.clone() },
            "exec_die" => Touch::ExecEnded { container: id, exec },
            _ => Touch::Container(id),
        }
    }

    /// The entry of the timeline. `name_of` gives the name of a container by its id; `now` stands in for a time that
    /// the engine did not give.
    pub fn event(&self, name_of: impl Fn(&ContainerId) -> Option<Outside>, now: Timestamp) -> Event {
        let joined = Some(self.attribute("container")).filter(|id| !id.is_empty()).map(ContainerId::from);
        let (subject, container, name) = match (self.class.as_str(), joined) {
            ("container", _) => {
                let id = ContainerId::from(self.id.as_str());
                let name = self.attributes.get("name").cloned().or_else(|| name_of(&id));
                (Subject::Container { id: id.clone() }, Some(id), name)
            }
            (_, Some(id)) => (Subject::Container { id: id.clone() }, Some(id.clone()), name_of(&id)),
            ("network", None) => {
                let name = self.attributes.get("name").cloned();
                (Subject::Network { id: NetworkId::from(self.id.as_str()) }, None, name)
            }
            _ => (Subject::Daemon, None, self.attributes.get("name").cloned()),
        };
        let short: String = container.as_ref().map_or(&*self.id, ContainerId::as_str).chars().take(12).collect();
        Event {
            seq: 0,
            at: self.at_ns.and_then(|ns| Timestamp::from_nanosecond(ns.into()).ok()).unwrap_or(now),
            origin: Origin::Engine,
            class: self.class.clone(),
            action: Outside::from(self.action.as_str()),
            weight: self.weight(),
            subject,
            name: name.unwrap_or_else(|| Outside::from(short)),
            container,
            text: Outside::from(self.sentence()),
            attributes: self.attributes.clone(),
        }
    }

    fn weight(&self) -> Weight {
        let failed = !matches!(self.attribute("exitCode"), "" | "0");
        match (self.class.as_str(), self.action.as_str()) {
            ("container", "oom") => Weight::Alarm,
            ("container", "die") if failed => Weight::Notice,
            ("container", "health_status") if self.detail.trim() == "unhealthy" => Weight::Notice,
            ("daemon", _) => Weight::Notice,
            _ => Weight::Info,
        }
    }

    fn sentence(&self) -> String {
        let network = || self.attribute("name").to_owned();
        match (self.class.as_str(), self.action.as_str()) {
            ("container", "die") => format!("died with {}", exit_words(self.attribute("exitCode"))),
            ("container", "oom") => "out of memory".to_owned(),
            ("container", "create") => format!("created from {}", self.attribute("image")),
            ("container", "start") => "started".to_owned(),
            ("container", "stop") => "stopped".to_owned(),
            ("container", "restart") => "restarted".to_owned(),
            ("container", "pause") => "paused".to_owned(),
            ("container", "unpause") => "goes on".to_owned(),
            ("container", "destroy") => "removed".to_owned(),
            ("container", "rename") => {
                format!("renamed from {}", self.attribute("oldName").trim_start_matches('/'))
            }
            ("container", "update") => "limits changed".to_owned(),
            ("container", "kill") => format!("sent {}", signal_words(self.attribute("signal"))),
            ("container", "health_status") => format!("is {}", self.detail.trim()),
            ("container", "exec_create") => format!("exec made: {}", self.detail),
            ("container", "exec_start") => format!("exec started: {}", self.detail),
            ("container", "exec_die") => format!("exec ended with {}", exit_words(self.attribute("exitCode"))),
            ("network", "connect") => format!("connected to {}", network()),
            ("network", "disconnect") => format!("disconnected from {}", network()),
            ("network", "create") => format!("network created, driver {}", self.attribute("type")),
            ("network", "destroy" | "remove") => "network removed".to_owned(),
            ("volume", "mount") => format!("volume {} mounted at {}", self.id, self.attribute("destination")),
            ("volume", "unmount") => format!("volume {} unmounted", self.id),
            ("volume", "create") => "volume created".to_owned(),
            ("volume", "destroy") => "volume removed".to_owned(),
            ("daemon", "reload") => "the engine read its configuration again".to_owned(),
            (class, action) if self.detail.is_empty() => format!("{class} {action}"),
            (class, action) => format!("{class} {action}: {}", self.detail),
        }
    }
}

/// `exit code 137 (SIGKILL)`: above 128 the shell's convention names the signal.
fn exit_words(code: &str) -> String {
    let Ok(number) = code.parse::<i32>() else { return "an unknown exit code".to_owned() };
    match number.checked_sub(128).and_then(|n| nix::sys::signal::Signal::try_from(n).ok()) {
        Some(signal) => format!("exit code {number} ({})", signal.as_str()),
        None => format!("exit code {number}"),
    }
}

fn signal_words(signal: &str) -> String {
    match signal.parse::<i32>().ok().and_then(|n| nix::sys::signal::Signal::try_from(n).ok()) {
        Some(known) => known.as_str().to_owned(),
        None if signal.is_empty() => "a signal".to_owned(),
        None => format!("signal {signal}"),
    }
}

/// True when `command`, as an exec event words it, is the probe of this health check: the engine words it as the
/// program and its arguments joined by spaces, `CMD-SHELL` after the image's shell.
pub fn is_probe(command: &str, test: &[Outside]) -> bool {
    let [kind, rest @ ..] = test else { return false };
    let probe = rest.iter().map(Outside::raw).collect::<Vec<_>>().join(" ");
    let (command, probe) = (command.trim(), probe.trim());
    match kind.raw() {
        "CMD" => !probe.is_empty() && command == probe,
        "CMD-SHELL" => !probe.is_empty() && command.strip_suffix(probe).is_some_and(|shell| shell.ends_with(' ')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Happening {
        Happening::parse(text.as_bytes()).expect("an event")
    }

    fn event(happening: &Happening) -> Event {
        happening.event(|_| Some(Outside::from("web")), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_death_names_its_signal_and_weighs_more() {
        let line = r#"{"status":"die","id":"c1","from":"bb:1","Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":{"exitCode":"137","image":"bb:1","name":"db"}},"scope":"local","time":1700000000,"timeNano":1700000000123456789}"#;
        let happening = parse(line);
        assert_eq!(happening.touch, Touch::Container("c1".into()));
        assert_eq!(happening.at_ns, Some(1_700_000_000_123_456_789));
        let event = event(&happening);
        assert_eq!(event.text, "died with exit code 137 (SIGKILL)");
        assert_eq!((event.name.raw(), event.weight), ("db", Weight::Notice));
        assert_eq!(exit_words("0"), "exit code 0");
        assert_eq!(exit_words("127"), "exit code 127");
        assert_eq!(exit_words("143"), "exit code 143 (SIGTERM)");
    }

    #[test]
    fn joining_a_network_is_told_of_the_container() {
        let line = r#"{"Type":"network","Action":"connect","Actor":{"ID":"n1","Attributes":{"container":"c1","name":"front","type":"bridge"}},"timeNano":1}"#;
        let happening = parse(line);
        assert_eq!(happening.touch, Touch::Network("n1".into(), Some("c1".into())));
        let event = event(&happening);
        assert_eq!(
            (event.name.raw(), event.text.raw(), event.class.as_str()),
            ("web", "connected to front", "network")
        );
        assert_eq!(event.container, Some("c1".into()));
    }

    #[test]
    fn an_exec_carries_its_command_and_a_probe_is_known() {
        let line = r#"{"Type":"container","Action":"exec_create: /bin/sh -c wget -q localhost: || exit 1","Actor":{"ID":"c1","Attributes":{"execID":"e1"}}}"#;
        let Touch::Exec { exec, command, .. } = parse(line).touch else { panic!("an exec") };
        assert_eq!((exec.as_str(), command.as_str()), ("e1", "/bin/sh -c wget -q localhost: || exit 1"));
        assert!(is_probe(&command, &["CMD-SHELL".into(), "wget -q localhost: || exit 1".into()]));
        assert!(!is_probe(
            "wget -q localhost: || exit 1",
            &["CMD-SHELL".into(), "wget -q localhost: || exit 1".into()]
        ));
        assert!(is_probe("/probe -v", &["CMD".into(), "/probe".into(), "-v".into()]));
        assert!(!is_probe("/probe -v; sh", &["CMD".into(), "/probe".into(), "-v".into()]));
        assert!(!is_probe("sh", &["NONE".into()]));
        assert!(!is_probe("sh -c ", &["CMD-SHELL".into(), "".into()]));
    }

    #[test]
    fn e11_an_unknown_type_or_action_keeps_its_words() {
        let happening = parse(r#"{"Type":"quantum","Action":"entangle","Actor":{"ID":"q","Attributes":{"name":"a"}}}"#);
        assert_eq!(happening.touch, Touch::Nothing);
        assert_eq!(event(&happening).text, "quantum entangle");
        let happening = parse(r#"{"Type":"container","Action":"teleport","Actor":{"ID":"c1"}}"#);
        assert_eq!(happening.touch, Touch::Container("c1".into()));
    }

    #[test]
    fn e19_a_time_before_time_is_our_own() {
        let happening = parse(r#"{"Type":"container","Action":"start","Actor":{"ID":"c1"},"time":-62135596800}"#);
        assert_eq!(happening.at_ns, None);
        assert_eq!(event(&happening).at, Timestamp::UNIX_EPOCH);
    }

    proptest! {
        #[test]
        fn no_line_is_a_panic(line in proptest::collection::vec(any::<u8>(), 0..200), word in "\\PC{0,20}") {
            let _ = Happening::parse(&line);
            let made = format!(r#"{{"Type":{word:?},"Action":{word:?},"timeNano":9223372036854775807,"Actor":{{"ID":{word:?},"Attributes":{{"exitCode":{word:?},"signal":"99"}}}}}}"#);
            if let Some(happening) = Happening::parse(made.as_bytes()) {
                let _ = event(&happening);
            }
        }
    }
}
