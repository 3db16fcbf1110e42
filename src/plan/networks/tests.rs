//! Plans for networks, judged on small hosts.
