"""Ninety days of the demo, as events in the order in which they happened."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count, groupby
from uuid import UUID

from django.utils import timezone

from installs.connectors import making
from installs.demo import endpoints, hour_lines, questions
from installs.demo.catalogue import CATALOGUE, DemoApplication, Release
from installs.demo.endpoints import Endpoints
from installs.exchange import hours
from installs.exchange.refusals import Reason
from installs.installations import lifecycle, moving, rotating, suspending
from installs.models import (
    Connector,
    Delivery,
    ExchangeHour,
    Installation,
    PermanentToken,
    PostbackPolicy,
    RefusalGroup,
    Review,
)
from installs.postbacks import policy
from installs.store import listings
from linnapp.actors import Actor, Side
from linnapp.demo_people import PEOPLE
from linnapp.manifest import Manifest
from linnapp.models import Account, Application, Secret, TimelineEntry, User, Version
from linnapp.services import applications, manifests, versions

INSTALLATIONS = 300
SEED = 20
# Shares of what became of an installation; the rest is active.
UNINSTALLED, SUSPENDED, NEVER_CONNECTED = 0.17, 0.03, 0.06
# And of the accounts that take one update or another, Carol and Dave aside: theirs wait for a visitor of the demo.
UPDATED = 0.4
RETURNED_BECAUSE = (
    "Say in the description which countries Blue Market sells to: most questions to our support are about that."
)
Decide = Callable[..., bool]


@dataclass(frozen=True, order=True)
class Event:
    at: datetime
    number: int
    happen: Callable[[datetime], object] = field(compare=False)


class History:
    """Collects what happened, then lets it happen in order of time; what happens may plan what happens after it."""

    def __init__(self, owners: dict[str, User], logo: Callable[[str], bytes]) -> None:
        self.now = timezone.now()
        self.owners = owners
        self.accounts = {account.name: account for account in Account.objects.all()}
        self.logo = logo
        self.chance = random.Random(SEED)
        self.events: list[Event] = []
        self.numbers = count()
        self.made: dict[str, Application] = {}
        self.endpoints = Endpoints(self.now, self.at)

    def tell(self) -> None:
        for entry in CATALOGUE:
            self.plan_application(entry)
        self.plan_installations()
        self.plan_updates()
        self.plan_own()
        self.plan_postbacks()
        questions.plan(self.now, self.at)
        for event in self.in_order():
            last = _last_entry()
            event.happen(event.at)
            TimelineEntry.objects.filter(pk__gt=last).update(at=event.at)
        self.plan_exchanges()
        for event in self.in_order():
            event.happen(event.at)
        put_timeline_in_order()

    def in_order(self) -> Iterator[Event]:
        while self.events:
            yield heappop(self.events)

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days, minutes=self.chance.randrange(60 * 8))

    def at(self, moment: datetime, happen: Callable[[datetime], object]) -> None:
        heappush(self.events, Event(min(moment, self.now - timedelta(minutes=1)), next(self.numbers), happen))

    # Applications and their versions.

    def plan_application(self, entry: DemoApplication) -> None:
        self.at(self.now - timedelta(days=entry.created_days_ago, hours=9), lambda at: self.create(entry, at))
        for release in entry.releases:
            self.at(self.ago(release.days_ago), partial(self.release, entry, release))
        if entry.unreleased:
            change = entry.unreleased
            self.at(self.ago(1), lambda at: self.save(self.made[entry.name], change, at))
        self.plan_listing(entry)

    def owner(self, account: str) -> Actor:
        return Actor(self.owners[account], Side.DEVELOPER)

    def installer(self, application: Application, account: str) -> Actor:
        side = lifecycle.installing_side(application, self.accounts[account])
        return Actor(self.owners[account], side)

    def create(self, entry: DemoApplication, at: datetime) -> None:
        account, owner = self.accounts[entry.publisher], self.owner(entry.publisher)
        application, secret = applications.create_application(
            account=account, name=entry.name, kind=entry.kind, by=owner
        )
        applications.edit_application(
            application,
            by=owner,
            summary=entry.summary,
            description=entry.description,
            support_contact=entry.support,
        )
        applications.set_logo(application, self.logo(entry.logo), by=owner)
        Application.objects.filter(pk=application.pk).update(created_at=at, changed_at=at, manifest_saved_at=at)
        Secret.objects.filter(pk=secret.pk).update(created_at=at)
        self.made[entry.name] = application

    def save(self, application: Application, change: Callable[[Manifest], Manifest], at: datetime) -> Application:
        row = Application.objects.get(pk=application.pk)
        changed = change(manifests.manifest_of(row))
        by = self.owner(row.account.name)
        row = manifests.save_manifest(row, changed, expected_revision=row.manifest_revision, by=by)
        Application.objects.filter(pk=row.pk).update(changed_at=at, manifest_saved_at=at)
        return row

    def release(self, entry: DemoApplication, release: Release, at: datetime) -> None:
        application = self.save(self.made[entry.name], release.change, at)
        version = versions.create_version(
            application,
            number=release.number,
            notes=release.notes,
            expected_revision=application.manifest_revision,
            by=self.owner(entry.publisher),
            at=at,
        )
        Application.objects.filter(pk=version.application_id).update(changed_at=at)

    # Listings: four are listed, one was returned, one waits for staff.

    def plan_listing(self, entry: DemoApplication) -> None:
        if entry.listing == Application.Listing.LISTED:
            accepted = self.ago(entry.releases[0].days_ago - 2)
            self.at(accepted - timedelta(hours=20), lambda at: self.request_listing(entry, at))
            self.at(accepted, lambda at: self.decide(entry, listings.accept, "Everything is there.", at))
            return
        self.at(self.now - timedelta(days=3), lambda at: self.request_listing(entry, at))
        if entry.listing == Application.Listing.RETURNED:
            returned = self.now - timedelta(days=1, hours=7)
            self.at(returned, lambda at: self.decide(entry, listings.send_back, RETURNED_BECAUSE, at))

    def request_listing(self, entry: DemoApplication, at: datetime) -> None:
        review = listings.hand_in(self.made[entry.name], by=self.owner(entry.publisher))
        Review.objects.filter(pk=review.pk).update(requested_at=at)

    def decide(self, entry: DemoApplication, decide: Decide, reason: str, at: datetime) -> None:
        """Without a mail: nobody of the demo has a mailbox."""
        paula = User.objects.get(email=next(person.email for person in PEOPLE if person.is_superuser))
        decide(self.made[entry.name], by=Actor(paula, Side.STAFF, reason))
        Review.objects.of_application(self.made[entry.name]).update(decided_at=at)

    # Installations and what became of them.

    def plan_installations(self) -> None:
        """Each pair of an application and an account at most once, until there are enough; Carol's first of all."""
        self.plan_installation(CATALOGUE[0], "Carol's Cakes", 28.0, "active")
        self.plan_installation(CATALOGUE[1], "Carol's Cakes", 17.0, "active")
        self.plan_installation(CATALOGUE[4], "Carol's Cakes", 11.0, "suspended")
        self.plan_installation(CATALOGUE[3], "Dave's Depot", 14.0, "active")
        self.plan_installation(CATALOGUE[5], "Carol's Cakes", 2.1, "active")
        self.plan_installation(CATALOGUE[5], "Dave's Depot", 0.1, "active")
        pairs = [
            (entry, name)
            for entry in CATALOGUE
            for name in self.accounts
            if name not in (entry.publisher, "Carol's Cakes", "Dave's Depot")
        ]
        self.chance.shuffle(pairs)
        planned = 6
        for entry, name in pairs:
            planned += self.plan_lives(entry, name, INSTALLATIONS - planned)

    def plan_lives(self, entry: DemoApplication, name: str, left: int) -> int:
        """One account's story with one application: some tried it before, left, and came back later."""
        if left <= 0:
            return 0
        oldest = entry.releases[0].days_ago
        if left > 1 and self.chance.random() < 0.7:
            middle = self.chance.uniform(oldest * 0.3, oldest * 0.7)
            self.plan_installation(entry, name, self.chance.uniform(middle + 1, oldest - 1), "uninstalled", middle)
            self.plan_installation(entry, name, self.chance.uniform(0.3, middle - 1), self.fate(), 0.2)
            return 2
        self.plan_installation(entry, name, self.chance.uniform(0.5, oldest - 1), self.fate(), 0.2)
        return 1

    def fate(self) -> str:
        draw = self.chance.random()
        if draw < UNINSTALLED:
            return "uninstalled"
        return "suspended" if draw < UNINSTALLED + SUSPENDED else "active"

    def plan_installation(
        self, entry: DemoApplication, account: str, days_ago: float, fate: str, end: float = 0.5
    ) -> None:
        self.at(self.now - timedelta(days=days_ago), lambda at: self.install(entry, account, at))
        if fate == "uninstalled":
            self.at(self.now - timedelta(days=end), lambda at: self.uninstall(entry, account, at))
        if fate == "suspended":
            ending = self.now - timedelta(days=min(days_ago / 2, 2))
            self.at(ending, lambda at: self.suspend(entry, account, at))

    def install(self, entry: DemoApplication, account: str, at: datetime) -> None:
        application = Application.objects.get(pk=self.made[entry.name].pk)
        if version := application.versions.the_latest():
            self.install_version(application, account, version, at)

    def install_version(self, application: Application, account: str, version: Version, at: datetime) -> None:
        made = lifecycle.install(
            application, account=self.accounts[account], version=version, by=self.installer(application, account)
        )
        Installation.objects.filter(pk=made.installation.pk).update(installed_at=at)
        PermanentToken.objects.filter(pk=made.token.pk).update(created_at=at)
        if made.delivery:
            self.endpoints.owed(made.delivery, at)

    def live(self, entry: DemoApplication, account: str) -> Installation | None:
        rows = Installation.objects.live().filter(application=self.made[entry.name], account__name=account)
        return rows.with_its_facts().first()

    def uninstall(self, entry: DemoApplication, account: str, at: datetime) -> None:
        if installation := self.live(entry, account):
            lifecycle.uninstall(installation, by=self.installer(installation.application, account))
            Installation.objects.filter(pk=installation.pk).update(uninstalled_at=at)
            installation.permanent_tokens.update(ends_at=at)

    def suspend(self, entry: DemoApplication, account: str, at: datetime) -> None:
        paula = User.objects.get(email=next(person.email for person in PEOPLE if person.is_superuser))
        if installation := self.live(entry, account):
            reason = "Asked for by the account's owner by phone."
            suspending.suspend_by_staff(installation, by=Actor(paula, Side.STAFF, reason))
            Installation.objects.filter(pk=installation.pk).update(suspended_by_staff_at=at)

    def rotate(self, entry: DemoApplication, account: str, at: datetime) -> None:
        """By staff, who are shown no token: both work until one of the two sides looks at the new one."""
        paula = User.objects.get(email=next(person.email for person in PEOPLE if person.is_superuser))
        if installation := self.live(entry, account):
            by = Actor(paula, Side.STAFF, "The permanent token was in a screenshot that a customer sent us.")
            PermanentToken.objects.filter(pk=rotating.rotate(installation, by=by).new.pk).update(created_at=at)

    def plan_updates(self) -> None:
        chance = random.Random(SEED)
        for entry in CATALOGUE:
            for release in entry.releases[1:]:
                for name in self.accounts:
                    if chance.random() < UPDATED and name not in ("Carol's Cakes", "Dave's Depot"):
                        days_ago = chance.uniform(0.4, release.days_ago - 0.5)
                        self.at(self.now - timedelta(days=days_ago), partial(self.update, entry, name))
        self.at(self.now - timedelta(hours=8), partial(self.go_back, CATALOGUE[0]))
        self.at(self.now - timedelta(hours=5), partial(self.rotate, CATALOGUE[3], "Dave's Depot"))

    def update(self, entry: DemoApplication, account: str, at: datetime) -> None:
        installation = self.live(entry, account)
        available = moving.available_update(installation) if installation else None
        if installation and available:
            moving.update(installation, to=available, by=self.installer(installation.application, account))
            Installation.objects.filter(pk=installation.pk).update(moved_at=at)

    def go_back(self, entry: DemoApplication, at: datetime) -> None:
        """The account that updated last."""
        moved = Installation.objects.live().filter(application=self.made[entry.name]).moved_lately()
        installation = moved.with_its_facts()[0]
        assert installation.previous_version
        moving.go_back(
            installation,
            to=installation.previous_version,
            by=self.installer(installation.application, installation.account.name),
        )
        Installation.objects.filter(pk=installation.pk).update(moved_at=at)

    def plan_own(self) -> None:
        """Northwind has its first application itself, as it stands in the editor, and reaches it by a connector."""
        entry = CATALOGUE[0]
        self.at(self.now - timedelta(days=19), partial(self.install_own, entry))
        self.at(self.now - timedelta(days=1, hours=3), partial(self.connect_own, entry))

    def install_own(self, entry: DemoApplication, at: datetime) -> None:
        application = Application.objects.get(pk=self.made[entry.name].pk)
        self.install_version(application, entry.publisher, application.versions.development(), at)

    def connect_own(self, entry: DemoApplication, at: datetime) -> None:
        installation = self.live(entry, entry.publisher)
        assert installation
        connector = making.from_installation(installation, by=Actor(self.owners[entry.publisher], Side.CUSTOMER))
        Connector.objects.filter(pk=connector.pk).update(created_at=at)

    # Postbacks beyond each one's own story.

    def plan_postbacks(self) -> None:
        """Review Lamp waits for a 200 since a while; the endpoint of Parcel Sync is parked."""
        self.at(self.now - timedelta(days=8), lambda at: self.wait_for_200("Review Lamp"))
        parked_at = self.now - endpoints.PARKED_AGO
        self.at(parked_at, lambda at: self.endpoints.park(self.made[endpoints.EXPIRED[0]], at))

    def wait_for_200(self, name: str) -> None:
        application = self.made[name]
        policy.choose_mode(application, PostbackPolicy.Mode.WAIT_FOR_200, by=self.owner(application.account.name))

    # Exchanges: hours as the portal folds them.

    def plan_exchanges(self) -> None:
        rows_of_hours: list[ExchangeHour] = []
        missing = Delivery.objects.not_delivered().values_list("installation_id", flat=True)
        self.without_token = set(missing)
        for installation in Installation.objects.select_related("application", "account"):
            rows_of_hours += self.hours_of(installation)
        ExchangeHour.objects.bulk_create(rows_of_hours, batch_size=2000)
        recent = hours.hour_of(self.now) - timedelta(days=2)
        told = sorted((row for row in rows_of_hours if row.hour >= recent), key=_hour_and_application)
        hour_lines.write(told)
        for (hour, _), rows in groupby(told, key=_hour_and_application):
            self.at(hour + timedelta(hours=1), partial(tell_hour, list(rows)))
        RefusalGroup.objects.bulk_create(self.refusals(rows_of_hours))

    def hours_of(self, installation: Installation) -> Iterator[ExchangeHour]:
        if self.chance.random() < NEVER_CONNECTED or installation.pk in self.without_token:
            return
        begin = hours.hour_of(installation.installed_at) + timedelta(hours=1)
        end = installation.uninstalled_at or installation.suspended_by_staff_at or self.now - timedelta(hours=1)
        step = timedelta(hours=self.chance.choice((8, 12, 24, 24)))
        hour, last = begin, None
        while hour < end:
            yield ExchangeHour(
                installation=installation,
                application_id=installation.application_id,
                hour=hour,
                exchanges=self.chance.randrange(1, 40),
                refused=self.chance.randrange(1, 5) if self.chance.random() < 0.03 else 0,
                addresses=self.chance.choice((1, 1, 2)),
                told=True,
            )
            last, hour = hour, hour + step
        if last:
            used = Installation.objects.filter(pk=installation.pk)
            used.update(first_exchange_at=begin + timedelta(minutes=4), last_used_at=last + timedelta(minutes=50))

    def refusals(self, hours: list[ExchangeHour]) -> Iterator[RefusalGroup]:
        for row in hours:
            if row.refused:
                yield RefusalGroup(
                    key=f"demo:{row.installation_id.hex}:{row.hour:%Y%m%d%H}"[:64],
                    hour=row.hour,
                    reason=self.chance.choice((Reason.SESSION_TOKEN_SENT, Reason.OVER_QUOTA, Reason.TOKEN_ENDED)),
                    application_id=row.installation.application_id,
                    installation_id=row.installation_id,
                    address="203.0.113.0/24",
                    count=row.refused,
                    last_at=row.hour + timedelta(minutes=40),
                )


def put_timeline_in_order() -> None:
    """Entries are read in the order of their keys: the hours of exchanges, planned last, go where they belong."""
    entries = list(TimelineEntry.objects.order_by("at", "pk"))
    TimelineEntry.objects.all().delete()
    for entry in entries:
        entry.pk = None
    TimelineEntry.objects.bulk_create(entries, batch_size=500)


def _last_entry() -> int:
    """Whatever is written after it has a greater key; many written at once do not say theirs."""
    return TimelineEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _hour_and_application(row: ExchangeHour) -> tuple[datetime, UUID]:
    return row.hour, row.installation.application_id


def tell_hour(rows: list[ExchangeHour], at: datetime) -> None:
    last = _last_entry()
    hours.record_hour(rows)
    TimelineEntry.objects.filter(pk__gt=last).update(at=at)
