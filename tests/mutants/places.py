"""Where something is broken: a function, method or constant of a module, found by name, or a template."""

import ast
import copy
import difflib
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent.parent
Change = Callable[[ast.stmt], None]
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Gone(Exception):
    """The place, or what is to be changed there, is not there exactly once any more."""


@dataclass(frozen=True)
class Broken:
    """A file as it would be with one thing broken; `lines` show what that is, as a diff does."""

    path: str
    text: str
    lines: tuple[str, ...]


def only(found: Sequence[T], what: str) -> T:
    if len(found) != 1:
        raise Gone(f"{what} is there {len(found)} times, not once")
    return found[0]


def module_path(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return only([each for each in (path.with_suffix(".py"), path / "__init__.py") if each.exists()], module)


@cache
def parsed(path: Path) -> tuple[str, ast.Module]:
    text = path.read_text()
    return text, ast.parse(text)


def piece_of(tree: ast.Module, name: str) -> ast.stmt:
    """The function, method or constant of that dotted name."""
    inside: list[ast.stmt] = tree.body
    found: ast.stmt = ast.Pass()
    for part in name.split("."):
        found = only([each for each in inside if part in names_of(each)], name)
        inside = getattr(found, "body", [])
    return found


def names_of(statement: ast.stmt) -> list[str]:
    if isinstance(statement, NAMED):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
    return []


def broken_module(module: str, name: str, change: Change) -> Broken:
    """Raises Gone where the change finds nothing to change, or more than one thing."""
    piece = piece_of(parsed(module_path(module))[1], name)
    changed = copy.deepcopy(piece)
    change(changed)
    ast.fix_missing_locations(changed)
    code = ast.unparse(changed)
    broken = broken_piece(module, piece, code)
    if shape(piece_of(ast.parse(broken.text), name)) != shape(changed):
        raise Gone(f"{module}.{name} cannot be written with this change")
    return broken


def broken_piece(module: str, piece: ast.stmt, code: str) -> Broken:
    """The module with this code in place of a piece of it."""
    path = module_path(module)
    lines = parsed(path)[0].split("\n")
    decorators: list[ast.expr] = getattr(piece, "decorator_list", [])
    first = min([piece.lineno, *(each.lineno for each in decorators)])
    written = textwrap.indent(code, " " * piece.col_offset)
    text = "\n".join([*lines[: first - 1], written, *lines[piece.end_lineno or first :]])
    return Broken(str(path.relative_to(ROOT)), text, difference(ast.unparse(piece), code))


def shape(piece: ast.stmt) -> str:
    """What it does: docstrings change with their indentation."""
    bare = copy.deepcopy(piece)
    for each in ast.walk(bare):
        if isinstance(each, NAMED) and ast.get_docstring(each) is not None:
            each.body = each.body[1:]
    return ast.dump(bare)


def difference(before: str, after: str) -> tuple[str, ...]:
    said = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return tuple(f"{line[0]} {line[1:].strip()}" for line in list(said)[2:] if line[0] in "+-")


def broken_template(name: str, original: str, broken: str) -> Broken:
    """A template of that file name, wherever it stands under templates/; raises Gone."""
    path = only(sorted((ROOT / "templates").rglob(name)), name)
    text = path.read_text()
    if text.count(original) != 1:
        raise Gone(f"“{original}” is in {name} {text.count(original)} times, not once")
    return Broken(str(path.relative_to(ROOT)), text.replace(original, broken), (f"- {original}", f"+ {broken}"))


def file_of_tests(stem: str) -> str:
    """Path of the test file of that name, wherever it stands under tests/; raises Gone."""
    return str(only(sorted((ROOT / "tests").rglob(f"{stem}.py")), stem).relative_to(ROOT))
