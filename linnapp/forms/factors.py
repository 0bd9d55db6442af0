"""Codes, passkeys, and what a person calls them."""

import json
from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.html import format_html

from linnapp.addresses import client_address
from linnapp.form_fields import OneLineField
from linnapp.models import User
from linnapp.pages import refusal_in
from linnapp.services import audit, factors, knocks, passkeys
from linnapp.signing_in.devices import mark_of
from linnapp.words import counted

WRONG_CODE = (
    "This code is wrong, too old or already used. Wait until your app shows the next one, and check that your device's "
    "clock is right."
)
WRONG_RECOVERY_CODE = "This recovery code is wrong or already used. Each code works once: use another one."
NOT_THE_CODE = (
    "This is not the code that the app shows now. Wait for the next one, and check that your device's clock is right."
)
DIGITS_OF_APP = 6
# With an attestation of any device that is made; whatever is longer is none.
LONGEST_CREDENTIAL = 16_000


class CodeField(forms.CharField):
    def __init__(self, label: str) -> None:
        attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "off"}
        widget = forms.TextInput(attrs=attributes)
        super().__init__(label=label, max_length=40, widget=widget, error_messages={"required": "Enter the code."})


class CodeForm(AuthenticateForm):
    """A code of an authenticator app, or a recovery code, for a sign-in that waits for it."""

    is_once_more = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.factors = factors.factors_of(self.user)
        self.fields["code"] = CodeField(
            "Code from your app, or a recovery code" if self.factors.app else "Recovery code"
        )

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        counted = knocks.code(self.user, mark_of(context.request, self.user.email))
        used = factors.use_code(self.user, code)
        if used is None:
            if main := self.factors.app or self.factors.recovery:
                self._emit_authentication_failed(main)
            is_of_app = self.factors.app and len("".join(code.split())) <= DIGITS_OF_APP
            raise ValidationError(WRONG_CODE if is_of_app else WRONG_RECOVERY_CODE, code="incorrect_code")
        knocks.take_back(counted)
        used.user = self.user
        self.authenticator = used
        return code

    def save(self) -> None:
        post_authentication(context.request, self.authenticator, reauthenticated=self.is_once_more)
        if self.authenticator.type == Authenticator.Type.RECOVERY_CODES and not self.is_once_more:
            left = counted(factors.factors_of(self.user).codes_left, "code")
            told = format_html(
                'You signed in with a recovery code: {} left. If you lost your app or passkey, <a href="{}">remove it '
                "under Security</a>, and add a new one.",
                left,
                reverse("mfa_index"),
            )
            messages.warning(context.request, told)


class CodeAgainForm(CodeForm):
    """The same of somebody who is signed in."""

    is_once_more = True


class AppForm(forms.Form):
    """The first code of an app that was given the secret."""

    code = CodeField("Code that the app shows")

    def __init__(self, *args: Any, secret: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.secret = secret

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        step = factors.step_of(self.secret, code)
        if step is None:
            raise ValidationError(NOT_THE_CODE, code="incorrect_code")
        self.step = step
        return code


class PasskeyNameForm(forms.Form):
    name = OneLineField(
        label="Name",
        max_length=60,
        help_text="Where you keep it, such as “Work laptop” or “Password manager”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class CredentialField(forms.CharField):
    """What a browser signed, as JSON. Not Django's own field of it, which reads it again to draw the form: what is
    nested deeply is a failure there."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(error_messages={"required": "No passkey was used. Try again. Passkeys need JavaScript."})

    def clean(self, value: Any) -> Any:
        sent = str(super().clean(value))
        try:
            if len(sent) <= LONGEST_CREDENTIAL:
                return json.loads(sent)
        except (ValueError, RecursionError):
            pass
        raise ValidationError(passkeys.NO_GOOD, code="invalid")


def browser_of(request: HttpRequest) -> str:
    """What is known of this browser alone, signed in or not."""
    get_token(request)
    return str(request.META["CSRF_COOKIE"])


class AnsweredForm(forms.Form):
    """What a browser sends with a passkey."""

    credential = CredentialField()
    asked = forms.CharField(required=False, widget=forms.HiddenInput)


class PasskeyForm(AnsweredForm, PasskeyNameForm):
    """A new passkey."""

    field_order = ("name", "credential", "asked")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean(self) -> None:
        if self.errors:
            return
        sent, token = self.cleaned_data["credential"], self.cleaned_data["asked"]
        with refusal_in(self):
            self.cleaned_data["credential"] = passkeys.made(sent, token, self.person, browser_of(context.request))


class PasskeyUsedForm(AnsweredForm):
    """For a sign-in that waits for a second factor. Not counted: nobody guesses a signature."""

    is_once_more = False

    def __init__(self, *args: Any, user: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> None:
        if self.errors:
            return
        sent, token = self.cleaned_data["credential"], self.cleaned_data["asked"]
        with refusal_in(self):
            try:
                self.passkey = passkeys.used(sent, token, self.user, browser_of(context.request))
            except passkeys.WrongPasskey as wrong:
                # As the receivers do of wrong codes, which allauth tells of.
                audit.count_wrong(wrong.person, address=client_address(context.request.META), what="passkey")
                raise

    def save(self) -> None:
        post_authentication(context.request, self.passkey, reauthenticated=self.is_once_more)


class PasskeyAgainForm(PasskeyUsedForm):
    is_once_more = True


class SignInByPasskeyForm(PasskeyUsedForm):
    """The passkey itself says who it is of."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=None, **kwargs)

    def clean(self) -> None:
        knocks.passkey(client_address(context.request.META))
        super().clean()
