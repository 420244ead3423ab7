//! `bowline whoami`: who the other commands are when they dial, and what the hub makes of that.
//!
//! What is known here is shown whether or not the hub answers; what only the hub knows comes from a
//! session that is made for it, as `ls` would make one.

mod live;
mod own;

use bowline_shell::notice::Subscriber;
use bowline_shell::runtime::Runtime;
use serde_json::json;

use crate::args;
use crate::exit::{self, Failure};
use crate::{date, operator, output, show};

use live::Live;
use own::WhoamiFacts;

pub(crate) async fn whoami(runtime: &impl Runtime, options: args::Whoami) -> Result<u8, Failure> {
    // First what a session needs, so that a wrong flag or file ends it before anything is shown.
    let mut own = WhoamiFacts::read(&options.dial)?;
    let live = match operator::connect(runtime, &options.dial, Subscriber::default()).await {
        Ok(session) => Ok(Live::ask(session).await),
        Err(failure) => Err(failure),
    };
    // A first contact has made the key, and has learnt the hub.
    if live.is_ok() {
        own = WhoamiFacts::read(&options.dial)?;
    }
    if options.json {
        let mut object = own.object();
        object["live"] = json!(live.as_ref().ok().map(Live::object));
        object["error"] = json!(live.as_ref().err().map(|failure| &failure.message));
        output::line(object)?;
    } else {
        let now = date::now();
        let mut lines = own.lines(now);
        lines.extend(match &live {
            Ok(live) => live.lines(now),
            Err(_) => vec![("session", "none".to_owned())],
        });
        output::line(show::pairs(0, &lines))?;
    }
    live.map(|_| exit::DONE)
}
