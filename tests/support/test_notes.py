"""Notes that support keeps for itself: nobody they are about reads one, and they have an end."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from installs.application import closing
from installs.models import CaseAssignment, Installation, StaffNote
from installs.support import notes
from linnapp.models import Account, Application, User
from tests.house.world import World, address, routes
from tests.kit.consenting import read
from tests.kit.people import ClientOf, acting
from tests.support.test_acts_of_support import case_of
from tests.support.test_support_messages import pages_of_customer, pages_of_developer

pytestmark = pytest.mark.django_db
TEXT = "Asks for quokka-wombat each month."


def add_to(kind: str, key: object) -> str:
    return f"/support/notes/{kind}/{key}/add/"


@pytest.fixture
def console(sam: User, client_of: ClientOf) -> Client:
    return client_of(sam)


def test_support_notes_and_its_colleagues_read(
    console: Client, paula: User, installation: Installation, client_of: ClientOf
) -> None:
    here = case_of(installation)
    answer = console.post(add_to("installation", installation.pk), {"text": TEXT, "next": here})
    assert answer.headers["Location"] == f"{here}#notes"
    page = read(client_of(paula).get(here))
    assert TEXT in page
    assert "Sam, " in page
    assert "Remove" not in page.partition("Notes")[2]
    assert "Remove" in read(console.get(here))


def test_nobody_else_writes_or_removes_one(
    console: Client,
    installation: Installation,
    alice: User,
    carol: User,
    dave: User,
    paula: User,
    client_of: ClientOf,
) -> None:
    console.post(add_to("installation", installation.pk), {"text": TEXT})
    remove = f"/support/notes/{StaffNote.objects.get().pk}/remove/"
    for person in (alice, carol, dave):
        client = client_of(person)
        assert client.get(add_to("installation", installation.pk)).status_code == 404
        assert client.post(add_to("account", installation.account_id), {"text": "Mine"}).status_code == 404
        assert client.post(remove).status_code == 404
    assert client_of(paula).post(remove).status_code == 404
    assert StaffNote.objects.get().text == TEXT


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "dave"])
def test_a_note_stands_on_no_page_of_anybody_it_is_about(
    who: str, world: World, installation: Installation, sam: User, client_of: ClientOf
) -> None:
    """Of every address that can be opened, and of the files that timelines are exported as."""
    for subject in (installation, installation.application, installation.account, installation.application.account):
        notes.add(subject, text=TEXT, by=acting(sam))
    person = world.users[who]
    client, opened = client_of(person), 0
    for pattern in routes("linnapp.urls"):
        answer = client.get(address(world, pattern))
        shown = b"".join(answer) if answer.streaming else answer.content
        assert b"quokka-wombat" not in shown, pattern.name
        opened += answer.status_code == 200
    assert opened > 10
    pages = {"alice": pages_of_developer, "carol": pages_of_customer}
    for page in pages[who](client, installation) if who in pages else ():
        assert "quokka-wombat" not in page


def test_a_note_is_removed_by_its_writer_for_an_hour(console: Client, sam: User, installation: Installation) -> None:
    first = notes.add(installation, text=TEXT, by=acting(sam))
    console.post(f"/support/notes/{first.pk}/remove/")
    assert not StaffNote.objects.exists()
    late = notes.add(installation, text=TEXT, by=acting(sam))
    StaffNote.objects.update(at=timezone.now() - timedelta(minutes=61))
    answer = console.post(f"/support/notes/{late.pk}/remove/", {"next": case_of(installation)}, follow=True)
    assert "You can remove a note for an hour." in read(answer)
    assert StaffNote.objects.get() == late


def test_a_token_is_not_noted_down(console: Client, installation: Installation) -> None:
    value = installation.application.secrets.get().value()
    answer = console.post(add_to("application", installation.application_id), {"text": f"secret {value}"})
    assert answer.status_code == 422
    assert f"This contains a secret or token, …{value[-4:]}." in read(answer)
    assert not StaffNote.objects.exists()
    long = console.post(add_to("account", installation.account_id), {"text": "x" * 4001})
    assert (long.status_code, "Use at most 4,000 characters." in read(long)) == (422, True)


def test_each_note_can_be_read_however_many_there_are(
    console: Client, sam: User, installation: Installation, client_of: ClientOf, alice: User
) -> None:
    """The page of what they are on has the newest; nobody writes more than so many a day."""
    for number in range(notes.MOST_A_DAY):
        notes.add(installation, text=f"Number {number}.", by=acting(sam))
    answer = console.post(add_to("account", installation.account_id), {"text": TEXT})
    assert (answer.status_code, "You wrote 200 notes in a day." in read(answer)) == (422, True)
    every = f"/support/notes/installation/{installation.pk}/"
    answer = console.get(case_of(installation))
    assert f'href="{every}"' in answer.content.decode()
    page = read(answer)
    assert "50+" in page
    assert "Number 150." in page
    assert "Number 149." not in page
    found, wanted = "", every
    while wanted:
        answer = console.get(wanted)
        found += read(answer)
        wanted = answer.context["list"].next_url
    assert not [number for number in range(notes.MOST_A_DAY) if f"Number {number}." not in found]
    assert client_of(alice).get(every).status_code == 404


def test_notes_end_and_so_do_cases_that_nobody_closed(
    sam: User, installation: Installation, application: Application
) -> None:
    old = notes.add(installation, text=TEXT, by=acting(sam))
    kept = notes.add(application, text=TEXT, by=acting(sam))
    StaffNote.objects.filter(pk=old.pk).update(at=timezone.now() - notes.KEPT - timedelta(days=1))
    CaseAssignment.objects.create(
        installation=installation, assigned_to=sam, at=timezone.now() - notes.ASSIGNED_FOR - timedelta(days=1)
    )
    assert notes.drop_old() == 2
    assert list(StaffNote.objects.all()) == [kept]
    assert not CaseAssignment.objects.exists()


def test_a_note_goes_with_what_it_is_on(sam: User, paula: User, depot: Account) -> None:
    notes.add(depot, text=TEXT, by=acting(sam))
    assert closing.close_account(depot, by=acting(paula, reason="Spam"))
    assert not StaffNote.objects.exists()
