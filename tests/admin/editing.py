"""Forms of the admin, filled in as a browser does it: what a page holds, and what is typed over it."""

from typing import Any

from django.db.models import Model
from django.http import QueryDict
from django.test import Client

from tests.admin.test_admin import path_of
from tests.kit.pressing import Form, form_of

WHY = "Ticket 4411"


def opened(client: Client, row: Model | type[Model]) -> Form:
    """The form of a row's page, or of a new row."""
    answer = client.get(address_of(row))
    assert answer.status_code == 200
    return form_of(answer, f"{row._meta.model_name}_form")


def address_of(row: Model | type[Model]) -> str:
    return path_of(type(row), row.pk, "change") if isinstance(row, Model) else path_of(row, "add")


def send(client: Client, row: Model | type[Model], form: Form, **typed: Any) -> Any:
    """Sends an opened form with what was typed; None for a box whose tick was taken away."""
    sent = QueryDict(mutable=True)
    for name, value in form.fields:
        sent.appendlist(name, value)
    for name, value in {"why": WHY, **typed}.items():
        if value is None:
            sent.pop(name, None)
        else:
            sent.setlist(name, value if isinstance(value, list) else [value])
    return client.post(address_of(row), dict(sent.lists()))


def edit(client: Client, row: Model | type[Model], **typed: Any) -> Any:
    return send(client, row, opened(client, row), **typed)


def errors(answer: Any) -> str:
    assert answer.status_code == 422, answer.status_code
    return (
        " ".join(answer.context["errors"].as_text().split())
        if hasattr(answer.context["errors"], "as_text")
        else str(answer.context["errors"])
    )


def act(client: Client, row: Model, name: str, why: str = WHY) -> Any:
    """Presses a button of a row's page, reads what happens, and gives the reason."""
    page = path_of(type(row), row.pk, "act", name)
    read = form_of(client.get(page), "confirm_form").value("read")
    return client.post(page, {"apply": "1", "reason": why, "read": read})
