//! The shortest form of a float that loses nothing (RFC 8949 §4.2.1, Appendix D).

/// A float in the fewest bytes that hold it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shortest {
    /// The bits of a binary16.
    Half(u16),
    /// The bits of a binary32.
    Single(u32),
    /// The bits of a binary64.
    Double(u64),
}

impl Shortest {
    /// The shortest form of `value`, which must not be NaN.
    pub(super) fn of(value: f64) -> Self {
        let single = value as f32;
        if f64::from(single) != value {
            return Self::Double(value.to_bits());
        }
        half_of(single).map_or_else(|| Self::Single(single.to_bits()), Self::Half)
    }
}

/// The number that a binary16 stands for.
pub(super) fn from_half(bits: u16) -> f64 {
    let exponent = i32::from(bits >> 10 & 0x1F);
    let fraction = f64::from(bits & 0x3FF);
    let magnitude = match exponent {
        0 => fraction * f64::powi(2.0, -24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * f64::powi(2.0, exponent - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

/// The bits of the binary16 that equals `value`, where there is one.
fn half_of(value: f32) -> Option<u16> {
    let bits = value.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let exponent = (bits >> 23 & 0xFF) as i32 - 127;
    let fraction = bits & 0x007F_FFFF;
    let magnitude = match exponent {
        128 if fraction == 0 => 0x7C00,
        -14..=15 if fraction & 0x1FFF == 0 => {
            ((exponent + 15) as u16) << 10 | (fraction >> 13) as u16
        }
        // A subnormal binary16 is a whole number of 2^-24, and below 2^10 of them. The product is
        // exact: it only moves the exponent.
        ..-14 => {
            let units = value.abs() * f32::powi(2.0, 24);
            (units.trunc() == units).then_some(units as u16)?
        }
        _ => return None,
    };
    Some(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_that_is_a_number_is_its_own_shortest_form() {
        for bits in 0..=u16::MAX {
            let value = from_half(bits);
            if !value.is_nan() {
                assert_eq!(Shortest::of(value), Shortest::Half(bits), "{bits:#06x}");
            }
        }
    }

    /// RFC 8949 Appendix A.
    #[test]
    fn the_examples_of_the_rfc_come_out() {
        for (value, shortest) in [
            (0.0, Shortest::Half(0x0000)),
            (-0.0, Shortest::Half(0x8000)),
            (1.1, Shortest::Double(0x3FF1_9999_9999_999A)),
            (65504.0, Shortest::Half(0x7BFF)),
            (1.000_488_281_25, Shortest::Single(0x3F80_1000)),
            (100_000.0, Shortest::Single(0x47C3_5000)),
            (3.402_823_466_385_288_6e38, Shortest::Single(0x7F7F_FFFF)),
            (1.0e300, Shortest::Double(0x7E37_E43C_8800_759C)),
            (5.960_464_477_539_063e-8, Shortest::Half(0x0001)),
            (0.000_061_035_156_25, Shortest::Half(0x0400)),
            (f64::INFINITY, Shortest::Half(0x7C00)),
            (f64::NEG_INFINITY, Shortest::Half(0xFC00)),
            (f64::MIN_POSITIVE, Shortest::Double(0x0010_0000_0000_0000)),
            (f64::from(f32::from_bits(1)), Shortest::Single(1)),
        ] {
            assert_eq!(Shortest::of(value), shortest, "{value}");
        }
    }
}
