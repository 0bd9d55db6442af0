"""Digests and encryption: what the keys of a portal are for."""

import base64

import pytest
from pytest_django.fixtures import Settings

from linnapp import credentials

VALUE = "6a5ef9a1-0000-4000-8000-00000000cafe"


def test_a_digest_is_of_this_portal_alone(settings: Settings) -> None:
    """Whoever has the table of another portal, or only the value, cannot look it up here."""
    here = credentials.digest(VALUE)
    settings.DIGEST_KEY = "YW5vdGhlci1wb3J0YWxzLWRpZ2VzdC1rZXktMTIzNDU="
    elsewhere = credentials.digest(VALUE)
    assert here != elsewhere
    assert len(here) == len(elsewhere) == 64


@pytest.mark.parametrize("spelled", [VALUE.upper(), VALUE.replace("-", ""), f"{{{VALUE}}}", f" {VALUE} "])
def test_all_spellings_of_a_value_have_one_digest(spelled: str) -> None:
    assert credentials.digest(spelled) == credentials.digest(VALUE)


def test_what_an_answer_says_in_any_script_stays_readable_without_its_secrets() -> None:
    shown = credentials.without_secrets('{"Message": "Zoë に拒否されました", "token": "6a5ef9a1"}')
    assert "Zoë に拒否されました" in shown
    assert "6a5ef9a1" not in shown


@pytest.mark.parametrize(("size", "signs"), [(23, False), (24, True), (64, True), (65, False)])
def test_a_signing_secret_has_24_to_64_bytes(size: int, signs: bool) -> None:
    secret = f"whsec_{base64.b64encode(bytes(size)).decode()}"
    if signs:
        assert credentials.sign(secret, b"message")
    else:
        with pytest.raises(ValueError, match="24 to 64 bytes"):
            credentials.sign(secret, b"message")


def test_a_secret_that_is_empty_is_seen_to_be_empty() -> None:
    """What a client left out is the commonest fault there is: hidden, it would look as if it had been sent."""
    assert '"token": ""' in credentials.without_secrets('{"token": ""}')
    assert '"token": "[hidden]"' in credentials.without_secrets('{"token": "6a5ef9a1"}')


def test_what_is_made_has_the_length_that_its_readers_know() -> None:
    """Support finds a reference in a pasted text by its sixteen digits; a link's key holds 192 bits."""
    assert len(credentials.new_reference()) == 16
    assert len(base64.urlsafe_b64decode(credentials.new_link_key())) == 24


def test_what_is_no_text_stays_what_it_was() -> None:
    shown = credentials.without_secrets('{"ok": true, "left": null, "count": 3}')
    assert '"ok": true' in shown
    assert '"left": null' in shown
    assert '"count": 3' in shown


def test_a_number_too_long_for_python_leaves_no_secret_beside_it_bare() -> None:
    shown = credentials.without_secrets(f'{{"password": "short", "count": {"9" * 5000}}}')
    assert "short" not in shown


def test_a_body_too_deep_to_be_read_is_text() -> None:
    deep = "[" * 100_000
    assert credentials.without_secrets(deep) == deep


def test_a_value_is_hidden_in_capitals_too() -> None:
    assert "6A5EF9A1-KEY" not in credentials.without_these("sent 6A5EF9A1-KEY", ["6a5ef9a1-key"])


def test_a_body_in_json_is_shown_a_member_a_line() -> None:
    assert credentials.without_secrets('{"a": [1, "b"]}') == '{\n  "a": [\n    1,\n    "b"\n  ]\n}'


def test_a_value_in_braces_is_shortened_to_its_tail() -> None:
    assert credentials.without_values(f"sent {{{VALUE}}}.") == f"sent [{credentials.masked(VALUE)}]."


def test_half_a_character_has_a_digest_as_well() -> None:
    assert credentials.digest("\ud800") == credentials.digest("?")


def test_what_is_no_key_and_no_secret_is_told_so() -> None:
    assert credentials.is_encryption_key("short") is False
    assert credentials.is_signing_secret("short") is False
    assert credentials.reads("") is False
