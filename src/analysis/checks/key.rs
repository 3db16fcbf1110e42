//! The key of a finding: the same for the same fault on a container that was made anew, so that history and waivers
//! stay with it. Never made of a container id, a pid or an address.

/// FNV-1a over 128 bits (offset basis and prime of the FNV specification), as 32 hexadecimal digits. The parts are
/// joined by a zero byte, which no name can hold. It tells findings apart; it is no proof against forgery.
pub fn key(parts: &[&str]) -> String {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mut hash = BASIS;
    let mut eat = |byte: u8| {
        hash ^= u128::from(byte);
        hash = hash.wrapping_mul(PRIME);
    };
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            eat(0);
        }
        part.bytes().for_each(&mut eat);
    }
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn keys_are_the_published_fnv_and_never_change_between_versions() {
        assert_eq!(key(&[""]), "6c62272e07bb014262b821756295c58d");
        assert_eq!(key(&["a"]), "d228cb696f1a8caf78912b704e4a8964");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
    }
}
