"""What the door out tells: its steps one by one, and the token in no sentence and no log."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from installs.outbound import Client, NotSent, Step
from tests.kit import answers
from tests.kit.certificates import Certificates
from tests.kit.receivers import OK, Broken, Received, receiving
from tests.kit.sending import TOKEN, day, refused, sent

pytestmark = pytest.mark.usefixtures("to_loopback")


def fault_of(act: Callable[[], Any]) -> NotSent | None:
    try:
        act()
    except NotSent as fault:
        return fault
    return None


def words(steps: list[Step]) -> list[tuple[str, str, bool]]:
    return [(step.name, step.words, step.passed) for step in steps]


def test_the_steps_are_told_one_by_one(client: Client, certificates: Certificates, settings: Settings) -> None:
    settings.OUTBOUND_CA_FILE = str(certificates.ca_file)
    steps: list[Step] = []
    with receiving(answers.GONE, tls=certificates.good) as receiver:
        for _ in range(2):
            steps.clear()
            sent(client, receiver.url, tell=steps.append)
    until = day(datetime.now(UTC) + timedelta(days=1))
    assert words(steps)[1:] == [
        ("address", "OUTBOUND_ALLOWED_NETWORKS lets requests go there.", True),
        ("connection", f"Connected to 127.0.0.1, port {receiver.port}.", True),
        ("certificate", f"The certificate is for localhost and valid until {until}.", True),
        ("answer", "The server answered 410 Gone.", True),
    ]
    assert (steps[0].name, steps[0].passed) == ("name", True)
    assert steps[0].words in {"localhost is 127.0.0.1.", "localhost is ::1, 127.0.0.1.", "localhost is 127.0.0.1, ::1."}
    assert [step.milliseconds for step in steps] == sorted(step.milliseconds for step in steps)


def test_the_step_that_failed_is_the_last(client: Client, certificates: Certificates) -> None:
    steps: list[Step] = []
    with receiving(tls=certificates.self_signed) as receiver:
        refused(client, receiver.url, tell=steps.append)
    assert [step.name for step in steps] == ["name", "address", "connection", "certificate"]
    assert words(steps)[-1] == ("certificate", "The certificate is self-signed: no authority vouches for it.", False)
    steps.clear()
    refused(client, "http://user@hooks.example.com", tell=steps.append)
    assert words(steps) == [("name", "The URL contains a user name or a password. Leave them out.", False)]


def echo(received: Received) -> Broken:
    """Throws back at the door what it must not repeat: the status line is none, and holds the token."""
    return Broken(lambda: (received.path.encode() + b"\r\n" + received.body,))


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        echo,
        Broken(lambda: (f"HTTP/1.1 200 OK\r\nbroken header {TOKEN}\r\n\r\n".encode(),)),
        answers.CLOSES_AT_ONCE,
        answers.never_answers(),
        answers.resets(),
        answers.NOT_HTTP,
    ],
    ids=["ok", "echo", "broken header", "closes", "silent", "resets", "junk"],
)
def test_the_token_is_in_no_sentence_log_or_chain(
    hurried: Client, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    steps: list[Step] = []
    caplog.set_level(logging.DEBUG)
    with receiving(answer) as receiver:
        fault = fault_of(lambda: sent(hurried, receiver.url, tell=steps.append))
    if fault:
        logging.getLogger("courier").error("not sent", exc_info=fault)
        assert (fault.__cause__, fault.__context__) == (None, None)
    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(step.words for step in steps)
