"""NUL and halves of characters: no database takes them, and no address, form, cookie or call breaks one with them."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from installs.installations import lifecycle
from installs.models import Installation, RefusedConsent, Session
from linnapp.models import Account, Application, User
from tests.house.crawl import Form, Page
from tests.house.test_access import EVERYTHING
from tests.house.world import World, address, routes
from tests.kit.people import PASSWORD, ClientOf

NUL = "a\0b"
# What lists, searches and pages ask for.
ASKED = (
    "q",
    "sort",
    "after",
    "state",
    "type",
    "version",
    "since",
    "cause",
    "reference",
    "delivery",
    "next",
    "seen",
    "x",
)
QUERY = "&".join(f"{name}=a%00b" for name in ASKED)
SENT_BY_THE_PAGE = ("csrfmiddlewaretoken", "_method")


def pages_of(world: World, client: Client, person: str) -> Iterator[tuple[str, str]]:
    """Names and addresses of the pages that this person may open."""
    for pattern in routes(settings.ROOT_URLCONF):
        who = EVERYTHING[str(pattern.name)]
        if who.method == "get" and who.expected(person) == 200:
            yield str(pattern.name), address(world, pattern)


@pytest.mark.parametrize("person", ["alice", "carol", "paula", "nobody"])
def test_an_address_with_nul_asks_for_nothing(person: str, world: World, client_of: ClientOf) -> None:
    """As what else no page makes: the page is there, and narrowed by nothing."""
    client, said = client_of(world.users[person]), {}
    for name, page in pages_of(world, client, person):
        said[name] = client.get(f"{page}?{QUERY}&a%00b=1").status_code
    # An Installation URL says it in words of its own, below.
    assert said.pop("authorize", 200) < 500
    assert set(said.values()) == {200}, said
    assert len(said) > 5


def test_what_else_is_asked_stays(alice: User, application: Application, client_of: ClientOf) -> None:
    client = client_of(alice)
    for query, found in (("?q=a%00b&type=SYSTEM", 1), ("?q=a%00b&type=CHANNEL", 0), ("?q%00=a&q=nothing-like-it", 0)):
        assert len(client.get(f"/a/northwind/applications/{query}").context["list"].rows) == found


@pytest.mark.parametrize("person", ["alice", "carol", "paula", "nobody"])
def test_a_path_with_nul_leads_nowhere(person: str, world: World, client_of: ClientOf) -> None:
    odd = replace(world, arguments={**world.arguments, **dict.fromkeys(("key", "token", "digest", "act"), NUL)})
    client, said = client_of(world.users[person]), {}
    for pattern in routes(settings.ROOT_URLCONF):
        if {"key", "token", "digest", "act"} & pattern.pattern.converters.keys():
            said[pattern.name] = client.get(address(odd, pattern)).status_code
    assert len(said) >= 5
    assert set(said.values()) <= ({302, 404} if person == "nobody" else {404}), said


@pytest.mark.parametrize("person", ["alice", "carol", "sam", "paula", "nobody"])
def test_a_form_with_nul_in_each_field_breaks_nothing(person: str, world: World, client_of: ClientOf) -> None:
    """Once with NUL everywhere, and once where only what is typed has it."""
    user, sent = world.users[person], 0
    client = client_of(user)
    for _, page in list(pages_of(world, client, person)):
        answer = client.get(page)
        if answer.streaming or answer.status_code != 200:
            continue
        for form in Page(answer.content.decode(), page).forms:
            for fields in spoiled(form):
                with transaction.atomic():
                    posted = client_of(user).post(form.action, fields)
                    transaction.set_rollback(True)
                assert posted.status_code < 500, (form.action, fields)
                sent += 1
    assert sent >= (2 if person == "nobody" else 20)


def spoiled(form: Form) -> Iterator[dict[str, str]]:
    if form.method == "post" and not form.action.startswith("/admin/"):
        names = [name for name in form.fields if name not in SENT_BY_THE_PAGE]
        yield dict.fromkeys([*names, "q", "reason", "text"], NUL)
        yield form.fields | {name: NUL for name in names if not form.fields[name]}


@pytest.mark.parametrize("cookie", ["session", "device", "csrf", "messages", "last_account"])
def test_a_cookie_with_nul_is_nobodys(cookie: str, northwind: Account) -> None:
    names = {
        "session": settings.SESSION_COOKIE_NAME,
        "device": settings.DEVICE_COOKIE_NAME,
        "csrf": settings.CSRF_COOKIE_NAME,
        "messages": "messages",
        "last_account": settings.LAST_ACCOUNT_COOKIE_NAME,
    }
    header = f'{names[cookie]}="abcdefgh\\000ijklmnop"'
    answer = Client(headers={"Cookie": header}).get(f"/a/{northwind.slug}/applications/")
    assert (answer.status_code, answer.headers["Location"][:10]) == (302, "/sign-in/?")
    sent = {"login": "alice@northwind.example", "password": PASSWORD}
    assert Client(headers={"Cookie": header}).post("/sign-in/", sent).status_code in {200, 302}


def test_tracking_with_nul_is_refused_with_a_reference(
    application: Application, cakes: Account, carol: User, client_of: ClientOf
) -> None:
    link = f"{reverse('authorize', args=[application.pk])}?Tracking={quote(NUL)}"
    for client in (Client(), client_of(carol)):
        for answer in (client.get(link), client.post(link, {"agreed": "on"})):
            assert answer.status_code == 400
            assert "Its Tracking contains a NUL character (%00), which is not allowed." in answer.content.decode()
    kept = RefusedConsent.objects.order_by("-pk").first()
    assert kept
    assert kept.reference in answer.content.decode()


EXCHANGE = "/api/Auth/AuthorizeByApplication"
SCOPES = {'"\\ud800"': "?", '"\\u0000"': "?", '"a\\u0000\\udfffb"': "a??b"}
MEMBERS = ("ApplicationId", "ApplicationSecret", "Token", "Scope", "grant_type", "\0", "request")


@pytest.mark.parametrize(
    "value", ['"\\ud800"', '"\\u0000"', '"a\\u0000\\udfffb"', '{"\\ud800": "\\u0000"}', '["\\u0000"]']
)
def test_an_exchange_with_them_is_answered(value: str, application: Application, installation: Installation) -> None:
    """What is not read does no harm."""
    whole = {
        "ApplicationId": f'"{application.pk}"',
        "ApplicationSecret": f'"{application.secrets.get().value()}"',
        "Token": f'"{lifecycle.current_token(installation).value()}"',
    }
    for member in MEMBERS:
        spelled = whole | {member.replace("\0", "\\u0000"): value}
        body = "{" + ",".join(f'"{name}": {text}' for name, text in spelled.items()) + "}"
        answer = Client().post(EXCHANGE, body, content_type="application/json")
        is_read = member in {*whole, "request"} or (member == "Scope" and value[0] in "{[")
        assert answer.status_code == (400 if is_read else 200), (member, answer.content)
        assert is_read or {row.scope for row in Session.objects.all()} <= {"", *SCOPES.values()}


def test_a_form_of_the_api_with_nul_is_answered(application: Application) -> None:
    for member in MEMBERS:
        sent = {"ApplicationId": str(application.pk), "ApplicationSecret": "b", "Token": "c"} | {member: NUL}
        body = "&".join(f"{quote(name)}={quote(value)}" for name, value in sent.items())
        answer = Client().post(EXCHANGE, body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 400, member


@pytest.mark.parametrize("path", ["/api/Inventory/GetStockLocations", "/api/No%00thing", "/api/Auth/Authorize%00"])
def test_a_call_with_nul_in_path_query_or_token_is_refused(path: str, db: None) -> None:
    answer = Client().get(f"{path}?a=%00", headers={"Authorization": "a\0b"})
    assert answer.status_code in {401, 404}
