"""What the pages of the admin lead to and say: facts that somebody reads there in place of what the tables hold."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from installs.models import ExchangeHour, Installation, RefusalGroup
from linnapp.models import Account, Application, Invitation, TimelineEntry, User, Version
from linnapp.services import people
from tests.admin.editing import edit
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf, acting, person
from tests.registry.test_logos import picture

pytestmark = pytest.mark.django_db
TIMELINE = re.compile(r'<a href="(/admin/linnapp/timelineentry/[^"]+)">Timeline</a>')


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


def read(client: Client, *path: Any, **query: str) -> str:
    return html.unescape(client.get(path_of(*path), query).content.decode())


def test_a_row_leads_to_its_lines_in_the_timeline(
    installation: Installation, application: Application, cakes: Account, alice: User, paulas: Client
) -> None:
    for row in (application, cakes, installation):
        page = read(paulas, type(row), row.pk, "change")
        (found,) = TIMELINE.findall(page)
        assert paulas.get(found).context["cl"].result_count > 0
        assert "historylink" not in page
    assert TIMELINE.findall(read(paulas, User, alice.pk, "change")) == []


def test_whoever_may_not_read_the_timeline_is_not_led_there(application: Application, client_of: ClientOf) -> None:
    ed = person("Ed", "ed@linnapp.example", is_staff=True)
    ed.user_permissions.add(Permission.objects.get(codename="view_application"))
    page = read(client_of(ed), Application, application.pk, "change")
    assert "Stock Bridge" in page
    assert TIMELINE.findall(page) == []


def test_a_list_that_a_figure_leads_to_says_its_sum(installation: Installation, paulas: Client) -> None:
    now = timezone.now()
    for hours, exchanges, refused in ((1, 3000, 2), (2, 2144, 0), (48, 7, 1)):
        ExchangeHour.objects.create(
            installation=installation, hour=now - timedelta(hours=hours), exchanges=exchanges, refused=refused
        )
        RefusalGroup.objects.create(
            key=str(hours), hour=now - timedelta(hours=hours), reason="TOKEN_ENDED", count=exchanges, last_at=now
        )
    assert "2 found, 5,144 exchanges, 2 refused (" in read(paulas, ExchangeHour, since="day")
    assert "2 found, 5,144 refused (" in read(paulas, RefusalGroup, since="day")
    for model in (ExchangeHour, RefusalGroup):
        assert "found" not in read(paulas, model)


def test_acts_stand_outlined_and_what_destroys_last(application: Application, version: Version, paulas: Client) -> None:
    page = read(paulas, Application, application.pk, "change")
    acts = re.findall(r'<li( class="destroys")?><a class="button" href="[^"]+">([^<]+)</a>', page)
    assert [label for flag, label in acts if flag] == ["Retire", "Withdraw 1.0.0"]
    assert [label for _, label in acts][-2:] == ["Retire", "Withdraw 1.0.0"]
    assert "Suspend" in [label for flag, label in acts if not flag]


def test_save_stands_after_what_is_typed(application: Application, paulas: Client) -> None:
    page = read(paulas, Application, application.pk, "change")
    assert page.index('name="why"') < page.index('value="Save"') < page.index("As it stands")
    assert page.count('value="Save"') == 1


def test_a_form_tells_all_that_is_wrong_with_it_at_once(application: Application, paulas: Client) -> None:
    logo = SimpleUploadedFile("logo.png", picture((200, 180)))
    answer = edit(paulas, application, logo=logo, support_contact="javascript:alert(1)")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This picture is 200 x 180. It must be 140 x 140." in page
    assert "Enter an e-mail address, or a web address" in page
    assert "There is a problem." in page


def test_staff_who_may_not_are_sent_to_a_superuser(application: Application, client_of: ClientOf) -> None:
    ed = person("Ed", "ed@linnapp.example", is_staff=True)
    answer = client_of(ed).get(path_of(Application, application.pk, "change"))
    assert answer.status_code == 403
    assert "You do not have the permission that this needs." in answer.content.decode()


def test_the_page_of_an_act_names_its_row(
    application: Application, version: Version, northwind: Account, alice: User, paulas: Client
) -> None:
    invitation, _ = people.invite(northwind, email="erin@emporium.example", role="DEVELOPER", by=acting(alice))
    asked = {
        (application, "suspend"): "Suspend Stock Bridge?",
        (application, "take_off_store"): "Remove Stock Bridge from the store?",
        (application, "list_in_store"): "List Stock Bridge in the store?",
        (version, "take_back"): "Take back the withdrawal of 1.0.0?",
        (invitation, "invite_again"): "Send erin@emporium.example to Northwind again?",
    }
    for (row, act), question in asked.items():
        assert question in read(paulas, type(row), row.pk, "act", act)
    chosen = {"action": "invite_again", "_selected_action": [str(invitation.pk)]}
    assert "Send 1 invitation again?" in paulas.post(path_of(Invitation), chosen).content.decode()


def test_the_timeline_is_read_in_sentences(application: Application, version: Version, paulas: Client) -> None:
    entry = TimelineEntry.objects.filter(kind="VERSION_CREATED").latest("pk")
    page = read(paulas, TimelineEntry)
    assert "Version 1.0.0 created by Alice" in page
    assert "VERSION_CREATED<" not in page
    assert "Version created</a>" in page
    page = read(paulas, TimelineEntry, entry.pk, "change")
    assert "<div>version: 1.0.0</div>" in page
    found = paulas.post("/admin/search/", {"q": str(application.pk)}).content.decode()
    assert "Version 1.0.0 created by Alice" in found


def test_refusals_are_read_by_their_cause(installation: Installation, paulas: Client) -> None:
    now = timezone.now()
    RefusalGroup.objects.create(
        key="1",
        hour=now,
        reason="TOKEN_ENDED",
        count=2,
        last_at=now,
        application_id=installation.application_id,
        installation_id=installation.pk,
    )
    page = read(paulas, RefusalGroup)
    assert '<td data-label="Cause" class="field-cause">permanent token replaced</td>' in page
    assert '?reason=TOKEN_ENDED">permanent token replaced</a>' in page
    assert str(installation.pk) not in page
    assert "Carol's Cakes</td>" in page
    found = html.unescape(paulas.post("/admin/search/", {"q": str(installation.pk)}).content.decode())
    assert "permanent token replaced, 2 times, " in found
    assert "TOKEN_ENDED" not in found


def test_permissions_are_lines(application: Application, paulas: Client) -> None:
    Application.objects.filter(pk=application.pk).update(permissions=["GlobalPermissions.Orders.View", "Other"])
    page = read(paulas, Application, application.pk, "change")
    assert "<div>GlobalPermissions.Orders.View</div><div>Other</div>" in page


@pytest.mark.parametrize(("typed", "number"), [("1.0.0", 1), ("1.0.1", 0), ("999999999.0.0", 0)])
def test_a_version_is_found_by_its_number(version: Version, paulas: Client, typed: str, number: int) -> None:
    assert paulas.get(path_of(Version), {"q": typed}).context["cl"].result_count == number
