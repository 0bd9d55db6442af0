"""A manifest at its limits: how long each page of it takes, how large it is, and what exchanges notice.

    python -m bench.manifest [sqlite|postgres] [SECONDS]

A portal of its own, whose application Stock Bridge has 200 modules of 5 parameters, nearly 256 kB, and later one of
1,000. Of each page the median of five, the portal's processor time, its HTML and what comes through the wire; then
exchanges alone, and while four at once load the editor.
"""

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import requests

from bench.beside import Load, beside
from bench.exchanges import CREDENTIALS, prepared
from bench.pages import PEOPLE, csrf, signed_in
from tests.kit.portal import Portal, descendants, manage, serving
from tests.kit.pressing import form_of

TIMES = 5
EDITORS = 4
MODULES, PARAMETERS, VALUE = 200, 5, 165
ABOVE = PARAMETERS + 1
TYPES = ("ExternalUserInterface", "ShippingIntegration", "ChannelIntegration", "PluggableComponent")
GIVEN = """
from installs.models import Installation
row = Installation.objects.active().filter(application__name="Stock Bridge", account__slug="carols-cakes").get()
print(row.application_id, row.pk)
"""
TAB, APPS = "/a/northwind/applications", "/a/carols-cakes/apps"
Ask = Callable[[], requests.Response]


def large(mark: str, parameters: int = PARAMETERS, number_of: int = MODULES) -> str:
    """The text of a manifest at its limits; another `mark` is another value of each parameter."""
    modules = [
        {
            "key": f"{number:032x}",
            "type": TYPES[number % len(TYPES)],
            "moduleName": f"Module{number}",
            "formattedName": f"Module {number}",
            "group": f"Folder {number % 8}",
            "parameters": [
                {"name": f"Own{place}", "value": f"{mark}{number}-{place} {'x' * VALUE}"} for place in range(parameters)
            ],
        }
        for number in range(number_of)
    ]
    permissions = [f"GlobalPermissions.Area{number % 40}.Node{number}" for number in range(60)]
    return json.dumps({"Modules": modules, "LinnworksPermissions": permissions}, separators=(",", ":"))


class Person:
    """Somebody at a browser, who posts forms with the token of the page before."""

    def __init__(self, portal: Portal, email: str) -> None:
        self.portal = portal
        self.browser = signed_in(portal.url, email)
        self.browser.headers["Referer"] = portal.url
        self.token = csrf(self.browser.get(f"{portal.url}/profile/", timeout=60).text)

    def get(self, path: str) -> requests.Response:
        return self.browser.get(self.portal.url + path, timeout=60)

    def post(self, path: str, *, files: dict[str, Any] | None = None, **form: Any) -> requests.Response:
        return self.post_fields(path, list(form.items()), files)

    def post_fields(
        self, path: str, fields: list[tuple[str, Any]], files: dict[str, Any] | None = None
    ) -> requests.Response:
        sent = [("csrfmiddlewaretoken", self.token), *fields]
        return self.browser.post(self.portal.url + path, sent, files=files, timeout=60, allow_redirects=False)


def cpu(portal: Portal) -> float:
    """Milliseconds of processor that the portal has used."""
    ticks = 0
    for process in {portal.process.pid, *descendants(portal.process.pid)}:
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")


def tell(portal: Portal, what: str, ask: Ask, expected: int = 200) -> None:
    taken, used = [], cpu(portal)
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = ask()
        taken.append(1000 * (time.perf_counter() - began))
    used = (cpu(portal) - used) / TIMES
    wire = int(answer.headers.get("Content-Length") or 0)
    strange = "" if answer.status_code == expected else f"  answered {answer.status_code}"
    sys.stdout.write(f"{what:36} {median(taken):6.0f} {used:6.0f} {len(answer.content):10,} {wire:8,}{strange}\n")
    sys.stdout.flush()


class Saved:
    """The application as Alice edits it."""

    def __init__(self, portal: Portal, application: str) -> None:
        self.alice = Person(portal, PEOPLE[0])
        self.tab = f"{TAB}/{application}"
        self.marks = (f"m{number}-" for number in count())

    @property
    def revision(self) -> str:
        return form_of(self.alice.get(f"{self.tab}/modules/json/"), "manifest").value("revision")

    def imports(self, parameters: int = PARAMETERS) -> Ask:
        text = large("file", parameters)
        return lambda: self.alice.post(f"{self.tab}/modules/json/import/", files={"file": ("manifest.json", text)})

    def saves(self) -> Ask:
        """Each time another value of each parameter: all of it is new."""
        revisions = count(int(self.revision))
        return lambda: self.alice.post(
            f"{self.tab}/modules/json/", text=large(next(self.marks)), revision=next(revisions)
        )

    def presses(self, button: str) -> Ask:
        page = f"{self.tab}/modules/"
        form = form_of(self.alice.get(page), "manifest")
        pressed = form.button(button)
        sent = [(name, value) for name, value in form.fields if name != "csrfmiddlewaretoken"]
        sent += [(pressed.name, pressed.value)] if pressed.name else []
        # A button of a line is sent to where the form came from.
        return lambda: self.alice.post_fields(pressed.action or form.action or page, sent)

    def gets(self, path: str) -> Ask:
        return lambda: self.alice.get(f"{self.tab}/{path}")

    def previews(self) -> Ask:
        revision = self.revision
        return lambda: self.alice.post(f"{self.tab}/modules/json/preview/", text=large("preview"), revision=revision)

    def releases(self) -> Ask:
        numbers = (f"9.{number}.0" for number in count())

        def release() -> requests.Response:
            revision = self.revision
            return self.alice.post(
                f"{self.tab}/versions/new/release/", number=next(numbers), notes="", revision=revision
            )

        return release


def pages_of(portal: Portal, application: str, installation: str) -> None:
    saved = Saved(portal, application)
    carol, dave = Person(portal, PEOPLE[1]), Person(portal, PEOPLE[2])
    tells = partial(tell, portal)
    sys.stdout.write(f"{'':36} {'ms':>6} {'CPU':>6} {'HTML':>10} {'wire':>8}\n")
    tells("import a file", saved.imports())
    tells("import, above the limits", saved.imports(ABOVE), 422)
    tells("save", saved.saves(), 302)
    tells("JSON", saved.gets("modules/json/"))
    tells("preview: what a text would change", saved.previews())
    tells("editor", saved.gets("modules/"))
    tells("add a module, and so be refused", saved.presses("Duplicate Module 7"))
    tells("review of a new version", saved.gets("versions/new/"))
    tells("one module of the review", saved.gets(f"versions/new/?changes={7:032x}"))
    tells("number and notes", saved.gets(f"versions/new/notes/?revision={saved.revision}"))
    saved.releases()()
    page = saved.alice.get(f"{saved.tab}/versions/").text
    newest = max(map(int, re.findall(r"/versions/(\d+)/", page)))
    tells("page of the version", saved.gets(f"versions/{newest}/"))
    tells("one module of the version", saved.gets(f"versions/{newest}/?module={7:032x}"))
    tells("JSON of the version, as a file", saved.gets(f"versions/{newest}/export/"))
    tells("consent", lambda: dave.get(f"/Authorization/Authorize/{application}"))
    tells("update", lambda: carol.get(f"{APPS}/{installation}/update/"))


def pages_of_one(portal: Portal, application: str) -> None:
    """The editor once the manifest is one module that has all the parameters."""
    saved = Saved(portal, application)
    saved.alice.post(f"{saved.tab}/modules/json/", text=large("one-", MODULES * PARAMETERS, 1), revision=saved.revision)
    tell(portal, "editor of one module of 1,000", saved.gets("modules/"))
    tell(portal, "page of that module", saved.gets(f"modules/{0:032x}/"))
    tell(portal, "a parameter added to it", saved.presses("Add parameter"))


def editing(application: str) -> Load:
    """One of several at once who load the editor again and again."""

    def load(url: str, enough: threading.Event, number: int) -> int:
        browser, loaded = signed_in(url, PEOPLE[0]), 0
        while not enough.is_set():
            loaded += browser.get(f"{url}{TAB}/{application}/modules/", timeout=60).status_code == 200
        return loaded

    return load


def main(engine: str = "sqlite", seconds: str = "5") -> None:
    # The editors are threads beside the client that is timed: it must not wait for them.
    sys.setswitchinterval(0.0001)
    with prepared(engine) as env:
        rows = json.loads(manage(env, "shell", "--verbosity", "0", "--command", CREDENTIALS))
        application, installation = manage(env, "shell", "--verbosity", "0", "--command", GIVEN).split()
        with serving(env) as portal:
            sys.stdout.write(f"{engine}, a manifest of {len(large('m0-')):,} bytes\n")
            pages_of(portal, application, installation)
            pages_of_one(portal, application)
            body = json.dumps(next(row for row in rows if row["ApplicationId"] != application))
            sys.stdout.write("exchanges, median / p99 in ms\n")
            for name, load, clients in (
                ("alone", None, 0),
                (f"alongside {EDITORS} editors", editing(application), EDITORS),
            ):
                sys.stdout.write(f"{name:36} {beside(portal.url, body, load, clients, float(seconds))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
