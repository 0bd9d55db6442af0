"""Nothing typed is lost when a sign-in is over or old: what was sent waits for it, and goes on once.

Every form that somebody signed in gets carries a mark of the person it was drawn for. A form that comes when nobody is
signed in any more is kept for that person; whoever has no mark, and so every stranger, makes no row. The link to what
is kept works for that person alone, and in the browser that it was sent from: a mark that somebody else got hold of
would else let them lay a form before its owner. Nothing is kept of a form that was drawn in a sign-in which
somebody ended.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django_htmx.middleware import HtmxDetails

from linnapp import credentials
from linnapp.models import KeptPost, User
from linnapp.page_requests import Marked
from linnapp.services.browser_sessions import was_ended
from linnapp.services.typed import Place, Typed, keep, waits

# Fields that the portal puts into forms, and no view reads.
MARK, KEPT = "drawn_for", "kept_form"
CSRF = "csrfmiddlewaretoken"
# What a script is told with 401: that nobody is signed in any more.
SIGN_IN, OVER = "X-Sign-In", "over"
# In the place of a link's key: nothing is kept, and what was typed is to be typed again.
AGAIN = "again"
# And why: somebody ended the sign-in that it was typed in.
ENDED = "ended"

AnyView = TypeVar("AnyView", bound=Callable[..., Any])
NOTHING_TYPED = "nothing_typed"


def nothing_typed(view: AnyView) -> AnyView:
    """For a button whose answer is a file: sent on from the page after the sign-in, it would leave its reader there.
    Nothing is kept of it, and the sign-in leads to the page with the button."""
    setattr(view, NOTHING_TYPED, True)
    return view


def _holds_nothing_typed(request: HttpRequest) -> bool:
    match = request.resolver_match
    return request.method != "POST" or (match is not None and hasattr(match.func, NOTHING_TYPED))


@dataclass(frozen=True)
class Drawn:
    """For whom, and the digest of the key of the session that they were signed in with."""

    person: User
    session_digest: str


def mark_for(request: HttpRequest) -> str:
    """Of the person that a page is drawn for; "" for nobody. Once a request: a list holds many forms."""
    marked = cast(Marked, request)
    if not hasattr(marked, "own_mark"):
        person = getattr(request, "user", None)
        marked.own_mark = _mark(person, request) if isinstance(person, User) else ""
    return marked.own_mark


def drawn_for(mark: str) -> Drawn | None:
    """Whom a form was drawn for, within the two weeks that a sign-in lasts. No mark outlives the password."""
    key, _, session = mark.partition(":")[0].partition(".")
    person = User.objects.filter(pk=int(key), is_active=True).first() if key.isdecimal() and len(key) < 19 else None
    if person is None:
        return None
    try:
        _signer(person).unsign(mark, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:
        return None
    return Drawn(person, session)


def _mark(person: User, request: HttpRequest) -> str:
    return _signer(person).sign(f"{person.pk}.{_session_of(request)}")


def _session_of(request: HttpRequest) -> str:
    return credentials.digest(str(request.session.session_key))


def _signer(person: User) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"form of {person.get_session_auth_hash()}")


def sign_in_first(request: HttpRequest, page: str = "") -> HttpResponse:
    """Where nobody is signed in, or nobody any more. `page` is where the sign-in leads if nothing is kept: unless it is
    named, the page that a form stood on, which may go to an address that nobody can open, else what was asked for."""
    if HtmxDetails(request):
        return _over()
    if _holds_nothing_typed(request):
        return redirect_to_login(page or request.get_full_path())
    page = page or _page_before(request) or request.get_full_path()
    mark = cast(Marked, request).mark
    if not mark:
        return redirect_to_login(page)
    drawn, door = drawn_for(mark), reverse("account_login")
    if drawn is None or was_ended(drawn.person, drawn.session_digest):
        return _by(door, _type_again(page, ENDED))
    return _kept_until(request, drawn, door)


def is_it_still_you(request: HttpRequest) -> HttpResponse:
    """Where the sign-in is too old for what was asked."""
    person = cast(User, request.user)
    methods = get_adapter().get_reauthentication_methods(person)
    # Whoever has neither password nor factor shows that it is them by the link in a mail.
    door = methods[0]["url"] if methods else reverse("account_reset_password")
    if _holds_nothing_typed(request):
        return _by(door, request.get_full_path())
    return _kept_until(request, Drawn(person, _session_of(request)), door)


def _by(door: str, then: str) -> HttpResponse:
    return redirect(f"{door}?{urlencode({'next': then})}")


def _kept_until(request: HttpRequest, drawn: Drawn, door: str) -> HttpResponse:
    if _holds_password(request):
        return _by(door, _type_again(_page_before(request)))
    link = cast(Marked, request).kept_form
    if not (link and waits(key_of(request, link))):
        link = credentials.new_link_key()
    answer = _by(door, reverse("go_on", args=[link]))
    key = _key_of_browser(request, answer)
    if link != cast(Marked, request).kept_form:
        place = Place(_together(link, key), key, drawn.session_digest)
        if not keep(drawn.person, place, _typed_in(request)):
            return _by(door, _type_again(_page_before(request)))
    return answer


def _type_again(page: str, why: str = "") -> str:
    return f"{reverse('go_on', args=[AGAIN])}?{urlencode({'page': page} | ({'why': why} if why else {}))}"


def looked_at_first(request: HttpRequest) -> HttpResponse | None:
    """For a form whose CSRF token is an older one: in another tab its person signed in again. It may as well come from
    another site, and so nothing is sent by itself: whoever it was drawn for is shown it, and presses. None for a form
    without the mark of whoever is signed in, for one that is kept already, and where there is no room."""
    person = request.user
    if KEPT in request.POST or not isinstance(person, User) or not _is_theirs(request) or _holds_password(request):
        return None
    link = credentials.new_link_key()
    answer = redirect("go_on", link)
    key = _key_of_browser(request, answer)
    place = Place(_together(link, key), key, _session_of(request))
    return answer if keep(person, place, _typed_in(request, by_hand=True)) else None


def new_token_first(request: HttpRequest) -> HttpResponse | None:
    """The same for a script: nothing is kept nor sent, the page asks for the token of now and sends it again. None
    without the mark of whoever is signed in."""
    return _over() if _is_theirs(request) else None


def _is_theirs(request: HttpRequest) -> bool:
    drawn = drawn_for(request.POST.get(MARK, ""))
    return drawn is not None and drawn.person == request.user


def _over() -> HttpResponse:
    """For a script, which opens a dialog in the page, or goes on where its person is signed in. The page stays."""
    return HttpResponse(status=401, headers={SIGN_IN: OVER})


def _holds_password(request: HttpRequest) -> bool:
    return any("passw" in name.lower() for name in request.POST)


def _typed_in(request: HttpRequest, *, by_hand: bool = False) -> Typed:
    """No larger than DATA_UPLOAD_MAX_MEMORY_SIZE, past which Django reads no form."""
    own = (CSRF, MARK)
    fields = [(name, value) for name, values in request.POST.lists() if name not in own for value in values]
    files = [(name, str(file.name)) for name, several in request.FILES.lists() for file in several]
    return Typed(request.get_full_path(), _page_before(request), fields, files, request.user.is_authenticated, by_hand)


def _page_before(request: HttpRequest) -> str:
    """The page of this portal that the form stood on; "" where the browser does not say."""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return ""
    # Two slashes would begin the name of a host.
    return page._replace(scheme="", netloc="", path="/" + page.path.lstrip("/")).geturl()


def key_of(request: HttpRequest, link: str) -> str:
    """Of what waits behind a link, in this browser."""
    return _together(link, request.COOKIES.get(settings.TYPED_COOKIE_NAME, ""))


def _together(link: str, key: str) -> str:
    return f"{link} {key}"


def _key_of_browser(request: HttpRequest, answer: HttpResponse) -> str:
    """In a cookie that ends with what is kept."""
    key = request.COOKIES.get(settings.TYPED_COOKIE_NAME, "") or credentials.new_link_key()
    answer.set_cookie(
        settings.TYPED_COOKIE_NAME,
        key,
        max_age=KeptPost.LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return key


def nothing_kept(request: HttpRequest) -> HttpResponse:
    """The same for what was sent, is over, or is another's."""
    return render(request, "account/typed/nothing_kept.html", status=404)


def next_of(request: HttpRequest) -> str:
    return str(request.POST.get("next") or request.GET.get("next") or "")


def is_kept_behind(request: HttpRequest, address: str) -> bool:
    """Whether the address that a sign-in leads on to has something kept, of this browser."""
    link = link_in(address)
    return bool(link) and waits(key_of(request, link))


def link_in(address: str) -> str:
    """The key in a link to what is kept; "" for any other address."""
    page = page_at(address)
    return str(page.kwargs["link"]) if page and page.url_name == "go_on" else ""


def page_at(address: str) -> ResolverMatch | None:
    """None where no page is."""
    try:
        return resolve(urlsplit(address).path)
    except (Resolver404, ValueError):
        return None
