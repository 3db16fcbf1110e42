//! The journal view on a journal of three changes.
