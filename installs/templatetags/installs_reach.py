"""What an application can do, drawn the same wherever an account or the staff reads it."""

from typing import Any

from django import template

from linnapp.manifest import ConsentLine

register = template.Library()
MOST_SENTENCES = 6


@register.inclusion_tag("installs/_reaches.html")
def reaches(lines: list[ConsentLine], mark: str = "check", tone: str = "", *, whole: bool = False) -> dict[str, Any]:
    """The first sentences, the rest folded but for `whole`, and the names behind all of them folded."""
    most = len(lines) if whole else MOST_SENTENCES
    names = list(dict.fromkeys(name for line in lines for name in line.names))
    return {"lines": lines[:most], "rest": lines[most:], "names": names, "mark": mark, "tone": tone}
