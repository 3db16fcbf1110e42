//! Plans for containers, judged on small hosts.
