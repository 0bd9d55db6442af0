"""Two people edit one manifest: the second to save sees both, keeps what was typed, and chooses."""

import pytest
from django.test import Client

from linnapp.models import Application, User
from tests.kit.people import ClientOf
from tests.kit.pressing import form_of, press
from tests.registry.test_modules import address, after, opened, saved_names, standing, text_of


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def bobs(client_of: ClientOf, bob: User) -> Client:
    return client_of(bob)


def test_the_second_to_save_is_told_and_keeps_what_was_typed(
    alices: Client, bobs: Client, application: Application
) -> None:
    mine, theirs = opened(alices, application), opened(bobs, application)
    press(bobs, theirs.type_into("0-formatted_name", "Bob's bridge"), "Save Manifest")
    answer = press(alices, mine.type_into("0-formatted_name", "Alice's bridge"), "Save Manifest")
    page = text_of(answer)
    assert answer.status_code == 409
    assert "Bob saved this manifest" in page
    assert "before: </span>Bob&#x27;s bridge" in page
    assert "now: </span>Alice&#x27;s bridge" in page
    assert form_of(answer, "manifest").value("0-formatted_name") == "Alice's bridge"
    assert saved_names(application) == ["Bob's bridge"]


def test_mine_can_be_saved_on_top(alices: Client, bobs: Client, application: Application) -> None:
    mine = opened(alices, application)
    press(bobs, opened(bobs, application).type_into("0-formatted_name", "Bob's bridge"), "Save Manifest")
    answer = press(alices, mine.type_into("0-group", "Mine"), "Save Manifest")
    assert press(alices, form_of(answer, "manifest"), "Save mine on top").status_code == 302
    assert [(m.label, m.group) for m in standing(application).modules] == [("Stock Bridge", "Mine")]


def test_a_module_that_was_deleted_meanwhile_is_told_as_such(
    alices: Client, bobs: Client, application: Application
) -> None:
    mine = after(alices, opened(alices, application).type_into("0-formatted_name", "Alice 2"), "Add module")
    new = next(name.partition("-")[0] for name, value in mine.fields if name.endswith("-type") and not value)
    mine.type_into(f"{new}-type", "PluggableComponent").type_into(f"{new}-formatted_name", "Hers")
    press(bobs, after(bobs, opened(bobs, application), "Remove Stock Bridge"), "Save Manifest")
    answer = press(alices, mine, "Save Manifest")
    told = text_of(answer).partition("Take theirs")[0]
    assert "Bob removed module “Alice 2”. Save mine on top puts it back." in told
    assert "Module “Alice 2” added" not in told
    assert "Module “Hers” added" in told
    theirs = opened(bobs, application).type_into("permissions", "GlobalPermissions.OrderBook.ViewOrderDetailsNode")
    press(bobs, theirs, "Save Manifest")
    again = press(alices, form_of(answer, "manifest"), "Save Manifest")
    assert "Somebody removed module" in text_of(again)
    assert press(alices, form_of(again, "manifest"), "Save mine on top").status_code == 302
    assert saved_names(application) == ["Alice 2", "Hers"]


def test_theirs_can_be_taken(alices: Client, bobs: Client, application: Application) -> None:
    mine = opened(alices, application)
    press(bobs, opened(bobs, application).type_into("0-formatted_name", "Bob's bridge"), "Save Manifest")
    answer = press(alices, mine.type_into("0-group", "Mine"), "Save Manifest")
    url = address("manifest_edit", application)
    assert f'href="{url}" data-leaves>Take theirs</a>' in text_of(answer)
    assert opened(alices, application).value("0-formatted_name") == "Bob's bridge"


def test_a_third_save_meanwhile_is_a_conflict_again(alices: Client, bobs: Client, application: Application) -> None:
    mine = opened(alices, application)
    press(bobs, opened(bobs, application).type_into("0-group", "One"), "Save Manifest")
    answer = press(alices, mine.type_into("0-group", "Mine"), "Save Manifest")
    press(bobs, opened(bobs, application).type_into("0-group", "Two"), "Save Manifest")
    again = press(alices, form_of(answer, "manifest"), "Save mine on top")
    assert again.status_code == 409
    assert standing(application).modules[0].group == "Two"
    assert press(alices, form_of(again, "manifest"), "Save mine on top").status_code == 302
    assert standing(application).modules[0].group == "Mine"


def test_other_buttons_do_not_settle_a_conflict(alices: Client, bobs: Client, application: Application) -> None:
    mine = opened(alices, application)
    press(bobs, opened(bobs, application).type_into("0-group", "One"), "Save Manifest")
    answer = press(alices, mine.type_into("0-group", "Mine"), "Save Manifest")
    form = form_of(press(alices, form_of(answer, "manifest"), "Duplicate Stock Bridge"), "manifest")
    assert press(alices, form, "Save Manifest").status_code == 409
    assert standing(application).modules[0].group == "One"


def test_errors_of_mine_are_told_when_saved_on_top(alices: Client, bobs: Client, application: Application) -> None:
    mine = opened(alices, application).type_into("0-type", "Nonsense")
    press(bobs, opened(bobs, application).type_into("0-group", "One"), "Save Manifest")
    answer = press(alices, mine, "Save Manifest")
    assert answer.status_code == 409
    refused = press(alices, form_of(answer, "manifest"), "Save mine on top")
    assert refused.status_code == 422
    assert "“Nonsense” is not a module type." in text_of(refused)


def test_json_has_the_same_choice(alices: Client, bobs: Client, application: Application) -> None:
    mine = form_of(alices.get(address("manifest_json", application)), "manifest")
    press(bobs, opened(bobs, application).type_into("0-group", "One"), "Save Manifest")
    text = mine.value("text").replace('"group": ""', '"group": "Mine"')
    answer = press(alices, mine.type_into("text", text), "Save Manifest")
    assert answer.status_code == 409
    assert "Bob saved this manifest" in text_of(answer)
    kept = form_of(answer, "manifest")
    assert '"group": "Mine"' in kept.value("text")
    assert press(alices, kept, "Save mine on top").status_code == 302
    assert standing(application).modules[0].group == "Mine"
