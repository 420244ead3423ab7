//! Placeholder.
pub(crate) async fn demo(_: crate::args::Demo) -> Result<u8, crate::exit::Failure> {
    Ok(0)
}
