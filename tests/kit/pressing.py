"""A browser without JavaScript, as far as forms go: what a page's form sends when one of its buttons is pressed."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from django.test import Client

URLENCODED = "application/x-www-form-urlencoded"
# What other elements are labelled by.
NAMED = re.compile(r'<(span|strong) id="([^"]+)"[^>]*>(.*?)</\1>', re.DOTALL)
TAG = re.compile(r"<[^>]*>")
Attributes = dict[str, str | None]


@dataclass
class Button:
    text: str
    action: str
    name: str = ""
    value: str = ""
    disabled: bool = False
    label: str = ""
    title: str = ""
    labelled_by: tuple[str, ...] = ()


@dataclass
class Form:
    """Fields in their order, as a list of pairs, because names repeat."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    autofocus: str = ""

    def value(self, name: str) -> str:
        return next(value for key, value in self.fields if key == name)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def button(self, text: str) -> Button:
        return next(button for button in self.buttons if button.text == text)

    def type_into(self, name: str, value: str) -> "Form":
        """The first field of that name, typed over."""
        place = [key for key, _ in self.fields].index(name)
        self.fields[place] = (name, value)
        return self


def form_of(response: Any, form_id: str) -> Form:
    page = response.content.decode()
    reader = _Reader(form_id)
    reader.feed(page)
    assert reader.form, f"the page has no form #{form_id}"
    named = {name: " ".join(unescape(TAG.sub("", words)).split()) for _, name, words in NAMED.findall(page)}
    for button in reader.form.buttons:
        if button.labelled_by:
            button.text = " ".join(named[name] for name in button.labelled_by)
    return reader.form


def press(client: Client, form: Form, text: str, **headers: Any) -> Any:
    """Posts the form to where that button sends it."""
    button = form.button(text)
    assert not button.disabled, f"{text} is disabled"
    sent = [*form.fields, *([(button.name, button.value)] if button.name else [])]
    return client.post(button.action or form.action, urlencode(sent), content_type=URLENCODED, headers=headers)


class _Reader(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.form: Form | None = None
        self.inside = False
        self.text: list[str] | None = None
        self.area = ""
        self.select: list[tuple[str, bool]] = []
        self.select_name: str | None = None
        self.pressed: Button | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given: Attributes = dict(attributes)
        if tag == "form" and given.get("id") == self.form_id:
            self.form, self.inside = Form(given.get("action") or ""), True
        elif self.inside and self.form:
            if "autofocus" in given:
                self.form.autofocus = given.get("id") or ""
            getattr(self, f"start_{tag}", lambda _: None)(given)

    def start_input(self, given: Attributes) -> None:
        """A box that is not ticked is not sent, and a file was not chosen."""
        assert self.form
        kind = given.get("type")
        left_out = kind in ("file", "submit") or (kind in ("checkbox", "radio") and "checked" not in given)
        if given.get("name") and not left_out:
            self.form.fields.append((given["name"] or "", given.get("value") or ""))

    def start_textarea(self, given: Attributes) -> None:
        self.area, self.text = given.get("name") or "", []

    def start_select(self, given: Attributes) -> None:
        self.select_name, self.select = given.get("name"), []

    def start_option(self, given: Attributes) -> None:
        self.select.append((given.get("value") or "", "selected" in given))

    def start_button(self, given: Attributes) -> None:
        assert self.form
        self.text = []
        self.pressed = Button(
            "",
            given.get("formaction") or "",
            given.get("name") or "",
            given.get("value") or "",
            "disabled" in given,
            given.get("aria-label") or "",
            given.get("title") or "",
            tuple((given.get("aria-labelledby") or "").split()),
        )
        self.form.buttons.append(self.pressed)

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        if not self.inside or not self.form:
            return
        if tag == "textarea" and self.text is not None:
            # The first line end of a textarea is not part of its value.
            self.form.fields.append((self.area, "".join(self.text).removeprefix("\n")))
            self.text = None
        elif tag == "button" and self.pressed and self.text is not None:
            self.pressed.text = self.pressed.label or " ".join("".join(self.text).split()) or self.pressed.title
            self.text = None
        elif tag == "select" and self.select_name and self.select:
            chosen = next((value for value, selected in self.select if selected), self.select[0][0])
            self.form.fields.append((self.select_name, chosen))
