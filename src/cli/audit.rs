//! `audit`: the report as text and JSON, and its exit code.
