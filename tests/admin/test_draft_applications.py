"""Staff read the same word for an application as its team does: Draft until its first version, Live after."""

import re
from typing import Any

import pytest
from django.urls import reverse

from linnapp.models import Account, Application, User, Version
from linnapp.services import applications
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
LIST = reverse("admin:linnapp_application_changelist")


@pytest.fixture
def draft(northwind: Account, alice: User) -> Application:
    return applications.create_application(account=northwind, name="Order Board", kind="SYSTEM", by=acting(alice))[0]


def state_in_list(page: str, name: str) -> str:
    row = next(row for row in page.split("<tr>") if name in row)
    found = re.search(r'class="field-shown_state">([^<]+)<', row)
    return found[1] if found else ""


def test_the_admin_says_and_filters_it(
    draft: Application, application: Application, version: Version, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    page = client.get(LIST).content.decode()
    assert [state_in_list(page, row.name) for row in (draft, application)] == ["Draft", "Live"]
    for word, row in (("Draft", draft), ("Live", application)):
        assert list(client.get(LIST, {"shown": word}).context["cl"].result_list) == [row]
    draft.retired_at = draft.created_at
    draft.save()
    assert state_in_list(client.get(LIST).content.decode(), draft.name) == "Retired"
    assert not client.get(LIST, {"shown": "Draft"}).context["cl"].result_list


def test_support_says_it_wherever_it_lists_applications(
    draft: Application, application: Application, version: Version, northwind: Account, sam: User, client_of: ClientOf
) -> None:
    client = client_of(sam)
    found: Any = client.post(reverse("support_search"), {"q": draft.name})
    if found.status_code == 302:
        found = client.get(found.headers["Location"])
    for page in (
        found,
        client.get(reverse("support_account", args=[northwind.pk])),
        client.get(reverse("support_application", args=[draft.pk])),
    ):
        assert re.search(r'data-tone="neutral"[^>]*>.*?Draft', page.content.decode(), re.DOTALL)
    page = client.get(reverse("support_account", args=[northwind.pk])).content.decode()
    own = page[page.index("Its own applications") :]
    assert [own.count(f"{word}</span>") for word in ("Draft", "Live")] == [1, 1]
    assert "Draft" not in client.get(reverse("support_application", args=[application.pk])).content.decode()
