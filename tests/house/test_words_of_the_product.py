"""Texts for people keep to docs/words.md: of the words in its last table none is used."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "words.md").read_text().partition("## Words that are not used")[2]
NOT_USED = [row.replace(r"\|", "|") for row in re.findall(r"^\| `(.+?)` \|", TABLE, re.MULTILINE)]
PATTERN = re.compile(rf"\b(?:{'|'.join(NOT_USED)})(?!\w)", re.IGNORECASE)
# What Django, a library or the protocol calls so: it stands in code, or is told letter for letter.
OTHERS = re.compile(
    r"Invalid (?:control|\\)|email_|_email|EMAIL|\bemail\b(?=[=\".:}])|class=\"[^\"]*\"|https?://\S+|`[^`]*`"
)
COMMENT = re.compile(r"{% comment %}.*?{% endcomment %}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*?>", re.DOTALL)


def python_files(*roots: str) -> list[Path]:
    found = [path for root in roots for path in (ROOT / root).rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def is_of_the_admin(path: Path) -> bool:
    return path.parent.name == "admin" or path.name.startswith("admin") or "import" in path.name


# The words of figures are those of the programs that measure them.
MARKDOWN = {*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/guide").glob("*.md")}
DOCUMENTS = sorted(MARKDOWN - {ROOT / "docs" / "performance.md", ROOT / "docs" / "next.md"})
PAGES = sorted((ROOT / "templates").rglob("*.html")) + sorted((ROOT / "templates").rglob("*.txt"))
CODE = python_files("linnapp", "installs")
AREAS = {
    "pages of the registry and of people": [path for path in PAGES if not {"installs", "admin"} & set(path.parts)],
    "pages of installations": [path for path in PAGES if "installs" in path.parts],
    "pages of the admin": [path for path in PAGES if "admin" in path.parts],
    "code of the registry and of people": [
        path for path in CODE if "installs" not in path.parts and not is_of_the_admin(path)
    ],
    "code of installations": [path for path in CODE if "installs" in path.parts and not is_of_the_admin(path)],
    "code of the admin": [path for path in CODE if is_of_the_admin(path)],
    "documents": [ROOT / "README.md", ROOT / "SECURITY.md", *DOCUMENTS],
}


@pytest.mark.parametrize("area", AREAS)
def test_words_that_are_not_used(area: str) -> None:
    assert AREAS[area]
    found = [
        f"{path.relative_to(ROOT)}:{line}: {word.group()!r} in {text.strip()[:100]!r}"
        for path in AREAS[area]
        for line, text in texts_of(path)
        for word in PATTERN.finditer(OTHERS.sub(" ", text))
    ]
    assert not found, "\n".join(found)


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """What a person reads in a file, with the number of its line."""
    if path.suffix == ".py":
        yield from strings_of(ast.parse(path.read_text()))
    elif path.name == "words.md":
        return
    else:
        text = path.read_text()
        if path.suffix != ".md":
            text = COMMENT.sub(lambda found: "\n" * found.group().count("\n") + " ", text)
        yield from enumerate(text.splitlines(), start=1)


def strings_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Strings with a space in them, but for docstrings and statements of SQL."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            text = node.value
            if " " in text.strip() and not re.search(r"\b(SELECT|UPDATE|DELETE|INSERT|CREATE|WHERE|FROM|JOIN)\b", text):
                yield node.lineno, text


# Django's word for a platform admin. The admin's own field goes by it, beside what it means.
DJANGOS = "superuser"


def test_nobody_is_sent_to_a_superuser() -> None:
    texts = {path: path.read_text() for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"}}
    assert len(texts) > 100
    spoken = {path.name for path, text in texts.items() if DJANGOS in text.replace("is_superuser", "").lower()}
    assert spoken == set()
