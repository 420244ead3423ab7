//! Tests that cannot be run here, told where nobody overlooks it.

use std::io::Write as _;
use std::thread;

/// Says that the calling test is left out, and what it needs. Printing is shown only where a test
/// fails; this goes to standard error itself.
pub fn skipped(needs: &str) {
    let thread = thread::current();
    let name = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "SKIPPED: {name}: it needs {needs}");
}
