"""What somebody may do in the portal, asked of the service itself: the pages give whoever may not no field at all."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from linnapp import kinds
from linnapp.errors import NotPossible
from linnapp.models import Account, StaffAccess, TimelineEntry, User
from linnapp.services import audit
from linnapp.services.editing import EditedMeanwhile
from linnapp.services.rights import edit_person_by_staff
from tests.kit.people import ClientOf, acting, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("values", [{"is_staff": True}, {"is_superuser": True}, {"groups": {0}}])
def test_rights_are_given_by_superusers_alone(staff: dict[str, User], carol: User, values: dict[str, Any]) -> None:
    support = Group.objects.get_or_create(name="Support")[0]
    given: dict[str, Any] = {name: {support.pk} if name == "groups" else value for name, value in values.items()}
    with pytest.raises(NotPossible, match="Only a platform admin"):
        edit_person_by_staff(carol, by=acting(staff["Quinn"]), **given)
    assert edit_person_by_staff(carol, by=acting(staff["Paula"]), **given) == list(values)


def test_who_is_of_staff_is_changed_by_superusers_alone(staff: dict[str, User], carol: User) -> None:
    with pytest.raises(NotPossible, match="Only a platform admin"):
        edit_person_by_staff(staff["Willa"], by=acting(staff["Quinn"]), is_active=False)
    with pytest.raises(NotPossible, match="Only a platform admin"):
        edit_person_by_staff(staff["Willa"], by=acting(staff["Quinn"]), name="Renamed")
    assert edit_person_by_staff(carol, by=acting(staff["Quinn"]), is_active=False, name="Caro") == ["is_active", "name"]


def test_of_two_superusers_who_demote_each_other_one_stays(staff: dict[str, User]) -> None:
    """The second asks with rights that were read before they were taken away."""
    paula = staff["Paula"]
    petra = person("Petra", "petra@linnapp.example", is_staff=True, is_superuser=True)
    edit_person_by_staff(petra, by=acting(paula), is_superuser=False)
    with pytest.raises(NotPossible, match="Only a platform admin"):
        edit_person_by_staff(paula, by=acting(petra), is_superuser=False)
    with pytest.raises(NotPossible, match="This is you"):
        edit_person_by_staff(paula, by=acting(paula), is_superuser=False)
    assert list(User.objects.filter(is_superuser=True)) == [paula]


@pytest.mark.parametrize("lost", ["is_active", "is_staff", "is_superuser"])
def test_whoever_lost_their_own_rights_meanwhile_takes_none_away(staff: dict[str, User], lost: str) -> None:
    """As read when their request began they had all of them: of two who switch each other off, one stays."""
    paula = staff["Paula"]
    petra = person("Petra", "petra@linnapp.example", is_staff=True, is_superuser=True)
    User.objects.filter(pk=paula.pk).update(**{lost: False})
    with pytest.raises(NotPossible, match="Only a platform admin"):
        edit_person_by_staff(petra, by=acting(paula), is_active=False)
    User.objects.filter(pk=staff["Quinn"].pk).update(is_active=False)
    with pytest.raises(NotPossible, match="no longer belong to this portal's staff"):
        edit_person_by_staff(person("Eve", "eve@x.example"), by=acting(staff["Quinn"]), is_active=False)


def test_nobody_but_staff_changes_a_person(carol: User, alice: User) -> None:
    with pytest.raises(NotPossible, match="Only this portal's staff"):
        edit_person_by_staff(carol, by=acting(alice), is_active=False)


def test_groups_that_somebody_else_changed_meanwhile_are_shown(staff: dict[str, User], carol: User) -> None:
    one, two = (Group.objects.create(name=name) for name in ("One", "Two"))
    carol.groups.add(one)
    with pytest.raises(EditedMeanwhile) as refused:
        edit_person_by_staff(carol, by=acting(staff["Paula"]), started_from={"groups": set()}, groups={two.pk})
    assert refused.value.theirs == {"groups": "One"}
    edit_person_by_staff(carol, by=acting(staff["Paula"]), started_from={"groups": set()}, groups=set(), name="Caro")
    assert list(carol.groups.all()) == [one]


def test_whoever_is_no_staff_any_more_is_inside_no_account(staff: dict[str, User], cakes: Account) -> None:
    ends = timezone.now() + timedelta(minutes=30)
    willa = staff["Willa"]
    access = StaffAccess.objects.create(person=willa, account=cakes, purpose="LOOK", reason="Ticket", ends_at=ends)
    edit_person_by_staff(willa, by=acting(staff["Paula"], reason="Left"), is_staff=False)
    access.refresh_from_db()
    assert (access.is_running, access.ended_by) == (False, staff["Paula"])
    entry = TimelineEntry.objects.newest_first()[0]
    assert (entry.kind, entry.facts["now"], entry.reason) == ("PERSON_RIGHTS", "nothing", "Left")


def test_the_list_of_people_says_what_the_form_says(paula: User, client_of: ClientOf) -> None:
    page = client_of(paula).get("/admin/linnapp/user/").content.decode()
    titles = re.findall(r'data-filter-title="([^"]+)"', page)
    assert titles == ["joined", "may sign in", "may open the admin", "platform admin", "groups"]


def test_what_is_on_record_is_counted_in_entries(paula: User, client_of: ClientOf) -> None:
    for _ in range(2):
        audit.count_wrong(paula, address="203.0.113.7", what="password")
        audit.put(kinds.SIGNED_OUT, of=paula, by=acting(paula))
    page = client_of(paula).get("/admin/linnapp/auditentry/").content.decode()
    assert re.search(r'<p class="paginator">\s+\d+ audit entries', page)
