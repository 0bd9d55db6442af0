"""A second factor, and sessions that one was used in."""

import time

from allauth.mfa.models import Authenticator
from django.test import Client

from linnapp.models import User
from tests.kit.people import ClientOf


def give_factor(person: User, kind: str = Authenticator.Type.TOTP) -> Authenticator:
    return Authenticator.objects.create(user=person, type=kind, data={"secret": "sealed", "name": "Given"})


def signed_in_by_factor(client_of: ClientOf, person: User) -> Client:
    """As a sign-in by password and code leaves it."""
    client = client_of(person)
    use(client, Authenticator.objects.filter(user=person).earliest("pk"))
    return client


def use(client: Client, factor: Authenticator) -> None:
    """As if its code or key had been given in this browser."""
    session = client.session
    used = {"method": "mfa", "type": factor.type, "id": factor.pk, "at": time.time()}
    session["account_authentication_methods"] += [used]
    session.save()
