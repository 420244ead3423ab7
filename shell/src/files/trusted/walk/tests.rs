use std::fs::{self, Permissions};
use std::io::{Read, Write as _};
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use rustix::fs::{FileType, mknodat};
use tempfile::TempDir;

use super::*;
use crate::files::trusted::WritePlace;
use crate::files::{create_private, read_private, remove, write_private};

/// Somebody else, where this is root, who may give files away.
const STRANGER: u32 = 65_534;

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn put(base: &TempDir, name: &str, mode: u32) -> PathBuf {
    let path = base.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "what it holds").unwrap();
    chmod(&path, mode);
    path
}

fn is_root() -> bool {
    geteuid().is_root()
}

fn reads(path: &Path) -> Result<String, FileError> {
    let mut text = String::new();
    read(path, Exposure::Nothing)?.read_to_string(&mut text).unwrap();
    Ok(text)
}

#[test]
fn links_of_a_volume_are_followed_whatever_way_they_point() {
    let base = tempfile::tempdir().unwrap();
    put(&base, "volume/..2026_1/secret", 0o600);
    symlink("..2026_1", base.path().join("volume/..data")).unwrap();
    symlink("..data/secret", base.path().join("volume/secret")).unwrap();
    assert_eq!(reads(&base.path().join("volume/secret")).unwrap(), "what it holds");
    // As certbot has it: up from live/ and down into archive/.
    put(&base, "letsencrypt/archive/site/privkey1.pem", 0o600);
    let live = base.path().join("letsencrypt/live/site");
    fs::create_dir_all(&live).unwrap();
    symlink("../../archive/site/privkey1.pem", live.join("privkey.pem")).unwrap();
    assert_eq!(reads(&live.join("privkey.pem")).unwrap(), "what it holds");
    symlink(live.join("privkey.pem"), base.path().join("absolute")).unwrap();
    assert_eq!(reads(&base.path().join("absolute")).unwrap(), "what it holds");
}

#[test]
fn links_that_lead_nowhere_or_in_a_circle_end() {
    let base = tempfile::tempdir().unwrap();
    symlink("b", base.path().join("a")).unwrap();
    symlink("a", base.path().join("b")).unwrap();
    let looped = io_kind(reads(&base.path().join("a")));
    assert_eq!(looped, Some(std::io::Error::from(Errno::LOOP).kind()));
    symlink("nothing", base.path().join("c")).unwrap();
    assert!(reads(&base.path().join("c")).unwrap_err().is_not_found());
}

fn io_kind<T>(result: Result<T, FileError>) -> Option<std::io::ErrorKind> {
    match result {
        Err(FileError::System { kind, .. }) => Some(kind),
        _ => None,
    }
}

#[test]
fn a_directory_that_others_may_change_hides_a_good_file_wherever_it_stands_on_the_way() {
    let base = tempfile::tempdir().unwrap();
    let path = put(&base, "a/b/secret", 0o600);
    for (directory, bits) in [("a", 0o777), ("a/b", 0o775), ("a", 0o772)] {
        let directory = base.path().join(directory);
        chmod(&directory, bits);
        let error = reads(&path).unwrap_err();
        let is_it = matches!(&error, FileError::Exposed { path, mode, remedy: Remedy::Chmod("go-w"), .. }
            if *path == directory.canonicalize().unwrap() && *mode == bits);
        assert!(is_it, "{error}");
        assert!(write_private(&path, b"x").is_err() && create_private(&path, b"x").is_err());
        chmod(&directory, 0o755);
    }
    assert_eq!(reads(&path).unwrap(), "what it holds");
}

#[test]
fn what_belongs_to_somebody_else_is_refused_be_it_file_directory_or_link() {
    if !is_root() {
        let _ =
            writeln!(std::io::stderr(), "SKIPPED: files of somebody else: only root makes them");
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let path = put(&base, "theirs/secret", 0o600);
    chown(base.path().join("theirs"), Some(STRANGER), None).unwrap();
    let refused = |result: Result<String, FileError>| {
        assert!(
            matches!(result, Err(FileError::Foreign { owner: STRANGER, own: 0, .. })),
            "{result:?}"
        );
    };
    refused(reads(&path));
    let file = put(&base, "secret", 0o600);
    chown(&file, Some(STRANGER), None).unwrap();
    refused(reads(&file));
    // In /tmp, a link of a stranger's to a good file.
    let good = put(&base, "good", 0o600);
    let link = base.path().join("link");
    symlink(&good, &link).unwrap();
    assert!(reads(&link).is_ok());
    assert_eq!(real(&link).unwrap(), good.canonicalize().unwrap());
    std::os::unix::fs::lchown(&link, Some(STRANGER), None).unwrap();
    refused(reads(&link));
    refused(real(&link).map(|path| path.display().to_string()));
}

#[test]
fn nothing_is_written_through_a_link_nor_into_a_directory_of_somebody_else() {
    let base = tempfile::tempdir().unwrap();
    let precious = put(&base, "precious", 0o600);
    let link = base.path().join("lock");
    symlink(&precious, &link).unwrap();
    let error = WritePlace::of(&link, "lock").unwrap().open("lock").unwrap_err();
    assert!(matches!(error, FileError::NotAFile { what: "a link", .. }), "{error}");
    // A file takes the place of a link; what the link names stays.
    write_private(&link, b"ours").unwrap();
    assert_eq!(fs::read(&precious).unwrap(), b"what it holds");
    assert!(!link.is_symlink());
    if is_root() {
        let theirs = base.path().join("theirs");
        fs::create_dir(&theirs).unwrap();
        chown(&theirs, Some(STRANGER), None).unwrap();
        for written in [
            write_private(&theirs.join("a"), b"x"),
            create_private(&theirs.join("a"), b"x").map(drop),
            WritePlace::of(&theirs.join("lock"), "lock").map(drop),
            remove(&theirs.join("a")),
            directory(&theirs.join("made"), Missing::Make).map(drop),
        ] {
            assert!(matches!(written, Err(FileError::Foreign { .. })), "{written:?}");
        }
        assert_eq!(fs::read_dir(&theirs).unwrap().count(), 0);
    }
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_at_once() {
    let base = tempfile::tempdir().unwrap();
    let pipe = base.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let error = reads(&pipe).unwrap_err();
    assert!(matches!(error, FileError::NotAFile { what: "a pipe", .. }), "{error}");
    let error = WritePlace::of(&pipe, "lock").unwrap().open("lock").unwrap_err();
    assert!(matches!(error, FileError::NotAFile { what: "a pipe", .. }), "{error}");
    let error = reads(Path::new("/dev/zero")).unwrap_err();
    assert!(matches!(error, FileError::NotAFile { what: "a device", .. }), "{error}");
}

#[test]
fn a_pipe_behind_a_descriptor_whose_writers_have_gone_holds_nobody_up() {
    let base = tempfile::tempdir().unwrap();
    let pipe = base.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let both = File::options().read(true).write(true).open(&pipe).unwrap();
    let reader = File::open(&pipe).unwrap();
    drop(both);
    let path = PathBuf::from(format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader)));
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(reads(&path).map(|bytes| bytes.len())));
    let read = told.recv_timeout(std::time::Duration::from_secs(60)).expect("it does not wait");
    assert_eq!(read, Ok(0));
}

#[test]
fn a_descriptor_is_a_number_beneath_dev_fd_and_nothing_else() {
    for path in ["/dev/stdin", "/dev/fd/0", "/dev/fd/63", "/proc/self/fd/9"] {
        assert!(is_descriptor(Path::new(path)), "{path}");
    }
    for path in ["/dev/fd", "/dev/fd/", "/dev/fd/x", "/dev/fd/1/2", "/dev/fd/../null", "fd/1", "-"]
    {
        assert!(!is_descriptor(Path::new(path)), "{path}");
    }
}

#[test]
fn a_file_behind_a_descriptor_is_looked_at_like_any_other() {
    use std::os::fd::AsRawFd;
    let base = tempfile::tempdir().unwrap();
    let path = put(&base, "secret", 0o644);
    let file = File::open(&path).unwrap();
    let by_number = PathBuf::from(format!("/dev/fd/{}", file.as_raw_fd()));
    let exposed = read_private(&by_number, Exposure::Nothing);
    assert!(matches!(exposed, Err(FileError::Exposed { mode: 0o644, .. })), "{exposed:?}");
    chmod(&path, 0o600);
    assert_eq!(*read_private(&by_number, Exposure::Nothing).unwrap(), b"what it holds");
}
