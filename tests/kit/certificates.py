"""Certificates of a throw-away authority, for receivers that speak TLS."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
LOOPBACK = (
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
)


@dataclass(frozen=True)
class Certificates:
    """PEM files of private key and certificate, for `receiving(tls=…)`; `ca_file` is what OUTBOUND_CA_FILE names."""

    ca_file: Path
    good: Path
    wrong_name: Path
    expired: Path
    not_yet_valid: Path
    self_signed: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder, now = tmp_path_factory.mktemp("certificates"), datetime.now(UTC)
    ca_key, today = ec.generate_private_key(ec.SECP256R1()), (now - DAY, now + DAY)
    ca = _certificate("Throw-away authority", (), ca_key, ca_key, "Throw-away authority", today, authority=True)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    signed = partial(_write, folder, ca_key)
    return Certificates(
        ca_file=folder / "ca.pem",
        good=signed("good", LOOPBACK, today),
        wrong_name=signed("wrong-name", (x509.DNSName("elsewhere.example"),), today),
        expired=signed("expired", LOOPBACK, (now - 30 * DAY, now - DAY)),
        not_yet_valid=signed("not-yet-valid", LOOPBACK, (now + DAY, now + 30 * DAY)),
        self_signed=_write(folder, None, "self-signed", LOOPBACK, today),
    )


def _write(
    folder: Path,
    signer: ec.EllipticCurvePrivateKey | None,
    name: str,
    names: tuple[x509.GeneralName, ...],
    valid: tuple[datetime, datetime],
) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = "Throw-away authority" if signer else name
    certificate = _certificate(name, names, key, signer or key, issuer, valid)
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def _certificate(
    subject: str,
    names: tuple[x509.GeneralName, ...],
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    issuer: str,
    valid: tuple[datetime, datetime],
    *,
    authority: bool = False,
) -> x509.Certificate:
    """With the key identifiers that strict verification, as of Python 3.13, asks for."""
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(_usage(authority), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
