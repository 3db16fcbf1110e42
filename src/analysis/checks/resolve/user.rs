//! R-user: whether a configured user is root, and which host uid a container's uid is.

/// What a `user` setting says about uid 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// It is root.
    Yes,
    /// It is not.
    No,
    /// A name that only the container's /etc/passwd resolves.
    ByName,
}

/// Reads `uid|name[:gid|group]`; `0`, `0:0`, `root`, `root:root` and empty are root.
pub fn is_root(user: &str) -> Root {
    let name = user.split(':').next().unwrap_or("").trim();
    match name.parse::<u32>() {
        Ok(0) => Root::Yes,
        Ok(_) => Root::No,
        Err(_) if name.is_empty() || name == "root" => Root::Yes,
        Err(_) => Root::ByName,
    }
}

/// The host uid of a uid inside, by the rows of `uid_map` (inside, outside, count); none when not mapped.
pub fn host_uid(map: &[(u32, u32, u32)], inside: u32) -> Option<u32> {
    map.iter().find_map(|&(from, to, count)| {
        let offset = inside.checked_sub(from)?;
        if offset < count { to.checked_add(offset) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_many_spellings() {
        for user in ["", "0", "0:0", "root", "root:root", "0:1000", "00"] {
            assert_eq!(is_root(user), Root::Yes, "{user}");
        }
        assert_eq!(is_root("1000:0"), Root::No);
        assert_eq!(is_root("nginx"), Root::ByName);
    }

    #[test]
    fn uids_are_mapped() {
        assert_eq!(host_uid(&[(0, 100_000, 65_536)], 0), Some(100_000));
        assert_eq!(host_uid(&[(0, 0, u32::MAX)], 5), Some(5));
        assert_eq!(host_uid(&[(0, 100_000, 10)], 10), None);
        assert_eq!(host_uid(&[], 0), None);
        assert_eq!(host_uid(&[(0, u32::MAX, 5)], 4), None);
    }
}
