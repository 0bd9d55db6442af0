"""App Modules: who reaches which address, by which method, and what a forged form does."""

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from linnapp import page_urls
from linnapp.models import Account, Application, User
from tests.kit.people import ClientOf
from tests.kit.pressing import press
from tests.registry.test_modules import address, opened, saved_names, standing


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


def addresses(application: Application) -> list[tuple[str, str]]:
    """Every page and button of App Modules, and the method it is for."""
    key = standing(application).modules[0].key
    shown = {"manifest_edit", "manifest_module", "manifest_json", "manifest_export"}
    given: dict[str, Any] = {"account": application.account.slug, "application": application.pk, "module": key}
    given["parameter"] = 0
    found = []
    for pattern in page_urls.urlpatterns:
        if isinstance(pattern, URLPattern) and str(pattern.pattern).startswith(page_urls.MODULES):
            kwargs = {name: given[name] for name in pattern.pattern.converters}
            found.append((reverse(str(pattern.name), kwargs=kwargs), "get" if pattern.name in shown else "post"))
    return found


def test_a_stranger_finds_nothing_and_changes_nothing(
    client_of: ClientOf, application: Application, dave: User, depot: Account
) -> None:
    client = client_of(dave)
    for url, _ in addresses(application):
        assert client.get(url).status_code in (404, 405), url
        assert client.post(url, {"revision": "1"}).status_code in (404, 405), url
    assert client.get(address("manifest_edit", application)).status_code == 404
    assert client.post(address("manifest_edit", application), {"revision": "1"}).status_code == 404
    assert saved_names(application) == ["Stock Bridge"]


def test_nobody_is_sent_to_sign_in(client_of: ClientOf, application: Application) -> None:
    client = client_of(None)
    for url, method in addresses(application):
        response = getattr(client, method)(url)
        assert response.status_code == 302, url
        assert response.url.startswith(reverse("account_login")), url


def test_wrong_methods_are_refused(alices: Client, application: Application) -> None:
    for url, method in addresses(application):
        wrong = "get" if method == "post" else "put"
        assert getattr(alices, wrong)(url).status_code == 405, url


def test_parts_of_another_form_are_not_found(alices: Client, application: Application) -> None:
    form = opened(alices, application)
    for name in ("module_up", "module_delete", "module_undo_delete", "module_duplicate", "parameter_add"):
        response = alices.post(address(name, application, "f" * 32), dict(form.fields))
        assert response.status_code == 404, name
    key = form.value("0-key")
    assert alices.post(address("parameter_delete", application, key, 7), dict(form.fields)).status_code == 404


def test_a_forged_revision_saves_nothing(alices: Client, application: Application) -> None:
    for revision, status in (("7", 409), ("0", 409), ("", 400), ("x", 400), ("1 or 1", 400), ("99999999999999", 400)):
        form = opened(alices, application).type_into("revision", revision).type_into("0-formatted_name", "Forged")
        assert press(alices, form, "Save Manifest").status_code == status, revision
    assert saved_names(application) == ["Stock Bridge"]
    assert Application.objects.get(pk=application.pk).manifest_revision == 1
