import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from linnapp.models import Account, Application, User
from linnapp.services import applications
from tests.kit.people import ClientOf, acting, person


@pytest.fixture
def staff(paula: User) -> dict[str, User]:
    quinn = person("Quinn", "quinn@linnapp.example", is_staff=True)
    willa = person("Willa", "willa@linnapp.example", is_staff=True)
    everything = Permission.objects.exclude(content_type__model="staffaccess")
    quinn.user_permissions.set(everything)
    willa.user_permissions.set([*everything, Permission.objects.get(codename="work_in_accounts")])
    return {"Quinn": quinn, "Willa": willa, "Paula": paula}


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


@pytest.fixture
def three(northwind: Account, alice: User) -> list[Application]:
    return [
        applications.create_application(account=northwind, name=name, kind="SYSTEM", by=acting(alice))[0]
        for name in ("First", "Second", "Third")
    ]
