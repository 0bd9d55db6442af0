"""What endpoints answer in the wild, from the installation to what its log says."""

import ssl

import pytest
from pytest_django import Settings

from installs.models import Attempt, Delivery, Installation
from linnapp.models import Account, Application, User
from tests.kit import answers
from tests.kit.certificates import Certificates
from tests.kit.posting import deliver, install, wait_for_200, with_postback
from tests.kit.receivers import Answer, Broken, Received, Reply, receiving, serving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State

EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def staying(*pieces: bytes, every: float = 0) -> Broken:
    return Broken(lambda: pieces, every=every, stays=True)


@pytest.mark.parametrize("status", [b"103 Early Hints", b"102 Processing"], ids=["103", "102"])
def test_an_installation_waits_for_the_answer_after_the_interim_one(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User, status: bytes
) -> None:
    wait_for_200(application)
    late = staying(b"HTTP/1.1 " + status + b"\r\n\r\n", OK, every=1.2)
    with receiving(answers.in_turn(late, Reply(500))) as receiver:
        version = with_postback(application, receiver.url, alice)
        first = install(application, cakes, version, carol).installation
        deliver()
        second = install(application, depot, version, dave).installation
        deliver()
        # What decides an installation shares its connection with no other.
        assert receiver.connections == 2
    states = dict(Installation.objects.values_list("pk", "state"))
    assert states == {first.pk: Installation.State.ACTIVE, second.pk: Installation.State.FAILED}
    outcomes = Delivery.objects.values_list("installation", "outcome")
    assert dict(outcomes)[first.pk] == "Answered 200 OK."
    assert dict(outcomes)[second.pk].startswith("Answered 500 ")


def test_of_postbacks_over_one_connection_each_gets_its_own_answer(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User
) -> None:
    with receiving(answers.in_turn(staying(EARLY, OK, every=0.3), Reply(500))) as receiver:
        version = with_postback(application, receiver.url, alice)
        for account, owner in ((cakes, carol), (depot, dave)):
            install(application, account, version, owner)
            deliver()
        assert receiver.connections == 1
    assert list(Attempt.objects.order_by("pk").values_list("status", flat=True)) == [200, 500]


@pytest.mark.parametrize(
    "answer",
    [
        staying(b"HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length: 2\r\n\r\nok"),
        Broken(lambda: (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok",)),
        staying(b"HTTP/1.1 204 No Content\r\n\r\n", b"late", every=0.1),
    ],
    ids=["a space before a colon", "half a body", "a body after 204"],
)
def test_a_status_that_arrived_is_delivered_and_sent_once(
    application: Application, cakes: Account, alice: User, carol: User, answer: Answer
) -> None:
    with receiving(answer) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
        deliver()
        (postback,) = receiver.received
    assert postback.headers["Accept"] == "*/*"
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tried) == (State.DELIVERED, 1)
    assert delivery.attempts.filter(milliseconds__lt=2000).exists()


def test_a_lone_per_cent_sign_changes_nothing_beside_it(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        url = f"{receiver.url}/in?off=100%&tracking=[{{TRACKING}}]&token=[{{TOKEN}}]"
        made = install(application, cakes, with_postback(application, url, alice), carol, tracking="ok/carol")
        deliver()
        (postback,) = receiver.received
    token = made.token.value()
    assert postback.path == f"/in?off=100%25&tracking=ok%2Fcarol&token={token}"
    first, *headers = Attempt.objects.get().request.partition("\n\n")[0].splitlines()
    assert first == f"POST {postback.path} HTTP/1.1".replace(token, f"…{token[-4:]}")
    assert "Accept: */*" in headers
    sent = [f"{name}: {value}" for name, value in postback.headers.items()]
    assert {line for line in headers if "signature" not in line} <= set(sent)


def test_a_log_in_another_charset_holds_no_permanent_token(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    def echo(received: Received) -> Reply:
        token = received.form["Token"]
        body = f"トークン {token} は無効です: {token.replace('-', '&#8209;').upper()}".encode("cp932")
        return Reply(400, {"Content-Type": "text/plain; charset=Shift_JIS"}, body)

    with receiving(echo) as receiver:
        made = install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
    masked = f"[…{made.token.tail}]"
    assert Attempt.objects.get().answer.endswith(f"\n\nトークン {masked} は無効です: {masked}")


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        (ssl.CERT_REQUIRED, "The server asks for a client certificate, and the portal has none."),
        (
            ssl.CERT_OPTIONAL,
            "Answered 403 Forbidden: the server asks for a client certificate, and the portal has none.",
        ),
    ],
    ids=["required", "optional"],
)
def test_the_cause_names_a_client_certificate(
    application: Application,
    cakes: Account,
    alice: User,
    carol: User,
    certificates: Certificates,
    settings: Settings,
    mode: ssl.VerifyMode,
    outcome: str,
) -> None:
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    context = serving(certificates.good)
    context.load_verify_locations(certificates.ca_file)
    context.verify_mode = mode
    with receiving(Reply(403), tls=context) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.outcome) == (State.DUE, outcome)
