"""What a person chooses, and asks, about themselves: which mails they want, and to be deleted."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.http import QueryDict

from linnapp.mail_choices import Choice, choices_of, is_stopped, unwanted_accounts
from linnapp.models import Account, User
from linnapp.names import isolated

# Of all accounts, also those that somebody joins later.
ALL = "all"


class MailsForm(forms.Form):
    """A field for each kind of mail that may be switched off: what is ticked is sent."""

    def __init__(self, sent: QueryDict | None = None, *, person: User) -> None:
        super().__init__(sent)
        self.accounts: dict[str, dict[str, Account]] = {}
        for choice in choices_of(person):
            accounts = choice.accounts(person)
            self.accounts[choice.kind] = {str(row.pk): row for row in accounts} if len(accounts) > 1 else {}
            self.fields[choice.kind] = self._field(choice, person)

    def _field(self, choice: Choice, person: User) -> forms.Field:
        accounts = self.accounts[choice.kind]
        unwanted = {str(key) for key in unwanted_accounts(person, choice.kind)}
        wanted = [key for key in accounts if key not in unwanted]
        named = [(key, f"About {isolated(row.name)}") for key, row in accounts.items()]
        return forms.MultipleChoiceField(
            label=choice.label,
            help_text=choice.hint,
            choices=[(ALL, "Send me these e-mails" if named else choice.label), *named],
            widget=forms.CheckboxSelectMultiple,
            required=False,
            initial=wanted if is_stopped(person, choice.kind) else [ALL, *wanted],
        )

    def unwanted(self) -> dict[str, Collection[Account | None]]:
        """By kind, as `mail_choices.choose` takes it."""
        found: dict[str, Collection[Account | None]] = {}
        for kind, accounts in self.accounts.items():
            ticked = self.cleaned_data[kind]
            off = [row for key, row in accounts.items() if key not in ticked]
            found[kind] = [*off] if ALL in ticked else [None, *off]
        return found


class DeleteForm(forms.Form):
    email = forms.CharField(
        label="Your e-mail",
        help_text="To confirm, enter the address that you sign in with.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter your address."},
    )

    def __init__(self, sent: QueryDict | None = None, *, person: User) -> None:
        super().__init__(sent)
        self.person = person

    def clean_email(self) -> Any:
        typed = self.cleaned_data["email"].strip()
        if typed.lower() != self.person.email:
            raise forms.ValidationError(f"This is not the address that you sign in with, which is {self.person.email}.")
        return typed
