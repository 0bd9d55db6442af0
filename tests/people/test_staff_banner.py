"""The banner of running accesses: on every page, also of the admin, with a way out."""

import pytest

from linnapp.models import Account, StaffAccess, User
from tests.kit.people import ClientOf
from tests.people.test_staff_access import REASON, Purpose, enter, page_of

pytestmark = pytest.mark.django_db


def banner(page: str) -> str:
    """What stands in it; "" where there is none."""
    return page.partition('aria-label="Staff access"')[2].partition("</aside>")[0].replace("&#x27;", "'")


def test_the_admin_carries_it_with_the_account_the_reason_and_leave(
    paula: User, northwind: Account, client_of: ClientOf
) -> None:
    browser = client_of(paula)
    assert not banner(browser.get("/admin/").content.decode())
    enter(browser, northwind, Purpose.WORK)
    for page in ("/admin/", "/admin/linnapp/account/", f"/admin/linnapp/account/{northwind.pk}/change/"):
        shown = banner(browser.get(page).content.decode())
        assert page_of(northwind, "applications") in shown
        assert "to work" in shown
        assert REASON in shown
        assert f'action="/inside/{StaffAccess.objects.get().pk}/leave/"' in shown


def test_each_running_access_is_named_elsewhere_and_the_others_on_an_accounts_page(
    paula: User, northwind: Account, cakes: Account, client_of: ClientOf
) -> None:
    browser = client_of(paula)
    enter(browser, northwind, Purpose.WORK)
    enter(browser, cakes, Purpose.LOOK)
    for page in ("/profile/", "/admin/"):
        shown = banner(browser.get(page).content.decode())
        assert "<strong>2 accounts</strong>" in shown
        assert shown.count("/leave/") == 2
        assert page_of(northwind, "applications") in shown
        assert page_of(cakes, "applications") in shown
    here = banner(browser.get(page_of(cakes, "team")).content.decode())
    assert here.count("/leave/") == 1
    assert "You are also in" in here
    assert page_of(northwind, "applications") in here
