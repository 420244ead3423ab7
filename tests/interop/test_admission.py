"""Admission by the shared secret, from the side of a peer written from `spec/` alone."""

import hashlib

import pytest

from foreign import cbor, frames, proofs
from foreign.conversation import LinkEnded
from foreign.frames import Kind, Proved
from foreign.link import (
    AGENT,
    OPEN_METHOD,
    SECRET_METHOD,
    Link,
    Purpose,
    Who,
    open_link,
)
from harness import Hub


def test_hello_is_signed_by_the_hub_that_the_program_names_and_lists_the_key_served(
    hub: Hub,
) -> None:
    with open_link(hub.url, hub.pin) as link:
        assert proofs.hub_id(link.hello.identity) == hub.id
        assert link.hello.keys == [link.seen]
        assert proofs.pin_text(link.hello.keys[0]) == hub.pin


def test_a_hello_for_another_nonce_does_not_verify(hub: Hub) -> None:
    with open_link(hub.url, hub.pin) as link:
        hello = frames.decode(link.hello.message)
        assert isinstance(hello, Proved)
        message = proofs.hello_message(bytes(32), hello.body)
        with pytest.raises(proofs.ProofError):
            proofs.verify(link.hello.identity, hello.proof, message)


def test_a_hub_whose_key_is_not_the_pinned_one_is_left_before_anything_is_sent(hub: Hub) -> None:
    other = proofs.pin_text(hashlib.sha256(b"another key").digest())
    with pytest.raises(proofs.ProofError, match="pin-mismatch"):
        with open_link(hub.url, other):
            pass


@pytest.mark.parametrize("purpose", Purpose)
def test_the_secret_admits_and_the_hub_proves_that_it_holds_it(hub: Hub, purpose: Purpose) -> None:
    with open_link(hub.url, hub.pin) as link:
        name = f"py-{purpose.name.lower()}"
        welcome = link.admit(Who(name, hub.secret, purpose))
        assert welcome[1] == name
        assert "call" in welcome[2]
        link.send(Kind.PING, {0: 7})
        _, pong = link.body(Kind.PONG)
        assert pong == {0: 7}
        link.leave()


def test_another_secret_is_refused_and_nothing_more_is_said(hub: Hub) -> None:
    with open_link(hub.url, hub.pin) as link:
        ended = refused(link, Who("py-2", b"not the secret of this hub, for sure", Purpose.SERVE))
    assert ended == ("refused", 4010)


def test_another_key_seen_is_refused_as_such(hub: Hub) -> None:
    with open_link(hub.url, hub.pin) as link:
        link.seen = hashlib.sha256(b"the key of someone in the middle").digest()
        ended = refused(link, Who("py-3", hub.secret, Purpose.SERVE))
    assert ended == ("other-key-seen", 4010)


def test_a_method_that_is_not_offered_is_refused_as_such(hub: Hub) -> None:
    with open_link(hub.url, hub.pin) as link:
        assert OPEN_METHOD not in link.hello.body[3]
        assert SECRET_METHOD in link.hello.body[3]
        body = cbor.encode({0: OPEN_METHOD, 1: int(Purpose.OPERATE), 4: link.seen, 6: AGENT})
        with pytest.raises(LinkEnded) as ended:
            link.authenticate(body, b"")
    assert code_of(ended.value) == ("method-not-offered", 4010)


def test_an_id_that_is_bound_to_another_key_is_taken(hub: Hub) -> None:
    with open_link(hub.url, hub.pin) as link:
        link.admit(Who("py-4", hub.secret, Purpose.SERVE))
        link.leave()
    with open_link(hub.url, hub.pin) as link:
        assert refused(link, Who("py-4", hub.secret, Purpose.SERVE)) == ("id-taken", 4010)


def test_a_frame_before_admission_is_a_protocol_error(hub: Hub) -> None:
    with open_link(hub.url, hub.pin) as link:
        link.send(Kind.PING, {0: 1})
        assert code_of(link.end()) == ("protocol-error", 4012)


def test_a_longer_spelling_of_a_frame_is_a_protocol_error(hub: Hub) -> None:
    with open_link(hub.url, hub.pin) as link:
        link.admit(Who("py-5", hub.secret, Purpose.OPERATE))
        link.socket.send(bytes.fromhex("8210A1001801"))
        assert code_of(link.end()) == ("protocol-error", 4012)


def test_frames_and_keys_of_a_later_version_are_passed_over(hub: Hub) -> None:
    with open_link(hub.url, hub.pin) as link:
        link.admit(Who("py-6", hub.secret, Purpose.OPERATE))
        link.socket.send(cbor.encode([0xFF, {0: "whatever"}]))
        link.socket.send(cbor.encode([Kind.PING, {0: 9, 0x80: [True, -1, 0.5]}]))
        _, pong = link.body(Kind.PONG)
        assert pong == {0: 9}
        link.leave()


def refused(link: Link, who: Who) -> tuple[str, int | None]:
    """The code and the close code with which this admission is refused."""
    with pytest.raises(LinkEnded) as ended:
        link.admit(who)
    return code_of(ended.value)


def code_of(ended: LinkEnded) -> tuple[str, int | None]:
    """What the hub's last frame said, and its close code."""
    assert ended.last is not None, ended
    code = ended.last.body[0]
    assert isinstance(code, str)
    return code, ended.close
