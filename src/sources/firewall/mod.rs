//! The packet filter: what the tools print, read into one model.
