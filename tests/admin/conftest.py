import pytest
from django.contrib.auth.models import Permission

from linnapp.models import User
from tests.kit.people import person


@pytest.fixture
def staff(paula: User) -> dict[str, User]:
    quinn = person("Quinn", "quinn@linnapp.example", is_staff=True)
    willa = person("Willa", "willa@linnapp.example", is_staff=True)
    everything = Permission.objects.exclude(content_type__model="staffaccess")
    quinn.user_permissions.set(everything)
    willa.user_permissions.set([*everything, Permission.objects.get(codename="work_in_accounts")])
    return {"Quinn": quinn, "Willa": willa, "Paula": paula}
