"""A hub whose storage was put back, and a peer written from `spec/` alone that saw more of it."""

import secrets
import shutil
from pathlib import Path

from foreign import cbor, frames
from foreign.frames import Proved
from foreign.joining import Joiner
from foreign.link import open_link
from harness import Hub, start_hub
from test_join import refused, token_of

UNAVAILABLE = ("unavailable", 4010)


def test_a_hub_that_was_put_back_believes_the_hello_of_its_later_start_and_no_forged_one(
    tmp_path: Path,
) -> None:
    peer = Joiner("py-seen")
    with start_hub(tmp_path) as hub:
        token = token_of(hub, "--reusable", "--max-uses", "9")
        with open_link(hub.url, hub.pin) as link:
            peer.join(link, token)
            link.leave()
    shutil.copytree(tmp_path / "hub", tmp_path / "backup")
    for _ in range(2):
        with start_hub(tmp_path) as hub, open_link(hub.url, hub.pin) as link:
            peer.resume(link)
            later, seen = link.start(), link.hello.generation
            link.leave()
    # Another hub, whose starts are as many.
    (tmp_path / "other").mkdir()
    with start_hub(tmp_path / "other") as other, open_link(other.url, other.pin) as link:
        others = raised(link.start(), link.hello.generation)

    shutil.rmtree(tmp_path / "hub")
    shutil.move(tmp_path / "backup", tmp_path / "hub")
    with start_hub(tmp_path) as hub:
        lies = {
            "no-hello": b"x" * 100,
            "raised": raised(later, seen + 1),
            "another-nonce": secrets.token_bytes(32) + later[32:],
            "another-hub": others,
            "too-long": later + bytes(4096),
        }
        for name, lie in lies.items():
            with open_link(hub.url, hub.pin) as link:
                assert link.hello.generation < seen
                Joiner(f"py-{name}", shows=lie).join(link, token)
                link.leave()
        # Whoever shows what is true without being proved has shown nothing.
        with open_link(hub.url, hub.pin) as link:
            stranger = Joiner("py-stranger", held=peer.held, shows=later)
            assert refused(lambda: stranger.resume(link))[1] == 4010
        joins(hub, "py-before", token)

        peer.shows = later
        with open_link(hub.url, hub.pin) as link:
            peer.resume(link)
            link.leave()
        told = hub.process.event("rolled-back", seen=seen, peer="py-seen", sign="hello")
        assert told["own"] < seen
        with open_link(hub.url, hub.pin) as link:
            assert refused(lambda: Joiner("py-after").join(link, token)) == UNAVAILABLE

    # What was abandoned shows nothing once that was accepted.
    with start_hub(tmp_path, "--accept-restored") as hub:
        with open_link(hub.url, hub.pin) as link:
            assert link.hello.generation > seen + 0x10000
            peer.resume(link)
            link.leave()
        joins(hub, "py-again", token_of(hub))


def joins(hub: Hub, name: str, token: str) -> None:
    """A machine of that name joins, and leaves."""
    with open_link(hub.url, hub.pin) as link:
        Joiner(name).join(link, token)
        link.leave()


def raised(start: bytes, generation: int) -> bytes:
    """This start with another generation, under the signature that it had."""
    hello = frames.decode(start[32:])
    assert isinstance(hello, Proved)
    body = frames.decode_body(frames.HELLO_BODY, "Hello", hello.body) | {6: generation}
    return start[:32] + Proved(hello.kind, cbor.encode(body), hello.proof).encode()
