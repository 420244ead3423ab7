//! What a join token says, and the bounds of each claim.

use super::*;

/// Every claim that there is.
fn full() -> JoinClaims {
    let caps = ["call:uptime", "serve"].map(|cap| cap.parse().unwrap());
    let labels = [("zone", "b"), ("quote\"", "line\nbreak"), ("empty", "")];
    JoinClaims {
        pins: vec![Pin([3; 32]), Pin([1; 32])],
        urls: vec!["wss://b.example".to_owned(), "wss://a.example:1/link".to_owned()],
        caps: Some(Capabilities::from_iter(caps)),
        rooms: vec!["lobby".parse().unwrap(), "attic".parse().unwrap()],
        labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        id: Some("web-1".parse().unwrap()),
        ..join_claims()
    }
}

/// A token whose claims have one more.
fn with_claim(name: &str, value: &str) -> String {
    with_claim_edit("\"jti\"", &format!("\"{name}\":{value},\"jti\""))
}

#[test]
fn what_was_issued_is_what_is_verified_for_each_algorithm() {
    for signer in signers() {
        for claims in [join_claims(), full()] {
            let token = issue_join(&signer, &claims).unwrap();
            let verified = verify_join(token.as_bytes(), &keys(), HUB, NOW, &Rules::JOIN).unwrap();
            assert_eq!((verified.kid, verified.claims), (signer.key().id(), claims));
        }
    }
}

#[test]
fn an_invitation_says_what_the_token_says() {
    let claims = full();
    let token = issue_join(&stranger(), &claims).unwrap();
    let read = Invitation::read(token.as_bytes()).unwrap();
    assert_eq!(read.capabilities, claims.caps.unwrap());
    assert_eq!((read.hub, read.urls, read.pins), (claims.hub, claims.urls, claims.pins));
    assert_eq!((read.iat, read.exp, read.jti), (claims.iat, claims.exp, claims.jti));
    assert_eq!((read.sub, read.role, read.rooms), (claims.sub, claims.role, claims.rooms));
    assert_eq!((read.labels, read.id), (claims.labels, claims.id));
    let plain = Invitation::read(join_token().as_bytes()).unwrap();
    assert_eq!(plain.capabilities, Role::Member.capabilities());
}

#[test]
fn an_invitation_has_the_form_of_a_token_and_no_proof() {
    let token = join_token();
    assert!(Invitation::read(with_signature(&token, &[0; 64]).as_bytes()).is_ok());
    let refused = |text: &str| Invitation::read(text.as_bytes()).unwrap_err();
    let padded = TokenError::Part { part: TokenPart::Signature, error: PartError::Padded };
    assert_eq!(refused(&format!("{token}=")), padded);
    // White space in a token is left out before it is read: words behind it become part of it.
    let text = format!("{token}no");
    let [cut, behind] = [with_signature(&token, &[0; 63]), text].map(|text| refused(&text));
    for (error, found) in [(cut, 63), (behind, 66)] {
        let error_of = PartError::Signature { found, algorithm: Algorithm::EdDsa, wanted: 64 };
        assert_eq!(error, TokenError::Part { part: TokenPart::Signature, error: error_of });
    }
    assert_eq!(refused(&token.replace('.', "")), TokenError::Parts { parts: 1 });
    let none = with_header_edit("EdDSA", "none");
    assert_eq!(refused(&none), TokenError::Header(vec![HeaderFault::None]));
    let pass = issue_pass(&signer(), &pass_claims()).unwrap();
    assert!(matches!(refused(&pass), TokenError::Header(_)));
    assert_eq!(refused(&with_claim("id", "\"all\"")), fault("id", Wrong::No("a peer id")));
    assert_eq!(refused(&"x".repeat(1 << 20)), TokenError::TooLong { bytes: 1 << 20 });
}

#[test]
fn claims_that_are_not_known_are_passed_over() {
    let token = with_claim("new", r#"{"a":[true,-1,null]}"#);
    assert_eq!(verified(token.as_bytes()), Ok(join_claims()));
}

#[test]
fn a_token_is_for_one_key_unless_it_says_for_how_many() {
    let uses = |edit: &str| {
        let token = with_claim_edit("\"one_shot\":true", edit);
        verified(token.as_bytes()).map(|claims| claims.uses.get())
    };
    assert!(claims().contains("\"one_shot\":true"));
    assert_eq!(uses("\"x\":0"), Ok(1));
    assert_eq!(uses("\"max_uses\":1"), Ok(1));
    assert_eq!(uses("\"max_uses\":10000"), Ok(10_000));
    assert_eq!(uses("\"one_shot\":false,\"max_uses\":7"), Ok(7));
    let max_uses = "a whole number from 1 to 10000";
    for bad in ["0", "10001", "4294967297", "-1", "1.0", "\"1\"", "null"] {
        let edit = format!("\"max_uses\":{bad}");
        assert_eq!(uses(&edit), Err(fault("max_uses", Wrong::No(max_uses))), "{bad}");
    }
    let unsaid = Wrong::Against("is false, and max_uses does not say how many uses");
    assert_eq!(uses("\"one_shot\":false"), Err(fault("one_shot", unsaid)));
    let both = Wrong::Against("contradicts max_uses");
    assert_eq!(uses("\"one_shot\":true,\"max_uses\":1"), Err(fault("one_shot", both)));
    assert_eq!(uses("\"one_shot\":1"), Err(fault("one_shot", Wrong::No("true or false"))));
}

#[test]
fn each_claim_is_held_to_its_own_rule() {
    let role = Wrong::No("a role: admin, member, agent or read-only");
    let jti = Wrong::No("a token id: 22 characters of URL-safe base64");
    for (from, to, claim, wrong) in [
        ("\"alice\"", "\"\"", "sub", Wrong::NoText),
        ("\"alice\"", "7", "sub", Wrong::NoText),
        ("\"alice\"", r#""a\nb""#, "sub", Wrong::Text { most: 64 }),
        ("\"alice\"", r#""a\u009bb""#, "sub", Wrong::Text { most: 64 }),
        ("\"member\"", "\"Member\"", "role", role.clone()),
        ("\"member\"", "\"root\"", "role", role),
        ("\"member\"", "[\"member\"]", "role", Wrong::NoText),
        ("\"CQkJCQkJCQkJCQkJCQkJCQ\"", "\"j1\"", "jti", jti.clone()),
        ("\"CQkJCQkJCQkJCQkJCQkJCQ\"", "\"CQkJCQkJCQkJCQkJCQkJCR\"", "jti", jti),
        ("\"CQkJCQkJCQkJCQkJCQkJCQ\"", "null", "jti", Wrong::NoText),
    ] {
        assert_eq!(refused(&with_claim_edit(from, to)), fault(claim, wrong), "{to}");
    }
    for bad in ["\"all\"", "\"hub\"", "\"-a\"", "\"A\""] {
        assert_eq!(refused(&with_claim("id", bad)), fault("id", Wrong::No("a peer id")));
    }
    let hub = HUB.to_string();
    let nobody = with_claim_edit(&format!("\"iss\":\"{hub}\""), "\"iss\":\"me\"");
    assert_eq!(refused(&nobody), fault("iss", Wrong::NoHub("me".to_owned())));
}

#[test]
fn a_refusal_says_what_was_expected() {
    let told = |token: &str| refused(token).to_string();
    assert_eq!(
        told(&with_claim_edit("\"member\"", "\"root\",\"id\":\"all\",\"rooms\":[]")),
        "claims: role: expected a role: admin, member, agent or read-only; \
         rooms: expected a list of 1 to 16 names of rooms, each once; id: expected a peer id"
    );
    assert_eq!(
        told(&with_header_edit("join+jwt", "pass+jwt")),
        "header: typ: expected join+jwt, not \"pass+jwt\""
    );
    assert_eq!(told(&with_claim_edit("\"exp\"", "\"x\"")), "claims: exp is missing");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let token = signed(&signer(), &header(&signer()), r#"{"sub":"a","role":"x","id":"all"}"#);
    let TokenError::Claims(faults) = refused(&token) else { panic!("another refusal") };
    let claims: Vec<_> = faults.iter().map(|fault| fault.claim).collect();
    assert_eq!(claims, ["iss", "aud", "iat", "exp", "jti", "role", "id"]);
}

#[test]
fn lists_hold_each_thing_once_and_something_at_all() {
    let pin = |byte: u8| format!("\"{}\"", Pin([byte; 32]));
    let many = |items: &mut dyn Iterator<Item = String>| {
        format!("[{}]", items.collect::<Vec<_>>().join(","))
    };
    let with = |claim: &str, list: &str| {
        let all = claims();
        let read = Object::read(all.as_bytes()).unwrap();
        match read.get(claim) {
            Some(value) => with_claim_edit(&value.to_string(), list),
            None => with_claim(claim, list),
        }
    };
    let url = |at: usize| format!("\"wss://h{at}.example\"");
    let room = |at: usize| format!("\"r{at}\"");
    let call = |at: usize| format!("\"call:c{at}\"");
    type Item<'a> = &'a dyn Fn(usize) -> String;
    let cases: [(&'static str, usize, &'static str, Item<'_>); 4] = [
        ("pins", PINS, "pins", &|at| pin(at as u8)),
        ("urls", URLS, "wss:// URLs", &url),
        ("rooms", ROOMS, "names of rooms", &room),
        ("caps", CAPS, "capabilities", &call),
    ];
    for (claim, most, of, item) in cases {
        let taken = with(claim, &many(&mut (0..most).map(item)));
        assert!(verified(taken.as_bytes()).is_ok(), "{claim}");
        let wrong = || fault(claim, Wrong::NoList { most, of });
        let twice = format!("[{},{}]", item(0), item(0));
        for bad in [
            many(&mut (0..=most).map(item)),
            "[]".to_owned(),
            twice,
            item(0),
            "{}".to_owned(),
            "null".to_owned(),
            "[\"\"]".to_owned(),
            "[7]".to_owned(),
            format!("[[{}]]", item(0)),
        ] {
            assert_eq!(refused(&with(claim, &bad)), wrong(), "{claim}: {bad}");
        }
    }
}

#[test]
fn a_url_is_one_that_tls_is_spoken_at() {
    let with = |url: &str| with_claim_edit("wss://hub.example:7777/link", url);
    let long = |length: usize| format!("wss://{}", "h".repeat(length - 6));
    assert!(verified(with(&long(256)).as_bytes()).is_ok());
    for bad in [
        &long(257),
        "ws://hub.example",
        "https://hub.example",
        "WSS://hub.example",
        "hub.example",
        "wss://hub.example/a b",
        "wss://hub.example/\\n",
        "wss://h\u{fc}b.example",
    ] {
        let wrong = Wrong::NoList { most: URLS, of: "wss:// URLs" };
        assert_eq!(refused(&with(bad)), fault("urls", wrong), "{bad}");
    }
}

#[test]
fn capabilities_narrow_the_role_and_never_widen_it() {
    let caps = |list: &str| verified(with_claim("caps", list).as_bytes());
    let taken = caps(r#"["call:uptime"]"#).unwrap();
    let uptime = "call:uptime".parse().unwrap();
    assert_eq!(taken.capabilities(), Capabilities::from_iter([uptime]));
    assert_eq!(join_claims().capabilities(), Role::Member.capabilities());
    let more = Wrong::Against("has a capability that the role has not");
    for bad in [r#"["token.admin"]"#, r#"["serve","archive.read"]"#] {
        assert_eq!(caps(bad), Err(fault("caps", more.clone())), "{bad}");
    }
    let unknown = Wrong::NoList { most: CAPS, of: "capabilities" };
    assert_eq!(caps(r#"["fly"]"#), Err(fault("caps", unknown)));
    let agent = with_claim_edit("\"member\"", "\"agent\",\"caps\":[\"call\"]");
    assert_eq!(refused(&agent), fault("caps", more));
}

#[test]
fn labels_have_the_bounds_that_they_have_on_the_wire() {
    let wrong =
        Wrong::No("an object of 1 to 32 labels: keys of 1 to 64 bytes, texts of at most 1024");
    let many = |n: usize| {
        let labels: Vec<_> = (0..n).map(|at| format!("\"k{at}\":\"\"")).collect();
        format!("{{{}}}", labels.join(","))
    };
    let one =
        |key: usize, value: usize| format!("{{\"{}\":\"{}\"}}", "k".repeat(key), "v".repeat(value));
    for good in [many(32), one(64, 1024), one(1, 0)] {
        assert!(verified(with_claim("labels", &good).as_bytes()).is_ok(), "{good}");
    }
    for bad in [
        many(33),
        many(0),
        one(65, 0),
        one(0, 0),
        one(1, 1025),
        r#"{"a":1}"#.to_owned(),
        r#"{"a":null}"#.to_owned(),
        "[]".to_owned(),
    ] {
        let error = refused(&with_claim("labels", &bad));
        assert_eq!(error, fault("labels", wrong.clone()), "{bad}");
    }
}

#[test]
fn an_id_goes_with_a_token_for_one_key() {
    let id = Some("web-1".parse().unwrap());
    let several = JoinClaims { id, uses: NonZeroU32::new(2).unwrap(), ..join_claims() };
    let wrong = Wrong::Against("is for one key, and the token for several");
    let faults = vec![ClaimFault { claim: "id", wrong }];
    assert_eq!(issue_join(&signer(), &several), Err(IssueError::Claims(faults)));
}

#[test]
fn nothing_is_issued_that_would_not_be_verified() {
    let issue = |claims: JoinClaims| issue_join(&signer(), &claims).unwrap_err();
    let wrong = |claim, wrong| IssueError::Claims(vec![ClaimFault { claim, wrong }]);
    let (life, from, to) = (59, 60, 604_800);
    assert_eq!(
        issue(JoinClaims { exp: NOW + 59, ..join_claims() }),
        wrong("exp", Wrong::Life { life, from, to })
    );
    assert_eq!(
        issue(JoinClaims { exp: NOW + 604_801, ..join_claims() }),
        wrong("exp", Wrong::Life { life: 604_801, from, to })
    );
    assert_eq!(issue(JoinClaims { exp: NOW, ..join_claims() }), wrong("exp", Wrong::NotAfterIat));
    let sub = |length: usize| JoinClaims { sub: "s".repeat(length), ..join_claims() };
    assert!(issue_join(&signer(), &sub(64)).is_ok());
    assert_eq!(issue(sub(65)), wrong("sub", Wrong::Text { most: 64 }));
    assert_eq!(issue(sub(0)), wrong("sub", Wrong::NoText));
    let admin = Some(Role::Admin.capabilities());
    let more = Wrong::Against("has a capability that the role has not");
    assert_eq!(issue(JoinClaims { caps: admin, ..join_claims() }), wrong("caps", more));
    let nothing = Some(Capabilities::default());
    let of = Wrong::NoList { most: CAPS, of: "capabilities" };
    assert_eq!(issue(JoinClaims { caps: nothing, ..join_claims() }), wrong("caps", of));
    let uses = NonZeroU32::new(10_001).unwrap();
    let wrong_uses = Wrong::No("a whole number from 1 to 10000");
    assert_eq!(issue(JoinClaims { uses, ..join_claims() }), wrong("max_uses", wrong_uses));
}

#[test]
fn a_token_above_4_kib_is_not_issued() {
    let with = |length: usize| {
        let key = |at: usize| (format!("k{at}"), "v".repeat(1000));
        let mut labels: BTreeMap<_, _> = (0..2).map(key).collect();
        labels.insert("last".to_owned(), "v".repeat(length));
        issue_join(&signer(), &JoinClaims { labels, ..join_claims() })
    };
    let longest = (0..=1024).filter(|&length| with(length).is_ok()).max().unwrap();
    let token = with(longest).unwrap();
    assert!((4094..=4096).contains(&token.len()), "{}", token.len());
    assert!(verified(token.as_bytes()).is_ok());
    let Err(IssueError::TooLong { bytes }) = with(longest + 1) else { panic!("issued") };
    assert!((4097..=4098).contains(&bytes), "{bytes}");
}
