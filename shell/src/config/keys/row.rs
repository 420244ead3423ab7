//! From rows to settings, a configuration and keys.

/// Makes the settings, the configuration and the keys of a file.
///
/// ```text
/// field: Type = default, kind, "key" Reload flag "flag" VALUE "about" => of.part;
/// ```
///
/// * Without a default the key may be absent, and the configuration's field is an `Option`.
///   Defaults may name the groups and the rows above.
/// * The kind ([`Kind`](super::Kind)) says how the value is written and which range it has.
/// * Without `VALUE` the flag is read elsewhere than in this table.
/// * `=> of.part`: the configuration has no field of this name, and the key's value is what the
///   method `part` of its field `of` returns. Such a field stands in `where`, with what makes it
///   of the rows.
///
/// A `group` is a field whose rows have settings and a configuration of their own.
macro_rules! keys {
    (
        $(#[$settings_meta:meta])* $Settings:ident,
        $(#[$config_meta:meta])* $Config:ident {
            $(
                $(#[$doc:meta])*
                $field:ident: $T:ty $(= $default:expr)?, $kind:expr,
                $key:literal $reload:ident $(flag $flag:literal $($value:ident)?)? $about:literal
                $(=> $of:ident.$part:ident)?;
            )*
        }
        $(where $(#[$more_doc:meta])* $more:ident: $More:ty = $made:expr;)?
        $(
            group $group:ident: $(#[$group_settings_meta:meta])* $GroupSettings:ident,
            $(#[$group_config_meta:meta])* $GroupConfig:ident {
                $(
                    $(#[$inner_doc:meta])*
                    $inner:ident: $InnerT:ty = $inner_default:expr, $inner_kind:expr,
                    $inner_key:literal $inner_reload:ident
                    flag $inner_flag:literal $inner_value:ident $inner_about:literal;
                )*
            }
        )*
    ) => {
        $(#[$settings_meta])*
        pub struct $Settings {
            $(#[doc = keys!(@said $key $($flag)? $about)] $(#[$doc])* pub $field: Option<$T>,)*
            $(#[doc = concat!("See [`", stringify!($GroupSettings), "`].")]
              pub $group: $GroupSettings,)*
        }

        $(#[$config_meta])*
        pub struct $Config {
            $(
                // What is a part of another field is no field itself.
                $(#[cfg(any())] #[doc = stringify!($part)])?
                #[doc = concat!("`", $key, "`: ", $about, ".")] $(#[$doc])*
                pub $field: keys!(@held $T $(= $default)?),
            )*
            $($(#[$more_doc])* pub $more: $More,)?
            $(#[doc = concat!("See [`", stringify!($GroupConfig), "`].")]
              pub $group: $GroupConfig,)*
        }

        impl $Settings {
            /// Every key of the file, in the order in which they are printed.
            pub const KEYS: &'static [Key<Self, $Config>] = &[
                $(keys!(@key $Settings, $Config, $field, ($T), $kind,
                    |config| keys!(@value (config.$field) $([$default])? $(=> config.$of.$part())?),
                    $key $reload $about, $($flag $($value)?)?),)*
                $($(keys!(@key $Settings, $Config, $group.$inner, ($InnerT), $inner_kind,
                    |config| Some(config.$group.$inner.clone()),
                    $inner_key $inner_reload $inner_about, $inner_flag $inner_value),)*)*
            ];

            /// The settings with their defaults, each within its range.
            pub(super) fn decide(self) -> Result<$Config, ConfigError> {
                let Self { $($field,)* $($group,)* } = self;
                $(let $group = $group.decide()?;)*
                $(keys!(@decide $field, $T, $kind, $key, keys!(@option $($flag)?) $(, $default)?);)*
                $(let $more = $made;)?
                Ok($Config {
                    $($(#[cfg(any())] #[doc = stringify!($part)])? $field,)*
                    $($more,)?
                    $($group,)*
                })
            }
        }

        $(
            $(#[$group_settings_meta])*
            pub struct $GroupSettings {
                $(#[doc = keys!(@said $inner_key $inner_flag $inner_about)] $(#[$inner_doc])*
                  pub $inner: Option<$InnerT>,)*
            }

            $(#[$group_config_meta])*
            pub struct $GroupConfig {
                $(#[doc = concat!("`", $inner_key, "`: ", $inner_about, ".")] $(#[$inner_doc])*
                  pub $inner: $InnerT,)*
            }

            impl $GroupSettings {
                fn decide(self) -> Result<$GroupConfig, ConfigError> {
                    let Self { $($inner,)* } = self;
                    $(keys!(@decide $inner, $InnerT, $inner_kind, $inner_key, Some($inner_flag),
                        $inner_default);)*
                    Ok($GroupConfig { $($inner,)* })
                }
            }
        )*
    };

    (@said $key:literal $about:literal) => { concat!("`", $key, "`: ", $about, ".") };
    (@said $key:literal $flag:literal $about:literal) => {
        concat!("`", $key, "`, `--", $flag, "`: ", $about, ".")
    };

    (@held $T:ty) => { Option<$T> };
    (@held $T:ty = $default:expr) => { $T };

    (@value ($held:expr)) => { $held.clone() };
    (@value ($held:expr) [$default:expr]) => { Some($held.clone()) };
    (@value ($held:expr) => $part:expr) => { $part };

    (@option) => { None };
    (@option $some:expr) => { Some($some) };

    (@decide $field:ident, $T:ty, $kind:expr, $key:literal, $flag:expr) => {
        let $field = $field.map(|value: $T| decide(&$kind, value, $key, $flag)).transpose()?;
    };
    (@decide $field:ident, $T:ty, $kind:expr, $key:literal, $flag:expr, $default:expr) => {
        let $field: $T = decide(&$kind, $field.unwrap_or_else(|| $default), $key, $flag)?;
    };

    (@key $Settings:ident, $Config:ident, $($path:ident).+, ($T:ty), $kind:expr,
        |$config:ident| $value:expr, $key:literal $reload:ident $about:literal,
        $($flag:literal $($placeholder:ident)?)?
    ) => {
        Key {
            name: $key,
            flag: keys!(@option $($flag)?),
            placeholder: keys!(@option $($(stringify!($placeholder))?)?),
            about: $about,
            reload: Reload::$reload,
            form: || KeyKind::<$T>::form(&$kind),
            range: || KeyKind::<$T>::range(&$kind),
            read: |settings, section, name| {
                settings.$($path).+ = $kind.read(section, name)?;
                Ok(())
            },
            set: |settings, text| $kind.set(&mut settings.$($path).+, text),
            fill: |settings, under| {
                settings.$($path).+ = settings.$($path).+.take().or(under.$($path).+.take());
            },
            keep: |settings, $config| settings.$($path).+ = $value,
            print: |$config, printer, name| {
                let value: Option<$T> = $value;
                value.iter().for_each(|value| $kind.print(value, printer, name));
            },
            differ: |before, after, key, names| {
                let value = |$config: &$Config| -> Option<$T> { $value };
                $kind.differ(value(before), value(after), key, names);
            },
        }
    };
}

pub(crate) use keys;
