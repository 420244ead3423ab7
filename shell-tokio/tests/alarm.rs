//! Tokio's timers may be late for a task that used up its turn.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::{Duration, Instant};

use bowline_shell::runtime::Alarm;
use bowline_tokio::Tokio;

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_ready_once_its_moment_has_passed_even_for_a_task_that_used_up_its_turn() {
    let mut alarm = Alarm::new(&Tokio);
    let at = Instant::now() + Duration::from_millis(5);
    alarm.set(Some(at));
    while Instant::now() < at {
        tokio::task::yield_now().await;
    }
    poll_fn(|cx| {
        while tokio::task::coop::has_budget_remaining() {
            let _ = std::pin::pin!(tokio::task::coop::consume_budget()).poll(cx);
        }
        assert!(alarm.poll(cx).is_ready());
        assert!(!alarm.is_set());
        assert!(alarm.poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}
