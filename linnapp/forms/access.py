from typing import Any

from django import forms

from linnapp.form_fields import ReasonField
from linnapp.models import StaffAccess


class EnterForm(forms.Form):
    """Of somebody who may enter for these purposes."""

    purpose = forms.ChoiceField(label="What for", widget=forms.RadioSelect)
    reason = ReasonField(
        help_text="The account's Owners get it by e-mail, and its people can read it under Team.",
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    HINTS = {
        StaffAccess.Purpose.LOOK: "To look: read its pages, except what only its team may. You cannot change anything.",
        StaffAccess.Purpose.WORK: "To work: act as a Developer of the account. You cannot do what only an Owner may.",
    }

    def __init__(self, *args: Any, purposes: list[StaffAccess.Purpose], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["purpose"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(purpose.value, self.HINTS[purpose]) for purpose in purposes]
        if len(purposes) == 1:
            self.initial["purpose"] = purposes[0].value
