//! `peer`: all that the hub knows of one peer. `// spec: control §3`

use std::collections::BTreeMap;

use crate::code::Code;
use crate::control::field::{Flag, Item};
use crate::control::{
    CommandAnswer, ControlError, DeclaredArgument, Handler, PAGE, PeerDetail, PeerRequest,
};
use crate::hub::control::Control;
use crate::id::PeerId;
use crate::wire::frame::{Argument, ArgumentKind, Command, Purpose};
use crate::wire::value::ValueError;

impl Handler<PeerRequest> for Control<'_> {
    fn handle(
        &mut self,
        PeerRequest { id, after }: PeerRequest,
    ) -> Result<CommandAnswer<PeerDetail>, ControlError> {
        let members = &*self.sessions.members;
        if members.known(id).is_none() && members.serving(id).is_none() {
            return Err(ControlError::of_peer(Code::UnknownPeer, id));
        }
        let live = members.serving(id).and_then(|link| self.sessions.of(link));
        let commands = live.iter().flat_map(|live| &live.serves).flat_map(|all| &all.commands);
        let commands = commands.filter(|command| after.is_none_or(|after| command.name > after));
        let (mut declared, mut descriptions) = (BTreeMap::new(), BTreeMap::new());
        let (mut size, mut more) = (0, Flag(false));
        for command in commands {
            if size >= PAGE {
                more = Flag(true);
                break;
            }
            let (arguments, len) = declaration(command)?;
            size += len + command.description.len();
            declared.insert(command.name, arguments);
            descriptions.insert(command.name, command.description.clone());
        }
        Ok(CommandAnswer::Now(PeerDetail {
            commands: live.map(|_| declared),
            descriptions: live.map(|_| descriptions),
            more,
            operating: self.operating(id),
            peer: self.entry(id),
        }))
    }
}

impl Control<'_> {
    /// How many sessions of this id call and watch.
    fn operating(&self, peer: PeerId) -> u64 {
        let sessions = self.sessions.links.live().map(|(_, live)| live);
        let others = sessions.filter(|live| live.peer == peer && live.purpose == Purpose::Operate);
        others.count() as u64
    }
}

/// A command's arguments in positional order, and how many bytes they take. Where the choices alone
/// would fill a page they are left out.
fn declaration(command: &Command) -> Result<(Vec<DeclaredArgument>, usize), ValueError> {
    let mut arguments: Vec<_> = command.arguments.iter().map(argument).collect();
    let size = |arguments: &Vec<DeclaredArgument>| {
        arguments.to_value().map(|value| value.as_value().as_bytes().len())
    };
    let mut len = size(&arguments)?;
    if len > PAGE {
        arguments.iter_mut().for_each(|argument| argument.choices = None);
        len = size(&arguments)?;
    }
    Ok((arguments, len))
}

fn argument(argument: &Argument) -> DeclaredArgument {
    DeclaredArgument {
        name: argument.name.clone(),
        kind: argument.kind.name().to_owned(),
        optional: argument.optional,
        choices: match &argument.kind {
            ArgumentKind::Choice(choices) => Some(choices.clone()),
            ArgumentKind::String
            | ArgumentKind::Integer
            | ArgumentKind::Number
            | ArgumentKind::Boolean
            | ArgumentKind::Path => None,
        },
    }
}
