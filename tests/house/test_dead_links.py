"""Whoever of staff is inside an account finds no link and no button there that can only fail: all ways, in the demo."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from pytest_django import DjangoDbBlocker

from installs import demo
from linnapp.models import Account, StaffAccess, User
from linnapp.services import access
from tests.house.crawl import Crawl
from tests.kit.people import ClientOf, acting, person

pytestmark = [pytest.mark.usefixtures("loaded"), pytest.mark.django_db, pytest.mark.once]
ENTERS = {"looks": "look_into_accounts", "works": "work_in_accounts", "reveals": "work_in_accounts"}


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Loaded once for all of these; taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        demo.load()
        yield
        transaction.set_rollback(True)


def who(does: str) -> User:
    found = person("Willa", "willa@linnapp.example", is_staff=True)
    names = [ENTERS[does], *(["reveal_credentials"] if does == "reveals" else [])]
    found.user_permissions.set(Permission.objects.filter(codename__in=names))
    return found


@pytest.mark.parametrize("slug", ["northwind", "carols-cakes"])
@pytest.mark.parametrize("does", ENTERS)
def test_staff_inside_find_nothing_that_can_only_fail(does: str, slug: str, client_of: ClientOf) -> None:
    willa, account = who(does), Account.objects.get(slug=slug)
    purpose = StaffAccess.Purpose.LOOK if does == "looks" else StaffAccess.Purpose.WORK
    access.enter(account, purpose=purpose, by=acting(willa, reason="Goes everywhere"))
    crawl = Crawl(client_of(willa), slug)
    assert crawl.faults() == []
    assert len(crawl.seen) > (40 if slug == "northwind" else 15)
    assert bool(crawl.pressed) is (does != "looks" and slug == "northwind")


def test_a_link_that_is_refused_and_a_form_that_is_are_found(client_of: ClientOf) -> None:
    """The crawl itself: what a stranger meets is a fault."""
    dave = client_of(User.objects.get(email="dave@davesdepot.example"))
    [fault] = Crawl(dave, "northwind").faults()
    assert fault.answer == "404"
    willa = who("works")
    browser = client_of(willa)
    access.enter(Account.objects.get(slug="northwind"), purpose="WORK", by=acting(willa, reason="Goes in"))
    crawl = Crawl(browser, "northwind")
    assert crawl.press_all('<form method="post" action="/a/northwind/settings/"><button>Save</button></form>') == [
        "404"
    ]
