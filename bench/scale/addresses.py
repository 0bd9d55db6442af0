"""Every page that is timed: those that somebody thought of, and whatever else the URL conf and the admin have.

Runs within the portal's Django, `tell` as its command: what it prints is read by `bench.scale.pages`.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from bench.scale import names
from bench.scale.names import CUSTOMER, DEV, PLAIN, SUPERUSER, SUPPORT, key
from installs.models import Connector, Delivery, HelpCase, Installation
from linnapp.models import Application, Version
from tests.kit.places.patterns import PATTERNS
from tests.kit.places.table import NOT_PAGES

HOUSE, MANY, SHOP = names.SLUGS
# One installation, account and e-mail that searches ask for.
ONE, MAILED = 777, 777
# Nobody has it in a name.
NOTHING = "zzqqzz"
COMMON = "harbour"
PAGE_OF_ADMIN = 90
# Not to be timed: they are for people who are not signed in, lead out, or end something.
LEFT_OUT = {"account_logout", "account_login", "account_signup", "go_on", "invitation_accept", "update_mails_stop"}


@dataclass(frozen=True)
class Visit:
    """A page and who opens it. With `fields` it is a form that is sent, from the page itself; `deep` is how many pages
    on in a list it is looked at. `lists` are pages whose links to themselves are timed too: sorts and filters."""

    name: str
    who: str
    path: str
    fields: dict[str, str] = field(default_factory=dict)
    deep: int = 0
    as_part: bool = False
    lists: bool = False


def tell() -> None:
    json.dump([asdict(visit) for visit in visits()], sys.stdout)


def visits() -> list[Visit]:
    """Each address once, under the name that came first."""
    found: dict[tuple[object, ...], Visit] = {}
    for visit in (*of_applications(), *of_customers(), *searches(), *of_support(), *of_admin(), *of_the_url_conf()):
        place = visit.who, visit.path, tuple(visit.fields.items()), visit.deep, visit.as_part
        found.setdefault(place, visit)
    return list(found.values())


def named_part() -> str:
    """Of the name of one account."""
    return names.md5("n1234")[:8]


def of_applications() -> Iterator[Visit]:
    base = f"/a/{HOUSE}/applications/{key('a', 0)}/"
    installations, postbacks, activity = f"{base}installations/", f"{base}postbacks/", f"{base}activity/"
    yield Visit("Installations, as a part", DEV, installations, as_part=True)
    yield Visit("Installations, ten pages on", DEV, installations, deep=10)
    yield Visit("Installations, one account", DEV, f"{installations}?q={named_part()}")
    yield Visit("Installations, common word", DEV, f"{installations}?q={COMMON}")
    yield Visit("Installations, nothing found", DEV, f"{installations}?q={NOTHING}")
    for sort in ("account", "used"):
        yield Visit(f"Installations, by {sort}", DEV, f"{installations}?sort={sort}")
    for state in ("behind", "suspended", "never_connected", "failed"):
        yield Visit(f"Installations, {state.replace('_', ' ')}", DEV, f"{installations}?state={state}")
    yield Visit("Overview", DEV, base)
    yield Visit("Activity, five pages on", DEV, activity, deep=5)
    yield Visit("Activity, about exchanges", DEV, f"{activity}?about=exchanges")
    yield Visit("Activity, about versions", DEV, f"{activity}?about=versions")
    yield Visit("Activity, common word", DEV, f"{activity}?q={COMMON}")
    yield Visit("Postbacks, ten pages on", DEV, postbacks, deep=10)
    yield Visit("Postbacks, failed", DEV, f"{postbacks}?state=failed")
    yield Visit("Postbacks, one account", DEV, f"{postbacks}?q={named_part()}")
    yield Visit("Home", DEV, "/")


def of_customers() -> Iterator[Visit]:
    apps = f"/a/{MANY}/apps/"
    yield Visit("My apps, every application", CUSTOMER, apps, lists=True)
    yield Visit("My apps, every application, ten pages on", CUSTOMER, apps, deep=10)
    yield Visit("My apps, with updates", CUSTOMER, f"{apps}?state=update")
    yield Visit("My apps, common word", CUSTOMER, f"{apps}?q=sync")
    yield Visit("My apps, a few", PLAIN, f"/a/{SHOP}/apps/", lists=True)
    yield Visit("Store, text", PLAIN, f"/a/{SHOP}/store/?q=sync")
    yield Visit("Store, account with every application", CUSTOMER, f"/a/{MANY}/store/")
    yield Visit("Store, the largest application", PLAIN, f"/a/{SHOP}/store/{key('a', 0)}/")
    yield Visit("Consent, the largest application", PLAIN, f"/Authorization/Authorize/{key('a', 0)}?account={SHOP}")


def searches() -> Iterator[Visit]:
    for name, sought in (
        ("one account", named_part()), ("common word", COMMON), ("nothing found", NOTHING),
        ("a permanent token", key("t", 5000)), ("an installation", key("i", ONE)),
    ):  # fmt: skip
        yield Visit(f"Search, {name}", DEV, "/search/", {"q": sought})
    for name, sought in (
        ("an installation", key("i", ONE)), ("a permanent token", key("t", ONE)), ("an application", key("a", 0)),
        ("one account", named_part()), ("common word", COMMON), ("nothing found", NOTHING),
        ("part of an e-mail", names.owner(MAILED).partition("@")[0]), ("an e-mail", names.owner(MAILED)),
        ("no e-mail found", "zz@qq.zz"),
    ):  # fmt: skip
        yield Visit(f"Support, {name}", SUPPORT, "/support/", {"q": sought})


def of_support() -> Iterator[Visit]:
    yield Visit("Support, installation", SUPPORT, f"/support/installations/{key('i', ONE)}/")
    yield Visit("Support, largest application", SUPPORT, f"/support/applications/{key('a', 0)}/")
    yield Visit("Support, account with every application", SUPPORT, f"/support/accounts/{key('c', 1)}/")


def of_admin() -> Iterator[Visit]:
    """Each list: its first page, far on, and what it is searched for; and one page of a row."""
    yield Visit("Admin", SUPERUSER, reverse("admin:index"))
    yield Visit("Admin, search, one account", SUPERUSER, f"{reverse('admin:search')}?q={named_part()}")
    yield Visit("Admin, search, common word", SUPERUSER, f"{reverse('admin:search')}?q={COMMON}")
    for model, rows in admin.site._registry.items():
        words, meta = model._meta.verbose_name_plural, model._meta
        path = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        yield Visit(f"Admin, {words}", SUPERUSER, path, lists=True)
        yield Visit(f"Admin, {words}, far on", SUPERUSER, f"{path}?p={far_on(model, rows.list_per_page)}")
        if rows.search_fields:
            for name, sought in (("one account", named_part()), ("common word", COMMON), ("nothing found", NOTHING)):
                yield Visit(f"Admin, {words}, {name}", SUPERUSER, f"{path}?q={sought}")
        if row := model._base_manager.order_by("pk").first():
            address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
            yield Visit(f"Admin, one of {words}", SUPERUSER, address)
    installations = reverse("admin:installs_installation_changelist")
    yield Visit("Admin, installations, the last page", SUPERUSER, f"{installations}?p=200")
    yield Visit("Admin, installations, by id", SUPERUSER, f"{installations}?q={key('i', ONE)}")


def far_on(model: type[Model], per_page: int) -> int:
    """A page that the list has, under the same name with few rows and with many."""
    rows = model._base_manager.order_by()[: PAGE_OF_ADMIN * per_page].count()
    return max(1, rows // per_page)


def of_the_url_conf() -> Iterator[Visit]:
    """All pages that the URL conf names, each as somebody who may open it."""
    for name, pattern in PATTERNS.items():
        if name in NOT_PAGES | LEFT_OUT:
            continue
        route = pattern.route
        who, slug = (DEV, HOUSE)
        if "installation" in pattern.parts and route.startswith("a/") and "application" not in pattern.parts:
            who, slug = PLAIN, SHOP
        if route.startswith("support/") or name == "access_enter":
            who = SUPPORT
        if "case" in pattern.parts and who == DEV:
            continue
        try:
            named = {part: fact(part, slug) for part in pattern.parts}
        except LookupError:
            continue
        yield Visit(name.replace("_", " ").capitalize(), who, pattern.address(named), lists=True)


def fact(part: str, slug: str) -> str:
    """What stands for this part of an address. Raises LookupError where nothing does: it is made by hand, of a mail."""
    application, account = key("a", 0), key("c", names.SLUGS.index(slug))
    facts: dict[str, Callable[[], object]] = {
        "account": lambda: slug,
        "slug": lambda: names.slug(5),
        "application": lambda: application,
        "account_key": lambda: key("c", 1),
        "installation": lambda: Installation.objects.live().filter(account_id=account).order_by("pk")[0].pk,
        "version": lambda: Version.objects.filter(application_id=application, kind="RELEASED").order_by("-pk")[0].pk,
        "delivery": lambda: Delivery.objects.filter(application_id=application).order_by("-created_at", "pk")[0].pk,
        "connector": lambda: Connector.objects.filter(account_id=account).order_by("pk")[0].pk,
        "case": lambda: HelpCase.objects.order_by("opened_at", "pk")[0].pk,
        "kind": lambda: "installation",
        "subject": lambda: key("i", 0),
        "module": lambda: Application.objects.get(pk=application).modules.order_by("position")[0].key.hex,
    }
    if part not in facts:
        raise LookupError(part)
    return str(facts[part]())
