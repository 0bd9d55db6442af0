"""Which passwords are refused, wherever one is set, and in which words."""

import re
import time

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from linnapp.models import Account, User
from linnapp.passwords import refuse_names
from linnapp.services import people
from tests.kit.people import PASSWORD, ClientOf, acting

pytestmark = pytest.mark.django_db
SIGN_UP = {"name": "Zoë Quartermain", "company": "Blue Öyster Trading", "email": "zq@harbour.example"}
COMMON = "is a common password"


def told(page: bytes) -> str:
    return page.decode()


@pytest.mark.parametrize(
    "password", ["Password2024!", "PASSWORD12345", "p4ssw0rd!!!!!", "Iloveyou-2026", "qwertyuiop", "Dragon 8812345"]
)
def test_a_common_one_is_refused_whatever_case_digits_and_signs_it_has(password: str) -> None:
    with pytest.raises(ValidationError, match=COMMON):
        validate_password(password)


@pytest.mark.parametrize("password", ["short", "password1", "aaaaaa"])
def test_one_that_is_too_short_is_told_so_and_nothing_else(password: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password)
    assert [each.code for each in refused.value.error_list] == ["password_too_short"]


def test_labels_are_in_sentence_case(alice: User, client_of: ClientOf) -> None:
    client, browser = client_of(alice), Client()
    browser.post("/password/", {"email": alice.email})
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert found
    changed, reset = client.get("/profile/password/"), browser.get(found[1], follow=True)
    assert [field.label for field in changed.context["form"]] == [
        "Current password",
        "New password",
        "New password (again)",
    ]
    assert [field.label for field in reset.context["form"]] == ["New password", "New password (again)"]


def test_changing_it_says_before_and_after_that_it_signs_out(alice: User, client_of: ClientOf) -> None:
    client, page = client_of(alice), "/profile/password/"
    assert "You will be signed out in every browser, including this one" in told(client.get(page).content)
    new = {"oldpassword": PASSWORD, "password1": "another horse battery", "password2": "another horse battery"}
    after = told(client.post(page, new, follow=True).content)
    assert "Your password was changed, and you are signed out." in after
    assert "You are signed out." not in after


def test_digits_alone_are_refused() -> None:
    with pytest.raises(ValidationError, match="entirely numeric"):
        validate_password("8471093526")


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("1234password", "password"),
        ("pass word 12", "password"),
        ("p4ss-w0rd 2026", "p4ssw0rd"),
        ("passwordpassword", "password"),
        ("Qwerty-qwerty 7", "qwerty"),
        ("77dragon12345", "dragon"),
        # Django's list has it with a digit alone.
        ("BrandNew 2026!", "brandnew"),
        ("abcdefghij1", "abcdefghij"),
        ("1234567890", "1234567890"),
    ],
)
def test_nor_is_it_another_one_in_front_in_parts_or_said_twice(password: str, word: str) -> None:
    with pytest.raises(ValidationError, match=f"“{word}” {COMMON}"):
        validate_password(password)


@pytest.mark.parametrize(
    ("password", "part"),
    [
        ("aaaaaaaaaaaa", "a"),
        ("ababababab", "ab"),
        ("zorblozorblo", "zorblo"),
        ("zorblo zorblo 12", "zorblo"),
        ("!!!!!!!!!!!!", "!!!!!!!!!!!!"),
        ("aabbaababbbaab", "bbb"),
        ("!cdefghijklm!", "cdefghijklm"),
        ("c d e f g h i j k l m", "cdefghijklm"),
        ("34567890 345!", "34567890"),
        ("9-8-7-6-5-4-3-2-1", "987654321"),
        ("ertzuio 65432", "ertzuio"),
        ("2wsx4rfv6yhn", "2wsx"),
        ("x 0123456789 z", "0123456789"),
    ],
)
def test_repetitions_and_rows_are_refused_with_the_part_that_is_one(password: str, part: str) -> None:
    with pytest.raises(ValidationError, match=f"“{part}” (counts once|is easy to guess)"):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "purple-kettle-47-march",
        "granny annoys nine planners",
        "property were ours once",
        "a quiet pond, two herons",
        "zug-um-zug nach Bern",
        "der Mond ist aufgegangen",
        "le chat dort au soleil",
        "Banana ananas!",
        "stone river lamp",
        "winter tea at noon",
        "seven red umbrellas",
        "no news is good news",
        "tango-tango-whisky-9",
        "Tr0ub4dor&3xyz",
        "x7Kq!mZ2pLw9",
        "7f3a-99c1-0b2d",
        "$%&/()=?ab#+",
        "мой дядя самых честных",
        "猫は静かに窓の外を見る",
        "password manager of 3 aunts",
        "1984 was not a manual",
        "puts-readers",
        "89863ddd60",
    ],
)
def test_good_ones_are_taken_of_people_with_short_names_too(password: str) -> None:
    person = User(name="Ann Li", email="ann@acm.example")
    validate_password(password, person)
    refuse_names(password, ["ACM", "3M"], email=person.email)


@pytest.mark.parametrize(
    "password", [PASSWORD, "a long enough secret", "dragon soup 4 lunch", "7f3a-99c1-0b2d", "1029384756x!7"]
)
def test_one_with_more_than_that_is_taken(password: str, alice: User) -> None:
    validate_password(password, alice)


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("northwind1", "northwind"),
        ("N0rthw1nd-2026", "northwind"),
        ("my North-Wind key", "northwind"),
        ("ALICE likes tea", "alice"),
        ("localhost 4 ever", "localhost"),
    ],
)
def test_one_that_holds_a_name_of_the_person_or_portal_is_refused(
    password: str, word: str, northwind: Account, alice: User
) -> None:
    with pytest.raises(ValidationError, match=f"Don’t use “{word}”"):
        validate_password(password, alice)


@pytest.mark.parametrize("password", ["linnapp12345", "L1nn-App 2026", "our linnapp key"])
def test_nor_one_with_the_name_of_the_product(password: str) -> None:
    with pytest.raises(ValidationError, match="Don’t use “linnapp”"):
        validate_password(password)


@pytest.mark.parametrize(
    ("password", "name"),
    [
        ("ann1829405", "ann"),
        ("acm2026!!!", "acm"),
        ("2026-A.C.M.!", "acm"),
        ("4cm-8264197", "acm"),
        ("Li 8264 & Ann 97", "liann"),
        ("ann-ann-82!", "annann"),
        ("3m82641975", "3m"),
    ],
)
def test_a_short_name_with_nothing_but_digits_and_signs_is_refused(password: str, name: str) -> None:
    with pytest.raises(ValidationError, match=f"“{name}” is part of your name, company or address"):
        refuse_names(password, ["Ann Li", "ACM", "3M"], email="ann@acm.example")


@pytest.mark.parametrize("password", ["1" * 500_000 + "a", "a!" * 250_000, "ab" * 250_000 + "c"])
def test_nobody_has_the_portal_think_for_long_about_a_long_one(password: str) -> None:
    began = time.process_time()
    with pytest.raises(ValidationError):
        validate_password(password, User(name="Ann Li", email="ann@acm.example"))
    assert time.process_time() - began < 0.5


def test_every_account_of_the_person_counts(alice: User) -> None:
    validate_password("sunny meadows 12", alice)
    people.create_account(name="Meadows & Sons", owner=alice)
    with pytest.raises(ValidationError, match="“meadows”"):
        validate_password("sunny meadows 12", alice)


@pytest.mark.parametrize(
    "password", ["quartermain99", "zoequartermain", "BlueOyster1999", "0yster-shells", "harb0ur town"]
)
def test_signing_up_knows_what_is_typed_beside_it(client: Client, password: str) -> None:
    answer = client.post("/sign-up/", SIGN_UP | {"password1": password})
    assert answer.status_code == 422
    assert "it is part of your name, company or address" in told(answer.content)
    assert not User.objects.exists()


def test_short_words_of_a_name_refuse_nothing(client: Client) -> None:
    typed = {"name": "Al Li", "company": "It & Co", "email": "al@it.example", "password1": "it all began at sea"}
    assert client.post("/sign-up/", typed).status_code == 302


def test_whoever_is_invited_does_not_use_the_name_of_the_account(northwind: Account, alice: User) -> None:
    _, key = people.invite(northwind, email="erin@emporium.example", role="DEVELOPER", by=acting(alice))
    typed = {"name": "Erin", "next": f"/invitations/{key}/", "password1": "northwind-2026"}
    browser = Client()
    answer = browser.post("/sign-up/", typed)
    assert answer.status_code == 422
    assert "“northwind”" in told(answer.content)


def test_a_changed_one_and_one_behind_a_link_obey_and_every_form_says_the_rule(
    northwind: Account, alice: User, client_of: ClientOf
) -> None:
    browser, client = Client(), client_of(alice)
    browser.post("/password/", {"email": alice.email})
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert found
    form = browser.get(found[1], follow=True).redirect_chain[-1][0]
    new = {"oldpassword": PASSWORD, "password1": "northwind1", "password2": "northwind1"}
    for page, answer in (
        (client.get("/profile/password/"), client.post("/profile/password/", new)),
        (browser.get(form), browser.post(form, new)),
    ):
        assert "No common passwords, even with digits or signs around them" in told(page.content)
        assert answer.status_code == 422
        assert "“northwind”" in told(answer.content)
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert "even with digits or signs around them" in told(Client().get("/sign-up/").content)
