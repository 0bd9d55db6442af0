"""Invitations that a file of people or of seats asks for: nobody makes a seat, whoever accepts takes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Model

from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.form_fields import MailAddressField
from linnapp.models import Account, Invitation, Membership, User
from linnapp.new_rows import ACCOUNT_COLUMNS, NO_ACCOUNT, Judged, NewRows, account_fields, accounts_named
from linnapp.services import people
from linnapp.staff_actions import Values


def _fields() -> Mapping[str, forms.Field]:
    return {
        "email": MailAddressField(),
        "role": forms.ChoiceField(choices=Membership.Role.choices),
        **account_fields(),
    }


def _judged(rows: Sequence[Values], person: User) -> Judged:
    accounts = accounts_named(rows)
    emails = {str(row["email"]).lower() for row in rows}
    seats = Membership.objects.filter(user__email__in=emails, account__in=filter(None, accounts))
    members = set(seats.values_list("account", "user__email"))
    there = Invitation.objects.open().filter(email__in=emails, account__in=filter(None, accounts))
    invited = set(there.values_list("account", "email", "role"))
    return [_judge(row, account, person, members, invited) for row, account in zip(rows, accounts, strict=True)]


def _judge(row: Values, account: Account | None, person: User, members: set[Any], invited: set[Any]) -> Values | str:
    email = str(row["email"]).lower()
    if account is None:
        return NO_ACCOUNT
    if email == person.email:
        return people.NO_OWN_SEAT
    if (account.pk, email) in members:
        return f"{email} is already a member of {account}."
    if (account.pk, email, row["role"]) in invited:
        return {}
    return {"email": email, "account_slug": account.slug, "role": row["role"]}


@transaction.atomic
def _invite(values: Values, by: Actor) -> Model:
    account = Account.objects.get(slug=values["account_slug"])
    return people.invite(account, email=values["email"], role=values["role"], by=by)[0]


def _take_back(invitation: Invitation, by: Actor) -> bool:
    if not people.revoke(invitation, by=by):
        raise NotPossible(f"{invitation.email} has already joined, or the invitation ended: nothing to undo.")
    return True


NEW_INVITATIONS = NewRows(
    needs="linnapp.add_invitation",
    told="the person is invited to the account by e-mail, and joins the team on accepting. They enter their own name.",
    undo_told="Undo withdraws the invitation; somebody who has joined since stays.",
    fields=_fields,
    one_of=ACCOUNT_COLUMNS,
    fresh=True,
    named=lambda values: f"{values['email']} to {values.get('account_slug') or values.get('account_id')}",
    key=lambda values: (values["email"], values["account_slug"]),
    judged=_judged,
    make=_invite,
    unmake=_take_back,
)
