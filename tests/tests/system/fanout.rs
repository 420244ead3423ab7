//! One call for several peers: where it goes, what comes back, and that nothing of it stays behind.

use std::path::PathBuf;

use bowline_core::code::Code;
use bowline_core::wire::frame::Status;
use bowline_shell::call::{CallBuilder, CallEvent, Calling};
use bowline_shell::config::{HubSettings, Insecure};
use bowline_shell::peer::Session;
use bowline_tests::calls::{finish, finish_all, until_output};
use bowline_tests::crossed_pairings;
use bowline_tests::program::{pids, process_gone, script};
use bowline_tests::shells::Shell;
use bowline_tests::wait::within;
use bowline_tests::world::{World, id};

/// A peer that says who it is and ends with `code`.
async fn peer<H: Shell, P: Shell>(world: &World<H, P>, id: &str, role: &str, code: i32) -> Session {
    let peer = world.peer(id).label("role", role);
    let peer = peer.program(script("who", &format!("echo I am {id}; exit {code}")));
    let peer = peer.program(script("count", "wc -c"));
    // 600,000 bytes: more than the window that all peers share.
    let peer = peer.program(script("flood", "yes 123456789 | head -n 60000"));
    within(peer.connect()).await.unwrap()
}

/// Three peers, of which `a` is well, `b` fails and `c` is away, and an operator.
async fn world<H: Shell, P: Shell>() -> (World<H, P>, Vec<Session>, Session) {
    let settings = HubSettings { self_labels: Some(true), ..HubSettings::default() };
    let world = World::with(settings, Insecure::default());
    let peers = vec![peer(&world, "a", "web", 0).await, peer(&world, "b", "web", 3).await];
    let away = peer(&world, "c", "db", 0).await;
    away.close();
    within(away.ended()).await;
    world.hub_saw_offline("c").await;
    let operator = world.operator().await;
    (world, peers, operator)
}

fn all(session: &Session, command: &str) -> CallBuilder {
    session.call_all(command.parse().unwrap())
}

fn labelled(session: &Session, labels: &str, command: &str) -> CallBuilder {
    session.call_labels(labels.parse().unwrap(), command.parse().unwrap())
}

crossed_pairings! {
    async fn each_peer_answers_once_the_absent_one_too_and_the_counts_end_it<H, P>() {
        let (_world, _peers, operator) = world::<H, P>().await;
        let fanned = finish_all(all(&operator, "who").start()).await;
        assert_eq!(fanned.sent, [id("a"), id("b")]);
        assert_eq!((fanned.text("a").as_str(), fanned.text("b").as_str()), ("I am a\n", "I am b\n"));
        let expected = [
            ("a".to_owned(), Status::Exited(0)),
            ("b".to_owned(), Status::Exited(3)),
            ("c".to_owned(), Status::Failed(Code::Offline)),
        ];
        assert_eq!(fanned.ends(), expected);
        assert_eq!(fanned.counts(), (1, 1, 1));
        assert!(!fanned.end.unwrap().is_success());
    }

    async fn labels_choose_and_all_of_them_must_hold<H, P>() {
        let (_world, _peers, operator) = world::<H, P>().await;
        let fanned = finish_all(labelled(&operator, "role=web", "count").start()).await;
        assert_eq!(fanned.ends().len(), 2);
        assert_eq!(fanned.counts(), (2, 0, 0));
        assert!(fanned.end.unwrap().is_success());
        let none = finish_all(labelled(&operator, "role=web,zone=eu", "count").start()).await;
        assert_eq!((none.counts(), none.answers.len(), none.sent.len()), ((0, 0, 0), 0, 0));
        assert_eq!(none.end.unwrap().status, Status::Failed(Code::UnknownPeer));
    }

    async fn each_peer_gets_all_of_the_input<H, P>() {
        let (_world, _peers, operator) = world::<H, P>().await;
        let mut calling = labelled(&operator, "role=web", "count").with_input().start();
        // More than an input window.
        let mut input = vec![7; 300_000];
        within(async {
            while !input.is_empty() {
                let taken = calling.write(&input).await;
                assert_ne!(taken, 0);
                input.drain(..taken);
            }
        })
        .await;
        calling.end_input();
        let fanned = finish_all(calling).await;
        for peer in ["a", "b"] {
            assert_eq!(fanned.text(peer).trim(), "300000", "{peer}");
        }
    }

    async fn peers_that_say_much_at_once_share_the_window_and_nothing_is_lost<H, P>() {
        let (_world, _peers, operator) = world::<H, P>().await;
        let fanned = finish_all(labelled(&operator, "role=web", "flood").start()).await;
        assert_eq!(fanned.counts(), (2, 0, 0));
        for peer in ["a", "b"] {
            assert_eq!(fanned.text(peer), "123456789\n".repeat(60_000), "{peer}");
        }
    }

    /// More than the hub goes through at one hold of its lock.
    async fn a_long_list_of_peers_is_called_to_its_end<H, P>() {
        let world = World::<H, P>::plain();
        let mut peers = Vec::new();
        for n in 0..300 {
            let peer = world.peer(&format!("p{n}"));
            let peer = peer.command("who".parse().unwrap(), move |mut call| async move {
                call.print(&format!("I am {n}\n")).await
            });
            peers.push(within(peer.connect()).await.unwrap());
        }
        let operator = world.operator().await;
        let fanned = finish_all(all(&operator, "who").start()).await;
        assert_eq!(fanned.counts(), (300, 0, 0));
        assert_eq!((fanned.sent.len(), fanned.answers.len()), (300, 300));
        assert!(fanned.sent.is_sorted());
        for n in 0..300 {
            assert_eq!(fanned.text(&format!("p{n}")), format!("I am {n}\n"));
        }
        let kept = detached(all(&operator, "who")).await;
        assert!(kept.contains('-'), "{kept}");
    }

    async fn a_command_that_one_peer_does_not_serve_fails_there_only<H, P>() {
        let (world, _peers, operator) = world::<H, P>().await;
        let more = world.peer("d").program(script("only-here", "echo here"));
        let _more = within(more.connect()).await.unwrap();
        let fanned = finish_all(all(&operator, "only-here").start()).await;
        assert_eq!(fanned.text("d"), "here\n");
        assert_eq!(fanned.ends()[0], ("a".to_owned(), Status::Failed(Code::UnknownCommand)));
        assert_eq!(fanned.counts(), (1, 2, 1));
    }

    async fn a_peer_that_goes_away_in_the_call_is_missing_and_the_rest_goes_on<H, P>() {
        let world = World::<H, P>::new();
        let here = world.peer("a").command("wait".parse().unwrap(), |mut call| async move {
            call.print("started").await?;
            // Its input ends when the test has seen the other one go.
            let mut end = [0];
            call.read(&mut end).await?;
            call.print(" and ended").await
        });
        let _here = within(here.connect()).await.unwrap();
        let leaves = world.peer("b").program(script("wait", "echo started; exec sleep 1000"));
        let leaves = within(leaves.connect()).await.unwrap();
        let operator = world.operator().await;
        let mut calling = all(&operator, "wait").with_input().start();
        let mut started = 0;
        let lost = within(async {
            loop {
                match calling.next().await.unwrap() {
                    CallEvent::Output { .. } => {
                        started += 1;
                        if started == 2 {
                            leaves.close();
                        }
                    }
                    CallEvent::Answered(answer) => return answer,
                    other => assert!(matches!(other, CallEvent::Accepted { .. }), "{other:?}"),
                }
            }
        })
        .await;
        assert_eq!((lost.peer, lost.status), (Some(id("b")), Status::Failed(Code::Lost)));
        calling.end_input();
        let fanned = finish_all(calling).await;
        assert_eq!(fanned.text("a"), " and ended");
        assert_eq!(fanned.counts(), (1, 0, 1));
    }

    async fn a_cancelled_call_ends_on_each_peer<H, P>() {
        let (_world, _peers, operator, files) = staying::<H, P>().await;
        let mut calling = all(&operator, "stay").start();
        let ids = started(&files).await;
        calling.cancel();
        let fanned = finish_all(calling).await;
        let cancelled = Status::Failed(Code::Cancelled);
        assert_eq!(fanned.ends(), [("a".to_owned(), cancelled), ("b".to_owned(), cancelled)]);
        assert_eq!(fanned.counts(), (0, 2, 0));
        gone(ids).await;
    }

    async fn a_call_that_is_dropped_and_a_caller_that_goes_away_end_it_on_each_peer<H, P>() {
        let (world, _peers, operator, files) = staying::<H, P>().await;
        let calling = all(&operator, "stay").start();
        let ids = started(&files).await;
        drop(calling);
        gone(ids).await;
        files.iter().for_each(|file| std::fs::remove_file(file).unwrap());

        let other = world.operator().await;
        let calling = all(&other, "stay").start();
        let ids = started(&files).await;
        other.close();
        let end = finish_all(calling).await.end.unwrap();
        assert_eq!((end.status, end.counts), (Status::Failed(Code::Lost), None));
        gone(ids).await;
    }

    async fn a_session_without_the_capability_is_denied_and_nobody_is_called<H, P>() {
        let settings =
            HubSettings { secret_role: Some("agent".parse().unwrap()), ..Default::default() };
        let world = World::<H, P>::with(settings, Default::default());
        let _peer = peer(&world, "a", "web", 0).await;
        let operator = world.operator().await;
        let fanned = finish_all(all(&operator, "who").start()).await;
        let end = fanned.end.unwrap();
        assert_eq!((end.status, end.counts), (Status::Failed(Code::Denied), None));
        assert!(end.required.is_some() && fanned.sent.is_empty() && fanned.out.is_empty());
    }

    async fn a_detached_call_goes_on_without_its_caller_and_without_input<H, P>() {
        let world = World::<H, P>::new();
        let file = world.at("done");
        let text = format!("cat; sleep 0.2; echo done > '{}'", file.display());
        let _peer = within(world.peer("a").program(script("later", &text)).connect()).await.unwrap();
        let operator = world.operator().await;
        let call = operator.call(id("a"), "later".parse().unwrap());
        let first = detached(call).await;
        operator.close();
        within(operator.ended()).await;
        bowline_tests::wait::poll_for(|| std::fs::read_to_string(&file).ok().filter(|t| t == "done\n"))
            .await;
        let again = world.operator().await;
        let second = detached(all(&again, "later")).await;
        assert_ne!(first, second);
    }

    async fn a_call_for_one_peer_tells_what_it_always_did<H, P>() {
        let (_world, _peers, operator) = world::<H, P>().await;
        let mut calling: Calling = operator.call(id("a"), "who".parse().unwrap()).start();
        assert_eq!(until_output(&mut calling, "I am a").await, "I am a\n");
        let Some(CallEvent::Finished(end)) = within(calling.next()).await else { panic!("no end") };
        assert_eq!((end.peer, end.status, end.counts), (Some(id("a")), Status::Exited(0), None));
        assert!(within(calling.next()).await.is_none());
    }
}

/// Two peers whose command writes its process id and its child's into a file, and stays.
async fn staying<H: Shell, P: Shell>() -> (World<H, P>, Vec<Session>, Session, Vec<PathBuf>) {
    let world = World::new();
    let (mut peers, mut files) = (Vec::new(), Vec::new());
    for id in ["a", "b"] {
        let file = world.at(&format!("pids.{id}"));
        let text = format!("sleep 1000 & printf '%s\\n%s\\n' $$ $! > '{}'; wait", file.display());
        let peer = world.peer(id).program(script("stay", &text));
        peers.push(within(peer.connect()).await.unwrap());
        files.push(file);
    }
    let operator = world.operator().await;
    (world, peers, operator, files)
}

async fn started(files: &[PathBuf]) -> Vec<i32> {
    let mut ids = Vec::new();
    for file in files {
        ids.extend(pids(file, 2).await);
    }
    ids
}

async fn gone(ids: Vec<i32>) {
    for id in ids {
        process_gone(id).await;
    }
}

/// The name under which the hub keeps a call.
async fn detached(builder: CallBuilder) -> String {
    let end = finish(builder.detach().start()).await.finished;
    end.kept_as().unwrap_or_else(|| panic!("{end:?}")).to_owned()
}
