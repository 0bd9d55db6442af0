"""`make rooms`: how many rooms the house has, and which imports another, counted from the source.

A room is a folder of `installs`, or a module that lies loose in it; `linnapp` and `bench` are one room each. What
imports nothing and is imported by nobody, as migrations are, is no room.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.architecture.imports import ROOT, modules_of

WHOLE = ("linnapp", "bench")


def room_of(name: str) -> str:
    package, _, rest = name.partition(".")
    return package if package in WHOLE or not rest else f"{package}.{rest.partition('.')[0]}"


def arrows(root: Path) -> dict[str, set[str]]:
    """The rooms that each room imports."""
    modules = [module for module in modules_of(root) if not module.is_migration]
    known = {module.name for module in modules}
    found: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        for imported in module.imports(known):
            if imported.target in known and imported.target.partition(".")[0] in ("linnapp", "installs"):
                found[room_of(module.name)].add(room_of(imported.target))
    for path in sorted((root / "bench").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(("linnapp", "installs")):
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                found["bench"] |= {room_of(name if name in known else str(node.module)) for name in names}
    for module in (each for each in modules if each.package == "installs"):
        for name in included(module.tree):
            found[room_of(module.name)].add(room_of(name))
    return {room: there - {room, "installs"} for room, there in found.items() if room != "installs"}


def included(tree: ast.Module) -> Iterator[str]:
    """URL confs of `installs` that one of its own includes by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "include":
            yield from (str(each.value) for each in node.args if isinstance(each, ast.Constant))


def main() -> int:
    there = arrows(ROOT)
    rooms = sorted(set(there) | {target for targets in there.values() for target in targets})
    for room in rooms:
        sys.stdout.write(f"{room:28} {', '.join(sorted(there.get(room, ())))}\n")
    sys.stdout.write(f"{len(rooms)} rooms, {sum(map(len, there.values()))} arrows\n")
    try:
        TopologicalSorter(there).prepare()
    except CycleError as error:
        sys.stdout.write(f"a circle: {' -> '.join(error.args[1])}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
