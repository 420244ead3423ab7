//! The arguments of the hub's own commands: named, and of most commands scalars and nothing else.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::wire::frame::Call;
use crate::wire::value::{Scalar, Value};

/// The arguments of these names, in their order.
///
/// # Errors
/// [`Code::BadArgument`]: there is another one, or one that is no scalar.
pub(super) fn named<'a, const N: usize>(
    call: &Call<'a>,
    names: [&str; N],
) -> Result<[Option<Scalar<'a>>; N], Code> {
    let mut scalars = [None; N];
    for (scalar, value) in scalars.iter_mut().zip(values(call, names)?) {
        *scalar = value.map(|value| value.scalar().ok_or(Code::BadArgument)).transpose()?;
    }
    Ok(scalars)
}

/// The same, of any kind.
///
/// # Errors
/// [`Code::BadArgument`]: there is another one.
pub(super) fn values<'a, const N: usize>(
    call: &Call<'a>,
    names: [&str; N],
) -> Result<[Option<Value<'a>>; N], Code> {
    if call.arguments.positional().next().is_some() {
        return Err(Code::BadArgument);
    }
    let mut found = [None; N];
    for (name, value) in call.arguments.named() {
        let at = names.iter().position(|known| *known == name).ok_or(Code::BadArgument)?;
        found[at] = Some(value);
    }
    Ok(found)
}

/// A text that is an id, where one is given.
///
/// # Errors
/// [`Code::BadArgument`]: it is something else.
pub(super) fn parsed<T: core::str::FromStr>(value: Option<Scalar<'_>>) -> Result<Option<T>, Code> {
    match value {
        None => Ok(None),
        Some(Scalar::Text(text)) => text.parse().map(Some).map_err(|_| Code::BadArgument),
        Some(_) => Err(Code::BadArgument),
    }
}

/// Whether something is wanted that is not unless it is said.
///
/// # Errors
/// [`Code::BadArgument`]: it is no boolean.
pub(super) fn flag(value: Option<Scalar<'_>>) -> Result<bool, Code> {
    match value {
        None => Ok(false),
        Some(Scalar::Boolean(flag)) => Ok(flag),
        Some(_) => Err(Code::BadArgument),
    }
}

/// A text, or an array of texts; none where it is not there.
///
/// # Errors
/// [`Code::BadArgument`]: it is something else.
pub(super) fn texts<'a>(value: Option<Value<'a>>) -> Result<Vec<&'a str>, Code> {
    let Some(value) = value else { return Ok(Vec::new()) };
    if let Some(text) = value.text() {
        return Ok(vec![text]);
    }
    let items = value.items().ok_or(Code::BadArgument)?;
    items.map(|item| item.text().ok_or(Code::BadArgument)).collect()
}

/// A map of texts, or texts `KEY=VALUE`; none where it is not there.
///
/// # Errors
/// [`Code::BadArgument`]: it is something else, or a key stands twice.
pub(super) fn pairs(value: Option<Value<'_>>) -> Result<BTreeMap<String, String>, Code> {
    let mut pairs = BTreeMap::new();
    if let Some(entries) = value.and_then(|value| value.entries()) {
        for (key, value) in entries {
            let value = value.text().ok_or(Code::BadArgument)?;
            pairs.insert(key.to_owned(), value.to_owned());
        }
        return Ok(pairs);
    }
    for text in texts(value)? {
        let (key, value) = text.split_once('=').ok_or(Code::BadArgument)?;
        if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Code::BadArgument);
        }
    }
    Ok(pairs)
}
