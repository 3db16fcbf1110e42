//! The command line: what can be asked, and what is printed. Each command's documents and tables are in a file of its
//! own; none of them reads anything but a snapshot and the report on it.

pub mod args;
pub mod audit;
pub mod docker_units;
pub mod doctor;
pub mod events;
pub mod json;
pub mod links;
pub mod networks;
pub mod ns;
pub mod ports;
mod record;
mod run;
pub mod snapshot;
pub mod source;
pub mod stats;
pub mod table;
pub mod template;
pub mod topology;

pub use run::run;
