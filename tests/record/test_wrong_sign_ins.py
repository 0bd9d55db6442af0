"""Wrong sign-ins are counted: a flood of them leaves few rows, and nobody is told whether an address is known."""

from collections import Counter
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from linnapp.models import AuditEntry, User
from linnapp.services import audit, ends
from tests.kit.people import ClientOf, person
from tests.record.conftest import Enter, told

pytestmark = pytest.mark.django_db
NOBODY = "nobody@nowhere.example"


def rows() -> Counter[str]:
    return Counter(AuditEntry.objects.values_list("kind", flat=True))


def test_addresses_that_nobody_has_share_one_row_an_hour(enter: Enter, alice: User) -> None:
    for number in range(5):
        unknown = User(email=f"nobody{number}@nowhere.example")
        enter(unknown, "wrong", address=f"203.0.{number}.7")
    [row] = AuditEntry.objects.all()
    assert (row.kind, row.count, row.person_id, row.network) == ("SIGN_IN_UNKNOWN", 5, None, "")
    assert "nowhere" not in str(AuditEntry.objects.values())


def test_each_hour_and_network_has_a_row_of_its_own(enter: Enter, alice: User) -> None:
    enter(alice, "wrong", address="203.0.113.7")
    enter(alice, "wrong", address="203.0.114.7")
    AuditEntry.objects.update(at=timezone.now() - timedelta(hours=1), key=None)
    enter(alice, "wrong", address="203.0.113.8")
    assert sorted(AuditEntry.objects.values_list("network", "count")) == [
        ("203.0.113.0/24", 1),
        ("203.0.113.0/24", 1),
        ("203.0.114.0/24", 1),
    ]


def test_one_person_from_everywhere_has_few_rows(alice: User) -> None:
    for number in range(200):
        audit.count_wrong(alice, address=f"203.{number}.113.7", what="password")
    assert rows() == {"SIGN_IN_FAILED": audit.MOST_OF_PERSON + 1}
    assert sum(AuditEntry.objects.values_list("count", flat=True)) == 200
    last = AuditEntry.objects.order_by("-pk")[0]
    assert (last.network, last.count) == (audit.MORE_NETWORKS, 200 - audit.MOST_OF_PERSON)


def test_wrong_sign_ins_of_many_from_everywhere_leave_a_bounded_number(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST", 40)
    known = User.objects.bulk_create([User(email=f"p{one}@many.example", name=f"P{one}") for one in range(60)])
    for number in range(600):
        tried = None if number % 10 == 0 else known[number % 60]
        audit.count_wrong(tried, address=f"203.{number % 250}.{number // 60}.7", what="password")
    assert rows()["SIGN_IN_UNKNOWN"] == rows()["SIGN_IN_MORE"] == 1
    assert AuditEntry.objects.count() <= 42
    assert sum(AuditEntry.objects.values_list("count", flat=True)) == 600


def test_what_is_full_keeps_no_sign_in_out_and_counts_anew_within_the_hour(
    enter: Enter, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST", 0)
    enter(alice, "wrong")
    assert rows() == {"SIGN_IN_MORE": 1}
    assert "Alice signed in" in told(enter(alice).get("/profile/record/"))


def test_a_known_and_an_unknown_address_take_the_same_statements(enter: Enter, alice: User) -> None:
    """The first time and the second; of somebody who never confirmed, with the right password too."""
    waiting = person("Erin", "erin@emporium.example")
    EmailAddress.objects.filter(user=waiting).update(verified=False)
    told_apart = []
    for user, password in ((alice, "wrong"), (User(email=NOBODY), "wrong"), (waiting, "correct horse battery")):
        for _ in range(2):
            with CaptureQueriesContext(connection) as statements:
                enter(user, password)
            told_apart.append([one["sql"] for one in statements if "linnapp_auditentry" in one["sql"]])
    assert [len(statements) for statements in told_apart] == [1] * 6


def test_somebody_who_never_confirmed_leaves_no_name_behind(enter: Enter, client_of: ClientOf) -> None:
    enter(User(email=NOBODY), "wrong")
    client_of(None).post(
        "/sign-up/",
        {"name": "Erin", "company": "Emporium", "email": "erin@emporium.example", "password1": "a long enough secret"},
    )
    erin = User.objects.get(name="Erin")
    enter(erin, "wrong")
    User.objects.filter(pk=erin.pk).update(date_joined=timezone.now() - timedelta(days=8))
    assert ends.drop_unconfirmed() == 1
    assert list(AuditEntry.objects.values_list("person_name", flat=True)) == [""]
