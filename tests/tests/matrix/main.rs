//! The matrix of bad input: what each refusal of the program says and ends with, exactly, and that
//! it loses nothing and harms no other link. `docs/refusals.md` holds the same messages.
//!
//! One file a family. What the frames of the wire refuse is beside the code, in `core`.

mod calls;
mod full;
mod killed;
mod network;
mod places;
mod preauth;
mod secrets;
mod strangers;
mod trust;
mod trusted;
mod two_hubs;
mod volumes;
