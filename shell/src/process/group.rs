//! The process group of one program: signalled as a whole, and killed when it is forgotten.
//!
//! A group's number stays taken while any member lives, leader or not. Once the leader has been
//! waited for and nobody else is left, the system may give the number away, so nothing here is
//! called long after that: [`Group::release`] as soon as the group is gone or let go.

use std::future::poll_fn;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

use crate::runtime::{Alarm, Runtime};

/// A group that we started; dropping it kills every member.
#[derive(Debug)]
pub(super) struct Group {
    group: Option<Pid>,
    /// Whether the leader may not have made its group yet: a stage does that itself.
    is_to_come: bool,
}

impl Group {
    /// The group that the process `id` leads.
    pub(super) fn new(id: u32) -> Self {
        Self { group: i32::try_from(id).ok().and_then(Pid::from_raw), is_to_come: false }
    }

    /// The group that the process `id` leads or is about to lead.
    pub(super) fn to_come(id: u32) -> Self {
        let mut group = Self::new(id);
        group.is_to_come = true;
        group
    }

    /// The leader has ended, and its number may be given to another process.
    pub(super) fn leader_ended(&mut self) {
        self.is_to_come = false;
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
        self.group = None;
    }

    /// The group, to be guarded by someone else.
    pub(super) fn hand_over(&mut self) -> Self {
        Self { group: self.group.take(), is_to_come: self.is_to_come }
    }

    /// Whether there is a member left, be it a zombie whose parent has not waited for it.
    fn is_alive(&self) -> bool {
        // macOS says EPERM of a group of zombies; there is nothing to wait for either way.
        self.group.is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    fn signal(&self, signal: Signal) {
        let Some(group) = self.group else { return };
        // ESRCH: they have ended by themselves. EPERM: a member became another user, and it is
        // not ours to end. There is no third, and nothing else that we could do.
        let told = kill_process_group(group, signal);
        if told == Err(Errno::SRCH) && self.is_to_come {
            let _ = kill_process(group, signal);
            // It may have made the group in between, and started others.
            let _ = kill_process_group(group, signal);
        }
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
