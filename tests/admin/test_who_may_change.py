"""Who may change which field of which model in the admin: one table, held against the forms that the admin site makes.

Quinn is of staff and may change everything but what superusers alone may; Willa may work in accounts besides.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import RequestFactory

from linnapp.models import Application, Membership, User
from linnapp.models.folded import FoldedField
from tests.admin.test_admin import MODELS

pytestmark = pytest.mark.django_db

ALL = "Quinn, Willa, Paula"
WORKING = "Willa, Paula"
PAULA = "Paula"
NOBODY = ""
# Every field of the models that can be changed at all, and what a form has beside them. All other models: nothing.
CHANGED: dict[str, dict[str, str]] = {
    "linnapp.Application": {
        **dict.fromkeys(("name", "description", "support_contact", "logo", "remove_logo"), ALL),
        "summary": WORKING,
        **dict.fromkeys(("id", "account", "type", "logo_digest", "listing", "created_at", "created_by"), NOBODY),
        **dict.fromkeys(("suspended_by_staff_at", "suspension_reason", "retired_at", "changed_at"), NOBODY),
        **dict.fromkeys(("permissions", "script_url", "manifest_extra", "manifest_revision"), NOBODY),
        **dict.fromkeys(("manifest_saved_at", "manifest_saved_by"), NOBODY),
    },
    "linnapp.Account": {
        **dict.fromkeys(("name", "contact_email"), ALL),
        **dict.fromkeys(("id", "slug", "created_at", "members", "suspended_by_staff_at", "suspension_reason"), NOBODY),
        # By its Owners, who have one themselves; by what is done with it.
        **dict.fromkeys(("members_need_factor", "owned_at", "used_at"), NOBODY),
    },
    "linnapp.Membership": {"role": ALL, **dict.fromkeys(("id", "account", "user", "created_at"), NOBODY)},
    "linnapp.User": {
        **dict.fromkeys(("name", "is_active"), ALL),
        **dict.fromkeys(("is_staff", "is_superuser", "groups"), PAULA),
        **dict.fromkeys(("id", "email", "password", "time_zone", "last_login", "date_joined", "switched_at"), NOBODY),
        **dict.fromkeys(("user_permissions", "deleted_at", "signed_out_at"), NOBODY),
    },
    "auth.Group": {"id": NOBODY, **dict.fromkeys(("name", "permissions"), PAULA)},
}
ADDED: dict[str, dict[str, str]] = {
    "linnapp.Account": dict.fromkeys(("name", "owner_email"), ALL),
    "linnapp.Invitation": dict.fromkeys(("account", "email", "role"), ALL),
    "auth.Group": dict.fromkeys(("name", "permissions"), PAULA),
}
SIGNS_UP_BY_INVITATION = "linnapp.User"


@pytest.fixture
def rows(application: Application, alice: User) -> dict[str, Model]:
    seat = Membership.objects.get(user=alice)
    return {
        "linnapp.Application": application,
        "linnapp.Account": seat.account,
        "linnapp.Membership": seat,
        "linnapp.User": alice,
        "auth.Group": Group.objects.create(name="Editors"),
    }


def typed(model: type[Model], row: Model | None, who: User) -> set[str]:
    """The fields that the admin gives this person to fill in, of a row or of a new one."""
    page, request = admin.site._registry[model], RequestFactory().get("/")
    request.user = who
    may = page.has_add_permission(request) if row is None else page.has_change_permission(request, row)
    if not may or (row is None and model._meta.label == SIGNS_UP_BY_INVITATION):
        return set()
    form: Any = page.get_form(request, row, change=row is not None)
    return set(form.base_fields) - {"why"}


def names(fields: dict[str, str], who: str) -> set[str]:
    return {name for name, people in fields.items() if who in people}


def fields_of(model: type[Model]) -> Iterator[str]:
    """But those that follow from another one."""
    for field in model._meta.get_fields():
        if field.concrete and not isinstance(field, FoldedField):
            yield field.name


def test_every_field_of_what_can_be_changed_has_its_rule() -> None:
    changed = {label: model for model in MODELS if (label := model._meta.label) in CHANGED}
    assert set(changed) == set(CHANGED)
    for label, model in changed.items():
        assert set(fields_of(model)) <= set(CHANGED[label]), label


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("who", ["Quinn", "Willa", "Paula"])
def test_each_of_staff_changes_what_the_table_says(
    model: type[Model], who: str, staff: dict[str, User], rows: dict[str, Model]
) -> None:
    label = model._meta.label
    row = rows.get(label) or model()
    assert typed(model, row, staff[who]) == names(CHANGED.get(label, {}), who)
    assert typed(model, None, staff[who]) == names(ADDED.get(label, {}), who)


def test_only_a_superuser_touches_who_is_of_staff(staff: dict[str, User]) -> None:
    assert typed(User, staff["Willa"], staff["Quinn"]) == set()
    assert typed(User, staff["Quinn"], staff["Willa"]) == set()
    assert typed(User, staff["Willa"], staff["Paula"]) == names(CHANGED["linnapp.User"], "Paula")


def test_whoever_has_no_permission_changes_nothing(sam: User, rows: dict[str, Model]) -> None:
    for model in MODELS:
        assert typed(model, rows.get(model._meta.label) or model(), sam) == set()
        assert typed(model, None, sam) == set()
