"""How django-allauth keeps the second factors of people here: authenticator apps, passkeys and recovery codes."""

from collections.abc import Iterable, Iterator
from itertools import chain, count, groupby
from typing import Any

import qrcode
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

    def build_totp_svg(self, url: str) -> str:
        """A line for each row of dark squares next to one another. The page around it shows a credential, so that it is
        not compressed: the library's own picture, a square at a time and in millimetres, is four times this."""
        code = qrcode.QRCode()
        code.add_data(url)
        rows = code.get_matrix()
        drawn = "".join(f"M{x} {y}h{length}" for y, row in enumerate(rows) for x, length in _dark(row))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -.5 {len(rows)} {len(rows)}">'
            f'<path stroke="#000" shape-rendering="crispEdges" d="{drawn}"/></svg>'
        )

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        """Whom a passkey is for. Browsers compare it with the address of the page."""
        return {"id": settings.SITE.hostname, "name": settings.SITE.netloc}


def _dark(row: Iterable[bool]) -> Iterator[tuple[int, int]]:
    """Where squares that are dark begin, and how many there are side by side."""
    place = 0
    for is_dark, squares in groupby(row):
        length = len(list(squares))
        if is_dark:
            yield place, length
        place += length
