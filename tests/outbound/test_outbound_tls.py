"""The door out and certificates: which are taken, and what is said of the others."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from installs.outbound import Cause, Client, certificates, connections
from tests.kit.certificates import Certificates
from tests.kit.receivers import receiving
from tests.kit.sending import BODY, day, refused, sent

pytestmark = pytest.mark.usefixtures("to_loopback")


def test_a_good_certificate_of_the_operators_authority(
    client: Client, certificates: Certificates, settings: Settings
) -> None:
    with receiving(tls=certificates.good) as receiver:
        fault = refused(client, receiver.url)
        assert fault.cause == Cause.CERTIFICATE
        assert str(fault) == (
            "The certificate's issuer is not known here, or the server does not send the whole chain."
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
            "self_signed": ["The certificate is self-signed: nobody vouches for it."],
        }[name]
    )


def test_a_server_that_speaks_no_tls(client: Client) -> None:
    with receiving() as receiver:
        fault = refused(client, receiver.url.replace("http:", "https:"))
        assert receiver.received == []
    assert fault.cause == Cause.TLS
    assert str(fault) == f"The server does not speak TLS on port {receiver.port}: it seems to serve plain http there."


def test_old_tls_is_not_spoken() -> None:
    context = certificates.trusting("", connections.TimedTLSSocket)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
