"""/metrics: what it reads from the database, and who reads it."""

import re
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from installs.metrics import text
from installs.models import Delivery, PostbackHost
from installs.postbacks import asking
from linnapp.models import Account, Application, OutgoingMail, User
from linnapp.queues import queue
from tests.kit.people import acting
from tests.kit.posting import deliver, install, wait_for_200, with_postback
from tests.kit.receivers import Reply, receiving

pytestmark = pytest.mark.django_db
# Of those that are read from the database: all others are of processes, and of tests before this one.
READ = re.compile(r"linnapp_(postback|installations|mails_)")
TOKEN = "a-token-of-the-monitor"
OUTSIDE = "203.0.113.9"


def figures() -> dict[str, float]:
    """As a monitor reads them: `name{label}` and value."""
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    samples = [
        sample for family in text_string_to_metric_families(answer.content.decode()) for sample in family.samples
    ]
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples if READ.match(sample.name)
    }


def test_a_portal_at_rest_says_0_everywhere() -> None:
    assert figures() == {
        "linnapp_postbacks_waiting": 0,
        "linnapp_postbacks_held": 0,
        "linnapp_postbacks_oldest_due_seconds": 0,
        "linnapp_postbacks_last_day due": 0,
        "linnapp_postbacks_last_day held": 0,
        "linnapp_postbacks_last_day delivered": 0,
        "linnapp_postbacks_last_day stopped": 0,
        "linnapp_postbacks_last_day exhausted": 0,
        "linnapp_postback_hosts_parked": 0,
        "linnapp_installations_pending": 0,
        "linnapp_mails_waiting": 0,
        "linnapp_mails_oldest_due_seconds": 0,
        "linnapp_mails_failed": 0,
    }


def test_it_tells_mails_that_wait_are_due_and_failed() -> None:
    now, states = timezone.now(), OutgoingMail.State
    for number, (state, due) in enumerate(
        ((states.WAITING, -10), (states.WAITING, 60), (states.FAILED, -99), (states.SENT, -99), (states.SENT, -99))
    ):
        due_at = now + timedelta(minutes=due)
        OutgoingMail.objects.create(message_id=str(number), recipient="erin@x.example", state=state, due_at=due_at)
    seen = figures()
    assert (seen["linnapp_mails_waiting"], seen["linnapp_mails_failed"]) == (2, 1)
    assert 600 <= seen["linnapp_mails_oldest_due_seconds"] < 620


@pytest.mark.usefixtures("to_loopback")
def test_it_counts_what_waits_what_came_of_it_and_every_attempt(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User
) -> None:
    answers = [Reply(500), Reply(200)]
    with receiving(lambda received: answers.pop()) as receiver:
        version = with_postback(application, receiver.url, alice)
        install(application, cakes, version, carol)
        deliver()
        install(application, depot, version, dave)
        deliver()
    seen = figures()
    assert (seen["linnapp_postbacks_waiting"], seen["linnapp_postbacks_last_day due"]) == (1, 1)
    assert seen["linnapp_postbacks_last_day delivered"] == 1
    # The retry lies ahead: nothing is due.
    assert seen["linnapp_postbacks_oldest_due_seconds"] == 0
    assert (seen["linnapp_postback_attempts_total 2xx"], seen["linnapp_postback_attempts_total 5xx"]) == (1, 1)
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=10))
    assert 600 <= figures()["linnapp_postbacks_oldest_due_seconds"] < 620


@pytest.mark.usefixtures("to_loopback")
def test_a_counter_does_not_go_back_when_the_log_is_emptied(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving() as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
    Delivery.objects.all().delete()
    assert figures()["linnapp_postback_attempts_total 2xx"] == 1


@pytest.mark.usefixtures("to_loopback")
def test_it_counts_parked_hosts_what_is_held_and_installations_that_wait(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User
) -> None:
    version = with_postback(application, "https://hooks.example.com/", alice)
    PostbackHost.objects.create(
        application=application, host="hooks.example.com", failing_since=timezone.now(), parked_at=timezone.now()
    )
    install(application, cakes, version, carol)
    wait_for_200(application)
    install(application, depot, version, dave)
    seen = figures()
    assert (seen["linnapp_postbacks_held"], seen["linnapp_postbacks_waiting"]) == (1, 1)
    assert (seen["linnapp_postback_hosts_parked"], seen["linnapp_installations_pending"]) == (1, 1)


def test_what_is_older_than_a_day_or_a_test_is_not_of_the_last_day(application: Application, alice: User) -> None:
    asking.send_test(application, url="https://hooks.example.com/", by=acting(alice))
    assert figures()["linnapp_postbacks_last_day due"] == 0
    Delivery.objects.update(event=Delivery.Event.INSTALLED)
    assert figures()["linnapp_postbacks_last_day due"] == 1
    Delivery.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert figures()["linnapp_postbacks_last_day due"] == 0


def test_what_a_suspended_application_owes_makes_the_queue_no_older(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    install(application, cakes, with_postback(application, "https://hooks.example.com/", alice), carol)
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=10))
    Application.objects.update(suspended_by_staff_at=timezone.now())
    assert figures()["linnapp_postbacks_oldest_due_seconds"] == 0


def test_it_asks_the_database_nine_times_whatever_there_is() -> None:
    with CaptureQueriesContext(connection) as queries:
        figures()
    assert len([query for query in queries if query["sql"].startswith("SELECT")]) == 9


# Who reads them.


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_whoever_is_on_this_machine_reads_them(peer: str) -> None:
    assert Client().get("/metrics", REMOTE_ADDR=peer).status_code == 200


@pytest.mark.parametrize("peer", ["203.0.113.9", "10.0.0.7", "::ffff:203.0.113.9", "", "unix:"])
def test_nobody_else_learns_that_they_are_there(peer: str, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer, unknown = (Client().get(path, REMOTE_ADDR=peer) for path in ("/metrics", "/api/unknown"))
    assert answer.status_code == unknown.status_code == 404
    # As any other path of machines that is not there.
    assert answer.json()["Message"].startswith("This portal serves Auth/AuthorizeByApplication")
    assert answer.json().keys() == unknown.json().keys()
    assert Client().post("/metrics", REMOTE_ADDR=peer).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_behind_a_proxy_on_this_machine_nobody_is_on_this_machine(header: str) -> None:
    """Every request comes from loopback there, and whoever sends one may write the header's first words."""
    client = Client(headers={header: "127.0.0.1"})
    assert client.get("/metrics").status_code == 404


def test_the_token_opens_them_from_anywhere(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    for scheme in ("Bearer", "bearer"):
        client = Client(headers={"Authorization": f"{scheme} {TOKEN}", "X-Forwarded-For": "203.0.113.9"})
        assert client.get("/metrics", REMOTE_ADDR=OUTSIDE).status_code == 200


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}x", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}", "Bearer é"])
def test_another_token_opens_nothing(settings: Settings, given: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert Client(headers={"Authorization": given}).get("/metrics", REMOTE_ADDR=OUTSIDE).status_code == 404


def test_where_no_token_is_set_an_empty_one_opens_nothing(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    for given in ("Bearer ", "Bearer"):
        assert Client(headers={"Authorization": given}).get("/metrics", REMOTE_ADDR=OUTSIDE).status_code == 404


def test_they_are_read_only_and_never_kept() -> None:
    answer = Client().post("/metrics")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert Client().get("/metrics").headers["Cache-Control"] == "no-store"
    assert Client().head("/metrics").status_code == 200


# What is away.


def test_a_database_that_is_away_costs_its_own_figures_and_no_others() -> None:
    def away(*of: object) -> NoReturn:
        raise OperationalError("the server is gone")

    assert "linnapp_database_up 1.0\n" in Client().get("/metrics").content.decode()
    with connection.execute_wrapper(away):
        answer = Client().get("/metrics")
    told = answer.content.decode()
    assert answer.status_code == 200
    assert "linnapp_database_up 0.0\n" in told
    assert not re.search("^linnapp_(postbacks|mails)_waiting", told, re.MULTILINE)
    assert "linnapp_queue_jobs " in told
    assert 'linnapp_refusals_total{asked="exchange",cause="unproven"}' in told


def test_a_queue_that_is_away_costs_its_own_figures_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "HUEY", queue("redis://127.0.0.1:1/0", tmp_path / "none", "a-secret"))
    told = Client().get("/metrics").content.decode()
    assert "linnapp_queue_up 0.0\n" in told
    assert "linnapp_queue_jobs " not in told
    assert "linnapp_database_up 1.0\n" in told
    assert "linnapp_postbacks_waiting 0.0\n" in told


def test_a_statement_ends_on_postgresql() -> None:
    with text.patience(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("2s",)
        else:
            # One more writer would wait for all others.
            assert not connection.savepoint_ids
