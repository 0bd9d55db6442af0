"""What the console asks, and how its lists are narrowed."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django_filters import CharFilter, FilterSet, UUIDFilter

from installs.exchange.forms import RefusedOfTeamFilter
from installs.models import Delivery, Installation, StaffNote
from installs.models.installations import InstallationQuerySet
from installs.models.notes import MOST_CHARACTERS
from installs.models.refusals import RefusalGroupQuerySet
from installs.support import pasted, refused, sending
from installs.support.sending import MOST_COUNTED, SPANS
from linnapp.form_fields import AskedField, OneLineField, WrittenField
from linnapp.models import Account, Application, User
from linnapp.models.folded import among, leads_to
from linnapp.moments import shown
from linnapp.words import counted, span_in_words


class SupportSearchForm(forms.Form):
    q = forms.CharField(
        label="Search",
        max_length=10_000,
        error_messages={"required": "Paste something first."},
        help_text="An id, e-mail, company, application, address, token or reference, or the whole message.",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class BoundedField(WrittenField):
    def __init__(self, *, most: int, **options: Any) -> None:
        options.setdefault("error_messages", {})
        options["error_messages"].setdefault("max_length", f"Use at most {most:,} characters.")
        super().__init__(max_length=most, **options)


class ActForm(forms.Form):
    """Why support does something; `read_by` says who reads it."""

    reason = BoundedField(rows=3, most=2_000, error_messages={"required": "Write the reason."})

    def __init__(self, *args: Any, read_by: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].help_text = read_by
        self.order_fields([name for name in self.fields if name != "reason"])


class SendingForm(ActForm):
    """To which address; the newest version's is a choice where `newest` names its host."""

    to = forms.ChoiceField(label="To which address", widget=forms.RadioSelect, initial=sending.AS_BEFORE)

    def __init__(self, *args: Any, newest: str, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(sending.AS_BEFORE, "The address each was last sent to")]
        if newest:
            choices.append((sending.NEWEST, f"The address of the newest version, at {newest}"))
        self.fields["to"].choices = choices  # type: ignore[attr-defined]
        if not newest:
            self.fields["to"].required = False
            self.fields["to"].widget = forms.HiddenInput()


class RedeliverForm(SendingForm):
    which = forms.ChoiceField(
        label="Which",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose which.", "invalid_choice": "That one has been sent. Choose one of these."},
    )

    field_order = ("which", "to", "reason")

    def __init__(self, *args: Any, unarrived: int, each: Sequence[Delivery], **options: Any) -> None:
        super().__init__(*args, **options)
        words = f"All that failed or are held ({unarrived})"
        every = [(sending.ALL, words)] if unarrived else []
        self.fields["which"].choices = [*every, *((str(row.pk), _named(row)) for row in each)]  # type: ignore[attr-defined]


def _named(row: Delivery) -> str:
    made = shown(row.created_at, "DAY_LONG_CLOCK")
    return f"{row.get_event_display()}, {made}, to {row.host}: {row.get_state_display().lower()}"


class ReplayForm(SendingForm):
    since = forms.TypedChoiceField(
        label="What failed",
        coerce=SPANS.__getitem__,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the three.", "invalid_choice": "Choose one of the three."},
    )
    asked = AskedField()

    field_order = ("since", "to", "reason")

    def __init__(self, *args: Any, failed: dict[str, int], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["since"].choices = [  # type: ignore[attr-defined]
            (key, f"In the last {span_in_words(span)}: {_so_many(failed[key])}") for key, span in SPANS.items()
        ]


def _so_many(number: int) -> str:
    return f"{MOST_COUNTED:,} postbacks or more" if number == MOST_COUNTED else counted(number, "postback")


class MessageForm(forms.Form):
    subject = OneLineField(what="a subject", max_length=150, error_messages={"required": "Write what it is about."})
    text = BoundedField(rows=12, most=4_000, error_messages={"required": "Write the message."})

    def __init__(self, *args: Any, read_by: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["text"].help_text = read_by


class NoteForm(forms.Form):
    text = BoundedField(
        rows=3,
        most=MOST_CHARACTERS,
        label="Note",
        error_messages={"required": "Write something first."},
        help_text="Only support reads this.",
    )


class HandOverForm(forms.Form):
    """`to` is one of these colleagues, or nobody."""

    to = forms.ChoiceField(label="To whom", error_messages={"required": "Choose somebody, or nobody."})
    note = BoundedField(rows=3, most=2_000, required=False, help_text="Only support reads this.")

    NOBODY = "nobody"

    def __init__(self, *args: Any, colleagues: Sequence[User], **options: Any) -> None:
        super().__init__(*args, **options)
        self.people = {str(person.pk): person for person in colleagues}
        named = [(key, f"{person} ({person.email})") for key, person in self.people.items()]
        choices = [("", "Choose a colleague"), *named, (self.NOBODY, "Nobody: anybody can take it")]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]
        self.fields["to"].error_messages["invalid_choice"] = "Choose somebody in support."

    @property
    def person(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])


class NoFilter(FilterSet):
    """Of a list that nothing narrows."""

    class Meta:
        model = StaffNote
        fields: tuple[str, ...] = ()


class RefusedForSupportFilter(RefusedOfTeamFilter):
    """To one installation the page narrows, which for support has more than what was proven."""

    q = CharFilter(method="search")
    installation = None

    def search(self, queryset: RefusalGroupQuerySet, name: str, value: str) -> RefusalGroupQuerySet:
        """A pasted reference is explained above the list, which it does not narrow."""
        meant = pasted.read(value)
        return queryset if meant.references else refused.meant_by(meant, queryset)


class NeverConnectedFilter(FilterSet):
    """By company and application, and by the keys that other pages of the console lead here with."""

    q = CharFilter(method="search")
    application = UUIDFilter(field_name="application")
    account = UUIDFilter(field_name="account")

    class Meta:
        model = Installation
        fields: tuple[str, ...] = ()

    def search(self, queryset: InstallationQuerySet, name: str, value: str) -> InstallationQuerySet:
        accounts = among(Account.objects.filter(name_folded__has=value))
        applications = among(Application.objects.filter(name_folded__has=value))
        return queryset.filter(leads_to("account", accounts) | leads_to("application", applications))
