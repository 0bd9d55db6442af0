"""What the drill does inside the portal's own Python, through `manage.py shell`: its people and applications, most of
its installations, and a look at the rows when all is over."""

import json
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from uuid import UUID, uuid4

from allauth.account.models import EmailAddress
from django.db import InterfaceError, OperationalError, connections

from installs.installations import lifecycle
from installs.models import Delivery
from linnapp.manifest import parse
from linnapp.models import Account, Application, User, Version
from linnapp.services import applications, people, versions
from linnapp.services.manifests import save_manifest
from tests.drill import plan
from tests.drill.plan import WIRE_EMAIL, WIRE_PASSWORD, Consent
from tests.kit.people import acting

APPLICATIONS = 10


def lay_out(receiver_url: str, wire: int, bulk: int, last: int, folder: str) -> None:
    """Makes everything that consents need, and writes the three lists of them into the folder."""
    developer = _person("developer@drill.example")
    home = people.create_account(name="Drill developers", owner=developer)
    made = [made_application(home, developer, f"{receiver_url}/postbacks/{number}") for number in range(APPLICATIONS)]
    pairs = enumerate(_pairs([application.pk for application in made], wire, bulk + last), start=1)
    consents = [
        Consent(f"drill-{number}", uuid4().hex, str(application), slug, email)
        for number, (application, slug, email) in pairs
    ]
    plan.write(Path(folder) / "wire.json", consents[:wire])
    plan.write(Path(folder) / "bulk.json", consents[wire : wire + bulk])
    plan.write(Path(folder) / "last.json", consents[wire + bulk :])


def _pairs(application_ids: list[UUID], wire: int, bulk: int) -> list[tuple[UUID, str, str]]:
    """Application, account and the account's owner: one person owns the accounts of the wire, the others each one."""
    by_wire = _person(WIRE_EMAIL, WIRE_PASSWORD)
    owners = [by_wire] * -(-wire // APPLICATIONS)
    others = [_person(f"owner-{number}@drill.example") for number in range(-(-bulk // APPLICATIONS))]
    accounts = [
        (people.create_account(name=f"Drill customer {number}", owner=owner), owner)
        for number, owner in enumerate([*owners, *others])
    ]
    every = [(key, account.slug, owner.email) for account, owner in accounts for key in application_ids]
    of_wire = [pair for pair in every if pair[2] == WIRE_EMAIL]
    return of_wire[:wire] + every[len(of_wire) : len(of_wire) + bulk]


def _person(email: str, password: str | None = None) -> User:
    user = User.objects.create_user(email, password, name=email.partition("@")[0])
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def made_application(account: Account, by: User, postback_url: str) -> Application:
    name = f"Drill {postback_url.rpartition('/')[2]}"
    application, _ = applications.create_application(
        account=account, name=name, kind=Application.Type.SYSTEM, by=acting(by)
    )
    modules = [{"Type": "ExternalApplication", "Parameters": [{"Name": "PostbackUrl", "Value": postback_url}]}]
    saved = save_manifest(application, parse({"Modules": modules}), expected_revision=1, by=acting(by))
    versions.create_version(
        application, number=(1, 0, 0), notes="", expected_revision=saved.manifest_revision, by=acting(by)
    )
    return application


def consent_to_all(path: str, pause: float, seconds: float) -> None:
    """Installs one after the other, and prints each Tracking once it stands; what the database did not confirm is
    asked again, with the same nonce."""
    deadline = time.monotonic() + seconds
    for consent in plan.read(Path(path)):
        while not _consented(consent):
            if time.monotonic() > deadline:
                sys.exit("the database was away for too long")
            time.sleep(0.3)
        sys.stdout.write(f"{consent.tracking}\n")
        sys.stdout.flush()
        time.sleep(pause)


def _consented(consent: Consent) -> bool:
    try:
        application = Application.objects.get(pk=UUID(consent.application))
        lifecycle.install(
            application,
            account=Account.objects.get(slug=consent.account),
            version=Version.objects.get(application=application, kind=Version.Kind.RELEASED),
            consent=consent.nonce,
            tracking=consent.tracking,
            by=acting(User.objects.get(email=consent.email)),
        )
    except (OperationalError, InterfaceError):
        connections.close_all()
        return False
    return True


def tell_standing() -> None:
    """Prints what the rows say: how many in which state, and some of those that are not delivered."""
    states = Counter(Delivery.objects.values_list("state", flat=True))
    waiting = Delivery.objects.exclude(state=Delivery.State.DELIVERED).order_by("created_at")
    sample = [f"{row.tracking}: {row.state}, next attempt {row.next_attempt_at}" for row in islice(waiting, 5)]
    sys.stdout.write(json.dumps({"states": states, "waiting": sample}))
