"""Postback settings: when an installation is complete, and the signing secret."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from installs.models import PostbackPolicy, SigningSecret
from installs.postbacks import signing, signing_secrets
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.people import PASSWORD, ClientOf
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import receiving
from tests.typed.forms import go_on


@pytest.fixture
def alices(alice: User, client_of: ClientOf) -> Client:
    return client_of(alice)


def page_url(application: Application, name: str = "postback_settings") -> str:
    return reverse(name, args=["northwind", application.pk])


def seen(response: Any) -> str:
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(text))


def chosen(response: Any) -> list[str]:
    return re.findall(r'<input type="radio" name="mode" value="(\w+)"[^>]* checked', response.content.decode())


def reveal(client: Client, application: Application) -> Any:
    return client.post(page_url(application, "signing_secret_reveal"), follow=True)


def rotate(client: Client, application: Application, after: str) -> Any:
    return client.post(page_url(application, "signing_secret_rotate"), {"after": after}, follow=True)


# The mode.


def test_complete_and_retry_is_the_default_and_each_says_what_it_means(
    application: Application, alices: Client
) -> None:
    page = alices.get(page_url(application))
    assert chosen(page) == ["COMPLETE_AND_RETRY"]
    assert "Complete and retry default The installation is complete at once" in seen(page)
    assert "the installation fails, its permanent token stops working" in seen(page)


def test_the_mode_is_chosen_kept_and_on_record(application: Application, alices: Client) -> None:
    answer = alices.post(page_url(application, "postback_mode"), {"mode": "WAIT_FOR_200"}, follow=True)
    assert answer.redirect_chain == [(f"{page_url(application)}#mode", 302)]
    assert chosen(answer) == ["WAIT_FOR_200"]
    assert PostbackPolicy.objects.get().mode == "WAIT_FOR_200"
    entry = TimelineEntry.objects.get(kind="POSTBACK_MODE")
    assert entry.facts["mode"] == "Only install when my endpoint answers 200"


@pytest.mark.parametrize("sent", [{}, {"mode": "NEVER"}])
def test_what_is_no_mode_is_refused(application: Application, alices: Client, sent: dict[str, str]) -> None:
    answer = alices.post(page_url(application, "postback_mode"), sent)
    assert answer.status_code == 422
    assert "Choose one of the two." in seen(answer)
    assert not PostbackPolicy.objects.exists()


# The signing secret.


def test_there_is_none_until_it_is_needed_or_asked_for(application: Application, alices: Client) -> None:
    assert "There is none yet" in seen(alices.get(page_url(application)))
    page = reveal(alices, application)
    assert SigningSecret.objects.get().value() in seen(page)


def test_it_is_masked_and_revealed_to_one_browser_for_ten_minutes_on_record(
    application: Application, alices: Client, bob: User, client_of: ClientOf
) -> None:
    secret = signing_secrets.ensure(application)
    page = alices.get(page_url(application))
    assert f"whsec_••••{secret.tail}" in seen(page)
    assert secret.value() not in page.content.decode()
    page = reveal(alices, application)
    assert page.redirect_chain == [(f"{page_url(application)}#signing-secret", 302)]
    assert secret.value() in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert secret.value() not in client_of(bob).get(page_url(application)).content.decode()
    session = alices.session
    long_ago = (timezone.now() - timedelta(minutes=11)).isoformat()
    session.update({key: long_ago for key, _ in session.items() if key.startswith("shown:")})
    session.save()
    assert secret.value() not in alices.get(page_url(application)).content.decode()
    entry = TimelineEntry.objects.get(kind="SIGNING_SECRET_REVEALED")
    assert (entry.actor_name, entry.facts["tail"]) == ("Alice", secret.tail)
    assert secret.value() not in str(entry.facts)


def test_revealing_asks_for_a_fresh_sign_in_but_not_a_stranger(
    application: Application, alice: User, dave: User, client_of: ClientOf
) -> None:
    signing_secrets.ensure(application)
    answer = client_of(alice, fresh=False).post(page_url(application, "signing_secret_reveal"))
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert client_of(dave, fresh=False).post(page_url(application, "signing_secret_reveal")).status_code == 404
    assert not TimelineEntry.objects.filter(kind="SIGNING_SECRET_REVEALED").exists()


def test_rotated_the_new_one_is_shown_both_are_listed_and_both_sign(
    application: Application, alices: Client, alice: User, cakes: Account, carol: User, to_loopback: None
) -> None:
    first = signing_secrets.ensure(application)
    page = rotate(alices, application, "24h")
    assert page.redirect_chain == [(f"{page_url(application)}#signing-secret", 302)]
    first.refresh_from_db()
    made = SigningSecret.objects.get(ends_at=None)
    assert first.ends_at is not None
    assert abs(first.ends_at - timezone.now() - timedelta(hours=24)) < timedelta(seconds=10)
    assert made.value() in page.content.decode()
    assert first.value() not in page.content.decode()
    assert re.search(rf"whsec_••••{re.escape(first.tail)} Created just now , ends (tomorrow|in 2\d hours)", seen(page))
    assert "signed with both" in seen(page)
    with receiving() as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
        (postback,) = receiver.wait_for(1)
    for secret in (first, made):
        signing.verify(postback.headers, postback.body, [secret.value()], now=timezone.now())


def test_rotated_now_the_old_one_is_gone(application: Application, alices: Client) -> None:
    first = signing_secrets.ensure(application)
    page = rotate(alices, application, "now")
    assert "The old one has ended" in seen(page)
    assert f"••••{first.tail}" not in seen(page)
    assert SigningSecret.objects.live().count() == 1
    assert TimelineEntry.objects.get(kind="SIGNING_SECRET_ROTATED").facts["ends"] == "now"


def test_in_the_overlap_it_is_not_rotated_again(application: Application, alices: Client) -> None:
    signing_secrets.ensure(application)
    page = rotate(alices, application, "7d")
    assert ">Rotate</a>" not in page.content.decode()
    assert "There are already two signing secrets" in seen(alices.get(page_url(application, "signing_secret_rotate")))
    refused = rotate(alices, application, "now")
    assert refused.status_code == 422
    assert SigningSecret.objects.count() == 2


@pytest.mark.parametrize("after", ["", "1y"])
def test_rotating_without_a_moment_is_refused(application: Application, alices: Client, after: str) -> None:
    signing_secrets.ensure(application)
    refused = rotate(alices, application, after)
    assert refused.status_code == 422
    assert "Choose " in seen(refused)
    assert SigningSecret.objects.count() == 1


@pytest.mark.parametrize(("scheme", "is_told"), [("http", True), ("https", False)])
def test_an_events_url_without_encryption_is_told_beside_its_field(
    application: Application, alices: Client, settings: Settings, scheme: str, is_told: bool
) -> None:
    settings.OUTBOUND_ALLOW_HTTP = True
    chosen = {"url": f"{scheme}://hooks.example.com/events", "events": "installation.updated"}
    page = seen(alices.post(page_url(application, "events_set"), chosen, follow=True))
    assert "Saved. Events are sent from now on." in page
    assert ("This address is not encrypted. Use https:// for anything but a test." in page) is is_told


def test_a_retired_applications_settings_are_read_and_not_changed(application: Application, alices: Client) -> None:
    secret = signing_secrets.ensure(application)
    Application.objects.update(retired_at=timezone.now())
    assert ">Reveal</button>" not in alices.get(page_url(application)).content.decode()
    assert alices.post(page_url(application, "postback_mode"), {"mode": "WAIT_FOR_200"}).status_code == 422
    for page in (reveal(alices, application), rotate(alices, application, "now")):
        assert "is retired: it no longer sends postbacks." in seen(page)
        assert secret.value() not in page.content.decode()
    assert not PostbackPolicy.objects.exists()
    assert SigningSecret.objects.get().ends_at is None


def test_an_old_sign_in_rotates_nothing_until_the_password_was_given_and_keeps_the_choice(
    application: Application, alice: User, alices: Client, client_of: ClientOf
) -> None:
    reveal(alices, application)
    old = client_of(alice, fresh=False)
    assert old.get(page_url(application, "signing_secret_rotate")).status_code == 200
    asked = old.post(page_url(application, "signing_secret_rotate"), {"after": "24h"})
    assert asked.status_code == 302
    assert SigningSecret.objects.count() == 1
    after = go_on(old, asked, PASSWORD)
    assert after.headers["Location"] == f"{page_url(application)}#signing-secret"
    before, made = SigningSecret.objects.order_by("pk")
    assert before.ends_at is not None
    assert before.ends_at > timezone.now() + timedelta(hours=23)
    assert made.value() in old.get(page_url(application)).content.decode()
