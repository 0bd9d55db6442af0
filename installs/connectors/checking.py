"""Test connection: a job that authorises and calls once, and writes each step down as it happens."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from huey.contrib.djhuey import db_task

from installs.connectors import calling, conversation, kinds, making, own, reading
from installs.connectors.client import AUTHORIZE, Credentials, Session
from installs.connectors.conversation import Said
from installs.connectors.faults import NotAuthorised, Why
from installs.connectors.reading import Authorised
from installs.connectors.sessions import RowSessions
from installs.models import Connector, ConnectorCheck
from installs.models.connectors import TAKEN_WITHIN, TAKES_AT_MOST
from installs.outbound import Answer, NotSent, Stage, Step, texts
from linnapp import json_texts
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import Account
from linnapp.words import counted

log = logging.getLogger(__name__)

CALL = "/api/Inventory/GetStockLocations"
# The steps that follow those of the connection.
AUTHORISE, TOKEN, SERVER, FIRST_CALL = "authorise", "token", "server", "call"
CHECKS_A_MINUTE = 10


@transaction.atomic
def start(connector: Connector, *, by: Actor) -> ConnectorCheck:
    """Asks for a check, or gives the one that is under way. Raises NotPossible for a disabled instance, and past
    CHECKS_A_MINUTE of its account."""
    account = Account.objects.select_for_update(no_key=True).get(pk=connector.account_id)
    row = Connector.objects.filter(pk=connector.pk).first()
    if row is None:
        raise NotPossible(f"{connector} was deleted meanwhile.")
    calling.refuse_disabled(row)
    now = timezone.now()
    if under_way := row.checks.under_way(now).first():
        return under_way
    # A slow server takes a thread of the worker for as long as it likes: an account has one at a time.
    others = ConnectorCheck.objects.of_account(account).under_way(now)
    if other := others.select_related("connector").first():
        raise NotPossible(f"{other.connector} is being tested. Wait until that is over.")
    if ConnectorCheck.objects.of_account(account).created_since(now - timedelta(minutes=1)).count() >= CHECKS_A_MINUTE:
        raise NotPossible(f"{CHECKS_A_MINUTE} connections were tested in the last minute. Wait a moment.")
    # Its page shows the last one; those of the last minute are counted.
    row.checks.created_before(now - TAKES_AT_MOST).delete()
    check = row.checks.create(requested_by=by.person, revision=row.revision)
    row.account = account
    making.record(kinds.CONNECTOR_TESTED, row, by)
    transaction.on_commit(lambda: wake(check.pk))
    return check


def wake(check_id: UUID) -> None:
    """A queue that is away costs this check, whose page says so, and not the request that asked for it."""
    try:
        run(check_id)
    except Exception as error:
        # Each queue raises its own: Redis, SQLite, the operating system.
        log.warning("the job queue is away (%s): a connector is not tested", type(error).__name__)


@db_task()
def run(check_id: UUID) -> None:
    work(check_id)


def work(check_id: UUID) -> None:
    """Once, however often it is asked for; not where nobody waits for it any more."""
    recent = ConnectorCheck.objects.created_since(timezone.now() - TAKEN_WITHIN)
    waiting = recent.filter(pk=check_id, state=ConnectorCheck.State.WAITING)
    if not waiting.update(state=ConnectorCheck.State.RUNNING):
        return
    check = ConnectorCheck.objects.select_related("connector").filter(pk=check_id).first()
    if check:
        _Run(check).go()


class _Run:
    """One check at work. Whatever it learns is in its row at once; it changes nothing of an instance that was edited
    meanwhile, whose generation is another."""

    def __init__(self, check: ConnectorCheck) -> None:
        self.connector = check.connector
        self.row = ConnectorCheck.objects.filter(pk=check.pk)
        self.given: Credentials
        self.sessions = RowSessions(check.connector)
        self.generation = check.connector.generation
        self.at = AUTHORISE
        self.steps: list[dict[str, Any]] = []
        self.said: list[Said] = []

    def go(self) -> None:
        try:
            # Raises where it was changed since it was loaded: nothing is sent then.
            self.sessions.current()
            self.given = calling.credentials_of(self.connector)
            authorised = self._authorise()
            self.sessions.put(self.generation, authorised)
            # Of whoever was quicker, if somebody was; raises where the connector was changed meanwhile.
            self.generation = self.sessions.current().generation
            self._call(Session(authorised.token, self.generation, authorised.server))
        except NotAuthorised as found:
            fault = (self.at == AUTHORISE and own.retired_secret(self.connector)) or found
            self.sessions.note(self.generation, fault)
            self._end(fault)
        except NotPossible as refusal:
            self._end(NotAuthorised(Why.NOT_POSSIBLE, str(refusal)))
        except Exception as error:
            log.exception("a check of a connector ended in a fault of the portal's own")
            self._end(NotAuthorised(Why.PORTAL_FAILED, f"The portal itself failed ({type(error).__name__})."))
        else:
            self._end()

    def _authorise(self) -> Authorised:
        try:
            answer = calling.caller_of(self.connector, calling.sending(self._hear), patient=False).exchange()
        except NotSent as error:
            self.said.append(conversation.of_exchange(self.given, self.connector.base_url, None))
            raise reading.of_not_sent(error) from None
        self.said.append(conversation.of_exchange(self.given, self.connector.base_url, answer))
        reading.refuse_unless_ok(answer)
        self._tell(AUTHORISE, f"{AUTHORIZE} answered {answer.status}.", answer.milliseconds)
        self.at = TOKEN
        key, base_url = self.given.token_key, self.connector.base_url
        authorised = reading.token_of(answer, key)
        self._tell(TOKEN, f"The answer has “{authorised.member}”: the session token, for {authorised.seconds} s.")
        self.at = SERVER
        authorised = reading.with_server(authorised, answer, key, base_url, self.given.hidden)
        self._tell(SERVER, _where(authorised.server))
        self.at = FIRST_CALL
        return authorised

    def _call(self, session: Session) -> None:
        url = (session.server or self.connector.base_url) + CALL
        try:
            answer = calling.caller_of(self.connector, calling.sending(), patient=False).call_with(
                session, "POST", CALL
            )
        except NotSent as error:
            self.said.append(conversation.of_call(self.given, session.token, url, None))
            raise reading.of_not_sent(error, session.server) from None
        self.said.append(conversation.of_call(self.given, session.token, url, answer))
        reading.refuse_bad_call(answer, session.server)
        self._tell(FIRST_CALL, f"{CALL} answered 200{_counted(answer)}.", answer.milliseconds)

    def _hear(self, step: Step) -> None:
        """What the door tells. Its last step is the beginning of ours; a first one again is a second request."""
        if step.name == Stage.NAME:
            self.steps = []
        if step.name != Stage.ANSWER:
            self._tell(step.name, step.words, step.milliseconds, passed=step.passed)

    def _tell(self, name: str, words: str, since_begun: int | None = None, *, passed: bool = True) -> None:
        self.steps.append({"name": name, "words": words, "milliseconds": since_begun, "passed": passed})
        self.row.update(steps=self.steps, conversation=self.said)

    def _end(self, fault: NotAuthorised | None = None) -> None:
        if fault and all(step["passed"] for step in self.steps):
            self._tell(self.at, str(fault), passed=False)
        self.row.update(
            state=ConnectorCheck.State.FAILED if fault else ConnectorCheck.State.PASSED,
            fault=str(fault or ""),
            fix=fault.fix if fault else "",
            ended_at=timezone.now(),
            conversation=self.said,
        )


def _where(server: str) -> str:
    if not server:
        return "The answer names no Server: calls go to the base URL."
    return f"The answer names {server}: calls go there."


def _counted(answer: Answer) -> str:
    try:
        locations = json_texts.load(texts.of_answer(answer))
    except (ValueError, RecursionError):
        return ""
    if not isinstance(locations, list):
        return ""
    return f": {counted(len(locations), 'stock location')}"
