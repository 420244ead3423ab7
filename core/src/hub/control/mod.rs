//! Calls to the hub itself, a file a command family.

mod peers;

use crate::code::Code;
use crate::hub::Hub;
use crate::id::LinkId;
use crate::wire::frame::Call;

impl Hub {
    pub(super) fn control(&mut self, link: LinkId, call: &Call<'_>) {
        match call.name.as_str() {
            "peers" => self.peers(link, call),
            _ => self.fail(link, call.id, None, Code::UnknownCommand),
        }
    }
}
