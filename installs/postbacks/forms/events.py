"""The form of the Events URL, and what each event tells."""

from collections.abc import Iterator

from django import forms
from django.forms.boundfield import BoundWidget

from installs.models import EventType
from linnapp.manifest import LONGEST_URL, NOT_ENCRYPTED

MEANINGS = {
    EventType.INSTALLED: "An account has installed the application, and the installation is complete.",
    EventType.AUTHORISED: "An account has authorised the application again.",
    EventType.UPDATED: "An installation has moved to another version.",
    EventType.WENT_BACK: "An installation went back to the version it was updated from.",
    EventType.SUSPENDED: "The account, or this portal's staff, suspended an installation: its tokens do not work.",
    EventType.RESUMED: "A suspended installation has been resumed.",
    EventType.UNINSTALLED: "An account has uninstalled the application: its permanent token no longer works.",
    EventType.FAILED: "An installation that waited for your endpoint's 200 has failed.",
    EventType.TOKEN_ROTATED: "An installation has a new permanent token. It comes by postback, never in an event.",
    EventType.APPLICATION_SUSPENDED: "This portal's staff suspended the application everywhere, or your account.",
    EventType.APPLICATION_RESUMED: "This portal's staff resumed the application, or your account.",
    EventType.APPLICATION_RETIRED: "The application was retired: its secrets have ended.",
}


class EventsForm(forms.Form):
    """Whether it is an address is for the service to say: its sentences mend it."""

    url = forms.CharField(
        label="Events URL",
        required=False,
        max_length=LONGEST_URL,
        help_text="Your server's address for events, such as https://hooks.example.com/events. Leave it empty to get "
        "none.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"max_length": f"An address has at most {LONGEST_URL} characters; this one has %(show_value)s."},
    )
    events = forms.MultipleChoiceField(
        label="Which events",
        required=False,
        choices=[(event.value, event.value) for event in EventType],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "There is no event %(value)s. Choose from these."},
    )

    @property
    def hint(self) -> str:
        """What to know of the address as it stands in the field."""
        return NOT_ENCRYPTED if (self["url"].value() or "").strip()[:7].lower() == "http://" else ""

    def event_rows(self) -> Iterator[tuple[BoundWidget, str]]:
        """Each box with what the event tells."""
        for box in self["events"]:
            yield box, MEANINGS[EventType(box.data["value"])]
