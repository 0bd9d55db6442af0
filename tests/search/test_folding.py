"""One spelling finds the others: in the list, the console, the store and the admin, whatever wrote the row."""

import unicodedata

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from installs.installations import lifecycle
from installs.models import Installation
from linnapp.folding import GAP, folded, sought
from linnapp.models import Account, Application, User, Version, trigrams
from linnapp.models.folded import columns_of, folded_fields
from linnapp.services import people
from tests.kit.people import ClientOf, acting

SPELLINGS = (
    ("Müller", "MÜLLER KUCHEN GmbH"),
    ("müller", "MÜLLER KUCHEN GmbH"),
    ("MÜLLER", "Müller Kuchen"),
    ("muller", "Müller Kuchen"),
    ("Müller", "Muller Kuchen"),
    ("mu\u0308ller", "Müller Kuchen"),
    ("café", "Cafe\u0301 Noir"),
    ("strasse", "Hauptstraße 5"),
    ("ИВАНОВ", "ООО Иванов и сыновья"),
    ("сыновья", "ООО Иванов и Сыновья"),
    ("αθηνα", "Φούρνος Αθήνα"),
    ("ΟΔΟΣ", "Μεγάλη οδός"),
    ("株式", "山田製菓株式会社"),
    ("菓", "山田製菓株式会社"),
    ("ＡＢＣ", "abc Trading"),
    ("カフェ", "ｶﾌｪ ツバメ"),
    ("İstanbul", "istanbul simit"),
    ("Carol’s  Cakes", "carol's cakes"),
    ("100%", "100% Oat_Milk\\Co"),
    ("oat_milk\\", "100% Oat_Milk\\Co"),
    ('"quoted" and', 'The "Quoted" and Sons'),
    ("oa", "Fresh Oats"),
    ("f", "Daily Fresh"),
)
NOT_FOUND = (
    ("mueller", "Müller"),
    ("が", "か茶屋"),
    ("株会", "山田製菓株式会社"),
    ("at", "Fresh Oats"),
    ("oat%ilk", "Oat Milk"),
    ("o_t", "Oat Milk"),
    ("acmecorp", "Acme Corp"),
)


@pytest.mark.parametrize(("typed", "name"), SPELLINGS)
def test_a_name_is_found_in_another_spelling(db: None, alice: User, typed: str, name: str) -> None:
    account = people.create_account(name=name, owner=alice)
    Account.objects.create(name="Somebody Else", slug="else", contact_email="x@y.example")
    assert list(Account.objects.filter(name_folded__has=typed)) == [account]


@pytest.mark.parametrize(("typed", "name"), NOT_FOUND)
def test_another_name_is_not_found(db: None, alice: User, typed: str, name: str) -> None:
    people.create_account(name=name, owner=alice)
    assert not Account.objects.filter(name_folded__has=typed).exists()


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_every_part_of_three_letters_is_in_the_whole(before: str, part: str, after: str) -> None:
    whole = folded(f"{before} {part} {after}")
    assert sought(part) in whole
    # Half of an accent is what a cut leaves of it: composed texts alone are cut between letters.
    assert unicodedata.is_normalized("NFC", whole)
    assert whole == "" or whole.startswith(GAP)


@given(st.text(max_size=60))
def test_what_is_folded_stays_as_it_is_whatever_its_case(text: str) -> None:
    plain = text if text.isascii() else text.casefold()
    assert folded(plain.upper().lower()) == folded(unicodedata.normalize("NFD", plain.upper().lower()))


def test_nothing_but_spaces_narrows_nothing(northwind: Account) -> None:
    assert list(Account.objects.filter(name_folded__has="  ")) == [northwind]


# However a row is written.


def test_saved_made_and_changed_at_once_are_found(northwind: Account, alice: User) -> None:
    northwind.name = "Südwind"
    northwind.save(update_fields=["name"])
    assert Account.objects.filter(name_folded__has="sudwind").exists()
    Account.objects.filter(pk=northwind.pk).update(name="Ostwind")
    assert Account.objects.filter(name_folded__has="OSTWIND").exists()
    northwind.name = "Westwind"
    Account.objects.bulk_update([northwind], ["name"])
    assert Account.objects.filter(name_folded__has="westwind").exists()
    Account.objects.bulk_create([Account(name="Größe", slug="g", contact_email="Ä@x.example")])
    assert Account.objects.get(name_folded__has="GRÖSSE", contact_email_folded__has="a@x")
    User.objects.filter(pk=alice.pk).update(name="Ålice")
    assert User.objects.get(name_folded__has="ålice") == alice
    assert not Account.objects.filter(name_folded__has="wind").exclude(pk=northwind.pk).exists()
    Account.objects.filter(slug="g").delete()
    assert not Account.objects.filter(name_folded__has="grösse").exists()


def test_many_are_not_set_to_what_cannot_be_folded(northwind: Account) -> None:
    with pytest.raises(TypeError, match="searched"):
        Account.objects.update(name=F("slug"))


def test_every_table_has_its_indexes(db: None) -> None:
    models = [model for model in apps.get_models() if folded_fields(model)]
    assert len(models) == 5
    with connection.cursor() as cursor:
        for model in models:
            table = model._meta.db_table
            if connection.vendor == "sqlite":
                asked = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
                wanted = {f"{table}_{name}" for name in trigrams.TRIGGERS}
            else:
                asked = "SELECT indexname FROM pg_indexes WHERE tablename = %s"
                wanted = {f"{table}_{name}_trigrams" for name in columns_of(model)}
            cursor.execute(asked, [table])
            assert wanted <= {name for (name,) in cursor.fetchall()}, table


def test_an_index_that_a_migration_dropped_is_made_again(northwind: Account) -> None:
    table = Account._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f'DROP TRIGGER "{table}_made"')
        else:
            cursor.execute(f'DROP INDEX "{table}_name_folded_trigrams"')
    late = Account.objects.create(name="Latecomer", slug="late", contact_email="x@y.example")
    trigrams.make(connection, Account, columns_of(Account))
    test_every_table_has_its_indexes(None)
    assert list(Account.objects.filter(name_folded__has="latecomer")) == [late]
    trigrams.make(connection, Account, columns_of(Account))
    assert list(Account.objects.filter(name_folded__has="northwind")) == [northwind]


# On every page that searches.


@pytest.fixture
def muller(application: Application, version: Version, northwind: Account, alice: User) -> Installation:
    """Of an application and a customer whose names are written in capitals and with accents."""
    Application.objects.filter(pk=application.pk).update(name="LAGER BRÜCKE", description="Für ÄPFEL und Birnen.")
    account = people.create_account(name="MÜLLER KUCHEN", owner=alice)
    return lifecycle.install(application, account=account, version=version, by=acting(alice)).installation


@pytest.mark.parametrize("typed", ["müller", "MULLER", "mu\u0308ller k"])
def test_every_search_finds_muller(
    client_of: ClientOf, alice: User, sam: User, paula: User, muller: Installation, typed: str
) -> None:
    application, northwind = muller.application, muller.application.account
    pages = (
        client_of(alice).post("/search/", {"q": typed}),
        client_of(sam).post("/support/", {"q": typed}),
        client_of(alice).get(reverse("application_installations", args=[northwind.slug, application.pk]), {"q": typed}),
        client_of(alice).get(reverse("application_activity", args=[northwind.slug, application.pk]), {"q": typed}),
        client_of(paula).get("/admin/linnapp/account/", {"q": typed}),
        client_of(paula).get("/admin/installs/installation/", {"q": typed}),
        client_of(paula).post("/admin/search/", {"q": typed}),
    )
    for page in pages:
        shown = page.content.decode()
        assert f"{muller.pk}/" in shown or f"{muller.account_id}/" in shown or " installed by " in shown, page


def test_every_list_finds_the_application(client_of: ClientOf, alice: User, muller: Installation) -> None:
    Application.objects.filter(pk=muller.application_id).update(listing="LISTED")
    client, northwind = client_of(alice), muller.application.account
    for typed in ("brücke", "LAGER BRU"):
        for page in (
            reverse("application_list", args=[northwind.slug]),
            reverse("my_apps", args=[muller.account.slug]),
            reverse("store", args=[muller.account.slug]),
        ):
            assert "LAGER BRÜCKE" in client.get(page, {"q": typed}).content.decode(), page
            assert "LAGER BRÜCKE" not in client.get(page, {"q": "brucken"}).content.decode(), page
    assert "LAGER BRÜCKE" in client.get(reverse("store", args=[muller.account.slug]), {"q": "äpfel"}).content.decode()


# What a start says.


def test_a_database_with_the_extension_and_all_letters_is_not_complained_of(db: None) -> None:
    assert list(trigrams.complaints(connection)) == []


def test_prepare_makes_the_indexes(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(trigrams, "make", lambda connection, model, columns: made.append(model.__name__))
    call_command("prepare")
    assert set(made) == {"User", "Account", "Application", "Version", "Connector"}
