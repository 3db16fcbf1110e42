//! State and update: what the console is doing. No drawing, no I/O, no async.

mod act;
pub mod change;
mod desk;
pub mod filter;
pub mod forms;
mod goto;
pub mod input;
pub mod keymap;
pub mod keys;
mod keytable;
pub mod layout;
pub mod list;
pub mod logs;
pub mod menus;
pub mod message;
pub mod overlay;
pub mod pages;
pub mod palette;
pub mod pane;
pub mod raw;
pub mod rows;
mod scene;
pub mod settings;
pub mod state;
mod update;
pub mod world;

pub use desk::{Desk, News};
pub use list::{ListScreen, Screen};
pub use message::{Effect, Msg, Target};
pub use scene::{Journal, Prefs, Scene};
pub use settings::Settings;
pub use state::{App, Options, Slot};
pub use update::update;
