//! What was changed, on disk: an append-only journal and the limits that are wanted, both in the XDG state directory.
