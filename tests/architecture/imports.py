"""The imports of the two packages, read from the source: for the test of the architecture, and for `make rooms`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("linnapp", "installs")


@dataclass(frozen=True)
class Import:
    """`target` is the module imported, `full` what was named of it, such as `django.db.models.signals`."""

    line: int
    target: str
    full: str
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
    def parts(self) -> list[str]:
        return self.name.split(".")

    @property
    def is_migration(self) -> bool:
        return ".migrations" in self.name

    def imports(self, known: set[str]) -> Iterator[Import]:
        """Imported modules by their full name: `from installs import exchange` is one of installs.exchange."""
        inside = {
            id(node)
            for function in ast.walk(self.tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
        }
        for node in ast.walk(self.tree):
            for target, full in _targets(node, known):
                yield Import(getattr(node, "lineno", 0), target, full, id(node) in inside)


def _targets(node: ast.AST, known: set[str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, alias.name) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            yield full if full in known else str(node.module), full


def modules_of(root: Path) -> list[Module]:
    paths = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return [Module(_name(path.relative_to(root)), path, ast.parse(path.read_text())) for path in paths]


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
