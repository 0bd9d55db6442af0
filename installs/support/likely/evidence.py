"""What likely causes are read from: the rows of one installation, each asked for when a rule first wants it, and once.

Nothing here reads more than by an index, however many installations there are: each list has its bound.
"""

from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from installs.exchange.data_calls import USED_AGAIN_AFTER
from installs.exchange.findings import Refused, findings
from installs.exchange.hour_lines import day_of
from installs.exchange.hours import hour_of
from installs.exchange.refusals import Reason
from installs.exchange.sent import SecretSent
from installs.installations import connecting
from installs.models import (
    AddressDay,
    Attempt,
    Connector,
    Delivery,
    ExchangeHour,
    Installation,
    PermanentToken,
    PostbackHost,
    RefusalGroup,
    Session,
)
from installs.models.refusals import RefusalGroupQuerySet
from installs.models.sessions import idle_since
from installs.support.likely.refusals import Found, Refusals, together
from linnapp import timeline
from linnapp.actors import Side
from linnapp.addresses import prefix_of
from linnapp.kinds import Kind
from linnapp.models import Application, Secret, TimelineEntry
from linnapp.words import counted

# Refusals of the installation itself, and those that are looked for by hour and cause among everybody's.
OWN_REFUSALS, OTHER_REFUSALS = timedelta(days=7), timedelta(days=2)
# Some exchanges are answered in each minute that comes to the quota: a good one says nothing there.
OVER_QUOTA_FOR = timedelta(hours=1)
MOST_SESSIONS, MOST_GROUPS, MOST_POSTBACKS, MOST_OTHERS = 200, 200, 20, 5
# What names no installation may be of each of so many, among the newest of its application.
FEW, NEWEST = 5, 50
# Where the caller proved an application, and no installation of it.
NAMES_NO_INSTALLATION = (
    Reason.SESSION_TOKEN_SENT,
    Reason.OTHER_CREDENTIAL_SENT,
    Reason.UNKNOWN_TOKEN,
    Reason.CREDENTIAL_SENT,
)
WITH_A_DEAD_TOKEN = (Reason.UNINSTALLED, Reason.INSTALLATION_FAILED)


class Evidence:
    """Of one installation, as support reads it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.application = installation.application
        self.account = installation.account
        self.developer = installation.application.account
        self.now = timezone.now()

    # Exchanges.

    @cached_property
    def sessions(self) -> list[Session]:
        """The newest first; rows are kept for two days."""
        return list(self.installation.sessions.defer("scope").order_by("-created_at")[:MOST_SESSIONS])

    @cached_property
    def live_sessions(self) -> list[Session]:
        """The newest first."""
        idle = idle_since(self.now)
        return [
            row
            for row in self.sessions
            if row.ended_at is None and row.expires_at > self.now and row.last_used_at > idle
        ]

    @cached_property
    def last_exchange_at(self) -> datetime | None:
        """Of those that were answered; where its row is gone, the end of its hour."""
        if self.sessions:
            return self.sessions[0].created_at
        hours = ExchangeHour.objects.of_installation(self.installation).since(self.now - OWN_REFUSALS)
        hour = hours.filter(exchanges__gt=0).order_by("-hour").values_list("hour", flat=True).first()
        return hour + timedelta(hours=1) if hour else None

    @cached_property
    def last_good_at(self) -> datetime | None:
        """The last exchange that was answered, or the last call. A use that is written is written again half a minute
        later at the earliest: between the two, calls were answered that nothing tells of."""
        uses = [
            min(row.last_used_at + USED_AGAIN_AFTER, row.ended_at or self.now)
            for row in self.sessions
            if row.last_used_at > row.created_at
        ]
        moments = [*uses, self.last_exchange_at] if self.last_exchange_at else uses
        return max(moments, default=None)

    @cached_property
    def tokens(self) -> dict[int, PermanentToken]:
        """Live or ended, the newest ones."""
        rows = self.installation.permanent_tokens.defer("encrypted", "digest")
        return {row.pk: row for row in rows[:MOST_OTHERS]}

    @cached_property
    def secrets(self) -> dict[int, Secret]:
        return {row.pk: row for row in self.application.secrets.defer("encrypted", "digest")}

    @cached_property
    def others(self) -> list[Installation]:
        """Of the same application on the same account, the newest first: one lives at most."""
        rows = Installation.objects.filter(account=self.account, application=self.application)
        return list(rows.exclude(pk=self.installation.pk).order_by("-installed_at")[:MOST_OTHERS])

    # Refusals.

    @cached_property
    def refusals(self) -> list[Refusals]:
        """Those that go on, those alike together: what is proven of it first, the latest of that first."""
        mine = (group for group in self._own_groups if not self._is_overtaken(group))
        groups = [Found(group) for group in mine]
        groups += [Found(group) for group in self.groups_with_its_token if self._goes_on(group)]
        groups += [found for group in self._nameless_groups if (found := self._whose(group))]
        return together(groups, self._good_before)

    def reference_of_alike(self, group: RefusalGroup) -> str:
        """Of those that go on, and are like these; "" where none is."""
        alike = Found(group).alike
        return next((one.reference for one in self.refusals if Found(one.newest).alike == alike), "")

    def refused(self, *reasons: Reason) -> Refusals | None:
        return next((found for found in self.refusals if found.newest.reason in reasons), None)

    @cached_property
    def _own_groups(self) -> list[RefusalGroup]:
        """Of this installation, and with the dead permanent tokens of those before it."""
        dead = [row.pk for row in self.others if not row.is_live]
        its = Q(installation_id=self.installation.pk) | Q(installation_id__in=dead, reason__in=WITH_A_DEAD_TOKEN)
        groups = self._going_on(RefusalGroup.objects.filter(its)).since(hour_of(self.now - OWN_REFUSALS))
        return list(groups.order_by("-hour")[:MOST_GROUPS])

    @cached_property
    def groups_with_its_token(self) -> list[RefusalGroup]:
        """What proved nothing, or another application, and carried a permanent token of this installation: of two
        days, also of before the last good exchange."""
        groups = self._of_causes(Reason.UNPROVEN, Reason.OTHER_APPLICATION)
        return list(groups.filter(permanent_token_id__in=list(self.tokens)).order_by("-hour")[:MOST_GROUPS])

    @cached_property
    def _nameless_groups(self) -> list[RefusalGroup]:
        """Of the application, and of no installation that is known; or with a retired secret, which proves nothing."""
        proven = Q(application_id=self.application.pk, reason__in=NAMES_NO_INSTALLATION)
        named = Q(named_application_id=self.application.pk, application_id=None, permanent_token_id=None)
        groups = self._going_on(self._of_causes(Reason.UNPROVEN, *NAMES_NO_INSTALLATION))
        return list(groups.filter(proven | named & Q(secret_sent=SecretSent.RETIRED)).order_by("-hour")[:MOST_GROUPS])

    def _of_causes(self, *reasons: Reason) -> RefusalGroupQuerySet:
        """By hour and cause, which are known one by one: the index leads to these rows alone."""
        hours = int(OTHER_REFUSALS / timedelta(hours=1))
        lately = [hour_of(self.now) - timedelta(hours=ago) for ago in range(hours + 1)]
        return RefusalGroup.objects.filter(hour__in=lately, reason__in=reasons, is_rest=False)

    def _going_on(self, groups: RefusalGroupQuerySet) -> RefusalGroupQuerySet:
        """Without what came before the last good exchange, and of calls before the last good call."""
        if self.last_exchange_at is None:
            return groups
        over_quota = Q(reason=Reason.OVER_QUOTA, last_at__gt=self.now - OVER_QUOTA_FOR)
        is_call = Q(asked=RefusalGroup.Asked.CALL)
        exchanges = ~is_call & Q(last_at__gt=self.last_exchange_at)
        return groups.filter(exchanges | is_call & Q(last_at__gt=self.last_good_at) | over_quota)

    def _good_before(self, group: RefusalGroup) -> datetime | None:
        """What of the group is older counts no more."""
        if group.reason == Reason.OVER_QUOTA:
            return None
        return self.last_good_at if group.asked == RefusalGroup.Asked.CALL else self.last_exchange_at

    def _goes_on(self, group: RefusalGroup) -> bool:
        good = self._good_before(group)
        return good is None or group.last_at > good

    def _is_overtaken(self, group: RefusalGroup) -> bool:
        """Of an ended session, where one that began later lives: whoever called with it has authorised again."""
        if group.reason != Reason.SESSION_ENDED or not self.live_sessions:
            return False
        began = group.facts.get("began")
        return not began or datetime.fromisoformat(began) < self.live_sessions[0].created_at

    def _whose(self, group: RefusalGroup) -> Found | None:
        """With why it is taken for one of this installation, whose client is silent; None where nothing says so."""
        if group.session_id:
            # Where its row is gone, it was written down whose it was.
            its = group.session_id in self._its_sessions
            its = its or group.facts.get("installation") == str(self.installation.pk)
            return Found(group, "It belongs to a session of this installation.") if its else None
        if self.live_sessions:
            return None
        nameless = f"It names no installation, and may belong to another of {self.application}"
        if group.address and group.address in self._own_prefixes:
            return Found(group, f"{nameless}: it came from {group.address}, as exchanges of this one did.", may_be=True)
        if self._live_of_application > FEW or not self.installation.is_live:
            return None
        number = counted(self._live_of_application, "live installation")
        why = f"It names no installation: {self.application} has {number}, and no session of this one is live."
        return Found(group, why, may_be=True)

    @cached_property
    def _its_sessions(self) -> set[UUID]:
        """Of the sessions whose tokens were sent in another place."""
        sent = [group.session_id for group in self._nameless_groups if group.session_id]
        return set(self.installation.sessions.filter(pk__in=sent).values_list("pk", flat=True)) if sent else set()

    @cached_property
    def _own_prefixes(self) -> set[str]:
        """Where its exchanges came from, and those of few others: behind one server of the developer's, where all of
        them come from, an address tells nothing."""
        prefixes = {prefix_of(row.address) for row in self.sessions if row.address}
        others = {row.pk for row in self._newest_of_application} - {self.installation.pk}
        days = {day_of(self.now), day_of(self.now - timedelta(days=1))}
        sharing: dict[str, set[UUID]] = {}
        for row in AddressDay.objects.of_days(others, days) if prefixes else ():
            for prefix in {prefix for of_hour in row.hours.values() for prefix in of_hour} & prefixes:
                sharing.setdefault(prefix, set()).add(row.installation_id)
        # Of more installations than are looked at, one that shares it stands for many.
        most = FEW - 1 if len(others) < NEWEST - 1 else 0
        return {prefix for prefix in prefixes if len(sharing.get(prefix, ())) <= most}

    @cached_property
    def _newest_of_application(self) -> list[Installation]:
        rows = Installation.objects.of_application(self.application).only("state", "waits_until")
        return list(rows.order_by("-installed_at")[:NEWEST])

    @cached_property
    def _live_of_application(self) -> int:
        """Among its newest ones; more than FEW where those are not all."""
        newest = self._newest_of_application
        return sum(row.is_live for row in newest) if len(newest) < NEWEST else FEW + 1

    @cached_property
    def nameless(self) -> int:
        """Refusals of the application that may be of any installation of it."""
        return sum(group.count for group in self._nameless_groups)

    def findings_of(self, found: Refusals) -> list[str]:
        """Which credential was wrong, with its history, in the words of support."""
        key = found.newest.application_id or found.newest.named_application_id
        application: Application | None = self.application
        if key != self.application.pk:
            application = Application.objects.filter(pk=key).first() if key else None
        return findings(Refused(found.newest, application, found.values, Side.STAFF, lambda _: True))

    # Postbacks and connectors.

    @cached_property
    def postbacks(self) -> list[Delivery]:
        """The newest first."""
        owed = Delivery.objects.of_installation(self.installation).owed().newest_first()
        return list(connecting.with_arrivals(owed)[:MOST_POSTBACKS])

    @cached_property
    def telling_postback(self) -> Delivery | None:
        """The one that says whether the permanent token has arrived."""
        return connecting.telling(self.postbacks) if self.postbacks else None

    @cached_property
    def missing_postback(self) -> Delivery | None:
        """The newest one, where it has not arrived."""
        newest = self.postbacks[0] if self.postbacks else None
        return newest if newest and newest.state != Delivery.State.DELIVERED else None

    @cached_property
    def has_its_token(self) -> bool:
        """Whether the permanent token of the newest postback is where it belongs: that postback or an earlier one
        brought it, or it was exchanged after it was to be sent, and so came another way."""
        telling = self.telling_postback
        return telling is not None and (connecting.has_arrived(telling) or self._was_exchanged_since(telling))

    def _was_exchanged_since(self, owed: Delivery) -> bool:
        newest = max(self.tokens, default=None)
        if any(row.permanent_token_id == newest and row.created_at > owed.created_at for row in self.sessions):
            return True
        if owed.event == Delivery.Event.TOKEN_ROTATED:
            # The first exchange with the new one ended the one before.
            ended = [row for row in self.tokens.values() if row.ended_by_use and row.ends_at]
            return any(row.ends_at and row.ends_at > owed.created_at for row in ended)
        last = self.last_exchange_at
        return not self.sessions and last is not None and last - timedelta(hours=1) > owed.created_at

    @cached_property
    def last_attempt(self) -> Attempt | None:
        """To deliver the one that has not arrived."""
        missing = self.missing_postback
        return missing.attempts.defer("request", "answer").newest_first().first() if missing else None

    @cached_property
    def host(self) -> PostbackHost | None:
        missing = self.missing_postback
        known = PostbackHost.objects.filter(application=self.application, kind=Delivery.Kind.POSTBACK)
        return known.filter(host=missing.host).first() if missing else None

    @cached_property
    def failing_connectors(self) -> list[Connector]:
        rows = Connector.objects.filter(account=self.account, enabled=True, state=Connector.State.FAILING)
        return list(rows.order_by("-created_at")[:MOST_OTHERS])

    # The timeline.

    def last_act(self, *kinds: Kind | str) -> TimelineEntry | None:
        """The last of these kinds that is told of this installation."""
        return TimelineEntry.objects.about(self.installation.pk).filter(kind__in=kinds).newest_first().first()


def who(entry: TimelineEntry | None, side: Side) -> str:
    """As this side is told; "" where nothing is on record."""
    return timeline.actor(entry, side) if entry else ""
