"""An account suspends its installation and resumes it; staff's suspensions are another thing, everywhere in words."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from installs.installations import lifecycle, suspending
from installs.models import Installation, Session
from linnapp.models import Application, TimelineEntry, User
from tests.kit.consenting import read
from tests.kit.people import ClientOf, acting

EXCHANGE = "/api/Auth/AuthorizeByApplication"
CALL = "/api/Inventory/GetStockLocations"
BY_THE_ACCOUNT = "Suspended by Carol's Cakes"
BY_STAFF = "Suspended by this portal's staff on Carol's Cakes"
EVERYWHERE = "Stock Bridge has been suspended everywhere by this portal's staff"


def page_of(row: Installation, name: str = "installation_detail") -> str:
    return reverse(name, args=[row.account.slug, row.pk])


def suspend(client: Client, row: Installation) -> Any:
    return client.post(page_of(row, "installation_suspend"), follow=True)


def resume(client: Client, row: Installation) -> Any:
    return client.post(page_of(row, "installation_resume"), follow=True)


def exchange(row: Installation) -> Any:
    members = {
        "ApplicationId": str(row.application_id),
        "ApplicationSecret": row.application.secrets.get().value(),
        "Token": lifecycle.current_token(row).value(),
    }
    return Client().post(EXCHANGE, json.dumps(members), content_type="application/json")


def call(session: str) -> int:
    return Client().get(CALL, headers={"Authorization": session}).status_code


def now(row: Installation) -> Installation:
    return Installation.objects.with_its_facts().get(pk=row.pk)


def told(row: Installation) -> list[str]:
    return list(TimelineEntry.objects.about(row.pk).order_by("id").values_list("kind", flat=True))


def test_the_page_says_what_stops(client_of: ClientOf, installation: Installation, carol: User) -> None:
    client, url = client_of(carol), page_of(installation, "installation_suspend")
    assert "It has no live session, so nothing is interrupted." in read(client.get(url))
    exchange(installation)
    page = read(client.get(url))
    assert "1 session ends at once." in page
    assert "Its permanent token is not exchanged" in page
    assert told(installation) == ["INSTALLED"]


def test_suspending_ends_sessions_and_exchanges_and_resuming_brings_them_back(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    client = client_of(carol)
    session, token = exchange(installation).json()["Token"], lifecycle.current_token(installation)
    assert call(session) == 200
    assert "is suspended on Carol's Cakes until you resume it" in read_all(suspend(client, installation))
    assert call(session) == 401
    assert exchange(installation).status_code == 400
    assert not Session.objects.live().exists()
    assert "Stock Bridge works on Carol's Cakes again" in read_all(resume(client, installation))
    assert lifecycle.current_token(installation) == token
    assert call(session) == 401
    assert call(exchange(installation).json()["Token"]) == 200
    assert told(installation) == ["INSTALLED", "INSTALLATION_SUSPENDED", "INSTALLATION_RESUMED"]


def read_all(answer: Any) -> str:
    return str(answer.content.decode().replace("&#x27;", "'"))


def test_each_button_stands_where_it_can_be_pressed(
    client_of: ClientOf, installation: Installation, carol: User, eve: User
) -> None:
    owner, developer = client_of(carol), client_of(eve)
    buttons = [page_of(installation, name) for name in ("installation_suspend", "installation_resume")]
    assert [button in read_all(owner.get(page_of(installation))) for button in buttons] == [True, False]
    suspend(owner, installation)
    assert [button in read_all(owner.get(page_of(installation))) for button in buttons] == [False, True]
    assert [button in read_all(developer.get(page_of(installation))) for button in buttons] == [False, False]
    lifecycle.uninstall(installation, by=acting(carol))
    assert [button in read_all(owner.get(page_of(installation))) for button in buttons] == [False, False]


@pytest.mark.parametrize("name", ["installation_suspend", "installation_resume"])
def test_others_change_nothing(
    client_of: ClientOf, installation: Installation, eve: User, alice: User, sam: User, name: str
) -> None:
    for user in (eve, alice, sam):
        assert client_of(user).post(page_of(installation, name)).status_code == 404
    assert now(installation).shown_state == "active"
    assert told(installation) == ["INSTALLED"]


def test_what_stands_in_the_way_is_said(client_of: ClientOf, installation: Installation, carol: User) -> None:
    client = client_of(carol)
    assert "is not suspended by you" in read_all(resume(client, installation))
    suspend(client, installation)
    assert "is already suspended by the account" in read_all(suspend(client, installation))
    assert client.get(page_of(installation, "installation_suspend")).headers["Location"] == page_of(installation)
    assert client.get(page_of(installation, "installation_resume")).status_code == 405
    lifecycle.uninstall(installation, by=acting(carol))
    assert "is uninstalled, and its permanent token stopped working then" in read_all(resume(client, installation))


def test_the_account_does_not_lift_what_staff_set_nor_staff_what_the_account_set(
    client_of: ClientOf, installation: Installation, carol: User, sam: User
) -> None:
    client = client_of(carol)
    suspending.suspend_by_staff(installation, by=acting(sam, reason="Asked too often."))
    assert "is not suspended by you" in read_all(resume(client, installation))
    suspend(client, installation)
    answer = read_all(resume(client, installation))
    assert "You ended your suspension. Stock Bridge stays suspended by staff." in answer
    suspend(client, installation)
    suspending.resume_by_staff(installation, by=acting(sam, reason="Mended."))
    assert now(installation).suspended_by == "by the account"
    assert exchange(installation).status_code == 400


def test_each_reader_is_told_by_whom_it_is_suspended(
    client_of: ClientOf, installation: Installation, carol: User, alice: User, sam: User, paula: User
) -> None:
    application = Application.objects.get(pk=installation.application_id)
    lists = {
        carol: reverse("my_apps", args=[installation.account.slug]),
        alice: reverse("application_installations", args=["northwind", application.pk]),
    }
    suspending.suspend(installation, by=acting(carol))
    for sentences, short in (
        ((BY_THE_ACCOUNT,), "Suspended by the account"),
        ((BY_STAFF, BY_THE_ACCOUNT), "Suspended by the account and by staff"),
        ((EVERYWHERE, BY_STAFF), "Suspended by the account and by staff and everywhere, by staff"),
    ):
        text = read(client_of(carol).get(page_of(installation)))
        assert all(sentence in text for sentence in sentences)
        assert (EVERYWHERE in text) is (EVERYWHERE in sentences)
        for reader, url in lists.items():
            assert short in read(client_of(reader).get(url))
        if BY_STAFF not in sentences:
            suspending.suspend_by_staff(installation, by=acting(sam, reason="Asked too often."))
        else:
            suspending.suspend_application(application, by=acting(paula, reason="Everywhere."))
    assert "Asked too often." in read(client_of(carol).get(page_of(installation)))


def test_suspending_the_application_stands_in_the_timeline_of_each_installation_and_once_in_its_own(
    client_of: ClientOf, installation: Installation, carol: User, alice: User, sam: User, paula: User
) -> None:
    application = Application.objects.get(pk=installation.application_id)
    suspending.suspend_application(application, by=acting(paula, reason="It floods us."))
    suspending.resume_application(application, by=acting(paula, reason="Mended."))
    support = reverse("support_installation", args=[installation.pk])
    for reader, url, suspended, resumed in (
        (carol, page_of(installation), "suspended by Support “It floods us.”", "resumed by Support “Mended.”"),
        (sam, support, "suspended by Paula “It floods us.”", "resumed by Paula “Mended.”"),
    ):
        text = read(client_of(reader).get(url))
        assert f"Application {suspended}" in text
        assert f"Application {resumed}" in text
    for name in ("application_activity", "application_overview"):
        tab = read(client_of(alice).get(reverse(name, args=["northwind", application.pk])))
        assert tab.count("Application suspended by Support") == 1


def test_the_consent_page_says_by_whom_and_authorising_again_lifts_nothing(
    client_of: ClientOf, installation: Installation, carol: User, sam: User
) -> None:
    client, url = client_of(carol), reverse("authorize", args=[installation.application_id])
    suspend(client, installation)
    page = client.get(url)
    assert "It is suspended by the account, and authorising again does not resume it" in read(page)
    assert page_of(installation) in page.content.decode()
    form = {"account": installation.account.slug, "version": installation.version_id, "agreed": "on"}
    client.post(url, form | {"nonce": "b" * 32})
    assert now(installation).suspended_by == "by the account"
    resume(client, installation)
    suspending.suspend_by_staff(installation, by=acting(sam, reason="Asked too often."))
    text = read(client.get(url))
    assert "It is suspended by staff, and authorising again does not resume it. The reason of staff: Asked too" in text
    client.post(url, form | {"nonce": "c" * 32})
    assert now(installation).suspended_by == "by staff"


def test_the_developer_and_support_read_it_in_the_timeline(
    client_of: ClientOf, installation: Installation, carol: User, alice: User, sam: User
) -> None:
    suspend(client_of(carol), installation)
    activity = reverse("application_activity", args=["northwind", installation.application_id])
    assert "Installation suspended by Carol's Cakes" in read(client_of(alice).get(activity))
    case = reverse("support_installation", args=[installation.pk])
    assert "Installation suspended by Carol" in read(client_of(sam).get(case))
