#!/usr/bin/env bash
# pkilint 0.13.3 (with validators 0.22.0) tells that a valid URI in a certificate has invalid syntax.
#
# The good guess: `pkix.invalid_uri_syntax`, an ERROR, means that a URI in a subject alternative name
#   breaks RFC 3986; and where the host has an underscore, that this is why.
# What it does: URIs are checked as URLs of nine schemes (ftp, ftps, git, http, https, rtsp, sftp, ssh,
#   telnet) whose host has two labels. So `spiffe://` and `urn:` are "invalid syntax", which RFC 5280
#   §4.2.1.6 and RFC 3986 §3 allow and SPIFFE needs, and so is `https://host/`; an underscore in the
#   host is not.
# Output seen:
#   taken    https://example.org/a
#   taken    https://under_score.example.org/a
#   refused  https://host/a
#   refused  spiffe://example.org/a
#   refused  urn:example:a
#
# Outside CI. Needs Python 3 and a package index; fails where the behaviour is another.
set -euo pipefail

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
python3 -m venv "$home/venv"
"$home/venv/bin/pip" install --quiet --disable-pip-version-check \
    pkilint==0.13.3 validators==0.22.0 cryptography==50.0.2

cat >"$home/certificate.py" <<'PYTHON'
"""Writes a certificate with one URI as its subject alternative name, signed by its own key."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

key = Ed25519PrivateKey.generate()
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
now = datetime.now(UTC)
uri = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(sys.argv[1])])
made = (
    x509.CertificateBuilder(name, name, key.public_key(), 7)
    .not_valid_before(now)
    .not_valid_after(now + timedelta(days=1))
    .add_extension(uri, critical=False)
    .sign(key, None)
)
Path(sys.argv[2]).write_bytes(made.public_bytes(Encoding.PEM))
PYTHON

changed=0
expect() {
    local said=taken
    "$home/venv/bin/python" "$home/certificate.py" "$2" "$home/certificate.pem"
    # Its exit code counts all that it finds, of which this is a part.
    "$home/venv/bin/lint_pkix_cert" lint -s ERROR "$home/certificate.pem" >"$home/said" 2>&1 || true
    if grep -q 'pkix\.invalid_uri_syntax' "$home/said"; then said=refused; fi
    printf '%-8s %s\n' "$said" "$2"
    if [ "$said" != "$1" ]; then
        echo "  $1 was expected: pkilint behaves otherwise than it did"
        changed=1
    fi
}

expect taken https://example.org/a
expect taken https://under_score.example.org/a
expect refused https://host/a
expect refused spiffe://example.org/a
expect refused urn:example:a
exit "$changed"
