"""A document in Markdown as HTML: headings that links can name, code with a Copy button, tables that scroll within
themselves. Raw HTML is shown as the text it is."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

from linnapp.templatetags.portal import copy_above

NOT_IN_AN_ID = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Heading:
    """`id` is the one that GitHub gives it, so that a link to it works in both places."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """`title` is the first heading, which is not part of `html`. Placeholders stand in it as they were written."""

    title: str
    html: SafeString
    headings: tuple[Heading, ...]


def rendered(text: str, address: Callable[[str], str]) -> Rendered:
    """`address` says where a link leads, by what the document says of it."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    if len(tokens) < 3 or (tokens[0].type, tokens[0].tag) != ("heading_open", "h1"):
        raise ValueError("A document begins with its title.")
    title, tokens = _text_of(tokens[1]), tokens[3:]
    headings = _name_headings(tokens)
    _lead_links(tokens, address)
    markdown.add_render_rule("fence", _code)
    markdown.add_render_rule("table_open", _table_open)
    markdown.add_render_rule("table_close", _table_close)
    # Made of escaped text alone: the source has no HTML of its own.
    return Rendered(title, SafeString(markdown.renderer.render(tokens, markdown.options, {})), tuple(headings))


def _text_of(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in {"text", "code_inline"})


def _name_headings(tokens: Sequence[Token]) -> list[Heading]:
    found: list[Heading] = []
    uses: Counter[str] = Counter()
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        text = _text_of(inline)
        plain = NOT_IN_AN_ID.sub("", text.lower()).replace(" ", "-")
        name = f"{plain}-{uses[plain]}" if uses[plain] else plain
        uses[plain] += 1
        opening.attrSet("id", name)
        found.append(Heading(int(opening.tag[1]), name, text))
    return found


def _lead_links(tokens: Sequence[Token], address: Callable[[str], str]) -> None:
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", address(str(child.attrGet("href"))))


# What is wider than its column scrolls, and takes the focus, so that the keyboard can scroll it.


def _code(renderer: object, tokens: Sequence[Token], place: int, options: object, env: object) -> str:
    return format_html(
        '<div class="code"><pre tabindex="0"><code>{}</code></pre>{}</div>\n',
        tokens[place].content.removesuffix("\n"), copy_above("the code"),
    )  # fmt: skip


def _table_open(renderer: object, tokens: Sequence[Token], place: int, options: object, env: object) -> str:
    return '<div class="scrolls" tabindex="0" role="group" aria-label="Table"><table>\n'


def _table_close(renderer: object, tokens: Sequence[Token], place: int, options: object, env: object) -> str:
    return "</table></div>\n"
