//! `peer`: all that the hub knows of one peer. `// spec: control §3`

use crate::code::Code;
use crate::hub::Hub;
use crate::hub::control::arguments::{named, parsed};
use crate::hub::control::peers::PAGE;
use crate::id::{CommandName, LinkId, PeerId};
use crate::wire::frame::{Argument, ArgumentKind, Call, Command, Purpose};
use crate::wire::value::{ValueBuf, ValueError};

impl Hub {
    /// Answers with one map. Where the commands take more than a page it holds `more`: ask again
    /// with `after` = the last command's name.
    pub(super) fn peer_shown(&mut self, link: LinkId, call: &Call<'_>) {
        let (peer, after) = match arguments(call) {
            Ok(arguments) => arguments,
            Err(code) => return self.fail(link, call.id, None, code),
        };
        if self.members.registry.known(peer).is_none()
            && self.members.registry.serving(peer).is_none()
        {
            return self.fail(link, call.id, Some(peer), Code::UnknownPeer);
        }
        let value = self.shown(peer, after);
        self.answer_call(link, call.id, value);
    }

    fn shown(&self, peer: PeerId, after: Option<CommandName>) -> Result<ValueBuf, ValueError> {
        let mut entry = self.entry(peer)?;
        entry.extend(self.enrolment(peer)?);
        let live = self.members.registry.serving(peer).and_then(|link| self.live(link));
        let commands = live.iter().flat_map(|live| &live.serves).flat_map(|all| &all.commands);
        let commands = commands.filter(|command| after.is_none_or(|after| command.name > after));
        let (mut declared, mut descriptions, mut size) = (Vec::new(), Vec::new(), 0);
        for command in commands {
            if size >= PAGE {
                entry.push(("more", ValueBuf::boolean(true)));
                break;
            }
            let arguments = declaration(command)?;
            size += arguments.as_value().as_bytes().len() + command.description.len();
            declared.push((command.name.as_str(), arguments));
            let description = ValueBuf::text(&command.description);
            descriptions.push((command.name.as_str(), description));
        }
        // In the place of the names alone.
        entry.retain(|(key, _)| *key != "commands");
        if live.is_some() {
            entry.push(("commands", ValueBuf::map(declared)?));
            entry.push(("descriptions", ValueBuf::map(descriptions)?));
        }
        entry.push(("operating", ValueBuf::uint(self.operating(peer))));
        ValueBuf::map(entry)
    }

    /// How many sessions of this id call and watch.
    fn operating(&self, peer: PeerId) -> u64 {
        let others = self
            .links
            .live()
            .filter(|(_, live)| live.peer == peer && live.purpose == Purpose::Operate);
        others.count() as u64
    }
}

fn arguments(call: &Call<'_>) -> Result<(PeerId, Option<CommandName>), Code> {
    let [id, after] = named(call, ["id", "after"])?;
    Ok((parsed(id)?.ok_or(Code::BadArgument)?, parsed(after)?))
}

/// A command's arguments in positional order. Where the choices alone would fill a page they are
/// left out.
fn declaration(command: &Command) -> Result<ValueBuf, ValueError> {
    let whole = ValueBuf::array(
        command.arguments.iter().map(|a| argument(a, true)).collect::<Result<Vec<_>, _>>()?,
    )?;
    if whole.as_value().as_bytes().len() <= PAGE {
        return Ok(whole);
    }
    let short = command.arguments.iter().map(|a| argument(a, false));
    ValueBuf::array(short.collect::<Result<Vec<_>, _>>()?)
}

fn argument(argument: &Argument, with_choices: bool) -> Result<ValueBuf, ValueError> {
    let mut entry = vec![
        ("name", ValueBuf::text(&argument.name)),
        ("type", ValueBuf::text(argument.kind.name())),
        ("optional", ValueBuf::boolean(argument.optional)),
    ];
    if let (ArgumentKind::Choice(choices), true) = (&argument.kind, with_choices) {
        let choices = choices.iter().map(|choice| ValueBuf::text(choice));
        entry.push(("choices", ValueBuf::array(choices)?));
    }
    ValueBuf::map(entry)
}
