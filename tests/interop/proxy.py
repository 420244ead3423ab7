"""nginx before a hub: it ends TLS with a key of its own and passes the WebSocket on."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from certificates import Certificate
from harness import ROOT, Argument, Process

# nginx is root's to start on some systems; it needs nothing that root has.
UNPRIVILEGED = "nobody"
# Where it connects to the hub from, so that the hub can tell it from whoever connects directly.
ADDRESS = "127.0.0.2"
TRIES = 3

PAGE = ROOT / "docs" / "proxy.md"
# What stands around the page's server where nginx runs for a test.
AROUND = """
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log stderr notice;
events {{}}
http {{
    access_log off;
    proxy_bind {address};
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
{server}
}}
"""


def block_of_the_page(kind: str, **changes: str) -> str:
    """The block of this kind in `docs/proxy.md`, with what only a test has in place of its own.

    Args:
        kind: `nginx` or `toml`.
        changes: What to put in the place of the values that these names stand for.
    """
    stands = {
        "listen": "listen 443",
        "certificate": "/etc/nginx/hub.crt",
        "key": "/etc/nginx/hub.key",
        "hub": "127.0.0.1:7777",
        "proxy": 'trusted-proxies = ["127.0.0.1"]',
        "pin": "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    }
    block = PAGE.read_text().split(f"```{kind}", 1)[1].split("\n", 1)[1].split("```", 1)[0]
    for name, change in changes.items():
        assert block.count(stands[name]) == 1, name
        block = block.replace(stands[name], change)
    return block


@contextmanager
def start_nginx(certificate: Certificate, hub_port: int) -> Iterator[str]:
    """Run nginx in the foreground before the hub at `hub_port`; the URL of the hub through it."""
    home = certificate.home
    user = unprivileged(home)
    for _ in range(TRIES):
        port = free_port()
        server = block_of_the_page(
            "nginx",
            listen=f"listen 127.0.0.1:{port}",
            certificate=f"{home}/cert.pem",
            key=f"{home}/key.pem",
            hub=f"127.0.0.1:{hub_port}",
        )
        config = AROUND.format(home=home, address=ADDRESS, server=server)
        (home / "nginx.conf").write_text(config)
        command: list[Argument] = ["nginx", "-p", home, "-e", "stderr", "-c", home / "nginx.conf"]
        with Process(command, home, user=user) as nginx:
            if nginx.listens(port):
                yield f"wss://127.0.0.1:{port}/link"
                return
    raise AssertionError(f"nginx does not listen:\n{''.join(nginx.err)}")


def unprivileged(home: Path) -> str | None:
    """The user to run as, where we are root; the folder becomes theirs."""
    if os.geteuid() != 0:
        return None
    for path in (home, *home.iterdir()):
        shutil.chown(path, UNPRIVILEGED)
    return UNPRIVILEGED


def free_port() -> int:
    """A port that was free a moment ago: nginx cannot say which one the system chose for it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
