"""Causes that refusals and sessions show: a wrong credential in a place, too many exchanges, none at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from installs.exchange.causes import FIXES
from installs.exchange.refusals import Reason
from installs.exchange.sent import SecretSent, TokenSent
from installs.installations import connecting, kinds
from installs.models import RefusalGroup, Session
from installs.models.installations import CONNECTS_WITHIN
from installs.support.acts import Act
from installs.support.likely.causes import Fix, LikelyCause, Rank
from installs.support.likely.evidence import MOST_SESSIONS, Evidence
from installs.support.likely.refusals import Refusals
from installs.support.likely.states import tell_customer, tell_developer
from installs.support.likely.words import how_often, on
from linnapp.words import counted, moment_in_words

# A client learns from one answer that its session ended, and exchanges again.
CALLS_ON = 2
# Where fewer live by now, the last hour counts.
CAPPED_WITHIN, CAPPED_LATELY = timedelta(hours=24), timedelta(hours=1)
ITS, MAY_BE_ITS = "Its client", "A client that may be this installation's"
THE = "The client of {application} on {account}"
MAY_BE_THE = "A client of {application}, which may be that of {account},"
NOT_YOURS = " There is nothing for you to do: only {developer} can fix this."


@dataclass(frozen=True)
class Wrong:
    """A refusal that shows its cause, and what each reader is told of it. In braces: `application`, `account`,
    `developer`. `sentence` begins with ITS, and `for_developer` with THE: of what may be of another installation, both
    say so, and the customer is told nothing."""

    is_shown_by: Callable[[Evidence, RefusalGroup], bool]
    sentence: str
    for_developer: str
    for_customer: str

    def __call__(self, seen: Evidence) -> LikelyCause | None:
        found = next((one for one in seen.refusals if self.is_shown_by(seen, one.newest)), None)
        if found is None:
            return None
        named = {"application": seen.application, "account": seen.account, "developer": seen.developer}
        sentence, for_developer, for_customer = self.sentence, self.for_developer, self.for_customer + NOT_YOURS
        if found.may_be:
            sentence, for_customer = sentence.replace(ITS, MAY_BE_ITS, 1), ""
            for_developer = for_developer.replace(THE, MAY_BE_THE, 1)
        return LikelyCause(
            sentence=sentence.format_map(named),
            evidence=_shown(seen, found),
            fixes=(tell_developer(seen),),
            reference=found.reference,
            for_developer=for_developer.format_map(named),
            for_customer=for_customer.format_map(named),
            rank=Rank.MAY_BE if found.may_be else Rank.PROVEN,
        )


def _shown(seen: Evidence, found: Refusals) -> tuple[str, ...]:
    lines = (*seen.findings_of(found), found.whose, how_often(found))
    return tuple(line for line in lines if line)


def _sends_retired_secret(_: Evidence, group: RefusalGroup) -> bool:
    return group.reason == Reason.UNPROVEN and group.secret_sent == SecretSent.RETIRED


def _sends_wrong_id(seen: Evidence, group: RefusalGroup) -> bool:
    is_another = group.reason == Reason.UNPROVEN and group.secret_sent == SecretSent.ANOTHER_APPLICATIONS
    return is_another and group.secret_id in seen.secrets


def _sends_other_applications(seen: Evidence, group: RefusalGroup) -> bool:
    """ID and secret of another one, or its secret alone."""
    if group.reason == Reason.OTHER_APPLICATION:
        return group.permanent_token_id in seen.tokens
    is_another = group.reason == Reason.UNPROVEN and group.secret_sent == SecretSent.ANOTHER_APPLICATIONS
    return is_another and group.secret_id not in seen.secrets


def _sends_wrong_secret(_: Evidence, group: RefusalGroup) -> bool:
    return group.reason == Reason.UNPROVEN and group.secret_sent == SecretSent.UNKNOWN


def _is(*reasons: Reason) -> Callable[[Evidence, RefusalGroup], bool]:
    return lambda _, group: group.reason in reasons


retired_secret = Wrong(
    _sends_retired_secret,
    "Its client still sends a retired Application Secret.",
    "The client of {application} on {account} still sends a retired Application Secret. Give it the live "
    "one: the General page of {application} has it.",
    "{application} still uses an old secret of its developer.",
)
wrong_application_id = Wrong(
    _sends_wrong_id,
    "Its client sends a wrong Application ID.",
    "The client of {application} on {account} sends the secret of {application} with a wrong Application ID. Copy "
    "both from the General page of {application}.",
    "{application} uses a wrong Application ID.",
)
wrong_application = Wrong(
    _sends_other_applications,
    "Its client sends the credentials of another application.",
    "The permanent token of {application} on {account} is sent with the credentials of another application. All three "
    "have to be of the same one: the General page of {application} has its Application ID and secret.",
    "{application} uses the credentials of another application.",
)
wrong_secret = Wrong(
    _sends_wrong_secret,
    "Its client sends a wrong Application Secret.",
    "The client of {application} on {account} sends an Application Secret that is not one of {application}. Copy it "
    "again from its General page, all of it and without quotes.",
    "{application} uses a wrong secret of its developer.",
)
session_token_sent = Wrong(
    _is(Reason.SESSION_TOKEN_SENT),
    "Its client sends a session token instead of the permanent token.",
    "The client of {application} on {account} exchanges a session token. Keep the permanent token and exchange that "
    "one each time: a session token is for calls, and ends.",
    "{application} stores the wrong one of its two tokens.",
)
token_ended = Wrong(
    _is(Reason.TOKEN_ENDED),
    "The permanent token was rotated, and its client still sends the old one.",
    "The permanent token of {application} on {account} was rotated, and its client still sends the old one, which has "
    "ended. Give it the new one: the Installations page of {application} has it.",
    "{application} still uses the old permanent token, which has been replaced.",
)
permanent_token_in_calls = Wrong(
    _is(Reason.PERMANENT_TOKEN_SENT),
    "Its client sends the permanent token with its calls, instead of a session token.",
    f"The client of {{application}} on {{account}} sends the permanent token with its calls. "
    f"{FIXES[Reason.PERMANENT_TOKEN_SENT]}",
    "{application} sends its permanent token where a session token belongs.",
)
call_not_served = Wrong(
    _is(Reason.NOT_SERVED, Reason.WRONG_METHOD),
    "Its client makes calls that this portal does not serve.",
    "The client of {application} on {account} makes calls that this portal does not serve. The answer names the calls "
    "that are served.",
    "{application} makes calls that this portal does not serve.",
)


def other_value_sent(seen: Evidence) -> LikelyCause | None:
    """Application ID, secret or anything else, in an exchange or in a call: it names no installation, and so may be of
    another."""
    found = seen.refused(Reason.OTHER_CREDENTIAL_SENT, Reason.CREDENTIAL_SENT, Reason.UNKNOWN_TOKEN)
    if found is None:
        return None
    sent = {TokenSent.SECRET: "the Application Secret", TokenSent.APPLICATION_ID: "the Application ID"}.get(
        TokenSent(found.newest.token_sent), "a value that is not a token of this portal"
    )
    is_call = found.newest.asked == RefusalGroup.Asked.CALL
    place = "the session token of its calls" if is_call else "the permanent token"
    leads = (
        FIXES[Reason.CREDENTIAL_SENT]
        if is_call
        else f"The Installations page of {seen.application} has the permanent token of each account."
    )
    return LikelyCause(
        sentence=f"{MAY_BE_ITS} sends {sent} instead of {place}.",
        evidence=_shown(seen, found),
        fixes=(tell_developer(seen),),
        reference=found.reference,
        for_developer=f"A client of {seen.application}, which may be that of {seen.account}, sends {sent} instead of "
        f"{place}. {leads}",
        rank=Rank.MAY_BE,
    )


def over_quota(seen: Evidence) -> LikelyCause | None:
    found = seen.refused(Reason.OVER_QUOTA)
    if found is None:
        return None
    most = settings.EXCHANGES_PER_MINUTE
    return LikelyCause(
        sentence=f"It exchanges its permanent token more than {counted(most, 'time')} a minute.",
        evidence=("Further exchanges are answered 429 until the minute is over.", how_often(found)),
        fixes=(tell_developer(seen),),
        reference=found.reference,
        for_developer=f"The client of {seen.installation} exchanges the permanent token more than "
        f"{counted(most, 'time')} a minute. Keep the session token, and exchange again only after a call was answered "
        "401.",
        for_customer=f"{seen.application} asks for new session tokens far too often, so it is slowed down."
        + NOT_YOURS.format(developer=seen.developer),
    )


def never_authorises_again(seen: Evidence) -> LikelyCause | None:
    """No session that lives began after the one it calls with, and no exchange followed: what is counted is of after
    the last one."""
    ended = (one for one in seen.refusals if one.newest.reason == Reason.SESSION_ENDED)
    found = next((one for one in ended if one.count >= CALLS_ON), None)
    if found is None:
        return None
    return LikelyCause(
        sentence="Its session has ended, and the client keeps calling with it: it never authorises again.",
        evidence=(*_shown(seen, found), _last_exchange(seen)),
        fixes=(tell_developer(seen),),
        reference=found.reference,
        for_developer=f"The client of {seen.installation} keeps calling with a session that has ended. "
        f"{FIXES[Reason.SESSION_ENDED]}",
        for_customer=f"{seen.application} does not get a new session after the old one has ended. Restarting it may "
        f"help. If not, ask {seen.developer}.",
    )


def _last_exchange(seen: Evidence) -> str:
    at = seen.last_exchange_at
    return f"The last exchange was answered {on(at)}." if at else "No exchange was answered in the last week."


def sessions_capped(seen: Evidence) -> LikelyCause | None:
    since = seen.now - CAPPED_WITHIN
    over = [row for row in seen.sessions if row.end == Session.End.REPLACED and row.ended_at and row.ended_at > since]
    most = settings.SESSIONS_PER_INSTALLATION
    last = max((row.ended_at for row in over if row.ended_at), default=None)
    if last is None or not (len(seen.live_sessions) >= most or _goes_on_capping(seen, last)):
        return None
    is_cut = len(seen.sessions) == MOST_SESSIONS and seen.sessions[-1].created_at > since
    number = f"at least {len(over)}" if is_cut else len(over)
    addresses = len({row.address for row in seen.sessions if row.address})
    return LikelyCause(
        sentence=f"It has more than {most} live sessions: each new one ends the least recently used.",
        evidence=(
            f"In the last 24 hours, {number} of its sessions ended like this, the last {on(last)}.",
            f"Either more than {most} clients use it, or one exchanges for every call. Its latest sessions began from "
            f"{counted(addresses, 'address', 'addresses')}.",
        ),
        fixes=(tell_developer(seen), Fix(Act.END_SESSIONS, "End its sessions")),
        for_developer=f"{seen.installation} begins more than {most} sessions at once, and each new one ends the least "
        "recently used. Let a client keep its session token, and exchange again only after a call was answered 401.",
        for_customer=f"{seen.application} is used by more than {most} programs at once, or gets a new session for "
        f"every call. Ask {seen.developer}.",
        tone="waiting",
    )


def _goes_on_capping(seen: Evidence, last: datetime) -> bool:
    """Unless somebody has ended them all since."""
    if last <= seen.now - CAPPED_LATELY:
        return False
    ended = seen.last_act(kinds.SESSIONS_ENDED)
    return ended is None or ended.at < last


def never_connected(seen: Evidence) -> LikelyCause | None:
    row = seen.installation
    has_begun = row.first_exchange_at or seen.sessions
    if has_begun or not row.is_live or row.is_pending or row.installed_at > seen.now - CONNECTS_WITHIN:
        return None
    sent = seen.telling_postback
    told = f"{seen.application} was installed on {seen.account} on {moment_in_words(row.installed_at)}"
    if sent:
        has_it = f"its permanent token was sent to {sent.host}" if seen.has_its_token else ""
        fixes, at = (tell_developer(seen), tell_customer(seen)), sent.host
        where = (
            f"The permanent token was delivered to {at} {on(connecting.arrival(sent))}: {seen.developer} has it."
            if has_it
            else f"The permanent token has not arrived at {at}."
        )
    else:
        has_it, fixes = "", (tell_customer(seen), tell_developer(seen))
        where = f"The permanent token was shown to the person who installed it. {seen.developer} may never have got it."
    return LikelyCause(
        sentence=f"It was installed {on(row.installed_at)}, and has never connected.",
        evidence=tuple(line for line in (where, _nameless(seen)) if line),
        fixes=fixes,
        for_developer=f"{told}, and has never connected. "
        + (
            f"{has_it[0].upper()}{has_it[1:]}. Make sure that your program exchanges it."
            if has_it
            else f"The Installations page of {seen.application} has its permanent token."
        ),
        for_customer=f"{told}, and has never connected. "
        + (
            f"{seen.developer} has its permanent token: ask them what is missing."
            if has_it
            else f"Give {seen.developer} the permanent token: My apps, {seen.application}, Reveal."
        ),
        tone="waiting",
    )


def _nameless(seen: Evidence) -> str:
    """What may be of it, and is proven of nobody."""
    if not seen.nameless:
        return ""
    number = counted(seen.nameless, "request was", "requests were")
    return (
        f"In the last two days, {number} refused that came from a client of {seen.application} and named no "
        "installation: they may be this one's (named, not proven)."
    )
