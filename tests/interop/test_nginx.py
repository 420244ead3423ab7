"""A hub without TLS behind an nginx that ends it, both set up as `docs/proxy.md` says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates import Certificate
from foreign.link import Purpose, Who, open_link, open_plain_link
from harness import Argument, Hub, bowline, start_hub, start_peer
from proxy import ADDRESS, block_of_the_page, start_nginx

COMMANDS = """
[commands.greet]
run = ["printf", "hello %s\\n", "{name}"]

[commands.greet.args.name]
type = "string"
"""
SPOOFED = "203.0.113.9"


@pytest.fixture(scope="module")
def hub(certificate: Certificate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub without TLS that knows its proxy's address and key."""
    home = tmp_path_factory.mktemp("hub")
    config = home / "hub.toml"
    proxies = f'trusted-proxies = ["{ADDRESS}"]'
    config.write_text(block_of_the_page("toml", proxy=proxies, pin=certificate.pin_text))
    with start_hub(home, "--config", config) as running:
        yield running


@pytest.fixture(scope="module")
def url(certificate: Certificate, hub: Hub) -> Iterator[str]:
    """The hub through nginx."""
    with start_nginx(certificate, hub.port) as through:
        yield through


@pytest.mark.parametrize("mode", ["tofu", "strict"])
def test_a_peer_is_called_through_the_proxy_and_listed_where_it_connects_from(
    hub: Hub, url: str, certificate: Certificate, tmp_path: Path, mode: str
) -> None:
    name = f"web-{mode}"
    dial: list[Argument] = ["--hub", url, "--secret-file", hub.secret_file, "--tls", mode]
    if mode == "strict":
        dial += ["--pin", certificate.pin_text]
    with start_peer(tmp_path, name, COMMANDS, *dial) as peer:
        peer.event("registered")
        ran = hub.run(name, "greet", "name=you")
        assert (ran.returncode, ran.stdout) == (0, "hello you\n"), ran.stderr
        assert host(hub.peers()[name]["remote"]) == "127.0.0.1"


def test_an_operator_calls_through_the_proxy(hub: Hub, url: str, tmp_path: Path) -> None:
    dial: list[Argument] = ["--hub", url, "--secret-file", hub.secret_file]
    listed = bowline(tmp_path, "ls", "--json", "--data", tmp_path / "operator", *dial)
    assert listed.returncode == 0, listed.stderr


def test_a_foreign_peer_is_admitted_through_the_proxy(
    hub: Hub, url: str, certificate: Certificate
) -> None:
    with open_link(url, certificate.pin_text) as link:
        link.admit(Who("py-1", hub.secret, Purpose.SERVE))
        link.leave()


def test_of_forwarded_addresses_only_the_one_that_the_proxy_saw_is_believed(
    hub: Hub, url: str, certificate: Certificate
) -> None:
    with open_link(url, certificate.pin_text, {"X-Forwarded-For": SPOOFED}) as link:
        link.admit(Who("py-2", hub.secret, Purpose.SERVE))
        assert host(hub.peers()["py-2"]["remote"]) == "127.0.0.1"
        link.leave()


def test_a_forwarded_address_is_not_believed_of_one_who_connects_directly(hub: Hub) -> None:
    with open_plain_link(hub.url, hub.id, headers={"X-Forwarded-For": SPOOFED}) as link:
        assert link.hello.keys == []
        link.admit(Who("py-3", hub.secret, Purpose.SERVE))
        assert host(hub.peers()["py-3"]["remote"]) == "127.0.0.1"
        link.leave()


def test_our_program_prints_the_pin_of_the_proxys_certificate(
    certificate: Certificate, tmp_path: Path
) -> None:
    printed = bowline(tmp_path, "inspect", "certificate", f"@{certificate.home / 'cert.pem'}")
    assert certificate.pin_text in printed.stdout, printed.stderr


def test_without_the_proxys_pin_the_peer_says_that_the_hub_does_not_vouch_for_the_key(
    certificate: Certificate, tmp_path: Path
) -> None:
    options = ["--tls", "plain", "--trusted-proxy", ADDRESS]
    with start_hub(tmp_path, *options) as hub, start_nginx(certificate, hub.port) as url:
        dial: list[Argument] = ["--hub", url, "--secret-file", hub.secret_file]
        with start_peer(tmp_path, "web-1", COMMANDS, *dial) as peer:
            ended = peer.event("ended")
        assert ended["code"] == "key-not-vouched"
        assert certificate.pin_text in ended["reason"]
        assert f'external-pins = ["{certificate.pin_text}"]' in ended["remedy"]
        assert "web-1" not in hub.peers()


def host(remote: str) -> str:
    """The address of `ADDRESS:PORT`, or of one that was forwarded without a port."""
    return remote.partition(":")[0]
