"""nginx before a hub: it ends TLS with a key of its own and passes the WebSocket on."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from certificates import Certificate
from harness import Argument, Process

# nginx is root's to start on some systems; it needs nothing that root has.
UNPRIVILEGED = "nobody"
# Where it connects to the hub from, so that the hub can tell it from whoever connects directly.
ADDRESS = "127.0.0.2"
TRIES = 3

CONFIG = """
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {home}/cert.pem;
        ssl_certificate_key {home}/key.pem;
        ssl_protocols TLSv1.3;
        ssl_session_tickets off;
        location = /link {{
            proxy_pass http://127.0.0.1:{hub};
            proxy_bind {address};
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""


@contextmanager
def start_nginx(certificate: Certificate, hub_port: int) -> Iterator[str]:
    """Run nginx in the foreground before the hub at `hub_port`; the URL of the hub through it."""
    home = certificate.home
    user = unprivileged(home)
    for _ in range(TRIES):
        port = free_port()
        config = CONFIG.format(home=home, port=port, hub=hub_port, address=ADDRESS)
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
