"""The certificate of this machine's callback."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from freshbooks_hub.connection import certificate
from freshbooks_hub.core.errors import InvalidConfig
from freshbooks_hub.core.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def read(files: certificate.Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(files.certificate.read_bytes())


def test_it_is_for_the_loopback_names_only_and_its_key_is_private(home: Home) -> None:
    files = certificate.for_loopback(home)
    made = read(files)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("::1")]
    key = made.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert made.not_valid_after_utc - made.not_valid_before_utc < timedelta(days=398)
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.key.parent.stat().st_mode) == 0o700


def test_it_stays_so_that_the_browser_is_asked_once(home: Home) -> None:
    first = read(certificate.for_loopback(home))
    assert read(certificate.for_loopback(home)) == first
    assert read(certificate.for_loopback(home.named("bakery"))) == first


def test_it_is_renewed_a_month_before_its_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as short:
        short.setattr(certificate, "LIFE", timedelta(days=30))
        old = read(certificate.for_loopback(home))
    new = read(certificate.for_loopback(home))
    assert new != old
    assert new.not_valid_after_utc > datetime.now(UTC) + timedelta(days=390)


def test_a_key_of_another_certificate_is_replaced_with_it(home: Home, tmp_path: Path) -> None:
    files, other = certificate.for_loopback(home), certificate.for_loopback(Home(tmp_path / "other"))
    files.key.write_bytes(other.key.read_bytes())
    before = read(files)
    assert read(certificate.for_loopback(home)) != before


def test_an_own_one_is_checked(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = certificate.for_loopback(home)
    assert certificate.own(files.certificate, files.key) == files
    with pytest.raises(InvalidConfig, match="not a file"):
        certificate.own(tmp_path / "none.pem", files.key)
    with pytest.raises(InvalidConfig, match="no certificate"):
        certificate.own(files.key, files.key)
    monkeypatch.setattr(certificate, "LIFE", timedelta(days=1))
    ended = certificate.for_loopback(Home(tmp_path / "ended"))
    with pytest.raises(InvalidConfig, match="Renew it"):
        certificate.own(ended.certificate, ended.key)
