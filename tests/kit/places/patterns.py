"""A page of the portal by its name, and the addresses of all, made from the URL conf."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page

from linnapp.demo_people import PEOPLE

NOBODY = "nobody"
# Who signs up while the pages are looked at, and somebody whom the demo does not know.
NEWCOMER, INA = "newcomer", "Ina"
EVERYBODY = (NOBODY, NEWCOMER, INA, *(person.name for person in PEOPLE))
Act = Callable[[Page], None]


@dataclass(frozen=True)
class Place:
    """A page, and with `act` what is done there before it is looked at. `use` names facts for parts of its address;
    `begin` is the page to begin at, where an address alone does not lead to this one."""

    name: str
    person: str
    use: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    act: Act | None = None
    begin: str = ""

    def address(self, facts: Mapping[str, str]) -> str:
        pattern = PATTERNS[self.begin or self.name]
        named = {part: self.fact(part, facts) for part in pattern.parts}
        return pattern.address(named) + self.query

    def fact(self, part: str, facts: Mapping[str, str]) -> str:
        wanted = self.use.get(part, part)
        return facts.get(f"{self.person} {wanted}") or facts.get(wanted) or wanted


@dataclass(frozen=True)
class Pattern:
    route: str
    parts: tuple[str, ...]

    def address(self, named: Mapping[str, str]) -> str:
        return "/" + re.sub(r"%\((\w+)\)s", lambda part: named[part[1]], self.route)


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Pattern]]:
    """Name and address of each page of the URL conf; the admin's are left to `admin_addresses`."""
    for name in filter(lambda key: isinstance(key, str), resolver.reverse_dict):
        possible, *_ = resolver.reverse_dict.getlist(name)
        route, parts = possible[0][0]
        yield name, Pattern(before + route, tuple(parts))


PATTERNS: dict[str, Pattern] = dict(patterns(get_resolver()))


def names_of(resolver: URLResolver) -> set[str]:
    """Of all patterns without a namespace; one without a name would escape the table."""
    found: set[str] = set()
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            assert entry.name, f"{entry} has no name"
            found.add(entry.name)
        elif entry.namespace is None:
            found |= names_of(entry)
    return found
