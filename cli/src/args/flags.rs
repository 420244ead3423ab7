//! The flags of a configuration's keys, made from the rows of its table.

use std::ffi::{OsStr, OsString};
use std::fmt;

use bowline_shell::config::{Form, HubConfig, HubSettings, Key, PeerConfig, PeerSettings};
use clap::builder::{
    BoolValueParser, PathBufValueParser, StringValueParser, TypedValueParser, ValueParser,
};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

/// Which keys have their flags in one place.
pub(crate) trait FlagKeys {
    type Settings: Clone + Default + fmt::Debug + 'static;
    type Config: 'static;
    const KEYS: &'static [Key<Self::Settings, Self::Config>];

    /// Whether the key of this name is among them.
    fn has(name: &str) -> bool;
}

/// All of `hub.toml`.
pub(crate) enum OfHub {}

impl FlagKeys for OfHub {
    type Settings = HubSettings;
    type Config = HubConfig;
    const KEYS: &'static [Key<HubSettings, HubConfig>] = HubSettings::KEYS;

    fn has(_name: &str) -> bool {
        true
    }
}

/// What dials a hub, of `peer.toml`.
pub(crate) enum OfDial {}

impl FlagKeys for OfDial {
    type Settings = PeerSettings;
    type Config = PeerConfig;
    const KEYS: &'static [Key<PeerSettings, PeerConfig>] = PeerSettings::KEYS;

    fn has(name: &str) -> bool {
        !OfPeer::has(name)
    }
}

/// What only a peer that serves commands has, of `peer.toml`.
pub(crate) enum OfPeer {}

impl FlagKeys for OfPeer {
    type Settings = PeerSettings;
    type Config = PeerConfig;
    const KEYS: &'static [Key<PeerSettings, PeerConfig>] = PeerSettings::KEYS;

    fn has(name: &str) -> bool {
        name.starts_with("limits.")
    }
}

/// What the flags say.
pub(crate) struct Flags<C: FlagKeys>(C::Settings);

impl<C: FlagKeys> Flags<C> {
    pub(crate) fn settings(&self) -> &C::Settings {
        &self.0
    }

    /// The keys whose flags are made here, each with its flag and what stands for the value.
    fn keys() -> impl Iterator<Item = (&'static Key<C::Settings, C::Config>, [&'static str; 2])> {
        let keys = C::KEYS.iter().filter(|key| C::has(key.name));
        keys.filter_map(|key| Some((key, [key.flag?, key.placeholder?])))
    }
}

impl<C: FlagKeys> fmt::Debug for Flags<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<C: FlagKeys> Args for Flags<C> {
    fn augment_args(command: Command) -> Command {
        Self::keys().fold(command, |command, (key, [flag, placeholder])| {
            let form = key.form();
            let argument = Arg::new(flag).long(flag).value_name(placeholder).help(key.about);
            let action = if form == Form::List { ArgAction::Append } else { ArgAction::Set };
            command.arg(
                argument
                    .action(action)
                    .allow_negative_numbers(form == Form::Number)
                    .value_parser(parser(key)),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Takes what the key takes, as it was typed.
fn parser<S: Default + 'static, C: 'static>(key: &'static Key<S, C>) -> ValueParser {
    let taken = move |text: &OsStr| key.set(&mut S::default(), text).map(|()| text.to_owned());
    match key.form() {
        Form::Path => PathBufValueParser::new().map(OsString::from).into(),
        Form::Switch => {
            BoolValueParser::new().map(|value| OsString::from(value.to_string())).into()
        }
        _ => StringValueParser::new().try_map(move |text| taken(text.as_ref())).into(),
    }
}

impl<C: FlagKeys> FromArgMatches for Flags<C> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut settings = C::Settings::default();
        for (key, [flag, _]) in Self::keys() {
            for text in matches.get_many::<OsString>(flag).into_iter().flatten() {
                let taken = key.set(&mut settings, text);
                taken.map_err(|reason| Error::raw(ErrorKind::ValueValidation, reason))?;
            }
        }
        Ok(Self(settings))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
