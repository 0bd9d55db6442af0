"""What people write to support, and what support sets."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import django_filters
from django import forms

from installs.models import HelpCase, HelpMessage, Installation
from installs.models.help import HelpCaseQuerySet
from linnapp import names
from linnapp.form_fields import spelled
from linnapp.models import Account, User
from linnapp.models.people import Reader

STATES = (("open", "Open"), ("waiting", "Waiting"), ("solved", "Solved"))
OWN_STATES = (("open", "With support"), ("waiting", "Answered"), ("solved", "Solved"))


def visible(text: str) -> str:
    """Without what cannot be seen: pasted texts carry it along, and whoever needs help is not asked to type anew."""
    return names.composed(names.without_faults(text))


class WordsField(forms.CharField):
    """Text of several lines."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **options)

    def to_python(self, value: Any) -> str:
        return visible(spelled(super().to_python(value) or "")).strip()


class ReferenceField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            required=False,
            max_length=HelpCase.LONGEST_REFERENCE,
            help_text="If a page or an answer of the API gave you one. It shows support what went wrong.",
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        )

    def to_python(self, value: Any) -> str:
        return " ".join(visible(super().to_python(value) or "").split())


def _sentence(label: str, hint: str = "") -> WordsField:
    return WordsField(
        rows=4,
        label=label,
        max_length=HelpCase.LONGEST_SENTENCE,
        help_text=hint,
        error_messages={"required": "Say in one sentence what is wrong."},
    )


class AskForm(forms.Form):
    """`about` is an account by its slug, or one of the installations by its id: it says on whose behalf as well."""

    about = forms.ChoiceField(error_messages={"invalid_choice": "Choose one of these."})
    reference = ReferenceField()
    sentence = _sentence("What is wrong", "What you did, and what happened. Leave out tokens and secrets.")

    def __init__(
        self,
        sent: Mapping[str, str] | None = None,
        *,
        accounts: Sequence[Account],
        installations: Iterable[Installation],
        initial: dict[str, str],
    ) -> None:
        super().__init__(sent, initial=initial)
        self.accounts = {account.slug: account for account in accounts}
        self.installations = {str(row.pk): row for row in installations}
        field = self.fields["about"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = self._choices()

    def _choices(self) -> list[Any]:
        """By account, where there are several."""
        groups: dict[str, list[tuple[str, str]]] = {
            slug: [(slug, f"{account}, or something else")] for slug, account in self.accounts.items()
        }
        for key, row in self.installations.items():
            groups[self._account_of(row).slug].append((key, _label(row)))
        if len(groups) == 1:
            return next(iter(groups.values()))
        return [(str(self.accounts[slug]), choices) for slug, choices in groups.items()]

    def _account_of(self, row: Installation) -> Account:
        return self.accounts.get(row.account.slug) or self.accounts[row.application.account.slug]

    @property
    def installation(self) -> Installation | None:
        return self.installations.get(self.cleaned_data["about"])

    @property
    def account(self) -> Account:
        row = self.installation
        return self._account_of(row) if row else self.accounts[self.cleaned_data["about"]]


def _label(row: Installation) -> str:
    state = "" if row.is_live else f" ({row.shown_state})"
    return f"{row.application} on {row.account}{state}"


class ReportForm(forms.Form):
    complaint = forms.ChoiceField(
        label="What is wrong with it",
        choices=HelpCase.Complaint.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is wrong."},
    )
    sentence = _sentence("In one sentence", "What you saw, and where.")


class MessageForm(forms.Form):
    text = WordsField(
        rows=4,
        label="Write to support",
        max_length=HelpMessage.LONGEST,
        error_messages={"required": "Write something first."},
    )


class AnswerForm(MessageForm):
    """Of support."""

    text = WordsField(
        rows=6,
        label="Answer",
        max_length=HelpMessage.LONGEST,
        error_messages={"required": "Write something first."},
    )
    solves = forms.BooleanField(label="This solves it", required=False)


class StateForm(forms.Form):
    state = forms.ChoiceField(choices=HelpCase.State.choices)


class AssignForm(forms.Form):
    to = forms.ChoiceField(label="Assigned to", required=False)

    def __init__(self, sent: Mapping[str, str] | None = None, *, people: Iterable[User], current: int | None) -> None:
        super().__init__(sent, initial={"to": str(current or "")})
        self.people = {str(person.pk): person for person in people}
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Nobody"), *((key, f"{person}") for key, person in self.people.items())]

    @property
    def person(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])


class OwnCasesFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=OWN_STATES, method="in_state")

    class Meta:
        model = HelpCase
        fields: tuple[str, ...] = ()

    def in_state(self, queryset: HelpCaseQuerySet, name: str, value: str) -> HelpCaseQuerySet:
        return queryset.in_state(value)


class InboxFilter(django_filters.FilterSet):
    """Where nothing is searched, those that wait for support."""

    STATES = (*STATES, ("all", "All"))
    WHO = (("me", "Assigned to me"), ("nobody", "Not assigned"))

    q = django_filters.CharFilter(method="search")
    state = django_filters.ChoiceFilter(choices=STATES, method="in_state")
    who = django_filters.ChoiceFilter(choices=WHO, method="of_whom")

    class Meta:
        model = HelpCase
        fields: tuple[str, ...] = ()

    def search(self, queryset: HelpCaseQuerySet, name: str, value: str) -> HelpCaseQuerySet:
        return queryset.matching(value)

    def in_state(self, queryset: HelpCaseQuerySet, name: str, value: str) -> HelpCaseQuerySet:
        return queryset if value == "all" else queryset.in_state(value)

    def of_whom(self, queryset: HelpCaseQuerySet, name: str, value: str) -> HelpCaseQuerySet:
        person: Reader = self.request.user
        return queryset.assigned(person) if value == "me" else queryset.filter(assigned_to=None)
