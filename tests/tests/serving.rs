//! What a call costs the peer that runs it, on a real socket, once as many have run at one time: no
//! task and no memory. TLS is off: rustls allocates for each record.

use allocation_counter::measure;
use bowline_tests::world::{World, id};
use bowline_tokio::{OutputStream, Tokio};
use tokio::runtime::Builder;

#[test]
fn a_call_costs_its_peer_no_task_and_no_memory_once_as_many_ran_at_one_time() {
    // The hub and the caller have threads of their own: what this one allocates is the peer's.
    let elsewhere = Builder::new_multi_thread().enable_all().build().unwrap();
    let world = elsewhere.block_on(async { World::<Tokio>::plain() });
    let operator = elsewhere.block_on(world.operator());
    let here = Builder::new_current_thread().enable_all().build().unwrap();
    let peer = here.block_on(async {
        let peer = world.peer("web").command("echo".parse().unwrap(), |mut call| async move {
            call.write(OutputStream::Out, b"it ran").await
        });
        let peer = peer.start();
        peer.session().await.unwrap();
        peer
    });
    let allocations = |calls: usize| {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let operator = operator.clone();
                elsewhere.spawn(async move {
                    for _ in 0..calls / 8 {
                        let call = operator.call(id("web"), "echo".parse().unwrap());
                        assert_eq!(call.output().await.unwrap().stdout, b"it ran");
                    }
                })
            })
            .collect();
        let tasks = here.metrics().num_alive_tasks();
        let info = measure(|| {
            for caller in callers {
                here.block_on(caller).unwrap();
            }
        });
        (info.count_total, here.metrics().num_alive_tasks() - tasks)
    };
    allocations(4000);
    let (allocated, begun) = allocations(4000);
    // A batch may be larger than each before it, and a buffer grow.
    assert!(allocated < 40, "{allocated} allocations for 4,000 calls");
    assert!(begun <= 8, "{begun} tasks");
    here.block_on(peer.stop());
    elsewhere.block_on(async { drop(world) });
}
