//! The runtime shells, as something that a test can be generic over.

use std::future::Future;
use std::net::SocketAddr;

use bowline_shell::runtime::Runtime;
use bowline_smol::Smol;
use bowline_tokio::Tokio;

/// A runtime shell.
pub trait Shell: Runtime + Default {
    /// Its name, as `--runtime` spells it.
    const NAME: &'static str;

    /// Runs a test inside it.
    fn block_on<T>(test: impl Future<Output = T>) -> T;

    /// The address of this end of a connection.
    fn local(stream: &Self::Stream) -> SocketAddr;

    /// Whether small writes go out at once.
    fn nodelay(stream: &Self::Stream) -> bool;
}

impl Shell for Tokio {
    const NAME: &'static str = "tokio";

    fn block_on<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.expect("a runtime").block_on(test)
    }

    fn local(stream: &Self::Stream) -> SocketAddr {
        stream.0.local_addr().expect("an address")
    }

    fn nodelay(stream: &Self::Stream) -> bool {
        stream.0.nodelay().expect("an option")
    }
}

impl Shell for Smol {
    const NAME: &'static str = "smol";

    fn block_on<T>(test: impl Future<Output = T>) -> T {
        smol::block_on(test)
    }

    fn local(stream: &Self::Stream) -> SocketAddr {
        stream.0.get_ref().local_addr().expect("an address")
    }

    fn nodelay(stream: &Self::Stream) -> bool {
        stream.0.get_ref().nodelay().expect("an option")
    }
}

/// Makes each of these functions a test on each shell, run inside of it. Once in a module.
#[macro_export]
macro_rules! each_shell {
    ($($(#[$meta:meta])* async fn $name:ident<$shell:ident>() $body:block)*) => {
        $($(#[$meta])* async fn $name<$shell: $crate::shells::Shell>() $body)*

        mod on_tokio {
            $(#[test]
            fn $name() {
                use $crate::shells::Shell;
                bowline_tokio::Tokio::block_on(super::$name::<bowline_tokio::Tokio>());
            })*
        }

        mod on_smol {
            $(#[test]
            fn $name() {
                use $crate::shells::Shell;
                bowline_smol::Smol::block_on(super::$name::<bowline_smol::Smol>());
            })*
        }
    };
}

/// Makes each of these functions a test in the two pairings of unlike shells, the hub's and its
/// peers', which have either shell in either part. Once in a module. The test itself runs on tokio.
#[macro_export]
macro_rules! crossed_pairings {
    ($($(#[$meta:meta])* async fn $name:ident<$hub:ident, $peer:ident>() $body:block)*) => {
        $($(#[$meta])*
        async fn $name<$hub: $crate::shells::Shell, $peer: $crate::shells::Shell>() $body)*

        $crate::crossed_pairings!(@pairing hub_tokio_peer_smol, Tokio, Smol, $($name)*);
        $crate::crossed_pairings!(@pairing hub_smol_peer_tokio, Smol, Tokio, $($name)*);
    };
    (@pairing $pairing:ident, $hub:ident, $peer:ident, $($name:ident)*) => {
        mod $pairing {
            #[allow(unused_imports)] // Each pairing uses one or both.
            use {bowline_smol::Smol, bowline_tokio::Tokio};

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name::<$hub, $peer>().await;
            })*
        }
    };
}

/// The same in the four pairings, for what the shells themselves do: processes, timers and sockets,
/// and tasks that nobody holds.
#[macro_export]
macro_rules! each_pairing {
    ($($(#[$meta:meta])* async fn $name:ident<$hub:ident, $peer:ident>() $body:block)*) => {
        $crate::crossed_pairings! {
            $($(#[$meta])* async fn $name<$hub, $peer>() $body)*
        }

        $crate::crossed_pairings!(@pairing hub_tokio_peer_tokio, Tokio, Tokio, $($name)*);
        $crate::crossed_pairings!(@pairing hub_smol_peer_smol, Smol, Smol, $($name)*);
    };
}

/// Makes each of these functions, which are generic over the hub's shell, a test on each of them.
/// The test itself, and whoever dials, is on tokio. Once in a module.
#[macro_export]
macro_rules! on_each_hub {
    ($($name:ident),* $(,)?) => {
        $crate::on_each_hub!(@hub hub_tokio, bowline_tokio::Tokio, $($name)*);
        $crate::on_each_hub!(@hub hub_smol, bowline_smol::Smol, $($name)*);
    };
    (@hub $module:ident, $hub:ty, $($name:ident)*) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name::<$hub>().await;
            })*
        }
    };
}
