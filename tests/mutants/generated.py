"""Mutants made by rule, of the modules that carry the rules of the portal."""

import ast
import copy
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.operators import variants
from tests.mutants.places import NAMED, Broken, broken_piece, file_of_tests, module_path, names_of, parsed
from tests.mutants.trees import Swap

LIFECYCLE = "installs.installations.lifecycle"
AUTHORIZATION = "installs.exchange.authorization"
CASES = "installs.exchange.cases"
ACTS = "installs.installations.acts"
CREDENTIALS = "linnapp.credentials"
SIGNING = "installs.postbacks.signing"
RETRIES = "installs.postbacks.retries"
RETRY_AFTER = "installs.outbound.retry_after"
READING = "linnapp.manifest.reading"
MEANING = "linnapp.manifest.meaning"
MANIFEST = ("test_manifest", "test_manifest_shape", "test_manifest_values")
ACCEPTED = Path(__file__).with_name("accepted.txt")
# Which ones are tried where there are more of a module than `most`: always the same.
SEED = "first"
# Characters of a line before and after what changes in it.
AROUND = 60


@dataclass(frozen=True)
class Subject:
    """A module with the tests of its own, the quick ones first, and those that are run where they notice nothing."""

    module: str
    tests: tuple[str, ...]
    further: tuple[str, ...]
    most: int = 50


SUBJECTS = (
    Subject(SIGNING, ("test_signing",), ("test_deliveries", "test_receive_postbacks")),
    Subject(RETRIES, ("test_retries", "test_deliveries", "test_wait_for_200"), ("test_parking", "test_postback_docs")),
    Subject(RETRY_AFTER, ("test_retries",), ("test_connector_client", "test_deliveries")),
    Subject(
        CREDENTIALS,
        ("test_credentials", "test_signing", "test_deliveries"),
        (
            *("test_connector_check", "test_connector_secrets", "test_connector_answers", "test_secrets"),
            *("test_hygiene", "test_support", "test_receive_postbacks"),
            *("test_api_requests", "test_api_sessions", "test_api_refusals"),
        ),
    ),
    Subject(
        ACTS,
        ("test_acts",),
        ("test_suspending", "test_updates", "test_going_back", "test_my_apps", "test_application_installations"),
    ),
    Subject(
        LIFECYCLE,
        ("test_install", "test_consent"),
        (
            *("test_my_apps", "test_acts", "test_installation_sent", "test_install_with_postback", "test_updates"),
            *("test_going_back", "test_switching", "test_application_installations"),
            *("test_pending_races", "test_install_races"),
        ),
    ),
    Subject(
        CASES,
        ("test_authorize", "test_groups"),
        ("test_api_sessions", "test_api_refusals", "test_acts", "test_exchange_races"),
    ),
    Subject(
        AUTHORIZATION,
        ("test_authorize", "test_groups"),
        (
            *("test_door", "test_group_races"),
            *("test_api_requests", "test_api_sessions", "test_api_refusals", "test_exchanges", "test_acts"),
            *("test_install_races", "test_exchange_races"),
        ),
    ),
    Subject(READING, MANIFEST, ("test_manifest_properties", "test_modules_json", "test_modules")),
    Subject(MEANING, MANIFEST, ("test_manifest_properties", "test_module_types", "test_modules_json")),
)


@dataclass(frozen=True)
class Generated:
    subject: Subject
    name: str
    piece: ast.stmt
    code: str
    place_of_several: int = 1
    slow: bool = False

    @property
    def swap(self) -> Swap:
        return Swap(self.subject.module, self.name, self.code)

    @property
    def place(self) -> str:
        return f"{self.subject.module}.{self.name}"

    @property
    def what(self) -> str:
        """What changes, and what around it tells where: its name in the list of those accepted."""
        changed = excerpt(ast.unparse(self.piece), self.code)
        return changed if self.place_of_several == 1 else f"{changed} [{self.place_of_several}]"

    @property
    def full_name(self) -> str:
        return f"{self.place}: {self.what}"

    def broken(self) -> Broken:
        return broken_piece(self.subject.module, self.piece, self.code)

    def test_paths(self) -> list[str]:
        return [file_of_tests(stem) for stem in self.subject.tests]

    def further(self) -> list[str]:
        return [file_of_tests(stem) for stem in self.subject.further]


def excerpt(before: str, after: str) -> str:
    """`before -> after`, without most of what both have in common."""
    first = common(before, after)
    last = common(before[first:][::-1], after[first:][::-1])
    begin = max(before.rfind("\n", 0, first) + 1, before.rfind(" ", 0, max(first - AROUND, 0)) + 1)
    line_end, word_end = (
        before.find(mark, place) for mark, place in (("\n", len(before) - last), (" ", len(before) - last + AROUND))
    )
    end = min([place for place in (line_end, word_end) if place >= 0], default=len(before))
    rest = end - (len(before) - last)
    shown = (text[begin : len(text) - last + rest].replace("\n", " ").strip() for text in (before, after))
    return " -> ".join(shown)


def common(one: str, other: str) -> int:
    """Characters with which both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (here, there) in pairs if here != there), min(len(one), len(other)))


def all_of(subject: Subject) -> Iterator[Generated]:
    _, tree = parsed(module_path(subject.module))
    for name, piece in pieces(tree.body, ""):
        alike: Counter[str] = Counter()
        for code in variants(copy.deepcopy(piece)):
            changed = excerpt(ast.unparse(piece), code)
            alike[changed] += 1
            yield Generated(subject, name, piece, code, alike[changed])


def pieces(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.stmt]]:
    """Functions, methods and constants, each with its dotted name."""
    for each in body:
        for name in names_of(each)[:1]:
            if isinstance(each, ast.ClassDef):
                yield from pieces(each.body, f"{prefix}{name}.")
            elif isinstance(each, NAMED) or getattr(each, "value", None) is not None:
                yield prefix + name, each


def sample_of(subject: Subject) -> list[Generated]:
    """No more than the subject's most; which ones changes only where the code does."""
    found = list(all_of(subject))
    return sorted(found, key=lambda mutant: digest(mutant.full_name))[: subject.most]


def digest(name: str) -> str:
    return hashlib.sha256(f"{SEED} {name}".encode()).hexdigest()


def accepted() -> dict[str, str]:
    """Survivors that break nothing anybody could notice, each with the reason: a line with the full name, and below
    it, indented, why."""
    reasons: dict[str, str] = {}
    name = ""
    for line in ACCEPTED.read_text().splitlines():
        if line.startswith("    "):
            reasons[name] = f"{reasons[name]} {line.strip()}".strip()
        elif line and not line.startswith("#"):
            name = line
            reasons[name] = ""
    return reasons
