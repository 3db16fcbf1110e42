//! The named roles that a text on the screen can have. A view names a role, a theme gives it a style.

use serde::{Deserialize, Serialize};

/// What a piece of text says by the way it looks. Colour is never the only sign: each role that matters goes with a
/// word or a glyph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Plain text.
    #[default]
    Text,
    /// Secondary text: units, ids, paths.
    Dim,
    /// Headings and column titles.
    Heading,
    /// Names of things: what the eye looks for first.
    Name,
    /// Good: running, healthy, pass.
    Good,
    /// Worth a look: paused, starting, warn.
    Notice,
    /// Bad: dead, unhealthy, failed.
    Bad,
    /// Unknown: `?`.
    Unknown,
    /// Old: the source has not answered for a while.
    Stale,
    /// Severity critical.
    Critical,
    /// Severity high.
    High,
    /// Severity medium.
    Medium,
    /// Severity low.
    Low,
    /// Severity info.
    Info,
    /// CPU figures and charts.
    Cpu,
    /// Memory figures and charts.
    Memory,
    /// Received traffic.
    Rx,
    /// Sent traffic.
    Tx,
    /// Block I/O.
    Io,
    /// Addresses.
    Address,
    /// Interfaces and other kernel devices.
    Device,
    /// Engine networks.
    Network,
    /// The selected row.
    Selection,
    /// A match of the filter or search.
    Match,
    /// A key in the footer, the help and the menus.
    Key,
    /// Borders.
    Border,
    /// The border of the pane that has the keys.
    BorderFocus,
    /// The header line.
    Header,
    /// The chosen tab.
    TabActive,
    /// Other tabs.
    Tab,
    /// The footer.
    Footer,
    /// Messages of ours that need attention: banners, errors.
    Alert,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 32] = [
        Role::Text,
        Role::Dim,
        Role::Heading,
        Role::Name,
        Role::Good,
        Role::Notice,
        Role::Bad,
        Role::Unknown,
        Role::Stale,
        Role::Critical,
        Role::High,
        Role::Medium,
        Role::Low,
        Role::Info,
        Role::Cpu,
        Role::Memory,
        Role::Rx,
        Role::Tx,
        Role::Io,
        Role::Address,
        Role::Device,
        Role::Network,
        Role::Selection,
        Role::Match,
        Role::Key,
        Role::Border,
        Role::BorderFocus,
        Role::Header,
        Role::TabActive,
        Role::Tab,
        Role::Footer,
        Role::Alert,
    ];
}
