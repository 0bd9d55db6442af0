"""Owners are told by mail what staff suspended, and resumed: those whose account, application or installation it is."""

from django.conf import settings
from django.urls import reverse

from installs.models import Installation
from linnapp.actors import Actor
from linnapp.models import Account, Application, User
from linnapp.services import notices


def of_account(account: Account, done: str, *, by: Actor) -> None:
    """`done` is "suspended" or "resumed", here as below."""
    facts = {"account": account, "link": _site("account_activity", account.slug)}
    _tell(account.owners(), f"{account} was {done}", f"account_{done}", facts, by)


def of_application(application: Application, done: str, *, by: Actor) -> None:
    owners = application.account.owners()
    _tell(owners, f"{application} was {done}", f"application_{done}", _of_team(application), by)


def of_installation(installation: Installation, done: str, *, by: Actor) -> None:
    """The account that has it, and the team that makes it, each with the page of theirs; who owns both is told once."""
    application, account = installation.application, installation.account
    subject, template = f"{application} was {done} on {account}", f"installation_{done}"
    owners = account.owners()
    page = _site("installation_detail", account.slug, installation.pk)
    _tell(owners, subject, template, {"application": application, "account": account, "link": page}, by)
    team = [person for person in application.account.owners() if person not in owners]
    _tell(team, subject, template, _of_team(application) | {"account": account}, by)


def _of_team(application: Application) -> dict[str, object]:
    link = _site("application_activity", application.account.slug, application.pk)
    return {"application": application, "link": link}


def _site(name: str, *args: object) -> str:
    return settings.SITE_URL + reverse(name, args=args)


def _tell(people: list[User], subject: str, template: str, facts: dict[str, object], by: Actor) -> None:
    notices.tell(people, subject, f"installs/installations/mail/{template}.txt", facts, by=by)
