"""What two people do to the same rows at the same moment, in whatever order the rows are asked for: nobody is told of a
deadlock, which SQLite, with one writer at a time, cannot have."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.portal import environment, manage, prepared_postgres

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
# Each pair runs in two threads that wait for each other, once each has its first lock, for a second at most: longer
# where one has to wait for what the other holds.
AT_ONCE = """
import re, threading
from django.db import connection
from linnapp.actors import Actor, Side
from linnapp.models import Account, User
from linnapp.services import access, people, rights

northwind = Account.objects.get(slug="northwind")
everybody = {person.email.partition("@")[0]: person for person in User.objects.all()}
alice, carol, sam, paula = (everybody[name] for name in ("alice", "carol", "sam", "paula"))
owner, guest, staff = Actor(alice, Side.CUSTOMER), Actor(carol, Side.CUSTOMER), Actor(paula, Side.STAFF, "Test")
gate = threading.Barrier(2)

def meeting(locks):
    met = []
    def execute(run, sql, params, many, context):
        result = run(sql, params, many, context)
        if not met and re.search(locks, sql):
            met.append(sql)
            try:
                gate.wait(1)
            except threading.BrokenBarrierError:
                pass
        return result
    return execute

def run(name, locks, act):
    try:
        with connection.execute_wrapper(meeting(locks)):
            act()
        print(name, "done")
    except Exception as error:
        print(name, type(error).__name__, error)
    finally:
        connection.close()

def at_once(*acts):
    threads = [threading.Thread(target=run, args=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""
INVITED = """
invitation, _ = people.invite(northwind, email=carol.email, role="DEVELOPER", by=owner)
accepts = ("accepts", "FOR .*UPDATE", lambda: people.accept(invitation, by=guest))
"""
INVITES_ANEW = """
invites = lambda: people.invite(northwind, email=carol.email, role="OWNER", by=owner)
at_once(accepts, ("invites", "FOR .*UPDATE", invites))
"""
RIGHTS = """
inside = access.enter(northwind, purpose="LOOK", by=Actor(sam, Side.STAFF, "Test"))
at_once(
    ("leaves", 'UPDATE "linnapp_staffaccess"', lambda: access.leave(inside, by=Actor(sam, Side.STAFF, "Test"))),
    ("demotes", '"linnapp_user"."id" = .*UPDATE', lambda: rights.edit_person_by_staff(sam, by=staff, is_staff=False)),
)
"""
# Whoever confirms has written it, and commits a second later at most.
CONFIRMS = """
from datetime import timedelta
from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from linnapp.services import ends

erin = User.objects.create(email="erin@emporium.example", name="Erin", date_joined=timezone.now() - timedelta(days=8))
EmailAddress.objects.create(user=erin, email=erin.email, primary=True)
written, dropped = threading.Event(), threading.Event()

def confirms():
    with transaction.atomic():
        EmailAddress.objects.filter(user=erin).update(verified=True)
        written.set()
        dropped.wait(1)

def drops():
    written.wait(5)
    ends.drop_unconfirmed()
    dropped.set()

at_once(("confirms", "^$", confirms), ("drops", "^$", drops))
print("there:", User.objects.filter(pk=erin.pk).exists(), EmailAddress.objects.filter(user=erin).exists())
"""


@pytest.fixture(scope="module")
def portal(prepared_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    state = shutil.copytree(prepared_state, tmp_path_factory.mktemp("races") / "state")
    with prepared_postgres("demo") as url:
        yield environment(state, DEMO="true", DATABASE_URL=url)


def told(env: dict[str, str], code: str) -> set[str]:
    return set(manage(env, "shell", "-v", "0", "-c", AT_ONCE + code).splitlines())


def test_whoever_joins_while_they_are_invited_anew_joins_or_reads_that_it_is_over(portal: dict[str, str]) -> None:
    lines = told(portal, INVITED + INVITES_ANEW)
    assert lines in (
        {"accepts done", "invites NotPossible carol@carolscakes.example is already a member of Northwind."},
        {"accepts NotPossible This invitation no longer works. Ask for another one.", "invites done"},
    )


def test_whoever_leaves_an_account_while_they_lose_their_rights_has_left(portal: dict[str, str]) -> None:
    assert told(portal, RIGHTS) == {"leaves done", "demotes done"}


def test_whoever_confirms_the_address_while_people_who_did_not_are_dropped_stays(portal: dict[str, str]) -> None:
    assert told(portal, CONFIRMS) == {"confirms done", "drops done", "there: True True"}
