from django import forms


class SupportSearchForm(forms.Form):
    q = forms.CharField(
        label="Search",
        max_length=2000,
        error_messages={"required": "Paste something first."},
        help_text="An id, e-mail, company, application, token or reference; or the whole message that was shown.",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
