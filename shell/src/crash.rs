//! Places at which a test ends the process, as a crash or a loss of power would.
//!
//! They stand before and after each write that has to be all or nothing. The library has none of
//! it: what is here is compiled for this crate's own tests alone.

#[cfg(not(test))]
#[inline(always)]
pub(crate) const fn point() {}

#[cfg(test)]
pub(crate) use tests::point;

#[cfg(test)]
pub(crate) mod tests {
    use std::env;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Says at which of its points a process is to end, the first being 1.
    const AT: &str = "BOWLINE_TEST_CRASH_AT";

    /// Says to a child where its files are.
    const IN: &str = "BOWLINE_TEST_CRASH_IN";

    static PASSED: AtomicU64 = AtomicU64::new(0);

    pub(crate) fn point() {
        static LAST: OnceLock<Option<u64>> = OnceLock::new();
        let last = LAST.get_or_init(|| env::var(AT).ok()?.parse().ok());
        if *last == Some(PASSED.fetch_add(1, Ordering::Relaxed) + 1) {
            std::process::abort();
        }
    }

    /// How a child ended.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum ChildEnd {
        /// It came to its end without reaching the point.
        Done,
        /// It crashed there.
        Crashed,
    }

    /// Runs the ignored test `name` of this crate in a process that crashes at its `n`-th point,
    /// with its files in `dir`.
    pub(crate) fn crash_at(name: &str, n: u64, dir: &Path) -> ChildEnd {
        let child = Command::new(env::current_exe().unwrap())
            .args([name, "--exact", "--ignored", "--test-threads=1"])
            .env(AT, n.to_string())
            .env(IN, dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        match child.status.code() {
            Some(0) if said.contains("1 passed") => ChildEnd::Done,
            // The signal of an abort.
            None => ChildEnd::Crashed,
            _ => panic!("{name} at {n}: {said}{}", String::from_utf8_lossy(&child.stderr)),
        }
    }

    /// In a child: where its files are.
    pub(crate) fn child_dir() -> std::path::PathBuf {
        env::var_os(IN).expect("a parent that says where").into()
    }
}
