"""Rotating a permanent token in place: a new one beside the one in use, which ends once the new one is used, or 24
hours after that was handed over (`installs.postbacks.handover`), or when somebody ends it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from installs.installations import acts, kinds
from installs.installations.acts import Act
from installs.installations.lifecycle import current_token, give_token, locked, locked_for
from installs.installations.telling import tell
from installs.models import Delivery, EventType, Installation, PermanentToken, Session
from installs.postbacks import handover, owing
from linnapp import batches, timeline
from linnapp.actors import NOBODY, Actor, refuse_unless_fresh
from linnapp.errors import NotPossible
from linnapp.models import Account
from linnapp.words import moment_in_words, span_in_words


@dataclass(frozen=True)
class Rotation:
    """One under way: `old` works beside `new`. `delivery` is the last postback that carries the new one, None where
    none was owed."""

    installation: Installation
    new: PermanentToken
    old: PermanentToken
    delivery: Delivery | None

    @property
    def is_handed_over(self) -> bool:
        """Delivered or shown: the old one has its end."""
        return self.old.ends_at is not None


def rotation_of(installation: Installation) -> Rotation | None:
    """None where one permanent token works, or none."""
    newest = installation.permanent_tokens.live().select_related("replaces").first()
    return rotation_with(installation, newest)


def rotation_with(installation: Installation, newest: PermanentToken | None) -> Rotation | None:
    """The same where its newest live permanent token was read already, with the one that it replaces."""
    old = newest.replaces if newest else None
    is_over = old is None or (old.ends_at is not None and old.ends_at <= timezone.now())
    return None if newest is None or is_over else _rotation(installation, newest)


def not_handed_over_on(account: Account) -> list[Rotation]:
    """Those on an account whose new permanent token was neither delivered nor shown so far, the oldest first."""
    tokens = PermanentToken.objects.not_handed_over().filter(installation__account=account)
    rows = tokens.select_related("replaces", "installation__application__account", "installation__account")
    return [_rotation(token.installation, token) for token in rows.order_by("created_at", "pk")]


def _rotation(installation: Installation, new: PermanentToken) -> Rotation:
    assert new.replaces is not None
    return Rotation(installation, new, new.replaces, handover.owed_of(new).newest_first().first())


@transaction.atomic
def rotate(installation: Installation, *, by: Actor) -> Rotation:
    """A new permanent token, by a postback where the version has a PostbackUrl; where it has none the caller shows it
    to `by`, unless that is staff: then it waits until somebody of either side reveals it.

    Raises NotPossible for whoever may not, for what is over or waits for its postback's 200, and while the one before
    still works: at most two live, and the one in use is never pushed out by one that nobody may have got.
    """
    row = locked_for(Act.ROTATE, installation, by)
    acts.refuse_without_reason(by)
    if under_way := rotation_of(row):
        raise NotPossible(_still_works(under_way))
    refuse_unless_fresh(by)
    _write_down_ended(row)
    old = current_token(row)
    new = give_token(row, replaces=old)
    tell(row, kinds.TOKEN_ROTATED, EventType.TOKEN_ROTATED, by=by, tail=new.tail, before=old.tail)
    last = owing.owed_by_last_consent(row)
    delivery = owing.owe(row, Delivery.Event.TOKEN_ROTATED, tracking=last.tracking if last else "")
    if delivery is None and not by.is_staff:
        handover.was_shown(new)
    old.refresh_from_db(fields=["ends_at"])
    return Rotation(row, new, old, delivery)


def _still_works(rotation: Rotation) -> str:
    ends = (
        f"until {moment_in_words(rotation.old.ends_at)}" if rotation.old.ends_at else "until the new one is delivered"
    )
    return (
        f"It has already been rotated, and the old permanent token …{rotation.old.tail} works {ends}. End the old "
        "one now, or wait, then rotate again."
    )


@transaction.atomic
def end_old_token(installation: Installation, *, by: Actor) -> PermanentToken:
    """Ends the old one at once, with the sessions that were made with it, whether the new one was handed over or not.
    Raises NotPossible for whoever may not, and where only one works."""
    row = locked_for(Act.END_OLD_TOKEN, installation, by)
    acts.refuse_without_reason(by)
    rotation = rotation_of(row)
    if rotation is None:
        raise NotPossible(f"Only one permanent token of {row} works, so there is no old one to end.")
    PermanentToken.objects.filter(pk=rotation.old.pk).end()
    _settle(row, rotation.new, rotation.old)
    timeline.record_about(row, kinds.OLD_TOKEN_ENDED, by=by, before=rotation.old.tail)
    return rotation.new


def write_down_ended() -> None:
    """What ended by use or by time has its line of the timeline then, and its sessions read as ended. One installation
    at a time: whoever holds one waits for no other."""

    def settle(tokens: Sequence[int]) -> None:
        for installation in Installation.objects.filter(permanent_tokens__in=tokens).distinct():
            with transaction.atomic():
                _write_down_ended(locked(installation))

    batches.work_through_pages(PermanentToken.objects.having_replaced().order_by("pk"), settle)


def _write_down_ended(row: Installation) -> None:
    """Of a locked row, in the caller's transaction."""
    for new in PermanentToken.objects.having_replaced().filter(installation=row).select_related("replaces"):
        old = new.replaces
        assert old is not None
        _settle(row, new, old)
        facts = {"before": old.tail, "tail": new.tail}
        if old.ended_by_use:
            timeline.record_about(row, kinds.OLD_TOKEN_REPLACED, by=NOBODY, **facts)
        else:
            span = span_in_words(handover.OVERLAP)
            timeline.record_about(row, kinds.OLD_TOKEN_LAPSED, by=NOBODY, span=span, **facts)


def _settle(row: Installation, new: PermanentToken, old: PermanentToken) -> None:
    PermanentToken.objects.filter(pk=new.pk).update(replaces=None)
    row.sessions.filter(permanent_token=old).end(Session.End.TOKEN_ENDED)
