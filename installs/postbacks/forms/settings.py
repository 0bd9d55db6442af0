"""Forms about postbacks: sending a test, when an installation is complete, and the end of a signing secret."""

from collections.abc import Iterator

from django import forms
from django.forms.boundfield import BoundWidget

from installs.models import AlertSent, PostbackPolicy
from installs.postbacks.alerts import LABELS
from linnapp.endings import ending_field
from linnapp.manifest import LONGEST_URL, TOKEN, TRACKING

Mode = PostbackPolicy.Mode
Matter = AlertSent.Matter
MEANINGS = {
    Mode.COMPLETE_AND_RETRY: (
        "The installation is complete at once, and your endpoint gets the postback right after it. If that fails, it "
        "is sent again: up to ten attempts within about three days.",
        "Choose this unless you are sure that you need the other.",
    ),
    Mode.WAIT_FOR_200: (
        "The person who installs waits while your endpoint is asked, once and for at most 10 seconds. If it answers "
        "200, the installation is complete. If not, the installation fails, its permanent token stops working, "
        "and the page says why.",
        "While your endpoint is down, nobody can install. It can exchange the permanent token before it answers.",
    ),
}
ALERTS = {
    Matter.EXHAUSTED: "The first one after a host began to fail. Ten attempts take about three days.",
    Matter.PARKED: "The host has failed for five days. From then on, only the oldest is tried, once an hour.",
    Matter.RECOVERED: "The e-mail says how many are being sent now.",
}


class PostbackTestForm(forms.Form):
    """Whether it is an address is for the service to say: its sentences mend it."""

    url = forms.CharField(
        label="Postback URL",
        max_length=LONGEST_URL,
        help_text=f"Any of your addresses. {TOKEN} and {TRACKING} in it are filled in as in a real postback.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": "Give the address to send the test to, such as https://hooks.example.com/linnapp.",
            "max_length": f"An address has at most {LONGEST_URL} characters; this one has %(show_value)s.",
        },
    )


class ModeForm(forms.Form):
    mode = forms.ChoiceField(
        label="When is an installation complete?",
        choices=Mode.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two.", "invalid_choice": "Choose one of the two."},
    )

    def clean_mode(self) -> Mode:
        return Mode(self.cleaned_data["mode"])

    def mode_rows(self) -> Iterator[tuple[BoundWidget, str, str]]:
        """Each radio with what it means, and when to choose it."""
        for radio in self["mode"]:
            yield radio, *MEANINGS[Mode(radio.data["value"])]


class AlertsForm(forms.Form):
    matters = forms.MultipleChoiceField(
        label="When should Owners get an e-mail?",
        choices=[(matter, LABELS[matter][0].upper() + LABELS[matter][1:]) for matter in Matter],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": "Choose from the three."},
    )

    def clean_matters(self) -> list[Matter]:
        return [Matter(matter) for matter in self.cleaned_data["matters"]]

    def matter_rows(self) -> Iterator[tuple[BoundWidget, str]]:
        """Each check box with what it means."""
        for box in self["matters"]:
            yield box, ALERTS[Matter(box.data["value"])]


class RotateSigningSecretForm(forms.Form):
    after = ending_field("When does the current one end?")
