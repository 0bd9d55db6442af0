"""What is kept of refusals has an end: groups, samples and windows, in number and in time."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from uuid import UUID, uuid4

import pytest
from django.db.models import Sum
from django.utils import timezone

from installs.exchange import ledger, records
from installs.exchange.ledger import note
from installs.exchange.references import Reference
from installs.exchange.refusals import Reason
from installs.exchange.sent import Asked, SecretSent, Sent, TokenSent
from installs.models import FailureWindow, Installation, RefusalGroup, RefusalSample
from linnapp import credentials
from tests.kit.exchanging import WRONG, message, post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_noted")]
NAMED = Sent(UUID(WRONG), SecretSent.UNKNOWN, None, TokenSent.UNKNOWN)


def prefixes(count: int) -> Iterator[str]:
    """An address of each."""
    first = int(ip_address("10.0.0.1"))
    return (str(ip_address(first + number * 256)) for number in range(count))


def counted() -> int:
    return RefusalGroup.objects.aggregate(total=Sum("count"))["total"] or 0


def rows() -> int:
    return RefusalGroup.objects.count() + RefusalSample.objects.count() + FailureWindow.objects.count()


def test_random_values_over_the_wire_add_few_rows(right: dict[str, str]) -> None:
    for number in range(400):
        odd = {name: str(uuid4()) for name in right} if number % 2 else right | {"ApplicationSecret": str(uuid4())}
        post(odd, REMOTE_ADDR=f"127.0.0.{2 + number % 19}")
        if number % 100 == 0:
            ledger.flush()
    ledger.flush()
    assert counted() == 400
    assert RefusalGroup.objects.count() == 2
    assert rows() <= 2 + 2 * 20 + 19
    assert all(len(str(sample.facts)) < 200 for sample in RefusalSample.objects.all())


def test_a_flood_from_everywhere_has_a_bound_and_pushes_out_nothing_proven(installation: Installation) -> None:
    for number, address in enumerate(prefixes(1500)):
        sent = Sent(uuid4() if number % 3 else None)
        for _ in range(3):
            note(Reason.UNPROVEN, address=address, facts={}, sent=sent)
        note(Reason.UNREADABLE, address=address, facts={})
    ledger.flush()
    unproven = RefusalGroup.objects.filter(application_id=None)
    assert counted() == 6000
    assert FailureWindow.objects.count() == 1000
    # Also of one that goes on from one hour into the next.
    assert 2 * (unproven.count() + RefusalSample.objects.count()) + 1000 <= 5000
    assert all(unproven.filter(is_rest=False).values_list("sampled", flat=True))
    note(
        Reason.TOKEN_ENDED,
        address="203.0.113.9",
        facts={},
        application_id=installation.application_id,
        installation_id=installation.pk,
    )
    ledger.flush()
    assert RefusalSample.objects.get(group__installation_id=installation.pk).group.count == 1


def test_one_application_named_from_one_prefix_has_a_bound() -> None:
    for number in range(120):
        sent = Sent(UUID(WRONG), SecretSent.RETIRED, number, TokenSent.UNKNOWN)
        note(Reason.UNPROVEN, address=f"192.0.2.{number}", facts={}, sent=sent)
    ledger.flush()
    rests = RefusalGroup.objects.filter(is_rest=True)
    assert RefusalGroup.objects.count() == 51
    assert [(row.named_application_id, row.count) for row in rests] == [(UUID(WRONG), 70)]
    note(Reason.UNPROVEN, address="198.51.100.1", facts={}, sent=NAMED)
    ledger.flush()
    assert RefusalGroup.objects.get(address="198.51.100.0/24").count == 1


def test_what_there_is_goes_on_to_be_counted_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    note(Reason.UNPROVEN, address="192.0.2.1", facts={}, sent=NAMED)
    ledger.flush()
    monkeypatch.setattr(records, "UNPROVEN_GROUPS", 1)
    monkeypatch.setattr(records, "UNPROVEN_RESTS", 1)
    for address in ("192.0.2.2", "198.51.100.1", "198.51.100.2"):
        note(Reason.UNPROVEN, address=address, facts={}, sent=NAMED)
        ledger.flush()
    counts = RefusalGroup.objects.order_by("pk").values_list("is_rest", "named_application_id", "count")
    assert list(counts) == [(False, UUID(WRONG), 2), (True, None, 2)]


def test_the_process_keeps_no_more_than_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_GROUPS", 3)
    for address in prefixes(10):
        note(Reason.UNPROVEN, address=address, facts={}, sent=NAMED)
    assert sorted(group.count for group in ledger.take()) == [1, 1, 1, 7]


def test_calls_are_no_failures_of_an_address() -> None:
    note(Reason.NO_SESSION_TOKEN, asked=Asked.CALL, address="192.0.2.1", facts={})
    ledger.flush()
    assert not FailureWindow.objects.exists()


def test_old_ones_are_dropped_with_their_samples_and_windows_that_are_over() -> None:
    for address in prefixes(45):
        note(Reason.UNPROVEN, address=address, facts={})
    ledger.flush()
    old = timezone.now() - timedelta(days=31)
    kept = RefusalGroup.objects.order_by("pk")[0].pk
    RefusalGroup.objects.exclude(pk=kept).update(hour=old)
    FailureWindow.objects.exclude(address="10.0.0.1").update(last_at=timezone.now() - timedelta(minutes=11))
    records.drop_old()
    assert [group.pk for group in RefusalGroup.objects.all()] == [kept]
    assert RefusalSample.objects.count() == FailureWindow.objects.count() == 1


def test_references_tell_nobody_which_refusals_are_alike(right: dict[str, str]) -> None:
    """All unknown applications are of one group: told apart by references, known ones would be found by them."""
    answers = [post(right | {"ApplicationId": str(uuid4())}) for _ in range(50)]
    references = [answer.headers["X-Request-Id"] for answer in answers]
    assert len({message(answer) for answer in answers}) == 1
    assert {len(reference) for reference in references} == {26}
    for place in range(26):
        assert len({reference[place] for reference in references}) > 3
    assert len(ledger.take()) == 1


def test_a_reference_holds_hour_cause_and_what_was_sent() -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for reason in Reason:
        for hour in (now, now - timedelta(days=29)):
            one = Reference(hour, reason, SecretSent.RETIRED, TokenSent.SESSION, "0f1e", "01234567")
            assert Reference.read(one.written()) == one
            assert one.written() != one.written()
    old = Reference(now - timedelta(days=31), Reason.UNPROVEN, SecretSent.NONE, TokenSent.NONE, "0f1e", "01234567")
    assert Reference.read(old.written()) is None
    for text in ("", "0123456789abcdef", "a" * 26, "x" * 27, "1" * 26, str(uuid4()), credentials.sealed(b"\0" * 11)):
        assert Reference.read(text) is None
