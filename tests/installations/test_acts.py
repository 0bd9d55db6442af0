"""Who may do what to an installation in which state: the table as it is read, and the services as they act."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from installs.installations import acts, lifecycle, moving, rotating, session_ends, suspending
from installs.installations.acts import RULES, Act, Standing, Who
from installs.models import Installation, PermanentToken, Session
from linnapp import credentials
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, User, Version
from linnapp.timeline import Side
from tests.kit.consenting import external, release
from tests.kit.people import acting

S = Standing
STATES = (S.PENDING, S.ACTIVE, S.FAILED, S.UNINSTALLED)
FACTS = (S.SUSPENDED_BY_ACCOUNT, S.SUSPENDED_BY_STAFF, S.APPLICATION_SUSPENDED)
# Those of whole accounts: alone, both, and beside one that is lifted by somebody else.
OF_ACCOUNTS = (
    (S.ACCOUNT_SUSPENDED,),
    (S.PUBLISHER_SUSPENDED,),
    (S.ACCOUNT_SUSPENDED, S.PUBLISHER_SUSPENDED),
    (S.ACCOUNT_SUSPENDED, S.SUSPENDED_BY_ACCOUNT),
    (S.PUBLISHER_SUSPENDED, S.SUSPENDED_BY_STAFF),
)
SETS = [chosen for number in range(len(FACTS) + 1) for chosen in itertools.combinations(FACTS, number)]
# Every state with every set of suspensions that can stand beside it; what is over has none that matters.
WAYS = [
    frozenset({state, *chosen})
    for state in STATES
    for chosen in (*SETS, *OF_ACCOUNTS)
    if not chosen or state in (S.PENDING, S.ACTIVE)
]
# An account suspends what is active only: one that waits is over within a minute, one way or the other.
WAYS = [way for way in WAYS if not {S.PENDING, S.SUSPENDED_BY_ACCOUNT} <= way]

# The table, as the product says it. `+` is possible in every state of the column's kind.
EXPECTED = """
act                              pending active account staff application customer publisher failed uninstalled
exchange the permanent token     yes     yes    no      no    no          no       no        no     no
call with a session token        yes     yes    no      no    no          no       no        no     no
authorise again                  yes     yes    yes     yes   no          no       no        no     no
reveal the permanent token       yes     yes    yes     yes   yes         yes      yes       no     no
update                           no      yes    yes     yes   yes         no       no        no     no
go back to the version before    no      yes    yes     yes   yes         no       no        no     no
switch to another version        no      yes    yes     yes   yes         no       no        no     no
suspend                          no      yes    no      yes   yes         yes      yes       no     no
resume                           no      no     yes     no    no          no       no        no     no
uninstall                        yes     yes    yes     yes   yes         yes      yes       no     no
rotate the permanent token       no      yes    yes     yes   yes         yes      yes       no     no
end the old permanent token      no      yes    yes     yes   yes         yes      yes       no     no
end sessions                     yes     yes    yes     yes   yes         yes      yes       no     no
suspend by staff                 yes     yes    yes     no    yes         yes      yes       no     no
resume by staff                  no      no     no      yes   no          no       no        no     no
"""
COLUMNS: dict[str, frozenset[Standing]] = {
    "pending": frozenset({S.PENDING}),
    "active": frozenset({S.ACTIVE}),
    "account": frozenset({S.ACTIVE, S.SUSPENDED_BY_ACCOUNT}),
    "staff": frozenset({S.ACTIVE, S.SUSPENDED_BY_STAFF}),
    "application": frozenset({S.ACTIVE, S.APPLICATION_SUSPENDED}),
    "customer": frozenset({S.ACTIVE, S.ACCOUNT_SUSPENDED}),
    "publisher": frozenset({S.ACTIVE, S.PUBLISHER_SUSPENDED}),
    "failed": frozenset({S.FAILED}),
    "uninstalled": frozenset({S.UNINSTALLED}),
}


def put(installation: Installation, way: frozenset[Standing], sam: User) -> Installation:
    """Puts the installation into these states, by rows: how it got there is not the question here."""
    now = timezone.now()
    state = next(state for state in STATES if state in way)
    waits_until = now + timedelta(minutes=1) if state == S.PENDING else None
    Installation.objects.filter(pk=installation.pk).update(
        state=state.upper(),
        waits_until=waits_until,
        suspended_by_account_at=now if S.SUSPENDED_BY_ACCOUNT in way else None,
        suspended_by_staff_at=now if S.SUSPENDED_BY_STAFF in way else None,
    )
    Application.objects.filter(pk=installation.application_id).update(
        suspended_by_staff_at=now if S.APPLICATION_SUSPENDED in way else None
    )
    put_accounts(installation, way)
    over = state in (S.FAILED, S.UNINSTALLED)
    PermanentToken.objects.filter(installation=installation).update(ends_at=now if over else waits_until)
    return Installation.objects.with_its_facts().get(pk=installation.pk)


def put_accounts(installation: Installation, way: frozenset[Standing]) -> None:
    """On the application's own account the two are one."""
    row = Installation.objects.with_its_facts().get(pk=installation.pk)
    accounts = {S.ACCOUNT_SUSPENDED: row.account_id, S.PUBLISHER_SUSPENDED: row.application.account_id}
    Account.objects.filter(pk__in=accounts.values()).update(suspended_by_staff_at=None)
    suspended = [account for fact, account in accounts.items() if fact in way]
    Account.objects.filter(pk__in=suspended).update(suspended_by_staff_at=timezone.now())


def rows_of_table() -> list[tuple[Act, str, bool]]:
    head, *lines = EXPECTED.strip().splitlines()
    names = head.split()[1:]
    found = []
    for line in lines:
        act, answers = line[:33].strip(), line[33:].split()
        found += [(Act(act), name, answer == "yes") for name, answer in zip(names, answers, strict=True)]
    return found


def test_every_act_stands_in_the_table() -> None:
    assert {act for act, _, _ in rows_of_table()} == set(Act) == set(RULES)


@pytest.mark.parametrize(("act", "column", "possible"), rows_of_table())
def test_the_table(act: Act, column: str, possible: bool, installation: Installation, sam: User) -> None:
    row = put(installation, COLUMNS[column], sam)
    assert acts.standing(row) == COLUMNS[column]
    assert acts.is_possible(act, row) is possible


@pytest.mark.parametrize(
    ("act", "column", "words"),
    [
        (Act.UPDATE, "pending", "is still waiting for its endpoint's answer."),
        (Act.ROTATE, "pending", "is still waiting for its endpoint's answer."),
        (Act.SUSPEND, "account", "is already suspended by the account."),
        (Act.SUSPEND_BY_STAFF, "staff", "has been suspended by this portal's staff."),
        (Act.AUTHORISE_AGAIN, "application", "is suspended, because its application is suspended everywhere."),
        (Act.REVEAL, "failed", "failed, and its permanent token stopped working then."),
        (Act.UNINSTALL, "uninstalled", "is uninstalled, and its permanent token stopped working then."),
        (Act.RESUME, "active", "is not suspended by you, so there is nothing to resume."),
    ],
)
def test_what_stands_in_the_way_is_said(
    act: Act, column: str, words: str, installation: Installation, carol: User, sam: User
) -> None:
    row = put(installation, COLUMNS[column], sam)
    with pytest.raises(NotPossible) as refusal:
        acts.refuse_unless_possible(act, row, by=acting(sam if RULES[act].who == {Who.STAFF} else carol))
    assert str(refusal.value) == f"{row} {words}"


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("customer", "Carol's Cakes has been suspended by this portal's staff, and its applications stay as they are"),
        (
            "publisher",
            "Northwind, the developer of Stock Bridge, has been suspended by this portal's staff.",
        ),
    ],
)
def test_whose_account_is_suspended_is_said(
    column: str, words: str, installation: Installation, carol: User, sam: User
) -> None:
    row = put(installation, COLUMNS[column], sam)
    for act in (Act.AUTHORISE_AGAIN, Act.UPDATE, Act.GO_BACK, Act.SWITCH):
        with pytest.raises(NotPossible) as refusal:
            acts.refuse_unless_possible(act, row, by=acting(carol))
        assert str(refusal.value).startswith(words)


@pytest.mark.parametrize("act", [act for act, rule in RULES.items() if rule.who != {Who.CLIENT}])
def test_nothing_is_possible_once_the_application_is_retired(
    act: Act, installation: Installation, carol: User, sam: User
) -> None:
    Application.objects.filter(pk=installation.application_id).update(retired_at=timezone.now())
    row = Installation.objects.with_its_facts().get(pk=installation.pk)
    assert acts.standing(row) == {S.ACTIVE, S.APPLICATION_RETIRED}
    with pytest.raises(NotPossible) as refusal:
        acts.refuse_unless_possible(act, row, by=acting(sam if RULES[act].who == {Who.STAFF} else carol))
    assert str(refusal.value) == f"{row} is retired."


def test_what_begins_a_session_asserts_each_state_and_suspension() -> None:
    """Between deciding and beginning each of them may change: only races would show that one is left out."""
    aliases = {"installation": "i", "application": "a", "account": "c", "publisher": "p"}
    assert acts.as_sql(Act.EXCHANGE, **aliases).split(" AND ") == [
        "i.state IN ('PENDING', 'ACTIVE')",
        "i.suspended_by_account_at IS NULL",
        "i.suspended_by_staff_at IS NULL",
        "a.suspended_by_staff_at IS NULL",
        "c.suspended_by_staff_at IS NULL",
        "p.suspended_by_staff_at IS NULL",
        "a.retired_at IS NULL",
    ]


EXCHANGED = {S.PENDING, S.ACTIVE}
Attempt = Callable[[Any, User, User, Version], object]


def authorise_again(row: Installation, manager: User, sam: User, latest: Version) -> object:
    """What is over is not authorised again: it is installed anew."""
    version = row.version if acts.is_possible(Act.AUTHORISE_AGAIN, row) else latest
    return not lifecycle.install(row.application, account=row.account, version=version, by=acting(manager)).created


SERVICES: dict[Act, Attempt] = {
    Act.AUTHORISE_AGAIN: authorise_again,
    Act.GO_BACK: lambda row, manager, sam, latest: moving.go_back(row, to=row.previous_version, by=acting(manager)),
    Act.SWITCH: lambda row, manager, sam, latest: moving.switch(row, to=latest, by=acting(manager)),
    Act.REVEAL: lambda row, manager, sam, latest: lifecycle.reveal_token(
        row,
        by=acting(manager, Side.CUSTOMER),
    ),
    Act.UPDATE: lambda row, manager, sam, latest: moving.update(row, to=latest, by=acting(manager)),
    Act.SUSPEND: lambda row, manager, sam, latest: suspending.suspend(row, by=acting(manager)),
    Act.RESUME: lambda row, manager, sam, latest: suspending.resume(row, by=acting(manager)),
    Act.UNINSTALL: lambda row, manager, sam, latest: lifecycle.uninstall(row, by=acting(manager)),
    Act.ROTATE: lambda row, manager, sam, latest: rotating.rotate(row, by=acting(manager, reason="R.")),
    Act.END_OLD_TOKEN: lambda row, manager, sam, latest: rotating.end_old_token(row, by=acting(manager, reason="R.")),
    Act.END_SESSIONS: lambda row, manager, sam, latest: session_ends.end_sessions(row, by=acting(manager, reason="R.")),
    Act.SUSPEND_BY_STAFF: lambda row, manager, sam, latest: suspending.suspend_by_staff(
        row, by=acting(sam, reason="R.")
    ),
    Act.RESUME_BY_STAFF: lambda row, manager, sam, latest: suspending.resume_by_staff(row, by=acting(sam, reason="R.")),
}


@pytest.fixture
def latest(application: Application, version: Version, alice: User) -> Version:
    return release(application, (1, 1, 0), external(moduleName="Newer"), alice)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "+".join(sorted(way)))
@pytest.mark.parametrize("act", SERVICES)
def test_a_service_does_what_the_table_says_and_leaves_no_session_on_what_is_not_active(
    act: Act, way: frozenset[Standing], installation: Installation, latest: Version, carol: User, alice: User, sam: User
) -> None:
    ready(installation, act, latest)
    row = put(installation, way, sam)
    if way <= EXCHANGED:
        begin_session(row)
    may = acts.is_possible(act, row)
    try:
        changed = SERVICES[act](row, alice if act == Act.SWITCH else carol, sam, latest)
    except NotPossible:
        assert not may
    else:
        assert may or changed is False
    left = acts.standing(Installation.objects.with_its_facts().get(pk=row.pk))
    assert left <= EXCHANGED or not Session.objects.live().exists()


def ready(installation: Installation, act: Act, latest: Version) -> None:
    """There is a version to go back to, or an old permanent token; and a version is chosen on the application's own
    account only."""
    if act == Act.END_OLD_TOKEN:
        rotating.rotate(installation, by=acting(installation.account.owners()[0]))
    rows = Installation.objects.filter(pk=installation.pk)
    if act == Act.GO_BACK:
        rows.update(version=latest, previous_version=installation.version, moved_at=timezone.now())
    if act == Act.SWITCH:
        rows.update(account=installation.application.account)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "+".join(sorted(way)))
def test_a_client_program_exchanges_and_calls_where_the_table_says_so(
    way: frozenset[Standing], client: Client, installation: Installation, sam: User
) -> None:
    """Over the wire, and with a session that some fault left behind."""
    row = put(installation, way, sam)
    sent = {
        "ApplicationId": str(row.application_id),
        "ApplicationSecret": row.application.secrets.get().value(),
        "Token": row.permanent_tokens.get().value(),
    }
    exchanged = client.post("/api/Auth/AuthorizeByApplication", sent, content_type="application/json")
    assert exchanged.status_code == (200 if acts.is_possible(Act.EXCHANGE, row) else 400)
    begin_session(row)
    called = client.get("/api/Inventory/GetStockLocations", headers={"Authorization": SESSION_TOKEN})
    assert called.status_code == (200 if acts.is_possible(Act.CALL, row) else 401)


MANAGERS = [act for act, rule in RULES.items() if Who.MANAGER in rule.who]


@pytest.mark.parametrize("person", ["alice", "bob", "dave", "eve", "sam", "paula"])
@pytest.mark.parametrize("act", MANAGERS)
def test_what_a_manager_may_nobody_else_may(
    act: Act, person: str, installation: Installation, latest: Version, request: pytest.FixtureRequest, sam: User
) -> None:
    if act != Act.SWITCH:
        ready(installation, act, latest)
    needs = {S.SUSPENDED_BY_ACCOUNT} if act == Act.RESUME else set()
    row = put(installation, frozenset({S.ACTIVE} | needs), sam)
    assert acts.is_possible(act, row)
    by = request.getfixturevalue(person)
    besides = {Who.PUBLISHER: ("alice", "bob"), Who.STAFF: ("sam", "paula")}
    if act == Act.REVEAL:
        # Only from within the account, by a permission of its own: tests/people/test_staff_access.py.
        del besides[Who.STAFF]
    if any(who in RULES[act].who and person in people for who, people in besides.items()):
        SERVICES[act](row, by, sam, latest)
        return
    before = Installation.objects.values().get()
    with pytest.raises(NotPossible):
        SERVICES[act](row, by, sam, latest)
    assert Installation.objects.values().get() == before


STAFFS = [act for act, rule in RULES.items() if rule.who == {Who.STAFF}]


@pytest.mark.parametrize("person", ["alice", "bob", "carol", "dave", "eve"])
@pytest.mark.parametrize("act", STAFFS)
def test_what_staff_may_nobody_else_may(
    act: Act, person: str, installation: Installation, latest: Version, request: pytest.FixtureRequest, sam: User
) -> None:
    for way in (frozenset({S.ACTIVE}), frozenset({S.ACTIVE, S.SUSPENDED_BY_STAFF})):
        row = put(installation, way, sam)
        before = Installation.objects.values().get()
        with pytest.raises(NotPossible, match="Only this portal's staff"):
            SERVICES[act](row, row.account.owners()[0], request.getfixturevalue(person), latest)
        assert Installation.objects.values().get() == before


def test_who_is_no_staff_is_none_by_the_side_of_an_act(installation: Installation, alice: User, sam: User) -> None:
    User.objects.filter(pk=sam.pk).update(is_active=False)
    for person in (alice, User.objects.get(pk=sam.pk)):
        with pytest.raises(NotPossible, match="Only this portal's staff may do this"):
            suspending.suspend_by_staff(installation, by=acting(person, Side.STAFF, "R."))
        with pytest.raises(NotPossible, match="Only this portal's staff may do this"):
            rotating.rotate(installation, by=acting(person, Side.STAFF, "R."))


@pytest.mark.parametrize("act", [Act.ROTATE, Act.END_OLD_TOKEN, Act.END_SESSIONS])
def test_staff_say_why_what_others_do_without_a_reason(
    act: Act, installation: Installation, latest: Version, sam: User
) -> None:
    ready(installation, act, latest)
    services: dict[Act, Callable[..., object]] = {
        Act.ROTATE: rotating.rotate,
        Act.END_OLD_TOKEN: rotating.end_old_token,
        Act.END_SESSIONS: session_ends.end_sessions,
    }
    before = list(PermanentToken.objects.values())
    with pytest.raises(NotPossible, match=r"Write the reason. The customer and the developer read it."):
        services[act](installation, by=acting(sam, reason=" "))
    assert list(PermanentToken.objects.values()) == before


@pytest.mark.parametrize("act", [act for act in SERVICES if act != Act.AUTHORISE_AGAIN])
def test_services_read_from_the_table_who_may(
    act: Act, installation: Installation, latest: Version, carol: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(installation, act, latest)
    needed = {Act.RESUME: {S.SUSPENDED_BY_ACCOUNT}, Act.RESUME_BY_STAFF: {S.SUSPENDED_BY_STAFF}}.get(act, set())
    row = put(installation, frozenset({S.ACTIVE} | needed), sam)
    monkeypatch.setitem(RULES, act, replace(RULES[act], who=frozenset({Who.CLIENT})))
    with pytest.raises(NotPossible, match=r"Only an Owner of (Carol's Cakes|Northwind) can"):
        SERVICES[act](row, carol, sam, latest)


SESSION_TOKEN = "0f9d4e7c-1111-4222-8333-4444deadfeed"


def begin_session(row: Installation) -> None:
    Session.objects.create(
        digest=credentials.digest(SESSION_TOKEN),
        installation=row,
        permanent_token=row.permanent_tokens.all()[0],
        secret=row.application.secrets.get(),
        expires_at=timezone.now() + timedelta(hours=1),
    )


def test_the_ones_who_act_are_named_for_every_act() -> None:
    client, manager, publisher, staff = Who
    assert {act: set(rule.who) for act, rule in RULES.items()} == {
        Act.EXCHANGE: {client},
        Act.CALL: {client},
        Act.AUTHORISE_AGAIN: {manager},
        Act.REVEAL: {manager, publisher, staff},
        Act.UPDATE: {manager},
        Act.GO_BACK: {manager},
        Act.SWITCH: {manager},
        Act.SUSPEND: {manager},
        Act.RESUME: {manager},
        Act.UNINSTALL: {manager},
        Act.ROTATE: {manager, publisher, staff},
        Act.END_OLD_TOKEN: {manager, publisher, staff},
        Act.END_SESSIONS: {manager, publisher, staff},
        Act.SUSPEND_BY_STAFF: {staff},
        Act.RESUME_BY_STAFF: {staff},
    }
