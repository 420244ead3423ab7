//! `bowline token`: invitations, made, listed and taken back.

mod issue;
mod list;
mod revoke;

use bowline_shell::runtime::Runtime;

use crate::args::{self, TokenAction};
use crate::exit::Failure;
use crate::inspect;

pub(crate) async fn token(runtime: &impl Runtime, options: args::Token) -> Result<u8, Failure> {
    match options.action {
        TokenAction::Issue(options) => issue::issue(runtime, &options).await,
        TokenAction::List { json, dial } => list::list(runtime, &dial, json).await,
        TokenAction::Revoke { jti, enrolled, json, dial } => {
            revoke::revoke(runtime, &dial, jti, enrolled, json).await
        }
        TokenAction::Inspect { given } => inspect::token(&given),
    }
}
