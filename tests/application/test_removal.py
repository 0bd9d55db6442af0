from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Installation, PermanentToken
from linnapp.models import Account, Application, Secret, TimelineEntry, User, Version
from tests.kit.people import ClientOf, acting


def url(application: Application) -> str:
    return reverse("application_remove", args=["northwind", application.pk])


def test_one_that_nobody_ever_installed_is_deleted(
    version: Version, application: Application, bob: User, client_of: ClientOf
) -> None:
    client = client_of(bob)
    page = client.get(url(application)).content.decode()
    assert "It was never installed, so it will be <strong>deleted</strong>" in page
    after = client.post(url(application), {"name": "Stock Bridge"}, follow=True)
    assert after.redirect_chain == [(reverse("application_list", args=["northwind"]), 302)]
    assert "Stock Bridge is deleted." in after.content.decode()
    assert (Application.objects.count(), Version.objects.count(), Secret.objects.count()) == (0, 0, 0)
    entry = TimelineEntry.objects.get(kind="APPLICATION_DELETED")
    assert (entry.application_id, entry.actor_name) == (application.pk, "Bob")


def test_one_that_was_installed_once_is_retired_and_stays_readable(
    installation: Installation, application: Application, alice: User, carol: User, client_of: ClientOf
) -> None:
    lifecycle.uninstall(installation, by=acting(carol))
    client = client_of(alice)
    page = client.get(url(application)).content.decode()
    assert "It was installed 1 time, so it will be <strong>retired</strong>" in page
    after = client.post(url(application), {"name": "Stock Bridge"}, follow=True)
    html = after.content.decode()
    assert after.redirect_chain == [(reverse("application_general", args=["northwind", application.pk]), 302)]
    assert "Stock Bridge is retired." in html
    assert "You can still read everything, but nothing can be changed." in html
    application.refresh_from_db()
    assert application.state == Application.State.RETIRED
    assert not application.secrets.live().exists()
    assert not PermanentToken.objects.live().exists()
    assert Installation.objects.filter(pk=installation.pk).exists()


@pytest.mark.parametrize("name", ["Stock Bridge", ""])
def test_one_that_is_installed_is_refused_with_the_number(
    name: str, installation: Installation, application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    for page in (client.get(url(application)), client.post(url(application), {"name": name})):
        html = page.content.decode()
        assert "<strong>1 account has it installed.</strong>" in html
        assert 'name="name"' not in html
    assert page.status_code == 422
    application.refresh_from_db()
    assert application.retired_at is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Type the name of the application to confirm."),
        ("stock bridge", "The name is “Stock Bridge”. Type it exactly like that."),
        ("Stock", "The name is “Stock Bridge”. Type it exactly like that."),
    ],
)
def test_without_its_name_nothing_is_removed(
    typed: str, sentence: str, application: Application, alice: User, client_of: ClientOf
) -> None:
    response = client_of(alice).post(url(application), {"name": typed})
    assert response.status_code == 422
    assert response.content.decode().count(sentence) == 2
    assert response.context["form"]["name"].value() == typed
    assert Application.objects.count() == 1


def test_one_that_is_retired_is_not_removed_again(
    installation: Installation, application: Application, alice: User, carol: User, client_of: ClientOf
) -> None:
    lifecycle.uninstall(installation, by=acting(carol))
    Application.objects.update(retired_at=timezone.now())
    client = client_of(alice)
    assert "is already retired" in client.get(url(application)).content.decode()
    assert client.post(url(application), {"name": "Stock Bridge"}).status_code == 422
    assert not TimelineEntry.objects.filter(kind="APPLICATION_RETIRED").exists()


def test_a_stranger_removes_nothing(application: Application, dave: User, depot: Account, client_of: ClientOf) -> None:
    for method in ("get", "post"):
        assert getattr(client_of(dave), method)(url(application), {"name": "Stock Bridge"}).status_code == 404
        answer = getattr(client_of(None), method)(url(application), {"name": "Stock Bridge"})
        assert answer.headers["Location"].startswith("/sign-in/?next=")
    assert Application.objects.count() == 1


def test_an_unknown_application_is_404(alice: User, northwind: Account, client_of: ClientOf) -> None:
    address = reverse("application_remove", args=["northwind", uuid4()])
    assert client_of(alice).get(address).status_code == 404


def test_removing_takes_get_and_post_only(application: Application, alice: User, client_of: ClientOf) -> None:
    assert client_of(alice).delete(url(application)).status_code == 405
    assert Application.objects.count() == 1
