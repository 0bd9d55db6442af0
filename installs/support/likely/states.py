"""Causes that stand in the rows themselves: suspended, retired, failed, waiting, over, on a withdrawn version."""

from datetime import datetime

from installs.exchange.refusals import Reason
from installs.installations import kinds
from installs.models import Installation
from installs.support.acts import Act
from installs.support.likely.causes import Fix, LikelyCause
from installs.support.likely.evidence import WITH_A_DEAD_TOKEN, Evidence, who
from installs.support.likely.words import ended, how_often, on, since_when
from linnapp.actors import Side
from linnapp.kinds import Kind
from linnapp.words import moment_in_words

# The kind that the pages of an application record.
WITHDRAWN = "VERSION_WITHDRAWN"


def tell_customer(seen: Evidence) -> Fix:
    return Fix(Act.TELL_CUSTOMER, f"Tell {seen.account}")


def tell_developer(seen: Evidence) -> Fix:
    return Fix(Act.TELL_DEVELOPER, f"Tell {seen.developer}")


def application_suspended(seen: Evidence) -> LikelyCause | None:
    at, reason = seen.application.suspended_by_staff_at, seen.application.suspension_reason
    if not (at and seen.installation.is_live):
        return None
    told = f"{seen.application} has been suspended everywhere by this portal's staff since {moment_in_words(at)}."
    return LikelyCause(
        sentence=f"{seen.application} is suspended everywhere{_by(seen, at, kinds.APPLICATION_SUSPENDED)}.",
        evidence=_evidence(seen, reason, "Only staff can resume it, in the admin.", Reason.APPLICATION_SUSPENDED),
        fixes=(tell_developer(seen), tell_customer(seen)),
        for_developer=_with_reason(told, reason),
        for_customer=_with_reason(told, reason),
        tone="suspended",
    )


def account_suspended(seen: Evidence) -> LikelyCause | None:
    at, reason = seen.account.suspended_by_staff_at, seen.account.suspension_reason
    if not (at and seen.installation.is_live):
        return None
    told = f"{seen.account} has been suspended by this portal's staff since {moment_in_words(at)}"
    by = _by(seen, at, kinds.ACCOUNT_SUSPENDED, kinds.PUBLISHER_SUSPENDED)
    return LikelyCause(
        sentence=f"{seen.account} is suspended with all its applications{by}.",
        evidence=_evidence(
            seen,
            reason,
            "Only staff can resume it, in the admin.",
            Reason.ACCOUNT_SUSPENDED,
            Reason.PUBLISHER_SUSPENDED,
        ),
        fixes=(tell_customer(seen),),
        # The reason is the account's own to read.
        for_developer=f"{told}: {seen.application} cannot work there until they lift the suspension.",
        for_customer=_with_reason(f"{told}, with all its applications.", reason),
        tone="suspended",
    )


def developer_suspended(seen: Evidence) -> LikelyCause | None:
    at, reason = seen.developer.suspended_by_staff_at, seen.developer.suspension_reason
    if not (at and seen.installation.is_live) or seen.installation.is_on_own_account:
        return None
    told = f"{seen.developer} has been suspended by this portal's staff since {moment_in_words(at)}"
    return LikelyCause(
        sentence=f"{seen.developer}, the developer of {seen.application}, is suspended"
        f"{_by(seen, at, kinds.PUBLISHER_SUSPENDED)}.",
        evidence=_evidence(seen, reason, "Only staff can resume it, in the admin.", Reason.PUBLISHER_SUSPENDED),
        fixes=(tell_developer(seen), tell_customer(seen)),
        for_developer=_with_reason(f"{told}, with all its applications.", reason),
        for_customer=f"{told}: its application {seen.application} does not work until they lift the suspension.",
        tone="suspended",
    )


def suspended_by_staff(seen: Evidence) -> LikelyCause | None:
    at, reason = seen.installation.suspended_by_staff_at, seen.installation.suspension_reason
    if not (at and seen.installation.is_live):
        return None
    told = f"{seen.installation} has been suspended by this portal's staff since {moment_in_words(at)}."
    return LikelyCause(
        sentence=f"Staff suspended this installation{_by(seen, at, kinds.INSTALLATION_SUSPENDED)}.",
        evidence=_evidence(seen, reason, "Only staff can resume it.", Reason.SUSPENDED_BY_STAFF),
        fixes=(Fix(Act.RESUME, "Resume"), tell_customer(seen)),
        for_developer=_with_reason(told, reason),
        for_customer=_with_reason(told, reason),
        tone="suspended",
    )


def suspended_by_account(seen: Evidence) -> LikelyCause | None:
    at = seen.installation.suspended_by_account_at
    if not (at and seen.installation.is_live):
        return None
    told = f"{seen.account} suspended {seen.application} on {moment_in_words(at)}."
    return LikelyCause(
        sentence=f"{seen.account} suspended this installation{_by(seen, at, kinds.INSTALLATION_SUSPENDED)}.",
        evidence=_evidence(seen, "", f"Only {seen.account} can resume it, under My apps.", Reason.SUSPENDED_BY_ACCOUNT),
        fixes=(tell_customer(seen),),
        for_developer=f"{told} Only {seen.account} can resume it.",
        for_customer=f"{told} An Owner can resume it: My apps, {seen.application}, Resume.",
        tone="suspended",
    )


def _by(seen: Evidence, at: datetime, *told_as: Kind) -> str:
    """By whom and when; without a name where the entry is of another suspension than the one that stands."""
    entry = seen.last_act(*told_as)
    same = entry is not None and abs((entry.at - at).total_seconds()) < 60
    return f": {who(entry, Side.STAFF)}, {on(at)}" if same else f" since {since_when(at)}"


def _evidence(seen: Evidence, reason: str, lifts: str, *refused_as: Reason) -> tuple[str, ...]:
    found = seen.refused(*refused_as)
    lines = (f"The reason: {ended(reason)}" if reason else "", lifts, how_often(found) if found else "")
    return tuple(line for line in lines if line)


def _with_reason(told: str, reason: str) -> str:
    return f"{told} The reason: {ended(reason)}" if reason else told


def application_retired(seen: Evidence) -> LikelyCause | None:
    at = seen.application.retired_at
    if at is None:
        return None
    found = seen.refused(Reason.APPLICATION_RETIRED)
    told = f"{seen.application} was retired on {moment_in_words(at)}: its credentials no longer work."
    return LikelyCause(
        sentence=f"{seen.application} was retired {on(at)}: its credentials no longer work.",
        evidence=(how_often(found),) if found else (),
        fixes=(tell_customer(seen),),
        reference=found.reference if found else "",
        for_developer=told,
        for_customer=f"{told} Ask {seen.developer} what replaces it.",
    )


def installation_failed(seen: Evidence) -> LikelyCause | None:
    row = seen.installation
    if not row.has_failed or _live_one(seen):
        return None
    at = row.failed_at or row.waits_until
    endpoint = seen.postbacks[0].host if seen.postbacks else "the endpoint"
    again = f"{seen.account} can install it again once {endpoint} answers 200."
    told = f"The installation of {seen.application} on {seen.account} failed: {ended(row.why_failed)}"
    return LikelyCause(
        sentence=f"The installation failed {on(at)}: {ended(row.why_failed)}",
        evidence=(f"Its permanent token no longer works: {again}", *_refused(seen, Reason.INSTALLATION_FAILED)),
        fixes=(tell_developer(seen), tell_customer(seen)),
        for_developer=f"{told} {again}",
        for_customer=f"{told} Install it again once {seen.developer} has fixed its endpoint.",
    )


def waits_for_200(seen: Evidence) -> LikelyCause | None:
    if not seen.installation.is_pending:
        return None
    return LikelyCause(
        sentence=f"It is waiting for the endpoint of {seen.developer} to answer its postback with 200.",
        evidence=(f"It fails {on(seen.installation.waits_until)} if there is no such answer.",),
        for_developer=f"The installation of {seen.installation} is waiting for your endpoint to answer its "
        "postback with exactly 200.",
        for_customer=f"The installation waits for {seen.developer}'s server to answer. This takes a minute at most.",
        tone="waiting",
    )


def installed_again(seen: Evidence) -> LikelyCause | None:
    """Seen from the one that is over, and from the one that lives while the permanent token before is still sent."""
    found = seen.refused(*WITH_A_DEAD_TOKEN)
    live = _live_one(seen)
    if live:
        over, sentence = seen.installation, f"It was installed again {on(live.installed_at)}: this one has ended."
    elif found and seen.installation.is_live and found.newest.installation_id != seen.installation.pk:
        before = {row.pk: row for row in seen.others}
        over = before[found.newest.installation_id or seen.installation.pk]
        sentence = "Its client still sends the permanent token of the installation before this one."
    else:
        return None
    ended_at = over.uninstalled_at or over.failed_at or over.waits_until
    how = "was uninstalled" if over.state == Installation.State.UNINSTALLED else "failed"
    # That this one is over is no fault by itself.
    sent, unsent = "The permanent token that was sent stopped working then.", "Its permanent token no longer works."
    still = sent if found else unsent
    return LikelyCause(
        sentence=sentence,
        evidence=(f"The one before {how} {on(ended_at)}. {still}", *(_refused(seen, *WITH_A_DEAD_TOKEN))),
        fixes=(tell_developer(seen),),
        reference=found.reference if found else "",
        for_developer=f"{seen.application} was uninstalled from {seen.account} and installed again. Give its client "
        "the permanent token of the new installation, from the Installations page of the application.",
        for_customer=f"{seen.application} was uninstalled and installed again, and {seen.developer}'s program may "
        f"still use the permanent token from before. Give {seen.developer} the new one: My apps has it.",
        elsewhere=live.pk if live else over.pk,
    )


def uninstalled(seen: Evidence) -> LikelyCause | None:
    row = seen.installation
    if row.state != Installation.State.UNINSTALLED or _live_one(seen):
        return None
    entry = seen.last_act(kinds.UNINSTALLED)
    by = f" by {who(entry, Side.STAFF)}" if entry else ""
    told = (
        f"{seen.application} was uninstalled from {seen.account} on {moment_in_words(row.uninstalled_at or seen.now)}"
    )
    found = seen.refused(Reason.UNINSTALLED)
    return LikelyCause(
        sentence=f"It was uninstalled {on(row.uninstalled_at)}{by}.",
        evidence=(
            f"Its permanent token no longer works: to get a new one, {seen.account} has to install it again.",
            *_refused(seen, Reason.UNINSTALLED),
        ),
        fixes=(tell_customer(seen),),
        reference=found.reference if found else "",
        for_developer=f"{told}, and its permanent token stopped working then.",
        for_customer=f"{told}. To use it again, install it again.",
    )


def _live_one(seen: Evidence) -> Installation | None:
    """The one that lives, where this one is over."""
    return None if seen.installation.is_live else next((row for row in seen.others if row.is_live), None)


def _refused(seen: Evidence, *reasons: Reason) -> tuple[str, ...]:
    found = seen.refused(*reasons)
    return (how_often(found),) if found else ()


def version_withdrawn(seen: Evidence) -> LikelyCause | None:
    version = seen.installation.version
    if version.withdrawn_at is None or not seen.installation.is_live:
        return None
    entry = seen.last_act(WITHDRAWN)
    reason = f"The reason: {ended(entry.reason)}" if entry and entry.reason else ""
    newest = seen.application.versions.the_latest()
    leads = f"{seen.account} can move to {newest.label} under My apps." if newest else "There is no other version."
    return LikelyCause(
        sentence=f"It is on version {version.label}, which was withdrawn {on(version.withdrawn_at)}.",
        evidence=tuple(line for line in (reason, "It keeps working as it is.", leads) if line),
        fixes=(tell_customer(seen) if newest else tell_developer(seen),),
        for_developer=f"{seen.account} is on version {version.label} of {seen.application}, which was withdrawn. "
        f"{leads}",
        for_customer=f"{seen.account} has version {version.label} of {seen.application}, which {seen.developer} "
        f"withdrew. {leads}",
        tone="waiting",
    )
