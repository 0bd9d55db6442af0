"""What people of the demo asked of support: one that waits, and one that is solved."""

from collections.abc import Callable
from datetime import datetime, timedelta

from installs.help import asking, inbox
from installs.models import HelpCase, Installation
from linnapp.actors import Actor, Side
from linnapp.demo_people import PEOPLE
from linnapp.models import Account, Membership, User

COMPANY = "Carol's Cakes"
Plan = Callable[[datetime, Callable[[datetime], object]], None]


def plan(now: datetime, at: Plan) -> None:
    """Has them happen `at` their moments."""
    asked = now - timedelta(days=12, hours=3)
    solved = "We changed our warehouse. Do we have to install Stock Bridge again?"
    at(asked, lambda moment: _ask(solved, moment))
    at(asked + timedelta(hours=2), lambda moment: _answer(solved, moment))
    at(now - timedelta(hours=3), lambda moment: _ask("Since this morning no stock levels come in.", moment))


def _ask(sentence: str, moment: datetime) -> None:
    account = Account.objects.get(name=COMPANY)
    owner = account.memberships.filter(role=Membership.Role.OWNER).order_by("pk")[0].user
    installed = Installation.objects.live().on_account(account.slug).filter(application__name="Stock Bridge")
    case = asking.ask(
        account, sentence=sentence, installation=installed.with_its_facts().first(), by=Actor(owner, Side.CUSTOMER)
    )
    HelpCase.objects.filter(pk=case.pk).update(opened_at=moment, since=moment)


def _answer(sentence: str, moment: datetime) -> None:
    sam = User.objects.get(email=next(person.email for person in PEOPLE if person.is_support))
    case = HelpCase.objects.get(sentence=sentence)
    text = "No: it stays installed. Choose the new location on the page of Stock Bridge itself."
    message = inbox.answer(case, text, solves=True, by=Actor(sam, Side.STAFF))
    HelpCase.objects.filter(pk=case.pk).update(since=moment, assigned_at=moment)
    case.messages.filter(pk=message.pk).update(at=moment)
