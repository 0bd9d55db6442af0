"""What tests of postbacks share: the way out to loopback, an application whose version has a PostbackUrl, and a courier
that works to its end."""

import ipaddress
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from installs.installations import lifecycle
from installs.models import PostbackHost, PostbackPolicy
from installs.postbacks import courier, parking
from linnapp.models import Account, Application, User, Version
from tests.kit.consenting import release
from tests.kit.people import acting


@pytest.fixture
def to_loopback(settings: Settings) -> None:
    """Postbacks may go to receivers on this machine, as the `.env` of `make run` lets them."""
    settings.OUTBOUND_ALLOW_HTTP = True
    settings.OUTBOUND_ALLOWED_NETWORKS = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]


def with_postback(application: Application, url: str, by: User, number: tuple[int, int, int] = (1, 0, 0)) -> Version:
    """A version whose External Application has this PostbackUrl."""
    parameters = [{"name": "PostbackUrl", "value": url}]
    return release(application, number, {"Modules": [{"type": "ExternalApplication", "parameters": parameters}]}, by)


def wait_for_200(application: Application) -> None:
    PostbackPolicy.objects.create(application=application, mode=PostbackPolicy.Mode.WAIT_FOR_200)


def install(
    application: Application, account: Account, version: Version, by: User, **choices: Any
) -> lifecycle.Consented:
    return lifecycle.install(application, account=account, version=version, by=acting(by), **choices)


def deliver() -> None:
    """Everything that is due is attempted, and written down; so is what that releases."""
    courier.courier.run()
    for host in PostbackHost.objects.parked().before_their_first_trial():
        parking.hold_due.call_local(host.pk)
    if PostbackHost.objects.answering_again().exists():
        parking.release.call_local()
        courier.courier.run()
