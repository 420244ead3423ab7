//! The process group of one program: signalled as a whole, and killed when it is forgotten.
//!
//! A group's number stays taken while any member lives, leader or not. Once the leader has been
//! waited for and nobody else is left, the system may give the number away, so nothing here is
//! called long after that: [`Group::release`] as soon as the group is gone or let go.

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// A group that we started; dropping it kills every member.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// The group that the process `id` leads.
    pub(super) fn new(id: u32) -> Self {
        Self(i32::try_from(id).ok().and_then(Pid::from_raw))
    }

    /// Asks every member to end.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends every member.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Whether there is a member left that a signal of ours could reach.
    pub(super) fn is_alive(&self) -> bool {
        // macOS says EPERM of a group of zombies; there is nothing to wait for either way.
        self.0.is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    /// Lets the group go: nothing here signals it again.
    pub(super) fn release(&mut self) {
        self.0 = None;
    }

    fn signal(&self, signal: Signal) {
        let Some(group) = self.0 else { return };
        // ESRCH: they have ended by themselves. EPERM: a member became another user, and it is
        // not ours to end. There is no third, and nothing else that we could do.
        let _ = kill_process_group(group, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
