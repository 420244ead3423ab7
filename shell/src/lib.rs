//! What every Bowline runtime shell shares.
//!
//! [`runtime`] says what a runtime must give, so that everything else is written once, for tokio
//! and smol alike. [`process`] runs one program for one call. [`clock`] and [`entropy`] make the
//! two things that the core takes as arguments: time and randomness.

pub mod clock;
pub mod entropy;
pub mod process;
pub mod runtime;
