"""What was typed before there was one rule is spelled by it once, by the migration."""

from importlib import import_module
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import connection

from linnapp.models import Account, Application, User
from tests.kit.people import person

migration: Any = import_module("linnapp.migrations.0017_one_spelling_of_names")
# One character, which composing makes two: a letter and its mark.
QA, QA_COMPOSED = "\u0958", "\u0915\u093c"
SET = {
    User: 'UPDATE "linnapp_user" SET "name" = %s',
    Account: 'UPDATE "linnapp_account" SET "name" = %s',
    Application: 'UPDATE "linnapp_application" SET "name" = %s',
}


@pytest.mark.parametrize(
    ("stored", "spelled"),
    [
        ("Cafe\u0301", "Caf\u00e9"),
        ("\u202eelpmaxe", "elpmaxe"),
        ("Contoso\r\nBcc: all", "Contoso Bcc: all"),
        ("\u3164", "Unnamed"),
        ("\u200f\u05d7\u05d1\u05e8\u05d4", "\u200f\u05d7\u05d1\u05e8\u05d4"),
        ("Carol's Cakes", "Carol's Cakes"),
    ],
)
def test_a_name_is_composed_and_loses_what_cannot_stand_in_it(
    stored: str, spelled: str, application: Application
) -> None:
    with connection.cursor() as cursor:
        for statement in SET.values():
            cursor.execute(statement, [stored])
    migration.spell_names(apps, None)
    tables: tuple[Any, ...] = (User, Account, Application)
    for model in tables:
        row = model.objects.get()
        assert row.name == spelled
        if spelled != stored:
            assert model.objects.filter(name_folded__has=spelled.split()[0]).filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("stored", "of_120", "of_80"),
    [
        (QA * 80, QA_COMPOSED * 60, QA_COMPOSED * 40),
        (f"A{QA * 79}", f"A{QA_COMPOSED * 59}", f"A{QA_COMPOSED * 39}"),
        (f"{QA * 38} A {QA * 39}", f"{QA_COMPOSED * 38} A {QA_COMPOSED * 39}"[:119], f"{QA_COMPOSED * 38} A"),
    ],
    ids=["at a letter", "inside a letter", "at a space"],
)
def test_a_name_that_composing_makes_longer_is_cut_where_a_letter_begins(
    stored: str, of_120: str, of_80: str, application: Application
) -> None:
    with connection.cursor() as cursor:
        for statement in SET.values():
            cursor.execute(statement, [stored])
    migration.spell_names(apps, None)
    names = [model._base_manager.get().name for model in (User, Account, Application)]
    assert names == [of_120, of_120, of_80]


def test_what_is_no_address_and_grows_in_small_letters_stays(cakes: Account) -> None:
    erin, odd = person("erin", "erin@a.example"), "\u0130" * 240 + "@a.example"
    with connection.cursor() as cursor:
        cursor.execute('UPDATE "linnapp_user" SET "email" = %s WHERE "id" = %s', [odd, erin.pk])
    migration.spell_addresses(apps, None)
    erin.refresh_from_db()
    assert erin.email == odd


def test_an_address_is_spelled_as_mail_is_sent_to_it_unless_it_is_anothers(cakes: Account) -> None:
    erin, other, written = (person(name, f"{name}@{domain}") for name, domain in DOMAINS)
    with connection.cursor() as cursor:
        for row, address in ((erin, "erin@b\u00fccher.example"), (other, "dan@b\u00fccher.example")):
            for table, column in (("linnapp_user", "id"), ("account_emailaddress", "user_id")):
                cursor.execute(f'UPDATE "{table}" SET "email" = %s WHERE "{column}" = %s', [address, row.pk])
        cursor.execute('UPDATE "linnapp_account" SET "contact_email" = %s', ["c@b\u00fccher.example"])
    migration.spell_addresses(apps, None)
    told = {row.pk: row.email for row in User.objects.all()}
    assert told[erin.pk] == "erin@xn--bcher-kva.example"
    assert told[other.pk] == "dan@b\u00fccher.example"
    assert told[written.pk] == "dan@xn--bcher-kva.example"
    assert EmailAddress.objects.get(user=erin).email == told[erin.pk]
    cakes.refresh_from_db()
    assert cakes.contact_email == "c@xn--bcher-kva.example"


DOMAINS = (("erin", "a.example"), ("dan", "b.example"), ("dan", "xn--bcher-kva.example"))
