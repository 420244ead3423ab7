//! A link that must go on whatever another one does: a peer, an operator and a call between them
//! that is open all the time.

use std::path::Path;

use bowline_core::id::CommandName;
use bowline_shell::call::{Call, Calling, Reply};
use bowline_shell::config::HubUrl;
use bowline_shell::peer::Session;
use bowline_tokio::peer;

use crate::calls::{call, run, until_output};
use crate::wait::within;
use crate::world::id;

/// Two admitted links, and a call from one to the other that echoes.
#[derive(Debug)]
pub struct Healthy {
    serving: Session,
    operator: Session,
    calling: Calling,
    said: usize,
}

impl Healthy {
    /// Connects both to the hub at `url`; their keys and trust are kept in `dir`.
    ///
    /// # Panics
    /// When they are not admitted.
    pub async fn beside(url: &HubUrl, secret: &Path, dir: &Path) -> Self {
        let made = |name: &str| {
            peer(url.clone(), id(name), dir.join(name)).expect("a peer").secret_file(secret)
        };
        let serving = made("healthy").command(echo(), answer).connect();
        let serving = within(serving).await.expect("a serving session");
        let operator = within(made("healthy-operator").operate().connect()).await;
        let operator = operator.expect("an operator's session");
        let calling = call(&operator, "healthy", "echo").with_input().start();
        let mut healthy = Self { serving, operator, calling, said: 0 };
        healthy.goes_on().await;
        healthy
    }

    /// What is said in the open call still comes back, and another call is carried out.
    ///
    /// # Panics
    /// When it is not.
    pub async fn goes_on(&mut self) {
        self.said += 1;
        let line = format!("still here, {}\n", self.said);
        assert_eq!(within(self.calling.write(line.as_bytes())).await, line.len());
        assert_eq!(until_output(&mut self.calling, &line).await, line);
        let mut again = call(&self.operator, "healthy", "echo").with_input().start();
        again.end_input();
        assert_eq!(crate::calls::finish(again).await.exit(), 0);
    }

    /// Ends both links, with the hub or before it.
    pub async fn leave(self) {
        drop(self.calling);
        for session in [self.serving, self.operator] {
            session.close();
            within(session.ended()).await;
        }
    }

    /// A call by the healthy operator, of a command on another peer.
    pub async fn calls(&self, peer: &str, command: &str) -> crate::calls::Outcome {
        run(call(&self.operator, peer, command)).await
    }
}

fn echo() -> CommandName {
    "echo".parse().expect("a name")
}

async fn answer(mut call: Call) -> Reply {
    let mut piece = [0; 1024];
    loop {
        let written = match call.read(&mut piece).await {
            Ok(0) => return Reply::Exit(0),
            Ok(n) => call.write(bowline_core::wire::frame::OutputStream::Out, &piece[..n]).await,
            Err(gone) => Err(gone),
        };
        if let Err(gone) = written {
            return Err::<(), _>(gone).into();
        }
    }
}
