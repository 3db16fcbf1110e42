//! The real program in a terminal: start, keys, bytes.
