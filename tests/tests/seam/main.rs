//! What the shell asks of a runtime, asked of each.

mod process;
mod runtime;
