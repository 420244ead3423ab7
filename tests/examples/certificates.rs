//! Prints the certificate of a hub's CA and one that it minted for a peer, as PEM, for tools that
//! read certificates. Keys and dates are the same at each run: valid from 2026-01-01, the peer's
//! for a day.
//!
//! ```text
//! cargo run -p bowline-tests --example certificates -- PEER ISSUE
//! ```

use std::error::Error;
use std::process::ExitCode;

use bowline_core::id::{HubId, PeerId};
use bowline_core::identity::{Authority, SigningKey};
use bowline_core::random::{Random, Seed};
use bowline_shell::files::pem;

/// 2026-01-01T00:00:00Z.
const FROM: u64 = 1_767_225_600;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [peer, issue] = arguments.as_slice() else {
        eprintln!("usage: certificates PEER ISSUE");
        return ExitCode::from(2);
    };
    match print(peer, issue) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn print(peer: &str, issue: &str) -> Result<(), Box<dyn Error>> {
    let peer: PeerId = peer.parse()?;
    let mut random = Random::new(&Seed([1; 32]));
    let hub = HubId::of(&SigningKey::generate(&mut random).public());
    let authority = Authority::generate(&mut random, hub, FROM);
    let key = SigningKey::generate(&mut random).public();
    let minted =
        authority.mint(&mut random, peer, key, issue.parse()?, FROM, FROM + 24 * 60 * 60)?;
    for der in [authority.certificate(), &minted] {
        print!("{}", String::from_utf8_lossy(&pem::encode(pem::CERTIFICATE, der)));
    }
    Ok(())
}
