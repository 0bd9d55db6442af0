"""What the architecture forbids, read from the source: floors, wings, circles, the one door out, sizes."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.architecture.imports import PACKAGES, Import, Module, modules_of

VALUES, MODELS, SERVICES, FORMS, VIEWS, ROOF = range(6)
# Each module of the registry, or the package that holds it; the longest name counts. A module that is not here has no
# floor yet: decide where it stands.
FLOORS = {
    "linnapp": VALUES,
    "linnapp.settings": ROOF,
    "linnapp.urls": ROOF,
    "linnapp.wsgi": ROOF,
    "linnapp.middleware": ROOF,
    "linnapp.error_reports": ROOF,
    "linnapp.front": ROOF,
    # Starts the house.
    "linnapp.management.commands.serve": ROOF,
    "linnapp.signing_in.sign_in_required": ROOF,
    "linnapp.compression": ROOF,
    "linnapp.staff_inside": ROOF,
    "linnapp.signing_in.factors_first": ROOF,
    "linnapp.sessions": ROOF,
    "linnapp.signing_in.browser_sessions": ROOF,
    "linnapp.apps": ROOF,
    "linnapp.page_urls": ROOF,
    "linnapp.people_urls": ROOF,
    "linnapp.first_env": VALUES,
    "linnapp.env_file": VALUES,
    "linnapp.setting_values": VALUES,
    "linnapp.credentials": VALUES,
    "linnapp.errors": VALUES,
    "linnapp.folding": VALUES,
    "linnapp.manifest": VALUES,
    "linnapp.module_types": VALUES,
    "linnapp.addresses": VALUES,
    "linnapp.calls": VALUES,
    "linnapp.figures": VALUES,
    "linnapp.figure_files": VALUES,
    "linnapp.front_figures": VALUES,
    "linnapp.jobs": VALUES,
    "linnapp.log_lines": VALUES,
    "linnapp.page_figures": VALUES,
    "linnapp.work_figures": VALUES,
    "linnapp.batches": VALUES,
    "linnapp.crews": VALUES,
    "linnapp.logos": VALUES,
    "linnapp.origins": VALUES,
    "linnapp.supervision": VALUES,
    "linnapp.demo_people": VALUES,
    "linnapp.drafts": VALUES,
    "linnapp.json_places": VALUES,
    "linnapp.json_texts": VALUES,
    "linnapp.url_patterns": VALUES,
    "linnapp.web_servers": VALUES,
    "linnapp.last_account": VALUES,
    "linnapp.list_files": VALUES,
    "linnapp.page_requests": VALUES,
    "linnapp.quick_addresses": VALUES,
    "linnapp.refused_pages": VALUES,
    "linnapp.moments": VALUES,
    "linnapp.words": VALUES,
    "linnapp.user_agents": VALUES,
    "linnapp.names": VALUES,
    "linnapp.mail_addresses": VALUES,
    "linnapp.passwords": VALUES,
    "linnapp.form_fields": VALUES,
    "linnapp.kinds": VALUES,
    "linnapp.cells": VALUES,
    "linnapp.models": MODELS,
    "linnapp.actors": SERVICES,
    "linnapp.timeline": SERVICES,
    "linnapp.timeline_days": SERVICES,
    "linnapp.timeline_filter": SERVICES,
    "linnapp.timeline_pages": SERVICES,
    "linnapp.record_pages": SERVICES,
    "linnapp.audit_receivers": SERVICES,
    "linnapp.snapshots": SERVICES,
    "linnapp.typed": SERVICES,
    "linnapp.staff_requests": SERVICES,
    "linnapp.seats": SERVICES,
    "linnapp.endings": SERVICES,
    "linnapp.frames": SERVICES,
    "linnapp.pages": SERVICES,
    "linnapp.keys_first": SERVICES,
    "linnapp.backups": SERVICES,
    "linnapp.backups.faults": VALUES,
    "linnapp.tab": SERVICES,
    "linnapp.mail": SERVICES,
    "linnapp.mail_choices": SERVICES,
    "linnapp.mail_metrics": SERVICES,
    "linnapp.own_data": SERVICES,
    "linnapp.outbox": SERVICES,
    "linnapp.queues": VALUES,
    "linnapp.periodic": SERVICES,
    "linnapp.health": SERVICES,
    "linnapp.maintenance": VALUES,
    "linnapp.services": SERVICES,
    "linnapp.signing_in": SERVICES,
    "linnapp.admin_columns": SERVICES,
    "linnapp.admin_lookups": SERVICES,
    "linnapp.admin_scripts": SERVICES,
    "linnapp.admin_cells": VIEWS,
    "linnapp.exports": SERVICES,
    "linnapp.export_files": SERVICES,
    "linnapp.admin_export": SERVICES,
    "linnapp.admin_pages": SERVICES,
    "linnapp.staff_actions": SERVICES,
    "linnapp.bulk_changes": SERVICES,
    "linnapp.import_files": VALUES,
    "linnapp.byte_marks": VALUES,
    "linnapp.workbook_reading": VALUES,
    "linnapp.workbook_writing": VALUES,
    "linnapp.imports": SERVICES,
    "linnapp.admin_imports": SERVICES,
    "linnapp.manifest_imports": SERVICES,
    "linnapp.invitation_imports": SERVICES,
    "linnapp.new_rows": SERVICES,
    "linnapp.admin_editing": SERVICES,
    "linnapp.admin_list_editing": SERVICES,
    "linnapp.admin_filters": SERVICES,
    "linnapp.admin_finding": SERVICES,
    "linnapp.admin_rooms": SERVICES,
    "linnapp.admin_search": FORMS,
    "linnapp.formats": VALUES,
    "linnapp.admin_site": FORMS,
    "linnapp.people": FORMS,
    "linnapp.forms": FORMS,
    "linnapp.admin": FORMS,
    "linnapp.views": VIEWS,
    "linnapp.management": VIEWS,
    "linnapp.templatetags": VIEWS,
    # Pieces of a page, of which functions of both packages put rows together.
    "linnapp.templatetags.names": VALUES,
    "linnapp.templatetags.portal": SERVICES,
    # What is of no wing.
    "installs": VALUES,
    "installs.urls": ROOF,
    "installs.api_urls": ROOF,
    "installs.models": MODELS,
    "installs.demo": SERVICES,
    "installs.admin": FORMS,
    "installs.tasks": FORMS,
    "installs.management": VIEWS,
    "installs.templatetags": VIEWS,
}
# The wings, each with those that it may import. Circles end in a refusal; what two wings need goes down, to the models
# or to linnapp, or up into a template tag.
WINGS: dict[str, set[str]] = {
    "outbound": set(),
    "postbacks": {"outbound"},
    "installations": {"postbacks"},
    "exchange": {"installations"},
    "store": set(),
    "connectors": {"outbound", "installations", "exchange"},
    # What is read inside the portal: its sentences are those of the wings that say them.
    "documentation": {"exchange"},
    # What people ask of support, and what they are answered.
    "help": {"exchange", "installations"},
    "support": {"exchange", "help", "installations", "postbacks"},
    "search": {"documentation", "exchange"},
    # What a monitor reads of all of them.
    "metrics": {"exchange", "postbacks"},
    "application": {"installations", "exchange", "postbacks", "store"},
}
# Of a wing, by the part of the name that follows it; all else is a service, unless it is a value.
FLOORS_OF_WINGS = {
    "forms": FORMS,
    "views": VIEWS,
    "page_views": VIEWS,
    "urls": ROOF,
    "page_urls": ROOF,
    "machine_urls": ROOF,
}
VALUES_OF_WINGS = {
    "installs.outbound",
    "installs.exchange.mislabelled",
    "installs.exchange.sent",
    "installs.exchange.stand_in",
    "installs.exchange.wire",
    "installs.installations.links",
    "installs.postbacks.placeholders",
    "installs.postbacks.receiver",
    "installs.postbacks.retries",
    "installs.postbacks.signing",
}
# Where credentials are made, and the few places that digest or make something else.
CRYPTOGRAPHY = {"secrets", "cryptography", "hashlib", "hmac"}
MAY_DIGEST = {
    "linnapp.credentials": "the one place of secrets",
    "linnapp.first_env": "makes the keys before there are settings to read",
    "linnapp.logos": "a logo is named by the digest of its bytes",
    "linnapp.templatetags.portal": "chooses the colour of a missing logo by its name",
    "linnapp.management.commands.prepare": "knows by a digest that the static files are collected already",
}
SIGNALS = re.compile(r"\.signals\b|^django\.dispatch")
# What Django and allauth do is told by signals alone.
MAY_RECEIVE = {"linnapp.audit_receivers"}
NETWORK = {"requests", "httpx", "urllib3", "aiohttp", "http.client", "urllib.request", "sentry_sdk"}
DOOR_OUT = "installs.outbound"
# Tells faults to the one address that the operator named, with nothing in it that anybody typed.
MAY_REPORT = {"linnapp.error_reports"}
SERVERS = {"asyncio", "httptools", "uvloop", "granian"}
DOOR_IN = "linnapp.front"
# The door in, and what answers in its loop.
MAY_LOOP = (DOOR_IN, "installs.exchange.")
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "common", "handler", "process"}
MOST_LINES, MOST_LINES_OF_FUNCTION = 400, 50
MOST_FILES_IN_FOLDER, MOST_LOOSE_IN_INSTALLS = 30, 8


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def wing_of(name: str) -> str | None:
    package, _, rest = name.partition(".")
    wing = rest.partition(".")[0]
    return wing if package == "installs" and wing in WINGS else None


def floor_of(name: str) -> int | None:
    """The floor of a module, or of the package it lies in; the two packages themselves stand for nothing else."""
    if wing := wing_of(name):
        inside = name.removeprefix(f"installs.{wing}").lstrip(".").partition(".")[0]
        if any(is_within(name, value) for value in VALUES_OF_WINGS):
            return VALUES
        return FLOORS_OF_WINGS.get(inside, SERVICES)
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
    if NAMES_THAT_SAY_NOTHING & set(module.parts):
        yield f"{module.name} has a name that says nothing"
    if floor_of(module.name) is None and not module.is_migration:
        yield f"{module.name} stands on no floor and in no wing yet: give it one in tests/architecture/rules.py"
        return
    for found in module.imports(known):
        for fault in _faults_of_import(module, found, known):
            yield f"{module.name}, line {found.line}: {fault}"
    yield from _named_in_strings(module)


def _faults_of_import(module: Module, found: Import, known: set[str]) -> Iterator[str]:
    target, outermost = found.target, found.target.partition(".")[0]
    if found.in_function:
        yield f"imports {target} inside a function"
    if (
        NETWORK & {target, found.full, outermost}
        and not is_within(module.name, DOOR_OUT)
        and module.name not in MAY_REPORT
    ):
        yield f"imports {found.full}: only {DOOR_OUT} reaches the network"
    if outermost in SERVERS and not module.name.startswith(MAY_LOOP):
        yield f"imports {found.full}: only {DOOR_IN} serves"
    if outermost in CRYPTOGRAPHY and module.name not in MAY_DIGEST:
        yield f"imports {target}: secrets belong to linnapp.credentials"
    if SIGNALS.search(found.full) and module.name not in MAY_RECEIVE:
        yield f"imports {found.full}: there are no signals here"
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
    elif module.package == "installs" and target.startswith("linnapp") and there > SERVICES and here != ROOF:
        yield f"imports {target}: installs uses the floors 0 to 2 of linnapp"
    elif there > here:
        yield f"imports {target}, which stands above it"
    yield from _faults_between_wings(module, target)


def _faults_between_wings(module: Module, target: str) -> Iterator[str]:
    here, there = wing_of(module.name), wing_of(target)
    if there is None or here == there:
        return
    if here is not None and there not in WINGS[here]:
        yield f"imports {target}: the wing {here} does not know {there}"
    if here is None and module.name.startswith("installs.models"):
        yield f"imports {target}: models know no wing"


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
    """Of modules, and of wings: what the table allows may not go in a circle either."""
    graphs: list[dict[str, set[str]]] = [
        {module.name: {found.target for found in module.imports(known)} & known for module in modules},
        WINGS,
    ]
    return [fault for graph in graphs for fault in circle(graph)]


INCLUDED = re.compile(r"{% (?:include|extends) \"installs/(\w+)/")


def template_faults(root: Path) -> list[str]:
    """A wing's templates show no part of a wing that it does not know: what two wings show lies above them."""
    found = []
    for wing, known in WINGS.items():
        for path in sorted((root / "templates" / "installs" / wing).rglob("*.html")):
            others = set(INCLUDED.findall(path.read_text())) - {wing} - known
            found += [f"{path.relative_to(root).as_posix()} shows a part of {other}" for other in sorted(others)]
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [f"imports go in a circle: {' -> '.join(error.args[1])}"]
    return []


def sizes(root: Path) -> list[str]:
    """Files, functions and folders that a reader does not take in, one sentence each. Migrations are left out."""
    sources = sorted(
        path
        for top in (*PACKAGES, "tests", "bench", "docs")
        for path in (root / top).rglob("*.py")
        if "migrations" not in path.parts
    )
    found = [fault for path in sources for fault in _sizes_of(path, path.relative_to(root).as_posix())]
    folders = Counter(path.parent for path in sources if path.is_relative_to(root / "tests"))
    folders += Counter(path.parent for path in (root / "templates").rglob("*.*") if path.is_file())
    for folder, number in sorted(folders.items()):
        if number > MOST_FILES_IN_FOLDER:
            found.append(f"{folder.relative_to(root).as_posix()} holds {number} files")
    loose = len(list((root / "installs").glob("*.py")))
    return [*found, f"installs holds {loose} loose files"] if loose > MOST_LOOSE_IN_INSTALLS else found


def _sizes_of(path: Path, name: str) -> Iterator[str]:
    text = path.read_text()
    if (lines := text.count("\n")) > MOST_LINES:
        yield f"{name} has {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > MOST_LINES_OF_FUNCTION:
                yield f"{name}, line {node.lineno}: {node.name} has {length} lines"
