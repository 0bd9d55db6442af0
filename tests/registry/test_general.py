import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.services import applications
from tests.kit.people import PASSWORD, ClientOf, acting
from tests.typed.forms import go_on

TEXTS = {"name": "Stock Bridge", "summary": "", "description": "", "support_contact": ""}


def general_url(application: Application, query: str = "") -> str:
    return reverse("application_general", args=[application.account.slug, application.pk]) + query


def reveal_url(application: Application) -> str:
    return reverse(
        "secret_reveal", args=[application.account.slug, application.pk, application.secrets.earliest("pk").pk]
    )


def typed(html: str) -> dict[str, str]:
    """What a browser would send of the form with the texts, its hidden fields included."""
    form = html[html.index('name="initial-name"') - 2000 : html.index("Save changes")]
    fields = dict(re.findall(r'<input type="(?:text|hidden)" name="([\w-]+)"(?: value="([^"]*)")?', form))
    fields |= dict(re.findall(r'<textarea name="([\w-]+)"[^>]*>\n?([^<]*)</textarea>', form))
    return {name: unescape(value).replace("\n", "\r\n") for name, value in fields.items() if "csrf" not in name}


def opened(client: Client, application: Application) -> dict[str, str]:
    return typed(client.get(general_url(application)).content.decode())


def secret_of(application: Application) -> str:
    return application.secrets.earliest("pk").value()


# What stands there.


def test_after_creating_an_application_its_id_secret_and_installation_url_stand_on_its_page(
    alice: User, northwind: Account, client_of: ClientOf
) -> None:
    url = reverse("application_new", args=[northwind.slug])
    page = client_of(alice).post(url, {"name": "Parcel Sync", "type": "SYSTEM"}, follow=True)
    made = Application.objects.get()
    html = page.content.decode()
    assert f"<code>{made.pk}</code>" in html
    assert f"<code>{secret_of(made)}</code>" in html
    assert f">http://localhost:8000/Authorization/Authorize/{made.pk}</code>" in html
    assert html.index("<dt>Application ID") < html.index("<dt>Application Secret") < html.index("<dt>Installation URL")
    for field in ("App Logo", "Summary", "Description", "Only your team sees this."):
        assert field in html
    assert page.headers["Cache-Control"] == "no-store"


def test_the_secret_is_plain_to_whoever_made_it_only(
    alice: User, bob: User, northwind: Account, client_of: ClientOf
) -> None:
    client = client_of(alice)
    client.post(reverse("application_new", args=[northwind.slug]), {"name": "Parcel Sync", "type": "SYSTEM"})
    made = Application.objects.get()
    secret = secret_of(made)
    assert secret in client.get(general_url(made)).content.decode()
    for other in (client_of(alice), client_of(bob)):
        html = other.get(general_url(made)).content.decode()
        assert secret not in html
        assert f"<code>••••{secret[-4:]}</code>" in html


def test_ten_minutes_later_the_secret_is_masked_for_them_too(
    alice: User, northwind: Account, client_of: ClientOf
) -> None:
    client = client_of(alice)
    client.post(reverse("application_new", args=[northwind.slug]), {"name": "Parcel Sync", "type": "SYSTEM"})
    session = client.session
    session.update({key: "2020-01-01T00:00:00+00:00" for key, _ in session.items() if key.startswith("shown:")})
    session.save()
    made = Application.objects.get()
    assert secret_of(made) not in client.get(general_url(made)).content.decode()


def test_the_page_costs_few_queries(
    application: Application, alice: User, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    client = client_of(alice)
    client.get(general_url(application))
    with django_assert_max_num_queries(8):
        client.get(general_url(application))


@pytest.mark.parametrize(
    ("typed_tracking", "query"),
    [
        ("", ""),
        ("customer-17", "?Tracking=customer-17"),
        ("a b&c=d/é", "?Tracking=a+b%26c%3Dd%2F%C3%A9"),
    ],
)
def test_tracking_is_added_to_the_link_without_javascript(
    typed_tracking: str, query: str, application: Application, alice: User, client_of: ClientOf
) -> None:
    html = client_of(alice).get(general_url(application), {"tracking": typed_tracking}).content.decode()
    assert f">http://localhost:8000/Authorization/Authorize/{application.pk}{query}</code>" in html


def test_tracking_beyond_two_kilobytes_is_refused_in_words(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    html = client_of(alice).get(general_url(application), {"tracking": "é" * 1025}).content.decode()
    assert "Tracking is at most 2 kB." in html
    assert f">http://localhost:8000/Authorization/Authorize/{application.pk}</code>" in html
    assert "é" * 1025 in html


# Revealing.


def test_reveal_shows_the_secret_where_it_redirects_to_and_stands_in_the_timeline(
    application: Application, bob: User, client_of: ClientOf
) -> None:
    client = client_of(bob)
    response = client.post(reveal_url(application))
    assert (response.status_code, response.headers["Location"]) == (302, f"{general_url(application)}#secrets")
    page = client.get(general_url(application))
    assert secret_of(application) in page.content.decode()
    assert page.headers["Cache-Control"] == "no-store"
    entry = TimelineEntry.objects.get(kind="SECRET_REVEALED")
    assert (entry.actor_name, entry.facts["tail"]) == ("Bob", secret_of(application)[-4:])


def test_an_old_sign_in_is_asked_for_the_password_and_then_goes_on(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice, fresh=False)
    response = client.post(reveal_url(application))
    assert response.headers["Location"].startswith("/sign-in/again/")
    assert not TimelineEntry.objects.filter(kind="SECRET_REVEALED").exists()
    done = go_on(client, response, PASSWORD)
    assert done.headers["Location"] == f"{general_url(application)}#secrets"
    page = client.get(general_url(application))
    assert secret_of(application) in page.content.decode()
    assert TimelineEntry.objects.filter(kind="SECRET_REVEALED").count() == 1


def test_a_secret_that_ended_cannot_be_revealed(application: Application, alice: User, client_of: ClientOf) -> None:
    url = reveal_url(application)
    application.secrets.update(ends_at=timezone.now())
    assert client_of(alice).post(url).status_code == 404


def test_a_secret_is_not_revealed_under_another_application(
    application: Application, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    other, _ = applications.create_application(account=northwind, name="Other", kind="SYSTEM", by=acting(alice))
    url = reverse("secret_reveal", args=[northwind.slug, other.pk, application.secrets.get().pk])
    assert client_of(alice).post(url).status_code == 404
    assert not TimelineEntry.objects.filter(kind="SECRET_REVEALED").exists()


# Editing.


def test_texts_are_saved_as_typed(application: Application, bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    form = opened(client, application) | {
        "name": "Stock Bridge 2",
        "summary": "Ask Bob first.\r\nSecond line",
        "description": "Keeps stock <b>level</b>.",
        "support_contact": "help@northwind.example",
    }
    response = client.post(general_url(application), form)
    assert (response.status_code, response.headers["Location"]) == (302, f"{general_url(application)}#details")
    application.refresh_from_db()
    assert application.name == "Stock Bridge 2"
    assert application.summary == "Ask Bob first.\nSecond line"
    assert application.description == "Keeps stock <b>level</b>."
    assert application.support_contact == "help@northwind.example"
    entry = TimelineEntry.objects.get(kind="APPLICATION_EDITED")
    assert entry.facts["fields"] == "name, summary, description, support contact"
    html = client.get(general_url(application)).content.decode()
    assert "<b>level" not in html


def test_saving_what_stands_there_changes_nothing_even_with_line_breaks(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    applications.edit_application(application, by=acting(alice), description="One\n\nTwo")
    client = client_of(alice)
    page = client.post(general_url(application), opened(client, application), follow=True)
    assert "Nothing was changed." in page.content.decode()
    assert TimelineEntry.objects.filter(kind="APPLICATION_EDITED").count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "Give the application a name."),
        ({"name": "x" * 81}, "Use at most 80 characters."),
        ({"summary": "x" * 2001}, "Ensure this value has at most 2000 characters (it has 2001)."),
        ({"description": "bell\x07"}, "U+0007 cannot be in a text: it is a control character."),
        ({"support_contact": "javascript:alert(1)"}, "Enter an e-mail address, or a web address"),
        ({"support_contact": "call me"}, "Enter an e-mail address, or a web address"),
        ({"support_contact": "ftp://help.example"}, "Enter an e-mail address, or a web address"),
    ],
)
def test_what_is_typed_wrong_is_kept_and_explained(
    change: dict[str, str], sentence: str, application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    form = opened(client, application) | {"summary": "typed before"} | change
    response = client.post(general_url(application), form)
    assert response.status_code == 422
    html = response.content.decode()
    assert html.count(sentence) == 2
    kept = response.context["details"]
    assert {name: kept[name].value() for name in TEXTS} == {name: form[name] for name in TEXTS}
    application.refresh_from_db()
    assert {name: getattr(application, name) for name in TEXTS} == TEXTS
    assert "<h1>Stock Bridge</h1>" in html


@pytest.mark.parametrize("contact", ["help@northwind.example", "https://northwind.example/help?x=1", "http://[::1]/"])
def test_a_support_contact_is_an_address_or_a_page(
    contact: str, application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    client.post(general_url(application), opened(client, application) | {"support_contact": contact})
    application.refresh_from_db()
    assert application.support_contact == contact


def test_two_people_who_change_different_fields_both_keep_theirs(
    application: Application, alice: User, bob: User, client_of: ClientOf
) -> None:
    hers, his = client_of(alice), client_of(bob)
    form_a, form_b = opened(hers, application), opened(his, application)
    hers.post(general_url(application), form_a | {"summary": "Alice's"})
    assert his.post(general_url(application), form_b | {"description": "Bob's"}).status_code == 302
    application.refresh_from_db()
    assert (application.summary, application.description) == ("Alice's", "Bob's")


def test_the_second_to_change_the_same_field_sees_both_and_decides(
    application: Application, alice: User, bob: User, client_of: ClientOf
) -> None:
    hers, his = client_of(alice), client_of(bob)
    form_a, form_b = opened(hers, application), opened(his, application)
    hers.post(general_url(application), form_a | {"description": "Alice's words"})
    refused = his.post(general_url(application), form_b | {"description": "Bob's words", "summary": "Bob's too"})
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "Somebody else changed this while you were editing." in html
    assert "Alice&#x27;s words" in html
    assert "Bob&#x27;s words" in html
    application.refresh_from_db()
    assert (application.description, application.summary) == ("Alice's words", "")
    again = his.post(general_url(application), typed(html))
    assert again.status_code == 302
    application.refresh_from_db()
    assert (application.description, application.summary) == ("Bob's words", "Bob's too")


def test_two_who_type_the_same_do_not_disturb_each_other(
    application: Application, alice: User, bob: User, client_of: ClientOf
) -> None:
    hers, his = client_of(alice), client_of(bob)
    form = opened(hers, application) | {"summary": "The same"}
    hers.post(general_url(application), form)
    assert his.post(general_url(application), form).status_code == 302


def test_a_field_that_was_not_sent_is_not_emptied(application: Application, alice: User, client_of: ClientOf) -> None:
    applications.edit_application(application, by=acting(alice), description="Stays")
    client_of(alice).post(general_url(application), {"name": "Renamed"})
    application.refresh_from_db()
    assert (application.name, application.description) == ("Renamed", "Stays")


def test_renaming_to_a_name_of_another_application_is_allowed_and_said(
    application: Application, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    applications.create_application(account=northwind, name="Parcel Sync", kind="SYSTEM", by=acting(alice))
    client = client_of(alice)
    page = client.post(general_url(application), opened(client, application) | {"name": "Parcel Sync"}, follow=True)
    assert "Northwind has another application called Parcel Sync." in page.content.decode()


# States.


def test_a_suspended_application_shows_its_reason(application: Application, alice: User, client_of: ClientOf) -> None:
    Application.objects.update(suspended_by_staff_at=timezone.now(), suspension_reason="Spam <i>reports</i>.")
    html = client_of(alice).get(general_url(application)).content.decode()
    assert "Suspended by this portal's staff" in html
    assert "Their reason: Spam &lt;i&gt;reports&lt;/i&gt;." in html


def test_a_retired_application_is_read_but_not_changed(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    form = opened(client, application)
    Application.objects.update(retired_at=timezone.now())
    application.secrets.update(ends_at=timezone.now())
    page = client.get(general_url(application))
    html = page.content.decode()
    assert page.status_code == 200
    assert "You can still read everything, but nothing can be changed." in html
    assert "Save changes" not in html
    assert "Create another secret" not in html
    assert secret_of(application)[-4:] not in html.split("Application Secret")[1].split("Installation URL")[0]
    refused = client.post(general_url(application), form | {"name": "Renamed"})
    assert refused.status_code == 422
    assert "Stock Bridge is retired: it can no longer be changed." in unescape(refused.content.decode())
    application.refresh_from_db()
    assert application.name == "Stock Bridge"


# Who may.


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("get", "application_general"),
        ("post", "application_general"),
        ("post", "application_logo"),
        ("post", "application_logo_remove"),
        ("post", "secret_reveal"),
    ],
)
def test_a_stranger_finds_nothing_and_changes_nothing(
    method: str, name: str, application: Application, dave: User, depot: Account, client_of: ClientOf
) -> None:
    key = [application.secrets.get().pk] if name == "secret_reveal" else []
    before = TimelineEntry.objects.count()
    for client in (client_of(dave), client_of(dave, fresh=False)):
        for account in ("northwind", depot.slug, "nobody"):
            url = reverse(name, args=[account, application.pk, *key])
            assert getattr(client, method)(url, TEXTS | {"name": "Mine"}).status_code == 404
    signed_out = getattr(client_of(None), method)(reverse(name, args=["northwind", application.pk, *key]))
    assert signed_out.headers["Location"].startswith("/sign-in/?next=")
    application.refresh_from_db()
    assert application.name == "Stock Bridge"
    assert TimelineEntry.objects.count() == before


def test_an_unknown_application_and_one_under_another_account_are_404(
    application: Application, alice: User, cakes: Account, client_of: ClientOf
) -> None:
    client = client_of(alice)
    assert client.get(reverse("application_general", args=["northwind", uuid4()])).status_code == 404
    assert client.get(reverse("application_general", args=[cakes.slug, application.pk])).status_code == 404


@pytest.mark.parametrize("name", ["application_logo", "application_logo_remove", "secret_reveal"])
def test_what_changes_something_is_a_post(
    name: str, application: Application, alice: User, client_of: ClientOf
) -> None:
    key = [application.secrets.get().pk] if name == "secret_reveal" else []
    assert client_of(alice).get(reverse(name, args=["northwind", application.pk, *key])).status_code == 405
