"""What is counted of exchanges and calls as they are answered; never by application, account or address."""

from functools import cache
from time import perf_counter

from installs.exchange.refusals import Reason
from installs.exchange.sent import Asked
from installs.exchange.steps import Answering, Endpoint
from linnapp import figures
from linnapp.calls import Call, Reply

EXCHANGE = "Auth/AuthorizeByApplication"
STAND_IN, NOT_SERVED = "stand_in", "not_served"
EXCHANGES = figures.histogram(
    "linnapp_exchange_duration_seconds",
    "From an exchange that was read whole to its answer, by what came of it.",
    {"outcome": ()},
)
CALLS = figures.histogram(
    "linnapp_call_duration_seconds",
    "From another call that was read whole to its answer, by what came of it.",
    {"call": (), "outcome": ()},
)
REFUSALS = figures.counter(
    "linnapp_refusals",
    "Exchanges and calls that were refused, by cause.",
    {"asked": [str(asked).lower() for asked in Asked], "cause": [str(reason).lower() for reason in Reason]},
)
_exchanges, _calls, _refusals = cache(EXCHANGES.labels), cache(CALLS.labels), cache(REFUSALS.labels)
OUTCOMES = {429: "throttled", 500: "broken", 503: "unavailable"}


def measured(name: str, answer: Endpoint) -> Endpoint:
    """The endpoint of the call `name`, whose every answer is counted and timed."""

    def answered(call: Call) -> Answering:
        began = perf_counter()
        outcome = "broken"
        try:
            reply = yield from answer(call)
            outcome = outcome_of(reply)
        except GeneratorExit:
            # Whoever asked is gone.
            outcome = "hung_up"
            raise
        finally:
            observe = _exchanges(outcome) if name == EXCHANGE else _calls(name, outcome)
            observe.observe(perf_counter() - began)
        return reply

    return answered


def outcome_of(reply: Reply) -> str:
    if reply.status < 400:
        return "answered"
    return OUTCOMES.get(reply.status, "refused")


def count_refusal(reason: Reason, asked: Asked) -> None:
    _refusals(asked.lower(), reason.lower()).inc()
