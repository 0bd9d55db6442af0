"""What waits behind a sign-in, for whoever reads it before it is sent: what they changed, in the labels they know."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import cast
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, QueryDict
from django.urls import ResolverMatch, resolve, reverse

from linnapp import credentials, tab
from linnapp.forms.modules import read_draft
from linnapp.manifest import Difference, differences
from linnapp.services.manifests import manifest_of
from linnapp.services.typed import Typed
from linnapp.signing_in.fresh_sign_ins import told_of
from linnapp.views import modules

INITIAL = "initial-"
# Hidden in forms that are written in templates: where the form stood, and what it was drawn from.
INNER = {"asked", "at", "checked", "next", "nonce", "on_top", "only", "pending", "read", "revision", "version"}
# A mark begins with a verb, and has others behind these.
VERBS = re.compile(r"(^| and | or )(\w+?)s\b")
Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class InWords:
    """What the form is, its visible fields with their labels, or, for App Modules, what it changes; None for any other
    form."""

    what: str
    fields: Fields
    changes: list[Difference] | None


def in_words(request: HttpRequest, kept: Typed) -> InWords | None:
    """What is to be seen of a form that may have come from another site, or that anybody at the browser may have laid
    there, and that can show or move a secret, or is of the admin or one's own profile. None for one that may go on by
    itself."""
    match = resolve(urlsplit(kept.path).path)
    what = _what(match, kept)
    if not what:
        return None
    if getattr(match.func, "__module__", "") == modules.__name__:
        return InWords(what, [], _changes(request, match, kept))
    return InWords(what, list(_seen(match, kept.fields)), None)


def _what(match: ResolverMatch, kept: Typed) -> str:
    if kept.by_person and not kept.by_hand:
        return ""
    if match.app_name == "admin":
        return "A change in the admin"
    if kept.path.startswith(reverse("profile")):
        return "A change to your profile"
    if told := told_of(match.func):
        return f"A form that can {able(told)}"
    return "A form" if kept.by_hand else ""


def able(told: str) -> str:
    """After "can": "show or move their secrets" of "Shows or moves their secrets"."""
    return VERBS.sub(r"\1\2", told[:1].lower() + told[1:])


def _changes(request: HttpRequest, match: ResolverMatch, kept: Typed) -> list[Difference]:
    """Of the manifest; nothing where the form would be refused, which is told once it is sent."""
    try:
        row = tab.editable(request, match.kwargs["account"], match.kwargs["application"])
        saved = manifest_of(row)
        return differences(saved, read_draft(_as_posted(kept.fields), saved).manifest())
    except (BadRequest, Http404, PermissionDenied):
        return []


def _as_posted(fields: Fields) -> QueryDict:
    posted = QueryDict(mutable=True)
    for name, value in fields:
        posted.appendlist(name, value)
    return posted


def _seen(match: ResolverMatch, fields: Fields) -> Iterator[tuple[str, str]]:
    """Without what is hidden in the form, and what stands in it as it was drawn."""
    drawn = {name.removeprefix(INITIAL): _one_way(value) for name, value in fields if name.startswith(INITIAL)}
    form = _form_of(match, (name for name, _ in fields))
    for name, value in fields:
        field = form.get(name)
        if name in INNER or name.startswith(INITIAL) or (field and field.widget.is_hidden):
            continue
        if drawn.get(name) != _one_way(value):
            # A secret is not told.
            yield _label(name, field), credentials.masked_parameter(name, _chosen(field, value))


def _one_way(value: str) -> str:
    """Browsers send other ends of lines than they are given."""
    return value.replace("\r\n", "\n").strip()


def _form_of(match: ResolverMatch, names: Iterable[str]) -> dict[str, forms.Field]:
    """The fields of the form that the view's module has for these: of several the one that shares most with them."""
    module = import_module(getattr(match.func, "__module__", __name__))
    sent, best = set(names), dict[str, forms.Field]()
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, forms.BaseForm):
            fields = cast(dict[str, forms.Field], getattr(each, "base_fields", {}))
            if len(sent & fields.keys()) > len(sent & best.keys()):
                best = fields
    return best


def _label(name: str, field: forms.Field | None) -> str:
    if field and field.label:
        return str(field.label)
    words = name.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def _chosen(field: forms.Field | None, value: str) -> str:
    """The words of a choice, where the form has them without asking the database."""
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        return str(dict(cast(Iterable[tuple[str, str]], field.choices)).get(value, value))
    return value
