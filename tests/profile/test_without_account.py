"""Who leaves their last account is told so before, and what to do afterwards."""

import pytest

from linnapp.models import Account, Membership, User
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db


def test_leaving_the_last_account_is_explained_and_leads_on(bob: User, northwind: Account, client_of: ClientOf) -> None:
    browser, seat = client_of(bob), Membership.objects.get(user=bob)
    leave = f"/a/northwind/team/{seat.pk}/remove/"
    assert "This is the only account you are a member of." in browser.get(leave).content.decode()
    answer = browser.post(leave, follow=True)
    assert [where for where, _ in answer.redirect_chain] == ["/", "/accounts/none/"]
    page = answer.content.decode()
    assert "You left Northwind." in page.replace("\u2068", "").replace("\u2069", "")
    assert "You are not a member of any account" in page
    for way in ("/accounts/new/", "/profile/delete/", "/profile/export/"):
        assert f'href="{way}"' in page
    assert bob.email in page


def test_who_has_another_account_reads_nothing_of_it(
    bob: User, northwind: Account, cakes: Account, alice: User, client_of: ClientOf
) -> None:
    Membership.objects.create(account=cakes, user=bob, role="DEVELOPER")
    seat = Membership.objects.get(user=bob, account=northwind)
    for user in (bob, alice):
        page = client_of(user).get(f"/a/northwind/team/{seat.pk}/remove/").content.decode()
        assert "the only account" not in page
    assert client_of(bob).get("/accounts/none/").headers["Location"] == "/"
