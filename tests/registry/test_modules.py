"""App Modules as a form: each button without JavaScript, and what Save Manifest moves."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.models import Installation, PermanentToken
from linnapp.manifest import MOST_MODULES, Manifest, parse
from linnapp.models import Application, TimelineEntry, User, Version
from linnapp.services.manifests import manifest_of, save_manifest
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import Form, form_of, press

PARCELS = {
    "modules": [
        {"type": "ExternalApplication", "formattedName": "Parcel Sync", "icon": "box", "isHidden": False},
        {
            "type": "ShippingIntegration",
            "formattedName": "Labels",
            "group": "Carriers",
            "parameters": [{"name": "VendorName", "value": "PARCELS"}, {"name": "Odd", "value": 5, "note": "kept"}],
        },
        {
            "type": "PluggableComponent",
            "formattedName": "Button",
            "group": [{"type": "PluggableComponent"}],
            "files": {"scripts": []},
        },
    ],
    "LinnworksPermissions": ["GlobalPermissions.OrderBook.ViewOrderDetailsNode"],
    "ScriptUrl": "https://cdn.example/a.js",
    "Zed": {"a": [1, None]},
}


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def parcels(application: Application, alice: User) -> Application:
    return save_manifest(application, parse(PARCELS), expected_revision=1, by=acting(alice))


def address(name: str, application: Application, *more: object) -> str:
    return reverse(name, args=[application.account.slug, application.pk, *more])


def opened(alices: Client, application: Application) -> Form:
    return form_of(alices.get(address("manifest_edit", application)), "manifest")


def after(alices: Client, form: Form, button: str) -> Form:
    response = press(alices, form, button)
    assert response.status_code == 200, response.content.decode()
    return form_of(response, "manifest")


def saved_names(application: Application) -> list[str]:
    return [module.label for module in standing(application).modules]


def standing(application: Application) -> Manifest:
    """The manifest in the database, whatever the object at hand was loaded with."""
    return manifest_of(Application.objects.get(pk=application.pk))


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def field_of(form: Form, label: str, field: str) -> str:
    """Name in the form of a field of the module with that Formatted Name."""
    handles = form.values("module")
    return next(f"{h}-{field}" for h in handles if form.value(f"{h}-formatted_name") == label)


def test_the_saved_manifest_is_shown_as_a_form(alices: Client, parcels: Application) -> None:
    response = alices.get(address("manifest_edit", parcels))
    form, text = form_of(response, "manifest"), text_of(response)
    assert response.status_code == 200
    assert [form.value(f"{h}-formatted_name") for h in form.values("module")] == ["Parcel Sync", "Button", "Labels"]
    assert "Carriers</h2>" in text
    assert "For your own order, users never see these." in text
    assert "Holds 1 nested module: change them as JSON." in text
    assert form.value("permissions") == "GlobalPermissions.OrderBook.ViewOrderDetailsNode"


def test_saving_what_was_opened_changes_nothing_and_loses_nothing(alices: Client, parcels: Application) -> None:
    before = standing(parcels)
    response = press(alices, opened(alices, parcels), "Save Manifest")
    assert response.status_code == 302
    assert standing(parcels) == before
    assert "Nothing was changed." in text_of(alices.get(response.url))


def test_members_the_form_does_not_show_survive_a_change_beside_them(alices: Client, parcels: Application) -> None:
    before = standing(parcels)
    form = opened(alices, parcels)
    press(alices, form.type_into(field_of(form, "Labels", "formatted_name"), "Label printing"), "Save Manifest")
    now = standing(parcels)
    assert [module.label for module in now.modules] == ["Parcel Sync", "Label printing", "Button"]
    assert [module.extra for module in now.modules] == [module.extra for module in before.modules]
    assert [module.key for module in now.modules] == [module.key for module in before.modules]
    assert now.modules[1].parameters == before.modules[1].parameters
    assert (now.extra, now.script_url) == (before.extra, before.script_url)


def test_save_manifest_moves_the_development_version_and_nothing_else(
    alices: Client, application: Application, installation: Installation
) -> None:
    def standing() -> list[Any]:
        rows = [Installation.objects.all(), PermanentToken.objects.all(), Version.objects.released()]
        return [list(queryset.order_by("pk").values()) for queryset in rows]

    before, development = standing(), application.versions.development().snapshot
    form = opened(alices, application)
    response = press(alices, form.type_into("0-formatted_name", "Parcels"), "Save Manifest")
    page = text_of(alices.get(response.url))
    now = application.versions.development().snapshot
    assert standing() == before
    assert now["Modules"] == [development["Modules"][0] | {"formattedName": "Parcels"}]
    assert "Your Development Version has it. 1 installation stays on its version." in page
    assert TimelineEntry.objects.filter(kind="MANIFEST_SAVED").count() == 1


def test_with_nothing_installed_the_answer_tells_of_no_installation(alices: Client, application: Application) -> None:
    form = opened(alices, application)
    response = press(alices, form.type_into("0-formatted_name", "Bridge"), "Save Manifest")
    assert "Your Development Version has it." in text_of(alices.get(response.url))


def test_adding_a_module_asks_for_its_type_and_saves_nothing_yet(alices: Client, application: Application) -> None:
    form = after(alices, opened(alices, application), "Add module")
    handle = form.values("module")[-1]
    assert form.autofocus == f"m-{form.value(f'{handle}-key')}-type"
    assert saved_names(application) == ["Stock Bridge"]
    refused = press(alices, form, "Save Manifest")
    assert refused.status_code == 422
    assert "Choose a type: ExternalApplication" in text_of(refused)
    form = form_of(refused, "manifest")
    form.type_into(f"{handle}-type", "PluggableComponent").type_into(f"{handle}-formatted_name", "Button")
    assert press(alices, form, "Save Manifest").status_code == 302
    assert saved_names(application) == ["Stock Bridge", "Button"]


def test_moving_up_and_down(alices: Client, parcels: Application) -> None:
    form = opened(alices, parcels)
    assert form.button("Move up Parcel Sync").disabled
    form = after(alices, form, "Move down Parcel Sync")
    assert form.button("Move down Parcel Sync").disabled
    press(alices, form, "Save Manifest")
    assert saved_names(parcels) == ["Button", "Labels", "Parcel Sync"]
    press(alices, after(alices, opened(alices, parcels), "Move up Parcel Sync"), "Save Manifest")
    assert saved_names(parcels) == ["Parcel Sync", "Labels", "Button"]


def test_duplicating(alices: Client, parcels: Application) -> None:
    form = after(alices, opened(alices, parcels), "Duplicate Labels")
    press(alices, form, "Save Manifest")
    assert saved_names(parcels) == ["Parcel Sync", "Labels", "Labels", "Button"]
    one, other = standing(parcels).modules[1:3]
    assert one.key != other.key
    assert one.parameters == other.parameters


def test_deleting_can_be_undone_until_it_is_saved(alices: Client, parcels: Application) -> None:
    before = standing(parcels)
    form = after(alices, opened(alices, parcels), "Remove Labels")
    assert saved_names(parcels) == ["Parcel Sync", "Labels", "Button"]
    undone = after(alices, form, "Undo removing Labels")
    press(alices, undone, "Save Manifest")
    assert standing(parcels) == before
    press(alices, form, "Save Manifest")
    assert saved_names(parcels) == ["Parcel Sync", "Button"]


def test_external_application_can_be_put_back_after_it_was_deleted(alices: Client, application: Application) -> None:
    form = opened(alices, application)
    press(alices, after(alices, form, "Remove Stock Bridge"), "Save Manifest")
    assert saved_names(application) == []
    page = alices.get(address("manifest_edit", application))
    assert "This application has no External Application module." in text_of(page)
    form = after(alices, form_of(page, "manifest"), "Add it.")
    press(alices, form, "Save Manifest")
    assert [module.type for module in standing(application).modules] == ["ExternalApplication"]


def test_putting_back_what_was_just_deleted_brings_the_same_module(alices: Client, application: Application) -> None:
    before = standing(application)
    form = after(alices, opened(alices, application), "Remove Stock Bridge")
    press(alices, after(alices, form, "Add it."), "Save Manifest")
    assert standing(application) == before


def test_parameters_are_added_by_name_deleted_and_undone(alices: Client, application: Application) -> None:
    form = after(alices, opened(alices, application), "Add parameter")
    assert form.values("0-p-name") == ["PostbackUrl"]
    assert form.autofocus.endswith("-p0-value")
    form.type_into("0-p-value", "https://hooks.example.com/?t=[{TOKEN}]")
    page = press(alices, form, "Remove parameter PostbackUrl")
    gone = form_of(page, "manifest")
    press(alices, gone, "Save Manifest")
    assert standing(application).modules[0].parameters == ()
    again = after(alices, gone, "Undo removing PostbackUrl")
    assert again.values("0-p-value") == ["https://hooks.example.com/?t=[{TOKEN}]"]


def test_a_name_of_ones_own_is_allowed(alices: Client, application: Application) -> None:
    form = opened(alices, application)
    key = form.value("0-key")
    form = after(alices, form.type_into(f"add-to-{key}", ""), "Add parameter")
    assert form.autofocus.endswith("-p0-name")
    press(alices, form.type_into("0-p-name", "Colour").type_into("0-p-value", "teal"), "Save Manifest")
    assert [(p.name, p.value) for p in standing(application).modules[0].parameters] == [("Colour", "teal")]


def test_a_postback_url_is_shown_with_its_hint_its_warning_and_an_example(
    alices: Client, application: Application
) -> None:
    form = after(alices, opened(alices, application), "Add parameter")
    form.type_into("0-p-value", "https://hooks.example.com/?token=[{TOKEN}]&t=[{TRACKING}]")
    page = text_of(press(alices, form, "Duplicate Stock Bridge"))
    assert "Where your server gets the permanent token of each installation" in page
    assert "In a query the permanent token ends up in the access logs of every server" in page
    assert "https://hooks.example.com/?token=8f2c4a1e-7b3d-4c6f-a5e8-2d9b0c1791d4&amp;t=customer-42" in page


def test_errors_stand_beside_the_field_and_in_the_summary_by_path(alices: Client, parcels: Application) -> None:
    form = opened(alices, parcels)
    name = field_of(form, "Labels", "p-value")
    refused = press(alices, form.type_into(name, "parcel sync"), "Save Manifest")
    page, kept = text_of(refused), form_of(refused, "manifest")
    words = "VendorName is upper case without spaces, at most 24 characters. Try PARCELSYNC."
    assert refused.status_code == 422
    assert page.count(words) == 2
    assert "<code>modules[1].parameters[0].value</code>" in page
    assert f'href="#m-{standing(parcels).modules[1].key}-p0-value"' in page
    assert kept.value(name) == "parcel sync"
    assert standing(parcels).modules[1].value_of("VendorName") == "PARCELS"
    # The errors stay in sight while other buttons are pressed, and go when they are mended.
    assert words in text_of(press(alices, kept, "Add module"))
    assert words not in text_of(press(alices, kept.type_into(name, "PARCELSYNC"), "Add module"))


def test_a_second_postback_url_is_refused_by_path(alices: Client, application: Application) -> None:
    form = after(alices, opened(alices, application), "Add parameter")
    form = after(alices, form.type_into("0-p-value", "https://a.example/"), "Duplicate Stock Bridge")
    refused = press(alices, form, "Save Manifest")
    assert refused.status_code == 422
    assert "A manifest has at most one PostbackUrl" in text_of(refused)
    assert "modules[1].parameters[0].name" in text_of(refused)


def test_unsaved_changes_are_counted_and_hold_back_create_new_version(alices: Client, application: Application) -> None:
    form = after(alices, opened(alices, application), "Add module")
    page = press(alices, form.type_into("0-formatted_name", "Bridge"), "Add module")
    assert 'data-unsaved="3"' in text_of(page)
    assert "3 unsaved changes" in text_of(page)
    answer = alices.post(address("draft_unsaved", application), dict(form.fields))
    assert 'id="unsaved"' in text_of(answer)
    assert "<html" not in text_of(answer)


def test_htmx_gets_the_editor_alone(alices: Client, application: Application) -> None:
    answer = press(alices, opened(alices, application), "Add module", **{"HX-Request": "true"})
    assert answer.content.decode().strip().startswith('<div id="editor">')


def test_what_differs_from_the_newest_version_is_marked(
    alices: Client, application: Application, version: Version
) -> None:
    page = alices.get(address("manifest_edit", application))
    assert "Nothing changed: the saved manifest is what people install." in text_of(page)
    form = after(alices, form_of(page, "manifest"), "Add module")
    form.type_into("1-type", "PluggableComponent").type_into("1-formatted_name", "Button")
    press(alices, form.type_into("0-formatted_name", "Bridge"), "Save Manifest")
    marked = text_of(alices.get(address("manifest_edit", application)))
    assert "Since version 1.0.0" in marked
    assert marked.count(">Changed</span>") == 1
    assert marked.count(">New</span>") == 1


def test_hostile_values_are_shown_as_text(alices: Client, application: Application) -> None:
    hostile = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    form = after(alices, opened(alices, application), "Add parameter")
    for name in ("0-name", "0-formatted_name", "0-group", "0-path", "0-p-name", "0-p-value", "permissions"):
        form.type_into(name, hostile) if name in dict(form.fields) else form.fields.append((name, hostile))
    assert press(alices, form, "Save Manifest").status_code == 302
    for view in ("manifest_edit", "manifest_json"):
        page = alices.get(address(view, application)).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_two_hundred_modules_save_and_one_more_is_refused(
    alices: Client, application: Application, alice: User
) -> None:
    many = {"modules": [{"type": "ExternalUserInterface", "moduleName": f"M{n}"} for n in range(MOST_MODULES)]}
    save_manifest(application, parse(many), expected_revision=1, by=acting(alice))
    form = opened(alices, application)
    assert form.button("Add module").disabled
    form = after(alices, form, "Move down M0")
    form = after(alices, form, next(button.text for button in form.buttons if button.text.startswith("M1 ")))
    assert press(alices, form.type_into("0-formatted_name", "First"), "Save Manifest").status_code == 302
    assert saved_names(application)[:3] == ["First", "M0", "M2"]
    form = opened(alices, application)
    form.fields += [("module", "200"), ("200-type", "PluggableComponent")]
    refused = press(alices, form, "Save Manifest")
    assert refused.status_code == 422
    assert "There are 201 modules, nested ones counted. A manifest has at most 200" in text_of(refused)


def test_the_page_costs_few_queries(
    alices: Client, application: Application, alice: User, django_assert_max_num_queries: Any
) -> None:
    many = {
        "modules": [
            {"type": "PluggableComponent", "parameters": [{"name": "a", "value": "b"}]} for _ in range(MOST_MODULES)
        ]
    }
    save_manifest(application, parse(many), expected_revision=1, by=acting(alice))
    address_of_page = address("manifest_edit", application)
    alices.get(address_of_page)
    with django_assert_max_num_queries(12):
        alices.get(address_of_page)


def test_a_retired_application_is_read_only(alices: Client, application: Application) -> None:
    form = opened(alices, application)
    Application.objects.filter(pk=application.pk).update(retired_at=timezone.now())
    page = alices.get(address("manifest_edit", application))
    assert "Add module" not in text_of(page)
    assert "<fieldset disabled>" in text_of(page)
    refused = press(alices, form.type_into("0-formatted_name", "Bridge"), "Save Manifest")
    assert "is retired" in text_of(alices.get(refused.url))
    assert saved_names(application) == ["Stock Bridge"]


def test_hidden_members_nested_beyond_what_a_snapshot_holds_are_refused(
    alices: Client, application: Application
) -> None:
    deep = '{"a":' + "[" * 31 + "]" * 31 + "}"
    form = opened(alices, application)
    form.fields.append(("0-extra", deep))
    refused = press(alices, form, "Save Manifest")
    assert refused.status_code == 422
    assert "are nested more than 32 deep" in text_of(refused)


def test_a_form_larger_than_a_request_may_be_is_refused_in_words(alices: Client, application: Application) -> None:
    form = opened(alices, application).type_into("permissions", "x" * 1_100_000)
    refused = press(alices, form, "Save Manifest")
    assert refused.status_code in (400, 413)
    assert "too large" in text_of(refused)
    assert standing(application).permissions == ()


def test_a_manifest_larger_than_allowed_is_refused_and_kept_in_the_form(
    alices: Client, application: Application
) -> None:
    form = after(alices, opened(alices, application), "Add parameter")
    refused = press(alices, form.type_into("0-p-name", "Notes").type_into("0-p-value", "x" * 300_000), "Save Manifest")
    assert refused.status_code == 422
    assert "A manifest has at most 256 kB." in text_of(refused)
    turned = after(alices, form_of(refused, "manifest"), "Show parameters 1")
    assert len(turned.value("0-p-value")) == 300_000


def test_an_empty_manifest_has_an_empty_state(alices: Client, application: Application, alice: User) -> None:
    save_manifest(application, Manifest(), expected_revision=1, by=acting(alice))
    page = text_of(alices.get(address("manifest_edit", application)))
    assert "No modules" in page
    assert "A module is one thing your application adds to an account" in page


def test_a_form_of_thousands_of_modules_is_refused_before_it_is_drawn(alices: Client, application: Application) -> None:
    refused = alices.post(address("draft_show", application), {"revision": 1, "module": range(2 * MOST_MODULES + 1)})
    assert refused.status_code == 400
