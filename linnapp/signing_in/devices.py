"""Devices that a person signed in with before, known by a cookie: what strangers get wrong does not keep them out.

The cookie holds a random key and, for each person, a mark: the keyed digest of that key, the person and their password
as it is kept. Nobody makes one up, it names nobody, and it ends when the password changes, so that whoever knew the
old one is a stranger again. The browser that changed it is known anew.
"""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from linnapp import credentials
from linnapp.models import User

# As long as browsers keep a cookie.
KEPT_SECONDS = 400 * 24 * 3600
MOST_PEOPLE = 5


class Proven(HttpRequest):
    """A request that signed somebody in, or set their password: its browser is known from now on."""

    proven_by: User
    # Before the one that was set.
    had_password: bool


def mark_of(request: HttpRequest, email: str) -> str:
    """What this device is known by to the person of this address; "" for one that they never signed in with."""
    key, marks = _kept(request)
    if not marks:
        return ""
    person = User.objects.filter(email=email.strip().lower()).first()
    mark = _mark(key, person) if person else ""
    return mark if any(credentials.same(mark, each) for each in marks) else ""


def keep_device(request: HttpRequest, response: HttpResponseBase) -> None:
    """Writes the cookie where the request proved who sits there."""
    person = getattr(request, "proven_by", None)
    if person is None:
        return
    key, marks = _kept(request)
    key = key or credentials.new_link_key()
    mark = _mark(key, person)
    others = [each for each in marks if each != mark]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        ".".join([key, mark, *others[: MOST_PEOPLE - 1]]),
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _kept(request: HttpRequest) -> tuple[str, list[str]]:
    key, *marks = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "").split(".")
    return key, marks[:MOST_PEOPLE]


def _mark(key: str, person: User) -> str:
    return credentials.digest_of("device", key, person.pk, person.get_session_auth_hash())
