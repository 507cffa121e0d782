"""The certificate of the callback listener: self-signed, for this machine's loopback names only."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from freshbooks_hub.core.errors import InvalidConfig, disk_errors
from freshbooks_hub.core.files import write_private
from freshbooks_hub.core.home import Home

# Browsers refuse a server certificate that is valid for more than 398 days.
LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Certificate:
    """Files in PEM."""

    certificate: Path
    key: Path


def own(certificate: Path, key: Path) -> Certificate:
    """A certificate that the user brings; raises InvalidConfig when it cannot serve."""
    for path in (certificate, key):
        if not path.is_file():
            raise InvalidConfig(f"{path} is not a file. Name a certificate and its key, both in PEM.")
    try:
        ends = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except ValueError as error:
        raise InvalidConfig(f"{certificate} holds no certificate in PEM.") from error
    if ends <= datetime.now(UTC):
        raise InvalidConfig(f"The certificate {certificate} ended on {ends:%Y-%m-%d}. Renew it.")
    return Certificate(certificate, key)


def for_loopback(home: Home) -> Certificate:
    """The certificate of all connections of FRESHBOOKS_HOME; created on first use, renewed a month before its end."""
    folder = home.base.root / "tls"
    found = Certificate(folder / "loopback.pem", folder / "loopback.key")
    if not _is_good(found):
        with disk_errors(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(found)
    return found


def _is_good(files: Certificate) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
    except (OSError, ValueError):
        return False
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    return certificate.public_key() == key.public_key() and left > RENEW_BEFORE


def _make(files: Certificate) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    loopback = [ipaddress.ip_address(address) for address in ("127.0.0.1", "::1")]
    names = [x509.DNSName("localhost"), *(x509.IPAddress(address) for address in loopback)]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A clock that is a little behind must not find it too young.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now - timedelta(days=1) + LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(files.key, private)
    write_private(files.certificate, certificate.public_bytes(pem))
