"""Kinds of the timeline are registered by the wing whose act they are: a new one needs no migration."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from linnapp import kinds, timeline
from linnapp.actors import NOBODY, Actor, Side
from linnapp.models import Application, TimelineEntry, User
from tests.kit.people import ClientOf, acting


@pytest.fixture
def novelty(monkeypatch: pytest.MonkeyPatch) -> kinds.Kind:
    monkeypatch.setattr(kinds, "_registered", dict(kinds._registered))
    return kinds.register("GATEWAY_OPENED", "Gateway opened by {who}", about="details")


def test_a_new_kind_is_told_and_needs_no_migration(
    novelty: kinds.Kind, application: Application, alice: User, client_of: ClientOf
) -> None:
    timeline.record(novelty, by=acting(alice), application=application)
    page = client_of(alice).get(reverse("application_activity", args=("northwind", application.pk)))
    assert "Gateway opened by Alice" in page.content.decode()
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_the_admin_narrows_by_a_new_kind(
    novelty: kinds.Kind, application: Application, alice: User, paula: User, client_of: ClientOf
) -> None:
    timeline.record(novelty, by=acting(alice), application=application)
    client: Client = client_of(paula)
    page = client.get(reverse("admin:linnapp_timelineentry_changelist"), {"kind": "GATEWAY_OPENED"})
    assert [row.kind for row in page.context["cl"].result_list] == ["GATEWAY_OPENED"]
    assert "?kind=GATEWAY_OPENED" in client.get(reverse("admin:linnapp_timelineentry_changelist")).content.decode()


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="There is a kind MANIFEST_SAVED already"):
        kinds.register("MANIFEST_SAVED", "Something else")


def test_a_kind_that_nothing_registers_any_more_is_told_by_its_name_to_its_own_side(
    application: Application, alice: User
) -> None:
    TimelineEntry.objects.create(kind="OF_AN_EARLIER_RELEASE", side=Side.DEVELOPER, actor_name="Alice")
    entries = TimelineEntry.objects.filter(kind="OF_AN_EARLIER_RELEASE")
    assert [line.sentence for line in timeline.lines(entries, Side.DEVELOPER)] == ["Of an earlier release, by Alice"]
    assert timeline.lines(entries, Side.CUSTOMER) == []
    odd = TimelineEntry.objects.create(kind="OF_{who.__class__}_{", side=Side.DEVELOPER, actor_name="Alice")
    assert timeline.line(odd, Side.DEVELOPER).sentence == "Of {who.  class  } {, by Alice"


def test_the_timeline_writes_what_the_actor_brings(application: Application, paula: User) -> None:
    """Also from a service that developers use: what staff do never reads as the developer's own act."""
    access = application.pk
    by = Actor(paula, Side.STAFF, reason="Asked for by phone.", access=access, on_side=Side.DEVELOPER)
    entry = timeline.record(kinds.MANIFEST_SAVED, by=by, application=application, changes="1 change")
    assert (entry.side, entry.reason, entry.actor_name) == ("STAFF", "Asked for by phone.", "Paula")
    assert entry.facts["access"] == str(access)
    told = timeline.line(entry, Side.DEVELOPER)
    assert told.sentence == "Manifest saved by Paula of this portal's staff, 1 change"
    assert "access" not in timeline.record(kinds.MANIFEST_SAVED, by=NOBODY, application=application).facts
