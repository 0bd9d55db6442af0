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
