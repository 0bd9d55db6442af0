from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Installation, Session
from linnapp.models import Account, Application, Secret, TimelineEntry, User
from linnapp.services import applications, secrets
from tests.kit.people import PASSWORD, ClientOf, acting
from tests.typed.forms import go_on


def url(name: str, application: Application, *more: object) -> str:
    return reverse(name, args=["northwind", application.pk, *more])


def exchange(installation: Installation, secret: Secret) -> Any:
    """As a client program does it."""
    return Client().post(
        "/api/Auth/AuthorizeByApplication",
        {
            "ApplicationId": str(installation.application_id),
            "ApplicationSecret": secret.value(),
            "Token": lifecycle.current_token(installation).value(),
        },
        content_type="application/json",
    )


@pytest.fixture
def second(application: Application, alice: User) -> Secret:
    return secrets.create_secret(application=application, by=acting(alice))


@pytest.fixture
def first(application: Application) -> Secret:
    return application.secrets.earliest("pk")


def test_the_next_secret_is_shown_plain_to_whoever_made_it_and_both_work(
    first: Secret, installation: Installation, bob: User, client_of: ClientOf
) -> None:
    application, client = installation.application, client_of(bob)
    page = client.post(url("secret_create", application), follow=True)
    made = application.secrets.latest("pk")
    html = page.content.decode()
    assert page.redirect_chain == [(f"{url('application_general', application)}#secrets", 302)]
    assert f"<code>{made.value()}</code>" in html
    assert f"<code>••••{first.tail}</code>" in html
    assert first.value() not in html
    assert [exchange(installation, secret).status_code for secret in (first, made)] == [200, 200]
    assert TimelineEntry.objects.filter(kind="SECRET_CREATED", actor_name="Bob").count() == 1


def test_a_third_secret_is_refused_and_its_button_is_not_offered(
    second: Secret, application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    assert "Create another secret" not in client.get(url("application_general", application)).content.decode()
    page = client.post(url("secret_create", application), follow=True)
    assert "There are already two live Application Secrets." in page.content.decode()
    assert application.secrets.count() == 2


def test_with_two_secrets_the_page_tells_which_one_is_in_use(
    first: Secret, second: Secret, installation: Installation, alice: User, client_of: ClientOf
) -> None:
    exchange(installation, first)
    exchange(installation, first)
    html = client_of(alice).get(url("application_general", installation.application)).content.decode()
    assert html.count("2 live sessions, last exchange") == 1
    assert html.count("not in use: no live session") == 1
    assert html.index("2 live sessions") < html.index("not in use")


def test_the_page_before_retiring_says_how_many_sessions_end(
    first: Secret, second: Secret, installation: Installation, alice: User, client_of: ClientOf
) -> None:
    exchange(installation, first)
    client = client_of(alice)
    used = client.get(url("secret_retire", installation.application, first.pk)).content.decode()
    assert "1 session begun with it is live now" in used
    unused = client.get(url("secret_retire", installation.application, second.pk)).content.decode()
    assert "No session begun with it is live" in unused


def test_retired_now_a_secret_is_dead_and_its_sessions_with_it(
    first: Secret, second: Secret, installation: Installation, alice: User, client_of: ClientOf
) -> None:
    exchange(installation, first)
    exchange(installation, second)
    page = client_of(alice).post(
        url("secret_retire", installation.application, first.pk), {"after": "now"}, follow=True
    )
    assert "has ended, and its sessions with it." in page.content.decode()
    assert exchange(installation, first).status_code == 400
    assert exchange(installation, second).status_code == 200
    assert {session.secret_id for session in Session.objects.live()} == {second.pk}
    assert Session.objects.get(secret=first).end == Session.End.SECRET_RETIRED


@pytest.mark.parametrize(
    ("after", "distance", "words"),
    [("24h", timedelta(hours=24), "ends in 24 hours"), ("7d", timedelta(days=7), "ends in 7 days")],
)
def test_retired_later_a_secret_works_until_then(
    after: str,
    distance: timedelta,
    words: str,
    first: Secret,
    second: Secret,
    installation: Installation,
    alice: User,
    client_of: ClientOf,
) -> None:
    before = timezone.now()
    page = client_of(alice).post(
        url("secret_retire", installation.application, first.pk), {"after": after}, follow=True
    )
    first.refresh_from_db()
    assert first.ends_at is not None
    assert before + distance <= first.ends_at <= timezone.now() + distance
    assert f"ending …{first.tail} {words}." in page.content.decode()
    assert exchange(installation, first).status_code == 200


def test_an_end_that_was_chosen_can_be_brought_forward(
    first: Secret, second: Secret, application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    client.post(url("secret_retire", application, first.pk), {"after": "7d"})
    assert "It is set to end" in client.get(url("secret_retire", application, first.pk)).content.decode()
    client.post(url("secret_retire", application, first.pk), {"after": "now"})
    first.refresh_from_db()
    assert not first.is_live


def test_the_last_secret_that_stays_is_not_retired(
    first: Secret, application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    page = client.get(url("secret_retire", application, first.pk)).content.decode()
    assert "This is the only Application Secret with no end date" in page
    assert 'name="after"' not in page
    refused = client.post(url("secret_retire", application, first.pk), {"after": "now"})
    assert refused.status_code == 422
    first.refresh_from_db()
    assert first.ends_at is None


@pytest.mark.parametrize(
    ("after", "sentence"), [("", "Choose when it ends."), ("1y", "Choose one of the three moments.")]
)
def test_no_moment_or_an_unknown_one_is_explained(
    after: str,
    sentence: str,
    first: Secret,
    second: Secret,
    application: Application,
    alice: User,
    client_of: ClientOf,
) -> None:
    response = client_of(alice).post(url("secret_retire", application, first.pk), {"after": after})
    assert response.status_code == 422
    assert response.content.decode().count(sentence) == 2
    assert f"When does it end: {sentence}" in response.content.decode()
    first.refresh_from_db()
    assert first.ends_at is None


def test_a_retired_application_gets_no_secret(application: Application, alice: User, client_of: ClientOf) -> None:
    Application.objects.update(retired_at=timezone.now())
    page = client_of(alice).post(url("secret_create", application), follow=True)
    assert "Stock Bridge is retired: no new Application Secret can be created." in page.content.decode()
    assert application.secrets.count() == 1


def test_a_stranger_neither_makes_nor_retires(
    first: Secret, second: Secret, application: Application, dave: User, depot: Account, client_of: ClientOf
) -> None:
    client, nobody = client_of(dave), client_of(None)
    for address in (url("secret_create", application), url("secret_retire", application, first.pk)):
        assert client.post(address, {"after": "now"}).status_code == 404
        assert nobody.post(address, {"after": "now"}).headers["Location"].startswith("/sign-in/?next=")
    assert client.get(url("secret_retire", application, first.pk)).status_code == 404
    first.refresh_from_db()
    assert (first.ends_at, application.secrets.count()) == (None, 2)


def test_a_secret_is_not_retired_under_another_application(
    first: Secret, second: Secret, northwind: Account, alice: User, client_of: ClientOf
) -> None:
    other, _ = applications.create_application(account=northwind, name="Other", kind="SYSTEM", by=acting(alice))
    assert client_of(alice).post(url("secret_retire", other, first.pk), {"after": "now"}).status_code == 404


def test_making_a_secret_is_a_post(application: Application, alice: User, client_of: ClientOf) -> None:
    assert client_of(alice).get(url("secret_create", application)).status_code == 405
    assert application.secrets.count() == 1


def test_an_old_sign_in_makes_no_secret_until_the_password_was_given(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice, fresh=False)
    asked = client.post(url("secret_create", application))
    assert asked.status_code == 302
    assert application.secrets.count() == 1
    after = go_on(client, asked, PASSWORD)
    assert after.headers["Location"] == f"{url('application_general', application)}#secrets"
    made = application.secrets.latest("pk")
    assert application.secrets.count() == 2
    assert f"<code>{made.value()}</code>" in client.get(after.headers["Location"]).content.decode()


def test_a_stranger_with_an_old_sign_in_is_told_nothing_of_a_secret(
    application: Application, dave: User, client_of: ClientOf
) -> None:
    assert client_of(dave, fresh=False).post(url("secret_create", application)).status_code == 404
