"""Paula changes many applications at once: by a file, by *select all that match* and by a file of manifests. She takes
each back; Alice, whose they are, and Carol, who has one of them, read of it."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.test_journey import sign_in
from tests.kit.hands import PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=45)]
# More tills than one page of a list holds.
TILLS, ALL, MANIFESTS = 60, 200, 50
# A job rests between two rows, and the machine may be busy.
WORKED_OFF_MS = 90_000
LIST = "/admin/linnapp/application/"
LAY_OUT = f"""
from django.db import transaction
from installs.installations import lifecycle
from linnapp.actors import Actor, Side
from linnapp.models import Account, User
from linnapp.services import applications, people, versions
alice, carol = (User.objects.get(email__startswith=name) for name in ("alice@", "carol@"))
by = Actor(alice, Side.DEVELOPER)
with transaction.atomic():
    account = people.create_account(name="Checkout Works", owner=alice)
    made = [
        applications.create_application(
            account=account, kind="SYSTEM", by=by, name=f"{{'Till' if number < {TILLS} else 'Kiosk'}} {{number:03}}")[0]
        for number in range({ALL})
    ]
first = versions.create_version(made[0], number=(1, 0, 0), notes="", expected_revision=1, by=by)
cakes = Account.objects.get(slug="carols-cakes")
installed = lifecycle.install(made[0], account=cakes, version=first, by=Actor(carol, Side.CUSTOMER)).installation
print(account.slug, made[0].pk, made[-1].pk, installed.pk)
"""
# Other journeys use the same portal.
AS_BEFORE = """
from installs.installations import lifecycle
from installs.models import Installation
from linnapp.actors import Actor, Side
from linnapp.models import Account, Application, User, Version
from linnapp.models.people import Membership
carol = User.objects.get(email__startswith="carol@")
for row in Installation.objects.live().filter(application__account__slug="{slug}"):
    lifecycle.uninstall(row, by=Actor(carol, Side.CUSTOMER))
Membership.objects.filter(account__slug="{slug}").delete()
"""
NEW_MANIFESTS = f"""
import json
from linnapp.manifest import to_json
from linnapp.models import Application
from linnapp.services.manifests import manifest_of
for row in Application.objects.filter(name__startswith="Kiosk ").order_by("-name")[:{MANIFESTS}]:
    manifest = to_json(manifest_of(row))
    manifest["Modules"][0]["moduleName"] = "Kiosk bridge"
    print(json.dumps({{"application": str(row.pk), "manifest": manifest}}))
"""


@dataclass(frozen=True)
class Checkout:
    """Alice's applications, the first and the last of them, and Carol's installation of the first."""

    slug: str
    till: str
    kiosk: str
    installation: str


@pytest.fixture(scope="module")
def checkout(live_portal: Portal) -> Iterator[Checkout]:
    made = Checkout(*live_portal.ask(LAY_OUT).split())
    yield made
    live_portal.ask(AS_BEFORE.format(slug=made.slug))


@pytest.fixture(scope="module")
def people(browser: Browser, live_portal: Portal, checkout: Checkout) -> Iterator[dict[str, Mouse]]:
    expect.set_options(timeout=PATIENCE_MS)
    seated = {name: hands_on(browser, live_portal.url, Mouse) for name in ("Alice", "Carol", "Paula")}
    for name, hands in seated.items():
        sign_in(hands, name)
    yield seated
    for hands in seated.values():
        hands.page.context.close()


def sends(paula: Mouse, link: str, name: str, content: str) -> None:
    """From the list, and until the preview is there."""
    page = paula.page
    page.goto(LIST)
    paula.press(page.get_by_role("link", name=link, exact=True))
    page.get_by_label("File").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content.encode()})
    paula.press(page.get_by_role("button", name="Show what it changes"))
    expect(page.locator("main, #content").first).to_contain_text("Not applied: ")


def applies(paula: Mouse, count: int, why: str) -> None:
    paula.write(paula.page.get_by_label("Reason"), why)
    paula.press(paula.page.get_by_role("button", name=f"Apply to {count} rows"))
    expect(paula.page.get_by_role("link", name=f"Done {count}")).to_be_visible(timeout=WORKED_OFF_MS)
    expect(paula.page.get_by_role("button", name="Undo")).to_be_visible()


def undoes(paula: Mouse, count: int) -> None:
    paula.write(paula.page.get_by_label("Why undo it"), "Sent by mistake.")
    paula.press(paula.page.get_by_role("button", name="Undo"))
    expect(paula.page.get_by_role("heading", name=re.compile("^Undo: "))).to_be_visible()
    expect(paula.page.get_by_role("link", name=f"Done {count}")).to_be_visible(timeout=WORKED_OFF_MS)
    # While the job ends it, the page asks again by itself.
    expect(paula.page.get_by_role("button", name="Stop")).to_have_count(0)


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".effects tr").filter(has_text=name)


def exported(page: Page) -> list[dict[str, str]]:
    answer = page.request.get(f"{LIST}export/csv/?q=Checkout+Works")
    return list(csv.DictReader(io.StringIO(answer.text().removeprefix("\ufeff"), newline="")))


def as_csv(rows: list[dict[str, str]]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def test_contacts_are_changed_by_an_export_that_was_edited(people: dict[str, Mouse], checkout: Checkout) -> None:
    alice, paula = people["Alice"].page, people["Paula"]
    rows = exported(paula.page)
    assert len(rows) == ALL
    for row in rows:
        row["support_contact"] = f"desk-{row['name'][-3:]}@checkout.example"
    wrong = [*rows[:-1], rows[-1] | {"support_contact": "ask at the desk"}]
    sends(paula, "Import", "contacts.csv", as_csv(wrong))
    expect(paula.page.locator(".errornote")).to_contain_text("1 row is wrong")
    expect(paula.page.get_by_label("Reason")).to_have_count(0)
    paula.press(paula.page.get_by_role("link", name="Wrong 1"))
    expect(paula.page.locator(".effects tbody")).to_contain_text(f"{ALL + 1}: ")
    expect(paula.page.locator(".effects tbody")).to_contain_text("support_contact: Enter an e-mail address")
    sends(paula, "Import", "contacts.csv", as_csv(rows))
    expect(row_of(paula.page, rows[0]["name"])).to_contain_text(f"(empty) → {rows[0]['support_contact']}")
    applies(paula, ALL, "Ticket 20: one desk for each till.")
    change = paula.page.url
    expect(reads_general(alice, checkout, checkout.till)).to_have_value("desk-000@checkout.example")
    reads_activity(alice, "Support contact changed by Support", "Ticket 20: one desk for each till.")
    paula.page.goto(change)
    undoes(paula, ALL)
    expect(reads_general(alice, checkout, checkout.till)).to_have_value("")


def reads_general(alice: Page, checkout: Checkout, application: str) -> Locator:
    alice.goto(f"/a/{checkout.slug}/applications/{application}/general/")
    return alice.get_by_label("Support contact")


def reads_activity(alice: Page, *words: str) -> None:
    alice.get_by_role("link", name="Activity", exact=True).click()
    for said in words:
        expect(alice.locator("main")).to_contain_text(said)


def test_all_that_match_are_suspended_and_resumed_by_undo(people: dict[str, Mouse], checkout: Checkout) -> None:
    alice, carol, paula = people["Alice"].page, people["Carol"].page, people["Paula"]
    suspends_all_tills(paula)
    alice.goto(f"/a/{checkout.slug}/applications/{checkout.till}/")
    expect(alice.locator("main")).to_contain_text("Ticket 21: the tills charge twice.")
    carol.goto(f"/a/carols-cakes/apps/{checkout.installation}/")
    expect(carol.locator("main")).to_contain_text("Ticket 21: the tills charge twice.")
    paula.press(paula.page.get_by_role("link", name="what became of each"))
    undoes(paula, TILLS)
    carol.reload()
    expect(carol.locator("main")).to_contain_text("resumed")
    alice.reload()
    reads_activity(alice, "resumed")


def suspends_all_tills(paula: Mouse) -> None:
    page = paula.page
    page.goto(f"{LIST}?q=Till+0")
    paula.tick(page.locator("#action-toggle"))
    paula.press(page.get_by_role("button", name=f"Select all {TILLS} applications"))
    page.locator("select[name=action]").select_option("suspend")
    paula.press(page.locator(".actions button[type=submit]"))
    expect(page.get_by_role("heading", name=f"Suspend {TILLS} applications?")).to_be_visible()
    expect(row_of(page, "Till 000")).to_be_visible()
    paula.write(page.get_by_label("Reason"), "Ticket 21: the tills charge twice.")
    paula.press(page.get_by_role("button", name="Suspend", exact=True))
    expect(page.locator(".messagelist .success")).to_contain_text(f"{TILLS} applications were suspended.")


def test_manifests_are_imported_and_set_back(people: dict[str, Mouse], checkout: Checkout, live_portal: Portal) -> None:
    alice, paula = people["Alice"].page, people["Paula"]
    lines = live_portal.ask(NEW_MANIFESTS)
    assert len(lines.splitlines()) == MANIFESTS
    assert json.loads(lines.splitlines()[0])["application"] == checkout.kiosk
    sends(paula, "Import manifests", "manifests.jsonl", lines)
    expect(paula.page.locator(".effects ins").filter(has_text="Kiosk bridge")).to_have_count(MANIFESTS)
    applies(paula, MANIFESTS, "Ticket 22: one name for all.")
    change = paula.page.url
    alice.goto(f"/a/{checkout.slug}/applications/{checkout.kiosk}/modules/")
    expect(alice.get_by_label("Module Name")).to_have_value("Kiosk bridge")
    reads_activity(alice, "Manifest", "Ticket 22: one name for all.")
    paula.page.goto(change)
    undoes(paula, MANIFESTS)
    alice.goto(f"/a/{checkout.slug}/applications/{checkout.kiosk}/modules/")
    expect(alice.get_by_label("Module Name")).not_to_have_value("Kiosk bridge")
