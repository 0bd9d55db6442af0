"""What the statements of the two source documents are tried with: an application from its creation to its customers."""

import json
import re
from typing import Any

from django.test import Client
from django.urls import reverse

from installs.installations import lifecycle, moving
from installs.models import Installation
from linnapp.manifest import parse
from linnapp.models import Account, Application, User, Version
from linnapp.services import manifests, versions
from tests.kit.people import acting
from tests.kit.pressing import form_of, press

EXCHANGE = "/api/Auth/AuthorizeByApplication"
CALL = "/api/Inventory/GetStockLocations"


def create(client: Client, account: Account, name: str = "Stock Bridge", kind: str = "SYSTEM") -> Application:
    answer = client.post(reverse("application_new", args=[account.slug]), {"name": name, "type": kind})
    application = Application.objects.get(name=name)
    assert answer.status_code == 302
    assert answer.headers["Location"] == reverse("application_general", args=[account.slug, application.pk])
    return application


def page(client: Client, name: str, *arguments: Any) -> str:
    answer = client.get(reverse(name, args=arguments))
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.content.decode()


def consent_url(application: Application) -> str:
    return reverse("authorize", args=[application.pk])


def install(client: Client, application: Application, account: Account, **fields: Any) -> Any:
    """Consents as the page offers it to this person, with the fields a test changes."""
    shown = client.get(consent_url(application), {"account": account.slug}).content.decode()
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown))
    return client.post(consent_url(application), {**form, "agreed": "on", **fields})


def add_postback_url(client: Client, application: Application, url: str) -> None:
    """On App Modules: Add, which offers PostbackUrl first, and Save Manifest."""
    opened = client.get(reverse("manifest_edit", args=["northwind", application.pk]))
    added = form_of(press(client, form_of(opened, "manifest"), "Add parameter"), "manifest")
    assert added.values("0-p-name") == ["PostbackUrl"]
    assert press(client, added.type_into("0-p-value", url), "Save Manifest").status_code == 302


def exchange(application: Application, token: str, **fields: str) -> Any:
    sent = {
        "ApplicationId": str(application.pk),
        "ApplicationSecret": application.secrets.get().value(),
        "Token": token,
    }
    return Client().post(EXCHANGE, json.dumps(sent | fields), content_type="application/json")


def save(application: Application, by: User, **fields: str) -> Application:
    """Save Manifest, with the first module's fields changed."""
    row = Application.objects.get(pk=application.pk)
    manifest = row.versions.development().manifest()
    source = json.loads(json.dumps(row.versions.development().snapshot))
    source["Modules"][0].update(fields)
    assert parse(source) != manifest
    return manifests.save_manifest(row, parse(source), expected_revision=row.manifest_revision, by=acting(by))


def release(application: Application, by: User, number: tuple[int, int, int], **fields: str) -> Version:
    row = save(application, by, **fields) if fields else Application.objects.get(pk=application.pk)
    return versions.create_version(row, number=number, notes="", expected_revision=row.manifest_revision, by=acting(by))


def consent(client: Client, application: Application) -> str:
    return client.get(consent_url(application)).content.decode()


def store_pages(client: Client, application: Application, account: Account) -> list[str]:
    """The application in the list of the store, and its page there."""
    Application.objects.filter(pk=application.pk).update(listing=Application.Listing.LISTED)
    return [page(client, "store", account.slug), page(client, "store_application", account.slug, application.pk)]


def everything_shown_to(client: Client, application: Application, account: Account) -> str:
    """All a customer sees of an application: consent, after installing, the store, My apps, the installation, an
    update and the way back, the API's answer."""
    shown = consent(client, application) + "".join(store_pages(client, application, account))
    answer = install(client, application, account)
    shown += client.get(answer.headers["Location"]).content.decode()
    installation = Installation.objects.live().get(application=application, account=account)
    maker = application.account.members.get()
    for number in ((1, 5, 0), (1, 6, 0)):
        here = [account.slug, installation.pk]
        shown += page(client, "my_apps", account.slug) + page(client, "installation_detail", *here)
        shown += page(client, "installation_uninstall", *here)
        latest = release(application, maker, number, path=f"/{number}", moduleName="Quokka too")
        shown += page(client, "installation_update", *here)
        moving.update(installation, to=latest, by=acting(account.owners()[0]))
        shown += page(client, "installation_go_back", *here)
    return f"{shown}{exchange(application, lifecycle.current_token(installation).value()).content.decode()}"
