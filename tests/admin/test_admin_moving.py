"""In the admin: an application is moved to another account, and an account is closed, each told in full before."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from installs.installations import lifecycle
from installs.models import Installation
from linnapp.models import Account, Application, Membership, TimelineEntry, User, Version
from linnapp.services import applications, people
from tests.admin.editing import WHY, act
from tests.admin.test_admin import path_of
from tests.kit.connectors import connector
from tests.kit.people import ClientOf, acting, person
from tests.kit.posting import install, with_postback
from tests.kit.pressing import Form, form_of, press

pytestmark = pytest.mark.django_db
HOOKS = "https://hooks.example.com/install"


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


def move_page(application: Application) -> str:
    return path_of(Application, application.pk, "move")


def look(client: Client, application: Application, **typed: Any) -> Any:
    return client.post(move_page(application), typed)


def preview(client: Client, application: Application, to: Account, ends: str = "24h") -> Form:
    return form_of(look(client, application, account=to.pk, ends=ends), "confirm_form")


def rows_of(answer: Any) -> dict[str, str]:
    """What happens, by what it happens to."""
    return dict(answer.context["preview"].lines)


def test_a_button_of_its_page_leads_there_while_it_can_be_moved(paulas: Client, application: Application) -> None:
    assert move_page(application) in paulas.get(path_of(Application, application.pk, "change")).content.decode()
    Application.objects.filter(pk=application.pk).update(retired_at=timezone.now())
    assert move_page(application) not in paulas.get(path_of(Application, application.pk, "change")).content.decode()


def test_who_may_not_change_applications_moves_none(
    application: Application, depot: Account, sam: User, client_of: ClientOf
) -> None:
    assert client_of(sam).get(move_page(application)).status_code == 404
    sam.user_permissions.add(Permission.objects.get(codename="view_application"))
    client = client_of(sam)
    page = client.get(path_of(Application, application.pk, "change")).content.decode()
    assert move_page(application) not in page
    assert client.get(move_page(application)).status_code == 403
    assert look(client, application, account=depot.pk, ends="now", apply="1", reason="Mine").status_code == 403


def test_all_that_happens_is_told_before(
    paulas: Client,
    application: Application,
    cakes: Account,
    northwind: Account,
    depot: Account,
    alice: User,
    bob: User,
    carol: User,
    dave: User,
) -> None:
    version = with_postback(application, HOOKS, alice)
    install(application, cakes, version, carol)
    install(application, depot, version, dave)
    install(application, northwind, application.versions.development(), alice)
    connector(northwind, "https://api.example.com", alice)
    Application.objects.filter(pk=application.pk).update(listing=Application.Listing.LISTED)
    told = rows_of(look(paulas, application, account=depot.pk, ends="7d"))
    assert list(told) == [
        *("Team of Northwind", "Team of Dave's Depot", "Application Secrets", "Signing secret", "Installed"),
        *("Installed on Northwind", "Installed on Dave's Depot", "Store", "Postbacks", "Connectors", "Undo"),
    ]
    assert told["Team of Northwind"].startswith("Alice, Bob: its pages are no longer found")
    assert told["Team of Dave's Depot"].startswith("Dave gets an e-mail and reveals the new secret.")
    assert told["Application Secrets"].startswith(f"A new one is created. …{application.secrets.get().tail} ends on ")
    assert " until " in told["Signing secret"]
    assert told["Installed"].startswith("1 account keeps it: Carol's Cakes.")
    assert told["Installed on Northwind"].startswith("It moves from the Development Version to 1.0.0")
    assert told["Installed on Dave's Depot"].startswith("It becomes an own installation")
    assert told["Store"].startswith("It leaves the store until it is reviewed again.")
    assert told["Postbacks"].startswith("They go to hooks.example.com as before")
    assert told["Postbacks"].endswith("3 that wait keep their address.")
    assert told["Connectors"].startswith("1 connector stays with Northwind.")
    assert not TimelineEntry.objects.filter(kind="APPLICATION_MOVED").exists()


def test_who_has_a_seat_in_both_accounts_loses_nothing(
    paulas: Client, application: Application, depot: Account, alice: User, bob: User
) -> None:
    Membership.objects.create(account=depot, user=alice, role=Membership.Role.DEVELOPER)
    told = rows_of(look(paulas, application, account=depot.pk, ends="now"))
    assert told["Team of Northwind"].startswith("Bob: its pages are no longer found")


def test_it_is_moved_with_a_reason_and_the_secrets_end_at_the_moment_that_was_named(
    paulas: Client, application: Application, depot: Account
) -> None:
    old = application.secrets.get()
    form = preview(paulas, application, depot)
    answer = press(paulas, form.type_into("reason", WHY), "Move")
    assert answer.status_code == 302
    page = paulas.get(answer.headers["Location"])
    assert escape("Stock Bridge belongs to Dave's Depot now.") in page.content.decode()
    application.refresh_from_db()
    old.refresh_from_db()
    assert application.account == depot
    assert old.ends_at == datetime.fromisoformat(form.value("at"))
    entry = TimelineEntry.objects.get(kind="APPLICATION_MOVED")
    assert (entry.actor_name, entry.reason) == ("Paula", WHY)


def test_the_address_may_name_the_account(paulas: Client, application: Application, depot: Account) -> None:
    form = form_of(paulas.get(move_page(application), {"account": depot.slug, "ends": "7d"}), "move_form")
    assert (form.value("account"), form.value("ends")) == (depot.slug, "7d")


@pytest.mark.parametrize("spelled", ["daves-depot", "dave's depot", "{}"])
def test_an_account_is_meant_by_slug_name_or_id(
    spelled: str, paulas: Client, application: Application, depot: Account
) -> None:
    answer = look(paulas, application, account=spelled.format(str(depot.pk).upper()), ends="now")
    assert answer.context["preview"].plan.to == depot


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Say which account."),
        ({"account": "00000000-0000-0000-0000-000000000000", "ends": "now"}, "There is no account 00000000-"),
        ({"account": "Nobody's", "ends": "now"}, "There is no account Nobody's."),
        ({"account": "Twins", "ends": "now"}, "Several accounts are named Twins."),
        ({"ends": "later"}, "Choose one of the three moments."),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_it(
    typed: dict[str, str], words: str, paulas: Client, application: Application, depot: Account
) -> None:
    for slug in ("one", "two"):
        Account.objects.create(name="Twins", slug=slug, contact_email="twins@example.com")
    answer = look(paulas, application, **typed)
    assert answer.status_code == 422
    assert words in read_all(answer)


def read_all(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("&#x27;", "'").replace("“", "").replace("”", "").split())


def test_what_is_refused_keeps_what_was_typed(
    paulas: Client, application: Application, depot: Account, dave: User
) -> None:
    form = preview(paulas, application, depot, "7d").type_into("reason", WHY)
    made, _ = applications.create_application(account=depot, name="Stock Bridge", kind="SYSTEM", by=acting(dave))
    answer = press(paulas, form, "Move")
    assert answer.status_code == 422
    assert "Dave's Depot already has an application named Stock Bridge." in read_all(answer)
    kept = form_of(answer, "move_form")
    assert (kept.value("account"), kept.value("ends"), kept.value("reason")) == (depot.slug, "7d", WHY)
    applications.edit_application(made, by=acting(dave), name="Another")
    again = form_of(press(paulas, kept, "Show what happens"), "confirm_form")
    assert again.value("reason") == WHY


def test_without_a_reason_nothing_is_moved_and_the_page_stays(
    paulas: Client, application: Application, depot: Account
) -> None:
    answer = press(paulas, preview(paulas, application, depot).type_into("reason", "  "), "Move")
    assert answer.status_code == 422
    assert "Write the reason." in read_all(answer)
    application.refresh_from_db()
    assert application.account != depot


def test_what_changed_while_it_was_read_is_shown_anew(
    paulas: Client, application: Application, version: Version, depot: Account, cakes: Account, carol: User
) -> None:
    form = preview(paulas, application, depot).type_into("reason", WHY)
    install(application, cakes, version, carol)
    answer = press(paulas, form, "Move")
    assert answer.status_code == 422
    assert "Something has changed since you read this." in read_all(answer)
    assert rows_of(answer)["Installed"].startswith("1 account keeps it")
    shown = form_of(answer, "confirm_form")
    assert shown.value("reason") == WHY
    assert press(paulas, shown, "Move").status_code == 302


def test_no_longer_overlap_is_smuggled_in(paulas: Client, application: Application, depot: Account) -> None:
    form = preview(paulas, application, depot)
    sent = dict(form.fields) | {"at": "2099-01-01T00:00+0000", "apply": "1", "reason": WHY}
    answer = paulas.post(move_page(application), sent)
    assert answer.status_code == 422
    assert "end within 7 days" in read_all(answer)


def test_another_account_is_chosen_with_what_was_typed(
    paulas: Client, application: Application, depot: Account
) -> None:
    form = preview(paulas, application, depot).type_into("reason", WHY)
    answer = press(paulas, form, "Choose differently")
    assert answer.status_code == 200
    kept = form_of(answer, "move_form")
    assert (kept.value("account"), kept.value("ends"), kept.value("reason")) == (depot.slug, "24h", WHY)


def test_an_account_without_an_owner_is_said(paulas: Client, application: Application, paula: User) -> None:
    empty = people.open_account(name="Empty", owner_email="new@example.com", by=acting(paula, reason="Asked."))
    told = rows_of(look(paulas, application, account=empty.pk, ends="now"))
    assert told["Team of Empty"].startswith("It has no Owner: nobody gets an e-mail")
    assert " ends now, with the sessions made with it." in told["Application Secrets"]


# Closing.


def test_closing_tells_who_and_what_is_deleted(
    paulas: Client, depot: Account, dave: User, carol: User, cakes: Account
) -> None:
    applications.create_application(account=depot, name="Cheap pills", kind="SYSTEM", by=acting(dave))
    connector(depot, "https://api.example.com", dave)
    people.invite(depot, email="mallory@example.com", role=Membership.Role.DEVELOPER, by=acting(dave))
    Membership.objects.create(account=depot, user=carol, role=Membership.Role.DEVELOPER)
    page = read_all(paulas.get(path_of(Account, depot.pk, "act", "close")))
    assert (
        "Never used: nothing was installed on it, and nobody installed its applications. "
        "It will be deleted permanently. "
        "With it: 1 application (Cheap pills), 1 person who has no other seat (Dave), 1 connector, 1 open invitation. "
        "Without a seat in it, "
        "but still there: Carol."
    ) in page
    answer = act(paulas, depot, "close")
    assert answer.headers["Location"] == path_of(Account)
    assert "1 account was closed." in paulas.get(path_of(Account)).content.decode()
    assert not Account.objects.filter(pk=depot.pk).exists()


def test_closing_tells_that_it_is_suspended_instead_and_why(
    paulas: Client, installation: Installation, cakes: Account
) -> None:
    page = read_all(paulas.get(path_of(Account, cakes.pk, "act", "close")))
    assert "1 installation on it or of what it makes, live or over: it is suspended, and not deleted." in page
    assert "It cannot use what it has installed: Stock Bridge." in page
    assert act(paulas, cakes, "close").headers["Location"] == path_of(Account, cakes.pk, "change")
    cakes.refresh_from_db()
    assert cakes.suspension_reason == WHY


def test_several_are_closed_from_the_list(paulas: Client, depot: Account, installation: Installation) -> None:
    other = people.create_account(name="Robots", owner=person("Robin", "robin@robots.example"))
    chosen = {"action": "close", "_selected_action": [str(row.pk) for row in (depot, other, installation.account)]}
    read_of = form_of(paulas.post(path_of(Account), chosen), "confirm_form").value("read")
    paulas.post(path_of(Account), chosen | {"apply": "1", "reason": WHY, "read": read_of})
    assert not Account.objects.filter(pk__in=[depot.pk, other.pk]).exists()
    assert Account.objects.get(pk=installation.account_id).suspended_by_staff_at


def test_an_installation_while_it_was_read_shows_the_page_anew(
    paulas: Client, depot: Account, application: Application, version: Version, dave: User
) -> None:
    page = path_of(Account, depot.pk, "act", "close")
    read_of = form_of(paulas.get(page), "confirm_form").value("read")
    lifecycle.install(application, account=depot, version=version, by=acting(dave))
    answer = paulas.post(page, {"apply": "1", "reason": WHY, "read": read_of})
    assert answer.status_code == 422
    depot.refresh_from_db()
    assert depot.suspended_by_staff_at is None
