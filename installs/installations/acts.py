"""Who may do what to an installation in which state: the one table. Services ask it, the statements of the exchange are
made of it, and a test reads it aloud."""

from dataclasses import dataclass
from enum import StrEnum

from installs.models import Installation
from linnapp.actors import Actor, refuse_unless_staff
from linnapp.errors import NotPossible
from linnapp.models import Account


class Who(StrEnum):
    """`MANAGER` is whoever may install on the account: its Owner, on the application's own account its Developers
    too. `PUBLISHER` is the team of the application's account."""

    CLIENT = "client program"
    MANAGER = "manager"
    PUBLISHER = "publisher"
    STAFF = "staff"


class Standing(StrEnum):
    """What stands of an installation. Suspensions are facts beside the state, and several may stand at once. `account`
    is the one that it is installed on, `publisher` the one that makes its application."""

    PENDING = "pending"
    ACTIVE = "active"
    FAILED = "failed"
    UNINSTALLED = "uninstalled"
    SUSPENDED_BY_ACCOUNT = "suspended by the account"
    SUSPENDED_BY_STAFF = "suspended by staff"
    APPLICATION_SUSPENDED = "application suspended"
    ACCOUNT_SUSPENDED = "account suspended"
    PUBLISHER_SUSPENDED = "publisher suspended"
    APPLICATION_RETIRED = "application retired"


class Act(StrEnum):
    EXCHANGE = "exchange the permanent token"
    CALL = "call with a session token"
    AUTHORISE_AGAIN = "authorise again"
    REVEAL = "reveal the permanent token"
    UPDATE = "update"
    GO_BACK = "go back to the version before"
    SWITCH = "switch to another version"
    SUSPEND = "suspend"
    RESUME = "resume"
    UNINSTALL = "uninstall"
    ROTATE = "rotate the permanent token"
    END_OLD_TOKEN = "end the old permanent token"
    END_SESSIONS = "end sessions"
    SUSPEND_BY_STAFF = "suspend by staff"
    RESUME_BY_STAFF = "resume by staff"


S = Standing
OF_ACCOUNTS = {S.ACCOUNT_SUSPENDED, S.PUBLISHER_SUSPENDED}
SUSPENSIONS = {S.SUSPENDED_BY_ACCOUNT, S.SUSPENDED_BY_STAFF, S.APPLICATION_SUSPENDED} | OF_ACCOUNTS
HELD = SUSPENSIONS | {S.ACTIVE}
# Nothing of a suspended account moves, on either side of it.
MOVED = HELD - OF_ACCOUNTS


@dataclass(frozen=True)
class Rule:
    """The act is possible where all that stands is in `under`, and something of `needs` stands, if it needs any."""

    who: frozenset[Who]
    under: frozenset[Standing]
    needs: frozenset[Standing] = frozenset()


def _rule(who: set[Who], under: set[Standing], needs: Standing | None = None) -> Rule:
    return Rule(frozenset(who), frozenset(under), frozenset({needs} if needs else ()))


RULES: dict[Act, Rule] = {
    Act.EXCHANGE: _rule({Who.CLIENT}, {S.PENDING, S.ACTIVE}),
    Act.CALL: _rule({Who.CLIENT}, {S.PENDING, S.ACTIVE}),
    Act.AUTHORISE_AGAIN: _rule({Who.MANAGER}, {S.PENDING, S.ACTIVE, S.SUSPENDED_BY_ACCOUNT, S.SUSPENDED_BY_STAFF}),
    Act.REVEAL: _rule({Who.MANAGER, Who.PUBLISHER, Who.STAFF}, HELD | {S.PENDING}),
    Act.UPDATE: _rule({Who.MANAGER}, MOVED),
    Act.GO_BACK: _rule({Who.MANAGER}, MOVED),
    Act.SWITCH: _rule({Who.MANAGER}, MOVED),
    Act.SUSPEND: _rule({Who.MANAGER}, HELD - {S.SUSPENDED_BY_ACCOUNT}),
    Act.RESUME: _rule({Who.MANAGER}, HELD, S.SUSPENDED_BY_ACCOUNT),
    Act.UNINSTALL: _rule({Who.MANAGER}, HELD | {S.PENDING}),
    Act.ROTATE: _rule({Who.MANAGER, Who.PUBLISHER, Who.STAFF}, HELD),
    Act.END_OLD_TOKEN: _rule({Who.MANAGER, Who.PUBLISHER, Who.STAFF}, HELD),
    Act.END_SESSIONS: _rule({Who.MANAGER, Who.PUBLISHER, Who.STAFF}, HELD | {S.PENDING}),
    Act.SUSPEND_BY_STAFF: _rule({Who.STAFF}, HELD - {S.SUSPENDED_BY_STAFF} | {S.PENDING}),
    Act.RESUME_BY_STAFF: _rule({Who.STAFF}, HELD | {S.PENDING}, S.SUSPENDED_BY_STAFF),
}
WORDS = {
    S.PENDING: "{it} is still waiting for its endpoint's answer.",
    S.FAILED: "{it} failed, and its permanent token stopped working then.",
    S.UNINSTALLED: "{it} is uninstalled, and its permanent token stopped working then.",
    S.SUSPENDED_BY_ACCOUNT: "{it} is already suspended by the account.",
    S.SUSPENDED_BY_STAFF: "{it} has been suspended by this portal's staff.",
    S.APPLICATION_SUSPENDED: "{it} is suspended, because its application is suspended everywhere.",
    S.ACCOUNT_SUSPENDED: "{account} has been suspended by this portal's staff, and its applications stay as they "
    "are until they lift the suspension.",
    S.PUBLISHER_SUSPENDED: "{publisher}, the developer of {application}, has been suspended by this portal's staff. "
    "The application stays as it is until they lift the suspension.",
    S.APPLICATION_RETIRED: "{it} is retired.",
}


def standing(installation: Installation) -> frozenset[Standing]:
    """All that stands of a row as it was read, with its application and both accounts."""
    application = installation.application
    state = S.ACTIVE
    if installation.has_failed:
        state = S.FAILED
    elif installation.state != Installation.State.ACTIVE:
        state = Standing(installation.state.lower())
    facts = {
        S.SUSPENDED_BY_ACCOUNT: installation.suspended_by_account_at,
        S.SUSPENDED_BY_STAFF: installation.suspended_by_staff_at,
        S.APPLICATION_SUSPENDED: application.suspended_by_staff_at,
        S.ACCOUNT_SUSPENDED: installation.account.suspended_by_staff_at,
        S.PUBLISHER_SUSPENDED: application.account.suspended_by_staff_at,
        S.APPLICATION_RETIRED: application.retired_at,
    }
    return frozenset({state} | {name for name, at in facts.items() if at})


def is_possible(act: Act, installation: Installation) -> bool:
    rule, stands = RULES[act], standing(installation)
    return stands <= rule.under and (not rule.needs or bool(rule.needs & stands))


def who_is(by: Actor, installation: Installation) -> frozenset[Who]:
    """All that somebody is to an installation: staff are nothing else, whatever seats they have besides."""
    if by.is_staff:
        return frozenset({Who.STAFF})
    publisher = installation.application.account_id
    found = set()
    if Account.objects.installable_by(by.reader, publisher).filter(pk=installation.account_id).exists():
        found.add(Who.MANAGER)
    if Account.objects.with_seat_of(by.reader).filter(pk=publisher).exists():
        found.add(Who.PUBLISHER)
    return frozenset(found)


def refuse_others(act: Act, installation: Installation, *, by: Actor) -> None:
    """Raises NotPossible for whoever may not do this, however it stands."""
    allowed = RULES[act].who
    if allowed == {Who.STAFF} or (by.is_staff and Who.STAFF in allowed):
        refuse_unless_staff(by)
    if not allowed & who_is(by, installation):
        raise NotPossible(f"Only an Owner of {installation.account} can do this.")


def refuse_unless_possible(act: Act, installation: Installation, *, by: Actor) -> None:
    """Raises NotPossible for whoever may not, and else with what stands in the way."""
    refuse_others(act, installation, by=by)
    if is_possible(act, installation):
        return
    rule = RULES[act]
    in_the_way = sorted(standing(installation) - rule.under, key=list(Standing).index)
    words = WORDS[in_the_way[0]] if in_the_way else "{it} is not suspended by you, so there is nothing to resume."
    application = installation.application
    named = {"account": installation.account, "application": application, "publisher": application.account}
    raise NotPossible(words.format(it=installation, **named))


def refuse_without_reason(by: Actor) -> None:
    """Raises NotPossible for staff who give none, of what others may do without one."""
    if by.is_staff and not by.reason.strip():
        raise NotPossible("Write the reason. The customer and the developer read it.")


# The same rules for statements that read many rows, or hold them: what lets a token work is written here once.
_COLUMNS = {
    S.SUSPENDED_BY_ACCOUNT: ("installation", "suspended_by_account_at"),
    S.SUSPENDED_BY_STAFF: ("installation", "suspended_by_staff_at"),
    S.APPLICATION_SUSPENDED: ("application", "suspended_by_staff_at"),
    S.ACCOUNT_SUSPENDED: ("account", "suspended_by_staff_at"),
    S.PUBLISHER_SUSPENDED: ("publisher", "suspended_by_staff_at"),
    S.APPLICATION_RETIRED: ("application", "retired_at"),
}


def _states(act: Act) -> list[str]:
    return [state for state in Installation.State.values if Standing(state.lower()) in RULES[act].under]


def _in_the_way(act: Act) -> list[tuple[str, str]]:
    return [column for fact, column in _COLUMNS.items() if fact not in RULES[act].under]


def as_sql(act: Act, *, installation: str, application: str, account: str, publisher: str) -> str:
    """A condition over tables under these aliases, for an act that needs nothing to stand. That a pending
    installation's time is up, its permanent token's end tells."""
    alias = {"installation": installation, "application": application, "account": account, "publisher": publisher}
    states = ", ".join(f"'{state}'" for state in _states(act))
    facts = [f"{alias[table]}.{name} IS NULL" for table, name in _in_the_way(act)]
    return " AND ".join([f"{installation}.state IN ({states})", *facts])
