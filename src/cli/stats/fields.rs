//! Fields of a row of `stats`: docker's, in its formats, and ours.

use crate::analysis::ContainerRates;
use crate::cli::docker_units::{bytes_size, human_size, percent};
use crate::cli::template::Fields;
use crate::model::{Container, Fact, NetworkMode, Pressure, Sample, Snapshot};
use crate::text::Outside;

/// Docker's fields with the titles of its table, in the order of its JSON.
pub const DOCKER_FIELDS: [(&str, &str); 9] = [
    ("BlockIO", "BLOCK I/O"),
    ("CPUPerc", "CPU %"),
    ("Container", "CONTAINER"),
    ("ID", "CONTAINER ID"),
    ("MemPerc", "MEM %"),
    ("MemUsage", "MEM USAGE / LIMIT"),
    ("Name", "NAME"),
    ("NetIO", "NET I/O"),
    ("PIDs", "PIDS"),
];

/// Our own fields with their titles. Rates are per second; sizes are written as docker's are.
pub const OWN_FIELDS: [(&str, &str); 20] = [
    ("BlockReadRate", "READ/S"),
    ("BlockWriteRate", "WRITE/S"),
    ("Cache", "CACHE"),
    ("Command", "COMMAND"),
    ("Health", "HEALTH"),
    ("Image", "IMAGE"),
    ("Limited", "MEM LIMITED"),
    ("NetRxRate", "RX/S"),
    ("NetTxRate", "TX/S"),
    ("Networks", "NETWORKS"),
    ("OOMKills", "OOM"),
    ("PIDsLimit", "PIDS LIMIT"),
    ("PressureCPU", "PSI CPU"),
    ("PressureIO", "PSI IO"),
    ("PressureMemory", "PSI MEM"),
    ("Project", "PROJECT"),
    ("Restarts", "RESTARTS"),
    ("State", "STATE"),
    ("Swap", "SWAP"),
    ("Throttled", "THROTTLED"),
];

/// One container at one refresh.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The container.
    pub container: &'a Container,
    /// What it was called by: the argument, or the short id.
    pub called: String,
    /// Whole ids.
    pub no_trunc: bool,
    /// It has processes.
    pub is_alive: bool,
    /// Its counters.
    pub sample: Option<&'a Sample>,
    /// Its rates.
    pub rates: Option<&'a ContainerRates>,
    /// The host.
    pub snapshot: &'a Snapshot,
}

/// What docker writes for a figure it does not have.
const NONE: &str = "--";

/// `a / b`, each `--` when it is not known.
fn pair(a: Option<String>, b: Option<String>) -> String {
    let or = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
    format!("{} / {}", or(a), or(b))
}

impl Row<'_> {
    /// A value of a running container, or what docker writes for one that does not run.
    fn live(&self, stopped: &str, value: impl FnOnce() -> Option<String>) -> String {
        if !self.is_alive {
            return stopped.to_owned();
        }
        value().unwrap_or_else(|| NONE.to_owned())
    }

    fn counter(&self, read: impl Fn(&Sample) -> &Fact<u64>) -> Option<u64> {
        self.sample.and_then(|s| read(s).get())
    }

    fn size(&self, read: impl Fn(&Sample) -> &Fact<u64>) -> String {
        self.live("0B", || self.counter(read).map(bytes_size))
    }

    fn rate(&self, read: impl Fn(&ContainerRates) -> Option<f64>) -> String {
        self.live("0B/s", || self.rates.and_then(read).map(|r| format!("{}/s", human_size(r.max(0.0) as u64))))
    }

    fn pressure(&self, read: impl Fn(&Sample) -> &Fact<Pressure>) -> String {
        self.live(NONE, || self.sample.and_then(|s| read(s).get()).map(|p| percent(f64::from(p.avg10))))
    }

    fn docker_field(&self, name: &str) -> Option<String> {
        let rates = self.rates;
        let text = match name {
            "ID" if self.no_trunc => self.container.id.as_str().to_owned(),
            "ID" => self.container.id.short().to_owned(),
            "Container" => self.called.clone(),
            "Name" => self.container.name.raw().to_owned(),
            "CPUPerc" => self.live("0.00%", || rates.and_then(|r| r.cpu_percent).map(percent)),
            "MemUsage" => {
                let used = rates.and_then(|r| r.memory_bytes).map(bytes_size);
                let limit = rates.and_then(|r| r.memory_limit_bytes).map(bytes_size);
                self.live("0B / 0B", || Some(pair(used, limit)))
            }
            "MemPerc" => self.live("0.00%", || {
                let rates = rates?;
                let (used, limit) = (rates.memory_bytes?, rates.memory_limit_bytes?);
                Some(percent(if limit == 0 { 0.0 } else { used as f64 / limit as f64 * 100.0 }))
            }),
            "NetIO" => self.live("0B / 0B", || {
                // On the host's network a container has no interface of its own that could have moved anything.
                if self.container.network_mode == NetworkMode::Host {
                    return Some("0B / 0B".to_owned());
                }
                Some(pair(
                    rates.and_then(|r| r.rx_bytes).map(human_size),
                    rates.and_then(|r| r.tx_bytes).map(human_size),
                ))
            }),
            "BlockIO" => {
                let read = self.counter(|s| &s.io_read_bytes).map(human_size);
                let written = self.counter(|s| &s.io_write_bytes).map(human_size);
                self.live("0B / 0B", || Some(pair(read, written)))
            }
            "PIDs" => self.live("0", || self.counter(|s| &s.pids).map(|n| n.to_string())),
            _ => return None,
        };
        Some(text)
    }

    fn own_field(&self, name: &str) -> Option<String> {
        let container = self.container;
        let limit = |value: Option<u64>| value.map(|n| if n == 0 { "none".to_owned() } else { n.to_string() });
        let text = match name {
            "BlockReadRate" => self.rate(|r| r.io_read_rate),
            "BlockWriteRate" => self.rate(|r| r.io_write_rate),
            "Cache" => self.size(|s| &s.cache_bytes),
            "Command" => container.command.raw().to_owned(),
            "Health" => container.health.as_ref().map_or_else(String::new, |h| h.status.clone()),
            "Image" => container.image.raw().to_owned(),
            "Limited" => {
                self.live("no", || self.rates.map(|r| if r.is_memory_limited { "yes" } else { "no" }.to_owned()))
            }
            "NetRxRate" => self.rate(|r| r.rx_rate),
            "NetTxRate" => self.rate(|r| r.tx_rate),
            "Networks" => {
                let names: Vec<&str> = container.endpoints.iter().map(|e| e.network.raw()).collect();
                names.join(",")
            }
            "OOMKills" => self.live("0", || self.counter(|s| &s.oom_kills).map(|n| n.to_string())),
            "PIDsLimit" => self.live("none", || limit(self.counter(|s| &s.pids_limit))),
            "PressureCPU" => self.pressure(|s| &s.pressure_cpu),
            "PressureIO" => self.pressure(|s| &s.pressure_io),
            "PressureMemory" => self.pressure(|s| &s.pressure_memory),
            "Project" => container.compose.as_ref().map_or_else(String::new, |c| c.project.raw().to_owned()),
            "Restarts" => container.restart_count.get().map_or_else(|| NONE.to_owned(), |n| n.to_string()),
            "State" => container.state.as_str().to_owned(),
            "Swap" => self.size(|s| &s.swap_bytes),
            // Without a quota there are no periods to be throttled in.
            "Throttled" => {
                self.live("0.00%", || self.rates.map(|r| r.throttled_percent.map_or_else(|| "-".to_owned(), percent)))
            }
            _ => return None,
        };
        Some(text)
    }

    /// A field as it is, not cleaned: for JSON.
    pub fn exact(&self, name: &str) -> Option<String> {
        self.docker_field(name).or_else(|| self.own_field(name))
    }
}

impl Fields for Row<'_> {
    fn field(&self, name: &str) -> Option<String> {
        self.exact(name).map(|text| Outside::from(text).shown().into_owned())
    }

    fn json(&self) -> String {
        let mut object = serde_json::Map::new();
        for (name, _) in DOCKER_FIELDS {
            object.insert(name.to_owned(), self.docker_field(name).unwrap_or_default().into());
        }
        crate::cli::json::text(&object)
    }

    fn names(&self) -> Vec<&'static str> {
        DOCKER_FIELDS.iter().chain(&OWN_FIELDS).map(|(name, _)| *name).collect()
    }
}

/// The titles, as a row of a table.
pub(super) struct Heads;

impl Fields for Heads {
    fn field(&self, name: &str) -> Option<String> {
        DOCKER_FIELDS.iter().chain(&OWN_FIELDS).find(|(n, _)| *n == name).map(|(_, title)| (*title).to_owned())
    }

    fn json(&self) -> String {
        String::new()
    }

    fn names(&self) -> Vec<&'static str> {
        DOCKER_FIELDS.iter().chain(&OWN_FIELDS).map(|(name, _)| *name).collect()
    }
}
