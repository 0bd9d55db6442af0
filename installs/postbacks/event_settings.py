"""Where an application's events go, and which of them: set by its developer beside what is set for postbacks."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from installs.models import Delivery, EventSettings, EventType, Installation, PostbackHost
from installs.models.deliveries import DeliveryQuerySet, host_of
from installs.outbound import NotSent
from installs.outbound.targets import Target
from installs.postbacks import courier, kinds, parking, signing_secrets
from installs.postbacks.holding import hold
from installs.postbacks.packing import NO_EVENTS_URL
from installs.postbacks.policy import RETIRED
from linnapp import manifest, timeline
from linnapp.actors import Actor, refuse_unless_fresh
from linnapp.errors import NotPossible
from linnapp.manifest import TOKEN, TRACKING
from linnapp.models import Application
from linnapp.services.locking import locked

# Chosen beforehand where no URL was set yet: what happens after an installation that a postback told of.
AT_FIRST = tuple(event for event in EventType if event not in (EventType.INSTALLED, EventType.AUTHORISED))


def settings_of(application: Application) -> EventSettings:
    """Those that are kept, or unsaved ones without a URL."""
    row = EventSettings.objects.of_application(application).first()
    return row or EventSettings(application=application)


def url_of(application: Application) -> str:
    """ "" where there is none."""
    return settings_of(application).url


def host_told_of(installation: Installation) -> str:
    """The host that is told of what happens to it; "" where none is, or nothing happens to it any more."""
    settings = settings_of(installation.application)
    is_told = installation.is_live and any(event.startswith("installation.") for event in settings.chosen)
    return host_of(settings.url) if is_told else ""


@transaction.atomic
def choose(application: Application, *, url: str, events: Iterable[str], by: Actor) -> None:
    """From now on these events are recorded, and all that wait go to this address; without one nothing is recorded, and
    what waits is given up. Raises NotPossible for what is no address, and for a URL without any event."""
    row = locked(application, retired=RETIRED)
    chosen = [event for event in EventType.values if event in set(events)]
    _refuse_unless_whole(url, chosen)
    settings = settings_of(row)
    before = settings.url
    if (before, list(settings.chosen)) == (url, chosen):
        return
    if url != before:
        refuse_unless_fresh(by)
    settings.url, settings.chosen = url, chosen
    settings.save()
    if url:
        signing_secrets.ensure(row)
        timeline.record(kinds.EVENTS_URL, by=by, application=row, host=host_of(url), chosen=_named(chosen))
    elif before:
        timeline.record(kinds.EVENTS_URL_CLEARED, by=by, application=row, host=host_of(before))
    if host_of(url) != host_of(before):
        parking.forget_events(row)
    if url != before:
        _lead(row, url)


def clear(application: Application, *, by: Actor) -> None:
    """As it goes to another account: what its old team set leads to the old team. The caller holds the application."""
    settings = EventSettings.objects.of_application(application).with_url().first()
    if settings is None:
        return
    timeline.record(kinds.EVENTS_URL_CLEARED, by=by, application=application, host=host_of(settings.url))
    settings.url, settings.chosen = "", []
    settings.save(update_fields=["url", "chosen"])
    parking.forget_events(application)
    _lead(application, "")


def _named(chosen: Sequence[str]) -> str:
    """By the shorter list of the two, so that each choice can be told from every other."""
    left = [event for event in EventType.values if event not in chosen]
    if len(left) < len(chosen):
        return f"all but {', '.join(left)}" if left else "all"
    return ", ".join(chosen)


def _refuse_unless_whole(url: str, chosen: Sequence[str]) -> None:
    if not url:
        return
    if TOKEN in url or TRACKING in url:
        raise NotPossible(
            f"An event carries no permanent token and no tracking: take {TOKEN} and {TRACKING} out of the address."
        )
    refuse_address("The Events URL", url)
    if not chosen:
        raise NotPossible("Choose at least one event, or leave the Events URL empty.")


def refuse_address(name: str, url: str) -> None:
    """Raises NotPossible for what is no address, and for one to which nothing is ever sent, as the door says it."""
    if fault := manifest.url_fault(name, url):
        raise NotPossible(fault)
    try:
        Target.read(url)
    except NotSent as refused:
        raise NotPossible(f"{name} cannot be used. {refused}") from None


def _lead(application: Application, url: str) -> None:
    """All events that wait, also those held for a host that fails, to the address of now."""
    waiting = _waiting(application)
    hold(waiting)
    if not url:
        # Not claimed any more: whatever an attempt under way comes to, it was given up.
        waiting.update(
            state=Delivery.State.STOPPED,
            outcome=NO_EVENTS_URL,
            next_attempt_at=None,
            claimed_until=None,
            ended_at=timezone.now(),
        )
        return
    host = host_of(url)
    parked = PostbackHost.objects.parked().of_application(application).filter(host=host, kind=Delivery.Kind.EVENT)
    if parked.exists():
        waiting.filter(claimed_until=None).update(state=Delivery.State.HELD, next_attempt_at=None)
    else:
        # All attempts again: how the address before did says nothing about this one.
        waiting.update(state=Delivery.State.DUE, tried=0, next_attempt_at=timezone.now())
        transaction.on_commit(courier.wake)
    _waiting(application).update(url=url, host=host)


def _waiting(application: Application) -> DeliveryQuerySet:
    return Delivery.objects.of_application(application).events().waiting()
