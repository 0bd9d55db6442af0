"""Mail to the Owners of an application about an endpoint: the first postback or event that was given up, the host that
is held, and that it answers again. Each by choice of the team, and at most once in 24 hours for a host."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from installs.models import AlertSent, Delivery, PostbackAlerts, PostbackHost
from installs.postbacks import kinds
from installs.postbacks.policy import RETIRED
from linnapp import credentials, mail, timeline
from linnapp.actors import Actor
from linnapp.models import Application
from linnapp.moments import kept
from linnapp.services.locking import locked
from linnapp.words import counted

Matter = AlertSent.Matter
# A host that comes and goes is told of once in so long, for each matter.
ONCE_IN = timedelta(hours=24)
LABELS = {
    Matter.EXHAUSTED: "all attempts of a postback or event failed",
    Matter.PARKED: "postbacks or events to a host are held",
    Matter.RECOVERED: "a host that was held answers again",
}
ONE = {Delivery.Kind.POSTBACK: "A postback", Delivery.Kind.EVENT: "An event"}
ALL = {Delivery.Kind.POSTBACK: "Postbacks", Delivery.Kind.EVENT: "Events"}
LOST = {
    Delivery.Kind.POSTBACK: "Its permanent token was not delivered.",
    Delivery.Kind.EVENT: "Your endpoint does not know what happened.",
}


def chosen(application: Application) -> PostbackAlerts:
    return PostbackAlerts.objects.filter(application=application).first() or PostbackAlerts(application=application)


def matters_of(alerts: PostbackAlerts) -> list[Matter]:
    return [matter for matter in Matter if getattr(alerts, matter.value)]


@transaction.atomic
def choose(application: Application, wanted: Iterable[Matter], *, by: Actor) -> None:
    """Raises NotPossible for a retired application."""
    row, wanted = locked(application, retired=RETIRED), set(wanted)
    alerts, _ = PostbackAlerts.objects.get_or_create(application=row)
    if set(matters_of(alerts)) == wanted:
        return
    for matter in Matter:
        setattr(alerts, matter.value, matter in wanted)
    alerts.save()
    told = [LABELS[matter] for matter in matters_of(alerts)]
    timeline.record(kinds.POSTBACK_ALERTS, by=by, application=row, alerts="; ".join(told) or "nothing")


def exhausted(row: PostbackHost, cause: str) -> None:
    """In the caller's transaction, as all of these. The first since the host began to fail."""
    kind = Delivery.Kind(row.kind)
    if _is_wanted(row, Matter.EXHAUSTED, not_since=row.failing_since):
        _send(
            row,
            f"{ONE[kind]} to {row.host} could not be delivered",
            f"{ONE[kind]} of {row.application} to {row.host} could not be delivered: all attempts failed. The "
            f"last one: {credentials.masked_addresses(cause).rstrip('.')}.",
            f"{LOST[kind]} Fix the endpoint, then redeliver what failed",
            _page(row, "postback_list", "?state=exhausted"),
        )


def parked(row: PostbackHost) -> None:
    what = ALL[Delivery.Kind(row.kind)]
    if _is_wanted(row, Matter.PARKED):
        _send(
            row,
            f"{what} to {row.host} are held",
            f"{what} of {row.application} to {row.host} have failed since {_since(row)}. They "
            f"are now held: the oldest is tried once an hour, and once one is delivered, the rest follow in "
            f"order.",
            "See what went wrong, with the request and answer of each attempt",
            _page(row, "postback_list", "?state=held"),
        )


def recovered(row: PostbackHost, released: int) -> None:
    """Of a host that was held: `released` are on their way now."""
    kind = Delivery.Kind(row.kind)
    if _is_wanted(row, Matter.RECOVERED):
        others = (
            f"{counted(released, 'other', 'others')} that {'was' if released == 1 else 'were'} held "
            f"{'is' if released == 1 else 'are'} on {'its' if released == 1 else 'their'} way now, in order."
            if released
            else "None of the others was held."
        )
        _send(
            row,
            f"{row.host} answers again",
            f"{ONE[kind]} of {row.application} to {row.host} was delivered, the first since {_since(row)}. {others}",
            f"{ALL[kind]} that were stopped or ran out of attempts are not sent again automatically. To replay them",
            _page(row, "postback_replay"),
        )


def _is_wanted(row: PostbackHost, matter: Matter, not_since: datetime | None = None) -> bool:
    """Whether the team wants this mail and none like it was sent today, nor since the moment. It counts as sent."""
    if matter not in matters_of(chosen(row.application)):
        return False
    now = timezone.now()
    last, is_first = AlertSent.objects.get_or_create(host=row, matter=matter, defaults={"sent_at": now})
    before = min(now - ONCE_IN, not_since or now)
    return is_first or bool(AlertSent.objects.filter(pk=last.pk, sent_at__lt=before).update(sent_at=now))


def _page(row: PostbackHost, name: str, query: str = "") -> str:
    return settings.SITE_URL + reverse(name, args=(row.application.account.slug, row.application_id)) + query


def _send(row: PostbackHost, subject: str, happened: str, to_do: str, page: str) -> None:
    text = (
        f"{happened}\n\n{to_do}: {page}\n\n"
        f"You get this as an Owner of {row.application.account}, at most once in 24 hours for each host. Choose "
        f"which of these e-mails are sent in the postback settings: {_page(row, 'postback_settings')}#alerts\n"
    )
    for owner in row.application.account.owners():
        mail.send(mail.Kind.POSTBACKS, subject, text, owner.email, account=row.application.account)


def _since(row: PostbackHost) -> str:
    return kept(row.failing_since, "DATE_LONG") if row.failing_since else ""
