"""A TLS key that is not ours: P-256, with a self-signed certificate, made by openssl."""

import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from foreign import proofs


@dataclass(frozen=True)
class Certificate:
    """Where key and certificate are: `key.pem` and `cert.pem` in a folder of their own."""

    home: Path

    @property
    def pin(self) -> bytes:
        """The pin of the key."""
        pem = (self.home / "cert.pem").read_text()
        return proofs.certificate_pin(ssl.PEM_cert_to_DER_cert(pem))

    @property
    def pin_text(self) -> str:
        """The same, as people read it."""
        return proofs.pin_text(self.pin)

    def server(self) -> ssl.SSLContext:
        """TLS 1.3 as a hub serves it, without tickets (`transport.md` §1.2)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
        context.load_cert_chain(self.home / "cert.pem", self.home / "key.pem")
        return context


@contextmanager
def made_certificate() -> Iterator[Certificate]:
    """A certificate for `hub.example`, in a folder that others may read."""
    home = Path(tempfile.mkdtemp(prefix="bowline-interop-"))
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=hub.example"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=20)
        yield Certificate(home)
    finally:
        shutil.rmtree(home)
