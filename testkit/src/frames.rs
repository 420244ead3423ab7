//! Frames that most programs send, with what matters in them.

use bowline_core::id::CallId;
use bowline_core::wire::Frame;
use bowline_core::wire::frame::{Call, CallResult, Command, Delivery, Register, Status, Target};

/// The registration of commands that take no arguments.
///
/// # Panics
/// Where a name is none.
#[must_use]
pub fn register(names: &[&str]) -> Frame<'static> {
    let command = |name: &&str| Command {
        name: name.parse().expect("a name"),
        description: String::new(),
        arguments: Vec::new(),
    };
    Frame::Register(Register { commands: names.iter().map(command).collect() })
}

/// A call without arguments: a minute's time, a window of 1 MiB, attached.
///
/// # Panics
/// Where the name is none.
#[must_use]
pub fn call<'a>(id: CallId, target: Target<'a>, name: &str) -> Call<'a> {
    Call {
        id,
        target,
        name: name.parse().expect("a name"),
        arguments: Default::default(),
        deadline_ms: 60_000,
        window: 1 << 20,
        delivery: Delivery::Attached,
    }
}

/// The result of a command that ended well.
#[must_use]
pub fn success(id: CallId) -> Frame<'static> {
    let status = Status::Exited(0);
    Frame::Result(CallResult { id, peer: None, status, value: None, text: "" })
}
