"""A day of the platform's admin in the Django admin, each act with its reason; and what Alice and Carol then read."""

import re
import time
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_journey import sign_in
from tests.kit.hands import PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAME = "Stock Bridge"
DESCRIBED = "Keeps the stock of all your shops the same, within a minute."
ORPHAN = "Orphaned Oven"
INVITED = re.compile(r"http://\S+/invitations/\S+/")


@pytest.fixture
def people(browser: Browser, live_portal: Portal) -> Iterator[dict[str, Mouse]]:
    expect.set_options(timeout=PATIENCE_MS)
    seated = {name: hands_on(browser, live_portal.url, Mouse) for name in ("Alice", "Carol", "Paula")}
    for name, hands in seated.items():
        sign_in(hands, name)
    yield seated
    for hands in seated.values():
        hands.page.context.close()
    live_portal.ask(AS_BEFORE)


def found_in(paula: Mouse, table: str, name: str) -> None:
    """From the admin's first page: the table, a search, the row."""
    page = paula.page
    page.goto("/admin/")
    paula.press(page.locator("#content").get_by_role("link", name=table, exact=True).first)
    paula.write(page.get_by_label("Search", exact=True).first, name)
    paula.press(page.locator("#changelist-search").get_by_role("button", name="Search"))
    paula.press(page.locator("#result_list").get_by_role("link", name=name, exact=True).first)


def saves(paula: Mouse, why: str) -> None:
    paula.write(paula.page.get_by_label("Reason"), why)
    paula.press(paula.page.get_by_role("button", name="Save", exact=True))
    expect(paula.page.locator(".messagelist")).to_contain_text("successfully")


def acts(paula: Mouse, button: str, why: str) -> None:
    page = paula.page
    paula.press(page.get_by_role("link", name=button, exact=True))
    paula.write(page.get_by_label("Reason"), why)
    paula.press(page.locator(".submit-row [type=submit]"))
    expect(page.locator(".messagelist .success")).to_be_visible()


def reads_in_activity(page: Page, *words: str) -> None:
    page.goto("/a/northwind/applications/")
    page.get_by_role("link", name=NAME, exact=True).click()
    page.get_by_role("link", name="Activity", exact=True).click()
    for said in words:
        expect(page.locator("main")).to_contain_text(said)


def test_a_day_in_the_admin(people: dict[str, Mouse], live_portal: Portal) -> None:
    alice, carol, paula = people["Alice"], people["Carol"], people["Paula"]
    describes(paula)
    withdraws_and_takes_back(paula)
    reads_in_activity(alice.page, "Description changed by Support", "Ticket 1: a clearer text.", "Ticket 2: it fails.")
    rotates(paula, live_portal)
    reads_that_it_was_rotated(carol.page)
    gives_an_owner(paula, live_portal)
    joins(carol, live_portal)
    helps(paula)
    reveals(paula, live_portal, shown=True)
    live_portal.ask(WITHOUT_REVEALING)
    reveals(paula, live_portal, shown=False)


def describes(paula: Mouse) -> None:
    found_in(paula, "Applications", NAME)
    paula.write(paula.page.get_by_label("Description"), DESCRIBED)
    saves(paula, "Ticket 1: a clearer text.")


def withdraws_and_takes_back(paula: Mouse) -> None:
    found_in(paula, "Applications", NAME)
    acts(paula, "Withdraw 2.0.0", "Ticket 2: it fails.")
    acts(paula, "Take back the withdrawal", "Ticket 2: it does not.")


def rotates(paula: Mouse, portal: Portal) -> None:
    """The first use of the new one ends the old one."""
    paula.page.goto(f"/admin/installs/installation/{installation_of(portal)}/change/")
    acts(paula, "Rotate the permanent token", "Ticket 3: it leaked.")
    expect(paula.page.get_by_role("link", name="End the old permanent token")).to_be_visible()
    old, new = (portal.ask(TOKENS).split("\n"))[:2]
    assert exchanged(portal, old) == 200
    assert exchanged(portal, new) == 200
    assert exchanged(portal, old) == 400


INSTALLED = """
from installs.models import Installation
row = Installation.objects.get(application__name="Stock Bridge", account__slug="carols-cakes", state="ACTIVE")
"""
TOKENS = (
    INSTALLED
    + """
for token in row.permanent_tokens.live().order_by("created_at", "pk"):
    print(token.value())
"""
)


def installation_of(portal: Portal) -> str:
    return portal.ask(INSTALLED + "print(row.pk)").strip()


def exchanged(portal: Portal, token: str) -> int:
    """The status of an exchange, as a client of the application makes it."""
    credentials = portal.ask(INSTALLED + "print(row.application_id, row.application.secrets.live().last().value())")
    application, secret = credentials.split()
    sent = {"ApplicationId": application, "ApplicationSecret": secret, "Token": token}
    return requests.post(f"{portal.url}/api/Auth/AuthorizeByApplication", json=sent, timeout=30).status_code


def reads_that_it_was_rotated(page: Page) -> None:
    page.goto("/a/carols-cakes/apps/")
    page.locator("main").get_by_role("link", name=NAME).first.click()
    expect(page.get_by_text("Ticket 3: it leaked.").first).to_be_visible()


def gives_an_owner(paula: Mouse, portal: Portal) -> None:
    made = f'Account.objects.create(name="{ORPHAN}", slug="oven", contact_email="o@x.example")'
    portal.ask(f"from linnapp.models import Account\n{made}")
    found_in(paula, "Accounts", ORPHAN)
    page = paula.page
    paula.press(page.get_by_role("link", name="Give it an Owner"))
    expect(page.get_by_label("Role")).to_have_value("OWNER")
    paula.write(page.get_by_label("E-mail"), "carol@carolscakes.example")
    saves(paula, "Ticket 5: its Owner left the company.")


def joins(carol: Mouse, portal: Portal) -> None:
    """By the link in the mail, which a portal without a mail server prints."""
    page = carol.page
    expect_soon = time.monotonic() + 20
    while not (links := INVITED.findall(portal.log.read_text())):
        assert time.monotonic() < expect_soon, "no invitation was sent"
        time.sleep(0.2)
    page.goto(links[-1])
    carol.press(page.get_by_role("button", name="Join"))
    expect(page.locator("#messages")).to_contain_text(f"Welcome to {ORPHAN}")
    page.goto(f"/a/{page.url.partition('/a/')[2].partition('/')[0]}/team/")
    expect(page.locator("main")).to_contain_text("Owner")


def helps(paula: Mouse) -> None:
    found_in(paula, "People", "carol@carolscakes.example")
    acts(paula, "Send password reset", "Ticket 6: she asked by phone.")
    expect(paula.page.locator(".messagelist")).to_contain_text("1 person was sent a link for a new password.")


# Other journeys use the same portal.
AS_BEFORE = """
from django.utils import timezone
from linnapp.models import StaffAccess, User
User.objects.filter(email="paula@linnapp.example").update(is_superuser=True)
StaffAccess.objects.running().update(ends_at=timezone.now())
"""
WITHOUT_REVEALING = """
from django.contrib.auth.models import Permission
from linnapp.models import User
paula = User.objects.get(email="paula@linnapp.example")
everything = Permission.objects.exclude(codename="reveal_credentials")
paula.user_permissions.set(everything)
paula.is_superuser = False
paula.save()
"""


def reveals(paula: Mouse, portal: Portal, *, shown: bool) -> None:
    """By who may, in the account: whoever may only work there finds no button for it."""
    page = paula.page
    page.goto(f"/admin/installs/installation/{installation_of(portal)}/change/")
    paula.press(page.get_by_role("link", name="Permanent token", exact=True))
    if shown:
        # The second time she is inside already.
        paula.write(page.get_by_label("Reason"), "Ticket 7: it does not exchange.")
        paula.press(page.get_by_role("button", name="Enter"))
    row = page.get_by_role("row").filter(has_text="Carol's Cakes")
    expect(row).to_be_visible()
    reveal = row.get_by_role("button", name="Reveal the permanent token of Carol's Cakes")
    if not shown:
        expect(reveal).to_have_count(0)
        return
    paula.press(reveal)
    token = portal.ask(TOKENS).split()[-1]
    expect(page.get_by_text(token)).to_be_visible()


TO_MOVE_AND_TO_CLOSE = """
from installs.installations import lifecycle
from linnapp.actors import Actor, Side
from linnapp.models import Account, User
from linnapp.services import applications, people, versions
alice, carol = (User.objects.get(email__startswith=name) for name in ("alice@", "carol@"))
northwind, cakes = (Account.objects.get(slug=slug) for slug in ("northwind", "carols-cakes"))
row, _ = applications.create_application(
    account=northwind, name="Parcel Pal", kind="SYSTEM", by=Actor(alice, Side.DEVELOPER))
first = versions.create_version(
    row, number=(1, 0, 0), notes="", expected_revision=1, by=Actor(alice, Side.DEVELOPER))
made = lifecycle.install(row, account=cakes, version=first, by=Actor(carol, Side.CUSTOMER)).installation
robot = User.objects.create_user("robot@spam.example", name="Robot")
people.create_account(name="Cheap Pills", owner=robot)
print(row.pk, made.pk)
"""


def test_an_application_moves_and_a_spam_account_is_closed(people: dict[str, Mouse], live_portal: Portal) -> None:
    application, installation = live_portal.ask(TO_MOVE_AND_TO_CLOSE).split()
    alice, carol, paula = people["Alice"].page, people["Carol"].page, people["Paula"]
    alice.goto(f"/a/northwind/applications/{application}/general/")
    moves(paula)
    assert alice.reload().status == 404  # type: ignore[union-attr]
    carol.goto(f"/a/carols-cakes/apps/{installation}/")
    expect(carol.locator("main")).to_contain_text("Parcel Pal moved from Northwind to Dave's Depot by Support")
    expect(carol.locator("main")).to_contain_text("Ticket 8: Dave bought it.")
    found_in(paula, "Accounts", "Cheap Pills")
    paula.press(paula.page.get_by_role("link", name="Close", exact=True))
    expect(paula.page.locator(".effects")).to_contain_text("1 person who has no other seat (Robot)")
    paula.write(paula.page.get_by_label("Reason"), "Ticket 9: a robot.")
    paula.press(paula.page.locator(".submit-row [type=submit]"))
    expect(paula.page.locator(".messagelist .success")).to_contain_text("1 account was closed.")


def moves(paula: Mouse) -> None:
    page = paula.page
    found_in(paula, "Applications", "Parcel Pal")
    paula.press(page.get_by_role("link", name="Move to another account"))
    paula.write(page.get_by_label("To which account"), "Dave's Depot")
    paula.choose(page.get_by_label("In 7 days"))
    paula.press(page.get_by_role("button", name="Show what happens"))
    expect(page.locator(".effects")).to_contain_text("1 account keeps it: Carol's Cakes.")
    paula.write(page.get_by_label("Reason"), "Ticket 8: Dave bought it.")
    paula.press(page.get_by_role("button", name="Move", exact=True))
    expect(page.locator(".messagelist .success")).to_contain_text("Parcel Pal belongs to Dave's Depot now.")
