//! Readers against the running kernel, compared with the tools an operator would use. Need root.
