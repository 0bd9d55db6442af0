"""What mends a connector is chosen by a code, and a server's sentences are read in one place."""

import json

import pytest
from pytest_django.fixtures import Settings

from installs.connectors import reading
from installs.connectors.faults import FIXES, OF_REASON, NotAuthorised, Why
from installs.exchange import refusals
from installs.exchange.refusals import Reason
from installs.exchange.wire import error_body
from installs.outbound import Answer


def answered(message: str, reference: str = "") -> NotAuthorised:
    """What a connector makes of a refusal with this message."""
    body = json.dumps(error_body(400, message, reference)).encode()
    with pytest.raises(NotAuthorised) as refused:
        reading.refuse_unless_ok(
            Answer(400, "Bad Request", (("Content-Type", "application/json"),), body, False, 1, "203.0.113.7")
        )
    return refused.value


def test_each_code_has_what_mends_it() -> None:
    assert set(FIXES) == set(Why)
    assert NotAuthorised(Why.NO_JSON, "The answer is empty.").fix == FIXES[Why.NO_JSON]
    assert NotAuthorised(Why.NO_JSON, "The answer is empty.", "Fill it.").fix == "Fill it."


@pytest.mark.parametrize("reason", refusals.SENTENCES)
def test_each_sentence_of_this_portal_is_understood_however_it_is_worded(reason: Reason, settings: Settings) -> None:
    settings.EXCHANGES_PER_MINUTE = 7
    for tail, reference in (("", ""), ("beef", "0123456789abcdef")):
        fault = answered(refusals.sentence(reason, tail), reference)
        assert (fault.why, fault.fix) == (OF_REASON[reason], FIXES[OF_REASON[reason]])


def test_no_sentence_of_this_portal_is_taken_for_another() -> None:
    assert [refusals.reason_of(refusals.sentence(reason)) for reason in refusals.SENTENCES] == list(refusals.SENTENCES)
    assert refusals.reason_of("It said: This permanent token was replaced.") is None


OF_OTHERS = [
    ("That value is a session token!", Why.SESSION_TOKEN_SENT),
    ("Application Stock Bridge was suspended.", Why.SUSPENDED),
    ("The integration has been uninstalled by its owner", Why.UNINSTALLED),
    ("This installation failed before it began.", Why.UNINSTALLED),
    ("This app is retired.", Why.RETIRED),
    ("The token that was sent has been replaced.", Why.TOKEN_REPLACED),
    # What has the words, and means something else.
    ("No permanent token was sent.", Why.REFUSED),
    ("This version of the API is retired. The application may go on with version 2.", Why.REFUSED),
    ("Deliveries are suspended until Monday; the secret is wrong.", Why.REFUSED),
    ("Another application has this name.", Why.REFUSED),
    ("Please authorise again.", Why.REFUSED),
    ("", Why.REFUSED),
]


@pytest.mark.parametrize(("message", "why"), OF_OTHERS)
def test_of_other_servers_only_what_can_be_meant_in_one_way_is_understood(message: str, why: Why) -> None:
    fault = answered(message)
    assert (fault.why, fault.fix) == (why, FIXES[why])
    assert message in str(fault)
