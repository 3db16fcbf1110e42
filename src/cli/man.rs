//! The man page: the program, then each command with its options, then what holds for all of them. Printed from the
//! command line itself, so that no option can be missing.

use super::args::Cli;
use clap::CommandFactory;
use clap_mangen::Man;
use std::io::{self, Write};

/// Exit codes, environment and files, as roff.
const COMMON: &str = r#".SH "EXIT STATUS"
.TP
.B 0
Done. For \fBaudit\fR: nothing at or above \fB\-\-fail\-on\fR.
.TP
.B 1
It failed, or \fBaudit\fR has findings.
.TP
.B 2
Wrong usage, or no terminal to draw on.
.TP
.B 3
The engine can't be reached and the command needs it.
.TP
.B 4
\fBaudit \-\-strict\fR: something could not be decided.
.TP
.B 5
A change was refused; nothing was changed.
.TP
.B 6
Not all of a change was done; what stands is told.
.PP
The console that is ended by a signal answers 128 and the number of the signal.
.SH ENVIRONMENT
.TP
.B DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH
The engine, as docker takes it. The order is \fB\-\-host\fR, \fB\-\-context\fR, DOCKER_HOST, DOCKER_CONTEXT, the current
context, the default socket.
.TP
.B BRIDGEWATCH_CONFIG
Settings file, as \fB\-\-config\fR.
.TP
.B BRIDGEWATCH_THEME
Theme, as \fB\-\-theme\fR.
.TP
.B NO_COLOR
No colours when set to anything.
.TP
.B TERM, COLORTERM, LANG, LC_ALL, LC_CTYPE
What the terminal can show: colours and characters. TERM=dumb is refused.
.TP
.B XDG_CONFIG_HOME
Where the settings are, when absolute.
.TP
.B XDG_STATE_HOME
Where the journal and the kept limits are, when absolute.
.TP
.B SSH_CONNECTION
The session that a change must not cut off.
.SH FILES
.TP
.I $XDG_CONFIG_HOME/bridgewatch/config.toml, ~/.config/bridgewatch/config.toml
Settings: theme, keys, columns, first view. A file that is not there is no error.
.TP
.I $XDG_STATE_HOME/bridgewatch, ~/.local/state/bridgewatch
The journal of changes and the limits that are kept. Without it nothing is changed.
.TP
.I /var/run/docker.sock
The engine's usual socket.
.TP
.I /proc, /sys/fs/cgroup
What the kernel knows of the containers. Nothing is written there.
"#;

/// Writes the page as roff.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut impl Write) -> io::Result<()> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let page = Man::new(command.clone());
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    writeln!(out, ".SH COMMANDS")?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        subcommand(out, "bridgewatch", sub)?;
    }
    out.write_all(COMMON.as_bytes())?;
    page.render_version_section(out)
}

/// One command: what it does and the options that are its own; then the commands below it.
fn subcommand(out: &mut impl Write, above: &str, sub: &clap::Command) -> io::Result<()> {
    let name = format!("{above} {}", sub.get_name());
    let own: Vec<_> = sub.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help").collect();
    writeln!(out, ".SS \"{name}\"")?;
    writeln!(out, "{}.", text(sub.get_about().map(ToString::to_string).unwrap_or_default()))?;
    for arg in own {
        let names = [arg.get_short().map(|c| format!("-{c}")), arg.get_long().map(|long| format!("--{long}"))];
        let names: Vec<String> = names.into_iter().flatten().collect();
        let takes = arg.get_action().takes_values();
        let value = takes.then(|| {
            arg.get_value_names().and_then(|names| names.first()).map_or(arg.get_id().as_str(), |name| name.as_str())
        });
        let value = value.map(|value| format!("\\fI{}\\fR", text(value.to_uppercase()))).unwrap_or_default();
        writeln!(out, ".TP\n.B {} {value}", text(names.join(", ")))?;
        let words: Vec<String> = arg.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect();
        let choice = if words.is_empty() || !takes { String::new() } else { format!(" ({})", words.join(", ")) };
        writeln!(out, "{}{}.", text(arg.get_help().map(ToString::to_string).unwrap_or_default()), text(choice))?;
    }
    for below in sub.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        subcommand(out, &name, below)?;
    }
    Ok(())
}

/// Text as roff: dashes that can be copied, and no line that is taken for a macro.
fn text(words: impl AsRef<str>) -> String {
    let escaped = words.as_ref().replace('\\', "\\e").replace('-', "\\-");
    let is_macro = escaped.starts_with(['.', '\'']);
    if is_macro { format!("\\&{escaped}") } else { escaped }
}
