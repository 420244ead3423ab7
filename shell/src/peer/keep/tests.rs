use std::fs;

use bowline_core::id::HubId;
use bowline_core::identity::{Authority, SigningKey};
use bowline_core::random::{Random, Seed};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::*;

const NOW: u64 = 1_767_225_600;
const HUB: HubId = HubId([7; 16]);
const URL: &str = "wss://hub.example:7777/link";

struct Disk {
    dir: TempDir,
    keeper: PeerStore,
    joined: Arc<AtomicBool>,
}

impl Disk {
    /// The disk of a peer that joins.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let joined = Arc::new(AtomicBool::new(false));
        let urls = vec![URL.parse().unwrap()];
        let enrols = Enrols { urls, jti: Jti([9; 16]), joined: joined.clone() };
        let trust = TrustFile::new(dir.path().join("trust.toml"));
        let keeper = PeerStore::file(trust, URL.parse().unwrap());
        let keeper = keeper.enrols(EnrolmentFile::new(dir.path().join("enrolment")), enrols);
        Self { dir, keeper, joined }
    }

    fn trusts(&self) -> Option<HubId> {
        self.keeper.recall(KnownHub::default()).unwrap().entry.map(|entry| entry.identity)
    }

    fn enrolled(&self) -> Option<Enrolment> {
        EnrolmentFile::new(self.dir.path().join("enrolment")).read().unwrap()
    }
}

fn kept(number: u8) -> PeerUpdate {
    let random = |byte| Random::new(&Seed([byte; 32]));
    let key = SigningKey::generate(&mut random(2)).public();
    let authority = Authority::generate(&mut random(1), HUB, NOW);
    let (peer, ends) = ("web-1".parse().unwrap(), NOW + 86_400);
    let certificate = authority.mint(&mut random(number), peer, key, 1, NOW, ends).unwrap();
    let refresh = Zeroizing::new([number; 32]);
    let entry = Entry { identity: HUB, pin: None, generation: 1, first_seen: NOW };
    let issued = Issued { certificate, refresh, refresh_ends: NOW + 9_000_000 };
    PeerUpdate { entry: Some(entry), seen: None, issued: Some(issued) }
}

#[test]
fn both_the_hub_and_what_it_minted_are_kept() {
    let disk = Disk::new();
    assert_eq!(disk.keeper.write(&kept(1)), Ok(()));
    assert_eq!(disk.trusts(), Some(HUB));
    let enrolment = disk.enrolled().unwrap();
    assert_eq!((enrolment.hub, enrolment.jti), (HUB, Jti([9; 16])));
    assert_eq!(Some(enrolment.issued()), kept(1).issued);
    assert!(disk.joined.load(Ordering::Acquire));

    // In the session that follows, the credentials alone.
    let next = PeerUpdate { entry: None, ..kept(2) };
    assert_eq!(disk.keeper.write(&next), Ok(()));
    assert_eq!(Some(disk.enrolled().unwrap().issued()), next.issued);
}

#[test]
fn where_one_of_both_cannot_be_kept_the_answer_is_no_and_the_peer_can_join_again() {
    for broken in ["trust.toml", "enrolment"] {
        let disk = Disk::new();
        // A directory stands where the file should be.
        let in_the_way = disk.dir.path().join(broken);
        fs::create_dir(&in_the_way).unwrap();
        assert!(disk.keeper.write(&kept(1)).is_err(), "{broken}");
        assert!(!disk.joined.load(Ordering::Acquire), "{broken}");
        fs::remove_dir(&in_the_way).unwrap();
        // Never credentials of a hub that is not known.
        assert_eq!(disk.enrolled(), None, "{broken}");
        assert_eq!(disk.keeper.write(&kept(2)), Ok(()), "{broken}");
        assert_eq!(disk.trusts(), Some(HUB), "{broken}");
        assert_eq!(Some(disk.enrolled().unwrap().issued()), kept(2).issued, "{broken}");
    }
}

#[test]
fn a_peer_that_dies_between_the_two_files_knows_its_hub_and_has_spent_nothing() {
    let disk = Disk::new();
    let first = kept(1);
    // The first of the two writes, and then nothing: the process is gone.
    assert_eq!(disk.keeper.store_trust(first.entry.unwrap(), None), Ok(()));
    assert_eq!((disk.trusts(), disk.enrolled()), (Some(HUB), None));
    // It joins again by the same token, and the hub mints anew.
    assert_eq!(disk.keeper.write(&kept(2)), Ok(()));
    assert_eq!(Some(disk.enrolled().unwrap().issued()), kept(2).issued);
}

#[test]
fn credentials_with_nowhere_to_go_are_refused() {
    let nowhere = PeerStore::nowhere();
    assert!(nowhere.write(&kept(1)).is_err());
    assert_eq!(nowhere.write(&PeerUpdate { issued: None, ..kept(1) }), Ok(()));
    // What is new of an enrolment that is gone is not a new enrolment.
    let dir = tempfile::tempdir().unwrap();
    let gone = EnrolmentFile::new(dir.path().join("enrolment"));
    assert!(PeerStore::nowhere().renews(gone).write(&kept(1)).is_err());
}

#[test]
fn what_is_presented_next_is_what_the_disk_has_and_one_link_asks_at_a_time() {
    let disk = Disk::new();
    disk.keeper.write(&kept(1)).unwrap();
    let (mine, theirs) = (EnrolmentHold::default(), EnrolmentHold::default());
    assert_eq!(disk.keeper.look(&mine), Ok(kept(1).issued));
    // Asked again, for want of an answer, by the same link.
    assert_eq!(disk.keeper.look(&mine), Ok(kept(1).issued));
    let refused = disk.keeper.look(&theirs).unwrap_err();
    assert_eq!(refused, "another program of this peer is getting new credentials");
    disk.keeper.write(&kept(2)).unwrap();
    mine.release();
    assert_eq!(disk.keeper.look(&theirs), Ok(kept(2).issued));
    // Who keeps none goes on by what it has.
    assert_eq!(PeerStore::nowhere().look(&mine), Ok(None));
}

/// Else a hub that mints and cuts would be dialled without end.
#[test]
fn what_a_peer_keeps_itself_is_no_change_of_its_files_and_what_another_program_keeps_is() {
    let dir = tempfile::tempdir().unwrap();
    let joined = Arc::new(AtomicBool::new(false));
    let enrols = Enrols { urls: vec![URL.parse().unwrap()], jti: Jti([9; 16]), joined };
    let file = EnrolmentFile::new(dir.path().join("enrolment"));
    let trust = TrustFile::new(dir.path().join("trust.toml"));
    let keeper = PeerStore::file(trust, URL.parse().unwrap()).enrols(file.clone(), enrols.clone());
    let changed = || {
        let trust = keeper.watched().unwrap().is_changed();
        (trust, file.watched().is_changed())
    };
    assert_eq!(changed(), (false, false));
    for number in 1..3 {
        keeper.write(&kept(number)).unwrap();
        assert_eq!(changed(), (false, false), "kept {number}");
    }
    let other = TrustFile::new(dir.path().join("trust.toml"));
    let other = PeerStore::file(other, "wss://other.example:7777/link".parse().unwrap());
    let again = EnrolmentFile::new(dir.path().join("enrolment"));
    other.enrols(again, enrols).write(&kept(3)).unwrap();
    assert_eq!(changed(), (true, true));
    assert_eq!(changed(), (false, false), "told once");
}
