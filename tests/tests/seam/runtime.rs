//! Sockets, timers, tasks and signals.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bowline_shell::runtime::{Acceptor, Alarm, Listener, Signal, Signals, Stream, Timer};
use bowline_tests::each_shell;
use bowline_tests::wait::within;
use rustix::io::Errno;
use smol::future::zip;

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Signals are the process's: who raises them does so alone.
static RAISING: smol::lock::Mutex<()> = smol::lock::Mutex::new(());

each_shell! {
    async fn bytes_go_both_ways_over_tcp_and_a_shutdown_is_the_end_of_one_way<S>() {
        let (listener, local) = S::default().listen(LOOPBACK).unwrap();
        let mut acceptor = Acceptor::new(&S::default(), listener);
        let (near, (far, from)) =
            within(zip(S::default().connect(local), acceptor.accept())).await;
        let near = near.unwrap();
        assert_eq!(from, S::local(&near));
        both_ways(near, far).await;
    }

    async fn bytes_go_both_ways_over_a_unix_socket<S>() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        let mut acceptor = Acceptor::new(&S::default(), S::default().listen_unix(&path).unwrap());
        let (near, (far, ())) =
            within(zip(S::default().connect_unix(&path), acceptor.accept())).await;
        both_ways(near.unwrap(), far).await;
    }

    async fn small_writes_are_not_delayed_at_either_end_of_a_tcp_connection<S>() {
        let (mut listener, local) = S::default().listen(LOOPBACK).unwrap();
        let near = S::default().connect(local).await.unwrap();
        let (far, _) = within(poll_fn(|cx| listener.poll_accept(cx))).await.unwrap();
        assert!(S::nodelay(&near));
        assert!(S::nodelay(&far));
    }

    async fn an_ipv4_client_of_an_ipv6_listener_is_told_as_ipv4<S>() {
        // A machine without IPv6 has nothing to tell.
        let Ok((mut listener, local)) = S::default().listen("[::]:0".parse().unwrap()) else { return };
        let near = S::default().connect((Ipv4Addr::LOCALHOST, local.port()).into()).await.unwrap();
        let (_, from) = within(poll_fn(|cx| listener.poll_accept(cx))).await.unwrap();
        assert_eq!(from, S::local(&near));
    }

    async fn nobody_listening_is_an_error<S>() {
        let (listener, local) = S::default().listen(LOOPBACK).unwrap();
        drop(listener);
        let refused = within(S::default().connect(local)).await.err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }

    async fn names_and_addresses_are_resolved_with_their_port<S>() {
        let loopback = |address: &str| SocketAddr::new(address.parse().unwrap(), 7777);
        assert_eq!(S::default().resolve("127.0.0.1", 7777).await.unwrap(), [loopback("127.0.0.1")]);
        assert_eq!(S::default().resolve("::1", 7777).await.unwrap(), [loopback("::1")]);
        let named = within(S::default().resolve("localhost", 7777)).await.unwrap();
        assert!(named.iter().all(|address| address.ip().is_loopback() && address.port() == 7777));
        assert!(!named.is_empty());
    }

    async fn a_name_that_cannot_be_one_is_an_error<S>() {
        assert!(within(S::default().resolve("not a name", 1)).await.is_err());
    }

    async fn blocking_work_gives_its_value_and_its_panic_is_an_error<S>() {
        assert_eq!(S::default().blocking(|| 7).await.unwrap(), 7);
        assert!(S::default().blocking(|| -> u8 { panic!("on purpose") }).await.is_err());
    }

    async fn a_spawned_task_runs_without_being_waited_for<S>() {
        let (told, hear) = smol::channel::bounded(1);
        S::default().spawn(async move { told.send(()).await.unwrap() });
        within(hear.recv()).await.unwrap();
    }

    async fn a_timer_wakes_each_time_it_is_armed_and_not_while_it_is_disarmed<S>() {
        let mut timer = S::default().timer();
        assert!(look(|cx| timer.poll(cx)).is_pending());
        for _ in 0..2 {
            timer.reset(Some(Instant::now() + Duration::from_millis(5)));
            within(poll_fn(|cx| timer.poll(cx))).await;
            timer.reset(None);
            assert!(look(|cx| timer.poll(cx)).is_pending());
        }
    }

    async fn an_alarm_that_is_set_again_wakes_at_the_new_moment<S>() {
        let mut alarm = Alarm::new(&S::default());
        alarm.set(Some(Instant::now() + Duration::from_secs(3600)));
        assert!(look(|cx| alarm.poll(cx)).is_pending());
        alarm.set(Some(Instant::now() + Duration::from_millis(5)));
        within(poll_fn(|cx| alarm.poll(cx))).await;
    }

    async fn a_signal_is_told_to_whoever_listens<S>() {
        let _alone = RAISING.lock().await;
        let mut signals = S::default().signals().unwrap();
        for (raised, told) in [
            (rustix::process::Signal::HUP, Signal::Hangup),
            (rustix::process::Signal::TERM, Signal::Terminate),
            (rustix::process::Signal::INT, Signal::Interrupt),
        ] {
            rustix::process::kill_process(rustix::process::getpid(), raised).unwrap();
            assert_eq!(within(poll_fn(|cx| signals.poll_signal(cx))).await, told);
        }
    }

    async fn a_process_without_descriptors_rests_instead_of_accepting_again_at_once<S>() {
        let listener = Scripted::new([Errno::MFILE.into(), Errno::NFILE.into()]);
        let asked = listener.asked.clone();
        let mut acceptor = Acceptor::resting(&S::default(), listener, Duration::from_secs(3600));
        for _ in 0..3 {
            assert!(look(|cx| acceptor.poll_accept(cx)).is_pending());
            assert_eq!(asked.load(Ordering::SeqCst), 1);
        }
    }

    async fn accepting_goes_on_after_a_rest<S>() {
        let listener = Scripted::new([Errno::MFILE.into(), Errno::NOMEM.into()]);
        let mut acceptor = Acceptor::resting(&S::default(), listener, Duration::from_millis(5));
        within(acceptor.accept()).await;
    }

    async fn a_connection_that_was_reset_holds_up_nobody<S>() {
        let reset = || ErrorKind::ConnectionAborted.into();
        let listener = Scripted::new([reset(), reset(), reset()]);
        let mut acceptor = Acceptor::resting(&S::default(), listener, Duration::from_secs(3600));
        within(acceptor.accept()).await;
    }
}

/// Fails as it is told to, then gives a connection.
struct Scripted {
    errors: VecDeque<io::Error>,
    asked: Arc<AtomicUsize>,
}

impl Scripted {
    fn new(errors: impl IntoIterator<Item = io::Error>) -> Self {
        Self { errors: errors.into_iter().collect(), asked: Arc::default() }
    }
}

impl Listener for Scripted {
    type Stream = Nothing;
    type Remote = ();

    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, ())>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(match self.errors.pop_front() {
            Some(error) => Err(error),
            None => Ok((Nothing, ())),
        })
    }
}

/// A connection that nothing is asked of.
struct Nothing;

impl Stream for Nothing {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_write(&mut self, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

async fn both_ways(mut near: impl Stream, mut far: impl Stream) {
    within(async {
        write_all(&mut near, b"question").await;
        assert_eq!(read_exactly(&mut far, 8).await, b"question");
        poll_fn(|cx| near.poll_shutdown(cx)).await.unwrap();
        assert_eq!(poll_fn(|cx| far.poll_read(cx, &mut [0])).await.unwrap(), 0);
        write_all(&mut far, b"answer").await;
        assert_eq!(read_exactly(&mut near, 6).await, b"answer");
    })
    .await;
}

async fn write_all(stream: &mut impl Stream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let n = poll_fn(|cx| stream.poll_write(cx, bytes)).await.unwrap();
        bytes = &bytes[n..];
    }
}

async fn read_exactly(stream: &mut impl Stream, n: usize) -> Vec<u8> {
    let mut bytes = vec![0; n];
    let mut at = 0;
    while at < n {
        let read = poll_fn(|cx| stream.poll_read(cx, &mut bytes[at..])).await.unwrap();
        assert_ne!(read, 0, "the stream ended after {at} bytes");
        at += read;
    }
    bytes
}

/// One poll that wakes nobody.
fn look<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(Waker::noop()))
}
