"""Keys that stand in a PostbackUrl or another parameter are the team's own: no page of the admin shows one."""

import re
from typing import Any

import pytest

from installs.models import AlertSent, Attempt, Delivery, EventSettings, PostbackAlerts
from installs.outbound import masking
from linnapp import credentials
from linnapp.models import Application, Module, Parameter, User
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
KEY, IN_PATH, USER = "sw0rdf1sh", "T0kenInAPath4711xyzabc", "letmein"
URL = f"https://{USER}:{KEY}@hooks.example.com/in/{IN_PATH}?key={KEY}&Token=[{{TOKEN}}]&t=[{{TRACKING}}]"
MASKED = "https://…@hooks.example.com/in/…?key=…&amp;Token=[{TOKEN}]&amp;t=[{TRACKING}]"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (URL, MASKED.replace("&amp;", "&")),
        ("https://hooks.example.com/in", "https://hooks.example.com/in"),
        ("https://hooks.example.com/a-long-path-of-plain-words/in", None),
        ("https://x.example/?Token=[{TOKEN}]&code=a%3D==", "https://x.example/?Token=[{TOKEN}]&code=…"),
        ("https://x.example/?t=[{TRACKING}]abc", "https://x.example/?t=…"),
        ("https://x.example/?justakey", "https://x.example/?…"),
        ("https://x.example/in#key=abc", "https://x.example/in#key=…"),
        (f"Tried https://x.example/?key={KEY} at 10:00", "Tried https://x.example/?key=… at 10:00"),
        ("No address: a=b?c=d", None),
    ],
)
def test_of_an_address_the_keys_are_left_out_and_the_rest_stays(address: str, shown: str | None) -> None:
    assert credentials.masked_addresses(address) == (shown or address)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("PostbackUrl", "https://x.example/?key=abc", "https://x.example/?key=…"),
        ("ApiKey", "abc", "…"),
        ("Password", "abc", "…"),
        ("Secret", "", ""),
        ("Anything", "6a5ef9a1-0000-4000-8000-00000000beef", "…"),
        ("Anything", "c2VjcmV0LXRoYXQtaXMtbG9uZw4711", "…"),
        ("Icon", "fa-boxes", "fa-boxes"),
        ("Width", "1200", "1200"),
    ],
)
def test_a_parameter_that_is_named_or_looks_like_a_secret_is_masked(name: str, value: str, shown: str) -> None:
    assert credentials.masked_parameter(name, value) == shown


def test_a_kept_request_stays_readable_without_its_keys() -> None:
    request = f"POST /in?key={KEY}&Event=installed HTTP/1.1\nHost: x.example\n\nToken=…91d4"
    assert masking.without_keys(request) == "POST /in?key=…&Event=… HTTP/1.1\nHost: x.example\n\nToken=…91d4"


def test_no_page_of_the_admin_shows_or_finds_a_key(application: Application, paula: User, client_of: ClientOf) -> None:
    module = Module.objects.filter(application=application)[0]
    parameter = Parameter.objects.create(module=module, position=0, name="PostbackUrl", value=URL)
    delivery = Delivery.objects.create(
        application=application, event="test", url=URL, host="hooks.example.com", nonce="1", outcome=f"Not {URL}."
    )
    request = f"POST /in/{IN_PATH}?key={KEY} HTTP/1.1"
    attempt = Attempt.objects.create(delivery=delivery, cause=f"{URL}: gone.", request=request, answer=request)
    client = client_of(paula)
    for row in (module, parameter, delivery, attempt):
        for path in (path_of(type(row)), path_of(type(row), row.pk, "change")):
            page = client.get(path).content.decode()
            assert [value for value in (KEY, IN_PATH, USER) if value in page] == [], path
    for row in (module, parameter, delivery):
        assert MASKED in client.get(path_of(type(row), row.pk, "change")).content.decode()
    assert client.get(path_of(Delivery), {"q": KEY}).context["cl"].result_count == 0
    for model, lookup in (
        *((Delivery, "url"), (Parameter, "value"), (Attempt, "request"), (Attempt, "answer")),
        *((Attempt, "delivery__url"), (Module, "parameters__value")),
    ):
        assert client.get(path_of(model), {f"{lookup}__contains": KEY}).status_code == 400


def test_kind_and_number_stand_in_the_list_of_deliveries_and_names_of_lists_are_singular_and_plural(
    application: Application, paula: User, client_of: ClientOf
) -> None:
    about: dict[str, Any] = {"application": application, "url": URL, "host": "hooks.example.com"}
    Delivery.objects.create(**about, event="installed", nonce="1")
    event = {"kind": "event", "event": "application.retired", "subject": application.pk, "number": 12}
    Delivery.objects.create(**about, **event, nonce="2")
    client = client_of(paula)
    page = client.get(path_of(Delivery)).content.decode()
    assert sorted(re.findall(r'class="field-shown_kind">(.*?)<', page)) == ["Event 12", "Postback"]
    for model, one, many in (
        (EventSettings, "Events URL", "Events URLs"),
        (PostbackAlerts, "alert setting", "alert settings"),
        (AlertSent, "alert sent", "alerts sent"),
    ):
        assert (model._meta.verbose_name, model._meta.verbose_name_plural) == (one, many)
