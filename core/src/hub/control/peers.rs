//! `peers`: who serves here, who did, and who is enrolled. `// spec: control §1`

use core::str::FromStr;

use crate::code::Code;
use crate::hub::Hub;
use crate::hub::control::Entry;
use crate::hub::control::arguments::{named, parsed};
use crate::hub::members::labels::Labels;
use crate::id::{LinkId, PeerId};
use crate::ledger::Revocation;
use crate::wire::frame::Call;
use crate::wire::value::{ValueBuf, ValueError};

/// Bytes of one page, beyond which the rest is left for the next.
pub(super) const PAGE: usize = 256 << 10;

impl Hub {
    /// Answers with an array of maps, in the order of the ids. A caller that wants more asks again
    /// with `after` = the last id, until it gets an empty array.
    pub(super) fn peers(&mut self, link: LinkId, call: &Call<'_>) {
        let (after, which) = match arguments(call) {
            Ok(arguments) => arguments,
            Err(code) => return self.fail(link, call.id, None, code),
        };
        let listed: Box<dyn Iterator<Item = PeerId>> = match which {
            Which::Bound => Box::new(self.members.registry.enrolled(after)),
            Which::Served => Box::new(self.members.registry.listed(after)),
        };
        let mut page = Vec::new();
        let mut size = 0;
        for peer in listed {
            let Ok(mut entry) = self.entry(peer) else { continue };
            if which == Which::Bound {
                let Ok(enrolment) = self.enrolment(peer) else { continue };
                entry.extend(enrolment);
            }
            // A map of three levels, each key once.
            let Ok(entry) = ValueBuf::map(entry) else { continue };
            size += entry.as_value().as_bytes().len();
            page.push(entry);
            if size >= PAGE {
                break;
            }
        }
        self.answer_call(link, call.id, ValueBuf::array(page));
    }

    /// What is known of a peer's session, or of its last one.
    pub(super) fn entry(&self, peer: PeerId) -> Result<Entry, ValueError> {
        let mut entry = vec![("id", ValueBuf::text(peer.as_str()))];
        entry.extend(self.revocation(peer)?);
        let live = self.members.registry.serving(peer).and_then(|link| self.live(link));
        let Some(live) = live else {
            entry.push(("state", ValueBuf::text("offline")));
            let known = self.members.registry.known(peer);
            let left = known.and_then(|known| known.left);
            entry.extend(left.map(|left| ("since", ValueBuf::uint(left))));
            let counted = self.labels_of(peer).all_counted();
            if !counted.is_empty() {
                entry.push(("labels", labels(&counted)?));
            }
            entry.extend(self.claimed(peer)?);
            return Ok(entry);
        };
        let took = live.round_trip.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let names = live.serves.iter().flat_map(|register| &register.commands);
        let names = names.map(|command| ValueBuf::text(command.name.as_str()));
        entry.extend([
            ("state", ValueBuf::text("online")),
            ("ready", ValueBuf::boolean(live.serves.is_some())),
            ("since", ValueBuf::uint(live.since)),
            ("agent", ValueBuf::text(&live.agent)),
            ("session", ValueBuf::text(&live.session.to_string())),
            ("remote", ValueBuf::text(&live.source.to_string())),
            ("commands", ValueBuf::array(names)?),
            ("labels", labels(&self.labels_of(peer).all_counted())?),
        ]);
        entry.extend(took.map(|took| ("rtt_us", ValueBuf::uint(took))));
        entry.extend(self.claimed(peer)?);
        Ok(entry)
    }

    /// The labels that a peer gives itself and that do not count.
    fn claimed(&self, peer: PeerId) -> Result<Option<(&'static str, ValueBuf)>, ValueError> {
        let claimed = self.labels_of(peer).only_claimed();
        let shown = (!claimed.is_empty()).then(|| Ok(("claimed", labels(&claimed)?)));
        shown.transpose()
    }

    /// That a peer was revoked, and why.
    fn revocation(&self, peer: PeerId) -> Result<Option<(&'static str, ValueBuf)>, ValueError> {
        let known = self.members.registry.known(peer);
        let revoked = known.and_then(|known| known.revoked.as_ref());
        let shown = revoked.map(|Revocation { at, reason }| {
            let entries = [("at", ValueBuf::uint(*at)), ("reason", ValueBuf::text(reason))];
            Ok(("revoked", ValueBuf::map(entries)?))
        });
        shown.transpose()
    }

    /// How an id is bound, and what a join token made of it; nothing of a guest's.
    pub(super) fn enrolment(&self, peer: PeerId) -> Result<Entry, ValueError> {
        let Some(known) = self.members.registry.known(peer) else { return Ok(Vec::new()) };
        let binding = &known.binding;
        let mut entry = vec![
            ("method", ValueBuf::text(binding.method.name())),
            ("key", ValueBuf::text(&binding.key.pin().to_string())),
            ("public_key", ValueBuf::text(&binding.key.to_string())),
            ("first_seen", ValueBuf::uint(binding.first_seen)),
            ("serves", ValueBuf::boolean(binding.serves)),
        ];
        if let Some(enrolled) = &known.enrolled {
            let may = enrolled.capabilities.iter().map(|may| ValueBuf::text(&may.to_string()));
            entry.extend([
                ("jti", ValueBuf::text(&enrolled.jti.to_string())),
                ("issue", ValueBuf::uint(enrolled.issue.into())),
                ("role", ValueBuf::text(&enrolled.role.to_string())),
                ("capabilities", ValueBuf::array(may)?),
                ("token_labels", labels(&enrolled.labels)?),
            ]);
        }
        Ok(entry)
    }
}

fn labels(labels: &Labels) -> Result<ValueBuf, ValueError> {
    ValueBuf::map(labels.iter().map(|(key, value)| (key.as_str(), ValueBuf::text(value))))
}

/// Who is listed.
#[derive(Clone, Copy, Default, PartialEq)]
enum Which {
    /// Who serves, or has.
    #[default]
    Served,
    /// Every bound id.
    Bound,
}

impl FromStr for Which {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "served" => Ok(Self::Served),
            "bound" => Ok(Self::Bound),
            _ => Err(()),
        }
    }
}

fn arguments(call: &Call<'_>) -> Result<(Option<PeerId>, Which), Code> {
    let [after, which] = named(call, ["after", "which"])?;
    Ok((parsed(after)?, parsed(which)?.unwrap_or_default()))
}
