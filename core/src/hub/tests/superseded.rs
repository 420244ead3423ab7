//! A peer that comes again while its older link is still there.

use super::*;

#[test]
fn new_calls_go_to_the_newer_link_and_the_older_may_still_answer_what_it_runs() {
    let mut hub = hub();
    let older = serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "web-1"));
    assert_eq!(sent(&mut hub, older), ["call 2"]);
    let newer = join(&mut hub, "web-1", Purpose::Serve);
    input(&mut hub, op, &uptime(3, "web-1"));
    assert_eq!(sent(&mut hub, op), ["result 3 not-ready"], "the newer has not registered");
    let name = "uptime".parse().unwrap();
    let command = Command { name, description: String::new(), arguments: Vec::new() };
    input(&mut hub, newer, &Frame::Register(Register { commands: vec![command] }));
    input(&mut hub, op, &uptime(5, "web-1"));
    assert_eq!(sent(&mut hub, newer), ["registered", "call 2"]);
    assert!(sent(&mut hub, older).is_empty());
    input(&mut hub, older, &result(2));
    assert_eq!(sent(&mut hub, op), ["result 1 done"]);
}

#[test]
fn the_older_link_takes_what_it_ran_with_it_and_leaves_the_newer_online() {
    let mut hub = hub();
    let older = serve(&mut hub, "web-1");
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &uptime(1, "web-1"));
    let newer = serve(&mut hub, "web-1");
    hub.gone(older, Now::default());
    assert_eq!(sent(&mut hub, op), ["result 1 lost"]);
    assert_eq!(hub.registry.serving("web-1".parse().unwrap()), Some(newer));
    input(&mut hub, op, &uptime(3, "web-1"));
    assert_eq!(sent(&mut hub, newer), ["call 2"]);
}
