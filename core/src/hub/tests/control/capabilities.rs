//! What is offered does something: each capability in force is one that the hub asks for.

use super::*;
use crate::capability::{Capabilities, Capability};
use crate::wire::value::ValueBuf;

/// Everything in force but one capability.
fn all_but(missing: Capability) -> Capabilities {
    Capability::in_force().filter(|held| *held != missing).collect()
}

#[test]
fn each_capability_in_force_is_one_without_which_something_is_denied() {
    let mut desk = IssuingHub::new();
    for missing in Capability::in_force() {
        let command = match missing {
            Capability::Serve => {
                let mut arguments = ArgumentsBuf::new();
                arguments.named("for", Scalar::Text("alice")).unwrap();
                arguments.named("role", Scalar::Text("admin")).unwrap();
                let held: Vec<_> = all_but(missing).iter().map(|held| held.to_string()).collect();
                let held = ValueBuf::array(held.iter().map(|held| ValueBuf::text(held))).unwrap();
                arguments.named_value("caps", held.as_value()).unwrap();
                desk.ask(desk.operator, "issue-token", &arguments);
                desk.settle();
                answered(&mut desk.hub, desk.operator).unwrap();
                let token = desk.hub.members.tokens(None).next().unwrap().clone();
                assert_eq!(desk.join(&token, "web-1", 1).unwrap_err(), Code::MayNotServe);
                continue;
            }
            Capability::Call => "peers",
            Capability::TokenAdmin => "tokens",
            Capability::PeerAdmin => "status",
            Capability::KeyAdmin => "keys",
            other => panic!("nothing asks for {other}, which is said to be in force"),
        };
        desk.hub.links.session_mut(desk.operator).unwrap().capabilities = all_but(missing);
        assert_eq!(desk.say(command, &[]), Err(format!("denied {missing}")));
        desk.hub.links.session_mut(desk.operator).unwrap().capabilities =
            Capability::in_force().collect();
        assert_ne!(desk.say(command, &[]), Err(format!("denied {missing}")));
    }
}
