//! The command line as data: every flag with its help. The man page and the completions are printed from it.

pub mod change;

use change::{ContainerCommand, How, LimitCommand, NetworkCommand};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0  done; for audit: nothing at or above --fail-on
  1  it failed, or audit has findings
  2  wrong usage, or no terminal to draw on
  3  the engine can't be reached and the command needs it
  4  audit --strict: something could not be decided
  5  refused: nothing was changed
  6  not all of a change was done; what stands is told

Without a command the console opens. With --read-only nothing can be changed for the whole run.";

/// A terminal console for the networks and the security of the containers on a Linux host.
#[derive(Debug, Clone, Parser)]
#[command(name = "bridgewatch", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// How the engine is found and how things look.
    #[command(flatten)]
    pub global: Global,
    /// What to do; the console when none is given.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Endpoint of the engine, e.g. unix:///run/podman/podman.sock or tcp://10.0.0.5:2376
    #[arg(short = 'H', long, global = true, value_name = "URL")]
    pub host: Option<String>,
    /// Docker context to take the endpoint from
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Nothing on this host can be changed for the whole run
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Time between two refreshes, e.g. 500ms, 1s, 5s (default 1s)
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_interval)]
    pub interval: Option<std::time::Duration>,
    /// Settings file instead of the one in the XDG configuration directory
    #[arg(long, global = true, value_name = "FILE", env = "BRIDGEWATCH_CONFIG")]
    pub config: Option<PathBuf>,
    /// Theme by name (default, light, contrast, sixteen, mono) or file
    #[arg(long, global = true, value_name = "THEME", env = "BRIDGEWATCH_THEME")]
    pub theme: Option<String>,
    /// No colours at all (the same as NO_COLOR=1)
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Only ASCII characters for borders and glyphs
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Leave the mouse to the terminal
    #[arg(long, global = true)]
    pub no_mouse: bool,
    /// Times in UTC
    #[arg(long, global = true)]
    pub utc: bool,
    /// View to open: containers, networks, topology, ports, traffic, namespaces, security, events
    #[arg(long, global = true, value_name = "VIEW")]
    pub view: Option<String>,
    /// Filter to open the view with, e.g. state:running, !web, cpu:>50
    #[arg(long, global = true, value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// Column to sort by; a leading - reverses
    #[arg(long, global = true, value_name = "COLUMN", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Where the packet filter is read; settled once rights were given up.
    #[arg(skip)]
    pub rules: crate::live::Rules,
}

/// Where a one-shot command takes the host from.
#[derive(Debug, Clone, Default, Args)]
pub struct From {
    /// Answer from a recording (its last moment) or a snapshot document instead of from this host
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

/// Form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Columns for people
    Table,
    /// One JSON document
    Json,
}

/// Form of the topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TopologyFormat {
    /// A tree for people
    Tree,
    /// Graphviz
    Dot,
    /// Mermaid flowchart
    Mermaid,
    /// One JSON document
    Json,
}

/// Form of the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// Severities for --fail-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SeverityArg {
    /// Root on the host with no further bug
    Critical,
    /// A whole layer of isolation is gone
    High,
    /// Defence in depth is missing
    Medium,
    /// Hygiene
    Low,
    /// Facts
    Info,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Resource use of containers, as docker stats shows it, read from the kernel
    Stats {
        /// Containers by name or id; all running ones when none is given
        containers: Vec<String>,
        /// Show containers that do not run too
        #[arg(short, long)]
        all: bool,
        /// One reading instead of a stream
        #[arg(long)]
        no_stream: bool,
        /// Whole ids
        #[arg(long)]
        no_trunc: bool,
        /// table, json, 'table TEMPLATE' or TEMPLATE with docker's placeholders ({{.Name}}, {{.CPUPerc}} …)
        #[arg(long, value_name = "FORMAT")]
        format: Option<String>,
        /// Where the host is taken from
        #[command(flatten)]
        from: From,
    },
    /// Start, stop, limit, rename, remove … containers
    Container {
        /// What is done
        #[command(subcommand)]
        what: ContainerCommand,
    },
    /// Create, remove, connect, disconnect … networks; plumb interfaces
    Network {
        /// What is done
        #[command(subcommand)]
        what: NetworkCommand,
    },
    /// Limits of traffic
    #[command(subcommand_required = false, arg_required_else_help = true)]
    Limit {
        /// Apply kept limits again whenever their container comes back, until interrupted (fit for a service unit)
        #[arg(long)]
        keep: bool,
        /// What is done
        #[command(subcommand)]
        what: Option<LimitCommand>,
    },
    /// Take a change back; without an id, the newest that can be
    Undo {
        /// Id of the entry in the journal
        id: Option<String>,
        /// Also over what somebody changed since
        #[arg(short, long)]
        force: bool,
        /// How
        #[command(flatten)]
        how: How,
    },
    /// Changes that were made: who, what, and what became of them
    Journal {
        /// Only this entry, with its steps
        id: Option<String>,
        /// Form of the answer
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
    },
    /// Keep a change that waits to be confirmed; without an id, the newest
    Confirm {
        /// Id of the entry in the journal
        id: Option<String>,
    },
    /// Take a change back at its deadline unless it is confirmed
    #[command(hide = true)]
    Guard {
        /// State directory
        #[arg(long)]
        state: PathBuf,
        /// Id of the entry in the journal
        id: String,
    },
    /// Networks of the engine, and bridges and other devices that no engine made
    Networks {
        /// Form of the answer
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
        /// Where the host is taken from
        #[command(flatten)]
        from: From,
    },
    /// Interfaces of every readable network namespace, with peers, bridges, networks and counters
    Links {
        /// Form of the answer
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
        /// Where the host is taken from
        #[command(flatten)]
        from: From,
    },
    /// Uplink, NAT, bridge, veth and container interface, as one picture
    Topology {
        /// Form of the answer
        #[arg(long, value_enum, default_value = "tree")]
        format: TopologyFormat,
        /// Where the host is taken from
        #[command(flatten)]
        from: From,
    },
    /// Published and listening ports: exposure, path, listener, conflicts
    Ports {
        /// Form of the answer
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
        /// Where the host is taken from
        #[command(flatten)]
        from: From,
    },
    /// Namespaces of containers: own, the host's, or shared with whom
    Ns {
        /// Form of the answer
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
        /// Where the host is taken from
        #[command(flatten)]
        from: From,
    },
    /// Events of engine and kernel, as they come
    Events {
        /// table, or one JSON object a line
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
        /// End after this time instead of going on until interrupted
        #[arg(long = "for", value_name = "TIME", value_parser = parse_interval)]
        duration: Option<std::time::Duration>,
        /// Where the host is taken from
        #[command(flatten)]
        from: From,
    },
    /// Security checks on what the kernel and the engine say
    Audit {
        /// Form of the report
        #[arg(long, value_enum, default_value = "text")]
        format: AuditFormat,
        /// Exit with 1 when a finding is at least this severe
        #[arg(long, value_enum, default_value = "high")]
        fail_on: SeverityArg,
        /// Exit with 4 when something at or above the threshold could not be decided
        #[arg(long)]
        strict: bool,
        /// Passed and not applicable results too
        #[arg(long)]
        all: bool,
        /// Where the host is taken from
        #[command(flatten)]
        from: From,
    },
    /// Everything known, as one JSON document
    Snapshot {
        /// Mask secrets in environments, labels and command lines
        #[arg(long)]
        scrub: bool,
        /// Where the host is taken from
        #[command(flatten)]
        from: From,
    },
    /// Write what is seen to a file until interrupted
    Record {
        /// The file; it must not exist
        file: PathBuf,
        /// End after this time
        #[arg(long = "for", value_name = "TIME", value_parser = parse_interval)]
        duration: Option<std::time::Duration>,
        /// Mask secrets in environments, labels and command lines
        #[arg(long)]
        scrub: bool,
        /// Keep this many newest log lines of each container too
        #[arg(long, value_name = "LINES", default_value = "0")]
        logs: u32,
        /// Overwrite the file
        #[arg(long)]
        force: bool,
    },
    /// Open a recording in the console
    Replay {
        /// The file
        file: PathBuf,
    },
    /// Open the recording of a lab host that comes with the program
    Demo,
    /// What this user on this kernel can and can't see, and how to get the rest
    Doctor {
        /// Form of the answer
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
    },
    /// Print the completion script of a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man,
    /// Answer questions about the packet filter on standard output, for a bridgewatch without the right to read it
    #[command(hide = true)]
    ReadRules,
}

impl Command {
    /// It reads this host, or may.
    pub fn is_live(&self) -> bool {
        !matches!(
            self,
            Command::Replay { .. } | Command::Demo | Command::Completions { .. } | Command::Man | Command::ReadRules
        )
    }
}

/// Shortest refresh: below this the reading itself becomes a load.
const MIN_INTERVAL_MS: u64 = 100;

/// Reads `500ms`, `2s`, `1m` or plain seconds.
fn parse_interval(text: &str) -> Result<std::time::Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| format!("`{text}` is not a time like 500ms, 2s or 1m"))?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "" | "s" => number,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        other => return Err(format!("`{other}` is not a unit of time: use ms, s, m or h")),
    };
    let time = std::time::Duration::try_from_secs_f64(seconds).map_err(|_| format!("`{text}` is out of range"))?;
    if time.as_millis() < u128::from(MIN_INTERVAL_MS) {
        return Err(format!("{text} is too short: {MIN_INTERVAL_MS}ms is the least"));
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_a_help_text() {
        fn check(command: &clap::Command) {
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{} {} has no help", command.get_name(), arg.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn intervals() {
        assert_eq!(parse_interval("500ms").map(|d| d.as_millis()), Ok(500));
        assert_eq!(parse_interval("2").map(|d| d.as_millis()), Ok(2000));
        assert!(parse_interval("5ms").is_err());
        assert!(parse_interval("1fortnight").is_err());
    }
}
