"""New accounts and applications that a file asks for: each by the service that makes one by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Model

from installs.application import removal
from installs.application.closing import close_account, closing
from installs.models import Installation
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.form_fields import ContactField, MailAddressField, NameField, OneLineField, TextField
from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.new_rows import (
    ACCOUNT_COLUMNS,
    NO_ACCOUNT,
    Judged,
    NewRows,
    account_fields,
    accounts_named,
    named_like,
    taken,
    was_touched,
)
from linnapp.services import applications, people
from linnapp.services.locking import Alone, alone, locked, locked_account, locked_accounts, refuse_suspended
from linnapp.staff_actions import Values

TEXTS = ("description", "support_contact")


def _account_fields() -> Mapping[str, forms.Field]:
    return {
        "name": OneLineField(max_length=120),
        "owner_email": MailAddressField(),
        "contact_email": MailAddressField(required=False),
    }


def _accounts_judged(rows: Sequence[Values], person: User) -> Judged:
    named = named_like(Account.objects.all(), {row["name"] for row in rows}).values_list("name", flat=True)
    there = {name.casefold(): name for name in named}
    return [_account_judged(row, person, there) for row in rows]


def _account_judged(row: Values, person: User, there: Mapping[str, str]) -> Values | str:
    if found := there.get(row["name"].casefold()):
        return taken("There is an account", row["name"], found)
    if row["owner_email"].lower() == person.email:
        return people.NO_OWN_SEAT
    return {"contact_email": row["owner_email"], **row}


def _alone(values: Values) -> None:
    """There is no row yet to hold: two imports would both find the name free."""
    alone(Alone.IMPORTED_ACCOUNTS)


def _open(values: Values, by: Actor) -> Model:
    return people.open_account(**values, by=by)


@transaction.atomic
def _close(account: Account, by: Actor) -> bool:
    row = locked_account(account.pk)
    told = closing(row)
    in_use = told.installed or told.applications or told.leaving or told.staying or told.connectors
    if in_use or was_touched(TimelineEntry.objects.filter(account_id=row.pk)):
        raise NotPossible(f"Something happened on {row} since: left alone. Close it yourself.")
    return close_account(row, by=by)


NEW_ACCOUNTS = NewRows(
    needs="linnapp.add_account",
    told="the account is opened, and its first Owner is invited by e-mail. The address of its pages is made from the "
    "name. Without contact_email, the Owner's e-mail is its contact.",
    undo_told="Undo closes a new account if nothing has happened on it since; otherwise it stays.",
    fields=_account_fields,
    fresh=True,
    named=lambda values: values["name"],
    key=lambda values: values["name"].casefold(),
    judged=_accounts_judged,
    alone=_alone,
    make=_open,
    unmake=_close,
)


def _application_fields() -> Mapping[str, forms.Field]:
    return {
        "name": NameField(),
        "type": forms.ChoiceField(choices=Application.Type.choices),
        **account_fields(),
        "description": TextField(rows=5),
        "support_contact": ContactField(),
    }


def _applications_judged(rows: Sequence[Values], person: User) -> Judged:
    accounts = accounts_named(rows)
    of_them = Application.objects.not_retired().filter(account__in=filter(None, accounts))
    named = named_like(of_them, {row["name"] for row in rows}).values_list("account", "name")
    there = {(account, name.casefold()): name for account, name in named}
    return [_application_judged(row, account, there) for row, account in zip(rows, accounts, strict=True)]


def _application_judged(row: Values, account: Account | None, there: Mapping[Any, str]) -> Values | str:
    if account is None:
        return NO_ACCOUNT
    if found := there.get((account.pk, row["name"].casefold())):
        return taken(f"{account} has an application", row["name"], found)
    try:
        refuse_suspended(account, "no application can be created on it")
    except NotPossible as refused:
        return str(refused)
    texts = {name: row[name] for name in TEXTS if name in row}
    return {"name": row["name"], "type": row["type"], "account_slug": account.slug, **texts}


def _account_alone(values: Values) -> None:
    locked_accounts(*(account.pk for account in accounts_named([values]) if account))


@transaction.atomic
def _create(values: Values, by: Actor) -> Model:
    account = Account.objects.get(slug=values["account_slug"])
    made, _ = applications.create_application(account=account, name=values["name"], kind=values["type"], by=by)
    if texts := {name: values[name] for name in TEXTS if name in values}:
        applications.edit_application(made, by=by, **texts)
    return made


@transaction.atomic
def _delete(application: Application, by: Actor) -> bool:
    row = locked(application, ends_exchanges=True, retired="it stays")
    installed = Installation.objects.of_application(row).exists()
    if installed or was_touched(TimelineEntry.objects.about_application(row.pk)):
        raise NotPossible(f"Something happened to {row} since: left alone. Retire it yourself.")
    return removal.delete_never_installed(row, by=by)


NEW_APPLICATIONS = NewRows(
    needs="linnapp.add_application",
    told="the application is made as New App makes one: its type's modules, a Development Version, an Application "
    "Secret that its team finds under General.",
    undo_told="Undo deletes a new application if nothing has happened to it since; otherwise it stays.",
    fields=_application_fields,
    one_of=ACCOUNT_COLUMNS,
    named=lambda values: values["name"],
    key=lambda values: (values["account_slug"], values["name"].casefold()),
    judged=_applications_judged,
    alone=_account_alone,
    make=_create,
    unmake=_delete,
)
