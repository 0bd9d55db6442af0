"""When a credential ends that the next one replaces: the same three moments for each kind of it."""

from datetime import timedelta

from django import forms

from linnapp.words import span_in_words

AFTER = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "now": timedelta(0)}
LABELS = {key: f"In {span_in_words(span)}" if span else "Now" for key, span in AFTER.items()}


def ending_field(label: str) -> forms.TypedChoiceField:
    """Cleaned to the time until then."""
    return forms.TypedChoiceField(
        label=label,
        choices=list(LABELS.items()),
        coerce=AFTER.__getitem__,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose when it ends.", "invalid_choice": "Choose one of the three moments."},
    )
