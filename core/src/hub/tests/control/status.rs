//! `status`.

use super::*;
use crate::id::{HubId, Pin};

fn facts() -> HubSetup {
    HubSetup {
        name: "Acme".to_owned(),
        hub: HubId([0; 16]),
        version: "1.2.3".to_owned(),
        generation: 7,
        mode: "tofu".to_owned(),
        bind: "127.0.0.1:7777".to_owned(),
        url: "wss://127.0.0.1:7777/link".to_owned(),
        urls: vec!["wss://hub.example:7777/link".to_owned()],
        methods: vec![Method::Open, Method::Secret],
        auth_required: false,
        pin: Some(Pin([0; 32])),
        not_after: Some(99),
        control: Some("/x/control".to_owned()),
        since: 5,
        warnings: vec!["anyone may come".to_owned()],
    }
}

#[test]
fn it_tells_the_set_up_and_counts_what_goes_on() {
    let mut hub = hub();
    hub.set_setup(facts());
    let web = serve(&mut hub, "web-1");
    join(&mut hub, "mute", Purpose::Serve);
    let caller = join(&mut hub, "ops", Purpose::Operate);
    hub.arrive(somewhere(), Now::default()).unwrap();
    input(&mut hub, caller, &uptime(1, "web-1"));
    assert_eq!(sent(&mut hub, web), ["call 2"]);
    let operator = operator(&mut hub);
    let expected = [
        "hub=hub_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "pin=sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "url=wss://127.0.0.1:7777/link",
        "bind=127.0.0.1:7777",
        "mode=tofu",
        "name=Acme",
        "urls=[wss://hub.example:7777/link]",
        "calls=1",
        "joins=false",
        "peers=3",
        "since=5",
        "tokens=0",
        "control=/x/control",
        "methods=[open secret]",
        "pending=1",
        "serving=1",
        "version=1.2.3",
        "sessions=3",
        "warnings=[anyone may come]",
        "contested=[]",
        "not_after=99",
        "operators=1",
        "generation=7",
        "secret_role=member",
        "self_labels=false",
        "auth_required=false",
    ];
    let told = say(&mut hub, operator, 1, "status", &[]).unwrap();
    assert_eq!(told, format!("{{{}}}", expected.join(" ")));
}

#[test]
fn what_a_hub_without_tls_does_not_have_is_left_out() {
    let mut hub = hub();
    hub.set_setup(HubSetup { pin: None, not_after: None, control: None, ..facts() });
    let operator = operator(&mut hub);
    let told = say(&mut hub, operator, 1, "status", &[]).unwrap();
    for key in ["pin=", "not_after=", "control="] {
        assert!(!told.contains(key), "{told}");
    }
}

#[test]
fn tokens_that_admit_are_counted_and_whether_they_do() {
    let mut desk = IssuingHub::new();
    let methods = vec![Method::Secret, Method::Join, Method::Resume, Method::Refresh];
    desk.hub.set_setup(HubSetup { methods, ..facts() });
    let (used, _) = (desk.issue(), desk.issue());
    desk.join(&used, "web-1", 1).unwrap();
    let told = desk.say("status", &[]).unwrap();
    assert!(told.contains(" joins=true ") && told.contains(" tokens=1 "), "{told}");
    assert!(!told.contains("rolled_back"), "{told}");
    // A peer has seen a later start of this hub than this one.
    let claim = Claim { later: Later::Verified(9), ..invited(&used, "web-1", 1) };
    assert_eq!(desk.admit(&claim), Err(Code::Unavailable));
    let told = desk.say("status", &[]).unwrap();
    assert!(told.contains(" joins=false ") && told.contains(" rolled_back=9 "), "{told}");
    assert!(told.contains(" generation=7 "), "{told}");
    for part in ["by=web-1", "sign=hello", "issue=0", "at=1800000000"] {
        assert!(told.contains(&format!(" rolled_back_{part}")), "{told}");
    }
}

#[test]
fn it_is_for_who_administers_peers_and_takes_no_argument() {
    let mut hub = hub();
    hub.set_setup(facts());
    let member = join(&mut hub, "ops", Purpose::Operate);
    let denied = Err("denied peer.admin".to_owned());
    assert_eq!(say(&mut hub, member, 1, "status", &[]), denied);
    let operator = operator(&mut hub);
    let wrong = [("id", Scalar::Text("web-1"))];
    assert_eq!(say(&mut hub, operator, 1, "status", &wrong), Err("bad-argument".to_owned()));
}

#[test]
fn a_hub_that_was_told_nothing_says_so() {
    let mut hub = hub();
    let operator = operator(&mut hub);
    assert_eq!(say(&mut hub, operator, 1, "status", &[]), Err("unsupported".to_owned()));
}
