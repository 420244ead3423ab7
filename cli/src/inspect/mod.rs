//! `bowline inspect`: what a value says, without a hub and without believing it.
//!
//! A value that is not what it is said to be ends with exit code 1 and the exact reason; one that
//! cannot be read, with 2.

mod certificate;
mod frame;
mod input;
mod pin;
mod token;

use serde_json::json;

use crate::args::{self, What};
use crate::exit::{self, Failure};
use crate::output;

pub(crate) fn inspect(options: &args::Inspect) -> Result<u8, Failure> {
    match &options.what {
        What::Frame { given, encoding } => frame::frame(given, *encoding),
        What::Token { given } => token(given),
        What::Pin { given } => pin::pin(given),
        What::Certificate { value, json } => certificate::certificate(value, *json),
    }
}

/// `bowline inspect token`, and `bowline token inspect`.
pub(crate) fn token(given: &args::Given) -> Result<u8, Failure> {
    token::token(given)
}

/// The value is not a `what`, for this reason.
fn not_a(what: &str, reason: &str, json: bool) -> Result<u8, Failure> {
    if json {
        output::line(json!({ what: null, "error": reason }))?;
    }
    Err(Failure::new(exit::FAILURES, format!("not a {what}: {reason}")))
}
