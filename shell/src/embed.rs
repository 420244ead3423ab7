//! What a program names that embeds Bowline: `bowline-tokio` and `bowline-smol` have all of it at
//! their top, so that such a program depends on one of them and on nothing else of Bowline.

pub use bowline_core::auth::Admitted;
pub use bowline_core::capability::Capability;
pub use bowline_core::code::Code;
pub use bowline_core::control;
pub use bowline_core::hub::HubEvent;
pub use bowline_core::id::{CommandName, HubId, IdError, Jti, PeerId, Pin};
pub use bowline_core::limits::Limits;
pub use bowline_core::link::{EndReason, Ended};
pub use bowline_core::remedy::Remedy;
pub use bowline_core::text::Line;
pub use bowline_core::trust::{Mode, PinSpec, Roots, RootsError};
pub use bowline_core::wire::frame::{Method, OutputStream, Purpose, Status};
pub use bowline_core::wire::value::{Arguments, ArgumentsBuf, Scalar, Value, ValueBuf, ValueError};

pub use crate::advice::{Audience, advice};
#[cfg(feature = "process")]
pub use crate::arguments::{ArgumentSpec, CommandSpec, SpecError, ValueKind};
pub use crate::call::{
    Argument, Call, CallBuilder, CallError, CallEvent, Calling, Counts, Failure, Finished, Gone,
    LabelTests, LabelTestsError, OUTPUT_LIMIT, Output, Reply, Stop,
};
#[cfg(feature = "config")]
pub use crate::config::{
    ConfigError, HubSettings, Insecure, JoinSettings, LimitSettings, PreauthSettings, TlsMode,
    Warning,
};
pub use crate::control::{AskError, HubClient, Pages};
pub use crate::files::{DataDir, FileError};
#[cfg(feature = "hub")]
pub use crate::hub::{HubBuilder, Reloaded, RotateError, StartError};
pub use crate::notice::{ShellEvent, Subscriber};
pub use crate::peer::{
    ConnectError, CredentialSource, DialError, Join, NoSession, Peer, PeerBuilder, PeerState,
    Session, SetupError, States,
};
#[cfg(feature = "process")]
pub use crate::process::{Environment, EnvironmentError};
#[cfg(feature = "process")]
pub use crate::stage::Stage;
pub use crate::url::{HubUrl, Scheme, UrlError};
