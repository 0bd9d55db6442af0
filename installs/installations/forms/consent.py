import uuid
from typing import Any

from django import forms

from linnapp.models import Account

INCOMPLETE = {
    "required": "This form came back incomplete. Read it again, then send it again.",
    "invalid": "This form came back changed. Read it again, then send it again.",
}


class ConsentForm(forms.Form):
    """What was read is what is agreed to: `version` is the one the page showed, not a choice made here. The nonce
    makes a form that is sent twice count once; a page shown again has a new one."""

    version = forms.IntegerField(widget=forms.HiddenInput, error_messages=INCOMPLETE)
    nonce = forms.UUIDField(widget=forms.HiddenInput, error_messages=INCOMPLETE)
    agreed = forms.BooleanField(
        error_messages={
            "required": "Tick this box if you agree and are allowed to install it. Otherwise choose Cancel."
        }
    )

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["agreed"].label = f"I may install applications for {account} and agree to the above"

    def new_nonce(self) -> str:
        return uuid.uuid4().hex
