"""Test connection: authorises and calls once, and writes each step down as it happens.

A crew of the worker does it, so that a server that takes its time keeps neither jobs nor postbacks nor mail. Its
threads are shared out: a person and a host have AT_WORK of them at most, and whoever has fewer comes first."""

import logging
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from huey.contrib.djhuey import task

from installs.connectors import calling, conversation, kinds, making, own, reading
from installs.connectors.client import AUTHORIZE, Credentials, Session
from installs.connectors.conversation import Said
from installs.connectors.faults import NotAuthorised, Why
from installs.connectors.reading import Authorised
from installs.connectors.sessions import RowSessions
from installs.models import Connector, ConnectorCheck
from installs.models.connectors import TAKES_AT_MOST
from installs.outbound import Answer, NotSent, Stage, Step, texts
from linnapp import jobs, json_texts
from linnapp.actors import Actor
from linnapp.crews import Crew
from linnapp.errors import NotPossible
from linnapp.models import Account
from linnapp.services import quotas
from linnapp.services.locking import Alone, alone
from linnapp.supervision import stop_asked
from linnapp.words import counted

log = logging.getLogger(__name__)

CALL = "/api/Inventory/GetStockLocations"
# The steps that follow those of the connection.
AUTHORISE, TOKEN, SERVER, FIRST_CALL = "authorise", "token", "server", "call"
# Of one person, over all their accounts, and of one host, whoever tests it.
AT_WORK = 2
# Those that wait are looked through up to here.
LOOKED_AT = 1_000
# A queue that is away costs this long.
LOOKS_EVERY = 2.0


@transaction.atomic
def start(connector: Connector, *, by: Actor) -> ConnectorCheck:
    """Asks for a check, or gives the one that is under way. Raises NotPossible for a disabled instance, while
    another one of its account is tested, and past the quota of tests."""
    account = Account.objects.select_for_update(no_key=True).get(pk=connector.account_id)
    row = Connector.objects.filter(pk=connector.pk).first()
    if row is None:
        raise NotPossible(f"{connector} has been deleted.")
    calling.refuse_disabled(row)
    now = timezone.now()
    if under_way := row.checks.under_way(now).first():
        return under_way
    # A slow server takes a thread for as long as it likes: an account has one at a time.
    others = ConnectorCheck.objects.of_account(account).under_way(now)
    if other := others.select_related("connector").first():
        raise NotPossible(f"{other.connector} is being tested. Wait until that has ended.")
    quotas.count_test(row.base_url, by=by)
    # Its page shows the last one; those of the last minute are counted.
    row.checks.created_before(now - TAKES_AT_MOST).delete()
    check = row.checks.create(requested_by=by.person, revision=row.revision)
    row.account = account
    making.record(kinds.CONNECTOR_TESTED, row, by)
    transaction.on_commit(lambda: jobs.ask(run))
    return check


@task()
def run(*named: object) -> None:
    """Wakes the crew of the worker that has this job. Jobs of an earlier release name the check."""
    crew.wake()


def work() -> None:
    """Whatever waits and may begin, one after the other."""
    while not stop_asked() and (check := take()):
        _Run(check).go()


def take() -> ConnectorCheck | None:
    """The check whose turn it is, now running; none where none waits, or whoever waits has enough at work. What nobody
    took in time is not begun: nobody waits for it any more."""
    # Threads look every few seconds, and hardly ever is there something: that costs no lock.
    if not ConnectorCheck.objects.waiting(timezone.now()).exists():
        return None
    with transaction.atomic():
        # Two threads that count what is at work would both take the last place.
        alone(Alone.CHECKS)
        now = timezone.now()
        busy = _AtWork.now()
        rows = ConnectorCheck.objects.waiting(now).select_related("connector").order_by("created_at", "pk")
        free = [check for check in rows[:LOOKED_AT] if not busy.why_not(check)]
        # Of those with as many at work, the first stays the oldest.
        check = min(free, key=lambda each: busy.of_person[_person(each)], default=None)
        if check:
            check.state = ConnectorCheck.State.RUNNING
            check.save(update_fields=["state"])
    return check


class _AtWork:
    """How many checks run at this moment, by person and by host."""

    def __init__(self, running: Sequence[ConnectorCheck]) -> None:
        self.all = len(running)
        self.of_person = Counter(map(_person, running))
        self.of_host = Counter(map(_host, running))

    @classmethod
    def now(cls) -> "_AtWork":
        return cls(list(ConnectorCheck.objects.running(timezone.now()).select_related("connector")))

    def why_not(self, check: ConnectorCheck) -> str:
        """Why it cannot begin yet, for whoever asked for it; "" where it can."""
        if self.of_person[_person(check)] >= AT_WORK:
            return f"Only {AT_WORK} of your connections are tested at a time."
        if self.of_host[_host(check)] >= AT_WORK:
            host = _host(check)
            return f"Only {AT_WORK} connections to {host} are tested at a time."
        return ""


def why_it_waits(check: ConnectorCheck) -> str:
    """What stands before it; "" where it is nothing that a worker which runs would wait for."""
    at_work = _AtWork.now()
    if reason := at_work.why_not(check):
        return reason
    threads = settings.CONNECTOR_CHECK_THREADS
    tested = counted(at_work.all, "connection is", "connections are")
    return f"{tested} being tested right now." if at_work.all >= threads else ""


def _person(check: ConnectorCheck) -> Hashable:
    """Whoever asked for it; where nobody is known any more, the account."""
    return check.requested_by_id or check.connector.account_id


def _host(check: ConnectorCheck) -> str:
    return quotas.hostname_of(check.connector.base_url)


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
        self._tell(TOKEN, f"The answer has “{authorised.member}”: the session token, for {authorised.seconds} seconds.")
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


crew = Crew("connector checks", work, looks_every=LOOKS_EVERY, threads=settings.CONNECTOR_CHECK_THREADS)
