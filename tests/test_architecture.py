"""The floors of the architecture, read from the imports: arrows point down, and `linnapp` knows nothing of `installs`.

roof   settings, urls, wsgi, middleware, checks, apps: imported by nobody below
4      views, commands, template tags
3      forms, admin, tasks
2      services, named by subject
1      models
0      values, without the ORM
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models.fields.related import RelatedField

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("linnapp", "installs")
ROOF = 5
# Each module, or the package that holds it; the longest name counts. A module that is not here has no floor yet:
# decide where it stands.
FLOORS = {
    "linnapp": 0,
    "linnapp.settings": ROOF,
    "linnapp.urls": ROOF,
    "linnapp.wsgi": ROOF,
    "linnapp.middleware": ROOF,
    "linnapp.sessions": ROOF,
    "linnapp.sign_in_required": ROOF,
    "linnapp.checks": ROOF,
    "linnapp.apps": ROOF,
    "linnapp.page_urls": ROOF,
    "linnapp.people_urls": ROOF,
    "linnapp.admin_site": 3,
    "linnapp.first_env": 0,
    "linnapp.last_account": 0,
    "linnapp.page_requests": 0,
    "linnapp.credentials": 0,
    "linnapp.errors": 0,
    "linnapp.manifest": 0,
    "linnapp.module_types": 0,
    "linnapp.addresses": 0,
    "linnapp.logos": 0,
    "linnapp.supervision": 0,
    "linnapp.demo_people": 0,
    "linnapp.drafts": 0,
    "linnapp.json_places": 0,
    "linnapp.words": 0,
    "linnapp.models": 1,
    "linnapp.timeline": 2,
    "linnapp.pages": 2,
    "linnapp.mail": 2,
    "linnapp.people": 3,
    "linnapp.services": 2,
    "linnapp.forms": 3,
    "linnapp.admin": 3,
    "linnapp.admin_pages": 2,
    "linnapp.views": 4,
    "linnapp.management": 4,
    "linnapp.templatetags": 4,
    "installs": 0,
    "installs.urls": ROOF,
    "installs.api_urls": ROOF,
    "installs.apps": ROOF,
    "installs.wire": 0,
    "installs.signing": 0,
    "installs.outbound": 0,
    "installs.placeholders": 0,
    "installs.retries": 0,
    "installs.receiver": 0,
    "installs.models": 1,
    "installs.attention": 2,
    "installs.authorization": 2,
    "installs.checklist": 2,
    "installs.exchanges": 2,
    "installs.figures": 2,
    "installs.acts": 2,
    "installs.connectors": 2,
    "installs.lifecycle": 2,
    "installs.listings": 2,
    "installs.moving": 2,
    "installs.store": 2,
    "installs.suspending": 2,
    "installs.update_mails": 2,
    "installs.postbacks": 2,
    "installs.progress": 2,
    "installs.links": 0,
    "installs.metrics": 2,
    "installs.refusals": 2,
    "installs.rotation": 2,
    "installs.search": 2,
    "installs.comparison": 2,
    "installs.snapshots": 2,
    "installs.support": 2,
    "installs.demo": 2,
    "installs.forms": 3,
    "installs.admin": 3,
    "installs.admin_acts": 3,
    "installs.tasks": 3,
    "installs.views": 4,
    "installs.management": 4,
    "installs.templatetags": 4,
}

# Where credentials are made, and the few places that digest or make something else.
CRYPTOGRAPHY = {"secrets", "cryptography", "hashlib", "hmac"}
MAY_DIGEST = {
    "linnapp.credentials": "the one place of secrets",
    "linnapp.first_env": "makes the keys before there are settings to read",
    "linnapp.logos": "a logo is named by the digest of its bytes",
    "linnapp.templatetags.portal": "chooses the colour of a missing logo by its name",
    "linnapp.management.commands.prepare": "knows by a digest that the static files are collected already",
    "installs.refusals": "the key of a group of refusals is the digest of what they share",
}
SIGNALS = re.compile(r"\.signals\b|^django\.dispatch")
NETWORK = {"requests", "httpx", "urllib3", "aiohttp", "http.client", "urllib.request"}
DOOR_OUT = "installs.outbound"
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "common"}


@dataclass(frozen=True)
class Import:
    line: int
    target: str
    in_function: bool


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_migration(self) -> bool:
        return ".migrations" in self.name

    def imports(self, known: set[str]) -> Iterator[Import]:
        """Imported modules by their full name: `from installs import refusals` is one of installs.refusals."""
        inside = {
            id(node)
            for function in ast.walk(self.tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
        }
        for node in ast.walk(self.tree):
            for target in _targets(node, known):
                yield Import(node.lineno, target, id(node) in inside)  # type: ignore[attr-defined]


def _targets(node: ast.AST, known: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        names = (f"{node.module}.{alias.name}" for alias in node.names)
        yield from {name if name in known | NETWORK or SIGNALS.search(name) else str(node.module) for name in names}


def modules_of(root: Path) -> list[Module]:
    paths = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return [Module(_name(path.relative_to(root)), path, ast.parse(path.read_text())) for path in paths]


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_door_out(name: str) -> bool:
    return name == DOOR_OUT or name.startswith(f"{DOOR_OUT}.")


def floor_of(name: str) -> int | None:
    """The floor of a module, or of the package it lies in; the two packages themselves stand for nothing else."""
    while name not in FLOORS and "." in name:
        name = name.rpartition(".")[0]
        if name in PACKAGES:
            return None
    return FLOORS.get(name)


def faults(root: Path) -> list[str]:
    """What the packages under `root` do that the architecture forbids, one sentence each."""
    modules = modules_of(root)
    known = {module.name for module in modules}
    found = [fault for module in modules for fault in _faults_of(module, known)]
    return found + _cycles(modules, known)


def _faults_of(module: Module, known: set[str]) -> Iterator[str]:
    if NAMES_THAT_SAY_NOTHING & set(module.name.split(".")):
        yield f"{module.name} has a name that says nothing"
    if floor_of(module.name) is None and not module.is_migration:
        yield f"{module.name} stands on no floor yet: give it one in FLOORS"
        return
    for found in module.imports(known):
        for fault in _faults_of_import(module, found, known):
            yield f"{module.name}, line {found.line}: {fault}"
    yield from _named_in_strings(module)


def _faults_of_import(module: Module, found: Import, known: set[str]) -> Iterator[str]:
    target, outermost = found.target, found.target.partition(".")[0]
    if found.in_function:
        yield f"imports {target} inside a function"
    if NETWORK & {target, outermost} and not is_door_out(module.name):
        yield f"imports {target}: only {DOOR_OUT} reaches the network"
    if outermost in CRYPTOGRAPHY and module.name not in MAY_DIGEST:
        yield f"imports {target}: secrets belong to linnapp.credentials"
    if SIGNALS.search(target):
        yield f"imports {target}: there are no signals here"
    if outermost in PACKAGES and not module.is_migration:
        yield from _faults_of_arrow(module, target)
    if outermost in PACKAGES and target not in known:
        yield f"imports {target}, which is not there"


def _faults_of_arrow(module: Module, target: str) -> Iterator[str]:
    here, there = floor_of(module.name), floor_of(target)
    if here is None or there is None:
        return
    if module.package == "linnapp" and target.startswith("installs") and here != ROOF:
        yield f"imports {target}: linnapp knows nothing of installs"
    elif module.package == "installs" and target.startswith("linnapp") and there > 2:
        yield f"imports {target}: installs uses the floors 0 to 2 of linnapp"
    elif there > here:
        yield f"imports {target}, which stands above it"


def _named_in_strings(module: Module) -> Iterator[str]:
    """The registry must not reach `installs` by name either, as `apps.get_model("installs.Session")` would."""
    if module.package != "linnapp" or floor_of(module.name) == ROOF:
        return
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.match(r"installs\b[./]?\S*$", node.value)
        ):
            yield f"{module.name}, line {node.lineno}: names “{node.value}”: linnapp knows nothing of installs"


def _cycles(modules: list[Module], known: set[str]) -> list[str]:
    graph = {module.name: {found.target for found in module.imports(known)} & known for module in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [f"imports go in a circle: {' -> '.join(error.args[1])}"]
    return []


def test_the_floors_hold() -> None:
    assert faults(ROOT) == []


def test_linnapp_cannot_reach_installs_through_a_reverse_accessor() -> None:
    foreign = [
        field
        for model in apps.get_app_config("installs").get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if isinstance(field, RelatedField) and field.related_model._meta.app_label == "linnapp"
    ]
    assert len(foreign) >= 8
    assert [str(field) for field in foreign if field.remote_field.related_name != "+"] == []


# A tree in order, and what happens when one line of it is wrong.
SOUND = {
    "linnapp/__init__.py": "",
    "linnapp/settings.py": "",
    "linnapp/credentials.py": "import hmac",
    "linnapp/models/__init__.py": "from linnapp import credentials",
    "linnapp/services/__init__.py": "from linnapp.models import Application",
    "linnapp/services/applications.py": "from linnapp import credentials",
    "linnapp/services/manifests.py": "from linnapp.services import applications",
    "linnapp/forms/__init__.py": "from linnapp.services.manifests import save",
    "linnapp/views/__init__.py": "from linnapp.forms import NameForm",
    "installs/__init__.py": "",
    "installs/lifecycle.py": "from linnapp.services import applications",
    "installs/outbound/__init__.py": "import requests",
    "installs/outbound/connections.py": "from urllib3 import PoolManager",
    "installs/views/__init__.py": "from installs import lifecycle",
}
PLANTED = [
    ("linnapp/services/__init__.py", "from installs import lifecycle", "linnapp knows nothing of installs"),
    ("linnapp/views/__init__.py", "model = get_model('installs.Session')", "linnapp knows nothing of installs"),
    ("linnapp/models/__init__.py", "from linnapp.services import applications", "which stands above it"),
    ("linnapp/models/__init__.py", "import linnapp.settings", "which stands above it"),
    ("installs/lifecycle.py", "from installs.views import api", "which stands above it"),
    ("installs/views/__init__.py", "from linnapp.forms import NameForm", "the floors 0 to 2 of linnapp"),
    ("linnapp/services/applications.py", "from linnapp.services.manifests import save", "in a circle"),
    ("linnapp/forms/__init__.py", "def late():\n    import json", "imports json inside a function"),
    ("installs/lifecycle.py", "import requests", "only installs.outbound reaches the network"),
    ("installs/lifecycle.py", "from urllib import request", "only installs.outbound reaches the network"),
    ("installs/lifecycle.py", "from secrets import token_hex", "secrets belong to linnapp.credentials"),
    ("installs/lifecycle.py", "from django.db.models import signals", "there are no signals here"),
    ("installs/lifecycle.py", "from django.dispatch import receiver", "there are no signals here"),
    ("installs/lifecycle.py", "from linnapp import nowhere\nimport linnapp.nowhere", "which is not there"),
    ("installs/utils.py", "", "has a name that says nothing"),
    ("installs/novelty.py", "", "stands on no floor yet"),
]


def write(root: Path, files: dict[str, str]) -> None:
    for path, source in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(source)


def test_a_sound_tree_has_no_fault(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    assert faults(tmp_path) == []


@pytest.mark.parametrize(("path", "source", "said"), PLANTED)
def test_a_planted_fault_is_found(tmp_path: Path, path: str, source: str, said: str) -> None:
    write(tmp_path, {**SOUND, path: source})
    found = faults(tmp_path)
    assert any(said in fault for fault in found), found
