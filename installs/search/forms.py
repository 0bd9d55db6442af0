from django import forms


class SearchForm(forms.Form):
    """Posted, so that what is pasted stands in no address, log or history."""

    q = forms.CharField(
        label="Search",
        max_length=2000,
        error_messages={"required": "Type a name, or paste an id, a version number or a reference."},
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )
