"""Nothing that is put into an address, a form or a header of the admin makes it fail: cases from its own registry."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Field, Model
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.urls.converters import StringConverter

from linnapp.models import Application, User
from tests.admin.test_admin import MODELS, everything, path_of
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
__all__ = ["everything"]

DAYS = ["9999-12-31", "0001-01-01", "9999-99-99", "abc", ""]
DIGITS = ["1" * 30, "-" + "9" * 19, "abc", "NaN", "1e400"]
ODD = ["", "x", "\0", "\ud800", "%" * 3000, "("]
LOOKUPS: dict[str, list[tuple[str, list[str]]]] = {
    "DateTimeField": [
        ("", DAYS), ("__gte", [*DAYS, "9999-12-31T23:59:59-14:00"]), ("__lt", ["0001-01-01T00:00:00+14:00"]),
        ("__date", DAYS), ("__year", ["9999", "0", "-5", "1" * 23, "x"]), ("__year__gte", ["9999", "-5", "0"]),
        ("__iso_year", ["9999", "0"]), ("__month", ["13"]), ("__range", ["1"]), ("__in", ["", "x,y"]),
    ],
    "DateField": [("", DAYS), ("__year", ["9999", "0"]), ("__year__lt", ["0"]), ("__in", DAYS)],
    "Integer": [("", DIGITS), ("__gte", DIGITS), ("__in", [",", *DIGITS]), ("__range", ["1,2,3"]), ("__isnull", ["z"])],
    "Text": [("", ODD), ("__exact", ODD), ("__in", ODD), ("__regex", ODD), ("__contains", ODD), ("__gt", ODD)],
    "UUIDField": [("", ODD), ("__in", ["x,y"]), ("__gte", ["0"]), ("__contains", ["-"])],
    "BooleanField": [("", ["x", "\0"]), ("__exact", ["2"]), ("__isnull", ["9"])],
    "ForeignKey": [("", ODD), ("__id__exact", ["x", "1" * 30]), ("__pk__in", ["x", "1" * 30]), ("__isnull", ["x"])],
    "JSONField": [("", ["{"]), ("__x", ["1"]), ("__contains", ["x"]), ("__has_key", ["x"]), ("__isnull", ["z"])],
}  # fmt: skip
OF_ANY_LIST = [
    "p=-1", "p=abc", "p=" + "9" * 30, "o=abc", "o=-99.1", "o=" + "9" * 50, "_popup=x", "_to_field=x", "all=1", "q=%00",
    "q=%ED%A0%80", "q=" + "9" * 60, "x__y=1", "pk=" + "1" * 40, "id__in=" + "1" * 30, "_changelist_filters=x", "%00=1",
    "shown=%00", "since=abc", "_facets=1", "__=1", "q=a&o=1&created_at__year=0", "q=a&o=1&id=" + "1" * 30,
]  # fmt: skip


def kind_of(field: "Field[Any, Any]") -> str:
    name = field.get_internal_type()
    if "Integer" in name or "Auto" in name:
        return "Integer"
    if name in LOOKUPS:
        return name
    return "ForeignKey" if field.is_relation else "Text"


def two_of(kind: str) -> Iterator[tuple[type[Model], str]]:
    """Fields of this kind, of two lists."""
    found = 0
    for model in MODELS:
        names = [field.name for field in model._meta.concrete_fields if kind_of(field) == kind]
        if names and found < 2:
            found += 1
            yield model, names[-1]


def stays_whole(client: Client, address: str) -> None:
    """Whatever it answers, it does not fail: what PostgreSQL refused is rolled back."""
    with transaction.atomic():
        answer = client.get(address)
        transaction.set_rollback(True)
    assert answer.status_code in (200, 302, 400, 403, 404), address


@pytest.mark.parametrize("kind", LOOKUPS)
def test_every_look_up_of_a_list_takes_every_value(
    kind: str, everything: None, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    for model, name in two_of(kind):
        for look_up, values in LOOKUPS[kind]:
            for value in values:
                asked = urlencode({name + look_up: value}, errors="surrogatepass")
                stays_whole(client, f"{path_of(model)}?{asked}")


@pytest.mark.parametrize("part", range(3))
def test_every_list_takes_what_is_in_its_address(part: int, everything: None, paula: User, client_of: ClientOf) -> None:
    client = client_of(paula)
    for place, model in enumerate(MODELS):
        for asked in OF_ANY_LIST[place % len(OF_ANY_LIST) :: len(MODELS)] if place % 3 == part else ():
            stays_whole(client, f"{path_of(model)}?{asked}")
        if place % 9 == part:
            for asked in OF_ANY_LIST:
                stays_whole(client, f"{path_of(model)}?{asked}")


@pytest.mark.parametrize("asked", ["installed_at__year=9999", "installed_at__year=0", "kind__exact=%00"])
@pytest.mark.parametrize("place", ["installs/installation", "installs/installation/export/csv", "linnapp/application"])
def test_a_list_that_people_work_with_says_that_it_does_not_know_it(
    place: str, asked: str, paula: User, client_of: ClientOf
) -> None:
    address = f"/admin/{place}/?{asked}"
    stays_whole(client_of(paula), address)


@pytest.mark.parametrize("key", ["abc", "9" * 30, "-1", "%00", "_5F", "0" * 32, "a/b", "%ED%A0%80"])
def test_every_row_has_a_key_that_is_one(key: str, everything: None, paula: User, client_of: ClientOf) -> None:
    client = client_of(paula)
    for model in MODELS:
        stays_whole(client, f"{path_of(model)}{key}/change/")


ODD_KEYS = ("abc", "9" * 30, "a\0b", "_5F", "%")


def patterns_of(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns_of(pattern.url_patterns)
        else:
            yield pattern


def test_every_address_of_the_admin_takes_any_key(everything: None, paula: User, client_of: ClientOf) -> None:
    """Each pattern there is, with odd keys in the place of its arguments; of a table by its number, of one whose keys
    are UUIDs."""
    client, asked = client_of(paula), 0
    of_uuids = ContentType.objects.get_for_model(Application).pk
    for number, pattern in enumerate(patterns_of(admin.site.get_urls())):
        key = ODD_KEYS[number % len(ODD_KEYS)]
        known = {"content_type_id": of_uuids, "act": "remove", "way": "csv"}
        texts = [name for name, kind in pattern.pattern.converters.items() if isinstance(kind, StringConverter)]
        if pattern.name and texts and len(texts) == len(pattern.pattern.converters):
            given = {name: known.get(name, key) for name in texts}
            stays_whole(client, reverse(f"admin:{pattern.name}", kwargs=given))
            asked += 1
    assert asked > 100


@pytest.mark.parametrize("key", ["abc", "9" * 30, "\0", "", "\ud800"])
def test_what_is_ticked_is_a_row_of_the_list(key: str, everything: None, paula: User, client_of: ClientOf) -> None:
    client = client_of(paula)
    for model in MODELS[len(key) % 4 :: 4]:
        for action in ("export_csv", "delete_selected", "no such action", "\0"):
            sent = {ACTION_CHECKBOX_NAME: key.encode(errors="surrogatepass"), "action": action, "index": "x"}
            with transaction.atomic():
                answer = client.post(path_of(model), sent)
                transaction.set_rollback(True)
            assert answer.status_code in (200, 302, 403), (model, action)


ADDRESSES = ("http://[", "\\\\", "http://a:b@c:d/", "%", "é", "http://x/" + "y" * 5000)
HEADERS = (
    "HX-Current-URL",
    "HX-Target",
    "Referer",
    "Origin",
    "X-Forwarded-For",
    "Forwarded",
    "Accept-Language",
    "Accept",
)


@pytest.mark.parametrize("header", HEADERS)
def test_a_page_takes_every_header(header: str, application: Application, alice: User, client_of: ClientOf) -> None:
    signed_in, nobody = client_of(alice), client_of(None)
    for value in ADDRESSES:
        headers = {"HX-Request": "true", header: value}
        for client in (signed_in, nobody):
            assert client.get("/a/northwind/applications/", headers=headers).status_code in (200, 401)
        assert nobody.post("/a/northwind/applications/new/", headers=headers).status_code in (200, 302, 401, 403)


@pytest.mark.parametrize("value", ["\0", "x" * 4000, "é", '{"', "..", "-1", "9" * 40, "UTC\0", "../../etc/passwd"])
def test_a_page_takes_every_cookie(value: str, application: Application, alice: User, client_of: ClientOf) -> None:
    for client in (client_of(alice), client_of(None)):
        for name in ("account", "device", "timezone", "csrf", "messages"):
            client.cookies[name] = value
        assert client.get("/a/northwind/applications/").status_code in (200, 302)
        assert client.get("/").status_code in (200, 302)
