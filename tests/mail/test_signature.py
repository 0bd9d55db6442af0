"""Every mail of the portal ends alike: where it comes from, and why this reader gets it where that helps."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail as sent
from django.test import RequestFactory
from django.utils import timezone

from linnapp import mail
from linnapp.models import OutgoingMail
from linnapp.people import PeopleAdapter

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
SIGNED = "\n\n— linnapp at localhost:8000\n"
CHOOSE = f"Choose which e-mails you get: {settings.SITE_URL}/profile/mails/"
Kind = OutgoingMail.Kind
OF_ALLAUTH = sorted(
    str(path.relative_to(TEMPLATES)).removesuffix("_message.txt")
    for path in TEMPLATES.rglob("*_message.txt")
    if path.name != "base_message.txt"
)
OWN = sorted(TEMPLATES.rglob("mail/*.txt"))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", Kind.values)
def test_each_kind_is_signed_once_at_its_end(kind: str) -> None:
    mail.send(kind, "Subject", "\nFirst line\n\nLast line\n\n\n", "carol@carolscakes.example")
    [message] = sent.outbox
    text, _, end = str(message.body).partition(SIGNED)
    assert text == "First line\n\nLast line"
    assert (CHOOSE in end) is (kind in (Kind.UPDATES, Kind.POSTBACKS, Kind.HELP, Kind.CASES))
    assert ("You get this e-mail because" in end) is (kind in (Kind.UPDATES, Kind.HELP, Kind.CASES))
    assert "linnapp" not in end.replace(settings.SITE_URL, "")
    assert not end or end.endswith("\n")


@pytest.mark.parametrize("template", OF_ALLAUTH)
def test_those_of_the_sign_in_are_signed_alike(template: str) -> None:
    now = timezone.now()
    context = {"portal": settings.SITE.netloc, "silent_until": now, "timestamp": now}
    adapter = PeopleAdapter(RequestFactory().get("/"))
    message = adapter.render_mail(template, "carol@carolscakes.example", context)
    assert str(message.body).endswith(SIGNED)
    assert str(message.body).count("linnapp") == 1


def test_nothing_else_makes_a_mail() -> None:
    """A message that is no `Letter` would go out unsigned; the outbox alone puts one together again."""
    made = [
        f"{path.relative_to(ROOT)}: {node.func.id}"
        for folder in ("linnapp", "installs")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("EmailMessage", "EmailMultiAlternatives", "send_mail", "mail_admins", "mail_managers")
    ]
    assert made == ["linnapp/outbox.py: EmailMultiAlternatives"]


def test_no_text_signs_itself() -> None:
    assert OWN
    assert not [path.name for path in OWN if "linnapp" in path.read_text()]
