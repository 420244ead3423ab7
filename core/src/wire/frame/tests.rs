//! Frames in their exact bytes, the rules of form held against every frame, bounds, properties.

mod bounds;
mod exact;
mod form;
mod located;
mod meaning;
mod properties;
mod samples;
mod tree;
pub(crate) mod wrong;
