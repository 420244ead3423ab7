//! Every sample, wrong in one place, in each of the ways in which a frame can be: an unknown low
//! key, a key twice, a wrong type, a wrong length, too deep, trailing bytes. Held to the exact
//! error here, and sent through a link in `crate::link::tests::wrong`.

use super::samples::{Sample, all};
use super::tree::Item;
use crate::wire::WireError;
use crate::wire::bounds::DEPTH;

/// A message that is wrong in one place.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The sample that it was.
    pub(crate) sample: &'static str,
    /// In which way it is wrong.
    pub(crate) way: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) error: WireError,
}

/// All of them.
pub(crate) fn wrong() -> Vec<Wrong> {
    let mut all_wrong = Vec::new();
    for sample in all() {
        let whole = Item::parse(&sample.bytes);
        let mut add = |way, tree: &Item, error| {
            all_wrong.push(Wrong { sample: sample.name, way, bytes: tree.bytes(), error });
        };
        for tree in whole.changed(&of_maps(|fields| vec![with(fields, 0x7F, vec![0])])) {
            add("unknown low key", &tree, WireError::UnknownKey(0x7F));
        }
        for tree in whole.changed(&of_maps(twice)) {
            add("a key twice", &tree, WireError::KeyOrder);
        }
        for tree in whole.changed_inside(0, &too_deep) {
            add("too deep", &tree, WireError::TooDeep);
        }
        for (way, change) in
            [("wrong type", other_types as Change), ("wrong length", other_lengths)]
        {
            for tree in whole.changed_inside(0, &change) {
                // What a place takes nevertheless is listed by the tests below.
                if let Err(error) = (sample.again)(&tree.bytes()) {
                    add(way, &tree, error);
                }
            }
        }
        let trailing = [sample.bytes.as_slice(), &[0]].concat();
        add("trailing bytes", &Item::Raw(trailing), WireError::Trailing);
    }
    all_wrong
}

/// Every sample frame as it should be.
pub(crate) fn right() -> Vec<Vec<u8>> {
    let frames = all().into_iter().filter(|sample| !sample.name.contains("body"));
    frames.map(|sample| sample.bytes).collect()
}

/// Every sample frame with a key in every map that an older version skips; the frame is the same.
pub(crate) fn with_a_high_key() -> Vec<(&'static str, Vec<u8>)> {
    let more = of_maps(|fields| vec![with(fields, 0x80, vec![0xF5])]);
    let of = |sample: Sample| {
        let trees = Item::parse(&sample.bytes).changed(&more);
        trees.into_iter().map(move |tree| (sample.name, tree.bytes()))
    };
    all().into_iter().flat_map(of).collect()
}

/// A change of one place, around which so many arrays and maps stand.
type Change = fn(&Item, usize) -> Vec<Item>;

/// A change of the maps with unsigned keys.
fn of_maps(
    change: impl Fn(&[(Item, Item)]) -> Vec<Vec<(Item, Item)>>,
) -> impl Fn(&Item) -> Vec<Item> {
    move |item| match item.fields() {
        Some(fields) => change(fields).into_iter().map(Item::Map).collect(),
        None => vec![],
    }
}

fn with(fields: &[(Item, Item)], key: u64, value: Vec<u8>) -> Vec<(Item, Item)> {
    [fields, &[(Item::Uint(key), Item::Raw(value))]].concat()
}

fn twice(fields: &[(Item, Item)]) -> Vec<Vec<(Item, Item)>> {
    (0..fields.len()).map(|at| [&fields[..=at], &fields[at..]].concat()).collect()
}

/// Empty arrays, each in the one before.
fn nested(levels: usize) -> Vec<u8> {
    [vec![0x81; levels - 1], vec![0x80]].concat()
}

/// A key that may be skipped, whose value is one level too deep for where it stands.
fn too_deep(item: &Item, around: usize) -> Vec<Item> {
    let Some(fields) = item.fields() else { return vec![] };
    vec![Item::Map(with(fields, 0x80, nested(DEPTH - around)))]
}

/// An item of each of the other types, in its place.
fn other_types(item: &Item, _: usize) -> Vec<Item> {
    let of_type = [0x00, 0x20, 0x40, 0x60, 0x80, 0xA0].map(|byte| vec![byte]);
    let float = vec![0xF9, 0x3E, 0x00];
    let major = |bytes: &[u8]| bytes[0] >> 5;
    let was = major(&item.bytes());
    let others = of_type.into_iter().chain([vec![0xF5], float]);
    others.filter(|bytes| major(bytes) != was).map(Item::Raw).collect()
}

/// One element or byte more, and one less.
fn other_lengths(item: &Item, around: usize) -> Vec<Item> {
    match item {
        Item::Bytes(bytes) => {
            let more = [bytes.as_slice(), &[0]].concat();
            let less = bytes[..bytes.len().saturating_sub(1)].to_vec();
            vec![Item::Bytes(more), Item::Bytes(less)]
        }
        // The frame itself: lists inside have no fixed length.
        Item::Array(parts) if around == 0 => {
            let more = [parts.as_slice(), &[Item::Uint(0)]].concat();
            vec![Item::Array(more), Item::Array(parts[..parts.len() - 1].to_vec())]
        }
        _ => vec![],
    }
}

/// What comes of a change everywhere: the samples that take it in one place at least, and the
/// samples that refuse it for another reason than this.
fn outcomes(
    change: Change,
    reason: WireError,
) -> (Vec<&'static str>, Vec<(&'static str, WireError)>) {
    let (mut taken, mut others) = (Vec::new(), Vec::new());
    for sample in all() {
        for tree in Item::parse(&sample.bytes).changed_inside(0, &change) {
            match (sample.again)(&tree.bytes()) {
                Ok(_) => taken.push(sample.name),
                Err(error) if error == reason => {}
                Err(error) => others.push((sample.name, error)),
            }
        }
    }
    taken.dedup();
    others.dedup();
    (taken, others)
}

#[test]
fn every_message_that_is_wrong_in_one_place_is_refused_for_exactly_that() {
    let samples = all();
    let wrong = wrong();
    assert!(wrong.len() > 1000, "{}", wrong.len());
    for Wrong { sample, way, bytes, error } in wrong {
        let again = samples.iter().find(|known| known.name == sample).unwrap().again;
        assert_eq!(again(&bytes), Err(error), "{sample}: {way}: {bytes:02x?}");
    }
}

#[test]
fn one_level_less_than_too_deep_is_skipped_in_every_map() {
    for sample in all() {
        let fits = |item: &Item, around: usize| {
            let Some(fields) = item.fields() else { return vec![] };
            vec![Item::Map(match DEPTH - around - 1 {
                0 => with(fields, 0x80, vec![0]),
                levels => with(fields, 0x80, nested(levels)),
            })]
        };
        for tree in Item::parse(&sample.bytes).changed_inside(0, &fits) {
            assert_eq!((sample.again)(&tree.bytes()), Ok(sample.bytes.clone()), "{}", sample.name);
        }
    }
}

#[test]
fn an_item_of_another_type_is_refused_in_every_place_but_those_that_take_it() {
    let (taken, others) = outcomes(other_types, WireError::WrongType);
    // Arguments and values are of any type; an exit code is of any sign.
    assert_eq!(taken, ["call", "result, exited", "result, signalled"]);
    // A target is a text or a map, and neither may be empty.
    let calls = ["call", "call to labels", "call to the hub", "call, detached"];
    assert_eq!(others, calls.map(|name| (name, WireError::Range)));
}

#[test]
fn another_length_is_refused_wherever_the_length_is_fixed() {
    let (taken, others) = outcomes(other_lengths, WireError::WrongLength);
    let free = [
        "hello",
        "authenticate",
        "welcome",
        "call",
        "output",
        "input",
        "input, end",
        "refresh",
        "refreshed",
        "auth body",
        "full welcome body",
    ];
    let what = "bodies, arguments, payloads, credentials and certificates are of any length";
    assert_eq!(taken, free, "{what}");
    // No frame has four parts.
    let proved = ["hello", "authenticate", "welcome", "refresh"];
    assert_eq!(others, proved.map(|name| (name, WireError::TooMany)));
}
