"""The door out and certificates: which are taken, and what is said of the others."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from installs.outbound import Cause, Client, NotSent, Step, certificates, connections
from tests.kit.certificates import Certificates
from tests.kit.receivers import Reply, receiving, serving
from tests.kit.sending import BODY, day, refused, sent

pytestmark = pytest.mark.usefixtures("to_loopback")


def test_a_good_certificate_of_the_operators_authority(
    client: Client, certificates: Certificates, settings: Settings
) -> None:
    with receiving(tls=certificates.good) as receiver:
        fault = refused(client, receiver.url)
        assert fault.cause == Cause.CERTIFICATE
        assert str(fault) == (
            "The certificate's issuer is not known to this portal, or the server does not send the whole chain."
        )
        settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
        assert sent(client, receiver.url).status == 200
    assert [received.body for received in receiver.received] == [BODY]


@pytest.mark.parametrize("name", ["expired", "not_yet_valid", "wrong_name", "self_signed"])
def test_a_bad_certificate_is_told_with_its_date_or_name(
    client: Client, certificates: Certificates, settings: Settings, name: str
) -> None:
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    now = datetime.now(UTC)
    with receiving(tls=getattr(certificates, name)) as receiver:
        fault = refused(client, receiver.url)
        assert receiver.received == []
    assert fault.cause == Cause.CERTIFICATE
    assert (
        str(fault)
        in {
            "expired": [f"The certificate expired on {day(now - timedelta(days=1))}."],
            "not_yet_valid": [f"The certificate is not valid before {day(now + timedelta(days=1))}."],
            "wrong_name": ["The certificate is for elsewhere.example, not localhost."],
            "self_signed": ["The certificate is self-signed: no authority vouches for it."],
        }[name]
    )


def test_a_server_that_speaks_no_tls(client: Client) -> None:
    with receiving() as receiver:
        fault = refused(client, receiver.url.replace("http:", "https:"))
        assert receiver.received == []
    assert fault.cause == Cause.TLS
    assert str(fault) == f"The server does not speak TLS on port {receiver.port}: it seems to serve plain http there."


TWO, THREE = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def asking(certificates: Certificates, mode: ssl.VerifyMode, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server that asks for a client certificate of the throw-away authority."""
    context = serving(certificates.good)
    context.load_verify_locations(certificates.ca_file)
    context.verify_mode = mode
    context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.parametrize("version", [TWO, THREE], ids=["TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize("size", [10, 2_000_000])
def test_a_server_that_wants_a_client_certificate_is_named_as_such(
    client: Client, certificates: Certificates, settings: Settings, version: ssl.TLSVersion, size: int
) -> None:
    """In TLS 1.2 the handshake fails; in TLS 1.3 the refusal comes after it, in the middle of the request."""
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    steps: list[Step] = []
    with receiving(tls=asking(certificates, ssl.CERT_REQUIRED, version)) as receiver, pytest.raises(NotSent) as told:
        client.post(receiver.url, body=b"x" * size, headers={}, tell=steps.append)
    assert receiver.received == []
    assert (steps[-1].name, steps[-1].passed) == ("certificate", False)
    assert told.value.cause == Cause.CLIENT_CERTIFICATE
    assert str(told.value) == "The server asks for a client certificate, and the portal has none."


@pytest.mark.parametrize("version", [TWO, THREE], ids=["TLS 1.2", "TLS 1.3"])
def test_a_server_that_answers_without_one_is_answered(
    client: Client, certificates: Certificates, settings: Settings, version: ssl.TLSVersion
) -> None:
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    with receiving(Reply(403), tls=asking(certificates, ssl.CERT_OPTIONAL, version)) as receiver:
        given = [sent(client, receiver.url) for _ in range(2)]
        assert receiver.connections == 1
    assert [(answer.status, answer.wants_certificate) for answer in given] == [(403, True), (403, True)]


def test_a_handshake_that_fails_for_something_else_says_nothing_of_it(
    client: Client, certificates: Certificates, settings: Settings
) -> None:
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    context = serving(certificates.good)
    context.maximum_version = TWO
    # Of a key that the server has none of.
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    with receiving(tls=context) as receiver:
        fault = refused(client, receiver.url)
    assert fault.cause == Cause.TLS
    assert str(fault).startswith("The encrypted connection failed: ")


def test_old_tls_is_not_spoken() -> None:
    context = certificates.trusting("", connections.TimedTLSSocket)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
