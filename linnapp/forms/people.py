"""Sign-up, the team of an account, and a person's own facts."""

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SignupForm,
    default_token_generator,
)
from allauth.account.models import EmailAddress
from allauth.account.utils import passthrough_next_redirect_url
from allauth.core import context
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.html import format_html

from linnapp.addresses import client_address, counted_as
from linnapp.form_fields import MailAddressField, MeanwhileForm, OneLineField
from linnapp.models import Account, Invitation, Membership, User
from linnapp.models.people import TIME_ZONES
from linnapp.passwords import HINT, refuse_names
from linnapp.people import invitation_on_the_way
from linnapp.services import knocks, mail_owners, people
from linnapp.signing_in.devices import mark_of
from linnapp.signing_in.own_passwords import SIGNING_UP


class SignInField(MailAddressField):
    """An address that somebody signs in with: its letter case says nothing."""

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).lower()


def sign_in_field(asked: forms.Field, label: str = "E-mail") -> SignInField:
    """In the place of allauth's own."""
    missing = {"required": "Enter your e-mail address."}
    return SignInField(label=label, widget=asked.widget, required=asked.required, error_messages=missing)


def say_what_is_missing(form: forms.BaseForm, **sentences: str) -> None:
    """Of allauth's own fields, by their names."""
    for name, sentence in sentences.items():
        form.fields[name].error_messages["required"] = sentence


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = sign_in_field(self.fields["login"])
        self.fields["password"].help_text = way_to_new_password()
        say_what_is_missing(self, password="Enter your password.")


def way_to_new_password() -> str:
    """It leads back to where the sign-in was to lead."""
    forgotten = passthrough_next_redirect_url(context.request, reverse("account_reset_password"), "next")
    return format_html('<a href="{}">Forgot your password?</a>', forgotten)


class StillYouForm(ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = way_to_new_password()
        say_what_is_missing(self, password="Enter your password.")


class AddressForm(AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = sign_in_field(self.fields["email"], "New e-mail")
        self.fields["email"].help_text = "We send a link there. Until you open it, you sign in with the current one."
        say_what_is_missing(self, email="Enter the new e-mail address.")

    def clean_email(self) -> str:
        try:
            knocks.address_change(self.user, self.cleaned_data["email"])
        except knocks.TooOften as refused:
            # Another address would be refused as well.
            self.add_error(None, refused)
            return str(self.cleaned_data["email"])
        return str(super().clean_email())


class ResetForm(ResetPasswordForm):
    """Of whoever's the address is: others it may wait with get no link by it."""

    def clean_email(self) -> str:
        email = str(super().clean_email())
        self.users = list(mail_owners.owners_of(email.lower()).filter(is_active=True))
        return email


class ForgottenPasswordForm(ResetForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = sign_in_field(self.fields["email"])

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            email, request = self.cleaned_data["email"], context.request
            knocks.reset(email, client_address(request.META), mark_of(request, email))
        return cast("dict[str, Any]", self.cleaned_data)

    def save(self, request: HttpRequest, **options: Any) -> str:
        if not self.users:
            # A link for nobody: making one takes a quarter of the answer, and would tell who has an account.
            nobody = User(pk=0)
            get_adapter().get_reset_password_from_key_url(f"0-{default_token_generator.make_token(nobody)}")
        return str(super().save(request, **options))


def say_the_rule(form: forms.BaseForm) -> None:
    """About a new password, which is typed twice. In sentence case, as allauth does not write it."""
    first, again = form.fields["password1"], form.fields["password2"]
    first.label, again.label, first.help_text = "New password", "New password (again)", HINT
    say_what_is_missing(form, password1="Choose a password.", password2="Enter the new password again.")


class NewPasswordForm(ResetPasswordKeyForm):
    """Behind the link in a mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say_the_rule(self)

    def clean(self) -> dict[str, Any]:
        knocks.count(knocks.NEW_PASSWORDS, counted_as(client_address(context.request.META)))
        return cast("dict[str, Any]", super().clean())

    def save(self) -> None:
        """Whoever followed the link reads the mail of this address."""
        super().save()
        EmailAddress.objects.filter(user=self.user, email=self.user.email).update(verified=True)
        mail_owners.end_waiting(self.user.email, owner=self.user)


class OwnPasswordForm(ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say_the_rule(self)
        self.fields["oldpassword"].label = "Current password"
        say_what_is_missing(self, oldpassword="Enter your current password.")

    def clean_oldpassword(self) -> str:
        counted = knocks.own_password(self.user, context.request.session.session_key)
        typed = super().clean_oldpassword()
        knocks.take_back(counted)
        return str(typed)


class SignUpForm(SignupForm):
    """A person with an account of their own; without one for somebody who was invited to another."""

    name = OneLineField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )
    company = OneLineField(
        label="Company name",
        max_length=120,
        help_text="Your account gets this name. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": "Enter the name of your company."},
    )
    # A script writes the browser's own zone into it.
    time_zone = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-time-zone": ""}))
    field_order = ("name", "company", "email", "password1", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = sign_in_field(self.fields["email"])
        self.fields["password1"].help_text = HINT
        say_what_is_missing(self, password1="Choose a password.")
        self.invitation = invitation_on_the_way(context.request)
        if self.invitation:
            del self.fields["company"]
            self.initial["email"] = self.invitation.email
            self.fields["email"].disabled = True
            self.fields["email"].help_text = "The invitation is for this address."

    def validate_unique_email(self, value: str) -> str:
        """allauth's would also count those with whom it waits."""
        self.account_already_exists = mail_owners.owners_of(value).exists()
        return value

    def clean_time_zone(self) -> str:
        zone = self.cleaned_data["time_zone"]
        return zone if zone in TIME_ZONES else "UTC"

    def clean(self) -> dict[str, Any]:
        cleaned = cast("dict[str, Any]", super().clean())
        self._refuse_typed_names(cleaned)
        if not self.errors:
            knocks.sign_up(cleaned["email"], client_address(context.request.META))
        return cleaned

    def _refuse_typed_names(self, cleaned: dict[str, Any]) -> None:
        """The person and the company are not there yet, for the validators to ask."""
        company = self.invitation.account.name if self.invitation else cleaned.get("company", "")
        if "password1" not in cleaned or "password1" in self.errors:
            return
        try:
            refuse_names(cleaned["password1"], [cleaned.get("name", ""), company])
        except forms.ValidationError as refused:
            self.add_error("password1", refused)

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        # Of a known address too: the page that follows is the same.
        request.session[SIGNING_UP] = self.cleaned_data["email"]
        try:
            return self._saved(request)
        except IntegrityError:
            # Somebody took the address or the account's slug since this form was checked: once more, knowing it.
            self.account_already_exists = User.objects.filter(email=self.cleaned_data["email"]).exists()
            return self._saved(request)

    def _saved(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            # Hashing is nearly all of the time that a sign-up takes: without it, the answer came thirty times sooner
            # where somebody has an account.
            make_password(self.cleaned_data["password1"])
        return cast("tuple[User | None, HttpResponse | None]", super().try_save(request))

    @transaction.atomic
    def save(self, request: HttpRequest) -> User:
        user = cast(User, super().save(request))
        if self.invitation is None:
            people.create_account(name=self.cleaned_data["company"], owner=user, signs_up=True)
        if EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
            # By the key of the invitation.
            mail_owners.end_waiting(user.email, owner=user)
        return user


NO_COMPANY = {"required": "Enter the name of the company."}


class AccountForm(MeanwhileForm, forms.Form):
    name = OneLineField(label="Company name", max_length=120, show_hidden_initial=True, error_messages=NO_COMPANY)
    contact_email = MailAddressField(
        label="Contact e-mail",
        help_text="Given to applications as the account's e-mail.",
        show_hidden_initial=True,
        error_messages={"required": "Enter an e-mail address that reaches the company."},
    )

    def __init__(self, sent: QueryDict | None = None, *, account: Account) -> None:
        super().__init__(sent, initial={"name": account.name, "contact_email": account.contact_email})


class NewAccountForm(forms.Form):
    name = OneLineField(label="Company name", max_length=120, error_messages=NO_COMPANY)


class InvitationForm(forms.ModelForm):
    class Meta:
        model = Invitation
        fields = ("email", "role")
        labels = {"email": "E-mail"}
        widgets = {"role": forms.RadioSelect}
        error_messages = {"email": {"required": "Enter the e-mail address of the person you invite."}}


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Membership.Role.choices)


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        choices=[(zone, zone.replace("_", " ")) for zone in TIME_ZONES],
        help_text="All times are shown in this time zone.",
    )

    class Meta:
        model = User
        fields = ("name", "time_zone")
