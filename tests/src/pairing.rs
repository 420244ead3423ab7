//! The runtimes of a hub's program and of everybody else's.
//!
//! A test of the program does not say what it runs on:
//! [`in_crossed_pairings!`](crate::in_crossed_pairings) runs it in both of the two where hub and
//! peers differ, [`in_each_pairing!`](crate::in_each_pairing) in all four, and what it starts by
//! [`bowline`](crate::bowline::bowline) is given the runtime of its part. Started from another
//! thread than the test's own, or by a test that runs in no pairing, the program is on its default.

use std::cell::Cell;

/// What a hub runs on, and what its peers and whoever calls them do, as `--runtime` spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// The hub's.
    pub hub: &'static str,
    /// That of all others.
    pub peer: &'static str,
}

thread_local! {
    static CURRENT: Cell<Option<Pairing>> = const { Cell::new(None) };
}

impl Pairing {
    /// The pairing that this thread's test is in.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.get()
    }

    /// Runs a test in this pairing.
    pub fn during<T>(self, test: impl FnOnce() -> T) -> T {
        let _before = Before(CURRENT.replace(Some(self)));
        test()
    }

    /// What the program runs on that is given these arguments.
    #[must_use]
    pub fn runtime(self, arguments: &[&str]) -> &'static str {
        match arguments.first() {
            Some(&"hub") => self.hub,
            _ => self.peer,
        }
    }
}

/// Puts back what was before, also where a test panics.
struct Before(Option<Pairing>);

impl Drop for Before {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// Makes each of these functions a test of the program in the two pairings of unlike runtimes,
/// which have either runtime in either part; those behind `async` are asynchronous, and run on
/// tokio themselves. Once in a module.
#[macro_export]
macro_rules! in_crossed_pairings {
    ($($tests:tt)*) => {
        $crate::in_pairing!(hub_tokio_peer_smol "tokio" "smol" $($tests)*);
        $crate::in_pairing!(hub_smol_peer_tokio "smol" "tokio" $($tests)*);
    };
}

/// The same in the four pairings, for what the runtimes themselves do: processes, signals, timers
/// and sockets.
#[macro_export]
macro_rules! in_each_pairing {
    ($($tests:tt)*) => {
        $crate::in_crossed_pairings!($($tests)*);
        $crate::in_pairing!(hub_tokio_peer_tokio "tokio" "tokio" $($tests)*);
        $crate::in_pairing!(hub_smol_peer_smol "smol" "smol" $($tests)*);
    };
}

/// The same on each runtime, for what starts a hub without peers, or commands without a hub.
#[macro_export]
macro_rules! on_each_runtime {
    ($($tests:tt)*) => {
        $crate::in_pairing!(all_tokio "tokio" "tokio" $($tests)*);
        $crate::in_pairing!(all_smol "smol" "smol" $($tests)*);
    };
}

/// The same in one pairing.
#[macro_export]
macro_rules! in_pairing {
    (
        $module:ident $hub:literal $peer:literal
        $($(#[$meta:meta])* $name:ident),* $(,)?
        $(; async $($(#[$later:meta])* $waits:ident),* $(,)?)?
    ) => {
        mod $module {
            const PAIRING: $crate::pairing::Pairing =
                $crate::pairing::Pairing { hub: $hub, peer: $peer };

            $($(#[$meta])*
            #[test]
            fn $name() {
                PAIRING.during(super::$name);
            })*

            $($($(#[$later])*
            #[test]
            fn $waits() {
                use $crate::shells::Shell;
                PAIRING.during(|| bowline_tokio::Tokio::block_on(super::$waits()));
            })*)?
        }
    };
}
