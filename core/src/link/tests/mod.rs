//! Two links against each other, and each against an end that does not keep the rules.

mod admission;
mod certificates;
mod door;
mod hostile;
mod leave;
mod life;
mod local;
mod pace;
mod proofs;
mod properties;
mod raw;
mod refusals;
mod rotation;
mod scenario;
mod wrong;
