from typing import cast

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from linnapp.models import Application, User
from linnapp.page_requests import Referenced
from linnapp.views.errors import server_error
from tests.kit.people import ClientOf


@pytest.fixture
def broken() -> HttpRequest:
    request = RequestFactory().get("/")
    cast(Referenced, request).reference = "7K2M93QX"
    return request


def test_a_500_shows_its_reference_to_copy(broken: HttpRequest) -> None:
    response = server_error(broken)
    assert response.status_code == 500
    assert "<span>7K2M93QX</span>" in response.content.decode()
    assert 'data-copy="7K2M93QX"' in response.content.decode()


def test_a_500_needs_no_database(broken: HttpRequest) -> None:
    # No database mark: a query would raise here.
    assert b"The fault is ours." in server_error(broken).content


def test_a_form_without_its_csrf_value_is_refused_in_words() -> None:
    response = Client(enforce_csrf_checks=True).post("/sign-in/", {"login": "alice@northwind.example"})
    assert response.status_code == 403
    assert b"Send the form again" in response.content


def test_the_address_of_a_form_that_is_opened_says_so(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    address = reverse("application_logo", args=[application.account.slug, application.pk])
    response = client_of(alice).get(address)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert b"Nothing was changed. Go back and use the button, or start again." in response.content
    assert b"alice@northwind.example" in response.content


def test_nobody_who_is_signed_out_sends_to_a_page_that_is_only_read(db: None) -> None:
    response = Client().post("/logos/0.png")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert b"Sign in" in response.content
