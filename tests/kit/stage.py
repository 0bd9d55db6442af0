"""Runs inside a portal with the demo (`set_by`): adds what the demo lacks (an account with nothing in it, names as
long as they may be, applications that are suspended and retired, links of mails), and prints as JSON what the
addresses of its pages are made of. `person value` is what one person reads in place of `value`."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.contrib import admin
from django.db import transaction
from django.utils import timezone

from installs.admin import acts
from installs.application import removal, withdrawing
from installs.connectors import making
from installs.help import asking as help_asking
from installs.installations import lifecycle, moving, rotating, suspending, update_mails
from installs.models import Connector, Delivery, HelpCase, Installation, PostbackHost
from installs.postbacks import asking, deciding
from installs.store import listings
from linnapp import bulk_changes, credentials, imports
from linnapp.demo_people import PEOPLE
from linnapp.manifest import parse
from linnapp.models import Account, Application, BulkChange, Membership, Secret, User, Version
from linnapp.services import access, applications, people, versions
from linnapp.services.manifests import save_manifest
from tests.kit.manifests import of_many
from tests.kit.people import acting, person
from tests.kit.portal import Portal
from tests.kit.posting import wait_for_200, with_postback
from tests.kit.signing_in.factors import INA_AT, forget_password, second_factors

LONG = "Donaudampfschifffahrtsgesellschaft & Söhne Warehouse-to-Webshop Stock, Price and Order Synchronisation Bridge"
LONG_ACCOUNT = "Rhabarberbarbarabarbarbarenbartbarbierbierbarbärbel International Holdings"
Facts = dict[str, str]


def user(name: str) -> User:
    return User.objects.get(email=next(person.email for person in PEOPLE if person.name == name))


def set_stage() -> Facts:
    alice, dave = user("Alice"), user("Dave")
    empty = people.create_account(name=LONG_ACCOUNT, owner=dave)
    northwind = Account.objects.get(slug="northwind")
    bridge = Application.objects.get(name="Stock Bridge")
    for name in ("Bob", "Sam"):
        forget_password(user(name))
    people.create_account(name="Ina's Inkwell", owner=person("Ina", INA_AT))
    return {
        "account": northwind.slug,
        "account_key": str(northwind.pk),
        "Carol account": "carols-cakes",
        "Dave account": empty.slug,
        **the_application(bridge),
        **postbacks(bridge),
        **connectors(northwind, alice),
        **other_applications(northwind, alice),
        **sent_installations(northwind, alice),
        **moved_installations(northwind, alice),
        **rotated_installations(northwind, alice),
        **accesses_of_staff(northwind),
        **links_of_mails(northwind, alice, dave),
        "case": str(long_case().pk),
        **changes_of_many(northwind),
        **second_factors(alice),
        **dict(first_rows()),
    }


def the_application(bridge: Application) -> Facts:
    installation = Installation.objects.live().get(application=bridge, account__slug="carols-cakes")
    seat = Membership.objects.get(user=user("Bob"))
    return {
        "application": str(bridge.pk),
        "installation": str(installation.pk),
        "note kind": "installation",
        "version": str(latest(bridge).pk),
        "secret": str(secret_of(bridge).pk),
        "module": bridge.modules.all()[0].key.hex,
        "digest": bridge.logo_digest,
        "member": str(seat.pk),
        # To an address that is allowed nowhere but in tests: it fails at once.
        "test delivery": str(
            asking.send_test(bridge, url="https://127.0.0.1/in?t=[{TOKEN}]", by=acting(user("Alice"))).pk
        ),
    }


def postbacks(bridge: Application) -> Facts:
    """One of each state, none of them due: nothing is sent to the hosts they name. The host of the held is parked."""
    installation = Installation.objects.live().get(application=bridge, account__slug="carols-cakes")
    now = timezone.now()
    made = {
        state: Delivery.objects.create(
            application=bridge,
            installation=installation,
            event=Delivery.Event.INSTALLED,
            state=state,
            url="https://hooks.northwind.example/linnapp?tracking=[{TRACKING}]",
            host="hooks.northwind.example",
            tracking="spring campaign",
            nonce=f"stage {state}",
            created_at=now - timedelta(days=number),
            outcome="Answered 200 OK." if state == Delivery.State.DELIVERED else "Answered 404 Not Found.",
            next_attempt_at=now + timedelta(days=7) if state == Delivery.State.DUE else None,
            ended_at=None if state in (Delivery.State.DUE, Delivery.State.HELD) else now,
        )
        for number, state in enumerate(Delivery.State.values)
    }
    stopped = made[Delivery.State.STOPPED]
    for cause, status in (("The name hooks.northwind.example was not found.", None), ("Answered 404 Not Found.", 404)):
        request = "POST /linnapp HTTP/1.1\n\nToken=…91d4"
        answer = "HTTP 404 Not Found\n\nNothing here." if status else ""
        stopped.attempts.create(cause=cause, status=status, milliseconds=214, request=request, answer=answer)
    week = now - timedelta(days=7)
    PostbackHost.objects.create(
        application=bridge, host=stopped.host, failing_since=week, parked_at=now, next_trial_at=now + timedelta(hours=1)
    )
    return {"delivery": str(stopped.pk)}


def connectors(account: Account, alice: User) -> Facts:
    """One that works, one that fails, and one that nobody tested, disabled."""
    now = timezone.now()
    six = {
        "scope": "GlobalPermissions.Inventory",
        "token": credentials.new_credential(),
        "application_id": str(uuid4()),
        "application_secret": credentials.new_credential(),
        "grant_type": making.GRANT_TYPE,
        "token_key": making.TOKEN_KEY,
    }
    made = {
        name: making.make(account, making.Values(name=title, base_url=base_url, **six), by=acting(alice))
        for name, title, base_url in (
            ("working", "Warehouse", "https://api.linnworks.net"),
            ("failing", LONG[:80], f"https://{'example-' * 6}api.example.com:8443/linnworks"),
            ("untested", "Shop", "https://shop.example.com"),
        )
    }
    making.set_enabled(made["untested"], enabled=False, by=acting(alice))
    fault, fix = (
        "The answer has `access_token`, not `token`.",
        "Write access_token into Response authentication token key.",
    )
    for name, state in (("working", Connector.State.WORKING), ("failing", Connector.State.FAILING)):
        passed = name == "working"
        row = made[name]
        row.state, row.generation, row.last_success_at = state, 3, now - timedelta(hours=2)
        if not passed:
            row.last_error, row.last_error_at = f"{fault} {fix}", now
        row.save()
        steps = steps_of_check(row.host, fault if not passed else "")
        request, answer = "POST /api/Auth/AuthorizeByApplication HTTP/1.1\n\nToken=…91d4", "HTTP 200 OK\n\n{}"
        row.checks.create(
            requested_by=alice,
            state="PASSED" if passed else "FAILED",
            ended_at=now,
            steps=steps,
            conversation=[{"request": request, "answer": answer}],
            fault="" if passed else fault,
            fix="" if passed else fix,
        )
    return {f"{name} connector": str(row.pk) for name, row in made.items()} | {"connector": str(made["working"].pk)}


def steps_of_check(host: str, fault: str) -> list[dict[str, Any]]:
    """As far as the session token, which is the `fault`, or to the end."""
    told = [
        ("name", f"{host} is 203.0.113.7.", 4),
        ("address", "203.0.113.7 is a public address.", 4),
        ("connection", "Connected to 203.0.113.7, port 443.", 12),
        ("certificate", f"The certificate is for {host} and valid until 3 May 2031.", 31),
        ("authorise", "/api/Auth/AuthorizeByApplication answered 200.", 64),
        ("token", fault or "The answer has `token`: the session token, for 1800 seconds.", None),
        ("call", "/api/Inventory/GetStockLocations answered 200: 1 stock location.", 40),
    ]
    return [
        {"name": name, "words": words, "milliseconds": since, "passed": words != fault}
        for name, words, since in (told[:6] if fault else told)
    ]


def latest(application: Application) -> Version:
    version = application.versions.the_latest()
    assert version is not None
    return version


def secret_of(application: Application) -> Secret:
    secret = application.secrets.live().last()
    assert secret is not None
    return secret


def other_applications(account: Account, alice: User) -> Facts:
    system = Application.Type.SYSTEM
    made = {
        name: applications.create_application(account=account, name=title, kind=system, by=acting(alice))[0]
        for name, title in (("new", "Not released yet"), ("long", LONG[:100]), ("retired", "Gone for good"))
    }
    versions.create_version(made["long"], number=(1, 0, 0), notes=LONG, expected_revision=1, by=acting(alice))
    save_manifest(made["long"], parse(of_many(12, name=LONG[:190])), expected_revision=1, by=acting(alice))
    applications.edit_application(made["long"], by=acting(alice), description=f"{LONG}. " * 6, summary=LONG)
    first = versions.create_version(
        made["retired"], number=(1, 0, 0), notes="First.", expected_revision=1, by=acting(alice)
    )
    installed = lifecycle.install(made["retired"], account=account, version=first, by=acting(alice))
    lifecycle.uninstall(installed.installation, by=acting(alice))
    removal.remove_application(made["retired"], by=acting(alice))
    made["suspended"] = Application.objects.get(name="Review Lamp")
    reason = "It asked its customers for their passwords."
    suspending.suspend_application(made["suspended"], by=acting(user("Paula"), reason=reason))
    made["answering"] = Application.objects.get(name="Ledger Link")
    made["returned"] = Application.objects.get(name="Blue Market")
    made["review"] = in_review(alice)
    made["changed"] = Application.objects.get(name="Order Board")
    return {f"{name} application": str(row.pk) for name, row in made.items()}


def in_review(alice: User) -> Application:
    board = Application.objects.get(name="Order Board")
    listings.take_off_store(board, by=acting(user("Paula"), reason="It has a new name soon."))
    listings.request_listing(board, by=acting(alice))
    return board


@transaction.atomic
def sent_installations(account: Account, alice: User) -> Facts:
    """On Carol's Cakes: one whose endpoint does not answer yet, one that waits for it, and one that failed. In one
    transaction, so that no worker takes what is to stay as it is."""
    facts: Facts = {}
    for name in ("retried", "waiting", "failed"):
        made, _ = applications.create_application(
            account=account, name=f"{name.capitalize()} postback", kind=Application.Type.SYSTEM, by=acting(alice)
        )
        applications.edit_application(made, by=acting(alice), support_contact="help@northwind.example")
        version = with_postback(made, f"https://{name}.{'example-' * 6}hooks.example.com/in?t=[{{TOKEN}}]", alice)
        if name != "retried":
            wait_for_200(made)
        row = lifecycle.install(
            made, account=Account.objects.get(slug="carols-cakes"), version=version, by=acting(user("Carol"))
        ).installation
        delivery = Delivery.objects.filter(installation=row)
        if name == "retried":
            delivery.update(outcome="Answered 503 Service Unavailable.", tried=1, next_attempt_at=in_an_hour())
        elif name == "waiting":
            delivery.update(next_attempt_at=in_an_hour())
            Installation.objects.filter(pk=row.pk).update(waits_until=in_an_hour())
        else:
            cause = "Answered 404 Not Found: only 200 completes an installation of this application."
            delivery.update(state=Delivery.State.STOPPED, outcome=cause, tried=1)
            deciding.decide(row.pk, passed=False, host=delivery.get().host, cause=cause)
        facts |= {f"{name} application": str(made.pk), f"{name} installation": str(row.pk)}
    return facts


@transaction.atomic
def accesses_of_staff(account: Account) -> Facts:
    """Sam looked around and left; Paula looked at one page, and is inside to work."""
    pages = ("Applications of Northwind", "Installations · Stock Bridge", "Versions · Stock Bridge")
    sam, paula = (acting(user(name), reason="Ticket 4711: the logo does not show.") for name in ("Sam", "Paula"))
    looked = access.enter(account, purpose="LOOK", by=sam)
    for page in pages:
        access.looked_at(looked, page, page)
    access.leave(looked, by=sam)
    access.looked_at(access.enter(account, purpose="WORK", by=paula), pages[0], "")
    return {"access": str(looked.pk)}


def changes_of_many(account: Account) -> Facts:
    """Of the applications of an account: one that waits, one that is done, and two files that are not applied, of which
    one has a wrong row."""
    rows = Application.objects.filter(account=account, listing=Application.Listing.UNLISTED).order_by("name")
    paula = acting(user("Paula"), reason="Ticket 4712: the old description was wrong.")
    facts: Facts = {}
    for name, some in (("change", rows), ("done change", rows[:1])):
        change = bulk_changes.begin(
            acts.EDIT_DESCRIPTION,
            Application,
            bulk_changes.wishes_of(some),
            by=paula,
            wanted={"description": f"{LONG}. "},
        )
        facts[name] = str(change.pk)
    bulk_changes.stop(BulkChange.objects.get(pk=facts["change"]))
    bulk_changes.work_on(UUID(facts["done change"]))
    act = next(act for act in admin.site._registry[Application].staff_actions if act.name == "import")  # type: ignore[attr-defined]
    for name, last in (("right file", "help@northwind.example"), ("wrong file", "nowhere")):
        lines = [f"{row.pk},https://help.northwind.example/{'long-' * 20}" for row in rows[1:]]
        content = "\n".join(["id,support_contact", f"{rows[0].pk},{last}", *lines])
        change = imports.begin(Application, act, "contacts.csv", content.encode(), by=paula)
        imports.read_now(change.pk)
        facts[name] = str(change.pk)
    return facts


def rotated_installations(account: Account, alice: User) -> Facts:
    """On Carol's Cakes: one whose new permanent token does not arrive, and one whose new one she was shown."""
    cakes, carol, facts = Account.objects.get(slug="carols-cakes"), acting(user("Carol")), Facts()
    for name in ("rotated", "shown"):
        made, _ = applications.create_application(
            account=account, name=f"{name.capitalize()} tokens", kind=Application.Type.SYSTEM, by=acting(alice)
        )
        address = f"https://{'example-' * 6}hooks.example.com/in?t=[{{TOKEN}}]" if name == "rotated" else ""
        version = with_postback(made, address, alice) if address else release_more(made, alice)
        row = lifecycle.install(made, account=cakes, version=version, by=carol).installation
        rotating.rotate(row, by=carol)
        owed = Delivery.objects.filter(installation=row)
        owed.update(outcome="Answered 503 Service Unavailable.", tried=1, next_attempt_at=in_an_hour())
        facts |= {f"{name} application": str(made.pk), f"{name} installation": str(row.pk)}
    return facts


def moved_installations(account: Account, alice: User) -> Facts:
    """On Carol's Cakes: one with an update, one that was updated, one that she suspended, one whose version was
    withdrawn; and one on the Development Version of its own account."""
    facts: Facts = {}
    for name in ("behind", "updated", "paused", "withdrawn", "own"):
        title = LONG[:90] if name == "behind" else f"{name.capitalize()} widgets"
        made, _ = applications.create_application(
            account=account, name=title, kind=Application.Type.SYSTEM, by=acting(alice)
        )
        first = versions.create_version(made, number=(1, 0, 0), notes="First.", expected_revision=1, by=acting(alice))
        if name == "own":
            version, on, by = made.versions.development(), account, alice
        else:
            version, on, by = first, Account.objects.get(slug="carols-cakes"), user("Carol")
        row = lifecycle.install(made, account=on, version=version, by=acting(by)).installation
        newer = release_more(made, alice)
        if name in ("updated", "withdrawn"):
            moving.update(row, to=newer, by=acting(by))
        if name == "withdrawn":
            withdrawing.withdraw_version(newer, by=acting(alice))
            facts["withdrawn version"] = str(newer.pk)
        if name == "paused":
            suspending.suspend(row, by=acting(by))
        facts |= {f"{name} application": str(made.pk), f"{name} installation": str(row.pk)}
    return facts


def release_more(application: Application, by: User) -> Version:
    """A version that reaches more, with long words in each field."""
    application.refresh_from_db()
    panel = {
        "type": "ExternalUserInterface",
        "moduleName": LONG,
        "parameters": [{"name": "IFrameUrl", "value": f"https://{'long-' * 11}panel.example.com/in"}],
    }
    manifest = parse({"Modules": [{"type": "ExternalApplication", "moduleName": "Bridge"}, panel]})
    saved = save_manifest(application, manifest, expected_revision=application.manifest_revision, by=acting(by))
    return versions.create_version(
        application, number=(1, 1, 0), notes=f"{LONG}. " * 3, expected_revision=saved.manifest_revision, by=acting(by)
    )


def long_case() -> HelpCase:
    cakes = Account.objects.get(slug="carols-cakes")
    return help_asking.ask(cakes, sentence=f"{LONG}. " * 6, reference="x" * 200, by=acting(user("Carol")))


def in_an_hour() -> datetime:
    return timezone.now() + timedelta(hours=1)


def links_of_mails(northwind: Account, alice: User, dave: User) -> Facts:
    invitation, key = people.invite(northwind, email=dave.email, role=Membership.Role.DEVELOPER, by=acting(alice))
    address = EmailAddress.objects.get(user=dave)
    return {
        "invitation": str(invitation.pk),
        "token": key,
        "uidb36": user_pk_to_url_str(dave),
        "password key": default_token_generator.make_token(dave),
        "mails key": update_mails.key_of(user("Carol")),
        "confirm key": EmailConfirmationHMAC(address).key,
    }


def first_rows() -> Iterator[tuple[str, str]]:
    """Of each model in the admin, the row whose page is opened."""
    for model in admin.site._registry:
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            yield f"admin {model._meta.label_lower}", str(row.pk)


def tell() -> None:
    print(json.dumps(set_stage()))  # noqa: T201


def set_by(portal: Portal) -> Facts:
    facts: Facts = json.loads(portal.ask("from tests.kit import stage; stage.tell()"))
    return facts
