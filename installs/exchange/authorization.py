"""AuthorizeByApplication: protocol.md section 6. Exchanges that wait at the same time are decided on, and begun,
together; one that cannot be is asked again alone."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, cast
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from installs.exchange import statements, steps
from installs.exchange.cases import SOON, Authorized, Case, Refused, refusal_of
from installs.exchange.steps import Ask, Not, Steps
from installs.exchange.wire import ExchangeRequest
from linnapp import credentials
from linnapp.addresses import counted_as

__all__ = ["Authorized", "Exchange", "Outcome", "Refused", "authorize"]
Outcome = Authorized | Refused


@dataclass(frozen=True, slots=True)
class Exchange(Ask[Outcome]):
    """One that somebody asks for. Asked twice, because nobody knows what became of the first time, it begins a second
    session: nobody was told the token of the first, which ends by itself."""

    request: ExchangeRequest
    address: str

    @classmethod
    def together(cls, asks: Sequence[Self]) -> Steps[list[Outcome | Not]]:
        """An exchange has to be asked alone where it would pass the quota with those before it, or a credential of it
        ends soon."""
        now = timezone.now()
        drafts = [_Draft.of(ask, number, now) for number, ask in enumerate(asks)]
        cases = yield from _look(drafts, now)
        begun = {case.number for case in cases if case.begun}
        begun |= yield from _begin_chosen(drafts, cases, now)
        outcomes: list[Outcome | Not] = [Not.NOW] * len(drafts)
        for case in cases:
            draft = drafts[case.number]
            if case.number in begun:
                outcomes[case.number] = draft.authorized(case)
            elif refusal := draft.refusal(case):
                outcomes[case.number] = refusal
            elif not case.begins_among_others(now + SOON):
                outcomes[case.number] = Not.TOGETHER
        return outcomes

    def alone(self) -> Steps[Outcome | Not]:
        """Two statements; three near the session cap. What changed before the session began is decided on anew, so that
        the caller learns the reason."""
        now = timezone.now()
        draft = _Draft.of(self, 0, now)
        case = Case.of((yield [statements.look([draft.asked()], now)])[0])
        if case.has_ended:
            return Not.NOW
        if refusal := draft.refusal(case):
            return refusal
        in_turn = [draft.key] if case.takes_a_turn else []
        begun = yield statements.begin([draft.chosen(case)], in_turn, now, draft.expires_at)
        return draft.authorized(case) if begun else Not.NOW


def authorize(request: ExchangeRequest, *, address: str) -> Authorized:
    """A session for a permanent token. Raises Refused, and Unavailable while the database is."""
    outcome = steps.answer(Exchange(request, address))
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


@dataclass(frozen=True, slots=True)
class _Draft:
    """The session that begins if all stands."""

    exchange: Exchange
    number: int
    session_id: UUID
    token: str
    digest: str
    expires_at: datetime

    @classmethod
    def of(cls, exchange: Exchange, number: int, now: datetime) -> Self:
        token = credentials.new_credential()
        expires_at = now + timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS)
        return cls(exchange, number, uuid.uuid4(), token, credentials.digest(token), expires_at)

    def asked(self) -> dict[str, Any]:
        request = self.exchange.request
        return {
            "application": request.application_id or None,
            "secret": credentials.digest(request.application_secret),
            "token": credentials.digest(request.token),
            "counted": counted_as(self.exchange.address),
            **self._written(),
        }

    def chosen(self, case: Case) -> dict[str, Any]:
        """The ends as they were read: SQLite compares them as text."""
        ends = {name: getattr(case, name) for name in ("secret_ends_at", "token_ends_at")}
        return {
            "secret_id": case.secret_id,
            "token_id": case.token_id,
            **{name: None if end is None else str(end) for name, end in ends.items()},
            **self._written(),
        }

    def _written(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "id": self.key,
            "digest": self.digest,
            "scope": self.exchange.request.scope,
            "address": self.exchange.address,
        }

    @property
    def key(self) -> str:
        return self.session_id.hex

    def refusal(self, case: Case) -> Refused | None:
        return None if case.has_ended else refusal_of(self.exchange.request, case)

    def authorized(self, case: Case) -> Authorized:
        return Authorized(
            session_id=self.session_id,
            session_token=self.token,
            expires_at=self.expires_at,
            installation_id=cast(UUID, case.installation_id),
            account_id=cast(UUID, case.account_id),
            account_name=str(case.account_name),
            account_email=str(case.account_email),
            application_name=str(case.application_name),
            first_use_of=case.token_id if case.is_first_use else None,
        )


def _look(drafts: Sequence[_Draft], now: datetime) -> Steps[list[Case]]:
    """One look at them all, which begins sessions as well on an engine that can."""
    asked = [draft.asked() for draft in drafts]
    if statements.engine().look_and_begin:
        statement = statements.look_and_begin(asked, now, drafts[0].expires_at)
    else:
        statement = statements.look(asked, now)
    rows = yield [statement]
    return [Case.of(row) for row in rows]


def _begin_chosen(drafts: Sequence[_Draft], cases: Sequence[Case], now: datetime) -> Steps[set[int]]:
    """The numbers of those that began, of those for whom all stands and that did not begin with the look: those that
    take turns, and on SQLite the others too. A second transaction, for all of them."""
    with_the_look = bool(statements.engine().look_and_begin)
    chosen = {
        drafts[case.number].key: drafts[case.number].chosen(case)
        for case in cases
        if not case.begun
        and (case.takes_a_turn or not with_the_look)
        and case.begins_among_others(now + SOON)
        and drafts[case.number].refusal(case) is None
    }
    if not chosen:
        return set()
    in_turn = [drafts[case.number].key for case in cases if case.takes_a_turn and drafts[case.number].key in chosen]
    rows = yield statements.begin(list(chosen.values()), in_turn, now, drafts[0].expires_at)
    begun = {UUID(str(row["id"])) for row in rows}
    return {draft.number for draft in drafts if draft.session_id in begun}
