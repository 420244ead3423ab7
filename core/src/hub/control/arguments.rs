//! The arguments of the hub's own commands: named scalars, and nothing else.

use crate::code::Code;
use crate::wire::frame::Call;
use crate::wire::value::Scalar;

/// The arguments of these names, in their order.
///
/// # Errors
/// [`Code::BadArgument`]: there is another one, or one that is no scalar.
pub(super) fn named<'a, const N: usize>(
    call: &Call<'a>,
    names: [&str; N],
) -> Result<[Option<Scalar<'a>>; N], Code> {
    if call.arguments.positional().next().is_some() {
        return Err(Code::BadArgument);
    }
    let mut found = [None; N];
    for (name, value) in call.arguments.named() {
        let at = names.iter().position(|known| *known == name).ok_or(Code::BadArgument)?;
        found[at] = Some(value.scalar().ok_or(Code::BadArgument)?);
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
