"""The documents that are read inside the portal, and where their texts are: in `docs/`, where those who read the code
find them too.

A document may hold `{{part_<name>}}`, on a line of its own: a part that `parts` makes; `{{<name>}}`: a value of the
portal or of its reader, which `readers` knows; and links to `portal:<page>`, which lead to a page of the reader's own.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from posixpath import normpath

from django.conf import settings
from django.db import models
from django.urls import reverse

from installs.documentation import markdown
from installs.documentation.markdown import Heading, Rendered
from installs.documentation.parts import PARTS
from installs.documentation.readers import OWN_VALUES, PAGES, PLACEHOLDER

PART = re.compile(r"^\{\{part_(\w+)\}\}$", re.MULTILINE)
ELSEWHERE = ("https://", "http://")
PAGE = "portal:"
# Of the contents of a document: down to this level, and from as many headings on.
DEEPEST, FEWEST = 3, 2
FEWEST_LETTERS = 3


class Readers(models.TextChoices):
    DEVELOPERS = "developers", "For developers"
    CUSTOMERS = "customers", "For everyone who installs applications"


@dataclass(frozen=True)
class Document:
    """`file` is its text, under the root of the code; `summary` is the line under its title in the list of all."""

    slug: str
    file: str
    readers: Readers
    summary: str

    @property
    def rendered(self) -> Rendered:
        return _rendered(self)

    @property
    def title(self) -> str:
        return self.rendered.title

    @property
    def contents(self) -> tuple[Heading, ...]:
        """What it has so much of that a list of it helps."""
        headings = tuple(heading for heading in self.rendered.headings if heading.level <= DEEPEST)
        return headings if len(headings) >= FEWEST else ()

    @property
    def has_own_values(self) -> bool:
        """Whether something in it is the reader's own, where they have an application."""
        return any(name in OWN_VALUES for name in PLACEHOLDER.findall(self.rendered.html))


DOCUMENTS = (
    Document(
        "first-call", "docs/guide/first-call.md", Readers.DEVELOPERS,
        "The shortest way from a new application to an authorised call: six steps, nothing to host.",
    ),
    Document(
        "exchange", "docs/guide/exchange.md", Readers.DEVELOPERS,
        "AuthorizeByApplication: what to send, what you get, and how long it lasts.",
    ),
    Document(
        "errors", "docs/guide/errors.md", Readers.DEVELOPERS,
        "What each refusal says, what causes it, and how to fix it.",
    ),
    Document(
        "postbacks", "docs/postbacks.md", Readers.DEVELOPERS,
        "How your server gets permanent tokens, and how to check that a postback is genuine.",
    ),
    Document(
        "events", "docs/events.md", Readers.DEVELOPERS,
        "How your server learns of updates, suspensions and uninstallations.",
    ),
    Document(
        "versions", "docs/guide/versions.md", Readers.DEVELOPERS,
        "How a change of the manifest reaches the accounts that installed your application.",
    ),
    Document(
        "permissions", "docs/guide/permissions.md", Readers.DEVELOPERS,
        "What each permission and module lets an application do, in the words of the consent page.",
    ),
    Document(
        "installing", "docs/guide/installing.md", Readers.CUSTOMERS,
        "Install, update, suspend and uninstall applications, and what a permanent token is.",
    ),
)  # fmt: skip
BY_SLUG = {document.slug: document for document in DOCUMENTS}
SLUG_OF = {document.file: document.slug for document in DOCUMENTS}


def titled_like(text: str) -> list[Document]:
    """Those with these letters in their title, in any case; none for fewer than three of them."""
    wanted = text.casefold()
    return [each for each in DOCUMENTS if wanted in each.title.casefold()] if len(wanted) >= FEWEST_LETTERS else []


class Unresolved(ValueError):
    """A document names a part, a value or a page that there is not."""


# Once a process: the files belong to the code.
@cache
def _rendered(document: Document) -> Rendered:
    text = (Path(settings.BASE_DIR) / document.file).read_text(encoding="utf-8")
    folder = PurePosixPath(document.file).parent
    return markdown.rendered(PART.sub(lambda found: _part(found[1]), text), lambda link: _address(link, folder))


def _part(name: str) -> str:
    if name not in PARTS:
        raise Unresolved(f"There is no part “{name}”.")
    return PARTS[name]()


def _address(link: str, folder: PurePosixPath) -> str:
    """Of another document by its file, so that the link works also where the files themselves are read."""
    if link.startswith(("#", *ELSEWHERE)):
        return link
    if link.startswith(PAGE):
        page = link.removeprefix(PAGE)
        if page not in PAGES:
            raise Unresolved(f"There is no page “{page}”.")
        return f"{{{{page_{page}}}}}"
    file, hash_mark, anchor = link.partition("#")
    slug = SLUG_OF.get(normpath(str(folder / file)))
    if slug is None:
        raise Unresolved(f"“{link}” is not a document of the portal.")
    return f"{reverse('document', args=[slug])}{hash_mark}{anchor}"
