//! The hub itself. `// spec: control §2`

use crate::capability::Role;
use crate::control::field::record;
use crate::control::item::Word;
use crate::facts::Sign;
use crate::id::{HubId, PeerId, Pin};
use crate::wire::frame::Method;

record! {
    /// No arguments.
    #[derive(Default)]
    StatusRequest {}
}

record! {
    /// How the hub is set up, and how much goes on.
    #[non_exhaustive]
    HubStatus {
        /// Name that the hub shows.
        name: String,
        /// Id of the hub.
        hub: HubId,
        /// Version of its program.
        version: String,
        /// How often it has started.
        generation: u64,
        /// TLS mode: `plain`, `tofu` or `strict`.
        mode: String,
        /// Address in force.
        bind: String,
        /// URL of that address.
        url: String,
        /// URLs that other machines dial, by the configuration.
        urls: Vec<String>,
        /// Methods that are offered over the network.
        methods: Vec<Word<Method>>,
        /// Whether everyone must prove something.
        auth_required: bool,
        /// Role of sessions that the secret admits, or nothing at all.
        secret_role: Word<Role>,
        /// Whether labels that peers give themselves count.
        self_labels: bool,
        /// Pin of the key that is served; none without TLS.
        pin: Option<Pin>,
        /// Seconds since 1970: the end of its certificate; none without TLS.
        not_after: Option<u64>,
        /// Path of the local socket, where there is one.
        control: Option<String>,
        /// Seconds since 1970: the hub's start.
        since: u64,
        /// Whether a join token admits anybody.
        joins: bool,
        /// Join tokens that are open.
        tokens: u64,
        /// Ids that two machines use with one key at this moment.
        contested: Vec<PeerId>,
        /// Seconds since 1970: the end of the old secret, while it is being replaced.
        old_secret_until: Option<u64>,
        /// Sentences: the risks that were accepted.
        warnings: Vec<String>,
        /// Sessions over the network.
        sessions: u64,
        /// Sessions over the local socket.
        operators: u64,
        /// Links that are not admitted yet.
        pending: u64,
        /// Ids that are bound to a key.
        peers: u64,
        /// Sessions that have registered.
        serving: u64,
        /// Calls that peers run.
        calls: u64,
    }
    with {
        /// That the hub was restored from a backup.
        rolled_back: Option<RolledBack>,
    }
}

record! {
    /// That a hub was restored from a backup, and what showed it.
    #[non_exhaustive]
    RolledBack {
        /// Highest generation of the hub that was shown; its own where none was.
        generation as "rolled_back": u64,
        /// What showed it.
        sign as "rolled_back_sign": Word<Sign>,
        /// Highest issue of a certificate that was shown; 0 where none was.
        issue as "rolled_back_issue": u32,
        /// Who showed it, where that is known.
        by as "rolled_back_by": Option<PeerId>,
        /// Seconds since 1970.
        at as "rolled_back_at": u64,
    }
}
