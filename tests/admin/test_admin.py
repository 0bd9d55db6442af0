"""The Django admin: every page of every model opens, and none holds or filters by a secret."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from installs.admin import acts
from installs.connectors import making
from installs.connectors.reading import Authorised
from installs.connectors.sessions import RowSessions
from installs.help import asking
from installs.installations import suspension_mails
from installs.models import (
    AddressDay,
    AlertSent,
    Attempt,
    AttemptCount,
    CaseAssignment,
    Connector,
    ConnectorCheck,
    Delivery,
    EventCounter,
    EventSettings,
    ExchangeHour,
    FailureWindow,
    HelpMessage,
    Installation,
    PostbackAlerts,
    PostbackHost,
    PostbackPolicy,
    RefusalGroup,
    RefusalSample,
    RefusedConsent,
    Review,
    SecretHour,
    Session,
    SigningSecret,
    StaffNote,
    UpdateMailing,
)
from linnapp import bulk_changes, credentials
from linnapp.admin_pages import entrance
from linnapp.models import (
    Account,
    Application,
    Deletion,
    ExportFile,
    ExportPart,
    Invitation,
    KeptPost,
    KeyCanary,
    MailRefusal,
    Membership,
    Module,
    OutgoingMail,
    Parameter,
    Secret,
    TimelineEntry,
    User,
    Version,
)
from linnapp.services import access, audit, knocks, people
from tests.house.world import TEAM_ONLY, secrets_of_the_database, tell_the_team_only
from tests.kit.people import PASSWORD, ClientOf, acting

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
ADDED = {Account, Invitation, User, Group}
EDITED = {Application, Account, Membership, User, Group}
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)[^>]*>")


def path_of(model: type[Model], *parts: object) -> str:
    return "/".join(["/admin", model._meta.app_label, str(model._meta.model_name), *map(str, parts), ""])


def make_session(installation: Installation) -> Session:
    token = installation.permanent_tokens.get()
    secret = installation.application.secrets.get()
    return Session.objects.create(
        digest=credentials.digest(credentials.new_credential()),
        installation=installation,
        permanent_token=token,
        secret=secret,
        expires_at=timezone.now() + timedelta(days=1),
    )


@pytest.fixture
def everything(installation: Installation, alice: User, northwind: Account, paula: User) -> None:
    """A row of every model."""
    now = timezone.now()
    application = installation.application
    people.invite(northwind, email="erin@emporium.example", role="DEVELOPER", by=acting(alice))
    make_session(installation)
    ExchangeHour.objects.create(installation=installation, hour=now, exchanges=3)
    SecretHour.objects.create(installation=installation, hour=now, secret_id=application.secrets.get().pk, exchanges=3)
    AddressDay.objects.create(installation=installation, day=now.date(), hours={"10": {"192.0.2.0/24": 3}})
    group = RefusalGroup.objects.create(key="group-key-of-its-own", hour=now, reason="UNPROVEN", last_at=now)
    RefusalSample.objects.create(group=group, reference="a-reference", at=now)
    RefusedConsent.objects.create(reference="of-a-consent", person=alice, heading="There is no such application")
    FailureWindow.objects.create(address="192.0.2.1", began_at=now, last_at=now)
    knocks.sign_in(alice.email, "192.0.2.1", "")
    audit.count_wrong(alice, address="192.0.2.1", what="password")
    access.enter(northwind, purpose="WORK", by=acting(paula, reason="A reason"))
    PostbackPolicy.objects.create(application=application)
    EventSettings.objects.create(application=application, url="https://x.example/", chosen=["installation.updated"])
    EventCounter.objects.create(application=application, subject=application.pk, last=1)
    SigningSecret.objects.create(application=application, encrypted=credentials.encrypt("signing"), tail="ning")
    delivery = Delivery.objects.create(
        application=application, installation=installation, event="test", url="https://x.example/", nonce="only-once"
    )
    Attempt.objects.create(delivery=delivery, status=200)
    AttemptCount.objects.create(outcome="2xx", count=1)
    host = PostbackHost.objects.create(application=application, host="x.example")
    PostbackAlerts.objects.create(application=application)
    AlertSent.objects.create(host=host, matter="parked", sent_at=now)
    Review.objects.create(application=application, name="Stock Bridge")
    what_is_kept_of(alice)
    StaffNote.objects.create(account=northwind, text="Asks for the invoice", by=paula)
    CaseAssignment.objects.create(installation=installation, assigned_to=paula, by=paula)
    case = asking.ask(northwind, sentence="It does not work.", by=acting(alice))
    HelpMessage.objects.create(case=case, writer="SUPPORT", text="Since when?")
    made = making.make(installation.account, values_of_connector(), by=acting(alice))
    RowSessions(made).put(0, Authorised("0f9d4e7c-1111-4222-8333-4444deadfeed", 1800))
    ConnectorCheck.objects.create(connector=made, conversation=[{"request": "POST", "answer": TEAM_ONLY}])
    module = Module.objects.filter(application=application)[0]
    Parameter.objects.create(module=module, position=0, name="PostbackUrl", value="https://x.example/")
    tell_the_team_only(application)
    rows = bulk_changes.wishes_of(Application.objects.filter(pk=application.pk))
    change = bulk_changes.begin(
        acts.SUSPEND_APPLICATIONS, Application, rows, by=acting(paula, reason="A reason"), wanted={}
    )
    suspension_mails.of_account(northwind, "suspended", by=replace(acting(paula, reason="A reason"), change=change.pk))
    ends = now + timedelta(days=1)
    file = ExportFile.objects.create(table="linnapp.Application", title="Files", person=paula, total=1, ends_at=ends)
    ExportPart.objects.create(file=file, position=0, content_encrypted=credentials.encrypt_bytes(TEAM_ONLY.encode()))
    kept = credentials.encrypt(TEAM_ONLY)
    OutgoingMail.objects.create(message_id="<1@x.example>", recipient="erin@x.example", content_encrypted=kept)


def what_is_kept_of(person: User) -> None:
    UpdateMailing.objects.create(user=person)
    MailRefusal.objects.create(user=person, kind="HELP")
    KeptPost.objects.create(person=person, key_digest="k" * 64, content_encrypted=credentials.encrypt(TEAM_ONLY))
    Deletion.objects.create(person=person, sought_encrypted=credentials.encrypt(TEAM_ONLY))


def values_of_connector() -> making.Values:
    return making.Values(
        name="Warehouse",
        base_url="https://api.example.com",
        scope="Inventory",
        token="6a5ef9a1-0000-4000-8000-00000000beef",
        application_id="6a5ef9a1-0000-4000-8000-000000000001",
        application_secret="6a5ef9a1-0000-4000-8000-00000000cafe",
        grant_type=making.GRANT_TYPE,
        token_key=making.TOKEN_KEY,
    )


def test_every_model_of_both_packages_is_in_the_admin() -> None:
    ours = {model for model in apps.get_models() if model._meta.app_label in {"linnapp", "installs"}}
    assert ours <= set(MODELS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_opens_and_holds_no_secret(
    model: type[Model], everything: None, paula: User, client_of: ClientOf
) -> None:
    client, forbidden = client_of(paula), secrets_of_the_database()
    if model is not Application:
        # Whoever may work in accounts reads and edits an application's Summary.
        forbidden.add(TEAM_ONLY)
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    assert len(forbidden) > 8
    pages = {
        "list": client.get(path_of(model)),
        "search": client.get(path_of(model), {"q": "a"}),
        "search by id": client.get(path_of(model), {"q": "{8F2C0000-0000-4000-8000-0000000091D4}"}),
        "page": client.get(path_of(model, row.pk, "change")),
        "history": client.get(path_of(model, row.pk, "history")),
    }
    assert {name: page.status_code for name, page in pages.items()} == dict.fromkeys(pages, 200)
    for name, page in pages.items():
        text = page.content.decode()
        assert not [value for value in forbidden if value in text], name
        assert not INLINE.findall(text), name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_nothing_is_deleted_by_the_admin_and_little_is_added(
    model: type[Model], everything: None, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    row: Any = model._default_manager.first()
    before = model._default_manager.count()
    if model in ADDED:
        assert client.post(path_of(model, "add"), {}, follow=True).status_code in (200, 422)
    else:
        assert client.get(path_of(model, "add")).status_code == 403
    assert client.post(path_of(model, row.pk, "delete"), {"post": "yes"}).status_code == 403
    client.post(path_of(model), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model._default_manager.count() == before


@pytest.mark.parametrize("model", [model for model in MODELS if model not in EDITED], ids=lambda m: m._meta.label)
def test_nothing_is_saved_past_the_services(
    model: type[Model], everything: None, paula: User, client_of: ClientOf
) -> None:
    row: Any = model._default_manager.first()
    fields = {field.name: "changed" for field in model._meta.concrete_fields}
    assert client_of(paula).post(path_of(model, row.pk, "change"), fields).status_code == 403
    again = model._default_manager.get(pk=row.pk)
    assert [getattr(again, field.attname) for field in model._meta.concrete_fields] == [
        getattr(row, field.attname) for field in model._meta.concrete_fields
    ]


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (Secret, "digest__startswith"),
        (Secret, "encrypted__contains"),
        (Invitation, "key_digest"),
        (User, "password__startswith"),
        (Application, "summary__contains"),
        (Module, "formatted_name"),
        (Version, "snapshot__Modules__contains"),
        (KeyCanary, "encrypted__startswith"),
        (Connector, "token_encrypted__startswith"),
        (Connector, "session_encrypted__startswith"),
        (ConnectorCheck, "conversation__icontains"),
        (Application, "secrets__digest__startswith"),
        (Session, "permanent_token__digest__startswith"),
    ],
)
def test_no_list_can_be_filtered_by_a_secret(
    model: type[Model], lookup: str, everything: None, paula: User, client_of: ClientOf
) -> None:
    assert client_of(paula).get(path_of(model), {lookup: "a"}).status_code == 400


def test_a_search_by_token_or_secret_finds_nothing(everything: None, paula: User, client_of: ClientOf) -> None:
    token = Installation.objects.get().permanent_tokens.get()
    for value in (token.value(), token.digest, token.encrypted[:20]):
        page = client_of(paula).get(path_of(type(token)), {"q": value})
        assert "0 permanent tokens" in page.content.decode()


def test_an_installation_is_found_by_its_id_in_any_spelling(
    installation: Installation, paula: User, client_of: ClientOf
) -> None:
    for spelled in (str(installation.pk), installation.pk.hex.upper(), f"{{{installation.pk}}}"):
        page = client_of(paula).get(path_of(Installation), {"q": spelled})
        assert "1 installation" in page.content.decode()


@pytest.mark.parametrize("word", ["Active", "Waiting", "Suspended", "Never connected", "Uninstalled", "Failed"])
def test_installations_are_filtered_by_the_state_that_pages_show(
    installation: Installation, application: Application, paula: User, client_of: ClientOf, word: str
) -> None:
    Application.objects.update(suspended_by_staff_at=timezone.now())
    page = client_of(paula).get(path_of(Installation), {"shown": word}).content.decode()
    expected = 1 if word in {"Suspended", "Never connected"} else 0
    assert f"{expected} installation" in page


def test_what_waited_in_vain_reads_as_failed(installation: Installation, paula: User, client_of: ClientOf) -> None:
    Installation.objects.update(state=Installation.State.PENDING, waits_until=timezone.now())
    page = client_of(paula).get(path_of(Installation), {"shown": "Failed"}).content.decode()
    assert '<td data-label="State" class="field-pill">Failed</td>' in page


def test_each_cell_of_a_list_carries_its_heading_and_a_short_date(
    application: Application, paula: User, client_of: ClientOf
) -> None:
    Application.objects.update(created_at=datetime(2026, 11, 8, 14, 3, 59, tzinfo=UTC))
    page = client_of(paula).get(path_of(Application)).content.decode()
    assert '<th data-label="Name" class="field-name">' in page
    assert '<td data-label="Created at" class="field-created_at nowrap">8 Nov 2026, 14:03</td>' in page
    assert '<td class="action-checkbox">' in page


def test_a_long_filter_is_folded_until_something_is_chosen_in_it(paula: User, client_of: ClientOf) -> None:
    client = client_of(paula)
    page = client.get(path_of(TimelineEntry)).content.decode()
    assert '<details data-filter-title="kind">' in page
    assert '<details data-filter-title="side" open>' in page
    chosen = client.get(path_of(TimelineEntry), {"kind": "INSTALLED"}).content.decode()
    assert '<details data-filter-title="kind" open>' in chosen


def test_an_application_leads_to_the_pages_of_the_portal(
    application: Application, paula: User, client_of: ClientOf
) -> None:
    page = client_of(paula).get(path_of(Application, application.pk, "change")).content.decode()
    here = f"/a/northwind/applications/{application.pk}/"
    for address in (f"{here}modules/", f"{here}versions/new/", f"{here}installations/"):
        assert f'href="{escape(entrance("northwind", address))}"' in page


def test_doors_lead_where_each_of_staff_may_go(
    installation: Installation, staff: dict[str, User], sam: User, client_of: ClientOf
) -> None:
    """Whoever follows one is let in: by an access to work, to look, or not offered it at all."""
    here = f"/a/northwind/applications/{installation.application_id}/"
    sam.user_permissions.add(Permission.objects.get(codename="view_installation"))
    row = path_of(Installation, installation.pk, "change")
    working, looking, others = (
        client_of(who).get(row).content.decode() for who in (staff["Paula"], sam, staff["Quinn"])
    )
    for address in (f"{here}modules/", f"{here}versions/new/"):
        assert escape(entrance("northwind", address)) in working
        assert quote(address, safe="") not in looking
    only_it = escape(entrance("northwind", f"{here}installations/?q={installation.pk}"))
    assert only_it in working
    assert only_it.replace("purpose=WORK", "purpose=LOOK") in looking
    support = f'href="/support/installations/{installation.pk}/postbacks/"'
    assert [support in page for page in (working, looking, others)] == [True, True, False]
    assert "/inside/" not in others


def test_the_admin_is_behind_the_portals_own_door(alice: User, paula: User, client_of: ClientOf) -> None:
    assert Client().get("/admin/", follow=True).redirect_chain[-1][0] == "/sign-in/?next=/admin/"
    assert Client().get("/admin/login/").headers["Location"].startswith("/sign-in/")
    for path in ("/admin/", "/admin/login/", "/admin/linnapp/application/", "/admin/jsi18n/", "/admin/nowhere/"):
        assert client_of(alice).get(path).status_code == 404
    assert client_of(paula).get("/admin/password_change/").headers["Location"] == "/profile/password/"
    assert client_of(paula).post("/admin/logout/").headers["Location"] == "/sign-out/"


def test_staff_guess_no_passwords_at_the_admins_own_door(sam: User, paula: User, client_of: ClientOf) -> None:
    browser = client_of(sam)
    answer = browser.post("/admin/login/", {"username": paula.email, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert browser.session["_auth_user_id"] == str(sam.pk)


def test_support_gets_what_its_permissions_say(installation: Installation, sam: User, client_of: ClientOf) -> None:
    assert client_of(sam).get("/admin/").status_code == 200
    assert client_of(sam).get(path_of(Installation)).status_code == 403
    sam.user_permissions.add(Permission.objects.get(codename="view_installation"))
    page = client_of(sam).get(path_of(Installation))
    assert page.status_code == 200
    assert b'value="suspend"' not in page.content
    assert client_of(sam).get(path_of(Secret)).status_code == 403


def test_only_superusers_see_groups_and_change_who_is_of_staff(sam: User, client_of: ClientOf) -> None:
    sam.user_permissions.set(Permission.objects.filter(content_type__model__in=["user", "group"]))
    for path in (path_of(Group), path_of(Group, "add")):
        assert client_of(sam).get(path).status_code == 403
    answer = client_of(sam).post(path_of(User, sam.pk, "change"), {"name": "Sam", "is_superuser": "on"})
    assert answer.status_code == 403
    sam.refresh_from_db()
    assert not sam.is_superuser


def test_lists_cost_the_same_however_long_they_are(
    installation: Installation,
    alice: User,
    paula: User,
    client_of: ClientOf,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    accounts = Account.objects.bulk_create(
        Account(name=f"Customer {n}", slug=f"customer-{n}", contact_email="c@x.example") for n in range(60)
    )
    Installation.objects.bulk_create(
        Installation(application=installation.application, account=account, version=installation.version)
        for account in accounts
    )
    TimelineEntry.objects.bulk_create(TimelineEntry(kind="INSTALLED", side="STAFF") for _ in range(60))
    client = client_of(paula)
    for model in MODELS:
        with django_assert_max_num_queries(12):
            client.get(path_of(model))
