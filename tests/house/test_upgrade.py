"""A portal with data of an earlier release is brought up to date by `manage.py prepare`, and serves.

The dumps were made of the demo data by the release before the wings, under the keys below; they hold nobody's secrets.
"""

import lzma
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import requests

from tests.kit.engines import fresh_postgres_database
from tests.kit.portal import ROOT, Portal, environment, manage, serving, shell_assignments

DUMPS = ROOT / "tests" / "dumps"
KEYS = {
    "SECRET_KEY": "tests-only-secret-key-tests-only-secret-key-tests-only",
    "CREDENTIAL_KEYS": "dGVzdHMtb25seS1jcmVkZW50aWFsLWtleS0xMjM0NTY=",
    "DIGEST_KEY": "dGVzdHMtb25seS1kaWdlc3Qta2V5LTEyMzQ1Njc4OTA=",
    "DEMO_PASSWORD": "correct-horse-battery",
}


def dump(engine: str) -> str:
    return lzma.open(DUMPS / f"before-wings.{engine}.sql.xz", "rt").read()


@pytest.fixture
def upgraded(tmp_path: Path, engine: str) -> Iterator[Portal]:
    env = environment(tmp_path / "state", DEMO="true", **KEYS)
    if engine == "sqlite":
        with closing(sqlite3.connect(tmp_path / "state" / "db.sqlite3")) as database:
            database.executescript(dump(engine))
        manage(env, "prepare")
        with serving(env) as portal:
            yield portal
        return
    with fresh_postgres_database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(dump(engine).encode())
        env["DATABASE_URL"] = url
        manage(env, "prepare")
        with serving(env) as portal:
            yield portal


def sign_in(portal: Portal, email: str) -> requests.Session:
    browser = requests.Session()
    page = browser.get(f"{portal.url}/sign-in/", timeout=10).text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    sent = {"csrfmiddlewaretoken": token[1], "email": email}
    answer = browser.post(f"{portal.url}/demo/sign-in/", sent, timeout=10)
    assert answer.status_code == 200
    return browser


def test_data_of_the_release_before_migrates_and_serves(upgraded: Portal) -> None:
    told = shell_assignments(upgraded.manage("demo_env"))
    sent = {"ApplicationId": told["APPLICATION_ID"], "ApplicationSecret": told["APPLICATION_SECRET"]}
    sent["Token"] = told["PERMANENT_TOKEN"]
    address = f"{upgraded.url}/api/Auth/AuthorizeByApplication"
    session = requests.post(address, json=sent, timeout=10).json()
    assert session["Company"] == "Carol's Cakes"
    called = requests.get(
        f"{upgraded.url}/api/Inventory/GetStockLocations", headers={"Authorization": session["Token"]}, timeout=10
    )
    assert [row["LocationName"] for row in called.json()] == ["Default"]
    for email, pages in PAGES.items():
        browser = sign_in(upgraded, email)
        for page, said in pages.items():
            address = upgraded.url + page.format(application=told["APPLICATION_ID"])
            answer = browser.get(address, timeout=10)
            assert answer.status_code == 200, page
            assert re.search(said, answer.text), page


APPLICATION = "/a/northwind/applications/{application}"
PAGES = {
    "alice@northwind.example": {
        f"{APPLICATION}/": "Get to a first call|First call",
        f"{APPLICATION}/activity/": "Activity",
        f"{APPLICATION}/activity/?about=versions": "Version [0-9.]+ created by Alice",
        f"{APPLICATION}/activity/?about=exchanges": "exchanges",
        f"{APPLICATION}/versions/": "Development Version",
        f"{APPLICATION}/installations/": "Carol&#x27;s Cakes",
        f"{APPLICATION}/postbacks/": "[Ss]end test postback",
    },
    "carol@carolscakes.example": {"/a/carols-cakes/apps/": "Stock Bridge", "/a/carols-cakes/store/": "Stock Bridge"},
    "paula@linnapp.example": {"/admin/linnapp/timelineentry/": "INSTALLED", "/admin/": "Everything in the portal"},
}
