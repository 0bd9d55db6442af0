"""How django-allauth keeps the second factors of people here: authenticator apps, passkeys and recovery codes."""

from itertools import chain, count
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings

from linnapp import credentials
from linnapp.user_agents import device_in_words


class FactorAdapter(DefaultMFAAdapter):
    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002, allauth's name
        """What a passkey is called that was given no name: by the browser that it is made in."""
        name = device_in_words(context.request.headers.get("User-Agent", ""))
        taken = set(Authenticator.objects.filter(user_id=user.pk, type=type).values_list("data__name", flat=True))
        return next(each for each in chain([name], (f"{name} {number}" for number in count(2))) if each not in taken)

    def encrypt(self, text: str) -> str:
        return credentials.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return credentials.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        """What an authenticator app writes beside its codes: never of the Host header."""
        return settings.SITE.netloc

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        """Whom a passkey is for. Browsers compare it with the address of the page."""
        return {"id": settings.SITE.hostname, "name": settings.SITE.netloc}
