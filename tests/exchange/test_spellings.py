"""What a request is answered by how it is written: a member `token` for generic connectors and for nobody else, and
words for a body that is not what its headers say."""

import gzip
import json
import zlib
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from installs.models import Session
from tests.kit.exchanging import JSON, URL, WRONG, message, post, without_letter_case

pytestmark = pytest.mark.usefixtures("nothing_noted")

FORM = "application/x-www-form-urlencoded"
Right = dict[str, str]


def wrapped(members: dict[str, Any]) -> bytes:
    return urlencode({"request": json.dumps(members)}).encode()


WRITTEN: dict[str, tuple[Any, str]] = {
    "JSON": (lambda members: json.dumps(members).encode(), JSON),
    "form": (lambda members: urlencode(members).encode(), FORM),
    "form with one field request": (wrapped, FORM),
    "JSON wrapped in request": (lambda members: json.dumps({"request": members}).encode(), JSON),
}
MARKS = [
    {"grant_type": "client_credentials"},
    {"scope": "orders"},
    {"client_id": WRONG},
    {"Grant_Type": ""},
    {"SCOPE": ""},
    {"Client_ID": "x"},
]


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: next(iter(mark)))
@pytest.mark.parametrize("written", WRITTEN)
def test_a_generic_connector_finds_token_in_small_letters(right: Right, written: str, mark: dict[str, str]) -> None:
    write, content_type = WRITTEN[written]
    body = post(write(right | mark), content_type).json()
    assert body["token"] == body["Token"]


@pytest.mark.parametrize("written", WRITTEN)
def test_everybody_else_gets_what_a_reader_without_letter_case_reads(right: Right, written: str) -> None:
    write, content_type = WRITTEN[written]
    answer = post(write(right | {"grantType": "no mark of theirs"}), content_type)
    session_token = without_letter_case(answer.content)["token"]
    assert Client().get("/api/Inventory/GetStockLocations", headers={"Authorization": session_token}).json()


@pytest.mark.parametrize(
    "body",
    [
        lambda right: json.dumps({"grant_type": "client_credentials", "request": right}).encode(),
        lambda right: urlencode({"request": json.dumps(right), "scope": "orders"}).encode(),
    ],
)
def test_what_a_generic_connector_adds_may_stand_beside_the_request(right: Right, body: Any) -> None:
    sent = body(right)
    assert "token" in post(sent, JSON if sent.startswith(b"{") else FORM).json()


def test_what_a_generic_connector_adds_is_no_secret_and_may_stand_in_the_query(right: Right) -> None:
    target = f"{URL}?grant_type=client_credentials&scope=orders"
    answer = Client().post(target, json.dumps(right), content_type=JSON)
    assert answer.json()["token"]
    assert Session.objects.get().scope == "orders"


@pytest.mark.parametrize("value", [["client_credentials"], {"a": 1}, 7, None])
def test_any_grant_type_marks_a_request_and_breaks_none(right: Right, value: Any) -> None:
    assert post(right | {"grant_type": value}).json()["token"]


@pytest.mark.parametrize("host", ["api.linnworks.net", "eu-ext.linnworks.net:443", "192.0.2.7"])
def test_the_api_answers_under_any_host_name(right: Right, host: str) -> None:
    assert post(right, headers={"Host": host}).status_code == 200


# A body that is not what its headers say. Each is made of the right credentials.


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def as_json(right: Right) -> bytes:
    return json.dumps(right).encode()


def as_form(right: Right) -> bytes:
    return urlencode(right).encode()


USE_JSON = (
    "The body is JSON, but Content-Type says that it is a form. Send the header Content-Type: application/json "
    "(curl: -H 'Content-Type: application/json'; PowerShell: -ContentType application/json), or send "
    "ApplicationId=…&ApplicationSecret=…&Token=… as the body."
)
USE_FORM = (
    "The body is a form, but Content-Type says JSON. Send the header Content-Type: application/x-www-form-urlencoded, "
    "or write the body as JSON."
)
IN_UTF_16 = "The body is text in UTF-16. Send it in UTF-8."
TWICE = "The body is JSON inside a JSON text: it was encoded twice. Send the object itself."


def coded(name: str) -> str:
    said = f"The body is compressed (Content-Encoding: {name}), which is not read here."
    return f"{said} Send it as it is, without Content-Encoding."


def packed(name: str) -> str:
    said = f"The body is compressed ({name}), although no Content-Encoding says so, and is not read here."
    return f"{said} Send it as it is."


MISLABELLED: dict[str, tuple[Any, str, str, int, str]] = {
    "curl -d, PowerShell -Body": (as_json, FORM, "", 400, USE_JSON),
    "the same, with a mark and blanks": (lambda it: b"\xef\xbb\xbf \r\n" + as_json(it), FORM, "", 400, USE_JSON),
    "a list of JSON as a form": (lambda it: json.dumps([it]).encode(), FORM, "", 400, USE_JSON),
    "JSON that is broken, as a form": (lambda it: as_json(it)[:-1], FORM, "", 400, USE_JSON),
    "a form as JSON": (as_form, JSON, "", 400, USE_FORM),
    "a form with one field request as JSON": (wrapped, JSON, "", 400, USE_FORM),
    "gzip": (lambda it: gzip.compress(as_json(it)), JSON, "gzip", 415, coded("gzip")),
    "gzip of a form": (lambda it: gzip.compress(as_form(it)), FORM, "GZIP", 415, coded("gzip")),
    "deflate": (lambda it: zlib.compress(as_json(it)), JSON, "deflate", 415, coded("deflate")),
    "deflate without a head": (lambda it: raw_deflate(as_json(it)), FORM, "deflate", 415, coded("deflate")),
    # What a brotli encoder of quality 0 begins with; no library of Python's own writes it.
    "br": (lambda it: b"\x0b\x02\x80" + as_json(it), JSON, "br", 415, coded("br")),
    "gzip, not said": (lambda it: gzip.compress(as_json(it)), JSON, "", 400, packed("gzip")),
    "gzip of a form, not said": (lambda it: gzip.compress(as_form(it)), FORM, "", 400, packed("gzip")),
    "deflate, not said": (lambda it: zlib.compress(as_form(it), 1), FORM, "", 400, packed("deflate")),
    "deflate of JSON, not said": (lambda it: zlib.compress(as_json(it)), JSON, "", 400, packed("deflate")),
    "zstd, not said": (lambda it: b"\x28\xb5\x2f\xfd\x04\x00" + as_json(it), JSON, "", 400, packed("zstd")),
    "UTF-16 with a mark": (lambda it: json.dumps(it).encode("utf-16"), JSON, "", 400, IN_UTF_16),
    "UTF-16 without": (lambda it: json.dumps(it).encode("utf-16-le"), JSON, "", 400, IN_UTF_16),
    "UTF-16, the other way round": (lambda it: json.dumps(it).encode("utf-16-be"), JSON, "", 400, IN_UTF_16),
    "a form in UTF-16": (lambda it: urlencode(it).encode("utf-16-le"), FORM, "", 400, IN_UTF_16),
    "encoded twice": (lambda it: json.dumps(json.dumps(it)).encode(), JSON, "", 400, TWICE),
}


@pytest.mark.parametrize("case", MISLABELLED)
def test_a_body_that_is_not_what_its_headers_say_is_told_so(right: Right, case: str) -> None:
    written, content_type, coding, status, told = MISLABELLED[case]
    headers = {"Content-Encoding": coding} if coding else {}
    answer = post(written(right), content_type, headers=headers)
    assert (answer.status_code, message(answer)) == (status, told)
    assert not any(value in answer.content.decode() for value in right.values())
    assert not Session.objects.exists()


READ: dict[str, tuple[Any, str, str]] = {
    "JSON with a mark": (lambda it: b"\xef\xbb\xbf" + as_json(it), JSON, ""),
    "a form with a mark": (lambda it: b"\xef\xbb\xbf" + as_form(it), FORM, ""),
    "JSON that is not compressed, though said so": (as_json, JSON, "gzip"),
    "a form that is not compressed, though said so": (as_form, FORM, "gzip"),
    "as it is": (as_json, JSON, "identity"),
}


@pytest.mark.parametrize("case", READ)
def test_what_can_be_read_is_read_whatever_is_said_of_it(right: Right, case: str) -> None:
    written, content_type, coding = READ[case]
    headers = {"Content-Encoding": coding} if coding else {}
    assert post(written(right), content_type, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (b"{", JSON, "The body is not JSON: "),
        (b"[]", JSON, "The body is not a JSON object with the members "),
        (b'{"a": %s}' % (b"9" * 5000), JSON, "ApplicationId, ApplicationSecret and Token are missing. "),
        (b'{"a": 1}', JSON, "ApplicationId, ApplicationSecret and Token are missing. "),
        (b"a=1", FORM, "ApplicationId, ApplicationSecret and Token are missing. "),
        (b"x^y=1", FORM, "ApplicationId, ApplicationSecret and Token are missing. "),
        (b"Token=\xff", FORM, "The form body cannot be read: it is not URL-encoded UTF-8."),
        (b'"Token"', JSON, "The body is not a JSON object with the members "),
    ],
)
def test_what_is_what_its_headers_say_is_told_what_is_wrong_with_it(
    db: None, body: bytes, content_type: str, said: str
) -> None:
    assert message(post(body, content_type)).startswith(said)
