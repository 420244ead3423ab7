//! The codes of what `doctor` finds by itself; what a peer, a hub or the way between them refuses
//! has its code from `bowline_core::code`. `docs/refusals.md` lists both.

use crate::exit;

macro_rules! codes {
    ($($variant:ident $name:literal $exit:expr, $meaning:literal;)*) => {
        /// A stable code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum DoctorCode { $(#[doc = $meaning] $variant,)* }

        /// Every code: its name, the exit code where it is a problem, and what it means.
        const TABLE: &[(&str, Option<u8>, &str)] = &[$(($name, $exit, $meaning),)*];
    };
}

const WRONG: Option<u8> = Some(exit::USAGE);
const GONE: Option<u8> = Some(exit::UNREACHABLE);
const NOTE: Option<u8> = None;

codes! {
    Configuration "bad-configuration" WRONG, "A file, a flag or a switch says what cannot be done.";
    Exposed "exposed" WRONG, "Other users can read or change what must be private.";
    Unreadable "unreadable" WRONG, "A file or a directory cannot be used.";
    Damaged "damaged" WRONG, "A file does not hold what belongs in it.";
    NoSecret "no-secret" WRONG, "No secret is given.";
    BadSecret "bad-secret" WRONG, "What is given is no secret.";
    ClockOff "clock-off" WRONG, "The clocks of peer and hub are more than 60 s apart.";
    Ledger "ledger-unusable" WRONG, "The hub's ledger cannot be used.";
    LedgerRestored "ledger-restored" WRONG, "The hub's ledger was restored from a backup, which nobody has accepted yet.";
    Certificate "certificate-unusable" WRONG, "The hub's certificate or its key cannot be used.";
    CertificateDates "certificate-dates" WRONG, "The hub's certificate has ended, or is not valid yet.";
    PortTaken "port-taken" WRONG, "Another program listens where the hub is to listen.";
    NotOurAddress "not-our-address" WRONG, "The hub is to listen on an address that this machine has not.";
    NeedsPrivilege "needs-privilege" WRONG, "The hub is to listen on a port that needs a privilege.";
    CannotListen "cannot-listen" WRONG, "The hub cannot listen where it is to.";
    Killed "killed" GONE, "The hub left its endpoint behind and is not there: it was killed.";
    SocketMissing "socket-missing" GONE, "The hub runs, and its local socket or its endpoint file is not there, or the file is damaged.";
    WeakSecret "weak-secret" NOTE, "A secret that a person made up is accepted.";
    RiskyPlain "risky-plain" NOTE, "No TLS away from this machine.";
    RiskyOpen "risky-open" NOTE, "Anyone who can connect may come in.";
    RiskyCommand "risky-command" NOTE, "A command lets callers do more than it seems to.";
    AllAddresses "all-addresses" NOTE, "The hub listens on every address of its machine.";
    NotRunning "not-running" NOTE, "The hub is not running.";
    LedgerNotClosed "ledger-not-closed" NOTE, "The hub ended without closing its ledger.";
    CertificateEnds "certificate-ends-soon" NOTE, "The hub's certificate ends within 30 days.";
    CertificateNames "certificate-names" NOTE, "The hub's certificate lacks a name that it is dialled by.";
}

impl DoctorCode {
    pub(super) fn name(self) -> &'static str {
        self.row().0
    }

    /// The exit code of a problem; done for a note.
    pub(super) fn exit(self) -> u8 {
        self.row().1.unwrap_or(exit::DONE)
    }

    fn row(self) -> &'static (&'static str, Option<u8>, &'static str) {
        &TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `docs/refusals.md` under "What doctor finds", row for row.
    #[test]
    fn the_page_of_refusals_lists_what_doctor_finds() {
        let page = include_str!("../../../docs/refusals.md");
        let (_, section) = page.split_once("\n## What doctor finds\n").unwrap();
        let section = section.split("\n## ").next().unwrap();
        let listed: Vec<&str> = section.lines().filter(|line| line.starts_with("| *")).collect();
        let table: Vec<String> = TABLE
            .iter()
            .map(|(name, exit, meaning)| {
                let exit = exit.map_or_else(|| "note".to_owned(), |exit| exit.to_string());
                format!("| *{name}* | {exit} | {meaning} |")
            })
            .collect();
        assert_eq!(listed, table);
        assert_eq!(DoctorCode::CertificateNames.name(), "certificate-names");
    }

    #[test]
    fn no_code_is_also_one_of_a_refusal() {
        for (name, _, _) in TABLE {
            assert!(name.parse::<bowline_core::code::Code>().is_err(), "{name}");
        }
    }
}
