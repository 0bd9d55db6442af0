"""A load of one person's, and what others do beside it, inside the portal's own Python: for `bench.starvation` and a
test with real workers."""

import sys
import time
from datetime import timedelta
from itertools import cycle, islice

from django.core.mail import send_mail
from django.utils import timezone

from installs.connectors import checking, making
from installs.installations import lifecycle
from installs.models import Attempt, Delivery, Installation, PostbackPolicy
from installs.models.deliveries import host_of
from installs.postbacks import signing_secrets
from linnapp import credentials
from linnapp.actors import Actor
from linnapp.models import Account, Application, User, Version
from linnapp.services import people
from tests.drill.bulk import made_application
from tests.kit.people import acting

CUSTOMER, LOADER, OTHER = "customer@drill.example", "loader@drill.example", "other@drill.example"


def _person(email: str) -> User:
    return User.objects.filter(email=email).first() or User.objects.create_user(email, name=email.partition("@")[0])


def _developed(by: User, number: int, url: str, *, strict: bool) -> Application:
    account = people.create_account(name=f"{by.name} {number}", owner=by)
    application = made_application(account, by, f"{url}/{number}")
    if strict:
        PostbackPolicy.objects.create(application=application, mode=PostbackPolicy.Mode.WAIT_FOR_200)
    return application


def lay_out(slow: list[str], quick: str, beside: str, accounts: int, consents: int) -> None:
    """The applications, in turn to the slow endpoints, and whoever installs them. Half of the loader's wait for the 200
    of their postback. So does one of the other publisher's, whose endpoint is `beside`: quick, at a slow one's host."""
    loader, other, customer = _person(LOADER), _person(OTHER), _person(CUSTOMER)
    for number in range(accounts):
        _developed(loader, number, slow[number % len(slow)], strict=number % 2 == 1)
    _developed(other, 1, quick, strict=False)
    _developed(other, 2, beside, strict=True)
    for number in range(max(consents // accounts, 2)):
        people.create_account(name=f"Customer {number}", owner=customer)


def load(slow: str, consents: int, tests: int, checks: int) -> None:
    """All of it at once: the rows are there before a worker sees the first."""
    loader, customer = _person(LOADER), _person(CUSTOMER)
    loaded = list(Application.objects.filter(account__memberships__user=loader).order_by("name"))
    accounts = list(Account.objects.filter(memberships__user=customer))
    for number in range(consents):
        application = loaded[number % len(loaded)]
        _install(application, accounts[number // len(loaded)], customer)
    for application in islice(cycle(loaded), tests):
        _test(application, slow, acting(loader))
    for number in range(checks):
        values = making.Values(
            name=f"Connector {number}",
            base_url=slow,
            scope="GlobalPermissions.OrderBook",
            token=credentials.new_link_key(),
            application_id=str(loaded[0].pk),
            application_secret=credentials.new_link_key(),
            grant_type="client_credentials",
            token_key="token",
        )
        checking.start(making.make(loaded[number % len(loaded)].account, values, by=acting(loader)), by=acting(loader))


def _install(application: Application, account: Account, by: User) -> Installation:
    version = Version.objects.get(application=application, kind=Version.Kind.RELEASED)
    return lifecycle.install(application, account=account, version=version, by=acting(by)).installation


def _test(application: Application, url: str, by: Actor) -> None:
    """As the page makes it, without its limit of so many a minute."""
    signing_secrets.ensure(application)
    Delivery.objects.create(
        application=application,
        event=Delivery.Event.TEST,
        url=f"{url}/test",
        host=host_of(url),
        nonce=credentials.new_link_key(),
        requested_by=by.person,
        next_attempt_at=timezone.now() - timedelta(seconds=1),
    )


def others(place: int, number: int) -> None:
    """Installs the ordinary application of the other publisher, or the strict one."""
    customer = _person(CUSTOMER)
    application = Application.objects.filter(account__memberships__user__email=OTHER).order_by("name")[number - 1]
    began = time.time()
    row = _install(application, Account.objects.filter(memberships__user=customer).order_by("slug")[place], customer)
    sys.stdout.write(f"{row.pk} {began}")


def completed_at(key: str, seconds: float) -> None:
    """Prints when the installation is active, or what became of it."""
    until = time.monotonic() + seconds
    while (row := Installation.objects.get(pk=key)).state == Installation.State.PENDING and time.monotonic() < until:
        time.sleep(0.02)
    sys.stdout.write(f"{row.state} {time.time()}")


def mail() -> None:
    began = time.time()
    send_mail("Starvation", "A mail beside the load.", None, ["somebody@drill.example"])
    sys.stdout.write(str(began))


def attempts() -> None:
    """Prints how many of the loader's have ended."""
    ended = Attempt.objects.filter(delivery__application__account__memberships__user__email=LOADER)
    sys.stdout.write(str(ended.count()))


def standing() -> None:
    sent = Delivery.objects.filter(application__account__memberships__user__email=LOADER, claimed_until__isnull=False)
    sys.stdout.write(f"{sent.count()} {Delivery.objects.filter(state=Delivery.State.DUE).count()}")
