//! Which refusals a peer may meet, by how it comes.

use crate::code::{Code, Use};
use crate::wire::frame::Method;

/// Whether a hub may refuse a peer with `code` that comes by `method`. `// spec: codes`
///
/// Any peer may break the protocol, and meet a hub that is stopping.
#[must_use]
pub fn may_refuse(code: Code, method: Method) -> bool {
    match code {
        Code::ProtocolError | Code::GoingAway => true,
        code if code.row().used_in != Use::Refusal || method == Method::Pass => false,
        // These are of an id and its key, or of a disk that is to remember them.
        Code::IdTaken | Code::DuplicateId | Code::Revoked | Code::Expired | Code::Unavailable => {
            method != Method::Open
        }
        Code::Voided => matches!(method, Method::Resume | Method::Refresh),
        Code::NotYetValid => matches!(method, Method::Join | Method::Resume),
        Code::Used => method == Method::Join,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::TABLE;

    /// The table of `spec/codes.md`, row for row.
    #[test]
    fn the_specification_lists_who_may_meet_a_refusal() {
        let spec = include_str!("../../../spec/codes.md");
        let (_, part) = spec.split_once("## Who may meet a refusal").unwrap();
        let (part, _) = part.split_once("\n## ").unwrap();
        let listed: Vec<&str> = part.lines().filter(|line| line.starts_with("| *")).collect();
        let methods = &Method::ALL[..5];
        let table: Vec<String> = TABLE
            .iter()
            .filter(|row| row.used_in == Use::Refusal)
            .map(|row| {
                let meets = methods.iter().map(|method| match may_refuse(row.code, *method) {
                    true => " yes |",
                    false => " – |",
                });
                format!("| *{}* |{}", row.name, meets.collect::<String>())
            })
            .collect();
        assert_eq!(listed, table, "\n{}", table.join("\n"));
    }
}
