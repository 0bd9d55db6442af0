"""Causes that lie where the permanent token was to go: endpoints that refuse it, and connectors of the account.

A postback that fails stops nothing where its permanent token has come another way: then it stands below.
"""

from dataclasses import replace

from installs.installations import connecting
from installs.models import Delivery
from installs.postbacks.explaining import ANSWERS
from installs.support.acts import Act
from installs.support.likely.causes import Fix, LikelyCause, Rank
from installs.support.likely.evidence import Evidence
from installs.support.likely.states import tell_customer, tell_developer
from installs.support.likely.words import ended, on, since_when
from linnapp.words import counted, moment_in_words

AGAIN = Fix(Act.REDELIVER, "Redeliver it")


def postback_held(seen: Evidence) -> LikelyCause | None:
    missing = _missing(seen)
    if missing is None or missing.state in Delivery.FAILED:
        return None
    host = seen.host
    if missing.state != Delivery.State.HELD and not (host and host.is_parked):
        return None
    since = f" That host has failed since {since_when(host.failing_since)}." if host and host.failing_since else ""
    trial = f" The oldest is tried again {on(host.next_trial_at)}." if host and host.next_trial_at else ""
    cause = LikelyCause(
        sentence=f"{_its(seen)} is held, because {missing.host} keeps failing.",
        evidence=(f"{_carried(seen, missing)}{since}{trial}", *_outcome(seen)),
        fixes=(tell_developer(seen), AGAIN),
        for_developer=f"{_for_developer(seen, missing)} is held, because {missing.host} keeps failing. "
        f"{_outcome_told(missing)}Once one is delivered there, the rest follow.",
        for_customer=_for_customer(seen),
        tone="suspended",
    )
    return _ranked(seen, cause)


def postback_given_up(seen: Evidence) -> LikelyCause | None:
    missing = _missing(seen)
    if missing is None or missing.state not in Delivery.FAILED:
        return None
    at = f" {on(missing.ended_at)}" if missing.ended_at else ""
    answers_again = seen.host is not None and seen.host.failing_since is None
    again = ("Others have been delivered there since.",) if answers_again else ()
    replay = (AGAIN, Fix(Act.REPLAY, "Replay all failed ones"))
    cause = LikelyCause(
        sentence=f"{_its(seen)} to {missing.host} was not delivered{at}.",
        evidence=(_carried(seen, missing), *_outcome(seen), *again),
        # While the host fails, sending it again comes to nothing.
        fixes=(*replay, tell_developer(seen)) if answers_again else (tell_developer(seen), *replay),
        for_developer=f"{_for_developer(seen, missing)} was not delivered. {_outcome_told(missing)}Fix the endpoint, "
        "and redeliver it on the Postbacks page.",
        for_customer=_for_customer(seen),
    )
    return _ranked(seen, cause)


def endpoint_answers(seen: Evidence) -> LikelyCause | None:
    missing = _tried_again(seen)
    last = seen.last_attempt if missing else None
    if missing is None or last is None or last.passed or last.status is None:
        return None
    cause = LikelyCause(
        sentence=f"{missing.host} answers {_its(seen, begins=False)} with {last.status}.",
        evidence=(_carried(seen, missing), *_outcome(seen)),
        fixes=(tell_developer(seen), AGAIN),
        for_developer=f"{_for_developer(seen, missing)} was answered {last.status}. {_outcome_told(missing)}"
        + ANSWERS.get(last.status, ""),
        for_customer=_for_customer(seen),
    )
    return _ranked(seen, cause)


def endpoint_not_reached(seen: Evidence) -> LikelyCause | None:
    missing = _tried_again(seen)
    last = seen.last_attempt if missing else None
    if missing is None or last is None or last.passed or last.status is not None:
        return None
    cause = LikelyCause(
        sentence=f"{_its(seen)} does not get through to {missing.host}.",
        evidence=(_carried(seen, missing), *_outcome(seen)),
        fixes=(tell_developer(seen), AGAIN),
        for_developer=f"{_for_developer(seen, missing)} does not get through. {_outcome_told(missing)}",
        for_customer=_for_customer(seen),
    )
    return _ranked(seen, cause)


def postback_waits(seen: Evidence) -> LikelyCause | None:
    """Neither attempted nor held, though its moment is over."""
    missing = _missing(seen)
    due = missing.next_attempt_at if missing else None
    is_late = due is not None and (seen.now - due).total_seconds() > 60
    if missing is None or not is_late or missing.state != Delivery.State.DUE or seen.last_attempt:
        return None
    cause = LikelyCause(
        sentence=f"{_its(seen)} to {missing.host} was not sent, because no worker of this portal took it.",
        evidence=(f"{_carried(seen, missing)} It has been waiting since {since_when(due)}.",),
        fixes=(AGAIN,),
        for_developer=f"{_for_developer(seen, missing)} is waiting for a worker of this portal.",
        for_customer=f"The permanent token of {seen.application} has not left this portal yet. We are checking why.",
        tone="waiting",
    )
    return _ranked(seen, cause)


def _missing(seen: Evidence) -> Delivery | None:
    """Of an installation that is over, nothing is sent any more."""
    is_waited_for = seen.installation.is_live and not seen.installation.is_pending
    return seen.missing_postback if is_waited_for else None


def _tried_again(seen: Evidence) -> Delivery | None:
    """Held or given up, it is told as that, with what came of it."""
    missing = _missing(seen)
    is_due = missing is not None and missing.state == Delivery.State.DUE
    return missing if is_due and not (seen.host and seen.host.is_parked) else None


def _ranked(seen: Evidence, cause: LikelyCause) -> LikelyCause:
    """Below, and without what would say that the token is missing, where it is known to be there."""
    if not seen.has_its_token:
        return cause
    return replace(
        cause,
        evidence=(*cause.evidence, _in_spite(seen)),
        for_developer=f"{cause.for_developer.strip()} {_in_spite(seen)}",
        for_customer=f"A postback of {seen.application} has not arrived at {seen.developer}'s server. The permanent "
        "token is there anyway, so there is nothing for you to do.",
        tone="waiting",
        rank=Rank.WORKS_ANYWAY,
    )


def _in_spite(seen: Evidence) -> str:
    telling = seen.telling_postback
    if telling and telling != seen.missing_postback:
        return "An earlier one carried the same permanent token."
    if telling and connecting.has_arrived(telling):
        return "It was delivered before, with the same permanent token."
    return "The permanent token has arrived in another way: it has been exchanged since."


def _its(seen: Evidence, *, begins: bool = True) -> str:
    its = "Its" if begins else "its"
    return f"{its} newest postback" if seen.has_its_token else f"{its} postback"


def _carried(seen: Evidence, missing: Delivery) -> str:
    what = f"A postback ({missing.get_event_display().lower()})" if seen.has_its_token else "The permanent token"
    return f"{what} was due to be sent to {missing.host} {on(missing.created_at)}."


def _outcome(seen: Evidence) -> tuple[str, ...]:
    """What came of it so far, and what the schedule does next."""
    missing = seen.missing_postback
    assert missing is not None
    last, due = seen.last_attempt, missing.next_attempt_at
    attempts = f"The last attempt, {on(last.at)}: {ended(missing.outcome)}" if last else ended(missing.outcome)
    after = f"The next attempt is {on(due)}." if due and missing.state == Delivery.State.DUE else ""
    advice = ANSWERS.get(last.status or 0, "") if last and not last.passed else ""
    return tuple(line for line in (attempts if missing.outcome else "", after, advice) if line)


def _outcome_told(missing: Delivery) -> str:
    return f"The last attempt: {ended(missing.outcome)} " if missing.outcome else ""


def _for_developer(seen: Evidence, missing: Delivery) -> str:
    owed = moment_in_words(missing.created_at)
    which = "newest postback" if seen.has_its_token else "postback with the permanent token"
    return f"The {which} of {seen.installation} ({missing.pk}, waiting since {owed})"


def _for_customer(seen: Evidence) -> str:
    return (
        f"The permanent token of {seen.application} could not be delivered to {seen.developer}, whose server does not "
        f"accept it. It is sent again once that is fixed, so there is nothing for you to do."
    )


def connector_fails(seen: Evidence) -> LikelyCause | None:
    failing = seen.failing_connectors
    if not failing:
        return None
    first = failing[0]
    since = f" {on(first.last_error_at)}" if first.last_error_at else ""
    more = f" and {counted(len(failing) - 1, 'other connector')}" if len(failing) > 1 else ""
    last = ended(first.last_error)
    return LikelyCause(
        sentence=f"The connector {first}{more} of {seen.account} is failing.",
        evidence=(f"It calls {first.host}. Its last error{since}: {last}" if last else f"It calls {first.host}.",),
        fixes=(tell_customer(seen),),
        for_customer=f"Your connector {first}{more} is failing: {last} Its page says what to do.",
        tone="waiting",
    )
