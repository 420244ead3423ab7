//! Every frame, at each end, in a session of each purpose. `// spec: session §1`

use super::*;
use crate::session::direction::allowed;
use crate::wire::frame::{Accepted, Goaway, Ping, Register, Registered};

#[test]
fn each_end_takes_the_frames_of_the_table_and_no_other() {
    let deny = Deny { id: None, code: Code::Denied, request: "", required: None, text: "" };
    let cancel = Cancel { id: CallId(1), reason: "" };
    let done = Done { id: CallId(1), answered: 0, failed: 0, missing: 0, claimed: 0 };
    let goaway = Goaway { code: Code::GoingAway, text: "", reconnect_after: None };
    let accepted = Accepted { id: CallId(1), sent: Vec::new(), queued: Vec::new() };
    let frames = [
        Frame::Ping(Ping { token: 1 }),
        Frame::Pong(Ping { token: 1 }),
        Frame::Goaway(goaway),
        Frame::Cancel(cancel),
        window(1, 1),
        call(1, 0),
        input(1, 0, b"x", false),
        output(1, 0, b"x"),
        result(1),
        Frame::Register(Register { commands: Vec::new() }),
        Frame::Registered(Registered { count: 0 }),
        Frame::Accepted(accepted),
        Frame::Done(done),
        Frame::Deny(deny),
        Frame::Unknown(0x80),
    ];
    let mut table = String::from("frame: hub serve, hub operate, peer serve, peer operate\n");
    for frame in &frames {
        let takes = [Side::Hub, Side::Peer].into_iter().flat_map(|side| {
            [Purpose::Serve, Purpose::Operate].map(|purpose| allowed(frame, side, purpose))
        });
        let takes: Vec<_> = takes.map(|taken| if taken { "yes" } else { "no" }).collect();
        table += &format!("{}: {}\n", frame.kind(), takes.join(" "));
    }
    assert_eq!(table, TABLE);
}

const TABLE: &str = "\
frame: hub serve, hub operate, peer serve, peer operate
ping: yes yes yes yes
pong: yes yes yes yes
goaway: yes yes yes yes
cancel: yes yes yes yes
window: yes yes yes yes
call: yes yes yes no
input: yes yes yes no
output: yes no yes yes
result: yes no yes yes
register: yes no no no
registered: no no yes no
accepted: no no yes yes
done: no no yes yes
deny: no no yes yes
unknown: yes yes yes yes
";
