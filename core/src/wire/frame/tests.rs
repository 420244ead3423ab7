//! Frames in their exact bytes, the rules of form held against every frame, bounds, properties.

mod bounds;
mod exact;
mod form;
mod grammar;
mod located;
mod meaning;
mod pages;
mod properties;
mod samples;
mod tree;
pub(crate) mod wrong;
