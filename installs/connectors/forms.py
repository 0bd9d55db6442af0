"""An instance of the Linnworks connector: the six credentials of its source page, under the names that they have there,
and where it calls."""

from typing import cast

import django_filters
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.html import format_html

from installs.connectors.client import AUTHORIZE
from installs.connectors.making import ENCRYPTED, GRANT_TYPE, LABELS, TOKEN_KEY, Values, is_elsewhere
from installs.models import Connector
from installs.models.connectors import ConnectorQuerySet
from installs.outbound import NotSent
from installs.outbound.targets import Target
from linnapp import credentials
from linnapp.form_fields import OneLineField

NO_UUID = "{} is an id such as 3f2b8c1e-5d47-4a90-b6c2-08e1f7a9d354: 32 digits and letters from a to f. Copy all of it."
# Pasted with the punctuation that the page they were read on has around them.
AROUND = " \t`'\"“”‘’"
SECRET = ("token", "application_secret")
NOT_KEPT = "Token and Application secret were cleared because of the error: paste them again."


STATES = [(state.lower(), label) for state, label in Connector.State.choices]


class ConnectorFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search")
    state = django_filters.ChoiceFilter(choices=STATES, method="in_state")

    class Meta:
        model = Connector
        fields: tuple[str, ...] = ()

    def search(self, queryset: ConnectorQuerySet, name: str, value: str) -> ConnectorQuerySet:
        return queryset.matching(value.strip())

    def in_state(self, queryset: ConnectorQuerySet, name: str, value: str) -> ConnectorQuerySet:
        return queryset.in_state(value)


class CredentialField(forms.CharField):
    """One of the six. `mark` stands beside its label."""

    def __init__(self, name: str, hint: str, *, secret: bool = False, initial: str = "") -> None:
        attributes = {"autocomplete": "off", "spellcheck": "false"}
        super().__init__(
            label=LABELS[name],
            max_length=2000 if name == "scope" else 200,
            initial=initial,
            help_text=hint,
            widget=forms.PasswordInput(attributes) if secret else forms.TextInput(attributes),
            error_messages={"required": f"{LABELS[name]} is missing."},
        )
        self.mark = "required"

    def keep_stored(self) -> None:
        self.required = False
        self.mark = "stored"
        self.help_text = f"Leave it empty to keep the stored one. {self.help_text}"


class ConnectorForm(forms.Form):
    name = OneLineField(
        label=LABELS["name"],
        max_length=Connector.NAME_LENGTH,
        help_text="Such as the name of the system, shop or warehouse.",
        error_messages={"required": "Give the connector a name."},
    )
    base_url = forms.CharField(
        label=LABELS["base_url"],
        max_length=500,
        error_messages={"required": "Give the address of the API, such as https://api.linnworks.net."},
        widget=forms.URLInput(attrs={"spellcheck": "false"}),
    )
    scope = CredentialField(
        "scope",
        "The permissions that the connector asks for, as in the application's manifest: App Modules lists them.",
    )
    token = CredentialField(
        "token",
        "The permanent token of the installation, not a session token. It is shown when the application is "
        "installed, and later under My apps.",
        secret=True,
    )
    application_id = CredentialField(
        "application_id", "Created with the application in the developer portal: General shows it as Application ID."
    )
    application_secret = CredentialField(
        "application_secret",
        "Created with the application in the developer portal: General reveals it to its developers.",
        secret=True,
    )
    grant_type = CredentialField("grant_type", f"Always {GRANT_TYPE}.", initial=GRANT_TYPE)
    token_key = CredentialField(
        "token_key",
        f"The member of the answer that has the session token: {TOKEN_KEY}. Upper and lower case are the same.",
        initial=TOKEN_KEY,
    )

    def __init__(self, sent: QueryDict | None = None, *, stored: Connector | None = None) -> None:
        super().__init__(sent, initial=_initial(stored))
        self.stored = stored
        self.fields["base_url"].help_text = format_html(
            "The address of the API: scheme and host. This portal is <code>{}</code>.", settings.SITE_URL
        )
        for name in ENCRYPTED if stored else ():
            cast(CredentialField, self.fields[name]).keep_stored()

    def values(self) -> Values:
        return Values(**self.cleaned_data)

    @property
    def lost_secrets(self) -> str:
        """Said where something is wrong and a secret was typed."""
        typed = any(self.data.get(name) for name in SECRET)
        return NOT_KEPT if self.is_bound and self.errors and typed else ""

    def clean_base_url(self) -> str:
        text: str = self.cleaned_data["base_url"].rstrip("/")
        if "?" in text or "#" in text:
            raise ValidationError("Leave out ? and # and everything after them.")
        if "api" in text.partition("://")[2].lower().split("/")[1:]:
            raise ValidationError("Leave out /api and everything after it: the connector adds it.")
        try:
            Target.of(text + AUTHORIZE, to_portal=True)
        except NotSent as fault:
            raise ValidationError(str(fault)) from None
        return text

    def clean(self) -> None:
        """What is never shown again is not sent to another server either, by whoever writes its address here."""
        text = self.cleaned_data.get("base_url")
        if not text or not self.stored or not is_elsewhere(text, self.stored):
            return
        for name in SECRET:
            if not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, f"It was stored for {self.stored.host}. To send it elsewhere, paste it again.")

    def clean_token(self) -> str:
        return self._identifier("token")

    def clean_application_id(self) -> str:
        return self._identifier("application_id")

    def clean_application_secret(self) -> str:
        return self._identifier("application_secret")

    def clean_grant_type(self) -> str:
        value: str = self.cleaned_data["grant_type"].strip(AROUND)
        if value != GRANT_TYPE:
            raise ValidationError(f"Grant type has to be {GRANT_TYPE}: AuthorizeByApplication accepts no other.")
        return value

    def clean_token_key(self) -> str:
        """With the full stop that the documentation's sentence has behind it, it is pasted too."""
        value: str = self.cleaned_data["token_key"].strip(AROUND).rstrip(".").strip(AROUND)
        if not value or len(value) > 80 or not value.isprintable() or " " in value:
            raise ValidationError(f"Give the name of one member of the answer, such as {TOKEN_KEY}.")
        return value

    def _identifier(self, name: str) -> str:
        value: str = self.cleaned_data[name].strip(AROUND)
        if value and credentials.canonical(value) is None:
            raise ValidationError(NO_UUID.format(LABELS[name]))
        return value


def _initial(stored: Connector | None) -> dict[str, str]:
    """What was stored encrypted is not shown again."""
    if stored is None:
        return {"base_url": settings.SITE_URL}
    return {name: getattr(stored, name) for name in ("name", "base_url", "grant_type", "token_key")}
