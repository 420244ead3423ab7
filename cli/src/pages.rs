//! Lists of the hub that come page by page.

use bowline_core::wire::frame::Status;
use bowline_core::wire::value::{ArgumentsBuf, Scalar, Value};
use bowline_shell::peer::Session;

use crate::exit::{self, Failure};

/// Asks the hub's command for page after page and gives each entry to `take`. A page goes on behind
/// the `id` of the last entry of the one before; the last page is empty.
pub(crate) async fn pages(
    session: &Session,
    command: &str,
    mut take: impl FnMut(Value<'_>),
) -> Result<(), Failure> {
    let mut after: Option<String> = None;
    loop {
        let mut arguments = ArgumentsBuf::new();
        if let Some(after) = &after {
            arguments.named("after", Scalar::Text(after)).map_err(Failure::usage)?;
        }
        let name = command.parse().map_err(Failure::usage)?;
        let finished = session.call_hub(name).arguments(arguments).start().finished().await;
        if let Status::Failed(code) = finished.status {
            return Err(Failure::call(code, &finished));
        }
        let mut last = None;
        for entry in finished.value().and_then(|value| value.items()).into_iter().flatten() {
            last = entry.entry("id").and_then(|id| id.text().map(str::to_owned));
            take(entry);
        }
        if last.is_none() {
            return Ok(());
        }
        if last == after {
            let message = format!("the hub's list '{command}' does not come to its end");
            return Err(Failure::new(exit::FAILURES, message));
        }
        after = last;
    }
}
