//! R-caps: which capabilities a container was given, as masks to compare with the kernel's.

use super::super::known::caps;
use crate::model::Config;

/// The mask the engine computes: the default set, less what was dropped, plus what was added; everything when
/// privileged.
pub fn configured(config: &Config) -> u64 {
    if config.privileged {
        return caps::ALL;
    }
    let sum = |names: &[String]| names.iter().filter_map(|name| caps::mask(name)).fold(0, |all, bits| all | bits);
    let dropped = sum(&config.cap_drop);
    let added = sum(&config.cap_add);
    (caps::DEFAULT & !dropped) | added
}

/// Bits that were added and are not in the default set.
pub fn added_beyond_default(config: &Config) -> u64 {
    let added = config.cap_add.iter().filter_map(|name| caps::mask(name)).fold(0, |all, bits| all | bits);
    added & !caps::DEFAULT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_follow_drop_then_add() {
        let config = |add: &[&str], drop: &[&str]| Config {
            cap_add: add.iter().map(|s| (*s).to_owned()).collect(),
            cap_drop: drop.iter().map(|s| (*s).to_owned()).collect(),
            ..Config::default()
        };
        assert_eq!(configured(&config(&[], &[])), 0xa804_25fb);
        assert_eq!(configured(&config(&["NET_ADMIN"], &[])), 0xa804_35fb);
        assert_eq!(configured(&config(&["cap_net_raw"], &["ALL"])), caps::NET_RAW);
        assert_eq!(configured(&config(&["ALL"], &[])), caps::ALL);
        assert_eq!(added_beyond_default(&config(&["CHOWN"], &[])), 0);
    }
}
