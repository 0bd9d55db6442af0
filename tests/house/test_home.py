import re

from django.urls import reverse

from installs.models import Installation
from linnapp.models import Account, Application, User
from linnapp.services import people
from tests.kit.people import ClientOf


def test_a_developer_comes_to_the_applications(
    application: Application, bob: User, northwind: Account, client_of: ClientOf
) -> None:
    answer = client_of(bob).get(reverse("home"))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/a/northwind/applications/")


def test_a_customer_comes_to_the_apps_they_use(
    installation: Installation, carol: User, cakes: Account, client_of: ClientOf
) -> None:
    assert client_of(carol).get(reverse("home")).headers["Location"] == f"/a/{cakes.slug}/apps/"


def test_somebody_of_several_accounts_comes_to_the_one_they_worked_on_last(
    application: Application, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    other = people.create_account(name="Another", owner=alice)
    client = client_of(alice)
    client.get(reverse("my_apps", args=[other.slug]))
    assert client.get(reverse("home")).headers["Location"] == f"/a/{other.slug}/start/"
    client.get(reverse("application_list", args=[northwind.slug]))
    assert client.get(reverse("home")).headers["Location"] == "/a/northwind/applications/"


def test_somebody_who_works_nowhere_yet_comes_to_the_account_that_develops(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    people.create_account(name="Another", owner=alice)
    assert client_of(alice).get(reverse("home")).headers["Location"] == "/a/northwind/applications/"


def test_a_new_account_is_asked_what_it_is_for_until_it_has_something(
    carol: User, cakes: Account, client_of: ClientOf
) -> None:
    client = client_of(carol)
    page = client.get(reverse("home"), follow=True)
    assert page.redirect_chain == [(f"/a/{cakes.slug}/start/", 302)]
    main = page.content.decode().partition("<main")[2].partition("</main>")[0]
    assert "What brings you here?" in main
    assert re.findall(r'<a [^>]*href="([^"]+)"', main) == [
        f"/a/{cakes.slug}/applications/new/",
        f"/a/{cakes.slug}/store/",
    ]
    assert "<form" not in main
    client.post(f"/a/{cakes.slug}/applications/new/", {"name": "Cake Counter", "type": "SYSTEM"})
    assert client.get(reverse("home")).headers["Location"] == f"/a/{cakes.slug}/applications/"
    assert client.get(f"/a/{cakes.slug}/start/").status_code == 200


def test_the_first_question_is_asked_of_members_alone(dave: User, cakes: Account, client_of: ClientOf) -> None:
    assert client_of(dave).get(f"/a/{cakes.slug}/start/").status_code == 404


def test_somebody_without_an_account_is_asked_to_make_one(dave: User, client_of: ClientOf) -> None:
    assert client_of(dave).get(reverse("home")).headers["Location"] == reverse("account_none")


def test_staff_without_an_account_are_led_to_their_pages(sam: User, client_of: ClientOf) -> None:
    assert client_of(sam).get(reverse("home")).headers["Location"] == reverse("support_search")


def test_the_address_of_an_account_leads_to_its_home(
    application: Application, installation: Installation, alice: User, carol: User, cakes: Account, client_of: ClientOf
) -> None:
    client = client_of(alice)
    assert client.get("/a/northwind/").headers["Location"] == "/a/northwind/applications/"
    other = people.create_account(name="Another", owner=alice)
    assert client.get(f"/a/{other.slug}/").headers["Location"] == f"/a/{other.slug}/apps/"
    carols = client_of(carol)
    assert carols.get(f"/a/{cakes.slug}/").headers["Location"] == f"/a/{cakes.slug}/apps/"
    assert carols.get("/a/northwind/").status_code == 404


def test_somebody_signed_out_is_sent_to_sign_in(db: None, client_of: ClientOf) -> None:
    assert client_of(None).get(reverse("home")).headers["Location"].startswith("/sign-in/")
