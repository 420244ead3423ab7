"""Join tokens, from the side of a peer written from `spec/` alone."""

import json
from typing import Any

import pytest
from cryptography import x509

from foreign.conversation import LinkEnded
from foreign.frames import Kind
from foreign.joining import Joiner
from foreign.link import open_link
from harness import Hub, bowline
from test_admission import code_of


def token_of(hub: Hub, *options: str) -> str:
    """A join token that the hub's own operator makes."""
    made = bowline(hub.home, "token", "issue", "--data", hub.data, "--local", *options)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def operate(hub: Hub, *arguments: str) -> None:
    """What the hub's own operator does, and that it can be done."""
    done = bowline(hub.home, *arguments, "--data", hub.data)
    assert done.returncode == 0, done.stderr


def peer_row(hub: Hub, peer: str) -> dict[str, Any]:
    """What the hub knows of a peer."""
    shown = bowline(hub.home, "peers", "show", peer, "--json", "--data", hub.data)
    assert shown.returncode == 0, shown.stderr
    row: dict[str, Any] = json.loads(shown.stdout)
    return row


def test_a_join_token_admits_and_brings_a_certificate_for_the_way_back(hub: Hub) -> None:
    peer = Joiner("py-join")
    with open_link(hub.url, hub.pin) as link:
        welcome = peer.join(link, token_of(hub, "--role", "agent"))
        assert welcome[2] == ["serve"]
        link.leave()
    assert peer.held is not None
    certificate = peer.held.parsed()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    assert uris == [f"bowline://{hub.id}/peer/py-join"]
    assert welcome[4] == int(certificate.not_valid_after_utc.timestamp())
    with open_link(hub.url, hub.pin) as link:
        welcome = peer.resume(link)
        assert 7 not in welcome
        assert welcome[2] == ["serve"]
        link.leave()
    assert peer_row(hub, "py-join")["method"] == "join"


def test_a_lost_reply_locks_nobody_out_and_another_key_gets_nothing(hub: Hub) -> None:
    token, peer = token_of(hub), Joiner("py-lost")
    with open_link(hub.url, hub.pin) as link:
        peer.join(link, token)
        first = peer.held
        link.leave()
    with open_link(hub.url, hub.pin) as link:
        peer.join(link, token)
        assert peer.held != first
        link.leave()
    # What came before is void.
    old = Joiner("py-lost", peer.key, first)
    with open_link(hub.url, hub.pin) as link:
        assert refused(lambda: old.resume(link)) == ("voided", 4013)
    with open_link(hub.url, hub.pin) as link:
        assert refused(lambda: Joiner("py-thief").join(link, token)) == ("used", 4010)


def test_a_refresh_token_is_good_until_a_successor_is_used(hub: Hub) -> None:
    peer = Joiner("py-refresh")
    with open_link(hub.url, hub.pin) as link:
        peer.join(link, token_of(hub))
        link.leave()
    assert peer.held is not None
    first = peer.held.refresh
    for _ in range(2):
        with open_link(hub.url, hub.pin) as link:
            peer.refresh(link, first)
            link.leave()
    second = peer.held.refresh
    with open_link(hub.url, hub.pin) as link:
        peer.refresh(link, second)
        link.leave()
    # Whoever has the first one now has a copy.
    with open_link(hub.url, hub.pin) as link:
        assert refused(lambda: peer.refresh(link, first)) == ("revoked", 4013)
    with open_link(hub.url, hub.pin) as link:
        assert refused(lambda: peer.resume(link)) == ("revoked", 4013)


def test_a_session_gets_new_credentials_and_goes_on(hub: Hub) -> None:
    peer = Joiner("py-renew")
    with open_link(hub.url, hub.pin) as link:
        peer.join(link, token_of(hub))
        link.leave()
    assert peer.held is not None
    before = peer.held
    with open_link(hub.url, hub.pin) as link:
        _, t = peer.refresh(link, before.refresh)
        held = peer.held
        answer = peer.renew(link, t)
        assert answer.kind is Kind.REFRESHED
        assert peer.held != held
        # At most one a second is looked at.
        answer = peer.renew(link, t)
        assert (answer.kind, answer.body[1], answer.body[2]) == (
            Kind.DENY,
            "rate-limited",
            "refresh",
        )
        link.send(Kind.PING, {0: 3})
        assert link.body(Kind.PONG)[1] == {0: 3}
        link.leave()


def test_a_refresh_that_is_not_proved_ends_the_session(hub: Hub) -> None:
    peer = Joiner("py-unproved")
    with open_link(hub.url, hub.pin) as link:
        peer.join(link, token_of(hub))
        with pytest.raises(LinkEnded) as ended:
            peer.renew(link, bytes(32))
    assert code_of(ended.value) == ("refused", 4010)


def test_a_revoked_peer_is_out_at_once_and_stays_out(hub: Hub) -> None:
    token, peer = token_of(hub), Joiner("py-revoked")
    with open_link(hub.url, hub.pin) as link:
        peer.join(link, token)
        operate(hub, "peers", "revoke", "py-revoked", "--reason", "a test")
        assert code_of(link.end()) == ("revoked", 4013)
    for way in (lambda link: peer.join(link, token), peer.resume):
        with open_link(hub.url, hub.pin) as link:
            assert refused(lambda way=way, link=link: way(link)) == ("revoked", 4013)
    operate(hub, "peers", "allow", "py-revoked")
    with open_link(hub.url, hub.pin) as link:
        peer.join(link, token_of(hub))
        link.leave()


def test_a_token_of_nobody_is_refused(hub: Hub) -> None:
    token = token_of(hub)
    head, claims, signature = token.split(".")
    for bad in (f"{head}.{claims}.{'A' * 86}", f"{head}.{claims}", "x", "A" * 5000):
        with open_link(hub.url, hub.pin) as link:
            assert refused(lambda bad=bad, link=link: Joiner("py-bad").join(link, bad)) == (
                "refused",
                4010,
            )
    assert len(signature) == 86


def refused(admit: Any) -> tuple[str, int | None]:
    """The code and the close code with which an admission is refused."""
    with pytest.raises(LinkEnded) as ended:
        admit()
    return code_of(ended.value)
