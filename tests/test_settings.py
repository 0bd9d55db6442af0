"""Each setting is explained in `.env.example`, and `.env.example` explains nothing else."""

import ast
import re
from collections.abc import Iterator

from tests.portal import ROOT


def names_in_settings() -> Iterator[str]:
    """Names that settings.py reads: the first argument of `env…("NAME")` and `required("NAME")`."""
    for node in ast.walk(ast.parse((ROOT / "linnapp/settings.py").read_text())):
        if isinstance(node, ast.Call) and re.fullmatch(r"env\.\w+|required", ast.unparse(node.func)):
            argument = node.args[0]
            if isinstance(argument, ast.Constant):
                yield str(argument.value)


def paragraphs() -> list[str]:
    return (ROOT / ".env.example").read_text().strip().split("\n\n")[1:]


def test_the_example_lists_the_settings() -> None:
    listed = [re.findall(r"^#? ?([A-Z][A-Z_]+)=", paragraph, re.MULTILINE) for paragraph in paragraphs()]
    assert [names for names in listed if len(names) != 1] == []
    assert sorted(names[0] for names in listed) == sorted(set(names_in_settings()))


def test_each_has_a_comment_above_it() -> None:
    assert [paragraph for paragraph in paragraphs() if not re.match(r"# [A-Z].+\n", paragraph)] == []
