"""The consent page: who may read it, what it says, and what it refuses."""

import re
from typing import Any

import pytest
from django.urls import reverse

from installs.installations import suspending
from installs.models import Installation
from linnapp.models import Account, Application, Membership, User, Version
from linnapp.services import applications, people
from tests.kit.consenting import address, external, read, release, rows, sent
from tests.kit.people import ClientOf, acting
from tests.kit.posting import wait_for_200, with_postback

TICKED = re.compile(r"<input[^>]*\schecked\b")


@pytest.fixture
def newer(application: Application, version: Version, alice: User) -> Version:
    """1.1.0, which asks for less: with a permission it no longer uses the whole API."""
    manifest = external() | {"LinnworksPermissions": ["GlobalPermissions.OrderBook.ViewOrderDetailsNode"]}
    return release(application, (1, 1, 0), manifest, alice)


@pytest.mark.usefixtures("cakes", "version")
def test_it_says_what_is_asked(client_of: ClientOf, application: Application, carol: User, alice: User) -> None:
    applications.edit_application(application, by=acting(alice), description="Keeps stock the same everywhere.")
    answer = client_of(carol).get(address(application))
    assert answer.status_code == 200
    page = read(answer)
    assert "Stock Bridge by Northwind wants to connect to Carol's Cakes" in page
    assert "Keeps stock the same everywhere." in page
    assert "Nobody at this portal has checked Stock Bridge. Install it only if you know Northwind" in page
    assert "It will be able to See and change everything on this account" in page
    assert "a key of its own to your account (permanent token), shown to you on the next page" in page
    assert "I may install applications for Carol's Cakes and agree to the above" in page
    assert "Signed in as carol@carolscakes.example" in page
    assert not TICKED.search(answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.usefixtures("cakes", "version")
def test_a_listed_application_is_verified(client_of: ClientOf, application: Application, carol: User) -> None:
    Application.objects.update(listing=Application.Listing.LISTED)
    page = read(client_of(carol).get(address(application)))
    assert "Verified" in page
    assert "Not verified" not in page
    assert "Nobody at this portal has checked Stock Bridge" not in page


@pytest.mark.usefixtures("cakes")
def test_what_is_organisational_only_reaches_no_installer(
    client_of: ClientOf, application: Application, carol: User, alice: User
) -> None:
    applications.edit_application(application, by=acting(alice), summary="MARKER")
    manifest = external(group="MARKER", moduleName="MARKER", formattedName="MARKER")
    shown = release(application, (1, 0, 0), manifest, alice)
    client = client_of(carol)
    assert b"MARKER" not in client.get(address(application)).content
    answer = client.post(address(application), sent(shown, carol.accounts.get()), follow=True)
    assert answer.status_code == 200
    assert b"MARKER" not in answer.content


@pytest.mark.usefixtures("cakes")
def test_the_host_that_gets_the_permanent_token_is_named(
    client_of: ClientOf, application: Application, carol: User, alice: User
) -> None:
    parameter = {"name": "PostbackUrl", "value": "https://hooks.example.com/in?token=[{TOKEN}]"}
    release(application, (1, 0, 0), external(parameters=[parameter]), alice)  # type: ignore[arg-type]
    page = read(client_of(carol).get(address(application)))
    key = "a key of its own to your account (permanent token), sent to hooks.example.com"
    assert f"It gets {key} It works for Carol's Cakes" in page
    assert "shown to you" not in page
    assert "when that server has answered" not in page


@pytest.mark.usefixtures("cakes")
def test_that_the_installation_waits_for_the_answer_is_said_before(
    client_of: ClientOf, application: Application, carol: User, alice: User
) -> None:
    wait_for_200(application)
    release(application, (1, 0, 0), external(), alice)
    assert "when that server has answered" not in read(client_of(carol).get(address(application)))
    with_postback(application, "https://hooks.example.com/in", alice, (1, 0, 1))
    page = read(client_of(carol).get(address(application)))
    assert "The installation is complete only when that server has answered." in page


def test_anonymous_signs_in_first_and_comes_back(client_of: ClientOf, application: Application) -> None:
    answer = client_of(None).get(address(application, Tracking="abc"))
    assert answer.status_code == 302
    expected = f"/sign-in/?next=/Authorization/Authorize/{application.pk}%3FTracking%3Dabc"
    assert answer.headers["Location"] == expected
    sentence = "Then you see what the application can do"
    assert [sentence in read(client_of(None).get(page)) for page in (expected, "/sign-in/")] == [True, False]
    assert sentence in read(client_of(None).get(expected.replace("sign-in", "sign-up")))


def test_anonymous_learns_nothing_of_what_exists(client_of: ClientOf, application: Application) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    known = client_of(None).get(address(application)).headers["Location"]
    other = client_of(None).get(reverse("authorize", args=[unknown])).headers["Location"]
    assert known.replace(str(application.pk), unknown) == other
    assert application.name not in client_of(None).get(known).content.decode()


@pytest.mark.parametrize("word", ["Authorization/Authorize", "authorization/authorize", "AUTHORIZATION/AUTHORIZE"])
@pytest.mark.parametrize("spelling", ["{}", "{{{}}}", "%7B{}%7D", "{}/"])
@pytest.mark.parametrize("dashes", [True, False])
@pytest.mark.usefixtures("cakes", "version")
def test_the_address_is_understood_in_any_spelling(
    client_of: ClientOf, application: Application, carol: User, word: str, spelling: str, dashes: bool
) -> None:
    identifier = str(application.pk) if dashes else application.pk.hex.upper()
    assert client_of(carol).get(f"/{word}/{spelling.format(identifier)}").status_code == 200


@pytest.mark.parametrize("identifier", ["", "abc", "123", "%00", "4f5793dd-43d1-44e8-8f28"])
def test_a_malformed_id_has_a_page_of_its_own(client_of: ClientOf, carol: User, identifier: str) -> None:
    answer = client_of(carol).get(f"/Authorization/Authorize/{identifier}")
    assert answer.status_code == 404
    assert "This is not an Installation URL" in read(answer)


@pytest.mark.usefixtures("cakes")
def test_an_unknown_application_has_a_page_of_its_own(client_of: ClientOf, carol: User) -> None:
    answer = client_of(carol).get("/Authorization/Authorize/00000000-0000-4000-8000-000000000000")
    assert answer.status_code == 404
    assert "There is no such application" in read(answer)


@pytest.mark.usefixtures("cakes", "version")
def test_a_suspended_application_says_why(
    client_of: ClientOf, application: Application, carol: User, sam: User
) -> None:
    suspending.suspend_application(application, by=acting(sam, reason="שלום It lost orders"))
    answer = client_of(carol).get(address(application))
    assert answer.status_code == 403
    assert "Stock Bridge is suspended It cannot be installed until this portal's staff resume it." in read(answer)
    assert "<p>Their reason: <bdi>שלום It lost orders</bdi></p>" in answer.content.decode()


def test_a_retired_application_says_so(
    client_of: ClientOf, application: Application, version: Version, cakes: Account, carol: User
) -> None:
    Application.objects.update(retired_at=version.created_at)
    for answer in (
        client_of(carol).get(address(application)),
        client_of(carol).post(address(application), sent(version, cakes)),
    ):
        assert answer.status_code == 410
        assert "Stock Bridge is retired" in read(answer)
    assert Installation.objects.count() == 0


@pytest.mark.usefixtures("cakes")
def test_without_a_released_version_it_says_so(client_of: ClientOf, application: Application, carol: User) -> None:
    answer = client_of(carol).get(address(application))
    assert answer.status_code == 404
    assert "No version was released yet." in read(answer)
    assert 'name="agreed"' not in answer.content.decode()


@pytest.mark.usefixtures("version")
def test_somebody_who_may_not_install_is_told_who_may(
    client_of: ClientOf, application: Application, cakes: Account, dave: User
) -> None:
    Membership.objects.create(account=cakes, user=dave, role=Membership.Role.DEVELOPER)
    answer = client_of(dave).get(address(application))
    assert answer.status_code == 403
    assert "Ask Carol (carol@carolscakes.example) of Carol's Cakes." in read(answer)


@pytest.mark.usefixtures("version")
def test_somebody_without_an_account_is_told_to_make_one(
    client_of: ClientOf, application: Application, dave: User
) -> None:
    answer = client_of(dave).get(address(application))
    assert answer.status_code == 403
    assert "you belong to none" in read(answer)


@pytest.mark.usefixtures("version")
def test_the_account_is_chosen_in_a_step_of_its_own(
    client_of: ClientOf, application: Application, cakes: Account, carol: User
) -> None:
    bakery = people.create_account(name="A Bakery", owner=carol)
    client = client_of(carol)
    first = client.get(address(application))
    assert f'<option value="{bakery.slug}" selected>' in first.content.decode()
    chosen = client.get(address(application, account=cakes.slug, Tracking="abc"))
    assert f'<option value="{cakes.slug}" selected>' in chosen.content.decode()
    assert "I may install applications for Carol's Cakes" in read(chosen)
    assert '<input type="hidden" name="Tracking" value="abc">' in chosen.content.decode()


@pytest.mark.usefixtures("version")
def test_htmx_gets_the_part_alone(client_of: ClientOf, application: Application, cakes: Account, carol: User) -> None:
    answer = client_of(carol).get(address(application, account=cakes.slug), headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<article id="consent"')


def test_only_the_own_account_chooses_a_version(
    client_of: ClientOf, application: Application, newer: Version, northwind: Account, bob: User, alice: User
) -> None:
    other = people.create_account(name="Alice Alone", owner=alice)
    own = client_of(alice).get(address(application, account=northwind.slug))
    labels = re.findall(r'<option value="\d+"[^>]*>([^<]*)<', own.content.decode())
    assert labels == ["Development Version", "1.1.0", "1.0.0"]
    assert client_of(bob).get(address(application)).context["question"].version.is_development
    page = client_of(alice).get(address(application, account=other.slug))
    assert "choose-version" not in page.content.decode()
    assert page.context["question"].version == newer


def test_the_page_shows_what_the_version_chosen_reaches(
    client_of: ClientOf, application: Application, version: Version, newer: Version, northwind: Account, alice: User
) -> None:
    def reach(chosen: Version) -> str:
        answer = client_of(alice).get(address(application, account=northwind.slug, version=chosen.pk))
        assert f'name="version" value="{chosen.pk}"' in answer.content.decode()
        return read(answer)

    assert "See and change everything" in reach(version)
    assert "It will be able to See the details of your orders Details" in reach(newer)


NODES = ["Delete", "Cancel", "Merge", "Split", "Lock", "Export", "ViewNotes", "ViewFolders"]


def test_six_sentences_are_read_at_once_the_rest_and_the_names_are_folded(
    client_of: ClientOf, application: Application, cakes: Account, carol: User, alice: User
) -> None:
    names = [f"GlobalPermissions.OrderBook.{node}OrdersNode" for node in NODES]
    release(application, (1, 0, 0), external() | {"LinnworksPermissions": names}, alice)
    answer = client_of(carol).get(address(application, account=cakes.slug))
    able = answer.content.decode().partition("It will be able to")[2].partition("It gets")[0]
    at_once, _, folded = able.partition("<details>")
    assert at_once.count("<li>") == 6
    assert "GlobalPermissions" not in at_once
    assert "<summary>and 2 more</summary>" in folded
    assert "Details" in folded
    assert all(f"<code>{name}</code>" in folded for name in names)


@pytest.mark.usefixtures("newer")
def test_a_forged_version_is_refused_on_the_page(
    client_of: ClientOf, application: Application, version: Version, cakes: Account, carol: User
) -> None:
    for forged in (version.pk, application.versions.development().pk, "x", 999999):
        answer = client_of(carol).get(address(application, account=cakes.slug, version=forged))
        assert answer.status_code == 404
        assert "You cannot choose this version" in read(answer)


def test_a_forged_version_is_refused_when_sent_and_nothing_is_written(
    client_of: ClientOf, application: Application, version: Version, newer: Version, cakes: Account, carol: User
) -> None:
    before = rows()
    for forged in (version, application.versions.development()):
        answer = client_of(carol).post(address(application), sent(forged, cakes))
        assert answer.status_code == 422
        assert f'name="version" value="{newer.pk}"' in answer.content.decode()
    for unknown in ("999999", "9" * 40, "-1"):
        gone = client_of(carol).post(address(application), sent(newer, cakes, version=unknown))
        assert gone.status_code == 404
    assert rows() == before


def test_somebody_elses_account_is_refused_and_nothing_is_written(
    client_of: ClientOf, application: Application, version: Version, cakes: Account, alice: User, bob: User
) -> None:
    before = rows()
    for user, expected in ((alice, 404), (bob, 404), (None, 302)):
        assert client_of(user).post(address(application), sent(version, cakes)).status_code == expected
    assert client_of(alice).get(address(application, account=cakes.slug)).status_code == 404
    assert client_of(alice).post(address(application), sent(version, cakes, account="")).status_code == 404
    assert rows() == before


def test_a_version_released_while_reading_is_asked_about_again(
    client_of: ClientOf, application: Application, version: Version, cakes: Account, carol: User, alice: User
) -> None:
    client = client_of(carol)
    client.get(address(application))
    manifest = external() | {"LinnworksPermissions": ["GlobalPermissions.Orders.Edit"]}
    latest = release(application, (2, 0, 0), manifest, alice)
    before = rows()
    answer = client.post(address(application), sent(version, cakes))
    assert answer.status_code == 422
    page = read(answer)
    assert "A newer version was released while you were reading. This is what it can do." in page
    assert "Change your orders" in page
    assert not TICKED.search(answer.content.decode())
    assert rows() == before
    assert client.post(address(application), sent(latest, cakes)).status_code == 302
    assert Installation.objects.get().version == latest


@pytest.mark.usefixtures("cakes")
def test_the_box_must_be_ticked(client_of: ClientOf, application: Application, version: Version, carol: User) -> None:
    answer = client_of(carol).post(address(application, Tracking="abc"), sent(version, carol.accounts.get(), agreed=""))
    assert answer.status_code == 422
    assert "Tick this box if you agree and are allowed to install it" in read(answer)
    assert 'action="{}"'.format(address(application, Tracking="abc")) in answer.content.decode()
    assert Installation.objects.count() == 0


@pytest.mark.parametrize("broken", [{"nonce": "x"}, {"nonce": ""}, {"version": "x"}, {"version": ""}])
def test_a_broken_form_is_asked_again(
    client_of: ClientOf, application: Application, version: Version, cakes: Account, carol: User, broken: dict[str, str]
) -> None:
    answer = client_of(carol).post(address(application), sent(version, cakes, **broken))
    assert answer.status_code == 422
    assert "Read it again, then send it again." in read(answer)
    assert f'name="version" value="{version.pk}"' in answer.content.decode()
    assert Installation.objects.count() == 0


def test_what_the_form_shows_again_is_the_version_that_was_read(
    client_of: ClientOf, application: Application, version: Version, northwind: Account, alice: User
) -> None:
    answer = client_of(alice).post(address(application), sent(version, northwind, agreed=""))
    assert answer.status_code == 422
    assert answer.context["question"].version == version


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(client_of: ClientOf, application: Application, carol: User, method: str) -> None:
    assert getattr(client_of(carol), method)(address(application)).status_code == 405


def test_one_that_is_installed_says_so_and_shows_what_it_has(
    client_of: ClientOf, installation: Installation, newer: Version, carol: User
) -> None:
    answer = client_of(carol).get(address(installation.application))
    page = read(answer)
    assert (
        "Already installed on this account (version 1.0.0). Authorising again gives the same permanent token." in page
    )
    assert "It stays on its version. 1.1.0 is available: read what it changes, and update ." in page
    assert "See and change everything on this account" in page
    assert answer.context["question"].version == installation.version
    assert newer.label == "1.1.0"


def test_the_page_costs_few_queries(
    client_of: ClientOf, installation: Installation, carol: User, django_assert_max_num_queries: Any
) -> None:
    client = client_of(carol)
    with django_assert_max_num_queries(14):
        assert client.get(address(installation.application)).status_code == 200
