//! Which frame may travel in which direction. `// spec: session §1`

use crate::session::Side;
use crate::wire::Frame;
use crate::wire::frame::Purpose;

/// Whether `receiver` takes this frame in a session of this purpose.
pub(super) fn allowed(frame: &Frame<'_>, receiver: Side, purpose: Purpose) -> bool {
    match frame {
        Frame::Ping(_) | Frame::Pong(_) | Frame::Goaway(_) | Frame::Unknown(_) => true,
        // A call runs where it was sent to, so its caller's frames and its runner's both travel
        // either way; which of them, the call's id tells.
        Frame::Cancel(_) | Frame::Window(_) => true,
        Frame::Call(_) | Frame::Input(_) => receiver == Side::Hub || purpose == Purpose::Serve,
        Frame::Output(_) | Frame::Result(_) => receiver == Side::Peer || purpose == Purpose::Serve,
        Frame::Register(_) => receiver == Side::Hub && purpose == Purpose::Serve,
        Frame::Registered(_) => receiver == Side::Peer && purpose == Purpose::Serve,
        Frame::Accepted(_) | Frame::Done(_) | Frame::Deny(_) => receiver == Side::Peer,
        Frame::Refresh(_) => receiver == Side::Hub,
        Frame::Refreshed(_) => receiver == Side::Peer,
        Frame::Hello(_) | Frame::Authenticate(_) | Frame::Welcome(_) | Frame::Refuse(_) => false,
    }
}
