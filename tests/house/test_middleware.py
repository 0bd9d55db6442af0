"""What stands around every view: the scheme of SITE_URL, the limit of uploads, signing in from a part of a page."""

from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from linnapp.models import User
from tests.kit.people import ClientOf


def test_with_https_the_browser_is_told_to_stay_there_whatever_reaches_the_server(
    client: Client, settings: Settings
) -> None:
    settings.SITE, settings.SECURE_HSTS_SECONDS = urlsplit("https://localhost"), 31536000
    assert client.get("/sign-in/").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_with_http_nobody_can_say_that_it_was_https(client: Client) -> None:
    page = client.get("/sign-in/", headers={"x-forwarded-proto": "https"})
    assert not page.wsgi_request.is_secure()


@pytest.mark.parametrize("length", ["17000000", "9" * 400])
def test_a_form_with_files_beyond_any_need_is_refused_unread(client: Client, length: str) -> None:
    refused = client.generic(
        "POST", "/sign-in/", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=length, QUERY_STRING=""
    )
    assert refused.status_code == 400
    assert b"It was too large" in refused.content


def test_a_script_whose_reader_is_signed_out_is_told_so_and_the_page_stays(client_of: ClientOf) -> None:
    page = "/a/northwind/applications/?q=a%20b"
    headers = {"hx-request": "true", "hx-current-url": f"http://testserver{page}"}
    response = client_of(None).post("/a/northwind/apps/", headers=headers)
    assert (response.status_code, response.headers["X-Sign-In"]) == (401, "over")
    assert "HX-Redirect" not in response.headers
    assert client_of(None).get(page).headers["Location"].startswith("/sign-in/?next=")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/sign-in/", "/profile/", "/nowhere/", "/admin/", "/admin/linnapp/user/"])
def test_every_page_forbids_what_it_does_not_need(client_of: ClientOf, paula: User, path: str) -> None:
    headers = client_of(paula).get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "frame-ancestors": "'none'",
        "img-src": "'self' data: blob:",
    } | dict.fromkeys(("script-src", "style-src", "connect-src", "font-src", "form-action", "base-uri"), "'self'")
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Permissions-Policy"].startswith("camera=()")
    assert "no-store" in headers["Cache-Control"]
