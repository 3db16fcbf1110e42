//! Roles and the styles a theme gives them. Knows no container and no view.

mod role;

pub use role::Role;
