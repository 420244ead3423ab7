//! Two links against each other, and each against an end that does not keep the rules.

mod admission;
mod asking;
mod certificates;
mod forged;
mod hostile;
mod hostile_hub;
mod join;
mod joining;
mod leave;
mod life;
mod local;
mod pace;
mod passage;
mod preauth;
mod proofs;
mod properties;
mod raw;
mod refresh;
mod refusals;
mod renewal;
mod resume;
mod rotation;
mod scenario;
mod stolen_key;
mod wrong;
