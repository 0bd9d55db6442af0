"""Which of the three was wrong, in sentences: Application ID, Application Secret and token, each with its history.

For the team of the application that was named, and for support. What is of another team is told to support alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from installs.exchange.causes import SESSION_ENDS
from installs.exchange.records import ended_at, facts_of
from installs.exchange.refusals import Reason
from installs.exchange.sent import SecretSent, TokenSent
from installs.models import PermanentToken, RefusalGroup, Session
from linnapp import timeline
from linnapp.models import Application, Secret, TimelineEntry
from linnapp.moments import shown

# An act and the end of the sessions that it ends are of one transaction.
SAME_ACT = timedelta(seconds=5)
# The kind that the pages of an application record.
RETIRED = "SECRET_RETIRED"


@dataclass(frozen=True)
class Refused:
    """What findings are made of. `values` are masked, by their names; `sees` says whether the reader may read what is
    of an application."""

    group: RefusalGroup
    application: Application | None
    values: dict[str, str]
    side: TimelineEntry.Side
    sees: Callable[[UUID], bool]


def findings(refused: Refused) -> list[str]:
    group = refused.group
    if group.asked == RefusalGroup.Asked.CALL:
        return [*_of_call(refused)]
    if group.reason == Reason.UNREADABLE:
        return []
    return [*_of_application(refused), *_of_secret(refused), *_of_token(refused)]


def _of_application(refused: Refused) -> Iterator[str]:
    if refused.group.application_id:
        yield "Application ID and Application Secret are right: the caller proved the application."
    elif refused.application and (_is_named_by_its_secret(refused) or _is_of_another(refused)):
        # In the same words whether or not it is of another one: who has one secret would learn which IDs there are.
        sent = refused.values.get("ApplicationId", "")
        yield f"The Application ID that was sent{f', {sent},' if sent else ''} is not that of {refused.application}."
    elif refused.application:
        yield (
            f"The Application ID of {refused.application} was named, but not proven: anybody can send a public "
            "Application ID."
        )
    elif refused.group.is_rest:
        yield "It was counted with others of this hour; which credentials were sent was not kept."
    else:
        yield "No application here has the Application ID that was sent."


def _is_named_by_its_secret(refused: Refused) -> bool:
    """A secret of another application than the one that was named cannot be of the one it is kept under."""
    secret = _secret(refused.group) if refused.group.secret_sent == SecretSent.ANOTHER_APPLICATIONS else None
    return secret is not None and secret.application_id == refused.group.named_application_id


def _is_of_another(refused: Refused) -> bool:
    """Whether the reader is told of it for the secret's sake, and the Application ID named another application."""
    named = refused.group.named_application_id
    return refused.application is not None and named is not None and refused.application.pk != named


def _of_secret(refused: Refused) -> Iterator[str]:
    group = refused.group
    if group.application_id or not group.secret_sent:
        return
    live = _live_secrets(refused.application)
    secret = _secret(group)
    if group.secret_sent == SecretSent.RETIRED and secret:
        yield f"The secret sent was …{secret.tail}, retired {_on(secret.ends_at)}{_by_whom(secret, refused)}{live}."
    elif group.secret_sent == SecretSent.RETIRED:
        yield f"The secret sent was retired{live}."
    elif group.secret_sent == SecretSent.ANOTHER_APPLICATIONS and secret and refused.sees(secret.application_id):
        yield f"The secret sent, …{secret.tail}, is of {secret.application}{_live_beside(secret)}."
    elif refused.application:
        sent = refused.values.get("ApplicationSecret", "")
        yield f"No secret of this application, live or retired, is this one{f', {sent}' if sent else ''}{live}."
    elif not group.is_rest:
        yield "No application here has the secret that was sent."


def _of_token(refused: Refused) -> Iterator[str]:
    group = refused.group
    sent = refused.values.get("Token", "")
    token = _permanent_token(group)
    if token and refused.sees(token.installation.application_id):
        of = f"{token.installation.application} on {token.installation.account}"
        ended = f", and ended {_on(token.ends_at)}" if group.token_sent == TokenSent.ENDED else ""
        yield f"The token sent, …{token.tail}, is the permanent token of {of}{ended}{_secret_proves(refused, token)}."
    elif group.token_sent in (TokenSent.PERMANENT, TokenSent.ENDED) and group.is_rest:
        ended = ", and had ended" if group.token_sent == TokenSent.ENDED else ""
        yield f"The token sent is a permanent token{ended}; of which installation was not kept."
    elif group.token_sent in (TokenSent.PERMANENT, TokenSent.ENDED):
        yield "The token sent belongs to no installation of this application."
    elif group.token_sent == TokenSent.SESSION:
        yield from _of_session(refused)
    elif group.token_sent == TokenSent.SECRET:
        yield "The Application Secret was sent instead of the permanent token."
    elif group.token_sent == TokenSent.APPLICATION_ID:
        yield "The Application ID was sent instead of the permanent token."
    elif group.token_sent == TokenSent.UNKNOWN:
        yield f"The token sent{f', {sent},' if sent else ''} is not a permanent token of this portal."


def _secret_proves(refused: Refused, token: PermanentToken) -> str:
    """Where ID and secret are right, and the token is of another application."""
    proven = refused.application
    if refused.group.reason != Reason.OTHER_APPLICATION or proven is None:
        return ""
    return f"; Application ID and secret are of {proven}"


def _of_session(refused: Refused) -> Iterator[str]:
    session = _session(refused.group)
    if session and not refused.sees(session.installation.application_id):
        yield "The token sent is a session token, but not of this application."
        return
    tail = (refused.group.facts or (facts_of(session) if session else {})).get("tail", "")
    yield f"The token sent is a session token: send the permanent token{f', …{tail},' if tail else ''} instead."


def _of_call(refused: Refused) -> Iterator[str]:
    group, sent = refused.group, refused.values.get("Authorization", "")
    token = _permanent_token(group)
    if group.token_sent == TokenSent.SESSION and group.reason == Reason.SESSION_ENDED:
        yield _end_of_session(refused)
    elif group.token_sent in (TokenSent.PERMANENT, TokenSent.ENDED):
        of = f" of {token.installation.application} on {token.installation.account}" if token else ""
        yield f"This is a permanent token{f', …{token.tail},' if token else ''}{of}: exchange it first."
    elif group.token_sent == TokenSent.SECRET:
        yield f"This is an Application Secret{f', {sent}' if sent else ''}: it is sent with an exchange only."
    elif group.token_sent == TokenSent.APPLICATION_ID:
        yield "This is an Application ID: it is sent with an exchange only."
    elif group.reason == Reason.UNKNOWN_SESSION:
        yield f"No session of the last two days has this token{f', {sent}' if sent else ''}."
    elif group.reason == Reason.NO_SESSION_TOKEN:
        yield "There was no Authorization header, or it was empty."
    elif group.token_sent == TokenSent.SESSION:
        yield "It carried a session token of this installation."


def _end_of_session(refused: Refused) -> str:
    """As it was written down, since the session's own row goes after two days."""
    group, facts = refused.group, refused.group.facts
    session = _session(group)
    if session and ended_at(session):
        facts = facts_of(session)
    if not facts.get("ended"):
        return "This session has ended."
    ended = datetime.fromisoformat(facts["ended"])
    because = SESSION_ENDS.get(facts.get("end", ""), "it expired")
    return f"This session ended {_on(ended)} because {because}{_act(refused, ended)}."


def _act(refused: Refused, moment: datetime) -> str:
    """What somebody did to the installation at that moment, as the reader is told it."""
    if refused.group.installation_id is None:
        return ""
    entries = TimelineEntry.objects.about(refused.group.installation_id).newest_first()
    near = entries.filter(at__gte=moment - SAME_ACT, at__lte=moment + SAME_ACT)
    lines = timeline.lines([entry for entry in near[:5] if entry.actor_id], refused.side)
    return f" ({lines[0].sentence})" if lines else ""


def _secret(group: RefusalGroup) -> Secret | None:
    rows = Secret.objects.select_related("application")
    return rows.filter(pk=group.secret_id).first() if group.secret_id else None


def _permanent_token(group: RefusalGroup) -> PermanentToken | None:
    rows = PermanentToken.objects.select_related("installation__application", "installation__account")
    return rows.filter(pk=group.permanent_token_id).first() if group.permanent_token_id else None


def _session(group: RefusalGroup) -> Session | None:
    """None where it is gone as well."""
    rows = Session.objects.select_related("installation", "permanent_token", "secret")
    return rows.filter(pk=group.session_id).first() if group.session_id else None


def _live_secrets(application: Application | None) -> str:
    if application is None:
        return ""
    tails = [f"…{secret.tail}" for secret in application.secrets.live()]
    if not tails:
        return "; none is live"
    return f"; the live one ends {tails[0]}" if len(tails) == 1 else f"; the live ones end {' and '.join(tails)}"


def _live_beside(secret: Secret) -> str:
    """Of its own application, where it is not live itself."""
    is_live = secret.ends_at is None or secret.ends_at > timezone.now()
    return "" if is_live else f", and ended {_on(secret.ends_at)}{_live_secrets(secret.application)}"


def _by_whom(secret: Secret, refused: Refused) -> str:
    """Whoever set the end that it has."""
    entries = TimelineEntry.objects.about_application(secret.application_id).without_hours().filter(kind=RETIRED)
    entry = entries.filter(facts__tail=secret.tail).newest_first().first()
    return f" by {timeline.actor(entry, refused.side)}" if entry else ""


def _on(moment: datetime | None) -> str:
    """In the reader's zone."""
    return f"on {shown(moment or timezone.now(), 'DAY_LONG_AT')}"
