"""So many that failed are sent again at a time: whoever asks holds the database for no longer than that takes."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.models import Delivery, Installation
from installs.postbacks import asking
from linnapp.models import Application, TimelineEntry, User
from tests.kit.consenting import read
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
State = Delivery.State
NUMBER = 5


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "TOGETHER", 2)


@pytest.fixture
def failed(installation: Installation) -> list[Delivery]:
    """The oldest failed last."""
    now = timezone.now()
    rows = [
        Delivery(
            application=installation.application,
            installation=installation,
            event=Delivery.Event.TOKEN_ROTATED,
            url="https://hooks.example.com/",
            host="hooks.example.com",
            nonce=f"{place}",
            state=State.EXHAUSTED,
            created_at=now - timedelta(minutes=30 - place),
            ended_at=now - timedelta(minutes=place),
        )
        for place in range(NUMBER)
    ]
    return Delivery.objects.bulk_create(rows)


def due() -> set[str]:
    return set(Delivery.objects.filter(state=State.DUE).values_list("nonce", flat=True))


def test_those_that_failed_first_go_first_and_what_fails_again_comes_after_the_rest(
    application: Application, failed: list[Delivery], alice: User
) -> None:
    since = timezone.now() - timedelta(hours=1)
    for sent in ({"3", "4"}, {"1", "2"}, {"0", "4"}):
        count = asking.replay(application, since=since, by=acting(alice))
        assert (count, due()) == (2, sent)
        # Given up at once, as by a 410.
        for row in Delivery.objects.filter(state=State.DUE).order_by("-nonce"):
            Delivery.objects.filter(pk=row.pk).update(state=State.STOPPED, ended_at=timezone.now())
    assert [entry.facts["count"] for entry in TimelineEntry.objects.filter(kind="POSTBACKS_REPLAYED")] == [2, 2, 2]


def test_the_page_says_how_many_are_sent_now_and_leads_back_to_the_rest(
    application: Application, failed: list[Delivery], alice: User, client_of: ClientOf
) -> None:
    client, page = client_of(alice), reverse("postback_replay", args=(application.account.slug, application.pk))
    shown = client.get(page)
    assert "2 are sent at a time, starting with those that failed first." in read(shown)
    assert "Replay the first 2 postbacks" in read(shown)
    since = shown.context["form"]["since"].value()
    for said in ("3 more are left. 2 are sent at a time: replay the rest next.", "1 more is left"):
        answer = client.post(page, {"since": since, "to": "version"}, follow=True)
        assert answer.redirect_chain[0][0].startswith(f"{page}?since=")
        assert said in read(answer)
    assert "Replay 1 postback" in read(answer)
    answer = client.post(page, {"since": since, "to": "version"}, follow=True)
    assert "1 postback is being sent again, oldest first." in read(answer)
    assert "left" not in read(answer)
    assert len(due()) == NUMBER


def test_what_failed_of_one_installation_is_told_one_by_one_as_by_hand(
    installation: Installation, failed: list[Delivery], alice: User
) -> None:
    assert asking.redeliver_failed(installation, by=acting(alice)) == 2
    assert due() == {"3", "4"}
    told = TimelineEntry.objects.filter(kind="POSTBACK_AGAIN").values_list("subject_id", "account_id", "facts__host")
    assert [row[:2] for row in told] == [(installation.pk, installation.account_id)] * 2
