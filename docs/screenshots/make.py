"""Takes the pictures of this folder from a demo portal of its own, and writes the README beside them:
`python -m docs.screenshots.make` in the project's folder, or `make screenshots`."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.kit import chromium, portal

HERE = Path(__file__).resolve().parent
# Width and height of the window; what lies below it on a long page is left out.
SIZES = {1280: 900, 390: 844}
SCHEMES = ("light", "dark")
COLOURS = 192
SETTLED_MS = 300


@dataclass(frozen=True)
class Picture:
    """`reach` leads there from where the picture before was taken, or from the page after signing in."""

    name: str
    title: str
    person: str
    reach: Callable[[Page], object]


def open_at(path: str) -> Callable[[Page], object]:
    return lambda page: page.goto(path)


def unfold_first_module(page: Page) -> None:
    page.get_by_role("link", name="App Modules").click()
    page.locator(".module").first.wait_for()
    if not page.get_by_label("Formatted Name").first.is_visible():
        page.locator(".module summary").first.click()


def review_version(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Applications").first.click()
    page.get_by_role("link", name="Order Board").click()
    page.get_by_role("button", name="Create New Version").click()


def postbacks(page: Page) -> None:
    page.goto("/a/northwind/applications/")
    page.get_by_role("link", name="Blue Market").click()
    page.get_by_role("link", name="Postbacks", exact=True).click()


def one_given_up(page: Page) -> None:
    page.get_by_role("link", name="Exhausted", exact=True).click()
    page.wait_for_url("**state=exhausted**")
    page.locator("tbody th a").first.click()


def send_test(page: Page) -> None:
    page.get_by_role("link", name="Postbacks", exact=True).click()
    page.get_by_role("button", name="Send test postback").click()


def listing(page: Page) -> None:
    page.goto("/a/northwind/applications/")
    page.get_by_role("link", name="Blue Market").click()
    page.get_by_role("link", name="General", exact=True).click()
    page.get_by_role("button", name="Listing").click()


def open_first_of_store(page: Page) -> None:
    page.locator("main").get_by_role("link", name="Order Board").click()


def test_connection(page: Page) -> None:
    page.get_by_role("link", name="Stock Bridge").click()
    page.get_by_role("button", name="Test connection").click()
    page.get_by_text("It works.").wait_for()


def agree(page: Page) -> None:
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Install", exact=True).click()


def preview_of_a_file(page: Page) -> None:
    """An export of which each support contact was edited."""
    export = page.request.get("/admin/linnapp/application/export/csv/?q=Northwind").text()
    rows = list(csv.DictReader(io.StringIO(export.removeprefix("\ufeff"), newline="")))
    written = io.StringIO()
    csv.writer(written).writerows([["id", "support_contact"], *([row["id"], "desk@northwind.example"] for row in rows)])
    page.goto("/admin/linnapp/application/import/")
    file = {"name": "support-contacts.csv", "mimeType": "text/csv", "buffer": written.getvalue().encode()}
    page.get_by_label("File").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Show what it changes").click()
    page.get_by_label("Reason").wait_for()


def applied(page: Page) -> None:
    page.get_by_label("Reason").fill("Ticket 4711: one desk for all applications.")
    page.get_by_role("button", name="Apply to").click()
    page.get_by_role("button", name="Undo").wait_for()


def pictures(application: str, installation: str) -> tuple[Picture, ...]:
    of_application = f"/a/northwind/applications/{application}"
    return (
        Picture("sign-in", "Sign-in, with the people of the demo", "", open_at("/sign-in/")),
        Picture("application-list", "Applications", "Alice", open_at("/a/northwind/applications/")),
        Picture("application-new", "New App", "Alice", open_at("/a/northwind/applications/new/")),
        Picture("application-overview", "Overview of an application", "Alice", open_at(f"{of_application}/")),
        Picture("application-general", "General", "Alice", open_at(f"{of_application}/general/")),
        Picture("app-modules", "App Modules", "Alice", unfold_first_module),
        Picture("installations", "Installations", "Alice", open_at(f"{of_application}/installations/")),
        Picture("versions", "Versions, and who moved lately", "Alice", open_at(f"{of_application}/versions/")),
        Picture("version-review", "Create New Version, the first of three steps", "Alice", review_version),
        Picture("postbacks", "Postbacks of an application", "Alice", postbacks),
        Picture("postback", "A postback that was given up, attempt by attempt", "Alice", one_given_up),
        Picture("postback-test", "Send test postback", "Alice", send_test),
        Picture("listing", "A listing that was returned", "Alice", listing),
        Picture("connectors", "Connectors", "Alice", open_at("/a/northwind/connectors/")),
        Picture("connector", "Test connection", "Alice", test_connection),
        Picture("team", "Team", "Alice", open_at("/a/northwind/team/")),
        Picture("security", "Security", "Alice", open_at("/profile/security/")),
        Picture("consent", "Consent", "Dave", open_at(f"/Authorization/Authorize/{application}")),
        Picture("installed", "After installing", "Dave", agree),
        Picture("store", "Store", "Carol", open_at("/a/carols-cakes/store/")),
        Picture("store-application", "An application in the store", "Carol", open_first_of_store),
        Picture("my-apps", "My apps", "Carol", open_at("/a/carols-cakes/apps/")),
        Picture("update", "Update", "Carol", open_at(f"/a/carols-cakes/apps/{installation}/update/")),
        Picture("support-installation", "Support", "Sam", open_at(f"/support/installations/{installation}/")),
        Picture("admin-installations", "Admin: installations", "Paula", open_at("/admin/installs/installation/")),
        Picture("admin-preview", "Admin: what a file would change", "Paula", preview_of_a_file),
        Picture("admin-bulk-change", "Admin: a bulk change that is done", "Paula", applied),
    )


def take_all(browser: Browser, url: str, wanted: Iterable[Picture]) -> None:
    for person, taken in groupby(wanted, key=lambda picture: picture.person):
        context = browser.new_context(base_url=url, reduced_motion="reduce", locale="en-GB")
        page = context.new_page()
        if person:
            page.goto("/sign-in/")
            page.locator(".people button", has_text=person).click()
        for picture in taken:
            take(page, picture)
        context.close()


def take(page: Page, picture: Picture) -> None:
    page.set_viewport_size({"width": 1280, "height": SIZES[1280]})
    picture.reach(page)
    page.wait_for_load_state("networkidle")
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.wait_for_timeout(SETTLED_MS)
            save(page.screenshot(), HERE / f"{picture.name}-{scheme}-{width}.png")


def save(png: bytes, path: Path) -> None:
    """A picture of a page has few colours: a palette makes it a third as large."""
    with Image.open(io.BytesIO(png)) as image:
        small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def write_readme(taken: Iterable[Picture]) -> None:
    lines = ["# How it looks", "", "Taken from the demo by `make screenshots`: light and dark, at 1280 and 390 pixels."]
    for picture in taken:
        whose = f", as {picture.person} sees it" if picture.person else ""
        lines += ["", f"## {picture.title}{whose}", ""]
        lines += [
            f"![{picture.title}, {scheme}, {width} pixels wide]({picture.name}-{scheme}-{width}.png)"
            for width in SIZES
            for scheme in SCHEMES
        ]
    (HERE / "README.md").write_text("\n".join(lines) + "\n")


def installation_of(running: portal.Portal) -> str:
    return running.manage(
        "shell",
        "--verbosity=0",
        "--command=from installs.models import Installation; "
        "print(Installation.objects.active().get(application__name='Stock Bridge', account__slug='carols-cakes').pk)",
    ).strip()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        env = portal.environment(Path(folder), DEMO="true", PORT="8000")
        portal.manage(env, "prepare")
        with portal.serving(env) as running:
            demo = portal.shell_assignments(running.manage("demo_env"))
            wanted = pictures(demo["APPLICATION_ID"], installation_of(running))
            options = {"executable_path": chromium.on_path(), "args": chromium.ARGUMENTS}
            with playwright.chromium.launch(**options) as browser:
                take_all(browser, f"http://localhost:{running.port}", wanted)
            write_readme(wanted)


if __name__ == "__main__":
    main()
