//! Paths that a program gets, while somebody who can write below their root swaps what stands
//! there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bowline_core::code::Code;
use bowline_shell::arguments::{Access, ArgumentSpec, CommandSpec, Handed, ValueKind};
use bowline_shell::stage::Stage;
use bowline_tests::bowline::path;
use bowline_tests::calls::{call, positional, run};
use bowline_tests::each_pairing;
use bowline_tests::world::World;

/// Reads at most, of which none may come from outside.
const READS: usize = 100;

/// `cat {file}` of files below `root`.
fn cat(root: &Path) -> CommandSpec {
    let kind = ValueKind::Path { root: root.to_owned(), handed: Handed::Descriptor(Access::Read) };
    let argument = ArgumentSpec { kind, ..ArgumentSpec::string("file") };
    let run = ["cat", "{file}"].map(str::to_owned);
    CommandSpec::new("cat".parse().unwrap(), &run, vec![argument]).unwrap()
}

/// `root/swapped/file` says inside, `outside/file` outside.
fn area(world: &Path) -> std::path::PathBuf {
    let root = world.join("root");
    for (directory, text) in [(root.join("swapped"), "inside"), (world.join("outside"), "outside")]
    {
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("file"), text).unwrap();
    }
    symlink("../outside", root.join("link")).unwrap();
    root
}

/// A thread that swaps the directory for the link and back until it is dropped.
struct Swapping(Arc<AtomicBool>, Option<std::thread::JoinHandle<()>>);

impl Swapping {
    fn below(root: &Path) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let is_over = over.clone();
        let [swapped, aside, link] = ["swapped", "aside", "link"].map(|name| root.join(name));
        let swap = move || {
            while !is_over.load(Ordering::Relaxed) {
                for (from, to) in
                    [(&swapped, &aside), (&link, &swapped), (&swapped, &link), (&aside, &swapped)]
                {
                    fs::rename(from, to).unwrap();
                }
                std::thread::yield_now();
            }
        };
        Self(over, Some(std::thread::spawn(swap)))
    }
}

impl Drop for Swapping {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        self.1.take().map(|thread| thread.join());
    }
}

each_pairing! {
    async fn a_descriptor_leads_outside_of_its_root_in_no_race<H, P>() {
        let world = World::<H, P>::new();
        let root = area(&world.at(""));
        let web = world.peer("web").stage(Stage::new(path())).program(cat(&root));
        let _web = web.connect().await.unwrap();
        let operator = world.operator().await;
        let swapping = Swapping::below(&root);
        let mut inside = 0;
        for _ in 0..READS {
            let outcome = run(call(&operator, "web", "cat").arguments(positional(&["swapped/file"])));
            let outcome = outcome.await;
            match outcome.finished.status {
                bowline_core::wire::frame::Status::Exited(0) => {
                    assert_eq!(outcome.text(), "inside");
                    inside += 1;
                }
                _ => assert_eq!(outcome.code(), Code::BadArgument, "{outcome:?}"),
            }
        }
        drop(swapping);
        assert!(inside > 0, "nothing was ever read");
    }

    async fn a_descriptor_is_not_handed_on_by_a_program_without_a_stage<H, P>() {
        let world = World::<H, P>::new();
        let root = area(&world.at(""));
        let _web = world.peer("web").program(cat(&root)).connect().await.unwrap();
        let operator = world.operator().await;
        let outcome = run(call(&operator, "web", "cat").arguments(positional(&["swapped/file"])));
        let outcome = outcome.await;
        assert_eq!(outcome.code(), Code::NotStarted);
        assert!(outcome.finished.text.raw().contains("PeerBuilder::stage"), "{outcome:?}");
    }
}
