//! The process group of one program: signalled as a whole, and killed when it is forgotten.
//!
//! A group's number stays taken while any member lives, leader or not. Once the leader has been
//! waited for and nobody else is left, the system may give the number away, so nothing here is
//! called long after that: [`Group::release`] as soon as the group is gone or let go.

use std::future::poll_fn;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::runtime::{Alarm, Runtime};

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

    /// Lets the group go: nothing here signals it again.
    pub(super) fn release(&mut self) {
        self.0 = None;
    }

    /// The group, to be guarded by someone else.
    pub(super) fn hand_over(&mut self) -> Self {
        Self(self.0.take())
    }

    /// Whether there is a member left, be it a zombie whose parent has not waited for it.
    fn is_alive(&self) -> bool {
        // macOS says EPERM of a group of zombies; there is nothing to wait for either way.
        self.0.is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    fn signal(&self, signal: Signal) {
        let Some(group) = self.0 else { return };
        // ESRCH: they have ended by themselves. EPERM: a member became another user, and it is
        // not ours to end. There is no third, and nothing else that we could do.
        let _ = kill_process_group(group, signal);
    }
}

/// Waits for a group that was told to end, and kills what still runs at `until`.
///
/// Nothing tells when the last member of a group ends, and one in a container without an init is
/// a zombie for ever; so nobody should wait for this but a task of its own.
pub(super) async fn see_to_its_end<R: Runtime>(
    runtime: R,
    mut group: Group,
    until: Option<Instant>,
) {
    let mut alarm = Alarm::new(&runtime);
    while group.is_alive() {
        let now = runtime.now();
        if until.is_some_and(|until| until <= now) {
            group.kill();
            break;
        }
        alarm.set(now.checked_add(LOOK));
        poll_fn(|cx| alarm.poll(cx)).await;
    }
    group.release();
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How often a group that was told to end is looked at.
const LOOK: Duration = Duration::from_millis(50);
