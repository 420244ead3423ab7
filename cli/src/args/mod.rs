//! What can be typed: each command's options in a file of its own.

mod calls;
mod completions;
mod demo;
mod dial;
mod doctor;
mod flags;
mod hub;
mod inspect;
mod join;
mod key;
mod ls;
mod man;
mod number;
mod peer;
mod peers;
mod restore;
mod run;
mod secret;
mod tls;
mod token;
mod trust;
mod whoami;

use bowline_shell::files::TrustedGroup;
use clap::{Parser, Subcommand};

pub(crate) use calls::{Calls, CallsAction, CallsCancel, CallsList, CallsShow};
pub(crate) use completions::Completions;
pub(crate) use demo::Demo;
pub(crate) use dial::{Dial, Risks};
pub(crate) use doctor::{Doctor, Side};
pub(crate) use flags::{Flags, OfDial, OfHub, OfPeer};
pub(crate) use hub::Hub;
pub(crate) use inspect::{Encoding, Given, Inspect, What};
pub(crate) use join::Join;
pub(crate) use key::{Key, KeyAction};
pub(crate) use ls::Ls;
pub(crate) use man::Man;
pub(crate) use peer::Peer;
pub(crate) use peers::{Peers, PeersAction};
pub(crate) use restore::Restore;
pub(crate) use run::Run;
pub(crate) use secret::{Secret, SecretAction, SecretRotate};
pub(crate) use tls::{Tls, TlsAction};
pub(crate) use token::{Token, TokenAction, TokenIssue};
pub(crate) use trust::{Trust, TrustAction};
pub(crate) use whoami::Whoami;

use crate::runtime::RuntimeChoice;

/// A secure command link: a hub, peers that connect out to it, commands called on them.
#[derive(Debug, Parser)]
#[command(
    name = "bowline",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  bowline demo\n  bowline help run\n\nExit codes: 0 done; 1 done, with \
                  failures; 2 wrong usage or configuration; 3 refused; 4 not reachable or timed \
                  out; 5 the target is unknown or offline."
)]
pub(crate) struct Arguments {
    /// Log more, on standard error; up to three times. BOWLINE_LOG says it exactly.
    #[arg(short, long, global = true, display_order = 900, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// What the program runs on; it behaves the same on each.
    #[arg(
        long,
        global = true,
        display_order = 901,
        value_enum,
        default_value_t,
        value_name = "RUNTIME"
    )]
    pub(crate) runtime: RuntimeChoice,
    /// A group, by name or number, that files may be open to: secrets that it may read, a data
    /// directory that it may write to [default: BOWLINE_TRUSTED_GROUP, then the configuration's].
    #[arg(long, global = true, display_order = 902, value_name = "GROUP")]
    pub(crate) trusted_group: Option<TrustedGroup>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hub, peer and a first call on this machine, explained.
    #[command(after_help = "Example:\n  bowline demo")]
    Demo(Demo),
    /// Run the hub that peers connect to.
    #[command(after_help = "Examples:\n  bowline hub\n  bowline hub --bind 0.0.0.0:7777 \
                            --hostname hub.example\n  bowline hub --config hub.toml --print-config\n\nSIGTERM or \
                            Ctrl-C stops it: open calls have --drain to end, a second one ends it \
                            at once. SIGHUP reads the configuration and the certificate again, and \
                            ends no link.")]
    Hub(Box<Hub>),
    /// Serve the commands of a configuration to a hub.
    #[command(after_help = "Examples:\n  bowline peer --config peer.toml\n  bowline peer --hub \
                            wss://hub.example:7777 --id web-1 --secret-file secret.key\n\nA machine \
                            that 'bowline join' has enrolled needs no --hub, id or secret. SIGTERM \
                            or Ctrl-C stops it: commands that run have --drain to end, a second one \
                            ends it at once. SIGHUP reads the configuration again: commands hold at \
                            once, all else from the next connection on; and a peer that waits to \
                            dial again dials at once.")]
    Peer(Box<Peer>),
    /// Enrol this machine with a hub, by a join token from the hub's operator.
    #[command(
        after_help = "Examples:\n  bowline join --token-file token.txt --id alice-laptop\n  bowline \
                            join - < token.txt\n\nA token is taken as a \
                            configuration is: from somebody who is trusted. It names the hub, and \
                            nobody else is talked to. From then on 'bowline peer' needs no secret, \
                            and 'run', 'ls' and the others are this machine's.\nThe same token \
                            joins again on the same machine until it ends, if the answer was lost. \
                            A token that is typed is kept by the shell."
    )]
    Join(Box<Join>),
    /// Run a command on a peer; its output, input and exit code are ours. Or on several at once.
    #[command(after_help = "Examples:\n  bowline run web-1 uptime\n  bowline run web-1 restart \
                            unit=nginx --timeout 30s\n  bowline run all uptime\n  bowline run \
                            role=web,zone=eu restart unit=nginx --batch 5\n  bowline run \
                            role=web backup --detach\n\nExit code on one peer: the command's own; \
                            128+N where signal N ended it; 255 for a failure of ours.\nExit code \
                            on several: 0 where each answered with 0; 1 where one failed or is \
                            missing; 5 where nobody is meant.\nExit code with --detach: 0 once the \
                            hub has the call.\nOn several, each line of output has \
                            its peer's id before it, and a summary ends it on standard error. What has no end of a line is \
                            shown after 0.2 s without more.")]
    Run(Run),
    /// Say that a hub's data directory was put back from a backup, or make a copy of it another
    /// hub's.
    #[command(after_help = "Examples:\n  bowline restore\n  bowline restore --data copy \
                            --new-identity\n\nNo hub \
                            may run on the directory. A hub that was restored has forgotten which \
                            tokens were used and who was revoked since: it takes none until \
                            'bowline hub --accept-restored'.")]
    Restore(Restore),
    /// What is running, how it ended, and what was kept of it.
    #[command(after_help = "Examples:\n  bowline calls list\n  bowline calls show 1-7\n  bowline \
                            calls cancel 1-7")]
    Calls(Box<Calls>),
    /// Who is connected, and who was.
    #[command(after_help = "Example:\n  bowline ls --json")]
    Ls(Ls),
    /// Who these commands are to the hub: id, key, capabilities, and what is known of the hub.
    #[command(after_help = "Examples:\n  bowline whoami\n  bowline whoami --config peer.toml \
                            --json\n\nExit code: 4 where the hub cannot be reached and 3 where it \
                            refuses; what is known here is shown all the same.")]
    Whoami(Whoami),
    /// Who is enrolled: ids and the keys that they are bound to.
    #[command(after_help = "Examples:\n  bowline peers list\n  bowline peers show web-1\n  \
                            bowline peers revoke web-1 --reason stolen\n  bowline peers forget \
                            web-1")]
    Peers(Box<Peers>),
    /// Join tokens: one string that invites a machine.
    #[command(
        after_help = "Examples:\n  bowline token issue --for alice\n  bowline token list\n  \
                            bowline token revoke JTI --enrolled\n  bowline token inspect \
                            @token.txt"
    )]
    Token(Box<Token>),
    /// The keys that join tokens are signed with.
    #[command(
        after_help = "Examples:\n  bowline key list\n  bowline key rotate\n  bowline key export"
    )]
    Key(Box<Key>),
    /// The shared secret.
    #[command(after_help = "Examples:\n  bowline secret show --out secret.key\n  bowline \
                            secret rotate --grace 1h")]
    Secret(Secret),
    /// What this peer remembers of hubs.
    #[command(after_help = "Examples:\n  bowline trust list\n  bowline trust pin \
                            wss://hub.example:7777/link hub_…\n  bowline trust forget \
                            wss://hub.example:7777/link")]
    Trust(Trust),
    /// A hub's certificate.
    #[command(after_help = "Example:\n  bowline tls info --hub wss://hub.example:7777")]
    Tls(Tls),
    /// What a frame, a token, a pin or a certificate says, without a hub.
    #[command(
        after_help = "Examples:\n  bowline inspect frame 8210a10001\n  bowline inspect token \
                            @token.txt\n  bowline inspect pin sha256/…\n  bowline inspect \
                            certificate @hub.crt"
    )]
    Inspect(Inspect),
    /// What is wrong with a peer or a hub and the way between them, and how to put it right.
    #[command(after_help = "Examples:\n  bowline doctor\n  bowline doctor --hub \
                            wss://hub.example:7777 --id web-1 --secret-file secret.key\n  bowline \
                            doctor --config peer.toml --json\n  bowline doctor --role hub --config \
                            hub.toml\n\nEach check is ok, a problem, a note (risky or unusual) or \
                            skipped; a checklist ends it.\nIt changes nothing on disk. At the hub \
                            it is admitted with this peer's own id and key, as an operator, for a \
                            moment: an id that is not bound yet is bound to that key, as it would \
                            be at the peer's next start. Where the peer has no key it stops before \
                            that, unless --enrol is given.\n\nExit code: 0 where no problem was \
                            found, else that of the first: 2 configuration, 3 refused, 4 not \
                            reachable.")]
    Doctor(Box<Doctor>),
    /// A script that lets a shell complete this program's command line.
    #[command(after_help = "Examples:\n  mkdir -p \
                            ~/.local/share/bash-completion/completions\n  bowline completions bash > \
                            ~/.local/share/bash-completion/completions/bowline\n  mkdir -p \
                            ~/.zfunc\n  bowline completions zsh > ~/.zfunc/_bowline\n  mkdir -p \
                            ~/.config/fish/completions\n  bowline completions fish > \
                            ~/.config/fish/completions/bowline.fish")]
    Completions(Completions),
    /// Manual pages.
    #[command(after_help = "Examples:\n  bowline man | man -l -\n  bowline man --dir \
                            ~/.local/share/man/man1")]
    Man(Man),
}

#[cfg(test)]
mod tests;
