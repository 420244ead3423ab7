//! Values for the arguments of a call, from what Rust has.

use bowline_core::wire::value::{Scalar, Value, ValueBuf, ValueError};

/// A value for an argument, as [`CallBuilder::arg`](crate::call::CallBuilder::arg) takes it: made
/// of text, bytes, a number, a boolean, or a [`ValueBuf`].
///
/// What no value can hold, such as NaN, ends the call with
/// [`Code::BadArgument`](bowline_core::code::Code::BadArgument) before it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument(pub(super) Result<ValueBuf, ValueError>);

impl From<Scalar<'_>> for Argument {
    fn from(scalar: Scalar<'_>) -> Self {
        Self(ValueBuf::scalar(scalar))
    }
}

impl From<ValueBuf> for Argument {
    fn from(value: ValueBuf) -> Self {
        Self(Ok(value))
    }
}

impl From<Value<'_>> for Argument {
    fn from(value: Value<'_>) -> Self {
        Self(Ok(value.into()))
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Scalar::Text(text).into()
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&[u8]> for Argument {
    fn from(bytes: &[u8]) -> Self {
        Scalar::Bytes(bytes).into()
    }
}

impl From<Vec<u8>> for Argument {
    fn from(bytes: Vec<u8>) -> Self {
        bytes.as_slice().into()
    }
}

impl From<bool> for Argument {
    fn from(value: bool) -> Self {
        Scalar::Boolean(value).into()
    }
}

impl From<f32> for Argument {
    fn from(value: f32) -> Self {
        f64::from(value).into()
    }
}

impl From<f64> for Argument {
    fn from(value: f64) -> Self {
        Scalar::Float(value).into()
    }
}

impl From<usize> for Argument {
    fn from(value: usize) -> Self {
        // No machine has a wider one.
        u64::try_from(value).unwrap_or(u64::MAX).into()
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {
        $(impl From<$integer> for Argument {
            fn from(value: $integer) -> Self {
                Scalar::Integer(value.into()).into()
            }
        })*
    };
}

from_integers!(i8, i16, i32, i64, i128, u8, u16, u32, u64);

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar_is(argument: impl Into<Argument>, expected: Scalar<'_>) -> bool {
        argument.into().0.unwrap().as_value().scalar() == Some(expected)
    }

    #[test]
    fn what_rust_has_becomes_the_value_of_its_kind() {
        assert!(scalar_is("a b", Scalar::Text("a b")));
        assert!(scalar_is(String::from("é"), Scalar::Text("é")));
        assert!(scalar_is(&b"\x00\xff"[..], Scalar::Bytes(b"\x00\xff")));
        assert!(scalar_is(vec![7_u8], Scalar::Bytes(b"\x07")));
        assert!(scalar_is(true, Scalar::Boolean(true)));
        assert!(scalar_is(0.5_f32, Scalar::Float(0.5)));
        assert!(scalar_is(-1_i8, Scalar::Integer(-1)));
        assert!(scalar_is(u64::MAX, Scalar::Integer(u64::MAX.into())));
        assert!(scalar_is(3_usize, Scalar::Integer(3)));
    }

    #[test]
    fn what_no_value_can_hold_is_an_error() {
        assert_eq!(Argument::from(f64::NAN).0, Err(ValueError::Range));
        assert_eq!(Argument::from(i128::from(u64::MAX) + 1).0, Err(ValueError::Range));
    }
}
