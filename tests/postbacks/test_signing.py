"""Signatures of postbacks: the vector of Standard Webhooks, its public libraries both ways, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from installs.postbacks import signing
from installs.postbacks.signing import NotGenuine
from linnapp import credentials
from tests.kit.node import Node

# The known vector of the specification's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
KNOWN_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER_SECRET = "whsec_" + "A" * 32
# What a postback's body is: a form, with characters that are easily spelt otherwise.
FORM = b"Token=0f3c&Tracking=caf%C3%A9+%26+more&Event=installed"

VERIFY_IN_JAVASCRIPT = """
const { Webhook } = require("standardwebhooks");
try {
    new Webhook(given.secret).verify(given.body, given.headers, { jsonParse: false });
    console.log("genuine");
} catch (error) {
    console.log(error.message);
}
"""


def signed(**changed: str) -> dict[str, str]:
    """Headers of the known message, with those of `changed` in place of its own."""
    known = signing.headers(MESSAGE_ID, AT, BODY, [SECRET])
    return known | {f"webhook-{name}": value for name, value in changed.items()}


def refused(headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,), late: int = 0) -> str:
    with pytest.raises(NotGenuine) as refusal:
        signing.verify(headers, body, secrets, now=AT + timedelta(seconds=late))
    return str(refusal.value)


def test_the_known_vector() -> None:
    assert signing.headers(MESSAGE_ID, AT, BODY, [SECRET]) == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": KNOWN_SIGNATURE,
    }
    signing.verify(signed(), BODY, [SECRET], now=AT)


def test_a_new_secret_has_192_random_bits_and_signs() -> None:
    one, other = credentials.new_signing_secret(), credentials.new_signing_secret()
    assert one != other
    assert one.startswith("whsec_")
    assert len(one) == len("whsec_") + 24 * 4 // 3
    assert credentials.is_signing_secret(one)


@pytest.mark.parametrize(
    "text", ["", "whsec_", SECRET[6:], SECRET[:-4], SECRET + "é", SECRET + "*", "whsec_" + "A" * 88]
)
def test_what_is_no_signing_secret_signs_nothing(text: str) -> None:
    assert not credentials.is_signing_secret(text)
    with pytest.raises(ValueError):  # noqa: PT011 (base64 says it in words of its own)
        credentials.sign(text, b"message")


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(ValueError, match="no signing secret"):
        signing.headers(MESSAGE_ID, AT, BODY, [])


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (signed(), BODY + b" "),
        (signed(), b""),
        (signed(id="msg_other"), BODY),
        (signed(timestamp="1614265331"), BODY),
    ],
    ids=["body", "no body", "id", "timestamp"],
)
def test_what_was_tampered_with_is_refused(headers: dict[str, str], body: bytes) -> None:
    assert refused(headers, body).startswith("No signature matches")


def test_another_secret_is_refused() -> None:
    assert refused(signed(), secrets=(OTHER_SECRET,)).startswith("No signature matches")
    assert refused(signed(), secrets=()).startswith("No signature matches")


def test_an_old_message_is_refused_and_so_is_one_of_the_future() -> None:
    for late in (-300, 300):
        signing.verify(signed(), BODY, [SECRET], now=AT + timedelta(seconds=late))
    assert "is 301 seconds old, more than 300" in refused(signed(), late=301)
    assert "is 301 seconds ahead of this machine's clock" in refused(signed(), late=-301)


def test_a_second_late_is_old_where_none_is_tolerated() -> None:
    with pytest.raises(NotGenuine, match="is 1 seconds old, more than 0"):
        signing.verify(signed(), BODY, [SECRET], now=AT + timedelta(seconds=1), tolerance=timedelta(0))


def test_a_timestamp_in_milliseconds_is_none() -> None:
    assert "ahead of this machine's clock" in refused(signed(timestamp="9" * 12))
    assert "is not a number of seconds since 1970" in refused(signed(timestamp="1614265330000"))


def test_in_an_overlap_both_secrets_sign_and_either_verifies() -> None:
    headers = signing.headers(MESSAGE_ID, AT, BODY, [OTHER_SECRET, SECRET])
    newest, older = headers["webhook-signature"].split(" ")
    assert older == KNOWN_SIGNATURE
    assert newest != older
    for secret in (SECRET, OTHER_SECRET):
        signing.verify(headers, BODY, [secret], now=AT)
    signing.verify(signed(), BODY, [OTHER_SECRET, SECRET], now=AT)


def test_signatures_of_other_versions_are_passed_over() -> None:
    others = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
    signing.verify(signed(signature=f"{others} {KNOWN_SIGNATURE}"), BODY, [SECRET], now=AT)
    assert refused(signed(signature=others)) == "webhook-signature has no signature of version v1."
    as_another_version = KNOWN_SIGNATURE.replace("v1,", "v1a,")
    assert refused(signed(signature=as_another_version)) == "webhook-signature has no signature of version v1."


def test_headers_are_read_in_any_letter_case() -> None:
    signing.verify({name.title(): value for name, value in signed().items()}, BODY, [SECRET], now=AT)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(name: str) -> None:
    headers = signed()
    assert refused(headers | {name: ""}) == f"The header {name} is missing."
    del headers[name]
    assert refused(headers) == f"The header {name} is missing."


@pytest.mark.parametrize(
    "timestamp", ["hello", "-1", "1614265330.0", "1e9", "１６１４２６５３３０", "9" * 5000, "NaN", " ", "\ud800"]
)
def test_a_malformed_timestamp_is_refused_in_words(timestamp: str) -> None:
    assert "is not a number of seconds since 1970" in refused(signed(timestamp=timestamp))


@pytest.mark.parametrize(
    "signature", ["v1,", "v1,v1,v1,", "v1,*", KNOWN_SIGNATURE[:12], "v1,\ud800é", "v1,ÿ" * 1000, KNOWN_SIGNATURE + ","]
)
def test_a_malformed_signature_is_refused_in_words(signature: str) -> None:
    assert refused(signed(signature=signature)).startswith("No signature matches")


@pytest.mark.parametrize("signature", [",", "v1", " ", KNOWN_SIGNATURE.partition(",")[2]])
def test_a_signature_without_version_is_refused_in_words(signature: str) -> None:
    assert refused(signed(signature=signature)) == "webhook-signature has no signature of version v1."


def test_a_malformed_id_is_refused_in_words() -> None:
    assert refused(signed(id="\ud800\x00")).startswith("No signature matches")


def test_the_python_library_verifies_what_the_portal_signs() -> None:
    headers = signing.headers(MESSAGE_ID, datetime.now(UTC), FORM, [OTHER_SECRET, SECRET])
    for secret in (SECRET, OTHER_SECRET):
        Webhook(secret).verify(FORM, headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(FORM + b"&", headers, json_parse=False)


def test_the_portal_verifies_what_the_python_library_signs() -> None:
    signature = Webhook(SECRET).sign(MESSAGE_ID, AT, FORM.decode())
    signing.verify(signed(signature=signature), FORM, [SECRET], now=AT)


def test_the_javascript_library_verifies_what_the_portal_signs(node: Node) -> None:
    headers = signing.headers(MESSAGE_ID, datetime.now(UTC), FORM, [OTHER_SECRET, SECRET])

    def said_of(body: bytes, secret: str = SECRET) -> str:
        return node.run(VERIFY_IN_JAVASCRIPT, secret=secret, headers=headers, body=body.decode())

    assert said_of(FORM) == said_of(FORM, OTHER_SECRET) == "genuine"
    assert said_of(FORM + b"&") == "No matching signature found"


def test_the_portal_verifies_what_the_javascript_library_signs(node: Node) -> None:
    signature = node.signature(SECRET, MESSAGE_ID, int(AT.timestamp()), FORM.decode())
    signing.verify(signed(signature=signature), FORM, [SECRET], now=AT)


def test_a_secret_the_portal_makes_is_read_by_the_libraries(node: Node) -> None:
    secret = credentials.new_signing_secret()
    headers = signing.headers(MESSAGE_ID, datetime.now(UTC), FORM, [secret])
    Webhook(secret).verify(FORM, headers, json_parse=False)
    assert node.run(VERIFY_IN_JAVASCRIPT, secret=secret, headers=headers, body=FORM.decode()) == "genuine"
