//! `peers`: who serves here, and who did. `// spec: control §1`

use crate::hub::Hub;
use crate::hub::control::arguments::{named, parsed};
use crate::id::{LinkId, PeerId};
use crate::wire::frame::Call;
use crate::wire::value::{ValueBuf, ValueError};

/// Bytes of one page, beyond which the rest is left for the next.
const PAGE: usize = 256 << 10;

impl Hub {
    /// Answers with an array of maps, in the order of the ids. A caller that wants more asks again
    /// with `after` = the last id, until it gets an empty array.
    pub(super) fn peers(&mut self, link: LinkId, call: &Call<'_>) {
        let after = match named(call, ["after"]).and_then(|[after]| parsed(after)) {
            Ok(after) => after,
            Err(code) => return self.fail(link, call.id, None, code),
        };
        let mut page = Vec::new();
        let mut size = 0;
        for peer in self.registry.listed(after) {
            // A map of three levels, each key once.
            let Ok(entry) = self.describe(peer) else { continue };
            size += entry.as_value().as_bytes().len();
            page.push(entry);
            if size >= PAGE {
                break;
            }
        }
        self.answer_call(link, call.id, ValueBuf::array(page));
    }

    fn describe(&self, peer: PeerId) -> Result<ValueBuf, ValueError> {
        let mut entry = vec![("id", ValueBuf::text(peer.as_str()))];
        let live = self.registry.serving(peer).and_then(|link| self.live(link));
        let Some(live) = live else {
            entry.push(("state", ValueBuf::text("offline")));
            let left = self.registry.known(peer).and_then(|known| known.left);
            entry.extend(left.map(|left| ("since", ValueBuf::uint(left))));
            return ValueBuf::map(entry);
        };
        let took = live.round_trip.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let names = live.serves.iter().flat_map(|register| &register.commands);
        let names = names.map(|command| ValueBuf::text(command.name.as_str()));
        let labels = live.labels.iter().map(|(key, value)| (key.as_str(), ValueBuf::text(value)));
        entry.extend([
            ("state", ValueBuf::text("online")),
            ("ready", ValueBuf::boolean(live.serves.is_some())),
            ("since", ValueBuf::uint(live.since)),
            ("agent", ValueBuf::text(&live.agent)),
            ("session", ValueBuf::text(&live.session.to_string())),
            ("remote", ValueBuf::text(&live.source.to_string())),
            ("commands", ValueBuf::array(names)?),
            ("labels", ValueBuf::map(labels)?),
        ]);
        entry.extend(took.map(|took| ("rtt_us", ValueBuf::uint(took))));
        ValueBuf::map(entry)
    }
}
