"""Which modules of a draft are drawn with their fields, and which as one line each.

A few modules are drawn whole, as one page to scroll, and so is the only one. Of more, a page holds the fields of those
that were opened, up to a number, whatever is posted: what is drawn takes time that others wait for.
"""

from collections.abc import Iterable

from linnapp.drafts import Draft, DraftModule
from linnapp.forms.parameter_pages import MOST_DRAWN

FEW_MODULES = 10
FEW_PARAMETERS = 60
# Together; the one that was opened last is drawn in any case.
MOST_OPEN = 20
MOST_OPEN_PARAMETERS = 200


def drawn_open(draft: Draft, erring: Iterable[str]) -> frozenset[str] | None:
    """Keys of the modules that are drawn with their fields; None where all are. `erring` are those with errors."""
    if draft.only:
        return frozenset((draft.only,))
    live = draft.live()
    parameters = sum(len(module.value.parameters) for module in draft.modules)
    if len(draft.modules) == 1 or (len(draft.modules) <= FEW_MODULES and parameters <= FEW_PARAMETERS):
        return None
    errors = set(erring)
    wanted = [module for module in live if _was_changed(draft, module) or module.key in errors or module.unfolded]
    wanted.sort(key=lambda module: (not _was_changed(draft, module), module.key not in errors))
    chosen: set[str] = set()
    left = MOST_OPEN_PARAMETERS
    for module in wanted[:MOST_OPEN]:
        if not chosen or _weight(module) <= left:
            chosen.add(module.key)
            left -= _weight(module)
    return frozenset(chosen)


def _weight(module: DraftModule) -> int:
    """Of many parameters, a page is drawn."""
    return min(len(module.value.parameters), MOST_DRAWN)


def _was_changed(draft: Draft, module: DraftModule) -> bool:
    """Whether the last button changed it: there the focus goes."""
    return draft.focus.startswith(f"m-{module.key}-") and module.unfolded
