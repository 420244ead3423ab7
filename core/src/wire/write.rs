//! The writer: the deterministic spelling of items, straight into the bytes that go out.
//!
//! It cannot fail and allocates nothing of its own. It does not check what the reader checks:
//! the types of the frames hold their own rules, and lists that must rise are sorted by the frame
//! that writes them.

use crate::buffer::Buffer;
use crate::wire::bounds;
use crate::wire::float::Shortest;

/// Where encoded bytes go.
pub trait Sink {
    /// Takes the next bytes.
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Sink for Buffer {
    fn put(&mut self, bytes: &[u8]) {
        self.extend(bytes);
    }
}

/// A sink that only counts.
#[derive(Debug, Default)]
pub(super) struct Length(pub(super) usize);

impl Sink for Length {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

/// Writes items into a sink.
#[derive(Debug)]
pub(super) struct Writer<'s, S> {
    sink: &'s mut S,
}

/// The bytes that `write` writes.
pub(super) fn written(write: impl FnOnce(&mut Writer<'_, Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Writer::new(&mut bytes));
    bytes
}

/// References to `elements`, in order.
pub(super) fn sorted<T: Ord>(elements: &[T]) -> Vec<&T> {
    let mut sorted: Vec<&T> = elements.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

impl<'s, S: Sink> Writer<'s, S> {
    pub(super) fn new(sink: &'s mut S) -> Self {
        Self { sink }
    }

    pub(super) fn uint(&mut self, value: u64) {
        self.head(0, value);
    }

    pub(super) fn int(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.head(0, value),
            // The bits of -1 - n are those of n turned over.
            Err(_) => self.head(1, !(value as u64)),
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.head(2, bytes.len() as u64);
        self.sink.put(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.sink.put(text.as_bytes());
    }

    /// Text for a person, cut to `most` bytes: better told in part than taken for an error.
    pub(super) fn cut(&mut self, text: &str, most: usize) {
        let mut end = text.len().min(most);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.text(text.get(..end).unwrap_or_default());
    }

    /// Text for a person, cut to [`bounds::TEXT`].
    pub(super) fn sentence(&mut self, text: &str) {
        self.cut(text, bounds::TEXT);
    }

    pub(super) fn array(&mut self, len: usize) {
        self.head(4, len as u64);
    }

    pub(super) fn map(&mut self, len: usize) {
        self.head(5, len as u64);
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.sink.put(&[0xF4 | u8::from(value)]);
    }

    /// A float that is not NaN.
    pub(super) fn float(&mut self, value: f64) {
        match Shortest::of(value) {
            Shortest::Half(bits) => self.initial(7, 25, &bits.to_be_bytes()),
            Shortest::Single(bits) => self.initial(7, 26, &bits.to_be_bytes()),
            Shortest::Double(bits) => self.initial(7, 27, &bits.to_be_bytes()),
        }
    }

    /// An item that has been encoded already.
    pub(super) fn encoded(&mut self, item: &[u8]) {
        self.sink.put(item);
    }

    fn head(&mut self, major: u8, argument: u64) {
        match argument {
            0..24 => self.sink.put(&[major << 5 | argument as u8]),
            24..=0xFF => self.initial(major, 24, &[argument as u8]),
            0x100..=0xFFFF => self.initial(major, 25, &(argument as u16).to_be_bytes()),
            0x1_0000..=0xFFFF_FFFF => self.initial(major, 26, &(argument as u32).to_be_bytes()),
            _ => self.initial(major, 27, &argument.to_be_bytes()),
        }
    }

    fn initial(&mut self, major: u8, info: u8, argument: &[u8]) {
        self.sink.put(&[major << 5 | info]);
        self.sink.put(argument);
    }
}
