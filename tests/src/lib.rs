//! Helpers of the whole-system tests: a world of one hub and its peers, and a stage of processes;
//! notices collected as they come; a link that must go on whatever others do; and two things that
//! can stand between, a faulty proxy and a relay with a key of its own.
//!
//! Everything listens on loopback and on a port that the system chose, keeps its files in a
//! directory of its own, and waits for what it wants to see with a bound, never for a time.

pub mod bowline;
pub mod calls;
pub mod certificates;
pub mod disk;
pub mod faketime;
pub mod fleet;
pub mod harness;
pub mod healthy;
pub mod impostor;
pub mod notices;
pub mod pairing;
pub mod process_fixture;
pub mod program;
pub mod proxy;
pub mod raw;
pub mod refusals;
pub mod rekey;
pub mod relay;
pub mod shells;
pub mod sim;
pub mod skip;
pub mod tap;
pub mod tls_proxy;
pub mod wait;
pub mod world;
