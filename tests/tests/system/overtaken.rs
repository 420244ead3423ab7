//! A hub whose ledger another hub has used, and one whose stop somebody cancelled.

use std::fs;
use std::future::{Future, poll_fn};
use std::task::Poll;

use bowline_core::facts::{Change, Revocation};
use bowline_shell::files::{DataDir, DirLock};
use bowline_shell::hub::HubBuilder;
use bowline_shell::ledger::Ledger;
use bowline_shell::notice::{Mark, ShellEvent};
use bowline_tests::crossed_pairings;
use bowline_tests::program::script;
use bowline_tests::wait::{poll_for, within};
use bowline_tests::world::{World, id, refused};

crossed_pairings! {
    async fn a_hub_whose_ledger_another_has_used_admits_nobody_whom_that_one_revoked<H, P>() {
        let mut world = World::<H, P>::new();
        let program = || script("ok", "true");
        let web = within(world.peer("web").program(program()).connect()).await.unwrap();
        // Another hub takes the lock, revokes the peer, and is gone.
        let data = DataDir::open(&world.hub_data).unwrap();
        let elsewhere = DataDir::create(&world.at("elsewhere")).unwrap();
        let lock = DirLock::take(&elsewhere).unwrap();
        fs::rename(elsewhere.lock_file(), data.lock_file()).unwrap();
        let mut ledger = Ledger::open(&data.ledger()).unwrap();
        ledger.raise_generation().unwrap();
        let revocation = Revocation { at: 1, reason: "stolen".to_owned() };
        ledger.change(&Change::Revoke(vec![id("web")], revocation)).unwrap();
        drop((ledger, lock));
        world.hub().look_around();

        let reason = within(world.hub().ended()).await;
        assert!(reason.contains("another hub has used the ledger"), "{reason}");
        assert!(reason.contains("start 2 of it, and this one is start 1"), "{reason}");
        within(web.ended()).await;
        refused(world.peer("web").program(program())).await;
        world.notices.first(|notice| match notice {
            ShellEvent::Amiss { reason: Some(told) } => (*told == reason).then_some(()),
            _ => None,
        }).await;
        let well = world.notices.all(|notice| match notice {
            ShellEvent::Amiss { reason: None } | ShellEvent::MadeAnew { mark: Mark::Lock, .. } => Some(()),
            _ => None,
        });
        assert!(well.is_empty());
        world.stop_hub().await;

        // The next start knows of it.
        let hub = world.hub_data.clone();
        world.start_hub(&hub);
        let refused = refused(world.peer("web").program(program())).await;
        assert!(refused.to_string().contains("revoked"), "{refused}");
    }

    async fn a_stop_that_is_cancelled_late_leaves_nothing_behind_either<H, P>() {
        let mut world = World::<H, P>::new();
        for polls in 1..6 {
            let hub = world.hub.take().unwrap();
            let (data, control) = (hub.data().clone(), hub.control().unwrap());
            // Nobody is connected, so that it is beyond its first wait at once.
            let mut stop = Box::pin(hub.stop());
            for _ in 0..polls {
                let over = poll_fn(|cx| Poll::Ready(stop.as_mut().poll(cx).is_ready())).await;
                if over {
                    break;
                }
            }
            drop(stop);
            assert!(!control.exists() && !data.endpoint().exists());
            let again = poll_for(|| {
                let builder = HubBuilder::new(H::default(), data.path()).ok()?;
                builder.bind("127.0.0.1:0".parse().unwrap()).start().ok()
            });
            world.hub = Some(again.await);
        }
        world.stop_hub().await;
    }
}
