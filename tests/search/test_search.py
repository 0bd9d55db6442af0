"""The search of the top bar: what a person may see is found, and nothing else, by whatever is pasted."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.exchange import authorization
from installs.exchange.wire import ExchangeRequest
from installs.installations import lifecycle
from installs.models import Delivery, Installation, RefusalGroup, RefusalSample
from linnapp.models import Account, Application, Membership, User, Version
from tests.kit.people import ClientOf, acting
from tests.kit.posting import install, with_postback

NOTHING = "Nothing that you can see has this id, and it is not one of your credentials."


def ask(client: Client, q: object) -> Any:
    return client.post(reverse("search"), {"q": str(q)})


def spellings(identifier: UUID) -> list[str]:
    return [str(identifier), identifier.hex, identifier.hex.upper(), f"{{{identifier}}}", f"  {identifier} "]


def session_token(installation: Installation) -> str:
    request = ExchangeRequest(
        application_id=installation.application_id.hex,
        application_secret=UUID(installation.application.secrets.get().value()).hex,
        token=UUID(lifecycle.current_token(installation).value()).hex,
    )
    return authorization.authorize(request, address="192.0.2.1").session_token


# Ids.


def test_an_application_id_leads_to_the_application_in_any_spelling(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    client = client_of(alice)
    for spelled in spellings(application.pk):
        assert ask(client, spelled).headers["Location"] == reverse(
            "application_overview", args=("northwind", application.pk)
        )


def test_an_installation_id_leads_to_the_readers_own_side(
    client_of: ClientOf, alice: User, carol: User, installation: Installation, cakes: Account
) -> None:
    tab = reverse("application_installations", args=("northwind", installation.application_id))
    assert ask(client_of(alice), installation.pk).headers["Location"] == f"{tab}?q={installation.pk}"
    own = reverse("installation_detail", args=(cakes.slug, installation.pk))
    assert ask(client_of(carol), installation.pk).headers["Location"] == own


def test_a_webhook_id_leads_to_its_postback_for_the_team_only(
    client_of: ClientOf,
    application: Application,
    cakes: Account,
    alice: User,
    carol: User,
    dave: User,
) -> None:
    version = with_postback(application, "https://hooks.northwind.example/", alice)
    install(application, cakes, version, carol)
    postback = Delivery.objects.get()
    page = reverse("postback_detail", args=("northwind", application.pk, postback.pk))
    for spelled in spellings(postback.pk):
        assert ask(client_of(alice), spelled).headers["Location"] == page
    for person in (carol, dave):
        assert NOTHING in ask(client_of(person), postback.pk).content.decode()


@pytest.mark.parametrize("who", ["dave", "sam", "paula"])
def test_ids_and_credentials_of_others_look_like_ones_that_never_were(
    client_of: ClientOf, installation: Installation, who: str, request: pytest.FixtureRequest
) -> None:
    client = client_of(request.getfixturevalue(who))
    session = session_token(installation)
    values = (
        installation.pk,
        installation.application_id,
        lifecycle.current_token(installation).value(),
        installation.application.secrets.get().value(),
        session,
        UUID(int=7),
    )
    for value in values:
        response = ask(client, value)
        assert response.status_code == 200
        page = response.content.decode()
        assert NOTHING in page
        assert "Stock Bridge" not in page
        assert str(value) not in page


# Credentials.


def test_a_permanent_token_is_recognised_and_never_shown(
    client_of: ClientOf, alice: User, carol: User, installation: Installation
) -> None:
    value = lifecycle.current_token(installation).value()
    for person in (alice, carol):
        page = ask(client_of(person), value.upper()).content.decode()
        assert "This is the permanent token of" in page
        assert "on <strong>Carol&#x27;s Cakes</strong>" in page
        assert value not in page.lower()
    lifecycle.uninstall(installation, by=acting(carol))
    assert "It has ended" in ask(client_of(alice), value).content.decode()


def test_a_secret_is_recognised_for_its_team_only(
    client_of: ClientOf, alice: User, carol: User, installation: Installation
) -> None:
    value = installation.application.secrets.get().value()
    page = ask(client_of(alice), value).content.decode()
    assert "This is an Application Secret of" in page
    assert value not in page
    assert NOTHING in ask(client_of(carol), value).content.decode()


def test_a_session_token_is_called_what_it_is(client_of: ClientOf, alice: User, installation: Installation) -> None:
    value = session_token(installation)
    page = ask(client_of(alice), value).content.decode()
    assert "This is the session token of" in page
    assert value not in page


# Words.


def test_names_find_applications_installations_and_accounts(
    client_of: ClientOf, alice: User, installation: Installation
) -> None:
    client = client_of(alice)
    page = ask(client, "stock").content.decode()
    assert "<h2>Applications</h2>" in page
    assert "Stock Bridge</a>" in page
    page = ask(client, "cakes").content.decode()
    assert "<h2>Installations</h2>" in page
    assert "Carol&#x27;s Cakes</a>" in page
    assert "<h2>Your accounts</h2>" not in page
    assert "<h2>Your accounts</h2>" in ask(client, "northw").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("1.0.0", True),
        ("1.0", True),
        ("v1.0.0", True),
        ("Stock Bridge 1.0.0", True),
        ("1.0.1", False),
        ("X 1.0", False),
    ],
)
def test_versions_are_found_by_number(
    client_of: ClientOf, alice: User, version: Version, query: str, found: bool
) -> None:
    page = ask(client_of(alice), query).content.decode()
    assert ("<h2>Versions</h2>" in page) is found


def test_a_stranger_finds_nothing_by_words(client_of: ClientOf, dave: User, installation: Installation) -> None:
    client = client_of(dave)
    for query in ("stock", "cakes", "northwind", "1.0.0", "%", "_"):
        assert "Nothing that you can see matches" in ask(client, query).content.decode()


def test_a_customer_finds_no_version_of_the_developers(
    client_of: ClientOf, carol: User, installation: Installation
) -> None:
    page = ask(client_of(carol), "1.0.0").content.decode()
    assert "Nothing that you can see matches" in page


def test_a_reference_tells_the_cause_to_those_it_concerns(
    client_of: ClientOf, alice: User, dave: User, application: Application
) -> None:
    now = timezone.now()
    group = RefusalGroup.objects.create(
        key="k", hour=now, reason="UNKNOWN_TOKEN", application_id=application.pk, count=1, last_at=now
    )
    RefusalSample.objects.create(group=group, reference="0123456789abcdef", at=now)
    page = ask(client_of(alice), "0123456789ABCDEF").content.decode()
    assert "Token is not a permanent token of this portal." in page
    assert "Nothing that you can see matches" in ask(client_of(dave), "0123456789abcdef").content.decode()


# The form.


def test_get_shows_the_form_and_reads_nothing_from_the_address(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    page = client_of(alice).get(reverse("search"), {"q": str(application.pk)}).content.decode()
    assert str(application.pk) not in page
    assert 'name="q"' in page


def test_what_is_typed_is_kept_unless_it_may_be_a_credential(client_of: ClientOf, alice: User) -> None:
    client = client_of(alice)
    assert 'value="Bananas &lt;b&gt;"' in ask(client, "Bananas <b>").content.decode()
    assert str(UUID(int=9)) not in ask(client, UUID(int=9)).content.decode()


@pytest.mark.parametrize("query", ["", "   ", "x" * 2001, "a\0b"])
def test_what_cannot_be_searched_is_said(client_of: ClientOf, alice: User, query: str) -> None:
    response = ask(client_of(alice), query)
    assert response.status_code == 422
    assert 'class="errorlist"' in response.content.decode()


def test_nobody_signs_in_first(client_of: ClientOf) -> None:
    assert ask(client_of(None), "stock").headers["Location"].startswith("/sign-in/")


def test_other_methods_are_refused(client_of: ClientOf, alice: User) -> None:
    assert client_of(alice).put(reverse("search")).status_code == 405


def test_many_results_need_few_queries(
    client_of: ClientOf, alice: User, application: Application, version: Version, django_assert_max_num_queries: Any
) -> None:
    for number in range(15):
        account = Account.objects.create(name=f"Shop {number}", slug=f"shop-{number}", contact_email="a@b.example")
        Membership.objects.create(account=account, user=alice, role=Membership.Role.OWNER)
        lifecycle.install(application, account=account, version=version, by=acting(alice))
    client = client_of(alice)
    with django_assert_max_num_queries(15):
        page = ask(client, "shop").content.decode()
    assert page.count('<tr><th scope="row">') == 10
