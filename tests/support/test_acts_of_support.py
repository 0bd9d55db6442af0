"""What support does on a case: each act by its permission and with a reason, as the admin does it, on record for both
sides, and with an undo where there is one."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client
from django.utils import timezone

from installs.installations import rotating
from installs.models import Delivery, Installation, Session
from installs.support.acts import Act, permission_of
from linnapp import credentials
from linnapp.models import Account, Application, TimelineEntry, User
from tests.admin.editing import act as in_the_admin
from tests.admin.test_admin import make_session
from tests.admin.test_same_as_on_the_page import left_by
from tests.kit.consenting import read
from tests.kit.people import NOT_BY_DEFAULT, ClientOf, acting, support_group
from tests.kit.posting import with_postback

pytestmark = pytest.mark.django_db
REASON = "Ticket 4711: it stopped at noon."
POSTED = {"reason": REASON, "to": "before", "which": "all", "since": "24h", "subject": "News", "text": REASON}
AllPeople = dict[str, User | None]


def case_of(installation: Installation, *rest: object) -> str:
    return "/".join(["/support/installations", str(installation.pk), *map(str, rest), ""])


def page_of(installation: Installation, act: Act) -> str:
    return case_of(installation, "acts", act)


def allow(*acts: Act) -> None:
    """The group Support, with these and no others."""
    support_group().permissions.set(
        Permission.objects.filter(codename__in=[permission_of(act).partition(".")[2] for act in acts])
    )


@pytest.fixture
def everybody(alice: User, bob: User, carol: User, dave: User, depot: Account, sam: User, paula: User) -> AllPeople:
    people = {"alice": alice, "bob": bob, "carol": carol, "dave": dave, "sam": sam, "paula": paula}
    return {**people, "nobody": None}


def failed_delivery(installation: Installation, state: str = Delivery.State.EXHAUSTED) -> Delivery:
    return Delivery.objects.create(
        application=installation.application,
        installation=installation,
        event=Delivery.Event.INSTALLED,
        state=state,
        nonce=credentials.new_link_key(),
        url="https://hooks.example.com/",
        host="hooks.example.com",
    )


def make_ready(act: Act, installation: Installation, paula: User, client: Client) -> None:
    """Something for the act to do."""
    match act:
        case Act.RESUME:
            client.post(page_of(installation, Act.SUSPEND), POSTED)
        case Act.REDELIVER | Act.REPLAY:
            failed_delivery(installation)
        case Act.END_SESSIONS:
            make_session(installation)
        case Act.END_OLD_TOKEN:
            rotating.rotate(installation, by=acting(paula, reason=REASON))


KINDS = {
    Act.SUSPEND: "INSTALLATION_SUSPENDED",
    Act.RESUME: "INSTALLATION_RESUMED",
    Act.END_SESSIONS: "SESSIONS_ENDED",
    Act.REDELIVER: "POSTBACK_AGAIN",
    Act.REPLAY: "POSTBACKS_REPLAYED",
    Act.ROTATE: "TOKEN_ROTATED",
    Act.END_OLD_TOKEN: "OLD_TOKEN_ENDED",
    Act.TELL_DEVELOPER: "SUPPORT_WROTE",
    Act.TELL_CUSTOMER: "SUPPORT_WROTE",
}


@pytest.mark.parametrize("act", list(Act))
def test_each_act_is_done_by_whoever_has_its_permission_and_by_nobody_else(
    act: Act, everybody: AllPeople, installation: Installation, paula: User, client_of: ClientOf
) -> None:
    make_ready(act, installation, paula, client_of(paula))
    page, done = page_of(installation, act), TimelineEntry.objects.of_kinds(KINDS[act])  # type: ignore[arg-type]
    before = done.count()
    allow(*(other for other in Act if other != act))
    for who, person in everybody.items():
        if who != "paula":
            client = client_of(person)
            expected = 302 if who == "nobody" else 404
            assert {client.get(page).status_code, client.post(page, POSTED).status_code} == {expected}, who
    assert done.count() == before
    allow(act)
    client = client_of(everybody["sam"])
    assert client.get(page).status_code == 200
    answer = client.post(page, POSTED)
    assert (answer.status_code, answer.headers["Location"]) == (302, case_of(installation)), answer.content.decode()
    assert done.count() == before + 1
    entry = done.newest_first()[0]
    assert (entry.actor_name, entry.side, entry.reason) == ("Sam", "STAFF", REASON)


def test_support_has_all_but_what_stops_a_client_program(db: None) -> None:
    """As the migration leaves the group, which the fixtures of the people say once more."""
    group = Group.objects.get(name="Support")
    written = set(group.permissions.values_list("codename", flat=True))
    every = {permission_of(act).partition(".")[2] for act in Act}
    assert written == {"look_into_accounts"} | every - set(NOT_BY_DEFAULT)
    assert set(support_group().permissions.values_list("codename", flat=True)) == written


def test_the_case_shows_the_acts_that_the_reader_may_do_and_that_change_something(
    sam: User, paula: User, dave: User, installation: Installation, client_of: ClientOf
) -> None:
    def shown(person: User) -> set[str]:
        page = client_of(person).get(case_of(installation)).content.decode()
        return {act for act in Act if f'/acts/{act}/"' in page}

    letters = {Act.TELL_DEVELOPER, Act.TELL_CUSTOMER}
    assert shown(sam) == {Act.ROTATE, *letters}
    assert shown(paula) == {Act.SUSPEND, Act.ROTATE, *letters}
    make_session(installation)
    failed_delivery(installation)
    rotating.rotate(installation, by=acting(paula, reason=REASON))
    client_of(paula).post(page_of(installation, Act.SUSPEND), POSTED)
    # Suspending ended the session.
    assert shown(sam) == {Act.RESUME, Act.REDELIVER, Act.REPLAY, *letters}
    assert shown(paula) == {Act.RESUME, Act.REDELIVER, Act.REPLAY, Act.END_OLD_TOKEN, *letters}
    allow()
    page = read(client_of(sam).get(case_of(installation)))
    assert not shown(sam)
    assert " Act " not in page


def test_what_cannot_be_done_now_is_told_with_why(paula: User, installation: Installation, client_of: ClientOf) -> None:
    client = client_of(paula)
    for act, why in (
        (Act.RESUME, "Not suspended by staff: nothing changes."),
        (Act.END_SESSIONS, "No session is live: nothing changes."),
        (Act.END_OLD_TOKEN, "Only one permanent token works: nothing changes."),
        (Act.REDELIVER, "There is no postback to redeliver now."),
        (Act.REPLAY, "No postback of Stock Bridge has failed"),
    ):
        answer = client.get(page_of(installation, act))
        assert why in read(answer)
        assert b'name="reason"' not in answer.content, act


def test_without_a_reason_nothing_is_done_and_a_secret_is_no_reason(
    paula: User, installation: Installation, client_of: ClientOf
) -> None:
    client, page = client_of(paula), page_of(installation, Act.SUSPEND)
    empty = client.post(page, {"reason": "  "})
    assert (empty.status_code, "Write the reason." in read(empty)) == (422, True)
    value = installation.permanent_tokens.get().value()
    for spelled in (value, value.replace("-", "").upper()):
        answer = client.post(page, {"reason": f"They sent {spelled}, which is refused"})
        assert answer.status_code == 422
        assert f"This contains a secret or token, …{value[-4:]}." in read(answer)
    installation.refresh_from_db()
    assert installation.suspended_by_staff_at is None


def test_what_somebody_else_did_meanwhile_is_told_and_the_reason_stays(
    paula: User, installation: Installation, client_of: ClientOf
) -> None:
    client, why = client_of(paula), {"reason": "It asks for orders in a loop."}
    client.post(page_of(installation, Act.SUSPEND), why)
    for act, told in (
        (Act.SUSPEND, "Another member of staff has just suspended it: nothing changed."),
        (Act.END_SESSIONS, "No session is live now: nothing changed."),
    ):
        answer = client.post(page_of(installation, act), why)
        assert (answer.status_code, told in read(answer)) == (422, True)
        assert why["reason"] in answer.content.decode()


def test_both_sides_read_the_reason_on_pages_of_their_own(
    paula: User, sam: User, carol: User, alice: User, installation: Installation, client_of: ClientOf
) -> None:
    client_of(paula).post(page_of(installation, Act.SUSPEND), {"reason": "It asks for orders in a loop."})
    client_of(sam).post(page_of(installation, Act.RESUME), {"reason": "Northwind has mended it."})
    application, account = installation.application, installation.account
    of_carol = read(client_of(carol).get(f"/a/{account.slug}/apps/{installation.pk}/"))
    of_alice = read(client_of(alice).get(f"/a/{application.account.slug}/applications/{application.pk}/activity/"))
    for page in (of_carol, of_alice):
        assert "Installation suspended by Support" in page
        assert "It asks for orders in a loop." in page
        assert "Installation resumed by Support" in page
        assert "Northwind has mended it." in page
        assert "Sam" not in page.partition("Installation resumed")[2]
    assert {address for message in mail.outbox for address in message.to} == {carol.email, alice.email}


SAME: dict[Act, str] = {
    Act.SUSPEND: "suspend",
    Act.RESUME: "resume",
    Act.END_SESSIONS: "end_sessions",
    Act.REDELIVER: "redeliver",
    Act.ROTATE: "rotate_token",
    Act.END_OLD_TOKEN: "end_old_token",
}


@pytest.mark.parametrize("act", SAME)
def test_the_case_leaves_what_the_admin_leaves(
    act: Act, paula: User, installation: Installation, client_of: ClientOf
) -> None:
    client = client_of(paula)
    client.get(case_of(installation))
    make_ready(act, installation, paula, client)
    expected = left_by(lambda: in_the_admin(client, installation, SAME[act]))
    assert expected[0]
    assert left_by(lambda: client.post(page_of(installation, act), POSTED)) == expected


@pytest.mark.parametrize("act", [Act.ROTATE, Act.END_OLD_TOKEN])
def test_what_moves_a_token_asks_for_a_fresh_sign_in(
    act: Act, paula: User, dave: User, depot: Account, installation: Installation, client_of: ClientOf
) -> None:
    make_ready(act, installation, paula, client_of(paula))
    before = TimelineEntry.objects.of_kinds(KINDS[act]).count()  # type: ignore[arg-type]
    answer = client_of(paula, fresh=False).post(page_of(installation, act), POSTED)
    assert answer.status_code == 302
    assert answer.headers["Location"] != case_of(installation)
    assert client_of(dave, fresh=False).post(page_of(installation, act), POSTED).status_code == 404
    assert TimelineEntry.objects.of_kinds(KINDS[act]).count() == before  # type: ignore[arg-type]


def test_the_new_permanent_token_stands_on_no_page_of_support(
    sam: User, installation: Installation, client_of: ClientOf
) -> None:
    client = client_of(sam)
    answer = client.post(page_of(installation, Act.ROTATE), POSTED, follow=True).content.decode()
    for token in installation.permanent_tokens.all():
        assert token.value() not in answer
        assert token.tail in answer


@pytest.fixture
def with_two(application: Application, cakes: Account, alice: User, carol: User) -> Installation:
    """On a version whose postback goes to one host, while the newest version names another."""
    old = with_postback(application, "https://old.example.com/[{TOKEN}]", alice)
    made = Installation.objects.create(application=application, account=cakes, version=old, installed_by=carol)
    with_postback(application, "https://new.example.com/[{TOKEN}]", alice, (2, 0, 0))
    return made


def test_a_postback_that_is_held_goes_out_again_and_elsewhere_only_for_whoever_may_reveal(
    sam: User, paula: User, with_two: Installation, client_of: ClientOf
) -> None:
    held = failed_delivery(with_two, Delivery.State.HELD)
    arrived = failed_delivery(with_two, Delivery.State.DELIVERED)
    page = page_of(with_two, Act.REDELIVER)
    told = read(client_of(sam).get(page))
    assert "1 postback is sent again at once, to hooks.example.com." in told
    assert "new.example.com" not in told
    assert client_of(sam).post(page, {**POSTED, "to": "newest"}).status_code == 422
    client_of(sam).post(page, POSTED)
    held.refresh_from_db()
    arrived.refresh_from_db()
    assert (held.state, held.host) == (Delivery.State.DUE, "hooks.example.com")
    assert arrived.state == Delivery.State.DELIVERED
    assert "at new.example.com" in read(client_of(paula).get(page))
    chosen = {**POSTED, "which": str(arrived.pk), "to": "newest"}
    stale = client_of(paula, fresh=False).post(page, chosen)
    arrived.refresh_from_db()
    assert (stale.status_code, arrived.state) == (302, Delivery.State.DELIVERED)
    client_of(paula).post(page, chosen)
    arrived.refresh_from_db()
    assert (arrived.state, arrived.host) == (Delivery.State.DUE, "new.example.com")


def test_what_somebody_did_they_undo_within_the_hour(
    paula: User, sam: User, carol: User, installation: Installation, client_of: ClientOf
) -> None:
    client, why = client_of(paula), "It asks for orders in a loop."
    client.post(page_of(installation, Act.SUSPEND), {"reason": why})
    undo = case_of(installation, "acts", Act.SUSPEND, "undo")
    assert f'action="{undo}"' in client.get(case_of(installation)).content.decode()
    allow(*Act)
    assert undo not in client_of(sam).get(case_of(installation)).content.decode()
    assert "can no longer be undone" in read(client_of(sam).post(undo, follow=True))
    installation.refresh_from_db()
    assert installation.suspended_by_staff_at
    assert "Resumed again: Stock Bridge on Carol's Cakes is as it was." in read(client.post(undo, follow=True))
    installation.refresh_from_db()
    assert installation.suspended_by_staff_at is None
    [resumed] = TimelineEntry.objects.filter(kind="INSTALLATION_RESUMED")
    assert resumed.reason == f"The suspension was undone. Its reason was: {why}"


def test_a_suspension_that_comes_back_has_the_reason_that_it_had(
    paula: User, sam: User, installation: Installation, client_of: ClientOf
) -> None:
    client_of(paula).post(page_of(installation, Act.SUSPEND), {"reason": "It asks for orders in a loop."})
    client = client_of(sam)
    client.post(page_of(installation, Act.RESUME), {"reason": "By mistake."})
    undo = case_of(installation, "acts", Act.RESUME, "undo")
    TimelineEntry.objects.filter(kind="INSTALLATION_RESUMED").update(at=timezone.now() - timedelta(hours=2))
    assert undo not in client.get(case_of(installation)).content.decode()
    client.post(undo)
    installation.refresh_from_db()
    assert installation.suspended_by_staff_at is None
    TimelineEntry.objects.filter(kind="INSTALLATION_RESUMED").update(at=timezone.now())
    client.post(undo)
    installation.refresh_from_db()
    assert installation.suspension_reason == "It asks for orders in a loop."
    assert not Session.objects.live().exists()


def test_look_as_begins_with_the_reason_of_the_case(sam: User, installation: Installation, client_of: ClientOf) -> None:
    client = client_of(sam)
    page = client.get(case_of(installation)).content.decode().replace("&amp;", "&")
    links = [part.partition('"')[0] for part in page.split('href="') if part.startswith("/inside/")]
    assert len(links) == 2
    for link in links:
        assert "Support for Stock Bridge on Carol&#x27;s Cakes</textarea>" in client.get(link).content.decode()
