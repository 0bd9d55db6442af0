"""Every form of the portal and of the admin: what is typed into it obeys one rule, and a new field cannot be missed."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.forms.models import fields_for_model
from django.urls import get_resolver

from installs.help.forms import ReferenceField, WordsField
from linnapp.form_fields import ContactField, MailAddressField, OneLineField, WrittenField
from linnapp.forms.people import SignInField
from linnapp.models import Account, Application, User
from tests.names.table import ADDRESSES, NAMES, Typed

# What people type to be read by others.
OF_THE_HOUSE = (OneLineField, WrittenField, MailAddressField, ContactField, WordsField, ReferenceField)
# Texts that are no words of people, by their form and name: each has a grammar of its own, or is only looked for.
OTHERS = {
    "AccountField": "an account by its slug or id",
    "code": "digits of an app, or a recovery code",
    "CodeField": "the same",
    "asked": "what a passkey was asked, signed",
    "DeleteForm": "compared with the address, which it must be",
    "CredentialField": "identifiers, and what the API is sent",
    "KeyField": "the row's key",
    "NumberField": "a version number",
    "base_url": "an address that is called",
    "url": "an address that is called",
    "next": "where to go",
    "q": "what is searched",
    "text": "a manifest as JSON",
    "time_zone": "one of a list",
    "account_slug": "an account",
    "account_id": "an account",
    "tracking": "handed back as it came, see test_nul.py",
    "UUIDField": "a UUID",
    "username": "asked by no form: people sign in by their address",
    "RemoveApplicationForm": "compared with the name, which it must be",
}
# allauth's own, which have addresses and passwords only.
MADE_LATE = {"SignInForm", "AddressForm", "ForgottenPasswordForm", "StillYouForm"}


def below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def fields() -> dict[str, forms.Field]:
    """Of every form, table of the admin, import and bulk edit, by a name to read."""
    assert get_resolver().url_patterns
    found: dict[str, forms.Field] = {}
    for form in below(forms.BaseForm):
        if form.__module__.startswith(("linnapp.", "installs.")) and form.__name__ not in MADE_LATE:
            for name, field in getattr(form, "base_fields", {}).items():
                found[f"{form.__module__} {form.__name__} {name}"] = field
    pages: dict[Any, Any] = admin.site._registry
    for model, page in pages.items():
        typed = {*getattr(page, "changeable", ()), *getattr(page, "addable", ()), *getattr(page, "list_edited", ())}
        declared = page.form.base_fields
        made = {**fields_for_model(model, fields=typed - declared.keys())}
        acts = [act.fields() for act in getattr(page, "staff_actions", ())]
        new_rows = [page.new_rows.fields()] if getattr(page, "new_rows", None) else []
        for each in (made, *acts, *new_rows):
            found |= {f"admin {model.__name__} {name}": field for name, field in each.items()}
    return found


FIELDS = {name: field for name, field in fields().items() if isinstance(field, forms.CharField)}
NAMING = {name: field for name, field in FIELDS.items() if isinstance(field, OneLineField)}
WRITING = {name: field for name, field in FIELDS.items() if isinstance(field, WrittenField)}
ADDRESSING = {name: field for name, field in FIELDS.items() if isinstance(field, MailAddressField)}
ADDRESSING["sign-in"] = SignInField()


def cleaned(field: forms.Field, typed: str) -> str:
    """The value, or what is wrong with it."""
    try:
        return str(field.clean(typed))
    except ValidationError as error:
        return f"refused: {error.messages[0]}"


def test_every_field_that_takes_words_of_people_obeys_the_rule() -> None:
    """A new one is made of the fields of linnapp/form_fields.py; what is no text of people is named above."""
    missed = [
        name
        for name, field in FIELDS.items()
        if not isinstance(field, OF_THE_HOUSE)
        # Exchanged when the form is made: test_pages.py asks the pages.
        and not type(field).__module__.startswith("allauth.")
        and not isinstance(field.widget, forms.PasswordInput)
        and not {type(field).__name__, *name.split()} & OTHERS.keys()
    ]
    assert missed == []
    for model in ("linnapp.forms.people AccountForm", "admin User", "admin Account", "linnapp.forms.people SignUpForm"):
        assert any(name.startswith(model) for name in NAMING), model
    assert any(name.startswith("admin Invitation email") for name in ADDRESSING)


@pytest.mark.parametrize("typed", NAMES, ids=lambda row: row.what)
def test_a_name_is_stored_in_one_spelling_or_refused_by_every_form(typed: Typed) -> None:
    for name, field in NAMING.items():
        said = cleaned(field, typed.name)
        if typed.stored:
            assert said == typed.stored, name
        else:
            of_this = typed.told.replace("a name", getattr(field, "what", "a name"))
            assert said.startswith("refused: "), name
            assert of_this in said, name


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Two lines\r\nand a\ttab ", "Two lines\nand a\ttab"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("bro\u00adken where it\u200bmay be", "bro\u00adken where it\u200bmay be"),
        ("\u200f\u05d7\u05d1\u05e8\u05d4", "\u200f\u05d7\u05d1\u05e8\u05d4"),
        (
            "turned \u202eround",
            "refused: U+202E RIGHT-TO-LEFT OVERRIDE cannot be in a text: it reverses the text.",
        ),
        ("N\0UL", "refused: U+0000 NULL cannot be in a text: it is a control character."),
        ("bell\x07", "refused: U+0007 cannot be in a text: it is a control character."),
        ("half \udc00", "refused: U+DC00 cannot be in a text: it is half of a character."),
        ("hid\U000e0041den", "refused: U+E0041 TAG LATIN CAPITAL LETTER A cannot be in a text: it cannot be seen."),
    ],
)
def test_a_text_of_several_lines_keeps_them_and_is_read_as_it_stands(typed: str, stored: str) -> None:
    for name, field in WRITING.items():
        assert cleaned(field, typed) == stored, name


@pytest.mark.parametrize("typed", ADDRESSES, ids=lambda row: row.what)
def test_an_address_is_one_that_mail_is_sent_to(typed: Typed) -> None:
    for name, field in ADDRESSING.items():
        said = cleaned(field, typed.name)
        if typed.stored:
            wanted = typed.stored.lower() if isinstance(field, SignInField) else typed.stored
            assert said == wanted, name
            assert said in str(EmailMessage("Hello", "Text", "portal@example.com", [said]).message()["To"])
        else:
            assert said.startswith("refused: "), name
            assert typed.told in said, name


@pytest.mark.parametrize("typed", ADDRESSES, ids=lambda row: row.what)
def test_a_support_contact_is_an_address_that_mail_is_sent_to_or_a_page(typed: Typed) -> None:
    said = cleaned(ContactField(), typed.name)
    assert (said == typed.stored) if typed.stored else said.startswith("refused: ")


def test_a_support_contact_shows_where_it_leads() -> None:
    said = cleaned(ContactField(), "https://help.example/\u202egpj.exe")
    assert said == "refused: U+202E RIGHT-TO-LEFT OVERRIDE cannot be in an address: it reverses the text."


@pytest.mark.parametrize("model", [User, Account, Application])
def test_a_name_is_measured_as_it_is_stored(model: Any) -> None:
    """Composing makes this letter two characters; the column holds so many."""
    most = model._meta.get_field("name").max_length
    for field in (model._meta.get_field("name"), model._meta.get_field("name").formfield()):
        clean = partial(field.clean, model_instance=None) if field is model._meta.get_field("name") else field.clean
        assert clean("\u0958" * (most // 2)) == "\u0915\u093c" * (most // 2)
        with pytest.raises(ValidationError, match=f"at most {most} characters"):
            clean("\u0958" * (most // 2 + 1))
