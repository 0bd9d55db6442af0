"""How far staff come who are inside an account, by the ways around."""

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Delivery, Installation, SigningSecret
from installs.postbacks import asking
from linnapp.actors import Actor, Side
from linnapp.errors import NotPossible
from linnapp.manifest import parse
from linnapp.models import Account, Application, KnockCount, Membership, Secret, StaffAccess, TimelineEntry, User
from linnapp.services import access, manifests
from tests.kit.people import PASSWORD, ClientOf, acting, person
from tests.people.test_staff_access import REASON, Purpose, enter, page_of
from tests.typed.forms import go_on

pytestmark = pytest.mark.django_db
ELSEWHERE = {"name": "PostbackUrl", "value": "https://elsewhere.example/"}


def worker(*permissions: str) -> User:
    found = person("Willa", "willa@linnapp.example", is_staff=True)
    found.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return found


def after_the_password(browser: Client, path: str) -> None:
    """A form that is sent with an old sign-in, and goes on once the password was given. What is refused anyway is
    refused before that is asked for."""
    asked = browser.post(path)
    assert asked.status_code == 302
    if asked.headers["Location"].startswith(reverse("account_reauthenticate")):
        go_on(browser, asked, PASSWORD)


@pytest.mark.parametrize("permitted", [False, True])
def test_a_secret_is_not_revealed_by_way_of_the_password_page(
    permitted: bool, northwind: Account, application: Application, client_of: ClientOf
) -> None:
    willa = worker("work_in_accounts", *(["reveal_credentials"] if permitted else []))
    enter(client_of(willa), northwind, Purpose.WORK)
    browser, secret = client_of(willa, fresh=False), Secret.objects.get(application=application)
    general = page_of(northwind, "applications", application.pk, "general")
    after_the_password(browser, f"{general}secrets/{secret.pk}/reveal/")
    assert (secret.value() in browser.get(general).content.decode()) is permitted
    told = [(entry.side, entry.reason) for entry in TimelineEntry.objects.filter(kind="SECRET_REVEALED")]
    assert told == ([("STAFF", REASON)] if permitted else [])


def test_nor_a_signing_secret(northwind: Account, application: Application, client_of: ClientOf) -> None:
    willa = worker("work_in_accounts")
    enter(client_of(willa), northwind, Purpose.WORK)
    here = (northwind.slug, application.pk)
    after_the_password(client_of(willa, fresh=False), reverse("signing_secret_reveal", args=here))
    assert not SigningSecret.objects.exists()


def test_a_permanent_token_is_revealed_by_way_of_the_password_page_to_who_may(
    northwind: Account, application: Application, installation: Installation, client_of: ClientOf
) -> None:
    willa = worker("work_in_accounts", "reveal_credentials")
    enter(client_of(willa), northwind, Purpose.WORK)
    browser = client_of(willa, fresh=False)
    after_the_password(
        browser, reverse("application_token_reveal", args=(northwind.slug, application.pk, installation.pk))
    )
    page = browser.get(page_of(northwind, "applications", application.pk, "installations")).content.decode()
    assert lifecycle.current_token(installation).value() in page


def test_what_was_revealed_in_one_account_stands_on_no_page_of_another(
    northwind: Account, cakes: Account, application: Application, installation: Installation, client_of: ClientOf
) -> None:
    willa = worker("work_in_accounts", "look_into_accounts", "reveal_credentials")
    browser, token = client_of(willa), lifecycle.current_token(installation).value()
    enter(browser, northwind, Purpose.WORK)
    browser.post(reverse("application_token_reveal", args=(northwind.slug, application.pk, installation.pk)))
    enter(browser, cakes, Purpose.LOOK)
    assert token not in browser.get(page_of(cakes, "apps", installation.pk)).content.decode()
    listed = page_of(northwind, "applications", application.pk, "installations")
    assert token in browser.get(listed).content.decode()
    willa.user_permissions.remove(Permission.objects.get(codename="reveal_credentials"))
    assert token not in browser.get(listed).content.decode()


def test_nobody_who_may_not_reveal_leads_permanent_tokens_elsewhere(
    northwind: Account, alice: User, application: Application, installation: Installation
) -> None:
    willa = worker("work_in_accounts")
    entered = access.enter(northwind, purpose=Purpose.WORK, by=acting(willa, reason=REASON))
    staff = Actor(willa, Side.STAFF, REASON, entered.pk, Side.DEVELOPER)
    elsewhere = parse({"Modules": [{"type": "ExternalApplication", "parameters": [ELSEWHERE]}]})
    revision = application.manifest_revision
    with pytest.raises(NotPossible, match="not have permission to reveal"):
        manifests.save_manifest(application, elsewhere, expected_revision=revision, by=staff)
    owed = Delivery.objects.create(
        application=application, installation=installation, event="INSTALLED", url="https://x.example/", nonce="once"
    )
    with pytest.raises(NotPossible, match="not have permission to reveal"):
        asking.redeliver(owed, to_newest=True, by=staff)
    with pytest.raises(NotPossible, match="not have permission to reveal"):
        asking.replay(application, since=timezone.now(), to_newest=True, by=staff)
    willa.user_permissions.add(Permission.objects.get(codename="reveal_credentials"))
    allowed = Actor(User.objects.get(pk=willa.pk), Side.STAFF, REASON, entered.pk, Side.DEVELOPER)
    assert manifests.save_manifest(application, elsewhere, expected_revision=revision, by=allowed)


def test_the_reason_is_read_by_the_account_that_was_entered_and_by_no_other(
    northwind: Account,
    carol: User,
    alice: User,
    application: Application,
    installation: Installation,
    client_of: ClientOf,
) -> None:
    willa = worker("work_in_accounts", "reveal_credentials")
    browser = client_of(willa)
    enter(browser, northwind, Purpose.WORK)
    browser.post(reverse("application_token_reveal", args=(northwind.slug, application.pk, installation.pk)))
    carols = client_of(carol).get(page_of(installation.account, "apps", installation.pk)).content.decode()
    assert "revealed to Support" in carols
    assert REASON not in carols
    assert "Willa" not in carols
    alices = client_of(alice).get(page_of(northwind, "applications", application.pk, "activity")).content.decode()
    assert REASON in alices
    found = page_of(northwind, "applications", application.pk, "activity") + "?q=Willa"
    assert REASON in client_of(alice).get(found).content.decode()


def test_a_seat_closes_the_access_beside_it(northwind: Account, sam: User, client_of: ClientOf) -> None:
    browser = client_of(sam)
    enter(browser, northwind, Purpose.LOOK)
    Membership.objects.create(account=northwind, user=sam, role=Membership.Role.DEVELOPER)
    assert browser.get(page_of(northwind, "settings")).status_code == 404


def test_signing_out_leaves_the_account(northwind: Account, sam: User, client_of: ClientOf) -> None:
    browser = client_of(sam)
    enter(browser, northwind, Purpose.LOOK)
    browser.post("/sign-out/")
    assert not StaffAccess.objects.running().exists()
    assert client_of(sam).get(page_of(northwind, "applications")).status_code == 403


def test_what_was_typed_to_work_is_kept_where_it_is_sent_to_look(
    northwind: Account, application: Application, paula: User, client_of: ClientOf
) -> None:
    browser = client_of(paula)
    enter(browser, northwind, Purpose.LOOK)
    answer = browser.post(page_of(northwind, "applications", application.pk, "general"), {"name": "Typed with care"})
    assert answer.status_code == 403
    assert 'name="name" value="Typed with care"' in answer.content.decode()


def test_an_account_without_an_owner_is_entered_and_that_is_said(
    northwind: Account, paula: User, client_of: ClientOf
) -> None:
    Membership.objects.all().delete()
    browser = client_of(paula)
    enter(browser, northwind, Purpose.LOOK)
    assert "It has no Owner to tell." in browser.get(page_of(northwind, "applications")).content.decode()


def test_a_permission_that_was_taken_away_opens_nothing_to_the_search_either(
    application: Application, northwind: Account, sam: User, client_of: ClientOf
) -> None:
    browser, page = client_of(sam), page_of(northwind, "applications", application.pk)
    enter(browser, northwind, Purpose.LOOK)
    assert page in browser.post("/search/", {"q": application.name}).content.decode()
    sam.groups.clear()
    assert page not in browser.post("/search/", {"q": application.name}).content.decode()


def test_a_name_with_a_line_break_breaks_no_mail(northwind: Account, paula: User, client_of: ClientOf) -> None:
    Account.objects.filter(pk=northwind.pk).update(name="Northwind\r\nBcc: eve@example.com")
    enter(client_of(paula), northwind, Purpose.LOOK)
    [sent] = mail.outbox
    assert sent.subject == "Paula of this portal's staff opened the pages of Northwind Bcc: eve@example.com"


def test_an_account_is_entered_six_times_an_hour_and_then_after_a_while(
    northwind: Account, cakes: Account, sam: User, paula: User, client_of: ClientOf
) -> None:
    browser = client_of(paula)
    for number in range(6):
        enter(browser, northwind, [Purpose.LOOK, Purpose.WORK][number % 2])
    refused = browser.post(f"/inside/{northwind.slug}/", {"purpose": "LOOK", "reason": REASON})
    assert refused.status_code == 422
    assert "You entered this account six times within an hour" in refused.content.decode()
    assert "Wait 1 hour." in refused.content.decode()
    assert f"{REASON}</textarea>" in refused.content.decode()
    assert len(mail.outbox) == StaffAccess.objects.count() == 6
    assert StaffAccess.objects.running().get().purpose == Purpose.WORK
    enter(browser, cakes, Purpose.LOOK)
    enter(client_of(sam), northwind, Purpose.LOOK)
    KnockCount.objects.update(ends_at=timezone.now())
    enter(browser, northwind, Purpose.LOOK)


def test_whoever_is_inside_and_enters_for_the_same_stays_and_nobody_is_told_again(
    northwind: Account, paula: User, client_of: ClientOf
) -> None:
    browser = client_of(paula)
    enter(browser, northwind, Purpose.WORK)
    answer = browser.post(f"/inside/{northwind.slug}/", {"purpose": "WORK", "reason": "Another."}, follow=True)
    assert "You were inside already, with the reason you gave then" in answer.content.decode()
    assert StaffAccess.objects.get().reason == REASON
    assert len(mail.outbox) == 1
    StaffAccess.objects.update(ends_at=timezone.now())
    enter(browser, northwind, Purpose.WORK)
    assert len(mail.outbox) == 2


def test_an_owner_who_cannot_sign_in_is_told_nothing_and_nobody_is_sent_to_them(
    northwind: Account, alice: User, bob: User, paula: User, client_of: ClientOf
) -> None:
    bobs, store = client_of(bob), page_of(northwind, "store")
    assert "ask Alice" in " ".join(bobs.get(store).content.decode().split())
    User.objects.filter(pk=alice.pk).update(is_active=False)
    browser = client_of(paula)
    enter(browser, northwind, Purpose.LOOK)
    assert not mail.outbox
    assert "It has no Owner to tell." in browser.get(page_of(northwind, "applications")).content.decode()
    assert "ask Alice" not in " ".join(bobs.get(store).content.decode().split())


def test_support_reads_that_no_owner_can_sign_in(
    installation: Installation, carol: User, sam: User, client_of: ClientOf
) -> None:
    page = reverse("support_installation", args=[installation.pk])
    browser = client_of(sam)

    def owners() -> str:
        return browser.get(page).content.decode().partition("<dt>Owners</dt>")[2].partition("</dd>")[0]

    assert carol.email in owners()
    User.objects.filter(pk=carol.pk).update(is_active=False)
    assert owners().strip() == "<dd>nobody who can sign in"


@pytest.mark.parametrize("may_reveal", [False, True])
def test_the_mail_says_what_this_person_may_do(may_reveal: bool, northwind: Account, client_of: ClientOf) -> None:
    willa = worker("look_into_accounts", "work_in_accounts", *(["reveal_credentials"] if may_reveal else []))
    enter(client_of(willa), northwind, Purpose.WORK)
    told = str(mail.outbox[-1].body)
    assert "rotate permanent tokens, end sessions" in told
    assert ("They can also reveal secrets and permanent tokens." in told) is may_reveal
    assert ("No secret or permanent token is revealed to them." in told) is not may_reveal
    enter(client_of(willa), northwind, Purpose.LOOK)
    told = str(mail.outbox[-1].body)
    assert (
        "They can only look: they cannot change anything, and no secret or permanent token is revealed to them." in told
    )
    assert "rotate" not in told


def test_what_was_typed_is_there_to_read_and_to_copy(
    northwind: Account, application: Application, paula: User, client_of: ClientOf
) -> None:
    browser = client_of(paula)
    enter(browser, northwind, Purpose.WORK)
    StaffAccess.objects.update(ends_at=timezone.now())
    typed = {"description": "Typed <with> care,\nfor an hour", "initial-description": "Before", "support_contact": ""}
    page = browser.post(page_of(northwind, "applications", application.pk, "general"), typed).content.decode()
    shown = page.partition("<summary>What you typed</summary>")[2].partition("</details>")[0]
    assert ">Typed &lt;with&gt; care,\nfor an hour</pre>" in shown
    assert shown.count("<pre") == 1
