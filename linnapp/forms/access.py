from typing import Any

from django import forms

from linnapp.form_fields import ReasonField
from linnapp.models import StaffAccess


class EnterForm(forms.Form):
    """Of somebody who may enter for these purposes."""

    purpose = forms.ChoiceField(label="What for", widget=forms.RadioSelect)
    reason = ReasonField(
        help_text="The Owners of the account get it by mail, and its people read it under Team.",
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    HINTS = {
        StaffAccess.Purpose.LOOK: "To look: its pages, except what only its team may read. Nothing can be changed.",
        StaffAccess.Purpose.WORK: "To work: as a Developer of the account. What only an Owner may do stays closed.",
    }

    def __init__(self, *args: Any, purposes: list[StaffAccess.Purpose], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["purpose"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(purpose.value, self.HINTS[purpose]) for purpose in purposes]
        if len(purposes) == 1:
            self.initial["purpose"] = purposes[0].value
